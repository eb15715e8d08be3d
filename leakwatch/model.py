"""Frozen types that cross a module or a thread, and the protocols between layers.

Coordinates
-----------
One convention everywhere: a point is ``(column, row)`` in stored pixels of the frame as it is
displayed unrotated; pixel centres are at integers; ``(0, 0)`` is the centre of the top left pixel.
Arrays of points have shape ``(n, 2)``, dtype float64. Images index as ``image[row, column]``.

Units live in names (``_px``, ``_mm``, ``_mm2``, ``_ml``, ``_s``, ``_ms``). Millimetres are at the
vertebra, not at the detector. Times are seconds from the first frame of the sequence.

Missing
-------
What is not known is ``None``, next to a reason. Never -1, never the last value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
PointArray = npt.NDArray[np.float64]
FloatImage = npt.NDArray[np.float32]
BoolImage = npt.NDArray[np.bool_]
Point = tuple[float, float]
# Left, top, right, bottom in pixels; right and bottom are not included.
Rectangle = tuple[int, int, int, int]


def read_only(array: Array) -> Array:
    """Return `array` with writing switched off (a view where it was writable).

    Parameters
    ----------
    array : ndarray
        Any array.

    Returns
    -------
    ndarray
        The same data; ``flags.writeable`` is False.
    """
    if not array.flags.writeable:
        return array
    view = array.view()
    view.flags.writeable = False
    return view


class IntensityRelationship(StrEnum):
    """What a stored value says of the beam: Pixel Intensity Relationship (0028,1040)."""

    LIN = "LIN"
    LOG = "LOG"
    DISP = "DISP"


class View(StrEnum):
    """Direction of the projection. The posterior-wall rule holds in `LATERAL` only."""

    LATERAL = "lateral"
    AP = "ap"
    OBLIQUE = "oblique"


class Side(StrEnum):
    """A side of the image, as displayed unrotated."""

    LEFT = "left"
    RIGHT = "right"


class Level(StrEnum):
    """What the operator is told."""

    CLEAR = "CLEAR"
    WATCH = "WATCH"
    STOP = "STOP"
    UNKNOWN = "UNKNOWN"


class Reason(StrEnum):
    """Why a level was given; the second group goes with `Level.UNKNOWN`."""

    POSTERIOR_MARGIN = "posterior_margin"
    TUBULAR_FILLING = "tubular_filling"
    OUTSIDE_BODY = "outside_body"
    PREDICTED_BREACH = "predicted_breach"

    NO_CALIBRATION = "no_calibration"
    NO_WALL = "no_wall"
    VIEW = "view"
    MOTION = "motion"
    STALE = "stale"
    EXPOSURE = "exposure"
    DECODE = "decode"
    STAGE_ERROR = "stage_error"


class EventKind(StrEnum):
    """Kinds of lines in events.jsonl."""

    ALERT = "alert"
    ACKNOWLEDGE = "acknowledge"
    AUDIO_PAUSED = "audio_paused"
    TECHNICAL = "technical"
    ANNOTATION = "annotation"


class TimeSource(StrEnum):
    """Where frame times come from, best first; `ASSUMED` is flagged in every output."""

    FRAME_TIME = "FrameTime"
    FRAME_TIME_VECTOR = "FrameTimeVector"
    FUNCTIONAL_GROUPS = "FrameReferenceDateTime"
    ACQUISITION_TIME = "AcquisitionTime"
    ARRIVAL = "arrival"
    VIDEO = "video"
    CINE_RATE = "CineRate"
    ACTUAL_FRAME_DURATION = "ActualFrameDuration"
    RECOMMENDED_DISPLAY_FRAME_RATE = "RecommendedDisplayFrameRate"
    ASSUMED = "assumed"


class SpacingRung(IntEnum):
    """Rungs of the spacing ladder, best first."""

    CASE = 0
    CALIBRATION_FILE = 1
    PIXEL_SPACING_FIDUCIAL = 2
    PIXEL_SPACING_GEOMETRY = 3
    IMAGER_PIXEL_SPACING_GEOMETRY = 4
    NONE = 5


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """What the numbers of a frame mean (PS3.3 C.7.6.3, C.8.7.1, C.8.11.3).

    Parameters
    ----------
    photometric : str
        ``MONOCHROME1`` or ``MONOCHROME2``.
    bits_stored : int
        8 to 16.
    relationship : IntensityRelationship or None
        None: the tag is absent.
    relationship_sign : int or None
        +1: lower values mean less beam; -1: lower values mean more beam; None: absent.
    signed : bool
        Pixel Representation is 1.
    bone_is_bright : bool
        The modality's display convention: True for CR and DX, False for XA, XRF and the rest.
        Decides polarity together with `photometric` where `relationship_sign` is absent.
    """

    photometric: str
    bits_stored: int
    relationship: IntensityRelationship | None = None
    relationship_sign: int | None = None
    signed: bool = False
    bone_is_bright: bool = False


@dataclass(frozen=True, slots=True)
class ProjectionGeometry:
    """Distances, spacings and angles that the tags give; pairs of spacings are (row, column).

    `pixel_aspect` is a pixel's height over its width: Pixel Aspect Ratio (0028,0034).
    `field_of_view_mm` is the side or diameter of the field at the detector, the first value of
    Field of View Dimensions (0018,1149): an image intensifier often tells no more of its zoom.
    """

    sid_mm: float | None = None
    sod_mm: float | None = None
    magnification: float | None = None
    imager_pixel_spacing_mm: tuple[float, float] | None = None
    pixel_spacing_mm: tuple[float, float] | None = None
    pixel_spacing_calibration: str | None = None
    primary_angle_deg: float | None = None
    secondary_angle_deg: float | None = None
    pixel_aspect: float | None = None
    field_of_view_mm: float | None = None


@dataclass(frozen=True, slots=True)
class Shutter:
    """Collimator edges as the tags give them (PS3.3 C.7.6.11); 0-based, outside is blanked.

    Parameters
    ----------
    left, right, top, bottom : float or None
        Last blanked column or row on each side, for a rectangle.
    centre_px, radius_px : Point, float or None
        For a circle.
    vertices_px : ndarray or None
        ``(n, 2)``, for a polygon.
    """

    left: float | None = None
    right: float | None = None
    top: float | None = None
    bottom: float | None = None
    centre_px: Point | None = None
    radius_px: float | None = None
    vertices_px: PointArray | None = None


@dataclass(frozen=True, slots=True)
class Acquisition:
    """What all frames of one run share. A new object, by identity, means that the run changed.

    Parameters
    ----------
    rows, columns : int
        Size of a frame.
    pixel_format : PixelFormat
    geometry : ProjectionGeometry
    time_source : TimeSource
    shutter : Shutter or None
    number_of_frames : int or None
        As promised by the source; None for a live source.
    patient_orientation : tuple of str or None
        Patient Orientation (0020,0020): direction of growing columns, of growing rows.
    modality, sop_class_uid, transfer_syntax_uid, manufacturer, model_name : str
        Empty where absent. No identity of a patient is ever carried here.
    notes : tuple of str
        Sentences for the person: what was absent, what was assumed.
    subject : str
        Tells patients apart while this process lives: a hash under a key that is never kept. Empty
        where the source names nobody. Never written.
    burned_in_annotation : bool or None
        Text stands in the pixels, and may name the patient; None: the source does not say.
    compressed_with_loss : bool
        As far as the source says.
    masks_px : tuple of (left, top, right, bottom)
        Blanked before anybody saw the frame: text stood there. Nothing is seen in them.
    time_doubts : tuple of str
        Clocks, rates or numbers of frames that contradict each other, and which is followed.
    """

    rows: int
    columns: int
    pixel_format: PixelFormat
    geometry: ProjectionGeometry = ProjectionGeometry()
    time_source: TimeSource = TimeSource.ASSUMED
    shutter: Shutter | None = None
    number_of_frames: int | None = None
    patient_orientation: tuple[str, str] | None = None
    modality: str = ""
    sop_class_uid: str = ""
    transfer_syntax_uid: str = ""
    manufacturer: str = ""
    notes: tuple[str, ...] = ()
    subject: str = ""
    burned_in_annotation: bool | None = None
    compressed_with_loss: bool = False
    masks_px: tuple[Rectangle, ...] = ()
    model_name: str = ""
    time_doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded frame.

    Parameters
    ----------
    index : int
        0 for the first frame of the sequence; gaps mean lost frames.
    time_s : float
        Seconds from the first frame.
    pixels : ndarray
        ``(rows, columns)``, uint8, uint16 or int16, read-only; stored values, no LUT applied.
    acquisition : Acquisition
    received_s : float or None
        ``time.monotonic()`` when its last byte arrived, before it was decoded; None where frames
        are asked for instead of arriving. Never written: no result depends on it.
    """

    index: int
    time_s: float
    pixels: Array
    acquisition: Acquisition
    received_s: float | None = None


@dataclass(frozen=True, slots=True)
class Distortion:
    """How an image intensifier bends the picture, as measured with a grid; see `distortion`.

    A point that is shown at `p` truly lies at ``p + d(u)``, in the picture that would be seen
    without the distortion and with the scale of the middle of the frame. ``u`` is `p` from the
    middle of the frame, in half diagonals, and `d` a polynomial in its two coordinates.

    Parameters
    ----------
    rows, columns : int
        Size of a frame.
    degree : int
    column_px, row_px : tuple of float
        Coefficients of `d`: of ``1, x, y, x^2, x y, y^2, ...`` up to `degree`, in pixels.
    reach_px : float
        So far from the middle the grid was seen. Beyond, `d` is held as it is there.
    sigma_px : float
        Standard deviation of what remains.
    """

    rows: int
    columns: int
    degree: int
    column_px: tuple[float, ...]
    row_px: tuple[float, ...]
    reach_px: float
    sigma_px: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Millimetres at the vertebra for one pixel, and where they come from.

    Parameters
    ----------
    mm_per_px, mm_per_px_sigma : float or None
        Both None where no source was found.
    rung : SpacingRung
    source : str
        Short text shown beside every millimetre, e.g. ``ImagerPixelSpacing*SOD/SID``;
        where there is none, the reason.
    distortion : Distortion or None
        None: the picture counts as true.
    """

    mm_per_px: float | None
    mm_per_px_sigma: float | None
    rung: SpacingRung
    source: str
    distortion: Distortion | None = None


@dataclass(frozen=True, slots=True)
class Marks:
    """What a person marked, on `reference_frame`; marks follow the anatomy from there.

    Parameters
    ----------
    view : View or None
        None: nobody said; then the wall rule is off.
    reference_frame : int
    baseline_frames : (int, int) or None
        [first, last) frames known to hold no cement.
    posterior_wall_px : ndarray or None
        ``(n >= 2, 2)`` polyline.
    body_outline_px : ndarray or None
        ``(n >= 3, 2)`` polygon.
    needle_tip_px : Point or None
    anterior : Side or None
    vertebra : str or None
    """

    view: View | None = None
    reference_frame: int = 0
    baseline_frames: tuple[int, int] | None = None
    posterior_wall_px: PointArray | None = None
    body_outline_px: PointArray | None = None
    needle_tip_px: Point | None = None
    anterior: Side | None = None
    vertebra: str | None = None


@dataclass(frozen=True, slots=True)
class WallDistance:
    """The shortest way from seen cement to the posterior wall, in the current frame.

    Parameters
    ----------
    distance_px : float
        Positive in front of the wall, negative behind it.
    distance_mm, sigma_mm : float or None
        None where there are no millimetres.
    at_px, wall_px : Point
        The cement's end and the wall's end of the line, in the current frame.
    sigma_px : float or None
        Standard deviation of the distance where there are no millimetres; None where there are.
    """

    distance_px: float
    distance_mm: float | None
    sigma_mm: float | None
    at_px: Point
    wall_px: Point
    sigma_px: float | None = None


@dataclass(frozen=True, slots=True)
class Tube:
    """A tubular structure that fills with cement, in the current frame.

    Parameters
    ----------
    path_px : ndarray
        ``(n, 2)`` centre line, from the bolus outwards.
    length_px, width_px : float
    length_mm, width_mm : float or None
    confirmed : bool
        Long, thin and strong enough to raise `tubular_filling`.
    """

    path_px: PointArray
    length_px: float
    width_px: float
    length_mm: float | None
    width_mm: float | None
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Cement:
    """Cement seen in the current frame.

    Parameters
    ----------
    contours_px : tuple of ndarray
        Outer and inner outlines of the mask, each ``(n, 2)``, closed, in the current frame.
    area_px : float
    area_mm2, volume_ml : float or None
        None where there are no millimetres. Volume assumes the configured attenuation of cement.
    outside_px : float
        Area outside the marked body outline; 0.0 where no outline is marked.
    outside_at_px : Point or None
        Where it is furthest outside.
    """

    contours_px: tuple[PointArray, ...]
    area_px: float
    area_mm2: float | None
    volume_ml: float | None
    outside_px: float = 0.0
    outside_at_px: Point | None = None


@dataclass(frozen=True, slots=True)
class Quality:
    """How well this frame could be seen.

    Parameters
    ----------
    registration_score : float or None
        Normalised correlation with the reference anatomy, 0 to 1.
    shift_sigma_px : float or None
    noise_sigma : float or None
        Standard deviation of log attenuation per working pixel.
    gain_log : float or None
        Brightness against the baseline, natural log.
    baseline_frames : int
        How many frames the cement-free reference averages.
    baseline_assumed : bool
        True where nobody marked which frames hold no cement.
    attenuation_scale_known : bool
        False for DISP pixels and unknown pixel semantics: thickness and volume are rough.
    """

    registration_score: float | None = None
    shift_sigma_px: float | None = None
    noise_sigma: float | None = None
    gain_log: float | None = None
    baseline_frames: int = 0
    baseline_assumed: bool = True
    attenuation_scale_known: bool = True


class Condition(StrEnum):
    """What must be shown in a frame before CLEAR or WATCH may be: see `leakwatch.conditions`."""

    LIVE = "live"
    WHOLE = "whole"
    SAME = "same"
    SENSITIVE = "sensitive"
    SET_UP = "set_up"
    ABLE = "able"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one frame shows of a condition.

    Parameters
    ----------
    condition : Condition
    holds : bool
    value, limit : float or None
        What was measured and what it was held against, in the unit of `leakwatch.conditions`; None
        where nothing was measured.
    reasons : tuple of Reason
        Why it does not hold; empty where it does.
    text : str
        The same in words for the operator; empty where it holds.
    """

    condition: Condition
    holds: bool
    value: float | None = None
    limit: float | None = None
    reasons: tuple[Reason, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Observation:
    """All that one frame says, before anyone decides what to do about it.

    Parameters
    ----------
    frame, time_s : int, float
    shift_px : Point or None
        How far the anatomy moved since the marks' reference frame: p there is p + shift here.
        None where registration failed.
    wall_px : ndarray or None
        The posterior wall in the current frame.
    outline_px : ndarray or None
        The body outline in the current frame.
    wall_distance : WallDistance or None
        None where no cement is seen, or no wall or side is known.
    cement : Cement or None
        None where the frame could not be compared with the baseline; a `Cement` of area 0 means
        that it could, and there is none.
    tubes : tuple of Tube
        Longest first.
    unavailable : tuple of Reason
        What cannot be judged in this frame and why; reasons of the UNKNOWN group.
    calibration : Calibration
    quality : Quality
    found_px : tuple of ndarray
        Sides of the body that were found, and not marked, in the current frame: beyond them cement
        is judged to be outside. Those that are unsure are left out.
    conditions : tuple of Evidence
        One of each `Condition`, in their order.
    repeated : bool
        The frame shows an earlier picture again: all else is what that picture said.
    nominal_mm_per_px : float or None
        What a pixel is taken for where there are no millimetres: for tolerances, never to be shown.
        None where they are known, or where nothing could be judged.
    """

    frame: int
    time_s: float
    shift_px: Point | None
    wall_px: PointArray | None
    outline_px: PointArray | None
    wall_distance: WallDistance | None
    cement: Cement | None
    tubes: tuple[Tube, ...]
    unavailable: tuple[Reason, ...]
    calibration: Calibration
    quality: Quality
    found_px: tuple[PointArray, ...] = ()
    conditions: tuple[Evidence, ...] = ()
    repeated: bool = False
    nominal_mm_per_px: float | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One line of events.jsonl."""

    frame: int
    time_s: float
    kind: EventKind
    level: Level | None = None
    reason: Reason | None = None
    distance_mm: float | None = None
    distance_sigma_mm: float | None = None
    at_px: Point | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """What the operator is told at one frame.

    Parameters
    ----------
    level : Level
        As shown: a latched STOP stays STOP until a person clears it.
    reasons : tuple of Reason
        Why; for a latched STOP, the reasons that raised it and those that came since.
    latched : bool
        STOP is shown because it was raised earlier or now, and nobody acknowledged it.
    current_level : Level
        What this frame alone asks for, after hysteresis, latch aside.
    time_to_margin_s : float or None
        Predicted seconds until the cement front reaches the margin; None where it does not.
    events : tuple of Event
        What changed at this frame.
    acknowledged : tuple of Reason
        Of each STOP that a person acknowledged, and that is not latched again. `level` is WATCH
        then, or what is more urgent; never CLEAR.
    """

    level: Level
    reasons: tuple[Reason, ...]
    latched: bool
    current_level: Level
    time_to_margin_s: float | None = None
    events: tuple[Event, ...] = ()
    acknowledged: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The fold's state after one frame, for sinks and the window.

    Parameters
    ----------
    frame : Frame
    observation : Observation
    alert : Alert
    latency_ms : float
        From the decoded frame to the decision.
    fault : str or None
        Why no frame follows, where one should: then this is no new frame, but the last one again,
        of which nothing is known any more. It has no line in frames.jsonl. In a live session
        frames may follow it.
    """

    frame: Frame
    observation: Observation
    alert: Alert
    latency_ms: float
    fault: str | None = None


class FrameSource(Protocol):
    """Where frames come from."""

    @property
    def number_of_frames(self) -> int | None:
        """Frames promised, known after construction; None for a live source."""

    def frames(self) -> Iterator[Frame]:
        """Yield frames in order of time, each decoded when it is asked for.

        Called once, after construction. Memory use does not grow with the number of frames.

        Raises
        ------
        SourceEndedEarly
            After the last whole frame, where fewer came than were promised.
        SourceError
            What comes cannot be read; frames yielded before stay valid.
        """

    def close(self) -> None:
        """Release files and sockets. Called once, also after an error. Does not raise."""


class StoredSource(FrameSource, Protocol):
    """A source whose frames stay where they are, so that any of them can be read again."""

    def frames(self, first: int = 0) -> Iterator[Frame]:
        """As `FrameSource.frames`, from frame number `first` on; may be called again.

        A later call ends what an earlier one gave.
        """


class Link(StrEnum):
    """Whether frames can arrive."""

    WAITING = "waiting"  # the source listens, and nothing has come yet
    OPEN = "open"
    LOST = "lost"  # the peer is gone, or sends what cannot be used


@dataclass(frozen=True, slots=True)
class LinkStatus:
    """What a live source knows of its link, apart from the frames.

    Parameters
    ----------
    link : Link
    text : str
        One line for the person: from where frames come; or what is wrong, what was found, what to
        do. No identity of a patient.
    fluoroscopy_on : bool or None
        None: the source cannot tell.
    frames_lost : int
        How many the source knows to be lost before it could give them.
    speed : float
        Seconds of frame time that pass in a second: 1.0, but for a replay.
    """

    link: Link
    text: str
    fluoroscopy_on: bool | None = None
    frames_lost: int = 0
    speed: float = 1.0


class LiveSource(FrameSource, Protocol):
    """A source whose frames come when they come.

    `frames` waits for the next frame. It ends where nothing can follow (a replayed file is over),
    and within a second of `close`, which another thread may call. What cannot be used (garbage,
    colour, a frame cut in two) is no frame: it shows in `status`, and the source goes on. Every
    frame has its `received_s`; a gap in `index` is a frame that is known to be lost.
    """

    @property
    def status(self) -> LinkStatus:
        """The link as it is now; asked for from any thread, at any time. Does not raise or wait."""


class Sink(Protocol):
    """Where snapshots go. Any method may raise `SinkError`; an alert never waits for a sink."""

    def append(self, snapshot: Snapshot) -> None:
        """Take one snapshot; called once a frame, in order, none missing in file analysis.

        A snapshot with a `fault` brings events and no new frame. In a live session it may come in
        the middle, and events may be of an earlier frame than the snapshot's: what a person did
        meanwhile, or what a slow disk kept waiting.
        """

    def close(self) -> None:
        """Finish the output. Called once, also after an error: what was appended is readable."""


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A read and validated NAME.case.json.

    Parameters
    ----------
    dicom_path : str
        As written, relative to the case file.
    marks : Marks
    mm_per_px, mm_per_px_sigma : float or None
        Calibration at the vertebra that a person gave; overrides the tags.
    """

    dicom_path: str
    marks: Marks
    mm_per_px: float | None = None
    mm_per_px_sigma: float | None = None


class Picture(StrEnum):
    """What a frame of a simulated case shows, apart from its content."""

    REFERENCE = "reference"
    TURNED = "turned"  # the C-arm stands in another view: no marks hold, and there is no distance
    HELD = "held"  # an earlier picture again, while the pedal is up


@dataclass(frozen=True, slots=True)
class TruthFrame:
    """Truth of one frame; see `Truth`.

    Where `picture` is not the reference there is no distance. In a turned view `dx` and `dy` are
    those of the middle of the target, and area and length of leak are what that view shows; held,
    they are those of the picture that is held, and `ml` is that of the time.
    """

    ml: float
    dx: float
    dy: float
    distance_mm: float | None
    leak_length_mm: float
    area_mm2: float
    picture: Picture = Picture.REFERENCE


@dataclass(frozen=True, slots=True)
class Truth:
    """A read and validated NAME.truth.json."""

    fps: float
    mm_per_px: float
    leak: str
    breach_5mm_frame: int | None
    leak_visible_frame: int | None
    frames: tuple[TruthFrame, ...] = field(default=())
