"""Videos and pictures as stored sources: as `video:` reads them, without waiting."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from injection import FRAME_S
from video_writing import REGION, coloured, fluoroscopy, screens, write

from leakwatch.config import LiveVideoSettings
from leakwatch.core.errors import SourceEndedEarly, SourceError
from leakwatch.core.frame import Frame, TimeSource
from leakwatch.sources.dicom.frame_times import ASSUMED_FRAMES_PER_S
from leakwatch.sources.video.stored_video import StillImages, StoredVideo, open_stored

PLAIN = LiveVideoSettings()
IN_REGION = LiveVideoSettings(region_px=REGION)


def grey(count: int) -> list[np.ndarray]:
    return [pixels[..., None].repeat(3, axis=2) for pixels in fluoroscopy(count)]


def test_frames_of_a_video_are_those_that_were_written(tmp_path: Path) -> None:
    source = open_stored(write(tmp_path / "x.avi", grey(6)), PLAIN)
    frames = list(source.frames())
    assert [frame.index for frame in frames] == list(range(6))
    assert [frame.time_s for frame in frames] == [FRAME_S * index for index in range(6)]
    for frame, pixels in zip(frames, fluoroscopy(6), strict=True):
        np.testing.assert_array_equal(frame.pixels, pixels)
    assert {frame.received_s for frame in frames} == {None}
    assert frames[0].acquisition.time_source is TimeSource.VIDEO
    assert len({id(frame.acquisition) for frame in frames}) == 1


def test_any_frame_can_be_read_again(tmp_path: Path) -> None:
    source = StoredVideo(write(tmp_path / "x.avi", grey(6)), PLAIN)
    whole = list(source.frames())
    again = list(source.frames(4))
    assert [frame.index for frame in again] == [4, 5]
    assert [frame.time_s for frame in again] == [frame.time_s for frame in whole[4:]]
    np.testing.assert_array_equal(again[0].pixels, whole[4].pixels)


def test_region_masks_and_polarity_come_from_the_settings(tmp_path: Path) -> None:
    settings = LiveVideoSettings(
        region_px=REGION, masks_px=((104, 34, 180, 54),), bone_is_bright=True
    )
    source = StoredVideo(write(tmp_path / "x.avi", screens(3)), settings)
    shared = source.acquisition
    assert (shared.rows, shared.columns) == (240, 240)
    assert shared.masks_px == ((4, 4, 80, 24),)
    assert not next(source.frames()).pixels[4:24, 4:80].any()
    assert any("assumed to be bright" in note for note in shared.notes)
    assert shared.pixel_format.bone_is_bright


def test_repeats_are_left_out(tmp_path: Path) -> None:
    twice = [picture for picture in grey(4) for _ in range(2)]
    source = StoredVideo(write(tmp_path / "x.avi", twice, rate_hz=16.0), PLAIN)
    assert [frame.time_s for frame in source.frames()] == [0.125 * index for index in range(4)]


def test_pictures_that_cannot_be_used_are_told_and_leave_no_gap(tmp_path: Path) -> None:
    pictures = screens(6)
    pictures[2] = coloured(pictures[2])
    source = StoredVideo(write(tmp_path / "x.avi", pictures), IN_REGION)
    running = source.frames()
    frames: list[Frame] = [next(running) for _ in range(5)]
    with pytest.raises(SourceEndedEarly, match=r"1 image could not be used .*colour"):
        next(running)
    assert [frame.index for frame in frames] == list(range(5))
    assert [frame.time_s / FRAME_S for frame in frames] == [0, 1, 3, 4, 5]


def test_video_in_colour_says_where_the_region_is_set(tmp_path: Path) -> None:
    pictures = [coloured(picture) for picture in screens(3)]
    with pytest.raises(SourceError, match=r"none of its 3 images.*`region_px`") as caught:
        StoredVideo(write(tmp_path / "x.avi", pictures), PLAIN)
    assert not isinstance(caught.value, SourceEndedEarly)


@pytest.mark.parametrize("name", ["x.mp4", "x.avi", "x.MKV", "x.png", "x.JPG", "x.tiff"])
def test_file_that_is_none_is_refused_by_its_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"nothing of the kind" * 100)
    with pytest.raises(SourceError, match=name):
        open_stored(path, PLAIN)


@pytest.mark.parametrize("name", ["x.png", "x.jpg", "x.bmp", "x.tif"])
def test_picture_is_one_frame(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    cv2.imwrite(str(path), fluoroscopy(1)[0])
    source = open_stored(path, PLAIN)
    (frame,) = source.frames()
    assert source.number_of_frames == 1
    assert np.abs(frame.pixels.astype(int) - fluoroscopy(1)[0]).max() <= (6 if "jpg" in name else 0)


def test_pictures_are_frames_at_the_assumed_rate(tmp_path: Path) -> None:
    paths = []
    for index, pixels in enumerate(fluoroscopy(3)):
        paths.append(tmp_path / f"{index}.png")
        cv2.imwrite(str(paths[-1]), pixels)
    source = StillImages(paths, PLAIN)
    frames = list(source.frames(1))
    assert [frame.index for frame in frames] == [1, 2]
    assert [frame.time_s for frame in frames] == [
        1 / ASSUMED_FRAMES_PER_S,
        2 / ASSUMED_FRAMES_PER_S,
    ]
    assert source.acquisition.number_of_frames == 3
    assert source.acquisition.time_source is TimeSource.ASSUMED


@pytest.mark.parametrize("broken", ["cut off", "another size", "in colour"])
def test_picture_that_does_not_fit_ends_the_run(tmp_path: Path, broken: str) -> None:
    paths = [tmp_path / f"{index}.png" for index in range(3)]
    for path, pixels in zip(paths, fluoroscopy(3), strict=True):
        cv2.imwrite(str(path), pixels)
    if broken == "cut off":
        paths[2].write_bytes(paths[2].read_bytes()[:500])
    elif broken == "another size":
        cv2.imwrite(str(paths[2]), fluoroscopy(1)[0][:200])
    else:
        cv2.imwrite(str(paths[2]), coloured(grey(1)[0], (100, 100)))
    source = StillImages(paths, PLAIN)
    running = source.frames()
    assert [next(running).index, next(running).index] == [0, 1]
    with pytest.raises(SourceEndedEarly, match="2 of 3 images are complete"):
        next(running)


def test_picture_of_sixteen_bits_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "deep.png"
    cv2.imwrite(str(path), fluoroscopy(1)[0].astype(np.uint16) * 200)
    with pytest.raises(SourceError, match=r"not in 8 bits\. Export"):
        open_stored(path, PLAIN)


def test_picture_of_no_screen_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    cv2.imwrite(str(path), np.zeros((10, 5000), np.uint8))
    with pytest.raises(SourceError, match="at most 4096 x 4096"):
        open_stored(path, PLAIN)
