"""Requests to the desktop portal (xdg-desktop-portal), over the session's message bus.

A request's answer comes as a signal on an object that is made for it; so that the answer cannot come too early, its
path is worked out and listened to before the call.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from app.core.doctor import Part
from app.core.errors import UserFacingError
from app.system.dbus import BusUnavailable, CallFailed, SessionBus, Signal

PORTAL = "org.freedesktop.portal.Desktop"
PATH = "/org/freedesktop/portal/desktop"
APP_ID = "cc.imglink.Desktop"
START_TIMEOUT_S = 30.0
"""The bus may have to start the portal and its back ends first, one after the other."""
ANSWER_TIMEOUT_S = 2.5
"""What a portal that runs already needs for a question about itself."""
CALL_TIMEOUT_S = 10.0
"""What one that runs already needs to take a request."""
RESPONSE_TIMEOUT_S = 60.0
"""The person may be asked for permission."""

_STORE = "org.freedesktop.impl.portal.PermissionStore"
_STORE_PATH = "/org/freedesktop/impl/portal/PermissionStore"
_SCREENSHOTS = ("screenshot", "screenshot")
"""Table and entry of the store."""
_REGISTRY = "org.freedesktop.host.portal.Registry"
_REQUEST = "org.freedesktop.portal.Request"
_PROPERTIES = "org.freedesktop.DBus.Properties"
_BUS = "org.freedesktop.DBus"

RESTART = "Restart it with: systemctl --user restart xdg-desktop-portal"
_INSTALL = "Install xdg-desktop-portal with the back end of your desktop ({back_end}), and log in again."
_BACK_ENDS = {
    "gnome": "xdg-desktop-portal-gnome",
    "kde": "xdg-desktop-portal-kde",
    "hyprland": "xdg-desktop-portal-hyprland",
    "niri": "xdg-desktop-portal-gnome",
    "cosmic": "xdg-desktop-portal-cosmic",
    "lxqt": "xdg-desktop-portal-lxqt",
}
# The portal offers screenshots only beside a back end that can ask the person, which that one cannot.
_OTHER_BACK_END = "xdg-desktop-portal-wlr, PipeWire and xdg-desktop-portal-gtk"


class Answer(IntEnum):
    """How a request ended."""

    DONE = 0
    CANCELLED = 1
    """The person declined."""
    FAILED = 2


@dataclass(frozen=True, slots=True)
class Response:
    """The end of a request; `results` maps a name to its D-Bus type and value."""

    answer: Answer
    results: Mapping[str, tuple[str, Any]]

    def text(self, name: str) -> str:
        """A result that is a text; empty when it is missing or something else."""
        value = self.results.get(name, ("", ""))[1]
        return value if isinstance(value, str) else ""


class PortalMissing(UserFacingError):
    """There is no portal, or not the part of it that is wanted."""

    part = Part.PORTAL


class PortalFailed(UserFacingError):
    """The portal is there, but went away, refused, or did not answer."""

    part = Part.PORTAL


class Portal:
    """The portal over one connection to the bus; made by `connect`, used on the loop that made it."""

    def __init__(self, bus: SessionBus, desktops: tuple[str, ...] = ()) -> None:
        self.bus = bus
        self._desktops = desktops
        self._is_registered = False
        self._not_registered = ""
        """Why the portal does not know us by name, in its own words."""
        self._silence: PortalFailed | None = None

    @classmethod
    async def connect(cls, environ: Mapping[str, str]) -> Portal:
        """Connect, and say who we are, so that permissions are asked for and kept under our name.

        Raises BusUnavailable without a bus. Whether there is a portal shows when something is asked of it, and one that
        kept silent is not asked a second time.
        """
        listed = environ.get("XDG_CURRENT_DESKTOP", "").lower()
        portal = cls(await SessionBus.connect(environ), tuple(listed.split(":")))
        try:
            await portal._register()
        except BaseException:
            await portal.close()
            raise
        return portal

    @property
    def is_open(self) -> bool:
        """False once the bus has gone, and where the portal kept silent: connect again to ask it again."""
        return self.bus.is_open and self._silence is None

    async def close(self) -> None:
        """Disconnect."""
        await self.bus.close()

    async def version(self, interface: str) -> int:
        """The version of a part such as `org.freedesktop.portal.Screenshot`. Raises PortalMissing and PortalFailed."""
        try:
            if not (timeout_s := await self._timeout_s(ANSWER_TIMEOUT_S)):
                raise PortalMissing("There is no desktop portal here (xdg-desktop-portal).", remedy=self._remedy)
            answer = await self.bus.call(
                PORTAL, PATH, _PROPERTIES, "Get", "ss", (interface, "version"), timeout_s=timeout_s
            )
        except CallFailed as problem:
            if not problem.error_name:
                raise self._silent(problem) from problem
            part = interface.rpartition(".")[2]
            raise PortalMissing(
                f"The desktop portal here has no part for this ({part}).", remedy=self._remedy, details=problem.details
            ) from problem
        return int(answer[0][1])

    async def denials(self) -> tuple[str, ...]:
        """For which programs the person's stored answer is that we take no pictures of the screen.

        That is our name, or an empty one that stands for every program which the portal does not know by name; none
        where there is no such answer.
        """
        try:
            stored, _data = await self._ask_store("Lookup", "ss", *_SCREENSHOTS)
        except CallFailed:
            # Nothing was ever stored, or nothing that stores runs: then the portal finds nothing either.
            return ()
        ours = (APP_ID,) if self._is_registered else (APP_ID, "")
        return tuple(name for name in ours if stored.get(name) == ["no"])

    async def forget_denials(self) -> int:
        """Let the desktop ask the person again whether we may take pictures; how many answers are gone.

        Raises PortalFailed.
        """
        denials = await self.denials()
        try:
            for name in denials:
                await self._ask_store("DeletePermission", "sss", *_SCREENSHOTS, name)
        except CallFailed as problem:
            raise self._refused(problem) from problem
        return len(denials)

    async def _ask_store(self, method: str, signature: str, *arguments: str) -> tuple[Any, ...]:
        return await self.bus.call(
            _STORE, _STORE_PATH, _STORE, method, signature, arguments, timeout_s=ANSWER_TIMEOUT_S
        )

    async def request(
        self,
        interface: str,
        method: str,
        signature: str,
        arguments: tuple[Any, ...],
        options: Mapping[str, tuple[str, Any]],
        *,
        timeout_s: float = RESPONSE_TIMEOUT_S,
    ) -> Response:
        """Make a request and wait for its end. `signature` is that of `arguments` and of the options behind them.

        Raises PortalMissing, PortalFailed and BusUnavailable. A request that is given up is closed, so that no dialog
        of it stays open.
        """
        token = "imglink" + secrets.token_hex(8)
        sender = self.bus.unique_name[1:].replace(".", "_")
        path = f"{PATH}/request/{sender}/{token}"
        ended: asyncio.Future[Response] = asyncio.get_running_loop().create_future()

        def respond(signal: Signal) -> None:
            if not ended.done():
                ended.set_result(_response(signal.body))

        def watch_owner(signal: Signal) -> None:
            if signal.body[0] == PORTAL and not signal.body[2] and not ended.done():
                ended.set_exception(PortalFailed("The desktop portal ended before it answered.", remedy="Try again."))

        async with (
            self.bus.subscribed(respond, sender=PORTAL, interface=_REQUEST, path=path, member="Response"),
            self.bus.subscribed(watch_owner, sender=_BUS, interface=_BUS, member="NameOwnerChanged"),
        ):
            body = (*arguments, {**options, "handle_token": ("s", token)})
            try:
                call_s = await self._timeout_s(CALL_TIMEOUT_S) or CALL_TIMEOUT_S
                await self.bus.call(PORTAL, PATH, interface, method, signature, body, timeout_s=call_s)
                return await self._end_of(ended, timeout_s)
            except CallFailed as problem:
                raise self._refused(problem) from problem
            except (TimeoutError, asyncio.CancelledError) as problem:
                with contextlib.suppress(CallFailed, BusUnavailable):
                    await self.bus.call(PORTAL, path, _REQUEST, "Close")
                if isinstance(problem, asyncio.CancelledError):
                    raise
                raise self._silent(problem) from problem

    async def _timeout_s(self, running_s: float) -> float:
        """How long to wait for an answer: `running_s` from a portal that runs already; 0 where there is none.

        Raises PortalFailed for one that has kept silent before.
        """
        if self._silence is not None:
            raise self._silence
        if await self.bus.has_owner(PORTAL):
            return running_s
        return START_TIMEOUT_S if await self.bus.can_start(PORTAL) else 0.0

    async def _register(self) -> None:
        if not (timeout_s := await self._timeout_s(ANSWER_TIMEOUT_S)):
            return
        try:
            await self.bus.call(PORTAL, PATH, _REGISTRY, "Register", "sa{sv}", (APP_ID, {}), timeout_s=timeout_s)
        except CallFailed as problem:
            # Portals before 1.20 know no such thing, and one that does refuses where our desktop file is missing.
            if not problem.error_name:
                self._silence = self._silent(problem)
            self._not_registered = problem.details
        else:
            self._is_registered = True

    async def _end_of(self, ended: asyncio.Future[Response], timeout_s: float) -> Response:
        """Wait for the response, and not for one that cannot come any more."""

        def give_up(_task: asyncio.Task[None]) -> None:
            if not ended.done():
                ended.set_exception(BusUnavailable("The bus closed the connection."))

        async with asyncio.timeout(timeout_s):
            closed = asyncio.create_task(self.bus.wait_closed())
            closed.add_done_callback(give_up)
            try:
                return await ended
            finally:
                closed.cancel()

    def _refused(self, problem: CallFailed) -> UserFacingError:
        if not problem.error_name:
            return self._silent(problem)
        if problem.error_name.endswith((".UnknownMethod", ".UnknownInterface", ".ServiceUnknown", ".NameHasNoOwner")):
            return PortalMissing(
                "The desktop portal here cannot do this.", remedy=self._remedy, details=problem.details
            )
        if problem.error_name.endswith(".NotAllowed") and self._not_registered:
            return PortalFailed(
                f"The desktop portal does this only for programs it knows by name, and does not know {APP_ID}.",
                remedy="Start ImgLink anew: it puts its desktop file where the portal looks for it.",
                details=f"{problem.details}; {self._not_registered}",
            )
        return PortalFailed("The desktop portal refused.", remedy="Try again.", details=problem.details)

    @staticmethod
    def _silent(problem: Exception) -> PortalFailed:
        return PortalFailed(
            "The desktop portal does not answer.",
            remedy=RESTART,
            details=str(problem),
        )

    @property
    def _remedy(self) -> str:
        found = (_BACK_ENDS[name] for name in self._desktops if name in _BACK_ENDS)
        return _INSTALL.format(back_end=next(found, _OTHER_BACK_END))


def _response(body: tuple[Any, ...]) -> Response:
    match body:
        case (int(code), dict(results)):
            return Response(Answer(code) if code in (0, 1) else Answer.FAILED, results)
        case _:
            return Response(Answer.FAILED, {})
