"""
Validation errors as members of problem details: where the rejected input is and why it was rejected.

Converts pydantic's errors. Never reports the rejected value unless the application asks for it. Knows the format of
FastAPI's errors, but does not import a framework.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any, ClassVar, Final, Literal, NamedTuple, NotRequired, TypeAlias, TypedDict, get_args

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, GetJsonSchemaHandler, model_serializer
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from problems._wire.invalid_params._echoes import Echoes
from problems._wire.invalid_params._inputs import MASK, MASKED_NAMES, Inputs, Unshowable
from problems._wire.invalid_params._messages import (
    OTHER,
    ROWS,
    UNREADABLE,
    Row,
    constant_of,
    context_of,
    message_of,
)
from problems._wire.invalid_params._pointers import ABSENT, Places
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
"""Where a parameter is: the member `in` on the wire, as in OpenAPI."""

Location: TypeAlias = Literal["body", "query", "path", "header", "cookie"]
"""Where an input is."""

_LOCATIONS: Final = frozenset(get_args(Location))
_CODE_LIMIT: Final = 100
_NAME_LIMIT: Final = 100
_WITHOUT_CODE: Final = "invalid"


class InvalidParam(BaseModel):
    """
    One rejected input: a value in the body, or a parameter.

    Absent members are not sent, never null:

    >>> InvalidParam(detail="Field required", code="missing", location="query", parameter="page").model_dump()
    {'detail': 'Field required', 'code': 'missing', 'in': 'query', 'parameter': 'page'}

    Attributes:
        detail: What is wrong, for people.
        code: What is wrong, for programs: the pydantic error type, such as ``missing`` or ``string_too_short``.
        pointer: The value in the body: a JSON Pointer as a URI fragment (RFC 6901, section 6); ``#`` for all of it.
        parameter: The name of the parameter that was rejected.
        location: Where that parameter is; `in` on the wire.
        index: The position of the rejected value if the parameter can have several; 0 is the first.
        key: `True` if the name of the member at *pointer* was rejected, not its value. Also in *context*, for
            translations.
        context: The facts in *detail*, for translations: ``{"min_length": 3}``.
        input: The rejected value; only if the application includes inputs.
    """

    # Built on first use: importing the package must not pay for it.
    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, defer_build=True, hide_input_in_errors=True)

    detail: str
    code: str
    pointer: str | None = None
    parameter: str | None = None
    location: ParameterLocation | None = Field(
        default=None, validation_alias=AliasChoices("in", "location"), serialization_alias="in"
    )
    index: int | None = None
    key: bool | None = None
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
            "index": self.index,
            "key": self.key,
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
    """Return a schema that all client generators understand: without null, defaults and member titles."""
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
            "index": {"type": "integer", "minimum": 0},
            "key": {"type": "boolean"},
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
        "index": NotRequired[int],
        "key": NotRequired[bool],
        "context": NotRequired[dict[str, object]],
        "input": NotRequired[object],
    },
)
"""The members of an `InvalidParam` as they are sent."""


def rejected(  # noqa: PLR0913 - each is a choice of the application's policy
    errors: Sequence[Mapping[str, object]],
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
    Return the members that describe *errors* to the client, ready to be encoded. Never raises.

    Args:
        errors: The entries of ``exc.errors()``: of FastAPI's ``RequestValidationError``, whose ``loc`` begins with
            where the input is, or of a ``pydantic.ValidationError``, with *location*.
        body: The body of the request, parsed: JSON, or a form. Pointers are resolved in it.
        location: Where all inputs are, if ``loc`` does not contain it.
        include_inputs: Whether to include rejected values that are JSON and small. Missing members have no value.
        masked: The names of members and parameters whose values are masked even then. Names match by words:
            ``api_key`` masks ``xApiKey`` too.
        limit: The maximum number of errors that are described.
        message_limit: The maximum length of a message in characters.
        hide_custom_messages: Whether to hide the messages of the application's own validators, which can repeat the
            input.

    A parameter is described by its name, as in OpenAPI, and by the index of the rejected value: ``("query", "ids", 3)``
    is the fourth value of ``ids``.

    >>> rejected([{"type": "missing", "loc": ("body", "name"), "msg": "Field required", "input": {}}], {})
    [{'detail': 'Field required', 'code': 'missing', 'pointer': '#/name'}]
    """
    options = _Options(location, message_limit, hide_custom_messages, Inputs(masked) if include_inputs else None)
    return _Describer(body, options).describe(_first(errors, limit))


def invalid_params(  # noqa: PLR0913 - the arguments of `rejected`
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
    Return the descriptions of *errors* for the client, and whether there are more errors than *limit*.

    Takes the same arguments as `rejected`.

    >>> from pydantic import TypeAdapter, ValidationError
    >>> body = {"amounts": [1, "two"]}
    >>> try:
    ...     TypeAdapter(dict[str, list[int]]).validate_python(body)
    ... except ValidationError as error:
    ...     params, truncated = invalid_params(error.errors(), body, location="body")
    >>> params[0].pointer, params[0].code, truncated
    ('#/amounts/1', 'int_parsing', False)
    """
    params = rejected(
        errors,
        body,
        location=location,
        include_inputs=include_inputs,
        masked=masked,
        limit=limit,
        message_limit=message_limit,
        hide_custom_messages=hide_custom_messages,
    )
    return [InvalidParam.model_validate(param) for param in params], is_truncated(errors, params)


def is_truncated(errors: Sequence[Mapping[str, object]], params: Sequence[object]) -> bool:
    """Return whether there are more *errors* than *params*, which describe them."""
    if errors.__class__ is list:
        return len(errors) > len(params)
    return len(_first(errors, len(params) + 1)) > len(params)


def _first(errors: Sequence[Mapping[str, object]], limit: int) -> Sequence[Mapping[str, object]]:
    try:
        first = errors[: max(limit, 0)]
        return first if first.__class__ is list else list(first)
    except Exception:  # noqa: BLE001 - not a sequence
        return ()


class _Options(NamedTuple):
    """The arguments of `rejected` that apply to every error."""

    location: Location | None
    limit: int
    hide_custom: bool
    inputs: Inputs | None


class _Describer:
    """Describes the errors of one request."""

    __slots__ = ("_echoes", "_options", "_places")

    def __init__(self, body: object, options: _Options) -> None:
        self._options = options
        self._places = Places(body)
        self._echoes: Echoes | None = None

    def describe(self, errors: Sequence[Mapping[str, object]]) -> list[RejectedParam]:
        """Return a description of each error for the client. Never raises."""
        params: list[RejectedParam] = []
        param = self._param
        for error in errors:
            try:
                params.append(param(error))
            except Exception:  # noqa: BLE001 - a bad request must not become a 500
                params.append({"detail": UNREADABLE, "code": _WITHOUT_CODE})
        return params

    def _param(self, error: Mapping[str, Any]) -> RejectedParam:
        location, limit, hide_custom, inputs = self._options
        get: Callable[..., Any] = error.get
        steps: Sequence[object]
        code, message, loc, context, value = get("type"), get("msg"), get("loc"), get("ctx"), get("input", ABSENT)
        row = ROWS.get(code) if code.__class__ is str else None
        if row is None:
            row, code = OTHER, _code(code)
        if row.is_suspect and inputs is None and value is not ABSENT:
            code, message, context = self._without_echo(row, code, message, context, value)
        if not row.is_plain or message.__class__ is not str or len(message) > limit or not message.isascii():
            message = message_of(code, message, context, limit=limit, hide_custom=hide_custom)
        param: RejectedParam = {"detail": message, "code": code}
        if location is None and loc.__class__ is tuple and loc and loc[0] == "body":
            where, steps = "body", loc[1:]
        else:
            where, steps = _place(loc, location)
        is_key = False
        if where == "body":
            param["pointer"], is_key = self._places.pointer(steps, value, row.is_absent, row is OTHER)
        else:
            _add_parameter(param, where, steps, limit)
        if context or is_key:
            _add_context(param, steps, context, limit, is_key=is_key)
        if inputs is not None and not row.is_absent and code != "json_invalid":
            with suppress(Unshowable):
                param["input"] = inputs.shown(None if value is ABSENT else value, names=steps)
        return param

    def _without_echo(
        self, row: Row, code: str, message: object, context: object, value: object
    ) -> tuple[str, Any, object]:
        """Return code, message and context of an error, replaced if they repeat *value*."""
        if self._echoes is None:
            self._echoes = Echoes()
        limit, are_in = self._options.limit, self._echoes.are_in
        sent = message_of(code, message, context, limit=limit + Echoes.LONGEST)
        if row is OTHER and are_in(code, value, limit=limit):
            code = _WITHOUT_CODE
        if are_in(sent, value, limit=limit):
            constant = constant_of(code, sent)
            is_fit = row.is_authored or not are_in(constant, value, limit=limit)
            return code, constant if is_fit else UNREADABLE, None
        return code, message, context


def _add_parameter(param: RejectedParam, where: str, steps: Sequence[object], limit: int) -> None:
    param["in"] = where
    if steps:
        param["parameter"] = encodable(cut(str(steps[0]), limit))
        for step in steps[1:]:  # labels of the validators may stand before it
            if isinstance(step, int) and step.__class__ is int:
                param["index"] = step
                break


def _add_context(param: RejectedParam, steps: Sequence[object], context: object, limit: int, *, is_key: bool) -> None:
    code = param["code"]
    facts = (code == "json_invalid" and _offset(param, steps)) or context_of(code, context, limit=limit)
    if is_key:
        param["key"] = True
        facts = {**facts, "key": True}
    if facts:
        param["context"] = facts


def _code(code: object) -> str:
    return cut(encodable(code), _CODE_LIMIT) if isinstance(code, str) else _WITHOUT_CODE


def _place(loc: Any, location: str | None) -> tuple[str, Sequence[object]]:
    """Return where the input is, and the segments of *loc* that lead to it."""
    if loc.__class__ is not tuple:
        loc = tuple(loc) if loc.__class__ is list else () if loc is None else (loc,)
    if location is None and loc and loc[0] in _LOCATIONS:
        return loc[0], loc[1:]
    return location or "body", loc


def _offset(param: RejectedParam, steps: Sequence[object]) -> dict[str, object]:
    """Return the offset of a JSON syntax error, which FastAPI puts in place of the first step."""
    if len(steps) == 1 and param.get("pointer") == "#":
        return {"offset": steps[0]} if isinstance(steps[0], int) else {}
    return {}
