"""Open the training window on a programme of cases."""

from __future__ import annotations

from collections.abc import Sequence

from leakwatch.gui.app import application, interrupt_closes
from leakwatch.gui.training.session_keeper import Keeper
from leakwatch.gui.training.training_window import TrainingWindow
from leakwatch.training.training_case import TrainingItem
from leakwatch.training.training_records import TrainingRecords


def show_training(items: Sequence[TrainingItem], trainee: str) -> None:
    """Train a person on `items`, one after the other, until the window is closed.

    Parameters
    ----------
    items : sequence of TrainingItem
        At least one.
    trainee : str
        Name to begin with; may be empty.

    Raises
    ------
    LibraryError
        Results cannot be kept on this machine.
    """
    running = application()
    with TrainingRecords() as records:
        window = TrainingWindow(items, Keeper(records), trainee)
        window.show()
        window.start()
        with interrupt_closes(window):
            running.exec()
        window.close()
