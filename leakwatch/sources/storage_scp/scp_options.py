"""Options of the C-STORE server, and its TLS configuration."""

from __future__ import annotations

import ipaddress
import re
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from leakwatch.core.errors import SourceError
from leakwatch.core.messages import text
from leakwatch.sources.arrival.source_options import options_of, several

_OPTIONS = ("ae", "allow_ae", "allow_host", "cert", "key", "ca", "keep")
_LOOPBACK = "127.0.0.1"
_DEFAULT_AE, _LONGEST_AE = "LEAKWATCH", 16  # PS3.5 6.2, AE
_MOST_PORT = 65535

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class StoreOptions:
    """Address of the server, and permitted senders.

    Parameters
    ----------
    host : str
        An address of this machine.
    port : int
        0: any that is free.
    ae : str
        The title of this end.
    called_only : bool
        Senders must call this end by `ae`; else they may use any title.
    allow_ae : tuple of str
        Titles of senders; empty: anyone.
    allow_host : tuple of ip_network
        Addresses of senders; empty: anyone.
    cert, key, ca : Path or None
        With all three: TLS only, and senders show a certificate that `ca` signed.
    keep : Path or None
        Folder where received objects are kept unchanged; None: they are removed after decoding.
    """

    host: str = _LOOPBACK
    port: int = 0
    ae: str = _DEFAULT_AE
    called_only: bool = False
    allow_ae: tuple[str, ...] = ()
    allow_host: tuple[Network, ...] = ()
    cert: Path | None = None
    key: Path | None = None
    ca: Path | None = None
    keep: Path | None = None

    def admits(self, host: str) -> bool:
        """Return whether a machine at this address may send."""
        if not self.allow_host:
            return True
        address = ipaddress.ip_address(host.partition("%")[0])
        mapped = getattr(address, "ipv4_mapped", None)
        return any((mapped or address) in network for network in self.allow_host)


def store_options(rest: str) -> StoreOptions:
    """Read ``//HOST:PORT?ae=..&allow_ae=A,B&allow_host=..&cert=..&key=..&ca=..&keep=..``.

    Raises
    ------
    SourceError
        An option is not known, or its value is not possible.
    """
    what = f"scp:{rest.partition('?')[0]}"
    parts = urlsplit(f"scp:{rest}")
    try:
        port = parts.port
    except ValueError:
        port = None
    if not rest.startswith("//") or port is None or parts.path.strip("/"):
        raise SourceError(
            text(
                "{what}: names no port from 0 to {max_port}. Write scp://{loopback}:11112.",
                what=what,
                max_port=_MOST_PORT,
                loopback=_LOOPBACK,
            )
        )
    options = options_of(parts.query, _OPTIONS, what)
    files = {name: _file(options, name, what) for name in ("cert", "key", "ca")}
    return StoreOptions(
        host=parts.hostname or _LOOPBACK,
        port=port,
        ae=_title(options.get("ae", _DEFAULT_AE), what),
        called_only="ae" in options,
        allow_ae=tuple(_title(one, what) for one in several(options, "allow_ae")),
        allow_host=tuple(_network(one, what) for one in several(options, "allow_host")),
        keep=Path(options["keep"]) if options.get("keep") else None,
        **files,
    )


def tls_context(options: StoreOptions) -> ssl.SSLContext | None:
    """Return a context for mutual TLS; None if not requested.

    Raises
    ------
    SourceError
        A file is missing, or is no certificate or key.
    """
    given = {name: getattr(options, name) for name in ("cert", "key", "ca")}
    missing = [name for name, path in given.items() if path is None]
    if len(missing) == len(given):
        return None
    if missing:
        raise SourceError(
            text(
                "scp: TLS needs cert, key and ca, and {missing} is missing. Senders must show a "
                "certificate too: give the authority that signed it as ca.",
                missing=" and ".join(missing),
            )
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    try:
        context.load_cert_chain(given["cert"], given["key"], password=_no_password)
        context.load_verify_locations(given["ca"])
    except (ssl.SSLError, OSError, ValueError) as error:
        raise SourceError(
            text(
                "scp: certificate, key or authority cannot be used: {error}. Give PEM files, "
                "the key without a password.",
                error=str(error),
            )
        ) from error
    return context


def _no_password() -> str:
    # Without this OpenSSL asks on the terminal, and waits.
    raise ValueError(text("the key has a password"))


def _title(value: str, what: str) -> str:
    if not re.fullmatch(rf"[ -\[\]-~]{{1,{_LONGEST_AE}}}", value) or not value.strip():
        raise SourceError(
            text(
                "{what}: {value!r} is not an AE title. It has 1 to {longest_ae} characters of "
                "ASCII, none of them a backslash.",
                what=what,
                value=value,
                longest_ae=_LONGEST_AE,
            )
        )
    return value


def _network(value: str, what: str) -> Network:
    try:
        return ipaddress.ip_network(value, strict=False)
    except ValueError as error:
        raise SourceError(
            text(
                "{what}: allow_host has {value!r}, which is not an address. Write addresses such "
                "as 10.0.0.7, or networks such as 10.0.0.0/24.",
                what=what,
                value=value,
            )
        ) from error


def _file(options: dict[str, str], name: str, what: str) -> Path | None:
    if name not in options:
        return None
    path = Path(options[name])
    if not path.is_file():
        raise SourceError(
            text(
                "{what}: {name} names {path}, and there is no such file.",
                what=what,
                name=name,
                path=path,
            )
        )
    return path
