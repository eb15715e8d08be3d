"""Results as a NumPy record array, one row per image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from leakwatch.api.result import FrameResult
from leakwatch.core.errors import LeakWatchError

_NUMBERS = (
    "distance_mm",
    "distance_sigma_mm",
    "distance_px",
    "area_mm2",
    "area_px",
    "volume_ml",
    "tubular_length_mm",
    "tubular_length_px",
    "time_to_margin_s",
)


class MissingPackage(LeakWatchError, ImportError):
    """A package that LeakWatch does not require is needed and not installed."""


class ResultTable(np.recarray[Any, np.dtype[Any]]):
    """A record array with one row per image, returned by `leakwatch.analyze`.

    Columns: `frame`, `time_s`, `level`, `current_level`, `reason` (all reasons, most important
    first, with spaces between them), `latched`, `distance_mm`, `distance_sigma_mm`, `distance_px`,
    `area_mm2`, `area_px`, `volume_ml`, `tubular_length_mm`, `tubular_length_px`,
    `time_to_margin_s`, `at_column_px`, `at_row_px`, `shift_column_px`, `shift_row_px`, `why`.
    Their meaning is that in `FrameResult`; an unknown number is NaN.

    `notes` has the inactive rules, and what is unusual; read it before trusting a CLEAR.
    """

    notes: tuple[str, ...]

    def __array_finalize__(self, obj: Any) -> None:
        """Copy the notes to slices and copies."""
        super().__array_finalize__(obj)
        # NumPy's own attributes are set by its C code; this one is set past its field names.
        object.__setattr__(self, "notes", getattr(obj, "notes", ()))

    def to_pandas(self) -> Any:
        """Return the table as a ``pandas.DataFrame``.

        Raises
        ------
        ImportError
            pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise MissingPackage(
                "to_pandas needs pandas, which is not installed. Install it with: pip install "
                "pandas. Without it, take columns from the table itself: table['distance_mm']."
            ) from error
        return pd.DataFrame({name: np.asarray(self[name]) for name in self.dtype.names or ()})


def table_of(results: Sequence[FrameResult], notes: tuple[str, ...]) -> ResultTable:
    """Return a table with one row per result.

    Parameters
    ----------
    results : sequence of FrameResult
    notes : tuple of str
    """
    columns: dict[str, Any] = {
        "frame": np.array([one.frame for one in results], np.int64),
        "time_s": np.array([one.time_s for one in results], np.float64),
        "level": _texts([one.level.value for one in results]),
        "current_level": _texts([one.current_level.value for one in results]),
        "reason": _texts([" ".join(reason.value for reason in one.reasons) for one in results]),
        "latched": np.array([one.latched for one in results], np.bool_),
    }
    for name in _NUMBERS:
        values = [getattr(one, name) for one in results]
        columns[name] = np.array(values, np.float64)  # None becomes NaN
    for name in ("at", "shift"):
        points = [getattr(one, f"{name}_px") or (np.nan, np.nan) for one in results]
        columns[f"{name}_column_px"], columns[f"{name}_row_px"] = np.array(points, np.float64).T
    columns["why"] = _texts([one.why for one in results])
    kinds = np.dtype([(name, values.dtype) for name, values in columns.items()])
    table = np.empty(len(results), kinds)
    for name, values in columns.items():
        table[name] = values
    shown = table.view(ResultTable)
    object.__setattr__(shown, "notes", notes)
    return shown


def _texts(values: list[str]) -> Any:
    return np.array(values, dtype=f"U{max([1, *map(len, values)])}")
