"""Failures and cancellation on trio, whose cancellation is an exception of its own."""

import anyio
import httpx
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import StreamingResponse
from starlette.routing import Route, WebSocketRoute

from problems import Conflict, Policy
from problems.fastapi import add_problems
from tests.adapters.unwinding import DECIDERS, DECORATIONS, DISCONNECT, FAILURES, Crash, crash, exchange, make

BACKENDS = ("asyncio", "trio")
backends = pytest.mark.parametrize("backend", BACKENDS)


@pytest.mark.parametrize("decider", [None, *DECIDERS], ids=str)
@pytest.mark.parametrize("decoration", [None, *DECORATIONS], ids=str)
@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.filterwarnings("ignore:Async generator 'starlette.requests:ResourceWarning")  # of early versions, on trio
def test_a_failure_is_the_same_as_on_asyncio(decider, decoration, failure):
    """
    Messages, exceptions at the server and the log of a transaction do not depend on the event loop.
    """
    found, logs = [], []
    for backend in BACKENDS:
        log = []
        app = make("Starlette", decider, decoration, "inside", log)
        sent = (DISCONNECT, "POST") if failure == "read" else ()
        result = exchange(app, f"/{failure}", *sent, backend=backend)
        ends = [message.get("more_body", False) for message in result.bodies]
        found.append((result.statuses, ends, [type(error).__name__ for error in result.raised]))
        logs.append(log)

    assert (found[0], logs[0]) == (found[1], logs[1])


class Waits:
    """A transaction that records how it ended."""

    def __init__(self, app, log):
        self.app, self.log = app, log

    async def __call__(self, scope, receive, send):
        try:
            await self.app(scope, receive, send)
        except anyio.get_cancelled_exc_class():
            self.log.append("cancelled")
            raise
        except Exception as error:
            self.log.append(type(error).__name__)
            raise
        self.log.append("commit")


async def wait(request):
    await anyio.sleep_forever()


async def stream(request):
    async def items():
        yield b"1"
        await anyio.sleep_forever()

    return StreamingResponse(items())


async def wait_in_a_socket(websocket):
    await websocket.accept()
    await anyio.sleep_forever()


async def refuse(request):
    raise Conflict


ROUTES = [
    Route("/wait", wait),
    Route("/stream", stream),
    Route("/crash", crash),
    Route("/refuse", refuse),
    WebSocketRoute("/socket", wait_in_a_socket),
]


def application(cls, log, told):
    middleware = [Middleware(Waits, log=log), DECORATIONS["CORS"][0], DECORATIONS["request id"][0]]
    app = cls(routes=ROUTES, middleware=middleware)
    add_problems(app, policy=Policy(hooks=(told.append,)))
    return app


def cancelled(app, path, backend, *, blocks=None, kind="http"):
    """Cancel a request once it waits, and return the types of the messages and whether the cancellation has arrived."""
    messages, scopes = [], []

    async def main():
        reached = anyio.Event()

        async def receive():
            if kind == "websocket":
                return {"type": "websocket.connect"}
            if not reached.is_set():
                return {"type": "http.request"}
            return await anyio.sleep_forever()

        async def send(message):
            if message["type"] == blocks:
                reached.set()
                await anyio.sleep_forever()
            messages.append(message["type"])

        scope = {"type": kind, "method": "GET", "path": path, "headers": [], "query_string": b"", "root_path": ""}
        scope |= {"asgi": {"spec_version": "2.4"}, "subprotocols": []}

        async def run(task_status):
            with anyio.CancelScope() as cancelling:
                scopes.append(cancelling)
                task_status.started()
                await app(scope, receive, send)

        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                await tasks.start(run_status(run))
                await (reached.wait() if blocks else anyio.sleep(0.05))
                scopes[0].cancel()

    anyio.run(main, backend=backend)
    return messages, scopes[0].cancelled_caught


def run_status(function):
    """Return a function that takes the status of a task by name, as `TaskGroup.start` gives it."""

    async def run(*, task_status):
        await function(task_status)

    return run


@backends
@pytest.mark.parametrize("cls", [Starlette, FastAPI])
class TestCancellation:
    @pytest.mark.parametrize(
        ("path", "kind", "sent"),
        [
            pytest.param("/wait", "http", [], id="a request"),
            pytest.param("/stream", "http", ["http.response.start", "http.response.body"], id="a stream"),
            pytest.param("/socket", "websocket", ["websocket.accept"], id="a WebSocket"),
        ],
    )
    def test_is_not_answered(self, backend, cls, path, kind, sent):
        """
        A request that the server cancels is cancelled for the application too, and nothing more is sent or recorded.
        """
        log, told = [], []
        messages, is_caught = cancelled(application(cls, log, told), path, backend, kind=kind)

        assert (sent, True, ["cancelled"], []) == (messages, is_caught, log, told)

    @pytest.mark.parametrize("blocks", ["http.response.start", "http.response.body"])
    @pytest.mark.parametrize(("path", "logged"), [("/crash", "Crash"), ("/refuse", "cancelled")])
    def test_while_a_problem_is_sent(self, backend, cls, path, logged, blocks):
        """
        A cancellation while the problem is sent ends the request, and the code of the application has seen the crash.
        """
        log, app = [], None
        app = application(cls, log, [])

        async def server(scope, receive, send):
            try:
                await app(scope, receive, send)
            except Crash:
                log.append("server")

        messages, _ = cancelled(server, path, backend, blocks=blocks)

        assert logged == log[0]
        assert messages == ([] if blocks == "http.response.start" else ["http.response.start"])


@pytest.mark.parametrize("path", ["/crash", "/refuse"])
def test_a_client_on_trio(path):
    """
    A client of httpx on trio receives the problem from the application.
    """
    app = application(Starlette, [], [])

    async def main():
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as client:
            return await client.get(path)

    response = anyio.run(main, backend="trio")

    assert {"/crash": 500, "/refuse": 409}[path] == response.json()["status"]
