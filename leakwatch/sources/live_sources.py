"""Live source types, chosen by a specification such as ``replay:FILE``.

A new source type is one row of `SOURCE_TYPES` and a module with its class. Modules are imported on
demand, because each may need an extra that is not installed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from leakwatch.config import Settings
from leakwatch.core.errors import SourceError, install_command
from leakwatch.core.extensions import SOURCES, extension_names
from leakwatch.core.messages import text
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
class SourceType:
    """A live source type.

    Parameters
    ----------
    example : str
        What to write, for messages and the help.
    meaning : str
        Short description of the source.
    open : callable
        Called with the text after the first colon, and the settings; may raise `SourceError`.
    extra : str
        Extra that `errors.install_command` names; empty if nothing is needed.
    """

    example: str
    meaning: str
    open: Callable[[str, Settings], LiveSource]
    extra: str = ""


SOURCE_TYPES: dict[str, SourceType] = {
    "replay": SourceType("replay:FILE", text("a stored sequence at its own timing"), _replay),
    "folder": SourceType("folder:PATH", text("files that appear in a folder"), _folder, "net"),
    "scp": SourceType("scp://HOST:PORT", text("a C-arm that sends by C-STORE"), _store, "net"),
    "dicomweb+http": SourceType(
        "dicomweb+http://HOST/ROOT?study=UID",
        text("a study of an archive"),
        _dicomweb("http"),
        "net",
    ),
    "dicomweb+https": SourceType(
        "dicomweb+https://HOST/ROOT?study=UID",
        text("the same, with TLS"),
        _dicomweb("https"),
        "net",
    ),
    "video": SourceType(
        "video:NUMBER or video:FILE", text("a frame grabber, or a video file"), _video
    ),
    "igtl": SourceType("igtl://HOST:PORT", text("an OpenIGTLink server"), _openigtlink, "igtl"),
}


def replayed_path(spec: str) -> Path | None:
    """Return the stored sequence that `spec` replays; None for any other source."""
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
        ``SCHEME:REST``, with a scheme of `SOURCE_TYPES`.
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
    source_type = SOURCE_TYPES.get(scheme.lower()) if colon else None
    if source_type is None:
        named = named_extension(spec)
        if named is not None:
            return _extension(*named)
        raise SourceError(_unknown_source(spec))
    if not rest.strip("/"):
        raise SourceError(
            text(
                "{spec}: source address missing. Write {example}.",
                spec=spec,
                example=source_type.example,
            )
        )
    remove_leftovers()
    try:
        return source_type.open(rest, settings)
    except ImportError as error:
        if not source_type.extra:
            raise  # a fault of LeakWatch: its packages are always installed
        raise SourceError(
            text(
                "{spec}: requires {name}, which is not installed. Install it with: {command}",
                spec=spec,
                name=error.name or text("a package"),
                command=install_command(source_type.extra),
            )
        ) from error


def _extension(name: str, rest: str) -> LiveSource:
    """Open a source of another package; stored frames are replayed at their own timing."""
    from leakwatch.sources.stored.replayed_file import ReplayedFile

    source = ExtensionSource(name, rest)
    return source if source.gives_status else ReplayedFile(source, f"{name}:{rest}")


def _unknown_source(spec: str) -> str:
    examples = [source_type.example for source_type in SOURCE_TYPES.values()]
    known = ", ".join(examples + [f"{name}:..." for name in extension_names(SOURCES)])
    hint = text(" For this file write replay:{spec}.", spec=spec) if Path(spec).exists() else ""
    return text(
        "{spec}: unknown source type. Write one of: {known}.{hint}",
        spec=spec,
        known=known,
        hint=hint,
    )
