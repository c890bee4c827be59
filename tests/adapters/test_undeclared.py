"""`Policy(undeclared=…)`: a problem that its operation does not declare is noticed, with what one needs to know."""

import re
import warnings
from pathlib import Path
from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, FastAPI, WebSocket
from fastapi.security import HTTPBearer
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.exceptions import HTTPException
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from problems import Conflict, Gone, NotFound, Policy, Registry, TooManyRequests, raises
from problems._wire.details import ProblemDetails
from problems.errors import UndeclaredProblem, UndeclaredProblemWarning
from problems.fastapi import add_problems, responses
from problems.starlette import add_problems as add_to_starlette

registry = Registry(base="https://shop.example/problems/")
RAISE = Policy(undeclared="raise")
WARN = Policy(undeclared="warn")


class ItemNotFound(NotFound, type="item-not-found", title="Item not found"):
    """No item."""


class ItemSoldOut(ItemNotFound, type="item-sold-out", title="Item sold out"):
    """No item any more."""


def lost():
    """Raise a problem that a caller has to declare."""
    raise ItemNotFound


async def endpoint():
    lost()


def made(policy=RAISE, **words):
    app = FastAPI(**words)
    add_problems(app, registry, policy=policy)
    return app


def copied(function=endpoint):
    """Return an endpoint to decorate."""

    async def endpoint():
        await function()

    return endpoint


class TestMessage:
    def test_it_raises(self):
        """
        The exception names operation, class, status, file and line, and says what to do.
        """
        app = made()
        app.get("/items/{item_id}")(endpoint)
        line = lost.__code__.co_firstlineno + 2

        with pytest.raises(UndeclaredProblem) as caught:
            TestClient(app).get("/items/7")

        assert (
            f"GET /items/{{item_id}} (endpoint) answers with ItemNotFound (404), which it does not declare; it was "
            f"raised in {Path(__file__)}, line {line}. Write `@raises(ItemNotFound)` on the function that raises it, "
            f"or on the endpoint."
        ) == str(caught.value)

    def test_the_cause(self):
        """
        The problem that was raised is the cause.
        """
        app = made()
        app.get("/x")(endpoint)

        with pytest.raises(UndeclaredProblem) as caught:
            TestClient(app).get("/x")

        assert ItemNotFound is type(caught.value.__cause__)

    def test_it_warns_where_it_was_raised(self):
        """
        The warning points at the line that raises, and the client gets its answer.
        """
        app = made(WARN)
        app.get("/x")(endpoint)

        with pytest.warns(UndeclaredProblemWarning, match="does not declare") as record:
            response = TestClient(app).get("/x")

        assert (404, __file__, lost.__code__.co_firstlineno + 2) == (
            response.status_code,
            record[0].filename,
            record[0].lineno,
        )

    def test_once(self):
        """
        The same warning comes once, as warnings do.
        """
        app = made(WARN)
        app.get("/once")(endpoint)
        client = TestClient(app)
        with warnings.catch_warnings(record=True) as record:
            warnings.simplefilter("default")
            client.get("/once")
            client.get("/once")

        assert 1 == len(record)

    def test_by_default_nothing_happens(self):
        """
        It costs nothing unless it is asked for.
        """
        app = made(Policy())
        app.get("/x")(endpoint)

        assert 404 == TestClient(app).get("/x").status_code


class TestDeclared:
    """What is declared in any way is declared."""

    @pytest.mark.parametrize("cls", [ItemNotFound, NotFound], ids=["itself", "a base"])
    def test_on_the_endpoint(self, cls):
        """
        A declaration covers subclasses.
        """
        app = made()
        app.get("/x")(raises(cls)(copied()))

        assert 404 == TestClient(app).get("/x").status_code

    def test_a_subclass_does_not_declare_its_base(self):
        """
        Who declares the special case has not declared the general one.
        """
        app = made()
        app.get("/x")(raises(ItemSoldOut)(copied()))

        with pytest.raises(UndeclaredProblem):
            TestClient(app).get("/x")

    def test_in_responses(self):
        """
        `responses` of the application declare.
        """
        app = made(responses=responses(ItemNotFound))
        app.get("/x")(endpoint)

        assert 404 == TestClient(app).get("/x").status_code

    def test_on_a_dependency(self):
        """
        A dependency declares for its operations.
        """
        app = made()
        app.get("/x", dependencies=[Depends(raises(ItemNotFound)(copied()))])(endpoint)

        assert 404 == TestClient(app).get("/x").status_code

    def test_at_one_inclusion(self):
        """
        A declaration on one inclusion of a router holds for the paths of that inclusion only.
        """
        app, router = made(), APIRouter()
        router.get("/x")(endpoint)
        app.include_router(router, prefix="/a", responses=responses(ItemNotFound))
        app.include_router(router, prefix="/b")

        assert 404 == TestClient(app).get("/a/x").status_code
        with pytest.raises(UndeclaredProblem, match=r"GET (/b)?/x"):
            TestClient(app).get("/b/x")

    def test_on_what_overrides_a_dependency(self):
        """
        What stands in `dependency_overrides` declares, and so does what that depends on.
        """

        async def load():
            return 1

        @raises(ItemNotFound)
        async def store():
            return 1

        async def load_in_tests(store: Annotated[int, Depends(store)]):
            raise ItemNotFound

        app = made()
        app.get("/x", dependencies=[Depends(load)])(copied())
        app.dependency_overrides[load] = load_in_tests

        assert 404 == TestClient(app).get("/x").status_code

    def test_on_middleware(self):
        """
        Middleware declares for all operations.
        """

        @raises(ItemNotFound)
        class Limit:
            def __init__(self, app):
                self.app = app

            async def __call__(self, scope, receive, send):
                await self.app(scope, receive, send)

        app = made()
        app.add_middleware(Limit)
        app.get("/x")(endpoint)

        assert 404 == TestClient(app).get("/x").status_code

    def test_by_a_security_scheme(self):
        """
        What a scheme implies is declared.
        """
        app = made()
        app.get("/x", dependencies=[Depends(HTTPBearer())])(endpoint)

        assert 401 == TestClient(app).get("/x").status_code

    def test_by_validation(self):
        """
        What FastAPI sends for invalid requests is declared.
        """
        app = made()

        @app.get("/x")
        def read(q: int): ...

        assert 422 == TestClient(app).get("/x").status_code


class TestExempt:
    def test_a_received_problem(self):
        """
        A received problem is exempt: it is answered as a 502.
        """
        app = made()

        @app.get("/x")
        def read():
            raise registry.revive(ProblemDetails(status=404))

        assert 502 == TestClient(app).get("/x").status_code

    def test_no_operation(self):
        """
        A path without a route has no operation that could declare problems.
        """
        assert 404 == TestClient(made()).get("/nowhere").status_code

    def test_an_unexpected_exception(self):
        """
        A crash is not a problem that could be declared.
        """
        app = made()

        @app.get("/x")
        def read():
            raise ValueError("crash")

        assert 500 == TestClient(app, raise_server_exceptions=False).get("/x").status_code


class TestForeign:
    def test_an_http_exception(self):
        """
        An `HTTPException` is noticed as the problem that it becomes.
        """
        app = made()

        @app.get("/x")
        def read():
            raise HTTPException(410, "gone")

        with pytest.raises(UndeclaredProblem, match=re.escape("answers with Gone (410)")):
            TestClient(app).get("/x")

    def test_a_declared_http_exception(self):
        """
        Its class can be declared.
        """
        app = made()

        @app.get("/x")
        @raises(Gone)
        def read():
            raise HTTPException(410, "gone")

        assert 410 == TestClient(app).get("/x").status_code

    def test_a_translated_exception(self):
        """
        A translated exception is noticed as the problem that it becomes.
        """
        app = made(Policy(undeclared="raise", translate={KeyError: Conflict}))

        @app.get("/x")
        def read():
            raise KeyError("x")

        @app.get("/y")
        @raises(Conflict)
        def read_declared():
            raise KeyError("x")

        client = TestClient(app)
        with pytest.raises(UndeclaredProblem, match="Conflict"):
            client.get("/x")

        assert 409 == client.get("/y").status_code


class TestElsewhere:
    def test_a_mounted_application(self):
        """
        Operations of a mounted application are looked up there.
        """
        app, mounted = made(), FastAPI()
        mounted.get("/x")(endpoint)
        mounted.get("/y")(raises(ItemNotFound)(copied()))
        app.mount("/v1", mounted)
        client = TestClient(app)

        with pytest.raises(UndeclaredProblem):
            client.get("/v1/x")
        assert 404 == client.get("/v1/y").status_code

    def test_a_websocket(self):
        """
        WebSocket endpoints declare too.
        """
        app = made()

        @app.websocket("/x")
        async def talk(socket: WebSocket):
            raise TooManyRequests

        with pytest.raises(UndeclaredProblem, match=re.escape("WebSocket /x")), TestClient(app).websocket_connect("/x"):
            pass

    def test_starlette(self):
        """
        Endpoints of Starlette are noticed as well.
        """

        async def read(request):
            lost()

        app = Starlette(routes=[Route("/x", read), Mount("/y", routes=[Route("/z", raises(ItemNotFound)(declaring))])])
        add_to_starlette(app, registry, policy=RAISE)
        client = TestClient(app)

        with pytest.raises(UndeclaredProblem, match=r"GET /x \(.*read\)"):
            client.get("/x")
        assert 404 == client.get("/y/z").status_code

    def test_methods_of_an_endpoint_class(self):
        """
        A class with a method for each HTTP method declares on class and method.
        """

        @raises(Gone)
        class Items(HTTPEndpoint):
            @raises(ItemNotFound)
            async def get(self, request):
                lost()

            async def post(self, request):
                raise Gone

            async def put(self, request):
                lost()

        app = Starlette(routes=[Route("/x", Items)])
        add_to_starlette(app, registry, policy=RAISE)
        client = TestClient(app)

        with pytest.raises(UndeclaredProblem):
            client.put("/x")
        assert [404, 410] == [client.get("/x").status_code, client.post("/x").status_code]


async def declaring(request):
    lost()
