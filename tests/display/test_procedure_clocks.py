"""Cement clock and the wait after a STOP."""

from __future__ import annotations

import msgspec
import pytest

from leakwatch.case_files.settings_file import load_settings
from leakwatch.config import Settings, WindowSettings
from leakwatch.core.errors import ConfigError
from leakwatch.display.procedure_clocks import (
    CementClock,
    cement_facts,
    clock_text,
    product_retry_facts,
)

SETTINGS = WindowSettings(products=(("fast", 2.0, 6.0), ("slow", 4.0, 20.0)), product="slow")
MIXED = CementClock(1000.0, "14:32")


@pytest.mark.parametrize(
    ("age_s", "age", "said", "warn"),
    [
        (0.0, "0:00", "too thin until 4:00", True),
        (239.9, "3:59", "too thin until 4:00", True),
        (240.0, "4:00", "use until 20:00", False),
        (1199.0, "19:59", "use until 20:00", False),
        (1200.0, "20:00", "hardening since 20:00", True),
    ],
)
def test_cement_has_an_age_and_a_window(age_s, age, said, warn):
    clock, window = cement_facts(MIXED, 1000.0 + age_s, SETTINGS)
    assert (clock.name, clock.value, clock.warn) == ("Cement, mixed 14:32", age, warn)
    assert (window.name, window.value, window.warn) == ("slow", said, warn)
    assert clock.large


def test_cement_that_nobody_mixed_has_no_age():
    (fact,) = cement_facts(None, 5000.0, SETTINGS)
    assert fact.value == "not mixed yet (X)"


def test_mixed_earlier():
    clock, _ = cement_facts(MIXED.set_earlier(60.0, "14:31"), 1000.0, SETTINGS)
    assert (clock.name, clock.value) == ("Cement, mixed 14:31", "1:00")


@pytest.mark.parametrize(
    ("since_s", "name", "value", "large"),
    [
        (0.0, "After STOP: wait", "1:00", True),
        (59.5, "After STOP: wait", "0:01", True),
        (60.0, "Since STOP: you may try again", "1:00", True),
        (119.0, "Since STOP: you may try again", "1:59", True),
        (121.0, "Since STOP: try again, or move the cannula", "2:01", False),
    ],
)
def test_after_a_stop_wait_then_try_then_move(since_s, name, value, large):
    (fact,) = product_retry_facts(10.0, 10.0 + since_s, SETTINGS)
    assert (fact.name, fact.value, fact.large) == (name, value, large)


def test_without_a_stop_there_is_nothing_to_wait_for():
    assert product_retry_facts(None, 10.0, SETTINGS) == ()


def test_clock_text():
    assert [clock_text(one) for one in (-1.0, 59.9, 60.0, 3599.0)] == [
        "0:00",
        "0:59",
        "1:00",
        "59:59",
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('product = "absent"', "unknown product 'absent'; choose one of PMMA"),
        ('products = [["a", 5.0, 3.0]]\nproduct = "a"', "5 to 3 min is empty"),
        ("high_flash_hz = 4.0", "high_flash_hz is 4; 1.4 to 2.8 Hz"),
        ("medium_flash_hz = 2.0", "medium_flash_hz is 2; 0.4 to 0.8 Hz"),
    ],
)
def test_settings_of_the_window_are_checked(tmp_path, line, said):
    path = tmp_path / "settings.toml"
    path.write_text(f"[window]\n{line}\n")
    with pytest.raises(ConfigError, match=said):
        load_settings(path)


def test_another_product_is_chosen_in_the_settings(tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text('[window]\nproducts = [["mine", 3, 12.5]]\nproduct = "mine"\n')
    assert load_settings(path).window.products == (("mine", 3.0, 12.5),)
    path.write_text("[sound]\nvolume = 2.0\n")
    with pytest.raises(ConfigError, match="volume is 2"):
        load_settings(path)
    assert msgspec.structs.asdict(Settings().sound)["harmonics"] >= 4
