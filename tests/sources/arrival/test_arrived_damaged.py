"""Damaged objects among good ones, by the thousand: none ends the frames, none is mixed up."""

from __future__ import annotations

import threading
import time

import numpy as np
import pydicom.uid as uids
from dicom_writing import noise, smooth, write

from leakwatch.config import LiveDicomSettings
from leakwatch.core.protocols import Link
from leakwatch.sources.arrival.arrived_frames import ArrivedFrames, ArrivedObject
from leakwatch.sources.arrival.link_log import LinkLog

MUTATIONS = 600


def mutated(content: bytes, rng: np.random.Generator) -> bytes:
    """Some bytes changed, a piece cut out or put in twice, or the end cut off."""
    data = bytearray(content)
    kind = rng.integers(4)
    at = int(rng.integers(len(data)))
    length = int(rng.integers(1, 40))
    if kind == 0:
        for place in rng.integers(len(data), size=int(rng.integers(1, 12))):
            data[place] = int(rng.integers(256))
    elif kind == 1:
        del data[at : at + length]
    elif kind == 2:
        data[at:at] = data[at : at + length]
    else:
        del data[at:]
    return bytes(data)


def test_damaged_objects_among_good_ones(tmp_path):
    rng = np.random.default_rng(11)
    originals = [
        write(tmp_path / "a.dcm", noise(2)).read_bytes(),
        write(tmp_path / "b.dcm", smooth(2), uids.JPEGLosslessSV1).read_bytes(),
        write(tmp_path / "c.dcm", smooth(1), uids.JPEGLSLossless).read_bytes(),
        write(tmp_path / "d.dcm", smooth(1), uids.RLELossless).read_bytes(),
    ]
    good = write(tmp_path / "good.dcm", noise(1, rows=30), SeriesInstanceUID="1.9")
    settings = LiveDicomSettings(queue_objects=MUTATIONS + 1, series_quiet_s=0.0)
    log = LinkLog("here", 10.0)
    arrived = ArrivedFrames(log, settings, keep=False)
    start_s = time.monotonic()
    for index in range(MUTATIONS):
        path = tmp_path / f"{index}.dcm"
        path.write_bytes(mutated(originals[index % len(originals)], rng))
        assert arrived.put(ArrivedObject(path, start_s + index * 1e-6))
    arrived.put(ArrivedObject(good, time.monotonic()))

    stop = threading.Timer(60.0, arrived.stop)  # instead of a test that hangs
    stop.start()
    frames = []
    for frame in arrived.frames():
        frames.append((frame.index, frame.time_s, frame.pixels.dtype))
        if frame.pixels.shape == (30, 16):
            arrived.stop()
    stop.cancel()
    assert frame.pixels.shape == (30, 16)
    assert np.array_equal(frame.pixels, noise(1, rows=30)[0])
    indices, times, types = zip(*frames, strict=True)
    assert list(indices) == sorted(set(indices))
    assert list(times) == sorted(set(times))
    assert set(map(str, types)) <= {"uint8", "uint16", "int16"}
    assert log.status.link is Link.OPEN
    assert log.status.frames_lost > 100
    assert not list(tmp_path.glob("[0-9]*.dcm"))  # none is left behind
