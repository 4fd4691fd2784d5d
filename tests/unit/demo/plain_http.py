"""Plain HTTP for the contract tests: http.client and nothing of our own client, so that two wrongs cannot agree."""

from __future__ import annotations

import http.client
import io
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from PIL import Image

File = tuple[str, bytes]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    def json(self) -> Any:
        assert self.headers["content-type"] == "application/json"
        return json.loads(self.body)

    @property
    def error(self) -> str:
        """The text of a documented error body, which has exactly one member."""
        body = self.json()
        assert list(body) == ["error"]
        assert isinstance(body["error"], str)
        assert body["error"]
        return body["error"]


class PlainHttp:
    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        self._host, self._port = parts.hostname or "", parts.port

    def __call__(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        *,
        json_body: object = None,
        body: bytes | None = None,
    ) -> Answer:
        """One request on a connection of its own. A URL of this server may be given instead of a path."""
        if "://" in path:
            parts = urlsplit(path)
            assert (parts.hostname, parts.port) == (self._host, self._port)
            path = parts.path + (f"?{parts.query}" if parts.query else "")
        sent = dict(headers or {})
        if json_body is not None:
            body = json.dumps(json_body).encode()
            sent["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection(self._host, self._port, timeout=20)
        try:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            return Answer(
                response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
            )
        finally:
            connection.close()

    def upload(
        self,
        files: Sequence[File],
        headers: Mapping[str, str] | None = None,
        *,
        path: str = "/api/v1/upload",
        fields: Mapping[str, str] | None = None,
    ) -> Answer:
        body, content_type = multipart(files, fields)
        return self("POST", path, {**(headers or {}), "Content-Type": content_type}, body=body)


def multipart(files: Sequence[File], fields: Mapping[str, str] | None = None) -> tuple[bytes, str]:
    """A form's body and its content type."""
    boundary = uuid.uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in (fields or {}).items()
    ]
    for name, data in files:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        parts += [head.encode(), data, b"\r\n"]
    return b"".join([*parts, f"--{boundary}--\r\n".encode()]), f"multipart/form-data; boundary={boundary}"


def picture(width: int = 30, height: int = 20, kind: str = "PNG", color: str = "teal") -> bytes:
    """A small image file."""
    output = io.BytesIO()
    Image.new("RGB", (width, height), color).save(output, kind)
    return output.getvalue()


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
PNG_START = b"\x89PNG\r\n\x1a\n"


def big_png(size: int) -> bytes:
    """A PNG of exactly this many bytes: what follows the image's end is ignored by readers."""
    image = picture()
    return image + bytes(size - len(image))
