"""
Which exception handlers an application has, and which applications are mounted in it.

Knows Starlette's handler table and routes; a handler the user registered is never replaced.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp

__all__ = ["Handler", "Handlers", "add_handlers", "answers_crashes", "mounted_in", "status_handlers"]

Handler = Callable[[HTTPConnection, Exception], Awaitable[Response | ASGIApp]]
Handlers = Mapping[type[Exception], Handler]

_FRAMEWORKS: Final = ("starlette.", "fastapi.")


def add_handlers(app: Starlette, handlers: Handlers) -> None:
    """Register *handlers*, except for classes that the user has a handler for."""
    table: dict[Any, Any] = app.exception_handlers
    for cls, handler in handlers.items():
        own = table.get(cls)
        if own is None or _is_the_frameworks(own):
            table[cls] = handler


def _is_the_frameworks(handler: object) -> bool:
    # A handler of the user's that wraps one of theirs has the module of that.
    return str(getattr(handler, "__module__", "")).startswith(_FRAMEWORKS) and not hasattr(handler, "__wrapped__")


def answers_crashes(app: Starlette, handlers: Handlers) -> bool:
    """Return whether the user has a handler for every exception, that is for those nobody expects."""
    table: dict[Any, Any] = app.exception_handlers
    return 500 in table or table.get(Exception) is not handlers[Exception]


def status_handlers(app: Starlette) -> list[int]:
    """Return the status codes that the user has handlers for: they would be called instead of those for classes."""
    return sorted(key for key in app.exception_handlers if isinstance(key, int))


def mounted_in(routes: Iterable[object]) -> Iterator[Starlette]:
    """Yield the applications that are mounted in *routes*, however deep in routers; not those mounted in them."""
    for route in routes:
        app = _mounted(route)
        if app is not None:
            yield app
            continue
        router = getattr(route, "original_router", route)  # FastAPI keeps an included router, and its routes, apart
        yield from mounted_in(getattr(router, "routes", None) or ())


def _mounted(route: object) -> Starlette | None:
    """Return the application of a mount, out of the middleware that was put around it."""
    app = getattr(route, "_base_app", None) or getattr(route, "app", None)
    while app is not None and not isinstance(app, Starlette):
        app = getattr(app, "app", None)
    return app
