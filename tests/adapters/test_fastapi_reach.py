"""Every place of a FastAPI application that can raise, which handlers win, and the applications below it."""

import functools
from typing import Annotated

import fastapi
import pytest
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI
from fastapi.exception_handlers import http_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Mount
from starlette.testclient import TestClient

from problems import BadRequest, Conflict, NotFound, Policy, Registry, ServiceUnavailable
from problems.fastapi import add_problems, problem_response

PROBLEM = "application/problem+json"


def crash():
    return RuntimeError("postgres://user:hunter2@db")


def client(app):
    return TestClient(app, raise_server_exceptions=False)


def status_and_type(response):
    return response.status_code, response.headers["content-type"]


def mine(request, exc):
    return PlainTextResponse("mine", status_code=418)


def entered(exc):
    """A dependency that raises before it yields."""

    def dependency():
        raise exc
        yield

    return dependency


def left(exc):
    """A dependency that raises after it has yielded."""

    def dependency():
        yield 1
        raise exc

    return dependency


def converting():
    """A dependency that turns what its endpoint raises into something else."""
    try:
        yield 1
    except KeyError:
        raise Conflict from None


class TestOneApplication:
    @pytest.mark.parametrize(
        ("exc", "status"),
        [
            pytest.param(Conflict(), 409, id="a problem"),
            pytest.param(fastapi.HTTPException(418), 418, id="FastAPI's HTTPException"),
            pytest.param(HTTPException(418), 418, id="Starlette's HTTPException"),
            pytest.param(RequestValidationError([]), 422, id="a validation error"),
            pytest.param(ExceptionGroup("", [Conflict()]), 409, id="a group"),
            pytest.param(ExceptionGroup("", [RequestValidationError([])]), 422, id="a validation error in a group"),
            pytest.param(crash(), 500, id="a crash"),
        ],
    )
    @pytest.mark.parametrize("origin", ["endpoint", "sync endpoint", "dependency", "entered", "left", "sub-dependency"])
    def test_answers_with_a_problem(self, origin, exc, status):
        """
        Wherever an operation raises, the answer is a problem with its status.
        """

        def boom():
            raise exc

        async def boom_async():
            raise exc

        dependencies = {
            "dependency": [Depends(boom)],
            "entered": [Depends(entered(exc))],
            "left": [Depends(left(exc), scope="function")],
            "sub-dependency": [Depends(lambda inner=Depends(boom): inner)],
        }
        endpoints = {"endpoint": boom_async, "sync endpoint": boom}
        app = FastAPI()
        app.get("/", dependencies=dependencies.get(origin, []))(endpoints.get(origin, lambda: 1))
        add_problems(app)

        assert (status, PROBLEM) == status_and_type(client(app).get("/"))

    def test_a_dependency_may_convert(self):
        """
        A problem that a dependency makes of an exception is answered.
        """
        app = FastAPI()

        @app.get("/")
        def endpoint(_: Annotated[int, Depends(converting)]):
            raise KeyError

        add_problems(app)

        assert (409, PROBLEM) == status_and_type(client(app).get("/"))

    @pytest.mark.parametrize("exc", [pytest.param(Conflict(), id="a problem"), pytest.param(crash(), id="a crash")])
    def test_a_dependency_that_fails_after_the_response(self, exc):
        """
        With request scope the response has been sent: the server gets the original exception.
        """
        app = FastAPI()
        app.get("/", dependencies=[Depends(left(exc))])(lambda: 1)
        add_problems(app)

        with pytest.raises(type(exc)) as caught:
            TestClient(app).get("/")
        assert exc is caught.value

    def test_a_background_task_that_fails(self):
        """
        The server gets the original exception, not one about a response that has started.
        """
        app = FastAPI()

        def fail():
            raise Conflict

        @app.get("/")
        def endpoint(tasks: BackgroundTasks):
            tasks.add_task(fail)

        add_problems(app)

        with pytest.raises(Conflict):
            TestClient(app).get("/")

    def test_a_response_that_does_not_fit_is_a_crash(self):
        """
        `ResponseValidationError` is a constant 500, and reaches the server.
        """
        app = FastAPI()

        @app.get("/", response_model=int)
        def endpoint():
            return "hunter2"

        add_problems(app)
        response = client(app).get("/")

        assert (500, None, True) == (
            response.status_code,
            response.json().get("detail"),
            "hunter2" not in response.text,
        )

    def test_debug_keeps_problem_bodies(self):
        """
        `debug=True` shows no traceback page.
        """
        app = FastAPI(debug=True)

        @app.get("/")
        def endpoint():
            raise crash()

        add_problems(app)

        assert (500, PROBLEM) == status_and_type(client(app).get("/"))


class TestWhichHandlerWins:
    @pytest.mark.parametrize("first", [pytest.param(True, id="before"), pytest.param(False, id="after")])
    @pytest.mark.parametrize(
        ("cls", "path"),
        [
            pytest.param(NotFound, "/problem", id="a problem class"),
            pytest.param(fastapi.HTTPException, "/fastapi", id="FastAPI's HTTPException"),
            pytest.param(HTTPException, "/nowhere", id="Starlette's HTTPException"),
            pytest.param(RequestValidationError, "/invalid?n=x", id="RequestValidationError"),
            pytest.param(Exception, "/crash", id="every exception"),
        ],
    )
    def test_the_users(self, cls, path, first):
        """
        A handler of the application wins for its class, be it registered before or after.
        """
        app = FastAPI()
        if first:
            app.add_exception_handler(cls, mine)
        add_problems(app)
        if not first:
            app.add_exception_handler(cls, mine)

        @app.get("/problem")
        def problem():
            raise NotFound

        @app.get("/fastapi")
        def http():
            raise fastapi.HTTPException(404)

        @app.get("/invalid")
        def invalid(n: int): ...

        @app.get("/crash")
        def crashing():
            raise crash()

        assert "mine" == client(app).get(path).text

    def test_one_that_wraps_fastapis(self):
        """
        A handler that wraps FastAPI's own counts as the application's.
        """

        @functools.wraps(http_exception_handler)
        async def wrapping(request, exc):
            return mine(request, exc)

        app = FastAPI(exception_handlers={HTTPException: wrapping})
        add_problems(app)

        assert "mine" == client(app).get("/nowhere").text

    def test_one_that_answers_as_we_do(self):
        """
        A handler of the application may add its own work, and send the usual answer.
        """
        app = FastAPI()
        add_problems(app)

        @app.exception_handler(RequestValidationError)
        async def counting(request, exc):
            return problem_response(request, exc)

        @app.get("/")
        def endpoint(n: int): ...

        assert (422, PROBLEM) == status_and_type(client(app).get("/?n=x"))

    def test_a_handler_for_fastapis_exceptions_is_none_for_problems(self):
        """
        Problems and router errors are Starlette's HTTPExceptions, not FastAPI's.
        """
        app = FastAPI()
        add_problems(app)
        app.add_exception_handler(fastapi.HTTPException, mine)

        assert (404, PROBLEM) == status_and_type(client(app).get("/nowhere"))


class TestMounts:
    @pytest.mark.parametrize(
        "parent", [pytest.param(FastAPI, id="in FastAPI"), pytest.param(Starlette, id="in Starlette")]
    )
    @pytest.mark.parametrize(
        ("path", "status"), [("/problem", 409), ("/nowhere", 404), ("/invalid?n=x", 422), ("/crash", 500)]
    )
    def test_a_mounted_application_has_problems(self, parent, path, status):
        """
        A FastAPI application that is mounted answers with problems too, its validation errors among them.
        """
        sub = FastAPI()

        @sub.get("/problem")
        def problem():
            raise Conflict

        @sub.get("/invalid")
        def invalid(n: int): ...

        @sub.get("/crash")
        def crashing():
            raise crash()

        app = parent()
        app.mount("/sub", sub)
        add_problems(app)

        assert (status, PROBLEM) == status_and_type(client(app).get(f"/sub{path}"))

    @pytest.mark.parametrize(
        "sub",
        [
            pytest.param(FastAPI(), id="FastAPI"),
            pytest.param(Starlette(routes=[Mount("/x", Starlette())]), id="Starlette"),
        ],
    )
    def test_in_an_included_router(self, sub):
        """
        A mount in a router that is included is reached too.
        """
        inner, outer = APIRouter(), APIRouter()
        inner.mount("/sub", sub)
        outer.include_router(inner, prefix="/inner")
        app = FastAPI()
        app.include_router(outer, prefix="/outer")
        add_problems(app)

        assert (404, PROBLEM) == status_and_type(client(app).get("/outer/inner/sub/x/nowhere"))

    def test_its_own_handlers_are_respected(self):
        """
        A handler of a mounted application's own is not replaced; FastAPI's are.
        """
        sub = FastAPI(exception_handlers={RequestValidationError: mine})

        @sub.get("/")
        def endpoint(n: int): ...

        app = FastAPI()
        app.mount("/sub", sub)
        add_problems(app)

        assert ("mine", PROBLEM) == (client(app).get("/sub/").text, client(app).get("/sub/no").headers["content-type"])

    def test_the_registry_of_the_parent_is_that_of_the_mount(self):
        """
        A problem of a mounted application has the type URI of the outer application.
        """

        class Lost(NotFound, type="lost", title="Lost"):
            """A declared type."""

        sub = FastAPI()

        @sub.get("/")
        def endpoint():
            raise Lost

        app = FastAPI()
        app.mount("/sub", sub)
        add_problems(app, Registry(Lost, base="https://shop.example/"))

        assert "https://shop.example/lost" == client(app).get("/sub/").json()["type"]

    def test_its_document_tells_of_problems(self):
        """
        The document of a mounted application has the 422 that it answers with.
        """
        sub = FastAPI()

        @sub.get("/")
        def endpoint(n: int): ...

        app = FastAPI()
        app.mount("/sub", sub)
        add_problems(app)
        responses = client(app).get("/sub/openapi.json").json()["paths"]["/"]["get"]["responses"]

        assert "ValidationProblem" in str(responses["422"])


class TestForeignExceptions:
    def test_a_translated_exception_is_answered(self):
        """
        `Policy(translate=…)` makes a problem of a foreign exception, and the server sees no crash.
        """
        app = FastAPI()

        @app.get("/")
        def endpoint():
            raise TimeoutError("10.0.0.7 did not answer")

        add_problems(app, policy=Policy(translate={OSError: ServiceUnavailable}))
        response = TestClient(app).get("/")

        assert (503, False) == (response.status_code, "10.0.0.7" in response.text)

    def test_one_that_the_translation_does_not_know_is_a_crash(self):
        """
        A translation that returns nothing leaves the exception to the server.
        """
        app = FastAPI()

        @app.get("/")
        def endpoint():
            raise OSError("disk")

        def translated(exc: OSError) -> BadRequest | None:
            return BadRequest() if isinstance(exc, TimeoutError) else None

        add_problems(app, policy=Policy(translate={OSError: translated}))

        with pytest.raises(OSError, match="disk"):
            TestClient(app).get("/")
        assert (500, PROBLEM) == status_and_type(client(app).get("/"))
