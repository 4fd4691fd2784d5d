"""The thumbnails' folder: bounded, private, and not to be led astray by what anybody puts into it."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.core.errors import UserFacingError
from app.store.thumbnail_cache import MAX_FILE_BYTES, ThumbnailFiles

PICTURE = b"\xff\xd8\xff" + bytes(997)
STORED = len(PICTURE) + 32


class Wall:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "thumbnails"


def files(folder: Path, limit: int = 1_000_000, wall: Callable[[], float] | None = None) -> ThumbnailFiles:
    return ThumbnailFiles(folder, lambda: limit, wall_clock=wall or time.time)


def stored(folder: Path, key: str) -> Path:
    return folder / hashlib.sha256(key.encode()).hexdigest()


def put_at(cache: ThumbnailFiles, folder: Path, key: str, when: float, data: bytes = PICTURE) -> None:
    cache.put(key, data)
    if stored(folder, key).exists():
        os.utime(stored(folder, key), (when, when))


def test_what_was_put_comes_back_also_after_a_restart(folder: Path) -> None:
    cache = files(folder)
    assert cache.get("a") is None
    cache.put("a", PICTURE)
    cache.put("a", PICTURE + b"newer")
    assert cache.get("a") == PICTURE + b"newer"
    assert files(folder).get("a") == PICTURE + b"newer"
    assert cache.get("b") is None


def test_nobody_else_can_look_and_names_tell_nothing(folder: Path) -> None:
    files(folder).put("https://imglink.example/secret-holiday.png", PICTURE)
    (path,) = folder.iterdir()
    assert "holiday" not in path.name
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_that_was_open_to_others_is_closed(folder: Path) -> None:
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    files(folder).put("a", PICTURE)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_keys_of_any_text_are_kept_apart(folder: Path) -> None:
    cache = files(folder)
    keys = ["", "a", "a/../b", "a\0", "\udcff", "ä" * 5000, "../../etc/passwd"]
    for key in keys:
        cache.put(key, key.encode("utf-8", "surrogatepass"))
    assert [cache.get(key) for key in keys] == [key.encode("utf-8", "surrogatepass") for key in keys]
    assert len(list(folder.iterdir())) == len(keys)


# --- the limit --------------------------------------------------------------------------------------------------------


def test_the_longest_unused_makes_room(folder: Path) -> None:
    wall = Wall()
    cache = files(folder, 5 * STORED, wall)
    for age, key in enumerate("abcde"):
        put_at(cache, folder, key, wall.now - 100_000 * (5 - age))
    cache.get("a")
    cache.put("f", PICTURE)
    assert [key for key in "abcdef" if cache.get(key) is not None] == ["a", "d", "e", "f"]


def test_the_order_of_use_survives_a_restart(folder: Path) -> None:
    wall = Wall()
    cache = files(folder, 4 * STORED, wall)
    for age, key in enumerate("abcd"):
        put_at(cache, folder, key, wall.now - 100_000 * (4 - age))
    files(folder, 4 * STORED, wall).get("a")
    files(folder, 4 * STORED, wall).put("e", PICTURE)
    assert [key for key in "abcde" if stored(folder, key).exists()] == ["a", "d", "e"]


def test_the_limit_holds_whatever_is_put(folder: Path) -> None:
    cache = files(folder, 20 * STORED)
    for index in range(200):
        cache.put(str(index), PICTURE)
        assert sum(path.stat().st_size for path in folder.iterdir()) <= 20 * STORED


def test_a_smaller_limit_counts_from_the_next_picture_on_and_none_keeps_nothing(folder: Path) -> None:
    limits = [10 * STORED]
    cache = ThumbnailFiles(folder, lambda: limits[0])
    for index in range(10):
        cache.put(str(index), PICTURE)
    limits[0] = 3 * STORED
    cache.put("more", PICTURE)
    assert len(list(folder.iterdir())) == 2
    limits[0] = 0
    cache.put("none", PICTURE)
    assert not list(folder.iterdir())


def test_a_picture_that_is_far_too_large_is_not_kept(folder: Path) -> None:
    cache = files(folder, 10 * MAX_FILE_BYTES)
    cache.put("a", bytes(MAX_FILE_BYTES + 1))
    assert cache.get("a") is None
    cache.put("b", bytes(MAX_FILE_BYTES))
    assert cache.get("b") == bytes(MAX_FILE_BYTES)


def test_a_time_to_come_does_not_keep_a_file_for_ever(folder: Path) -> None:
    wall = Wall()
    cache = files(folder, 3 * STORED, wall)
    put_at(cache, folder, "future", wall.now + 1e9)
    cache.get("future")
    wall.now += 100_000
    for key in "abc":
        put_at(cache, folder, key, wall.now)
    assert not stored(folder, "future").exists()


# --- what others put there --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [b"", b"short", bytes(32), bytes(5000), b"\xff" * (MAX_FILE_BYTES + 33)])
def test_a_changed_file_counts_for_nothing_and_goes(folder: Path, change: bytes) -> None:
    cache = files(folder)
    cache.put("a", PICTURE)
    stored(folder, "a").write_bytes(change)
    assert cache.get("a") is None
    assert not stored(folder, "a").exists()
    cache.put("a", PICTURE)
    assert cache.get("a") == PICTURE


def test_one_flipped_bit_is_noticed(folder: Path) -> None:
    cache = files(folder)
    cache.put("a", PICTURE)
    data = bytearray(stored(folder, "a").read_bytes())
    data[500] ^= 1
    stored(folder, "a").write_bytes(data)
    assert cache.get("a") is None


def test_a_symbolic_link_is_not_followed_to_read_or_to_write(folder: Path, tmp_path: Path) -> None:
    cache = files(folder)
    cache.put("other", PICTURE)
    target = tmp_path / "target"
    target.write_bytes(stored(folder, "other").read_bytes())
    before = target.stat()
    stored(folder, "a").symlink_to(target)
    assert cache.get("a") is None
    assert not stored(folder, "a").is_symlink()
    stored(folder, "b").symlink_to(target)
    cache.put("b", PICTURE + b"b")
    assert cache.get("b") == PICTURE + b"b"
    assert target.read_bytes()[32:] == PICTURE
    assert target.stat().st_mtime == before.st_mtime


def test_a_pipe_does_not_hang_the_reader(folder: Path) -> None:
    cache = files(folder)
    cache.put("other", PICTURE)
    os.mkfifo(stored(folder, "a"))
    assert cache.get("a") is None


def test_a_folder_in_a_files_place_is_left_alone(folder: Path) -> None:
    cache = files(folder, 2 * STORED)
    cache.put("other", PICTURE)
    (stored(folder, "a") / "inside").mkdir(parents=True)
    assert cache.get("a") is None
    for key in ("a", "b", "c", "d"):
        cache.put(key, PICTURE)
    assert cache.get("a") is None
    assert (stored(folder, "a") / "inside").exists()
    assert cache.get("d") == PICTURE


def test_foreign_files_are_neither_read_nor_counted_nor_removed(folder: Path) -> None:
    cache = files(folder, 3 * STORED)
    cache.put("a", PICTURE)
    foreign = folder / "notes.txt"
    foreign.write_bytes(bytes(100 * STORED))
    for key in "bcdef":
        cache.put(key, PICTURE)
    assert cache.get("f") == PICTURE
    cache.clear()
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]


def test_what_a_crash_left_half_written_goes_in_time(folder: Path) -> None:
    wall = Wall()
    cache = files(folder, 2 * STORED, wall)
    cache.put("a", PICTURE)
    old, new = folder / f".{'0' * 16}.part", folder / f".{'1' * 16}.part"
    for path, age in ((old, 7200), (new, 10)):
        path.write_bytes(b"half")
        os.utime(path, (wall.now - age, wall.now - age))
    for key in "bcd":
        cache.put(key, PICTURE)
    assert not old.exists()
    assert new.exists()


def test_a_folder_that_is_a_symbolic_link_is_not_used(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder.parent.mkdir()
    folder.symlink_to(elsewhere)
    cache = files(folder)
    cache.put("a", PICTURE)
    assert cache.get("a") is None
    assert not list(elsewhere.iterdir())
    with pytest.raises(UserFacingError, match="cannot be emptied"):
        cache.clear()


def test_a_folder_that_vanishes_is_made_again(folder: Path) -> None:
    cache = files(folder)
    cache.put("a", PICTURE)
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    assert cache.get("a") is None
    cache.put("a", PICTURE)
    assert cache.get("a") == PICTURE


def test_clearing_removes_every_picture(folder: Path) -> None:
    cache = files(folder, 3 * STORED)
    cache.clear()
    for key in "ab":
        cache.put(key, PICTURE)
    cache.clear()
    assert not list(folder.iterdir())
    for key in "abc":
        cache.put(key, PICTURE)
    assert [cache.get(key) for key in "abc"] == [PICTURE] * 3


# --- several at once --------------------------------------------------------------------------------------------------


def test_threads_do_not_disturb_each_other(folder: Path) -> None:
    cache = files(folder, 30 * STORED)

    def work(number: int) -> None:
        for round_ in range(40):
            key = str((number + round_) % 50)
            cache.put(key, key.encode() * 300)
            assert cache.get(key) in (None, key.encode() * 300)

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(work, number) for number in range(4)]:
            done.result()
    assert not list(folder.glob(".*.part"))


def test_two_programs_share_the_folder(folder: Path) -> None:
    code = """
import sys
import time
from pathlib import Path
from app.store.thumbnail_cache import ThumbnailFiles
cache = ThumbnailFiles(Path(sys.argv[1]), lambda: 40_000)
for number in range(300):
    key = str(number % 60)
    cache.put(key, key.encode() * 300)
    assert cache.get(key) in (None, key.encode() * 300)
"""
    programs = [subprocess.Popen([sys.executable, "-c", code, str(folder)]) for _ in range(2)]
    assert [program.wait(60) for program in programs] == [0, 0]
    assert not list(folder.glob(".*.part"))
    # Each knows what it has written itself; whoever writes next puts the whole in order.
    ThumbnailFiles(folder, lambda: 40_000).put("last", PICTURE)
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 40_000
