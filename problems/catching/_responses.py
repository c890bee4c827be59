"""
Conversion of a response that has been read to the exception for its problem.

Uses the attributes that httpx2, httpx and requests have in common and imports none of these libraries: the class of
the response determines the library, and the registry determines what a document means.
"""

import sys
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple, Protocol, TypeGuard, TypeVar
from weakref import ref

from problems._wire.headers import parse_retry_after
from problems._wire.reading import LIMIT, Document, is_problem_type, read_document
from problems._wire.text import briefly
from problems.catching.dialects import Dialect
from problems.declaring.problem import Problem
from problems.errors import SetupError, need
from problems.registry import Registry

__all__ = [
    "MARK",
    "Response",
    "Terms",
    "content_of",
    "fields_of",
    "library_of",
    "need_response",
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
    """The attributes of a response that this package uses."""

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
        """The address of the last request, as a text or an object with a text form."""
        ...

    @property
    def request(self) -> Any:
        """The last request."""
        ...

    @property
    def content(self) -> Any:
        """The body as bytes; raises a `RuntimeError` if it has not been read."""
        ...


def library_of(cls: type) -> str | None:
    """Return the name of the library of a response or client class, subclasses included."""
    for base in cls.__mro__:
        name = base.__module__.partition(".")[0]
        if name in _STATUS_ERRORS:
            return name
    return None


@lru_cache(maxsize=32)
def status_error(response: type) -> type[Exception] | None:
    """Return the status error of the library that a response class comes from."""
    name = library_of(response)
    if name is None:
        return None
    result: type[Exception] = getattr(sys.modules[name], _STATUS_ERRORS[name])
    return result


class Terms(NamedTuple):
    """
    Options for reading responses.

    Attributes:
        registry: The known problem types.
        every_error: Whether a response without a problem document is a problem of its status.
        read: Returns the problem document in a body and `None`, or `None` and the reason why the body contains none.
        reads: Returns whether a body of a media type may be a problem document.
        limit: The maximum size of a body in bytes; no more is read.
        identity: The member that identifies the problem type, if it is not `type`.
        ignored: The status codes of responses that are returned unread.
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
        fields: Mapping[str, str] | None = None,
    ) -> Problem:
        """
        Return the problem in a response; without a problem document, the problem of its status.

        Args:
            response: The response.
            document: The problem document in it.
            reason: Why the document is missing or incomplete.
            library: Returns the status error of the client library for the class of the response.
            fields: The header fields with joined lines; by default the fields of the response.
        """
        return self.registry.revive_document(
            {} if document is None else document,
            status=response.status_code,
            response=response,
            headers=response.headers if fields is None else fields,
            library=library,
            reason=reason,
            identity=self.identity,
        )


def terms_of(
    registry: Registry, *, every_error: bool = True, dialect: Dialect | None = None, ignore: Collection[int] = ()
) -> Terms:
    """
    Return the options for reading responses.

    Raises:
        SetupError: The registry or the dialect is something else, or an ignored status is not a status code.
    """
    need(registry, Registry, "registry", "Give one, such as `Registry(ItemNotFound)`.")
    ignored = _statuses(ignore)
    if dialect is None:
        return Terms(registry, every_error, read_document, is_problem_type, LIMIT, None, ignored)
    need(dialect, Dialect, "dialect", 'Give one, such as `Dialect(identity="code")`.')
    # With `every_error`, any JSON object is read; otherwise only an object recognised as a problem document.
    read = dialect.read_object if every_error else dialect.read
    return Terms(registry, every_error, read, dialect.reads, dialect.limit, dialect.identity, ignored)


def need_response(given: object, function: str, second: str = "registry") -> None:
    """
    Check that the first argument of a public function is a response.

    Args:
        given: The argument.
        function: The name of the function.
        second: The name of its second argument, for the message.

    Raises:
        SetupError: It is not.
    """
    if not hasattr(given, "headers"):
        raise SetupError(
            f"`{function}` needs a response; got an object of type {type(given).__qualname__!r}. "
            f"Write `{function}(client.get(url), {second})`."
        )


def _is_iterable(value: object) -> TypeGuard[Iterable[object]]:
    return isinstance(value, Iterable)


def _statuses(ignore: object) -> frozenset[int]:
    if isinstance(ignore, str | bytes | bytearray) or not _is_iterable(ignore):
        raise SetupError(f"`ignore` must be a set of status codes; got {briefly(ignore)}. Write `ignore={{404}}`.")
    statuses: set[int] = set()
    for status in ignore:
        if not isinstance(status, int) or not 100 <= status <= 999:
            raise SetupError(f"`ignore` must contain status codes; got {briefly(status)}. Write `ignore={{404}}`.")
        statuses.add(status)
    return frozenset(statuses)


def content_of(response: Response) -> bytes | None:
    """
    Return the content of a response that has been read, or `None` for a response that has not.

    httpx2 and httpx raise a `RuntimeError` for an unread response; requests would read the whole body, and has no
    public attribute for this state.
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
    Replace a method of one client or session with a marked function.

    A copy would lack the function or share the original's, and return errors instead of raising them. So the owner
    can no longer be copied or pickled.
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
    Return the client behind a weak reference; a strong one would create a reference cycle.

    Raises:
        SetupError: The client was garbage-collected.
    """
    owner = reference()
    if owner is None:
        raise SetupError("This `send` outlived its client. Keep the client, and call `client.send(…)`.")
    return owner


def request_of(response: Response) -> Any:
    """Return the request of a response, or `None` for a response that was created by hand."""
    try:
        return response.request
    except RuntimeError:
        return None


@dataclass(frozen=True, slots=True)
class _Joined(Mapping[str, str]):
    """The header fields of aiohttp, whose mapping returns the first line of a repeated field."""

    headers: Any

    def __getitem__(self, name: str) -> str:
        return ", ".join(self.headers.getall(name))

    def __iter__(self) -> Iterator[str]:
        return iter(self.headers)

    def __len__(self) -> int:
        return len(self.headers)


def fields_of(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Return header fields with the lines of a repeated field joined (RFC 9110, section 5.3), whatever the library."""
    return _Joined(headers) if hasattr(headers, "getall") else headers


def retry_after(problem: BaseException, *, now: datetime | None = None) -> timedelta | None:
    """
    Return how long the server asked to wait (RFC 9110, section 10.2.3), or `None`; never negative.

    Args:
        problem: A received problem, or any other status error that has a response.
        now: The time to count from; by default, the time of the call.
    """
    headers: Mapping[str, str] = getattr(getattr(problem, "response", None), "headers", _NOTHING)
    text = fields_of(headers).get("retry-after")
    return None if text is None else parse_retry_after(text, now or datetime.now(UTC))
