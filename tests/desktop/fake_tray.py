"""A StatusNotifier tray of the tests' own: it says who registers, reads the icon's menu, and clicks on the icon.

As a program: `python -m tests.desktop.fake_tray [FILE]`; with FILE, it has no host before that file is there.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from app.system.dbus import CallRefused, IncomingCall, SessionBus
from tests.desktop.processes import wait_until

NAME = "org.kde.StatusNotifierWatcher"
PATH = "/StatusNotifierWatcher"
ITEM = "org.kde.StatusNotifierItem"
MENU = "com.canonical.dbusmenu"
_PROPERTIES: dict[str, tuple[str, Any]] = {
    "IsStatusNotifierHostRegistered": ("b", True),
    "RegisteredStatusNotifierItems": ("as", []),
    "ProtocolVersion": ("i", 0),
}


async def main(host: Path | None) -> None:
    bus = await SessionBus.connect(os.environ)
    items: asyncio.Queue[str] = asyncio.Queue()

    async def answer(call: IncomingCall) -> tuple[str, tuple[Any, ...]]:
        if call.member == "Get":
            return "v", (_PROPERTIES[call.body[1]],)
        if call.member == "RegisterStatusNotifierItem":
            print("RegisterStatusNotifierItem", flush=True)
            items.put_nowait(call.sender)
        elif call.member != "RegisterStatusNotifierHost":
            raise CallRefused("org.freedesktop.DBus.Error.UnknownMethod", call.member)
        return "", ()

    bus.export(PATH, answer)
    _PROPERTIES["IsStatusNotifierHostRegistered"] = ("b", host is None)
    assert await bus.own(NAME)
    print("watcher", flush=True)
    if host is not None:
        await asyncio.to_thread(wait_until, host.exists, 120, lambda: "no host was asked for")
    _PROPERTIES["IsStatusNotifierHostRegistered"] = ("b", True)
    await bus.emit(PATH, NAME, "StatusNotifierHostRegistered")
    await use(bus, await items.get())
    await bus.wait_closed()


async def use(bus: SessionBus, item: str) -> None:
    """Read its menu, and click on it."""
    (found,) = await bus.call(
        item, "/StatusNotifierItem", "org.freedesktop.DBus.Properties", "Get", "ss", (ITEM, "Menu")
    )
    _revision, layout = await bus.call(item, found[1], MENU, "GetLayout", "iias", (0, -1, ["label"]))
    labels = [entry[1][1].get("label", ("s", ""))[1] for entry in layout[2]]
    print("menu:", ", ".join(label.replace("_", "") for label in labels if label), flush=True)
    await bus.call(item, "/StatusNotifierItem", ITEM, "Activate", "ii", (0, 0))
    print("activated", flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]) if len(sys.argv) > 1 else None))
