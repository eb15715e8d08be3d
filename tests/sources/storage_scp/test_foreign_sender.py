"""A session fed by dcmtk's storescu: what is sent after good frames, and what is shown then."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import injection
import numpy as np
import pytest
from dicom_writing import noise, write
from live_room import CASE, PATIENCE_S

from leakwatch.config import LiveDicomSettings, LiveSettings, Settings
from leakwatch.core.results import Level
from leakwatch.live.case_setup import Setup
from leakwatch.live.live_session import LiveSession
from leakwatch.live.status import DisplayState, displayed_status
from leakwatch.sources.storage_scp.scp_options import StoreOptions
from leakwatch.sources.storage_scp.scp_source import StoreScp

STORESCU = Path("/usr/bin/storescu")
CALM = 5
# Long enough that nothing gets stale on a loaded machine; a test of staleness has its own clock.
SETTINGS = Settings(
    live=LiveSettings(stale_after_s=1000.0),
    live_dicom=LiveDicomSettings(series_quiet_s=0.01, sender_quiet_s=0.01),
)

pytestmark = pytest.mark.skipif(not STORESCU.exists(), reason="dcmtk is not installed")


def picture(path, frames, patient="a", **tags):
    tags = {
        "PatientID": patient,
        "StudyInstanceUID": f"1.2.{len(patient)}.{ord(patient[0])}",
        "SeriesInstanceUID": f"1.2.{len(patient)}.{ord(patient[0])}.1",
        "PixelIntensityRelationship": "LIN",
        "FrameTime": 1000.0 * injection.FRAME_S,
    } | tags
    return write(path, frames, **tags)


class Sender:
    """A session that listens, and dcmtk that sends to it."""

    def __init__(self):
        self.source = StoreScp(StoreOptions(), SETTINGS.live_dicom)
        self.session = LiveSession(self.source, Setup(SETTINGS, CASE))
        self.session.start()

    def send(self, path):
        command = [STORESCU, "127.0.0.1", self.source.port, path]
        subprocess.run([str(one) for one in command], capture_output=True, timeout=60, check=False)

    def shown(self):
        return displayed_status(self.session.status, self.session.now_s, SETTINGS)

    def until(self, holds):
        end_s = time.monotonic() + PATIENCE_S
        while not holds(self.shown()):
            assert time.monotonic() < end_s, (self.shown(), self.session.status)
            time.sleep(0.01)
        return self.shown()


@pytest.fixture
def calm(tmp_path):
    """A session in which all is CLEAR."""
    sender = Sender()
    try:
        sender.send(picture(tmp_path / "calm.dcm", list(injection.stack()[:CALM])))
        sender.until(lambda now: now.level is Level.CLEAR)
        yield sender
    finally:
        sender.session.close()


def other_patient(folder):
    return picture(folder / "b.dcm", list(injection.stack()[:2]), "b", SOPInstanceUID="1.2.77")


def other_size(folder):
    half = [np.ascontiguousarray(one[::2, ::2]) for one in injection.stack()[:2]]
    return picture(folder / "b.dcm", half, SOPInstanceUID="1.2.77", SeriesInstanceUID="1.2.78")


def colour(folder):
    return picture(
        folder / "b.dcm",
        [one for _ in range(3) for one in noise(1, 64, 64, 8)],
        SOPInstanceUID="1.2.77",
        NumberOfFrames=1,
        SamplesPerPixel=3,
        PlanarConfiguration=0,
        PhotometricInterpretation="RGB",
    )


@pytest.mark.parametrize(
    ("sent", "state", "words"),
    [
        (other_patient, DisplayState.LIVE, "Another patient: start a new baseline"),
        (other_size, DisplayState.LIVE, "Frames of 120 × 120 pixels instead of 240 × 240"),
        (colour, DisplayState.LOST, "Connection lost"),
    ],
)
def test_what_is_not_the_patient_is_never_clear(calm, tmp_path, sent, state, words):
    calm.send(sent(tmp_path))
    now = calm.until(lambda now: now.level is not Level.CLEAR)
    assert (now.level, now.state) == (Level.UNKNOWN, state)
    assert words in now.banner.reasons[0]


def test_a_stop_stays_when_garbage_follows(calm, tmp_path):
    whole = picture(
        tmp_path / "stop.dcm",
        list(injection.stack()[CALM:]),
        SOPInstanceUID="1.2.76",
    )
    calm.send(whole)
    calm.until(lambda now: now.level is Level.STOP)
    calm.send(colour(tmp_path))
    now = calm.until(lambda now: now.state is DisplayState.LOST)
    assert now.level is Level.STOP
    assert any("Connection lost" in warning for warning in now.banner.warnings)
