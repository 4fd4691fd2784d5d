"""50 MB over the loopback: our client beside curl and http.client, and what it takes of memory."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from app.api import Client
from app.core.base_url import parse_base_url
from app.core.imglink import CredentialKind, UploadOptions
from app.core.ports import UploadFile
from benches.frame import Race, benchmark, installed

SIZE = 50 * 1024 * 1024
TIMES = 5
"""Uploads in a round: curl's start weighs less."""

# A server in a process of its own that reads and forgets: what is measured is the sending.
SERVER = """
import socket, threading

BODY = b'{"success":true,"id":"abcdefghij","url":"http://127.0.0.1/a.png"}'
ANSWER = b"HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n%s" % (len(BODY), BODY)

def serve(connection):
    buffer, rest = bytearray(1 << 20), b""
    while True:
        while b"\\r\\n\\r\\n" not in rest:
            data = connection.recv(65536)
            if not data:
                return
            rest += data
        head, _, rest = rest.partition(b"\\r\\n\\r\\n")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\\r\\n")[1:])
        if b"expect" in fields:
            connection.sendall(b"HTTP/1.1 100 Continue\\r\\n\\r\\n")
        left = int(fields[b"content-length"]) - len(rest)
        while left > 0:
            count = connection.recv_into(buffer, min(left, len(buffer)))
            if not count:
                return
            left -= count
        rest = b""
        connection.sendall(ANSWER)

listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""


@benchmark("50 MB upload, 5 times (loopback, no TLS)", gate=1.6)
def upload() -> Iterator[Race]:
    """Warm: the client is built once, as in the running application."""
    with _scene() as (path, port), contextlib.closing(asyncio.new_event_loop()) as loop:
        client = _client(port)
        file = UploadFile(path, "a.png", "image/png")

        async def ours() -> None:
            for _ in range(TIMES):
                await client.upload(file, UploadOptions())

        yield Race(
            ours=lambda: loop.run_until_complete(ours()),
            peers={
                "curl": installed("curl", lambda: _curl(path, port)),
                "http.client, 256 KiB blocks": lambda: _http_client(path, port),
            },
        )
        loop.run_until_complete(client.close())
        loop.run_until_complete(loop.shutdown_default_executor())


@benchmark("50 MB upload, growth of memory", gate=1.0, rounds=3)
def memory() -> Iterator[Race]:
    """In a fresh process: the peak after 50 MB, less that after a small file."""
    with _scene() as (path, port):
        yield Race(ours=lambda: _growth_mib(path, port), peers={"allowance": lambda: 10.0}, is_timed=False, unit="MiB")


@contextlib.contextmanager
def _scene() -> Iterator[tuple[Path, int]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.png"
        path.write_bytes(os.urandom(SIZE))
        with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE) as server:
            assert server.stdout is not None
            try:
                yield path, int(server.stdout.readline())
            finally:
                server.kill()


def _client(port: int) -> Client:
    async def no_credentials(_: CredentialKind) -> str | None:
        return None

    return Client(parse_base_url(f"http://127.0.0.1:{port}"), no_credentials)


def _curl(path: Path, port: int) -> None:
    urls = [f"http://127.0.0.1:{port}/api/upload"] * TIMES
    subprocess.run(["curl", "-s", "-F", f"file=@{path}", *urls], check=True, stdout=subprocess.DEVNULL)


def _http_client(path: Path, port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, blocksize=256 * 1024)
    for _ in range(TIMES):
        with path.open("rb") as file:
            connection.request("POST", "/api/upload", file, {"Content-Length": str(SIZE)})
        connection.getresponse().read()
    connection.close()


def _growth_mib(path: Path, port: int) -> float:
    command = [sys.executable, "-c", f"from benches.upload import grow; grow({str(path)!r}, {port})"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return float(subprocess.run(command, check=True, capture_output=True, env=environment, text=True).stdout)


def grow(large: str, port: int) -> None:
    """Print by how many MiB the largest upload raises the peak that a small one left."""

    async def work() -> None:
        client = _client(port)
        small = Path(large).with_name("small.png")
        small.write_bytes(bytes(300_000))
        await client.upload(UploadFile(small, "a.png", "image/png"), UploadOptions())
        before = _peak_mib()
        await client.upload(UploadFile(Path(large), "a.png", "image/png"), UploadOptions())
        print(_peak_mib() - before)
        await client.close()

    asyncio.run(work())


def _peak_mib() -> float:
    """The most memory that this process ever had resident."""
    if sys.platform == "darwin":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    # Not getrusage: on Linux its peak begins with that of the process that started this one.
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024
