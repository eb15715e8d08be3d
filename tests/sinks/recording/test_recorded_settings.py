"""What a recording keeps of the settings."""

from __future__ import annotations

import pytest

from leakwatch.case_files.settings_file import read_toml
from leakwatch.config import AlarmHttpSettings, AlarmMqttSettings, AlertingSettings, Settings
from leakwatch.sinks.recording.recorded_settings import recorded_settings


def test_no_address_of_a_receiver_is_kept():
    used = Settings(
        alerting=AlertingSettings(margin_mm=4.0),
        alarm_mqtt=AlarmMqttSettings(host="or3.hospital.example"),
        alarm_http=AlarmHttpSettings(url="https://hospital.example/alarm"),
    )
    kept = recorded_settings(used)
    assert b"hospital" not in kept
    assert read_toml(kept, Settings) == Settings(alerting=used.alerting)


@pytest.mark.parametrize(
    "url", ["https://user:secret@example/", "https://secret@example", "ftp://example/", "example"]
)
def test_a_web_address_has_no_password(url):
    with pytest.raises(ValueError, match=r"\[alarm_http\] url"):
        read_toml(f'[alarm_http]\nurl = "{url}"\n'.encode(), Settings)


@pytest.mark.parametrize("url", ["", "http://10.0.0.7:8080", "https://example/a?b=c@d"])
def test_other_web_addresses_are_taken(url):
    assert read_toml(f'[alarm_http]\nurl = "{url}"\n'.encode(), Settings).alarm_http.url == url
