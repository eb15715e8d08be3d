"""Settings: one frozen tree, read from TOML. Every constant is here, with unit and reason."""

from __future__ import annotations

import msgspec

from leakwatch.config.alarm_outputs import (
    AlarmHttpSettings,
    AlarmMqttSettings,
    AlarmOpenIgtlinkSettings,
    AlarmOutputSettings,
    AlarmSerialSettings,
)
from leakwatch.config.alerting import AlertingSettings
from leakwatch.config.archive import ArchiveSettings
from leakwatch.config.calibration import CalibrationSettings
from leakwatch.config.conditions import (
    LivenessSettings,
    SameSettings,
    SensitiveSettings,
    WholeSettings,
)
from leakwatch.config.live import LiveSettings
from leakwatch.config.live_inputs import LiveDicomSettings, LiveIgtlSettings, LiveVideoSettings
from leakwatch.config.log import LogSettings
from leakwatch.config.marks import MarksSettings
from leakwatch.config.polarity import PolaritySettings
from leakwatch.config.room import RoomSettings
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
from leakwatch.config.volume import VolumeSettings
from leakwatch.config.window import SoundSettings, WindowSettings

__all__ = [
    "AlarmHttpSettings",
    "AlarmMqttSettings",
    "AlarmOpenIgtlinkSettings",
    "AlarmOutputSettings",
    "AlarmSerialSettings",
    "AlertingSettings",
    "ArchiveSettings",
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
    "RoomSettings",
    "SameSettings",
    "SensitiveSettings",
    "Settings",
    "SoundSettings",
    "TrainingSettings",
    "TubularSettings",
    "VertebraSettings",
    "VolumeSettings",
    "WholeSettings",
    "WindowSettings",
]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Complete tree, with one section per module."""

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
    volume: VolumeSettings = VolumeSettings()
    instruments: InstrumentSettings = InstrumentSettings()
    tubular: TubularSettings = TubularSettings()
    alerting: AlertingSettings = AlertingSettings()
    calibration: CalibrationSettings = CalibrationSettings()
    marks: MarksSettings = MarksSettings()
    live: LiveSettings = LiveSettings()
    live_dicom: LiveDicomSettings = LiveDicomSettings()
    live_igtl: LiveIgtlSettings = LiveIgtlSettings()
    live_video: LiveVideoSettings = LiveVideoSettings()
    alarm_outputs: AlarmOutputSettings = AlarmOutputSettings()
    alarm_openigtlink: AlarmOpenIgtlinkSettings = AlarmOpenIgtlinkSettings()
    alarm_mqtt: AlarmMqttSettings = AlarmMqttSettings()
    alarm_http: AlarmHttpSettings = AlarmHttpSettings()
    alarm_serial: AlarmSerialSettings = AlarmSerialSettings()
    vertebra: VertebraSettings = VertebraSettings()
    window: WindowSettings = WindowSettings()
    sound: SoundSettings = SoundSettings()
    training: TrainingSettings = TrainingSettings()
    archive: ArchiveSettings = ArchiveSettings()
    log: LogSettings = LogSettings()
    room: RoomSettings = RoomSettings()
