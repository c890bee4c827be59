"""
Validation errors as members of problem details: where the rejected input is and why it was rejected.

Converts pydantic's errors. Never reports the rejected value unless the application asks for it. Knows the format of
FastAPI's errors, but does not import a framework. This is one thing: the model of a description, and the one function
that writes it.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from operator import itemgetter
from typing import Any, ClassVar, Final, Literal, NotRequired, TypeAlias, TypedDict, get_args

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, GetJsonSchemaHandler, model_serializer
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, from_json, to_json

from problems._wire.invalid_params._echoes import Echoes
from problems._wire.invalid_params._inputs import MASK, MASKED_NAMES, Inputs, Unshowable
from problems._wire.invalid_params._messages import (
    OTHER,
    POSITION,
    ROWS,
    UNREADABLE,
    Row,
    constant_of,
    context_of,
    message_of,
)
from problems._wire.invalid_params._pointers import ABSENT, Places, fragment
from problems._wire.invalid_params._secrets import secret_names
from problems._wire.invalid_params._values import cut, encodable
from problems._wire.json import ATOMS

__all__ = [  # noqa: RUF022 - in the order of a first reading
    "InvalidParam",
    "invalid_params",
    "RejectedParam",
    "rejected",
    "written",
    "count_of",
    "sentence",
    "MOST_DESCRIBED",
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
_PARAMETERS: Final = frozenset(get_args(ParameterLocation))
MOST_DESCRIBED: Final = 50
"""The number of errors that are described, if the caller does not say how many."""

_CODE_LIMIT: Final = 100
_NAME_LIMIT: Final = 100
_WITHOUT_CODE: Final = "invalid"
_NOTHING: Final = object()
_PARTS: Final = itemgetter("type", "msg", "loc", "input")
_UNREADABLE: Final = to_json({"detail": UNREADABLE, "code": _WITHOUT_CODE})

_known: Final[dict[tuple[object, ...], bytes]] = {}
"""The descriptions of earlier errors: applications reject inputs at the same few places, with the same messages."""

_MOST_KNOWN: Final = 1_024
_MOST_KEPT: Final = 1_000
"""The size of a description that is kept, in bytes."""

_NO_PARTS: Final = {"type": None, "msg": None, "loc": None, "input": ABSENT}


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


def written(  # noqa: PLR0913 - each is a choice of the application's policy
    errors: Sequence[Mapping[str, object]],
    body: object = None,
    *,
    location: Location | None = None,
    include_inputs: bool = False,
    masked: Collection[str] = MASKED_NAMES,
    limit: int = MOST_DESCRIBED,
    message_limit: int = 500,
    hide_custom_messages: bool = False,
) -> bytes:
    """
    Return the descriptions of *errors* for the client as a JSON array. Never raises.

    Takes the same arguments as `rejected`.

    >>> written([{"type": "missing", "loc": ("body", "name"), "msg": "Field required", "input": {}}], {})
    b'[{"detail":"Field required","code":"missing","pointer":"#/name"}]'
    """
    inputs = Inputs(masked) if include_inputs else None
    describer = _Describer(body, location, message_limit, inputs, hides=hide_custom_messages)
    return b"[" + b",".join(map(describer.written, _first(errors, limit))) + b"]"


def rejected(  # noqa: PLR0913 - each is a choice of the application's policy
    errors: Sequence[Mapping[str, object]],
    body: object = None,
    *,
    location: Location | None = None,
    include_inputs: bool = False,
    masked: Collection[str] = MASKED_NAMES,
    limit: int = MOST_DESCRIBED,
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
    params: list[RejectedParam] = from_json(
        written(
            errors,
            body,
            location=location,
            include_inputs=include_inputs,
            masked=masked,
            limit=limit,
            message_limit=message_limit,
            hide_custom_messages=hide_custom_messages,
        )
    )
    return params


def invalid_params(  # noqa: PLR0913 - the arguments of `rejected`
    errors: Sequence[Mapping[str, Any]],
    body: object = None,
    *,
    location: Location | None = None,
    include_inputs: bool = False,
    masked: Collection[str] = MASKED_NAMES,
    limit: int = MOST_DESCRIBED,
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
    return [InvalidParam.model_validate(param) for param in params], count_of(errors) > max(limit, 0)


def count_of(errors: Sequence[Mapping[str, object]]) -> int:
    """Return how many *errors* there are; 0 if they cannot be counted."""
    try:
        return len(errors)
    except Exception:  # noqa: BLE001 - not a sequence
        return 0


def sentence(count: int) -> str:
    """
    Return the `detail` of a validation problem with so many errors.

    >>> sentence(1), sentence(2)
    ('1 input was rejected.', '2 inputs were rejected.')
    """
    return "1 input was rejected." if count == 1 else f"{count} inputs were rejected."


def _first(errors: Sequence[Mapping[str, object]], limit: int) -> Sequence[Mapping[str, object]]:
    try:
        first = errors[: max(limit, 0)]
        return first if first.__class__ is list else list(first)
    except Exception:  # noqa: BLE001 - not a sequence
        return ()


class _Describer:
    """Describes the errors of one request."""

    __slots__ = ("_body", "_echoes", "_hides", "_inputs", "_keeps", "_limit", "_location", "_places")

    def __init__(
        self, body: object, location: Location | None, limit: int, inputs: Inputs | None, *, hides: bool
    ) -> None:
        self._body, self._location, self._limit, self._inputs, self._hides = body, location, limit, inputs, hides
        self._keeps: bool = location is None and inputs is None
        # Few requests need these.
        self._echoes: Echoes | None = None
        self._places: Places | None = None

    def written(self, error: Mapping[str, Any]) -> bytes:
        """Return the description of an error for the client as JSON. Never raises."""
        key = None
        if self._keeps:
            try:
                key = self._key(error)
                known = _known.get(key) if key is not None else None
                if known is not None:
                    return known
            except Exception:  # noqa: BLE001 - an error of the application's own
                key = None
        try:
            result = to_json(self._param(error, is_found=key is not None))
        except Exception:  # noqa: BLE001 - a bad request must not become a 500
            return _UNREADABLE
        if key is not None and len(result) <= _MOST_KEPT:
            if len(_known) >= _MOST_KNOWN:
                _known.clear()
            _known[key] = result
        return result

    def _key(self, error: Mapping[str, Any]) -> tuple[object, ...] | None:
        """Return the facts that decide the description of an error; `None` if the description depends on others too."""
        code, message, loc, value = _PARTS(error)
        row, where = ROWS.get(code, OTHER), loc[0]
        if not row.is_kept or message.__class__ is not str or loc.__class__ is not tuple:
            return None
        if where == "body":
            if not _leads(self._body, loc[1:], value, row.is_absent):
                return None
        elif where not in _PARAMETERS:
            return None
        fact = None if row.fact is None else error["ctx"].get(row.fact)
        if fact.__class__ not in ATOMS:
            return None
        return code, message, loc, fact, fact.__class__, self._limit

    def _param(self, error: Mapping[str, Any], *, is_found: bool) -> RejectedParam:
        """
        Return the description of an error.

        Args:
            error: An error of pydantic's.
            is_found: Whether it is known that its place leads to its value.
        """
        try:
            code, message, loc, value = _PARTS(error)
        except KeyError:  # raised by hand
            code, message, loc, value = _PARTS({**_NO_PARTS, **error})
        row = ROWS.get(code) if code.__class__ is str else None
        if row is None:
            row, code = OTHER, _code(code)
        fact = row.fact
        if not row.is_plain or message.__class__ is not str or len(message) > self._limit or not message.isascii():
            code, message, fact = self._worded(row, code, message, value, error.get("ctx"))
        param: RejectedParam = {"detail": message, "code": code}
        where, steps = _place(loc, self._location)
        if where != "body":
            _add_parameter(param, where, steps, self._limit)
        elif is_found or _leads(self._body, steps, value, row.is_absent):
            param["pointer"] = fragment(steps)
        else:
            self._add_found(param, steps, value, row)
        if fact is not None:
            self._add_context(param, steps, fact, error.get("ctx"))
        if self._inputs is not None and not row.is_absent and code != "json_invalid":
            with suppress(Unshowable):
                param["input"] = self._inputs.shown(None if value is ABSENT else value, names=steps)
        return param

    def _add_found(self, param: RejectedParam, steps: Sequence[object], value: object, row: Row) -> None:
        """Add the pointer to a value where some of *steps* may be labels."""
        if self._places is None:
            self._places = Places(self._body)
        pointer, is_key = self._places.pointer(steps, value, missing=row.is_absent, authored=row is OTHER)
        param["pointer"] = pointer
        if is_key:
            param["key"] = True
            param["context"] = {"key": True}

    def _add_context(self, param: RejectedParam, steps: Sequence[object], fact: str, context: object) -> None:
        facts = (_offset(param, steps) if fact == POSITION else None) or context_of(fact, context, limit=self._limit)
        if facts:
            param["context"] = {**facts, **param["context"]} if "context" in param else facts

    def _worded(
        self, row: Row, code: str, message: object, value: object, context: object
    ) -> tuple[str, str, str | None]:
        """Return code and message of an error as they are sent, and the name of the fact that is sent."""
        fact = row.fact
        if row.is_suspect and self._inputs is None and value is not ABSENT:
            code, message, fact = self._without_echo(row, code, message, value, context)
        return code, message_of(code, message, context, limit=self._limit, hide_custom=self._hides), fact

    def _without_echo(
        self, row: Row, code: str, message: object, value: object, context: object
    ) -> tuple[str, object, str | None]:
        """Return code, message and the name of the fact of an error, without what repeats *value*."""
        if self._echoes is None:
            self._echoes = Echoes()
        limit, are_in = self._limit, self._echoes.are_in
        sent = message_of(code, message, context, limit=limit + Echoes.LONGEST)
        if row is OTHER and are_in(code, value, limit=limit):
            code = _WITHOUT_CODE
        if are_in(sent, value, limit=limit):
            constant = constant_of(code, sent)
            is_fit = row.is_authored or not are_in(constant, value, limit=limit)
            return code, constant if is_fit else UNREADABLE, None
        return code, message, row.fact


def _leads(body: Any, steps: Sequence[object], value: object, is_absent: bool) -> bool:  # noqa: FBT001 - hot
    """Return whether all *steps* are steps into *body*, and lead to *value*, or to where it is missing."""
    container: object = body
    reached: Any = body
    step: Any
    try:
        for step in steps:
            container, kind = reached, reached.__class__
            if kind is dict:
                reached = reached.get(step, _NOTHING)
            elif kind is list and step.__class__ is int and step >= 0:
                reached = reached[step] if step < len(reached) else _NOTHING
            else:
                return False
    except Exception:  # noqa: BLE001 - a key of a foreign class
        return False
    if is_absent and reached is _NOTHING:
        reached = container if value is not None else None  # FastAPI sets no container for a body parameter
    return reached is value or not steps


def _add_parameter(param: RejectedParam, where: str, steps: Sequence[object], limit: int) -> None:
    param["in"] = where
    if steps:
        param["parameter"] = encodable(cut(str(steps[0]), limit))
        for step in steps[1:]:  # labels of the validators may stand before it
            if isinstance(step, int) and step.__class__ is int:
                param["index"] = step
                break


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
