"""Draw docs/images/mark.png and calibrate.png, from our own simulated case (`make picture`).

The real window of `leakwatch mark` is driven by its own mouse and keys, offscreen.

`python scripts/mark_pictures.py --out DIR --size 1920x1080 --all` draws every step, for a look.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
SEQUENCE = REPOSITORY / "sample_dicom" / "epidural.dcm"
DOCUMENTED = ("mark", "calibrate")
# Frame pixels of the sample: the middle of the body, a place on its wall, what is no body, and
# both edges of the cannula.
MIDDLE, ON_WALL, BESIDE, EDGES = (178, 184), (118, 190), (300, 60), ((100, 163), (100, 177))
PATIENCE_S = 60.0


def main() -> int:
    """Draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=REPOSITORY / "docs" / "images")
    parser.add_argument("--size", default="1280x800")
    parser.add_argument("--all", action="store_true", help="draw every step")
    given = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from leakwatch.case_files.settings_file import load_settings
    from leakwatch.gui.app import application, mark_window
    from leakwatch.runner.stored_run import open_run

    running = application()
    run = open_run(SEQUENCE, load_settings(None))
    run.source.close()
    width, height = (int(part) for part in given.size.split("x"))
    given.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        window = mark_window(run, SEQUENCE, Path(folder) / "mine.case.json", 0)
        window.resize(width, height)
        window.show()
        window.start()
        end_s = time.monotonic() + PATIENCE_S
        while window.case.waiting and time.monotonic() < end_s:
            running.processEvents()
        for name in steps(window):
            running.processEvents()
            window.tick()
            if given.all or name in DOCUMENTED:
                path = given.out / f"{name}.png"
                window.grab().save(str(path), "PNG")
                sys.stdout.write(f"{path}\n")
        window.close()
        window.close()  # nothing is saved, and that is meant
    return 0


def steps(window: object) -> Iterator[str]:
    """What a person does, and the name of the picture after it."""
    from PySide6.QtCore import QPoint, QPointF, Qt
    from PySide6.QtTest import QTest

    def click(*places: tuple[float, float]) -> None:
        for at in places:
            pane, view = window.image.pane, window.image.view
            place = QPoint(pane.mapFromScene(view.mapViewToScene(QPointF(*at))))
            QTest.mouseClick(pane.viewport(), Qt.MouseButton.LeftButton, pos=place)

    yield "mark-begin"
    click(BESIDE)
    yield "mark-unsure"
    window.press("N")
    click(MIDDLE)
    yield "mark-found"
    click(ON_WALL)
    yield "mark"
    window.press("W")
    click((112, 232), (117, 185))
    yield "mark-draw"
    window.press("Ctrl Z")
    window.press("Ctrl Z")
    window.press("Ctrl Z")
    window.press("?")
    yield "mark-keys"
    window.press("?")
    window.press("C")
    click(*EDGES)
    yield "calibrate"


if __name__ == "__main__":
    raise SystemExit(main())
