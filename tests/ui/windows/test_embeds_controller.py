"""The window of the embed profiles over a real connection: to the demo server, and to one that answers anyhow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import httpx
import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QAbstractButton, QLabel, QWidget
from pytestqt.qtbot import QtBot

from app.api import Client
from app.core.base_url import parse_base_url
from app.core.clock import SystemClock
from app.core.errors import Cancelled, UserFacingError
from app.core.imglink import CredentialKind, EmbedFields, EmbedId, EmbedProfile, ImageId
from app.core.jobs import JobState
from app.demo import DemoServer
from app.services.account import AccountService, AccountStatus
from app.services.embeds import EmbedService
from app.services.jobs import Jobs
from app.services.observers import Observers
from app.settings.file import SettingsFile
from app.ui.bridge import Bridge
from app.ui.embeds_controller import EmbedParts, EmbedsController
from app.ui.embeds_window import EmbedsWindow
from app.ui.embeds_window.assign import AssignDialog
from app.ui.embeds_window.workflow_button import WorkflowButton
from app.ui.thumbnail_loader import ThumbnailLoader
from tests.ui.windows.answering import HTML, PAGE, Answering, Said, answering, said
from tests.unit.demo.conftest import NO_RATE_LIMITS, Site
from tests.unit.demo.plain_http import PlainHttp
from tests.unit.services.job_harness import MemoryJobStore
from tests.unit.services.known_images import KnownImages

pytestmark = [
    pytest.mark.qt_log_ignore("This plugin does not support", extend=True),
    pytest.mark.usefixtures("look"),
]

PROFILE = {"id": 5, "name": "Brand", "title": "Look", "color": "#ff5733"}
BRAND = EmbedProfile(EmbedId("5"), EmbedFields("Brand", "Look", color="#ff5733"))


@dataclass
class Account:
    """Whether somebody is signed in, as `AccountService` tells it."""

    token: str | None = "token.of.demo"
    observers: Observers[AccountStatus] = field(default_factory=Observers)

    @property
    def status(self) -> AccountStatus:
        return cast(AccountStatus, SimpleNamespace(token=SimpleNamespace(is_present=self.token is not None)))

    def subscribe(self, callback: Callable[[AccountStatus], None]) -> Callable[[], None]:
        return self.observers.subscribe(callback)


@dataclass
class Joined:
    controller: EmbedsController
    bridge: Bridge
    account: Account
    known: KnownImages
    settings: SettingsFile
    embeds: EmbedService
    errors: list[UserFacingError]
    qtbot: QtBot

    @property
    def window(self) -> EmbedsWindow:
        assert self.controller.window is not None
        return self.controller.window

    @property
    def dialog(self) -> AssignDialog:
        return self.controller.assigner.dialogs[0]

    def until(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=20_000)

    def sign(self, token: str | None) -> None:
        self.account.token = token
        self.bridge.call_soon(self.account.observers.notify, self.account.status)

    @property
    def words(self) -> str:
        return words_of(self.window)

    @property
    def names(self) -> list[str]:
        rows = self.window.list.list
        return [rows.item(row).text() for row in range(rows.count())]


def words_of(widget: QWidget) -> str:

    return "\n".join(each.text() for each in widget.findChildren(QLabel) if each.isVisible())


def press(widget: QWidget, text: str) -> None:
    visible = [b for b in widget.findChildren(QAbstractButton) if text in (b.text(), b.accessibleName())]
    button = next(b for b in visible if b.isVisible())
    assert button.isEnabled(), text
    button.click()


@contextmanager
def joined(qtbot: QtBot, url: str, folder: Path, *, token: str | None = "token.of.demo") -> Iterator[Joined]:
    bridge, owner, errors, account, known = Bridge(), QObject(), list[UserFacingError](), Account(token), KnownImages()
    settings = SettingsFile(folder / "settings.json", {})

    async def provide(kind: CredentialKind) -> str | None:
        return account.token if kind is CredentialKind.TOKEN else None

    client = Client(parse_base_url(url), provide)
    jobs = Jobs(client, MemoryJobStore(), known, SystemClock(), random=lambda: 0.0)
    embeds = EmbedService(client, known, jobs)
    bridge.start()
    bridge.submit(jobs.begin, owner=owner)
    controller = EmbedsController(bridge, settings, ThumbnailLoader(bridge, owner), errors.append, owner)
    parts = SimpleNamespace(embeds=embeds, jobs=jobs, account=cast(AccountService, account))
    controller.attach(cast(EmbedParts, parts), account.status)
    settings.subscribe(lambda _, new: bridge.post(controller.apply_settings, new))

    async def close() -> None:
        await jobs.stop()
        await client.close()

    try:
        yield Joined(controller, bridge, account, known, settings, embeds, errors, qtbot)
    finally:
        controller.close()
        bridge.stop(close)
        owner.deleteLater()
        bridge.deleteLater()


@pytest.fixture
def server() -> Iterator[Answering]:
    with answering() as running:
        yield running


@pytest.fixture
def site() -> Iterator[Site]:
    with DemoServer(limits=NO_RATE_LIMITS) as running:
        yield Site(running, PlainHttp(running.base_url))


# --- shapes -----------------------------------------------------------------------------------------------------------

SHAPES = {
    "bare": [PROFILE],
    "embeds": {"embeds": [PROFILE]},
    "profiles": {"profiles": [PROFILE]},
    "data": {"data": [PROFILE]},
    "data of embeds": {"success": True, "data": {"embeds": [PROFILE]}},
    "embed_profiles": {"embed_profiles": [PROFILE]},
    "id as text": {"embeds": [PROFILE | {"id": "5"}]},
    "camel case": {"embeds": [PROFILE | {"authorName": "", "siteName": ""}]},
    "each wrapped": {"embeds": [{"embed": PROFILE}]},
    "nulls and more": {"embeds": [PROFILE | {"description": None, "created": "2026", "images": [1]}], "page": 1},
    "one odd among them": {"embeds": [{"name": "no id"}, PROFILE]},
    "wrong types inside": {"embeds": [PROFILE | {"description": 5, "author_url": ["x"], "site_name": {}}]},
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_list_is_read_in_each_shape(qtbot: QtBot, server: Answering, tmp_path: Path, shape: str) -> None:
    server.answers["GET /api/embeds"] = said(SHAPES[shape])
    with joined(qtbot, server.url, tmp_path) as it:
        it.controller.present()
        it.until(lambda: it.names == ["Brand"])
        assert it.window.form.fields == BRAND.fields
        assert server.asked[0][2]["authorization"] == "Bearer token.of.demo"
        assert not any("x-api-key" in headers for _, _, headers in server.asked)


WRONG: dict[str, tuple[Said, str]] = {
    "html": (HTML, "HTTP 502"),
    "a hotel's page": (PAGE, "a web page came back"),
    "no json": (Said(b"{"), "cannot be read"),
    "a number": (said(5), "cannot be read"),
    "no list": (said({"embeds": "none"}), "cannot be read"),
    "nothing but oddities": (said([{"id": None}, "x"]), "cannot be read"),
    "empty body": (Said(b""), "cannot be read"),
    "success false": (said({"success": False, "error": "Out of order"}), "Out of order"),
    "401": (said({"error": "Token expired"}, 401), "session is over"),
    "403": (said({"error": "You are banned"}, 403), "banned"),
    "404": (said({"error": "Not found"}, 404), "not there"),
    "429": (said({"error": "Slow down"}, 429, Retry_After="7"), "7 seconds"),
    "500": (said({"error": "Oops"}, 500), "HTTP 500"),
    "elsewhere": (said({}, 302, Location="https://elsewhere.example/"), "elsewhere.example"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_with_the_list_is_said_and_another_try_helps(
    qtbot: QtBot, server: Answering, tmp_path: Path, case: str
) -> None:
    answer, words = WRONG[case]
    server.answers["GET /api/embeds"] = answer
    with joined(qtbot, server.url, tmp_path) as it:
        it.controller.present()
        it.until(lambda: words in it.words)
        server.answers["GET /api/embeds"] = said([PROFILE])
        # Whoever has to sign in is offered that, and everybody else another try.
        press(it.window, "Sign in…" if case in ("401", "403") else "Try again")
        it.until(lambda: it.names == ["Brand"])
        assert it.errors == []


@pytest.mark.parametrize("case", sorted(set(WRONG) - {"a number", "no list", "nothing but oddities"}))
@pytest.mark.parametrize("what", ["POST", "PUT"])
def test_what_is_wrong_with_saving_is_said_and_nothing_written_is_lost(
    qtbot: QtBot, server: Answering, tmp_path: Path, case: str, what: str
) -> None:
    answer, words = WRONG[case]
    if what == "PUT" and case == "empty body":
        answer, words = WRONG["500"]  # an empty answer to a change is fine
    server.answers |= {"GET /api/embeds": said([PROFILE]), "POST /api/embeds": answer, "PUT /api/embeds/5": answer}
    with joined(qtbot, server.url, tmp_path) as it:
        it.controller.present()
        it.until(lambda: it.names == ["Brand"])
        if what == "POST":
            it.window.start_new(EmbedFields("Another"))
        it.window.form.rows["title"].control.setText("Written")  # type: ignore[union-attr]  # a line
        press(it.window, "Save")
        it.until(lambda: words in it.window.form.refusal)
        assert it.window.form.fields.title == "Written"
        assert it.window.form.isEnabled()
        good = said({"embed": PROFILE | {"id": 6}})
        server.answers |= {"POST /api/embeds": good, "PUT /api/embeds/5": good}
        if case == "404" and what == "PUT":
            return  # it is gone there: kept here for a copy, and no save can help
        press(it.window, "Save")
        it.until(lambda: not it.window.is_changed)


@pytest.mark.parametrize("case", ["html", "401", "403", "429", "500"])
def test_what_is_wrong_with_deleting_is_said_and_the_profile_stays(
    qtbot: QtBot, server: Answering, tmp_path: Path, case: str
) -> None:
    server.answers |= {"GET /api/embeds": said([PROFILE]), "DELETE /api/embeds/5": WRONG[case][0]}
    with joined(qtbot, server.url, tmp_path) as it:
        it.controller.present()
        it.until(lambda: it.names == ["Brand"])
        press(it.window, "Delete…")
        it.until(lambda: it.window.question is not None)
        assert it.window.question is not None
        press(it.window.question, "Delete")
        it.until(lambda: WRONG[case][1] in it.words)
        assert it.names == ["Brand"]
        assert it.window.form.isEnabled()


# --- the account ------------------------------------------------------------------------------------------------------


def test_signed_out_nothing_is_asked_and_signing_in_shows_the_profiles(
    qtbot: QtBot, server: Answering, tmp_path: Path
) -> None:
    server.answers["GET /api/embeds"] = said([PROFILE])
    with joined(qtbot, server.url, tmp_path, token=None) as it:
        it.controller.present()
        it.until(lambda: "Your images, in your words" in it.words)
        it.controller.peek()
        assert server.asked == []
        it.sign("token.of.demo")
        it.until(lambda: it.names == ["Brand"])
        it.sign(None)
        it.until(lambda: "Your images, in your words" in it.words)
        assert it.controller.profiles == ()


def test_a_menu_knows_the_profiles_again_after_signing_out_and_in(
    qtbot: QtBot, server: Answering, tmp_path: Path
) -> None:
    server.answers["GET /api/embeds"] = said([PROFILE])
    with joined(qtbot, server.url, tmp_path) as it:
        told: list[tuple[EmbedProfile, ...]] = []
        it.controller.profiles_changed.connect(lambda profiles, _: told.append(profiles))
        it.controller.peek()
        it.until(lambda: bool(it.controller.profiles))
        it.sign(None)
        it.until(lambda: told[-1] == ())
        it.sign("token.of.demo")

        def are_known() -> bool:
            it.controller.peek()
            return told[-1] == (BRAND,)

        it.until(are_known)


def test_whoever_does_not_want_to_sign_in_is_left_alone(qtbot: QtBot, server: Answering, tmp_path: Path) -> None:
    with joined(qtbot, server.url, tmp_path, token=None) as it:

        async def declined() -> tuple[EmbedProfile, ...]:
            raise Cancelled

        it.embeds.list = declined  # type: ignore[method-assign]  # the gate, when the person closes its window
        it.controller.present()
        press(it.window, "Sign in…")
        it.until(lambda: "Your images, in your words" in it.words)
        assert it.errors == []


# --- the demo server --------------------------------------------------------------------------------------------------


def test_from_the_form_to_the_service_and_back(qtbot: QtBot, site: Site, tmp_path: Path) -> None:
    token = site.server.add_token(site.demo)
    with joined(qtbot, site.server.base_url, tmp_path, token=token) as it:
        it.controller.present()
        it.until(lambda: "No profiles yet" in it.words)
        it.window.start_new(EmbedFields("Brand", "Look", color="#ff5733"))
        press(it.window, "Save")
        it.until(lambda: it.names == ["Brand"] and not it.window.is_changed)
        with qtbot.waitSignal(it.controller.profiles_changed) as told:
            press(it.window, "Use for new uploads")
        assert told.args is not None
        embed_id = told.args[0][0].id
        assert (told.args[1], it.settings.settings.upload.options().embed) == (embed_id, embed_id)
        it.until(lambda: it.names == ["Brand · default"])
        press(it.window, "Delete…")
        it.until(lambda: it.window.question is not None)
        assert it.window.question is not None
        press(it.window.question, "Delete")
        it.until(lambda: "No profiles yet" in it.words)
        it.until(lambda: it.settings.settings.upload.embed == "")


def test_a_profile_that_was_deleted_elsewhere_is_not_given_to_new_uploads(
    qtbot: QtBot, site: Site, tmp_path: Path
) -> None:
    embed_id, token = site.embed(name="Brand"), site.server.add_token(site.demo)
    with joined(qtbot, site.server.base_url, tmp_path, token=token) as it:
        it.controller.set_default(EmbedId(str(embed_id)))
        it.until(lambda: it.settings.settings.upload.embed == str(embed_id))
        it.controller.present()
        it.until(lambda: it.names == ["Brand · default"])
        assert "not there any more" not in it.words
        address = f"{site.server.base_url}/api/embeds/{embed_id}"
        httpx.delete(address, headers={"Authorization": f"Bearer {token}"}).raise_for_status()
        it.controller.refresh()
        it.until(lambda: it.settings.settings.upload.embed == "")
        assert "The embed profile of new uploads is not there any more." in it.words


def test_a_profile_goes_to_130_images_and_is_taken_back(qtbot: QtBot, site: Site, tmp_path: Path) -> None:
    embed_id, image_ids = site.embed(name="Brand"), [ImageId(site.upload()) for _ in range(130)]
    token = site.server.add_token(site.demo)
    with joined(qtbot, site.server.base_url, tmp_path, token=token) as it:
        it.controller.choose_and_assign(image_ids)
        it.until(lambda: it.dialog.list.count() == 2)
        assert "130 images" in words_of(it.dialog)
        site.server.clear_requests()
        press(it.dialog, "Give it")
        it.until(lambda: bool(it.dialog.jobs) and it.dialog.jobs[0].state is JobState.FINISHED)
        assert [request.path for request in site.server.requests] == ["/api/images/bulk-embed"] * 2
        assert {image.embed_id for image in site.server.images()} == {embed_id}
        it.until(lambda: "130 of 130 images have “Brand” now" in words_of(it.dialog))
        press(it.dialog, "Undo")
        it.until(lambda: "Everything is as it was before" in words_of(it.dialog))
        assert {image.embed_id for image in site.server.images()} == {None}
        press(it.dialog, "Close")
        assert it.controller.assigner.dialogs == ()


def test_what_is_refused_is_listed_with_its_reason(qtbot: QtBot, site: Site, tmp_path: Path) -> None:
    embed_id, image_id = EmbedId(str(site.embed(name="Brand"))), ImageId(site.upload())
    token = site.server.add_token(site.demo)
    with joined(qtbot, site.server.base_url, tmp_path, token=token) as it:
        it.controller.assign([image_id, ImageId("absent0000")], embed_id)
        it.until(lambda: "1 of 2 images have “Brand” now" in words_of(it.dialog))
        assert it.dialog.failures.toPlainText().startswith("absent0000: ")
        it.dialog.close()


def test_the_chooser_says_why_there_is_nothing_to_choose(qtbot: QtBot, server: Answering, tmp_path: Path) -> None:
    server.answers["GET /api/embeds"] = said({"error": "Oops"}, 500)
    with joined(qtbot, server.url, tmp_path) as it:
        it.controller.choose_and_assign([ImageId("a")])
        it.until(lambda: "HTTP 500" in words_of(it.dialog))
        assert it.dialog.list.count() == 0
        it.dialog.close()


def test_a_workflow_keeps_its_profile_until_that_is_gone(qtbot: QtBot, site: Site, tmp_path: Path) -> None:
    embed_id, token = str(site.embed(name="Brand")), site.server.add_token(site.demo)
    with joined(qtbot, site.server.base_url, tmp_path, token=token) as it:
        it.controller.present()
        it.until(lambda: it.names == ["Brand"])
        it.window.workflow_toggled.emit("region", EmbedId(embed_id), True)
        it.until(lambda: it.settings.settings.upload.options("region").embed == embed_id)
        assert it.settings.settings.upload.options("screen").embed is None
        it.until(lambda: "For 1 key(s)" in {button.text() for button in it.window.findChildren(WorkflowButton)})
        it.window.workflow_toggled.emit("window", EmbedId(embed_id), True)
        it.window.workflow_toggled.emit("region", EmbedId(embed_id), False)
        it.until(lambda: dict(it.settings.settings.upload.workflow_embeds) == {"window": embed_id})
        press(it.window, "Delete…")
        it.until(lambda: it.window.question is not None)
        assert it.window.question is not None
        press(it.window.question, "Delete")
        it.until(lambda: not it.settings.settings.upload.workflow_embeds)
