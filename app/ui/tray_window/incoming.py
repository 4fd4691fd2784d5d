"""What was dropped or pasted: local files, a picture, or something that is refused with its reason.

An address is never fetched: what a drag from a browser says it is, and what the address holds, are the sender's word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from PySide6.QtCore import QBuffer, QByteArray, QCoreApplication, QIODevice, QMimeData, QUrl
from PySide6.QtGui import QImage, QImageWriter

from app.core.images import SNIFF_BYTES, ImageFormat, sniff
from app.ui.tray_view import Refusal

_SHOWN_CHARS = 120
_FILE_LIST = "text/uri-list"
_PREFERRED = (ImageFormat.PNG, ImageFormat.WEBP, ImageFormat.JPEG, ImageFormat.GIF, ImageFormat.AVIF)
_OTHERS = (ImageFormat.TIFF, ImageFormat.BMP)


@dataclass(frozen=True, slots=True)
class Incoming:
    """What came: paths in their order, the bytes of a picture, and what was refused."""

    files: tuple[Path, ...] = ()
    picture: bytes = b""
    refused: tuple[Refusal, ...] = ()


def is_welcome(mime: QMimeData) -> bool:
    """Tell during a drag whether a drop would do anything, be it only to say why not."""
    return mime.hasUrls() or mime.hasImage() or mime.hasText() or any(map(mime.hasFormat, _mimes()))


def read_incoming(mime: QMimeData) -> Incoming:
    """Take what a drop or the clipboard holds. Local files win over pictures, pictures over addresses and text."""
    files: list[Path] = []
    refused: list[Refusal] = []
    for url in mime.urls():
        if url.isLocalFile() and not url.host():
            files.append(Path(url.toLocalFile()))
        else:
            refused.append(_address(url))
    if files:
        return Incoming(tuple(files), refused=tuple(refused))
    picture = _picture(mime)
    if picture:
        return Incoming(picture=picture)
    if not refused and mime.hasText():
        refused.append(_text())
    return Incoming(refused=tuple(refused) or (Refusal(_tr("Nothing"), _tr("There is no picture or file in it.")),))


def wanted_formats() -> tuple[Sequence[str], Sequence[str]]:
    """What `read_incoming` looks at, for whoever reads the clipboard in another way: lists of files, and pictures."""
    return (_FILE_LIST,), _mimes()


def mime_data(content: Mapping[str, bytes]) -> QMimeData:
    """What was read in another way, as Qt would have it."""
    mime = QMimeData()
    for name, data in content.items():
        mime.setData(name, data)
    return mime


def _mimes() -> list[str]:
    return [image_format.mime for image_format in (*_PREFERRED, *_OTHERS)]


def _picture(mime: QMimeData) -> bytes:
    for name in _mimes():
        # The bytes go on as they came: decoding and encoding again would cost time and quality.
        data = bytes(mime.data(name).data()) if mime.hasFormat(name) else b""
        if data and sniff(data[:SNIFF_BYTES]) is not None:
            return data
    image = mime.imageData() if mime.hasImage() else None
    return _encoded(image) if isinstance(image, QImage) and not image.isNull() else b""


def _encoded(image: QImage) -> bytes:
    """A picture that came as pixels only, which few programs send."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QImageWriter(buffer, b"png")
    writer.setCompression(20)
    writer.write(image)
    buffer.close()
    return bytes(data.data())


def _address(url: QUrl) -> Refusal:
    parts = urlsplit(url.toDisplayString())
    shown = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    if url.isLocalFile():
        return Refusal(_short(shown), _tr("The file is on another computer. Copy it to this one first."))
    return Refusal(_short(shown), _tr("This is an address, not a file: save the picture first, then drop it here."))


def _text() -> Refusal:
    # Without the text itself: what people copy may be a password.
    return Refusal(_tr("Text"), _tr("This is text, not a picture or a file."))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN_CHARS else line[: _SHOWN_CHARS - 1] + "…"


def _tr(text: str) -> str:
    return QCoreApplication.translate("Incoming", text)
