"""Desktop notifications by org.freedesktop.Notifications, with buttons that work.

Qt's own tray message has no buttons, and with many trays it never reaches the notification service.
"""

from __future__ import annotations

import asyncio
import sys
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from app.core.doctor import Part
from app.core.errors import InputError, UserFacingError
from app.core.ports import Notice, Notifier, Probe
from app.core.screen import Frame
from app.system.dbus import BusUnavailable, CallFailed, SessionBus, Signal, session_bus_address

FORCE_VARIABLE = "IMGLINK_NOTIFICATIONS"
APP_NAME = "ImgLink Desktop"
DESKTOP_ENTRY = "cc.imglink.Desktop"
THUMBNAIL_SIZE = 256
"""The longest side of a picture that is sent along, in pixels."""

CALL_TIMEOUT_S = 5.0

_NAME = "org.freedesktop.Notifications"
_PATH = "/org/freedesktop/Notifications"
_BUS = "org.freedesktop.DBus"
_LOW, _NORMAL = 0, 1
_SERVER_DECIDES_MS = -1
_PASSING_MS = 2000
"""Of what is replaced all the time: if we end meanwhile, it goes by itself."""
_GONE_WITHIN_S = 1.0
_MOST_REMEMBERED = 200
"""Notifications whose buttons are still known; servers that never say that one is closed must not fill the memory."""


@dataclass(frozen=True, slots=True)
class _Service:
    name: str
    version: str
    capabilities: frozenset[str]

    @property
    def has_actions(self) -> bool:
        return "actions" in self.capabilities

    @property
    def takes_markup(self) -> bool:
        # dunst draws markup unless told not to, but owns up to it only when told to.
        return "body-markup" in self.capabilities or self.name == "dunst"


class DBusNotifier:
    """The desktop's notification service. Connects at first use; survives a restart of the bus and of the service."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = dict(environ)
        self._connecting = asyncio.Lock()
        self._bus: SessionBus | None = None
        self._stack = AsyncExitStack()
        self._service: _Service | None = None
        self._actions: OrderedDict[int, Callable[[str], None]] = OrderedDict()
        self._going: dict[int, asyncio.Event] = {}
        """Set when the service says that one is off the screen."""

    async def probe(self) -> Probe:
        """Ask who shows notifications; starts the service where the bus can do that."""
        try:
            service = await self._ask_service(await self._connect())
        except CallFailed as problem:
            return Probe("dbus", False, "No notification service answers.", f"Start one. ({problem.message})")
        except BusUnavailable as problem:
            return Probe("dbus", available=False, reason=problem.message, remedy=problem.remedy)
        lacks = "" if service.has_actions else " It shows no buttons."
        return Probe("dbus", available=True, reason=f"{service.name} {service.version}.{lacks}")

    async def show(self, notice: Notice, on_action: Callable[[str], None] | None = None) -> None:
        """Show it; `on_action` gets the key of each button that is pressed, on the loop's thread.

        Raises UserFacingError when there is no notification service.
        """
        number = await self._put(notice)
        if on_action is not None and notice.actions:
            self._remember(number, on_action)

    async def put(self, notice: Notice, on_action: Callable[[str], None], *, replaces: int = 0) -> int:
        """The same for what is soon replaced, or taken down again; returns its number.

        Raises UserFacingError when there is no notification service.
        """
        number = await self._put(notice, replaces, _PASSING_MS)
        self._remember(number, on_action)
        return number

    async def take_down(self, number: int) -> None:
        """Close one that was `put`; returns when the service says that it is gone, or does not answer for a second."""
        bus = self._bus
        if bus is None or number not in self._actions:
            return
        gone = self._going[number] = asyncio.Event()
        try:
            async with asyncio.timeout(_GONE_WITHIN_S):
                await self._call(bus, "CloseNotification", "u", (number,))
                await gone.wait()
        except (CallFailed, BusUnavailable, TimeoutError):
            self._actions.pop(number, None)
        finally:
            del self._going[number]

    async def close(self) -> None:
        """Disconnect; what is shown stays, without working buttons."""
        self._actions.clear()
        bus, self._bus = self._bus, None
        stack, self._stack = self._stack, AsyncExitStack()
        # First the bus: its subscriptions end with it, without further calls.
        if bus is not None:
            await bus.close()
        await stack.aclose()

    async def _connect(self) -> SessionBus:
        async with self._connecting:
            if self._bus is not None and self._bus.is_open:
                return self._bus
            await self.close()
            bus = await SessionBus.connect(self._environ)
            try:
                await self._stack.enter_async_context(
                    bus.subscribed(self._on_signal, sender=_NAME, interface=_NAME, path=_PATH)
                )
                await self._stack.enter_async_context(
                    bus.subscribed(self._on_owner, sender=_BUS, interface=_BUS, member="NameOwnerChanged")
                )
            except BaseException:
                await bus.close()
                raise
            self._service = None
            self._bus = bus
            return bus

    async def _ask_service(self, bus: SessionBus) -> _Service:
        if self._service is None:
            name, _vendor, version, _spec = await self._call(bus, "GetServerInformation")
            (capabilities,) = await self._call(bus, "GetCapabilities")
            self._service = _Service(name, version, frozenset(capabilities))
        return self._service

    async def _put(self, notice: Notice, replaces: int = 0, timeout_ms: int = _SERVER_DECIDES_MS) -> int:
        try:
            bus = await self._connect()
            return await self._notify(bus, notice, await self._ask_service(bus), replaces, timeout_ms)
        except CallFailed as problem:
            raise UserFacingError(
                "The desktop shows no notifications.",
                remedy="Start a notification service.",
                details=f"{problem.message} {problem.details}",
                part=Part.NOTIFICATIONS,
            ) from problem

    def _remember(self, number: int, on_action: Callable[[str], None]) -> None:
        self._actions[number] = on_action
        if len(self._actions) > _MOST_REMEMBERED:
            self._actions.popitem(last=False)

    async def _notify(self, bus: SessionBus, notice: Notice, service: _Service, replaces: int, timeout_ms: int) -> int:
        body = plain(notice.body)
        if service.takes_markup:
            # Not at the start: its tables of names take 0.7 MB.
            from html import escape

            body = escape(body, quote=False)
        actions: list[str] = []
        if service.has_actions:
            for key, label in notice.actions:
                actions += [key, plain(label)]
        title, hints = plain(notice.title), _hints(notice)
        arguments = (APP_NAME, replaces, DESKTOP_ENTRY, title, body, actions, hints, timeout_ms)
        (number,) = await self._call(bus, "Notify", "susssasa{sv}i", arguments)
        return int(number)

    async def _call(self, bus: SessionBus, method: str, signature: str = "", body: tuple[Any, ...] = ()) -> Any:
        return await bus.call(_NAME, _PATH, _NAME, method, signature, body, timeout_s=CALL_TIMEOUT_S)

    def _on_signal(self, signal: Signal) -> None:
        if signal.member == "ActionInvoked":
            number, key = signal.body
            if number in self._actions:
                self._actions[number](key)
        elif signal.member == "NotificationClosed":
            self._actions.pop(signal.body[0], None)
            if signal.body[0] in self._going:
                self._going[signal.body[0]].set()

    def _on_owner(self, signal: Signal) -> None:
        if signal.body[0] == _NAME:
            # Another service counts its notifications anew, and may be able to do other things.
            self._actions.clear()
            self._service = None


class NullNotifier:
    """Shows nothing and says why."""

    def __init__(self, reason: str, remedy: str = "") -> None:
        self._reason = reason
        self._remedy = remedy

    async def probe(self) -> Probe:
        """Never available."""
        return Probe("null", available=False, reason=self._reason, remedy=self._remedy)

    async def show(self, notice: Notice, on_action: Callable[[str], None] | None = None) -> None:
        """Raises UserFacingError, always."""
        raise UserFacingError(self._reason, remedy=self._remedy, part=Part.NOTIFICATIONS)

    async def close(self) -> None:
        """Nothing to close."""


def choose_notifier(environ: Mapping[str, str]) -> Notifier:
    """The notification service of this desktop, without asking it anything yet.

    `IMGLINK_NOTIFICATIONS` (`dbus`, `null`) forces one. Raises InputError for an unknown name.
    """
    forced = environ.get(FORCE_VARIABLE, "")
    if forced not in ("", "dbus", "null"):
        raise InputError(f"{FORCE_VARIABLE} is “{forced}”, which is no way to notify.", remedy="Use dbus or null.")
    if forced == "null":
        return NullNotifier(f"Notifications are turned off by {FORCE_VARIABLE}.")
    if forced == "dbus":
        return DBusNotifier(environ)
    if sys.platform == "darwin":
        from app.system.mac_desktop import MacNotifier

        return MacNotifier(environ)
    if session_bus_address(environ) is None:
        return NullNotifier("There is no message bus (D-Bus) here.", "Start ImgLink Desktop in a graphical session.")
    return DBusNotifier(environ)


def plain(text: str) -> str:
    """Text without what D-Bus or a notification service could trip over: control characters and half characters."""
    readable = text.encode("utf-8", "replace").decode()
    return "".join(char if char == "\n" or char.isprintable() else " " for char in readable)


def _hints(notice: Notice) -> dict[str, tuple[str, Any]]:
    # Mere information need not wait in the notification centre; what has buttons should. Nothing is critical: that
    # breaks through “do not disturb”.
    is_mere_information = not notice.actions and not notice.is_error
    hints: dict[str, tuple[str, Any]] = {
        "urgency": ("y", _LOW if is_mere_information else _NORMAL),
        "desktop-entry": ("s", DESKTOP_ENTRY),
        "transient": ("b", is_mere_information),
    }
    if notice.thumbnail is not None and not notice.thumbnail.rect_px.is_empty:
        hints["image-data"] = ("(iiibiiay)", image_data(notice.thumbnail))
    return hints


def image_data(frame: Frame) -> tuple[int, int, int, bool, int, int, bytes]:
    """A frame as the `image-data` hint wants it: width, height, stride, alpha, bits, channels, RGB.

    A larger frame than `THUMBNAIL_SIZE` is thinned out to fit: rough, but never a message of megabytes.
    """
    width, height = frame.rect_px.width, frame.rect_px.height
    step = -(-max(width, height) // THUMBNAIL_SIZE)
    columns, rows = range(0, width, step), range(0, height, step)
    every = memoryview(frame.packed()).cast("I")
    pixels = b"".join(every[row * width : (row + 1) * width : step].tobytes() for row in rows)
    rgb = bytearray(len(pixels) // 4 * 3)
    rgb[0::3], rgb[1::3], rgb[2::3] = pixels[2::4], pixels[1::4], pixels[0::4]
    return len(columns), len(rows), len(columns) * 3, False, 8, 3, bytes(rgb)
