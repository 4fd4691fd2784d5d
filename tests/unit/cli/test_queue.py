"""`imglink queue`, `pause`, `resume`, `quit` and `--no-wait` where no application runs."""

from __future__ import annotations

import pytest

from app.cli.parser import parse
from app.demo import Fault, Stage
from tests.unit.cli.harness import UPLOAD, Cli


def listed(cli: Cli) -> list[dict[str, object]]:
    done = cli.run("queue", "--json")
    assert done.code == 0, done.err
    uploads = done.json["uploads"]
    assert isinstance(uploads, list)
    return uploads


def left_waiting(cli: Cli, *names: str) -> list[str]:
    """Queue files without sending them; their ids."""
    before = cli.uploads()
    done = cli.run("upload", "--no-wait", "--json", *names)
    assert done.code == 0, done.err
    assert cli.uploads() == before
    return [result["upload"] for result in done.json]


def test_what_is_not_waited_for_is_kept_and_listed(cli: Cli, pictures: list[str]) -> None:
    assert cli.run("queue").sentence == "Nothing is waiting."
    ids = left_waiting(cli, *pictures[:2])
    assert [(item["upload"], item["state"]) for item in listed(cli)] == [(each, "queued") for each in ids]
    shown = cli.run("queue")
    assert [line.split()[:2] for line in shown.lines] == [[each, "queued"] for each in ids]
    assert "not running" in shown.sentence
    assert cli.uploads() == 0


def test_a_file_that_is_refused_is_told_without_waiting_too(cli: Cli, pictures: list[str]) -> None:
    done = cli.run("upload", "--no-wait", pictures[0], "missing.png")
    assert (done.code, done.out) == (1, "")
    assert "missing.png" in done.err
    assert len(listed(cli)) == 1


def test_retry_sends_one_and_leaves_the_others(cli: Cli, pictures: list[str]) -> None:
    first, second = left_waiting(cli, *pictures[:2])
    # As much of the id as tells it from the other.
    short = next(first[:length] for length in range(1, len(first) + 1) if not second.startswith(first[:length]))
    done = cli.run("queue", "retry", short)
    assert (done.code, len(done.lines), cli.server.commits) == (0, 1, 1), done.err
    assert [item["upload"] for item in listed(cli)] == [second]


def test_cancel_and_discard_forget(cli: Cli, pictures: list[str]) -> None:
    first, second, third = left_waiting(cli, *pictures[:3])
    assert cli.run("queue", "cancel", first).code == 0
    assert cli.run("queue", "discard", second).code == 0
    assert [item["upload"] for item in listed(cli)] == [third]
    assert cli.uploads() == 0


def test_an_uncertain_one_is_shown_and_taken_for_done(cli: Cli, pictures: list[str]) -> None:
    cli.server.faults.add(Fault.lost(Stage.AFTER_COMMIT).on("POST", UPLOAD))
    assert cli.run("upload", pictures[0]).code == 1
    (item,) = listed(cli)
    assert item["state"] == "uncertain"
    assert cli.run("queue", "done", str(item["upload"])).code == 0
    assert listed(cli) == []
    assert cli.server.commits == 1


def test_only_uncertain_ones_can_be_taken_for_done(cli: Cli, pictures: list[str]) -> None:
    (upload,) = left_waiting(cli, pictures[0])
    done = cli.run("queue", "done", upload)
    assert done.code == 1
    assert "Only an uncertain upload" in done.sentence
    assert len(listed(cli)) == 1


def test_an_id_must_mean_exactly_one(cli: Cli, pictures: list[str]) -> None:
    left_waiting(cli, pictures[0])
    for words in (["retry", "zzz"], ["discard", ""], ["cancel", ""]):
        done = cli.run("queue", *words)
        assert done.code == 1
        assert "imglink queue" in done.sentence
        assert [item["state"] for item in listed(cli)] == ["queued"]


def uncertain(cli: Cli, name: str) -> str:
    """Send a file whose answer is lost; its id."""
    cli.server.faults.add(Fault.lost(Stage.AFTER_COMMIT).on("POST", UPLOAD))
    done = cli.run("upload", name)
    assert done.code == 1
    assert "imglink queue" in done.err
    return str(listed(cli)[-1]["upload"])


def test_what_waits_for_the_person_comes_with_the_choices(cli: Cli, pictures: list[str]) -> None:
    uncertain(cli, pictures[0])
    shown = cli.run("queue")
    assert [line.split()[1] for line in shown.lines] == ["uncertain"]
    for words in (cli.server.base_url, "imglink queue done ID", "imglink queue retry ID", "there twice"):
        assert words in shown.err
    # Nothing of this goes by itself, so nobody is told that it does.
    assert "next starts" not in shown.err
    # A program that reads JSON is told nothing else.
    assert cli.run("queue", "--json").err == ""


def test_what_failed_comes_with_the_choices(cli: Cli, pictures: list[str]) -> None:
    (upload,) = left_waiting(cli, pictures[0])
    cli.server.faults.add(Fault.error(400, "No picture.").on("POST", UPLOAD))
    assert cli.run("queue", "retry", upload).code == 1
    shown = cli.run("queue")
    assert "No picture." in shown.out
    assert "imglink queue retry ID, imglink queue discard ID" in shown.err


def test_one_that_cannot_be_taken_for_done_leaves_all_as_they_are(cli: Cli, pictures: list[str]) -> None:
    first = uncertain(cli, pictures[0])
    (second,) = left_waiting(cli, pictures[1])
    assert cli.run("queue", "done", first, second).code == 1
    assert [item["state"] for item in listed(cli)] == ["uncertain", "queued"]


@pytest.mark.parametrize(
    ("action", "state", "said"),
    [
        ("done", "done", "it is taken for uploaded."),
        ("discard", "discarded", "it is forgotten, with its copy in the queue."),
        ("cancel", "uncertain", "it may be on ImgLink."),
    ],
)
def test_what_has_become_of_it_is_said(cli: Cli, pictures: list[str], action: str, state: str, said: str) -> None:
    upload = uncertain(cli, pictures[0])
    assert said in cli.run("queue", action, upload).sentence
    upload = uncertain(cli, pictures[1])
    done = cli.run("queue", action, upload, upload, "--json")
    assert [(item["upload"], item["state"]) for item in done.json] == [(upload, state)]
    assert done.err == ""


def test_a_pause_outlives_the_command_and_resume_ends_it(cli: Cli, pictures: list[str]) -> None:
    assert cli.run("pause").code == 0
    assert cli.run("queue", "--json").json["mode"] == "paused"
    held = cli.run("upload", pictures[0])
    assert (held.code, cli.uploads()) == (1, 0), held.err
    assert "imglink resume" in held.err
    assert "This one was not queued." in held.err
    assert listed(cli) == []
    (kept,) = left_waiting(cli, pictures[1])
    held = cli.run("queue", "retry", kept)
    assert held.code == 1
    assert "imglink resume" in held.err
    assert "It is kept" in held.err
    assert cli.run("resume").code == 0
    assert cli.run("queue", "--json").json["mode"] == "stopped"
    assert cli.run("upload", pictures[0]).code == 0
    assert cli.run("queue", "retry", kept).code == 0


def test_quitting_what_does_not_run_is_done_already(cli: Cli) -> None:
    done = cli.run("quit")
    assert (done.code, done.out, done.err) == (0, "", "ImgLink is not running.\n")
    done = cli.run("--demo", "quit")
    assert (done.code, done.out, done.err) == (0, "", "The demo is not running.\n")


def test_what_is_meant_for_the_demo_goes_nowhere_else(cli: Cli, pictures: list[str]) -> None:
    done = cli.run("--demo", "upload", pictures[0])
    assert (done.code, cli.server.commits) == (1, 0)
    assert "imglink --demo" in done.sentence
    done = cli.run("--demo", "account", "status")
    assert done.code == 2
    assert "--demo does not go with “account”" in done.err


@pytest.mark.parametrize(
    "words",
    [
        ["queue", "retry"],
        ["queue", "throw"],
        ["queue", "--copy"],
        ["queue", "discard", "a", "--link", "direct"],
        ["queue", "cancel", "a", "--no-wait"],
        ["upload", "a.png", "--no-wait", "--copy"],
        ["capture", "screen", "--no-wait", "--link", "direct"],
        ["pause", "now"],
        ["--demo", "demo"],
        ["quit", "--force"],
    ],
)
def test_wrong_usage_ends_with_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(words)
    assert caught.value.code == 2
    assert "Try “imglink" in capsys.readouterr().err
