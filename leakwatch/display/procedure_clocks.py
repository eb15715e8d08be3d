"""Clocks of the procedure: age of the cement, and the wait after a STOP. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from leakwatch.config import WindowSettings
from leakwatch.core.messages import text
from leakwatch.core.results import Reason
from leakwatch.display.facts import Fact


@dataclass(frozen=True, slots=True)
class CementClock:
    """Time at which cement was mixed.

    Parameters
    ----------
    mixed_s : float
        On the clock of the session.
    mixed_at : str
        Time of day.
    """

    mixed_s: float
    mixed_at: str

    def set_earlier(self, seconds: float, mixed_at: str) -> CementClock:
        """Return the clock of cement that was mixed `seconds` before."""
        return CementClock(self.mixed_s - seconds, mixed_at)


@dataclass(frozen=True, slots=True)
class AcknowledgementClock:
    """Time of the last acknowledgement, as long as an acknowledged STOP stands.

    Parameters
    ----------
    reasons : frozenset of Reason
        Of the acknowledged STOP.
    at : str
        Time of day; empty if there is none.
    """

    reasons: frozenset[Reason] = frozenset()
    at: str = ""

    def update(
        self, acknowledged: tuple[Reason, ...], now: Callable[[], str]
    ) -> AcknowledgementClock:
        """Return the clock after a decision; `now` returns the time of day."""
        reasons = frozenset(acknowledged)
        if reasons == self.reasons:
            return self
        if not reasons:
            return AcknowledgementClock()
        return AcknowledgementClock(reasons, now() if reasons - self.reasons else self.at)


def clock_text(seconds: float) -> str:
    """Return minutes and seconds, ``4:05``."""
    whole = int(max(seconds, 0.0))
    return f"{whole // 60}:{whole % 60:02d}"


def cement_facts(
    clock: CementClock | None, now_s: float, settings: WindowSettings
) -> tuple[Fact, ...]:
    """Return the age of the cement, and whether it may be injected.

    Parameters
    ----------
    clock : CementClock or None
        None: not mixed yet.
    now_s : float
    settings : WindowSettings
        Provides the working window of the product in use.
    """
    product, ready_min, until_min = next(
        one for one in settings.products if one[0] == settings.product
    )
    if clock is None:
        return (Fact(text("Cement"), text("not mixed yet (X)")),)
    age_s = now_s - clock.mixed_s
    if age_s < 60.0 * ready_min:
        state, warn = text("too thin until {time}", time=clock_text(60.0 * ready_min)), True
    elif age_s < 60.0 * until_min:
        state, warn = text("use until {time}", time=clock_text(60.0 * until_min)), False
    else:
        state, warn = text("hardening since {time}", time=clock_text(60.0 * until_min)), True
    name = text("Cement, mixed {time}", time=clock.mixed_at)
    return (Fact(name, clock_text(age_s), warn, large=True), Fact(product, state, warn))


def product_retry_facts(
    stopped_s: float | None, now_s: float, settings: WindowSettings
) -> tuple[Fact, ...]:
    """Return how long to wait after a STOP before another try, while cement thickens.

    Parameters
    ----------
    stopped_s : float or None
        Time of the last STOP; None: there was none.
    now_s : float
    settings : WindowSettings
    """
    if stopped_s is None:
        return ()
    since_s = max(now_s - stopped_s, 0.0)
    left_s = settings.retry_from_s - since_s
    if left_s > 0.0:
        # Rounded up: at 0:00 the wait is over.
        return (Fact(text("After STOP: wait"), clock_text(left_s + 0.999), warn=True, large=True),)
    name = text("Since STOP: you may try again")
    if since_s > settings.retry_until_s:
        name = text("Since STOP: try again, or move the cannula")
    return (Fact(name, clock_text(since_s), large=since_s <= settings.retry_until_s),)
