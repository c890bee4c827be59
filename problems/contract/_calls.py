"""
What comes of calling something: functions with source are followed, libraries are not.

Knows the forms that callables have in Python; ends for every program, however it calls itself.
"""

import ast
import builtins
import contextlib
import dataclasses
import functools
import inspect
import types
from collections.abc import Hashable, Iterable, Iterator
from typing import Any, Final, TypeGuard

from starlette.exceptions import HTTPException

from problems.catalog import BadGateway
from problems.contract._attributes import Attributes
from problems.contract._classes import fields_of, look, special
from problems.contract._expressions import Expressions, callables
from problems.contract._frame import Frame, exceptions
from problems.contract._library import container_method, model
from problems.contract._relevance import Relevance
from problems.contract._sources import Function, Sources, iterates, package_of
from problems.contract._types import annotated, of_type
from problems.contract._values import (
    CERTAIN,
    LIKELY,
    PLAIN,
    POSSIBLE,
    SAFE,
    UNKNOWN,
    UNREAD,
    UNSEEN,
    Arguments,
    Bound,
    Container,
    Deferred,
    Factory,
    Group,
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
    Text,
    Value,
    Values,
    is_exact,
    unique,
)
from problems.declaring._raises import declared
from problems.declaring.problem import Problem

__all__ = ["Calls"]

_DEEPEST: Final = 40
_NOBODY: Final[frozenset[Hashable]] = frozenset()
_BUDGET: Final = 1_500
"""The most activations that are followed for one endpoint or dependency."""
_LARGE: Final = 1_000
"""From so many activations on, functions that cannot lead to an exception for a client are left out."""

_CONTEXTS: Final = (6, 12)
"""From so many activations of one function on, its arguments are told apart less: by class, and then not at all."""

_RUNNERS: Final = frozenset(
    {"run_in_threadpool", "to_thread", "run_sync", "gather", "create_task", "start_soon", "wait_for", "run", "shield"}
    | {"run_in_executor", "ensure_future", "run_until_complete", "as_completed", "wait", "TaskGroup.create_task"}
)
"""Functions of libraries that run what they are given."""

_BUILTINS: Final = Names("", known=dict(vars(builtins)))
_GENERATOR: Final = inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR
_DECORATED: Final = contextlib.ContextDecorator.__call__.__code__


class Calls(Attributes):
    """Follows calls; remembers what came of them."""

    def __init__(self, sources: Sources, exceptions: Iterable[type[BaseException]] = ()) -> None:
        super().__init__(sources)
        self._relevance = Relevance(sources, exceptions)
        self._active: set[Hashable] = set()
        self._done: dict[Hashable, tuple[Outcome, frozenset[Hashable]]] = {}
        self._cut: set[Hashable] = set()
        self._contexts: dict[Hashable, int] = {}
        self._steps = self._limit = 0

    # --- operations -------------------------------------------------------------------------------------------------

    def root(self, obj: object) -> Outcome:
        """Return what comes of an endpoint or a dependency, called with what its effective signature says."""
        frame = Frame(Names("", _BUILTINS), self)
        limit, self._limit = self._limit, self._steps + _BUDGET
        names = tuple(self.injected(obj, frame))
        for value in frame.calls((Known(obj),), Arguments(named=names)):
            if isinstance(value, Deferred):
                outcome = self._defer(value, late=value.iterates)
                frame.emit(outcome.raises)
                frame.outcome.open |= outcome.open
                frame.outcome.returns += outcome.yields if value.iterates else outcome.returns
            else:
                frame.outcome.returns.append(value)
        self._limit = limit
        return frame.outcome

    def passes(self, obj: object, raises: tuple[Raise, ...]) -> set[Raise]:
        """Return which exceptions surely pass a dependency that is a generator, at its `yield`."""
        outcome = self.throw(Manager(Known(obj), Arguments()), raises)
        return set(outcome.raises)

    def provided(self, dependency: object) -> Values:
        """Return what a dependency gives."""
        if dependency not in self._provided:
            self._provided[dependency] = (UNKNOWN,)  # for one that depends on itself
            self._provided[dependency] = unique(self.root(dependency).returns) or (UNKNOWN,)
        return self._provided[dependency]

    # --- calls ------------------------------------------------------------------------------------------------------

    def call(self, value: Value, arguments: Arguments, frame: Expressions) -> Outcome:  # noqa: C901, PLR0911 - one for each form
        """Return what comes of calling a value."""
        match value:
            case Known(obj):
                return self._object(obj, arguments, frame)
            case Instance() | LocalObject():
                return self._through(frame, self.attribute(value, "__call__"), arguments)
            case Kind(cls=cls):
                outcome = self._class(cls, arguments, frame)
                made = (Instance(it.cls) if isinstance(it, Instance) else it for it in outcome.returns)
                return Outcome(outcome.raises, made, is_open=True)
            case Local(node, names):
                if isinstance(node, ast.AsyncFunctionDef) or iterates(node):
                    return Outcome(returns=[Deferred(value, arguments, iterates=iterates(node))])
                return self._run(value, node, arguments, names)
            case LocalClass():
                return self._local_class(value, arguments, frame)
            case Bound(function, receiver):
                return self._bound(function, receiver, arguments, frame)
            case Partial(function, given):
                named = {**dict(given.named), **dict(arguments.named)}
                merged = Arguments((*given.positional, *arguments.positional), tuple(named.items()), arguments.rest)
                return self.call(function, merged, frame)
            case Factory(function):
                return Outcome(returns=[Manager(function, arguments)])
            case Guarded(manager, function):
                inner = Frame(frame.names, self)
                inner.outcome.returns += inner.guarded(manager, lambda: inner.calls((function,), arguments))
                return inner.outcome
            case Manager() if len(arguments.positional) == 1:
                return Outcome(returns=[Guarded(value, it) for it in arguments.positional[0]])
            case _:
                return Outcome(returns=(UNKNOWN, *frame.pass_on(arguments, POSSIBLE)), is_open=True)

    def _through(self, frame: Expressions, functions: Values, arguments: Arguments) -> Outcome:
        inner = Frame(frame.names, self)
        inner.outcome.returns += inner.calls(functions, arguments)
        inner.outcome.ends = inner.dead
        return inner.outcome

    def run(self, deferred: Deferred) -> Outcome:
        """Return what comes of awaiting a coroutine, or of iterating over a generator."""
        return self._defer(deferred)

    def throw(self, manager: Manager, raises: tuple[Raise, ...]) -> Outcome:
        """Return what comes of a generator into which exceptions are raised at its `yield`."""
        return self._defer(Deferred(manager.function, manager.arguments, iterates=True), thrown=raises)

    def _defer(self, deferred: Deferred, *, thrown: tuple[Raise, ...] = (), late: bool = False) -> Outcome:
        function, arguments = deferred.function, deferred.arguments
        frame = Frame(_BUILTINS, self)
        match function:
            case Local(node, names):
                return self._run(function, node, arguments, names, thrown=thrown, late=late)
            case Known(types.FunctionType() as known) if (tree := self._sources.of(known)) is not None:
                outer = self._outer(known)
                return self._run(function, tree, arguments, outer, known, thrown=thrown, late=late)
            case Known(obj) if obj in (map, filter):
                items = [frame.iterate(it) for it in arguments.positional[1:]]
                made = frame.calls(arguments.get(0), Arguments(tuple(items)))
                frame.outcome.yields += made if obj is map else (it for item in items for it in item)
                return frame.outcome
            case Bound(inner, receiver):
                return self._defer(
                    Deferred(inner, arguments.after((receiver,)), deferred.iterates), thrown=thrown, late=late
                )
            case _:
                # What makes the generator is followed as any call; so are the exceptions that pass it.
                outcome = self.call(function, arguments, frame)
                for value in outcome.returns:
                    if isinstance(value, Deferred):
                        return self._defer(value, thrown=thrown, late=late)
                return Outcome((*outcome.raises, *thrown), outcome.returns, is_open=True)

    def _bound(self, function: Value, receiver: Value, arguments: Arguments, frame: Expressions) -> Outcome:
        match function:
            case Known(str() as name):
                return container_method(name, receiver, arguments, frame)
            case Known(functools.singledispatchmethod() as method):
                candidates = _dispatched(method.dispatcher, arguments.get(0))
                return self._through(frame, tuple(Bound(it, receiver) for it in candidates), arguments)
            case Known(types.FunctionType() as known) if _is_of_http_exception(known):
                self.assign(receiver, "status_code", arguments.get(0, "status_code") or (UNKNOWN,))
                self.assign(receiver, "detail", arguments.get(1, "detail"))
                return Outcome(returns=[Known(None)])
            case Known(obj) if not isinstance(obj, types.FunctionType) and isinstance(receiver, Known | Instance):
                return self._method_of_library(obj, receiver, arguments, frame)
            case _:
                return self.call(function, arguments.after((receiver,)), frame)

    def _method_of_library(self, obj: Any, receiver: Value, arguments: Arguments, frame: Expressions) -> Outcome:
        """Return what comes of a method that is not a function of Python's: written in C, or any callable object."""
        wrapped = fields_of(obj).get("__wrapped__")
        if isinstance(wrapped, types.FunctionType):
            return self._function(wrapped, arguments.after((receiver,)), frame, CERTAIN if _is_cache(obj) else LIKELY)
        cls = receiver.cls if isinstance(receiver, Instance) else type(getattr(receiver, "obj", None))
        if inspect.isroutine(obj) and (cls in PLAIN or cls.__module__ in SAFE) and self._is_plain(arguments):
            return Outcome(returns=[UNKNOWN])
        if getattr(obj, "__name__", "") == "__init__" and inspect.isroutine(obj):
            return Outcome(returns=[Known(None)])
        return self._object(obj, arguments.after((receiver,)), frame)

    def _object(self, obj: Any, arguments: Arguments, frame: Expressions) -> Outcome:  # noqa: PLR0911 - one for each form
        modelled = model(obj, arguments, frame)
        if modelled is not None:
            return modelled
        if _is_class(obj):
            return self._class(obj, arguments, frame)
        if isinstance(obj, types.FunctionType):
            return self._function(obj, arguments, frame)
        if isinstance(obj, types.MethodType):
            return self._bound(Known(obj.__func__), Known(obj.__self__), arguments, frame)
        if isinstance(obj, functools.partial):
            given = tuple((Known(it),) for it in obj.args)
            named = tuple((name, (Known(it),)) for name, it in obj.keywords.items())
            return self.call(Partial(Known(obj.func), Arguments(given, named)), arguments, frame)
        if isinstance(wrapped := fields_of(obj).get("__wrapped__"), types.FunctionType):
            return self._function(wrapped, arguments, frame, CERTAIN if _is_cache(obj) else LIKELY)
        method = inspect.getattr_static(type(obj), "__call__", None)
        if isinstance(method, types.FunctionType):
            if self._sources.is_own(method):
                return self._bound(Known(method), Known(obj), arguments, frame)
            if package_of(method) in ("fastapi", "starlette"):  # a security scheme: the framework raises
                return Outcome(returns=[UNKNOWN])
        is_closed = (
            inspect.isbuiltin(obj) and getattr(obj, "__module__", "") in (*SAFE, None) and self._is_plain(arguments)
        )
        return Outcome(returns=(UNKNOWN, *frame.pass_on(arguments, POSSIBLE)), is_open=not is_closed)

    # --- classes ----------------------------------------------------------------------------------------------------

    def _class(self, cls: type[Any], arguments: Arguments, frame: Expressions) -> Outcome:
        meta = inspect.getattr_static(type(cls), "__call__", None)
        if isinstance(meta, types.FunctionType) and self._sources.is_own(meta):
            return self._bound(Known(meta), Known(cls), arguments, frame)
        if issubclass(cls, BaseExceptionGroup):
            given = [it for value in arguments.get(1, "exceptions") for it in _parts(value)]
            return Outcome(returns=[Group(unique(given))])
        inner = Frame(frame.names, self)
        inner.line = frame.line
        made: Values = (Instance(cls, exact=True, site=(frame.names.file, frame.line, cls, frame.names.version_key())),)
        if issubclass(cls, BaseException):
            made = (self._error(cls, arguments, inner, frame),)
        else:
            made = self._made(cls, made, arguments, inner)
        inner.outcome.returns += made
        inner.outcome.ends = inner.dead
        return inner.outcome

    def _made(self, cls: type[Any], made: Values, arguments: Arguments, frame: Frame) -> Values:
        new = inspect.getattr_static(cls, "__new__", None)
        new = getattr(new, "__func__", new)
        if isinstance(new, types.FunctionType) and self._sources.is_own(new):
            given = frame.calls((Known(new),), arguments.after((Known(cls),)))
            made = tuple(made[0] if it == UNKNOWN else it for it in given)
        init = inspect.getattr_static(cls, "__init__", None)
        for value in made:
            if not isinstance(value, Instance) or frame.dead:
                continue
            if (
                isinstance(init, types.FunctionType)
                and self._sources.is_own(init)
                and self._sources.of(init) is not None
            ):
                frame.calls((Bound(Known(init), value),), arguments)
            else:
                self._keep_fields(cls, value, arguments, frame)
            after = inspect.getattr_static(cls, "__post_init__", None)
            if isinstance(after, types.FunctionType):
                frame.calls((Bound(Known(after), value),), Arguments(rest=(UNKNOWN,)))
        return made

    def _keep_fields(self, cls: type[Any], made: Instance, arguments: Arguments, frame: Frame) -> None:
        """Keep the fields of a dataclass, a model or a named tuple; run the validators of a model."""
        if dataclasses.is_dataclass(cls):
            names = [it.name for it in dataclasses.fields(cls) if it.init]
        else:
            written = special(cls, "_fields")
            names = list(written) if isinstance(written, tuple) else []
        for name, values in (*zip(names, arguments.positional, strict=False), *arguments.named):
            self.assign(made, name, values)
        validators = tuple(self.validators(cls))
        with frame.capped(LIKELY):
            for validator in validators:
                frame.calls((validator,), Arguments(rest=(UNKNOWN,)), is_alternative=True)
        is_simple = cls.__module__ in SAFE or self._sources.is_own_class(cls)
        frame.outcome.open |= bool(validators) or not (
            is_simple and self._is_plain_class(cls) and self._is_plain(arguments)
        )
        if not is_simple:
            frame.pass_on(arguments, POSSIBLE)

    def _error(self, cls: type[BaseException], arguments: Arguments, inner: Frame, frame: Expressions) -> Instance:
        init = inspect.getattr_static(cls, "__init__", None)
        made = Instance(cls, exact=True, site=(frame.names.file, frame.line, cls, frame.names.version_key()))
        is_http = issubclass(cls, HTTPException) and not issubclass(cls, Problem)
        if isinstance(init, types.FunctionType) and self._sources.is_own(init):
            inner.calls((Bound(Known(init), made),), arguments)
            codes, details = (self.assigned(made, name) for name in ("status_code", "detail"))
        else:
            codes, details = arguments.get(0, "status_code"), arguments.get(1, "detail")
        if not is_http:
            return dataclasses.replace(made, site=made.site if self._sources.is_own_class(cls) else None)
        codes = codes or look(Known(cls), "status_code")
        return Instance(cls, exact=True, statuses=tuple(_statuses(codes)), text=_text(details))

    def _local_class(self, cls: LocalClass, arguments: Arguments, frame: Expressions) -> Outcome:
        made = LocalObject(cls)
        outcome = self._through(frame, self.attribute(made, "__init__"), arguments)
        bases = exceptions(it for base in cls.node.bases for it in Frame(cls.names, self).value(base))
        if bases and issubclass(bases[0], BaseException):
            error = self.call(Known(bases[0]), arguments, frame)
            return Outcome((*outcome.raises, *error.raises), error.returns, is_open=True)
        return Outcome(outcome.raises, [made], is_open=True)

    # --- functions --------------------------------------------------------------------------------------------------

    def _function(
        self, function: types.FunctionType, arguments: Arguments, frame: Expressions, cap: int = CERTAIN
    ) -> Outcome:
        wrapped: object = getattr(function, "__wrapped__", None)
        if self._sources.is_own(function) and (node := self._sources.of(function)) is not None:
            if function.__code__.co_flags & (_GENERATOR | inspect.CO_COROUTINE):
                iterates = bool(function.__code__.co_flags & _GENERATOR)
                return Outcome(returns=[Deferred(Known(function), arguments, iterates)])
            outcome = self._run(Known(function), node, arguments, self._outer(function), function)
            return outcome if cap == CERTAIN else _lowered(outcome, cap)
        if isinstance(registry := getattr(function, "registry", None), types.MappingProxyType):
            return self._through(frame, _dispatched(_Dispatcher(registry), arguments.get(0)), arguments)
        if function.__code__.co_qualname in ("contextmanager.<locals>.helper", "asynccontextmanager.<locals>.helper"):
            return Outcome(returns=[Manager(Known(wrapped), arguments)])
        if function.__code__ in _DECORATED.co_consts:
            cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=False))
            inner = Known(cells["func"].cell_contents)
            return self.call(Guarded(Known(cells["self"].cell_contents), inner), arguments, frame)
        if isinstance(wrapped, types.FunctionType):
            return self._function(wrapped, arguments, frame, cap if _is_functools(function) else LIKELY)
        return self._library(function, arguments, frame)

    def _library(self, function: types.FunctionType, arguments: Arguments, frame: Expressions) -> Outcome:
        made = self._model_made(function, arguments, frame)
        if made is not None:
            return made
        is_runner = function.__name__ in _RUNNERS
        returned = frame.pass_on(arguments, LIKELY if is_runner else POSSIBLE)
        is_closed = package_of(function) in SAFE and self._is_plain(arguments)
        hinted = annotation_of(function)
        values = returned if is_runner and returned else (UNKNOWN,) if is_closed or not hinted else hinted
        return Outcome(_declared_raises(function, frame), values, is_open=not is_closed)

    def _model_made(self, function: types.FunctionType, arguments: Arguments, frame: Expressions) -> Outcome | None:
        """Return what comes of `Model.model_validate(…)` and the like: its validators run."""
        cls: object = next((it.obj for it in arguments.get(0) if isinstance(it, Known)), None)
        is_making = function.__name__.startswith(("model_validate", "parse_", "from_orm", "model_construct"))
        if not (_is_class(cls) and is_making and special(cls, "__pydantic_decorators__") is not None):
            return None
        inner = Frame(frame.names, self)
        self._keep_fields(cls, Instance(cls), Arguments(), inner)
        return Outcome(inner.outcome.raises, [Instance(cls, exact=True)], is_open=True)

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
        name = (
            f"{known.__module__}.{known.__qualname__}"
            if known is not None
            else f"{outer.function}.<locals>.{_name(node)}"
        )
        names = Names(outer.file, outer, function=name)
        wide = self._width(function)
        self._bind(node, names, self._widened(arguments, wide), outer, known)
        key = (identity, names.key(), self.versions(arguments), thrown, late)
        names.context = hash(key)
        known_outcome, needs = self._done.get(key, (None, _NOBODY))
        if known_outcome is not None and needs <= self._active:
            self._cut |= needs
            return known_outcome
        self._steps += 1
        left = self._limit - self._steps
        is_far = left < 0 or self._is_irrelevant(known, arguments)
        if function in self._active or len(self._active) > _DEEPEST or is_far:
            if function in self._active:
                self._cut.add(function)
            hinted = self._hinted_return(node, outer)
            return Outcome(returns=hinted or (UNKNOWN,), is_open=function not in self._active)
        self._contexts[function] = self._contexts.get(function, 0) + 1
        cut, self._cut = self._cut, set()
        limit, self._limit = self._limit, self._steps + left * 2 // 3
        self._active.add(function)
        inner = Frame(names, self)
        inner.thrown, inner.late = thrown, late
        try:
            inner.function(node, self._hinted_return(node, outer))
        except RecursionError:
            inner.opened()
        self._active.discard(function)
        self._limit = limit
        self._cut.discard(function)
        # What was cut off, because it was followed already, is missing here: it is no loss while that is followed.
        self._done[key] = inner.outcome, frozenset(self._cut)
        self._cut |= cut
        return inner.outcome

    def _is_irrelevant(self, function: types.FunctionType | None, arguments: Arguments) -> bool:
        """Return whether a function of a large application need not be followed: nothing that it names raises."""
        if function is None or self._steps < _LARGE or function.__code__ in self._relevance:
            return False
        return next(callables(arguments.every()), None) is None

    def _hinted_return(self, node: Function, outer: Names) -> Values:
        return () if isinstance(node, ast.Lambda) else annotated(node.returns, outer, look)

    def _width(self, function: Hashable) -> int:
        count = self._contexts.get(function, 0)
        return sum(count >= limit for limit in _CONTEXTS)

    def _widened(self, arguments: Arguments, wide: int) -> Arguments:
        if wide == 0:
            return arguments
        if wide > 1:
            unknown: Values = (UNKNOWN,)
            return Arguments(
                tuple(unknown for _ in arguments.positional),
                tuple((it, unknown) for it, _ in arguments.named),
                arguments.rest,
            )
        return Arguments(
            tuple(tuple(map(_wide, it)) for it in arguments.positional),
            tuple((name, tuple(map(_wide, it))) for name, it in arguments.named),
            arguments.rest,
        )

    def _bind(
        self, node: Function, names: Names, arguments: Arguments, outer: Names, known: types.FunctionType | None
    ) -> None:
        """Give parameters the values that are passed, or else those of their defaults and annotations."""
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
                given = (*(it for it in given if it != UNKNOWN), *hinted)
            names.bind(parameter.arg, given, anew=True)
        if node.args.vararg is not None:
            items = arguments.positional[len(positional) :]
            values = unique((*(it for item in items for it in item), *arguments.rest))
            parts = None if arguments.rest else tuple(items)
            names.bind(node.args.vararg.arg, (Container(values, (), parts, exact=not arguments.rest),))
        if node.args.kwarg is not None:
            values = unique((*(it for item in named.values() for it in item), *arguments.rest))
            names.bind(node.args.kwarg.arg, (Container(values, tuple(map(Known, named)), exact=not arguments.rest),))

    def _defaults(self, node: Function, outer: Names, known: types.FunctionType | None) -> dict[str, Values]:
        positional = [*node.args.posonlyargs, *node.args.args]
        if known is not None:
            late = dict(zip([it.arg for it in positional[::-1]], (known.__defaults__ or ())[::-1], strict=False))
            late |= known.__kwdefaults__ or {}
            return {name: tuple(self.default(value)) for name, value in late.items()}
        frame = Frame(outer, self)
        found = dict(zip([it.arg for it in positional[::-1]], node.args.defaults[::-1], strict=False))
        found |= {
            it.arg: value
            for it, value in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
            if value is not None
        }
        return {name: frame.value(value) for name, value in found.items()}

    def _outer(self, function: types.FunctionType) -> Names:
        """Return the names around a function: closure, module, builtins."""
        file = function.__code__.co_filename
        module = self.module_names(function, _BUILTINS)
        cells: dict[str, object] = {}
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
            try:
                cells[name] = cell.cell_contents
            except ValueError:  # not assigned yet
                continue
        return Names(file, module, cells)

    def _is_plain(self, arguments: Arguments) -> bool:
        return all(_is_plain_value(it) for it in arguments.every())

    def _is_plain_class(self, cls: type) -> bool:
        """Return whether nothing but an initialiser of Python's own runs when an object of a class is made."""
        return all(it is object or it.__module__ in SAFE or self._sources.is_own_class(it) for it in cls.__mro__)


class _Dispatcher:
    """What `functools.singledispatch` knows."""

    def __init__(self, registry: Any) -> None:
        self.registry = registry


def _dispatched(dispatcher: Any, first: Values) -> Values:
    """Return the functions that a call of a generic function can run."""
    registry = dispatcher.registry
    if len(first) == 1 and isinstance(first[0], Known | Instance) and is_exact(first[0]):
        cls = type(first[0].obj) if isinstance(first[0], Known) else first[0].cls
        for base in cls.__mro__:
            if base in registry:
                return (Known(registry[base]),)
    return unique(Known(it) for it in registry.values())


def _lowered(outcome: Outcome, cap: int) -> Outcome:
    raises = (dataclasses.replace(it, sure=min(it.sure, cap)) for it in outcome.raises)
    return Outcome(raises, outcome.returns, is_open=True)


def _is_cache(obj: object) -> bool:
    return type(obj).__module__ == "functools"


def _is_functools(function: types.FunctionType) -> bool:
    return package_of(function) == "functools" or function.__code__.co_filename == functools.__file__


def _is_of_http_exception(function: types.FunctionType) -> bool:
    return function.__qualname__ == "HTTPException.__init__" and package_of(function) in ("starlette", "fastapi")


def _is_class(obj: object) -> TypeGuard[type[Any]]:
    return isinstance(obj, type)


def _name(node: Function) -> str:
    return "<lambda>" if isinstance(node, ast.Lambda) else node.name


def _wide(value: Value) -> Value:
    match value:
        case Known(obj) if type(obj) in PLAIN and obj is not None and not isinstance(obj, bool | dict | list | tuple):
            return Instance(type(obj), exact=True)
        case Text():
            return Instance(str, exact=True)
        case Instance() if not value.statuses:
            return dataclasses.replace(value, site=None)
        case _:
            return value


def _is_plain_value(value: Value) -> bool:
    match value:
        case Text():
            return True
        case Known(obj):
            return type(obj) in PLAIN or type(obj).__module__ in SAFE - {"builtins", "types"} or obj is slice
        case Instance(cls=cls):
            return cls in PLAIN or cls.__module__ in SAFE
        case Container(values=values, keys=keys):
            return all(map(_is_plain_value, (*values, *keys)))
        case _:
            return False


def _parts(value: Value) -> Iterator[Value]:
    match value:
        case Container(values=values):
            yield from values
        case Known(list() | tuple() as known):
            yield from map(Known, known)
        case _:
            yield UNKNOWN


def _statuses(values: Iterable[Value]) -> Iterator[int]:
    """Yield the status codes among values, `UNREAD` for what is not known."""
    found: dict[int, None] = {}
    for value in values:
        is_code = isinstance(value, Known) and isinstance(value.obj, int)
        found[int(value.obj) if isinstance(value, Known) and is_code else UNREAD] = None
    yield from found or (UNREAD,)


def _text(values: Iterable[Value]) -> str | None:
    for value in values:
        match value:
            case Text(template):
                return template
            case Known(str() as text):
                return text
            case _:
                continue
    return None


def annotation_of(function: types.FunctionType) -> Values:
    """Return what a function of a library says it returns."""
    hint: object = function.__annotations__.get("return")
    if isinstance(hint, str):
        return annotated(ast.Constant(hint), Names("", known=function.__globals__), look)
    return () if hint is None else tuple(it for it in of_type(hint) if it != UNKNOWN)


def _declared_raises(function: types.FunctionType, frame: Expressions) -> Iterator[Raise]:
    """Yield what is known of a function that cannot be followed."""
    place = Place(frame.names.file, frame.line, 0, frame.names.function)
    for cls in declared(function):
        yield Raise(cls, place, sure=LIKELY)
    package, name = package_of(function), function.__qualname__
    # Whatever a server tells us, our client is told of a bad gateway.
    if package == "problems" and name == "raise_for_problem":
        yield Raise(BadGateway, place, sure=LIKELY)
    elif package in ("httpx", "httpx2") and name.partition(".")[0] in ("Client", "AsyncClient"):
        yield Raise(BadGateway, place, sure=UNSEEN)
