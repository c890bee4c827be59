"""Problems that an endpoint returns instead of raising: a 500 whose exception names endpoint and mistake."""

from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict
from starlette.testclient import TestClient

from problems import NotFound, Registry, raises
from problems.errors import ReturnedProblem, SetupError
from problems.fastapi import add_problems, responses


class ItemNotFound(NotFound, type="item-not-found", title="Item not found"):
    """No item has the requested id."""

    item_id: int


class Item(BaseModel):
    """A model whose members the problem has too."""

    item_id: int


class Anything(BaseModel):
    value: Any


@dataclass
class Box:
    value: Any


def alone() -> Any:
    return ItemNotFound(item_id=7)


def ready_made() -> Any:
    return NotFound()


def the_class() -> Any:
    return ItemNotFound


def in_a_list() -> Any:
    return [1, ItemNotFound(item_id=7)]


def in_a_dictionary() -> Any:
    return {"error": ItemNotFound(item_id=7)}


def nested() -> Any:
    return {"errors": [{"first": (ItemNotFound(item_id=7),)}]}


def in_a_model() -> Any:
    return Anything(value=ItemNotFound(item_id=7))


def in_a_dataclass() -> Any:
    return Box(ItemNotFound(item_id=7))


def in_a_generator() -> Any:
    return (it for it in [ItemNotFound(item_id=7)])


def in_a_response() -> Any:
    return JSONResponse({"error": ItemNotFound(item_id=7)})


RETURNS = (
    alone,
    ready_made,
    the_class,
    in_a_list,
    in_a_dictionary,
    nested,
    in_a_model,
    in_a_dataclass,
    in_a_generator,
    in_a_response,
)


def made() -> FastAPI:
    app = FastAPI()
    add_problems(app, Registry(ItemNotFound, base="https://shop.example/problems/"))
    return app


def assert_refused(app: FastAPI, name: str, problem: str = "ItemNotFound") -> None:
    """Check that the client is sent a 500, and that what operators see names endpoint, class and mistake."""
    response = TestClient(app, raise_server_exceptions=False).get("/x")
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whichever of three libraries refuses it
        TestClient(app).get("/x")
    shown = "\n".join([str(caught.value), *caught.value.__notes__])

    assert (500, "application/problem+json") == (response.status_code, response.headers["content-type"])
    assert "item_id" not in response.text
    assert f"{problem} was returned, not raised, by GET /x ({name}). Write `raise {problem}(…)`." in shown


class TestReturned:
    @pytest.mark.parametrize("options", [{}, {"response_model": None}], ids=["annotated as any", "without a model"])
    @pytest.mark.parametrize("endpoint", RETURNS, ids=lambda it: it.__name__)
    def test_whatever_it_is_in(self, endpoint, options):
        """
        A returned problem is a 500, whatever it is in.
        """
        app = made()
        app.get("/x", **options)(endpoint)

        assert_refused(app, endpoint.__name__, "NotFound" if endpoint is ready_made else "ItemNotFound")

    @pytest.mark.parametrize(
        ("model", "value"),
        [
            pytest.param(Item, ItemNotFound(item_id=7), id="alone"),
            pytest.param(Item | None, ItemNotFound(item_id=7), id="in a union"),
            pytest.param(list[Item], [Item(item_id=1), ItemNotFound(item_id=7)], id="in a list"),
            pytest.param(dict[str, Item], {"a": ItemNotFound(item_id=7)}, id="in a dictionary"),
            pytest.param(tuple[Item, int], (ItemNotFound(item_id=7), 1), id="in a tuple"),
            pytest.param(str, ItemNotFound(item_id=7), id="where a text was expected"),
        ],
    )
    def test_with_a_response_model(self, model, value):
        """
        A model that has the members of the problem does not make a success of it.
        """
        app = made()

        @app.get("/x", response_model=model)
        async def read():
            return value

        assert_refused(app, "TestReturned.test_with_a_response_model.<locals>.read")

    def test_on_an_included_router(self):
        """
        So it is on routers that are included, before and after.
        """
        app, router = made(), APIRouter()

        @router.get("/x", response_model=Item)
        def read():
            return ItemNotFound(item_id=7)

        app.include_router(router)

        assert_refused(app, "TestReturned.test_on_an_included_router.<locals>.read")

    def test_of_a_dependency(self):
        """
        A dependency may return a problem on purpose; what the endpoint makes of it counts.
        """
        app = made()

        def previous() -> Any:
            return ItemNotFound(item_id=7)

        @app.get("/x")
        def read(found: Annotated[Any, Depends(previous)]):
            return {"item_id": found.item_id}

        assert {"item_id": 7} == TestClient(app).get("/x").json()

    def test_jsonable_encoder(self):
        """
        FastAPI's encoder refuses problems, and leaves other exceptions alone.
        """
        assert {} == jsonable_encoder(KeyError("a"))
        with pytest.raises(ReturnedProblem, match="ItemNotFound was returned, not raised"):
            jsonable_encoder(ItemNotFound(item_id=7))

    @settings(max_examples=50, deadline=None)
    @given(st.recursive(st.integers() | st.text(), lambda it: st.lists(it) | st.dictionaries(st.text(), it)))
    def test_successes_stay(self, value):
        """
        Values without a problem are sent as they were.
        """
        app = made()
        app.get("/x", response_model=None)(lambda: value)
        app.get("/y")(lambda: Anything(value=value))

        assert value == TestClient(app).get("/x").json()


class TestAsAModel:
    @pytest.mark.parametrize(
        "register",
        [
            pytest.param(lambda: FastAPI().get("/x", response_model=ItemNotFound), id="response_model"),
            pytest.param(lambda: FastAPI().get("/x", response_model=list[ItemNotFound]), id="in a list"),
            pytest.param(lambda: FastAPI().get("/x", response_model=Item | ItemNotFound), id="in a union"),
            pytest.param(lambda: FastAPI().get("/x", responses={404: {"model": ItemNotFound}}), id="responses"),
            pytest.param(lambda: FastAPI().get("/x", responses={"4XX": {"model": ItemNotFound}}), id="a range"),
            pytest.param(lambda: APIRouter(responses={404: {"model": NotFound}}).get("/x"), id="router"),
        ],
    )
    def test_it_shows_the_way(self, register):
        """
        A problem class in the place of a model raises an error with the lines to write.
        """
        with pytest.raises(SetupError, match=r"is an exception, not a model.*responses\(.*@raises\("):
            register()(lambda: None)

    def test_arbitrary_types(self):
        """
        A model that allows arbitrary types can hold a problem.
        """

        class Outcome(BaseModel):
            model_config = ConfigDict(arbitrary_types_allowed=True)

            problem: ItemNotFound

        problem = ItemNotFound(item_id=7)

        assert problem is Outcome(problem=problem).problem


def test_declarations_are_no_models():
    """
    `responses(…)` and `@raises` stay the way to declare.
    """
    app = made()
    app.get("/x", responses=responses(ItemNotFound))(raises(ItemNotFound)(lambda: None))

    assert "404" in app.openapi()["paths"]["/x"]["get"]["responses"]
