"""
A vocabulary as a TypeScript module: an interface for each problem type, their union, and a guard.

Converts JSON Schema to types, without bounds and patterns, which TypeScript cannot express. Text is written
only through one encoder for strings and one for comments; every declared name is free in TypeScript and in the module.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from pydantic import JsonValue

from problems._wire.problem_type import ABOUT_BLANK
from problems.documenting.vocabulary import DocumentedType, Vocabulary

__all__ = ["to_typescript"]

Json = dict[str, JsonValue]

_PLAIN: Final = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
_IDENTIFIER: Final = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)
_OTHER: Final = re.compile(r"[^A-Za-z0-9_$]")
_INVISIBLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]")
_DEPTH: Final = 30

_WORDS: Final = (
    "any arguments as async await bigint boolean break case catch class const continue debugger declare "
    "default delete do else enum eval export extends false finally for function if implements import in "
    "instanceof interface let module namespace never new null number object package private protected "
    "public return static string super switch symbol this throw true try type typeof undefined unknown "
    "unique var void while with yield __proto__"
)
_GLOBALS: Final = (
    "Array Boolean Date Error Exclude Extract Function Map NonNullable Number Object Omit Partial Pick "
    "Promise Readonly ReadonlyArray Record Required RegExp Set String Symbol"
)
_OWN: Final = "Problem ProblemDetails ProblemType isProblem problemTypes"
_TAKEN: Final = frozenset(f"{_WORDS} {_GLOBALS} {_OWN}".split())
"""Names that an interface cannot have: keywords, global types, and the names that every module declares."""

_HEAD: Final = """\
// Written by `problems export --format typescript`: change the classes and run it again.

/** The members that any problem may have (RFC 9457). Ignore members that you do not know. */
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

    Types that are `about:blank` have no interface: only the status distinguishes them.
    """
    types = [documented for documented in vocabulary.types if documented.type != ABOUT_BLANK]
    names = _Names(types)
    parts = [_HEAD, *(definition for documented in types for definition in names.definitions(documented))]
    parts += (_problem(documented, names) for documented in types)
    union = " | ".join(names.of_type(cls) for cls in types) or "never"
    parts.append(f"/** Any problem of this vocabulary, distinguished by `type`. */\nexport type Problem = {union};\n")
    constants = "".join(f"  {names.of_type(cls)}: {_text(cls.type)},\n" for cls in types)
    parts.append(f"/** The type URIs. */\nexport const problemTypes = {{\n{constants}}} as const;\n")
    parts.append('/** A type URI. */\nexport type ProblemType = Problem["type"];\n')
    return "\n".join([*parts, _GUARD])


class _Names:
    """Assigns a name to each problem type and each definition; equal definitions of several types share one."""

    __slots__ = ("_first", "_known", "_types", "_used")

    def __init__(self, types: Iterable[DocumentedType]) -> None:
        self._used: set[str] = set()
        self._known: dict[tuple[str, str], str] = {}
        self._first: dict[int, list[tuple[str, Json]]] = {}
        self._types: dict[int, str] = {}
        for documented in types:
            first = self._first[id(documented)] = []
            for name, schema in _definitions(documented).items():
                key = _key(name, documented)
                if key not in self._known:
                    self._known[key] = self._free(name)
                    first.append((self._known[key], schema))
            self._types[id(documented)] = self._free(documented.name)

    def _free(self, name: str) -> str:
        word = _OTHER.sub("_", name)
        word = word if _IDENTIFIER.fullmatch(word) else f"_{word}"
        while word in _TAKEN or word in self._used:
            word += "_"
        self._used.add(word)
        return word

    def of_type(self, documented: DocumentedType) -> str:
        """Return the name of a problem type."""
        return self._types[id(documented)]

    def of_reference(self, reference: JsonValue, documented: DocumentedType) -> str:
        """Return the name of the definition that a reference in a type leads to."""
        name = _name(reference)
        return self._known[_key(name, documented)] if name in _definitions(documented) else "unknown"

    def definitions(self, documented: DocumentedType) -> Iterator[str]:
        """Yield the definitions of a type that no earlier type has."""
        for name, schema in self._first[id(documented)]:
            yield _declared(name, schema, self, documented)


def _definitions(documented: DocumentedType) -> Mapping[str, Json]:
    return {name: value for name, value in _object(documented.document.get("$defs")).items() if isinstance(value, dict)}


def _name(reference: JsonValue) -> str:
    last = reference.rpartition("/")[2] if isinstance(reference, str) else ""
    return last.replace("~1", "/").replace("~0", "~")


def _key(name: str, documented: DocumentedType) -> tuple[str, str]:
    """Return the identity of a definition: its name, its schema, and the definitions that it refers to."""
    known, reached, left = _definitions(documented), dict[str, Json](), [name]
    while left:
        one = left.pop()
        if one in known and one not in reached:
            reached[one] = known[one]
            left += _references(known[one])
    return name, json.dumps(reached, sort_keys=True)


def _references(value: JsonValue) -> Iterator[str]:
    left: list[JsonValue] = [value]
    while left:
        item = left.pop()
        if isinstance(item, dict):
            yield _name(item.get("$ref"))
        left += item.values() if isinstance(item, dict) else _list(item)


def _problem(documented: DocumentedType, names: _Names) -> str:
    document = _object(documented.document)
    members: Json = {**_object(document.get("properties")), "type": {"const": documented.type}}
    schema: Json = {"properties": members, "required": [*_list(document.get("required")), "type"]}
    schema["description"] = f"{documented.about}\n\n{documented.title}: {documented.status}."
    return _declared(names.of_type(documented), schema, names, documented)


def _declared(name: str, schema: Json, names: _Names, documented: DocumentedType) -> str:
    """Return the declaration of a named schema: an interface of an object, or a type."""
    head = _comment(schema.get("description"), "")
    if "properties" not in schema:
        kind = "unknown" if _is_circular(schema, documented) else _type(schema, names, documented)
        return f"{head}export type {name} = {kind};\n"
    required = _list(schema.get("required"))
    lines = [f"{head}export interface {name} {{"]
    for member, inner in _object(schema["properties"]).items():
        key = member if _IDENTIFIER.fullmatch(member) else _text(member)
        mark = "" if member in required else "?"
        about = _comment(_object(inner).get("description"), "  ")
        lines.append(f"{about}  readonly {key}{mark}: {_type(inner, names, documented)};")
    return "\n".join([*lines, "}", ""])


def _is_circular(schema: Json, documented: DocumentedType) -> bool:
    """Return whether a schema contains itself as an alternative or a part, which a type alias cannot do."""
    known, seen, left = _definitions(documented), set[int](), [schema]
    while left:
        one = left.pop()
        inner = [known[_name(one["$ref"])]] if _name(one.get("$ref")) in known else []
        inner += [_object(item) for union in ("anyOf", "oneOf", "allOf") for item in _list(one.get(union))]
        for item in inner:
            if item is schema:
                return True
            if id(item) not in seen and "properties" not in item:
                seen.add(id(item))
                left.append(item)
    return False


def _type(schema: JsonValue, names: _Names, documented: DocumentedType, depth: int = 0) -> str:
    if not isinstance(schema, dict) or depth > _DEPTH:
        return "unknown"
    if "$ref" in schema:
        return names.of_reference(schema["$ref"], documented)
    if "const" in schema:
        return _literal(schema["const"])
    if "enum" in schema:
        return _union(map(_literal, _list(schema["enum"])))
    for union in ("anyOf", "oneOf"):
        if _list(schema.get(union)):
            return _union(_type(item, names, documented, depth + 1) for item in _list(schema[union]))
    if parts := _list(schema.get("allOf")):
        kinds = dict.fromkeys(_type(part, names, documented, depth + 1) for part in parts)
        return " & ".join(f"({item})" if " | " in item and len(kinds) > 1 else item for item in kinds)
    kinds_: JsonValue = schema.get("type")
    results = [kinds_] if isinstance(kinds_, str) else _list(kinds_)
    return _union(_plain(kind, schema, names, documented, depth + 1) for kind in results)


def _union(kinds: Iterable[str]) -> str:
    result = list(dict.fromkeys(kinds))
    return "unknown" if "unknown" in result or not result else " | ".join(result)


def _plain(kind: JsonValue, schema: Json, names: _Names, documented: DocumentedType, depth: int) -> str:
    if kind == "array":
        if first := _list(schema.get("prefixItems")):
            return f"readonly [{', '.join(_type(item, names, documented, depth) for item in first)}]"
        return f"ReadonlyArray<{_type(schema.get('items'), names, documented, depth)}>"
    if kind == "object":
        return _inline(schema, names, documented, depth)
    return _PLAIN.get(kind, "unknown") if isinstance(kind, str) else "unknown"


def _inline(schema: Json, names: _Names, documented: DocumentedType, depth: int) -> str:
    required = _list(schema.get("required"))
    members = [
        f"readonly {_text(name)}{'' if name in required else '?'}: {_type(value, names, documented, depth)}"
        for name, value in _object(schema.get("properties")).items()
    ]
    if members:
        return f"{{ {'; '.join(members)} }}"
    # Not `Record`: a type alias can refer to itself inside of an index signature.
    return f"{{ readonly [key: string]: {_type(schema.get('additionalProperties'), names, documented, depth)} }}"


def _literal(value: JsonValue, depth: int = 0) -> str:
    """Return the type of one JSON value."""
    if isinstance(value, str):
        return _text(value)
    if depth > _DEPTH:
        return "unknown"
    if isinstance(value, list):
        return f"readonly [{', '.join(_literal(item, depth + 1) for item in value)}]"
    if isinstance(value, dict):
        members = (f"readonly {_text(name)}: {_literal(item, depth + 1)}" for name, item in value.items())
        return f"{{ {'; '.join(members)} }}"
    if isinstance(value, float) and not math.isfinite(value):
        return "number"
    return json.dumps(value)


def _text(value: str) -> str:
    """Return a string literal in which every character is visible."""
    return _INVISIBLE.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(value, ensure_ascii=False))


def _comment(value: JsonValue, indent: str) -> str:
    """Return a comment, or an empty text if *value* is not a text."""
    if not isinstance(value, str) or not value.strip():
        return ""
    lines = [_INVISIBLE.sub(" ", line) for line in value.strip().splitlines()]
    lines = [re.sub(r"\*(?=/)", "* ", line) for line in lines]
    if len(lines) == 1:
        return f"{indent}/** {lines[0]} */\n"
    return f"{indent}/**\n{''.join(f'{indent} * {line}'.rstrip() + chr(10) for line in lines)}{indent} */\n"


def _object(value: JsonValue) -> Json:
    return value if isinstance(value, dict) else {}


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []
