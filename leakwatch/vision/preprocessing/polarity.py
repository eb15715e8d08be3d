"""Polarity of an image, checked against its tags: less beam behind bone, or more.

An export that was inverted without saying so turns bone into gas, and cement into nothing. What
surrounds the anatomy tells: a shutter or collimator lets nothing through, ends sharply and goes all
round; beside a patient the beam is not weakened at all, and his skin fades into it. Which detail is
bone does not tell: gas and contrast medium are as sharp, and as dark or bright.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np

from leakwatch.config import PolaritySettings
from leakwatch.core.arrays import BoolImage, FloatImage

# Range of the picture that counts as full: a letter or a clipped pixel must not set it.
_PERCENTILES = (0.5, 99.5)
_LEAST_ROWS = 8
# The ring inside an area in which its edge is judged, coarse pixels: past the blur of the edge.
_RING_FROM, _RING_TO = 5, 9
_LEAST_RING = 20  # pixels of it


class Polarity(StrEnum):
    """Polarity as the image shows it, compared with the one that it was read with."""

    AGREES = "agrees"
    CONTRADICTS = "contradicts"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class PolarityTold:
    """A verdict with its reasons.

    Parameters
    ----------
    verdict : Polarity
    evidence : tuple of str
        In words for a person; empty where nothing was found.
    """

    verdict: Polarity
    evidence: tuple[str, ...] = ()


UNTOLD = PolarityTold(Polarity.CANNOT_TELL)


@dataclass(frozen=True, slots=True)
class _Area:
    """Evenly dark or evenly bright area that touches the border.

    `sides`: the share of the top, bottom, left and right border that it takes. `step`: how far the
    picture is from it just inside, over its whole range, at all but a quarter of its edge.
    """

    share: float
    sides: tuple[float, ...]
    step: float


@dataclass(frozen=True, slots=True)
class PolarityCheck:
    """Check of the polarity of an image, with its settings."""

    settings: PolaritySettings

    def check(self, attenuation: FloatImage) -> PolarityTold:
        """Return whether the picture shows the polarity that it was read with.

        Conservative: `CONTRADICTS` only on evidence that no picture of the right polarity is known
        to give. Deterministic, and cheap: once a run.

        Parameters
        ----------
        attenuation : ndarray
            ``(rows, columns)``, log attenuation on the working grid, as the tags say, see
            `intensity.log_attenuation` and `intensity.more_value_is_more_beam`. The whole picture:
            what is blanked tells most.
        """
        beam = None if self.settings.trust_tags else self._estimate_coarse_beam(attenuation)
        if beam is None:
            return UNTOLD
        kernel = np.ones((3, 3), np.uint8)
        even = cv2.dilate(beam, kernel) - cv2.erode(beam, kernel) < self.settings.even_range
        dark = _find_at_border(beam, even & (beam < self.settings.end_share))
        bright = _find_at_border(beam, even & (beam > 1.0 - self.settings.end_share))
        for_, against = [], []
        if self._is_shutter(dark):
            for_.append("a dark shutter goes round the picture")
        if self._is_air(bright, dark):
            for_.append("the beam beside the patient is bright")
        if self._is_shutter(bright) and bright.step >= self.settings.white_shutter_step:
            against.append("what goes round the picture with a sharp edge, as a shutter, is bright")
        if self._is_air(dark, bright):
            against.append("what the patient's skin fades into, as into the open beam, is dark")
        if for_ and against:
            return PolarityTold(Polarity.CANNOT_TELL, (*for_, *against))
        if against:
            return PolarityTold(Polarity.CONTRADICTS, tuple(against))
        return PolarityTold(Polarity.AGREES if for_ else Polarity.CANNOT_TELL, tuple(for_))

    def _estimate_coarse_beam(self, attenuation: FloatImage) -> FloatImage | None:
        """Return the beam, 0 to 1 over the range of the image; None if it has no range."""
        rows, columns = attenuation.shape
        wide = min(self.settings.columns, columns)
        high = max(round(wide * rows / columns), _LEAST_ROWS)
        beam = np.exp(float(attenuation.min()) - attenuation).astype(np.float32)
        small = cv2.resize(beam, (wide, high), interpolation=cv2.INTER_AREA)
        low, top = np.percentile(small, _PERCENTILES)
        if not top > low:
            return None
        scaled: FloatImage = np.clip((small - np.float32(low)) / np.float32(top - low), 0.0, 1.0)
        return scaled

    def _is_shutter(self, area: _Area) -> bool:
        return (
            min(area.sides) >= self.settings.shutter_side
            and area.step >= self.settings.shutter_step
        )

    def _is_air(self, area: _Area, other: _Area) -> bool:
        """Return whether it lies beside the patient: one side of the image, from end to end."""
        return (
            area.share >= self.settings.air_share
            and max(area.sides[2:]) >= self.settings.air_side
            and min(area.sides) < self.settings.shutter_side
            and area.step <= self.settings.air_step
            and other.share <= self.settings.air_other_share
        )


def _find_at_border(beam: FloatImage, even: BoolImage) -> _Area:
    """Keep only what touches the border: gas and metal inside the field are left out."""
    _, labels = cv2.connectedComponents(even.astype(np.uint8))
    border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    touching = np.isin(labels, border[border > 0])
    sides = (touching[0], touching[-1], touching[:, 0], touching[:, -1])
    return _Area(
        float(touching.mean()), tuple(float(side.mean()) for side in sides), _step(beam, touching)
    )


def _step(beam: FloatImage, area: BoolImage) -> float:
    near, far = (
        cv2.dilate(area.astype(np.uint8), np.ones((size, size), np.uint8)) > 0
        for size in (_RING_FROM, _RING_TO)
    )
    ring = far & ~near
    if np.count_nonzero(ring) < _LEAST_RING:
        return 0.0
    return float(np.percentile(np.abs(beam[ring] - np.median(beam[area])), 25.0))
