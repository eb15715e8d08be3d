"""What ends the program, and what must not: a signal that was ignored stays ignored."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest

from leakwatch.cli.console import ended_like_interrupted
from leakwatch.core.interruption import (
    INSISTENT,
    Interruptions,
    end_quietly_on_ctrl_c,
    handle_signals,
    is_ignored,
)


@pytest.fixture(params=["SIGINT", "SIGTERM", "SIGHUP"])
def number(request: pytest.FixtureRequest) -> Iterator[signal.Signals]:
    one: signal.Signals = getattr(signal, request.param)
    before = signal.getsignal(one)
    yield one
    signal.signal(one, before)


def test_a_signal_is_dealt_with_for_a_while(number: signal.Signals) -> None:
    signal.signal(number, signal.default_int_handler)
    came = []
    with handle_signals(lambda one, stack: came.append(one), number.name, "SIGNOSUCH"):
        signal.raise_signal(number)
    assert came == [number]
    assert signal.getsignal(number) is signal.default_int_handler


def test_what_is_ignored_stays_ignored(number: signal.Signals) -> None:
    signal.signal(number, signal.SIG_IGN)
    came = []
    with handle_signals(lambda one, stack: came.append(one), number.name):
        assert is_ignored(number)
        signal.raise_signal(number)
    assert came == []
    assert is_ignored(number)


def test_a_handler_is_put_back_after_an_error(number: signal.Signals) -> None:
    signal.signal(number, signal.SIG_DFL)
    with (
        pytest.raises(ValueError, match="broken"),
        handle_signals(lambda one, stack: None, number.name),
    ):
        raise ValueError("broken")
    assert signal.getsignal(number) is signal.SIG_DFL


def test_on_another_thread_nothing_is_changed() -> None:
    done = []

    def work() -> None:
        with handle_signals(lambda one, stack: None, "SIGINT"):
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(10.0)
    assert done == [True]


def test_a_session_under_nohup_outlives_its_terminal() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ended_like_interrupted():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("deaf", [False, True])
def test_a_helping_process_listens_as_its_parent_does(deaf: bool) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN if deaf else signal.default_int_handler)
    try:
        end_quietly_on_ctrl_c()
        assert signal.getsignal(signal.SIGINT) is (signal.SIG_IGN if deaf else signal.SIG_DFL)
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.fixture
def heard() -> Iterator[Interruptions]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    interruptions = Interruptions()
    interruptions.hear()
    yield interruptions
    signal.signal(signal.SIGINT, before)


def test_an_interruption_raises_until_it_is_held(heard: Interruptions) -> None:
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    heard.hold()
    signal.raise_signal(signal.SIGINT)
    assert not heard.came_late  # the first one was answered


def test_a_held_interruption_is_raised_where_it_may_be(heard: Interruptions) -> None:
    heard.hold()
    signal.raise_signal(signal.SIGINT)
    assert heard.came_late
    with pytest.raises(KeyboardInterrupt):
        heard.release()
    assert not heard.came_late
    heard.release()  # raised once


def test_who_insists_ends_what_hangs(heard: Interruptions) -> None:
    heard.hold()
    for _ in range(INSISTENT - 1):
        signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_a_library_holds_nothing_back(ctrl_c: None) -> None:
    interruptions = Interruptions()
    interruptions.hold()
    interruptions.mark_late()
    assert not interruptions.came_late
    with pytest.raises(KeyboardInterrupt):
        interruptions.handle(signal.SIGINT, None)
