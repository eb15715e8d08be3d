"""Settings of what is seen in the pictures: a section for each module of `leakwatch.vision`."""

from __future__ import annotations

from typing import Annotated

import msgspec

from leakwatch.config.ranges import within


class IntensitySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From stored values to log attenuation.

    Parameters
    ----------
    target_columns : int
        Longer side of the working grid, pixels, to within a seventh: 0.2 to 0.3 mm at the vertebra
        on usual fields, a tenth of a vein's width; finer only adds noise and time.
    field_step_px : int
        Step of the coarse grid on which the exposed field is found, working pixels.
    blanked_fraction : float
        Share of the central brightness below which a border area counts as blanked: shutters
        pass 1 to 2 %, the densest anatomy some 10 %.
    anatomy_range : float
        Where the brightest tenth of the middle is brighter than its median by more than this, that
        share of it stands for the median: blades that cover most of the middle are its median. Bone
        beside lung keeps a tenth of the lung's brightness, blades a fiftieth.
    saturated_share : float
        Pixels above this share of the greatest value are clipped and say nothing.
    field_rim_steps : int
        Blurred rim taken off the exposed field, coarse pixels.
    min_field_share : float
        A smaller exposed field, against the first frame's, is another exposure: near a blade less
        scatter is added, which over 20 mm looks like cement.
    blades_share : float
        Blades move where the exposed field changes by a larger share from one frame to the next:
        a breath changes it by less than a hundredth.
    blades_settle_frames : int
        Frames until detector lag has faded from where a blade was: a third left over each time
        leaves a thirtieth.
    max_level_change : float
        Natural log; a middle this much darker or brighter than the first frame's is no exposure of
        the same thing: brightness control holds it within a factor of three.
    stale_after_s : float
        The same pixels for longer are a picture that is held, and not the patient: some sources
        show each pulse twice or four times, none for so long.
    noise_window_px : int
        Side of the central window in which noise is correlated, working pixels; its square is
        the sample size.
    lag_min_frames : int
        Frames before a lag is believed: error of the correlation falls below 0.01.
    lag_settled_frames : int
        Frames after which a lag is known: error of the correlation 0.001.
    lag_min_sigmas : float
        Least significance of the noise correlation, in its standard errors.
    lag_max_fraction : float
        A larger share is no lag but something that stands still.
    """

    target_columns: Annotated[int, within(200, 1024)] = 448
    field_step_px: Annotated[int, within(1, 32)] = 4
    blanked_fraction: Annotated[float, within(0.02, 0.1)] = 0.05
    anatomy_range: Annotated[float, within(1.0, 50.0)] = 2.0
    saturated_share: Annotated[float, within(0.9, 1.0)] = 0.99
    field_rim_steps: Annotated[int, within(0, 10)] = 2
    min_field_share: Annotated[float, within(0.1, 1.0)] = 0.7
    blades_share: Annotated[float, within(0.005, 0.5)] = 0.02
    blades_settle_frames: Annotated[int, within(0, 30)] = 3
    max_level_change: Annotated[float, within(0.7, 5.0)] = 2.5
    stale_after_s: Annotated[float, within(0.2, 3.0)] = 0.5
    noise_window_px: Annotated[int, within(64, 1024)] = 320
    lag_min_frames: Annotated[int, within(2, 100)] = 3
    lag_settled_frames: Annotated[int, within(3, 1000)] = 30
    lag_min_sigmas: Annotated[float, within(1.0, 20.0)] = 5.0
    lag_max_fraction: Annotated[float, within(0.05, 0.9)] = 0.6


class MotionSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Registration. Its grid is half the working grid: about 0.5 mm a pixel.

    Parameters
    ----------
    fine_sigma_px, broad_sigma_px : float
        Band of anatomy that is matched, as sigmas of a difference of Gaussians, registration
        pixels: from noise (0.5 mm) to cortical edges (2.5 mm); what is broader is soft tissue,
        scatter and glare, which do not move with the spine.
    half_width_px, half_height_px : int
        Half the matched window around the vertebra, registration pixels: its neighbours are in,
        chest and abdominal wall are mostly out.
    field_margin_px : int
        Distance kept from the shutter, registration pixels: as far as one breath moves.
    min_pixels : int
        Least area to match, registration pixels.
    robust : float
        Residual at which a pixel's say begins to fall, in robust standard deviations.
    max_iterations : int
    converged_px : float
        Stop when a step is shorter, registration pixels; the step after it would be its square.
    max_condition : float
        Anatomy all in one direction does not fix the shift along it.
    max_shift_px : float
        Further is another view, not the same one moved; registration pixels (about 25 mm).
    view_angle_deg : float
        A positioner angle that differs more from that of the first frame is another view too,
        degrees, whatever matches: the edge of a body 20 mm off its axis moves by 0.7 mm, twice as
        far as a person's mark is wrong.
    min_turn_deg : float
        A smaller rotation in the plane of the image is left: it moves the edge of a vertebra, 25 mm
        off its centre, by less than a fifth of a working pixel.
    max_turn_deg : float
        A larger rotation is not followed, and is another view: who turns so far in the plane of the
        image has also turned out of it.
    search_px : int
        Reach of the coarse search, registration pixels, even.
    trusted_score : float
        A fine match this good needs no coarse search.
    min_contrast : float
        Anatomy whose band has a smaller standard deviation, natural log, is none: a blank or a
        smeared picture would match every other one. A lateral spine has 0.05 and more.
    min_score : float
        A worse match is none: `motion`.
    max_sigma_px : float
        A less sure match is none; registration pixels.
    """

    fine_sigma_px: Annotated[float, within(0.3, 4.0)] = 1.0
    broad_sigma_px: Annotated[float, within(2.0, 20.0)] = 5.0
    half_width_px: Annotated[int, within(20, 300)] = 90
    half_height_px: Annotated[int, within(20, 300)] = 70
    field_margin_px: Annotated[int, within(0, 60)] = 12
    min_pixels: Annotated[int, within(200, 50000)] = 2000
    robust: Annotated[float, within(1.0, 10.0)] = 3.0
    max_iterations: Annotated[int, within(1, 100)] = 10
    converged_px: Annotated[float, within(0.0001, 0.5)] = 0.015
    max_condition: Annotated[float, within(10.0, 1e8)] = 1e4
    max_shift_px: Annotated[float, within(5.0, 120.0)] = 50.0
    view_angle_deg: Annotated[float, within(0.1, 10.0)] = 2.0
    min_turn_deg: Annotated[float, within(0.02, 90.0)] = 0.1
    max_turn_deg: Annotated[float, within(0.0, 45.0)] = 10.0
    search_px: Annotated[int, within(4, 120, 2)] = 48
    trusted_score: Annotated[float, within(0.3, 1.0)] = 0.9
    min_contrast: Annotated[float, within(0.001, 0.1)] = 0.01
    min_score: Annotated[float, within(0.3, 1.0)] = 0.75
    max_sigma_px: Annotated[float, within(0.05, 2.0)] = 0.5


class BaselineSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Baseline: the reference image without cement.

    Parameters
    ----------
    max_frames : int
        Most frames in the mean: 16 leave a quarter of one frame's noise.
    min_frames : int
        Fewer say nothing of cement: UNKNOWN.
    max_s : float
        When nobody marked the baseline, it ends this long after the first frame: injection
        seldom starts within 2 s of the first pulse.
    shading_mm : float
        Sigma of shading, mm: as fine as the shadows of tissue that breathes past the spine, and
        so broad that a vein not yet found, a fifth of its width, costs itself a fifth.
    shading_clip : float
        Most that one pixel may say of shading, natural log: a leak not yet found must not be
        taken for shading.
    contrast_clip : float
        Most that one pixel may say of another contrast of the anatomy, natural log: cement that is
        not found yet adds more.
    contrast_tile_mm : float
        Side of the tiles that must agree on it, mm: a vertebra has some ten, a breathing shadow
        a few.
    contrast_detail : float
        Least standard deviation of the anatomy's detail in such a tile, natural log.
    contrast_tiles : int
        Fewer tiles with detail tell nothing of contrast.
    taken_log : float
        Where so much went from the anatomy, natural log, it is not the same anatomy: as much as
        `cement.blind_mm` of cement add.
    taken_pixel_log : float
        The same for a single pixel: three times its noise at the lowest dose that can be watched.
    max_taken_share : float
        Of what is watched: a lung that breathes into its corner and a balloon that is emptied
        have taken half of this at most, in sixty simulated cases.
    taken_smooth_mm : float
        Sigma of the smoothing before that, mm: as broad as the finest edge that anatomy has.
    changed_log : float
        Darker or brighter than the anatomy by more, natural log, it looks otherwise: what is left
        of `taken_log` where `shading_clip` was taken for shading.
    max_changed_share : float
        Of what is watched. A lung that breathes into the picture changes 0.14 at most, in 120
        simulated cases; damage that no decoder told of, 0.25 at least.
    """

    max_frames: Annotated[int, within(2, 100)] = 16
    min_frames: Annotated[int, within(1, 50)] = 3
    max_s: Annotated[float, within(0.2, 30.0)] = 2.0
    shading_mm: Annotated[float, within(1.0, 20.0)] = 4.2
    shading_clip: Annotated[float, within(0.005, 0.3)] = 0.05
    contrast_clip: Annotated[float, within(0.01, 0.5)] = 0.15
    contrast_tile_mm: Annotated[float, within(2.0, 40.0)] = 9.0
    contrast_detail: Annotated[float, within(0.002, 0.2)] = 0.012
    contrast_tiles: Annotated[int, within(2, 500)] = 12
    taken_log: Annotated[float, within(0.02, 0.5)] = 0.12
    taken_pixel_log: Annotated[float, within(0.05, 1.0)] = 0.3
    max_taken_share: Annotated[float, within(0.005, 0.5)] = 0.08
    taken_smooth_mm: Annotated[float, within(0.1, 3.0)] = 0.4
    changed_log: Annotated[float, within(0.01, 0.5)] = 0.07
    max_changed_share: Annotated[float, within(0.02, 0.6)] = 0.2


class BreathingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Breathing movements beside the spine.

    Parameters
    ----------
    patterns : int
        How many are kept: the trunk's wall and the organs, each with the way back of a motion that
        is more than its edges are wide.
    least_share : float
        A pattern that takes up less of the picture is none of breathing: cement that is not
        known yet takes up 0.002 to 0.02 in simulated cases, breathing 0.03 to 0.3.
    slow_s : float
        What changes more slowly than this is not learnt, s: as long as a breath, so that a vein
        that fills counts as change only once.
    comes_back_s : float
        What came and did not go within this time, s, is no breathing: the slowest breath. A pause
        does not count, since nobody saw what went in it.
    every_s : float
        Time from one frame that is learnt from to the next, s: a breath changes little meanwhile.
    forget_s : float
        Time constant of forgetting, s: fifteen breaths; later people breathe otherwise.
    gap_s : float
        After a longer pause, s, one frame is not learnt from: what came meanwhile may be cement,
        and is found in two frames.
    sudden_log : float
        Nor is what differs by more from the patterns, natural log: from one frame to the next a
        breath does less, and cement of 3 mm does more.
    least_told : float
        Ridge of the fit, as a share of a pattern: what is covered by cement tells nothing.
    outlier_factor : float
        What differs by more than this times the median is no breathing, and says nothing.
    max_deeper_share : float
        A breath is deeper than those of the last `comes_back_s` by no more than this share of their
        range: more is something else, as cement that came during a pause.
    """

    patterns: Annotated[int, within(0, 20)] = 5
    least_share: Annotated[float, within(0.001, 0.5)] = 0.03
    slow_s: Annotated[float, within(0.5, 30.0)] = 4.0
    comes_back_s: Annotated[float, within(1.0, 60.0)] = 8.0
    every_s: Annotated[float, within(0.01, 2.0)] = 0.1
    forget_s: Annotated[float, within(5.0, 1800.0)] = 60.0
    gap_s: Annotated[float, within(0.1, 10.0)] = 0.5
    sudden_log: Annotated[float, within(0.01, 0.5)] = 0.1
    least_told: Annotated[float, within(0.001, 1.0)] = 0.02
    outlier_factor: Annotated[float, within(1.0, 50.0)] = 4.0
    max_deeper_share: Annotated[float, within(0.0, 2.0)] = 0.25


class CementSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Segmentation of cement.

    Parameters
    ----------
    attenuation_per_mm : float
        What 1 mm of cement adds to the log attenuation that is seen, 1/mm: PMMA with 30 % BaSO4
        at 80 kVp behind a trunk, some 0.07 lowered to half by scatter.
    edge_mm : float
        Cement thinner than this counts as none, mm: it adds 0.03, the least that stands out of
        a moment's noise at a usual dose, and a third of a 2 mm vein.
    blind_mm : float
        Where not even this much cement would stand out, nothing is seen: UNKNOWN. The
        canal is some 15 mm deep, a spread in it seldom thinner than 3.
    average_s : float
        Longest time constant of the running mean, s; it is as much shorter as noise allows.
        Short against a reaction time of 2.4 s.
    noise_share : float
        The running mean is as long as it takes for `grow_sigmas` of noise to come down to this
        share of the edge.
    smooth_mm : float
        Sigma of the smoothing before thresholds, mm: a quarter of a vein's width, which costs its
        middle a twentieth of its contrast and takes five sixths of the noise.
    grow_sigmas : float
        Least size of cement in standard deviations of the smoothed mean.
    surroundings_mm : float
        Sigma of the surroundings that thin cement stands out of, mm: as wide as a vein, so that it
        keeps two thirds of its contrast, and narrower than shadows of what breathes.
    thin_share : float
        Least thin cement, as a share of the edge: what is left of its contrast.
    thin_sigmas : float
        And in standard deviations of what noise leaves there.
    thin_artefact : float
        Edges of the anatomy are as thin as cement: their artefacts count by this factor.
    line_mm : float
        What is thin is averaged over so much of its length, mm: a vein hardly bends over twice its
        width.
    line_sigmas : float
        Least size of such a mean, in its standard deviations: fewer than for one place, since there
        are fewer lines than places, and one of noise has to touch cement as well.
    early_factor : float
        While the baseline is learnt and nobody said that it holds no cement, the limit is higher by
        this: what breathes is not known yet, and cement that is injected soon shows strongly.
    seed_factor : float
        A patch must somewhere exceed its limit by this factor.
    sure_factor : float
        What exceeds its limit by this factor needs no second frame, nor what lies beside it: noise
        never does, and shadows of what breathes do not do so from one frame to the next.
    sure_area_mm2 : float
        A new patch this large that stands out needs no second frame: it holds more than one
        independent value of the smoothed noise, all above the limit, one far above.
    sudden_mm2 : float
        More than this is new in one piece only where cement flows as fast as it ever does, and ends
        as cement does: a vein fills some 10 mm2 in a frame, the rim of a bolus twice that.
    sudden_width_mm : float
        And what is so much, beyond the rim of known cement, is somewhere as wide as a vein, mm.
    skirt_mm, skirt_share : float
        Around dense cement blur adds attenuation where there is no cement: what is below this share
        of the most within this distance, twice the sigma of all blur, is taken for that.
    keep_share : float
        Confirmed cement stays while it shows this share of the edge thickness.
    min_area_mm2 : float
        Smaller patches are noise.
    gap_mm : float
        New cement lies within this distance of cement.
    remote_mm, remote_area_mm2 : float
        Or within this distance, if it is this large: a vein's root may be too thin to see.
    beyond_mm : float
        What is new, hangs on no cement, and goes on so far beyond `remote_mm` came from elsewhere.
    blur_mm : float
        Within this distance of cement its blur has faded.
    beside_mm : float
        What lies beside a patch that hangs on no cement is looked at so far.
    max_beside_share : float
        Such a patch is cement if, past its blur, no more than this share of its rim is left.
    max_taken_share : float
        And if beside it no more than this share of it was taken away: else something moved.
    rim_mm : float
        Growth of confirmed cement by no more than this needs no second frame.
    growth_mm_s : float
        Nor by no more than this since the last frame, mm/s: as fast as a young bolus grows. After
        a pause it counts for `remote_mm` at most, which is as far as cement is looked for.
    artefact_px : float
        Error of registration, working pixels, that must not turn an edge of the anatomy into
        cement: the limit is higher by this times the baseline's gradient.
    residual_px : float
        A smaller shift that registration left is that error; a larger one is taken out, and raises
        the limit at edges by as much, working pixels.
    cannula_artefact_px : float
        As `artefact_px`, of the cannula, which is followed on its own.
    stripe_mm : float
        What is new on a cannula and narrower than this is a stripe that an error of its pose
        leaves, mm: the full width at half maximum of smoothing and blur.
    notch_mm : float
        Cement on both sides of an instrument no wider than this, a cannula with its rims, is
        behind it too.
    variation_mm : float
        Sigma of the smoothing of what moves past the spine before there is cement, mm.
    variation_factor : float
        The limit is higher by this times its standard deviation there: a breath that goes deeper
        than those of the baseline must not look like cement.
    hole_mm2 : float
        Holes up to this size in cement are filled: the end of a cannula hides as much.
    origin_mm : float
        The first cement appears within this distance of the marked needle tip.
    body_mm : float
        Or, without a tip, within this distance in front of the wall: the depth of a large body.
    found_sigmas : float
        Where no outline is marked and a body was found in the picture, cement is outside of it
        beyond so many standard deviations of a side's place: 19 of 20 sides lie within.
    tube_sigmas : float
        And a tube leaves it only beyond so many: fingers of cement end at the cortex.
    unjudged_mm : float
        A side that was not surely found is taken to be this far off, mm: nothing reaches it.
    depth_share : float
        Where no outline is marked, so much of the wall's marked height may be body in front of it:
        bodies are 1.2 to 1.4 times as deep as their wall is high, broken ones deeper.
    beyond_share : float
        And so much of it beyond each of the mark's ends: few draw the wall up to the corners.
    """

    attenuation_per_mm: Annotated[float, within(0.005, 0.2)] = 0.0345
    edge_mm: Annotated[float, within(0.2, 4.0)] = 0.8
    blind_mm: Annotated[float, within(0.5, 15.0)] = 3.5
    average_s: Annotated[float, within(0.0, 2.0)] = 0.3
    noise_share: Annotated[float, within(0.05, 2.0)] = 0.6
    smooth_mm: Annotated[float, within(0.05, 3.0)] = 0.45
    grow_sigmas: Annotated[float, within(1.0, 10.0)] = 3.5
    surroundings_mm: Annotated[float, within(0.5, 15.0)] = 2.5
    thin_share: Annotated[float, within(0.1, 2.0)] = 0.7
    thin_sigmas: Annotated[float, within(1.0, 15.0)] = 4.0
    thin_artefact: Annotated[float, within(0.0, 10.0)] = 2.0
    line_mm: Annotated[float, within(0.5, 20.0)] = 4.5
    line_sigmas: Annotated[float, within(1.0, 15.0)] = 3.2
    early_factor: Annotated[float, within(1.0, 10.0)] = 2.0
    seed_factor: Annotated[float, within(1.0, 5.0)] = 1.3
    sure_factor: Annotated[float, within(1.0, 10.0)] = 1.5
    sure_area_mm2: Annotated[float, within(0.5, 50.0)] = 8.0
    sudden_mm2: Annotated[float, within(5.0, 400.0)] = 40.0
    sudden_width_mm: Annotated[float, within(0.2, 10.0)] = 1.5
    skirt_mm: Annotated[float, within(0.0, 5.0)] = 1.0
    skirt_share: Annotated[float, within(0.0, 0.9)] = 0.25
    keep_share: Annotated[float, within(0.05, 1.0)] = 0.6
    min_area_mm2: Annotated[float, within(0.1, 10.0)] = 1.5
    gap_mm: Annotated[float, within(0.2, 15.0)] = 3.0
    remote_mm: Annotated[float, within(1.0, 60.0)] = 20.0
    remote_area_mm2: Annotated[float, within(0.5, 60.0)] = 8.0
    beyond_mm: Annotated[float, within(1.0, 500.0)] = 10.0
    blur_mm: Annotated[float, within(0.0, 5.0)] = 1.0
    beside_mm: Annotated[float, within(0.5, 20.0)] = 6.0
    max_beside_share: Annotated[float, within(0.01, 1.0)] = 0.28
    max_taken_share: Annotated[float, within(0.05, 5.0)] = 0.5
    rim_mm: Annotated[float, within(0.0, 5.0)] = 1.0
    growth_mm_s: Annotated[float, within(0.0, 50.0)] = 7.5
    artefact_px: Annotated[float, within(0.0, 2.0)] = 0.3
    residual_px: Annotated[float, within(0.0, 5.0)] = 0.1
    cannula_artefact_px: Annotated[float, within(0.0, 2.0)] = 0.12
    stripe_mm: Annotated[float, within(0.0, 5.0)] = 1.2
    notch_mm: Annotated[float, within(0.0, 12.0)] = 5.5
    variation_mm: Annotated[float, within(0.1, 5.0)] = 0.8
    variation_factor: Annotated[float, within(0.0, 10.0)] = 2.0
    hole_mm2: Annotated[float, within(0.0, 60.0)] = 12.0
    origin_mm: Annotated[float, within(2.0, 60.0)] = 12.0
    body_mm: Annotated[float, within(15.0, 80.0)] = 45.0
    found_sigmas: Annotated[float, within(0.0, 5.0)] = 1.65
    tube_sigmas: Annotated[float, within(0.0, 8.0)] = 3.0
    unjudged_mm: Annotated[float, within(5.0, 300.0)] = 60.0
    depth_share: Annotated[float, within(0.3, 3.0)] = 1.25
    beyond_share: Annotated[float, within(0.0, 0.5)] = 0.1


class TubularSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rule of tubular filling.

    Parameters
    ----------
    max_width_mm : float
        Veins around a vertebral body are 1 to 4 mm wide; what is wider is bolus.
    min_length_mm : float
        A shorter protrusion is a branch through trabecular bone.
    min_aspect : float
        Least length over width.
    min_evenness : float
        Within the body: least median over greatest width.
    sure_length_mm : float
        A tube this long is a vein however slowly it grew; and within the body, where cement grows
        fingers between trabeculae, nothing shorter is.
    alone_length_mm : float
        Where no bolus is seen yet, all of a young one may be thin; a vein that the tip lies in
        fills farther than half a body.
    min_growth_mm : float
        Growth within `speed_window_s` that tells a vein (16 mm/s) from a branch (< 1 mm/s).
    speed_window_s : float
    confirm_frames : int
        Frames running that must agree; the alarm's own hysteresis comes after.
    nominal_field_mm : float
        Width of the picture at the vertebra that is assumed where there are no millimetres and no
        body is marked; results are then in pixels and flagged.
    nominal_field_spread : float
        Standard deviation of that width, as a share: image intensifiers and panels show 100 to
        220 mm.
    least_field_mm, most_field_mm : float
        A picture narrower or wider than this at the vertebra does not exist: what a marked body
        would imply beyond it is no body, and the width above is assumed. The narrowest is a single
        vertebra, cropped; the widest a panel of 43 cm.
    """

    max_width_mm: Annotated[float, within(1.0, 10.0)] = 4.5
    min_length_mm: Annotated[float, within(2.0, 25.0)] = 6.0
    min_aspect: Annotated[float, within(1.0, 6.0)] = 2.0
    min_evenness: Annotated[float, within(0.0, 1.0)] = 0.6
    sure_length_mm: Annotated[float, within(4.0, 60.0)] = 12.0
    alone_length_mm: Annotated[float, within(5.0, 100.0)] = 20.0
    min_growth_mm: Annotated[float, within(0.2, 20.0)] = 3.0
    speed_window_s: Annotated[float, within(0.2, 10.0)] = 1.0
    confirm_frames: Annotated[int, within(1, 10)] = 1
    nominal_field_mm: Annotated[float, within(60.0, 500.0)] = 130.0
    nominal_field_spread: Annotated[float, within(0.0, 1.0)] = 0.35
    least_field_mm: Annotated[float, within(10.0, 200.0)] = 45.0
    most_field_mm: Annotated[float, within(200.0, 1000.0)] = 430.0


class InstrumentSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Cannula: 8 to 13 gauge, 2.4 to 4.2 mm, straight, of steel.

    Parameters
    ----------
    width_mm : float
        Widest needle: 10 to 13 gauge.
    sheath_mm : float
        Widest working cannula, where no needle is found: 8 gauge is 4.2 mm, and what is nearer to
        the source than the vertebra looks up to a tenth wider.
    min_length_mm : float
        A shorter straight ridge may be bone.
    min_contrast : float
        Least log attenuation of steel over its surroundings; a rib's edge has less.
    even_contrast : float
        More contrast than this counts no more in the search: steel has it all along, bone does not.
    search_mm : float
        Pixel of the grid on which the cannula is looked for: half the least width of a cannula.
    angle_step_deg : int
        Steps in which the image is turned to find the cannula, after a search in double steps:
        over its length in the body the cannula then strays by less than its width.
    wall_angle_deg : float
        Least angle between cannula and wall: a cannula enters the body across its posterior wall.
    tip_mm : float
        Without a wall the cannula passes a marked tip within this: a cannula's width, and a click.
    max_gap_mm : float
        Dense bone may hide the cannula for so long.
    strip_mm : float
        Half width of the strip around the axis in which the cannula is followed.
    contrast_mm : float
        Its contrast is averaged over so much of its length.
    refinements : int
        Passes that centre the strip on the cannula.
    scatter_mm : float
        Over less than this along a cannula scatter does not change, mm: it spreads over 20 mm.
    max_contrast_change : float
        Most that scatter changes the cannula's contrast, as a share of it.
    contrast_s : float
        Time constant with which that change is followed, s: long against the second in which a
        leak behind the cannula fills, short against a patient's injection.
    gap_s : float
        A longer time between two frames counts as this in that, s: as long as such a leak fills.
    moved_share : float
        Error of a moved cannula's contrast, as a share.
    doubt_share : float
        Share of what interpolation misses beside the cannula that is doubted where the cannula was.
    trace_mm : float
        Sigma of the smoothing in which its traces are measured, mm: that in which cement is looked
        for.
    trace_share : float
        So much of the outer half stays below what is taken for its traces: the rest is where it
        crosses ribs, or a leak that is not known yet.
    back_again_share : float
        The cannula has come back where less than this share of its contrast is missing.
    min_drawn_mm : float
        A shorter way of its front end is not told from none, mm.
    rim_mm : float
        Rim around the cannula in which nothing is judged: blur and half a pose error.
    exact_mm : float
        A smaller movement of either end is not told from none.
    still_mm : float
        A smaller movement, once the baseline is made true to it, leaves less than the edge of
        cement.
    min_filling : float
        Least log attenuation of cement in the lumen, averaged over half its length; it adds 0.05 to
        0.2, and noise so averaged is below 0.005.
    max_filling : float
        More is no cement in a lumen, but a cannula that lies elsewhere than it is thought to.
    min_stylet_share : float
        The lumen lost its stylet where the middle lost at least this share of its contrast:
        twice what scatter can take (`max_contrast_change`); a stylet is half of the steel.
    station_mm : float
        Length over which one profile across the cannula is averaged.
    bolus_mm : float
        The front part that cement may surround; the rest tells the pose.
    min_stations : int
        Fewer profiles do not fix a line.
    station_px : float
        A profile farther from the line spoils it; working pixels.
    min_score : float
        Least normalised correlation of a profile.
    max_wider : float
        By no larger share either end of a cannula looks wider than its middle: it lies some 700 mm
        from the source, and reaches 60 mm towards it at most.
    behind_log : float
        Least log attenuation of cement behind the cannula, averaged across it: half of the edge.
    behind_share : float
        Scatter changes the cannula's contrast by no larger share within the time constant.
    behind_sigmas : float
        And it is so many standard deviations of what the outer half of the cannula shows.
    behind_mm : float
        Sigma of the smoothing along the cannula, mm: half a vein's width.
    max_rods : int
        Most cannulas: one through each pedicle.
    min_contrast_of_first : float
        Another one has at least this share of the contrast of the first: two of one set have the
        same; what is found beside a single one is bone, with a fifth of it.
    narrowest_mm : float
        Narrowest cannula: 13 gauge is 2.4 mm, and looks narrower where its edge is blurred.
    min_left_by_one : float
        Two that cross or touch are looked for where one leaves at least this share of the sum of
        squares of what is seen along the line; one that is alone leaves less, unless over ribs.
    max_left_by_two : float
        Two are believed where they leave no more than this share of what one leaves: two that are
        there leave 0.05 to 0.47 of it, two where one is leave 0.54 and more.
    """

    width_mm: Annotated[float, within(1.0, 8.0)] = 3.6
    sheath_mm: Annotated[float, within(1.0, 8.0)] = 4.7
    min_length_mm: Annotated[float, within(5.0, 80.0)] = 15.0
    min_contrast: Annotated[float, within(0.02, 1.0)] = 0.08
    even_contrast: Annotated[float, within(0.02, 2.0)] = 0.2
    search_mm: Annotated[float, within(0.3, 3.0)] = 1.0
    angle_step_deg: Annotated[int, within(1, 15)] = 3
    wall_angle_deg: Annotated[float, within(0.0, 80.0)] = 30.0
    tip_mm: Annotated[float, within(0.5, 20.0)] = 4.0
    max_gap_mm: Annotated[float, within(0.0, 30.0)] = 5.0
    strip_mm: Annotated[float, within(3.0, 30.0)] = 9.0
    contrast_mm: Annotated[float, within(0.5, 20.0)] = 3.0
    refinements: Annotated[int, within(1, 20)] = 3
    scatter_mm: Annotated[float, within(2.0, 60.0)] = 12.0
    max_contrast_change: Annotated[float, within(0.0, 1.0)] = 0.08
    contrast_s: Annotated[float, within(0.1, 60.0)] = 6.0
    gap_s: Annotated[float, within(0.1, 60.0)] = 1.0
    moved_share: Annotated[float, within(0.0, 0.5)] = 0.02
    doubt_share: Annotated[float, within(0.0, 2.0)] = 0.5
    trace_mm: Annotated[float, within(0.05, 3.0)] = 0.45
    trace_share: Annotated[float, within(0.1, 1.0)] = 0.8
    back_again_share: Annotated[float, within(0.0, 1.0)] = 0.15
    min_drawn_mm: Annotated[float, within(0.1, 20.0)] = 1.5
    rim_mm: Annotated[float, within(0.0, 5.0)] = 0.7
    exact_mm: Annotated[float, within(0.001, 1.0)] = 0.03
    still_mm: Annotated[float, within(0.01, 2.0)] = 0.12
    min_filling: Annotated[float, within(0.002, 0.5)] = 0.02
    max_filling: Annotated[float, within(0.05, 1.0)] = 0.25
    min_stylet_share: Annotated[float, within(0.05, 1.0)] = 0.16
    station_mm: Annotated[float, within(1.0, 30.0)] = 5.0
    bolus_mm: Annotated[float, within(0.0, 60.0)] = 15.0
    min_stations: Annotated[int, within(2, 50)] = 3
    station_px: Annotated[float, within(0.2, 10.0)] = 1.5
    min_score: Annotated[float, within(0.3, 1.0)] = 0.85
    max_wider: Annotated[float, within(0.0, 1.0)] = 0.1
    behind_log: Annotated[float, within(0.002, 0.5)] = 0.014
    behind_share: Annotated[float, within(0.0, 0.5)] = 0.02
    behind_sigmas: Annotated[float, within(1.0, 20.0)] = 4.0
    behind_mm: Annotated[float, within(0.1, 10.0)] = 1.0
    max_rods: Annotated[int, within(0, 4)] = 2
    min_contrast_of_first: Annotated[float, within(0.3, 1.0)] = 0.5
    narrowest_mm: Annotated[float, within(0.5, 4.0)] = 2.0
    min_left_by_one: Annotated[float, within(0.0, 1.0)] = 0.1
    max_left_by_two: Annotated[float, within(0.0, 1.0)] = 0.5
