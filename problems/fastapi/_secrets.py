"""
Which parameters and members of a request's operation are secrets.

Knows where FastAPI keeps parameters and bodies, of routes that are in no document too; how a secret is marked is known
in `problems._wire.invalid_params`.
"""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, APIWebSocketRoute

from problems._wire.invalid_params._secrets import secrets_in
from problems.answering._exchange import Facts
from problems.fastapi._declared import dependants_in, overriding_in, parameters_in
from problems.fastapi._invalid import adapter_of
from problems.fastapi._routes import iter_route_contexts

__all__ = ["Secrets"]

Names = frozenset[str]


class Secrets:
    """The secrets of operations, each looked for once."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[object, Names | None]] = {}

    def of(self, scope: Facts) -> Names | None:
        """Return the names of the secrets in a request, or `None` if its inputs are unknown."""
        route, app = scope.get("route"), scope.get("app")
        if not isinstance(route, APIRoute | APIWebSocketRoute):
            return None
        if isinstance(app, FastAPI) and app.dependency_overrides:  # of a test, which may change them
            return _found(_dependants(app, route, with_overrides=True), route)
        if id(route) not in self._known:  # with the route, so that its number stays its own
            self._known[id(route)] = route, _found(_dependants(app, route), route)
        return self._known[id(route)][1]


def _dependants(app: object, route: APIRoute | APIWebSocketRoute, *, with_overrides: bool = False) -> list[Dependant]:
    """Return the dependencies of an operation, for each place where its router is included."""
    dependants = [route.dependant]
    if isinstance(app, FastAPI):
        dependants += [
            context.dependant for context in iter_route_contexts(app.routes) if context.original_route is route
        ]
        if with_overrides:
            dependants += [
                dependency for one in tuple(dependants) for dependency in overriding_in(app.dependency_overrides, one)
            ]
    return dependants


def _found(dependants: list[Dependant], route: APIRoute | APIWebSocketRoute) -> Names | None:
    names: set[str] = set()
    for field, name in [*_parameters(dependants), *_body(route)]:
        secrets = secrets_in(adapter_of(field), *name)
        if secrets is None:
            return None
        names |= secrets
    return frozenset(names)


def _parameters(dependants: list[Dependant]) -> Iterator[tuple[object, tuple[str, ...]]]:
    for dependant in dependants:
        parameters = [parameter for _, parameter in parameters_in(dependant)]
        for parameter in (*parameters, *(param for one in dependants_in(dependant) for param in one.body_params)):
            yield parameter, (parameter.name, parameter.alias)


def _body(route: APIRoute | APIWebSocketRoute) -> Iterator[tuple[Any, tuple[str, ...]]]:
    # A body that is a secret as a whole has no name by which it could be masked.
    if isinstance(route, APIRoute) and route.body_field is not None:
        yield route.body_field, ()
