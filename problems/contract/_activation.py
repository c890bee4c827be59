"""
One activation of a function: the calls, exceptions and results of its operations on values.

Follows every alternative. Does not know syntax. This is one thing: every operation can call, raise and await.
"""

import enum
import functools
import types
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final, Protocol

from problems.contract._classes import fields_of, special, status_in_name
from problems.contract._sources import Function
from problems.contract._values import (
    CERTAIN,
    LIKELY,
    PLAIN,
    SAFE,
    UNKNOWN,
    Arguments,
    Bound,
    Container,
    Deferred,
    Group,
    Instance,
    Kind,
    Known,
    Local,
    LocalObject,
    Manager,
    Names,
    Outcome,
    Partial,
    Raise,
    Text,
    Unknown,
    Value,
    Values,
    is_collection,
    is_dict,
    is_exact,
    type_of,
    unique,
)

__all__ = ["Activation", "Caller", "callables", "elements"]

_CALLABLES: Final = (types.FunctionType, types.MethodType, functools.partial)
_MOST_ELEMENTS: Final = 60


class Caller(Protocol):
    """Follows calls and attributes."""

    def call(self, value: Value, arguments: Arguments, frame: "Activation") -> Outcome:
        """Return the outcome of calling a value."""
        ...

    def attribute(self, base: Value, name: str) -> Values:
        """Return the possible values of an attribute; descriptors are bound, but not run."""
        ...

    def run(self, deferred: Deferred) -> Outcome:
        """Return the outcome of awaiting a coroutine, or of iterating over a generator."""
        ...

    def throw(self, manager: Manager, raises: tuple[Raise, ...]) -> Outcome:
        """Return the outcome of a generator into which exceptions are raised at its `yield`."""
        ...

    def tree(self, function: Value) -> Function | None:
        """Return the syntax tree of a function; `None` if its source is not available."""
        ...

    def is_own(self, function: types.FunctionType) -> bool:
        """Return whether a function belongs to the application."""
        ...

    def global_hint(self, name: str, names: Names) -> Values:
        """Return the values that the annotation of a global allows."""
        ...

    def assign(self, base: Value, name: str, values: Values) -> None:
        """Keep the value of an attribute that is assigned."""
        ...


class Activation(ABC):
    """
    One activation of a function: what comes of it, and what operations on values add to that.

    Attributes:
        names: The names in scope.
        outcome: The outcome of the activation.
        level: The maximum certainty that the current statement is reached.
        dead: Whether the current expression never has a value, because it always raises.
        fallible: Whether something was evaluated that can raise an exception of Python's own.
        thrown: The exceptions that are raised into a generator at its `yield`.
        late: Whether the code after a `yield` runs after the response was sent.
    """

    def __init__(self, names: Names, caller: Caller) -> None:
        self.names = names
        self.caller = caller
        self.outcome = Outcome()
        self.level = CERTAIN
        self.line = 0
        self.dead = self.fallible = self.late = False
        self.thrown: tuple[Raise, ...] = ()
        self.depth = 0

    @abstractmethod
    def guarded(self, manager: Value, body: Callable[[], Values]) -> Values:
        """Return the possible values of a body that runs inside a context manager."""

    @abstractmethod
    def enter(self, value: Value) -> Values:
        """Return the values that `with` binds to the target of a context manager."""

    # --- what comes out ---------------------------------------------------------------------------------------------

    def emit(self, raises: Iterable[Raise], cap: int = CERTAIN) -> None:
        """Record exceptions that leave this function, with *cap* as their maximum certainty."""
        cap = min(cap, self.level)
        for raised in raises:
            self.outcome.raises[raised if raised.sure <= cap else replace(raised, sure=cap)] = None

    def opened(self) -> Values:
        """Record that a part cannot be followed; return its possible values."""
        self.outcome.open = self.fallible = True
        return (UNKNOWN,)

    @contextmanager
    def capped(self, level: int) -> Generator[None]:
        """Follow a part that is reached with at most the certainty *level*."""
        before, self.level = self.level, min(self.level, level)
        try:
            yield
        finally:
            self.level = before

    # --- what runs behind expressions -------------------------------------------------------------------------------

    def operate(self, values: Values, name: str, *arguments: Values) -> Values:
        """Return the results of an application's special method of values, or an empty tuple without such a method."""
        results: list[Value] = []
        for value in values:
            match value:
                case Unknown() | Kind():
                    self.opened()
                case LocalObject():
                    methods = self.caller.attribute(value, name)
                    results += self.calls(methods, Arguments(arguments)) if methods != (UNKNOWN,) else ()
                case Instance(cls=cls) if cls not in PLAIN:
                    results += self._operated(value, cls, name, Arguments(arguments))
                case Known(obj) if not isinstance(obj, type | types.ModuleType) and type(obj) not in PLAIN:
                    results += self._operated(value, type_of(obj), name, Arguments(arguments))
                case _:
                    pass
        return unique(results)

    def _operated(self, value: Value, cls: type, name: str, arguments: Arguments) -> Values:
        written = next((vars(base)[name] for base in cls.__mro__[:-1] if name in vars(base)), None)
        self.outcome.open |= not is_exact(value)
        if isinstance(written, types.FunctionType):
            return self.calls(self.caller.attribute(value, name), arguments)
        if written is not None and cls.__module__ not in SAFE:
            return self.opened()
        return ()

    def truth(self, values: Values) -> None:
        """Follow the truth test of values."""
        self.operate(values, "__bool__")
        if any(not isinstance(value, Instance) or special(value.cls, "__bool__") is None for value in values):
            self.operate(tuple(value for value in values if value != UNKNOWN), "__len__")

    def iterate(self, values: Values) -> Values:  # noqa: C901 - one for each form
        """Return the items of iterables; the bodies of generators run."""
        results: list[Value] = []
        for value in values:
            match value:
                case Deferred():
                    results += self.resume(value).yields
                case Container(keys=keys) if keys:
                    results += keys
                case Known(obj) if is_dict(obj) and obj:
                    results += map(Known, list(obj)[:_MOST_ELEMENTS])
                case Container() | Known(dict() | list() | tuple() | set() | frozenset()):
                    results += elements(value)
                case Text() | Known(str()):
                    results.append(Instance(str))
                case Known(enum.EnumType() as cls):
                    results += map(Known, cls.__members__.values())
                case Known(range()):
                    results.append(Instance(int, exact=True))
                case Instance(cls=cls) if cls in PLAIN:
                    results.append(Instance(str) if cls is str else UNKNOWN)
                case Unknown():
                    results += self.opened()
                case _:
                    results += self._iterated(value)
        return unique(results)

    def _iterated(self, value: Value) -> Iterator[Value]:
        iterators = (*self.operate((value,), "__iter__"), *self.operate((value,), "__aiter__"))
        if not iterators:
            self.operate((value,), "__getitem__", (UNKNOWN,))
            yield from self.opened()
        for iterator in iterators:
            if isinstance(iterator, Deferred):
                yield from self.resume(iterator).yields
            elif isinstance(iterator, Container):
                yield from elements(iterator)
            else:
                yield from self.operate((iterator,), "__next__")
                yield from self.awaited(self.operate((iterator,), "__anext__"))

    def awaited(self, values: Values) -> Values:
        """Return the results of awaiting; the bodies of coroutines run."""
        results: list[Value] = []
        ends = bool(values)
        for value in values:
            if isinstance(value, Deferred) and not value.iterates:
                outcome = self.resume(value, LIKELY if len(values) > 1 else CERTAIN)
                results += outcome.returns
                ends &= outcome.ends
            else:
                ends = False
                results += self.operate((value,), "__await__") or (value,)
        self.dead |= ends
        return unique(results)

    def resume(self, deferred: Deferred, cap: int = CERTAIN) -> Outcome:
        """Run a coroutine or a generator."""
        outcome = self.caller.run(deferred)
        self.emit(outcome.raises, cap)
        self.outcome.open |= outcome.open
        self.fallible |= outcome.open
        return outcome

    def attribute(self, bases: Values, name: str) -> Values:
        """Return the possible values of an attribute; descriptors run."""
        self.fallible = True
        if number := status_in_name(name):  # whatever serves the name: a module, or a shim that looks it up
            return number
        if len(bases) > 1:
            bases = tuple(base for base in bases if base != Known(None))
        values: list[Value] = []
        for base in bases:
            for value in self.caller.attribute(base, name):
                values += self._described(value, len(bases) > 1)
        return unique(values)

    def _described(self, value: Value, is_alternative: bool) -> Values:  # noqa: FBT001 - internal
        match value:
            case Unknown():
                return self.opened()
            case Bound(Known(property() as descriptor), receiver):
                return self.calls((Bound(Known(descriptor.fget), receiver),), Arguments(), is_alternative)
            case Bound(Known(obj), receiver) if issubclass(type_of(obj), functools.cached_property):
                return self.calls((Bound(Known(fields_of(obj)["func"]), receiver),), Arguments(), is_alternative)
            case Bound(Known(str() as name), receiver) if name == "__getattr__":
                return self.opened()
            case Bound(Partial() as getter, receiver):  # `__getattr__` or the `__get__` of a descriptor
                return self.calls((Bound(getter.function, receiver),), getter.arguments, is_alternative)
            case _:
                return (value,)

    # --- calls ------------------------------------------------------------------------------------------------------

    def calls(self, functions: Values, arguments: Arguments, is_alternative: bool = False) -> Values:  # noqa: FBT001, FBT002 - internal
        """Return the possible results of a call; its exceptions are recorded, too."""
        if not functions:
            return ()
        results: list[Value] = []
        is_alternative |= len(functions) > 1
        ends = True
        for function in functions:
            outcome = self.caller.call(function, arguments, self)
            self.emit(outcome.raises, LIKELY if is_alternative or not is_exact(function) else CERTAIN)
            is_open = outcome.open or not is_exact(function)
            self.outcome.open |= is_open
            self.fallible |= is_open
            results += outcome.returns
            ends &= outcome.ends and is_exact(function)
        self.dead |= ends
        return unique(results)

    def pass_on(self, arguments: Arguments, sure: int) -> Values:
        """Follow the functions that are passed to code that cannot be followed and may call them."""
        values: list[Value] = []
        for value in callables(arguments.every()):
            if isinstance(value, Deferred):
                outcome = self.caller.run(value)
            else:
                outcome = self.caller.call(value, Arguments(rest=(UNKNOWN,)), self)
                for inner in outcome.returns:
                    if isinstance(inner, Deferred):
                        later = self.caller.run(inner)
                        self.emit(later.raises, sure)
                        values += later.returns
            self.emit(outcome.raises, sure)
            values += outcome.returns
        return unique(result for result in values if not isinstance(result, Deferred))


def callables(values: Iterable[Value], depth: int = 2) -> Iterator[Value]:
    """Yield the functions among values, and those in containers among them."""
    for value in values:
        match value:
            case Local() | Bound() | Deferred() | Partial():
                yield value
            case Known(obj) if isinstance(obj, _CALLABLES) or "__wrapped__" in fields_of(obj):
                yield value
            case Container() | Known(list() | tuple() | dict()) if depth:
                yield from callables(elements(value), depth - 1)
            case _:
                pass


def elements(value: Value) -> Iterator[Value]:
    """Yield the values in a container."""
    match value:
        case Container(values=values):
            yield from values
        case Known(obj) if isinstance(obj, dict | list | set) and not obj:
            yield UNKNOWN  # it may be filled when the program runs
        case Known(obj) if is_dict(obj):
            yield from map(Known, list(obj.values())[:_MOST_ELEMENTS])
        case Known(obj) if is_collection(obj):
            yield from map(Known, list(obj)[:_MOST_ELEMENTS])
        case Group(values=values):
            yield from values
        case Unknown():
            yield UNKNOWN
        case _:
            return
