"""Sinks of other packages, which receive every observation and alert."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

from leakwatch.core.errors import ExtensionError, SinkError
from leakwatch.core.extensions import SINKS, failed, lacking_method, load_extension
from leakwatch.core.messages import text
from leakwatch.core.protocols import Sink


def sink_names(specs: Sequence[str]) -> tuple[str, ...]:
    """Return names of sinks for messages; none equals that of an output of LeakWatch."""
    return tuple(f"sink {spec}" for spec in specs)


def open_sinks(specs: Sequence[str]) -> dict[str, Sink]:
    """Open the sinks named by the user.

    Parameters
    ----------
    specs : sequence of str
        ``NAME`` or ``NAME:REST``; the sink is given the rest.

    Returns
    -------
    dict of str to Sink
        By their `sink_names`.

    Raises
    ------
    ExtensionError, SinkError
        One is named twice, or cannot be loaded or opened; those before it are closed.
    """
    twice = [spec for spec in specs if specs.count(spec) > 1]
    if twice:
        raise ExtensionError(text("--sink {spec}: is given twice. Give it once.", spec=twice[0]))
    opened: dict[str, Sink] = {}
    try:
        for name, spec in zip(sink_names(specs), specs, strict=True):
            opened[name] = _opened(spec)
    except BaseException:
        close_sinks(opened)
        raise
    return opened


def close_sinks(sinks: Mapping[str, Sink]) -> None:
    """Close sinks that received nothing. Does not raise."""
    for sink in sinks.values():
        with suppress(Exception):
            sink.close()


def _opened(spec: str) -> Sink:
    name, _, rest = spec.partition(":")
    opener = load_extension(SINKS, name)
    try:
        sink = opener(rest)
    except SinkError:
        raise
    except (Exception, SystemExit) as error:
        raise SinkError(failed("sink", name, error)) from error
    lacking = lacking_method(sink, ("append", "close"))
    if lacking:
        raise ExtensionError(
            text(
                "sink {name}: expected a leakwatch.core.protocols.Sink, found {found} without "
                "{missing}. Tell the author of that package.",
                name=name,
                found=type(sink).__name__,
                missing=lacking,
            )
        )
    found: Sink = sink
    return found
