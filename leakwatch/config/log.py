"""Settings of the log that is kept with `--log-file`."""

from __future__ import annotations

from typing import Annotated

import msgspec

from leakwatch.config.ranges import within


class LogSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """File of `--log-file`: its size is limited, and nothing waits for it.

    Parameters
    ----------
    most_bytes : int
        Of FILE and FILE.1 together, bytes. The default holds an hour of fluoroscopy at 15 frames/s,
        some 600 bytes a frame, and is small enough for mail when it is packed.
    waiting_lines : int
        Lines that may wait for a slow disk: more than a minute at 30 frames/s. What finds no room
        is left out and counted.
    close_s : float
        At the end the lines that wait are waited for so long, s.
    """

    most_bytes: Annotated[int, within(1 << 16, 1 << 34)] = 1 << 25
    waiting_lines: Annotated[int, within(10, 1000000)] = 3000
    close_s: Annotated[float, within(0.1, 60.0)] = 2.0
