"""Signing in: the dialog, and a window with the site's own sign-in where its extra is installed."""

from app.ui.sign_in.dialog import SignInDialog
from app.ui.sign_in.view import SignInView, Way

__all__ = ["SignInDialog", "SignInView", "Way"]
