"""An immutable, hashable mapping. Imports no other module of the package."""

from collections.abc import Iterator, Mapping
from typing import TypeVar

__all__ = ["Frozen"]

K = TypeVar("K")
V = TypeVar("V")


class Frozen(Mapping[K, V]):
    """
    An immutable mapping that can be hashed, copied and pickled if its values can be.

    >>> Frozen({"a": 1}) == {"a": 1}, hash(Frozen({"a": 1})) == hash(Frozen({"a": 1}))
    (True, True)
    """

    # Not `MappingProxyType`, which cannot be pickled, or hashed before Python 3.12.
    __slots__ = ("_values",)

    def __init__(self, values: Mapping[K, V] | None = None) -> None:
        self._values: dict[K, V] = dict(values or {})

    def __getitem__(self, key: K) -> V:
        return self._values[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __hash__(self) -> int:
        return hash(frozenset(self._values.items()))

    def __repr__(self) -> str:
        return repr(self._values)

    def __reduce__(self) -> tuple[type["Frozen[K, V]"], tuple[dict[K, V]]]:
        return Frozen, (self._values,)
