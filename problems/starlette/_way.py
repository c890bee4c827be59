"""
The way of a response through the middleware of an application, from inside to outside.

Knows ASGI messages and the order of middleware; neither problems nor exceptions. Between two middlewares stands a
point: it keeps the `send` that the outer one passed down, and notes whether a response has started there. So a response
can be sent through the `send` of middlewares that an exception has left already.
"""

from asyncio import CancelledError
from collections.abc import Awaitable, Iterator, Sequence
from contextlib import suppress
from functools import wraps
from typing import Any, Final, NamedTuple, Protocol

from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from problems.streams import STREAM, Stream

__all__ = ["WAY", "Below", "Place", "Point", "Way", "woven"]

WAY: Final = STREAM
"""Where in a scope its `Way` is. Middleware may copy the scope: the object in it stays the same."""


class Response(Protocol):
    """A response that can be sent more than once."""

    raw_headers: list[tuple[bytes, bytes]]

    def transmit(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Send the messages of the response, without side effects."""
        ...


class Place:
    """
    One place in the middleware stack of an application.

    Attributes:
        above: The next place further out; `None` for the outermost one.
        is_bridge: Whether the middleware above closes its stream of messages when it is left.
    """

    __slots__ = ("above", "is_bridge")

    def __init__(self, above: "Place | None" = None, *, is_bridge: bool = False) -> None:
        self.above, self.is_bridge = above, is_bridge


class Point:
    """
    One place between two middlewares, in one request: its method `pass_on` is the `send` of the inner one.

    No coroutine function: it stands in the way of each message. It does not refer to the `Way`: a cycle in each
    request would cost more than the point.

    Attributes:
        send: The `send` that the outer middleware passed down.
        above: The next point further out; `None` for the outermost one.
        place: The place in the middleware stack.
        started: Whether a response has started here.
        watch: The stream of `@stream_problems` that sees the messages first.
    """

    __slots__ = ("above", "place", "send", "started", "watch")

    def __init__(self, send: Send, above: "Point | None", place: "Place") -> None:
        self.send = send
        self.above = above
        self.place = place
        self.started = False
        self.watch: Stream | None = None

    def pass_on(self, message: Message) -> Any:
        """Pass a message on, and return the awaitable."""
        if self.watch is not None:
            return self._streamed(self.watch, message)
        if message["type"] == "http.response.start":  # early hints and other messages do not start a response
            self.started = True
        return self.send(message)

    async def _streamed(self, stream: Stream, message: Message) -> None:
        for due in stream.due(message):
            if due["type"] == "http.response.start":
                self.started = True
            await self.send(due)


class Way(Point):
    """
    The outermost point of one request, which knows the innermost one, and the notes about the request.

    Its place is the outermost one with problems: the application there sends what no code has answered.

    Attributes:
        notes: What is to be remembered about the request, wherever its scope was copied.
        is_over: Whether the request is over.
    """

    __slots__ = ("_innermost", "is_over", "notes")

    def __init__(self, send: Send, place: Place) -> None:
        self.send, self.above, self.place = send, None, place
        self.started = self.is_over = False
        self.watch: Stream | None = None
        self._innermost: Point | None = None
        self.notes: dict[str, Any] = {}

    def enter(self, send: Send, place: Place) -> Point:
        """Add the point of a place, for the `send` that was passed down to it."""
        last = self._innermost or self
        if last.place is not place.above:
            last = self._above(place)
        point = self._innermost = Point(send, last, place)
        return point

    def _above(self, place: Place) -> Point:
        """Return the point above a place that is entered again, or that begins a mounted application."""
        for point in self._points():
            if point.place is place:
                return point.above or self
            if point.place is place.above:
                return point
        return self._innermost or self

    def leave(self) -> None:
        """Forget the points: the closures of middleware may refer to the scope, and so to this object."""
        self.is_over = True
        self._innermost = None
        self.notes.clear()

    @property
    def stream(self) -> Stream | None:
        """The stream that sees the messages of the endpoint first."""
        return (self._innermost or self).watch

    @stream.setter
    def stream(self, stream: Stream | None) -> None:
        if not self.is_over:
            (self._innermost or self).watch = stream

    async def deliver(self, response: Response, scope: Scope, end: Point) -> bool:
        """
        Send a response from the innermost point that no response has reached, and return whether it has arrived.

        Middleware that does not pass it on (its `send` raises, drops or keeps messages) is left out the next time. A
        response that has arrived in part is ended.

        Args:
            response: The response.
            scope: The request.
            end: The outermost point of the way.
        """
        entry = self._entry(end)
        if entry is None:
            return False
        headers, arrived = response.raw_headers, _Arrived(end.send)
        end.send = arrived
        while True:
            response.raw_headers = list(headers)  # middleware may change the list
            try:
                await response.transmit(scope, _never, entry.pass_on)
            except CancelledError:
                return True  # the server does not wait for an answer
            except Exception:  # noqa: BLE001, S110 - the exception of the application is reported, not this one
                pass
            if end.started or not _left_out(entry, end):
                break
        response.raw_headers = headers
        if end.started:
            await arrived.end()
        return end.started

    def _entry(self, end: Point) -> Point | None:
        """
        Return the innermost point that no response has reached, nor any point between it and *end*.

        The points below a middleware that has closed its stream pass messages to the point above it.
        """
        point: Point = self._innermost or self
        entry: Point | None = None
        while True:
            if point.started:
                entry = None
            elif entry is None:
                entry = point
            if point is end or point.above is None:
                return entry
            if point.place.is_bridge:
                point.send = point.above.pass_on
            point = point.above

    def _points(self) -> Iterator[Point]:
        point: Point | None = self._innermost or self
        while point is not None:
            yield point
            point = point.above


async def _never() -> Message:
    return {"type": "http.disconnect"}  # a response does not listen


def _left_out(entry: Point, end: Point) -> bool:
    """Leave out the middleware that did not pass a response on, and return whether there was one."""
    point: Point | None = entry
    last: Point | None = None
    while point is not None and point.started:
        point.started, last, point = False, point, point.above
    if last is None or last is end or last.above is None or last.send == last.above.pass_on:
        return False
    last.send = last.above.pass_on
    return True


class _Arrived:
    """The `send` of the outermost point while an answer is sent: notes whether the response is complete."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._is_complete = False

    async def __call__(self, message: Message) -> None:
        if self._is_complete:
            return
        self._is_complete = message["type"] == "http.response.body" and not message.get("more_body", False)
        await self._send(message)

    async def end(self) -> None:
        """End a response that has arrived in part; a server closes the connection if its length does not fit."""
        if not self._is_complete:
            with suppress(Exception):  # the exception of the application is reported, not this one
                await self({"type": "http.response.body", "body": b"", "more_body": False})


class Below:
    """
    The place below one middleware: makes a point in each request.

    Args:
        app: The next middleware.
        place: The place.
    """

    def __init__(self, app: ASGIApp, place: Place) -> None:
        self.app = app
        self._place = place

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Any:
        """Pass the request on, and return the awaitable."""
        way: Way | None = scope.get(WAY)
        if way is None or scope["type"] != "http":
            return self.app(scope, receive, send)
        return self.app(scope, receive, way.enter(send, self._place).pass_on)


class Entry(NamedTuple):
    """An entry of Starlette's list of middleware."""

    cls: Any
    args: tuple[Any, ...]
    kwargs: dict[str, object]


def woven(own: Sequence[Middleware], outermost: Any, innermost: Any, place: Place) -> list[Any]:
    """
    Return the middleware of an application with a place around each.

    Args:
        own: The middleware of the application, from outside to inside.
        outermost: Makes the middleware around all of it, of the next application and its place.
        innermost: Makes the middleware below all of it, likewise.
        place: The outermost place.
    """
    entries: list[Any] = [Entry(outermost, (place,), {})]
    for number, middleware in enumerate(own, 1):
        place = Place(place)
        below = Entry(innermost if number == len(own) else Below, (place,), {})
        entries += [Entry(_noting(middleware.cls, place), middleware.args, middleware.kwargs), below]
    return entries


def _noting(cls: Any, below: Place) -> Any:
    """Return *cls*, or a function that notes what a factory of middleware returns."""
    if isinstance(cls, type):
        below.is_bridge = issubclass(cls, BaseHTTPMiddleware)
        return cls

    @wraps(cls)
    def make(*args: Any, **options: Any) -> Any:
        middleware = cls(*args, **options)
        below.is_bridge = isinstance(middleware, BaseHTTPMiddleware)
        return middleware

    return make
