"""frames.csv: the numbers of frames.jsonl for a spreadsheet, a row a frame."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from leakwatch.case_files.run_records import FrameRecord, frame_record
from leakwatch.core.results import Snapshot
from leakwatch.sinks.recording.line_file import LineFile

TABLE_NAME = "frames.csv"
# As in frames.jsonl. What is nested there (`quality`) has no place in a table, and `latency_ms` is
# of the machine: without it two runs give the same bytes.
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
    """Writes a row a frame, each on its way to the disk when `append` returns.

    Parameters
    ----------
    folder : Path
        Exists and may be written to; a frames.csv in it is replaced.

    Raises
    ------
    SinkError
        The file cannot be opened.
    """

    def __init__(self, folder: Path) -> None:
        self._file = LineFile(folder / TABLE_NAME)
        self._file.write(table_row(COLUMNS))

    def append(self, snapshot: Snapshot) -> None:
        """Write the row of a frame; a fault of the source is none.

        Raises
        ------
        SinkError
            It does not fit on the disk.
        """
        if snapshot.fault is None:
            self._file.write(table_row(_cells(frame_record(snapshot))))

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


def table_row(cells: Sequence[object]) -> bytes:
    """Return a row of a CSV file with its line end; what is None is an empty cell."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()
