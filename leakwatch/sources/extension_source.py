"""Sources of other packages, whose frames and failures are checked."""

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
from leakwatch.core.messages import text
from leakwatch.core.protocols import Link, LinkStatus

# Two letters at least: C:\ is a drive.
_SPEC = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9_.+-]+):(?P<rest>.*)", re.DOTALL)
_PIXELS = (np.uint8, np.uint16, np.int16)


def named_extension(spec: str) -> tuple[str, str] | None:
    """Return name and rest of a specification of another package's source, or None.

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
        """Return whether it is a live source; otherwise its frames are stored."""
        # Looks for the declaration only: reading the status of a device may raise.
        return getattr_static(self._source, "status", None) is not None

    @property
    def number_of_frames(self) -> int | None:
        """Number of frames that it announces; None if it announces none."""
        try:
            found = self._source.number_of_frames
        except Exception as error:
            raise self._failed(error) from error
        return None if found is None else int(found)

    @property
    def status(self) -> LinkStatus:
        """Status of its link; lost if it cannot be read. Does not raise."""
        try:
            found = self._source.status
        # A status that fails counts as a lost link, and the session continues.
        except Exception as error:  # noqa: BLE001
            return LinkStatus(Link.LOST, failed("source", self._name, error))
        if isinstance(found, LinkStatus):
            return found
        return LinkStatus(
            Link.LOST, self._wrong(text("a LinkStatus as its status"), type(found).__name__)
        )

    def frames(self, first: int = 0) -> Iterator[Frame]:
        """Yield frames from number `first` on; a second call opens the source again.

        Raises
        ------
        SourceError
            It fails, or yields something other than frames.
        """
        if self._used:
            self.close()
            self._source = self._opened()
        self._used = True
        return self._checked(first)

    def close(self) -> None:
        """Close the source. Does not raise."""
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
                text(
                    "source {name}: expected a leakwatch.core.protocols.FrameSource, found "
                    "{found} without {missing}. Tell the author of that package.",
                    name=self._name,
                    found=type(source).__name__,
                    missing=lacking,
                )
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
                self._wrong(text("frames (leakwatch.core.frame.Frame)"), type(frame).__name__)
            )
        pixels, shared = frame.pixels, frame.acquisition
        if getattr(pixels, "dtype", None) not in _PIXELS:
            kind = getattr(pixels, "dtype", type(pixels).__name__)
            raise SourceError(self._wrong(text("pixels of uint8, uint16 or int16"), str(kind)))
        if pixels.shape != (shared.rows, shared.columns):
            size = (shared.rows, shared.columns)
            raise SourceError(
                self._wrong(text("pixels of shape {size}", size=size), str(pixels.shape))
            )
        if frame.index <= before or not math.isfinite(frame.time_s):
            found = text(
                "frame {index} at {time_s} s after frame {previous}",
                index=frame.index,
                time_s=frame.time_s,
                previous=before,
            )
            raise SourceError(self._wrong(text("increasing numbers and finite times"), found))

    def _failed(self, error: Exception | SystemExit) -> SourceError:
        return SourceError(failed("source", self._name, error))

    def _wrong(self, expected: str, found: str) -> str:
        return text(
            "source {name}: expected {expected}, found {found}. Tell the author of that package.",
            name=self._name,
            expected=expected,
            found=found,
        )
