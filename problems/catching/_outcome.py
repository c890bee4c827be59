"""
What became of a request, as a value: for those who match instead of catching.

Knows no client library; the type checker knows every case.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeVar, overload

from problems.catching._responses import Response, content_of, terms_of
from problems.declaring.problem import Problem
from problems.errors import SetupError, need
from problems.registry import Registry

__all__ = ["Undeclared", "outcome"]

A = TypeVar("A", bound=Problem)
B = TypeVar("B", bound=Problem)
C = TypeVar("C", bound=Problem)
D = TypeVar("D", bound=Problem)
E = TypeVar("E", bound=Problem)
F = TypeVar("F", bound=Problem)
G = TypeVar("G", bound=Problem)
H = TypeVar("H", bound=Problem)

_BY_NAME: Final = "A registry is given by its name: `outcome(response, ItemNotFound, registry=…)`."


@dataclass(frozen=True, slots=True)
class Undeclared:
    """
    An error response that is none of the problem types that were asked for.

    Attributes:
        problem: What it is: the class of its type if the registry has one, else the class of its status.
    """

    problem: Problem


@overload
def outcome(response: Response, a: type[A], /, *, registry: Registry | None = None) -> A | Undeclared | None: ...
@overload
def outcome(
    response: Response, a: type[A], b: type[B], /, *, registry: Registry | None = None
) -> A | B | Undeclared | None: ...
@overload
def outcome(
    response: Response, a: type[A], b: type[B], c: type[C], /, *, registry: Registry | None = None
) -> A | B | C | Undeclared | None: ...
@overload
def outcome(
    response: Response, a: type[A], b: type[B], c: type[C], d: type[D], /, *, registry: Registry | None = None
) -> A | B | C | D | Undeclared | None: ...
@overload
def outcome(
    response: Response,
    a: type[A],
    b: type[B],
    c: type[C],
    d: type[D],
    e: type[E],
    /,
    *,
    registry: Registry | None = None,
) -> A | B | C | D | E | Undeclared | None: ...
@overload
def outcome(
    response: Response,
    a: type[A],
    b: type[B],
    c: type[C],
    d: type[D],
    e: type[E],
    f: type[F],
    /,
    *,
    registry: Registry | None = None,
) -> A | B | C | D | E | F | Undeclared | None: ...
@overload
def outcome(
    response: Response,
    a: type[A],
    b: type[B],
    c: type[C],
    d: type[D],
    e: type[E],
    f: type[F],
    g: type[G],
    /,
    *,
    registry: Registry | None = None,
) -> A | B | C | D | E | F | G | Undeclared | None: ...
@overload
def outcome(
    response: Response,
    a: type[A],
    b: type[B],
    c: type[C],
    d: type[D],
    e: type[E],
    f: type[F],
    g: type[G],
    h: type[H],
    /,
    *,
    registry: Registry | None = None,
) -> A | B | C | D | E | F | G | H | Undeclared | None: ...
def outcome(response: Response, /, *types: type[Problem], registry: Registry | None = None) -> Any:
    """
    Return the problem that an error response tells of, nothing if it is no error.

    >>> import httpx2
    >>> from problems import NotFound
    >>> class Sold(NotFound, type="https://shop.example/problems/sold", title="Sold"):
    ...     item_id: int
    >>> told = {"type": "https://shop.example/problems/sold", "item_id": 7}
    >>> media_type = {"Content-Type": "application/problem+json"}
    >>> response = httpx2.Response(404, json=told, headers=media_type)
    >>> match outcome(response, Sold):
    ...     case Sold() as problem:
    ...         print("sold:", problem.item_id)
    ...     case Undeclared(problem):
    ...         print("something else:", problem)
    ...     case None:
    ...         print("found")
    sold: 7

    Args:
        response: A response that has been read, of a client that does not raise problems itself.
        types: One to eight problem types; an occurrence of a subclass is one of its base.
        registry: The problem types that are known and their base URI; by default *types*, whose URIs are absolute.

    Returns:
        An instance of one of *types*; any other error as `Undeclared`; `None` for a response that is no error.

    Raises:
        SetupError: The response is not read yet, or one of *types* is no class.
        InvalidRegistry: One of *types* has a relative type URI, and there is no registry.
    """
    for cls in types:
        need(cls, type, "problem class", _BY_NAME)
    if response.status_code < 400:
        return None
    content = content_of(response)
    if content is None:
        raise SetupError("The response is not read yet. Read it first, or do not stream it.")
    known = registry if registry is not None else _registry_of(types)
    terms = terms_of(known)
    document, reason = terms.read(content, response.headers.get("content-type"))
    problem = terms.revive(response, document, reason)
    return problem if isinstance(problem, types) else Undeclared(problem)


@lru_cache(maxsize=256)
def _registry_of(types: tuple[type[Problem], ...]) -> Registry:
    return Registry(*types)
