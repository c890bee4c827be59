"""
The problem types of the 4xx status codes.

Each is `about:blank` with the phrase of its status as title (RFC 9457, section 4.2.1), takes any members, and
is a base for declared types. What HTTP obliges a server to send with a status is a typed member.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from problems.catalog._duties import (
    ACCEPT,
    ACCEPT_ENCODING,
    ACCEPT_PATCH,
    ALLOW,
    BLOCKED_BY,
    CONTENT_RANGE,
    PROXY_AUTHENTICATE,
    RETRY_AFTER,
    UPGRADE,
    WWW_AUTHENTICATE,
    Challenges,
    Length,
    Protocols,
    RetryAfter,
)
from problems.declaring.problem import ClientProblem

__all__ = [
    "BadRequest",
    "Conflict",
    "ContentTooLarge",
    "ExpectationFailed",
    "FailedDependency",
    "Forbidden",
    "Gone",
    "LengthRequired",
    "Locked",
    "MethodNotAllowed",
    "MisdirectedRequest",
    "NotAcceptable",
    "NotFound",
    "PaymentRequired",
    "PreconditionFailed",
    "PreconditionRequired",
    "ProxyAuthenticationRequired",
    "RangeNotSatisfiable",
    "RequestHeaderFieldsTooLarge",
    "RequestTimeout",
    "TooEarly",
    "TooManyRequests",
    "URITooLong",
    "Unauthorized",
    "UnavailableForLegalReasons",
    "UnprocessableContent",
    "UnsupportedMediaType",
    "UpgradeRequired",
]


class BadRequest(ClientProblem, status=400, init=False):
    """The request cannot be understood (RFC 9110, section 15.5.1)."""


class Unauthorized(ClientProblem, status=401, init=False):
    """
    The request lacks valid credentials (RFC 9110, section 15.5.2).

    Attributes:
        challenges: What a client can answer, such as `Bearer`: one or several. Always sent (section 11.6.1).
    """

    challenges: Annotated[Challenges, WWW_AUTHENTICATE]

    if TYPE_CHECKING:  # shadows a keyword argument of `Problem.__init__`; allowed for open types

        def __init__(
            self,
            detail: str = "",
            *,
            challenges: Challenges,
            instance: str | None = None,
            headers: Mapping[str, str] | None = None,
            **members: Any,
        ) -> None: ...


class PaymentRequired(ClientProblem, status=402, init=False):
    """Reserved for payment by RFC 9110, section 15.5.3; used by many APIs for exhausted credit."""


class Forbidden(ClientProblem, status=403, init=False):
    """The server understood the request and refuses it (RFC 9110, section 15.5.4)."""


class NotFound(ClientProblem, status=404, init=False):
    """There is nothing at this address, or the server will not say that there is (RFC 9110, section 15.5.5)."""


class MethodNotAllowed(ClientProblem, status=405, init=False):
    """
    The resource does not support the method (RFC 9110, section 15.5.6).

    Attributes:
        allow: The methods that it does support, perhaps none. Always sent (section 10.2.1).
    """

    allow: Annotated[Sequence[str], ALLOW]

    if TYPE_CHECKING:  # shadows a keyword argument of `Problem.__init__`; allowed for open types

        def __init__(
            self,
            detail: str = "",
            *,
            allow: Sequence[str],
            instance: str | None = None,
            headers: Mapping[str, str] | None = None,
            **members: Any,
        ) -> None: ...


class NotAcceptable(ClientProblem, status=406, init=False):
    """There is no representation that the client accepts (RFC 9110, section 15.5.7)."""


class ProxyAuthenticationRequired(ClientProblem, status=407, init=False):
    """
    The proxy wants credentials (RFC 9110, section 15.5.8).

    Attributes:
        challenges: The challenges of the proxy: one or several. Always sent (section 11.7.1).
    """

    challenges: Annotated[Challenges, PROXY_AUTHENTICATE]

    if TYPE_CHECKING:  # shadows a keyword argument of `Problem.__init__`; allowed for open types

        def __init__(
            self,
            detail: str = "",
            *,
            challenges: Challenges,
            instance: str | None = None,
            headers: Mapping[str, str] | None = None,
            **members: Any,
        ) -> None: ...


class RequestTimeout(ClientProblem, status=408, init=False):
    """The request did not arrive in time (RFC 9110, section 15.5.9)."""


class Conflict(ClientProblem, status=409, init=False):
    """The request conflicts with the state of the resource (RFC 9110, section 15.5.10)."""


class Gone(ClientProblem, status=410, init=False):
    """The resource is gone for good (RFC 9110, section 15.5.11)."""


class LengthRequired(ClientProblem, status=411, init=False):
    """The request needs a `Content-Length` (RFC 9110, section 15.5.12)."""


class PreconditionFailed(ClientProblem, status=412, init=False):
    """A condition in the request header is false (RFC 9110, section 15.5.13)."""


class ContentTooLarge(ClientProblem, status=413, init=False):
    """
    The content is larger than the server takes (RFC 9110, section 15.5.14).

    Attributes:
        retry_after: When to try again: seconds, a duration or an aware time.
    """

    retry_after: Annotated[RetryAfter | None, RETRY_AFTER] = None

    if TYPE_CHECKING:  # shadows a keyword argument of `Problem.__init__`; allowed for open types

        def __init__(
            self,
            detail: str = "",
            *,
            retry_after: RetryAfter | None = None,
            instance: str | None = None,
            headers: Mapping[str, str] | None = None,
            **members: Any,
        ) -> None: ...


class URITooLong(ClientProblem, status=414, init=False):
    """The target is longer than the server takes (RFC 9110, section 15.5.15)."""


class UnsupportedMediaType(ClientProblem, status=415, init=False):
    """
    The format of the content is not supported (RFC 9110, section 15.5.16).

    Attributes:
        accept: The media types that are supported (section 12.5.1).
        accept_encoding: The content codings that are supported, if those were the cause (section 12.5.3).
        accept_patch: The patch formats that are supported (RFC 5789, section 3.1).
    """

    accept: Annotated[Sequence[str] | None, ACCEPT] = None
    accept_encoding: Annotated[Sequence[str] | None, ACCEPT_ENCODING] = None
    accept_patch: Annotated[Sequence[str] | None, ACCEPT_PATCH] = None

    if TYPE_CHECKING:  # shadows a keyword argument of `Problem.__init__`; allowed for open types

        def __init__(
            self,
            detail: str = "",
            *,
            accept: Sequence[str] | None = None,
            accept_encoding: Sequence[str] | None = None,
            accept_patch: Sequence[str] | None = None,
            instance: str | None = None,
            headers: Mapping[str, str] | None = None,
            **members: Any,
        ) -> None: ...


class RangeNotSatisfiable(ClientProblem, status=416, init=False):
    """
    None of the requested ranges overlaps the content (RFC 9110, section 15.5.17).

    Attributes:
        length: The length of the content in bytes (section 14.4).
    """

    length: Annotated[Length, CONTENT_RANGE]

    if TYPE_CHECKING:  # shadows a keyword argument of `Problem.__init__`; allowed for open types

        def __init__(
            self,
            detail: str = "",
            *,
            length: int,
            instance: str | None = None,
            headers: Mapping[str, str] | None = None,
            **members: Any,
        ) -> None: ...


class ExpectationFailed(ClientProblem, status=417, init=False):
    """The `Expect` field cannot be met (RFC 9110, section 15.5.18)."""


class MisdirectedRequest(ClientProblem, status=421, init=False):
    """The server does not answer for this host (RFC 9110, section 15.5.20)."""


class UnprocessableContent(ClientProblem, status=422, init=False):
    """The content is well formed, but its instructions cannot be followed (RFC 9110, section 15.5.21)."""


class Locked(ClientProblem, status=423, init=False):
    """The resource is locked (RFC 4918, section 11.3)."""


class FailedDependency(ClientProblem, status=424, init=False):
    """The action depended on another one that failed (RFC 4918, section 11.4)."""


class TooEarly(ClientProblem, status=425, init=False):
    """The server will not risk a request that might be replayed (RFC 8470, section 5.2)."""


class UpgradeRequired(ClientProblem, status=426, init=False):
    """
    The server insists on another protocol (RFC 9110, section 15.5.22).

    Attributes:
        upgrade: The protocols to upgrade to, the preferred one first. Always sent (section 7.8).
    """

    upgrade: Annotated[Protocols, UPGRADE]

    if TYPE_CHECKING:  # shadows a keyword argument of `Problem.__init__`; allowed for open types

        def __init__(
            self,
            detail: str = "",
            *,
            upgrade: Protocols,
            instance: str | None = None,
            headers: Mapping[str, str] | None = None,
            **members: Any,
        ) -> None: ...


class PreconditionRequired(ClientProblem, status=428, init=False):
    """The request must be conditional (RFC 6585, section 3)."""


class TooManyRequests(ClientProblem, status=429, init=False):
    """
    The client sent too many requests (RFC 6585, section 4).

    Attributes:
        retry_after: When to try again: seconds, a duration or an aware time.
    """

    retry_after: Annotated[RetryAfter | None, RETRY_AFTER] = None

    if TYPE_CHECKING:  # shadows a keyword argument of `Problem.__init__`; allowed for open types

        def __init__(
            self,
            detail: str = "",
            *,
            retry_after: RetryAfter | None = None,
            instance: str | None = None,
            headers: Mapping[str, str] | None = None,
            **members: Any,
        ) -> None: ...


class RequestHeaderFieldsTooLarge(ClientProblem, status=431, init=False):
    """The header fields are larger than the server takes (RFC 6585, section 5)."""


class UnavailableForLegalReasons(ClientProblem, status=451, init=False):
    """
    A legal demand forbids access (RFC 7725, section 3).

    Attributes:
        blocked_by: The URI of the entity that implements the block (section 4).
    """

    blocked_by: Annotated[str | None, BLOCKED_BY] = None

    if TYPE_CHECKING:  # shadows a keyword argument of `Problem.__init__`; allowed for open types

        def __init__(
            self,
            detail: str = "",
            *,
            blocked_by: str | None = None,
            instance: str | None = None,
            headers: Mapping[str, str] | None = None,
            **members: Any,
        ) -> None: ...
