"""
The outcome of a request as a value, for `match` statements instead of `except` clauses.

Does not import a client library. Type checkers know every case.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeVar, overload

from problems.catching._responses import Response, content_of, need_response, terms_of
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

_BY_NAME: Final = "Pass a registry as a keyword argument: `outcome(response, ItemNotFound, registry=…)`."


@dataclass(frozen=True, slots=True)
class Undeclared:
    """
    An error response with none of the requested problem types.

    Attributes:
        problem: The error, as the class of its type if that is registered, otherwise as the class of its status.
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
    Return the problem in an error response, or `None` for any other response.

    >>> import httpx2
    >>> from problems import NotFound
    >>> class Sold(NotFound, type="https://shop.example/problems/sold", title="Sold"):
    ...     item_id: int
    >>> document = {"type": "https://shop.example/problems/sold", "item_id": 7}
    >>> media_type = {"Content-Type": "application/problem+json"}
    >>> response = httpx2.Response(404, json=document, headers=media_type)
    >>> match outcome(response, Sold):
    ...     case Sold() as problem:
    ...         print("sold:", problem.item_id)
    ...     case Undeclared(problem):
    ...         print("something else:", problem)
    ...     case None:
    ...         print("found")
    sold: 7

    Args:
        response: A response that has been read, from a client that does not raise problems itself.
        types: One to eight problem types; an instance of a subclass matches its base.
        registry: The known problem types and their base URI; by default *types*, whose URIs are absolute.

    Returns:
        An instance of one of *types*; `Undeclared` for any other error; `None` for a response that is not an error.

    Raises:
        SetupError: The response has not been read, or one of *types* is not a class.
        InvalidRegistry: One of *types* has a relative type URI, and *registry* is missing.
    """
    need_response(response, "outcome", "ItemNotFound")
    for cls in types:
        need(cls, type, "problem class", _BY_NAME)
    if response.status_code < 400:
        return None
    content = content_of(response)
    if content is None:
        raise SetupError("The response has not been read. Read it first, or do not stream it.")
    known = registry if registry is not None else _registry_of(types)
    terms = terms_of(known)
    document, reason = terms.read(content, response.headers.get("content-type"))
    problem = terms.revive(response, document, reason)
    return problem if isinstance(problem, types) else Undeclared(problem)


@lru_cache(maxsize=256)
def _registry_of(types: tuple[type[Problem], ...]) -> Registry:
    return Registry(*types)
