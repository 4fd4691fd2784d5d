from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from app.core.doctor import Part
from app.core.errors import InputError, UserFacingError
from app.core.images import ImageFormat
from app.core.links import LinkForm
from app.settings import Settings, SettingsFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "imglink" / "settings.json"


def write(path: Path, document: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")


def read(path: Path) -> dict[str, object]:
    document: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    return document


def test_a_missing_file_means_defaults_and_is_not_made_by_reading(path: Path) -> None:
    assert SettingsFile(path, {}).load() == (Settings(), ())
    assert not path.exists()


def test_a_change_is_there_after_a_restart(path: Path) -> None:
    SettingsFile(path, {}).update("capture", delay_s=3, image_format=ImageFormat.WEBP)
    SettingsFile(path, {}).update("links", form=LinkForm.MARKDOWN)
    settings, notices = SettingsFile(path, {}).load()
    assert (settings.capture.delay_s, settings.capture.image_format) == (3, ImageFormat.WEBP)
    assert settings.links.form is LinkForm.MARKDOWN
    assert notices == ()


def test_only_what_was_chosen_is_written(path: Path) -> None:
    file = SettingsFile(path, {})
    file.update("capture", delay_s=3)
    assert read(path) == {"capture": {"delay_s": 3}, "version": 1}
    file.update("capture", delay_s=0)
    assert read(path) == {"version": 1}


def test_the_file_is_for_its_owner_alone_and_no_temporary_file_stays(path: Path) -> None:
    old = os.umask(0)
    try:
        SettingsFile(path, {}).update("capture", delay_s=3)
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_unknown_keys_and_a_newer_version_are_kept_as_they_are(path: Path) -> None:
    theirs = {"version": 9, "future": {"x": [1, None]}, "capture": {"hdr": True}, "links": {"form": "qr-code"}}
    write(path, theirs)
    file = SettingsFile(path, {})
    _, notices = file.load()
    assert [notice.key for notice in notices] == ["links.form"]
    file.update("capture", delay_s=3)
    assert read(path) == {**theirs, "capture": {"hdr": True, "delay_s": 3}}


def test_one_wrong_value_is_told_replaced_and_left_in_the_file_until_it_is_changed(path: Path) -> None:
    write(path, {"capture": {"delay_s": "soon", "include_cursor": True}})
    file = SettingsFile(path, {})
    settings, notices = file.load()
    assert settings.capture.delay_s == 0
    assert settings.capture.include_cursor is True
    assert [notice.key for notice in notices] == ["capture.delay_s"]
    assert "Delay" in notices[0].message
    file.update("links", form=LinkForm.HTML)
    assert read(path)["capture"] == {"delay_s": "soon", "include_cursor": True}
    file.update("capture", delay_s=2)
    assert SettingsFile(path, {}).load()[1] == ()


@pytest.mark.parametrize("content", ["", "{", "[1]", "\x00", '{"a": ' * 5000, " " * (1024 * 1024 + 1)])
def test_a_damaged_file_is_set_aside_and_told(path: Path, content: str) -> None:
    write(path, content)
    settings, notices = SettingsFile(path, {}).load()
    assert settings == Settings()
    [aside] = path.parent.iterdir()
    assert aside.name.startswith("settings.json.broken-")
    assert aside.read_text() == content
    assert aside.name in notices[0].message


def test_two_damaged_files_in_one_second_are_both_kept(path: Path) -> None:
    for content in ("{1", "{2", "{3"):
        write(path, content)
        SettingsFile(path, {}).load()
    assert sorted(aside.read_text() for aside in path.parent.iterdir()) == ["{1", "{2", "{3"]


def test_a_damaged_section_is_told_and_the_others_count(path: Path) -> None:
    write(path, {"capture": 7, "links": {"form": "html"}})
    settings, notices = SettingsFile(path, {}).load()
    assert settings.links.form is LinkForm.HTML
    assert len(notices) == 1
    assert "capture" in notices[0].message


def test_a_file_that_cannot_be_read_is_not_overwritten(path: Path) -> None:
    path.mkdir(parents=True)
    file = SettingsFile(path, {})
    with pytest.raises(UserFacingError, match="cannot be read") as caught:
        file.load()
    assert caught.value.part is Part.FOLDERS
    with pytest.raises(UserFacingError, match="cannot be read"):
        file.update("capture", delay_s=1)
    assert path.is_dir()


def test_a_value_that_is_not_acceptable_changes_nothing(path: Path) -> None:
    file = SettingsFile(path, {})
    file.update("capture", delay_s=3)
    before = path.read_bytes()
    with pytest.raises(InputError, match="Delay: The most is 60"):
        file.update("capture", include_cursor=True, delay_s=61)
    assert path.read_bytes() == before
    assert file.settings.capture.include_cursor is False


def test_a_full_disk_leaves_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = SettingsFile(path, {})
    file.update("capture", delay_s=3)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserFacingError, match="No space left"):
        file.update("capture", delay_s=4)
    monkeypatch.undo()
    assert list(path.parent.iterdir()) == [path]
    assert SettingsFile(path, {}).load()[0].capture.delay_s == 3


def test_a_link_to_a_file_elsewhere_stays_a_link(path: Path, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.json"
    write(real, {"capture": {"delay_s": 1}})
    path.parent.mkdir()
    path.symlink_to(real)
    SettingsFile(path, {}).update("capture", delay_s=5)
    assert path.is_symlink()
    assert read(real)["capture"] == {"delay_s": 5}


def test_a_change_by_another_process_is_not_lost(path: Path) -> None:
    ours, theirs = SettingsFile(path, {}), SettingsFile(path, {})
    ours.load()
    theirs.update("links", form=LinkForm.DIRECT)
    assert ours.update("capture", delay_s=3).links.form is LinkForm.DIRECT


def test_observers_hear_of_changes_only_and_can_leave(path: Path) -> None:
    file = SettingsFile(path, {})
    heard: list[tuple[int, int]] = []
    leave = file.subscribe(lambda old, new: heard.append((old.capture.delay_s, new.capture.delay_s)))
    file.update("capture", delay_s=3)
    file.update("capture", delay_s=3)
    leave()
    file.update("capture", delay_s=4)
    assert heard == [(0, 3)]


def test_the_environment_takes_the_place_of_the_address_and_is_not_written(path: Path) -> None:
    file = SettingsFile(path, {"IMGLINK_BASE_URL": "http://127.0.0.1:9"})
    assert file.load()[0].account.base_url == "http://127.0.0.1:9"
    assert file.overrides == {"account.base_url": "IMGLINK_BASE_URL"}
    assert file.update("capture", delay_s=3).account.base_url == "http://127.0.0.1:9"
    assert "127.0.0.1" not in path.read_text()
    assert SettingsFile(path, {"IMGLINK_BASE_URL": ""}).load()[0].account.base_url == "https://imglink.cc"


def test_a_wrong_address_in_the_environment_never_falls_back_to_another_server(path: Path) -> None:
    with pytest.raises(InputError, match="IMGLINK_BASE_URL"):
        SettingsFile(path, {"IMGLINK_BASE_URL": "http://example.org"}).load()


def test_a_workflow_added_by_a_newer_version_gets_its_key_beside_changed_ones(path: Path) -> None:
    write(path, {"hotkeys": {"shortcuts": {"region": "Print", "screen": ""}}})
    shortcuts = SettingsFile(path, {}).load()[0].hotkeys.shortcuts
    assert (shortcuts["region"], shortcuts["screen"], shortcuts["window"]) == ("Print", "", "Ctrl+Shift+2")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=10,
)


@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    document=st.dictionaries(
        st.sampled_from(["version", "account", "capture", "links", "hotkeys", "other"]),
        json_values
        | st.dictionaries(st.sampled_from(["delay_s", "form", "shortcuts", "base_url", "odd"]), json_values),
    )
)
def test_any_json_loads_and_a_change_keeps_the_rest(path: Path, document: dict[str, object]) -> None:
    write(path, document)
    file = SettingsFile(path, {})
    file.load()
    file.update("notifications", card=False)
    after = read(path)
    assert after.pop("notifications") == {"card": False}
    expected = {**document, "version": after["version"]}
    assert after == expected
