"""A day with the program: what a person sees on the screen, waits for, and keeps as a picture."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from c_arm import CArm, free_port
from PIL import Image
from program import REPOSITORY, Program, on_screen
from x_display import PATIENCE_S, NothingHappened, Rgb, XDisplay, until

from leakwatch.display import palette

SAMPLES = REPOSITORY / "sample_dicom"
# Greys by which a flat colour of the screen is off at most.
SAME_GREYS = 3
# Share of the screen that the ground of a banner takes up at least: 0.09 in a window of three
# quarters of the screen, 0.04 for that of one of two planes, with its rim.
BANNER_SHARE = 0.07
# Share of the screen that changes where another page comes, at least.
OTHER_PAGE_SHARE = 0.002
# Share of the screen that has the ground of a window once it is painted, at least.
PAINTED_SHARE = 0.02
# Width of the small pictures, which are compared: letters and lines are told apart no more.
SMALL_WIDTH = 320
# How long a C-arm waits for its image on a busy machine, s: less than one may be late. Otherwise it
# sends at its own speed. The part of the screen that shows images, as shares of its sides.
DRAWN_S, IMAGE_COLUMNS, IMAGE_ROWS = 0.4, (0.15, 0.65), (0.4, 0.8)
BETWEEN_LOOKS_S, SETTLED_S = 0.02, 0.3
# Where a live window says that its image is late, as shares of the sides of the screen; share of it
# that is then the ground of that notice, at least.
NOTICE_ROWS, NOTICE_COLUMNS, NOTICE_SHARE = (0.79, 0.85), (0.03, 0.15), 0.1
# Below this share of the screen a replay has its controls, and nothing that flashes.
CONTROLS_ROW = 0.82
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
    wanted = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)])
    inside = cv2.inRange(picture, wanted - SAME_GREYS, wanted + SAME_GREYS)
    return float(cv2.countNonZero(inside)) / inside.size


def shows(picture: Rgb, ground: str) -> bool:
    """Return whether the banner of a state is in a picture."""
    return colour_share(picture, GROUNDS[ground]) > BANNER_SHARE


def is_live(picture: Rgb) -> bool:
    """Return whether a window that fills the screen has no notice of an image that is late."""
    part = part_of(picture, NOTICE_ROWS, NOTICE_COLUMNS)
    return colour_share(part, palette.SCREEN) < NOTICE_SHARE


def part_of(picture: Rgb, rows: tuple[float, float], columns: tuple[float, float]) -> Rgb:
    """Return a part of a picture, from shares of its sides."""
    high, wide = picture.shape[:2]
    top, bottom = (round(share * high) for share in rows)
    left, right = (round(share * wide) for share in columns)
    return picture[top:bottom, left:right]


class Day:
    """One day on one display.

    Parameters
    ----------
    screen : XDisplay
    factor : float
    work : Path
        For files of the day; deleted by the caller.
    out : Path
        Where pictures go, and smaller ones in its folder `small`.

    Attributes
    ----------
    closer : bool
        Whether every tool is opened as well, which takes longer.
    """

    def __init__(self, screen: XDisplay, factor: float, work: Path, out: Path) -> None:
        self.screen, self.factor, self.work, self.out = screen, factor, work, out
        self.closer = False
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

    def closer_look(self, name: str, picture: Rgb, ground: str = "") -> Rgb:
        """Keep a picture of the screen that is looked at, and compared with none."""
        return self.station(name, picture, ground, is_compared=False)

    def station(
        self, name: str, picture: Rgb | None = None, ground: str = "", is_compared: bool = True
    ) -> Rgb:
        """Keep a picture of the screen; `ground` names the banner that must be in it."""
        window = self.screen.active()
        size = self.screen.size_of(window) if window else None
        shown = self.screen.picture() if picture is None else picture
        if is_compared:
            self._keep_small(name, shown)
        return self._keep(name, shown, ground, size)

    def page(self, name: str, picture: Rgb) -> None:
        """Keep a picture of what is on paper, and not on the screen."""
        self._keep_small(name, picture)
        self._keep(name, picture, "", None)

    def _keep(self, name: str, kept: Rgb, ground: str, size: tuple[int, int] | None) -> Rgb:
        path = self.out / f"{len(self.stations) + 1:02}-{name}.png"
        Image.fromarray(kept).save(path, compress_level=1)
        self.stations.append({"name": name, "picture": path.name, "ground": ground, "window": size})
        sys.stdout.write(f"{path}\n")
        sys.stdout.flush()
        return kept

    def _keep_small(self, name: str, shown: Rgb) -> None:
        height = round(SMALL_WIDTH * shown.shape[0] / shown.shape[1])
        small = Image.fromarray(shown).resize((SMALL_WIDTH, height), Image.Resampling.BOX)
        small.save(self.out / "small" / f"{name}.webp", quality=80)

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
                painted = colour_share(now, palette.SCREEN) > PAINTED_SHARE
                return now if painted and changed > OTHER_PAGE_SHARE else None
            return None

        return until("another page", still)

    def steady(self) -> Rgb:
        """Wait until what is shown stands still."""
        return self.next_page(np.zeros_like(self.screen.picture()))

    def settled(self) -> Rgb:
        """Wait until what is shown stands still for a while: words may follow what they are of."""
        last = [self.steady()]

        def same() -> Rgb | None:
            time.sleep(SETTLED_S)
            now, before = self.steady(), last[0]
            last[0] = now
            return now if np.array_equal(now, before) else None

        return until("a page that stands still", same)

    def at_end(self) -> Rgb:
        """Go to the last frame of a replay, once all are analysed; return the picture."""

        def last() -> Rgb | None:
            self.screen.press("End")  # of what is analysed so far
            once = self.steady()
            self.screen.press("End")
            again = self.steady()
            # A STOP flashes above.
            below = round(CONTROLS_ROW * again.shape[0])
            return again if np.array_equal(once[below:], again[below:]) else None

        return until("the last frame", last)

    def beam(self, wanted: Callable[[], Rgb | None], what: str, *arms: CArm) -> Rgb:
        """Let C-arms send until something is seen, as long as there are images; return it.

        Parameters
        ----------
        wanted : callable
            Returns the picture of it, or None.
        what : str
        arms : CArm
            Without any, that of the day.
        """
        sending = arms or (self.arm,)
        past: Rgb | None = None
        while any(arm.sent < len(arm.frames) for arm in sending):
            before = self._image()
            for arm in sending:
                arm.send_until(arm.sent + 1)
            last_s, is_drawn = time.monotonic() + DRAWN_S, False
            while not is_drawn and time.monotonic() < last_s:
                time.sleep(BETWEEN_LOOKS_S)
                is_drawn = not np.array_equal(before, self._image())
                seen = wanted()
                if seen is not None and is_live(seen):
                    return seen
                if seen is None and past is not None:
                    return past  # on a busy machine it was seen in an image that was late
                past = seen
        return past if past is not None else until(f"{what}, by the last frame", wanted, ASKED_S)

    def _image(self) -> Rgb:
        """Return the part of the screen in which every live image has its own noise."""
        return part_of(self.screen.picture(), IMAGE_ROWS, IMAGE_COLUMNS)

    def click_frame(self, at_px: tuple[float, float]) -> None:
        """Click on a pixel of the sequence, wherever it is shown."""
        frame = self.arm.frames[3]
        self.screen.click(
            until(
                "the vertebra on the screen",
                lambda: on_screen(self.screen.picture(), frame, self.body_px, at_px),
            )
        )

    def mark(self) -> None:
        """Click on the vertebra until its posterior wall is found; again if a click is lost."""

        def marked() -> bool:
            self.click_frame(self.body_px)
            try:
                self.see_wall(ASKED_S)
            except NothingHappened:
                return False
            return True

        until("a marked vertebra", marked)

    def see_wall(self, patience_s: float = PATIENCE_S) -> Rgb:
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

        return until("the line of the posterior wall", lined, patience_s)

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

    def open_each(self, opened: Sequence[tuple[str, str, str]]) -> None:
        """Press a key, keep a picture of what it opens, and press the keys that close it."""
        for key, name, closing in opened:
            before = self.steady()
            self.screen.press(key)
            self.closer_look(name, self.next_page(before))
            if closing:
                self.screen.press(*closing.split())

    def with_banner(self, *grounds: str) -> Rgb | None:
        """Return a picture of the screen if the banner of a state is in it."""
        picture = self.screen.picture()
        return picture if any(shows(picture, one) for one in grounds) else None
