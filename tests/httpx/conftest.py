"""Clients of both libraries, sync and async, and real servers: uvicorn, and sockets that send given bytes."""

import asyncio
import inspect
import json
import socket
import threading
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import httpx
import httpx2
import pytest
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from tests.httpx.shop import NOT_FOUND, PROBLEM_JSON


class Peer:
    """One library, used in one way."""

    def __init__(self, library: ModuleType, *, is_async: bool) -> None:
        self.library, self.is_async = library, is_async
        self._runner = asyncio.Runner() if is_async else None
        self._clients: list[Any] = []

    def __call__(self, **options: Any) -> Any:
        """Return a client; an async one as one whose methods wait."""
        made = (self.library.AsyncClient if self.is_async else self.library.Client)(**options)
        self._clients.append(made)
        return made

    def run(self, call: Any) -> Any:
        """Return the result of a call, be it one that has to be waited for."""
        return self._runner.run(call) if self._runner is not None and inspect.iscoroutine(call) else call

    def get(self, client: Any, url: str, **options: Any) -> Any:
        return self.run(client.get(url, **options))

    def stream(self, client: Any, url: str) -> bytes:
        """Return the content of a response that is streamed."""

        async def read() -> bytes:
            async with client.stream("GET", url) as response:
                return b"".join([chunk async for chunk in response.aiter_bytes()])

        if self.is_async:
            return self.run(read())
        with client.stream("GET", url) as response:
            return b"".join(response.iter_bytes())

    def transport(self, answer: Any) -> Any:
        """Return a transport that gives the response that *answer* returns."""
        return self.library.MockTransport(answer)

    def answering(self, *args: Any, **options: Any) -> Any:
        """Return a client that gets one response."""
        return self(transport=self.transport(lambda request: self.library.Response(*args, **options)))

    def close(self) -> None:
        for client in self._clients:
            self.run(client.aclose() if self.is_async else client.close())
        if self._runner is not None:
            self._runner.close()


@pytest.fixture(params=[httpx2, httpx], ids=lambda library: library.__name__)
def library(request):
    """A client library."""
    return request.param


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def peer(request, library):
    """A client library, used in one way."""
    made = Peer(library, is_async=request.param)
    yield made
    made.close()


PROBLEM = json.dumps(NOT_FOUND).encode()
AS_PROBLEM = {"content-type": PROBLEM_JSON}
CHALLENGE = {"www-authenticate": 'Digest realm="shop", nonce="n", qop="auth", algorithm=MD5'}

# What is answered at each path: status, header fields and the chunks of the body.
ANSWERS = {
    "/ok": (200, AS_PROBLEM, [b'{"item_id": 7}']),
    "/redirect": (302, {"location": "/problem"}, []),
    "/elsewhere": (307, {"location": "/shelves/3/item"}, []),
    "/shelves/3/item": (404, AS_PROBLEM, [json.dumps(NOT_FOUND | {"type": "item-not-found"}).encode()]),
    "/html": (502, {"content-type": "text/html"}, [b"<h1>Bad Gateway</h1>"]),
    "/challenge": (401, CHALLENGE, [b"Who are you?"]),
    "/chunks": (404, AS_PROBLEM, [PROBLEM[:20], PROBLEM[20:]]),
    "/endless": (404, AS_PROBLEM, [b'{"a":"', *[b"x" * 65_536] * 200]),
    "/problem": (404, AS_PROBLEM, [PROBLEM]),
    "/digest": (404, AS_PROBLEM, [PROBLEM]),
}


async def app(scope, receive, send):
    """Answer as the path says."""
    path, headers = scope["path"], dict(scope["headers"])
    is_known = headers.get(b"authorization", b"").startswith(b"Digest ")
    status, fields, chunks = ANSWERS["/challenge" if path == "/digest" and not is_known else path]
    await send({"type": "http.response.start", "status": status, "headers": list(encoded(fields))})
    for chunk in chunks if scope["method"] != "HEAD" else []:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def encoded(fields):
    """Yield header fields as ASGI has them."""
    for name, value in fields.items():
        yield name.encode(), value.encode()


class Served:
    """A running server."""

    def __init__(self) -> None:
        self.connections = 0
        self.url = ""


@contextmanager
def running(application, **options: Any):
    """Run a server in a thread, and count the connections that it accepts."""
    served = Served()

    class Counting(H11Protocol):
        def connection_made(self, transport):
            served.connections += 1
            super().connection_made(transport)

    config = uvicorn.Config(application, port=0, http=Counting, lifespan="off", log_config=None, **options)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
    served.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    yield served
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="session")
def uvicorn_server():
    """A real server, which counts the connections that it accepts."""
    with running(app, ws="none") as served:
        yield served


@pytest.fixture
def server(uvicorn_server):
    """The server, without earlier connections."""
    uvicorn_server.connections = 0
    return uvicorn_server


@contextmanager
def sending(data: bytes, *, then_wait: bool = False):
    """Give the address of a server that sends *data* to each client, and hangs up: at once, or when it is over."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(data)
                over.wait(5 if then_wait else 0)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/items/7"
        finally:
            over.set()
            thread.join(5)


@pytest.fixture
def stalling():
    """What makes a server that begins the body of an error and does not go on."""
    head = b"HTTP/1.1 503 No\r\nContent-Type: application/problem+json\r\nContent-Length: 9\r\n\r\n{"
    return lambda: sending(head, then_wait=True)


@pytest.fixture
def raw():
    """What makes a server that sends some bytes."""
    return sending
