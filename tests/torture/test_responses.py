"""10,000 generated responses through the real parser: httpcore and h11 read them, our client judges them.

Every one ends in an image or in an error that the table of outcomes knows; nothing else ever comes out.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import random
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpcore
import httpx
import pytest

from app.api import Client, Timeouts
from app.api.pace import RequestPace
from app.core.base_url import parse_base_url
from app.core.imglink import Image, UploadOptions, parse_image_id
from app.core.ports import UploadFile
from app.core.service_errors import Rejected, ServiceError
from app.services.outcomes import Verdict, judge
from tests.unit.api.harness import NOW, credentials, png_file

RESPONSES = 10_000
SEED = 20260301
"""What is generated is the same each time, so that a push fails for its own faults only."""
URL = "http://127.0.0.1:9"
IMAGE = {"success": True, "id": "_RxgFRvwh9", "url": "https://i.example/_RxgFRvwh9.png"}

# --- a network that plays back bytes ----------------------------------------------------------------------------------


class Played(httpcore.AsyncNetworkStream):
    """A connection: takes everything, and gives these bytes in pieces, then ends or breaks."""

    def __init__(self, pieces: Iterable[bytes], *, breaks: bool) -> None:
        self._pieces = iter(pieces)
        self._breaks = breaks

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - httpcore's
        piece = next(self._pieces, b"")
        if not piece and self._breaks:
            raise httpcore.ReadError("reset")
        return piece

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - httpcore's
        return None

    async def aclose(self) -> None:
        return None

    def get_extra_info(self, info: str) -> Any:
        return None


class Network(httpcore.AsyncNetworkBackend):
    """Every connection plays what `raw` is just then, in pieces of `piece_bytes`."""

    raw = b""
    piece_bytes = 65536
    breaks = False

    async def connect_tcp(self, *_arguments: object, **_keywords: object) -> httpcore.AsyncNetworkStream:
        pieces = (self.raw[start : start + self.piece_bytes] for start in range(0, len(self.raw), self.piece_bytes))
        return Played(pieces, breaks=self.breaks)


# --- responses --------------------------------------------------------------------------------------------------------

FIELDS = (
    "success",
    "id",
    "url",
    "error",
    "message",
    "images",
    "data",
    "viewer",
    "thumbnail",
    "size",
    "uploaded_at",
    "mime",
)
SCALARS = (
    None,
    True,
    False,
    0,
    -1,
    10**30,
    1.5,
    float("nan"),
    "",
    "_RxgFRvwh9",
    "https://i.example/x.png",
    "javascript:x",
)
TEXTS = ("x", "\ud800", "\x00\x1b[31m", "\u202e", "../../etc", "a" * 5_000, "Überfüllt 😀", "<b>no</b>", "false", "12")
BODIES = (
    *(
        b"",
        b" ",
        b"null",
        b"<html>",
        b"\xff\xfe{\x00",
        b"[" * 5_000,
        b'{"a":' * 3_000,
        b"1" * 5_000,
        b"NaN",
        b"{}",
        b"[]",
    ),
    *(b'{"id": "\\ud800"}', b'\xef\xbb\xbf{"id": "x"}', gzip.compress(b"{}"), b'{"id": 1' + b"0" * 5_000 + b"}"),
)
STATUSES = (
    *(
        200,
        200,
        200,
        200,
        200,
        200,
        201,
        202,
        204,
        206,
        300,
        302,
        304,
        307,
        400,
        401,
        403,
        404,
        405,
        408,
        409,
        413,
        422,
    ),
    *(429, 429, 500, 502, 503, 599, 600, 999),
)
TYPES = (
    "application/json",
    "application/json",
    "text/html",
    "application/json; charset=latin-1",
    "",
    "image/png",
    "x/\xe9",
)
WAITS = (
    "0",
    "1",
    "120",
    "-5",
    "1e3",
    "99999999999999999999",
    "soon",
    "",
    "\xb2",
    "Thu, 15 Jan 2026 12:02:00 GMT",
    "Thu, 99",
)
PLACES = ("http://[", "//x", "https://a@b/", "http://127.0.0.1:9/x", "", "\x7f", "/", "http://\xe9/")
CODINGS = ("gzip", "br", "identity", "x", "gzip, gzip", "")
PREFIXES = (*[b""] * 6, b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 E\r\nLink: x\r\n\r\n" * 3)


class Generator:
    """Responses, most of them well-framed with something odd in them, some broken, some no responses at all."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def response(self) -> bytes:
        """The bytes of one."""
        choose = self._random.choice
        if self._random.random() < 0.04:
            return self._random.randbytes(self._random.randint(0, 200))
        raw = choose(PREFIXES) + self._framed(choose(STATUSES), self._body())
        if self._random.random() < 0.15:
            raw = raw[: self._random.randint(0, len(raw))]
        if self._random.random() < 0.05:
            place = self._random.randint(0, len(raw))
            raw = raw[:place] + self._random.randbytes(1) + raw[place + 1 :]
        return raw

    def _framed(self, status: int, body: bytes) -> bytes:
        choose = self._random.choice
        lines = [f"HTTP/1.{choose('11110')} {status} {choose(('OK', '', 'Überfüllt', 'a' * 300))}"]
        lines += [f"Content-Type: {choose(TYPES)}"] if self._random.random() < 0.9 else []
        lines += [f"Retry-After: {choose(WAITS)}"] if self._random.random() < 0.3 else []
        lines += [f"Location: {choose(PLACES)}"] if self._random.random() < 0.2 else []
        lines += [f"Content-Encoding: {choose(CODINGS)}"] if self._random.random() < 0.05 else []
        lines += [f"X-{choose(TEXTS[:3])}: {choose(TEXTS)}"] if self._random.random() < 0.05 else []
        framing = choose(("length", "length", "length", "length", "chunked", "close", "both", "lie", "negative"))
        if framing in ("length", "both"):
            lines.append(f"Content-Length: {len(body)}")
        if framing == "lie":
            lines.append(f"Content-Length: {max(0, len(body) + choose((-1, 1, 1_000, 10**20)))}")
        if framing == "negative":
            lines.append("Content-Length: -1")
        if framing in ("chunked", "both"):
            lines.append("Transfer-Encoding: chunked")
            body = b"%x\r\n%b\r\n" % (len(body), body) + choose((b"0\r\n\r\n", b"0\r\n\r\n", b"", b"zz\r\n"))
        return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + body

    def _body(self) -> bytes:
        if self._random.random() < 0.2:
            return self._random.choice(BODIES)
        return json.dumps(self._answer()).encode()

    def _answer(self) -> object:
        some = self._random.sample(FIELDS, self._random.randint(0, 4))
        odd = {name: self._value(2) for name in some}
        how = self._random.randrange(6)
        if how == 0:
            return odd
        if how == 1:
            return {"error": self._random.choice(TEXTS), **odd}
        if how == 2:
            return {"images": [IMAGE | odd]}
        if how == 3:
            return IMAGE | odd
        return IMAGE if how == 4 else self._value(3)

    def _value(self, depth: int) -> object:
        how = self._random.randrange(6)
        if depth and how == 0:
            return [self._value(depth - 1) for _ in range(self._random.randint(0, 3))]
        if depth and how == 1:
            return {self._random.choice((*FIELDS, *TEXTS)): self._value(depth - 1) for _ in range(2)}
        return self._random.choice(SCALARS if how < 4 else TEXTS)


# --- the test ---------------------------------------------------------------------------------------------------------


async def outcome_of(client: Client, file: UploadFile, *, is_marked: bool) -> str:
    """Let the client meet one response, and name what came of it. `is_marked` is what the table is told."""
    marks = 0

    async def before_commit() -> None:
        nonlocal marks
        marks += 1

    try:
        image = await client.upload(file, UploadOptions(), before_commit=before_commit)
    except ServiceError as error:
        verdict = judge(error, is_committed=is_marked)
        says_nothing = error.status is None or error.status < 300 or error.status >= 500 or error.status == 408
        # After the marker nothing but the server's own words lets an upload be sent again or be given up.
        if is_marked and says_nothing and verdict is not Verdict.UNCERTAIN and not isinstance(error, Rejected):
            raise AssertionError(f"{verdict} for {error!r}") from error
        return verdict.name if error.message else "without words"
    assert marks == 1
    assert isinstance(image, Image)
    assert parse_image_id(image.id) == image.id
    assert image.url.startswith(("http://", "https://"))
    return "IMAGE"


@pytest.mark.timeout(600)
def test_ten_thousand_responses_are_all_classified(tmp_path: Path) -> None:
    file, seen, generator = png_file(tmp_path), Counter[str](), Generator(SEED)

    async def classify() -> None:
        network, transport = Network(), httpx.AsyncHTTPTransport()
        transport._pool = httpcore.AsyncConnectionPool(network_backend=network, max_keepalive_connections=0)
        timeouts = Timeouts(call_s=5, upload_s=5)
        client = Client(
            parse_base_url(URL),
            credentials(),
            timeouts=timeouts,
            now=lambda: NOW,
            pace=RequestPace(RESPONSES + 1),
            http_transport=transport,
        )
        for number in range(RESPONSES):
            network.raw = generator.response()
            network.piece_bytes, network.breaks = (65536, 7, 1)[number % 3 if number % 10 == 0 else 0], number % 2 == 0
            try:
                seen[await outcome_of(client, file, is_marked=number % 3 > 0)] += 1
            except Exception as error:
                raise AssertionError(f"response {number}: {network.raw!r}") from error
        await client.close()

    asyncio.run(classify())
    print(dict(seen))
    assert seen.total() == RESPONSES
    # The generator must reach every corner of the table, or it proves little.
    assert all(seen[name] >= RESPONSES // 200 for name in ("IMAGE", *Verdict.__members__)), seen
    assert seen.keys() == {"IMAGE", *Verdict.__members__}
