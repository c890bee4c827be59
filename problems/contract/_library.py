"""
Functions of Python and its standard library that call their arguments.

Knows which arguments they call. Does not follow the rest of a library.
"""

import builtins
import contextlib
import copy
import dataclasses
import functools
import typing
from collections.abc import Callable
from typing import Any, Final

from problems.catching._translating import translating
from problems.contract._activation import Activation, elements
from problems.contract._frame import exceptions
from problems.contract._types import of_type
from problems.contract._values import (
    LIKELY,
    UNKNOWN,
    Arguments,
    Container,
    Deferred,
    Factory,
    Instance,
    Kind,
    Known,
    Outcome,
    Partial,
    Stack,
    Suppress,
    Text,
    Translating,
    Value,
    Values,
    class_of_value,
    is_dict,
    is_exact,
    unique,
)

__all__ = ["container_method", "model"]

Model = Callable[[Arguments, Activation], Values]

_DUNDERS: Final[dict[object, tuple[str, type]]] = {
    len: ("__len__", int), str: ("__str__", str), repr: ("__repr__", str), bool: ("__bool__", bool),
    hash: ("__hash__", int), int: ("__int__", int), float: ("__float__", float), abs: ("__abs__", float),
    format: ("__format__", str), bytes: ("__bytes__", bytes), round: ("__round__", float), ascii: ("__repr__", str),
}  # fmt: skip
_PRINT: Final = vars(builtins)["print"]
_ANSWERS: Final[dict[object, type]] = {
    isinstance: bool, issubclass: bool, callable: bool, id: int, ord: int, chr: str, _PRINT: type(None), object: object,
    range: range, hex: str, bin: str, oct: str, slice: object, input: str,
}  # fmt: skip
_COLLECTIONS: Final = (list, tuple, set, frozenset, sorted, reversed, enumerate, iter)
_KEYED: Final = (sorted, min, max)


def _first(value: object) -> object:
    """Stand for a coroutine that returns a value."""
    return value


_IDENTITY: Final = (
    _first,
    copy.copy,
    copy.deepcopy,
    dataclasses.replace,
    functools.lru_cache,
    functools.cache,
    staticmethod,
)


def model(obj: Any, arguments: Arguments, frame: Activation) -> Outcome | None:
    """Return the outcome of calling a function or class of Python, or `None` for any other."""
    try:
        function = _MODELS.get(obj)
    except TypeError:  # not hashable
        return None
    if function is not None:
        return Outcome(returns=function(arguments, frame))
    if obj in _DUNDERS:
        return Outcome(returns=_dunder(obj, arguments, frame))
    if obj in _ANSWERS:
        if obj is _PRINT:
            frame.operate(tuple(arguments.every()), "__str__")
        return Outcome(returns=[Instance(_ANSWERS[obj], exact=True)])
    if obj in _COLLECTIONS or obj in _KEYED or obj in (any, all, sum):
        return Outcome(returns=_iterating(obj, arguments, frame))
    if obj in _IDENTITY:
        return Outcome(returns=arguments.get(0) or (Known(obj),))
    return None


def _dunder(obj: object, arguments: Arguments, frame: Activation) -> Values:
    name, kind = _DUNDERS[obj]
    values = arguments.get(0)
    known = values[0].obj if len(values) == 1 and isinstance(values[0], Known) else None
    if obj is int and isinstance(known, int):
        return (Known(int(known)),)
    if obj is str and type(known) in (int, str):
        return (Known(str(known)),)
    if obj is str and len(values) == 1 and isinstance(values[0], Text):
        return values
    frame.operate(values, name)
    return (Instance(kind, exact=True),)


def _iterating(obj: object, arguments: Arguments, frame: Activation) -> Values:
    several = obj in (min, max) and len(arguments.positional) > 1
    items = unique(arguments.every()) if several else frame.iterate(arguments.get(0))
    if obj in _KEYED and (key := dict(arguments.named).get("key", ())):
        frame.calls(tuple(value for value in key if value != Known(None)), Arguments((items,)))
    if obj in (min, max):
        return (*items, *dict(arguments.named).get("default", ())) or (UNKNOWN,)
    if obj in (any, all):
        frame.truth(items)
        return (Instance(bool, exact=True),)
    if obj is sum:
        return (UNKNOWN,)
    if obj is enumerate:
        pair = Container(items, (), ((Instance(int, exact=True),), items))
        return (Container((pair,), exact=False),)
    return (Container(items, exact=False),)


def _getattr(arguments: Arguments, frame: Activation) -> Values:
    names = [value.obj for value in arguments.get(1) if isinstance(value, Known) and isinstance(value.obj, str)]
    if not names:
        return frame.opened()
    result = tuple(value for name in names for value in frame.attribute(arguments.get(0), name))
    return unique((*result, *arguments.get(2))) if len(arguments.positional) > 2 else result


def _setattr(arguments: Arguments, frame: Activation) -> Values:
    for name in arguments.get(1):
        for base in arguments.get(0):
            if isinstance(name, Known) and isinstance(name.obj, str):
                frame.caller.assign(base, name.obj, arguments.get(2))
            else:
                frame.opened()
    return (Known(None),)


def _type(arguments: Arguments, frame: Activation) -> Values:
    if len(arguments.positional) != 1:
        return frame.opened()
    values = arguments.get(0)
    return tuple(
        UNKNOWN
        if class_of_value(value) is object
        else Known(class_of_value(value))
        if is_exact(value)
        else Kind(class_of_value(value))
        for value in values
    )


def _map(arguments: Arguments, _: Activation) -> Values:
    return (Deferred(Known(map), arguments, iterates=True),)


def _filter(arguments: Arguments, _: Activation) -> Values:
    return (Deferred(Known(filter), arguments, iterates=True),)


def _next(arguments: Arguments, frame: Activation) -> Values:
    return unique((*frame.iterate(arguments.get(0)), *arguments.get(1))) or (UNKNOWN,)


def _zip(arguments: Arguments, frame: Activation) -> Values:
    items = tuple(frame.iterate(argument) for argument in arguments.positional)
    values = unique(value for item in items for value in item)
    return (Container((Container(values, (), items),), exact=False),)


def _dict(arguments: Arguments, frame: Activation) -> Values:
    values = [value for _, item in arguments.named for value in item]
    for base in arguments.get(0):
        pairs = frame.iterate((base,)) if not isinstance(base, Container) or not base.keys else ()
        values += elements(base) if not pairs else (element for pair in pairs for element in elements(pair))
    return (Container(unique((*values, *arguments.rest)), (UNKNOWN,), exact=False),)


def _reduce(arguments: Arguments, frame: Activation) -> Values:
    items = unique((*frame.iterate(arguments.get(1)), *arguments.get(2)))
    return frame.calls(arguments.get(0), Arguments((items, items)))


def _partial(arguments: Arguments, _: Activation) -> Values:
    rest = Arguments(arguments.positional[1:], arguments.named, arguments.rest)
    return tuple(Partial(value, rest) for value in arguments.get(0))


def _wraps(_: Arguments, __: Activation) -> Values:
    return (Known(copy.copy),)  # a decorator that returns the function


def _manager(arguments: Arguments, _: Activation) -> Values:
    return tuple(map(Factory, arguments.get(0)))


def _suppress(arguments: Arguments, _: Activation) -> Values:
    types_ = exceptions(arguments.every())
    return (Suppress(types_),) if types_ is not None else (UNKNOWN,)


def _translating(arguments: Arguments, frame: Activation) -> Values:
    (table,) = arguments.get(0) if len(arguments.get(0)) == 1 else (UNKNOWN,)
    return (Translating(frame.iterate((table,)), tuple(elements(table))),)


def _stack(_: Arguments, __: Activation) -> Values:
    return (Stack(),)


def _cast(arguments: Arguments, _: Activation) -> Values:
    given = arguments.get(1)
    hinted = tuple(value for kind in arguments.get(0) if isinstance(kind, Known) for value in of_type(kind.obj))
    return unique((*(value for value in given if value != UNKNOWN), *(hinted if UNKNOWN in given else ()))) or (
        UNKNOWN,
    )


_MODELS: Final[dict[object, Model]] = {
    getattr: _getattr, setattr: _setattr, type: _type, map: _map, filter: _filter, next: _next, anext: _next, zip: _zip,
    dict: _dict, functools.reduce: _reduce, functools.partial: _partial, functools.wraps: _wraps,
    contextlib.contextmanager: _manager, contextlib.asynccontextmanager: _manager, contextlib.suppress: _suppress,
    contextlib.ExitStack: _stack, contextlib.AsyncExitStack: _stack, typing.cast: _cast,
    translating: _translating,
}  # fmt: skip


# --- methods of containers and texts ----------------------------------------------------------------------------------


def container_method(name: str, receiver: Value, arguments: Arguments, frame: Activation) -> Outcome:
    """Return the outcome of a method of a dictionary, a sequence, a text or an exit stack."""
    if isinstance(receiver, Stack):
        return Outcome(returns=_of_stack(receiver, name, arguments, frame))
    if isinstance(receiver, Text) or class_of_value(receiver) is str:
        return Outcome(returns=_of_text(name, receiver, arguments, frame))
    inside = unique(elements(receiver))
    if isinstance(receiver, Instance):  # a dictionary or a list with unknown content
        return Outcome(returns=(UNKNOWN, *arguments.get(1)), is_open=True)
    if name in ("get", "pop", "setdefault", "popitem", "popleft"):
        return Outcome(returns=_looked_up(name, receiver, inside, arguments, frame))
    if name in ("values", "copy", "union", "difference", "intersection"):
        keys = receiver.keys if name == "copy" and isinstance(receiver, Container) else ()
        return Outcome(returns=[Container(inside, keys, exact=False)])
    if name == "keys":
        return Outcome(returns=[Container(frame.iterate((receiver,)), exact=False)])
    if name == "items":
        keys = frame.iterate((receiver,))
        return Outcome(returns=[Container((Container((*keys, *inside), (), (keys, inside)),), exact=False)])
    if name == "sort" and (key := dict(arguments.named).get("key", ())):
        frame.calls(key, Arguments((inside,)))
    return Outcome(returns=[Instance(int, exact=True) if name in ("index", "count") else Known(None)])


def _looked_up(name: str, receiver: Value, inside: Values, arguments: Arguments, frame: Activation) -> Values:
    key = arguments.get(0)
    frame.operate(key, "__hash__")
    if isinstance(receiver, Known) and is_dict(receiver.obj) and len(key) == 1 and isinstance(key[0], Known):
        exact = [Known(value) for known, value in list(receiver.obj.items()) if known == key[0].obj and name == "get"]
        if exact:
            return tuple(exact)
    default = arguments.get(1) or ((Known(None),) if name == "get" else ())
    is_exact_container = isinstance(receiver, Known) or (isinstance(receiver, Container) and receiver.exact)
    return unique((*inside, *default, *(() if is_exact_container and inside else (UNKNOWN,))))


def _of_text(name: str, receiver: Value, arguments: Arguments, frame: Activation) -> Values:
    if name == "format":
        frame.operate(tuple(arguments.every()), "__format__")
        known = receiver.obj if isinstance(receiver, Known) else "{}"
        text = receiver.template if isinstance(receiver, Text) else known
        return (Text(text),)
    if name == "join":
        frame.iterate(arguments.get(0))
    kinds: dict[str, type] = {"split": list, "rsplit": list, "splitlines": list, "partition": tuple, "encode": bytes}
    is_answer = name.startswith(("is", "starts", "ends"))
    if name in ("split", "rsplit", "splitlines", "partition", "rpartition"):
        return (Container((Instance(str, exact=True),), exact=False),)
    return (Instance(bool if is_answer else kinds.get(name, str), exact=True),)


def _of_stack(stack: Stack, name: str, arguments: Arguments, frame: Activation) -> Values:
    match name:
        case "enter_context" | "enter_async_context":
            managers = arguments.get(0)
            stack.entered += managers if len(managers) == 1 else (UNKNOWN,)
            entered = tuple(value for manager in managers for value in frame.enter(manager))
            if name == "enter_async_context":
                return (Deferred(Partial(Known(_first), Arguments((entered,))), Arguments(), iterates=False),)
            return entered
        case "push" | "push_async_exit":
            stack.entered.append(UNKNOWN)
            return arguments.get(0)
        case "callback" | "push_async_callback":
            rest = Arguments(arguments.positional[1:], arguments.named, arguments.rest)
            with frame.capped(LIKELY):
                frame.awaited(frame.calls(arguments.get(0), rest))
            return arguments.get(0)
        case _:
            return (UNKNOWN,)
