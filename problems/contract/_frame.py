"""
One function, followed statement by statement: what it raises, and what it returns.

Every branch is taken, but those that only a type checker takes; `try` keeps what its handlers do not catch.
"""

import ast
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from problems.contract._expressions import Arguments, Caller, Expressions, Values, elements
from problems.contract._types import annotated
from problems.contract._values import (
    Caught,
    Container,
    Group,
    Instance,
    Known,
    Local,
    Names,
    Raise,
    Suppress,
    Value,
    attribute,
)
from problems.declaring.problem import Problem

__all__ = ["Frame", "suppressed_by"]


class Frame(Expressions):
    """One activation of a function."""

    def __init__(self, names: Names, caller: Caller) -> None:
        super().__init__(names, caller)
        self._handling: list[tuple[Raise, ...]] = []

    def run(self, statements: Sequence[ast.stmt]) -> bool:
        """Follow statements, up to one after which none is reached; return whether there is one."""
        return any(self.statement(statement) for statement in statements)

    def statement(self, node: ast.stmt) -> bool:
        """Follow a statement; return whether what comes after it in its block is never reached."""
        match node:
            case ast.Raise():
                self._raise(node)
            case ast.If():
                return self._if(node)
            case ast.Try() | ast.TryStar():
                return self._try(node)
            case ast.With() | ast.AsyncWith():
                self._with(node)
            case ast.Return(value=value) if value is not None:
                self.outcome.returns += self.value(value)
            case _:
                self._binding(node)
        return isinstance(node, ast.Raise | ast.Return | ast.Break | ast.Continue)

    def _binding(self, node: ast.stmt) -> None:
        """Follow a statement that gives names values, or any other."""
        match node:
            case ast.Assign(targets=targets, value=value):
                self._assign(targets, value)
            case ast.AnnAssign(target=target, annotation=annotation, value=value):
                given = self.value(value) if value is not None else ()
                self.bind(target, given or tuple(annotated(annotation, self.names)))
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                self.names.bind(name, (Local(node, self.names),))
            case ast.ClassDef():
                self.outcome.open = True
            case ast.Import():
                for alias in node.names:
                    name = alias.name if alias.asname else alias.name.partition(".")[0]
                    self.names.bind(alias.asname or name, _module(name))
            case ast.ImportFrom():
                self._import_from(node)
            case _:
                self.follow(node)

    def _raise(self, node: ast.Raise) -> None:
        if node.cause is not None:
            self.value(node.cause)
        if node.exc is None:
            self.outcome.raises += self._handling[-1] if self._handling else ()
            return
        values = self.value(node.exc)
        self.outcome.open |= not values
        for value in values:
            self.outcome.raises += self._raised(value, node.lineno, 2 if len(values) == 1 else 1)

    def _raised(self, value: Value, line: int, sure: int) -> Iterator[Raise]:
        match value:
            case Caught(raises):
                yield from raises
            case Group(values):
                self.outcome.open |= not values
                for part in values:
                    # A group of several is answered with one of them.
                    raised = self._raised(part, line, sure if len(values) == 1 else min(sure, 1))
                    yield from (replace(it, grouped=True) for it in raised)
            case Instance(cls, status, made) if issubclass(cls, BaseException):
                yield Raise(cls, status, self.names.file, line, sure if made else min(sure, 1))
            case Known(obj) if isinstance(obj, type) and issubclass(obj, BaseException):
                yield Raise(obj, None, self.names.file, line, sure)
            case Known(obj) if isinstance(obj, BaseException):
                yield Raise(type(obj), getattr(obj, "status_code", None), self.names.file, line, sure)
            case Known(None):  # `error = X() if … else None`
                return
            case _:
                self.outcome.open = True

    def _assign(self, targets: Sequence[ast.expr], value: ast.expr) -> None:
        pairs = [(target, value) for target in targets]
        if isinstance(value, ast.Tuple) and isinstance(targets[0], ast.Tuple) and len(targets) == 1:
            pairs = list(zip(targets[0].elts, value.elts, strict=False))
        for target, part in pairs:
            self.bind(target, self.value(part))

    def _import_from(self, node: ast.ImportFrom) -> None:
        """Bind what a function imports, if it is imported already: this check runs nothing."""
        package = next((str(it.obj) for it in self.names.get("__package__") if isinstance(it, Known)), "")
        parents = package.split(".")[: 1 - node.level or None] if node.level else []
        base = ".".join([*parents, *([node.module] if node.module else [])])
        for alias in node.names:
            found = tuple(it for module in _module(base) for it in attribute(module, alias.name))
            self.names.bind(alias.asname or alias.name, found or _module(f"{base}.{alias.name}"))

    def _if(self, node: ast.If) -> bool:
        self.value(node.test)
        taken = _taken(node.test)
        ends = [
            self.run(branch) for branch, skipped in ((node.body, False), (node.orelse, True)) if taken is not skipped
        ]
        return all(ends)

    def _collected(self, statements: Sequence[ast.stmt]) -> list[Raise]:
        """Follow statements; return what they raise, which goes no further."""
        before = len(self.outcome.raises)
        self.run(statements)
        raised = self.outcome.raises[before:]
        del self.outcome.raises[before:]
        return raised

    def _try(self, node: ast.Try | ast.TryStar) -> bool:
        before, star = len(self.outcome.raises), isinstance(node, ast.TryStar)
        escaping = self._collected(node.body)
        for handler in node.handlers:
            types = self._types(handler.type)
            caught = tuple(it for it in escaping if it.is_caught_by(types, star=star))
            escaping = [it for it in escaping if it not in caught]
            caught = caught or tuple(self._unseen(types, handler.lineno))
            if handler.name:
                self.names.bind(handler.name, (Caught(caught),), anew=True)
            self._handling.append(caught)
            self.run(handler.body)
            self._handling.pop()
        self.outcome.raises += escaping
        self.run(node.orelse)
        pending = len(self.outcome.raises)
        is_left = self.run(node.finalbody)
        if is_left:  # what leaves `finally` takes the place of what was raised before
            del self.outcome.raises[before:pending]
        return is_left

    def _unseen(self, types: Iterable[type[BaseException]], line: int) -> Iterator[Raise]:
        """Yield the problems that a handler waits for and nothing here raises: something that is not followed does."""
        for cls in types:
            if issubclass(cls, Problem):
                yield Raise(cls, None, self.names.file, line, 0)

    def _types(self, node: ast.expr | None) -> tuple[type[BaseException], ...]:
        if node is None:
            return (BaseException,)
        parts = node.elts if isinstance(node, ast.Tuple) else [node]
        return tuple(_exceptions(value for part in parts for value in self.value(part)))

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        suppressed: tuple[type[BaseException], ...] = ()
        for item in node.items:
            values = self.value(item.context_expr)
            for value in values:
                suppressed += value.types if isinstance(value, Suppress) else ()
                self._enter(value)
            if item.optional_vars is not None:
                self.bind(item.optional_vars, values)
        self.outcome.raises += [it for it in self._collected(node.body) if not issubclass(it.exception, suppressed)]

    def _enter(self, value: Value) -> None:
        for name in ("__enter__", "__aenter__", "__exit__", "__aexit__"):
            for method in attribute(value, name):
                self.call(method, Arguments())


def suppressed_by(arguments: Arguments) -> Suppress:
    """Return what `contextlib.suppress` of these arguments suppresses."""
    return Suppress(tuple(_exceptions(arguments.every())))


def _exceptions(values: Iterable[Value]) -> Iterator[type[BaseException]]:
    for value in values:
        obj: Any = value.obj if isinstance(value, Known) else None
        if isinstance(obj, type) and issubclass(obj, BaseException):
            yield obj
        elif isinstance(obj, tuple) or isinstance(value, Container):
            yield from _exceptions(elements(value))


def _taken(test: ast.expr) -> bool | None:
    """Return whether a branch is taken, if that is plain: `if TYPE_CHECKING`, `if False`."""
    match test:
        case ast.Constant(value=constant):
            return bool(constant)
        case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
            return False
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            taken = _taken(inner)
            return None if taken is None else not taken
        case _:
            return None


def _module(name: str) -> Values:
    module = sys.modules.get(name)
    return () if module is None else (Known(module),)
