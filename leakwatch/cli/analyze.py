"""`leakwatch analyze`: measure every frame of stored sequences; write lines, plots and video."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leakwatch.alerting.coverage import no_stop_text, summary_lines
from leakwatch.case_files.settings_file import load_settings
from leakwatch.cli.batch import Analysed, analyse_all, exit_code, print_summary
from leakwatch.cli.console import (
    ENDED_EARLY,
    INTERRUPTED,
    NOT_WATCHED,
    ended_like_interrupted,
    errors_in_one_paragraph,
    fail,
    print_line,
    progress,
    tell_interrupted,
    warn,
)
from leakwatch.cli.log_start import logged
from leakwatch.cli.options import (
    CalibrationOption,
    CaseOption,
    LogFileOption,
    NoCaseOption,
    SettingsOption,
    SinkOption,
    StrictOption,
)
from leakwatch.cli.sequences import (
    ALL_RUNS,
    Asked,
    SequencesArgument,
    SeriesOption,
    asked_runs,
    opened,
)
from leakwatch.core.messages import counted, text

if TYPE_CHECKING:
    from leakwatch.runner.analysis import Outcome
    from leakwatch.runner.stored_run import AnalysisRun


def analyze(  # noqa: PLR0913, PLR0917 - an argument for each option
    sequences: SequencesArgument,
    out: Annotated[
        Path, typer.Option("--out", "-o", help=text("Folder for the results; created if absent."))
    ],
    case: CaseOption = None,
    no_case: NoCaseOption = False,
    settings: SettingsOption = None,
    calibration: CalibrationOption = None,
    series: SeriesOption = None,
    video: Annotated[bool, typer.Option(help=text("Write overlay.mp4."))] = True,
    csv: Annotated[bool, typer.Option("--csv", help=text("Also write frames.csv."))] = False,
    sink: SinkOption = None,
    strict: StrictOption = False,
    log_file: LogFileOption = None,
) -> None:
    """Measure every frame of one or more sequences and write the results.

    Writes frames.jsonl, events.jsonl, trend.png and overlay.mp4 into the folder and replaces only
    these files of an earlier run. Several sequences get a folder each, and a row each in
    cases.csv; one that cannot be read does not stop the others. Inactive rules are listed before
    the first frame, with what to do; the last lines state which rules were inactive and which
    frames were not assessed. Exit code 0: every frame was read; 2: bad arguments or input; 3: the
    input ended early or some sequences could not be read, and the results so far are written; 4:
    with --strict, a rule was inactive or too many frames were not assessed; 130: interrupted.
    """
    typed = (*sequences, out, case, calibration)
    keeping = logged("analyze", log_file, settings, typed)
    with errors_in_one_paragraph(), ended_like_interrupted(), keeping:
        runs = asked_runs(sequences, series)
        chosen = load_settings(settings)
        wanted = _Wanted(video, csv, tuple(sink or ()))
        open_one = partial(
            opened, settings=chosen, case=case, no_case=no_case, calibration=calibration
        )
        if len(runs) == 1 and series != ALL_RUNS:
            _analyse_alone(open_one(runs[0]), out, wanted, strict)
            raise typer.Exit(ENDED_EARLY if runs[0].not_read else 0)
        if case is not None:
            fail(
                text(
                    "--case applies to one sequence only. With several, the NAME.case.json beside "
                    "each one is used."
                )
            )

        def one(asked: Asked, folder: Path, place: str) -> Analysed:
            run = open_one(asked)
            outcome = _analysed(run, folder, place, wanted)
            why = outcome.not_recorded or outcome.ended_early or ""
            why = text("interrupted") if outcome.interrupted else why
            return Analysed(asked, outcome, summary_lines(outcome.tally, run.settings), why)

        done = analyse_all(runs, out, one)
        print_summary(done, out, len(runs))
        raise typer.Exit(exit_code(done, len(runs), strict))


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Optional outputs: overlay.mp4, frames.csv, and sinks of other packages."""

    video: bool
    csv: bool
    sinks: tuple[str, ...]


def _analysed(run: AnalysisRun, out: Path, name: str, wanted: _Wanted) -> Outcome:
    # Imported here, so that --help and --version answer at once.
    from leakwatch.runner.analysis import analyse
    from leakwatch.sinks.extension_sink import open_sinks

    try:
        others = open_sinks(wanted.sinks)
        with progress(name, run.acquisition.number_of_frames) as on_frame:
            outcome = analyse(run, out, wanted.video, on_frame, wanted.csv, others)
    finally:
        run.source.close()
    for message in outcome.degraded:
        warn(text("degraded: {message}", message=message))
    for message in outcome.left_out:
        warn(text("left out: {message}", message=message))
    if outcome.ended_early is not None:
        warn(text("the input ended early: {ended_early}", ended_early=outcome.ended_early))
    return outcome


def _analyse_alone(run: AnalysisRun, out: Path, wanted: _Wanted, strict: bool) -> None:
    """Analyse one sequence, with the results directly in the folder."""
    outcome = _analysed(run, out, run.name, wanted)
    not_watched = summary_lines(outcome.tally, run.settings)
    _print_outcome(outcome, out, not_watched)
    if outcome.not_recorded is not None:
        fail(outcome.not_recorded)
    if outcome.interrupted:
        tell_interrupted(
            counted(
                "interrupted: {count} frame is complete; plots and video may have fewer",
                "interrupted: {count} frames are complete; plots and video may have fewer",
                count=outcome.frames,
            )
        )
        raise typer.Exit(INTERRUPTED)
    if outcome.ended_early is not None:
        raise typer.Exit(ENDED_EARLY)
    if strict and not_watched:
        raise typer.Exit(NOT_WATCHED)


def _print_outcome(outcome: Outcome, out: Path, not_watched: tuple[str, ...]) -> None:
    from leakwatch.live.report_lines import first_stop_text, frames_text

    stop = outcome.first_stop
    said = no_stop_text(not_watched) if stop is None else first_stop_text(stop)
    frames = frames_text(outcome.frames, outcome.unknown)
    print_line(text("{frames}; {first_stop}", frames=frames, first_stop=said))
    print_line(text("written to {output}: {files}", output=out, files=", ".join(outcome.written)))
    for line in not_watched:
        print_line(line)
