"""Banner: one level as colour, shape and word, with its reasons in plain words.

Colour is never the only sign: each level also has a word and a shape. The words of the levels are
signs like the shapes, and stay English in every language, as they do on the consoles of C-arms.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from leakwatch.alerting.coverage import is_acquiring_baseline
from leakwatch.alerting.margins import settings_in_force
from leakwatch.config import Settings
from leakwatch.core.active_rules import (
    Coverage,
    Rule,
    coverage_of,
    find_inactive_reason,
    partial_coverage_text,
)
from leakwatch.core.messages import Message, join_with, text, translate
from leakwatch.core.results import Alert, Level, Observation, Reason, WallDistance
from leakwatch.display.level_styles import (
    ACKNOWLEDGED_STYLE,
    LEVEL_STYLES,
    OFF_STYLE,
    OFF_WORD,
    PARTLY_STYLE,
    PARTLY_WORD,
    LevelStyle,
)
from leakwatch.display.quantities import wall_distance_text


@dataclass(frozen=True, slots=True)
class Banner:
    """Level with its reasons, readable from two metres.

    Parameters
    ----------
    level : Level
    word : str
        ``STOP``, ``WATCH``, ``CLEAR`` or ``UNKNOWN``; for UNKNOWN ``PARTLY`` while some rules
        still work, and ``OFF`` while there is no beam; ``STOP`` for an acknowledged one.
    style : LevelStyle
    reasons : tuple of str
        Plain words, the most urgent first.
    warnings : tuple of str
        What cannot be assessed in this frame although a level is shown, and what is latched.
    flashing : bool
        True for a STOP that is not acknowledged.
    partly : bool
        UNKNOWN only because some rules were not set up; the others work.
    acknowledged : bool
        A STOP was acknowledged and is not over, and the level is WATCH, or UNKNOWN for rules that
        were never set up: a state of its own, never plain WATCH.
    keys : tuple of str
        What resolves each reason, such as the key ``M``; shorter than `reasons` where nothing does.
    """

    level: Level
    word: str
    style: LevelStyle
    reasons: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    flashing: bool = False
    partly: bool = False
    acknowledged: bool = False
    keys: tuple[str, ...] = ()

    def translated(self) -> Banner:
        """Return the banner in the user's language."""
        return replace(
            self,
            reasons=tuple(translate(one) for one in self.reasons),
            warnings=tuple(translate(one) for one in self.warnings),
            keys=tuple(translate(one) for one in self.keys),
        )

    @property
    def reasons_with_keys(self) -> tuple[str, ...]:
        """Reasons, each with what resolves it: ``Posterior wall not marked: M``."""
        keys = (*self.keys, *("" for _ in self.reasons))
        return tuple(
            text("{reason}: {key}", reason=reason, key=key) if key else reason
            for reason, key in zip(self.reasons, keys, strict=False)
        )


REASON_WORDS: dict[Reason, str] = {
    Reason.POSTERIOR_MARGIN: text("Cement near the posterior wall"),
    Reason.TUBULAR_FILLING: text("Tubular filling: probable venous leak"),
    Reason.OUTSIDE_BODY: text("Cement outside the vertebral body"),
    Reason.PREDICTED_BREACH: text("Cement approaches the posterior wall"),
    Reason.NO_CALIBRATION: text("Not calibrated, no millimetres"),
    Reason.NO_WALL: text("Posterior wall not marked"),
    Reason.VIEW: text("View not known to be lateral"),
    Reason.MOTION: text("Too much motion"),
    Reason.STALE: text("No new frame"),
    Reason.EXPOSURE: text("Exposure changed, or vertebra covered"),
    Reason.DECODE: text("The next frame is damaged"),
    Reason.STAGE_ERROR: text("Analysis of this frame failed"),
}
# What the operator can do about it: a key of the window, or a few words.
RESOLVED_BY: dict[Reason, str] = {
    Reason.NO_CALIBRATION: "C",
    Reason.NO_WALL: "M",
    Reason.VIEW: "M",
    Reason.MOTION: text("hold still, or B"),
    Reason.STALE: text("press the pedal"),
    Reason.EXPOSURE: text("uncover it, or B"),
    Reason.DECODE: text("check the source"),
    Reason.STAGE_ERROR: text("new baseline, B"),
}


def keys_of(reasons: tuple[Reason, ...]) -> tuple[str, ...]:
    """Return what resolves each of `reasons`; empty for the reasons of STOP and WATCH."""
    return tuple(RESOLVED_BY.get(reason, "") for reason in reasons)


def stale_banner(age_s: float) -> Banner:
    """Return the banner for an image that is too old to show its level.

    Parameters
    ----------
    age_s : float
        Seconds since the last frame.
    """
    return unknown_banner(text("No new frame for {age_s:.1f} s", age_s=age_s))


def unknown_banner(reason: str, key: str = "") -> Banner:
    """Return the banner for what could not be assessed.

    Parameters
    ----------
    reason : str
        In plain words.
    key : str
        What resolves it; empty if `reason` says so, or nothing does.
    """
    style = LEVEL_STYLES[Level.UNKNOWN]
    keys = (key,) if key else ()
    return Banner(Level.UNKNOWN, Level.UNKNOWN.value, style, (reason,), keys=keys)


def off_banner(reason: str) -> Banner:
    """Return the calm banner for a time without a beam, which the operator knows of."""
    return Banner(Level.UNKNOWN, OFF_WORD, OFF_STYLE, (reason,))


def keep_latched_stop(unknown: Banner, banner: Banner) -> Banner:
    """Return `unknown`, or a latched STOP of `banner` with the reasons of `unknown` as warnings."""
    if banner.level is not Level.STOP:
        return unknown
    if set(unknown.reasons) <= set(banner.warnings):
        return banner
    return replace(banner, warnings=(*unknown.reasons, *banner.warnings))


def level_banner(
    alert: Alert, observation: Observation, settings: Settings, acknowledged_at: str = ""
) -> Banner:
    """Return the banner for a decision.

    Parameters
    ----------
    alert : Alert
    observation : Observation
        Provides the numbers in the reasons.
    settings : Settings
    acknowledged_at : str
        Time at which the STOP was acknowledged, as it is shown; empty if unknown.
    """
    banner = _current_banner(alert, observation, settings, acknowledged_at)
    return banner if banner.level is Level.STOP else keep_rim(banner, bool(alert.acknowledged))


def keep_rim(banner: Banner, acknowledged: bool) -> Banner:
    """Return the banner with the rim of a STOP that was acknowledged, and is not over."""
    if not acknowledged:
        return banner
    return replace(banner, style=replace(banner.style, rim=ACKNOWLEDGED_STYLE.rim))


def _current_banner(
    alert: Alert, observation: Observation, settings: Settings, acknowledged_at: str
) -> Banner:
    if alert.level is Level.UNKNOWN and coverage_of(observation) is Coverage.PARTLY:
        partly = _partly_banner(observation, settings_in_force(settings, alert))
        if alert.acknowledged:
            return _acknowledged_in_part(partly, alert, observation, settings, acknowledged_at)
        return partly
    if alert.level is Level.WATCH and alert.acknowledged:
        return _acknowledged_banner(alert, observation, settings, acknowledged_at)
    reasons = alert.reasons
    if alert.level is Level.STOP:
        # What cannot be assessed now is no reason to stop; it is shown among the warnings.
        reasons = tuple(reason for reason in reasons if reason not in observation.unavailable)
    return Banner(
        level=alert.level,
        word=alert.level.value,
        style=LEVEL_STYLES[alert.level],
        reasons=tuple(reason_text(reason, alert, observation, settings) for reason in reasons),
        warnings=_banner_warnings(alert, observation, settings, reasons),
        flashing=alert.level is Level.STOP and alert.latched,
        keys=_resolving_keys(reasons, observation, settings),
    )


def _resolving_keys(
    reasons: tuple[Reason, ...], observation: Observation, settings: Settings
) -> tuple[str, ...]:
    # The baseline needs nothing but frames.
    learns = is_acquiring_baseline(observation.quality, settings)
    keys = [
        "" if learns and reason is Reason.EXPOSURE else key
        for reason, key in zip(reasons, keys_of(reasons), strict=True)
    ]
    return tuple(keys) if any(keys) else ()


def _partly_banner(observation: Observation, settings: Settings) -> Banner:
    coverage = partial_coverage_text(observation, settings.alerting.margin_mm)
    missing = find_inactive_reason(Rule.MARGIN, observation.unavailable)
    # With an outline, this view was marked: it has no posterior wall that M could add.
    settled = missing is Reason.VIEW and observation.outline_px is not None
    keys = () if missing is None or settled else keys_of((missing,))
    return Banner(Level.UNKNOWN, PARTLY_WORD, PARTLY_STYLE, (coverage,), partly=True, keys=keys)


def _acknowledged_banner(
    alert: Alert, observation: Observation, settings: Settings, at: str
) -> Banner:
    """Return the banner that reads "STOP acknowledged 02:55, now 2.6 mm"."""
    distance = observation.wall_distance
    shown = None if distance is None else distance_text(distance)
    others = list(alert.reasons)
    if shown is None:
        first = _acknowledged_reason(at, reason_text(others.pop(0), alert, observation, settings))
    else:
        first = _acknowledged_text(at, text("now {distance}", distance=shown))
        others = [one for one in others if one is not Reason.POSTERIOR_MARGIN]
    more = (reason_text(reason, alert, observation, settings) for reason in others)
    return Banner(
        level=Level.WATCH,
        word=Level.STOP.value,
        style=ACKNOWLEDGED_STYLE,
        reasons=(first, *more),
        warnings=_banner_warnings(alert, observation, settings, alert.reasons),
        acknowledged=True,
    )


def _acknowledged_in_part(
    partly: Banner, alert: Alert, observation: Observation, settings: Settings, at: str
) -> Banner:
    """Return the banner of an acknowledged STOP where single rules are not set up.

    The level is UNKNOWN then, for what was never set up; the STOP is not over all the same.
    """
    first, *more = (
        reason_text(reason, alert, observation, settings) for reason in alert.acknowledged
    )
    reasons = (_acknowledged_reason(at, first), *more)
    return replace(
        partly,
        word=Level.STOP.value,
        style=ACKNOWLEDGED_STYLE,
        reasons=(*reasons, *partly.reasons),
        keys=(*("" for _ in reasons), *partly.keys) if partly.keys else (),
        acknowledged=True,
    )


def _acknowledged_text(at: str, now: str) -> str:
    if not at:
        return text("acknowledged, {now}", now=now)
    return text("acknowledged {at}, {now}", at=at, now=now)


def _acknowledged_reason(at: str, reason: str) -> str:
    if not at:
        return text("acknowledged: {reason}", reason=reason)
    return text("acknowledged {at}: {reason}", at=at, reason=reason)


def reason_text(reason: Reason, alert: Alert, observation: Observation, settings: Settings) -> str:
    """Return the text for a reason, with its number if the frame has one."""
    words, settings = REASON_WORDS[reason], settings_in_force(settings, alert)
    distance = observation.wall_distance
    if reason is Reason.POSTERIOR_MARGIN and distance is not None:
        return _margin_text(distance, settings) or words
    if reason is Reason.PREDICTED_BREACH and alert.time_to_margin_s is not None:
        return text(
            "Cement front reaches {margin_mm:g} mm from the wall in {seconds}",
            margin_mm=settings.alerting.margin_mm,
            seconds=seconds_text(alert.time_to_margin_s),
        )
    if reason is Reason.TUBULAR_FILLING:
        length_mm = longest_tube_mm(observation)
        if length_mm is not None:
            return text(
                "Probable venous leak, {length_mm:.0f} mm long",
                length_mm=length_mm,
            )
    if reason is Reason.EXPOSURE and is_acquiring_baseline(observation.quality, settings):
        frames = observation.quality.baseline_frames
        return text("Acquiring the baseline: frame {number}", number=frames)
    return words


def seconds_text(seconds: float) -> Message:
    """Return a predicted time as it is shown: never more exact than it is."""
    return (
        text("less than 1 s") if seconds < 1.0 else text("about {seconds:.0f} s", seconds=seconds)
    )


def longest_tube_mm(observation: Observation) -> float | None:
    """Return the length of the longest confirmed tubular filling; None if unknown."""
    lengths = [tube.length_mm for tube in observation.tubes if tube.confirmed]
    return max((one for one in lengths if one is not None), default=None)


def _margin_text(distance: WallDistance, settings: Settings) -> Message | None:
    shown = distance_text(distance)
    if shown is None or distance.distance_mm is None:
        return _side_text(distance, settings)
    if distance.distance_mm < 0.0:
        return text("Cement {distance}", distance=shown)
    margin_mm, sigma_mm = settings.alerting.margin_mm, distance.sigma_mm or 0.0
    if distance.distance_mm <= margin_mm:
        return text(
            "Cement {distance} from the wall (margin {margin_mm:g} mm)",
            distance=shown,
            margin_mm=margin_mm,
        )
    if distance.distance_mm - settings.alerting.sigmas * sigma_mm <= margin_mm:
        return text(
            "Cement {distance} from the wall: may be within {margin_mm:g} mm",
            distance=shown,
            margin_mm=margin_mm,
        )
    # A latched STOP can outlive the breach: only the distance is shown then.
    return text("Cement {distance} from the wall", distance=shown)


def _side_text(distance: WallDistance, settings: Settings) -> Message | None:
    """Return on which side of the wall cement is, if distances are not calibrated."""
    if distance.sigma_px is None:
        return None
    if distance.distance_px < 0.0:
        return text(
            "Cement {distance_px:.0f} px behind the wall",
            distance_px=-distance.distance_px,
        )
    if distance.distance_px <= settings.alerting.sigmas * distance.sigma_px:
        return text("Cement at the wall")
    # A latched STOP can outlive the breach.
    distance_px = f"{distance.distance_px:.0f} px"
    return text("Cement {distance} from the wall", distance=distance_px)


def distance_text(distance: WallDistance) -> str | None:
    """Return a distance as it is shown, ``6.2 ± 0.4 mm``; None if not calibrated.

    Behind the wall, the number is how far behind.
    """
    number = number_text(distance)
    if number is None or not is_behind(distance):
        return number
    return text("{distance} behind the wall", distance=number)


def number_text(distance: WallDistance) -> str | None:
    """Return a distance without its side of the wall; None if not calibrated."""
    if distance.distance_mm is None:
        return None
    return wall_distance_text(abs(distance.distance_mm), distance.sigma_mm)


def is_behind(distance: WallDistance) -> bool:
    """Return whether cement is behind the posterior wall."""
    return (
        distance.distance_px < 0.0 if distance.distance_mm is None else distance.distance_mm < 0.0
    )


def _banner_warnings(
    alert: Alert, observation: Observation, settings: Settings, shown: tuple[Reason, ...]
) -> tuple[str, ...]:
    warnings: list[str] = [
        text("⚠ {warning}", warning=reason_text(reason, alert, observation, settings))
        for reason in observation.unavailable
        if reason not in shown
    ]
    if alert.level is Level.STOP and alert.current_level is not Level.STOP:
        current = alert.current_level.value
        warnings.insert(0, text("Latched; current frame: {level}", level=current))
    if alert.level is not Level.WATCH:
        warnings += acknowledged_warnings(alert, observation, settings)
    return tuple(warnings)


def acknowledged_warnings(
    alert: Alert, observation: Observation, settings: Settings
) -> tuple[str, ...]:
    """Return the warning of an acknowledged STOP, to show beside a more urgent level."""
    reasons = [reason_text(reason, alert, observation, settings) for reason in alert.acknowledged]
    if not reasons:
        return ()
    return (text("STOP acknowledged: {reasons}", reasons=join_with("; ", reasons)),)


def strip_numbers(alert: Alert, observation: Observation) -> tuple[Alert, Observation]:
    """Return a decision without the numbers of its frame, which is not live."""
    bare = replace(observation, wall_distance=None, tubes=())
    return replace(alert, time_to_margin_s=None), bare
