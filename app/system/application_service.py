"""The running application on the message bus: org.freedesktop.Application under `cc.imglink.Desktop`.

Launchers, panels and scripts reach it so. Where there is no bus, or another program has the name, nothing is said: the
command line reaches it by its own socket.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from typing import Any

from app.core.errors import UserFacingError
from app.system.dbus import CallRefused, IncomingCall, SessionBus, session_bus_address

NAME = "cc.imglink.Desktop"
PATH = "/cc/imglink/Desktop"
INTERFACE = "org.freedesktop.Application"

_ERROR = "org.freedesktop.DBus.Error."

log = logging.getLogger(__name__)


class ApplicationService:
    """Answers calls on the loop that starts it."""

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        actions: Collection[str],
        on_activate: Callable[[str], None],
        on_action: Callable[[str, str], None],
    ) -> None:
        """`on_activate` brings the window to the front, `on_action` does one of `actions`; neither may block.

        Both get, last, the activation token of whoever calls, by which a window may come to the front.
        """
        self._environ = environ
        self._actions = frozenset(actions)
        self._on_activate = on_activate
        self._on_action = on_action
        self._bus: SessionBus | None = None

    async def start(self) -> bool:
        """Take the name; False when that cannot be had."""
        if session_bus_address(self._environ) is None:
            return False
        try:
            self._bus = await SessionBus.connect(self._environ)
            # Before the name: whoever starts us by it calls at once.
            self._bus.export(PATH, self._answer)
            return await self._bus.own(NAME)
        except UserFacingError as problem:
            log.info("no name on the message bus: %s", problem.details or problem.message)
            return False

    async def close(self) -> None:
        """Give the name back."""
        bus, self._bus = self._bus, None
        if bus is not None:
            await bus.close()

    async def _answer(self, call: IncomingCall) -> tuple[str, tuple[Any, ...]]:
        if call.interface not in ("", INTERFACE):
            raise CallRefused(f"{_ERROR}UnknownInterface", f"No such interface: {call.interface}")
        match call.member, call.body:
            case "Activate", (dict(platform_data),):
                self._on_activate(_token(platform_data))
            case "ActivateAction", (str(action), list(), dict(platform_data)) if action in self._actions:
                self._on_action(action, _token(platform_data))
            case "ActivateAction", _:
                raise CallRefused(f"{_ERROR}InvalidArgs", f"The actions are: {', '.join(sorted(self._actions))}")
            case _:
                raise CallRefused(f"{_ERROR}UnknownMethod", f"No such method: {call.member}")
        return "", ()


def _token(platform_data: Mapping[str, tuple[str, Any]]) -> str:
    _signature, token = platform_data.get("activation-token", ("s", ""))
    # Whatever another program has put there.
    return token if isinstance(token, str) and "\0" not in token else ""
