"""Which live source a specification such as ``replay:FILE`` names: one table.

A new way in is one row of `WAYS_IN`, and a module with the class behind it. Modules are imported
when they are asked for: each may need an extra that is not installed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from leakwatch.config import Settings
from leakwatch.core.errors import SourceError, install_command
from leakwatch.core.extensions import SOURCES, extension_names
from leakwatch.core.protocols import LiveSource
from leakwatch.sources.arrival.leftovers import remove_leftovers
from leakwatch.sources.extension_source import ExtensionSource, named_extension


def _replay(rest: str, settings: Settings) -> LiveSource:
    from leakwatch.sources.stored.replayed_file import open_replay

    return open_replay(rest)


def _openigtlink(rest: str, settings: Settings) -> LiveSource:
    from leakwatch.sources.openigtlink.igtl_source import from_spec

    return from_spec(rest, settings)


def _folder(rest: str, settings: Settings) -> LiveSource:
    from leakwatch.sources.arrival.watched_folder import from_spec

    return from_spec(rest, settings)


def _store(rest: str, settings: Settings) -> LiveSource:
    from leakwatch.sources.storage_scp.scp_source import from_spec

    return from_spec(rest, settings)


def _dicomweb(scheme: str) -> Callable[[str, Settings], LiveSource]:
    def opened(rest: str, settings: Settings) -> LiveSource:
        from leakwatch.sources.dicomweb.study_source import from_spec

        return from_spec(scheme, rest, settings)

    return opened


def _video(rest: str, settings: Settings) -> LiveSource:
    from leakwatch.sources.video.video_source import from_spec

    return from_spec(rest, settings)


@dataclass(frozen=True, slots=True)
class WayIn:
    """One way by which frames come.

    Parameters
    ----------
    example : str
        What to write, for messages and the help.
    meaning : str
        Where frames then come from, in a few words.
    open : callable
        Takes what follows the first colon, and the settings; may raise `SourceError`.
    extra : str
        What `errors.install_command` must bring; empty where nothing is needed.
    """

    example: str
    meaning: str
    open: Callable[[str, Settings], LiveSource]
    extra: str = ""


WAYS_IN: dict[str, WayIn] = {
    "replay": WayIn("replay:FILE", "a stored sequence at its own timing", _replay),
    "folder": WayIn("folder:PATH", "files that appear in a folder", _folder, "net"),
    "scp": WayIn("scp://HOST:PORT", "a C-arm that sends by C-STORE", _store, "net"),
    "dicomweb+http": WayIn(
        "dicomweb+http://HOST/ROOT?study=UID", "a study of an archive", _dicomweb("http"), "net"
    ),
    "dicomweb+https": WayIn(
        "dicomweb+https://HOST/ROOT?study=UID", "the same, with TLS", _dicomweb("https"), "net"
    ),
    "video": WayIn("video:NUMBER or video:FILE", "a frame grabber, or a video file", _video),
    "igtl": WayIn("igtl://HOST:PORT", "an OpenIGTLink server", _openigtlink, "igtl"),
}


def replayed_path(spec: str) -> Path | None:
    """The stored sequence that `spec` replays; None for every other source."""
    scheme, _, rest = spec.partition(":")
    if scheme.lower() != "replay" or not rest.strip("/"):
        return None
    from leakwatch.sources.stored.replayed_file import named_path

    return named_path(rest)


def open_live(spec: str, settings: Settings) -> LiveSource:
    """Open the source that `spec` names.

    Parameters
    ----------
    spec : str
        ``SCHEME:REST``, with a scheme of `WAYS_IN`.
    settings : Settings

    Returns
    -------
    LiveSource

    Raises
    ------
    SourceError
        There is no such scheme, an extra is missing, or the source cannot be opened.
    ExtensionError
        It is a source of another package, which cannot be loaded.
    """
    scheme, colon, rest = spec.partition(":")
    way = WAYS_IN.get(scheme.lower()) if colon else None
    if way is None:
        named = named_extension(spec)
        if named is not None:
            return _extension(*named)
        raise SourceError(_no_way(spec))
    if not rest.strip("/"):
        raise SourceError(f"{spec}: says not where. Write {way.example}.")
    remove_leftovers()
    try:
        return way.open(rest, settings)
    except ImportError as error:
        if not way.extra:
            raise  # all that it needs is in the base: a fault, and no choice
        raise SourceError(
            f"{spec}: needs {error.name or 'a part'} that is not installed. "
            f"Install it with: {install_command(way.extra)}"
        ) from error


def _extension(name: str, rest: str) -> LiveSource:
    """Open a source of another package; one whose frames wait is replayed at its own timing."""
    from leakwatch.sources.stored.replayed_file import ReplayedFile

    source = ExtensionSource(name, rest)
    return source if source.gives_status else ReplayedFile(source, f"{name}:{rest}")


def _no_way(spec: str) -> str:
    examples = [way.example for way in WAYS_IN.values()]
    known = ", ".join(examples + [f"{name}:..." for name in extension_names(SOURCES)])
    hint = f" For this file write replay:{spec}." if Path(spec).exists() else ""
    return f"{spec}: names no live source. Write one of: {known}.{hint}"
