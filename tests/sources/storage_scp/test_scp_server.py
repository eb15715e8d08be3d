"""Receiving: what a peer announces is no reason to make room for it."""

from __future__ import annotations

import tracemalloc
from types import SimpleNamespace

import numpy as np

from leakwatch.sources.storage_scp.connection import _PIECE_BYTES
from leakwatch.sources.storage_scp.connection import received as _received


class Sends:
    """A peer's end: gives some bytes in pieces, then hangs up."""

    def __init__(self, content, most):
        self.left, self.most = memoryview(content), most

    def recv_into(self, view):
        size = min(len(view), self.most, len(self.left))
        view[:size] = self.left[:size]
        self.left = self.left[size:]
        return size


def received(content, count, most=1 << 16):
    return _received(SimpleNamespace(socket=Sends(content, most)), count)


def test_four_gigabytes_that_are_only_announced_take_no_memory():
    tracemalloc.start()
    try:
        assert received(b"ten bytes!", 0xFFFFFFFF) == b"ten bytes!"
        assert tracemalloc.get_traced_memory()[1] < 4 * _PIECE_BYTES
    finally:
        tracemalloc.stop()


def test_what_comes_is_given_as_it_came_and_no_more_than_asked_for():
    content = np.random.default_rng(4).bytes(3 * _PIECE_BYTES + 17)
    for count in (0, 1, _PIECE_BYTES, 2 * _PIECE_BYTES + 5, len(content)):
        assert received(content, count) == content[:count]
    assert received(content, len(content) + 9) == content
