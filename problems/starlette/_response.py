"""
An answer as a response of Starlette: to a request, or to a WebSocket.

Knows ASGI and Starlette's responses; `problems.answering` decides what is sent.
"""

from asyncio import CancelledError
from collections.abc import Awaitable, MutableMapping
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from problems.answering._exchange import Decision, Setup, decide
from problems.answering._legacy import legacy_detail
from problems.answering.instrumentation.logging import guarded
from problems.declaring.problem import detail_of
from problems.starlette._connection import Closing, can_deny
from problems.starlette._way import WAY, Way
from problems.websockets import Close, close_code, close_for, text_for

__all__ = ["ProblemResponse", "Quietly", "notes_of", "respond"]


def notes_of(scope: Scope) -> MutableMapping[str, Any]:
    """Return the notes about a request or a WebSocket."""
    way: Way | None = scope.get(WAY)
    return scope if way is None else way.notes


def respond(setup: Setup, scope: Scope, exc: Exception, meaning: BaseException | None = None) -> "ProblemResponse":
    """Return the response to *exc*, or to *meaning* if that is answered instead."""
    return ProblemResponse(decide(exc, setup, scope, notes_of(scope), meaning))


class ProblemResponse(Response):
    """
    The response of a decision, which calls the observers after it was sent.

    Attributes:
        decision: What is answered to which exception.
    """

    def __init__(self, decision: Decision) -> None:
        # Not `Response.__init__`, which would make header fields that are there already.
        answer = decision.answer
        self.status_code, self.raw_headers, self.body = answer.status, answer.headers, answer.body
        self.background = None
        self.decision = decision

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a response, the denial of a WebSocket or a close frame."""
        self.decision.announce()
        await self.transmit(scope, receive, send)
        await self.decision.sent()
        if self.decision.answer.is_expected:
            # An instance that is raised again would collect tracebacks. New versions of Starlette do the same.
            self.decision.exception.__traceback__ = None

    def transmit(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Send the messages without calling observers."""
        if scope["type"] == "http" or can_deny(scope):
            return Response.__call__(self, scope, receive, send)
        return _closing(self.decision)(scope, receive, send)


class Quietly:
    """
    An ASGI application that sends a response and raises nothing: the exception of the application goes on instead.

    Args:
        response: The response; `None` to send nothing.
    """

    def __init__(self, response: ProblemResponse | None = None) -> None:
        self._response = response

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response; a client that disconnects meanwhile, or a server that cancels, ends that."""
        if self._response is None:
            return
        try:
            await self._response(scope, receive, send)
        except (Exception, CancelledError):  # noqa: BLE001 - the exception that is answered is reported
            return
        finally:
            self._response.decision.note()


def _closing(decision: Decision) -> Closing:
    answer, registry, policy = decision.answer, decision.setup.registry, decision.setup.policy
    problem = answer.problem
    if problem is None:
        return Closing(Close(close_code(answer.status), ""))
    text: str | None = None
    if policy.problem_frames:
        legacy, _ = legacy_detail(problem, detail_of(problem), answer.status, decision.facts, policy)
        text = text_for(problem, registry, instance=answer.instance, detail=legacy)
    with guarded("`Policy(close_codes=…)` failed; the usual close code is sent."):
        return Closing(close_for(problem, registry, codes=policy.close_codes), text)
    return Closing(close_for(problem, registry), text)
