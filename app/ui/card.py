"""The small card in the corner that follows an upload: progress, then Copy link, Open, Delete.

It never takes the focus and goes away by itself, but not while the pointer is on it.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QEnterEvent, QGuiApplication, QImage, QPainterPath, QRegion, QResizeEvent, QScreen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QVBoxLayout

from app.core.uploads import QueueMode, QueueState, UploadId, UploadItem, UploadState
from app.services.deletions import UNDO_S
from app.ui import theme
from app.ui.texts import queue_title, source_text, state_text
from app.ui.widgets import ElidedLabel, IconButton, Thumbnail, button, heading, label, set_tone

DONE_MS = 7_000
TROUBLE_MS = 20_000
UNDO_MS = round(UNDO_S * 1000)
MOST_CARDS = 4
_WIDTH = 340
_RADIUS = 10
_STEPS = 1000
_TROUBLE = (UploadState.FAILED, UploadState.UNCERTAIN, UploadState.PAUSED)
_RUNS = QueueState(QueueMode.RUNNING)
_RUNNING = (UploadState.QUEUED, UploadState.SENDING, UploadState.COMMITTING)


class Card(QFrame):
    """One upload. Made and placed by `CardStack`."""

    copy_link_requested = Signal()
    open_requested = Signal()
    delete_requested = Signal()
    """There is time to change one's mind: `undo_requested`."""
    undo_requested = Signal()
    cancel_requested = Signal()
    retry_requested = Signal()
    details_requested = Signal()
    gone = Signal()

    def __init__(self, item: UploadItem, queue: QueueState = _RUNS) -> None:
        flags = Qt.WindowType.Tool | Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowStaysOnTopHint
        super().__init__(None, flags | Qt.WindowType.WindowDoesNotAcceptFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setAttribute(Qt.WidgetAttribute.WA_X11NetWmWindowTypeNotification)
        # Else it is shown only while we are the active program, which on a Mac is hardly ever so.
        self.setAttribute(Qt.WidgetAttribute.WA_MacAlwaysShowToolWindow)
        self.setWindowTitle(self.tr("ImgLink upload"))
        self.setProperty("look", "card")
        self.setFixedWidth(_WIDTH)
        self.item = item
        self._queue = queue
        self._is_copied = False
        self._can_delete = not item.options.anonymous
        self.thumbnail = Thumbnail(72, 72)
        self._title = heading("")
        self._detail = ElidedLabel(mode=Qt.TextElideMode.ElideMiddle)
        self._detail.setProperty("tone", "muted")
        self._detail.setFont(theme.small_font(self._detail.font()))
        self._reason = label(tone="muted", small=True, wrap=True)
        self._bar = QProgressBar()
        self._bar.setRange(0, _STEPS)
        self._bar.setTextVisible(False)
        self._buttons = {
            "copy": button(self.tr("Copy link"), self.copy_link_requested.emit, look="small"),
            "open": button(self.tr("Open"), self.open_requested.emit, look="small"),
            "delete": button(self.tr("Delete"), self._delete, look="small"),
            "undo": button(self.tr("Undo"), self._keep, look="small"),
            "cancel": button(self.tr("Cancel"), self.cancel_requested.emit, look="small"),
            "retry": button(self.tr("Try again"), self.retry_requested.emit, look="small"),
            "details": button(self.tr("Details"), self.details_requested.emit, look="small"),
        }
        self._lay_out()
        self._leave = QTimer(self, singleShot=True)
        self._leave.timeout.connect(self.gone)
        self._deletion = QTimer(self, singleShot=True, interval=UNDO_MS)
        self._deletion.timeout.connect(self.gone)
        self.show_item(item)

    def show_item(self, item: UploadItem) -> None:
        """Show where it stands now."""
        self.item = item
        reason = state_text(item, None) if item.state in _TROUBLE else self._queue.reason if self._is_held else ""
        self._detail.set_text(source_text(item))
        self._bar.setVisible(item.state in _RUNNING and not self._is_held)
        self._bar.setValue(round(item.progress * _STEPS))
        self._bar.setAccessibleName(self.tr("Progress"))
        self._reason.setText(reason)
        self._reason.setVisible(bool(reason))
        self._refresh()

    def show_queue(self, queue: QueueState) -> None:
        """Say what holds it back, if its turn has not come."""
        self._queue = queue
        if self.item.state is UploadState.QUEUED:
            self.show_item(self.item)

    def show_copied(self) -> None:
        """Say that the link is on the clipboard."""
        self._is_copied = True
        self._show_title()
        self._restart()

    def forbid_deleting(self) -> None:
        """Offer no deletion: it went without an account, so that it cannot be deleted from here."""
        self._can_delete = False
        self._show_buttons()

    def enterEvent(self, event: QEnterEvent) -> None:
        """Stay while someone looks at it."""
        self._leave.stop()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Start counting again."""
        self._restart()
        super().leaveEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cut the corners; real transparency needs a compositor, which not every desktop has."""
        super().resizeEvent(event)
        path = QPainterPath()
        path.addRoundedRect(QRectF(self.rect()), _RADIUS, _RADIUS)
        self.setMask(QRegion(path.toFillPolygon().toPolygon()))

    def keep(self) -> None:
        """Show it as it was before a deletion that does not come."""
        self._deletion.stop()
        self._refresh()

    def finish(self) -> None:
        """Go away; a deletion that was asked for goes on."""
        self._leave.stop()
        self._deletion.stop()

    @property
    def _is_held(self) -> bool:
        """True when its turn does not come before the queue goes on."""
        return self.item.state is UploadState.QUEUED and bool(queue_title(self._queue))

    def _lay_out(self) -> None:
        cross = IconButton("close", self.tr("Close"), size=14)
        cross.clicked.connect(self.gone)
        top = QHBoxLayout()
        top.setSpacing(0)
        top.addWidget(self._title, 1)
        top.addWidget(cross)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_XS + 2)
        for made in self._buttons.values():
            made.setFont(theme.small_font(made.font()))
            made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            row.addWidget(made)
        row.addStretch(1)
        texts = QVBoxLayout()
        texts.setSpacing(theme.SPACE_XS)
        texts.addLayout(top)
        texts.addWidget(self._detail)
        texts.addWidget(self._reason)
        texts.addWidget(self._bar)
        texts.addStretch(1)
        texts.addSpacing(2)
        texts.addLayout(row)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(theme.SPACE_M, theme.SPACE_S, theme.SPACE_S, theme.SPACE_M)
        outer.setSpacing(theme.SPACE_M)
        outer.addWidget(self.thumbnail, 0, Qt.AlignmentFlag.AlignVCenter)
        outer.addLayout(texts, 1)

    def _show_title(self) -> None:
        state = self.item.state
        if self._deletion.isActive():
            title, tone = self.tr("Deleting from ImgLink…"), ""
        elif state is UploadState.DONE:
            title = self.tr("Link copied") if self._is_copied else self.tr("Uploaded")
            tone = "success" if self._is_copied else ""
        elif self._is_held:
            title, tone = queue_title(self._queue), "warning"
        elif state in _RUNNING:
            title, tone = (self.tr("Finishing…") if state is UploadState.COMMITTING else self.tr("Uploading…")), ""
        else:
            title = {
                UploadState.FAILED: self.tr("Not uploaded"),
                UploadState.UNCERTAIN: self.tr("May already be uploaded"),
                UploadState.PAUSED: self.tr("Waiting"),
            }.get(state, self.tr("Cancelled"))
            tone = "danger" if state is UploadState.FAILED else "warning"
        self._title.setText(title)
        set_tone(self._title, tone)
        self.setAccessibleName(f"{title}: {source_text(self.item)}")

    def _show_buttons(self) -> None:
        state = self.item.state
        if self._deletion.isActive():
            wanted = {"undo"}
        elif state is UploadState.DONE:
            wanted = {"copy", "open", "delete"} if self._can_delete else {"copy", "open"}
        elif state in (UploadState.QUEUED, UploadState.SENDING):
            wanted = {"cancel", "details"} if self._is_held else {"cancel"}
        elif state is UploadState.FAILED:
            wanted = {"retry", "details"}
        else:
            wanted = {"details"} if state in _TROUBLE else set()
        for name, made in self._buttons.items():
            made.setVisible(name in wanted)

    def _restart(self) -> None:
        state = self.item.state
        is_running = state in _RUNNING and not self._is_held
        if is_running or self._deletion.isActive() or self.underMouse():
            self._leave.stop()
        else:
            self._leave.start(DONE_MS if state is UploadState.DONE else TROUBLE_MS)

    def _delete(self) -> None:
        self._deletion.start()
        self._refresh()
        self.delete_requested.emit()

    def _keep(self) -> None:
        self.keep()
        self.undo_requested.emit()

    def _refresh(self) -> None:
        self._show_title()
        self._show_buttons()
        self._restart()


class CardStack(QObject):
    """All cards, one above the other in the lower right corner, the newest lowest."""

    copy_link_requested = Signal(str)
    """An upload's id, as in the next ones."""
    open_requested = Signal(str)
    delete_requested = Signal(str)
    undo_requested = Signal(str)
    cancel_requested = Signal(str)
    retry_requested = Signal(str)
    details_requested = Signal(str)
    """Show it in the window, where every button is."""
    thumbnail_requested = Signal(str, object)
    """An upload's id and the Path of its file."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cards: dict[UploadId, Card] = {}
        self._queue = _RUNS

    @property
    def cards(self) -> tuple[Card, ...]:
        """Those on the screen, oldest first."""
        return tuple(self._cards.values())

    def show_item(self, item: UploadItem) -> None:
        """Show a card for an upload, unless all places are taken by uploads that are on their way."""
        if item.id in self._cards:
            self.update_item(item)
            return
        if len(self._cards) >= MOST_CARDS:
            at_rest = next((each for each, card in self._cards.items() if card.item.state not in _RUNNING), None)
            if at_rest is None:
                return  # Two hundred files are no reason for a flicker: the window shows them all.
            self.remove(at_rest)
        card = self._cards[item.id] = Card(item, self._queue)
        card.copy_link_requested.connect(lambda: self.copy_link_requested.emit(item.id))
        card.open_requested.connect(lambda: self.open_requested.emit(item.id))
        card.delete_requested.connect(lambda: self.delete_requested.emit(item.id))
        card.undo_requested.connect(lambda: self.undo_requested.emit(item.id))
        card.cancel_requested.connect(lambda: self.cancel_requested.emit(item.id))
        card.retry_requested.connect(lambda: self.retry_requested.emit(item.id))
        card.details_requested.connect(lambda: self.details_requested.emit(item.id))
        card.gone.connect(lambda: self.remove(item.id))
        self._place()
        card.show()
        if item.has_file:
            self.thumbnail_requested.emit(item.id, item.path)

    def update_item(self, item: UploadItem) -> None:
        """An upload has moved on; nothing happens when its card is gone."""
        card = self._cards.get(item.id)
        if card is None:
            return
        if item.state is UploadState.CANCELLED:
            self.remove(item.id)
            return
        card.show_item(item)
        self._place()

    def set_queue(self, queue: QueueState) -> None:
        """Tell whether the queue sends."""
        self._queue = queue
        for card in self._cards.values():
            card.show_queue(queue)
        self._place()

    def set_thumbnail(self, upload_id: UploadId, image: QImage) -> None:
        """Show a small picture of an upload."""
        if upload_id in self._cards:
            self._cards[upload_id].thumbnail.set_picture(image)

    def show_copied(self, upload_id: UploadId) -> None:
        """Say that a link is on the clipboard. Call it after the clipboard was read back."""
        if upload_id in self._cards:
            self._cards[upload_id].show_copied()

    def forbid_deleting(self, upload_id: UploadId) -> None:
        """Offer no deletion of an image that cannot be deleted from here."""
        if upload_id in self._cards:
            self._cards[upload_id].forbid_deleting()

    def keep(self, upload_id: UploadId) -> None:
        """Say no more that an image is being deleted."""
        if upload_id in self._cards:
            self._cards[upload_id].keep()

    def remove(self, upload_id: UploadId) -> None:
        """Take a card away."""
        card = self._cards.pop(upload_id, None)
        if card is not None:
            card.finish()
            card.hide()
            card.deleteLater()
            self._place()

    def clear(self) -> None:
        """Take all cards away."""
        for upload_id in list(self._cards):
            self.remove(upload_id)

    def _place(self) -> None:
        screen: QScreen = QGuiApplication.primaryScreen()
        area = screen.availableGeometry()
        bottom = area.bottom() - theme.SPACE_L
        for card in reversed(self._cards.values()):
            card.adjustSize()
            corner = QPoint(area.right() - theme.SPACE_L - card.width(), bottom - card.height())
            card.move(corner)
            bottom = corner.y() - theme.SPACE_S
