"""Sections of what a room adds: motion of parts, tube voltage, instruments, picture processing.

Keys here came later: see `Section.ADDED_LATER`.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Literal

from msgspec import Meta

from leakwatch.core.errors import ConfigError
from leakwatch.core.messages import text
from leakwatch.simulator.scenario.scenario_sections import Section

_Positive = Annotated[float, Meta(gt=0)]
_NotNegative = Annotated[float, Meta(ge=0)]
_Share = Annotated[float, Meta(ge=0, lt=1)]


class PatientTurnSection(Section, frozen=True):
    """Turn of the patient in the image plane, about the centre of the image, for good.

    Parameters
    ----------
    at_s, over_s : float
        Begin, after the first frame (that one is the reference), and duration.
    by_deg : float
        Added to the turns before; positive: clockwise in the picture.
    swing_deg : float
        Swing that is left behind and dies away, as after a push; see `scene_motion.Jolt`.
    """

    at_s: _Positive
    by_deg: Annotated[float, Meta(ge=-15, le=15)]
    over_s: _Positive = 1.0
    swing_deg: Annotated[float, Meta(ge=0, le=5)] = 0.0


class OrganBreathSection(Section, frozen=True):
    """Breathing of the trunk's wall and of the organs by a rhythm that the spine does not share.

    Depths remain `motion.wall_mm` and `motion.organs_mm`.

    Parameters
    ----------
    period_s : float
    rest : int
        Exponent of the resting phase: 2 is a sine, 6 a short breath with a long rest.
    inhale_share : float
        Share of a breath that goes in.
    irregular : float
        Standard deviation of depth and period from breath to breath, as a share.
    """

    period_s: _Positive = 5.0
    rest: Literal[2, 4, 6] = 4
    inhale_share: Annotated[float, Meta(ge=0.2, le=0.8)] = 0.4
    irregular: Annotated[float, Meta(ge=0, le=0.3)] = 0.15


class OrganKind(StrEnum):
    """Organ that moves over the spine as patients breathe."""

    DIAPHRAGM = "diaphragm"  # lung above two domes
    BOWEL = "bowel"  # loops with gas


class OrganLayerSection(Section, frozen=True):
    """Lung or bowel over the spine, as projected thickness; it moves as the organs do.

    Parameters
    ----------
    kind : OrganKind
    edge_mm : float
        The diaphragm's higher dome, or the middle of the loops, above the centre of the target.
    depth_mm : float
        Soft tissue that lung or gas replaces along a ray, at most.
    """

    kind: OrganKind
    edge_mm: Annotated[float, Meta(ge=-80, le=80)] = 0.0
    depth_mm: Annotated[float, Meta(gt=0, le=120)] = 40.0


class PelvisSection(Section, frozen=True):
    """Iliac wings over the spine, as in lateral views of the lower lumbar spine.

    Parameters
    ----------
    crest_mm : float
        How far above the centre of the target the higher crest ends.
    bone_mm : float
        Cortical bone along a ray through both wings.
    """

    crest_mm: Annotated[float, Meta(ge=-60, le=80)] = 0.0
    bone_mm: Annotated[float, Meta(gt=0, le=30)] = 8.0


class KvStepSection(Section, frozen=True):
    """Step of the tube voltage, and with it of the contrast of everything in the image.

    Parameters
    ----------
    at_s : float
    kvp : float
        From then on. From 80 to 95 kV bone loses 12 % of its contrast, cement about 20 %.
    brightness : float
        Mean of the picture right after the step over what it would be without one; what the
        brightness control does afterwards comes on top.
    """

    at_s: _Positive
    kvp: Annotated[float, Meta(ge=50, le=120)]
    brightness: Annotated[float, Meta(ge=0.4, le=2.5)] = 1.0


class ObjectKind(StrEnum):
    """Object that comes into the field from outside."""

    FORCEPS = "forceps"
    HAND = "hand"


class ForeignObjectSection(Section, frozen=True):
    """A hand or forceps at the edge of the field.

    Parameters
    ----------
    kind : ObjectKind
    from_s, to_s : float
        When it begins to come in and to leave; `to_s` None: it stays.
    edge : str
        Side of the picture that it comes from.
    along : float
        Where along that side, as a share from the left or the top.
    reach_mm : float
        How far it comes in, at the vertebra.
    slant_deg : float
        Off the perpendicular to the side.
    over_s : float
        How long coming in and leaving take, each.
    unrest_mm : float
        Standard deviation of its movement while it is there.
    """

    kind: ObjectKind
    from_s: _NotNegative = 0.0
    to_s: _Positive | None = None
    edge: Literal["left", "right", "top", "bottom"] = "left"
    along: Annotated[float, Meta(ge=0, le=1)] = 0.8
    reach_mm: Annotated[float, Meta(gt=0, le=120)] = 20.0
    slant_deg: Annotated[float, Meta(ge=-60, le=60)] = 0.0
    over_s: _Positive = 0.8
    unrest_mm: Annotated[float, Meta(ge=0, le=10)] = 1.0


class ProcessingSection(Section, frozen=True):
    """Processing of pictures by a C-arm, in its usual order, which is that of the keys.

    Parameters
    ----------
    recursive : float
        Share of the picture before in the next one.
    motion_detection : bool
        The recursive filter keeps less of what has changed by more than noise.
    local_contrast : float
        Share of a local equalisation of the histogram in the picture.
    edge_gain : float
        What is finer than `edge_mm` is raised by this share.
    edge_mm : float
        Standard deviation at the detector.
    display_slope : float
        Steepness of an S-shaped display curve over the log of the signal, which takes the place of
        that of `pixels.relationship` DISP; 0: none.
    """

    recursive: _Share = 0.0
    motion_detection: bool = False
    local_contrast: Annotated[float, Meta(ge=0, le=1)] = 0.0
    edge_gain: Annotated[float, Meta(ge=0, le=4)] = 0.0
    edge_mm: _Positive = 0.8
    display_slope: Annotated[float, Meta(ge=0, le=4)] = 0.0


def check_kv_steps(steps: Iterable[KvStepSection], name: str) -> None:
    """Refuse steps of the tube voltage that are not in order of time.

    Raises
    ------
    ConfigError
        Naming the key and both times.
    """
    for number, (one, after) in enumerate(pairwise(steps), start=1):
        if after.at_s <= one.at_s:
            raise ConfigError(
                text(
                    "scenario {name}: kv_steps[{number}].at_s is {at_s:g}, not after the "
                    "{before_s:g} of the step before it. Give steps in order of time.",
                    name=name,
                    number=number,
                    at_s=after.at_s,
                    before_s=one.at_s,
                )
            )
