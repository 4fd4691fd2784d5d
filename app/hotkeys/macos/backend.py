"""Global shortcuts by RegisterEventHotKey: no permission is asked for, and nobody else's keys are seen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from app.core.errors import UserFacingError
from app.core.ports import BindResult, OnPressed, Probe
from app.core.shortcuts import Shortcut
from app.hotkeys.macos.carbon import Carbon, Native
from app.hotkeys.macos.keys import ANSI, NAMED, is_systems_own, modifier_mask

_TAKEN = -9878
"""eventHotKeyExistsErr."""


class MacHotkeys:
    """The Hotkeys port for macOS. Carbon's part happens on the main thread, the rest on the event loop's."""

    name = "carbon"
    detects_conflicts = False
    """Only of programs that want a key for themselves alone, as we do: they are few. From others it is taken."""
    takes_keys = True

    def __init__(
        self,
        on_main: Callable[[Callable[[], Any]], Awaitable[Any]],
        make_native: Callable[[], Native] = Carbon,
    ) -> None:
        """`on_main` calls a function on the main thread and returns what it returns."""
        self._on_main = on_main
        self._make_native = make_native
        self._native: Native | None = None
        self._rebinding: asyncio.Task[None] | None = None
        self._shortcuts: Mapping[str, Shortcut] = {}
        self._results: Mapping[str, BindResult] = {}
        self._actions: dict[int, str] = {}
        """By the number of the registered key; no number is used twice."""
        self._next = 0
        self._on_pressed: OnPressed = lambda _action, _token: None
        self._on_change: Callable[[Mapping[str, BindResult]], None] = lambda _: None

    def probe(self) -> Probe:
        """Look whether Carbon is there."""
        try:
            self._make_native()
        except OSError as error:
            return Probe(self.name, available=False, reason=f"Carbon could not be loaded: {error}.")
        return Probe(self.name, available=True)

    async def start(
        self,
        on_pressed: OnPressed,
        on_change: Callable[[Mapping[str, BindResult]], None] | None = None,
    ) -> None:
        """Begin to listen. Raises UserFacingError."""
        self._on_pressed = on_pressed
        self._on_change = on_change or self._on_change
        loop = asyncio.get_running_loop()

        def tell(number: int) -> None:
            loop.call_soon_threadsafe(self._pressed, number)

        def layout() -> None:
            loop.call_soon_threadsafe(self._layout_changed)

        def begin() -> Native:
            try:
                native = self._make_native()
            except OSError as error:
                raise UserFacingError("Shortcuts cannot be bound on this Mac.", details=repr(error)) from error
            native.start(tell, layout)
            return native

        self._native = await self._on_main(begin)

    async def bind(self, shortcuts: Mapping[str, Shortcut]) -> Mapping[str, BindResult]:
        """Replace all bindings."""
        native = self._native
        assert native is not None, "start comes first"
        self._shortcuts = wanted = dict(shortcuts)
        numbers = {action: number for number, action in enumerate(shortcuts, self._next)}
        self._next += len(numbers)
        # What is wanted may be something else by the time that the main thread comes to it.
        results: Mapping[str, BindResult] = await self._on_main(lambda: _bind(native, wanted, numbers))
        self._actions = {numbers[action]: action for action, result in results.items() if result.bound}
        self._results = results
        return results

    async def stop(self) -> None:
        """Release every key."""
        native, self._native = self._native, None
        if self._rebinding is not None:
            self._rebinding.cancel()
            await asyncio.wait([self._rebinding])
        if native is not None:
            await self._on_main(native.stop)

    def _layout_changed(self) -> None:
        """Find the keys anew, and tell when that changes what is bound."""
        if self._native is not None:
            if self._rebinding is not None:
                self._rebinding.cancel()
            self._rebinding = asyncio.get_running_loop().create_task(self._bind_again())

    async def _bind_again(self) -> None:
        before = self._results
        await self.bind(self._shortcuts)
        if self._results != before:
            self._on_change(self._results)

    def _pressed(self, number: int) -> None:
        # One that was released meanwhile may still be on its way.
        if number in self._actions:
            self._on_pressed(self._actions[number], "")


def _bind(native: Native, shortcuts: Mapping[str, Shortcut], numbers: Mapping[str, int]) -> dict[str, BindResult]:
    """On the main thread: release all, then take each."""
    native.unregister_all()
    codes = {**(native.key_codes() or ANSI), **NAMED}
    codes["Plus"] = codes.get("+", codes.get("=", ANSI["="]))
    results: dict[str, BindResult] = {}
    own: set[tuple[int, int]] = set()
    for action, shortcut in shortcuts.items():
        reason = _reason(shortcut, codes)
        if not reason:
            key = codes[shortcut.key], modifier_mask(shortcut.modifiers)
            if key in own:
                reason = f"Another action here already uses the keys of {shortcut}."
            else:
                reason = _refusal(shortcut, native.register(numbers[action], *key))
                own.add(key)
        results[action] = BindResult(shortcut, bound=not reason, reason=reason)
    return results


def _reason(shortcut: Shortcut, codes: Mapping[str, int]) -> str:
    """Why it is not even tried; empty when it is."""
    if not shortcut.is_global_safe:
        return f"{shortcut} would be taken away from every program: add Cmd, Option or Ctrl."
    if is_systems_own(shortcut):
        return f"macOS itself uses {shortcut}: choose another."
    return "" if shortcut.key in codes else f"No key on this keyboard types “{shortcut.key}”."


def _refusal(shortcut: Shortcut, status: int) -> str:
    """What Carbon's status means; empty when the key is ours."""
    if status == _TAKEN:
        return f"Another program, or macOS itself, already uses {shortcut}."
    return f"macOS refused {shortcut} (status {status})." if status else ""
