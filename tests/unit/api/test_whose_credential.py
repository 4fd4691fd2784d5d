"""An error says which credential the call took, so that the right one can be asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.api.calls import Auth, Call, Credential
from app.api.errors import Answer, Attempt, answer_error
from app.core.imglink import CredentialKind
from app.core.service_errors import NotAuthenticated
from tests.unit.api.endpoints import ENDPOINTS, Endpoint
from tests.unit.api.harness import NOW
from tests.unit.api.test_endpoints import Wire, call

KEY, TOKEN = CredentialKind.API_KEY, CredentialKind.TOKEN
KINDS = {"key": KEY, "token": TOKEN, "": None}


@pytest.mark.parametrize(
    ("auth", "sent", "said"),
    [
        (Auth.KEY, KEY, KEY),
        (Auth.TOKEN, TOKEN, TOKEN),
        (Auth.TOKEN_IF_ANY, TOKEN, TOKEN),
        (Auth.TOKEN_IF_ANY, None, TOKEN),
        (Auth.NONE, None, None),
        # An upload's is chosen together with its endpoint.
        (Auth.NONE, TOKEN, TOKEN),
        (Auth.NONE, KEY, KEY),
    ],
)
def test_a_refusal_names_the_credential_that_was_sent_or_wanted(
    auth: Auth, sent: CredentialKind | None, said: CredentialKind | None
) -> None:
    credential = Credential(sent, "secret") if sent is not None else None
    attempt = Attempt(Call("do it", "GET", "/api/albums", auth), "h", credential)
    assert answer_error(attempt, Answer(401, b"{}", "application/json"), NOW).credential is said


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_every_call_that_is_refused_or_not_sent_names_its_own(endpoint: Endpoint, tmp_path: Path) -> None:
    with pytest.raises(NotAuthenticated) as refused:
        call(endpoint, Wire({"error": "Token expired"}, status=401), tmp_path)
    assert (refused.value.credential, refused.value.status) == (KINDS[endpoint.sends], 401)
    if endpoint.needs:
        with pytest.raises(NotAuthenticated) as missing:
            call(endpoint, Wire(endpoint.answer), tmp_path, None, "")
        assert (missing.value.credential, missing.value.status) == (KINDS[endpoint.sends], None)
