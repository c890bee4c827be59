"""
What a client is told about each input that was rejected.

From pydantic's errors to problem details: where in the request the value is,
what is wrong with it, and nothing of the value itself. Knows the form of
FastAPI's errors, but no framework.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, Literal, NotRequired, TypeAlias, TypedDict, get_args

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, GetJsonSchemaHandler, model_serializer
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from problems._wire.invalid_params._inputs import MASK, MASKED_NAMES, Inputs, Unshowable
from problems._wire.invalid_params._messages import BUILT_IN, PLAIN, UNREADABLE, context_of, message_of
from problems._wire.invalid_params._pointers import pointer_to
from problems._wire.invalid_params._secrets import secret_names
from problems._wire.invalid_params._values import cut, encodable

__all__ = [  # noqa: RUF022 - in the order of a first reading
    "InvalidParam",
    "invalid_params",
    "RejectedParam",
    "rejected",
    "is_truncated",
    "ParameterLocation",
    "Location",
    "MASK",
    "MASKED_NAMES",
    "secret_names",
]

ParameterLocation: TypeAlias = Literal["query", "path", "header", "cookie"]
"""Where a parameter is: `in` of the wire, as in OpenAPI."""

Location: TypeAlias = Literal["body", "query", "path", "header", "cookie"]
"""Where an input is."""

_LOCATIONS: Final = frozenset(get_args(Location))
_CODE_LIMIT: Final = 100
_NAME_LIMIT: Final = 100
_WITHOUT_CODE: Final = "invalid"
_ABSENT: Final = frozenset(
    {
        "default_factory_not_called",
        "missing",
        "missing_argument",
        "missing_keyword_only_argument",
        "missing_positional_only_argument",
    }
)
"""Their ``loc`` ends with a member that is not there."""

_WITHOUT_INPUT: Final = _ABSENT | {"json_invalid"}
"""Their ``input`` is no rejected value, but what surrounds it: the object, or with FastAPI all the headers."""


class InvalidParam(BaseModel):
    """
    One rejected input: a value in the body, or a parameter.

    Absent members are not sent, never null:

    >>> InvalidParam(detail="Field required", code="missing", location="query", parameter="page").model_dump()
    {'detail': 'Field required', 'code': 'missing', 'in': 'query', 'parameter': 'page'}

    Attributes:
        detail: What is wrong, for people.
        code: What is wrong, for programs: the pydantic error type, such as ``missing`` or ``string_too_short``.
        pointer: The value in the body: a JSON Pointer as a URI fragment (RFC 6901, section 6), ``#`` for all of it.
        parameter: The name of the parameter that was rejected.
        location: Where that parameter is; `in` on the wire.
        context: The facts in *detail*, for translations: ``{"min_length": 3}``.
        input: The rejected value, only if the application shows it.
    """

    # Built on first use: importing the package must not pay for it.
    model_config = ConfigDict(frozen=True, defer_build=True, hide_input_in_errors=True)

    detail: str
    code: str
    pointer: str | None = None
    parameter: str | None = None
    location: ParameterLocation | None = Field(
        default=None, validation_alias=AliasChoices("in", "location"), serialization_alias="in"
    )
    context: dict[str, Any] | None = None
    input: Any = None

    @model_serializer(mode="plain")
    def _present_members(self) -> dict[str, object]:
        members: dict[str, object] = {
            "detail": self.detail,
            "code": self.code,
            "pointer": self.pointer,
            "in": self.location,
            "parameter": self.parameter,
            "context": self.context,
        }
        present = {name: value for name, value in members.items() if value is not None}
        return {**present, "input": self.input} if "input" in self.model_fields_set else present

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler, /) -> JsonSchemaValue:
        reference = handler(schema)
        component = handler.resolve_ref_schema(reference)
        component.clear()
        component.update(_component())
        return reference


def _component() -> JsonSchemaValue:
    """Return the one shape that all generators of clients understand: no null, no default, no title of a member."""
    text = {"type": "string"}
    return {
        "title": InvalidParam.__name__,
        "type": "object",
        "properties": {
            "detail": text,
            "code": text,
            "pointer": text,
            "parameter": text,
            "in": {**text, "enum": list(get_args(ParameterLocation))},
            "context": {"type": "object"},
            "input": {},
        },
        "required": ["detail", "code"],
    }


RejectedParam = TypedDict(
    "RejectedParam",
    {
        "detail": str,
        "code": str,
        "pointer": NotRequired[str],
        "in": NotRequired[str],
        "parameter": NotRequired[str],
        "context": NotRequired[dict[str, object]],
        "input": NotRequired[object],
    },
)
"""The members of an `InvalidParam` as they are sent."""


def rejected(  # noqa: PLR0913 - each is a choice of the application's policy
    errors: Sequence[Mapping[str, Any]],
    body: object = None,
    *,
    location: Location | None = None,
    include_inputs: bool = False,
    masked: Collection[str] = MASKED_NAMES,
    limit: int = 50,
    message_limit: int = 500,
    hide_custom_messages: bool = False,
) -> list[RejectedParam]:
    """
    Return what the client is told about *errors*, ready to be encoded; never fails.

    Args:
        errors: The entries of ``exc.errors()``: of FastAPI's ``RequestValidationError``, whose ``loc`` begins with
            where the input is, or of a ``pydantic.ValidationError``, with *location*.
        body: The body of the request, parsed: JSON, or a form. Pointers are resolved in it.
        location: Where all of the inputs are, if ``loc`` does not say it.
        include_inputs: Whether rejected values are told, if they are JSON and small; not those of missing members.
        masked: The names of members and parameters whose values are not told even then. Words count: ``api_key``
            masks ``xApiKey`` too.
        limit: How many errors are told.
        message_limit: How long a message may be.
        hide_custom_messages: Whether the messages of the application's own validators are hidden. They say what
            their authors wrote, which can repeat the input.

    Of a parameter only its name is told, not where in its value the error is: ``("query", "ids", 3)`` is about
    ``ids``, as in OpenAPI.

    >>> rejected([{"type": "missing", "loc": ("body", "name"), "msg": "Field required", "input": {}}], {})
    [{'detail': 'Field required', 'code': 'missing', 'pointer': '#/name'}]
    """
    chosen = _first(errors, limit)
    told = _usual(chosen, body, message_limit) if location is None and not include_inputs else []
    if len(told) == len(chosen):
        return told
    inputs = Inputs(masked) if include_inputs else None
    careful = _Careful(body, location, limit=message_limit, inputs=inputs, hide_custom=hide_custom_messages)
    return told + [careful.told(error) for error in chosen[len(told) :]]


def _usual(errors: Sequence[Mapping[str, Any]], body: Any, limit: int) -> list[RejectedParam]:
    """Tell errors as most of them are, in a third of the time, up to one that is not in the body or has other words."""
    told: list[RejectedParam] = []
    is_object = body.__class__ is dict
    name: Any
    try:
        for error in errors:
            code, message, loc, value = error["type"], error["msg"], error["loc"], error["input"]
            if code not in PLAIN or message.__class__ is not str or not message.isascii() or len(message) > limit:
                break
            if loc[0] != "body":
                break
            name = loc[1] if len(loc) == 2 else None
            is_member = is_object and body.get(name) is value is not None and len(name) <= _NAME_LIMIT
            if is_member and name.isidentifier() and name.isascii():
                told.append({"detail": message, "code": code, "pointer": "#/" + name})  # as `pointer_to` would say it
            else:
                pointer = pointer_to(loc[1:], body, value, code in _ABSENT)
                told.append({"detail": message, "code": code, "pointer": pointer})
    except Exception:  # noqa: BLE001, S110 - applications raise FastAPI's exceptions with whatever they have
        pass
    return told


def invalid_params(  # noqa: PLR0913 - those of `rejected`
    errors: Sequence[Mapping[str, Any]],
    body: object = None,
    *,
    location: Location | None = None,
    include_inputs: bool = False,
    masked: Collection[str] = MASKED_NAMES,
    limit: int = 50,
    message_limit: int = 500,
    hide_custom_messages: bool = False,
) -> tuple[list[InvalidParam], bool]:
    """
    Return what the client is told about *errors*, and whether there are more than *limit*.

    The arguments are those of `rejected`.

    >>> from pydantic import TypeAdapter, ValidationError
    >>> body = {"amounts": [1, "two"]}
    >>> try:
    ...     TypeAdapter(dict[str, list[int]]).validate_python(body)
    ... except ValidationError as error:
    ...     params, truncated = invalid_params(error.errors(), body, location="body")
    >>> params[0].pointer, params[0].code, truncated
    ('#/amounts/1', 'int_parsing', False)
    """
    told = rejected(
        errors,
        body,
        location=location,
        include_inputs=include_inputs,
        masked=masked,
        limit=limit,
        message_limit=message_limit,
        hide_custom_messages=hide_custom_messages,
    )
    return [InvalidParam.model_validate(param) for param in told], is_truncated(errors, told)


def is_truncated(errors: Sequence[Mapping[str, Any]], told: Sequence[object]) -> bool:
    """Return whether there are more *errors* than were *told*."""
    if errors.__class__ is list:
        return len(errors) > len(told)
    return len(_first(errors, len(told) + 1)) > len(told)


def _first(errors: Sequence[Mapping[str, Any]], limit: int) -> Sequence[Mapping[str, Any]]:
    try:
        first = errors[: max(limit, 0)]
        return first if first.__class__ is list else list(first)
    except Exception:  # noqa: BLE001 - no sequence
        return ()


class _Careful:
    """Tells an error of any kind, as the arguments of `rejected` say."""

    def __init__(
        self, body: object, location: str | None, *, limit: int, inputs: Inputs | None, hide_custom: bool
    ) -> None:
        self.body = body
        self.location = location
        self.limit = limit
        self.inputs = inputs
        self.hide_custom = hide_custom

    def told(self, error: Mapping[str, Any]) -> RejectedParam:
        try:
            return self._param(error)
        except Exception:  # noqa: BLE001 - a bad request must not become a 500
            return {"detail": UNREADABLE, "code": _WITHOUT_CODE}

    def _param(self, error: Mapping[str, Any]) -> RejectedParam:
        code, context, value = _code(error.get("type")), error.get("ctx"), error.get("input")
        message = message_of(code, error.get("msg"), context, limit=self.limit, hide_custom=self.hide_custom)
        param: RejectedParam = {"detail": message, "code": code}
        where, steps = _place(error.get("loc"), self.location)
        if where == "body":
            param["pointer"] = pointer_to(steps, self.body, value, code in _ABSENT)
        else:
            param["in"] = where
            if steps:
                param["parameter"] = encodable(cut(str(steps[0]), self.limit))
        if context:
            self._add_context(param, steps, context)
        if self.inputs is not None and code not in _WITHOUT_INPUT:
            with suppress(Unshowable):
                param["input"] = self.inputs.shown(value, names=steps)
        return param

    def _add_context(self, param: RejectedParam, steps: Sequence[object], context: object) -> None:
        facts = _offset(param, steps) or context_of(param["code"], context, limit=self.limit)
        if facts:
            param["context"] = facts


def _code(code: object) -> str:
    if isinstance(code, str) and code in BUILT_IN:
        return code
    return cut(encodable(code), _CODE_LIMIT) if isinstance(code, str) else _WITHOUT_CODE


def _place(loc: Any, location: str | None) -> tuple[str, Sequence[object]]:
    """Return where the input is, and the segments of *loc* that lead to it there."""
    if loc.__class__ is not tuple:
        loc = tuple(loc) if loc.__class__ is list else () if loc is None else (loc,)
    if location is None and loc and loc[0] in _LOCATIONS:
        return loc[0], loc[1:]
    return location or "body", loc


def _offset(param: RejectedParam, steps: Sequence[object]) -> dict[str, object]:
    """Return where a body stops being JSON: FastAPI has the offset where the first step would be."""
    if param["code"] == "json_invalid" and len(steps) == 1 and param.get("pointer") == "#":
        return {"offset": steps[0]} if isinstance(steps[0], int) else {}
    return {}
