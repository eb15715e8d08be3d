"""What the strip of a live window says of the session, beside what is measured. Pure."""

from __future__ import annotations

from leakwatch.config import Settings
from leakwatch.display.banner import age_text
from leakwatch.display.facts import Fact
from leakwatch.display.picture import spacing_fact
from leakwatch.display.procedure_clocks import (
    CementClock,
    cement_facts,
    clock_text,
    product_retry_facts,
)
from leakwatch.live.latency_ledger import Percentiles
from leakwatch.live.status import LiveStatus, Shown, Sight


def session_facts(
    status: LiveStatus,
    now: Shown,
    now_s: float,
    settings: Settings,
    cement: CementClock | None = None,
    speaker: str = "",
) -> tuple[Fact, ...]:
    """Everything that is not of one frame, the most urgent first.

    Parameters
    ----------
    status : LiveStatus
    now : Shown
    now_s : float
        The session's clock.
    settings : Settings
    cement : CementClock or None
    speaker : str
        Why alarms may not be heard; empty where they can be.
    """
    return (
        *_sound(status, now_s, speaker),
        *product_retry_facts(status.stopped_s, now_s, settings.window),
        *cement_facts(cement, now_s, settings.window),
        _beam(status),
        *_age(now),
        _drops(status),
        *_latency(status),
        *_recordings(status),
        *_spacing(status),
        Fact("Source", status.link.text),
        *_forgotten(status, now_s),
        *(Fact(one.rule, f"off: {one.why}", warn=True) for one in status.rules_off if one.off),
        *(Fact("Doubt", doubt, warn=True) for doubt in status.doubts),
    )


def _forgotten(status: LiveStatus, now_s: float) -> list[Fact]:
    words = status.known.forgotten_words(now_s)
    return [Fact("Not watched", words, warn=True)] if words else []


def paused_for_s(status: LiveStatus, now_s: float) -> float:
    """Seconds for which the sound is still paused; 0.0 where it is on."""
    until_s = status.audio_paused_until_s
    return 0.0 if until_s is None else max(until_s - now_s, 0.0)


def _sound(status: LiveStatus, now_s: float, speaker: str) -> list[Fact]:
    left_s = paused_for_s(status, now_s)
    facts = []
    if left_s > 0.0:
        facts.append(Fact("Sound paused", clock_text(left_s + 0.999), warn=True, large=True))
    if speaker:
        facts.append(Fact("Sound", speaker, warn=True))
    return facts or [Fact("Sound", "on")]


def _beam(status: LiveStatus) -> Fact:
    used = status.exposure
    return Fact("Fluoroscopy", f"{clock_text(used.beam_s)}, {used.pulses} pulses")


def _age(now: Shown) -> list[Fact]:
    if now.age_s is None:
        return []
    late = now.sight is not Sight.PRESENT
    age = f"{now.age_s:.2f} s" if now.age_s < 10.0 else age_text(now.age_s)
    return [Fact("Picture age", age, warn=late)]


def _drops(status: LiveStatus) -> Fact:
    lost = status.link.frames_lost
    said = f"{status.dropped} / {lost} of {status.frames + status.dropped + lost}"
    return Fact("Dropped / lost", said, warn=bool(status.dropped or lost))


def _latency(status: LiveStatus) -> list[Fact]:
    rows = (("Decided", status.latency.decided), ("Drawn", status.latency.drawn))
    return [Fact(name, _milliseconds(ages)) for name, ages in rows if ages is not None]


def _milliseconds(ages: Percentiles) -> str:
    return f"in {ages.p50_ms:.0f} ms (p99 {ages.p99_ms:.0f})"


def _spacing(status: LiveStatus) -> list[Fact]:
    present = status.present
    return [] if present is None else [spacing_fact(present.snapshot.observation.calibration)]


def _recordings(status: LiveStatus) -> list[Fact]:
    off = "" if status.is_recorded else "off: nothing is kept (R)"
    bad = [one for one in status.recordings if one.failure or one.lost]
    behind = status.behind_words
    if not bad and not off:
        # Calm: nothing is lost yet, and nobody who injects has to do anything.
        return [Fact("Recording", f"on, {behind}" if behind else "on")]
    said = [off] if off else []
    said += [
        f"{one.name} stopped: {one.failure}" if one.failure else f"{one.name}: {one.lost} lost"
        for one in bad
    ]
    said += [behind] if behind else []
    return [Fact("Recording", "; ".join(said), warn=True)]
