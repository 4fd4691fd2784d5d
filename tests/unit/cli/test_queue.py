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
    done = cli.run("upload", "--no-wait", "--json", *names)
    assert done.code == 0, done.err
    assert cli.uploads() == 0
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


@pytest.mark.parametrize("words", [["retry", "zzz"], ["discard", ""]])
def test_an_id_must_mean_exactly_one(cli: Cli, pictures: list[str], words: list[str]) -> None:
    left_waiting(cli, *pictures[:2])
    done = cli.run("queue", *words)
    assert done.code == 1
    assert "imglink queue" in done.sentence
    assert len(listed(cli)) == 2


def test_a_pause_outlives_the_command_and_resume_ends_it(cli: Cli, pictures: list[str]) -> None:
    assert cli.run("pause").code == 0
    assert cli.run("queue", "--json").json["mode"] == "paused"
    held = cli.run("upload", pictures[0])
    assert (held.code, cli.uploads()) == (1, 0), held.err
    assert cli.run("resume").code == 0
    assert cli.run("queue", "--json").json["mode"] == "stopped"
    assert cli.run("upload", pictures[0]).code == 0


def test_quitting_what_does_not_run_is_done_already(cli: Cli) -> None:
    done = cli.run("quit")
    assert (done.code, done.out, done.err) == (0, "", "")


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
        ["quit", "--force"],
    ],
)
def test_wrong_usage_ends_with_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(words)
    assert caught.value.code == 2
    assert "Try “imglink" in capsys.readouterr().err
