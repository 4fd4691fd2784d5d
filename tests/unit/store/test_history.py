"""The history in the database: what enters it, what is found, and what is changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.history import EVERYTHING, EntryId, HistoryQuery, HistorySort, HistoryStatistics
from app.core.imglink import AlbumId, EmbedId, Image, ImageId, UploadOptions, Visibility
from app.core.uploads import RemoteState, UploadState
from app.core.workflow import SourceKind
from app.store import SqliteUploadStore
from app.store.history_text import fold, grams, inexact, match, words_of
from tests.unit.store.entries import at, entry, found
from tests.unit.store.samples import IMAGE, NEW, PLAIN, PNG, with_store

ALBUM = AlbumId("al-1")


def test_an_upload_enters_when_it_is_done_with_an_image(tmp_path: Path) -> None:
    async def upload(store: SqliteUploadStore) -> None:
        item = await store.add_bytes(PNG, NEW)
        assert await store.history.count(EVERYTHING) == 0
        done = await store.set_state(item.id, UploadState.DONE, image=IMAGE)
        (entry_id,) = await store.history.outline(EVERYTHING)
        (made,) = await store.history.entries([entry_id])
        assert (made.image, made.file_name, made.kind) == (IMAGE, NEW.file_name, SourceKind.REGION)
        assert (made.upload_id, made.path, made.sha256, made.size) == (item.id, item.path, item.sha256, len(PNG))
        assert (made.visibility, made.nsfw, made.anonymous) == (Visibility.PRIVATE, True, True)
        assert (made.width, made.height, made.mime) == (40, 30, "image/png")
        assert made.uploaded_at == done.updated_at
        # Neither album nor embed profile were assigned yet.
        assert (made.albums, made.embed) == ((), None)
        assert await store.history.find_by_hash(item.sha256) == made

    with_store(tmp_path / "s", upload)


def test_whether_it_went_out_anonymously_is_what_was_done(tmp_path: Path) -> None:
    async def upload(store: SqliteUploadStore) -> None:
        item = await store.add_bytes(PNG, PLAIN)
        await store.claim(item.id, anonymous=True)
        await store.set_state(item.id, UploadState.DONE, image=IMAGE)
        (made,) = await store.history.find_entries([IMAGE.id])
        assert made.anonymous

    with_store(tmp_path / "s", upload)


def test_an_upload_that_is_taken_for_done_enters_only_with_its_image(tmp_path: Path) -> None:
    async def upload(store: SqliteUploadStore) -> None:
        unknown, known = await store.add_bytes(PNG, PLAIN), await store.add_bytes(PNG, PLAIN)
        await store.set_state(unknown.id, UploadState.DONE)
        await store.set_state(known.id, UploadState.UNCERTAIN, image=IMAGE)
        assert await found(store.history) == []
        await store.set_state(known.id, UploadState.DONE)
        assert await found(store.history) == [IMAGE.id]

    with_store(tmp_path / "s", upload)


def test_the_same_image_once_more_is_the_same_entry(tmp_path: Path) -> None:
    async def upload(store: SqliteUploadStore) -> None:
        first, second = await store.add_bytes(PNG, PLAIN), await store.add_bytes(PNG + b"2", PLAIN)
        await store.set_state(first.id, UploadState.DONE, image=IMAGE)
        (before,) = await store.history.find_entries([IMAGE.id])
        await store.history.annotate([before.id], title="Mine")
        await store.history.mark_gone([IMAGE.id])
        await store.set_state(second.id, UploadState.DONE, image=replace(IMAGE, views=3))
        (after,) = await store.history.find_entries([IMAGE.id])
        assert (after.id, after.title, after.upload_id) == (before.id, "Mine", second.id)
        assert (after.remote_state, after.image.views) == (RemoteState.THERE, 3)

    with_store(tmp_path / "s", upload)


def test_entries_of_one_moment_have_ids_of_their_own(tmp_path: Path) -> None:
    async def merge(store: SqliteUploadStore) -> None:
        same = [replace(entry(1, image_id=f"same-{number}"), id=entry(1).id) for number in range(5)]
        assert await store.history.merge(same) == (5, 0)
        ids = [each.id for each in await store.history.find_entries([each.image_id for each in same])]
        assert ids == [entry(1).id + number for number in range(5)]

    with_store(tmp_path / "s", merge)


WORDS = (
    ("Grüße aus München", "gruss", True),
    ("Grüße aus München", "MÜNCHEN", True),
    ("Grüße aus München", "munch grus", True),
    ("Grüße aus München", "unche", True),
    ("Grüße aus München", "g ü", True),
    ("Grüße aus München", "ßea", False),
    ("Grüße aus München", "munchxn", False),
    ("旅行東京の写真", "東京", True),
    ("旅行東京の写真", "京", True),
    ("旅行東京の写真", "東京の写", True),
    ("旅行東京の写真", "写東", False),
    ("Москва ёлка", "ЕЛКА", True),
    ("abcabd", "abcabd", True),
    ("abc bca", "abca", False),
    ('say "hi" OR NOT* (x)', '"hi"', True),
    ('say "hi" OR NOT* (x)', "not*", True),
    ('say "hi" OR NOT* (x)', '" OR 1=1 --', False),
    ("100% a_b", "0% _", True),
    ("plain", "*", False),
    ("smile 😀.png", "😀", True),
)


@pytest.mark.parametrize(("text", "query", "is_found"), WORDS)
def test_a_search_finds_parts_of_words(tmp_path: Path, text: str, query: str, is_found: bool) -> None:
    async def search(store: SqliteUploadStore) -> None:
        await store.history.merge([entry(1, file_name=text), entry(2, note=text), entry(3, file_name="other")])
        assert await found(store.history, query) == (["image-0002", "image-0001"] if is_found else [])

    with_store(tmp_path / "s", search)


TEXT = st.text(st.sampled_from("abAB1.-_ \n\"*'()é東京ßİ😀\u0301"), max_size=30)


@given(st.lists(TEXT, min_size=1, max_size=4), TEXT)
@settings(max_examples=300, deadline=None)
def test_index_and_comparison_together_find_what_contains_every_word(fields: list[str], query: str) -> None:
    folded, words = fold("\n".join(fields)), words_of(query)
    indexed = set(grams(folded).split())
    wanted = {run.strip('"') for run in match(words).split(" AND ")} if words else set()
    is_found = wanted <= indexed and all(word in folded for word in inexact(words))
    assert is_found == all(word in folded for word in words)


def test_a_pasted_page_is_a_query_like_any_other(tmp_path: Path) -> None:
    async def search(store: SqliteUploadStore) -> None:
        page = " ".join(f"word{number} {'x' * number}" for number in range(400))
        await store.history.merge([entry(1, note=page)])
        assert await found(store.history, page) == ["image-0001"]
        assert await found(store.history, page[:300]) == ["image-0001"]
        assert await found(store.history, "x" * 399 + "y") == []

    with_store(tmp_path / "s", search)


def test_everything_that_names_an_image_is_searched(tmp_path: Path) -> None:
    async def search(store: SqliteUploadStore) -> None:
        history = store.history
        await history.merge([entry(1, image_id="QuxID"), entry(2, albums=(ALBUM,)), entry(3), entry(4)])
        await history.name_albums({ALBUM: "Holidays", AlbumId("none"): "Holidays"})
        (third,) = await history.find_entries([ImageId("image-0003")])
        await history.annotate([third.id], title="Holy cow")
        assert await found(history, "quxid") == ["QuxID"]
        assert await found(history, "hol") == ["image-0003", "image-0002"]
        await history.name_albums({ALBUM: "Work"})
        assert await found(history, "hol") == ["image-0003"]
        assert await found(history, "work") == ["image-0002"]
        await history.set_album([ImageId("image-0004")], ALBUM, is_in=True)
        assert await found(history, "work") == ["image-0004", "image-0002"]
        await history.set_album([ImageId("image-0002"), ImageId("image-0004")], ALBUM, is_in=False)
        assert await found(history, "work") == []
        await history.annotate([third.id], title="")
        assert await found(history, "cow") == []

    with_store(tmp_path / "s", search)


SAMPLES = (
    entry(1, size=10, visibility=Visibility.PRIVATE, albums=(ALBUM,), kind=SourceKind.CLI, file_name="b one.png"),
    entry(2, size=30, nsfw=True, embed=EmbedId("5"), file_name="a.png"),
    entry(3, size=None, anonymous=True, albums=(AlbumId("al-2"), ALBUM), file_name="B ONE.png"),
    entry(4, size=10, favourite=True, remote_state=RemoteState.GONE, file_name="ä one.png"),
    entry(5, size=20, remote_state=RemoteState.UNKNOWN, file_name="c.png", title="A title"),
)
FILTERS: tuple[tuple[dict[str, Any], list[int]], ...] = (
    ({"visibility": Visibility.PRIVATE}, [1]),
    ({"visibility": Visibility.PUBLIC}, [5, 4, 3, 2]),
    ({"nsfw": True}, [2]),
    ({"nsfw": False}, [5, 4, 3, 1]),
    ({"anonymous": True}, [3]),
    ({"favourite": True}, [4]),
    ({"favourite": False, "anonymous": False}, [5, 2, 1]),
    ({"remote_state": RemoteState.GONE}, [4]),
    ({"remote_state": RemoteState.THERE}, [3, 2, 1]),
    ({"album": ALBUM}, [3, 1]),
    ({"album": ALBUM, "anonymous": False}, [1]),
    ({"album": AlbumId("none")}, []),
    ({"embed": EmbedId("5")}, [2]),
    ({"kind": SourceKind.CLI}, [1]),
    ({"since": at(2), "until": at(4)}, [3, 2]),
    ({"text": "one"}, [4, 3, 1]),
    ({"text": "one", "album": ALBUM}, [3, 1]),
    ({"text": "one", "since": at(2), "favourite": True}, [4]),
    ({"text": "file one"}, []),
    ({"sort": HistorySort.OLDEST}, [1, 2, 3, 4, 5]),
    ({"sort": HistorySort.OLDEST, "text": "one"}, [1, 3, 4]),
    ({"sort": HistorySort.OLDEST, "album": ALBUM, "since": at(2)}, [3]),
    ({"sort": HistorySort.NAME}, [4, 5, 2, 3, 1]),
    ({"sort": HistorySort.NAME, "text": "ONE"}, [4, 3, 1]),
    ({"sort": HistorySort.NAME, "album": ALBUM}, [3, 1]),
    ({"sort": HistorySort.LARGEST}, [2, 5, 4, 1, 3]),
    ({"sort": HistorySort.LARGEST, "until": at(4)}, [2, 1, 3]),
)


@pytest.mark.parametrize(("filters", "numbers"), FILTERS)
def test_filters_and_orders(tmp_path: Path, filters: dict[str, Any], numbers: list[int]) -> None:
    async def search(store: SqliteUploadStore) -> None:
        await store.history.merge(SAMPLES)
        assert await found(store.history, **filters) == [f"image-{number:04}" for number in numbers]

    with_store(tmp_path / "s", search)


@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_pages_are_slices_of_the_whole(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, 30))
    entries = [
        replace(
            entry(number, size=data.draw(st.sampled_from([None, 0, 7])), file_name=data.draw(st.sampled_from("ab"))),
            image=Image(ImageId(f"i-{number}"), "https://x", views=data.draw(st.sampled_from([None, 1, 2]))),
        )
        for number in range(count)
    ]
    sort, limit = data.draw(st.sampled_from(HistorySort)), data.draw(st.integers(1, 9))

    async def read(store: SqliteUploadStore) -> None:
        await store.history.merge(entries)
        query = HistoryQuery(sort=sort)
        whole = list(await store.history.outline(query))
        keys = {
            HistorySort.NEWEST: lambda each: -each.id,
            HistorySort.OLDEST: lambda each: each.id,
            HistorySort.NAME: lambda each: (each.file_name, -each.id),
            HistorySort.LARGEST: lambda each: (-(-1 if each.size is None else each.size), -each.id),
            HistorySort.VIEWS: lambda each: (-(each.image.views or 0), -each.id),
        }
        assert whole == [each.id for each in sorted(entries, key=keys[sort])]
        pages: list[EntryId] = []
        while page := await store.history.outline(query, after=pages[-1] if pages else None, limit=limit):
            pages += page
        assert pages == whole

    with_store(tmp_path_factory.mktemp("s") / "s", read)


def test_a_page_goes_on_behind_an_entry_that_was_forgotten_meanwhile(tmp_path: Path) -> None:
    async def read(store: SqliteUploadStore) -> None:
        await store.history.merge([entry(number, file_name="same") for number in range(6)])
        for sort in HistorySort:
            query = HistoryQuery(sort=sort)
            whole = await store.history.outline(query)
            await store.history.forget(whole[1:2])
            assert await store.history.outline(query, after=whole[1]) == whole[2:]
            await store.history.unforget(whole[1:2])
            assert await store.history.outline(query) == whole

    with_store(tmp_path / "s", read)


def test_what_the_service_says_now_is_merged_into_what_it_said(tmp_path: Path) -> None:
    async def refresh(store: SqliteUploadStore) -> None:
        item = await store.add_bytes(PNG, PLAIN)
        await store.set_state(item.id, UploadState.DONE, image=IMAGE)
        (made,) = await store.history.refresh(Image(IMAGE.id, "https://i.imglink.cc/new.png", views=7))
        assert (made.image.url, made.image.views, made.image.delete) == (
            "https://i.imglink.cc/new.png",
            7,
            IMAGE.delete,
        )
        assert made.checked_at is not None
        upload = await store.find(IMAGE.id)
        assert upload is not None
        assert upload.image == made.image
        assert await store.history.outline(HistoryQuery(sort=HistorySort.VIEWS)) == (made.id,)
        (gone,) = await store.history.mark_gone([IMAGE.id])
        assert gone.remote_state is RemoteState.GONE
        assert await store.history.find_by_hash(item.sha256) is None
        upload = await store.find(IMAGE.id)
        assert upload is not None
        assert upload.remote_state is RemoteState.GONE
        for call in (store.history.refresh(Image(ImageId("other"), "https://x")), store.history.mark_gone([])):
            assert await call == ()

    with_store(tmp_path / "s", refresh)


def test_words_that_no_database_takes_are_replaced(tmp_path: Path) -> None:
    async def annotate(store: SqliteUploadStore) -> None:
        await store.history.merge([entry(1)])
        (made,) = await store.history.annotate([entry(1).id], title="a\0b", note="\ud800", favourite=True)
        assert (made.title, made.note, made.favourite) == ("a\ufffdb", "\ufffd", True)
        (same,) = await store.history.annotate([entry(1).id])
        assert same == made
        assert await store.history.annotate([EntryId(1)], title="x") == ()

    with_store(tmp_path / "s", annotate)


def test_what_is_forgotten_comes_back_as_it_was(tmp_path: Path) -> None:
    async def forget(store: SqliteUploadStore) -> None:
        history = store.history
        await history.merge(SAMPLES)
        await history.name_albums({ALBUM: "Holidays"})
        before = await history.find_entries([ImageId("image-0003")])
        ids = [each.id for each in before]
        await history.forget([*ids, EntryId(1)])
        assert await found(history) == ["image-0005", "image-0004", "image-0002", "image-0001"]
        assert await found(history, "holi") == ["image-0001"]
        assert await found(history, album=ALBUM) == ["image-0001"]
        assert await history.find_entries([ImageId("image-0003")]) == ()
        assert await history.unforget(ids) == before
        assert await found(history, "holi") == ["image-0003", "image-0001"]
        assert await history.unforget(ids) == before

    with_store(tmp_path / "s", forget)


def test_what_was_forgotten_is_gone_with_its_file_at_the_next_start(tmp_path: Path) -> None:
    async def forget(store: SqliteUploadStore) -> None:
        item, other = await store.add_bytes(PNG, PLAIN), await store.add_bytes(PNG, PLAIN)
        await store.set_state(item.id, UploadState.DONE, image=IMAGE)
        await store.set_state(other.id, UploadState.DONE, image=replace(IMAGE, id=ImageId("other")))
        await store.history.forget([each.id for each in await store.history.find_entries([IMAGE.id])])
        assert item.path.exists()
        assert [each.id for each in await store.recent(5)] == [other.id]

    async def look(store: SqliteUploadStore) -> None:
        assert await found(store.history) == ["other"]
        assert await store.find(IMAGE.id) is None
        assert await store.history.unforget(list(range(5))) == ()  # type: ignore[arg-type]
        assert len([each for each in (tmp_path / "s" / "outbox").iterdir() if each.suffix == ".png"]) == 1
        left = await store.database.run(
            lambda: store.database.connection.execute("SELECT count(*) FROM forgotten").fetchone()[0]
        )
        assert left == 0

    with_store(tmp_path / "s", forget)
    with_store(tmp_path / "s", look)


def test_an_import_brings_a_forgotten_image_back_for_good(tmp_path: Path) -> None:
    async def forget(store: SqliteUploadStore) -> None:
        item = await store.add_bytes(PNG, PLAIN)
        await store.set_state(item.id, UploadState.DONE, image=IMAGE)
        (made,) = await store.history.find_entries([IMAGE.id])
        await store.history.forget([made.id])
        assert await store.history.merge([replace(made, path=None, title="New")]) == (1, 0)
        assert await store.history.unforget([made.id]) == ()
        (back,) = await store.history.find_entries([IMAGE.id])
        assert (back.title, back.path) == ("New", item.path)

    async def look(store: SqliteUploadStore) -> None:
        (back,) = await store.history.find_entries([IMAGE.id])
        assert back.path is not None
        assert back.path.exists()

    with_store(tmp_path / "s", forget)
    with_store(tmp_path / "s", look)


def test_an_upload_that_is_removed_leaves_its_entry(tmp_path: Path) -> None:
    async def remove(store: SqliteUploadStore) -> None:
        item = await store.add_bytes(PNG, PLAIN)
        await store.set_state(item.id, UploadState.DONE, image=IMAGE)
        await store.remove(item.id)
        (made,) = await store.history.find_entries([IMAGE.id])
        assert made.path is None

    with_store(tmp_path / "s", remove)


def test_an_import_completes_what_is_known_and_overwrites_nothing(tmp_path: Path) -> None:
    async def merge(store: SqliteUploadStore) -> None:
        known = entry(1, title="Mine", albums=(ALBUM,))
        assert await store.history.merge([known]) == (1, 0)
        assert await store.history.merge([known]) == (0, 0)
        other = entry(
            1, title="Theirs", note="Said", size=5, sha256="ab", albums=(AlbumId("al-0"),), file_name="other.png"
        )
        other = replace(other, image=replace(other.image, url="https://other", views=4, delete="https://d"))
        assert await store.history.merge([other, entry(2)]) == (1, 1)
        (made,) = await store.history.find_entries([known.image_id])
        assert (made.title, made.note, made.size, made.sha256) == ("Mine", "Said", 5, "ab")
        assert (made.file_name, made.albums) == (known.file_name, ("al-0", ALBUM))
        assert (made.image.url, made.image.views, made.image.delete) == (known.image.url, 4, "https://d")
        assert await found(store.history, "said") == [known.image_id]

    with_store(tmp_path / "s", merge)


def test_statistics_add_up_what_is_the_accounts(tmp_path: Path) -> None:
    async def add_up(store: SqliteUploadStore) -> None:
        assert await store.history.statistics() == HistoryStatistics(0, 0, 0)
        await store.history.merge([*SAMPLES, entry(6, size=1000, anonymous=True)])
        item = await store.add_bytes(PNG, PLAIN)
        await store.claim(item.id, anonymous=False)
        await store.set_state(item.id, UploadState.DONE, image=IMAGE)
        anonymous = await store.add_bytes(PNG, replace(PLAIN, options=UploadOptions(anonymous=True)))
        await store.claim(anonymous.id, anonymous=True)
        # The one that is gone and the anonymous ones use nothing of the account's storage.
        assert await store.history.statistics() == HistoryStatistics(6, 10 + 30 + 20 + len(PNG), 1)

    with_store(tmp_path / "s", add_up)


def test_many_are_read_and_found_in_the_order_asked_for(tmp_path: Path) -> None:
    async def read(store: SqliteUploadStore) -> None:
        entries = [entry(number) for number in range(1203)]
        assert await store.history.merge(entries) == (1203, 0)
        ids = [each.id for each in entries[::-1]]
        assert [each.id for each in await store.history.entries(ids)] == ids
        images = [each.image_id for each in entries]
        assert [each.image_id for each in await store.history.find_entries([*images, ImageId("none")])] == images
        assert await store.history.count(HistoryQuery("file")) == 1203
        # What was tidied after so many is still taken out again where an entry changes.
        await store.history.annotate(ids[:600], title="other")
        assert await store.history.count(HistoryQuery("other")) == 600
        await store.history.forget(ids[:600])
        assert await store.history.count(HistoryQuery("file")) == 603
        assert await store.history.outline(EVERYTHING, limit=0) == ()

    with_store(tmp_path / "s", read)
