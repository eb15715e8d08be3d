"""What is said of one frame alone: by its functional groups, or by its own file of a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dicom_reading import frames_of
from dicom_writing import noise, sequence_item, write
from live_watching import watching
from pydicom.dataset import Dataset

from leakwatch.core.frame import Acquisition, IntensityRelationship
from leakwatch.sources.arrival.watched_folder import FolderOptions, WatchedFolder
from leakwatch.sources.stored.opening import open_source

SHARED, PER_FRAME = "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"


def acquisitions(
    folder: Path, macro: str, own: list[dict[str, Any]], shared: dict[str, Any] | None = None
) -> list[Acquisition]:
    """Of frames each of which has `macro` with tags of its own; None where it lacks the macro."""
    groups = [sequence_item(**({macro: [sequence_item(**tags)]} if tags else {})) for tags in own]
    common = sequence_item(**({macro: [sequence_item(**shared)]} if shared else {}))
    path = write(folder / "x.dcm", noise(len(own)), **{PER_FRAME: groups, SHARED: [common]})
    return [frame.acquisition for frame in frames_of(path)]


def test_angles(tmp_path: Path) -> None:
    own = [{"PositionerPrimaryAngle": -90 + turned} for turned in (0, 0, 4, 136, 0)]

    found = acquisitions(tmp_path, "PositionerPositionSequence", own)

    angles = [one.geometry.primary_angle_deg for one in found]
    assert angles == [-90.0, -90.0, -86.0, 46.0, -90.0]
    assert found[0] is found[1] is found[4] is not found[2]


def test_scale(tmp_path: Path) -> None:
    own = [{"ImagerPixelSpacing": [size, size]} for size in (0.34, 0.17)]
    found = acquisitions(tmp_path, "FramePixelDataPropertiesSequence", own)
    assert [one.geometry.imager_pixel_spacing_mm for one in found] == [(0.34, 0.34), (0.17, 0.17)]

    own = [
        {"DistanceSourceToDetector": sid, "DistanceSourceToIsocenter": 0.6 * sid}
        for sid in (1000, 1250)
    ]
    found = acquisitions(tmp_path, "XRayGeometrySequence", own)
    assert [(one.geometry.sid_mm, one.geometry.sod_mm) for one in found] == [
        (1000.0, 600.0),
        (1250.0, 750.0),
    ]

    own = [{"FieldOfViewDimensionsInFloat": [size]} for size in (300.0, 200.0)]
    found = acquisitions(tmp_path, "FieldOfViewSequence", own)
    assert [one.geometry.field_of_view_mm for one in found] == [300.0, 200.0]


def test_meaning_of_pixels(tmp_path: Path) -> None:
    own = [
        {"PixelIntensityRelationship": "LIN", "PixelIntensityRelationshipSign": 1},
        {"PixelIntensityRelationship": "LOG", "PixelIntensityRelationshipSign": -1},
    ]

    found = acquisitions(tmp_path, "FramePixelDataPropertiesSequence", own)

    meanings = [
        (one.pixel_format.relationship, one.pixel_format.relationship_sign) for one in found
    ]
    assert meanings == [(IntensityRelationship.LIN, 1), (IntensityRelationship.LOG, -1)]


def test_tube_voltage_is_that_of_the_first_frame(tmp_path: Path) -> None:
    """Brightness control changes it all the time: that is no other acquisition."""
    own = [{"KVP": 70}, {"KVP": 84}]
    found = acquisitions(tmp_path, "FrameAcquisitionSequence", own)
    assert found[1] is found[0]
    assert found[0].tube_kv == 70.0


def test_shutter(tmp_path: Path) -> None:
    edges: dict[str, Any] = {"ShutterShape": "RECTANGULAR", "ShutterLeftVerticalEdge": 3}
    corners = {"ShutterShape": "POLYGONAL", "VerticesOfThePolygonalShutter": [1, 1, 1, 9, 9, 9]}
    own: list[dict[str, Any]] = [edges, corners, {}, edges]

    found = acquisitions(tmp_path, "FrameDisplayShutterSequence", own)

    shutters = [one.shutter for one in found]
    assert shutters[0] is not None
    assert shutters[0].left == 2.0
    assert shutters[1] is not None
    assert shutters[1].left is None
    np.testing.assert_array_equal(shutters[1].vertices_px, [[0, 0], [8, 0], [8, 8]])
    assert shutters[2] is None
    assert found[3] is found[0]


def test_orientation(tmp_path: Path) -> None:
    own = [{"PatientOrientation": [letter, "F"]} for letter in "AP"]
    found = acquisitions(tmp_path, "PatientOrientationInFrameSequence", own)
    assert [one.patient_orientation for one in found] == [("A", "F"), ("P", "F")]


def test_a_frame_goes_before_what_all_share_and_both_before_the_top(tmp_path: Path) -> None:
    own: list[dict[str, Any]] = [{"DistanceSourceToDetector": 1100}, {}]
    groups = [
        sequence_item(**({"XRayGeometrySequence": [sequence_item(**tags)]} if tags else {}))
        for tags in own
    ]
    shared = sequence_item(XRayGeometrySequence=[sequence_item(DistanceSourceToDetector=1200)])
    tags = {PER_FRAME: groups, SHARED: [shared], "DistanceSourceToDetector": 900}

    path = write(tmp_path / "x.dcm", noise(2), **tags)

    assert [one.acquisition.geometry.sid_mm for one in frames_of(path)] == [1100.0, 1200.0]


def test_a_shutter_of_the_frame_is_not_mixed_with_that_of_the_top(tmp_path: Path) -> None:
    macro = sequence_item(ShutterShape="RECTANGULAR", ShutterRightVerticalEdge=9)
    groups = [sequence_item(FrameDisplayShutterSequence=[macro])]
    tags: dict[str, Any] = {PER_FRAME: groups, "ShutterShape": "RECTANGULAR"}

    path = write(tmp_path / "x.dcm", noise(1), ShutterLeftVerticalEdge=5, **tags)

    shutter = frames_of(path)[0].acquisition.shutter
    assert shutter is not None
    assert (shutter.left, shutter.right) == (None, 8.0)


def test_a_frame_without_a_group_has_no_geometry(tmp_path: Path) -> None:
    macro = sequence_item(PositionerPrimaryAngle=-90)
    groups = [sequence_item(PositionerPositionSequence=[macro]) for _ in range(2)]

    path = write(tmp_path / "x.dcm", noise(3), **{PER_FRAME: groups})

    found = frames_of(path)
    angles = [one.acquisition.geometry.primary_angle_deg for one in found]
    assert angles == [-90.0, -90.0, None]
    assert "Functional groups are there for 2 frames of 3." in found[0].acquisition.notes


def test_groups_are_left_as_they_are(tmp_path: Path) -> None:
    own = [{"PositionerPrimaryAngle": angle} for angle in (1, 2)]
    groups = [sequence_item(PositionerPositionSequence=[sequence_item(**tags)]) for tags in own]
    source = open_source(write(tmp_path / "x.dcm", noise(2), **{PER_FRAME: groups}))

    for _ in range(2):  # a source may be read again
        angles = [one.acquisition.geometry.primary_angle_deg for one in source.frames()]
        assert angles == [1.0, 2.0]
    source.close()


def test_single_frames_of_a_folder(tmp_path: Path) -> None:
    shutter: dict[str, Any] = {"ShutterShape": "RECTANGULAR", "ShutterLeftVerticalEdge": 9}
    own: list[dict[str, Any]] = [{}, shutter, {"PatientOrientation": ["P", "F"]}, {}]
    for index, tags in enumerate(own):
        write(tmp_path / f"{index}.dcm", noise(1), InstanceNumber=index, **tags)

    found = [frame.acquisition for frame in frames_of(tmp_path)]

    assert [one.shutter is None for one in found] == [True, False, True, True]
    assert found[2].patient_orientation == ("P", "F")
    assert found[0] is found[3]
    assert {one.number_of_frames for one in found} == {4}


def test_frames_of_an_object_that_arrives(tmp_path: Path) -> None:
    angles = (-90, -90, 46)
    groups = [
        sequence_item(PositionerPositionSequence=[sequence_item(PositionerPrimaryAngle=angle)])
        for angle in angles
    ]
    with watching(WatchedFolder(FolderOptions(tmp_path))) as watch:
        write(tmp_path / "x.dcm", noise(3), **{PER_FRAME: groups})
        found = [frame.acquisition for frame in watch.frames(3)]

    assert [one.geometry.primary_angle_deg for one in found] == [-90.0, -90.0, 46.0]
    assert found[0] is found[1]


@pytest.mark.parametrize("broken", [Dataset(), sequence_item(XRayGeometrySequence=[])])
def test_empty_groups(tmp_path: Path, broken: Dataset) -> None:
    path = write(
        tmp_path / "x.dcm", noise(2), **{PER_FRAME: [broken] * 2}, ImagerPixelSpacing=[1, 1]
    )
    found = [one.acquisition.geometry.imager_pixel_spacing_mm for one in frames_of(path)]
    assert found == [(1.0, 1.0)] * 2
