"""Sections of events in the room: turns of the view, table moves, pedal, collimation, balloon.

Keys here came later: see `Section.ADDED_LATER`.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Annotated

from msgspec import Meta

from leakwatch.core.errors import ConfigError
from leakwatch.core.messages import text
from leakwatch.simulator.scenario.scenario_sections import Section

_Positive = Annotated[float, Meta(gt=0)]
_NotNegative = Annotated[float, Meta(ge=0)]
_Open = Annotated[float, Meta(ge=0.3, le=1)]
_Mm3 = tuple[float, float, float]


class ViewTurnSection(Section, frozen=True):
    """Turn of the C-arm away from the scenario's view and back.

    Parameters
    ----------
    at_s : float
        Begin, after the first frame: that one is the reference.
    over_s : float
        Time of the way there, and of the way back.
    angle_deg, tilt_deg : float
        Added to those of the view. Where anterior is on the right, -90 takes a lateral view to the
        AP one, and 90 to the one from in front; where it is on the left, 90 and -90.
    hold_s : float
        Stay there.
    """

    at_s: _Positive
    over_s: _Positive = 1.0
    angle_deg: Annotated[float, Meta(ge=-100, le=100)] = -90.0
    tilt_deg: Annotated[float, Meta(ge=-30, le=30)] = 0.0
    hold_s: _NotNegative = 2.0

    @property
    def ends_s(self) -> float:
        """Time at which the scenario's view is restored."""
        return self.at_s + 2 * self.over_s + self.hold_s


class TableMoveSection(Section, frozen=True):
    """Large movement of the table, and back after `hold_s` if given.

    Parameters
    ----------
    at_s, over_s : float
    by_mm : tuple of float
        Right, anterior, superior. Each frame is projected anew, so that near and far parts move as
        a beam from a point shows them; a push of some millimetres is a mere shift.
    hold_s : float or None
        Time at the new place; None: it stays there.
    """

    at_s: _Positive
    by_mm: _Mm3
    over_s: _Positive = 1.0
    hold_s: _NotNegative | None = None

    @property
    def ends_s(self) -> float:
        """Time at which all its moves are completed."""
        return self.at_s + self.over_s + (0.0 if self.hold_s is None else self.hold_s + self.over_s)


class PedalSection(Section, frozen=True):
    """Fluoroscopy is off from `off_s` until before `on_s`."""

    off_s: _Positive
    on_s: _Positive

    @property
    def at_s(self) -> float:
        """Time at which it starts."""
        return self.off_s

    @property
    def ends_s(self) -> float:
        """Time at which it ends."""
        return self.on_s


class CollimationSection(Section, frozen=True):
    """Collimator blades move in from all sides; the field remains until the next such section.

    Parameters
    ----------
    at_s, over_s : float
    columns_share, rows_share : float
        Of the picture that is left open about its centre.
    """

    at_s: _NotNegative
    over_s: _Positive = 0.5
    columns_share: _Open = 1.0
    rows_share: _Open = 1.0

    @property
    def ends_s(self) -> float:
        """Time at which the blades stop."""
        return self.at_s + self.over_s


class BalloonSection(Section, frozen=True):
    """Kyphoplasty: a balloon made a cavity before the first frame, and was removed.

    Parameters
    ----------
    volume_ml : float
    at : tuple of float or None
        Centre, in the shares that `cannula.tip` is given in; None: at the tip.
    length_ratio : float
        Length from behind to front over the width across.
    """

    volume_ml: Annotated[float, Meta(gt=0, le=8)]
    at: _Mm3 | None = None
    length_ratio: Annotated[float, Meta(ge=1, le=3)] = 1.5


_Timed = ViewTurnSection | TableMoveSection | PedalSection | CollimationSection


def check_order(key: str, sections: Iterable[_Timed], name: str) -> None:
    """Refuse sections of which one begins before the one before it has ended.

    Raises
    ------
    ConfigError
        Naming the key and both times.
    """
    for number, (one, after) in enumerate(pairwise(sections), start=1):
        if after.at_s < one.ends_s:
            raise ConfigError(
                text(
                    "scenario {name}: {key}[{number}] starts at {at_s:g} s, before {key}[{before}] "
                    "ends at {ends_s:g} s. Let it start later.",
                    name=name,
                    key=key,
                    number=number,
                    at_s=after.at_s,
                    before=number - 1,
                    ends_s=one.ends_s,
                )
            )


def check_pedal(pedal: Iterable[PedalSection], name: str) -> None:
    """Refuse a pedal that is pressed before it was left.

    Raises
    ------
    ConfigError
        Naming the key and both times.
    """
    for number, one in enumerate(pedal):
        if one.on_s <= one.off_s:
            raise ConfigError(
                text(
                    "scenario {name}: pedal[{number}].on_s is {on_s:g}, not after off_s "
                    "{off_s:g}. Correct it.",
                    name=name,
                    number=number,
                    on_s=one.on_s,
                    off_s=one.off_s,
                )
            )
