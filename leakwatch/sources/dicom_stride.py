"""How far apart frames lie that are not compressed.

By the standard they follow each other without a gap, and only the whole is padded to an even
length (PS3.5 8.1.1). Some writers pad each frame by itself: read by the standard, each would lie
further to the side than the one before.
"""

from __future__ import annotations

from typing import BinaryIO

# Writers pad to even lengths, to words of 4 and more bytes, or to sectors of disks.
_ALIGNMENTS = (2, 4, 8, 16, 32, 64, 128, 256, 512)


def frame_stride(file: BinaryIO, start: int, length: int, frame_bytes: int, frames: int) -> int:
    """Return how many bytes after its beginning the next frame begins.

    Parameters
    ----------
    file : BinaryIO
    start, length : int
        Of the pixels, bytes, as promised; the file may end before.
    frame_bytes : int
        Of one frame.
    frames : int
        As promised.

    Raises
    ------
    ValueError
        There is as much as if each frame were padded, but what follows each is no padding.
    """
    for alignment in _ALIGNMENTS:
        padding = -frame_bytes % alignment
        stride = frame_bytes + padding
        if padding and frames > 1 and length == frames * stride:
            if not _is_padding(file, start + frame_bytes, padding, stride, frames):
                raise ValueError(
                    f"there are {length} bytes of pixels, as if each of {frames} frames of "
                    f"{frame_bytes} bytes were padded to {stride}, but no padding follows them"
                )
            return stride
    return frame_bytes


def _is_padding(file: BinaryIO, first: int, padding: int, stride: int, frames: int) -> bool:
    """Whether the same byte stands everywhere between frames."""
    found: set[int] = set()
    for index in range(frames):
        file.seek(first + index * stride)
        found.update(file.read(padding))
    return len(found) <= 1
