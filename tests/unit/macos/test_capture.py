"""The screens of a Mac, over recorded answers: two displays with scales of their own, one of them upright."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from app.capture.choose import AutomaticCapture
from app.capture.macos import quartz
from app.capture.macos.backend import MacCapture
from app.capture.macos.pixels import CoreGraphicsPixels, Pixels, ScreenCaptureKitPixels
from app.capture.macos.quartz import DisplayFacts, Quartz, WindowFacts
from app.core.errors import UserFacingError
from app.core.geometry import Rect
from app.core.ports import ScreenCapture
from tests.unit.capture.contract import CaptureContract
from tests.unit.macos.framework import METADATA, Framework, selector

LAPTOP = DisplayFacts(1, 0, 0, 1440, 900, 2880, 1800, is_main=True)
UPRIGHT = DisplayFacts(5, -1080, -300, 1080, 1920, 1080, 1920, is_main=False)
"""Left of the laptop, and reaching above it."""
LETTER = WindowFacts(42, "Letter\nto you", 100, 50, 300.5, 200)
NOTES = WindowFacts(43, "Notes", -500, 0, 600, 100)
"""Most of it on the left display."""
FAR_AWAY = WindowFacts(44, "Elsewhere", 9000, 9000, 10, 10)


class Mac:
    """What macOS says, from memory."""

    def __init__(
        self,
        *,
        allowed: bool = True,
        allowed_when_asked: bool = False,
        displays: Sequence[DisplayFacts] = (LAPTOP, UPRIGHT),
    ) -> None:
        self.allowed = allowed
        self.asked = 0
        self._allowed_when_asked = allowed_when_asked
        self._displays = list(displays)

    def may_record(self) -> bool:
        return self.allowed

    def ask_to_record(self) -> bool:
        self.asked += 1
        return self._allowed_when_asked

    def displays(self) -> list[DisplayFacts]:
        return self._displays

    def windows(self) -> list[WindowFacts]:
        return [LETTER, NOTES, FAR_AWAY]


class Painted:
    """Each display in a colour of its own; rows end in padding."""

    name = "painted"

    def __init__(self, why_not: str = "") -> None:
        self.why_not = why_not
        self.grabbed: list[int] = []

    def reason(self) -> str:
        return self.why_not

    def grab(self, display: DisplayFacts, *, cursor: bool) -> Pixels:
        self.grabbed.append(display.id)
        stride = display.width_px * 4 + 16
        data = bytearray(bytes((display.id, 2, 3, 0)) * (display.width_px + 4) * display.height_px)
        if cursor:
            data[:4] = b"\xff\xff\xff\xff"
        return Pixels(display.width_px, display.height_px, stride, data)

    def close(self) -> None:
        self.grabbed = []


class TestMacCapture(CaptureContract):
    @pytest.fixture
    def capture(self) -> ScreenCapture:
        small = (
            DisplayFacts(1, 0, 0, 144, 90, 288, 180, is_main=True),
            DisplayFacts(5, -108, -30, 108, 192, 108, 192, is_main=False),
        )
        return MacCapture([Painted()], lambda: Mac(displays=small))


def test_displays_of_two_scales_get_places_that_do_not_overlap() -> None:
    desktop = MacCapture([Painted()], Mac).grab()
    upright, laptop = desktop.monitors
    assert (upright.scale, laptop.scale) == (1, 2)
    assert (upright.is_primary, laptop.is_primary) == (False, True)
    assert (upright.rect_px.width, upright.rect_px.height) == (1080, 1920)
    assert (laptop.rect_px.width, laptop.rect_px.height) == (2880, 1800)
    assert upright.rect_px.intersected(laptop.rect_px).is_empty
    assert upright.rect_px.right == laptop.rect_px.x
    assert [bytes(frame.pixels[:1]) for frame in desktop.frames] == [b"\x05", b"\x01"]


def test_windows_lie_in_the_pixels_of_the_display_that_shows_most_of_them() -> None:
    desktop = MacCapture([Painted()], Mac).grab()
    upright, laptop = (monitor.rect_px for monitor in desktop.monitors)
    letter, notes = desktop.windows
    assert (letter.id, letter.title) == (42, "Letter to you")
    assert letter.rect_px == Rect(laptop.x + 200, laptop.y + 100, 601, 400)
    # What of it would lie on the laptop's display is not drawn there.
    assert notes.rect_px == Rect(upright.x + 580, upright.y + 300, 500, 100)


def test_what_is_not_allowed_is_said_without_a_try() -> None:
    mac, source = Mac(allowed=False), Painted()
    capture = MacCapture([source], lambda: mac)
    probe = capture.probe()
    assert (probe.available, mac.asked) == (False, 0)
    assert "System Settings" in probe.remedy
    assert probe.settings_url.startswith("x-apple.systempreferences:")
    # A picture that is asked for lets macOS ask the person; none is taken before it says yes.
    with pytest.raises(UserFacingError, match="does not let ImgLink record") as caught:
        capture.grab()
    assert (mac.asked, source.grabbed) == (1, [])
    # Windows lead from the failure to the very page.
    assert caught.value.settings_url == probe.settings_url


def test_the_person_is_asked_by_the_first_picture_that_they_want() -> None:
    # Only so does ImgLink get into the list of those that may be allowed.
    mac, source = Mac(allowed=False), Painted()
    capture = AutomaticCapture([MacCapture([source], lambda: mac)])
    assert not capture.probe().available
    capture.warm_up()
    assert mac.asked == 0
    with pytest.raises(UserFacingError, match="does not let ImgLink record") as caught:
        capture.grab()
    assert (mac.asked, source.grabbed) == (1, [])
    assert caught.value.settings_url
    mac.allowed = True
    assert capture.grab().monitors


def test_what_is_allowed_at_the_asking_is_done() -> None:
    assert MacCapture([Painted()], lambda: Mac(allowed=False, allowed_when_asked=True)).grab().monitors


def test_the_first_source_that_can_is_used() -> None:
    new, old = Painted("it needs macOS 14"), Painted()
    MacCapture([new, old], Mac).grab()
    assert (new.grabbed, old.grabbed) == ([], [1, 5])


def test_without_a_display_or_pyobjc_it_says_so() -> None:
    with pytest.raises(UserFacingError, match="no display"):
        MacCapture([Painted()], lambda: Mac(displays=())).grab()
    # As on this computer, which has no pyobjc.
    probe = MacCapture([Painted()]).probe()
    assert (probe.available, probe.remedy) == (False, "Install pyobjc-framework-Quartz.")


# --- what is asked of macOS -------------------------------------------------------------------------------------------


@pytest.fixture
def framework(monkeypatch: pytest.MonkeyPatch) -> Framework:
    def rect(x: float, y: float, width: float, height: float) -> SimpleNamespace:
        return SimpleNamespace(origin=SimpleNamespace(x=x, y=y), size=SimpleNamespace(width=width, height=height))

    bounds = {1: rect(0.0, 0.0, 1440.0, 900.0), 5: rect(-1080.0, -300.0, 1080.0, 1920.0)}
    modes = {1: (2880, 1800), 5: (1920, 1080)}
    window = {
        "kCGWindowNumber": 42,
        "kCGWindowName": "Letter\nto you",
        "kCGWindowOwnerName": "Editor",
        "kCGWindowLayer": 0,
        "kCGWindowAlpha": 1.0,
        "kCGWindowBounds": {"X": 100.0, "Y": 50.0, "Width": 300.5, "Height": 200.0},
    }
    menu_bar = window | {"kCGWindowNumber": 1, "kCGWindowLayer": 24}
    unseen = window | {"kCGWindowNumber": 2, "kCGWindowAlpha": 0.0}
    nameless = {name: value for name, value in window.items() if name != "kCGWindowName"} | {"kCGWindowNumber": 7}
    made = Framework(
        "Quartz",
        {
            "CGPreflightScreenCaptureAccess": lambda: True,
            "CGRequestScreenCaptureAccess": lambda: False,
            "CGGetActiveDisplayList": lambda most, _ids, _count: (0, (1, 5)[:most], 2),
            "CGMainDisplayID": lambda: 1,
            "CGDisplayBounds": bounds.__getitem__,
            "CGDisplayCopyDisplayMode": lambda number: number if number == 1 else 5,
            "CGDisplayModeGetPixelWidth": lambda mode: modes[mode][0],
            "CGDisplayModeGetPixelHeight": lambda mode: modes[mode][1],
            "CGWindowListCopyWindowInfo": lambda _options, _relative: [menu_bar, window, unseen, nameless],
        },
    )
    monkeypatch.setitem(sys.modules, "Quartz", made)
    return made


def test_facts_are_read_from_core_graphics(framework: Framework) -> None:
    native = Quartz()
    assert (native.may_record(), native.ask_to_record()) == (True, False)
    assert native.displays() == [LAPTOP, UPRIGHT]
    assert [(window.id, window.title) for window in native.windows()] == [(42, "Letter\nto you"), (7, "Editor")]
    assert native.windows()[0] == LETTER


def test_looking_whether_it_is_allowed_captures_nothing(framework: Framework) -> None:
    MacCapture([Painted()]).probe()
    assert framework.calls == ["CGPreflightScreenCaptureAccess"]


def test_the_numbers_are_those_of_the_headers() -> None:
    numbers = {
        "kCGWindowListOptionOnScreenOnly": quartz._ON_SCREEN_ONLY,
        "kCGWindowListExcludeDesktopElements": quartz._EXCLUDE_DESKTOP,
        "kCGNormalWindowLevel": quartz._NORMAL_LAYER,
    }
    assert {name: int(METADATA["constants"][name]) for name in numbers} == numbers


# --- the two ways to the pixels ---------------------------------------------------------------------------------------


class Kit:
    """ScreenCaptureKit, answering on the caller's thread; what it was asked is kept."""

    def __init__(self, *, image: object = "image", error: object = None, displays: Sequence[int] = (1, 5)) -> None:
        self.configured: dict[str, object] = {}
        outer = self

        class Content:
            def displays(self) -> list[Any]:
                return [SimpleNamespace(displayID=lambda number=number: number) for number in displays]

        class SCShareableContent:
            @staticmethod
            def getShareableContentWithCompletionHandler_(done: Callable[[Any, Any], None]) -> None:
                done(Content(), None)

        class Made:
            @classmethod
            def alloc(cls) -> Any:
                return cls()

            def init(self) -> Any:
                return self

            def initWithDisplay_excludingWindows_(self, display: Any, windows: list[Any]) -> Any:
                outer.configured["display"] = display.displayID()
                assert windows == []
                return self

            def __getattr__(self, name: str) -> Callable[[object], None]:
                return lambda value: outer.configured.__setitem__(name, value)

        class SCScreenshotManager:
            @staticmethod
            def captureImageWithFilter_configuration_completionHandler_(
                shown: object, configuration: object, done: Callable[[Any, Any], None]
            ) -> None:
                done(image, error)

        self.SCShareableContent, self.SCScreenshotManager = SCShareableContent, SCScreenshotManager
        self.SCContentFilter = self.SCStreamConfiguration = Made


@pytest.fixture
def read_image(monkeypatch: pytest.MonkeyPatch) -> Framework:
    made = Framework(
        "Quartz",
        {
            "CGImageGetWidth": lambda _: 3,
            "CGImageGetHeight": lambda _: 2,
            "CGImageGetBitsPerPixel": lambda _: 32,
            "CGImageGetBytesPerRow": lambda _: 16,
            "CGImageGetDataProvider": lambda image: image,
            "CGDataProviderCopyData": lambda _: bytearray(range(32)),
        },
    )
    monkeypatch.setitem(sys.modules, "Quartz", made)
    return made


def kit(monkeypatch: pytest.MonkeyPatch, made: Kit) -> ScreenCaptureKitPixels:
    monkeypatch.setitem(sys.modules, "ScreenCaptureKit", made)
    pixels = ScreenCaptureKitPixels()
    assert pixels.reason() == ""
    return pixels


def test_screen_capture_kit_is_asked_for_all_pixels(monkeypatch: pytest.MonkeyPatch, read_image: Framework) -> None:
    made = Kit()
    pixels = kit(monkeypatch, made).grab(LAPTOP, cursor=True)
    assert pixels == Pixels(3, 2, 16, bytes(range(32)))
    assert made.configured == {"display": 1, "setWidth_": 2880, "setHeight_": 1800, "setShowsCursor_": True}


@pytest.mark.parametrize(
    ("made", "details"),
    [
        (Kit(image=None, error=SimpleNamespace(localizedDescription=lambda: "declined")), "declined"),
        (Kit(image=None), "did not give the picture"),
        (Kit(displays=()), "has gone"),
    ],
)
def test_what_screen_capture_kit_refuses_is_explained(
    monkeypatch: pytest.MonkeyPatch, read_image: Framework, made: Kit, details: str
) -> None:
    with pytest.raises(UserFacingError, match="did not give a picture") as caught:
        kit(monkeypatch, made).grab(LAPTOP, cursor=False)
    assert details in caught.value.details
    assert caught.value.settings_url == quartz.SETTINGS_URL


def test_an_older_system_or_a_missing_package_is_told_apart(
    monkeypatch: pytest.MonkeyPatch, read_image: Framework
) -> None:
    assert "not installed" in ScreenCaptureKitPixels().reason()
    monkeypatch.setitem(sys.modules, "ScreenCaptureKit", Framework("ScreenCaptureKit", {}))
    assert ScreenCaptureKitPixels().reason() == "it needs macOS 14"


@pytest.mark.parametrize(
    "name",
    [
        "getShareableContentWithCompletionHandler_",
        "captureImageWithFilter_configuration_completionHandler_",
        "setShowsCursor_",
    ],
)
def test_the_selectors_are_known_to_pyobjc(name: str) -> None:
    assert selector(name) in METADATA["selectors"]


def test_core_graphics_is_asked_for_every_pixel_of_a_sharp_display(monkeypatch: pytest.MonkeyPatch) -> None:
    import mss
    import mss.darwin

    class Shooter:
        def grab(self, area: dict[str, int]) -> Any:
            assert area == {"left": 0, "top": 0, "width": 1440, "height": 900}
            assert mss.darwin.IMAGE_OPTIONS == 0
            return SimpleNamespace(width=2880, height=1800, raw=bytearray(2880 * 1800 * 4))

        def close(self) -> None:
            closed.append(True)

    closed: list[bool] = []
    monkeypatch.setattr(mss, "MSS", Shooter)
    monkeypatch.setattr(mss.darwin, "IMAGE_OPTIONS", mss.darwin.IMAGE_OPTIONS)
    source = CoreGraphicsPixels()
    pixels = source.grab(LAPTOP, cursor=False)
    assert (pixels.width, pixels.height, pixels.stride) == (2880, 1800, 11520)
    source.close()
    source.close()
    assert closed == [True]
