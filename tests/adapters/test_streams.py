import json
import logging
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from fastapi import Depends, FastAPI
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import StreamingResponse
from starlette.routing import Mount, Route

from problems import Policy, Registry, ServiceUnavailable
from problems.answering._html import HTML
from problems.answering.policy import RequestId
from problems.answering.texts import Texts
from problems.fastapi import add_problems
from problems.starlette import add_problems as add_to_starlette
from problems.streams import stream_problems


class Exhausted(ServiceUnavailable, type="exhausted", title="Exhausted", detail="After {sent}."):
    sent: int


REGISTRY = Registry(Exhausted, base="https://shop.example/problems/")
CLOSED = []


class Item(BaseModel):
    n: int


async def committing():
    try:
        yield
    except BaseException as exc:
        CLOSED.append(exc)
        raise


def failing(n, crash):
    """Yield *n* items, then fail."""
    for number in range(n):
        yield Item(n=number)
    raise OSError("secret") if crash else Exhausted(sent=n)


def fastapi_app(policy):
    app = FastAPI()

    @app.get("/events", response_class=EventSourceResponse)
    @stream_problems
    async def events(n: int, *, crash: bool = False) -> AsyncIterator[Item]:
        for item in failing(n, crash):
            yield item

    @app.get("/events-sync", response_class=EventSourceResponse)
    @stream_problems
    def events_sync(n: int, *, crash: bool = False) -> Iterator[ServerSentEvent]:
        for item in failing(n, crash):
            yield ServerSentEvent(data=item)

    @app.get("/lines")
    @stream_problems
    async def lines(n: int, *, crash: bool = False) -> AsyncIterator[Item]:
        for item in failing(n, crash):
            yield item

    @app.get("/lines-sync")
    @stream_problems
    def lines_sync(n: int, *, crash: bool = False) -> Iterator[Item]:
        yield from failing(n, crash)

    add_problems(app, REGISTRY, policy=policy)
    return app


def special_app(policy):
    app = FastAPI()

    @app.get("/session", dependencies=[Depends(committing)])
    @stream_problems
    async def session(n: int) -> AsyncIterator[Item]:
        for item in failing(n, crash=False):
            yield item

    @app.get("/misfits", response_class=EventSourceResponse)
    @stream_problems
    async def misfits() -> AsyncIterator[Item]:
        yield {"n": "secret"}

    add_problems(app, REGISTRY, policy=policy)
    return app


def late_app():
    """Return an application with streams that are complete when something fails."""
    app = FastAPI()

    def fail():
        raise ValueError

    async def closing():
        yield
        fail()

    def stream(background=None):
        return StreamingResponse(iter([b"{}\n"]), media_type="application/x-ndjson", background=background)

    @app.get("/background")
    @stream_problems
    async def background():
        return stream(BackgroundTask(fail))

    @app.get("/teardown", dependencies=[Depends(closing)])
    @stream_problems
    async def teardown():
        return stream()

    add_problems(app)
    return app


def starlette_app(policy):
    def stream(media_type, line):
        @stream_problems
        async def endpoint(request):
            n, crash = int(request.query_params["n"]), "crash" in request.query_params
            items = (line % item.model_dump_json().encode() for item in failing(n, crash))
            return StreamingResponse(items, media_type=media_type)

        return endpoint

    routes = [
        Route("/events", stream("text/event-stream", b"data: %s\n\n")),
        Route("/lines", stream("application/jsonl", b"%s\n")),
        Route("/ndjson", stream("application/x-ndjson", b"%s\n")),
        Route("/csv", stream("text/csv", b"%s\n")),
    ]
    app = Starlette(routes=[*routes, Mount("/mounted", routes=routes)])
    add_to_starlette(app, REGISTRY, policy=policy)
    return app


STREAMS = [
    pytest.param(fastapi_app, "/events", id="FastAPI events"),
    pytest.param(fastapi_app, "/events-sync", id="FastAPI events, sync"),
    pytest.param(fastapi_app, "/lines", id="FastAPI lines"),
    pytest.param(fastapi_app, "/lines-sync", id="FastAPI lines, sync"),
    pytest.param(starlette_app, "/events", id="Starlette events"),
    pytest.param(starlette_app, "/lines", id="Starlette lines"),
    pytest.param(starlette_app, "/ndjson", id="Starlette NDJSON"),
    pytest.param(starlette_app, "/mounted/events", id="mounted"),
]


def items_of(response):
    """Return the items of a stream: pairs of an event's name and data, or lines without a name."""
    if not response.headers["content-type"].startswith("text/event-stream"):
        return [("", json.loads(line)) for line in response.text.splitlines()]
    events = [
        dict(line.split(": ", 1) for line in event.splitlines()) for event in response.text.split("\n\n") if event
    ]
    return [(event.get("event", ""), json.loads(event["data"])) for event in events]


@pytest.fixture
def get(serve):
    """Make a request of an application that is served."""

    def request(make, path, policy=Policy(), headers=None, **query):
        return httpx.get(serve(make(policy)).http + path, params=query, headers=headers)

    return request


@pytest.mark.parametrize(("make", "path"), STREAMS)
class TestOnTheWire:
    def test_before_the_first_item(self, get, make, path):
        """
        A failure before the first item has its real status, and the headers of a problem.
        """
        response = get(make, path, n=0)

        assert (503, "application/problem+json", "https://shop.example/problems/exhausted", "no-store") == (
            response.status_code,
            response.headers["content-type"],
            response.json()["type"],
            response.headers["cache-control"],
        )

    def test_after_some_items(self, get, make, path):
        """
        A later failure ends the stream with one problem, after all items that came before.
        """
        items = items_of(get(make, path, n=2))
        name, problem = items.pop()

        assert (["", ""], [{"n": 0}, {"n": 1}]) == tuple(map(list, zip(*items, strict=True)))
        assert ("problem" if "events" in path else "", "After 2.", 2, 503) == (
            name,
            problem["detail"],
            problem["sent"],
            problem["status"],
        )

    @pytest.mark.parametrize("n", [0, 2])
    def test_a_crash(self, get, make, path, n):
        """
        An unexpected failure is reported without details, in a response and in a stream.
        """
        response = get(make, path, n=n, crash=True)
        problem = response.json() if n == 0 else items_of(response)[-1][1]

        assert ({"type": "about:blank", "title": "Internal Server Error", "status": 500}, False) == (
            {name: value for name, value in problem.items() if name != "instance"},
            "secret" in response.text,
        )


class TestStreams:
    def test_a_format_without_a_place(self, get):
        """
        A stream that has no place for a problem breaks off, so that the client notices.
        """
        with pytest.raises(httpx.RemoteProtocolError):
            get(starlette_app, "/csv", n=2)

    def test_a_format_without_a_place_before_it_began(self, get):
        """
        Before its first item any stream can still become a problem.
        """
        assert 503 == get(starlette_app, "/csv", n=0).status_code

    def test_an_item_that_does_not_fit(self, get):
        """
        A value that FastAPI cannot send is a server failure, reported without details.
        """
        response = get(special_app, "/misfits")

        assert (500, False) == (response.status_code, "secret" in response.text)

    def test_a_stream_is_json(self, get):
        """
        In a stream the problem is JSON whatever the client accepts, in the client's language.
        """
        german = Texts({"de": {REGISTRY.uri(Exhausted): "Erschöpft"}})
        policy = Policy(representations=(HTML,), texts=german, instance=RequestId())
        headers = {"Accept": "text/html", "Accept-Language": "de", "X-Request-ID": "7f3a"}
        *_, (_, problem) = items_of(get(fastapi_app, "/events", policy, headers, n=1))

        assert ("Erschöpft", "7f3a") == (problem["title"], problem["instance"])

    def test_dependencies_see_the_failure(self, get):
        """
        A dependency that rolls back on an exception is given it.
        """
        CLOSED.clear()
        get(special_app, "/session", n=1)

        assert [Exhausted] == [type(exc) for exc in CLOSED]

    @pytest.mark.parametrize("path", ["/background", "/teardown"])
    def test_a_failure_behind_the_end(self, serve, caplog, path):
        """
        What fails when the response is complete changes nothing about it, and reaches the server as it is.
        """
        served = serve(late_app())
        response = httpx.get(served.http + path)
        served.stop()

        assert (200, b"{}\n", [ValueError]) == (
            response.status_code,
            response.content,
            [record.exc_info[0] for record in caplog.records if record.exc_info],
        )

    def test_it_is_recorded(self, serve, caplog):
        """
        A failure in a stream is recorded as any other: a declared one by us, a crash by the server, each once.
        """
        caplog.set_level(logging.INFO)
        served = serve(fastapi_app(Policy()))
        httpx.get(served.http + "/events", params={"n": 1})
        httpx.get(served.http + "/events", params={"n": 1, "crash": True})
        served.stop()

        assert [("problems", "Exhausted"), ("uvicorn.error", "OSError")] == [
            (record.name, record.exc_info[0].__name__) for record in caplog.records if record.exc_info
        ]

    @pytest.mark.parametrize("n", [0, 2])
    def test_below_middleware(self, serve, n):
        """
        Middleware that wraps or compresses responses changes nothing.
        """

        async def passing(request, call_next):
            return await call_next(request)

        app = starlette_app(Policy())
        app.user_middleware.insert(0, Middleware(BaseHTTPMiddleware, dispatch=passing))
        app.user_middleware.insert(0, Middleware(GZipMiddleware, minimum_size=1))
        response = httpx.get(serve(app).http + "/lines", params={"n": n})

        assert [503 if n == 0 else 200, 503] == [response.status_code, items_of(response)[-1][1]["status"]]
