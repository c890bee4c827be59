"""
The JSON encoder for any value.

Never raises: values that cannot be encoded are replaced. Does not import problem classes.
This is one thing because every limit on a value that is sent (depth, amount, iterators, numbers) must apply to every
way to JSON.
"""

import dataclasses
import re
from binascii import b2a_base64
from collections import deque
from collections.abc import Callable, Collection, Generator, Iterable, KeysView, Mapping, ValuesView
from enum import Enum
from functools import lru_cache
from gc import get_referents
from itertools import islice, takewhile
from operator import length_hint
from types import MappingProxyType
from typing import Any, Final, Protocol, TypeGuard, cast

from pydantic_core import CoreSchema, SchemaSerializer, SchemaValidator, core_schema, to_json, to_jsonable_python

from problems._wire.core_schemas import is_constrained, serializer_for

__all__ = [
    "ATOMS",
    "FALLBACK",
    "MAX_DEPTH",
    "MAX_DIGITS",
    "bounded",
    "clean",
    "encode",
    "encode_members",
    "guard",
    "has_long_number",
    "has_serializer",
    "is_array",
    "is_object",
    "is_sequence",
    "items_of",
    "kind_of",
    "parts_of",
    "settle",
]

FALLBACK: Final = b'{"type":"about:blank","title":"Internal Server Error","status":500}'
"""The document that is sent if the response could not be built."""

MAX_DEPTH: Final = 64
"""Deeper values are replaced: many parsers reject deep documents, and pydantic does not write them."""

MAX_VALUES: Final = 50_000
"""Further values are left out. A few shared lists can unfold into more values than fit in memory."""

MAX_GENERATED: Final = 1_000
"""Further items of one generator are left out: it may never end."""

MAX_DIGITS: Final = 4_300
"""Longer integers are replaced: Python's `json.loads` rejects them."""

_MAX_BITS: Final = 14_284  # the largest size at which no integer has more than MAX_DIGITS
_LONG_NUMBER: Final = rb"(?<![0-9])[0-9]{%d}" % (MAX_DIGITS + 1)
ATOMS: Final = frozenset({type(None), bool, int, float, str})
"""The classes of plain JSON values without parts."""

_PLAIN_ARRAYS: Final = frozenset({list, tuple})
# Tuples for `isinstance`: a union would be made anew for each value.
_BYTES: Final = (bytes, bytearray, memoryview)
_SCALARS: Final = (int, float, str, *_BYTES, Enum)
_MAPPINGS: Final = (dict, MappingProxyType)
_VIEWS: Final = (MappingProxyType, KeysView, ValuesView, range)
_ARRAYS: Final = (list, tuple, set, frozenset, deque)
_SEQUENCES: Final = (*_ARRAYS, range, KeysView, ValuesView)
_NAMES: Final = frozenset({str})
_NOTHING: Final[tuple[object, ...]] = ()
_SERIALIZER: Final = "__pydantic_serializer__"
_SCHEMA: Final = "__pydantic_core_schema__"
_HIDING: Final = frozenset({"serialization", "serialization_exclude", "serialization_exclude_if"})
_VALIDATOR: Final = type(cast("object", SchemaValidator(core_schema.generator_schema()).validate_python(())))
"""The class of the iterators that pydantic keeps in models."""

_MODEL_SLOTS: Final = ("__pydantic_fields_set__", "__pydantic_private__")


class _Serializer(Protocol):
    """The part of `pydantic_core.SchemaSerializer` that is used here."""

    def to_python(
        self, value: object, *, mode: str, by_alias: bool, warnings: bool, fallback: Callable[[object], object]
    ) -> object: ...


_KINDS: Final[Mapping[type, str]] = {
    type(None): "null",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "a string",
    list: "an array",
    dict: "an object",
}


def kind_of(value: object) -> str:
    """
    Return the kind of a JSON value for a message, without the value, which may be long or secret.

    >>> kind_of([1]), kind_of(True)
    ('an array', 'a boolean')
    """
    return _KINDS.get(type(value), type(value).__name__)


def encode(value: object) -> bytes:
    """
    Return *value* as strict UTF-8 JSON, whatever it is.

    Models, dataclasses, enumerations, times, UUIDs, decimals and paths are encoded as pydantic encodes them, and
    secrets are masked. For other values:

    - NaN and the infinities become null,
    - lone surrogates become U+FFFD,
    - bytes become text if they are UTF-8, base64 otherwise,
    - mappings and views of the standard library become objects and arrays, generators arrays of at most 1,000 items,
    - everything else becomes null: exceptions, classes, functions, open files, unknown objects. Their `str()` is
      made for logs and could show passwords, addresses and source code to clients.

    Two keys of one mapping with the same text, as 1 and "1", become one member with the later value. A key without
    a text is left out with its value.

    >>> encode({"price": float("inf"), "owner": object(), 7: b"seven"})
    b'{"price":null,"owner":null,"7":"seven"}'
    """
    try:
        if _is_moderate(value, _plain_parts):
            encoded = to_json(value, inf_nan_mode="null")
            if not has_long_number(encoded):
                return encoded
    except Exception:  # noqa: BLE001 - lone surrogates: catching them is cheaper than searching for them
        return _encode_cleaned(value)
    return _encode_cleaned(value)


def has_long_number(encoded: bytes) -> bool:
    """Return whether a JSON text may contain an integer that `json.loads` rejects."""
    return len(encoded) > MAX_DIGITS and re.search(_LONG_NUMBER, encoded) is not None


def _encode_cleaned(value: object) -> bytes:
    try:
        return to_json(clean(value), inf_nan_mode="null")
    except Exception:  # noqa: BLE001 - the client gets a response even if a value cannot be encoded
        return b"null"


def encode_members(members: Mapping[str, object]) -> bytes:
    """
    Return *members* as a JSON object, whatever they are.

    >>> encode_members({"item_id": 7})
    b'{"item_id":7}'
    """
    encoded = encode(members)
    return encoded if encoded.startswith(b"{") else b"{}"


def bounded(value: object) -> object:
    """
    Return *value* without parts that must not be read or sent, or the same object if it has no such parts.

    Use it before a pydantic serializer. Open files, cursors, endless iterators and values that are too deep become
    `None`. Generators become lists. Values beyond the limit are left out.

    >>> bounded({"a": [1, 2]}), bounded({"a": open})
    ({'a': [1, 2]}, {'a': <built-in function open>})
    >>> bounded({"lines": iter(["password"])})
    {'lines': None}
    """
    return value if _is_moderate(value, parts_of) else _Bounds().clean(value)


def guard(value: object) -> object:
    """
    Return a value that a user-defined function or attribute returned, like `bounded`.

    The models in it are returned as plain JSON types if they have such functions too.

    >>> guard({"a": [1, 2]}), guard({"lines": iter(["password"])})
    ({'a': [1, 2]}, {'lines': None})
    """
    if type(value) in ATOMS or _is_moderate(value, _harmless_parts):
        return value
    return _Guarding().clean(value)


def clean(value: object) -> object:
    """
    Return *value* as plain JSON types: dictionaries, lists, strings, numbers, booleans and `None`.

    >>> clean((1, b"seven", object()))
    [1, 'seven', None]
    """
    return _Cleaner().clean(value)


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Return whether a JSON value is an object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Return whether a JSON value is an array."""
    return isinstance(value, list)


def is_sequence(value: object) -> TypeGuard[list[object] | tuple[object, ...]]:
    """Return whether a value is a list or a tuple."""
    return isinstance(value, list | tuple)


def has_serializer(schema: object) -> bool:
    """Return whether a pydantic core schema contains a custom serializer or an excluded field."""
    if _is_mapping(schema):
        return not _HIDING.isdisjoint(schema) or any(map(has_serializer, schema.values()))
    if is_sequence(schema):
        return any(map(has_serializer, schema))
    return False


def items_of(value: object) -> object:
    """
    Return the items of an iterable as a list, up to the limits; return any other value unchanged.

    >>> items_of(range(3)), items_of(open for open in [1]), items_of(iter([1])), items_of(7)
    ([0, 1, 2], [1], [], 7)
    """
    if not _is_iterable(value):
        return value
    items = value
    if isinstance(value, Collection):
        return list(islice(items, MAX_VALUES))
    return list(islice(items, MAX_GENERATED)) if _is_generated(value) else []


def _is_moderate(value: object, parts: Callable[[object], Iterable[object] | None]) -> bool:
    """
    Return whether *parts* can read every part of *value*, and amount and depth are within the limits.

    Walks level by level instead of by recursion, so that depth and cycles are bounded.
    """
    level: Iterable[object] = (value,)
    left = MAX_VALUES
    for _ in range(MAX_DEPTH):
        below: list[object] = []
        for item in level:
            if type(item) in ATOMS:
                continue
            result = parts(item)
            if result is None:
                return False
            below += result
            if len(below) > left:
                return False
        if ATOMS.issuperset(map(type, below)):
            return True
        left -= len(below)
        level = below
    return False


def _plain_parts(value: object) -> Iterable[object] | None:
    """Return the parts of a plain JSON value, or `None` for any other value."""
    cls = type(value)
    if cls is dict:
        members: dict[object, object] = value  # type: ignore[assignment]  # what its class says
        return members.values() if _NAMES.issuperset(map(type, members)) else None
    return value if cls in _PLAIN_ARRAYS else None  # type: ignore[return-value]  # what its class says


def parts_of(value: object) -> Iterable[object] | None:
    """Return the parts of a value that pydantic writes, or `None` if pydantic must not write the value."""
    try:
        if _is_dict(value):
            # Two keys of different types may have the same text, and names in an object are unique.
            return dict.values(value) if len(set(map(type, dict.keys(value)))) <= 1 else None  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType, reportUnknownVariableType] - isinstance narrows to parts of no type
        if _is_array(value):
            return value
        if _is_scalar(value):
            return _NOTHING
        if hasattr(type(value), "__next__") or isinstance(value, _VIEWS):
            return None
        return _members_of(value).values()
    except Exception:  # noqa: BLE001 - methods of foreign classes may raise anything
        return None


def _harmless_parts(value: object) -> Iterable[object] | None:
    return parts_of(value) if _guarded_serializer(type(value)) is None else None


def _members_of(value: object) -> dict[str, object]:
    """Return the members of a model or a dataclass; an empty dictionary for any other value."""
    cls = type(value)
    if dataclasses.is_dataclass(cls):
        fields = [field.name for field in dataclasses.fields(cls) if hasattr(value, field.name)]
        return {**{name: getattr(value, name) for name in fields}, **getattr(value, "__dict__", {})}
    if hasattr(cls, "__pydantic_fields__"):
        return {**vars(value), **(getattr(value, "__pydantic_extra__", None) or {})}
    return {}


class _Bounds:
    """Copies one value within the limits, keeping its classes. Use an instance once."""

    def __init__(self) -> None:
        self._left = MAX_VALUES
        self._above: set[int] = set()

    def clean(self, value: object) -> object:
        """Return the replacement of *value* in the document."""
        self._left -= 1
        try:
            return self._scalar(value) if _is_scalar(value) else self._nested(value)
        except Exception:  # noqa: BLE001 - methods of foreign classes may raise anything
            return None

    def _scalar(self, value: object) -> object:
        return value

    def _nested(self, value: object) -> object:
        if id(value) in self._above or len(self._above) >= MAX_DEPTH:
            return None
        self._above.add(id(value))
        try:
            return self._structure(value)
        finally:
            self._above.remove(id(value))

    def _structure(self, value: object) -> object:
        if _is_mapping(value):
            return self._object(value.items())
        if _is_sequence(value):
            return self._like(value, self._array(value))
        if hasattr(type(value), "__next__"):
            # Any other iterator may be an open file or a database cursor, or may never end.
            return self._array(islice(value, MAX_GENERATED)) if _is_generated(value) else None
        return self._other(value)

    def _like(self, value: object, items: list[object]) -> object:
        """Return *items* in a collection of the class of *value*, which its serializer expects."""
        make: Any = type(value)
        try:
            return make._make(items) if hasattr(make, "_make") else make(items)
        except Exception:  # noqa: BLE001 - a view, or a user-defined class
            return items

    def _other(self, value: object) -> object:
        if isinstance(value, type) or not (members := _members_of(value)):
            return value
        extra: Mapping[str, object] = getattr(value, "__pydantic_extra__", None) or {}
        cleaned = self._object(members.items())
        clone = object.__new__(type(value))
        for name in _MODEL_SLOTS:
            if hasattr(value, name):
                object.__setattr__(clone, name, getattr(value, name))
        if hasattr(type(value), "__pydantic_extra__"):
            extras = {name: cleaned.pop(name) for name in extra if name in cleaned}
            object.__setattr__(clone, "__pydantic_extra__", extras)
        for key, member in cleaned.items():
            object.__setattr__(clone, str(key), member)
        return clone

    def _object(self, items: Iterable[tuple[object, object]]) -> dict[object, object]:
        members: dict[object, object] = {}
        for key, value in takewhile(self._has_budget, items):
            name, cleaned = self._key(key), self.clean(value)
            if name is not None:
                members[name] = cleaned
        return members

    def _key(self, key: object) -> object:
        return key if isinstance(key, str) else _name(key)

    def _array(self, items: Iterable[object]) -> list[object]:
        return [self.clean(item) for item in takewhile(self._has_budget, items)]

    def _has_budget(self, _: object) -> bool:
        return self._left > 0


class _Guarding(_Bounds):
    """Copies one value within the limits, with models as plain JSON types that have functions of their own."""

    def _other(self, value: object) -> object:
        serializer = _guarded_serializer(type(value))
        return super()._other(value) if serializer is None else self.clean(_dumped(value, serializer))


class _Cleaner(_Bounds):
    """Copies one value as plain JSON types. Use an instance once."""

    def _scalar(self, value: object) -> object:
        if isinstance(value, Enum):
            return self.clean(value.value)
        if isinstance(value, str):
            return _text(value)
        if _is_bytes(value):
            return _text_of_bytes(value)
        is_long = isinstance(value, int) and int.bit_length(value) > _MAX_BITS
        return None if is_long else value

    def _like(self, value: object, items: list[object]) -> object:  # noqa: ARG002 - the result is always a plain array
        return items

    def _other(self, value: object) -> object:
        own: _Serializer | None = getattr(type(value), _SERIALIZER, None)
        serializer = _guarded_serializer(type(value)) or own
        if serializer is not None:
            return self.clean(_dumped(value, serializer))
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return self._object((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
        return self.clean(to_jsonable_python(value))

    def _key(self, key: object) -> object:
        return _name(key)


def _is_scalar(value: object) -> bool:
    return value is None or isinstance(value, _SCALARS)


def _is_mapping(value: object) -> TypeGuard[Mapping[object, object]]:
    return isinstance(value, _MAPPINGS)


def _is_iterable(value: object) -> TypeGuard[Iterable[object]]:
    return isinstance(value, Iterable)


def _is_dict(value: object) -> TypeGuard[dict[object, object]]:
    return isinstance(value, dict)


def _is_array(value: object) -> TypeGuard[Iterable[object]]:
    return isinstance(value, _ARRAYS)


def _is_sequence(value: object) -> TypeGuard[Iterable[object]]:
    return isinstance(value, _SEQUENCES)


def _is_generated(value: object) -> TypeGuard[Iterable[object]]:
    """Return whether a value is a generator, or `map`, `filter` or `zip` over generators and collections."""
    if issubclass(type(value), map | filter | zip):
        arguments = _arguments_of(value)
        sources = arguments if issubclass(type(value), zip) else arguments[1:]
        return all(_is_generated(source) or _has_length(source) for source in sources)
    return isinstance(value, Generator) or (type(value) is _VALIDATOR and _has_safe_source(value))


def _has_safe_source(value: object) -> bool:
    """Return whether pydantic's iterator over an `Iterable` of a model takes its items from what ends."""
    referents: list[object] = get_referents(value)
    sources = [referent for referent in referents if hasattr(type(referent), "__next__")]
    return bool(sources) and all(_is_generated(source) or _has_length(source) for source in sources)


def settle(value: object) -> None:
    """
    Replace the iterators that pydantic keeps in models by lists, as far as they may be read.

    They can be read once, and a problem is written several times: to the response, the log and others.
    """
    level: Iterable[object] = (value,)
    for _ in range(MAX_DEPTH):
        below: list[object] = []
        for item in level:
            if hasattr(type(item), "__pydantic_fields__"):
                members = vars(item)
                members |= {name: items_of(member) for name, member in members.items() if type(member) is _VALIDATOR}
            if type(item) not in ATOMS:
                below += parts_of(item) or ()
            if len(below) > MAX_VALUES:
                return
        level = below


def _has_length(value: Any) -> bool:
    return length_hint(value, -1) >= 0


def _arguments_of(value: object) -> tuple[object, ...]:
    """Return the arguments that an iterator was made with."""
    reduced: Any = value.__reduce__()
    arguments: tuple[object, ...] = reduced[1]
    return arguments


def _is_bytes(value: object) -> TypeGuard["bytes | bytearray | memoryview[int]"]:
    return isinstance(value, _BYTES)


def _text(text: str) -> str:
    # UTF-16 joins a pair of surrogates to one character, and replaces a lone surrogate.
    return str.encode(text, "utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _text_of_bytes(data: "bytes | bytearray | memoryview[int]") -> str:
    raw = memoryview(data).tobytes()
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return b2a_base64(raw, newline=False).decode()


def _name(key: object) -> str | None:
    try:
        if isinstance(key, str) and not isinstance(key, Enum):
            return _text(key)
        if isinstance(key, bytes):
            return _text_of_bytes(key)
        names: dict[str, None] = to_jsonable_python({key: None})
        return next(iter(names))
    except Exception:  # noqa: BLE001 - foreign classes may raise anything; the key is left out
        return None


def _guarded_serializer(cls: Any) -> SchemaSerializer | None:
    """Return a serializer for a class of pydantic whose own one may write what must not be sent, `None` for others."""
    is_complete = isinstance(getattr(cls, _SERIALIZER, None), SchemaSerializer) and _SCHEMA in cls.__dict__
    return _made_serializer(cls) if is_complete else None


@lru_cache(maxsize=1_024)
def _made_serializer(cls: Any) -> SchemaSerializer | None:
    schema: CoreSchema = getattr(cls, _SCHEMA)
    return None if is_constrained(schema) else serializer_for(schema, guard)


def _dumped(model: object, serializer: _Serializer) -> object:
    """Return the JSON form of a model. If that fails and no member is hidden, return its members in Python form."""
    safe = bounded(model)
    try:
        return serializer.to_python(safe, mode="json", by_alias=True, warnings=False, fallback=clean)
    except Exception:  # noqa: BLE001 - bytes that are not UTF-8, or a failing user-defined serializer
        if has_serializer(getattr(type(model), _SCHEMA, None)):
            return _one_by_one(safe, serializer)
        return serializer.to_python(safe, mode="python", by_alias=True, warnings=False, fallback=clean)


def _one_by_one(model: object, serializer: Any) -> dict[str, object] | None:
    """Return the members of a model, with null for members that cannot be written; `None` if all of them fail."""
    written: dict[str, object] = {}
    failed: dict[str, object] = {}
    for name in _members_of(model):
        try:
            written |= serializer.to_python(
                model, mode="json", by_alias=True, warnings=False, fallback=clean, include={name}
            )
        except Exception:  # noqa: BLE001 - this member cannot be written
            failed[name] = None
    return {**written, **failed} if written else None
