"""Frames from an OpenIGTLink server, as a `LiveSource`; needs the extra `igtl`."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from threading import Event
from urllib.parse import parse_qsl, unquote, urlsplit

import numpy as np

from leakwatch.config import LiveIgtlSettings, Settings
from leakwatch.core.errors import SourceError
from leakwatch.core.frame import (
    Acquisition,
    Frame,
    IntensityRelationship,
    PixelFormat,
    ProjectionGeometry,
    TimeSource,
)
from leakwatch.core.protocols import Link, LinkStatus
from leakwatch.sources.openigtlink.igtl_messages import (
    LinkBroken,
    Message,
    NotAPicture,
    Picture,
    messages,
    picture,
)

DEFAULT_PORT = 18944  # registered for OpenIGTLink with IANA
# Tried again so often, s: a server that was started again is back within a second.
RETRY_S = 0.5
_CONNECT_S = 0.8  # a server in the same room answers in milliseconds; `close` waits no longer
# The sender's clock is followed as long as it goes as ours does, within this, s: a network that
# works delays by less, and a clock that is set jumps by more.
_CLOCKS_AGREE_S = 1.0
# More frames than this are never lost at once: the sender began to count anew. An hour at 30/s.
_MOST_LOST = 108_000
_NO_CLOCK = "The sender's clock tells no parts of a second: frames are timed by their arrival."
_ALONG = 0.8  # cosine: nearer than 37 degrees to an axis of the patient

_LETTERS = {
    "lps": (("L", "R"), ("P", "A"), ("H", "F")),
    "ras": (("R", "L"), ("A", "P"), ("H", "F")),
}


@dataclass(frozen=True, slots=True)
class Told:
    """What a person says of the pictures; the protocol has no words for it.

    Parameters
    ----------
    bits_stored : int or None
        Bits that 16 bit pixels use; None: all.
    photometric : str
        ``MONOCHROME2``, or ``MONOCHROME1`` where bone is bright in fluoroscopy.
    relationship : IntensityRelationship or None
    spacing_at_vertebra : bool
        The sender's spacing was measured at the vertebra. Else it gives no millimetres.
    patient_axes : bool
        The sender's matrix is that of the patient. Else it says nothing of front and back.
    """

    bits_stored: int | None = None
    photometric: str = "MONOCHROME2"
    relationship: IntensityRelationship | None = None
    spacing_at_vertebra: bool = False
    patient_axes: bool = False


def from_spec(rest: str, settings: Settings) -> OpenIgtLink:
    """Open what ``igtl:`` names.

    Parameters
    ----------
    rest : str
        ``//HOST[:PORT][/DEVICE][?bits=12&photometric=MONOCHROME1&relationship=LIN``
        ``&spacing=vertebra&axes=patient]``.
    settings : Settings

    Raises
    ------
    SourceError
        It is not of this form.
    """
    wrong = SourceError(
        f"igtl:{rest}: is no address. Write igtl://HOST:PORT or igtl://HOST:PORT/DEVICE."
    )
    try:
        parts = urlsplit(rest)
        host, port = parts.hostname, parts.port or DEFAULT_PORT
    except ValueError as error:
        raise wrong from error
    if not host:
        raise wrong
    device = unquote(parts.path.strip("/")) or None
    return OpenIgtLink(host, port, device, _told(parts.query), settings.live_igtl)


def _told(query: str) -> Told:
    told = Told()
    for key, value in parse_qsl(query, keep_blank_values=True):
        if key == "bits" and value.isdecimal() and 8 <= int(value) <= 16:
            told = replace(told, bits_stored=int(value))
        elif key == "photometric" and value in ("MONOCHROME1", "MONOCHROME2"):
            told = replace(told, photometric=value)
        elif key == "relationship" and value in tuple(IntensityRelationship):
            told = replace(told, relationship=IntensityRelationship(value))
        elif (key, value) == ("spacing", "vertebra"):
            told = replace(told, spacing_at_vertebra=True)
        elif (key, value) == ("axes", "patient"):
            told = replace(told, patient_axes=True)
        else:
            raise SourceError(
                f"igtl: {key}={value} is not known. Give bits=8 to 16, "
                "photometric=MONOCHROME1 or MONOCHROME2, relationship=LIN, LOG or DISP, "
                "spacing=vertebra, axes=patient."
            )
    return told


class OpenIgtLink:
    """Pictures of one device of an OpenIGTLink server; a `leakwatch.core.protocols.LiveSource`.

    It reads the socket itself, in the thread that asks for frames, so that nothing is dropped
    between the wire and the session. What the sender drops shows as a gap where it numbers its
    frames (metadata such as ``FrameNumber``, or the message number of header version 2).

    Parameters
    ----------
    host : str
    port : int
    device : str or None
        None: the first that sends a picture.
    told : Told
    settings : LiveIgtlSettings
    """

    def __init__(
        self,
        host: str,
        port: int = DEFAULT_PORT,
        device: str | None = None,
        told: Told | None = None,
        settings: LiveIgtlSettings | None = None,
    ) -> None:
        self._address, self._device = (host, port), device
        self._told = told or Told()
        self._settings = settings or LiveIgtlSettings()
        self._where = f"igtl://{host}:{port}"
        self._closed = Event()
        self._status = LinkStatus(Link.WAITING, f"{self._where}: connecting")
        self._counts = _Counts()
        self._clock = _SenderClock()
        self._last: tuple[Picture, Acquisition] | None = None

    @property
    def number_of_frames(self) -> None:
        """Nobody knows."""
        return None

    @property
    def status(self) -> LinkStatus:
        """The link as it is now; a sender does not say whether the pedal is down."""
        return replace(self._status, frames_lost=self._counts.lost)

    def frames(self) -> Iterator[Frame]:
        """Yield pictures as they come; connect again for as long as it takes."""
        while not self._closed.is_set():
            try:
                with closing(socket.create_connection(self._address, _CONNECT_S)) as connection:
                    self._say(Link.WAITING, "connected; no picture came yet")
                    for message in messages(connection, self._closed.is_set, self._settings):
                        frame = self._frame(message)
                        if frame is not None:
                            yield frame
            except LinkBroken as error:
                self._say(Link.LOST, f"{error}; connecting again")
            except OSError as error:
                reason = error.strerror or str(error) or type(error).__name__
                self._say(
                    Link.LOST, f"no connection: {reason}. Start the server there, or correct this."
                )
            self._closed.wait(RETRY_S)

    def close(self) -> None:
        """End `frames` within a second."""
        self._closed.set()

    def _frame(self, message: Message) -> Frame | None:
        """The frame that a message brings; what cannot be used shows in `status`."""
        if message.kind != "IMAGE" or not self._is_ours(message.device):
            self._counts.other()
            return None
        try:
            shown = picture(message)
        except NotAPicture as error:
            self._counts.unusable(message.number)
            self._say(Link.LOST, f"a picture cannot be used: {error}")
            return None
        if self._device is None:
            self._device = message.device
        index = self._counts.frame(shown.number, message.number)
        time_s = self._clock.time_s(message)
        self._say(Link.OPEN, f"pictures of {self._device!r}")
        return Frame(index, time_s, shown.pixels, self._acquisition(shown), message.received_s)

    def _is_ours(self, device: str) -> bool:
        return self._device is None or device == self._device

    def _say(self, link: Link, text: str) -> None:
        self._status = LinkStatus(link, f"{self._where}: {text}")

    def _acquisition(self, shown: Picture) -> Acquisition:
        """That of the last picture, unless what it says has changed."""
        if self._last is not None and _same_kind(self._last[0], shown):
            return self._last[1]
        found = replace(acquisition(shown, self._told), time_source=self._clock.source)
        if self._clock.source is TimeSource.ARRIVAL:
            found = replace(found, notes=(*found.notes, _NO_CLOCK))
        self._last = (shown, found)
        return found


def _same_kind(one: Picture, other: Picture) -> bool:
    return (
        one.pixels.shape == other.pixels.shape
        and one.pixels.dtype == other.pixels.dtype
        and np.allclose(one.spacing_mm, other.spacing_mm, rtol=1e-4)
        and np.allclose(one.directions, other.directions, atol=1e-3, equal_nan=True)
        and one.world == other.world
    )


def acquisition(shown: Picture, told: Told) -> Acquisition:
    """What a picture's header and a person say of all pictures like it.

    Parameters
    ----------
    shown : Picture
    told : Told
    """
    rows, columns = shown.pixels.shape
    depth = 8 * shown.pixels.dtype.itemsize
    bits = min(told.bits_stored or depth, depth)
    signed = shown.pixels.dtype == np.int16
    notes = ["OpenIGTLink does not say what pixel values mean; thickness and volume are rough."]
    if depth == 16 and told.bits_stored is None:
        notes.append("The pixels are taken to use 16 bits; bits=12 in the address says otherwise.")
    geometry, about_spacing = _geometry(shown, told)
    orientation, about_axes = _orientation(shown, told)
    return Acquisition(
        rows,
        columns,
        PixelFormat(told.photometric, bits, told.relationship, signed=signed),
        geometry,
        TimeSource.ACQUISITION_TIME,
        patient_orientation=orientation,
        notes=(*notes, about_spacing, about_axes),
    )


def _geometry(shown: Picture, told: Told) -> tuple[ProjectionGeometry, str]:
    spacing = shown.spacing_mm
    if not (np.isfinite(spacing).all() and min(spacing) > 0):
        return ProjectionGeometry(), "The sender gives no spacing."
    if told.spacing_at_vertebra:
        found = ProjectionGeometry(pixel_spacing_mm=spacing, pixel_spacing_calibration="FIDUCIAL")
        return found, "The sender's spacing is at the vertebra, as the address says."
    # The ratio is true in any plane; the spacing itself is not.
    return (
        ProjectionGeometry(pixel_aspect=spacing[0] / spacing[1]),
        "The sender's spacing is not used: in which plane it holds is not known. Calibrate, or "
        "write spacing=vertebra in the address.",
    )


def _orientation(shown: Picture, told: Told) -> tuple[tuple[str, str] | None, str]:
    if not told.patient_axes:
        return None, (
            "The sender's axes are not used: mark where the front is, or write axes=patient in "
            "the address."
        )
    letters = [_letter(direction, shown.world) for direction in shown.directions]
    if letters[0] is None or letters[1] is None:
        return None, "The sender's axes lie between those of a patient: they are not used."
    return (letters[0], letters[1]), "Front and back are those of the sender's axes."


def _letter(direction: np.ndarray, world: str) -> str | None:
    if not np.isfinite(direction).all():
        return None
    axis = int(np.abs(direction).argmax())
    if abs(direction[axis]) < _ALONG:
        return None
    return _LETTERS[world][axis][int(direction[axis] < 0)]


class _Counts:
    """Which index the next frame has, and how many are known to be lost."""

    def __init__(self) -> None:
        self.lost = 0
        self._given = 0
        self._frame_number: int | None = None
        self._message_number: int | None = None
        self._only_pictures = True

    def frame(self, frame_number: int | None, message_number: int | None) -> int:
        """Index of a frame with these numbers."""
        missing = self._messages_missed(message_number)
        if frame_number is not None:
            # The better witness: messages may have been of other things.
            missing = _gap(self._frame_number, frame_number)
            self._frame_number = frame_number
        self.lost += missing
        self._given += 1
        return self._given + self.lost - 1

    def unusable(self, message_number: int | None) -> None:
        """A frame came, and cannot be used; its own number may be unreadable."""
        missing = self._messages_missed(message_number)
        if self._frame_number is not None:
            self._frame_number += 1
            missing = 0  # the next frame's own number tells
        self.lost += missing + 1

    def other(self) -> None:
        """A message of something else: from now on a gap between messages need be no frame."""
        self._only_pictures = False

    def _messages_missed(self, number: int | None) -> int:
        if number is None or not self._only_pictures:
            return 0
        missing = _gap(self._message_number, number)
        self._message_number = number
        return missing


def _gap(before: int | None, now: int) -> int:
    """How many numbers lie between; none where the sender counts anew, or does not count."""
    if before is None:
        return 0
    missing = now - before - 1
    return missing if 0 < missing <= _MOST_LOST else 0


class _SenderClock:
    """Seconds from the first frame, by the sender's clock where it goes as ours does.

    A sender without a clock sends 0. One that counts whole seconds, or ticks more slowly than
    frames come, gives several frames one time: then times are those of arrival.
    """

    def __init__(self) -> None:
        self._start: tuple[float, float, float] | None = None  # time, sent, received
        self._sent, self._last_s = 0.0, 0.0
        self._ticks = True
        self.source = TimeSource.ARRIVAL

    def time_s(self, message: Message) -> float:
        """Time of a frame; never before that of the last one."""
        sent, received = message.sent_s, message.received_s
        if self._start is None:
            self._start, self._sent = (0.0, sent, received), sent
            if not sent.is_integer():
                self.source = TimeSource.ACQUISITION_TIME
            return self._last_s
        start_s, first_sent, first_received = self._start
        theirs, ours = sent - first_sent, received - first_received
        if not self._tells(sent) or abs(theirs - ours) > _CLOCKS_AGREE_S:
            theirs = ours
            self._start = (start_s + ours, sent, received)
        self._sent = sent
        self._last_s = max(self._last_s, start_s + theirs)
        return self._last_s

    def _tells(self, sent: float) -> bool:
        """Whether this stamp tells a frame from the one before it."""
        self._ticks = self._ticks and sent != self._sent
        return self._ticks and not (sent.is_integer() and self._sent.is_integer())
