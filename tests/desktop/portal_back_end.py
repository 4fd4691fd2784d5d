"""A desktop's part of the portal, for the real one to ask: pictures of the screen, and the person's answers.

As a program: `python -m tests.desktop.portal_back_end PICTURE CODE` gives PICTURE for every screenshot, answers every
question for permission with CODE (0 allows), and prints each request as a line.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from app.system.dbus import CallRefused, IncomingCall, SessionBus
from app.system.portal import PATH

NAME = "org.freedesktop.impl.portal.desktop.tests"
_VERSIONS = {"org.freedesktop.impl.portal.Screenshot": ("u", 2)}


async def _serve(picture: Path, code: int) -> None:
    async def answer(call: IncomingCall) -> tuple[str, tuple[Any, ...]]:
        if call.member == "GetAll":
            version = _VERSIONS.get(call.body[0])
            return "a{sv}", ({"version": version} if version else {},)
        if call.member not in ("Screenshot", "AccessDialog"):
            raise CallRefused("org.freedesktop.DBus.Error.UnknownMethod", call.member)
        print(call.member, call.body[-1].get("interactive", ("", ""))[1], flush=True)
        if call.member == "AccessDialog":
            return "ua{sv}", (code, {})
        left = picture.with_name("left by the desktop.png")
        shutil.copy(picture, left)
        return "ua{sv}", (0, {"uri": ("s", left.as_uri())})

    bus = await SessionBus.connect(os.environ)
    bus.export(PATH, answer)
    assert await bus.own(NAME)
    print("ready", flush=True)
    await bus.wait_closed()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), int(sys.argv[2])))
