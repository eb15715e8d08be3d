"""`leakwatch analyze`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leakwatch.banner import REASON_WORDS
from leakwatch.cli.case_choice import chosen_case
from leakwatch.cli.console import (
    ENDED_EARLY,
    NOT_WATCHED,
    errors_in_one_paragraph,
    fail,
    progress,
    say,
    say_rules_off,
    say_what_to_doubt,
)
from leakwatch.cli.options import (
    CalibrationOption,
    CaseOption,
    NoCaseOption,
    SettingsOption,
    StrictOption,
)
from leakwatch.config import load_settings
from leakwatch.tally import no_stop_words, tally_lines

if TYPE_CHECKING:
    from leakwatch.analysis import Outcome


def analyze(
    sequence: Annotated[Path, typer.Argument(help="DICOM file, or a folder of single frames.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the results; made where absent.")],
    case: CaseOption = None,
    no_case: NoCaseOption = False,
    settings: SettingsOption = None,
    calibration: CalibrationOption = None,
    video: Annotated[bool, typer.Option(help="Write overlay.mp4, the slowest part.")] = True,
    strict: StrictOption = False,
) -> None:
    """Measure every frame of a sequence and write what was found.

    Writes frames.jsonl, events.jsonl, trend.png and overlay.mp4 into the folder, replacing those
    of an earlier run and nothing else. Rules that do not apply are named before the first frame,
    with what to do; the last lines say which rule was off, and which frames were not judged. Exit
    code 0: every frame was read; 2: bad arguments or input; 3: the input ended early, and what was
    read is written; 4: with --strict, a rule was off, or too many frames were not judged.
    """
    # Imported here, so that --help and --version answer at once.
    from leakwatch.analysis import analyse
    from leakwatch.session import open_run

    with errors_in_one_paragraph():
        case = chosen_case(sequence, case, no_case)
        run = open_run(sequence, load_settings(settings), case, calibration)
        try:
            say_what_to_doubt(run)
            say_rules_off(run)
            with progress(run.name, run.acquisition.number_of_frames) as on_frame:
                outcome = analyse(run, out, video, on_frame)
        finally:
            run.source.close()
    not_watched = tally_lines(outcome.tally, run.settings)
    _say_outcome(outcome, out, not_watched)
    if outcome.not_recorded is not None:
        fail(outcome.not_recorded)
    if outcome.ended_early is not None:
        raise typer.Exit(ENDED_EARLY)
    if strict and not_watched:
        raise typer.Exit(NOT_WATCHED)


def _say_outcome(outcome: Outcome, out: Path, not_watched: tuple[str, ...]) -> None:
    stop = outcome.first_stop
    if stop is None:
        said = no_stop_words(not_watched)
    else:
        reason = "" if stop.reason is None else f": {REASON_WORDS[stop.reason]}"
        said = f"first STOP at {stop.time_s:.2f} s, frame {stop.frame}{reason}"
    unjudged = f" ({outcome.unknown} of them UNKNOWN)" if outcome.unknown else ""
    say(f"{outcome.frames} frames{unjudged}; {said}")
    say(f"written to {out}: {', '.join(outcome.written)}")
    for message in outcome.degraded:
        say(f"leakwatch: degraded: {message}", err=True)
    if outcome.ended_early is not None:
        say(f"leakwatch: the input ended early: {outcome.ended_early}", err=True)
    for line in not_watched:
        say(line)
