"""The end of the program with threads that are still at work in C++."""

from __future__ import annotations

import subprocess
import sys

import pytest

from leakwatch.cli.program_end import exit_number

# A thread that is in OpenCV whenever the interpreter ends, which takes a while here.
LEFT_BEHIND = """
import sys, threading, time
import cv2, numpy as np
from leakwatch.cli import program_end

image, at_work = np.zeros((600, 600), np.uint8), threading.Event()

def work():
    while True:
        cv2.resize(image, (900, 900))
        at_work.set()

class Slow:
    def __del__(self):
        time.sleep(0.3)

def app():
    threading.Thread(target=work, daemon=True).start()
    at_work.wait()
    print("10 frames are complete")
    {end}

kept = Slow()
program_end.run_to_end(app)
"""


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("sys.exit(130)", 130),
        ("sys.exit()", 0),
        ("sys.exit('what was wrong')", 1),
        ("return", 0),
        ("raise ValueError('a fault of ours')", 1),
        ("raise KeyboardInterrupt", 130),
    ],
)
def test_a_thread_in_cpp_changes_no_exit_code(end: str, code: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LEFT_BEHIND.replace("{end}", end)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert done.stdout == "10 frames are complete\n"
    assert "terminate called" not in done.stderr
    assert ("a fault of ours" in done.stderr) == ("a fault of ours" in end)


def test_without_such_a_thread_the_interpreter_ends_as_always() -> None:
    program = (
        "import atexit, sys; from leakwatch.cli import program_end\n"
        "class Last:\n    def __del__(self): print('cleaned up')\n"
        "kept = Last()\nprogram_end.run_to_end(lambda: sys.exit(3))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=100, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (3, "cleaned up\n", "")


@pytest.mark.parametrize(("code", "number"), [(None, 0), (0, 0), (4, 4), ("words", 1)])
def test_exit_numbers_are_those_of_python(code: str | int | None, number: int) -> None:
    assert exit_number(code) == number
