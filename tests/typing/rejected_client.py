"""What every type checker must reject of clients: the lines marked so, and no other."""

from typing import assert_never

import httpx2

from problems import Conflict, NotFound, Registry
from problems.httpx import Undeclared, outcome, raise_for_problem, raise_problems


class ItemNotFound(NotFound, type="item-not-found", title="Item not found"):
    """No item has the requested id."""

    item_id: int


class OutOfStock(Conflict, type="out-of-stock", title="Out of stock"):
    """Fewer items are in stock than were ordered."""

    available: int


registry = Registry(ItemNotFound, OutOfStock, base="https://shop.example/problems/")

raise_problems(httpx2.Client())  # error: the registry is missing
raise_problems(3, registry)  # error: no client
raise_problems(httpx2.Client(), registry, False)  # error: an option is named
raise_problems(httpx2.Client(), registry, every=True)  # error: misspelt
raise_for_problem(3, registry)  # error: no response
raise_for_problem(httpx2.Response(404), [ItemNotFound])  # error: no registry
outcome(httpx2.Response(404), int)  # error: no problem type
outcome(httpx2.Response(404))  # error: no type at all


def catching(client: httpx2.Client) -> str:
    """Catch the declared class: its members are typed."""
    try:
        client.get("/items/7")
    except ItemNotFound as problem:
        return problem.item_id  # error: a number is not a text
    return ""


def matching(response: httpx2.Response) -> str:
    """Forget a case."""
    found = outcome(response, ItemNotFound, OutOfStock, registry=registry)
    match found:
        case ItemNotFound():
            return "not found"
        case Undeclared():
            return "something else"
        case None:
            return "ordered"
        case _:
            assert_never(found)  # error: out of stock
