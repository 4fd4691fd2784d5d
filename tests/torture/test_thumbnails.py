"""Thousands of damaged pictures through cache and decoders, and what the system sees of hostile ones."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from PIL import Image as Picture

from tests.torture.hostile import assert_untouched, hostile_texts, watch
from tests.torture.hostile_viewer import SERVED

COUNT = 5000
# A failure is looked into with the same pictures; another seed finds more in the long run.
SEED = 1
MOST_GROWTH_KIB = 64 * 1024


@pytest.mark.timeout(300)
def test_five_thousand_damaged_thumbnails_are_pictures_or_refusals_and_memory_is_bounded(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.torture.thumbnail_mill", str(tmp_path), str(COUNT), str(SEED)]
    environ = os.environ | {"QT_QPA_PLATFORM": "offscreen", "PYTHONFAULTHANDLER": "1"}
    mill = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=240, check=False)
    assert mill.returncode == 0, mill.stderr[-2000:]
    told = json.loads(mill.stdout)
    seen = told["seen"]
    pictures = told["pictures"]
    assert pictures > COUNT
    # Each ended as one or the other; it must have been close enough to pictures to mean something.
    assert set(seen) <= {"service: picture", "service: refused", "planted: picture", "planted: refused"}
    assert seen["service: picture"] + seen["service: refused"] == pictures
    assert min(seen["service: picture"], seen["service: refused"]) > pictures // 4
    assert seen["planted: picture"] > pictures // 4
    assert told["cache_bytes"] <= 1_000_000
    assert told["peak_growth_kib"] < MOST_GROWTH_KIB


class _Serving(BaseHTTPRequestHandler):
    """Gives one good picture, and what pretends to be one."""

    server: _Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        name = self.path.rpartition("/")[2]
        self.send_response(302 if name == "redirect.png" else 200)
        if name == "redirect.png":
            self.send_header("Location", f"{self.server.elsewhere}/a.png")
        body = self.server.bodies.get(name, b"")
        self.send_header("Content-Type", "image/png")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, elsewhere: str = "", bodies: dict[str, bytes] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Serving)
        self.elsewhere = elsewhere
        self.bodies = bodies or {}
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def _serving(server: _Server) -> Iterator[_Server]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.timeout(300)
def test_hostile_texts_links_and_pictures_open_no_file_and_no_other_connection(tmp_path: Path) -> None:
    canary = tmp_path / "canary-8d1f.png"
    Picture.new("RGB", (9, 9), "red").save(canary)
    good = io.BytesIO()
    Picture.new("RGB", (90, 90), "teal").save(good, "PNG")
    texts = hostile_texts(canary, "http://127.0.0.1:9")
    bodies = {"good.png": good.getvalue(), "svg.png": texts[3].encode(), "markup.png": texts[0].encode()}
    with _serving(_Server()) as forbidden, _serving(_Server(forbidden.url, bodies)) as server:
        arguments = [str(tmp_path), str(canary), forbidden.url, server.url]
        touched = watch(
            [sys.executable, "-m", "tests.torture.hostile_viewer", *arguments],
            {"QT_QPA_PLATFORM": "offscreen"},
            tmp_path,
        )
        assert forbidden.asked == []
        assert sorted(server.asked) == sorted(f"/{name}" for name in SERVED)
        assert_untouched(touched, canary, frozenset({server.server_port}))


def test_the_watch_sees_what_it_is_there_for(tmp_path: Path) -> None:
    canary = tmp_path / "canary-8d1f.png"
    canary.write_bytes(b"")
    with _serving(_Server()) as server:
        code = (
            f"import socket; open({str(canary)!r}).close();"
            f"socket.create_connection(('127.0.0.1', {server.server_port})).close()"
        )
        touched = watch([sys.executable, "-c", code], {}, tmp_path)
        assert str(canary) in touched.opened
        assert touched.ports == {server.server_port}
        with pytest.raises(AssertionError):
            assert_untouched(touched, canary, frozenset({server.server_port}))
