from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMimeData, QUrl
from PySide6.QtGui import QColor, QImage, QImageWriter
from pytestqt.qtbot import QtBot

from app.core.images import ImageFormat, sniff
from app.ui.tray_window.incoming import is_welcome, read_incoming


def png() -> bytes:
    image = QImage(3, 2, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert QImageWriter(buffer, b"png").write(image)
    return bytes(data.data())


def urls(*texts: str) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl(text) for text in texts])
    return mime


def test_local_files_come_in_their_order_whatever_their_names(qtbot: QtBot) -> None:
    paths = [Path("/tmp/b one.png"), Path("/tmp/Ünïcödé #1?.png"), Path("/tmp/a%20.png")]
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    assert read_incoming(mime).files == tuple(paths)


def test_addresses_beside_files_are_refused_one_by_one_and_the_files_go_on(qtbot: QtBot) -> None:
    incoming = read_incoming(urls("file:///tmp/a.png", "https://u:secret@example.org/cat.png", "ftp://h/x"))
    assert incoming.files == (Path("/tmp/a.png"),)
    assert [refusal.name for refusal in incoming.refused] == ["https://example.org/cat.png", "ftp://h/x"]
    assert "address" in incoming.refused[0].reason


def test_a_file_on_another_computer_is_refused(qtbot: QtBot) -> None:
    incoming = read_incoming(urls("file://server/share/a.png"))
    assert incoming.files == ()
    assert "another computer" in incoming.refused[0].reason


def test_a_picture_dragged_from_a_browser_is_taken_as_it_came_and_its_address_is_not_fetched(qtbot: QtBot) -> None:
    mime = urls("https://example.org/cat.png")
    mime.setHtml('<img src="https://example.org/cat.png">')
    mime.setData("image/png", png())
    incoming = read_incoming(mime)
    assert incoming.picture == png()
    assert incoming.refused == ()


def test_what_only_says_that_it_is_a_picture_is_not_taken(qtbot: QtBot) -> None:
    mime = QMimeData()
    mime.setData("image/png", b"<html>")
    incoming = read_incoming(mime)
    assert incoming.picture == b""
    assert incoming.refused


def test_pixels_without_a_file_format_become_a_png(qtbot: QtBot) -> None:
    mime = QMimeData()
    mime.setImageData(QImage.fromData(png()))
    picture = read_incoming(mime).picture
    assert sniff(picture) is ImageFormat.PNG
    assert QImage.fromData(picture).size() == QImage.fromData(png()).size()


def test_text_and_nothing_are_refused_with_their_reason(qtbot: QtBot) -> None:
    mime = QMimeData()
    mime.setText("correct horse battery staple")
    [refusal] = read_incoming(mime).refused
    # What is on a clipboard may be a password: it is not shown.
    assert "horse" not in refusal.name + refusal.reason
    assert "text" in refusal.reason
    assert len(read_incoming(QMimeData()).refused) == 1


def test_only_what_can_be_looked_at_lights_the_window(qtbot: QtBot) -> None:
    odd = QMimeData()
    odd.setData("application/x-odd", b"1")
    assert not is_welcome(odd)
    assert is_welcome(urls("https://example.org/"))
    picture = QMimeData()
    picture.setData("image/webp", b"RIFF")
    assert is_welcome(picture)
