"""Two planes watched together: the worse level, with its banner and its alarm. Pure.

A plane counts while it is on. It is off while its source states that fluoroscopy is off there, and
paused if a person said so. A plane that is merely silent or frozen may be broken: it counts. What
was seen always counts: a STOP or WATCH is shown whatever the state of its plane.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum
from itertools import zip_longest

from leakwatch.core.messages import text
from leakwatch.core.results import Level
from leakwatch.display.banner import Banner, keep_rim
from leakwatch.display.level_styles import (
    ACKNOWLEDGED_STYLE,
    LEVEL_STYLES,
    OFF_WORD,
    PARTLY_STYLE,
    PARTLY_WORD,
)
from leakwatch.live.status import Alarm, DisplayedStatus, DisplayState

_ORDER = (Level.CLEAR, Level.WATCH, Level.UNKNOWN, Level.STOP)
_ALARMS = (Alarm.NONE, Alarm.LOW, Alarm.MEDIUM, Alarm.HIGH)
_SEEN = (Level.STOP, Level.WATCH)


def combine(*levels: Level) -> Level:
    """Return the most urgent level; UNKNOWN without any."""
    return max(levels, key=_ORDER.index, default=Level.UNKNOWN)


def most_urgent(*alarms: Alarm) -> Alarm:
    """Return the alarm of the highest priority; none without any."""
    return max(alarms, key=_ALARMS.index, default=Alarm.NONE)


class Weight(IntEnum):
    """Order in which banners of planes displace each other."""

    CLEAR = 0
    PARTLY = 1  # UNKNOWN, but some rules are active, or the other plane is
    WATCH = 2
    UNKNOWN = 3
    STOP = 4


class Role(StrEnum):
    """Contribution of a plane to the common banner."""

    ON = "on"
    OFF = "off"  # its source states that fluoroscopy is off
    PAUSED = "paused"  # a person expects no images from it


@dataclass(frozen=True, slots=True)
class Plane:
    """One plane at one time.

    Parameters
    ----------
    name : str
    now : DisplayedStatus
    paused : bool
        A person paused the monitoring of this plane.
    acknowledged : bool
        A STOP of this plane was acknowledged and is not over.
    watches_all_but_wall : bool
        As of `core.active_rules`, in a frame that is current.
    """

    name: str
    now: DisplayedStatus
    paused: bool = False
    acknowledged: bool = False
    watches_all_but_wall: bool = False

    @property
    def role(self) -> Role:
        """Contribution of the plane to the common banner."""
        if self.paused:
            return Role.PAUSED
        return Role.OFF if self.now.state is DisplayState.OFF else Role.ON

    @property
    def counts(self) -> bool:
        """Return whether its banner counts even while it is off or paused."""
        return self.role is Role.ON or self.now.level in _SEEN

    @property
    def watches_wall(self) -> bool:
        """Return whether it is CLEAR by all rules, including that of the posterior wall."""
        return self.role is Role.ON and self.now.level is Level.CLEAR

    @property
    def completes(self) -> bool:
        """Return whether it is calm and needs only a plane that monitors the wall."""
        partly = self.now.banner.partly and self.role is Role.ON
        return partly and self.watches_all_but_wall and not self.acknowledged


@dataclass(frozen=True, slots=True)
class CommonStatus:
    """Status of all planes together, as the operator sees it.

    Parameters
    ----------
    banner : Banner
        That of the worse plane, with the names of the planes.
    alarm : Alarm
        The most urgent one.
    worse : int
        Number of the plane that the banner is of.
    """

    banner: Banner
    alarm: Alarm
    worse: int

    @property
    def level(self) -> Level:
        """Level of the banner."""
        return self.banner.level


@dataclass(frozen=True, slots=True)
class _Share:
    """Banner, alarm and one-line state that one plane contributes.

    `name` is empty if the reasons of the banner name the plane.
    """

    banner: Banner
    alarm: Alarm
    line: str
    name: str = ""


def weight(banner: Banner) -> Weight:
    """Return how urgent a banner is."""
    if banner.level is Level.UNKNOWN and banner.partly:
        return Weight.PARTLY
    return Weight[banner.level.value]


def combined(planes: Sequence[Plane]) -> CommonStatus:
    """Return the common status of all planes: never calmer than any plane that counts.

    Parameters
    ----------
    planes : sequence of Plane
        At least one.
    """
    nothing_on = all(plane.role is not Role.ON for plane in planes)
    asked = [plane for plane in planes if nothing_on or plane.role is not Role.PAUSED]
    calm = all(plane.now.banner.word == OFF_WORD for plane in asked)
    wall = any(plane.watches_wall for plane in planes)
    shares = [
        _complement(plane) if wall and plane.completes else _share(plane, nothing_on, calm)
        for plane in planes
    ]
    heaviest = max(weight(one.banner) for one in shares)
    worst = [place for place, one in enumerate(shares) if weight(one.banner) is heaviest]
    worst.sort(key=lambda place: not shares[place].banner.flashing)
    told = [shares[place] for place in worst]
    others = tuple(one.line for place, one in enumerate(shares) if place not in worst)
    banner = _together(told)
    banner = replace(banner, warnings=(*others, *banner.warnings))
    if banner.level is not Level.STOP:
        banner = keep_rim(banner, any(plane.acknowledged for plane in planes))
    return CommonStatus(banner, most_urgent(*(one.alarm for one in shares)), worst[0])


def _together(shares: Sequence[_Share]) -> Banner:
    """Return the first of equal banners with the reasons of all, each with its plane."""
    # The first reason of each plane, then the second ones: a banner shows the first few.
    rows = zip_longest(*(_reasons_and_keys(one) for one in shares))
    pairs = [pair for row in rows for pair in row if pair is not None]
    return replace(
        shares[0].banner,
        reasons=tuple(reason for reason, _ in pairs),
        keys=tuple(key for _, key in pairs) if any(key for _, key in pairs) else (),
        warnings=tuple(_named(one.name, line) for one in shares for line in one.banner.warnings),
    )


def _reasons_and_keys(share: _Share) -> list[tuple[str, str]]:
    """Return the reasons of a plane with its name, each with the key that resolves it, if any."""
    keys = (*share.banner.keys, *("" for _ in share.banner.reasons))
    reasons = (_named(share.name, reason) for reason in share.banner.reasons)
    return list(zip(reasons, keys, strict=False))


def _named(name: str, words: str) -> str:
    return text("{plane}: {words}", plane=name, words=words) if name else words


def _share(plane: Plane, nothing_on: bool, calm: bool) -> _Share:
    """Return what a plane contributes.

    Parameters
    ----------
    plane : Plane
    nothing_on : bool
        No plane is on: none of them is excused.
    calm : bool
        Every plane that is not excused is without a beam, by the operator's choice.
    """
    if nothing_on or plane.counts:
        share = _own_share(plane)
        banner = share.banner
        if banner.word == OFF_WORD and not calm:
            # The other plane has a beam, or should have one.
            style, word = LEVEL_STYLES[Level.UNKNOWN], Level.UNKNOWN.value
            return replace(share, banner=replace(banner, word=word, style=style))
        return share
    paused = plane.role is Role.PAUSED
    if paused:
        line = text("{plane} is paused: not monitored", plane=plane.name)
    else:
        line = text("{plane}: fluoroscopy off, not monitored", plane=plane.name)
    # An acknowledged STOP is not over, and never becomes CLEAR.
    if plane.acknowledged:
        stop = Level.STOP.value
        banner = Banner(Level.WATCH, stop, ACKNOWLEDGED_STYLE, (line,), acknowledged=True)
    elif paused:
        clear = Level.CLEAR
        banner = Banner(clear, clear.value, LEVEL_STYLES[clear], (), (line,))
    else:
        banner = Banner(Level.UNKNOWN, PARTLY_WORD, PARTLY_STYLE, (line,), partly=True)
    return _Share(banner, Alarm.NONE if paused else plane.now.alarm, line)


def _complement(plane: Plane) -> _Share:
    """Return the share of a plane that watches all that the other one does not."""
    line = text("{plane}: veins and outline watched, no wall in this view", plane=plane.name)
    clear = Level.CLEAR
    banner = Banner(clear, clear.value, LEVEL_STYLES[clear], (), (line,))
    return _Share(banner, plane.now.alarm, line)


def _own_share(plane: Plane) -> _Share:
    banner, name = plane.now.banner, plane.name
    line = text("{plane}: {word}", plane=name, word=banner.word)
    if banner.reasons:
        reason = banner.reasons[0]
        line = text("{plane}: {word} – {reason}", plane=name, word=banner.word, reason=reason)
    return _Share(banner, plane.now.alarm, line, name)


def with_plane(banner: Banner, name: str) -> Banner:
    """Return the banner of one plane with its name in front of its first reason."""
    if not banner.reasons:
        return replace(banner, reasons=(name,))
    return replace(banner, reasons=(_named(name, banner.reasons[0]), *banner.reasons[1:]))
