"""What a Wayland compositor tells of its outputs."""

from __future__ import annotations

from app.capture.arrangement import Output
from app.core.geometry import Rect
from app.system.wayland import Event, EventHandler, WaylandConnection, WaylandFailed, ignore, pack

_GEOMETRY, _MODE, _SCALE, _NAME = 0, 1, 3, 4
_CURRENT = 1
_GET_XDG_OUTPUT = 1
_LOGICAL_POSITION, _LOGICAL_SIZE, _XDG_NAME = 0, 1, 3

_OF_GNOME = "gtk_shell1"
"""GNOME's shell alone offers it."""


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

    def finished(self, object_id: int, *, is_whole: bool) -> Output | None:
        """The output; None when it shows nothing. `is_whole` as in `Output`."""
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
            is_whole,
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
    is_gnome = bool(connection.version_of(_OF_GNOME))
    found = [draft.finished(object_id, is_whole=is_gnome) for draft, object_id in zip(drafts, ids, strict=True)]
    outputs = tuple(output for output in found if output is not None)
    if not outputs:
        raise WaylandFailed("the compositor has no output that shows anything")
    return outputs
