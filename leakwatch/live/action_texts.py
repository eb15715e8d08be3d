"""Texts that the recording has for actions of the operator and for dropped frames. Pure."""

from __future__ import annotations

from leakwatch.core.messages import Message, counted, text


def dropped_text(frames: int) -> Message:
    """Return the text for frames that were dropped."""
    return counted(
        "{count} frame dropped: a newer one was available",
        "{count} frames dropped: newer ones were available",
        count=frames,
    )


def pause_text(seconds: float) -> Message:
    """Return the text for a pause of the sound; 0.0 s ends it."""
    return (
        text("{seconds:g} s", seconds=seconds) if seconds > 0.0 else text("ended by the operator")
    )


def syringe_text(ml: float) -> Message:
    """Return the text for a reading of the syringe."""
    return text("{ml:g} mL injected, as read on the syringe", ml=ml)
