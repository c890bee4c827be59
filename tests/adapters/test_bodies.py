"""`read_body`: a request body in plain Starlette."""

from collections.abc import Callable
from typing import Annotated

import pytest
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from problems import Policy, Registry
from problems.starlette import add_problems, read_body

PROBLEM = "application/problem+json"


class Order(BaseModel):
    model_config = ConfigDict(strict=True)

    amount: Annotated[int, Field(ge=1)]
    tags: list[str] = []


class Form(BaseModel):
    amount: int
    tags: list[str] = []


class Strings(BaseModel):
    call: Callable[[], int] | None = None
    maybe: list[str] | None = None
    either: str | list[str] = ""
    named: Annotated[list[str], Field(alias="name")] = []


class Tree(BaseModel):
    tags: set[str] = set()
    child: "Tree | None" = None


class Tagged(BaseModel):
    tags: list[str]


class Noted(BaseModel):
    tags: str
    note: str


def client(model, policy=Policy(), *, with_problems=True):
    async def endpoint(request):
        return JSONResponse(TypeAdapter(object).dump_python(await read_body(request, model), mode="json"))

    app = Starlette(routes=[Route("/", endpoint, methods=["POST"])])
    if with_problems:
        add_problems(app, Registry(base="https://shop.example/"), policy=policy)
    return TestClient(app, raise_server_exceptions=False)


@pytest.mark.parametrize("model", [Order, TypeAdapter(Order)], ids=["a model", "an adapter"])
def test_a_body_that_fits(model):
    """
    A body is returned as what it is described to be.
    """
    assert {"amount": 2, "tags": ["a"]} == client(model).post("/", json={"amount": 2, "tags": ["a"]}).json()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param({"amount": "2", "tags": "a"}, {"amount": 2, "tags": ["a"]}, id="once"),
        pytest.param({"amount": "2", "tags": ["a", "b"]}, {"amount": 2, "tags": ["a", "b"]}, id="several times"),
    ],
)
def test_a_form_that_fits(data, expected):
    """
    A form counts as the object that its model describes: what is an array there is one.
    """
    assert expected == client(Form).post("/", data=data).json()


@pytest.mark.parametrize(
    ("model", "data", "expected"),
    [
        pytest.param(Strings, {"maybe": ["a", "b"]}, {"maybe": ["a", "b"]}, id="an array or nothing"),
        pytest.param(Strings, {"maybe": "a"}, {"maybe": ["a"]}, id="an array of one"),
        pytest.param(Strings, {"either": "a"}, {"either": "a"}, id="a text or an array"),
        pytest.param(Strings, {"either": ["a", "b"]}, {"either": ["a", "b"]}, id="several texts"),
        pytest.param(Strings, {"name": ["a", "b"]}, {"named": ["a", "b"]}, id="an alias"),
        pytest.param(Tree, {"tags": ["a"]}, {"tags": ["a"]}, id="a model that refers to itself"),
        pytest.param(Tagged | Noted, {"tags": ["a", "b"]}, {"tags": ["a", "b"]}, id="several models, the first"),
        pytest.param(Tagged | Noted, {"tags": "a", "note": "b"}, {"tags": "a", "note": "b"}, id="the second"),
    ],
)
def test_an_array_in_a_form(model, data, expected):
    """
    An array is found behind references, choices and aliases.
    """
    told = client(model).post("/", data=data).json()

    assert expected == {name: told[name] for name in expected}


def test_a_model_is_described_once():
    """
    How a form of a model is read is found out with the first request.
    """
    asked = []

    class Counted(Form):
        @classmethod
        def __get_pydantic_json_schema__(cls, schema, handler):
            asked.append(schema)
            return handler(schema)

    one = client(Counted)

    assert ([200, 200], 1) == ([one.post("/", data={"amount": "1"}).status_code for _ in range(2)], len(asked))


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        pytest.param(b'{"amount": 0}', "greater_than_equal", "#/amount", id="a value"),
        pytest.param(b"{}", "missing", "#/amount", id="a missing member"),
        pytest.param(b'{"amount": 1, "tags": ["a", 2]}', "string_type", "#/tags/1", id="an item"),
        pytest.param(b"", "missing", "#", id="no body"),
        pytest.param(b'{"amount": ', "json_invalid", "#", id="truncated"),
        pytest.param(b'{"amount": NaN}', "json_invalid", "#", id="NaN"),
        pytest.param(b'{"amount": "\\ud800"}', "json_invalid", "#", id="lone surrogate"),
        pytest.param(b"\xff\xfe", "json_invalid", "#", id="no UTF-8"),
        pytest.param(b"9" * 5000, "json_invalid", "#", id="endless number"),
        pytest.param(b"[" * 20_000, "json_invalid", "#", id="endless nesting"),
        pytest.param(b"[1]", "model_type", "#", id="no object"),
    ],
)
@pytest.mark.parametrize("status", [422, 400])
def test_a_body_that_does_not_fit(body, code, pointer, status):
    """
    It is a validation problem that reports places and causes, with the status of the policy.
    """
    response = client(Order, Policy(validation_status=status)).post(
        "/", content=body, headers={"content-type": "application/json"}
    )
    (error,) = response.json()["errors"]

    assert (status, PROBLEM, "https://shop.example/validation-problem", code, pointer) == (
        response.status_code,
        response.headers["content-type"],
        response.json()["type"],
        error["code"],
        error["pointer"],
    )


def test_inputs_are_not_told():
    """
    The answer contains no part of the body.
    """
    assert "hunter2" not in client(Order).post("/", json={"amount": "hunter2"}).text


def test_another_media_type_is_refused():
    """
    A body that is neither JSON nor a form is a 415 that lists the supported types.
    """
    response = client(Order).post("/", content=b"<a/>", headers={"content-type": "application/xml"})

    assert (415, "application/json") == (response.status_code, response.headers["accept"])


def test_without_problems_it_is_an_http_exception():
    """
    In an application without problems Starlette answers with the status.
    """
    assert 422 == client(Order, with_problems=False).post("/", json={}).status_code
