"""Every place of a Starlette application that can raise, and the mounts below it."""

from contextlib import asynccontextmanager

import anyio
import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.endpoints import HTTPEndpoint
from starlette.exceptions import HTTPException, WebSocketException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Host, Mount, Route, Router
from starlette.staticfiles import StaticFiles
from starlette.testclient import TestClient

from problems import Conflict, NotFound, Policy, Registry, ServiceUnavailable, Unauthorized, UnprocessableContent
from problems.starlette import ProblemMiddleware, add_problems

PROBLEM = "application/problem+json"


def raising(exc):
    async def endpoint(request):
        raise exc

    return endpoint


def crash():
    return RuntimeError("postgres://user:hunter2@db")


async def fine(request):
    return PlainTextResponse("fine")


def client(app):
    return TestClient(app, raise_server_exceptions=False)


def status_and_type(response):
    return response.status_code, response.headers["content-type"]


class Raising:
    """Pure ASGI middleware that raises instead of passing on."""

    def __init__(self, app, exc):
        self.exc = exc

    async def __call__(self, scope, receive, send):
        if scope["type"] != "lifespan":
            raise self.exc


class RequestId:
    """Pure ASGI middleware that adds a header, as those for request ids do."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        async def adding(message):
            if message["type"] == "http.response.start":
                message["headers"].append((b"x-request-id", b"7"))
            await send(message)

        await self.app(scope, receive, adding)


class RaisingAfter(BaseHTTPMiddleware):
    """Middleware that raises when it has got the response already."""

    async def dispatch(self, request, call_next):
        await call_next(request)
        raise HTTPException(403)


class RaisingBefore(BaseHTTPMiddleware):
    """Middleware that raises instead of passing on."""

    async def dispatch(self, request, call_next):
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})


class OnlyGet(HTTPEndpoint):
    async def get(self, request):
        return PlainTextResponse("fine")


class TestOneApplication:
    @pytest.mark.parametrize(
        ("path", "method", "status"),
        [
            pytest.param("/problem", "GET", 409, id="a problem"),
            pytest.param("/http", "GET", 418, id="an HTTPException"),
            pytest.param("/crash", "GET", 500, id="a crash"),
            pytest.param("/nowhere", "GET", 404, id="no route"),
            pytest.param("/http", "PUT", 405, id="no method"),
            pytest.param("/class", "POST", 405, id="no method of a class"),
            pytest.param("/files/nothing.txt", "GET", 404, id="no file"),
            pytest.param("/files/nothing.txt", "POST", 405, id="static files only read"),
            pytest.param("/routed/problem", "GET", 409, id="a router"),
            pytest.param("/sync", "GET", 409, id="a sync endpoint"),
        ],
    )
    def test_answers_with_a_problem(self, path, method, status, tmp_path):
        """
        Whatever the origin of an error is, its answer is a problem with its status.
        """

        def sync(request):
            raise Conflict

        app = Starlette(
            routes=[
                Route("/problem", raising(Conflict())),
                Route("/http", raising(HTTPException(418))),
                Route("/crash", raising(crash())),
                Route("/class", OnlyGet),
                Route("/sync", sync),
                Mount("/files", StaticFiles(directory=tmp_path)),
                Mount("/routed", routes=[Route("/problem", raising(Conflict()))]),
            ]
        )
        add_problems(app)
        response = client(app).request(method, path)

        assert (status, PROBLEM, status) == (*status_and_type(response), response.json()["status"])

    def test_allow_of_a_router_is_kept(self):
        """
        A 405 keeps the methods that the router allows (RFC 9110, section 15.5.6).
        """
        app = Starlette(routes=[Route("/", fine)])
        add_problems(app)

        assert {"GET", "HEAD"} == set(client(app).put("/").headers["allow"].split(", "))

    def test_a_crash_reaches_the_server(self):
        """
        An unexpected exception is answered, and raised again for the server.
        """
        app = Starlette(routes=[Route("/", raising(crash()))])
        add_problems(app)

        with pytest.raises(RuntimeError, match="hunter2"):
            TestClient(app).get("/")

    def test_a_problem_does_not(self):
        """
        An exception meant for the client is not a server error.
        """
        app = Starlette(routes=[Route("/", raising(ServiceUnavailable()))])
        add_problems(app)

        assert 503 == TestClient(app).get("/").status_code

    def test_debug_keeps_problem_bodies(self):
        """
        `debug=True` shows no traceback page.
        """
        app = Starlette(routes=[Route("/", raising(crash()))], debug=True)
        add_problems(app)

        assert (500, PROBLEM) == status_and_type(client(app).get("/", headers={"accept": "text/html"}))

    def test_lifespan_is_passed_on(self):
        """
        An exception of the lifespan reaches the server as it is.
        """

        @asynccontextmanager
        async def failing(app):
            raise crash()
            yield

        app = Starlette(lifespan=failing)
        add_problems(app)

        with pytest.raises(RuntimeError, match="hunter2"), TestClient(app):
            pass

    def test_one_instance_for_many_requests(self):
        """
        One exception raised again and again gets an instance of its own each time, and stays as it is.
        """
        problem = NotFound("Nothing here")
        app = Starlette(routes=[Route("/", raising(problem))])
        add_problems(app)
        instances = {client(app).get("/").json()["instance"] for _ in range(20)}

        assert (20, None, None) == (len(instances), problem.instance, problem.__traceback__)


class TestMiddleware:
    @pytest.mark.parametrize("last", [pytest.param(False, id="as it is"), pytest.param(True, id="middleware last")])
    @pytest.mark.parametrize(
        "middleware",
        [
            pytest.param(Middleware(RaisingBefore), id="BaseHTTPMiddleware"),
            pytest.param(Middleware(Raising, exc=Unauthorized(challenges="Bearer")), id="pure ASGI"),
        ],
    )
    def test_an_exception_in_it_keeps_status_and_headers(self, middleware, last):
        """
        An HTTPException or a problem raised in middleware is answered as what it is.
        """
        app = Starlette(middleware=[middleware])
        add_problems(app)
        if last:
            app.add_middleware(ProblemMiddleware)
        response = client(app).get("/")

        assert (401, PROBLEM, "Bearer") == (*status_and_type(response), response.headers["www-authenticate"])

    def test_middleware_last_spares_the_server(self):
        """
        With `ProblemMiddleware` added last, a problem raised in middleware does not reach the server.
        """
        app = Starlette(middleware=[Middleware(Raising, exc=Conflict())])
        add_problems(app)
        app.add_middleware(ProblemMiddleware)

        assert 409 == TestClient(app).get("/").status_code

    @pytest.mark.parametrize("last", [pytest.param(False, id="as it is"), pytest.param(True, id="middleware last")])
    def test_an_exception_after_the_response_was_made(self, last):
        """
        Middleware that raises instead of sending the response it got is answered too.
        """
        app = Starlette(routes=[Route("/", fine)], middleware=[Middleware(RaisingAfter)])
        add_problems(app)
        if last:
            app.add_middleware(ProblemMiddleware)

        assert (403, PROBLEM) == status_and_type(client(app).get("/"))

    @pytest.mark.parametrize("path", ["/crash", "/nowhere"])
    def test_a_crash_has_cors_and_request_id(self, path):
        """
        The problem of a crash has the headers that every other response has.
        """
        cors = Middleware(CORSMiddleware, allow_origins=["https://shop.example"])
        app = Starlette(routes=[Route("/crash", raising(crash()))], middleware=[cors, Middleware(RequestId)])
        add_problems(app)
        headers = client(app).get(path, headers={"origin": "https://shop.example"}).headers

        assert ("https://shop.example", "7", "Origin") == (
            headers["access-control-allow-origin"],
            headers["x-request-id"],
            headers["vary"],
        )

    def test_a_crash_is_sent_once(self):
        """
        A crash below `BaseHTTPMiddleware` is one response, and one exception for the server.
        """

        class Passing(BaseHTTPMiddleware):
            async def dispatch(self, request, call_next):
                return await call_next(request)

        app = Starlette(routes=[Route("/", raising(crash()))], middleware=[Middleware(Passing)])
        add_problems(app)
        app.add_middleware(ProblemMiddleware)

        assert (500, PROBLEM) == status_and_type(client(app).get("/"))


class TestMounts:
    @pytest.mark.parametrize(
        "around",
        [
            pytest.param(lambda sub: Mount("/sub", sub), id="Mount"),
            pytest.param(lambda sub: Mount("/sub", sub, middleware=[Middleware(RequestId)]), id="with middleware"),
            pytest.param(lambda sub: Mount("/sub", RequestId(sub)), id="in middleware"),
            pytest.param(lambda sub: Mount("/sub", routes=[Mount("/", sub)]), id="Mount in Mount"),
            pytest.param(lambda sub: Mount("/sub", Router([Mount("/", sub)])), id="in a Router"),
            pytest.param(lambda sub: Mount("/sub", Starlette(routes=[Mount("/", sub)])), id="two applications deep"),
            pytest.param(lambda sub: Host("testserver", Router([Mount("/sub", sub)])), id="in a Host"),
        ],
    )
    @pytest.mark.parametrize(
        ("path", "status"), [("/problem", 409), ("/http", 418), ("/crash", 500), ("/nowhere", 404), ("/group", 409)]
    )
    def test_a_mounted_application_has_problems(self, around, path, status):
        """
        Applications are reached through mounts, routers and middleware, at any depth.
        """
        sub = Starlette(
            routes=[
                Route("/problem", raising(Conflict())),
                Route("/http", raising(HTTPException(418))),
                Route("/crash", raising(crash())),
                Route("/group", raising(ExceptionGroup("", [Conflict()]))),
            ]
        )
        app = Starlette(routes=[around(sub)])
        add_problems(app)

        assert (status, PROBLEM) == status_and_type(client(app).get(f"/sub{path}"))

    def test_what_is_mounted_later_is_reached(self):
        """
        Mounts are walked before the first request, not by `add_problems`.
        """
        app = Starlette()
        add_problems(app)
        app.mount("/sub", Starlette())

        assert (404, PROBLEM) == status_and_type(client(app).get("/sub/nowhere"))

    def test_its_own_handlers_are_respected(self):
        """
        A handler of a mounted application's own is not replaced.
        """

        def mine(request, exc):
            return PlainTextResponse("mine", status_code=418)

        sub = Starlette(routes=[Route("/", raising(ValueError("x")))], exception_handlers={ValueError: mine, 404: mine})
        app = Starlette(routes=[Mount("/sub", sub)])
        add_problems(app)

        assert ["mine", "mine"] == [client(app).get(path).text for path in ("/sub/", "/sub/nowhere")]

    def test_its_own_crash_handler_is_respected(self):
        """
        A mounted application that answers its crashes keeps doing so.
        """

        def mine(request, exc):
            return PlainTextResponse("mine", status_code=500)

        sub = Starlette(routes=[Route("/", raising(ValueError("x")))], exception_handlers={Exception: mine})
        app = Starlette(routes=[Mount("/sub", sub)])
        add_problems(app)

        assert "mine" == client(app).get("/sub/").text

    def test_its_own_problems_are_respected(self):
        """
        A mounted application with a registry of its own keeps it.
        """

        class Lost(NotFound, type="lost", title="Lost"):
            """A declared type."""

        sub = Starlette(routes=[Route("/", raising(Lost()))])
        add_problems(sub, Registry(Lost, base="https://sub.example/"))
        app = Starlette(routes=[Mount("/sub", sub)])
        add_problems(app, Registry(base="https://app.example/"))

        assert "https://sub.example/lost" == client(app).get("/sub/").json()["type"]

    def test_what_is_raised_around_it_is_the_parents(self):
        """
        What is raised around a mounted application has the registry of the application that it is raised in.
        """

        class RaisingLost(BaseHTTPMiddleware):
            async def dispatch(self, request, call_next):
                await call_next(request)
                raise Lost

        class Lost(NotFound, type="lost", title="Lost"):
            """A declared type."""

        sub = Starlette(routes=[Route("/", fine)])
        add_problems(sub, Registry(base="https://sub.example/"))
        app = Starlette(routes=[Mount("/sub", sub)], middleware=[Middleware(RaisingLost)])
        add_problems(app, Registry(Lost, base="https://app.example/"))
        app.add_middleware(ProblemMiddleware)

        assert "https://app.example/lost" == client(app).get("/sub/").json()["type"]

    def test_debug_of_a_mounted_application_shows_no_traceback(self):
        """
        `debug=True` of a mounted application keeps problem bodies too.
        """
        sub = Starlette(routes=[Route("/", raising(crash()))], debug=True)
        app = Starlette(routes=[Mount("/sub", sub)])
        add_problems(app)

        assert (500, PROBLEM) == status_and_type(client(app).get("/sub/"))

    def test_a_crash_in_it_reaches_the_server_once(self):
        """
        A crash in a mounted application is answered there, and the original reaches the server.
        """
        app = Starlette(routes=[Mount("/sub", Starlette(routes=[Route("/", raising(crash()))]))])
        add_problems(app)

        with pytest.raises(RuntimeError, match="hunter2"):
            TestClient(app).get("/sub/")


class TestGroups:
    @pytest.mark.parametrize(
        ("leaves", "status"),
        [
            pytest.param([Conflict()], 409, id="one"),
            pytest.param([HTTPException(404), Conflict()], 404, id="the first of equals"),
            pytest.param([Conflict(), ServiceUnavailable()], 503, id="the most severe"),
            pytest.param([ExceptionGroup("", [Conflict()])], 409, id="nested"),
            pytest.param([KeyError("x")], 422, id="translated"),
            pytest.param([Conflict(), ValueError("x")], 500, id="with something unexpected"),
        ],
    )
    def test_is_answered_by_its_leading_problem(self, leaves, status):
        """
        A group of only problems is the most severe of them; any other is a crash.
        """
        app = Starlette(routes=[Route("/", raising(ExceptionGroup("", leaves)))])
        add_problems(app, policy=Policy(translate={KeyError: UnprocessableContent}))

        assert (status, PROBLEM) == status_and_type(client(app).get("/"))

    def test_a_group_with_a_crash_reaches_the_server(self):
        """
        The server gets the whole group, not one of its leaves.
        """
        app = Starlette(routes=[Route("/", raising(ExceptionGroup("all", [Conflict(), ValueError("x")])))])
        add_problems(app)

        with pytest.raises(ExceptionGroup, match="all"):
            TestClient(app).get("/")

    def test_of_a_task_group(self):
        """
        A problem raised in a task is answered as it would be outside of it.
        """

        async def endpoint(request):
            async with anyio.create_task_group() as group:
                group.start_soon(raising(Conflict("Taken.")), request)

        app = Starlette(routes=[Route("/", endpoint)])
        add_problems(app)

        assert "Taken." == TestClient(app).get("/").json()["detail"]


class TestAfterTheResponseStarted:
    @pytest.mark.parametrize("exc", [pytest.param(Conflict(), id="a problem"), pytest.param(crash(), id="a crash")])
    def test_a_stream_fails_with_the_original(self, exc):
        """
        The exception reaches the server as it is, not as a `RuntimeError` about a response that has started.
        """

        async def items():
            yield b"1"
            raise exc

        async def endpoint(request):
            return StreamingResponse(items())

        app = Starlette(routes=[Route("/", endpoint)])
        add_problems(app)

        with pytest.raises(type(exc)) as caught:
            TestClient(app).get("/")
        assert exc is caught.value

    def test_its_context_is_its_own(self):
        """
        The traceback that the server prints has no frame of this package.
        """
        problem = Conflict()

        async def endpoint(request):
            return PlainTextResponse("fine", background=BackgroundTask(raising(problem), request))

        app = Starlette(routes=[Route("/", endpoint)])
        add_problems(app)

        with pytest.raises(Conflict) as caught:
            TestClient(app).get("/")
        assert (None, None) == (caught.value.__context__, caught.value.__cause__)

    def test_the_response_stays_as_it_began(self):
        """
        A background task that fails does not change the response that the client got.
        """

        async def endpoint(request):
            return PlainTextResponse("fine", background=BackgroundTask(raising(Conflict()), request))

        app = Starlette(routes=[Route("/", endpoint)])
        add_problems(app)

        assert (200, "fine") == (client(app).get("/").status_code, client(app).get("/").text)


class TestMistakes:
    """Exceptions of the application that nothing can be made of."""

    def test_a_websocket_exception_in_an_http_endpoint(self):
        """
        It is a crash, and reaches the server as it is.
        """
        app = Starlette(routes=[Route("/", raising(WebSocketException(1008)))])
        add_problems(app)

        with pytest.raises(WebSocketException):
            TestClient(app).get("/")
        assert (500, PROBLEM) == status_and_type(client(app).get("/"))

    def test_a_runtime_error_that_sounds_like_starlettes(self):
        """
        One without a cause is what it is.
        """
        app = Starlette(routes=[Route("/", raising(RuntimeError("The response already started.")))])
        add_problems(app)

        with pytest.raises(RuntimeError, match="already started"):
            TestClient(app).get("/")

    @pytest.mark.expects_failure
    def test_a_translation_that_fails_is_in_the_log(self, caplog):
        """
        The client gets a constant, the log what went wrong, once, and the server the exception itself.
        """
        app = Starlette(routes=[Route("/", raising(KeyError("x")))])
        add_problems(app, policy=Policy(translate={KeyError: lambda exc: exc.nothing}))

        with pytest.raises(KeyError):
            TestClient(app).get("/")
        assert [AttributeError] == [record.exc_info[0] for record in caplog.records if record.name == "problems"]

    def test_a_translated_runtime_error_hides_nothing(self):
        """
        With a translation of `RuntimeError` Starlette masks what it has masked; the server gets the original.
        """

        async def items():
            yield b"1"
            raise Conflict

        async def endpoint(request):
            return StreamingResponse(items())

        app = Starlette(routes=[Route("/", endpoint)])
        add_problems(app, policy=Policy(translate={RuntimeError: ServiceUnavailable}))

        with pytest.raises(Conflict):
            TestClient(app).get("/")


class TestDisconnect:
    @pytest.mark.parametrize(
        "exc",
        [
            pytest.param(ClientDisconnect(), id="alone"),
            pytest.param(ExceptionGroup("", [ClientDisconnect()]), id="in a group"),
        ],
    )
    @pytest.mark.parametrize("middleware", [[], [Middleware(BaseHTTPMiddleware, dispatch=lambda r, call: call(r))]])
    def test_is_no_crash(self, exc, middleware):
        """
        A client that disconnects is not an error of the server, with `BaseHTTPMiddleware` above or without.
        """
        app = Starlette(routes=[Route("/", raising(exc))], middleware=middleware)
        add_problems(app)
        sent = []

        async def send(message):
            sent.append(message)

        anyio.run(app, {"type": "http", "method": "GET", "path": "/", "headers": []}, None, send)

        assert [] == sent
