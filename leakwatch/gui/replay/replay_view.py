"""Contents of the replay window, and the actions of its keys. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

from leakwatch.config import Settings
from leakwatch.core.errors import SourceError
from leakwatch.core.marks import Marks
from leakwatch.core.messages import text
from leakwatch.core.results import Level, Snapshot
from leakwatch.display.banner import Banner, keep_latched_stop, stale_banner, unknown_banner
from leakwatch.display.grey_mapping import GreyImage
from leakwatch.display.history import TrendSample
from leakwatch.display.picture import STALE_AFTER_S, FrameOverlay, make_overlay
from leakwatch.display.procedure_clocks import clock_text
from leakwatch.display.window_level import ViewSettings
from leakwatch.gui.replay.playback import Playback
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

    def samples(self) -> tuple[TrendSample, ...]:
        """Return the trend until the frame to show now."""
        index = self.playback.index
        return () if index is None else self._track.samples(index, self.settings.window.trend_s)

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
            drawn = make_overlay(snapshot, self.marks, self.settings, before, acknowledged_at=at)
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
