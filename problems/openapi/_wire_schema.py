"""
JSON Schema of sent values: pydantic's schema, corrected where it describes another format.

Extends pydantic's generator. Does not import problem classes.
"""

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from problems.openapi._walk import Json, changed

__all__ = ["WireSchema", "without_write_only"]


class WireSchema(GenerateJsonSchema):
    """Describes times without a zone correctly: `date-time` requires a zone (RFC 3339, section 5.6)."""

    def datetime_schema(self, schema: core_schema.DatetimeSchema) -> JsonSchemaValue:
        """Return the schema of a time; `date-time-local` is defined in the OpenAPI format registry."""
        if schema.get("tz_constraint") == "naive":
            return {"type": "string", "format": "date-time-local"}
        return super().datetime_schema(schema)


def without_write_only(schema: Json) -> Json:
    """Return a copy of a schema for responses: a secret is sent, but masked."""
    copied: Json = changed(
        schema, lambda part: {k: it for k, it in part.items() if not (k == "writeOnly" and isinstance(it, bool))}
    )
    return copied
