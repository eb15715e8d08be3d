"""Settings of the training of people."""

from __future__ import annotations

from typing import Annotated

import msgspec

from leakwatch.config.ranges import within


class TrainingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a trainee's STOPs are judged.

    Parameters
    ----------
    early_s : float
        Without a truth, a STOP up to so long before LeakWatch's own is not false, s: a person may
        be quicker than a monitor that wants proof. The bench grants the same before a label.
    same_press_s : float
        A press so soon after another is the same decision, s: a nervous hand presses twice.
    screen_gap_s : float
        Where the screen stood still for longer, the result says so, s: images older than a tenth
        of a second hinder a hand, and a reaction time is no better known than that.
    """

    early_s: Annotated[float, within(0.0, 10.0)] = 1.0
    same_press_s: Annotated[float, within(0.0, 5.0)] = 0.5
    screen_gap_s: Annotated[float, within(0.02, 2.0)] = 0.1
