from __future__ import annotations

from tests.ui.windows.conftest import look

__all__ = ["look"]
