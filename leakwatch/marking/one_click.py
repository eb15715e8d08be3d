"""Marks for a sequence from one click: the cement-free average, the body, the case."""

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
from leakwatch.core.messages import join_with, text
from leakwatch.core.results import Observation
from leakwatch.core.spacing import Calibration, Distortion
from leakwatch.files.private_files import new_private_file
from leakwatch.pipeline import stages
from leakwatch.pipeline.baseline_update import spine_picture
from leakwatch.pipeline.state import PipelineState
from leakwatch.runner.stored_run import AnalysisRun
from leakwatch.vision.cannula.over_body import mask_cannula_near
from leakwatch.vision.preprocessing.polarity import UNTOLD, Polarity, PolarityCheck, PolarityTold
from leakwatch.vision.preprocessing.undistortion import bent
from leakwatch.vision.vertebra.body_outline import Body, BodyFinder, Part
from leakwatch.vision.vertebra.straightened_patch import SpinePicture

# Patient Orientation of growing rows if the head is at the bottom of the image.
_HEAD_DOWN = "H"
# A cannula shows the anterior side only if its tip is this near to the click.
_TIP_REACH_MM = 25.0
# Depth of the deepest bodies, L4 (see `body_size`): a shorter line may be an endplate.
_LEAST_CANNULA_MM = 38.0
# A cannula in a body passes nearer to a click in its middle; endplates do not: half the height of a
# low body.
_CANNULA_ASIDE_MM = 8.0


class Basis(Protocol):
    """Settings, acquisition and calibration: of an `AnalysisRun`, or of a live session."""

    @property
    def settings(self) -> Settings: ...

    @property
    def acquisition(self) -> Acquisition: ...

    @property
    def calibration(self) -> Calibration: ...


@dataclass(frozen=True, slots=True)
class Prepared:
    """Sequence prepared for marking.

    Parameters
    ----------
    picture : SpinePicture
        In the coordinates of the first frame, without distortion.
    frame : int
        The frame that the user sees.
    shift_px : Point
        Shift of the anatomy from the first frame to that one, without distortion.
    cannula_px : (Point, Point) or None
        Its tip and its other end in the first frame, without distortion.
    orientation : tuple of str or None
        Patient Orientation of columns and rows.
    baseline_frames : int
        Number of averaged frames.
    distortion : Distortion or None
    polarity : PolarityTold
        Whether the image has the polarity stated in the header.
    """

    picture: SpinePicture
    frame: int
    shift_px: Point
    cannula_px: tuple[Point, Point] | None
    orientation: tuple[str, str] | None
    baseline_frames: int
    distortion: Distortion | None = None
    polarity: PolarityTold = UNTOLD

    def to_image(self, points_px: PointArray) -> PointArray:
        """Convert points of `frame`, ``(n, 2)`` or ``(2,)``, to those of `picture`."""
        points: PointArray = undistort_px(self.distortion, points_px) - np.array(self.shift_px)
        return points

    def to_frame(self, points_px: PointArray) -> PointArray:
        """Convert points of `picture` to those of `frame`."""
        return distort_px(self.distortion, np.asarray(points_px) + np.array(self.shift_px))


class Preparing:
    """Average of the cement-free frames as they arrive, registered to a frame.

    Parameters
    ----------
    basis : Basis
    frame : int
        The frame that the user sees.
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
        """Return whether more frames would change nothing."""
        return self.last >= self._frame and not self._state.baseline_open

    def take(self, frame: Frame) -> None:
        """Add one frame."""
        self._state, observation = stages.step(self._state, frame)
        self.last = frame.index
        if frame.index == self._frame:
            self._seen, self._there = observation, self._state.shift

    def prepared(self) -> Prepared:
        """Return the average of the frames until now.

        Raises
        ------
        CaseError
            The frame was not received, or cannot be marked.
        """
        seen, state, frame = self._seen, self._state, self._frame
        if seen is None:
            raise CaseError(
                text(
                    "there is no frame {number}: the last one is {last_frame}. Choose another "
                    "frame.",
                    number=frame,
                    last_frame=self.last,
                )
            )
        if seen.shift_px is None or state.baseline is None:
            reasons = ", ".join(reason.value for reason in seen.unavailable)
            raise CaseError(
                text(
                    "frame {number} cannot be marked: {why}. Choose a frame that shows the spine.",
                    number=frame,
                    why=reasons or text("it shows no image"),
                )
            )
        return _prepared(self._basis, state, frame, self._there)


def prepare(run: AnalysisRun, frame: int = 0) -> Prepared:
    """Average the cement-free frames of a run, registered to a frame.

    Parameters
    ----------
    run : AnalysisRun
        Just opened.
    frame : int

    Raises
    ------
    CaseError
        There is no such frame, or it cannot be marked.
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
    """Return the average; `shift` is in registration pixels, each two working pixels wide."""
    active_run, baseline = state.active_run, state.baseline
    assert baseline is not None
    a_pixel = 2.0 * active_run.grid.binning
    picture = spine_picture(state)
    cannula = state.instrument.cannula
    ends = None
    if cannula is not None:
        front, back = active_run.grid.to_frame(np.array([cannula.front, cannula.back])).tolist()
        ends = ((front[0], front[1]), (back[0], back[1]))
    orientation = basis.acquisition.patient_orientation
    shift_px = (a_pixel * shift[0], a_pixel * shift[1])
    bend = basis.calibration.distortion
    polarity = PolarityCheck(basis.settings.polarity).check(picture.attenuation)
    return Prepared(picture, frame, shift_px, ends, orientation, baseline.frames, bend, polarity)


def with_calibration(prepared: Prepared, calibration: Calibration) -> Prepared:
    """Return `prepared` with another calibration, which must have the same distortion."""
    if calibration.mm_per_px is None:
        return prepared
    picture = replace(prepared.picture, mm_per_px=calibration.mm_per_px, calibrated=True)
    return replace(prepared, picture=picture)


def check_polarity(prepared: Prepared) -> None:
    """Refuse an image whose polarity is not the one stated in the header.

    Raises
    ------
    CaseError
        Bone would be taken for gas, and cement would not be detected.
    """
    if prepared.polarity.verdict is not Polarity.CONTRADICTS:
        return
    raise CaseError(
        text(
            "the image contradicts its header: {evidence}. It seems to be inverted, so that "
            "cement would not be detected. Export it again as it was acquired, or with the "
            "correct Photometric Interpretation or Pixel Intensity Relationship Sign.",
            evidence=join_with("; ", prepared.polarity.evidence),
        )
    )


def displayed_image(prepared: Prepared) -> SpinePicture:
    """Return the average with the distortion of the frames, to draw marks over."""
    picture, bend = prepared.picture, prepared.distortion
    if bend is None:
        return picture
    return replace(
        picture,
        attenuation=bent(picture.attenuation, bend, picture.grid),
        seen=bent(picture.seen.astype(np.float32), bend, picture.grid) > np.float32(0.5),
    )


def anterior_side(prepared: Prepared, click_px: Point) -> Side | None:
    """Return the anterior side by the header or a cannula; None if unknown.

    Patient Orientation (PS3.3 C.7.6.1.1.1) has priority. A cannula enters from posterior, with its
    tip in the clicked body. Only one that was found in the complete image counts, if longer than a
    body is deep: near a click an endplate can be mistaken for one.
    """
    letter = (prepared.orientation or ("", ""))[0][:1]
    if letter in ("A", "P"):
        return Side.RIGHT if letter == "A" else Side.LEFT
    if prepared.cannula_px is None:
        return None
    tip, back = prepared.cannula_px
    away = np.subtract(tip, prepared.to_image(np.array(click_px)))
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
    """Find the clicked body, in the coordinates of the clicked frame.

    Parameters
    ----------
    prepared : Prepared
    click_px : Point
        On `prepared.frame`.
    run : Basis
        Provides settings and the size of frames.
    anterior : Side or None
        None: see `anterior_side`; if unknown, the wall is uncertain.
    level : str or None
        ``L1``, ...
    hints_px : ndarray or None
        ``(h, 2)``, points on the edge of the body, on `prepared.frame`.

    Raises
    ------
    CaseError
        The click is outside of the exposed field, or the image contradicts its header.
    """
    check_polarity(prepared)
    _check_click(prepared, click_px, run)
    side = anterior_side(prepared, click_px) if anterior is None else anterior
    prepared = _mask_cannula_near(prepared, click_px, run)
    click = prepared.to_image(np.array(click_px))
    hints = np.empty((0, 2)) if hints_px is None else prepared.to_image(hints_px)
    body = BodyFinder(run.settings.vertebra).find(
        prepared.picture,
        (float(click[0]), float(click[1])),
        anterior=side,
        level=level,
        hints_px=hints,
        head_up=(prepared.orientation or ("", ""))[1][:1] != _HEAD_DOWN,
    )
    return _as_shown(body, prepared)


def _mask_cannula_near(prepared: Prepared, click_px: Point, run: Basis) -> Prepared:
    click = prepared.to_image(np.array(click_px))
    at = (float(click[0]), float(click[1]))
    picture, cannula = mask_cannula_near(prepared.picture, at, run.settings.instruments)
    if cannula is None:
        return prepared
    front, back = picture.grid.to_frame(np.array([cannula.front, cannula.back]))
    along, away = back - front, click - front
    aside_px = abs(along[0] * away[1] - along[1] * away[0]) / np.hypot(*along)
    if aside_px * picture.mm_per_px > _CANNULA_ASIDE_MM:
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
    """Find the rest of a body whose posterior wall the user drew.

    Parameters
    ----------
    prepared : Prepared
    wall_px : ndarray
        ``(n >= 2, 2)``, on `prepared.frame`.
    run : Basis
    anterior : Side
    level : str or None
    hints_px : ndarray or None
        ``(h, 2)``, points on endplates and anterior wall, on `prepared.frame`.

    Raises
    ------
    CaseError
        The image contradicts its header.
    """
    check_polarity(prepared)
    hints = np.empty((0, 2)) if hints_px is None else prepared.to_image(hints_px)
    body = BodyFinder(run.settings.vertebra).from_wall(
        prepared.picture,
        prepared.to_image(wall_px),
        anterior,
        level=level,
        hints_px=hints,
    )
    return _as_shown(body, prepared)


def _check_click(prepared: Prepared, click_px: Point, run: Basis) -> None:
    picture = prepared.picture
    at = np.round(picture.grid.to_working(prepared.to_image(np.array(click_px)))).astype(int)
    column, row = (int(value) for value in at)
    rows, columns = picture.seen.shape
    if 0 <= row < rows and 0 <= column < columns and picture.seen[row, column]:
        return
    size = run.acquisition
    raise CaseError(
        text(
            "the click at {column:g},{row:g} is outside of the exposed field of the image, which "
            "has {columns} columns and {rows} rows. Click the centre of the vertebral body, column "
            "first.",
            column=click_px[0],
            row=click_px[1],
            columns=size.columns,
            rows=size.rows,
        )
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


def is_outline_reliable(body: Body) -> bool:
    """Return whether every side of the outline is reliable."""
    return all(one.unsure is None for one in (body.wall, body.upper, body.lower, body.front))


def marks_of(body: Body, frame: int, level: str | None, with_outline: bool) -> Marks:
    """Return the marks of a detected body.

    Parameters
    ----------
    body : Body
        In the coordinates of `frame`.
    frame : int
    level : str or None
    with_outline : bool
        Whether to include the outline; the posterior wall is always included.
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
    """Write a case; an existing one is kept as NAME.case.json.before.

    Parameters
    ----------
    path : Path
        NAME.case.json.
    sequence : Path
        Named relative to it.
    case : CaseFile
        Its `dicom_path` is ignored.

    Raises
    ------
    CaseError
        The name is not that of a case, or it cannot be written; then nothing changes.
    """
    if not path.name.endswith(CASE_SUFFIX):
        raise CaseError(
            text(
                "{path}: the name of a case ends with {suffix}. Choose such a name.",
                path=path,
                suffix=CASE_SUFFIX,
            )
        )
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
        raise CaseError(
            text(
                "{path}: cannot be written: {why}. Check permissions and free disk space.",
                path=path,
                why=error.strerror,
            )
        ) from error
