"""The order on the disk when a capture is saved: what makes a crash at any moment leave a whole file or none."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.store import SqliteUploadStore, durable
from tests.unit.store.samples import PLAIN, PNG, with_store


def test_bytes_and_sidecar_are_synced_then_named_then_the_folder_synced_then_the_row_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def named(fd: int) -> str:
        status = os.fstat(fd)
        if stat.S_ISDIR(status.st_mode):
            return "folder"
        (path,) = [path for path in (tmp_path / "outbox").iterdir() if path.stat().st_ino == status.st_ino]
        return of_path(path.name)

    def watched(what: str, real: Callable[..., Any], name_of: Callable[..., str]) -> Callable[..., Any]:
        def call(*arguments: Any, **keywords: Any) -> Any:
            seen.append(f"{what} {name_of(*arguments)}")
            return real(*arguments, **keywords)

        return call

    def of_path(source: str, *_rest: object) -> str:
        return "sidecar" if ".json" in source else "bytes"

    async def run(store: SqliteUploadStore) -> None:
        monkeypatch.setattr(durable, "sync", watched("sync", durable.sync, named))
        monkeypatch.setattr(os, "rename", watched("rename", os.rename, of_path))
        insert = store._insert
        monkeypatch.setattr(store, "_insert", watched("insert", insert, lambda _sidecar: "row"))
        await store.add_bytes(PNG, PLAIN)

    with_store(tmp_path, run)
    assert seen == [
        *("sync bytes", "sync sidecar", "rename sidecar", "rename bytes", "sync folder"),
        "insert row",
    ]
    (row,) = sqlite3.connect(tmp_path / "uploads.db").execute("SELECT file FROM uploads")
    assert (tmp_path / "outbox" / row[0]).read_bytes() == PNG
