"""Orthanc with its DICOMweb plugin, started for a test on free ports of the loopback."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

_PLUGINS = (
    Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so"),
    Path("/usr/lib/orthanc/libOrthancDicomWeb.so"),
)
_STARTS_WITHIN_S = 30.0


class Orthanc:
    """An archive in another process; `stop` and `start` keep what is stored."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = _free_port()
        plugin = next((str(path) for path in _PLUGINS if path.exists()), "")
        self._program = shutil.which("Orthanc", path="/usr/sbin:/usr/bin")
        if self._program is None or not plugin:
            pytest.skip("orthanc or orthanc-dicomweb is missing")
        self._config = folder / "orthanc.json"
        content = {
            "StorageDirectory": str(folder / "stored"),
            "IndexDirectory": str(folder / "stored"),
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "HttpPort": self.port,
            "DicomAet": "ARCHIVE",
            "DicomPort": _free_port(),
            "Plugins": [plugin],
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
        }
        self._config.write_text(json.dumps(content))
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def root(self) -> str:
        """Without a scheme, as in a specification."""
        return f"//127.0.0.1:{self.port}/dicom-web"

    def start(self) -> None:
        log = (self.folder / "orthanc.log").open("wb")
        self._process = subprocess.Popen([self._program, self._config], stdout=log, stderr=log)
        log.close()
        end_s = time.monotonic() + _STARTS_WITHIN_S
        while not self._answers():
            assert time.monotonic() < end_s, (self.folder / "orthanc.log").read_text()
            time.sleep(0.05)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def store(self, file: Path) -> None:
        """By Orthanc's own interface."""
        url = f"http://127.0.0.1:{self.port}/instances"
        with urllib.request.urlopen(urllib.request.Request(url, file.read_bytes())) as answer:
            assert answer.status == 200

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/dicom-web/studies"):
                return True
        except (urllib.error.URLError, OSError):
            return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])
