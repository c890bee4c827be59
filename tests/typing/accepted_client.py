"""What every type checker must accept of clients."""

from datetime import timedelta
from typing import assert_never, assert_type

import httpx
import httpx2
import requests

import problems.requests
from problems import Conflict, NotFound, Problem, ReceivedProblem, Registry
from problems.catching import Dialect, translating
from problems.httpx import (
    Undeclared,
    async_problem_hook,
    outcome,
    problem_from,
    problem_hook,
    raise_for_problem,
    raise_problems,
    retry_after,
)


class ItemNotFound(NotFound, type="item-not-found", title="Item not found"):
    """No item has the requested id."""

    item_id: int


class OutOfStock(Conflict, type="out-of-stock", title="Out of stock"):
    """Fewer items are in stock than were ordered."""

    available: int


registry = Registry(ItemNotFound, OutOfStock, base="https://shop.example/problems/")

assert_type(raise_problems(httpx2.Client(), registry), httpx2.Client)
assert_type(raise_problems(httpx2.AsyncClient(), registry), httpx2.AsyncClient)
assert_type(raise_problems(httpx.Client(), registry, every_error=False), httpx.Client)
assert_type(raise_problems(httpx.AsyncClient(), registry, dialect=Dialect(nested=("error",))), httpx.AsyncClient)
assert_type(problems.requests.raise_problems(requests.Session(), registry), requests.Session)
assert_type(raise_problems(httpx2.Client(), registry, ignore={404}), httpx2.Client)


@translating({ItemNotFound: lambda problem: OutOfStock(available=0), OutOfStock: OutOfStock})
def translated(item_id: int) -> str:
    """Keep the signature of a decorated function."""
    return str(item_id)


assert_type(translated(7), str)


class ShopClient(httpx2.Client):
    """A user-defined client."""


assert_type(raise_problems(ShopClient(), registry), ShopClient)

httpx2.Client(event_hooks={"response": [problem_hook(registry)]})
httpx.AsyncClient(event_hooks={"response": [async_problem_hook(registry)]})


def catching(client: httpx2.Client) -> int:
    """Catch the declared class: its members are typed."""
    try:
        response = raise_for_problem(client.get("/items/7"), registry)
    except ItemNotFound as problem:
        assert_type(retry_after(problem), timedelta | None)
        return problem.item_id + 1
    except Problem as problem:
        if isinstance(problem, ReceivedProblem) and problem.response is not None:
            return problem.response.status_code
        raise
    assert_type(response, httpx2.Response)
    return response.status_code


def asking(response: httpx.Response) -> str | None:
    """Ask for the problem."""
    problem = problem_from(response, registry, why=print)
    return problem.detail if problem is not None else None


def matching(response: httpx2.Response) -> str:
    """Match every case: a checker knows that there is no other."""
    found = outcome(response, ItemNotFound, OutOfStock, registry=registry)
    match found:
        case ItemNotFound():
            return f"no item {found.item_id + 1}"
        case OutOfStock():
            return f"only {found.available + 1}"
        case Undeclared():
            return str(found.problem)
        case None:
            return "ordered"
        case _:
            assert_never(found)


def matching_requests(response: requests.Response) -> int | None:
    """Match the response of another library."""
    found = problems.requests.outcome(response, ItemNotFound, registry=registry)
    if isinstance(found, ItemNotFound):
        return found.item_id
    return found.problem.status if found is not None else None
