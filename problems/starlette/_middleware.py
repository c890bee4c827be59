"""
The middleware around and below the middleware of an application.

Tracks the sent messages and the exceptions that must reach the server; `problems.answering` decides the response.
"""

from dataclasses import replace
from typing import Final

from starlette.exceptions import WebSocketException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from problems._wire.close_codes import reason
from problems.answering._exchange import Setup, decided
from problems.answering._meaning import leaves
from problems.answering.policy import Policy
from problems.registry import Registry
from problems.starlette._connection import Closing, Sent
from problems.starlette._response import ProblemResponse, Quietly, respond
from problems.starlette._texts import TextsAsProblems
from problems.starlette._undeclared import declares, operation_of
from problems.starlette._way import WAY, Place, Point, Way
from problems.streams import Stream
from problems.websockets import Close

__all__ = ["Innermost", "Outermost", "ProblemMiddleware", "answer_crash", "closing", "is_disconnect", "setup_for"]

_DISCONNECTS: Final = (ClientDisconnect, WebSocketDisconnect)
_MASK: Final = "Caught handled exception, but response already started."


def setup_for(registry: Registry | None, policy: Policy) -> Setup:
    """Return the setup of an application of Starlette."""
    return Setup.of(registry, policy)._replace(declares=declares, operation=operation_of)


class Outermost:
    """
    The middleware around all middleware of an application: answers what that raises, but for a crash.

    A crash is raised on: code further out sees it first, and then the handler for `Exception` calls `answer_crash`.

    Args:
        app: The next middleware.
        place: The place in the stack.
        setup: The registry and policy of the application.
    """

    def __init__(self, app: ASGIApp, place: Place, setup: Setup) -> None:
        self.app = app
        self._place, self._setup = place, setup

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and answer what comes up."""
        if scope["type"] != "http":
            await (self._websocket if scope["type"] == "websocket" else self.app)(scope, receive, send)
            return
        way: Way | None = scope.get(WAY)
        if way is None or way.place is self._place:  # the application may call itself, with a copy of the scope
            scope[WAY] = way = Way(send, self._place)
            point: Point = way
        else:
            point = way.enter(send, self._place)
        try:
            await self.app(scope, receive, point.pass_on)
        except Exception as exc:  # noqa: BLE001 - a crash is raised again
            raised = unmasked(exc)
        else:
            if point is way:
                way.leave()
            return
        # Outside of the `except`: an exception that is raised again keeps its own context.
        remaining = await end_stream(self._setup, raised, scope, receive, point) if point.watch else raised
        if remaining is not None:
            remaining = await self._answer(remaining, scope, receive, way, point)
        if remaining is not None:
            try:
                raise remaining
            finally:
                del raised, remaining  # a frame of its traceback would refer to the exception

    async def _answer(
        self, raised: Exception, scope: Scope, receive: Receive, way: Way, point: Point
    ) -> Exception | None:
        """Answer an exception, and return it if it goes on."""
        if is_disconnect(raised):
            if way.place is not self._place:
                return raised
            way.leave()
            return None
        if point.started:
            return raised
        response = respond(self._setup, scope, raised)
        if not response.decision.answer.is_expected:
            return raised
        response.decision.announce()
        if not await way.deliver(response, scope, point):
            await response.transmit(scope, receive, point.pass_on)
        await response.decision.sent()
        raised.__traceback__ = None  # as Starlette does: an instance that is raised again would collect them
        if way.place is self._place:
            way.leave()
        return None

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        way: Way | None = scope.get(WAY)
        if way is not None and way.place is not self._place:
            await self._open(scope, receive, send, is_outermost=False)
            return
        way = scope[WAY] = Way(send, self._place)
        receive, send = Sent.of(scope).watching(receive, send)
        try:
            await self._open(scope, receive, send, is_outermost=True)
        finally:
            way.leave()

    async def _open(self, scope: Scope, receive: Receive, send: Send, *, is_outermost: bool) -> None:
        try:
            await self.app(scope, receive, send)
        except Exception as exc:  # noqa: BLE001 - a crash is raised again
            raised = exc
        else:
            return
        if is_disconnect(raised) or not await self._end(raised, scope, receive, send, is_outermost=is_outermost):
            try:
                raise raised
            finally:
                del raised  # a frame of its traceback would refer to the exception

    async def _end(self, raised: Exception, scope: Scope, receive: Receive, send: Send, *, is_outermost: bool) -> bool:
        """End a WebSocket that raised an exception, and return whether that was all."""
        if isinstance(raised, WebSocketException):
            await closing(raised)(scope, receive, send)
            return not Sent.of(scope).is_cut
        response = respond(self._setup, scope, raised)
        is_expected = response.decision.answer.is_expected
        if not Sent.of(scope).ended and (is_expected or is_outermost):
            await (response if is_expected else Quietly(response))(scope, receive, send)
        return is_expected and not Sent.of(scope).is_cut


class Innermost:
    """
    The place below all middleware of an application: ends the streams that fail.

    Args:
        app: The rest of the application.
        place: The place in the stack.
        setup: The registry and policy of the application.
    """

    def __init__(self, app: ASGIApp, place: Place, setup: Setup) -> None:
        self.app = app
        self._place, self._setup = place, setup

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and answer what a stream raises."""
        if scope["type"] != "http":
            await (self._websocket if scope["type"] == "websocket" else self.app)(scope, receive, send)
            return
        way: Way | None = scope.get(WAY)
        if way is None:  # middleware passes on a scope of its own
            scope[WAY] = way = Way(send, self._place)
            point: Point = way
        else:
            point = way.enter(send, self._place)
        try:
            await self.app(scope, receive, point.pass_on)
        except Exception as exc:
            if point.watch is None:
                raise
            raised = unmasked(exc)
        else:
            return
        remaining = await end_stream(self._setup, raised, scope, receive, point)
        if remaining is not None:
            try:
                raise remaining
            finally:
                del raised, remaining  # a frame of its traceback would refer to the exception

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        with Sent.within(scope) as sent:
            receive, send = sent.watching(receive, send)
            await self.app(scope, receive, send)


async def end_stream(setup: Setup, raised: Exception, scope: Scope, receive: Receive, point: Point) -> Exception | None:
    """
    Answer what a stream of `@stream_problems` raises, and return the exception that goes on.

    A failure before the first item is a response; a later one is the last item, if the format has a place for it.
    """
    stream, point.watch = point.watch, None
    raised = (stream and stream.failure) or raised
    if is_disconnect(raised):
        return raised
    if not point.started:
        response = respond(setup, scope, raised)
        if not response.decision.answer.is_expected:
            return raised
    elif stream is not None and stream.can_end:
        response = _Ending(setup, scope, raised, stream)
    else:
        return raised
    await response(scope, receive, point.pass_on)
    if not response.decision.answer.is_expected:
        return raised
    raised.__traceback__ = None  # as Starlette does
    return None


class _Ending(ProblemResponse):
    """The answer as the last item of a stream that failed after it had begun."""

    def __init__(self, setup: Setup, scope: Scope, exc: Exception, stream: Stream) -> None:
        # A stream of JSON, whatever the client prefers in a response of its own.
        in_json = setup._replace(policy=replace(setup.policy, representations=()))
        super().__init__(respond(in_json, scope, exc).decision)
        self._item = stream.last(bytes(self.body))

    async def transmit(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """Send the item."""
        await send({"type": "http.response.body", "body": self._item, "more_body": False})


async def answer_crash(setup: Setup, place: Place, exc: Exception, scope: Scope) -> Quietly:
    """
    Answer a crash that has left all middleware, and return the response that remains to be sent directly.

    Args:
        setup: The registry and policy of the application.
        place: The outermost place of the application.
        exc: The exception, which is raised to the server afterwards.
        scope: The request.
    """
    way: Way | None = scope.get(WAY)
    if is_disconnect(exc):
        return Quietly()
    if way is None or way.is_over:  # an application that builds a stack of its own
        return Quietly(respond(setup, scope, exc))
    if way.place is not place:
        if not way.started:
            respond(setup, scope, exc)  # this application decides, the outermost one sends
        return Quietly()
    try:
        return await _answer_owned(setup, exc, scope, way)
    finally:
        way.leave()


async def _answer_owned(setup: Setup, exc: Exception, scope: Scope, way: Way) -> Quietly:
    if way.started:
        decision = decided(exc, way.notes)
        if decision is not None and decision.is_sent:  # as the last item of a stream
            decision.note()
        return Quietly()
    response = respond(setup, scope, exc)
    response.decision.announce()
    if not await way.deliver(response, scope, way):
        return Quietly(response)
    await response.decision.sent()
    response.decision.note()
    return Quietly()


class ProblemMiddleware:
    """
    Answers with problems around an ASGI application that is not one of Starlette's, such as a router that stands alone.

    Within an application that has problems, and without arguments, it only passes requests on.

    Args:
        app: The ASGI application.
        registry: The problem types, for their URIs.
        policy: How to answer.
    """

    def __init__(self, app: ASGIApp, *, registry: Registry | None = None, policy: Policy | None = None) -> None:
        self.app = app
        self._setup = None if registry is None and policy is None else setup_for(registry, policy or Policy())
        self._place = Place()
        if self._setup is not None:
            inner = TextsAsProblems(app, self._setup) if self._setup.policy.framework_texts else app
            self._around = Outermost(inner, self._place, self._setup)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and answer what comes up."""
        setup = self._setup
        if setup is None:
            await self.app(scope, receive, send)
            return
        try:
            await self._around(scope, receive, send)
        except Exception as exc:  # noqa: BLE001 - it is raised again
            raised = exc
        else:
            return
        if scope["type"] == "http":
            await (await answer_crash(setup, self._place, raised, scope))(scope, receive, send)
        try:
            raise raised
        finally:
            del raised  # a frame of its traceback would refer to the exception


def closing(exc: WebSocketException) -> Closing:
    """Return the end of a WebSocket that *exc* asks for; a reason that fits in no frame would cost the close frame."""
    return Closing(Close(exc.code, reason(exc.reason)), refusal=exc.code)


def is_disconnect(exc: Exception) -> bool:
    """Return whether *exc* only reports that the client has disconnected."""
    if not isinstance(exc, BaseExceptionGroup):
        return isinstance(exc, _DISCONNECTS)
    results = [*leaves(exc)]  # empty for a group whose class hides its exceptions
    return bool(results) and all(isinstance(leaf, _DISCONNECTS) for leaf in results)


def unmasked(exc: Exception) -> Exception:
    """Return the exception that Starlette hides when it comes too late for a handler."""
    result, seen = exc, set[int]()
    while type(result) is RuntimeError and result.args == (_MASK,) and isinstance(result.__cause__, Exception):
        if id(result) in seen:
            return exc
        seen.add(id(result))
        result = result.__cause__
    return result
