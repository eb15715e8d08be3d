"""Run the program where Python lacks what Windows or a Mac lack: SYSTEM SAMPLE FOLDER.

Neither system is at hand. So libraries, which know those systems, are imported first; then what
they lack is taken away; then every module is imported, and commands are run.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

# Of others, and the parts of Python that ask the system when they are imported.
LIBRARIES = """
    concurrent.futures importlib.metadata logging.handlers multiprocessing.pool pydoc shutil sqlite3
    multiprocessing.spawn subprocess tempfile urllib.request
    av cv2 distributed highdicom imagecodecs jpeg_ls msgspec nibabel numpy PIL.ImageFont
    matplotlib.backends.backend_agg matplotlib.backends.backend_pdf matplotlib.backends.backend_svg
    platformdirs pydicom pyigtl pynetdicom pyqtgraph requests rich.progress scipy.ndimage
    scipy.optimize scipy.stats typer watchdog.observers watchdog.observers.polling
    PySide6.QtCore PySide6.QtGui PySide6.QtMultimedia PySide6.QtWidgets
"""
LACKING: dict[str, dict[ModuleType, str]] = {
    "win32": {
        os: """
            fchmod fchown fork forkpty geteuid getuid getegid getgid getpgid getloadavg getpriority
            setpriority killpg mkfifo nice pread preadv pwrite pwritev posix_fadvise posix_fallocate
            sched_getaffinity sched_setaffinity sched_yield setsid statvfs sync fdatasync sysconf
            uname O_CLOEXEC O_DIRECTORY O_DSYNC O_NOATIME O_NOCTTY O_NOFOLLOW O_NONBLOCK
            O_SYNC PRIO_PROCESS
        """,
        signal: """
            SIGHUP SIGKILL SIGALRM SIGCHLD SIGPIPE SIGQUIT SIGUSR1 SIGUSR2 pthread_kill
            pthread_sigmask setitimer alarm siginterrupt
        """,
        socket: "AF_UNIX SO_REUSEPORT MSG_DONTWAIT",
    },
    "darwin": {
        os: """
            posix_fadvise posix_fallocate sched_getaffinity sched_setaffinity fdatasync O_NOATIME
            O_DIRECT O_TMPFILE
        """,
        socket: "TCP_KEEPIDLE SOCK_CLOEXEC SOCK_NONBLOCK",
    },
}
MODULES_LACKING = {
    "win32": "fcntl grp pty pwd readline resource syslog termios tty",
    "darwin": "",
}


def become(system: str) -> None:
    """Take away what `system` lacks, and its name for what asks later."""
    for module, names in LACKING[system].items():
        for name in names.split():
            if hasattr(module, name):
                delattr(module, name)
    for absent in MODULES_LACKING[system].split():
        sys.modules[absent] = None  # type: ignore[assignment]
    sys.platform = system
    if system == "win32":  # where both are one, without a signal
        subprocess.Popen.kill = subprocess.Popen.terminate  # type: ignore[method-assign]


def import_every_module() -> None:
    package = importlib.import_module("leakwatch")
    for module in pkgutil.walk_packages(package.__path__, "leakwatch."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def run(*arguments: object, code: int = 0) -> str:
    """Run a command in this process; return what it said."""
    from typer.testing import CliRunner

    from leakwatch.cli import app

    done = CliRunner().invoke(app, [str(one) for one in arguments])
    assert done.exit_code == code, (arguments, done.exit_code, done.output, done.exception)
    return done.output


def run_commands(sample: Path, out: Path) -> None:
    """Analyse, record, list, draw, copy, and be refused."""
    run("--version")
    run("analyze", sample, "--out", out / "analysed")
    written = {path.name for path in (out / "analysed").iterdir()}
    assert written == {"frames.jsonl", "events.jsonl", "trend.png", "overlay.mp4"}
    run("run", f"replay:{sample}?speed=8", "--no-window")
    assert "complete" in run("cases", "list")
    run("replay", sample, "--record", out / "frame.png", "--frame", 3)
    run("deidentify", sample, "--out", out / "copies")
    run("run", f"folder:{out / 'absent'}", "--no-window", code=2)
    run("recover", out / "absent", code=2)


def end_a_detector(out: Path) -> None:
    """Start a program that would not end, and end it."""
    from leakwatch.benchmark.work.detector import Detector, DetectorError, run_command

    sleeping = (sys.executable, "-c", "import time; time.sleep(600)", "{dicom}", "{out}")
    with pytest.raises(DetectorError, match=r"ended after 0\.2 s"):
        run_command(Detector("sleeper", sleeping, limit_s=0.2), out / "dicom", out / "case", out)


if __name__ == "__main__":
    for library in LIBRARIES.split():
        importlib.import_module(library)
    become(sys.argv[1])
    import_every_module()
    run_commands(Path(sys.argv[2]), Path(sys.argv[3]))
    end_a_detector(Path(sys.argv[3]))
