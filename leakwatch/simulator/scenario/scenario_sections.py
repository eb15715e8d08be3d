"""Sections of a scenario, each a frozen struct. An unknown key is an error."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from leakwatch.core.frame import IntensityRelationship, View
from leakwatch.core.marks import Side
from leakwatch.simulator.cement.leak_paths import LeakKind
from leakwatch.simulator.scenario.shutter import Shutter

_Positive = Annotated[float, Meta(gt=0)]
_NotNegative = Annotated[float, Meta(ge=0)]
_Share = Annotated[float, Meta(ge=0, lt=1)]
_Mm3 = tuple[float, float, float]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A section of a scenario.

    A key of `ADDED_LATER` is neither written nor part of a sequence's identity while it has its
    default, so that earlier sequences can still be reproduced byte for byte.
    """

    ADDED_LATER: ClassVar[frozenset[str]] = frozenset()

    def told(self) -> dict[str, Any]:
        """Return its keys with values, except for those of `ADDED_LATER` with their default."""
        defaults = {field.name: default_of(field) for field in msgspec.structs.fields(self)}
        return {
            name: getattr(self, name)
            for name in self.__struct_fields__
            if name not in self.ADDED_LATER or getattr(self, name) != defaults[name]
        }

    def __repr__(self) -> str:
        """Return all stated keys, from which the identity of a sequence is derived."""
        pairs = ", ".join(f"{name}={value!r}" for name, value in self.told().items())
        return f"{type(self).__name__}({pairs})"


def default_of(field: msgspec.structs.FieldInfo) -> Any:
    """Return the default of a key."""
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return field.default


def plain(section: Section) -> dict[str, Any]:
    """Return a section as mappings, lists, text and numbers, for JSON and TOML."""
    return {name: _plain(value) for name, value in section.told().items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Section):
        return plain(value)
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return msgspec.to_builtins(value)


class CArmSection(Section, frozen=True):
    """Geometry of the view.

    Parameters
    ----------
    view : View
        ``lateral`` or ``ap``.
    anterior : Side
        Side of the picture that is anterior.
    angle_deg, tilt_deg : float
        Off the true view: the source turns about the patient's long axis (over an AP view towards
        the left, so that the detector comes to the right), and towards the head.
    sid_mm, sod_mm : float
        Source to detector, source to the vertebra.
    pitch_mm : float
        Pixel spacing at the detector.
    rows, columns : int
    off_centre_mm : tuple of float
        What the central ray aims at, from the centre of the body: right, anterior, superior.
    pincushion : float
        Of an image intensifier: by how much a corner is moved outwards, as a share.
    s_distortion_deg : float
        Of an image intensifier: by how much a corner is turned about the centre.
    manufacturer : str
        As the files name it.
    calibration : str or None
        A calibration file by name or path, which settles the keys above; see `named_carm`. It is
        put in place when a scenario is read, and never kept.
    """

    ADDED_LATER: ClassVar = frozenset({"manufacturer", "calibration"})

    view: View = View.LATERAL
    anterior: Side = Side.RIGHT
    angle_deg: Annotated[float, Meta(ge=-40, le=40)] = 0.0
    tilt_deg: Annotated[float, Meta(ge=-30, le=30)] = 0.0
    sid_mm: _Positive = 1050.0
    sod_mm: _Positive = 720.0
    pitch_mm: _Positive = 0.34
    rows: Annotated[int, Meta(ge=64, le=2048)] = 448
    columns: Annotated[int, Meta(ge=64, le=2048)] = 448
    off_centre_mm: _Mm3 = (0.0, 0.0, 0.0)
    pincushion: Annotated[float, Meta(ge=0, le=0.1)] = 0.0
    s_distortion_deg: Annotated[float, Meta(ge=-6, le=6)] = 0.0
    manufacturer: Annotated[str, Meta(min_length=1, max_length=64)] = "LeakWatch simulator"
    calibration: str | None = None


class SequenceSection(Section, frozen=True):
    """Duration and frame rate."""

    duration_s: _Positive = 14.0
    fps: Annotated[float, Meta(ge=1, le=60)] = 7.5


class InjectionSection(Section, frozen=True):
    """Cement and its injection.

    Parameters
    ----------
    start_s : float
    volume_ml : float
        In all.
    rate_ml_s : float
        While it flows.
    bolus_ml, pause_s : float
        A pause follows each bolus; 0: it flows without a pause.
    barium_sulphate_share : float
        Of the cement's mass: 0.10 in cement for joints, about 0.30 in cement for vertebrae.
    fingering_first, fingering_last : float
        How strongly it seeks easy ways when thin, and when stiff.
    nearest_to_wall_mm : float
        In the body, cement stays this far in front of the posterior wall.
    backward_bias : float
        How much easier bone behind the tip is to fill, per 10 mm.
    stiff_after_s : float or None
        The cement stiffens with its age, pauses counted, and is stiff so long after the injection
        began; None: it is stiff when the last of it comes.
    """

    ADDED_LATER: ClassVar = frozenset({"stiff_after_s"})

    start_s: _NotNegative = 3.0
    volume_ml: _Positive = 2.4
    rate_ml_s: _Positive = 0.25
    bolus_ml: _NotNegative = 0.0
    pause_s: _NotNegative = 0.0
    barium_sulphate_share: Annotated[float, Meta(ge=0.05, le=0.45)] = 0.10
    fingering_first: _NotNegative = 1.5
    fingering_last: _NotNegative = 0.7
    nearest_to_wall_mm: _NotNegative = 7.5
    backward_bias: float = 0.0
    stiff_after_s: _Positive | None = None


class LeakSection(Section, frozen=True):
    """A leak path; `share` of the cement injected after `opens_ml` leaks there."""

    path: LeakKind
    opens_ml: _NotNegative
    share: Annotated[float, Meta(gt=0, le=1)] = 0.6
    capacity_ml: _Positive = 5.0


class CannulaMoveSection(Section, frozen=True):
    """A rotation of the cannula about the pedicle, or its withdrawal."""

    at_s: _NotNegative
    over_s: _Positive = 1.0
    turn_deg: float = 0.0
    withdraw_mm: float = 0.0


class CannulaSection(Section, frozen=True):
    """Cannula and its movement by hand.

    Parameters
    ----------
    present : bool
    gauge : int
        8, 11 or 13.
    side : str
        Pedicle that it comes through.
    tip : tuple of float
        Where it ends within the body, as shares: across from the midline (1 is the side of the
        pedicle), from behind to front, from below to above.
    filled : bool
        Cement stands in its bore from the beginning of the injection.
    moves : list of CannulaMoveSection
        A negative `withdraw_mm` pushes it on.
    stylet_until_s : float or None
        A stylet of steel fills the bore until it is drawn at that time; None: there is none.
    stylet_over_s : float
        How long it takes to draw it.
    unrest_mm, unrest_deg : float
        Standard deviation of what an unsteady hand adds: along the cannula, and about the pedicle.
    """

    ADDED_LATER: ClassVar = frozenset(
        {"stylet_until_s", "stylet_over_s", "unrest_mm", "unrest_deg"}
    )

    present: bool = True
    gauge: Literal[8, 11, 13] = 11
    side: Side = Side.RIGHT
    tip: _Mm3 = (0.12, 0.62, 0.5)
    filled: bool = False
    moves: list[CannulaMoveSection] = []
    stylet_until_s: _NotNegative | None = None
    stylet_over_s: _Positive = 1.2
    unrest_mm: Annotated[float, Meta(ge=0, le=3)] = 0.0
    unrest_deg: Annotated[float, Meta(ge=0, le=5)] = 0.0


class PushSection(Section, frozen=True):
    """A bump against the table, or a move of it; see `scene_motion.Jolt`."""

    at_s: _NotNegative
    by_mm: _Mm3
    over_s: _Positive = 0.3
    swing_mm: _NotNegative = 0.0


class MotionSection(Section, frozen=True):
    """Breathing and pushes, in mm along right, anterior, superior; see `scene_motion.Breath`.

    Parameters
    ----------
    tremble_mm : float
        Standard deviation of heartbeat and shaking stand, from frame to frame.
    """

    breath_period_s: _Positive = 4.0
    spine_mm: _Mm3 = (0.0, 0.6, -2.0)
    wall_mm: _Mm3 = (0.0, 1.2, -1.0)
    organs_mm: _Mm3 = (0.0, 1.5, -8.0)
    organs_lag_s: float = 0.15
    irregular: Annotated[float, Meta(ge=0, le=0.3)] = 0.06
    tremble_mm: _NotNegative = 0.06
    pushes: list[PushSection] = []


class BeamSection(Section, frozen=True):
    """Tube voltage and filter."""

    kvp: Annotated[float, Meta(ge=50, le=120)] = 80.0
    copper_mm: _NotNegative = 0.1
    aluminium_mm: _NotNegative = 3.0


class DetectorSection(Section, frozen=True):
    """Scatter, blur, noise, lag, shutter; see `xray_detector.Detector`.

    Parameters
    ----------
    blur_mm : float
        Standard deviation at the detector.
    quanta_per_mm2 : float
        Absorbed at the detector, a pulse, where the picture has its set value: the dose.
    lag : float
        Share of a frame in the next one, whatever the pulse rate: what a recursive filter leaves.
    lag_time_s : float or None
        Time in which what a panel keeps of a picture falls to 1/e; given, it goes before `lag`, and
        more pulses a second leave more in the next one.
    """

    ADDED_LATER: ClassVar = frozenset({"lag_time_s"})

    scatter_share: _Share = 0.38
    glare_share: _Share = 0.0
    blur_mm: _NotNegative = 0.22
    quanta_per_mm2: _Positive = 12000.0
    electronic_quanta: _NotNegative = 3.0
    lag: _Share = 0.12
    lag_time_s: _Positive | None = None
    shutter: Shutter = Shutter.OCTAGONAL


class JumpSection(Section, frozen=True):
    """A sudden change of exposure by a factor."""

    at_s: _NotNegative
    factor: _Positive


class BrightnessSection(Section, frozen=True):
    """Brightness control; see `brightness.BrightnessControl`."""

    ADDED_LATER: ClassVar = frozenset({"gain"})

    enabled: bool = True
    response_s: _Positive = 1.2
    dead_band: _NotNegative = 0.04
    step: _NotNegative = 0.0
    drift_per_s: _NotNegative = 0.02
    jumps: list[JumpSection] = []
    gain: Annotated[float, Meta(gt=0, le=1)] = 1.0


class PixelsSection(Section, frozen=True):
    """Format of stored values.

    Parameters
    ----------
    bits : int
    relationship : IntensityRelationship
        LIN, LOG or DISP.
    inverted : bool
        MONOCHROME1.
    set_value : float
        What brightness control aims at, as a share of the greatest value, before any curve.
    compression : str
        Transfer syntax: ``jpegls``, ``rle`` or ``none``.
    shutter_in_header : bool
        Write the Display Shutter module.
    """

    bits: Annotated[int, Meta(ge=8, le=16)] = 12
    relationship: IntensityRelationship = IntensityRelationship.LIN
    inverted: bool = False
    set_value: Annotated[float, Meta(gt=0, lt=1)] = 0.25
    compression: Literal["jpegls", "rle", "none"] = "jpegls"
    shutter_in_header: bool = False


class MarksSection(Section, frozen=True):
    """Marks of the user, and their accuracy.

    Parameters
    ----------
    wall_error_mm : float
        Standard deviation of the marked wall, across it.
    outline : bool
    baseline : bool
        Say which frames hold no cement.
    wall_offset_mm : float
        Standard deviation of the wall as a whole, across it: people see an edge too far on one
        side.
    wall_points : int
        So many points are clicked along the wall; 0: a dense line.
    outline_error_mm, tip_error_mm : float
        Standard deviation of the points of the outline, and of the cannula's tip.
    """

    ADDED_LATER: ClassVar = frozenset(
        {"wall_offset_mm", "wall_points", "outline_error_mm", "tip_error_mm"}
    )

    wall_error_mm: _NotNegative = 0.0
    outline: bool = True
    baseline: bool = True
    wall_offset_mm: _NotNegative = 0.0
    wall_points: Annotated[int, Meta(ge=0, le=50)] = 0
    outline_error_mm: _NotNegative = 0.0
    tip_error_mm: _NotNegative = 0.0
