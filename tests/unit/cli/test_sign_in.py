"""`imglink account login`, `token` and `logout` without a keyring; with one, see tests/desktop/test_cli_account.py."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from app.demo import DEMO_EMAIL, DEMO_PASSWORD, DEMO_USER, Fault
from tests.unit.cli.harness import Cli, Terminal, exit_code, on_terminal, wait_for_prompt

ASKS = "tests.unit.cli.sign_in_program"


def test_without_a_keyring_a_session_is_not_kept_and_the_variable_is_named(cli: Cli) -> None:
    done = cli.run("account", "login", "--user", DEMO_USER, stdin=DEMO_PASSWORD.encode() + b"\n")
    assert (done.code, done.out) == (3, "")
    assert "was not stored, because there is no keyring" in done.sentence
    assert "IMGLINK_TOKEN" in done.err
    assert cli.run("account", "status", "--json").json["token"]["present"] is False


@pytest.mark.parametrize("password", [b"wrong\n", DEMO_PASSWORD.encode() + b" \n"])
def test_a_wrong_password_is_3_and_not_repeated(cli: Cli, password: bytes) -> None:
    done = cli.run("account", "login", "--user", DEMO_EMAIL, stdin=password)
    assert (done.code, done.out) == (3, "")
    assert "name or the password is not right" in done.sentence
    assert password.decode().strip() not in done.err


def test_a_password_is_no_argument(cli: Cli) -> None:
    assert cli.run("account", "login", "--user", "mia", "secret").code == 2
    assert cli.run("account", "token", "set", "secret").code == 2
    assert cli.server.requests == ()


@pytest.mark.parametrize(
    ("words", "typed", "code"),
    [
        (("login",), b"secret\n", 1),
        (("login", "--user", "mia"), b"", 1),
        (("login", "--user", "mia"), b"\xff\xfe\n", 1),
        (("login", "--user", ""), b"secret\n", 1),
        (("token", "set"), b"", 1),
        (("token", "set"), b"two words\n", 1),
    ],
)
def test_what_cannot_be_right_is_refused_before_anything_is_asked(
    cli: Cli, words: tuple[str, ...], typed: bytes, code: int
) -> None:
    done = cli.run("account", *words, stdin=typed)
    assert (done.code, done.out) == (code, "")
    assert done.sentence
    assert cli.server.requests == ()


def test_where_no_password_is_taken_the_token_is_named(cli: Cli) -> None:
    settings = cli.home / ".config/imglink/settings.json"
    settings.parent.mkdir(parents=True)
    settings.write_text('{"account": {"sign_in_path": "/api/no/such/path"}}')
    done = cli.run("account", "login", "--user", DEMO_USER, stdin=DEMO_PASSWORD.encode())
    assert done.code == 3
    assert "offers no sign-in with a password" in done.err
    assert "imglink account token set" in done.err
    # The configured path was asked, and it alone.
    assert [request.path for request in cli.server.requests] == ["/api/no/such/path"]


def test_a_rate_limit_is_4_with_its_wait(cli: Cli) -> None:
    cli.server.faults.add(Fault.error(429, "Slow down", retry_after="30"))
    done = cli.run("account", "login", "--user", DEMO_USER, stdin=DEMO_PASSWORD.encode())
    assert done.code == 4
    assert "Try again in 30 seconds." in done.sentence


def test_a_pasted_token_is_checked_first(cli: Cli) -> None:
    lapsed = cli.server.add_token(cli.server.user(DEMO_USER), lifetime_s=-5)
    done = cli.run("account", "token", "set", stdin=lapsed.encode())
    assert (done.code, "lapsed" in done.sentence) == (1, True)
    forged = cli.server.add_token(cli.server.user(DEMO_USER))[:-4] + "AAAA"
    done = cli.run("account", "token", "set", stdin=forged.encode())
    assert (done.code, "not accepted" in done.sentence) == (3, True)
    assert forged not in done.err


def test_the_prompts_do_not_echo_the_password(cli: Cli) -> None:
    with on_terminal(cli, "account", "login") as (child, terminal):
        terminal.read_until("User name or e-mail: ")
        terminal.type(DEMO_USER + "\n")
        terminal.read_until(f"Password for {DEMO_USER}: ")
        terminal.type(DEMO_PASSWORD + "\n")
        shown = terminal.read_to_end()
        assert exit_code(child) == 3
    assert DEMO_PASSWORD not in shown
    assert "was not stored" in shown


def test_signing_out_with_nobody_signed_in_says_so(cli: Cli) -> None:
    done = cli.run("account", "logout")
    assert (done.code, done.out) == (0, f"Nobody was signed in to {cli.server.base_url}.\n")


def test_status_says_whose_the_session_is_and_until_when(cli: Cli) -> None:
    token = cli.server.add_token(cli.server.user(DEMO_USER))
    env = {"IMGLINK_TOKEN": token}
    shown = cli.run("account", "status", env=env)
    assert any(
        line.startswith(f"Token    from the environment: Signed in as {DEMO_USER} until 20") for line in shown.lines
    )
    assert cli.run("account", "status", "--json", env=env).json["token"]["holder"] == DEMO_USER
    assert token not in shown.out
    done = cli.run("account", "logout", env=env)
    assert (done.code, "Unset that variable" in done.sentence) == (1, True)


# --- in the middle of something ---------------------------------------------------------------------------------------


@contextmanager
def asking(cli: Cli) -> Iterator[tuple[int, Terminal]]:
    """A command on a terminal that lists albums behind the gate, three times at once."""
    child, fd = pty.fork()
    if child == 0:
        os.chdir(cli.cwd)
        os.execve(sys.executable, [sys.executable, "-m", ASKS, cli.server.base_url], cli.environ({}))
    try:
        yield child, Terminal(fd)
    finally:
        os.close(fd)


def test_a_command_that_finds_nobody_signed_in_asks_once_and_goes_on(cli: Cli) -> None:
    with asking(cli) as (child, terminal):
        terminal.read_until("This needs you to be signed in")
        terminal.read_until("User name or e-mail: ")
        terminal.type(DEMO_USER + "\n")
        terminal.read_until("Password: ")
        terminal.type("wrong\n")
        terminal.read_until("is not right")
        terminal.read_until("User name or e-mail: ", after="is not right")
        terminal.type(DEMO_USER + "\n")
        terminal.read_until("Password: ", after="is not right")
        terminal.type(DEMO_PASSWORD + "\n")
        shown = terminal.read_to_end()
        assert exit_code(child) == 0
    assert "albums 0 0 0" in shown
    assert shown.count("needs you") == 1
    assert DEMO_PASSWORD not in shown


@pytest.mark.parametrize("key", ["\x03", "\x04"])
@pytest.mark.parametrize("prompt", ["User name or e-mail: ", "Password: "])
def test_the_question_can_be_left(cli: Cli, prompt: str, key: str) -> None:
    with asking(cli) as (child, terminal):
        terminal.read_until("User name or e-mail: ")
        if prompt == "Password: ":
            terminal.type(DEMO_USER + "\n")
            terminal.read_until(prompt)
        wait_for_prompt(child)
        terminal.type(key)
        shown = terminal.read_to_end()
        assert exit_code(child) == 130
    assert "Traceback" not in shown


def test_where_nobody_can_be_asked_the_command_says_how_to_sign_in(cli: Cli) -> None:
    command = [sys.executable, "-m", ASKS, cli.server.base_url]
    done = subprocess.run(
        command,
        check=False,
        env=cli.environ({}),
        cwd=cli.cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert "imglink account login" in done.stderr
    assert "Traceback" not in done.stderr
