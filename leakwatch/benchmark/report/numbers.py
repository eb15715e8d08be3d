"""Numbers as a report shows them: no more digits than they have."""

from __future__ import annotations

BEYOND = "beyond"  # an end of an interval that lies past what was observed
NOT_AVAILABLE = "not available"
# A median of delays, of which half never ended.
NOT_REACHED = "not given in half"


def number_text(value: float | None) -> str:
    """Three digits that count."""
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
    """A value over `cases` with its unit."""
    if value is None:
        return NOT_REACHED if cases else NOT_AVAILABLE
    return f"{number_text(value)} {unit}".strip()


def interval_text(low: float | None, high: float | None) -> str:
    """``0.12 to 0.34``; empty where there is no interval."""
    if low is None and high is None:
        return ""
    ends = [BEYOND if end is None else number_text(end) for end in (low, high)]
    return " to ".join(ends)
