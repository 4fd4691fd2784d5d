"""`imglink doctor` on a full desktop, and with parts of it missing."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from app.demo import DemoServer
from app.secrets.guard import HANGS_REMEDY
from tests.desktop.cli import results, run
from tests.desktop.session import DesktopSession


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with DemoServer() as running:
        yield running


def test_on_a_full_desktop_everything_works(full_desktop: DesktopSession, server: DemoServer) -> None:
    done = run(full_desktop, server, "doctor")
    assert [line.split()[0] for line in done.stdout.splitlines() if line[:1].strip()][:-1] == ["ok"] * 14
    assert done.stdout.endswith("\nEverything works.\n")
    assert done.stderr == ""
    names = {each["part"]: each["name"] for each in results(run(full_desktop, server, "doctor", "--json"))}
    assert names["Session"] == "X11 (Openbox)"
    assert (names["Tray"], names["Keyring"], names["Notifications"]) == ("XEmbed", "secret-service", "dbus")
    assert (names["Screen capture"], names["Shortcuts"], names["Clipboard"]) == ("x11", "x11", "X11")
    # Nothing is sent, and nothing is made.
    assert server.requests == ()
    assert not (full_desktop.home / ".local/share/imglink").exists()


def test_what_is_missing_and_not_needed_is_a_note(desktop: DesktopSession, server: DemoServer) -> None:
    done = run(desktop, server, "doctor")
    marks = {line[9:33].strip(): line.split()[0] for line in done.stdout.splitlines() if line[:1].strip()}
    assert {name for name, mark in marks.items() if mark == "note"} == {"Tray", "Notifications", "Keyring"}
    assert "MISSING" not in done.stdout
    assert "→ Start a keyring that offers the Secret Service" in done.stdout


def test_a_keyring_that_is_frozen_is_a_finding(desktop: DesktopSession, server: DemoServer) -> None:
    frozen = desktop.start_keyring()
    desktop.wait_for(lambda: desktop.bus_has("org.freedesktop.secrets"), what="no keyring came")
    frozen.send_signal(signal.SIGSTOP)
    try:
        findings = {each["part"]: each for each in results(run(desktop, server, "doctor", "--json", code=1))}
    finally:
        frozen.send_signal(signal.SIGCONT)
    assert "the keyring did not answer" in findings["Keyring"]["reason"]
    assert findings["Keyring"]["remedy"] == HANGS_REMEDY
    assert findings["Screen capture"]["ok"] is True
