"""
The names of secret members and parameters, read from JSON Schemas.

The rejected value of a secret is a plain string, so only the schema identifies it. Knows the marks that pydantic gives
its secret types.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from problems._wire.invalid_params._values import is_list, is_mapping

__all__ = ["Marks", "parts_of", "secret_names", "target_of"]

_WITHIN: Final = ("items", "prefixItems", "additionalProperties", "anyOf", "oneOf", "allOf")
"""The keywords with schemas of unnamed parts or alternatives of a value. Named members are excluded."""


def secret_names(schema: Mapping[str, object]) -> frozenset[str]:
    """
    Return the names that *schema*, a JSON Schema or an OpenAPI document, gives to secrets.

    Secrets are the properties and parameters that pydantic marks for ``SecretStr`` and ``SecretBytes``.

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
        """Return whether a value with *schema* is a secret, or contains an unnamed secret."""
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
            self._known[reference] = False  # a reference to itself adds no mark
            self._known[reference] = self.are_on(target_of(reference, self._document))
        return self._known[reference]


def target_of(reference: str, document: object) -> object:
    """
    Return the target of a reference within *document*, or `None` if it does not exist.

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


class _Described(GenerateJsonSchema):
    """Generates a schema of all supported parts of a type, without warnings. The schema is not published."""

    ignored_warning_kinds = {"skipped-choice", "non-serializable-default", "skipped-discriminator"}  # noqa: RUF012 - as pydantic has it

    def json_or_python_schema(self, schema: Any) -> dict[str, Any]:
        result = super().json_or_python_schema(schema)
        # Pydantic marks `SecretStr` and `SecretBytes`, but not `Secret[int]`.
        writes = schema.get("serialization", {}).get("function")
        return {**result, "writeOnly": True} if "secret" in getattr(writes, "__name__", "") else result

    def handle_invalid_for_json_schema(self, schema: object, error_info: str) -> dict[str, object]:  # noqa: ARG002 - pydantic's
        return {}


def described(adapter: TypeAdapter[Any]) -> Mapping[str, object] | None:
    """Return the JSON Schema of the supported parts of a type, or `None` if its hooks fail."""
    try:
        return adapter.json_schema(schema_generator=_Described)
    except Exception:  # noqa: BLE001 - user-defined hooks may raise anything
        return None


def secrets_in(adapter: TypeAdapter[Any], *names: str) -> frozenset[str] | None:
    """
    Return the names that a type gives to secrets, and their aliases.

    >>> from pydantic import SecretStr
    >>> secrets_in(TypeAdapter(SecretStr), "pin"), secrets_in(TypeAdapter(int)), secrets_in(TypeAdapter(SecretStr))
    (frozenset({'pin'}), frozenset(), None)

    Args:
        adapter: The type.
        names: The names of the member or parameter of this type.

    Returns:
        `None` if the names are unknown: the type has no schema, or a secret has no name.
    """
    schema = described(adapter)
    if schema is None:
        return None
    if Marks(schema).are_on(schema):
        return frozenset(names) or None
    return _with_aliases(secret_names(schema), adapter.core_schema)


def _with_aliases(names: frozenset[str], schema: object) -> frozenset[str]:
    """Return *names* and the further aliases of those members. A JSON Schema contains only one name of each."""
    if not names:
        return names
    aliases = set(names)
    waiting = [schema]
    while waiting:
        part = waiting.pop()
        fields = part.get("fields") if is_mapping(part) else None
        for name, field in fields.items() if is_mapping(fields) else ():
            every = {str(name), *_texts(field.get("validation_alias") if is_mapping(field) else None)}
            aliases |= set() if aliases.isdisjoint(every) else every
        waiting += parts_of(part)
    return frozenset(aliases)


def _texts(alias: object) -> Iterator[str]:
    if isinstance(alias, str):
        yield alias
    for part in parts_of(alias):
        yield from _texts(part)
