"""
The members of a problem class, as pydantic sees them.

Mirrors problem classes by pydantic models of their members, so that every
rule of pydantic (constraints, aliases, generics, inheritance, validators) is
pydantic's own. Does not import exceptions, statuses or type URIs, and does its
work when a class is first used, never at import. This is one thing: validation,
encoding and reading use the fields of the same model.
"""

import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, time, timedelta
from decimal import Decimal
from functools import cached_property, partial
from typing import Any, Final, Literal, Union, cast, get_args, get_origin

from pydantic import BaseModel, ConfigDict, PydanticUserError, ValidationError
from pydantic.errors import PydanticUndefinedAnnotation
from pydantic_core import (
    CoreConfig,
    CoreSchema,
    ErrorDetails,
    SchemaValidator,
    core_schema,
    from_json,
)

from problems._wire.core_schemas import serializer_for
from problems._wire.headers import HeaderLines
from problems._wire.invalid_params import MASK
from problems._wire.invalid_params._messages import message_of
from problems._wire.json import (
    ATOMS,
    MAX_DIGITS,
    bounded,
    clean,
    encode,
    encode_members,
    guard,
    has_long_number,
    has_serializer,
    settle,
)
from problems._wire.template import Template
from problems.declaring._body import annotations_of, is_of_pydantic, is_standard
from problems.declaring._response_header import ResponseHeader
from problems.declaring._schemas import as_sent, has_iterables, paths_of, settled, shows_all
from problems.errors import InvalidDefinition, SetupError

__all__ = ["Members", "MembersModel", "default_as_sent", "message_in", "mirror"]

_MESSAGE_MAX: Final = 200

_UNIONS: Final = (Union, types.UnionType)
_FORMATTED: Final = (Decimal, date, time, timedelta)
"""The classes whose values have formats of their own, as `{when:%Y}`."""

_CONFIG: Final = CoreConfig(
    hide_input_in_errors=True,
    validate_by_name=True,
    validate_by_alias=True,
    serialize_by_alias=True,
    ser_json_inf_nan="null",
)


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


class Members:
    """
    The members of one problem class.

    Args:
        cls: The problem class.
        model: The model that mirrors it.
        is_open: Whether an occurrence may have members that are not declared.
        detail: The template of `detail`.

    Raises:
        InvalidDefinition: Two members have one name on the wire, or one has the name of a standard member.

    Attributes:
        model: The pydantic model that mirrors the class.
        names: The Python names of the declared members, in order.
        sent: The names on the wire of those that are part of the document.
        headers: Those that are response headers.
        validate: Turns keyword arguments into members.
        is_open: Whether an occurrence may have members that are not declared.
    """

    def __init__(self, cls: type, model: type[BaseModel], *, is_open: bool, detail: str) -> None:
        self._cls, self.model, self.is_open = cls, model, is_open
        self.headers: Mapping[str, ResponseHeader] = dict(_headers(model))
        self.sent = dict(_sent(cls.__qualname__, model, self.headers))
        fields, self._definitions = _fields(cls, model)
        self.names = tuple(fields)
        self._own = {name: _field(cls, field, is_sent=name in self.sent) for name, field in fields.items()}
        self._template = Template.read(detail) if detail else None
        config: CoreConfig = {**_CONFIG, "title": cls.__qualname__}
        schema = _dictionary(self._own, self._definitions, config, extra="allow" if is_open else "forbid")
        validate = SchemaValidator(schema, config).validate_python
        self.validate: Callable[[Mapping[str, Any]], dict[str, Any]] = (
            partial(_settling, validate) if has_iterables([fields, self._definitions]) else validate
        )
        self._serializer = serializer_for(schema, guard, config)

    @property
    def required(self) -> list[str]:
        """The names of the members that have no default."""
        return [name for name, field in self.model.model_fields.items() if field.is_required()]

    def name_of(self, place: Sequence[object]) -> str:
        """Return the Python name of the member that an error of pydantic's is about: it has the alias."""
        alias = str(place[0]) if place else ""
        if alias in self._own:
            return alias
        firsts = {
            name: [path[0] for path in paths_of(value.get("validation_alias"))] for name, value in self._own.items()
        }
        return next((name for name, aliases in firsts.items() if alias in aliases), alias)

    @cached_property
    def hidden(self) -> frozenset[str]:
        """The names of the members whose wire form may not show all of the value."""
        definitions = has_serializer(self._definitions)
        return frozenset(name for name, field in self._own.items() if definitions or has_serializer(field))

    @cached_property
    def unshown(self) -> frozenset[str]:
        """The names on the wire of the members that `str()` and `repr()` leave out, by `Field(repr=False)`."""
        fields = self.model.model_fields
        return frozenset(wire for name, wire in self.sent.items() if not fields[name].repr)

    @cached_property
    def reader(self) -> SchemaValidator:
        """Turns a received document into members: a client needs it, a server does not."""
        return self._reader(_received)

    @cached_property
    def _tolerant(self) -> SchemaValidator:
        """Reads a document as `reader` does, but gives an optional member that does not fit its default."""
        return self._reader(lambda field, wire: _tolerant(_received(field, wire)))

    def _reader(self, received: Callable[[Any, str | None], core_schema.TypedDictField]) -> SchemaValidator:
        # Places of errors by field name: the alias alone may be the name of an object that holds several members.
        config = CoreConfig(title=self._cls.__qualname__, hide_input_in_errors=True, loc_by_alias=False)
        read = {name: received(field, self.sent.get(name)) for name, field in self._own.items()}
        schema = _dictionary(read, as_sent(self._definitions), config, extra="ignore")
        # Not the validators that nested models have already: these read the names that pydantic validates by.
        return SchemaValidator(schema, config, _use_prebuilt=False)

    def lines(self, values: Mapping[str, object], given: Mapping[str, str] | None) -> HeaderLines:
        """
        Return the response headers of an occurrence: those *given*, and of its members those that are not.

        Raises:
            InvalidHeader: One of them cannot be sent.
        """
        requested = HeaderLines(given or {})
        own = [line for name, header in self.headers.items() for line in header.lines(values[name])]
        return HeaderLines([*(line for line in own if line[0] not in requested), *requested.items()])

    def encode(self, values: Mapping[str, object], further: Iterable[str] = ()) -> bytes:
        """
        Return the members among *values* as one JSON object, those declared and *further* ones; never fails.

        The one way from members to the wire. Names are aliases at every depth, as in the JSON Schema.
        """
        given: Any = values
        try:
            # Of plain values the serializer of a closed type writes the members alone.
            for value in values.values():
                if self.is_open or type(value) not in ATOMS:
                    given = self._among(values, further)
                    if not given and not self.sent:
                        return b"{}"  # of most foreign exceptions
                    given = bounded(given)
                    break
            encoded = self._serializer.to_json(given, by_alias=True, warnings=False, fallback=clean)
            if len(encoded) <= MAX_DIGITS or not has_long_number(encoded):
                return encoded
        except Exception:  # noqa: BLE001, S110 - an unusual value must not cost the client its error
            pass
        return self._one_by_one(self._among(given, further))

    def _among(self, values: Mapping[str, object], further: Iterable[str]) -> dict[str, object]:
        """Return the members among *values*, those declared first."""
        return {name: values[name] for name in (*self.names, *further) if name in values}

    def _one_by_one(self, values: dict[str, object]) -> bytes:
        """
        Return the members as a JSON object, whatever they are.

        The serializer of a member applies here too, because it may hide a part of the value. If the serializer fails,
        the member is null.
        """
        members: dict[str, object] = {name: value for name, value in values.items() if name not in self._own}
        for name, wire in self.sent.items():
            value = values.get(name)
            try:
                members |= self._serializer.to_python(
                    {name: value}, mode="json", by_alias=True, warnings=False, fallback=clean
                )
            except Exception:  # noqa: BLE001 - an unusual value must not cost the client its error
                members[wire] = None if name in self.hidden else value
        return encode_members(members)

    def texts(self, values: Mapping[str, object]) -> Mapping[str, object]:
        """Return the members for a text such as `detail`: each as it is sent, and never more than is sent."""
        return _Texts(self, values)

    def detail(self, values: Mapping[str, object]) -> str | None:
        """
        Return the template of the class header with the members filled in, `None` if the class has no template.

        Raises:
            ValueError: A member cannot be formatted like this.
            TypeError: A member has no format.
        """
        return self._template and self._template.fill(_Texts(self, values))

    def portable(self, values: Mapping[str, object], further: Iterable[str] = ()) -> dict[str, object]:
        """
        Return the members for a pickle: unchanged if no part is hidden, otherwise as they are sent.

        A pickle lies in queues and data bases. A member that is excluded from the document is `None` in it.
        """
        kept = {name: values[name] for name in (*self.names, *further) if name in values}
        hiding = [name for name, value in kept.items() if self._hides(name, value)]
        if not hiding:
            return kept
        document: dict[str, Any] = from_json(self.encode(values, further))
        kept |= {name: document.get(self.sent.get(name, name)) for name in hiding}
        with suppress(Exception):  # what a mask makes of a value need not be valid
            read = self.reader.validate_python(document)
            kept |= {name: read[name] for name in hiding if self.sent.get(name) in document and name in read}
        return kept

    def _hides(self, name: str, value: object) -> bool:
        if name in self._own and name not in self.sent:
            return name not in self.headers
        return name in self.hidden or not shows_all(value)

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
            values = self.reader.validate_python(given)
        except ValidationError:
            # What JSON cannot say otherwise (a date as text for a strict member) only fits as JSON.
            values = self.reader.validate_json(encode(given))
        return values

    def read_leniently(
        self, document: Mapping[str, object], headers: Mapping[str, str] | None
    ) -> tuple[dict[str, object], tuple[str, ...]]:
        """
        Return the members of a received document, and a sentence for each optional one that does not fit.

        A server may add a value to an enumeration or send null at any time (RFC 9457, section 3.2): such a member has
        its default.

        Raises:
            ValidationError: A required member is missing or does not fit.
        """
        try:
            return self.read(document, headers), ()
        except ValidationError as error:
            given = document if len(self.sent) == len(self.names) else self._with_headers(document, headers or {})
            try:
                values: dict[str, Any] = self._tolerant.validate_json(encode(given))
            except ValidationError:
                raise error from None
            return values, tuple(self._misfits(error))

    def _misfits(self, error: ValidationError) -> Iterator[str]:
        reasons: dict[str, str] = {}
        for fault in error.errors(include_url=False):
            reasons.setdefault(str(fault["loc"][0]), message_in(fault).rstrip("."))
        for name, reason in reasons.items():
            yield f"The member `{self.sent.get(name, name)}` was ignored: {reason}."

    def _with_headers(self, document: Mapping[str, object], headers: Mapping[str, str]) -> dict[str, object]:
        """Return the sources of the members. Members that are never part of a document are read from headers only."""
        given = {name: value for name, value in document.items() if name not in self.names or name in self.sent}
        for name, header in self.headers.items():
            text = None if name in self.sent else headers.get(header.name)
            if text is not None and (value := header.read(text)) is not None:
                given[name] = value
        return given


class _Texts(Mapping[str, object]):
    """The members of an occurrence by name, for a text."""

    def __init__(self, members: Members, values: Mapping[str, object]) -> None:
        self._members, self._values = members, values

    def __getitem__(self, name: str) -> object:
        value, known = self._values[name], self._members
        is_hidden = name in known.hidden
        if type(value) in ATOMS and not is_hidden and (name in known.sent or name in known.headers):
            return value
        if name in known.sent or name not in known.names:
            further = () if name in known.names else (name,)
            wire = from_json(known.encode({name: value}, further)).get(known.sent.get(name, name))
        elif name in known.headers:
            header = known.headers[name]
            wire = ", ".join(text for field, text in header.lines(value) if field == header.name)
        else:
            return MASK
        return wire if is_hidden or not isinstance(value, _FORMATTED) else _Formatted(value, wire)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


class _Formatted:
    """A number or a time in a text: as it is sent, unless the text says how to format it."""

    def __init__(self, value: object, wire: object) -> None:
        self._value, self._wire = value, wire

    def __format__(self, spec: str) -> str:
        return format(self._value if spec else self._wire, spec)

    def __str__(self) -> str:
        return str(self._wire)

    def __repr__(self) -> str:
        return repr(self._wire)


def default_as_sent(schema: core_schema.WithDefaultSchema) -> object:
    """
    Return the default of a core schema as a document contains it, for its JSON Schema.

    Raises:
        KeyError: There is no default, or only a factory.
        Exception: What a serializer of the application raises, or pydantic for one that needs the whole model.
    """
    if "default" not in schema:
        raise KeyError("default")
    return serializer_for(schema, guard).to_python(schema["default"], mode="json", by_alias=True)


def message_in(fault: ErrorDetails) -> str:
    """Return the message of an error of pydantic's, without the rejected value."""
    message = message_of(fault["type"], fault["msg"], fault.get("ctx"), limit=_MESSAGE_MAX)
    return message.removeprefix("Value error, ")


def mirror(cls: type, bases: tuple[object, ...], local: Mapping[str, object] | None) -> type[BaseModel]:
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
    except SetupError as error:
        reason = (
            f"a problem cannot be a member ({str(error).partition('. ')[0]}). Declare a pydantic model for the member."
        )
        raise InvalidDefinition(cls.__qualname__, reason) from error
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


def _dictionary(
    fields: dict[str, core_schema.TypedDictField],
    definitions: list[CoreSchema],
    config: CoreConfig,
    *,
    extra: Literal["allow", "forbid", "ignore"],
) -> CoreSchema:
    # An occurrence keeps its members in its own ``__dict__``; no instance of the model is ever made.
    schema = core_schema.typed_dict_schema(fields, extra_behavior=extra, config=config)
    return core_schema.definitions_schema(schema, definitions) if definitions else schema


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
            headers = [item for item in _metadata(field) if isinstance(item, ResponseHeader)] if field else []
            if headers:
                yield name, headers[-1]
                break


def _metadata(field: Any) -> Iterator[object]:
    """Yield the metadata of a field, or of an alternative of it: `Annotated[int, …] | None`."""
    yield from field.metadata
    if get_origin(field.annotation) in _UNIONS:
        for part in get_args(field.annotation):
            yield from getattr(part, "__metadata__", ())


def _field(cls: type, field: Any, *, is_sent: bool) -> core_schema.TypedDictField:
    """Return a field of the model as one of a dictionary."""
    value: Any = settled(field["schema"])
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


def _settling(validate: Callable[[Mapping[str, Any]], dict[str, Any]], given: Mapping[str, Any]) -> dict[str, Any]:
    values = validate(given)
    for value in values.values():
        settle(value)
    return values


def _with_self(cls: Any, function: Any) -> Any:
    """Return a `field_serializer` that gets a problem for the dictionary it is called with."""

    def serialize(members: dict[str, object], *rest: object) -> object:
        problem = cls.__new__(cls)
        problem.__dict__.update(members)
        return function(problem, *rest)

    return serialize


def _tolerant(field: core_schema.TypedDictField) -> core_schema.TypedDictField:
    value: Any = field["schema"]
    if value["type"] != "default":
        return field
    return cast("core_schema.TypedDictField", {**field, "schema": {**value, "on_error": "default"}})


def _received(field: Any, wire: str | None) -> core_schema.TypedDictField:
    """Return a field as it is read: by the name *wire* and its aliases, or leniently if it is in no document."""
    value: Any = as_sent(field["schema"])
    if wire is not None:
        paths: list[list[str | int]] = [[wire]]
        return core_schema.typed_dict_field(value, validation_alias=paths + paths_of(field.get("validation_alias")))
    if value["type"] == "default":
        value = dict(value, on_error="default")
    else:
        value = core_schema.with_default_schema(core_schema.nullable_schema(value), default=None, on_error="default")
    return core_schema.typed_dict_field(value)
