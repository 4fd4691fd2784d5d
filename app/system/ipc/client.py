"""The command's end: synchronous and light, because it is most of what a handed-over command costs."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import time

from app.core.errors import UserFacingError
from app.system.ipc import peer, wire
from app.system.ipc.wire import ProtocolError
from app.system.runtime import SOCKET_NAME, open_runtime_folder, planted


class NoAnswer(UserFacingError):
    """An application runs and does not answer, or not in our language."""

    def __init__(self) -> None:
        super().__init__("The running ImgLink does not answer.", remedy="Quit it, or end its process, and try again.")


class Connection:
    """One request to the running application. Close it to withdraw the request."""

    def __init__(self, connected: socket.socket) -> None:
        """Made by `connect`."""
        self._socket = connected
        self.hello: dict[str, object] = {}
        """What the application said of itself: `version`, `nonce`."""

    def send(self, message: dict[str, object]) -> None:
        """Ask. Raises NoAnswer, and ProtocolError when the message is too large."""
        frame = wire.encode(message)
        try:
            self._socket.settimeout(wire.DEADLINE_S)
            self._socket.sendall(frame)
        except OSError as error:
            raise NoAnswer from error

    def receive(self, timeout_s: float | None = None) -> dict[str, object] | None:
        """The next message; None when the application has gone. Raises NoAnswer after `timeout_s` (None: never)."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        try:
            header = self._exactly(wire.HEADER_BYTES, deadline)
            return wire.decode(self._exactly(wire.body_size(header), deadline))
        except (EOFError, ConnectionError):
            return None
        except (OSError, ProtocolError) as error:
            raise NoAnswer from error

    def withdraw(self) -> None:
        """Say that nobody waits for it any more; what there is still to say comes all the same."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _exactly(self, size: int, deadline: float | None) -> bytes:
        data = bytearray()
        while len(data) < size:
            if deadline is not None and (left_s := deadline - time.monotonic()) > 0:
                self._socket.settimeout(left_s)
            elif deadline is not None:
                raise TimeoutError
            else:
                self._socket.settimeout(None)
            chunk = self._socket.recv(size - len(data))
            if not chunk:
                raise EOFError
            data += chunk
        return bytes(data)


def connect(path: str) -> Connection | None:
    """Reach the application whose runtime folder is at `path`; None when none runs.

    Raises NoAnswer when one does and is silent for 2 s, UserFacingError when folder, socket or application is not ours.
    """
    address = _checked_address(path)
    if address is None:
        return None
    connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connected.settimeout(wire.DEADLINE_S)
        try:
            connected.connect(address)
        except (ConnectionRefusedError, FileNotFoundError):
            connected.close()  # It was killed, is just starting, or has just gone.
            return None
        except OSError as error:
            raise NoAnswer from error
        if not peer.is_own(connected):
            raise planted(address, "is answered by someone else")
        connection = Connection(connected)
        hello = connection.receive(wire.DEADLINE_S)
        if hello is None or hello.get("imglink") != wire.PROTOCOL:
            raise NoAnswer
        connection.hello = hello
    except BaseException:
        connected.close()
        raise
    return connection


def _checked_address(path: str) -> str | None:
    try:
        folder = open_runtime_folder(path)
    except FileNotFoundError:
        return None
    try:
        status = os.stat(SOCKET_NAME, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    finally:
        os.close(folder)
    address = f"{path}/{SOCKET_NAME}"
    if not stat.S_ISSOCK(status.st_mode) or status.st_uid != os.geteuid():
        raise planted(address, "is not the socket that it should be")
    return address
