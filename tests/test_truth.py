"""`assert_contract`: declared = documented = sent = revived, on an example and on generated applications."""

import re
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Annotated, Any

import fastapi.routing
import pytest
from fastapi import APIRouter, Body, Depends, FastAPI, HTTPException
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from hypothesis import given, settings
from hypothesis import strategies as st
from openapi_spec_validator import validate
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from problems import BadRequest, Conflict, Forbidden, Gone, NotFound, Registry, TooManyRequests, raises
from problems.contract import check
from problems.declaring._definition import definition_of
from problems.fastapi import add_problems, responses
from problems.openapi._examples import example_document
from problems.starlette import add_problems as add_problems_to_starlette
from problems.testing import assert_contract
from shop.models import Order
from shop.server import create_app

BASE = "https://shop.example/problems/"


class Lost(NotFound, type="lost", title="Lost"):
    item_id: int


class Full(Conflict, type="full", title="Full"):
    """It is full."""


class Slow(TooManyRequests, type="slow", title="Slow down"):
    """Slow down."""


registry = Registry(Lost, Full, Slow, base=BASE)


@raises(Full)
async def full(request):
    raise Full


def made(of=registry):
    app = FastAPI()
    add_problems(app, of)
    return app


def shop():
    """Return an application that keeps its contract, and what makes it send its problems."""
    app = made()

    @raises(Lost)
    def load(item_id: int):
        if item_id == 0:
            raise Lost(item_id=item_id)
        return item_id

    @app.post("/items/{item_id}")
    @raises(Full, Slow)
    def order(item_id: Annotated[int, Depends(load)], amount: Annotated[int, Body()]):
        if amount > 10:
            raise Full
        if amount < 0:
            raise Slow(retry_after=3)

    return app, [
        ("POST", "/items/0", {"json": 1}),
        ("POST", "/items/1", {"json": 11}),
        ("POST", "/items/1", {"json": -1}),
        ("POST", "/items/x", {"json": 1}),
        ("POST", "/items/1", {"content": b"\xff", "headers": {"content-type": "application/json"}}),
        ("POST", "/items/1", {"json": 1}),
    ]


class TestKept:
    def test_it_passes(self):
        """
        An application that keeps its contract passes.
        """
        app, provocations = shop()

        assert_contract(TestClient(app), provocations)

    def test_unprovoked(self):
        """
        What need not be provoked can be named.
        """
        app, provocations = shop()

        assert_contract(TestClient(app), provocations[:4], unprovoked=[BadRequest])

    def test_a_path_in_a_path(self):
        """
        A parameter that takes slashes is one.
        """
        app = made()

        @app.get("/files/{path:path}")
        @raises(Full)
        def read(path: str):
            raise Full

        assert_contract(TestClient(app), [("GET", "/files/a/b")])

    def test_an_openapi_of_ones_own(self):
        """
        An `openapi` that is set after `add_problems` is extended before it is asked.
        """
        app = made()

        @app.get("/x")
        @raises(Full)
        def read():
            raise Full

        app.openapi = lambda: get_openapi(title="Shop", version="1", routes=app.routes)

        assert_contract(TestClient(app), [("GET", "/x")])

    def test_a_validator_of_ones_own(self):
        """
        Another validator can be used.
        """
        app, provocations = shop()
        seen = []

        assert_contract(TestClient(app), provocations, validate=lambda schema, value: seen.append(value) or ())

        assert 5 == len(seen)


class TestHead:
    def test_it_passes(self):
        """
        A response to HEAD has no content, and is known by its status.
        """
        app = made()

        @app.head("/x")
        @raises(Full, Gone)
        def read(q: int = 0):
            raise Full if q else Gone

        assert_contract(TestClient(app), [("HEAD", "/x"), ("HEAD", "/x?q=1"), ("HEAD", "/x?q=a")])

    @pytest.mark.parametrize(
        ("provocations", "sent", "fault"),
        [
            pytest.param(
                [], Gone, "HEAD /x documents https://shop.example/problems/full (409), which was not", id="none"
            ),
            pytest.param(
                [("HEAD", "/x")], Gone, "HEAD /x answers '/x' with 410, which is not documented.", id="another"
            ),
        ],
    )
    def test_it_is_broken(self, provocations, sent, fault):
        """
        A status that is not documented, and one that is not provoked, is a breach.
        """
        app = made()

        @app.head("/x")
        @raises(Full)
        def read():
            raise sent

        with pytest.raises(AssertionError, match=re.escape(fault)):
            assert_contract(TestClient(app), provocations)


def may_raise_full():
    """Raise nothing; the type is only declared."""


class TestInclusions:
    """A router that is included several times is one code with several operations."""

    INCLUSIONS = (
        pytest.param({"responses": responses(Full)}, id="responses"),
        pytest.param({"dependencies": [Depends(raises(Full)(may_raise_full))]}, id="dependency"),
    )

    def included(self, inclusion, *, mount=False):
        """Return an application that includes a router at `/v1` in a particular way, and plainly at `/v2`."""
        app, router, around = made(), APIRouter(), APIRouter()
        router.get("/items")(lambda: {"items": []})
        app.include_router(router, prefix="/v1", **inclusion)
        around.include_router(router, prefix="/v2" if mount else "")
        app.include_router(around, prefix="" if mount else "/v2")
        return app

    @pytest.mark.skipif(not hasattr(fastapi.routing, "RouteContext"), reason="older FastAPI copies a router's routes")
    @pytest.mark.parametrize("inclusion", INCLUSIONS)
    @pytest.mark.parametrize("mount", [False, True], ids=["prefix outside", "prefix inside"])
    def test_one_is_tested(self, inclusion, mount):
        """
        The types of an inclusion need not be provoked where only another inclusion is tested.
        """
        assert_contract(TestClient(self.included(inclusion, mount=mount)), [("GET", "/v2/items")])

    @pytest.mark.parametrize("inclusion", INCLUSIONS)
    @pytest.mark.parametrize("paths", [[], ["/v1/items"], ["/v2/items", "/v1/items"]], ids=["none", "itself", "both"])
    def test_none_or_itself_is_tested(self, inclusion, paths):
        """
        The types of an inclusion must be provoked if it is tested, or if none is.
        """
        with pytest.raises(AssertionError, match=r"^GET /v1/items documents .*full \(409\), which was not provoked\.$"):
            assert_contract(TestClient(self.included(inclusion)), [("GET", path) for path in paths])

    @pytest.mark.parametrize("inclusion", INCLUSIONS)
    def test_the_other_sends_it(self, inclusion):
        """
        The declaration of one inclusion does not excuse the response of another.
        """
        app, router = made(), APIRouter()
        router.get("/items")(raising_full)
        app.include_router(router, prefix="/v1", **inclusion)
        app.include_router(router, prefix="/v2")

        with pytest.raises(AssertionError, match=r"^GET /v2/items answers .*409\), which is not documented\.$"):
            assert_contract(TestClient(app), [("GET", "/v1/items"), ("GET", "/v2/items")])


def raising_full():
    raise Full


class TestBroken:
    def test_nothing_provokes_it(self):
        """
        What is documented and never provoked is a breach.
        """
        app, provocations = shop()

        with pytest.raises(AssertionError, match=re.escape("documents about:blank (400), which was not provoked.")):
            assert_contract(TestClient(app), provocations[:4])

    @pytest.mark.parametrize(
        ("error", "fault"),
        [
            pytest.param(
                Full(),
                "GET /x answers '/x' with https://shop.example/problems/full (409), which is not",
                id="undeclared",
            ),
            pytest.param(HTTPException(404), "with about:blank (404), which is not documented.", id="foreign"),
        ],
    )
    def test_it_sends_something_else(self, error, fault):
        """
        What is sent and not documented is a breach.
        """
        app = made()

        @app.get("/x")
        @raises(Lost)
        def read():
            raise error

        with pytest.raises(AssertionError, match=re.escape(fault)):
            assert_contract(TestClient(app), [("GET", "/x")])

    @pytest.mark.parametrize(
        ("content", "fault"),
        [
            pytest.param(
                b"", "GET /x answers '/x' (params={'a': 1}) with 409 and a problem that cannot be read", id="empty"
            ),
            pytest.param(b"{", "with 409 and a problem that cannot be read", id="cut off"),
            pytest.param(b"[]", "with 409 and a problem that cannot be read", id="an array"),
            pytest.param(b"null", "with 409 and a problem that cannot be read", id="null"),
            pytest.param(b"\xff\xfe\x00", "with 409 and a problem that cannot be read", id="bytes"),
            pytest.param(b"[" * 10_000, "with 409 and a problem that cannot be read", id="deep"),
            pytest.param(b'{"type": 7}', "with 7 (409), which is not documented", id="type of the wrong JSON type"),
            pytest.param(
                b'{"type": {}, "status": "x"}', "with {} (409), which is not documented", id="an object as type"
            ),
        ],
    )
    def test_its_body_is_broken(self, content, fault):
        """
        A body that cannot be read is a breach, with the request that shows it.
        """
        app = made()

        @app.get("/x")
        @raises(Full)
        def read():
            return Response(content, 409, media_type="application/problem+json")

        with pytest.raises(AssertionError, match=re.escape(fault)):
            assert_contract(TestClient(app), [("GET", "/x", {"params": {"a": 1}})])

    def test_it_crashes(self):
        """
        An exception that the client raises is a breach, and the cause of the failure.
        """
        app = made()

        @app.get("/x")
        def read():
            raise KeyError("lost")

        with pytest.raises(AssertionError, match="GET /x answers '/x' with no response: KeyError") as caught:
            assert_contract(TestClient(app), [("GET", "/x")])
        assert isinstance(caught.value.__cause__, KeyError)

    @pytest.mark.parametrize(
        ("sent", "fault"),
        [
            pytest.param({"by": "the application"}, None, id="as documented"),
            pytest.param({}, "which is not valid: 'by' is a required property", id="not as documented"),
        ],
    )
    def test_the_application_answers(self, sent, fault):
        """
        A response that a handler of the application sends has to be as its own `responses` describe it.
        """

        class Mine(BaseModel):
            by: str

        app = made()
        app.add_exception_handler(RequestValidationError, lambda request, error: JSONResponse(sent, 422))

        @app.get("/x", responses={422: {"model": Mine}})
        def read(q: int): ...

        with nullcontext() if fault is None else pytest.raises(AssertionError, match=fault):
            assert_contract(TestClient(app), [("GET", "/x?q=a")])

    @pytest.mark.parametrize(
        ("document", "fault"),
        [
            pytest.param({"paths": {"/x": None}}, "matches no operation", id="no operations"),
            pytest.param({"paths": {"/x": {"get": []}}}, "which is not documented", id="no object"),
            pytest.param(
                {"paths": {"/x": {"get": {"responses": {"409": []}}}}}, "which is not documented", id="a list"
            ),
            pytest.param(
                {"paths": {"/x": {"get": {"responses": {"409": {"$ref": "#/components/responses/Gone"}}}}}},
                "which is not documented",
                id="a reference that leads nowhere",
            ),
            pytest.param(
                {
                    "paths": {"/x": {"get": {"responses": {"409": {"$ref": "#/components/responses/A"}}}}},
                    "components": {"responses": {"A": {"$ref": "#/components/responses/A"}}},
                },
                "which is not documented",
                id="a reference to itself",
            ),
        ],
    )
    def test_the_document_is_broken(self, document, fault):
        """
        A document that makes no sense documents no problem.
        """
        app = Starlette(routes=[Route("/x", full)])
        add_problems_to_starlette(app, Registry(Full, base=BASE))
        app.openapi = lambda: document

        with pytest.raises(AssertionError, match=fault):
            assert_contract(TestClient(app), [("GET", "/x")])

    def test_it_is_not_a_problem(self):
        """
        An error that is not a problem is a breach.
        """
        app = made()

        @app.get("/x")
        def read():
            return PlainTextResponse("no", 418)

        with pytest.raises(AssertionError, match="418 and no problem"):
            assert_contract(TestClient(app), [("GET", "/x")])

    def test_the_document_hides_something(self):
        """
        What is declared and not documented is a breach.
        """
        app = made()

        @app.get("/x")
        @raises(Full)
        def read():
            raise Full

        document = app.openapi()
        document["paths"]["/x"]["get"]["responses"].pop("409")

        with pytest.raises(AssertionError, match=r"GET /x declares .*/full \(409\), which is not documented"):
            assert_contract(TestClient(app), [("GET", "/x")])

    def test_the_document_promises_too_much(self):
        """
        What is documented and not declared is a breach.
        """
        app = made()
        app.get("/x")(raises(Full)(lambda: None))
        app.get("/y")(lambda: None)
        paths = app.openapi()["paths"]
        paths["/y"]["get"]["responses"] |= {"409": paths["/x"]["get"]["responses"]["409"]}

        with pytest.raises(AssertionError, match=r"GET /y documents .*/full \(409\), which is not declared"):
            assert_contract(TestClient(app), [], unprovoked=[Full])

    def test_a_body_does_not_fit(self):
        """
        A body that is not valid by the published schema is a breach.
        """
        app, provocations = shop()
        app.openapi()["components"]["schemas"]["Full"]["required"].append("reason")

        with pytest.raises(AssertionError, match="'reason' is a required property"):
            assert_contract(TestClient(app), provocations)

    def test_it_cannot_be_revived(self):
        """
        A type that is not in the registry is a breach: no client gets its class.
        """
        app = made(Registry(base=BASE))

        @app.get("/x")
        @raises(Full)
        def read():
            raise Full

        with pytest.raises(AssertionError, match="it is not in the registry"):
            assert_contract(TestClient(app), [("GET", "/x")])

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            pytest.param("GET", "/typo", id="another path"),
            pytest.param("POST", "/x", id="another method"),
            pytest.param("GET", "/x/y", id="a path below"),
        ],
    )
    def test_it_provokes_nothing(self, method, path):
        """
        A request that matches no operation is a breach.
        """
        app = made()
        app.get("/x")(lambda: None)
        fault = re.escape(f"{method} {path!r} matches no operation of the document: it was not sent.")

        with pytest.raises(AssertionError, match=fault):
            assert_contract(TestClient(app), [("GET", "/x"), (method, path)])

    @pytest.mark.parametrize(
        ("method", "url"),
        [
            pytest.param("get", "/x", id="method in lower case"),
            pytest.param("GET", "http://testserver/x?q=1#f", id="whole URL"),
            pytest.param("GET", "x", id="relative"),
            pytest.param("GET", "/%78", id="encoded"),
        ],
    )
    def test_however_it_is_written(self, method, url):
        """
        However a request is written, its operation is found.
        """
        app = made()

        @app.get("/x")
        def read():
            raise Full

        with pytest.raises(AssertionError, match=r"GET /x answers .*, which is not documented"):
            assert_contract(TestClient(app), [(method, url)])

    def test_a_header_is_missing(self):
        """
        A header that is promised has to come.
        """
        app, provocations = shop()
        app.openapi()["components"]["responses"]["Full"]["headers"] = {"X-Must": {"required": True, "schema": {}}}

        with pytest.raises(AssertionError, match="without the header 'X-Must'"):
            assert_contract(TestClient(app), provocations)


_BASES = (NotFound, Conflict, Gone, Forbidden)
_ANNOTATIONS: Any = st.sampled_from([int, str, float, bool, int | None, list[int], dict[str, str]])


@st.composite
def problem_classes(draw):
    """Return a handful of problem types with members of any kind."""
    number = draw(st.integers(1, 6))
    made = []
    for index in range(number):
        members = draw(st.dictionaries(st.sampled_from(["alpha", "beta", "gamma"]), _ANNOTATIONS, max_size=3))
        namespace = {"__annotations__": members, "__module__": __name__}
        base = draw(st.sampled_from(_BASES))
        name = draw(st.sampled_from(["Lost", "Broken", f"Problem{index}"]))
        made.append(type(base)(name, (base,), namespace, type=f"type-{index}", title=f"Type {index}"))
    return tuple(made)


@settings(max_examples=25)
@given(problem_classes(), st.data())
def test_any_application(classes, data):
    """
    Whatever types, statuses, routers and dependencies an application has, its contract holds.
    """
    known = Registry(*classes, base=BASE)
    app, chosen = made(known), st.lists(st.sampled_from(classes), max_size=3, unique=True)
    provocations = []

    def raising(declared, number):
        def dependency(pick: str = ""):
            for cls in declared:
                if pick == f"{number}-{known.uri(cls)}":
                    example = example_document(cls, known.facts(cls), known.model(cls))
                    members = {name: example[name] for name in definition_of(cls).members.names if name in example}
                    raise cls(**members)

        return raises(*declared)(dependency)

    for number in range(data.draw(st.integers(1, 3))):
        own, outer, included, listed = (data.draw(chosen) for _ in range(4))
        endpoint = raising([*own, *listed], f"{number}e")
        router = APIRouter(dependencies=[Depends(raising(outer, f"{number}o"))])
        router.get("/x", responses=responses(*listed))(endpoint)
        prefix = f"/r{number}"
        app.include_router(router, prefix=prefix, dependencies=[Depends(raising(included, f"{number}i"))])
        for where, types in (("e", [*own, *listed]), ("o", outer), ("i", included)):
            provocations += [("GET", f"{prefix}/x?pick={number}{where}-{known.uri(cls)}") for cls in types]

    assert_contract(TestClient(app), provocations)


NOT_JSON: Any = {"content": b"\xff", "headers": {"Content-Type": "application/json"}}


class TestExample:
    """The example application keeps its contract."""

    @pytest.fixture
    def app(self):
        app = create_app()
        order = {"customer": "ada", "amount": 1}
        app.state.store.orders |= {
            1: Order(order_id=1, item_id=7, **order),
            2: Order(order_id=2, item_id=7, paid_at=datetime.now(UTC), **order),
            3: Order(order_id=3, item_id=13, **order),
        }
        return app

    def provocations(self):
        """Yield requests that provoke every problem of every operation; all but the first of each have a token."""
        yield "GET", "/items?max_price=x"
        for method, path, *body in (("GET", ""), ("PUT", "/stock", {"stock": 1}), ("GET", "/rating")):
            for item in (99, 5, "x"):
                yield self.with_token(method, f"/items/{item}{path}", *body, user="grace")
        yield self.with_token("PUT", "/items/7/stock", {"stock": 1})
        yield "PUT", "/items/7/stock", {"json": {"stock": 1}}
        for method, path in (("POST", "/orders"), ("PATCH", "/orders/1"), ("POST", "/orders/1/payment")):
            yield method, path, {"json": {}}
            yield self.with_token(method, path, NOT_JSON)
            yield self.with_token(method, path, {})
        yield self.with_token("PUT", "/items/7/stock", NOT_JSON, user="grace")
        yield from (("GET", "/orders"), ("GET", "/orders/1"), ("DELETE", "/orders/1"))
        for method, path, body in (
            ("GET", "", None),
            ("DELETE", "", None),
            ("PATCH", "", {"amount": 1}),
            ("POST", "/payment", {"card": "4000"}),
        ):
            yield self.with_token(method, f"/orders/99{path}", body)
            yield self.with_token(method, f"/orders/x{path}", body)
            yield self.with_token(method, f"/orders/2{path}", body)
        yield self.with_token("PATCH", "/orders/1", {"amount": 50})
        yield self.with_token("PATCH", "/orders/3", {"amount": 2})
        yield self.with_token("DELETE", "/orders/3")
        yield self.with_token("POST", "/orders/1/payment", {"card": "4000000000000002"})
        yield self.with_token("POST", "/orders/1/payment", {"card": "4000000000000401"})
        for item_id, amount in ((99, 1), (5, 1), (7, 50), (13, 1), *[(8, 1)] * 10):
            yield self.with_token("POST", "/orders", {"item_id": item_id, "amount": amount})

    @staticmethod
    def with_token(method, path, body=None, *, user="ada"):
        headers = {"Authorization": f"Bearer token-{user}"}
        if body is None or "content" in body:
            rest = dict(body or {})
            return method, path, {**rest, "headers": {**headers, **rest.get("headers", {})}}
        return method, path, {"json": body, "headers": headers}

    def test_it_keeps_its_contract(self, app):
        """
        Everything that it declares is documented, sent, valid, and revived.
        """
        assert_contract(TestClient(app), self.provocations())

    def test_its_source_keeps_it(self, app):
        """
        The static check has nothing to say about it.
        """
        assert [] == check(app)

    def test_its_document_is_valid(self, app):
        """
        Its document is valid.
        """
        validate(app.openapi())
