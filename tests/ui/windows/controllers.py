"""What controllers are joined with in tests: a real bridge, real windows, and services that note what is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from app.core.errors import UserFacingError
from app.core.imglink import ImageId
from app.core.ports import NewUpload, Notice
from app.core.screen import Frame
from app.core.uploads import QueueMode, QueueState, UploadEvent, UploadId, UploadItem
from app.services.deletions import Deletion, DeletionEvent
from app.services.observers import Observers
from app.services.suite import Services
from app.ui.bridge import Bridge
from app.ui.card import CardStack
from app.ui.on_demand import OnDemand
from app.ui.tray import Tray
from app.ui.tray_window import TrayWindow


class Noting:
    """A service: notes every call as (name, arguments), and tells its observers what a test says."""

    def __init__(self, **answers: Any) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.observers: Observers[Any] = Observers()
        self._answers = answers

    def subscribe(self, callback: Callable[[Any], None]) -> Callable[[], None]:
        return self.observers.subscribe(callback)

    subscribe_copied = subscribe
    subscribe_uploads = subscribe

    def __getattr__(self, name: str) -> Any:
        async def call(*arguments: Any, **keywords: Any) -> Any:
            self.calls.append((name, *arguments, *keywords.values()))
            answer = self._answers.get(name)
            return answer(*arguments) if callable(answer) else answer

        return call


@dataclass
class Joined:
    """Windows, bridge and services."""

    bridge: Bridge
    tray: Tray
    window: TrayWindow
    cards: CardStack
    owner: QObject
    pending: tuple[UploadItem, ...] = ()
    recent: tuple[UploadItem, ...] = ()
    troubled: tuple[UploadItem, ...] = ()
    notices: list[Notice] = field(default_factory=list)
    press: list[Callable[[str], None] | None] = field(default_factory=list)
    errors: list[UserFacingError] = field(default_factory=list)
    copied_images: list[Frame] = field(default_factory=list)
    refuses: UserFacingError | None = None
    on_demand: OnDemand[TrayWindow] = field(init=False)
    """The window as a controller gets it; made for a controller when a test says so."""
    queue: Noting = field(init=False)
    history: Noting = field(init=False)
    assignments: Noting = field(init=False)
    follow_ups: Noting = field(init=False)
    deletions: Noting = field(init=False)
    refused: tuple[Deletion, ...] = ()
    unable: tuple[Deletion, ...] = ()
    """What can be told before anything is tried."""
    undone: list[ImageId] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.on_demand = OnDemand(lambda: self.window)
        self.queue = Noting(enqueue_bytes=self._enqueue)
        self.queue.items = lambda: self.pending  # type: ignore[attr-defined]  # not a coroutine
        self.queue.state = QueueState(QueueMode.RUNNING)  # type: ignore[attr-defined]  # nor this
        self.history = Noting(recent=lambda _: self.recent)
        self.assignments = Noting(troubled=lambda: self.troubled)
        self.follow_ups = Noting()
        self.deletions = Noting(schedule=lambda _: self.refused, refuse=lambda _: self.unable)
        self.deletions.undo = self.undone.extend  # type: ignore[attr-defined]  # nor this
        self.follow_ups.links = lambda items: [f"link of {item.id}" for item in items]  # type: ignore[attr-defined]  # nor this
        self.clipboard = Noting(copy_text=True, copy_image=self._copy_image)

    @property
    def services(self) -> Services:
        parts = SimpleNamespace(
            uploads=self.queue,
            history=self.history,
            assignments=self.assignments,
            follow_ups=self.follow_ups,
            deletions=self.deletions,
            clipboard=self.clipboard,
        )
        return cast(Services, parts)

    def _copy_image(self, frame: Frame) -> bool:
        self.copied_images.append(frame)
        return True

    def _enqueue(self, _data: bytes, _new: NewUpload) -> None:
        if self.refuses is not None:
            raise self.refuses

    def notify(self, notice: Notice, on_action: Callable[[str], None] | None) -> None:
        self.notices.append(notice)
        self.press.append(on_action)

    def tell(self, *events: UploadEvent | DeletionEvent, by: Noting | None = None) -> None:
        """Let a service tell of something, on its own thread."""
        observers = (by or self.queue).observers
        for event in events:
            self.bridge.call_soon(observers.notify, event)

    def tell_copied(self, *ids: str) -> None:
        copied = tuple(UploadId(each) for each in ids)
        self.bridge.call_soon(self.follow_ups.observers.notify, copied)


@contextmanager
def joined(qtbot: QtBot) -> Iterator[Joined]:
    """Everything but a controller; the asyncio thread runs."""
    bridge, tray, window, cards, owner = Bridge(), Tray(), TrayWindow(), CardStack(), QObject()
    tray.build_menu()
    window.show()
    bridge.start()
    try:
        yield Joined(bridge, tray, window, cards, owner)
    finally:
        bridge.stop()
        cards.clear()
        window.close()
        for each in (cards, window, tray.menu, tray, owner, bridge):
            each.deleteLater()
