"""What both X11 back ends share: connection, keyboard layout and its changes, results, and the loss of it all."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

from app.core.errors import UserFacingError
from app.core.ports import BindResult, OnPressed, Probe
from app.core.shortcuts import Shortcut
from app.hotkeys.bindings import Plan, plan_bindings
from app.hotkeys.keymap import KeyMap
from app.hotkeys.xconnection import DISPLAY_LOST, DisplayLost, XConnection, open_display

LAYOUT_SETTLES_S = 0.05
"""A change of layout comes as a burst of events; the keys are bound again once it is over."""
NOT_RUNNING = "Shortcuts are not running."

_MAPPING_NOTIFY = 34


class XHotkeys(ABC):
    """Shortcuts on an X server. Subclasses say how keys are watched and what a conflict is."""

    name: str
    detects_conflicts: bool
    """True when binding fails if another program has the key; otherwise both get it."""
    takes_keys: bool
    """True when the focused program does not see the key as well."""

    def __init__(self, display_name: str) -> None:
        self._display_name = display_name
        self._connection: XConnection | None = None
        self._on_pressed: OnPressed = lambda _action, _token: None
        self._on_change: Callable[[Mapping[str, BindResult]], None] = lambda _results: None
        self._wanted: Mapping[str, Shortcut] = {}
        self._results: Mapping[str, BindResult] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._rebinding: asyncio.Task[None] | None = None

    def probe(self) -> Probe:
        """Tell whether there is such a display; connects to it for a moment (blocks for some milliseconds)."""
        try:
            display = open_display(self._display_name)
        except UserFacingError as problem:
            return Probe(self.name, available=False, reason=problem.message, remedy=problem.remedy)
        try:
            return self._probe_display(display)
        finally:
            display.close()

    async def start(
        self,
        on_pressed: OnPressed,
        on_change: Callable[[Mapping[str, BindResult]], None] | None = None,
    ) -> None:
        """Connect. Raises UserFacingError when the display cannot be reached."""
        assert self._connection is None, "started twice"
        self._on_pressed = on_pressed
        self._on_change = on_change or (lambda _results: None)
        connection = XConnection(self._display_name, self._on_event, self._on_lost)
        await connection.open()
        self._connection = connection

    async def bind(self, shortcuts: Mapping[str, Shortcut]) -> Mapping[str, BindResult]:
        """Replace all bindings; one round trip or two to the server, on a worker thread."""
        self._wanted = dict(shortcuts)
        await self._bind_wanted()
        return self._results

    async def stop(self) -> None:
        """Release every key; afterwards other programs can have them at once."""
        if self._timer is not None:
            self._timer.cancel()
        if self._rebinding is not None:
            self._rebinding.cancel()
            await asyncio.wait([self._rebinding])
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                await connection.call(self._release)
            except DisplayLost:
                pass
            finally:
                connection.close()
        self._wanted, self._results = {}, {}

    @abstractmethod
    def _probe_display(self, display: Any) -> Probe:
        """Tell whether this display can do it."""

    @abstractmethod
    def _install(self, display: Any, keymap: KeyMap, plan: Plan) -> frozenset[str]:
        """Watch these keys and no others; return the actions whose keys another program has. On a worker thread."""

    @abstractmethod
    def _release(self, display: Any) -> None:
        """Watch nothing any more. On a worker thread."""

    @abstractmethod
    def _on_key(self, event: Any) -> None:
        """Take a key event of the connection, on the loop's thread."""

    def _on_event(self, event: Any) -> None:
        if event.type == _MAPPING_NOTIFY:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = asyncio.get_running_loop().call_later(LAYOUT_SETTLES_S, self._layout_changed)
        else:
            self._on_key(event)

    def _layout_changed(self) -> None:
        self._rebinding = asyncio.get_running_loop().create_task(self._bind_again())

    async def _bind_again(self) -> None:
        before = self._results
        await self._bind_wanted()
        if self._results != before:
            self._on_change(self._results)

    async def _bind_wanted(self) -> None:
        wanted = self._wanted

        def install(display: Any) -> tuple[Plan, frozenset[str]]:
            keymap = KeyMap.read(display)
            plan = plan_bindings(keymap, wanted)
            return plan, self._install(display, keymap, plan)

        if self._connection is None:
            self._results = _unbound(wanted, NOT_RUNNING)
            return
        try:
            plan, conflicts = await self._connection.call(install)
        except DisplayLost as problem:
            self._results = _unbound(wanted, problem.message)
            return
        self._results = {
            action: plan.refused.get(action) or _result(shortcut, is_taken=action in conflicts)
            for action, shortcut in wanted.items()
        }

    def _on_lost(self) -> None:
        self._connection = None
        if self._timer is not None:
            self._timer.cancel()
        self._results = _unbound(self._wanted, DISPLAY_LOST)
        self._on_change(self._results)


def _unbound(shortcuts: Mapping[str, Shortcut], reason: str) -> Mapping[str, BindResult]:
    return {action: BindResult(shortcut, bound=False, reason=reason) for action, shortcut in shortcuts.items()}


def _result(shortcut: Shortcut, *, is_taken: bool) -> BindResult:
    if is_taken:
        return BindResult(shortcut, bound=False, reason="Another program already uses this key.")
    return BindResult(shortcut, bound=True)
