"""PySide6 must survive a long case.

PySide6 6.12.0 aborts Python 3.11 (in ``bool_dealloc``) after 500 to 1000 calls of ``emit()``.
An abort takes its process along, so the signals are emitted in a process of their own.
"""

from __future__ import annotations

import os
import subprocess
import sys

EMITS = 20_000  # about 22 minutes of frames at 15/s

PROGRAM = f"""
from PySide6.QtCore import QCoreApplication, QObject, Signal

class Sender(QObject):
    said = Signal(bool, int, object)

application = QCoreApplication([])
sender = Sender()
heard = []
sender.said.connect(lambda flag, number, thing: heard.append((flag, number, thing)))
for number in range({EMITS}):
    sender.said.emit(number % 2 == 0, number, None)
assert heard == [(number % 2 == 0, number, None) for number in range({EMITS})]
print("all heard")
"""


def test_twenty_thousand_signals_do_not_abort_python() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert done.returncode == 0, f"exit {done.returncode}: {done.stderr[-2000:]}"
    assert done.stdout == "all heard\n"
