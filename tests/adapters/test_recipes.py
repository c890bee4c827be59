"""Foreign exceptions, with the real libraries that raise them."""

import subprocess
import sys
from pathlib import Path

import fastapi
import httpx
import httpx2
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from slowapi import Limiter
from slowapi.errors import RateLimitExceeded
from slowapi.middleware import SlowAPIMiddleware
from slowapi.util import get_remote_address
from sqlalchemy.exc import IntegrityError
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from problems import (
    BadGateway,
    Conflict,
    GatewayTimeout,
    NotFound,
    Policy,
    ReceivedProblem,
    Registry,
    ServiceUnavailable,
    TooManyRequests,
)
from problems.fastapi import add_problems as add_fastapi_problems
from problems.httpx import raise_problems, retry_after
from problems.starlette import add_problems, problem_response

PROBLEM = "application/problem+json"


def status_and_type(response):
    return response.status_code, response.headers["content-type"]


def client(exc_or_endpoint, policy=Policy(), registry=None):
    async def raising(request):
        raise exc_or_endpoint

    endpoint = exc_or_endpoint if callable(exc_or_endpoint) else raising
    app = Starlette(routes=[Route("/", endpoint)])
    add_problems(app, registry, policy=policy)
    return TestClient(app, raise_server_exceptions=False)


UNIQUE = ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY", "23505")


def taken(exc: IntegrityError) -> Conflict | None:
    code = getattr(exc.orig, "sqlite_errorname", None) or getattr(exc.orig, "sqlstate", None)
    return Conflict() if code in UNIQUE else None


USERS = sa.Table(
    "users",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("email", sa.Text, nullable=False, unique=True),
)


def database(url):
    engine = sa.create_engine(url)
    USERS.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(USERS.insert(), {"email": "alice@shop.example"})
    return engine


def inserting(engine, email):
    def endpoint(request):
        with engine.begin() as connection:
            connection.execute(USERS.insert(), {"email": email})

    return endpoint


class TestSQLAlchemy:
    @pytest.mark.parametrize(
        ("email", "status"),
        [
            pytest.param("alice@shop.example", 409, id="taken"),
            pytest.param(None, 500, id="null, which is a mistake of the server's"),
        ],
    )
    def test_a_row_that_is_there_already_is_a_conflict(self, tmp_path, email, status):
        """
        With real SQLite a unique violation is a 409 and any other a crash; neither contains SQL or values.
        """
        engine = database(f"sqlite:///{tmp_path}/shop.db")
        response = client(inserting(engine, email), Policy(translate={IntegrityError: taken})).get("/")
        engine.dispose()

        assert (status, PROBLEM, False, False) == (
            *status_and_type(response),
            "INSERT" in response.text,
            "alice" in response.text,
        )

    @pytest.mark.needs_postgres
    def test_of_postgresql(self):
        """
        With a real PostgreSQL it is the same, by SQLSTATE.
        """
        script = Path(__file__).with_name("postgres_recipe.py")
        done = subprocess.run(  # noqa: S603 - our own program
            ["pg_virtualenv", "-t", sys.executable, script],  # noqa: S607 - Debian's
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=False,
        )

        printed = [line for line in done.stdout.splitlines() if line.isdigit()]

        assert (0, ["409", "500"]) == (done.returncode, printed), done.stderr


class TestClients:
    @pytest.mark.parametrize("library", [httpx2, httpx], ids=["httpx2", "httpx"])
    @pytest.mark.parametrize(
        ("error", "status"),
        [("ReadTimeout", 504), ("ConnectTimeout", 504), ("ConnectError", 502), ("RemoteProtocolError", 502)],
    )
    def test_an_upstream_that_does_not_answer(self, library, error, status):
        """
        Timeouts are 504, other failures of the connection 502, and no address is sent.
        """

        def handler(request):
            raise getattr(library, error)(f"no answer from {request.url}")

        def endpoint(request):
            with library.Client(transport=library.MockTransport(handler)) as upstream:
                upstream.get("http://10.0.0.7/internal")

        policy = Policy(translate={library.TimeoutException: GatewayTimeout, library.TransportError: BadGateway})
        response = client(endpoint, policy).get("/")

        assert (status, PROBLEM, False) == (*status_and_type(response), "10.0.0.7" in response.text)


class TestSlowapi:
    def application(self, *, handler=None, policy=Policy()):
        limiter = Limiter(key_func=get_remote_address, default_limits=["1/minute"], headers_enabled=True)
        app = FastAPI()
        app.state.limiter = limiter

        @app.get("/decorated")
        @limiter.limit("1/minute")
        def decorated(request: fastapi.Request, response: fastapi.Response):
            return "fine"

        @app.get("/default")
        def default():
            return "fine"

        if handler is not None:
            app.add_exception_handler(RateLimitExceeded, handler)
            app.add_middleware(SlowAPIMiddleware)
        add_fastapi_problems(app, policy=policy)
        return TestClient(app)

    def test_by_its_decorator(self):
        """
        The exception of a decorated endpoint is an HTTPException like any other.
        """
        app = self.application()
        app.get("/decorated")
        response = app.get("/decorated")

        assert (429, PROBLEM, "1 per 1 minute") == (*status_and_type(response), response.json()["detail"])

    def test_by_its_middleware(self):
        """
        `SlowAPIMiddleware` calls plain handlers only: `problem_response` is one.
        """
        app = self.application(handler=problem_response)
        app.get("/default")

        assert (429, PROBLEM) == status_and_type(app.get("/default"))

    def test_with_a_time_to_wait(self):
        """
        A translation adds `Retry-After`.
        """
        app = self.application(policy=Policy(translate={RateLimitExceeded: lambda _: TooManyRequests(retry_after=60)}))
        app.get("/decorated")

        assert "60" == app.get("/decorated").headers["retry-after"]


class TestFastapiUsers:
    @pytest.mark.parametrize(
        ("detail", "expected"),
        [
            pytest.param("LOGIN_BAD_CREDENTIALS", {"detail": "LOGIN_BAD_CREDENTIALS"}, id="a code"),
            pytest.param(
                {"code": "REGISTER_INVALID_PASSWORD", "reason": "Too short."},
                {"detail": "Too short.", "code": "REGISTER_INVALID_PASSWORD"},
                id="a code and a reason",
            ),
        ],
    )
    def test_its_details_are_kept(self, detail, expected):
        """
        The code is a member, the reason is the detail.
        """
        body = client(fastapi.HTTPException(400, detail)).get("/").json()

        assert expected == {name: body[name] for name in body if name not in ("type", "title", "status", "instance")}


class Missing(NotFound, type="https://stock.example/missing", title="No such item in stock"):
    """A type of the upstream's."""

    item: str


UPSTREAM = Registry(Missing)
LEAKS = ("internal", "stock.example", "hunter2", "7f3a", "No such item")


def upstream(request):
    return httpx2.Response(
        404,
        headers={"content-type": PROBLEM, "www-authenticate": "Bearer realm=internal", "x-internal": "1"},
        json={
            "type": "https://stock.example/missing",
            "title": "No such item in stock",
            "status": 404,
            "detail": "select * from items where secret = 'hunter2'",
            "instance": "https://internal/7f3a",
            "item": "hunter2",
        },
    )


def asking(request: fastapi.Request = None):
    with httpx2.Client(transport=httpx2.MockTransport(upstream)) as stock:
        raise_problems(stock, UPSTREAM)
        stock.get("http://internal/items/7")


def plain_starlette():
    return Starlette(routes=[Route("/", asking)])


def plain_fastapi():
    app = FastAPI()
    app.get("/")(asking)
    return app


def starlette_with_problems():
    app = plain_starlette()
    add_problems(app, UPSTREAM)
    return app


def fastapi_with_problems():
    app = plain_fastapi()
    add_fastapi_problems(app, UPSTREAM)
    return app


def starlette_with_a_handler_of_its_own():
    app = starlette_with_problems()
    app.add_exception_handler(Missing, lambda request, exc: PlainTextResponse(exc.item, 404))
    return app


class TestReceivedProblem:
    @pytest.mark.parametrize(
        "make",
        [starlette_with_problems, fastapi_with_problems, starlette_with_a_handler_of_its_own],
    )
    def test_that_escapes_is_a_502_without_upstream_details(self, make):
        """
        With our handlers, no upstream detail reaches the client.
        """
        response = TestClient(make(), raise_server_exceptions=False).get("/")
        everything = response.text + str(response.headers)

        assert (502, []) == (response.status_code, [leak for leak in LEAKS if leak in everything])

    @pytest.mark.parametrize("make", [plain_starlette, plain_fastapi])
    def test_that_escapes_from_a_plain_application_is_a_502_with_its_text(self, make):
        """
        Without our handlers, only the received detail is sent, as for any `HTTPException`: no header field, no member.
        """
        response = TestClient(make(), raise_server_exceptions=False).get("/")
        everything = response.text + str(response.headers)

        assert (502, ["hunter2"]) == (response.status_code, [leak for leak in LEAKS if leak in everything])

    def test_that_is_relayed_tells_what_is_named(self):
        """
        An explicit relay passes on the members that it names, and nothing else.
        """

        def relaying(request):
            try:
                asking()
            except Missing as problem:
                raise problem.relayed("item") from problem

        body = client(relaying).get("/").json()

        assert (404, "hunter2", None) == (body["status"], body["item"], body.get("detail"))

    def test_may_be_translated(self):
        """
        A translation of received problems is one for all of them, not for a class of the upstream's.
        """
        policy = Policy(translate={ReceivedProblem: lambda _: ServiceUnavailable(retry_after=5), NotFound: NotFound})

        assert 503 == client(asking, policy).get("/").status_code

    def test_may_pass_on_the_time_to_wait(self):
        """
        `Retry-After` of the upstream is known to a translation.
        """

        def endpoint(request):
            busy = httpx2.MockTransport(lambda request: httpx2.Response(503, headers={"retry-after": "7"}))
            with httpx2.Client(transport=busy) as stock:
                raise_problems(stock, UPSTREAM).get("http://internal/")

        policy = Policy(translate={ReceivedProblem: lambda it: ServiceUnavailable(retry_after=retry_after(it))})

        assert "7" == client(endpoint, policy).get("/").headers["retry-after"]
