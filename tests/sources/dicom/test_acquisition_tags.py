"""What the tags say of a run: polarity, geometry, shutter; and what is never read."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pydicom.uid as uids
import pytest
from dicom_writing import noise, sequence_item, write
from pydicom.dataset import Dataset

from leakwatch.core.frame import Acquisition, IntensityRelationship, ProjectionGeometry
from leakwatch.sources.stored.opening import open_source


def run_of(folder: Path, count: int = 1, **tags: Any) -> Acquisition:
    source = open_source(write(folder / "x.dcm", noise(count), **tags))
    source.close()
    return source.acquisition


def test_what_a_run_is(tmp_path: Path) -> None:
    run = run_of(tmp_path, 3, PatientOrientation=["A", "F"])
    assert (run.rows, run.columns, run.number_of_frames) == (12, 16, 3)
    assert (run.modality, run.manufacturer) == ("XA", "Tests")
    assert run.sop_class_uid == uids.XRayAngiographicImageStorage
    assert run.transfer_syntax_uid == uids.ExplicitVRLittleEndian
    assert run.patient_orientation == ("A", "F")


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("sign", [1, -1, None, 0])
@pytest.mark.parametrize("relationship", ["LIN", "LOG", "DISP", "OTHER", None])
def test_pixel_semantics(
    tmp_path: Path, photometric: str, sign: int | None, relationship: str | None
) -> None:
    tags = {} if sign is None else {"PixelIntensityRelationshipSign": sign}
    run = run_of(
        tmp_path,
        PhotometricInterpretation=photometric,
        PixelIntensityRelationship=relationship,
        **tags,
    )
    form = run.pixel_format
    assert form.photometric == photometric
    assert form.relationship_sign == (sign or None)
    known = relationship not in (None, "OTHER")
    assert form.relationship == (IntensityRelationship(relationship) if known else None)
    assert any("no Pixel Intensity Relationship" in note for note in run.notes) == (not known)
    assert any("DISP" in note for note in run.notes) == (relationship == "DISP")


@pytest.mark.parametrize(
    ("modality", "bright"), [("XA", False), ("RF", False), ("CR", True), ("DX", True), ("", False)]
)
def test_convention_of_the_modality(tmp_path: Path, modality: str, bright: bool) -> None:
    assert run_of(tmp_path, Modality=modality).pixel_format.bone_is_bright == bright


@pytest.mark.parametrize(
    ("stated", "tube_kv"),
    [("80", 80.0), ("72.5", 72.5), ("0", None), ("80000", None), ("", None), (None, None)],
)
def test_tube_voltage_is_that_of_a_tube_for_patients(
    tmp_path: Path, stated: str | None, tube_kv: float | None
) -> None:
    tags = {} if stated is None else {"KVP": stated}
    assert run_of(tmp_path, **tags).tube_kv == tube_kv


def test_geometry_of_a_classic_object(tmp_path: Path) -> None:
    run = run_of(
        tmp_path,
        DistanceSourceToDetector="1050",
        DistanceSourceToPatient="720.5",
        EstimatedRadiographicMagnificationFactor="1.457",
        ImagerPixelSpacing=["0.30", "0.31"],
        PixelSpacing=["0.20", "0.21"],
        PixelSpacingCalibrationType="FIDUCIAL",
        PositionerPrimaryAngle="-90",
        PositionerSecondaryAngle="2.5",
        PixelAspectRatio=["4", "5"],
    )
    assert run.geometry == ProjectionGeometry(
        sid_mm=1050.0,
        sod_mm=720.5,
        magnification=1.457,
        imager_pixel_spacing_mm=(0.30, 0.31),
        pixel_spacing_mm=(0.20, 0.21),
        pixel_spacing_calibration="FIDUCIAL",
        primary_angle_deg=-90.0,
        secondary_angle_deg=2.5,
        pixel_aspect=0.8,
    )


@pytest.mark.parametrize(
    "syntax", [uids.ImplicitVRLittleEndian, uids.ExplicitVRLittleEndian, uids.ExplicitVRBigEndian]
)
def test_tags_are_read_in_every_encoding(tmp_path: Path, syntax: uids.UID) -> None:
    path = write(tmp_path / "x.dcm", noise(2), syntax, DistanceSourceToDetector="1000")
    run = open_source(path).acquisition
    assert run.geometry.sid_mm == 1000.0
    assert run.transfer_syntax_uid == syntax


@pytest.mark.parametrize(
    "tags",
    [
        {"ImagerPixelSpacing": ["0.3"]},
        {"ImagerPixelSpacing": ["0.3", "0.3", "0.3"]},
        {"ImagerPixelSpacing": []},
        {"DistanceSourceToDetector": ""},
        {"PixelAspectRatio": ["0", "5"]},
        {"PixelAspectRatio": ["5"]},
    ],
)
def test_malformed_values_count_as_absent(tmp_path: Path, tags: dict[str, Any]) -> None:
    assert run_of(tmp_path, **tags).geometry == ProjectionGeometry()


@pytest.mark.parametrize("value", [b"abc ", b"1e999 ", b"nan ", b"0,3\\0,3 ", b"\xff\xff"])
def test_numbers_that_are_none_count_as_absent(tmp_path: Path, value: bytes) -> None:
    path = write(tmp_path / "x.dcm", noise(1), DistanceSourceToDetector="123456789012")
    content = path.read_bytes()
    assert content.count(b"123456789012") == 1
    path.write_bytes(content.replace(b"123456789012", value.ljust(12)))
    assert open_source(path).acquisition.geometry.sid_mm is None


def enhanced(moments: int = 2) -> dict[str, Any]:
    """Tags of an Enhanced XA object: geometry in functional groups, shared or of the frame."""
    shared = sequence_item(
        PixelIntensityRelationshipLUTSequence=[sequence_item(LUTFunction="TO_LINEAR")],
        XAXRFFrameCharacteristicsSequence=[sequence_item(DerivationDescription="none")],
        FramePixelDataPropertiesSequence=[
            sequence_item(
                FrameType=["ORIGINAL", "PRIMARY"],
                PixelIntensityRelationship="LOG",
                PixelIntensityRelationshipSign=-1,
                ImagerPixelSpacing=[0.154, 0.154],
            )
        ],
        XRayGeometrySequence=[
            sequence_item(
                DistanceSourceToIsocenter=785.0,
                DistanceSourceToDetector=1195.0,
                EstimatedRadiographicMagnificationFactor=1.52,
            )
        ],
        FrameDisplayShutterSequence=[
            sequence_item(
                ShutterShape="RECTANGULAR",
                ShutterLeftVerticalEdge=2,
                ShutterRightVerticalEdge=15,
                ShutterUpperHorizontalEdge=1,
                ShutterLowerHorizontalEdge=12,
            )
        ],
        ProjectionPixelCalibrationSequence=[
            sequence_item(ObjectPixelSpacingInCenterOfBeam=[0.125, 0.125])
        ],
    )
    frames = [
        sequence_item(
            FrameContentSequence=[
                sequence_item(FrameReferenceDateTime=f"20200101120000.{index * 125:03d}")
            ],
            PositionerPositionSequence=[
                sequence_item(PositionerPrimaryAngle=90.0 + index, PositionerSecondaryAngle=-1.0)
            ],
        )
        for index in range(moments)
    ]
    return {
        "SOPClassUID": uids.EnhancedXAImageStorage,
        "PixelIntensityRelationship": None,
        "SharedFunctionalGroupsSequence": [shared],
        "PerFrameFunctionalGroupsSequence": frames,
    }


@pytest.mark.parametrize("sop_class", [uids.EnhancedXAImageStorage, uids.EnhancedXRFImageStorage])
def test_enhanced_object(tmp_path: Path, sop_class: uids.UID) -> None:
    tags = enhanced() | {"SOPClassUID": sop_class, "FrameTime": None}
    path = write(tmp_path / "x.dcm", noise(2), **tags)
    frames = list(open_source(path).frames())
    run = frames[0].acquisition
    assert run.sop_class_uid == sop_class
    assert run.geometry == ProjectionGeometry(
        sid_mm=1195.0,
        sod_mm=785.0,
        magnification=1.52,
        imager_pixel_spacing_mm=(0.154, 0.154),
        pixel_spacing_mm=(0.125, 0.125),
        pixel_spacing_calibration="GEOMETRY",
        primary_angle_deg=90.0,
        secondary_angle_deg=-1.0,
    )
    assert run.pixel_format.relationship is IntensityRelationship.LOG
    assert run.pixel_format.relationship_sign == -1
    assert run.shutter is not None
    assert (run.shutter.left, run.shutter.bottom) == (1, 11)
    assert [frame.time_s for frame in frames] == pytest.approx([0.0, 0.125])


@pytest.mark.parametrize(
    "sop_class",
    [
        uids.XRayAngiographicImageStorage,
        uids.XRayRadiofluoroscopicImageStorage,
        uids.SecondaryCaptureImageStorage,
        uids.MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
        uids.ComputedRadiographyImageStorage,
        uids.DigitalXRayImageStorageForPresentation,
        "1.2.3.4.5.6.7",
    ],
)
def test_any_monochrome_projection_is_read(tmp_path: Path, sop_class: str) -> None:
    path = write(tmp_path / "x.dcm", noise(2), SOPClassUID=sop_class)
    assert len(list(open_source(path).frames())) == 2


def test_rectangular_shutter_is_zero_based(tmp_path: Path) -> None:
    run = run_of(
        tmp_path,
        ShutterShape="RECTANGULAR",
        ShutterLeftVerticalEdge=3,
        ShutterRightVerticalEdge=14,
        ShutterUpperHorizontalEdge=1,
        ShutterLowerHorizontalEdge=12,
    )
    shutter = run.shutter
    assert shutter is not None
    assert (shutter.left, shutter.right, shutter.top, shutter.bottom) == (2, 13, 0, 11)
    assert shutter.centre_px is None


def test_circle_and_polygon_are_columns_before_rows(tmp_path: Path) -> None:
    run = run_of(
        tmp_path,
        ShutterShape=["CIRCULAR", "POLYGONAL"],
        CenterOfCircularShutter=[6, 9],  # row, column
        RadiusOfCircularShutter=5,
        VerticesOfThePolygonalShutter=[1, 2, 3, 4, 5, 16],
    )
    shutter = run.shutter
    assert shutter is not None
    assert (shutter.centre_px, shutter.radius_px) == ((8, 5), 5)
    assert shutter.vertices_px is not None
    assert shutter.vertices_px.tolist() == [[1, 0], [3, 2], [15, 4]]


@pytest.mark.parametrize(
    "tags",
    [
        {"ShutterShape": "CIRCULAR", "CenterOfCircularShutter": [6, 9]},
        {"ShutterShape": "CIRCULAR", "RadiusOfCircularShutter": 5},
        {"ShutterShape": "POLYGONAL", "VerticesOfThePolygonalShutter": [1, 2, 3, 4]},
        {"ShutterShape": "POLYGONAL", "VerticesOfThePolygonalShutter": [1, 2, 3, 4, 5, 6, 7]},
        {"ShutterShape": "RECTANGULAR"},
        {"ShutterShape": "BITMAP"},
        {"ShutterShape": "OTHER"},
        {
            "ShutterShape": "CIRCULAR",
            "CenterOfCircularShutter": [6, 9],
            "RadiusOfCircularShutter": 0,
        },
        {"ShutterShape": "POLYGONAL", "VerticesOfThePolygonalShutter": [1, 1, 2, 2, 3, 3]},
        {
            "ShutterShape": "RECTANGULAR",
            "ShutterLeftVerticalEdge": 0,
            "ShutterRightVerticalEdge": 0,
            "ShutterUpperHorizontalEdge": 0,
            "ShutterLowerHorizontalEdge": 0,
        },
        {
            "ShutterShape": "RECTANGULAR",
            "ShutterLeftVerticalEdge": 16,
            "ShutterRightVerticalEdge": 1,
        },
    ],
)
def test_incomplete_shutter_is_passed_over_and_told(tmp_path: Path, tags: dict[str, Any]) -> None:
    run = run_of(tmp_path, **tags)
    assert run.shutter is None
    assert any("Shutter tags are incomplete" in note for note in run.notes)


def test_of_two_shapes_one_may_serve_for_nothing(tmp_path: Path) -> None:
    run = run_of(
        tmp_path,
        ShutterShape=["RECTANGULAR", "CIRCULAR"],
        ShutterLeftVerticalEdge=3,
        RadiusOfCircularShutter=5,
    )
    assert run.shutter is not None
    assert (run.shutter.left, run.shutter.radius_px) == (2, None)
    assert any("passed over (CIRCULAR)" in note for note in run.notes)


def test_no_shutter_no_word(tmp_path: Path) -> None:
    run = run_of(tmp_path)
    assert (run.shutter, run.notes) == (None, ())


@pytest.mark.parametrize(
    ("tags", "word"),
    [
        ({"BurnedInAnnotation": "YES"}, "may name the patient"),
        ({"PositionerMotion": "DYNAMIC"}, "C-arm or table moved"),
        ({"TableMotion": "DYNAMIC"}, "C-arm or table moved"),
    ],
)
def test_what_to_doubt_is_told(tmp_path: Path, tags: dict[str, Any], word: str) -> None:
    assert any(word in note for note in run_of(tmp_path, **tags).notes)


SECRET = "Secret^Name"


def secretive() -> dict[str, Any]:
    """A patient's name everywhere where one was ever found."""
    return {
        "PatientName": SECRET,
        "PatientID": SECRET,
        "ImageComments": SECRET,
        "InstitutionName": SECRET,
    }


def test_identity_overlays_and_private_tags_are_never_read(tmp_path: Path) -> None:
    path = write(tmp_path / "x.dcm", noise(2), **secretive())
    from pydicom import dcmread

    dataset = dcmread(path)
    for group in (0x6000, 0x601E):
        dataset.add_new((group, 0x0010), "US", 12)
        dataset.add_new((group, 0x0011), "US", 16)
        dataset.add_new((group, 0x0022), "LO", SECRET)
        dataset.add_new((group, 0x3000), "OW", SECRET.encode() + b"\0" * 13)
    dataset.private_block(0x0029, "LEAKY", create=True).add_new(0x01, "LO", SECRET)
    item = Dataset()
    item.PatientName = SECRET
    dataset.private_block(0x0031, "LEAKY", create=True).add_new(0x02, "SQ", [item])
    dataset.save_as(path)
    source = open_source(path)
    frames = list(source.frames())
    carried = pickle.dumps((source.acquisition, frames))
    head = str(source._header.dataset)  # type: ignore[union-attr]
    assert SECRET.encode() in path.read_bytes()
    assert b"Secret" not in carried
    assert "Secret" not in head
    assert "LEAKY" not in head


def test_overlay_planes_do_not_touch_the_pixels(tmp_path: Path) -> None:
    frames = noise(1)
    path = write(tmp_path / "x.dcm", frames)
    from pydicom import dcmread

    dataset = dcmread(path)
    dataset.add_new((0x6000, 0x0010), "US", 12)
    dataset.add_new((0x6000, 0x0011), "US", 16)
    dataset.add_new((0x6000, 0x0040), "CS", "G")
    dataset.add_new((0x6000, 0x0050), "SS", [1, 1])
    dataset.add_new((0x6000, 0x0100), "US", 1)
    dataset.add_new((0x6000, 0x0102), "US", 0)
    dataset.add_new((0x6000, 0x3000), "OW", b"\xff" * 24)
    dataset.save_as(path)
    (frame,) = open_source(path).frames()
    assert (frame.pixels == frames[0]).all()
