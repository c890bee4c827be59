"""
An answer on its way to the client, and the observers that are told afterwards.

Knows ASGI and Starlette's responses; what is sent was decided in `problems.answer`.
"""

import inspect
import logging
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from problems._close_codes import close_code, reason
from problems.answer import Answer, answer
from problems.instrumentation import Occurrence
from problems.instrumentation.logging import is_enabled, record
from problems.policy import Policy, RequestFacts
from problems.registry import Registry

__all__ = ["ProblemResponse", "Sent", "Setup"]

_SENT: Final = "problems.sent"
_REPORTED: Final = "problems.reported"
_LOGGER: Final = logging.getLogger("problems")


class Sent:
    """
    What has been sent for one request.

    Attributes:
        started: Whether a response has begun, or a WebSocket was closed: nothing more can be told.
        accepted: Whether a WebSocket was accepted: only a close frame can be told.
    """

    __slots__ = ("accepted", "started")

    def __init__(self) -> None:
        self.started = self.accepted = False

    @classmethod
    def of(cls, scope: Scope) -> "Sent":
        """Return that of a request."""
        sent: Sent = scope.setdefault(_SENT, cls())
        return sent

    def note(self, message: Message) -> None:
        """Take note of a message to the client."""
        kind = message["type"]
        if kind in ("http.response.start", "websocket.http.response.start", "websocket.close"):
            self.started = True
        elif kind == "websocket.accept":
            self.accepted = True


@dataclass(frozen=True, slots=True)
class Setup:
    """What an application answers with: its registry and its policy."""

    registry: Registry
    policy: Policy

    def respond(self, scope: Scope, exc: Exception, told: BaseException | None = None) -> "ProblemResponse":
        """
        Return the response to *exc*.

        Args:
            scope: The request or the WebSocket.
            exc: What was raised.
            told: What is answered, if that is not *exc* itself.
        """
        facts = _facts_of(scope, self.policy)
        return ProblemResponse(answer(told or exc, facts, self.policy, self.registry), exc, facts, self)


def _facts_of(scope: Scope, policy: Policy) -> RequestFacts:
    method, path, headers = scope.get("method", "GET"), scope["path"], scope["headers"]
    if policy.instance is None:
        return RequestFacts(method, path, headers)
    try:
        return RequestFacts(method, path, headers, policy.instance(RequestFacts(method, path, headers)))
    except Exception:
        _LOGGER.exception("`Policy(instance=…)` failed; the problem is sent without an instance.")
        return RequestFacts(method, path, headers)


class ProblemResponse(Response):
    """An answer on its way; when it is sent, the observers are told."""

    def __init__(self, decided: Answer, exc: Exception, facts: RequestFacts, setup: Setup) -> None:
        # Not `Response.__init__`: status, headers and body are what they have to be already.
        self.status_code, self.raw_headers, self.body = decided.status, decided.headers, decided.body
        self.background = None
        self.decided = decided
        self._exc, self._facts, self._setup = exc, facts, setup

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer: a response, the denial of a WebSocket, or a close frame."""
        if scope["type"] == "http" or _can_deny(scope):
            await super().__call__(scope, receive, send)
        elif not Sent.of(scope).started:
            await send(self._close())
        if scope.get(_REPORTED) is not self._exc:
            await self._observe()

    def _close(self) -> Message:
        told = self.decided.problem
        text = self._setup.registry.uri(type(told)) if told is not None else ""
        return {"type": "websocket.close", "code": close_code(self.decided.status), "reason": reason(text)}

    async def _observe(self) -> None:
        """Tell the log and the hooks; one that fails is recorded and skipped."""
        decided, hooks = self.decided, self._setup.policy.hooks
        if decided.problem is None or not (hooks or is_enabled(decided.status)):
            return
        occurrence = Occurrence(
            problem=decided.problem,
            exception=self._exc,
            type=self._setup.registry.uri(type(decided.problem)),
            status=decided.status,
            instance=decided.instance,
            method=self._facts.method,
            path=self._facts.path,
            is_expected=decided.is_expected,
        )
        record(occurrence)
        for hook in hooks:
            try:
                waited = hook(occurrence)
                if inspect.isawaitable(waited):
                    await waited
            except Exception:
                _LOGGER.exception("The hook %r failed; it is skipped.", hook)


def mark_reported(scope: Scope, exc: Exception) -> None:
    """Say that *exc* was told to client and observers: it goes on to the server and is not told again."""
    scope[_REPORTED] = exc


def _can_deny(scope: Scope) -> bool:
    """Whether a WebSocket can still be answered with a response (ASGI's denial extension)."""
    sent = Sent.of(scope)
    return not (sent.accepted or sent.started) and "websocket.http.response" in (scope.get("extensions") or {})
