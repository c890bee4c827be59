"""
The decorator `raises`: the problem types that a function can raise.

A declaration is an attribute of the function, read by introspection. The function is not wrapped.
Knows no framework.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from types import UnionType
from typing import Final, TypeGuard, TypeVar, cast, get_args

from problems._wire.status import PHRASES
from problems._wire.text import briefly
from problems.declaring._definition import definition_of
from problems.declaring.problem import Problem
from problems.errors import AbstractProblem, SetupError

__all__ = ["check_types", "declared", "is_problem", "raises", "spelled"]

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
        SetupError: One of *types* is not a problem class, or the decorated object cannot hold a declaration.
    """
    check_types(types, "@raises")

    def declare(function: F) -> F:
        # What a class hands out for a static or class method is the function in it.
        holder = getattr(function, "__func__", function)
        own: tuple[type[Problem], ...] = getattr(holder, "__dict__", {}).get(_ATTRIBUTE, ())
        try:
            setattr(holder, _ATTRIBUTE, tuple(dict.fromkeys((*types, *own))))
        except (AttributeError, TypeError):
            raise SetupError(
                f"`@raises` cannot mark {briefly(function)}, which takes no attributes. "
                f"Decorate the function or the class it comes from."
            ) from None
        return function

    return declare


def is_problem(cls: object) -> TypeGuard[type[Problem]]:
    """Return whether something is a problem class."""
    return isinstance(cls, type) and issubclass(cls, Problem)


def spelled(given: object) -> str:
    """
    Return the names of the problem classes that were probably meant, for a message about *given*.

    >>> spelled(409), spelled("ItemNotFound"), spelled([404, 409]), spelled(7)
    ('Conflict', 'ItemNotFound', 'NotFound, Conflict', 'NotFound')
    """
    if isinstance(given, list | tuple | set | frozenset | UnionType):
        items = cast("Iterable[object]", get_args(given) if isinstance(given, UnionType) else given)
        return ", ".join(dict.fromkeys(map(spelled, items))) or "NotFound"
    name = given if isinstance(given, str) and given[:1].isupper() else None
    if isinstance(given, Problem) or is_problem(given):
        name = (given if is_problem(given) else type(given)).__name__
    elif isinstance(given, int):
        name = "".join(PHRASES.get(given, "").split())  # the ready-made classes are called so
    return name if isinstance(name, str) and name.isidentifier() else "NotFound"


def check_types(types: Iterable[object], use: str) -> None:
    """
    Raise if one of *types* cannot be declared.

    Args:
        types: What was given.
        use: The name of the function or decorator that received them, for the message.

    Raises:
        AbstractProblem: One of *types* is a base.
        SetupError: One of *types* is not a problem class.
    """
    for cls in types:
        if not is_problem(cls):
            raise SetupError(f"`{use}` takes problem classes; got {briefly(cls)}. Write `{use}({spelled(cls)})`.")
        if definition_of(cls).declaration.abstract:
            raise AbstractProblem(cls.__qualname__, f"declared with `{use}`")


def declared(call: object) -> tuple[type[Problem], ...]:
    """
    Return the types declared on a function, class, instance, method or partial, and on the wrapped function.

    A subclass has the declarations of its bases, an instance the declarations of its class.
    """
    return tuple(dict.fromkeys(_declared(call)))


def _declared(call: object) -> Iterator[type[Problem]]:
    yield from getattr(call, "__dict__", {}).get(_ATTRIBUTE, ())
    cls = call if isinstance(call, type) else type(call)
    for base in cls.__mro__:
        yield from vars(base).get(_ATTRIBUTE, ())
    if isinstance(call, partial):
        yield from _declared(call.func)
    elif isinstance(call, type):
        yield from getattr(getattr(call, "__init__"), _ATTRIBUTE, ())  # noqa: B009 - mypy takes it for an instance's `__init__`
        yield from getattr(call.__new__, _ATTRIBUTE, ())
    else:
        yield from getattr(getattr(cls, "__call__", None), _ATTRIBUTE, ())  # noqa: B004 - what a call to it runs
