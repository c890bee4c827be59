"""Beside the libraries that people use with httpx2 and httpx: all of them work as they do without us."""

import asyncio
import json
import socket
import threading

import h2.config
import h2.connection
import h2.events
import httpx
import httpx_retries
import pytest
import respx
import stamina
import tenacity
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from problems import ServerProblem
from problems.httpx import raise_problems
from problems.starlette import add_problems
from tests.httpx.shop import NOT_FOUND, PROBLEM_JSON, REGISTRY, ItemNotFound

AS_PROBLEM = {"content-type": PROBLEM_JSON}
URL = "https://shop.example/items/7"


def fail(request):
    """Raise a problem in a server."""
    raise ItemNotFound(item_id=int(request.path_params["item_id"]))


@pytest.fixture
def shop():
    """An application that raises."""
    application = Starlette(routes=[Route("/items/{item_id}", fail)])
    add_problems(application, REGISTRY)
    return application


class Flaky:
    """Answers with an error twice, and then with success."""

    def __init__(self, library):
        self.library, self.calls = library, 0

    def __call__(self, request):
        self.calls += 1
        return self.library.Response(503 if self.calls < 3 else 200)


class TestServers:
    def test_an_application_in_the_same_process(self, peer, shop):
        """
        What the server raised is what the client catches.
        """
        if not peer.is_async:
            pytest.skip("an ASGI transport is async")
        client = raise_problems(peer(transport=peer.library.ASGITransport(shop)), REGISTRY)

        with pytest.raises(ItemNotFound) as caught:
            peer.get(client, URL)

        assert 7 == caught.value.item_id

    def test_the_test_client_of_starlette(self, shop):
        """
        It is a client as any other.
        """
        client = raise_problems(TestClient(shop), REGISTRY)

        with pytest.raises(ItemNotFound):
            client.get("/items/7")

    def test_http_2(self, peer):
        """
        The version of HTTP does not matter.
        """
        with serving_http_2() as url:
            client = raise_problems(peer(http1=False, http2=True), REGISTRY)
            with pytest.raises(ItemNotFound) as caught:
                peer.get(client, url)
            with pytest.raises(ItemNotFound):
                peer.stream(client, url)

        assert "HTTP/2" == caught.value.response.http_version


class serving_http_2:  # noqa: N801 - a context manager
    """A server that answers in HTTP/2 over plain TCP, on one connection."""

    def __enter__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/items/7"

    def __exit__(self, *_):
        self._listener.close()

    def _serve(self):
        connection, _ = self._listener.accept()
        state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        state.initiate_connection()
        connection.sendall(state.data_to_send())
        while data := connection.recv(65_536):
            for event in state.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    state.send_headers(event.stream_id, [(":status", "404"), ("content-type", PROBLEM_JSON)])
                    state.send_data(event.stream_id, json.dumps(NOT_FOUND).encode(), end_stream=True)
            connection.sendall(state.data_to_send())
        connection.close()


class TestRetries:
    def test_a_transport_that_retries(self):
        """
        It sees the responses themselves, and what it gives up on is raised.
        """
        flaky = Flaky(httpx)
        retry = httpx_retries.Retry(total=5, backoff_factor=0)
        transport = httpx_retries.RetryTransport(transport=httpx.MockTransport(flaky), retry=retry)
        with httpx.Client(transport=transport) as client:
            assert (200, 3) == (raise_problems(client, REGISTRY).get(URL).status_code, flaky.calls)

    def test_tenacity(self, peer):
        """
        A problem is an exception to try again on, by its class.
        """
        flaky = Flaky(peer.library)
        client = raise_problems(peer(transport=peer.transport(flaky)), REGISTRY)
        again = tenacity.Retrying(retry=tenacity.retry_if_exception_type(ServerProblem))

        assert 200 == again(lambda: peer.get(client, URL)).status_code

    def test_stamina(self, peer):
        """
        Likewise, and by the library's own class.
        """
        flaky = Flaky(peer.library)
        client = raise_problems(peer(transport=peer.transport(flaky)), REGISTRY)
        again = stamina.RetryingCaller(attempts=3, wait_initial=0, wait_max=0).on(peer.library.HTTPStatusError)

        assert 200 == again(peer.get, client, URL).status_code


class TestMocks:
    def test_respx(self):
        """
        A mocked response is one.
        """
        with respx.mock, httpx.Client() as client:
            respx.get(URL).respond(404, headers=AS_PROBLEM, json=NOT_FOUND)
            with pytest.raises(ItemNotFound):
                raise_problems(client, REGISTRY).get(URL)

    def test_respx_async(self):
        """
        Likewise for an async client.
        """

        async def get():
            async with httpx.AsyncClient() as client:
                await raise_problems(client, REGISTRY).get(URL)

        with respx.mock:
            respx.get(URL).respond(404, headers=AS_PROBLEM, json=NOT_FOUND)
            with pytest.raises(ItemNotFound):
                asyncio.run(get())

    def test_pytest_httpx(self, httpx_mock):
        """
        Likewise for the plugin of pytest.
        """
        httpx_mock.add_response(status_code=404, headers=AS_PROBLEM, json=NOT_FOUND)

        with httpx.Client() as client, pytest.raises(ItemNotFound):
            raise_problems(client, REGISTRY).get(URL)

    def test_a_mounted_transport(self, peer):
        """
        What answers for one address only is a transport as any other.
        """
        answer = peer.transport(lambda request: peer.library.Response(404, headers=AS_PROBLEM, json=NOT_FOUND))
        client = raise_problems(peer(mounts={"https://shop.example": answer}), REGISTRY)

        with pytest.raises(ItemNotFound):
            peer.get(client, URL)
