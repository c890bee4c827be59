"""
What a problem page says, in the order in which it says it; the same for HTML and Markdown.

Knows neither of them.
"""

import json
from collections.abc import Container, Iterator, Mapping
from typing import Any, NamedTuple

from problems._wire.media_types import PROBLEM_JSON
from problems._wire.problem_type import ABOUT_BLANK
from problems._wire.status import phrase
from problems.documenting.pages._shapes import constraints_of, kind_of
from problems.documenting.pages._writing import code_span
from problems.documenting.vocabulary import DocumentedType

__all__ = ["Member", "advice", "code", "members", "message", "nested", "status_line"]


class Member(NamedTuple):
    """A member as a page shows it."""

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
    """Yield the objects that members consist of, with their own members."""
    for name, schema in documented.definitions.items():
        required = frozenset(schema.get("required", ()))
        yield name, [_member(inner, it, required) for inner, it in schema.get("properties", {}).items()]


def _member(name: str, schema: Mapping[str, Any], required: Container[str]) -> Member:
    limits = ", ".join(constraints_of(schema))
    return Member(name, kind_of(schema), name in required, str(schema.get("description", "")), limits)


def status_line(documented: DocumentedType) -> str:
    """Return the status code and what it is called."""
    return f"{documented.status} {phrase(documented.status)}"


def message(documented: DocumentedType) -> str:
    """Return an example of the response: status line, header fields and document."""
    lines = [f"HTTP/1.1 {status_line(documented)}", f"Content-Type: {PROBLEM_JSON}"]
    lines += [f"{header.name}: …" for header in documented.headers if header.required]
    body = json.dumps(documented.example, indent=2, ensure_ascii=False)
    return "\n".join([*lines, "", body])


def advice(documented: DocumentedType) -> Iterator[str]:
    """Yield what a client does about a problem of this type, in Markdown."""
    if documented.type == ABOUT_BLANK:
        yield f"The type says no more than the status does: handle every {status_line(documented)} alike."
    else:
        yield (
            f"Compare the member `type` with {code_span(documented.type)}, as a whole. Title and detail are "
            f"for people: they may be reworded or translated."
        )
    if any(header.name.lower() == "retry-after" for header in documented.headers):
        yield "Wait for as long as the field `Retry-After` says before you send the request again."
    elif documented.status >= 500:
        yield "The request may be right: the same request may succeed later."
    elif documented.status >= 400:
        yield "The same request will most likely fail again: change it, or what stands in its way, first."
    if documented.members:
        yield "Ignore members that you do not know: there may be more of them in future."


def code(documented: DocumentedType) -> str:
    """Return how a Python client handles the problem."""
    used = [f"problem.{name}" for name in documented.members if name.isidentifier()][:3]
    return "\n".join(
        [
            "# a client that was given to `raise_problems`",
            "try:",
            "    response = client.send(request)",
            f"except {documented.name} as problem:",
            f"    print({', '.join(used) or 'problem.problem_details.detail'})",
        ]
    )
