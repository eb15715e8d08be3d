"""The clocks of the procedure, in words: age of the cement, the wait after a STOP. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from leakwatch.config import WindowSettings
from leakwatch.display.facts import Fact


@dataclass(frozen=True, slots=True)
class CementClock:
    """When cement was mixed.

    Parameters
    ----------
    mixed_s : float
        Of the session's clock.
    mixed_at : str
        What the clock on the wall said.
    """

    mixed_s: float
    mixed_at: str

    def earlier(self, seconds: float, mixed_at: str) -> CementClock:
        """The clock of cement that was mixed so long before."""
        return CementClock(self.mixed_s - seconds, mixed_at)


def clock_text(seconds: float) -> str:
    """Minutes and seconds, ``4:05``."""
    whole = int(max(seconds, 0.0))
    return f"{whole // 60}:{whole % 60:02d}"


def cement_facts(
    clock: CementClock | None, now_s: float, settings: WindowSettings
) -> tuple[Fact, ...]:
    """Age of the cement, and whether it may be injected.

    Parameters
    ----------
    clock : CementClock or None
        None: nobody said that it was mixed.
    now_s : float
    settings : WindowSettings
        Gives the working window of the product in use.
    """
    product, ready_min, until_min = next(
        one for one in settings.products if one[0] == settings.product
    )
    if clock is None:
        return (Fact("Cement", "not mixed yet (X)"),)
    age_s = now_s - clock.mixed_s
    if age_s < 60.0 * ready_min:
        said, warn = f"too thin until {clock_text(60.0 * ready_min)}", True
    elif age_s < 60.0 * until_min:
        said, warn = f"use until {clock_text(60.0 * until_min)}", False
    else:
        said, warn = f"hardens since {clock_text(60.0 * until_min)}", True
    name = f"Cement, mixed {clock.mixed_at}"
    return (Fact(name, clock_text(age_s), warn, large=True), Fact(product, said, warn))


def retry_facts(
    stopped_s: float | None, now_s: float, settings: WindowSettings
) -> tuple[Fact, ...]:
    """How long to wait after a STOP before another try: until cement has thickened.

    Parameters
    ----------
    stopped_s : float or None
        When the last STOP was raised; None: there was none.
    now_s : float
    settings : WindowSettings
    """
    if stopped_s is None:
        return ()
    since_s = max(now_s - stopped_s, 0.0)
    left_s = settings.retry_from_s - since_s
    if left_s > 0.0:
        # Rounded up: at 0:00 the wait is over.
        return (Fact("After STOP: wait", clock_text(left_s + 0.999), warn=True, large=True),)
    name = "Since STOP: a new try may be made"
    if since_s > settings.retry_until_s:
        name = "Since STOP: try again, or move the needle"
    return (Fact(name, clock_text(since_s), large=since_s <= settings.retry_until_s),)
