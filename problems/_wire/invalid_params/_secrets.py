"""
Which members and parameters are secrets, as JSON Schemas tell.

A rejected value of a secret is a plain string, with nothing left that says so. Knows the marks that pydantic gives
to its secret types.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from problems.invalid_params._values import is_list, is_mapping

__all__ = ["Marks", "parts_of", "secret_names", "target_of"]

_WITHIN: Final = ("items", "prefixItems", "additionalProperties", "anyOf", "oneOf", "allOf")
"""Where the schema of a value has those of its parts, or its alternatives; members with a name are no part of it."""


def secret_names(schema: Mapping[str, object]) -> frozenset[str]:
    """
    Return the names that *schema*, a JSON Schema or an OpenAPI document, gives to secrets.

    Those are the properties and parameters which pydantic's ``SecretStr`` and ``SecretBytes`` mark.

    >>> secret_names({"properties": {"pw": {"type": "string", "writeOnly": True}, "name": {"type": "string"}}})
    frozenset({'pw'})
    """
    return frozenset(_secret_names(schema, Marks(schema)))


def _secret_names(schema: object, marks: "Marks") -> Iterator[str]:
    if is_mapping(schema):
        properties, name = schema.get("properties"), schema.get("name")
        if is_mapping(properties):
            yield from (str(name) for name, part in properties.items() if marks.are_on(part))
        if isinstance(name, str) and marks.are_on(schema.get("schema")):
            yield name
    for part in parts_of(schema):
        yield from _secret_names(part, marks)


class Marks:
    """The marks of secrets in one document."""

    def __init__(self, document: Mapping[str, object]) -> None:
        self._document = document
        self._known: dict[str, bool] = {}

    def are_on(self, schema: object) -> bool:
        """Return whether a value with *schema* is a secret, or has one without a name."""
        if not is_mapping(schema):
            return is_list(schema) and any(map(self.are_on, schema))
        if schema.get("writeOnly") is True or schema.get("format") == "password":
            return True
        return (
            self._are_behind(schema.get("$ref"))
            or any(self.are_on(schema.get(keyword)) for keyword in _WITHIN)
            or any(map(self.are_on, parts_of(schema.get("patternProperties"))))
        )

    def _are_behind(self, reference: object) -> bool:
        if not isinstance(reference, str):
            return False
        if reference not in self._known:
            self._known[reference] = False  # what refers to itself adds nothing
            self._known[reference] = self.are_on(target_of(reference, self._document))
        return self._known[reference]


def target_of(reference: str, document: object) -> object:
    """
    Return what a reference within *document* leads to.

    >>> target_of("#/$defs/A", {"$defs": {"A": True}})
    True
    """
    for part in reference.removeprefix("#/").split("/"):
        document = document.get(part) if is_mapping(document) else None
    return document


def parts_of(value: object) -> Iterator[object]:
    """Yield the values in a JSON value."""
    if is_mapping(value):
        yield from value.values()
    elif is_list(value):
        yield from value
