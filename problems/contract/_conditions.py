"""
What a condition names, and whether a value is true.

Pure functions on syntax and values.
"""

import ast
from collections.abc import Iterable

from problems.contract._values import Known, Local, Unknown, Value

__all__ = ["agreed", "is_none", "names_tested", "truth"]


def names_tested(test: ast.expr) -> frozenset[str]:
    """Return the names that a condition asks about themselves, and not about something that they lead to."""
    match test:
        case ast.Name(id=name):
            return frozenset({name})
        case ast.UnaryOp(operand=inner):
            return names_tested(inner)
        case ast.BoolOp(values=parts):
            return frozenset[str]().union(*map(names_tested, parts))
        case ast.Compare(left=left, comparators=others):
            return frozenset[str]().union(*map(names_tested, (left, *others)))
        case _:
            return frozenset()


def truth(value: Value) -> bool | None:
    """Return whether a value is true; `None` if that is not known."""
    match value:
        case Known(obj) if obj is None or isinstance(obj, bool | int | str | float):
            return bool(obj)
        case Known(obj) if isinstance(obj, type) or callable(obj):
            return True
        case Local():
            return True
        case _:
            return None


def is_none(value: Value) -> bool | None:
    """Return whether a value is `None`; `None` if that is not known."""
    match value:
        case Known(obj):
            return obj is None
        case Unknown():
            return None
        case _:
            return False


def agreed(answers: Iterable[bool | None]) -> bool | None:
    """Return the one answer that all answers are; `None` if they differ."""
    result = set(answers)
    return result.pop() if len(result) == 1 else None
