from __future__ import annotations

import stat
from pathlib import Path

import pytest

from app.core.errors import UserFacingError
from app.system.paths import Paths, pictures_folder, screenshots_folder
from app.system.resources import resource_path

HOME = Path("/home/ada")


def test_linux_folders_follow_the_xdg_variables() -> None:
    environ = {
        "XDG_CONFIG_HOME": "/c", "XDG_DATA_HOME": "/d", "XDG_STATE_HOME": "/s",
        "XDG_CACHE_HOME": "/k", "XDG_RUNTIME_DIR": "/run/user/7",
    }  # fmt: skip
    paths = Paths.detect(environ, home=HOME, platform="linux")
    assert paths == Paths(*(Path(text) / "imglink" for text in ("/c", "/d", "/s", "/k", "/run/user/7")))
    assert paths.settings_file == Path("/c/imglink/settings.json")


def test_missing_and_relative_xdg_variables_mean_the_defaults_below_home() -> None:
    paths = Paths.detect({"XDG_CONFIG_HOME": "relative", "XDG_DATA_HOME": ""}, home=HOME, platform="linux")
    assert paths.config == HOME / ".config/imglink"
    assert paths.data == HOME / ".local/share/imglink"
    assert paths.runtime == HOME / ".local/state/imglink/run/imglink"


def test_macos_folders_lie_in_the_library_and_the_socket_path_stays_short() -> None:
    temporary = "/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T/"
    paths = Paths.detect({"TMPDIR": temporary}, home=Path("/Users/ada"), platform="darwin")
    assert paths.config == Path("/Users/ada/Library/Application Support/cc.imglink.Desktop")
    assert len(str(paths.runtime / "ipc.sock")) < 104


def test_folders_are_made_for_their_owner_alone_even_when_they_were_open(tmp_path: Path) -> None:
    paths = Paths.detect({}, home=tmp_path, platform="linux")
    paths.config.mkdir(parents=True, mode=0o755)
    paths.config.chmod(0o755)
    paths.create()
    for folder in (paths.config, paths.data, paths.state, paths.cache, paths.runtime):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_file_in_the_place_of_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / ".config").write_text("")
    with pytest.raises(UserFacingError, match="cannot be made"):
        Paths.detect({}, home=tmp_path, platform="linux").create()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('XDG_PICTURES_DIR="$HOME/Bilder"\n', "{home}/Bilder"),
        ('# x\nXDG_MUSIC_DIR="/m"\nXDG_PICTURES_DIR="/mnt/fotos"\n', "/mnt/fotos"),
        ('XDG_PICTURES_DIR="Bilder"\n', "{home}/Pictures"),
        ("", "{home}/Pictures"),
    ],
)
def test_the_pictures_folder_is_the_one_the_desktop_names(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / ".config").mkdir()
    (tmp_path / ".config/user-dirs.dirs").write_text(text)
    found = pictures_folder({}, home=tmp_path, platform="linux")
    assert found == Path(expected.format(home=tmp_path))


def test_captures_are_saved_where_the_person_said_or_among_the_pictures(tmp_path: Path) -> None:
    def folder(chosen: str) -> Path:
        return screenshots_folder(chosen, {}, home=tmp_path, platform="linux")

    assert folder("") == tmp_path / "Pictures/Screenshots"
    assert folder("~/shots") == tmp_path / "shots"
    assert folder("~") == tmp_path
    assert folder("/mnt/shots") == Path("/mnt/shots")


def test_a_missing_resource_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        resource_path("icons/nothing.svg")
