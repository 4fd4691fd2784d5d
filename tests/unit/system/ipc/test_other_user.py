"""Another user of the same machine, in earnest where the tests may become one, else by what we take for our own id."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.errors import UserFacingError
from app.system.ipc.client import connect
from tests.unit.system.ipc.harness import RUN, connected, drain, events, raw, serving

NOBODY = 65534
_BECOME = f"""
import os, socket, sys
os.setgroups([])
os.setgid({NOBODY})
os.setuid({NOBODY})
"""
_CALL = f"""{_BECOME}
client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
client.settimeout(10)
client.connect(sys.argv[1])
data = client.recv(65536)
print(len(data))
"""
# The socket's file is ours; whoever calls `listen` is whom the kernel tells the client of.
_LISTEN = f"""{_BECOME}
listener = socket.socket(fileno=int(sys.argv[1]))
listener.listen()
print("listening", flush=True)
listener.settimeout(10)
peer, _ = listener.accept()
print(len(peer.recv(65536)))
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not pytest's: nobody else may enter that."""
    with tempfile.TemporaryDirectory(prefix="imglink-") as name:
        yield Path(name)


def test_the_server_says_nothing_to_another_user(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(folder):
        if os.geteuid() == 0:
            folder.chmod(0o755)
            (folder / "ipc.sock").chmod(0o666)
            command = [sys.executable, "-c", _CALL, f"{folder}/ipc.sock"]
            done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
            assert (done.stdout, done.stderr) == ("0\n", "")
            folder.chmod(0o700)
        else:
            with monkeypatch.context() as patch:
                patch.setattr(os, "geteuid", lambda: os.getuid() + 1)
                assert drain(raw(folder)) == b""
        # And the owner is served as before.
        connection = connected(folder)
        connection.send(RUN)
        assert events(connection)[-1]["code"] == 0


def test_the_folder_alone_keeps_another_user_out(folder: Path) -> None:
    with serving(folder):
        assert folder.stat().st_mode & 0o777 == 0o700
        assert (folder / "ipc.sock").stat().st_mode & 0o777 == 0o600
        if os.geteuid() == 0:
            command = [sys.executable, "-c", _CALL, f"{folder}/ipc.sock"]
            done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
            assert "PermissionError" in done.stderr


def test_the_client_tells_nothing_to_another_user(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.chmod(0o700)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(f"{folder}/ipc.sock")
    if os.geteuid() != 0:
        listener.listen()
        monkeypatch.setattr("app.system.ipc.peer._uid", lambda _peer: os.getuid() + 1)
        with pytest.raises(UserFacingError, match="answered by someone else"):
            connect(str(folder))
        listener.close()
        return
    command = [sys.executable, "-c", _LISTEN, str(listener.fileno())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, pass_fds=[listener.fileno()]) as process:
        listener.close()
        assert process.stdout is not None
        assert process.stdout.readline() == "listening\n"
        with pytest.raises(UserFacingError, match="answered by someone else"):
            connect(str(folder))
        assert process.stdout.readline() == "0\n"


def test_a_socket_that_belongs_to_another_user_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.chmod(0o700)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(f"{folder}/ipc.sock")
        listener.listen()
        if os.geteuid() == 0:
            os.chown(folder / "ipc.sock", NOBODY, NOBODY)
            words = "not the socket that it should be"
        else:
            monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
            words = "belongs to someone else"
        with pytest.raises(UserFacingError, match=words):
            connect(str(folder))
