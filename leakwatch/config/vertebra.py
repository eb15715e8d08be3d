"""Settings of the search for a vertebral body."""

from __future__ import annotations

from typing import Annotated

import msgspec

from leakwatch.config.ranges import within


class VertebraSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sides of a vertebral body, found from one click or from its posterior wall.

    Millimetres are at the vertebra; without a calibration they are nominal, from the size that
    bodies have. Standard deviations of priors are those of anatomy and of a hand, and wide.

    Parameters
    ----------
    step_mm : float
        Of the straightened picture that is searched: half the width of a cortical line.
    reach_mm : float
        Half its side: the highest body with a disc and half a body on either side.
    fine_mm, broad_mm : float
        Band of detail, as sigmas: from a cortical line to half a body; what is broader is soft
        tissue, scatter and glare.
    drop_share : float
        Share of the drop of attenuation from bone outwards in the score of an edge; the rest is
        that of a bright line just inside it (the cortex seen along its surface).
    line_depth_mm : float
        How far inside the edge that line is looked for.
    cortex_mm : float
        How far inside the edge of an endplate its line is brightest: 1.25 mm on simulated bodies,
        1.3 +- 0.3 mm on 60 endplates of radiographs. The outline runs there, as people mark it.
    greatest_score, least_score : float
        Scores are cut off here, in units of the picture's own root mean square: one piece of metal
        must not decide.
    correlation_mm : float
        Length along an edge over which detail is one and the same finding.
    mode_mm : float
        Edges further apart than this are two different edges, and are never averaged.
    centre_sd_mm : float
        How far a click lies from the middle of the body along each axis.
    tilt_sd_deg, wedge_sd_deg, lean_sd_deg : float
        Of the spine's axis in the picture, between the endplates, and of a wall against that axis.
    back_lean_sd_deg : float
        Of the posterior wall against the right angle to its endplates: 3 degrees over nine bodies
        of three persons.
    size_sd : float
        Of a person's size against the mean of the level, as a share.
    unknown_level_sd : float
        The same where the level is not known.
    person_size_sd : float
        Of a person's size and of the millimetres together against the mean of a level, as a share:
        8 % of persons, and 3 % of a spacing.
    impossible_sigmas : float
        An outline further off than this is none of a body, or of several.
    impossible_wall_sigmas : float
        The same for its wall: a wall is right where the side across is wrong, unless two bodies
        were taken for one.
    size_on_film : float
        The silhouette's height and depth over those in the table of cadaver bodies: rims.
    depth_sd : float
        Of the depth that is expected from height and level, as a share.
    hollow_mm, hollow_sd_mm : float
        Of endplates and anterior wall in the middle, seen from the side.
    back_hollow_mm, back_hollow_sd_mm : float
        How far the posterior wall in the midline lies in front of the line that is seen: bodies are
        hollow across their backs, and the silhouette shows the rims beside the midline. Between the
        two truths there are: the walls that people marked on 33 bodies of radiographs lie
        -0.2 +- 0.6 mm in front of the line, those of masks of CTs, which themselves lie inside of
        the bone's edge, 0.9 +- 0.8 mm.
    rise_reach_mm : float
        So far in front of that line and behind it the rise of attenuation is looked at: half the
        canal, behind which the arch begins.
    rise_blurs_mm : tuple of float
        How sharp that rise may be, one sigma: a flat back in a sharp picture, and in one of a CT of
        3 mm, each seen through `fine_mm`.
    rise_misfit : float
        Share of the rise that is not the back's: ribs, muscles, the arch.
    rise_explained : float
        Of the rise, squared, the least share that a bent back must explain; pure noise reaches it
        in fewer than one of ten.
    rise_sd_mm : float
        How far the midline lies beside the place that the rise tells, however well it is seen: over
        30 backs of radiographs 1.2 mm, over eleven of CTs 0.8 mm.
    rise_ahead_mm : float
        How far in front of that place walls are marked. Masks of CTs lie 0.5 to 3 mm in front of
        the half height of the bone's edge in the CT, 1.3 mm on average.
    bow_mm, bow_sd_mm : float
        How far the rims lie behind the midline, and its wide spread: some backs bulge.
    pedicle_mm : (float, float)
        How far behind the posterior line its pedicle and the foramina are looked at: between the
        canal's front and the joints.
    pedicle_sd : float
        How much more, by chance, a place attenuates than those above and below it where there are
        no pedicles, in root mean squares of the picture: over 200 places in front of bodies.
    side_sigmas : float
        The pedicles on one side, and their lead over the other side, must be so many standard
        deviations of chance for the anterior side to be known.
    line_beyond_mm : float
        How far beyond the ends of the body its posterior edge is looked at: half a neighbour. The
        posterior walls of a spine lie in one line.
    line_evidence : float
        Mean score along that line below which it is not seen.
    rim_mm : float
        How far the silhouette lies outside the steepest place of its edge: it thins out. The
        outline runs on what is seen and marked, the cortical lines; cement is outside of a body
        only beyond the silhouette.
    corner_mm, corner_sd_mm : float
        How far beyond the end of a marked wall the endplate lies: walls are marked a little short.
    rough_mm : float
        By how much a silhouette runs beside the smooth line that is found, one sigma: rims bulge
        and are worn. Of 119 simulated bodies, 19 of 20 sides then lie within
        `cement.found_sigmas` but for the 2 mm2 that a STOP asks for.
    waist_rough_mm : float
        The same in the middle of the front: between its rims it is smooth.
    edge_sd_mm : float
        Of an edge that is found without any doubt: its width.
    hint_mm : float
        How well a hand sets a point on an edge, one sigma.
    hint_reach_mm : float
        How far along an edge such a point pulls it, beyond what moves the edge as a whole.
    goes_on : float
        Mean score of an endplate's straight prolongation behind the body above which it is no
        endplate: a cannula, or a table's edge, does not end at the wall.
    endplate_evidence, wall_evidence : float
        Mean score along an edge below which nothing is seen there. Pure noise reaches 0.7 half of
        the time, and 1.2 seldom; the walls, which are fainter, have to be in one place as well.
    endplate_limit_mm, front_limit_mm, wall_limit_mm : float
        A side whose place is less sure, one sigma, is `unsure`.
    beside_evidence : float
        A posterior line is that of a body only where an endplate is sure, or the front is seen so
        clearly, at whichever place: soft shadows alone make a line half of the time, and a front
        with it in one of twenty.
    least_exposed : float
        Share of a side that must lie in the exposed field.
    """

    step_mm: Annotated[float, within(0.1, 2.0)] = 0.5
    reach_mm: Annotated[float, within(25.0, 80.0)] = 42.0
    fine_mm: Annotated[float, within(0.2, 3.0)] = 0.8
    broad_mm: Annotated[float, within(2.0, 20.0)] = 6.0
    drop_share: Annotated[float, within(0.0, 1.0)] = 0.6
    line_depth_mm: Annotated[float, within(0.0, 5.0)] = 1.0
    cortex_mm: Annotated[float, within(0.0, 5.0)] = 1.25
    greatest_score: Annotated[float, within(0.5, 20.0)] = 3.0
    least_score: Annotated[float, within(-20.0, 0.0)] = -2.0
    correlation_mm: Annotated[float, within(0.5, 20.0)] = 3.0
    mode_mm: Annotated[float, within(0.5, 10.0)] = 2.5
    centre_sd_mm: Annotated[float, within(0.5, 15.0)] = 3.0
    tilt_sd_deg: Annotated[float, within(1.0, 45.0)] = 12.0
    wedge_sd_deg: Annotated[float, within(0.5, 30.0)] = 5.0
    lean_sd_deg: Annotated[float, within(0.5, 30.0)] = 5.0
    back_lean_sd_deg: Annotated[float, within(0.5, 30.0)] = 3.0
    size_sd: Annotated[float, within(0.02, 0.5)] = 0.13
    unknown_level_sd: Annotated[float, within(0.05, 0.6)] = 0.20
    person_size_sd: Annotated[float, within(0.02, 0.5)] = 0.085
    impossible_sigmas: Annotated[float, within(1.0, 10.0)] = 3.0
    impossible_wall_sigmas: Annotated[float, within(1.0, 20.0)] = 6.0
    size_on_film: Annotated[float, within(0.8, 1.5)] = 1.09
    depth_sd: Annotated[float, within(0.02, 0.5)] = 0.13
    hollow_mm: Annotated[float, within(0.0, 6.0)] = 1.0
    hollow_sd_mm: Annotated[float, within(0.05, 10.0)] = 1.0
    back_hollow_mm: Annotated[float, within(-5.0, 6.0)] = 0.5
    back_hollow_sd_mm: Annotated[float, within(0.05, 60.0)] = 0.7
    rise_reach_mm: Annotated[float, within(2.0, 20.0)] = 8.0
    rise_blurs_mm: tuple[Annotated[float, within(0.3, 6.0)], ...] = (1.0, 1.4, 1.8)
    rise_misfit: Annotated[float, within(0.01, 0.9)] = 0.16
    rise_explained: Annotated[float, within(0.0, 1.0)] = 0.5
    rise_sd_mm: Annotated[float, within(0.05, 5.0)] = 1.2
    rise_ahead_mm: Annotated[float, within(0.0, 5.0)] = 1.4
    bow_mm: Annotated[float, within(-5.0, 6.0)] = 1.0
    bow_sd_mm: Annotated[float, within(0.1, 20.0)] = 4.0
    pedicle_mm: tuple[Annotated[float, within(0.0, 20.0)], Annotated[float, within(1.0, 30.0)]] = (
        2.0,
        8.0,
    )
    pedicle_sd: Annotated[float, within(0.05, 5.0)] = 0.45
    side_sigmas: Annotated[float, within(1.0, 10.0)] = 2.5
    line_beyond_mm: Annotated[float, within(0.0, 40.0)] = 12.0
    line_evidence: Annotated[float, within(0.0, 5.0)] = 0.5
    rim_mm: Annotated[float, within(0.0, 3.0)] = 0.6
    corner_mm: Annotated[float, within(0.0, 6.0)] = 1.2
    corner_sd_mm: Annotated[float, within(0.1, 10.0)] = 1.5
    rough_mm: Annotated[float, within(0.0, 6.0)] = 1.4
    waist_rough_mm: Annotated[float, within(0.0, 6.0)] = 0.4
    edge_sd_mm: Annotated[float, within(0.05, 3.0)] = 0.5
    hint_mm: Annotated[float, within(0.05, 3.0)] = 0.4
    hint_reach_mm: Annotated[float, within(1.0, 40.0)] = 8.0
    goes_on: Annotated[float, within(0.1, 10.0)] = 2.0
    endplate_evidence: Annotated[float, within(0.1, 10.0)] = 1.2
    wall_evidence: Annotated[float, within(0.1, 10.0)] = 0.7
    endplate_limit_mm: Annotated[float, within(0.2, 6.0)] = 1.5
    front_limit_mm: Annotated[float, within(0.2, 6.0)] = 1.8
    wall_limit_mm: Annotated[float, within(0.2, 4.0)] = 1.2
    beside_evidence: Annotated[float, within(0.1, 10.0)] = 1.2
    least_exposed: Annotated[float, within(0.1, 1.0)] = 0.7
