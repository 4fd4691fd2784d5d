"""What a compositor tells of its windows, whichever it is."""

from __future__ import annotations

import math
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from app.capture.arrangement import Area, Output, arrange, place
from app.core.doctor import Part
from app.core.errors import UserFacingError
from app.core.ports import Probe
from app.core.screen import Desktop, WindowInfo, shown_title

TIMEOUT_S = 2.0
"""A compositor answers in milliseconds; one that is stuck shows no overlay either."""
MAX_BYTES = 16 * 1024 * 1024


class WindowsUnknown(UserFacingError):
    """The compositor did not tell where its windows are."""

    part = Part.WINDOWS

    def __init__(self, details: str = "", *, remedy: str = "") -> None:
        super().__init__(
            "This desktop does not tell where its windows are.",
            remedy=remedy or "Capture a region instead, and drag around the window.",
            details=details,
        )


@dataclass(frozen=True, slots=True)
class ToldWindow:
    """A window that is on the screen, in the layout's logical units."""

    id: int
    title: str = field(repr=False)
    outer: Area
    """With its decorations."""
    inner: Area
    """Without those that the compositor draws."""


class WindowSource(Protocol):
    """A compositor that tells where its windows are. Its methods block."""

    name: str

    def probe(self) -> Probe:
        """Tell whether it answers."""

    def windows(self) -> tuple[ToldWindow, ...]:
        """The windows that can be seen, from the topmost to the lowest. Raises WindowsUnknown."""


def with_windows(desktop: Desktop, told: Sequence[ToldWindow], outputs: Sequence[Output]) -> Desktop:
    """Place windows on a picture of the desktop; `outputs` as the compositor has them now.

    Where these are not those of the picture, it stays without windows: nothing says where they would lie on it.
    """
    monitors = arrange(outputs)
    if {(each.name, each.rect_px) for each in monitors} != {(each.name, each.rect_px) for each in desktop.monitors}:
        return desktop
    found = []
    for window in told:
        outer = place(window.outer, outputs, monitors)
        if not outer.is_empty:
            inner = place(window.inner, outputs, monitors).intersected(outer)
            found.append(WindowInfo(window.id, shown_title(window.title), outer, inner))
    return replace(desktop, windows=tuple(found))


def area(*numbers: Any) -> Area:
    """An area of x, y, width and height as they were told. Raises ValueError or TypeError when they are none."""
    x, y, width, height = (float(number) for number in numbers)
    if not all(map(math.isfinite, (x, y, width, height))) or width < 0 or height < 0:
        raise ValueError(f"no area: {numbers}")
    return Area(x, y, width, height)


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn what reading a compositor's answer raises into WindowsUnknown, `name` telling whose it was."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as problem:
        raise WindowsUnknown(f"{name} answered strangely: {problem!r:.200}") from problem


def ask_socket(path: str, question: bytes, size_of: Callable[[bytearray], int | None]) -> bytes:
    """Ask over a compositor's socket, by one connection for one question. Blocks; raises WindowsUnknown.

    `size_of` tells from the beginning of an answer how many bytes it has, and None where only its end tells.
    """
    answer = bytearray()
    deadline = time.monotonic() + TIMEOUT_S
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(TIMEOUT_S)
            connection.connect(path)
            connection.sendall(question)
            while (size := size_of(answer)) is None or len(answer) < size:
                connection.settimeout(max(0.001, deadline - time.monotonic()))
                data = connection.recv(65536)
                if not data and size is None:
                    break
                answer += data
                if not data or len(answer) > MAX_BYTES:
                    raise WindowsUnknown(f"{path}: an answer of {len(answer)} bytes that is none")
    except OSError as problem:
        raise WindowsUnknown(f"{path}: {problem}") from problem
    return bytes(answer)
