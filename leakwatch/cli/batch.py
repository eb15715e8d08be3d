"""Several runs by one `leakwatch analyze`: a folder of results each, and one table of all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from leakwatch.cli.console import BAD_INPUT, ENDED_EARLY, INTERRUPTED, NOT_WATCHED, say
from leakwatch.core.errors import LeakWatchError
from leakwatch.core.plural import counted_noun
from leakwatch.display.banner import REASON_WORDS

if TYPE_CHECKING:
    from leakwatch.cli.sequences import Asked
    from leakwatch.runner.analysis import Outcome
    from leakwatch.sinks.recording.line_file import LineFile

CASES_NAME = "cases.csv"
_COLUMNS = (
    "case",
    "sequence",
    "series",
    "frames",
    "unknown_frames",
    "first_stop_frame",
    "first_stop_s",
    "first_stop_reason",
    "smallest_distance_mm",
    "largest_area_mm2",
    "largest_volume_ml",
    "not_watched",
    "outcome",
)


@dataclass(frozen=True, slots=True)
class Analysed:
    """What became of one run of a batch.

    Parameters
    ----------
    asked : Asked
    outcome : Outcome or None
        None: nothing of it could be analysed, and `why` says why.
    not_watched : tuple of str
    why : str
        Why it is not whole; empty where it is.
    """

    asked: Asked
    outcome: Outcome | None
    not_watched: tuple[str, ...] = ()
    why: str = ""


def analyse_all(
    runs: Sequence[Asked], out: Path, analyse_one: Callable[[Asked, Path, str], Analysed]
) -> list[Analysed]:
    """Analyse one run after the other; what breaks one does not lose the others.

    Parameters
    ----------
    runs : sequence of Asked
    out : Path
        A folder for each run goes into it, and `CASES_NAME`, a row as soon as a run is done.
    analyse_one : callable
        Takes the run, the folder of its results, and its name with its place for the progress.

    Returns
    -------
    list of Analysed
        Fewer than `runs` where a person interrupted it.

    Raises
    ------
    SinkError
        Nothing can be written into `out`.
    """
    from leakwatch.sinks.frame_table import format_row
    from leakwatch.sinks.output_folder import make_folder
    from leakwatch.sinks.recording.line_file import LineFile

    make_folder(out)
    table, done = LineFile(out / CASES_NAME), []
    try:
        table.write(format_row(_COLUMNS))
        for number, asked in enumerate(runs, 1):
            place = f"{number} of {len(runs)}: {asked.name}"
            say(f"leakwatch: {place}", err=True)
            found = _attempt(asked, out / asked.name, place, analyse_one)
            done.append(found)
            _keep(table, found)
            if found.outcome is not None and found.outcome.interrupted:
                break
    finally:
        table.close()
    return done


def _attempt(
    asked: Asked, folder: Path, place: str, analyse_one: Callable[[Asked, Path, str], Analysed]
) -> Analysed:
    why = asked.why
    if asked.run is not None:
        try:
            return analyse_one(asked, folder, place)
        except LeakWatchError as error:
            why = str(error)
    say(f"leakwatch: {why}", err=True)
    return Analysed(asked, None, (), why)


def _keep(table: LineFile, found: Analysed) -> None:
    from leakwatch.sinks.frame_table import format_row

    run, outcome = found.asked.run, found.outcome
    path = "" if run is None else str(run.path)
    series = "" if run is None else run.series
    cells: tuple[object, ...] = (None,) * 8
    if outcome is not None:
        stop = outcome.first_stop
        cells = (
            outcome.frames,
            outcome.unknown,
            None if stop is None else stop.frame,
            None if stop is None else round(stop.time_s, 4),
            None if stop is None or stop.reason is None else stop.reason.value,
            _rounded(outcome.smallest_distance_mm),
            _rounded(outcome.largest_area_mm2),
            _rounded(outcome.largest_volume_ml),
        )
    not_watched = " | ".join(found.not_watched)
    table.write(
        format_row((found.asked.name, path, series, *cells, not_watched, found.why or "whole"))
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def say_summary(done: Sequence[Analysed], out: Path, asked: int) -> None:
    """Print a table of all runs, then what was not watched in which."""
    rows = [("case", "frames", "UNKNOWN", "distance mm", "first STOP")]
    rows += [_summary(one) for one in done]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        say("  ".join(cells).rstrip())
    for one in done:
        for line in one.not_watched:
            say(f"{one.asked.name}: {line}")
    whole = sum(not one.why for one in done)
    say(f"{whole} of {counted_noun(asked, 'run')} whole; written to {out}: {CASES_NAME}")


def _summary(found: Analysed) -> tuple[str, str, str, str, str]:
    outcome = found.outcome
    if outcome is None:
        return found.asked.name, "-", "-", "-", "not analysed: see above"
    stop, nearest = outcome.first_stop, outcome.smallest_distance_mm
    said = "none of what was watched" if found.not_watched else "none"
    if stop is not None:
        reason = "" if stop.reason is None else f": {REASON_WORDS[stop.reason]}"
        said = f"{stop.time_s:.2f} s, frame {stop.frame}{reason}"
    if found.why:
        said += " (not whole: see above)"
    distance = "-" if nearest is None else f"{nearest:.1f}"
    return found.asked.name, str(outcome.frames), str(outcome.unknown), distance, said


def exit_code(done: Sequence[Analysed], asked: int, strict: bool) -> int:
    """Tell by a number what became of a batch; 0: every run is whole."""
    if len(done) < asked or any(one.outcome and one.outcome.interrupted for one in done):
        return INTERRUPTED
    if all(one.outcome is None for one in done):
        return BAD_INPUT
    if any(one.why or one.asked.not_read for one in done):
        return ENDED_EARLY
    return NOT_WATCHED if strict and any(one.not_watched for one in done) else 0
