from __future__ import annotations

import os
import signal

import pytest
from pytestqt.qtbot import QtBot

from app.ui.signals import StopSignals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_becomes_a_call_on_the_qt_thread(qtbot: QtBot, number: signal.Signals) -> None:
    calls: list[str] = []
    signals = StopSignals(lambda: calls.append("stop"))
    try:
        os.kill(os.getpid(), number)
        qtbot.waitUntil(lambda: calls == ["stop"])
    finally:
        signals.close()


def test_the_former_handlers_come_back(qtbot: QtBot) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    StopSignals(lambda: None).close()
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
