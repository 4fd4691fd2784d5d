"""Small pictures for lists and cards: asked for while painting, there a moment later, and never waited for.

Everything slow happens on the asyncio thread and its workers; a picture that is no longer wanted is given up.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QImage, QPixmap

from app.core.errors import UserFacingError
from app.core.history import EntryId, HistoryEntry
from app.core.thumbnails import THUMBNAIL_PX, NoThumbnail, ThumbnailSource
from app.core.workflow import SourceKind
from app.ui import icons, theme
from app.ui.bridge import Bridge, TaskHandle
from app.ui.thumbnails import decode_thumbnail

ThumbnailKey = EntryId | str
"""An entry's id, or a picture's address."""

_Place = tuple[ThumbnailKey, int, float]
"""A picture's key, its longer side in device pixels, and how many of them make a logical one."""

_MEMORY_BYTES = 32 * 1024 * 1024
_MOST_WANTED = 512
"""More than fit on a screen: of even more, the ones asked for first have long been scrolled away."""
_MOST_PROBLEMS = 4096
_ON_SCREEN_S = 2.0
_DECODERS = 2
_SYMBOLS = {
    SourceKind.REGION: "region",
    SourceKind.SCREEN: "screen",
    SourceKind.MONITOR: "screen",
    SourceKind.WINDOW: "window",
    SourceKind.CLIPBOARD: "clipboard",
}


@dataclass(slots=True)
class _Shown:
    pixmap: QPixmap
    bytes: int
    used_at: float


@dataclass(frozen=True, slots=True)
class _Problem:
    text: str
    until: float


class ThumbnailLoader(QObject):
    """Lives on the Qt thread. Pictures are known by `key_of` and the size in device pixels."""

    ready = Signal(object)
    """The key of a picture that `pixmap` has now, or about which `problem` knows why there is none: paint it again."""

    def __init__(
        self,
        bridge: Bridge,
        parent: QObject | None = None,
        *,
        memory_bytes: int = _MEMORY_BYTES,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`memory_bytes` bounds the pixels that are kept; what is on the screen may take up to twice as much."""
        super().__init__(parent)
        self._bridge = bridge
        self._memory_bytes = memory_bytes
        self._monotonic = monotonic
        self._source: ThumbnailSource | None = None
        self._shown: OrderedDict[_Place, _Shown] = OrderedDict()
        self._shown_bytes = 0
        self._places: dict[ThumbnailKey, list[_Place]] = {}
        """In which sizes a picture is there, the latest last."""
        self._wanted: OrderedDict[_Place, TaskHandle | HistoryEntry | str] = OrderedDict()
        """What was asked for and is not there: its task, or before there is a service, what it is of."""
        self._problems: OrderedDict[ThumbnailKey, _Problem] = OrderedDict()
        self._decoding = asyncio.Semaphore(_DECODERS)

    def set_service(self, source: ThumbnailSource) -> None:
        """Begin: what was asked for before is loaded now."""
        self._source = source
        for place, what in list(self._wanted.items()):
            if not isinstance(what, TaskHandle):
                self._load(what, place)

    @staticmethod
    def key_of(what: HistoryEntry | str) -> ThumbnailKey:
        """By what `ready`, `problem` and `forget` call a picture."""
        return what if isinstance(what, str) else what.id

    def pixmap(self, what: HistoryEntry | str, size_px: int, dpr: float) -> QPixmap | None:
        """The picture of an entry, or at an address, in a square of `size_px` logical pixels; cheap enough for a paint.

        It keeps its proportions, is never blown up, and has `dpr` device pixels to a logical one. None while it is not
        there: it is loaded then, and `ready` tells. Meanwhile it may come in another size's sharpness.
        """
        key = self.key_of(what)
        place = (key, max(1, min(THUMBNAIL_PX, round(size_px * dpr))), dpr)
        shown = self._shown.get(place)
        if shown is not None:
            shown.used_at = self._monotonic()
            self._shown.move_to_end(place)
            return shown.pixmap
        self._want(what, place)
        return self._other_size(key, size_px)

    def placeholder(self, what: HistoryEntry | str, size_px: int, dpr: float) -> QPixmap:
        """A drawing to paint in the picture's place: how it was captured, or that there is no picture."""
        tokens = theme.current_tokens()
        if self.problem(self.key_of(what)):
            return icons.pixmap("image-off", QColor(tokens.disabled), size_px, dpr)
        symbol = "image" if isinstance(what, str) else _SYMBOLS.get(what.kind, "image")
        return icons.pixmap(symbol, QColor(tokens.disabled), size_px, dpr)

    def problem(self, key: ThumbnailKey) -> str:
        """Why there is no picture, as plain text; empty when there is one or it is still being loaded."""
        found = self._problems.get(key)
        return "" if found is None else found.text

    def forget(self, keys: Iterable[ThumbnailKey]) -> None:
        """Give up what is not there yet of these: they were scrolled away. What is there stays for a while."""
        gone = set(keys)
        for wanted in [each for each in self._wanted if each[0] in gone]:
            self._give_up(wanted)

    def keep_only(self, keys: Iterable[ThumbnailKey]) -> None:
        """Give up what is not there yet of all others."""
        kept = set(keys)
        self.forget({place[0] for place in self._wanted} - kept)

    def clear(self) -> None:
        """Give up everything and let go of every picture."""
        self.keep_only(())
        self._shown.clear()
        self._places.clear()
        self._problems.clear()
        self._shown_bytes = 0

    # --- loading ------------------------------------------------------------------------------------------------------

    def _want(self, what: HistoryEntry | str, place: _Place) -> None:
        problem = self._problems.get(place[0])
        if place in self._wanted or (problem is not None and self._monotonic() < problem.until):
            return
        self._load(what, place)
        while len(self._wanted) > _MOST_WANTED:
            self._give_up(next(iter(self._wanted)))

    def _load(self, what: HistoryEntry | str, place: _Place) -> None:
        source, side_px = self._source, place[1]
        if source is None:
            self._wanted[place] = what
            return

        async def load() -> QImage:
            data = await (source.of_url(what) if isinstance(what, str) else source.of_entry(what))
            async with self._decoding:
                return await asyncio.to_thread(decode_thumbnail, data, side_px)

        self._wanted[place] = self._bridge.submit(
            load,
            owner=self,
            on_done=lambda image: self._loaded(place, image),
            on_error=lambda error: self._failed(place, error),
        )

    def _give_up(self, place: _Place) -> None:
        task = self._wanted.pop(place)
        if isinstance(task, TaskHandle):
            task.cancel()

    def _loaded(self, place: _Place, image: QImage) -> None:
        key, _, dpr = place
        self._wanted.pop(place, None)
        self._problems.pop(key, None)
        pixmap = QPixmap.fromImage(image)
        pixmap.setDevicePixelRatio(dpr)
        size = 4 * image.width() * image.height()
        self._shown[place] = _Shown(pixmap, size, self._monotonic())
        self._places.setdefault(key, []).append(place)
        self._shown_bytes += size
        self._make_room()
        self.ready.emit(key)

    def _failed(self, place: _Place, error: UserFacingError) -> None:
        self._wanted.pop(place, None)
        retry_s = error.retry_s if isinstance(error, NoThumbnail) else NoThumbnail.retry_s
        self._problems[place[0]] = _Problem(str(error), self._monotonic() + retry_s)
        while len(self._problems) > _MOST_PROBLEMS:
            self._problems.popitem(last=False)
        self.ready.emit(place[0])

    # --- memory -------------------------------------------------------------------------------------------------------

    def _make_room(self) -> None:
        now = self._monotonic()
        while self._shown_bytes > self._memory_bytes:
            oldest, shown = next(iter(self._shown.items()))
            # Without this, a screen full of more than the limit would load and forget its pictures for ever.
            if now - shown.used_at < _ON_SCREEN_S and self._shown_bytes <= 2 * self._memory_bytes:
                return
            self._drop(oldest)

    def _drop(self, place: _Place) -> None:
        self._shown_bytes -= self._shown.pop(place).bytes
        places = self._places[place[0]]
        places.remove(place)
        if not places:
            del self._places[place[0]]

    def _other_size(self, key: ThumbnailKey, size_px: int) -> QPixmap | None:
        """The picture as it is there for another zoom or screen, made to fill the same place."""
        places = self._places.get(key)
        if not places:
            return None
        pixmap = QPixmap(self._shown[places[-1]].pixmap)
        pixmap.setDevicePixelRatio(max(pixmap.width(), pixmap.height()) / size_px)
        return pixmap
