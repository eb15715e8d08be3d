"""Image of a live session: the latest frame, or the last one while no other arrives."""

from __future__ import annotations

from collections.abc import Sequence

from leakwatch.config import Settings
from leakwatch.core.arrays import Array
from leakwatch.core.frame import Frame
from leakwatch.core.marks import Marks, same_drawing
from leakwatch.core.results import Observation, Snapshot
from leakwatch.display.event_list import EventRow
from leakwatch.display.grey_mapping import GreyImage, GreyMapping, grey_mapping
from leakwatch.display.history import History
from leakwatch.display.last_assessed import age_text
from leakwatch.display.picture import FrameOverlay, make_overlay
from leakwatch.display.trend_plot import TrendPlot, trend_plot
from leakwatch.display.window_level import ViewSettings
from leakwatch.gui.widgets.overlay_items import ImageView
from leakwatch.live.assessed_history import TimedDecision, is_assessed
from leakwatch.live.status import DisplayedStatus, DisplayState, LiveStatus

# Frames that fix the greys.
GREY_FRAMES = 8


class LivePicture:
    """Image with overlay, and the history for trend and new growth.

    Parameters
    ----------
    image : ImageView
    settings : Settings
    marks : Marks

    Attributes
    ----------
    drawn : Snapshot or None
        The snapshot on the screen.
    picture : FrameOverlay or None
        Its overlay.
    """

    def __init__(self, image: ImageView, settings: Settings, marks: Marks) -> None:
        self._image, self._settings, self._marks = image, settings, marks
        self._history, self._subject = History(settings.window), ""
        self.drawn: Snapshot | None = None
        self.picture: FrameOverlay | None = None
        self._pictured: tuple[Snapshot | None, str] = (None, "")
        self._view = ViewSettings()
        self._seen: Snapshot | None = None
        self._growth: tuple[Observation, Observation | None] | None = None
        self._greys: GreyMapping | None = None
        self._grey_frames: list[Frame] = []

    def show(
        self,
        status: LiveStatus,
        now: DisplayedStatus,
        now_s: float,
        marks: Marks,
        view: ViewSettings,
    ) -> TimedDecision | None:
        """Draw what is new: another frame, its age, or other display settings.

        Returns
        -------
        TimedDecision or None
            The new decision; None if there is none.
        """
        decision = status.decision
        if decision is None:
            return None
        fresh = decision.snapshot is not self._seen
        if fresh:
            self._remember(decision.snapshot, now, marks)
        kept = None if now.state is DisplayState.LIVE else status.decision_to_show
        snapshot = decision.snapshot if kept is None else kept.snapshot
        age = "" if kept is None else age_text(kept.age_s(now_s))
        if fresh or (snapshot, age) != self._pictured or view != self._view:
            self._draw(snapshot, age, marks, view)
        self._seen = decision.snapshot
        return decision if fresh else None

    def has_news(self, decision: TimedDecision | None, view: ViewSettings) -> bool:
        """Return whether a decision was not shown yet, or was with other display settings."""
        return decision is not None and (decision.snapshot is not self._seen or view != self._view)

    @property
    def age(self) -> str:
        """Age of the image on the screen, as text; empty while it is live."""
        return self._pictured[1]

    def grey_of(self, frame: Frame) -> GreyImage:
        """Return another frame of the session as the image on the screen is shown."""
        return self._mapping(frame).with_view(self._view).apply(frame.pixels)

    def trend(
        self, now: DisplayedStatus, rows: Sequence[EventRow] = (), whole: bool = False
    ) -> TrendPlot:
        """Return the trend, with the time since the last assessed frame.

        Parameters
        ----------
        now : DisplayedStatus
        rows : sequence of EventRow
            Events of the session.
        whole : bool
            Of the whole session; else of the last minute.
        """
        history, seen_s = self._history, now.assessed_age_s
        since_s, unseen_s = now.age_s or 0.0, 0.0
        if now.last and seen_s is not None:
            since_s = seen_s if now.state is not DisplayState.LIVE else since_s
            unseen_s = seen_s
        drawn = self.drawn
        return trend_plot(
            history.case_samples if whole else history.samples,
            self._settings,
            rows,
            in_mm=drawn is None or drawn.observation.calibration.mm_per_px is not None,
            whole=whole,
            since_s=since_s,
            unseen_s=unseen_s,
        )

    def grey_small(self, small: Array) -> GreyImage | None:
        """Return a small image of stored values as it is shown; None before the first frame."""
        return None if self._greys is None else self._greys.apply(small)

    def _remember(self, snapshot: Snapshot, now: DisplayedStatus, marks: Marks) -> None:
        if not same_drawing(marks, self._marks):
            self._history.restart()
        self._marks = marks
        if snapshot.frame.acquisition.subject != self._subject:
            self._subject = snapshot.frame.acquisition.subject
            self._history.clear()
        seen = snapshot.observation
        # Frozen and synthetic results are not part of the trend: they would displace measured ones.
        if now.state is not DisplayState.LIVE and not is_assessed(seen):
            return
        self._history.append(seen, snapshot.alert)
        if is_assessed(seen):
            self._growth = (seen, self._history.before(seen.time_s))

    def _draw(self, snapshot: Snapshot, age: str, marks: Marks, view: ViewSettings) -> None:
        growth, seen = self._growth, snapshot.observation
        before = growth[1] if growth is not None and growth[0] is seen else None
        self._pictured = (None, "")
        self.picture = make_overlay(snapshot, marks, self._settings, before, age)
        frame = snapshot.frame
        greys = self._mapping(frame).with_view(view)
        self._image.show_frame(greys.apply(frame.pixels), self.picture)
        self.drawn, self._view, self._pictured = snapshot, view, (snapshot, age)

    def _mapping(self, frame: Frame) -> GreyMapping:
        """Return the mapping: fixed after the first frames, renewed if the pixel format changes."""
        kept = self._grey_frames
        if kept and kept[0].acquisition.pixel_format != frame.acquisition.pixel_format:
            kept.clear()
        if self._greys is None or len(kept) < GREY_FRAMES:
            kept.append(frame)
            self._greys = grey_mapping(kept)
        return self._greys
