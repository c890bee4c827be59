"""
Any value as strict JSON, and a JSON document joined from its parts.

Never fails: what cannot be encoded is replaced. Knows neither problems nor HTTP.
"""

import dataclasses
import re
from binascii import b2a_base64
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, KeysView, Mapping, ValuesView
from enum import Enum
from functools import partial
from itertools import islice, takewhile
from types import MappingProxyType
from typing import Any, Final, Protocol, TypeGuard

from pydantic_core import to_json, to_jsonable_python

__all__ = ["FALLBACK", "encode", "encode_members", "has_long_number", "join", "prefix"]

FALLBACK: Final = b'{"type":"about:blank","title":"Internal Server Error","status":500}'
"""The document of last resort, for an answer that could not be made."""

MAX_DEPTH: Final = 64
"""Deeper values are replaced: many parsers refuse deep documents, and pydantic refuses to write them."""

MAX_VALUES: Final = 50_000
"""More values are left out. A few shared lists can unfold into more values than memory can hold."""

MAX_GENERATED: Final = 1_000
"""More items of one generator are left out: nothing else says that it ends."""

MAX_DIGITS: Final = 4_300
"""Longer integers are replaced: Python's own `json.loads` refuses them."""

_MAX_BITS: Final = 14_284  # the most with which an integer is sure to have no more than MAX_DIGITS
_LONG_NUMBER: Final = rb"(?<![0-9])[0-9]{%d}" % (MAX_DIGITS + 1)
_ATOMS: Final = frozenset({type(None), bool, int, float, str})
_PLAIN_OBJECTS: Final = frozenset({dict})
_PLAIN_ARRAYS: Final = frozenset({list, tuple})
_NAMES: Final = frozenset({str})
_SERIALIZER: Final = "__pydantic_serializer__"


class _Serializer(Protocol):
    """The part of `pydantic_core.SchemaSerializer` that is used here."""

    def to_python(
        self, value: object, *, mode: str, by_alias: bool, warnings: bool, fallback: Callable[[object], object]
    ) -> object: ...


def encode(value: object) -> bytes:
    """
    Return *value* as strict UTF-8 JSON, whatever it is.

    What pydantic can encode is encoded as pydantic does it: models, dataclasses, enumerations, times, UUIDs,
    decimals, paths; secrets are masked. Of the rest,

    - NaN and the infinities become null,
    - lone surrogates become U+FFFD,
    - bytes become text if they are UTF-8, base64 otherwise,
    - mappings and views of the standard library become objects and arrays,
    - everything else becomes null: exceptions, classes, functions, open files, unknown objects. Their `str()` is
      made for logs and shows passwords, addresses and source code to whoever reads an answer.

    Two keys of one mapping with the same text, as 1 and "1", become one member with the later value. A key without
    a text is left out with its value.

    >>> encode({"price": float("inf"), "owner": object(), 7: b"seven"})
    b'{"price":null,"owner":null,"7":"seven"}'
    """
    try:
        if _is_plain(value):
            encoded = to_json(value, inf_nan_mode="null")
            if not has_long_number(encoded):
                return encoded
    except Exception:  # noqa: BLE001 - lone surrogates, which would cost more to look for than to meet
        return _encode_cleaned(value)
    return _encode_cleaned(value)


def has_long_number(encoded: bytes) -> bool:
    """Return whether a JSON text may have an integer that `json.loads` refuses."""
    return len(encoded) > MAX_DIGITS and re.search(_LONG_NUMBER, encoded) is not None


def _encode_cleaned(value: object) -> bytes:
    try:
        return to_json(_Cleaner().clean(value), inf_nan_mode="null")
    except Exception:  # noqa: BLE001 - a value that cannot be encoded must not cost the client its answer
        return b"null"


def encode_members(members: Mapping[str, object]) -> bytes:
    """
    Return *members* as a JSON object, fit for `join`.

    >>> encode_members({"item_id": 7})
    b'{"item_id":7}'
    """
    encoded = encode(members)
    return encoded if encoded.startswith(b"{") else b"{}"


def prefix(type_uri: str, title: str | None, status: int | None) -> bytes:
    """
    Return what all documents of one problem type begin with: an object that is still open.

    >>> prefix("about:blank", "Not Found", 404)
    b'{"type":"about:blank","title":"Not Found","status":404'
    """
    members = {"type": type_uri, "title": title, "status": status}
    return encode({name: value for name, value in members.items() if value is not None})[:-1]


def join(beginning: bytes, detail: str | None, instance: str | None, members: bytes) -> bytes:
    """
    Return the document made of a `prefix`, *detail*, *instance* and the JSON object *members*.

    None of the *members* may have the name of a standard member: names in an object are unique (RFC 8259, section 4).

    >>> join(prefix("about:blank", "Gone", 410), "Sold.", None, b'{"item_id":7}')
    b'{"type":"about:blank","title":"Gone","status":410,"detail":"Sold.","item_id":7}'
    """
    document = beginning
    try:
        if detail is not None:
            document += b',"detail":' + to_json(detail)
        if instance is not None:
            document += b',"instance":' + to_json(instance)
    except Exception:  # noqa: BLE001 - lone surrogates
        texts = {"detail": detail, "instance": instance}
        document = beginning + b"," + encode({name: text for name, text in texts.items() if text is not None})[1:-1]
    return document + b"}" if len(members) <= 2 else document + b"," + members[1:]


def _is_plain(value: object) -> bool:
    """
    Return whether *value* is a moderate amount of what JSON knows, and so encoded rightly in one call.

    Level by level and not by recursion, so that depth and cycles need no care.
    """
    level: list[Any] = [value]
    left = MAX_VALUES
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for item in level:
            if type(item) in _ATOMS:
                continue
            if type(item) in _PLAIN_OBJECTS and _NAMES.issuperset(map(type, item)):
                below += item.values()
            elif type(item) in _PLAIN_ARRAYS:
                below += item
            else:
                return False
            if len(below) > left:
                return False
        if _ATOMS.issuperset(map(type, below)):
            return True
        left -= len(below)
        level = below
    return False


class _Cleaner:
    """Makes of one value a value that is plain; for one use."""

    def __init__(self) -> None:
        self._left = MAX_VALUES
        self._above: set[int] = set()

    def clean(self, value: object) -> object:
        """Return what stands for *value* in the document."""
        self._left -= 1
        try:
            return self._scalar(value) if _is_scalar(value) else self._nested(value)
        except Exception:  # noqa: BLE001 - whatever the methods of a stranger's class raise
            return None

    def _scalar(self, value: object) -> object:
        if isinstance(value, Enum):
            return self.clean(value.value)
        if isinstance(value, str):
            return _text(value)
        if _is_bytes(value):
            return _text_of_bytes(value)
        is_long = isinstance(value, int) and int.bit_length(value) > _MAX_BITS
        return None if is_long else value

    def _nested(self, value: object) -> object:
        if id(value) in self._above or len(self._above) >= MAX_DEPTH:
            return None
        self._above.add(id(value))
        try:
            return self._structure(value)
        finally:
            self._above.remove(id(value))

    def _structure(self, value: object) -> object:
        if _is_object(value):
            return self._object(value.items())
        if _is_array(value):
            return self._array(value)
        if _is_generator(value):
            return self._array(islice(value, MAX_GENERATED))
        if isinstance(value, Iterator):
            return None  # an open file, a database cursor: pydantic would send what is in it
        return self._other(value, getattr(type(value), _SERIALIZER, None))

    def _other(self, value: object, serializer: _Serializer | None) -> object:
        if serializer is not None:
            return self.clean(_dumped(value, serializer))
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return self._object((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
        return self.clean(to_jsonable_python(value))

    def _object(self, items: Iterable[tuple[object, object]]) -> dict[str, object]:
        members: dict[str, object] = {}
        for key, value in takewhile(self._goes_on, items):
            name, cleaned = _name(key), self.clean(value)
            if name is not None:
                members[name] = cleaned
        return members

    def _array(self, items: Iterable[object]) -> list[object]:
        return [self.clean(item) for item in takewhile(self._goes_on, items)]

    def _goes_on(self, _: object) -> bool:
        return self._left > 0


def _is_scalar(value: object) -> bool:
    return value is None or isinstance(value, int | float | str | bytes | bytearray | memoryview | Enum)


def _is_object(value: object) -> TypeGuard[Mapping[object, object]]:
    return isinstance(value, dict | MappingProxyType)


def _is_array(value: object) -> TypeGuard[Iterable[object]]:
    return isinstance(value, list | tuple | set | frozenset | deque | range | KeysView | ValuesView)


def _is_generator(value: object) -> TypeGuard[Iterable[object]]:
    return isinstance(value, Generator | map | filter | zip)


def _is_bytes(value: object) -> TypeGuard["bytes | bytearray | memoryview[int]"]:
    return isinstance(value, bytes | bytearray | memoryview)


def _text(text: str) -> str:
    # By way of UTF-16, in which a pair of surrogates is one character and a lone one an error.
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
    except Exception:  # noqa: BLE001 - whatever a stranger's class raises; a key cannot be replaced
        return None


def _dumped(model: object, serializer: _Serializer) -> object:
    """Return what *model* makes of itself: its JSON form if there is one, else its parts as they are."""
    dump = partial(serializer.to_python, model, by_alias=True, warnings=False, fallback=_nothing)
    parts = getattr(model, "__dict__", {}).values()
    if any(isinstance(part, Iterator) for part in parts):
        return dump(mode="python")  # the JSON form would have all the items of a generator
    try:
        return dump(mode="json")
    except Exception:  # noqa: BLE001 - bytes that are no UTF-8, or a serializer of the user's
        return dump(mode="python")


def _nothing(_: object) -> None:
    """Stand for a value that pydantic does not know."""
