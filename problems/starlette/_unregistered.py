"""
Declared problem types whose type URI clients do not recognise, found when the application starts.

Knows Starlette's routes; the rule is in `problems.registry`.
"""

from collections.abc import Iterator
from typing import Any

from problems.answering._exchange import Setup
from problems.answering.instrumentation.logging import warned
from problems.declaring._applications import INSTALLED, endpoints_of, inner_application, places_in
from problems.declaring._raises import declared
from problems.declaring.problem import Problem
from problems.registry import unregistered

__all__ = ["warn_unregistered"]


def warn_unregistered(app: object, setup: Setup) -> None:
    """
    Warn of each declared type that is not registered, or relative without a base, with an operation that declares it.

    Args:
        app: The application. Mounted applications with problems of their own are left to themselves.
        setup: The registry and policy of the application.
    """
    results: dict[type[Problem], str] = {}
    for cls, operation in _declarations(app, setup):
        results.setdefault(cls, operation)
    for cls, operation in results.items():
        if (reason := unregistered(cls, setup.registry)) is not None:
            setup.registry.form(cls)  # known from now on: there is no second warning when it is answered
            warned(f"{operation} declares {cls.__qualname__} ({cls.problem_type.status}), but {reason}")


def _declarations(app: Any, setup: Setup) -> Iterator[tuple[type[Problem], str]]:
    for middleware in getattr(app, "user_middleware", ()):
        yield from ((cls, f"The middleware {middleware.cls.__qualname__}") for cls in declared(middleware.cls))
    for place in places_in(app.routes):
        endpoint = getattr(place.route, "endpoint", None)
        inner = inner_application(place.route)
        if endpoint is not None:
            for method, _ in endpoints_of(place.route):
                types = setup.declares(place.request(app, method), setup.registry) or ()
                yield from ((cls, f"{method} {place.path}") for cls in types)
        elif inner is not None and not hasattr(inner, INSTALLED):
            yield from _declarations(inner, setup)
