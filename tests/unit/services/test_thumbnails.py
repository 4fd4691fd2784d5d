"""Where a thumbnail comes from, and that each is made once, for as long as somebody wants it, the latest first."""

from __future__ import annotations

import asyncio
import gc
import io
import threading
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from PIL import Image as Picture

from app.api.public import PublicClient
from app.core.base_url import parse_base_url
from app.core.history import EntryId, HistoryEntry
from app.core.imglink import Image, ImageId, UploadOptions
from app.core.ports import UploadFile
from app.core.thumbnails import NoThumbnail, ThumbnailMissing, ThumbnailRefused, ThumbnailUnreachable
from app.core.uploads import RemoteState
from app.core.workflow import SourceKind
from app.demo import DEMO_API_KEY, DemoServer
from app.services.thumbnails import FETCHES, ThumbnailService
from app.store.thumbnail_cache import ThumbnailFiles
from tests.unit.api.harness import client_of, credentials, run, until
from tests.unit.services.clocks import ManualTimer

THUMBNAIL = "https://imglink.example/cdn/medium/a.webp"
DIRECT = "https://imglink.example/cdn/a.png"
ENTRY = HistoryEntry(
    EntryId(1), Image(ImageId("a"), DIRECT, thumbnail=THUMBNAIL), "a.png", SourceKind.REGION, size=5_000_000
)


def entry_of(number: int) -> HistoryEntry:
    image = Image(ImageId(f"a{number}"), f"{DIRECT}{number}", thumbnail=f"{THUMBNAIL}{number}")
    return replace(ENTRY, id=EntryId(number), image=image)


@dataclass
class Fetcher:
    """Fetches what it is told to, when it is told to."""

    answers: dict[str, bytes | NoThumbnail] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    running: int = 0
    most: int = 0
    is_closed: bool = False

    async def fetch(self, url: str) -> bytes:
        self.asked.append(url)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await self.open.wait()
        except asyncio.CancelledError:
            self.given_up.append(url)
            raise
        finally:
            self.running -= 1
        answer = self.answers.get(url, url.encode())
        if isinstance(answer, NoThumbnail):
            raise answer
        return answer

    async def close(self) -> None:
        self.is_closed = True


class Shrinker:
    """Shows what was made small, and how."""

    def __init__(self) -> None:
        self.shrunk: list[object] = []
        self.hold = threading.Event()
        self.hold.set()
        self.refuse: Callable[[], None] = lambda: None

    def shrink(self, data: bytes) -> bytes:
        self.shrunk.append(data)
        self.refuse()
        self.hold.wait(20)
        if data.startswith(b"bad"):
            raise ThumbnailRefused("There is no preview: it is damaged.")
        return b"small " + data

    def shrink_file(self, path: Path) -> bytes | None:
        self.shrunk.append(path)
        try:
            data = path.read_bytes()
        except OSError:
            return None
        return self.shrink(data)


@dataclass
class Suite:
    service: ThumbnailService
    fetcher: Fetcher
    shrinker: Shrinker
    clock: ManualTimer


@asynccontextmanager
async def suite(folder: Path, *, is_open: bool = True) -> AsyncIterator[Suite]:
    fetcher, shrinker, clock = Fetcher(), Shrinker(), ManualTimer()
    if is_open:
        fetcher.open.set()
    cache = ThumbnailFiles(folder / "thumbnails", lambda: 1_000_000)
    service = ThumbnailService(cache=cache, fetcher=fetcher, shrinker=shrinker, clock=clock)
    try:
        yield Suite(service, fetcher, shrinker, clock)
    finally:
        shrinker.hold.set()
        await service.stop()
        assert fetcher.is_closed


async def problem_of(suite: Suite, entry: HistoryEntry = ENTRY) -> NoThumbnail:
    with pytest.raises(NoThumbnail) as caught:
        await suite.service.of_entry(entry)
    return caught.value


# --- where it comes from ----------------------------------------------------------------------------------------------


def test_our_own_copy_comes_first_and_is_read_once(tmp_path: Path) -> None:
    async def work() -> None:
        path = tmp_path / "a.png"
        path.write_bytes(b"own")
        async with suite(tmp_path) as parts:
            for _ in range(2):
                assert await parts.service.of_entry(replace(ENTRY, path=path)) == b"small own"
            assert parts.shrinker.shrunk == [path, b"own"]
            path.unlink()
            # Also once the copy has made room for others.
            assert await parts.service.of_entry(replace(ENTRY, path=None)) == b"small own"
            assert parts.fetcher.asked == []

    run(work())


def test_without_a_copy_the_servers_thumbnail_is_fetched_once_and_outlives_a_restart(tmp_path: Path) -> None:
    async def work() -> None:
        gone = replace(ENTRY, path=tmp_path / "gone.png")
        async with suite(tmp_path) as parts:
            assert await parts.service.of_entry(gone) == b"small " + THUMBNAIL.encode()
            assert await parts.service.of_entry(gone) == b"small " + THUMBNAIL.encode()
            assert parts.fetcher.asked == [THUMBNAIL]
        async with suite(tmp_path) as parts:
            assert await parts.service.of_entry(gone) == b"small " + THUMBNAIL.encode()
            assert parts.fetcher.asked == []

    run(work())


def test_a_copy_that_cannot_be_decoded_leaves_it_to_the_server(tmp_path: Path) -> None:
    async def work() -> None:
        path = tmp_path / "a.svg"
        path.write_bytes(b"bad")
        async with suite(tmp_path) as parts:
            assert await parts.service.of_entry(replace(ENTRY, path=path)) == b"small " + THUMBNAIL.encode()

    run(work())


def test_without_a_thumbnail_the_image_itself_is_fetched_where_it_is_known_to_be_small(tmp_path: Path) -> None:
    async def work() -> None:
        bare = replace(ENTRY, image=replace(ENTRY.image, thumbnail=None))
        async with suite(tmp_path) as parts:
            assert isinstance(await problem_of(parts, bare), ThumbnailMissing)
            parts.clock.advance(601)
            assert isinstance(await problem_of(parts, replace(bare, size=None)), ThumbnailMissing)
            parts.clock.advance(601)
            assert await parts.service.of_entry(replace(bare, size=40_000)) == b"small " + DIRECT.encode()
            assert parts.fetcher.asked == [DIRECT]

    run(work())


def test_nothing_is_fetched_for_an_image_that_is_gone_but_what_is_here_is_shown(tmp_path: Path) -> None:
    async def work() -> None:
        gone = replace(ENTRY, remote_state=RemoteState.GONE)
        path = tmp_path / "a.png"
        path.write_bytes(b"own")
        async with suite(tmp_path) as parts:
            assert isinstance(await problem_of(parts, gone), ThumbnailMissing)
            parts.clock.advance(601)
            assert await parts.service.of_entry(replace(gone, path=path)) == b"small own"
            assert parts.fetcher.asked == []

    run(work())


def test_a_cover_is_fetched_from_its_address(tmp_path: Path) -> None:
    async def work() -> None:
        async with suite(tmp_path) as parts:
            for _ in range(2):
                assert await parts.service.of_url("https://imglink.example/cover") == (
                    b"small https://imglink.example/cover"
                )
            assert len(parts.fetcher.asked) == 1

    run(work())


def test_a_damaged_cache_file_is_fetched_again(tmp_path: Path) -> None:
    async def work() -> None:
        async with suite(tmp_path) as parts:
            await parts.service.of_entry(ENTRY)
            (stored,) = (tmp_path / "thumbnails").iterdir()
            stored.write_bytes(stored.read_bytes()[:-1])
            assert await parts.service.of_entry(ENTRY) == b"small " + THUMBNAIL.encode()
            assert len(parts.fetcher.asked) == 2

    run(work())


def test_the_demo_servers_thumbnails_through_real_parts(tmp_path: Path) -> None:
    async def work() -> None:
        path = tmp_path / "a.png"
        Picture.new("RGB", (900, 300), "teal").save(path)
        with DemoServer() as demo:
            async with client_of(demo.base_url, credentials(DEMO_API_KEY, None)) as api:
                image = await api.upload(UploadFile(path, "a.png", "image/png"), UploadOptions())
            service = ThumbnailService(
                cache=ThumbnailFiles(tmp_path / "thumbnails", lambda: 1_000_000),
                fetcher=PublicClient(parse_base_url(demo.base_url)),
                shrinker=Shrinker(),
                clock=ManualTimer(),
            )
            data = await service.of_entry(replace(ENTRY, image=image))
            assert Picture.open(io.BytesIO(data.removeprefix(b"small "))).size == (640, 213)
            await service.stop()

    run(work())


# --- problems ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("problem", "retry_s"),
    [
        (ThumbnailMissing("none"), 600),
        (ThumbnailRefused("no"), 3600),
        (ThumbnailUnreachable("away"), 30),
    ],
)
def test_what_did_not_work_is_remembered_for_a_while(tmp_path: Path, problem: NoThumbnail, retry_s: float) -> None:
    async def work() -> None:
        async with suite(tmp_path) as parts:
            parts.fetcher.answers[THUMBNAIL] = problem
            assert await problem_of(parts) is problem
            parts.clock.advance(retry_s - 1)
            again = await problem_of(parts)
            assert (type(again), again.message, again.retry_s) == (type(problem), problem.message, 1)
            assert len(parts.fetcher.asked) == 1
            parts.clock.advance(2)
            parts.fetcher.answers.clear()
            assert await parts.service.of_entry(ENTRY)

    run(work())


def test_a_picture_that_cannot_be_made_small_is_a_refusal_and_is_remembered(tmp_path: Path) -> None:
    async def work() -> None:
        async with suite(tmp_path) as parts:
            parts.fetcher.answers[THUMBNAIL] = b"bad"
            for _ in range(2):
                assert isinstance(await problem_of(parts), ThumbnailRefused)
            assert len(parts.fetcher.asked) == 1
            assert not list((tmp_path / "thumbnails").iterdir())

    run(work())


def test_a_remembered_problem_keeps_nothing_of_its_picture(tmp_path: Path) -> None:
    class Decoder:
        """Holds what a decoder holds."""

    held: list[weakref.ref[Decoder]] = []

    def refuse() -> None:
        decoder = Decoder()
        held.append(weakref.ref(decoder))
        raise ThumbnailRefused("There is no preview: it is damaged.")

    async def work() -> None:
        async with suite(tmp_path) as parts:
            parts.shrinker.refuse = refuse
            assert isinstance(await problem_of(parts), ThumbnailRefused)
            # The event loop and the worker's thread let go of it when they come to it.
            for _ in range(500):
                gc.collect()
                if held[0]() is None:
                    break
                await asyncio.sleep(0.01)
            assert held[0]() is None
            assert isinstance(await problem_of(parts), ThumbnailRefused)
            assert len(held) == 1

    run(work())


def test_a_new_network_gives_the_unreachable_another_chance_and_not_the_missing(tmp_path: Path) -> None:
    async def work() -> None:
        async with suite(tmp_path) as parts:
            away, missing = entry_of(1), entry_of(2)
            parts.fetcher.answers[f"{THUMBNAIL}1"] = ThumbnailUnreachable("away")
            parts.fetcher.answers[f"{THUMBNAIL}2"] = ThumbnailMissing("none")
            for entry in (away, missing):
                await problem_of(parts, entry)
            parts.fetcher.answers.clear()
            parts.service.network_changed()
            assert await parts.service.of_entry(away)
            assert isinstance(await problem_of(parts, missing), ThumbnailMissing)

    run(work())


def test_clearing_empties_the_cache_and_forgets_problems(tmp_path: Path) -> None:
    async def work() -> None:
        async with suite(tmp_path) as parts:
            await parts.service.of_entry(entry_of(1))
            parts.fetcher.answers[THUMBNAIL] = ThumbnailMissing("none")
            await problem_of(parts)
            parts.fetcher.answers.clear()
            await parts.service.clear()
            assert not list((tmp_path / "thumbnails").iterdir())
            assert await parts.service.of_entry(ENTRY)

    run(work())


# --- many at once -----------------------------------------------------------------------------------------------------


def test_all_who_want_the_same_picture_wait_for_one_fetch(tmp_path: Path) -> None:
    async def work() -> None:
        async with suite(tmp_path, is_open=False) as parts:
            tasks = [asyncio.create_task(parts.service.of_entry(ENTRY)) for _ in range(5)]
            await until(lambda: bool(parts.fetcher.asked))
            parts.fetcher.open.set()
            assert set(await asyncio.gather(*tasks)) == {b"small " + THUMBNAIL.encode()}
            assert len(parts.fetcher.asked) == 1

    run(work())


def test_a_few_are_fetched_at_a_time_and_the_latest_first(tmp_path: Path) -> None:
    async def work() -> None:
        async with suite(tmp_path, is_open=False) as parts:
            tasks = []
            for number in range(10):
                tasks.append(asyncio.create_task(parts.service.of_entry(entry_of(number))))
                # Each has come as far as it can before the next.
                await until(
                    lambda number=number: (
                        parts.service._fetching.waiting == max(0, number + 1 - FETCHES)  # type: ignore[misc]
                        and parts.fetcher.running == min(FETCHES, number + 1)
                    )
                )
            parts.fetcher.open.set()
            await asyncio.gather(*tasks)
            assert parts.fetcher.most == FETCHES
            waited = [int(url.removeprefix(THUMBNAIL)) for url in parts.fetcher.asked[FETCHES:]]
            assert waited[0] == 9
            assert sorted(waited) == list(range(FETCHES, 10))

    run(work())


def test_a_picture_that_nobody_wants_any_more_is_given_up(tmp_path: Path) -> None:
    async def work() -> None:
        async with suite(tmp_path, is_open=False) as parts:
            tasks = [asyncio.create_task(parts.service.of_entry(entry_of(number))) for number in range(10)]
            await until(lambda: parts.fetcher.running == FETCHES)
            for task in tasks:
                task.cancel()
            await until(lambda: len(parts.fetcher.given_up) == FETCHES)
            await asyncio.gather(*tasks, return_exceptions=True)
            # None of those that waited for their turn was ever asked for.
            assert len(parts.fetcher.asked) == FETCHES
            parts.fetcher.open.set()
            assert await parts.service.of_entry(entry_of(0))

    run(work())


def test_one_who_stops_waiting_does_not_take_it_from_the_others(tmp_path: Path) -> None:
    async def work() -> None:
        async with suite(tmp_path, is_open=False) as parts:
            first, second = (asyncio.create_task(parts.service.of_entry(ENTRY)) for _ in range(2))
            await until(lambda: bool(parts.fetcher.asked))
            first.cancel()
            parts.fetcher.open.set()
            assert await second
            assert parts.fetcher.given_up == []

    run(work())


def test_fetched_bytes_do_not_pile_up_while_pictures_are_made_small(tmp_path: Path) -> None:
    async def work() -> None:
        async with suite(tmp_path) as parts:
            parts.shrinker.hold.clear()
            tasks = [asyncio.create_task(parts.service.of_entry(entry_of(number))) for number in range(20)]
            await until(lambda: len(parts.shrinker.shrunk) == 2)
            # The third waits for a worker with what it has fetched, and nobody fetches more.
            await until(lambda: len(parts.fetcher.asked) == FETCHES)
            assert parts.service._fetching.waiting + parts.service._work.waiting == 20 - 2
            parts.shrinker.hold.set()
            await asyncio.gather(*tasks)

    run(work())


def test_stopping_gives_up_everything(tmp_path: Path) -> None:
    async def work() -> None:
        async with suite(tmp_path, is_open=False) as parts:
            tasks = [asyncio.create_task(parts.service.of_entry(entry_of(number))) for number in range(6)]
            await until(lambda: parts.fetcher.running == FETCHES)
            await parts.service.stop()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(isinstance(result, asyncio.CancelledError) for result in results)

    run(work())
