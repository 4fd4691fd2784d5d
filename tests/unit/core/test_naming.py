from __future__ import annotations

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from app.core.naming import DEFAULT_SAVE_PATTERN, clean_component, file_name_from_pattern, neutral_upload_name

WHEN = datetime(2026, 3, 4, 5, 6, 7)


def fill(pattern: str, title: str = "Inbox") -> str:
    return file_name_from_pattern(pattern, WHEN, width=640, height=480, title=title, extension=".png")


def test_the_default_pattern() -> None:
    assert fill(DEFAULT_SAVE_PATTERN) == "Screenshot 2026-03-04 05-06-07.png"


def test_fields_are_filled() -> None:
    assert fill("$title ${width}×$height %Y") == "Inbox 640×480 2026.png"


def test_a_title_cannot_leave_the_folder() -> None:
    assert fill("$title", title="../../etc/passwd") == "-..-etc-passwd.png"
    assert fill("$title", title="\x00\n") == "Screenshot.png"


def test_a_title_with_percent_signs_is_no_strftime_code() -> None:
    assert fill("$title", title="100%Y") == "100%Y.png"


def test_upload_names_are_neutral_and_differ() -> None:
    names = {neutral_upload_name(".png") for _ in range(50)}
    assert len(names) == 50
    assert all(name.endswith(".png") and name[:-4].isalnum() for name in names)


@given(st.text())
def test_a_component_is_always_safe(text: str) -> None:
    name = clean_component(text)
    assert "/" not in name
    assert "\x00" not in name
    assert name not in (".", "..")
    assert len(name.encode()) <= 200
