"""Whether the length of pixels that are not compressed fits the size that the tags promise."""

from __future__ import annotations

# Writers pad frames to even lengths, to words, or to sectors of disks.
_ALIGNMENTS = (2, 4, 8, 16, 32, 64, 128, 256, 512)


def size_contradiction(length: int, row_bytes: int, rows: int, frames: int) -> str:
    """Say why pixels cannot have the size that is promised; empty where they may.

    What is left over behind whole frames is padding while it is less than a row. With a row or
    more the picture has another width or height: each of its rows, or of its frames, would lie
    further to the side than the one before.

    Parameters
    ----------
    length : int
        Of all pixels as the head says, bytes; the file may end before.
    row_bytes, rows, frames : int
        As promised.
    """
    frame_bytes = row_bytes * rows
    for alignment in _ALIGNMENTS:
        if length == frames * (frame_bytes + -frame_bytes % alignment):
            return ""
    if length % frame_bytes < row_bytes:
        return ""  # whole frames, also fewer or more of them
    return (
        f"there are {length} bytes of pixels, and {frame_bytes} make one frame of {rows} rows: the "
        "picture has another size than its tags say"
    )
