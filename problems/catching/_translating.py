"""
Translation of received problems to the application's own.

Does not import client libraries: a received problem is an exception like any other.
"""

import functools
import inspect
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Final, TypeVar, cast

from problems._wire.text import briefly
from problems.declaring._definition import definition_of
from problems.declaring._raises import is_problem, raises
from problems.declaring._received import ReceivedProblem
from problems.declaring.problem import Problem
from problems.errors import SetupError

__all__ = ["translating"]

F = TypeVar("F", bound=Callable[..., object])
Target = type[Problem] | Callable[[Any], Problem]  # the class of the key, which no annotation can name

_LINE: Final = "Write `translating({Theirs: Mine, Other: lambda problem: Mine(item_id=problem.item_id)})`."


class translating:  # noqa: N801 - used like a function, as `contextlib.suppress`
    """
    Raise received problems as the application's own problems; a context manager and a decorator.

    Works with sync and async code. The most derived matching class wins. A target class receives the members that
    both classes declare; a target function receives the problem and returns the problem to raise. The application's
    own problems, and received problems that the table does not name, are not changed.

    >>> from problems import NotFound, Registry
    >>> class TheirItem(NotFound, type="https://stock.example/missing", title="Missing"):
    ...     item_id: int
    >>> class ItemNotFound(NotFound, type="item-not-found", title="Item not found", detail="No item {item_id}."):
    ...     item_id: int
    >>> stock = Registry(TheirItem)
    >>> try:
    ...     with translating({TheirItem: ItemNotFound}):
    ...         raise stock.revive_document({"type": "https://stock.example/missing", "item_id": 7}, status=404)
    ... except ItemNotFound as problem:
    ...     print(problem)
    404 Item not found: No item 7.

    As a decorator it declares the target classes, as `@raises` does: `check` and OpenAPI see them. A function
    declares the class in its return annotation, if it has one.

    Attributes:
        table: The classes to translate, each with its target.
        problem_types: The classes that can be raised, if they are known without calling a function.

    Args:
        table: The classes to translate, each with its target.

    Raises:
        SetupError: A key is not a problem class, a target is neither a problem class nor a function, or a target has a
            required member that the received class does not declare.
        AbstractProblem: A target is a base.
    """

    def __init__(self, table: Mapping[type[Problem] | type[ReceivedProblem], Target]) -> None:
        given = cast("object", table)
        if not isinstance(given, Mapping):
            raise SetupError(f"`translating` needs a mapping of problem classes; got {briefly(given)}. {_LINE}")
        for theirs, target in table.items():
            _check(theirs, target)
        self.table: dict[type[Problem | ReceivedProblem], Target] = dict(table)
        self.problem_types: tuple[type[Problem], ...] = tuple(dict.fromkeys(_types_of(table.values())))
        raises(*self.problem_types)  # raises an error for abstract bases

    def __call__(self, function: F) -> F:
        """Return *function* with its received problems translated."""
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise SetupError(
                f"`@translating` cannot decorate the generator {function.__qualname__}. "
                f"Write `with translating(…):` in it."
            )

        @functools.wraps(function)
        def call(*args: object, **kwargs: object) -> object:
            with self:
                return function(*args, **kwargs)

        @functools.wraps(function)
        async def call_async(*args: object, **kwargs: object) -> object:
            with self:
                return await cast("Callable[..., Awaitable[object]]", function)(*args, **kwargs)

        wrapped = call_async if inspect.iscoroutinefunction(function) else call
        return cast("F", raises(*self.problem_types)(wrapped))

    def __enter__(self) -> None:
        """Start translating raised problems."""

    def __exit__(
        self, cls: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Raise the translated problem, from the received one."""
        target = self._target(type(error)) if isinstance(error, ReceivedProblem) else None
        if target is not None:
            raise _translated(cast("Problem", error), target) from error

    async def __aenter__(self) -> None:
        """Do the same for `async with`."""

    async def __aexit__(
        self, cls: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Do the same for `async with`."""
        self.__exit__(cls, error, traceback)

    def _target(self, cls: type) -> Target | None:
        targets = (self.table.get(base) for base in cls.__mro__ if base is not ReceivedProblem)
        return next((target for target in targets if target is not None), self.table.get(ReceivedProblem))


def _check(theirs: object, target: object) -> None:
    shown = briefly(theirs)
    if not (isinstance(theirs, type) and issubclass(theirs, Problem | ReceivedProblem)):
        raise SetupError(f"`translating` needs problem classes as keys; got {shown}. {_LINE}")
    if not callable(target):
        raise SetupError(f"`translating` needs a problem class or a function as target; got {briefly(target)}. {_LINE}")
    if not is_problem(target):
        return
    fields = definition_of(target).body.model_fields
    known = definition_of(theirs).declaration.members if is_problem(theirs) else frozenset[str]()
    missing = [name for name, field in fields.items() if field.is_required() and name not in known]
    if missing:
        raise SetupError(
            f"{target.__qualname__} needs the member {missing[0]!r}, which {theirs.__qualname__} does not declare. "
            f"Write a function: `{theirs.__name__}: lambda problem: {target.__name__}({missing[0]}=…)`."
        )


def _types_of(targets: Iterable[Target]) -> Iterator[type[Problem]]:
    for target in targets:
        if is_problem(target):
            yield target
        elif is_problem(returned := getattr(target, "__annotations__", {}).get("return")):
            yield returned


def _translated(error: Problem, target: Target) -> Problem:
    if not is_problem(target):
        problem: object = cast("Callable[[Problem], object]", target)(error)
        if not isinstance(problem, Problem) or isinstance(problem, ReceivedProblem):
            raise SetupError(f"A function of `translating` must return a problem of your own; got {briefly(problem)}.")
        return problem
    shared = definition_of(target).body.model_fields.keys() & vars(error).keys()
    return target(**{name: vars(error)[name] for name in shared})
