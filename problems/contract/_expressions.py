"""
What expressions can be, and what comes of the calls in them.

Every alternative counts. Knows no statements.
"""

import ast
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator
from typing import Protocol, TypeAlias, TypeGuard

from problems.contract._values import (
    Bound,
    Caught,
    Container,
    Instance,
    Known,
    Local,
    Names,
    Raise,
    Super,
    Value,
    attribute,
)

__all__ = ["Arguments", "Caller", "Expressions", "Outcome", "Values", "elements"]

Values: TypeAlias = tuple[Value, ...]


class Arguments:
    """What a call passes."""

    def __init__(self, positional: Iterable[Values] = (), named: dict[str, Values] | None = None) -> None:
        self.positional, self.named = list(positional), named or {}

    def every(self) -> Iterator[Value]:
        """Yield each value that is passed."""
        for values in (*self.positional, *self.named.values()):
            yield from values


class Outcome:
    """
    What comes of a call.

    Attributes:
        raises: What it can raise.
        returns: What it can return.
        open: Whether there is something in it that could not be followed.
    """

    def __init__(self, raises: Iterable[Raise] = (), returns: Iterable[Value] = (), *, is_open: bool = False) -> None:
        self.raises: list[Raise] = list(raises)
        self.returns: list[Value] = list(returns)
        self.open = is_open


class Caller(Protocol):
    """Follows calls."""

    def call(self, value: Value, arguments: Arguments, frame: "Expressions") -> Outcome:
        """Return what comes of calling a value."""
        ...

    def attribute(self, base: Value, name: str) -> Iterator[Value]:
        """Yield what an attribute of an object can be that neither object nor class have."""
        ...


class Expressions(ABC):
    """The expressions of one activation of a function."""

    def __init__(self, names: Names, caller: Caller) -> None:
        self.names = names
        self.outcome = Outcome()
        self.line = 0
        self._caller = caller

    def value(self, node: ast.expr) -> Values:
        """Return what an expression can be; whatever it calls is followed."""
        match node:
            case ast.Constant(value=constant):
                return (Known(constant),)
            case ast.Name(id=name):
                return self.names.get(name)
            case ast.Await(value=inner) | ast.Starred(value=inner):
                return self.value(inner)
            case ast.Attribute(value=inner, attr=name):
                return tuple(it for base in self.value(inner) for it in self._attribute(base, name))
            case ast.Call():
                return self._call_node(node)
            case _:
                return self._compound(node)

    def _compound(self, node: ast.expr) -> Values:
        """Return what an expression with alternatives or parts can be."""
        match node:
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self.value(test)
                return (*self.value(body), *self.value(orelse))
            case ast.BoolOp(values=parts):
                return self._every(parts)
            case ast.NamedExpr(target=target, value=inner):
                return self.bind(target, self.value(inner))
            case ast.Lambda():
                return (Local(node, self.names),)
            case ast.Dict(values=parts) | ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
                return (Container(self._every(parts)),)
            case ast.Subscript(value=inner, slice=index):
                self.value(index)
                return tuple(it for base in self.value(inner) for it in elements(base))
            case _:
                self.follow(node)
                return ()

    def _every(self, nodes: Iterable[ast.expr]) -> Values:
        return tuple(it for node in nodes for it in self.value(node))

    def bind(self, target: ast.expr, values: Values) -> Values:
        """Let a name have these values too; return them."""
        if isinstance(target, ast.Name):
            self.names.bind(target.id, values)
        return values

    def follow(self, node: ast.AST) -> None:
        """Follow whatever is in a node, in order."""
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt):
                self.statement(child)
            elif isinstance(child, ast.expr):
                self.value(child)
            else:
                self.follow(child)

    @abstractmethod
    def statement(self, node: ast.stmt) -> bool:
        """Follow a statement; return whether what comes after it in its block is never reached."""

    def _attribute(self, base: Value, name: str) -> Iterator[Value]:
        found = tuple(attribute(base, name))
        for value in found:
            match value:
                case Bound(Known(property() as getter), receiver):
                    yield from self.call(Bound(Known(getter.fget), receiver), Arguments())
                case _:
                    yield value
        if not found and isinstance(base, Instance | Known):
            yield from self._caller.attribute(base, name)

    def _call_node(self, node: ast.Call) -> Values:
        functions = self.value(node.func)
        arguments = Arguments(
            [() if isinstance(it, ast.Starred) else self.value(it) for it in node.args],
            {it.arg: self.value(it.value) for it in node.keywords if it.arg},
        )
        if functions == (Known(super),):
            receivers = self.names.get("self") or self.names.get("cls")
            classes = [it.obj for it in self.names.get("__class__") if isinstance(it, Known)]
            return tuple(Super(cls, receiver) for cls in classes for receiver in receivers)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "relayed":
            return tuple(_relayed(self.value(node.func.value)))
        if not functions:
            self.outcome.open = True
            self.pass_on(arguments, 0)
        return tuple(it for function in functions for it in self.call(function, arguments, node.lineno))

    def call(self, function: Value, arguments: Arguments, line: int = 0) -> Values:
        """Return what a call can return; what it can raise comes out of here, too."""
        self.line = line
        outcome = self._caller.call(function, arguments, self)
        self.outcome.raises += outcome.raises
        self.outcome.open |= outcome.open
        return tuple(outcome.returns)

    def pass_on(self, arguments: Arguments, sure: int) -> None:
        """Follow the functions that are passed to one that cannot be followed: it may call them."""
        for value in arguments.every():
            if isinstance(value, Local | Bound) or (isinstance(value, Known) and _is_function(value.obj)):
                raised = self._caller.call(value, Arguments(), self).raises
                self.outcome.raises += [
                    Raise(it.exception, it.status, it.file, it.line, min(it.sure, sure)) for it in raised
                ]


def _is_function(obj: object) -> bool:
    return any(hasattr(obj, name) for name in ("__code__", "__func__", "func"))


def elements(value: Value) -> Iterator[Value]:
    """Yield what is in a container."""
    match value:
        case Container(values):
            yield from values
        case Known(obj) if _is_mapping(obj):
            yield from map(Known, obj.values())
        case Known(obj) if _is_collection(obj):
            yield from map(Known, obj)
        case _:
            return


def _relayed(values: Iterable[Value]) -> Iterator[Value]:
    """Yield what `problem.relayed(…)` returns: a problem of the same class, which is ours."""
    for value in values:
        if isinstance(value, Caught):
            yield from (Instance(it.exception, sure=it.sure > 0) for it in value.raises)


def _is_mapping(obj: object) -> TypeGuard[dict[object, object]]:
    return isinstance(obj, dict)


def _is_collection(obj: object) -> TypeGuard[Collection[object]]:
    return isinstance(obj, list | tuple | set | frozenset)
