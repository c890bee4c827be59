"""Failures of WebSockets below generated stacks of middleware: what the application sees, and what is sent."""

import asyncio
from contextvars import ContextVar

import pytest
import websockets
from fastapi import FastAPI
from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.exceptions import HTTPException, WebSocketException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import JSONResponse
from starlette.routing import Mount, WebSocketRoute
from starlette.websockets import WebSocketDisconnect
from websockets.sync.client import connect

from problems import Conflict
from problems.fastapi import add_problems
from tests.adapters.unwinding import ORIGIN, Buffers, CopiesScope, Crash, Drops, RaisesAfterItsEnd

DENIAL, CLOSE = "websocket.http.response.start", "websocket.close"

ALLOWED = {
    "connecting": {"websocket.accept": "open", CLOSE: "ended", DENIAL: "denying"},
    "open": {"websocket.send": "open", CLOSE: "ended"},
    "denying": {"websocket.http.response.body": "ended"},
}
"""The state of a WebSocket after each message that is allowed in a state."""


class Socket:
    """
    One WebSocket as a server sees it, which refuses each message that the ASGI specification does not allow.

    Attributes:
        messages: What the application has sent.
        raised: What has reached the server.
        violations: The types of the messages that are not allowed in their place.
    """

    def __init__(self, app, path, *, denials=True, is_gone=False):
        self.messages, self.raised, self.violations, self.state = [], [], [], "connecting"
        self._waiting = [{"type": "websocket.connect"}, {"type": "websocket.receive", "text": "hello"}]
        self._waiting.append({"type": "websocket.disconnect", "code": 1001})
        self._is_gone = is_gone
        scope = {
            "type": "websocket",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": "wss",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": [(b"host", b"api.example"), (b"origin", ORIGIN.encode())],
            "subprotocols": [],
            "extensions": {"websocket.http.response": {}} if denials else {},
        }
        asyncio.run(asyncio.wait_for(self._run(app, scope), 10))

    async def _run(self, app, scope):
        try:
            await app(scope, self._receive, self._send)
        except Exception as error:  # noqa: BLE001 - as servers do
            self.raised.append(error)

    async def _receive(self):
        message = self._waiting.pop(0) if self._waiting else await asyncio.Event().wait()
        if message["type"] == "websocket.disconnect":
            self.state = "disconnected"
        return message

    async def _send(self, message):
        if self.state == "disconnected" or (self._is_gone and message["type"] == CLOSE):
            raise OSError("The client has disconnected.")
        following = ALLOWED.get(self.state, {}).get(message["type"])
        if following is None:
            self.violations.append(message["type"])
            raise RuntimeError(f"Unexpected message {message['type']} while {self.state}")
        if message["type"] != "websocket.http.response.body" or not message.get("more_body", False):
            self.state = following
        self.messages.append(message)

    @property
    def end(self):
        """The status of the denial, or the code of the close frame."""
        ends = [it.get("status", it.get("code")) for it in self.messages if it["type"] in (DENIAL, CLOSE)]
        assert len(ends) <= 1
        return ends[0] if ends else None


# Middleware, which Starlette calls for WebSockets too.


class Transaction:
    """Decides by exception."""

    def __init__(self, app, log):
        self.app, self.log = app, log

    async def __call__(self, scope, receive, send):
        try:
            await self.app(scope, receive, send)
        except BaseException as error:
            self.log.append(error)
            raise
        self.log.append("commit")


class WrapsMessages:
    """Passes messages on in both directions, as instrumentations do."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        async def receiving():
            return await receive()

        async def sending(message):
            await send(message)

        await self.app(scope, receiving, sending)


class OwnScope:
    """Passes on a scope of its own, without the entries that it does not know."""

    KNOWN = ("type", "path", "raw_path", "root_path", "query_string", "headers", "subprotocols", "extensions", "app")

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        await self.app({name: scope[name] for name in self.KNOWN if name in scope}, receive, send)


class ReadsContext:
    """Its `send` reads a variable that is reset when the application is left."""

    ID = ContextVar("ID")

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        async def reading(message):
            self.ID.get()
            await send(message)

        token = self.ID.set("r-1")
        try:
            await self.app(scope, receive, reading)
        finally:
            self.ID.reset(token)


class RequestId:
    """Adds a header to what accepts or denies a WebSocket."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        async def adding(message):
            if message["type"] in ("websocket.accept", DENIAL):
                message = {**message, "headers": [*message.get("headers", ()), (b"x-request-id", b"r-1")]}
            await send(message)

        await self.app(scope, receive, adding)


async def passing(request, call_next):
    return await call_next(request)


MIDDLEWARE = {
    "BaseHTTPMiddleware": Middleware(BaseHTTPMiddleware, dispatch=passing),
    "CORS": Middleware(CORSMiddleware, allow_origins=[ORIGIN]),
    "GZip": Middleware(GZipMiddleware),
    "session": Middleware(SessionMiddleware, secret_key="key"),
    "request id": Middleware(RequestId),
    "copies the scope": Middleware(CopiesScope),
    "a scope of its own": Middleware(OwnScope),
    "reads a context variable": Middleware(ReadsContext),
    "wraps messages": Middleware(WrapsMessages),
    "drops": Middleware(Drops),
    "raises after its end": Middleware(RaisesAfterItsEnd),
    "buffers": Middleware(Buffers),
}


class Fails:
    """Middleware that raises, before or after the application below was called."""

    def __init__(self, app, failure, *, is_after):
        self.app, self.failure, self.is_after = app, failure, is_after

    async def __call__(self, scope, receive, send):
        if self.is_after:
            await self.app(scope, receive, send)
        raise self.failure()


# Failures.

FAILURES = {
    "crash": lambda: Crash("hunter2"),
    "group": lambda: ExceptionGroup("several", [Crash("hunter2"), HTTPException(404)]),
    "HTTPException": lambda: HTTPException(401, "Who?", {"WWW-Authenticate": "Bearer"}),
    "problem": Conflict,
    "group of problems": lambda: ExceptionGroup("several", [Conflict(), Conflict()]),
    "WebSocketException": lambda: WebSocketException(4001, "Mine."),
}
DENIED = {"crash": 500, "group": 500, "HTTPException": 401, "problem": 409, "group of problems": 409}
CLOSED = {"crash": 1011, "group": 1011, "HTTPException": 3000, "problem": 1008, "group of problems": 1008}
CRASHES = ("crash", "group")

HISTORIES = (
    "at once",
    "accepted",
    "after messages",
    "after the close",
    "after a denial",
    "in a denial",
    "disconnected",
)
"""What has happened to the WebSocket when the endpoint fails."""


def endpoint_for(history, failure):
    async def endpoint(websocket):
        if history in ("after a denial", "in a denial"):
            if history == "after a denial":
                await websocket.send_denial_response(JSONResponse({}, 403))
            else:
                await websocket.send({"type": DENIAL, "status": 403, "headers": []})
        elif history != "at once":
            await websocket.accept()
        if history == "after messages":
            await websocket.send_text(await websocket.receive_text())
        elif history == "after the close":
            await websocket.close(4000)
        elif history == "disconnected":
            await websocket.receive()
            await websocket.receive()
        if failure is not None:
            raise failure

    return endpoint


def application(endpoint, *, framework=Starlette, place="inside", stack=(), failing=None, log=None, problems=True):
    """
    Return an application with a WebSocket below a transaction and other middleware.

    Args:
        endpoint: The endpoint of `/ws`.
        framework: The class of the application.
        place: Where the other middleware is: inside or outside of the transaction, or around a mounted application.
        stack: The names of the other middleware.
        failing: The middleware below all other.
        log: The log of the transaction.
        problems: Whether the application has problems.
    """
    route, around = WebSocketRoute("/ws", endpoint), [MIDDLEWARE[name] for name in stack]
    deciding = [Middleware(Transaction, log=[] if log is None else log)]
    own, inner = [*deciding, *around] if place == "inside" else [*around, *deciding], [failing] if failing else []
    if place == "mounted":
        app = framework(routes=[Mount("/mounted", framework(routes=[route], middleware=inner))], middleware=own)
    else:
        app = framework(routes=[route], middleware=[*own, *inner])
    if problems:
        add_problems(app)
    return app


def path(place):
    return "/mounted/ws" if place == "mounted" else "/ws"


DROPPED = [history for history in HISTORIES if history != "disconnected"]
"""Middleware that sends to a client that has disconnected fails by itself."""
PASSING = [name for name in MIDDLEWARE if name != "buffers"]
stacks = st.lists(st.sampled_from(PASSING), max_size=4)
frameworks = pytest.mark.parametrize("framework", [Starlette, FastAPI])
places = pytest.mark.parametrize("place", ["inside", "outside", "mounted"])


def expected_end(history, failure, *, denials=True):
    """Return the status of the denial or the code of the close frame that a failure ends in."""
    if history in ("accepted", "after messages"):
        return CLOSED.get(failure, 4001)
    if history != "at once":
        return {"after the close": 4000, "disconnected": None}.get(history, 403)
    return DENIED.get(failure, 4001) if denials or failure == "WebSocketException" else 1008


@frameworks
@places
class TestEndpoint:
    @pytest.mark.parametrize("failure", FAILURES)
    @settings(max_examples=15)
    @given(history=st.sampled_from(HISTORIES), stack=stacks, denials=st.booleans())
    @example(history="accepted", stack=["a scope of its own"], denials=True)
    @example(history="in a denial", stack=[], denials=True)
    def test_a_failure_has_one_end(self, framework, place, history, failure, stack, denials):
        """
        Whatever has been sent before, the WebSocket has one end that the protocol allows.

        Code that decides by exception sees a crash first, which then reaches the server as it was raised.
        """
        raised, log, denials = FAILURES[failure](), [], denials or history in ("after a denial", "in a denial")
        app = application(endpoint_for(history, raised), framework=framework, place=place, stack=stack, log=log)
        socket = Socket(app, path(place), denials=denials)
        goes_on = failure in CRASHES or history == "in a denial"

        assert ([], expected_end(history, failure, denials=denials)) == (socket.violations, socket.end)
        assert ([raised] if goes_on else [], [raised] if goes_on else ["commit"]) == (socket.raised, log)
        assert "hunter2" not in str(socket.messages)

    @settings(max_examples=10)
    @given(history=st.sampled_from(["accepted", "after messages"]), failure=st.sampled_from([*FAILURES]), stack=stacks)
    def test_a_client_that_disconnects_during_the_close(self, framework, place, history, failure, stack):
        """
        A close frame that can no longer be sent costs neither the exception of a crash nor a second exception.
        """
        raised = FAILURES[failure]()
        app = application(endpoint_for(history, raised), framework=framework, place=place, stack=stack)
        socket = Socket(app, path(place), is_gone=True)

        assert ([], [raised] if failure in CRASHES else []) == (socket.violations, socket.raised)

    @settings(max_examples=10)
    @given(stack=stacks)
    def test_a_disconnect(self, framework, place, stack):
        """
        A disconnect that the endpoint does not catch passes as in Starlette: to the server, with nothing sent.
        """

        async def endpoint(websocket):
            await websocket.accept()
            while True:
                await websocket.receive_text()

        log, sockets = [], []
        for problems in (True, False):
            app = application(endpoint, framework=framework, place=place, stack=stack, log=log, problems=problems)
            sockets.append(Socket(app, path(place)))

        assert [WebSocketDisconnect] * 4 == [type(it) for it in [*log, *sockets[0].raised, *sockets[1].raised]]
        assert sockets[1].messages == sockets[0].messages

    @settings(max_examples=10)
    @given(history=st.sampled_from(HISTORIES), stack=stacks)
    def test_a_success_is_the_same_without_problems(self, framework, place, history, stack):
        """
        A WebSocket that does not fail has, message for message, what it has without problems.
        """
        sockets = [
            Socket(
                application(endpoint_for(history, None), framework=framework, place=place, stack=stack, problems=it),
                path(place),
            )
            for it in (True, False)
        ]

        assert (sockets[1].messages, sockets[1].raised) == (sockets[0].messages, sockets[0].raised)


@frameworks
@places
class TestBuffering:
    @pytest.mark.parametrize("failure", FAILURES)
    @settings(max_examples=15)
    @given(history=st.sampled_from(DROPPED), before=stacks, after=stacks, denials=st.booleans())
    @example(history="after the close", before=[], after=[], denials=False)
    def test_a_failure_has_one_end(self, framework, place, failure, history, before, after, denials):
        """
        Middleware that drops what was sent before a crash leaves a WebSocket that can still be denied.

        What it keeps back until the end is followed by no second end.
        """
        raised, log, denials = FAILURES[failure](), [], denials or history in ("after a denial", "in a denial")
        stack, unwinds = [*before, "buffers", *after], failure in CRASHES or history == "in a denial"
        app = application(endpoint_for(history, raised), framework=framework, place=place, stack=stack, log=log)
        socket = Socket(app, path(place), denials=denials)
        ends_as = "at once" if unwinds else history

        assert ([], expected_end(ends_as, failure, denials=denials)) == (socket.violations, socket.end)
        assert ([raised] if failure in CRASHES else []) == socket.raised
        assert "hunter2" not in str(socket.messages)


@frameworks
@places
class TestMiddleware:
    @pytest.mark.parametrize("failure", FAILURES)
    @settings(max_examples=15)
    @given(is_after=st.booleans(), stack=stacks, history=st.sampled_from(HISTORIES), denials=st.booleans())
    def test_a_failure_has_one_end(self, framework, place, failure, is_after, stack, history, denials):
        """
        What middleware raises, before or after the endpoint, unwinds through the middleware outside of it.

        Only a crash reaches the server. A refusal by a mounted application is an answer for the outer one.
        """
        raised, log, denials = FAILURES[failure](), [], denials or history in ("after a denial", "in a denial")
        failing = Middleware(Fails, failure=lambda: raised, is_after=is_after)
        endpoint = endpoint_for(history, None)
        app = application(endpoint, framework=framework, place=place, stack=stack, failing=failing, log=log)
        socket = Socket(app, path(place), denials=denials)
        history = history if is_after else "at once"
        goes_on = failure in CRASHES or history == "in a denial"

        assert ([], expected_end(history, failure, denials=denials)) == (socket.violations, socket.end)
        assert [raised] * goes_on == socket.raised
        assert [raised if goes_on or place != "mounted" else "commit"] == log


class TestServers:
    """A sample on uvicorn, with both implementations."""

    @pytest.mark.parametrize("ws", ["websockets-sansio", "wsproto"])
    @pytest.mark.parametrize("place", ["inside", "mounted"])
    @pytest.mark.parametrize("history", ["at once", "after messages"])
    @pytest.mark.parametrize("failure", FAILURES)
    def test_a_failure_has_one_end(self, serve, ws, place, history, failure, caplog):
        """
        The client receives the denial or the close frame, and the server logs the exception of a crash once.
        """
        app = application(endpoint_for(history, FAILURES[failure]()), place=place, stack=["CORS", "copies the scope"])
        served = serve(app, ws=ws)
        try:
            with connect(served.ws + path(place)) as client:
                client.send("hello")
                end = [client.recv(timeout=5), client.recv(timeout=5)]
        except websockets.InvalidStatus as denial:
            end = denial.response.status_code
        except websockets.ConnectionClosed as close:
            end = close.rcvd.code
        served.stop()

        refused = 403 if failure == "WebSocketException" and history == "at once" else None
        assert (refused or expected_end(history, failure)) == end
        assert (failure in CRASHES) == sum(record.exc_info is not None for record in caplog.records)
