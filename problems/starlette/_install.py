"""
`add_problems` for Starlette: what an application is given, and when that is refused.

Knows the application; what is answered is decided in `problems.answer`.
"""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from starlette.responses import Response

from problems._received import ReceivedProblem
from problems.errors import SetupError
from problems.exceptions import Problem
from problems.policy import Policy
from problems.registry import Registry
from problems.starlette._handlers import Handler, Handlers, add_handlers
from problems.starlette._middleware import ProblemMiddleware, setup_of
from problems.starlette._response import Setup

__all__ = ["add_problems", "install"]


def add_problems(app: Starlette, registry: Registry | None = None, *, policy: Policy = Policy()) -> None:
    """
    Make *app* answer with a problem document wherever it answers with an error.

    Handlers of yours keep winning for their classes, be they registered before or after.

    >>> from starlette.applications import Starlette
    >>> app = Starlette()
    >>> add_problems(app)

    Args:
        app: The application, before its first request.
        registry: The problem types of the application, for their URIs.
        policy: How to answer.

    Raises:
        SetupError: The application has problems already, has served already, or has handlers for status codes.
    """
    install(app, Setup(registry if registry is not None else Registry(), policy), {})


def install(app: Starlette, setup: Setup, handlers: Handlers) -> None:
    """Give *app* the handlers and the middleware; *handlers* are those for a framework on top of Starlette."""
    _refuse(app)
    every = {**_handlers(setup), **handlers}
    add_handlers(app, every)
    # Last is innermost: below CORS and request ids, so that the problems of crashes have them too.
    app.user_middleware.append(Middleware(ProblemMiddleware, setup=setup, application=app, handlers=every))


def _refuse(app: Starlette) -> None:
    if setup_of(app) is not None:
        raise SetupError(
            "This application has problems already. Call `add_problems` once, with `one | other` for two registries."
        )
    if app.middleware_stack is not None:
        raise SetupError("This application has served already. Call `add_problems` before its first request.")
    if statuses := sorted(key for key in app.exception_handlers if isinstance(key, int)):
        raise SetupError(
            f"The handler for the status code {statuses[0]} would be called instead of those for problems. "
            f"Register it for an exception class, such as the one of that status in `problems.catalog`."
        )


def _handlers(setup: Setup) -> Handlers:
    # A plain async function: Starlette runs a sync one in a thread, and is slow to see what a callable object is.
    async def handle(conn: HTTPConnection, exc: Exception) -> Response:
        return setup.respond(conn.scope, exc)

    classes: tuple[type[Exception], ...] = (Problem, ReceivedProblem, HTTPException, Exception, *setup.policy.translate)
    return dict[type[Exception], Handler].fromkeys(classes, handle)
