"""Failures in every place, below middleware of every kind: what the application's own code sees, and what is sent."""

import asyncio
import gc
from contextlib import suppress

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Mount, Route

from problems import Policy
from problems.starlette import add_problems
from tests.adapters.unwinding import (
    DECIDERS,
    DECORATIONS,
    DISCONNECT,
    FAILURES,
    Crash,
    RequestId,
    crash,
    exchange,
    make,
)

PLACES = ("inside", "outside", "mounted")
FRAMEWORKS = ("Starlette", "FastAPI")
SENT = [name for name, status in FAILURES.items() if status and name != "late"]

frameworks = pytest.mark.parametrize("framework", FRAMEWORKS)
places = pytest.mark.parametrize("place", PLACES)
deciders = pytest.mark.parametrize("decider", [None, *DECIDERS], ids=str)
decorations = pytest.mark.parametrize("decoration", [None, *DECORATIONS], ids=str)


def request(app, failure, place):
    path = f"/mounted/{failure}" if place == "mounted" else f"/{failure}"
    if failure == "read":
        return exchange(app, path, DISCONNECT, "POST")
    return exchange(app, path)


@frameworks
@places
@decorations
@deciders
class TestMatrix:
    @pytest.mark.parametrize("failure", SENT)
    def test_one_complete_problem(self, framework, decider, decoration, place, failure):
        """
        Whatever fails below whatever middleware, the client gets one complete problem, which is recorded once.
        """
        told = []
        found = request(make(framework, decider, decoration, place, [], told=told), failure, place)

        assert (True, [FAILURES[failure]], "application/problem+json", FAILURES[failure], 1) == (
            found.is_complete,
            found.statuses,
            found.headers["content-type"],
            found.document["status"],
            len(told),
        )

    @pytest.mark.parametrize("failure", SENT)
    def test_it_has_the_headers_of_the_middleware(self, framework, decider, decoration, place, failure):
        """
        The problem has the headers that middleware adds, wherever it stands, once each.
        """
        header = DECORATIONS[decoration][1] if decoration else None
        found = request(make(framework, decider, decoration, place, []), failure, place)
        names = [name.decode().lower() for name, _ in found.starts[0]["headers"]]

        assert header is None or names.count(header) == 1

    @pytest.mark.parametrize("failure", FAILURES)
    def test_the_exception_goes_on(self, framework, decider, decoration, place, failure):
        """
        The server gets the exception of a crash, once and as it was raised; and neither a refusal nor a disconnect.
        """
        found = request(make(framework, decider, decoration, place, []), failure, place)
        expected = {"group": ["ExceptionGroup"], "read": [], "refused": []}.get(failure, ["Crash"])

        assert expected == [type(error).__name__ for error in found.raised]

    def test_a_disconnect_is_not_answered(self, framework, decider, decoration, place):
        """
        To a client that disconnects while its request is read nothing is sent, and nothing is recorded.
        """
        told = []
        found = request(make(framework, decider, decoration, place, [], told=told), "read", place)

        assert ([], []) == (found.starts, told)

    def test_a_late_failure_has_no_second_response(self, framework, decider, decoration, place):
        """
        A response that has begun ends as it does without problems; one that middleware still keeps is replaced.
        """
        found, usual = (
            request(make(framework, decider, decoration, place, [], problems=problems), "late", place)
            for problems in (True, False)
        )
        if decoration == "buffers":
            assert ([500], True) == (found.statuses, found.is_complete)
        else:
            assert usual.messages == found.messages


@frameworks
@places
@decorations
@pytest.mark.parametrize("decider", DECIDERS)
@pytest.mark.parametrize("failure", [*SENT, "read"])
def test_a_transaction_rolls_back(framework, decider, decoration, place, failure):
    """
    Code that decides by exception sees the exception first.

    A refusal by a mounted application is a response for the outer one, like the response of an endpoint.
    """
    log = []
    request(make(framework, decider, decoration, place, log), failure, place)
    names = {"group": "ExceptionGroup", "read": "ClientDisconnect", "refused": "HTTPException"}
    is_response = failure == "refused" and place == "mounted"

    assert ["commit" if is_response else names.get(failure, "Crash")] == log


@frameworks
@places
@decorations
@deciders
def test_a_success_is_the_same_without_problems(framework, decider, decoration, place):
    """
    A success response is, message for message, what it is without problems.
    """
    found, usual = (
        request(make(framework, decider, decoration, place, [], problems=problems), "fine", place).messages
        for problems in (True, False)
    )

    assert usual == found


class CatchAll:
    """Answers every exception itself."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        try:
            await self.app(scope, receive, send)
        except Exception:  # noqa: BLE001 - that is what it is for
            await PlainTextResponse("mine", 503)(scope, receive, send)


class Retries:
    """Calls the application once more after a failure."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        try:
            await self.app(scope, receive, send)
        except Crash:
            await self.app(scope, receive, send)


class Subclassed(Starlette):
    """Builds a stack of its own, without the middleware of the application."""

    def build_middleware_stack(self):
        return ServerErrorMiddleware(self.router, handler=self.exception_handlers[Exception])


class Wrapped(Starlette):
    """Puts a middleware of its own around the usual stack."""

    def build_middleware_stack(self):
        return RequestId(super().build_middleware_stack())


def application(cls=Starlette, middleware=(), told=None, **options):
    app = cls(routes=[Route("/", crash)], middleware=[*middleware], **options)
    add_problems(app, policy=Policy(hooks=() if told is None else (told.append,)))
    return app


class TestOtherStacks:
    def test_a_catch_all_answers_alone(self):
        """
        A crash that middleware answers is neither answered a second time nor recorded, and the server does not get it.
        """
        told = []
        found = exchange(application(middleware=[Middleware(RequestId), Middleware(CatchAll)], told=told), "/")

        assert ([503], "r-1", [], []) == (found.statuses, found.headers["x-request-id"], found.raised, told)

    def test_middleware_that_calls_twice(self):
        """
        Of two attempts the last one is answered, with the headers of the middleware below once.
        """
        found = exchange(application(middleware=[Middleware(Retries), Middleware(RequestId)]), "/")
        names = [name for name, _ in found.starts[0]["headers"]]

        assert ([500], 1) == (found.statuses, names.count(b"x-request-id"))

    def test_an_application_that_calls_itself(self):
        """
        A request within a request is answered where it came from, and leaves the outer one alone.
        """

        async def batch(request):
            sent = []

            async def send(message):
                sent.append(message)

            scope = {**request.scope, "path": "/"}
            with suppress(Crash):
                await request.app(scope, request.receive, send)
            return JSONResponse([message["status"] for message in sent if "status" in message])

        app = Starlette(routes=[Route("/", crash), Route("/batch", batch)], middleware=[Middleware(RequestId)])
        add_problems(app)
        found = exchange(app, "/batch")

        assert ([200], [500]) == (found.statuses, found.document)

    @pytest.mark.parametrize("cls", [Subclassed, Wrapped])
    def test_a_subclass_that_builds_its_own(self, cls):
        """
        An application that builds its stack itself answers a crash too.
        """
        found = exchange(application(cls), "/")

        assert ([500], True, ["Crash"]) == (
            found.statuses,
            found.is_complete,
            [type(error).__name__ for error in found.raised],
        )

    def test_the_debug_page_is_not_sent(self):
        """
        With `debug=True` the body is the problem, sent along the way.
        """
        found = exchange(application(middleware=[Middleware(RequestId)], debug=True), "/")

        assert (500, "r-1") == (found.document["status"], found.headers["x-request-id"])

    def test_the_debug_page_instead_of_the_applications_own_handler(self):
        """
        An application with a handler for every exception has the page that Starlette shows.
        """
        app = application(debug=True)
        app.add_exception_handler(Exception, lambda request, exc: PlainTextResponse("mine", 500))
        found = exchange(app, "/")

        assert "text/plain; charset=utf-8" == found.headers["content-type"]

    def test_the_applications_own_handler_is_not_recorded(self):
        """
        The response of a handler for every exception is sent where Starlette sends it, and is not ours to record.
        """
        told = []
        app = application(middleware=[Middleware(RequestId)], told=told)
        app.add_exception_handler(Exception, lambda request, exc: PlainTextResponse("mine", 503))
        found = exchange(app, "/")

        assert ([503], False, []) == (found.statuses, "x-request-id" in found.headers, told)

    def test_a_client_that_leaves_while_the_problem_is_sent(self):
        """
        The server gets the exception of the application, not the exception of its own `send`.
        """

        async def send(message):
            raise OSError("gone")

        async def receive():
            return {"type": "http.request"}

        scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}
        with pytest.raises(Crash):
            asyncio.run(application(middleware=[Middleware(RequestId)])(scope, receive, send))


class TestNote:
    """The instance in the traceback of the server."""

    def notes(self, policy=Policy(), error=None):
        error = error or Crash()

        async def endpoint(request):
            raise error

        app = Starlette(routes=[Mount("/mounted", Starlette(routes=[Route("/", endpoint)]))])
        add_problems(app, policy=policy)
        found = exchange(app, "/mounted/")
        return found.document.get("instance"), getattr(error, "__notes__", [])

    def test_is_one(self):
        """
        The exception has one note with the instance that the client received.
        """
        instance, notes = self.notes()

        assert [f"The client received a problem with the instance {instance}"] == notes

    def test_is_replaced(self):
        """
        An exception that is raised by many requests has the note of the last one, beside its own notes.
        """
        error = Crash()
        error.add_note("own")
        self.notes(error=error)
        instance, notes = self.notes(error=error)

        assert ["own", f"The client received a problem with the instance {instance}"] == notes

    def test_is_not_added_without_an_instance(self):
        """
        `Policy(instance=None)` adds none.
        """
        assert (None, []) == self.notes(Policy(instance=None))

    @pytest.mark.parametrize("notes", [("own",), 7, None], ids=repr)
    def test_never_fails(self, notes):
        """
        An exception with notes of another type is answered, and left as it is.
        """
        error = Crash()
        error.__notes__ = notes

        assert notes == self.notes(error=error)[1]


@pytest.mark.parametrize("path", ["/fine", "/crash", "/refused"])
@pytest.mark.parametrize("decoration", [None, "session", "CORS"])
def test_no_request_leaves_a_cycle(decoration, path):
    """
    After a request there is nothing for the garbage collector, whether it succeeds or fails.
    """
    app = make("Starlette", None, decoration, "inside", [])
    app.user_middleware.pop()  # `BaseHTTPMiddleware` itself leaves cycles

    async def requests(number):
        for _ in range(number):
            scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b"", "root_path": ""}
            with suppress(Crash):
                await app(scope, receive, send)

    async def receive():
        return {"type": "http.request"}

    async def send(message):
        pass

    async def garbage():
        await requests(5)
        gc.collect()
        gc.disable()
        try:
            await requests(20)
            return gc.collect()
        finally:
            gc.enable()

    assert 20 > asyncio.run(garbage())
