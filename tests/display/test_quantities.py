"""Numbers have the digits that their standard deviation allows."""

from __future__ import annotations

import pytest

from leakwatch.display.quantities import (
    FINEST_ML,
    FINEST_MM,
    area_text,
    quantity_text,
    round_to_uncertainty,
    spacing_text,
    wall_distance_text,
)


@pytest.mark.parametrize(
    ("value", "sigma", "shown"),
    [
        (2.57, 0.4, "2.6 ± 0.4 mL"),
        (2.57, 0.02, "2.6 ± 0.1 mL"),  # never finer than the scale of a syringe
        (2.57, 1.4, "2.6 ± 1.4 mL"),  # a first digit of 1 has a second one
        (2.57, 0.96, "2.6 ± 1.0 mL"),
        (12.57, 2.4, "13 ± 2 mL"),
        (12.57, 9.6, "13 ± 10 mL"),
        (125.7, 24.0, "130 ± 20 mL"),
        (2.57, None, "2.6 mL"),
        (0.0, 0.1, "0.0 ± 0.1 mL"),
    ],
)
def test_digits_that_the_standard_deviation_allows(value, sigma, shown):
    assert quantity_text(value, sigma, "mL", FINEST_ML) == shown


def test_numbers_for_machines_have_the_same_digits_as_text():
    assert round_to_uncertainty(4.912, 0.448, FINEST_MM) == (4.9, 0.4)
    assert round_to_uncertainty(12.57, 2.4, FINEST_MM) == (13.0, 2.0)
    assert round_to_uncertainty(4.912, None, FINEST_MM) == (4.9, None)


def test_a_distance_behind_the_wall_has_no_sign():
    assert wall_distance_text(-1.24, 0.4) == "1.2 ± 0.4 mm behind the wall"
    assert wall_distance_text(1.24, None) == "1.2 mm"


def test_areas_and_spacings():
    assert area_text(300.63) == "301 mm²"
    assert spacing_text(0.2351, 0.0071) == "0.235 ± 0.007"
    assert spacing_text(0.23514, 0.00121) == "0.2351 ± 0.0012"
    assert spacing_text(0.2351, None) == "0.235"
