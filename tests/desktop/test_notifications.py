"""Notifications with a real notification service, and with one that can do less."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import UserFacingError
from app.core.geometry import Rect
from app.core.ports import Notice
from app.core.screen import Frame
from app.system.notifications import DBusNotifier
from tests.desktop.processes import Process, wait_until
from tests.desktop.session import DesktopSession, desktop_session

NAME = "org.freedesktop.Notifications"
ACTIONS = (("default", "Open"), ("copy", "Copy link"), ("delete", "Delete"))
UPLOADED = Notice("Link copied", "https://imglink.example/i/abc", ACTIONS)

_DUNST = """\
[global]
    idle_threshold = 0
    dmenu = {menu}
    {setting}
[urgency_low]
    timeout = 0
[urgency_normal]
    timeout = 0
"""


@pytest.fixture
def session() -> Iterator[DesktopSession]:
    with desktop_session(window_manager=False) as session:
        yield session


def start_dunst(session: DesktopSession, chooses: str = "Open", setting: str = "") -> Process:
    """dunst, whose menu of actions is a program that takes the one called `chooses`."""
    menu = session.folder / "menu"
    menu.write_text(f'#!/bin/sh\nexec grep "^#{chooses} "\n')
    menu.chmod(0o700)
    config = session.folder / "dunstrc"
    config.write_text(_DUNST.format(menu=menu, setting=setting))
    dunst = session.spawn(["dunst", "-print", "-conf", config])
    session.wait_for(lambda: session.bus_has(NAME))
    return dunst


def start_server(session: DesktopSession, *capabilities: str) -> Process:
    program = Path(__file__).with_name("notification_server.py")
    server = session.spawn([sys.executable, program, *capabilities])
    server.wait_for_output("READY")
    return server


def received(server: Process) -> list[dict[str, Any]]:
    return [json.loads(line) for line in server.stdout.splitlines() if line.startswith("{")]


def run(session: DesktopSession, test: Callable[[DBusNotifier], Awaitable[None]]) -> None:
    async def main() -> None:
        notifier = DBusNotifier(session.env)
        try:
            await test(notifier)
        finally:
            await notifier.close()

    asyncio.run(main())


async def until(condition: Callable[[], object]) -> None:
    await asyncio.to_thread(wait_until, condition, 10, lambda: "the condition did not come true")


async def ctl(session: DesktopSession, *arguments: str) -> None:
    await asyncio.to_thread(session.run, ["dunstctl", *arguments])


def test_dunst_is_found_and_has_buttons(session: DesktopSession) -> None:
    start_dunst(session)

    async def test(notifier: DBusNotifier) -> None:
        probe = await notifier.probe()
        assert probe.available
        assert probe.reason.startswith("dunst 1.")

    run(session, test)


@pytest.mark.parametrize(
    ("press", "key"),
    [(("action", "0"), "default"), (("context",), "copy")],
)
def test_the_pressed_button_comes_back_by_its_key(session: DesktopSession, press: tuple[str, ...], key: str) -> None:
    start_dunst(session, chooses="Copy link")

    async def test(notifier: DBusNotifier) -> None:
        others: list[str] = []
        pressed: list[str] = []
        await notifier.show(Notice("An older one", "", ACTIONS), others.append)
        await ctl(session, "close-all")
        await notifier.show(UPLOADED, pressed.append)
        await until(lambda: pressed or session.run(["dunstctl", "count", "displayed"]).strip() == b"1")
        await ctl(session, *press)
        await until(lambda: pressed)
        assert pressed == [key]
        assert others == []

    run(session, test)


@pytest.mark.parametrize("setting", ["", "markup = full", "markup = strip"])
def test_text_is_shown_as_it_is(session: DesktopSession, setting: str) -> None:
    dunst = start_dunst(session, setting=setting)

    async def test(notifier: DBusNotifier) -> None:
        await notifier.show(Notice("Title <b>&amp;", "<b>bold</b> & <a href='x'>link</a> &lt;"))
        # dunst prints the Pango markup that it draws.
        await asyncio.to_thread(dunst.wait_for_output, "formatted:")

    run(session, test)
    formatted = dunst.stdout.split("formatted: '")[1]
    assert "Title &lt;b&gt;&amp;amp;" in formatted
    assert "&lt;b&gt;bold&lt;/b&gt; &amp; &lt;a href=" in formatted
    assert "&amp;lt;" in formatted


def test_a_picture_is_shown(session: DesktopSession) -> None:
    start_dunst(session)
    pixels = memoryview(bytes([1, 200, 3, 0]) * 48 * 48)

    async def test(notifier: DBusNotifier) -> None:
        await notifier.show(Notice("A picture", "", thumbnail=Frame(Rect(0, 0, 48, 48), pixels, 48 * 4)))
        await until(lambda: session.find_pixels((3, 200, 1)))
        shown = session.find_pixels((3, 200, 1))
        assert shown is not None
        assert shown.width >= 32

    run(session, test)


def test_a_service_with_markup_gets_the_text_escaped_and_one_without_as_it_is(session: DesktopSession) -> None:
    text = "<b>&amp;</b> > 'quoted'"
    for capabilities, expected in ((["body-markup"], "&lt;b&gt;&amp;amp;&lt;/b&gt; &gt; 'quoted'"), ([], text)):
        server = start_server(session, *capabilities)
        run(session, lambda notifier: notifier.show(Notice(text, text)))
        (notice,) = received(server)
        assert notice["body"] == expected
        assert notice["title"] == text
        server.stop()
        session.wait_for(lambda: not session.bus_has(NAME))


def test_buttons_are_sent_only_where_they_are_shown(session: DesktopSession) -> None:
    for capabilities, expected in (
        (["actions"], ["default", "Open", "copy", "Copy link", "delete", "Delete"]),
        (["body"], []),
    ):
        server = start_server(session, *capabilities)

        async def test(notifier: DBusNotifier) -> None:
            await notifier.show(UPLOADED)
            assert ("no buttons" in (await notifier.probe()).reason) is not bool(expected)  # noqa: B023 - run at once

        run(session, test)
        assert received(server)[0]["actions"] == expected
        server.stop()
        session.wait_for(lambda: not session.bus_has(NAME))


def test_what_has_buttons_or_went_wrong_stays_and_mere_information_goes(session: DesktopSession) -> None:
    server = start_server(session, "actions")

    async def test(notifier: DBusNotifier) -> None:
        for notice in (UPLOADED, Notice("Failed", "", is_error=True), Notice("Copied", "")):
            await notifier.show(notice)

    run(session, test)
    hints = [notice["hints"] for notice in received(server)]
    assert [hint["transient"] for hint in hints] == [False, False, True]
    assert [hint["urgency"] for hint in hints] == [1, 1, 0]
    assert {hint["desktop-entry"] for hint in hints} == {"cc.imglink.Desktop"}


def test_a_button_that_is_pressed_in_the_same_breath_is_not_missed(session: DesktopSession) -> None:
    start_server(session, "actions")

    async def test(notifier: DBusNotifier) -> None:
        pressed: list[str] = []
        for _ in range(50):
            await notifier.show(Notice("press at once", "", ACTIONS), pressed.append)
        await until(lambda: len(pressed) == 50)

    run(session, test)


def test_control_characters_do_not_cost_the_connection(session: DesktopSession) -> None:
    server = start_server(session)

    async def test(notifier: DBusNotifier) -> None:
        await notifier.show(Notice("a\x00b", "c\x07\nd\udcff"))
        await notifier.show(Notice("still there", ""))

    run(session, test)
    assert [notice["title"] for notice in received(server)] == ["a b", "still there"]
    assert received(server)[0]["body"] == "c \nd?"


def test_it_survives_a_restart_of_the_service(session: DesktopSession) -> None:
    async def test(notifier: DBusNotifier) -> None:
        first: list[str] = []
        second: list[str] = []
        server = await asyncio.to_thread(start_server, session, "actions")
        await notifier.show(UPLOADED, first.append)
        await asyncio.to_thread(server.stop)
        await asyncio.to_thread(session.wait_for, lambda: not session.bus_has(NAME))
        with pytest.raises(UserFacingError, match="shows no notifications"):
            await notifier.show(UPLOADED)
        assert not (await notifier.probe()).available
        # The new one has other abilities, and its first number is the old one's too.
        server = await asyncio.to_thread(start_server, session, "actions", "body-markup")
        await notifier.show(Notice("press at once", "<", ACTIONS), second.append)
        await until(lambda: second)
        assert first == []
        assert received(server)[0]["body"] == "&lt;"

    run(session, test)


def test_it_connects_again_when_the_bus_was_restarted(session: DesktopSession) -> None:
    async def test(notifier: DBusNotifier) -> None:
        await asyncio.to_thread(start_server, session)
        await notifier.show(UPLOADED)
        bus = notifier._bus
        assert bus is not None
        await bus.close()
        await notifier.show(UPLOADED)

    run(session, test)


def test_a_frozen_service_fails_in_time(session: DesktopSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.system.notifications.CALL_TIMEOUT_S", 0.2)
    server = start_server(session)
    server.send_signal(signal.SIGSTOP)

    async def test(notifier: DBusNotifier) -> None:
        begin = time.monotonic()
        with pytest.raises(UserFacingError, match="shows no notifications") as caught:
            await notifier.show(UPLOADED)
        assert "did not answer" in caught.value.details
        assert time.monotonic() - begin < 4
        server.send_signal(signal.SIGCONT)
        # The late answer of the first call must not be taken for the second's.
        await notifier.show(Notice("Then it works", ""))

    run(session, test)
    assert received(server)[-1]["title"] == "Then it works"


def test_the_buttons_of_very_many_notifications_do_not_pile_up(session: DesktopSession) -> None:
    start_server(session, "actions")

    async def test(notifier: DBusNotifier) -> None:
        for _ in range(210):
            await notifier.show(UPLOADED, lambda _key: None)
        assert len(notifier._actions) == 200

    run(session, test)
