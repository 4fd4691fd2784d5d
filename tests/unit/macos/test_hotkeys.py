"""Shortcuts on a Mac: the thinking over a Carbon in memory, the calls over real ctypes prototypes."""

from __future__ import annotations

import asyncio
import ctypes
from collections.abc import Callable, Mapping
from ctypes import c_void_p
from typing import Any

import pytest

from app.core.errors import UserFacingError
from app.core.ports import BindResult
from app.core.shortcuts import Shortcut
from app.core.workflow import default_shortcuts
from app.hotkeys.macos import carbon
from app.hotkeys.macos.backend import MacHotkeys
from app.hotkeys.macos.carbon import Carbon, EventType, HotKeyId
from app.hotkeys.macos.keys import ANSI, NAMED


def shortcuts(**texts: str) -> dict[str, Shortcut]:
    return {action: Shortcut.parse(text) for action, text in texts.items()}


class Memory:
    """A Carbon that keeps what it is told."""

    def __init__(self, codes: Mapping[str, int] = ANSI) -> None:
        self.codes = codes
        self.taken: dict[tuple[int, int], int] = {}
        self.others: set[tuple[int, int]] = set()
        self.on_pressed: Callable[[int], None] = lambda _: None
        self.is_stopped = False

    def start(self, on_pressed: Callable[[int], None]) -> None:
        self.on_pressed = on_pressed

    def register(self, number: int, key_code: int, modifiers: int) -> int:
        key = key_code, modifiers
        if key in self.others or key in self.taken:
            return -9878
        self.taken[key] = number
        return 0

    def unregister_all(self) -> None:
        self.taken.clear()

    def key_codes(self) -> Mapping[str, int]:
        return self.codes

    def stop(self) -> None:
        self.is_stopped = True


async def on_main(work: Callable[[], Any]) -> Any:
    return work()


def bound(native: Memory, **texts: str) -> Mapping[str, BindResult]:
    async def go() -> Mapping[str, BindResult]:
        hotkeys = MacHotkeys(on_main, lambda: native)
        await hotkeys.start(lambda _: None)
        return await hotkeys.bind(shortcuts(**texts))

    return asyncio.run(go())


def test_a_pressed_key_is_told_by_its_action_until_it_is_released() -> None:
    pressed: list[str] = []

    async def go() -> Memory:
        native = Memory()
        hotkeys = MacHotkeys(on_main, lambda: native)
        await hotkeys.start(pressed.append)
        await hotkeys.bind(shortcuts(region="Cmd+Alt+4", screen="Cmd+Alt+3"))
        released = native.taken[ANSI["3"], 0x900]
        await hotkeys.bind(shortcuts(region="Cmd+Alt+4"))
        native.on_pressed(released)
        native.on_pressed(native.taken[ANSI["4"], 0x900])
        await asyncio.sleep(0)
        await hotkeys.stop()
        await hotkeys.stop()
        return native

    assert asyncio.run(go()).is_stopped
    assert pressed == ["region"]


def test_each_key_and_modifier_has_its_number() -> None:
    native = Memory()
    results = bound(native, a="Ctrl+Shift+4", b="Cmd+Option+U", c="F13", d="Ctrl+Plus")
    assert all(result.bound for result in results.values())
    assert set(native.taken) == {
        (0x15, 0x1000 | 0x200),
        (0x20, 0x100 | 0x800),
        (NAMED["F13"], 0),
        (ANSI["="], 0x1000),
    }


def test_letters_follow_the_layout() -> None:
    native = Memory({"A": 0x0C, "Q": 0x00})
    bound(native, a="Ctrl+Alt+A")
    assert set(native.taken) == {(0x0C, 0x1800)}
    unread = Memory({})
    bound(unread, a="Ctrl+Alt+A")
    assert set(unread.taken) == {(0x00, 0x1800)}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Cmd+Shift+4", "macOS itself uses"),
        ("Ctrl+Cmd+Shift+3", "macOS itself uses"),
        ("Shift+A", "taken away from every program"),
        ("Ctrl+Ö", "No key on this keyboard"),
        ("Ctrl+Alt+Print", "No key on this keyboard"),
        ("Ctrl+Alt+9", "Another program already uses"),
    ],
)
def test_what_cannot_be_bound_says_why_and_the_rest_is(text: str, reason: str) -> None:
    native = Memory()
    native.others.add((ANSI["9"], 0x1800))
    results = bound(native, bad=text, good="Ctrl+Alt+1")
    assert (results["bad"].bound, results["good"].bound) == (False, True)
    assert reason in results["bad"].reason
    assert len(native.taken) == 1


def test_every_default_key_can_be_bound() -> None:
    results = bound(Memory(), **{name: text for name, text in default_shortcuts("darwin").items() if text})
    assert all(result.bound for result in results.values())
    assert results["region"].shortcut == Shortcut.parse("Cmd+Option+4")


def test_another_layout_finds_the_keys_anew() -> None:
    told: list[Mapping[str, BindResult]] = []

    async def go() -> Memory:
        native = Memory({"Z": 0x06})
        hotkeys = MacHotkeys(on_main, lambda: native)
        await hotkeys.start(lambda _: None, told.append)
        await hotkeys.bind(shortcuts(a="Ctrl+Alt+Z"))
        native.codes = {"Z": 0x10}
        await hotkeys.layout_changed()
        return native

    assert set(asyncio.run(go()).taken) == {(0x10, 0x1800)}
    assert told[0]["a"].bound


def test_a_computer_without_carbon_says_so() -> None:
    # As this one.
    hotkeys = MacHotkeys(on_main)
    assert "Carbon could not be loaded" in hotkeys.probe().reason
    with pytest.raises(UserFacingError, match="cannot be bound"):
        asyncio.run(hotkeys.start(lambda _: None))


# --- the calls --------------------------------------------------------------------------------------------------------


class Function:
    """Called through ctypes with the prototype that it is given, so that every argument is converted for real."""

    def __init__(self, does: Callable[..., Any]) -> None:
        self._does = does
        self.restype: Any = None
        self.argtypes: tuple[Any, ...] = ()

    def __call__(self, *arguments: Any) -> Any:
        return ctypes.CFUNCTYPE(self.restype, *self.argtypes)(self._does)(*arguments)


class Library:
    """Carbon's functions, as its headers describe them. Key 7 types ß, 8 types é, 9 is the keypad's 1, 10 types 1."""

    def __init__(self) -> None:
        self.handler: Any = None
        self.keys: dict[int, tuple[int, int, int]] = {}
        self.removed: list[int] = []
        self.released: list[int] = []
        self.install_status = 0
        for name in carbon.FUNCTIONS:
            setattr(self, name, Function(getattr(self, f"do_{name}")))

    def do_GetApplicationEventTarget(self) -> int:
        return 77

    def do_InstallEventHandler(self, target: int, handler: Any, count: int, types: Any, data: Any, out: Any) -> int:
        kind: EventType = types[0]
        assert (target, count, kind.event_class, kind.kind) == (77, 1, 0x6B657962, 5)
        self.handler = handler
        out[0] = c_void_p(99)
        return self.install_status

    def do_RemoveEventHandler(self, reference: int) -> int:
        self.removed.append(reference)
        return 0

    def do_RegisterEventHotKey(
        self, code: int, modifiers: int, key: HotKeyId, target: int, options: int, out: Any
    ) -> int:
        assert (target, options) == (77, 0)
        if code == 13:
            return -9878
        reference = 1000 + len(self.keys)
        self.keys[reference] = (code, modifiers, key.id)
        out[0] = c_void_p(reference)
        return 0

    def do_UnregisterEventHotKey(self, reference: int) -> int:
        del self.keys[reference]
        return 0

    def do_GetEventParameter(
        self, event: int, name: int, kind: int, actual: Any, size: int, read: Any, out: int
    ) -> int:
        assert (name, kind, size) == (0x2D2D2D2D, 0x686B6964, 8)
        signature, number = {1: (carbon._OWN, 4), 2: (5, 4)}[event]
        ctypes.memmove(out, ctypes.byref(HotKeyId(signature, number)), size)
        return 0

    def do_TISCopyCurrentKeyboardLayoutInputSource(self) -> int:
        return 55

    def do_TISGetInputSourceProperty(self, source: int, key: int) -> int:
        assert (source, key) == (55, 44)
        return 66

    def do_CFDataGetBytePtr(self, data: int) -> int:
        return data + 1

    def do_CFRelease(self, reference: int) -> None:
        self.released.append(reference)

    def do_LMGetKbdType(self) -> int:
        return 40

    def do_UCKeyTranslate(self, layout: int, code: int, *rest: Any) -> int:
        action, modifiers, keyboard, options, _dead, room, length, text = rest
        assert (layout, action, modifiers, keyboard, options, room) == (67, 3, 0, 40, 1, 4)
        typed = {7: "ß", 8: "é", 0x53: "1", 10: "1", 11: " ", 12: "\x1b", 14: "ab"}.get(code, "")
        for place, character in enumerate(typed):
            text[place] = ord(character)
        length[0] = len(typed)
        return 0


@pytest.fixture
def library() -> Library:
    return Library()


def carbon_over(library: Library) -> Carbon:
    return Carbon(lambda _: library, lambda _library, _name: c_void_p(44))


def test_keys_are_registered_told_of_and_released(library: Library) -> None:
    pressed: list[int] = []
    native = carbon_over(library)
    native.start(pressed.append)
    assert native.register(4, 0x15, 0x1200) == 0
    assert native.register(5, 13, 0) == -9878
    assert list(library.keys.values()) == [(0x15, 0x1200, 4)]
    # Our own event is dealt with, another's goes on to whom it is meant for.
    assert (library.handler(None, 1, None), library.handler(None, 2, None)) == (0, -9874)
    assert pressed == [4]
    native.stop()
    native.stop()
    assert (library.keys, library.removed) == ({}, [99])


def test_the_layout_is_read_key_by_key_and_given_back(library: Library) -> None:
    assert carbon_over(library).key_codes() == {"ß": 7, "É": 8, "1": 10}
    assert library.released == [55]


def test_a_refusal_to_listen_is_explained(library: Library) -> None:
    library.install_status = -50
    with pytest.raises(UserFacingError, match="does not tell ImgLink") as caught:
        carbon_over(library).start(lambda _: None)
    assert "-50" in caught.value.details
