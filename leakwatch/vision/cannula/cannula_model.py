"""Model of a cannula in the baseline: where its axis lies, how it looks, and where it is now.

A cannula is a straight tube of steel. It is described in coordinates of its own, in pixels of the
working grid: *along* its axis from the front end outwards, and *across* the axis. A *strip* is a
picture resampled to them: columns run along the axis, rows across it. A `Pose` says how far the
axis of a frame lies off the axis of the baseline.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from leakwatch.core.arrays import Array, BoolImage, FloatImage, Point
from leakwatch.vision.cannula.profile_fit import ProfileFit
from leakwatch.vision.image_processing.resampling import sampled, warped

FINE_STEP = 0.25  # of a fine profile, pixels: a quarter of what it is sampled with at every step


class Pose(NamedTuple):
    """Position of a cannula against its axis in the baseline, and how wide it looks.

    Parameters
    ----------
    offset : float
        How far its front end is off across the axis, working pixels.
    slope : float
        How much farther off it is a pixel further along.
    wider : float
        By which share it is wider at its front end than its profile says.
    taper : float
        How much more a pixel further along: what is nearer to the source looks wider.
    bend : float
        How far its axis is off a straight line, over the square of the way along it, 1/pixel: an
        image intensifier bends what is straight.
    """

    offset: float = 0.0
    slope: float = 0.0
    wider: float = 0.0
    taper: float = 0.0
    bend: float = 0.0

    def from_axis(self, along: Array, across: Array) -> Array:
        """Return how far places are from the axis, where the profile has them; working pixels."""
        away: Array = across - (self.offset + (self.slope + self.bend * along) * along)
        if self.wider == 0.0 and self.taper == 0.0:
            return away
        return away / (1.0 + self.wider + self.taper * along)


IN_PLACE = Pose()


@dataclass(frozen=True, slots=True)
class ReachablePixels:
    """Pixels that the cannula can reach in any pose, as flat arrays.

    Parameters
    ----------
    at : ndarray of int
        Flat places in the picture.
    along, across : ndarray
        Their axial and transverse coordinates, float32.
    contrast : ndarray
        Of the cannula there.
    """

    at: Array
    along: FloatImage
    across: FloatImage
    contrast: FloatImage


@dataclass(frozen=True, slots=True)
class CannulaWall:
    """Steel beside the lumen, which attenuates the same whatever the lumen contains.

    Parameters
    ----------
    rows : ndarray of bool
        Rows of a strip that lie on it.
    contrast : ndarray
        ``(n,)`` added attenuation there, at steps of a pixel from the front end.
    """

    rows: BoolImage
    contrast: FloatImage


@dataclass(frozen=True, slots=True)
class Cannula:
    """A cannula as it was measured in the baseline, on the working grid.

    Parameters
    ----------
    front : Point
        The end inside the patient.
    direction : Point
        Unit vector along the axis, from the front end outwards.
    length : float
        As far as it is seen, working pixels.
    profile : ndarray
        ``(2 half + 1,)`` added attenuation across the axis, its maximum 1, at steps of a pixel.
    fit : ProfileFit
        Least squares for it.
    fine_profile : ndarray
        The same at steps of ``FINE_STEP`` pixels, from the pixels themselves: what is straightened
        is smoothed a little, and an edge of steel is sharper than a pixel.
    contrast : ndarray
        ``(n,)`` added attenuation on the axis, at steps of a pixel from the front end: scatter
        makes it smaller behind dense anatomy. Edges of bone along the cannula are part of it.
    steel_contrast : ndarray
        The same without them: scatter changes it slowly. What changes the look of steel is a share
        of this.
    averaged_steps : int
        So many of them, an odd number, are averaged.
    width : float
        Full width at half of the profile's maximum, working pixels.
    rim : float
        Beyond that width nothing is judged either: blur and half an error of the pose.
    pose : Pose
        Its own: the axis is where it is, but it may taper.
    pixels : ReachablePixels
    core, beside : ndarray of bool
        Rows of a strip that lie on the axis, and rows just past the edges on which no other
        cannula lies.
    outer : ndarray of bool
        Columns of a strip on the outer half, where no cement leaves the cannula.
    walls : tuple of CannulaWall
        On its two sides; fewer where they are too faint to be told from what is beside them.
    """

    front: Point
    direction: Point
    length: float
    profile: FloatImage
    fit: ProfileFit
    fine_profile: FloatImage
    contrast: FloatImage
    steel_contrast: FloatImage
    averaged_steps: int
    width: float
    rim: float
    pose: Pose
    pixels: ReachablePixels
    core: BoolImage
    beside: BoolImage
    outer: BoolImage
    walls: tuple[CannulaWall, ...]

    @property
    def across(self) -> Array:
        """Distance of each row of a strip from the axis, pixels."""
        half = (len(self.profile) - 1) // 2
        return np.arange(-half, half + 1)

    @property
    def covered(self) -> BoolImage:
        """Rows of a strip that lie on the cannula or its rim."""
        return np.asarray(np.abs(self.across) <= self.width / 2 + self.rim)

    @property
    def steps(self) -> int:
        """Columns of a strip: pixels along the axis in which the cannula was measured."""
        return min(int(self.length), len(self.contrast))

    @property
    def back(self) -> Point:
        """The other end, as far as it is seen; working pixels."""
        return (
            self.front[0] + self.length * self.direction[0],
            self.front[1] + self.length * self.direction[1],
        )

    def strip_along(self, picture: Array, pose: Pose, half: int | None = None) -> Array:
        """Return a picture's strip along the cannula in a pose.

        Parameters
        ----------
        picture : ndarray
            Reference coordinates on the working grid, float32 or uint8.
        pose : Pose
        half : int or None
            Rows on either side of the axis; None: as many as the profile has.
        """
        if half is None:
            half = (len(self.profile) - 1) // 2
        front, direction = np.array(self.front), np.array(self.direction)
        return cut_strip(picture, front, direction, pose, self.steps, half)

    def displacement(self, before: Pose, now: Pose) -> float:
        """Return how far the end that moved farther did so between two poses, working pixels."""
        offset, slope = now.offset - before.offset, now.slope - before.slope
        return max(abs(offset), abs(offset + slope * self.length))


def cut_strip(
    picture: Array, front: Array, direction: Array, pose: Pose, length: int, half: int
) -> Array:
    """Return a strip of so many columns, with `half` rows on either side of a posed axis."""
    normal = np.array([-direction[1], direction[0]])
    size = (length, 2 * half + 1)
    if pose.bend == 0.0:
        # Rows stay at right angles to the axis of the baseline, as coordinates of a pose do.
        along = direction + pose.slope * normal
        corner = front + (pose.offset - half) * normal
        matrix = np.array([[along[0], normal[0], corner[0]], [along[1], normal[1], corner[1]]])
        return warped(picture, matrix, size)
    steps = np.arange(length)
    axis = pose.offset + (pose.slope + pose.bend * steps) * steps
    across = axis + np.arange(-half, half + 1)[:, None]
    at = front + steps[:, None] * direction + across[..., None] * normal
    return sampled(picture, at)


def strip_matrix(corner: Array, direction: Array) -> FloatImage:
    """Return the matrix for `warped` that lays `direction` along the columns from `corner` on.

    Parameters
    ----------
    corner : ndarray
        ``(2,)``, what becomes column 0 of row 0.
    direction : ndarray
        ``(2,)`` unit vector; rows then run along its normal, a quarter turn clockwise.
    """
    across = (-direction[1], direction[0])
    return np.array(
        [[direction[0], across[0], corner[0]], [direction[1], across[1], corner[1]]], np.float32
    )
