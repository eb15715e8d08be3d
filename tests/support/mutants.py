"""Damage to files, by a seed: the same seed gives the same damage."""

from __future__ import annotations

import numpy as np

Random = np.random.Generator


def flip_bits(content: bytearray, rng: Random, start: int) -> None:
    for at in rng.integers(start, len(content), rng.integers(1, 6)):
        content[at] ^= 1 << int(rng.integers(8))


def overwrite(content: bytearray, rng: Random, start: int) -> None:
    at = int(rng.integers(start, len(content)))
    length = int(rng.integers(1, 12))
    fill = (b"\x00", b"\xff", rng.bytes(1))[rng.integers(3)]
    content[at : at + length] = fill * len(content[at : at + length])


def cut_out(content: bytearray, rng: Random, start: int) -> None:
    at = int(rng.integers(start, len(content)))
    del content[at : at + int(rng.integers(1, 40))]


def insert(content: bytearray, rng: Random, start: int) -> None:
    at = int(rng.integers(start, len(content)))
    content[at:at] = rng.bytes(int(rng.integers(1, 20)))


def repeat(content: bytearray, rng: Random, start: int) -> None:
    at = int(rng.integers(start, len(content)))
    content[at:at] = content[at : at + int(rng.integers(1, 200))]


def cut_off(content: bytearray, rng: Random, start: int) -> None:
    del content[int(rng.integers(start, len(content))) :]


MUTATIONS = [flip_bits, overwrite, cut_out, insert, repeat, cut_off]
_PIXEL_DATA = (b"\xe0\x7f\x10\x00", b"\x7f\xe0\x00\x10")


def mutant(content: bytes, seed: list[int], head: int = 132) -> bytes:
    """`content` with one to three faults; of DICOM half of them in its head.

    Parameters
    ----------
    content : bytes
    seed : list of int
    head : int
        Bytes in front that stay as they are.
    """
    rng = np.random.default_rng(seed)
    changed = bytearray(content)
    pixels = max(head, *(content.rfind(tag) for tag in _PIXEL_DATA))
    start = head if rng.integers(2) else pixels
    for _ in range(rng.integers(1, 4)):
        mutation = MUTATIONS[rng.integers(len(MUTATIONS))]
        mutation(changed, rng, min(start, len(changed) - 1))
        if len(changed) < 2:
            break
    return bytes(changed)
