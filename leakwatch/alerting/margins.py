"""Margin that the operator sets during a session, and the frame from which it holds. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from leakwatch.config import AlertingSettings, Settings
from leakwatch.config.ranges import ranges
from leakwatch.core.results import Alert

_RANGES = ranges(AlertingSettings)
MOST_MARGIN_MM, MOST_WATCH_MM = _RANGES["margin_mm"].most, _RANGES["watch_mm"].most


@dataclass(frozen=True, slots=True)
class MarginChange:
    """Margin that holds from a frame on.

    Parameters
    ----------
    frame : int
        Index of the first frame that is decided with it.
    margin_mm : float
    """

    frame: int
    margin_mm: float


def least_margin_mm(settings: Settings) -> float:
    """Return the least margin, with which an immediate STOP is still anterior of the wall."""
    return max(_RANGES["margin_mm"].least, settings.alerting.clear_mm)


def is_possible_margin(margin_mm: float, settings: Settings) -> bool:
    """Return whether the settings allow a margin."""
    known = math.isfinite(margin_mm)
    return known and least_margin_mm(settings) <= margin_mm <= MOST_MARGIN_MM


def margin_in_force(changes: Iterable[MarginChange], frame: int) -> float | None:
    """Return the margin that `changes` set for a frame; None if none has come into force."""
    due = [one.margin_mm for one in changes if one.frame <= frame]
    return due[-1] if due else None


def alerting_with_margin(settings: AlertingSettings, margin_mm: float | None) -> AlertingSettings:
    """Return the settings of the rules with a margin of the operator; None: unchanged.

    A wider margin moves the distance for WATCH outwards as well, so that the warning before a STOP
    is as early as it was. A narrower one leaves it where it is.
    """
    if margin_mm is None:
        return settings
    wider_mm = max(margin_mm - settings.margin_mm, 0.0)
    watch_mm = min(settings.watch_mm + wider_mm, MOST_WATCH_MM)
    return msgspec.structs.replace(settings, margin_mm=margin_mm, watch_mm=watch_mm)


def settings_in_force(settings: Settings, alert: Alert) -> Settings:
    """Return the settings that a decision was made with.

    Parameters
    ----------
    settings : Settings
        As given at the start.
    alert : Alert
        States the margin if the operator has changed it.
    """
    if alert.margin_mm is None:
        return settings
    alerting = alerting_with_margin(settings.alerting, alert.margin_mm)
    return msgspec.structs.replace(settings, alerting=alerting)
