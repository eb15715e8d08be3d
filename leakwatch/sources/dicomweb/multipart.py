"""First part of a multipart body, read in pieces (RFC 2046 5.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from leakwatch.core.messages import text

# The header of a part has a few lines; a longer one is invalid.
_LONGEST_HEAD = 1 << 16


class Part:
    """Iterator over the content of the first part.

    Parameters
    ----------
    pieces : iterable of bytes
        The body, cut anywhere.
    boundary : bytes
        As the header of the answer names it.
    """

    def __init__(self, pieces: Iterable[bytes], boundary: bytes) -> None:
        self._pieces = iter(pieces)
        quoted = re.escape(boundary)
        # Some senders end lines without a carriage return; then all of them.
        self._head = re.compile(rb"--" + quoted + rb"[ \t]*(\r?\n)(?:[^\r\n]+\1)*\1")
        self._mark = b"--" + boundary

    def __iter__(self) -> Iterator[bytes]:
        """Yield the content.

        Raises
        ------
        ValueError
            There is no part, or it does not end.
        """
        held, line_end = self._begin()
        end = line_end + self._mark
        while (found := held.find(end)) < 0:
            # The mark may be cut by the end of a piece.
            safe = max(len(held) - len(end) + 1, 0)
            if safe:
                yield bytes(held[:safe])
                del held[:safe]
            held += self._next("its first part does not end")
        yield bytes(held[:found])
        self._pass_over_the_end()

    def _begin(self) -> tuple[bytearray, bytes]:
        """Return the beginning of the content, and the line ending."""
        held = bytearray()
        while (header := self._head.search(held)) is None:
            if len(held) > _LONGEST_HEAD:
                raise ValueError(text("a body of several parts without a first one"))
            held += self._next("a body of several parts without a first one")
        line_end = bytes(header[1])
        return held[header.end() :], line_end

    def _next(self, failure: str) -> bytes:
        piece = next(self._pieces, None)
        if piece is None:
            raise ValueError(failure)
        return piece

    def _pass_over_the_end(self) -> None:
        """Read the last line, so that the connection can serve again; no further part is read."""
        rest = 0
        for piece in self._pieces:
            rest += len(piece)
            if rest > _LONGEST_HEAD:
                return
