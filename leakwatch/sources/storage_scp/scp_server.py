"""Listening DICOM server: admission of connections, with or without TLS."""

from __future__ import annotations

import math
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext
from pynetdicom.transport import RequestHandler, ThreadedAssociationServer

from leakwatch.config import LiveDicomSettings
from leakwatch.core.messages import text
from leakwatch.sources.storage_scp.connection import StoreConnection
from leakwatch.sources.storage_scp.connection_limits import (
    ConnectionSlot,
    ConnectionSlots,
    HeldConnections,
    Rate,
)
from leakwatch.sources.storage_scp.dimse_messages import Begin, Messages
from leakwatch.sources.storage_scp.waiting_connections import AssociationGate, PendingAssociation

# A peer that lost its power is found out after 5 + 3 * 3 s without an answer of its system.
_KEEP_ALIVE = {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 3, "TCP_KEEPCNT": 3}
# A connection that is one too many is closed after so long, s, and at most so many are held open:
# ten programs that connect again at once then do so 20 times a second, not thousands of times.
_HELD_S, _MOST_HELD = 0.5, 64


@dataclass(frozen=True, slots=True)
class Rules:
    """Admission rules of a server; thread-safe.

    Parameters
    ----------
    admits : callable
        Whether a machine at this address may connect.
    is_known : callable
        Whether a sender, by title and address, is known: there is always a slot for it.
    is_known_host : callable
        The same of an address.
    is_secondary : callable
        Whether a sender is one beside another that is followed.
    begin : callable
        Returns the destination of the data set of a message.
    refused : callable
        Told of who was not let in or was cut off, and why.
    """

    admits: Callable[[str], bool]
    is_known: Callable[[str], bool]
    is_known_host: Callable[[str], bool]
    is_secondary: Callable[[str], bool]
    begin: Begin
    refused: Callable[[str], None]


class _Shared(list[PresentationContext]):
    """Presentation contexts shared by all associations, which do not change them.

    pynetdicom copies them for each, which takes 10 ms: a C-arm may open an association for each
    image.
    """

    def __deepcopy__(self, memo: dict[int, Any]) -> _Shared:
        return self


class _Handler(RequestHandler):
    """Handler that makes an association from a complete request."""

    server: StoreServer

    def _create_association(self) -> Association:
        association = super()._create_association()
        self.server.furnish(association, self.request)
        return association


class StoreServer(ThreadedAssociationServer):
    """Server that accepts connections and starts those with a complete association request.

    All that did not ask yet, its TLS included, is heard on one thread: `serve_forever`.

    Parameters
    ----------
    *arguments, **keywords : object
        Of `ThreadedAssociationServer`.
    tls : SSLContext or None
    settings : LiveDicomSettings
    rules : Rules
    """

    request_queue_size = 1024  # connections that the system queues until they are accepted

    def __init__(
        self,
        *arguments: Any,
        tls: ssl.SSLContext | None,
        settings: LiveDicomSettings,
        rules: Rules,
        **keywords: Any,
    ) -> None:
        self._settings, self._rules = settings, rules
        self._selector = selectors.DefaultSelector()
        self._gate = AssociationGate(
            self._selector, settings, tls, rules.is_known_host, rules.refused
        )
        self._slots = ConnectionSlots(settings.associations, settings.active_s)
        self._associations: dict[ConnectionSlot, Association] = {}
        self._entering: tuple[PendingAssociation, ConnectionSlot] | None = None
        self._requests = Rate(settings.strangers_per_s)
        self._connections = Rate(settings.stranger_connections_per_s)
        self._refused = HeldConnections(_MOST_HELD, _HELD_S)
        self._gather_until_s = -math.inf
        self._ending, self._ended = threading.Event(), threading.Event()
        super().__init__(*arguments, **(keywords | {"request_handler": _Handler}))
        self.contexts = _Shared(self.contexts)

    def serve_forever(self, poll_interval: float = 0.5) -> None:
        """Listen until `shutdown` is called."""
        listening = cast(socket.socket, self.socket)
        listening.setblocking(False)
        try:
            while not self._ending.is_set():
                for key, _ in self._selector.select(min(poll_interval, self._gather(listening))):
                    if key.data is None:
                        self._accept(listening)
                    elif self._gate.receive(key.data):
                        self._enter(key.data)
                now_s = time.monotonic()
                self._gate.expire(now_s)
                self._refused.release(now_s)
        finally:
            self._gate.close()
            self._refused.close()
            self._selector.close()
            self._ended.set()

    def shutdown(self) -> None:
        """Stop to listen; wait until `serve_forever` has ended."""
        self._ending.set()
        self._ended.wait()
        self.server_close()
        self.ae._servers.remove(self)

    def hang_up(self) -> None:
        """Disconnect all peers, which ends their threads.

        An abort from here is wrong where a client has connected and not spoken yet.
        """
        for association in self.active_associations:
            _disconnect(association)

    def service_actions(self) -> None:
        """Do nothing: pynetdicom collects garbage here, which stops all threads for some 50 ms."""

    def furnish(self, association: Association, connection: socket.socket) -> None:
        """Give a new association a connection and messages with size limits."""
        if self._entering is None:
            raise RuntimeError("an association is made for a caller")
        caller, slot = self._entering
        association.dul.event_queue.get_nowait()  # of the socket that pynetdicom made
        association.dul.socket = StoreConnection(
            association,
            connection,
            bytes(caller.request),
            self._settings,
            lambda: self._pause_s(slot),
            lambda why: self._rules.refused(
                text("{sender} was disconnected: {why}", sender=slot.sender, why=why)
            ),
        )
        association.dimse = Messages(
            association,
            self._settings,
            self._rules.begin,
            lambda now_s: _connected(slot, now_s),
            association.dul.socket.cut,
        )
        _guard(association)
        self._associations[slot] = association

    def _accept(self, listening: socket.socket) -> None:
        flooding = set[str]()
        for _ in range(self.request_queue_size):
            try:
                connection, address = listening.accept()
            except BlockingIOError:
                break
            except OSError:  # it disconnected already, or there are no more descriptors
                self._ending.wait(0.01)
                return
            if address[0] in flooding or self._is_one_too_many(address[0]):
                self._refused.hold(connection, time.monotonic())
                flooding.add(address[0])
            elif self._rules.admits(address[0]):
                _tune(connection)
                self._gate.accept(connection, address, time.monotonic())
            else:
                connection.close()
                self._rules.refused(
                    text(
                        "a connection from {address} was refused: it is not in allow_host",
                        address=address[0],
                    )
                )
        if flooding:
            self._endure(min(flooding))

    def _endure(self, address: str) -> None:
        """Tell of a flood of connections, and let them gather for a moment.

        Met one by one, they would take the interpreter from the analysis thousands of times a
        second. All that are queued are met at once, so that no sender waits behind them for long,
        and those that connected before are heard meanwhile.
        """
        self._rules.refused(
            text(
                "a connection from {address} was refused: more than "
                "{stranger_connections_per_s} arrived within a second",
                address=address,
                stranger_connections_per_s=self._settings.stranger_connections_per_s,
            )
        )
        self._gather_until_s = time.monotonic() + self._settings.stranger_pause_s

    def _gather(self, listening: socket.socket) -> float:
        """Ignore new connections until the end of a pause; return how long it lasts, s."""
        left_s = self._gather_until_s - time.monotonic()
        is_heard = listening in self._selector.get_map()
        if left_s > 0.0:
            if is_heard:
                self._selector.unregister(listening)
            return left_s
        if not is_heard:
            self._selector.register(listening, selectors.EVENT_READ)
        return math.inf

    def _enter(self, caller: PendingAssociation) -> None:
        """Give a slot to a connection with a complete request, or refuse it."""
        self._supervise()
        sender = f"{caller.title} at {caller.host}"
        slot = ConnectionSlot(sender, self._rules.is_known(sender), time.monotonic())
        if not slot.known and self._too_many_unknown(slot):
            self._refuse(caller, sender, text("others asked as often, and one is followed"))
            return
        admitted, gone = self._slots.enter(slot)
        if gone is not None:
            _disconnect(self._associations[gone])
            self._rules.refused(
                text(
                    "{sender} was disconnected: another sender connected, and it was silent",
                    sender=gone.sender,
                )
            )
        if not admitted:
            open_now = f"{len(self._slots.taken)} connections are open"
            self._refuse(caller, sender, open_now)
            return
        caller.connection.settimeout(self._settings.stalled_s)
        self._entering = (caller, slot)
        try:
            self.finish_request(caller.connection, caller.address)
        # Requests are untrusted, and pynetdicom may fail on them in any way.
        except Exception:  # noqa: BLE001
            self._slots.leave(slot)
            self._refuse(caller, sender, text("its request cannot be read"))

    def _refuse(self, caller: PendingAssociation, sender: str, why: str) -> None:
        self._gate.reject(caller)
        self._rules.refused(text("{sender} was refused: {why}", sender=sender, why=why))

    def _supervise(self) -> None:
        """Update which senders are known, and free the slots of closed connections."""
        for slot in self._slots.taken:
            slot.known = self._rules.is_known(slot.sender)
        for slot, one in list(self._associations.items()):
            if one.is_released or one.is_aborted or one.is_rejected:
                self._slots.leave(slot)
            if not one.is_alive():
                self._slots.leave(slot)
                del self._associations[slot]
                if isinstance(one.dimse, Messages):
                    one.dimse.abandon_unanswered()

    def _is_one_too_many(self, host: str) -> bool:
        """Return whether unknown machines connect too often beside the followed sender."""
        if self._rules.is_known_host(host) or not self._rules.is_secondary(host):
            return False
        return self._connections.exceeds(time.monotonic())

    def _too_many_unknown(self, slot: ConnectionSlot) -> bool:
        """Return whether unknown senders exceed their rate beside the followed one."""
        beside = self._rules.is_secondary(slot.sender)
        return beside and self._requests.exceeds(slot.since_s)

    def _pause_s(self, slot: ConnectionSlot) -> float:
        return self._settings.stranger_pause_s if self._rules.is_secondary(slot.sender) else 0.0


def make_server(
    entity: ApplicationEntity, address: tuple[str, int], **keywords: Any
) -> StoreServer:
    """Bind a server to its address, and start to listen.

    Raises
    ------
    OSError
        The port is taken, or the address is none of this machine.
    """
    server = cast(StoreServer, entity.make_server(address, server_class=StoreServer, **keywords))
    entity._servers.append(server)  # it takes itself off this list when it is shut down
    return server


def _connected(slot: ConnectionSlot, now_s: float) -> None:
    slot.data_s = now_s


def _disconnect(association: Association) -> None:
    connection = association.dul.socket
    if isinstance(connection, StoreConnection):
        connection.cut()


def _guard(association: Association) -> None:
    """End an association if pynetdicom fails on its data: otherwise a thread would wait."""
    machine = association.dul.state_machine
    act = machine.do_action

    def guarded(event: str) -> None:
        try:
            act(event)
        # As above.
        except Exception:  # noqa: BLE001
            association.is_aborted, association.is_established = True, False
            association._kill = association.dul._kill_thread = True
            if association.dul.socket is not None:
                association.dul.socket._shutdown_socket()

    machine.do_action = guarded  # type: ignore[method-assign]


def _tune(connection: socket.socket) -> None:
    with suppress(OSError):  # it disconnected already
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # answers go out at once
        for name, value in _KEEP_ALIVE.items():
            option = getattr(socket, name, None)  # not every system has all of them
            if option is not None:
                connection.setsockopt(socket.IPPROTO_TCP, option, value)
