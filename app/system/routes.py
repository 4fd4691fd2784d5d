"""Tells when this computer gets a way out into the network: the kernel of Linux says so itself, to whoever listens.

Source: rtnetlink(7) and netlink(7). It needs no network service, no message bus and no library.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

_GROUPS = 0x40 | 0x400
"""RTMGRP_IPV4_ROUTE and RTMGRP_IPV6_ROUTE."""
_HEADER = struct.Struct("=IHHII")
"""nlmsghdr: length with this header, type, flags, sequence number, sender."""
_ROUTE_BYTES = 12
"""rtmsg: family, destination's and source's length in bits, service, table, origin, scope, type, a byte each; flags."""
_RTM_NEWROUTE = 24
_NLM_F_REPLACE = 0x100
_RTN_UNICAST = 1
_KERNEL = 0
_READ_BYTES = 65536


class RouteWatch:
    """A socket that has something to read whenever a route comes, goes or changes."""

    def __init__(self) -> None:
        """Raises OSError where the system has no such thing."""
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        try:
            self._socket.setblocking(False)
            self._socket.bind((0, _GROUPS))
        except OSError:
            self._socket.close()
            raise

    def fileno(self) -> int:
        """The descriptor to wait for."""
        return self._socket.fileno()

    def has_gained(self) -> bool:
        """Read what has come; True when a default route was among it that was not there before."""
        gained = False
        while True:
            try:
                data, (sender, _) = self._socket.recvfrom(_READ_BYTES)
            except BlockingIOError:
                return gained
            except OSError:
                # More came than the kernel keeps (ENOBUFS): a look too many does no harm.
                gained = True
                continue
            gained = gained or (sender == _KERNEL and tells_of_default(data))

    def close(self) -> None:
        """Hear no more."""
        self._socket.close()


def tells_of_default(data: bytes) -> bool:
    """True when a default route that was not there before is among these messages of the kernel."""
    return any(_is_new_default(*each) for each in _messages(data))


def _messages(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Type, flags and content of each."""
    at = 0
    while at + _HEADER.size <= len(data):
        length, kind, flags, _, _ = _HEADER.unpack_from(data, at)
        if length < _HEADER.size:
            return
        yield kind, flags, data[at + _HEADER.size : at + length]
        at += (length + 3) & ~3


def _is_new_default(kind: int, flags: int, content: bytes) -> bool:
    # A route that takes another's place, as with each renewal of an address, is no news.
    if kind != _RTM_NEWROUTE or flags & _NLM_F_REPLACE or len(content) < _ROUTE_BYTES:
        return False
    destination_bits, route_type = content[1], content[7]
    return destination_bits == 0 and route_type == _RTN_UNICAST
