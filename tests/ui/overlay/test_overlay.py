"""The overlay as the capture workflow uses it, on one screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QGuiApplication, QImage, QKeyEvent, QRegion
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from app.core.errors import UserFacingError
from app.core.geometry import Rect
from app.core.ports import Selection
from app.core.screen import Desktop, Monitor
from app.core.workflow import SourceKind
from app.ui.overlay import Overlay, style, window
from app.ui.overlay import painter as painter_module
from app.ui.overlay.picture import Picture
from app.ui.overlay.screens import rects_of
from tests.ui.overlay.frames import desktop_of
from tests.ui.overlay.frames import window as a_window

TERMINAL = a_window("Terminal", Rect(100, 100, 200, 150))
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


class Hands:
    """Opens the overlay and does to it what a person would."""

    def __init__(self, overlay: Overlay, qtbot: QtBot) -> None:
        self.overlay, self.qtbot = overlay, qtbot
        self.answers: list[Selection | None] = []

    def open(
        self,
        *,
        colour: tuple[int, int, int] = (200, 90, 40),
        windows_only: bool = False,
        last_region: Rect | None = None,
    ) -> window.OverlayWindow:
        with self.qtbot.waitSignal(self.overlay.shown):
            self.overlay.select(
                self.desktop(colour), windows_only=windows_only, last_region=last_region, on_done=self.answers.append
            )
        return self.window

    @staticmethod
    def desktop(colour: tuple[int, int, int] = (200, 90, 40)) -> Desktop:
        size = QGuiApplication.primaryScreen().size()
        return desktop_of(Monitor(1, "", Rect(0, 0, size.width(), size.height())), colour=colour, windows=(TERMINAL,))

    @property
    def window(self) -> window.OverlayWindow:
        shown = [each for each in QApplication.topLevelWidgets() if isinstance(each, window.OverlayWindow)]
        return next(each for each in shown if each.isVisible())

    def drag(self, start: tuple[int, int], end: tuple[int, int], keys: Qt.KeyboardModifier | None = None) -> None:
        keys = keys or Qt.KeyboardModifier.NoModifier
        surface = self.window
        QTest.mousePress(surface, Qt.MouseButton.LeftButton, keys, QPoint(*start))
        QTest.mouseMove(surface, QPoint(*end))
        if surface.isVisible():
            QTest.mouseRelease(surface, Qt.MouseButton.LeftButton, keys, QPoint(*end))

    def key(self, key: Qt.Key, keys: Qt.KeyboardModifier | None = None) -> None:
        QTest.keyClick(self.window, key, keys or Qt.KeyboardModifier.NoModifier)

    def on_screen(self) -> QImage:
        QApplication.processEvents()
        return QGuiApplication.primaryScreen().grabWindow(0).toImage()


@pytest.fixture
def hands(qtbot: QtBot) -> Iterator[Hands]:
    overlay = Overlay()
    yield Hands(overlay, qtbot)
    overlay.close()


def test_a_drag_is_answered_once_with_the_region(hands: Hands) -> None:
    hands.open()
    hands.drag((300, 200), (499, 349))
    assert hands.answers == [Selection(Rect(300, 200, 200, 150), SourceKind.REGION)]
    assert not hands.overlay.is_active


def test_a_click_takes_the_window_under_the_pointer(hands: Hands) -> None:
    surface = hands.open()
    QTest.mouseClick(surface, Qt.MouseButton.LeftButton, pos=QPoint(150, 150))
    assert hands.answers == [Selection(TERMINAL.rect_px, SourceKind.WINDOW, "Terminal", TERMINAL.id)]


def test_escape_cancels(hands: Hands) -> None:
    hands.open()
    hands.key(Qt.Key.Key_Escape)
    assert hands.answers == [None]


def test_the_right_button_cancels_when_it_comes_up(hands: Hands) -> None:
    surface = hands.open()
    QTest.mousePress(surface, Qt.MouseButton.RightButton, pos=QPoint(10, 10))
    assert hands.answers == []
    QTest.mouseRelease(surface, Qt.MouseButton.RightButton, pos=QPoint(10, 10))
    assert hands.answers == [None]


def test_closing_the_window_from_outside_cancels(hands: Hands) -> None:
    hands.open().close()
    assert hands.answers == [None]
    assert not hands.overlay.is_active


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (Qt.Key.Key_1, SourceKind.MONITOR),
        (Qt.Key.Key_F, SourceKind.SCREEN),
        (Qt.Key.Key_L, SourceKind.REGION),
    ],
)
def test_one_key_takes_a_whole_thing(hands: Hands, key: Qt.Key, kind: SourceKind) -> None:
    surface = hands.open(last_region=Rect(5, 6, 70, 80))
    size = Rect(0, 0, surface.width(), surface.height())
    hands.key(key)
    expected = Rect(5, 6, 70, 80) if kind is SourceKind.REGION else size
    assert hands.answers == [Selection(expected, kind)]


@pytest.mark.parametrize("key", [Qt.Key.Key_4, Qt.Key.Key_1, Qt.Key.Key_F, Qt.Key.Key_L])
def test_a_hotkey_pressed_again_takes_nothing(hands: Hands, key: Qt.Key) -> None:
    hands.open(last_region=Rect(5, 6, 70, 80))
    hands.key(key, CTRL | SHIFT)
    assert hands.overlay.is_active
    assert hands.answers == []


def test_the_keyboard_alone_draws_a_region(hands: Hands) -> None:
    surface = hands.open()
    QTest.mouseMove(surface, QPoint(400, 300))
    hands.key(Qt.Key.Key_Left)
    hands.key(Qt.Key.Key_Up, SHIFT)
    hands.key(Qt.Key.Key_Return)
    for _ in range(2):
        hands.key(Qt.Key.Key_Right, SHIFT)
    hands.key(Qt.Key.Key_Down)
    hands.key(Qt.Key.Key_Return)
    assert hands.answers == [Selection(Rect(399, 290, 21, 2), SourceKind.REGION)]


def test_space_takes_the_window_under_the_pointer(hands: Hands) -> None:
    surface = hands.open()
    QTest.mouseMove(surface, QPoint(150, 150))
    hands.key(Qt.Key.Key_Space)
    assert hands.answers == [Selection(TERMINAL.rect_px, SourceKind.WINDOW, "Terminal", TERMINAL.id)]


def test_space_moves_while_dragging(hands: Hands) -> None:
    surface = hands.open()
    QTest.mousePress(surface, Qt.MouseButton.LeftButton, pos=QPoint(300, 300))
    QTest.mouseMove(surface, QPoint(349, 329))
    QTest.keyPress(surface, Qt.Key.Key_Space)
    QTest.mouseMove(surface, QPoint(359, 339))
    # A key that is held repeats; that is not a release.
    repeat = QKeyEvent(QEvent.Type.KeyRelease, Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier, " ", True)
    QApplication.sendEvent(surface, repeat)
    QTest.mouseMove(surface, QPoint(369, 349))
    QTest.keyRelease(surface, Qt.Key.Key_Space)
    QTest.mouseRelease(surface, Qt.MouseButton.LeftButton, pos=QPoint(369, 349))
    assert hands.answers == [Selection(Rect(320, 320, 50, 30), SourceKind.REGION)]


def test_the_setting_keeps_a_region_open_until_enter(hands: Hands) -> None:
    hands.overlay.adjustable = True
    surface = hands.open()
    hands.drag((300, 300), (399, 349))
    assert hands.overlay.is_active
    assert len(surface.scene.grips) == 8
    assert surface.scene.label is not None
    assert (surface.scene.label.text, surface.scene.label.hint) == ("100 × 50", style.ACCEPT_HINT)
    hands.key(Qt.Key.Key_Right)
    hands.key(Qt.Key.Key_Down, CTRL)
    hands.key(Qt.Key.Key_Enter)
    assert hands.answers == [Selection(Rect(301, 300, 100, 51), SourceKind.REGION)]


def test_ctrl_at_the_release_keeps_it_open_too(hands: Hands) -> None:
    hands.open()
    hands.drag((300, 300), (399, 349), CTRL)
    assert hands.overlay.is_active
    hands.key(Qt.Key.Key_Return)
    assert hands.answers == [Selection(Rect(300, 300, 100, 50), SourceKind.REGION)]


def test_the_pointer_shows_what_a_press_would_do(hands: Hands) -> None:
    hands.overlay.adjustable = True
    surface = hands.open()
    assert surface.cursor().shape() is Qt.CursorShape.CrossCursor
    hands.drag((300, 300), (399, 349))
    for at, shape in (
        ((350, 325), Qt.CursorShape.SizeAllCursor),
        ((300, 300), Qt.CursorShape.SizeFDiagCursor),
        ((399, 300), Qt.CursorShape.SizeBDiagCursor),
        ((300, 325), Qt.CursorShape.SizeHorCursor),
        ((350, 349), Qt.CursorShape.SizeVerCursor),
        ((600, 500), Qt.CursorShape.CrossCursor),
    ):
        QTest.mouseMove(surface, QPoint(*at))
        assert surface.cursor().shape() is shape


def test_in_windows_only_mode_there_is_no_crosshair_and_a_drag_draws_nothing(hands: Hands) -> None:
    surface = hands.open(windows_only=True)
    QTest.mouseMove(surface, QPoint(500, 400))
    assert (surface.scene.cross, surface.scene.loupe) == (None, None)
    hands.drag((500, 400), (550, 450))
    assert hands.answers == []
    hands.drag((500, 400), (150, 150))
    assert [answer.kind for answer in hands.answers if answer] == [SourceKind.WINDOW]


def test_c_copies_the_colour_as_hex_and_says_so(hands: Hands) -> None:
    surface = hands.open(colour=(0x12, 0xAB, 0xEF))
    QTest.mouseMove(surface, QPoint(500, 400))
    loupe = surface.scene.loupe
    assert loupe is not None
    assert (loupe.colour, loupe.hint) == ("#12ABEF", style.COPY_HINT)
    hands.key(Qt.Key.Key_C)
    assert QGuiApplication.clipboard().text() == "#12ABEF"
    assert surface.scene.loupe is not None
    assert surface.scene.loupe.hint == style.COPIED
    QTest.mouseMove(surface, QPoint(501, 400))
    assert surface.scene.loupe.hint == style.COPY_HINT


def test_a_colour_is_said_to_be_copied_only_when_that_is_sure(hands: Hands) -> None:
    asked: list[Callable[[bool], None]] = []
    hands.overlay.copy_text = lambda _text, tell: asked.append(tell)
    surface = hands.open(colour=(0x12, 0xAB, 0xEF))
    QTest.mouseMove(surface, QPoint(500, 400))

    def hint() -> str:
        assert surface.scene.loupe is not None
        return surface.scene.loupe.hint

    hands.key(Qt.Key.Key_C)
    assert hint() == style.COPY_HINT
    asked.pop()(False)
    assert hint() == style.NOT_COPIED
    hands.key(Qt.Key.Key_C)
    asked.pop()(True)
    assert hint() == style.COPIED
    hands.key(Qt.Key.Key_C)
    QTest.mouseMove(surface, QPoint(501, 400))
    asked.pop()(True)
    assert hint() == style.COPY_HINT
    # Nor does an answer disturb that comes when it is over.
    hands.key(Qt.Key.Key_C)
    hands.key(Qt.Key.Key_Escape)
    asked.pop()(True)
    assert hands.answers == [None]


def shows_help(surface: window.OverlayWindow) -> bool:
    return surface.scene.help_px is not None


def test_the_help_goes_when_a_drag_begins_and_h_brings_it_back(hands: Hands) -> None:
    surface = hands.open()
    assert shows_help(surface)
    hands.key(Qt.Key.Key_H)
    assert not shows_help(surface)
    hands.key(Qt.Key.Key_Question, SHIFT)
    assert shows_help(surface)
    QTest.mousePress(surface, Qt.MouseButton.LeftButton, pos=QPoint(300, 300))
    QTest.mouseMove(surface, QPoint(350, 350))
    assert not shows_help(surface)


def test_the_help_can_be_off_from_the_start(hands: Hands) -> None:
    hands.overlay.show_help = False
    assert hands.open().scene.help_px is None


def test_it_has_a_name_and_a_description_for_a_screen_reader(hands: Hands) -> None:
    surface = hands.open()
    assert surface.accessibleName() == "Choose a part of the screen, monitor 1"
    assert "Esc cancel" in surface.accessibleDescription()
    assert "Click a window" in surface.accessibleDescription()


def test_the_help_promises_no_window_where_none_is_known(hands: Hands, qtbot: QtBot) -> None:
    without = replace(hands.desktop(), windows=())
    with qtbot.waitSignal(hands.overlay.shown):
        hands.overlay.select(without, windows_only=False, last_region=None, on_done=hands.answers.append)
    assert "Drag a region" in hands.window.accessibleDescription()
    assert "a window" not in hands.window.accessibleDescription()


def test_a_second_selection_is_refused_and_the_first_goes_on(hands: Hands) -> None:
    hands.open()
    second: list[Selection | None] = []
    hands.overlay.select(hands.desktop(), windows_only=False, last_region=None, on_done=second.append)
    assert second == [None]
    hands.drag((300, 200), (499, 349))
    assert len(hands.answers) == 1
    assert hands.answers[0] is not None


def test_cancel_from_outside_is_answered_once(hands: Hands) -> None:
    hands.open()
    hands.overlay.cancel()
    hands.overlay.cancel()
    assert hands.answers == [None]


def test_another_selection_may_begin_inside_the_answer(hands: Hands) -> None:
    def again(answer: Selection | None) -> None:
        hands.answers.append(answer)
        hands.overlay.select(hands.desktop(), windows_only=False, last_region=None, on_done=hands.answers.append)

    hands.overlay.select(hands.desktop(), windows_only=False, last_region=None, on_done=again)
    hands.overlay.cancel()
    assert hands.overlay.is_active
    hands.overlay.cancel()
    assert hands.answers == [None, None]


def test_an_error_in_the_answer_leaves_no_window(hands: Hands) -> None:
    def broken(_: Selection | None) -> None:
        raise ZeroDivisionError

    hands.overlay.select(hands.desktop(), windows_only=False, last_region=None, on_done=broken)
    surface = hands.window
    with pytest.raises(ZeroDivisionError):
        hands.overlay.cancel()
    assert not surface.isVisible()
    assert not hands.overlay.is_active


def test_monitors_that_qt_does_not_see_are_an_error_and_nothing_is_shown(hands: Hands) -> None:
    desktop = desktop_of(Monitor(1, "", Rect(0, 0, 100, 100)), Monitor(2, "", Rect(100, 0, 100, 100)))
    with pytest.raises(UserFacingError, match="monitors changed"):
        hands.overlay.select(desktop, windows_only=False, last_region=None, on_done=hands.answers.append)
    assert (hands.answers, hands.overlay.is_active) == ([], False)
    hands.open()


@pytest.mark.parametrize("broken", ["paint", "compose"])
def test_a_bug_closes_the_overlay_and_is_reported(hands: Hands, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    surface = hands.open()

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug")

    with hands.qtbot.captureExceptions() as reported:
        if broken == "paint":
            monkeypatch.setattr("app.ui.overlay.window.paint", fail)
            surface.update()
        else:
            monkeypatch.setattr("app.ui.overlay.session.compose", fail)
            key = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_H, Qt.KeyboardModifier.NoModifier, "h")
            QApplication.postEvent(surface, key)
        hands.qtbot.waitUntil(lambda: bool(hands.answers))
    assert hands.answers == [None]
    assert not surface.isVisible()
    assert QApplication.mouseButtons() == Qt.MouseButton.NoButton
    assert reported[0][0] is ZeroDivisionError
    monkeypatch.undo()
    hands.open()
    hands.drag((300, 200), (499, 349))
    assert hands.answers[-1] is not None


def test_a_screen_that_changes_cancels_and_the_next_selection_works(hands: Hands) -> None:
    hands.open()
    screen = QGuiApplication.primaryScreen()
    screen.geometryChanged.emit(screen.geometry())
    assert hands.answers == [None]
    assert not hands.overlay.is_active
    hands.open()
    hands.drag((300, 200), (499, 349))
    assert hands.answers[-1] is not None


def test_a_reused_window_paints_all_of_the_new_frame_first(hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    first = hands.open(colour=(255, 0, 0))
    assert hands.on_screen().pixelColor(700, 20).red() > 100
    hands.overlay.cancel()
    painted: list[tuple[int, bool]] = []

    def watch(painter: object, picture: Picture, *rest: object) -> None:
        region = rest[-1]
        assert isinstance(region, QRegion)
        area = sum(part.width() * part.height() for part in rects_of(region))
        painted.append((area, picture.images[0][1].pixelColor(0, 0).blue() == 255))
        painter_module.paint(painter, picture, *rest)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr("app.ui.overlay.window.paint", watch)
    second = hands.open(colour=(0, 0, 255))
    assert second is first
    assert painted[0] == (second.width() * second.height(), True)
    colour = hands.on_screen().pixelColor(700, 20)
    assert (colour.red(), colour.blue() > 100) == (0, True)


def test_the_frames_memory_is_free_afterwards(hands: Hands) -> None:
    size = QGuiApplication.primaryScreen().size()
    rect = Rect(0, 0, size.width(), size.height())
    buffer = bytearray(rect.width * rect.height * 4)
    from app.core.screen import Frame

    with hands.qtbot.waitSignal(hands.overlay.shown):
        hands.overlay.select(
            Desktop((Monitor(1, "", rect),), (Frame(rect, memoryview(buffer), rect.width * 4),)),
            windows_only=False,
            last_region=None,
            on_done=hands.answers.append,
        )
    hands.key(Qt.Key.Key_Escape)
    buffer.append(0)  # raises BufferError while anything still holds the pixels


def test_a_warm_overlay_has_its_windows_ready_and_shows_none(hands: Hands) -> None:
    hands.overlay.warm_up()
    ready = [each for each in QApplication.topLevelWidgets() if isinstance(each, window.OverlayWindow)]
    assert len(ready) == 1
    assert not ready[0].isVisible()
    assert hands.open() is ready[0]


def test_warming_up_during_a_selection_leaves_it_alone(hands: Hands) -> None:
    surface = hands.open()
    hands.overlay.warm_up()
    assert hands.window is surface


def test_an_open_dialog_of_ours_does_not_block_it(hands: Hands) -> None:
    dialog = QDialog()
    hands.qtbot.addWidget(dialog)
    dialog.setWindowModality(Qt.WindowModality.ApplicationModal)
    dialog.show()
    hands.open()
    QTest.mouseMove(hands.window.windowHandle(), QPoint(300, 200))
    handle = hands.window.windowHandle()
    QTest.mousePress(handle, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(300, 200))
    QTest.mouseMove(handle, QPoint(399, 299))
    QTest.mouseRelease(handle, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(399, 299))
    assert hands.answers == [Selection(Rect(300, 200, 100, 100), SourceKind.REGION)]
    assert dialog.isVisible()


def test_nothing_ticks_while_it_rests(hands: Hands) -> None:
    hands.overlay.warm_up()
    hands.open()
    hands.overlay.cancel()
    from PySide6.QtCore import QTimer

    timers = [timer for timer in hands.overlay.findChildren(QTimer) if timer.isActive()]
    assert all(timer.isSingleShot() for timer in timers)
    assert len(timers) <= 1


def test_once_closed_it_makes_no_windows_any_more(hands: Hands) -> None:
    hands.overlay.warm_up()
    hands.overlay.close()
    screen = QGuiApplication.primaryScreen()
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    application.screenAdded.emit(screen)
    from PySide6.QtCore import QTimer

    assert not [timer for timer in hands.overlay.findChildren(QTimer) if timer.isActive()]
