"""
Problems that came from a server.

Defines received problems, and the response of an application if one
escapes; knows no client library and no registry.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, cast

from problems._wire.details import ProblemDetails, Reading, standard_members
from problems._wire.headers import HeaderLines
from problems._wire.text import briefly, one_line
from problems._wire.uris import without_secrets
from problems.declaring._definition import definition_of
from problems.declaring.problem import Problem
from problems.errors import InvalidMembers

__all__ = ["ReceivedProblem", "received"]

_KEPT: Final = frozenset(
    {
        "allow",
        "content-language",
        "content-type",
        "date",
        "ratelimit",
        "ratelimit-policy",
        "retry-after",
        "x-request-id",
    }
)
"""The header fields that are kept: no secrets, only hints for the next request. Cookies and challenges are dropped."""


class RequestSnapshot(NamedTuple):
    """
    What a request was.

    Attributes:
        method: The method.
        url: The address without user information, query and fragment.
    """

    method: str
    url: str


class ResponseSnapshot(NamedTuple):
    """
    What a response was.

    Attributes:
        status_code: The status code.
        headers: The header fields that are kept; names in any case.
        content: The body, as far as it was read.
    """

    status_code: int
    headers: Mapping[str, str] = HeaderLines()
    content: bytes = b""


def request_snapshot(request: object) -> RequestSnapshot | None:
    """Return a snapshot of *request* without secrets, or `None` for `None`."""
    if request is None:
        return None
    url = without_secrets(str(getattr(request, "url", "")))
    return RequestSnapshot(str(getattr(request, "method", "")), url)


def response_snapshot(response: object) -> ResponseSnapshot | None:
    """Return a snapshot of *response*, whose content was read, or `None` for `None`."""
    if response is None:
        return None
    headers: Mapping[str, str] = getattr(response, "headers", {})
    kept = HeaderLines([(name, value) for name, value in headers.items() if name.lower() in _KEPT and _is_plain(value)])
    try:
        content: bytes = getattr(response, "content", b"")
    except RuntimeError:  # other code has read the body as a stream
        content = b""
    return ResponseSnapshot(getattr(response, "status_code", 0), kept, content or b"")


def _is_plain(value: str) -> bool:
    return value.isascii() and value.isprintable()


_BAD_GATEWAY: Final = 502


class Request(Protocol):
    """The part of a client library's request that is used here."""

    @property
    def method(self) -> str:
        """The method."""
        ...

    @property
    def url(self) -> object:
        """The address, a text or something that turns into one."""
        ...


class Response(Protocol):
    """The part of a client library's response that is used here."""

    @property
    def status_code(self) -> int:
        """The status code."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The header fields."""
        ...

    @property
    def content(self) -> bytes:
        """The body, read already."""
        ...


class ReceivedProblem(Exception):
    """
    A problem that came from a server: the first base of every one.

    It is an instance of its declared class too, and of the client library's own status error. Its
    members, `status`, `detail`, `problem_details` and `str()` describe what the server sent. If it
    escapes from an endpoint, any framework answers with `status_code` 502 and without `headers`: the
    problems of an upstream server are not problems of the application's client.
    """

    status_code = _BAD_GATEWAY
    headers: Mapping[str, str] | None = None

    if TYPE_CHECKING:  # as `Problem` has it: checkers would hold that no class can be both
        detail: str
        instance: str | None

    def __init_subclass__(cls) -> None:
        """Leave out what `Problem` checks: the declared class has been checked."""

    @property
    def status(self) -> int:
        """The status code that was received."""
        status: int = self.__dict__["problem_status"]
        return status

    @property
    def problem_details(self) -> ProblemDetails:
        """The document as RFC 9457, section 3.1, reads it; members that are not declared are among its extensions."""
        details, _ = ProblemDetails.read(self.__dict__["problem_received"])
        return details

    @property
    def reading(self) -> Reading:
        """The members that were ignored, each with the reason, and the reason why a declared class did not fit."""
        _, ignored = standard_members(self.__dict__["problem_received"])
        return Reading((*ignored, *self.__dict__.get("problem_ignored", ())), self.__dict__.get("problem_reason"))

    @property
    def request(self) -> Request | None:
        """The request that was answered with this problem, if any; after pickling a snapshot without credentials."""
        if "problem_request" in self.__dict__:
            snapshot: Request | None = self.__dict__["problem_request"]
            return snapshot
        try:
            return getattr(self.response, "request", None)
        except RuntimeError:  # the response was made by hand
            return None

    @property
    def response(self) -> Response | None:
        """The response, if any, its content read; after pickling a snapshot without credentials."""
        return self.__dict__.get("problem_response")

    if not TYPE_CHECKING:

        @property
        def detail(self) -> str:
            """The `detail` that was received, or an empty string."""
            usable, _ = standard_members(self.__dict__["problem_received"])
            return usable.get("detail", "")

        @property
        def instance(self) -> str | None:
            """The URI reference of the occurrence, as received."""
            return self.problem_details.instance

    def relayed(self, *members: str, detail: bool = False) -> Problem:
        """
        Return a local problem of the same class with just what is named.

        Args:
            members: The names of the members to pass on.
            detail: Whether the server's `detail` is passed on.

        Raises:
            InvalidMembers: A name is not a member of this problem, or the members do not suffice.
            AbstractProblem: The status is not registered, so that there is no class to make.
        """
        declared = _declared(type(self))
        if unknown := [name for name in members if name not in self.__dict__]:
            known = ", ".join(name for name in self.__dict__ if not name.startswith("problem_")) or "none"
            reason = f"{briefly(unknown[0])} is not a member of the received problem. The members are: {known}."
            raise InvalidMembers(declared.__qualname__, reason)
        text = self.problem_details.detail if detail else None
        local = declared.__new__(declared)  # bypasses a user-defined `__init__`, which may take other arguments
        Problem.__init__(local, text or "", **{name: self.__dict__[name] for name in members})
        return local

    def __str__(self) -> str:
        details = self.problem_details
        text = f"{self.status} {details.title or _declared(type(self)).problem_type.title}".rstrip()
        if details.detail:
            text += f": {details.detail}"
        if self.request is not None:
            text += f" [{self.request.method} {without_secrets(str(self.request.url))}]"
        return one_line(text)

    def __repr__(self) -> str:
        return f"<received {_declared(type(self)).__name__}: {self}>"

    def __reduce__(self) -> tuple[Any, ...]:
        # Requests and responses hold sockets and credentials: neither is pickled.
        cls = type(self)
        state = {name: value for name, value in self.__dict__.items() if name not in _NOT_PICKLED}
        state["problem_request"] = request_snapshot(self.request)
        state["problem_response"] = response_snapshot(self.response)
        return _restore, (_declared(cls), _library(cls), _further(cls)), state


_NOT_PICKLED: Final = frozenset({"request_info", "history"})  # what aiohttp's own error has besides


def received(
    declared: type[Problem], library: type[Exception] | None, further: type[Problem] | None = None
) -> type[Problem]:
    """
    Return the class of received problems of one declared class.

    Args:
        declared: The class that the registry found, or the class of the status.
        library: The status error of the client library that received it.
        further: The class of the received status, if *declared* does not derive from it.
    """
    try:
        instance = cast("type[Problem]", definition_of(declared).received[library, further])
    except KeyError:
        instance = _make_received(declared, library, further)
        known = definition_of(declared)
        known.received = {**known.received, (library, further): instance}
    return instance


def _make_received(
    declared: type[Problem], library: type[Exception] | None, further: type[Problem] | None
) -> type[Problem]:
    problems = (declared, further) if further else (declared,)
    members = frozenset[str]().union(*(definition_of(cls).declaration.members for cls in problems))
    namespace: dict[str, object] = {
        "__module__": declared.__module__,
        "__qualname__": declared.__qualname__,
        "__doc__": declared.__doc__,
        # A member is found in the instance, whatever descriptor of its name the library's error has.
        **{name: None for name in members if hasattr(library, name)},
    }
    bases = (ReceivedProblem, *problems, *((library,) if library else ()))
    return _class(declared.__name__, bases, namespace)


def _class(name: str, bases: tuple[type, ...], namespace: dict[str, object]) -> type[Problem]:
    instance: Any = type(name, bases, namespace)
    created: type[Problem] = instance
    return created


def _declared(cls: type) -> type[Problem]:
    declared: type[Problem] = cls.__bases__[1]
    return declared


def _further(cls: type) -> type[Problem] | None:
    return next((base for base in cls.__bases__[2:] if issubclass(base, Problem)), None)


def _library(cls: type) -> type[Exception] | None:
    return next((base for base in cls.__bases__[2:] if issubclass(base, Exception) and not _is_problem(base)), None)


def _is_problem(cls: type) -> bool:
    return issubclass(cls, Problem)


def _restore(declared: type[Problem], library: type[Exception] | None, further: type[Problem] | None = None) -> Problem:
    """Make the empty occurrence that `pickle` and `copy` fill."""
    cls = received(declared, library, further)
    return cls.__new__(cls)
