"""The folder in which the running program keeps its lock and its socket.

Loaded by every command that may be handed over, so it is light: paths are strings here.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping

from app.core.errors import UserFacingError

LOCK_NAME = "instance.lock"
SOCKET_NAME = "ipc.sock"

_NAME = "imglink"
_MAC_NAME = "cc.imglink.Desktop"
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def runtime_folder(environ: Mapping[str, str], *, home: str, platform: str) -> str:
    """Where lock and socket are; `platform` as `sys.platform`. Short, because a socket's path has at most 103 bytes."""
    if platform == "darwin":
        temporary = (environ.get("TMPDIR") or _temporary_folder()).rstrip("/")
        return f"{temporary}/{_MAC_NAME}-{os.getuid()}"
    base = environ.get("XDG_RUNTIME_DIR", "").rstrip("/")
    if not base.startswith("/"):
        # Without a runtime folder of the session, one below home: never a guessable name in /tmp.
        state = environ.get("XDG_STATE_HOME", "").rstrip("/")
        base = f"{state if state.startswith('/') else f'{home}/.local/state'}/{_NAME}/run"
    return f"{base}/{_NAME}"


def open_runtime_folder(path: str, *, create: bool = False) -> int:
    """Open it, sure that it is a real folder which is ours and which nobody else can enter.

    Returns a descriptor. Raises FileNotFoundError when there is none and `create` is False, UserFacingError when it is
    not as it must be: whoever planted it there would get our captures.
    """
    try:
        if create:
            from pathlib import Path

            Path(path).mkdir(0o700, parents=True, exist_ok=True)
        folder = os.open(path, _FOLDER_FLAGS)
    except FileNotFoundError:
        if not create:
            raise
        raise planted(path, "leads nowhere") from None
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.EEXIST):
            raise planted(path, "is not a folder") from error
        raise UserFacingError(
            f"The folder {path} cannot be used: {error.strerror}.", remedy="Check its permissions."
        ) from error
    try:
        status = os.fstat(folder)
        if status.st_uid != os.geteuid():
            raise planted(path, "belongs to someone else")
        if stat.S_IMODE(status.st_mode) != 0o700:
            if not create:
                raise planted(path, "is open to others")
            os.fchmod(folder, 0o700)
    except BaseException:
        os.close(folder)
        raise
    return folder


def planted(path: str, what: str) -> UserFacingError:
    """Something stands where only our own may be."""
    return UserFacingError(f"{path} {what}.", remedy="Move it away, and find out who put it there.")


def _temporary_folder() -> str:
    from tempfile import gettempdir

    return gettempdir()
