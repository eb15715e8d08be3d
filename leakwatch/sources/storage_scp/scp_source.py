"""Live source of the frames that a C-arm sends to our C-STORE server, as one sequence."""

from __future__ import annotations

import functools
import logging
import threading
import time
from contextlib import suppress

from pydicom.uid import UID
from pynetdicom import AE, AllStoragePresentationContexts, evt
from pynetdicom.association import Association
from pynetdicom.dimse_messages import DIMSEMessage
from pynetdicom.events import Event

from leakwatch.config import LiveDicomSettings, Settings
from leakwatch.core.errors import SourceError
from leakwatch.core.messages import text
from leakwatch.sources.arrival.arrival_source import ArrivalSource
from leakwatch.sources.arrival.arrived_frames import ArrivedObject
from leakwatch.sources.arrival.spool import Spool
from leakwatch.sources.dicom.decoding import READABLE_SYNTAXES
from leakwatch.sources.storage_scp.dimse_messages import DataSet
from leakwatch.sources.storage_scp.one_sender import OneSender
from leakwatch.sources.storage_scp.received_object import StoredObject, header_of
from leakwatch.sources.storage_scp.scp_options import StoreOptions, store_options, tls_context
from leakwatch.sources.storage_scp.scp_server import Rules, StoreServer, make_server

_LOG = logging.getLogger(__name__)

# Statuses of C-STORE (PS3.4 B.2.3): success, and refused for lack of resources, which a sender may
# try again.
_TAKEN, _REFUSED = 0x0000, 0xA700
_VERIFICATION = UID("1.2.840.10008.1.1")  # C-ECHO (PS3.4 A.4)
_LARGEST_PDU = 131072  # bytes: the most that dcmtk sends; larger ones cost fewer turns
_COUNTED_ELSEWHERE = 1 << 20  # associations: those that end count for pynetdicom until they have
_POLL_S = 0.1  # how late the listening thread sees that it should end


def from_spec(rest: str, settings: Settings) -> StoreScp:
    """Open a server given as ``scp:``.

    Parameters
    ----------
    rest : str
        ``//HOST:PORT?...``; options as in `scp_options`.
    settings : Settings

    Raises
    ------
    SourceError
        The specification is wrong, or the port cannot be had.
    """
    return StoreScp(store_options(rest), settings.live_dicom)


class StoreScp(ArrivalSource):
    """Frames of objects sent by a C-arm; a `leakwatch.core.protocols.LiveSource`.

    Objects are written to the disk as they arrive, before they are decoded. C-ECHO is answered. One
    sender at a time is followed.

    Parameters
    ----------
    options : StoreOptions
    settings : LiveDicomSettings

    Raises
    ------
    SourceError
        The port is taken, the address is none of this machine, or TLS cannot be set up.
    """

    def __init__(self, options: StoreOptions, settings: LiveDicomSettings | None = None) -> None:
        self._options, self._settings = options, settings or LiveDicomSettings()
        tls = tls_context(options)
        self._spool = Spool(options.keep)
        self._sender = OneSender(self._settings.sender_quiet_s, self._is_named)
        try:
            self._server = self._listen(tls)
        except SourceError:
            self._spool.close()
            raise
        super().__init__(self._name(), self._settings, keep=self._spool.kept)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_S,), name="C-STORE", daemon=True
        )
        self._thread.start()

    @property
    def port(self) -> int:
        """Port number."""
        return int(self._server.server_address[1])

    def _end(self) -> None:
        with suppress(OSError, ValueError):
            self._server.shutdown()
        self._server.hang_up()
        self._spool.close()

    def _listen(self, tls: object) -> StoreServer:
        options, settings = self._options, self._settings
        entity = AE(ae_title=options.ae)
        entity.require_calling_aet = list(options.allow_ae)
        entity.require_called_aet = options.called_only
        entity.maximum_associations = _COUNTED_ELSEWHERE
        entity.acse_timeout = settings.handshake_s
        entity.network_timeout = settings.idle_association_s
        entity.maximum_pdu_size = _LARGEST_PDU
        entity.add_supported_context(_VERIFICATION)
        for kind in _picture_kinds():
            entity.add_supported_context(kind, list(READABLE_SYNTAXES))
        handlers = [
            (evt.EVT_C_STORE, self._stored),
            (evt.EVT_REJECTED, self._rejected),
            (evt.EVT_ABORTED, self._aborted),
        ]
        try:
            return make_server(
                entity,
                (options.host, options.port),
                evt_handlers=handlers,
                tls=tls,
                settings=settings,
                rules=Rules(
                    admits=options.admits,
                    is_known=self._is_known,
                    is_known_host=self._is_known_host,
                    is_secondary=lambda sender: not self._may_send(sender),
                    begin=self._begin,
                    refused=self._say_refused,
                ),
            )
        except OSError as error:
            raise SourceError(
                text(
                    "scp://{host}:{port}: cannot listen there: {reason}. Choose another port, "
                    "end the program that has it, or name an address of this machine.",
                    host=options.host,
                    port=options.port,
                    reason=error.strerror or error,
                )
            ) from error

    def _name(self) -> str:
        options = self._options
        tls = "" if options.cert is None else ", TLS"
        return text(
            "C-STORE on {host}:{port} as {ae_title}{tls}",
            host=options.host,
            port=self.port,
            ae_title=options.ae,
            tls=tls,
        )

    def _may_send(self, sender: str) -> bool:
        return self._sender.may_send(sender, time.monotonic())

    def _is_named(self, sender: str) -> bool:
        """Return whether the user named its title or address."""
        title, _, host = sender.rpartition(" at ")
        named = (*self._settings.known_senders, *self._options.allow_ae)
        return title in named or host in named

    def _is_known(self, sender: str) -> bool:
        """Return whether a slot is guaranteed: it stored something before, or the user named it."""
        return self._is_named(sender) or self._sender.has_stored(sender)

    def _is_known_host(self, host: str) -> bool:
        return host in self._settings.known_senders or self._sender.has_stored_from(host)

    def _begin(self, association: Association, message: DIMSEMessage) -> StoredObject:
        """Begin to receive an object, which is not decoded before it is complete."""
        sender = _sender(association)

        def wanted() -> bool:
            now_s = time.monotonic()
            self._sender.is_active(sender, now_s)
            return self._sender.may_send(sender, now_s)

        return StoredObject(self._spool, header_of(association, message), wanted)

    def _stored(self, event: Event) -> int:
        received_s = time.monotonic()
        sender = _sender(event.assoc)
        taken = getattr(event.request, "DataSet", None)
        stored = taken.sink if isinstance(taken, DataSet) else None
        if not isinstance(stored, StoredObject):
            return _REFUSED  # without a data set
        admitted = not stored.unwanted and self._sender.admits(event.assoc, sender, received_s)
        if not admitted:
            stored.abandon()
            self._log.note(
                text(
                    "objects of a second sender at once were refused ({sender}). Let one send "
                    "at a time",
                    sender=sender,
                )
            )
            return _REFUSED
        try:
            path = stored.finish()
        except OSError as error:
            self._log.is_lost(
                text("an object could not be written: {reason}", reason=error.strerror), 1
            )
            return _REFUSED
        came = self._arrived.put(ArrivedObject(path, received_s, sender))
        return _TAKEN if came else _REFUSED

    def _rejected(self, event: Event) -> None:
        options, requestor = self._options, event.assoc.requestor
        called = str(getattr(requestor.primitive, "called_ae_title", "")).strip()
        why = text(
            "it calls {called_ae_title}, and not {ae_title}",
            called_ae_title=called,
            ae_title=options.ae,
        )
        if options.allow_ae and requestor.ae_title.strip() not in options.allow_ae:
            why = text("its title is not in allow_ae")
        self._say_refused(f"{_sender(event.assoc)} was refused: {why}")

    def _aborted(self, event: Event) -> None:
        if self._sender.disconnected(event.assoc):
            self._log.is_lost(
                text("{sender} closed the connection unexpectedly", sender=_sender(event.assoc))
            )

    def _say_refused(self, text: str) -> None:
        _LOG.info(text)
        self._log.note(text)


def _sender(association: Association) -> str:
    requestor = association.requestor
    return f"{requestor.ae_title.strip()} at {requestor.address}"


@functools.cache
def _picture_kinds() -> tuple[UID, ...]:
    """Return the storage classes of images, of any modality as for files."""
    kinds = (context.abstract_syntax for context in AllStoragePresentationContexts)
    return tuple(kind for kind in kinds if kind is not None and "Image Storage" in kind.name)
