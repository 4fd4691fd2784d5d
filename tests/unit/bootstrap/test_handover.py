"""What is handed over and what is not, between the command's end and the application's."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.bootstrap import start
from app.bootstrap.handover import DEMO_SUFFIX, hand_over, own_runtime_folder, tell_credentials_changed
from app.bootstrap.profile import open_profile
from app.bootstrap.remote import Remote
from app.bootstrap.start import quit_application, start_application
from app.core.errors import UserFacingError
from app.system.instance import Instance
from app.system.ipc import wire
from tests.unit.system.ipc import harness

ENVIRON = {"DISPLAY": ":7", "IMGLINK_API_KEY": "ilk_one"}


@pytest.fixture(autouse=True)
def umask_restored() -> Iterator[None]:
    """Opening a profile changes the whole process's."""
    before = os.umask(0o077)
    yield
    os.umask(before)


class Application:
    """The running one, without windows: what it was asked."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.was_asked = threading.Event()
        self.question = ""
        self.agrees = True
        self.account: Account | None = None

    def show(self, token: str) -> None:
        self.calls.append(f"show {token}".rstrip())

    def expect(self, token: str) -> None:
        self.calls.append(f"expect {token}")

    async def quit(self, tell: Callable[[str], None]) -> bool:
        """Nothing ends; `question` and `agrees` are for the person."""
        self.calls.append("quit")
        self.was_asked.set()
        if self.question:
            tell(self.question)
        return self.agrees

    async def services(self) -> Any:
        """As when the database cannot be opened, unless there is an account."""
        self.calls.append("services")
        if self.account is None:
            raise UserFacingError("There are no services.")
        return SimpleNamespace(account=self.account)


class Account:
    """Counts how often it was told to look at the keyring."""

    looks = 0

    async def look_again(self) -> None:
        self.looks += 1


@contextmanager
def running(
    monkeypatch: pytest.MonkeyPatch, *, version: str | None = None, suffix: str = ""
) -> Iterator[tuple[Application, Mapping[str, str]]]:
    environ = {**os.environ, **ENVIRON}
    application: Any = Application()
    profile = open_profile(environ)
    remote = Remote(profile, environ, application.services, application.show, application.expect, application.quit)
    from app import __version__

    monkeypatch.setattr(harness, "VERSION", version or __version__)
    with harness.serving(Path(own_runtime_folder(environ) + suffix), remote):
        yield application, environ


def test_a_second_start_shows_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    with running(monkeypatch) as (application, environ):
        assert start_application(environ, use_demo_server=False) == 0
        # Over a remote shell there is no display; the window comes up where the application is.
        without = {name: value for name, value in environ.items() if name != "DISPLAY"}
        assert start_application(without, use_demo_server=False) == 0
        # What the launcher gave to the second is used by the first.
        assert start_application({**environ, "DESKTOP_STARTUP_ID": "id"}, use_demo_server=False) == 0
        both = {**environ, "DESKTOP_STARTUP_ID": "id", "XDG_ACTIVATION_TOKEN": "token"}
        assert start_application(both, use_demo_server=False) == 0
    assert application.calls == ["show", "show", "show id", "show token"]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"DISPLAY": ":8"}, "on another display (:7)"),
        ({"IMGLINK_API_KEY": "ilk_two"}, "another key"),
        ({"XDG_DATA_HOME": "/elsewhere"}, "other folders"),
    ],
)
def test_a_second_start_that_means_something_else_is_explained(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], changed: dict[str, str], words: str
) -> None:
    with running(monkeypatch) as (application, environ):
        assert start_application({**environ, **changed}, use_demo_server=False) == 1
    assert words in capsys.readouterr().err
    assert application.calls == []


def test_one_that_never_answers_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "_DEADLINE_S", 0.1)
    instance = Instance.claim(own_runtime_folder(os.environ))
    assert instance is not None
    with pytest.raises(UserFacingError, match="does not answer"):
        start_application(os.environ, use_demo_server=False)
    with pytest.raises(UserFacingError, match="does not answer"):
        quit_application(os.environ)
    instance.release()
    assert quit_application(os.environ) == 0


def test_whom_the_person_has_to_answer_first_is_said_and_waited_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(start, "_DEADLINE_S", 5)
    with running(monkeypatch) as (application, environ):
        application.question, application.agrees = "One picture is not saved.", False
        assert quit_application(environ) == 1
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "One picture is not saved."
    assert "ImgLink was not quit." in said[1]


def test_an_application_that_goes_away_while_it_is_quit_is_quit(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = own_runtime_folder(os.environ)
    instance = Instance.claim(folder)
    assert instance is not None
    instance.listener.listen()

    def answer() -> None:
        talking, _ = instance.listener.accept()
        with talking:
            talking.sendall(wire.encode({"imglink": wire.PROTOCOL, "version": "0", "nonce": "n"}))
            size = int.from_bytes(talking.recv(wire.HEADER_BYTES), "big")
            talking.recv(size)
            talking.sendall(wire.encode({"event": "accepted"}))
        instance.release()

    thread = threading.Thread(target=answer)
    thread.start()
    assert quit_application(os.environ) == 0
    thread.join()


def test_the_demo_is_quit_and_told_by_its_own_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(monkeypatch, suffix=DEMO_SUFFIX) as (application, environ):
        application.question, application.agrees = "Really?", False
        assert quit_application(environ, is_demo=True) == 1
        assert quit_application(environ) == 0
        assert "ImgLink is not running." in capsys.readouterr().err
        assert hand_over(["--demo", "queue"], environ) == 1
    assert application.calls == ["quit", "services"]


def test_what_is_meant_for_the_demo_is_done_by_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    with running(monkeypatch) as (application, environ), pytest.raises(UserFacingError, match="imglink --demo"):
        hand_over(["--demo", "upload", "a.png"], environ)
    assert application.calls == []


def test_a_new_key_is_told_to_the_application_that_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    with running(monkeypatch) as (application, environ):
        application.account = Account()
        tell_credentials_changed(environ)
        assert application.account.looks == 1
        # Whoever cannot look says so elsewhere: the key is stored all the same.
        application.account = None
        tell_credentials_changed(environ)
    tell_credentials_changed(environ)


def test_quitting_needs_neither_the_same_key_nor_the_same_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "_DEADLINE_S", 0.1)
    with (
        running(monkeypatch, version="0.0.1") as (application, environ),
        # It does not really end here.
        pytest.raises(UserFacingError),
    ):
        quit_application({**environ, "IMGLINK_API_KEY": "ilk_two"})
    assert application.was_asked.wait(5)


def test_what_the_application_accepts_is_its_to_explain(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(monkeypatch) as (_, environ):
        assert hand_over(["upload", "a.png"], environ) == 1
    assert capsys.readouterr().err == "imglink: There are no services.\n"


@pytest.mark.parametrize(
    ("words", "changed"),
    [
        (["capture", "screen"], {"DISPLAY": ":8"}),
        (["upload", "a.png"], {"IMGLINK_API_KEY": "ilk_two"}),
        (["upload", "a.png"], {"IMGLINK_TOKEN": "t"}),
        (["upload", "a.png"], {"IMGLINK_BASE_URL": "http://127.0.0.1:1"}),
        (["upload", *["a" * 100] * 1000], {}),
        (["info", "aBcDeFgHiJ"], {}),
        (["upload", "--help"], {}),
        (["--demo", "info", "aBcDeFgHiJ"], {}),
        (["--demo", "upload", "--help"], {}),
        ([], {}),
    ],
)
def test_what_the_application_cannot_do_as_meant_is_done_here(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    changed: dict[str, str],
) -> None:
    with running(monkeypatch) as (application, environ):
        assert hand_over(words, {**environ, **changed}) is None
    assert application.calls == []
    assert capsys.readouterr() == ("", "")


def test_another_version_is_not_trusted_to_understand(monkeypatch: pytest.MonkeyPatch) -> None:
    with running(monkeypatch, version="0.0.1") as (application, environ):
        assert hand_over(["upload", "a.png"], environ) is None
    assert application.calls == []


def test_from_a_folder_that_is_no_more_it_is_done_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    with running(monkeypatch) as (application, environ):
        monkeypatch.chdir(gone)
        gone.rmdir()
        assert hand_over(["upload", "a.png"], environ) is None
        monkeypatch.chdir(tmp_path)
    assert application.calls == []


def test_something_planted_is_said_and_not_worked_around(tmp_path: Path) -> None:
    folder = Path(own_runtime_folder(os.environ))
    folder.mkdir(mode=0o700)
    (folder / "ipc.sock").symlink_to(tmp_path / "theirs")
    with pytest.raises(UserFacingError, match="not the socket that it should be"):
        hand_over(["upload", "a.png"], os.environ)


def test_the_demo_keeps_its_lock_in_the_demos_own_folder() -> None:
    profile = open_profile(os.environ, demo_url="http://127.0.0.1:1", demo_key="k")
    assert str(profile.paths.runtime) == own_runtime_folder(os.environ) + DEMO_SUFFIX
