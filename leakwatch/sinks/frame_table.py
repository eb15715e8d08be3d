"""frames.csv: the numbers of frames.jsonl for a spreadsheet, one row per frame."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from leakwatch.case_files.run_records import FrameRecord, frame_record
from leakwatch.core.results import Snapshot
from leakwatch.files.untrusted_text import spreadsheet_cell
from leakwatch.sinks.recording.line_file import LineFile

TABLE_NAME = "frames.csv"
# As in frames.jsonl, without `quality`, which is nested, and `latency_ms`, which depends on the
# machine: two runs give the same bytes.
COLUMNS = (
    "frame",
    "time_s",
    "level",
    "reasons",
    "distance_mm",
    "distance_sigma_mm",
    "area_mm2",
    "volume_ml",
    "tubular_length_mm",
    "shift_column_px",
    "shift_row_px",
)


class FrameTable:
    """Writer of one row per frame, each handed to the system when `append` returns.

    Parameters
    ----------
    folder : Path
        Exists and is writable; a frames.csv in it is replaced.

    Raises
    ------
    SinkError
        The file cannot be opened.
    """

    def __init__(self, folder: Path) -> None:
        self._file = LineFile(folder / TABLE_NAME)
        self._file.write(format_row(COLUMNS))

    def append(self, snapshot: Snapshot) -> None:
        """Write the row of a frame; a source fault has none.

        Raises
        ------
        SinkError
            The disk is full.
        """
        if snapshot.fault is None:
            self._file.write(format_row(_cells(frame_record(snapshot))))

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _cells(record: FrameRecord) -> tuple[object, ...]:
    return (
        record.frame,
        record.time_s,
        record.level.value,
        " ".join(reason.value for reason in record.reasons),
        record.distance_mm,
        record.distance_sigma_mm,
        record.area_mm2,
        record.volume_ml,
        record.tubular_length_mm,
        *(record.shift_px or (None, None)),
    )


def format_row(cells: Sequence[object]) -> bytes:
    """Return a row of a CSV file with its line end; None is an empty cell.

    Paths and header values are written by strangers, see `spreadsheet_cell`.
    """
    row = io.StringIO()
    csv.writer(row, lineterminator="\n").writerow(map(spreadsheet_cell, cells))
    return row.getvalue().encode()
