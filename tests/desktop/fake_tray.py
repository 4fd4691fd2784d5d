"""A StatusNotifier tray of the tests' own: it says who registers, reads the icon's menu, and clicks on the icon."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from app.system.dbus import CallRefused, IncomingCall, SessionBus

NAME = "org.kde.StatusNotifierWatcher"
PATH = "/StatusNotifierWatcher"
ITEM = "org.kde.StatusNotifierItem"
MENU = "com.canonical.dbusmenu"
_PROPERTIES: dict[str, tuple[str, Any]] = {
    "IsStatusNotifierHostRegistered": ("b", True),
    "RegisteredStatusNotifierItems": ("as", []),
    "ProtocolVersion": ("i", 0),
}


async def main() -> None:
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
    assert await bus.own(NAME)
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
    asyncio.run(main())
