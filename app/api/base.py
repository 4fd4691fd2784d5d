"""What the modules for each noun have in common."""

from __future__ import annotations

from app.api.transport import Transport


class Calls:
    """A group of the client's methods, over a transport."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
