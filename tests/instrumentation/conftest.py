"""An application that fails in each way that operators distinguish."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel

from problems import NotFound, Policy, Registry, ServiceUnavailable
from problems.fastapi import add_problems

collect_ignore = ["sentry_events.py"]  # a program, without doctests


class ItemNotFound(NotFound, type="item-not-found", title="Item not found"):
    item_id: int


class Maintenance(ServiceUnavailable, type="maintenance", title="Under maintenance"):
    """The shop is closed."""


class Speechless(NotFound):
    """A problem with a mistake in it."""

    def __str__(self):
        return self.missing


class Order(BaseModel):
    amount: int


REGISTRY = Registry(ItemNotFound, Maintenance, base="https://shop.example/problems/")


def make_app(policy=Policy(), **options):
    app = FastAPI(**options)

    @app.get("/items/{item_id}")
    async def item(item_id: int):
        raise ItemNotFound(item_id=item_id)

    @app.post("/orders")
    async def order(order: Order):
        return order

    @app.get("/maintenance")
    async def maintenance():
        raise Maintenance from ConnectionError("no database")

    @app.get("/speechless")
    async def speechless():
        raise Speechless

    @app.get("/crash")
    async def crash():
        raise RuntimeError("secret")

    add_problems(app, REGISTRY, policy=policy)
    return app


@pytest.fixture
def client():
    """Return a factory of clients for an application with a policy."""

    def make(policy=Policy(), **options):
        return TestClient(make_app(policy, **options), raise_server_exceptions=False)

    return make
