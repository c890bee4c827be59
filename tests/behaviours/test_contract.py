"""What is declared, documented and pointed at: a test for each promise, numbered as in our list of promises."""

from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, FastAPI, Header
from fastapi.testclient import TestClient
from openapi_spec_validator import validate
from pydantic import BaseModel

from problems import Conflict, Forbidden, NotFound, Registry, UnprocessableContent, raises
from problems.errors import DuplicateType
from problems.fastapi import add_problems, responses

BASE = "https://shop.example/problems/"


class ItemNotFound(NotFound, type="item-not-found", title="Item not found"):
    """No item has the requested id."""

    item_id: int


class OutOfStock(Conflict, type="out-of-stock", title="Out of stock"):
    """Fewer items are in stock than were ordered."""


class Sold(Conflict, type="sold", title="Sold"):
    """The item is sold."""


class Dog(BaseModel):
    """A member of a union."""

    barks: int


class Cat(BaseModel):
    """Another one."""

    purrs: int


@pytest.fixture
def app():
    """An application with one operation of each kind."""
    app = FastAPI(responses=responses(Forbidden))
    add_problems(app, Registry(ItemNotFound, OutOfStock, Sold, base=BASE))

    @raises(ItemNotFound)
    async def load(item_id: int) -> int:
        raise ItemNotFound(item_id=item_id)

    router = APIRouter(responses=responses(Sold))

    @router.get("/items/{item_id}", operation_id="getItem", responses=responses(OutOfStock))
    async def item(item: Annotated[int, Depends(load)]) -> None: ...

    @app.get("/status", operation_id="getStatus")
    async def status() -> None: ...

    @app.post("/pets", operation_id="addPet")
    @raises(UnprocessableContent)
    async def pet(pet: Dog | Cat, x_count: Annotated[int, Header()] = 1) -> None: ...

    app.include_router(router)
    return app


def statuses(app, path, method="get"):
    """Return the error statuses that the document has for an operation."""
    return sorted(it for it in app.openapi()["paths"][path][method]["responses"] if it > "400")


def test_01_raised_errors_are_documented(app):
    """
    The errors of the endpoint, of its dependencies, of its router and of the application.
    """
    assert ["403", "404", "409", "422"] == statuses(app, "/items/{item_id}")


def test_02_no_422_without_input(app):
    """
    An operation that takes nothing cannot be called wrongly.
    """
    assert ["403"] == statuses(app, "/status")


def test_02_the_422_is_ours(app):
    """
    FastAPI's own shape is gone from the document.
    """
    schemas = app.openapi()["components"]["schemas"]

    assert {"HTTPValidationError", "ValidationError"}.isdisjoint(schemas)
    assert "ValidationProblem" in schemas


def test_06_several_types_under_one_status(app):
    """
    A union of both, distinguished by `type`; no error replaces another.
    """
    union = app.openapi()["components"]["schemas"]["GetItem409Problem"]

    assert {f"{BASE}out-of-stock", f"{BASE}sold"} == union["discriminator"]["mapping"].keys()


def test_07_one_media_type(app):
    """
    Each problem is documented as problem+json and nothing else, in a document that is valid.
    """
    document = app.openapi()
    validate(document)
    kinds = {kind for it in document["components"]["responses"].values() for kind in it["content"]}

    assert {"application/problem+json"} == kinds


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        pytest.param({"barks": "loud"}, {"#/barks", "#/purrs"}, id="union"),
        pytest.param([], {"#"}, id="not an object"),
    ],
)
def test_27_a_location_is_a_path(app, body, pointers):
    """
    Names of classes and functions are not part of a pointer.
    """
    errors = TestClient(app).post("/pets", json=body).json()["errors"]

    assert pointers == {error["pointer"] for error in errors}


def test_27_a_parameter_has_a_name(app):
    """
    What is not in the body is named, and where it is.
    """
    [error] = TestClient(app).post("/pets", json={"barks": 1}, headers={"x-count": "many"}).json()["errors"]

    assert ("header", "x-count") == (error["in"], error["parameter"])


def test_35_two_classes_with_one_uri_are_refused():
    """
    The message names both.
    """
    twin = type("Twin", (Conflict,), {}, type="sold", title="Twin")

    with pytest.raises(DuplicateType, match=r"Sold and .*Twin"):
        Registry(Sold, twin, base=BASE)


def test_35_the_document_is_the_same_each_time(app):
    """
    Byte for byte, and in one order.
    """
    once, schemas = str(app.openapi()), list(app.openapi()["components"]["schemas"])
    app.openapi_schema = None

    assert (once, schemas) == (str(app.openapi()), sorted(schemas))
