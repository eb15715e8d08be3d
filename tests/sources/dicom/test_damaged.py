"""Damaged files, a few hundred, by a seed: frames or a SourceError come out, and soon."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pydicom.uid as uids
import pytest
from dicom_writing import noise, smooth, write
from mutants import mutant
from pydicom.uid import UID
from test_acquisition_tags import enhanced

from leakwatch.core.errors import SourceError
from leakwatch.sources.stored.opening import open_source

SYNTAXES = [
    uids.ImplicitVRLittleEndian,
    uids.ExplicitVRLittleEndian,
    uids.ExplicitVRBigEndian,
    uids.RLELossless,
    uids.JPEGBaseline8Bit,
    uids.JPEGLosslessSV1,
    uids.JPEGLSLossless,
    uids.JPEG2000Lossless,
    uids.HTJ2KLossless,
]
MUTANTS = 100
LONGEST_S = 5.0  # of one file; on a busy machine most take milliseconds


def assert_frames_or_source_error(path: Path) -> bool:
    """Whether all went well; any other error than SourceError passes through and fails the test."""
    began = time.monotonic()
    try:
        source = open_source(path)
        run = source.acquisition
        before = -1.0
        for frame in source.frames():
            assert frame.pixels.shape == (run.rows, run.columns)
            assert frame.pixels.dtype in (np.uint8, np.uint16, np.int16)
            assert frame.time_s > before
            before = frame.time_s
        return True
    except SourceError as error:
        message = str(error)
        assert message.startswith(str(path))
        assert len(message) > len(str(path)) + 20
        assert "\n" not in message
        return False
    finally:
        assert time.monotonic() - began < LONGEST_S


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda uid: uid.keyword)
@pytest.mark.parametrize("table", [True, False], ids=["table", "no table"])
def test_damaged_file(
    tmp_path: Path, syntax: UID, table: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    bits = 8 if syntax == uids.JPEGBaseline8Bit else 12
    frames = smooth(3, 12, 16, bits) if bits == 8 else noise(3, bits=bits)
    content = write(tmp_path / "x.dcm", frames, syntax, offset_table=table).read_bytes()
    path = tmp_path / "damaged.dcm"
    survived = 0
    for number in range(MUTANTS):
        path.write_bytes(mutant(content, [SYNTAXES.index(syntax), table, number]))
        survived += assert_frames_or_source_error(path)
    assert 0 < survived < MUTANTS  # else the mutations are too weak or too strong


def test_damaged_enhanced_file(tmp_path: Path) -> None:
    tags = enhanced(3) | {"FrameTime": None}
    content = write(tmp_path / "x.dcm", noise(3), **tags).read_bytes()
    path = tmp_path / "damaged.dcm"
    for number in range(2 * MUTANTS):
        path.write_bytes(mutant(content, [99, number]))
        assert_frames_or_source_error(path)


def test_damaged_folder(tmp_path: Path) -> None:
    frames = noise(4)
    rng = np.random.default_rng(7)
    for number in range(MUTANTS):
        folder = tmp_path / str(number)
        folder.mkdir()
        for index, frame in enumerate(frames):
            write(folder / f"{index}.dcm", [frame], InstanceNumber=index)
        victim = folder / f"{rng.integers(4)}.dcm"
        victim.write_bytes(mutant(victim.read_bytes(), [98, number]))
        assert_frames_or_source_error(folder)
