"""
Functions with source, followed: one activation for each function and kind of arguments.

Caches the outcomes of activations. Terminates for every program, including recursive ones.
"""

import ast
import builtins
import dataclasses
import inspect
import types
from collections.abc import Generator, Hashable, Iterable
from contextlib import contextmanager, suppress
from typing import Final

from problems.contract._activation import callables
from problems.contract._attributes import Attributes
from problems.contract._classes import look
from problems.contract._frame import Frame
from problems.contract._relevance import Relevance
from problems.contract._sources import Function, Sources
from problems.contract._types import annotated
from problems.contract._values import (
    PLAIN,
    UNKNOWN,
    Arguments,
    Container,
    Instance,
    Kind,
    Known,
    Local,
    Names,
    Outcome,
    Raise,
    Text,
    Value,
    Values,
    type_of,
    unique,
)

__all__ = ["BUILTINS", "Functions"]

_DEEPEST: Final = 40
_RECURSIONS: Final = 2
"""How often a function is followed inside of itself, for other arguments each time."""
_NOBODY: Final[frozenset[Hashable]] = frozenset()
_LARGE: Final = 1_000
"""From this number of activations on, functions that cannot lead to an exception for a client are left out."""

_WORK: Final = (60, 150)
"""
From these numbers of activations in and below one function on, its arguments are distinguished by class only, then by
the functions among them only.
"""

_MOST_WORK: Final = 400
"""From this number on, a function whose outcome is known for some arguments is not followed for equal ones again."""

BUILTINS: Final = Names("", known=dict(vars(builtins)))


class Functions(Attributes):
    """Follows functions that have source; remembers what came of them."""

    def __init__(self, sources: Sources, exceptions: Iterable[type[BaseException]] = ()) -> None:
        super().__init__(sources)
        self._relevance = Relevance(sources, exceptions)
        self._active: dict[Hashable, tuple[Hashable, ...]] = {}
        self._done: dict[Hashable, tuple[Outcome, frozenset[Hashable]]] = {}
        self._cut: set[Hashable] = set()
        self._work: dict[Hashable, int] = {}
        self._last: dict[Hashable, Outcome] = {}
        self._steps = self._limit = 0

    def _run(
        self,
        function: Value,
        node: Function,
        arguments: Arguments,
        outer: Names,
        known: types.FunctionType | None = None,
        *,
        thrown: tuple[Raise, ...] = (),
        late: bool = False,
    ) -> Outcome:
        identity: Hashable = (function, outer.version if isinstance(function, Local) else 0)
        names = Names(outer.file, outer, function=_name(node, outer, known))
        work = self._work.get(function, 0)
        self._bind(node, names, _widened(arguments, sum(work >= limit for limit in _WORK)), outer, known)
        given: Hashable = (identity, names.key(), thrown, late)
        key = (given, self.versions(arguments))
        names.context = hash(key)
        earlier = self._earlier(key, given, work)
        if earlier is not None:
            return earlier
        self._steps += 1
        left = self._limit - self._steps
        is_far = left < 0 or self._is_irrelevant(known, arguments)
        active = self._active.get(function, ())
        is_recursive = key in active or len(active) >= _RECURSIONS
        if is_recursive or len(self._active) > _DEEPEST or is_far:
            self._cut |= {function} if is_recursive else _NOBODY
            hinted = self._hinted_return(node, outer)
            return Outcome(returns=hinted or (UNKNOWN,), is_open=key not in active)
        inner = Frame(names, self)
        inner.thrown, inner.late = thrown, late
        cut, self._cut, steps = self._cut, set(), self._steps
        with self._activated(function, key):
            self._follow(inner, node, self._hinted_return(node, outer), left)
        # A recursive call that was cut off is missing here, but the outer activation still follows it.
        self._done[key] = inner.outcome, frozenset(self._cut)
        self._last[given] = inner.outcome
        self._work[function] = work + self._steps - steps + 1
        self._cut |= cut
        return inner.outcome

    @contextmanager
    def _activated(self, function: Hashable, key: Hashable) -> Generator[None]:
        """Note that a function is being followed; its last activation ends what was cut off in it."""
        active = self._active.get(function, ())
        self._active[function] = (*active, key)
        yield
        self._active[function] = active
        if not active:
            del self._active[function]
            self._cut.discard(function)

    def _earlier(self, key: Hashable, given: Hashable, work: int) -> Outcome | None:
        """Return the outcome of an earlier call with equal arguments; of any, if the function took too much work."""
        known, needs = self._done.get(key, (None, _NOBODY))
        if known is not None and needs <= self._active.keys():
            self._cut |= needs
            return known
        if work < _MOST_WORK or given not in self._last:
            return None
        last = self._last[given]
        again = Outcome(last.raises, last.returns, is_open=True, ends=last.ends)
        again.yields = last.yields
        return again

    def _follow(self, inner: Frame, node: Function, hinted: Values, left: int) -> None:
        """Follow the body of a function, with two thirds of the steps that are left."""
        limit, self._limit = self._limit, self._steps + left * 2 // 3
        try:
            inner.function(node, hinted)
        except RecursionError:
            inner.opened()
        self._limit = limit

    def _is_irrelevant(self, function: types.FunctionType | None, arguments: Arguments) -> bool:
        """Return whether a function of a large application can be skipped: the functions that it names do not raise."""
        if function is None or self._steps < _LARGE or function.__code__ in self._relevance or _is_around(function):
            return False
        given = tuple(arguments.every())
        return next(callables(given), None) is None and not any(map(_is_exception, given))

    def _hinted_return(self, node: Function, outer: Names) -> Values:
        return () if isinstance(node, ast.Lambda) else annotated(node.returns, outer, look)

    def _bind(
        self, node: Function, names: Names, arguments: Arguments, outer: Names, known: types.FunctionType | None
    ) -> None:
        """Bind parameters to the passed values, or to the values of their defaults and annotations."""
        positional = [*node.args.posonlyargs, *node.args.args]
        defaults = self._defaults(node, outer, known)
        named = dict(arguments.named)
        for number, parameter in enumerate((*positional, *node.args.kwonlyargs)):
            given = named.pop(parameter.arg, ())
            if number < min(len(positional), len(arguments.positional)):
                given = arguments.positional[number]
            given = given or (*arguments.rest, *((UNKNOWN,) if arguments.rest else ()))
            if not given:
                given = defaults.get(parameter.arg, (UNKNOWN,))
            if UNKNOWN in given and (hinted := annotated(parameter.annotation, outer, look)):
                given = (*(value for value in given if value != UNKNOWN), *hinted)
            names.bind(parameter.arg, given, anew=True)
        if node.args.vararg is not None:
            items = arguments.positional[len(positional) :]
            values = unique((*(value for item in items for value in item), *arguments.rest))
            parts = None if arguments.rest else tuple(items)
            names.bind(node.args.vararg.arg, (Container(values, (), parts, exact=not arguments.rest),))
        if node.args.kwarg is not None:
            values = unique((*(value for item in named.values() for value in item), *arguments.rest))
            names.bind(node.args.kwarg.arg, (Container(values, tuple(map(Known, named)), exact=not arguments.rest),))

    def _defaults(self, node: Function, outer: Names, known: types.FunctionType | None) -> dict[str, Values]:
        positional = [*node.args.posonlyargs, *node.args.args]
        if known is not None:
            late = dict(
                zip([parameter.arg for parameter in positional[::-1]], (known.__defaults__ or ())[::-1], strict=False)
            )
            late |= known.__kwdefaults__ or {}
            return {name: tuple(self.default(value)) for name, value in late.items()}
        frame = Frame(outer, self)
        defaults = dict(zip([parameter.arg for parameter in positional[::-1]], node.args.defaults[::-1], strict=False))
        defaults |= {
            parameter.arg: value
            for parameter, value in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
            if value is not None
        }
        return {name: frame.value(value) for name, value in defaults.items()}

    def _outer(self, function: types.FunctionType) -> Names:
        """Return the names around a function: closure, module, builtins."""
        file = function.__code__.co_filename
        module = self.module_names(function, BUILTINS)
        return Names(file, module, _cells_of(function))


def _cells_of(function: types.FunctionType) -> dict[str, object]:
    """Return the values that a function has from the functions around it, by name."""
    cells: dict[str, object] = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
        with suppress(ValueError):  # not assigned yet
            cells[name] = cell.cell_contents
    return cells


def _is_exception(value: Value) -> bool:
    cls = value.cls if isinstance(value, Instance | Kind) else None
    if isinstance(value, Known):
        cls = value.obj if isinstance(value.obj, type) else type_of(value.obj)
    return cls is not None and issubclass(cls, BaseException)


def _is_around(function: types.FunctionType) -> bool:
    """Return whether a function may be a wrapper: it has another function from the function around it."""
    return any(map(inspect.isroutine, _cells_of(function).values()))


def _name(node: Function, outer: Names, known: types.FunctionType | None) -> str:
    """Return the qualified name of a function."""
    if known is not None:
        return f"{known.__module__}.{known.__qualname__}"
    return f"{outer.function}.<locals>.{'<lambda>' if isinstance(node, ast.Lambda) else node.name}"


def _widened(arguments: Arguments, wide: int) -> Arguments:
    """Return arguments that are distinguished less: by class only, or by the functions among them only."""
    if wide == 0:
        return arguments
    widen = _only_functions if wide > 1 else _only_classes
    return Arguments(
        tuple(map(widen, arguments.positional)),
        tuple((name, widen(argument)) for name, argument in arguments.named),
        arguments.rest,
    )


def _only_functions(values: Values) -> Values:
    return (*callables(values), UNKNOWN)


def _only_classes(values: Values) -> Values:
    return tuple(map(_wide, values))


def _wide(value: Value) -> Value:
    match value:
        case Known(obj) if type(obj) in PLAIN and obj is not None and not isinstance(obj, bool | dict | list | tuple):
            return Instance(type_of(obj), exact=True)
        case Text():
            return Instance(str, exact=True)
        case Instance() if not value.statuses:
            return dataclasses.replace(value, site=None)
        case _:
            return value
