"""The replay after a case: the ordinary replay window as a page, with the moments on keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt

from leakwatch.config import Settings
from leakwatch.core.marks import Marks
from leakwatch.gui.replay.replay_view import Replay
from leakwatch.gui.replay.replay_window import ReplayWindow
from leakwatch.gui.replay.track import Track
from leakwatch.gui.training.attempt import Prepared
from leakwatch.gui.widgets.keys import PLAIN, KeyAction, key
from leakwatch.training.training_words import Shown

_DIGITS = (Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_3)
HINT = "Backspace: back to the result. 1, 2, 3: the moments. ?: all keys."


class TrainingReplay(ReplayWindow):
    """Shows a prepared case with everything that LeakWatch saw; one window for all cases.

    Parameters
    ----------
    back, leave : callable
        Go back to the result; close the training.
    """

    def __init__(self, back: Callable[[], None], leave: Callable[[], object]) -> None:
        super().__init__(_nothing(), "training")
        self._moments: tuple[Shown, ...] = ()
        self._back, self._leave = back, leave

    def play(self, prepared: Prepared, shown: Sequence[Shown]) -> None:
        """Play a case from its beginning, with `shown` on keys 1 to 3."""
        self._moments = tuple(shown)
        self.replay = prepared.replay()
        self.start()
        self.say(HINT)

    def pause(self) -> None:
        """Stand still while another page is shown."""
        self.replay.playback.playing = False
        self._timer.stop()

    def forget(self) -> None:
        """Let the case go, with its pictures."""
        self.pause()
        self._moments, self.replay = (), _nothing()
        self.image.image.clear()

    def key_actions(self) -> tuple[KeyAction, ...]:
        """Those of a replay, and the moments; Q closes the training, not the replay alone."""
        own = [
            key(code, f"{number}", f"go to: {moment.title}", self._to(moment.frame))
            for number, (code, moment) in enumerate(
                zip(_DIGITS, self._moments, strict=False), start=1
            )
            if moment.frame is not None
        ]
        back = ((Qt.Key.Key_Backspace, PLAIN),)
        own.append(KeyAction(back, "Backspace", "back to the result", self._back))
        leave = key(Qt.Key.Key_Q, "Q", "close", self._leave)
        others = [one for one in super().key_actions() if (Qt.Key.Key_Q, PLAIN) not in one.chords]
        return (*own, *others, leave)

    def _to(self, frame: int) -> Callable[[], None]:
        return lambda: self.replay.playback.seek(frame)


def _nothing() -> Replay:
    """A replay of no frames."""
    track = Track(Settings())
    track.finish()
    return Replay(track, Marks(), Settings())
