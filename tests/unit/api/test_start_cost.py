"""What the command line pays for: nothing heavy before the first call, and no certificates where there is no TLS."""

from __future__ import annotations

import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.imglink import ImageId
from tests.unit.api.harness import IMAGE, client_of, json_answer, run, serve

HEAVY = ("httpx", "httpcore", "h11", "anyio", "certifi", "ssl")


def modules_after(code: str) -> set[str]:
    command = [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules)"]
    return set(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())


def test_importing_and_building_a_client_loads_no_http_library() -> None:
    loaded = modules_after(
        "from app.api import Client\n"
        "from app.core.base_url import parse_base_url\n"
        "async def no_credentials(kind): return None\n"
        "Client(parse_base_url('https://imglink.cc'), no_credentials)"
    )
    assert "app.api.client" in loaded
    # The standard library's asyncio brings ssl itself; it is the building of a context that costs.
    assert not loaded & (set(HEAVY) - {"ssl"})
    assert "PySide6" not in loaded


def test_plain_http_loads_no_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> ssl.SSLContext:
        raise AssertionError("certificates were loaded")

    async def work() -> None:
        async with serve(json_answer(IMAGE)) as server, client_of(server.url) as client:
            await client.image(ImageId("a"))

    monkeypatch.setattr(ssl, "create_default_context", refuse)
    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", refuse)
    run(work())


def test_https_trusts_certifis_authorities_where_the_system_has_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    loaded: list[ssl.SSLContext] = []
    load = ssl.SSLContext.load_verify_locations

    def record(context: ssl.SSLContext, cafile: str | None = None) -> None:
        loaded.append(context)
        load(context, cafile)

    async def work() -> None:
        async with client_of("https://imglink.example") as client:
            await client.warm_up()

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", record)
    run(work())
    (context,) = loaded
    assert context.cert_store_stats()["x509_ca"] > 50
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def test_a_warm_client_answers_and_a_closed_one_is_not_used_again() -> None:
    async def work() -> None:
        async with serve(json_answer(IMAGE)) as server, client_of(server.url) as client:
            await client.warm_up()
            assert server.connections == 0
            assert (await client.image(ImageId("a"))).id == IMAGE["id"]
            await client.close()
            await client.close()
            with pytest.raises(RuntimeError, match="closed"):
                await client.image(ImageId("a"))

    run(work())
