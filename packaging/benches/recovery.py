"""How soon a start after a crash has a long queue again."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from app.core.clock import SystemClock
from app.core.imglink import UploadOptions
from app.core.ports import NewUpload
from app.core.workflow import SourceKind
from app.store import open_store
from benches.frame import Race, benchmark

COUNT = 1000
_PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(20_000)
_NEW = NewUpload("a.png", "a.png", SourceKind.REGION, "image/png", UploadOptions())


@benchmark("recovery of 1,000 queued uploads after a crash", gate=1.0, rounds=5)
def recovery() -> Iterator[Race]:
    """Opening the store that a killed process has left, with all that is looked at then, until the list is there."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        asyncio.run(_fill(folder))
        yield Race(lambda: asyncio.run(_recover(folder)), {"(what it may take)": lambda: 2000.0}, is_timed=False)


async def _fill(folder: Path) -> None:
    store = await open_store(folder, SystemClock())
    await asyncio.gather(*(store.add_bytes(_PICTURE, _NEW) for _ in range(COUNT)))
    await store.close()


async def _recover(folder: Path) -> float:
    # The mark of one that died: the database is read as a whole for damage.
    (folder / "owners" / "0123456789abcdef").touch()
    begin = time.perf_counter()
    store = await open_store(folder, SystemClock())
    try:
        assert len(await store.pending()) == COUNT
        return 1000 * (time.perf_counter() - begin)
    finally:
        await store.close()
