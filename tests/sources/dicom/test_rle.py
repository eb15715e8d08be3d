"""RLE Lossless: what an encoder of our own wrote comes back, and damage is one clear error."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pydicom.uid as uids
import pytest
from dicom_writing import noise, rle_encoded, write
from mutants import mutant
from pydicom.encaps import encapsulate

from leakwatch.sources.dicom.rle import rle_decoded

ROWS, COLUMNS = 12, 16


@pytest.mark.parametrize("bits", [8, 12])
def test_what_was_encoded_comes_back(bits):
    (frame,) = noise(1, ROWS, COLUMNS, bits)
    found = rle_decoded(rle_encoded(frame), ROWS, COLUMNS, frame.itemsize)
    np.testing.assert_array_equal(found, frame)
    assert found.dtype == frame.dtype


def test_runs_of_one_value_are_expanded():
    # By hand: 100 times 3, 92 times 3 above; 128 times 7, 64 times 9 below.
    above, below = bytes([157, 3, 165, 3]), bytes([129, 7, 193, 9])
    head = np.zeros(16, "<u4")
    head[:3] = 2, 64, 68
    found = rle_decoded(head.tobytes() + above + below, ROWS, COLUMNS, 2)
    expected = np.repeat([0x307, 0x309], [128, 64]).reshape(ROWS, COLUMNS)
    np.testing.assert_array_equal(found, expected)


def whole():
    return rle_encoded(noise(1, ROWS, COLUMNS)[0])


DAMAGED = {
    "half a head": (whole()[:40], "the RLE header alone has 64"),
    "three segments": (b"\x03" + whole()[1:], "3 segments of RLE; the header states 2"),
    "segments the wrong way round": (
        whole()[:8] + (63).to_bytes(4, "little") + whole()[12:],
        "do not follow each other",
    ),
    "cut off": (whole()[:-60], "segment 2 of RLE is cut off"),
    "a run too many": (whole() + bytes([200, 1]), "segment 2 of RLE contains more than 192 bytes"),
    "a run too few": (whole()[:64] + whole()[65 + whole()[64] + 1 :], "segment"),
}


@pytest.mark.parametrize(("data", "said"), DAMAGED.values(), ids=DAMAGED)
def test_damage_is_told(data, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        rle_decoded(data, ROWS, COLUMNS, 2)


def test_no_damage_makes_the_decoder_write_into_the_terminal(capfd):
    said = []
    for number in range(2000):
        try:
            assert rle_decoded(mutant(whole(), [3, number], 0), ROWS, COLUMNS, 2).shape == (12, 16)
        except ValueError as error:
            said.append(str(error))
    assert len(said) > 1000
    assert all("RLE" in one for one in said)
    assert capfd.readouterr() == ("", "")


def test_a_file_whose_frame_expands_to_too_much_is_one_error_on_the_terminal(tmp_path):
    frames = noise(2, ROWS, COLUMNS)
    frames[1] = np.vstack([frames[1], frames[1]])
    data = encapsulate([rle_encoded(frame) for frame in frames])
    path = write(tmp_path / "a.dcm", noise(2, ROWS, COLUMNS), uids.RLELossless, data)
    program = [sys.executable, "-c", "from leakwatch.cli import main; main()", "analyze"]
    command = [*program, str(path), "--no-video", "--out", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "of RLE contains more than 192 bytes" in " ".join(done.stderr.split())
    assert "panick" not in done.stderr
    assert "Traceback" not in done.stderr
