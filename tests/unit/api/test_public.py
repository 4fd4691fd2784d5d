"""Previews fetched over real sockets: from the demo server, and from servers that mean no good."""

from __future__ import annotations

import asyncio
import contextlib
import io
import ipaddress
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from PIL import Image as Picture

from app.api.public import MAX_PICTURE_BYTES, FetchTimeouts, PublicClient
from app.api.targets import Address
from app.core.base_url import parse_base_url
from app.core.imglink import UploadOptions
from app.core.ports import UploadFile
from app.core.thumbnails import NoThumbnail, ThumbnailMissing, ThumbnailRefused, ThumbnailUnreachable
from app.demo import DEMO_API_KEY, DemoServer
from tests.unit.api.harness import NOW, Request, Server, client_of, credentials, http, run, serve, until
from tests.unit.api.tls import server_context, trusted_file

LOOPBACK = ipaddress.ip_address("127.0.0.1")


def encoded(kind: str, size: tuple[int, int] = (40, 30)) -> bytes:
    data = io.BytesIO()
    Picture.new("RGB", size, "teal").save(data, kind)
    return data.getvalue()


PNG = encoded("PNG")


@asynccontextmanager
async def fetching(
    base_url: str, *addresses: str, timeouts: FetchTimeouts | None = None, asked: list[tuple[str, int]] | None = None
) -> AsyncIterator[PublicClient]:
    """A client for which every name leads to these addresses."""

    async def resolver(host: str, port: int) -> Sequence[Address]:
        if asked is not None:
            asked.append((host, port))
        return [ipaddress.ip_address(address) for address in addresses or ("127.0.0.1",)]

    client = PublicClient(
        parse_base_url(base_url), timeouts=timeouts or FetchTimeouts(), now=lambda: NOW, resolver=resolver
    )
    try:
        yield client
    finally:
        await client.close()


async def problem_of(client: PublicClient, url: str) -> NoThumbnail:
    with pytest.raises(NoThumbnail) as caught:
        await client.fetch(url)
    return caught.value


async def problem_with(answer: bytes) -> tuple[NoThumbnail, Server]:
    async with serve(answer) as server, fetching(server.url) as client:
        return await problem_of(client, f"{server.url}/a.png"), server


def test_the_demo_servers_thumbnail_arrives(tmp_path: Path) -> None:
    async def work() -> None:
        path = tmp_path / "a.png"
        path.write_bytes(encoded("PNG", (900, 300)))
        with DemoServer() as demo:
            async with client_of(demo.base_url, credentials(DEMO_API_KEY, None)) as api:
                image = await api.upload(UploadFile(path, "a.png", "image/png"), UploadOptions())
            client = PublicClient(parse_base_url(demo.base_url))
            assert image.thumbnail is not None
            data = await client.fetch(image.thumbnail)
            assert Picture.open(io.BytesIO(data)).size == (640, 213)
            assert await client.fetch(image.url) == path.read_bytes()
            with pytest.raises(ThumbnailMissing):
                await client.fetch(f"{demo.base_url}/cdn/medium/nothing.webp")
            await client.close()

    run(work())


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_each_format_is_known_by_its_bytes_and_the_content_type_is_not_looked_at(kind: str) -> None:
    async def work() -> None:
        data = encoded(kind)
        async with serve(http("200 OK", data, "Content-Type: text/html")) as server, fetching(server.url) as client:
            assert await client.fetch(f"{server.url}/a") == data

    run(work())


def test_nothing_is_sent_but_what_a_stranger_would_send() -> None:
    async def work() -> None:
        answer = http("200 OK", PNG, "Set-Cookie: a=b; Path=/")
        async with serve(answer) as server, fetching(server.url) as client:
            for _ in range(2):
                await client.fetch(f"{server.url}/a.png?b=c")
        for request in server.requests:
            assert request.method == "GET"
            assert request.target == "/a.png?b=c"
            assert set(request.headers) == {"host", "accept", "accept-encoding", "user-agent", "connection"}
            assert request.headers["accept-encoding"] == "identity"
            assert request.headers["host"] == f"127.0.0.1:{server.port}"
        assert len(server.requests) == 2

    run(work())


@pytest.mark.parametrize(
    "body",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
        b"<html><img src=file:///etc/passwd></html>",
        b"BM" + bytes(100),
        b"\x00\x00\x01\x00" + bytes(100),
        b"II*\x00" + bytes(100),
        b"\x00\x00\x00\x20ftypavif" + bytes(100),
        b"",
        bytes(5000),
    ],
)
def test_what_is_no_picture_of_the_four_formats_is_refused(body: bytes) -> None:
    problem, _ = run(problem_with(http("200 OK", body, "Content-Type: image/png")))
    assert isinstance(problem, ThumbnailRefused)
    assert "file" not in str(problem)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent", "304 Not Modified"])
def test_no_redirect_is_followed(status: str) -> None:
    async def work() -> None:
        async with serve(http("200 OK", PNG)) as other:
            problem, _ = await problem_with(http(status, b"", f"Location: {other.url}/a.png"))
            assert isinstance(problem, ThumbnailRefused)
            assert other.connections == 0

    run(work())


@pytest.mark.parametrize("status", ["401 Who", "403 No", "404 Not Found", "410 Gone"])
def test_a_picture_that_is_not_there_is_missing_and_may_come(status: str) -> None:
    problem, _ = run(problem_with(http(status, PNG)))
    assert isinstance(problem, ThumbnailMissing)
    assert problem.retry_s == 600


@pytest.mark.parametrize(
    ("headers", "retry_s"), [((), 120), (("Retry-After: 30",), 30), (("Retry-After: 999999999999999",), 3600)]
)
def test_a_server_in_trouble_is_asked_again_later(headers: tuple[str, ...], retry_s: float) -> None:
    problem, _ = run(problem_with(http("503 Busy", b"", *headers)))
    assert isinstance(problem, ThumbnailUnreachable)
    assert problem.retry_s == retry_s


def test_a_server_that_asks_to_wait_is_left_alone() -> None:
    async def work() -> None:
        answer = http("429 Slow", b"", "Retry-After: 60")
        async with serve(answer) as server, fetching(server.url) as client:
            for name in "abc":
                problem = await problem_of(client, f"{server.url}/{name}.png")
                assert isinstance(problem, ThumbnailUnreachable)
                assert 0 < problem.retry_s <= 60
            assert server.connections == 1

    run(work())


def test_a_compressed_answer_is_refused() -> None:
    problem, _ = run(problem_with(http("200 OK", PNG, "Content-Encoding: gzip")))
    assert isinstance(problem, ThumbnailRefused)


def test_a_length_beyond_the_cap_is_refused_unread() -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {MAX_PICTURE_BYTES + 1}\r\n\r\n".encode()
    problem, _ = run(problem_with(head + PNG))
    assert isinstance(problem, ThumbnailRefused)
    assert "too large" in str(problem)


def test_an_endless_answer_is_cut_at_the_cap() -> None:
    async def script(_request: Request, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + PNG)
        while True:
            writer.write(bytes(1 << 16))
            await writer.drain()

    async def work() -> None:
        async with serve(script) as server, fetching(server.url) as client:
            problem = await problem_of(client, f"{server.url}/a.png")
            assert isinstance(problem, ThumbnailRefused)
            assert "too large" in str(problem)

    run(work())


def test_an_answer_that_trickles_ends_at_the_deadline() -> None:
    async def script(_request: Request, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + PNG)
        while True:
            writer.write(b"\0")
            await writer.drain()
            await asyncio.sleep(0.01)

    async def work() -> None:
        timeouts = FetchTimeouts(total_s=0.5)
        async with serve(script) as server, fetching(server.url, timeouts=timeouts) as client:
            problem = await problem_of(client, f"{server.url}/a.png")
            assert isinstance(problem, ThumbnailUnreachable)
            assert "too long" in str(problem)

    run(work())


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + PNG,
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n" + PNG,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000,
    ],
)
def test_a_broken_answer_is_a_failure_with_a_name(answer: bytes) -> None:
    problem, _ = run(problem_with(answer))
    assert isinstance(problem, ThumbnailUnreachable)
    assert problem.retry_s == 30


def test_an_absent_server_is_unreachable() -> None:
    async def work() -> None:
        async with serve(b"") as server:
            url = server.url
        async with fetching(url) as client:
            assert isinstance(await problem_of(client, f"{url}/a.png"), ThumbnailUnreachable)

    run(work())


def test_an_unknown_name_is_unreachable() -> None:
    async def fail(_host: str, _port: int) -> Sequence[Address]:
        raise OSError("no such name")

    async def work() -> None:
        client = PublicClient(parse_base_url("https://imglink.example"), resolver=fail)
        assert isinstance(await problem_of(client, "https://imglink.example/a"), ThumbnailUnreachable)
        await client.close()

    run(work())


# --- where the connection goes ----------------------------------------------------------------------------------------


def test_the_name_is_resolved_once_and_the_connection_goes_to_that_address() -> None:
    async def work() -> None:
        asked: list[tuple[str, int]] = []
        async with serve(http("200 OK", PNG)) as server:
            base = f"http://localhost:{server.port}"
            async with fetching(base, asked=asked) as client:
                # The system would not find this name: what the client was told is what it used.
                url = f"http://nowhere.invalid:{server.port}/a.png"
                assert await client.fetch(url) == PNG
        assert asked == [("nowhere.invalid", server.port)]
        assert server.requests[0].headers["host"] == f"nowhere.invalid:{server.port}"

    run(work())


def test_a_name_that_leads_elsewhere_after_the_check_gains_nothing() -> None:
    """DNS rebinding: the first answer is harmless (nobody listens there), every later one leads to the target."""

    async def work() -> None:
        answers = [ipaddress.ip_address("127.99.0.1"), LOOPBACK, LOOPBACK]

        async def turning(_host: str, _port: int) -> Sequence[Address]:
            return [answers.pop(0)]

        async with serve(http("200 OK", PNG)) as server:
            client = PublicClient(parse_base_url(f"http://localhost:{server.port}"), resolver=turning)
            problem = await problem_of(client, f"http://localhost:{server.port}/a.png")
            assert isinstance(problem, ThumbnailUnreachable)
            assert len(answers) == 2
            assert server.connections == 0
            await client.close()

    run(work())


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fd00::1"])
def test_a_public_service_cannot_lead_into_a_private_network(address: str) -> None:
    async def work() -> None:
        asked: list[tuple[str, int]] = []
        async with fetching("https://imglink.example", address, asked=asked) as client:
            problem = await problem_of(client, "https://cdn.example/a.png")
            assert isinstance(problem, ThumbnailRefused)
            assert "private network" in str(problem)
            assert asked == [("cdn.example", 443)]
            assert isinstance(await problem_of(client, "http://cdn.example/a.png"), ThumbnailRefused)
            assert len(asked) == 1

    run(work())


@pytest.mark.parametrize("host", ["0x7f000001", "2130706433", "127.1", "localhost"])
def test_no_spelling_of_this_computer_is_overlooked(host: str) -> None:
    async def work() -> None:
        client = PublicClient(parse_base_url("https://imglink.example"))
        assert isinstance(await problem_of(client, f"https://{host}/a.png"), ThumbnailRefused)
        await client.close()

    run(work())


def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    async def work() -> None:
        async with serve(http("200 OK", PNG)) as server, fetching(server.url, "127.99.0.1", "127.0.0.1") as client:
            assert await client.fetch(f"{server.url}/a.png") == PNG

    run(work())


@pytest.fixture
def named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[ssl.SSLContext, list[str | None]]:
    """A TLS server for 127.0.0.1 that is trusted, and the names that clients ask it for."""
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted_file(tmp_path)))
    context, names = server_context(tmp_path), list[str | None]()
    context.set_servername_callback(lambda _socket, name, _context: names.append(name))
    return context, names


def test_the_certificate_must_be_the_names_and_not_the_addresss(
    named: tuple[ssl.SSLContext, list[str | None]],
) -> None:
    context, names = named

    async def work() -> None:
        async with serve(http("200 OK", PNG), tls=context) as server:
            async with fetching(server.url) as client:
                assert await client.fetch(f"{server.url}/a.png") == PNG
            # The same address, for which the certificate is good, under a name for which it is not.
            async with fetching(f"https://localhost:{server.port}") as client:
                problem = await problem_of(client, f"https://localhost:{server.port}/a.png")
                assert isinstance(problem, ThumbnailUnreachable)
        assert names[-1] == "localhost"
        assert len(server.requests) == 1

    run(work())


def test_with_a_proxy_only_the_service_itself_is_asked_and_through_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        asked: list[tuple[str, int]] = []
        async with serve(http("403 No")) as proxy:
            monkeypatch.setenv("https_proxy", proxy.url)
            async with fetching("https://imglink.example", "8.8.8.8", asked=asked) as client:
                assert isinstance(await problem_of(client, "https://cdn.example/a.png"), ThumbnailRefused)
                assert proxy.connections == 0
                assert isinstance(await problem_of(client, "https://imglink.example/a.png"), ThumbnailUnreachable)
        assert [request.head.split(b"\r\n")[0] for request in proxy.requests] == [
            b"CONNECT imglink.example:443 HTTP/1.1"
        ]
        assert asked == []

    run(work())


def test_a_service_on_this_computer_is_never_reached_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        async with serve(http("403 No")) as proxy, serve(http("200 OK", PNG)) as server:
            monkeypatch.setenv("http_proxy", proxy.url)
            monkeypatch.setenv("all_proxy", proxy.url)
            async with fetching(server.url) as client:
                assert await client.fetch(f"{server.url}/a.png") == PNG
            assert proxy.connections == 0

    run(work())


def test_cancelling_closes_the_connection() -> None:
    async def work() -> None:
        gone = asyncio.Event()

        async def script(_request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            # With something unread, the end of a connection is a reset.
            with contextlib.suppress(ConnectionError):
                writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + PNG)
                await writer.drain()
                await reader.read()
            gone.set()

        async with serve(script) as server, fetching(server.url) as client:
            task = asyncio.create_task(client.fetch(f"{server.url}/a.png"))
            await until(lambda: bool(server.requests))
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await gone.wait()

    run(work())


def test_a_closed_client_is_not_used_again() -> None:
    async def work() -> None:
        async with serve(http("200 OK", PNG)) as server, fetching(server.url) as client:
            await client.close()
            with pytest.raises(RuntimeError, match="closed"):
                await client.fetch(f"{server.url}/a.png")

    run(work())
