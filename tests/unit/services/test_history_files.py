"""Histories as files: what goes out comes back, what others wrote comes in, what is broken is said."""

from __future__ import annotations

import csv
import io
import json
import os
import sqlite3
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.errors import InputError
from app.core.history import EntryId, HistoryEntry
from app.core.imglink import AlbumId, EmbedId, Image, ImageId, Visibility
from app.core.uploads import RemoteState
from app.core.workflow import SourceKind
from app.services.history_files import ExportFormat, HistoryFiles
from app.services.history_files.files import Imported
from app.services.history_files.sharex import find_id
from app.store.sharex import read_sharex_database

HOSTS = frozenset({"imglink.cc", "127.0.0.1"})
FILES = HistoryFiles(HOSTS, read_sharex_database)


def written(entries: list[HistoryEntry], form: ExportFormat) -> str:
    writer = FILES.writer(form)
    return writer.start() + writer.entries(entries[:1]) + writer.entries(entries[1:]) + writer.end()


def read(folder: Path, content: str | bytes) -> Imported:
    path = folder / "file"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return FILES.read(path)


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20) | st.sampled_from(
    ["=1+1", "+x", "-x", "@SUM(A1)", "\t=x", "\r\n", "'", "''=", 'a,b"c', "null", "[]", " true "]
)
ADDRESS = st.from_regex(r"https?://[a-z]{1,5}\.cc/[A-Za-z0-9_%=+-]{1,9}", fullmatch=True)
NUMBER = st.none() | st.integers(0, 2**63 - 1)
TIME = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))
IMAGE = st.builds(
    Image,
    id=st.from_regex(r"[A-Za-z0-9_-]{1,12}", fullmatch=True).map(ImageId),
    url=ADDRESS,
    viewer=st.none() | ADDRESS,
    thumbnail=st.none() | ADDRESS,
    delete=st.none() | ADDRESS,
    width=NUMBER,
    height=NUMBER,
    size=NUMBER,
    mime=st.none() | TEXT.filter(bool),
    views=NUMBER,
    uploaded_at=st.none() | TIME,
    nsfw=st.none() | st.booleans(),
)
ENTRY = st.builds(
    HistoryEntry,
    id=TIME.map(lambda when: EntryId((when - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1))),
    image=IMAGE,
    file_name=TEXT,
    kind=st.sampled_from(SourceKind),
    width=NUMBER,
    height=NUMBER,
    size=NUMBER,
    mime=st.none() | TEXT.filter(bool),
    sha256=st.from_regex(r"[0-9a-f]{0,64}", fullmatch=True),
    visibility=st.sampled_from(Visibility),
    nsfw=st.booleans(),
    anonymous=st.booleans(),
    albums=st.lists(TEXT.map(AlbumId), unique=True, max_size=3).map(lambda albums: tuple(sorted(albums))),
    embed=st.none() | TEXT.filter(bool).map(EmbedId),
    title=TEXT,
    note=TEXT,
    favourite=st.booleans(),
    remote_state=st.sampled_from(RemoteState),
    checked_at=st.none() | TIME,
)


@settings(deadline=None)
@given(entries=st.lists(ENTRY, max_size=4, unique_by=lambda each: each.id), form=st.sampled_from(ExportFormat))
def test_what_goes_out_comes_back(
    tmp_path_factory: pytest.TempPathFactory, entries: list[HistoryEntry], form: ExportFormat
) -> None:
    text = written(entries, form)
    back = read(tmp_path_factory.mktemp("files"), text)
    assert back.entries == tuple(sorted(entries, key=lambda each: each.id))
    assert back.left_out == ()
    assert (form is ExportFormat.CSV) or text.isascii()


@settings(deadline=None)
@given(st.lists(ENTRY, max_size=3))
def test_no_cell_is_a_formula(entries: list[HistoryEntry]) -> None:
    for row in csv.reader(io.StringIO(written(entries, ExportFormat.CSV), newline="")):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for cell in row)


SAMPLE = HistoryEntry(
    EntryId(1_772_366_400_000_000), Image(ImageId("abc"), "https://i.imglink.cc/abc.png"), "a.png", SourceKind.CLI
)


def test_a_table_that_went_through_a_spreadsheet_comes_in(tmp_path: Path) -> None:
    text = (
        "\ufefftitle,id,extra,uploaded_at,url,favourite\r\n"
        "Mine,abc,x,2026-03-01T13:00:00+01:00,https://i.imglink.cc/abc.png,TRUE\r\n\r\n"
    )
    (entry,) = read(tmp_path, text).entries
    assert entry == replace(
        SAMPLE, file_name="", kind=SourceKind.IMPORT, title="Mine", favourite=True, remote_state=RemoteState.UNKNOWN
    )


def changed(**fields: Any) -> str:
    record = {"id": "abc", "url": "https://i.imglink.cc/abc.png", "uploaded_at": "2026-03-01T12:00:00Z", **fields}
    return json.dumps({"format": "imglink-history", "version": 1, "entries": [{**record, **fields}]})


BROKEN = (
    (changed(id="../etc"), "“../etc” is not the id of an image in entry 1"),
    (changed(id=None), "“id” is missing in entry 1"),
    (changed(url="javascript:alert(1)"), "“url” is not an address that begins with https:// in entry 1"),
    (changed(viewer="file:///etc/passwd"), "“viewer” is not an address"),
    (changed(delete="https://x/\n"), "“delete” is not an address"),
    (changed(uploaded_at="yesterday"), "“uploaded_at” is not a time such as 2026-03-01T12:00:00Z in entry 1"),
    (changed(uploaded_at="0001-01-01T00:00:00+14:00"), "“uploaded_at” is not a time"),
    (changed(size=-1), "“size” is not a whole number"),
    (changed(size=2**63), "“size” is not a whole number"),
    (changed(width=True), "“width” is not a whole number"),
    (changed(favourite=1), "“favourite” is not true or false"),
    (changed(kind="magic"), "“kind” is not one of region"),
    (changed(kind=[]), "“kind” is not one of region"),
    (changed(albums="al"), "“albums” is not a list"),
    (changed(albums=[1]), "“albums” is not a list"),
    (changed(title=[]), "“title” is not text"),
    (changed()[:-2] + ", 5]}", "there is no object in entry 2"),
    (changed()[:-5], "in line 1, column"),
    (changed()[:-2] + "\n, {", "in line 2, column"),
    (changed().replace('"version": 1', '"version": 2'), "newer ImgLink Desktop"),
    ('{"format": "imglink-history", "version": 1}', "no list of entries"),
    ('{"format": "imglink-history", "version": 1, "entries": NaN}', "no sensible JSON"),
    ('{"format": "imglink-history", "entries": ' + "[" * 100_000, "no sensible JSON"),
    ("id,url,uploaded_at\nabc,https://x,2026-01-01T00:00:00Z,more\n", "more cells than columns in line 2"),
    ('id,url,uploaded_at\n"abc,https://x', "in line 2"),
    ("id,url,uploaded_at,size\n\nabc,https://x,2026-01-01T00:00:00Z,many\n", "“size” is not a whole number in line 3"),
    ("id,url,uploaded_at,nsfw\nabc,https://x,2026-01-01T00:00:00Z,perhaps\n", "“nsfw” is not true or false in line 2"),
    ("id,url,uploaded_at,albums\nabc,https://x,2026-01-01T00:00:00Z,[\n", "“albums” is not a list of album ids"),
    ("id,url,uploaded_at\nabc,https://x,\n", "“uploaded_at” is missing in line 2"),
    ("a,b\n1,2\n", "no history that can be imported"),
    ("", "no history that can be imported"),
    (b"\x89PNG\r\n\x1a\n", "not text from byte 1 on"),
    (b"SQLite format 3\0" + bytes(100), "damaged after its beginning"),
    ('{"FileName": "a"}\n{"FileName": ', "in line 2, column"),
    ('[{"FileName": "a"}', "breaks off in line 1"),
    ('[{"FileName": "a"}] more', "in line 1, column 19"),
    ("[5]", "no entry of a history in line 1, column 2"),
    ("[" * 100_000, "no sensible JSON"),
)  # fmt: skip


@pytest.mark.parametrize(("content", "said"), BROKEN)
def test_a_broken_file_is_said_with_its_place(tmp_path: Path, content: str | bytes, said: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, content)
    assert said in str(caught.value)


@settings(deadline=None)
@given(
    st.binary(max_size=60) | TEXT.map(str.encode),
    st.sampled_from([b"", b"{", b"[{", b"id,url,uploaded_at\n", b"SQLite format 3\0"]),
)
def test_no_file_does_more_than_be_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes, head: bytes) -> None:
    with suppress(InputError):
        assert read(tmp_path_factory.mktemp("files"), head + data).entries == ()


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "none", tmp_path / "pipe", Path("nul\0")):
        with pytest.raises(InputError):
            FILES.read(path)


# --- ShareX -----------------------------------------------------------------------------------------------------------

ITEM = {
    "FileName": "firefox_abc.png",
    "FilePath": "C:\\Users\\me\\Pictures\\firefox_abc.png",
    "DateTime": "2026-03-01T13:00:00.1234567+01:00",
    "Type": "Image",
    "Host": "ImgLink",
    "URL": "https://i.imglink.cc/_RxgFRvwh9.png",
    "ThumbnailURL": "https://i.imglink.cc/thumb/_RxgFRvwh9.jpg",
    "DeletionURL": "https://imglink.cc/delete/x",
    "ShortenedURL": "",
    "Tags": {"WindowTitle": "Mozilla Firefox", "ProcessName": "firefox"},
}
ELSEWHERE = {**ITEM, "URL": "https://i.imgur.com/a.png", "ThumbnailURL": "", "Host": "Imgur"}
LOCAL = {
    "FileName": "b.png",
    "FilePath": "C:\\b.png",
    "DateTime": "2026-03-01T13:00:00+01:00",
    "Type": "Image",
    "Host": "",
}
EXPECTED = HistoryEntry(
    id=EntryId(1_772_366_400_123_456),
    image=Image(
        ImageId("_RxgFRvwh9"),
        "https://i.imglink.cc/_RxgFRvwh9.png",
        thumbnail="https://i.imglink.cc/thumb/_RxgFRvwh9.jpg",
        delete="https://imglink.cc/delete/x",
    ),
    file_name="firefox_abc.png",
    kind=SourceKind.IMPORT,
    note="Mozilla Firefox (firefox)",
    remote_state=RemoteState.UNKNOWN,
)


def appended(*items: dict[str, Any]) -> str:
    """As ShareX writes them."""
    return ",\r\n".join(json.dumps(item, indent=2).replace("\n", "\r\n") for item in items)


@pytest.mark.parametrize(
    "text",
    [
        appended(ITEM, ELSEWHERE, LOCAL),
        "\ufeff" + appended(ITEM, ELSEWHERE, LOCAL) + ",\r\n",
        json.dumps([ITEM, ELSEWHERE, LOCAL]),
        "[" + appended(ITEM, ELSEWHERE, LOCAL) + ",\r\n]\r\n",
        json.dumps(ITEM) + json.dumps(ELSEWHERE) + "\n" + json.dumps(LOCAL),
    ],
)
def test_sharexs_history_comes_in_and_what_is_left_out_is_counted(tmp_path: Path, text: str) -> None:
    imported = read(tmp_path, text)
    assert imported.entries == (EXPECTED,)
    reasons = ["1 entry of other hosts was left out.", "1 entry without a link was left out."]
    assert [each.reason for each in imported.left_out] == reasons


def test_sharexs_database_comes_in(tmp_path: Path) -> None:
    path = tmp_path / "History.db"
    connection = sqlite3.connect(path)
    connection.execute(
        "CREATE TABLE History (Id INTEGER PRIMARY KEY AUTOINCREMENT, FileName TEXT, FilePath TEXT, DateTime TEXT, "
        "Type TEXT, Host TEXT, URL TEXT, ThumbnailURL TEXT, DeletionURL TEXT, ShortenedURL TEXT, Tags TEXT)"
    )
    items: list[dict[str, Any]] = [ITEM, *[ELSEWHERE] * 1412, LOCAL]
    for item in items:
        row = [json.dumps(value) if name == "Tags" else value for name, value in item.items()]
        marks = ", ".join("?" * len(row))
        connection.execute(f"INSERT INTO History ({', '.join(item)}) VALUES ({marks})", row)
    connection.commit()
    connection.close()
    before = path.read_bytes()
    imported = FILES.read(path)
    assert imported.entries == (EXPECTED,)
    assert imported.left_out[0].reason == "1,412 entries of other hosts were left out."
    assert (path.read_bytes(), list(tmp_path.iterdir())) == (before, [path])

    damaged = bytearray(before)
    damaged[-4096 * 10 :] = b"\xff" * 4096 * 10
    with pytest.raises(InputError, match=r"damaged after row \d+"):
        read(tmp_path, bytes(damaged))


@pytest.mark.parametrize(
    "statement",
    ["CREATE TABLE Other (x)", "CREATE TABLE History (x)", "CREATE VIEW History AS SELECT 1 AS URL, 2 AS DateTime"],
)
def test_another_database_is_refused(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "other.db"
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.close()
    with pytest.raises(InputError, match="not ShareX's history"):
        FILES.read(path)


def test_entries_of_one_moment_keep_the_order_of_the_file(tmp_path: Path) -> None:
    items = [{**ITEM, "URL": f"https://i.imglink.cc/image-{number}.png"} for number in range(3)]
    imported = read(tmp_path, appended(*items))
    assert [each.id - EXPECTED.id for each in imported.entries] == [0, 1, 2]
    assert [each.image_id for each in imported.entries] == ["image-0", "image-1", "image-2"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"DateTime": "soon"}, "1 entry without a date was left out."),
        ({"DateTime": None}, "1 entry without a date was left out."),
        ({"URL": "ftp://i.imglink.cc/a.png", "ThumbnailURL": None}, "1 entry without a link was left out."),
        ({"URL": ["x"], "ThumbnailURL": {}, "Tags": 5}, "1 entry without a link was left out."),
    ],
)
def test_items_that_cannot_be_entries_are_counted(tmp_path: Path, fields: dict[str, Any], expected: str) -> None:
    imported = read(tmp_path, appended({**ITEM, **fields}))
    assert (imported.entries, [each.reason for each in imported.left_out]) == ((), [expected])


def test_a_time_without_a_zone_is_this_computers(tmp_path: Path) -> None:
    (entry,) = read(
        tmp_path, appended({**ITEM, "DateTime": "2026-03-01T13:00:00", "Tags": "{", "FileName": ""})
    ).entries
    local = datetime(2026, 3, 1, 13).astimezone()
    assert entry.uploaded_at == local
    assert (entry.file_name, entry.note) == ("firefox_abc.png", "")


@pytest.mark.parametrize(
    ("link", "image_id"),
    [
        ("https://i.imglink.cc/_RxgFRvwh9.png", "_RxgFRvwh9"),
        ("https://imglink.cc/cdn/a/-RxgFRvwh9.JPEG?x=1", "-RxgFRvwh9"),
        ("https://imglink.cc/i/_RxgFRvwh9", "_RxgFRvwh9"),
        ("http://127.0.0.1:8086/i/_RxgFRvwh9", "_RxgFRvwh9"),
        ("https://imglink.cc/dashboard", None),
        ("https://imglink.cc/", None),
        ("https://notimglink.cc/_RxgFRvwh9.png", None),
        ("https://imglink.cc.evil.org/_RxgFRvwh9.png", None),
        ("https://[imglink.cc/_RxgFRvwh9.png", None),
        ("https://imglink.cc/.png", None),
    ],
)
def test_only_links_of_the_service_are_its_images(link: str, image_id: str | None) -> None:
    assert find_id(link, HOSTS) == image_id
