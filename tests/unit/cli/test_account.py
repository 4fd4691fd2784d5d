"""`imglink account` without a keyring; with one, see tests/desktop/test_cli_account.py."""

from __future__ import annotations

import pytest

from app.demo import DEMO_API_KEY, DEMO_USER
from tests.unit.cli.harness import Cli, exit_code, on_terminal, wait_for_prompt

NO_KEY: dict[str, str | None] = {"IMGLINK_API_KEY": None}


def test_without_a_keyring_a_good_key_is_not_stored_and_the_variable_is_named(cli: Cli) -> None:
    done = cli.run("account", "key", "set", stdin=DEMO_API_KEY.encode() + b"\n", env=NO_KEY)
    assert (done.code, done.out) == (3, "")
    assert "was not stored, because there is no keyring" in done.sentence
    assert "ImgLink accepts it." in done.err
    assert "IMGLINK_API_KEY" in done.err
    assert DEMO_API_KEY not in done.err
    assert cli.run("account", "status", "--json", env=NO_KEY).json["api_key"]["present"] is False


def test_a_wrong_key_is_3(cli: Cli) -> None:
    done = cli.run("account", "key", "set", stdin=b"wrong-key\n", env=NO_KEY)
    assert done.code == 3
    assert "not accepted" in done.sentence
    assert "wrong-key" not in done.err


@pytest.mark.parametrize("typed", [b"", b"\n", b"   \n", b"two words\n", b"\xff\xfe\n", "schlüssel\n".encode()])
def test_what_cannot_be_a_key_is_refused_before_anything_is_asked(cli: Cli, typed: bytes) -> None:
    done = cli.run("account", "key", "set", stdin=typed, env=NO_KEY)
    assert done.code == 1
    assert done.sentence
    assert cli.server.requests == ()


def test_the_prompt_does_not_echo(cli: Cli) -> None:
    with on_terminal(cli, "account", "key", "set", env=NO_KEY) as (child, terminal):
        terminal.read_until("API key: ")
        terminal.type(DEMO_API_KEY + "\n")
        shown = terminal.read_to_end()
        assert exit_code(child) == 3
    assert DEMO_API_KEY not in shown
    assert "ImgLink accepts it." in shown


@pytest.mark.parametrize(("key", "code"), [("\x03", 130), ("\x04", 130)])
def test_the_prompt_can_be_left(cli: Cli, key: str, code: int) -> None:
    with on_terminal(cli, "account", "key", "set", env=NO_KEY) as (child, terminal):
        terminal.read_until("API key: ")
        wait_for_prompt(child)
        terminal.type(key)
        shown = terminal.read_to_end()
        assert exit_code(child) == code
    assert "Traceback" not in shown


def test_check(cli: Cli) -> None:
    good = cli.run("account", "key", "check")
    assert (good.code, good.out) == (0, "From the variable IMGLINK_API_KEY. ImgLink accepts it.\n")
    limited = cli.server.add_key(cli.server.user(DEMO_USER), scopes=["upload:create"])
    some = cli.run("account", "key", "check", env={"IMGLINK_API_KEY": limited})
    assert (some.code, "does not let it delete" in some.out) == (0, True)
    bad = cli.run("account", "key", "check", env={"IMGLINK_API_KEY": "wrong"})
    assert (bad.code, bad.out, "not accepted" in bad.sentence) == (3, "", True)
    none = cli.run("account", "key", "check", env=NO_KEY)
    assert (none.code, "There is no API key" in none.sentence) == (3, True)
    offline = cli.run("account", "key", "check", env={"IMGLINK_BASE_URL": "http://127.0.0.1:9"})
    assert (offline.code, "cannot be reached" in offline.sentence) == (4, True)


def test_a_key_of_the_environment_cannot_be_removed(cli: Cli) -> None:
    done = cli.run("account", "key", "remove")
    assert done.code == 1
    assert "Unset that variable" in done.sentence


def test_status_with_and_without(cli: Cli) -> None:
    with_key = cli.run("account", "status")
    assert with_key.lines[0] == f"Server   {cli.server.base_url}"
    assert with_key.lines[1].startswith("API key  from the environment")
    assert with_key.code == 0
    without = cli.run("account", "status", env=NO_KEY)
    assert "API key  none" in without.lines
    assert "anonymous" in without.lines[-1]
    assert without.code == 0


def test_status_as_json(cli: Cli) -> None:
    token = cli.server.add_token(cli.server.user(DEMO_USER))
    lapsed = cli.server.add_token(cli.server.user(DEMO_USER), lifetime_s=-10)
    now, then = (cli.run("account", "status", "--json", env={"IMGLINK_TOKEN": each}).json for each in (token, lapsed))
    assert now["server"] == cli.server.base_url
    assert (now["api_key"]["present"], now["api_key"]["stored_in"]) == (True, "environment")
    assert now["token"]["expires_at"] > then["token"]["expires_at"]
    assert (now["token"]["validity"], then["token"]["validity"]) == ("unknown", "bad")
    # The service was not asked.
    assert cli.server.requests == ()


def test_nothing_of_the_outbox_is_made_for_it(cli: Cli) -> None:
    cli.run("account", "status")
    assert list(cli.data.iterdir()) == []
