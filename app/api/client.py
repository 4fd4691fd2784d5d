"""The client: all nouns over one transport."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from app.api.account import DEFAULT_SIGN_IN_PATH, AccountCalls
from app.api.albums import AlbumCalls
from app.api.embeds import EmbedCalls
from app.api.gallery import GalleryCalls
from app.api.images import ImageCalls
from app.api.pace import RequestPace
from app.api.transport import DEFAULT_TIMEOUTS, CredentialProvider, Timeouts, Transport, utc_now
from app.api.uploads import UploadCalls
from app.core.base_url import BaseUrl

if TYPE_CHECKING:
    import httpx


class Client(UploadCalls, ImageCalls, GalleryCalls, AlbumCalls, EmbedCalls, AccountCalls):
    """Speaks to one ImgLink server; see `app.core.ports.ImgLink` for what the methods do and raise.

    `credentials` is asked anew for each call that takes one. Nothing is loaded or connected before the first call, or
    `warm_up`. `pace` is the documentation's by default; `http_transport` takes the network's place in tests.
    """

    def __init__(
        self,
        base_url: BaseUrl,
        credentials: CredentialProvider,
        *,
        sign_in_path: str = DEFAULT_SIGN_IN_PATH,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        now: Callable[[], datetime] = utc_now,
        pace: RequestPace | None = None,
        http_transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        transport = Transport(
            base_url, credentials, timeouts=timeouts, now=now, pace=pace or RequestPace(), http_transport=http_transport
        )
        super().__init__(transport, sign_in_path)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self._transport.base_url)!r})"

    async def warm_up(self) -> None:
        """Load, off the event loop, what the first call would wait for. Sends nothing, never fails."""
        await self._transport.warm_up()

    async def close(self) -> None:
        """Close every connection."""
        await self._transport.close()
