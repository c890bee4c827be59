"""
One function, followed statement by statement: the exceptions that it raises and the values that it returns.

Follows every possible branch; `try` and `with` keep the exceptions that they catch. This is one thing: a statement
can contain every other, and all of them change the same activation.
"""

import ast
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from starlette.exceptions import HTTPException

from problems.contract._activation import elements
from problems.contract._classes import look
from problems.contract._conditions import agreed, is_none, names_tested, truth
from problems.contract._expressions import Expressions
from problems.contract._managers import Managers
from problems.contract._sources import Function
from problems.contract._types import annotated
from problems.contract._values import (
    CERTAIN,
    LIKELY,
    POSSIBLE,
    UNKNOWN,
    UNREAD,
    Arguments,
    Caught,
    Group,
    Instance,
    Kind,
    Known,
    Local,
    LocalClass,
    Place,
    Raise,
    Unknown,
    Value,
    Values,
    is_exact,
    unique,
)
from problems.declaring.problem import Problem

__all__ = ["Frame"]

_JUMPS: Final = (ast.Raise, ast.Return, ast.Break, ast.Continue)


class Frame(Managers, Expressions):
    """One activation of a function."""

    _handling: tuple[tuple[Raise, ...], ...] = ()
    _tested: frozenset[str] = frozenset()
    returned = False
    """Whether a `return` is reached."""

    def function(self, node: Function, outer_annotation: Values) -> None:
        """Follow the body of a function."""
        if isinstance(node, ast.Lambda):
            self.outcome.returns += self.value(node.body)
            self.outcome.ends = self.dead
            return
        ended = self.block(node.body)
        self.outcome.ends = ended and not self.returned
        if not ended:
            self.outcome.returns.append(Known(None))
        if UNKNOWN in self.outcome.returns and outer_annotation:
            known = (value for value in self.outcome.returns if value != UNKNOWN)
            self.outcome.returns = [*known, *outer_annotation]
        self.outcome.returns = list(unique(self.outcome.returns))

    def block(self, statements: Sequence[ast.stmt]) -> bool:
        """Follow statements up to the last reachable one; return whether later statements are unreachable."""
        for statement in statements:
            if self.statement(statement) or self.dead:
                self.dead = False
                return True
        return False

    def branch(self, statements: Sequence[ast.stmt], level: int = CERTAIN) -> bool:
        """Follow statements that are not always reached."""
        self.depth += 1
        with self.capped(level):
            ended = self.block(statements)
        self.depth -= 1
        return ended

    def statement(self, node: ast.stmt) -> bool:
        """Follow a statement; return whether the statements after it are never reached."""
        match node:
            case ast.Expr(value=value):
                self.value(value)
            case ast.Raise():
                self._raise(node)
            case ast.If():
                return self._if(node)
            case ast.Try() | ast.TryStar():
                return self._try(node)
            case ast.With() | ast.AsyncWith():
                return self._with(node.items, node.body)
            case ast.For() | ast.AsyncFor() | ast.While():
                return self._loop(node)
            case ast.Match():
                return self._match(node)
            case ast.Return(value=value):
                self.outcome.returns += self.value(value) if value is not None else (Known(None),)
                self.returned |= not self.dead
            case _:
                self._binding(node)
        return isinstance(node, _JUMPS)

    def _binding(self, node: ast.stmt) -> None:  # noqa: C901, PLR0912 - one for each statement
        """Follow an assignment, or any other statement."""
        match node:
            case ast.Assign(targets=targets, value=value):
                values = self.value(value)
                for target in targets:
                    self.bind(target, values)
            case ast.AnnAssign(target=target, annotation=annotation, value=value):
                if value is not None:
                    values = self.value(value)
                    hinted = annotated(annotation, self.names, look) if UNKNOWN in values else ()
                    self.bind(
                        target,
                        unique((*(raised for raised in values if raised != UNKNOWN), *hinted)) if hinted else values,
                    )
                elif isinstance(target, ast.Name):
                    self.bind(target, annotated(annotation, self.names, look) or (UNKNOWN,))
            case ast.AugAssign(target=target, op=op, value=value):
                self._augmented(target, op, value)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                self.names.bind(name, self._decorated(node))
            case ast.ClassDef(name=name):
                self.outcome.open = True
                self.names.bind(name, (LocalClass(node, self.names),))
            case ast.Import() | ast.ImportFrom():
                self._import(node)
            case ast.Nonlocal(names=names):
                self.names.share(names)
            case ast.Assert(test=test, msg=message):
                self.test(test)
                if message is not None:
                    self.maybe(message)
            case ast.Delete(targets=targets):
                for target in targets:
                    if isinstance(target, ast.Subscript):
                        self.operate(self.value(target.value), "__delitem__", self.value(target.slice))
            case _:
                pass

    def _augmented(self, target: ast.expr, op: ast.operator, value: ast.expr) -> None:
        load = ast.copy_location(ast.BinOp(target, op, value), target)
        if isinstance(target, ast.Name | ast.Attribute | ast.Subscript):
            self.bind(target, self.value(load))

    def _decorated(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Values:
        values: Values = (Local(node, self.names),)
        for decorator in reversed(node.decorator_list):
            values = self.calls(self.value(decorator), Arguments((values,))) or values
        return values

    # --- raising ----------------------------------------------------------------------------------------------------

    def _raise(self, node: ast.Raise) -> None:
        if node.exc is None:
            known = self._handling[-1] if self._handling else ()
            self.emit(known)
            self.outcome.open |= not known
            return
        values = self.value(node.exc)
        if self.dead:
            return
        if node.cause is not None:
            self.value(node.cause)
        place = Place(self.names.file, node.lineno, node.col_offset, self.names.function)
        values = tuple(raised for raised in values if raised != Known(None)) or values
        for value in values:
            self.emit(self._raised(value, place, CERTAIN if len(values) == 1 else LIKELY))

    def delivered(self, values: Values, node: ast.Call) -> None:
        """Record exceptions that a call hands to code that waits, and that raises them there."""
        place = Place(self.names.file, node.lineno, node.col_offset, self.names.function)
        for value in values:
            if isinstance(value, Caught | Instance | Known) and value != Known(None):
                self.emit(self._raised(value, place, LIKELY), LIKELY)

    def _raised(self, value: Value, place: Place, sure: int) -> Iterator[Raise]:
        match value:
            case Caught(raises=raises, is_open=is_open):
                self.outcome.open |= is_open
                yield from raises
            case Group(values):
                self.outcome.open |= not values
                for part in values:
                    # The response to a group of several exceptions reports one of them.
                    raised = self._raised(part, place, sure if len(values) == 1 else min(sure, LIKELY))
                    yield from (replace(cause, grouped=True) for cause in raised)
            case Instance(cls=cls) if issubclass(cls, BaseException):
                yield from _raises(cls, value.statuses, value.text, place, sure if is_exact(value) else LIKELY)
                self.outcome.open |= not is_exact(value)
            case Kind(cls=cls) if issubclass(cls, BaseException):
                yield from _raises(cls, (), None, place, LIKELY)
                self.outcome.open = True
            case Known(obj) if isinstance(obj, type) and issubclass(obj, BaseException):
                for call in self.calls((value,), Arguments()):
                    yield from self._raised(call, place, sure)
            case Known(BaseException() as error):
                status: object = getattr(error, "status_code", None)
                statuses = (int(status),) if isinstance(status, int) else ()
                detail: object = getattr(error, "detail", None)
                yield from _raises(type(error), statuses, detail if isinstance(detail, str) else None, place, sure)
            case Known(None):  # `error = X() if … else None`
                return
            case _:
                self.opened()

    # --- branches ---------------------------------------------------------------------------------------------------

    def test(self, node: ast.expr) -> bool | None:
        """Follow a condition; return whether it holds, if that is known."""
        match node:
            case ast.Constant(value=constant):
                return bool(constant)
            case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
                return False
            case ast.UnaryOp(op=ast.Not(), operand=inner):
                holds = self.test(inner)
                return None if holds is None else not holds
            case ast.Name(id=name) if self.names.is_own(name):
                values = self.value(node)
                self.truth(values)
                return agreed(truth(value) for value in values)
            case ast.Compare(left=ast.Name(id=name), ops=[op], comparators=[ast.Constant(value=None)]) if (
                self.names.is_own(name) and isinstance(op, ast.Is | ast.IsNot)
            ):
                answer = agreed(is_none(value) for value in self.value(node.left))
                return answer if answer is None or isinstance(op, ast.Is) else not answer
            case _:
                self.truth(self.value(node))
                return None

    def _is_off(self, node: ast.expr) -> bool | None:
        """Return the truth of a module constant such as `DEBUG`, which a deployment may change."""
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self._is_off(node.operand)
            return None if inner is None else not inner
        if isinstance(node, ast.Name | ast.Attribute):
            root: ast.expr = node
            while isinstance(root, ast.Attribute):
                root = root.value
            if isinstance(root, ast.Name) and not self.names.is_own(root.id):
                values = self.value(node)
                known = [
                    value.obj
                    for value in values
                    if isinstance(value, Known) and isinstance(value.obj, bool | int | str)
                ]
                return not known[0] if len(known) == len(values) == 1 else None
        return None

    def _if(self, node: ast.If) -> bool:
        holds = self.test(node.test)
        off = self._is_off(node.test) if holds is None else None
        before, tested = self._tested, names_tested(node.test)
        # An earlier condition on this path may contradict: `if key == 1: return`, and then `if key == 1: raise`.
        level = CERTAIN if before.isdisjoint(tested) else LIKELY
        self._tested = before | tested
        ends: list[bool] = []
        for branch, skipped in ((node.body, False), (node.orelse, True)):
            if holds is None or holds is not skipped:
                ends.append(self.branch(branch, POSSIBLE if off is not None and off is not skipped else level))
        if not any(ends):
            self._tested = before
        return all(ends)

    def _match(self, node: ast.Match) -> bool:
        subject = self.value(node.subject)
        ends: list[bool] = []
        is_complete = False
        for case in node.cases:
            for pattern in ast.walk(case.pattern):
                if isinstance(pattern, ast.MatchAs | ast.MatchStar) and pattern.name is not None:
                    whole = isinstance(case.pattern, ast.MatchAs) and pattern is case.pattern
                    self.names.bind(pattern.name, subject if whole else (UNKNOWN,))
            if case.guard is not None:
                self.truth(self.maybe(case.guard))
            ends.append(self.branch(case.body))
            is_complete |= isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None and case.guard is None
        return is_complete and all(ends)

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While) -> bool:
        level, holds = CERTAIN, None
        if isinstance(node, ast.While):
            holds = self.test(node.test)
            if holds is False:
                return self.branch(node.orelse)
        else:
            items = self.iterate(self.value(node.iter))
            level = CERTAIN if items else POSSIBLE
            self.depth += 1
            self.bind(node.target, items or (UNKNOWN,))
            self.depth -= 1
        before = self.names.version
        self.branch(node.body, level)
        if self.names.version != before:  # the next iteration sees the names of the previous one
            if isinstance(node, ast.While):
                self.test(node.test)
            self.branch(node.body, level)
        self.branch(node.orelse)
        return holds is True and not any(isinstance(jump, ast.Break) for jump in _own_jumps(node.body))

    # --- try --------------------------------------------------------------------------------------------------------

    def _collected(self, follow: Callable[[], bool]) -> tuple[bool, tuple[Raise, ...], bool, bool]:
        """
        Follow statements whose exceptions are caught.

        Returns whether the following statements are unreachable, the raised exceptions, whether a part is not
        followed, and whether they can raise an exception of Python itself.
        """
        outcome, fallible = self.outcome, self.fallible
        raises, is_open = outcome.raises, outcome.open
        outcome.raises, outcome.open, self.fallible = {}, False, False
        ended = follow()
        result = tuple(outcome.raises), outcome.open, self.fallible
        outcome.raises, outcome.open, self.fallible = raises, is_open or outcome.open, fallible or self.fallible
        return ended, *result

    def _body(self, statements: Sequence[ast.stmt]) -> bool:
        self.depth += 1
        ended = self.block(statements)
        self.depth -= 1
        return ended

    def _try(self, node: ast.Try | ast.TryStar) -> bool:
        result = False

        def inner() -> bool:
            nonlocal result
            result = self._handled(node)
            return result

        if not node.finalbody:
            return inner()
        _, raises, _, _ = self._collected(inner)
        if self.branch(node.finalbody):  # leaving `finally` replaces the exceptions raised before
            return True
        for raised in raises:
            self.outcome.raises[raised] = None
        return result

    def _handled(self, node: ast.Try | ast.TryStar) -> bool:
        star = isinstance(node, ast.TryStar)
        ended, raises, is_open, fallible = self._collected(lambda: self._body(node.body))
        escaping = list(raises)
        ends: list[bool] = []
        for handler in node.handlers:
            types = self._types(handler.type)
            caught = tuple(exception for exception in escaping if types is None or exception.seen_as(types, star=star))
            if types is None:
                escaping = [replace(exception, sure=min(exception.sure, POSSIBLE)) for exception in escaping]
            else:
                escaping = [exception for exception in escaping if exception not in caught]
            level = _reach(caught, types, is_open=is_open, fallible=fallible)
            if level is None:
                continue
            caught = caught or tuple(self._awaited_for(types or (), handler.lineno))
            ends.append(self._handle(handler, Caught(caught, is_open=is_open or fallible), level))
        for raised in escaping:
            self.outcome.raises[raised] = None
        if not ended:
            ended = self.branch(node.orelse)
        return ended and all(ends)

    def _handle(self, handler: ast.ExceptHandler, caught: Caught, level: int) -> bool:
        if handler.name:
            self.names.bind(handler.name, (caught,), anew=True)
        self._handling = (*self._handling, caught.raises)
        ended = self.branch(handler.body, level)
        self._handling = self._handling[:-1]
        return ended

    def _awaited_for(self, types: Iterable[type[BaseException]], line: int) -> Iterator[Raise]:
        """Yield the problems that a handler names and no followed statement raises: other code must raise them."""
        for cls in types:
            if issubclass(cls, Problem):
                yield Raise(cls, Place(self.names.file, line, 0, self.names.function), sure=POSSIBLE)

    def _types(self, node: ast.expr | None) -> tuple[type[BaseException], ...] | None:
        """Return the classes that a handler catches; `None` if they are not known."""
        if node is None:
            return (BaseException,)
        parts = node.elts if isinstance(node, ast.Tuple) else [node]
        return exceptions(value for part in parts for value in self.value(part))

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        """Bind the imports of a function, if the modules are already loaded: this check does not run code."""
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.name if alias.asname else alias.name.partition(".")[0]
                self.names.bind(alias.asname or name, _module(name) or self.opened())
            return
        package = next((str(value.obj) for value in self.names.get("__package__") if isinstance(value, Known)), "")
        parents = package.split(".")[: 1 - node.level or None] if node.level else []
        base = ".".join([*parents, *([node.module] if node.module else [])])
        for alias in node.names:
            results = tuple(value for module in _module(base) for value in look(module, alias.name))
            if results == (Known(None),):
                results = (*self.caller.attribute(_module(base)[0], alias.name), UNKNOWN)
            name = alias.asname or alias.name
            self.names.bind(name, results or _module(f"{base}.{alias.name}") or self.opened())
            self.names.imported.add(name)


def exceptions(values: Iterable[Value]) -> tuple[type[BaseException], ...] | None:
    """Return the classes of exceptions among values; `None` if not all are known."""
    results: list[type[BaseException]] = []
    for value in values:
        obj: Any = value.obj if isinstance(value, Known) else None
        if isinstance(obj, type) and issubclass(obj, BaseException):
            results.append(obj)
        elif (inner := tuple(elements(value))) and not isinstance(value, Unknown):
            more = exceptions(inner)
            if more is None:
                return None
            results += more
        else:
            return None
    return tuple(results)


def _raises(
    cls: type[BaseException], statuses: tuple[int, ...], text: str | None, place: Place, sure: int
) -> Iterator[Raise]:
    if not issubclass(cls, HTTPException) or issubclass(cls, Problem):
        yield Raise(cls, place, sure=sure)
        return
    if UNREAD in statuses or not statuses:
        yield Raise(cls, place, UNREAD, text, min(sure, POSSIBLE))
        return
    for status in statuses:
        yield Raise(cls, place, status, text, sure if len(statuses) == 1 else min(sure, LIKELY))


def _reach(
    caught: tuple[Raise, ...], types: tuple[type[BaseException], ...] | None, *, is_open: bool, fallible: bool
) -> int | None:
    """Return how sure it is that a handler is reached; `None` if it never is."""
    foreign = types is None or any(cls.__module__ == "builtins" or not _is_raised_by_hand(cls) for cls in types)
    if (foreign and fallible) or (types is None and caught):
        return CERTAIN if types is not None else LIKELY
    if caught:
        return max(POSSIBLE, *(raised.sure for raised in caught))
    return LIKELY if is_open else POSSIBLE if fallible else None


def _is_raised_by_hand(cls: type[BaseException]) -> bool:
    """Return whether only a `raise` in the application raises an exception, and neither Python nor a library."""
    return issubclass(cls, Problem)


def _own_jumps(statements: Iterable[ast.stmt]) -> Iterator[ast.AST]:
    """Yield the nodes of a loop's body, but not of the loops in it."""
    for statement in statements:
        if isinstance(statement, ast.For | ast.AsyncFor | ast.While | ast.FunctionDef | ast.AsyncFunctionDef):
            if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                yield from _own_jumps(statement.orelse)
            continue
        yield statement
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            inner: Any = getattr(statement, name, ())
            for part in inner:
                yield from _own_jumps([part] if isinstance(part, ast.stmt) else part.body)


def _module(name: str) -> Values:
    module = sys.modules.get(name)
    return () if module is None else (Known(module),)
