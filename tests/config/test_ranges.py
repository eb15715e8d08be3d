"""Every setting has a range; what is out of it, or misspelt, is refused and named."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakwatch.case_files.settings_file import load_settings, settings_toml
from leakwatch.config import Settings
from leakwatch.config.contradictions import NOT_ABOVE, value_of
from leakwatch.config.ranges import range_of, ranges, unit_of
from leakwatch.core.errors import ConfigError

SECTIONS = {field.name: field.type for field in msgspec.structs.fields(Settings)}
NUMBERS = [
    (section, name, limits)
    for section, struct in SECTIONS.items()
    for name, limits in ranges(struct).items()
]
PLAIN = [
    one for one in NUMBERS if isinstance(getattr(getattr(Settings(), one[0]), one[1]), int | float)
]


def loaded(folder: Path, text: str) -> Settings:
    path = folder / "settings.toml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path)


def refused(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_every_number_has_a_range_and_every_default_lies_in_it() -> None:
    numbers = 0
    for section, struct in SECTIONS.items():
        for field in msgspec.structs.fields(struct):
            values = getattr(getattr(Settings(), section), field.name)
            for value in values if isinstance(values, tuple) else (values,):
                if isinstance(value, bool | str | tuple | None):
                    continue
                limits = range_of(field.type)
                assert limits is not None, f"{section}.{field.name}"
                assert limits.least <= value <= limits.most, f"{section}.{field.name}"
                numbers += 1
    assert numbers > 280


def test_all_defaults_are_read_back(tmp_path: Path) -> None:
    assert loaded(tmp_path, settings_toml(Settings())) == Settings()


outside = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(-(10**12), 10**12),
    st.text("abc 09.-", max_size=5),
    st.booleans(),
    st.lists(st.integers(0, 3), max_size=2),
)


def as_toml(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return msgspec.json.encode(value).decode()


@settings(deadline=None)  # a busy machine is slower
@given(st.sampled_from(PLAIN), outside)
def test_no_setting_outside_of_its_range_is_taken(
    tmp_path_factory: pytest.TempPathFactory, setting: Any, value: Any
) -> None:
    section, name, limits = setting
    folder = tmp_path_factory.mktemp("settings")
    text = f"[{section}]\n{name} = {as_toml(value)}\n"
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and limits.least <= value <= limits.most:
        return  # whether it goes with the others is tested below
    message = refused(folder, text)
    assert f"[{section}] {name} is " in message
    if number:
        assert limits.text(unit_of(name)) in message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[alerting]\nmargin_mm = -7", ["[alerting] margin_mm is -7; 1 to 20 mm can be chosen"]),
        ("[alerting]\nmargin_mm = nan", ["[alerting] margin_mm is nan; 1 to 20 mm"]),
        ("[alerting]\nmargin_mm = inf", ["[alerting] margin_mm is inf; 1 to 20 mm"]),
        ("[alerting]\nmargin_mm = 5000", ["[alerting] margin_mm is 5000; 1 to 20 mm"]),
        ("[alerting]\nmargin_mm = '5'", ["[alerting] margin_mm", '"5"', "float"]),
        ("[alerting]\nconfirm_frames = 2.5", ["confirm_frames is 2.5; an integer"]),
        ("[alerting]\nmargin = 3", ["[alerting] margin is unknown", "Did you mean margin_mm?"]),
        ("[alertin]\nmargin_mm = 3", ["[alertin] is unknown", "Did you mean [alerting]?"]),
        ("margin_mm = 3", ["margin_mm is not in a section", "It belongs to [alerting]"]),
        ("[cement]\nmargin_mm = 3", ["[cement] margin_mm", "It belongs to [alerting]"]),
        ("[cement]\nwacth_mm = 3", ["[cement] wacth_mm", "Did you mean watch_mm of [alerting]?"]),
        ("[cement]\nghost_px = 0.3", ["[cement] ghost_px", "Did you mean artefact_px?"]),
        ("[cement]\nunrest_factor = 2.0", ["[cement] unrest_factor", "mean variation_factor?"]),
        ("[window]\nxyzzy = 3", ["[window] xyzzy is unknown", "settings.md"]),
        ("alerting = 3", ["alerting is not in a section"]),
        ("[motion]\nsearch_px = 47", ["search_px is 47; 4 to 120 px, a multiple of 2"]),
        ("[vertebra]\nrise_blurs_mm = [1.0, 99]", ["rise_blurs_mm[1] is 99; 0.3 to 6 mm"]),
        ("[live_video]\nregion_px = [0, 0, -1, 9]", ["region_px[2] is -1; 0 to 32767 px"]),
        ("[alerting]\nwatch_mm = 4", ["[alerting] margin_mm is 5", "[alerting] watch_mm", "4"]),
        ("[live]\nstale_after_s = 0.2\n[live_video]\nrepeat_s = 0.3", ["[live] stale_after_s"]),
        ("[alerting", ["settings.toml"]),
    ],
)
def test_what_is_wrong_is_named_with_what_is_possible(
    tmp_path: Path, text: str, words: list[str]
) -> None:
    message = refused(tmp_path, text + "\n")
    assert [word for word in words if word not in message] == []


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes(b"[alerting]\nmargin_mm = 5 # \xff\n")
    with pytest.raises(ConfigError, match=r"settings\.toml"):
        load_settings(path)


@pytest.mark.parametrize(("lower", "upper"), [pair[:2] for pair in NOT_ABOVE])
def test_settings_that_contradict_each_other_are_refused(
    tmp_path: Path, lower: str, upper: str
) -> None:
    """Each pair with both within their ranges and the wrong way round, where ranges overlap."""
    limits = {f"{section}.{name}": one for section, name, one in NUMBERS}
    most, least = limits[lower].most, limits[upper].least
    assert value_of(Settings(), lower) <= value_of(Settings(), upper)
    if most <= least:
        return
    (one, key), (other, beyond) = lower.split("."), upper.split(".")
    tables = {one: f"[{one}]\n{key} = {most}\n"}
    tables[other] = tables.get(other, f"[{other}]\n") + f"{beyond} = {least}\n"
    message = refused(tmp_path, "".join(tables.values()))
    assert "Change one of them." in message
