"""Shortcuts by the desktop portal's GlobalShortcuts: KDE 5.27 and later, GNOME 48 and later, Hyprland.

We say what we would like, and the desktop asks the person, binds, and tells which keys they are; from then on the keys
are changed in the desktop's own settings, and we follow. Bindings live in a session that ends with our connection or
with the portal; then another is made. Its name is the same every time, because KDE keeps the keys under it.

Nobody waits for the portal: it may hang, or come long after us.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from itertools import chain, repeat
from shlex import join
from typing import Any

from app.core.errors import UserFacingError
from app.core.ports import BindResult, OnPressed, Probe
from app.core.shortcuts import Modifier, Shortcut
from app.core.workflow import BUILT_IN_WORKFLOWS
from app.system.autostart import named_command
from app.system.dbus import BusUnavailable, Signal
from app.system.portal import PATH, PORTAL, Answer, Portal, PortalFailed, PortalMissing

SHORTCUTS = "org.freedesktop.portal.GlobalShortcuts"
SESSION_TOKEN = "imglink"  # noqa: S105 - a name, not a secret
RETRY_S = (0.5, 2.0, 10.0, 60.0)
"""How long after each failure in a row to make a session again is tried; the last counts from then on."""
PATIENCE_S = 1.0
"""How long `bind` waits for a desktop that has answered before; it may be asking the person."""
DIALOG_TIMEOUT_S = 900.0
ASKING = "The desktop asks about this key, or has not answered yet."
NOT_GIVEN = "The desktop gave no key for this. Choose one in its settings, under shortcuts."
NOT_ALLOWED = "The desktop's question about shortcuts was declined. Allow them in its settings, under shortcuts."
LOST = "The desktop's shortcuts service has gone; it is tried again."
WITHOUT = "On Wayland, programs cannot take keys for themselves."
"""What is said where the portal has no such part, or there is none: what helps is not another portal."""

_SESSION = "org.freedesktop.portal.Session"
_BACK_END = "org.freedesktop.impl.portal.desktop."
_MODIFIERS = (
    (Modifier.CTRL, "CTRL"),
    (Modifier.ALT, "ALT"),
    (Modifier.SHIFT, "SHIFT"),
    (Modifier.SUPER, "LOGO"),
)
_KEYSYMS = {
    "PageUp": "Page_Up",
    "PageDown": "Page_Down",
    "Space": "space",
    "Backspace": "BackSpace",
    "Plus": "plus",
    "-": "minus",
    ",": "comma",
    ".": "period",
    "/": "slash",
    "\\": "backslash",
    ";": "semicolon",
    "'": "apostrophe",
    "`": "grave",
    "[": "bracketleft",
    "]": "bracketright",
    "=": "equal",
}
_NAMES = {workflow.id: workflow.name for workflow in BUILT_IN_WORKFLOWS}

_ACCELERATOR = re.compile(r"((?:<\w+>)+)(\w+)")
_GTK_MODIFIERS = {
    "control": "Ctrl",
    "primary": "Ctrl",
    "ctrl": "Ctrl",
    "alt": "Alt",
    "shift": "Shift",
    "super": "Super",
}

log = logging.getLogger(__name__)


class PortalHotkeys:
    """Shortcuts that the desktop binds for us. Everything but `probe` runs on the loop."""

    name = "portal"
    detects_conflicts = False
    takes_keys = True

    def __init__(self, environ: Mapping[str, str], retry_s: tuple[float, ...] = RETRY_S) -> None:
        self._environ = environ
        self._retry_s = retry_s
        self._probe: Probe | None = None
        """What is known of the portal's part; None before anything is."""
        self._has_answered = False
        self._came = asyncio.Event()
        """Set when a portal comes."""
        self._stack = AsyncExitStack()
        self._portal: Portal | None = None
        self._session = ""
        self._asked: Mapping[str, Shortcut] = {}
        """What the session was made for."""
        self._given: Mapping[str, Shortcut] = {}
        """What all sessions so far were made for."""
        self._wanted: Mapping[str, Shortcut] = {}
        self._triggers: Mapping[str, str] | None = None
        """Action → key, as the desktop told it; None before it has."""
        self._problem = ""
        self._results: Mapping[str, BindResult] = {}
        self._on_pressed: OnPressed = lambda _action, _token: None
        self._on_change: Callable[[Mapping[str, BindResult]], None] = lambda _results: None
        self._is_asking = False
        self._is_binding = False
        """While `bind` waits: it tells the results itself."""
        self._work: asyncio.Task[None] | None = None
        """What makes a session, while there is none."""

    def probe(self) -> Probe:
        """What the portal said last; before `start`, it is asked first, which blocks, off the loop."""
        if self._probe is None:
            self._probe = asyncio.run(self._ask())
        return self._probe

    async def start(
        self,
        on_pressed: OnPressed,
        on_change: Callable[[Mapping[str, BindResult]], None] | None = None,
    ) -> None:
        """Take the call-backs; the desktop is asked with the first `bind`."""
        self._probe = self._probe or Probe(self.name, available=True, reason=ASKING)
        self._on_pressed = on_pressed
        self._on_change = on_change or (lambda _results: None)

    async def bind(self, shortcuts: Mapping[str, Shortcut]) -> Mapping[str, BindResult]:
        """Ask the desktop for these keys, and tell what it made of that; what comes later is told by `on_change`.

        Keys that the session has already are only switched on and off: another session would ask the person again.
        """
        self._wanted = dict(shortcuts)
        is_new = any(self._asked.get(action) != shortcut for action, shortcut in shortcuts.items())
        if is_new or (shortcuts and not self._session):
            await self._give_up()
            self._is_asking = self._is_binding = True
            attempted = asyncio.Event()
            self._work = asyncio.get_running_loop().create_task(self._ask_until_given(attempted))
            if self._has_answered:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(PATIENCE_S):
                        await attempted.wait()
            self._is_binding = False
        self._results = self._told()
        return self._results

    async def stop(self) -> None:
        """End the session, and with it the keys."""
        self._wanted = {}
        await self._give_up()
        await self._end()

    # --- the session --------------------------------------------------------------------------------------------------

    async def _ask(self) -> Probe:
        try:
            portal = await Portal.connect(self._environ)
            try:
                return self._available(await portal.version(SHORTCUTS))
            finally:
                await portal.close()
        except UserFacingError as problem:
            return self._unavailable(problem)

    def _available(self, version: int) -> Probe:
        return Probe(f"{self.name} (version {version})", available=True)

    def _unavailable(self, problem: UserFacingError) -> Probe:
        if isinstance(problem, PortalMissing | BusUnavailable):
            return Probe(self.name, available=False, reason=WITHOUT, remedy=without_remedy(self._environ))
        return Probe(self.name, available=False, reason=problem.message, remedy=problem.remedy)

    async def _ask_until_given(self, attempted: asyncio.Event, delays_s: Sequence[float] = (0.0,)) -> None:
        """Make sessions until one stays; the failures in between are told with the keys.

        One is tried at once when another portal comes. One that has no such part gets no other by waiting.
        """
        delays = self._delays(delays_s)
        delay_s: float | None = next(delays)
        while True:
            await self._wait(delay_s)
            await self._end()
            self._came.clear()
            self._is_asking = True
            delay_s = next(delays)
            try:
                await self._begin()
            except UserFacingError as problem:
                log.info("no session for shortcuts: %s", problem.details or problem.message)
                await self._end_session()
                self._problem = self._reason(problem)
                if isinstance(problem, PortalMissing):
                    delay_s, delays = None, self._delays(())
                else:
                    # One that ends with every question and is started with the next must not be asked without rest.
                    self._came.clear()
            finally:
                self._is_asking = False
            attempted.set()
            self._tell()
            if self._session:
                return

    def _reason(self, problem: UserFacingError) -> str:
        found = self._probe
        return str(problem) if found is None or found.available else f"{found.reason} {found.remedy}"

    def _delays(self, first_s: Sequence[float]) -> Iterator[float]:
        return chain(first_s, self._retry_s, repeat(self._retry_s[-1]))

    async def _wait(self, delay_s: float | None) -> None:
        """Wait so long, or for ever, unless a portal comes before, or the connection that would tell of it ends."""
        if self._portal is None:
            await asyncio.sleep(delay_s or 0.0)
            return
        waiting = {asyncio.ensure_future(self._came.wait()), asyncio.ensure_future(self._portal.bus.wait_closed())}
        try:
            await asyncio.wait(waiting, timeout=delay_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waiting:
                each.cancel()

    async def _give_up(self) -> None:
        work, self._work = self._work, None
        if work is not None:
            work.cancel()
            await asyncio.wait([work])

    async def _begin(self) -> None:
        portal = await self._reach()
        wanted = self._asked = dict(self._wanted)
        entries = [_entry(action, shortcut) for action, shortcut in wanted.items()]
        # KDE 5.27 binds only what it is given here; others ignore it, and bind what comes with BindShortcuts.
        options: dict[str, tuple[str, Any]] = {
            "session_handle_token": ("s", SESSION_TOKEN),
            "shortcuts": ("a(sa{sv})", entries),
        }
        created = await portal.request(SHORTCUTS, "CreateSession", "a{sv}", (), options)
        session = created.text("session_handle")
        if created.answer is not Answer.DONE or not session:
            raise PortalFailed("The desktop binds no shortcuts.", remedy="Restart the desktop portal, or log in again.")
        self._session = session
        is_change = any(self._given.get(action, shortcut) != shortcut for action, shortcut in wanted.items())
        self._given = {**self._given, **wanted}
        known = await self._listed(portal)
        if wanted and not is_change and known.keys() >= wanted.keys():
            # Plasma 6 opens its settings whenever it is asked to bind, which is right only when a key was changed.
            self._triggers, self._problem = known, ""
            return
        bound = await portal.request(
            SHORTCUTS, "BindShortcuts", "oa(sa{sv})sa{sv}", (session, entries, ""), {}, timeout_s=DIALOG_TIMEOUT_S
        )
        if bound.answer is Answer.CANCELLED:
            self._triggers, self._problem = {}, NOT_ALLOWED
            return
        # Some tell only when they are asked, and Plasma 6 answers the first time with keys that it has not given.
        self._triggers = await self._listed(portal) or _triggers(bound.results.get("shortcuts", ("", ()))[1])
        self._problem = ""

    async def _listed(self, portal: Portal) -> Mapping[str, str]:
        """Action → key, of all that the session has."""
        listed = await portal.request(SHORTCUTS, "ListShortcuts", "oa{sv}", (self._session,), {})
        return _triggers(listed.results.get("shortcuts", ("", ()))[1])

    async def _reach(self) -> Portal:
        """Connect, and find out whether there is what we want."""
        try:
            portal = await self._connect()
            self._probe = self._available(await portal.version(SHORTCUTS))
        except UserFacingError as problem:
            self._probe = self._unavailable(problem)
            raise
        self._has_answered = True
        return portal

    async def _connect(self) -> Portal:
        portal = self._portal = await Portal.connect(self._environ)
        self._stack.push_async_callback(portal.close)
        listen = self._stack.enter_async_context
        await listen(portal.bus.subscribed(self._on_signal, sender=PORTAL, interface=SHORTCUTS, path=PATH))
        await listen(portal.bus.subscribed(self._on_closed, sender=PORTAL, interface=_SESSION, member="Closed"))
        await listen(
            portal.bus.subscribed(
                self._on_owner,
                sender="org.freedesktop.DBus",
                interface="org.freedesktop.DBus",
                member="NameOwnerChanged",
            )
        )
        return portal

    async def _end_session(self) -> None:
        session, self._session = self._session, ""
        self._asked, self._triggers = {}, None
        if self._portal is not None and session and self._portal.is_open:
            with contextlib.suppress(UserFacingError):
                await self._portal.bus.call(PORTAL, session, _SESSION, "Close")

    async def _end(self) -> None:
        await self._end_session()
        self._portal = None
        stack, self._stack = self._stack, AsyncExitStack()
        await stack.aclose()

    def _told(self) -> Mapping[str, BindResult]:
        results = {}
        for action, shortcut in self._wanted.items():
            trigger = None if self._triggers is None else self._triggers.get(action)
            if trigger:
                results[action] = BindResult(shortcut, bound=True, trigger=trigger)
            elif self._is_asking:
                results[action] = BindResult(shortcut, bound=False, reason=ASKING, is_pending=True)
            else:
                reason, is_declined = self._problem or NOT_GIVEN, self._triggers is not None
                results[action] = BindResult(shortcut, bound=False, reason=reason, is_declined=is_declined)
        return results

    # --- what the desktop says ----------------------------------------------------------------------------------------

    def _on_signal(self, signal: Signal) -> None:
        match signal.member, signal.body:
            case "Activated", (self._session, str(action), _time, dict(options)) if action in self._wanted:
                _type, token = options.get("activation_token", ("s", ""))
                self._on_pressed(action, token if isinstance(token, str) else "")
            case "ShortcutsChanged", (self._session, list(shortcuts)):
                self._triggers = _triggers(shortcuts)
                self._tell()

    def _on_closed(self, signal: Signal) -> None:
        if self._session and signal.path == self._session:
            self._lose()

    def _on_owner(self, signal: Signal) -> None:
        name, _former, owner = signal.body
        # What is behind the portal has the keys, and takes them along when it ends.
        is_end_of_back_end = name.startswith(_BACK_END) and not owner
        if name != PORTAL and not is_end_of_back_end:
            return
        if owner:
            self._came.set()
        if self._session:
            self._lose()

    def _lose(self) -> None:
        self._session, self._triggers, self._problem = "", None, LOST
        self._tell()
        if self._work is None or self._work.done():
            work = self._ask_until_given(asyncio.Event(), delays_s=())
            self._work = asyncio.get_running_loop().create_task(work)

    def _tell(self) -> None:
        results = self._told()
        if results != self._results and not self._is_binding:
            self._results = results
            self._on_change(results)


def without_remedy(environ: Mapping[str, str]) -> str:
    """What to do where no program is given keys."""
    command = join([*named_command(environ), "capture", "region", "--copy"])
    return f"Give a key of your desktop's own settings the command “{command}”."


def trigger_of(shortcut: Shortcut) -> str:
    """A shortcut as the XDG specification for shortcuts writes it: `CTRL+SHIFT+4`, with XKB's names of keys."""
    key = _KEYSYMS.get(shortcut.key, shortcut.key)
    if len(key) == 1:
        key = key.lower()
    return "+".join([name for flag, name in _MODIFIERS if flag in shortcut.modifiers] + [key])


def _entry(action: str, shortcut: Shortcut) -> tuple[str, dict[str, tuple[str, str]]]:
    return action, {
        "description": ("s", _NAMES.get(action, action)),
        "preferred_trigger": ("s", trigger_of(shortcut)),
    }


def _triggers(shortcuts: Any) -> Mapping[str, str]:
    """Action → key, of the desktop's list; empty for those without a key."""
    found = {}
    for entry in shortcuts if isinstance(shortcuts, list | tuple) else ():
        match entry:
            case (str(action), dict(about)):
                trigger = about.get("trigger_description", ("", ""))[1]
                found[action] = shown_trigger(trigger) if isinstance(trigger, str) else ""
    return found


def shown_trigger(text: str) -> str:
    """A key as desktops describe it, as we write keys: GNOME says `Press <Shift><Control>4`."""
    found = _ACCELERATOR.search(text)
    if found is None:
        return text
    named = {_GTK_MODIFIERS.get(name.lower(), name) for name in re.findall(r"<(\w+)>", found[1])}
    in_order = [name for name in ("Ctrl", "Alt", "Shift", "Super") if name in named]
    key = found[2].upper() if len(found[2]) == 1 else found[2].replace("_", "")
    return "+".join([*in_order, *sorted(named.difference(in_order)), key])
