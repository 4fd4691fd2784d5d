"""A desktop portal of the tests' own, on a real message bus: it answers as it is told, and can die or keep silent.

As a program: `python -m tests.desktop.fake_portal CODE [PICTURE]` answers screenshots with CODE (0, 1, 2), or with
`silent`, `dies` or `old` (no Screenshot part at all), and prints each request as a line. Two codes with a comma between
them are for a request without and with a dialog.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app.system.dbus import CallRefused, IncomingCall, SessionBus
from app.system.portal import PATH, PORTAL

SCREENSHOT = "org.freedesktop.portal.Screenshot"
SHORTCUTS = "org.freedesktop.portal.GlobalShortcuts"
REGISTRY = "org.freedesktop.host.portal.Registry"
_REQUEST = "org.freedesktop.portal.Request"
_SESSION = "org.freedesktop.portal.Session"
_ERROR = "org.freedesktop.portal.Error."
_UNKNOWN = "org.freedesktop.DBus.Error.UnknownInterface"


class FakePortal:
    """The portal's name and object on a bus. Made by `start`, used on the loop that made it."""

    def __init__(self, bus: SessionBus, parts: Sequence[str]) -> None:
        self.bus = bus
        self._parts = tuple(parts)
        self.calls: list[IncomingCall] = []
        """Every call, in order."""
        self.registered: list[str] = []
        self.screenshot_answers: Mapping[bool, str] = {False: "0", True: "0"}
        """By whether a dialog is asked for."""
        self.picture: Path | None = None
        """Copied for every screenshot that is given."""
        self.knows_us = True
        """False where no desktop file of ours is installed: as the real one does it from 1.21 on."""
        self.bind_code = 0
        self.bind_gate: asyncio.Event | None = None
        """Bindings wait for it: a dialog that the person looks at."""
        self.triggers: dict[str, str] = {}
        """Key by action; what is not in it gets the preferred one."""
        self.tells_only_when_asked = False
        self.sessions: list[str] = []
        self.shortcuts: dict[str, dict[str, Any]] = {}
        """What was asked for last: action → its properties."""

    @classmethod
    async def start(cls, environ: Mapping[str, str], parts: Sequence[str] = (SCREENSHOT, SHORTCUTS)) -> FakePortal:
        """Connect and take the portal's name."""
        portal = cls(await SessionBus.connect(environ), parts)
        portal.bus.export(PATH, portal._answer)
        assert await portal.bus.own(PORTAL)
        return portal

    async def stop(self) -> None:
        """Die: the name goes away."""
        await self.bus.close()

    def called(self, member: str) -> list[IncomingCall]:
        """The calls of a method."""
        return [call for call in self.calls if call.member == member]

    async def press(self, action: str, session: str = "", **options: tuple[str, Any]) -> None:
        """Have a shortcut pressed."""
        body = (session or self.sessions[-1], action, 1234, options)
        await self.bus.emit(PATH, SHORTCUTS, "Activated", "osta{sv}", body)

    async def change(self, triggers: Mapping[str, str]) -> None:
        """Have the person choose other keys in the desktop's settings."""
        self.triggers |= triggers
        body = (self.sessions[-1], self._listed())
        await self.bus.emit(PATH, SHORTCUTS, "ShortcutsChanged", "oa(sa{sv})", body)

    async def close_session(self) -> None:
        """End the last session from the desktop's side."""
        await self.bus.emit(self.sessions[-1], _SESSION, "Closed", "a{sv}", ({},))

    async def _answer(self, call: IncomingCall) -> tuple[str, tuple[Any, ...]]:
        self.calls.append(call)
        if call.interface == "org.freedesktop.DBus.Properties":
            if call.body[0] not in self._parts:
                raise CallRefused(_UNKNOWN, f"No such interface “{call.body[0]}”")
            return "v", (("u", 2),)
        if call.interface == REGISTRY:
            if not self.knows_us:
                raise CallRefused(f"{_ERROR}Failed", "Can't create registered app")
            self.registered.append(call.body[0])
            return "", ()
        if call.interface not in self._parts:
            raise CallRefused(_UNKNOWN, f"No such interface “{call.interface}”")
        if call.member == "CreateSession" and not self.knows_us:
            raise CallRefused(f"{_ERROR}NotAllowed", "An app id is required")
        handle = self._handle("request", call, call.body[-1]["handle_token"][1])
        self.bus.export(handle, self._answer_request)
        # At once: whoever listens only after the call has missed it.
        await self._respond(call, handle)
        return "o", (handle,)

    async def _answer_request(self, call: IncomingCall) -> tuple[str, tuple[Any, ...]]:
        self.calls.append(call)
        return "", ()

    async def _respond(self, call: IncomingCall, handle: str) -> None:
        if call.member == "Screenshot":
            await self._screenshot(call, handle)
        elif call.member == "CreateSession":
            session = self._handle("session", call, call.body[0]["session_handle_token"][1])
            self.sessions.append(session)
            self.bus.export(session, self._answer_request)
            await self._end(handle, 0, {"session_handle": ("s", session)})
        elif call.member == "BindShortcuts":
            self.shortcuts = dict(call.body[1])
            if self.bind_gate is not None:
                self._later = asyncio.create_task(self._bind_later(handle, self.bind_gate))
                return
            await self._bound(handle)
        elif call.member == "ListShortcuts":
            await self._end(handle, 0, {"shortcuts": ("a(sa{sv})", self._listed())})
        else:
            raise CallRefused("org.freedesktop.DBus.Error.UnknownMethod", call.member)

    async def _bind_later(self, handle: str, gate: asyncio.Event) -> None:
        await gate.wait()
        await self._bound(handle)

    async def _bound(self, handle: str) -> None:
        listed = [] if self.tells_only_when_asked else self._listed()
        await self._end(handle, self.bind_code, {"shortcuts": ("a(sa{sv})", listed)} if self.bind_code == 0 else {})

    def _listed(self) -> list[tuple[str, dict[str, tuple[str, Any]]]]:
        return [
            (
                action,
                {
                    "description": about["description"],
                    "trigger_description": ("s", self.triggers.get(action, about["preferred_trigger"][1])),
                },
            )
            for action, about in self.shortcuts.items()
        ]

    async def _screenshot(self, call: IncomingCall, handle: str) -> None:
        answer = self.screenshot_answers[call.body[-1]["interactive"][1]]
        if answer == "dies":
            os._exit(0)
        if answer == "silent":
            return
        results: dict[str, tuple[str, Any]] = {}
        if answer == "0":
            assert self.picture is not None
            left = self.picture.with_name("left by the portal.png")
            shutil.copy(self.picture, left)
            results["uri"] = ("s", left.as_uri())
        await self._end(handle, int(answer), results)

    async def _end(self, handle: str, code: int, results: Mapping[str, tuple[str, Any]]) -> None:
        await self.bus.emit(handle, _REQUEST, "Response", "ua{sv}", (code, dict(results)))

    @staticmethod
    def _handle(kind: str, call: IncomingCall, token: str) -> str:
        return f"{PATH}/{kind}/{call.sender[1:].replace('.', '_')}/{token}"


async def _serve(answers: str, picture: Path | None) -> None:
    portal = await FakePortal.start(os.environ, (SHORTCUTS,) if answers == "old" else (SCREENSHOT,))
    plain, _, dialog = answers.partition(",")
    portal.screenshot_answers = {False: plain, True: dialog or plain}
    portal.picture = picture
    print("ready", flush=True)
    seen = 0
    while portal.bus.is_open:
        for call in portal.calls[seen:]:
            print(json.dumps([call.member, str(call.body)]), flush=True)
        seen = len(portal.calls)
        await asyncio.sleep(0.01)


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], Path(sys.argv[2]) if len(sys.argv) > 2 else None))
