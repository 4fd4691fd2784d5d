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
from app.hotkeys.macos.carbon import Carbon, EventType, HotKeyId, Native
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
        self.on_layout: Callable[[], None] = lambda: None
        self.is_stopped = False

    def start(self, on_pressed: Callable[[int], None], on_layout: Callable[[], None]) -> None:
        self.on_pressed, self.on_layout = on_pressed, on_layout

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


def bound(native: Native, **texts: str) -> Mapping[str, BindResult]:
    async def go() -> Mapping[str, BindResult]:
        hotkeys = MacHotkeys(on_main, lambda: native)
        await hotkeys.start(lambda _action, _token: None)
        return await hotkeys.bind(shortcuts(**texts))

    return asyncio.run(go())


def test_a_pressed_key_is_told_by_its_action_until_it_is_released() -> None:
    pressed: list[str] = []

    async def go() -> Memory:
        native = Memory()
        hotkeys = MacHotkeys(on_main, lambda: native)
        await hotkeys.start(lambda action, _token: pressed.append(action))
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
        ("Ctrl+Alt+9", "Another program, or macOS itself, already uses"),
        # Both are on the key that says = and +.
        ("Ctrl+Alt+=", "Another action here already uses"),
    ],
)
def test_what_cannot_be_bound_says_why_and_the_rest_is(text: str, reason: str) -> None:
    native = Memory()
    native.others.add((ANSI["9"], 0x1800))
    results = bound(native, good="Ctrl+Alt+Plus", bad=text)
    assert (results["bad"].bound, results["good"].bound) == (False, True)
    assert reason in results["bad"].reason
    assert len(native.taken) == 1


def test_every_default_key_can_be_bound() -> None:
    results = bound(Memory(), **{name: text for name, text in default_shortcuts("darwin").items() if text})
    assert all(result.bound for result in results.values())
    assert results["region"].shortcut == Shortcut.parse("Cmd+Option+4")


def test_another_layout_finds_the_keys_anew_and_tells_only_what_is_news() -> None:
    told: list[Mapping[str, BindResult]] = []
    taken: list[set[tuple[int, int]]] = []

    async def go() -> None:
        native = Memory({"Z": 0x06})
        hotkeys = MacHotkeys(on_main, lambda: native)
        await hotkeys.start(lambda _action, _token: None, told.append)
        await hotkeys.bind(shortcuts(a="Ctrl+Alt+Z"))
        for codes in ({"Z": 0x10}, {"Y": 0x06}, {"Y": 0x06}, {"Z": 0x06}):
            native.codes = codes
            # macOS tells it from the main thread, and often twice.
            await asyncio.to_thread(native.on_layout)
            await asyncio.to_thread(native.on_layout)
            await settled()
            taken.append(set(native.taken))
        await hotkeys.stop()
        native.on_layout()
        await settled()

    asyncio.run(go())
    assert taken == [{(0x10, 0x1800)}, set(), set(), {(0x06, 0x1800)}]
    assert [results["a"].bound for results in told] == [False, True]


async def settled() -> None:
    """Let the loop do what was begun on it."""
    for _ in range(5):
        await asyncio.sleep(0)


def test_keys_wanted_meanwhile_are_bound_in_the_order_of_the_asking() -> None:
    """The main thread is busy while two sets of keys are asked for."""
    native = Memory()

    async def go() -> list[Mapping[str, BindResult]]:
        free = asyncio.Event()

        async def on_busy_main(work: Callable[[], Any]) -> Any:
            await free.wait()
            return work()

        hotkeys = MacHotkeys(on_busy_main, lambda: native)
        free.set()
        await hotkeys.start(lambda _action, _token: None)
        free.clear()
        asked = [asyncio.ensure_future(hotkeys.bind(shortcuts(**{key: f"Ctrl+Alt+{key}"}))) for key in ("A", "B")]
        await settled()
        free.set()
        return await asyncio.gather(*asked)

    results = asyncio.run(go())
    assert [set(result) for result in results] == [{"A"}, {"B"}]
    assert set(native.taken) == {(ANSI["B"], 0x1800)}


def test_a_computer_without_carbon_says_so() -> None:
    # As this one.
    hotkeys = MacHotkeys(on_main)
    assert "Carbon could not be loaded" in hotkeys.probe().reason
    with pytest.raises(UserFacingError, match="cannot be bound"):
        asyncio.run(hotkeys.start(lambda _action, _token: None))


# --- the calls --------------------------------------------------------------------------------------------------------


class Function:
    """Called through ctypes with the prototype that it is given, so that every argument is converted for real."""

    def __init__(self, does: Callable[..., Any]) -> None:
        self._does = does
        self.restype: Any = None
        self.argtypes: tuple[Any, ...] = ()

    def __call__(self, *arguments: Any) -> Any:
        return ctypes.CFUNCTYPE(self.restype, *self.argtypes)(self._does)(*arguments)


Layout = Mapping[int, str]
"""Virtual key code → what the key types by itself, then with Shift; its keys are those that the tests ask for."""

SMALL: Layout = {7: "ß?", 8: "éÉ", 0x53: "11", 10: "1!", 11: "  ", 12: "\x1b\x1b"}
"""0x53 is on the keypad."""
US: Layout = {code: character + character.lower() for character, code in ANSI.items()}
FRENCH: Layout = dict(zip((0x12, 0x13, 0x14, 0x15, 0x17), ("&1", "é2", '"3', "'4", "(5"), strict=True)) | {
    0x00: "qQ", 0x0C: "aA", 0x0D: "zZ", 0x06: "wW", 0x20: "uU", 0x18: "-_", 0x2C: "=+", 0x2B: ";.",
}  # fmt: skip
RUSSIAN: Layout = dict(zip((0x12, 0x13, 0x14, 0x15, 0x17), ("1!", "2\"", "3№", "4%", "5:"), strict=True)) | {
    0x00: "фФ", 0x20: "гГ", 0x0C: "йЙ", 0x2C: ".,",
}  # fmt: skip


class Library:
    """Carbon's functions, as its headers describe them, over two keyboard layouts."""

    def __init__(self, layout: Layout | None = SMALL, latin: Layout | None = None) -> None:
        """`layout` is the present one, `latin` the one that macOS takes where Latin letters are needed."""
        self.layouts: dict[int, Layout | None] = {55: layout, 56: latin or layout}
        self.observers: dict[int, Any] = {}
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
        # Exclusive: else a key that another program has for itself alone would be called ours.
        assert (target, options) == (77, 1)
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

    def do_CFNotificationCenterGetDistributedCenter(self) -> int:
        return 33

    def do_CFNotificationCenterAddObserver(
        self, center: int, observer: int, call: Any, name: int, sender: int | None, suspension: int
    ) -> None:
        assert (center, name, sender, suspension) == (33, 45, None, 4)
        assert observer
        self.observers[observer] = call

    def do_CFNotificationCenterRemoveEveryObserver(self, center: int, observer: int) -> None:
        assert center == 33
        del self.observers[observer]

    def do_TISCopyCurrentKeyboardLayoutInputSource(self) -> int:
        return 55

    def do_TISCopyCurrentASCIICapableKeyboardLayoutInputSource(self) -> int:
        return 56

    def do_TISGetInputSourceProperty(self, source: int, key: int) -> int | None:
        assert key == 44
        return source + 11 if self.layouts[source] is not None else None

    def do_CFDataGetBytePtr(self, data: int) -> int:
        return data + 1

    def do_CFRelease(self, reference: int) -> None:
        self.released.append(reference)

    def do_LMGetKbdType(self) -> int:
        return 40

    def do_UCKeyTranslate(self, layout: int, code: int, *rest: Any) -> int:
        action, modifiers, keyboard, options, _dead, room, length, text = rest
        assert (action, keyboard, options, room) == (3, 40, 1, 4)
        keys = self.layouts[layout - 12]
        assert keys is not None
        typed = "ab" if code == 14 else keys.get(code, "")[{0: 0, 2: 1}[modifiers] :][:1]
        for place, character in enumerate(typed):
            text[place] = ord(character)
        length[0] = len(typed)
        return 0


@pytest.fixture
def library() -> Library:
    return Library()


def carbon_over(library: Library) -> Carbon:
    constants = {"kTISPropertyUnicodeKeyLayoutData": 44, "kTISNotifySelectedKeyboardInputSourceChanged": 45}
    return Carbon(lambda _: library, lambda _library, name: c_void_p(constants[name]))


def test_keys_are_registered_told_of_and_released(library: Library) -> None:
    pressed: list[int] = []
    native = carbon_over(library)
    native.start(pressed.append, lambda: None)
    assert native.register(4, 0x15, 0x1200) == 0
    assert native.register(5, 13, 0) == -9878
    assert list(library.keys.values()) == [(0x15, 0x1200, 4)]
    # Our own event is dealt with, another's goes on to whom it is meant for.
    assert (library.handler(None, 1, None), library.handler(None, 2, None)) == (0, -9874)
    assert pressed == [4]
    native.stop()
    native.stop()
    assert (library.keys, library.removed) == ({}, [99])


def test_another_layout_is_told_until_it_stops(library: Library) -> None:
    changes: list[str] = []
    native = carbon_over(library)
    native.start(lambda _: None, lambda: changes.append("changed"))
    (observer,) = library.observers.values()
    observer(33, None, 45, None, None)
    assert changes == ["changed"]
    native.stop()
    assert library.observers == {}


def test_the_layout_is_read_key_by_key_and_given_back(library: Library) -> None:
    assert carbon_over(library).key_codes() == {"ß": 7, "É": 8, "1": 10, "?": 7, "!": 10}
    assert library.released == [55, 55, 56, 56]


def test_a_layout_without_a_table_is_no_layout() -> None:
    # As that of an input method may be.
    library = Library(None, US)
    assert carbon_over(library).key_codes()["A"] == 0
    assert carbon_over(Library(None)).key_codes() == {}
    assert library.released == [55, 55, 56, 56]


@pytest.mark.parametrize(
    ("layout", "text", "code"),
    [
        (FRENCH, "Cmd+Option+4", 0x15),
        (FRENCH, "Cmd+Option+A", 0x0C),
        (FRENCH, "Cmd+Option+=", 0x2C),
        # Plus is on a key of its own only with Shift.
        (FRENCH, "Cmd+Option+Plus", 0x2C),
        (RUSSIAN, "Cmd+Option+4", 0x15),
        (RUSSIAN, "Cmd+Option+U", 0x20),
        (RUSSIAN, "Cmd+Option+Г", 0x20),
        # What the layout itself types comes before what the Latin one would.
        (RUSSIAN, "Cmd+Option+.", 0x2C),
    ],
)
def test_keys_are_found_on_a_layout_that_has_them_elsewhere(layout: Layout, text: str, code: int) -> None:
    library = Library(layout, US if layout is RUSSIAN else None)
    results = bound(carbon_over(library), a=text)
    assert results["a"].bound, results["a"].reason
    assert [key[:2] for key in library.keys.values()] == [(code, 0x900)]


@pytest.mark.parametrize("layout", [US, FRENCH, RUSSIAN])
def test_every_default_key_can_be_bound_on_every_layout(layout: Layout) -> None:
    library = Library(layout, US if layout is RUSSIAN else None)
    defaults = {name: text for name, text in default_shortcuts("darwin").items() if text}
    results = bound(carbon_over(library), **defaults)
    assert {name: result.reason for name, result in results.items() if not result.bound} == {}


def test_a_refusal_to_listen_is_explained(library: Library) -> None:
    library.install_status = -50
    with pytest.raises(UserFacingError, match="does not tell ImgLink") as caught:
        carbon_over(library).start(lambda _: None, lambda: None)
    assert "-50" in caught.value.details
