"""Choosing a part of the screen, as the mouse and the keyboard do it."""

from __future__ import annotations

import pytest

from app.core.geometry import Point, Rect
from app.core.ports import Selection
from app.core.reshape import Grip
from app.core.screen import Desktop, Monitor, WindowInfo
from app.core.selection import Phase, Picker
from app.core.shortcuts import Modifier
from app.core.workflow import SourceKind

SHIFT, ALT, CTRL = Modifier.SHIFT, Modifier.ALT, Modifier.CTRL
TOP = WindowInfo(1, "Top", Rect(100, 100, 300, 200), Rect(100, 120, 300, 180))
BELOW = WindowInfo(2, "Below", Rect(200, 150, 600, 400), Rect(200, 150, 600, 400))
NOWHERE = Point(900, 700)
"""Where no window is."""
REGION = Rect(500, 600, 100, 50)
DESKTOP = Desktop(
    (Monitor(1, "A", Rect(0, 0, 1000, 800)), Monitor(2, "B", Rect(1000, 0, 2000, 1600), scale=2.0)),
    (),
    (TOP, BELOW),
)


def picker(
    *,
    windows_only: bool = False,
    adjustable: bool = False,
    last_region: Rect | None = None,
    held: Modifier = Modifier.NONE,
    pointer: Point = NOWHERE,
    fixed_size_px: tuple[int, int] | None = None,
) -> Picker:
    return Picker(
        DESKTOP,
        pointer=pointer,
        windows_only=windows_only,
        last_region=last_region,
        adjustable=adjustable,
        held=held,
        fixed_size_px=fixed_size_px,
    )


def drag(subject: Picker, start: Point, end: Point, modifiers: Modifier = Modifier.NONE) -> None:
    subject.press(start, modifiers)
    subject.move(end, modifiers)
    subject.release(end, modifiers)


def outcome(subject: Picker) -> Selection:
    assert subject.phase is Phase.DONE
    assert subject.outcome is not None
    return subject.outcome


def adjusting(rect: Rect = REGION) -> Picker:
    subject = picker(adjustable=True)
    drag(subject, rect.top_left, Point(rect.right - 1, rect.bottom - 1))
    assert (subject.phase, subject.rect_px) == (Phase.ADJUSTING, rect)
    return subject


# --- drawing ----------------------------------------------------------------------------------------------------------


def test_a_drag_takes_both_the_pixels_it_began_and_ended_on() -> None:
    subject = picker()
    drag(subject, Point(300, 200), Point(700, 500))
    assert outcome(subject) == Selection(Rect(300, 200, 401, 301), SourceKind.REGION)


def test_a_drag_may_go_up_and_left() -> None:
    subject = picker()
    drag(subject, Point(700, 500), Point(300, 200))
    assert outcome(subject).rect_px == Rect(300, 200, 401, 301)


def test_a_drag_crosses_monitors() -> None:
    subject = picker()
    drag(subject, Point(900, 100), Point(1200, 700))
    assert outcome(subject).rect_px == Rect(900, 100, 301, 601)


def test_a_drag_beyond_the_desktop_stops_at_its_edge() -> None:
    subject = picker()
    drag(subject, Point(2500, 1000), Point(9000, 9000))
    assert outcome(subject).rect_px == Rect(2500, 1000, 500, 600)


def test_the_pointer_stays_on_the_monitors_where_the_desktop_has_a_gap() -> None:
    subject = picker()
    subject.move(Point(500, 1200))
    assert subject.pointer == Point(500, 799)


def test_a_drag_back_onto_its_first_pixel_takes_nothing() -> None:
    subject = picker()
    subject.press(Point(900, 700))
    subject.move(Point(950, 750))
    subject.release(Point(900, 700))
    assert (subject.phase, subject.rect_px) == (Phase.IDLE, None)


def test_a_line_of_one_pixel_can_be_drawn() -> None:
    subject = picker()
    drag(subject, Point(850, 700), Point(899, 700))
    assert outcome(subject).rect_px == Rect(850, 700, 50, 1)


def test_shift_makes_a_square_as_soon_as_it_goes_down_and_until_it_comes_up() -> None:
    subject = picker()
    subject.press(Point(500, 600))
    subject.move(Point(600, 620))
    subject.set_modifiers(SHIFT)
    assert subject.rect_px == Rect(500, 600, 101, 101)
    subject.set_modifiers(Modifier.NONE)
    assert subject.rect_px == Rect(500, 600, 101, 21)


def test_alt_draws_from_the_centre() -> None:
    subject = picker()
    drag(subject, Point(500, 600), Point(520, 610), ALT)
    assert outcome(subject).rect_px == Rect(480, 590, 41, 21)


def test_shift_and_alt_draw_a_square_around_the_centre() -> None:
    subject = picker()
    drag(subject, Point(500, 600), Point(520, 610), ALT | SHIFT)
    assert outcome(subject).rect_px == Rect(480, 580, 41, 41)


def test_space_moves_the_region_and_drawing_goes_on_from_there() -> None:
    subject = picker()
    subject.press(Point(500, 600))
    subject.move(Point(549, 629))
    subject.hold_space(True)
    subject.move(Point(569, 639))
    assert subject.rect_px == Rect(520, 610, 50, 30)
    subject.hold_space(False)
    subject.move(Point(579, 649))
    assert subject.rect_px == Rect(520, 610, 60, 40)


def test_space_moves_no_further_than_the_edge_and_keeps_the_size() -> None:
    subject = picker()
    subject.press(Point(20, 20))
    subject.move(Point(119, 69))
    subject.hold_space(True)
    subject.move(Point(10, 10))
    assert subject.rect_px == Rect(0, 0, 100, 50)


def test_space_in_a_drag_from_the_centre_keeps_its_centre_in_the_middle() -> None:
    subject = picker()
    subject.press(Point(500, 600), ALT)
    subject.move(Point(510, 605), ALT)
    subject.hold_space(True)
    subject.move(Point(530, 625), ALT)
    subject.hold_space(False)
    subject.move(Point(531, 626), ALT)
    assert subject.rect_px == Rect(509, 614, 23, 13)


def test_the_modifiers_of_the_hotkey_mean_nothing_until_they_are_pressed_again() -> None:
    subject = picker(held=CTRL | SHIFT)
    subject.press(Point(500, 600), CTRL | SHIFT)
    subject.move(Point(599, 619), CTRL | SHIFT)
    assert subject.rect_px == Rect(500, 600, 100, 20)
    subject.set_modifiers(CTRL)
    subject.set_modifiers(CTRL | SHIFT)
    assert subject.rect_px == Rect(500, 600, 100, 100)
    subject.release(Point(599, 619), CTRL | SHIFT)
    assert outcome(subject).rect_px == Rect(500, 600, 100, 100)


# --- clicking ---------------------------------------------------------------------------------------------------------


def test_a_click_takes_the_topmost_window() -> None:
    subject = picker()
    subject.move(Point(250, 200))
    assert subject.hovered == TOP
    subject.press(Point(250, 200))
    subject.release(Point(250, 200))
    assert outcome(subject) == Selection(TOP.rect_px, SourceKind.WINDOW, "Top", TOP.id)


def test_a_click_on_no_window_takes_nothing() -> None:
    subject = picker()
    subject.press(Point(900, 700))
    subject.release(Point(900, 700))
    assert (subject.phase, subject.rect_px, subject.outcome) == (Phase.IDLE, None, None)


@pytest.mark.parametrize(("where", "slack"), [(Point(250, 200), 4), (Point(1500, 200), 8)])
def test_a_trembling_hand_clicks_and_does_not_drag(where: Point, slack: int) -> None:
    subject = picker()
    subject.press(where)
    subject.move(Point(where.x + slack - 1, where.y))
    assert not subject.is_dragging
    subject.move(Point(where.x + slack, where.y))
    assert subject.is_dragging


def test_in_windows_only_mode_a_drag_makes_no_region() -> None:
    subject = picker(windows_only=True)
    drag(subject, Point(900, 700), Point(250, 200))
    assert outcome(subject).kind is SourceKind.WINDOW


def test_a_window_reaching_beyond_the_desktop_is_clipped() -> None:
    window = WindowInfo(7, "Half", Rect(-50, 300, 100, 100), Rect(-50, 300, 100, 100))
    subject = Picker(Desktop(DESKTOP.monitors, (), (window,)), pointer=Point(10, 310))
    assert subject.take_window()
    assert outcome(subject).rect_px == Rect(0, 300, 50, 100)


def test_ctrl_click_leaves_a_window_adjustable_and_a_change_makes_it_a_region() -> None:
    subject = picker()
    subject.press(Point(250, 120), CTRL)
    subject.release(Point(250, 120), CTRL)
    assert (subject.phase, subject.rect_px) == (Phase.ADJUSTING, TOP.rect_px)
    subject.nudge(1, 0)
    subject.enter()
    assert outcome(subject) == Selection(TOP.rect_px.moved(1, 0), SourceKind.REGION)


def test_an_unchanged_adjustable_window_stays_a_window() -> None:
    subject = picker()
    subject.move(Point(250, 120))
    subject.take_window(CTRL)
    subject.enter()
    assert outcome(subject) == Selection(TOP.rect_px, SourceKind.WINDOW, "Top", TOP.id)


# --- adjusting --------------------------------------------------------------------------------------------------------


def test_ctrl_at_the_release_keeps_the_region_open() -> None:
    subject = picker()
    subject.press(Point(500, 600))
    subject.move(Point(599, 649))
    subject.release(Point(599, 649), CTRL)
    assert (subject.phase, subject.rect_px) == (Phase.ADJUSTING, Rect(500, 600, 100, 50))


def test_arrows_move_an_adjustable_region_exactly() -> None:
    subject = adjusting()
    subject.nudge(1, 0)
    subject.nudge(0, -1)
    assert subject.rect_px == Rect(501, 599, 100, 50)
    subject.nudge(-1, 0, SHIFT)
    subject.nudge(0, 1, SHIFT)
    assert subject.rect_px == Rect(491, 609, 100, 50)


def test_ctrl_arrows_resize_it_and_never_to_nothing() -> None:
    subject = adjusting(Rect(500, 600, 100, 8))
    subject.nudge(1, 0, CTRL)
    subject.nudge(0, -1, CTRL)
    assert subject.rect_px == Rect(500, 600, 101, 7)
    subject.nudge(0, -1, CTRL | SHIFT)
    assert subject.rect_px == Rect(500, 600, 101, 1)
    subject.nudge(1, 0, CTRL | SHIFT)
    assert subject.rect_px == Rect(500, 600, 111, 1)


def test_nudges_stop_at_the_edge_of_the_desktop() -> None:
    subject = adjusting(Rect(4, 3, 100, 50))
    subject.nudge(-1, 0, SHIFT)
    subject.nudge(0, -1, SHIFT)
    assert subject.rect_px == Rect(0, 0, 100, 50)


def test_the_middle_moves_it_and_a_handle_resizes_it() -> None:
    subject = adjusting()
    drag(subject, Point(550, 625), Point(560, 605))
    assert (subject.phase, subject.rect_px) == (Phase.ADJUSTING, Rect(510, 580, 100, 50))
    subject.move(Point(510, 580))
    assert subject.grip == Grip(-1, -1)
    drag(subject, Point(510, 580), Point(500, 590))
    assert subject.rect_px == Rect(500, 590, 110, 40)


def test_shift_while_resizing_keeps_the_ratio_it_began_with() -> None:
    subject = adjusting()
    drag(subject, Point(599, 649), Point(699, 660), SHIFT)
    assert subject.rect_px == Rect(500, 600, 200, 100)


def test_a_new_drag_outside_replaces_it_and_a_click_outside_does_not() -> None:
    subject = adjusting()
    subject.press(Point(250, 200))
    subject.release(Point(250, 200))
    assert (subject.phase, subject.rect_px) == (Phase.ADJUSTING, Rect(500, 600, 100, 50))
    drag(subject, Point(100, 100), Point(119, 109))
    assert (subject.phase, subject.rect_px) == (Phase.ADJUSTING, Rect(100, 100, 20, 10))


def test_enter_or_a_double_click_inside_takes_it() -> None:
    subject = adjusting()
    subject.enter()
    assert outcome(subject) == Selection(Rect(500, 600, 100, 50), SourceKind.REGION)
    subject = adjusting()
    drag(subject, Point(550, 625), Point(550, 625))
    subject.double_click(Point(550, 625))
    assert outcome(subject).rect_px == Rect(500, 600, 100, 50)


def test_a_double_click_elsewhere_is_a_press() -> None:
    subject = adjusting()
    subject.double_click(Point(200, 200))
    assert subject.phase is Phase.PRESSED


# --- the keyboard alone -----------------------------------------------------------------------------------------------


def test_arrows_and_enter_draw_a_region_without_a_mouse() -> None:
    subject = picker(pointer=Point(900, 700))
    subject.nudge(-1, 0)
    subject.nudge(0, -1, SHIFT)
    assert subject.pointer == Point(899, 690)
    subject.enter()
    for _ in range(3):
        subject.nudge(1, 0, SHIFT)
    subject.nudge(0, 1)
    assert subject.rect_px == Rect(899, 690, 31, 2)
    subject.enter()
    assert outcome(subject) == Selection(Rect(899, 690, 31, 2), SourceKind.REGION)


def test_enter_twice_on_one_pixel_takes_nothing() -> None:
    subject = picker()
    subject.enter()
    subject.enter()
    assert (subject.phase, subject.rect_px) == (Phase.IDLE, None)


def test_a_mouse_button_ends_what_the_keys_began() -> None:
    subject = picker(pointer=Point(100, 100))
    subject.enter()
    drag(subject, Point(149, 129), Point(159, 139))
    assert outcome(subject).rect_px == Rect(100, 100, 60, 40)


def test_enter_during_a_drag_ends_it() -> None:
    subject = picker()
    subject.press(Point(500, 600))
    subject.move(Point(599, 649))
    subject.enter()
    assert outcome(subject).rect_px == Rect(500, 600, 100, 50)


def test_enter_takes_the_window_when_only_windows_can_be_taken() -> None:
    subject = picker(windows_only=True, pointer=Point(250, 200))
    subject.enter()
    assert outcome(subject).window_title == "Top"


def test_a_monitor_taken_while_space_is_held_can_be_adjusted_afterwards() -> None:
    subject = picker()
    subject.press(Point(500, 600))
    subject.move(Point(599, 649))
    subject.hold_space(True)
    subject.take_monitor(1, CTRL)
    drag(subject, Point(999, 400), Point(1099, 400))
    assert subject.rect_px == Rect(0, 0, 1100, 800)


# --- whole things -----------------------------------------------------------------------------------------------------


def test_a_number_takes_that_monitor_and_an_unknown_one_nothing() -> None:
    subject = picker()
    assert not subject.take_monitor(3)
    assert subject.phase is Phase.IDLE
    assert subject.take_monitor(2)
    assert outcome(subject) == Selection(Rect(1000, 0, 2000, 1600), SourceKind.MONITOR)


def test_the_whole_desktop_is_the_box_around_all_monitors() -> None:
    subject = picker()
    assert subject.take_desktop()
    assert outcome(subject) == Selection(Rect(0, 0, 3000, 1600), SourceKind.SCREEN)


def test_the_last_region_is_clipped_to_what_is_there_now() -> None:
    subject = picker(last_region=Rect(2900, 1500, 500, 500))
    assert subject.take_last()
    assert outcome(subject) == Selection(Rect(2900, 1500, 100, 100), SourceKind.REGION)


@pytest.mark.parametrize("last_region", [None, Rect(5000, 5000, 10, 10)])
def test_without_a_last_region_nothing_happens(last_region: Rect | None) -> None:
    subject = picker(last_region=last_region)
    assert not subject.take_last()
    assert subject.phase is Phase.IDLE


def test_a_whole_thing_can_be_taken_in_the_middle_of_a_drag() -> None:
    subject = picker()
    subject.press(Point(500, 600))
    subject.move(Point(599, 649))
    assert subject.take_desktop()
    assert outcome(subject).kind is SourceKind.SCREEN


def test_cancelling_ends_it_at_any_time_and_nothing_follows() -> None:
    subject = picker()
    subject.press(Point(500, 600))
    subject.move(Point(599, 649))
    subject.cancel()
    subject.release(Point(599, 649))
    subject.enter()
    assert not subject.take_desktop()
    assert (subject.phase, subject.outcome) == (Phase.CANCELLED, None)


# --- a region of a fixed size -----------------------------------------------------------------------------------------


def test_a_fixed_region_is_there_at_once_and_follows_the_pointer() -> None:
    subject = picker(fixed_size_px=(200, 100), pointer=Point(500, 400))
    assert subject.rect_px == Rect(400, 350, 200, 100)
    subject.move(Point(501, 402))
    assert subject.rect_px == Rect(401, 352, 200, 100)
    subject.nudge(-1, 0, SHIFT)
    assert subject.rect_px == Rect(391, 352, 200, 100)
    assert subject.hovered is None


def test_a_fixed_region_stays_on_the_desktop() -> None:
    assert picker(fixed_size_px=(200, 100), pointer=Point(0, 0)).rect_px == Rect(0, 0, 200, 100)
    assert picker(fixed_size_px=(9000, 9000), pointer=Point(50, 50)).rect_px == DESKTOP.rect_px


@pytest.mark.parametrize("by_keys", [True, False])
def test_a_fixed_region_is_taken_by_a_click_however_shaky_or_by_enter(by_keys: bool) -> None:
    subject = picker(fixed_size_px=(200, 100), pointer=Point(500, 400))
    if by_keys:
        subject.enter()
    else:
        drag(subject, Point(500, 400), Point(530, 400))
    assert outcome(subject) == Selection(Rect(400 if by_keys else 430, 350, 200, 100), SourceKind.REGION)


def test_a_fixed_region_can_be_adjusted_and_placed_anew() -> None:
    subject = picker(fixed_size_px=(200, 100), adjustable=True, pointer=Point(500, 400))
    drag(subject, Point(500, 400), Point(500, 400))
    assert subject.phase is Phase.ADJUSTING
    # Inside, a drag moves it; elsewhere a click brings it there.
    drag(subject, Point(500, 400), Point(510, 400))
    assert subject.rect_px == Rect(410, 350, 200, 100)
    drag(subject, Point(800, 700), Point(800, 700))
    assert subject.rect_px == Rect(700, 650, 200, 100)
    subject.enter()
    assert outcome(subject).rect_px == Rect(700, 650, 200, 100)
