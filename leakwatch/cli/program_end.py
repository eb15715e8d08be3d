"""End of the program: after an interruption, and while an abandoned thread is still at work.

Ctrl-C is handled from the start of the program until its process ends. Before the results are
complete, it ends the program with a sentence and exit code 130; afterwards it changes nothing.

A video that is not finished soon after Ctrl-C is left to its thread, as is a driver that hangs.
When such a thread returns from C++ into an interpreter that is ending, Python before 3.14 unwinds
it, and C++ aborts the whole program: exit code 134 instead of 130, and a core dump. So the process
ends without it, after everything else was completed and said.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

from leakwatch.cli.console import INTERRUPTED, tell_interrupted, warn
from leakwatch.core.interruption import INTERRUPTIONS, known_signals
from leakwatch.core.messages import text

_FAILED = 1


class _Ending:
    """Exit code, for the end of the process."""

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
    INTERRUPTIONS.hear()
    try:
        app()
        INTERRUPTIONS.hold()
        ending.code = 0
    except SystemExit as error:
        INTERRUPTIONS.hold()
        ending.code = exit_number(error.code)
        _tell(ending.code)
        raise
    except KeyboardInterrupt:
        INTERRUPTIONS.hold()
        ending.code = INTERRUPTED
        _tell(INTERRUPTED)
        raise SystemExit(INTERRUPTED) from None
    _tell(0)


def _tell(code: int) -> None:
    """Print what became of an interruption, if nobody has done so."""
    if code == INTERRUPTED:
        if not INTERRUPTIONS.told:
            tell_interrupted()
    elif INTERRUPTIONS.came_late:
        warn(text("interrupted after everything was written; that changed nothing."))


def exit_number(code: str | int | None) -> int:
    """Return the number with which a process ends after SystemExit."""
    if code is None:
        return 0
    return code if isinstance(code, int) else _FAILED


def _leave_threads(ending: _Ending) -> None:
    """End the process at once if a daemon thread is left.

    From here on the interpreter takes its own handlers back, and a signal would end the process
    without the exit code that was decided.
    """
    for number in known_signals("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_IGN)
    if not any(thread.daemon for thread in threading.enumerate()):
        return
    for stream in (sys.stdout, sys.stderr):
        # Closed, or a pipe that nobody reads any more: nothing is left to say.
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(ending.code)
