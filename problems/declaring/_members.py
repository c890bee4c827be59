"""
The members of a problem class, as pydantic sees them.

Mirrors problem classes by pydantic models of their members, so that every
rule of pydantic (constraints, aliases, generics, inheritance, validators) is
pydantic's own. Knows nothing of exceptions, statuses or type URIs, and does its
work when a class is first used, never at import.
"""

import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple, TypeGuard, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, PydanticUserError, ValidationError
from pydantic.errors import PydanticUndefinedAnnotation
from pydantic_core import CoreConfig, CoreSchema, ErrorDetails, SchemaSerializer, SchemaValidator, core_schema

from problems._wire.headers import HeaderLines
from problems._wire.invalid_params._messages import message_of
from problems._wire.json import encode, encode_members
from problems.declaring._body import annotations_of, is_of_pydantic, is_standard
from problems.declaring._response_header import ResponseHeader
from problems.errors import InvalidDefinition

__all__ = ["Members", "MembersModel", "faults", "members_of", "mirror"]

_UNIONS: Final = (Union, types.UnionType)
_MESSAGE_MAX: Final = 200
_TEXT: Final = core_schema.typed_dict_field(core_schema.str_schema(), required=False)
_STANDARD: Final = {"detail": _TEXT, "instance": _TEXT}


class MembersModel(BaseModel):
    """The base of every mirrored class."""

    model_config = ConfigDict(
        defer_build=True,
        extra="forbid",
        hide_input_in_errors=True,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        protected_namespaces=(),
    )


class Members(NamedTuple):
    """
    What there is to know of the members of one problem class.

    Attributes:
        model: The pydantic model that mirrors the class.
        names: The Python names of the declared members, in order.
        sent: The names on the wire of those that are part of the document.
        headers: Those that are response headers.
        validate: Turns keyword arguments into members.
        reader: Turns a received document into members.
        serializer: Writes them as JSON, from any dictionary that holds them; before them `detail` and `instance`.
        is_open: Whether an occurrence may have members that are not declared.
        is_plain: Whether the members of an occurrence are all that it has to keep, beside its `detail`.
        masked: The names of those with a serializer of their own.
    """

    model: type[BaseModel]
    names: tuple[str, ...]
    sent: Mapping[str, str]
    headers: Mapping[str, ResponseHeader]
    validate: Callable[[Mapping[str, Any]], dict[str, Any]]
    reader: SchemaValidator
    serializer: SchemaSerializer
    is_open: bool
    is_plain: bool
    masked: frozenset[str]

    def lines(self, values: Mapping[str, Any], given: Mapping[str, str] | None) -> HeaderLines:
        """
        Return the response headers of an occurrence: those *given*, and of its members those that are not.

        Raises:
            InvalidHeader: One of them cannot be sent.
        """
        asked = HeaderLines(given or {})
        own = [line for name, header in self.headers.items() for line in header.lines(values[name])]
        return HeaderLines([*(line for line in own if line[0] not in asked), *asked.items()])

    def encode_one_by_one(self, values: Mapping[str, Any], further: Iterable[str]) -> bytes:
        """
        Return the members as a JSON object, whatever they are: those declared, and *further* ones.

        What a member says of its own serialization holds here too, for it may hide a part of the value. If just
        that fails, the member is null.
        """
        members: dict[str, object] = {name: values.get(name) for name in further}
        for name, wire in self.sent.items():
            try:
                value = {name: values.get(name)}
                members |= self.serializer.to_python(value, mode="json", warnings=False, fallback=_nothing)
            except Exception:  # noqa: BLE001 - an unusual value must not cost the client its error
                members[wire] = None if name in self.masked else values.get(name)
        return encode_members(members)

    def read(self, document: Mapping[str, object], headers: Mapping[str, str] | None) -> dict[str, Any]:
        """
        Return the members of a received document, those that are not declared left out.

        Members that are only response headers come from *headers*. One that is not there, or is not to be
        understood, has its default, or is `None`.

        Raises:
            ValidationError: A member of the document is missing or does not fit.
        """
        given = document if len(self.sent) == len(self.names) else self._with_headers(document, headers or {})
        values: dict[str, Any]
        try:
            values = self.reader.validate_python(given, extra="ignore")
        except ValidationError:
            # What JSON cannot say otherwise (a date as text for a strict member) only fits as JSON.
            values = self.reader.validate_json(encode(given), extra="ignore")
        return values

    def _with_headers(self, document: Mapping[str, object], headers: Mapping[str, str]) -> dict[str, object]:
        """Return what tells the members: no member that is never part of a document is taken from one."""
        given = {name: value for name, value in document.items() if name not in self.names or name in self.sent}
        for name, header in self.headers.items():
            text = None if name in self.sent else headers.get(header.name)
            if text is not None and (value := header.read(text)) is not None:
                given[name] = value
        return given


def faults(error: ValidationError) -> str:
    """Tell all that is wrong with some members in one line, without their values."""
    told = (f"{'.'.join(map(str, it['loc']))}: {_message(it)}" for it in error.errors(include_url=False))
    return "; ".join(told) + "."


def _message(fault: ErrorDetails) -> str:
    message = message_of(fault["type"], fault["msg"], fault.get("ctx"), limit=_MESSAGE_MAX)
    return message.removeprefix("Value error, ")


def mirror(cls: type, bases: tuple[Any, ...], local: Mapping[str, object] | None) -> type[BaseModel]:
    """
    Return the pydantic model of the members that *cls* declares and inherits.

    Args:
        cls: The problem class.
        bases: The models of its problem bases, parametrised as they are.
        local: The names around a class inside a function.

    Raises:
        InvalidDefinition: Pydantic cannot make a member of an annotation.
    """
    own = annotations_of(cls)
    names = {name: value for name, value in cls.__dict__.items() if isinstance(value, type)} | {**(local or {})}
    body = {name: value for name, value in cls.__dict__.items() if _is_for_pydantic(name, value, own)}
    body |= {"__annotations__": own, "__module__": cls.__module__, "__qualname__": cls.__qualname__}
    try:
        model: type[BaseModel] = types.new_class(cls.__name__, bases, {}, lambda namespace: namespace.update(body))
        model.model_rebuild(force=True, _types_namespace=names)
    except (PydanticUserError, PydanticUndefinedAnnotation) as error:
        raise InvalidDefinition(cls.__qualname__, _untaken(error)) from error
    return model


def _is_for_pydantic(name: str, value: object, own: Mapping[str, object]) -> bool:
    """Whether an entry of a class body is a default, a decorated function of pydantic's or a type parameter."""
    return name in own or name == "__type_params__" or is_of_pydantic(value)


def _untaken(error: PydanticUserError | PydanticUndefinedAnnotation) -> str:
    """Return why pydantic takes no member of an annotation."""
    if isinstance(error, PydanticUndefinedAnnotation):
        return (
            f"an annotation refers to {error.name!r}, which is not defined where the class is. "
            f"Define it before the class, or both at the top of a module."
        )
    reason = error.message.partition("\n")[0].partition(". ")[0].rstrip(".")
    return f"pydantic takes no such member: {reason}. Annotate it with types that JSON can hold, or with a model."


def members_of(cls: type, model: type[BaseModel], *, is_open: bool, is_usual: bool) -> Members:
    """
    Return the members of a mirrored class, with a validator and a serializer of their own.

    Args:
        cls: The problem class.
        model: The model that mirrors it.
        is_open: Whether an occurrence may have members that are not declared.
        is_usual: Whether occurrences are made without code or a template of the user's.

    Raises:
        InvalidDefinition: Two members have one name on the wire, or one has the name of a standard member.
    """
    headers = dict(_headers(model))
    sent = dict(_sent(cls.__qualname__, model, headers))
    fields, definitions = _fields(cls, model)
    config = CoreConfig(
        title=cls.__qualname__,
        hide_input_in_errors=True,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        ser_json_inf_nan="null",
    )

    def dictionary(written: dict[str, core_schema.TypedDictField], config: CoreConfig) -> CoreSchema:
        # An occurrence keeps its members in its own ``__dict__``; no instance of the model is ever made.
        schema = core_schema.typed_dict_schema(written, extra_behavior="allow" if is_open else "forbid", config=config)
        return core_schema.definitions_schema(schema, definitions) if definitions else schema

    own = {name: _field(cls, field, is_sent=name in sent) for name, field in fields.items()}
    validator = reader = SchemaValidator(dictionary(own, config), config)
    if any(sent.get(name) != name or "validation_alias" in field for name, field in fields.items()):
        read = {name: _received(field, sent.get(name)) for name, field in fields.items()}
        by_alias = CoreConfig(title=cls.__qualname__, hide_input_in_errors=True)
        reader = SchemaValidator(dictionary(read, by_alias), by_alias)
    serializer = SchemaSerializer(dictionary(_STANDARD | own, config), config)
    masked = frozenset(name for name, field in fields.items() if _has_serializer(field))
    is_plain = is_usual and not is_open and not headers
    return Members(
        model,
        tuple(fields),
        sent,
        headers,
        validator.validate_python,
        reader,
        serializer,
        is_open=is_open,
        is_plain=is_plain,
        masked=masked,
    )


def _has_serializer(schema: object) -> bool:
    """Whether anything in a member's schema writes values in a way of its own."""
    if _is_object(schema):
        return "serialization" in schema or any(map(_has_serializer, schema.values()))
    return _is_array(schema) and any(map(_has_serializer, schema))


def _is_object(schema: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(schema, dict)


def _is_array(schema: object) -> TypeGuard[Iterable[object]]:
    return isinstance(schema, list | tuple)


def _nothing(_: object) -> None:
    """Replace what cannot be encoded."""


def _fields(cls: type, model: type[BaseModel]) -> tuple[dict[str, Any], list[CoreSchema]]:
    """Return the schemas of the members, and those that they refer to."""
    schema: Any = model.__pydantic_core_schema__
    definitions: list[CoreSchema] = []
    if schema["type"] == "definitions":
        schema, definitions = schema["schema"], schema["definitions"]
    if schema["type"] != "model":  # but a reference to one
        raise InvalidDefinition(cls.__qualname__, "a problem cannot be a member of itself. Use a model of its own.")
    return schema["schema"]["fields"], definitions


def _sent(cls: str, model: type[BaseModel], headers: Mapping[str, ResponseHeader]) -> Iterator[tuple[str, str]]:
    taken: dict[str, str] = {}
    for name, field in model.model_fields.items():
        if field.exclude or (name in headers and not headers[name].body):
            continue
        wire = field.serialization_alias or name
        if is_standard(wire) or taken.setdefault(wire, name) != name:
            owner = repr(taken[wire]) if wire in taken else "RFC 9457"
            raise InvalidDefinition(
                cls, f"{name!r} is called {wire!r} on the wire, as a member of {owner} is. Choose another alias."
            )
        yield name, wire


def _headers(model: type[BaseModel]) -> Iterator[tuple[str, ResponseHeader]]:
    """
    Yield the members that are response headers.

    A subclass that only gives such a member a default inherits what its base said of it.
    """
    for name in model.model_fields:
        for base in model.__mro__:
            field = getattr(base, "model_fields", {}).get(name)
            found = [item for item in _metadata(field) if isinstance(item, ResponseHeader)] if field else []
            if found:
                yield name, found[-1]
                break


def _metadata(field: Any) -> Iterator[object]:
    """Yield what is annotated on a field, or on an alternative of it: `Annotated[int, …] | None`."""
    yield from field.metadata
    if get_origin(field.annotation) in _UNIONS:
        for part in get_args(field.annotation):
            yield from getattr(part, "__metadata__", ())


def _field(cls: type, field: Any, *, is_sent: bool) -> core_schema.TypedDictField:
    """Return a field of the model as one of a dictionary."""
    value: Any = field["schema"]
    written: Any = value.get("serialization", {})
    if written.get("is_field_serializer"):
        function = _with_self(cls, written["function"])
        value = dict(value, serialization=dict(written, function=function))
    return core_schema.typed_dict_field(
        value,
        validation_alias=field.get("validation_alias"),
        serialization_alias=field.get("serialization_alias"),
        serialization_exclude=None if is_sent else True,
        serialization_exclude_if=field.get("serialization_exclude_if"),
    )


def _with_self(cls: Any, function: Any) -> Any:
    """Return a `field_serializer` that gets a problem for the dictionary it is called with."""

    def serialize(members: dict[str, object], *rest: object) -> object:
        problem = cls.__new__(cls)
        problem.__dict__.update(members)
        return function(problem, *rest)

    return serialize


def _received(field: Any, wire: str | None) -> core_schema.TypedDictField:
    """Return a field as it is read: by the name *wire* and its aliases, or leniently if it is in no document."""
    value: Any = field["schema"]
    if wire is not None:
        paths: list[list[str | int]] = [[wire]]
        return core_schema.typed_dict_field(value, validation_alias=paths + _paths(field.get("validation_alias")))
    if value["type"] == "default":
        value = dict(value, on_error="default")
    else:
        value = core_schema.with_default_schema(core_schema.nullable_schema(value), default=None, on_error="default")
    return core_schema.typed_dict_field(value)


def _paths(alias: Any) -> list[list[str | int]]:
    """Return a validation alias in its longest form: several paths."""
    if alias is None:
        return []
    if isinstance(alias, str):
        return [[alias]]
    return alias if isinstance(alias[0], list) else [alias]
