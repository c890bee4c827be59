"""
What annotations say about values.

Reads type expressions as syntax and as objects; evaluates none.
"""

import ast
import types
from collections.abc import Iterator
from typing import Annotated, Any, Union, get_args, get_origin

from problems.contract._values import Instance, Known, Names, Value, attribute

__all__ = ["annotated", "of_type", "static"]


def annotated(node: ast.expr | None, names: Names) -> Iterator[Value]:
    """Yield what a value with this annotation can be."""
    match node:
        case ast.Constant(value=str(text)):
            yield from annotated(_parsed(text), names)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            yield from annotated(left, names)
            yield from annotated(right, names)
        case ast.Subscript(value=base, slice=inner):
            for value in static(base, names):
                yield from _subscripted(value, inner, names)
        case ast.Name() | ast.Attribute():
            for value in static(node, names):
                if isinstance(value, Known):
                    yield from of_type(value.obj)
        case _:
            return


def static(node: ast.expr, names: Names) -> Iterator[Value]:
    """Yield what a dotted name is."""
    match node:
        case ast.Name(id=name):
            yield from names.get(name)
        case ast.Attribute(value=base, attr=name):
            for value in static(base, names):
                yield from attribute(value, name)
        case _:
            return


def _subscripted(base: Value, inner: ast.expr, names: Names) -> Iterator[Value]:
    obj: Any = base.obj if isinstance(base, Known) else None
    parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    if obj is Annotated:
        yield from annotated(parts[0], names)
    elif obj is type:
        yield from static(parts[0], names)
    elif getattr(obj, "_name", None) in ("Optional", "Union") or obj is Union:
        for part in parts:
            yield from annotated(part, names)
    elif isinstance(obj, type):
        yield Instance(obj)


def of_type(hint: Any) -> Iterator[Value]:
    """Yield what a value of a type can be, the type being an object."""
    origin = get_origin(hint)
    if origin is Annotated:
        yield from of_type(get_args(hint)[0])
    elif origin in (Union, types.UnionType):
        for part in get_args(hint):
            yield from of_type(part)
    elif isinstance(origin or hint, type):
        yield Instance(origin or hint)


def _parsed(text: str) -> ast.expr | None:
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError:
        return None
