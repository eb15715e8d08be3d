"""Several sequences in one `leakwatch analyze`: a folder of results each, and one table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from leakwatch.cli.console import BAD_INPUT, ENDED_EARLY, INTERRUPTED, NOT_WATCHED, print_line, warn
from leakwatch.core.errors import LeakWatchError
from leakwatch.core.interruption import INTERRUPTIONS
from leakwatch.core.messages import counted, text, translate
from leakwatch.display.banner import REASON_WORDS
from leakwatch.display.quantities import FINEST_ML, FINEST_MM, FINEST_MM2, round_to_uncertainty

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
    """Result of one sequence of a batch.

    Parameters
    ----------
    asked : Asked
    outcome : Outcome or None
        None: it could not be analysed; `why` is the reason.
    not_watched : tuple of str
    why : str
        Why it is incomplete; empty if it is complete.
    """

    asked: Asked
    outcome: Outcome | None
    not_watched: tuple[str, ...] = ()
    why: str = ""


def analyse_all(
    runs: Sequence[Asked], out: Path, analyse_one: Callable[[Asked, Path, str], Analysed]
) -> list[Analysed]:
    """Analyse sequences one after the other; a fault in one does not stop the others.

    Parameters
    ----------
    runs : sequence of Asked
    out : Path
        Receives a folder for each sequence, and `CASES_NAME` with a row for each finished one.
    analyse_one : callable
        Takes the sequence, the folder of its results, and its name and number for the progress.

    Returns
    -------
    list of Analysed
        Fewer than `runs` if the user interrupted it.

    Raises
    ------
    SinkError
        `out` cannot be written to.
    """
    from leakwatch.sinks.frame_table import format_row
    from leakwatch.sinks.output_folder import make_folder
    from leakwatch.sinks.recording.line_file import LineFile

    make_folder(out)
    table, done = LineFile(out / CASES_NAME), []
    try:
        table.write(format_row(_COLUMNS))
        for number, asked in enumerate(runs, 1):
            place = text(
                "{number} of {total}: {name}", number=number, total=len(runs), name=asked.name
            )
            warn(place)
            try:
                INTERRUPTIONS.release()
                found = _attempt(asked, out / asked.name, place, analyse_one)
                INTERRUPTIONS.hold()
            except KeyboardInterrupt:  # before the first frame of this one
                INTERRUPTIONS.hold()
                break
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
    warn(why)
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
            _rounded(outcome.smallest_distance_mm, FINEST_MM),
            _rounded(outcome.largest_area_mm2, FINEST_MM2),
            _rounded(outcome.largest_volume_ml, FINEST_ML),
        )
    not_watched = " | ".join(found.not_watched)
    table.write(
        format_row((found.asked.name, path, series, *cells, not_watched, found.why or "whole"))
    )


def _rounded(value: float | None, finest: float) -> float | None:
    return None if value is None else round_to_uncertainty(value, None, finest)[0]


def print_summary(done: Sequence[Analysed], out: Path, asked: int) -> None:
    """Print a table of all sequences, then what was not monitored in each."""
    rows = [
        (
            translate(text("case")),
            translate(text("frames")),
            "UNKNOWN",
            translate(text("distance mm")),
            translate(text("first STOP")),
        )
    ]
    rows += [_summary(one) for one in done]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print_line("  ".join(cells).rstrip())
    for one in done:
        for line in one.not_watched:
            print_line(text("{name}: {line}", name=one.asked.name, line=line))
    whole = sum(not one.why for one in done)
    print_line(
        counted(
            "{complete} of {count} sequence complete; written to {output}: {file}",
            "{complete} of {count} sequences complete; written to {output}: {file}",
            count=asked,
            complete=whole,
            output=out,
            file=CASES_NAME,
        )
    )


def _summary(found: Analysed) -> tuple[str, str, str, str, str]:
    outcome = found.outcome
    if outcome is None:
        return found.asked.name, "-", "-", "-", translate(text("not analysed: see above"))
    stop, nearest = outcome.first_stop, outcome.smallest_distance_mm
    said: str = text("none while monitored") if found.not_watched else text("none")
    if stop is not None and stop.reason is None:
        said = text("{time_s:.2f} s, frame {frame}", time_s=stop.time_s, frame=stop.frame)
    elif stop is not None and stop.reason is not None:
        said = text(
            "{time_s:.2f} s, frame {frame}: {reason}",
            time_s=stop.time_s,
            frame=stop.frame,
            reason=REASON_WORDS[stop.reason],
        )
    if found.why:
        said = text("{first_stop} (incomplete: see above)", first_stop=said)
    distance = "-" if nearest is None else f"{nearest:.1f}"
    return found.asked.name, str(outcome.frames), str(outcome.unknown), distance, translate(said)


def exit_code(done: Sequence[Analysed], asked: int, strict: bool) -> int:
    """Return the exit code of a batch; 0: every sequence is complete."""
    if len(done) < asked or any(one.outcome and one.outcome.interrupted for one in done):
        return INTERRUPTED
    if all(one.outcome is None for one in done):
        return BAD_INPUT
    if any(one.why or one.asked.not_read for one in done):
        return ENDED_EARLY
    return NOT_WATCHED if strict and any(one.not_watched for one in done) else 0
