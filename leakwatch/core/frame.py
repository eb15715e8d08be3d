"""A frame and the acquisition that it belongs to: pixel format, geometry, shutter."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from leakwatch.core.arrays import Array, Point, PointArray, Rectangle


class IntensityRelationship(StrEnum):
    """Relation of stored values to X-ray intensity: Pixel Intensity Relationship (0028,1040)."""

    LIN = "LIN"
    LOG = "LOG"
    DISP = "DISP"


class View(StrEnum):
    """Direction of the projection. The posterior wall rule applies to `LATERAL` only."""

    LATERAL = "lateral"
    AP = "ap"
    OBLIQUE = "oblique"


class TimeSource(StrEnum):
    """Source of the frame times, best first; `ASSUMED` is flagged in every output."""

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


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """Meaning of the stored values of a frame (PS3.3 C.7.6.3, C.8.7.1, C.8.11.3).

    Parameters
    ----------
    photometric : str
        ``MONOCHROME1`` or ``MONOCHROME2``.
    bits_stored : int
        8 to 16.
    relationship : IntensityRelationship or None
        None: the attribute is absent.
    relationship_sign : int or None
        +1: lower values mean less X-ray intensity; -1: more; None: absent.
    signed : bool
        Pixel Representation is 1.
    bone_is_bright : bool
        The modality's display convention: True for CR and DX, False for XA, XRF and the rest.
        Determines polarity together with `photometric` if `relationship_sign` is absent.
    """

    photometric: str
    bits_stored: int
    relationship: IntensityRelationship | None = None
    relationship_sign: int | None = None
    signed: bool = False
    bone_is_bright: bool = False


@dataclass(frozen=True, slots=True)
class ProjectionGeometry:
    """Distances, spacings and angles stated in the header; pairs of spacings are (row, column).

    `pixel_aspect` is a pixel's height divided by its width: Pixel Aspect Ratio (0028,0034).
    `field_of_view_mm` is the side or diameter of the field at the detector, the first value of
    Field of View Dimensions (0018,1149): often the only statement of an image intensifier's zoom.
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
    """Shutter stated in the header (PS3.3 C.7.6.11); 0-based, the outside is blanked.

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
    """Properties shared by all frames of an acquisition; a new object means a new acquisition.

    Parameters
    ----------
    rows, columns : int
        Size of a frame.
    pixel_format : PixelFormat
    geometry : ProjectionGeometry
    time_source : TimeSource
    shutter : Shutter or None
    number_of_frames : int or None
        As announced by the source; None for a live source.
    patient_orientation : tuple of str or None
        Patient Orientation (0020,0020): direction of increasing columns, of increasing rows.
    modality, sop_class_uid, transfer_syntax_uid, manufacturer, model_name : str
        Empty if absent. Never contain the identity of a patient.
    notes : tuple of str
        Sentences for the user: what was absent, what was assumed.
    subject : str
        Distinguishes patients within this process: a hash with a key that is never stored. Empty if
        the source names no patient. Never written.
    burned_in_annotation : bool or None
        The pixels contain text that may identify the patient; None: not stated.
    compressed_with_loss : bool
        As stated by the source.
    masks_px : tuple of (left, top, right, bottom)
        Blanked because they contained text; nothing can be detected in them.
    time_doubts : tuple of str
        Warnings about contradictory clocks, rates or numbers of frames, and which is used.
    tube_kv : float or None
        Peak voltage of the tube in the first frame, kV: KVP (0018,0060).
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
    tube_kv: float | None = None


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
        ``time.monotonic()`` when its last byte arrived, before decoding; None if frames are read
        on request. Never written: no result depends on it.
    """

    index: int
    time_s: float
    pixels: Array
    acquisition: Acquisition
    received_s: float | None = None
