"""Measure the latency by DICOM C-STORE, from dcmtk's storescu to the decision of a live session.

Single frames of 1024 x 1024 with 16 bits are sent at a fixed rate, each by its own storescu. The
time of a frame starts when storescu reports the request, so that it includes the transfer, but not
the start of the process. Target: p99 <= 40 ms. Figures are also in units of the reference
operation, see live.py.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from live import default_case, line
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, XRayAngiographicImageStorage, generate_uid

from leakwatch.benchmark.latency import enlarge_case, time_floor
from leakwatch.config import Settings
from leakwatch.core.frame import Frame
from leakwatch.core.marks import CaseFile
from leakwatch.core.results import Snapshot
from leakwatch.live.case_setup import Setup
from leakwatch.live.latency_ledger import Percentiles
from leakwatch.live.live_session import LiveSession
from leakwatch.sources.storage_scp.scp_options import StoreOptions
from leakwatch.sources.storage_scp.scp_source import StoreScp

FRAMES = 60
# Frames until the baseline is closed: what happens once in an injection is counted apart.
LEARNING = 20


class TimedSession(LiveSession):
    """Session that records when each frame is decided on."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        emit, self.decided_s = self._fold._emit, []

        def emit_and_note(snapshot: Snapshot) -> None:
            if snapshot.fault is None:
                self.decided_s.append(time.monotonic())
            emit(snapshot)

        self._fold._emit = emit_and_note

    decided_s: list[float]


def main() -> int:
    """Print the figures; return 1 if something is missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("case", nargs="?", type=Path, help="NAME.case.json of a square sequence")
    parser.add_argument("--rate", type=float, default=7.5, help="frames/s")
    given = parser.parse_args()
    storescu = Path("/usr/bin/storescu")  # not pynetdicom's of the same name
    case_path = given.case or default_case()
    if case_path is None or not storescu.exists():
        print("there is no case to measure with, or dcmtk is not installed", file=sys.stderr)
        return 1
    settings = Settings()
    frames, marks, scale = enlarge_case(case_path, settings, FRAMES)
    floors_ms = time_floor(frames[0].pixels)
    source = StoreScp(StoreOptions())
    case = CaseFile("", marks, scale.mm_per_px, scale.mm_per_px_sigma)
    session = TimedSession(source, Setup(settings, case))
    session.decided_s = []
    session.start()
    folder = Path(tempfile.mkdtemp())
    try:
        paths = write_frames(frames, folder)
        sent_s = send(storescu, source.port, paths, given.rate)
        end_s = time.monotonic() + 10.0
        while session.status.frames < len(sent_s) and time.monotonic() < end_s:
            time.sleep(0.05)
    finally:
        session.close()
        shutil.rmtree(folder)
    floors_ms += time_floor(frames[0].pixels)
    report(session, sent_s, float(np.median(floors_ms)))
    return 0


def write_frames(frames: Sequence[Frame], folder: Path) -> list[Path]:
    """Write each frame as an XA object of one series."""
    study, series = generate_uid(), generate_uid()
    paths = []
    for frame in frames:
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = XRayAngiographicImageStorage
        meta.MediaStorageSOPInstanceUID = generate_uid()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        path = folder / f"{frame.index:04}.dcm"
        dataset = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
        dataset.SOPClassUID = meta.MediaStorageSOPClassUID
        dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study, series
        dataset.Modality, dataset.PatientID = "XA", "BENCHMARK"
        dataset.InstanceNumber = frame.index + 1
        rows, columns = frame.pixels.shape
        dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = rows, columns, 1
        form = frame.acquisition.pixel_format
        dataset.BitsAllocated, dataset.BitsStored = 16, form.bits_stored
        dataset.HighBit, dataset.PixelRepresentation = form.bits_stored - 1, 0
        dataset.PhotometricInterpretation = form.photometric
        if form.relationship is not None:
            dataset.PixelIntensityRelationship = form.relationship.value
        dataset.PixelData = frame.pixels.astype("<u2").tobytes()
        dataset.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def send(storescu: Path, port: int, paths: Sequence[Path], frames_per_s: float) -> list[float]:
    """Send at a fixed rate; return when each request was sent, ``time.monotonic()``."""
    start_s, sent_s = time.monotonic(), []
    for index, path in enumerate(paths):
        time.sleep(max(start_s + index / frames_per_s - time.monotonic(), 0.0))
        command = [storescu, "-v", "127.0.0.1", str(port), path]
        with subprocess.Popen(
            [str(one) for one in command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            assert process.stdout is not None
            # A line at a time, as it is said.
            sent_s.extend(
                time.monotonic() for said in process.stdout if "Sending Store Request" in said
            )
    return sent_s


def report(session: TimedSession, sent_s: Sequence[float], floor_ms: float) -> None:
    """Print the table."""
    status = session.status
    print(f"{len(sent_s)} sent, {status.frames} decided on, {status.dropped} dropped")
    print(f"floor {floor_ms:.2f} ms")
    if len(session.decided_s) != len(sent_s):
        print("some were lost: latency is not told", file=sys.stderr)
        return
    ages_ms = 1e3 * (np.array(session.decided_s) - np.array(sent_s))[LEARNING:]
    p50, p95, p99 = np.percentile(ages_ms, (50, 95, 99)).tolist()
    whole = line("decided", Percentiles(p50, p95, p99, len(ages_ms)), floor_ms)
    print(whole.replace("received", "sent"))
    latency = session.latency()
    for name, ages in (("decoded", latency.decoded), ("decided", latency.decided)):
        if ages is not None:
            print(f"{line(name, ages, floor_ms)} (learning included)")


if __name__ == "__main__":
    sys.exit(main())
