"""Settings of training."""

from __future__ import annotations

from typing import Annotated

import msgspec

from leakwatch.config.ranges import within


class TrainingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Scoring of a trainee's STOPs.

    Parameters
    ----------
    early_s : float
        Without a truth, a STOP up to this time before LeakWatch's STOP is not false, s: a trainee
        may be faster than a monitor. The benchmark allows the same before a label.
    same_press_s : float
        A press within this time after another one is the same decision, s: users may press twice.
    screen_gap_s : float
        If the display did not refresh for longer, the result states this, s: images older than a
        tenth of a second affect reactions, and limit the accuracy of reaction times.
    target_reaction_s : float
        Reaction that a trainee should reach, s: about 0.3 s to see a change and press, and as long
        again to be sure of it, with a margin for a frame that is awaited.
    target_past_ml : float
        Cement past the stop point that a trainee should not exceed, mL: what flows in a second at
        0.1 mL/s, a usual pace.
    """

    early_s: Annotated[float, within(0.0, 10.0)] = 1.0
    same_press_s: Annotated[float, within(0.0, 5.0)] = 0.5
    screen_gap_s: Annotated[float, within(0.02, 2.0)] = 0.1
    target_reaction_s: Annotated[float, within(0.1, 10.0)] = 1.0
    target_past_ml: Annotated[float, within(0.01, 5.0)] = 0.1
