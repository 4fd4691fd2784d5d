from __future__ import annotations

import dataclasses

import pytest

from app.core.images import ImageFormat
from app.core.imglink import UploadOptions, Visibility
from app.services.dispatching import MAX_CONCURRENCY
from app.settings import Option, Settings, options
from app.settings.checks import (
    check_base_url,
    check_folder,
    check_save_pattern,
    check_shortcut,
    check_shortcuts,
    check_sign_in_path,
)
from app.settings.schema import Upload
from app.settings.values import decode, encode

BY_KEY = {option.key: option for option in options()}


def test_every_setting_has_a_label_and_a_one_line_description() -> None:
    assert len(BY_KEY) >= 23
    for option in BY_KEY.values():
        assert option.rules.label
        assert option.rules.description.endswith(".")
        assert "\n" not in option.rules.description


def test_values_cannot_be_changed_in_place() -> None:
    settings = Settings()
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.capture.delay_s = 3  # type: ignore[misc]  # the assignment that must fail
    with pytest.raises(TypeError):
        settings.hotkeys.shortcuts["region"] = "F1"  # type: ignore[index]  # the assignment that must fail


@pytest.mark.parametrize("option", BY_KEY.values(), ids=BY_KEY)
def test_every_default_is_acceptable_and_survives_json(option: Option) -> None:
    assert decode(option, encode(option, option.default)) == option.default


@pytest.mark.parametrize(
    ("key", "raw", "reason"),
    [
        ("capture.include_cursor", 1, "true or false"),
        ("capture.delay_s", True, "a whole number"),
        ("capture.delay_s", 1.5, "a whole number"),
        ("capture.delay_s", -1, "least is 0"),
        ("capture.jpeg_quality", 101, "most is 100"),
        ("capture.image_format", "gif", "one of png, webp, jpg"),
        ("capture.image_format", ["png"], "one of"),
        ("links.template", 3, "text"),
        ("links.template", "$nope", "not known"),
        ("hotkeys.shortcuts", ["Ctrl+1"], "table"),
        ("hotkeys.shortcuts", {"region": 4}, "table"),
    ],
)
def test_a_wrong_value_is_refused_with_its_reason(key: str, raw: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        decode(BY_KEY[key], raw)


def test_a_format_that_cannot_be_captured_to_is_not_offered() -> None:
    assert ImageFormat.GIF not in BY_KEY["capture.image_format"].choices


def test_upload_settings_become_upload_options() -> None:
    upload = Upload(visibility=Visibility.PRIVATE, nsfw=True, anonymous=True)
    assert upload.options() == UploadOptions(visibility=Visibility.PRIVATE, nsfw=True, anonymous=True)


@pytest.mark.parametrize(
    "url",
    ["https://imglink.cc", "https://a.example:8443/sub", "http://127.0.0.1:8000", "http://[::1]:1", "http://localhost"],
)
def test_base_url_accepts(url: str) -> None:
    assert check_base_url(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "", "imglink.cc", "ftp://imglink.cc", "https://", "http://imglink.cc", "http://127.0.0.1.example", "https://u:p@h",
        "https://h?x=1", "https://h#x", "https://h:port", "https://[::1", "https://h\n", "http://0.0.0.0", "https://@h",
    ],
)  # fmt: skip
def test_base_url_refuses(url: str) -> None:
    assert check_base_url(url)


@pytest.mark.parametrize("path", ["", "login", "//host/login", "/a b", "/a?b", "https://h/login"])
def test_sign_in_path_refuses_what_is_not_a_path(path: str) -> None:
    assert check_sign_in_path(path)


def test_folder_is_empty_absolute_or_below_home() -> None:
    assert [check_folder(text) for text in ("", "/tmp/x", "~", "~/Bilder")] == [None] * 4
    assert all(check_folder(text) for text in ("relative", "~other/x", "/a\0b"))


def test_save_pattern_refuses_slashes_unknown_names_and_nothing() -> None:
    assert check_save_pattern("Shot %H-%M $width×$height") is None
    assert all(check_save_pattern(text) for text in ("", "  ", "a/b", "$nope", "100$"))


def test_shortcut_refuses_typing_keys_and_says_why() -> None:
    assert check_shortcut("") is None
    assert check_shortcut("Ctrl+Shift+4") is None
    assert check_shortcut("Print") is None
    assert "typing" in (check_shortcut("Shift+A") or "")
    assert "not a modifier" in (check_shortcut("Hyper+A") or "")


def test_the_same_shortcut_twice_is_refused_however_it_is_written() -> None:
    assert check_shortcuts({"a": "ctrl+shift+4", "b": ""}) is None
    assert "twice" in (check_shortcuts({"a": "ctrl+shift+4", "b": "Shift+Ctrl+4"}) or "")


def test_as_many_uploads_can_be_chosen_as_the_queue_sends_together() -> None:
    [option] = [each for each in options() if each.key == "upload.concurrency"]
    assert option.rules.maximum == MAX_CONCURRENCY


@pytest.mark.parametrize(
    ("workflow", "anonymous", "embed"),
    [
        ("", False, "all"),
        ("screen", False, "all"),
        ("region", False, "own"),
        ("window", False, None),
        ("region", True, None),
        ("", True, None),
    ],
)
def test_a_workflow_may_have_an_embed_profile_of_its_own_or_none(
    workflow: str, anonymous: bool, embed: str | None
) -> None:
    upload = Upload(embed="all", anonymous=anonymous, workflow_embeds={"region": "own", "window": ""})
    assert upload.options(workflow).embed == embed
