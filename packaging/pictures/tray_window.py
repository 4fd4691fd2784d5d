"""The tray window and the card in the corner."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from app.core.uploads import QueueMode, QueueState, UploadItem, UploadState
from app.core.workflow import DEFAULT_SHORTCUTS, SourceKind
from app.ui.account_view import AccountState, AccountView
from app.ui.card import Card
from app.ui.tray_window import Refusal, TrayWindow
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


@picture("tray-window-trouble")
def trouble() -> QWidget:
    """Everything that can go wrong at once."""
    window = with_recent(tray_window(AccountState.REJECTED))
    window.set_queue(
        QueueState(QueueMode.WAITING, "ImgLink takes 100 uploads an hour. The next one goes in 12 minutes.")
    )
    window.set_uploads(
        [
            upload("Too big.png", UploadState.FAILED, reason="File exceeds the limit of 50 MB."),
            upload(
                "Region", UploadState.UNCERTAIN, kind=SourceKind.REGION, reason="The answer of the server was lost."
            ),
            upload("Letter.webp", UploadState.PAUSED, reason="The API key was refused."),
        ]
    )
    window.add_refusals(
        [Refusal("Notes.txt", "This is text, not an image."), Refusal("empty.png", "The file is empty.")]
    )
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
