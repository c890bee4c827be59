"""
The description of one problem type: everything that documents, pages and lint findings state about it.

Built once for each class and registry. Does not know documents, where a schema may need another name.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from problems._wire.problem_type import ProblemType
from problems.declaring._definition import definition_of
from problems.declaring.problem import Problem
from problems.openapi._docstrings import sections_of
from problems.openapi._examples import example_document
from problems.openapi._headers import headers_of
from problems.openapi._walk import SCHEMAS, Json
from problems.openapi._wire_schema import WireSchema, without_write_only
from problems.registry import Registry

__all__ = ["Description", "describe", "generated", "pascal", "with_texts"]


@dataclass(frozen=True, slots=True)
class Description:
    """
    The description of a problem type. It is shared: change a copy.

    Attributes:
        facts: The type URI on the wire, the title and the status.
        name: The preferred name of the component schema.
        text: The description in the docstring of the class; empty for a class without a docstring.
        schema: The JSON Schema of its documents.
        definitions: The schemas that the schema refers to, by name.
        example: An example document, or `None` if none can be derived.
        headers: The Header objects of its response header fields.
    """

    facts: ProblemType
    name: str
    text: str
    schema: Json
    definitions: Json
    example: Json | None
    headers: Json

    @property
    def paragraph(self) -> str:
        """The first paragraph of the text on one line; empty if it only repeats the title."""
        first = " ".join(self.text.partition("\n\n")[0].split())
        return "" if first.rstrip(".").lower() == self.facts.title.rstrip(".").lower() else first


def describe(registry: Registry, cls: type[Problem]) -> Description:
    """Return the description of a class under a registry."""
    return registry.built(cls, _description)


def _description(registry: Registry, cls: type[Problem]) -> Description:
    facts, model = registry.facts(cls), registry.model(cls)
    (schema,), definitions = generated([model])
    return Description(
        facts=facts,
        name=_name(cls),
        text=sections_of(cls.__dict__.get("__doc__"))[0],
        schema=with_texts(schema, cls),
        definitions=definitions,
        example=example_document(cls, facts, model),
        headers=headers_of(cls),
    )


def generated(models: Sequence[type[BaseModel]]) -> tuple[list[Json], Json]:
    """Return the JSON Schemas of models, and the schemas that they refer to by name."""
    references, definitions = models_json_schema(
        [(model, "serialization") for model in models],
        ref_template=SCHEMAS + "{model}",
        schema_generator=WireSchema,
    )
    schemas: Json = {name: without_write_only(schema) for name, schema in definitions.get("$defs", {}).items()}
    names = [str(references[model, "serialization"]["$ref"]).removeprefix(SCHEMAS) for model in models]
    own = [schemas[name] for name in names]
    return own, {name: schema for name, schema in schemas.items() if name not in names}


def _name(cls: type[Problem]) -> str:
    name = definition_of(cls).declaration.schema_name or cls.__name__
    legal = name if re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", name) else pascal(name)
    return legal if legal[:1].isalpha() else f"Problem{legal}"


def pascal(text: str) -> str:
    """
    Return words joined in PascalCase.

    >>> pascal("create_order-v2.post")
    'CreateOrderV2Post'
    """
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[^A-Za-z0-9]+", text))


def with_texts(schema: Json, cls: type[Problem]) -> Json:
    """Return a schema with the descriptions from the docstrings of a class and its bases."""
    described_bases = [sections_of(base.__dict__.get("__doc__")) for base in cls.__mro__ if issubclass(base, Problem)]
    sent = definition_of(cls).members.sent
    properties: Json = {name: dict(value) for name, value in schema["properties"].items()}
    for _, attributes in described_bases:
        for member, text in attributes.items():
            name: Any = sent.get(member)
            if name in properties and "$ref" not in properties[name]:
                properties[name].setdefault("description", text)
    # The docstring of the model describes a class that has none of its own.
    description = described_bases[0][0] or schema.get("description", "")
    return {**schema, "description": description, "properties": properties}
