"""Hidden flags by which this program starts itself; alone in a module, because every start looks at them."""

KEEPER_FLAG = "--keep-clipboard"
"""Puts standard input's text on the clipboard; returns 0 once a process left behind owns it."""

SIGN_IN_FLAG = "--sign-in-page"
"""Shows the sign-in page of the site that standard input names; see `app.ui.sign_in.page`."""

SECRETS_FLAG = "--ask-keyring"
"""Asks the keyring what standard input says, and answers on standard output; see `app.secrets.child`."""
