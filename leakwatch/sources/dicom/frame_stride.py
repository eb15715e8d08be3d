"""Distance of uncompressed frames in a file, from the number of bytes.

By the standard they follow each other without a gap, and only their total is padded to an even
length (PS3.5 8.1.1). Some writers pad each frame: read by the standard, each would be shifted
further than the one before. The same happens if the header states too small a size.
"""

from __future__ import annotations

from typing import BinaryIO

import numpy as np

from leakwatch.core.messages import text

# Writers pad to even lengths, to words of 4 and more bytes, or to sectors of disks.
_ALIGNMENTS = (2, 4, 8, 16, 32, 64, 128, 256, 512)
_LOOKED_AT = 1 << 16  # bytes from the middle of a file: some dozens of rows


def check_word_size(file: BinaryIO, start: int, length: int, whole: int, word_bytes: int) -> None:
    """Refuse samples of 8 bits under tags of 16, and the other way round.

    Parameters
    ----------
    file : BinaryIO
    start, length : int
        Of the pixels, bytes, as promised; the file may end before.
    whole : int
        Bytes that the promised frames take by the tags.
    word_bytes : int
        Of a word by the tags, 1 or 2.

    Raises
    ------
    ValueError
        There are half or twice as many bytes, and they look like words of the other size.
    """
    other = whole // 2 if word_bytes == 2 else 2 * whole
    if length - other not in (0, other % 2):
        return
    file.seek(start + length // 4 * 2)  # a middle frame: the first may be dark
    data = file.read(min(_LOOKED_AT, length // 2))
    pairs = np.frombuffer(data[: len(data) // 2 * 2], np.uint8).reshape(-1, 2).astype(np.int16)
    if len(pairs) < 2 or pairs.min() == pairs.max():
        return
    # Two samples side by side are alike; the two bytes of one are not, and the lower is noise.
    within = np.abs(pairs[:, 0] - pairs[:, 1]).mean()
    apart = np.abs(np.diff(pairs, axis=0)).mean()
    found = 1 if within < 1.5 * apart else 2
    if found != word_bytes:
        raise ValueError(
            text(
                "there are {length} bytes of pixels, the header states {stated_length}, and they "
                "look like samples of {found_bits} bits where the header states {stated_bits} "
                "(Bits Allocated)",
                length=length,
                stated_length=whole,
                found_bits=8 * found,
                stated_bits=8 * word_bytes,
            )
        )


def frame_stride(
    file: BinaryIO, start: int, length: int, frame_bytes: int, frames: int, rows: int
) -> int:
    """Return how many bytes after its beginning the next frame begins.

    Parameters
    ----------
    file : BinaryIO
    start, length : int
        Of the pixels, bytes, as promised; the file may end before.
    frame_bytes : int
        Of one frame.
    frames, rows : int
        As promised.

    Raises
    ------
    ValueError
        The bytes are not complete frames, and padding does not explain it.
    """
    for alignment in _ALIGNMENTS:
        padding = -frame_bytes % alignment
        stride = frame_bytes + padding
        if padding and frames > 1 and length == frames * stride:
            if not _is_padding(file, start + frame_bytes, padding, stride, frames):
                raise ValueError(
                    text(
                        "there are {length} bytes of pixels, as if each of {frames} frames "
                        "of {frame_bytes} bytes were padded to {stride}, but no padding "
                        "follows them",
                        length=length,
                        frames=frames,
                        frame_bytes=frame_bytes,
                        stride=stride,
                    )
                )
            return stride
    _check_rest(file, start, length, frame_bytes, frames, rows)
    return frame_bytes


def _check_rest(
    file: BinaryIO, start: int, length: int, frame_bytes: int, frames: int, rows: int
) -> None:
    """Refuse a rest that is neither a frame nor padding: then frames are not where tags say."""
    rest = length % frame_bytes
    file.seek(start + length - rest)
    # A row or more is another width or height; less may be padding, which is all the same byte.
    is_size = rest >= frame_bytes // rows
    is_text = length > frames * frame_bytes and rest > 1 and len(set(file.read(rest))) > 1
    if is_size or is_text:
        raise ValueError(
            text(
                "there are {length} bytes of pixels, {frame_bytes} make one frame, and "
                "{frames} are stated: the image has another size than the header states",
                length=length,
                frame_bytes=frame_bytes,
                frames=frames,
            )
        )


def _is_padding(file: BinaryIO, first: int, padding: int, stride: int, frames: int) -> bool:
    """Return whether all bytes between frames are equal."""
    found: set[int] = set()
    for index in range(frames):
        file.seek(first + index * stride)
        found.update(file.read(padding))
    return len(found) <= 1
