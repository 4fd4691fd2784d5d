"""Who is using the outbox: the application and a command line may do so at once, and either may be killed.

Each process holds a lock on a file of its own while it lives; the kernel drops it when the process ends, whatever ends
it. What a dead process was sending is therefore known, and what a living one is sending is left alone.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.core.errors import UserFacingError
from app.store.durable import private_folder, remove

_LOCK_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
_DEADLINE_S = 10.0


@contextmanager
def opening(folder: int) -> Iterator[None]:
    """Hold the lock under which stores are opened, one process at a time. Raises UserFacingError after 10 s."""
    fd = os.open("opening.lock", _LOCK_FLAGS, 0o600, dir_fd=folder)
    try:
        deadline = time.monotonic() + _DEADLINE_S
        while not _try_lock(fd):
            if time.monotonic() > deadline:
                raise UserFacingError(
                    "Another ImgLink process is holding the list of uploads.",
                    remedy="Quit it, or wait until it is done, and try again.",
                )
            time.sleep(0.02)
        yield
    finally:
        os.close(fd)


class Owner:
    """This process's mark. Make it, and ask it about others, only while `opening` is held."""

    def __init__(self, folder: Path) -> None:
        self.token = secrets.token_hex(8)
        self._folder = private_folder(folder)
        self._fd = os.open(self.token, _LOCK_FLAGS | os.O_EXCL, 0o600, dir_fd=self._folder)
        fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def others(self) -> tuple[frozenset[str], frozenset[str]]:
        """The tokens of the other processes that live, and of those that died without closing."""
        alive: set[str] = set()
        dead: set[str] = set()
        with os.scandir(self._folder) as entries:
            for token in {entry.name for entry in entries} - {self.token}:
                (alive if self._is_alive(token) else dead).add(token)
        return frozenset(alive), frozenset(dead)

    def bury(self, tokens: frozenset[str]) -> None:
        """Remove the marks of dead processes."""
        for token in tokens:
            remove(self._folder, token)

    def release(self, *, clean: bool = True) -> None:
        """Go. `clean=False` leaves the mark of one that died, so that the next opening looks more closely."""
        if clean:
            remove(self._folder, self.token)
        os.close(self._fd)
        os.close(self._folder)

    def _is_alive(self, token: str) -> bool:
        try:
            fd = os.open(token, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=self._folder)
        except OSError:
            return False
        try:
            return not _try_lock(fd)
        finally:
            os.close(fd)


def _try_lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
