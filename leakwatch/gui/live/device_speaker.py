"""Sound by QtMultimedia; the import fails without the extra `sound`."""

from __future__ import annotations

import logging

from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtMultimedia import QAudioFormat, QAudioSink, QMediaDevices, QtAudio

from leakwatch.config import SoundSettings
from leakwatch.core.messages import text
from leakwatch.live.alarm_sound import UNAVAILABLE, burst, samples
from leakwatch.live.status import Alarm

_LOG = logging.getLogger(__name__)

# An underrun is the end of a burst.
_BROKEN = frozenset({QtAudio.Error.OpenError, QtAudio.Error.IOError, QtAudio.Error.FatalError})


class DeviceSpeaker:
    """Audio output of the system that is selected when a burst begins.

    Parameters
    ----------
    settings : SoundSettings
    """

    def __init__(self, settings: SoundSettings) -> None:
        self._settings = settings
        self._format = QAudioFormat()
        self._format.setSampleRate(settings.rate_hz)
        self._format.setChannelCount(1)
        self._format.setSampleFormat(QAudioFormat.SampleFormat.Int16)
        self._pcm: dict[Alarm, QByteArray] = {
            alarm: QByteArray(samples(burst(alarm, settings), settings).tobytes())
            for alarm in Alarm
            if alarm is not Alarm.NONE
        }
        self._devices = QMediaDevices()
        self._devices.audioOutputsChanged.connect(self._find_device)
        self._buffer = QBuffer()
        self._sink: QAudioSink | None = None
        self._absent = True
        self._find_device()

    @property
    def problem(self) -> str:
        """Reason why a burst may be inaudible: no device, or one that refused the last burst."""
        if self._absent:
            return text("{unavailable}: no audio device", unavailable=UNAVAILABLE)
        if self._sink is not None and self._sink.error() in _BROKEN:
            return text("{unavailable}: the audio device refuses sound", unavailable=UNAVAILABLE)
        return ""

    def play(self, alarm: Alarm) -> None:
        """Start a burst; a missing device shows in `problem`."""
        self.stop()
        device = QMediaDevices.defaultAudioOutput()
        if device.isNull():
            self._absent = True
            return
        self._buffer = QBuffer()
        self._buffer.setData(self._pcm[alarm])
        self._buffer.open(QIODevice.OpenModeFlag.ReadOnly)
        self._sink = QAudioSink(device, self._format)
        # All of it at once: otherwise a busy window would leave gaps in the burst.
        self._sink.setBufferSize(self._pcm[alarm].size())
        self._sink.start(self._buffer)
        if self._sink.error() in _BROKEN:
            _LOG.error("sound cannot be played: %s", self._sink.error())

    def stop(self) -> None:
        """Stop the burst."""
        if self._sink is not None:
            self._sink.stop()

    def _find_device(self) -> None:
        self._absent = QMediaDevices.defaultAudioOutput().isNull()
