"""Windows are deleted on their own thread, whichever thread allocates."""

from __future__ import annotations

import gc
import threading

from PySide6.QtCore import QThread
from PySide6.QtWidgets import QWidget

from leakwatch.gui.widgets.garbage_collection import GarbageCollector, collect_on_this_thread


class Cyclic(QWidget):
    """A window that refers to itself."""

    def __init__(self, deleted):
        super().__init__()
        self.itself = self
        self.deleted = deleted

    def __del__(self):
        self.deleted.append(threading.current_thread())


def test_a_window_in_a_cycle_is_deleted_on_the_thread_of_the_windows(qapp, qtbot):
    collect_on_this_thread(qapp)
    deleted = []
    Cyclic(deleted)

    kept = []
    # Freeing them again would take back what counts towards a collection.
    other = threading.Thread(target=lambda: kept.extend([] for _ in range(200_000)))
    other.start()
    other.join()
    assert deleted == []
    qtbot.waitUntil(lambda: deleted == [threading.main_thread()], timeout=5000)


def test_there_is_one_collector_and_pythons_own_is_off(qapp):
    collect_on_this_thread(qapp)
    collect_on_this_thread(qapp)
    assert len(qapp.findChildren(GarbageCollector)) == 1
    assert not gc.isenabled()
    assert qapp.thread() is QThread.currentThread()
