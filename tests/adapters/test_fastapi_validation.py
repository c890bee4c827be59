"""What FastAPI says of an invalid request, and the bodies that are hard to read."""

import json
import math
from typing import Annotated

import pytest
from fastapi import Body, FastAPI, Form, Header, Query
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, BaseModel, Field, SecretStr
from starlette.testclient import TestClient

from problems import Policy, Registry, ValidationProblem
from problems.fastapi import add_problems

PROBLEM = "application/problem+json"


def refuse(value):
    raise ValueError(f"bad otp {value}")


class Order(BaseModel):
    amount: Annotated[float, Field(ge=1)]
    note: str = ""
    password: SecretStr = SecretStr("")
    otp: Annotated[str, AfterValidator(refuse)] | None = None


def application(policy=Policy(), registry=None):
    app = FastAPI()

    @app.post("/orders")
    def order(order: Order): ...

    @app.get("/orders")
    def orders(limit: Annotated[int, Query(ge=1)] = 1, x_page: Annotated[int, Header()] = 1): ...

    @app.post("/forms")
    def form(amount: Annotated[int, Form()]): ...

    @app.post("/bytes")
    def raw(body: Annotated[list[str], Body()]): ...

    add_problems(app, registry, policy=policy)
    return app


def client(policy=Policy(), registry=None):
    return TestClient(application(policy, registry), raise_server_exceptions=False)


def refuse_constant(name):
    raise AssertionError(f"{name} is not JSON")


def strict(response):
    return json.loads(response.content.decode("utf-8"), parse_constant=refuse_constant)


class TestErrors:
    @pytest.mark.parametrize(
        ("send", "where"),
        [
            pytest.param(
                lambda c: c.post("/orders", json={"amount": 0}),
                {"code": "greater_than_equal", "pointer": "#/amount", "context": {"ge": 1.0}},
                id="body",
            ),
            pytest.param(
                lambda c: c.post("/orders", json={}), {"code": "missing", "pointer": "#/amount"}, id="missing member"
            ),
            pytest.param(lambda c: c.post("/orders"), {"code": "missing", "pointer": "#"}, id="missing body"),
            pytest.param(
                lambda c: c.get("/orders?limit=x"),
                {"code": "int_parsing", "in": "query", "parameter": "limit"},
                id="query",
            ),
            pytest.param(
                lambda c: c.get("/orders", headers={"x-page": "x"}),
                {"code": "int_parsing", "in": "header", "parameter": "x-page"},
                id="header",
            ),
            pytest.param(
                lambda c: c.post("/forms", data={"amount": "x"}),
                {"code": "int_parsing", "pointer": "#/amount"},
                id="form",
            ),
            pytest.param(
                lambda c: c.post("/orders", content=b"{", headers={"content-type": "application/json"}),
                {"code": "json_invalid", "pointer": "#", "context": {"offset": 1}},
                id="no JSON",
            ),
        ],
    )
    def test_tells_where(self, send, where):
        """
        A rejected input is reported by pointer or parameter, code and message, without its value.
        """
        response = send(client())
        (error,) = response.json()["errors"]

        assert (422, {**where, "detail": error["detail"]}) == (response.status_code, error)

    def test_its_type_is_below_the_base(self):
        """
        The type of an invalid request is `validation-problem` in a registry with a base.
        """
        response = client(registry=Registry(base="https://shop.example/problems/")).post("/orders", json={})

        assert "https://shop.example/problems/validation-problem" == response.json()["type"]

    def test_a_registered_class_is_used(self):
        """
        A validation problem of the application replaces the default one.
        """

        class Invalid(ValidationProblem, type="invalid", title="Invalid request", status=400):
            """A declared type."""

        response = client(registry=Registry(Invalid, base="https://shop.example/")).post("/orders", json={})

        assert (400, "Invalid request") == (response.status_code, response.json()["title"])

    def test_many_errors_are_cut(self):
        """
        No more than fifty inputs are listed; the answer says that there are more.
        """
        body = client().post("/bytes", json=[1] * 60).json()

        assert (50, True) == (len(body["errors"]), body["truncated"])

    def test_truncated_is_absent_where_nothing_is_cut(self):
        """
        `truncated` is a member only where it is true.
        """
        assert "truncated" not in client().post("/orders", json={}).json()


class TestStatus:
    def test_on_the_wire(self):
        """
        `Policy(validation_status=400)` is the status of the response and of the document.
        """
        response = client(Policy(validation_status=400)).post("/orders", json={})

        assert (400, 400, "Bad Request") == (response.status_code, response.json()["status"], response.json()["title"])

    def test_in_the_document(self):
        """
        It moves the response in OpenAPI too.
        """
        paths = application(Policy(validation_status=400)).openapi()["paths"]

        assert {"200", "400"} == set(paths["/orders"]["post"]["responses"])

    def test_with_a_registered_class(self):
        """
        It holds for a validation problem of the application's own.
        """

        class Invalid(ValidationProblem, type="invalid", title="Invalid request"):
            """A declared type."""

        registry = Registry(Invalid, base="https://shop.example/")
        response = client(Policy(validation_status=400), registry).post("/orders", json={})

        assert (400, 400, "Invalid request") == (
            response.status_code,
            response.json()["status"],
            response.json()["title"],
        )


class TestInputs:
    BODY = {"amount": 0, "password": 5, "note": "hunter2"}  # noqa: RUF012 - never changed

    def test_are_not_told(self):
        """
        By default no rejected value is in the answer.
        """
        assert "input" not in client().post("/orders", json=self.BODY).json()["errors"][0]

    def test_are_told_if_asked_for_but_secrets_are_masked(self):
        """
        With `include_inputs` values are sent, `SecretStr` values masked.
        """
        asking = client(Policy(include_inputs=True))
        first, errors = (asking.post("/orders", json=self.BODY).json()["errors"] for _ in range(2))

        assert first == errors
        assert {"#/amount": 0, "#/password": "**********"} == {it["pointer"]: it["input"] for it in errors}

    def test_are_not_to_be_sniffed(self):
        """
        An answer with what the client sent is not taken for a page by old browsers.
        """
        response = client(Policy(include_inputs=True)).post("/orders", json=self.BODY)

        assert "nosniff" == response.headers["x-content-type-options"]

    def test_further_names_are_masked(self):
        """
        `masked` names what else is secret.
        """
        policy = Policy(include_inputs=True, masked={"amount"})
        errors = client(policy).post("/orders", json={"amount": 0}).json()["errors"]

        assert "**********" == errors[0]["input"]

    @pytest.mark.parametrize(
        ("policy", "reported"),
        [
            pytest.param(Policy(), False, id="by default"),
            pytest.param(Policy(include_inputs=True), True, id="with inputs"),
            pytest.param(Policy(include_inputs=True, hide_custom_messages=True), False, id="hidden"),
        ],
    )
    def test_messages_of_validators(self, policy, reported):
        """
        The message of a validator may repeat the input, and is sent only if inputs are.
        """
        response = client(policy).post("/orders", json={"amount": 1, "otp": "1234"})

        assert (422, reported) == (response.status_code, "1234" in response.json()["errors"][0]["detail"])


class TestBadRequestIsNoCrash:
    @pytest.mark.parametrize("path", ["/orders", "/bytes"])
    @pytest.mark.parametrize("kind", ["application/json", "text/plain", None])
    @pytest.mark.parametrize(
        "body",
        [
            pytest.param(b'{"amount": NaN}', id="NaN"),
            pytest.param(b'{"amount": -Infinity}', id="Infinity"),
            pytest.param(b'{"amount": "\\ud800"}', id="lone surrogate"),
            pytest.param(b'{"\\ud800": 1}', id="lone surrogate in a name"),
            pytest.param(b'{"amount": "\xff"}', id="no UTF-8"),
            pytest.param(b"\x00\xff\xfe", id="binary"),
            pytest.param(b'{"amount": ' + b"9" * 5000 + b"}", id="endless number"),
            pytest.param(b'{"note": ' + b"9" * 5000 + b"}", id="endless number elsewhere"),
            pytest.param(b"[" * 20_000 + b"]" * 20_000, id="endless nesting"),
            pytest.param(b'{"amount": 1, "otp": "1"}', id="ValueError in a validator"),
            pytest.param(b'{"amount": ', id="truncated"),
            pytest.param(b"", id="empty"),
            pytest.param(b"null", id="null"),
            pytest.param(b'{"amount": 0, "note": "' + b"x" * 100_000 + b'"}', id="long"),
        ],
    )
    def test_answers_4xx_in_strict_json(self, body, kind, path):
        """
        Whatever the body, the answer is a 4xx problem in strict UTF-8 JSON.
        """
        headers = {"content-type": kind} if kind else {}
        response = client(Policy(include_inputs=True)).post(path, content=body, headers=headers)

        assert (True, PROBLEM, response.status_code) == (
            400 <= response.status_code < 500,
            response.headers["content-type"],
            strict(response)["status"],
        )

    @pytest.mark.parametrize(
        "raised",
        [
            pytest.param([{"type": "x", "loc": ("body",), "msg": "m", "input": math.nan}], id="NaN"),
            pytest.param([{"type": "x", "loc": ("body",), "msg": "m", "ctx": {"error": ValueError("x")}}], id="ctx"),
            pytest.param(["a text"], id="a text"),
            pytest.param("a text", id="no list"),
            pytest.param(None, id="nothing"),
        ],
    )
    def test_errors_of_the_applications_own(self, raised):
        """
        An application that raises FastAPI's exception with whatever it has still answers 422.
        """
        app = FastAPI()

        @app.get("/")
        def endpoint():
            raise RequestValidationError(raised)

        add_problems(app)

        assert 422 == TestClient(app, raise_server_exceptions=False).get("/").status_code
