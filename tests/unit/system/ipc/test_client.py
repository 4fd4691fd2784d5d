"""What the command does when the other side is silent, odd, planted, or somebody else."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.core.errors import UserFacingError
from app.system.ipc import wire
from app.system.ipc.client import NoAnswer, connect
from app.system.ipc.context import context_of, display_of


@contextmanager
def impostor(folder: Path, talk: Callable[[socket.socket], None]) -> Iterator[None]:
    """Something else that listens in our place, and runs `talk` with the first who comes."""
    folder.chmod(0o700)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(f"{folder}/ipc.sock")
    listener.listen()
    listener.settimeout(10)

    def serve() -> None:
        peer, _ = listener.accept()
        with peer:
            talk(peer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        thread.join(10)
        listener.close()


def test_where_nothing_runs_there_is_nobody(tmp_path: Path) -> None:
    assert connect(str(tmp_path / "none")) is None
    tmp_path.chmod(0o700)
    assert connect(str(tmp_path)) is None


def test_a_socket_that_nobody_listens_on_is_nobody(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    left = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    left.bind(f"{tmp_path}/ipc.sock")
    left.close()
    assert connect(str(tmp_path)) is None


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\0\0\0\2{}",
        b"\xff\xff\xff\xff",
        wire.encode({"imglink": wire.PROTOCOL + 1}),
        wire.encode({"imglink": "1"}),
    ],
)
def test_something_else_in_our_place_is_no_answer(tmp_path: Path, said: bytes) -> None:
    with impostor(tmp_path, lambda peer: peer.sendall(said)), pytest.raises(NoAnswer):
        connect(str(tmp_path))


def test_silence_is_no_answer_after_the_deadline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "DEADLINE_S", 0.2)
    begin = time.monotonic()
    with impostor(tmp_path, lambda peer: drip(peer, 20)), pytest.raises(NoAnswer):
        connect(str(tmp_path))
    assert 0.2 <= time.monotonic() - begin < 10


def drip(peer: socket.socket, seconds: float) -> None:
    """A byte now and then, never a whole frame, until the other side hangs up."""
    peer.sendall(b"\0\0\1\0")
    peer.settimeout(0.02)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if peer.recv(1) == b"":
                return
        except TimeoutError:
            peer.sendall(b" ")


@pytest.mark.parametrize("kind", ["symlink", "folder", "file"])
def test_anything_but_a_socket_is_refused(tmp_path: Path, kind: str) -> None:
    tmp_path.chmod(0o700)
    place = tmp_path / "ipc.sock"
    if kind == "symlink":
        place.symlink_to(tmp_path / "elsewhere")
    elif kind == "folder":
        place.mkdir()
    else:
        place.write_text("")
    with pytest.raises(UserFacingError, match="not the socket that it should be"):
        connect(str(tmp_path))


def test_a_folder_that_is_a_link_open_to_others_or_not_ours_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = tmp_path / "real"
    real.mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(real)
    with pytest.raises(UserFacingError, match="is not a folder"):
        connect(str(tmp_path / "link"))
    for mode in (0o701, 0o710, 0o770, 0o777):
        real.chmod(mode)
        with pytest.raises(UserFacingError, match="is open to others"):
            connect(str(real))
    real.chmod(0o700)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(UserFacingError, match="belongs to someone else"):
        connect(str(real))


def test_the_context_tells_credentials_apart_without_telling_them() -> None:
    environ = {"HOME": "/home/ada", "IMGLINK_API_KEY": "il_secret", "PATH": "/bin", "IMGLINK_TOKEN": ""}
    context = context_of(environ, "nonce")
    assert set(context) == {"HOME", "IMGLINK_API_KEY"}
    assert "il_secret" not in str(context)
    assert context == context_of(environ, "nonce")
    assert context != context_of({**environ, "IMGLINK_API_KEY": "il_other"}, "nonce")
    assert context != context_of({**environ, "IMGLINK_BASE_URL": "http://127.0.0.1:1"}, "nonce")
    assert context != context_of(environ, "another nonce")


def test_the_display_is_waylands_or_x11s_or_none() -> None:
    assert display_of({"DISPLAY": ":1", "WAYLAND_DISPLAY": "wayland-0"}) == "wayland-0"
    assert display_of({"DISPLAY": ":1"}) == ":1"
    assert display_of({}) == ""
