"""Tidying up after libraries that leave sockets open when they fail."""

from __future__ import annotations

import socket
import traceback


def close_leftovers(problem: BaseException | None) -> None:
    """Close the sockets, and the connections with a `sock`, that a failed call left in its abandoned frames.

    For an error that was just caught, from a library that opens its connection inside the call and forgets it: the
    frames, and with them the socket, would else live until the next garbage collection.
    """
    while problem is not None:
        for frame, _line in traceback.walk_tb(problem.__traceback__):
            for value in frame.f_locals.values():
                # Not getattr: half-made objects may fail at that.
                attributes = getattr(value, "__dict__", {})
                if isinstance(value, socket.socket) or isinstance(attributes.get("sock"), socket.socket):
                    value.close()
        problem = problem.__context__
