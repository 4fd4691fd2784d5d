from __future__ import annotations

import pytest

from tests.unit.macos.framework import METADATA, Framework, types_in


@pytest.mark.parametrize(
    ("encoding", "types"),
    [
        ("B", ["B"]),
        ("{CGRect={CGPoint=dd}{CGSize=dd}}I", ["{CGRect={CGPoint=dd}{CGSize=dd}}", "I"]),
        ("iI^I^I", ["i", "I", "^I", "^I"]),
        ("^{__CFArray=}II", ["^{__CFArray=}", "I", "I"]),
    ],
)
def test_encodings_are_taken_apart(encoding: str, types: list[str]) -> None:
    assert types_in(encoding) == types


def test_everything_that_is_used_is_known_to_pyobjc() -> None:
    assert all(METADATA["functions"].values())
    assert all(METADATA["selectors"].values())
    assert None not in METADATA["constants"].values()


def test_a_wrong_call_fails() -> None:
    with pytest.raises(AssertionError, match="takes 1 arguments"):
        Framework("Quartz", {"CGDisplayBounds": lambda _: None}).CGDisplayBounds()
    with pytest.raises(KeyError):
        Framework("Quartz", {"CGInvented": lambda: None})
