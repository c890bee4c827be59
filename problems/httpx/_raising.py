"""
Client wrapper, event hooks and functions that raise the problem in a response.

Decides which responses are read. `_bodies` reads them; the registry determines what they mean.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, Final, Protocol, TypeVar
from weakref import ref

from problems._wire.arguments import explained
from problems.catching._responses import (
    MARK,
    Terms,
    content_of,
    library_of,
    need_response,
    owner_of,
    shadow,
    terms_of,
)
from problems.catching.dialects import Dialect
from problems.declaring.problem import Problem
from problems.errors import SetupError
from problems.httpx._bodies import Streamed, acomplete, complete
from problems.registry import Registry

__all__ = ["async_problem_hook", "problem_from", "problem_hook", "raise_for_problem", "raise_problems"]

_LIBRARIES: Final = frozenset({"httpx", "httpx2"})
_EXTENSION: Final = "problems"


class Client(Protocol):
    """The attributes of an httpx client that this package uses."""

    @property
    def send(self) -> Callable[..., object]:
        """Send a request."""
        ...


class _Request(Protocol):
    @property
    def extensions(self) -> Mapping[str, object]: ...


C = TypeVar("C", bound=Client)
R = TypeVar("R", bound=Streamed)


@explained
def raise_problems(
    client: C,
    registry: Registry,
    *,
    every_error: bool = True,
    dialect: Dialect | None = None,
    ignore: Collection[int] = (),
) -> C:
    """
    Make a client raise error responses as problems, and return the client.

    Works with sync and async clients. Authentication, redirects, event hooks and retrying transports see the response
    first. A registered type raises its class, an unknown type the class of its status; each is also the
    `HTTPStatusError` of the client's library.

    >>> import httpx2
    >>> from problems import NotFound, Registry
    >>> transport = httpx2.MockTransport(lambda request: httpx2.Response(404))
    >>> client = raise_problems(httpx2.Client(transport=transport), Registry())
    >>> try:
    ...     client.get("https://shop.example/items/7?api_key=s3cret")
    ... except NotFound as problem:
    ...     print(problem)
    404 Not Found [GET https://shop.example/items/7]

    Args:
        client: A client of httpx2 or httpx.
        registry: The problem types of the server.
        every_error: Whether an error response without a problem document raises the class of its status.
        dialect: The names and media types of the API, if they differ from RFC 9457.
        ignore: Status codes that are returned as responses, such as 404 for an expected miss. To exclude one request,
            pass `extensions={"problems": False}`.

    Raises:
        SetupError: The client already raises problems, or comes from another library.
    """
    cls: Any = type(client)
    if library_of(cls) not in _LIBRARIES:
        raise SetupError(
            f"`raise_problems` needs an httpx or httpx2 client; got `{cls.__qualname__}`. "
            "Write `raise_problems(client, registry)`; for requests use `problems.requests`."
        )
    patched = vars(client).get("send")
    if hasattr(patched, MARK):
        raise SetupError("This client already raises problems. Call `raise_problems` once, with `registry | other`.")
    wrap = _async_send if hasattr(cls, "__aenter__") else _send
    send = wrap(client, patched, terms_of(registry, every_error=every_error, dialect=dialect, ignore=ignore))
    shadow(client, "send", send)
    return client


def _send(client: Client, patched: Callable[..., Streamed] | None, terms: Terms) -> Callable[..., Streamed]:
    """Return the function that sends and raises: it calls the method of the class, or a patch set on this client."""
    cls: Any = type(client)
    owner = ref(client)

    def send(request: _Request, **options: object) -> Streamed:
        # Looked up at each call, because instrumentation patches the class too.
        response: Streamed = patched(request, **options) if patched else cls.send(owner_of(owner), request, **options)
        if response.status_code >= 400 and _raises(response, request, terms):
            _raise(response, terms)
        return response

    return send


def _async_send(
    client: Client, patched: Callable[..., Awaitable[Streamed]] | None, terms: Terms
) -> Callable[..., Awaitable[Streamed]]:
    cls: Any = type(client)
    owner = ref(client)

    async def send(request: _Request, **options: object) -> Streamed:
        sent = patched(request, **options) if patched else cls.send(owner_of(owner), request, **options)
        response: Streamed = await sent
        if response.status_code >= 400 and _raises(response, request, terms):
            await _araise(response, terms)
        return response

    return send


def raise_for_problem(
    response: R, registry: Registry, *, every_error: bool = True, dialect: Dialect | None = None
) -> R:
    """
    Raise the problem in an error response; return any other response.

    Raises:
        Problem: The class of the type if it is registered, otherwise the class of the status.
        SetupError: The response of an async client has not been read.
    """
    need_response(response, "raise_for_problem")
    if response.status_code >= 400:
        _raise(response, terms_of(registry, every_error=every_error, dialect=dialect))
    return response


def problem_from(
    response: Streamed,
    registry: Registry,
    *,
    dialect: Dialect | None = None,
    why: Callable[[str], object] | None = None,
) -> Problem | None:
    """
    Return the problem in a response, whatever its status, or `None` if it contains no problem document.

    >>> import httpx2
    >>> from problems import Registry
    >>> problem_from(httpx2.Response(404, json={"status": 404}), Registry(), why=print)
    The media type 'application/json' is not read as a problem document.

    Args:
        response: The response. A streamed response is only read if its media type may contain a problem document.
        registry: The known problem types.
        dialect: Non-standard documents that are also read as problem details.
        why: Called with a sentence, the reason why the response contains no problem: a logger's method, or `print`.

    Raises:
        SetupError: The response of an async client has not been read.
    """
    need_response(response, "problem_from")
    terms = terms_of(registry, every_error=False, dialect=dialect)
    content, failure = content_of(response), None
    if content is None and terms.reads(response.headers.get("content-type")):
        response, failure = complete(response, terms.limit)
        content = content_of(response)
    document, reason = terms.read(content or b"", response.headers.get("content-type"))
    if document is not None:
        return terms.revive(response, document, failure)
    if why is not None:
        why(failure or reason or "")
    return None


def problem_hook(
    registry: Registry, *, every_error: bool = True, dialect: Dialect | None = None
) -> Callable[[Streamed], None]:
    """
    Return a response event hook for a sync client: `Client(event_hooks={"response": [problem_hook(registry)]})`.

    A hook sees every response, including the challenge of Digest authentication, and raises before the client can
    answer it. Use `raise_problems` for such clients.
    """
    terms = terms_of(registry, every_error=every_error, dialect=dialect)

    def hook(response: Streamed) -> None:
        if response.status_code >= 400:
            _raise(response, terms)
        elif not hasattr(response.stream, "__iter__"):
            raise SetupError(
                "An async client needs `async_problem_hook(registry)`, or `raise_problems(client, registry)`."
            )

    return hook


def async_problem_hook(
    registry: Registry, *, every_error: bool = True, dialect: Dialect | None = None
) -> Callable[[Streamed], Awaitable[None]]:
    """Return a response event hook for an async client; see `problem_hook`."""
    terms = terms_of(registry, every_error=every_error, dialect=dialect)

    async def raise_it(response: Streamed) -> None:
        if response.status_code >= 400:
            await _araise(response, terms)

    def hook(response: Streamed) -> Awaitable[None]:
        # Not a coroutine function: a sync client would never await it, and treat the error as a success.
        if not hasattr(response.stream, "__aiter__"):
            raise SetupError("A sync client needs `problem_hook(registry)`, or `raise_problems(client, registry)`.")
        return raise_it(response)

    return hook


def _raises(response: Streamed, request: _Request, terms: Terms) -> bool:
    """Return whether an error is raised: its status is not ignored, and its request did not opt out."""
    return response.status_code not in terms.ignored and request.extensions.get(_EXTENSION) is not False


def _raise(response: Streamed, terms: Terms) -> None:
    failure = None
    try:
        content = response.content
    except RuntimeError:  # both libraries raise it for an unread response
        if not _is_wanted(response, terms):
            return
        response, failure = complete(response, terms.limit)
        content = response.content
    document, reason = terms.read(content, response.headers.get("content-type"))
    if document is not None or terms.every_error:
        raise terms.revive(response, document, failure or reason)  # a variable would create a cycle


async def _araise(response: Streamed, terms: Terms) -> None:
    failure = None
    try:
        content = response.content
    except RuntimeError:
        if not _is_wanted(response, terms):
            return
        response, failure = await acomplete(response, terms.limit)
        content = response.content
    document, reason = terms.read(content, response.headers.get("content-type"))
    if document is not None or terms.every_error:
        raise terms.revive(response, document, failure or reason)  # a variable would create a cycle


def _is_wanted(response: Streamed, terms: Terms) -> bool:
    """Return whether a streamed response is read; otherwise the caller can still stream all of it."""
    return terms.every_error or terms.reads(response.headers.get("content-type"))
