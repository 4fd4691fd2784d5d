"""The ImgLink REST API over httpx: transport, errors, lenient parsing, one module per noun.

`Client` implements `app.core.ports.ImgLink`. Importing this costs little: httpx is imported with the first call.
"""

from __future__ import annotations

from app.api.client import Client
from app.api.transport import CredentialProvider, Timeouts

__all__ = ["Client", "CredentialProvider", "Timeouts"]
