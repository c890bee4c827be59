"""
`add_problems` for Starlette: the handlers and the middleware that an application gets.

Knows the application; `problems.answering` decides what is answered.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial, wraps
from typing import Any, Final

from starlette._utils import is_async_callable
from starlette.applications import Starlette
from starlette.authentication import AuthenticationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException, WebSocketException
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp

from problems._wire.arguments import explained
from problems._wire.problem_type import ABOUT_BLANK
from problems._wire.text import briefly
from problems.answering._exchange import Facts, Setup
from problems.answering._meaning import meaning_of
from problems.answering._returned import note_returned
from problems.answering.instrumentation.logging import guarded, warned
from problems.answering.policy import Policy
from problems.catalog import BadRequest
from problems.declaring._applications import INSTALLED, inner_application, places_in, setup_in
from problems.declaring._received import ReceivedProblem
from problems.declaring.problem import Problem
from problems.errors import ProblemsError, SetupError, need
from problems.registry import Registry
from problems.starlette._connection import is_cut
from problems.starlette._middleware import Innermost, Outermost, answer_crash, closing, setup_for
from problems.starlette._response import respond
from problems.starlette._texts import TextsAsProblems
from problems.starlette._unregistered import warn_unregistered
from problems.starlette._way import Place, woven

__all__ = ["add_problems", "install", "problem_response", "setup_of"]

Handler = Callable[[HTTPConnection, Exception], Awaitable[Response | ASGIApp]]
Handlers = Mapping[type[Exception], Handler]

_FRAMEWORKS: Final = ("starlette.", "fastapi.")


@explained
def add_problems(app: Starlette, registry: Registry | None = None, *, policy: Policy = Policy()) -> None:
    """
    Make *app*, and the applications mounted in it, answer every error with a problem document.

    Your own exception handlers keep working, whether they are registered before or after. Mounted applications
    with handlers or problems of their own keep them.

    >>> from starlette.applications import Starlette
    >>> app = Starlette()
    >>> add_problems(app)

    Args:
        app: The application, before its first request.
        registry: The problem types of the application, for their URIs.
        policy: How to answer.

    Raises:
        SetupError: The application has problems already, has served already, or is one of FastAPI's; or the policy
            translates to a problem type that needs members.
        InvalidRegistry: The registry has several problem types for invalid requests, or one that needs further members.
    """
    if any(cls.__module__.startswith("fastapi.") for cls in type(app).__mro__):
        raise SetupError(
            "This is a FastAPI application, with validation errors and a document of its own. "
            "Import `add_problems` from `problems.fastapi`."
        )
    install(app, setup_for(registry, policy)._replace(read=_with_note))


def _with_note(exc: Exception, facts: Facts, _policy: Policy) -> Exception:
    """Return the exception, which names the endpoint that returned a problem, if it is about that."""
    note_returned(exc, facts)
    return exc


def install(
    app: Starlette,
    setup: Setup,
    classes: tuple[type[Exception], ...] = (),
    extend: Callable[[Starlette], None] = lambda _: None,
) -> None:
    """
    Give *app*, and the applications mounted in it, the handlers and the middleware.

    Args:
        app: The application.
        setup: The registry and policy of the application.
        classes: Exceptions of a framework on top of Starlette that are meant for clients.
        extend: What that framework does with each application besides.
    """
    need(app, Starlette, "application", "Write `add_problems(app, registry)`.")
    if setup_of(app) is not None:
        raise SetupError(
            "This application has problems already. Call `add_problems` once, with `one | other` for two registries."
        )
    if app.middleware_stack is not None:
        raise SetupError("This application has served already. Call `add_problems` before its first request.")
    _check(setup.policy)
    _Installed(app, setup, classes, extend, recognises_texts=setup.policy.framework_texts).give()


def setup_of(app: object) -> Setup | None:
    """Return the registry and policy that `add_problems` gave an application, or `None`."""
    setup = setup_in(app)
    return setup if isinstance(setup, Setup) else None


def problem_response(conn: HTTPConnection, exc: Exception) -> Response:
    """
    Return the response to *exc*, as the application would answer it.

    A plain function, suitable as an exception handler of middleware that does not accept async ones, and as the
    `on_error` of `AuthenticationMiddleware`, whose error is a 400 unless `Policy(translate=…)` says otherwise:

    >>> from starlette.middleware import Middleware
    >>> from starlette.middleware.authentication import AuthenticationMiddleware
    >>> from starlette.authentication import AuthenticationBackend
    >>> middleware = Middleware(AuthenticationMiddleware, AuthenticationBackend(), problem_response)

    Args:
        conn: The request.
        exc: The exception that was raised.
    """
    setup = setup_of(conn.scope.get("app")) or setup_for(None, Policy())
    meaning: BaseException | None = None
    if isinstance(exc, AuthenticationError):
        with guarded("`Policy(translate=…)` failed; the usual problem is sent."):
            meaning = meaning_of(exc, setup.policy, setup.registry)
        meaning = meaning or BadRequest()
    return respond(setup, conn.scope, exc, meaning)


def _check(policy: Policy) -> None:
    """Refuse translations that could only fail when they are needed."""
    for exception, target in policy.translate.items():
        try:
            if isinstance(target, type):
                target()
        except ProblemsError as error:
            raise SetupError(
                f"`translate` cannot turn {exception.__qualname__} into {briefly(target)}: {error} "
                f"Give a function of the exception that returns the problem."
            ) from error


class _Installed:
    """
    What one application was given.

    Attributes:
        app: The application.
        setup: Its registry and policy.
    """

    def __init__(
        self,
        app: Starlette,
        setup: Setup,
        classes: tuple[type[Exception], ...],
        extend: Callable[[Starlette], None],
        *,
        recognises_texts: bool = False,
        is_mounted: bool = False,
    ) -> None:
        self.app, self.setup = app, setup
        self._classes, self._extend, self._recognises_texts = classes, extend, recognises_texts
        self._is_mounted = is_mounted
        self._outermost = Place()
        self._handlers = _handlers(setup, classes, self._outermost)

    def give(self) -> None:
        """Give the application its handlers, and extend its middleware stack when that is built."""
        setattr(self.app, INSTALLED, self)
        self._add_handlers()
        self._extend(self.app)
        build = self.app.build_middleware_stack
        self.app.build_middleware_stack = partial(self._build, build)  # type: ignore[method-assign]  # of one instance

    def finish(self) -> None:
        """Reach what was registered, mounted or replaced since; called before the first request."""
        try:
            self._add_handlers()
            self._extend(self.app)
            if not self._is_mounted:
                warn_unregistered(self.app, self.setup)
            for mounted in _mounted_in(self.app):
                if setup_of(mounted) is None and mounted.middleware_stack is None:
                    _Installed(mounted, self.setup, self._classes, self._extend, is_mounted=True).give()
        except Exception as error:  # noqa: BLE001 - a server would take it for an application without lifespan
            warned(f"`add_problems` could not finish the set-up of {self.app!r}: {type(error).__name__}: {error}")

    def _build(self, build: Callable[[], ASGIApp]) -> ASGIApp:
        """Build the stack from the application's own lists, extended for as long as that takes."""
        self.finish()
        app, table = self.app, self._table()
        middleware, handlers, debug = app.user_middleware, app.exception_handlers, app.debug
        app.user_middleware = woven(middleware, self._around, self._below, self._outermost)
        app.exception_handlers = table
        # The page of `debug=True` would be sent instead of the problem.
        app.debug = debug and table.get(Exception) is not self._handlers[Exception]
        try:
            stack = build()
        finally:
            app.user_middleware, app.exception_handlers, app.debug = middleware, handlers, debug
        if not self._recognises_texts:
            return stack
        if isinstance(stack, ServerErrorMiddleware):  # instrumentations expect it outermost
            stack.app = TextsAsProblems(stack.app, self.setup)
            return stack
        return TextsAsProblems(stack, self.setup)

    def _around(self, app: ASGIApp, place: Place) -> ASGIApp:
        return Outermost(app, place, self.setup)

    def _below(self, app: ASGIApp, place: Place) -> ASGIApp:
        return Innermost(app, place, self.setup)

    def _add_handlers(self) -> None:
        table: dict[Any, Any] = self.app.exception_handlers
        for cls, handler in self._handlers.items():
            own = table.get(500 if cls is Exception and 500 in table else cls)
            if own is None or _is_the_frameworks(own):
                table[cls] = handler

    def _table(self) -> dict[Any, Any]:
        """Return the handlers that the stack is built with."""
        table: dict[Any, Any] = dict(self.app.exception_handlers)
        if 500 in table and table.get(Exception) is self._handlers[Exception]:
            del table[Exception]  # a handler for 500 is one for `Exception`
        classes = {key: handler for key, handler in table.items() if not isinstance(key, int)}
        for key, handler in table.items():
            if isinstance(key, int) and key != 500:
                table[key] = _beside_types(handler, classes)
        return table


def _is_the_frameworks(handler: object) -> bool:
    # A user-defined handler that wraps one of the framework has the module of that.
    return str(getattr(handler, "__module__", "")).startswith(_FRAMEWORKS) and not hasattr(handler, "__wrapped__")


def _beside_types(own: Any, classes: Mapping[type, Any]) -> Handler:
    """Return a handler for a status code that leaves declared types, which are more specific, to those for classes."""

    @wraps(own)
    async def handle(conn: HTTPConnection, exc: Exception) -> Any:
        handler = own
        if isinstance(exc, ReceivedProblem) or (isinstance(exc, Problem) and exc.problem_type.uri != ABOUT_BLANK):
            handler = next(classes[cls] for cls in type(exc).__mro__ if cls in classes)
        if is_async_callable(handler):
            return await handler(conn, exc)
        return await run_in_threadpool(handler, conn, exc)

    return handle


def _handlers(setup: Setup, further: tuple[type[Exception], ...], outermost: Place) -> Handlers:
    # Plain async functions: Starlette runs a sync one in a thread, and is slow to see what a callable object is.
    async def handle(conn: HTTPConnection, exc: Exception) -> Response:
        response = respond(setup, conn.scope, exc)
        if not response.decision.answer.is_expected or is_cut(conn.scope):
            raise exc  # a crash unwinds first
        return response

    async def handle_crash(conn: HTTPConnection, exc: Exception) -> ASGIApp:
        return await answer_crash(setup, outermost, exc, conn.scope)

    async def close(conn: HTTPConnection, exc: Exception) -> ASGIApp:
        if conn.scope["type"] != "websocket" or not isinstance(exc, WebSocketException) or is_cut(conn.scope):
            raise exc
        return closing(exc)

    classes: tuple[type[Exception], ...] = (
        Problem,
        ReceivedProblem,
        HTTPException,
        ExceptionGroup,
        *further,
        *setup.policy.translate,
    )
    return {
        **dict[type[Exception], Handler].fromkeys(classes, handle),
        WebSocketException: close,
        Exception: handle_crash,
    }


def _mounted_in(app: Starlette) -> Iterator[Starlette]:
    """Yield the applications that are mounted in *app*, however deep in routers; not those mounted in them."""
    for place in places_in(app.routes):
        inner = inner_application(place.route)
        if isinstance(inner, Starlette):
            yield inner
