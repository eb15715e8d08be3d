"""Formatting of numbers in reports, with significant digits only."""

from __future__ import annotations

from leakwatch.core.messages import text

BEYOND = text("beyond")  # an end of an interval outside the observed range
NOT_AVAILABLE = text("not available")
# A median of delays of which at least half are infinite.
NOT_REACHED = text("not given in half")


def number_text(value: float | None) -> str:
    """Return a number with three significant digits."""
    if value is None:
        return "–"
    if value == 0.0:
        return "0"
    size = abs(value)
    if size >= 100.0:
        return f"{value:.0f}"
    if size >= 10.0:
        return f"{value:.1f}"
    return f"{value:.2f}" if size >= 0.1 else f"{value:.3f}"


def value_text(value: float | None, unit: str, cases: int) -> str:
    """Return a value over `cases` with its unit."""
    if value is None:
        return NOT_REACHED if cases else NOT_AVAILABLE
    return f"{number_text(value)} {unit}".strip()


def interval_text(low: float | None, high: float | None) -> str:
    """Return an interval such as ``0.12 to 0.34``; empty if there is none."""
    if low is None and high is None:
        return ""
    ends = [BEYOND if end is None else number_text(end) for end in (low, high)]
    return " to ".join(ends)
