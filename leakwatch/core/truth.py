"""Truth of a simulated case, frame by frame: cement, distance to the wall, and shift."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Picture(StrEnum):
    """State of the image in a frame of a simulated case."""

    REFERENCE = "reference"
    TURNED = "turned"  # the C-arm is in another view: marks do not apply, and there is no distance
    HELD = "held"  # last image hold: an earlier image again, while the pedal is up


@dataclass(frozen=True, slots=True)
class TruthFrame:
    """Truth of one frame; see `Truth`.

    There is no distance unless `picture` is the reference. In a turned view, `dx` and `dy` are
    those of the centre of the target, and area and length of the leak are as visible in that view.
    During last image hold they are those of the frozen image, and `ml` is the current volume.
    """

    ml: float
    dx: float
    dy: float
    distance_mm: float | None
    leak_length_mm: float
    area_mm2: float
    picture: Picture = Picture.REFERENCE


@dataclass(frozen=True, slots=True)
class Truth:
    """A read and validated NAME.truth.json."""

    fps: float
    mm_per_px: float
    leak: str
    breach_5mm_frame: int | None
    leak_visible_frame: int | None
    frames: tuple[TruthFrame, ...] = field(default=())
