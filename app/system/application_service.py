"""The running application on the message bus: org.freedesktop.Application under `cc.imglink.Desktop`.

Launchers, panels and scripts reach it so. Where there is no bus, or another program has the name, nothing is said: the
command line reaches it by its own socket.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from app.core.errors import UserFacingError
from app.system.dbus import CallRefused, IncomingCall, SessionBus, session_bus_address

NAME = "cc.imglink.Desktop"
PATH = "/cc/imglink/Desktop"
INTERFACE = "org.freedesktop.Application"

_ERROR = "org.freedesktop.DBus.Error."
_INTROSPECTABLE = "org.freedesktop.DBus.Introspectable"
_DESCRIPTION = f"""\
<!DOCTYPE node PUBLIC "-//freedesktop//DTD D-BUS Object Introspection 1.0//EN"
"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd">
<node>
  <interface name="{INTERFACE}">
    <method name="Activate">
      <arg type="a{{sv}}" name="platform_data" direction="in"/>
    </method>
    <method name="Open">
      <arg type="as" name="uris" direction="in"/>
      <arg type="a{{sv}}" name="platform_data" direction="in"/>
    </method>
    <method name="ActivateAction">
      <arg type="s" name="action_name" direction="in"/>
      <arg type="av" name="parameter" direction="in"/>
      <arg type="a{{sv}}" name="platform_data" direction="in"/>
    </method>
  </interface>
  <interface name="{_INTROSPECTABLE}">
    <method name="Introspect">
      <arg type="s" name="data" direction="out"/>
    </method>
  </interface>
</node>
"""

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
        on_open: Callable[[Sequence[Path]], None],
    ) -> None:
        """`on_activate` brings the window to the front, `on_action` does one of `actions`, `on_open` uploads files.

        None of them may block. The first two get, last, the activation token of whoever calls, by which a window may
        come to the front.
        """
        self._environ = environ
        self._actions = frozenset(actions)
        self._on_activate = on_activate
        self._on_action = on_action
        self._on_open = on_open
        self._bus: SessionBus | None = None

    async def start(self, *, are_services_new: bool = False) -> bool:
        """Take the name; False when that cannot be had. The bus is told where its files about us are new."""
        if session_bus_address(self._environ) is None:
            return False
        try:
            self._bus = await SessionBus.connect(self._environ)
            # Before the name: whoever starts us by it calls at once.
            self._bus.export(PATH, self._answer)
            if are_services_new:
                await self._bus.reload_services()
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
        if (call.interface, call.member) == (_INTROSPECTABLE, "Introspect"):
            return "s", (_DESCRIPTION,)
        if call.interface not in ("", INTERFACE):
            raise CallRefused(f"{_ERROR}UnknownInterface", f"No such interface: {call.interface}")
        self._do(call.member, call.body)
        return "", ()

    def _do(self, member: str, body: tuple[Any, ...]) -> None:
        match member, body:
            case "Activate", (dict(platform_data),):
                self._on_activate(_token(platform_data))
            case "Open", (list(uris), dict()):
                self._on_open([_path(uri) for uri in uris])
            case "ActivateAction", (str(action), list(), dict(platform_data)) if action in self._actions:
                self._on_action(action, _token(platform_data))
            case "ActivateAction", _:
                raise CallRefused(f"{_ERROR}InvalidArgs", f"The actions are: {', '.join(sorted(self._actions))}")
            case _:
                raise CallRefused(f"{_ERROR}UnknownMethod", f"No such method: {member}")


def _path(uri: str) -> Path:
    """The file of this computer that a URI names. Raises CallRefused for any other."""
    parts = urlsplit(uri)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
        raise CallRefused(f"{_ERROR}InvalidArgs", f"Only files of this computer (file:///…) can be uploaded: {uri}")
    return Path(unquote(parts.path))


def _token(platform_data: Mapping[str, tuple[str, Any]]) -> str:
    _signature, token = platform_data.get("activation-token", ("s", ""))
    # Whatever another program has put there.
    return token if isinstance(token, str) and "\0" not in token else ""
