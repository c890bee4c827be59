"""`Policy(validation_schemas=True)`: each operation documents which inputs can be rejected, and with which codes."""

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from fastapi import Body, Cookie, Depends, FastAPI, Form, Header, Query
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from pydantic import AfterValidator, BaseModel, Field, model_validator
from starlette.testclient import TestClient

from problems import Policy, Registry, UnprocessableContent, raises
from problems.fastapi import add_problems
from problems.openapi import InvalidInputs

registry = Registry(base="https://shop.example/problems/")


class Colour(Enum):
    RED = "red"


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: Annotated[int, Field(ge=1, le=9)]


class Dog(BaseModel):
    kind: Literal["dog"]
    name: Annotated[str, Field(min_length=1, max_length=5, pattern="^[a-z]+$")]


class Node(BaseModel):
    name: str
    children: list["Node"] = []


class Strict(BaseModel):
    model_config = {"extra": "forbid"}

    at: datetime | None = None


class Checked(BaseModel):
    low: int
    high: int

    @model_validator(mode="after")
    def ordered(self):
        if self.low > self.high:
            raise ValueError("The wrong way round.")
        return self


class Order(BaseModel):
    amount: Annotated[int, Field(gt=0, multiple_of=2)]
    price: Decimal
    colour: Colour = Colour.RED
    due: date | None = None
    id: UUID | int
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]
    tags: Annotated[set[str], Field(max_length=3)] = set()
    extra: dict[str, float] = {}
    pair: tuple[int, str] = (1, "a")
    tree: Node | None = None
    strict: Strict = Strict()
    checked: Checked | None = None
    even: Annotated[int, AfterValidator(lambda value: value)] = 2
    named: Annotated[str, Field(alias="theName")] = "x"


class Filters(BaseModel):
    limit: Annotated[int, Field(le=100)] = 10
    order: Literal["asc", "desc"] = "asc"


def page(page: Annotated[int, Query(ge=1)] = 1):
    return page


def made(version="3.1.0"):
    app = FastAPI(generate_unique_id_function=lambda route: route.name)
    app.openapi_version = version
    add_problems(app, registry, policy=Policy(validation_schemas=True))

    @app.post("/orders/{number}", dependencies=[Depends(page)])
    def place(
        number: int,
        order: Order,
        x_key: Annotated[UUID, Header()],
        ids: Annotated[list[int], Query()],
        session: Annotated[int, Cookie()] = 1,
    ): ...

    @app.get("/search")
    def search(filters: Annotated[Filters, Query()]): ...

    @app.post("/two")
    def two(first: Annotated[int, Body()], second: Node): ...

    @app.post("/form")
    def form(name: Annotated[str, Form(min_length=2)], age: Annotated[int, Form()]): ...

    @app.get("/rejected")
    @raises(Rejected)
    def rejected(q: int): ...

    return app


class Rejected(UnprocessableContent, type="rejected", title="Rejected"):
    """The shop does not want it."""


def entries(document, name):
    """Return the entries of an operation's 422: where, and the codes."""
    errors = document["components"]["schemas"][f"{name}ValidationProblem"]["properties"]["errors"]
    found = {}
    for entry in errors["items"]["anyOf"]:
        properties = entry["properties"]
        where = properties.get("pointer") or properties.get("parameter") or properties["in"]
        found[where.get("const") or where["pattern"]] = properties["code"].get("enum")
    return found


@pytest.fixture(scope="module")
def app():
    return made()


class TestDocument:
    @pytest.mark.parametrize("version", ["3.1.0", "3.0.3"])
    def test_it_is_valid(self, version):
        """
        The document is valid.
        """
        made_ = FastAPI()
        made_.openapi_version = version
        add_problems(made_, registry, policy=Policy(validation_schemas=True))

        @made_.post("/x/{x}")
        def create(x: int, node: Node): ...

        validate(made_.openapi())

    def test_it_is_off(self):
        """
        By default operations share one schema.
        """
        plain = FastAPI()
        add_problems(plain, registry)

        @plain.get("/x")
        def read(q: int): ...

        assert ["InvalidParam", "ValidationProblem"] == list(plain.openapi()["components"]["schemas"])

    def test_parameters(self, app):
        """
        A parameter has the codes of its type and its constraints, and `missing` if it is required.
        """
        found = entries(app.openapi(), "Place")

        assert ("missing" in found["ids"], "missing" in found["page"], "greater_than_equal" in found["page"]) == (
            True,
            False,
            True,
        )

    def test_a_model_of_parameters(self, app):
        """
        The fields of a model of parameters are parameters.
        """
        found = entries(app.openapi(), "Search")

        assert ("less_than_equal" in found["limit"], ["literal_error"]) == (True, found["order"])

    def test_pointers(self, app):
        """
        A member of the body has a pointer, an item of a list a pattern for it.
        """
        found = entries(app.openapi(), "Place")

        assert {"#", "#/amount", "#/pet/lives", "#/theName", "^#/tags/[^/]*$"} <= found.keys()

    def test_a_validator_of_ones_own(self, app):
        """
        The message of a user-defined validator is unknown.
        """
        found = entries(app.openapi(), "Place")

        assert (None, None) == (found["#/even"], found["#/checked"])

    def test_a_typed_422_beside(self, app):
        """
        A declared 422 is in the union with the 422 of the operation.
        """
        union = app.openapi()["components"]["schemas"]["Rejected422Problem"]

        assert ["Rejected", "RejectedValidationProblem"] == [it["$ref"].rpartition("/")[2] for it in union["oneOf"]]

    def test_the_shared_schema_is_gone(self, app):
        """
        A schema that no operation refers to any more is not written.
        """
        assert "ValidationProblem" not in app.openapi()["components"]["schemas"]

    def test_too_much_to_say(self):
        """
        An operation with very many inputs has the shared schema.
        """
        found = InvalidInputs()
        for number in range(101):
            found.add_pointer((str(number),), frozenset({"missing"}))

        assert found.items() is None


def check(app, path, template, response):
    """Fail unless a response is valid by the document."""
    assert response.status_code in (200, 400, 422)
    if response.status_code == 422:
        document = app.openapi()
        content = document["paths"][template]["post"]["responses"]["422"]["content"]["application/problem+json"]
        schema = {**content["schema"], "components": document["components"]}
        Draft202012Validator(schema).validate(response.json())


_JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text("ab/~1-"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "children", "a/b"]), inner),
    max_leaves=6,
)
_ORDER: Any = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("amount", "price", "colour", "due", "id", "tags", "extra", "pair", "even", "theName"), _JSON),
        "pet": _JSON
        | st.fixed_dictionaries(
            {"kind": st.sampled_from(["cat", "dog", "fish"])}, optional={"lives": _JSON, "name": _JSON}
        ),
        "tree": _JSON | st.fixed_dictionaries({"name": _JSON, "children": st.lists(_JSON, max_size=2)}),
        "strict": st.fixed_dictionaries({}, optional={"at": _JSON, "unknown": _JSON}),
        "checked": st.fixed_dictionaries({}, optional={"low": st.integers(), "high": st.integers()}),
    },
)

APP: Any = made()


@settings(max_examples=40)
@given(_JSON | _ORDER, st.text("0a-", max_size=3), st.lists(st.text("1x", max_size=2), max_size=2))
def test_what_is_sent_fits(body, text, ids):
    """
    Whatever is wrong with a request, the answer fits the schema of the operation.
    """
    client = TestClient(APP)
    response = client.post(
        f"/orders/{text or 'x'}",
        json=body,
        params={"page": text, "ids": ids},
        headers={"x-key": text, "cookie": f"session={text}"},
    )

    check(APP, "/orders/x", "/orders/{number}", response)


@settings(max_examples=20)
@given(_JSON | st.fixed_dictionaries({}, optional={"first": _JSON, "second": _JSON}))
def test_several_bodies(body):
    """
    Several body parameters are members of one body.
    """
    check(APP, "/two", "/two", TestClient(APP).post("/two", json=body))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'"text"', b"\xff", b'{"amount": NaN}'])
def test_bodies_that_are_no_orders(content):
    """
    So does a body that is not JSON, or empty.
    """
    response = TestClient(APP).post("/orders/1", content=content, headers={"content-type": "application/json"})

    check(APP, "/orders/1", "/orders/{number}", response)


@pytest.mark.parametrize("data", [{}, {"name": "x"}, {"name": "xy", "age": "old"}])
def test_forms(data):
    """
    And so does a form.
    """
    check(APP, "/form", "/form", TestClient(APP).post("/form", data=data))
