"""
How a request to one route can be invalid: each parameter, each part of the body, with the codes that are possible.

Knows FastAPI's parameters; what pydantic finds is read in `problems.openapi`.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import TypeAdapter

from problems import openapi
from problems.fastapi._declared import parameters_in
from problems.fastapi._routes import RouteContext

if TYPE_CHECKING:
    from problems.openapi import InvalidInputs

__all__ = ["adapter_of", "invalid_inputs"]

_UNREADABLE: Final = frozenset({"missing", "json_invalid"})
"""What can be wrong with a body before it is validated."""


def invalid_inputs(route: RouteContext) -> "InvalidInputs":
    """Return how a request to *route* can be invalid."""
    inputs = openapi.InvalidInputs()
    for location, parameter in parameters_in(route.dependant):
        for name, codes in _of_parameter(parameter):
            inputs.add_parameter(location, name, codes)
    if route.body_field is not None:
        for path, codes in openapi.possible_errors(_schema(route.body_field)).items():
            inputs.add_pointer(path, codes if path or codes is None else codes | _UNREADABLE)
    return inputs


def _of_parameter(parameter: Any) -> Iterator[tuple[str | None, frozenset[str] | None]]:
    """Yield names and codes: of a model of parameters each of its fields, of any other itself."""
    schema = _schema(parameter)
    errors = openapi.possible_errors(schema)
    if any(isinstance(part, str) for path in errors for part in path[:1]):
        for path, codes in errors.items():
            yield (path[0] if path else None), codes
        return
    for codes in errors.values():
        is_required = parameter.field_info.is_required()
        yield parameter.alias, codes | {"missing"} if is_required and codes is not None else codes


def _schema(field: object) -> object:
    """Return pydantic's schema of a parameter or a body."""
    return adapter_of(field).core_schema


def adapter_of(field: Any) -> TypeAdapter[Any]:
    """Return the type of a parameter or a body."""
    info = field.field_info
    annotated: Any = Annotated  # a type that only exists now: type checkers have nothing to say about it
    adapter: TypeAdapter[Any] = TypeAdapter(annotated[info.annotation, info])
    return adapter
