"""`Policy(legacy_detail=…)`: the `detail` that FastAPI sends, besides everything else of a problem."""

import json
import logging
from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
from fastapi import Body, FastAPI, HTTPException, Query, WebSocket
from fastapi.sse import EventSourceResponse
from httpx2 import Response
from hypothesis import given, settings
from hypothesis import strategies as st
from openapi_spec_validator import validate
from pydantic import BaseModel, SecretStr, field_validator
from starlette.applications import Starlette
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.routing import Route
from starlette.testclient import TestClient, WebSocketDenialResponse

from problems import XML, Conflict, Gone, NotFound, Policy, Registry, Texts, raises
from problems.errors import SetupError
from problems.fastapi import add_problems
from problems.httpx import problem_from
from problems.starlette import add_problems as add_problems_to_starlette
from problems.streams import stream_problems
from problems.testing import assert_contract


class OutOfStock(Conflict, type="out-of-stock", title="Out of stock", detail="{available} left."):
    """Fewer items are in stock than were ordered."""

    available: int


class Silent(Gone, type="silent", title="Silent"):
    """A problem without a text."""


class Order(BaseModel):
    amount: int
    card: SecretStr
    name: str = "a"

    @field_validator("name")
    @classmethod
    def check(cls, name: str) -> str:
        if name != "a":
            raise ValueError(f"{name} is taken")
        return name


registry = Registry(OutOfStock, Silent, base="https://shop.example/problems/")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(codec="utf-8")),
    lambda it: st.lists(it, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), it, max_size=4),
    max_leaves=12,
)


def made(policy: Policy | None = None, raised: Exception | type[Exception] = KeyError) -> FastAPI:
    """Return an application that raises an exception, with problems if there is a policy."""
    app = FastAPI()
    if policy is not None:
        add_problems(app, registry, policy=policy)

    @app.api_route("/raise", methods=["GET"])
    def fails() -> None:
        raise raised

    @app.post("/orders")
    def order(order: Annotated[Order, Body()], page: Annotated[int, Query()] = 1) -> None: ...

    return app


def answered(app: Any, method: str = "GET", path: str = "/raise", **options: Any) -> Any:
    return TestClient(app, raise_server_exceptions=False).request(method, path, **options)


async def asynchronous(facts: Any) -> bool:
    """Choose nothing: a policy is decided without waiting."""
    return False


ALWAYS = Policy(legacy_detail=True)


class TestHTTPException:
    @settings(max_examples=100, deadline=None)
    @given(detail=JSON, status=st.sampled_from([400, 401, 404, 409, 418, 422, 499]))
    def test_any_value(self, detail, status):
        """
        The `detail` is what FastAPI sends, and the rest is a problem.
        """
        error = HTTPException(status, detail)
        usual = answered(made(raised=error)).json()["detail"]
        response = answered(made(ALWAYS, error))

        assert (status, usual) == (response.status_code, response.json()["detail"])
        assert {"type", "title", "status", "instance"} <= response.json().keys()

    @pytest.mark.parametrize("status", [500, 503])
    def test_hidden(self, status):
        """
        What a server says of itself stays hidden, unless the policy exposes it.
        """
        error = HTTPException(status, {"password": "hunter2"})
        shown = answered(made(Policy(legacy_detail=True, expose_server_detail=True), error))

        assert "hunter2" not in answered(made(ALWAYS, error)).text
        assert {"password": "hunter2"} == shown.json()["detail"]

    @pytest.mark.parametrize(
        ("method", "path", "phrase"),
        [
            pytest.param("GET", "/nowhere", "Not Found", id="no route"),
            pytest.param("PUT", "/orders", "Method Not Allowed", id="no method"),
        ],
    )
    def test_of_the_router(self, method, path, phrase):
        """
        The router's own errors have the phrase.
        """
        assert phrase == answered(made(ALWAYS), method, path).json()["detail"]

    def test_in_a_group(self):
        """
        The exception in a group that is answered has its value.
        """
        group = ExceptionGroup("", [HTTPException(400, ["a"])])

        assert ["a"] == answered(made(ALWAYS, group)).json()["detail"]

    def test_in_starlette(self):
        """
        An application of Starlette can have clients that read it too.
        """

        async def fails(request):
            raise StarletteHTTPException(400, {"code": 7})  # type: ignore[arg-type]  # Starlette takes anything

        app = Starlette(routes=[Route("/raise", fails)])
        add_problems_to_starlette(app, registry, policy=ALWAYS)

        assert {"code": 7} == answered(app).json()["detail"]


class TestOthers:
    @pytest.mark.parametrize(
        ("raised", "expected"),
        [
            pytest.param(OutOfStock(available=2), "2 left.", id="a text"),
            pytest.param(Silent(), "Gone", id="no text"),
            pytest.param(NotFound("No such page."), "No such page.", id="ready-made"),
        ],
    )
    def test_a_declared_problem(self, raised, expected):
        """
        A declared problem has its text, and the phrase if it has none.
        """
        assert expected == answered(made(ALWAYS, raised)).json()["detail"]

    def test_a_crash(self):
        """
        A crash has no `detail`.
        """
        assert "detail" not in answered(made(ALWAYS, KeyError("secret"))).json()

    def test_head(self):
        """
        A response to HEAD has the length of the document.
        """
        app = made(ALWAYS)

        @app.head("/head")
        @app.get("/head")
        def fails() -> None:
            raise HTTPException(400, ["a"])

        got, head = answered(app, "GET", "/head"), answered(app, "HEAD", "/head")

        assert (b"", got.headers["content-length"]) == (head.content, head.headers["content-length"])


class TestInvalid:
    @settings(max_examples=50, deadline=None)
    @given(body=JSON, page=st.sampled_from(["x", "1", ""]))
    def test_any_body(self, body, page):
        """
        The `detail` of an invalid request is FastAPI's list, without inputs and contexts.
        """
        usual = answered(made(), "POST", f"/orders?page={page}", json=body)
        response = answered(made(ALWAYS), "POST", f"/orders?page={page}", json=body)
        if usual.status_code == 200:
            assert 200 == response.status_code
            return
        places = [(it["type"], it["loc"]) for it in usual.json()["detail"]]

        assert places == [(it["type"], it["loc"]) for it in response.json()["detail"]]
        assert all({"type", "loc", "msg"} == it.keys() for it in response.json()["detail"])
        assert len(response.json()["errors"]) == len(places)

    def test_the_message(self):
        """
        The message is pydantic's.
        """
        usual = answered(made(), "POST", "/orders", json={}).json()["detail"]
        response = answered(made(ALWAYS), "POST", "/orders", json={})

        assert [it["msg"] for it in usual] == [it["msg"] for it in response.json()["detail"]]

    @pytest.mark.parametrize(
        ("policy", "secret"),
        [
            pytest.param(
                Policy(legacy_detail=True, include_inputs=True), '"hunter2"', id="inputs are in `errors` only"
            ),
            pytest.param(Policy(legacy_detail=True, hide_custom_messages=True), "kilroy", id="messages of validators"),
        ],
    )
    def test_hidden(self, policy, secret):
        """
        Inputs, contexts and hidden messages are not in the list.
        """
        body = {"amount": "hunter2", "card": "4711", "name": "kilroy"}
        response = answered(made(policy), "POST", "/orders", json=body)

        assert secret not in json.dumps(response.json()["detail"])

    def test_another_status(self):
        """
        `validation_status` changes the status only.
        """
        response = answered(made(Policy(legacy_detail=True, validation_status=400)), "POST", "/orders", json={})

        assert (400, ["body", "amount"]) == (response.status_code, response.json()["detail"][0]["loc"])


class TestByRequest:
    @pytest.mark.parametrize(
        ("choose", "headers", "detail", "vary"),
        [
            pytest.param(
                lambda facts: facts.header(b"x-client") == "old", {"x-client": "old"}, ["a"], "x-client", id="old"
            ),
            pytest.param(lambda facts: facts.header(b"x-client") == "old", {}, "Bad Request", "x-client", id="new"),
            pytest.param(
                lambda facts: facts.header(b"X-Client") == "old", {"x-client": "old"}, ["a"], "x-client", id="its case"
            ),
            pytest.param(lambda facts: facts.path.startswith("/r"), {}, ["a"], None, id="path"),
            pytest.param(lambda facts: facts.method == "POST", {}, "Bad Request", None, id="method"),
            pytest.param(lambda facts: any(facts.headers), {}, ["a"], "*", id="all headers"),
            pytest.param(
                lambda facts: facts.header(b"a") or facts.header(b"b") or facts.header(b"a") or True,
                {},
                ["a"],
                "a, b",
                id="several headers",
            ),
        ],
    )
    def test_it_chooses(self, choose, headers, detail, vary):
        """
        A function of the request chooses, and the header fields that it reads are in `Vary`.
        """
        response = answered(made(Policy(legacy_detail=choose), HTTPException(400, ["a"])), headers=headers)

        assert (detail, vary) == (response.json()["detail"], response.headers.get("vary"))

    def test_with_other_choices(self):
        """
        What else the response varies by stays, an exception's own `Vary` too.
        """
        policy = Policy(
            legacy_detail=lambda facts: bool(facts.header(b"x-old")), texts=Texts({"de": {}}), representations=(XML,)
        )
        response = answered(made(policy, HTTPException(400, ["a"], {"Vary": "Origin"})))

        assert {"origin", "accept", "accept-language", "x-old"} == set(response.headers["vary"].lower().split(", "))

    @pytest.mark.expects_failure
    def test_it_fails(self, caplog):
        """
        A function that fails is logged, and the problem sent with its own `detail`.
        """
        response = answered(made(Policy(legacy_detail=lambda facts: 1 / 0), HTTPException(400, ["a"])))

        assert "Bad Request" == response.json()["detail"]
        assert "`Policy(legacy_detail=…)` failed" in caplog.text

    @pytest.mark.parametrize("value", ["yes", 1, None, asynchronous], ids=["text", "number", "none", "async function"])
    def test_what_cannot_be(self, value):
        """
        Anything but a switch or a function raises an error.
        """
        with pytest.raises(SetupError, match="legacy_detail"):
            Policy(legacy_detail=value)


class TestElsewhere:
    def test_another_representation(self):
        """
        In XML and HTML a `detail` is a text.
        """
        app = made(Policy(legacy_detail=True, representations=(XML,)), HTTPException(400, {"code": 7}))
        response = answered(app, headers={"accept": "application/problem+xml"})

        assert "<detail>Bad Request</detail>" in response.text

    def test_a_stream(self):
        """
        The problem at the end of a stream has it too.
        """
        app = made(ALWAYS)

        @app.get("/stream", response_class=EventSourceResponse)
        @stream_problems
        async def stream() -> AsyncIterator[int]:
            yield 1
            raise HTTPException(400, ["a"])

        last = answered(app, path="/stream").text.strip().splitlines()[-1]

        assert ["a"] == json.loads(last.removeprefix("data: "))["detail"]

    @pytest.mark.parametrize("accepted", [False, True], ids=["denied", "open"])
    def test_a_socket(self, accepted):
        """
        The denial of a WebSocket, and the frame before its end, have it.
        """
        app = made(Policy(legacy_detail=True, problem_frames=True))

        @app.websocket("/socket")
        async def socket(websocket: WebSocket) -> None:
            if accepted:
                await websocket.accept()
            raise HTTPException(400, {"code": 7})

        if accepted:
            with TestClient(app).websocket_connect("/socket") as session:
                document = json.loads(session.receive_text())
        else:
            with pytest.raises(WebSocketDenialResponse) as denied, TestClient(app).websocket_connect("/socket"):
                pass
            document = denied.value.json()

        assert {"code": 7} == document["detail"]

    def test_the_client(self):
        """
        The client of this package reads such a response as a problem without a `detail`.
        """
        sent = answered(made(ALWAYS), "POST", "/orders", json={})
        response = Response(sent.status_code, headers=dict(sent.headers), content=sent.content)
        problem = problem_from(response, registry)

        assert ["#/amount", "#/card"] == [it.pointer for it in problem.errors]
        assert "Field required" not in problem.detail

    def test_the_log(self, caplog):
        """
        The log record has the text.
        """
        caplog.set_level(logging.INFO, "problems")
        answered(made(ALWAYS, HTTPException(400, {"message": "The name is in use."})))

        assert "The name is in use." in caplog.text


class TestDocument:
    @pytest.mark.parametrize("version", ["3.1.0", "3.0.3"])
    @pytest.mark.parametrize("chosen", [True, lambda facts: bool(facts.header(b"x-old"))], ids=["always", "sometimes"])
    @pytest.mark.parametrize("narrow", [False, True], ids=["shared", "narrow"])
    def test_it_is_true(self, chosen, version, narrow):
        """
        The document describes what is sent.
        """
        app = made(Policy(legacy_detail=chosen, validation_schemas=narrow), HTTPException(404, ["a"]))
        app.openapi_version = version
        app.get("/not-found")(raises(NotFound)(app.routes[-2].endpoint))
        validate(app.openapi())
        if version == "3.1.0":
            old = {"headers": {"x-old": "1"}}
            requests = [("GET", "/not-found"), ("POST", "/orders", {"json": {}})]
            requests += [(method, path, {**next(iter(options), {}), **old}) for method, path, *options in requests]
            del app.router.routes[-3]  # it raises what it does not declare
            app.openapi_schema = None
            with suppress_unprovoked():
                assert_contract(TestClient(app), requests)

    def test_its_schema(self):
        """
        With a function, `detail` is a text or the list.
        """
        document = made(Policy(legacy_detail=lambda facts: True)).openapi()
        detail = document["components"]["schemas"]["ValidationProblem"]["properties"]["detail"]

        assert ["string", "array"] == [it["type"] for it in detail["anyOf"]]


class suppress_unprovoked:  # noqa: N801 - reads as `contextlib.suppress`
    """Allow what the requests of a test do not provoke."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: object, traceback: object) -> bool:
        return isinstance(error, AssertionError) and all("not provoked" in line for line in str(error).splitlines())
