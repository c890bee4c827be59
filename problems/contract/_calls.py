"""
Outcomes of calls: functions with source are followed, libraries are not.

Knows the types of callables in Python. This is one thing: each form can wrap every other.
"""

import ast
import contextlib
import dataclasses
import functools
import inspect
import types
from collections.abc import Iterable, Iterator
from typing import Any, Final

from problems.catalog import BadGateway
from problems.catching._translating import translating
from problems.contract._activation import Activation
from problems.contract._classes import fields_of, look, special
from problems.contract._frame import Frame
from problems.contract._functions import BUILTINS
from problems.contract._library import container_method, model
from problems.contract._making import Making, is_class
from problems.contract._sources import Sources, iterates, package_of
from problems.contract._types import annotated, of_type, understood
from problems.contract._values import (
    CERTAIN,
    LIKELY,
    PLAIN,
    POSSIBLE,
    SAFE,
    UNKNOWN,
    UNSEEN,
    Arguments,
    Bound,
    Deferred,
    Factory,
    Guarded,
    Instance,
    Kind,
    Known,
    Local,
    LocalClass,
    LocalObject,
    Manager,
    Names,
    Outcome,
    Partial,
    Place,
    Raise,
    Translating,
    Value,
    Values,
    is_exact,
    type_of,
    unique,
)
from problems.declaring._raises import declared

__all__ = ["Calls"]

_BUDGET: Final = 1_500
"""The maximum number of activations that are followed for one endpoint or dependency."""

_SHARE: Final = 20
"""The mean number of activations for one endpoint or dependency, if there are many."""

_LEAST: Final = 60
"""The number of activations that are followed for each endpoint or dependency, however large the others are."""

_RUNNERS: Final = frozenset(
    {"run_in_threadpool", "to_thread", "run_sync", "gather", "create_task", "start_soon", "wait_for", "run", "shield"}
    | {"run_in_executor", "ensure_future", "run_until_complete", "as_completed", "wait", "TaskGroup.create_task"}
)
"""Functions of libraries that call their arguments."""

_GENERATOR: Final = inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR
_DECORATED: Final = frozenset(
    const
    for decorator in (contextlib.ContextDecorator, contextlib.AsyncContextDecorator, translating)
    for const in decorator.__call__.__code__.co_consts
    if isinstance(const, types.CodeType)
)
"""The functions by which these classes replace the function that they decorate."""


class Calls(Making):
    """
    Follows calls and caches their outcomes.

    Args:
        sources: The source of functions.
        exceptions: Exceptions that become problems, besides each `HTTPException`.
        roots: The number of endpoints and dependencies that will be asked for.
    """

    def __init__(self, sources: Sources, exceptions: Iterable[type[BaseException]] = (), roots: int = 1) -> None:
        super().__init__(sources, exceptions)
        self._roots = self._roots_left = roots

    # --- operations -------------------------------------------------------------------------------------------------

    def root(self, obj: object) -> Outcome:
        """Return the outcome of an endpoint or a dependency, called with the values that its signature allows."""
        frame = Frame(Names("", BUILTINS), self)
        limit, steps = self._limit, self._steps
        self._limit = self._steps + _BUDGET
        names = tuple(self.injected(obj, frame))
        self._limit = self._steps + self._allowance()
        for value in frame.calls((Known(obj),), Arguments(named=names)):
            if isinstance(value, Deferred):
                outcome = self._defer(value, late=value.iterates)
                frame.emit(outcome.raises)
                frame.outcome.open |= outcome.open
                frame.outcome.returns += outcome.yields if value.iterates else outcome.returns
            else:
                frame.outcome.returns.append(value)
        self._limit = limit + self._steps - steps  # a dependency does not count for the function that needs it
        return frame.outcome

    def _allowance(self) -> int:
        """Return the number of activations for the next root: several times its share of the remaining number."""
        self._roots_left = max(self._roots_left - 1, 1)
        left = _BUDGET + _SHARE * self._roots - self._steps
        return min(_BUDGET, max(_LEAST, 5 * left // self._roots_left))

    def passes(self, obj: object, raises: tuple[Raise, ...]) -> set[Raise]:
        """Return the exceptions that certainly pass through the `yield` of a generator dependency."""
        outcome = self.throw(Manager(Known(obj), Arguments()), raises)
        return set(outcome.raises)

    def provided(self, dependency: object) -> Values:
        """Return the values that a dependency provides."""
        if dependency not in self._provided:
            self._provided[dependency] = (UNKNOWN,)  # for a recursive lookup
            self._provided[dependency] = unique(self.root(dependency).returns) or (UNKNOWN,)
        return self._provided[dependency]

    # --- calls ------------------------------------------------------------------------------------------------------

    def call(self, value: Value, arguments: Arguments, frame: Activation) -> Outcome:  # noqa: C901, PLR0911 - one for each form
        """Return the outcome of calling a value."""
        match value:
            case Known(obj):
                return self._object(obj, arguments, frame)
            case Instance() | LocalObject():
                return self.through(frame, self.attribute(value, "__call__"), arguments)
            case Kind(cls=cls):
                outcome = self._class(cls, arguments, frame)
                instance = (
                    Instance(raised.cls) if isinstance(raised, Instance) else raised for raised in outcome.returns
                )
                return Outcome(outcome.raises, instance, is_open=True)
            case Local(node, names):
                if isinstance(node, ast.AsyncFunctionDef) or iterates(node):
                    return Outcome(returns=[Deferred(value, arguments, iterates=iterates(node))])
                return self._run(value, node, arguments, names)
            case LocalClass():
                return self._local_class(value, arguments, frame)
            case Bound(function, receiver):
                return self.bound(function, receiver, arguments, frame)
            case Partial(function, given):
                named = {**dict(given.named), **dict(arguments.named)}
                merged = Arguments((*given.positional, *arguments.positional), tuple(named.items()), arguments.rest)
                return self.call(function, merged, frame)
            case Factory(function):
                return Outcome(returns=[Manager(function, arguments)])
            case Guarded(manager, function):
                inner = self._decorated_frame(function, frame)
                inner.outcome.returns += inner.guarded(manager, lambda: inner.calls((function,), arguments))
                return inner.outcome
            case Manager() | Translating() if len(arguments.positional) == 1:
                return Outcome(returns=[Guarded(value, argument) for argument in arguments.positional[0]])
            case _:
                return Outcome(returns=(UNKNOWN, *frame.pass_on(arguments, POSSIBLE)), is_open=True)

    def _decorated_frame(self, function: Value, frame: Activation) -> Frame:
        """Return a frame at the place of a function that a context manager decorates."""
        match function:
            case Known(types.FunctionType() as known):
                inner = Frame(self._outer(known), self)
                inner.line = known.__code__.co_firstlineno
            case Local(node, names):
                inner = Frame(names, self)
                inner.line = node.lineno
            case _:
                inner = Frame(frame.names, self)
                inner.line = frame.line
        return inner

    def run(self, deferred: Deferred) -> Outcome:
        """Return the outcome of awaiting a coroutine, or of iterating over a generator."""
        return self._defer(deferred)

    def throw(self, manager: Manager, raises: tuple[Raise, ...]) -> Outcome:
        """Return the outcome of a generator into which exceptions are raised at its `yield`."""
        return self._defer(Deferred(manager.function, manager.arguments, iterates=True), thrown=raises)

    def _defer(self, deferred: Deferred, *, thrown: tuple[Raise, ...] = (), late: bool = False) -> Outcome:
        function, arguments = deferred.function, deferred.arguments
        frame = Frame(BUILTINS, self)
        match function:
            case Local(node, names):
                return self._run(function, node, arguments, names, thrown=thrown, late=late)
            case Known(types.FunctionType() as known) if (tree := self._sources.of(known)) is not None:
                outer = self._outer(known)
                return self._run(function, tree, arguments, outer, known, thrown=thrown, late=late)
            case Known(obj) if obj in (map, filter):
                items = [frame.iterate(argument) for argument in arguments.positional[1:]]
                instance = frame.calls(arguments.get(0), Arguments(tuple(items)))
                frame.outcome.yields += instance if obj is map else (raised for item in items for raised in item)
                return frame.outcome
            case Bound(inner, receiver):
                return self._defer(
                    Deferred(inner, arguments.after((receiver,)), deferred.iterates), thrown=thrown, late=late
                )
            case _:
                # The call that makes the generator is followed like any other, with the exceptions that pass it.
                outcome = self.call(function, arguments, frame)
                for value in outcome.returns:
                    if isinstance(value, Deferred):
                        return self._defer(value, thrown=thrown, late=late)
                return Outcome((*outcome.raises, *thrown), outcome.returns, is_open=True)

    def bound(self, function: Value, receiver: Value, arguments: Arguments, frame: Activation) -> Outcome:
        """Return the outcome of calling a function with its receiver."""
        match function:
            case Known(str() as name):
                return container_method(name, receiver, arguments, frame)
            case Known(obj) if issubclass(type_of(obj), functools.singledispatchmethod):
                candidates = _dispatched(fields_of(obj)["dispatcher"], arguments.get(0))
                return self.through(frame, tuple(Bound(candidate, receiver) for candidate in candidates), arguments)
            case Known(types.FunctionType() as known) if _is_of_http_exception(known):
                self.assign(receiver, "status_code", arguments.get(0, "status_code") or (UNKNOWN,))
                self.assign(receiver, "detail", arguments.get(1, "detail"))
                return Outcome(returns=[Known(None)])
            case Known(obj) if not isinstance(obj, types.FunctionType) and isinstance(receiver, Known | Instance):
                return self._method_of_library(obj, receiver, arguments, frame)
            case _:
                return self.call(function, arguments.after((receiver,)), frame)

    def _method_of_library(self, obj: Any, receiver: Value, arguments: Arguments, frame: Activation) -> Outcome:
        """Return the outcome of a method that is not a Python function: written in C, or a callable object."""
        wrapped = fields_of(obj).get("__wrapped__")
        if isinstance(wrapped, types.FunctionType):
            return self._function(wrapped, arguments.after((receiver,)), frame, CERTAIN if _is_cache(obj) else LIKELY)
        cls = receiver.cls if isinstance(receiver, Instance) else type(getattr(receiver, "obj", None))
        if inspect.isroutine(obj) and (cls in PLAIN or cls.__module__ in SAFE) and self._is_plain(arguments):
            return Outcome(returns=[UNKNOWN])
        if getattr(obj, "__name__", "") == "__init__" and inspect.isroutine(obj):
            return Outcome(returns=[Known(None)])
        return self._object(obj, arguments.after((receiver,)), frame)

    def _object(self, obj: Any, arguments: Arguments, frame: Activation) -> Outcome:  # noqa: PLR0911 - one for each form
        modelled = model(obj, arguments, frame)
        if modelled is not None:
            return modelled
        if is_class(obj):
            return self._class(obj, arguments, frame)
        if isinstance(obj, types.FunctionType):
            return self._function(obj, arguments, frame)
        if isinstance(obj, types.MethodType):
            return self.bound(Known(obj.__func__), Known(obj.__self__), arguments, frame)
        if isinstance(obj, functools.partial):
            given = tuple((Known(argument),) for argument in obj.args)
            named = tuple((name, (Known(keyword),)) for name, keyword in obj.keywords.items())
            return self.call(Partial(Known(obj.func), Arguments(given, named)), arguments, frame)
        if isinstance(wrapped := fields_of(obj).get("__wrapped__"), types.FunctionType):
            return self._function(wrapped, arguments, frame, CERTAIN if _is_cache(obj) else LIKELY)
        method = inspect.getattr_static(type_of(obj), "__call__", None)
        if isinstance(method, types.FunctionType):
            if self._sources.is_own(method):
                return self.bound(Known(method), Known(obj), arguments, frame)
            if package_of(method) in ("fastapi", "starlette"):  # a security scheme: the framework raises
                return Outcome(returns=[UNKNOWN])
        is_closed = (
            inspect.isbuiltin(obj) and getattr(obj, "__module__", "") in (*SAFE, None) and self._is_plain(arguments)
        )
        return Outcome(returns=(UNKNOWN, *frame.pass_on(arguments, POSSIBLE)), is_open=not is_closed)

    # --- functions --------------------------------------------------------------------------------------------------

    def _function(
        self, function: types.FunctionType, arguments: Arguments, frame: Activation, cap: int = CERTAIN
    ) -> Outcome:
        wrapped: object = getattr(function, "__wrapped__", None)
        if self._sources.is_own(function) and (node := self._sources.of(function)) is not None:
            if function.__code__.co_flags & (_GENERATOR | inspect.CO_COROUTINE):
                iterates = bool(function.__code__.co_flags & _GENERATOR)
                return Outcome(returns=[Deferred(Known(function), arguments, iterates)])
            outcome = self._run(Known(function), node, arguments, self._outer(function), function)
            return outcome if cap == CERTAIN else _lowered(outcome, cap)
        if isinstance(registry := getattr(function, "registry", None), types.MappingProxyType):
            return self.through(frame, _dispatched(_Dispatcher(registry), arguments.get(0)), arguments)
        if function.__code__.co_qualname in ("contextmanager.<locals>.helper", "asynccontextmanager.<locals>.helper"):
            return Outcome(returns=[Manager(Known(wrapped), arguments)])
        if function.__code__ in _DECORATED:
            cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=False))
            inner = Known(wrapped)
            return self.call(Guarded(Known(cells["self"].cell_contents), inner), arguments, frame)
        if isinstance(wrapped, types.FunctionType):
            return self._function(wrapped, arguments, frame, cap if _is_functools(function) else LIKELY)
        return self._library(function, arguments, frame)

    def _library(self, function: types.FunctionType, arguments: Arguments, frame: Activation) -> Outcome:
        instance = self._model_made(function, arguments, frame)
        if instance is not None:
            return instance
        is_runner = function.__name__ in _RUNNERS
        returned = frame.pass_on(arguments, LIKELY if is_runner else POSSIBLE)
        is_closed = package_of(function) in SAFE and self._is_plain(arguments)
        hinted = annotation_of(function)
        values = returned if is_runner and returned else (UNKNOWN,) if is_closed or not hinted else hinted
        return Outcome(_declared_raises(function, frame), values, is_open=not is_closed)

    def _model_made(self, function: types.FunctionType, arguments: Arguments, frame: Activation) -> Outcome | None:
        """Return the outcome of `Model.model_validate(…)` and similar calls: the model's validators run."""
        cls: object = next((value.obj for value in arguments.get(0) if isinstance(value, Known)), None)
        is_making = function.__name__.startswith(("model_validate", "parse_", "from_orm", "model_construct"))
        if not (is_class(cls) and is_making and special(cls, "__pydantic_decorators__") is not None):
            return None
        inner = Frame(frame.names, self)
        self._keep_fields(cls, Instance(cls), Arguments(), inner)
        return Outcome(inner.outcome.raises, [Instance(cls, exact=True)], is_open=True)


class _Dispatcher:
    """The registered functions of `functools.singledispatch`."""

    def __init__(self, registry: Any) -> None:
        self.registry = registry


def _dispatched(dispatcher: Any, first: Values) -> Values:
    """Return the functions that a call of a generic function can run."""
    registry = dispatcher.registry
    if len(first) == 1 and isinstance(first[0], Known | Instance) and is_exact(first[0]):
        cls = type_of(first[0].obj) if isinstance(first[0], Known) else first[0].cls
        for base in cls.__mro__:
            if base in registry:
                return (Known(registry[base]),)
    return unique(Known(value) for value in registry.values())


def _lowered(outcome: Outcome, cap: int) -> Outcome:
    raises = (dataclasses.replace(exception, sure=min(exception.sure, cap)) for exception in outcome.raises)
    return Outcome(raises, outcome.returns, is_open=True)


def _is_cache(obj: object) -> bool:
    return type(obj).__module__ == "functools"


def _is_functools(function: types.FunctionType) -> bool:
    return package_of(function) == "functools" or function.__code__.co_filename == functools.__file__


def _is_of_http_exception(function: types.FunctionType) -> bool:
    return function.__qualname__ == "HTTPException.__init__" and package_of(function) in ("starlette", "fastapi")


def annotation_of(function: types.FunctionType) -> Values:
    """Return the values in the return annotation of a library function."""
    hint: object = function.__annotations__.get("return")
    if isinstance(hint, str):
        return annotated(ast.Constant(hint), Names("", known=function.__globals__), look)
    return () if hint is None else understood(of_type(hint))


def _declared_raises(function: types.FunctionType, frame: Activation) -> Iterator[Raise]:
    """Yield the known facts about a function that cannot be followed."""
    place = Place(frame.names.file, frame.line, 0, frame.names.function)
    for cls in declared(function):
        yield Raise(cls, place, sure=LIKELY)
    package, name = package_of(function), function.__qualname__
    # Any upstream error becomes a 502 for the application's own client.
    if package == "problems" and name == "raise_for_problem":
        yield Raise(BadGateway, place, sure=LIKELY)
    elif package in ("httpx", "httpx2") and name.partition(".")[0] in ("Client", "AsyncClient"):
        yield Raise(BadGateway, place, sure=UNSEEN)
