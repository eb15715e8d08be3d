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
from leakwatch.core.messages import text
from leakwatch.core.protocols import Link, LinkStatus
from leakwatch.sources.openigtlink.igtl_messages import (
    ImageContent,
    LinkBroken,
    Message,
    UnusableImage,
    decode_image,
    messages,
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
class DeclaredFormat:
    """Properties of images that the user declares, which the protocol cannot.

    Parameters
    ----------
    bits_stored : int or None
        Bits that 16 bit pixels use; None: all.
    photometric : str
        ``MONOCHROME2``, or ``MONOCHROME1`` where bone is bright in fluoroscopy.
    relationship : IntensityRelationship or None
    spacing_at_vertebra : bool
        The sender's spacing is at the vertebra. Otherwise it is not used as calibration.
    patient_axes : bool
        The sender's matrix is that of the patient. Otherwise it is not used for orientation.
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
        text(
            "igtl:{address}: is not an address. Write igtl://HOST:PORT or igtl://HOST:PORT/DEVICE.",
            address=rest,
        )
    )
    try:
        parts = urlsplit(rest)
        host, port = parts.hostname, parts.port or DEFAULT_PORT
    except ValueError as error:
        raise wrong from error
    if not host:
        raise wrong
    device = unquote(parts.path.strip("/")) or None
    return OpenIgtLink(host, port, device, _declared(parts.query), settings.live_igtl)


def _declared(query: str) -> DeclaredFormat:
    declared = DeclaredFormat()
    for key, value in parse_qsl(query, keep_blank_values=True):
        if key == "bits" and value.isdecimal() and 8 <= int(value) <= 16:
            declared = replace(declared, bits_stored=int(value))
        elif key == "photometric" and value in ("MONOCHROME1", "MONOCHROME2"):
            declared = replace(declared, photometric=value)
        elif key == "relationship" and value in tuple(IntensityRelationship):
            declared = replace(declared, relationship=IntensityRelationship(value))
        elif (key, value) == ("spacing", "vertebra"):
            declared = replace(declared, spacing_at_vertebra=True)
        elif (key, value) == ("axes", "patient"):
            declared = replace(declared, patient_axes=True)
        else:
            raise SourceError(
                text(
                    "igtl: {key}={value} is not known. Give bits=8 to 16, "
                    "photometric=MONOCHROME1 or MONOCHROME2, relationship=LIN, LOG or DISP, "
                    "spacing=vertebra, axes=patient.",
                    key=key,
                    value=value,
                )
            )
    return declared


class OpenIgtLink:
    """Images of one device of an OpenIGTLink server; a `leakwatch.core.protocols.LiveSource`.

    It reads the socket itself, in the thread that asks for frames, so that nothing is dropped
    between the wire and the session. What the sender drops shows as a gap where it numbers its
    frames (metadata such as ``FrameNumber``, or the message number of header version 2).

    Parameters
    ----------
    host : str
    port : int
    device : str or None
        None: the first that sends an image.
    declared : DeclaredFormat
    settings : LiveIgtlSettings
    """

    def __init__(
        self,
        host: str,
        port: int = DEFAULT_PORT,
        device: str | None = None,
        declared: DeclaredFormat | None = None,
        settings: LiveIgtlSettings | None = None,
    ) -> None:
        self._address, self._device = (host, port), device
        self._declared = declared or DeclaredFormat()
        self._settings = settings or LiveIgtlSettings()
        self._where = f"igtl://{host}:{port}"
        self._closed = Event()
        self._status = LinkStatus(Link.WAITING, f"{self._where}: connecting")
        self._counts = _Counts()
        self._clock = _SenderClock()
        self._last: tuple[ImageContent, Acquisition] | None = None

    @property
    def number_of_frames(self) -> None:
        """Unknown."""
        return None

    @property
    def status(self) -> LinkStatus:
        """Current status of the link; the sender does not state whether fluoroscopy is on."""
        return replace(self._status, frames_lost=self._counts.lost)

    def frames(self) -> Iterator[Frame]:
        """Yield images as they come; connect again for as long as it takes."""
        while not self._closed.is_set():
            try:
                with closing(socket.create_connection(self._address, _CONNECT_S)) as connection:
                    self._say(Link.WAITING, text("connected; no image so far"))
                    for message in messages(connection, self._closed.is_set, self._settings):
                        frame = self._frame(message)
                        if frame is not None:
                            yield frame
            except LinkBroken as error:
                self._say(Link.LOST, f"{error}; connecting again")
            except OSError as error:
                reason = error.strerror or str(error) or type(error).__name__
                self._say(
                    Link.LOST,
                    text(
                        "no connection: {reason}. Start the server there, or correct this.",
                        reason=reason,
                    ),
                )
            self._closed.wait(RETRY_S)

    def close(self) -> None:
        """End `frames` within a second."""
        self._closed.set()

    def _frame(self, message: Message) -> Frame | None:
        """Return the frame of a message; unusable ones are reported in `status`."""
        if message.kind != "IMAGE" or not self._is_ours(message.device):
            self._counts.other()
            return None
        try:
            shown = decode_image(message)
        except UnusableImage as error:
            self._counts.unusable(message.number)
            self._say(Link.LOST, text("an image cannot be used: {error}", error=error))
            return None
        if self._device is None:
            self._device = message.device
        index = self._counts.frame(shown.number, message.number)
        time_s = self._clock.time_s(message)
        self._say(Link.OPEN, f"images of {self._device!r}")
        return Frame(index, time_s, shown.pixels, self._acquisition(shown), message.received_s)

    def _is_ours(self, device: str) -> bool:
        return self._device is None or device == self._device

    def _say(self, link: Link, text: str) -> None:
        self._status = LinkStatus(link, f"{self._where}: {text}")

    def _acquisition(self, shown: ImageContent) -> Acquisition:
        """Return the acquisition of the last image, unless it has changed."""
        if self._last is not None and _same_kind(self._last[0], shown):
            return self._last[1]
        found = replace(acquisition(shown, self._declared), time_source=self._clock.source)
        if self._clock.source is TimeSource.ARRIVAL:
            found = replace(found, notes=(*found.notes, _NO_CLOCK))
        self._last = (shown, found)
        return found


def _same_kind(one: ImageContent, other: ImageContent) -> bool:
    return (
        one.pixels.shape == other.pixels.shape
        and one.pixels.dtype == other.pixels.dtype
        and np.allclose(one.spacing_mm, other.spacing_mm, rtol=1e-4)
        and np.allclose(one.directions, other.directions, atol=1e-3, equal_nan=True)
        and one.world == other.world
    )


def acquisition(shown: ImageContent, declared: DeclaredFormat) -> Acquisition:
    """Return the acquisition from an image header and the declared format.

    Parameters
    ----------
    shown : ImageContent
    declared : DeclaredFormat
    """
    rows, columns = shown.pixels.shape
    depth = 8 * shown.pixels.dtype.itemsize
    bits = min(declared.bits_stored or depth, depth)
    signed = shown.pixels.dtype == np.int16
    notes = [
        text(
            "OpenIGTLink does not state the meaning of pixel values; thickness and volume are "
            "approximate."
        )
    ]
    if depth == 16 and declared.bits_stored is None:
        notes.append(
            text("The pixels are assumed to use 16 bits; change it with bits=12 in the address.")
        )
    geometry, about_spacing = _geometry(shown, declared)
    orientation, about_axes = _orientation(shown, declared)
    return Acquisition(
        rows,
        columns,
        PixelFormat(declared.photometric, bits, declared.relationship, signed=signed),
        geometry,
        TimeSource.ACQUISITION_TIME,
        patient_orientation=orientation,
        notes=(*notes, about_spacing, about_axes),
    )


def _geometry(shown: ImageContent, declared: DeclaredFormat) -> tuple[ProjectionGeometry, str]:
    spacing = shown.spacing_mm
    if not (np.isfinite(spacing).all() and min(spacing) > 0):
        return ProjectionGeometry(), text("The sender gives no spacing.")
    if declared.spacing_at_vertebra:
        found = ProjectionGeometry(pixel_spacing_mm=spacing, pixel_spacing_calibration="FIDUCIAL")
        return found, text("The sender's spacing is at the vertebra, as the address states.")
    # The ratio is true in any plane; the spacing itself is not.
    return (
        ProjectionGeometry(pixel_aspect=spacing[0] / spacing[1]),
        text(
            "The sender's spacing is not used: its plane is unknown. Calibrate, or write "
            "spacing=vertebra in the address."
        ),
    )


def _orientation(
    shown: ImageContent, declared: DeclaredFormat
) -> tuple[tuple[str, str] | None, str]:
    if not declared.patient_axes:
        return None, (
            text(
                "The sender's axes are not used: mark where the front is, or write axes=patient "
                "in the address."
            )
        )
    letters = [_letter(direction, shown.world) for direction in shown.directions]
    if letters[0] is None or letters[1] is None:
        return None, text("The sender's axes lie between those of a patient: they are not used.")
    return (letters[0], letters[1]), text("Front and back are those of the sender's axes.")


def _letter(direction: np.ndarray, world: str) -> str | None:
    if not np.isfinite(direction).all():
        return None
    axis = int(np.abs(direction).argmax())
    if abs(direction[axis]) < _ALONG:
        return None
    return _LETTERS[world][axis][int(direction[axis] < 0)]


class _Counts:
    """Index of the next frame, and number of lost frames."""

    def __init__(self) -> None:
        self.lost = 0
        self._given = 0
        self._frame_number: int | None = None
        self._message_number: int | None = None
        self._only_pictures = True

    def frame(self, frame_number: int | None, message_number: int | None) -> int:
        """Return the index of a frame with these numbers."""
        missing = self._messages_missed(message_number)
        if frame_number is not None:
            # The better witness: messages may have been of other things.
            missing = _gap(self._frame_number, frame_number)
            self._frame_number = frame_number
        self.lost += missing
        self._given += 1
        return self._given + self.lost - 1

    def unusable(self, message_number: int | None) -> None:
        """Count an unusable frame, whose number may be unreadable."""
        missing = self._messages_missed(message_number)
        if self._frame_number is not None:
            self._frame_number += 1
            missing = 0  # found from the number of the next frame
        self.lost += missing + 1

    def other(self) -> None:
        """Record another message: a gap between numbers may then not be a frame."""
        self._only_pictures = False

    def _messages_missed(self, number: int | None) -> int:
        if number is None or not self._only_pictures:
            return 0
        missing = _gap(self._message_number, number)
        self._message_number = number
        return missing


def _gap(before: int | None, now: int) -> int:
    """Return the number of missing messages; 0 if the sender restarts or does not count."""
    if before is None:
        return 0
    missing = now - before - 1
    return missing if 0 < missing <= _MOST_LOST else 0


class _SenderClock:
    """Seconds from the first frame, by the sender's clock if it agrees with the local one.

    A sender without a clock sends 0. A clock in whole seconds, or slower than the frame rate, gives
    several frames the same time: times of arrival are then used.
    """

    def __init__(self) -> None:
        self._start: tuple[float, float, float] | None = None  # time, sent, received
        self._sent, self._last_s = 0.0, 0.0
        self._ticks = True
        self.source = TimeSource.ARRIVAL

    def time_s(self, message: Message) -> float:
        """Return the time of a frame; never before that of the last one."""
        sent, received = message.sent_s, message.received_s
        if self._start is None:
            self._start, self._sent = (0.0, sent, received), sent
            if not sent.is_integer():
                self.source = TimeSource.ACQUISITION_TIME
            return self._last_s
        start_s, first_sent, first_received = self._start
        theirs, ours = sent - first_sent, received - first_received
        if not self._advances(sent) or abs(theirs - ours) > _CLOCKS_AGREE_S:
            theirs = ours
            self._start = (start_s + ours, sent, received)
        self._sent = sent
        self._last_s = max(self._last_s, start_s + theirs)
        return self._last_s

    def _advances(self, sent: float) -> bool:
        """Return whether this time stamp is later than the previous one."""
        self._ticks = self._ticks and sent != self._sent
        return self._ticks and not (sent.is_integer() and self._sent.is_integer())
