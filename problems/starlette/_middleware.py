"""
The one place below an application's own middleware that every exception passes.

Knows what has been sent and what must go on to the server; the answer is
decided in `problems.answering._answer`.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final, TypeGuard

from starlette.exceptions import WebSocketException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from problems._wire.close_codes import reason
from problems.answering.policy import Policy
from problems.registry import Registry
from problems.starlette._connection import Closing, Sent
from problems.starlette._response import ProblemResponse, Setup, mark_reported
from problems.starlette._texts import TextsAsProblems
from problems.streams import STREAM, Stream
from problems.websockets import Close

__all__ = ["ProblemMiddleware", "closing", "setup_of"]

_GONE: Final = 499
"""What a client that has gone is answered with. It is never sent, but some middleware insists on a response."""


class ProblemMiddleware:
    """
    Answers what no handler answered, close to the application.

    `add_problems` puts it innermost, below the application's own middleware, so that the problem of a crash
    has CORS headers and a request id too. Added once more and last, `app.add_middleware(ProblemMiddleware)`, it
    also answers what that middleware raises.

    An unexpected exception is answered, and raised again for the server to report. One that comes after
    the response has begun is only raised again, as it is.

    Args:
        app: The ASGI application.
        registry: The problem types, where there is no `add_problems`: around a router that stands alone.
        policy: How to answer, likewise.
        setup: What `add_problems` was given.
        finish:
            Called when the stack is built, before the first request, when everything is registered and mounted:
            says whether an exception that nobody expects is left to a handler of the application's own.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        registry: Registry | None = None,
        policy: Policy | None = None,
        setup: Setup | None = None,
        finish: Callable[[], bool] | None = None,
    ) -> None:
        self.app = app
        if setup is None and (registry is not None or policy is not None):
            setup = Setup.of(registry, policy or Policy())
            if setup.policy.framework_texts:
                self.app = TextsAsProblems(app, setup)
        self._setup = setup
        self._passes_on = finish is not None and finish()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and answer what comes up."""
        if self._setup is None:
            self._setup = setup_of(scope.get("app"))  # now: an application that is mounted puts itself there
        else:
            self._setup.put(scope)
        if scope["type"] != "http":
            await (self._websocket if scope["type"] == "websocket" else self.app)(scope, receive, send)
            return
        started = False
        scope.setdefault(STREAM)

        async def noting(message: Message) -> None:
            nonlocal started
            stream: Stream | None = scope.get(STREAM)
            if stream is None:
                started = started or message["type"] == "http.response.start"
                await send(message)
                return
            for due in stream.due(message):
                started = started or due["type"] == "http.response.start"
                await send(due)

        try:
            await self.app(scope, receive, noting)
        except Exception as exc:  # noqa: BLE001 - an unexpected one is raised again
            stream = Stream.leave(scope)
            raised = (stream and stream.failure) or _unmasked(exc)
        else:
            return
        # Outside of the `except`: what is raised again keeps its own context.
        await self._answer(raised, scope, receive, send, stream, started=started)

    async def _answer(
        self, raised: Exception, scope: Scope, receive: Receive, send: Send, stream: "Stream | None", *, started: bool
    ) -> None:
        if _is_disconnect(raised):
            if not started:
                await Response(status_code=_GONE)(scope, receive, send)
            return
        setup = self._setup
        if setup is None or (started and not (stream and stream.can_end)):
            mark_reported(scope, raised)
            raise raised
        response = Ending(setup, scope, raised, stream) if started and stream else setup.respond(scope, raised)
        is_expected = response.is_expected
        if is_expected or not self._passes_on:
            await response(scope, receive, send)
            mark_reported(scope, raised)
        if not is_expected:
            raise raised
        raised.__traceback__ = None  # as Starlette does: one instance that is raised again would collect them

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        sent = Sent.of(scope)

        async def noting(message: Message) -> None:
            sent.note(message)
            await send(message)

        async def listening() -> Message:
            message = await receive()
            sent.note(message)
            return message

        try:
            await self.app(scope, listening, noting)
        except Exception as exc:  # noqa: BLE001 - an unexpected one is raised again
            raised = exc
        else:
            return
        if _is_disconnect(raised):
            return
        setup = self._setup
        if setup is None:
            raise raised
        if isinstance(raised, WebSocketException):
            await closing(raised)(scope, receive, noting)
            return
        response = setup.respond(scope, raised)
        await response(scope, receive, noting)
        mark_reported(scope, raised)
        if not response.is_expected:
            raise raised


class Ending(ProblemResponse):
    """The answer as the last item of a stream that failed after it had begun."""

    def __init__(self, setup: Setup, scope: Scope, exc: Exception, stream: Stream) -> None:
        # A stream of JSON, whatever the client likes better in a response of its own.
        in_json = setup._replace(policy=replace(setup.policy, representations=()))
        answered = in_json.respond(scope, exc)
        answered.setup = setup  # for a handler further out that asks again
        self.__dict__.update(vars(answered))
        self._item = stream.last(bytes(self.body))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """Send the item; then tell the observers."""
        await send({"type": "http.response.body", "body": self._item, "more_body": False})
        await self._report(scope)


def closing(exc: WebSocketException) -> Closing:
    """Return the end of a WebSocket that *exc* asks for; a reason that fits in no frame would cost the close frame."""
    return Closing(Close(exc.code, reason(exc.reason)), refusal=exc.code)


def setup_of(app: object) -> Setup | None:
    """Return what `add_problems` set up for an application, if it did."""
    for middleware in getattr(app, "user_middleware", ()):
        if middleware.cls is ProblemMiddleware and "setup" in middleware.kwargs:
            found: Setup = middleware.kwargs["setup"]
            return found
    return None


def _is_disconnect(exc: Exception) -> bool:
    """Whether *exc* only says that the client has gone: nobody is left to be told."""
    if _is_group(exc):
        return all(map(_is_disconnect, exc.exceptions))
    return isinstance(exc, ClientDisconnect | WebSocketDisconnect)


def _is_group(exc: Exception) -> TypeGuard[ExceptionGroup[Exception]]:
    return isinstance(exc, ExceptionGroup)


def _unmasked(exc: Exception) -> Exception:
    """Return the exception that Starlette hides when it comes too late for a handler."""
    while isinstance(exc, RuntimeError) and "response already started" in str(exc):
        if not isinstance(exc.__cause__, Exception):
            break
        exc = exc.__cause__
    return exc
