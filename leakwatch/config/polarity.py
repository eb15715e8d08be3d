"""Settings of the check of the polarity."""

from __future__ import annotations

from typing import Annotated

import msgspec

from leakwatch.config.ranges import within


class PolaritySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What tells whether a picture was inverted. Shares are those of the picture's range or area.

    Parameters
    ----------
    trust_tags : bool
        Read the picture as the tags say, whatever it looks like.
    columns : int
        Of the coarse picture that is looked at: edges of shutters stay sharp, noise is averaged.
    even_range : float
        Greatest range within three by three of its pixels of what is even.
    end_share : float
        So near to an end of the picture's range is dark, or bright.
    shutter_side : float
        Share of each of the four borders that a shutter covers at least; a round one leaves the
        middle of the sides.
    shutter_step : float
        By how much the picture is different just inside of a shutter, at all but a quarter of its
        edge.
    white_shutter_step : float
        The same where it speaks against the tags: a thin limb in an open field has a softer edge.
    air_share : float
        Least share of the area that lies beside the patient.
    air_side : float
        Share of the left or right border that it takes: from end to end, or nearly.
    air_step : float
        The skin fades into it: just inside the picture differs by no more.
    air_other_share : float
        Where the other end of the range is at the border too, both may be either.
    """

    trust_tags: bool = False
    columns: Annotated[int, within(32, 512)] = 128
    even_range: Annotated[float, within(0.001, 0.5)] = 0.04
    end_share: Annotated[float, within(0.005, 0.4)] = 0.05
    shutter_side: Annotated[float, within(0.1, 1.0)] = 0.4
    shutter_step: Annotated[float, within(0.01, 0.9)] = 0.10
    white_shutter_step: Annotated[float, within(0.01, 0.9)] = 0.15
    air_share: Annotated[float, within(0.01, 0.9)] = 0.10
    air_side: Annotated[float, within(0.1, 1.0)] = 0.9
    air_step: Annotated[float, within(0.01, 0.9)] = 0.12
    air_other_share: Annotated[float, within(0.0, 0.5)] = 0.02
