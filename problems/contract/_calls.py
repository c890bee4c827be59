"""
What comes of calling something: functions are followed, libraries are not.

Knows the forms that callables have in Python; ends for every program, however it calls itself.
"""

import ast
import builtins
import contextlib
import functools
import sys
import types
from collections.abc import Hashable, Iterable, Iterator
from typing import Any, Final, TypeGuard

from problems.catalog import BadGateway
from problems.contract._expressions import Arguments, Expressions, Outcome, elements
from problems.contract._frame import Frame, suppressed_by
from problems.contract._sources import Function, Sources, package_of
from problems.contract._types import annotated, of_type
from problems.contract._values import (
    UNSEEN,
    Bound,
    Container,
    Group,
    Instance,
    Known,
    Local,
    Names,
    Raise,
    Value,
    attribute,
    class_of_value,
)
from problems.declaring._raises import declared

__all__ = ["Calls"]

_DEEPEST: Final = 30
_MOST: Final = 20_000
_RUNNERS: Final = frozenset(
    {"run_in_threadpool", "to_thread", "run_sync", "gather", "create_task", "start_soon", "wait_for"}
)
"""Functions of libraries that call what they are given."""

_BUILTINS: Final = Names("", known=dict(vars(builtins)))


class Calls:
    """Follows calls; remembers what came of them."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._active: set[Hashable] = set()
        self._done: dict[Hashable, Outcome] = {}
        self._steps = self._cuts = 0

    def root(self, obj: object) -> Outcome:
        """Return what comes of an endpoint or a dependency, its parameters being what their annotations say."""
        frame = Frame(_BUILTINS, self)
        outcome = self.call(Known(obj), Arguments(), frame)
        return Outcome([*outcome.raises, *frame.outcome.raises], is_open=outcome.open or frame.outcome.open)

    def call(self, value: Value, arguments: Arguments, frame: Expressions) -> Outcome:
        """Return what comes of calling a value."""
        match value:
            case Known(obj):
                return self._object(obj, arguments, frame)
            case Instance():
                return self._all(attribute(value, "__call__"), arguments, frame)
            case Local(node, names):
                return self._run(node, Names(names.file, names), arguments, names, ())
            case Bound(function, receiver):
                return self._bound(function, receiver, arguments, frame)
            case _:
                return Outcome(is_open=True)

    def attribute(self, base: Value, name: str) -> Iterator[Value]:
        """Yield what an attribute of an object can be: by its annotation, or by what `__init__` makes of it."""
        key = ("attribute", class_of_value(base), name)
        if key in self._active:
            return
        self._active.add(key)
        for cls in class_of_value(base).__mro__:
            hints: object = vars(cls).get("__annotations__")
            if _is_mapping(hints) and name in hints:
                yield from self._hinted(hints[name], cls)
            elif isinstance(init := vars(cls).get("__init__"), types.FunctionType) and self._sources.is_own(init):
                yield from self._assigned(init, base, name)
        self._active.discard(key)

    def _hinted(self, hint: object, cls: type) -> Iterator[Value]:
        if isinstance(hint, str):
            module = sys.modules.get(cls.__module__)
            yield from annotated(ast.Constant(hint), Names("", known=dict(vars(module)) if module else {}))
        else:
            yield from of_type(hint)

    def _assigned(self, init: types.FunctionType, base: Value, name: str) -> Iterator[Value]:
        node = self._sources.of(init)
        if node is None:
            return
        names = self._names(node, _outer(init), Arguments([(base,)]), _outer(init), init.__defaults__ or ())
        for part in ast.walk(node):
            match part:
                case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr=found)], value=value):
                    if found == name:
                        yield from Frame(names, self).value(value)
                case ast.AnnAssign(target=ast.Attribute(value=ast.Name(id="self"), attr=found), annotation=annotation):
                    if found == name:
                        yield from annotated(annotation, names)
                case _:
                    pass

    def _all(self, values: Iterable[Value], arguments: Arguments, frame: Expressions) -> Outcome:
        found = Outcome()
        for value in values:
            outcome = self.call(value, arguments, frame)
            found.raises += outcome.raises
            found.returns += outcome.returns
            found.open |= outcome.open
        return found

    def _bound(self, function: Value, receiver: Value, arguments: Arguments, frame: Expressions) -> Outcome:
        inside = tuple(elements(receiver))
        if inside:  # a dictionary's `get`, `pop`, `values`
            return Outcome(returns=(*inside, *(it for more in arguments.positional[1:] for it in more)))
        return self.call(function, Arguments([(receiver,), *arguments.positional], arguments.named), frame)

    def _object(self, obj: Any, arguments: Arguments, frame: Expressions) -> Outcome:
        if _is_class(obj):
            return self._class(obj, arguments, frame)
        if isinstance(obj, types.FunctionType):
            return self._function(obj, arguments, frame)
        if isinstance(obj, types.MethodType):
            return self._bound(Known(obj.__func__), Known(obj.__self__), arguments, frame)
        if isinstance(obj, functools.partial):
            given = [(Known(it),) for it in obj.args]
            named = {name: (Known(it),) for name, it in obj.keywords.items()}
            passed = Arguments([*given, *arguments.positional], {**named, **arguments.named})
            return self._object(obj.func, passed, frame)
        if isinstance(wrapped := getattr(obj, "__wrapped__", None), types.FunctionType):
            return self._function(wrapped, arguments, frame)
        if isinstance(method := _call_of(obj), types.FunctionType):
            return self._bound(Known(method), Known(obj), arguments, frame)
        frame.pass_on(arguments, 0)
        return Outcome()

    def _class(self, cls: type[object], arguments: Arguments, frame: Expressions) -> Outcome:
        if cls is contextlib.suppress:
            return Outcome(returns=[suppressed_by(arguments)])
        if cls is functools.partial:
            return Outcome(returns=arguments.positional[0] if arguments.positional else ())
        if issubclass(cls, BaseExceptionGroup):
            given = arguments.named.get("exceptions") or next(iter(arguments.positional[1:]), ())
            return Outcome(returns=[Group(tuple(it for value in given for it in elements(value)))])
        if issubclass(cls, BaseException):
            return Outcome(returns=[Instance(cls, _status(cls, arguments), sure=True)])
        made = Instance(cls, sure=True)
        init = getattr(cls, "__init__", None)
        outcome = (
            self._bound(Known(init), made, arguments, frame) if isinstance(init, types.FunctionType) else Outcome()
        )
        return Outcome(outcome.raises, [made], is_open=outcome.open)

    def _function(self, function: types.FunctionType, arguments: Arguments, frame: Expressions) -> Outcome:
        if self._sources.is_own(function) and (node := self._sources.of(function)) is not None:
            outer = _outer(function)
            defaults = function.__defaults__ or ()
            return self._run(node, Names(outer.file, outer), arguments, outer, defaults)
        if isinstance(wrapped := getattr(function, "__wrapped__", None), types.FunctionType):
            return self._function(wrapped, arguments, frame)
        frame.pass_on(arguments, 1 if function.__name__ in _RUNNERS else 0)
        return Outcome(_said(function, frame))

    def _run(
        self, node: Function, names: Names, arguments: Arguments, outer: Names, defaults: tuple[object, ...]
    ) -> Outcome:
        self._bind(node, names, arguments, outer, defaults)
        key = (names.file, node.lineno, node.col_offset, names.key())
        if key in self._done:
            return self._done[key]
        place = key[:3]
        self._steps += 1
        if place in self._active or len(self._active) > _DEEPEST or self._steps > _MOST:
            self._cuts += 1
            return Outcome(is_open=place not in self._active)
        cuts = self._cuts
        self._active.add(place)
        frame = Frame(names, self)
        if isinstance(node, ast.Lambda):
            frame.outcome.returns += frame.value(node.body)
        else:
            frame.run(node.body)
            frame.outcome.returns += () if frame.outcome.returns else annotated(node.returns, outer)
        self._active.discard(place)
        if cuts == self._cuts:
            self._done[key] = frame.outcome
        return frame.outcome

    def _names(
        self, node: Function, outer: Names, arguments: Arguments, scope: Names, defaults: tuple[object, ...]
    ) -> Names:
        names = Names(outer.file, outer)
        self._bind(node, names, arguments, scope, defaults)
        return names

    def _bind(
        self, node: Function, names: Names, arguments: Arguments, outer: Names, defaults: tuple[object, ...]
    ) -> None:
        """Give parameters the values that are passed, else those their annotations or defaults tell of."""
        positional = [*node.args.posonlyargs, *node.args.args]
        late: dict[str, object] = dict(zip([it.arg for it in positional[::-1]], defaults[::-1], strict=False))
        for number, parameter in enumerate((*positional, *node.args.kwonlyargs)):
            given = arguments.named.get(parameter.arg, ())
            if number < min(len(positional), len(arguments.positional)):
                given = arguments.positional[number]
            given = given or tuple(annotated(parameter.annotation, outer))
            if not given and parameter.arg in late:
                given = tuple(self._default(late[parameter.arg]))
            names.bind(parameter.arg, given)
        if node.args.vararg is not None:
            rest = tuple(it for values in arguments.positional[len(positional) :] for it in values)
            names.bind(node.args.vararg.arg, (Container(rest),))

    def _default(self, default: object) -> Iterator[Value]:
        """Yield a default; of FastAPI's `Depends(…)` what that gives."""
        dependency = getattr(default, "dependency", None)
        if isinstance(dependency, type):
            yield Instance(dependency)
        elif isinstance(dependency, types.FunctionType):
            node = self._sources.of(dependency)
            if node is not None and not isinstance(node, ast.Lambda):
                yield from annotated(node.returns, _outer(dependency))
        elif dependency is None:
            yield Known(default)


def _call_of(obj: object) -> object:
    """Return what calling an object runs."""
    return getattr(type(obj), "__call__", None)  # noqa: B004 - the function, not whether there is one


def _is_class(obj: object) -> TypeGuard[type[object]]:
    return isinstance(obj, type)


def _is_mapping(obj: object) -> TypeGuard[dict[object, object]]:
    return isinstance(obj, dict)


def _outer(function: types.FunctionType) -> Names:
    """Return the names around a function: closure, module, builtins."""
    file = function.__code__.co_filename
    module = Names(file, _BUILTINS, function.__globals__)
    cells: dict[str, object] = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
        try:
            cells[name] = cell.cell_contents
        except ValueError:  # not assigned yet
            continue
    return Names(file, module, cells)


def _status(cls: type[BaseException], arguments: Arguments) -> int | None:
    """Return the status code that an exception of Starlette's is made with."""
    given = arguments.named.get("status_code") or (arguments.positional[0] if arguments.positional else ())
    codes = [int(it.obj) for it in given if isinstance(it, Known) and isinstance(it.obj, int)]
    return codes[0] if codes else getattr(cls, "status_code", None)


def _said(function: types.FunctionType, frame: Expressions) -> Iterator[Raise]:
    """Yield what is known of a function that cannot be followed."""
    line = frame.line
    for cls in declared(function):
        yield Raise(cls, None, frame.names.file, line, 1)
    package, name = package_of(function), function.__qualname__
    # Whatever a server tells us, our client is told of a bad gateway.
    if package == "problems" and name == "raise_for_problem":
        yield Raise(BadGateway, None, frame.names.file, line, 1)
    elif package in ("httpx", "httpx2") and name.partition(".")[0] in ("Client", "AsyncClient"):
        yield Raise(BadGateway, None, frame.names.file, line, UNSEEN)
