"""The server around the app: French document, security headers, health, unknown addresses, warm start.

`streamlit run app.py` works too; this adds what a plain script can't (there, the very first visit of a fresh server, by
a deep link, sees an English notice for a moment: the framework looks for old-style pages before it runs app.py). The
rule it protects: no page loads anything from another origin (the content security policy says so to the browser), and a
mistyped address never ends on an English dialog.
"""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.runtime.pages_manager import PagesManager

from data import jobs, settings, snapshots
from data.errors import NoSnapshot, VigieError
from pages.components import navigation, statement, states

CSP = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' 'wasm-unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self' ws: wss: data: blob:; worker-src 'self' blob:; frame-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
HEADERS = {
    b"content-security-policy": CSP.encode(),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"permissions-policy": b"camera=(), microphone=(), geolocation=()",
}
FRENCH = (
    b"<script>"
    + Path(__file__).with_name("pages").joinpath("components/framework_words.js").read_bytes()
    + b"</script>"
    # Who goes by the keyboard sees where they are in the menu; the framework hardly shows it.
    + b"<style>[data-testid=stSidebarNav] a:focus-visible{outline:2px solid;outline-offset:-2px}</style>"
)


class FrenchDocument:
    """Says `lang="fr"` and the framework's own labels in French, sends the security headers, and takes unknown addresses to the home page."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.slugs = {room.slug for room in navigation.ROOMS}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything through; only HTML documents are rewritten."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope["path"].strip("/")
        if path and "/" not in path and "." not in path and path not in self.slugs | {"sante"}:
            await RedirectResponse("/?adresse-inconnue=1", 307)(scope, receive, send)
            return
        start: Message | None = None
        body = b""

        async def rewrite(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                names = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *((n, v) for n, v in HEADERS.items() if n not in names),
                ]
                kind = next((v for n, v in message["headers"] if n.lower() == b"content-type"), b"")
                if kind.startswith(b"text/html"):
                    start = message
                    return
            elif message["type"] == "http.response.body" and start is not None:
                body += message.get("body", b"")
                if message.get("more_body"):
                    return
                page = body
                if b'<html lang="en">' in body:  # the framework's own document
                    page = body.replace(b'<html lang="en">', b'<html lang="fr">')
                    page = page.replace(b"</head>", FRENCH + b"</head>", 1)
                start["headers"] = [
                    (n, str(len(page)).encode() if n.lower() == b"content-length" else v)
                    for n, v in start["headers"]
                    if n.lower() != b"etag"
                ]
                await send(start)
                await send({"type": "http.response.body", "body": page})
                return
            await send(message)

        if "text/html" in dict(scope["headers"]).get(b"accept", b"").decode("latin-1"):
            scope = {
                **scope,
                "headers": [h for h in scope["headers"] if h[0] not in {b"accept-encoding", b"if-none-match"}],
            }
        await self.app(scope, receive, rewrite)


async def health(_: Request) -> JSONResponse:
    """Whether data is served, and how old it is: 200 with data, 503 without."""
    try:
        snapshot = snapshots.current(settings.load().home)
    except VigieError as error:
        return JSONResponse({"status": "no data", "detail": str(error)}, 503)
    return JSONResponse({"status": "ok", "snapshot": snapshot.id, "last_publication": snapshot.last_publication})


def public_statement(request: Request) -> Response:
    """How replies are made, for anyone: no sign-in, no script; 503 when it can't be told."""
    kind = "text/plain" if request.url.path.endswith(".txt") else "text/html"
    from pages.components import store

    try:
        found = statement.sections(store.config(), store.operations())
    except VigieError:
        return PlainTextResponse("Page indisponible pour le moment.\n", 503)
    text = statement.as_text(found) if kind == "text/plain" else statement.as_html(found)
    return Response(text, media_type=kind, headers={"Cache-Control": "public, max-age=60"})


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Start the demo on an empty home, open the warehouse, then freeze what start-up allocated (faster reruns)."""
    here = settings.load()
    try:
        snapshots.current(here.home)
    except NoSnapshot:
        if here.auto_demo and jobs.last(here.home) is None:
            jobs.start(here.home, "demo", jobs.demo_steps(here.home, here.demo_reviews))
    else:
        from pages.components import store

        store.warehouse()
    gc.collect()
    gc.freeze()
    yield


# A folder named pages/ makes a fresh server look for old-style pages on the first visit (a file a page, no app.py):
# a deep link would show an English "Page not found" before the right page. Navigation here is app.py's alone.
PagesManager.uses_pages_directory = False

app = st.App(
    Path(__file__).with_name("app.py"),
    lifespan=lifespan,
    routes=[
        Route("/sante", health),
        Route(statement.PATH, public_statement),
        Route(f"{statement.PATH}.txt", public_statement),
    ],
    middleware=[Middleware(FrenchDocument)],
    on_script_error=states.failed,
)
