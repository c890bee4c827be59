"""
Which exception handlers an application and those mounted in it have.

Knows Starlette's handler table and routes; a handler the user registered is never replaced.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from starlette.responses import Response

__all__ = ["Handler", "Handlers", "add_handlers", "reach_mounts"]

Handler = Callable[[HTTPConnection, Exception], Awaitable[Response]]
Handlers = Mapping[type[Exception], Handler]

_FRAMEWORKS: Final = ("starlette.", "fastapi.")


def add_handlers(app: Starlette, handlers: Handlers) -> None:
    """Register *handlers*, except for classes that the user has a handler for."""
    table: dict[Any, Any] = app.exception_handlers
    for cls, handler in handlers.items():
        own = table.get(cls)
        if own is None or own.__module__.startswith(_FRAMEWORKS):
            table[cls] = handler


def reach_mounts(routes: Iterable[object], handlers: Handlers, has_problems: Callable[[Starlette], bool]) -> None:
    """Give mounted applications *handlers* too, at any depth; those that have problems of their own keep them."""
    for route in routes:
        app = _mounted(route)
        if app is None:
            reach_mounts(getattr(route, "routes", None) or (), handlers, has_problems)
        elif not has_problems(app) and app.middleware_stack is None:
            add_handlers(app, handlers)
            reach_mounts(app.routes, handlers, has_problems)


def _mounted(route: object) -> Starlette | None:
    """Return the application of a mount, out of the middleware that the mount wrapped around it."""
    app = getattr(route, "app", None)
    while app is not None and not isinstance(app, Starlette):
        app = getattr(app, "app", None)
    return app
