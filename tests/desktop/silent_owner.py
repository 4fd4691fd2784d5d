"""Owns the clipboard and never answers anybody: `python -m tests.desktop.silent_owner [keep]`.

With `keep` it takes the clipboard back whenever another program takes it, as a clipboard manager that hangs would have.
"""

from __future__ import annotations

import sys

from Xlib import X, display
from Xlib.ext import xfixes


def main() -> None:
    connection = display.Display()
    connection.query_extension("XFIXES")
    connection.xfixes_query_version()
    window = connection.screen().root.create_window(0, 0, 1, 1, 0, X.CopyFromParent)
    clipboard = connection.intern_atom("CLIPBOARD")
    if "keep" in sys.argv:
        connection.xfixes_select_selection_input(window, clipboard, xfixes.XFixesSetSelectionOwnerNotifyMask)
    window.set_selection_owner(clipboard, X.CurrentTime)
    connection.sync()
    print("owns it", flush=True)
    while True:
        # Questions are events too, and stay without an answer.
        connection.next_event()
        if "keep" in sys.argv and connection.get_selection_owner(clipboard) != window:
            window.set_selection_owner(clipboard, X.CurrentTime)
            connection.flush()


if __name__ == "__main__":
    main()
