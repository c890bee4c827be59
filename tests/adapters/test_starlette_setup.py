"""What `add_problems` gives an application, which handlers win, and which arguments raise an error."""

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from problems import Conflict, NotFound, Policy, Problem, Registry, ValidationProblem
from problems.catalog import InternalServerError
from problems.errors import InvalidRegistry, ProblemsWarning, SetupError
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
        A handler of the application wins for its class, be it registered before or after.
        """
        app = application(exc)
        if first:
            app.add_exception_handler(cls, mine)
        add_problems(app, REGISTRY)
        if not first:
            app.add_exception_handler(cls, mine)

        assert "mine" == client(app).get("/").text

    @pytest.mark.parametrize("first", [pytest.param(True, id="before"), pytest.param(False, id="after")])
    @pytest.mark.parametrize("mounted", [pytest.param(False, id="alone"), pytest.param(True, id="mounted")])
    @pytest.mark.parametrize(
        ("status", "exc", "expected"),
        [
            pytest.param(404, HTTPException(404), 418, id="HTTPException"),
            pytest.param(404, NotFound(), 418, id="a catalog problem"),
            pytest.param(404, Gone(), 404, id="a declared type"),
            pytest.param(404, Conflict(), 409, id="another status"),
            pytest.param(500, ValueError("x"), 418, id="a crash"),
            pytest.param(500, InternalServerError(), 500, id="a problem of the server"),
        ],
    )
    def test_a_handler_for_a_status_code(self, status, exc, expected, first, mounted):
        """
        A handler for a status code answers what has no problem type of its own; one for 500 answers crashes.
        """
        app = application(exc)
        outer = Starlette(routes=[Mount("/", app)]) if mounted else app
        if first:
            app.add_exception_handler(status, mine)
        add_problems(outer, REGISTRY)
        if not first:
            app.add_exception_handler(status, mine)

        assert expected == client(outer).get("/").status_code

    def test_a_handler_for_the_class_of_a_declared_type(self):
        """
        A handler for a class is more specific than one for a status code, be it plain or async.
        """

        async def other(request, exc):
            return PlainTextResponse("other", status_code=419)

        app = application(Gone(), exception_handlers={404: mine, NotFound: other})
        add_problems(app, REGISTRY)

        assert 419 == client(app).get("/").status_code

    def test_the_handlers_of_the_application_stay_as_they_are(self):
        """
        The lists of the application contain what the application put there, also when its stack is built.
        """
        app = application(Gone(), middleware=[Middleware(GZipMiddleware)], exception_handlers={404: mine}, debug=True)
        add_problems(app, REGISTRY)
        client(app).get("/")

        assert (mine, [GZipMiddleware], True) == (
            app.exception_handlers[404],
            [middleware.cls for middleware in app.user_middleware],
            app.debug,
        )

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
        A handler for `HTTPException` gets the exceptions that are not problems.
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
            pytest.param(Starlette(), Gone, {}, r"<class .*Gone'> is not a valid registry\. Write", id="class"),
            pytest.param(Starlette(), [Gone], {}, r"Gone'>\] is not a valid registry\. Write", id="list"),
            pytest.param(REGISTRY, Starlette(), {}, r"Starlette .* is not a valid registry\. Write", id="swapped"),
            pytest.param(REGISTRY, None, {}, r"Registry\(.* is not a valid application\. Write", id="no application"),
            pytest.param(Starlette(), None, {"policy": "x"}, r"'x' is not a valid policy\. Write", id="no policy"),
        ],
    )
    def test_another_kind_of_argument(self, app, registry, options, message):
        """
        It raises at once; otherwise it would fail at the first error.
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

        with pytest.raises(SetupError, match=r"`translate` cannot turn KeyError into .*OutOfStock.*`left=` is missing"):
            add_problems(Starlette(), policy=Policy(translate={KeyError: OutOfStock}))


class TestSurvived:
    """What is found when the stack is built, where an exception would take the application down."""

    @pytest.fixture
    def app(self):
        app = Starlette(routes=[Route("/", raising(Gone()))])
        add_problems(app, REGISTRY)
        app.router.routes = None
        return app

    def test_is_a_warning(self, app):
        """
        A failure is a `ProblemsWarning` that names it, and the rest of the stack is built.
        """
        with pytest.warns(ProblemsWarning, match="could not finish the set-up of .* TypeError"):
            app.build_middleware_stack()

    def test_is_logged_where_a_warning_is_an_error(self, app, caplog):
        """
        A filter that turns warnings into errors does not stop the application.
        """
        app.build_middleware_stack()

        assert ["WARNING"] == [record.levelname for record in caplog.records]


class TestMiddlewareAlone:
    def test_around_a_router_that_stands_alone(self):
        """
        `ProblemMiddleware` works around any ASGI callable, with its own registry and policy.
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
    A problem type for invalid requests that needs more than the rejected inputs raises before the first of them.
    """
    with pytest.raises(InvalidRegistry, match="its member 'trace'"):
        add(Registry(Invalid, base="https://shop.example/"))
