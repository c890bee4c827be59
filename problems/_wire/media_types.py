"""
Media type constants, and the parser of `Content-Type`.

No other module spells a media type. Does not import representations.
"""

import re
from typing import Final

from problems._wire.headers import MAX_FIELD

__all__ = [
    "EVENT_STREAM",
    "FORM",
    "HTML",
    "JSON",
    "JSON_LINES",
    "MARKDOWN",
    "MERGE_PATCH_JSON",
    "MULTIPART",
    "NDJSON",
    "PROBLEM_JSON",
    "PROBLEM_XML",
    "SCHEMA_JSON",
    "TEXT",
    "TEXT_XML",
    "XML",
    "charset",
    "essence",
    "is_json",
]

PROBLEM_JSON: Final = "application/problem+json"
"""A problem details object as JSON (RFC 9457, section 3)."""

PROBLEM_XML: Final = "application/problem+xml"
"""A problem details object as XML (RFC 9457, appendix B)."""

JSON: Final = "application/json"
MERGE_PATCH_JSON: Final = "application/merge-patch+json"
"""RFC 7396."""

XML: Final = "application/xml"
TEXT_XML: Final = "text/xml"
HTML: Final = "text/html"
TEXT: Final = "text/plain"
FORM: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"
MARKDOWN: Final = "text/markdown"
"""RFC 7763."""

SCHEMA_JSON: Final = "application/schema+json"
"""A JSON Schema."""

EVENT_STREAM: Final = "text/event-stream"
JSON_LINES: Final = "application/jsonl"
NDJSON: Final = "application/x-ndjson"

PARAMETER: Final = r'(?s)(?:[^;"]++|"(?:[^"\\]++|\\.)*+"?+)++'
"""One parameter of a field. Semicolons inside quotes do not end it."""


def essence(content_type: str | None) -> str:
    """
    Return type and subtype in lower case without parameters, or an empty string without a media type.

    A field that was sent twice arrives as one value with a comma. The first value is used.

    >>> essence("Application/Problem+JSON; charset=utf-8")
    'application/problem+json'
    """
    return (content_type or "")[:MAX_FIELD].partition(";")[0].partition(",")[0].strip().lower()


def is_json(media_type: str) -> bool:
    """
    Return whether documents of *media_type* are JSON (RFC 6839, section 3.1).

    >>> is_json("application/json"), is_json("application/hal+json"), is_json("application/xml")
    (True, True, False)
    """
    return media_type == JSON or media_type.endswith("+json")


def charset(content_type: str | None) -> str | None:
    """
    Return the parameter `charset` in lower case, or `None` without one.

    >>> charset('text/html; level=1; Charset="UTF-8"')
    'utf-8'
    """
    _, _, parameters = (content_type or "")[:MAX_FIELD].partition(";")
    for parameter in re.findall(PARAMETER, parameters):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip(' \t"').lower() or None
    return None
