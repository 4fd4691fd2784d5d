"""The albums over a real connection: to the demo server, and to one that answers anyhow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QLineEdit, QMessageBox, QPlainTextEdit
from pytestqt.qtbot import QtBot

from app.core.history import EntryId, HistoryEntry
from app.core.imglink import Album, AlbumId, CredentialKind, Image, ImageId
from app.core.jobs import JobState
from app.core.workflow import SourceKind
from app.demo import DEMO_API_KEY, DEMO_USER, DemoLimits, DemoServer
from app.demo.faults import Fault
from app.services.sign_in import SignInReason
from app.ui.albums_window.edit_dialog import EditDialog
from app.ui.albums_window.picker import Picker
from tests.ui.windows.albums_bench import Joined, drop, joined, press, words_of
from tests.ui.windows.answering import HTML, PAGE, Answering, Said, answering, said
from tests.unit.demo.plain_http import PlainHttp, multipart, picture

pytestmark = [
    pytest.mark.qt_log_ignore("This plugin does not support", extend=True),
    pytest.mark.usefixtures("look"),
]

HOLIDAY = {"id": "a1", "title": "Holiday", "isPublic": True, "imageCount": 1}
BUGS = {"id": 7, "title": "Bugs", "is_public": False, "image_count": 0}
IMAGE = {"id": "_RxgFRvwh9", "url": "https://i.example/_RxgFRvwh9.png", "viewer": "https://example/v/_RxgFRvwh9"}
_TOKEN = CredentialKind.TOKEN
LIST, ALBUM = "GET /api/albums", "GET /api/albums/a1"


@pytest.fixture
def server() -> Iterator[Answering]:
    with answering() as it:
        it.answers[LIST] = said({"albums": [HOLIDAY, BUGS]})
        it.answers[ALBUM] = said({"album": {**HOLIDAY, "images": [IMAGE]}})
        it.answers["GET /api/albums/7"] = said({"album": {**BUGS, "images": []}})
        yield it


@pytest.fixture
def it(qtbot: QtBot, server: Answering, tmp_path: Path) -> Iterator[Joined]:
    with joined(qtbot, server.url, tmp_path) as made:
        yield made


# --- shapes and wrong answers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        [HOLIDAY, BUGS],
        {"albums": [HOLIDAY, BUGS]},
        {"data": [HOLIDAY, BUGS]},
        {"success": True, "data": {"albums": [HOLIDAY, BUGS]}},
        [{**HOLIDAY, "new": {"field": []}}, {"garbage": True}, BUGS],
    ],
)
def test_the_albums_are_shown_in_whatever_shape_they_come(it: Joined, server: Answering, answer: object) -> None:
    server.answers[LIST] = said(answer)
    it.present()
    it.until(lambda: it.titles == ["Holiday", "Bugs"] and bool(it.shown))
    assert [album.is_public for album in it.window.list.albums] == [True, False]
    assert "1 image · Public" in it.words


@pytest.mark.parametrize(
    "answer",
    [
        {"album": {**HOLIDAY, "images": [IMAGE]}},
        {**HOLIDAY, "images": [IMAGE]},
        {"data": {**HOLIDAY, "images": [IMAGE]}},
        {"album": HOLIDAY, "images": [IMAGE]},
    ],
)
def test_an_album_is_shown_in_whatever_shape_it_comes(it: Joined, server: Answering, answer: object) -> None:
    server.answers[ALBUM] = said(answer)
    it.present()
    it.until(lambda: it.shown == ["_RxgFRvwh9"])


WRONG = {
    "missing fields": said({"albums": [{}]}),
    "wrong types": said({"albums": [{"id": [], "title": {}}]}),
    "no list": said({"albums": "none"}),
    "nothing": Said(b""),
    "not JSON": Said(b'{"albums": ['),
    "success: false": said({"success": False, "error": "The database sleeps"}),
    "a page": PAGE,
    "a bad gateway": HTML,
    "403": said({"error": "You are banned"}, 403),
    "404": said({"error": "Not found"}, 404),
    "429": said({"error": "Slow down"}, 429, Retry_After="30"),
    "500": said({"error": "Oops"}, 500),
}


@pytest.mark.parametrize("answer", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_list_is_told_and_can_be_read_again(it: Joined, server: Answering, answer: Said) -> None:
    good, server.answers[LIST] = server.answers[LIST], answer
    it.present()
    it.until(lambda: "The albums could not be read" in it.words)
    assert "Could not list the albums" in it.words
    server.answers[LIST] = good
    press(it.window, "Try again")
    it.until(lambda: it.titles == ["Holiday", "Bugs"] and bool(it.shown))
    server.answers[LIST] = answer
    press(it.window, "Read them again")
    it.until(lambda: "Could not list the albums" in it.words)
    assert it.titles == ["Holiday", "Bugs"]
    assert it.shown == ["_RxgFRvwh9"]


@pytest.mark.parametrize("answer", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_album_is_told_and_the_others_stay_usable(it: Joined, server: Answering, answer: Said) -> None:
    good, server.answers[ALBUM] = server.answers[ALBUM], answer
    if answer is WRONG["missing fields"] or answer is WRONG["wrong types"]:
        server.answers[ALBUM] = said({"album": json.loads(answer.body)["albums"][0]})
    it.present()
    if answer is WRONG["404"]:
        it.until(lambda: it.titles == ["Bugs"])
    else:
        it.until(lambda: "The album could not be read" in it.words)
        assert "Could not read the album" in it.words
    it.window.list.choose("7")
    it.until(lambda: "Nothing in here yet" in it.words)
    if answer is not WRONG["404"]:
        server.answers[ALBUM] = good
        it.window.list.choose("a1")
        it.until(lambda: it.shown == ["_RxgFRvwh9"])
    assert it.errors == []


@pytest.mark.parametrize("answer", WRONG.values(), ids=WRONG.keys())
def test_wrong_answers_to_a_change_leave_what_was_entered(it: Joined, server: Answering, answer: Said) -> None:
    server.answers["POST /api/albums"] = answer
    it.present()
    it.until(lambda: bool(it.shown))
    press(it.window, "New album")
    dialog = it.window.dialog
    assert dialog is not None
    dialog.findChildren(QLineEdit)[0].setText("Norway")
    press(dialog, "Create")
    it.until(lambda: "Could not create the album" in words_of(dialog))
    assert dialog.findChildren(QLineEdit)[0].text() == "Norway"
    server.answers["POST /api/albums"] = said({"id": "n1"}, 201)
    server.answers["GET /api/albums/n1"] = said({"id": "n1", "title": "Norway", "images": []})
    press(dialog, "Create")
    it.until(lambda: it.titles[:1] == ["Norway"] and it.window.current_id == "n1" and it.window.dialog is None)


# --- the account ------------------------------------------------------------------------------------------------------


def test_a_signed_out_person_sees_what_there_would_be_and_nothing_is_asked(
    qtbot: QtBot, server: Answering, tmp_path: Path
) -> None:
    with joined(qtbot, server.url, tmp_path, token=None) as it:
        it.controller.peek()
        it.present()
        assert "Your images, put together" in it.words
        assert server.asked == []
        press(it.window, "Sign in…")
        it.until(lambda: bool(it.person.asked))
        it.until(lambda: "Your images, put together" in it.words)
        it.person.tokens.append("a.new.token")
        press(it.window, "Sign in…")
        it.until(lambda: it.titles == ["Holiday", "Bugs"] and bool(it.shown))
        it.run(lambda: it.account.remove(_TOKEN))
        it.until(lambda: "Your images, put together" in it.words)
        assert it.controller.albums == ()


def test_a_menu_knows_the_albums_again_after_signing_out_and_in(it: Joined) -> None:
    told: list[tuple[Album, ...]] = []
    it.controller.albums_changed.connect(lambda albums, _: told.append(albums))
    it.controller.peek()
    it.until(lambda: bool(it.controller.albums))
    it.run(lambda: it.account.remove(_TOKEN))
    it.until(lambda: told[-1] == ())
    it.run(lambda: it.account.set_token("a.new.token"))

    def are_known() -> bool:
        it.controller.peek()
        return [album.title for album in told[-1]] == ["Holiday", "Bugs"]

    it.until(are_known)


def test_a_refused_session_asks_once_and_goes_on(it: Joined, server: Answering) -> None:
    good, server.answers[LIST] = server.answers[LIST], said({"error": "Session expired"}, 401)
    it.present()
    it.until(lambda: it.person.asked == [SignInReason.REFUSED])
    it.until(lambda: "Your images, put together" in it.words)
    server.answers[LIST] = good
    press(it.window, "Sign in…")
    it.until(lambda: bool(it.shown))


# --- all of it, with the demo server ----------------------------------------------------------------------------------


@pytest.fixture
def demo() -> Iterator[DemoServer]:
    with DemoServer(limits=DemoLimits(uploads_per_hour=1000, requests_per_minute=5000)) as running:
        yield running


@pytest.fixture
def full(qtbot: QtBot, demo: DemoServer, tmp_path: Path) -> Iterator[Joined]:
    """Twelve images in the history, and an album."""
    token = demo.add_token(demo.user(DEMO_USER))
    with joined(qtbot, demo.base_url, tmp_path, token=token) as made:
        body, content_type = multipart([(f"{number}.png", picture(8, 8)) for number in range(12)])
        headers = {"X-API-Key": DEMO_API_KEY, "Content-Type": content_type}
        images = PlainHttp(demo.base_url)("POST", "/api/v1/upload", headers, body=body).json()["images"]
        entries = [entry(number + 1, image) for number, image in enumerate(images)]
        made.run(lambda: made.store.history.merge(entries))
        make(made, "Holiday")
        yield made


def entry(number: int, image: dict[str, Any]) -> HistoryEntry:
    known = Image(ImageId(image["id"]), image["url"], viewer=image["viewer"])
    return HistoryEntry(EntryId(number), known, f"shot-{number}.png", SourceKind.FILE)


def make(it: Joined, title: str) -> None:
    it.present()
    it.until(lambda: any(text in it.words for text in ("No albums yet", "Albums\n")))
    it.window.start_new()
    dialog = it.window.dialog
    assert dialog is not None
    dialog.findChildren(QLineEdit)[0].setText(title)
    press(dialog, "Create")
    it.until(
        lambda: it.window.dialog is None and it.window.page.album is not None and it.window.page.album.title == title
    )
    it.until(lambda: "Nothing in here yet" in it.words)


def images_of(it: Joined) -> list[ImageId]:
    ids = it.run(it.history.outline)
    return [each.image_id for each in it.run(lambda: it.history.entries(ids))]


def test_dropped_images_go_into_the_album_and_come_out_again(full: Joined) -> None:
    ids = images_of(full)
    assert drop(full.window.page._empty.grid, QPointF(40, 40), ids[:5])
    full.until(lambda: full.shown == ids[:5] and "Added to “Holiday”: 5 images" in full.words)
    names = [tile.name for tile in full.window.page.grid.tiles]
    assert names == [f"shot-{number}.png" for number in (12, 11, 10, 9, 8)]
    full.window.page.grid.select([ids[0], ids[1]])
    assert "2 images selected" in full.words
    press(full.window, "Remove from album")
    full.until(lambda: full.shown == ids[2:5] and "Removed from “Holiday”: 2 images" in full.words)
    undo = next(bar for bar in full.window.job_bars if bar.job is not None and "Removed" in words_of(bar))
    press(undo, "Undo")
    full.until(lambda: sorted(full.shown) == sorted(ids[:5]))
    assert full.errors == []


def test_images_dropped_on_another_album_go_there(full: Joined) -> None:
    make(full, "Bugs")
    ids = images_of(full)
    rows = {album.title: row for row, album in enumerate(full.window.list.albums)}
    view = full.window.list
    place = QPointF(view.visualRect(view.model().index(rows["Holiday"], 0)).center())
    assert drop(view, place, ids[:2])
    full.until(lambda: "Added to “Holiday”: 2 images" in full.words)
    assert full.window.page.album is not None
    assert full.window.page.album.title == "Bugs"
    assert full.shown == []
    full.until(lambda: view.albums[rows["Holiday"]].image_count == 2)
    assert not drop(view, QPointF(20, view.viewport().height() - 3), ids[:1])


def open_picker(it: Joined) -> Picker:
    press(it.window, "Add images…")
    picker = it.window.picker
    assert picker is not None
    it.until(lambda: len(picker.grid.tiles) == 12)
    return picker


def test_images_are_picked_from_the_history_by_search(full: Joined) -> None:
    picker = open_picker(full)
    ids = images_of(full)
    picker.grid.select([ids[3]])
    picker.findChildren(QLineEdit)[0].setText("shot-12")
    full.until(lambda: [tile.name for tile in picker.grid.tiles] == ["shot-12.png"])
    picker.grid.select([ids[0]])
    assert picker.picked_ids == [ids[3], ids[0]]
    press(picker, "Add 2 images")
    full.until(lambda: sorted(full.shown) == sorted([ids[0], ids[3]]))
    picker = open_picker(full)
    assert [tile.id for tile in picker.grid.tiles if tile.mark] == [ids[0], ids[3]]
    picker.reject()


def test_many_that_are_gone_neither_hide_the_rest_nor_are_asked_for_without_end(
    full: Joined, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.ui.album_images._PORTION", 3)
    ids = images_of(full)
    full.run(lambda: full.store.history.mark_gone(ids[:7]))
    asked: list[int] = []
    full.window.entries_requested.connect(lambda _, count: asked.append(count))
    press(full.window, "Add images…")
    picker = full.window.picker
    assert picker is not None
    full.until(lambda: [tile.id for tile in picker.grid.tiles] == ids[7:])
    # Each answer brought something new, until there was no more.
    assert asked == sorted(set(asked))
    picker.reject()


def test_a_session_that_lapses_in_the_middle_is_asked_for_once_and_the_job_goes_on(
    full: Joined, demo: DemoServer
) -> None:
    ids = images_of(full)
    full.person.tokens.append(demo.add_token(demo.user(DEMO_USER)))
    demo.faults.add(Fault.slow(0).on("POST", "*/images", times=3), Fault.error(401).on("POST", "*/images", times=1))
    full.controller.add_images(full.controller.albums[0].id, ids)
    full.until(lambda: len(full.shown) == 12)
    assert len(full.person.asked) == 1


def test_a_job_waits_for_a_person_who_does_not_sign_in_and_goes_on_when_they_do(full: Joined, demo: DemoServer) -> None:
    ids = images_of(full)
    demo.faults.add(Fault.slow(0).on("POST", "*/images", times=3), Fault.error(401).on("POST", "*/images", times=1))
    full.controller.add_images(full.controller.albums[0].id, ids)
    full.until(lambda: "Adding to “Holiday”: 3 of 12" in full.words and "signed in" in full.words)
    [bar] = full.window.job_bars
    full.person.tokens.append(demo.add_token(demo.user(DEMO_USER)))
    press(bar, "Sign in…")
    full.until(lambda: len(full.shown) == 12)


def test_refusals_are_shown_with_their_reasons_and_tried_again(full: Joined, demo: DemoServer) -> None:
    ids = images_of(full)
    demo.faults.add(Fault.error(403, "Not this one").on("POST", "*/images", times=2))
    full.controller.add_images(full.controller.albums[0].id, ids)
    full.until(lambda: "2 of 12 could not be added to “Holiday”" in full.words)
    [bar] = full.window.job_bars
    press(bar, "Why?")
    assert "Not this one" in words_of(bar)
    assert f"2 images: {ids[0]}, {ids[1]}" in words_of(bar)
    press(bar, "Try again")
    full.until(lambda: len(full.shown) == 12 and "Added to “Holiday”: 12 images" in full.words)


def test_a_job_is_cancelled_and_taken_up_again(full: Joined, demo: DemoServer) -> None:
    ids = images_of(full)
    slow = Fault.error(429, "Slow down", retry_after="600").on("POST", "*/images")
    demo.faults.add(Fault.slow(0).on("POST", "*/images", times=4), slow)
    full.controller.add_images(full.controller.albums[0].id, ids)
    full.until(lambda: "It goes on by itself at" in full.words)
    [bar] = full.window.job_bars
    press(bar, "Cancel")
    full.until(lambda: full.job.state is JobState.CANCELLED)
    full.until(lambda: "Cancelled: 4 of 12" in full.words)
    press(bar, "Dismiss")
    full.until(lambda: full.window.job_bars == ())


def test_the_album_for_new_captures_is_kept_in_the_settings_until_it_is_deleted(full: Joined) -> None:
    told: list[tuple[Any, Any]] = []
    full.controller.albums_changed.connect(lambda albums, default: told.append((albums, default)))
    album = full.controller.albums[0]
    press(full.window, "New captures go to this album")
    full.until(lambda: full.settings.settings.upload.album == album.id)
    assert full.settings.settings.upload.options().album == album.id
    full.until(lambda: bool(told) and told[-1] == ((album,), album.id))
    press(full.window, "Delete…")
    [box] = full.window.findChildren(QMessageBox)
    assert "Its images stay" in box.text()
    press(box, "Delete album")
    full.until(lambda: "No albums yet" in full.words and full.settings.settings.upload.album == "")


def test_an_album_is_edited_and_a_password_set_and_removed(full: Joined) -> None:
    press(full.window, "Edit…")
    dialog = full.window.dialog
    assert isinstance(dialog, EditDialog)
    title, password = dialog.findChildren(QLineEdit)
    title.setText("Norway")
    dialog.findChildren(QPlainTextEdit)[0].setPlainText("By the sea")
    password.setText("open sesame")
    press(dialog, "Show the password")
    assert password.echoMode() is QLineEdit.EchoMode.Normal
    press(dialog, "Save")
    full.until(lambda: full.titles == ["Norway"] and "With a password" in full.words and full.window.dialog is None)
    assert "By the sea" in full.words
    press(full.window, "Edit…")
    dialog = full.window.dialog
    assert dialog is not None
    press(dialog, "Remove the password")
    press(dialog, "Save")
    full.until(lambda: "0 images · Public" in full.words and full.window.dialog is None)


def test_links_are_copied_and_a_clipboard_that_refuses_is_told(full: Joined) -> None:
    ids = images_of(full)
    full.controller.add_images(full.controller.albums[0].id, ids[:2])
    full.until(lambda: len(full.shown) == 2)
    full.window.page.grid.selectAll()
    press(full.window, "Copy links")
    full.until(lambda: len(full.clipboard.texts) == 1)
    assert [line.rsplit("/", 1)[-1] for line in full.clipboard.texts[0].splitlines()] == ids[:2]
    full.clipboard.works = False
    press(full.window, "Copy album link")
    full.until(lambda: "The clipboard did not take the link" in full.words)
    assert full.clipboard.texts[1] == full.controller.albums[0].url


def test_images_selected_elsewhere_go_into_the_album_that_is_chosen(full: Joined) -> None:
    ids = images_of(full)
    full.controller.choose_and_add(ids[:3])
    full.until(lambda: full.controller.chooser is not None)
    chooser = full.controller.chooser
    assert chooser is not None
    assert "Add 3 images to which album?" in words_of(chooser)
    press(chooser, "Add")
    full.until(lambda: len(full.shown) == 3)
    assert full.controller.chooser is None


def test_an_album_of_many_images_is_filled_while_the_window_is_used(full: Joined) -> None:
    album = full.controller.albums[0]
    ids = images_of(full)
    full.controller.add_images(AlbumId(album.id), [*ids, *(ImageId(f"nobodys-{n}") for n in range(30))])
    full.until(lambda: "30 of 42 could not be added" in full.words and len(full.shown) == 12)
