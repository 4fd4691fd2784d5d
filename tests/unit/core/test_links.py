from __future__ import annotations

import pytest

from app.core.imglink import Image, ImageId
from app.core.links import LinkForm, check_template, format_link

FULL = Image(
    ImageId("_RxgFRvwh9"),
    "https://i.example/a(1).png",
    viewer="https://example/i/_RxgFRvwh9",
    thumbnail="https://i.example/t.webp",
    width=640,
    height=480,
)
BARE = Image(ImageId("aBcDeFgHiJ"), "https://i.example/a.png")


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (LinkForm.VIEWER, "https://example/i/_RxgFRvwh9"),
        (LinkForm.DIRECT, "https://i.example/a(1).png"),
        (LinkForm.THUMBNAIL, "https://i.example/t.webp"),
        (LinkForm.MARKDOWN, "[![a\\[1\\].png](https://i.example/a%281%29.png)](https://example/i/_RxgFRvwh9)"),
        (
            LinkForm.HTML,
            '<a href="https://example/i/_RxgFRvwh9"><img src="https://i.example/a(1).png" alt="a[1].png"></a>',
        ),
        (LinkForm.BBCODE, "[url=https://example/i/_RxgFRvwh9][img]https://i.example/a(1).png[/img][/url]"),
    ],
)
def test_every_form(form: LinkForm, expected: str) -> None:
    assert format_link(FULL, form, file_name="a[1].png") == expected


@pytest.mark.parametrize("form", [LinkForm.VIEWER, LinkForm.DIRECT, LinkForm.THUMBNAIL])
def test_a_link_that_the_server_did_not_give_falls_back_to_the_direct_one(form: LinkForm) -> None:
    assert format_link(BARE, form) == BARE.url


def test_html_is_escaped() -> None:
    image = Image(ImageId("x"), 'https://i.example/"><script>')
    assert "<script>" not in format_link(image, LinkForm.HTML, file_name='"><script>alert(1)</script>')


def test_a_template_of_ones_own() -> None:
    template = "$id ${width}x$height $filename $url $viewer $thumbnail costs $$5"
    assert format_link(FULL, LinkForm.CUSTOM, file_name="a.png", template=template) == (
        "_RxgFRvwh9 640x480 a.png https://i.example/a(1).png https://example/i/_RxgFRvwh9 "
        "https://i.example/t.webp costs $5"
    )


def test_missing_dimensions_are_empty_in_a_template() -> None:
    assert format_link(BARE, LinkForm.CUSTOM, template="[$width]") == "[]"


@pytest.mark.parametrize(("template", "said"), [("$5 each", "dollar"), ("$link", "$link is not known")])
def test_a_wrong_template_is_explained(template: str, said: str) -> None:
    assert said in (check_template(template) or "")


def test_a_right_template_is_accepted() -> None:
    assert check_template("![$filename]($url) $$") is None
