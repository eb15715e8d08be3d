"""Contents of the replay window, and the actions of its keys. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

from leakwatch.config import Settings
from leakwatch.core.errors import SourceError
from leakwatch.core.frame import Frame
from leakwatch.core.marks import Marks
from leakwatch.core.messages import text
from leakwatch.core.results import Level, Snapshot
from leakwatch.core.spacing import Calibration
from leakwatch.display.banner import Banner, keep_latched_stop, stale_banner, unknown_banner
from leakwatch.display.event_list import EventRow, next_row, previous_row
from leakwatch.display.grey_mapping import GreyImage
from leakwatch.display.picture import STALE_AFTER_S, FrameOverlay, make_overlay
from leakwatch.display.procedure_clocks import clock_text
from leakwatch.display.reference_view import Current
from leakwatch.display.trend_plot import TrendPlot, trend_plot
from leakwatch.display.window_level import ViewSettings
from leakwatch.gui.replay.playback import Playback
from leakwatch.gui.replay.replay_references import TrackReferences
from leakwatch.gui.replay.track import Track


@dataclass(frozen=True, slots=True)
class ReplayView:
    """Contents of the window at one time.

    Parameters
    ----------
    banner : Banner
        Of the frame, or UNKNOWN if the frame is not current.
    picture : FrameOverlay or None
        None before the first frame.
    grey : ndarray or None
        The frame, ``(rows, columns)`` uint8; None also if it cannot be read again.
    index : int or None
        Index of the frame in the sequence.
    folded, total : int
        Frames analysed until now; frames in the sequence, as far as known.
    time_s, duration_s : float
        Of the frame; of the last available frame.
    levels : tuple of Level
        Of the frames analysed until now.
    partly : tuple of bool
        Whether each of them is UNKNOWN only because rules were not set up.
    acknowledged : tuple of bool
        Whether each of them is WATCH that is an acknowledged STOP.
    playing : bool
    speed : float
    message : str
        Progress of the analysis, why it ended early, or why there is no `grey`; may be empty.
    """

    banner: Banner
    picture: FrameOverlay | None
    grey: GreyImage | None
    index: int | None
    folded: int
    total: int
    time_s: float
    duration_s: float
    levels: tuple[Level, ...]
    partly: tuple[bool, ...]
    acknowledged: tuple[bool, ...]
    playing: bool
    speed: float
    message: str


class Replay:
    """Combination of the analysed track, the clock and the overlays.

    Parameters
    ----------
    track : Track
        Filled by another thread.
    marks : Marks
    settings : Settings
    promised : int or None
        Number of frames that the source announces.

    Attributes
    ----------
    marks : Marks
    settings : Settings
    view_settings : ViewSettings
        Window and level, and flips.
    playback : Playback
    references : TrackReferences
    """

    def __init__(
        self, track: Track, marks: Marks, settings: Settings, promised: int | None = None
    ) -> None:
        self._track, self.marks, self.settings = track, marks, settings
        self._promised = promised
        self.view_settings = ViewSettings()
        self._now_s: float | None = None
        self._shown: tuple[int, FrameOverlay, GreyImage | None, ViewSettings] | None = None
        self._unreadable = ""
        self.references = TrackReferences(track)
        self._rows_of, self._rows = -1, tuple[EventRow, ...]()
        self.playback = Playback(lambda: len(track), track.time_s, complete=lambda: track.ended)

    def tick(self, now_s: float) -> ReplayView:
        """Advance to `now_s`, any monotonic clock in seconds, and return what to show."""
        elapsed_s = 0.0 if self._now_s is None else max(now_s - self._now_s, 0.0)
        self._now_s = now_s
        self.playback.advance(elapsed_s)
        return self.view()

    def view(self) -> ReplayView:
        """Return what to show now."""
        index, track = self.playback.index, self._track
        folded, levels = len(track), track.levels()
        shown = None if index is None else self._picture(index)
        return ReplayView(
            banner=self._banner(None if shown is None else shown[0]),
            picture=None if shown is None else shown[0],
            grey=None if shown is None else shown[1],
            index=index,
            folded=folded,
            total=max(self._promised or 0, folded) if not track.ended else folded,
            time_s=0.0 if index is None else track.time_s(index),
            duration_s=track.time_s(folded - 1) if folded else 0.0,
            levels=levels,
            partly=track.partly()[: len(levels)],
            acknowledged=track.acknowledged()[: len(levels)],
            playing=self.playback.playing,
            speed=self.playback.speed,
            message=self._message(folded),
        )

    def snapshot(self) -> Snapshot | None:
        """Return the snapshot of the frame to show now, with its pixels.

        None before the first frame, and if its pixels cannot be read again.
        """
        index = self.playback.index
        try:
            return None if index is None else self._track.snapshot_with_pixels(index)
        except SourceError:
            return None

    def calibration(self) -> Calibration | None:
        """Return the calibration of the frame to show now; None before the first."""
        index = self.playback.index
        return None if index is None else self._track.snapshot(index).observation.calibration

    def current(self) -> Current:
        """Return the image that is shown now, to compare with a reference."""
        index = self.playback.index
        return Current(index, self.snapshot, None, self.marks)

    def grey_of(self, frame: Frame) -> GreyImage:
        """Return a frame of this sequence as it is shown."""
        return self._track.grey_of(frame.pixels, self.view_settings)

    @property
    def rows(self) -> tuple[EventRow, ...]:
        """List of events; the same object until it changes."""
        version = self._track.story_version
        if version != self._rows_of:
            self._rows_of, self._rows = version, self._track.event_rows()
        return self._rows

    def trend(self, whole: bool = False) -> TrendPlot:
        """Return the trend until the frame to show now, or of all frames."""
        index, track = self.playback.index, self._track
        if index is None:
            return trend_plot((), self.settings)
        samples = (
            track.case_samples() if whole else track.samples(index, self.settings.window.trend_s)
        )
        return trend_plot(
            samples,
            self.settings,
            self.rows,
            in_mm=track.snapshot(index).observation.calibration.mm_per_px is not None,
            whole=whole,
            cursor_s=track.time_s(index) if whole else None,
        )

    def thumbnail(self, row: EventRow) -> GreyImage | None:
        """Return the small image of an event."""
        return self._track.thumbnail(row.frame)

    @property
    def dropped_thumbnails(self) -> int:
        """Number of events that have lost their small image."""
        return self._track.dropped_thumbnails

    def index_of(self, row: EventRow) -> int:
        """Return the index of the frame of an event."""
        return self._track.index_of(row.frame)

    def go_to(self, row: EventRow | None) -> None:
        """Show the frame of an event; None: stay."""
        if row is not None:
            self.playback.seek(self.index_of(row))

    def go_to_next(self) -> None:
        """Show the frame of the next event."""
        self.go_to(next_row(self.rows, self._frame_number()))

    def go_to_previous(self) -> None:
        """Show the frame of the previous event."""
        self.go_to(previous_row(self.rows, self._frame_number()))

    def current_row(self) -> EventRow | None:
        """Return the last event until the displayed frame."""
        return previous_row(self.rows, self._frame_number() + 1)

    def _frame_number(self) -> int:
        index = self.playback.index
        return -1 if index is None else self._track.snapshot(index).frame.index

    def acknowledge(self) -> bool:
        """Acknowledge the STOP of the displayed frame; False if there is none."""
        index = self.playback.index
        changed = index is not None and self._track.acknowledge(index)
        if changed:
            self._shown = None
        return changed

    def _picture(self, index: int) -> tuple[FrameOverlay, GreyImage | None]:
        if self._shown is None or self._shown[0] != index or self._shown[3] != self.view_settings:
            snapshot = self._track.snapshot(index)
            before = self._track.before(index, self.settings.window.growth_s)
            at_s = self._track.acknowledged_s(index)
            at = "" if at_s is None else clock_text(at_s)
            drawn = make_overlay(
                snapshot, self.marks, self.settings, before, acknowledged_at=at, first=1
            )
            self._shown = (index, drawn, self._grey(index), self.view_settings)
        return self._shown[1:3]

    def _grey(self, index: int) -> GreyImage | None:
        """Return the frame; None if it cannot be read again, as after removal of the disk."""
        self._unreadable = ""
        try:
            return self._track.grey(index, self.view_settings)
        except SourceError as error:
            self._unreadable = str(error)
            return None

    def _banner(self, shown: FrameOverlay | None) -> Banner:
        if shown is None:
            return unknown_banner(self._track.failure or text("No frame yet"))
        if self.playback.starved_s > STALE_AFTER_S:
            return keep_latched_stop(stale_banner(self.playback.starved_s), shown.banner)
        if self._track.failure is not None and self.playback.at_end:
            return keep_latched_stop(unknown_banner(self._track.failure), shown.banner)
        return shown.banner

    def _message(self, folded: int) -> str:
        if self._unreadable:
            return self._unreadable
        if self._track.failure is not None:
            return self._track.failure
        if self._track.ended:
            return ""
        if self._promised is None:
            return text("analysed {number}", number=folded)
        return text("analysed {number} of {total}", number=folded, total=self._promised)
