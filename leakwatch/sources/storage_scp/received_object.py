"""An object that is written to the disk as it is received."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

from pydicom.uid import UID
from pynetdicom.association import Association
from pynetdicom.dimse_messages import DIMSEMessage
from pynetdicom.dsutils import create_file_meta, encode_file_meta

from leakwatch.sources.arrival.spool import Spool, SpoolFile


class StoredObject:
    """Destination of the data set of a C-STORE.

    Parameters
    ----------
    spool : Spool
    header : bytes
        Bytes before the data set in a file.
    wanted : callable
        Whether the sender may send; asked for each part. Else nothing of it is kept.
    """

    def __init__(self, spool: Spool, header: bytes, wanted: Callable[[], bool]) -> None:
        self._wanted = wanted
        self._file: SpoolFile | None = None
        self._error: OSError | None = None
        self.unwanted = False
        try:
            self._file = spool.begin()
        except OSError as error:
            self._error = error
        else:
            self._written(self._file, header)

    def write(self, data: bytes) -> None:
        """Write a part. A full disk is reported by `finish`: the sender waits for an answer."""
        if not self._wanted():
            self.unwanted = True
            self.abandon()
        if self._file is None:
            return
        self._written(self._file, data)

    def finish(self) -> Path:
        """Complete the object, and return its path.

        Raises
        ------
        OSError
            It could not be written.
        """
        if self._file is None:
            raise self._error or OSError(0, "it was given up before")
        return self._file.finish()

    def abandon(self) -> None:
        """Remove the object."""
        if self._file is not None:
            self._file.abandon()
            self._file = None

    def _written(self, file: SpoolFile, data: bytes) -> None:
        try:
            file.write(data)
        except OSError as error:
            self._error = error
            self.abandon()


def header_of(association: Association, message: DIMSEMessage) -> bytes:
    """Return preamble and meta information of the file for a message (PS3.10 7.1).

    Raises
    ------
    KeyError, AttributeError
        The message is of no context that was agreed on, or does not name its object.
    """
    context = association._accepted_cx[cast(int, message.context_id)]
    meta = create_file_meta(
        sop_class_uid=cast(UID, message.command_set.AffectedSOPClassUID),
        sop_instance_uid=cast(UID, message.command_set.AffectedSOPInstanceUID),
        transfer_syntax=context.transfer_syntax[0],
    )
    return bytes(128) + b"DICM" + encode_file_meta(meta)
