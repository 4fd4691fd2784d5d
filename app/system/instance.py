"""One tray application for each person: a lock that lives as long as the process, and the socket that goes with it.

The lock decides, never the socket: a socket is left behind by a killed process, and `listen` succeeds for two.
"""

from __future__ import annotations

import fcntl
import os
import socket
import stat

from app.core.errors import UserFacingError
from app.system.runtime import LOCK_NAME, SOCKET_NAME, open_runtime_folder, planted

_LOCK_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Instance:
    """The mark of the one that runs. `listener` is bound and does not listen yet: callers are told so at once."""

    def __init__(self, path: str, folder: int, lock: int, listener: socket.socket) -> None:
        """Made by `claim`."""
        self.listener = listener
        self._path = path
        self._folder = folder
        self._lock = lock

    @classmethod
    def claim(cls, path: str) -> Instance | None:
        """Become the one that runs, with the runtime folder at `path`; None when another one is.

        Raises UserFacingError when the folder, the lock or the socket is not ours alone.
        """
        folder = open_runtime_folder(path, create=True)
        lock = -1
        try:
            lock = _open_lock(path, folder)
            if not _try_lock(lock, path):
                os.close(lock)
                os.close(folder)
                return None
            # For whoever wonders which process it is; nothing depends on it.
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
            return cls(path, folder, lock, _bind(path, folder))
        except OSError as error:
            _close(lock, folder)
            raise UserFacingError(
                f"The folder {path} cannot be used: {error.strerror or error}.", remedy="Check its permissions."
            ) from error
        except BaseException:
            _close(lock, folder)
            raise

    def release(self) -> None:
        """Remove the socket, then let go of the lock. The lock's file stays: removing it would let two hold it."""
        self.listener.close()
        try:
            os.unlink(SOCKET_NAME, dir_fd=self._folder)
        except FileNotFoundError:
            pass
        finally:
            _close(self._lock, self._folder)


def is_claimed(path: str) -> bool:
    """Whether an application runs, by its lock. Raises UserFacingError as `Instance.claim` does."""
    try:
        folder = open_runtime_folder(path)
    except FileNotFoundError:
        return False
    lock = -1
    try:
        lock = _open_lock(path, folder)
        return not _try_lock(lock, path)
    finally:
        _close(lock, folder)


def _open_lock(path: str, folder: int) -> int:
    try:
        lock = os.open(LOCK_NAME, _LOCK_FLAGS, 0o600, dir_fd=folder)
    except OSError as error:
        raise planted(f"{path}/{LOCK_NAME}", f"cannot be opened: {error.strerror}") from error
    status = os.fstat(lock)
    if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077:
        os.close(lock)
        raise planted(f"{path}/{LOCK_NAME}", "is not a file of yours alone")
    return lock


def _try_lock(lock: int, path: str) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise UserFacingError(f"Files in {path} cannot be locked: {error.strerror}.") from error
    return True


def _bind(path: str, folder: int) -> socket.socket:
    """Bind the socket in place of one that a dead process has left. Call it with the lock held."""
    address = f"{path}/{SOCKET_NAME}"
    try:
        status = os.stat(SOCKET_NAME, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        pass
    else:
        if not stat.S_ISSOCK(status.st_mode) or status.st_uid != os.geteuid():
            raise planted(address, "is not the socket that it should be")
        os.unlink(SOCKET_NAME, dir_fd=folder)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # Nobody can connect before `listen`, so the mode is right before it counts.
        listener.bind(address)
        os.chmod(SOCKET_NAME, 0o600, dir_fd=folder)
    except BaseException:
        listener.close()
        raise
    return listener


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        if descriptor >= 0:
            os.close(descriptor)
