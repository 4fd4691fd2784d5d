"""Whatever is pressed in whatever order: the rules that always hold."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from app.core.geometry import Point, Rect
from app.core.screen import Desktop, Monitor, WindowInfo
from app.core.selection import Phase, Picker
from app.core.shortcuts import Modifier

MONITORS = (
    Monitor(1, "A", Rect(-800, 100, 800, 600)),
    Monitor(2, "B", Rect(0, 0, 1600, 1200), scale=2.0),
    Monitor(3, "C", Rect(1600, 300, 640, 480), scale=1.25),
)
WINDOWS = (
    WindowInfo(1, "one", Rect(-700, 150, 300, 200), Rect(-700, 150, 300, 200)),
    WindowInfo(2, "two", Rect(-100, 200, 500, 500), Rect(-100, 200, 500, 500)),
)
DESKTOP = Desktop(MONITORS, (), WINDOWS)

points = st.builds(Point, st.integers(-1500, 3000), st.integers(-500, 2000))
modifiers = st.builds(
    lambda shift, alt, ctrl: shift | alt | ctrl,
    st.sampled_from((Modifier.NONE, Modifier.SHIFT)),
    st.sampled_from((Modifier.NONE, Modifier.ALT)),
    st.sampled_from((Modifier.NONE, Modifier.CTRL)),
)
steps = st.sampled_from(((1, 0), (-1, 0), (0, 1), (0, -1)))


class Hands(RuleBasedStateMachine):
    """Someone who presses everything."""

    @initialize(
        pointer=points,
        windows_only=st.booleans(),
        adjustable=st.booleans(),
        held=modifiers,
        last=st.none() | st.just(Rect(1500, 100, 300, 2000)),
    )
    def open(self, pointer: Point, windows_only: bool, adjustable: bool, held: Modifier, last: Rect | None) -> None:
        self.picker = Picker(
            DESKTOP,
            pointer=pointer,
            windows_only=windows_only,
            adjustable=adjustable,
            held=held,
            last_region=last,
        )

    @rule(point=points, keys=modifiers)
    def move(self, point: Point, keys: Modifier) -> None:
        self.picker.move(point, keys)

    @rule(point=points, keys=modifiers)
    def press(self, point: Point, keys: Modifier) -> None:
        self.picker.press(point, keys)

    @rule(point=points, keys=modifiers)
    def release(self, point: Point, keys: Modifier) -> None:
        self.picker.release(point, keys)

    @rule(point=points, keys=modifiers)
    def double_click(self, point: Point, keys: Modifier) -> None:
        self.picker.double_click(point, keys)

    @rule(step=steps, keys=modifiers)
    def nudge(self, step: tuple[int, int], keys: Modifier) -> None:
        self.picker.nudge(*step, keys)

    @rule(keys=modifiers)
    def enter(self, keys: Modifier) -> None:
        self.picker.enter(keys)

    @rule(held=st.booleans())
    def space(self, held: bool) -> None:
        self.picker.hold_space(held)

    @rule(keys=modifiers)
    def change_modifiers(self, keys: Modifier) -> None:
        self.picker.set_modifiers(keys)

    @precondition(lambda self: self.picker.phase is not Phase.IDLE)
    @rule(number=st.integers(1, 9), keys=modifiers)
    def monitor(self, number: int, keys: Modifier) -> None:
        self.picker.take_monitor(number, keys)

    @precondition(lambda self: self.picker.phase is not Phase.IDLE)
    @rule(keys=modifiers)
    def last(self, keys: Modifier) -> None:
        self.picker.take_last(keys)

    @invariant()
    def the_pointer_is_on_a_monitor(self) -> None:
        assert any(monitor.rect_px.contains(self.picker.pointer) for monitor in MONITORS)

    @invariant()
    def the_region_is_on_the_desktop_and_never_empty(self) -> None:
        rect = self.picker.rect_px
        assert rect is None or (DESKTOP.rect_px.encloses(rect) and not rect.is_empty)

    @invariant()
    def an_outcome_is_there_exactly_when_it_is_done(self) -> None:
        assert (self.picker.outcome is not None) == (self.picker.phase is Phase.DONE)
        if self.picker.outcome is not None:
            assert self.picker.outcome.rect_px == self.picker.rect_px

    @invariant()
    def a_phase_with_a_region_has_one(self) -> None:
        if self.picker.is_dragging or self.picker.phase is Phase.ADJUSTING:
            assert self.picker.rect_px is not None


TestHands = Hands.TestCase
TestHands.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


@given(points, points)
def test_a_plain_drag_spans_its_two_ends_however_many_moves_lie_between(start: Point, end: Point) -> None:
    picker = Picker(Desktop(MONITORS, ()), pointer=Point(0, 0), adjustable=True)
    picker.press(start)
    for point in (Point(0, 0), Point(-800, 100), Point(1599, 1199), end):
        picker.move(point)
    picker.release(end)
    first, last = picker.on_a_monitor(start), picker.on_a_monitor(end)
    expected = None if first == last else Rect.spanning(first, last)
    assert picker.rect_px == expected


@given(st.lists(st.tuples(steps, st.booleans()), max_size=30))
def test_nudges_add_up_exactly_away_from_the_edges(nudges: list[tuple[tuple[int, int], bool]]) -> None:
    picker = Picker(DESKTOP, pointer=Point(700, 600), adjustable=True)
    picker.press(Point(700, 600))
    picker.release(Point(799, 649))
    x, y = 700, 600
    for (dx, dy), far in nudges:
        picker.nudge(dx, dy, Modifier.SHIFT if far else Modifier.NONE)
        x, y = x + dx * (10 if far else 1), y + dy * (10 if far else 1)
    assert picker.rect_px == Rect(x, y, 100, 50)
