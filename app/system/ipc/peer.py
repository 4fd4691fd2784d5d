"""Who is at the other end of a Unix socket, as the kernel says."""

from __future__ import annotations

import os
import socket
import sys

# From sys/un.h; Python does not name them.
_SOL_LOCAL = 0
_LOCAL_PEERCRED = 1
_XUCRED_BYTES = 76
_UCRED_BYTES = 12


def is_own(peer: socket.socket) -> bool:
    """Whether the process at the other end runs as the same user. False when the kernel does not say."""
    try:
        return _uid(peer) == os.geteuid()
    except OSError:
        return False


def _uid(peer: socket.socket) -> int:
    if sys.platform == "darwin":
        # struct xucred: u_int version, uid_t uid, …
        credentials = peer.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, _XUCRED_BYTES)
    else:
        # struct ucred: pid_t pid, uid_t uid, gid_t gid
        credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED_BYTES)
    return int.from_bytes(credentials[4:8], sys.byteorder)
