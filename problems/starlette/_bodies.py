"""
Validated request bodies for endpoints of Starlette.

Knows how JSON and forms are parsed; `problems.answering` decides what a validation problem contains.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Any, Final, Generic, TypeGuard, TypeVar, overload

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json
from starlette.datastructures import FormData
from starlette.requests import Request

from problems._wire.invalid_params._secrets import described, secrets_in, target_of
from problems._wire.invalid_params._values import is_list, is_mapping
from problems._wire.media_types import FORM, JSON, MULTIPART, essence
from problems.answering._meaning import Rejected, validation_problem
from problems.answering.policy import Policy
from problems.catalog import UnsupportedMediaType
from problems.declaring.problem import Problem
from problems.starlette._install import setup_of
from problems.starlette._middleware import setup_for

__all__ = ["read_body"]

T = TypeVar("T")

_FORMS: Final = frozenset({FORM, MULTIPART})
_MISSING: Final[Mapping[str, Any]] = {"type": "missing", "loc": ("body",), "msg": "Field required", "input": None}
_INVALID: Final[Mapping[str, object]] = {"type": "json_invalid", "loc": ("body",), "input": {}}


@overload
async def read_body(request: Request, model: TypeAdapter[T]) -> T: ...
@overload
async def read_body(request: Request, model: type[T]) -> T: ...
async def read_body(request: Request, model: TypeAdapter[T] | type[T]) -> T:
    """
    Return the body of a request, JSON or a form, as *model* describes it.

    ```python
    async def order(request: Request) -> Response:
        wanted = await read_body(request, Order)
    ```

    Args:
        request: The request.
        model: A pydantic model, any other type that pydantic knows, or a `TypeAdapter`, which is built once.

    Raises:
        ValidationProblem: The body is missing, is not valid JSON, or does not fit; with the status of the policy.
        UnsupportedMediaType: It is neither JSON nor a form.
    """
    wanted = _wanted(model)
    adapter = wanted.adapter
    kind = essence(request.headers.get("content-type"))
    if kind in _FORMS:
        form = wanted.read(await request.form())
        return _validated(request, form, wanted, lambda: adapter.validate_python(form))
    if kind and kind != JSON and not kind.endswith("+json"):
        raise UnsupportedMediaType(accept=[JSON])
    raw = await request.body()
    try:
        # Strict: NaN, lone surrogates, bytes that are not UTF-8 and endless nesting are not valid JSON.
        body = from_json(raw, allow_inf_nan=False)
    except ValueError as error:
        fault: dict[str, Any] = {**_INVALID, "msg": f"Invalid JSON: {error}"} if raw else {**_MISSING}
        raise _problem(request, [fault], None, wanted) from None
    return _validated(request, body, wanted, lambda: adapter.validate_json(raw))


class _Wanted(Generic[T]):
    """The type of a body: read once for each type."""

    def __init__(self, model: TypeAdapter[T] | type[T]) -> None:
        self.adapter: TypeAdapter[T] = model if isinstance(model, TypeAdapter) else TypeAdapter(model)

    @cached_property
    def secrets(self) -> frozenset[str] | None:
        """The names of its secrets; `None` if they are not known."""
        return secrets_in(self.adapter)

    def read(self, form: FormData) -> dict[str, object]:
        """Return a form as the object that the type describes: a field of an array type is always a list."""
        return {name: self._value(name, form.getlist(name)) for name in form}

    def _value(self, name: str, values: list[Any]) -> object:
        kinds = self._kinds.get(name, set[str]())
        is_array = "array" in kinds and (len(values) > 1 or kinds <= {"array", "null"})
        return values if is_array else values[-1]

    @cached_property
    def _kinds(self) -> Mapping[str, set[str]]:
        """The JSON types that each member can have, by its name."""
        schema = described(self.adapter) or {}
        kinds: dict[str, set[str]] = {}
        for part in _alternatives(schema, schema):
            properties = part.get("properties")
            for name, member in properties.items() if is_mapping(properties) else ():
                results = (
                    str(alternative["type"]) for alternative in _alternatives(member, schema) if "type" in alternative
                )
                kinds.setdefault(name, set()).update(results)
        return kinds


def _alternatives(schema: object, document: object) -> Iterator[Mapping[Any, object]]:
    """Yield a schema, the schemas it refers to, and its alternatives."""
    waiting, seen = [schema], set[object]()
    while waiting:
        part = waiting.pop()
        if not is_mapping(part):
            continue
        choices = [part.get(keyword) for keyword in ("anyOf", "oneOf", "allOf")]
        waiting += [choice for several in choices if is_list(several) for choice in several]
        reference = part.get("$ref")
        if isinstance(reference, str) and reference not in seen:
            seen.add(reference)
            waiting.append(target_of(reference, document))
        yield part


_cached = lru_cache(maxsize=256)(_Wanted[Any])


def _wanted(model: TypeAdapter[T] | type[T]) -> _Wanted[T]:
    return _cached(model) if _is_itself(model) else _Wanted(model)


def _is_itself(model: object) -> TypeGuard[Hashable]:
    """Whether *model* is equal to itself only; `int | str` is equal to `str | int`."""
    return isinstance(model, type | TypeAdapter)


def _validated(request: Request, body: object, wanted: _Wanted[T], validate: Callable[[], T]) -> T:
    try:
        return validate()
    except ValidationError as error:
        # Without `error` as its cause: its text contains the values.
        errors = [{**fault, "loc": ("body", *fault["loc"])} for fault in error.errors(include_url=False)]
        raise _problem(request, errors, body, wanted) from None


def _problem(request: Request, errors: list[dict[str, Any]], body: object, wanted: _Wanted[Any]) -> Problem:
    setup = setup_of(request.scope.get("app")) or setup_for(None, Policy())
    secrets = wanted.secrets if setup.policy.include_inputs else None
    return validation_problem(Rejected(errors, body, secrets), setup.policy, setup.registry)
