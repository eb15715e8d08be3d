"""Evaluate a detector on cases with known truth."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from leakwatch.config import Settings
from leakwatch.core.errors import InputError
from leakwatch.core.extensions import MakeDetector

if TYPE_CHECKING:
    from leakwatch.benchmark.report.report_file import Report
    from leakwatch.benchmark.work.detector import Detector


def evaluate(
    folder: str | Path,
    detector: str | MakeDetector = "leakwatch",
    *,
    out: str | Path | None = None,
    settings: Settings | None = None,
    wall_only: bool = False,
    jobs: int = 1,
) -> Report:
    """Evaluate a detector on a folder of cases, as `leakwatch bench` does.

    Parameters
    ----------
    folder : str or Path
        With NAME.case.json, its sequence and NAME.truth.json for each case.
    detector : str or callable
        What ``--detector`` takes; or a callable that takes `Marks` and `Calibration` of a case and
        returns an object whose ``step(frame)`` returns a `Detection`. A class will do.
    out : str, Path or None
        Folder for report.html, report.json and what the detector wrote. None: nothing is kept.
    settings : Settings or None
        Of LeakWatch.
    wall_only : bool
        Use no mark but the posterior wall.
    jobs : int
        Cases at a time. More than one needs a detector that has a name, and a program that
        guards its beginning by ``if __name__ == "__main__"``.

    Returns
    -------
    Report
        `summary` has each metric with its 95 % interval, `cases` a row for each case. A case on
        which the detector failed says `why`.

    Raises
    ------
    LeakWatchError
        There is no case, no such detector, or the results cannot be written.
    """
    # Imported here: the benchmark is no part of a program that watches.
    from leakwatch.benchmark.report.benchmark_scoring import make_report
    from leakwatch.benchmark.report.report_folder import write_report
    from leakwatch.benchmark.work.benchmark_run import Request, make_plan, run_plan

    chosen = _detector(detector)
    if chosen.make is not None and jobs > 1:
        raise InputError(
            f"jobs: is {jobs}, but a detector that is handed over runs in this process. Leave jobs "
            "out, or declare the detector as an entry point and give its name."
        )
    with ExitStack() as closing:
        if out is None:
            temporary = tempfile.TemporaryDirectory(prefix="leakwatch-evaluate-")
            out = closing.enter_context(temporary)
        request = Request(
            Path(folder),
            Path(out),
            chosen,
            settings or Settings(),
            wall_only,
            jobs,
            in_this_process=jobs == 1,
        )
        plan = make_plan(request)
        for _ in run_plan(plan):
            pass
        report = make_report(plan)
        write_report(report, request.out)
    return report


def _detector(given: str | MakeDetector) -> Detector:
    from leakwatch.benchmark.work.detector import Detector, parse_detector

    if isinstance(given, str):
        return parse_detector(given)
    if not callable(given):
        raise InputError(
            f"detector: expected a name or a callable, found {type(given).__name__}. Give the "
            "class, or a function that makes the detector for a case."
        )
    name = getattr(given, "__name__", type(given).__name__)
    # Nobody can tell whether its code is what it was in an earlier run.
    return Detector(name, identity=f"handed over {uuid4()}", make=given)
