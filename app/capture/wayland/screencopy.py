"""The compositor's own copy of each output, by wlr-screencopy: sway, Hyprland, river, Wayfire, labwc and their kin.

Every output comes with exactly its own pixels, whatever the scales are, in shared memory and without a file; so this
goes before the portal, which on these compositors enlarges all outputs to the sharpest and writes a PNG.
"""

from __future__ import annotations

import fcntl
import mmap
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.capture.arrangement import Output, arrange
from app.capture.wayland.outputs import read_outputs
from app.capture.wayland.picture import in_order
from app.core.errors import UserFacingError
from app.core.geometry import Rect
from app.core.ports import Probe
from app.core.screen import Desktop, Frame
from app.system.wayland import Event, WaylandConnection, WaylandFailed, ignore, pack

if TYPE_CHECKING:
    from PIL.Image import Transpose

MANAGER = "zwlr_screencopy_manager_v1"

_CAPTURE_OUTPUT, _COPY = 0, 0
_BUFFER, _FLAGS, _READY, _FAILED, _BUFFER_DONE = 0, 1, 2, 3, 6
_UPSIDE_DOWN = 1
_CREATE_POOL, _CREATE_BUFFER = 0, 0
_BUFFER_DONE_SINCE = 3
_MAX_BYTES = 1024 * 1024 * 1024
_BLUE_FIRST = frozenset({0, 1})
"""ARGB8888 and XRGB8888: blue, green, red, unused, as a `Frame` has them."""
_RED_FIRST = frozenset({0x34324241, 0x34324258})
"""ABGR8888 and XBGR8888."""


@dataclass(slots=True)
class _Copy:
    """One output's copy under way."""

    output: Output
    object_id: int = 0
    format: int = -1
    size: tuple[int, int, int] = (0, 0, 0)
    """Width and height in pixels, and bytes a row, as the compositor offers them."""
    is_offered: bool = False
    is_upside_down: bool = False
    is_ready: bool = False
    memory: mmap.mmap | None = None

    def on_event(self, number: int, event: Event) -> None:
        """Take what the compositor says of it."""
        if number == _BUFFER:
            offered = event.uint()
            if self.format < 0 or offered in _BLUE_FIRST:
                self.format, self.size = offered, (event.uint(), event.uint(), event.uint())
        elif number == _BUFFER_DONE:
            self.is_offered = True
        elif number == _FLAGS:
            self.is_upside_down = bool(event.uint() & _UPSIDE_DOWN)
        elif number == _READY:
            self.is_ready = True
        elif number == _FAILED:
            raise WaylandFailed(f"{self.output.name} could not be copied")


class ScreencopyCapture:
    """The ScreenCapture port by wlr-screencopy; a connection for each picture, because making one costs nothing."""

    name = "screencopy"

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def probe(self) -> Probe:
        """Ask the compositor whether it offers it."""
        try:
            with WaylandConnection(self._environ) as connection:
                offers = bool(connection.version_of(MANAGER))
        except UserFacingError as problem:
            return Probe(self.name, available=False, reason=problem.message, remedy=problem.remedy)
        reason = "" if offers else "The compositor does not offer wlr-screencopy."
        return Probe(self.name, available=offers, reason=reason)

    def grab(self, *, cursor: bool = False) -> Desktop:
        """Take every output. Raises UserFacingError."""
        with WaylandConnection(self._environ) as connection:
            outputs = read_outputs(connection)
            version = connection.version_of(MANAGER)
            manager = connection.bind(MANAGER, _BUFFER_DONE_SINCE)
            shm = connection.bind("wl_shm", 1)
            copies = [_Copy(output) for output in outputs]
            for copy in copies:
                copy.object_id = connection.new_id(copy.on_event)
                request = pack(copy.object_id, int(cursor), copy.output.object_id)
                connection.request(manager, _CAPTURE_OUTPUT, request)
            if version >= _BUFFER_DONE_SINCE:
                connection.wait_until(lambda: all(copy.is_offered for copy in copies))
            else:
                connection.wait_until(lambda: all(copy.format >= 0 for copy in copies))
            for copy in copies:
                _give_memory(connection, shm, copy)
            connection.wait_until(lambda: all(copy.is_ready for copy in copies))
        monitors = arrange(outputs)
        return in_order(
            monitors, [_frame(copy, monitor.rect_px) for copy, monitor in zip(copies, monitors, strict=True)]
        )

    def warm_up(self) -> None:
        """Grab once for nothing: nobody sees it."""
        self.grab()

    def close(self) -> None:
        """Nothing stays open."""


def _give_memory(connection: WaylandConnection, shm: int, copy: _Copy) -> None:
    """Have the compositor write the output into memory of ours, which it can make no smaller."""
    width, height, stride = copy.size
    size = stride * height
    if not (0 < size <= _MAX_BYTES and stride >= width * 4) or copy.format not in _BLUE_FIRST | _RED_FIRST:
        raise WaylandFailed(f"{copy.output.name}: {copy.size} in the format {copy.format:#x} cannot be taken")
    descriptor = os.memfd_create("imglink-screen", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.ftruncate(descriptor, size)
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
        copy.memory = mmap.mmap(descriptor, size, prot=mmap.PROT_READ)
        pool = connection.new_id(ignore)
        connection.request(shm, _CREATE_POOL, pack(pool, size), [descriptor])
    finally:
        os.close(descriptor)
    buffer = connection.new_id(ignore)
    connection.request(pool, _CREATE_BUFFER, pack(buffer, 0, width, height, stride, copy.format))
    connection.request(copy.object_id, _COPY, pack(buffer))


def _frame(copy: _Copy, rect_px: Rect) -> Frame:
    """The copy as it is seen: turned the right way round, with blue first."""
    width, height, stride = copy.size
    assert copy.memory is not None, "it is ready"
    is_plain = copy.format in _BLUE_FIRST and not copy.is_upside_down and copy.output.transform == 0
    if is_plain and (width, height) == (rect_px.width, rect_px.height):
        # No copy: the memory lives as long as the frame.
        return Frame(rect_px, memoryview(copy.memory), stride)
    from PIL import Image

    order = "BGRX" if copy.format in _BLUE_FIRST else "RGBX"
    image = Image.frombuffer("RGB", (width, height), copy.memory[:], "raw", order, stride, 1)
    if copy.is_upside_down:
        image = image.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    for step in _upright(copy.output.transform):
        image = image.transpose(step)
    if image.size != (rect_px.width, rect_px.height):
        raise WaylandFailed(f"{copy.output.name} is {image.size}, not {rect_px}")
    return Frame(rect_px, memoryview(image.tobytes("raw", "BGRX")), rect_px.width * 4)


def _upright(transform: int) -> tuple[Transpose, ...]:
    """What undoes an output's transform: the turn, then the mirror."""
    from PIL.Image import Transpose

    turns = ((), (Transpose.ROTATE_270,), (Transpose.ROTATE_180,), (Transpose.ROTATE_90,))[transform % 4]
    return (*turns, Transpose.FLIP_LEFT_RIGHT) if transform >= 4 else turns
