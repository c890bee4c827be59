"""
What comes of calling a class: its initialisers and validators run, and its fields are kept.

Knows dataclasses, models, named tuples, exceptions, and classes that a function defines.
"""

import dataclasses
import inspect
import types
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any, TypeGuard

from starlette.exceptions import HTTPException

from problems._wire.json import is_sequence
from problems.contract._activation import Activation
from problems.contract._classes import look, special
from problems.contract._frame import Frame, exceptions
from problems.contract._functions import Functions
from problems.contract._values import (
    LIKELY,
    PLAIN,
    POSSIBLE,
    SAFE,
    UNKNOWN,
    UNREAD,
    Arguments,
    Bound,
    Container,
    Group,
    Instance,
    Known,
    LocalClass,
    LocalObject,
    Outcome,
    Text,
    Value,
    Values,
    is_tuple,
    unique,
)
from problems.declaring.problem import Problem

__all__ = ["Making", "is_class"]


class Making(Functions, ABC):
    """Makes instances."""

    @abstractmethod
    def call(self, value: Value, arguments: Arguments, frame: Activation) -> Outcome:
        """Return the outcome of calling a value."""

    @abstractmethod
    def bound(self, function: Value, receiver: Value, arguments: Arguments, frame: Activation) -> Outcome:
        """Return the outcome of calling a function with its receiver."""

    def through(self, frame: Activation, functions: Values, arguments: Arguments) -> Outcome:
        """Return the outcome of calling the functions that a value can be."""
        inner = Frame(frame.names, self)
        inner.outcome.returns += inner.calls(functions, arguments)
        inner.outcome.ends = inner.dead
        return inner.outcome

    def _class(self, cls: type[object], arguments: Arguments, frame: Activation) -> Outcome:
        meta = inspect.getattr_static(type(cls), "__call__", None)
        if isinstance(meta, types.FunctionType) and self._sources.is_own(meta):
            return self.bound(Known(meta), Known(cls), arguments, frame)
        if issubclass(cls, BaseExceptionGroup):
            given = [part for value in arguments.get(1, "exceptions") for part in _parts(value)]
            return Outcome(returns=[Group(unique(given))])
        inner = Frame(frame.names, self)
        inner.line = frame.line
        instance: Values = (
            Instance(cls, exact=True, site=(frame.names.file, frame.line, cls, frame.names.version_key())),
        )
        if issubclass(cls, BaseException):
            instance = (self._error(cls, arguments, inner, frame),)
        else:
            instance = self._made(cls, instance, arguments, inner)
        inner.outcome.returns += instance
        inner.outcome.ends = inner.dead
        return inner.outcome

    def _made(self, cls: type[object], instance: Values, arguments: Arguments, frame: Frame) -> Values:
        new = inspect.getattr_static(cls, "__new__", None)
        new = getattr(new, "__func__", new)
        if isinstance(new, types.FunctionType) and self._sources.is_own(new):
            given = frame.calls((Known(new),), arguments.after((Known(cls),)))
            instance = tuple(instance[0] if raised == UNKNOWN else raised for raised in given)
        init = inspect.getattr_static(cls, "__init__", None)
        for value in instance:
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
        return instance

    def _keep_fields(self, cls: type[Any], instance: Instance, arguments: Arguments, frame: Frame) -> None:
        """Keep the fields of a dataclass, a model or a named tuple; run the validators of a model."""
        if dataclasses.is_dataclass(cls):
            names = [field.name for field in dataclasses.fields(cls) if field.init]
        else:
            written = special(cls, "_fields")
            names = list(map(str, written)) if is_tuple(written) else []
        for name, values in (*zip(names, arguments.positional, strict=False), *arguments.named):
            self.assign(instance, name, values)
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

    def _error(self, cls: type[BaseException], arguments: Arguments, inner: Frame, frame: Activation) -> Instance:
        init = inspect.getattr_static(cls, "__init__", None)
        instance = Instance(cls, exact=True, site=(frame.names.file, frame.line, cls, frame.names.version_key()))
        is_http = issubclass(cls, HTTPException) and not issubclass(cls, Problem)
        if isinstance(init, types.FunctionType) and self._sources.is_own(init):
            inner.calls((Bound(Known(init), instance),), arguments)
            codes, details = (self.assigned(instance, name) for name in ("status_code", "detail"))
        else:
            codes, details = arguments.get(0, "status_code"), arguments.get(1, "detail")
        if not is_http:
            return dataclasses.replace(instance, site=instance.site if self._sources.is_own_class(cls) else None)
        codes = codes or look(Known(cls), "status_code")
        return Instance(cls, exact=True, statuses=tuple(_statuses(codes)), text=_text(details))

    def _local_class(self, cls: LocalClass, arguments: Arguments, frame: Activation) -> Outcome:
        instance = LocalObject(cls)
        outcome = self.through(frame, self.attribute(instance, "__init__"), arguments)
        bases = exceptions(value for base in cls.node.bases for value in Frame(cls.names, self).value(base))
        if bases:
            error = self.call(Known(bases[0]), arguments, frame)
            return Outcome((*outcome.raises, *error.raises), error.returns, is_open=True)
        return Outcome(outcome.raises, [instance], is_open=True)

    def _is_plain(self, arguments: Arguments) -> bool:
        return all(_is_plain_value(argument) for argument in arguments.every())

    def _is_plain_class(self, cls: type) -> bool:
        """Return whether creating an object of a class only runs an initialiser of Python."""
        return all(
            base is object or base.__module__ in SAFE or self._sources.is_own_class(base) for base in cls.__mro__
        )


def is_class(obj: object) -> TypeGuard[type[object]]:
    return isinstance(obj, type)


def _parts(value: Value) -> Iterator[Value]:
    match value:
        case Container(values=values):
            yield from values
        case Known(obj) if is_sequence(obj):
            yield from map(Known, obj)
        case _:
            yield UNKNOWN


def _statuses(values: Iterable[Value]) -> Iterator[int]:
    """Yield the status codes among values, `UNREAD` for an unknown one."""
    statuses: dict[int, None] = {}
    for value in values:
        is_code = isinstance(value, Known) and isinstance(value.obj, int)
        statuses[int(value.obj) if isinstance(value, Known) and is_code else UNREAD] = None
    yield from statuses or (UNREAD,)


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
