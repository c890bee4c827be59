"""
`add_problems` for Starlette: what an application is given, and when that is refused.

Knows the application; what is answered is decided in `problems.answering._answer`.
"""

from collections.abc import Callable
from typing import NamedTuple

from starlette.applications import Starlette
from starlette.exceptions import HTTPException, WebSocketException
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp

from problems.answering.policy import Policy
from problems.declaring._received import ReceivedProblem
from problems.declaring.problem import Problem
from problems.errors import ProblemsError, SetupError, need
from problems.registry import Registry
from problems.starlette._handlers import (
    Handler,
    Handlers,
    add_handlers,
    answers_crashes,
    mounted_in,
    status_handlers,
)
from problems.starlette._middleware import ProblemMiddleware, closing, setup_of
from problems.starlette._response import SETUP, Setup
from problems.starlette._texts import recognise_texts

__all__ = ["add_problems", "install"]


def add_problems(app: Starlette, registry: Registry | None = None, *, policy: Policy = Policy()) -> None:
    """
    Make *app*, and what is mounted in it, answer with a problem document wherever it answers with an error.

    Handlers of yours keep winning for their classes, be they registered before or after. Mounted applications
    with handlers or problems of their own keep them.

    >>> from starlette.applications import Starlette
    >>> app = Starlette()
    >>> add_problems(app)

    Args:
        app: The application, before its first request.
        registry: The problem types of the application, for their URIs.
        policy: How to answer.

    Raises:
        SetupError: The application has problems already, has served already, has handlers for status codes, or is
            one of FastAPI's; or the policy translates to a problem type that needs members.
        InvalidRegistry: The registry has several problem types for invalid requests, or one that needs further members.
    """
    if any(cls.__module__.startswith("fastapi.") for cls in type(app).__mro__):
        raise SetupError(
            "This is a FastAPI application, with validation errors and a document of its own. "
            "Import `add_problems` from `problems.fastapi`."
        )
    install(app, Setup.of(registry, policy))


def install(
    app: Starlette,
    setup: Setup,
    classes: tuple[type[Exception], ...] = (),
    extend: Callable[[Starlette], None] = lambda _: None,
) -> None:
    """
    Give *app*, and what is mounted in it, the handlers and the middleware.

    Args:
        app: The application.
        setup: What it answers with.
        classes: Exceptions of a framework on top of Starlette that are meant for clients.
        extend: What that framework does with each application besides.
    """
    _refuse(app)
    _check(setup.policy)
    _Installation(setup, _handlers(setup, classes), extend).give(app, _refuse_statuses)
    if setup.policy.framework_texts:
        recognise_texts(app, setup)


class _Installation(NamedTuple):
    """What an application and those mounted in it are given."""

    setup: Setup
    handlers: Handlers
    extend: Callable[[Starlette], None]

    def give(self, app: Starlette, check: Callable[[Starlette], None] = lambda _: None) -> None:
        """Equip *app*; *check* it once more when everything is registered."""

        def finish() -> bool:
            check(app)
            self.extend(app)  # what was replaced since
            for mounted in mounted_in(app.routes):
                if setup_of(mounted) is None and mounted.middleware_stack is None:
                    self.give(mounted)
            return answers_crashes(app, self.handlers)

        add_handlers(app, self.handlers)
        self.extend(app)
        # Last is innermost: below CORS and request ids, so that the problems of crashes have them too.
        app.user_middleware.append(Middleware(ProblemMiddleware, setup=self.setup, finish=finish))


def _refuse(app: Starlette) -> None:
    need(app, Starlette, "application", "Write `add_problems(app, registry)`.")
    if setup_of(app) is not None:
        raise SetupError(
            "This application has problems already. Call `add_problems` once, with `one | other` for two registries."
        )
    if app.middleware_stack is not None:
        raise SetupError("This application has served already. Call `add_problems` before its first request.")
    _refuse_statuses(app)


def _refuse_statuses(app: Starlette) -> None:
    if statuses := status_handlers(app):
        raise SetupError(
            f"The handler for the status code {statuses[0]} would be called instead of those for problems. "
            f"Register it for an exception class, such as the one of that status in `problems.catalog`."
        )


def _check(policy: Policy) -> None:
    """Refuse translations that could only fail when they are needed."""
    for exception, target in policy.translate.items():
        try:
            if isinstance(target, type):
                target()
        except ProblemsError as error:
            raise SetupError(
                f"`translate` cannot turn {exception.__qualname__} into {target!r}: {error} "
                f"Give a function of the exception that returns the problem."
            ) from error


def _handlers(setup: Setup, further: tuple[type[Exception], ...]) -> Handlers:
    # Plain async functions: Starlette runs a sync one in a thread, and is slow to see what a callable object is.
    async def handle(conn: HTTPConnection, exc: Exception) -> Response:
        scope = conn.scope
        current: Setup = scope.get(SETUP, setup)  # a test may have replaced the one that this handler was made with
        response = current.respond(scope, exc)
        if not response.is_expected:
            raise exc  # the middleware answers it, and passes it on to the server
        return response

    async def handle_crash(conn: HTTPConnection, exc: Exception) -> Response:
        return setup.respond(conn.scope, exc)

    async def close(conn: HTTPConnection, exc: Exception) -> ASGIApp:
        if conn.scope["type"] != "websocket" or not isinstance(exc, WebSocketException):
            raise exc
        return closing(exc)

    classes: tuple[type[Exception], ...] = (Problem, ReceivedProblem, HTTPException, *further, *setup.policy.translate)
    return {
        **dict[type[Exception], Handler].fromkeys(classes, handle),
        WebSocketException: close,
        Exception: handle_crash,
    }
