"""The composition root: the only place where concrete parts are built and joined.

Nothing is imported before it is needed: `imglink --help` loads none of this, a command without a window no Qt, and the
tray shows before HTTP, keyring and database are loaded.
"""
