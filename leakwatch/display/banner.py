"""The banner: one level in colour, shape and word, with its reasons in plain words.

Colour is never the only carrier: each level has a word and a shape as well.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from leakwatch.alerting.coverage import is_learning
from leakwatch.config import Settings
from leakwatch.core.active_rules import Coverage, coverage_of, partial_coverage_text
from leakwatch.core.arrays import Point
from leakwatch.core.results import Alert, Cement, Level, Observation, Reason, WallDistance


class Shape(StrEnum):
    """The banner's shape, as on road signs, so that the level is read without colour."""

    OCTAGON = "octagon"
    TRIANGLE = "triangle"
    CIRCLE = "circle"
    DIAMOND = "diamond"
    SQUARE = "square"


TRIANGLE_HALF_WIDTH = 1.1  # radii


def shape_corners(shape: Shape, centre: Point, radius: float) -> list[Point]:
    """Corners of a banner's shape, about as high as a circle of `radius` around `centre`.

    The triangle's tip and base reach further, so that the middle of its symbol is at `centre`.
    """
    if shape is Shape.TRIANGLE:
        x, y = centre
        return [
            (x, y - 1.15 * radius),
            (x + TRIANGLE_HALF_WIDTH * radius, y + 0.7 * radius),
            (x - TRIANGLE_HALF_WIDTH * radius, y + 0.7 * radius),
        ]
    sides, first_turn = {
        Shape.OCTAGON: (8, 1 / 16),
        Shape.DIAMOND: (4, 0.0),
        Shape.SQUARE: (4, 1 / 8),
        Shape.CIRCLE: (72, 0.0),
    }[shape]
    turns = [2.0 * math.pi * (first_turn + side / sides) for side in range(sides)]
    return [(centre[0] + radius * math.cos(t), centre[1] + radius * math.sin(t)) for t in turns]


@dataclass(frozen=True, slots=True)
class LevelStyle:
    """How a level is drawn."""

    colour: str
    ink: str
    shape: Shape
    symbol: str


LEVEL_STYLES: dict[Level, LevelStyle] = {
    Level.CLEAR: LevelStyle("#1F6B4A", "#FFFFFF", Shape.CIRCLE, "✓"),
    Level.WATCH: LevelStyle("#FFC400", "#000000", Shape.TRIANGLE, "!"),
    Level.STOP: LevelStyle("#D6131E", "#FFFFFF", Shape.OCTAGON, "✕"),
    Level.UNKNOWN: LevelStyle("#C3CAD4", "#000000", Shape.DIAMOND, "?"),
}
# Of UNKNOWN where some rules work and the others were never set up: calm, and nothing to be blind.
PARTLY_WORD = "PARTLY"
PARTLY_STYLE = LevelStyle("#35506E", "#FFFFFF", Shape.SQUARE, "◐")


def style_of(level: Level, partly: bool) -> LevelStyle:
    """Return how a level is drawn, and UNKNOWN that is partly watched in its own way."""
    return PARTLY_STYLE if partly and level is Level.UNKNOWN else LEVEL_STYLES[level]


def word_of(level: Level, partly: bool) -> str:
    """Return the word of a level, and of UNKNOWN that is partly watched."""
    return PARTLY_WORD if partly and level is Level.UNKNOWN else level.value


# A STOP that a person acknowledged is not over: it keeps the octagon, and neither flashes nor has
# the red of one that nobody has seen.
ACKNOWLEDGED_STYLE = LevelStyle("#A84300", "#FFFFFF", Shape.OCTAGON, "!")


@dataclass(frozen=True, slots=True)
class Banner:
    """The one thing that must be read from two metres.

    Parameters
    ----------
    level : Level
    word : str
        ``STOP``, ``WATCH``, ``CLEAR`` or ``UNKNOWN``; ``PARTLY`` for UNKNOWN where some rules
        watch.
    style : LevelStyle
    reasons : tuple of str
        Plain words, the most urgent first.
    warnings : tuple of str
        What cannot be judged at this frame although a level is shown, and what is latched.
    flashing : bool
        True for a STOP that nobody acknowledged.
    below : str
        Stands below the word, in smaller letters.
    partly : bool
        UNKNOWN only since rules were not set up: the others watch.
    """

    level: Level
    word: str
    style: LevelStyle
    reasons: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    flashing: bool = False
    below: str = ""

    @property
    def title(self) -> str:
        """The word, with what stands below it."""
        return f"{self.word} {self.below}".rstrip()

    partly: bool = False


def stale_banner(age_s: float) -> Banner:
    """Banner for a picture that is older than it may be: never what it said when it was new.

    Parameters
    ----------
    age_s : float
        Seconds since the last frame.
    """
    return unknown_banner(f"{REASON_WORDS[Reason.STALE]} for {age_s:.1f} s")


def unknown_banner(reason: str) -> Banner:
    """Banner for what could not be judged at all; `reason` in plain words."""
    style = LEVEL_STYLES[Level.UNKNOWN]
    return Banner(Level.UNKNOWN, Level.UNKNOWN.value, style, (reason,))


def over_latched(unknown: Banner, banner: Banner) -> Banner:
    """UNKNOWN never takes a latched STOP away: there it is a warning beside it."""
    if banner.level is not Level.STOP:
        return unknown
    if set(unknown.reasons) <= set(banner.warnings):
        return banner
    return replace(banner, warnings=(*unknown.reasons, *banner.warnings))


def level_banner(alert: Alert, observation: Observation, settings: Settings) -> Banner:
    """Banner for a decision.

    Parameters
    ----------
    alert : Alert
    observation : Observation
        Gives the numbers inside the reasons.
    settings : Settings

    Returns
    -------
    Banner
    """
    if alert.level is Level.UNKNOWN and coverage_of(observation) is Coverage.PARTLY:
        return _partly_banner(observation, settings)
    reasons = alert.reasons
    if alert.level is Level.STOP:
        # What cannot be judged now is no reason to stop: it is said beside the reasons.
        reasons = tuple(reason for reason in reasons if reason not in observation.unavailable)
    seen = alert.level is Level.WATCH and bool(alert.acknowledged)
    return Banner(
        level=alert.level,
        word=Level.STOP.value if seen else alert.level.value,
        style=ACKNOWLEDGED_STYLE if seen else LEVEL_STYLES[alert.level],
        reasons=tuple(reason_words(reason, alert, observation, settings) for reason in reasons),
        warnings=_banner_warnings(alert, observation, settings, reasons),
        flashing=alert.level is Level.STOP and alert.latched,
        below=ACKNOWLEDGED if seen else "",
    )


ACKNOWLEDGED = "acknowledged"


def _partly_banner(observation: Observation, settings: Settings) -> Banner:
    """Say what is watched, and why no more is."""
    said = partial_coverage_text(observation, settings.alerting.margin_mm)
    return Banner(Level.UNKNOWN, PARTLY_WORD, PARTLY_STYLE, (said,), partly=True)


REASON_WORDS: dict[Reason, str] = {
    Reason.POSTERIOR_MARGIN: "Cement near the posterior wall",
    Reason.TUBULAR_FILLING: "Cement fills a tube: probably a vein",
    Reason.OUTSIDE_BODY: "Cement outside the vertebral body",
    Reason.PREDICTED_BREACH: "Cement front moves towards the posterior wall",
    Reason.NO_CALIBRATION: "No millimetres: spacing at the vertebra unknown",
    Reason.NO_WALL: "Posterior wall not marked",
    Reason.VIEW: "Posterior wall not judged: not known to be a lateral view",
    Reason.MOTION: "Anatomy moved too much to compare",
    Reason.STALE: "No new frame",
    Reason.EXPOSURE: "Exposure changed, or what is watched is covered",
    Reason.DECODE: "The next frame could not be read",
    Reason.STAGE_ERROR: "Analysis of this frame failed",
}


def reason_words(reason: Reason, alert: Alert, observation: Observation, settings: Settings) -> str:
    """Say a reason in plain words, with its number where the frame gives one."""
    words = REASON_WORDS[reason]
    distance = observation.wall_distance
    if reason is Reason.POSTERIOR_MARGIN and distance is not None:
        return _margin_words(distance, settings) or words
    if reason is Reason.PREDICTED_BREACH and alert.time_to_margin_s is not None:
        return (
            f"Cement front reaches {settings.alerting.margin_mm:g} mm from the wall "
            f"in {seconds_text(alert.time_to_margin_s)}"
        )
    if reason is Reason.TUBULAR_FILLING:
        confirmed = [tube.length_mm for tube in observation.tubes if tube.confirmed]
        lengths = [length_mm for length_mm in confirmed if length_mm is not None]
        return f"{words}, {max(lengths):.0f} mm long" if lengths else words
    if reason is Reason.EXPOSURE and is_learning(observation.quality, settings):
        return f"Learning the image before cement: frame {observation.quality.baseline_frames}"
    return words


def seconds_text(seconds: float) -> str:
    """A prediction as it is shown: never more exact than it is."""
    return "less than 1 s" if seconds < 1.0 else f"about {seconds:.0f} s"


def _margin_words(distance: WallDistance, settings: Settings) -> str | None:
    text = distance_text(distance)
    if text is None or distance.distance_mm is None:
        return _sign_words(distance, settings)
    if distance.distance_mm < 0.0:
        return f"Cement {text}"
    margin_mm, sigma_mm = settings.alerting.margin_mm, distance.sigma_mm or 0.0
    # The latch outlives the breach: then only the number can be said.
    limit = ""
    if distance.distance_mm <= margin_mm:
        limit = f" (margin {margin_mm:g} mm)"
    elif distance.distance_mm - settings.alerting.sigmas * sigma_mm <= margin_mm:
        limit = f": may be within {margin_mm:g} mm"
    return f"Cement {text} from the posterior wall{limit}"


def _sign_words(distance: WallDistance, settings: Settings) -> str | None:
    """Say on which side of the wall cement is, where there are no millimetres."""
    if distance.sigma_px is None:
        return None
    if distance.distance_px < 0.0:
        return f"Cement {-distance.distance_px:.0f} px behind the posterior wall"
    if distance.distance_px <= settings.alerting.sigmas * distance.sigma_px:
        return "Cement at the posterior wall"
    # The latch outlives the breach.
    return f"Cement {distance.distance_px:.0f} px from the posterior wall"


def distance_text(distance: WallDistance) -> str | None:
    """Distance as it is shown, ``6.2 ± 0.4 mm``; None where there are no millimetres.

    Behind the wall the number is how far behind, and says so.
    """
    if distance.distance_mm is None:
        return None
    sigma = "" if distance.sigma_mm is None else f" ± {distance.sigma_mm:.1f}"
    text = f"{abs(distance.distance_mm):.1f}{sigma} mm"
    return f"{text} behind the wall" if distance.distance_mm < 0.0 else text


def _banner_warnings(
    alert: Alert, observation: Observation, settings: Settings, said: tuple[Reason, ...]
) -> tuple[str, ...]:
    warnings = [
        f"⚠ {reason_words(reason, alert, observation, settings)}"
        for reason in observation.unavailable
        if reason not in said
    ]
    if alert.level is Level.STOP and alert.current_level is not Level.STOP:
        warnings.insert(0, f"Latched; this frame alone: {alert.current_level.value}")
    if alert.level is not Level.WATCH:
        warnings += acknowledged_words(alert, observation, settings)
    return tuple(warnings)


def acknowledged_words(
    alert: Alert, observation: Observation, settings: Settings
) -> tuple[str, ...]:
    """A STOP that was acknowledged, for where something more urgent is the level."""
    said = [reason_words(reason, alert, observation, settings) for reason in alert.acknowledged]
    return (f"STOP {ACKNOWLEDGED}: {'; '.join(said)}",) if said else ()


def last_words(seen: Observation, age_s: float) -> str:
    """What was judged last, with its age: a number of the past is never said without it.

    Parameters
    ----------
    seen : Observation
        Of the last frame that was judged.
    age_s : float
    """
    distance, cement = seen.wall_distance, seen.cement
    said = None if distance is None else distance_text(distance)
    if said is not None:
        words = said if said.endswith("wall") else f"{said} from the posterior wall"
    elif cement is None or cement.area_px == 0.0:
        words = "no cement seen"
    else:
        words = f"{_area_text(cement)} of cement, no distance to the wall"
    veins = [tube.length_mm for tube in seen.tubes if tube.confirmed]
    lengths = [length_mm for length_mm in veins if length_mm is not None]
    if veins:
        words += f"; a tube{f' of {max(lengths):.0f} mm' if lengths else ''} fills"
    return f"{age_text(age_s)} old: {words}"


def known_words(seen: Observation) -> str:
    """Cement and its distance, for a sentence that says how old they are."""
    cement, distance = seen.cement, seen.wall_distance
    said = None if distance is None else distance_text(distance)
    if said is not None and not said.endswith("wall"):
        said += " from the wall"
    area = "cement" if cement is None else f"{_area_text(cement)} of cement"
    return area if said is None else f"{area}, {said}"


def _area_text(cement: Cement) -> str:
    return f"{cement.area_px:.0f} px" if cement.area_mm2 is None else f"{cement.area_mm2:.0f} mm²"


def age_text(age_s: float) -> str:
    """An age in whole seconds, from a minute on in minutes; never younger than it is."""
    seconds = math.ceil(age_s)
    return f"{seconds} s" if seconds < 60 else f"{seconds // 60}:{seconds % 60:02d} min"


def without_numbers(alert: Alert, observation: Observation) -> tuple[Alert, Observation]:
    """The same decision without the numbers of its frame, which are of the past."""
    bare = replace(observation, wall_distance=None, tubes=())
    return replace(alert, time_to_margin_s=None), bare
