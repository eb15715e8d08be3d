"""A product that nobody knows is said before anything is analysed."""

from __future__ import annotations

import msgspec
import pytest

from leakwatch.config import Settings
from leakwatch.core.errors import CaseError
from leakwatch.core.frame import View
from leakwatch.core.marks import CaseFile, Marks
from leakwatch.core.volume import CementInputs
from leakwatch.plausibility.cement_product import check_cement_product


def case(product: str | None) -> CaseFile:
    return CaseFile("a.dcm", Marks(View.LATERAL, cement=CementInputs(product)))


def test_known_products_and_none_are_right() -> None:
    check_cement_product(case(None), Settings())
    for name, _, _ in Settings().volume.products:
        check_cement_product(case(name), Settings())


def test_an_unknown_product_is_named_with_those_that_are_known() -> None:
    with pytest.raises(CaseError) as error:
        check_cement_product(case("Mortar"), Settings(), "a.case.json")
    said = str(error.value)
    assert said.startswith("a.case.json: cement_product is 'Mortar'")
    assert "BaSO4 30 %" in said
    assert "[volume]" in said


def test_a_product_of_a_clinic_is_added_in_its_settings() -> None:
    volume = msgspec.structs.replace(Settings().volume, products=(("Mortar", "BaSO4", 0.2),))
    check_cement_product(case("Mortar"), msgspec.structs.replace(Settings(), volume=volume))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"product": "Mortar"}, "unknown product 'Mortar'"),
        ({"products": (("A", "BaSO4", 0.1), ("A", "ZrO2", 0.2))}, "the same name"),
        ({"bores": ((11, 3.05, 2.39),)}, "one row each for gauge"),
        (
            {"bores": ((8, 4.19, 3.43), (10, 3.4, 2.7), (11, 3.05, 3.05), (13, 2.41, 1.8))},
            "gauge 11: a bore of 3.05 mm in 3.05 mm",
        ),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(changes: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        msgspec.structs.replace(Settings().volume, **changes)
