"""State that the fold carries from one frame to the next."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from leakwatch.config import Settings
from leakwatch.core.arrays import BoolImage, FloatImage, Point
from leakwatch.core.frame import Acquisition, Frame
from leakwatch.core.geometry import Scale, WorkingGrid
from leakwatch.core.marks import Marks
from leakwatch.core.results import Observation
from leakwatch.core.spacing import Calibration
from leakwatch.core.volume import CementInputs
from leakwatch.pipeline.detectors import Detectors
from leakwatch.pipeline.volume import VolumeState, kept_factor
from leakwatch.pipeline.watched_area import WatchedArea
from leakwatch.vision.background import baseline as baselines
from leakwatch.vision.background import breathing as breathings
from leakwatch.vision.background import false_cement
from leakwatch.vision.cannula.cannulas import Cannulas
from leakwatch.vision.cement import cement_mask
from leakwatch.vision.liveness import new_images
from leakwatch.vision.preprocessing import intensity
from leakwatch.vision.preprocessing.lag import LagState
from leakwatch.vision.preprocessing.undistortion import straightened_mask, straightening_map
from leakwatch.vision.registration import motion, sameness
from leakwatch.vision.vertebra.nominal_scale import NominalScale, nominal_scale
from leakwatch.vision.vertebra.projected_marks import PlacedMarks
from leakwatch.vision.vessels import tubular


@dataclass(frozen=True, slots=True)
class RunContext:
    """Properties of a run, fixed by its first frame.

    Parameters
    ----------
    acquisition : Acquisition
    grid : WorkingGrid
    scale : Scale
        Of the working grid.
    detectors : Detectors
        Made for this scale.
    shutter : ndarray of bool or None
        Area that shutter tags and masks leave open in the first frame, working grid.
    masked : ndarray of bool or None
        Masked area on the working grid, corrected for distortion; None without masks.
    field_fraction, level : float
        Exposed share and central log attenuation of the first exposed frame.
    first_s : float
        Time of the first frame; in a live session the operator can restart at any time.
    straightening : ndarray or None
        See `undistortion.straightening_map`; None if the image has no known distortion.
    nominal : NominalScale or None
        Replaces a missing calibration; None if there is one.
    inverted : str
        Why the image looks inverted against its tags; empty if it does not.
    first_frame : int
        Index of the first frame.
    marked : Point or None
        Centre of the marks in the frame they were made on, working pixels; None without marks.
    """

    acquisition: Acquisition
    grid: WorkingGrid
    scale: Scale
    detectors: Detectors
    shutter: BoolImage | None
    field_fraction: float
    level: float
    first_s: float = 0.0
    masked: BoolImage | None = None
    straightening: FloatImage | None = None
    nominal: NominalScale | None = None
    inverted: str = ""
    first_frame: int = 0
    marked: Point | None = None

    @property
    def centre(self) -> Point:
        """Point of the reference around which the anatomy turns: marks, or middle of the image."""
        middle = ((self.grid.columns - 1) / 2, (self.grid.rows - 1) / 2)
        return middle if self.marked is None else self.marked


def make_run_context(
    frame: Frame, settings: Settings, calibration: Calibration, marks: Marks
) -> RunContext:
    """Return the context of a run; without calibration, the marks give a nominal scale."""
    rows, columns = frame.pixels.shape
    grid = WorkingGrid.for_frame(rows, columns, settings.intensity.target_columns)
    nominal = None
    mm_per_px = calibration.mm_per_px
    if mm_per_px is None:
        nominal = nominal_scale(marks, columns, settings)
        mm_per_px = nominal.mm_per_px
    shutter, masked = intensity.open_and_masked(frame.acquisition, grid)
    places = straightening_map(calibration.distortion, grid)
    masked = straightened_mask(masked, places)
    scale = Scale(mm_per_px * grid.binning)
    return RunContext(
        frame.acquisition,
        grid,
        scale,
        Detectors.at(scale, settings),
        shutter,
        0.0,
        0.0,
        frame.time_s,
        masked,
        places,
        nominal,
        first_frame=frame.index,
        marked=_centre_of(marks, grid),
    )


def _centre_of(marks: Marks, grid: WorkingGrid) -> Point | None:
    points = marks.body_outline_px if marks.posterior_wall_px is None else marks.posterior_wall_px
    if points is None:
        return None
    column, row = grid.to_working(points.mean(axis=0))
    return (float(column), float(row))


@dataclass(frozen=True, slots=True)
class PipelineState:
    """State after a frame; never modified in place.

    Reference coordinates follow the anatomy of the first frame, on the working grid: anatomy,
    marks, baseline and cement do not move in them. If the calibration has a distortion, they
    refer to the corrected image.

    Parameters
    ----------
    settings, calibration
        As given to `initial_state`.
    marks : Marks
        Corrected for distortion, see `distortion.undistort_marks`.
    last : Observation or None
        Of the last frame with a new image.
    run : RunContext or None
        None before the first frame.
    opened : tuple of Acquisition, ndarray of bool or None
        Acquisition of the last frame, and the area that its shutter tags and masks leave open on
        the working grid; None before the first frame.
    liveness : LivenessState
    blades : BladesState
    lag : LagState
    matched_field : MatchedField or None
        Of the last frame that was preprocessed.
    reference : RegistrationReference or None
    tiles : ReferenceTiles or None
        What of the reference frames were compared with last.
    mismatched : bool
        Whether the last compared frame did not match the reference.
    shift : Point
        Of the last registered frame, registration pixels.
    turn_rad : float
        Rotation of the anatomy around `RunContext.centre` in the last registered frame.
    placed : PlacedMarks or None
        None before the marks' reference frame.
    watched : WatchedArea or None
        What is derived from the area of `placed` that is watched.
    baseline : Baseline or None
    baseline_open : bool
        Whether frames still update the baseline.
    behind : Background or None
        Noise and registration artefacts expected from the baseline.
    breathing : Breathing or None
        Respiratory changes of the image.
    variation : ResidualVariation or None
        Residual variation while the baseline is open.
    broad : ndarray or None
        Broad attenuation that was explained for a whole breath: see `baseline.follow_broad`.
    instrument : Cannulas
    cement : CementState
    tubes : TubularState
    volume : VolumeState
    """

    settings: Settings
    marks: Marks
    calibration: Calibration
    last: Observation | None = None
    run: RunContext | None = None
    opened: tuple[Acquisition, BoolImage | None] | None = None
    mismatched: bool = False
    liveness: new_images.LivenessState = field(default_factory=new_images.LivenessState)
    blades: intensity.BladesState = field(default_factory=intensity.BladesState)
    lag: LagState = field(default_factory=LagState)
    matched_field: motion.MatchedField | None = None
    reference: motion.RegistrationReference | None = None
    tiles: sameness.ReferenceTiles | None = None
    shift: Point = (0.0, 0.0)
    turn_rad: float = 0.0
    placed: PlacedMarks | None = None
    watched: WatchedArea | None = None
    baseline: baselines.Baseline | None = None
    baseline_open: bool = True
    behind: false_cement.Background | None = None
    breathing: breathings.Breathing | None = None
    variation: false_cement.ResidualVariation | None = None
    broad: FloatImage | None = None
    instrument: Cannulas = field(default_factory=Cannulas)
    cement: cement_mask.CementState = field(default_factory=cement_mask.CementState)
    tubes: tubular.TubularState = field(default_factory=tubular.TubularState)
    volume: VolumeState = field(default_factory=VolumeState)

    @property
    def active_run(self) -> RunContext:
        """`run`, which is set from the first frame on."""
        assert self.run is not None
        return self.run

    @property
    def limit_factor(self) -> float:
        """Factor on the detection limit of cement while the baseline is incomplete."""
        if not self.baseline_open:
            return 1.0
        marked = self.marks.baseline_frames is not None
        return math.inf if marked else self.settings.cement.early_factor


def with_cement_inputs(state: PipelineState, cement: CementInputs) -> PipelineState:
    """Return the state with what is now known of the cement."""
    return replace(state, marks=replace(state.marks, cement=cement))


def with_known_volume(state: PipelineState, before: PipelineState) -> PipelineState:
    """Return a state for another baseline with the volume factor that was known before.

    Parameters
    ----------
    state : PipelineState
        For frames of the same patient, and the same cement.
    before : PipelineState
    """
    both = (state.calibration, before.calibration)
    calibrated = all(one.mm_per_px is not None for one in both)
    return replace(state, volume=kept_factor(before.volume, calibrated))


def without_transient_state(state: PipelineState) -> PipelineState:
    """Return the state without the parts that are rebuilt within moments.

    Anatomy, marks, known cement and the cannula's position are kept: they cannot be acquired twice.

    Parameters
    ----------
    state : PipelineState
    """
    return replace(
        state,
        liveness=new_images.LivenessState(state.liveness.tiles),
        blades=intensity.BladesState(),
        lag=replace(state.lag, noise=(), previous=None),
        matched_field=None,
        breathing=None,
        broad=None,
        instrument=state.instrument.without_transient_state(),
        cement=replace(state.cement, mean=None, candidate=None),
        volume=replace(state.volume, bore=None, amounts=()),
    )
