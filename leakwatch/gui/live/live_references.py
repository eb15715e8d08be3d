"""Reference pictures of a live session."""

from __future__ import annotations

from leakwatch.config import Settings
from leakwatch.core.marks import Marks
from leakwatch.core.results import Snapshot
from leakwatch.display.reference_view import Current
from leakwatch.display.references import Reference, References
from leakwatch.display.window_level import ViewSettings
from leakwatch.gui.live.live_picture import LivePicture
from leakwatch.gui.widgets.overlay_items import ImageView
from leakwatch.gui.widgets.pane_row import PaneRow
from leakwatch.gui.widgets.reference_keys import ReferenceKeys
from leakwatch.live.assessed_history import TimedDecision


class LiveReferences(ReferenceKeys):
    """Keys and pane of the reference picture, for the images that a session shows.

    Parameters
    ----------
    panes : PaneRow
    image : ImageView
        The main image.
    picture : LivePicture
    settings : Settings
    """

    def __init__(
        self, panes: PaneRow, image: ImageView, picture: LivePicture, settings: Settings
    ) -> None:
        super().__init__(panes, settings)
        self._image, self._picture = image, picture
        self._references = References()
        self._marks = Marks()

    def follow(
        self, came: TimedDecision | None, marks: Marks, look: ViewSettings, now_s: float
    ) -> None:
        """Follow the session, and show what is chosen.

        Parameters
        ----------
        came : TimedDecision or None
            A new decision.
        marks : Marks
            Of the session; their reference frame is that of the baseline.
        look : ViewSettings
        now_s : float
            The session's clock.
        """
        self._marks = marks
        if came is not None:
            self._references.add(came.snapshot, marks.reference_frame)
        self.refresh(
            self._references, self._current, self._picture.grey_of, self._image, look, now_s
        )

    def keep(self, snapshot: Snapshot) -> Reference:
        """Keep an image as a reference."""
        return self._references.keep(snapshot, self._marks.reference_frame)

    def _current(self) -> Current:
        drawn = self._picture.drawn
        age, marks = self._picture.age, self._marks
        return Current(drawn, lambda: drawn, marks.reference_frame, marks, age)
