"""From our servers to our clients by other ways than a response: the same classes arrive."""

import httpx
import httpx2
import pytest
from fastapi import FastAPI, WebSocket
from fastapi.responses import StreamingResponse
from httpx_ws import WebSocketDisconnect, connect_ws
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from problems import Forbidden, Registry
from problems.catching.messages import problem_from_close, problem_from_event, problem_from_line
from problems.fastapi import add_problems
from problems.httpx import raise_problems
from problems.streams import stream_problems
from tests.httpx.conftest import running
from tests.httpx.shop import BASE, REGISTRY, ItemNotFound


class ShopClosed(Forbidden, type="shop-closed", title="The shop is closed"):
    """There is nothing more to say."""


EVERYTHING = REGISTRY | Registry(ShopClosed, base=BASE)


def application():
    """Return an application that fails while it sends."""
    app = FastAPI()
    add_problems(app, EVERYTHING)

    @app.get("/lines")
    @stream_problems
    async def lines():
        async def items():
            yield b'{"item_id": 6}\n'
            raise ItemNotFound(item_id=7)

        return StreamingResponse(items(), media_type="application/jsonl")

    @app.get("/events")
    @stream_problems
    async def events():
        async def items():
            yield b'data: {"item_id": 6}\n\n'
            raise ItemNotFound(item_id=7)

        return StreamingResponse(items(), media_type="text/event-stream")

    @app.get("/nothing")
    @stream_problems
    async def nothing():
        async def items():
            raise ItemNotFound(item_id=7)
            yield b""

        return StreamingResponse(items(), media_type="application/jsonl")

    @app.websocket("/closed")
    async def closed(websocket: WebSocket):
        await websocket.accept()
        raise ShopClosed

    @app.websocket("/denied")
    async def denied(websocket: WebSocket):
        raise ItemNotFound(item_id=7)

    return app


@pytest.fixture(scope="module")
def shop():
    """The address of that application, on a real server."""
    with running(application(), ws="websockets-sansio") as served:
        yield served.url


@pytest.fixture
def client():
    """A client that raises problems."""
    with httpx2.Client() as made:
        yield raise_problems(made, EVERYTHING)


class TestStreams:
    def test_json_lines(self, client, shop):
        """
        The last line is the problem, the others are not.
        """
        with client.stream("GET", f"{shop}/lines") as response:
            found = [problem_from_line(line, EVERYTHING, url=str(response.url)) for line in response.iter_lines()]

        assert [None, 7] == [problem and problem.item_id for problem in found]

    def test_server_sent_events(self, client, shop):
        """
        The last event is the problem, the others are not.
        """
        events = client.get(f"{shop}/events").text.strip().split("\n\n")
        fields = [dict(line.split(": ", 1) for line in event.split("\n")) for event in events]
        found = [problem_from_event(event.get("event"), event["data"], EVERYTHING) for event in fields]

        assert [None, 7] == [problem and problem.item_id for problem in found]

    def test_a_stream_that_never_began(self, client, shop):
        """
        It is a response with a status, so the client raises.
        """
        with pytest.raises(ItemNotFound), client.stream("GET", f"{shop}/nothing"):
            pass


class TestWebSockets:
    def test_a_close_frame(self, shop):
        """
        Code and reason are the problem.
        """
        with connect(f"{shop.replace('http', 'ws')}/closed") as socket, pytest.raises(ConnectionClosed) as caught:
            socket.recv()
        frame = caught.value.rcvd

        assert isinstance(problem_from_close(frame.code, frame.reason, EVERYTHING), ShopClosed)

    def test_httpx_ws(self, shop):
        """
        The WebSockets of httpx behave the same.
        """
        with (
            httpx.Client() as client,
            pytest.raises(WebSocketDisconnect) as caught,
            connect_ws(f"{shop}/closed", client) as socket,
        ):
            socket.receive_text()

        assert isinstance(problem_from_close(caught.value.code, caught.value.reason, EVERYTHING), ShopClosed)

    def test_a_handshake_of_httpx_ws_that_is_denied(self, shop):
        """
        It is a response, so the client raises.
        """
        with (
            raise_problems(httpx.Client(), EVERYTHING) as client,
            pytest.raises(ItemNotFound),
            connect_ws(f"{shop}/denied", client),
        ):
            raise NotImplementedError

    def test_a_handshake_that_is_denied(self, shop):
        """
        It is answered with a response, whose document is the problem.
        """
        with pytest.raises(InvalidStatus) as caught:
            connect(f"{shop.replace('http', 'ws')}/denied")
        response = caught.value.response
        problem = problem_from_line(response.body, EVERYTHING)

        assert (404, 7) == (response.status_code, problem.item_id)
