"""Settings that are each within range, but contradict each other."""

from __future__ import annotations

from typing import Final

import msgspec

# Section and key of a setting, of another one that it must not exceed, and why.
NOT_ABOVE: Final = (
    ("alerting.margin_mm", "alerting.watch_mm", "STOP would come before WATCH"),
    (
        "alerting.clear_mm",
        "alerting.margin_mm",
        "an immediate STOP would require cement in the canal",
    ),
    (
        "calibration.min_mm_per_px",
        "calibration.max_mm_per_px",
        "no pixel spacing would be possible",
    ),
    (
        "intensity.lag_min_frames",
        "intensity.lag_settled_frames",
        "a lag is estimated before it is known",
    ),
    ("motion.fine_sigma_px", "motion.broad_sigma_px", "the band would contain no anatomy"),
    ("motion.min_score", "motion.trusted_score", "a wrong match would be trusted"),
    ("baseline.min_frames", "baseline.max_frames", "the baseline would never be complete"),
    ("baseline.changed_log", "baseline.taken_log", "a loss of attenuation is also a change"),
    ("breathing.every_s", "breathing.slow_s", "breathing would be estimated from one frame"),
    (
        "breathing.comes_back_s",
        "breathing.forget_s",
        "a breath would be discarded before it ends",
    ),
    ("cement.edge_mm", "cement.blind_mm", "undetectable cement would count as detected"),
    ("cement.seed_factor", "cement.sure_factor", "immediate detection requires a seed"),
    ("cement.min_area_mm2", "cement.sure_area_mm2", "noise would be detected immediately"),
    (
        "cement.sure_area_mm2",
        "cement.sudden_mm2",
        "immediately detected cement would be rejected as too sudden",
    ),
    ("cement.gap_mm", "cement.remote_mm", "near cement would count as remote"),
    ("cement.min_area_mm2", "cement.remote_area_mm2", "noise would count as remote cement"),
    (
        "cement.found_sigmas",
        "cement.tube_sigmas",
        "a tubular filling would end before cement",
    ),
    (
        "tubular.min_length_mm",
        "tubular.sure_length_mm",
        "a certain tubular filling would be too short",
    ),
    (
        "tubular.sure_length_mm",
        "tubular.alone_length_mm",
        "a detached tubular filling must be longer",
    ),
    ("instruments.min_contrast", "instruments.even_contrast", "no steel would be uniform"),
    ("instruments.exact_mm", "instruments.still_mm", "a cannula at rest would have moved"),
    (
        "live.waiting_frames",
        "live.learning_frames",
        "frames would be lost during acquisition of the baseline",
    ),
    ("live_video.repeat_s", "live.stale_after_s", "a frozen image would count as missing"),
    (
        "live_dicom.settle_s",
        "live_dicom.partial_s",
        "a complete file would count as abandoned",
    ),
    (
        "live_dicom.poll_s",
        "live_dicom.back_off_s",
        "an unavailable archive would be queried more often",
    ),
    ("vertebra.fine_mm", "vertebra.broad_mm", "the band would contain no detail"),
    ("vertebra.least_score", "vertebra.greatest_score", "no score would be possible"),
    (
        "marks.unusual_lean_deg",
        "marks.max_lean_deg",
        "a wall would be refused, never unusual",
    ),
    (
        "marks.unusual_gap_share",
        "marks.max_gap_share",
        "a gap would be refused, never unusual",
    ),
    (
        "marks.unusual_behind_mm",
        "marks.max_behind_mm",
        "a tip would be refused, never unusual",
    ),
    (
        "window.retry_from_s",
        "window.retry_until_s",
        "there would be no time for another attempt",
    ),
    ("sound.medium_hz", "sound.high_hz", "more urgent alarms have higher frequencies"),
    ("sound.low_hz", "sound.medium_hz", "more urgent alarms have higher frequencies"),
    (
        "alarm_outputs.back_off_s",
        "alarm_outputs.max_back_off_s",
        "the first attempt would wait longer than any",
    ),
)


def find_contradiction(settings: msgspec.Struct) -> str:
    """Return the first contradiction as a text; empty if there is none."""
    for lower, upper, why in NOT_ABOVE:
        least, most = value_of(settings, lower), value_of(settings, upper)
        if least > most:
            return (
                f"{_named(lower)} is {least:g}, above {_named(upper)}, which is {most:g}: {why}. "
                "Change one of them."
            )
    return ""


def value_of(settings: msgspec.Struct, path: str) -> float:
    """Return the number at ``section.key``."""
    section, key = path.split(".")
    return float(getattr(getattr(settings, section), key))


def _named(path: str) -> str:
    section, key = path.split(".")
    return f"[{section}] {key}"
