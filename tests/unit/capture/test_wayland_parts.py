"""What a Wayland capture does between the compositor and a frame."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.capture.arrangement import Output, arrange
from app.capture.wayland.picture import UnusablePicture, chosen_desktop, desktop_of, load_picture
from app.core.geometry import Rect
from app.core.screen import Frame

SCALES = (1.0, 1.25, 1.5, 1.75, 2.0, 3.0)


def output(name: str, place: tuple[int, int], size_px: tuple[int, int], scale: float) -> Output:
    return Output(name, Rect(*place, round(size_px[0] / scale), round(size_px[1] / scale)), size_px)


def noise(width: int, height: int) -> Image.Image:
    return Image.frombytes("RGB", (width, height), os.urandom(width * height * 3))


def rgb(frame: Frame) -> bytes:
    size = (frame.rect_px.width, frame.rect_px.height)
    return Image.frombytes("RGB", size, frame.packed(), "raw", "BGRX").tobytes()


@pytest.mark.parametrize("size_px", [(1366, 768), (1600, 900), (1920, 1080), (2256, 1504), (2560, 1440), (3840, 2160)])
@pytest.mark.parametrize("scale", [1, 1.05, 1.25, 4 / 3, 1.5, 1.75, 2, 2.25, 3])
@pytest.mark.parametrize("rounded", [math.floor, round, math.ceil])
def test_the_scale_is_exact_where_the_logical_size_was_rounded(
    size_px: tuple[int, int], scale: float, rounded: Callable[[float], int]
) -> None:
    logical = Rect(0, 0, *(rounded(each / scale) for each in size_px))
    assert Output("one", logical, size_px).scale == pytest.approx(scale, abs=1e-9)


def test_where_nothing_is_rounded_the_scale_is_the_ratio_of_the_sizes() -> None:
    logical = Rect(0, 0, 1002, 668)
    assert Output("one", logical, (2256, 1504)).scale == 2.25
    assert Output("one", logical, (2256, 1504), is_whole=True).scale == pytest.approx(2256 / 1002)
    # Parts of no scale: what is there counts.
    assert Output("odd", Rect(0, 0, 100, 10), (300, 90)).scale == 3


def test_outputs_of_one_scale_lie_as_the_logical_layout_multiplied() -> None:
    monitors = arrange(
        [output("right", (1920, 40), (3840, 2160), 2), output("left", (0, 0), (3840, 2160), 2)],
    )
    assert [(each.name, each.number, str(each.rect_px)) for each in monitors] == [
        ("right", 2, "3840,80,3840,2160"),
        ("left", 1, "0,0,3840,2160"),
    ]


def test_outputs_of_different_scales_keep_touching() -> None:
    left, right, below = arrange(
        [
            output("left", (0, 0), (3840, 2160), 2),
            output("right", (1920, 0), (1920, 1080), 1),
            output("below", (0, 1080), (1920, 1080), 1),
        ]
    )
    assert str(left.rect_px) == "0,0,3840,2160"
    assert str(right.rect_px) == "3840,0,1920,1080"
    assert str(below.rect_px) == "0,2160,1920,1080"


def test_a_negative_origin_stays_negative() -> None:
    above, main = arrange([output("a", (-500, -1080), (1920, 1080), 1), output("b", (0, 0), (1920, 1080), 1)])
    assert str(above.rect_px) == "-500,-1080,1920,1080"
    assert str(main.rect_px) == "0,0,1920,1080"


@given(st.data())
def test_no_two_outputs_overlap_whatever_the_scales_and_gaps(data: st.DataObject) -> None:
    outputs: list[Output] = []
    for number in range(data.draw(st.integers(1, 5))):
        made = output(
            str(number),
            (data.draw(st.integers(-3000, 3000)), data.draw(st.integers(-3000, 3000))),
            (data.draw(st.integers(640, 3840)), data.draw(st.integers(480, 2160))),
            data.draw(st.sampled_from(SCALES)),
        )
        if all(made.logical.intersected(other.logical).is_empty for other in outputs):
            outputs.append(made)
    monitors = arrange(outputs)
    for monitor, each in zip(monitors, outputs, strict=True):
        assert (monitor.rect_px.width, monitor.rect_px.height) == each.size_px
        assert all(monitor is other or monitor.rect_px.intersected(other.rect_px).is_empty for other in monitors), (
            monitors
        )
    assert sorted(monitor.number for monitor in monitors) == list(range(1, len(monitors) + 1))


@pytest.mark.parametrize("scale", SCALES)
def test_a_picture_in_the_outputs_own_scale_is_cut_exactly(scale: float) -> None:
    size = (round(640 * scale), round(400 * scale))
    outputs = [output("a", (0, 0), size, scale), output("b", (640, 0), size, scale)]
    picture = noise(size[0] * 2, size[1])
    desktop = desktop_of(picture, outputs, taker="test")
    assert [each.name for each in desktop.monitors] == ["a", "b"]
    for number, frame in enumerate(desktop.frames):
        left = number * size[0]
        assert rgb(frame) == picture.crop((left, 0, left + size[0], size[1])).tobytes()


def test_an_output_that_was_enlarged_by_a_whole_number_comes_back_exactly() -> None:
    sharp, plain = noise(1200, 800), noise(600, 400)
    picture = Image.new("RGB", (2400, 800))
    picture.paste(sharp, (0, 0))
    picture.paste(plain.resize((1200, 800), Image.Resampling.NEAREST), (1200, 0))
    outputs = [output("sharp", (0, 0), (1200, 800), 2), output("plain", (600, 0), (600, 400), 1)]
    desktop = desktop_of(picture, outputs, taker="test")
    assert [str(frame.rect_px) for frame in desktop.frames] == ["0,0,1200,800", "1200,0,600,400"]
    assert rgb(desktop.frames[0]) == sharp.tobytes()
    assert rgb(desktop.frames[1]) == plain.tobytes()


def test_a_picture_of_another_desktop_is_refused() -> None:
    with pytest.raises(UnusablePicture, match="the portal"):
        desktop_of(noise(300, 200), [output("a", (0, 0), (640, 400), 1)], taker="the portal")


def test_a_chosen_part_is_a_desktop_of_its_own() -> None:
    picture = noise(30, 20)
    desktop = chosen_desktop(picture)
    assert desktop.is_chosen
    assert str(desktop.rect_px) == "0,0,30,20"
    assert rgb(desktop.frames[0]) == picture.tobytes()


@pytest.mark.parametrize("suffix", ["png", "webp", "ppm"])
def test_pictures_are_known_by_their_first_bytes(tmp_path: Path, suffix: str) -> None:
    picture = noise(40, 30)
    made = tmp_path / f"made.{suffix}"
    picture.save(made, lossless=True)
    path = made.rename(tmp_path / "without a name")
    assert load_picture(path, taker="test").tobytes() == picture.tobytes()


@pytest.mark.parametrize("content", [b"", b"<svg/>", b"\x89PNG\r\n\x1a\n" + b"broken" * 9, b"P6\n4 4\n255\nshort"])
def test_what_is_no_picture_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "shot.png"
    path.write_bytes(content)
    with pytest.raises(UnusablePicture):
        load_picture(path, taker="test")


def test_only_a_regular_file_of_our_own_is_read(tmp_path: Path) -> None:
    real = tmp_path / "real.png"
    noise(4, 4).save(real)
    link, pipe = tmp_path / "link.png", tmp_path / "pipe.png"
    link.symlink_to(real)
    os.mkfifo(pipe)
    for path in (link, pipe, tmp_path, tmp_path / "missing.png"):
        with pytest.raises(UnusablePicture):
            load_picture(path, taker="test")


def test_a_picture_that_claims_to_be_endless_is_not_decoded(tmp_path: Path) -> None:
    path = tmp_path / "bomb.ppm"
    path.write_bytes(b"P6\n100000 100000\n255\n")
    with pytest.raises(UnusablePicture):
        load_picture(path, taker="test")
