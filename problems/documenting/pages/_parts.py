"""
The contents of a problem page in their order, shared by HTML and Markdown, and independent of both.
"""

import json
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from keyword import iskeyword
from shlex import quote
from typing import Any, Final, NamedTuple

from problems._wire.media_types import PROBLEM_JSON
from problems._wire.problem_type import ABOUT_BLANK
from problems._wire.status import phrase
from problems.documenting.pages._writing import code_span
from problems.documenting.vocabulary import DocumentedType

__all__ = [
    "Member",
    "Sample",
    "advice",
    "constraints_of",
    "kind_of",
    "members",
    "message",
    "nested",
    "samples",
    "status_line",
]


Schema = Mapping[str, Any]

_LIMITS: Final[Mapping[str, str]] = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "a multiple of {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "pattern": "matches {}",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "uniqueItems": "no item twice",
    "default": "{} by default",
}


class Sample(NamedTuple):
    """
    How a client handles a problem.

    Attributes:
        name: The language, or the program.
        language: The word for the language in Markdown.
        code: The code.
    """

    name: str
    language: str
    code: str


class Member(NamedTuple):
    """A member as shown on a page."""

    name: str
    kind: str
    required: bool
    text: str
    limits: str


def members(documented: DocumentedType) -> Iterator[Member]:
    """Yield the extension members of a problem type."""
    for name, schema in documented.members.items():
        yield _member(name, schema, documented.required)


def nested(documented: DocumentedType) -> Iterator[tuple[str, list[Member]]]:
    """Yield the objects that members contain, with their own members."""
    for name, schema in documented.definitions.items():
        required = frozenset(schema.get("required", ()))
        yield name, [_member(inner, value, required) for inner, value in schema.get("properties", {}).items()]


def _member(name: str, schema: Mapping[str, Any], required: Container[str]) -> Member:
    limits = ", ".join(constraints_of(schema))
    return Member(name, kind_of(schema), name in required, str(schema.get("description", "")), limits)


def status_line(documented: DocumentedType) -> str:
    """Return the status code and its reason phrase."""
    return f"{documented.status} {phrase(documented.status)}"


def message(documented: DocumentedType) -> str:
    """Return an example of the response: status line, header fields and document."""
    lines = [f"HTTP/1.1 {status_line(documented)}", f"Content-Type: {PROBLEM_JSON}"]
    lines += [f"{header.name}: …" for header in documented.headers if header.required]
    body = json.dumps(documented.example, indent=2, ensure_ascii=False)
    return "\n".join([*lines, "", body])


def advice(documented: DocumentedType) -> Iterator[str]:
    """Yield advice for clients about a problem of this type, in Markdown."""
    if documented.type == ABOUT_BLANK:
        yield f"The type has no meaning beyond its status: handle every {status_line(documented)} alike."
    else:
        yield (
            f"Compare the member `type` with {code_span(documented.type)}, as a whole. Title and detail are "
            f"for people: they may be reworded or translated."
        )
    if any(header.name.lower() == "retry-after" for header in documented.headers):
        yield "Wait for the time in the header field `Retry-After` before you send the request again."
    elif documented.status >= 500:
        yield "The request may be right: the same request may succeed later."
    elif documented.status >= 400:
        yield "The same request will most likely fail again: change it, or what stands in its way, first."
    if documented.members:
        yield "Ignore members that you do not know: there may be more of them in future."


def samples(documented: DocumentedType, operations: Sequence[str] = ()) -> list[Sample]:
    """Return client code that handles the problem in several languages, with the same steps in each."""
    return [
        Sample("Python", "py", _python(documented)),
        Sample("TypeScript", "ts", _typescript(documented)),
        Sample("curl", "sh", _curl(documented, operations)),
    ]


def _python(documented: DocumentedType) -> str:
    used = [f"problem.{name}" for name in documented.members if name.isidentifier() and not iskeyword(name)][:3]
    name = re.sub(r"\W", "_", documented.name)
    return "\n".join(
        [
            "# a client that was given to `raise_problems`",
            "try:",
            "    response = client.send(request)",
            f"except {name} as problem:",
            f"    print({', '.join(used) or 'problem.problem_details.detail'})",
        ]
    )


def _typescript(documented: DocumentedType) -> str:
    members = [*documented.members][:3] or ["detail"]
    used = [
        f"problem.{member}" if re.fullmatch(r"[A-Za-z_$][\w$]*", member, re.ASCII) else f"problem[{_json(member)}]"
        for member in members
    ]
    condition = (
        f"response.status === {documented.status}"
        if documented.type == ABOUT_BLANK
        else f"problem.type === {_json(documented.type)}"
    )
    return "\n".join(
        [
            "const response = await fetch(request);",
            "if (!response.ok) {",
            "  const problem = await response.json();",
            f"  if ({condition}) {{",
            f"    console.log({', '.join(used)});",
            "  }",
            "}",
        ]
    )


def _curl(documented: DocumentedType, operations: Sequence[str]) -> str:
    method, _, path = (operations[0] if operations else "GET /").partition(" ")
    wanted = (
        f".status == {documented.status}" if documented.type == ABOUT_BLANK else f".type == {_json(documented.type)}"
    )
    option = "" if method == "GET" else f" --request {quote(method)}"
    return "\n".join(
        [
            f'curl --silent{option} "$API"{quote(path)} |',
            f"  jq {quote(f'select({wanted})')}",
        ]
    )


def _json(text: str) -> str:
    return json.dumps(text)


def kind_of(schema: Schema) -> str:
    """
    Return the type of a value in a few words.

    >>> kind_of({"type": "array", "items": {"type": "string", "format": "uuid"}})
    'array of string (uuid)'
    >>> kind_of({"anyOf": [{"type": "integer"}, {"type": "null"}]})
    'integer or null'
    """
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "const" in schema:
        return _shown(schema["const"])
    if "enum" in schema:
        return " or ".join(map(_shown, schema["enum"]))
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return " or ".join(dict.fromkeys(map(kind_of, schema[union])))
    if "allOf" in schema and len(schema["allOf"]) == 1:
        return kind_of(schema["allOf"][0])
    return _plain(schema)


def _plain(schema: Schema) -> str:
    kind = schema.get("type", "any value")
    if kind == "array" and "items" in schema:
        return f"array of {kind_of(schema['items'])}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return f"object of {kind_of(schema['additionalProperties'])}"
    text = kind if isinstance(kind, str) else " or ".join(kind)
    return f"{text} ({schema['format']})" if "format" in schema else text


def constraints_of(schema: Schema) -> Iterator[str]:
    """
    Yield the constraints of a value.

    >>> list(constraints_of({"type": "integer", "minimum": 1, "default": 3}))
    ['at least 1', '3 by default']
    """
    for keyword, text in _LIMITS.items():
        if keyword in schema and schema[keyword] not in (None, [], ""):
            yield text.format(_shown(schema[keyword]))
    for union in ("anyOf", "oneOf"):
        for part in schema.get(union, ()):
            yield from constraints_of(part)


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
