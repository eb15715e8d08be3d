"""Draw the live window in every state, at the sizes and scale factors of real screens, for a look.

    python scripts/draw_screens.py --out DIR [--size 1366x768 --factor 2 ...] [--state stop ...]

The real window is driven through an injection as by `draw_windows.py`; each reason of UNKNOWN is
then shown by itself. A picture is named by its size, factor and state.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent
SIZES = ("1280x800", "1366x768", "1920x1080", "3840x2160")
# With a factor of two, a screen has half as many units of the window as pixels.
FACTORS = ("1", "2")


def states(stage: object) -> Iterator[str]:
    """Bring the window of a `draw_windows.Stage` into one state after the other."""
    from leakwatch.core.protocols import Link, LinkStatus
    from leakwatch.core.results import Level
    from leakwatch.display.procedure_clocks import CementClock

    window, session = stage.window, stage.session

    def level() -> Level:
        return window.banner.banner.level

    yield "waiting"
    stage.feed(lambda: stage.fed == 3)
    yield "acquiring"
    window.cement = CementClock(stage.now_s - 330.0, "14:32")
    stage.feed(lambda: level() is Level.CLEAR)
    yield "clear"
    stage.feed(lambda: session.status.decision.snapshot.alert.time_to_margin_s is not None)
    yield "predicted"
    stage.feed(lambda: level() is Level.WATCH)
    yield "watch"
    stage.feed(lambda: level() is Level.STOP)
    yield "stop"
    yield "stop-bright"
    window.press("A")
    stage.wait(lambda: not session.status.decision.snapshot.alert.latched)
    yield "acknowledged"
    window.press("G")
    yield "details"
    window.press("G")
    stage.source.status = LinkStatus(Link.OPEN, stage.source.status.text, fluoroscopy_on=False)
    stage.let_pass(12.0)
    yield "off-acknowledged"
    stage.source.status = LinkStatus(Link.OPEN, stage.source.status.text, fluoroscopy_on=True)
    stage.feed(lambda: level() is Level.STOP)
    yield "stop-again"
    stage.feed(lambda: False)
    yield "stop-end"
    window.press("?")
    yield "keys"
    window.press("?")
    window.press("Z")
    yield "zoomed"


def banners(stage: object) -> Iterator[tuple[str, object]]:
    """Return a banner for each reason of UNKNOWN, and for what is off or set up in part."""
    from leakwatch.core.results import Alert, Level
    from leakwatch.display.banner import RESOLVED_BY, level_banner, off_banner

    seen = stage.session.status.decision.snapshot.observation
    settings = stage.session.settings
    for reason in RESOLVED_BY:
        alert = Alert(Level.UNKNOWN, (reason,), False, Level.UNKNOWN)
        blind = replace(seen, unavailable=(reason,), cement=None, wall_distance=None)
        yield f"unknown-{reason}", level_banner(alert, blind, settings)
    alert = Alert(Level.UNKNOWN, (), False, Level.UNKNOWN)
    missing = next(reason for reason in RESOLVED_BY if reason.value == "no_wall")
    partly = replace(seen, unavailable=(missing,), wall_px=None)
    yield "partly", level_banner(alert, partly, settings)
    yield "off", off_banner("Fluoroscopy off for 12.3 s: no monitoring")


def draw(folder: Path, size: tuple[int, int], name: str, begins: tuple[str, ...]) -> None:
    """Draw every state whose name begins as wanted, at one size in units of the window."""
    sys.path.insert(0, str(SCRIPTS))
    from draw_windows import Stage
    from PySide6.QtWidgets import QApplication

    from leakwatch.gui.app import application

    running = application()
    stage = Stage(folder, size, lambda _: True)

    def keep(state: str) -> None:
        if state.startswith(begins):
            QApplication.processEvents()
            # Which half of a flash a moment hits is chance.
            stage.window.banner._show_half(state.endswith("bright"))
            path = folder / f"{name}-{state}.png"
            stage.window.grab().save(str(path), "PNG")
            sys.stdout.write(f"{path}\n")

    try:
        for state in states(stage):
            stage.window.tick()
            keep(state)
        for state, banner in banners(stage):
            stage.window.banner.show_banner(banner)
            keep(state)
    finally:
        stage.session.close()
        stage.window.end()
        running.processEvents()


def main() -> int:
    """Draw all sizes, each in a process of its own: the factor is fixed when Qt begins."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--size", action="append", choices=SIZES)
    parser.add_argument("--factor", action="append", choices=FACTORS)
    parser.add_argument("--state", action="append", help="only states that begin with this")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    for size in given.size or SIZES:
        for factor in given.factor or FACTORS:
            width, height = (int(one) // int(factor) for one in size.split("x"))
            name = f"{size}-x{factor}"
            if given.here:
                draw(given.out, (width, height), name, tuple(given.state or ("",)))
                continue
            command = [sys.executable, __file__, "--out", str(given.out), "--here"]
            command += ["--size", size, "--factor", factor]
            command += [part for one in given.state or () for part in ("--state", one)]
            subprocess.run(command, check=True, env=os.environ | {"QT_SCALE_FACTOR": factor})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
