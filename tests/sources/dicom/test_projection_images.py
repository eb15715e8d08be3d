"""Only images of X-rays through a body are judged; what else is grey is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pydicom.uid as uids
import pytest
from dicom_writing import noise, write

from leakwatch.core.errors import SourceError
from leakwatch.sources.stored.opening import open_source

SC = uids.SecondaryCaptureImageStorage
GREY_WORDS = uids.MultiFrameGrayscaleWordSecondaryCaptureImageStorage
XA = uids.XRayAngiographicImageStorage


def opened(path: Path, **tags: Any) -> int:
    return len(list(open_source(write(path / "x.dcm", noise(2), **tags)).frames()))


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        (
            {
                "SOPClassUID": uids.CTImageStorage,
                "Modality": "CT",
                "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
            },
            "a CT image, stored as CT Image Storage",
        ),
        (
            {
                "SOPClassUID": uids.CTImageStorage,
                "Modality": "CT",
                "ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"],
            },
            "a CT image",
        ),
        ({"SOPClassUID": uids.CTImageStorage, "Modality": "XA"}, "stored as CT Image Storage"),
        ({"SOPClassUID": uids.CTImageStorage, "Modality": None}, "stored as CT Image Storage"),
        ({"SOPClassUID": uids.EnhancedCTImageStorage, "Modality": "CT"}, "a CT image"),
        ({"SOPClassUID": uids.MRImageStorage, "Modality": "MR"}, "an MR image"),
        (
            {"SOPClassUID": uids.UltrasoundMultiFrameImageStorage, "Modality": "US"},
            "an ultrasound image",
        ),
        ({"SOPClassUID": uids.SegmentationStorage, "Modality": "SEG"}, "a segmentation"),
        (
            {"SOPClassUID": uids.PositronEmissionTomographyImageStorage, "Modality": "PT"},
            "a PET image",
        ),
        ({"SOPClassUID": uids.NuclearMedicineImageStorage, "Modality": "NM"}, "nuclear medicine"),
        ({"SOPClassUID": uids.VLWholeSlideMicroscopyImageStorage, "Modality": "SM"}, "a slide"),
        (
            {"SOPClassUID": uids.XRay3DAngiographicImageStorage, "Modality": "XA"},
            "stored as X-Ray 3D Angiographic Image Storage",
        ),
        (
            {"SOPClassUID": uids.BreastTomosynthesisImageStorage, "Modality": "MG"},
            "a mammogram",
        ),
        ({"SOPClassUID": uids.RTDoseStorage, "Modality": "RTDOSE"}, "a map of dose"),
        ({"SOPClassUID": uids.ParametricMapStorage, "Modality": "MR"}, "an MR image"),
        ({"SOPClassUID": SC, "Modality": "CT"}, "a CT image (Modality CT)"),
        ({"SOPClassUID": GREY_WORDS, "Modality": "US"}, "an ultrasound image (Modality US)"),
        ({"SOPClassUID": XA, "Modality": "MR"}, "an MR image (Modality MR)"),
        (
            {
                "SOPClassUID": SC,
                "Modality": "OT",
                "ImageType": ["DERIVED", "SECONDARY", "AXIAL"],
            },
            "Image Type AXIAL",
        ),
        (
            {"SOPClassUID": XA, "ImageType": ["DERIVED", "SECONDARY", "SINGLE PLANE", "MPR"]},
            "Image Type MPR",
        ),
        ({"SOPClassUID": SC, "Modality": "OT", "ConversionType": "SD"}, "a page"),
        ({"SOPClassUID": "1.2.3.4.5", "Modality": "CT"}, "a CT image"),
    ],
)
def test_what_is_no_projection_is_refused_in_one_sentence(
    tmp_path: Path, tags: dict[str, Any], words: str
) -> None:
    with pytest.raises(SourceError, match="is not a projection image") as refusal:
        opened(tmp_path, **tags)
    assert words in str(refusal.value)
    assert "as the C-arm stored it" in str(refusal.value)


@pytest.mark.parametrize(
    "tags",
    [
        {"SOPClassUID": uids.XRayRadiofluoroscopicImageStorage, "Modality": "RF"},
        {"SOPClassUID": XA, "Modality": "RF"},
        {"SOPClassUID": XA, "ImageType": ["DERIVED", "PRIMARY", "SINGLE PLANE", "SINGLE A"]},
        {"SOPClassUID": uids.EnhancedXAImageStorage},
        {"SOPClassUID": uids.EnhancedXRFImageStorage, "Modality": "RF"},
        {"SOPClassUID": uids.ComputedRadiographyImageStorage, "Modality": "CR"},
        {"SOPClassUID": uids.DigitalXRayImageStorageForProcessing, "Modality": "DX"},
        {"SOPClassUID": uids.DigitalXRayImageStorageForPresentation, "Modality": "DX"},
        {"SOPClassUID": SC, "Modality": "XA", "ConversionType": "WSD"},
        {"SOPClassUID": SC, "Modality": "OT", "ConversionType": "DV"},
        {"SOPClassUID": GREY_WORDS, "Modality": "RF"},
        {"SOPClassUID": SC, "Modality": "DR"},
        {"SOPClassUID": GREY_WORDS, "Modality": None},
        {"SOPClassUID": "1.2.3.4.5.6.7", "Modality": "XA"},
        # The first two values say where pixels come from, and no plane.
        {"SOPClassUID": XA, "ImageType": ["ORIGINAL", "PRIMARY", "", "", "FLUORO"]},
    ],
)
def test_what_a_c_arm_stores_is_read(tmp_path: Path, tags: dict[str, Any]) -> None:
    assert opened(tmp_path, **tags) == 2


def test_codes_in_a_modality_do_not_reach_the_terminal(tmp_path: Path) -> None:
    path = write(tmp_path / "x.dcm", noise(1), SOPClassUID=SC, Modality="ZZTOPS")
    path.write_bytes(path.read_bytes().replace(b"ZZTOPS", b"ZZ\x1b[2J"))
    with pytest.raises(SourceError, match="modality ZZ") as refusal:
        open_source(path)
    assert "ZZ\\x1b[2J" in str(refusal.value)


def test_slices_in_a_folder_are_refused(tmp_path: Path) -> None:
    for index in range(3):
        write(
            tmp_path / f"{index}.dcm",
            noise(1),
            SOPClassUID=uids.CTImageStorage,
            Modality="CT",
            InstanceNumber=index,
        )
    with pytest.raises(SourceError, match="a CT image"):
        open_source(tmp_path)


def test_real_projections_are_read(shared: Path) -> None:
    paths = sorted((shared / "real").rglob("*.dcm"))
    assert len(paths) > 20
    for path in paths:
        open_source(path).close()
