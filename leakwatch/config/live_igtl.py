"""Settings of OpenIGTLink: how much a server may send, and how long it may pause."""

from __future__ import annotations

from typing import Annotated

import msgspec

from leakwatch.config.ranges import within


class LiveIgtlSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Messages of an OpenIGTLink server. A longer one ends the connection before it is read.

    Parameters
    ----------
    picture_bytes : int
        Longest body of a picture, bytes: 4096 x 4096 pixels of 16 bits, and as much again for what
        goes with them.
    other_bytes : int
        Longest body of any other message, bytes; it is passed over, and nothing of it is kept. A
        surface of a million points has 30 MB.
    stalled_s : float
        Within one message no byte for longer is a broken link, s: pulses come at least twice a
        second.
    """

    picture_bytes: Annotated[int, within(1 << 16, 1 << 28)] = 1 << 26
    other_bytes: Annotated[int, within(1 << 10, 1 << 30)] = 1 << 26
    stalled_s: Annotated[float, within(0.2, 60.0)] = 2.0
