"""CT series and segmentations as DICOM: the same anatomy as by NIfTI, and what is refused."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from dicom_scan import (
    AXIAL,
    FRAME_OF_REFERENCE,
    SAGITTAL,
    Order,
    write_segmentation,
    write_series,
)
from pydicom.sr.codedict import codes

from leakwatch.core.errors import ConfigError
from leakwatch.simulator.anatomy.anatomy import Anatomy
from leakwatch.simulator.anatomy.carm import CArm
from leakwatch.simulator.ct import ct_anatomy
from leakwatch.simulator.ct.ct_anatomy import build_ct_anatomy
from leakwatch.simulator.ct.ct_dicom import read_ct_series
from leakwatch.simulator.ct.ct_nifti import read_nifti, read_nifti_labels
from leakwatch.simulator.ct.ct_scan import load_scan
from leakwatch.simulator.ct.ct_segmentation import read_segmentation
from leakwatch.simulator.ct.ct_volume import ScanVolume

SMALL_VIEW = CArm(rows=96, columns=96, pitch_mm=1.2)
AFFINE = np.diag([1.5, 1.25, 2.0, 1.0])
AFFINE[:3, 3] = (-30.0, 12.0, 400.0)
SHAPE = (41, 43, 31)  # frames of single bits do not begin with a byte
NAMES = ("vertebrae_L1", "vertebrae_L2", "vertebrae_L3")


def volume() -> np.ndarray:
    """Hounsfield units, another in each voxel."""
    return np.random.default_rng(3).integers(-1000, 1500, SHAPE).astype(float)


def vertebrae() -> dict[str, np.ndarray]:
    """Three vertebrae, each a body with an arch behind it."""
    parts = {}
    for name, bottom in zip(NAMES, (21, 12, 3), strict=True):
        part = np.zeros(SHAPE)
        part[8:32, 20:38, bottom : bottom + 7] = 1.0
        part[17:23, 4:20, bottom + 1 : bottom + 6] = 1.0
        parts[name] = part
    return parts


def labelled(parts: dict[str, np.ndarray]) -> np.ndarray:
    """One number for each part, from 1."""
    return sum((n * part for n, part in enumerate(parts.values(), start=1)), np.zeros(SHAPE))


def on_ct(affine: np.ndarray = AFFINE) -> ScanVolume:
    """A CT that segmentations are laid on."""
    return ScanVolume(np.zeros(SHAPE), affine)


@pytest.mark.parametrize("order", [AXIAL, SAGITTAL], ids=["axial", "sagittal"])
@pytest.mark.parametrize("turned", [False, True], ids=["straight", "turned"])
def test_a_series_is_put_together_again(order: Order, turned: bool, tmp_path: Path) -> None:
    affine = AFFINE.copy()
    if turned:
        c, s = np.cos(0.2), np.sin(0.2)
        affine[:3] = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]]) @ affine[:3]
    write_series(tmp_path / "ct", volume(), affine, order)
    read = read_ct_series(tmp_path / "ct")
    assert read.affine == pytest.approx(affine, abs=1e-3)
    assert np.array_equal(read.values, volume())
    assert read.spacing_mm == pytest.approx([1.5, 1.25, 2.0])


def test_slope_and_intercept_make_hounsfield_units(tmp_path: Path) -> None:
    write_series(tmp_path, 2.0 * np.rint(volume() / 2.0), AFFINE, slope=2.0, intercept=-2000.0)
    assert np.array_equal(read_ct_series(tmp_path).values, 2.0 * np.rint(volume() / 2.0))


@pytest.mark.parametrize("fractional", [False, True], ids=["binary", "fractional"])
@pytest.mark.parametrize("order", [AXIAL, SAGITTAL], ids=["axial", "sagittal"])
def test_segments_are_laid_on_the_ct(order: Order, fractional: bool, tmp_path: Path) -> None:
    # An edge of less than half a voxel's share is outside.
    parts = {
        name: np.maximum(part, 0.3 * np.roll(part, 1, axis=0)) if fractional else part
        for name, part in vertebrae().items()
    }
    path = write_segmentation(tmp_path / "s.dcm", parts, AFFINE, order, fractional)
    read = read_segmentation(path, on_ct(), FRAME_OF_REFERENCE)
    assert np.array_equal(read.labels, labelled(vertebrae()))
    assert read.names == {1: "L1", 2: "L2", 3: "L3"}
    assert read.bodies is None


def test_a_segmentation_on_a_grid_of_its_own(tmp_path: Path) -> None:
    """Twice as fine and cropped: every voxel of the CT finds the label at its place."""
    fine = {
        name: np.repeat(np.repeat(np.repeat(part, 2, 0), 2, 1), 2, 2)[10:70, :, 4:50]
        for name, part in vertebrae().items()
    }
    affine = AFFINE.copy()
    affine[:3, :3] /= 2.0
    affine[:3, 3] = AFFINE[:3, 3] + affine[:3, :3] @ np.array([10 - 0.5, -0.5, 4 - 0.5])
    path = write_segmentation(tmp_path / "s.dcm", fine, affine)
    labels = read_segmentation(path, on_ct(), FRAME_OF_REFERENCE).labels
    expected = labelled(vertebrae())
    expected[:5], expected[35:] = 0, 0
    expected[:, :, :2], expected[:, :, 25:] = 0, 0
    assert np.array_equal(labels, expected)


def test_levels_by_code_where_labels_say_nothing(tmp_path: Path) -> None:
    parts = dict(zip(("a", "b", "Sacrum"), vertebrae().values(), strict=True))
    told = {
        "a": (codes.SCT.L4Vertebra.value, "any words"),
        "b": ("0", "L5 vertebra"),
        "Sacrum": (codes.SCT.Sacrum.value, "Sacrum"),
    }
    path = write_segmentation(tmp_path / "s.dcm", parts, AFFINE, codes=told)
    assert read_segmentation(path, on_ct(), None).names == {1: "L4", 2: "L5", 3: "SACRUM"}
    clash = {"vertebrae_L1": vertebrae()["vertebrae_L1"]}
    told = {"vertebrae_L1": (codes.SCT.L2Vertebra.value, "L2 vertebra")}
    path = write_segmentation(tmp_path / "s.dcm", clash, AFFINE, codes=told)
    with pytest.raises(ConfigError, match=r"segment 1 is named L1 .* but coded as L2. Correct"):
        read_segmentation(path, on_ct(), None)


def test_dicom_gives_the_anatomy_that_nifti_gives(
    anatomy: Anatomy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ct_anatomy, "_SPACING_MM", (2.5, 2.0, 2.0))  # for speed
    size = np.array([70, 76, 60])
    grid = anatomy.grid
    start = np.rint(grid.to_index(np.array([-56.0, -62.0, -48.0]))).astype(int)
    steps = [max(1, round(1.6 / spacing)) for spacing in grid.spacing_mm]
    box = tuple(slice(a, a + n * k, k) for a, n, k in zip(start, size, steps, strict=True))
    hounsfield = np.rint((anatomy.attenuation[box] / 0.02059 - 1.0) * 1000.0)
    labels = anatomy.labels[box]
    above = np.arange(labels.shape[2])[None, None, :] > labels.shape[2] / 2
    numbers = np.where(labels == 3, np.where(above, 20, 22), np.where((labels % 4) > 0, 21, 0))
    affine = np.diag([*(k * s for k, s in zip(steps, grid.spacing_mm, strict=True)), 1.0])

    nifti = [tmp_path / "ct.nii", tmp_path / "v.nii"]
    for path, values in zip(nifti, (hounsfield, numbers), strict=True):
        nibabel.save(nibabel.Nifti1Image(values.astype(np.int16), affine), path)
    write_series(tmp_path / "ct", hounsfield, affine)
    parts = {f"vertebrae_L{n - 19}": (numbers == n).astype(float) for n in (20, 21, 22)}
    (tmp_path / "seg").mkdir()
    write_segmentation(tmp_path / "seg" / "s.dcm", parts, affine)

    by_nifti = build_ct_anatomy(nifti[0], nifti[1], "L2", carm=SMALL_VIEW)
    by_dicom = build_ct_anatomy(tmp_path / "ct", tmp_path / "seg", "L2", carm=SMALL_VIEW)
    assert by_dicom.grid == by_nifti.grid
    assert (by_dicom.labels != by_nifti.labels).mean() < 1e-5
    assert np.abs(by_dicom.attenuation - by_nifti.attenuation).max() < 1e-5
    assert by_dicom.level == "L2"


def test_bodies_by_name_else_all(tmp_path: Path) -> None:
    write_series(tmp_path / "ct", volume(), AFFINE)
    seg = write_segmentation(tmp_path / "v.dcm", vertebrae(), AFFINE)
    body, arch = np.zeros(SHAPE), np.zeros(SHAPE)
    body[8:32, 20:38], arch[17:23, 4:20] = 1.0, 1.0
    for parts, expected in (
        ({"vertebral arch": arch, "vertebral body": body}, body),
        ({"a": arch, "b": body}, body + arch),
    ):
        path = write_segmentation(tmp_path / "b.dcm", parts, AFFINE)
        scan = load_scan(tmp_path / "ct", seg, path)
        assert scan.body is not None
        assert np.array_equal(scan.body, expected > 0)


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("vertebrae_L1", "vertebrae_T12", "spleen"), {1: "L1", 2: "T12"}),
        (("L1.0", "L2.0", "L3.0"), None),  # what TotalSegmentator writes where it knows no names
    ],
)
def test_names_in_the_header_of_nifti(
    words: tuple[str, ...], names: dict[int, str] | None, tmp_path: Path
) -> None:
    table = "".join(
        f'<Label Key="{n}" Red="1" Alpha="1"><![CDATA[{word}]]></Label>'
        for n, word in enumerate(words, start=1)
    )
    image = nibabel.Nifti1Image(labelled(vertebrae()).astype(np.uint8), AFFINE)
    extension = nibabel.nifti1.Nifti1Extension(
        0, f"<CaretExtension>{table}</CaretExtension>".encode()
    )
    image.header.extensions.append(extension)
    path = tmp_path / "v.nii.gz"
    nibabel.save(image, path)
    read = read_nifti_labels(path, on_ct(), path)
    assert read.names == names
    assert np.array_equal(read.labels, labelled(vertebrae()))


def write_masks(folder: Path, parts: dict[str, np.ndarray]) -> None:
    """As TotalSegmentator leaves them: a file for each."""
    folder.mkdir()
    for name, part in parts.items():
        image = nibabel.Nifti1Image(part.astype(np.uint8), AFFINE)
        nibabel.save(image, folder / f"{name}.nii.gz")


def test_a_folder_with_a_mask_for_each_vertebra(tmp_path: Path) -> None:
    nibabel.save(nibabel.Nifti1Image(volume(), AFFINE), tmp_path / "ct.nii.gz")
    aorta, below = np.ones(SHAPE), vertebrae()["vertebrae_L3"]
    # What two masks hold belongs to the upper one.
    below = np.maximum(
        below, vertebrae()["vertebrae_L2"] * (np.arange(SHAPE[0]) < 12)[:, None, None]
    )
    parts = vertebrae() | {"vertebrae_L3": below, "aorta": aorta, "rib_left_1": aorta}
    write_masks(tmp_path / "segmentations", parts)
    scan = load_scan(tmp_path / "ct.nii.gz", tmp_path / "segmentations", None)
    assert scan.vertebrae.names == {1: "L1", 2: "L2", 3: "L3"}
    assert np.array_equal(scan.vertebrae.labels, labelled(vertebrae()))


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"aorta": np.ones(SHAPE)}, r"none of its 1 NIfTI files is named after a vertebra"),
        (
            {"vertebrae_L1": np.ones(SHAPE), "L1_again": np.ones(SHAPE)},
            r"L1_again.nii.gz and vertebrae_L1.nii.gz both name L1",
        ),
        ({"vertebrae_L1": np.ones((5, 6, 7))}, r"vertebrae_L1.nii.gz: its grid \(\(5, 6, 7\)"),
        ({}, r"holds 0 DICOM files and no NIfTI file"),
    ],
    ids=["organs", "twice", "grid", "empty"],
)
def test_a_folder_of_masks_that_does_not_serve_is_told(
    parts: dict[str, np.ndarray], said: str, tmp_path: Path
) -> None:
    nibabel.save(nibabel.Nifti1Image(volume(), AFFINE), tmp_path / "ct.nii.gz")
    write_masks(tmp_path / "masks", parts)
    with pytest.raises(ConfigError, match=said):
        load_scan(tmp_path / "ct.nii.gz", tmp_path / "masks", None)


def spoil(case: str, paths: list[Path]) -> None:
    """Make one slice of a series wrong."""
    path = paths[7]
    dataset = pydicom.dcmread(path)
    if case == "missing":
        path.unlink()
        return
    if case == "uneven":
        dataset.ImagePositionPatient[2] += 0.7
    elif case == "doubled":
        dataset.ImagePositionPatient = pydicom.dcmread(paths[6]).ImagePositionPatient
    elif case == "series":
        dataset.SeriesInstanceUID, dataset.SeriesDescription = "2.25.9", "scout"
    elif case == "size":
        dataset.PixelSpacing[0] = 0.5
    elif case == "shifted":
        dataset.ImagePositionPatient[0] += 3.0
    elif case == "tag":
        del dataset.RescaleIntercept
    elif case == "pixels":
        dataset.PixelData = dataset.PixelData[:100]
    dataset.save_as(path)


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("missing", r"slices 1 missing: 4\.00 mm between .*, elsewhere 2\.00 mm\. Give the whole"),
        ("uneven", r"slices unevenly spaced: 2\.70 mm between"),
        ("doubled", r"two slices at the same position: .* Give one phase"),
        ("series", r"slices of 2 series: .*30 slices of series 3 \(spine\).*1 slices .*\(scout\)"),
        ("size", r"slices differ in PixelSpacing: .* Give one series without localizers"),
        ("shifted", r"shifted against each other by up to 3\.00 mm: the gantry was tilted"),
        ("tag", r"a CT slice without RescaleIntercept"),
        ("pixels", r"its pixels cannot be read: .* Export it again"),
    ],
)
def test_a_series_that_makes_no_volume_is_told(case: str, said: str, tmp_path: Path) -> None:
    spoil(case, write_series(tmp_path, volume(), AFFINE))
    with pytest.raises(ConfigError, match=said):
        read_ct_series(tmp_path)


def test_a_folder_without_slices_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no CT slices. DICOM files found: none. Give the"):
        read_ct_series(tmp_path)
    write_segmentation(tmp_path / "s.dcm", vertebrae(), AFFINE)
    with pytest.raises(ConfigError, match=r"no CT slices. DICOM files found: 1 SEG"):
        read_ct_series(tmp_path)
    paths = write_series(tmp_path / "one", volume(), AFFINE)
    for path in paths[1:]:
        path.unlink()
    with pytest.raises(ConfigError, match="a single slice"):
        read_ct_series(tmp_path / "one")
    with pytest.raises(ConfigError, match=r"a single DICOM file\. Give the folder"):
        load_scan(paths[0], tmp_path / "s.dcm", None)


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("elsewhere", r"none of its segments is within the CT"),
        ("reference", r"its frame of reference \(2\.25\.7\) is not that of the CT \(2\.25\.1001"),
        ("kind", r"CT Image Storage, not a DICOM segmentation"),
        ("type", r"SegmentationType is LABELMAP, but must be BINARY or FRACTIONAL"),
        ("place", r"frames have no position or no segment: no PlanePositionSequence"),
        ("uneven", r"its frames are not on one regular grid"),
        ("pixels", r"its pixels cannot be read"),
    ],
)
def test_a_segmentation_that_does_not_serve_is_told(case: str, said: str, tmp_path: Path) -> None:
    path = write_segmentation(tmp_path / "s.dcm", vertebrae(), AFFINE)
    dataset = pydicom.dcmread(path)
    affine = AFFINE.copy()
    if case == "elsewhere":
        affine[0, 3] += 500.0
    elif case == "reference":
        dataset.FrameOfReferenceUID = "2.25.7"
    elif case == "kind":
        path = write_series(tmp_path / "ct", volume(), AFFINE)[0]
    elif case == "type":
        dataset.SegmentationType = "LABELMAP"
    elif case == "place":
        del dataset.PerFrameFunctionalGroupsSequence[2].PlanePositionSequence
    elif case == "uneven":
        group = dataset.PerFrameFunctionalGroupsSequence[2]
        group.PlanePositionSequence[0].ImagePositionPatient[2] += 0.9
    elif case == "pixels":
        dataset.PixelData = dataset.PixelData[:64]
    if case != "kind":
        dataset.save_as(path)
    with pytest.raises(ConfigError, match=said):
        read_segmentation(path, on_ct(affine), FRAME_OF_REFERENCE)


def test_real_scans_as_dicom(ct_folder: Path, tmp_path: Path) -> None:
    ct = read_nifti(ct_folder / "lumbar_3mm_example_ct.nii.gz")
    mask = ct_folder / "lumbar_3mm_totalseg.nii.gz"
    numbers = read_nifti_labels(mask, ct, ct_folder).labels
    write_series(tmp_path / "ct", np.maximum(ct.values, -1024.0), ct.affine)
    parts = {f"vertebrae_L{32 - n}": (numbers == n).astype(float) for n in range(27, 32)}
    seg = write_segmentation(tmp_path / "seg.dcm", parts, ct.affine)
    scan = load_scan(tmp_path / "ct", seg, None)
    assert np.array_equal(scan.ct.values, np.maximum(ct.values, -1024.0))
    assert scan.vertebrae.names == {n: f"L{6 - n}" for n in range(1, 6)}
    expected = np.where((numbers >= 27) & (numbers <= 31), numbers - 26, 0)
    assert np.array_equal(scan.vertebrae.labels, expected)
