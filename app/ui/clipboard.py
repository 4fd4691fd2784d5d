"""The clipboard through Qt, believed only after another connection has read it back."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Protocol

from PySide6.QtCore import QMimeData, QObject
from PySide6.QtGui import QClipboard, QGuiApplication, QImage

from app.core.geometry import Rect
from app.core.images import SNIFF_BYTES, sniff
from app.core.ports import Clipboard
from app.core.screen import Frame
from app.core.thumbnails import NoThumbnail
from app.ui.bridge import Bridge
from app.ui.decoding import DECODED, MAX_PIXELS_OWN, decode

_MAX_TEXT_BYTES = 1024 * 1024
_HELD = b"held"


class ClipboardReader(Protocol):
    """Reads the clipboard as another program would. Blocking; called off the Qt thread."""

    def text(self) -> str | None:
        """The clipboard's text."""

    def formats(self) -> frozenset[str]:
        """The names of the formats on offer."""


CopyText = Callable[[str, Callable[[bool], None]], None]
"""Copies a text, and tells whether other programs can read it; on the Qt thread, now or later."""


class QtClipboard:
    """A `Clipboard` (see `app.core.ports`): coroutines for the asyncio thread, the setting itself on the Qt thread."""

    def __init__(self, bridge: Bridge, reader: ClipboardReader | None) -> None:
        """Without a `reader`, what Qt says of its own clipboard has to do."""
        self._bridge = bridge
        self._reader = reader

    async def copy_text(self, text: str) -> bool:
        """Set text; True once it was read back."""
        content = QMimeData()
        content.setText(text)
        await self._set(content)
        if self._reader is None:
            return await self._bridge.ask(lambda answer: answer(QGuiApplication.clipboard().text() == text))
        return await asyncio.to_thread(self._reader.text) == text

    async def copy_image(self, frame: Frame) -> bool:
        """Set an image; True once it is seen to be on offer."""
        content = QMimeData()
        content.setImageData(image_of(frame).copy())
        await self._set(content)
        if self._reader is None:
            return await self._bridge.ask(lambda answer: answer(not QGuiApplication.clipboard().image().isNull()))
        return "image/png" in await asyncio.to_thread(self._reader.formats)

    async def _set(self, content: QMimeData) -> None:
        def put(answer: Callable[[None], None]) -> None:
            QGuiApplication.clipboard().setMimeData(content)
            answer(None)

        await self._bridge.ask(put)


class WaylandClipboard:
    """A `Clipboard` for Wayland: Qt's where we are in use, because only then the compositor lets us set it.

    Otherwise, and when Qt's was not seen by others, `background` does it.
    """

    def __init__(self, bridge: Bridge, foreground: Clipboard, background: Clipboard) -> None:
        self._bridge = bridge
        self._foreground = foreground
        self._background = background

    async def copy_text(self, text: str) -> bool:
        """Set text; True once it was read back."""
        if await self._is_in_use() and await self._foreground.copy_text(text):
            return True
        return await self._background.copy_text(text)

    async def copy_image(self, frame: Frame) -> bool:
        """Set an image; True once it was read back."""
        if await self._is_in_use() and await self._foreground.copy_image(frame):
            return True
        return await self._background.copy_image(frame)

    async def _is_in_use(self) -> bool:
        return await self._bridge.ask(lambda answer: answer(QGuiApplication.focusWindow() is not None))


def copy_by_qt(text: str, tell: Callable[[bool], None]) -> None:
    """A `CopyText` that has nothing but Qt's own word."""
    clipboard = QGuiApplication.clipboard()
    clipboard.setText(text)
    tell(clipboard.text() == text)


def copier(bridge: Bridge, owner: QObject, clipboard: Callable[[], Awaitable[Clipboard]]) -> CopyText:
    """A `CopyText` that reads back; dropped when `owner` is destroyed."""

    def copy(text: str, tell: Callable[[bool], None]) -> None:
        async def run() -> bool:
            return await (await clipboard()).copy_text(text)

        bridge.submit(run, owner=owner, on_done=tell, on_error=lambda _: tell(False))

    return copy


def owned_text() -> str:
    """The text that we hold on the clipboard; empty when that is another program's business. On the Qt thread."""
    clipboard = QGuiApplication.clipboard()
    return clipboard.text() if clipboard.ownsClipboard() else ""


def image_of(frame: Frame) -> QImage:
    """The frame as an image that shares its memory: keep the frame while the image lives."""
    return QImage(frame.pixels, frame.rect_px.width, frame.rect_px.height, frame.stride, QImage.Format.Format_RGB32)


def decoded_frame(data: bytes) -> Frame | None:
    """The pixels of an encoded picture; None when it cannot or should not be decoded. Blocks."""
    image_format = sniff(data[:SNIFF_BYTES])
    if image_format is None or image_format not in DECODED:
        return None
    try:
        image = decode(data, image_format, None, MAX_PIXELS_OWN)
    except NoThumbnail:
        return None
    pixels = image.convertToFormat(QImage.Format.Format_RGB32)
    rect_px = Rect(0, 0, pixels.width(), pixels.height())
    return Frame(rect_px, memoryview(bytes(pixels.constBits())), pixels.bytesPerLine())


def keep_clipboard() -> int:
    """Leave a process behind that holds standard input's text until someone else copies something.

    Returns 0 when that process owns the clipboard, 1 when it could not (see `app.system.clipboard_keeper`).
    """
    text = sys.stdin.buffer.read(_MAX_TEXT_BYTES).decode("utf-8", "replace")
    read_end, write_end = os.pipe()
    # Forked before Qt starts anything: what must survive is the child, which no caller waits for.
    if os.fork() != 0:
        os.close(write_end)
        with os.fdopen(read_end, "rb") as pipe:
            return 0 if pipe.read() == _HELD else 1
    os.close(read_end)
    os.setsid()
    return _hold(text, write_end)


def _hold(text: str, ready_fd: int) -> int:
    application = QGuiApplication(sys.argv[:1])
    clipboard = QGuiApplication.clipboard()
    clipboard.setText(text)

    def let_go(mode: QClipboard.Mode) -> None:
        if mode is QClipboard.Mode.Clipboard and not clipboard.ownsClipboard():
            application.quit()

    clipboard.changed.connect(let_go)
    os.write(ready_fd, _HELD)
    os.close(ready_fd)
    return application.exec()
