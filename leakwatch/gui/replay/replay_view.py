"""What the replay window shows and what its keys do; no Qt, so that it is tested without one."""

from __future__ import annotations

from dataclasses import dataclass

from leakwatch.config import Settings
from leakwatch.core.errors import SourceError
from leakwatch.core.marks import Marks
from leakwatch.core.results import Level, Snapshot
from leakwatch.display.banner import Banner, keep_latched_stop, stale_banner, unknown_banner
from leakwatch.display.grey_mapping import GreyImage
from leakwatch.display.history import TrendSample
from leakwatch.display.picture import STALE_AFTER_S, FrameOverlay, make_overlay
from leakwatch.display.window_level import ViewSettings
from leakwatch.gui.replay.playback import Playback
from leakwatch.gui.replay.track import Track


@dataclass(frozen=True, slots=True)
class ReplayView:
    """Everything that the window shows at one moment.

    Parameters
    ----------
    banner : Banner
        That of the picture, or UNKNOWN where the picture is not the present.
    picture : FrameOverlay or None
        None before the first frame.
    grey : ndarray or None
        The frame, ``(rows, columns)`` uint8; None also where it cannot be read again.
    index : int or None
        Place of the frame in the run.
    folded, total : int
        Frames folded by now; frames in the run, as far as is known.
    time_s, duration_s : float
        Of the frame; of the last frame that is there.
    levels : tuple of Level
        Of the frames folded by now.
    partly : tuple of bool
        Whether each of them is UNKNOWN only since rules were not set up.
    playing : bool
    speed : float
    message : str
        How far the fold is, why it ended early, or why there is no `grey`; empty when there is
        nothing to say.
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
    """Joins the fold's track, the clock and the pictures.

    Parameters
    ----------
    track : Track
        Filled by another thread.
    marks : Marks
    settings : Settings
    promised : int or None
        Frames that the source promises.

    Attributes
    ----------
    marks : Marks
    settings : Settings
    look : Look
        How the person wants to see the frames.
    playback : Playback
    """

    def __init__(
        self, track: Track, marks: Marks, settings: Settings, promised: int | None = None
    ) -> None:
        self._track, self.marks, self.settings = track, marks, settings
        self._promised = promised
        self.look = ViewSettings()
        self._now_s: float | None = None
        self._shown: tuple[int, FrameOverlay, GreyImage | None, ViewSettings] | None = None
        self._unreadable = ""
        self.playback = Playback(lambda: len(track), track.time_s, complete=lambda: track.ended)

    def tick(self, now_s: float) -> ReplayView:
        """Advance to `now_s`, any monotonic clock in seconds, and say what to show."""
        elapsed_s = 0.0 if self._now_s is None else max(now_s - self._now_s, 0.0)
        self._now_s = now_s
        self.playback.advance(elapsed_s)
        return self.view()

    def view(self) -> ReplayView:
        """What to show now."""
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
        """The snapshot of the frame to show now, with its pixels.

        None before the first frame, and where its pixels cannot be read again.
        """
        index = self.playback.index
        try:
            return None if index is None else self._track.whole_snapshot(index)
        except SourceError:
            return None

    def samples(self) -> tuple[TrendSample, ...]:
        """The trend until the frame to show now."""
        index = self.playback.index
        return () if index is None else self._track.samples(index, self.settings.window.trend_s)

    def acknowledge(self) -> bool:
        """A person clears the STOP of the frame that is shown; False where there is none."""
        index = self.playback.index
        changed = index is not None and self._track.acknowledge(index)
        if changed:
            self._shown = None
        return changed

    def _picture(self, index: int) -> tuple[FrameOverlay, GreyImage | None]:
        if self._shown is None or self._shown[0] != index or self._shown[3] != self.look:
            snapshot = self._track.snapshot(index)
            before = self._track.before(index, self.settings.window.growth_s)
            drawn = make_overlay(snapshot, self.marks, self.settings, before)
            self._shown = (index, drawn, self._grey(index), self.look)
        return self._shown[1:3]

    def _grey(self, index: int) -> GreyImage | None:
        """The frame; None where it cannot be read again, as when the disk was taken away."""
        self._unreadable = ""
        try:
            return self._track.grey(index, self.look)
        except SourceError as error:
            self._unreadable = str(error)
            return None

    def _banner(self, shown: FrameOverlay | None) -> Banner:
        if shown is None:
            return unknown_banner(self._track.failure or "No frame yet")
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
        total = "" if self._promised is None else f" of {self._promised}"
        return f"analysed {folded}{total}"
