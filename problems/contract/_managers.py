"""
Effects of `with` on the exceptions of its block: some context managers swallow them, or raise others.

Reads the results of `__exit__`, and the exceptions that a generator catches at its `yield`.
"""

import ast
import inspect
import types
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from problems.catching._translating import translating
from problems.contract._expressions import Expressions
from problems.contract._sources import Function, own_nodes
from problems.contract._values import (
    LIKELY,
    POSSIBLE,
    SAFE,
    UNKNOWN,
    Arguments,
    Deferred,
    Instance,
    Known,
    LocalObject,
    Manager,
    Place,
    Raise,
    Stack,
    Suppress,
    Translating,
    Unknown,
    Value,
    Values,
    class_of_value,
    unique,
)
from problems.declaring.problem import Problem

__all__ = ["Managers"]

_HARMLESS: Final = frozenset(
    {*SAFE, "_io", "_thread", "io", "threading", "tempfile", "asyncio.locks", "asyncio.timeouts"}
)
"""Modules whose context managers do not swallow exceptions."""

Raises = tuple[Raise, ...]


class Managers(Expressions):
    """The `with` statements of one activation of a function."""

    @abstractmethod
    def block(self, statements: Sequence[ast.stmt]) -> bool:
        """Follow statements; return whether the statements after them are never reached."""

    @abstractmethod
    def _collected(self, follow: Callable[[], bool]) -> tuple[bool, Raises, bool, bool]:
        """Follow statements whose exceptions are caught."""

    def _with(self, items: Sequence[ast.withitem], body: Sequence[ast.stmt]) -> bool:
        if not items:
            return self.block(body)
        first, *others = items
        values = self.value(first.context_expr)
        if self.dead:
            return True
        entered = unique(raised for value in values for raised in self.enter(value))
        if first.optional_vars is not None:
            self.bind(first.optional_vars, entered or (UNKNOWN,))
        if self.dead:
            return True
        ended, raises, _, _ = self._collected(lambda: self._with(others, body))
        self.line = first.context_expr.lineno
        return self._leave(values, raises) and ended

    def guarded(self, manager: Value, body: Callable[[], Values]) -> Values:
        """Return the possible values of a body that runs inside a context manager."""
        self.enter(manager)
        values: Values = ()

        def follow() -> bool:
            nonlocal values
            values = body()
            return False

        _, raises, _, _ = self._collected(follow)
        if not self._leave((manager,), raises):
            self.dead = False
        return values

    def enter(self, value: Value) -> Values:
        """Return the values that `with` binds; exceptions of entering are recorded."""
        match value:
            case Manager():
                outcome = self.caller.run(Deferred(value.function, value.arguments, iterates=True))
                self.emit(outcome.raises)
                self.outcome.open |= outcome.open
                self.dead |= outcome.ends and not outcome.yields
                return tuple(outcome.yields)
            case Stack():
                return (value,)
            case Suppress() | Translating() | Known(translating()):
                return (Known(None),)
            case Unknown():
                return self.opened()
            case _:
                result = self.operate((value,), "__enter__")
                return (*result, *self.awaited(self.operate((value,), "__aenter__"))) or (value,)

    def _leave(self, values: Values, raises: Raises) -> bool:
        """Record the exceptions of a block that leave it; return whether all of them certainly do."""
        passed: dict[Raise, list[int]] = {}
        keeps_all = True
        for value in values:
            kept, extra, keeps = self._through(value, raises)
            keeps_all &= keeps
            self.emit(extra)
            for raised in kept:
                passed.setdefault(replace(raised, sure=POSSIBLE), []).append(raised.sure)
        for raised, levels in passed.items():
            sure = min(levels) if len(levels) >= len(values) else min(POSSIBLE, *levels)
            self.outcome.raises[replace(raised, sure=sure)] = None
        return keeps_all

    def _through(self, value: Value, raises: Raises) -> tuple[Raises, Raises, bool]:
        """Return the exceptions that pass a context manager, its own exceptions, and whether it never swallows any."""
        match value:
            case Suppress(types=types_):
                return (
                    tuple(exception for exception in raises if not issubclass(exception.exception, types_)),
                    (),
                    False,
                )
            case Translating(keys=keys, targets=targets):
                return raises, tuple(self._translated(keys, targets)), True
            case Known(translating(table=table)):
                return raises, tuple(self._translated(map(Known, table), map(Known, table.values()))), True
            case Manager():
                return self._through_generator(value, raises)
            case Stack(entered=entered):
                extra: list[Raise] = []
                keeps = True
                for manager in reversed(entered):
                    raises, more, kept = self._through(manager, raises)
                    extra, keeps = [*extra, *more], keeps and kept
                return raises, tuple(extra), keeps
            case Instance() | Known() | LocalObject():
                return self._through_class(value, raises)
            case _:
                return _doubtful(raises), (), False

    def _translated(self, keys: Iterable[Value], targets: Iterable[Value]) -> Iterator[Raise]:
        """Yield the problems that `translating` raises in the place of received ones."""
        received = tuple(Instance(key.obj) for key in keys if isinstance(key, Known) and isinstance(key.obj, type))
        place = Place(self.names.file, self.line, 0, self.names.function)
        for target in targets:
            instance = (target,) if _is_class(target) else self.calls((target,), Arguments((received or (UNKNOWN,),)))
            for value in instance:
                cls = value.obj if isinstance(value, Known) and isinstance(value.obj, type) else class_of_value(value)
                if issubclass(cls, Problem):
                    yield Raise(cls, place, sure=LIKELY)

    def _through_generator(self, value: Manager, raises: Raises) -> tuple[Raises, Raises, bool]:
        node = self.caller.tree(value.function)
        if node is None:
            return _doubtful(raises), (), False
        if not any(isinstance(raised, ast.Try | ast.TryStar | ast.With | ast.AsyncWith) for raised in ast.walk(node)):
            return raises, (), True
        outcome = self.caller.throw(value, raises)
        thrown = {replace(exception, sure=POSSIBLE) for exception in raises}
        kept = tuple(exception for exception in outcome.raises if replace(exception, sure=POSSIBLE) in thrown)
        extra = tuple(exception for exception in outcome.raises if replace(exception, sure=POSSIBLE) not in thrown)
        may_swallow = any(isinstance(raised, ast.ExceptHandler | ast.With | ast.AsyncWith) for raised in ast.walk(node))
        return kept, extra, not may_swallow

    def _through_class(self, value: Value, raises: Raises) -> tuple[Raises, Raises, bool]:
        cls = class_of_value(value)
        names = [name for name in ("__exit__", "__aexit__") if any(name in vars(base) for base in cls.__mro__)]
        if isinstance(value, LocalObject):
            return _doubtful(raises), (), False
        if not names:
            return _doubtful(raises), (), False
        written = inspect.getattr_static(cls, names[0])
        if not isinstance(written, types.FunctionType):
            harmless = not {cls.__module__, cls.__module__.partition(".")[0]}.isdisjoint(_HARMLESS)
            return raises if harmless else _doubtful(raises), (), harmless
        if not self.caller.is_own(written):
            keeps = _swallows_nothing(self.caller.tree(Known(written)))
            return raises if keeps else _doubtful(raises), (), keeps
        methods = self.caller.attribute(value, names[0])
        _, extra, _, _ = self._collected(lambda: bool(self._exit_values(methods)) and False)
        answers = self._answers
        if extra:
            return _doubtful(raises), extra, False
        if all(isinstance(answer, Known) and not answer.obj for answer in answers) and len(methods) == 1:
            return raises, (), True
        if (
            all(isinstance(answer, Known) and answer.obj is True for answer in answers)
            and answers
            and len(methods) == 1
        ):
            return (), (), False
        return _doubtful(raises), (), False

    _answers: Values = ()

    def _exit_values(self, methods: Values) -> Values:
        unknown: Values = (UNKNOWN,)
        self._answers = self.awaited(self.calls(methods, Arguments((unknown, unknown, unknown))))
        return self._answers


def _is_class(value: Value) -> bool:
    return isinstance(value, Known) and isinstance(value.obj, type)


def _doubtful(raises: Raises) -> Raises:
    """Return exceptions that something may swallow."""
    return tuple(exception if exception.sure <= POSSIBLE else replace(exception, sure=POSSIBLE) for exception in raises)


def _swallows_nothing(node: Function | None) -> bool:
    """Return whether the `__exit__` of a library never returns a true value, judging by its source."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    returned = [
        value.value for value in own_nodes(node.body) if isinstance(value, ast.Return) and value.value is not None
    ]
    return all(isinstance(value, ast.Constant) and not value.value for value in returned)
