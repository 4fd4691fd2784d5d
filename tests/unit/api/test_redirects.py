"""A server that points elsewhere gets nothing carried there, on any endpoint."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core.service_errors import Redirected
from tests.unit.api.endpoints import ENDPOINTS
from tests.unit.api.harness import KEY, TOKEN, client_of, http, png_file, run, serve

SECRETS = (KEY, TOKEN, "pass word")


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_no_redirect_is_followed_to_another_host_port_or_scheme(tmp_path: Path, status: str) -> None:
    async def work() -> None:
        file = png_file(tmp_path)
        caught = http("200 OK", b"{}")
        async with serve(caught, "127.0.0.2") as host, serve(caught, "localhost") as name, serve(caught) as port:
            elsewhere = {
                "another host": f"{host.url}/api/v1/upload",
                "another name": f"{name.url}/api/v1/upload",
                "another port": f"{port.url}/api/v1/upload",
                "another scheme": f"https://127.0.0.1:{port.port}/api/v1/upload",
                "no scheme": f"//127.0.0.2:{host.port}/x",
            }
            for where, target in elsewhere.items():
                async with serve(http(status, b"", f"Location: {target}")) as origin, client_of(origin.url) as client:
                    for endpoint in ENDPOINTS:
                        with pytest.raises(Redirected, match="points to another address"):
                            await endpoint.call(client, file)
                    assert len(origin.requests) == len(ENDPOINTS), where
                    seen = b"".join(request.head for request in origin.requests)
                    assert KEY.encode() in seen  # the proof is worth something: it was sent where it belongs
            assert [server.connections for server in (host, name, port)] == [0, 0, 0]

    run(work())


def test_a_redirect_back_to_the_same_place_is_not_followed_either(tmp_path: Path) -> None:
    async def work() -> None:
        async with serve(http("307 Temporary", b"", "Location: /api/v1/upload")) as origin:
            async with client_of(origin.url) as client:
                with pytest.raises(Redirected) as caught:
                    await ENDPOINTS[0].call(client, png_file(tmp_path))
            assert origin.connections == 1
            assert not any(secret in str(caught.value) for secret in SECRETS)

    run(work())
