"""Settings of the conditions under which CLEAR and WATCH are shown: see `pipeline.conditions`."""

from __future__ import annotations

from typing import Annotated

import msgspec

from leakwatch.config.ranges import within


class LivenessSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Condition "live": whether an image is new, by its quantum noise.

    Variances are of noise after a second difference, relative to those of new frames.

    Parameters
    ----------
    window_s : float
        Loops of frames up to this length are detected; a stored sequence that is played again is
        longer.
    max_frames : int
        Maximum number of stored frames: 4 s at 30 frames/s, 7 MB.
    around_mm : float
        Distance from the marks up to which noise is compared: as far as cement leaks before it is
        detected.
    tiles_across : int
        Tiles along each side of the monitored region: a frozen part is detected if it is a sixth as
        wide.
    tile_px : int
        Side of a tile, working pixels: with 144 pixels, the variance of noise is known to 0.15.
    min_exposed_share : float
        A tile with a smaller exposed share is not used for noise.
    repeat_share : float
        Noise that differs by a smaller share of its variance is the same noise: a recursive filter
        that keeps nine tenths of the previous frame leaves as much.
    recent_share : float
        The same for frames younger than `settled_s`: a recursive filter that is switched on, and
        keeps seven tenths of the previous frame, leaves 0.05.
    settled_s : float
        Time for which a recursive filter may keep some noise.
    held_kept : float
        Share of an earlier frame's noise in this one, beyond `settled_s`, above which that image is
        frozen with other noise added (by a grabber or a video codec), if also one of the following
        is met. Bone at rest keeps at most a third of its fine detail.
    held_correlation : float
        Both must have a larger correlation: by chance, that of 144 pixels is 0.1.
    held_share : float
        The noise differs by less than this share of the difference of new frames.
    held_growth : float
        The frame's variance is larger than the earlier one's by more than this factor.
    max_repeated_share : float
        Share of tiles that may look repeated by chance: 2 of 36.
    min_told_share : float
        Minimum share of the exposed tiles with measurable noise.
    first_share : float
        Minimum difference of the first two frames, relative to the noise within one of them.
    learnt_pairs : int
        Number of pairs of frames after which the variance is known.
    newest_share : float
        Weight of the newest pair of frames afterwards: dose changes within a second.
    relearnt_s : float
        Time after which the variance is measured again from frames with too little noise that
        differ from all others: snow of an open cable does not represent the following images.
    relearnt_share : float
        Minimum difference of these frames, relative to the noise within one of them; a frozen image
        that is digitised again differs by a tenth.
    line_share : float
        A segment of a line that differs from the previous frame by a smaller share of its variance
        is frozen: a recursive filter that keeps nine tenths leaves a tenth.
    max_lines_share : float
        Share of such segments, beyond the usual one, that may look frozen by chance.
    phase_px : int
        Side of the square whose noise is compared as a whole, working pixels: a body and its wall.
    phase_age_s : float
        Minimum age of the frames with which it is compared: a recursive filter that keeps seven
        tenths of the previous frame has no memory of them.
    max_phase_correlation : float
        A larger correlation means an earlier image. Live ones reached 0.17 in 44 sequences,
        including real ones; images frozen by a link that shifts them by a pixel or two had at least
        0.24.
    more_than_usual : float
        Constant fine detail makes new frames correlate too: a frame is frozen if it exceeds their
        usual correlation by this.
    max_usual_correlation : float
        Upper limit of the usual correlation of new frames, and its value before any were compared.
    """

    window_s: Annotated[float, within(1.0, 60.0)] = 8.0
    max_frames: Annotated[int, within(16, 1000)] = 128
    around_mm: Annotated[float, within(0.0, 40.0)] = 12.0
    tiles_across: Annotated[int, within(2, 20)] = 6
    tile_px: Annotated[int, within(4, 64)] = 12
    min_exposed_share: Annotated[float, within(0.1, 1.0)] = 0.75
    repeat_share: Annotated[float, within(0.01, 0.5)] = 0.1
    recent_share: Annotated[float, within(0.001, 0.5)] = 0.03
    settled_s: Annotated[float, within(0.1, 3.0)] = 0.5
    held_kept: Annotated[float, within(0.3, 1.0)] = 0.7
    held_correlation: Annotated[float, within(0.0, 1.0)] = 0.35
    held_share: Annotated[float, within(0.1, 1.0)] = 0.7
    held_growth: Annotated[float, within(1.0, 5.0)] = 1.4
    max_repeated_share: Annotated[float, within(0.0, 0.5)] = 0.1
    min_told_share: Annotated[float, within(0.0, 1.0)] = 0.5
    first_share: Annotated[float, within(0.01, 1.0)] = 0.15
    learnt_pairs: Annotated[int, within(2, 100)] = 8
    newest_share: Annotated[float, within(0.001, 1.0)] = 0.05
    relearnt_s: Annotated[float, within(0.1, 5.0)] = 0.4
    relearnt_share: Annotated[float, within(0.1, 1.0)] = 0.4
    line_share: Annotated[float, within(0.001, 0.3)] = 0.03
    max_lines_share: Annotated[float, within(0.0, 0.5)] = 0.03
    phase_px: Annotated[int, within(32, 256)] = 128
    phase_age_s: Annotated[float, within(0.2, 2.0)] = 0.6
    max_phase_correlation: Annotated[float, within(0.05, 1.0)] = 0.21
    more_than_usual: Annotated[float, within(0.02, 0.5)] = 0.12
    max_usual_correlation: Annotated[float, within(0.0, 0.8)] = 0.4


class WholeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Condition "whole": whether the monitored region is visible.

    Parameters
    ----------
    min_share : float
        Minimum share of the body, and of the wall with its margin, that is exposed and neither
        saturated nor masked: a manual outline may extend beyond the field.
    around_mm : float
        Monitored surroundings of the body: a leak is detected from its first 4 mm.
    min_around_share : float
        Minimum visible share of them: a collimator may close to the endplates.
    """

    min_share: Annotated[float, within(0.5, 1.0)] = 0.9
    around_mm: Annotated[float, within(0.0, 40.0)] = 4.0
    min_around_share: Annotated[float, within(0.0, 1.0)] = 0.7


class SameSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Condition "same": whether the image matches the reference, apart from motion and cement.

    Parameters
    ----------
    tile_px : int
        Side of a tile, registration pixels of about 0.5 mm: as large as a region hidden by a hand
        or frozen, and a fifth of a body.
    around_mm : float
        Distance from the body and its wall up to which tiles are compared.
    min_tile_share : float
        A tile with a smaller comparable share is not used.
    min_texture : float
        Minimum standard deviation of the reference's detail in a tile, natural log, which must also
        exceed the frame's noise: a tenth of a cortical edge.
    min_correlation : float
        A smaller correlation means another image in that tile: noise as large as the detail leaves
        0.7.
    min_explained : float
        Share of the tiles in which the reference is found, times its sharpness. A tube voltage
        higher by 20 kV leaves 0.76, tissue that breathes past the spine 0.66 in the worst of 73
        sequences; displaced rows leave at most 0.67, a blur of 2 mm 0.54.
    regained_explained : float
        Minimum after a frame with less than that: displaced lines leave 0.71 if there is little
        detail on that side.
    min_compared_share : float
        Minimum exposed share of the reference's tiles with detail.
    max_body_unlike : float
        Maximum share of mismatching detail within the body and the margin: undetected cement caused
        0.38, objects over the body cause at least 0.45.
    min_body_share : float
        Minimum comparable share of the reference's detail for this check: if undetected cement may
        cover most of the body, the rest is not conclusive.
    min_tiles : int
        With fewer tiles, only the registration's score is used.
    min_cement_share : float
        Cement does not vanish: if a smaller share of its attenuation remains, this is another
        image.
    min_cement_mm2 : float
        Less cement than this may have been an error.
    """

    tile_px: Annotated[int, within(4, 64)] = 16
    around_mm: Annotated[float, within(0.0, 40.0)] = 10.0
    min_tile_share: Annotated[float, within(0.1, 1.0)] = 0.4
    min_texture: Annotated[float, within(0.001, 0.1)] = 0.012
    min_correlation: Annotated[float, within(0.0, 0.95)] = 0.5
    min_explained: Annotated[float, within(0.1, 1.0)] = 0.68
    regained_explained: Annotated[float, within(0.1, 1.0)] = 0.72
    min_compared_share: Annotated[float, within(0.0, 1.0)] = 0.65
    max_body_unlike: Annotated[float, within(0.05, 1.0)] = 0.42
    min_body_share: Annotated[float, within(0.0, 1.0)] = 0.4
    min_tiles: Annotated[int, within(1, 100)] = 6
    min_cement_share: Annotated[float, within(0.0, 0.95)] = 0.5
    min_cement_mm2: Annotated[float, within(5.0, 500.0)] = 60.0


class SensitiveSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Condition "sensitive": whether cement would be detected.

    Parameters
    ----------
    max_thickness_mm : float
        Maximum thickness of undetectable cement along the beam beside the wall: thicker cement
        could come within the margin undetected.
    max_sigma_mm : float
        Maximum standard deviation of the cement front: beyond it, a margin of 5 mm cannot be
        monitored.
    max_broad_mm, broad_s : float
        Maximum thickness of a sheet of cement that shading and breathing could have explained for
        as long as this, over the vertebra. Tissue that breathes comes and goes within a breath.
    """

    max_thickness_mm: Annotated[float, within(1.0, 15.0)] = 5.0
    max_sigma_mm: Annotated[float, within(0.5, 5.0)] = 2.0
    max_broad_mm: Annotated[float, within(0.5, 15.0)] = 1.5
    broad_s: Annotated[float, within(0.5, 60.0)] = 4.0
