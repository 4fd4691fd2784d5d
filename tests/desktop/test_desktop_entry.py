"""The desktop file that the program writes, as the message bus uses it: it starts the program by its name."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PIL import Image

from app.demo import DEMO_API_KEY, DemoServer
from app.system.application_service import INTERFACE, NAME, PATH
from app.system.desktop_entry import ENTRY, ICON, SERVICE
from tests.desktop.running import PROGRAM, READY, ROOT, program_environment, skip_welcome
from tests.desktop.session import DesktopSession


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with DemoServer() as running:
        yield running


def call(desktop: DesktopSession, method: str, *arguments: str) -> None:
    to = ["gdbus", "call", "--session", "--dest", NAME, "--object-path", PATH, "--method", f"{INTERFACE}.{method}"]
    desktop.run([*to, *arguments, "{}"])


def quit_program(desktop: DesktopSession) -> None:
    call(desktop, "ActivateAction", "quit", "[]")
    desktop.wait_for(lambda: not desktop.bus_has(NAME), what="it did not quit")


def test_the_bus_starts_the_program_that_ran_once_and_it_uploads_what_is_opened(
    desktop: DesktopSession, server: DemoServer
) -> None:
    skip_welcome(desktop)
    env = {**program_environment(server), "IMGLINK_API_KEY": DEMO_API_KEY}
    first = desktop.spawn(PROGRAM, env=env)
    first.wait_for_output(READY)
    shared = desktop.home / ".local/share"
    assert [name for name in (ENTRY, SERVICE, ICON) if not (shared / name).is_file()] == []
    quit_program(desktop)
    assert first.wait() == 0, first.describe()
    variables = ", ".join(f"'{name}': '{value}'" for name, value in env.items() if name != "PYTHONPATH")
    bus = "org.freedesktop.DBus"
    to_bus = ["gdbus", "call", "--session", "--dest", bus, "--object-path", "/org/freedesktop/DBus"]
    desktop.run([*to_bus, "--method", f"{bus}.UpdateActivationEnvironment", f"{{{variables}}}"])
    picture = desktop.home / "a picture.png"
    Image.new("RGB", (40, 30), "teal").save(picture)
    call(desktop, "Open", f"['{picture.as_uri()}']")
    desktop.wait_for(lambda: server.commits == 1, 60, what="it was not uploaded")
    assert desktop.bus_has(NAME)
    quit_program(desktop)


def test_the_demo_installs_nothing(desktop: DesktopSession) -> None:
    skip_welcome(desktop)
    demo = desktop.spawn([*PROGRAM, "--demo"], env={"PYTHONPATH": str(ROOT)})
    demo.wait_for_output(READY)
    assert demo.stop(20) == 0, demo.describe()
    shared = desktop.home / ".local/share"
    assert [name for name in (ENTRY, SERVICE, ICON) if (shared / name).exists()] == []
