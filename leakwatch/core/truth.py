"""What is known of a simulated case, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Picture(StrEnum):
    """What a frame of a simulated case shows, apart from its content."""

    REFERENCE = "reference"
    TURNED = "turned"  # the C-arm stands in another view: no marks hold, and there is no distance
    HELD = "held"  # an earlier picture again, while the pedal is up


@dataclass(frozen=True, slots=True)
class TruthFrame:
    """Truth of one frame; see `Truth`.

    Where `picture` is not the reference there is no distance. In a turned view `dx` and `dy` are
    those of the middle of the target, and area and length of leak are what that view shows; held,
    they are those of the picture that is held, and `ml` is that of the time.
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
