"""
Possible values of attributes and parameters: their current values, annotations, and assignments in the application.

Does not run descriptors or `__getattr__`; the application's own are bound, so that they can be followed.
This is one thing: parameters depend on assigned attributes, and assigned attributes on annotations.
"""

import ast
import functools
import inspect
import sys
import types
from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterator
from typing import Annotated, Any, Final, get_args, get_origin

from problems.contract._activation import Activation
from problems.contract._classes import Classes, fields_of, is_abstract, is_protocol, look, special, status_in_name
from problems.contract._frame import Frame
from problems.contract._sources import Assignment, Function, Sources
from problems.contract._types import annotated, metadata_of_text, names_of_module, of_type, understood
from problems.contract._values import (
    PLAIN,
    UNKNOWN,
    UNREAD,
    Arguments,
    Bound,
    Caught,
    Container,
    Deferred,
    Group,
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
    Raise,
    Stack,
    Super,
    Text,
    Value,
    Values,
    is_dict,
    shallow,
    type_of,
    unique,
)

__all__ = ["Attributes"]

_MISSING: Final = object()


class Attributes(ABC):
    """
    The attributes of values, and the values that are injected into parameters.

    Args:
        sources: The source of functions.
    """

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._classes = Classes(sources)
        self._fields: dict[Hashable, dict[Value, None]] = {}
        self._versions: dict[Hashable, int] = {}
        self._scanned: dict[tuple[type, str], Values] = {}
        self._found: dict[tuple[type, str], Values] = {}
        self._overridden: dict[tuple[type, str, bool], Values] = {}
        self._methods: dict[type, list[types.FunctionType]] = {}
        self._provided: dict[object, Values] = {}
        self._modules: dict[str, Names] = {}
        self._abstract: dict[types.FunctionType, bool] = {}

    def tree(self, function: Value) -> Function | None:
        """Return the syntax tree of a function; `None` if its source is not available."""
        match function:
            case Local(node, _):
                return node
            case Known(types.FunctionType() as known):
                return self._sources.of(known)
            case Bound(inner, _):
                return self.tree(inner)
            case _:
                return None

    def is_own(self, function: types.FunctionType) -> bool:
        """Return whether a function belongs to the application."""
        return self._sources.is_own(function)

    def module_names(self, function: types.FunctionType, outer: Names) -> Names:
        """Return the names of the module of a function."""
        file = function.__code__.co_filename
        if file not in self._modules or self._modules[file].globals is not function.__globals__:
            names = Names(file, outer, function.__globals__)
            names.globals = function.__globals__
            self._modules[file] = names
        return self._modules[file]

    def global_hint(self, name: str, names: Names) -> Values:
        """Return the values that the annotation of a global allows."""
        scope: Names | None = names
        while scope is not None and scope.globals is None:
            scope = scope.outer
        if scope is None or scope.globals is None:
            return ()
        hints: object = scope.globals.get("__annotations__")
        return self._hinted(hints[name], scope) if is_dict(hints) and name in hints else ()

    # --- assigned attributes ----------------------------------------------------------------------------------------

    def assign(self, base: Value, name: str, values: Values) -> None:
        """Keep the value of an attribute that is assigned."""
        for key in _owners(base):
            known = self._fields.setdefault((key, name), {})
            before = len(known)
            known.update(dict.fromkeys(shallow(values)))
            if len(known) != before:
                self._versions[key] = self._versions.get(key, 0) + 1

    def assigned(self, base: Value, name: str) -> Values:
        """Return the values assigned to an attribute of this exact object."""
        key = next(iter(_owners(base)), None)
        return tuple(self._fields.get((key, name), ()))

    def versions(self, arguments: Arguments) -> Hashable:
        """Return the values that an assignment to an attribute of an argument changes."""
        return tuple(
            self._versions.get(next(_owners(argument), None), 0)
            for argument in arguments.every()
            if isinstance(argument, Instance | LocalObject)
        )

    # --- attributes -------------------------------------------------------------------------------------------------

    def attribute(self, base: Value, name: str) -> Values:  # noqa: C901, PLR0911, PLR0912 - one for each form
        """Return the possible values of an attribute; descriptors are bound, but not run."""
        match base:
            case Known(obj) if inspect.ismodule(obj):
                return self._of_module(obj, name)
            case Known(obj) if isinstance(obj, type):
                return self._of_class(base, obj, name)
            case Known(dict() | list() | tuple() | set() | str() | frozenset()) | Container() | Text():
                return (Bound(Known(name), base),)
            case Known(None):
                return status_in_name(name) or (UNKNOWN,)
            case Known():
                return self._of_object(base, type_of(base.obj), name)
            case Instance(cls=cls) if cls in (dict, list, tuple, set, frozenset, str):
                return (Bound(Known(name), base),)
            case Instance(cls=cls):
                return self._of_object(base, cls, name)
            case Kind(cls=cls):
                return self._of_class(base, cls, name)
            case Super():
                return self._described(look(base, name)) or (UNKNOWN,)
            case Caught():
                return _of_caught(base, name)
            case LocalObject(cls):
                return self.assigned(base, name) or self._of_local(cls, name, base)
            case LocalClass():
                return self._of_local(base, name, None)
            case Stack():
                return (Bound(Known(name), base),)
            case Group(values) if name == "exceptions":
                return (Container(values),)
            case Bound(Known(functools.singledispatchmethod()), _):
                return (UNKNOWN,)
            case _:
                return status_in_name(name) or (UNKNOWN,)

    def _of_module(self, module: types.ModuleType, name: str) -> Values:
        results = look(Known(module), name)
        if results == (Known(None),) or not results:
            names = names_of_module(module.__name__)
            hints: object = vars(module).get("__annotations__")
            if is_dict(hints) and name in hints:
                results = (*results, *self._hinted(hints[name], names))
        if not results and (inner := sys.modules.get(f"{module.__name__}.{name}")) is not None:
            return (Known(inner),)
        return results or (UNKNOWN,)

    def _of_class(self, base: Value, cls: type, name: str) -> Values:
        result = self._described(look(base, name))
        if result and name != "__init__":
            overriding = self._overriding(cls, name, base) if isinstance(base, Kind) else ()
            return unique((*result, *overriding))
        return result or self._fallback(type(cls), base, name) or (UNKNOWN,)

    def _of_object(self, base: Value, cls: type, name: str) -> Values:
        result = self._described(look(base, name))
        is_exact = not isinstance(base, Instance) or base.exact
        is_descriptor = any(isinstance(value, Bound) for value in result)
        if not is_descriptor:
            kept = self.assigned(base, name)
            # A class default, or a value that is not set yet, is not the only possible value.
            if kept and (isinstance(base, Instance) or not result or result == (Known(None),)):
                result = kept
            elif not result or set(result) <= {Known(None), UNKNOWN}:
                result = unique((*(value for value in result if value != UNKNOWN), *self._declared(cls, name, base)))
        if not is_exact:
            result = unique((*self._implemented(result), *self._overriding(cls, name, base)))
        return result or self._fallback(cls, base, name) or (UNKNOWN,)

    def _implemented(self, values: Values) -> Values:
        """Leave out methods that subclasses must override."""
        return tuple(
            value
            for value in values
            if not (
                isinstance(value, Bound) and isinstance(value.function, Known) and self._is_abstract(value.function.obj)
            )
        )

    def _is_abstract(self, function: object) -> bool:
        if not isinstance(function, types.FunctionType):
            return bool(fields_of(function).get("__isabstractmethod__", False))
        if function not in self._abstract:
            self._abstract[function] = is_abstract(function, self._sources.of)
        return self._abstract[function]

    def _overriding(self, cls: type, name: str, base: Value) -> Values:
        """Return the overriding attributes of subclasses in loaded modules."""
        key = (cls, name, isinstance(base, Instance))
        if key not in self._overridden:
            self._overridden[key] = unique(self._overrides(cls, name, base))
        return self._overridden[key]

    def _overrides(self, cls: type, name: str, base: Value) -> Iterator[Value]:
        for below in self._classes.below(cls):
            if any(name in vars(owner) for owner in below.__mro__[:-1] if is_protocol(cls) or owner not in cls.__mro__):
                receiver: Value = Instance(below) if isinstance(base, Instance) else Kind(below)
                yield from self._implemented(self._described(look(receiver, name)))
            elif name not in vars(cls):
                yield from self._declared(below, name, Instance(below))

    def _described(self, values: Values) -> Values:
        """Bind the `__get__` of the application's own descriptors; descriptors of libraries stay unknown."""
        results: list[Value] = []
        for value in values:
            match value:
                case Bound(Known(obj), receiver) if not isinstance(
                    obj, types.FunctionType | property | functools.cached_property | functools.singledispatchmethod
                ) and isinstance(getter := special(type_of(obj), "__get__"), types.FunctionType):
                    if not self._sources.is_own(getter):
                        results.append(UNKNOWN)
                        continue
                    owner: Values = (Known(type(receiver)),)
                    given = Arguments(((Known(obj),), (receiver,), owner))
                    results.append(Bound(Partial(Known(getter), Arguments(given.positional[1:])), Known(obj)))
                case Known(types.MemberDescriptorType() | types.GetSetDescriptorType()):
                    results.append(UNKNOWN)
                case _:
                    results.append(value)
        return tuple(results)

    def _fallback(self, cls: type, base: Value, name: str) -> Values:
        """Return the call of a `__getattr__` of the application."""
        method = next((vars(owner)["__getattr__"] for owner in cls.__mro__ if "__getattr__" in vars(owner)), None)
        if isinstance(method, types.FunctionType) and self._sources.is_own(method):
            return (Bound(Partial(Known(method), Arguments(((Known(name),),))), base),)
        return status_in_name(name)

    def _declared(self, cls: type, name: str, base: Value) -> Values:
        """Return the values of an attribute from its annotation, and from assignments in the methods of the class."""
        if isinstance(base, Instance) and base.arguments:
            return tuple(self._declares(cls, name, base))
        key = (cls, name)
        if key not in self._found:
            self._found[key] = unique(self._declares(cls, name, base))
        return self._found[key]

    def _declares(self, cls: type, name: str, base: Value) -> Iterator[Value]:
        for owner in cls.__mro__[:-1]:
            hints: object = vars(owner).get("__annotations__")
            if is_dict(hints) and name in hints:
                hinted = self._hinted(hints[name], names_of_module(owner.__module__))
                yield from _bound_parameters(owner, hints[name], base) or hinted
        yield from self._scan(cls, name)

    def _scan(self, cls: type, name: str) -> Values:
        key = (cls, name)
        if key not in self._scanned:
            self._scanned[key] = ()  # for a recursive lookup
            self._scanned[key] = unique(value for value in self._scanning(cls, name) if value != Known(None))
        return self._scanned[key]

    def _scanning(self, cls: type, name: str) -> Iterator[Value]:
        for owner in cls.__mro__[:-1]:
            if owner not in self._methods:
                functions = (value for value in list(vars(owner).values()) if isinstance(value, types.FunctionType))
                self._methods[owner] = [value for value in functions if self._sources.is_own(value)]
            for function in self._methods[owner]:
                if name in function.__code__.co_names:
                    for statement in self._sources.assigned_by(function).get(name, ()):
                        yield from self._assigned_in(function, statement, Instance(cls))

    def _assigned_in(self, function: types.FunctionType, statement: Assignment, base: Value) -> Iterator[Value]:
        outer = self._outer(function)
        names = Names(outer.file, outer)
        node = self._sources.of(function)
        if node is None:
            return
        self._bind(node, names, Arguments(((base,),)), outer, function)
        if isinstance(statement, ast.Assign):
            yield from Frame(names, self).value(statement.value)
            return
        yield from annotated(statement.annotation, names, look)
        if statement.value is not None:
            yield from (value for value in Frame(names, self).value(statement.value) if value != UNKNOWN)

    def _hinted(self, hint: object, names: Names) -> Values:
        if isinstance(hint, str):
            return annotated(ast.Constant(hint), names, look)
        return understood(of_type(hint))

    def _of_local(self, cls: LocalClass, name: str, receiver: Value | None) -> Values:
        results: Values = ()
        for statement in cls.node.body:
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef) and statement.name == name:
                function = Local(statement, cls.names)
                decorated = {decorator.id for decorator in statement.decorator_list if isinstance(decorator, ast.Name)}
                if "property" in decorated or (decorated and decorated != {"staticmethod"}):
                    return (UNKNOWN,)
                is_bound = receiver is not None and not decorated
                results = (Bound(function, receiver) if is_bound and receiver is not None else function,)
            elif isinstance(statement, ast.Assign) and any(
                isinstance(target, ast.Name) and target.id == name for target in statement.targets
            ):
                results = Frame(cls.names, self).value(statement.value)
        if results or not cls.node.bases:
            return results or ((UNKNOWN,) if name != "__init__" else ())
        bases = (value for base in cls.node.bases for value in Frame(cls.names, self).value(base))
        inherited = (
            look(Instance(value.obj), name)
            for value in bases
            if isinstance(value, Known) and isinstance(value.obj, type)
        )
        return next((value for value in inherited if value), (UNKNOWN,) if name != "__init__" else ())

    # --- injected values --------------------------------------------------------------------------------------------

    def injected(self, obj: object, frame: Activation) -> Iterator[tuple[str, Values]]:
        """Yield the parameters in the effective signature of an endpoint or dependency, with their injected values."""
        try:
            parameters = inspect.signature(obj).parameters.values()  # type: ignore[arg-type]  # anything that is called
        except (TypeError, ValueError):
            return
        function = inspect.unwrap(getattr(obj, "__func__", obj)) if callable(obj) else obj
        function = getattr(function, "__init__", None) if isinstance(function, type) else function
        scope: dict[str, Any] = getattr(getattr(function, "func", function), "__globals__", {})
        for parameter in parameters:
            if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
                yield parameter.name, unique(self._injected(parameter, Names("", known=scope), frame)) or (UNKNOWN,)

    def _injected(  # noqa: C901 - one for each form
        self, parameter: inspect.Parameter, names: Names, frame: Activation
    ) -> Iterator[Value]:
        hint = parameter.annotation
        if isinstance(hint, str):
            metadata, types_ = metadata_of_text(hint, names, look)
        else:
            metadata = [*get_args(hint)[1:]] if get_origin(hint) is Annotated else []
            types_ = () if hint is parameter.empty else tuple(of_type(hint))
        for marker in (*metadata, parameter.default):
            if (dependency := inspect.getattr_static(marker, "dependency", _MISSING)) is not _MISSING:
                if dependency is None and types_ and isinstance(types_[0], Instance):
                    dependency = types_[0].cls
                given = self.provided(dependency)
                yield from (*(raised for raised in given if raised != UNKNOWN), *types_) if UNKNOWN in given else given
                return
        for marker in metadata:  # `AfterValidator(…)` and the like run before the endpoint
            if isinstance(function := inspect.getattr_static(marker, "func", None), types.FunctionType):
                frame.calls((Known(function),), Arguments(rest=(UNKNOWN,)), is_alternative=True)
        for value in types_:
            if isinstance(value, Instance):
                frame.calls(tuple(self.validators(value.cls)), Arguments(rest=(UNKNOWN,)), is_alternative=True)
        yield from types_
        if parameter.default is None:
            yield Known(None)
        elif (cls := type_of(parameter.default)) in PLAIN:
            yield Instance(cls, exact=True)

    def default(self, default: object) -> Iterator[Value]:
        """Yield a default; for FastAPI's `Depends(…)`, the values that the dependency provides."""
        if type_of(default) in PLAIN:
            yield Known(default)
            return
        dependency = inspect.getattr_static(default, "dependency", _MISSING)
        if dependency is _MISSING or dependency is None:
            yield Known(default) if dependency is _MISSING else UNKNOWN
        else:
            yield from self.provided(dependency)

    def validators(self, cls: type) -> Iterator[Value]:
        """Yield the application's own validators of a pydantic model."""
        decorators = vars(cls).get("__pydantic_decorators__")
        for kind in ("validators", "field_validators", "root_validators", "model_validators"):
            validators: dict[str, Any] = getattr(decorators, kind, {})
            for decorator in validators.values():
                method = getattr(decorator.func, "__func__", decorator.func)
                if isinstance(method, types.FunctionType) and self._sources.is_own(method):
                    is_of_object = kind == "model_validators" and decorator.info.mode == "after"
                    yield Bound(Known(method), Instance(cls, exact=True) if is_of_object else Known(cls))
        after = inspect.getattr_static(cls, "model_post_init", None)
        if decorators is not None and isinstance(after, types.FunctionType) and self._sources.is_own(after):
            yield Bound(Known(after), Instance(cls, exact=True))

    # --- defined in the subclass that follows calls ----------------------------------------------------------------

    @abstractmethod
    def call(self, value: Value, arguments: Arguments, frame: Activation) -> Outcome:
        """Return the outcome of calling a value."""

    @abstractmethod
    def run(self, deferred: Deferred) -> Outcome:
        """Return the outcome of awaiting a coroutine, or of iterating over a generator."""

    @abstractmethod
    def throw(self, manager: Manager, raises: tuple[Raise, ...]) -> Outcome:
        """Return the outcome of a generator into which exceptions are raised at its `yield`."""

    @abstractmethod
    def provided(self, dependency: object) -> Values:
        """Return the values that a dependency provides."""

    @abstractmethod
    def _outer(self, function: types.FunctionType) -> Names:
        """Return the names around a function."""

    @abstractmethod
    def _bind(
        self, node: Function, names: Names, arguments: Arguments, outer: Names, known: types.FunctionType | None
    ) -> None:
        """Bind parameters to their values."""


def _owners(base: Value) -> Iterator[Hashable]:
    """Yield the owners of a value's attributes: the object, then its class for objects that are not distinguished."""
    match base:
        case Instance(cls=cls, site=site):
            if site is not None:
                yield cls, site
            yield cls, None
        case Known():
            yield base
        case LocalObject(cls):
            yield cls
        case _:
            return


def _of_caught(caught: Caught, name: str) -> Values:
    values: list[Value] = [UNKNOWN] if caught.is_open or not caught.raises else []
    for raised in caught.raises:
        if name == "status_code" and raised.status is not None:
            values.append(Known(raised.status) if raised.status != UNREAD else UNKNOWN)
        elif name == "detail" and raised.text is not None:
            values.append(Text(raised.text))
        else:
            values.append(UNKNOWN)
    return unique(values)


def _bound_parameters(owner: type, hint: object, base: Value) -> Values:
    """Return the argument for a type variable of a generic class in this object: `Repository[Item]`."""
    if not isinstance(base, Instance) or not base.arguments:
        return ()
    variables: tuple[object, ...] = getattr(owner, "__parameters__", ())
    is_kind = get_origin(hint) is type
    hint = get_args(hint)[0] if is_kind else hint
    if hint not in variables or variables.index(hint) >= len(base.arguments):
        return ()
    parameters = base.arguments[variables.index(hint)]
    if not (isinstance(parameters, Known) and isinstance(parameters.obj, type)):
        return ()
    return (Kind(parameters.obj) if is_kind else Instance(parameters.obj),)
