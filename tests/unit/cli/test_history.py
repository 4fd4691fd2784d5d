"""`imglink history`, `open` and `copy`: what was uploaded is found again without a service or a credential."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.cli.parser import parse
from tests.unit.cli.harness import Cli, until

OFFLINE: dict[str, str | None] = {"IMGLINK_BASE_URL": "http://127.0.0.1:9", "IMGLINK_API_KEY": None}
"""Nobody listens there."""


@pytest.fixture
def uploaded(cli: Cli, pictures: list[str]) -> Iterator[list[str]]:
    """The ids of three images, in the order of their upload."""
    # One after the other: together they would come in any order.
    ids = [cli.run("upload", "--json", picture).json[0]["id"] for picture in pictures]
    before = len(cli.server.requests)
    yield ids
    assert all(request.method == "POST" for request in cli.server.requests[before:])


def test_the_history_is_found_searched_exported_forgotten_and_imported(cli: Cli, uploaded: list[str]) -> None:
    shown = cli.run("history", env=OFFLINE)
    assert (shown.code, shown.err) == (0, "")
    assert [line.split()[0] for line in shown.lines] == uploaded[::-1]
    assert shown.lines[0].endswith("Übersicht.png")
    for words, found in (
        (["UBER"], uploaded[2:]),
        (["two", "jpg"], uploaded[1:2]),
        (["--favourite"], []),
        (["--album", "none"], []),
        (["--since", "1h", "--limit", "1"], uploaded[2:]),
        (["--since", "2999-01-01"], []),
    ):
        done = cli.run("history", *words, "--json", env=OFFLINE)
        assert [record["id"] for record in done.json] == found, words
    limited = cli.run("history", "--limit", "2", env=OFFLINE)
    assert limited.sentence == "These are the latest 2 of 3; --limit shows more."
    assert cli.run("history", "nothing", env=OFFLINE).sentence == "Nothing was found."

    before = cli.run("history", "--json", env=OFFLINE).json
    for form in ("csv", "json"):
        written = cli.run("history", "export", "--output", f"out.{form}", env=OFFLINE)
        assert written.sentence == f"3 entries were written to out.{form}."
        forgotten = cli.run("history", "forget", *uploaded, env=OFFLINE)
        assert (forgotten.code, forgotten.sentence) == (0, "On ImgLink nothing has changed.")
        assert cli.run("history", env=OFFLINE).sentence == "There is nothing."
        imported = cli.run("history", "import", f"out.{form}", env=OFFLINE)
        assert imported.sentence == "3 entries new, 0 completed, 0 known already."
        after = cli.run("history", "--json", env=OFFLINE).json
        # Their files went with what was forgotten.
        assert after == [{**record, "path": None} for record in before]
    assert cli.run("history", "import", "out.csv", env=OFFLINE).sentence.endswith("3 known already.")


def test_an_export_can_go_on_to_another_program(cli: Cli, uploaded: list[str]) -> None:
    table = cli.run("history", "export", "--format", "csv", env=OFFLINE)
    assert [row["id"] for row in csv.DictReader(io.StringIO(table.out))] == [
        f"'{each}" if each.startswith("-") else each for each in uploaded[::-1]
    ]
    content = cli.run("history", "export", env=OFFLINE).json
    assert [record["id"] for record in content["entries"]] == uploaded[::-1]


def test_what_is_wrong_is_said(cli: Cli, uploaded: list[str]) -> None:
    (cli.cwd / "broken.json").write_text('{"FileName": "a"},\n{"FileName": ')
    done = cli.run("history", "import", "broken.json", env=OFFLINE)
    assert (done.code, done.out) == (1, "")
    assert "line 2, column" in done.sentence
    missing = cli.run("history", "forget", "none", uploaded[0], env=OFFLINE)
    assert (missing.code, missing.err.splitlines()[0]) == (1, "none is not in the history.")
    assert cli.run("copy", "none", env=OFFLINE).sentence.startswith("none is not in the history.")
    assert "could not be written" in cli.run("history", "export", "--output", "no/where.csv", env=OFFLINE).sentence
    assert len(cli.run("history", env=OFFLINE).lines) == 2


def test_sharexs_history_is_imported_with_what_was_left_out(cli: Cli) -> None:
    item = {"FileName": "a.png", "DateTime": "2024-05-01T10:00:00+02:00", "URL": "https://i.imglink.cc/abcdefghij.png"}
    other = {**item, "URL": "https://i.imgur.com/x.png"}
    (cli.cwd / "History.json").write_text(",\r\n".join(json.dumps(each) for each in (item, other, other)))
    done = cli.run("history", "import", "History.json", env=OFFLINE)
    assert done.err.splitlines() == [
        "1 entry new, 0 completed, 0 known already.",
        "2 entries of other hosts were left out.",
    ]
    (record,) = cli.run("history", "--json", env=OFFLINE).json
    assert (record["id"], record["uploaded_at"]) == ("abcdefghij", "2024-05-01T08:00:00.000000Z")


def test_a_page_is_opened_in_the_browser(cli: Cli, uploaded: list[str], tmp_path: Path) -> None:
    opener = tmp_path / "bin" / "xdg-open"
    opener.parent.mkdir()
    opener.write_text(f'#!/bin/sh\necho "$1" >> "{tmp_path}/opened"\n')
    opener.chmod(0o755)
    env = {**OFFLINE, "PATH": f"{opener.parent}:{cli.env['PATH']}"}
    records = {record["id"]: record for record in cli.run("history", "--json", env=OFFLINE).json}
    assert cli.run("open", uploaded[0], env=env).code == 0
    assert cli.run("open", uploaded[1], "--direct", env=env).code == 0
    until((tmp_path / "opened").exists, "nothing was opened")
    expected = [records[uploaded[0]]["viewer"], records[uploaded[1]]["url"]]
    assert (tmp_path / "opened").read_text().splitlines() == expected
    opener.write_text("#!/bin/sh\nexit 3\n")
    failed = cli.run("open", uploaded[0], env=env)
    assert (failed.code, expected[0] in failed.sentence) == (1, True)


def test_links_are_printed_where_there_is_no_clipboard(cli: Cli, uploaded: list[str]) -> None:
    done = cli.run("copy", *uploaded[:2], "--link", "direct", env=OFFLINE)
    records = {record["id"]: record for record in cli.run("history", "--json", env=OFFLINE).json}
    assert done.lines == [records[each]["url"] for each in uploaded[:2]]
    # Without a display there is no clipboard, and that is said.
    assert done.code == 1
    assert done.err != ""


def test_a_file_that_was_uploaded_before_is_noted_or_skipped(
    cli: Cli, pictures: list[str], uploaded: list[str]
) -> None:
    again = cli.run("upload", pictures[0])
    assert (again.code, len(again.lines)) == (0, 1)
    assert again.err.startswith(f"“{pictures[0]}” was uploaded before, as http")
    assert cli.server.commits == 4
    latest = again.lines[0]
    skipped = cli.run("upload", "--skip-duplicates", "--json", pictures[0], pictures[1])
    assert (skipped.code, skipped.err) == (0, "")
    assert [(each["state"], each["file"]) for each in skipped.json] == [
        ("existing", pictures[0]),
        ("existing", pictures[1]),
    ]
    assert skipped.json[0]["viewer"] == latest
    assert cli.run("upload", "--skip-duplicates", pictures[0]).lines == [latest]
    assert cli.server.commits == 4


def test_words_and_times_of_a_query() -> None:
    arguments = parse(["history", "a", "b", "--since", "2d"])
    assert (arguments.command, arguments.query, arguments.limit) == ("history", ["a", "b"], 50)
    assert timedelta(0) < datetime.now(UTC) - timedelta(days=2) - arguments.since < timedelta(minutes=5)
    assert parse(["history", "--since", "2026-03-01"]).since == datetime(2026, 3, 1).astimezone()
    assert parse(["history", "--", "export"]).query == ["export"]
    assert parse(["history", "export", "--format", "csv"]).command == "history export"
    assert parse(["history", "forget", "-abc", "_d"]).ids == ["-abc", "_d"]
    assert parse(["open", "-abc", "--direct"]).direct
    assert (parse(["copy", "-a", "--link", "html"]).ids, parse(["copy", "-a", "--link", "html"]).link) == (
        ["-a"],
        "html",
    )


@pytest.mark.parametrize(
    "words",
    [
        ["history", "--since", "yesterday"],
        ["history", "--since", "0d"],
        ["history", "--limit", "0"],
        ["history", "--limit", "x"],
        ["history", "export", "--format", "xml"],
        ["history", "import"],
        ["history", "forget"],
        ["copy"],
        ["open", "a", "b"],
        ["open", "a/b"],
    ],
)
def test_wrong_usage_is_refused(words: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        parse(words)
    assert stop.value.code == 2
