"""
FastAPI's view of a route that is in effect where its router was included.

FastAPI has this view since 0.138. Before 0.137, including a router copies its routes: each is its own view.
"""

from collections.abc import Iterable

import fastapi.routing
from fastapi.routing import APIRoute

__all__ = ["RouteContext", "iter_route_contexts"]

if hasattr(fastapi.routing, "RouteContext"):
    from fastapi.routing import RouteContext, iter_route_contexts
else:

    class RouteContext:  # type: ignore[no-redef]  # the same facts, of an older FastAPI
        """A route that its router's inclusion has copied."""

        def __init__(self, original_route: APIRoute, _: object = None) -> None:
            self.original_route = original_route

        def __getattr__(self, name: str) -> object:
            """Return an attribute of the route."""
            return getattr(self.original_route, name)

    def iter_route_contexts(routes: Iterable[object]) -> Iterable[RouteContext]:  # type: ignore[misc]  # likewise
        """Return the views of routes."""
        return [RouteContext(route) for route in routes if isinstance(route, APIRoute)]
