"""What may be uploaded: each refusal for its own reason, and nothing that hangs."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from app.core.errors import ErrorKind, InputError
from app.core.images import ImageFormat
from app.core.imglink import MAX_FILE_BYTES, MAX_FILE_BYTES_ANONYMOUS
from app.services.intake import CheckedFile, RefusedFile, check_data, check_file, check_files

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'


def sparse_png(path: Path, size: int) -> Path:
    with path.open("wb") as file:
        file.write(PNG)
        file.truncate(size)
    return path


@pytest.mark.parametrize(
    ("name", "data", "image_format"),
    [
        ("a.png", PNG, ImageFormat.PNG),
        ("no extension", PNG, ImageFormat.PNG),
        ("wrong.jpg", PNG, ImageFormat.PNG),
        ("b.svg", SVG, ImageFormat.SVG),
        ("Grüße 😀 $(x).gif", b"GIF89a" + bytes(20), ImageFormat.GIF),
    ],
)
def test_images_are_known_by_their_bytes(tmp_path: Path, name: str, data: bytes, image_format: ImageFormat) -> None:
    (tmp_path / name).write_bytes(data)
    checked = check_file(tmp_path / name, anonymous=False)
    assert checked == CheckedFile(len(data), image_format, tmp_path / name)
    assert (checked.mime, checked.shown_name) == (image_format.mime, name)


def _text(path: Path) -> None:
    path.write_text("just words, of course: häßlich" * 100)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


def _loop(path: Path) -> None:
    path.symlink_to(path)


REFUSED: list[tuple[str, Callable[[Path], object], str]] = [
    ("missing.png", lambda path: None, "does not exist"),
    ("below/a.png", lambda path: path.parent.write_text("a file"), "does not exist"),
    ("n" * 300, lambda path: None, "name is too long"),
    ("folder.png", Path.mkdir, "is a folder"),
    ("pipe.png", os.mkfifo, "is a pipe"),
    ("socket.png", _socket, "is a socket"),
    ("device.png", lambda path: path.symlink_to("/dev/zero"), "is a device"),
    ("terminal.png", lambda path: path.symlink_to("/dev/tty"), "is a device"),
    ("empty.png", Path.touch, "is empty"),
    ("proc.png", lambda path: path.symlink_to("/proc/self/status"), "is empty"),
    ("text.png", _text, "has the name of an image, but holds text"),
    ("text.JPEG", _text, "has the name of an image, but holds text"),
    ("cut.png", lambda path: path.write_bytes(b"x" * 1023 + "ß".encode()), "but holds text"),
    ("binary.gif", lambda path: path.write_bytes(b"\x00\x01\x02"), "but holds something else"),
    ("notes.txt", _text, "is not an image that ImgLink takes"),
    ("a.pdf", lambda path: path.write_bytes(b"%PDF-1.7"), "is not an image that ImgLink takes"),
    ("large.png", lambda path: sparse_png(path, MAX_FILE_BYTES + 1), "too large: 50.1 MB, and ImgLink takes 50 MB."),
    ("dangling.png", lambda path: path.symlink_to("nowhere"), "symbolic link that leads nowhere"),
    ("loop.png", _loop, "symbolic link that leads nowhere"),
]


@pytest.mark.timeout(10)
@pytest.mark.parametrize(("name", "make", "reason"), REFUSED, ids=[f"{row[0][:12]} {row[2][:20]}" for row in REFUSED])
def test_what_cannot_be_sent_is_refused_with_its_reason(
    tmp_path: Path, name: str, make: Callable[[Path], object], reason: str
) -> None:
    make(tmp_path / name)
    with pytest.raises(InputError) as caught:
        check_file(tmp_path / name, anonymous=False)
    assert reason in str(caught.value)
    assert f"“{Path(name).name}”" in str(caught.value)
    assert caught.value.kind is ErrorKind.INPUT


def test_a_null_byte_in_a_name_is_refused() -> None:
    with pytest.raises(InputError, match="does not exist"):
        check_file(Path("a\0b.png"), anonymous=False)


def test_an_unreadable_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Root reads everything, and tests may run as root.
    def refuse(*_arguments: object, **_keywords: object) -> int:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "a.png").write_bytes(PNG)
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(InputError, match="cannot be read: permission denied"):
        check_file(tmp_path / "a.png", anonymous=False)


def test_a_file_that_becomes_a_pipe_after_the_first_look_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    os.mkfifo(tmp_path / "pipe")
    real = os.open
    monkeypatch.setattr(os, "open", lambda _path, flags: real(tmp_path / "pipe", flags))
    with pytest.raises(InputError, match="is a pipe"):
        check_file(tmp_path / "a.png", anonymous=False)


def test_a_link_that_was_named_is_followed(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    (tmp_path / "link").symlink_to("a.png")
    assert check_file(tmp_path / "link", anonymous=False).size == len(PNG)


def test_the_limits_are_exact(tmp_path: Path) -> None:
    file = sparse_png(tmp_path / "a.png", MAX_FILE_BYTES_ANONYMOUS)
    assert check_file(file, anonymous=True).size == MAX_FILE_BYTES_ANONYMOUS
    sparse_png(file, MAX_FILE_BYTES_ANONYMOUS + 1)
    assert check_file(file, anonymous=False).size == MAX_FILE_BYTES_ANONYMOUS + 1
    with pytest.raises(InputError, match=r"25\.1 MB, and ImgLink takes 25 MB without an account"):
        check_file(file, anonymous=True)
    assert check_file(sparse_png(file, MAX_FILE_BYTES), anonymous=False).size == MAX_FILE_BYTES


def test_one_refusal_does_not_hold_up_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    _text(tmp_path / "b.png")
    (tmp_path / "c.svg").write_bytes(SVG)
    paths = [tmp_path / name for name in ("a.png", "b.png", "missing", "c.svg")]
    results = check_files(paths, anonymous=False)
    assert [type(result) for result in results] == [CheckedFile, RefusedFile, RefusedFile, CheckedFile]
    assert [result.path for result in results] == paths


def test_image_data_is_checked_like_a_file() -> None:
    assert check_data(PNG, anonymous=False).format is ImageFormat.PNG
    for data, reason in ((b"", "The image” is empty"), (b"words", "is not an image")):
        with pytest.raises(InputError, match=reason):
            check_data(data, anonymous=False)
    with pytest.raises(InputError, match="too large"):
        check_data(PNG + bytes(MAX_FILE_BYTES_ANONYMOUS), anonymous=True)


def test_a_name_that_is_no_text_can_be_shown_and_stored(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"bad\xff\x1b[31m\n.png")
    path.write_bytes(PNG)
    name = check_file(path, anonymous=False).shown_name
    assert name == "bad\ufffd\ufffd[31m\ufffd.png"
    name.encode()
