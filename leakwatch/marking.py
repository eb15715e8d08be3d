"""Marks for a sequence from one click: the cement-free picture, the body in it, the case."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from leakwatch import pipeline
from leakwatch.distortion import shown_px, true_px
from leakwatch.errors import CaseError
from leakwatch.model import (
    CaseFile,
    Distortion,
    Marks,
    Observation,
    Point,
    PointArray,
    Side,
    View,
    read_only,
)
from leakwatch.pipeline_state import PipelineState
from leakwatch.session import Run
from leakwatch.vision.undistortion import bent
from leakwatch.vision.vertebra import Body, Part, find_body
from leakwatch.vision.vertebra_patch import SpinePicture

# Feet of the patient at the bottom of the picture, or head: Patient Orientation of growing rows.
_HEAD_DOWN = "H"
# A cannula tells the front only if its tip lies this near to the click.
_TIP_REACH_MM = 25.0


@dataclass(frozen=True, slots=True)
class Prepared:
    """A sequence made ready for marks.

    Parameters
    ----------
    picture : SpinePicture
        In the coordinates of the first frame, without distortion.
    frame : int
        That the person looks at.
    shift_px : Point
        Where the anatomy truly went between the first frame and that one.
    cannula_px : (Point, Point) or None
        Its tip, and the other end, where they truly are in the first frame.
    orientation : tuple of str or None
        Patient Orientation of columns and rows.
    baseline_frames : int
        How many frames were averaged.
    distortion : Distortion or None
    """

    picture: SpinePicture
    frame: int
    shift_px: Point
    cannula_px: tuple[Point, Point] | None
    orientation: tuple[str, str] | None
    baseline_frames: int
    distortion: Distortion | None = None

    def to_picture(self, points_px: PointArray) -> PointArray:
        """Points of `frame` as it is shown, ``(n, 2)`` or ``(2,)``, to those of `picture`."""
        points: PointArray = true_px(self.distortion, points_px) - np.array(self.shift_px)
        return points

    def to_frame(self, points_px: PointArray) -> PointArray:
        """Points of `picture` to where `frame` shows them."""
        return shown_px(self.distortion, np.asarray(points_px) + np.array(self.shift_px))


def prepare(run: Run, frame: int = 0) -> Prepared:
    """Average the cement-free frames of a run, and follow the anatomy to a frame.

    Parameters
    ----------
    run : Run
        Just opened.
    frame : int

    Raises
    ------
    CaseError
        There is no such frame, or nothing can be marked on it.
    SourceError
        Frames cannot be read.
    """
    marks = Marks(view=View.LATERAL, baseline_frames=run.marks.baseline_frames)
    state = pipeline.initial_state(run.settings, marks, run.calibration)
    seen: Observation | None = None
    there, last = (0.0, 0.0), -1
    for each in run.frames:
        state, observation = pipeline.step(state, each)
        last = each.index
        if last == frame:
            seen, there = observation, state.shift
        if last >= frame and not state.baseline_open:
            break
    if seen is None:
        raise CaseError(f"there is no frame {frame}: the last one is {last}. Choose another frame.")
    if seen.shift_px is None or state.baseline is None:
        why = ", ".join(reason.value for reason in seen.unavailable) or "it shows no picture"
        raise CaseError(
            f"frame {frame} cannot be marked: {why}. Choose a frame in which the spine is seen."
        )
    return _prepared(run, state, frame, there)


def _prepared(run: Run, state: PipelineState, frame: int, shift: Point) -> Prepared:
    """`shift`: in registration pixels, of which each is two working pixels wide."""
    the_run, baseline = state.the_run, state.baseline
    assert baseline is not None
    a_pixel = 2.0 * the_run.grid.binning
    picture = SpinePicture(
        baseline.mean,
        baseline.seen,
        state.instrument.footprint,
        the_run.grid,
        the_run.scale.mm_per_px / the_run.grid.binning,
        run.calibration.mm_per_px is not None,
    )
    cannula = state.instrument.cannula
    ends = None
    if cannula is not None:
        front, back = the_run.grid.to_frame(np.array([cannula.front, cannula.back])).tolist()
        ends = ((front[0], front[1]), (back[0], back[1]))
    orientation = run.acquisition.patient_orientation
    shift_px = (a_pixel * shift[0], a_pixel * shift[1])
    bend = run.calibration.distortion
    return Prepared(picture, frame, shift_px, ends, orientation, baseline.frames, bend)


def shown_picture(prepared: Prepared) -> SpinePicture:
    """The picture as the frames show it, with their distortion, to draw marks over."""
    picture, bend = prepared.picture, prepared.distortion
    if bend is None:
        return picture
    return replace(
        picture,
        attenuation=bent(picture.attenuation, bend, picture.grid),
        seen=bent(picture.seen.astype(np.float32), bend, picture.grid) > np.float32(0.5),
    )


def anterior_side(prepared: Prepared, click_px: Point) -> Side | None:
    """Which side is anterior, from the tags or a cannula; None where neither says.

    Patient Orientation (PS3.3 C.7.6.1.1.1) goes before. A cannula comes from behind, and its tip
    is in the body that was clicked.
    """
    letter = (prepared.orientation or ("", ""))[0][:1]
    if letter in ("A", "P"):
        return Side.RIGHT if letter == "A" else Side.LEFT
    if prepared.cannula_px is None:
        return None
    tip, back = prepared.cannula_px
    away = np.subtract(tip, prepared.to_picture(np.array(click_px)))
    across, down = np.subtract(tip, back)
    if np.hypot(*away) * prepared.picture.mm_per_px > _TIP_REACH_MM or abs(across) < abs(down):
        return None
    return Side.RIGHT if across > 0 else Side.LEFT


def mark_body(
    prepared: Prepared,
    click_px: Point,
    run: Run,
    *,
    anterior: Side | None = None,
    level: str | None = None,
    hints_px: PointArray | None = None,
) -> Body:
    """Find the body that was clicked in, in the coordinates of the frame that was clicked.

    Parameters
    ----------
    prepared : Prepared
    click_px : Point
        On `prepared.frame`.
    run : Run
        For its settings and the size of its frames.
    anterior : Side or None
        None: see `anterior_side`.
    level : str or None
        ``L1``, ...
    hints_px : ndarray or None
        ``(h, 2)``, points on the edge of the body, on `prepared.frame`.

    Raises
    ------
    CaseError
        The click is outside of what the X-rays reach.
    """
    _check_click(prepared, click_px, run)
    click = prepared.to_picture(np.array(click_px))
    hints = np.empty((0, 2)) if hints_px is None else prepared.to_picture(hints_px)
    body = find_body(
        prepared.picture,
        (float(click[0]), float(click[1])),
        run.settings.vertebra,
        anterior=anterior_side(prepared, click_px) if anterior is None else anterior,
        level=level,
        hints_px=hints,
        head_up=(prepared.orientation or ("", ""))[1][:1] != _HEAD_DOWN,
    )
    return _as_shown(body, prepared)


def _check_click(prepared: Prepared, click_px: Point, run: Run) -> None:
    picture = prepared.picture
    at = np.round(picture.grid.to_working(prepared.to_picture(np.array(click_px)))).astype(int)
    column, row = (int(value) for value in at)
    rows, columns = picture.seen.shape
    if 0 <= row < rows and 0 <= column < columns and picture.seen[row, column]:
        return
    size = run.acquisition
    raise CaseError(
        f"the click at {click_px[0]:g},{click_px[1]:g} is outside of the exposed part of the "
        f"picture, which has {size.columns} columns and {size.rows} rows. Click into the middle of "
        "the vertebral body, column first."
    )


def _as_shown(body: Body, prepared: Prepared) -> Body:
    def part(one: Part) -> Part:
        return replace(one, line_px=read_only(prepared.to_frame(one.line_px)))

    return replace(
        body,
        outline_px=read_only(prepared.to_frame(body.outline_px)),
        posterior_wall_px=read_only(prepared.to_frame(body.posterior_wall_px)),
        wall=part(body.wall),
        upper=part(body.upper),
        lower=part(body.lower),
        front=part(body.front),
    )


def outline_is_sure(body: Body) -> bool:
    """Whether every side of the outline may be relied on."""
    return all(one.unsure is None for one in (body.wall, body.upper, body.lower, body.front))


def case_of(body: Body, frame: int, dicom: str, level: str | None, with_outline: bool) -> CaseFile:
    """The case that a found body makes.

    Parameters
    ----------
    body : Body
        In the coordinates of `frame`.
    frame : int
    dicom : str
        Path of the sequence, relative to the case file.
    level : str or None
    with_outline : bool
        Whether the outline belongs to it; the posterior wall always does.
    """
    marks = Marks(
        view=View.LATERAL,
        reference_frame=frame,
        posterior_wall_px=body.posterior_wall_px,
        body_outline_px=body.outline_px if with_outline else None,
        anterior=body.anterior,
        vertebra=level,
    )
    return CaseFile(dicom, marks)
