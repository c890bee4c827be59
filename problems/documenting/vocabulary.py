"""
The problem types of a registry as data, for export, pages, comparison and code generation.

Turns classes into plain values for other programs. Knows no output format and no request.
"""

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from problems._wire.details import STANDARD_MEMBERS
from problems._wire.invalid_params import InvalidParam
from problems._wire.problem_type import ABOUT_BLANK
from problems._wire.uris import on_base
from problems.catalog import ValidationProblem
from problems.declaring._definition import definition_of
from problems.declaring.problem import Problem
from problems.openapi import Components
from problems.openapi._description import describe
from problems.openapi._docstrings import sections_of
from problems.openapi._walk import SCHEMAS
from problems.registry import Registry

__all__ = ["DocumentedHeader", "DocumentedType", "Vocabulary", "documented", "types_of"]

Json = dict[str, Any]


def _is_none(value: object) -> bool:
    return value is None


class DocumentedHeader(BaseModel):
    """
    A response header field that comes with a problem type.

    Attributes:
        name: The name of the field.
        required: Whether every response of the type has it.
        description: The meaning of the field.
        values: The JSON Schema of its values, if it is known.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True)

    name: str
    required: bool = False
    description: str = ""
    values: Json | None = Field(
        default=None,
        validation_alias=AliasChoices("schema", "values"),
        serialization_alias="schema",
        exclude_if=_is_none,
    )


class DocumentedType(BaseModel):
    """
    A problem type as data, independent of its class.

    Attributes:
        type: The type URI on the wire.
        name: The name of the class, and of the component schema in OpenAPI.
        title: The summary, the same for every occurrence.
        status: The HTTP status code.
        description: What the type means, in Markdown.
        reference: The type as written in the class header, if a base completes it to the type URI.
        aliases: Further type URIs under which clients recognise the type.
        bases: The base problem classes: their type URIs, or names of classes without one. `None` if they are not
            known.
        headers: The response header fields.
        example: An example document, if one could be derived.
        document: The JSON Schema of documents of this type, with the extension members.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True)

    type: str
    name: str
    title: str
    status: int
    description: str = ""
    reference: str | None = Field(default=None, exclude_if=_is_none)
    aliases: tuple[str, ...] = ()
    bases: tuple[str, ...] | None = Field(default=None, exclude_if=_is_none)
    headers: tuple[DocumentedHeader, ...] = ()
    example: Json | None = Field(default=None, exclude_if=_is_none)
    document: Json = Field(validation_alias=AliasChoices("schema", "document"), serialization_alias="schema")

    def to_json(self) -> str:
        """Return this type as the text of a JSON file, without empty members."""
        return _to_json(self)

    @property
    def about(self) -> str:
        """The description, or, without one, the description of the schema."""
        return self.description or str(self.document.get("description") or self.title)

    @property
    def members(self) -> Mapping[str, Json]:
        """The JSON Schema of each extension member, by name."""
        return {
            name: value for name, value in self.document.get("properties", {}).items() if name not in STANDARD_MEMBERS
        }

    @property
    def required(self) -> frozenset[str]:
        """The extension members that every document has."""
        return frozenset(self.document.get("required", ())).difference(STANDARD_MEMBERS)

    @property
    def definitions(self) -> Mapping[str, Json]:
        """The schemas that members refer to, by name."""
        schemas: Mapping[str, Json] = self.document.get("$defs", {})
        return schemas


class Vocabulary(BaseModel):
    """
    The problem types of an API, in the format of `problems export`.

    Attributes:
        version: The version of this format.
        types: The problem types, in the order of the registry.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True)

    version: Literal[1] = 1
    types: tuple[DocumentedType, ...]

    @classmethod
    def of(cls, registry: Registry) -> "Vocabulary":
        """
        Return the vocabulary of a registry, including its validation problem if that has a type URI.

        >>> from problems import NotFound
        >>> class ItemNotFound(NotFound, type="item-not-found", title="Item not found"):
        ...     item_id: int
        >>> vocabulary = Vocabulary.of(Registry(ItemNotFound, base="https://shop.example/problems/"))
        >>> [it.type for it in vocabulary.types]
        ['https://shop.example/problems/item-not-found', 'https://shop.example/problems/validation-problem']
        """
        return cls(types=tuple(documented(item, registry) for item in types_of(registry)))

    def to_json(self) -> str:
        """Return the vocabulary as the text of a JSON file, without empty members."""
        return _to_json(self)


def _to_json(value: BaseModel) -> str:
    return value.model_dump_json(indent=2, by_alias=True) + "\n"


def types_of(registry: Registry) -> tuple[type[Problem], ...]:
    """Return the problem types that an application with this registry declares, or can send with a type URI."""
    validation = registry.validation_problem
    extra = () if registry.facts(validation).is_blank else (validation,)
    return tuple(dict.fromkeys((*registry, *extra)))


def documented(cls: type[Problem], registry: Registry) -> DocumentedType:
    """Return the documentation of one problem type as data."""
    described = describe(registry, cls)
    components = Components.of(registry, [cls])
    name = components.names[cls]
    schema = _standalone(components.schemas, name)
    if issubclass(cls, ValidationProblem) and InvalidParam.__name__ in schema.get("$defs", {}):
        _describe_inputs(schema["$defs"][InvalidParam.__name__]["properties"])
    return DocumentedType(
        type=described.facts.uri,
        name=name,
        title=described.facts.title,
        status=described.facts.status,
        description=described.text,
        reference=_reference(cls, described.facts.uri, registry.base),
        aliases=tuple(on_base(alias, registry.base) for alias in definition_of(cls).declaration.aliases),
        bases=tuple(_bases(cls, registry)),
        headers=tuple(_headers(components.responses[name].get("headers", {}))),
        example=copy.deepcopy(described.example),
        document=schema,
    )


def _describe_inputs(properties: Json) -> None:
    """Add the descriptions in the docstring of `InvalidParam` to its members."""
    for member, text in sections_of(InvalidParam.__doc__)[1].items():
        name = InvalidParam.model_fields[member].serialization_alias or member
        if name in properties:
            properties[name].setdefault("description", text)


def _standalone(schemas: Json, name: str) -> Json:
    """Return one of several component schemas as a standalone schema, with the others as its definitions."""
    definitions: Json = json.loads(json.dumps(schemas).replace(f'"{SCHEMAS}', '"#/$defs/'))
    own = definitions.pop(name)
    return {"$defs": definitions, **own} if definitions else own


def _reference(cls: type[Problem], uri: str, base: str | None) -> str | None:
    """Return the part of a type URI that was appended to a base."""
    written = cls.problem_type.uri
    if written != uri and uri.endswith(written):
        return written
    return uri.removeprefix(base) if base is not None and uri.startswith(base) else None


def _bases(cls: type[Problem], registry: Registry) -> Iterator[str]:
    """Yield the classes that catch *cls* in an `except` clause besides itself, by their names in a document."""
    for base in cls.__mro__[1:]:
        if issubclass(base, Problem) and base is not Problem and not base.__name__.startswith("_"):
            has_type = not definition_of(base).declaration.abstract and base.problem_type.uri != ABOUT_BLANK
            yield registry.uri(base) if has_type else base.__name__


def _headers(headers: Mapping[str, Json]) -> Iterator[DocumentedHeader]:
    for name, header in headers.items():
        required, description = header.get("required", False), header.get("description", "")
        yield DocumentedHeader(name=name, required=required, description=description, values=header.get("schema"))
