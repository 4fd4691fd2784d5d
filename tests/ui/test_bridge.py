"""The thread crossing: results come back on the Qt thread, once, and never to someone who is gone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from functools import partial

import pytest
import shiboken6
from PySide6.QtCore import QObject, QThread, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.core.errors import Cancelled, UserFacingError
from app.ui.bridge import Bridge


@pytest.fixture
def bridge(qapp: object) -> Iterator[Bridge]:
    bridge = Bridge()
    bridge.start()
    yield bridge
    bridge.stop()


@pytest.fixture
def owner(qapp: object) -> QObject:
    return QObject()


def test_a_result_arrives_on_the_qt_thread(bridge: Bridge, owner: QObject, qtbot: QtBot) -> None:
    seen: list[tuple[int, bool, str]] = []

    async def work() -> tuple[int, str]:
        return 42, threading.current_thread().name

    bridge.submit(
        work,
        owner=owner,
        on_done=lambda result: seen.append((result[0], QThread.currentThread() is owner.thread(), result[1])),
    )
    qtbot.waitUntil(lambda: bool(seen))
    assert seen == [(42, True, "asyncio")]


def test_an_expected_failure_goes_to_on_error(bridge: Bridge, owner: QObject, qtbot: QtBot) -> None:
    errors: list[UserFacingError] = []

    async def work() -> None:
        raise UserFacingError("The disk is full.")

    bridge.submit(work, owner=owner, on_done=lambda _: pytest.fail("not done"), on_error=errors.append)
    qtbot.waitUntil(lambda: bool(errors))
    assert errors[0].message == "The disk is full."


def test_a_change_of_mind_is_not_an_error(bridge: Bridge, owner: QObject, qtbot: QtBot) -> None:
    seen: list[str] = []

    async def work() -> None:
        raise Cancelled

    bridge.submit(
        work, owner=owner, on_error=lambda _: seen.append("error"), on_cancelled=lambda: seen.append("cancelled")
    )
    qtbot.waitUntil(lambda: bool(seen))
    assert seen == ["cancelled"]


def test_a_bug_is_raised_where_the_crash_handler_sees_it(bridge: Bridge, owner: QObject, qtbot: QtBot) -> None:
    async def work() -> None:
        raise ZeroDivisionError

    with qtbot.captureExceptions() as exceptions:
        bridge.submit(work, owner=owner, on_error=lambda _: pytest.fail("a bug is no expected failure"))
        qtbot.waitUntil(lambda: bool(exceptions))
    assert exceptions[0][0] is ZeroDivisionError


def test_an_expected_failure_that_nobody_takes_is_a_bug(bridge: Bridge, owner: QObject, qtbot: QtBot) -> None:
    async def work() -> None:
        raise UserFacingError("lost")

    with qtbot.captureExceptions() as exceptions:
        bridge.submit(work, owner=owner)
        qtbot.waitUntil(lambda: bool(exceptions))
    assert exceptions[0][0] is UserFacingError


def test_cancel_stops_the_coroutine_and_silences_it(bridge: Bridge, owner: QObject, qtbot: QtBot) -> None:
    started, stopped = threading.Event(), threading.Event()

    async def work() -> None:
        started.set()
        try:
            await asyncio.sleep(60)
        finally:
            stopped.set()

    handle = bridge.submit(work, owner=owner, on_done=lambda _: pytest.fail("was cancelled"))
    assert started.wait(5)
    handle.cancel()
    assert stopped.wait(5)
    drained: list[bool] = []
    QTimer.singleShot(0, owner, lambda: drained.append(True))
    qtbot.waitUntil(lambda: bool(drained))


def test_cancel_before_the_loop_began_it(bridge: Bridge, owner: QObject, qtbot: QtBot) -> None:
    hold = threading.Event()
    bridge.call_soon(hold.wait)
    ran: list[str] = []

    async def work() -> None:
        ran.append("work")

    handle = bridge.submit(work, owner=owner, on_done=lambda _: ran.append("done"))
    handle.cancel()
    hold.set()
    after: list[None] = []

    async def nothing() -> None:
        return None

    bridge.submit(nothing, owner=owner, on_done=after.append)
    qtbot.waitUntil(lambda: bool(after))
    assert ran == []


def test_a_result_for_a_destroyed_owner_is_dropped(bridge: Bridge, qtbot: QtBot) -> None:
    owner, witness = QObject(), QObject()
    release = threading.Event()
    witnessed: list[None] = []

    async def work() -> None:
        await asyncio.to_thread(release.wait)

    bridge.submit(work, owner=owner, on_done=lambda _: pytest.fail("its owner is gone"))
    bridge.submit(work, owner=witness, on_done=witnessed.append)
    shiboken6.delete(owner)
    release.set()
    qtbot.waitUntil(lambda: bool(witnessed))


def test_ask_awaits_the_interface(bridge: Bridge, owner: QObject, qtbot: QtBot) -> None:
    answers: list[str] = []

    def question(answer: Callable[[str], None]) -> None:
        assert QThread.currentThread() is owner.thread()
        QTimer.singleShot(0, owner, lambda: answer("yes"))
        QTimer.singleShot(0, owner, lambda: answer("again"))

    bridge.submit(lambda: bridge.ask(question), owner=owner, on_done=answers.append)
    qtbot.waitUntil(lambda: bool(answers))
    assert answers == ["yes"]


def test_a_question_that_fails_fails_the_asker(bridge: Bridge, owner: QObject, qtbot: QtBot) -> None:
    errors: list[UserFacingError] = []

    def question(answer: Callable[[None], None]) -> None:
        raise UserFacingError("No screen.")

    bridge.submit(lambda: bridge.ask(question), owner=owner, on_error=errors.append)
    qtbot.waitUntil(lambda: bool(errors))
    assert errors[0].message == "No screen."


def test_stop_cancels_what_runs_and_then_closes(qapp: object, owner: QObject) -> None:
    bridge = Bridge()
    bridge.start()
    order: list[str] = []
    started = threading.Event()

    async def work() -> None:
        started.set()
        try:
            await asyncio.sleep(60)
        finally:
            order.append("task ended")

    async def close() -> None:
        order.append("closed")

    bridge.submit(work, owner=owner)
    assert started.wait(5)
    bridge.stop(close)
    assert order == ["task ended", "closed"]
    assert not any(thread.name == "asyncio" for thread in threading.enumerate())


def test_work_for_the_main_thread_is_done_there(bridge: Bridge, owner: QObject, qtbot: QtBot) -> None:
    seen: list[bool] = []

    def work() -> bool:
        return QThread.currentThread() is owner.thread()

    bridge.submit(lambda: bridge.run(work), owner=owner, on_done=seen.append)
    qtbot.waitUntil(lambda: bool(seen))
    assert seen == [True]


def test_work_for_the_main_thread_is_done_even_while_it_waits_for_the_end(qapp: object, owner: QObject) -> None:
    # As keys on a Mac are released: the Qt thread waits in `stop`, and its event loop does not run.
    bridge = Bridge()
    bridge.start()
    done: list[tuple[str, bool]] = []
    errors: list[str] = []

    def work(name: str) -> None:
        done.append((name, QThread.currentThread() is owner.thread()))
        if name == "bad":
            raise RuntimeError(name)

    async def close() -> None:
        for name in ("first", "bad", "last"):
            try:
                await bridge.run(partial(work, name))
            except RuntimeError as error:
                errors.append(str(error))

    bridge.stop(close)
    assert done == [("first", True), ("bad", True), ("last", True)]
    assert errors == ["bad"]


def test_work_that_was_asked_for_before_the_end_is_not_lost(qapp: object, owner: QObject) -> None:
    bridge = Bridge()
    bridge.start()
    asked, order = threading.Event(), list[str]()

    async def early() -> None:
        asyncio.get_running_loop().call_soon(asked.set)
        await bridge.run(lambda: order.append("early"))

    async def close() -> None:
        await bridge.run(lambda: order.append("late"))

    bridge.submit(early, owner=owner)
    assert asked.wait(5)
    bridge.stop(close)
    assert order == ["early", "late"]


def test_nothing_goes_to_the_other_side_after_the_end(qapp: QApplication, owner: QObject) -> None:
    # Timers and queued calls of the Qt side come until the application has left its event loop, and ask for more.
    bridge = Bridge()
    bridge.start()
    seen: list[str] = []

    async def work() -> None:
        seen.append("worked")

    def ask() -> None:
        handle = bridge.submit(work, owner=owner, on_done=lambda _: seen.append("done"))
        assert handle.is_cancelled
        handle.cancel()
        bridge.call_soon(seen.append, "called")

    async def close() -> None:
        await bridge.run(ask)

    bridge.stop(close)
    ask()
    QApplication.processEvents()
    assert seen == []


def test_nothing_comes_from_the_other_side_after_the_end(qapp: QApplication, owner: QObject, qtbot: QtBot) -> None:
    bridge = Bridge()
    bridge.start()
    seen: list[str] = []
    ready = threading.Event()

    def question(_answer: Callable[[None], None]) -> None:
        seen.append("asked")

    async def work() -> str:
        return "done"

    async def ask() -> None:
        bridge.post_to(owner, seen.append, "event")
        asyncio.get_running_loop().call_soon(ready.set)
        await bridge.ask(question)

    bridge.submit(work, owner=owner, on_done=seen.append)
    bridge.submit(ask, owner=owner)
    assert ready.wait(5)
    bridge.stop()
    QApplication.processEvents()
    assert seen == []
