"""
Typed problem details (RFC 9457) for HTTP APIs.

Declare an error once, as a class; raise it, answer it, document it, and catch it again in the client.
"""

from typing import TYPE_CHECKING

from problems._wire.details import ProblemDetails
from problems._wire.invalid_params import InvalidParam
from problems._wire.later import later
from problems._wire.problem_type import ProblemType
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
from problems.declaring._raises import raises
from problems.declaring._received import ReceivedProblem
from problems.declaring._response_header import ResponseHeader
from problems.declaring.problem import ClientProblem, Problem, ServerProblem
from problems.errors import ProblemsError, ProblemsWarning
from problems.registry import Registry

if TYPE_CHECKING:
    from problems.answering import HTML, XML, Policy, RequestId, Texts

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
    "RequestId",
    "Texts",
    "HTML",
    "XML",
    "ProblemDetails",
    "ProblemType",
    "ReceivedProblem",
    # When this package is used wrongly
    "ProblemsError",
    "ProblemsWarning",
]

if not TYPE_CHECKING:  # or type checkers would accept any attribute of this module
    # Loaded when asked for: clients never need these.
    __getattr__, __dir__ = later(
        __name__, dict.fromkeys(("HTML", "Policy", "RequestId", "Texts", "XML"), "problems.answering")
    )
