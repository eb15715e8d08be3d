"""Settings of the check of the polarity."""

from __future__ import annotations

from typing import Annotated

import msgspec

from leakwatch.config.ranges import within


class PolaritySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Detection of inverted images. Shares are those of the image's range or area.

    Parameters
    ----------
    trust_tags : bool
        Use the polarity stated in the header, whatever the image looks like.
    columns : int
        Columns of the coarse image that is analysed: edges of shutters remain sharp, noise is
        averaged.
    even_range : float
        Maximum range within three by three pixels of a uniform region.
    end_share : float
        Range of values at both ends that counts as dark, or bright.
    shutter_side : float
        Minimum share of each of the four borders covered by a shutter; a round one leaves the
        centres of the sides.
    shutter_step : float
        Minimum step of the image at the edge of a shutter, at all but a quarter of the edge.
    white_shutter_step : float
        The same for evidence against the header: a thin limb in an open field has a softer edge.
    air_share : float
        Minimum share of the area beside the patient.
    air_side : float
        Share of the left or right border next to air: nearly all of it.
    air_step : float
        Maximum step at the border of air, as the skin is a smooth transition.
    air_other_share : float
        If the other end of the range is at the border too, the polarity is ambiguous.
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
