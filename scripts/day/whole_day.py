"""Drive the real program through a whole day on a real X display, and keep a picture per station.

Home, open, mark, calibrate, replay; live images by C-STORE with pauses, WATCH, STOP, acknowledged;
the recorded case, its report, two planes, training. Mouse and keys go through the X server, as from
a person; every step waits for what it must see. The anatomy is simulated, nobody's.

`python scripts/day/whole_day.py --out DIR --size 1280x800 --factor 1` writes DIR/NN-STATION.png and
DIR/stations.json; `--all` does so for every size and factor of `SIZES` and `FACTORS`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from c_arm import CArm, free_port
from day import ASKED_S, SAMPLES, Day, colour_share, shows
from PIL import Image
from program import REPOSITORY, Program
from x_display import NothingHappened, Rgb, XDisplay, missing_programs, until

from leakwatch.display import palette

SIZES = ("1280x800", "1366x768", "1920x1080", "3840x2160")
FACTORS = (1.0, 2.0)
HOME = "^LeakWatch$"
# Keys of a replay and of a live session that open something, its name, and the keys that close it.
BESIDE = (
    ("e", "reference", ""),
    ("d", "subtraction", "d e e"),
    ("h", "events", "h"),
    ("w", "trend-of-the-case", "w"),
    ("g", "details", "g"),
    ("question", "keys", "Escape"),
    ("i", "inverted", "i"),
)
ASKED = (
    ("l", "margin", "Escape"),
    ("v", "syringe", "Escape"),
    ("n", "note", "Escape"),
    ("g", "live-details", "g"),
)
# Where the first menu is, in a window of this size, pixels; height of the title above it.
WINDOW, MENU, TITLE_PX = (1280, 800), (30, 10), 19
# Where a length is measured, as shares of the screen: over the vertebra.
RULER = ((0.35, 0.62), (0.47, 0.65))
# Frames of the sample before the cement; the marks are made in a pause of the beam.
BEFORE_CEMENT = 10
# Edges of the cannula near its tip, column and row in the sample.
CANNULA_PX = ((168.0, 173.0), (167.0, 186.0))
# The button of a trainee, and the share of the screen that it takes up at least.
STOP_BUTTON_SHARE = 0.004
# Share of the screen that STOP takes up on the timeline of a result, at least.
TIMELINE_SHARE = 0.003


def open_and_mark(day: Day, program: Program) -> None:
    """From the start window by a file to marks, a calibration, and the replay with them."""
    screen = day.screen
    program.window(HOME)
    day.station("home", day.steady())
    screen.press("o")
    program.window("^Open$")

    def opened() -> bool:
        screen.press("ctrl+a")
        screen.type(str(day.sequence))
        screen.press("Return")
        try:
            return bool(until("the file", lambda: screen.windows("mark"), ASKED_S))
        except NothingHappened:
            return False

    until("a file to mark", opened)
    program.window("mark")
    day.mark()
    day.station("mark")
    before = screen.picture()
    screen.press("c")
    day.next_page(before)
    for at_px in CANNULA_PX:
        before = screen.picture()
        day.click_frame(at_px)
        day.next_page(before)
    day.station("calibrate", day.settled())
    screen.press("Return")
    screen.press("r")
    program.window("^LeakWatch – spine")
    day.see_wall()
    day.at_end()
    day.station("replay", day.see("STOP"), "STOP")  # it flashes
    screen.press("q")
    program.window(HOME)


def watch_live(day: Day, program: Program) -> None:
    """Live images with pauses of the beam, to STOP and its acknowledgement."""
    screen = day.screen
    before = day.steady()
    screen.press("comma")
    day.next_page(before)
    screen.type(f"scp://127.0.0.1:{day.port}")
    if day.closer:
        screen.press("Escape", "s")
        day.closer_look("simulate", day.next_page(before))
        screen.press("Escape", "comma")
        day.steady()
        screen.type(f"scp://127.0.0.1:{day.port}")
    saved = day.station("settings")
    screen.press("ctrl+s")
    until("the settings of the room", (day.work / "room.toml").exists)
    # The start window opens anew, with the source in its last line.
    day.next_page(saved)
    day.press_until("l", "scp", program)
    day.station("live-waiting", day.see("OFF"))
    day.arm.send_until(BEFORE_CEMENT)
    day.station("live-hold", day.see("OFF", "UNKNOWN"))
    screen.press("m")
    day.mark()
    day.station("live-mark")
    screen.press("s", "Escape")
    day.station("live-clear", day.beam(lambda: day.with_banner("CLEAR"), "CLEAR"), "CLEAR")
    day.station("live-watch", day.beam(lambda: day.with_banner("WATCH"), "WATCH"), "WATCH")
    day.station("live-stop", day.beam(lambda: day.with_banner("STOP"), "STOP"), "STOP")
    screen.press("p")
    day.station("live-paused", day.beam(lambda: day.with_banner("STOP"), "STOP"), "STOP")

    def acknowledged() -> Rgb | None:
        screen.press("a")  # each STOP for another reason, as it comes
        return day.with_banner("ACKNOWLEDGED")

    shown = day.beam(acknowledged, "STOP, acknowledged")
    day.station("live-acknowledged", shown, "ACKNOWLEDGED")
    if day.closer:
        day.open_each(ASKED)
        open_menu(day)
    screen.press("q", "q")  # a running session asks once
    program.window(HOME)


def look_back(day: Day, program: Program) -> Program:
    """The recorded case: in the list, replayed; its report is being made."""
    screen = day.screen
    before = day.steady()
    screen.press("c")
    day.station("cases", day.next_page(before))
    screen.press("Return")
    program.window("^LeakWatch – ")
    day.see("STOP", "ACKNOWLEDGED", "CLEAR", "PARTLY")
    day.at_end()
    # Acknowledged, unless another STOP came with the last image.
    seen = day.see("STOP", "ACKNOWLEDGED")
    day.station("case-replay", seen, "STOP" if shows(seen, "STOP") else "ACKNOWLEDGED")
    if day.closer:
        look_at_tools(day)
    screen.press("q")
    program.window(HOME)
    return day.start("report", "1", "--out", str(day.work / "report"))


def open_menu(day: Day) -> None:
    """Open the first menu of a window that fills the screen, by the mouse."""
    width, height = day.screen.size
    scale = min(width / WINDOW[0], height / WINDOW[1])
    before = day.steady()
    day.screen.click((MENU[0] * scale, TITLE_PX + MENU[1] * scale))
    day.closer_look("menu", day.next_page(before))
    day.screen.press("Escape")
    day.steady()


def look_at_tools(day: Day) -> None:
    """What a person opens beside an image that stands still."""
    day.open_each(BESIDE)
    day.screen.press("y")
    for share in RULER:
        day.screen.click((share[0] * day.screen.size[0], share[1] * day.screen.size[1]))
    day.closer_look("ruler", day.steady())
    day.screen.press("Escape")


def read_report(day: Day, reporter: Program) -> None:
    """The report of the case, on paper."""
    finished(reporter)
    for name in ("report.html", "report.pdf"):
        shutil.copy(day.work / "report" / name, day.out / name)
    drawn = day.work / "report.png"
    pages = REPOSITORY / "scripts" / "day" / "report_pages.py"
    subprocess.run(
        [sys.executable, str(pages), str(day.out / "report.pdf"), str(drawn)], check=True
    )
    day.page("report", np.asarray(Image.open(drawn).convert("RGB")))


def simulate_second(day: Day) -> Program:
    """Start to simulate the injection of the sample as the second plane of a C-arm sees it."""
    folder = REPOSITORY / "leakwatch" / "simulator" / "scenarios"
    seen = (folder / "epidural.toml").read_text().replace("[carm]", '[carm]\nview = "ap"')
    # As long as it is watched: the other plane is STOP before that.
    seen = seen.replace("duration_s = 7.2", "duration_s = 5.6")
    scenario = day.work / "second.toml"
    scenario.write_text(seen.replace('name = "epidural"', 'name = "second"'))
    return day.start("simulate", str(scenario), "--out", str(day.work))


def finished(program: Program) -> None:
    """Wait until a program ends by itself, and without a fault."""
    if program.wait_for_end():
        program.check_alive()  # raises, with what it said


def watch_two_planes(day: Day) -> None:
    """Both planes of a biplane C-arm, each with its case, until the worse of them is STOP."""
    screen = day.screen
    ports = (free_port(), free_port())
    files = (day.sequence, day.work / "second.dcm")
    cases = (SAMPLES / "epidural.case.json", day.work / "second.case.json")
    sources = [f"scp://127.0.0.1:{port}" for port in ports]
    both = day.start(
        "run", sources[0], "--case", str(cases[0]),
        "--second", sources[1], "--second-case", str(cases[1]),
    )  # fmt: skip
    both.window("scp")
    day.see("OFF")
    day.station("two-planes-waiting", day.steady())
    arms = [CArm(path, port) for path, port in zip(files, ports, strict=True)]
    seen = day.beam(lambda: day.with_banner("STOP"), "STOP of both planes", *arms)
    day.station("two-planes-stop", seen, "STOP")
    for arm in arms:
        arm.close()
    screen.press("q", "q")
    both.wait_for_end()
    if day.closer:
        replayed = day.start("replay", str(day.work / "library" / "cases" / "00002"))
        replayed.window("^LeakWatch")
        day.at_end()
        day.closer_look("two-planes-replay", day.see("STOP"), "STOP")
        screen.press("q")
        replayed.wait_for_end()


def choose_training(day: Day, program: Program) -> None:
    """The choice of a case to train with, from the start window; the program ends."""
    day.press_until("t", "training", program)
    before = day.station("training-choice", day.steady())
    if day.closer:
        day.screen.press("i")
        before = day.closer_look("training-class", day.next_page(before))
        day.screen.press("Escape")
        day.next_page(before)
    day.screen.press("q")
    program.window(HOME)
    day.screen.press("q")
    program.wait_for_end()


def train(day: Day) -> None:
    """A case without alarms: the task, STOP, the result."""
    screen = day.screen
    program = day.start("train", str(SAMPLES / "epidural.case.json"))
    program.window("training")

    def begun() -> bool:
        screen.press("Return")
        return colour_share(screen.picture(), palette.STOP.ground) > STOP_BUTTON_SHARE

    task = day.steady()
    day.station("training-task", task)
    until("the case of the training", begun)
    day.station("training-case")

    def scored() -> Rgb | None:
        screen.press("space")  # a STOP that is not due is told, and the injection continues
        picture = screen.picture()
        return picture if colour_share(picture, palette.STOP.bar) > TIMELINE_SHARE else None

    until("the result", scored)
    day.station("training-result", day.steady())
    screen.press("q")
    program.wait_for_end()


def spend(day: Day) -> None:
    """The whole day."""
    program = day.start()
    open_and_mark(day, program)
    simulated = simulate_second(day)
    watch_live(day, program)
    reporter = look_back(day, program)
    choose_training(day, program)
    finished(simulated)
    watch_two_planes(day)
    read_report(day, reporter)
    train(day)


def live_through(size: tuple[int, int], factor: float, out: Path, closer: bool = False) -> None:
    """Live through one day; write its pictures and `stations.json` into `out`."""
    (out / "small").mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="leakwatch-day-"))
    try:
        with XDisplay(size, work) as screen:
            day = Day(screen, factor, work, out)
            day.closer = closer
            try:
                spend(day)
            except NothingHappened:
                Image.fromarray(screen.picture()).save(out / "failed.png")
                raise
            finally:
                day.end()
                said = json.dumps({"size": size, "factor": factor, "stations": day.stations})
                (out / "stations.json").write_text(said + "\n")
    finally:
        shutil.rmtree(work)


def main(given: Sequence[str] | None = None) -> int:
    """Live through the day at one size, or at all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=REPOSITORY / "build" / "day")
    parser.add_argument("--size", default=SIZES[0])
    parser.add_argument("--factor", type=float, default=FACTORS[0])
    parser.add_argument("--closer", action="store_true", help="open every tool as well")
    parser.add_argument("--all", action="store_true", help="every size and factor")
    parser.add_argument("--references", type=Path, help="replace small pictures by the first day's")
    asked = parser.parse_args(given)
    if missing := missing_programs():
        sys.stderr.write(f"{', '.join(missing)} not found: scripts/system-packages display\n")
        return 1
    days = [(size, factor) for size in SIZES for factor in FACTORS]
    first = None
    for size, factor in days if asked.all else [(asked.size, asked.factor)]:
        width, height = (int(side) for side in size.split("x"))
        out = asked.out / f"{size}-{factor:g}" if asked.all else asked.out
        live_through((width, height), factor, out, asked.closer or asked.all)
        first = first or out
    if asked.references is not None and first is not None:
        for stale in asked.references.glob("*.webp"):
            stale.unlink()
        shutil.copytree(first / "small", asked.references, dirs_exist_ok=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
