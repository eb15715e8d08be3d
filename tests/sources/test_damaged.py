"""Damaged files, a few hundred, by a seed: frames or a SourceError come out, and soon."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pydicom.uid as uids
import pytest
from dicom_writing import noise, smooth, write
from pydicom.uid import UID
from test_dicom_tags import enhanced

from leakwatch.errors import SourceError
from leakwatch.sources import open_source

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
MUTANTS = 60
LONGEST_S = 5.0  # of one file; on a busy machine most take milliseconds

Random = np.random.Generator


def flip_bits(content: bytearray, rng: Random, start: int) -> None:
    for at in rng.integers(start, len(content), rng.integers(1, 6)):
        content[at] ^= 1 << int(rng.integers(8))


def overwrite(content: bytearray, rng: Random, start: int) -> None:
    at = int(rng.integers(start, len(content)))
    length = int(rng.integers(1, 12))
    fill = (b"\x00", b"\xff", rng.bytes(1))[rng.integers(3)]
    content[at : at + length] = fill * len(content[at : at + length])


def cut_out(content: bytearray, rng: Random, start: int) -> None:
    at = int(rng.integers(start, len(content)))
    del content[at : at + int(rng.integers(1, 40))]


def insert(content: bytearray, rng: Random, start: int) -> None:
    at = int(rng.integers(start, len(content)))
    content[at:at] = rng.bytes(int(rng.integers(1, 20)))


def repeat(content: bytearray, rng: Random, start: int) -> None:
    at = int(rng.integers(start, len(content)))
    content[at:at] = content[at : at + int(rng.integers(1, 200))]


def cut_off(content: bytearray, rng: Random, start: int) -> None:
    del content[int(rng.integers(start, len(content))) :]


MUTATIONS = [flip_bits, overwrite, cut_out, insert, repeat, cut_off]


def mutant(content: bytes, seed: list[int]) -> bytes:
    """`content` with one to three faults, half of them in its head."""
    rng = np.random.default_rng(seed)
    changed = bytearray(content)
    pixels = max(content.rfind(b"\xe0\x7f\x10\x00"), content.rfind(b"\x7f\xe0\x00\x10"))
    start = 132 if rng.integers(2) else pixels
    for _ in range(rng.integers(1, 4)):
        mutation = MUTATIONS[rng.integers(len(MUTATIONS))]
        mutation(changed, rng, min(start, len(changed) - 1))
        if len(changed) < 2:
            break
    return bytes(changed)


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
