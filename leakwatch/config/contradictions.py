"""Settings that contradict each other, each of them within its range."""

from __future__ import annotations

from typing import Final

import msgspec

# Section and key of a setting, of one that it may not be above, and why.
NOT_ABOVE: Final = (
    ("alerting.margin_mm", "alerting.watch_mm", "a STOP would come before any WATCH"),
    ("alerting.clear_mm", "alerting.margin_mm", "a sure STOP would wait for cement in the canal"),
    ("calibration.min_mm_per_px", "calibration.max_mm_per_px", "no spacing would be possible"),
    ("intensity.lag_min_frames", "intensity.lag_settled_frames", "a lag is believed, then known"),
    ("motion.fine_sigma_px", "motion.broad_sigma_px", "the band would hold no anatomy"),
    ("motion.min_score", "motion.trusted_score", "a match that is none would be trusted"),
    ("baseline.min_frames", "baseline.max_frames", "no baseline would ever be whole"),
    ("baseline.changed_log", "baseline.taken_log", "what was taken away has changed too"),
    ("breathing.every_s", "breathing.slow_s", "a breath would be learnt from once"),
    ("breathing.comes_back_s", "breathing.forget_s", "a breath would be forgotten before it ends"),
    ("cement.edge_mm", "cement.blind_mm", "cement that cannot be seen would count as seen"),
    ("cement.seed_factor", "cement.sure_factor", "what is sure must be a seed first"),
    ("cement.min_area_mm2", "cement.sure_area_mm2", "noise would be sure"),
    ("cement.sure_area_mm2", "cement.sudden_mm2", "what is sure would be too sudden"),
    ("cement.gap_mm", "cement.remote_mm", "what is near would count as remote"),
    ("cement.min_area_mm2", "cement.remote_area_mm2", "noise would count as remote cement"),
    ("cement.found_sigmas", "cement.tube_sigmas", "a tube would leave before cement does"),
    ("tubular.min_length_mm", "tubular.sure_length_mm", "a sure tube would be none"),
    ("tubular.sure_length_mm", "tubular.alone_length_mm", "a tube alone must be the longer one"),
    ("instruments.min_contrast", "instruments.even_contrast", "no steel would be even"),
    ("instruments.exact_mm", "instruments.still_mm", "what stands still would have moved"),
    ("live.waiting_frames", "live.learning_frames", "frames would be lost while it learns"),
    ("live_video.repeat_s", "live.stale_after_s", "a picture that is held would count as missing"),
    ("live_dicom.settle_s", "live_dicom.partial_s", "a whole file would count as given up"),
    ("live_dicom.poll_s", "live_dicom.back_off_s", "an archive that is down would be asked more"),
    ("vertebra.fine_mm", "vertebra.broad_mm", "the band would hold no detail"),
    ("vertebra.least_score", "vertebra.greatest_score", "no score would be possible"),
    ("marks.unusual_lean_deg", "marks.max_lean_deg", "a wall would be refused, never unusual"),
    ("marks.unusual_gap_share", "marks.max_gap_share", "a gap would be refused, never unusual"),
    ("marks.unusual_behind_mm", "marks.max_behind_mm", "a tip would be refused, never unusual"),
    ("window.retry_from_s", "window.retry_until_s", "there would be no time for another try"),
    ("sound.medium_hz", "sound.high_hz", "the more urgent alarm is the higher one"),
    ("sound.low_hz", "sound.medium_hz", "the more urgent alarm is the higher one"),
)


def contradiction(settings: msgspec.Struct) -> str:
    """The first contradiction as a sentence; empty where there is none."""
    for lower, upper, why in NOT_ABOVE:
        least, most = value_of(settings, lower), value_of(settings, upper)
        if least > most:
            return (
                f"{_named(lower)} is {least:g}, above {_named(upper)}, which is {most:g}: {why}. "
                "Change one of them."
            )
    return ""


def value_of(settings: msgspec.Struct, path: str) -> float:
    """The number at ``section.key``."""
    section, key = path.split(".")
    return float(getattr(getattr(settings, section), key))


def _named(path: str) -> str:
    section, key = path.split(".")
    return f"[{section}] {key}"
