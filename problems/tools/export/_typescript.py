"""
A vocabulary as a TypeScript module: an interface for each problem type, their union, and a guard.

From JSON Schema to types; what TypeScript cannot say (limits, patterns) is left out. Nothing to install, nothing to
run but the guard.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from problems._wire.problem_type import ABOUT_BLANK
from problems.documenting.vocabulary import DocumentedType, Vocabulary, schema_names

__all__ = ["to_typescript"]

Json = dict[str, Any]

_PLAIN: Final = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
_IDENTIFIER: Final = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)

_TAKEN: Final = ("Problem", "ProblemType", "ProblemDetails")

_HEAD: Final = """\
// Written by `problems export --format typescript`: change the classes it was made from instead.

/** What any problem may have (RFC 9457). Members that are not known are to be ignored. */
export interface ProblemDetails {
  readonly type?: string;
  readonly title?: string;
  readonly status?: number;
  readonly detail?: string;
  readonly instance?: string;
  readonly [member: string]: unknown;
}
"""

_GUARD: Final = """\
/** Whether a JSON value is a problem of this vocabulary, or of one type of it. */
export function isProblem(value: unknown): value is Problem;
export function isProblem<T extends ProblemType>(value: unknown, type: T): value is Extract<Problem, { type: T }>;
export function isProblem(value: unknown, type?: ProblemType): boolean {
  if (typeof value !== "object" || value === null || !("type" in value)) return false;
  const known: readonly unknown[] = type === undefined ? Object.values(problemTypes) : [type];
  return known.includes(value.type);
}
"""


def to_typescript(vocabulary: Vocabulary) -> str:
    """
    Return the text of a TypeScript module.

    What is `about:blank` has no interface: it has nothing that tells it from others but its status.
    """
    types = [documented for documented in vocabulary.types if documented.type != ABOUT_BLANK]
    names = schema_names(types, _TAKEN)
    parts = [_HEAD]
    parts += (_interface(names[id(schema)], schema, names, it) for it in types for schema in _new(it, names))
    parts += (_problem(documented, names) for documented in types)
    union = " | ".join(names[id(documented.document)] for documented in types) or "never"
    parts.append(f"/** Every problem of this vocabulary; `type` tells them apart. */\nexport type Problem = {union};\n")
    constants = "".join(f"  {names[id(it.document)]}: {json.dumps(it.type)},\n" for it in types)
    parts.append(f"/** The type URIs. */\nexport const problemTypes = {{\n{constants}}} as const;\n")
    parts.append('/** A type URI. */\nexport type ProblemType = Problem["type"];\n')
    return "\n".join([*parts, _GUARD])


def _new(documented: DocumentedType, names: Mapping[int, str]) -> Iterator[Json]:
    """Yield the definitions of a type that no type before it has."""
    first: dict[str, int] = {}
    for identity, name in names.items():
        first.setdefault(name, identity)
    for schema in documented.definitions.values():
        if first[names[id(schema)]] == id(schema):
            yield schema


def _problem(documented: DocumentedType, names: Mapping[int, str]) -> str:
    about = documented.description or documented.title
    schema = {**documented.document, "description": f"{about}\n\n{documented.title}: {documented.status}."}
    return _interface(names[id(documented.document)], schema, names, documented)


def _interface(name: str, schema: Json, names: Mapping[int, str], documented: DocumentedType) -> str:
    head = _comment(schema.get("description"), "")
    if "properties" not in schema:
        return f"{head}export type {name} = {_type(schema, names, documented)};\n"
    required = schema.get("required", ())
    lines = [f"{head}export interface {name} {{"]
    for member, inner in schema["properties"].items():
        key = member if _IDENTIFIER.fullmatch(member) else json.dumps(member)
        mark = "" if member in required else "?"
        about = _comment(inner.get("description"), "  ")
        lines.append(f"{about}  readonly {key}{mark}: {_type(inner, names, documented)};")
    return "\n".join([*lines, "}", ""])


def _type(schema: Json, names: Mapping[int, str], documented: DocumentedType) -> str:
    if "$ref" in schema:
        definition = documented.definitions.get(str(schema["$ref"]).rpartition("/")[2], {})
        return names.get(id(definition), "unknown")
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(map(json.dumps, schema["enum"]))
    for union, sign in (("anyOf", " | "), ("oneOf", " | "), ("allOf", " & ")):
        if union in schema:
            return sign.join(dict.fromkeys(_type(it, names, documented) for it in schema[union]))
    kinds = schema.get("type", ())
    found = [_plain(kind, schema, names, documented) for kind in ([kinds] if isinstance(kinds, str) else kinds)]
    return " | ".join(found) or "unknown"


def _plain(kind: str, schema: Json, names: Mapping[int, str], documented: DocumentedType) -> str:
    if kind == "array":
        if "prefixItems" in schema:
            return f"readonly [{', '.join(_type(it, names, documented) for it in schema['prefixItems'])}]"
        return f"ReadonlyArray<{_type(schema.get('items', {}), names, documented)}>"
    if kind == "object":
        return _object(schema, names, documented)
    return _PLAIN.get(kind, "unknown")


def _object(schema: Json, names: Mapping[int, str], documented: DocumentedType) -> str:
    required = schema.get("required", ())
    members = [
        f"readonly {json.dumps(name)}{'' if name in required else '?'}: {_type(it, names, documented)}"
        for name, it in schema.get("properties", {}).items()
    ]
    if members:
        return f"{{ {'; '.join(members)} }}"
    values = schema.get("additionalProperties")
    inner = _type(schema["additionalProperties"], names, documented) if isinstance(values, dict) else "unknown"
    return f"Readonly<Record<string, {inner}>>"


def _comment(text: object, indent: str) -> str:
    if not isinstance(text, str) or not text.strip():
        return ""
    lines = text.replace("*/", "* /").strip().splitlines()
    if len(lines) == 1:
        return f"{indent}/** {lines[0]} */\n"
    return f"{indent}/**\n{''.join(f'{indent} * {line}'.rstrip() + chr(10) for line in lines)}{indent} */\n"
