"""
The plain texts of Starlette's own middleware and routers, as exceptions.

Knows those texts; `problems.answering` decides what is answered instead.
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
"""The beginnings of the texts of each status."""

_NORMAL: Final = 1000
"""The code of a close frame without an error (RFC 6455, section 7.4.1)."""

_MAX: Final = 100
"""The longest of these texts is shorter: a longer text is not one of them."""


class TextsAsProblems:
    """Answers with problems instead of texts and of WebSockets without a route; keeps the headers of the texts."""

    def __init__(self, app: ASGIApp, setup: Setup) -> None:
        self.app = app
        self._setup = setup

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and hold the start of a response until its body shows whether it is one of the texts."""
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
                Sent.of(scope).reopen()  # the start that was noted is held, and is never sent
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
    if start["status"] not in _TEXTS:
        return False
    kinds = [value.decode("latin-1") for name, value in start.get("headers", ()) if name.lower() == b"content-type"]
    return [essence(kind) for kind in kinds] == [TEXT]


def _refusal(message: Message, scope: Scope) -> HTTPException | None:
    """Return the 404 for a WebSocket without a route, which a router closes with the code 1000; else `None`."""
    if message["type"] != "websocket.close" or message.get("code", _NORMAL) != _NORMAL or Sent.of(scope).accepted:
        return None
    endpoint = scope.get("endpoint")
    has_no_route = endpoint is None or hasattr(endpoint, "routes")  # `None`, or the application of a mount
    return HTTPException(404) if "router" in scope and has_no_route else None


def _meant_by(start: Message, message: Message) -> HTTPException | None:
    """Return the exception for a response that is one of the framework's texts, else `None`."""
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
