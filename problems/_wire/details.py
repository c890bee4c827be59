"""
The problem details object on the wire (RFC 9457, section 3).

Reads leniently and writes strictly. Does not import exceptions or problem types: all type URIs are equal here.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Final, NamedTuple, Self, TypeGuard

from pydantic import (
    BaseModel,
    ConfigDict,
    GetJsonSchemaHandler,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, SchemaValidator, ValidationError, core_schema

from problems._wire.json import kind_of
from problems._wire.problem_type import ABOUT_BLANK

__all__ = ["STANDARD_MEMBERS", "ProblemDetails", "Reading", "standard_members"]

STANDARD_MEMBERS: Final = ("type", "title", "status", "detail", "instance")
"""The members that RFC 9457 defines for every problem, in the order in which they are written."""

# RFC 9457, appendix A: every member is optional and never null. `anyOf` with null would describe the Python object.
_SHAPES: Final[Mapping[str, Mapping[str, str | int]]] = {
    "type": {
        "type": "string",
        "format": "uri-reference",
        "description": "Identifies the problem type; about:blank if absent.",
    },
    "title": {"type": "string", "description": "Sums the problem type up, the same for each occurrence."},
    "status": {
        "type": "integer",
        "minimum": 100,
        "maximum": 599,
        "description": "The HTTP status code that the origin server sent.",
    },
    "detail": {"type": "string", "description": "Explains this occurrence to a human."},
    "instance": {"type": "string", "format": "uri-reference", "description": "Identifies this occurrence."},
}

# Strict, since pydantic would take "404" for a number, which RFC 9457 forbids.
_STRING: Final = core_schema.str_schema(strict=True)
_SCHEMAS: Final = dict.fromkeys(STANDARD_MEMBERS, _STRING) | {"status": core_schema.int_schema(strict=True)}
_EACH: Final = {name: SchemaValidator(schema) for name, schema in _SCHEMAS.items()}
_ALL: Final = SchemaValidator(
    core_schema.typed_dict_schema(
        {name: core_schema.typed_dict_field(schema, required=False) for name, schema in _SCHEMAS.items()},
        extra_behavior="ignore",
    )
)


class Reading(NamedTuple):
    """
    The members that were ignored while reading a document, with the reasons.

    Attributes:
        ignored: One sentence for each standard member whose JSON type is wrong (RFC 9457, section 3.1), and for each
            optional member that does not fit the declared class.
        reason: Why the declared class was not used, or why the body is not a problem document; otherwise `None`.
    """

    ignored: tuple[str, ...] = ()
    reason: str | None = None

    def __str__(self) -> str:
        """Return the sentences as one text, empty if the whole document was used."""
        return " ".join([*self.ignored, *([self.reason] if self.reason else [])])


class ProblemDetails(BaseModel):
    """
    A problem details object.

    Members that RFC 9457 does not define are extension members. They are kept, and written after the others:

    >>> details = ProblemDetails.model_validate({"balance": 30, "status": 403, "title": "Out of credit"})
    >>> details.type, details.status, details.extensions["balance"]
    ('about:blank', 403, 30)
    >>> details.model_dump_json()
    '{"type":"about:blank","title":"Out of credit","status":403,"balance":30}'

    A standard member of the wrong JSON type is ignored; the others are kept:

    >>> ProblemDetails.model_validate_json('{"status": "403", "title": "Out of credit"}').model_dump()
    {'type': 'about:blank', 'title': 'Out of credit'}

    Attributes:
        type: The type URI, as sent.
        title: Sums the problem type up, the same for each occurrence.
        status: The HTTP status code that the origin server sent; the one received may differ.
        detail: Explains this occurrence to a human.
        instance: Identifies this occurrence, as sent.
    """

    # Built on first use: importing the package must not pay for it.
    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True, extra="allow", hide_input_in_errors=True, defer_build=True
    )

    type: str = ABOUT_BLANK
    title: str | None = None
    status: int | None = None
    detail: str | None = None
    instance: str | None = None

    @property
    def extensions(self) -> Mapping[str, Any]:
        """
        The extension members, read-only.

        >>> dict(ProblemDetails.model_validate({"title": "Gone", "since": None}).extensions)
        {'since': None}
        """
        return MappingProxyType(self.__pydantic_extra__ or {})

    @classmethod
    def read(cls, members: Mapping[str, object]) -> tuple[Self, Reading]:
        """
        Return the problem details in *members*, and the members that were ignored.

        >>> details, reading = ProblemDetails.read({"title": "Gone", "status": "410"})
        >>> details.title, details.status
        ('Gone', None)
        >>> reading.ignored
        ('The member `status` was ignored: it is a string, not an integer.',)
        """
        _, ignored = standard_members(members)
        return cls.model_validate(members), Reading(ignored)

    @model_validator(mode="before")
    @classmethod
    def _without_ignored(cls, data: object) -> object:
        """Drop invalid members, as RFC 9457, section 3.1 requires, before pydantic coerces or rejects them."""
        if not _is_object(data):
            return data
        usable, ignored = standard_members(data)
        if not ignored and not isinstance(data.get("status"), float):
            return data
        return usable | {name: value for name, value in data.items() if name not in STANDARD_MEMBERS}

    @model_serializer(mode="wrap")
    def _without_absent(self, handler: SerializerFunctionWrapHandler) -> dict[str, object]:
        """Leave out absent standard members. Extension members stay: null may have a meaning there."""
        written: dict[str, Any] = handler(self)
        for name in STANDARD_MEMBERS:
            if name in written and written[name] is None:
                del written[name]
        return written

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Return one JSON Schema of the wire format for reading and writing."""
        schema = handler(_without_serializer(core_schema))
        described = handler.resolve_ref_schema(schema)
        if cls.__doc__:
            described["description"] = cls.__doc__.strip().partition("\n")[0]
        for name, shape in _SHAPES.items():
            if cls.model_fields[name].annotation == ProblemDetails.model_fields[name].annotation:
                described["properties"][name] = dict(shape)
        return schema


def standard_members(document: Mapping[str, object]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """
    Return the standard members of *document* that can be used, and a sentence for each that cannot.

    Faster than the model, for readers that need only these members.

    >>> standard_members({"type": "/out-of-stock", "status": 4.09e2, "detail": None, "left": 2})
    ({'type': '/out-of-stock', 'status': 409}, ('The member `detail` was ignored: it is null, not a string.',))
    """
    try:
        return _ALL.validate_python(document), ()
    except ValidationError:
        return _one_by_one(document)


def _without_serializer(schema: Any) -> Any:
    """Return the core schema of a model without its serializer, which would hide the members from pydantic."""
    fields = {key: value for key, value in schema.items() if key != "serialization"}
    if schema["type"].startswith("function-"):  # a validator of a subclass, around the model
        fields["schema"] = _without_serializer(schema["schema"])
    return fields


def _is_object(data: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(data, Mapping)


def _one_by_one(document: Mapping[str, object]) -> tuple[dict[str, object], tuple[str, ...]]:
    """Like `standard_members`, for a document with a member to ignore or to convert."""
    usable: dict[str, Any] = {}
    ignored: list[str] = []
    for name in STANDARD_MEMBERS:
        if name not in document:
            continue
        value = document[name]
        if name == "status" and isinstance(value, float) and value.is_integer():
            value = int(value)  # JSON has one kind of number: 404.0 and 4.04e2 are 404
        try:
            usable[name] = _EACH[name].validate_python(value)
        except ValidationError:
            ignored.append(_sentence(name, value))
    return usable, tuple(ignored)


def _sentence(name: str, value: object) -> str:
    """Return why the member *name* was ignored, without its value, which may be long or secret."""
    expected = "an integer" if name == "status" else "a string"
    received = kind_of(value)
    return f"The member `{name}` was ignored: it is {received}, not {expected}."
