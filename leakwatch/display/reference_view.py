"""Contents of the reference pane: the reference image, or the current image minus it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from leakwatch.config import Settings
from leakwatch.core.frame import Frame
from leakwatch.core.geometry import WorkingGrid, enlarge
from leakwatch.core.marks import Marks
from leakwatch.core.messages import join_with, text
from leakwatch.core.results import Snapshot
from leakwatch.display.grey_mapping import GreyImage
from leakwatch.display.lines import LineKind
from leakwatch.display.picture import FrameOverlay, make_overlay
from leakwatch.display.references import Reference, ReferenceKind, missing_text, time_text
from leakwatch.display.subtraction import Subtractor
from leakwatch.display.window_level import ViewSettings

# Lines of the anatomy, as landmarks in a picture that has none left.
_LANDMARKS = frozenset({LineKind.WALL, LineKind.MARGIN})


@dataclass(frozen=True, slots=True)
class ReferenceChoice:
    """Choice of the operator.

    Parameters
    ----------
    kind : ReferenceKind or None
        None: no pane.
    number : int
        Of a kept image.
    subtracted : bool
        Whether the current image minus the reference is shown.
    """

    kind: ReferenceKind | None = None
    number: int = 0
    subtracted: bool = False


def next_choice(now: ReferenceChoice, stopped: bool, kept: Sequence[int]) -> ReferenceChoice:
    """Return the next reference picture: before cement, last STOP, kept ones (newest first), none.

    Parameters
    ----------
    now : ReferenceChoice
    stopped : bool
        Whether there was a STOP.
    kept : sequence of int
        Numbers of the kept images.
    """
    order: list[tuple[ReferenceKind | None, int]] = [(None, 0), (ReferenceKind.BEFORE_CEMENT, 0)]
    order += [(ReferenceKind.STOP, 0)] if stopped else []
    order += [(ReferenceKind.KEPT, number) for number in sorted(kept, reverse=True)]
    place = order.index((now.kind, now.number)) if (now.kind, now.number) in order else 0
    kind, number = order[(place + 1) % len(order)]
    return ReferenceChoice(kind, number, now.subtracted and kind is not None)


def toggle_subtraction(now: ReferenceChoice) -> ReferenceChoice:
    """Return the choice with the other view; without a pane, that before cement subtracted."""
    if now.kind is None:
        return ReferenceChoice(ReferenceKind.BEFORE_CEMENT, 0, True)
    return replace(now, subtracted=not now.subtracted)


@dataclass(frozen=True, slots=True, eq=False)
class Current:
    """Image that the window shows.

    Parameters
    ----------
    moment : object
        Differs for each image.
    snapshot : callable
        Returns its snapshot with pixels, or None.
    baseline : object
        Identity of the current baseline; see `Reference`.
    marks : Marks
    age : str
        Of an image that is not live; empty for one that is.
    """

    moment: object
    snapshot: Callable[[], Snapshot | None]
    baseline: object
    marks: Marks
    age: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceView:
    """Contents of the pane.

    Parameters
    ----------
    title : str
    grey : ndarray or None
        uint8, as large as a frame.
    overlay : FrameOverlay or None
    notice : str
        Why it is not current, or why there is none; may be empty.
    dim : bool
        Whether it is not current.
    """

    title: str
    grey: GreyImage | None = None
    overlay: FrameOverlay | None = None
    notice: str = ""
    dim: bool = False


class ReferenceViews:
    """View of the pane, remade only where something changed.

    Parameters
    ----------
    settings : Settings
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._subtractor = Subtractor(settings)
        self._made: tuple[object, ReferenceView] | None = None
        self._subtracted: tuple[object, object, float] | None = None
        self._current: tuple[object, ReferenceView] | None = None

    def view(
        self,
        choice: ReferenceChoice,
        reference: Reference | None,
        current: Current,
        greys: Callable[[Frame], GreyImage],
        look: ViewSettings,
        now_s: float,
    ) -> ReferenceView:
        """Return what to show; the same object as before where nothing changed.

        Parameters
        ----------
        choice : ReferenceChoice
            With a kind.
        reference : Reference or None
            The chosen one, if there is one.
        current : Current
        greys : callable
            Returns a frame as it is shown.
        look : ViewSettings
        now_s : float
            Any monotonic clock, s.
        """
        if reference is None:
            assert choice.kind is not None
            missing = missing_text(choice.kind)
            return self._once((choice, missing), lambda: ReferenceView("", notice=missing))
        same = (choice, reference, look)
        if not choice.subtracted:
            return self._once(same, lambda: self._plain(reference, current.marks, greys))
        about = (*same, current.baseline, current.age)
        if self._is_too_soon(about, current.moment, now_s):
            assert self._made is not None
            return self._made[1]
        view = self._once((*about, current.moment), lambda: self._subtract(same, current))
        self._subtracted = (about, current.moment, now_s)
        return view

    def _is_too_soon(self, about: object, moment: object, now_s: float) -> bool:
        """Return whether only the image changed, since a moment."""
        before = self._subtracted
        if before is None or self._made is None or before[0] != about:
            return False
        every_s = self._settings.window.subtraction_s
        return before[1] != moment and now_s - before[2] < every_s

    def _once(self, key: object, make: Callable[[], ReferenceView]) -> ReferenceView:
        if self._made is None or self._made[0] != key:
            self._made = (key, make())
        return self._made[1]

    def _plain(
        self, reference: Reference, marks: Marks, greys: Callable[[Frame], GreyImage]
    ) -> ReferenceView:
        self._subtracted = None
        drawn = make_overlay(reference.snapshot, marks, self._settings)
        # Letters of the sides are in the main image, where there is room for them.
        overlay = replace(drawn, labels=(), band_px=None, sides=())
        return ReferenceView(reference.title, greys(reference.snapshot.frame), overlay)

    def _subtract(
        self, same: tuple[ReferenceChoice, Reference, ViewSettings], current: Current
    ) -> ReferenceView:
        """Return the current image minus the reference, or the last one, marked as past."""
        _, reference, look = same
        now = current.snapshot()
        if now is None:
            return self._past(same, text("there is no image to subtract from"))
        made = self._subtractor.subtract(reference, now, current.baseline)
        if made.grey is None or made.grid is None:
            return self._past(same, made.why)
        drawn = make_overlay(now, current.marks, self._settings)
        lines = tuple(line for line in drawn.lines if line.kind in _LANDMARKS)
        time = time_text(now.frame.time_s)
        title = join_with("\n", [text("Cement alone: {time}", time=time), reference.title])
        grey = full_size(made.grey, made.grid, now.frame.pixels.shape)
        if look.inverted:
            grey = 255 - grey
        overlay = replace(drawn, lines=lines, labels=(), band_px=None, sides=())
        age = text("Not live: {age} ago", age=current.age) if current.age else ""
        view = ReferenceView(title, grey, overlay, age, dim=bool(current.age))
        self._current = (same, view)
        return view

    def _past(self, same: object, why: str) -> ReferenceView:
        """Return the last subtraction of this reference, greyed, with the reason."""
        if self._current is None or self._current[0] != same:
            return ReferenceView("", notice=text("No subtraction: {why}", why=why), dim=True)
        notice = text("Not current: {why}", why=why)
        return replace(self._current[1], notice=notice, dim=True)


def full_size(grey: GreyImage, grid: WorkingGrid, shape: tuple[int, int]) -> GreyImage:
    """Return an image on a coarse grid in the size of a frame, so that points keep their places.

    Parameters
    ----------
    grey : ndarray
    grid : WorkingGrid
    shape : (int, int)
        Rows and columns of the frame.
    """
    if grid.binning == 1:
        return grey
    whole: GreyImage = enlarge(grey, grid, *shape)
    return whole
