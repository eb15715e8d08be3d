"""Settings of what marks may look like, before they are believed."""

from __future__ import annotations

from typing import Annotated

import msgspec

from leakwatch.config.ranges import within


class MarksSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Beyond which limits marks contradict anatomy, each other or the tags.

    What contradicts is refused, what is only unusual is said. The limits leave room for all cases
    that are known: seven real radiographs with 39 walls, the simulated cases, and a CT's masks.

    Parameters
    ----------
    trust_orientation : bool
        Patient Orientation (0020,0020) is believed where marks contradict it. Set it to false for a
        C-arm that is known to write it wrong.
    unusual_lean_deg, max_lean_deg : float
        How far a posterior wall leans against the columns of a lateral picture: 41 degrees is the
        most of 39 real ones, at the sacrum. More than the second is a picture that is turned, or
        columns and rows that are exchanged.
    least_wall_mm, max_wall_mm : float
        Length of a marked wall: a third of a low thoracic body, and two lumbar bodies with their
        disc.
    least_size, max_size : float
        Mean depth and height of a marked body over those of its level: four standard deviations of
        what bodies are. A height is only too large: fractures make it small.
    unusual_sigmas : float
        A body that differs by more standard deviations from the mean of its level is said.
    unusual_gap_share, max_gap_share : float
        How far the outline's posterior edge may lie before or behind the wall, as a share of the
        outline's depth: rims that bulge behind the line of the wall make 0.18 in a simulated case.
    least_beside_share : float
        So much of the wall's length must lie beside the outline: else it is that of another body.
    unusual_behind_mm, max_behind_mm : float
        How far behind the wall a marked needle tip may lie: as wrong as a hand draws, and as far as
        the pedicle begins. Cement does not come from the canal.
    max_loop_share : float
        Where an outline crosses itself, the smaller loop over the larger one: a hand's jitter and
        the corners of a mask make tiny ones.
    max_winding : float
        Length of the marked wall over the way between its ends: points in a wrong order go to and
        fro.
    max_spacing_share : float
        By how much a person's `mm_per_px` may differ from the one that tags bring to the vertebra:
        a vertebra 150 mm off the axis, 700 mm from the source.
    detector_share : float
        By how much it may be above the spacing at the detector, where nothing brings it to the
        vertebra: nothing looks smaller there than it is.
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
