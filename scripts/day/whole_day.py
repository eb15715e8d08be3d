"""Drive the real program through a whole day on a real X display, and keep a picture per station.

Home, open, mark, calibrate, replay; live images by C-STORE with pauses, WATCH, STOP, acknowledged;
the recorded case, its report, two planes. Mouse and keys go through the X server, as from
a person; every step waits for what it must see. The anatomy is simulated, nobody's.

`python scripts/day/whole_day.py --out DIR --size 1280x800 --factor 1` writes DIR/NN-STATION.png and
DIR/stations.json; `--all` does so for every size and factor of `SIZES` and `FACTORS`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from c_arm import CArm, free_port
from PIL import Image
from program import REPOSITORY, Program, on_screen
from x_display import NothingHappened, Rgb, XDisplay, missing_programs, until

from leakwatch.display import palette

SIZES = ("1280x800", "1366x768", "1920x1080", "3840x2160")
FACTORS = (1.0, 2.0)
SAMPLES = REPOSITORY / "sample_dicom"
HOME = "^LeakWatch$"
# Frames of the sample before the cement; the marks are made in a pause of the beam.
BEFORE_CEMENT = 10
# Edges of the cannula near its tip, column and row in the sample.
CANNULA_PX = ((168.0, 173.0), (167.0, 186.0))
# Greys by which a flat colour of the screen is off at most, and the share of the screen that a
# banner takes up at least.
SAME_GREYS, BANNER_SHARE = 3, 0.02
# Share of the screen that changes where another page comes, at least.
OTHER_PAGE_SHARE = 0.002
# How often a key is pressed again where a first press may only ask for a second, s.
ASKED_S = 5.0

GROUNDS = {
    "STOP": palette.STOP.ground,
    "WATCH": palette.WATCH.ground,
    "CLEAR": palette.CLEAR.ground,
    "PARTLY": palette.PARTLY.ground,
    "UNKNOWN": palette.BLIND.ground,
    "OFF": palette.OFF.ground,
    "ACKNOWLEDGED": palette.ACKNOWLEDGED.ground,
}


def colour_share(picture: Rgb, colour: str) -> float:
    """Return the share of a picture that has one flat colour, #RRGGBB."""
    wanted = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)], dtype=np.uint8)
    low, high = cv2.subtract(wanted, SAME_GREYS), cv2.add(wanted, SAME_GREYS)
    inside = cv2.inRange(picture, low.ravel()[:3], high.ravel()[:3])
    return float(cv2.countNonZero(inside)) / inside.size


def shows(picture: Rgb, ground: str) -> bool:
    """Return whether the banner of a state is in a picture."""
    return colour_share(picture, GROUNDS[ground]) > BANNER_SHARE


class Day:
    """One day on one display.

    Parameters
    ----------
    screen : XDisplay
    factor : float
    work : Path
        For files of the day; deleted by the caller.
    out : Path
        Where pictures go.
    """

    def __init__(self, screen: XDisplay, factor: float, work: Path, out: Path) -> None:
        self.screen, self.factor, self.work, self.out = screen, factor, work, out
        self.stations: list[dict[str, object]] = []
        self._programs: list[Program] = []
        self.sequence = work / "spine.dcm"
        shutil.copy(SAMPLES / "epidural.dcm", self.sequence)
        case = json.loads((SAMPLES / "epidural.case.json").read_text())
        column, row = np.mean(case["body_outline_px"], axis=0)
        self.body_px = (float(column), float(row))
        self.port = free_port()
        self.arm = CArm(self.sequence, self.port)

    def start(self, *command: str) -> Program:
        """Start the program."""
        started = Program(self.screen, self.work, self.factor, *command)
        self._programs.append(started)
        return started

    def end(self) -> None:
        """End what still runs."""
        self.arm.close()
        for one in self._programs:
            one.end()

    def station(self, name: str, picture: Rgb | None = None, ground: str = "") -> Rgb:
        """Keep a picture of the screen; `ground` names the banner that must be in it."""
        kept = self.screen.picture() if picture is None else picture
        path = self.out / f"{len(self.stations) + 1:02}-{name}.png"
        Image.fromarray(kept).save(path, compress_level=1)
        window = self.screen.active()
        place = self.screen.place(window) if window else None
        self.stations.append(
            {"name": name, "picture": path.name, "ground": ground, "window": place}
        )
        sys.stdout.write(f"{path}\n")
        sys.stdout.flush()
        return kept

    def see(self, *grounds: str) -> Rgb:
        """Wait for the banner of a state, or of another; return the picture with it."""
        return until(f"a banner of {grounds}", lambda: self.with_banner(*grounds))

    def next_page(self, before: Rgb) -> Rgb:
        """Wait until another page than in `before` is shown and stands still."""
        last = [before]

        def still() -> Rgb | None:
            now, previous = self.screen.picture(), last[0]
            last[0] = now
            if now.shape == previous.shape and np.array_equal(now, previous):
                changed = float(np.any(now != before, axis=2).mean())
                return now if changed > OTHER_PAGE_SHARE else None
            return None

        return until("another page", still)

    def beam(self, wanted: Callable[[], Rgb | None], what: str) -> Rgb:
        """Let the C-arm send until something is seen; return the picture."""
        seen = None
        while seen is None:
            if self.arm.sent == len(self.arm.frames):
                raise NothingHappened(f"not by the last frame: {what}")
            self.arm.send_until(self.arm.sent + 1)
            seen = wanted()
        return seen

    def click_frame(self, at_px: tuple[float, float]) -> None:
        """Click on a pixel of the sequence, wherever it is shown."""
        frame = self.arm.frames[3]
        self.screen.click(
            until(
                "the vertebra on the screen",
                lambda: on_screen(self.screen.picture(), frame, self.body_px, at_px),
            )
        )

    def see_wall(self) -> Rgb:
        """Wait for the line of the posterior wall; return the picture with it."""

        def lined() -> Rgb | None:
            picture = self.screen.picture()
            # A line of a wall: as long as a tenth of the screen is high, and one pixel wide.
            least = 0.1 * picture.shape[0]
            return (
                picture
                if colour_share(picture, palette.WALL) * picture[..., 0].size > least
                else None
            )

        return until("the line of the posterior wall", lined)

    def press_until(self, key: str, title: str, program: Program) -> None:
        """Press a key, and again where it asks for that, until a window is there."""

        def pressed() -> bool:
            self.screen.press(key)
            try:
                until(title, lambda: self.screen.windows(title), ASKED_S)
            except NothingHappened:
                program.check_alive()
                return False
            return True

        until(f"a window {title!r} after {key}", pressed)
        program.window(title)

    def with_banner(self, *grounds: str) -> Rgb | None:
        """Return a picture of the screen if the banner of a state is in it."""
        picture = self.screen.picture()
        return picture if any(shows(picture, one) for one in grounds) else None


def open_and_mark(day: Day, program: Program) -> None:
    """From the start window by a file to marks, a calibration, and the replay with them."""
    screen = day.screen
    program.window(HOME)
    day.station("home", day.next_page(np.zeros_like(screen.picture())))
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
    day.click_frame(day.body_px)
    day.see_wall()
    day.station("mark")
    before = screen.picture()
    screen.press("c")
    day.next_page(before)
    for at_px in CANNULA_PX:
        before = screen.picture()
        day.click_frame(at_px)
        measured = day.next_page(before)
    day.station("calibrate", measured)
    screen.press("Return")
    screen.press("r")
    program.window("^LeakWatch – spine")
    day.see_wall()

    def stopped() -> Rgb | None:
        screen.press("End")  # of what is analysed so far
        return day.with_banner("STOP")

    day.station("replay", until("the STOP of the replay", stopped), "STOP")
    day.press_until("q", HOME, program)


def watch_live(day: Day, program: Program) -> None:
    """Live images with pauses of the beam, to STOP and its acknowledgement."""
    screen = day.screen
    before = day.next_page(np.zeros_like(screen.picture()))
    screen.press("comma")
    day.next_page(before)
    screen.type(f"scp://127.0.0.1:{day.port}")
    day.station("settings")
    screen.press("ctrl+s")
    until("the settings of the room", (day.work / "room.toml").exists)
    day.press_until("l", "scp", program)
    day.station("live-waiting", day.see("OFF"))
    day.arm.send_until(BEFORE_CEMENT)
    day.station("live-hold", day.see("OFF", "UNKNOWN"))
    screen.press("m")
    day.click_frame(day.body_px)
    day.see_wall()
    day.station("live-mark")
    screen.press("s", "Escape")
    day.station("live-clear", day.beam(lambda: day.with_banner("CLEAR"), "CLEAR"), "CLEAR")
    day.station("live-watch", day.beam(lambda: day.with_banner("WATCH"), "WATCH"), "WATCH")
    day.station("live-stop", day.beam(lambda: day.with_banner("STOP"), "STOP"), "STOP")
    screen.press("p")
    day.station("live-paused", day.see("STOP"), "STOP")
    screen.press("a")
    day.station("live-acknowledged", day.see("ACKNOWLEDGED"), "ACKNOWLEDGED")
    day.arm.send_until(len(day.arm.frames))
    day.press_until("q", HOME, program)


def look_back(day: Day, program: Program) -> None:
    """The recorded case: in the list, replayed, and as a report."""
    screen = day.screen
    before = day.next_page(np.zeros_like(screen.picture()))
    screen.press("c")
    day.station("cases", day.next_page(before))
    screen.press("Return")
    program.window("^LeakWatch – ")

    def stopped() -> Rgb | None:
        screen.press("End")
        return day.with_banner("STOP", "ACKNOWLEDGED")

    day.station("case-replay", until("the STOP of the case", stopped))
    day.press_until("q", HOME, program)
    folder = day.work / "report"
    reporter = day.start("report", "1", "--out", str(folder))
    if reporter.wait_for_end():
        reporter.check_alive()  # raises, with what it said
    for name in ("report.html", "report.pdf"):
        shutil.copy(folder / name, day.out / name)


def watch_two_planes(day: Day, program: Program) -> None:
    """Both planes of a biplane C-arm, each with its case, until the worse of them is STOP."""
    screen = day.screen
    screen.press("q")
    program.wait_for_end()
    ports = (free_port(), free_port())
    cases = [SAMPLES / f"{name}.case.json" for name in ("epidural", "contained")]
    sources = [f"scp://127.0.0.1:{port}" for port in ports]
    both = day.start(
        "run", sources[0], "--case", str(cases[0]),
        "--second", sources[1], "--second-case", str(cases[1]),
    )  # fmt: skip
    both.window("scp")
    day.see("OFF")
    files = (day.sequence, SAMPLES / "contained.dcm")
    arms = [CArm(path, port) for path, port in zip(files, ports, strict=True)]
    seen = None
    while seen is None:
        for arm in arms:
            if arm.sent == len(arm.frames):
                raise NothingHappened("no STOP of both planes")
            arm.send_until(arm.sent + 1)
        seen = day.with_banner("STOP")
    day.station("two-planes-stop", seen, "STOP")
    for arm in arms:
        arm.close()

    def ended() -> bool:
        screen.press("q")
        try:
            return until("the end", lambda: both.process.poll() is not None, ASKED_S)
        except NothingHappened:
            return False

    until("the end of the two planes", ended)


def spend(day: Day) -> None:
    """The whole day."""
    program = day.start()
    open_and_mark(day, program)
    watch_live(day, program)
    look_back(day, program)
    watch_two_planes(day, program)


def live_through(size: tuple[int, int], factor: float, out: Path) -> None:
    """Live through one day; write its pictures and `stations.json` into `out`."""
    out.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="leakwatch-day-"))
    try:
        with XDisplay(size, work) as screen:
            day = Day(screen, factor, work, out)
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
    parser.add_argument("--all", action="store_true", help="every size and factor")
    asked = parser.parse_args(given)
    if missing := missing_programs():
        sys.stderr.write(f"{', '.join(missing)} not found: scripts/system-packages display\n")
        return 1
    days = [(size, factor) for size in SIZES for factor in FACTORS]
    for size, factor in days if asked.all else [(asked.size, asked.factor)]:
        width, height = (int(side) for side in size.split("x"))
        out = asked.out / f"{size}-{factor:g}" if asked.all else asked.out
        live_through((width, height), factor, out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
