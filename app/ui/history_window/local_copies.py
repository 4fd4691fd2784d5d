"""Our copies of images under names that other programs make sense of. Everything here blocks."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Container, Iterable
from contextlib import suppress
from pathlib import Path

from app.core.errors import UserFacingError
from app.core.history import EntryId, HistoryEntry
from app.core.images import SNIFF_BYTES, sniff
from app.core.naming import clean_component

MOST_BYTES = 128 * 1024 * 1024
"""That copies take which nobody got: the temporary folder is often memory."""
_SAFE = "The image itself is on ImgLink."


def file_name_of(entry: HistoryEntry, extension: str) -> str:
    """A name for its file: by title or file name, with the extension that its bytes have, whatever it was called."""
    name = clean_component(entry.title or Path(entry.file_name).stem) or clean_component(entry.image_id)
    return f"{name[:100].rstrip('. ')}{extension}"


class LocalCopies:
    """Copies in a private folder, which goes with `close`: nobody who gets one can change ours.

    Every press of the mouse may be the beginning of a drag, so the oldest that nobody got make room for new ones.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._folder: Path | None = None
        self._made: OrderedDict[EntryId, Path] = OrderedDict()
        """The oldest first."""
        self._kept: set[EntryId] = set()
        self._lock = threading.Lock()

    def make(self, entries: Iterable[HistoryEntry]) -> dict[EntryId, Path]:
        """Copy what can be read; what cannot is left out."""
        made: dict[EntryId, Path] = {}
        with self._lock:
            for entry in entries:
                known = self._made.get(entry.id)
                if known is not None and known.stem == Path(file_name_of(entry, known.suffix)).stem:
                    made[entry.id] = known
                    self._made.move_to_end(entry.id)
                    continue
                with suppress(UserFacingError):
                    made[entry.id] = self._made[entry.id] = copy_into(self._new_folder(), entry)
            self._make_room(made)
        return made

    def keep(self, ids: Iterable[EntryId]) -> None:
        """Another program was told of these, and may read them whenever it likes. Does not wait."""
        self._kept.update(ids)

    def close(self) -> None:
        """Remove all of them."""
        self._made.clear()
        self._kept.clear()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _new_folder(self) -> Path:
        # One for each, so that equal names do not meet.
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="imglink-"))
        return Path(tempfile.mkdtemp(dir=self._folder))

    def _make_room(self, needed: Container[EntryId]) -> None:
        sizes = {entry_id: _size(path) for entry_id, path in self._made.items()}
        total = sum(sizes.values())
        for entry_id, size in sizes.items():
            if total <= self._most_bytes:
                return
            if entry_id not in needed and entry_id not in self._kept:
                shutil.rmtree(self._made.pop(entry_id).parent, ignore_errors=True)
                total -= size


def copy_into(folder: Path, entry: HistoryEntry) -> Path:
    """Copy our file of an entry to a new one in `folder`, which is made. Raises UserFacingError."""
    assert entry.path is not None
    try:
        with entry.path.open("rb") as source:
            image_format = sniff(source.read(SNIFF_BYTES))
            if image_format is None:
                raise UserFacingError(f"The copy of “{entry.shown_name}” is damaged.", safe=_SAFE)
            source.seek(0)
            folder.mkdir(parents=True, exist_ok=True)
            target = _free_name(folder / file_name_of(entry, image_format.extension))
            with target.open("xb") as copy:
                shutil.copyfileobj(source, copy)
    except OSError as error:
        raise UserFacingError(
            f"The copy of “{entry.shown_name}” cannot be read: {error.strerror}.",
            safe=_SAFE,
        ) from error
    return target


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _free_name(path: Path) -> Path:
    number = 2
    free = path
    while free.exists():
        free = path.with_stem(f"{path.stem} ({number})")
        number += 1
    return free
