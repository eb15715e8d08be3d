"""What the fold remembers from one frame to the next."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from leakwatch.config import Settings
from leakwatch.core.arrays import BoolImage, FloatImage, Point
from leakwatch.core.frame import Acquisition, Frame
from leakwatch.core.geometry import Scale, WorkingGrid
from leakwatch.core.marks import Marks
from leakwatch.core.results import Observation
from leakwatch.core.spacing import Calibration
from leakwatch.vision.background import baseline as baselines
from leakwatch.vision.background import breathing as breathings
from leakwatch.vision.background import false_cement as backgrounds
from leakwatch.vision.cannula.cannulas import Cannulas
from leakwatch.vision.cement import cement_mask as cements
from leakwatch.vision.liveness import new_images as livenesses
from leakwatch.vision.preprocessing import intensity
from leakwatch.vision.preprocessing.undistortion import straightened_mask, straightening_map
from leakwatch.vision.registration import motion
from leakwatch.vision.vertebra.nominal_scale import NominalScale, nominal_scale
from leakwatch.vision.vertebra.projected_marks import PlacedMarks
from leakwatch.vision.vessels import tubular


@dataclass(frozen=True, slots=True)
class Run:
    """What the first frame fixes for all that follow.

    Parameters
    ----------
    acquisition : Acquisition
    grid : WorkingGrid
    scale : Scale
        Of the working grid.
    shutter : ndarray of bool or None
        What shutter tags and masks leave open in the first frame, working grid.
    masked : ndarray of bool or None
        What masks hide, working grid, in the picture without distortion; None without any.
    field_fraction, level : float
        Exposed share, and log attenuation of the middle, of the first exposed frame.
    first_s : float
        Time of the first frame: in a live session a person may begin anew at any time.
    straightening : ndarray or None
        See `undistortion.straightening_map`; None: the picture counts as true.
    nominal : NominalScale or None
        What stands in for millimetres; None where they are known.
    inverted : str
        Why the picture looks inverted against its tags; empty where it does not.
    """

    acquisition: Acquisition
    grid: WorkingGrid
    scale: Scale
    shutter: BoolImage | None
    field_fraction: float
    level: float
    first_s: float = 0.0
    masked: BoolImage | None = None
    straightening: FloatImage | None = None
    nominal: NominalScale | None = None
    inverted: str = ""


def run_of(frame: Frame, settings: Settings, calibration: Calibration, marks: Marks) -> Run:
    """What follows from the first frame, and from the marks where nothing gives millimetres."""
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
    return Run(
        frame.acquisition,
        grid,
        Scale(mm_per_px * grid.binning),
        shutter,
        0.0,
        0.0,
        frame.time_s,
        masked,
        places,
        nominal,
    )


@dataclass(frozen=True, slots=True)
class PipelineState:
    """Everything that one frame leaves behind for the next; never changed in place.

    Reference coordinates are those of the first frame's anatomy, on the working grid: there
    anatomy, marks, baseline and cement stand still. Where the calibration has a distortion, all
    of this is in the picture without it.

    Parameters
    ----------
    settings, calibration
        As given to `initial_state`.
    marks : Marks
        The same, where they truly lie, see `distortion.undistort_marks`.
    last : Observation or None
        Of the last frame whose picture was new.
    run : Run or None
        None before the first frame.
    opened : tuple of Acquisition, ndarray of bool or None
        What shutter tags and masks leave open in the last frame, working grid, and of which
        acquisition that is; None before the first frame.
    liveness : LivenessState
    blades : BladesState
    lag : LagState
    matched_field : MatchedField or None
        Of the last frame that was looked at.
    reference : RegistrationReference or None
    unexplained : bool
        The last frame that was compared with the reference was another picture.
    shift : Point
        Of the last frame that could be registered, registration pixels.
    placed : PlacedMarks or None
        None before the marks' reference frame.
    baseline : Baseline or None
    baseline_open : bool
        Whether frames still go into the baseline.
    behind : Background or None
        Noise and ghosts that the baseline makes likely.
    breathing : Breathing or None
        How what moves past the spine changes the picture.
    unrest : Unrest or None
        What moves past the spine while the baseline is open.
    instrument : Cannulas
    cement : CementState
    tubes : TubularState
    """

    settings: Settings
    marks: Marks
    calibration: Calibration
    last: Observation | None = None
    run: Run | None = None
    opened: tuple[Acquisition, BoolImage | None] | None = None
    unexplained: bool = False
    liveness: livenesses.LivenessState = field(default_factory=livenesses.LivenessState)
    blades: intensity.BladesState = field(default_factory=intensity.BladesState)
    lag: intensity.LagState = field(default_factory=intensity.LagState)
    matched_field: motion.MatchedField | None = None
    reference: motion.RegistrationReference | None = None
    shift: Point = (0.0, 0.0)
    placed: PlacedMarks | None = None
    baseline: baselines.Baseline | None = None
    baseline_open: bool = True
    behind: backgrounds.Background | None = None
    breathing: breathings.Breathing | None = None
    unrest: backgrounds.Unrest | None = None
    instrument: Cannulas = field(default_factory=Cannulas)
    cement: cements.CementState = field(default_factory=cements.CementState)
    tubes: tubular.TubularState = field(default_factory=tubular.TubularState)

    @property
    def the_run(self) -> Run:
        """`run`, which every stage after the first frame's start may count on."""
        assert self.run is not None
        return self.run


def without_last_moments(state: PipelineState) -> PipelineState:
    """Return the state without what is learnt again within moments.

    Anatomy, marks, known cement and where the cannula lies stay: they cannot be learnt twice.

    Parameters
    ----------
    state : PipelineState
    """
    return replace(
        state,
        liveness=livenesses.LivenessState(state.liveness.tiles),
        blades=intensity.BladesState(),
        lag=replace(state.lag, noise=(), previous=None),
        matched_field=None,
        breathing=None,
        instrument=state.instrument.without_last_moments(),
        cement=replace(state.cement, mean=None, candidate=None),
    )
