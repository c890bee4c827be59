"""
Problems that came from a server.

Says what a received problem is, and what an application answers if one
escapes; knows no client library and no registry.
"""

from collections.abc import Mapping
from typing import Any, Final, Protocol

from problems._uris import without_secrets
from problems.details import ProblemDetails, Reading
from problems.errors import InvalidMembers
from problems.exceptions import Problem, one_line

__all__ = ["ReceivedProblem", "received"]

_BAD_GATEWAY: Final = 502
_READ: Final = Reading()


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
    members, `status`, `problem_details` and `str()` tell what the server said. What any framework
    reads of an exception that escapes (`status_code`, `detail`, `headers`) is that of a 502: a
    server's trouble with us is no trouble of our client's.
    """

    status_code = _BAD_GATEWAY
    detail = "Bad Gateway"
    headers = None

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
        """What was ignored in the document, and why a declared class did not fit."""
        reading: Reading = self.__dict__.get("problem_reading", _READ)
        return reading

    @property
    def request(self) -> Request | None:
        """The request that was answered with this problem; `None` if there is none, or after pickling."""
        return self.__dict__.get("problem_request")

    @property
    def response(self) -> Response | None:
        """The response, its content read; `None` if there is none, or after pickling."""
        return self.__dict__.get("problem_response")

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
            InvalidMembers: A name is no member of this problem, or the members do not suffice.
            AbstractProblem: The status is not registered, so that there is no class to make.
        """
        declared = _declared(type(self))
        if unknown := [name for name in members if name not in self.__dict__]:
            raise InvalidMembers(declared.__qualname__, f"{unknown[0]} is no member of the received problem.")
        text = self.problem_details.detail if detail else None
        return declared(text or "", **{name: self.__dict__[name] for name in members})

    def __str__(self) -> str:
        said = self.problem_details
        text = f"{self.status} {said.title or _declared(type(self)).problem_type.title}".rstrip()
        if said.detail:
            text += f": {said.detail}"
        if self.request is not None:
            text += f" [{self.request.method} {without_secrets(str(self.request.url))}]"
        return one_line(text)

    def __repr__(self) -> str:
        return f"<received {_declared(type(self)).__name__}: {self}>"

    def __reduce__(self) -> tuple[Any, ...]:
        # Requests and responses hold sockets and credentials: neither is pickled.
        cls = type(self)
        state = {name: value for name, value in self.__dict__.items() if name not in _NOT_PICKLED}
        return _restore, (_declared(cls), _library(cls)), state


_NOT_PICKLED: Final = frozenset({"problem_request", "problem_response"})


def received(declared: type[Problem], library: type[Exception] | None) -> type[Problem]:
    """
    Return the class of received problems of one declared class.

    Args:
        declared: The class that the registry found, or that of the status.
        library: The status error of the client library that received it.
    """
    own: Mapping[type[Exception] | None, type[Problem]] = declared.__dict__.get("problem_revived", {})
    if library not in own:
        bases = (ReceivedProblem, declared, library) if library else (ReceivedProblem, declared)
        namespace = {
            "__module__": declared.__module__,
            "__qualname__": declared.__qualname__,
            "__doc__": declared.__doc__,
        }
        own = {**own, library: type(declared.__name__, bases, namespace)}
        declared.problem_revived = own
    return own[library]


def _declared(cls: type) -> type[Problem]:
    declared: type[Problem] = cls.__bases__[1]
    return declared


def _library(cls: type) -> type[Exception] | None:
    return cls.__bases__[2] if len(cls.__bases__) > 2 else None


def _restore(declared: type[Problem], library: type[Exception] | None) -> Problem:
    """Make the empty occurrence that `pickle` and `copy` fill."""
    cls = received(declared, library)
    return cls.__new__(cls)
