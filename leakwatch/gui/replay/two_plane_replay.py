"""Replay window of two planes: both in step by time, with one timeline of the worse level."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import Qt

from leakwatch.core.messages import text
from leakwatch.core.planes import plane_name
from leakwatch.core.results import Reason
from leakwatch.display.banner import Banner
from leakwatch.gui.replay.folded_run import AnalysedRun
from leakwatch.gui.replay.merged_track import MergedTrack
from leakwatch.gui.replay.plane_replay import PlaneReplay
from leakwatch.gui.replay.playback import Playback
from leakwatch.gui.replay.replay_view import ReplayView
from leakwatch.gui.replay.replay_window import ReplayWindow
from leakwatch.gui.replay.transport import Transport
from leakwatch.gui.widgets.keys import KeyAction, key
from leakwatch.gui.widgets.plane_pair import PlanePair
from leakwatch.gui.widgets.plane_part import PlanePart
from leakwatch.live.planes import CommonStatus, Plane, combined, with_plane
from leakwatch.live.status import Alarm, DisplayedStatus, DisplayState


class PlaneReplayWindow(PlanePart, ReplayWindow):
    """Picture and numbers of one plane, at the time of the common timeline.

    Attributes
    ----------
    plane : Plane
        What is displayed of this plane, also if it cannot be drawn.
    """

    replay: PlaneReplay

    def __init__(self, replay: PlaneReplay) -> None:
        super().__init__(replay, "")
        self.plane = self._plane_of(DisplayState.WAITING, self.banner.banner)
        self.transport.hide()

    def show_view(self, view: ReplayView) -> None:
        """Show everything of `view`, with the name of the plane in its banner."""
        state = DisplayState.LIVE if self.replay.is_current else DisplayState.SILENT
        self.plane = self._plane_of(state, view.banner)
        super().show_view(replace(view, banner=with_plane(view.banner, self.plane.name)))

    def broken(self) -> None:
        """Report a plane that cannot be shown at all, beside showing UNKNOWN."""
        self.plane = self._plane_of(DisplayState.LOST, self.banner.banner)

    def _plane_of(self, state: DisplayState, banner: Banner) -> Plane:
        reasons = () if state is DisplayState.LIVE else (Reason.STALE,)
        now = DisplayedStatus(state, banner, reasons, Alarm.NONE, self.replay.age_s)
        name = plane_name(self._number, self.replay.marks.view)
        return Plane(name, now, watches_all_but_wall=self.replay.watches_all_but_wall)


class TwoPlaneReplayWindow(PlanePair[PlaneReplayWindow]):
    """Window that plays two analysed runs in step.

    Parameters
    ----------
    first, second : AnalysedRun
    offset_s : float
        By how many seconds the first frame of the second run is later than that of the first.
    title : str
    """

    def __init__(
        self, first: AnalysedRun, second: AnalysedRun, offset_s: float, title: str
    ) -> None:
        super().__init__(title)
        settings = first.run.settings
        self.banner.use(settings.window)
        replays = [
            PlaneReplay(
                one.track, one.run.marks, one.run.settings, one.run.acquisition.number_of_frames
            )
            for one in (first, second)
        ]
        self.plane_windows = (PlaneReplayWindow(replays[0]), PlaneReplayWindow(replays[1]))
        for number, one in enumerate(self.plane_windows):
            one.be_part(number, self.focus_on)
        stale_s = settings.live.stale_after_s
        self.merged = merged = MergedTrack((first.track, second.track), offset_s, stale_s)
        self.playback = Playback(lambda: len(merged), merged.time_s, lambda: merged.ended)
        self._tracks = (first.track, second.track)
        self._ticked_s: float | None = None
        self.transport = Transport()
        self.lay_out(self.transport)
        self._connect()

    def start(self) -> None:
        """Play from the first frame, and start the updates."""
        self.playback.toggle()
        super().start()

    def tick(self) -> None:
        """Advance to now and show both planes at that time."""
        now_s = time.monotonic()
        elapsed_s = 0.0 if self._ticked_s is None else now_s - self._ticked_s
        self._ticked_s = now_s
        self.merged.update()
        self.playback.advance(elapsed_s)
        self._go_to(self.playback.position_s)
        super().tick()

    def show_common(self) -> None:
        """Show banner and timeline."""
        common = combined([one.plane for one in self.plane_windows])
        self.banner.show_banner(common.banner)
        self.transport.show_view(self._view(common))

    def own_actions(self) -> tuple[KeyAction, ...]:
        """Return the keys of both planes: those of the timeline."""
        code, go = Qt.Key, self.playback
        what = text("acknowledge: clear the latched STOP of this plane")
        acknowledge = key(code.Key_A, "A", what, self.acknowledge)
        names: dict[str, Callable[[], object]]
        names = {"←": partial(go.step, -1), "→": partial(go.step, 1), "+": go.faster}
        names |= {text("Space"): go.toggle, text("Home"): partial(go.seek, 0)}
        names |= {text("Shift ←"): partial(go.step, -10), text("Shift →"): partial(go.step, 10)}
        names |= {"–": go.slower, text("End"): go.seek_end}
        timeline = [
            KeyAction(one.chords, one.text, one.what, names[one.text], one.button)
            for one in self.focused.window_keys()
            if one.text in names
        ]
        return (acknowledge, *timeline, *self.common_actions())

    def fill_menus(self) -> None:
        """Bring menus and buttons up to date with the keys."""
        super().fill_menus()
        self.transport.describe(self.key_actions())

    def acknowledge(self) -> None:
        """Acknowledge the latched STOP of the plane in focus, at the displayed frame."""
        if self.focused.replay.acknowledge():
            self.merged.forget_levels()

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""
        super().set_scale(scale)
        self.transport.set_scale(scale)

    def _go_to(self, time_s: float) -> None:
        for number, one in enumerate(self.plane_windows):
            one.replay.show_time(
                self.merged.local_s(number, time_s), self.merged.age_s(number, time_s)
            )

    def _view(self, common: CommonStatus) -> ReplayView:
        merged, index = self.merged, self.playback.index
        count, levels = len(merged), merged.levels()
        messages = [one.replay.view().message for one in self.plane_windows]
        return ReplayView(
            banner=common.banner,
            picture=None,
            grey=None,
            index=index,
            folded=count,
            total=count if merged.ended else max(count, sum(map(len, self._tracks))),
            time_s=0.0 if index is None else merged.time_s(index),
            duration_s=merged.time_s(count - 1) if count else 0.0,
            levels=levels,
            partly=merged.partly(),
            acknowledged=merged.acknowledged(),
            playing=self.playback.playing,
            speed=self.playback.speed,
            message=next((one for one in messages if one), ""),
        )

    # Methods, since a signal connected to a closure would keep the window alive.
    def _toggle(self) -> None:
        self.playback.toggle()

    def _step(self, frames: int) -> None:
        self.playback.step(frames)

    def _slower(self) -> None:
        self.playback.slower()

    def _faster(self) -> None:
        self.playback.faster()

    def _seek(self, index: int) -> None:
        self.playback.seek(index)

    def _connect(self) -> None:
        transport = self.transport
        transport.play_pressed.connect(self._toggle)
        transport.stepped.connect(self._step)
        transport.slower_pressed.connect(self._slower)
        transport.faster_pressed.connect(self._faster)
        transport.timeline.sought.connect(self._seek)
        transport.acknowledged.connect(self.acknowledge)
        transport.help_pressed.connect(self.toggle_help)
