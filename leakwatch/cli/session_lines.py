"""Lines of a live session on the terminal, for one plane or two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leakwatch.cli.console import warn
from leakwatch.core.messages import text

if TYPE_CHECKING:
    from leakwatch.live.status import LiveStatus

# Refresh interval of the line on the terminal, s.
RENEW_S = 0.25


def print_once(status: LiveStatus, told: set[str], plane: str = "") -> None:
    """Print inactive rules and inconsistencies of the marks, each once.

    Parameters
    ----------
    status : LiveStatus
    told : set of str
        What was printed; grows.
    plane : str
        Name of the plane; empty if there is only one.
    """
    for warning in (*(one.text for one in status.inactive_rules), *status.warnings):
        shown = of_plane(plane, warning)
        if shown not in told:
            told.add(shown)
            warn(shown)


def of_plane(plane: str, words: str) -> str:
    """Return a line that names its plane, if there are two."""
    return text("{plane}: {words}", plane=plane, words=words) if plane else words


def time_text(status: LiveStatus) -> str:
    """Return the time of the latest decision, in a column."""
    decision = status.decision
    return "       " if decision is None else f"{decision.snapshot.observation.time_s:6.2f} s"
