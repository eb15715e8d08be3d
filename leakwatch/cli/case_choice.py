"""Case that a command uses: the one given, or the one beside the sequence."""

from __future__ import annotations

from pathlib import Path

from leakwatch.case_files.case_file import CASE_SUFFIX, case_beside
from leakwatch.cli.console import fail, warn
from leakwatch.core.messages import text


def chosen_case(sequence: Path, given: Path | None, without: bool) -> Path | None:
    """Return the case of a sequence; print it on stderr if it was not specified.

    Parameters
    ----------
    sequence : Path
        Or a case, which names its sequence.
    given : Path or None
        From ``--case``.
    without : bool
        From ``--no-case``.
    """
    if given is not None and without:
        fail(text("--case and --no-case contradict each other. Give one of them."))
    if given is not None or without or sequence.name.endswith(CASE_SUFFIX):
        return given
    found = case_beside(sequence)
    if found is not None:
        warn(
            text(
                "{found} is beside the sequence and is used (--no-case: do not use it)", found=found
            )
        )
    return found
