"""Files that come by drop, paste or dialog: what is refused, and what was uploaded before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from app.core.errors import InputError
from app.core.history import EntryId, HistoryEntry
from app.core.imglink import Image, ImageId
from app.core.ports import Notice
from app.core.workflow import SourceKind
from app.services.incoming import Existing, OnDuplicate, Refused
from app.services.suite import Services
from app.settings import Settings
from app.settings.schema import Upload
from app.ui.files_controller import FilesController
from app.ui.on_demand import OnDemand
from app.ui.theme import Look
from tests.ui.windows.conftest import MakeItem
from tests.ui.windows.controllers import Joined, Noting, joined

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
ENTRY = HistoryEntry(
    EntryId(1_700_000_000_000_000), Image(ImageId("old"), "https://imglink.cc/cdn/old.png"), "a", SourceKind.FILE
)


class Incoming:
    """Every file is known already, but for those that are called otherwise."""

    def __init__(self, new: object) -> None:
        self.new = new
        self.asked: list[str] = []

    async def take_files(
        self, paths: Sequence[Path], kind: SourceKind, *, after: object, on_duplicate: OnDuplicate | None
    ) -> tuple[Any, ...]:
        taken: list[Any] = []
        for path in paths:
            if path.suffix == ".txt":
                taken.append(Refused(path.name, InputError("This is text.")))
            elif path.stem.startswith("known") and on_duplicate is not None:
                self.asked.append(path.name)
                taken.append(Existing(path.name, ENTRY) if await on_duplicate(path.name, ENTRY) else self.new)
            else:
                taken.append(self.new)
        return tuple(taken)


@contextmanager
def gathering() -> Iterator[SimpleNamespace]:
    yield SimpleNamespace(group=None)


class Bench:
    """The controller with what it needs, and what it said."""

    def __init__(self, it: Joined, make_item: MakeItem) -> None:
        self.settings = Settings()
        self.incoming = Incoming(make_item("new"))
        self.clipboard = Noting(copy_text=True)
        follow_ups = SimpleNamespace(gathering=gathering)
        services = SimpleNamespace(follow_ups=follow_ups, incoming=self.incoming, clipboard=self.clipboard)

        async def ready() -> Services:
            return cast(Services, services)

        self.controller = FilesController(
            it.bridge,
            ready,
            lambda: self.settings,
            OnDemand(lambda: it.window),
            lambda: None,
            it.errors.append,
            it.owner,
        )
        self.notices: list[Notice] = []
        self.refusals: list[str] = []
        self.controller.notice_wanted.connect(self.notices.append)
        self.controller.refused.connect(lambda all_: self.refusals.extend(each.name for each in all_))


@pytest.fixture
def bench(qtbot: QtBot, look: Look, make_item: MakeItem) -> Iterator[Bench]:
    with joined(qtbot) as it:
        yield Bench(it, make_item)


def answer(qtbot: QtBot, text: str) -> QMessageBox:
    def boxes() -> list[QMessageBox]:
        return [each for each in QApplication.topLevelWidgets() if isinstance(each, QMessageBox) and each.isVisible()]

    qtbot.waitUntil(lambda: bool(boxes()), timeout=5000)
    [box] = boxes()
    next(button for button in box.buttons() if button.text() == text).click()
    return box


def settled(qtbot: QtBot, happened: Callable[[], bool]) -> None:
    qtbot.waitUntil(happened, timeout=5000)


def test_the_link_of_what_is_there_already_is_copied(bench: Bench, qtbot: QtBot) -> None:
    bench.controller.upload_files([Path("known.png")])
    answer(qtbot, "Copy its link")
    settled(qtbot, lambda: bool(bench.notices))
    assert bench.clipboard.calls == [("copy_text", "https://imglink.cc/cdn/old.png")]
    assert bench.notices == [Notice("Link copied", "https://imglink.cc/cdn/old.png")]


def test_ten_known_files_are_one_question(bench: Bench, qtbot: QtBot) -> None:
    bench.controller.upload_files([Path(f"known{number}.png") for number in range(10)])
    answer(qtbot, "Copy its link")
    settled(qtbot, lambda: bool(bench.notices))
    assert len(bench.incoming.asked) == 10
    assert bench.notices[0].title == "Links copied"


def test_it_can_be_uploaded_again_all_the_same(bench: Bench, qtbot: QtBot) -> None:
    bench.controller.upload_files([Path("known.png"), Path("words.txt")])
    answer(qtbot, "Upload again")
    settled(qtbot, lambda: bench.refusals == ["words.txt"])
    assert (bench.clipboard.calls, bench.notices) == ([], [])


def test_beside_a_new_upload_the_old_link_is_told_and_leaves_the_clipboard_to_it(bench: Bench, qtbot: QtBot) -> None:
    bench.controller.upload_files([Path("known.png"), Path("new.png")])
    answer(qtbot, "Copy its link")
    settled(qtbot, lambda: bool(bench.notices))
    assert bench.clipboard.calls == []
    assert bench.notices[0].title == "Uploaded before"


def test_nobody_is_asked_where_the_settings_say_so(bench: Bench, qtbot: QtBot) -> None:
    bench.settings = Settings(upload=Upload(ask_duplicates=False))
    bench.controller.upload_files([Path("known.png"), Path("words.txt")])
    settled(qtbot, lambda: bench.refusals == ["words.txt"])
    assert bench.incoming.asked == []
