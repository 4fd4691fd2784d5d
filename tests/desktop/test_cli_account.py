"""`imglink account` with a real Secret Service; without one, see tests/unit/cli/test_account.py."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.demo import DEMO_API_KEY, DEMO_EMAIL, DEMO_PASSWORD, DEMO_USER, DemoServer
from tests.desktop.cli import results, run
from tests.desktop.session import DesktopSession, desktop_session


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with DemoServer() as running:
        yield running


@pytest.fixture
def with_keyring() -> Iterator[DesktopSession]:
    with desktop_session(window_manager=False, keyring=True) as session:
        yield session


def test_a_key_is_set_checked_used_and_removed(with_keyring: DesktopSession, server: DemoServer) -> None:
    desktop = with_keyring
    key = server.add_key(server.user(DEMO_USER))
    done = run(desktop, server, "account", "key", "set", key="", stdin=f"  {key}\n".encode())
    assert done.stdout.startswith(f"The API key for {server.base_url} is kept in the desktop's keyring.")
    assert (done.stderr, key in done.stdout) == ("", False)
    assert run(desktop, server, "account", "key", "check", key="").stdout == "ImgLink accepts it.\n"
    status = results(run(desktop, server, "account", "status", "--json", key=""))
    assert (status["api_key"]["stored_in"], status["persistent"]) == ("keyring", True)
    assert "API key  in the keyring" in run(desktop, server, "account", "status", key="").stdout
    image = desktop.home / "a.png"
    run(desktop, server, "capture", "screen", "--save", str(image), key="")
    assert server.images()[0].user_id == server.user(DEMO_USER).id
    run(desktop, server, "upload", str(image), key="")
    assert server.commits == 2
    server.revoke_key(key)
    assert "not accepted" in run(desktop, server, "account", "key", "check", key="", code=3).stderr
    assert "is forgotten" in run(desktop, server, "account", "key", "remove", key="").stdout
    assert "API key  none" in run(desktop, server, "account", "status", key="").stdout
    # Once more changes nothing.
    run(desktop, server, "account", "key", "remove", key="")


def test_a_refused_key_leaves_the_former_one(with_keyring: DesktopSession, server: DemoServer) -> None:
    run(with_keyring, server, "account", "key", "set", key="", stdin=DEMO_API_KEY.encode())
    run(with_keyring, server, "account", "key", "set", key="", stdin=b"wrong", code=3)
    run(with_keyring, server, "account", "key", "check", key="")


def test_a_key_belongs_to_its_server(with_keyring: DesktopSession, server: DemoServer) -> None:
    run(with_keyring, server, "account", "key", "set", key="", stdin=DEMO_API_KEY.encode())
    with DemoServer() as other:
        assert "There is no API key" in run(with_keyring, other, "account", "key", "check", key="", code=3).stderr
        assert other.requests == ()


def test_the_variable_wins_and_that_is_said(with_keyring: DesktopSession, server: DemoServer) -> None:
    done = run(with_keyring, server, "account", "key", "set", stdin=DEMO_API_KEY.encode())
    assert "kept in the desktop's keyring" in done.stdout
    assert "As long as IMGLINK_API_KEY is set" in done.stderr


def test_a_key_of_the_environment_leaves_the_keyring_alone(with_keyring: DesktopSession, server: DemoServer) -> None:
    image = with_keyring.home / "a.png"
    done = run(with_keyring, server, "capture", "screen", "--save", str(image), env={"PYTHONPROFILEIMPORTTIME": "1"})
    assert "keyring.core" not in done.stderr
    assert server.commits == 1


def test_one_signs_in_stays_signed_in_and_signs_out(with_keyring: DesktopSession, server: DemoServer) -> None:
    desktop = with_keyring
    password = f"{DEMO_PASSWORD}\n".encode()
    done = run(desktop, server, "account", "login", "--user", DEMO_EMAIL, key="", stdin=password)
    assert done.stdout.startswith(f"Signed in to {server.base_url} as {DEMO_USER} until 20")
    assert "The token is kept in the desktop's keyring." in done.stdout
    status = results(run(desktop, server, "account", "status", "--json", key=""))
    assert (status["token"]["stored_in"], status["token"]["holder"]) == ("keyring", DEMO_USER)
    assert status["api_key"]["present"] is False
    # Another way in takes its place, and a wrong one does not.
    user = server.add_user("mia", "secret")
    assert (
        "as mia"
        in run(desktop, server, "account", "token", "set", key="", stdin=server.add_token(user).encode()).stdout
    )
    run(desktop, server, "account", "login", "--user", "mia", key="", stdin=b"wrong", code=3)
    assert "Signed in as mia" in run(desktop, server, "account", "status", key="").stdout
    assert "Signed out" in run(desktop, server, "account", "logout", key="").stdout
    status = results(run(desktop, server, "account", "status", "--json", key=""))
    assert (status["token"]["present"], status["token"]["holder"]) == (False, None)
    assert "Nobody was signed in" in run(desktop, server, "account", "logout", key="").stdout
