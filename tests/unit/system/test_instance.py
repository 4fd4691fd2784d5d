from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app.core.errors import UserFacingError
from app.system.instance import Instance, is_claimed

ROOT = Path(__file__).parents[3]
_HOLD = """
import sys
from app.system.instance import Instance
instance = Instance.claim(sys.argv[1])
instance.listener.listen()
print("held", flush=True)
sys.stdin.read()
"""


def held_elsewhere(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def claimed(folder: Path) -> Instance:
    instance = Instance.claim(str(folder))
    assert instance is not None
    return instance


def test_only_one_runs_and_the_next_may_when_it_has_gone(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    assert not is_claimed(str(folder))
    instance = claimed(folder)
    assert is_claimed(str(folder))
    assert Instance.claim(str(folder)) is None
    assert (folder / "instance.lock").read_text() == f"{os.getpid()}\n"
    instance.release()
    assert not is_claimed(str(folder))
    assert not (folder / "ipc.sock").exists()
    claimed(folder).release()


def test_a_killed_process_leaves_nothing_that_stands_in_the_way(tmp_path: Path) -> None:
    with held_elsewhere(tmp_path) as process:
        assert Instance.claim(str(tmp_path)) is None
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert stat.S_ISSOCK((tmp_path / "ipc.sock").stat().st_mode)
    instance = claimed(tmp_path)
    instance.listener.listen()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.connect(f"{tmp_path}/ipc.sock")
    instance.release()


def test_folder_lock_and_socket_are_for_their_owner_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    old = os.umask(0)
    try:
        instance = claimed(tmp_path)
    finally:
        os.umask(old)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path, *sorted(tmp_path.iterdir()))]
    instance.release()
    assert modes == [0o700, 0o600, 0o600]


def _link(place: Path) -> None:
    place.symlink_to(place.with_name("elsewhere"))


def _file(place: Path) -> None:
    place.write_text("keep")
    place.chmod(0o600)


def _open_file(place: Path) -> None:
    place.write_text("keep")
    place.chmod(0o666)


def _pipe(place: Path) -> None:
    os.mkfifo(place, 0o600)


@pytest.mark.parametrize(
    ("name", "plant"),
    [
        ("instance.lock", _link), ("instance.lock", Path.mkdir), ("instance.lock", _pipe),
        ("instance.lock", _open_file),
        ("ipc.sock", _link), ("ipc.sock", Path.mkdir), ("ipc.sock", _pipe), ("ipc.sock", _file),
    ],
)  # fmt: skip
def test_what_was_planted_is_refused_and_left_alone(tmp_path: Path, name: str, plant: Callable[[Path], None]) -> None:
    plant(tmp_path / name)
    before = os.lstat(tmp_path / name)
    with pytest.raises(UserFacingError, match=name) as caught:
        Instance.claim(str(tmp_path))
    assert "Move it away" in str(caught.value)
    after = os.lstat(tmp_path / name)
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("plant", [_link, _file])
def test_a_folder_that_is_none_is_refused(tmp_path: Path, plant: Callable[[Path], None]) -> None:
    plant(tmp_path / "run")
    with pytest.raises(UserFacingError):
        Instance.claim(str(tmp_path / "run"))


def test_a_link_to_a_real_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "run").symlink_to(tmp_path / "real")
    with pytest.raises(UserFacingError, match="is not a folder"):
        Instance.claim(str(tmp_path / "run"))
    assert list((tmp_path / "real").iterdir()) == []


def test_a_folder_of_someone_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:
        os.chown(tmp_path, 65534, 65534)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(UserFacingError, match="belongs to someone else"):
        Instance.claim(str(tmp_path))


def test_a_path_too_long_for_a_socket_is_told(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 120)
    with pytest.raises(UserFacingError, match="path too long"):
        Instance.claim(str(folder))
    assert not is_claimed(str(folder))
