"""
JSON Schema of sent values: pydantic's schema, corrected where it describes another format.

Extends pydantic's generator. Imports of problem classes only how their members are sent.
"""

from contextlib import suppress

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import PydanticSerializationError, core_schema

from problems._wire.json import has_serializer
from problems.declaring._members import default_as_sent
from problems.openapi._walk import Json, changed

__all__ = ["WireSchema", "without_write_only"]


class WireSchema(GenerateJsonSchema):
    """Describes times without a zone correctly: `date-time` requires a zone (RFC 3339, section 5.6)."""

    def datetime_schema(self, schema: core_schema.DatetimeSchema) -> JsonSchemaValue:
        """Return the schema of a time; `date-time-local` is defined in the OpenAPI format registry."""
        if schema.get("tz_constraint") == "naive":
            return {"type": "string", "format": "date-time-local"}
        return super().datetime_schema(schema)

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Return the schema of a value with a default; a masked default is shown as it is sent, or not at all."""
        facts = {name: value for name, value in schema.items() if name != "default"}
        if self.mode != "serialization" or not has_serializer(facts):
            return super().default_schema(schema)
        results = self.generate_inner(schema["schema"])
        with suppress(Exception):  # there may be no default, and a serializer may raise or need the whole model
            results = {**results, "default": default_as_sent(schema)}
        return results

    def encode_default(self, dft: object) -> object:
        """Return a default as JSON. If its type raises another exception, as in pydantic 2.13, it is left out."""
        try:
            return super().encode_default(dft)
        except Exception as error:
            raise PydanticSerializationError(f"A default of type {type(dft).__qualname__} has no JSON form.") from error

    def model_field_schema(self, schema: core_schema.ModelField) -> JsonSchemaValue:
        """Return the schema of a member, without a default that may be left out of the document."""
        result = super().model_field_schema(schema)
        return _without_default(result) if "serialization_exclude_if" in schema else result

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """Return the schema of a model; of one that is written by its own serializer, no defaults are sent."""
        result = super().model_schema(schema)
        if "serialization" not in schema:
            return result
        properties: dict[str, JsonSchemaValue] = result.get("properties", {})
        return {**result, "properties": {name: _without_default(value) for name, value in properties.items()}}


def _without_default(schema: JsonSchemaValue) -> JsonSchemaValue:
    return {name: value for name, value in schema.items() if name != "default"}


def without_write_only(schema: Json) -> Json:
    """Return a copy of a schema for responses: a secret is sent, but masked."""
    copied: Json = changed(
        schema,
        lambda part: {k: value for k, value in part.items() if not (k == "writeOnly" and isinstance(value, bool))},
    )
    return copied
