"""Servers and networks that misbehave, over real sockets."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import ssl
import traceback
from pathlib import Path

import pytest

from app.api import Timeouts
from app.api.transport import MAX_ANSWER_BYTES
from app.core.errors import ErrorKind, UserFacingError
from app.core.imglink import ImageId
from app.core.service_errors import (
    ConnectionLost,
    NotFound,
    RateLimited,
    Rejected,
    ServerFailure,
    ServiceError,
    TimedOut,
    TlsFailure,
    TooLarge,
    Unreachable,
    UnreadableAnswer,
)
from tests.unit.api.endpoints import BY_NAME
from tests.unit.api.harness import (
    IMAGE,
    KEY,
    TOKEN,
    Request,
    Script,
    Server,
    answering,
    client_of,
    http,
    json_answer,
    png_file,
    run,
    serve,
    until,
)
from tests.unit.api.tls import server_context, trusted_file

GOOD = json.dumps(IMAGE).encode()
READ_ID = ImageId("_RxgFRvwh9")


async def read_from(script: Script | bytes, timeouts: Timeouts | None = None) -> object:
    async with serve(script) as server, client_of(server.url, timeouts=timeouts) as client:
        return await client.image(READ_ID)


def failure_of(script: Script | bytes, timeouts: Timeouts | None = None) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        run(read_from(script, timeouts))
    return caught.value


def test_informational_answers_before_the_real_one_are_passed_over() -> None:
    early = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    assert run(read_from(early + json_answer(IMAGE)))


def test_a_switch_of_protocols_is_no_answer() -> None:
    switch = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"
    assert type(failure_of(switch)) is ConnectionLost


def test_a_chunked_answer_is_read() -> None:
    body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (GOOD[:7], GOOD[7:])) + b"0\r\n\r\n"
    assert run(read_from(b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n" + body))


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + GOOD,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n" + GOOD,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"HTTP/1.1 999999 OK\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000 + b"\r\n\r\n",
        b"\0" * 5000,
    ],
)
def test_a_broken_or_garbled_answer_is_a_lost_connection(answer: bytes) -> None:
    assert type(failure_of(answer)) is ConnectionLost


def reset(after: bytes) -> Script:
    async def script(request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(after)
        await writer.drain()
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        writer.transport.abort()

    return script


@pytest.mark.parametrize("after", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"])
def test_a_reset_is_a_lost_connection(after: bytes) -> None:
    assert type(failure_of(reset(after))) is ConnectionLost


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"<html>captive portal</html>",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"null",
        b"{}",
        b"[]",
        b"5",
        b"\xff\xfe",
    ],
)
def test_a_success_that_makes_no_sense_is_unreadable(body: bytes) -> None:
    error = failure_of(http("200 OK", body))
    assert type(error) is UnreadableAnswer
    assert error.status == 200
    assert "captive" not in str(error) + error.details


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate, gzip", "zstd", "GZIP"])
def test_a_compressed_answer_is_refused_unopened(encoding: str) -> None:
    bomb = gzip.compress(b"\0" * 20_000_000)
    error = failure_of(http("200 OK", bomb, f"Content-Encoding: {encoding}"))
    assert type(error) is UnreadableAnswer
    assert "compressed" in error.details


def test_a_compressed_failure_is_still_the_failure() -> None:
    error = failure_of(http("404 Not Found", gzip.compress(b'{"error": "x"}'), "Content-Encoding: gzip"))
    assert type(error) is NotFound


def test_an_answer_at_the_cap_is_read_and_one_above_it_is_not() -> None:
    fitting = GOOD[:-1] + b', "x": "' + b"x" * (MAX_ANSWER_BYTES - len(GOOD) - 9) + b'"}'
    assert len(fitting) == MAX_ANSWER_BYTES
    assert run(read_from(http("200 OK", fitting)))
    error = failure_of(http("200 OK", fitting + b" "))
    assert type(error) is UnreadableAnswer
    assert "longer than" in error.details


@pytest.mark.parametrize("status", ["200 OK", "500 Oops"])
def test_an_endless_answer_is_cut_off_at_the_cap(status: str) -> None:
    sent = 0

    async def endless(request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n\r\n".encode())
        for _ in range(2000):
            writer.write(b"x" * 65536)
            await writer.drain()
            sent += 65536

    assert isinstance(failure_of(endless), UnreadableAnswer if status.startswith("2") else ServerFailure)
    assert sent < 60_000_000  # 131 MB were on offer; what went is what the sockets' buffers hold


def test_a_slow_drip_ends_at_the_total_deadline() -> None:
    async def drip(request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        for _ in range(1000):
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.01)

    error = failure_of(drip, Timeouts(read_s=5, call_s=0.2))
    assert type(error) is TimedOut
    assert "gave up" in error.details


def test_endless_informational_answers_end_at_the_total_deadline() -> None:
    async def drip(request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(1000):
            writer.write(b"HTTP/1.1 102 Processing\r\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.01)

    assert type(failure_of(drip, Timeouts(read_s=5, call_s=0.2))) is TimedOut


def test_a_silent_server_ends_at_the_read_time_out() -> None:
    async def silent(request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    assert type(failure_of(silent, Timeouts(read_s=0.1))) is TimedOut


def test_nobody_listening_is_unreachable_and_nothing_was_sent() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: the port refuses

        async def work() -> None:
            async with client_of(f"http://127.0.0.1:{taken.getsockname()[1]}") as client:
                await client.image(READ_ID)

        with pytest.raises(Unreachable, match=r"127\.0\.0\.1 cannot be reached") as caught:
            run(work())
    assert caught.value.safe == "Nothing was sent."
    assert caught.value.kind is ErrorKind.OFFLINE


def test_a_host_without_an_address_is_unreachable() -> None:
    async def work() -> None:
        async with client_of("https://no-such-host.invalid") as client:
            await client.image(READ_ID)

    with pytest.raises(Unreachable, match=r"no-such-host\.invalid cannot be reached"):
        run(work())


@pytest.mark.parametrize("status", [502, 503, 504, 520, 522, 524])
def test_a_cdns_page_is_a_server_failure(status: int) -> None:
    error = failure_of(http(f"{status} Bad", "<html>cloudflare ray</html>", "Content-Type: text/html"))
    assert type(error) is ServerFailure
    assert "cloudflare" not in str(error) + error.details


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("Retry-After: 90", 90),
        ("Retry-After: Thu, 15 Jan 2026 12:01:30 GMT", 90),
        ("X: y", None),
        ("Retry-After: ?", None),
    ],
)
def test_a_rate_limit_comes_with_its_wait(header: str, seconds: float | None) -> None:
    error = failure_of(http("429 Too Many Requests", '{"error": "Slow down"}', header))
    assert isinstance(error, RateLimited)
    assert error.retry_after_s == seconds


def test_a_call_that_is_cancelled_closes_its_connection_at_once() -> None:
    async def work() -> None:
        gone = asyncio.Event()

        async def silent(request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            gone.set()

        async with serve(silent) as server, client_of(server.url) as client:
            task = asyncio.create_task(client.albums())
            await until(lambda: bool(server.requests))
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.wait_for(gone.wait(), 5)

    run(work())


def test_a_connection_is_used_again() -> None:
    async def two(request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(GOOD) + GOOD)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(GOOD) + GOOD)
        await writer.drain()

    async def work() -> Server:
        async with serve(two) as server, client_of(server.url) as client:
            await client.image(READ_ID)
            await client.image(READ_ID)
            return server

    assert run(work()).connections == 1


def test_an_early_refusal_of_an_upload_is_heard_though_the_server_stops_listening(tmp_path: Path) -> None:
    async def early(request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(http("413 Payload Too Large", '{"error": "Storage is full"}'))
        await writer.drain()

    async def work() -> None:
        async with serve(early) as server, client_of(server.url) as client:
            await BY_NAME["upload"].call(client, png_file(tmp_path, data=b"\x89PNG" + bytes(8_000_000)))

    with pytest.raises((TooLarge, ConnectionLost)) as caught:
        run(work())
    if isinstance(caught.value, ConnectionLost):  # the reset may overtake the answer; then at least this is certain
        assert caught.value.safe == "The upload was not complete, so sending it again is safe."


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:9", "socks5://127.0.0.1:9", "nonsense://x"])
def test_what_is_meant_for_this_computer_never_goes_through_a_proxy(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, proxy)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert run(read_from(json_answer(IMAGE)))


def test_a_proxy_carries_only_a_tunnel_and_sees_no_credential(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> Server:
        async with serve(http("502 Bad Gateway")) as proxy:
            monkeypatch.setenv("https_proxy", proxy.url)
            monkeypatch.delenv("no_proxy", raising=False)
            async with client_of("https://imglink.example") as client:
                with pytest.raises(Unreachable, match="through the proxy"):
                    await client.albums()
            return proxy

    (request,) = run(work()).requests
    assert (request.method, request.target) == ("CONNECT", "imglink.example:443")
    assert TOKEN.encode() not in request.head


@pytest.mark.parametrize("proxy", ["socks5://me:hunter2@127.0.0.1:9", "nonsense://me:hunter2@x"])
def test_a_proxy_of_a_kind_that_cannot_be_used_is_told_without_its_password(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("all_proxy", proxy)
    monkeypatch.setenv("https_proxy", proxy)

    async def work() -> None:
        async with client_of("https://imglink.example") as client:
            await client.warm_up()
            await client.albums()

    with pytest.raises(Unreachable, match="proxy") as caught:
        run(work())
    shown = "".join(traceback.format_exception(caught.value)[-1:]) + str(caught.value) + caught.value.details
    assert "hunter2" not in shown
    assert caught.value.__suppress_context__


def test_netrc_is_not_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password hunter2\ndefault login me password hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    async def work() -> Server:
        async with serve(json_answer(IMAGE)) as server, client_of(server.url) as client:
            await client.image(READ_ID)
            return server

    assert "authorization" not in run(work()).requests[0].headers


# --- TLS --------------------------------------------------------------------------------------------------------------


async def read_over_tls(tls: ssl.SSLContext) -> object:
    async with serve(answering(json_answer(IMAGE)), tls=tls) as server, client_of(server.url) as client:
        return await client.image(READ_ID)


def test_a_certificate_that_nobody_vouches_for_ends_the_call_before_anything_is_sent(tmp_path: Path) -> None:
    async def work() -> Server:
        async with serve(json_answer({}), tls=server_context(tmp_path)) as server, client_of(server.url) as client:
            with pytest.raises(TlsFailure, match="not secure") as caught:
                await client.delete_image(READ_ID)
            assert "self-signed" in caught.value.details
            assert caught.value.safe == "Nothing was sent."
            return server

    assert run(work()).requests == []


def test_a_trusted_certificate_is_accepted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted_file(tmp_path)))
    assert run(read_over_tls(server_context(tmp_path)))


def test_a_trusted_certificate_for_another_host_is_not_accepted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted_file(tmp_path)))

    async def work() -> None:
        tls = server_context(tmp_path)
        async with serve(json_answer({}), "127.0.0.2", tls=tls) as server, client_of(server.url) as client:
            await client.image(READ_ID)

    with pytest.raises(TlsFailure):
        run(work())


def test_a_server_that_speaks_no_tls_is_a_tls_failure() -> None:
    async def plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async def work() -> None:
        server = await asyncio.start_server(plain, "127.0.0.1", 0)
        async with server, client_of(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}") as client:
            await client.image(READ_ID)

    with pytest.raises(TlsFailure):
        run(work())


def test_no_failure_on_the_way_holds_a_credential_anywhere_in_its_chain(tmp_path: Path) -> None:
    async def work() -> list[UserFacingError]:
        found: list[UserFacingError] = []
        for script in (reset(b""), answering(b"garbage"), answering(http("401 No"))):
            async with serve(script) as server, client_of(server.url) as client:
                for name in ("delete_image", "albums"):
                    with pytest.raises(UserFacingError) as caught:
                        await BY_NAME[name].call(client, png_file(tmp_path))
                    found.append(caught.value)
        return found

    errors = run(work())
    assert len(errors) == 6
    for error in errors:
        link: BaseException | None = error
        while link is not None:
            shown = f"{link}{link!r}{vars(link)}"
            assert KEY not in shown
            assert TOKEN not in shown
            request = getattr(link, "_request", None)
            assert request is None or not {"x-api-key", "authorization"} & set(request.headers)
            link = link.__cause__ or link.__context__


def test_a_plain_refusal_is_rejected_with_words() -> None:
    assert type(failure_of(http("400 Bad Request", '{"error": "Bad id"}'))) is Rejected
