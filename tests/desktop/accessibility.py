"""What a screen reader finds of the programs on a private desktop, and a hand that goes where it says."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from jeepney import DBusAddress, HeaderFields, MatchRule, MessageType, Properties, new_method_call
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, Proxy, open_dbus_connection

from app.core.geometry import Point, Rect
from tests.desktop.session import DesktopSession
from tests.desktop.x11 import ShownWindow

LAUNCHER = next(
    (path for path in map(str, Path("/usr").glob("lib*/at-spi-bus-launcher")) if Path(path).is_file()),
    "/usr/libexec/at-spi-bus-launcher",
)
ENVIRON = {
    "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1",
    # Said of everything that is gone when it is asked about.
    "QT_LOGGING_RULES": "qt.accessibility.atspi.warning=false",
}
"""What makes a Qt program show itself although no screen reader runs."""

T = TypeVar("T")

_Place = tuple[str, str]
"""Name on the bus and object path."""
_REGISTRY: _Place = ("org.a11y.atspi.Registry", "/org/a11y/atspi/accessible/root")
_ON_SCREEN = 0
_FOCUS_EVENT = "object:state-changed:focused"
_FOCUS = MatchRule(type="signal", interface="org.a11y.atspi.Event.Object", member="StateChanged")
_STATES = {1: "active", 4: "checked", 8: "enabled", 11: "focusable", 12: "focused", 23: "selected", 25: "showing"}
"""The bits of AtspiStateType that are asked for here."""
_LEAVES = {"cell", "label", "list item", "push button"}
"""What holds nothing that is looked for."""


class Gone(Exception):
    """A control, or its program, is not there any more; windows change while one looks."""


@dataclass(frozen=True, slots=True)
class Control:
    """One node of the tree, as it was when it was read."""

    role: str
    """In the words of AT-SPI: `push button`, `text`, `list item`…"""
    name: str
    states: frozenset[str]
    """Some of `_STATES`."""
    rect_px: Rect
    """On the screen; empty for what is not shown."""
    children: tuple[Control, ...]

    @property
    def is_ready(self) -> bool:
        """True when it is on the screen and can be used."""
        return self.is_shown and "enabled" in self.states and not self.rect_px.is_empty

    @property
    def is_shown(self) -> bool:
        """True when it is on the screen, or would be after scrolling."""
        return "showing" in self.states

    @property
    def middle(self) -> Point:
        """Where one clicks on it."""
        return Point(self.rect_px.x + self.rect_px.width // 2, self.rect_px.y + self.rect_px.height // 2)

    def walk(self) -> Iterator[Control]:
        """It and everything inside, from the outside in."""
        yield self
        for child in self.children:
            yield from child.walk()

    def describe(self, depth: int = 0) -> str:
        """The tree in words, for the message of a failure."""
        states = " ".join(sorted(self.states))
        lines = [f"{'  ' * depth}{self.role} “{self.name}” {self.rect_px} {states}"]
        return "\n".join([*lines, *(child.describe(depth + 1) for child in self.children)])


class ScreenReader:
    """Reads the tree of every program on the desktop, through a bus of its own. For one thread."""

    def __init__(self, desktop: DesktopSession, connection: DBusConnection) -> None:
        self._desktop = desktop
        self._bus = connection

    # --- the eyes -----------------------------------------------------------------------------------------------------

    def windows(self) -> list[Control]:
        """Every window that is on the screen, with what is seen in it; none while they change. Qt leaves menus out."""
        with contextlib.suppress(Gone):
            return [
                self._read(window)
                for program in self._children(_REGISTRY)
                for window in self._children(program)
                if "showing" in self._states(window)
            ]
        return []

    def find(self, title: str, role: str, name: str | None = None) -> Control:
        """Wait until the window with this title shows such a control, which can be used and stays where it is."""
        before: list[Control | None] = [None]

        def found() -> Control | None:
            now = self._first(title, role, name)
            is_settled = now is not None and now == before[0]
            before[0] = now
            return now if is_settled else None

        return self.wait_for(found, f"{role} “{name}” in “{title}”")

    def read_aloud(self, title: str, name: str) -> str:
        """What a screen reader would say stands in a field."""
        self.find(title, "text", name)
        (place, *_) = self._places(title, "text", name)
        return str(self._call(place, "Text", "GetText", "ii", (0, -1))[0])

    def _first(self, title: str, role: str, name: str | None) -> Control | None:
        """The first such control of a window, without a look at what is not on the way to it."""
        with contextlib.suppress(Gone):
            return next((each for each in map(self._read, self._places(title, role, name)) if each.is_ready), None)
        return None

    def _places(self, title: str, role: str, name: str | None) -> Iterator[_Place]:
        for program in self._children(_REGISTRY):
            for window in self._children(program):
                if self._name(window) == title:
                    yield from self._matching(window, role, name)

    def _matching(self, place: _Place, role: str, name: str | None) -> Iterator[_Place]:
        if "showing" not in self._states(place):
            return
        own = self._role(place)
        if own == role and name in (None, self._name(place)):
            yield place
        elif own not in _LEAVES:
            for child in self._children(place):
                yield from self._matching(child, role, name)

    def describe(self) -> str:
        """All windows in words."""
        return "\n".join(window.describe() for window in self.windows())

    # --- the hand -----------------------------------------------------------------------------------------------------

    def click(self, title: str, role: str, name: str | None = None) -> None:
        """Click on a control with the real mouse."""
        place = self.find(title, role, name).middle
        self._desktop.click(place.x, place.y)

    def choose_from_menu(self, *names: str) -> None:
        """Walk through a menu that is open, and one that opens from its entry, by the keyboard and by what is read out.

        Qt's menus are in nobody's tree, so this is how a blind person finds their entries too.
        """
        menu = self._open_menu()
        *ways, last = names
        for name in ways:
            (menu,) = self._children(self._go_down_to(menu, name))
            # Opening it goes to its first entry.
            self._desktop.xdotool("key", "Right")
        self._go_down_to(menu, last)
        self._desktop.xdotool("key", "Return")

    def _open_menu(self) -> _Place:
        """Go to the first entry of the menu that is open; returns the menu."""
        with self._bus.filter(_FOCUS, bufsize=100) as heard:
            self._desktop.xdotool("key", "Down")
            while True:
                event = self._bus.recv_until_filtered(heard, timeout=10)
                fields = event.header.fields
                with contextlib.suppress(Gone):
                    menu = self._parent((fields[HeaderFields.sender], fields[HeaderFields.path]))
                    # What happened just before is still being told.
                    if event.body[:2] == ("focused", 1) and self._role(menu) == "popup menu":
                        return menu

    def _go_down_to(self, menu: _Place, name: str) -> _Place:
        entry: _Place | None = None
        passed: list[str] = []
        for _ in self._children(menu):
            entry = self.wait_for(partial(self._next_entry, menu, entry), f"an entry after {passed}")
            passed.append(self._name(entry))
            if passed[-1] == name:
                return entry
            self._desktop.xdotool("key", "Down")
        raise AssertionError(f"“{name}” is not in the menu: {passed}")

    def _next_entry(self, menu: _Place, former: _Place | None) -> _Place | None:
        """Where the keyboard is in a menu, once that is not where it was."""
        return next((each for each in self._children(menu) if each != former and "focused" in self._states(each)), None)

    def type_into(self, title: str, name: str, text: str) -> None:
        """Click into a field and type."""
        self.click(title, "text", name)
        self.wait_for(lambda: "focused" in self.find(title, "text", name).states, f"the keyboard in “{name}”")
        self._desktop.xdotool("type", "--clearmodifiers", text)

    def bring(self, title: str, place: Rect) -> ShownWindow:
        """Put a window of this desktop to another place, in front of the others."""
        window = self._desktop.window(title)
        self._desktop.xdotool("windowsize", window.id, place.width, place.height)
        self._desktop.xdotool("windowmove", window.id, place.x, place.y, "windowactivate", window.id)
        self._desktop.wait_for(
            lambda: (
                self._desktop.window(title).rect_px.width == place.width
                and abs(self._desktop.window(title).rect_px.x - place.x) < 40
            ),
            what=f"“{title}” was not moved",
        )
        return self._desktop.window(title)

    def _menu_entry(self, name: str) -> Control | None:
        entries = [entry for each in self.windows() if each.role == "popup menu" for entry in each.walk()]
        return next(
            (each for each in entries if each.name == name and each.is_ready and each.role != "popup menu"), None
        )

    def wait_for(self, predicate: Callable[[], T | None], what: str) -> T:
        """Wait until this returns something; when it does not, the failure shows all windows."""
        try:
            found = self._desktop.wait_for(predicate, 60, what=f"{what} was not there")
        except TimeoutError as error:
            error.add_note(self.describe())
            raise
        assert found is not None
        return found

    # --- the bus ------------------------------------------------------------------------------------------------------

    def _read(self, place: _Place) -> Control:
        states = self._states(place)
        rect = Rect(0, 0, 0, 0)
        if "showing" in states:
            with contextlib.suppress(Gone):
                # What is no widget, such as the program itself, has no extents.
                rect = Rect(*self._call(place, "Component", "GetExtents", "u", (_ON_SCREEN,))[0])
        inside = self._children(place) if "showing" in states else []
        children = tuple(self._read(child) for child in inside)
        return Control(self._role(place), self._name(place), states, rect, children)

    def _name(self, place: _Place) -> str:
        return str(self._property(place, "Name"))

    def _role(self, place: _Place) -> str:
        return str(self._call(place, "Accessible", "GetRoleName")[0])

    def _parent(self, place: _Place) -> _Place:
        name, path = self._property(place, "Parent")
        return name, path

    def _property(self, place: _Place, name: str) -> Any:
        return self._send(Properties(_address(place, "Accessible")).get(name))[0][1]

    def _children(self, place: _Place) -> list[_Place]:
        found: list[_Place] = self._call(place, "Accessible", "GetChildren")[0]
        return found

    def _states(self, place: _Place) -> frozenset[str]:
        low, _ = self._call(place, "Accessible", "GetState")[0]
        return frozenset(name for bit, name in _STATES.items() if low >> bit & 1)

    def _call(self, place: _Place, interface: str, method: str, signature: str = "", body: tuple[Any, ...] = ()) -> Any:
        return self._send(new_method_call(_address(place, interface), method, signature, body))

    def _send(self, message: Any) -> Any:
        reply = self._bus.send_and_get_reply(message, timeout=10)
        if reply.header.message_type is MessageType.error:
            raise Gone(f"{message.header.fields}: {reply.body}")
        return reply.body


@contextlib.contextmanager
def screen_reader(desktop: DesktopSession) -> Iterator[ScreenReader]:
    """Start the bus of accessibility on a desktop; programs that are to be read start after it, with `ENVIRON`."""
    desktop.spawn([LAUNCHER, "--launch-immediately"])
    desktop.wait_for(lambda: desktop.bus_has("org.a11y.Bus"), what="no accessibility bus came up")
    ask = new_method_call(_address(("org.a11y.Bus", "/org/a11y/bus"), ""), "GetAddress")
    with open_dbus_connection(desktop.env["DBUS_SESSION_BUS_ADDRESS"]) as session_bus:
        address = session_bus.send_and_get_reply(ask, timeout=10).body[0]
    with open_dbus_connection(address) as connection:
        bus = Proxy(message_bus, connection)
        bus.AddMatch(_FOCUS)
        connection.send_and_get_reply(
            new_method_call(
                _address((_REGISTRY[0], "/org/a11y/atspi/registry"), "Registry"), "RegisterEvent", "s", (_FOCUS_EVENT,)
            ),
            timeout=10,
        )
        yield ScreenReader(desktop, connection)


def _address(place: _Place, interface: str) -> DBusAddress:
    name, path = place
    return DBusAddress(path, bus_name=name, interface=f"org.a11y.atspi.{interface}" if interface else name)
