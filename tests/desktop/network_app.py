"""Watches the network without any other part of the program, and says on stdout what it hears."""

from __future__ import annotations

import sys

from PySide6.QtCore import QCoreApplication

from app.ui.network import NetworkWatch


def main() -> int:
    application = QCoreApplication(sys.argv)
    watch = NetworkWatch()
    watch.came_online.connect(lambda: print("online", flush=True))
    print("watching" if watch.start() else "nothing to watch", flush=True)
    return application.exec()


if __name__ == "__main__":
    raise SystemExit(main())
