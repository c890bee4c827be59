"""
`add_problems` for FastAPI: its validation errors, and its document.

Knows FastAPI's exceptions; what is answered is decided in `problems.answer`.
"""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError, ValidationException, WebSocketRequestValidationError
from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from starlette.responses import Response

from problems.answer import Rejected
from problems.fastapi._document import extend_openapi
from problems.policy import Policy
from problems.registry import Registry
from problems.starlette._handlers import Handlers
from problems.starlette._install import install
from problems.starlette._response import Setup

__all__ = ["add_problems"]


def add_problems(app: Starlette, registry: Registry | None = None, *, policy: Policy = Policy()) -> None:
    """
    Make *app* answer with a problem document wherever it answers with an error, and document what is declared.

    Handlers of yours keep winning for their classes, be they registered before or after; an `app.openapi` of
    yours is called and extended.

    >>> app = FastAPI()
    >>> add_problems(app)

    Args:
        app: The application, before its first request; one of Starlette's with FastAPI applications mounted in it too.
        registry: The problem types of the application, for their URIs.
        policy: How to answer.

    Raises:
        SetupError: The application has problems already, has served already, or has handlers for status codes.
    """
    setup = Setup(registry if registry is not None else Registry(), policy)
    install(app, setup, _handlers(setup))
    if isinstance(app, FastAPI):
        extend_openapi(app)


def _handlers(setup: Setup) -> Handlers:
    async def handle(conn: HTTPConnection, exc: Exception) -> Response:
        errors: Sequence[Any] = exc.errors() if isinstance(exc, ValidationException) else ()
        return setup.respond(conn.scope, exc, Rejected(errors, getattr(exc, "body", None)))

    return {RequestValidationError: handle, WebSocketRequestValidationError: handle}
