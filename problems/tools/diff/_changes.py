"""
Differences between the values of two schemas, at every depth.

Pure functions over `_values`. Whatever cannot be decided counts as a difference in both directions.
"""

from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from typing import Final, NamedTuple

from problems.openapi._walk import is_object
from problems.tools.diff._values import Branch, Schemas, Values, accepts, array, text_of

__all__ = ["Comparison", "Kind", "Step"]

_DEPTH: Final = 60
_ROUNDS: Final = 20_000


class Kind(Enum):
    """The kind of difference between two schemas."""

    NARROWER = "fewer values"
    WIDER = "more values"
    REMOVED = "a member is gone"
    REFUSED = "a member is gone from an object that allows no others"
    OPTIONAL = "a member may be absent"
    REQUIRED = "a member is required"
    ADDED = "a member is new and may be absent"
    ADDED_REQUIRED = "a member is new and required"
    ADDED_TO_CLOSED = "a member is new in an object that allowed no others"


_ALLOWS_NO_LESS: Final = frozenset({Kind.WIDER, Kind.OPTIONAL, Kind.REMOVED, Kind.ADDED, Kind.ADDED_TO_CLOSED})
"""Steps after which every value of before is still allowed."""


class Step(NamedTuple):
    """
    One difference.

    Attributes:
        path: The names of the members that lead to the difference; lists and mappings add no name.
        kind: The kind of difference.
    """

    path: tuple[str, ...]
    kind: Kind


Steps = tuple[Step, ...]
_BOTH: Final[Steps] = (Step((), Kind.NARROWER), Step((), Kind.WIDER))


class Comparison:
    """The comparison of the schemas of two documents."""

    def __init__(self, old: Schemas, new: Schemas, backwards: "Comparison | None" = None) -> None:
        self._old, self._new = old, new
        self._found: dict[tuple[str, str], Steps] = {}
        self._back = backwards

    @property
    def _backwards(self) -> "Comparison":
        """The comparison of the same documents the other way round."""
        if self._back is None:
            self._back = Comparison(self._new, self._old, self)
        return self._back

    def steps(self, old: object, new: object, depth: int = 0) -> Steps:
        """Return how *new* differs from *old*, each difference once."""
        key = text_of(old), text_of(new)
        if key not in self._found:
            if depth > _DEPTH or len(self._found) > _ROUNDS:
                return () if key[0] == key[1] else _BOTH
            self._found[key] = ()  # a schema that contains itself differs by what else it contains
            between = self._between(self._old.values(old), self._new.values(new), depth + 1)
            self._found[key] = tuple(dict.fromkeys(between))
        return self._found[key]

    def _between(self, old: Values, new: Values, depth: int) -> Iterator[Step]:
        if _has_more(old, new):
            yield Step((), Kind.NARROWER)
        if _has_more(new, old):
            yield Step((), Kind.WIDER)
        left = [branch for branch in old.branches if branch not in new.branches or _has_inner(branch)]
        right = [branch for branch in new.branches if branch not in old.branches or _has_inner(branch)]
        for kind in ("array", "object"):
            yield from self._paired(kind, left, right, depth)
        for item in left:
            if not any(self.covers(item, other, depth) for other in new.branches):
                yield Step((), Kind.NARROWER)
        for item in right:
            if not any(self._backwards.covers(item, other, depth) for other in old.branches):
                yield Step((), Kind.WIDER)

    def _paired(self, kind: str, left: list[Branch], right: list[Branch], depth: int) -> Iterator[Step]:
        """Take the branches out of *left* and *right* that correspond to each other, and yield their differences."""
        pairs = [(one, other) for one in left if one.kind == kind for other in right if other.kind == kind]
        only = len(pairs) == 1
        compared = [(one, other, tuple(self._inside(one, other, depth))) for one, other in pairs]
        for one, other, steps in sorted(compared, key=lambda item: _distance(*item)):
            if one in left and other in right and (only or _correspond(one, other)):
                left.remove(one)
                right.remove(other)
                yield from steps

    def covers(self, inner: Branch, outer: Branch, depth: int) -> bool:
        """Return whether every value of *inner*, of before, certainly is one of *outer*, of now."""
        if outer.kind == "any" and not outer.limits:
            return True
        if inner.kind != outer.kind:
            return False
        return all(step.kind in _ALLOWS_NO_LESS for step in self._inside(inner, outer, depth))

    def _inside(self, old: Branch, new: Branch, depth: int) -> Iterator[Step]:
        """Yield the differences of two branches of one kind."""
        yield from _limited(old, new)
        if old.kind == "object":
            yield from self._objects(old, new, depth)
        elif old.kind == "array":
            yield from self._arrays(old, new, depth)

    def _objects(self, old: Branch, new: Branch, depth: int) -> Iterator[Step]:
        before, after = _properties(old), _properties(new)
        needed, wanted = array(old.limits.get("required")), array(new.limits.get("required"))
        others, rest = (side.limits.get("additionalProperties", True) for side in (old, new))
        for name in [item for item in before if item not in after]:
            yield Step((name,), Kind.REMOVED if self.fits(before[name], rest, depth) else Kind.REFUSED)
        for name in [item for item in after if item not in before]:
            if name in wanted:
                yield Step((name,), Kind.ADDED_REQUIRED)
            else:
                fits = self._backwards.fits(after[name], others, depth)
                yield Step((name,), Kind.ADDED if fits else Kind.ADDED_TO_CLOSED)
        for name in [item for item in before if item in after]:
            if (name in needed) != (name in wanted):
                yield Step((name,), Kind.OPTIONAL if name in needed else Kind.REQUIRED)
            yield from _within(name, self.steps(before[name], after[name], depth))
        yield from self.steps(others, rest, depth)

    def fits(self, old: object, new: object, depth: int) -> bool:
        """Return whether every value of a schema of before certainly is one of a schema of now."""
        return all(step.kind in _ALLOWS_NO_LESS for step in self.steps(old, new, depth))

    def _arrays(self, old: Branch, new: Branch, depth: int) -> Iterator[Step]:
        """Yield the differences of the items, place by place: each item of a tuple has its own schema."""
        before, after = array(old.limits.get("prefixItems")), array(new.limits.get("prefixItems"))
        places = max(len(before), len(after))
        most = min(_most(old), _most(new))
        for place in range(min(places, most)):
            yield from self.steps(_item(old, before, place), _item(new, after, place), depth)
        if most > places:
            yield from self.steps(old.limits.get("items", True), new.limits.get("items", True), depth)


def _has_more(values: Values, other: Values) -> bool:
    """Return whether there is a single value that the other values do not include."""
    missing = [value for text, value in values.constants.items() if text not in other.constants]
    return any(not any(accepts(branch, value) for branch in other.branches) for value in missing)


def _has_inner(branch: Branch) -> bool:
    """Return whether equal keywords may still mean different values, because they refer to definitions."""
    return branch.kind in ("array", "object")


def _within(name: str, steps: Iterable[Step]) -> Iterator[Step]:
    return (Step((name, *step.path), step.kind) for step in steps)


def _properties(branch: Branch) -> dict[str, object]:
    """Return the named members of an object, those included that are only named as required."""
    result = branch.limits.get("properties")
    properties: dict[str, object] = {
        item: True for item in array(branch.limits.get("required")) if isinstance(item, str)
    }
    return {**result, **{name: True for name in properties if name not in result}} if is_object(result) else properties


def _item(branch: Branch, prefix: Sequence[object], place: int) -> object:
    return prefix[place] if place < len(prefix) else branch.limits.get("items", True)


def _most(branch: Branch) -> int:
    """Return how many items a list can have; very many where nothing limits them."""
    result = branch.limits.get("maxItems")
    prefix = len(array(branch.limits.get("prefixItems")))
    limit = prefix if prefix and branch.limits.get("items") is False else 1 << 30
    return min(result, limit) if isinstance(result, int) else limit


_RISING: Final = frozenset({"low", "minLength", "minItems", "minProperties"})
_FALLING: Final = frozenset({"high", "maxLength", "maxItems", "maxProperties"})
_COMPARED: Final = frozenset({"properties", "required", "additionalProperties", "prefixItems", "items"})


def _limited(old: Branch, new: Branch) -> Iterator[Step]:
    """Yield the differences of the keywords that limit a value as a whole."""
    for key in (old.limits.keys() | new.limits.keys()) - (_COMPARED if _has_inner(old) else set()):
        before, after = old.limits.get(key), new.limits.get(key)
        if before == after:
            continue
        if before is None or after is None:
            yield Step((), Kind.NARROWER if before is None else Kind.WIDER)
        elif key in _RISING or key in _FALLING:
            yield Step((), Kind.NARROWER if _is_less(before, after) == (key in _RISING) else Kind.WIDER)
        elif key == "multipleOf" and (_divides(before, after) or _divides(after, before)):
            yield Step((), Kind.NARROWER if _divides(before, after) else Kind.WIDER)
        else:
            yield from _BOTH


def _is_less(one: object, other: object) -> bool:
    """Return whether one bound is below another; bounds of numbers are pairs."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        return bool(one < other)
    return isinstance(one, int | float) and isinstance(other, int | float) and one < other


def _divides(one: object, other: object) -> bool:
    return isinstance(one, int | float) and isinstance(other, int | float) and one > 0 and other % one == 0


def _distance(old: Branch, new: Branch, steps: Steps) -> tuple[int, int, int]:
    """Return how little two branches have in common: branches of a union are paired from the closest."""
    before, after = _properties(old), _properties(new)
    return int(bool(steps)), -len(before.keys() & after.keys()), len(steps)


def _correspond(old: Branch, new: Branch) -> bool:
    """Return whether two objects of a union are one object that changed: a constant that differs is a discriminator."""
    before, after = _properties(old), _properties(new)
    shared = before.keys() & after.keys()
    if old.kind == "object" and not shared and (before or after):
        return False
    constants = [(_constants(before[name]), _constants(after[name])) for name in shared]
    return not any(one and other and one.isdisjoint(other) for one, other in constants)


def _constants(schema: object) -> set[str]:
    if not is_object(schema):
        return set()
    return (
        {text_of(schema["const"])}
        if "const" in schema
        else {text_of(constant) for constant in array(schema.get("enum"))}
    )
