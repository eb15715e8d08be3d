"""Sources of other packages: what they give is checked, and how they fail is told."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from inspect import getattr_static
from typing import Any

import numpy as np

from leakwatch.core.errors import SourceError
from leakwatch.core.extensions import (
    SOURCES,
    extension_names,
    failed,
    lacking_method,
    load_extension,
)
from leakwatch.core.frame import Frame
from leakwatch.core.protocols import Link, LinkStatus

# Two letters at least: C:\ is a drive.
_SPEC = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9_.+-]+):(?P<rest>.*)", re.DOTALL)
_PIXELS = (np.uint8, np.uint16, np.int16)


def named_extension(spec: str) -> tuple[str, str] | None:
    """Return name and rest of a specification that names a source of another package, else None.

    Parameters
    ----------
    spec : str
        ``NAME:REST``.
    """
    found = _SPEC.fullmatch(spec)
    if found is None or found["name"] not in extension_names(SOURCES):
        return None
    return found["name"], found["rest"]


class ExtensionSource:
    """A source of another package; a `leakwatch.core.protocols.StoredSource`.

    Parameters
    ----------
    name, rest : str
        Of its specification ``NAME:REST``.

    Raises
    ------
    SourceError
        It cannot be opened.
    ExtensionError
        It cannot be loaded.
    """

    def __init__(self, name: str, rest: str) -> None:
        self._name, self._rest = name, rest
        self._opener: Callable[..., Any] = load_extension(SOURCES, name)
        self._source = self._opened()
        self._used = False

    @property
    def gives_status(self) -> bool:
        """Whether it is a live source; else its frames wait to be asked for."""
        # Whether it is declared, and not what it is: asking a device may raise.
        return getattr_static(self._source, "status", None) is not None

    @property
    def number_of_frames(self) -> int | None:
        """As it promises; None where it says none."""
        try:
            found = self._source.number_of_frames
        except Exception as error:
            raise self._failed(error) from error
        return None if found is None else int(found)

    @property
    def status(self) -> LinkStatus:
        """Its link; lost, where it cannot tell. Does not raise."""
        try:
            found = self._source.status
        # A status that breaks is a lost link, and the session goes on.
        except Exception as error:  # noqa: BLE001
            return LinkStatus(Link.LOST, failed("source", self._name, error))
        if isinstance(found, LinkStatus):
            return found
        return LinkStatus(
            Link.LOST, self._wrong("a LinkStatus as its status", type(found).__name__)
        )

    def frames(self, first: int = 0) -> Iterator[Frame]:
        """Yield its frames, from number `first` on; a second call opens it again.

        Raises
        ------
        SourceError
            It fails, or gives what is no frame.
        """
        if self._used:
            self.close()
            self._source = self._opened()
        self._used = True
        return self._checked(first)

    def close(self) -> None:
        """Close it. Does not raise."""
        with suppress(Exception):
            self._source.close()

    def _opened(self) -> Any:
        try:
            source = self._opener(self._rest)
        except SourceError:
            raise
        except (Exception, SystemExit) as error:
            raise self._failed(error) from error
        lacking = lacking_method(source, ("frames", "close"))
        if lacking:
            raise SourceError(
                f"source {self._name}: expected a leakwatch.core.protocols.FrameSource, found "
                f"{type(source).__name__} without {lacking}. Tell the author of that package."
            )
        return source

    def _checked(self, first: int) -> Iterator[Frame]:
        before = -1
        frames = self._begun()
        while True:
            try:
                frame = next(frames, None)
            except SourceError:
                raise
            except Exception as error:
                raise self._failed(error) from error
            if frame is None:
                return
            self._check(frame, before)
            before = frame.index
            if frame.index >= first:
                yield frame

    def _begun(self) -> Iterator[Any]:
        try:
            return iter(self._source.frames())
        except SourceError:
            raise
        except Exception as error:
            raise self._failed(error) from error

    def _check(self, frame: Any, before: int) -> None:
        if not isinstance(frame, Frame):
            raise SourceError(
                self._wrong("frames (leakwatch.core.frame.Frame)", type(frame).__name__)
            )
        pixels, shared = frame.pixels, frame.acquisition
        if getattr(pixels, "dtype", None) not in _PIXELS:
            kind = getattr(pixels, "dtype", type(pixels).__name__)
            raise SourceError(self._wrong("pixels of uint8, uint16 or int16", str(kind)))
        if pixels.shape != (shared.rows, shared.columns):
            size = (shared.rows, shared.columns)
            raise SourceError(self._wrong(f"pixels of shape {size}", str(pixels.shape)))
        if frame.index <= before or not math.isfinite(frame.time_s):
            found = f"frame {frame.index} at {frame.time_s} s after frame {before}"
            raise SourceError(self._wrong("growing numbers and finite times", found))

    def _failed(self, error: Exception | SystemExit) -> SourceError:
        return SourceError(failed("source", self._name, error))

    def _wrong(self, expected: str, found: str) -> str:
        return (
            f"source {self._name}: expected {expected}, found {found}. "
            "Tell the author of that package."
        )
