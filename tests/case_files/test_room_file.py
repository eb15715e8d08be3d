"""Settings of the room: written as the TOML that every command reads, with comments kept."""

from __future__ import annotations

import pytest

from leakwatch.case_files.room_file import changed_toml, load_room, room_path, write_room
from leakwatch.case_files.settings_file import load_settings, read_toml
from leakwatch.config import Settings
from leakwatch.core.errors import ConfigError

OWN = """# our room
[alerting]
margin_mm = 4.0   # agreed on 3 March

[window]  # cements
products = [["Ours", 4.0, 12.0]]
product = "Ours"
"""


@pytest.fixture(autouse=True)
def own_file(tmp_path, monkeypatch):
    monkeypatch.setenv("LEAKWATCH_ROOM", str(tmp_path / "config" / "room.toml"))


def test_comments_and_other_values_stay():
    changed = changed_toml(OWN, {("alerting", "margin_mm"): 6.0, ("room", "source"): "video:0"})
    assert "# our room" in changed
    assert "# agreed on 3 March" in changed
    assert 'products = [["Ours", 4.0, 12.0]]' in changed
    settings = read_toml(changed.encode(), Settings)
    assert settings.alerting.margin_mm == 6.0
    assert settings.room.source == "video:0"
    assert settings.window.product == "Ours"


def test_unchanged_values_leave_the_file_as_it_is():
    same = {("alerting", "margin_mm"): 4.0, ("window", "product"): "Ours"}
    assert changed_toml(OWN, same) == OWN


def test_new_file_is_private_and_read_by_every_command():
    assert load_room() == (None, Settings())
    path = write_room({("room", "language"): "de", ("sound", "volume"): 0.5})
    assert path == room_path()
    assert path.stat().st_mode & 0o077 == 0
    assert load_settings(path).room.language == "de"
    assert load_room()[1].sound.volume == 0.5


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({("alerting", "margin_mm"): 500.0}, "margin_mm"),
        ({("window", "product"): "Nobody's"}, "unknown product"),
        ({("sound", "volume"): -1.0}, "volume"),
    ],
)
def test_refused_value_leaves_the_file_as_it_was(changes, why):
    path = write_room({("alerting", "margin_mm"): 4.0})
    before = path.read_bytes()
    with pytest.raises(ConfigError, match=why):
        write_room(changes)
    assert path.read_bytes() == before


def test_broken_file_is_told_and_kept():
    path = write_room({("alerting", "margin_mm"): 4.0})
    path.write_text("[alerting\n")
    with pytest.raises(ConfigError, match=r"room\.toml"):
        write_room({("alerting", "margin_mm"): 5.0})
    assert path.read_text() == "[alerting\n"
