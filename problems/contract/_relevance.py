"""
Functions of an application that can lead to an exception for a client, judged by names alone.

An approximation for large applications: it may report an irrelevant function, and does not follow values.
"""

import functools
import re
import types
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from starlette.exceptions import HTTPException

from problems._wire.json import is_object, is_sequence
from problems.contract._classes import fields_of, modules_of, wrapped_in
from problems.contract._sources import Sources
from problems.contract._values import type_of

__all__ = ["Relevance"]

_MAKERS: Final = frozenset({"__init__", "__new__", "__call__", "__post_init__"})
_DEEPEST: Final = 4
_MOST_PARTS: Final = 60
_DATA: Final = frozenset({str, int, float, bool, bytes, type(None), types.ModuleType})


class Relevance:
    """
    The functions in an application's loaded modules that can lead to an exception for a client.

    Args:
        sources: Distinguishes the application's own modules from modules of libraries.
        exceptions: Exceptions that become problems, besides each `HTTPException`.
    """

    def __init__(self, sources: Sources, exceptions: Iterable[type[BaseException]] = ()) -> None:
        self._sources = sources
        self._exceptions: tuple[type[BaseException], ...] = (HTTPException, *exceptions)
        self._irrelevant: frozenset[types.CodeType] | None = None
        self._files: set[str | None] = set()

    def __contains__(self, code: object) -> bool:
        if self._irrelevant is None:
            self._irrelevant = self._without_relevance()
            self._files = {getattr(module, "__file__", None) for module in modules_of(self._sources)}
        # A function that no name of its module leads to, such as an endpoint whose name was taken again, is unknown.
        return code not in self._irrelevant and getattr(code, "co_filename", None) in self._files

    def _without_relevance(self) -> frozenset[types.CodeType]:
        uses: dict[types.CodeType, set[str]] = {}
        relevant: set[str] = {cls.__name__ for cls in self._exceptions}
        aliases: dict[str, set[str]] = {}
        for module in modules_of(self._sources):
            for name, value in list(vars(module).items()):
                if type_of(value) in _DATA:
                    continue
                for thing in _held_by(value):
                    if _is_exception(thing, self._exceptions):
                        relevant.add(name)
                    aliases.setdefault(_name_of(thing), set()).add(name)
                is_imported = isinstance(value, type) and value.__module__ != module.__name__
                for function in () if is_imported else _functions(value):
                    aliases.setdefault(function.__code__.co_name, set()).add(name)
                    for code in _with_inner(function.__code__):
                        uses.setdefault(code, set()).update(_names(code))
                    uses[function.__code__].update(_names_in_signature(function))
        return frozenset(uses.keys() - _leading_to(relevant, uses, aliases))


def _leading_to(
    relevant: set[str], uses: Mapping[types.CodeType, set[str]], aliases: Mapping[str, set[str]]
) -> set[types.CodeType]:
    """Return the functions that use a relevant name, or the name of such a function, and so on."""
    using: dict[str, list[types.CodeType]] = {}
    for code, names in uses.items():
        for used in names:
            using.setdefault(used, []).append(code)
    codes: set[types.CodeType] = set()
    waiting, seen = list(relevant), set(relevant)
    while waiting:
        for code in using.get(waiting.pop(), ()):
            if code not in codes:
                codes.add(code)
                own = {code.co_name, *_class_of(code)}
                more = own.union(*(aliases.get(name, ()) for name in own)) - seen
                seen |= more
                waiting += more
    return codes


def _held_by(value: Any, depth: int = 2) -> Iterator[object]:
    """Yield a value, and the values in it: items of a container, the function and arguments of a partial."""
    yield value
    parts: Iterable[object] = ()
    if is_object(value):
        parts = value.values()
    elif is_sequence(value):
        parts = value
    elif isinstance(value, functools.partial):
        parts = (value.func, *value.args, *value.keywords.values())
    for part in list(parts)[:_MOST_PARTS] if depth else ():
        yield from _held_by(part, depth - 1)


def _name_of(value: Any) -> str:
    """Return the name under which a function or a class is known; of an object the name of its class."""
    named = value if isinstance(value, type | types.FunctionType) else getattr(value, "__func__", type_of(value))
    return str(getattr(named, "__name__", ""))


def _is_exception(value: object, classes: tuple[type[BaseException], ...]) -> bool:
    return isinstance(value, classes) or (isinstance(value, type) and issubclass(value, classes))


def _names_in_signature(function: types.FunctionType) -> Iterator[str]:
    """Yield the names of the classes and functions in the defaults and annotations of a function."""
    for value in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
        yield from map(_name_of, _held_by(value))
    for annotation in function.__annotations__.values():
        yield from re.findall(r"\w+", annotation if isinstance(annotation, str) else repr(annotation))


def _functions(value: Any, depth: int = _DEEPEST) -> Iterator[types.FunctionType]:  # noqa: C901 - one for each form
    """Yield a function and the functions that it wraps, or the functions of a class."""
    if issubclass(type_of(value), staticmethod | classmethod):
        value = wrapped_in(value)
    if isinstance(value, types.FunctionType):
        yield value
        for cell in value.__closure__ or () if depth else ():
            try:
                inner = cell.cell_contents
            except ValueError:  # not assigned yet
                continue
            if isinstance(inner, types.FunctionType):
                yield from _functions(inner, depth - 1)
    elif isinstance(value, property):
        for accessor in (value.fget, value.fset):
            yield from _functions(accessor, depth - 1)
    elif isinstance(value, type) and depth == _DEEPEST:
        for inner in list(vars(value).values()):
            yield from _functions(inner, depth - 1)
    elif isinstance(wrapped := fields_of(value).get("__wrapped__"), types.FunctionType):
        yield from _functions(wrapped, depth - 1)


def _with_inner(code: types.CodeType) -> Iterator[types.CodeType]:
    """Yield the code of a function, and of the functions and classes that it defines."""
    yield code
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield from _with_inner(inner)


def _names(code: types.CodeType) -> Iterator[str]:
    for part in _with_inner(code):
        yield from part.co_names
        yield from part.co_freevars


def _class_of(code: types.CodeType) -> Iterator[str]:
    """Yield the name of the class whose objects a function creates."""
    if code.co_name in _MAKERS and "." in code.co_qualname:
        yield code.co_qualname.split(".")[-2]
