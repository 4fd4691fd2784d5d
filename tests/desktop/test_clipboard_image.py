"""The picture of a capture on the clipboard, as another program pastes it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest
from PIL import Image

from app.demo import DemoServer
from tests.desktop import cli
from tests.desktop.running import running_program
from tests.desktop.session import DesktopSession
from tests.desktop.sway import ONE, sway_session
from tests.desktop.wayland_running import do_action, start_typing_elsewhere
from tests.desktop.wayland_running import running_program as running_on_wayland

COPIES = {"after_capture": {"copy_image": True}}


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with DemoServer() as running:
        yield running


def pasted(desktop: DesktopSession) -> Image.Image:
    data = desktop.wait_for(lambda: desktop.clipboard_data("image/png"), what="no picture came to the clipboard")
    return Image.open(io.BytesIO(data)).convert("RGB")


@pytest.mark.parametrize("has_focus", [True, False])
def test_on_wayland_it_is_pasted_as_it_is_uploaded(server: DemoServer, *, has_focus: bool) -> None:
    with sway_session(ONE) as desktop:
        desktop.paint_patterns()
        with running_on_wayland(desktop, server, COPIES) as program:
            if not has_focus:
                start_typing_elsewhere(desktop)
            # Else the link takes the clipboard as soon as it is there.
            cli.run(desktop, server, "pause")
            do_action(desktop, "screen")
            picture = pasted(desktop)
            cli.run(desktop, server, "resume")
            program.wait_for_link()
            assert picture.tobytes() == program.uploaded_picture().tobytes()


def test_on_x11_it_is_pasted_as_it_is_uploaded(full_desktop: DesktopSession, server: DemoServer) -> None:
    folder = full_desktop.home / ".config/imglink"
    folder.mkdir(mode=0o700, parents=True)
    (folder / "settings.json").write_text(json.dumps({"version": 1, **COPIES}), encoding="ascii")
    with running_program(full_desktop, server) as program:
        cli.run(full_desktop, server, "pause", key="")
        full_desktop.paint_pattern()
        full_desktop.xdotool("key", "ctrl+shift+3")
        picture = pasted(full_desktop)
        cli.run(full_desktop, server, "resume", key="")
        program.wait_for_link()
        assert picture.tobytes() == program.uploaded_picture().tobytes()
