"""
The values that a JSON Schema allows, in one form for every way to write them.

Pure functions over parsed JSON. A schema may come from anyone: unknown keywords are kept as limits, references and
unions are bounded, and a schema that is not valid allows any value. This is one thing: keywords limit each other.
"""

import json
import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeGuard

from problems.openapi._walk import LIMITS, is_list, is_object

__all__ = ["Branch", "Json", "Schemas", "Values", "accepts", "array", "text_of"]

Json = dict[str, object]

ANNOTATIONS: Final = frozenset(
    {
        "$anchor", "$comment", "$id", "$schema", "$defs", "definitions", "title", "description", "examples", "example",
        "default", "deprecated", "discriminator", "externalDocs", "nullable", "readOnly", "writeOnly", "xml",
        "contentMediaType", "contentEncoding",
    }
)  # fmt: skip
"""Keywords that limit no value."""

_COMBINED: Final = frozenset({"$ref", "allOf", "anyOf", "oneOf"})
_KINDS: Final = {keyword: kind for kind, keywords in LIMITS.items() for keyword in keywords}
"""The type that a keyword limits; a schema without a type is meant for the type of its first keyword."""
_EMPTY: Final = {"minLength": 0, "minItems": 0, "minProperties": 0, "uniqueItems": False, "pattern": ""}
"""Keywords that limit nothing with these values."""

_FEW: Final = 64
"""Ranges of integers up to this size are written as single values."""

_DEPTH: Final = 40
_ALTERNATIVES: Final = 256


@dataclass(frozen=True, slots=True)
class Branch:
    """
    The allowed values of one JSON type.

    Attributes:
        kind: `string`, `number`, `array`, `object`, or `any` for values of every type.
        limits: The keywords that limit them, with inner schemas as written.
    """

    kind: str
    limits: Json


@dataclass(slots=True)
class Values:
    """
    The values that a schema allows.

    Attributes:
        constants: Single values by their JSON text; the two booleans and `null` are always here.
        branches: The values of whole types.
    """

    constants: dict[str, object] = field(default_factory=dict[str, object])
    branches: list[Branch] = field(default_factory=list[Branch])


class Schemas:
    """The schemas of one document, with the definitions that they refer to."""

    def __init__(self, document: Mapping[str, object]) -> None:
        self._document = document
        result = document.get("$defs")
        self.definitions: Mapping[str, object] = result if is_object(result) else {}

    def values(self, schema: object) -> Values:
        """Return the values that *schema* allows."""
        values = Values()
        for alternative in self._alternatives(schema, frozenset(), 0):
            _add(values, alternative)
        if any(branch.kind == "any" and not branch.limits for branch in values.branches):
            return Values(branches=[Branch("any", {})])
        values.constants = {
            text: constant
            for text, constant in values.constants.items()
            if not any(accepts(b, constant) for b in values.branches)
        }
        return values

    def _alternatives(self, schema: object, inside: frozenset[str], depth: int) -> list[Json]:
        """Return *schema* as alternatives without references, unions and lists of types."""
        if schema is False:
            return []
        if not is_object(schema):
            return [{}]
        if depth > _DEPTH:
            return [{"union": text_of(schema)}]
        alternatives = [*_own(schema)]
        for every in self._conjuncts(schema, inside, depth):
            alternatives = [
                both for result in alternatives for other in every if (both := _both(result, other)) is not None
            ]
            if len(alternatives) > _ALTERNATIVES:
                return [{"union": text_of(schema)}]
        return [*alternatives, {"type": "null"}] if schema.get("nullable") is True else alternatives

    def _conjuncts(self, schema: Json, inside: frozenset[str], depth: int) -> Iterator[list[Json]]:
        """Yield the schemas that apply in addition to the keywords of *schema* itself, each as alternatives."""
        reference = schema.get("$ref")
        if isinstance(reference, str) and reference not in inside:
            target = self._target(reference)
            if target is None:
                yield [{"$ref": reference}]
            else:
                yield self._alternatives(target, inside | {reference}, depth + 1)
        for item in array(schema.get("allOf")):
            yield self._alternatives(item, inside, depth + 1)
        for union in ("anyOf", "oneOf"):
            parts = array(schema.get(union))
            if parts:
                yield [alternative for part in parts for alternative in self._alternatives(part, inside, depth + 1)]

    def _target(self, reference: str) -> object:
        """Return the schema that *reference* leads to, or `None` if it leads out of the document."""
        if not reference.startswith("#"):
            return None
        steps = [word.replace("~1", "/").replace("~0", "~") for word in reference[1:].strip("/").split("/") if word]
        result: object = self._document
        for prefix in (["$defs"], ["definitions"], ["components", "schemas"]):
            if steps[: len(prefix)] == prefix and len(steps) > len(prefix) and steps[len(prefix)] in self.definitions:
                result, steps = self.definitions, steps[len(prefix) :]
                break
        for step in steps:
            if not is_object(result) or step not in result:
                return None
            result = result[step]
        return result


def _own(schema: Json) -> Iterator[Json]:
    """Yield the keywords of a schema itself, once for each type that it names."""
    limits = {key: value for key, value in schema.items() if not _is_annotation(key) and key not in _COMBINED}
    if "const" in limits:
        limits["enum"] = [limits.pop("const")]
    kinds = limits.pop("type", None)
    names = [kinds] if isinstance(kinds, str) else array(kinds)
    for name in names:
        yield {"type": name, **limits}
    if not names:
        yield limits


def _is_annotation(keyword: str) -> bool:
    return keyword in ANNOTATIONS or keyword.startswith("x-")


def _both(first: Json, second: Json) -> Json | None:
    """Return the keywords of two schemas that apply together, or `None` if no value fits both."""
    merged = dict(first)
    for key, value in second.items():
        if key not in merged or merged[key] == value:
            merged[key] = value
        elif key == "type":
            if {merged[key], value} != {"integer", "number"}:
                return None
            merged[key] = "integer"
        else:
            merged[key] = _merged(key, merged[key], value)
    return merged


def _merged(key: str, first: object, second: object) -> object:
    """Return the value of a keyword that two schemas have differently."""
    if key in ("properties", "patternProperties") and is_object(first) and is_object(second):
        shared = {name: _all_of(first[name], second[name]) for name in first.keys() & second.keys()}
        return {**first, **second, **shared}
    if key == "enum":
        known = {text_of(item) for item in array(second)}
        return [item for item in array(first) if text_of(item) in known]
    if key == "required":
        return [*array(first), *array(second)]
    if is_number(first) and is_number(second) and key.startswith(("min", "max", "exclusive")):
        return max(first, second) if "in" in key else min(first, second)
    return _all_of(first, second)


def _all_of(*schemas: object) -> Json:
    """Return the schema of values that fit all *schemas*, in one form however they are nested."""
    parts: dict[str, object] = {}
    for schema in schemas:
        inner = array(schema["allOf"]) if is_object(schema) and schema.keys() == {"allOf"} else [schema]
        parts.update((text_of(part), part) for part in inner)
    return {"allOf": [parts[text] for text in sorted(parts)]}


def _add(result: Values, alternative: Json) -> None:
    """Add the values of one alternative."""
    limits = dict(alternative)
    kind = limits.pop("type", None)
    enum = limits.pop("enum", None)
    if is_list(enum):
        result.constants.update((text_of(constant), constant) for constant in enum if _is_of(constant, kind))
    elif kind == "null":
        result.constants["null"] = None
    elif kind == "boolean":
        result.constants.update({"true": True, "false": False})
    elif (branch := _branch(kind, limits)) is not None:
        few = _few(branch)
        result.constants.update((str(item), item) for item in few)
        if not few and branch not in result.branches:
            result.branches.append(branch)


def _branch(kind: object, limits: Json) -> Branch | None:
    """Return the values of one type, without the keywords that mean nothing for the type."""
    if kind is None:
        kind = next((_KINDS[key] for key in limits if key in _KINDS), "any")
    kind, integer = ("number", True) if kind == "integer" else (kind, False)
    if kind not in (*LIMITS, "any"):
        return Branch("any", {**limits, "type": kind})
    own = {
        key: limit for key, limit in limits.items() if _KINDS.get(key, kind) == kind and limit != _EMPTY.get(key, ...)
    }
    if kind == "array" and is_list(own.get("items")):  # before JSON Schema 2020-12
        own["prefixItems"] = own.pop("items")
        own["items"] = own.pop("additionalItems", True)
    if kind == "object" and "unevaluatedProperties" in own:
        own.setdefault("additionalProperties", own.pop("unevaluatedProperties"))
    if kind == "number":
        return _number(own, integer=integer)
    sizes = [(own.get(f"min{of}"), own.get(f"max{of}")) for of in ("Length", "Items", "Properties")]
    is_empty = any(is_number(low) and is_number(high) and low > high for low, high in sizes)
    return None if is_empty else Branch(str(kind), own)


def _few(branch: Branch) -> range:
    """Return the integers of a small range."""
    low, high = _edge(branch.limits.get("low")), _edge(branch.limits.get("high"))
    if branch.limits.keys() != {"integer", "low", "high"} or low is None or high is None or high - low >= _FEW:
        return range(0)
    return range(int(low), int(high) + 1)


def _edge(bound: object) -> float | None:
    """Return the number of a bound that `_bound` made."""
    match bound:
        case (int() | float() as number, int()):
            return number
        case _:
            return None


def _number(limits: Json, *, integer: bool) -> Branch | None:
    """Return numbers with one bound on each side, an included one for integers; `None` for an empty range."""
    kept = {key: limit for key, limit in limits.items() if key not in LIMITS["number"]}
    multiple = limits.get("multipleOf")
    if is_number(multiple) and multiple > 0:
        integer = integer or _is_whole(multiple)
        if not (integer and multiple == 1):
            kept["multipleOf"] = multiple
    low, high = _bound(limits, "minimum", "exclusiveMinimum", 1), _bound(limits, "maximum", "exclusiveMaximum", -1)
    if integer:
        kept["integer"] = True
        low = low and (math.floor(low[0]) + 1 if low[1] else math.ceil(low[0]), 0)
        high = high and (math.ceil(high[0]) - 1 if high[1] else math.floor(high[0]), 0)
    if low is not None:
        kept["low"] = low
    if high is not None:
        kept["high"] = high
    if low and high and (low[0] > high[0] or (low[0] == high[0] and low[1] != high[1])):
        return None
    return Branch("number", kept)


def _bound(limits: Json, inclusive: str, exclusive: str, sign: int) -> tuple[float, int] | None:
    """Return the bound of a range, and whether it is outside: `sign` for an excluded one, 0 for an included one."""
    results: list[tuple[float, int]] = []
    at, beyond = limits.get(inclusive), limits.get(exclusive)
    if is_number(at):
        results.append((at, sign if beyond is True else 0))  # OpenAPI 3.0: `exclusiveMinimum: true`
    if is_number(beyond):
        results.append((beyond, sign))
    return (max(results) if sign > 0 else min(results)) if results else None


def accepts(branch: Branch, value: object) -> bool:
    """Return whether *branch* certainly allows one value; `False` where a pattern or an unknown keyword decides."""
    limits = branch.limits
    if branch.kind == "any":
        return not limits
    if branch.kind == "string":
        unknown = limits.keys() - {"minLength", "maxLength"}
        return isinstance(value, str) and not unknown and _is_within(len(value), limits, "minLength", "maxLength")
    if branch.kind == "number":
        return is_number(value) and _is_in_range(value, limits)
    return not limits and (is_list(value) if branch.kind == "array" else is_object(value))


def _is_in_range(value: float, limits: Json) -> bool:
    if limits.keys() - {"integer", "low", "high"} or ("integer" in limits and not _is_whole(value)):
        return False
    low, high = limits.get("low"), limits.get("high")
    over = not isinstance(low, tuple) or (value, 0) >= low
    return over and (not isinstance(high, tuple) or (value, 0) <= high)


def _is_within(size: int, limits: Json, lowest: str, highest: str) -> bool:
    low, high = limits.get(lowest, 0), limits.get(highest, sys.maxsize)
    return is_number(low) and is_number(high) and low <= size <= high


def _is_of(value: object, kind: object) -> bool:
    """Return whether a value of an enumeration has the type in the same schema."""
    if isinstance(value, bool):
        return kind in (None, "boolean")
    if isinstance(value, int | float):
        return kind in (None, "number") or (kind == "integer" and _is_whole(value))
    name = (
        "string" if isinstance(value, str) else "array" if is_list(value) else "object" if is_object(value) else "null"
    )
    return kind in (None, name)


def text_of(value: object) -> str:
    """Return JSON in one form: equal values have equal texts, `1` and `1.0` among them."""
    return json.dumps(_plain(value), sort_keys=True, default=str)


def _plain(value: object) -> object:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if is_object(value):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if is_list(value) else value


def is_number(value: object) -> TypeGuard[float]:
    """Return whether a value is a finite JSON number."""
    return math.isfinite(value) if isinstance(value, float) else isinstance(value, int) and not isinstance(value, bool)


def _is_whole(number: float) -> bool:
    return isinstance(number, int) or number.is_integer()


def array(value: object) -> list[object]:
    """Return a JSON array, or an empty one for any other value."""
    return value if is_list(value) else []
