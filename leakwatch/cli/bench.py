"""`leakwatch bench`: evaluate a detector on cases with known truth, and write a report."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from leakwatch.case_files.settings_file import load_settings
from leakwatch.cli.console import ENDED_EARLY, errors_in_one_paragraph, print_line, progress
from leakwatch.cli.options import (
    AdapterOption,
    AgainstOption,
    DetectorOption,
    JobsOption,
    SchedulerOption,
    SettingsOption,
    TimeoutOption,
    WallOnlyOption,
)
from leakwatch.core.errors import needs_extra
from leakwatch.core.messages import text


def bench(  # noqa: PLR0913, PLR0917 - an argument for each option
    folder: Annotated[Path, typer.Argument(help=text("Folder with *.case.json and *.truth.json."))],
    out: Annotated[
        Path, typer.Option("--out", "-o", help=text("Folder for the results; created if absent."))
    ],
    detector: DetectorOption = "leakwatch",
    jobs: JobsOption = None,
    wall_only: WallOnlyOption = False,
    settings: SettingsOption = None,
    against: AgainstOption = None,
    scheduler: SchedulerOption = None,
    adapter: AdapterOption = None,
    timeout: TimeoutOption = None,
) -> None:
    """Evaluate a detector on cases with known truth.

    Writes report.html and report.json, and the output of the detector below cases/. Cases whose
    inputs have not changed are not run again. Exit code 0: every case was evaluated; 2: bad
    arguments or input; 3: some cases could not be evaluated, and the report lists them.
    """
    with errors_in_one_paragraph(), needs_extra("bench", text("`leakwatch bench`")):
        from leakwatch.benchmark.cases.dataset import load_adapter
        from leakwatch.benchmark.report.benchmark_scoring import make_report
        from leakwatch.benchmark.report.report_file import load_report
        from leakwatch.benchmark.report.report_folder import (
            report_lines,
            unscored_cases,
            write_report,
        )
        from leakwatch.benchmark.work.benchmark_run import Request, make_plan, run_plan
        from leakwatch.benchmark.work.detector import parse_detector

    with errors_in_one_paragraph():
        request = Request(
            folder,
            out,
            parse_detector(detector, timeout),
            load_settings(settings),
            wall_only,
            jobs or os.cpu_count() or 1,
            scheduler,
            None if adapter is None else load_adapter(adapter),
        )
        earlier = None if against is None else load_report(against)
        plan = make_plan(request)
        with progress("bench", plan.frames_to_process) as on_frame:
            for case in run_plan(plan):
                on_frame(case.truth.frames)
        report = make_report(plan, earlier)
        written = write_report(report, out)
    for line in report_lines(report):
        print_line(line)
    print_line(text("written to {output}: {written}", output=out, written=", ".join(written)))
    if unscored_cases(report):
        raise typer.Exit(ENDED_EARLY)
