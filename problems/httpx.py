"""
Problems in the client: what a server raised is raised again, with its types.

Works with httpx2 and httpx, sync and async, and imports neither: the library is the one the response comes
from. Knows how responses are read; what a document means is the registry's to say.
"""

import inspect
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, Protocol, TypeVar

from problems._headers import parse_retry_after
from problems._reading import LIMIT, read_document
from problems.errors import SetupError
from problems.exceptions import Problem
from problems.registry import Registry

__all__ = [
    "async_problem_hook",
    "problem_from",
    "problem_hook",
    "raise_for_problem",
    "raise_problems",
    "retry_after",
]

_LIBRARIES: Final = frozenset({"httpx", "httpx2"})
_OF_THE_WIRE: Final = frozenset({"content-encoding", "content-length", "transfer-encoding"})
_MARK: Final = "__problems__"


class Response(Protocol):
    """The part of an httpx response that is used here."""

    @property
    def status_code(self) -> int: ...
    @property
    def headers(self) -> MutableMapping[str, str]: ...
    @property
    def url(self) -> object: ...
    @property
    def request(self) -> Any: ...
    @property
    def content(self) -> bytes: ...
    @property
    def is_closed(self) -> bool: ...
    @property
    def extensions(self) -> MutableMapping[str, Any]: ...
    @property
    def history(self) -> list[Any]: ...
    @property
    def stream(self) -> object: ...
    def read(self) -> bytes: ...
    async def aread(self) -> bytes: ...
    def iter_bytes(self) -> Iterator[bytes]: ...
    def aiter_bytes(self) -> AsyncIterator[bytes]: ...
    def close(self) -> None: ...
    async def aclose(self) -> None: ...


class Client(Protocol):
    """The part of an httpx client that is used here."""

    @property
    def send(self) -> Callable[..., Any]:
        """Send a request."""
        ...


C = TypeVar("C", bound=Client)
R = TypeVar("R", bound=Response)


def raise_problems(client: C, registry: Registry, *, every_error: bool = True) -> C:
    """
    Let a client raise the problem of each error response, and return the client.

    For sync and async clients. Authentication, redirects, event hooks and retrying transports see the response
    first. A declared type raises its class, an unknown one the class of its status; each is the `HTTPStatusError`
    of the client's library too.

    >>> import httpx2
    >>> from problems import NotFound, Registry
    >>> transport = httpx2.MockTransport(lambda request: httpx2.Response(404))
    >>> client = raise_problems(httpx2.Client(transport=transport), Registry())
    >>> try:
    ...     client.get("https://shop.example/items/7")
    ... except NotFound as problem:
    ...     print(problem)
    404 Not Found [GET https://shop.example/items/7]

    Args:
        client: A client of httpx2 or httpx.
        registry: The problem types of the server that the client talks to.
        every_error: Whether an error response without a problem document raises the class of its status.

    Raises:
        SetupError: The client raises problems already.
    """
    if hasattr(client.send, _MARK):
        raise SetupError("This client raises problems already. Call `raise_problems` once, with `registry | other`.")
    cls: Any = type(client)
    wrap = _async_send if inspect.iscoroutinefunction(cls.send) else _send
    send = wrap(client, cls, registry, every_error=every_error)
    vars(send)[_MARK] = True
    vars(client)["send"] = send
    return client


def _send(client: Client, cls: Any, registry: Registry, *, every_error: bool) -> Callable[..., Any]:
    def send(request: object, **options: Any) -> Any:
        response = cls.send(client, request, **options)  # looked up at each call: others may patch it
        if response.status_code >= 400:
            _raise(_read(response), registry, every_error=every_error)
        return response

    return send


def _async_send(client: Client, cls: Any, registry: Registry, *, every_error: bool) -> Callable[..., Any]:
    async def send(request: object, **options: Any) -> Any:
        response = await cls.send(client, request, **options)
        if response.status_code >= 400:
            _raise(await _aread(response), registry, every_error=every_error)
        return response

    return send


def raise_for_problem(response: R, registry: Registry, *, every_error: bool = True) -> R:
    """
    Raise the problem that an error response tells of; return any other response.

    Raises:
        Problem: The declared class, or the class of the status.
        SetupError: The response of an async client is not read yet.
    """
    if response.status_code >= 400:
        _raise(_read(response), registry, every_error=every_error)
    return response


def problem_from(response: Response, registry: Registry) -> Problem | None:
    """
    Return the problem in a response, whatever its status; nothing if there is no problem document in it.

    Raises:
        SetupError: The response of an async client is not read yet.
    """
    return _problem(_read(response), registry, always=False)


def problem_hook(registry: Registry, *, every_error: bool = True) -> Callable[[Any], None]:
    """
    Return a response event hook for a sync client: `Client(event_hooks={"response": [problem_hook(registry)]})`.

    A hook sees every response, the challenge of a Digest authentication and followed redirects among them; where
    that matters use `raise_problems`.
    """

    def hook(response: Response) -> None:
        if not hasattr(response.stream, "__iter__"):
            raise SetupError(
                "An async client needs `async_problem_hook(registry)`, or better `raise_problems(client, registry)`."
            )
        raise_for_problem(response, registry, every_error=every_error)

    return hook


def async_problem_hook(registry: Registry, *, every_error: bool = True) -> Callable[[Any], Awaitable[None]]:
    """Return a response event hook for an async client; see `problem_hook`."""

    async def raise_it(response: Response) -> None:
        if response.status_code >= 400:
            _raise(await _aread(response), registry, every_error=every_error)

    def hook(response: Response) -> Awaitable[None]:
        # Not a coroutine function: a sync client would never run it, and call the error a success.
        if not hasattr(response.stream, "__aiter__"):
            raise SetupError(
                "A sync client needs `problem_hook(registry)`, or better `raise_problems(client, registry)`."
            )
        return raise_it(response)

    return hook


def retry_after(problem: BaseException, *, now: datetime | None = None) -> timedelta | None:
    """
    Return how long the server asked to wait (RFC 9110, section 10.2.3), if it did; never less than nothing.

    Args:
        problem: A received problem, or any other status error that has a response.
        now: The time to count from; that of the call by default.
    """
    response = getattr(problem, "response", None)
    text = response.headers.get("retry-after") if response is not None else None
    return None if text is None else parse_retry_after(text, now or datetime.now(UTC))


def _raise(response: Response, registry: Registry, *, every_error: bool) -> None:
    problem = _problem(response, registry, always=every_error)
    if problem is not None:
        raise problem


def _problem(response: Response, registry: Registry, *, always: bool) -> Problem | None:
    document, reason = read_document(response.content, response.headers.get("content-type"))
    if document is None and not always:
        return None
    problem = registry.revive_document(
        document or {},
        status=response.status_code,
        url=str(response.url),
        headers=response.headers,
        library=_status_error(type(response)),
        reason=reason,
    )
    problem.__dict__.update(problem_request=response.request, problem_response=response)
    return problem


@lru_cache(maxsize=32)
def _status_error(response: type) -> type[Exception] | None:
    """Return the status error of the library that a response class comes from."""
    for cls in response.__mro__:
        library = cls.__module__.partition(".")[0]
        if library in _LIBRARIES:
            found: type[Exception] = sys.modules[library].HTTPStatusError
            return found
    return None


def _read(response: Any) -> Any:
    """Return a response whose content is there; of one that is streamed at most the limit is read, and it is closed."""
    if hasattr(response, "_content"):
        return response
    if not hasattr(response.stream, "__iter__"):
        raise SetupError("The response is not read yet. Write `await response.aread()` first.")
    content = bytearray()
    try:
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > LIMIT:
                break
    finally:
        response.close()
    return _copy(response, bytes(content))


async def _aread(response: Any) -> Any:
    if hasattr(response, "_content"):
        return response
    content = bytearray()
    try:
        async for chunk in response.aiter_bytes():
            content += chunk
            if len(content) > LIMIT:
                break
    finally:
        await response.aclose()
    return _copy(response, bytes(content))


def _copy(response: Any, content: bytes) -> Any:
    headers = [(name, value) for name, value in response.headers.multi_items() if name.lower() not in _OF_THE_WIRE]
    return type(response)(
        response.status_code,
        headers=headers,
        content=content,
        request=response.request,
        history=response.history,
        extensions=response.extensions,
    )
