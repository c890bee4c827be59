"""
Kinds of values: annotations before the classes that they refer to have names.

Plain values. Does not know JSON Schema or Python source.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from pydantic import JsonValue

__all__ = [
    "ANY",
    "NONE",
    "Kind",
    "ListOf",
    "MapOf",
    "Member",
    "Model",
    "OneOf",
    "Plain",
    "Ref",
    "Scalar",
    "TupleOf",
    "Union",
]
__all__ += ["distinct", "fits", "references", "renamed", "together", "union", "with_keys"]

Scalar: TypeAlias = str | int | bool | None


@dataclass(frozen=True, slots=True)
class Plain:
    """A type that every module can name."""

    name: str


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of several constants."""

    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list."""

    item: "Kind"


@dataclass(frozen=True, slots=True)
class TupleOf:
    """A list of a fixed length."""

    items: tuple["Kind", ...]


@dataclass(frozen=True, slots=True)
class MapOf:
    """An object with members of any name."""

    value: "Kind"


@dataclass(frozen=True, slots=True)
class Ref:
    """The model with this key."""

    key: int


@dataclass(frozen=True, slots=True)
class Union:
    """Any of several kinds."""

    kinds: tuple["Kind", ...]


Kind: TypeAlias = Plain | OneOf | ListOf | TupleOf | MapOf | Ref | Union

ANY: Final = Plain("Any")
NONE: Final = Plain("None")
_PLAIN: Final[Mapping[str, type | tuple[type, ...]]] = {
    "str": str,
    "int": int,
    "float": (int, float),
    "bool": bool,
    "None": type(None),
    "Any": object,
}


@dataclass(frozen=True, slots=True)
class Member:
    """
    A member of an object.

    Attributes:
        name: The name on the wire.
        kind: The kind of its values.
        required: Whether every object has it.
        default: The value of an absent member.
        description: The description.
        examples: Example values.
    """

    name: str
    kind: Kind
    required: bool = False
    default: JsonValue = None
    description: str = ""
    examples: tuple[JsonValue, ...] = ()


@dataclass(frozen=True, slots=True)
class Model:
    """An object with known members: the preferred name of its class, its description and its members."""

    name: str
    description: str = ""
    members: tuple[Member, ...] = ()


def union(kinds: Iterable[Kind]) -> Kind:
    """
    Return the union of some kinds, without repetitions.

    >>> union([Plain("str"), union([Plain("str"), NONE])])
    Union(kinds=(Plain(name='str'), Plain(name='None')))
    """
    results: dict[object, Kind] = {}
    for kind in kinds:
        for one in kind.kinds if isinstance(kind, Union) else (kind,):
            results[_identity(one)] = one
    if not results or _identity(ANY) in results:
        return ANY
    if NONE in results.values():  # comes last, and covers a constant `None`
        results = {key: value for key, value in results.items() if value not in (NONE, OneOf((None,)))} | {
            _identity(NONE): NONE
        }
    return next(iter(results.values())) if len(results) == 1 else Union(tuple(results.values()))


def _identity(kind: Kind) -> object:
    """Return the identity of a kind: `1` and `True` are equal in Python, but different constants."""
    return tuple((type(value), value) for value in kind.values) if isinstance(kind, OneOf) else kind


def fits(kind: Kind, value: JsonValue) -> bool:
    """Return whether a JSON value is of a kind, as far as this can be decided without its models."""
    if isinstance(kind, Union):
        return any(fits(one, value) for one in kind.kinds)
    if isinstance(kind, OneOf):
        return any(type(item) is type(value) and item == value for item in kind.values)
    if isinstance(kind, ListOf):
        return isinstance(value, list) and all(fits(kind.item, item) for item in value)
    if isinstance(kind, MapOf):
        return isinstance(value, dict) and all(fits(kind.value, item) for item in value.values())
    if isinstance(kind, Plain) and kind.name in _PLAIN:
        plain: type[object] | tuple[type[object], ...] = _PLAIN[kind.name]
        return isinstance(value, plain) and (not isinstance(value, bool) or kind.name in ("bool", "Any"))
    return False


def references(kind: Kind) -> Iterator[int]:
    """Yield the keys of the models that a kind refers to."""
    if isinstance(kind, Ref):
        yield kind.key
    elif isinstance(kind, Union | TupleOf):
        for one in kind.kinds if isinstance(kind, Union) else kind.items:
            yield from references(one)
    elif isinstance(kind, ListOf | MapOf):
        yield from references(kind.item if isinstance(kind, ListOf) else kind.value)


def renamed(kind: Kind, keys: Mapping[int, int]) -> Kind:
    """Return a kind with replaced model keys."""
    if isinstance(kind, Ref):
        return Ref(keys[kind.key])
    if isinstance(kind, Union):
        return union(renamed(one, keys) for one in kind.kinds)
    if isinstance(kind, TupleOf):
        return TupleOf(tuple(renamed(one, keys) for one in kind.items))
    if isinstance(kind, ListOf):
        return ListOf(renamed(kind.item, keys))
    return MapOf(renamed(kind.value, keys)) if isinstance(kind, MapOf) else kind


def distinct(models: Mapping[int, Model]) -> dict[int, int]:
    """
    Return, for each model, the key of the first model that is equal to it, including the models that they refer to.

    Starts with all models as equal, and separates them until a pass finds no difference.
    """
    groups = dict.fromkeys(models, 0)
    count = 0
    while True:
        first: dict[str, int] = {}
        finer = {key: first.setdefault(repr(with_keys(model, groups)), key) for key, model in models.items()}
        if len(first) == count:
            return finer
        groups, count = finer, len(first)


def with_keys(model: Model, keys: Mapping[int, int]) -> Model:
    """Return a model with replaced keys of the models that it refers to."""
    return replace(model, members=tuple(replace(member, kind=renamed(member.kind, keys)) for member in model.members))


def together(several: Iterable[tuple[Member, ...]]) -> tuple[Member, ...]:
    """Return the combined members of objects of several schemas; a member is required if all schemas require it."""
    lists = list(several)
    results: dict[str, Member] = {}
    for members in lists:
        for member in members:
            old = results.get(member.name)
            results[member.name] = member if old is None else _both(old, member)
    needed = [{member.name for member in members if member.required} for members in lists]
    always = set[str].intersection(*needed) if needed else set[str]()
    return tuple(
        item if item.required == (item.name in always) else replace(item, required=False, kind=union([item.kind, NONE]))
        for item in results.values()
    )


def _both(one: Member, other: Member) -> Member:
    return Member(
        one.name,
        union([one.kind, other.kind]),
        one.required and other.required,
        one.default,
        one.description or other.description,
        one.examples or other.examples,
    )
