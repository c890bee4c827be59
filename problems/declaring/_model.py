"""
The pydantic model of one problem type's documents: what is on the wire.

Its JSON Schema has the one shape that validators and code generators agree
on: flat, `type` and `status` constant, nothing nullable that is merely absent.
Knows neither exceptions nor registries.
"""

import inspect
import types
from collections.abc import Collection
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from problems._wire.details import STANDARD_MEMBERS
from problems._wire.problem_type import ProblemType

__all__ = ["document_model"]


class Document(BaseModel):
    """What the models of all problem types have in common: the shape of their JSON Schema."""

    model_config = ConfigDict(extra="allow", defer_build=True)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        reference = handler(schema)
        result = handler.resolve_ref_schema(reference)
        properties = result.get("properties", {})
        for name in properties:
            if properties[name].get("title") == _generated_title(name):
                del properties[name]["title"]
        for name in ("detail", "instance"):
            properties[name] = {"type": "string"}  # absent, never null
        result["properties"] = {**{name: properties[name] for name in STANDARD_MEMBERS}, **properties}
        members = [name for name in result.get("required", ()) if name not in STANDARD_MEMBERS]
        result["required"] = ["type", "title", "status", *members]
        # Clients ignore members that they do not know (RFC 9457, section 3.2): the object stays open.
        result.pop("additionalProperties", None)
        return reference


def document_model(
    body: type[BaseModel],
    name: str,
    problem_type: ProblemType,
    *,
    unsent: Collection[str],
    doc: str | None,
) -> type[BaseModel]:
    """
    Return the model of a problem type's documents.

    Args:
        body: The model of its extension members.
        name: The name of the component schema.
        problem_type: Its facts, the URI as it is on the wire.
        unsent: The members that are not part of the document.
        doc: What OpenAPI and the problem page say of it.
    """
    annotations: dict[str, Any] = {
        "type": Literal[problem_type.uri],  # a closed union narrows on it
        "title": str,
        "status": Literal[problem_type.status],
        "detail": str | None,
        "instance": str | None,
        **dict.fromkeys(unsent, ClassVar[Any]),
    }
    namespace: dict[str, Any] = {
        "__annotations__": annotations,
        "__module__": body.__module__,
        "__qualname__": name,
        "__doc__": inspect.cleandoc(doc) if doc else f"{problem_type.title} ({problem_type.status}).",
        "detail": None,
        "instance": None,
    }
    return types.new_class(name, (Document, body), {}, lambda item: item.update(namespace))


def _generated_title(name: str) -> str:
    """Return the title that pydantic generates for a field, which only repeats the name."""
    return name.replace("_", " ").title()
