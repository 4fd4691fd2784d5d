"""The outputs of a Wayland compositor, and where their pixels lie in one desktop of physical pixels.

A Wayland desktop is laid out in logical units, and each output has a scale of its own; there is no plane of physical
pixels. `arrange` makes one in which every output keeps all its pixels and none overlap. With one scale for all it is
the logical layout, multiplied; with several, outputs that touch keep touching.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.geometry import Rect
from app.core.screen import Monitor
from app.system.wayland import Event, EventHandler, WaylandConnection, WaylandFailed, ignore, pack

_GEOMETRY, _MODE, _SCALE, _NAME = 0, 1, 3, 4
_CURRENT = 1
_GET_XDG_OUTPUT = 1
_LOGICAL_POSITION, _LOGICAL_SIZE, _XDG_NAME = 0, 1, 3


@dataclass(frozen=True, slots=True)
class Output:
    """One screen as the compositor tells of it."""

    name: str
    logical: Rect
    """Where it lies on the desktop, in logical units."""
    size_px: tuple[int, int]
    """Its physical pixels as they are seen: width and height change places on a screen that stands upright."""
    transform: int = 0
    """How the picture is turned on it, as `wl_output.transform` numbers that."""
    object_id: int = 0
    """Its id on the connection that was asked."""

    @property
    def scale(self) -> float:
        """Physical pixels per logical unit."""
        return self.size_px[0] / self.logical.width


class _Draft:
    """What has been told of one output so far."""

    def __init__(self) -> None:
        self.name = ""
        self.place = (0, 0)
        self.mode = (0, 0)
        self.scale = 1
        self.transform = 0
        self.logical_place: tuple[int, int] | None = None
        self.logical_size: tuple[int, int] | None = None

    def on_output(self, number: int, event: Event) -> None:
        if number == _GEOMETRY:
            self.place = (event.signed(), event.signed())
            for _ in range(3):
                event.signed()
            event.string(), event.string()
            self.transform = event.signed()
        elif number == _MODE and event.uint() & _CURRENT:
            self.mode = (event.signed(), event.signed())
        elif number == _SCALE:
            self.scale = event.signed()
        elif number == _NAME:
            self.name = event.string()

    def on_xdg_output(self, number: int, event: Event) -> None:
        if number == _LOGICAL_POSITION:
            self.logical_place = (event.signed(), event.signed())
        elif number == _LOGICAL_SIZE:
            self.logical_size = (event.signed(), event.signed())
        elif number == _XDG_NAME:
            self.name = self.name or event.string()

    def finished(self, object_id: int) -> Output | None:
        """The output; None when it shows nothing."""
        width, height = self.mode if self.transform % 2 == 0 else self.mode[::-1]
        size = self.logical_size or (round(width / self.scale), round(height / self.scale))
        if not (width > 0 and height > 0 and size[0] > 0 and size[1] > 0):
            return None
        return Output(
            self.name or f"output-{object_id}",
            Rect(*(self.logical_place or self.place), *size),
            (width, height),
            self.transform,
            object_id,
        )


def read_outputs(connection: WaylandConnection) -> tuple[Output, ...]:
    """Ask for every output that shows something. Raises WaylandFailed, also when there is none."""
    drafts: list[_Draft] = []

    def listen(_place: int) -> EventHandler:
        drafts.append(_Draft())
        return drafts[-1].on_output

    ids = connection.bind_all("wl_output", 4, listen)
    if connection.version_of("zxdg_output_manager_v1"):
        manager = connection.bind("zxdg_output_manager_v1", 3, ignore)
        for draft, object_id in zip(drafts, ids, strict=True):
            made = connection.new_id(draft.on_xdg_output)
            connection.request(manager, _GET_XDG_OUTPUT, pack(made, object_id))
    connection.roundtrip()
    found = [draft.finished(object_id) for draft, object_id in zip(drafts, ids, strict=True)]
    outputs = tuple(output for output in found if output is not None)
    if not outputs:
        raise WaylandFailed("the compositor has no output that shows anything")
    return outputs


def arrange(outputs: Sequence[Output]) -> tuple[Monitor, ...]:
    """The monitors of these outputs, in the same order, with places in physical pixels that do not overlap."""
    across = _edges([(each.logical.x, each.logical.right, each.size_px[0]) for each in outputs])
    down = _edges([(each.logical.y, each.logical.bottom, each.size_px[1]) for each in outputs])
    rects = [Rect(x, y, *each.size_px) for x, y, each in zip(across, down, outputs, strict=True)]
    by_place = sorted(range(len(outputs)), key=lambda index: (rects[index].x, rects[index].y))
    numbers = {index: number for number, index in enumerate(by_place, 1)}
    return tuple(
        Monitor(numbers[index], output.name, rects[index], output.scale) for index, output in enumerate(outputs)
    )


def _edges(spans: Sequence[tuple[int, int, int]]) -> list[int]:
    """Where each span (logical begin and end, physical length) begins in pixels.

    A span begins behind all those that end before it, so that what is apart stays apart whatever the scales are.
    """
    begins = [0] * len(spans)
    for index in sorted(range(len(spans)), key=lambda each: spans[each][0]):
        begin, end, length = spans[index]
        scale = length / (end - begin)
        before = [
            begins[other] + spans[other][2] + round((begin - spans[other][1]) * scale)
            for other in range(len(spans))
            if spans[other][1] <= begin
        ]
        begins[index] = max(before, default=round(begin * scale))
    return begins
