"""The upload's body: its bytes, its withheld end, its files, its memory."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
import tracemalloc
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_multipart.multipart import Field, File, FormParser, parse_options_header

from app.api import Timeouts
from app.api.multipart import MAX_BLOCK_BYTES, MIN_BLOCK_BYTES, MultipartBody, next_block_bytes, open_files
from app.core.errors import InputError
from app.core.imglink import Image, UploadOptions, Visibility
from app.core.ports import UploadFile
from app.core.service_errors import ConnectionLost, ServerFailure, ServiceError, TimedOut
from tests.unit.api.harness import (
    IMAGE,
    PNG,
    Request,
    Script,
    Server,
    answering,
    client_of,
    http,
    json_answer,
    png_file,
    read_body,
    run,
    serve,
    until,
)
from tests.unit.api.tls import server_context, trusted_file

SAFE_AGAIN = "The upload was not complete, so sending it again is safe."
MIB = 1024 * 1024


def parsed(body: bytes, content_type: str) -> tuple[dict[str, bytes], list[tuple[str, str, bytes]]]:
    """Fields, and files as (name, type, bytes), as an independent parser sees them."""
    kind, options = parse_options_header(content_type)
    assert kind == b"multipart/form-data"
    fields: dict[str, bytes] = {}
    files: list[tuple[str, str, bytes]] = []

    def on_field(field: Field) -> None:
        fields[(field.field_name or b"").decode()] = field.value or b""

    def on_file(file: File) -> None:
        assert file.field_name == b"file"
        file.file_object.seek(0)
        files.append(((file.file_name or b"").decode(), file.content_type or "", file.file_object.read()))
        file.close()

    parser = FormParser(
        kind.decode(),
        on_field=on_field,
        on_file=on_file,
        boundary=options[b"boundary"],
    )
    parser.write(body)
    parser.finalize()
    return fields, files


def written(files: list[UploadFile], fields: dict[str, str]) -> tuple[bytes, MultipartBody]:
    async def work() -> tuple[bytes, MultipartBody]:
        with open_files(files) as opened:
            body = MultipartBody(opened, fields)
            return b"".join([block async for block in body.stream()]), body

    return run(work())


def test_the_bytes_of_a_body_are_exactly_these(tmp_path: Path) -> None:
    data, body = written([png_file(tmp_path, data=b"\x89PNG\r\n")], {"visibility": "private"})
    mark = body.content_type.removeprefix("multipart/form-data; boundary=").encode()
    assert data == (
        b"--" + mark + b'\r\nContent-Disposition: form-data; name="visibility"\r\n\r\nprivate\r\n'
        b"--" + mark + b'\r\nContent-Disposition: form-data; name="file"; filename="k3v9q0xw.png"\r\n'
        b"Content-Type: image/png\r\n\r\n\x89PNG\r\n\r\n--" + mark + b"--\r\n"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("plain.png", "plain.png"),
        ("ein Bild – größer.png", "ein Bild – größer.png"),
        ("截图 👩‍💻.png", "截图 👩‍💻.png"),
        ('a"; filename="b.svg', "a%22; filename=%22b.svg"),
        ("a\r\nX-Evil: 1\r\n\r\n.png", "a%0D%0AX-Evil: 1%0D%0A%0D%0A.png"),
        ("end\\", "end%5C"),
        ("\0\x1b", "image"),
        ("", "image"),
        ("half\udce4.png", "half?.png"),
    ],
)
def test_no_file_name_breaks_out_of_its_quotes(tmp_path: Path, name: str, seen: str) -> None:
    path = png_file(tmp_path).path
    data, body = written([UploadFile(path, name, "image/png")], {})
    assert parsed(data, body.content_type) == ({}, [(seen, "image/png", PNG)])


def test_a_type_that_is_none_becomes_a_neutral_one(tmp_path: Path) -> None:
    path = png_file(tmp_path).path
    for mime in ("", "image", "image/png\r\nX: 1", "a b/c", "image/png; q=1"):
        data, body = written([UploadFile(path, "a.png", mime)], {})
        assert parsed(data, body.content_type)[1][0][1] == "application/octet-stream"


SIZES = st.sampled_from([1, 2, MIN_BLOCK_BYTES - 1, MIN_BLOCK_BYTES, MIN_BLOCK_BYTES + 1, 5 * MIN_BLOCK_BYTES])


@settings(max_examples=30, deadline=None)
@given(st.lists(SIZES, min_size=1, max_size=4), st.booleans())
def test_the_announced_length_is_the_real_one_and_every_file_arrives(sizes: list[int], has_fields: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        contents = [os.urandom(size) for size in sizes]
        files = [png_file(Path(folder), f"{i}.png", data) for i, data in enumerate(contents)]
        fields = {"visibility": "private", "nsfw": "true"} if has_fields else {}
        data, body = written(files, fields)
    assert len(data) == body.length
    assert body.file_bytes == sum(sizes)
    assert body.is_complete
    got_fields, got_files = parsed(data, body.content_type)
    assert got_fields == {name: value.encode() for name, value in fields.items()}
    assert [content for _, _, content in got_files] == contents


# --- over a socket ----------------------------------------------------------------------------------------------------


def test_an_upload_arrives_whole_with_its_length_and_its_options(tmp_path: Path) -> None:
    data = os.urandom(MIN_BLOCK_BYTES * 9 + 7)
    seen: list[tuple[int, int]] = []

    async def work() -> tuple[Image, Server]:
        async with serve(json_answer(IMAGE)) as server, client_of(server.url) as client:
            options = UploadOptions(visibility=Visibility.PRIVATE, nsfw=True)
            image = await client.upload(
                png_file(tmp_path, data=data), options, on_progress=lambda sent, total: seen.append((sent, total))
            )
            return image, server

    image, server = run(work())
    (request,) = server.requests
    assert image.id == IMAGE["id"]
    assert request.is_whole
    assert "transfer-encoding" not in request.headers
    assert parsed(request.body, request.headers["content-type"]) == (
        {"visibility": b"private", "private": b"true", "nsfw": b"true"},
        [("k3v9q0xw.png", "image/png", data)],
    )
    assert {total for _, total in seen} == {len(data)}
    sent = [sent for sent, _ in seen]
    assert sent == sorted(set(sent))
    assert (sent[0], sent[-1]) == (MIN_BLOCK_BYTES, len(data))


def test_blocks_grow_on_a_fast_line_and_shrink_on_a_slow_one() -> None:
    sizes = [MIN_BLOCK_BYTES]
    for took_s in (0.0, 0.0, 0.1, 0.0, 0.0, 0.0, 0.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5):
        sizes.append(next_block_bytes(sizes[-1], took_s))
    assert [size // MIN_BLOCK_BYTES for size in sizes] == [1, 2, 4, 4, 8, 16, 16, 16, 8, 4, 2, 1, 1, 1]
    assert max(sizes) == MAX_BLOCK_BYTES


def test_several_files_go_in_one_request_and_come_back_in_order(tmp_path: Path) -> None:
    contents = [b"one", b"two!", b"three"]
    files = [png_file(tmp_path, f"{i}.png", data) for i, data in enumerate(contents)]
    answers = [{**IMAGE, "id": f"image-{i}"} for i in range(3)]
    seen: list[tuple[int, int]] = []

    async def work() -> tuple[tuple[Image, ...], Server]:
        async with serve(json_answer({"success": True, "images": answers})) as server, client_of(server.url) as client:
            images = await client.upload_several(
                files, UploadOptions(), on_progress=lambda sent, total: seen.append((sent, total))
            )
            return images, server

    images, server = run(work())
    assert [image.id for image in images] == ["image-0", "image-1", "image-2"]
    body, content_type = server.requests[0].body, server.requests[0].headers["content-type"]
    assert [data for _, _, data in parsed(body, content_type)[1]] == contents
    assert seen == [(3, 12), (7, 12), (12, 12)]


def test_an_upload_goes_over_tls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted_file(tmp_path)))
    data = os.urandom(2_000_000)

    async def work() -> Server:
        tls = server_context(tmp_path)
        async with serve(json_answer(IMAGE), tls=tls) as server, client_of(server.url) as client:
            await client.upload(png_file(tmp_path, data=data), UploadOptions())
            return server

    request = run(work()).requests[0]
    assert parsed(request.body, request.headers["content-type"])[1][0][2] == data


class Held:
    """A server that reads what comes and tells how far it got, and a commit that waits for its release."""

    def __init__(self, answer: bytes = json_answer(IMAGE)) -> None:
        self.answer = answer
        self.request = Request()
        self.client_left = asyncio.Event()
        self.asked = asyncio.Event()
        self.release = asyncio.Event()

    async def script(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.request = request
        try:
            await read_body(request, reader)
            if request.is_whole:
                writer.write(self.answer)
                await writer.drain()
        finally:
            self.client_left.set()

    async def before_commit(self) -> None:
        self.asked.set()
        await self.release.wait()

    @property
    def closing(self) -> bytes:
        boundary = self.request.headers["content-type"].partition("boundary=")[2]
        return f"\r\n--{boundary}--\r\n".encode()


def test_the_closing_boundary_is_withheld_until_the_commit_is_on_record(tmp_path: Path) -> None:
    async def work() -> None:
        held = Held()
        async with serve(held.script) as server, client_of(server.url) as client:
            file = png_file(tmp_path, data=os.urandom(700_000))
            task = asyncio.create_task(client.upload(file, UploadOptions(), before_commit=held.before_commit))
            await asyncio.wait_for(held.asked.wait(), 10)
            await until(lambda: len(held.request.body) == held.request.length - len(held.closing))
            assert not await comes_about(lambda: len(held.request.body) > held.request.length - len(held.closing))
            assert b"--" + held.closing.strip()[2:] not in held.request.body
            held.release.set()
            assert (await task).id == IMAGE["id"]
            assert held.request.is_whole
            assert held.request.body.endswith(held.closing)

    run(work())


async def comes_about(condition: Callable[[], bool]) -> bool:
    """Whether it does within a moment: for what must not."""
    try:
        await until(condition, 0.2)
    except AssertionError:
        return False
    return True


def test_an_upload_that_is_cancelled_before_its_commit_never_was_a_whole_request(tmp_path: Path) -> None:
    async def work() -> None:
        held = Held()
        async with serve(held.script) as server, client_of(server.url) as client:
            task = asyncio.create_task(
                client.upload(png_file(tmp_path), UploadOptions(), before_commit=held.before_commit)
            )
            await asyncio.wait_for(held.asked.wait(), 10)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.wait_for(held.client_left.wait(), 5)
            assert not held.request.is_whole
            assert held.closing not in held.request.body

    run(work())


def test_a_commit_that_cannot_be_recorded_stops_the_upload_with_its_own_error(tmp_path: Path) -> None:
    async def no_commit() -> None:
        raise OSError("disk full")

    async def work() -> None:
        held = Held()
        async with serve(held.script) as server, client_of(server.url) as client:
            with pytest.raises(OSError, match="disk full"):
                await client.upload(png_file(tmp_path), UploadOptions(), before_commit=no_commit)
            await asyncio.wait_for(held.client_left.wait(), 5)
            assert not held.request.is_whole

    run(work())


def test_a_time_out_of_the_commit_is_not_taken_for_one_of_the_network(tmp_path: Path) -> None:
    async def slow_disk() -> None:
        raise TimeoutError("the disk")

    async def work() -> None:
        async with serve(json_answer(IMAGE)) as server, client_of(server.url) as client:
            with pytest.raises(TimeoutError, match="the disk"):
                await client.upload(png_file(tmp_path), UploadOptions(), before_commit=slow_disk)

    run(work())


def failed_upload(
    script: Script | bytes,
    file: UploadFile,
    timeouts: Timeouts | None = None,
    before_commit: Callable[[], Awaitable[None]] | None = None,
) -> ServiceError:
    async def work() -> None:
        async with serve(script) as server, client_of(server.url, timeouts=timeouts) as client:
            await client.upload(file, UploadOptions(), before_commit=before_commit)

    with pytest.raises(ServiceError) as caught:
        run(work())
    return caught.value


def test_a_connection_that_breaks_before_the_commit_says_that_again_is_safe(tmp_path: Path) -> None:
    async def cut(request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_body(request, reader, 1000)
        writer.transport.abort()

    async def never() -> None:
        await asyncio.sleep(30)

    error = failed_upload(cut, png_file(tmp_path, data=bytes(20_000_000)), before_commit=never)
    assert type(error) is ConnectionLost
    assert error.safe == SAFE_AGAIN


def test_an_answer_that_is_lost_after_the_commit_says_that_it_may_be_done(tmp_path: Path) -> None:
    for answer in (b"", b"HTTP/1.1 200 OK\r\n"):
        error = failed_upload(answer, png_file(tmp_path))
        assert type(error) is ConnectionLost
        assert "may have been done" in error.safe
    error = failed_upload(http("502 Bad Gateway"), png_file(tmp_path))
    assert type(error) is ServerFailure
    assert "may have been done" in error.safe


def test_a_server_that_stops_reading_ends_at_the_write_time_out(tmp_path: Path) -> None:
    async def deaf(request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    error = failed_upload(deaf, png_file(tmp_path, data=bytes(20_000_000)), Timeouts(write_s=0.1))
    assert type(error) is TimedOut
    assert error.safe == SAFE_AGAIN


def test_an_upload_that_is_too_slow_ends_at_the_total_deadline(tmp_path: Path) -> None:
    async def slow(request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for step in range(1000):
            await read_body(request, reader, step * 4096)
            await asyncio.sleep(0.01)

    timeouts = Timeouts(upload_s=0.1, slowest_bytes_per_s=200_000_000)
    error = failed_upload(slow, png_file(tmp_path, data=bytes(20_000_000)), timeouts)
    assert type(error) is TimedOut
    assert error.safe == SAFE_AGAIN
    assert "gave up" in error.details


def test_an_upload_that_is_cancelled_midway_lets_go_of_connection_and_file(tmp_path: Path) -> None:
    async def work() -> None:
        left = asyncio.Event()

        async def some(request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_body(request, reader, 300_000)
            half_way.set()
            try:
                await release.wait()
                await read_body(request, reader)
            finally:
                left.set()

        half_way, release = asyncio.Event(), asyncio.Event()
        file = png_file(tmp_path, data=bytes(20_000_000))
        async with serve(some) as server, client_of(server.url) as client:
            await client.warm_up()
            task = asyncio.create_task(client.upload(file, UploadOptions()))
            await asyncio.wait_for(half_way.wait(), 10)
            assert open_paths(file.path) == 1
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert open_paths(file.path) == 0
            release.set()
            await asyncio.wait_for(left.wait(), 5)
            assert not server.requests[0].is_whole

    run(work())


def open_paths(path: Path) -> int:
    count = 0
    for fd in range(3, 100):
        with contextlib.suppress(OSError):
            count += os.path.samestat(os.fstat(fd), path.stat())
    return count


# --- the file ---------------------------------------------------------------------------------------------------------


def changing(path: Path, change: Callable[[], object]) -> tuple[InputError, Request, bool]:
    """Upload 4 MB, change the file after the first block, and tell the error, what came, and whether it committed."""

    async def work() -> tuple[InputError, Request, bool]:
        held, committed = Held(), False

        async def commit() -> None:
            nonlocal committed
            committed = True

        def on_progress(sent: int, total: int) -> None:
            if sent == MIN_BLOCK_BYTES:
                change()

        async with serve(held.script) as server, client_of(server.url) as client:
            file = UploadFile(path, "a.png", "image/png")
            with pytest.raises(InputError) as caught:
                await client.upload(file, UploadOptions(), on_progress=on_progress, before_commit=commit)
            await asyncio.wait_for(held.client_left.wait(), 5)
            return caught.value, held.request, committed

    return run(work())


@pytest.mark.parametrize("how", ["grows", "shrinks", "is emptied", "is rewritten"])
def test_a_file_that_changes_while_it_is_sent_is_not_committed(tmp_path: Path, how: str) -> None:
    path = png_file(tmp_path, data=bytes(4_000_000)).path
    size = {"grows": 4_000_001, "shrinks": 3_999_999, "is emptied": 0}.get(how)

    def change() -> None:
        if size is None:
            path.write_bytes(b"x" * 4_000_000)
            os.utime(path, ns=(1, 1))
        else:
            os.truncate(path, size)

    error, request, committed = changing(path, change)
    assert "changed while it was being sent" in error.message
    assert not committed
    assert request.length > 4_000_000
    assert not request.is_whole


def refused(file: UploadFile) -> str:
    async def work() -> Server:
        async with serve(json_answer(IMAGE)) as server, client_of(server.url) as client:
            with pytest.raises(InputError) as caught:
                await client.upload(file, UploadOptions())
            reasons.append(str(caught.value))
            return server

    reasons: list[str] = []
    assert run(work()).connections == 0
    return reasons[0]


def test_what_is_no_readable_regular_file_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    def at(path: Path) -> UploadFile:
        return UploadFile(path, "a.png", "image/png")

    link = tmp_path / "link.png"
    link.symlink_to(png_file(tmp_path).path)
    fifo = tmp_path / "fifo.png"
    os.mkfifo(fifo)
    empty = png_file(tmp_path, "empty.png", b"")
    assert "“link.png” cannot be read" in refused(at(link))
    assert "“fifo.png” is not a file" in refused(at(fifo))
    assert "is not a file" in refused(at(tmp_path))
    assert "“null” is not a file" in refused(at(Path("/dev/null")))
    assert "“gone.png” cannot be read: No such file" in refused(at(tmp_path / "gone.png"))
    assert "“empty.png” is empty" in refused(empty)
    assert "its name cannot be used" in refused(at(Path("nul\0.png")))
    assert "cannot be read: File name too long" in refused(at(tmp_path / ("x" * 300)))
    assert "half?.png" in refused(at(tmp_path / "half\udce4.png"))


def test_one_bad_file_of_several_stops_all_and_leaves_none_open(tmp_path: Path) -> None:
    good = png_file(tmp_path)
    bad = UploadFile(tmp_path / "gone.png", "a.png", "image/png")

    async def work() -> None:
        async with client_of("http://127.0.0.1:1") as client:
            with pytest.raises(InputError, match="gone"):
                await client.upload_several([good, bad], UploadOptions())

    run(work())
    assert open_paths(good.path) == 0


def test_50_mb_take_no_50_mb_of_memory(tmp_path: Path) -> None:
    async def discard(request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        left = request.length
        while left:
            left -= len(await reader.read(MIB))
        writer.write(json_answer(IMAGE))
        await writer.drain()

    path = tmp_path / "large.png"
    with path.open("wb") as file:
        file.truncate(50 * MIB)

    async def work() -> int:
        async with serve(discard) as server, client_of(server.url) as client:
            await client.upload(png_file(tmp_path), UploadOptions())  # what is loaded once does not count
            tracemalloc.start()
            try:
                await client.upload(UploadFile(path, "a.png", "image/png"), UploadOptions())
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

    assert run(work()) < 10 * MIB


def test_an_answer_without_the_image_is_not_taken_for_a_success(tmp_path: Path) -> None:
    unfit: list[object] = [{"success": True}, {"images": []}, {"images": [IMAGE, IMAGE]}, {"success": True, "id": "a"}]
    for answer in unfit:
        error = failed_upload(answering(json_answer(answer)), png_file(tmp_path))
        assert error.status == 200
        assert "may have been done" in error.safe
