"""
The plain texts that Starlette's own middleware and routers answer with, as the exceptions they stand for.

Knows those texts, and nothing of what is answered instead.
"""

from collections.abc import Mapping
from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from problems._wire.headers import HeaderLines
from problems._wire.media_types import TEXT, essence
from problems.answering._exchange import Setup
from problems.errors import InvalidHeader
from problems.starlette._connection import Sent
from problems.starlette._response import respond

__all__ = ["TextsAsProblems"]

_TEXTS: Final[Mapping[int, tuple[bytes, ...]]] = {
    400: (
        b"Invalid host header",
        b"Disallowed CORS ",
        b"Range header:",
        b"Malformed range header",
        b"Only support bytes range",
    ),
    404: (b"Not Found",),
    405: (b"Method Not Allowed",),
    413: (b"Content Too Large",),
    416: (b"",),
}
"""How the texts of each status begin."""

_NORMAL: Final = 1000
"""The code of a close frame that tells of nothing (RFC 6455, section 7.4.1)."""

_MAX: Final = 100
"""None of them is longer: what is, was written by somebody else."""


class TextsAsProblems:
    """Turns texts that go through it into problems, and WebSockets without a route; keeps the headers of the texts."""

    def __init__(self, app: ASGIApp, setup: Setup) -> None:
        self.app = app
        self._setup = setup

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and hold the beginning of a response until it is clear what it is."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        held: Message | None = None

        async def recognising(message: Message) -> None:
            nonlocal held
            if message["type"].endswith("http.response.start") and _may_be_text(message):
                held = message
                return
            start, held = held, None
            exc = _meant_by(start, message) if start is not None else _refusal(message, scope)
            if exc is not None:
                Sent.of(scope).ended = False  # what was sent is held, and never will be
                await respond(self._setup, scope, exc)(scope, receive, send)
                return
            if start is not None:
                await send(start)
            await send(message)

        try:
            await self.app(scope, receive, recognising)
        except Exception:
            if held is not None:
                await send(held)  # a response that breaks off has begun, for the server too
            raise


def _may_be_text(start: Message) -> bool:
    kinds = [value.decode("latin-1") for name, value in start.get("headers", ()) if name.lower() == b"content-type"]
    return start["status"] in _TEXTS and [essence(kind) for kind in kinds] == [TEXT]


def _refusal(message: Message, scope: Scope) -> HTTPException | None:
    """Return what a router says of a WebSocket that it has no route for: a close with the code of no error."""
    if message["type"] != "websocket.close" or message.get("code", _NORMAL) != _NORMAL or Sent.of(scope).accepted:
        return None
    endpoint = scope.get("endpoint")
    has_no_route = endpoint is None or hasattr(endpoint, "routes")  # none, or only that of a mount
    return HTTPException(404) if "router" in scope and has_no_route else None


def _meant_by(start: Message, message: Message) -> HTTPException | None:
    """Return what a response says, if it is one of the framework's texts."""
    body: bytes = message.get("body", b"")
    if not message["type"].endswith("http.response.body") or message.get("more_body") or len(body) > _MAX:
        return None
    if not _is_known(start["status"], body):
        return None
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start.get("headers", ())]
    try:
        return HTTPException(start["status"], body.decode("latin-1"), HeaderLines(headers))
    except InvalidHeader:
        return None


def _is_known(status: int, body: bytes) -> bool:
    return body in _TEXTS[status] if status != 400 else body.startswith(_TEXTS[status])
