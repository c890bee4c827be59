"""Problem types that clients do not recognise: a warning when the application starts, or when one is first answered."""

import warnings

import pytest
from fastapi import APIRouter, Depends, FastAPI, WebSocket
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.middleware import Middleware
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from problems import Conflict, NotFound, Problem, ProblemsWarning, Registry, raises
from problems.fastapi import add_problems, responses
from problems.starlette import add_problems as add_problems_to_starlette

BASE = "https://shop.example/problems/"


class Lost(NotFound, type="lost", title="Lost"):
    """It is lost."""


class Full(Conflict, type="full", title="Full"):
    """It is full."""


class Absolute(Conflict, type="https://shop.example/problems/absolute", title="Absolute"):
    """A type that needs no base."""


class Plain(Conflict):
    """A class without a type URI of its own."""


@raises(Lost)
async def lost():
    raise Lost


class Declaring:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        await self.app(scope, receive, send)


raises(Lost)(Declaring)


def warned_of(app, *paths):
    """Return the warnings of an application that starts and answers some requests."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with TestClient(app, raise_server_exceptions=False) as client:
            for path in paths:
                client.get(path)
    return [str(it.message) for it in caught if issubclass(it.category, ProblemsWarning)]


def on_endpoint(app):
    app.get("/x")(lost)


def on_dependency(app):
    app.get("/x", dependencies=[Depends(lost)])(lambda: None)


def in_responses(app):
    app.get("/x", responses=responses(Lost))(lambda: None)


def on_inclusion(app):
    router = APIRouter()
    router.get("/x")(lambda: None)
    app.include_router(router, responses=responses(Lost))


def on_socket(app):
    @app.websocket("/x")
    @raises(Lost)
    async def socket(websocket: WebSocket): ...


def in_mounted_application(app):
    inner = FastAPI()
    inner.get("/x")(lost)
    app.mount("/in", inner)


def on_middleware(app):
    app.add_middleware(Declaring)


WAYS = (on_endpoint, on_dependency, in_responses, on_inclusion, on_socket, in_mounted_application, on_middleware)


class TestAtStart:
    @pytest.mark.parametrize("declare", WAYS, ids=lambda it: it.__name__)
    def test_wherever_it_is_declared(self, declare):
        """
        A declared class that is not registered is warned of once, with the line to write.
        """
        app = FastAPI()
        add_problems(app, Registry(Full, base=BASE))
        declare(app)
        (warning,) = warned_of(app)

        assert "Lost is not registered. Write `Registry(Lost, …, base=" in warning

    @pytest.mark.parametrize("declare", WAYS, ids=lambda it: it.__name__)
    def test_registered(self, declare):
        """
        A registered class is not warned of.
        """
        app = FastAPI()
        add_problems(app, Registry(Lost, base=BASE))
        declare(app)

        assert [] == warned_of(app)

    @pytest.mark.parametrize(
        ("registry", "cls", "expected"),
        [
            pytest.param(None, Lost, True, id="relative, no registry"),
            pytest.param(Registry(base=BASE), Lost, True, id="relative, a base"),
            pytest.param(None, Absolute, False, id="absolute, no registry"),
            pytest.param(Registry(), Absolute, False, id="absolute, empty registry"),
            pytest.param(Registry(Lost, base=BASE), Absolute, True, id="absolute, another one registered"),
            pytest.param(Registry(Absolute), Absolute, False, id="absolute, registered"),
            pytest.param(None, Plain, False, id="without a type"),
            pytest.param(Registry(Lost, base=BASE), Plain, False, id="without a type, another one registered"),
            pytest.param(Registry(Lost, base=BASE), NotFound, False, id="ready-made"),
        ],
    )
    def test_which(self, registry, cls: type[Problem], expected):
        """
        Types without a URI need no registry, nor do absolute ones of an application that has none.
        """

        @raises(cls)
        async def fails(request):
            raise cls

        app = Starlette(routes=[Route("/x", fails)])
        add_problems_to_starlette(app, registry)

        assert ([cls.__name__] if expected else []) == [
            name for name in (cls.__name__,) if any(name in text for text in warned_of(app))
        ]

    def test_of_starlette(self):
        """
        Methods of endpoints, mounts and middleware of Starlette applications are looked at.
        """

        class Endpoint(HTTPEndpoint):
            @raises(Full)
            async def get(self, request): ...

        app = Starlette(routes=[Mount("/in", routes=[Route("/x", Endpoint)])], middleware=[Middleware(Declaring)])
        add_problems_to_starlette(app)

        assert ["GET /in/x declares Full", "The middleware Declaring declares Lost"] == sorted(
            text.partition(" (")[0] for text in warned_of(app)
        )

    def test_a_filter_that_raises(self, caplog):
        """
        Where a filter turns the warning into an error, it is logged, and the application starts.
        """
        app = FastAPI()
        add_problems(app)
        on_endpoint(app)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with TestClient(app) as client:
                assert 404 == client.get("/x").status_code

        assert [("WARNING", True)] == [
            (it.levelname, "Lost is not registered" in it.message) for it in caplog.records if it.levelname == "WARNING"
        ]


class TestAnswered:
    def test_once(self):
        """
        A class that is only raised is warned of when it is answered for the first time.
        """

        async def fails(request):
            raise Lost

        app = Starlette(routes=[Route("/x", fails)])
        add_problems_to_starlette(app, Registry(Full, base=BASE))
        (warning,) = warned_of(app, "/x", "/x")

        assert "Lost is not registered" in warning

    def test_declared_and_answered(self):
        """
        A class that was warned of at the start is not warned of again.
        """
        app = FastAPI()
        add_problems(app, Registry(Full, base=BASE))
        on_endpoint(app)

        assert 1 == len(warned_of(app, "/x", "/x"))
