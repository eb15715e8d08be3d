"""`leakwatch analyze`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leakwatch.alerting.coverage import no_stop_text, summary_lines
from leakwatch.case_files.settings_file import load_settings
from leakwatch.cli.batch import Analysed, analyse_all, exit_code, say_summary
from leakwatch.cli.console import (
    ENDED_EARLY,
    INTERRUPTED,
    NOT_WATCHED,
    ended_like_interrupted,
    errors_in_one_paragraph,
    fail,
    progress,
    say,
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
from leakwatch.core.plural import counted_noun
from leakwatch.display.banner import REASON_WORDS

if TYPE_CHECKING:
    from leakwatch.runner.analysis import Outcome
    from leakwatch.runner.stored_run import Run


def analyze(  # noqa: PLR0913, PLR0917 - an argument for each option
    sequences: SequencesArgument,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the results; made where absent.")
    ],
    case: CaseOption = None,
    no_case: NoCaseOption = False,
    settings: SettingsOption = None,
    calibration: CalibrationOption = None,
    series: SeriesOption = None,
    video: Annotated[bool, typer.Option(help="Write overlay.mp4.")] = True,
    csv: Annotated[bool, typer.Option("--csv", help="Write frames.csv too.")] = False,
    sink: SinkOption = None,
    strict: StrictOption = False,
    log_file: LogFileOption = None,
) -> None:
    """Measure every frame of one or more sequences and write what was found.

    Writes frames.jsonl, events.jsonl, trend.png and overlay.mp4 into the folder, replacing those
    of an earlier run and nothing else. Of several runs each has a folder of its own in it, and
    cases.csv has a row for each; one that cannot be read does not lose the others. Rules that do
    not apply are named before the first frame, with what to do; the last lines say which rule was
    off, and which frames were not judged. Exit code 0: every frame was read; 2: bad arguments or
    input; 3: the input ended early or some runs could not be read, and what was read is written;
    4: with --strict, a rule was off, or too many frames were not judged; 130: interrupted.
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
            fail("--case goes with one sequence. A NAME.case.json beside each one is used.")

        def one(asked: Asked, folder: Path, place: str) -> Analysed:
            run = open_one(asked)
            outcome = _analysed(run, folder, place, wanted)
            why = outcome.not_recorded or outcome.ended_early or ""
            why = "interrupted" if outcome.interrupted else why
            return Analysed(asked, outcome, summary_lines(outcome.tally, run.settings), why)

        done = analyse_all(runs, out, one)
        say_summary(done, out, len(runs))
        raise typer.Exit(exit_code(done, len(runs), strict))


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Outputs beside the lines: overlay.mp4, frames.csv, and sinks of other packages."""

    video: bool
    csv: bool
    sinks: tuple[str, ...]


def _analysed(run: Run, out: Path, name: str, wanted: _Wanted) -> Outcome:
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
        say(f"leakwatch: degraded: {message}", err=True)
    for message in outcome.left_out:
        say(f"leakwatch: left out: {message}", err=True)
    if outcome.ended_early is not None:
        say(f"leakwatch: the input ended early: {outcome.ended_early}", err=True)
    return outcome


def _analyse_alone(run: Run, out: Path, wanted: _Wanted, strict: bool) -> None:
    """One run, straight into the folder."""
    outcome = _analysed(run, out, run.name, wanted)
    not_watched = summary_lines(outcome.tally, run.settings)
    _say_outcome(outcome, out, not_watched)
    if outcome.not_recorded is not None:
        fail(outcome.not_recorded)
    if outcome.interrupted:
        whole = counted_noun(outcome.frames, "frame is", "frames are")
        say(f"leakwatch: interrupted: {whole} whole; pictures may have fewer", err=True)
        raise typer.Exit(INTERRUPTED)
    if outcome.ended_early is not None:
        raise typer.Exit(ENDED_EARLY)
    if strict and not_watched:
        raise typer.Exit(NOT_WATCHED)


def _say_outcome(outcome: Outcome, out: Path, not_watched: tuple[str, ...]) -> None:
    stop = outcome.first_stop
    if stop is None:
        said: str = no_stop_text(not_watched)
    else:
        reason = "" if stop.reason is None else f": {REASON_WORDS[stop.reason]}"
        said = f"first STOP at {stop.time_s:.2f} s, frame {stop.frame}{reason}"
    unjudged = f" ({outcome.unknown} of them UNKNOWN)" if outcome.unknown else ""
    say(f"{counted_noun(outcome.frames, 'frame')}{unjudged}; {said}")
    say(f"written to {out}: {', '.join(outcome.written)}")
    for line in not_watched:
        say(line)
