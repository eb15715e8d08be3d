"""Replay of one plane beside another one: at the time that both share. No Qt."""

from __future__ import annotations

from leakwatch.config import Settings
from leakwatch.core.active_rules import watches_all_but_wall
from leakwatch.core.marks import Marks
from leakwatch.core.messages import text
from leakwatch.display.banner import Banner, keep_latched_stop, unknown_banner
from leakwatch.display.picture import FrameOverlay
from leakwatch.gui.replay.replay_view import Replay, ReplayView
from leakwatch.gui.replay.track import Track


class PlaneReplay(Replay):
    """Replay whose time is set from outside.

    Parameters
    ----------
    track : Track
    marks : Marks
    settings : Settings
    promised : int or None
        Number of frames that the source announces.

    Attributes
    ----------
    age_s : float or None
        Age of its frame at that time; None before its first frame.
    """

    def __init__(
        self, track: Track, marks: Marks, settings: Settings, promised: int | None = None
    ) -> None:
        super().__init__(track, marks, settings, promised)
        self.age_s: float | None = None

    @property
    def is_current(self) -> bool:
        """Return whether its frame is not older than in a live session."""
        return self.age_s is not None and self.age_s <= self.settings.live.stale_after_s

    @property
    def watches_all_but_wall(self) -> bool:
        """Return whether its frame is current and lacks only the wall; see `core.active_rules`."""
        index = self.playback.index
        if index is None or not self.is_current:
            return False
        shown = self._track.snapshot(index)
        return not shown.alert.acknowledged and watches_all_but_wall(shown.observation)

    def show_time(self, time_s: float, age_s: float | None) -> None:
        """Show the frame at a time of this plane.

        Parameters
        ----------
        time_s : float
        age_s : float or None
            Age of that frame.
        """
        self.playback.seek_time(time_s)
        self.age_s = age_s

    def tick(self, now_s: float) -> ReplayView:
        """Return what to show; the time does not advance here."""
        return self.view()

    def _banner(self, shown: FrameOverlay | None) -> Banner:
        banner = super()._banner(shown)
        if self.is_current:
            return banner
        if self.age_s is None:
            return unknown_banner(text("No frame yet"))
        unknown = unknown_banner(text("No frame for {age_s:.1f} s", age_s=self.age_s))
        return keep_latched_stop(unknown, banner)
