"""
Which problem types a function can raise, as its author declares it.

A declaration is written on the function and read by introspection; nothing is wrapped, nothing runs later.
Knows no framework.
"""

from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

from problems.errors import AbstractProblem, SetupError
from problems.exceptions import Problem

__all__ = ["declared", "raises"]

F = TypeVar("F", bound=Callable[..., object])

_ATTRIBUTE: Final = "__problems__"


def raises(*types: type[Problem]) -> Callable[[F], F]:
    """
    Declare the problem types that a function can raise.

    For endpoints, WebSocket endpoints, dependencies of every form, and middleware classes. The
    function itself stays as it is; declarations add up:

    >>> from problems import Conflict, NotFound
    >>> @raises(NotFound)
    ... @raises(Conflict)
    ... def load(item_id: int) -> str: ...
    >>> [cls.__name__ for cls in declared(load)]
    ['NotFound', 'Conflict']

    Raises:
        AbstractProblem: One of *types* is a base: what is documented has a status.
        SetupError: What is decorated cannot hold a declaration.
    """
    for cls in types:
        if cls.problem_declaration.abstract:
            raise AbstractProblem(cls.__qualname__, "declared with `@raises`")

    def declare(function: F) -> F:
        own: tuple[type[Problem], ...] = getattr(function, "__dict__", {}).get(_ATTRIBUTE, ())
        try:
            setattr(function, _ATTRIBUTE, tuple(dict.fromkeys((*types, *own))))
        except (AttributeError, TypeError):
            raise SetupError(
                f"`@raises` cannot mark {function!r}, which takes no attributes. "
                f"Decorate the function or the class it comes from."
            ) from None
        return function

    return declare


def declared(call: object) -> tuple[type[Problem], ...]:
    """Return what is declared on a function, class, instance, method or partial, and on what it calls."""
    found = dict.fromkeys(getattr(call, _ATTRIBUTE, ()))
    if isinstance(call, partial):
        found |= dict.fromkeys(declared(call.func))
    elif isinstance(call, type):
        found |= dict.fromkeys(getattr(vars(call).get("__init__"), _ATTRIBUTE, ()))
    else:
        found |= dict.fromkeys(getattr(type(call).__call__, _ATTRIBUTE, ()))
    return tuple(found)
