"""Shortcuts by XGrabKey: the X server itself tells us of our keys and of nothing else that is typed."""

from __future__ import annotations

import asyncio
from typing import Any

from app.core.ports import Probe
from app.hotkeys.bindings import Chord, Plan
from app.hotkeys.keymap import KeyMap
from app.hotkeys.xhotkeys import XHotkeys

_KEY_PRESS, _KEY_RELEASE = 2, 3


class X11Hotkeys(XHotkeys):
    """Grabbed keys. They do not reach the focused program, and a key that another program has is known at once.

    While another program holds the keyboard (an open menu), nothing fires.
    """

    name = "x11"
    detects_conflicts = True
    takes_keys = True

    def __init__(self, display_name: str) -> None:
        super().__init__(display_name)
        self._keymap = KeyMap(0, ())
        self._actions: dict[Chord, str] = {}
        self._lock_states: tuple[int, ...] = ()
        self._held = HeldKeys()

    def _probe_display(self, display: Any) -> Probe:
        return Probe(self.name, available=True)

    def _install(self, display: Any, keymap: KeyMap, plan: Plan) -> frozenset[str]:
        from Xlib import X, error

        # In one go with the new grabs, so that no press falls in between.
        self._ungrab(display, tuple(self._actions))
        self._keymap, self._lock_states = keymap, keymap.lock_states()
        root = display.screen().root
        refusals = {}
        for action, chords in plan.chords.items():
            # The server sends no answer to a grab, only a refusal, so one round trip serves all of them.
            refusals[action] = error.CatchError(error.BadAccess)
            for keycode, mask in chords:
                for locks in self._lock_states:
                    root.grab_key(
                        keycode, mask | locks, False, X.GrabModeAsync, X.GrabModeAsync, onerror=refusals[action]
                    )
        display.sync()
        conflicts = frozenset(action for action, caught in refusals.items() if caught.get_error())
        self._actions = {chord: action for action, chords in plan.chords.items() for chord in chords}
        for action in conflicts:
            # With Num Lock on it may have been free: all or nothing.
            self._ungrab(display, plan.chords[action])
        display.sync()
        return conflicts

    def _release(self, display: Any) -> None:
        self._ungrab(display, tuple(self._actions))
        display.sync()

    def _ungrab(self, display: Any, chords: tuple[Chord, ...]) -> None:
        root = display.screen().root
        for keycode, mask in chords:
            for locks in self._lock_states:
                root.ungrab_key(keycode, mask | locks)
            self._actions.pop((keycode, mask), None)

    def _on_key(self, event: Any) -> None:
        if event.type == _KEY_RELEASE:
            self._held.release(event.detail, event.time)
        elif event.type == _KEY_PRESS and self._held.press(event.detail, event.time):
            action = self._actions.get((event.detail, self._keymap.held(event.state)))
            if action is not None:
                # Not from inside the drain: what goes wrong in there is not the connection's trouble.
                asyncio.get_running_loop().call_soon(self._on_pressed, action, "")


class HeldKeys:
    """Tells a press from its repetitions.

    A grab lasts from the press of its key to the release of the same key; only in between are other keys seen. The
    server repeats a held key as release and press with the same time stamp.
    """

    def __init__(self) -> None:
        self._grabbed: int | None = None
        self._others: set[int] = set()
        self._last_release: tuple[int, int] | None = None

    def press(self, keycode: int, time_ms: int) -> bool:
        """Take a press; True when the key was up before."""
        if keycode == self._grabbed or keycode in self._others:
            return False
        was_repeated = self._last_release == (keycode, time_ms)
        if self._grabbed is None:
            self._grabbed = keycode
        else:
            self._others.add(keycode)
        return not was_repeated

    def release(self, keycode: int, time_ms: int) -> None:
        """Take a release."""
        if keycode == self._grabbed:
            self._grabbed = None
            self._others.clear()
        self._others.discard(keycode)
        self._last_release = (keycode, time_ms)
