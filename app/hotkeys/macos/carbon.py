"""What is asked of Carbon, and nothing else: thin calls through ctypes, which pyobjc does not wrap.

Everything that thinks is in `backend.py`, which sees this as the Protocol `Native`. All of it belongs to the main
thread: the Carbon Event Manager and Text Input Sources are not safe on others.

Sources: Apple's headers HIToolbox/CarbonEvents.h (RegisterEventHotKey), CarbonEventsCore.h (InstallEventHandler,
GetEventParameter), TextInputSources.h, CoreServices/UnicodeUtilities.h (UCKeyTranslate), and
CoreFoundation/CFNotificationCenter.h.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Mapping
from ctypes import POINTER, byref, c_int32, c_long, c_uint8, c_uint16, c_uint32, c_ulong, c_void_p
from typing import Any, Protocol

from app.core.errors import UserFacingError

_CARBON = "/System/Library/Frameworks/Carbon.framework/Carbon"
_OWN = int.from_bytes(b"ImgL", "big")
_KEYBOARD_CLASS = int.from_bytes(b"keyb", "big")
"""kEventClassKeyboard."""
_HOT_KEY_PRESSED = 5
"""kEventHotKeyPressed."""
_DIRECT_OBJECT = int.from_bytes(b"----", "big")
"""kEventParamDirectObject."""
_TYPE_HOT_KEY_ID = int.from_bytes(b"hkid", "big")
"""typeEventHotKeyID."""
_DISPLAY_ACTION, _NO_DEAD_KEYS = 3, 1
"""kUCKeyActionDisplay, kUCKeyTranslateNoDeadKeysMask."""
_NOT_HANDLED = -9874
"""eventNotHandledErr."""
_EXCLUSIVE = 1 << 0
"""kEventHotKeyExclusive. Without it Carbon calls a key ours of which another program would get every press."""
_NO_MODIFIER, _SHIFT = 0, 1 << 1
"""As UCKeyTranslate wants modifiers: Carbon's bits without their lower half."""
_AT_ONCE = 4
"""CFNotificationSuspensionBehaviorDeliverImmediately. Else it waits until we are the active program: hardly ever."""
_LAST_KEY_CODE = 0x7F
_KEYPAD = range(0x41, 0x5D)
"""Type the same characters as other keys, which are the ones that are meant."""


class HotKeyId(ctypes.Structure):
    """EventHotKeyID."""

    _fields_ = (("signature", c_uint32), ("id", c_uint32))


class EventType(ctypes.Structure):
    """EventTypeSpec."""

    _fields_ = (("event_class", c_uint32), ("kind", c_uint32))


HANDLER = ctypes.CFUNCTYPE(c_int32, c_void_p, c_void_p, c_void_p)
"""EventHandlerProcPtr: the next handler, the event, our own data; returns a status."""
OBSERVER = ctypes.CFUNCTYPE(None, c_void_p, c_void_p, c_void_p, c_void_p, c_void_p)
"""CFNotificationCallback: the center, the observer, the name, the object, more about it."""

FUNCTIONS: Mapping[str, tuple[Any, tuple[Any, ...]]] = {
    "GetApplicationEventTarget": (c_void_p, ()),
    "InstallEventHandler": (c_int32, (c_void_p, HANDLER, c_ulong, POINTER(EventType), c_void_p, POINTER(c_void_p))),
    "RemoveEventHandler": (c_int32, (c_void_p,)),
    "RegisterEventHotKey": (c_int32, (c_uint32, c_uint32, HotKeyId, c_void_p, c_uint32, POINTER(c_void_p))),
    "UnregisterEventHotKey": (c_int32, (c_void_p,)),
    "GetEventParameter": (
        c_int32,
        (c_void_p, c_uint32, c_uint32, POINTER(c_uint32), c_ulong, POINTER(c_ulong), c_void_p),
    ),
    "CFNotificationCenterGetDistributedCenter": (c_void_p, ()),
    "CFNotificationCenterAddObserver": (None, (c_void_p, c_void_p, OBSERVER, c_void_p, c_void_p, c_long)),
    "CFNotificationCenterRemoveEveryObserver": (None, (c_void_p, c_void_p)),
    "TISCopyCurrentKeyboardLayoutInputSource": (c_void_p, ()),
    "TISCopyCurrentASCIICapableKeyboardLayoutInputSource": (c_void_p, ()),
    "TISGetInputSourceProperty": (c_void_p, (c_void_p, c_void_p)),
    "CFDataGetBytePtr": (c_void_p, (c_void_p,)),
    "CFRelease": (None, (c_void_p,)),
    "LMGetKbdType": (c_uint8, ()),
    "UCKeyTranslate": (
        c_int32,
        (
            c_void_p,
            c_uint16,
            c_uint16,
            c_uint32,
            c_uint32,
            c_uint32,
            POINTER(c_uint32),
            c_ulong,
            POINTER(c_ulong),
            POINTER(c_uint16),
        ),
    ),
}
"""Result and arguments of every function that is called."""


LEVELS = (
    ("TISCopyCurrentKeyboardLayoutInputSource", _NO_MODIFIER),
    # French digits are here.
    ("TISCopyCurrentKeyboardLayoutInputSource", _SHIFT),
    # Where the layout has other letters than Latin ones, the keys of the one that macOS itself then takes for Cmd.
    ("TISCopyCurrentASCIICapableKeyboardLayoutInputSource", _NO_MODIFIER),
    ("TISCopyCurrentASCIICapableKeyboardLayoutInputSource", _SHIFT),
)
"""Where the key of a character is looked for, first to last: a layout, and what is held."""


class Native(Protocol):
    """Carbon, as far as hot keys need it; every method on the main thread."""

    def start(self, on_pressed: Callable[[int], None], on_layout: Callable[[], None]) -> None:
        """Begin to listen; `on_pressed` gets the number of a registered key. Raises UserFacingError.

        `on_layout` is called when the person has chosen another keyboard layout.
        """

    def register(self, number: int, key_code: int, modifiers: int) -> int:
        """Take a key; returns Carbon's status, 0 when it was done."""

    def unregister_all(self) -> None:
        """Release every key."""

    def key_codes(self) -> Mapping[str, int]:
        """Upper-case character → virtual key code, as `LEVELS` looks for it; empty when no layout can be read."""

    def stop(self) -> None:
        """Release everything."""


class Carbon:
    """`Native` through ctypes."""

    def __init__(
        self,
        load: Callable[[str], Any] = ctypes.CDLL,
        constant: Callable[[Any, str], c_void_p] = c_void_p.in_dll,
    ) -> None:
        """Raises OSError where there is no Carbon."""
        self._library = load(_CARBON)
        self._constant = constant
        for name, (result, arguments) in FUNCTIONS.items():
            function = getattr(self._library, name)
            function.restype, function.argtypes = result, arguments
        self._handler: Any = None
        """Kept, as the next: macOS holds a bare pointer to it."""
        self._observer: Any = None
        self._installed = c_void_p()
        self._keys: list[c_void_p] = []

    def start(self, on_pressed: Callable[[int], None], on_layout: Callable[[], None]) -> None:
        """See `Native`."""

        def handle(_next: int | None, event: int | None, _data: int | None) -> int:
            pressed = HotKeyId()
            size = ctypes.sizeof(pressed)
            status = self._library.GetEventParameter(
                event, _DIRECT_OBJECT, _TYPE_HOT_KEY_ID, None, size, None, byref(pressed)
            )
            if status or pressed.signature != _OWN:
                return _NOT_HANDLED
            on_pressed(pressed.id)
            return 0

        self._handler = HANDLER(handle)
        wanted = EventType(_KEYBOARD_CLASS, _HOT_KEY_PRESSED)
        target = self._library.GetApplicationEventTarget()
        status = self._library.InstallEventHandler(
            target, self._handler, 1, byref(wanted), None, byref(self._installed)
        )
        if status:
            raise UserFacingError(
                "macOS does not tell ImgLink of its shortcuts.",
                remedy="Log out and in again.",
                details=f"InstallEventHandler: {status}",
            )
        self._observer = OBSERVER(lambda *_told: on_layout())
        name = self._constant(self._library, "kTISNotifySelectedKeyboardInputSourceChanged")
        self._library.CFNotificationCenterAddObserver(
            self._center(), self._own_address(), self._observer, name, None, _AT_ONCE
        )

    def register(self, number: int, key_code: int, modifiers: int) -> int:
        """See `Native`."""
        key = c_void_p()
        target = self._library.GetApplicationEventTarget()
        status: int = self._library.RegisterEventHotKey(
            key_code, modifiers, HotKeyId(_OWN, number), target, _EXCLUSIVE, byref(key)
        )
        if not status:
            self._keys.append(key)
        return status

    def unregister_all(self) -> None:
        """See `Native`."""
        while self._keys:
            self._library.UnregisterEventHotKey(self._keys.pop())

    def key_codes(self) -> Mapping[str, int]:
        """See `Native`."""
        found: dict[str, int] = {}
        for layout, held in LEVELS:
            for character, code in self._layout(layout, held):
                found.setdefault(character, code)
        return found

    def stop(self) -> None:
        """See `Native`."""
        self.unregister_all()
        if self._observer is not None:
            self._library.CFNotificationCenterRemoveEveryObserver(self._center(), self._own_address())
        if self._installed:
            self._library.RemoveEventHandler(self._installed)
        self._installed, self._handler, self._observer = c_void_p(), None, None

    def _center(self) -> Any:
        return self._library.CFNotificationCenterGetDistributedCenter()

    def _own_address(self) -> Any:
        """What tells our observer from others."""
        return ctypes.cast(self._observer, c_void_p)

    def _layout(self, copy: str, held: int) -> Iterator[tuple[str, int]]:
        """The characters that keys of one layout type while `held` is, each with its key; the keypad's are left out."""
        library = self._library
        source = getattr(library, copy)()
        if not source:
            return
        try:
            name = self._constant(library, "kTISPropertyUnicodeKeyLayoutData")
            data = library.TISGetInputSourceProperty(source, name)
            if not data:
                return
            layout = library.CFDataGetBytePtr(data)
            for code in range(_LAST_KEY_CODE + 1):
                if code not in _KEYPAD and (character := self._typed(layout, held, code)):
                    yield character, code
        finally:
            library.CFRelease(source)

    def _typed(self, layout: int, held: int, code: int) -> str:
        """The one printable character that a key types, in upper case; empty for other keys."""
        dead, length, text = c_uint32(), c_ulong(), (c_uint16 * 4)()
        keyboard = self._library.LMGetKbdType()
        status = self._library.UCKeyTranslate(
            layout, code, _DISPLAY_ACTION, held, keyboard, _NO_DEAD_KEYS, byref(dead), len(text), byref(length), text
        )
        if status or length.value != 1:
            return ""
        character = chr(text[0])
        upper = character.upper()
        return (upper if len(upper) == 1 else character) if character.isprintable() and character != " " else ""
