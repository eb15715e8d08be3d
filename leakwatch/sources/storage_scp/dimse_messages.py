"""DICOM messages of limited size; data sets are forwarded as they arrive.

pynetdicom allocates what a peer announces, waits for it without limit, and collects a data set in
memory, or in a file whose path cannot be chosen.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from typing import Any, Protocol, cast

from pynetdicom.association import Association
from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.dimse_messages import C_ECHO_RQ, C_STORE_RQ, DIMSEMessage
from pynetdicom.pdu_primitives import P_DATA

from leakwatch.config import LiveDicomSettings
from leakwatch.core.messages import text

# A peer sends one message and waits for its answer (PS3.7 D.3.3.3); some more are forgiven.
_MOST_UNANSWERED = 8


class NotTaken(Exception):
    """A peer sent something that is not accepted, which ends its association."""


class Sink(Protocol):
    """Destination of a data set."""

    def write(self, data: bytes) -> None:
        """Take a part."""

    def abandon(self) -> None:
        """Discard what was received; nothing more follows."""


Begin = Callable[[Association, DIMSEMessage], Sink]


class DataSet(BytesIO):
    """A data set that is forwarded as it arrives.

    It is a `BytesIO` only since pynetdicom asks for one.

    Parameters
    ----------
    begin : callable
        Returns the destination; called at the first part.
    most : int
        Longest data set, bytes.
    """

    def __init__(self, begin: Callable[[], Sink], most: int) -> None:
        super().__init__()
        self._begin, self._most, self._size = begin, most, 0
        self.sink: Sink | None = None

    def write(self, data: Any, /) -> int:
        """Take a part.

        Raises
        ------
        NotTaken
            It is too long.
        """
        self._size += len(data)
        if self._size > self._most:
            raise NotTaken(
                text("it sends an object of more than {maximum} bytes", maximum=self._most)
            )
        if self.sink is None:
            self.sink = self._begin()
        self.sink.write(data)
        return len(data)

    def abandon(self) -> None:
        """Discard what was received; nothing more follows."""
        if self.sink is not None:
            self.sink.abandon()


class _Bounded(BytesIO):
    """A command set of limited size."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def write(self, data: Any, /) -> int:
        if self.tell() + len(data) > self._most:
            raise NotTaken(
                text("it sends a command of more than {maximum} bytes", maximum=self._most)
            )
        return super().write(data)


class Messages(DIMSEServiceProvider):
    """Messages received by an association.

    Parameters
    ----------
    association : Association
    settings : LiveDicomSettings
    begin : callable
        Returns the destination of the data set of a message.
    came : callable
        Called with the monotonic time when a part of a message arrives.
    end : callable
        Ends the connection; called with the reason.
    """

    def __init__(
        self,
        association: Association,
        settings: LiveDicomSettings,
        begin: Begin,
        came: Callable[[float], None],
        end: Callable[[str], None],
    ) -> None:
        super().__init__(association)
        self._settings, self._begin, self._came, self._end = settings, begin, came, end

    def receive_primitive(self, primitive: P_DATA) -> None:
        """Add a part of a message; a peer that sends anything else is disconnected."""
        self._came(time.monotonic())
        try:
            if self.message is None:
                self.message = self._new_message()
            if self.message.decode_msg(primitive, self.assoc):
                self._take(self.message)
                self.message = None
        except NotTaken as error:
            self._end(str(error))
        # Untrusted bytes: the parser may fail in any way.
        except Exception as error:  # noqa: BLE001
            self._end(
                text(
                    "it sends data that are not a DICOM message ({name})", name=type(error).__name__
                )
            )

    def abandon(self) -> None:
        """Discard an incomplete object, because the connection is gone."""
        message = self.message
        if message is not None and isinstance(message.data_set, DataSet):
            with suppress(OSError):
                message.data_set.abandon()

    def abandon_unanswered(self) -> None:
        """Discard unprocessed objects, because the association has ended."""
        with suppress(queue.Empty):
            while True:
                _, message = self.msg_queue.get_nowait()
                data_set = getattr(message, "DataSet", None)
                if isinstance(data_set, DataSet):
                    with suppress(OSError):
                        data_set.abandon()

    def _take(self, message: DIMSEMessage) -> None:
        """Queue a supported message: pynetdicom starts a thread for each of some other kinds."""
        if not isinstance(cast(Any, message), C_STORE_RQ | C_ECHO_RQ):
            raise NotTaken(text("it requests an unsupported service"))
        primitive = cast(Any, message.message_to_primitive())
        self.msg_queue.put((cast(int, message.context_id), primitive))

    def _new_message(self) -> DIMSEMessage:
        if self.msg_queue.qsize() >= _MOST_UNANSWERED:
            raise NotTaken(text("it does not wait for answers"))
        message = DIMSEMessage()
        message.encoded_command_set = _Bounded(self._settings.protocol_bytes)
        most = self._settings.object_bytes
        message.data_set = DataSet(lambda: self._begin_of(message), most)
        return message

    def _begin_of(self, message: DIMSEMessage) -> Sink:
        if not isinstance(cast(Any, message), C_STORE_RQ):
            raise NotTaken(text("it sends data with a message other than C-STORE"))
        return self._begin(self.assoc, message)
