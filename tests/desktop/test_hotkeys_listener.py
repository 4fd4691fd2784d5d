from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from Xlib.error import DisplayConnectionError

from app.core.errors import UserFacingError
from app.hotkeys.listener import RawListener, load_listener
from tests.desktop.session import DesktopSession

TIMEOUT_S = 10


def new_listener(desktop: DesktopSession, monkeypatch: pytest.MonkeyPatch) -> RawListener:
    # pynput takes the display from the environment only.
    monkeypatch.setenv("DISPLAY", desktop.display)
    return RawListener(desktop.display, on_key=lambda key: None, on_end=lambda: None)


def listening() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "key listener"]


def test_stopping_while_the_thread_is_being_started_ends_it(
    desktop: DesktopSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = new_listener(desktop, monkeypatch)
    is_starting, may_start = threading.Event(), threading.Event()
    start_thread = listener._thread.start

    def start_slowly() -> None:
        is_starting.set()
        assert may_start.wait(TIMEOUT_S)
        start_thread()

    monkeypatch.setattr(listener._thread, "start", start_slowly)
    with ThreadPoolExecutor(2) as pool:
        starting = pool.submit(listener.start)
        assert is_starting.wait(TIMEOUT_S)
        stopping = pool.submit(listener.stop)
        wait([stopping], 0.2)
        stopped_too_early = stopping.done()
        may_start.set()
        stopping.result(TIMEOUT_S)
        left = listening()
        wait([starting], TIMEOUT_S)
    assert not stopped_too_early
    assert left == []


def test_a_listener_that_was_stopped_before_does_not_start(
    desktop: DesktopSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = new_listener(desktop, monkeypatch)
    listener.stop()
    with pytest.raises(UserFacingError, match="ended before it had begun"):
        listener.start()
    assert listening() == []


def test_one_that_could_not_watch_can_be_stopped(desktop: DesktopSession, monkeypatch: pytest.MonkeyPatch) -> None:
    listener = new_listener(desktop, monkeypatch)

    def fail(_listener: object) -> None:
        raise DisplayConnectionError(desktop.display, b"no more clients")

    monkeypatch.setattr(load_listener(), "run", fail)
    with pytest.raises(UserFacingError, match="cannot be watched"):
        listener.start()
    listener.stop()
    assert listening() == []
