"""Replay after a case: the replay window as a page, with key frames on keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt

from leakwatch.config import Settings
from leakwatch.core.marks import Marks
from leakwatch.core.messages import text
from leakwatch.gui.replay.replay_view import Replay
from leakwatch.gui.replay.replay_window import ReplayWindow
from leakwatch.gui.replay.track import Track
from leakwatch.gui.training.attempt import Prepared
from leakwatch.gui.widgets.keys import PLAIN, KeyAction, KeyGroup, key, reachable
from leakwatch.training.key_frames import ResultLine

_DIGITS = (Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_3)
HINT = text("Backspace: back to the result. 1, 2, 3: key frames. ?: all keys.")


class TrainingReplay(ReplayWindow):
    """Replay of a prepared case with all results; one window for all cases.

    Parameters
    ----------
    back, leave : callable
        Go back to the result; close the training.
    """

    def __init__(self, back: Callable[[], None], leave: Callable[[], object]) -> None:
        super().__init__(_nothing(), text("training"))
        self._key_frames: tuple[ResultLine, ...] = ()
        self._back, self._leave = back, leave
        self.menus.hide()  # those of the training window show its keys

    def play(self, prepared: Prepared, shown: Sequence[ResultLine]) -> None:
        """Play a case from its start, with `shown` on keys 1 to 3."""
        self._key_frames = tuple(shown)
        self.replay = prepared.replay()
        self.start()
        self.say(HINT)

    def pause(self) -> None:
        """Pause while another page is shown."""
        self.replay.playback.playing = False
        self._timer.stop()

    def forget(self) -> None:
        """Release the case with its images."""
        self.pause()
        self._key_frames, self.replay = (), _nothing()
        self.image.image.clear()

    def key_groups(self) -> tuple[KeyGroup, ...]:
        """Return the keys of a replay and of the key frames; Q closes the training."""
        own = [
            key(code, f"{number}", text("go to: {title}", title=moment.title), self._to(frame))
            for number, (code, moment) in enumerate(
                zip(_DIGITS, self._key_frames, strict=False), start=1
            )
            if (frame := moment.frame) is not None
        ]
        back = ((Qt.Key.Key_Backspace, PLAIN),)
        own.append(KeyAction(back, text("Backspace"), text("back to the result"), self._back))
        own.append(key(Qt.Key.Key_Q, "Q", text("close"), self._leave))
        return reachable((KeyGroup(text("Training"), tuple(own)), *super().key_groups()))

    def _to(self, frame: int) -> Callable[[], None]:
        return lambda: self.replay.playback.seek(frame)


def _nothing() -> Replay:
    """Return a replay without frames."""
    track = Track(Settings())
    track.finish()
    return Replay(track, Marks(), Settings())
