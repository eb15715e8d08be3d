"""Recorded frame as it was shown: level, reasons and numbers as recorded, and its lines.

Lines are not recorded: they come from analysing the frames again, which may differ. A recording
that began during the injection has no frame without cement, and a new baseline is not repeated.
Lines that contradict the recorded result are left out: a picture says what its heading says.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from leakwatch.case_files.run_records import FrameRecord
from leakwatch.config import Settings
from leakwatch.core.arrays import read_only
from leakwatch.core.marks import Marks
from leakwatch.core.messages import join_texts, text
from leakwatch.core.results import (
    Alert,
    Cement,
    Event,
    Level,
    Observation,
    Quality,
    Reason,
    Snapshot,
    Tube,
    WallDistance,
)
from leakwatch.core.spacing import Calibration
from leakwatch.core.volume import CementVolume, FactorSource
from leakwatch.display.banner import level_banner
from leakwatch.display.facts import Fact
from leakwatch.display.level_styles import level_word
from leakwatch.display.picture import FrameOverlay, make_overlay
from leakwatch.display.quantities import FINEST_MM, wall_distance_text

NAN = float("nan")
_NOWHERE = (NAN, NAN)


@dataclass(frozen=True, slots=True)
class ShownFrame:
    """A frame as it was shown.

    Parameters
    ----------
    snapshot : Snapshot
        Level, reasons and numbers as recorded; lines only if `agrees`.
    agrees : bool
        Whether analysing the recorded frames again gives the same level, reasons and distance.
    again : str
        What it gives instead; empty if it agrees.
    """

    snapshot: Snapshot
    agrees: bool
    again: str = ""

    @property
    def observation(self) -> Observation:
        """Measurements of the frame."""
        return self.snapshot.observation

    def overlay(self, marks: Marks, settings: Settings) -> FrameOverlay:
        """Return what to draw over the frame.

        Parameters
        ----------
        marks : Marks
        settings : Settings
        """
        drawn = make_overlay(self.snapshot, marks, settings)
        if self.agrees:
            return drawn
        why = Fact(
            text("Lines"), text("not drawn: analysed again, {level}", level=self.again), True
        )
        # Without millimetres no area is recorded, which would look as if nothing was comparable.
        facts = (*(fact for fact in drawn.facts if fact.name != "Cement"), why)
        return replace(
            drawn, lines=(), labels=(), band_px=None, legend=(), focus_px=None, facts=facts
        )


def shown_frame(
    line: FrameRecord | None,
    events: tuple[Event, ...],
    again: Snapshot,
    calibration: Calibration,
    settings: Settings,
) -> ShownFrame:
    """Return a frame as it was shown, with the lines of analysing it again if these agree.

    Parameters
    ----------
    line : FrameRecord or None
        None: the frame has no line, and its events say what was shown.
    events : tuple of Event
        Alerts of this frame; at least one.
    again : Snapshot
        The frame, analysed again.
    calibration : Calibration
        Of the session.
    settings : Settings
    """
    if line is not None and line.level is events[-1].level:
        alert = _line_alert(line)
    else:
        alert = _event_alert(events, line)
    recorded = _recorded(line, events, again, calibration)
    agrees = _agrees(alert, recorded, again)
    seen = _with_lines(recorded, again.observation) if agrees else recorded
    latency_ms = NAN if line is None else line.latency_ms
    snapshot = Snapshot(again.frame, seen, alert, latency_ms)
    return ShownFrame(snapshot, agrees, "" if agrees else _level_text(again, settings))


def distance_of(shown: ShownFrame) -> str:
    """Return the distance that was shown; empty if there was none."""
    wall = shown.observation.wall_distance
    if wall is None or wall.distance_mm is None:
        return ""
    return wall_distance_text(wall.distance_mm, wall.sigma_mm)


def _event_alert(events: tuple[Event, ...], line: FrameRecord | None) -> Alert:
    """Return an alert that was raised after the line of its frame had been written, or lost."""
    level = events[-1].level or Level.UNKNOWN
    reasons = tuple(dict.fromkeys(e.reason for e in events if e.reason is not None))
    alert = Alert(level, reasons, level is Level.STOP, level)
    if line is not None and line.level is Level.STOP and level is Level.WATCH:
        # Nothing but the operator makes a STOP less.
        return replace(alert, acknowledged=line.reasons)
    return alert


def _line_alert(line: FrameRecord) -> Alert:
    quality = line.quality
    return Alert(
        line.level,
        line.reasons,
        bool(quality.get("latched")),
        Level(quality.get("current_level", line.level)),
        quality.get("time_to_margin_s"),
        acknowledged=tuple(Reason(one) for one in quality.get("acknowledged", ())),
        margin_mm=quality.get("margin_mm"),
    )


def _recorded(
    line: FrameRecord | None, events: tuple[Event, ...], again: Snapshot, calibration: Calibration
) -> Observation:
    """Return the recorded numbers, without any position in the image."""
    frame = again.frame
    bare = Observation(
        frame.index, frame.time_s, None, None, None, None, None, (), (), calibration, Quality()
    )
    if line is None:
        told = [event for event in events if event.distance_mm is not None]
        wall = _wall(told[-1].distance_mm, told[-1].distance_sigma_mm, None) if told else None
        return replace(bare, wall_distance=wall)
    quality = line.quality
    return replace(
        bare,
        wall_distance=_wall(line.distance_mm, line.distance_sigma_mm, quality.get("distance_px")),
        cement=_cement(line),
        tubes=_tubes(line),
        unavailable=tuple(Reason(one) for one in quality.get("unavailable", ())),
        quality=Quality(
            registration_score=quality.get("registration_score"),
            baseline_frames=quality.get("baseline_frames", 0),
            baseline_assumed=bool(quality.get("baseline_assumed")),
        ),
    )


def _wall(
    distance_mm: float | None, sigma_mm: float | None, distance_px: float | None
) -> WallDistance | None:
    if distance_mm is None and distance_px is None:
        return None
    px = distance_mm if distance_px is None else distance_px
    return WallDistance(px or 0.0, distance_mm, sigma_mm, _NOWHERE, _NOWHERE)


def _cement(line: FrameRecord) -> Cement | None:
    if line.area_mm2 is None:
        return None
    told = line.quality.get("volume") or {}
    source = told.get("source")
    volume = CementVolume(
        line.volume_ml,
        told.get("sigma_ml"),
        None if source is None else FactorSource(source),
        told.get("why", ""),
        told.get("amount_mm2"),
        told.get("growth"),
        told.get("growth_s", 0.0),
        told.get("refused", ""),
    )
    return Cement((), 0.0, line.area_mm2, line.volume_ml, volume=volume)


def _tubes(line: FrameRecord) -> tuple[Tube, ...]:
    """Return the tubular filling that was reported; its width is not recorded."""
    if Reason.TUBULAR_FILLING not in line.reasons or not line.tubular_length_mm:
        return ()
    nowhere = read_only(np.empty((0, 2)))
    length_px = line.quality.get("tubular_length_px") or 0.0
    return (Tube(nowhere, length_px, 0.0, line.tubular_length_mm, None, True),)


def _agrees(alert: Alert, recorded: Observation, again: Snapshot) -> bool:
    """Return whether the lines of `again` show what was recorded."""
    if again.alert.level is not alert.level or set(alert.reasons) - set(again.alert.reasons):
        return False
    shown, found = recorded.wall_distance, again.observation.wall_distance
    if shown is None or found is None:
        return shown is found
    if shown.distance_mm is None or found.distance_mm is None:
        return shown.distance_mm is found.distance_mm
    near_mm = max(shown.sigma_mm or 0.0, FINEST_MM)
    return abs(shown.distance_mm - found.distance_mm) <= near_mm


def _with_lines(recorded: Observation, again: Observation) -> Observation:
    """Return the recorded numbers at the positions found again."""
    wall, cement = again.wall_distance, again.cement
    shown = recorded.wall_distance
    if wall is not None and shown is not None:
        wall = replace(wall, distance_mm=shown.distance_mm, sigma_mm=shown.sigma_mm)
    if cement is not None and recorded.cement is not None:
        known = recorded.cement
        cement = replace(
            cement, area_mm2=known.area_mm2, volume_ml=known.volume_ml, volume=known.volume
        )
    return replace(
        again,
        wall_distance=wall,
        cement=cement,
        unavailable=recorded.unavailable,
        calibration=recorded.calibration,
        quality=recorded.quality,
    )


def _level_text(again: Snapshot, settings: Settings) -> str:
    banner = level_banner(again.alert, again.observation, settings)
    own = banner.word if banner.acknowledged else level_word(banner.level, banner.partly)
    return text(
        "{level}: {reasons}",
        level=own,
        reasons=join_texts(banner.reasons) if banner.reasons else text("no reason"),
    )
