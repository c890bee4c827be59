"""
Possible values from annotations.

Reads type expressions as syntax and as objects. Does not evaluate them.
"""

import ast
import collections.abc
import functools
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any, Final, Literal, TypeVar, Union, get_args, get_origin

from problems.contract._values import UNKNOWN, Container, Instance, Kind, Known, Names, Value, Values

__all__ = ["Look", "annotated", "metadata_of_text", "names_of_module", "of_type", "static", "understood"]

Look = Callable[[Value, str], Values]
"""Looks up an attribute without running code."""

_LISTS: Final = (
    list,
    set,
    frozenset,
    collections.abc.Sequence,
    collections.abc.Iterable,
    collections.abc.Collection,
    collections.abc.MutableSequence,
    collections.abc.Set,
)
_DICTIONARIES: Final = (dict, collections.abc.Mapping, collections.abc.MutableMapping)


def annotated(node: ast.expr | None, names: Names, look: Look) -> Values:
    """Return the possible values for an annotation, or an empty tuple if the annotation is not understood."""
    return understood(_annotated(node, names, look))


def understood(values: Iterable[Value]) -> Values:
    """Return the values of an annotation, or an empty tuple if none is known."""
    result = tuple(dict.fromkeys(values))
    return () if result == (UNKNOWN,) else result


def _annotated(node: ast.expr | None, names: Names, look: Look) -> Iterator[Value]:
    match node:
        case ast.Constant(value=str(text)):
            yield from _annotated(_parsed(text), names, look)
        case ast.Constant(value=None):
            yield Known(None)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            for part in (left, right):
                yield from annotated(part, names, look) or (UNKNOWN,)
        case ast.Subscript(value=base, slice=inner):
            for value in static(base, names, look):
                yield from _subscripted(value, inner, names, look)
        case ast.Name() | ast.Attribute():
            for value in static(node, names, look):
                if isinstance(value, Known):
                    yield from of_type(value.obj)
        case _:
            return


def static(node: ast.expr, names: Names, look: Look) -> Iterator[Value]:
    """Yield the values of a dotted name."""
    match node:
        case ast.Name(id=name):
            yield from names.get(name)
        case ast.Attribute(value=base, attr=name):
            for value in static(base, names, look):
                yield from look(value, name)
        case ast.Constant(value=str(text)) if (inner := _parsed(text)) is not None:
            yield from static(inner, names, look)
        case _:
            return


def _subscripted(  # noqa: C901 - one for each form
    base: Value, inner: ast.expr, names: Names, look: Look
) -> Iterator[Value]:
    obj: Any = base.obj if isinstance(base, Known) else None
    parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    origin = get_origin(obj) or obj
    if obj is Annotated:
        yield from _annotated(parts[0], names, look)
    elif origin is type:
        for value in _annotated(parts[0], names, look):
            if isinstance(value, Instance):
                yield Kind(value.cls)
    elif getattr(obj, "_name", None) == "Optional":
        yield from annotated(parts[0], names, look) or (UNKNOWN,)
        yield Known(None)
    elif getattr(obj, "_name", None) == "Union" or obj is Union:
        for part in parts:
            yield from annotated(part, names, look) or (UNKNOWN,)
    elif obj is Literal:
        yield from (Known(part.value) for part in parts if isinstance(part, ast.Constant))
    elif origin in _LISTS or origin is tuple:
        yield Container(
            tuple(raised for part in parts for raised in _annotated(part, names, look)) or (UNKNOWN,), exact=False
        )
    elif origin in _DICTIONARIES:
        yield Container(tuple(_annotated(parts[-1], names, look)) or (UNKNOWN,), (UNKNOWN,), exact=False)
    elif isinstance(origin, type) and origin.__module__ not in ("collections.abc", "typing"):
        yield Instance(origin, arguments=tuple(raised for part in parts for raised in static(part, names, look)))


def of_type(hint: Any) -> Iterator[Value]:
    """Yield the possible values for a type, given as an object."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is None or hint is type(None):
        yield Known(None)
    elif isinstance(hint, str):
        yield UNKNOWN
    elif origin is Annotated:
        yield from of_type(arguments[0])
    elif origin in (Union, types.UnionType):
        for part in arguments:
            yield from of_type(part)
    elif origin is Literal:
        yield from map(Known, arguments)
    elif origin is type and arguments:
        yield from (Kind(value.cls) for value in of_type(arguments[0]) if isinstance(value, Instance))
    elif origin in _LISTS or origin is tuple:
        yield Container(tuple(value for part in arguments for value in of_type(part)) or (UNKNOWN,), exact=False)
    elif origin in _DICTIONARIES:
        yield Container(
            tuple(value for hint in arguments[1:] for value in of_type(hint)) or (UNKNOWN,), (UNKNOWN,), exact=False
        )
    else:
        yield from _of_name(hint, origin, arguments)


def _of_name(hint: Any, origin: Any, arguments: tuple[Any, ...]) -> Iterator[Value]:
    if isinstance(hint, TypeVar):
        yield from of_type(hint.__bound__) if hint.__bound__ is not None else (UNKNOWN,)
    elif hasattr(hint, "__supertype__"):  # a `NewType`
        yield from of_type(hint.__supertype__)
    elif type(hint).__name__ == "TypeAliasType":
        yield UNKNOWN  # its value is evaluated lazily
    elif hint is Any:  # a class since Python 3.11
        yield UNKNOWN
    elif isinstance(cls := origin or hint, type) and cls is not object and cls.__module__ != "collections.abc":
        yield Instance(cls, arguments=tuple(map(Known, arguments)))
    else:
        yield UNKNOWN


def names_of_module(name: str) -> Names:
    """Return the names of a module that is imported."""
    module = sys.modules.get(name)
    return Names("", known=dict(vars(module)) if module is not None else {})


@functools.lru_cache(1_000)
def _parsed(text: str) -> ast.expr | None:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        return None


def metadata_of_text(hint: str, names: Names, look: Look) -> tuple[list[Any], Values]:
    """Return FastAPI's marker in an annotation that is a text, if its names can be resolved, and the type."""
    try:
        node = ast.parse(hint.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        return [], ()
    metadata: list[Any] = []
    values = annotated(node, names, look)
    if (
        isinstance(node, ast.Name)
        and get_origin(alias := next((value.obj for value in names.get(node.id) if isinstance(value, Known)), None))
        is Annotated
    ):
        return [*get_args(alias)[1:]], tuple(of_type(alias))
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple):
        for part in node.slice.elts[1:]:
            if isinstance(part, ast.Call):
                argument = next(
                    iter((*part.args, *(keyword.value for keyword in part.keywords if keyword.arg == "dependency"))),
                    None,
                )
                called = ast.unparse(part.func).rpartition(".")[2]
                if called in ("Depends", "Security"):
                    known = next(static(argument, names, look), None) if argument is not None else None
                    metadata.append(_Marker(known.obj if isinstance(known, Known) else None))
    return metadata, values


class _Marker:
    """The content of `Depends(…)` in an annotation that is a text."""

    def __init__(self, dependency: object) -> None:
        self.dependency = dependency
