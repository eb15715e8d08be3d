"""What is said of the volume: the number with its source, or growth and a reason."""

from __future__ import annotations

import pytest
from handmade import make_observation, make_snapshot

from leakwatch.config import Settings
from leakwatch.core.marks import Marks
from leakwatch.core.results import Cement
from leakwatch.core.volume import NOT_MEASURED, CementVolume, FactorSource
from leakwatch.display.facts import Fact
from leakwatch.display.picture import make_overlay
from leakwatch.display.volume_facts import volume_facts


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (FactorSource.SYRINGE, "1.5 ± 0.2 mL (syringe)"),
        (FactorSource.PRODUCT, "1.5 ± 0.2 mL (product)"),
        (FactorSource.LUMEN, "1.5 ± 0.2 mL (cement in the cannula)"),
    ],
)
def test_a_volume_has_its_uncertainty_and_its_source(source: FactorSource, said: str) -> None:
    assert volume_facts(CementVolume(1.46, 0.18, source)) == [Fact("Cement volume", said)]


def test_no_uncertainty_is_smaller_than_the_last_digit() -> None:
    (fact,) = volume_facts(CementVolume(0.2, 0.01, FactorSource.SYRINGE))
    assert fact.value == "0.2 ± 0.1 mL (syringe)"


def test_without_a_source_there_is_no_millilitre_but_growth_and_the_reason() -> None:
    volume = CementVolume(why="nothing is known", amount_mm2=12.0, growth=0.351, growth_s=10.0)
    facts = volume_facts(volume)
    assert [(one.name, one.value) for one in facts] == [
        ("Cement growth", "+35 % in 10 s"),
        ("Cement volume", "unknown: nothing is known"),
    ]
    assert not any("mL" in one.value for one in facts)


def test_a_reading_that_was_not_used_is_a_warning() -> None:
    volume = CementVolume(0.8, 0.1, FactorSource.SYRINGE, refused="no cement was detected then")
    assert volume_facts(volume)[-1] == Fact(
        "Syringe reading not used", "no cement was detected then", warn=True
    )


def test_nothing_measured_says_nothing() -> None:
    assert volume_facts(NOT_MEASURED) == []


def test_a_volume_is_shown_without_millimetres_as_well() -> None:
    volume = CementVolume(1.5, 0.2, FactorSource.SYRINGE)
    cement = Cement((), 150.0, None, 1.5, volume=volume)
    snapshot = make_snapshot(0, observation=make_observation(cement=cement))
    shown = make_overlay(snapshot, Marks(), Settings())
    facts = {fact.name: fact for fact in shown.facts}
    assert facts["Cement area"].warn
    assert facts["Cement volume"].value == "1.5 ± 0.2 mL (syringe)"
