"""Sinks of other packages, which get every observation and alert."""

from __future__ import annotations

from collections.abc import Sequence

from leakwatch.errors import ExtensionError, SinkError
from leakwatch.extensions import SINKS, failed, lacking_method, load_extension
from leakwatch.model import Sink


def open_sinks(specs: Sequence[str]) -> dict[str, Sink]:
    """Open the sinks that a person named.

    Parameters
    ----------
    specs : sequence of str
        ``NAME`` or ``NAME:REST``; the sink is given the rest.

    Returns
    -------
    dict of str to Sink
        By their specifications.

    Raises
    ------
    ExtensionError, SinkError
        One cannot be loaded or opened; those before it are closed.
    """
    opened: dict[str, Sink] = {}
    try:
        for spec in specs:
            opened[spec] = _opened(spec)
    except BaseException:
        for sink in opened.values():
            sink.close()
        raise
    return opened


def _opened(spec: str) -> Sink:
    name, _, rest = spec.partition(":")
    opener = load_extension(SINKS, name)
    try:
        sink = opener(rest)
    except SinkError:
        raise
    except Exception as error:
        raise SinkError(failed("sink", name, error)) from error
    lacking = lacking_method(sink, ("append", "close"))
    if lacking:
        raise ExtensionError(
            f"sink {name}: expected a leakwatch.model.Sink, found {type(sink).__name__} without "
            f"{lacking}. Tell the author of that package."
        )
    found: Sink = sink
    return found
