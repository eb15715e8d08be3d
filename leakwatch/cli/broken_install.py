"""What the program does where a library that it cannot do without is absent or damaged."""

from __future__ import annotations

import sys
from collections.abc import Callable

from leakwatch.cli.doctor_checks import Check, Finding, versions

CANNOT_START = 1


def main_of(error: ImportError | OSError) -> Callable[[], None]:
    """Return an entry point that says what is absent, and how it is installed.

    Parameters
    ----------
    error : ImportError or OSError
        That kept the program from starting.
    """

    def main() -> None:
        findings = Check("versions", versions, needed=True).findings()
        absent = [one for one in findings if one.stands_in_the_way]
        if not absent:
            raise error  # a fault of the program itself, which wants its traceback
        sys.stderr.write(f"leakwatch: the program cannot start: {error}\n")
        for one in absent:
            sys.stderr.write(f"  {_told(one)}\n")
        raise SystemExit(CANNOT_START)

    return main


def _told(one: Finding) -> str:
    return f"{one.name}: {one.found}. {one.todo}".rstrip()
