"""
The state of one WebSocket, and its end.

Knows ASGI messages; neither problems nor exceptions.
"""

from collections.abc import Awaitable
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
    The state of one WebSocket.

    Attributes:
        accepted: Whether the WebSocket was accepted: only a close frame can end it.
        ended: Whether the WebSocket was closed or denied, or the client has disconnected: nothing more can be sent.
        is_cut: Whether a denial response has begun and is not complete.
    """

    __slots__ = ("accepted", "ended", "is_cut")

    def __init__(self) -> None:
        self.accepted = self.ended = self.is_cut = False

    @classmethod
    def of(cls, scope: Scope) -> "Sent":
        """Return the state of a connection."""
        sent: Sent = scope.setdefault(_SENT, cls())
        return sent

    @staticmethod
    def is_known(scope: Scope) -> bool:
        """Return whether the state of a connection is tracked: middleware may pass on a scope of its own."""
        return _SENT in scope

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

    def note(self, message: Message) -> None:
        """Note a message to or from the client."""
        if message["type"] in _ENDS:
            self.ended = True
            self.is_cut = message["type"] == _DENIAL
        elif message["type"] == "websocket.http.response.body":
            self.is_cut = bool(message.get("more_body", False))
        elif message["type"] == "websocket.accept":
            self.accepted = True


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
