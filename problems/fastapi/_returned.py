"""
Responses of FastAPI that would be made of a returned problem: refused before anything is sent.

Knows where FastAPI turns the value of an endpoint into JSON; endpoints are not wrapped.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, NoReturn

from fastapi import FastAPI
from fastapi.encoders import encoders_by_class_tuples

from problems._wire.invalid_params._values import is_mapping
from problems.answering._returned import is_problem_in
from problems.declaring.problem import Problem
from problems.errors import ReturnedProblem
from problems.fastapi._declared import routes_of

__all__ = ["refuse_returned"]

_GUARDED: Final = "problems_guarded"
_FIELDS: Final = ("response_field", "stream_item_field")
_CONTAINERS: Final = frozenset({list, tuple, dict, set})
_SUSPECT: Final = (Problem, type)
"""A tuple: `Problem | type` would make a union for each response."""


class _AnyProblem(type):
    """Makes `isinstance` find problems, and problem classes, which are returned by mistake too."""

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, Problem) or (isinstance(value, type) and issubclass(value, Problem))


class _Returned(metaclass=_AnyProblem):
    """A problem or a problem class in the value of an endpoint."""


def _refuse(value: object) -> NoReturn:
    raise ReturnedProblem((value if isinstance(value, type) else type(value)).__qualname__)


# `jsonable_encoder` would write the attributes of the exception; for unknown classes it looks into this table.
encoders_by_class_tuples[_refuse] = (_Returned,)


def refuse_returned(app: object) -> None:
    """
    Refuse problems where the routes of an application have a `response_model`.

    Pydantic reads the attributes of any object, so that a problem with the right members would be a success.
    """
    if isinstance(app, FastAPI):
        for _, route in routes_of(app.routes):
            results = [getattr(one, name, None) for one in (route, route.original_route) for name in _FIELDS]
            for field in results:
                if field is not None and not hasattr(field, _GUARDED):
                    setattr(field, _GUARDED, True)
                    field.validate = _guarded(field.validate)


def _guarded(validate: Callable[..., object]) -> Callable[..., object]:
    def guarded(value: Any, values: object = None, *, loc: object = ()) -> object:
        is_suspect = isinstance(value, _SUSPECT) or (value.__class__ in _CONTAINERS and _holds(value))
        if is_suspect and (name := is_problem_in(value)) is not None:
            raise ReturnedProblem(name)
        return validate(value, values, loc=loc)

    return guarded


def _holds(value: Any) -> bool:
    """Return whether a container holds a problem: one level deep, as most responses with several items are."""
    items: Iterable[object] = value.values() if is_mapping(value) else value
    return any(isinstance(item, Problem) for item in items)
