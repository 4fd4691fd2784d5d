"""A server on a real socket that answers as a test says, for windows that must bear whatever comes."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Said:
    """An answer."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


def said(value: object, status: int = 200, **headers: str) -> Said:
    """A JSON answer."""
    named = tuple((name.replace("_", "-"), text) for name, text in headers.items())
    return Said(json.dumps(value).encode(), status, headers=named)


HTML = Said(b"<!doctype html><title>Bad gateway</title>", 502, "text/html")
PAGE = Said(b"<!doctype html><title>Welcome to the hotel</title>", 200, "text/html")


@dataclass
class Answering:
    """What is answered: to `METHOD /path` first, else `otherwise`; and what was asked."""

    url: str = ""
    answers: dict[str, Said] = field(default_factory=dict)
    otherwise: Said = field(default_factory=lambda: said({"error": "Not found"}, 404))
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    """Method, path with query, and headers with names in lower case."""


@contextmanager
def answering() -> Iterator[Answering]:
    """The server, on a free port of the loopback, on threads of its own."""
    it = Answering()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            it.asked.append((self.command, self.path, {key.lower(): value for key, value in self.headers.items()}))
            answer = it.answers.get(f"{self.command} {self.path.partition('?')[0]}", it.otherwise)
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
            self.send_header("Connection", "close")
            for name, value in answer.headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_arguments: object) -> None:
            """Nothing on the terminal."""

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.handle_any)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    it.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="answering")
    thread.start()
    try:
        yield it
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
