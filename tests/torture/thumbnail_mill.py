"""A process of its own that puts damaged pictures through cache and decoders, as the program does: see `main`."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from pathlib import Path

from PySide6.QtGui import QGuiApplication

from app.core.clock import SystemClock
from app.core.images import SNIFF_BYTES, sniff
from app.core.thumbnails import THUMBNAIL_PX, NoThumbnail, ThumbnailRefused
from app.services.thumbnails import ThumbnailService
from app.store.thumbnail_cache import ThumbnailFiles
from app.ui.thumbnails import FETCHED, QtShrinker, decode_thumbnail
from tests.torture.mutants import bombs, mutants, valid_pictures

_CACHE_BYTES = 1_000_000


class _Mutants:
    """In the network's place: the address is the picture's number."""

    def __init__(self, pictures: list[bytes]) -> None:
        self._pictures = pictures

    async def fetch(self, url: str) -> bytes:
        data = self._pictures[int(url)]
        if sniff(data[:SNIFF_BYTES]) not in FETCHED:
            raise ThumbnailRefused("no picture")
        return data

    async def close(self) -> None:
        pass


def _memory_kib(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    raise RuntimeError(f"no {name} here")


def _look(data: bytes, most_px: int) -> str:
    try:
        image = decode_thumbnail(data, most_px)
    except ThumbnailRefused:
        return "refused"
    if image.isNull() or max(image.width(), image.height()) > most_px:
        raise AssertionError(f"{len(data)} bytes became {image.size()}")
    return "picture"


async def _mill(folder: Path, pictures: list[bytes]) -> Counter[str]:
    """Each through the service to a painted size, and each as a file that somebody has planted in the cache."""
    seen: Counter[str] = Counter()
    cache = ThumbnailFiles(folder / "thumbnails", lambda: _CACHE_BYTES)
    service = ThumbnailService(cache=cache, fetcher=_Mutants(pictures), shrinker=QtShrinker(), clock=SystemClock())
    places = asyncio.Semaphore(8)
    # As few threads as the program decodes with: each keeps memory of its own for the next time.
    looking = ThreadPoolExecutor(2)
    in_thread = partial(asyncio.get_running_loop().run_in_executor, looking)

    async def one(number: int) -> None:
        async with places:
            try:
                small = await service.of_url(str(number))
            except NoThumbnail:
                seen["service: refused"] += 1
            else:
                # What is kept was encoded here, so it can be decoded.
                shown = await in_thread(_look, small, 180)
                seen[f"service: {shown}"] += 1
            planted = f"planted {number}"
            await in_thread(cache.put, planted, pictures[number])
            found = await in_thread(cache.get, planted)
            if found is not None:
                seen["planted: " + await in_thread(_look, found, THUMBNAIL_PX)] += 1

    await asyncio.gather(*(one(number) for number in range(len(pictures))))
    await service.stop()
    looking.shutdown()
    return seen


def main() -> int:
    """Arguments: a folder, how many, the seed. Prints what became of them and how far the memory went, as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("count", type=int)
    parser.add_argument("seed", type=int)
    arguments = parser.parse_args()
    application = QGuiApplication([])
    pictures = list(chain(bombs(), mutants(arguments.count, arguments.seed)))
    # What the decoders load once is not what a picture costs.
    warm = [data for each in valid_pictures().values() for data in each]
    asyncio.run(_mill(arguments.folder / "warm", warm))
    before = _memory_kib("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    seen = asyncio.run(_mill(arguments.folder, pictures))
    json.dump(
        {
            "pictures": len(pictures),
            "seen": seen,
            "peak_growth_kib": _memory_kib("VmHWM") - before,
            "growth_kib": _memory_kib("VmRSS") - before,
            "threads": threading.active_count(),
            "cache_bytes": sum(path.stat().st_size for path in (arguments.folder / "thumbnails").iterdir()),
        },
        sys.stdout,
    )
    del application
    return 0


if __name__ == "__main__":
    sys.exit(main())
