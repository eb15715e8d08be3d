"""Which case a command works with: the one that is given, or the one beside the sequence."""

from __future__ import annotations

from pathlib import Path

from leakwatch.case_files.case_file import CASE_SUFFIX, case_beside
from leakwatch.cli.console import fail, say


def chosen_case(sequence: Path, given: Path | None, without: bool) -> Path | None:
    """Choose the case of a sequence, and say on stderr where nobody named it.

    Parameters
    ----------
    sequence : Path
        Or a case itself, which names its sequence.
    given : Path or None
        With ``--case``.
    without : bool
        With ``--no-case``.
    """
    if given is not None and without:
        fail("--case and --no-case contradict each other. Give one of them.")
    if given is not None or without or sequence.name.endswith(CASE_SUFFIX):
        return given
    found = case_beside(sequence)
    if found is not None:
        say(
            f"leakwatch: {found} lies beside the sequence and is used (--no-case: without it)",
            err=True,
        )
    return found
