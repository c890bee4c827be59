"""Problems in WebSockets: real uvicorn with both implementations, and real clients."""

import asyncio
import contextlib
import json
import logging
from typing import Annotated

import pytest
import websockets
from fastapi import Depends, FastAPI, Query, WebSocket, WebSocketException
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from starlette.routing import Mount, WebSocketRoute
from starlette.websockets import WebSocketDisconnect
from websockets.sync.client import connect

from problems import Conflict, NotFound, Policy, Registry, ServiceUnavailable, Unauthorized
from problems.catalog import class_of
from problems.declaring.problem import unvalidated
from problems.fastapi import add_problems
from problems.starlette import ProblemMiddleware
from problems.websockets import close_code, private_close_code, problem_from_close

pytestmark = pytest.mark.parametrize("ws", ["websockets-sansio", "wsproto"])

STATUSES = (400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 426, 429, 499, 500, 501, 502, 503, 504, 599)


class RoomClosed(NotFound, type="room-closed", title="Room closed"):
    """A declared type."""

    room: str


REGISTRY = Registry(RoomClosed, base="https://chat.example/problems/")


def application(raised, *, accept=True, policy=Policy(), registry=REGISTRY):
    app = FastAPI()

    @app.websocket("/")
    async def endpoint(websocket: WebSocket):
        if accept:
            await websocket.accept()
        raise raised

    add_problems(app, registry, policy=policy)
    return app


def refused(served, path="/"):
    """Return the response that denies a handshake."""
    with pytest.raises(websockets.InvalidStatus) as caught, connect(served.ws + path):
        pass
    return caught.value.response


def closed(served, path="/"):
    """Return the frames before the close frame, and its code and reason."""
    texts = []
    with connect(served.ws + path) as client:
        try:
            while True:
                texts.append(client.recv(timeout=5))
        except websockets.ConnectionClosed as end:
            return texts, end.rcvd.code, end.rcvd.reason


class TestBeforeItIsAccepted:
    def test_a_problem_is_a_response(self, serve, ws):
        """
        A handshake is denied with status, headers and document of the problem.
        """
        response = refused(serve(application(Unauthorized(challenges="Bearer"), accept=False), ws=ws))
        document = json.loads(response.body)

        assert (401, "application/problem+json", "Bearer", 401) == (
            response.status_code,
            response.headers["content-type"],
            response.headers["www-authenticate"],
            document["status"],
        )

    @pytest.mark.parametrize(
        ("raised", "status"),
        [
            pytest.param(HTTPException(418), 418, id="an HTTPException"),
            pytest.param(ExceptionGroup("", [Conflict()]), 409, id="a group"),
            pytest.param(RuntimeError("hunter2"), 500, id="a crash"),
            pytest.param(WebSocketException(1008, "No."), 403, id="a WebSocketException, as in Starlette"),
        ],
    )
    def test_any_exception_refuses(self, serve, ws, raised, status):
        """
        Whatever is raised in a handshake, it is denied with a status, and without internal details.
        """
        response = refused(serve(application(raised, accept=False), ws=ws))

        assert (status, False) == (response.status_code, b"hunter2" in response.body)

    def test_validation_errors_have_no_inputs(self, serve, ws):
        """
        A handshake with an invalid parameter is denied with a validation problem.
        """
        app = FastAPI()

        @app.websocket("/")
        async def endpoint(websocket: WebSocket, n: Annotated[int, Query()]): ...

        add_problems(app)
        response = refused(serve(app, ws=ws), "/?n=hunter2")
        (error,) = json.loads(response.body)["errors"]

        assert (422, "n", False) == (response.status_code, error["parameter"], b"hunter2" in response.body)

    def test_no_route_is_a_404_if_asked_for(self, serve, ws):
        """
        With `framework_texts` a path that is not there is a 404 for WebSockets too.
        """
        served = serve(application(Conflict(), policy=Policy(framework_texts=True)), ws=ws)

        assert 404 == refused(served, "/nowhere").status_code


class TestAfterItIsAccepted:
    def test_every_status_is_a_close_code(self, serve, ws):
        """
        An open WebSocket is closed with the code that says what the status says.
        """
        app = FastAPI()

        @app.websocket("/{status}")
        async def endpoint(websocket: WebSocket, status: int):
            await websocket.accept()
            raise unvalidated(class_of(status), None, {})

        add_problems(app)
        served = serve(app, ws=ws)

        assert {it: close_code(it) for it in STATUSES} == {it: closed(served, f"/{it}")[1] for it in STATUSES}

    @pytest.mark.parametrize(
        ("raised", "reason"),
        [
            pytest.param(RoomClosed(room="7"), "https://chat.example/problems/room-closed", id="a type URI"),
            pytest.param(Conflict("Secret."), "Conflict", id="a title"),
            pytest.param(HTTPException(418, "Secret."), "Client Error", id="an HTTPException"),
            pytest.param(RuntimeError("Secret."), "Internal Server Error", id="a crash"),
            pytest.param(HTTPException(204), "", id="a status without content"),
            pytest.param(WebSocketException(4001, "Mine."), "Mine.", id="a WebSocketException"),
            pytest.param(WebSocketException(4001, "é" * 100), "é" * 61, id="one that is too long"),
        ],
    )
    def test_the_reason_tells_the_type(self, serve, ws, raised, reason):
        """
        The reason is the type URI or the title, at most 123 bytes; never the detail.
        """
        assert reason == closed(serve(application(raised), ws=ws))[2]

    def test_a_long_type_uri_gives_way_to_the_title(self, serve, ws):
        """
        A type URI that does not fit in a frame is not cut: it would be another.
        """

        class Far(NotFound, type="https://chat.example/" + "x" * 120, title="Weit fort, ä" + "ä" * 100):
            """A declared type."""

        _, code, reason = closed(serve(application(Far()), ws=ws))

        assert (1008, "Weit fort, ä" + "ä" * 55) == (code, reason)

    def test_private_codes_lose_nothing(self, serve, ws):
        """
        `Policy(close_codes=private_close_code)` closes with 4000 and the status.
        """
        _, code, _ = closed(serve(application(Conflict(), policy=Policy(close_codes=private_close_code)), ws=ws))

        assert 4409 == code

    @pytest.mark.expects_failure
    @pytest.mark.parametrize("codes", [{}.__getitem__, lambda status: 1005], ids=["none", "one that is never sent"])
    def test_a_failing_choice_of_codes_costs_no_close_frame(self, serve, ws, codes):
        """
        A `close_codes` that fails is recorded, and the usual code is sent.
        """
        _, code, _ = closed(serve(application(Conflict(), policy=Policy(close_codes=codes)), ws=ws))

        assert 1008 == code

    def test_the_document_may_come_first(self, serve, ws):
        """
        With `problem_frames` the document is a text frame before the close frame.
        """
        texts, _, _ = closed(serve(application(RoomClosed(room="7"), policy=Policy(problem_frames=True)), ws=ws))
        (document,) = map(json.loads, texts)
        instance = document.pop("instance")

        assert ("urn:uuid:", "https://chat.example/problems/room-closed", "7") == (
            instance[:9],
            document["type"],
            document["room"],
        )

    def test_a_client_reads_it_back(self, serve, ws):
        """
        Code and reason of a close frame become a problem again.
        """
        _, code, reason = closed(serve(application(ServiceUnavailable()), ws=ws))

        assert isinstance(problem_from_close(code, reason, REGISTRY), ServiceUnavailable)

    def test_validation_errors_have_no_inputs(self, serve, ws):
        """
        A validation error after a dependency has accepted closes with a reason that is a type.
        """

        async def accepting(websocket: WebSocket):
            await websocket.accept()

        app = FastAPI()

        @app.websocket("/", dependencies=[Depends(accepting)])
        async def endpoint(websocket: WebSocket, n: int): ...

        add_problems(app, REGISTRY)

        assert ([], 1008, "https://chat.example/problems/validation-problem") == closed(
            serve(app, ws=ws), "/?n=hunter2"
        )

    @pytest.mark.parametrize("mounted", [pytest.param(FastAPI, id="FastAPI"), pytest.param(Starlette, id="Starlette")])
    def test_in_a_mounted_application(self, serve, ws, mounted):
        """
        A WebSocket of a mounted application is closed in the same way.
        """

        async def endpoint(websocket):
            await websocket.accept()
            raise Unauthorized(challenges="Bearer")

        sub = mounted(routes=[WebSocketRoute("/", endpoint)])
        app = Starlette(routes=[Mount("/sub", sub)])
        add_problems(app)

        assert ([], 3000, "Unauthorized") == closed(serve(app, ws=ws), "/sub/")

    @pytest.mark.parametrize(("raised", "status"), [(Conflict(), 409), (WebSocketException(1008), 403)])
    def test_in_middleware(self, serve, ws, raised, status):
        """
        What middleware raises refuses the handshake, if `ProblemMiddleware` is added last.
        """

        class Raising:
            def __init__(self, app):
                self.app = app

            async def __call__(self, scope, receive, send):
                if scope["type"] == "websocket":
                    raise raised
                await self.app(scope, receive, send)

        app = Starlette(middleware=[Middleware(Raising)])
        add_problems(app)
        app.add_middleware(ProblemMiddleware)

        assert status == refused(serve(app, ws=ws)).status_code

    def test_a_handler_of_the_users_wins(self, serve, ws):
        """
        A handler for a class of exceptions is called with the WebSocket.
        """
        app = application(KeyError("x"))

        @app.exception_handler(KeyError)
        async def mine(websocket, exc):
            assert isinstance(websocket, HTTPConnection)
            await websocket.close(4007, "mine")

        assert ([], 4007, "mine") == closed(serve(app, ws=ws))


class TestLog:
    @pytest.mark.parametrize("accept", [False, True])
    def test_a_crash_is_one_traceback(self, serve, ws, accept, caplog):
        """
        The server reports a crash once, before and after accepting.
        """
        served = serve(application(RuntimeError("x"), accept=accept), ws=ws)
        with caplog.at_level(logging.INFO):
            (closed if accept else refused)(served)
        served.stop()

        assert 1 == sum(record.exc_info is not None for record in caplog.records)

    @pytest.mark.parametrize(
        ("raised", "tracebacks"),
        [pytest.param(None, 1, id="as it is"), pytest.param(Conflict(), 0, id="as a problem")],
    )
    def test_a_client_that_disconnects(self, serve, ws, raised, tracebacks, caplog):
        """
        A disconnect that escapes reaches the server, as in Starlette; a problem that comes after it does not.
        """
        app = FastAPI()

        @app.websocket("/")
        async def endpoint(websocket: WebSocket):
            await websocket.accept()
            try:
                await websocket.receive_text()
            except WebSocketDisconnect:
                if raised:
                    raise raised from None
                raise

        add_problems(app)
        served = serve(app, ws=ws)
        with caplog.at_level(logging.INFO), connect(served.ws):
            pass
        served.stop()

        assert tracebacks == sum(record.exc_info is not None for record in caplog.records)


class TestAClientThatIsGone:
    def test_costs_no_error(self, ws):
        """
        A close frame that can no longer be sent is none.
        """
        messages = iter([{"type": "websocket.connect"}])

        async def receive():
            return next(messages)

        async def send(message):
            if message["type"] == "websocket.close":
                raise OSError("gone")

        scope = {"type": "websocket", "path": "/", "headers": [], "query_string": b"", "subprotocols": []}

        assert asyncio.run(application(Conflict())(scope, receive, send)) is None


class TestWithoutTheExtension:
    @pytest.mark.parametrize(
        ("raised", "code"), [(Conflict(), 1008), (RuntimeError("x"), 1008), (WebSocketException(1013), 1013)]
    )
    def test_a_handshake_is_refused_by_a_close(self, ws, raised, code):
        """
        A server without ASGI's denial extension is sent a close, never a response that it does not know.
        """
        messages = []

        async def receive():
            return {"type": "websocket.connect"}

        async def send(message):
            messages.append(message)

        scope = {
            "type": "websocket",
            "path": "/",
            "headers": [],
            "query_string": b"",
            "subprotocols": [],
        }
        app = application(raised, accept=False)
        with contextlib.suppress(RuntimeError):
            asyncio.run(app(scope, receive, send))

        assert [("websocket.close", code)] == [(it["type"], it["code"]) for it in messages]
