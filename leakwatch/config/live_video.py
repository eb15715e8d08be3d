"""Settings of video: where in the picture the fluoroscopy is, and what is no new picture."""

from __future__ import annotations

from typing import Annotated

import msgspec

from leakwatch.config.ranges import within

# No screen is larger.
Pixels = Annotated[int, within(0, 32767)]


class LiveVideoSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Frame grabbers and video files.

    A room's own region and masks belong here, in a settings file; those of the specification
    replace them. All rectangles are left, top, right, bottom in pixels of the video as it comes;
    right and bottom are not included.

    Parameters
    ----------
    region_px : (int, int, int, int) or None
        The part of the screen that is fluoroscopy; None: all of it.
    masks_px : tuple of (int, int, int, int)
        Text in it: blanked, and never seen.
    bone_is_bright : bool or None
        How the room's screen shows bone; None: nobody said, and it is taken to be dark, which the
        status says. The wrong way round cement looks as if something were taken away.
    colour_levels : int
        Channels that are further apart are a colour, of 255: compressed chroma errs by about ten,
        and a coloured letter is a hundred apart.
    colour_share : float
        A picture with more colour is not used: a single letter of 10 x 10 pixels is a hundredth of
        a percent of 1024 x 1024.
    repeat_s : float
        A picture that comes again and again is given again so often, s: less than
        `live.stale_after_s`, so that it counts as held and not as missing; more than the 0.13 s
        between two pulses at 7.5/s, so that no pulse counts twice.
    repeat_noise_share : float
        A picture with less noise against the last one, as a share of that of pictures that were
        new, may be that one again through an analog link: its noise is a fraction of the quanta's.
    repeat_levels : float
        It is not, where a patch of 16 x 16 pixels is brighter or darker by more, of 255: noise of
        5 levels leaves 0.4 in its mean, and anatomy that breathes or cement that flows is more.
    combing : float
        Neighbouring lines that differ by so many times more than every other line are two fields
        of an interlaced picture: 1 in noise, less in anatomy.
    silent_s : float
        A device that gives no picture for so long is dead, s: its slowest rate is 5/s, and it gives
        pictures also where fluoroscopy is off.
    retry_s : float
        A device that is gone is looked for so often, s: plugged in again, it takes about a second.
    """

    region_px: tuple[Pixels, Pixels, Pixels, Pixels] | None = None
    masks_px: tuple[tuple[Pixels, Pixels, Pixels, Pixels], ...] = ()
    bone_is_bright: bool | None = None
    colour_levels: Annotated[int, within(1, 255)] = 32
    colour_share: Annotated[float, within(0.0, 0.1)] = 0.0001
    repeat_s: Annotated[float, within(0.13, 3.0)] = 0.2
    repeat_noise_share: Annotated[float, within(0.0, 0.9)] = 0.35
    repeat_levels: Annotated[float, within(0.1, 20.0)] = 1.5
    combing: Annotated[float, within(1.05, 10.0)] = 1.4
    silent_s: Annotated[float, within(0.2, 30.0)] = 1.0
    retry_s: Annotated[float, within(0.1, 30.0)] = 1.0
