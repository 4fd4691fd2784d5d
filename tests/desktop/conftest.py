"""Private desktops for the tests in this folder, and their story when one fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desktop.session import DesktopSession, desktop_session

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.desktop)


@pytest.fixture
def desktop(request: pytest.FixtureRequest) -> Iterator[DesktopSession]:
    """One monitor and a window manager; no tray, keyring or notifications."""
    with desktop_session() as session:
        yield session
        _report(request, session)


@pytest.fixture
def full_desktop(request: pytest.FixtureRequest) -> Iterator[DesktopSession]:
    """Two monitors side by side, window manager, tray, unlocked keyring and notification daemon."""
    with desktop_session(monitors=2, tray=True, keyring=True, notifications=True) as session:
        yield session
        _report(request, session)


def _report(request: pytest.FixtureRequest, session: DesktopSession) -> None:
    """Keep what the desktop's programs said; pytest shows it beside the failure."""
    request.node.add_report_section("teardown", "desktop", session.describe())
