"""
From a response that has been read to the exception it tells of.

Works on the attributes that httpx2, httpx and requests have in common and imports none of them: the library is
the one the response comes from. What a document means is the registry's to say.
"""

import sys
from collections.abc import Callable, Collection, Container, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple, Protocol, TypeVar
from weakref import ref

from problems._wire.headers import parse_retry_after
from problems._wire.reading import LIMIT, Document, is_problem_type, read_document
from problems.catching.dialects import Dialect
from problems.declaring.problem import Problem
from problems.errors import SetupError, need
from problems.registry import Registry

__all__ = [
    "MARK",
    "Response",
    "Terms",
    "content_of",
    "library_of",
    "owner_of",
    "request_of",
    "retry_after",
    "shadow",
    "status_error",
    "terms_of",
]

T = TypeVar("T")

MARK: Final = "__problems__"
"""The attribute of a `send` that raises problems."""

_STATUS_ERRORS: Final = {"httpx": "HTTPStatusError", "httpx2": "HTTPStatusError", "requests": "HTTPError"}
_NOTHING: Final[Mapping[str, Any]] = {}


class Response(Protocol):
    """The part of a response that is used here."""

    @property
    def status_code(self) -> int:
        """The status code."""
        ...

    @property
    def headers(self) -> Any:
        """The header fields: a mapping of the library's own."""
        ...

    @property
    def url(self) -> Any:
        """The address of the last request, a text or something that turns into one."""
        ...

    @property
    def request(self) -> Any:
        """The last request."""
        ...

    @property
    def content(self) -> Any:
        """The body as bytes; a `RuntimeError` if it is not read yet."""
        ...


def library_of(cls: type) -> str | None:
    """Return the name of the library that a response or a client comes from, its subclasses included."""
    for base in cls.__mro__:
        name = base.__module__.partition(".")[0]
        if name in _STATUS_ERRORS:
            return name
    return None


@lru_cache(maxsize=32)
def status_error(response: type) -> type[Exception] | None:
    """Return the status error of the library that a class of responses comes from."""
    name = library_of(response)
    if name is None:
        return None
    found: type[Exception] = getattr(sys.modules[name], _STATUS_ERRORS[name])
    return found


class Terms(NamedTuple):
    """
    On what terms responses are looked at.

    Attributes:
        registry: The problem types that are known.
        every_error: Whether a response without a problem document is a problem of its status.
        read: Returns the problem document in a body and None, or None and why there is none.
        reads: Returns whether a body of a media type may be a problem document.
        limit: The most bytes of a body that are read.
        identity: The member that identifies the problem type, if it is another one than `type`.
        ignored: The statuses of responses that are not looked at.
    """

    registry: Registry
    every_error: bool
    read: Callable[[bytes, str | None], tuple[Document | None, str | None]]
    reads: Callable[[str | None], bool]
    limit: int
    identity: str | None = None
    ignored: Container[int] = ()

    def revive(
        self,
        response: Response,
        document: Document | None,
        reason: str | None,
        library: Callable[[type], type[Exception] | None] = status_error,
    ) -> Problem:
        """
        Return the problem that a response tells of; without a document that of its status.

        Args:
            response: The response.
            document: The problem document in it.
            reason: Why there is none, or not all of it.
            library: Tells the status error of the client library from the class of the response.
        """
        return self.registry.revive_document(
            {} if document is None else document,
            status=response.status_code,
            response=response,
            headers=response.headers,
            library=library,
            reason=reason,
            identity=self.identity,
        )


def terms_of(
    registry: Registry, *, every_error: bool = True, dialect: Dialect | None = None, ignore: Collection[int] = ()
) -> Terms:
    """
    Return the terms on which responses are looked at.

    Raises:
        SetupError: The registry is not a registry, or an ignored status is not an integer.
    """
    need(registry, Registry, "registry", "Give one, such as `Registry(ItemNotFound)`.")
    ignored = _statuses(ignore)
    if dialect is None:
        return Terms(registry, every_error, read_document, is_problem_type, LIMIT, None, ignored)
    # Each error is raised: then any object is of use, and else only one that is recognised as a problem document.
    read = dialect.read_object if every_error else dialect.read
    return Terms(registry, every_error, read, dialect.reads, dialect.limit, dialect.identity, ignored)


def _statuses(ignore: object) -> frozenset[int]:
    if isinstance(ignore, str) or not isinstance(ignore, Iterable):
        raise SetupError(f"`ignore` must be a set of status codes; got {ignore!r}. Write `ignore={{404}}`.")
    statuses = list(ignore)
    for status in statuses:
        if not isinstance(status, int) or isinstance(status, bool):
            raise SetupError(f"`ignore` must contain status codes; got {status!r}. Write `ignore={{404}}`.")
    return frozenset(statuses)


def content_of(response: Response) -> bytes | None:
    """
    Return the content of a response that has been read, `None` for one that has not.

    httpx2 and httpx raise a `RuntimeError` for those; requests would read the body, whatever its size, and has no
    public attribute that says so.
    """
    if getattr(response, "_content", None) is False:
        return None
    try:
        content: bytes = response.content
    except RuntimeError:
        return None
    return content


def shadow(owner: object, name: str, function: Callable[..., object]) -> None:
    """
    Put a marked function in the place of a method of one client or session.

    A copy would have no such function, or that of the original, and would return errors instead of raising them. So
    the owner can no longer be copied or pickled.
    """

    def refuse() -> object:
        raise SetupError(
            f"This {type(owner_of(reference)).__name__} raises problems, which a copy or a pickle of it would not do. "
            f"Copy it first, and call `raise_problems(copy, registry)`."
        )

    reference = ref(owner)
    vars(function)[MARK] = True
    vars(owner)[name] = function
    vars(owner)["__getstate__"] = refuse


def owner_of(reference: "ref[T]") -> T:
    """
    Return the client that a function stands in for: not held by it, since the two would be a reference cycle.

    Raises:
        SetupError: The client is gone.
    """
    owner = reference()
    if owner is None:
        raise SetupError("The client of this `send` is gone. Keep the client, and call `client.send(…)`.")
    return owner


def request_of(response: Response) -> Any:
    """Return the request that was answered; nothing for a response that was made by hand."""
    try:
        return response.request
    except RuntimeError:
        return None


def retry_after(problem: BaseException, *, now: datetime | None = None) -> timedelta | None:
    """
    Return how long the server asked to wait (RFC 9110, section 10.2.3), if it did; never less than nothing.

    Args:
        problem: A received problem, or any other status error that has a response.
        now: The time to count from; that of the call by default.
    """
    headers: Mapping[str, str] = getattr(getattr(problem, "response", None), "headers", _NOTHING)
    text = headers.get("retry-after")
    return None if text is None else parse_retry_after(text, now or datetime.now(UTC))
