"""A C-arm that sends the frames of a stored sequence by C-STORE, a stretch at a time."""

from __future__ import annotations

import socket
import time
from copy import deepcopy
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid
from pynetdicom import AE
from pynetdicom.association import Association

# A status of C-STORE that means success.
STORED = 0x0000


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


class CArm:
    """Single frames of one series, sent at the speed of the sequence.

    Parameters
    ----------
    path : Path
        DICOM file with several frames.
    port : int
        Where a storage SCP listens on this machine.
    """

    def __init__(self, path: Path, port: int) -> None:
        data = pydicom.dcmread(path)
        self.frames: npt.NDArray[np.generic] = data.pixel_array
        self.sent = 0
        self._frame_s = float(data.FrameTime) / 1000.0
        self._head, self._port = _without_pixels(data), port
        self._series = generate_uid()
        self._association: Association | None = None
        self._due_s = 0.0

    def send_until(self, last: int) -> None:
        """Send up to frame `last`, that one left out: a foot on the pedal, and off it again.

        The association stays open in a pause, as with a C-arm that sends each image at once.
        """
        if self._association is None:
            self._association = self._associate()
        start_s, first = time.monotonic(), self.sent
        while self.sent < min(last, len(self.frames)):
            due_s = max(start_s + (self.sent - first) * self._frame_s, self._due_s)
            time.sleep(max(due_s - time.monotonic(), 0.0))
            self._due_s = time.monotonic() + self._frame_s
            status = self._association.send_c_store(self._single(self.sent))
            if getattr(status, "Status", None) != STORED:
                raise RuntimeError(f"frame {self.sent} was not stored: {status}")
            self.sent += 1

    def close(self) -> None:
        """Take leave of the program, if it is still there."""
        if self._association is not None and self._association.is_established:
            self._association.release()
        self._association = None

    def _associate(self) -> Association:
        entity = AE(ae_title="CARM1")
        entity.add_requested_context(self._head.SOPClassUID, ExplicitVRLittleEndian)
        association = entity.associate("127.0.0.1", self._port)
        if not association.is_established:
            raise RuntimeError(f"nothing accepts images on port {self._port}")
        return association

    def _single(self, index: int) -> Dataset:
        one = deepcopy(self._head)
        one.SOPInstanceUID = one.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        one.SeriesInstanceUID = self._series
        one.InstanceNumber = index + 1
        one.add_new("PixelData", "OW", self.frames[index].astype("<u2").tobytes())
        return one


def _without_pixels(data: Dataset) -> Dataset:
    head = deepcopy(data)
    for name in ("PixelData", "NumberOfFrames", "FrameIncrementPointer", "FrameTime"):
        if name in head:
            delattr(head, name)
    head.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return head
