"""Settings of the plausibility of marks."""

from __future__ import annotations

from typing import Annotated

import msgspec

from leakwatch.config.ranges import within


class MarksSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits beyond which marks contradict anatomy, each other or the header.

    Contradictions are refused; what is only unusual is reported. The limits include all known
    cases: seven real radiographs with 39 walls, the simulated cases, and masks of a CT.

    Parameters
    ----------
    trust_orientation : bool
        Patient Orientation (0020,0020) takes precedence over marks that contradict it. Set it to
        false for a C-arm that is known to write it wrong.
    unusual_lean_deg, max_lean_deg : float
        Angle of a posterior wall to the columns of a lateral image: at most 41 degrees in 39 real
        ones, at the sacrum. More than the second value means a rotated image, or exchanged columns
        and rows.
    least_wall_mm, max_wall_mm : float
        Length of a marked wall: from a third of a low thoracic body to two lumbar bodies with their
        disc.
    least_size, max_size : float
        Mean depth and height of a marked body relative to its level: four standard deviations.
        Heights are only checked for too large values: fractures reduce them.
    unusual_sigmas : float
        A body that differs by more standard deviations from the mean of its level is reported.
    unusual_gap_share, max_gap_share : float
        Distance of the outline's posterior edge from the wall, relative to the outline's depth:
        rims that extend behind the wall cause 0.18 in a simulated case.
    least_beside_share : float
        Minimum share of the wall's length that overlaps with the outline: otherwise it belongs to
        another body.
    unusual_behind_mm, max_behind_mm : float
        Distance of a marked cannula tip posterior of the wall: the accuracy of marks, and the start
        of the pedicle. Cement is not injected in the canal.
    max_loop_share : float
        Maximum size of the smaller loop of an outline that crosses itself, relative to the larger
        one: jitter of the hand and corners of masks cause tiny loops.
    max_winding : float
        Length of the marked wall relative to the distance between its ends: larger for points in a
        wrong order.
    max_spacing_share : float
        Relative difference of a given `mm_per_px` from that by the header at the vertebra: a
        vertebra 150 mm off the axis, 700 mm from the source.
    detector_share : float
        Relative amount by which it may exceed the pixel spacing at the detector, if that cannot be
        scaled to the vertebra: nothing appears smaller than it is.
    """

    trust_orientation: bool = True
    unusual_lean_deg: Annotated[float, within(10.0, 89.0)] = 48.0
    max_lean_deg: Annotated[float, within(20.0, 89.0)] = 60.0
    least_wall_mm: Annotated[float, within(1.0, 20.0)] = 6.0
    max_wall_mm: Annotated[float, within(30.0, 300.0)] = 75.0
    least_size: Annotated[float, within(0.1, 1.0)] = 0.5
    max_size: Annotated[float, within(1.1, 4.0)] = 1.5
    unusual_sigmas: Annotated[float, within(1.0, 6.0)] = 3.0
    unusual_gap_share: Annotated[float, within(0.02, 1.0)] = 0.22
    max_gap_share: Annotated[float, within(0.05, 2.0)] = 0.3
    least_beside_share: Annotated[float, within(0.0, 1.0)] = 0.4
    unusual_behind_mm: Annotated[float, within(0.0, 20.0)] = 1.0
    max_behind_mm: Annotated[float, within(0.0, 40.0)] = 4.0
    max_loop_share: Annotated[float, within(0.001, 1.0)] = 0.03
    max_winding: Annotated[float, within(1.1, 10.0)] = 1.7
    max_spacing_share: Annotated[float, within(0.02, 1.0)] = 0.25
    detector_share: Annotated[float, within(0.0, 0.5)] = 0.02
