"""Receivers of alarms: real ones, that a test starts, stops and makes hang."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event as Flag
from threading import Thread

import pytest
from live_room import PATIENCE_S

from leakwatch.config import AlarmOutputSettings, Settings

# A heartbeat and an attempt come soon, so that no test waits.
QUICK = AlarmOutputSettings(
    heartbeat_s=0.05, send_s=2.0, back_off_s=0.02, max_back_off_s=0.05, label="OR 3"
)


def quick_settings(**sections: object) -> Settings:
    """Settings with some of the alarm outputs."""
    return Settings(**({"alarm_outputs": QUICK} | sections))


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def answers(port: int) -> bool:
    """Whether something listens at a port."""
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


def wait_for(holds, what="never came"):
    """Wait until `holds()` is true, and return what it returned."""
    end_s = time.monotonic() + PATIENCE_S
    while not (found := holds()):
        assert time.monotonic() < end_s, what
        time.sleep(0.002)
    return found


@dataclass
class HttpPeer:
    """An HTTP server that keeps what is posted; while `hanging`, it does not answer."""

    port: int
    got: list[dict] = field(default_factory=list)
    heads: list[dict] = field(default_factory=list)
    status: int = 204
    hanging: bool = False

    def __post_init__(self):
        peer, self.asked, self.go_on, self._connections = self, Flag(), Flag(), []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if peer.hanging:
                    peer.asked.set()
                    peer.go_on.wait(PATIENCE_S)
                    self.close_connection = True
                    return
                peer.heads.append(dict(self.headers))
                if peer.status < 300:
                    peer.got.append(json.loads(body))
                self.send_response(peer.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            allow_reuse_address = daemon_threads = True

            def process_request(self, request, address):
                peer._connections.append(request)
                super().process_request(request, address)

        self._server = Server(("127.0.0.1", self.port), Handler)
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        self.go_on.set()
        self._server.shutdown()
        self._server.server_close()
        for connection in self._connections:  # or they would be served on
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._connections.clear()


class Mosquitto:
    """A broker in another process; `stop` kills it, `start` starts it again on the same port."""

    def __init__(self, folder: Path) -> None:
        self._program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin")
        if self._program is None:
            pytest.skip("no mosquitto here; scripts/system-packages peers installs it")
        self.port, self._folder = free_port(), folder
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "mosquitto.conf").write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\n"
        )

    def start(self) -> None:
        with (self._folder / "mosquitto.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, "-c", self._folder / "mosquitto.conf"], stdout=log, stderr=log
            )
        wait_for(lambda: answers(self.port), "the broker did not start")

    def pause(self) -> None:
        """Hang: connections stay open, and nothing is answered."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
