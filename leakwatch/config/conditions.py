"""Settings of the conditions under which CLEAR and WATCH are shown: see `pipeline.conditions`."""

from __future__ import annotations

from typing import Annotated

import msgspec

from leakwatch.config.ranges import within


class LivenessSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether a picture is new, told by its quantum noise.

    Variances are of noise that passed a second difference, against those that new frames have.

    Parameters
    ----------
    window_s : float
        A loop of frames as long as this is found; a stored run that is played again is longer.
    max_frames : int
        Most frames that are kept: 4 s at 30 frames/s, 7 MB.
    around_mm : float
        Around the marks, noise is compared as far: as far as cement leaks before it is seen.
    tiles_across : int
        Tiles along each side of what is watched: a part that is held is found where it is a sixth
        as wide.
    tile_px : int
        Side of a tile, working pixels: of 144 pixels, noise has its variance to 0.15.
    min_exposed_share : float
        A tile of which less is exposed says nothing of noise.
    repeat_share : float
        Noise that differs by less of its variance is the same noise: a recursive filter that
        keeps nine tenths of the frame before leaves as much.
    recent_share : float
        The same for frames younger than `settled_s`: a recursive filter that is switched on, and
        keeps seven tenths of the frame before, leaves 0.05.
    settled_s : float
        A recursive filter may keep some noise for as long; what is older than that is gone.
    held_kept : float
        Share of an earlier frame's noise in this one, beyond `settled_s`, above which that picture
        is held, with another noise on it (a grabber's, a video coder's), if also one of the
        following is true. Bone that lies still keeps a third of its fine detail at most.
    held_correlation : float
        And the two must be correlated by more than this: by chance 144 pixels are by 0.1.
    held_share : float
        The noise differs by less than this share of what new frames differ by.
    held_growth : float
        The frame's variance is larger than the earlier one's by more than this factor.
    max_repeated_share : float
        Share of tiles that may look repeated by chance: 2 of 36.
    min_told_share : float
        Of the exposed tiles, as many must have noise that can tell.
    first_share : float
        The first two frames must differ by this share of the noise within one of them.
    learnt_pairs : int
        Pairs of frames after which the variance is known.
    newest_share : float
        What the newest pair of frames then says of it: dose changes within a second.
    relearnt_s : float
        Frames that have too little noise to tell, and differ from all others, are learnt anew
        after as long: snow on a cable is no measure of the pictures that follow.
    relearnt_share : float
        They must differ by this share of the noise within one of them; a held picture that is
        digitised again differs by a tenth.
    line_share : float
        A piece of a line that differs from the frame before by less of its variance is held: a
        recursive filter that keeps nine tenths leaves a tenth.
    max_lines_share : float
        Share of such pieces, beyond the usual one, that may look held by chance.
    phase_px : int
        Side of the square whose noise is compared as a whole, working pixels: a body and its wall.
    phase_age_s : float
        It is compared with frames that are as old or older: a recursive filter that keeps seven
        tenths of the frame before has forgotten it by then.
    max_phase_correlation : float
        More is an earlier picture. Live ones reached 0.17 in 44 sequences, real ones among them,
        and pictures held by a link that moves them by a pixel or two no less than 0.24.
    more_than_usual : float
        Fine detail that lies still for good makes new frames correlate too: a frame is held that
        exceeds their usual correlation by this.
    max_usual_correlation : float
        New frames are never thought to correlate by more; nor is that assumed before any were
        compared.
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
    """Whether all that is watched can be seen.

    Parameters
    ----------
    min_share : float
        Of the body, and of the wall with its margin, as much must be exposed, and neither clipped
        nor masked: an outline by hand may run past the edge of a field that was set up for it.
    around_mm : float
        What surrounds the body is watched so far: a leak is told from its first 4 mm.
    min_around_share : float
        Of that, as much must be seen: a collimator may close to the endplates.
    """

    min_share: Annotated[float, within(0.5, 1.0)] = 0.9
    around_mm: Annotated[float, within(0.0, 40.0)] = 4.0
    min_around_share: Annotated[float, within(0.0, 1.0)] = 0.7


class SameSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the picture is that of the reference, moved, with cement and instruments added.

    Parameters
    ----------
    tile_px : int
        Side of a tile, registration pixels of about 0.5 mm: as large as what a hand or a frozen
        part of the picture hides, and as small as a fifth of a body.
    around_mm : float
        Around the body and its wall, tiles are compared as far.
    min_tile_share : float
        A tile of which less may be compared says nothing.
    min_texture : float
        A tile says something where the reference's detail has a standard deviation of this, natural
        log, and more than the frame's noise: a tenth of a cortical edge.
    min_correlation : float
        Less is another picture in that tile: noise as large as the detail leaves 0.7.
    min_explained : float
        Share of the tiles in which the reference is found again, times how sharp it is there. A
        tube voltage that rises by 20 kV leaves 0.76, tissue that breathes past the spine 0.66 in
        the worst of 73 sequences; torn rows leave 0.67 at most, a blur of 2 mm 0.54.
    regained_explained : float
        After a frame of which less than that was explained, as much must be: torn lines leave
        0.71 where little detail is on the torn side.
    min_compared_share : float
        Of the tiles of the reference that have detail, as many must be exposed.
    max_body_unlike : float
        Of the detail within the body and the margin, as much may be unlike: cement that is not
        found yet took 0.38, what lies over the body takes 0.45 and more.
    min_body_share : float
        That is told where so much of the reference's detail there can be compared: where cement
        may have come in most of the body while nothing was seen, the rest of it tells nothing.
    min_tiles : int
        Fewer tiles tell nothing; then the registration's own score stands alone.
    min_cement_share : float
        Cement does not vanish: where less of what it added is left, this is another picture.
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
    """Whether cement would be seen.

    Parameters
    ----------
    max_thickness_mm : float
        Cement that must be thicker than this, along the beam, to stand out beside the wall could
        come within the margin unseen.
    max_sigma_mm : float
        A front whose place is known no better than this says nothing of a margin of 5 mm.
    """

    max_thickness_mm: Annotated[float, within(1.0, 15.0)] = 5.0
    max_sigma_mm: Annotated[float, within(0.5, 5.0)] = 2.0
