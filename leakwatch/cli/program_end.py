"""End of the program while a thread that nobody waits for is still at work.

A video that is not finished soon after Ctrl-C is left to its thread, as is a driver that hangs.
When such a thread returns from C++ into an interpreter that is ending, Python before 3.14 unwinds
it, and C++ aborts the whole program: exit code 134 instead of 130, and a core dump. So the process
ends without it, after everything else was completed and said.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

_FAILED, _INTERRUPTED = 1, 130


class _Ending:
    """The exit code, for the end of the process."""

    code = _FAILED


def run_to_end(app: Callable[[], object]) -> None:
    """Run the program, and let the process end with its exit code whatever its threads do.

    Parameters
    ----------
    app : callable
        May raise SystemExit.
    """
    ending = _Ending()
    # Registered first, so that it comes last: after the clean-up of everything that is used.
    atexit.register(_leave_threads, ending)
    try:
        app()
        ending.code = 0
    except SystemExit as error:
        ending.code = exit_number(error.code)
        raise
    except KeyboardInterrupt:
        ending.code = _INTERRUPTED
        raise


def exit_number(code: str | int | None) -> int:
    """Return the number with which a process ends after SystemExit."""
    if code is None:
        return 0
    return code if isinstance(code, int) else _FAILED


def _leave_threads(ending: _Ending) -> None:
    """End the process at once if a daemon thread is left."""
    if not any(thread.daemon for thread in threading.enumerate()):
        return
    for stream in (sys.stdout, sys.stderr):
        # Closed, or a pipe that nobody reads any more: nothing is left to say.
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(ending.code)
