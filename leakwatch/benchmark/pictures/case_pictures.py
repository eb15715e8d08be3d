"""Frames of a case with a detector's results, drawn like the overlay video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

import numpy as np
from PIL import Image

from leakwatch.benchmark.cases.case_truth import CaseTruth
from leakwatch.benchmark.metrics.mask_overlap import mask_outlines_px, read_mask
from leakwatch.case_files.run_records import FrameRecord
from leakwatch.core.arrays import PointArray, read_only
from leakwatch.core.frame import Frame
from leakwatch.core.messages import text
from leakwatch.core.protocols import StoredSource
from leakwatch.core.results import Alert, Observation, Quality, Snapshot, WallDistance
from leakwatch.display.banner import distance_text
from leakwatch.display.facts import Fact
from leakwatch.display.grey_mapping import GreyMapping, grey_mapping
from leakwatch.display.lines import LINE_STYLES, Line, LineKind
from leakwatch.display.picture import FrameOverlay, make_overlay
from leakwatch.runner.stored_run import AnalysisRun
from leakwatch.sinks.overlay.canvas import draw

GREY_FRAMES = 8  # determine the grey levels, as in the overlay video
MAX_FACTS = 6  # of the usual ones: the strip has room for those of the truth besides

# A detector's result for a frame: a snapshot of LeakWatch, or the line of another detector.
Seen = Snapshot | FrameRecord


class CasePainter:
    """Painter of the frames of one case, which reads its sequence a second time.

    Parameters
    ----------
    run : AnalysisRun
    truth : CaseTruth
    """

    def __init__(self, run: AnalysisRun, truth: CaseTruth) -> None:
        self._run, self._truth, self._masks = run, truth, dict(truth.masks)
        self._source: StoredSource = run.reopen()
        self._greys: GreyMapping = grey_mapping(list(islice(self._source.frames(), GREY_FRAMES)))

    def draw(self, seen: Seen, why: str | None = None) -> Image.Image:
        """Draw one frame, with true and detected distance and cement.

        Parameters
        ----------
        seen : Snapshot or FrameRecord
        why : str or None
            Reason for showing the frame, drawn with it.
        """
        if isinstance(seen, FrameRecord):
            frame = next(self._source.frames(seen.frame))
            shown = _picture_of_record(seen, frame, self._run)
        else:
            frame, shown = seen.frame, make_overlay(seen, self._run.marks, self._run.settings)
        told = [] if why is None else [Fact(text("Shown because"), why, warn=True)]
        told += _truth_facts(self._truth, frame.index)
        facts = (*told, *shown.facts, *shown.run_facts)[: MAX_FACTS + len(told)]
        shown = self._with_true_cement(replace(shown, facts=facts, run_facts=()), frame)
        return Image.fromarray(draw(shown, self._greys.apply(frame.pixels)))

    def _with_true_cement(self, shown: FrameOverlay, frame: Frame) -> FrameOverlay:
        """Add the outline of the true cement if there is a mask."""
        path = self._masks.get(frame.index)
        if path is None:
            return shown
        outlines = mask_outlines_px(read_mask(path, frame.acquisition))
        lines = tuple(Line(LineKind.TRUTH, outline, closed=True) for outline in outlines)
        legend = (*shown.legend, (LineKind.TRUTH, LINE_STYLES[LineKind.TRUTH].legend))
        return replace(shown, lines=(*lines, *shown.lines), legend=legend)

    def close(self) -> None:
        """Close the sequence."""
        self._source.close()


def _truth_facts(truth: CaseTruth, frame: int) -> Sequence[Fact]:
    if truth.distance_mm is None:
        return ()
    true = float(truth.distance_mm[frame])
    shown = text("no cement") if np.isnan(true) else distance_text(_distance(true, None))
    return (Fact(text("Truth: cement to posterior wall"), shown or "–", large=True),)


def _picture_of_record(record: FrameRecord, frame: Frame, run: AnalysisRun) -> FrameOverlay:
    """Return the overlay of another detector's line: shifted marks, and its values."""
    wall, outline = run.marks.posterior_wall_px, run.marks.body_outline_px
    observation = Observation(
        frame=record.frame,
        time_s=record.time_s,
        shift_px=record.shift_px,
        wall_px=_moved(wall, record),
        outline_px=_moved(outline, record),
        wall_distance=None,
        cement=None,
        tubes=(),
        unavailable=(),
        calibration=run.calibration,
        quality=Quality(),
    )
    alert = Alert(record.level, record.reasons, False, record.level)
    shown = make_overlay(
        Snapshot(frame, observation, alert, record.latency_ms), run.marks, run.settings
    )
    said = "–"
    if record.distance_mm is not None:
        said = distance_text(_distance(record.distance_mm, record.distance_sigma_mm)) or said
    facts = (
        Fact(text("The detector: cement to posterior wall"), said, large=True),
        Fact(text("Frame"), f"{record.frame}, {record.time_s:.2f} s"),
    )
    return replace(shown, facts=facts, run_facts=())


def _distance(distance_mm: float, sigma_mm: float | None) -> WallDistance:
    return WallDistance(0.0, distance_mm, sigma_mm, (0.0, 0.0), (0.0, 0.0))


def _moved(points_px: PointArray | None, record: FrameRecord) -> PointArray | None:
    if points_px is None:
        return None
    return read_only(points_px + np.array(record.shift_px or (0.0, 0.0)))
