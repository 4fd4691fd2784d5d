"""A page to sign in with a browser, as a web application does it: a script that keeps the token and sends it along."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app.demo.endpoint import Endpoint
from app.demo.markup import element
from app.demo.page_parts import SITE_NAME, page, sign_in_help

PATH = "/sign-in"
_SCRIPT_PATH = "/sign-in.js"
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_SCRIPT = """\
"use strict";
const form = document.querySelector("form");
const says = document.querySelector("[role=status]");

async function signIn() {
  const login = form.elements.login.value;
  const password = form.elements.password.value;
  const answer = await fetch("/api/auth/login", {
    method: "POST",
    headers: {"Content-Type": "application/json"},
    body: JSON.stringify({login, password}),
  });
  const body = await answer.json();
  if (!answer.ok) {
    throw new Error(body.error);
  }
  const albums = await fetch("/api/albums", {headers: {Authorization: `Bearer ${body.token}`}});
  const count = (await albums.json()).albums.length;
  says.textContent = `Signed in as ${body.user.username}, with ${count} album${count === 1 ? "" : "s"}.`;
}

form.addEventListener("submit", event => {
  event.preventDefault();
  says.textContent = "";
  signIn().catch(error => { says.textContent = error.message; });
});
"""


class SignInPage:
    """The page and its script."""

    def endpoints(self) -> list[Endpoint]:
        """The endpoints of this module."""
        return [Endpoint("GET", PATH, self._page), Endpoint("GET", _SCRIPT_PATH, self._script)]

    async def _page(self, _: Request) -> Response:
        form = element(
            "form",
            element("label", "User name or e-mail", element("input", name="login", autocomplete="username")),
            element(
                "label",
                "Password",
                element("input", type="password", name="password", autocomplete="current-password"),
            ),
            element("button", "Sign in"),
            element("p", role="status"),
            class_="card",
        )
        script = element("script", src=_SCRIPT_PATH, defer="")
        return HTMLResponse(
            page(f"Sign in · {SITE_NAME}", element("h1", "Sign in"), form, sign_in_help(), head=script), 200, _HEADERS
        )

    async def _script(self, _: Request) -> Response:
        return Response(_SCRIPT, media_type="text/javascript")
