"""
The failures of streams: a response before the first item, otherwise the problem as the last item.

Knows the messages of ASGI and the stream formats. The content of a problem
is decided in `problems.answering._answer`.
"""

import functools
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from types import SimpleNamespace, UnionType
from typing import Any, Final, ParamSpec, Protocol, TypeVar, Union, get_args, get_origin, get_type_hints

from starlette.requests import HTTPConnection
from starlette.types import Message, Scope

from problems._wire.media_types import EVENT_STREAM, JSON_LINES, NDJSON, essence
from problems.errors import SetupError

__all__ = ["STREAM", "Stream", "stream_problems"]

P = ParamSpec("P")
T = TypeVar("T")

STREAM: Final = "problems.stream"
"""Where in a scope the object is that sees the messages of its response: it has an attribute `stream`."""

_CONNECTION: Final = "problems_connection"
_CONNECTIONS: Final = frozenset({"HTTPConnection", "Request"})
_LINES: Final = frozenset({JSON_LINES, NDJSON})
_ENDS: Final = (b"\n\n", b"\r\n\r\n", b"\r\r")


@asynccontextmanager
async def _closing(items: object) -> AsyncGenerator[None]:
    """Close a generator together with the generator that iterates over it, as `yield from` does."""
    try:
        yield
    finally:
        if inspect.isasyncgen(items):
            await items.aclose()


class _Way(Protocol):
    """Sees the messages of a response."""

    stream: "Stream | None"


class Stream:
    """
    One response that is streamed; sees its messages on their way.

    The start is held back until there is an item, and the end if there was a failure.
    """

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self._media_type = ""
        self._has_length = self._is_complete = False
        self._held: Message | None = None
        self._tail = b""

    @classmethod
    def begin(cls, scope: Scope) -> "Stream":
        """
        Make one for a request.

        Raises:
            SetupError: No middleware watches the response, so its failures would be lost.
        """
        way: _Way | None = scope.get(STREAM)
        if way is None:
            raise SetupError(
                "`@stream_problems` needs `add_problems`, or a `ProblemMiddleware` around the application."
            )
        stream = way.stream = way.stream or cls()
        return stream

    def due(self, message: Message) -> tuple[Message, ...]:
        """
        Return the messages that are to be sent now.

        Raises:
            Exception: The stream ends here because it failed.
        """
        if message["type"] == "http.response.start":
            self._note(message)
            return ()
        is_body = message["type"] == "http.response.body"
        body: bytes = message.get("body", b"") if is_body else b""
        if is_body and not body and message.get("more_body", False):
            return ()
        if is_body and self.failure is not None and not message.get("more_body", False):
            raise self.failure
        self._is_complete = not message.get("more_body", False)
        self._tail = (self._tail + body[-4:])[-4:]
        held, self._held = self._held, None
        return (message,) if held is None else (held, message)

    def _note(self, start: Message) -> None:
        headers = {name.lower(): value.decode("latin-1") for name, value in start.get("headers", ())}
        self._media_type = essence(headers.get(b"content-type"))
        self._has_length = b"content-length" in headers
        self._held = start

    @property
    def can_end(self) -> bool:
        """Whether there is a place for a last item that is a problem: in the format, and before the end."""
        if self._has_length or self._is_complete:
            return False
        return self._media_type in _LINES or self._media_type == EVENT_STREAM

    def last(self, document: bytes) -> bytes:
        """Return the last item, made of a JSON document."""
        if self._media_type == EVENT_STREAM:
            # An empty line ends an event that was sent in part; otherwise it is ignored.
            return (b"" if self._tail.endswith(_ENDS) else b"\n\n") + b"event: problem\ndata: %s\n\n" % document
        return (b"" if self._tail.endswith(b"\n") else b"\n") + document + b"\n"

    def items(self, items: Iterator[T]) -> Iterator[T]:
        """Yield *items*, and keep a failure until they have been delivered."""
        try:
            yield from items
        except Exception as failure:  # noqa: BLE001 - it is raised again at the end of the response
            self.failure = failure

    async def async_items(self, items: AsyncIterator[T]) -> AsyncIterator[T]:
        """Do as `items` does."""
        try:
            async with _closing(items):
                async for item in items:
                    yield item
        except Exception as failure:  # noqa: BLE001 - it is raised again at the end of the response
            self.failure = failure

    def guarded(self, result: Any) -> Any:
        """Return the result of an endpoint with its items guarded; anything but a stream is returned unchanged."""
        if inspect.isasyncgen(result):
            return self.async_items(result)
        if inspect.isgenerator(result):
            return self.items(result)
        if hasattr(result, "body_iterator"):  # a streaming response of Starlette's or of those who follow it
            result.body_iterator = self.async_items(result.body_iterator)
        return result


def stream_problems(endpoint: Callable[P, T]) -> Callable[P, T]:
    """
    Send the problem of a failing stream as its last item.

    The response begins with its first item. A failure before that is answered as any other, with its status; after
    that the stream ends with one item that is the problem: an event named `problem` in server-sent events, a line in
    JSON lines. Other formats have no place for one, and such a stream breaks off. Needs `add_problems`.

    ```python
    @app.get("/prices", response_class=EventSourceResponse)
    @stream_problems
    async def prices() -> AsyncIterator[Price]:
        async for price in exchange.prices():
            yield price
    ```

    Args:
        endpoint: A function that returns a `StreamingResponse` or, in FastAPI, one that yields.
    """

    @functools.wraps(endpoint)
    def call(*args: P.args, **kwargs: P.kwargs) -> Any:
        stream = Stream.begin(_scope_in(args, kwargs))
        return stream.guarded(endpoint(*args, **kwargs))

    @functools.wraps(endpoint)
    async def call_async(*args: P.args, **kwargs: P.kwargs) -> Any:
        stream = Stream.begin(_scope_in(args, kwargs))
        returned: Any = endpoint(*args, **kwargs)
        return stream.guarded(await returned)

    wrapped: Any = call_async if inspect.iscoroutinefunction(endpoint) else call
    wrapped.__signature__ = _with_connection(inspect.signature(endpoint), getattr(endpoint, "__globals__", {}))
    same: Callable[P, T] = wrapped
    return same


def _with_connection(signature: inspect.Signature, names: dict[str, object]) -> inspect.Signature:
    """Return *signature* with a parameter for which FastAPI passes the request, unless it has one."""
    parameters = list(signature.parameters.values())
    if any(_is_connection(_resolved(parameter.annotation, names)) for parameter in parameters):
        return signature
    ours = inspect.Parameter(_CONNECTION, inspect.Parameter.KEYWORD_ONLY, annotation=HTTPConnection)
    at = len(parameters) - any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
    return signature.replace(parameters=[*parameters[:at], ours, *parameters[at:]])


def _resolved(annotation: object, names: dict[str, object]) -> object:
    """Return the resolved annotation without `Annotated`, or its text if a name in it is not defined yet."""
    try:
        return get_type_hints(SimpleNamespace(__annotations__={"it": annotation}), names)["it"]
    except Exception:  # noqa: BLE001 - whatever evaluating a stranger's text raises
        return annotation


def _is_connection(annotation: object) -> bool:
    if isinstance(annotation, str):
        return annotation.rpartition(".")[2] in _CONNECTIONS
    if get_origin(annotation) in (Union, UnionType):
        return any(map(_is_connection, get_args(annotation)))
    return isinstance(annotation, type) and issubclass(annotation, HTTPConnection)


def _scope_in(args: tuple[object, ...], kwargs: dict[str, object]) -> Scope:
    given = kwargs.pop(_CONNECTION, None)
    for value in (given, *args, *kwargs.values()):
        if isinstance(value, HTTPConnection):
            scope: Scope = value.scope
            return scope
    raise SetupError("`@stream_problems` is for endpoints of Starlette and FastAPI: it needs their request.")
