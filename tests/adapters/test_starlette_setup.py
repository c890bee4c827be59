"""What `add_problems` gives an application, which handlers win, and what is refused."""

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from problems import Conflict, NotFound, Policy, Problem, Registry, ValidationProblem
from problems.errors import InvalidRegistry, SetupError
from problems.fastapi import add_problems as add_to_fastapi
from problems.starlette import ProblemMiddleware, add_problems


class Gone(NotFound, type="gone", title="Gone for good"):
    """A declared type."""


class Invalid(ValidationProblem, type="invalid", title="Invalid"):
    trace: str


REGISTRY = Registry(Gone, base="https://shop.example/problems/")


def raising(exc):
    async def endpoint(request):
        raise exc

    return endpoint


def application(exc, **options):
    return Starlette(routes=[Route("/", raising(exc))], **options)


def client(app):
    return TestClient(app, raise_server_exceptions=False)


def mine(request, exc):
    return PlainTextResponse("mine", status_code=418)


class TestWhichHandlerWins:
    @pytest.mark.parametrize("first", [pytest.param(True, id="before"), pytest.param(False, id="after")])
    @pytest.mark.parametrize(
        ("cls", "exc"),
        [
            pytest.param(Gone, Gone(), id="a problem class"),
            pytest.param(NotFound, Gone(), id="a base of it"),
            pytest.param(Problem, Gone(), id="every problem"),
            pytest.param(HTTPException, HTTPException(404), id="HTTPException"),
            pytest.param(ValueError, ValueError("x"), id="a foreign class"),
            pytest.param(Exception, ValueError("x"), id="every exception"),
        ],
    )
    def test_the_users(self, cls, exc, first):
        """
        A handler of the user's wins for its class, be it registered before or after.
        """
        app = application(exc)
        if first:
            app.add_exception_handler(cls, mine)
        add_problems(app, REGISTRY)
        if not first:
            app.add_exception_handler(cls, mine)

        assert "mine" == client(app).get("/").text

    def test_every_other_class_stays_ours(self):
        """
        A handler for one class takes no other class away.
        """
        app = application(Conflict())
        add_problems(app, REGISTRY)
        app.add_exception_handler(NotFound, mine)

        assert 409 == client(app).get("/").json()["status"]

    def test_a_handler_for_http_exceptions_is_none_for_problems(self):
        """
        A handler for `HTTPException` gets those that are no problems.
        """
        app = application(Gone())
        add_problems(app, REGISTRY)
        app.add_exception_handler(HTTPException, mine)

        assert "https://shop.example/problems/gone" == client(app).get("/").json()["type"]

    def test_a_crash_handler_of_the_users_is_called_once(self):
        """
        A handler for every exception is not called twice, and no problem is sent before it.
        """
        calls = []

        def counting(request, exc):
            calls.append(exc)
            return PlainTextResponse("mine", status_code=500)

        app = application(ValueError("x"))
        add_problems(app)
        app.add_exception_handler(Exception, counting)
        client(app).get("/")

        assert 1 == len(calls)


class TestRefused:
    def test_a_second_call(self):
        """
        An application has one registry and one policy.
        """
        app = Starlette()
        add_problems(app)

        with pytest.raises(SetupError, match=r"has problems already. Call `add_problems` once"):
            add_problems(app)

    @pytest.mark.parametrize(
        ("app", "registry", "options", "message"),
        [
            pytest.param(Starlette(), Gone, {}, r"<class .*Gone'> is no registry\. Write", id="class"),
            pytest.param(Starlette(), [Gone], {}, r"Gone'>\] is no registry\. Write", id="list"),
            pytest.param(REGISTRY, Starlette(), {}, r"Starlette .* is no registry\. Write", id="swapped"),
            pytest.param(REGISTRY, None, {}, r"Registry\(.* is no application\. Write", id="no application"),
            pytest.param(Starlette(), None, {"policy": "x"}, r"'x' is no policy\. Write", id="no policy"),
        ],
    )
    def test_another_kind_of_argument(self, app, registry, options, message):
        """
        It is refused at once; left alone it would fail at the first error.
        """
        with pytest.raises(SetupError, match=message):
            add_problems(app, registry, **options)

    def test_after_the_first_request(self):
        """
        An application that has served already would not have the middleware.
        """
        app = application(NotFound())
        client(app).get("/")

        with pytest.raises(SetupError, match="has served already"):
            add_problems(app)

    @pytest.mark.parametrize("status", [404, 500])
    def test_handlers_for_status_codes(self, status):
        """
        A handler for a status code would be called instead of those for problems.
        """
        app = Starlette(exception_handlers={status: mine})

        with pytest.raises(SetupError, match=f"status code {status}"):
            add_problems(app)

    def test_handlers_for_status_codes_that_come_later(self):
        """
        They are refused when the application starts.
        """
        app = Starlette()
        add_problems(app)
        app.add_exception_handler(404, mine)

        with pytest.raises(SetupError, match="status code 404"), TestClient(app):
            pass

    def test_an_application_of_fastapi(self):
        """
        FastAPI's validation errors and its document would be left out.
        """
        with pytest.raises(SetupError, match=r"Import `add_problems` from `problems.fastapi`"):
            add_problems(FastAPI())

    def test_translation_to_a_type_that_needs_members(self):
        """
        What could only fail in production fails at once.
        """

        class OutOfStock(Conflict, type="https://shop.example/out", title="Out of stock"):
            left: int

        with pytest.raises(
            SetupError, match=r"`translate` cannot turn KeyError into .*OutOfStock.*left: Field required"
        ):
            add_problems(Starlette(), policy=Policy(translate={KeyError: OutOfStock}))


class TestMiddlewareAlone:
    def test_around_a_router_that_stands_alone(self):
        """
        `ProblemMiddleware` answers for what is no application, with a registry and a policy of its own.
        """
        app = ProblemMiddleware(Mount("/", routes=[Route("/", raising(Gone()))]), registry=REGISTRY)

        assert "https://shop.example/problems/gone" == client(app).get("/").json()["type"]

    def test_without_a_setup_it_only_passes_on(self):
        """
        In an application without problems it changes nothing.
        """
        app = Starlette()
        app.add_middleware(ProblemMiddleware)

        assert "Not Found" == client(app).get("/").text


@pytest.mark.parametrize(
    "add",
    [
        pytest.param(lambda registry: add_problems(Starlette(), registry), id="Starlette"),
        pytest.param(lambda registry: add_to_fastapi(FastAPI(), registry), id="FastAPI"),
        pytest.param(lambda registry: ProblemMiddleware(Starlette(), registry=registry), id="the middleware"),
    ],
)
def test_a_registry_that_cannot_answer_is_refused(add):
    """
    A problem type for invalid requests that needs more than what was rejected is refused before the first of them.
    """
    with pytest.raises(InvalidRegistry, match="its member 'trace'"):
        add(Registry(Invalid, base="https://shop.example/"))
