"""The window of the embed profiles by itself: the form, the card, and nothing written lost unasked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QListWidget, QMessageBox, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from app.core.imglink import EmbedFields, EmbedId, EmbedProfile
from app.ui.embeds_window import EmbedsWindow
from app.ui.embeds_window.card import DISCORD_DARK, DISCORD_LIGHT, DiscordCard
from app.ui.embeds_window.form import ColorRow
from app.ui.embeds_window.workflow_button import WorkflowButton
from app.ui.theme import Look, contrast

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)

BRAND = EmbedProfile(EmbedId("1"), EmbedFields("Brand", "Look", "At this", "#ff5733", "Ada", "https://e.cc/", "Site"))
OTHER = EmbedProfile(EmbedId("2"), EmbedFields("Other"))
EVERY_FIELD = ("name", "title", "description", "color", "author_name", "author_url", "site_name")


@pytest.fixture
def window(look: Look, qtbot: QtBot) -> Iterator[EmbedsWindow]:
    made = EmbedsWindow()
    made.set_profiles((BRAND, OTHER))
    made.show()
    yield made
    made.revert()
    made.close()
    made.deleteLater()


def control(window: EmbedsWindow, name: str) -> QLineEdit | QPlainTextEdit:
    return window.form.rows[name].control


def write(window: EmbedsWindow, name: str, text: str) -> None:
    field = control(window, name)
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)


def press(window: QWidget, text: str) -> None:
    button = next(b for b in window.findChildren(QAbstractButton) if text in (b.text(), b.accessibleName()))
    assert button.isEnabled(), text
    button.click()


def answer(window: EmbedsWindow, kind: QMessageBox.StandardButton) -> None:
    assert window.question is not None
    window.question.button(kind).click()


def seen(widget: QWidget) -> QImage:
    return widget.grab().toImage()


# --- the card ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in EVERY_FIELD if name not in ("name", "author_url")])
def test_the_card_changes_with_every_key(window: EmbedsWindow, name: str) -> None:
    card = window.preview.card
    pictures = [seen(card)]
    for text in ("#", "#0", "#00ff00") if name == "color" else ("W", "WW", "WWW"):
        write(window, name, text)
        pictures.append(seen(card))
    if name == "color":  # half a colour is none: the bar is as without
        assert pictures[1] == pictures[2]
        pictures.pop(1)
    assert all(before != after for before, after in pairwise(pictures))
    window.revert()
    assert seen(card) == pictures[0]


def test_the_bar_has_the_profiles_colour_and_the_link_above_is_blue(window: EmbedsWindow) -> None:
    picture = seen(window.preview.card)
    x, y = 17, picture.height() // 2
    assert picture.pixelColor(x, y).name() == "#ff5733"
    assert picture.pixelColor(x + 8, y).name() == DISCORD_DARK.card
    assert picture.pixelColor(4, y).name() == DISCORD_DARK.chat


def test_discords_light_look_does_not_depend_on_ours(window: EmbedsWindow) -> None:
    dark = seen(window.preview.card)
    press(window, "Light")
    light = seen(window.preview.card)
    assert light.pixelColor(4, 60).name() == DISCORD_LIGHT.chat
    assert light.pixelColor(25, light.height() // 2).name() == DISCORD_LIGHT.card
    press(window, "Dark")
    assert seen(window.preview.card) == dark


def test_all_its_texts_can_be_read_in_both_looks() -> None:
    for colors in (DISCORD_DARK, DISCORD_LIGHT):
        for text in (colors.header, colors.text, colors.muted, colors.link):
            assert contrast(text, colors.card) >= 4.5


def test_what_discord_cuts_makes_no_difference(window: EmbedsWindow) -> None:
    write(window, "title", "x" * 71)
    cut = seen(window.preview.card)
    write(window, "title", "x" * 90)
    assert seen(window.preview.card) == cut
    assert "67 characters" in window.form.rows["title"].note


def test_markup_is_shown_and_not_obeyed(qtbot: QtBot) -> None:
    card = DiscordCard()
    qtbot.addWidget(card)
    card.resize(464, 300)
    card.set_fields(EmbedFields("A", title="plain"))
    plain = seen(card)
    card.set_fields(EmbedFields("A", title="<b>plain</b>"))
    assert seen(card) != plain
    assert "<b>plain</b>" in card.accessibleDescription()


def test_it_grows_with_its_text_and_shrinks_with_the_window(qtbot: QtBot) -> None:
    card = DiscordCard()
    qtbot.addWidget(card)
    card.set_fields(EmbedFields("A", description="word " * 60))
    assert card.heightForWidth(240) > card.heightForWidth(464) > 0
    image = QImage(4000, 2000, QImage.Format.Format_RGB32)
    image.fill(QColor("teal"))
    before = card.heightForWidth(464)
    card.set_image(image)
    assert before + 200 < card.heightForWidth(464) < before + 240


def test_pictures_of_any_shape_are_borne(qtbot: QtBot) -> None:
    card = DiscordCard()
    qtbot.addWidget(card)
    card.resize(464, 400)
    for size in ((1, 1), (1, 9000), (9000, 1)):
        image = QImage(*size, QImage.Format.Format_RGB32)
        image.fill(QColor("teal"))
        card.set_image(image)
        assert not seen(card).isNull()


# --- the form ---------------------------------------------------------------------------------------------------------


def test_every_field_is_there_and_goes_out_as_written(window: EmbedsWindow, qtbot: QtBot) -> None:
    press(window, "New")
    texts = dict(zip(EVERY_FIELD, ("N", "T", "D", "#00ff00", "A", "https://e.cc/", "S"), strict=True))
    for name, text in texts.items():
        write(window, name, text)
    with qtbot.waitSignal(window.save_requested, timeout=1000) as asked:
        press(window, "Save")
    assert asked.args == [None, EmbedFields(**texts)]


def test_characters_are_counted_and_too_many_are_said_below_the_field(window: EmbedsWindow) -> None:
    row = window.form.rows["site_name"]
    row.control.setFocus()
    assert isinstance(row.control, QLineEdit)
    row.control.setText("x" * 254)
    assert (row.counter, row.problem != "") == ("254 / 253", True)
    assert "too long" in row.note
    assert row.control.property("wrong") == "true"
    assert row.control.accessibleDescription() == row.note


def test_what_is_wrong_cannot_be_saved_and_says_where(window: EmbedsWindow, qtbot: QtBot) -> None:
    write(window, "author_url", "example.com")
    with qtbot.assertNotEmitted(window.save_requested):
        window.save()
    assert "https://" in window.form.rows["author_url"].note
    assert window.form.rows["title"].note == ""


def test_a_colour_is_picked_and_a_pasted_one_is_tidied(window: EmbedsWindow) -> None:
    row = window.form.rows["color"]
    assert isinstance(row, ColorRow)
    row.pick()
    assert row.picker is not None
    row.picker.setCurrentColor(QColor("#123456"))
    assert row.text == "#123456"
    row.picker.reject()
    assert row.text == "#ff5733"
    row.pick()
    row.picker.setCurrentColor(QColor("#654321"))
    row.picker.accept()
    assert row.text == "#654321"
    write(window, "color", "ABC")
    QTest.keyClick(row.control, Qt.Key.Key_Return)
    assert row.text == "#aabbcc"


def test_a_refusal_stands_below_the_fields_until_something_changes(window: EmbedsWindow) -> None:
    write(window, "title", "New")
    press(window, "Save")
    window.show_refused("The server has trouble.")
    assert window.form.refusal == "The server has trouble."
    assert window.form.fields.title == "New"
    write(window, "title", "Newer")
    assert window.form.refusal == ""


# --- nothing lost -----------------------------------------------------------------------------------------------------


def test_going_to_another_profile_asks_about_changes(window: EmbedsWindow, qtbot: QtBot) -> None:
    write(window, "title", "New")
    window.list.list.setCurrentRow(1)
    assert window.form.fields.title == "New"
    answer(window, QMessageBox.StandardButton.Cancel)
    assert (window.form.fields.title, window.list.list.currentRow()) == ("New", 0)
    window.list.list.setCurrentRow(1)
    answer(window, QMessageBox.StandardButton.Discard)
    assert (window.form.fields, window.list.list.currentRow()) == (OTHER.fields, 1)


def test_saving_on_the_way_goes_on_when_it_is_saved(window: EmbedsWindow, qtbot: QtBot) -> None:
    write(window, "title", "New")
    window.list.list.setCurrentRow(1)
    with qtbot.waitSignal(window.save_requested, timeout=1000):
        answer(window, QMessageBox.StandardButton.Save)
    assert window.form.fields.title == "New"
    changed = replace(BRAND, fields=replace(BRAND.fields, title="New"))
    window.set_profiles((changed, OTHER))
    window.show_saved(changed)
    assert window.form.fields == OTHER.fields


def test_closing_asks_and_without_changes_it_does_not(window: EmbedsWindow) -> None:
    write(window, "name", "Else")
    window.close()
    assert window.isVisible()
    answer(window, QMessageBox.StandardButton.Discard)
    assert not window.isVisible()
    window.show()
    window.close()
    assert not window.isVisible()


def test_a_list_that_comes_meanwhile_leaves_what_is_written(window: EmbedsWindow) -> None:
    write(window, "title", "New")
    window.set_profiles((OTHER, BRAND))
    assert (window.form.fields.title, window.list.list.currentRow()) == ("New", 1)
    window.set_profiles((OTHER,))
    assert window.form.fields.title == "New"


def test_duplicating_begins_a_new_one(window: EmbedsWindow, qtbot: QtBot) -> None:
    press(window, "Duplicate")
    assert window.form.fields == replace(BRAND.fields, name="Brand (copy)")
    with qtbot.waitSignal(window.save_requested, timeout=1000) as asked:
        press(window, "Save")
    assert asked.args is not None
    assert asked.args[0] is None


@pytest.mark.parametrize(("uses", "words"), [(0, "No image"), (1, "One image"), (7, "7 images")])
def test_deleting_says_what_happens_to_images(window: EmbedsWindow, qtbot: QtBot, uses: int, words: str) -> None:
    with qtbot.waitSignal(window.delete_requested, timeout=1000) as asked:
        press(window, "Delete…")
    assert asked.args == [BRAND]
    window.confirm_delete(BRAND, uses)
    assert window.question is not None
    assert words in window.question.text()
    with qtbot.waitSignal(window.delete_confirmed, timeout=1000) as confirmed:
        press(window.question, "Delete")
    assert confirmed.args == ["1"]
    window.set_profiles((OTHER,))
    assert window.form.fields == OTHER.fields


# --- states -----------------------------------------------------------------------------------------------------------


def test_with_25_there_is_no_new_one(window: EmbedsWindow) -> None:
    window.set_profiles([EmbedProfile(EmbedId(str(n)), EmbedFields(f"P{n}")) for n in range(1, 26)])
    assert window.list.count.text() == "25 of 25"
    assert not window.list.new.isEnabled()
    assert not window.list.duplicate.isEnabled()
    window.start_new()
    assert window.form.fields.name == "P1"


def test_signed_out_it_shows_what_there_would_be_and_no_dead_controls(look: Look, qtbot: QtBot) -> None:
    window = EmbedsWindow()
    qtbot.addWidget(window)
    window.show_signed_out()
    window.show()
    shown = [each for each in window.findChildren(QAbstractButton) if each.isVisible()]
    assert [each.text() for each in shown] == ["Sign in…"]
    with qtbot.waitSignal(window.sign_in_requested, timeout=1000):
        shown[0].click()
    assert any(card.isVisible() for card in window.findChildren(DiscordCard))


def test_without_any_it_offers_to_make_the_first(look: Look, qtbot: QtBot) -> None:
    window = EmbedsWindow()
    qtbot.addWidget(window)
    window.set_profiles(())
    window.show()
    press(window, "Make the first one")
    assert window.form.isVisible()
    assert control(window, "name").hasFocus() or window.focusWidget() is control(window, "name")
    window.revert()
    assert not window.form.isVisible()


def test_trouble_with_nothing_to_show_offers_another_try(look: Look, qtbot: QtBot) -> None:
    window = EmbedsWindow()
    qtbot.addWidget(window)
    window.show_failure("No network.")
    window.show()
    with qtbot.waitSignal(window.refresh_requested, timeout=1000):
        press(window, "Try again")


def test_the_default_is_marked_and_chosen_with_a_switch(window: EmbedsWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.default_chosen, timeout=1000) as chosen:
        press(window, "Use for new uploads")
    assert chosen.args == ["1"]
    window.set_default(EmbedId("1"))
    assert window.list.list.item(0).text() == "Brand · default"
    with qtbot.waitSignal(window.default_chosen, timeout=1000) as chosen:
        press(window, "Use for new uploads")
    assert chosen.args == [None]


def test_single_workflows_can_have_a_profile_of_their_own(window: EmbedsWindow, qtbot: QtBot) -> None:
    chooser = window.findChildren(WorkflowButton)[0]
    entries = {action.text(): action for action in chooser.menu().actions()}
    assert "Capture region" in entries
    assert "Upload from clipboard" not in entries
    with qtbot.waitSignal(window.workflow_toggled, timeout=1000) as toggled:
        entries["Capture region"].trigger()
    assert toggled.args == ["region", "1", True]
    window.set_default(None, {"region": "1", "window": "2"})
    assert [text for text, action in entries.items() if action.isChecked()] == ["Capture region"]
    with qtbot.waitSignal(window.workflow_toggled, timeout=1000) as toggled:
        entries["Capture region"].trigger()
    assert toggled.args == ["region", "1", False]


def test_every_control_has_a_name_and_can_be_reached_by_keyboard(window: EmbedsWindow) -> None:
    kinds = (QAbstractButton, QLineEdit, QPlainTextEdit, QComboBox, QListWidget)
    for kind in kinds:
        for each in window.findChildren(kind):
            if each.isVisible():
                text = each.text() if isinstance(each, QAbstractButton) else ""
                assert each.accessibleName() or text, each
                assert each.focusPolicy() & Qt.FocusPolicy.TabFocus, each
    area = control(window, "description")
    area.setFocus()
    QTest.keyClick(area, Qt.Key.Key_Tab)
    assert window.focusWidget() is not area
