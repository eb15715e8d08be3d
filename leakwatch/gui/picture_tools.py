"""What can be done on the picture of each window, and by which key; see `layers`."""

from __future__ import annotations

from leakwatch.gui.layers import Tool
from leakwatch.live.session import LiveSession
from leakwatch.session import Run


def live_tools(session: LiveSession) -> tuple[Tool, ...]:
    """Tools over a live picture. M is kept for marking, C for calibrating."""
    return ()


def replay_tools(run: Run) -> tuple[Tool, ...]:
    """Tools over a stored run."""
    return ()
