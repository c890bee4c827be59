"""
What an expression can be, as far as that is known without running it.

Plain values; how they come about, and what calling them raises, is found out elsewhere.
"""

import inspect
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from problems.contract._sources import Function

__all__ = [  # noqa: RUF022 - in the order of the file
    "UNSEEN",
    "Raise",
    "Known",
    "Instance",
    "Local",
    "Bound",
    "Super",
    "Container",
    "Suppress",
    "Caught",
    "Group",
    "Value",
    "Names",
    "attribute",
    "class_of_value",
]


UNSEEN: Final = -1
"""How sure it is that a library raises: a declaration may be for that, but its absence is no breach."""


@dataclass(frozen=True, slots=True)
class Raise:
    """
    One place that raises.

    Attributes:
        exception: The class of the exception.
        status: The status code of an `HTTPException`, if it is known.
        file: Where it is raised.
        line: The line there.
        sure: How sure it is that this is what is raised: 2 if it is written there, 1 if types tell, 0 if it may be.
        grouped: Whether it is raised inside an exception group.
    """

    exception: type[BaseException]
    status: int | None
    file: str
    line: int
    sure: int = 2
    grouped: bool = False

    def is_caught_by(self, types: tuple[type[BaseException], ...], *, star: bool = False) -> bool:
        """Return whether a handler of these types catches it; of a group only `except*` sees the parts."""
        return issubclass(ExceptionGroup if self.grouped and not star else self.exception, types)


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """An object that exists: a function, a class, a module, a value."""

    obj: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Known) and self.obj is other.obj

    def __hash__(self) -> int:
        return id(self.obj)


@dataclass(frozen=True, slots=True)
class Instance:
    """Some object of a class; `status` is that of an `HTTPException`, `sure` whether it was made before our eyes."""

    cls: type
    status: int | None = None
    sure: bool = False


@dataclass(frozen=True, slots=True)
class Local:
    """A function that is defined inside another."""

    node: Function
    names: "Names"


@dataclass(frozen=True, slots=True)
class Bound:
    """A method of an object."""

    function: "Value"
    receiver: "Value"


@dataclass(frozen=True, slots=True)
class Super:
    """What `super()` is: the methods of a receiver after those of a class."""

    cls: type
    receiver: "Value"


@dataclass(frozen=True, slots=True)
class Container:
    """A dictionary or a sequence with these values."""

    values: tuple["Value", ...]


@dataclass(frozen=True, slots=True)
class Suppress:
    """`contextlib.suppress` of these classes."""

    types: tuple[type[BaseException], ...]


@dataclass(frozen=True, slots=True)
class Caught:
    """The exception that a handler has."""

    raises: tuple[Raise, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """An exception group with these exceptions."""

    values: tuple["Value", ...]


Value = Known | Instance | Local | Bound | Super | Container | Suppress | Caught | Group


class Names:
    """The names that a function sees, from the inside out."""

    def __init__(self, file: str, outer: "Names | None" = None, known: "dict[str, Any] | None" = None) -> None:
        self.file = file
        self._own: dict[str, tuple[Value, ...]] = {}
        self._outer, self._known = outer, known or {}

    def bind(self, name: str, values: tuple[Value, ...], *, anew: bool = False) -> None:
        """Let a name have these values too; *anew*, them alone."""
        old = () if anew else self._own.get(name, ())
        self._own[name] = tuple(dict.fromkeys((*old, *values)))

    def get(self, name: str) -> tuple[Value, ...]:
        """Return what a name can be; nothing if nobody knows."""
        if name in self._own:
            return self._own[name]
        if name in self._known:
            return (Known(self._known[name]),)
        return self._outer.get(name) if self._outer else ()

    def key(self) -> Hashable:
        """Return what tells two calls apart."""
        return tuple(sorted((name, frozenset(values)) for name, values in self._own.items() if values))


def attribute(value: Value, name: str) -> Iterator[Value]:
    """Yield what an attribute of a value can be, without running a descriptor of the user's."""
    match value:
        case Known(obj) if inspect.ismodule(obj):
            if name in vars(obj):
                yield Known(vars(obj)[name])
        case Known(obj) if isinstance(obj, type):
            yield from _in_class(obj.__mro__, name, value, is_class=True)
        case Known(obj):
            own = getattr(obj, "__dict__", {})
            if name in own:
                yield Known(own[name])
            else:
                yield from _in_class(type(obj).__mro__, name, value)
        case Instance(cls):
            yield from _in_class(cls.__mro__, name, value)
        case Super(cls, receiver):
            mro = class_of_value(receiver).__mro__
            yield from _in_class(mro[mro.index(cls) + 1 :] if cls in mro else (), name, receiver)
        case _:
            return


def class_of_value(value: Value) -> type:
    """Return the class of a value, `object` if it is not known."""
    match value:
        case Known(obj):
            return obj if isinstance(obj, type) else type(obj)
        case Instance(cls):
            return cls
        case _:
            return object


def _in_class(mro: tuple[type, ...], name: str, receiver: Value, *, is_class: bool = False) -> Iterator[Value]:
    found = next((vars(base)[name] for base in mro if name in vars(base)), None)
    function: object = getattr(found, "__func__", None)
    if isinstance(found, staticmethod):
        yield Known(function)
    elif isinstance(found, classmethod):
        yield Bound(Known(function), Known(class_of_value(receiver)))
    elif isinstance(found, property):
        if found.fget is not None and not is_class:
            yield Bound(Known(found), receiver)
    elif found is not None:
        is_method = inspect.isroutine(found) and not is_class
        yield Bound(Known(found), receiver) if is_method else Known(found)
