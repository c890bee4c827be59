"""The plain texts of Starlette's own middleware, as problems."""

from inspect import signature

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.authentication import AuthenticationBackend, AuthenticationError
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.httpsredirect import HTTPSRedirectMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import FileResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Mount, Route, Router, WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from problems import Policy, Unauthorized
from problems.fastapi import add_problems
from problems.starlette import ProblemMiddleware, problem_response

PROBLEM = "application/problem+json"
TEXTS = Policy(framework_texts=True)


async def read(request):
    return PlainTextResponse(str(len(await request.body())))


def answered(response):
    return response.status_code, response.headers["content-type"], response.json()["status"]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("12345")
    return path


class TestRecognised:
    @pytest.mark.skipif("max_body_size" not in signature(Starlette).parameters, reason="new in Starlette")
    @pytest.mark.parametrize("kind", [Starlette, FastAPI])
    @pytest.mark.parametrize("announced", [True, False], ids=["by its length", "while it is read"])
    def test_a_body_that_is_too_large(self, kind, announced):
        """
        The 413 of `max_body_size` is a problem, be it found out by the length or while reading.
        """
        app = kind(routes=[Route("/", read, methods=["POST"])], max_body_size=3)
        add_problems(app, policy=TEXTS)
        body = b"12345" if announced else iter([b"123", b"45"])

        assert (413, PROBLEM, 413) == answered(TestClient(app).post("/", content=body))

    def test_a_host_that_is_not_trusted(self):
        """
        The 400 of `TrustedHostMiddleware` is a problem.
        """
        app = Starlette(middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["shop.example"])])
        add_problems(app, policy=TEXTS)
        response = TestClient(app).get("/")

        assert (400, PROBLEM, "Invalid host header") == (*answered(response)[:2], response.json()["detail"])

    def test_a_refused_preflight(self):
        """
        The 400 of a preflight request keeps its headers.
        """
        app = Starlette(middleware=[Middleware(CORSMiddleware, allow_origins=["https://shop.example"])])
        add_problems(app, policy=TEXTS)
        asked = {"origin": "https://other.example", "access-control-request-method": "GET"}
        response = TestClient(app).options("/", headers=asked)

        assert (400, PROBLEM, "Disallowed CORS origin", "GET", str(len(response.content))) == (
            *answered(response)[:2],
            response.json()["detail"],
            response.headers["access-control-allow-methods"],
            response.headers["content-length"],
        )

    @pytest.mark.parametrize(
        ("asked", "status", "range_"),
        [
            pytest.param("bytes=9-", 416, "bytes */5", id="beyond the end"),
            pytest.param("bytes=4-2", 400, None, id="backwards"),
            pytest.param("bytes", 400, None, id="malformed"),
            pytest.param("lines=1-2", 400, None, id="no bytes"),
        ],
    )
    def test_a_range(self, file, asked, status, range_):
        """
        The 416 and the 400 of a file are problems; 416 keeps the length (RFC 9110, section 15.5.17).
        """
        app = Starlette(routes=[Route("/", lambda request: FileResponse(file))])
        add_problems(app, policy=TEXTS)
        response = TestClient(app).get("/", headers={"range": asked})

        assert (status, PROBLEM, status, range_) == (*answered(response), response.headers.get("content-range"))

    @pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nowhere", 404), ("PUT", "/", 405)])
    def test_a_router_that_stands_alone(self, method, path, status):
        """
        404 and 405 of a router without an application are problems.
        """
        app = ProblemMiddleware(Router([Route("/", read)]), policy=TEXTS)

        assert (status, PROBLEM, status) == answered(TestClient(app).request(method, path))


class TestWebSockets:
    @pytest.mark.parametrize("path", ["/nowhere", "/sub/nowhere", "/router/nowhere"])
    def test_without_a_route(self, path):
        """
        A handshake for a path that is not there is denied with a 404, not with the 403 of a server.
        """
        sub = Starlette(routes=[WebSocketRoute("/", refusing)])
        app = Starlette(routes=[Mount("/sub", sub), Mount("/router", routes=[WebSocketRoute("/", refusing)])])
        add_problems(app, policy=TEXTS)
        with pytest.raises(WebSocketDenialResponse) as caught, TestClient(app).websocket_connect(path):
            pass

        assert (404, PROBLEM, 404) == answered(caught.value)

    def test_a_host_that_is_not_trusted(self):
        """
        The denial of `TrustedHostMiddleware` is a problem too.
        """
        app = Starlette(middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["shop.example"])])
        add_problems(app, policy=TEXTS)
        with pytest.raises(WebSocketDenialResponse) as caught, TestClient(app).websocket_connect("/"):
            pass

        assert (400, PROBLEM, 400) == answered(caught.value)

    def test_one_that_its_endpoint_refuses(self):
        """
        A close by the endpoint is not taken for the router's.
        """
        app = Starlette(routes=[WebSocketRoute("/", refusing)])
        add_problems(app, policy=TEXTS)
        with pytest.raises(WebSocketDisconnect) as caught, TestClient(app).websocket_connect("/"):
            pass

        assert 1000 == caught.value.code

    def test_one_that_authentication_refuses(self):
        """
        Nor is a close by middleware.
        """
        app = Starlette(middleware=[Middleware(AuthenticationMiddleware, Backend(), problem_response)])
        add_problems(app, policy=TEXTS)
        with pytest.raises(WebSocketDisconnect) as caught, TestClient(app).websocket_connect("/"):
            pass

        assert 1000 == caught.value.code


async def refusing(websocket):
    await websocket.close()


class TestLeftAlone:
    def test_by_default(self):
        """
        Without `framework_texts` nothing is recognised.
        """
        app = Starlette(middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["shop.example"])])
        add_problems(app)

        assert "Invalid host header" == TestClient(app).get("/").text

    @pytest.mark.parametrize(
        "response",
        [
            pytest.param(PlainTextResponse("No such item", 404), id="another text"),
            pytest.param(PlainTextResponse("x" * 1000, 400), id="a long text"),
            pytest.param(PlainTextResponse("Invalid host header", 409), id="another status"),
            pytest.param(PlainTextResponse("Not Found", 404, media_type="text/html"), id="another media type"),
            pytest.param(StreamingResponse(iter(["Not ", "Found"]), 404, media_type="text/plain"), id="a stream"),
            pytest.param(PlainTextResponse("Not Found"), id="no error"),
        ],
    )
    def test_what_is_another(self, response):
        """
        A text that is not the framework's is sent unchanged.
        """

        async def endpoint(request):
            return response

        app = Starlette(routes=[Route("/", endpoint)])
        add_problems(app, policy=TEXTS)

        assert not TestClient(app).get("/").headers["content-type"].startswith(PROBLEM)

    def test_one_with_headers_that_cannot_be_sent(self):
        """
        A response that is broken anyway is left to the server.
        """
        response = PlainTextResponse("Not Found", 404)
        response.raw_headers.append((b"x name", b"y"))

        async def endpoint(request):
            return response

        app = Starlette(routes=[Route("/", endpoint)])
        add_problems(app, policy=TEXTS)

        assert "Not Found" == TestClient(app).get("/").text

    def test_a_websocket(self):
        """
        A WebSocket has no texts.
        """

        async def endpoint(websocket):
            await websocket.accept()
            await websocket.send_text("Not Found")
            await websocket.close()

        app = Starlette(routes=[WebSocketRoute("/", endpoint)])
        add_problems(app, policy=TEXTS)
        with TestClient(app).websocket_connect("/") as websocket:
            assert "Not Found" == websocket.receive_text()

    def test_what_breaks_off(self):
        """
        A text that fails before its first byte has begun for the server, as it would have otherwise.
        """

        async def items():
            raise RuntimeError("x")
            yield b""

        async def endpoint(request):
            return StreamingResponse(items(), 404, media_type="text/plain")

        app = Starlette(routes=[Route("/", endpoint)])
        add_problems(app, policy=TEXTS)

        assert 404 == TestClient(app, raise_server_exceptions=False).get("/").status_code

    def test_a_redirect(self):
        """
        A success is not converted.
        """
        app = Starlette(middleware=[Middleware(HTTPSRedirectMiddleware)])
        add_problems(app, policy=TEXTS)

        assert 307 == TestClient(app, follow_redirects=False).get("/").status_code


class Backend(AuthenticationBackend):
    """Refuses everybody."""

    async def authenticate(self, conn):
        raise AuthenticationError("token hunter2 has expired")


class TestAuthentication:
    def application(self, policy=Policy()):
        app = Starlette(middleware=[Middleware(AuthenticationMiddleware, Backend(), problem_response)])
        add_problems(app, policy=policy)
        return TestClient(app)

    def test_its_error_is_a_problem(self):
        """
        With `problem_response` as `on_error` a failed authentication is a 400 without details.
        """
        response = self.application().get("/")

        assert (400, PROBLEM, False) == (*answered(response)[:2], "hunter2" in response.text)

    def test_it_may_be_translated(self):
        """
        `Policy(translate=…)` makes a 401 with its challenge of it.
        """
        policy = Policy(translate={AuthenticationError: lambda _: Unauthorized(challenges="Bearer")})
        response = self.application(policy).get("/")

        assert (401, "Bearer") == (response.status_code, response.headers["www-authenticate"])

    def test_without_an_application_with_problems(self):
        """
        It uses its own policy where the application has none.
        """
        app = Starlette(middleware=[Middleware(AuthenticationMiddleware, Backend(), problem_response)])

        assert (400, PROBLEM, 400) == answered(TestClient(app).get("/"))
