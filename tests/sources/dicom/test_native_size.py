"""Pixels of another width or height than the tags say: each frame would lie elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from dicom_writing import noise, write

from leakwatch.core.errors import SourceError
from leakwatch.sources.stored.opening import open_source

FRAMES = noise(6, 50, 60)


@pytest.mark.parametrize(
    ("rows", "columns"), [(49, 60), (51, 60), (50, 59), (50, 61), (49, 59), (60, 49)]
)
def test_a_size_that_the_pixels_do_not_have_is_refused(tmp_path, rows, columns):
    path = write(tmp_path / "x.dcm", FRAMES, Rows=rows, Columns=columns)
    with pytest.raises(SourceError, match="make one frame"):
        open_source(path)


@pytest.mark.parametrize("more", [0, 2, 8, 30])
def test_padding_behind_all_frames_is_none_of_the_picture(tmp_path, more):
    data = b"".join(frame.tobytes() for frame in FRAMES) + b"\0" * more
    path = write(tmp_path / "x.dcm", FRAMES, pixel_data=data)
    found = np.stack([frame.pixels for frame in open_source(path).frames()])
    np.testing.assert_array_equal(found, FRAMES)


def test_more_whole_frames_than_promised_are_a_note(tmp_path):
    path = write(tmp_path / "x.dcm", FRAMES, NumberOfFrames=4)
    source = open_source(path)
    assert len(list(source.frames())) == 4
    assert "2 more frames follow" in " ".join(source.acquisition.notes)
