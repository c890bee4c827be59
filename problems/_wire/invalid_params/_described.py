"""
What a type says of its members: its JSON Schema, and which of them are secrets.

Knows pydantic's schemas. Apart from the package, which does without them: they are slow to import.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from problems.invalid_params._secrets import Marks, parts_of, secret_names
from problems.invalid_params._values import is_mapping

__all__ = ["described", "secrets_in"]


class _Described(GenerateJsonSchema):
    """Describes as much of a type as it can, without warnings: what it makes is not shown to anybody."""

    ignored_warning_kinds = {"skipped-choice", "non-serializable-default", "skipped-discriminator"}  # noqa: RUF012 - as pydantic has it

    def json_or_python_schema(self, schema: Any) -> dict[str, Any]:
        found = super().json_or_python_schema(schema)
        # Pydantic marks `SecretStr` and `SecretBytes`, but not `Secret[int]`.
        writes = schema.get("serialization", {}).get("function")
        return {**found, "writeOnly": True} if "secret" in getattr(writes, "__name__", "") else found

    def handle_invalid_for_json_schema(self, schema: Any, error_info: str) -> dict[str, Any]:  # noqa: ARG002 - pydantic's
        return {}


def described(adapter: TypeAdapter[Any]) -> Mapping[str, object] | None:
    """Return the JSON Schema of a type, as far as there is one; nothing if its own hooks fail."""
    try:
        return adapter.json_schema(schema_generator=_Described)
    except Exception:  # noqa: BLE001 - hooks of the application's own may raise anything
        return None


def secrets_in(adapter: TypeAdapter[Any], *names: str) -> frozenset[str] | None:
    """
    Return the names that a type gives to secrets, and their aliases.

    >>> from pydantic import SecretStr
    >>> secrets_in(TypeAdapter(SecretStr), "pin"), secrets_in(TypeAdapter(int)), secrets_in(TypeAdapter(SecretStr))
    (frozenset({'pin'}), frozenset(), None)

    Args:
        adapter: The type.
        names: What it is called itself.

    Returns:
        Nothing if that cannot be told: there is no schema, or what is secret has no name.
    """
    schema = described(adapter)
    if schema is None:
        return None
    if Marks(schema).are_on(schema):
        return frozenset(names) or None
    return _with_aliases(secret_names(schema), adapter.core_schema)


def _with_aliases(names: frozenset[str], schema: object) -> frozenset[str]:
    """Return *names*, and by what else those members can be given: a JSON Schema tells one name of each."""
    if not names:
        return names
    found = set(names)
    waiting = [schema]
    while waiting:
        part = waiting.pop()
        fields = part.get("fields") if is_mapping(part) else None
        for name, field in fields.items() if is_mapping(fields) else ():
            every = {str(name), *_texts(field.get("validation_alias") if is_mapping(field) else None)}
            found |= set() if found.isdisjoint(every) else every
        waiting += parts_of(part)
    return frozenset(found)


def _texts(alias: object) -> Iterator[str]:
    if isinstance(alias, str):
        yield alias
    for part in parts_of(alias):
        yield from _texts(part)
