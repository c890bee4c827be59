"""
The body of a problem class, as pydantic sees it.

Mirrors problem classes by pydantic models of their members, so that every
rule of pydantic (constraints, aliases, generics, inheritance, validators) is
pydantic's own. Knows nothing of exceptions, statuses or type URIs, and does its
work when a class is first used, never at import.
"""

import inspect
import re
import sys
import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import CoreSchema, SchemaSerializer, SchemaValidator, core_schema

from problems._headers import HeaderLines
from problems._response_header import ResponseHeader
from problems.errors import InvalidDefinition, InvalidMembers, ReservedMember
from problems.rendering.json import encode

__all__ = [
    "Members",
    "MembersModel",
    "annotations_of",
    "check_body",
    "check_names",
    "is_taken",
    "local_names",
    "members_of",
    "mirror",
]

_RFC: Final = frozenset({"type", "title", "status", "detail", "instance"})
_HTTP_EXCEPTION: Final = frozenset({"args", "with_traceback", "add_note", "status_code", "headers"})
_OURS: Final = frozenset({"request", "response", "reading", "registry", "relayed"})
_PYDANTIC: Final = frozenset(name for name in dir(BaseModel) if not name.startswith("_"))
_CLASS_VAR: Final = re.compile(r"\s*(\w+\.)*ClassVar\b")
_DECORATORS: Final = frozenset({"FieldValidatorDecoratorInfo", "FieldSerializerDecoratorInfo"})


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


@dataclass(frozen=True, slots=True)
class Members:
    """
    What there is to know of the members of one problem class.

    Attributes:
        model: The pydantic model that mirrors the class.
        names: The Python names of the declared members, in order.
        sent: The names on the wire of those that are part of the document.
        headers: Those that are response headers.
        validator: Turns keyword arguments into members.
        reader: Turns a received document into members.
        serializer: Writes them as JSON, from any dictionary that holds them.
    """

    model: type[BaseModel]
    names: tuple[str, ...]
    sent: Mapping[str, str]
    headers: Mapping[str, ResponseHeader]
    validator: SchemaValidator
    reader: SchemaValidator
    serializer: SchemaSerializer

    def validate(self, cls: str, members: dict[str, Any]) -> dict[str, Any]:
        """
        Return the validated members.

        Raises:
            InvalidMembers: A member is missing, unknown or wrong; says which, never its value.
        """
        try:
            values: dict[str, Any] = self.validator.validate_python(members)
        except ValidationError as error:
            raise InvalidMembers(cls, _sentence(error)) from None
        return values

    def lines(self, values: Mapping[str, Any], given: Mapping[str, str] | None) -> HeaderLines:
        """
        Return the response headers of an occurrence: those *given*, and of its members those that are not.

        Raises:
            InvalidHeader: One of them cannot be sent.
        """
        asked = HeaderLines(given or {})
        own = [line for name, header in self.headers.items() for line in header.lines(values[name])]
        return HeaderLines([*(line for line in own if line[0] not in asked), *asked.items()])

    def read(self, members: Mapping[str, object], headers: Mapping[str, str] | None) -> dict[str, Any]:
        """
        Return the members of a received document, those that are not declared left out.

        Members that are only response headers come from *headers*; one that is absent or unreadable is `None`.

        Raises:
            ValidationError: A member of the document is missing or does not fit.
        """
        given = dict(members)
        for name, header in self.headers.items():
            if not header.body:
                given[name] = header.read((headers or {}).get(header.name))
        values: dict[str, Any]
        try:
            values = self.reader.validate_python(given, extra="ignore")
        except ValidationError:
            # What JSON cannot say otherwise (a date as text for a strict member) only fits as JSON.
            values = self.reader.validate_json(encode(given), extra="ignore")
        return values


def check_names(cls: str, names: Iterable[str]) -> None:
    """
    Refuse member names that mean something else already.

    Raises:
        ReservedMember: One of *names* is taken.
        InvalidDefinition: One of *names* is private.
    """
    for name in names:
        if name.startswith("_"):
            raise InvalidDefinition(
                cls, f"{name!r} is private and cannot be an extension member. Annotate it as ClassVar or rename it."
            )
        if owner := _owner(name):
            raise ReservedMember(cls, name, owner)


def is_taken(name: str) -> bool:
    """Return whether *name* cannot be that of an extension member."""
    return name.startswith("_") or _owner(name) is not None


def _owner(name: str) -> str | None:
    """Return who has taken *name*, if anybody has."""
    if name in _RFC:
        return "RFC 9457"
    if name in _HTTP_EXCEPTION:
        return "exceptions"
    if name in _OURS or name.startswith("problem_"):
        return "this package"
    if name in _PYDANTIC or name.startswith("model_"):
        return "pydantic models"
    return None


def check_body(cls: type, own: Mapping[str, object]) -> None:
    """
    Refuse what would be inert in the body of a problem class.

    Raises:
        InvalidDefinition: The body has a pydantic construct that is not about one member.
    """
    for name, value in cls.__dict__.items():
        if name == "model_config":
            raise InvalidDefinition(
                cls.__qualname__,
                "`model_config` would have no effect, a problem is no pydantic model. Put it into a nested model.",
            )
        if not type(value).__module__.startswith("pydantic.") or name in own:
            continue
        if type(getattr(value, "decorator_info", None)).__name__ not in _DECORATORS:
            raise InvalidDefinition(
                cls.__qualname__,
                f"{name!r} would have no effect, a problem is no pydantic model. Annotate it if it is a member, "
                f"validate members one by one with `field_validator`, or compute a member before you raise.",
            )


def annotations_of(cls: type) -> dict[str, Any]:
    """Return the annotations that *cls* itself has, those that are members."""
    annotations = _annotations(cls)
    return {name: hint for name, hint in annotations.items() if not _is_class_var(hint)}


if sys.version_info >= (3, 14):
    import annotationlib

    def _annotations(cls: type) -> dict[str, Any]:
        # A name that is not defined yet stays a forward reference.
        return annotationlib.get_annotations(cls, format=annotationlib.Format.FORWARDREF)
else:

    def _annotations(cls: type) -> dict[str, Any]:
        return inspect.get_annotations(cls)


def _is_class_var(hint: object) -> bool:
    if isinstance(hint, str):
        return _CLASS_VAR.match(hint) is not None
    return hint is ClassVar or getattr(hint, "__origin__", None) is ClassVar


def local_names(cls: type, depth: int) -> dict[str, Any] | None:
    """
    Return what the annotations of a class inside a function may refer to.

    Only such a class needs it, and only if it has annotations that are text:
    everything else is found in the module.
    """
    if "<locals>" not in cls.__qualname__ or not any(isinstance(hint, str) for hint in _annotations(cls).values()):
        return None
    frame = inspect.currentframe()
    while frame is not None and depth:
        frame, depth = frame.f_back, depth - 1
    while frame is not None and frame.f_code.co_name == "__init_subclass__":
        frame = frame.f_back
    return dict(frame.f_locals) if frame is not None else None


def mirror(cls: type, bases: tuple[Any, ...], local: Mapping[str, Any] | None) -> type[BaseModel]:
    """
    Return the pydantic model of the members that *cls* declares and inherits.

    Args:
        cls: The problem class.
        bases: The models of its problem bases, parametrised as they are.
        local: The names around a class inside a function.
    """
    own = annotations_of(cls)
    body: dict[str, Any] = {name: value for name, value in cls.__dict__.items() if _is_for_pydantic(name, value, own)}
    body |= {
        "__annotations__": own,
        "__module__": cls.__module__,
        "__qualname__": cls.__qualname__,
        "__doc__": cls.__doc__,
    }
    model: type[BaseModel] = types.new_class(cls.__name__, bases, {}, lambda namespace: namespace.update(body))
    model.model_rebuild(force=True, _types_namespace=dict(local) if local else None)
    return model


def _is_for_pydantic(name: str, value: object, own: Mapping[str, object]) -> bool:
    """Whether an entry of a class body is a default or a decorated function of pydantic's."""
    return name in own or type(value).__module__.startswith("pydantic.")


def members_of(model: type[BaseModel], title: str, *, is_open: bool) -> Members:
    """Return the members of a mirrored class, with a validator and a serializer of their own."""
    headers = dict(_headers(model))
    schema = _typed_dict(model.__pydantic_core_schema__, title, headers, is_open=is_open, lenient=False)
    validator = reader = SchemaValidator(schema)
    if any(not header.body for header in headers.values()):
        reader = SchemaValidator(
            _typed_dict(model.__pydantic_core_schema__, title, headers, is_open=is_open, lenient=True)
        )
    return Members(
        model=model,
        names=tuple(model.model_fields),
        sent=dict(_sent(model, headers)),
        headers=headers,
        validator=validator,
        reader=reader,
        serializer=SchemaSerializer(schema),
    )


def _sent(model: type[BaseModel], headers: Mapping[str, ResponseHeader]) -> Iterator[tuple[str, str]]:
    for name, field in model.model_fields.items():
        if not field.exclude and (name not in headers or headers[name].body):
            yield name, field.serialization_alias or name


def _headers(model: type[BaseModel]) -> Iterator[tuple[str, ResponseHeader]]:
    """
    Yield the members that are response headers.

    A subclass that only gives such a member a default inherits what its base said of it.
    """
    for name in model.model_fields:
        for base in model.__mro__:
            field = getattr(base, "model_fields", {}).get(name)
            found = [item for item in field.metadata if isinstance(item, ResponseHeader)] if field else []
            if found:
                yield name, found[-1]
                break


def _typed_dict(
    schema: Any, title: str, headers: Mapping[str, ResponseHeader], *, is_open: bool, lenient: bool
) -> CoreSchema:
    """
    Return the schema of a model's fields as that of a dictionary.

    An occurrence keeps its members in its own ``__dict__``; no instance of the model is ever made. With
    *lenient*, members that are only headers may be missing or wrong.
    """
    if schema["type"] == "definitions":
        inner = _typed_dict(schema["schema"], title, headers, is_open=is_open, lenient=lenient)
        return core_schema.definitions_schema(inner, schema["definitions"])
    fields = schema["schema"]["fields"]
    return core_schema.typed_dict_schema(
        {name: _typed_dict_field(field, headers.get(name), lenient=lenient) for name, field in fields.items()},
        extra_behavior="allow" if is_open else "forbid",
        config=core_schema.CoreConfig(
            title=title,
            hide_input_in_errors=True,
            validate_by_name=True,
            validate_by_alias=True,
            serialize_by_alias=True,
            ser_json_inf_nan="null",
        ),
    )


def _typed_dict_field(field: Any, header: ResponseHeader | None, *, lenient: bool) -> core_schema.TypedDictField:
    only_header = header is not None and not header.body
    value = field["schema"]
    if only_header and lenient:
        value = core_schema.with_default_schema(core_schema.nullable_schema(value), default=None, on_error="default")
    return core_schema.typed_dict_field(
        value,
        validation_alias=field.get("validation_alias"),
        serialization_alias=field.get("serialization_alias"),
        serialization_exclude=True if only_header else field.get("serialization_exclude"),
        serialization_exclude_if=field.get("serialization_exclude_if"),
    )


def _sentence(error: ValidationError) -> str:
    """Tell all that is wrong with the members in one line, without their values."""
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults) + "."
