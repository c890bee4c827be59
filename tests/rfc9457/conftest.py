"""What the tests of the clauses share: a vocabulary, an application that answers, a way to read documents."""

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from problems import Conflict, NotFound, Problem, Registry
from problems.fastapi import add_problems
from problems.httpx import problem_from


class OutOfStock(Conflict, type="out-of-stock", title="Out of stock", detail="Only {available} are left."):
    """Fewer items are in stock than were ordered."""

    available: int


class ItemNotFound(NotFound, type="item-not-found", title="Item not found"):
    """No item has the requested id."""

    item_id: int


REGISTRY = Registry(OutOfStock, ItemNotFound, base="https://shop.example/problems/")


@pytest.fixture
def registry() -> Registry:
    """Return the vocabulary of a shop."""
    return REGISTRY


@pytest.fixture
def out_of_stock() -> type[OutOfStock]:
    """Return a problem type with a template and a member."""
    return OutOfStock


@pytest.fixture
def item_not_found() -> type[ItemNotFound]:
    """Return a problem type with a member."""
    return ItemNotFound


@pytest.fixture
def answered() -> Callable[..., httpx2.Response]:
    """Return a function that raises an exception in an endpoint, and gives back the response."""

    def respond(exc: Exception, *, registry: Registry = REGISTRY, method: str = "GET", **headers: str) -> Any:
        app = FastAPI()
        add_problems(app, registry)

        @app.api_route("/items/7", methods=["GET", "HEAD", "POST"])
        async def fail() -> None:
            raise exc

        client = TestClient(app, raise_server_exceptions=False)
        return client.request(method, "/items/7", headers={name.replace("_", "-"): it for name, it in headers.items()})

    return respond


@pytest.fixture
def read() -> Callable[..., Problem | None]:
    """Return a function that reads a document as a client does, without raising."""

    def problem(document: object, *, status: int = 404, url: str = "https://api.example.org/foo/bar/123") -> Any:
        content = document if isinstance(document, bytes) else json.dumps(document).encode()
        response = httpx2.Response(
            status,
            headers={"content-type": "application/problem+json"},
            content=content,
            request=httpx2.Request("GET", url),
        )
        return problem_from(response, REGISTRY)

    return problem
