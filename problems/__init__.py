"""
Typed problem details (RFC 9457) for HTTP APIs.

Declare an error once, as a class; raise it, answer it, document it, and catch it again in the client.
"""

from typing import TYPE_CHECKING

from problems._later import later
from problems._received import ReceivedProblem
from problems._response_header import ResponseHeader
from problems.catalog.client import (
    BadRequest,
    Conflict,
    ContentTooLarge,
    Forbidden,
    Gone,
    MethodNotAllowed,
    NotAcceptable,
    NotFound,
    PaymentRequired,
    PreconditionFailed,
    TooManyRequests,
    Unauthorized,
    UnprocessableContent,
    UnsupportedMediaType,
)
from problems.catalog.server import BadGateway, GatewayTimeout, InternalServerError, ServiceUnavailable
from problems.catalog.validation import ValidationProblem
from problems.declarations import raises
from problems.details import ProblemDetails
from problems.errors import ProblemsError
from problems.exceptions import ClientProblem, Problem, ServerProblem
from problems.invalid_params import InvalidParam
from problems.problem_type import ProblemType
from problems.registry import Registry

if TYPE_CHECKING:
    from problems.policy import Policy

__all__ = [  # noqa: RUF022 - in the order of a first reading
    # Declare and raise
    "Problem",
    "ClientProblem",
    "ServerProblem",
    "ResponseHeader",
    "raises",
    # ... or take a ready-made one
    "BadRequest",
    "Unauthorized",
    "PaymentRequired",
    "Forbidden",
    "NotFound",
    "MethodNotAllowed",
    "NotAcceptable",
    "Conflict",
    "Gone",
    "PreconditionFailed",
    "ContentTooLarge",
    "UnsupportedMediaType",
    "UnprocessableContent",
    "TooManyRequests",
    "InternalServerError",
    "BadGateway",
    "ServiceUnavailable",
    "GatewayTimeout",
    "ValidationProblem",
    "InvalidParam",
    # Collect, answer, read back
    "Registry",
    "Policy",
    "ProblemDetails",
    "ProblemType",
    "ReceivedProblem",
    # When this package is used wrongly
    "ProblemsError",
]

if not TYPE_CHECKING:  # or checkers would take any name for one of this module
    # What clients have none of.
    __getattr__, __dir__ = later(__name__, {"Policy": "problems.policy", "policy": "problems.policy"})
