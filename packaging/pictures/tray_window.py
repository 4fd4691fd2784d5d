"""The tray window and the card in the corner."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from PySide6.QtWidgets import QWidget

from app.core.doctor import Part
from app.core.errors import ErrorKind
from app.core.uploads import AfterUpload, QueueMode, QueueState, UploadItem, UploadState
from app.core.workflow import DEFAULT_SHORTCUTS, SourceKind, UploadTask
from app.ui.account_view import AccountState, AccountView
from app.ui.card import Card
from app.ui.tray_view import Refusal, UnsavedView
from app.ui.tray_window import TrayWindow
from pictures.frame import picture
from pictures.samples import finished, running, thumbnails, upload


def tray_window(account: AccountState = AccountState.READY) -> TrayWindow:
    """The window with its keys."""
    window = TrayWindow()
    window.set_shortcuts(DEFAULT_SHORTCUTS)
    window.set_account(AccountView(account, "imglink.cc", "GNOME Keyring"))
    return window


def with_recent(window: TrayWindow) -> TrayWindow:
    """The same with five finished uploads and some of their thumbnails."""
    window.set_recent(finished())
    for item, image in zip(finished(), thumbnails(), strict=False):
        window.set_thumbnail(item.id, image)
    return window


@picture("tray-window-first")
def first() -> QWidget:
    """Before the first upload, without an account."""
    return tray_window(AccountState.NO_KEY)


@picture("tray-window-recent")
def recent() -> QWidget:
    """At rest, with a link just copied."""
    window = with_recent(tray_window())
    window.show_copied(finished()[0].id)
    return window


@picture("tray-window-busy")
def busy() -> QWidget:
    """Uploads on their way."""
    window = with_recent(tray_window())
    window.set_uploads(running())
    return window


@picture("tray-window-one")
def one() -> QWidget:
    """After the first upload."""
    window = tray_window()
    window.set_recent(finished()[:1])
    window.set_thumbnail(finished()[0].id, thumbnails()[0])
    return window


@picture("tray-window-many")
def many() -> QWidget:
    """Two hundred files were dropped, and the service asks for patience."""
    window = with_recent(tray_window())
    window.set_queue(
        QueueState(
            QueueMode.WAITING,
            "ImgLink takes 100 uploads an hour.",
            ErrorKind.RATE_LIMITED,
            datetime.now(UTC) + timedelta(minutes=12),
        )
    )
    queued = [upload(f"Holiday {number:03}.jpg", UploadState.QUEUED, size=900_000 + number) for number in range(200)]
    window.set_uploads([*running()[:2], *queued])
    return window


@picture("tray-window-key-refused")
def key_refused() -> QWidget:
    """Everything waits for a new key."""
    window = with_recent(tray_window(AccountState.REJECTED))
    reason = "Could not upload the file: the API key is not accepted. Nothing was uploaded."
    window.set_queue(QueueState(QueueMode.PAUSED, reason, ErrorKind.CREDENTIAL, needs_credential=True))
    window.set_uploads(
        [
            replace(upload("Region", UploadState.PAUSED, kind=SourceKind.REGION), error_kind=ErrorKind.CREDENTIAL),
            upload("Letter to Ada.webp", UploadState.QUEUED),
        ]
    )
    return window


@picture("tray-window-storage-full")
def storage_full() -> QWidget:
    """The account may be full."""
    window = with_recent(tray_window())
    reason = "The storage of the account may be full: two small files in a row were too large for it."
    window.set_queue(QueueState(QueueMode.PAUSED, reason, ErrorKind.INPUT))
    window.set_uploads([upload("Letter to Ada.webp", UploadState.QUEUED)])
    return window


@picture("tray-window-offline")
def offline() -> QWidget:
    """No network."""
    window = with_recent(tray_window())
    reason = "imglink.cc cannot be reached. Nothing was uploaded."
    window.set_queue(QueueState(QueueMode.WAITING, reason, ErrorKind.OFFLINE, datetime.now(UTC) + timedelta(minutes=3)))
    window.set_uploads([upload("Letter to Ada.webp", UploadState.QUEUED)])
    return window


@picture("tray-window-unsaved")
def unsaved() -> QWidget:
    """The disk is full."""
    window = with_recent(tray_window())
    window.set_unsaved(
        [
            UnsavedView(1, "Region, 1280 × 800, 1.2 MB", "there is no space left on the disk", can_retry=True),
            UnsavedView(2, "Whole screen, 3840 × 1080, 4.1 MB", "still not: the disk is full", can_retry=True),
        ]
    )
    return window


@picture("tray-window-trouble")
def trouble() -> QWidget:
    """Everything that can go wrong with single uploads."""
    window = with_recent(tray_window())
    half = replace(
        finished()[1],
        after=AfterUpload(
            frozenset({UploadTask.ADD_TO_ALBUM}),
            problems=((UploadTask.ADD_TO_ALBUM, "It is not there, or it is not yours."),),
        ),
    )
    window.set_uploads(
        [
            upload(
                "Region",
                UploadState.UNCERTAIN,
                kind=SourceKind.REGION,
                reason="This may already be uploaded: the connection broke before the answer came.",
            ),
            upload("Too big.png", UploadState.FAILED, reason="File exceeds the limit of 50 MB."),
            upload("Torn.png", UploadState.FAILED, reason="The server does not accept it."),
            half,
        ]
    )
    window.add_refusals(
        [Refusal("Notes.txt", "This is text, not an image."), Refusal("empty.png", "The file is empty.")]
    )
    return window


@picture("tray-window-denied")
def denied() -> QWidget:
    """The desktop lets no picture be taken, and the remedy is a long command."""
    window = with_recent(tray_window())
    problem = "This desktop does not allow ImgLink to take pictures of the screen."
    remedy = "Have it ask again with: /home/somebody/tools/imglink-desktop/.venv/bin/imglink doctor --ask-again"
    window.add_refusals([Refusal(problem, remedy, Part.CAPTURE, is_sentence=True)])
    return window


def card(item: UploadItem, *, copied: bool = False) -> QWidget:
    """A card with a thumbnail."""
    made = Card(item)
    made.thumbnail.set_picture(thumbnails()[0])
    if copied:
        made.show_copied()
    made.adjustSize()
    return made


@picture("card-uploading")
def card_uploading() -> QWidget:
    """On its way."""
    return card(running()[0])


@picture("card-copied")
def card_copied() -> QWidget:
    """Done."""
    return card(finished()[0], copied=True)


@picture("card-failed")
def card_failed() -> QWidget:
    """Refused by the server."""
    return card(upload("Too big.png", UploadState.FAILED, reason="File exceeds the limit of 50 MB."))


@picture("card-uncertain")
def card_uncertain() -> QWidget:
    """Nobody knows."""
    return card(upload("Region", UploadState.UNCERTAIN, kind=SourceKind.REGION, reason="The answer was lost."))
