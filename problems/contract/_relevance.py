"""
Functions of an application that can lead to an exception for a client, judged by names alone.

An approximation for large applications: it may report an irrelevant function, and does not follow values.
"""

import types
from collections.abc import Iterable, Iterator
from typing import Any, Final

from starlette.exceptions import HTTPException

from problems.contract._classes import fields_of, modules_of, wrapped_in
from problems.contract._sources import Sources
from problems.contract._values import type_of

__all__ = ["Relevance"]

_MAKERS: Final = frozenset({"__init__", "__new__", "__call__", "__post_init__"})
_DEEPEST: Final = 4
_DATA: Final = frozenset({str, int, float, bool, bytes, list, dict, tuple, set, type(None), types.ModuleType})


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
        self._codes: set[types.CodeType] | None = None

    def __contains__(self, code: object) -> bool:
        if self._codes is None:
            self._codes = self._relevant()
        return code in self._codes

    def _relevant(self) -> set[types.CodeType]:  # noqa: C901 - one pass over names
        names: set[str] = set()
        aliases: dict[str, set[str]] = {}
        codes: dict[types.CodeType, None] = {}
        for module in modules_of(self._sources):
            for name, value in list(vars(module).items()):
                if type_of(value) in _DATA:
                    continue
                if isinstance(value, type) and issubclass(value, self._exceptions):
                    names |= {name, value.__name__}
                is_imported = isinstance(value, type) and value.__module__ != module.__name__
                for function in () if is_imported else _functions(value):
                    codes[function.__code__] = None
                    aliases.setdefault(function.__code__.co_name, set()).add(name)
        using: dict[str, list[types.CodeType]] = {}
        for code in codes:
            for used in _names(code):
                using.setdefault(used, []).append(code)
        code_types: set[types.CodeType] = set()
        waiting = list(names)
        seen = set(waiting)
        while waiting:
            for code in using.get(waiting.pop(), ()):
                if code not in code_types:
                    code_types.add(code)
                    more = {code.co_name, *_class_of(code), *aliases.get(code.co_name, ())} - seen
                    seen |= more
                    waiting += more
        return code_types


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


def _names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    yield from code.co_freevars
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield from _names(inner)


def _class_of(code: types.CodeType) -> Iterator[str]:
    """Yield the name of the class whose objects a function creates."""
    if code.co_name in _MAKERS and "." in code.co_qualname:
        yield code.co_qualname.split(".")[-2]
