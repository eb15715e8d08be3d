"""Opening of the training window on a programme of cases."""

from __future__ import annotations

from collections.abc import Sequence

from leakwatch.config import Settings
from leakwatch.gui.app import application, show_until_closed
from leakwatch.gui.training.ct_page import MakeCases
from leakwatch.gui.training.session_keeper import SessionStore
from leakwatch.gui.training.training_window import TrainingWindow
from leakwatch.training.training_case import TrainingItem
from leakwatch.training.training_records import TrainingRecords


def show_training(
    items: Sequence[TrainingItem],
    trainee: str,
    settings: Settings,
    choose: bool = False,
    from_ct: MakeCases | None = None,
) -> None:
    """Train on `items`, one after the other or as chosen, until the window is closed.

    Parameters
    ----------
    items : sequence of TrainingItem
        At least one.
    trainee : str
        Initial name; may be empty.
    settings : Settings
    choose : bool
        Whether the case is chosen in the window.
    from_ct : callable or None
        Makes cases from a CT.

    Raises
    ------
    LibraryError
        Results cannot be saved on this computer.
    """
    running = application()
    with TrainingRecords() as records:
        window = TrainingWindow(
            items,
            SessionStore(records),
            trainee,
            choose=choose,
            from_ct=from_ct,
            settings=settings.training,
        )
        show_until_closed(running, window, "training")
        window.close()
