"""What an embed profile may say, and what Discord shows of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.embed_text import FIELD_NAMES, LIMITS, SHOWN_BYTES, as_shown, is_cut, parse_color, problem, problems
from app.core.imglink import EmbedFields

GOOD = EmbedFields("Brand", "Title", "Text", "#Ff5733", "Ada", "https://example.com/ada", "Site")


def test_a_whole_profile_and_one_with_a_name_alone_are_fine() -> None:
    assert problems(GOOD) == {}
    assert problems(EmbedFields("Brand")) == {}


def test_every_field_is_known_by_its_name() -> None:
    assert set(FIELD_NAMES) == set(EmbedFields.__dataclass_fields__)
    assert set(LIMITS) | {"color"} == set(FIELD_NAMES)


@pytest.mark.parametrize("name", LIMITS)
def test_each_length_is_counted_and_its_problem_names_the_field(name: str) -> None:
    start = "https://e.cc/" if name == "author_url" else ""
    most = start + "x" * (LIMITS[name] - len(start))
    assert problems(replace(GOOD, **{name: most})) == {}
    found = problems(replace(GOOD, **{name: most + "xy"}))
    assert list(found) == [name]
    assert found[name].startswith("2 characters too long")


@pytest.mark.parametrize("name", ["", "   ", "\n"])
def test_a_profile_needs_a_name(name: str) -> None:
    assert list(problems(replace(GOOD, name=name))) == ["name"]


@pytest.mark.parametrize("color", ["red", "#12345", "#12345g", "ff5733", "#ff57331", "#ff5733 ", "#１２３４５６"])
def test_a_colour_is_six_digits_behind_a_hash(color: str) -> None:
    assert list(problems(replace(GOOD, color=color))) == ["color"]


@pytest.mark.parametrize(
    "url",
    ["example.com", "javascript:alert(1)", "ftp://e.cc", "https://", "https://e.cc/a b", "http://[", "https://e\n"],
)
def test_an_authors_page_is_a_web_address(url: str) -> None:
    assert list(problems(replace(GOOD, author_url=url))) == ["author_url"]


def test_what_people_paste_as_a_colour_is_understood() -> None:
    assert [parse_color(text) for text in (" FF5733", "#abc", "#Ff5733 ")] == ["#ff5733", "#aabbcc", "#ff5733"]
    assert parse_color("red") == "red"


def test_discord_cuts_titles_above_70_bytes_to_67_and_dots() -> None:
    assert as_shown("title", "x" * 70) == "x" * 70
    assert as_shown("title", "x" * 71) == "x" * 67 + "..."
    assert as_shown("description", "x" * 351) == "x" * 347 + "..."
    assert as_shown("site_name", "x" * 200) == "x" * 200


def test_bytes_are_counted_and_no_character_is_halved() -> None:
    assert as_shown("title", "é" * 35) == "é" * 35
    assert as_shown("title", "é" * 36) == "é" * 33 + "..."


@given(st.sampled_from(FIELD_NAMES), st.text(max_size=600))
def test_whatever_is_typed_is_judged_and_shown(name: str, text: str) -> None:
    assert isinstance(problem(name, text), str)
    shown = as_shown(name, text)
    assert is_cut(name, text) == (shown != text)
    if name in SHOWN_BYTES:
        assert len(shown.encode("utf-8", "replace")) <= SHOWN_BYTES[name]
