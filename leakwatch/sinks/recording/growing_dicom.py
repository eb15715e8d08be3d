"""A DICOM file that grows by a frame at a time, and is whole after each of them.

Room for the head is kept free at the start of the file (in Private Information, 0002,0102, which no
reader looks at and no network carries), so that the number of frames and their times are written in
place at the end: no copy, and no room that a full disk would not have. Behind the newest frame the
end of the items always stands; the next frame is written over it.
"""

from __future__ import annotations

import os
import struct
import sys
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pydicom
from pydicom.dataset import FileDataset
from pydicom.uid import UID

from leakwatch.core.errors import SinkError
from leakwatch.files.private_files import open_private
from leakwatch.sinks.recording.file_safety import PeriodicSync, check_in_place

# Frame Time Vector holds 65534 bytes at most; the rest of a head takes 3000.
HEAD_BYTES = 72 * 1024

_ROOM_OWNER = UID("2.25.113946024478213546236478215471324418822")
_PIXEL_DATA = struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF)
_ITEM = struct.pack("<HH", 0xFFFE, 0xE000)
_NO_OFFSETS = _ITEM + struct.pack("<L", 0)
_END_OF_ITEMS = struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)
_ITEM_HEAD = 8  # bytes: tag and length


class GrowingDicom:
    """Encapsulated Pixel Data, a fragment a frame, with an empty offset table.

    Parameters
    ----------
    path : Path
        Must not exist.
    head : FileDataset
        All but the pixels; complete enough to be read.

    Raises
    ------
    SinkError
        The file cannot be made.
    """

    def __init__(self, path: Path, head: FileDataset) -> None:
        self._path = path
        start = head_bytes(head) + _PIXEL_DATA + _NO_OFFSETS
        self._end = len(start)  # where the end of the items stands
        try:
            self._file = open_private(path, os.O_EXCL | os.O_RDWR)
        except OSError as error:
            raise _cannot_write(path, error) from error
        try:
            _write_at(self._file, start + _END_OF_ITEMS, 0)
        except OSError as error:
            os.close(self._file)
            with suppress(OSError):
                path.unlink()
            raise _cannot_write(path, error) from error
        self._sync = PeriodicSync(self._file)

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self._end + len(_END_OF_ITEMS)

    def append(self, stream: bytes) -> int:
        """Write one frame, and return where its stream begins.

        Parameters
        ----------
        stream : bytes
            Of even length.

        Raises
        ------
        SinkError
            It does not fit, or the file was removed; the frames before it are whole.
        """
        check_in_place(self._file, self._path)
        item = _ITEM + struct.pack("<L", len(stream)) + stream
        try:
            _write_at(self._file, item + _END_OF_ITEMS, self._end)
        except OSError as error:
            with suppress(OSError):  # the room for this was taken before
                os.ftruncate(self._file, self._end + len(_END_OF_ITEMS))
                _write_at(self._file, _END_OF_ITEMS, self._end)
            raise _cannot_write(self._path, error) from error
        start = self._end + _ITEM_HEAD
        self._end += len(item)
        return start

    def close(self, head: FileDataset | None) -> None:
        """Put the final head in place, and close the file; None leaves the first one.

        Raises
        ------
        SinkError
            The disk refuses what was written.
        """
        self._sync.close()
        try:
            if head is not None:
                _write_at(self._file, head_bytes(head), 0)
            os.fsync(self._file)
        except OSError as error:
            raise _cannot_write(self._path, error) from error
        finally:
            os.close(self._file)


def head_bytes(head: FileDataset) -> bytes:
    """All up to Pixel Data, `HEAD_BYTES` long.

    Raises
    ------
    SinkError
        It does not fit.
    """
    head.file_meta.PrivateInformationCreatorUID = _ROOM_OWNER
    head.file_meta.PrivateInformation = b""
    room = HEAD_BYTES - len(_encoded(head))
    if room < 0:
        raise SinkError(f"a head of {HEAD_BYTES - room} bytes does not fit into {HEAD_BYTES}.")
    head.file_meta.PrivateInformation = b"\0" * room
    return _encoded(head)


def cut_after(path: Path, end: int, head: FileDataset) -> None:
    """Make a file whole that was left while it grew: nothing after byte `end`, and this head.

    Raises
    ------
    OSError
        It cannot be written.
    """
    with path.open("r+b") as file:
        file.seek(0)
        file.write(head_bytes(head))
        file.seek(end)
        file.truncate()
        file.write(_END_OF_ITEMS)
        file.flush()
        os.fsync(file.fileno())


def _encoded(head: FileDataset) -> bytes:
    buffer = BytesIO()
    pydicom.dcmwrite(buffer, head, enforce_file_format=True)
    return buffer.getvalue()


def _write_at(file: int, data: bytes, start: int) -> None:
    rest = memoryview(data)
    while rest:
        written = _write_some(file, rest, start + len(data) - len(rest))
        rest = rest[written:]


def _write_some(file: int, data: memoryview, start: int) -> int:
    if sys.platform == "win32":
        os.lseek(file, start, os.SEEK_SET)
        return os.write(file, data)
    # One call: after each, a thread of a busy machine waits for the interpreter.
    return os.pwrite(file, data, start)


def _cannot_write(path: Path, error: OSError) -> SinkError:
    reason = error.strerror or type(error).__name__
    return SinkError(
        f"{path} cannot be written: {reason}. What was recorded before stays; free some space."
    )
