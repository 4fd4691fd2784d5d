from __future__ import annotations

import json
from itertools import permutations

import pytest

from app.cli.exit_codes import ExitCode, exit_code
from app.cli.output import Result, print_json
from app.cli.streams import print_line
from app.core.errors import ErrorKind, InputError
from app.core.imglink import Image, ImageId


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([], ExitCode.DONE),
        ([None, None], ExitCode.DONE),
        ([None, ErrorKind.CREDENTIAL], ExitCode.FAILED),
        ([ErrorKind.CREDENTIAL, ErrorKind.CREDENTIAL], ExitCode.CREDENTIAL),
        ([ErrorKind.OFFLINE, ErrorKind.RATE_LIMITED], ExitCode.WAIT),
        ([ErrorKind.OFFLINE, ErrorKind.CREDENTIAL], ExitCode.FAILED),
        ([ErrorKind.INPUT], ExitCode.FAILED),
        ([ErrorKind.SERVICE], ExitCode.FAILED),
    ],
)
def test_exit_codes_do_not_depend_on_the_order(outcomes: list[ErrorKind | None], expected: ExitCode) -> None:
    assert {exit_code(order) for order in permutations(outcomes)} == {expected}


def test_json_has_every_name_even_for_a_failure() -> None:
    names = {"id", "url", "viewer", "thumbnail", "width", "height", "size", "mime", "file", "state", "upload", "error"}
    failed = Result.of_error("a.png", InputError("It is empty.")).as_json()
    done = Result("b.png", "done", Image(ImageId("-x"), "https://e/x.png", width=3)).as_json()
    assert set(failed) == set(done) == names
    assert (failed["error"], failed["state"], failed["id"]) == ("It is empty.", "failed", None)
    assert (done["error"], done["id"], done["width"]) == (None, "-x", 3)


def test_json_is_ascii_and_reads_back(capsys: pytest.CaptureFixture[str]) -> None:
    print_json([{"file": "Übersicht.png"}])
    out = capsys.readouterr().out
    assert out.isascii()
    assert json.loads(out) == [{"file": "Übersicht.png"}]


def test_a_servers_words_cannot_drive_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_line("\x1b]0;owned\x07link")
    assert "\x1b" not in capsys.readouterr().out
