"""Embed profiles over a real connection to the demo server, with the bulk jobs at work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from app.core.clock import SystemClock
from app.core.errors import Cancelled, InputError
from app.core.imglink import EmbedFields, EmbedId, EmbedProfile, ImageId
from app.core.service_errors import NotAuthenticated, NotFound, ServerFailure
from app.demo import Fault
from app.services.embeds import EmbedService
from app.services.jobs import Jobs
from tests.unit.api.harness import client_of, credentials
from tests.unit.demo.conftest import Site, site
from tests.unit.services.holding import Holding
from tests.unit.services.job_harness import MemoryJobStore
from tests.unit.services.known_images import KnownImages
from tests.unit.services.queue_harness import in_loop

__all__ = ["site"]

FIELDS = EmbedFields("Brand", "Look", "At this", "#ff5733", "Ada", "https://example.com/", "Pictures")


@dataclass
class Bench:
    service: EmbedService
    jobs: Jobs
    known: KnownImages
    told: list[tuple[EmbedProfile, ...]] = field(default_factory=list)


@asynccontextmanager
async def bench(site: Site, *, token: str | None = "the demo's") -> AsyncIterator[Bench]:
    if token == "the demo's":
        token = site.server.add_token(site.demo)
    known = KnownImages()
    async with client_of(site.server.base_url, credentials(None, token)) as client:
        jobs = Jobs(client, MemoryJobStore(), known, SystemClock())
        await jobs.begin()
        made = Bench(EmbedService(client, known, jobs), jobs, known)
        made.service.subscribe(made.told.append)
        try:
            yield made
        finally:
            await jobs.stop()


def given(site: Site) -> dict[str, int | None]:
    return {image.id: image.embed_id for image in site.server.images()}


@in_loop
async def test_a_profile_is_made_changed_and_deleted_and_each_is_told(site: Site) -> None:
    async with bench(site) as it:
        assert await it.service.list() == ()
        made = await it.service.create(FIELDS)
        assert made.fields == FIELDS
        changed = await it.service.edit(made.id, EmbedFields("Other"))
        assert await it.service.list() == (changed,)
        await it.service.delete(made.id)
        assert await it.service.list() == ()
        assert it.told == [(), (made,), (changed,), ()]


@in_loop
async def test_what_is_done_before_anybody_read_the_profiles_does_not_pass_for_all_of_them(site: Site) -> None:
    there = EmbedId(str(site.embed(name="There")))
    async with bench(site) as it:
        made = await it.service.create(FIELDS)
        await it.service.edit(there, EmbedFields("Still there"))
        assert (it.service.known, it.told) == (None, [])
        assert {profile.id for profile in await it.service.peek()} == {there, made.id}


@in_loop
async def test_a_list_that_was_on_its_way_does_not_undo_a_new_profile(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench(site) as it:
        held = Holding(it.service._api.embeds)
        monkeypatch.setattr(it.service._api, "embeds", held)
        reading = asyncio.ensure_future(it.service.list())
        await held.is_there.wait()
        made = await it.service.create(FIELDS)
        held.goes_on.set()
        assert await reading == (made,)
        assert it.service.known == (made,)


@in_loop
async def test_a_history_that_cannot_be_written_fails_no_deletion(site: Site) -> None:
    async with bench(site) as it:
        made = await it.service.create(FIELDS)
        it.known.add(ImageId("mine"), made.id)
        it.known.is_full = True
        await it.service.delete(made.id)
        assert await it.service.list() == ()


@in_loop
async def test_what_cannot_be_saved_is_refused_before_anything_is_sent(site: Site) -> None:
    async with bench(site) as it:
        with pytest.raises(InputError, match="color"):
            await it.service.create(EmbedFields("A", color="red"))
        with pytest.raises(InputError, match="author_url"):
            await it.service.edit(EmbedId("1"), EmbedFields("A", author_url="example.com"))
        assert site.server.requests == ()


@in_loop
async def test_the_26th_is_refused_here(site: Site) -> None:
    for number in range(25):
        site.embed(name=f"Profile {number}")
    async with bench(site) as it:
        await it.service.list()
        with pytest.raises(InputError, match="25"):
            await it.service.create(FIELDS)
        assert site.server.requests[-1].method == "GET"


@in_loop
async def test_a_profile_is_found_by_id_and_by_name_and_never_guessed(site: Site) -> None:
    first, second, third = site.embed(name="One"), site.embed(name="Two"), site.embed(name="Two")
    async with bench(site) as it:
        assert (await it.service.find("One")).id == str(first)
        assert (await it.service.find(str(second))).fields.name == "Two"
        with pytest.raises(InputError, match="Several") as several:
            await it.service.find("Two")
        assert f"{second}, {third}" in several.value.remedy
        with pytest.raises(InputError, match="no embed profile"):
            await it.service.find("on")


@in_loop
async def test_deleting_says_how_many_images_revert_and_the_history_learns_it(site: Site) -> None:
    embed_id, other = EmbedId(str(site.embed())), EmbedId(str(site.embed()))
    async with bench(site) as it:
        for number in range(3):
            it.known.add(ImageId(f"mine-{number}"), embed_id)
        it.known.add(ImageId("another"), other)
        assert await it.service.known_uses(embed_id) == 3
        await it.service.delete(embed_id)
        assert it.known.embeds == {"mine-0": None, "mine-1": None, "mine-2": None, "another": other}


@in_loop
async def test_one_that_is_gone_counts_as_deleted_but_cannot_be_changed(site: Site) -> None:
    async with bench(site) as it:
        made = await it.service.create(FIELDS)
        assert await it.service.list() == (made,)
        await site_delete(it, made.id)
        with pytest.raises(NotFound):
            await it.service.edit(made.id, FIELDS)
        assert it.service.known == ()
        await it.service.delete(made.id)


async def site_delete(it: Bench, embed_id: EmbedId) -> None:
    """Behind the service's back."""
    await it.service._api.delete_embed(embed_id)


@in_loop
async def test_a_page_of_another_server_deletes_nothing_here(site: Site) -> None:
    async with bench(site) as it:
        await it.service.list()
        made = await it.service.create(FIELDS)
        site.server.faults.add(Fault.html(404).on("DELETE"))
        with pytest.raises(NotFound):
            await it.service.delete(made.id)
        assert it.service.known == (made,)


@in_loop
async def test_130_images_get_a_profile_with_two_requests_and_undo_restores_each_former_one(site: Site) -> None:
    before, after = EmbedId(str(site.embed(name="Before"))), EmbedId(str(site.embed(name="After")))
    image_ids = [ImageId(site.upload()) for _ in range(130)]
    async with bench(site) as it:
        await it.service.list()
        for image_id in image_ids:
            it.known.add(image_id)
        await it.jobs.finished((await it.service.assign(image_ids[:50], before)).id)
        site.server.clear_requests()
        job = await it.jobs.finished((await it.service.assign(image_ids, after)).id)
        assert [request.path for request in site.server.requests] == ["/api/images/bulk-embed"] * 2
        assert (job.target_name, len(job.done)) == ("After", 130)
        assert set(given(site).values()) == {int(after)}
        for back in await it.service.undo(job.id):
            await it.jobs.finished(back.id)
        expected = {image_id: int(before) if image_id in image_ids[:50] else None for image_id in image_ids}
        assert given(site) == expected
        assert it.known.embeds == {image_id: embed and str(embed) for image_id, embed in expected.items()}


@in_loop
async def test_taking_profiles_away(site: Site) -> None:
    embed_id, image_id = site.embed(), ImageId(site.upload())
    async with bench(site) as it:
        await it.jobs.finished((await it.service.assign([image_id], EmbedId(str(embed_id)))).id)
        assert given(site) == {image_id: embed_id}
        await it.jobs.finished((await it.service.assign([image_id], None)).id)
        assert given(site) == {image_id: None}


@in_loop
async def test_a_refusal_or_trouble_leaves_what_is_known(site: Site) -> None:
    async with bench(site) as it:
        await it.service.list()
        made = await it.service.create(FIELDS)
        site.server.faults.add(Fault.error(500), Fault.error(500), Fault.error(500))
        for call in (it.service.list(), it.service.create(FIELDS), it.service.delete(made.id)):
            with pytest.raises(ServerFailure):
                await call
        assert it.service.known == (made,)


@in_loop
async def test_a_menu_never_asks_anybody_to_sign_in(site: Site) -> None:
    class Gated:
        async def embeds(self) -> tuple[EmbedProfile, ...]:
            raise Cancelled

    async with bench(site, token=None) as it:
        service = EmbedService(Gated(), it.known, it.jobs, quiet=it.service._api)  # type: ignore[arg-type]  # one call
        with pytest.raises(NotAuthenticated):
            await service.peek()
        with pytest.raises(Cancelled):
            await service.list()


@in_loop
async def test_forgetting_is_told_as_no_profiles(site: Site) -> None:
    async with bench(site) as it:
        await it.service.list()
        await it.service.create(FIELDS)
        it.service.forget()
        assert it.service.known is None
        assert it.told[-1] == ()


@pytest.mark.parametrize("read", [EmbedService.list, EmbedService.peek])
@in_loop
async def test_what_is_read_for_an_account_that_was_left_meanwhile_is_dropped(
    site: Site, monkeypatch: pytest.MonkeyPatch, read: Callable[[EmbedService], Awaitable[object]]
) -> None:
    site.embed(name="Theirs")
    async with bench(site) as it:
        held = Holding(it.service._api.embeds)
        monkeypatch.setattr(it.service._api, "embeds", held)
        reading = asyncio.ensure_future(read(it.service))
        await held.is_there.wait()
        it.service.forget()
        held.goes_on.set()
        with pytest.raises(Cancelled):
            await reading
        assert (it.service.known, it.told) == (None, [])


@in_loop
async def test_pictures_for_the_card_are_the_latest(site: Site) -> None:
    async with bench(site) as it:
        for number in range(5):
            it.known.add(ImageId(f"image-{number}"))
        assert [entry.image_id for entry in await it.service.pictures(2)] == ["image-4", "image-3"]
