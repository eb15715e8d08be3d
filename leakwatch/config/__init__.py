"""Settings: one frozen tree, read from TOML. Every constant has unit, reason and place here."""

from __future__ import annotations

from pathlib import Path

import msgspec

from leakwatch.bounded_input import read_at_most
from leakwatch.config.alerting import AlertingSettings
from leakwatch.config.calibration import CalibrationSettings
from leakwatch.config.conditions import (
    LivenessSettings,
    SameSettings,
    SensitiveSettings,
    WholeSettings,
)
from leakwatch.config.live import LiveSettings
from leakwatch.config.live_dicom import LiveDicomSettings
from leakwatch.config.live_igtl import LiveIgtlSettings
from leakwatch.config.live_video import LiveVideoSettings
from leakwatch.config.log import LogSettings
from leakwatch.config.marks import MarksSettings
from leakwatch.config.polarity import PolaritySettings
from leakwatch.config.reading import read_toml
from leakwatch.config.training import TrainingSettings
from leakwatch.config.vertebra import VertebraSettings
from leakwatch.config.vision import (
    BaselineSettings,
    BreathingSettings,
    CementSettings,
    InstrumentSettings,
    IntensitySettings,
    MotionSettings,
    TubularSettings,
)
from leakwatch.config.window import SoundSettings, WindowSettings
from leakwatch.errors import ConfigError

__all__ = [
    "AlertingSettings",
    "BaselineSettings",
    "BreathingSettings",
    "CalibrationSettings",
    "CementSettings",
    "InstrumentSettings",
    "IntensitySettings",
    "LiveDicomSettings",
    "LiveIgtlSettings",
    "LiveSettings",
    "LiveVideoSettings",
    "LivenessSettings",
    "LogSettings",
    "MarksSettings",
    "MotionSettings",
    "PolaritySettings",
    "SameSettings",
    "SensitiveSettings",
    "Settings",
    "SoundSettings",
    "TrainingSettings",
    "TubularSettings",
    "VertebraSettings",
    "WholeSettings",
    "WindowSettings",
    "load_settings",
]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole tree; a section a module."""

    intensity: IntensitySettings = IntensitySettings()
    liveness: LivenessSettings = LivenessSettings()
    whole: WholeSettings = WholeSettings()
    same: SameSettings = SameSettings()
    sensitive: SensitiveSettings = SensitiveSettings()
    polarity: PolaritySettings = PolaritySettings()
    motion: MotionSettings = MotionSettings()
    baseline: BaselineSettings = BaselineSettings()
    breathing: BreathingSettings = BreathingSettings()
    cement: CementSettings = CementSettings()
    instruments: InstrumentSettings = InstrumentSettings()
    tubular: TubularSettings = TubularSettings()
    alerting: AlertingSettings = AlertingSettings()
    calibration: CalibrationSettings = CalibrationSettings()
    marks: MarksSettings = MarksSettings()
    live: LiveSettings = LiveSettings()
    live_dicom: LiveDicomSettings = LiveDicomSettings()
    live_igtl: LiveIgtlSettings = LiveIgtlSettings()
    live_video: LiveVideoSettings = LiveVideoSettings()
    vertebra: VertebraSettings = VertebraSettings()
    window: WindowSettings = WindowSettings()
    sound: SoundSettings = SoundSettings()
    training: TrainingSettings = TrainingSettings()
    log: LogSettings = LogSettings()


def load_settings(path: Path | None) -> Settings:
    """Read settings from a TOML file; None gives the defaults.

    Raises
    ------
    ConfigError
        The file cannot be read, has an unknown key, a value of the wrong type or out of its range,
        or settings that contradict each other.
    """
    if path is None:
        return Settings()
    try:
        return read_toml(read_at_most(path), Settings)
    except OSError as error:
        raise ConfigError(f"settings {path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"settings {path}: {error}") from error
