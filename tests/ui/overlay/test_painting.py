"""What is painted, pixel by pixel; and that painting only what changed looks like painting everything."""

from __future__ import annotations

import gc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage, QPainter, QRegion

from app.core.geometry import Point, Rect
from app.core.screen import Desktop, Frame, Monitor
from app.core.selection import Picker
from app.core.shortcuts import Modifier
from app.ui.overlay import style
from app.ui.overlay.compose import Hud, compose
from app.ui.overlay.look import Look
from app.ui.overlay.painter import paint
from app.ui.overlay.panels import Panels
from app.ui.overlay.picture import Picture
from app.ui.overlay.scene import Outline, Scene, colour_at, damage
from app.ui.overlay.screens import Mapping
from tests.ui.overlay.frames import desktop_of, patterned_frame, window

LEFT = Rect(-300, 20, 300, 240)
RIGHT = Rect(0, 0, 420, 300)


class Canvas:
    """What a window of one monitor holds, as Qt would keep it."""

    def __init__(self, desktop: Desktop, monitor: Monitor, look: Look) -> None:
        self.picture = Picture.of(desktop)
        self.monitor, self.look = monitor, look
        self.panels = Panels(look, self.picture)
        self.mapping = Mapping(monitor.rect_px.top_left, monitor.scale)
        self.help = look.help(style.HELP_WINDOWS)
        self.image = QImage(monitor.rect_px.width, monitor.rect_px.height, QImage.Format.Format_RGB32)
        self.image.fill(QColor(255, 0, 255))
        self.image.setDevicePixelRatio(monitor.scale)

    def paint(self, scene: Scene, region: QRegion) -> None:
        pixels = self.mapping.parts(region)
        painter = QPainter(self.image)
        painter.setClipRegion(region)
        painter.scale(1 / self.mapping.scale, 1 / self.mapping.scale)
        painter.translate(-self.mapping.origin.x, -self.mapping.origin.y)
        paint(painter, self.picture, scene, self.look, self.panels, self.help, pixels)
        painter.end()

    def paint_everything(self, scene: Scene) -> QImage:
        self.paint(scene, self.mapping.region([self.monitor.rect_px]))
        return self.image.copy()


def rgb(image: QImage, x: int, y: int) -> tuple[int, int, int]:
    colour = image.pixelColor(x, y)
    return colour.red(), colour.green(), colour.blue()


def two_monitors(scale: float) -> Desktop:
    return Desktop(
        (Monitor(1, "L", LEFT, 1.0), Monitor(2, "R", RIGHT, scale)),
        (patterned_frame(LEFT), patterned_frame(RIGHT)),
        (window("one", Rect(-100, 60, 180, 120)), window("two", Rect(200, 100, 150, 150))),
    )


acts = st.lists(
    st.one_of(
        st.tuples(st.just("move"), st.integers(-310, 430), st.integers(-10, 310)),
        st.tuples(st.just("press"), st.integers(-310, 430), st.integers(-10, 310)),
        st.tuples(st.just("release"), st.integers(-310, 430), st.integers(-10, 310)),
        st.tuples(st.just("nudge"), st.sampled_from((-1, 0, 1)), st.sampled_from((-1, 0, 1))),
        st.tuples(st.just("help"), st.just(0), st.just(0)),
    ),
    max_size=14,
)


@pytest.mark.parametrize("scale", [1.0, 1.25, 1.5, 2.0])
@settings(max_examples=40, deadline=None)
@given(acts)
def test_painting_only_the_damage_looks_like_painting_everything(
    qapp: object, scale: float, doings: list[tuple[str, int, int]]
) -> None:
    desktop = two_monitors(scale)
    picker = Picker(desktop, pointer=Point(10, 10), adjustable=True)
    looks = {1: Look(1.0), 2: Look(scale)}
    help_image = looks[2].help(style.HELP_WINDOWS)
    hud = Hud(False, True, 2, (help_image.width(), help_image.height()))
    canvases = {monitor.number: Canvas(desktop, monitor, looks[monitor.number]) for monitor in desktop.monitors}
    scenes = {number: compose(picker, desktop, each.monitor, each.look, hud) for number, each in canvases.items()}
    for number, canvas in canvases.items():
        canvas.paint_everything(scenes[number])
    for what, x, y in doings:
        match what:
            case "help":
                hud.help_on = not hud.help_on
            case "nudge":
                picker.nudge(x, y, Modifier.NONE)
            case _:
                getattr(picker, what)(Point(x, y))
        for number, canvas in canvases.items():
            before, after = scenes[number], compose(picker, desktop, canvas.monitor, canvas.look, hud)
            scenes[number] = after
            parts = damage(before, after, monitor=canvas.monitor.rect_px, desktop=desktop.rect_px)
            canvas.paint(after, canvas.mapping.region(parts))
            fresh = Canvas(desktop, canvas.monitor, canvas.look).paint_everything(after)
            assert canvas.image == fresh, f"monitor {number} after {what} {x}, {y}"


def test_a_small_step_of_a_drag_damages_a_small_part(qapp: object) -> None:
    monitor, desktop = Rect(0, 0, 3840, 2160), Rect(0, 0, 3840, 2160)
    before = Scene(lit=Rect(100, 100, 1500, 1200), outline=Outline.REGION)
    after = Scene(lit=Rect(100, 100, 1504, 1203), outline=Outline.REGION)
    area = sum(rect.width * rect.height for rect in damage(before, after, monitor=monitor, desktop=desktop))
    assert 0 < area < 0.01 * monitor.width * monitor.height
    assert damage(after, after, monitor=monitor, desktop=desktop) == ()


def test_the_lit_part_shows_the_frame_exactly_and_the_rest_is_darker(qapp: object) -> None:
    monitor = Monitor(1, "", Rect(0, 0, 200, 100))
    canvas = Canvas(desktop_of(monitor, colour=(200, 100, 40)), monitor, Look(1.0))
    image = canvas.paint_everything(Scene(lit=Rect(50, 40, 20, 10), outline=Outline.REGION))
    lit = {rgb(image, x, y) for x in range(50, 70) for y in range(40, 50)}
    assert lit == {(200, 100, 40)}
    assert [rgb(image, x, 45) for x in (49, 70)] == [(255, 255, 255)] * 2
    assert rgb(image, 48, 45) < rgb(image, 10, 10) < (200, 100, 40)


def test_an_outline_along_the_desktops_edge_is_painted_inside(qapp: object) -> None:
    monitor = Monitor(1, "", Rect(0, 0, 200, 100))
    canvas = Canvas(desktop_of(monitor, colour=(0, 0, 0)), monitor, Look(1.0))
    image = canvas.paint_everything(Scene(lit=monitor.rect_px, outline=Outline.REGION))
    assert [rgb(image, x, y) for x, y in ((1, 50), (198, 50), (100, 1), (100, 98))] == [(255, 255, 255)] * 4


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (128, 128, 128)])
def test_the_crosshair_can_be_seen_on_any_colour(qapp: object, colour: tuple[int, int, int]) -> None:
    monitor = Monitor(1, "", Rect(0, 0, 100, 100))
    canvas = Canvas(desktop_of(monitor, colour=colour), monitor, Look(1.0))
    image = canvas.paint_everything(Scene(cross=Point(50, 50)))
    ground, line, rim = rgb(image, 10, 10)[0], rgb(image, 10, 50)[0], rgb(image, 10, 51)[0]
    assert max(abs(line - ground), abs(line - rim)) > 60


def test_the_magnifier_shows_the_pixel_in_its_middle_across_monitors(qapp: object) -> None:
    desktop = two_monitors(1.0)
    monitor = desktop.monitors[1]
    picker = Picker(desktop, pointer=Point(0, 100))
    look = Look(1.0)
    scene = compose(picker, desktop, monitor, look, Hud(False, False, 2, (1, 1)))
    assert scene.loupe is not None
    image = Canvas(desktop, monitor, look).paint_everything(scene)
    x, y = scene.loupe.rect_px.x + look.pad_px, scene.loupe.rect_px.y + look.pad_px
    centre = (x + 8 * look.zoom + look.zoom // 2, y + 5 * look.zoom + look.zoom // 2)
    assert rgb(image, *centre) == (0, 100, 0)
    corner = (x + look.zoom // 2, y + look.zoom // 2)
    assert rgb(image, *corner) == ((-1 & 255) * 16 & 255, 95, -8 & 255)
    assert scene.loupe.colour == "#006400"


def test_frames_are_wrapped_without_copying_and_let_go(qapp: object) -> None:
    buffer = bytearray(40 * 30 * 4)
    rect = Rect(0, 0, 40, 30)
    desktop = Desktop((Monitor(1, "", rect),), (Frame(rect, memoryview(buffer).toreadonly(), 160),))
    picture = Picture.of(desktop)
    buffer[0:3] = b"\x11\x22\x33"
    assert picture.images[0][1].pixelColor(0, 0) == QColor(0x33, 0x22, 0x11)
    with pytest.raises(BufferError):
        buffer.append(0)
    del picture, desktop
    gc.collect()
    buffer.append(0)  # works only when nobody looks at the memory any more


def test_the_colour_under_a_pixel(qapp: object) -> None:
    desktop = two_monitors(1.0)
    assert colour_at(desktop, Point(17, 200)) == "#00C811"
    assert colour_at(desktop, Point(5000, 0)) == ""


@given(st.sampled_from((1.0, 1.25, 1.5, 1.75, 2.0, 3.0)), st.integers(-4000, 4000), st.integers(0, 4000))
def test_a_pixel_survives_the_way_through_qts_logical_coordinates(scale: float, origin: int, offset: int) -> None:
    from PySide6.QtCore import QPointF

    mapping = Mapping(Point(origin, 7), scale)
    assert mapping.to_px(QPointF(offset / scale, 5 / scale)) == Point(origin + offset, 12)


@given(
    st.sampled_from((1.0, 1.25, 1.5, 1.75, 2.0)),
    st.lists(
        st.builds(Rect, st.integers(0, 500), st.integers(0, 500), st.integers(1, 90), st.integers(1, 90)), max_size=5
    ),
)
def test_a_region_covers_every_pixel_it_was_made_of(scale: float, rects: list[Rect]) -> None:
    mapping = Mapping(Point(0, 0), scale)
    covered = mapping.parts(mapping.region(rects))
    for rect in rects:
        assert QRegion(QRect(rect.x, rect.y, rect.width, rect.height)).subtracted(covered).isEmpty()
