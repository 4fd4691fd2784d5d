"""Starting and stopping, the loop that never waits for a disk, and what is missing when the extra is."""

from __future__ import annotations

import os
import re
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from app.core.errors import InputError, UserFacingError
from app.demo import DEMO_API_KEY, DemoServer, serve
from tests.unit.demo.conftest import Site
from tests.unit.demo.plain_http import PlainHttp, big_png, multipart, picture

WITHOUT_THE_EXTRA = """
import sys
from app.core.errors import UserFacingError
for name in ("starlette", "uvicorn", "python_multipart"):
    sys.modules[name] = None
from app.demo import DemoServer
try:
    DemoServer().start()
except UserFacingError as error:
    print(error)
"""
IMPORTED = "import sys, app.demo; print(*({m} & set(sys.modules)))"
SERVE = """
from app.demo import serve
serve(on_ready=lambda server: print(server.base_url, flush=True))
print("stopped")
"""


def run_python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_importing_it_imports_nothing_heavy() -> None:
    heavy = {"starlette", "uvicorn", "python_multipart", "sqlite3", "PIL", "asyncio"}

    assert run_python(IMPORTED.format(m=heavy)) == ""


def test_without_the_extra_it_says_how_to_get_it() -> None:
    assert "pip install 'imglink-desktop[demo]'" in run_python(WITHOUT_THE_EXTRA)


def test_nothing_is_left_when_it_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = set(threading.enumerate())
    for _ in range(3):
        server = DemoServer()
        server.start()
        PlainHttp(server.base_url).upload([("a.png", picture())], {"X-API-Key": DEMO_API_KEY})
        assert len(list(tmp_path.iterdir())) == 1
        server.stop()
        server.stop()
        with pytest.raises(ConnectionRefusedError):
            PlainHttp(server.base_url)("GET", "/")

    assert set(threading.enumerate()) == before
    assert list(tmp_path.iterdir()) == []


def test_it_starts_and_stops_at_once() -> None:
    with DemoServer():
        pass  # the first one imports
    started = time.perf_counter()
    for _ in range(10):
        with DemoServer():
            pass

    assert time.perf_counter() - started < 5


def test_a_connection_that_is_kept_open_does_not_delay_the_end() -> None:
    server = DemoServer()
    server.start()
    port = int(server.base_url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as idle:
        idle.sendall(b"POST /api/v1/upload HTTP/1.1\r\nHost: localhost\r\n")
        started = time.monotonic()
        server.stop()
        assert time.monotonic() - started < 4


def test_before_the_start_there_is_nothing_to_ask() -> None:
    with pytest.raises(RuntimeError, match="not started"):
        _ = DemoServer().base_url


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    with DemoServer(directory):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_used_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(UserFacingError, match="cannot be used"):
        DemoServer(tmp_path / "file").start()


@pytest.mark.parametrize("content", [b"this is no database at all, really not", b""])
def test_a_strange_database_is_explained_or_filled(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "demo.sqlite3").write_bytes(content)
    server = DemoServer(tmp_path)
    if content:
        with pytest.raises(UserFacingError, match="cannot be opened"):
            server.start()
    else:
        server.start()
        server.stop()


def test_a_database_of_another_version_is_left_alone(tmp_path: Path) -> None:
    import sqlite3

    path = tmp_path / "demo.sqlite3"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()

    with pytest.raises(UserFacingError, match="another version"):
        DemoServer(tmp_path).start()
    assert path.read_bytes() == before


def test_a_broken_off_upload_leaves_nothing(tmp_path: Path) -> None:
    body, content_type = multipart([("a.png", big_png(4 * 1024 * 1024))])
    with DemoServer(tmp_path) as server:
        port = int(server.base_url.rpartition(":")[2])
        head = (
            f"POST /api/v1/upload HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {DEMO_API_KEY}\r\n"
            f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", port), timeout=10) as link:
            link.sendall(head.encode() + body[:-1])
            incoming = tmp_path / "images" / "incoming"
            _wait_until(lambda: any(incoming.iterdir()))
        _wait_until(lambda: not any(incoming.iterdir()))

        assert server.commits == 0
        assert server.images() == []


def test_a_chunked_upload_is_taken(site: Site) -> None:
    import http.client

    body, content_type = multipart([("a.png", picture())])
    connection = http.client.HTTPConnection("127.0.0.1", int(site.server.base_url.rpartition(":")[2]), timeout=10)
    headers = {**site.key, "Content-Type": content_type}
    connection.request("POST", "/api/v1/upload", iter([body[:50], body[50:]]), headers, encode_chunked=True)
    status = connection.getresponse().status
    connection.close()

    assert status == 200


def test_others_are_answered_while_a_large_file_arrives(site: Site) -> None:
    large = big_png(50 * 1024 * 1024)
    thread = threading.Thread(target=site.http.upload, args=([("a.png", large)] * 4, site.key))
    thread.start()
    waits = []
    while thread.is_alive():
        started = time.perf_counter()
        site.http("GET", "/api/v1/image/absent0000")
        waits.append(time.perf_counter() - started)
    thread.join()

    assert site.server.commits == 4
    assert len(waits) >= 5
    assert sorted(waits)[len(waits) // 2] < 0.25


def test_a_large_upload_is_not_held_in_memory(tmp_path: Path) -> None:
    """In a process of its own, so that its peak is the server's."""
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE], stdout=output, env={**os.environ, "TMPDIR": str(tmp_path)}
        )
        try:
            http = PlainHttp(_first_line(output.fileno(), process))
            key = {"X-API-Key": DEMO_API_KEY}
            assert http.upload([("a.png", picture())], key).status == 200
            before = _peak_kib(process.pid)
            assert http.upload([("a.png", big_png(48 * 1024 * 1024))] * 3, key).status == 200
            grown = _peak_kib(process.pid) - before
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait(10)

    assert code == 0
    assert grown < 16 * 1024
    assert list(tmp_path.iterdir()) == []


def _first_line(fd: int, process: subprocess.Popen[bytes]) -> str:
    _wait_until(lambda: b"\n" in os.pread(fd, 200, 0) or process.poll() is not None)
    return os.pread(fd, 200, 0).decode().strip()


def _peak_kib(pid: int) -> int:
    match = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert match is not None
    return int(match[1])


def _wait_until(condition: object, seconds: float = 10) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serving_ends_with_a_signal(number: signal.Signals) -> None:
    urls: list[str] = []

    def ready(server: DemoServer) -> None:
        urls.append(server.base_url)
        assert PlainHttp(server.base_url)("GET", "/").status == 200
        os.kill(os.getpid(), number)

    handlers = [signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)]
    serve(on_ready=ready)

    assert len(urls) == 1
    assert [signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)] == handlers


def test_serving_refuses_another_address() -> None:
    with pytest.raises(InputError):
        serve(host="0.0.0.0")
