"""Draw docs/images/training.png from the sample case, without a display (`make picture`).

With --out FOLDER all pages of the training window are drawn there, to be looked at, in the size of
--size.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leakwatch.gui.training.training_window import TrainingWindow

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "images" / "training.png"
CASE = ROOT / "sample_dicom" / "epidural.case.json"
# A false STOP, and one that is half a second late.
PRESSES_S = (3.0, 5.5)
TICK_S = 0.02


def main() -> None:
    """Draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="folder for all pages")
    parser.add_argument("--size", default="1280x800", help="of the window")
    parser.add_argument("--case", type=Path, default=CASE)
    parser.add_argument("--press", type=float, action="append", help="STOP then, s of the case")
    asked = parser.parse_args()
    if asked.out is None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    width, height = (int(part) for part in asked.size.split("x"))
    with tempfile.TemporaryDirectory() as library:
        draw(asked.case, asked.press or PRESSES_S, (width, height), asked.out, Path(library))


def draw(
    case: Path,
    presses_s: Sequence[float],
    size: tuple[int, int],
    out: Path | None,
    library: Path,
) -> None:
    """Open the window on a clock of our own, and draw its pages."""
    from leakwatch.config import Settings
    from leakwatch.gui.app import application
    from leakwatch.gui.training.session_keeper import SessionStore
    from leakwatch.gui.training.training_window import TrainingWindow
    from leakwatch.training.training_case import TrainingItem, open_training_case
    from leakwatch.training.training_records import TrainingRecords

    running, now = application(), [0.0]
    item = TrainingItem(
        case.name, "Thoracolumbar; calm breath", lambda _: open_training_case(case, Settings())
    )
    with TrainingRecords(library) as records:
        window = TrainingWindow((item, item), SessionStore(records), "trainee 7", lambda: now[0])
        window.resize(*size)
        window.show()
        window.prepare(0)
        while not window.begin.begin.isEnabled():
            window.tick()
            running.processEvents()
        for page in pages(window, now, presses_s):
            running.processEvents()
            window.tick()
            running.processEvents()
            if out is not None:
                out.mkdir(parents=True, exist_ok=True)
                window.grab().save(str(out / f"{page}.png"))
            elif page == "result":
                window.grab().save(str(PICTURE))
        window.close()


def pages(window: TrainingWindow, now: list[float], presses_s: Sequence[float]) -> Iterator[str]:
    """Go through a case by keys; the name of each page that is there to be drawn."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    yield "begin"
    QTest.keyClick(window.begin.name, Qt.Key.Key_Return)
    for press_s in presses_s:
        while window.page is window.run and now[0] < press_s:
            now[0] = min(now[0] + TICK_S, press_s)
            window.tick()
        if window.page is window.run:
            QTest.keyClick(window.run, Qt.Key.Key_Space)
        yield f"run-{press_s:g}"
    while window.page is window.run:
        now[0] += TICK_S
        window.tick()
    yield "result"
    QTest.keyClick(window.result, Qt.Key.Key_Return)
    window.replay.tick()
    QTest.keyClick(window.replay, Qt.Key.Key_2)
    yield "replay"
    QTest.keyClick(window.replay, Qt.Key.Key_Backspace)
    QTest.keyClick(window.result, Qt.Key.Key_C)
    yield "curve"


if __name__ == "__main__":
    main()
