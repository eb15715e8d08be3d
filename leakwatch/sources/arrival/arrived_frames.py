"""DICOM objects that arrive one after another, as one sequence of frames.

Shared by folder, C-STORE and archive, which put complete objects here.
"""

from __future__ import annotations

import datetime as dt
import queue
import threading
import time
import zlib
from collections.abc import Generator, Hashable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from leakwatch.config import LiveDicomSettings
from leakwatch.core.frame import Acquisition, Frame, TimeSource
from leakwatch.core.messages import HeaderText, text
from leakwatch.core.plural import counted_noun
from leakwatch.sources.arrival.arrival_times import Moment, moment_after, run_times_s, single_time_s
from leakwatch.sources.arrival.link_log import LinkLog
from leakwatch.sources.arrival.one_series import Choice, OneSeries
from leakwatch.sources.dicom.acquisition_tags import acquisition
from leakwatch.sources.dicom.decoding import check_decodable, stored_values
from leakwatch.sources.dicom.dicom_header import Header, NoProjection, OtherObject, read_header
from leakwatch.sources.dicom.element_values import number, text_value
from leakwatch.sources.dicom.frame_offsets import FramePlaces, find_frames
from leakwatch.sources.dicom.frame_times import FrameTimes, clock_time, frame_times
from leakwatch.sources.dicom.run_identity import run_difference, same_shutter
from leakwatch.sources.dicom.tag_consistency import reconcile_with_pixels
from leakwatch.sources.dicom.tags_per_frame import EachFrame

# How late `close` may be seen, s.
_TICK_S = 0.1
# Instance Numbers left out by no more are frames lost, a second at 30 frames/s; more is a sender
# that counts in another way.
_MOST_LEFT_OUT = 30
# A damaged header may promise any number of frames; no more than ten minutes at 30 frames/s count.
_MOST_LOST = 18000
# Objects that would be known again: as many single frames.
_REMEMBERED = 18000
_BLOCK = 1 << 20  # bytes read at once


@dataclass(frozen=True, slots=True)
class ArrivedObject:
    """A file that is complete, or will not change any more.

    Parameters
    ----------
    path : Path
    received_s : float
        ``time.monotonic()`` when its last byte came.
    sender : str
        Two senders are never of one series.
    """

    path: Path
    received_s: float
    sender: str = ""


@dataclass(frozen=True, slots=True)
class _Opened:
    arrived: ArrivedObject
    header: Header
    places: FramePlaces
    series: Hashable
    instance: float | None
    clock: dict[str, dt.datetime]

    @property
    def received_s(self) -> float:
        return self.arrived.received_s


class ArrivedFrames:
    """Frames of arriving objects, numbered and timed; faults go to the link log.

    Parameters
    ----------
    log : LinkLog
    settings : LiveDicomSettings
    keep : bool
        Leave the files where they are; else each is removed when it was looked at.
    """

    def __init__(self, log: LinkLog, settings: LiveDicomSettings, keep: bool) -> None:
        self._log, self._settings, self._keep = log, settings, keep
        self._queue: queue.Queue[ArrivedObject] = queue.Queue(settings.queue_objects)
        self._series: OneSeries[_Opened] = OneSeries(settings.series_quiet_s)
        self._waiting = _WaitingBytes(settings.waiting_bytes)
        self._stopped = threading.Event()
        self._index = 0
        self._before: Moment | None = None
        self._run: Acquisition | None = None
        self._last: _Opened | None = None
        self._known: dict[tuple[str, int], None] = {}

    def put(self, arrived: ArrivedObject) -> bool:
        """Queue an object; return False if too many wait and it is lost."""
        try:
            has_room = self._keep or self._waiting.has_room
            self._waiting.add(arrived.path)
            if has_room:
                self._queue.put_nowait(arrived)
                return True
        except queue.Full:
            pass
        waiting = self._queue.qsize()
        self._log.note(
            text("{waiting} objects wait to be decoded: the newest was left out", waiting=waiting),
            1,
        )
        self._remove(arrived)
        return False

    @property
    def has_room(self) -> bool:
        """Return whether there is capacity for one more object."""
        return not self._queue.full() and (self._keep or self._waiting.has_room)

    def stop(self) -> None:
        """End `frames` soon."""
        self._stopped.set()

    def frames(self) -> Generator[Frame]:
        """Yield frames until `stop`."""
        while not self._stopped.is_set():
            for one in self._chosen():
                if self._stopped.is_set():
                    return
                yield from self._frames_of(one)
                self._remove(one.arrived)

    def _chosen(self) -> tuple[_Opened, ...]:
        """Return the next objects; none if nothing arrived recently."""
        choice: Choice[_Opened] = Choice()
        try:
            opened = self._opened(self._queue.get(timeout=_TICK_S))
        except queue.Empty:
            choice = self._series.release_idle(time.monotonic())
        else:
            if opened is not None:
                choice = self._series.offer(opened, time.monotonic())
        for refused in choice.refused:
            self._remove(refused.arrived)
            frames = refused.header.number_of_frames
            self._log.note(
                text(
                    "a second series arrived at the same time; of it {frames} not used. Let "
                    "one sender send one series",
                    frames=counted_noun(frames, "frame was", "frames were"),
                )
            )
        return choice.shown

    def _opened(self, arrived: ArrivedObject) -> _Opened | None:
        try:
            header = read_header(arrived.path, with_subject=True, most=self._settings)
            check_decodable(header)
            places = find_frames(header, self._settings)
            header = reconcile_with_pixels(header, places)
            known = self._is_duplicate(header)
            series = (
                arrived.sender,
                text_value(header.dataset, "SeriesInstanceUID"),
                header.subject,
            )
            instance = number(header.dataset, "InstanceNumber")
            clock = clock_time(header.dataset)
        except OtherObject:
            self._remove(arrived)
            return None
        except NoProjection as error:  # no frame of the run is lost by it
            self._log.note(_without_path(arrived.path, error))
            self._remove(arrived)
            return None
        # Bytes of any kind fail in any way, and the next object must be looked at all the same.
        except Exception as error:  # noqa: BLE001
            self._lost(1, arrived, error)
            self._remove(arrived)
            return None
        if known:
            self._log.note(text("an object arrived a second time and was skipped"))
            self._remove(arrived)
            return None
        return _Opened(arrived, header, places, series, instance, clock)

    def _is_duplicate(self, header: Header) -> bool:
        """Return whether an equal object with equal pixels arrived before: senders may repeat."""
        check = 0
        with header.path.open("rb") as file:
            file.seek(header.pixels_start)
            while block := file.read(_BLOCK):
                check = zlib.crc32(block, check)
        fingerprint = (text_value(header.dataset, "SOPInstanceUID"), check)
        if fingerprint in self._known:
            return True
        self._known[fingerprint] = None
        if len(self._known) > _REMEMBERED:
            del self._known[next(iter(self._known))]
        return False

    def _frames_of(self, one: _Opened) -> Generator[Frame]:
        if not self._in_order(one):
            self._log.note(text("a frame arrived after a later one and was skipped"))
            return
        whole = 0
        try:
            seconds, run = self._timed(one)
            header = one.header
            each = EachFrame(header.dataset, header.layout, run, header.number_of_frames)
            of_the_past = seconds[-1] - seconds[0] > self._settings.past_run_s
            # A generator that is left to the garbage collector keeps its file open.
            with closing(stored_values(one.header, one.places)) as pixels_of_frames:
                for whole, pixels in enumerate(pixels_of_frames, 1):
                    time_s = seconds[whole - 1]
                    frame = Frame(self._index, time_s, pixels, each.at(whole - 1), one.received_s)
                    self._index += 1
                    self._before = moment_after(self._before, time_s, one.received_s, one.clock)
                    self._log.is_good(one.received_s, of_the_past)
                    yield frame
                    if self._stopped.wait(self._pause_s(seconds, whole)):
                        return
        except Exception as error:  # noqa: BLE001 - as above
            missing = min(one.header.number_of_frames - whole, _MOST_LOST)
            self._lost(missing, one.arrived, error)

    def _pause_s(self, seconds: Sequence[float], given: int) -> float:
        """Return the time to wait before the next frame of a sequence: its interval, or less."""
        if given >= len(seconds):
            return 0.0
        return min(seconds[given] - seconds[given - 1], self._settings.run_step_s)

    def _in_order(self, one: _Opened) -> bool:
        """Count frames left out by the sender; return False for a frame that is late."""
        last, self._last = self._last, one
        if last is None or last.series != one.series or last.instance is None:
            return True
        if one.header.number_of_frames > 1 or one.instance is None:
            return True
        step = int(one.instance - last.instance)
        if step < 0 and one.received_s - last.received_s <= self._settings.series_quiet_s:
            self._last = last
            return False
        if 1 < step <= _MOST_LEFT_OUT + 1:
            self._lost_before(step - 1)
        return True

    def _timed(self, one: _Opened) -> tuple[tuple[float, ...], Acquisition]:
        """Return the times of an object's frames, and their acquisition, shared if unchanged."""
        dataset, header = one.header.dataset, one.header
        count = header.number_of_frames
        times = FrameTimes((0.0,), TimeSource.ARRIVAL)
        if count > 1:
            times = frame_times(dataset, count, len(one.places.frames))
            seconds = run_times_s(self._before, one.received_s, times.seconds)
        else:
            seconds = (single_time_s(self._before, one.received_s, one.clock),)
        notes = times.notes + header.doubts
        tagged = acquisition(dataset, header.layout, count, times.source, notes)
        found = replace(
            tagged,
            number_of_frames=None,
            subject=header.subject,
            time_doubts=times.doubts,
        )
        if self._run is None or not _goes_on(self._run, found):
            self._run = found
        return seconds, self._run

    def _lost(self, frames: int, arrived: ArrivedObject, error: Exception) -> None:
        why = _without_path(arrived.path, error)
        self._log.is_lost(why, frames, arrived.received_s)
        if self._before is not None:
            self._index += frames

    def _lost_before(self, frames: int) -> None:
        gap = counted_noun(frames, "Instance Number was", "Instance Numbers were")
        self._log.note(text("{missing} left out: frames are lost", missing=gap), frames)
        self._index += frames

    def _remove(self, arrived: ArrivedObject) -> None:
        self._waiting.remove(arrived.path)
        if not self._keep:
            with suppress(OSError):  # already removed, or removed with its folder
                arrived.path.unlink()


class _WaitingBytes:
    """Size of the files on the disk that wait to be decoded. Thread-safe."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, threading.Lock()
        self._sizes: dict[Path, int] = {}

    @property
    def has_room(self) -> bool:
        """Return whether there is capacity for one more object of any size."""
        with self._lock:
            return sum(self._sizes.values()) < self._most

    def add(self, path: Path) -> None:
        with suppress(OSError), self._lock:
            self._sizes[path] = path.stat().st_size

    def remove(self, path: Path) -> None:
        with self._lock:
            self._sizes.pop(path, None)


def _goes_on(run: Acquisition, found: Acquisition) -> bool:
    """Return whether frames of `found` belong to the same sequence."""
    same = (run.subject, run.time_source, run.patient_orientation) == (
        found.subject,
        found.time_source,
        found.patient_orientation,
    )
    return same and not run_difference(run, found) and same_shutter(run.shutter, found.shutter)


def _without_path(path: Path, error: Exception) -> str:
    """Return the error without the file name, which may identify the patient."""
    reason: str = str(error).removeprefix(f"{path}: ")
    if path.name in reason:
        # Without its template it may hold values of the header, which no log is to repeat.
        reason = HeaderText(reason.replace(str(path), "it").replace(path.name, "it"))
    try:
        size = path.stat().st_size
    except OSError:
        return text("an object that no longer exists: {reason}", reason=reason)
    return text("an object of {size} bytes: {reason}", size=size, reason=reason)
