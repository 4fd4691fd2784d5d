"""Our copies of images under names that other programs make sense of. Everything here blocks."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from app.core.errors import UserFacingError
from app.core.history import EntryId, HistoryEntry
from app.core.images import SNIFF_BYTES, sniff
from app.core.naming import clean_component

_SAFE = "The image itself is on ImgLink."


def file_name_of(entry: HistoryEntry, extension: str) -> str:
    """A name for its file: by title or file name, with the extension that its bytes have, whatever it was called."""
    name = clean_component(entry.title or Path(entry.file_name).stem) or clean_component(entry.image_id)
    return f"{name[:100].rstrip('. ')}{extension}"


class LocalCopies:
    """Copies in a private folder, which goes with `close`: nobody who gets one can change ours."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._made: dict[EntryId, Path] = {}

    def make(self, entries: Iterable[HistoryEntry]) -> dict[EntryId, Path]:
        """Copy what can be read; what cannot is left out."""
        made: dict[EntryId, Path] = {}
        for entry in entries:
            known = self._made.get(entry.id)
            if known is not None and known.stem == Path(file_name_of(entry, known.suffix)).stem:
                made[entry.id] = known
                continue
            try:
                made[entry.id] = self._made[entry.id] = copy_into(self._new_folder(), entry)
            except UserFacingError:
                continue
        return made

    def close(self) -> None:
        """Remove all of them."""
        self._made.clear()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _new_folder(self) -> Path:
        # One for each, so that equal names do not meet.
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="imglink-"))
        return Path(tempfile.mkdtemp(dir=self._folder))


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


def _free_name(path: Path) -> Path:
    number = 2
    free = path
    while free.exists():
        free = path.with_stem(f"{path.stem} ({number})")
        number += 1
    return free
