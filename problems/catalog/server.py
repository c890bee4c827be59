"""
The problem types of the 5xx status codes.

Each is `about:blank` with the phrase of its status as title (RFC 9457, section 4.2.1), takes any members, and
is a base for declared types. Header fields that HTTP requires with a status are typed members.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from problems.catalog._duties import (
    RETRY_AFTER,
    RetryAfter,
)
from problems.declaring.problem import ServerProblem

__all__ = [
    "BadGateway",
    "GatewayTimeout",
    "HTTPVersionNotSupported",
    "InsufficientStorage",
    "InternalServerError",
    "LoopDetected",
    "NetworkAuthenticationRequired",
    "NotImplemented",
    "ServiceUnavailable",
    "VariantAlsoNegotiates",
]


class InternalServerError(ServerProblem, status=500, init=False):
    """The server failed (RFC 9110, section 15.6.1)."""


class NotImplemented(ServerProblem, status=501, init=False):  # noqa: A001 - the phrase of RFC 9110
    """The server does not support the method (RFC 9110, section 15.6.2)."""


class BadGateway(ServerProblem, status=502, init=False):
    """An upstream server sent an invalid response (RFC 9110, section 15.6.3)."""


class ServiceUnavailable(ServerProblem, status=503, init=False):
    """
    The server is overloaded or in maintenance (RFC 9110, section 15.6.4).

    Attributes:
        retry_after: When to try again: seconds, a duration or an aware time.
    """

    retry_after: Annotated[RetryAfter | None, RETRY_AFTER] = None

    if TYPE_CHECKING:  # it shadows a keyword argument of `Problem.__init__`; allowed for open types

        def __init__(
            self,
            detail: str = "",
            *,
            retry_after: RetryAfter | None = None,
            instance: str | None = None,
            headers: Mapping[str, str] | None = None,
            **members: Any,
        ) -> None: ...


class GatewayTimeout(ServerProblem, status=504, init=False):
    """An upstream server did not respond in time (RFC 9110, section 15.6.5)."""


class HTTPVersionNotSupported(ServerProblem, status=505, init=False):
    """The server does not support this version of HTTP (RFC 9110, section 15.6.6)."""


class VariantAlsoNegotiates(ServerProblem, status=506, init=False):
    """Content negotiation of the server is circular (RFC 2295, section 8.1)."""


class InsufficientStorage(ServerProblem, status=507, init=False):
    """The server cannot store what the request needs (RFC 4918, section 11.5)."""


class LoopDetected(ServerProblem, status=508, init=False):
    """The server found an infinite loop (RFC 5842, section 7.2)."""


class NetworkAuthenticationRequired(ServerProblem, status=511, init=False):
    """The client must log in to the network first (RFC 6585, section 6)."""
