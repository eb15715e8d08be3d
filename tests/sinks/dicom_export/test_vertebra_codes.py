"""Codes of vertebrae, against the numbers of SNOMED CT in PS3.16, context group 7603."""

from __future__ import annotations

import pytest

from leakwatch.sinks.dicom_export.vertebra_codes import vertebra_code


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("C2", "39976000"),
        ("T1", "64864005"),
        ("T11", "12989004"),
        ("t 11", "12989004"),
        ("Th11", "12989004"),
        ("BWK 11", "12989004"),
        ("D-11", "12989004"),
        ("L5", "49668003"),
        ("LWK 1", "66794005"),
    ],
)
def test_a_vertebra_has_its_own_code(name, value):
    code = vertebra_code(name)
    assert (code.value, code.scheme_designator) == (value, "SCT")


@pytest.mark.parametrize("name", [None, "", "T13", "L6", "S1", "T11/T12", "11", "X4", "T1²"])
def test_anything_else_is_a_vertebra(name):
    assert vertebra_code(name).value == "51282000"
