"""Instruments that come into the field are no cement; cement that leaves the body is."""

from __future__ import annotations

import numpy as np
import pytest
from scene import COLUMNS, MM_PER_PX, ROWS, disc, tube
from test_cement_mask import Sequence

from leakwatch.core.arrays import read_only

BOLUS = disc(140, 120, 5.0 / MM_PER_PX, 0.3)
ORIGIN = read_only(disc(140, 120, 20, 1.0) > 0)


def sequence_with_bolus() -> Sequence:
    sequence = Sequence(origin=ORIGIN)
    assert sequence.many(10, BOLUS)[120, 140]
    return sequence


@pytest.mark.parametrize("end", [(0, 20), (COLUMNS - 1, 60), (140, 0), (200, ROWS - 1)])
@pytest.mark.parametrize("gap_px", [0.0, 14.0])
def test_forceps_from_the_edge_of_the_field_are_no_cement(
    end: tuple[float, float], gap_px: float
) -> None:
    sequence = sequence_with_bolus()
    before = np.count_nonzero(sequence.state.mask)
    away = np.array(end, float) - (140, 120)
    tip = np.array([140, 120]) + away / np.hypot(*away) * (5.0 / MM_PER_PX + gap_px)
    forceps = tube([tuple(tip), end], 4.0 / MM_PER_PX, 0.9)
    mask = sequence.many(8, np.maximum(BOLUS, forceps))
    # The rim of the bolus may grow where the forceps touch it.
    assert np.count_nonzero(mask) < 1.4 * before
    assert sequence.many(4, BOLUS)[120, 140]


def test_a_vein_that_grows_up_to_the_edge_of_the_field_is_cement() -> None:
    sequence = sequence_with_bolus()
    for end in range(160, COLUMNS, 6):
        vein = tube([(140, 120), (end, 120)], 2.5 / MM_PER_PX, 0.12)
        mask = sequence.show(np.maximum(BOLUS, vein))
    mask = sequence.many(3, np.maximum(BOLUS, vein))
    assert mask[120, 160 : COLUMNS - 8].mean() > 0.9


def test_a_vein_that_fills_at_once_within_the_field_is_cement() -> None:
    sequence = sequence_with_bolus()
    vein = tube([(140, 120), (215, 100)], 2.5 / MM_PER_PX, 0.15)
    mask = sequence.many(8, np.maximum(BOLUS, vein))
    beyond = (vein > 0.1) & (BOLUS == 0)
    assert (mask & beyond).sum() > 0.8 * beyond.sum()


@pytest.mark.parametrize("above_px", [26, 34])
def test_the_edge_of_an_organ_that_moves_past_cement_is_none(above_px: int) -> None:
    """It is long: it comes from where no cement can be, and ends before the edge of the field."""
    sequence = sequence_with_bolus()
    arc = [(40, 150 - above_px), (140, 120 - above_px), (240, 150 - above_px)]
    edge = tube([(float(x), float(y)) for x, y in arc], 2.5 / MM_PER_PX, 0.15)
    mask = sequence.many(8, np.maximum(BOLUS, edge))
    assert not (mask & (edge > 0.1) & (BOLUS == 0)).any()
    assert mask[120, 140]


def test_the_edge_of_an_organ_that_fades_along_its_length_is_none() -> None:
    """Less of the organ lies in the beam towards its ends: 40 percent of the attenuation there."""
    sequence = sequence_with_bolus()
    before = np.count_nonzero(sequence.state.mask)
    middle = tube([(100.0, 88.0), (180.0, 88.0)], 2.5 / MM_PER_PX, 0.15)
    ends = tube(
        [(20.0, 100.0), (100.0, 88.0), (180.0, 88.0), (260.0, 100.0)], 2.5 / MM_PER_PX, 0.06
    )
    mask = sequence.many(8, np.maximum(BOLUS, np.maximum(middle, ends)))
    assert np.count_nonzero(mask) < 1.4 * before


def test_a_piece_of_a_vein_apart_from_cement_is_cement() -> None:
    sequence = sequence_with_bolus()
    vein = tube([(162, 104), (178, 92)], 2.5 / MM_PER_PX, 0.15)
    mask = sequence.many(8, np.maximum(BOLUS, vein))
    beyond = (vein > 0.1) & (BOLUS == 0)
    assert (mask & beyond).sum() > 0.8 * beyond.sum()
