"""Marks for a sequence from one click: the cement-free picture, the body in it, the case."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from leakwatch.case_files.case_file import CASE_SUFFIX, encode_case
from leakwatch.config import Settings
from leakwatch.core.arrays import Point, PointArray, read_only
from leakwatch.core.distortion import distort_px, undistort_px
from leakwatch.core.errors import CaseError
from leakwatch.core.frame import Acquisition, Frame, View
from leakwatch.core.marks import CaseFile, Marks, Side
from leakwatch.core.results import Observation
from leakwatch.core.spacing import Calibration, Distortion
from leakwatch.files.private_files import new_private_file
from leakwatch.pipeline import stages
from leakwatch.pipeline.baseline_update import spine_picture
from leakwatch.pipeline.state import PipelineState
from leakwatch.runner.stored_run import Run
from leakwatch.vision.cannula.over_body import with_rod_near
from leakwatch.vision.preprocessing.polarity import UNTOLD, Polarity, PolarityTold, told_polarity
from leakwatch.vision.preprocessing.undistortion import bent
from leakwatch.vision.vertebra.body_outline import Body, Part, find_body, outline_from_wall
from leakwatch.vision.vertebra.straightened_patch import SpinePicture

# Feet of the patient at the bottom of the picture, or head: Patient Orientation of growing rows.
_HEAD_DOWN = "H"
# A cannula tells the front only if its tip lies this near to the click.
_TIP_REACH_MM = 25.0
# The deepest bodies, L4, are as deep (see `body_size`): what is shorter may be an endplate.
_LEAST_CANNULA_MM = 38.0


class Basis(Protocol):
    """What marks are found with: a `stored_run.Run`, or what a live session knows."""

    @property
    def settings(self) -> Settings: ...

    @property
    def acquisition(self) -> Acquisition: ...

    @property
    def calibration(self) -> Calibration: ...


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
    polarity : PolarityTold
        Whether the picture shows the polarity that its tags say.
    """

    picture: SpinePicture
    frame: int
    shift_px: Point
    cannula_px: tuple[Point, Point] | None
    orientation: tuple[str, str] | None
    baseline_frames: int
    distortion: Distortion | None = None
    polarity: PolarityTold = UNTOLD

    def to_picture(self, points_px: PointArray) -> PointArray:
        """Points of `frame` as it is shown, ``(n, 2)`` or ``(2,)``, to those of `picture`."""
        points: PointArray = undistort_px(self.distortion, points_px) - np.array(self.shift_px)
        return points

    def to_frame(self, points_px: PointArray) -> PointArray:
        """Points of `picture` to where `frame` shows them."""
        return distort_px(self.distortion, np.asarray(points_px) + np.array(self.shift_px))


class Preparing:
    """Averages the cement-free frames of a view as they come, and follows the anatomy to a frame.

    Parameters
    ----------
    basis : Basis
    frame : int
        That the person looks at.
    baseline_frames : (int, int) or None
        As in `Marks`.
    """

    def __init__(
        self, basis: Basis, frame: int, baseline_frames: tuple[int, int] | None = None
    ) -> None:
        marks = Marks(View.LATERAL, frame, baseline_frames)
        self._basis, self._frame = basis, frame
        self._state = stages.initial_state(basis.settings, marks, basis.calibration)
        self._seen: Observation | None = None
        self._there: Point = (0.0, 0.0)
        self.last = -1

    @property
    def done(self) -> bool:
        """Whether more frames would change nothing."""
        return self.last >= self._frame and not self._state.baseline_open

    def take(self, frame: Frame) -> None:
        """Fold one frame."""
        self._state, observation = stages.step(self._state, frame)
        self.last = frame.index
        if frame.index == self._frame:
            self._seen, self._there = observation, self._state.shift

    def prepared(self) -> Prepared:
        """What the frames until now give.

        Raises
        ------
        CaseError
            The frame did not come, or nothing can be marked on it.
        """
        seen, state, frame = self._seen, self._state, self._frame
        if seen is None:
            raise CaseError(
                f"there is no frame {frame}: the last one is {self.last}. Choose another frame."
            )
        if seen.shift_px is None or state.baseline is None:
            why = ", ".join(reason.value for reason in seen.unavailable) or "it shows no picture"
            raise CaseError(
                f"frame {frame} cannot be marked: {why}. Choose a frame in which the spine is seen."
            )
        return _prepared(self._basis, state, frame, self._there)


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
    preparing = Preparing(run, frame, run.marks.baseline_frames)
    for each in run.frames:
        preparing.take(each)
        if preparing.done:
            break
    return preparing.prepared()


def _prepared(basis: Basis, state: PipelineState, frame: int, shift: Point) -> Prepared:
    """`shift`: in registration pixels, of which each is two working pixels wide."""
    the_run, baseline = state.the_run, state.baseline
    assert baseline is not None
    a_pixel = 2.0 * the_run.grid.binning
    picture = spine_picture(state)
    cannula = state.instrument.cannula
    ends = None
    if cannula is not None:
        front, back = the_run.grid.to_frame(np.array([cannula.front, cannula.back])).tolist()
        ends = ((front[0], front[1]), (back[0], back[1]))
    orientation = basis.acquisition.patient_orientation
    shift_px = (a_pixel * shift[0], a_pixel * shift[1])
    bend = basis.calibration.distortion
    told = told_polarity(picture.attenuation, basis.settings.polarity)
    return Prepared(picture, frame, shift_px, ends, orientation, baseline.frames, bend, told)


def with_calibration(prepared: Prepared, calibration: Calibration) -> Prepared:
    """The same with millimetres that were found since; its distortion must be that of before."""
    if calibration.mm_per_px is None:
        return prepared
    picture = replace(prepared.picture, mm_per_px=calibration.mm_per_px, calibrated=True)
    return replace(prepared, picture=picture)


def check_polarity(prepared: Prepared) -> None:
    """Refuse a picture that is not of the polarity that its tags say.

    Raises
    ------
    CaseError
        Bone would be taken for gas, and cement for nothing.
    """
    if prepared.polarity.verdict is not Polarity.CONTRADICTS:
        return
    found = "; ".join(prepared.polarity.evidence)
    raise CaseError(
        f"the picture contradicts its tags: {found}. It seems to be inverted: by the tags bone "
        "weakens the beam there where the picture shows gas, and cement would not be seen. Export "
        "it anew as it was taken, or with the right Photometric Interpretation or Pixel Intensity "
        "Relationship Sign."
    )


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
    is in the body that was clicked. Only one that was found in the whole picture counts, and that
    is longer than a body is deep: near a click an endplate is taken for one.
    """
    letter = (prepared.orientation or ("", ""))[0][:1]
    if letter in ("A", "P"):
        return Side.RIGHT if letter == "A" else Side.LEFT
    if prepared.cannula_px is None:
        return None
    tip, back = prepared.cannula_px
    away = np.subtract(tip, prepared.to_picture(np.array(click_px)))
    across, down = np.subtract(tip, back)
    mm_per_px = prepared.picture.mm_per_px
    if np.hypot(*away) * mm_per_px > _TIP_REACH_MM or abs(across) < abs(down):
        return None
    if np.hypot(across, down) * mm_per_px < _LEAST_CANNULA_MM:
        return None
    return Side.RIGHT if across > 0 else Side.LEFT


def mark_body(
    prepared: Prepared,
    click_px: Point,
    run: Basis,
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
    run : Basis
        For its settings and the size of its frames.
    anterior : Side or None
        None: see `anterior_side`; where that does not know either, the wall is unsure.
    level : str or None
        ``L1``, ...
    hints_px : ndarray or None
        ``(h, 2)``, points on the edge of the body, on `prepared.frame`.

    Raises
    ------
    CaseError
        The click is outside of what the X-rays reach, or the picture contradicts its tags.
    """
    check_polarity(prepared)
    _check_click(prepared, click_px, run)
    told = anterior_side(prepared, click_px) if anterior is None else anterior
    prepared = _with_rod_near(prepared, click_px, run)
    click = prepared.to_picture(np.array(click_px))
    hints = np.empty((0, 2)) if hints_px is None else prepared.to_picture(hints_px)
    body = find_body(
        prepared.picture,
        (float(click[0]), float(click[1])),
        run.settings.vertebra,
        anterior=told,
        level=level,
        hints_px=hints,
        head_up=(prepared.orientation or ("", ""))[1][:1] != _HEAD_DOWN,
    )
    return _as_shown(body, prepared)


def _with_rod_near(prepared: Prepared, click_px: Point, run: Basis) -> Prepared:
    click = prepared.to_picture(np.array(click_px))
    at = (float(click[0]), float(click[1]))
    picture, cannula = with_rod_near(prepared.picture, at, run.settings.instruments)
    if cannula is None:
        return prepared
    return replace(prepared, picture=picture)


def mark_from_wall(
    prepared: Prepared,
    wall_px: PointArray,
    run: Basis,
    *,
    anterior: Side,
    level: str | None = None,
    hints_px: PointArray | None = None,
) -> Body:
    """Find the rest of a body whose posterior wall a person drew.

    Parameters
    ----------
    prepared : Prepared
    wall_px : ndarray
        ``(n >= 2, 2)``, on `prepared.frame`.
    run : Basis
    anterior : Side
    level : str or None
    hints_px : ndarray or None
        ``(h, 2)``, points on endplates and front, on `prepared.frame`.

    Raises
    ------
    CaseError
        The picture contradicts its tags.
    """
    check_polarity(prepared)
    hints = np.empty((0, 2)) if hints_px is None else prepared.to_picture(hints_px)
    body = outline_from_wall(
        prepared.picture,
        prepared.to_picture(wall_px),
        anterior,
        run.settings.vertebra,
        level=level,
        hints_px=hints,
    )
    return _as_shown(body, prepared)


def _check_click(prepared: Prepared, click_px: Point, run: Basis) -> None:
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
        other = None if one.other_px is None else read_only(prepared.to_frame(one.other_px))
        return replace(one, line_px=read_only(prepared.to_frame(one.line_px)), other_px=other)

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


def marks_of(body: Body, frame: int, level: str | None, with_outline: bool) -> Marks:
    """The marks that a found body makes.

    Parameters
    ----------
    body : Body
        In the coordinates of `frame`.
    frame : int
    level : str or None
    with_outline : bool
        Whether the outline belongs to it; the posterior wall always does.
    """
    return Marks(
        view=View.LATERAL,
        reference_frame=frame,
        posterior_wall_px=body.posterior_wall_px,
        body_outline_px=body.outline_px if with_outline else None,
        anterior=body.anterior,
        vertebra=level,
    )


def write_case(path: Path, sequence: Path, case: CaseFile) -> None:
    """Write a case; another one that is there is kept as NAME.case.json.before.

    Parameters
    ----------
    path : Path
        NAME.case.json.
    sequence : Path
        Is named relative to it.
    case : CaseFile
        Its `dicom_path` is not looked at.

    Raises
    ------
    CaseError
        The name is none of a case, or it cannot be written; then what was there stays.
    """
    if not path.name.endswith(CASE_SUFFIX):
        raise CaseError(f"{path}: the name of a case ends with {CASE_SUFFIX}. Choose such a name.")
    dicom = Path(os.path.relpath(sequence.resolve(), path.resolve().parent)).as_posix()
    data = encode_case(replace(case, dicom_path=dicom))
    beside = path.with_name(f".{path.name}.new")
    try:
        with new_private_file(beside) as file:
            file.write(data)
        if path.exists() and path.read_bytes() != data:
            path.replace(path.with_name(f"{path.name}.before"))
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise CaseError(f"{path}: cannot be written: {error.strerror}") from error
