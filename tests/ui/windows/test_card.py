from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QEnterEvent, QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel
from pytestqt.qtbot import QtBot

from app.core.imglink import UploadOptions
from app.core.uploads import QueueMode, QueueState, UploadId, UploadState
from app.ui import card as card_module
from app.ui.card import MOST_CARDS, Card, CardStack
from app.ui.theme import Look
from tests.ui.windows.conftest import MakeItem

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)


@pytest.fixture
def stack(qtbot: QtBot, look: Look) -> Iterator[CardStack]:
    made = CardStack()
    yield made
    made.clear()
    made.deleteLater()


def buttons(card: Card) -> dict[str, QAbstractButton]:
    return {b.text(): b for b in card.findChildren(QAbstractButton) if b.isVisible() and b.text()}


def title(card: Card) -> str:
    return card.accessibleName().split(":")[0]


def test_a_card_follows_its_upload(stack: CardStack, make_item: MakeItem) -> None:
    stack.show_item(make_item("a", sent_bytes=1))
    [card] = stack.cards
    assert title(card) == "Uploading…"
    assert set(buttons(card)) == {"Cancel"}
    stack.update_item(make_item("a", UploadState.DONE))
    assert title(card) == "Uploaded"
    assert set(buttons(card)) == {"Copy link", "Open", "Delete"}
    stack.show_copied(UploadId("a"))
    assert title(card) == "Link copied"


def test_what_was_asked_to_go_without_an_account_is_never_offered_for_deletion(
    stack: CardStack, make_item: MakeItem
) -> None:
    stack.show_item(make_item("a", UploadState.DONE, options=UploadOptions(anonymous=True)))
    stack.show_item(make_item("b", UploadState.DONE))
    assert [set(buttons(card)) for card in stack.cards] == [{"Copy link", "Open"}, {"Copy link", "Open", "Delete"}]
    stack.forbid_deleting(UploadId("b"))
    assert set(buttons(stack.cards[1])) == {"Copy link", "Open"}


def test_trouble_says_why_and_leads_to_the_window(stack: CardStack, make_item: MakeItem, qtbot: QtBot) -> None:
    stack.show_item(make_item("a", UploadState.FAILED, reason="<b>Full</b>"))
    [card] = stack.cards
    assert "<b>Full</b>" in [label.text() for label in card.findChildren(QLabel) if label.isVisible()]
    with qtbot.waitSignal(stack.retry_requested, timeout=1000) as heard:
        buttons(card)["Try again"].click()
    assert heard.args == ["a"]
    with qtbot.waitSignal(stack.details_requested, timeout=1000):
        buttons(card)["Details"].click()


def test_what_the_queue_holds_back_is_not_said_to_be_uploading(
    stack: CardStack, make_item: MakeItem, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.show_item(make_item("sending"))
    stack.show_item(make_item("first", UploadState.QUEUED))
    later = datetime.now(UTC) + timedelta(minutes=20)
    stack.set_queue(QueueState(QueueMode.WAITING, "The server is down.", resume_at=later))
    stack.show_item(make_item("second", UploadState.QUEUED))
    sending, *held = stack.cards
    assert title(sending) == "Uploading…"
    for card in held:
        assert title(card).startswith("Next upload at ")
        assert "The server is down." in [label.text() for label in card.findChildren(QLabel) if label.isVisible()]
        assert set(buttons(card)) == {"Cancel", "Details"}
    # It goes on: progress is shown again, and the card stays for the outcome.
    stack.set_queue(QueueState(QueueMode.RUNNING))
    assert [title(card) for card in stack.cards] == ["Uploading…"] * 3
    assert not any(card._leave.isActive() for card in stack.cards)
    monkeypatch.setattr(card_module, "TROUBLE_MS", 1)
    stack.set_queue(QueueState(QueueMode.PAUSED))
    qtbot.waitUntil(lambda: stack.cards == (sending,), timeout=2000)


def test_it_never_takes_the_focus(stack: CardStack, make_item: MakeItem) -> None:
    stack.show_item(make_item("a", UploadState.DONE))
    [card] = stack.cards
    assert card.windowFlags() & Qt.WindowType.WindowDoesNotAcceptFocus
    assert card.testAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
    # A Mac would hide it while another program is the active one.
    assert card.testAttribute(Qt.WidgetAttribute.WA_MacAlwaysShowToolWindow)
    assert all(b.focusPolicy() is Qt.FocusPolicy.NoFocus for b in buttons(card).values())


def test_a_crowd_does_not_flicker(stack: CardStack, make_item: MakeItem) -> None:
    for number in range(200):
        stack.show_item(make_item(str(number), UploadState.QUEUED))
    assert [card.item.id for card in stack.cards] == [str(number) for number in range(MOST_CARDS)]
    stack.update_item(make_item("1", UploadState.DONE))
    stack.show_item(make_item("next"))
    assert [card.item.id for card in stack.cards] == ["0", "2", "3", "next"]


def test_cards_stack_upwards_on_the_screen_and_the_oldest_gives_way(stack: CardStack, make_item: MakeItem) -> None:
    names = [str(n) for n in range(MOST_CARDS + 1)]
    for name in names:
        stack.show_item(make_item(name, UploadState.DONE))
    assert [card.item.id for card in stack.cards] == names[1:]
    area = QGuiApplication.primaryScreen().availableGeometry()
    tops = [card.frameGeometry().top() for card in stack.cards]
    assert tops == sorted(tops)
    for lower, upper in zip(stack.cards[1:], stack.cards, strict=False):
        assert not lower.frameGeometry().intersects(upper.frameGeometry())
    assert all(area.contains(card.frameGeometry()) for card in stack.cards)
    stack.remove(UploadId("4"))
    assert stack.cards[-1].frameGeometry().bottom() > tops[-1]


def test_it_goes_away_by_itself_but_not_under_the_pointer_or_while_it_runs(
    stack: CardStack, make_item: MakeItem, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(card_module, "DONE_MS", 1)
    stack.show_item(make_item("runs"))
    stack.show_item(make_item("hovered", UploadState.DONE))
    hovered = stack.cards[1]
    QApplication.sendEvent(hovered, QEnterEvent(QPointF(), QPointF(), QPointF()))
    stack.show_item(make_item("goes", UploadState.DONE))
    qtbot.waitUntil(lambda: [card.item.id for card in stack.cards] == ["runs", "hovered"], timeout=2000)
    QApplication.sendEvent(hovered, QEvent(QEvent.Type.Leave))
    qtbot.waitUntil(lambda: [card.item.id for card in stack.cards] == ["runs"], timeout=2000)


def test_nothing_ticks_while_it_waits_for_an_upload(stack: CardStack, make_item: MakeItem) -> None:
    stack.show_item(make_item("a"))
    [card] = stack.cards
    assert not card._leave.isActive()
    assert not card._deletion.isActive()


def test_deleting_can_be_undone_while_the_card_is_there(stack: CardStack, make_item: MakeItem, qtbot: QtBot) -> None:
    stack.show_item(make_item("a", UploadState.DONE))
    [card] = stack.cards
    with qtbot.waitSignal(stack.delete_requested, timeout=1000) as heard:
        buttons(card)["Delete"].click()
    assert heard.args == ["a"]
    assert set(buttons(card)) == {"Undo"}
    with qtbot.waitSignal(stack.undo_requested, timeout=1000) as heard:
        buttons(card)["Undo"].click()
    assert heard.args == ["a"]
    assert set(buttons(card)) == {"Copy link", "Open", "Delete"}
    buttons(card)["Delete"].click()
    # One that is refused is as before.
    stack.keep(UploadId("a"))
    assert set(buttons(card)) == {"Copy link", "Open", "Delete"}
    buttons(card)["Delete"].click()
    with qtbot.assertNotEmitted(stack.undo_requested):
        card._deletion.timeout.emit()
    assert stack.cards == ()


def test_closing_the_card_does_not_take_back_a_deletion(stack: CardStack, make_item: MakeItem, qtbot: QtBot) -> None:
    stack.show_item(make_item("a", UploadState.DONE))
    [card] = stack.cards
    buttons(card)["Delete"].click()
    with qtbot.assertNotEmitted(stack.undo_requested):
        stack.remove(UploadId("a"))
