"""The sign-in dialog in all its states."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit, QWidget

from app.services.sign_in import SignInReason
from app.ui.sign_in import SignInDialog, SignInView, Way
from pictures.frame import picture

_NO_BROWSER = "For this, install the extra: pip install 'imglink-desktop[browser-sign-in]', and start ImgLink again."
_RATE_LIMITED = "Could not sign in: the server asks to wait. Try again in about 2 minutes."
_WRONG = "Could not sign in: the name or the password is not right. Check both; a token can be pasted instead."
_OFFLINE = "Could not sign in: imglink.cc cannot be reached. Nothing was sent. Check the network, or try again later."


def dialog(view: SignInView, way: Way = Way.PASSWORD, *, typed: bool = False) -> SignInDialog:
    """The dialog, with a name typed or not."""
    made = SignInDialog()
    made.set_view(view)
    made.choose_way(way)
    if typed:
        user, password, token = made.findChildren(QLineEdit)
        for line in (user, password, token):
            line.setText("mia@example.com" if line is user else "secret-secret")
    return made


@picture("sign-in-empty")
def empty() -> QWidget:
    """Opened from the settings."""
    return dialog(SignInView())


@picture("sign-in-lapsed")
def lapsed() -> QWidget:
    """Asked in the middle of something, with everything typed."""
    return dialog(SignInView(reason=SignInReason.LAPSED), typed=True)


@picture("sign-in-busy")
def busy() -> QWidget:
    """The server is asked."""
    return dialog(SignInView(reason=SignInReason.MISSING, busy=Way.PASSWORD), typed=True)


@picture("sign-in-wrong")
def wrong() -> QWidget:
    """The password is not right."""
    return dialog(SignInView(reason=SignInReason.REFUSED, problem=_WRONG))


@picture("sign-in-rate-limited")
def rate_limited() -> QWidget:
    """Too many tries."""
    return dialog(SignInView(problem=_RATE_LIMITED))


@picture("sign-in-no-password")
def no_password() -> QWidget:
    """This server takes none."""
    return dialog(SignInView(reason=SignInReason.MISSING, takes_password=False))


@picture("sign-in-token")
def token() -> QWidget:
    """A token is pasted; there is no network."""
    return dialog(SignInView(reason=SignInReason.MISSING, problem=_OFFLINE), Way.TOKEN, typed=True)


@picture("sign-in-page")
def page() -> QWidget:
    """The extra is there."""
    return dialog(SignInView(has_browser=True), Way.BROWSER)


@picture("sign-in-page-missing")
def page_missing() -> QWidget:
    """It is not."""
    return dialog(SignInView(no_browser=_NO_BROWSER), Way.BROWSER)


@picture("sign-in-page-open")
def page_open() -> QWidget:
    """The page is open beside it, on a server with a long name."""
    server = "pictures.of-a-rather-large-organisation.example.org:8443"
    return dialog(SignInView(server, SignInReason.REFUSED, has_browser=True, busy=Way.BROWSER), Way.BROWSER)
