"""
The response to an exception, for code that answers by itself: middleware, and handlers of the user's own.

Knows which application answers; what is answered is decided in `problems.answering._answer`.
"""

from starlette.authentication import AuthenticationError
from starlette.requests import HTTPConnection
from starlette.responses import Response

from problems.answering._meaning import meaning_of
from problems.answering.instrumentation.logging import guarded
from problems.answering.policy import Policy
from problems.catalog import BadRequest
from problems.starlette._middleware import setup_of
from problems.starlette._response import Setup

__all__ = ["problem_response"]


def problem_response(conn: HTTPConnection, exc: Exception) -> Response:
    """
    Return the response to *exc*, as the application would answer it.

    A plain function, fit as an exception handler of middleware that knows no async ones, and as the `on_error` of
    `AuthenticationMiddleware`, whose error is a 400 unless `Policy(translate=…)` says otherwise:

    >>> from starlette.middleware import Middleware
    >>> from starlette.middleware.authentication import AuthenticationMiddleware
    >>> from starlette.authentication import AuthenticationBackend
    >>> middleware = Middleware(AuthenticationMiddleware, AuthenticationBackend(), problem_response)

    Args:
        conn: The request.
        exc: What was raised.
    """
    setup = setup_of(conn.scope.get("app")) or Setup.of(None, Policy())
    told: BaseException | None = None
    if isinstance(exc, AuthenticationError):
        with guarded("`Policy(translate=…)` failed; the usual problem is sent."):
            told = meaning_of(exc, setup.policy, setup.registry)
        told = told or BadRequest()
    return setup.respond(conn.scope, exc, told)
