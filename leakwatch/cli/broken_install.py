"""Start of the program if a required library is missing or damaged."""

from __future__ import annotations

import sys
from collections.abc import Callable

from leakwatch.cli.doctor_checks import Check, Finding, versions

CANNOT_START = 1


def main_of(error: ImportError | OSError) -> Callable[[], None]:
    """Return an entry point that reports what is missing and how to install it.

    Parameters
    ----------
    error : ImportError or OSError
        The error that prevented the start.
    """

    def main() -> None:
        findings = Check("versions", versions, needed=True).findings()
        absent = [one for one in findings if one.stands_in_the_way]
        if not absent:
            raise error  # a fault of the program itself, which needs its traceback
        sys.stderr.write(f"leakwatch: the program cannot start: {error}\n")
        for one in absent:
            sys.stderr.write(f"  {_told(one)}\n")
        raise SystemExit(CANNOT_START)

    return main


def _told(one: Finding) -> str:
    return f"{one.name}: {one.found}. {one.todo}".rstrip()
