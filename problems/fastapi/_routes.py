"""
The view that FastAPI has of a route, with the settings of the routers that include it.

FastAPI has this view since 0.138. Before 0.137, including a router copies its routes: each is its own view.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import fastapi.routing
from fastapi.routing import APIRoute

__all__ = ["RouteContext", "iter_route_contexts"]


class _CopiedRoute:
    """A route that its router's inclusion has copied."""

    def __init__(self, original_route: APIRoute, _: object = None) -> None:
        self.original_route = original_route

    def __getattr__(self, name: str) -> object:
        """Return an attribute of the route."""
        return getattr(self.original_route, name)


def _copied_routes(routes: Iterable[object]) -> Iterable[_CopiedRoute]:
    """Return the views of routes."""
    return [_CopiedRoute(route) for route in routes if isinstance(route, APIRoute)]


if TYPE_CHECKING:
    from fastapi.routing import RouteContext, iter_route_contexts
else:
    RouteContext = getattr(fastapi.routing, "RouteContext", _CopiedRoute)
    iter_route_contexts = getattr(fastapi.routing, "iter_route_contexts", _copied_routes)
