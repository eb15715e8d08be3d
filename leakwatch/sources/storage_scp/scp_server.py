"""The listening end of DICOM over the network: who may connect, who stays, by TLS or without."""

from __future__ import annotations

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
from leakwatch.sources.storage_scp.connection import StoreConnection
from leakwatch.sources.storage_scp.connection_limits import Place, Places, Rate
from leakwatch.sources.storage_scp.dimse_messages import Begin, Messages
from leakwatch.sources.storage_scp.waiting_connections import Caller, Door

# A peer that lost its power is found out after 5 + 3 * 3 s without an answer of its system.
_KEEP_ALIVE = {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 3, "TCP_KEEPCNT": 3}
# So many connections are accepted before those that are open are looked at again.
_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Rules:
    """Whom a server lets in; asked from any thread.

    Parameters
    ----------
    admits : callable
        Whether a machine at this address may connect.
    is_known : callable
        Whether a sender, by title and address, is known: there is always a place for it.
    is_known_host : callable
        The same of an address.
    is_beside : callable
        Whether a sender is one beside another that is followed.
    begin : callable
        Gives where the data set of a message goes.
    refused : callable
        Told of who was not let in or was cut off, and why.
    """

    admits: Callable[[str], bool]
    is_known: Callable[[str], bool]
    is_known_host: Callable[[str], bool]
    is_beside: Callable[[str], bool]
    begin: Begin
    refused: Callable[[str], None]


class _Shared(list[PresentationContext]):
    """Contexts that all associations read, and none changes.

    pynetdicom copies them for each, which takes 10 ms: a C-arm may open an association for each
    picture.
    """

    def __deepcopy__(self, memo: dict[int, Any]) -> _Shared:
        return self


class _Handler(RequestHandler):
    """Makes an association of a caller whose request is whole."""

    server: StoreServer

    def _create_association(self) -> Association:
        association = super()._create_association()
        self.server.furnish(association, self.request)
        return association


class StoreServer(ThreadedAssociationServer):
    """Accepts connections, and hands over those that ask for an association in full.

    All that did not ask yet, its TLS included, is heard on one thread: `serve_forever`.

    Parameters
    ----------
    *arguments, **keywords : object
        Of `ThreadedAssociationServer`.
    tls : SSLContext or None
    settings : LiveDicomSettings
    rules : Rules
    """

    request_queue_size = 1024  # connections that the system holds until they are accepted

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
        self._door = Door(self._selector, settings, tls, rules.is_known_host, rules.refused)
        self._places = Places(settings.associations, settings.active_s)
        self._associations: dict[Place, Association] = {}
        self._entering: tuple[Caller, Place] | None = None
        self._requests = Rate(settings.strangers_per_s)
        self._connections = Rate(settings.stranger_connections_per_s)
        self._ending, self._ended = threading.Event(), threading.Event()
        super().__init__(*arguments, **(keywords | {"request_handler": _Handler}))
        self.contexts = _Shared(self.contexts)

    def serve_forever(self, poll_interval: float = 0.5) -> None:
        """Listen until `shutdown`."""
        listening = cast(socket.socket, self.socket)
        listening.setblocking(False)
        self._selector.register(listening, selectors.EVENT_READ)
        try:
            while not self._ending.is_set():
                for key, _ in self._selector.select(poll_interval):
                    if key.data is None:
                        self._accept(listening)
                    elif self._door.hear(key.data):
                        self._enter(key.data)
                self._door.expire(time.monotonic())
        finally:
            self._door.close()
            self._selector.close()
            self._ended.set()

    def shutdown(self) -> None:
        """Listen no longer; waits until `serve_forever` has ended."""
        self._ending.set()
        self._ended.wait()
        self.server_close()
        self.ae._servers.remove(self)

    def hang_up(self) -> None:
        """Cut all connections; each of their threads finds out and ends by itself.

        An abort from here is wrong where a client has connected and not spoken yet.
        """
        for association in self.active_associations:
            _cut(association)

    def service_actions(self) -> None:
        """Nothing: pynetdicom collects garbage here, which stops every thread for some 50 ms."""

    def furnish(self, association: Association, connection: socket.socket) -> None:
        """Give an association that was just made a connection and messages within bounds."""
        if self._entering is None:
            raise RuntimeError("an association is made for a caller")
        caller, place = self._entering
        association.dul.event_queue.get_nowait()  # of the socket that pynetdicom made
        association.dul.socket = StoreConnection(
            association,
            connection,
            bytes(caller.request),
            self._settings,
            lambda: self._pause_s(place),
            lambda why: self._rules.refused(f"{place.sender} was cut off: {why}"),
        )
        association.dimse = Messages(
            association,
            self._settings,
            self._rules.begin,
            lambda now_s: _came(place, now_s),
            association.dul.socket.cut,
        )
        _guard(association)
        self._associations[place] = association

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(_AT_ONCE):
            try:
                connection, address = listening.accept()
            except BlockingIOError:
                return
            except OSError:  # it hung up already, or there are no more descriptors
                self._ending.wait(0.01)
                return
            if self._is_one_too_many(address[0]):
                connection.close()
                self._rules.refused(
                    f"a connection from {address[0]} was not heard: more than "
                    f"{self._settings.stranger_connections_per_s} came within a second"
                )
            elif self._rules.admits(address[0]):
                _tune(connection)
                self._door.knock(connection, address, time.monotonic())
            else:
                connection.close()
                self._rules.refused(
                    f"a connection from {address[0]} was refused: it is not in allow_host"
                )

    def _enter(self, caller: Caller) -> None:
        """Give a place to one whose request is whole, or refuse it."""
        self._look_after()
        sender = f"{caller.title} at {caller.host}"
        place = Place(sender, self._rules.is_known(sender), time.monotonic())
        if not place.known and self._too_many_strangers(place):
            self._refuse(caller, sender, "others asked as often, and one is followed")
            return
        admitted, gone = self._places.enter(place)
        if gone is not None:
            _cut(self._associations[gone])
            self._rules.refused(f"{gone.sender} was cut off: another came, and it was silent")
        if not admitted:
            open_now = f"{len(self._places.taken)} connections are open"
            self._refuse(caller, sender, open_now)
            return
        caller.connection.settimeout(self._settings.stalled_s)
        self._entering = (caller, place)
        try:
            self.finish_request(caller.connection, caller.address)
        # What a request holds is somebody else's, and pynetdicom fails on it in any way.
        except Exception:  # noqa: BLE001
            self._places.leave(place)
            self._refuse(caller, sender, "its request cannot be read")

    def _refuse(self, caller: Caller, sender: str, why: str) -> None:
        self._door.reject(caller)
        self._rules.refused(f"{sender} was refused: {why}")

    def _look_after(self) -> None:
        """See who has stored something meanwhile, and forget who has gone."""
        for place in self._places.taken:
            place.known = self._rules.is_known(place.sender)
        for place, one in list(self._associations.items()):
            if one.is_released or one.is_aborted or one.is_rejected:
                self._places.leave(place)
            if not one.is_alive():
                self._places.leave(place)
                del self._associations[place]
                if isinstance(one.dimse, Messages):
                    one.dimse.abandon_unanswered()

    def _is_one_too_many(self, host: str) -> bool:
        """Whether machines from which nothing came connect too often beside a followed one."""
        if self._rules.is_known_host(host) or not self._rules.is_beside(host):
            return False
        return self._connections.is_one_too_many(time.monotonic())

    def _too_many_strangers(self, place: Place) -> bool:
        """Whether strangers beside one that is followed take more time than is theirs."""
        beside = self._rules.is_beside(place.sender)
        return beside and self._requests.is_one_too_many(place.since_s)

    def _pause_s(self, place: Place) -> float:
        return self._settings.stranger_pause_s if self._rules.is_beside(place.sender) else 0.0


def make_server(
    entity: ApplicationEntity, address: tuple[str, int], **keywords: Any
) -> StoreServer:
    """Bind, and begin to listen.

    Raises
    ------
    OSError
        The port is taken, or the address is none of this machine.
    """
    server = cast(StoreServer, entity.make_server(address, server_class=StoreServer, **keywords))
    entity._servers.append(server)  # it takes itself off this list when it is shut down
    return server


def _came(place: Place, now_s: float) -> None:
    place.data_s = now_s


def _cut(association: Association) -> None:
    connection = association.dul.socket
    if isinstance(connection, StoreConnection):
        connection.cut()


def _guard(association: Association) -> None:
    """End an association where pynetdicom fails on what came: else one of its threads waits."""
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
    with suppress(OSError):  # it hung up already
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # answers go out at once
        for name, value in _KEEP_ALIVE.items():
            option = getattr(socket, name, None)  # not every system has all of them
            if option is not None:
                connection.setsockopt(socket.IPPROTO_TCP, option, value)
