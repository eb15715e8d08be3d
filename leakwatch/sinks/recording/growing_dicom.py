"""A DICOM file that grows frame by frame and is valid after each of them.

Space for the header is reserved at the start of the file (in Private Information, 0002,0102, which
readers ignore and networks do not transfer), so that the number of frames and their times can be
written in place at the end: without a copy, and without disk space that may not be left. The newest
frame is always followed by the sequence delimiter, which the next frame overwrites.
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
from leakwatch.core.messages import text
from leakwatch.files.private_files import open_private
from leakwatch.sinks.recording.file_safety import PeriodicSync, check_in_place

# Frame Time Vector holds 65534 bytes at most; the rest of a header has 3000.
HEADER_BYTES = 72 * 1024

_ROOM_OWNER = UID("2.25.113946024478213546236478215471324418822")
_PIXEL_DATA = struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF)
_ITEM = struct.pack("<HH", 0xFFFE, 0xE000)
_NO_OFFSETS = _ITEM + struct.pack("<L", 0)
_END_OF_ITEMS = struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)
_ITEM_HEAD = 8  # bytes: tag and length


class GrowingDicom:
    """Encapsulated Pixel Data with one fragment per frame and an empty offset table.

    Parameters
    ----------
    path : Path
        Must not exist.
    header : FileDataset
        All elements but the pixels; complete enough to be read.

    Raises
    ------
    SinkError
        The file cannot be created.
    """

    def __init__(self, path: Path, header: FileDataset) -> None:
        self._path = path
        start = header_bytes(header) + _PIXEL_DATA + _NO_OFFSETS
        self._end = len(start)  # position of the sequence delimiter
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
        """Size of the file, bytes."""
        return self._end + len(_END_OF_ITEMS)

    def append(self, stream: bytes) -> int:
        """Write one frame, and return the position of its stream in the file.

        Parameters
        ----------
        stream : bytes
            Of even length.

        Raises
        ------
        SinkError
            The disk is full, or the file was removed; the frames before it are complete.
        """
        check_in_place(self._file, self._path)
        item = _ITEM + struct.pack("<L", len(stream)) + stream
        try:
            _write_at(self._file, item + _END_OF_ITEMS, self._end)
        except OSError as error:
            with suppress(OSError):  # this space is allocated already
                os.ftruncate(self._file, self._end + len(_END_OF_ITEMS))
                _write_at(self._file, _END_OF_ITEMS, self._end)
            raise _cannot_write(self._path, error) from error
        start = self._end + _ITEM_HEAD
        self._end += len(item)
        return start

    def close(self, header: FileDataset | None) -> None:
        """Write the final header, and close the file; None keeps the first header.

        Raises
        ------
        SinkError
            The data cannot be written to the disk.
        """
        self._sync.close()
        try:
            if header is not None:
                _write_at(self._file, header_bytes(header), 0)
            os.fsync(self._file)
        except OSError as error:
            raise _cannot_write(self._path, error) from error
        finally:
            os.close(self._file)


def header_bytes(header: FileDataset) -> bytes:
    """Return the file up to Pixel Data, `HEADER_BYTES` long.

    Raises
    ------
    SinkError
        The header is too large.
    """
    header.file_meta.PrivateInformationCreatorUID = _ROOM_OWNER
    header.file_meta.PrivateInformation = b""
    room = HEADER_BYTES - len(_encoded(header))
    if room < 0:
        raise SinkError(
            text(
                "the header of a recording has {size} bytes, and {limit} are reserved. Record "
                "shorter sequences.",
                size=HEADER_BYTES - room,
                limit=HEADER_BYTES,
            )
        )
    header.file_meta.PrivateInformation = b"\0" * room
    return _encoded(header)


def truncate_after(path: Path, end: int, header: FileDataset) -> None:
    """Complete a file that was left while it grew: truncate it after byte `end`, set its header.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    with path.open("r+b") as file:
        file.seek(0)
        file.write(header_bytes(header))
        file.seek(end)
        file.truncate()
        file.write(_END_OF_ITEMS)
        file.flush()
        os.fsync(file.fileno())


def _encoded(header: FileDataset) -> bytes:
    buffer = BytesIO()
    pydicom.dcmwrite(buffer, header, enforce_file_format=True)
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
    # One call: after each, this thread may have to wait for the interpreter lock.
    return os.pwrite(file, data, start)


def _cannot_write(path: Path, error: OSError) -> SinkError:
    reason = error.strerror or type(error).__name__
    return SinkError(
        text(
            "{path} cannot be written: {reason}. Frames recorded before are kept. Free disk space.",
            path=path,
            reason=reason,
        )
    )
