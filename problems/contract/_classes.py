"""
Possible values of attributes: of modules, classes, objects, and of implementations of an interface.

Reads `__dict__`, so that descriptors and `__getattr__` do not run.
"""

import ast
import enum
import functools
import inspect
import re
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol

from problems._wire.json import is_object
from problems.contract._sources import Sources
from problems.contract._values import (
    Bound,
    Instance,
    Kind,
    Known,
    Super,
    Value,
    Values,
    class_of_value,
    type_of,
)

__all__ = ["Classes", "fields_of", "is_abstract", "look", "modules_of", "special", "status_in_name"]

_MOST: Final = 40
"""More implementations of an interface than this are not followed."""

_STATUS_NAME: Final = re.compile(r"HTTP_([1-5]\d\d)(?!\d)")


def status_in_name(name: str) -> Values:
    """Return the number in a name such as `HTTP_409_CONFLICT`, which a module can serve by `__getattr__`."""
    match = _STATUS_NAME.match(name)
    return () if match is None else (Known(int(match[1])),)


def fields_of(obj: object) -> dict[str, Any]:
    """Return the `__dict__` of an object, without running its `__getattr__`."""
    try:
        fields: object = object.__getattribute__(obj, "__dict__")
    except AttributeError:
        return {}
    return fields if is_object(fields) else {}


def special(cls: type, name: str) -> object:
    """Return a method of a class as it is written, or `None`."""
    return next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), None)


def look(value: Value, name: str) -> Values:  # noqa: PLR0911 - one for each form
    """Return the values of an attribute without running code, or an empty tuple if the attribute is not visible."""
    match value:
        case Known(obj) if inspect.ismodule(obj):
            return (Known(vars(obj)[name]),) if name in vars(obj) else status_in_name(name)
        case Known(enum.Enum() as member) if name in ("value", "name"):
            return (Known(getattr(member, f"_{name}_")),)
        case Known(enum.EnumType() as cls) if name in cls.__members__:
            return (Known(cls.__members__[name]),)
        case Known(type() as cls):
            own_mro = inspect.getmro(cls)
            meta_mro = inspect.getmro(type(cls))
            return tuple(_in_class(own_mro, name, value, is_class=True)) or tuple(_in_class(meta_mro, name, value))
        case Known(obj):
            own = fields_of(obj)
            if name in own and not _is_data_descriptor(type_of(obj), name):
                return (Known(own[name]),)
            return tuple(_in_class(type(obj).__mro__, name, value))
        case Instance(cls=cls):
            return tuple(_in_class(cls.__mro__, name, value))
        case Kind(cls=cls):
            return tuple(_in_class(cls.__mro__, name, value, is_class=True))
        case Super(cls=cls, receiver=receiver):
            mro: tuple[type, ...] = class_of_value(receiver).__mro__
            is_class = isinstance(receiver, Known) and isinstance(receiver.obj, type)
            after = mro[mro.index(cls) + 1 :] if cls in mro else ()
            return tuple(_in_class(after, name, receiver, is_class=is_class))
        case _:
            return ()


def wrapped_in(method: object) -> object:
    """Return the function in a class method or a static method."""
    function: object = getattr(method, "__func__", None)
    return function


def _is_data_descriptor(cls: type, name: str) -> bool:
    result: object = next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), None)
    return isinstance(result, property) or "__set__" in vars(type_of(result))


def _in_class(mro: tuple[type, ...], name: str, receiver: Value, *, is_class: bool = False) -> Iterator[Value]:
    base = next((value for value in mro if name in vars(value)), None)
    if base is None:
        return
    result = vars(base)[name]
    if isinstance(result, staticmethod):
        yield Known(result.__func__)
    elif isinstance(result, classmethod):
        owner = receiver if is_class else Known(class_of_value(receiver))
        yield Bound(Known(wrapped_in(result)), owner)  # pyright: ignore[reportUnknownArgumentType] - any value
    elif isinstance(result, property | functools.cached_property):
        yield Known(result) if is_class else Bound(Known(result), receiver)
    elif isinstance(result, functools.singledispatchmethod):
        yield Bound(Known(result), receiver)
    elif isinstance(special(type_of(result), "__get__"), types.FunctionType) and not isinstance(result, type):
        yield Bound(Known(result), Known(class_of_value(receiver)) if is_class else receiver)
    else:
        is_method = inspect.isroutine(result) and not is_class
        yield Bound(Known(result), receiver) if is_method else Known(result)


class Classes:
    """
    The classes of an application, among the modules that are loaded.

    Args:
        sources: Distinguishes the application's own modules from modules of libraries.
    """

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._below: dict[type, list[type]] | None = None
        self._known: dict[type, tuple[type, ...]] = {}

    def below(self, cls: type) -> tuple[type, ...]:
        """Return the application's own subclasses that an instance of *cls* can have as its class, without *cls*."""
        if cls not in self._known:
            self._known[cls] = tuple(self._search(cls))[:_MOST]
        return self._known[cls]

    def _search(self, cls: type) -> Iterator[type]:
        index = self._index()
        yield from index.get(cls, ())
        if is_protocol(cls):
            wanted = {name for base in cls.__mro__ if is_protocol(base) for name in vars(base) if _is_member(name)}
            wanted -= {"__init__", "__call__"} if len(wanted) > 1 else set()
            for candidate in index.get(object, ()) if wanted else ():
                if candidate is not cls and not is_protocol(candidate) and _has(candidate, wanted):
                    yield candidate

    def _index(self) -> dict[type, list[type]]:
        if self._below is None:
            self._below = {}
            for cls in dict.fromkeys(self._loaded()):
                for base in cls.__mro__[1:]:
                    self._below.setdefault(base, []).append(cls)
        return self._below

    def _loaded(self) -> Iterator[type]:
        for module in modules_of(self._sources):
            name = module.__name__
            yield from (
                value for value in list(vars(module).values()) if isinstance(value, type) and value.__module__ == name
            )


def modules_of(sources: Sources) -> Iterator[types.ModuleType]:
    """Yield the application's own loaded modules."""
    for name, module in list(sys.modules.items()):
        file: object = fields_of(module).get("__file__")  # a library may put any object in the place of a module
        if isinstance(file, str) and fields_of(module).get("__name__") == name and sources.is_own_module(name, file):
            yield module


def is_protocol(cls: type) -> bool:
    """Return whether a class is a `Protocol`, and not a class that implements one."""
    return cls is not Protocol and bool(vars(cls).get("_is_protocol"))


def _is_member(name: str) -> bool:
    return not name.startswith("_") or name == "__call__"


def _has(cls: type, names: set[str]) -> bool:
    has = names - {name for base in cls.__mro__[:-1] for name in vars(base)}
    for base in cls.__mro__[:-1] if has else ():
        hints: object = vars(base).get("__annotations__")
        has -= hints.keys() if isinstance(hints, dict) else set()
    return not has


def is_abstract(function: object, tree: Callable[[types.FunctionType], ast.AST | None]) -> bool:
    """Return whether subclasses must override a function: abstract, of a protocol, or not implemented."""
    if fields_of(function).get("__isabstractmethod__", False):
        return True
    node = tree(function) if isinstance(function, types.FunctionType) else None
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    body = [
        statement
        for statement in node.body
        if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
    ]
    if not body:
        return any(
            isinstance(statement, ast.Expr) and getattr(statement.value, "value", 0) is ... for statement in node.body
        )
    return len(body) == 1 and isinstance(body[0], ast.Raise) and "NotImplemented" in ast.unparse(body[0])
