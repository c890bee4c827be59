"""
The state of one WebSocket, and its end.

Knows ASGI messages; neither problems nor exceptions.
"""

from collections.abc import Awaitable, Generator
from contextlib import contextmanager
from typing import Final

from starlette.types import Message, Receive, Scope, Send

from problems._wire.close_codes import POLICY_VIOLATION
from problems.websockets import Close

__all__ = ["Closing", "Sent", "can_deny", "is_cut"]

_SENT: Final = "problems.sent"
_DENIAL: Final = "websocket.http.response.start"
_ENDS: Final = frozenset({_DENIAL, "websocket.close", "websocket.disconnect"})


class Sent:
    """
    The state of one WebSocket, as it is at one place among the middleware: some keeps messages back, or drops them.

    Args:
        outer: The state further out. What has happened there has happened here too.
    """

    __slots__ = ("_accepted", "_ended", "_is_cut", "_outer")

    def __init__(self, outer: "Sent | None" = None) -> None:
        self._accepted = self._ended = self._is_cut = False
        self._outer = outer

    @property
    def accepted(self) -> bool:
        """Whether the WebSocket was accepted: only a close frame can end it."""
        return self._accepted or (self._outer is not None and self._outer.accepted)

    @property
    def ended(self) -> bool:
        """Whether the WebSocket was closed or denied, or the client has disconnected: nothing more can be sent."""
        return self._ended or (self._outer is not None and self._outer.ended)

    @property
    def is_cut(self) -> bool:
        """Whether a denial response has begun and is not complete."""
        return self._is_cut or (self._outer is not None and self._outer.is_cut)

    @classmethod
    def of(cls, scope: Scope) -> "Sent":
        """Return the state of a connection."""
        sent: Sent = scope.setdefault(_SENT, cls())
        return sent

    @classmethod
    @contextmanager
    def within(cls, scope: Scope) -> "Generator[Sent, None, None]":
        """Track the state of a connection below middleware. The scope may be one of the middleware's own."""
        outer: Sent | None = scope.get(_SENT)
        inner = scope[_SENT] = cls(outer)
        try:
            yield inner
        finally:
            if outer is not None:
                scope[_SENT] = outer

    def watching(self, receive: Receive, send: Send) -> tuple[Receive, Send]:
        """Return `receive` and `send` that note the messages which pass them."""

        async def listening() -> Message:
            message = await receive()
            self.note(message)
            return message

        def noting(message: Message) -> Awaitable[None]:
            self.note(message)
            return send(message)

        return listening, noting

    def reopen(self) -> None:
        """Forget the end that was noted: middleware sends another one instead."""
        self._ended = self._is_cut = False
        if self._outer is not None:
            self._outer.reopen()

    def note(self, message: Message) -> None:
        """Note a message to or from the client."""
        if message["type"] in _ENDS:
            self._ended = True
            self._is_cut = message["type"] == _DENIAL
        elif message["type"] == "websocket.http.response.body":
            self._is_cut = bool(message.get("more_body", False))
        elif message["type"] == "websocket.accept":
            self._accepted = True


class Closing:
    """
    An ASGI application that closes a WebSocket, if it is still open.

    Args:
        close: The close frame.
        text: A text frame to send before it.
        refusal: The close code for a WebSocket that is not accepted yet; servers answer 403 then.
    """

    def __init__(self, close: Close, text: str | None = None, *, refusal: int = POLICY_VIOLATION) -> None:
        self._close, self._text, self._refusal = close, text, refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """Send the frames, or refuse a connection that is not open yet."""
        sent = Sent.of(scope)
        if sent.ended:
            return
        code = self._close.code if sent.accepted else self._refusal
        try:
            if sent.accepted and self._text is not None:
                await send({"type": "websocket.send", "text": self._text})
            await send({"type": "websocket.close", "code": code, "reason": self._close.reason})
        except OSError:
            return  # the client has disconnected without a close frame


def is_cut(scope: Scope) -> bool:
    """Return whether the denial of a WebSocket has begun and is not complete: the server gets the exception then."""
    return scope["type"] == "websocket" and Sent.of(scope).is_cut


def can_deny(scope: Scope) -> bool:
    """Return whether a WebSocket can still be answered with a response (ASGI's denial extension)."""
    sent = Sent.of(scope)
    return not (sent.accepted or sent.ended) and "websocket.http.response" in (scope.get("extensions") or {})
