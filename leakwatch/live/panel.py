"""Values of the session in the side strip of the live window. Pure."""

from __future__ import annotations

from leakwatch.config import Settings
from leakwatch.core.messages import counted, join_texts, text
from leakwatch.display.facts import Fact
from leakwatch.display.last_assessed import age_text
from leakwatch.display.picture import registration_facts, spacing_fact
from leakwatch.display.procedure_clocks import (
    CementClock,
    cement_facts,
    clock_text,
    product_retry_facts,
)
from leakwatch.live.latency_ledger import Percentiles
from leakwatch.live.status import DisplayedStatus, DisplayState, LiveStatus


def session_facts(
    status: LiveStatus,
    now: DisplayedStatus,
    now_s: float,
    settings: Settings,
    cement: CementClock | None = None,
    speaker: str = "",
) -> tuple[Fact, ...]:
    """Return the values that do not belong to one frame, the most urgent first.

    Parameters
    ----------
    status : LiveStatus
    now : DisplayedStatus
    now_s : float
        The session's clock.
    settings : Settings
    cement : CementClock or None
    speaker : str
        Why alarms may be inaudible; empty if they are audible.
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
        *_alarm_outputs(status),
        *_spacing(status),
        _margin(status, settings),
        Fact(text("Source"), status.link.text),
        *_forgotten(status, now_s),
        *(
            Fact(one.rule, text("inactive: {why}", why=one.why), warn=True)
            for one in status.inactive_rules
            if one.off
        ),
        *(Fact(text("Warning"), warning, warn=True) for warning in status.warnings),
    )


def _forgotten(status: LiveStatus, now_s: float) -> list[Fact]:
    words = status.history.discarded_text(now_s)
    return [Fact(text("Not monitored"), words, warn=True)] if words else []


def paused_for_s(status: LiveStatus, now_s: float) -> float:
    """Return the remaining pause of the sound, s; 0.0 if it is on."""
    until_s = status.audio_paused_until_s
    return 0.0 if until_s is None else max(until_s - now_s, 0.0)


def _sound(status: LiveStatus, now_s: float, speaker: str) -> list[Fact]:
    left_s = paused_for_s(status, now_s)
    facts = []
    if left_s > 0.0:
        facts.append(Fact(text("Sound paused"), clock_text(left_s + 0.999), warn=True, large=True))
    if speaker:
        facts.append(Fact(text("Sound"), speaker, warn=True))
    return facts or [Fact(text("Sound"), text("on"))]


def _beam(status: LiveStatus) -> Fact:
    used = status.exposure
    time = clock_text(used.beam_s)
    pulses = counted("{time}, {count} pulse", "{time}, {count} pulses", used.pulses, time=time)
    return Fact(text("Fluoroscopy"), pulses)


def _age(now: DisplayedStatus) -> list[Fact]:
    if now.age_s is None:
        return []
    late = now.state is not DisplayState.LIVE
    age = f"{now.age_s:.2f} s" if now.age_s < 10.0 else age_text(now.age_s)
    return [Fact(text("Image age"), age, warn=late)]


def _drops(status: LiveStatus) -> Fact:
    lost = status.link.frames_lost
    counts = text(
        "{dropped} / {lost} of {received}",
        dropped=status.dropped,
        lost=lost,
        received=status.frames + status.dropped + lost,
    )
    return Fact(text("Dropped / lost"), counts, warn=bool(status.dropped or lost))


def _latency(status: LiveStatus) -> list[Fact]:
    rows = ((text("Decided"), status.latency.decided), (text("Drawn"), status.latency.drawn))
    return [Fact(name, _milliseconds(ages)) for name, ages in rows if ages is not None]


def _milliseconds(ages: Percentiles) -> str:
    return text("in {p50_ms:.0f} ms (p99 {p99_ms:.0f})", p50_ms=ages.p50_ms, p99_ms=ages.p99_ms)


def _spacing(status: LiveStatus) -> list[Fact]:
    decision = status.decision
    if decision is None:
        return []
    observation = decision.snapshot.observation
    return [spacing_fact(observation.calibration), *registration_facts(observation.quality)]


def _margin(status: LiveStatus, settings: Settings) -> Fact:
    usual_mm = settings.alerting.margin_mm
    now_mm = usual_mm if status.margin_mm is None else status.margin_mm
    if now_mm == usual_mm:
        return Fact(text("Margin"), text("{margin_mm:g} mm (L changes it)", margin_mm=now_mm))
    changed = text(
        "{margin_mm:g} mm, set by the operator (settings: {usual_mm:g} mm)",
        margin_mm=now_mm,
        usual_mm=usual_mm,
    )
    return Fact(text("Margin"), changed, warn=True)  # to be seen without asking for details


def _recordings(status: LiveStatus) -> list[Fact]:
    off = "" if status.is_recorded else text("not recording (R starts)")
    bad = [one for one in status.recordings if one.failure or one.lost]
    behind = status.behind_words
    if not bad and not off:
        # No warning: nothing is lost yet, and the operator has nothing to do.
        on = text("on, {delay}", delay=behind) if behind else text("on")
        return [Fact(text("Recording"), on)]
    parts = [off] if off else []
    parts += [
        text("{output} stopped: {failure}", output=one.name, failure=one.failure)
        if one.failure
        else text("{output}: {lost} lost", output=one.name, lost=one.lost)
        for one in bad
    ]
    parts += [behind] if behind else []
    return [Fact(text("Recording"), join_texts(parts), warn=True)]


def _alarm_outputs(status: LiveStatus) -> list[Fact]:
    return [
        Fact(
            text("Alarm output {output}", output=one.name),
            one.failure or (text("on") if one.connected else text("not connected yet")),
            warn=bool(one.failure),
        )
        for one in status.alarm_outputs
    ]
