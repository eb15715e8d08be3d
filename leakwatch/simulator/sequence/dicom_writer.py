"""Writer of X-Ray Angiographic Image files (PS3.3 A.14), classic multi-frame."""

from __future__ import annotations

import hashlib
import io

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.tag import Tag
from pydicom.uid import (
    UID,
    ExplicitVRLittleEndian,
    JPEGLSLossless,
    RLELossless,
    XRayAngiographicImageStorage,
)

from leakwatch.core.frame import IntensityRelationship, View
from leakwatch.core.marks import Side
from leakwatch.simulator.scenario.positioner import positioner_angles_deg
from leakwatch.simulator.scenario.scenario import Scenario
from leakwatch.simulator.scenario.shutter import Shutter, shutter_outline
from leakwatch.simulator.scene.poses import Pose
from leakwatch.simulator.sequence.simulation import Simulation

# UIDs made from numbers need no registered root (PS3.5 B.2); the number is a hash of the content,
# so that the same sequence has the same UIDs and another one has others.
_UID_ROOT = "2.25."
_IMPLEMENTATION = UID(_UID_ROOT + "330917562189310577103486720091584103977")
_SYNTAXES = {"none": ExplicitVRLittleEndian, "rle": RLELossless, "jpegls": JPEGLSLossless}

# Typical of fluoroscopy (one pulse), told in the header for completeness; nothing depends on it.
_TUBE_CURRENT_MA, _PULSE_MS = 40, 8
_DATE, _TIME = "20260101", "120000"  # fixed: the same scenario gives the same bytes


def encode_dicom(simulation: Simulation) -> bytes:
    """Return the bytes of a DICOM file.

    Parameters
    ----------
    simulation : Simulation

    Returns
    -------
    bytes
        Part 10 format; the same simulation gives the same bytes.
    """
    scenario = simulation.scenario
    identity = _identity(simulation)
    syntax = _SYNTAXES[scenario.pixels.compression]
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = XRayAngiographicImageStorage
    meta.MediaStorageSOPInstanceUID = _uid(identity, "instance")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = _IMPLEMENTATION
    meta.ImplementationVersionName = "LEAKWATCH_SIM"
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID = XRayAngiographicImageStorage
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    _describe_patient(dataset, scenario, identity)
    _describe_acquisition(dataset, scenario)
    _describe_times(dataset, simulation)
    _describe_moves(dataset, simulation.poses)
    _describe_pixels(dataset, simulation)
    dataset.PixelData = np.ascontiguousarray(_as_stored(simulation)).tobytes()
    dataset["PixelData"].VR = "OB" if scenario.pixels.bits <= 8 else "OW"
    if syntax is not ExplicitVRLittleEndian:
        dataset.compress(syntax, generate_instance_uid=False)
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def _identity(simulation: Simulation) -> bytes:
    digest = hashlib.sha256(repr(simulation.scenario).encode())
    digest.update(simulation.made_from.encode())
    digest.update(simulation.frames.tobytes())
    return digest.digest()


def _uid(identity: bytes, what: str) -> UID:
    number = int.from_bytes(hashlib.sha256(identity + what.encode()).digest()[:16], "big")
    return UID(f"{_UID_ROOT}{number}")


def _describe_patient(dataset: Dataset, scenario: Scenario, identity: bytes) -> None:
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "SINGLE PLANE"]
    dataset.StudyDate, dataset.StudyTime = _DATE, _TIME
    dataset.AccessionNumber = ""
    dataset.Modality = "XA"
    dataset.Manufacturer = scenario.carm.manufacturer
    dataset.ReferringPhysicianName = ""
    dataset.SeriesDescription = scenario.name
    dataset.PatientName = "SIMULATED^NO PATIENT"
    dataset.PatientID = scenario.name
    dataset.PatientBirthDate = ""
    dataset.PatientSex = "O"
    dataset.BodyPartExamined = "LSPINE" if scenario.anatomy.level.startswith("L") else "TSPINE"
    dataset.StudyInstanceUID = _uid(identity, "study")
    dataset.SeriesInstanceUID = _uid(identity, "series")
    dataset.StudyID = "1"
    dataset.SeriesNumber, dataset.InstanceNumber = 1, 1
    dataset.PatientOrientation = _orientation(scenario)
    dataset.BurnedInAnnotation = "YES" if scenario.burnt_in_text else "NO"


def _orientation(scenario: Scenario) -> list[str]:
    """Return Patient Orientation (PS3.3 C.7.6.1.1.1); rows always increase towards the feet."""
    if scenario.carm.view is View.AP:
        return ["L", "F"]
    return ["A" if scenario.carm.anterior is Side.RIGHT else "P", "F"]


def _describe_acquisition(dataset: Dataset, scenario: Scenario) -> None:
    carm, sequence = scenario.carm, scenario.sequence
    dataset.CineRate = round(sequence.fps)
    dataset.KVP = f"{scenario.beam.kvp:g}"
    dataset.DistanceSourceToDetector = f"{carm.sid_mm:g}"
    dataset.DistanceSourceToPatient = f"{carm.sod_mm:g}"
    dataset.EstimatedRadiographicMagnificationFactor = f"{carm.sid_mm / carm.sod_mm:.6f}"
    dataset.ExposureTime = _PULSE_MS
    dataset.XRayTubeCurrent = _TUBE_CURRENT_MA
    dataset.RadiationSetting = "SC"
    dataset.ImagerPixelSpacing = [f"{carm.pitch_mm:g}"] * 2
    primary, secondary = positioner_angles_deg(
        carm.view, carm.anterior, carm.angle_deg, carm.tilt_deg
    )
    dataset.PositionerPrimaryAngle = f"{primary:g}"
    dataset.PositionerSecondaryAngle = f"{secondary:g}"


def _describe_times(dataset: Dataset, simulation: Simulation) -> None:
    """Write one Frame Time for equal intervals, otherwise a vector (PS3.3 C.7.6.5)."""
    scenario = simulation.scenario
    if scenario.pedal and not scenario.hold_last_image:
        increments = np.diff(simulation.times_s, prepend=simulation.times_s[0]) * 1000.0
        dataset.FrameTimeVector = [f"{increment:.6f}" for increment in increments]
        dataset.FrameIncrementPointer = Tag("FrameTimeVector")
    else:
        dataset.FrameTime = f"{1000.0 / scenario.sequence.fps:.6f}"
        dataset.FrameIncrementPointer = Tag("FrameTime")


def _describe_moves(dataset: Dataset, poses: list[Pose]) -> None:
    """Write the motion of positioner and table (PS3.3 C.8.7.5, C.8.7.4)."""
    turns = any(pose.is_turned for pose in poses)
    dataset.PositionerMotion = "DYNAMIC" if turns else "STATIC"
    if turns:
        # The other way than our angles, see `positioner`.
        dataset.PositionerPrimaryAngleIncrement = [f"{0.0 - p.angle_deg:g}" for p in poses]
        dataset.PositionerSecondaryAngleIncrement = [f"{0.0 - p.tilt_deg:g}" for p in poses]
    moved = [pose.moved_mm for pose in poses]
    if any(any(move) for move in moved):
        # This module names no sign. Here: to the patient's left, to the floor (the patient lies
        # prone), and to the head.
        dataset.TableMotion = "DYNAMIC"
        dataset.TableLateralIncrement = [f"{-right + 0.0:g}" for right, _, _ in moved]
        dataset.TableVerticalIncrement = [f"{anterior:g}" for _, anterior, _ in moved]
        dataset.TableLongitudinalIncrement = [f"{superior:g}" for _, _, superior in moved]


def _describe_pixels(dataset: Dataset, simulation: Simulation) -> None:
    pixels = simulation.scenario.pixels
    count, rows, columns = simulation.frames.shape
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME1" if pixels.inverted else "MONOCHROME2"
    dataset.NumberOfFrames = count
    dataset.Rows, dataset.Columns = rows, columns
    dataset.BitsAllocated = 8 if pixels.bits <= 8 else 16
    dataset.BitsStored, dataset.HighBit = pixels.bits, pixels.bits - 1
    dataset.PixelRepresentation = 0
    dataset.PixelIntensityRelationship = pixels.relationship.value
    low, high = np.percentile(simulation.frames[0], (2.0, 98.0))
    dataset.WindowCenter = f"{round((low + high) / 2)}"
    dataset.WindowWidth = f"{max(1, round(high - low))}"
    if pixels.relationship is IntensityRelationship.LOG:
        dataset.ModalityLUTSequence = [_to_linear(pixels.bits)]
    if pixels.shutter_in_header:
        _describe_shutter(dataset, simulation)


def _to_linear(bits: int) -> Dataset:
    """Return the lookup table of LOG pixels to linear intensity (PS3.3 C.8.7.1.1.3)."""
    count = 1 << bits
    linear = np.expm1(np.arange(count) / (count - 1) * np.log1p(count - 1)) / (count - 1)
    table = Dataset()
    table.add_new("LUTDescriptor", "US", [count % 65536, 0, 16])
    table.ModalityLUTType = "US"
    table.add_new("LUTData", "OW", np.rint(linear * 65535.0).astype("<u2").tobytes())
    return table


def _describe_shutter(dataset: Dataset, simulation: Simulation) -> None:
    """Write the Display Shutter (PS3.3 C.7.6.11), if it can represent the shape."""
    shape = simulation.scenario.detector.shutter
    outline = shutter_outline(*simulation.frames.shape[1:])
    if shape is Shutter.NONE:
        return
    dataset.ShutterShape = {
        Shutter.RECTANGULAR: "RECTANGULAR",
        Shutter.CIRCULAR: "CIRCULAR",
        Shutter.OCTAGONAL: "POLYGONAL",
    }[shape]
    if shape is Shutter.RECTANGULAR:
        dataset.ShutterLeftVerticalEdge, dataset.ShutterRightVerticalEdge = (
            outline.left,
            outline.right,
        )
        dataset.ShutterUpperHorizontalEdge = outline.top
        dataset.ShutterLowerHorizontalEdge = outline.bottom
    elif shape is Shutter.CIRCULAR:
        dataset.CenterOfCircularShutter = list(outline.centre)
        dataset.RadiusOfCircularShutter = outline.radius
    else:
        dataset.VerticesOfThePolygonalShutter = [v for vertex in outline.vertices for v in vertex]


def _as_stored(simulation: Simulation) -> npt.NDArray[np.uint8] | npt.NDArray[np.uint16]:
    frames = simulation.frames
    return frames.astype(np.uint8) if simulation.scenario.pixels.bits <= 8 else frames
