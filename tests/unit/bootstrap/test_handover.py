"""What is handed over and what is not, between the command's end and the application's."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest

from app.bootstrap import start
from app.bootstrap.handover import hand_over, own_runtime_folder
from app.bootstrap.profile import open_profile
from app.bootstrap.remote import Remote
from app.bootstrap.start import quit_application, start_application
from app.core.errors import UserFacingError
from app.system.instance import Instance
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

    def show(self) -> None:
        self.calls.append("show")

    def quit(self) -> None:
        self.calls.append("quit")
        self.was_asked.set()

    async def services(self) -> NoReturn:
        """As when the database cannot be opened."""
        self.calls.append("services")
        raise UserFacingError("There are no services.")


@contextmanager
def running(
    monkeypatch: pytest.MonkeyPatch, *, version: str | None = None
) -> Iterator[tuple[Application, Mapping[str, str]]]:
    environ = {**os.environ, **ENVIRON}
    application: Any = Application()
    profile = open_profile(environ)
    remote = Remote(profile, environ, application.services, application.show, application.quit)
    from app import __version__

    monkeypatch.setattr(harness, "VERSION", version or __version__)
    with harness.serving(Path(own_runtime_folder(environ)), remote):
        yield application, environ


def test_a_second_start_shows_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    with running(monkeypatch) as (application, environ):
        assert start_application(environ, use_demo_server=False) == 0
        # Over a remote shell there is no display; the window comes up where the application is.
        without = {name: value for name, value in environ.items() if name != "DISPLAY"}
        assert start_application(without, use_demo_server=False) == 0
    assert application.calls == ["show", "show"]


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
    assert str(profile.paths.runtime) == own_runtime_folder(os.environ) + start._DEMO_SUFFIX
