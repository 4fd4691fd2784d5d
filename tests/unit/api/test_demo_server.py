"""Every method against the demo server, which was built from the same contract by other hands."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image as Picture

from app.api import Client
from app.core.imglink import AlbumChanges, EmbedFields, EmbedId, ImageId, KeyCheck, UploadOptions, Visibility
from app.core.ports import UploadFile
from app.core.service_errors import (
    ConnectionLost,
    Forbidden,
    NotAuthenticated,
    NotFound,
    RateLimited,
    Rejected,
    ServerFailure,
    TooLarge,
    UnreadableAnswer,
)
from app.demo import DEMO_API_KEY, DEMO_EMAIL, DEMO_PASSWORD, DEMO_USER, DemoLimits, DemoServer, Fault, Stage
from tests.unit.api.harness import NOW, client_of, credentials, run


@pytest.fixture
def demo() -> Iterator[DemoServer]:
    with DemoServer(limits=DemoLimits(anonymous_interval_s=0)) as server:
        yield server


def picture(folder: Path, name: str = "a.png", size: tuple[int, int] = (31, 17)) -> UploadFile:
    data = io.BytesIO()
    Picture.new("RGB", size, name_color(name)).save(data, "PNG")
    path = folder / name
    path.write_bytes(data.getvalue())
    return UploadFile(path, name, "image/png")


def name_color(name: str) -> tuple[int, int, int]:
    return (sum(name.encode()) % 256, len(name), 99)


async def signed_in(demo: DemoServer) -> str:
    async with client_of(demo.base_url, credentials(None, None)) as client:
        return await client.sign_in(DEMO_USER, DEMO_PASSWORD)


def test_an_image_goes_up_is_read_listed_and_deleted(demo: DemoServer, tmp_path: Path) -> None:
    async def work() -> None:
        file = picture(tmp_path)
        async with client_of(demo.base_url, credentials(DEMO_API_KEY, None)) as client:
            image = await client.upload(file, UploadOptions())
            assert demo.file_bytes(image.id) == file.path.read_bytes()
            assert (image.width, image.height, image.mime) == (31, 17, "image/png")
            assert image.size == file.path.stat().st_size
            assert image.viewer
            assert image.thumbnail
            again = await client.image(image.id)
            assert (again.url, again.views) == (image.url, 0)
            assert again.uploaded_at is not None
            page = await client.gallery(1, 40)
            assert [shown.id for shown in page.images] == [image.id]
            assert (page.page, page.total_pages, page.total) == (1, 1, 1)
            await client.delete_image(image.id)
            with pytest.raises(NotFound) as caught:
                await client.image(image.id)
            assert not caught.value.is_page
            with pytest.raises(NotFound):
                await client.delete_image(image.id)

    run(work())


@pytest.mark.parametrize("kind", ["key", "token", "nobody"])
def test_options_are_understood_by_whichever_endpoint_takes_them(demo: DemoServer, tmp_path: Path, kind: str) -> None:
    async def work() -> None:
        token = await signed_in(demo) if kind == "token" else None
        async with client_of(demo.base_url, credentials(DEMO_API_KEY if kind == "key" else None, token)) as client:
            hidden = await client.upload(picture(tmp_path), UploadOptions(visibility=Visibility.PRIVATE, nsfw=True))
            shown = await client.upload(picture(tmp_path), UploadOptions())
            images = {stored.id: stored for stored in demo.images()}
            assert images[hidden.id].is_nsfw
            assert not images[shown.id].is_nsfw
            assert {image.id for image in (await client.gallery()).images} == {shown.id}

    run(work())


def test_several_images_go_up_at_once_in_order(demo: DemoServer, tmp_path: Path) -> None:
    async def work() -> None:
        files = [picture(tmp_path, f"{i}.png", (10 + i, 5)) for i in range(4)]
        async with client_of(demo.base_url, credentials(DEMO_API_KEY, None)) as client:
            images = await client.upload_several(files, UploadOptions())
            assert [image.width for image in images] == [10, 11, 12, 13]
            (alone,) = await client.upload_several(files[:1], UploadOptions(anonymous=True))
            assert alone.width == 10

    run(work())


def test_albums_live_through_all_their_calls(demo: DemoServer, tmp_path: Path) -> None:
    async def work() -> None:
        async with client_of(demo.base_url, credentials(DEMO_API_KEY, await signed_in(demo))) as client:
            image = await client.upload(picture(tmp_path), UploadOptions())
            album = await client.create_album("Größe – 截图", "of games", is_public=False)
            assert (album.title, album.description, album.is_public) == ("Größe – 截图", "of games", False)
            await client.add_to_album(album.id, image.id)
            read = await client.album(album.id)
            assert [inside.id for inside in read.images] == [image.id]
            (listed,) = await client.albums()
            assert (listed.id, listed.image_count) == (album.id, 1)
            changed = await client.update_album(album.id, AlbumChanges(title="New", is_public=True))
            assert (changed.title, changed.description, changed.is_public) == ("New", "of games", True)
            async with client_of(demo.base_url, credentials(None, None)) as stranger:
                assert (await stranger.album(album.id)).title == "New"
            await client.remove_from_album(album.id, image.id)
            assert (await client.album(album.id)).images == ()
            await client.delete_album(album.id)
            assert await client.albums() == ()
            with pytest.raises(NotFound):
                await client.album(album.id)

    run(work())


def test_embed_profiles_live_through_all_their_calls(demo: DemoServer, tmp_path: Path) -> None:
    async def work() -> None:
        async with client_of(demo.base_url, credentials(DEMO_API_KEY, await signed_in(demo))) as client:
            images = [await client.upload(picture(tmp_path), UploadOptions()) for _ in range(2)]
            fields = EmbedFields("Brand", "Look", "Shared", "#ff5733", "Ada", "https://example.com", "Site")
            profile = await client.create_embed(fields)
            assert profile.fields == fields
            assert await client.embeds() == (profile,)
            plain = EmbedFields("Plain")
            assert (await client.update_embed(profile.id, plain)).fields == plain
            assert [listed.fields for listed in await client.embeds()] == [plain]
            await client.assign_embed(images[0].id, profile.id)
            await client.assign_embed_bulk([image.id for image in images], profile.id)
            assert {stored.embed_id for stored in demo.images()} == {int(profile.id)}
            await client.assign_embed(images[0].id, None)
            await client.delete_embed(profile.id)
            assert await client.embeds() == ()
            with pytest.raises(NotFound):
                await client.assign_embed(images[1].id, EmbedId("404"))

    run(work())


@pytest.mark.parametrize("login", [DEMO_USER, DEMO_EMAIL])
def test_signing_in_takes_a_name_or_an_e_mail(demo: DemoServer, login: str) -> None:
    async def work() -> None:
        async with client_of(demo.base_url, credentials(None, None)) as client:
            assert (await client.sign_in(login, DEMO_PASSWORD)).count(".") == 2
            with pytest.raises(NotAuthenticated, match="password is not right"):
                await client.sign_in(login, "wrong")

    run(work())


def test_keys_are_told_apart_without_touching_anything(demo: DemoServer) -> None:
    async def check(key: str) -> KeyCheck:
        async with client_of(demo.base_url, credentials(key, None)) as client:
            return await client.check_key()

    limited = demo.add_key(demo.user(DEMO_USER), scopes=["upload:create"])
    assert run(check(DEMO_API_KEY)) is KeyCheck.GOOD
    assert run(check(limited)) is KeyCheck.LIMITED
    with pytest.raises(NotAuthenticated):
        run(check("no-such-key"))


def test_a_key_without_the_right_to_delete_is_forbidden_to(demo: DemoServer, tmp_path: Path) -> None:
    async def work() -> None:
        limited = demo.add_key(demo.user(DEMO_USER), scopes=["upload:create"])
        async with client_of(demo.base_url, credentials(limited, None)) as client:
            image = await client.upload(picture(tmp_path), UploadOptions())
            with pytest.raises(Forbidden):
                await client.delete_image(image.id)
        assert [stored.id for stored in demo.images()] == [image.id]

    run(work())


def test_a_lapsed_token_is_not_accepted(demo: DemoServer) -> None:
    async def work() -> None:
        lapsed = demo.add_token(demo.user(DEMO_USER), lifetime_s=-1)
        async with client_of(demo.base_url, credentials(None, lapsed)) as client:
            with pytest.raises(NotAuthenticated, match="session"):
                await client.albums()

    run(work())


def test_what_is_no_image_is_rejected_with_the_servers_reason(demo: DemoServer, tmp_path: Path) -> None:
    async def work() -> None:
        path = tmp_path / "a.png"
        path.write_text("just text")
        async with client_of(demo.base_url, credentials(DEMO_API_KEY, None)) as client:
            with pytest.raises(Rejected, match="The server says: “"):
                await client.upload(UploadFile(path, "a.png", "image/png"), UploadOptions())

    run(work())
    assert demo.commits == 0


def test_an_upload_over_the_limit_and_one_too_soon_are_told(tmp_path: Path) -> None:
    async def work(demo: DemoServer) -> None:
        async with client_of(demo.base_url, credentials(None, None)) as client:
            with pytest.raises(TooLarge):
                await client.upload(picture(tmp_path, size=(900, 900)), UploadOptions())
            await client.upload(picture(tmp_path), UploadOptions())
            with pytest.raises(RateLimited) as caught:
                await client.upload(picture(tmp_path), UploadOptions())
            assert caught.value.retry_after_s is not None
            assert 1700 < caught.value.retry_after_s <= 1800

    with DemoServer(limits=DemoLimits(max_file_bytes_anonymous=2000)) as demo:
        run(work(demo))


FAULTS = [
    (Fault.error(500, "Boom"), ServerFailure),
    (Fault.html(502), ServerFailure),
    (Fault.garbage(), UnreadableAnswer),
    (Fault.garbage(b""), UnreadableAnswer),
    (Fault.lost(), ConnectionLost),
]


@pytest.mark.parametrize("stage", [Stage.BEFORE_COMMIT, Stage.AFTER_COMMIT])
@pytest.mark.parametrize(("fault", "error"), FAULTS)
def test_a_fault_once_the_request_was_whole_leaves_the_outcome_open(
    demo: DemoServer, tmp_path: Path, fault: Fault, error: type[Exception], stage: Stage
) -> None:
    async def work(client: Client) -> None:
        with pytest.raises(error) as caught:
            await client.upload(picture(tmp_path), UploadOptions())
        assert "may have been done" in str(caught.value)

    async def with_client() -> None:
        async with client_of(demo.base_url, credentials(DEMO_API_KEY, None)) as client:
            await work(client)

    demo.faults.add(fault.on("POST", "/api/v1/upload", stage=stage))
    run(with_client())
    assert demo.commits == (1 if stage is Stage.AFTER_COMMIT else 0)


def test_an_upload_that_is_broken_off_before_its_commit_is_never_stored(demo: DemoServer, tmp_path: Path) -> None:
    async def work() -> None:
        reached = asyncio.Event()

        async def before_commit() -> None:
            reached.set()
            await asyncio.Event().wait()

        async with client_of(demo.base_url, credentials(DEMO_API_KEY, None)) as client:
            task = asyncio.create_task(client.upload(picture(tmp_path), UploadOptions(), before_commit=before_commit))
            await asyncio.wait_for(reached.wait(), 10)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            # A second upload goes through the same server after it has noticed.
            await client.upload(picture(tmp_path), UploadOptions())

    run(work())
    assert demo.commits == 1


def test_a_wait_may_be_a_date(demo: DemoServer) -> None:
    when = (NOW + timedelta(minutes=5)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    demo.faults.add(Fault.error(429, "Slow down", retry_after=when))

    async def work() -> None:
        async with client_of(demo.base_url) as client:
            await client.image(ImageId("abcdefghij"))

    with pytest.raises(RateLimited) as caught:
        run(work())
    assert caught.value.retry_after_s == 300
