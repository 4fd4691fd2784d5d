"""Shortcuts by watching every key, for displays where keys cannot be grabbed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from app.core.errors import UserFacingError
from app.core.ports import BindResult, OnPressed, Probe
from app.hotkeys.bindings import Chord, Plan
from app.hotkeys.keymap import KeyMap
from app.hotkeys.listener import RawKey, RawListener, load_listener
from app.hotkeys.xhotkeys import XHotkeys

_GENERIC_EVENT = 35


class PynputHotkeys(XHotkeys):
    """Watched keys. The focused program gets them too, and nobody can tell whether another program wants them.

    It fires also while another program's menu is open.
    """

    name = "pynput"
    detects_conflicts = False
    takes_keys = False

    def __init__(self, display_name: str) -> None:
        super().__init__(display_name)
        self._listener: RawListener | None = None
        self._watched = _Watched(KeyMap(0, ()), {})
        self._held: set[int] = set()

    async def start(
        self,
        on_pressed: OnPressed,
        on_change: Callable[[Mapping[str, BindResult]], None] | None = None,
    ) -> None:
        """Connect and begin to watch. Raises UserFacingError."""
        await super().start(on_pressed, on_change)
        loop = asyncio.get_running_loop()

        def take(key: RawKey) -> None:
            action = self._action(key)
            if action is not None:
                loop.call_soon_threadsafe(self._on_pressed, action, "")

        # When recording ends by itself the server is gone, which the connection notices too.
        self._listener = RawListener(self._display_name, take, on_end=lambda: None)
        try:
            await asyncio.to_thread(self._listener.start)
        except UserFacingError:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Watch no more."""
        listener, self._listener = self._listener, None
        if listener is not None:
            await asyncio.to_thread(listener.stop)
        await super().stop()
        self._held.clear()

    def _probe_display(self, display: Any) -> Probe:
        if not display.has_extension("RECORD"):
            return Probe(self.name, available=False, reason="This display does not let keys be watched.")
        try:
            load_listener()
        except UserFacingError as problem:
            return Probe(self.name, available=False, reason=problem.message)
        return Probe(self.name, available=True)

    def _install(self, display: Any, keymap: KeyMap, plan: Plan) -> frozenset[str]:
        self._ask_for_raw_keys(display, is_wanted=True)
        actions = {chord: action for action, chords in plan.chords.items() for chord in chords}
        # One object, swapped at once: the listener's thread reads it at any time.
        self._watched = _Watched(keymap, actions)
        return frozenset()

    def _release(self, display: Any) -> None:
        self._ask_for_raw_keys(display, is_wanted=False)
        self._watched = _Watched(self._watched.keymap, {})

    def _ask_for_raw_keys(self, display: Any, *, is_wanted: bool) -> None:
        """Have the server tell this connection of every key press, whoever gets the key; `_on_key` says why."""
        from Xlib.ext import xinput

        if display.has_extension(xinput.extname):
            display.xinput_query_version()
            mask = xinput.RawKeyPressMask if is_wanted else 0
            display.screen().root.xinput_select_events([(xinput.AllMasterDevices, mask)])

    def _on_key(self, event: Any) -> None:
        """Answer a raw key press, which is told at once, with a question.

        The keys themselves come by the listener. But the server sends what it recorded only when it sends something
        else as well, and on a desktop where no program gets the keys that could take seconds.
        """
        if event.type == _GENERIC_EVENT and self._connection is not None:
            self._connection.nudge()

    def _action(self, key: RawKey) -> str | None:
        """Decide on the listener's thread, so that what people type never travels further."""
        if not key.is_press:
            self._held.discard(key.keycode)
            return None
        if key.keycode in self._held:
            return None
        self._held.add(key.keycode)
        return self._watched.action(key)


class _Watched:
    """The bound keys on one keyboard layout; never changed once made."""

    def __init__(self, keymap: KeyMap, actions: Mapping[Chord, str]) -> None:
        self.keymap = keymap
        self._actions = actions

    def action(self, key: RawKey) -> str | None:
        return self._actions.get((key.keycode, self.keymap.held(key.state)))
