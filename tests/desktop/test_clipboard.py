"""The clipboard as other programs see it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest
from Xlib import X
from Xlib.display import Display

from app.core.doctor import CLIPBOARD_REMEDY
from app.core.errors import UserFacingError
from app.system.clipboard_keeper import KeeperClipboard
from app.system.x11_clipboard import X11ClipboardReader
from tests.desktop.session import DesktopSession

ROOT = Path(__file__).parents[2]
LINK = "https://imglink.example/i/_RxgFRvwh9 Ünïcödé\nsecond line"


def keeper(desktop: DesktopSession) -> KeeperClipboard:
    # The keeper is started from wherever the person stands, so a checkout has to be named.
    environ = {**desktop.env, "PYTHONPATH": str(ROOT)}
    return KeeperClipboard(environ, X11ClipboardReader(desktop.env))


def test_the_reader_sees_what_another_program_copied(desktop: DesktopSession) -> None:
    desktop.set_clipboard(LINK.encode())
    reader = X11ClipboardReader(desktop.env)
    assert reader.text() == LINK
    assert "UTF8_STRING" in reader.formats()


@pytest.mark.parametrize("has_owner", [False, True])
def test_a_clipboard_that_answers_or_has_nothing_is_fine(desktop: DesktopSession, *, has_owner: bool) -> None:
    if has_owner:
        desktop.set_clipboard(b"text")
    assert X11ClipboardReader(desktop.env).probe().available


def test_an_owner_that_never_answers_is_told_with_the_remedy(desktop: DesktopSession) -> None:
    owner = desktop.spawn([sys.executable, "-m", "tests.desktop.silent_owner"], env={"PYTHONPATH": str(ROOT)})
    owner.wait_for_output("owns it")
    probe = X11ClipboardReader(desktop.env).probe()
    assert (probe.available, probe.remedy) == (False, CLIPBOARD_REMEDY)
    assert X11ClipboardReader(desktop.env).text() is None


def test_a_clipboard_manager_is_seen(desktop: DesktopSession) -> None:
    reader = X11ClipboardReader(desktop.env)
    assert not reader.has_manager()
    manager = Display(desktop.display)
    try:
        window = manager.screen().root.create_window(0, 0, 1, 1, 0, X.CopyFromParent)
        window.set_selection_owner(manager.intern_atom("CLIPBOARD_MANAGER"), X.CurrentTime)
        manager.sync()
        assert reader.has_manager()
    finally:
        manager.close()


def test_an_empty_clipboard_is_no_text(desktop: DesktopSession) -> None:
    reader = X11ClipboardReader(desktop.env)
    assert reader.text() is None
    assert reader.formats() == frozenset()


def test_an_image_on_the_clipboard_is_no_text(desktop: DesktopSession) -> None:
    desktop.set_clipboard(b"\x89PNG...", "image/png")
    reader = X11ClipboardReader(desktop.env)
    assert reader.text() is None
    assert "image/png" in reader.formats()


# python-xlib forgets to close the socket of a connection that failed.
@pytest.mark.filterwarnings("ignore:.*unclosed <socket:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_no_display_is_explained() -> None:
    with pytest.raises(UserFacingError, match="X server"):
        X11ClipboardReader({"DISPLAY": ":4711"}).text()


def test_a_copied_link_outlives_the_command(desktop: DesktopSession) -> None:
    assert asyncio.run(keeper(desktop).copy_text(LINK)) is True
    assert desktop.clipboard_text() == LINK


def test_the_keeper_leaves_when_someone_else_copies(desktop: DesktopSession) -> None:
    assert asyncio.run(keeper(desktop).copy_text(LINK))
    kept = keeper_processes(desktop)
    assert len(kept) == 1
    desktop.set_clipboard(b"something else")
    desktop.wait_for(lambda: not keeper_processes(desktop), what="the keeper stayed")
    assert desktop.clipboard_text() == "something else"


def test_a_desktop_without_a_clipboard_is_explained(desktop: DesktopSession) -> None:
    environ = {**desktop.env, "PYTHONPATH": str(ROOT), "DISPLAY": ":4711"}
    with pytest.raises(UserFacingError, match="could not be copied"):
        asyncio.run(KeeperClipboard(environ, None).copy_text(LINK))


def test_a_keeper_that_cannot_start_is_explained(desktop: DesktopSession) -> None:
    broken = KeeperClipboard(desktop.env, None, [sys.executable, "-c", "raise SystemExit(1)"])
    with pytest.raises(UserFacingError, match="could not be copied"):
        asyncio.run(broken.copy_text(LINK))


def keeper_processes(desktop: DesktopSession) -> list[str]:
    marker = f"XDG_RUNTIME_DIR={desktop.runtime_dir}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if marker in (folder / "environ").read_bytes() and b"--keep-clipboard" in (folder / "cmdline").read_bytes():
                found.append(folder.name)
        except OSError:
            continue
    return found
