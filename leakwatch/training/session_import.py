"""Sessions from a CSV that `sessions_csv` wrote, as on another computer. Pure."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import math
from collections.abc import Mapping
from dataclasses import fields

from leakwatch.core.errors import LibraryError
from leakwatch.core.messages import text
from leakwatch.files.bounded_input import parse_json
from leakwatch.files.untrusted_text import FORMULA_SIGNS
from leakwatch.training.scoring import Outcome, TruthSource
from leakwatch.training.training_records import BEGUN, TrainingSession, check_name

_COLUMNS = tuple(field.name for field in fields(TrainingSession))
# Of a name, a reason or a list of times; longer ones are no such text.
_LONGEST = 10_000


def parse_sessions(data: bytes) -> tuple[TrainingSession, ...]:
    """Return the sessions of a CSV.

    Raises
    ------
    LibraryError
        It is no such table, or a line is wrong; the message states which.
    """
    try:
        table = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        if tuple(table.fieldnames or ()) != _COLUMNS:
            raise ValueError(text("its first line must be {columns}", columns=",".join(_COLUMNS)))
        return tuple(_session(row, table.line_num) for row in table)
    except (ValueError, csv.Error) as error:
        fault = error.args[0] if error.args else str(error)
        raise LibraryError(
            text(
                "this is no table of training sessions: {fault}. Choose a file that was written by "
                "`leakwatch trainees export` or by the window.",
                fault=fault,
            )
        ) from error


def _session(row: Mapping[str, str | None], line: int) -> TrainingSession:
    try:
        cells = {name: _text(row.get(name)) for name in _COLUMNS}
        return TrainingSession(
            id=0,
            trainee=check_name(cells["trainee"]),
            begun_at=_moment(cells["begun_at"]),
            case_name=cells["case_name"],
            version=cells["version"],
            outcome=_one_of(cells["outcome"], (BEGUN, *Outcome)),
            why=cells["why"],
            presses_s=_presses(cells["presses_s"]),
            due_by=_one_of(cells["due_by"], tuple(TruthSource)) if cells["due_by"] else None,
            due_frame=_whole(cells["due_frame"]),
            due_s=_number(cells["due_s"]),
            stop_frame=_whole(cells["stop_frame"]),
            stop_s=_number(cells["stop_s"]),
            reaction_s=_number(cells["reaction_s"]),
            past_ml=_number(cells["past_ml"]),
            false_stops=_whole(cells["false_stops"]),
            leakwatch_frame=_whole(cells["leakwatch_frame"]),
            leakwatch_s=_number(cells["leakwatch_s"]),
        )
    except (ValueError, LibraryError) as error:
        fault = error.args[0] if error.args else str(error)
        raise ValueError(text("line {line}: {fault}", line=line, fault=fault)) from error


def _text(cell: str | None) -> str:
    if cell is None or len(cell) > _LONGEST:
        raise ValueError(text("a cell is missing or too long"))
    # As `sessions_csv` marks a text that a spreadsheet would take for a formula.
    return cell[1:] if cell[:1] == "'" and cell[1:2] in FORMULA_SIGNS else cell


def _moment(cell: str) -> str:
    moment = dt.datetime.fromisoformat(cell)
    if moment.tzinfo is None:
        raise ValueError(text("{time} has no time zone", time=cell))
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds")


def _one_of(cell: str, known: tuple[str, ...]) -> str:
    if cell not in known:
        raise ValueError(text("{cell!r} is not one of {known}", cell=cell, known=", ".join(known)))
    return cell


def _whole(cell: str) -> int | None:
    value = _number(cell)
    if value is None:
        return None
    if value != int(value) or not 0 <= value < 1 << 31:
        raise ValueError(text("{cell!r} is no count", cell=cell))
    return int(value)


def _number(cell: str) -> float | None:
    if not cell:
        return None
    value = float(cell)
    if not math.isfinite(value):
        raise ValueError(text("{cell!r} is no number", cell=cell))
    return value


def _presses(cell: str) -> str:
    values = parse_json(cell.encode())
    if not isinstance(values, list) or not all(isinstance(one, int | float) for one in values):
        raise ValueError(text("{cell!r} is no list of times", cell=cell))
    return json.dumps(values)
