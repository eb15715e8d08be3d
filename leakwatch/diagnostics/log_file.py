"""Log of `--log-file`: JSON lines in a private file of limited size, written in the background.

One line a record of this package's loggers. Those of libraries stay out: they may quote what a
header says. No line has pixels or anything that names a patient: see `log_redaction`.
"""

from __future__ import annotations

import errno
import json
import logging
import math
import os
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from numbers import Integral, Real
from pathlib import Path
from queue import Empty, Full, Queue
from threading import Lock, Thread
from types import TracebackType
from typing import Any, Final

from leakwatch.config import LogSettings
from leakwatch.core.errors import SinkError
from leakwatch.core.messages import text
from leakwatch.diagnostics.log_redaction import Redactor
from leakwatch.files.private_files import make_private_folder, open_private

# Start of each line. A file that starts differently is not a log, and is not written to.
_BEGINNING: Final = b'{"time":'
# Longest text of a field, characters, and most entries of a list: a line stays a line.
_LONGEST, _MOST_ENTRIES = 2000, 100
# What a record says beside its message, in `extra={FIELDS: {...}}`.
FIELDS: Final = "fields"
_PACKAGES = ("leakwatch", "site-packages", "dist-packages")
# Of these the interpreter quotes names of code; any other error may quote data.
_OF_CODE = (AttributeError, TypeError, NameError, ImportError, AssertionError)


class JsonLines(logging.Formatter):
    """One JSON object per record, in ASCII: time, level, thread, where, what, and its fields.

    Parameters
    ----------
    redact : Redactor
        Every text passes it.
    """

    def __init__(self, redact: Redactor) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of `record`, without a line end."""
        line: dict[str, Any] = {
            "time": _utc(record.created),
            "level": record.levelname.lower(),
            "thread": record.threadName,
            "where": record.name.removeprefix("leakwatch."),
            "what": self._text(self._message(record)),
        }
        for name, value in getattr(record, FIELDS, {}).items():
            line[name] = self._plain(value)
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            line["error"] = self._error(error)
            line["traceback"] = _places(error.__traceback__)
            if cause := error.__cause__ or error.__context__:
                line["caused_by"] = self._error(cause)
                line["traceback_of_cause"] = _places(cause.__traceback__)
        return json.dumps(line, allow_nan=False, separators=(",", ":"))

    def _message(self, record: logging.LogRecord) -> str:
        """Return the message; values of a header in its arguments are left out."""
        if not isinstance(record.args, tuple):
            return record.getMessage()
        args = tuple(map(self._without_header_texts, record.args))
        return str(record.msg) % args if args else self._without_header_texts(record.msg)

    def _without_header_texts(self, value: Any) -> Any:
        if isinstance(value, BaseException):
            value = str(value)
        return self._redact.header_texts(value) if isinstance(value, str) else value

    def _text(self, text: str) -> str:
        return self._redact(self._redact.header_texts(text)[:_LONGEST])

    def _error(self, error: BaseException) -> str:
        said = self._redact.header_texts(str(error))[:_LONGEST]
        said = self._redact.of_code(said) if isinstance(error, _OF_CODE) else self._redact(said)
        return f"{type(error).__name__}: {said}" if said else type(error).__name__

    def _plain(self, value: Any, depth: int = 0) -> Any:
        """Return `value` for JSON; of other objects, such as arrays, only the type."""
        if value is None or isinstance(value, bool | Real):
            return _plain_number(value)
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Mapping) and depth < 3:
            return {str(key): self._plain(one, depth + 1) for key, one in value.items()}
        if isinstance(value, list | tuple) and depth < 3:
            return [self._plain(one, depth + 1) for one in value[:_MOST_ENTRIES]]
        return f"<{type(value).__name__}>"


def _plain_number(value: bool | Real | None) -> bool | float | None:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Integral):
        return int(value)
    return round(float(value), 4) if math.isfinite(value) else None


def _utc(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _places(frames: TracebackType | None) -> list[str]:
    """Return ``file:line function`` of each call, the innermost last: no values, no folders."""
    calls = traceback.extract_tb(frames)[-_MOST_ENTRIES:]
    return [f"{_below_packages(one.filename)}:{one.lineno} {one.name}" for one in calls]


def _below_packages(file: str) -> str:
    """Return the part of a source file's path that is the same on every machine."""
    parts = Path(file).parts
    folders = parts[:-1]
    # "leakwatch" itself is kept; what holds packages is not, and whichever lies deeper counts.
    ends = [len(folders) - folders[::-1].index(one) for one in _PACKAGES if one in folders]
    if not ends:
        return parts[-1]
    return "/".join(parts[max(ends) - (parts[max(ends) - 1] == _PACKAGES[0]) :])


class _Pages:
    """FILE and FILE.1, which together stay below a size. Used on one thread.

    Parameters
    ----------
    path : Path
    most_bytes : int
        Of both.
    """

    def __init__(self, path: Path, most_bytes: int) -> None:
        self._path, self._most_bytes = path, most_bytes // 2
        self._older = path.with_name(f"{path.name}.1")
        self._file = -1

    def check_older(self) -> None:
        """Refuse to overwrite a FILE.1 that is not a log."""
        if self._older.exists():
            older = _Pages(self._older, self._most_bytes)
            older.open()
            older.close()

    def open(self) -> None:
        """Continue an existing file, or create one."""
        file = open_private(self._path, os.O_RDWR | os.O_APPEND)
        try:
            size = os.fstat(file).st_size
            if size and os.read(file, len(_BEGINNING)) != _BEGINNING:
                raise FileExistsError(
                    errno.EEXIST, text("the existing file is not a log of LeakWatch")
                )
            if size and _last_byte(file) != b"\n":
                os.write(file, b"\n")  # a program that was killed ended within a line
        except BaseException:
            os.close(file)
            raise
        self.close()
        self._file = file

    def write(self, data: bytes) -> None:
        """Append complete lines; incomplete ones are removed again."""
        if not self._is_in_place():
            self.open()
        size = os.fstat(self._file).st_size
        if size and size + len(data) > self._most_bytes:
            self._turn()
            size = 0
        try:
            left = memoryview(data)
            while left:
                left = left[os.write(self._file, left) :]
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._file, size)
            raise

    def close(self) -> None:
        """Close the file. Does not raise."""
        with suppress(OSError):
            if self._file >= 0:
                os.close(self._file)
        self._file = -1

    def _is_in_place(self) -> bool:
        """Return whether the file still exists: writing to a removed folder does not fail."""
        if self._file < 0:
            return False
        try:
            return os.path.samestat(os.fstat(self._file), self._path.stat())
        except OSError:
            return False

    def _turn(self) -> None:
        """Start a new file; the full one is kept until the new one is full."""
        self.close()
        self._path.replace(self._older)
        self.open()


def _last_byte(file: int) -> bytes:
    os.lseek(file, -1, os.SEEK_END)
    return os.read(file, 1)


class LogFile(logging.Handler):
    """Log handler that writes on its own thread. Callers do not block, and get no disk errors.

    Parameters
    ----------
    path : Path
        Made where absent, with its folder; one that is there goes on.
    redact : Redactor
    settings : LogSettings
    say : callable
        Is told, once, that nothing can be written, and once that it can again.

    Raises
    ------
    SinkError
        It cannot be written now, or something else is in its place.
    """

    def __init__(
        self,
        path: Path,
        redact: Redactor,
        settings: LogSettings,
        say: Callable[[str], None],
    ) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(JsonLines(redact))
        self._path, self._settings, self._say = path, settings, say
        self._pages = _Pages(path, settings.most_bytes)
        try:
            make_private_folder(path.parent)
            self._pages.check_older()
            self._pages.open()
        except OSError as error:
            raise SinkError(
                text(
                    "the log {path} cannot be written: {fault}. Choose another --log-file.",
                    path=path,
                    fault=error.strerror or error,
                )
            ) from error
        self._lines: Queue[bytes | None] = Queue(settings.waiting_lines)
        self._lost, self._failing, self._is_closed = 0, False, False
        self._counting = Lock()
        self._thread = Thread(target=self._write_on, name="log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a record. Does not raise or block."""
        try:
            line = self.format(record).encode("ascii", "replace") + b"\n"
            self._lines.put_nowait(line)
        # A record that cannot be formatted or queued is counted.
        except Exception:  # noqa: BLE001
            self._count_lost(1)

    def close(self) -> None:
        """Write queued lines up to the time limit of the settings. Does not raise."""
        closed, self._is_closed = self._is_closed, True
        with suppress(Full):
            if closed:
                return
            self._lines.put(None, timeout=self._settings.close_s)
            self._thread.join(self._settings.close_s)
        super().close()

    def _write_on(self) -> None:
        going = True
        while going:
            lines = [self._lines.get()]
            with suppress(Empty):
                while len(lines) < self._settings.waiting_lines:
                    lines.append(self._lines.get_nowait())
            going = None not in lines
            self._write([line for line in lines if line is not None])
        self._pages.close()

    def _count_lost(self, lines: int) -> int:
        """Add to the number of lost lines, and return it."""
        with self._counting:
            self._lost += lines
            return self._lost

    def _write(self, lines: list[bytes]) -> None:
        """Write lines in portions that respect the size limit."""
        for portion in _portions(lines, self._settings.most_bytes // 4):
            lost = self._count_lost(0)
            told = [_lost_line(lost)] if lost else []
            try:
                self._pages.write(b"".join([*told, *portion]))
            # Whatever the fault, such as a full disk or a removed folder, monitoring continues.
            except Exception as error:  # noqa: BLE001
                self._count_lost(len(portion))
                self._tell_of(error)
            else:
                self._count_lost(-lost)
                self._tell_of(None)

    def _tell_of(self, error: Exception | None) -> None:
        failing, self._failing = self._failing, error is not None
        if failing == self._failing:
            return
        with suppress(Exception):
            if error is None:
                self._say(text("the log {path} is being written again", path=self._path))
            else:
                why = getattr(error, "strerror", None) or error
                self._say(
                    text(
                        "the log {path} cannot be written: {why}. Monitoring continues; until the "
                        "fault is mended, lines are counted but not written.",
                        path=self._path,
                        why=str(why),
                    )
                )


def _portions(lines: list[bytes], most_bytes: int) -> list[list[bytes]]:
    portions: list[list[bytes]] = []
    size = 0
    for line in lines:
        if not portions or size + len(line) > most_bytes:
            portions.append([])
            size = 0
        portions[-1].append(line)
        size += len(line)
    return portions


def _lost_line(lost: int) -> bytes:
    line = {
        "time": _utc(datetime.now(UTC).timestamp()),
        "level": "warning",
        "thread": "log",
        "where": "log_file",
        "what": f"lines that could not be written before this one: {lost}",
        "lost": lost,
    }
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"
