"""What is said of keys that do not work: once for each reason, however many there are."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QCoreApplication

from app.core.ports import BindResult, Notice


def key_notices(results: Iterable[BindResult], actions: tuple[tuple[str, str], ...] = ()) -> tuple[Notice, ...]:
    """A notice for each reason, with its keys. Of what the person was asked, or is being asked, nothing is said."""
    keys: dict[str, list[str]] = {}
    for result in results:
        if not (result.bound or result.is_pending or result.is_declined):
            keys.setdefault(result.reason, []).append(str(result.shortcut))
    return tuple(
        Notice(_title(len(names)), _body(names, reason), actions, is_error=True) for reason, names in keys.items()
    )


def _title(count: int) -> str:
    one = QCoreApplication.translate("key_notices", "A shortcut does not work")
    return one if count == 1 else QCoreApplication.translate("key_notices", "Shortcuts do not work")


def _body(names: list[str], reason: str) -> str:
    return reason if len(names) == 1 and names[0] in reason else f"{', '.join(names)}: {reason}"
