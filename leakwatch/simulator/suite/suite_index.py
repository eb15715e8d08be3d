"""suite.json: the index of the cases in a suite's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from leakwatch.core.errors import ConfigError, SinkError
from leakwatch.core.messages import text
from leakwatch.files.bounded_input import MOST_DOCUMENT_BYTES, parse_json, read_at_most
from leakwatch.simulator.suite.suite_file import Expected

INDEX_NAME = "suite.json"


class IndexedCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A completed case.

    Parameters
    ----------
    name : str
    kind : str
        The entry of the suite that it comes from.
    expect : str
        What the truth had to say; it does.
    paths : list of str
        Leaks by `leak_paths.LeakKind`, finer than the truth's word.
    leak : str
        The truth's word.
    ct : str or None
        File name; None for analytic anatomy.
    vertebra : str
    seed, frames, rows, columns : int
    fps : float
    quanta_per_mm2 : float
        The dose.
    due_frame : int or None
        First frame in which a STOP is due.
    least_distance_mm : float or None
        To the posterior wall, over all frames.
    fingerprint : str
        Of all that the case follows from.
    """

    name: str
    kind: str
    expect: Expected
    paths: list[str]
    leak: str
    ct: str | None
    vertebra: str
    seed: int
    fps: float
    frames: int
    rows: int
    columns: int
    quanta_per_mm2: float
    due_frame: int | None
    least_distance_mm: float | None
    fingerprint: str


class NotMade(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A case that could not be made, and why."""

    name: str
    why: str


class SuiteIndex(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Complete index.

    Parameters
    ----------
    suite : str
    program : str
        Version of the program.
    cases : list of IndexedCase
        In the suite's order.
    not_made : list of NotMade
    """

    suite: str
    program: str
    cases: list[IndexedCase]
    not_made: list[NotMade] = []
    schema: Literal["leakwatch.suite/1"] = "leakwatch.suite/1"


_EMPTY = SuiteIndex(suite="", program="", cases=[])


def load_index(path: Path) -> SuiteIndex:
    """Read a suite.json; an empty one where there is none.

    Raises
    ------
    ConfigError
        It is no suite.json.
    """
    try:
        found = parse_json(read_at_most(path, MOST_DOCUMENT_BYTES))
        return msgspec.convert(found, SuiteIndex, str_keys=True)
    except FileNotFoundError:
        return _EMPTY
    except OSError as error:
        raise ConfigError(
            text(
                "{path}: cannot be read: {reason}. Choose another --out.",
                path=path,
                reason=error.strerror,
            )
        ) from error
    except ValueError as error:
        raise ConfigError(
            text(
                "{path}: was not written by LeakWatch: {error}. Remove it, or choose another "
                "--out.",
                path=path,
                error=str(error),
            )
        ) from error


def write_index(index: SuiteIndex, out: Path) -> None:
    """Write a suite.json at once: a reader finds the old one or the new one.

    Raises
    ------
    SinkError
        It cannot be written.
    """
    partial = out / f".{INDEX_NAME}"
    try:
        partial.write_bytes(
            msgspec.json.format(msgspec.json.encode(index, enc_hook=str), indent=1) + b"\n"
        )
        partial.replace(out / INDEX_NAME)
    except OSError as error:
        raise SinkError(
            text(
                "{path}: cannot be written: {reason}. Choose another --out.",
                path=out / INDEX_NAME,
                reason=error.strerror,
            )
        ) from error
