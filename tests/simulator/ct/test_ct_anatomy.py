"""Anatomy from a CT: a scan made of known anatomy must give that anatomy back; real scans too."""

from __future__ import annotations

from pathlib import Path

import cv2
import nibabel
import numpy as np
import pytest
from scipy import ndimage

from leakwatch.core.errors import ConfigError
from leakwatch.simulator.anatomy.anatomy import Anatomy, Label
from leakwatch.simulator.anatomy.carm import CArm
from leakwatch.simulator.anatomy.landmarks import Landmarks, find_landmarks
from leakwatch.simulator.anatomy.tissue import WATER
from leakwatch.simulator.ct.ct_anatomy import build_ct_anatomy
from leakwatch.simulator.ct.vertebra_axes import body_by_shape, vertebra_frame
from leakwatch.simulator.xray.patient_layers import project_layers

SMALL_VIEW = CArm(rows=200, columns=200, pitch_mm=0.6)
VOXEL_MM = 1.6
# The patient lies crooked in the scanner: turned about all three axes, degrees.
CROOKED = np.asarray(cv2.Rodrigues(np.radians([9.0, -6.0, 7.0]))[0])


def scanned(anatomy: Anatomy, half_mm: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Hounsfield units and VerSe labels of a scan, axes right, anterior, superior."""
    size = (2 * np.array(half_mm) / VOXEL_MM).astype(int)
    # From a voxel of the scan to one of the anatomy: place about the middle, turned back.
    to_index = CROOKED.T * VOXEL_MM / np.array(anatomy.grid.spacing_mm)[:, None]
    middle = anatomy.grid.to_index(np.zeros(3))
    offset = middle - to_index @ (size / 2)
    attenuation = ndimage.affine_transform(
        anatomy.attenuation, to_index, offset, tuple(size), order=1, mode="nearest"
    )
    labels = ndimage.affine_transform(
        anatomy.labels, to_index, offset, tuple(size), order=0, mode="constant"
    )
    above = np.arange(size[2])[None, None, :] > size[2] / 2
    names = np.where(labels == Label.OTHER_VERTEBRA, np.where(above, 20, 22), 0)
    names = np.where((labels == Label.BODY) | (labels == Label.ARCH), 21, names)
    return (attenuation / WATER - 1.0) * 1000.0, names


def write(path: Path, volume: np.ndarray, dtype: type) -> Path:
    """A NIfTI file in the order that scanners use: left, posterior, superior."""
    affine = np.diag([-VOXEL_MM, -VOXEL_MM, VOXEL_MM, 1.0])
    affine[:3, 3] = (40.0, -20.0, 300.0)
    nibabel.save(nibabel.Nifti1Image(volume[::-1, ::-1].astype(dtype), affine), path)
    return path


@pytest.fixture(scope="module")
def scan(anatomy: Anatomy, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A cropped scan of the analytic anatomy: 110 x 120 x 110 mm, no skin in it."""
    folder = tmp_path_factory.mktemp("scan")
    hounsfield, labels = scanned(anatomy, (55.0, 60.0, 55.0))
    return (
        write(folder / "ct.nii.gz", hounsfield, np.int16),
        write(folder / "vertebrae.nii.gz", labels, np.uint8),
    )


@pytest.fixture(scope="module")
def found(scan: tuple[Path, Path]) -> Anatomy:
    return build_ct_anatomy(*scan, "L2", carm=SMALL_VIEW)


def test_a_crooked_scan_gives_the_wall_back(found: Anatomy, landmarks: Landmarks) -> None:
    marks = find_landmarks(found)
    # Body and arch are told apart by shape, so that the sizes agree to about a voxel.
    assert marks.size_mm == pytest.approx(landmarks.size_mm, abs=4.5)
    heights = np.linspace(-7.0, 7.0, 8)
    wall, true = marks.wall_anterior_mm(heights), landmarks.wall_anterior_mm(heights)
    depth, true_depth = marks.size_mm[1], landmarks.size_mm[1]
    # Both are from the centre of a box, which half a voxel moves.
    assert wall + depth / 2 == pytest.approx(true + true_depth / 2, abs=1.6)
    assert np.std(wall - true) < 0.7


def test_its_axes_are_found(anatomy: Anatomy) -> None:
    _, labels = scanned(anatomy, (55.0, 60.0, 55.0))
    vertebra = labels == 21
    spacing = np.full(3, VOXEL_MM)
    frame = vertebra_frame(vertebra, body_by_shape(vertebra, spacing), spacing)
    # Rows of `axes` are the vertebra's directions in the scanner, columns of CROOKED as well.
    off = [np.degrees(np.arccos(np.clip(frame.axes[k] @ CROOKED[:, k], -1, 1))) for k in range(3)]
    assert max(off) < 4.0
    assert np.linalg.det(frame.axes) == pytest.approx(1.0)
    middle = (np.array(vertebra.shape) / 2) * VOXEL_MM
    assert frame.centre_mm == pytest.approx(middle, abs=2.5)


def test_the_canal_is_behind_the_body(found: Anatomy) -> None:
    canal = found.grid.to_mm(np.argwhere(found.labels == Label.CANAL))
    wall = find_landmarks(found).wall_mm[:, 1].mean()
    assert len(canal) > 1000
    assert abs(canal[:, 0].mean()) < 3.0
    assert wall - 22.0 < canal[:, 1].mean() < wall - 3.0


def test_beyond_its_borders_the_trunk_goes_on(found: Anatomy) -> None:
    grid = found.grid
    right = np.abs(grid.axis_mm(0))
    beside = found.attenuation[(right > 80) & (right < 120)]
    middle = beside[:, grid.shape[1] // 2, grid.shape[2] // 2]
    assert middle == pytest.approx(1.05 * WATER, rel=0.1)
    assert found.attenuation[0].max() == 0.0  # air outside the skin
    above = found.labels[:, :, -1]
    assert not np.isin(above, (Label.BODY, Label.ARCH)).any()
    assert np.isfinite(found.attenuation).all()


def test_hounsfield_units_become_attenuation(tmp_path: Path) -> None:
    hounsfield = np.full((40, 40, 40), 0.0)
    labels = np.zeros(hounsfield.shape)
    labels[10:30, 8:34, 3:12] = 22
    labels[10:30, 16:34, 15:26] = 21
    labels[16:24, 6:16, 15:26] = 21
    labels[10:30, 8:34, 28:38] = 20
    hounsfield[labels > 0] = 300.0
    body = np.zeros(labels.shape)
    body[10:30, 16:34, 15:26] = 1
    files = [
        write(tmp_path / f"{name}.nii.gz", volume, np.int16)
        for name, volume in (("ct", hounsfield), ("v", labels), ("b", body))
    ]
    anatomy = build_ct_anatomy(files[0], files[1], "L2", files[2], carm=SMALL_VIEW)
    inner = anatomy.attenuation[anatomy.labels == Label.BODY]
    assert np.median(inner) == pytest.approx(1.3 * WATER, rel=0.03)


@pytest.mark.parametrize("case", ["shape", "missing", "garbage", "level", "place"])
def test_files_that_do_not_serve_are_told(
    case: str, scan: tuple[Path, Path], tmp_path: Path
) -> None:
    ct, vertebrae = scan
    level, said = "L2", ""
    if case == "shape":
        vertebrae = write(tmp_path / "other.nii.gz", np.ones((5, 6, 7)), np.uint8)
        said = r"its grid \(\(5, 6, 7\) voxels\) is not that of"
    elif case == "missing":
        ct, said = tmp_path / "none.nii.gz", "cannot be read as NIfTI"
    elif case == "garbage":
        ct = tmp_path / "ct.nii"
        ct.write_bytes(b"not a volume" * 100)
        said = "cannot be read as NIfTI"
    elif case == "place":
        moved = nibabel.load(vertebrae)
        affine = moved.affine.copy()
        affine[0, 3] += 30.0
        vertebrae = tmp_path / "moved.nii.gz"
        nibabel.save(nibabel.Nifti1Image(np.asarray(moved.dataobj), affine), vertebrae)
        said = "or lies elsewhere"
    else:
        level, said = "T4", "there is no T4. Vertebrae found: L1, L2, L3"
    with pytest.raises(ConfigError, match=said):
        build_ct_anatomy(ct, vertebrae, level)


@pytest.mark.parametrize(
    ("ct", "vertebrae", "level", "body"),
    [
        ("l3_1p5mm_ct", "l3_1p5mm_vertebrae", "L3", "l3_1p5mm_subregions"),
        ("l3_1p5mm_ct", "l3_1p5mm_vertebrae", "22", None),
        ("lumbar_3mm_example_ct", "lumbar_3mm_totalseg", "L2", None),
        (
            "lumbar_3mm_example_ct",
            "lumbar_3mm_totalseg",
            "L3",
            "lumbar_3mm_totalseg_vertebrae_body",
        ),
    ],
)
def test_real_scans(ct: str, vertebrae: str, level: str, body: str | None, ct_folder: Path) -> None:
    files = [
        None if name is None else ct_folder / f"{name}.nii.gz" for name in (ct, vertebrae, body)
    ]
    assert files[0] is not None
    assert files[1] is not None
    anatomy = build_ct_anatomy(files[0], files[1], level, files[2], carm=SMALL_VIEW)
    marks = find_landmarks(anatomy)
    width, depth, height = marks.size_mm
    assert 40.0 < width < 60.0
    assert 28.0 < depth < 50.0
    assert 22.0 < height < 38.0
    # A wall, not an endplate: it stays within some millimetres and behind the centre.
    assert np.ptp(marks.wall_mm[:, 1]) < 6.0
    assert marks.wall_mm[:, 1].max() < -10.0
    right, left = marks.pedicles_mm
    assert right[0] == pytest.approx(-left[0], abs=4.0)
    # A true lateral: left and right of the vertebra are alike.
    target = np.isin(anatomy.labels, (Label.BODY, Label.ARCH))
    shift = round(2 * float(np.median(np.argwhere(target)[:, 0])) - (target.shape[0] - 1))
    mirrored = np.roll(target[::-1], shift, axis=0)
    assert (target & mirrored).sum() / target.sum() > 0.7
    layers = project_layers(anatomy, SMALL_VIEW)
    whole = layers.spine.soft + layers.wall.soft + layers.organs.soft
    assert 120.0 < whole.mean() < 400.0
    assert layers.spine.bone.max() > 1.0
