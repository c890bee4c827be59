"""
What users of Starlette and FastAPI struggle with, and what happens here instead: one test for each struggle.

The numbers come from the list of behaviours; the details are tested beside the units they belong to.
"""

import asyncio
import json
from typing import Annotated

import fastapi
import httpx2
import pytest
from fastapi import Depends, FastAPI, WebSocket
from fastapi.exceptions import ResponseValidationError
from pydantic import BaseModel, SecretStr
from starlette.applications import Starlette
from starlette.authentication import AuthenticationBackend, AuthenticationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from problems import (
    BadGateway,
    Conflict,
    GatewayTimeout,
    NotFound,
    Policy,
    Registry,
    ServiceUnavailable,
    TooManyRequests,
    Unauthorized,
)
from problems.fastapi import add_problems
from problems.httpx import raise_problems
from problems.starlette import problem_response

PROBLEM = "application/problem+json"


def raising(exc):
    async def endpoint(request: fastapi.Request):
        raise exc

    return endpoint


def client(app, policy=Policy(), **options):
    add_problems(app, policy=policy)
    return TestClient(app, raise_server_exceptions=False, **options)


def fastapi_raising(exc, **options):
    app = FastAPI(**options)
    app.get("/")(raising(exc))
    return app


def seen(response):
    return response.status_code, response.headers["content-type"]


class Lost(NotFound, type="https://shop.example/problems/lost", title="Lost"):
    """A declared type."""


class Login(BaseModel):
    password: SecretStr
    otp: int


def test_03_a_422_echoes_no_input():
    """
    A missing sibling does not send the password back.
    """
    app = FastAPI()

    @app.post("/")
    def login(login: Login): ...

    assert "hunter2" not in client(app).post("/", json={"password": "hunter2"}).text


@pytest.mark.parametrize("body", [b'{"otp": NaN}', b'{"otp": "\\ud800"}', b"\xff", b"[" * 20_000, b"9" * 5_000, b"{"])
def test_04_a_bad_request_is_no_500(body):
    """
    A body that is hard to read is a 4xx in strict JSON.
    """
    app = FastAPI()

    @app.post("/")
    def login(login: Login): ...

    response = client(app).post("/", content=body, headers={"content-type": "application/json"})

    assert (4, PROBLEM, response.status_code) == (
        response.status_code // 100,
        response.headers["content-type"],
        json.loads(response.content.decode())["status"],
    )


def test_05_a_500_tells_nothing():
    """
    A crash and a response that does not fit are the same constant.
    """
    exceptions = [RuntimeError("postgres://user:hunter2@db"), ResponseValidationError([{"input": "hunter2"}])]
    bodies = [client(fastapi_raising(exc)).get("/").json() for exc in exceptions]
    constant = {"type": "about:blank", "title": "Internal Server Error", "status": 500}

    assert [constant, constant] == [
        {name: value for name, value in body.items() if name != "instance"} for body in bodies
    ]


def test_08_a_500_has_cors_headers():
    """
    A browser sees the problem of a crash.
    """
    cors = Middleware(CORSMiddleware, allow_origins=["*"])
    response = client(fastapi_raising(RuntimeError("x"), middleware=[cors])).get("/", headers={"origin": "https://a.b"})

    assert (500, "*") == (response.status_code, response.headers["access-control-allow-origin"])


def received():
    transport = httpx2.MockTransport(lambda request: httpx2.Response(401, headers={"www-authenticate": "Internal"}))
    with httpx2.Client(transport=transport) as upstream:
        raise_problems(upstream, Registry())
        upstream.get("http://internal")


def test_12_an_upstreams_error_is_not_mine():
    """
    An upstream 401 becomes our 502, without its challenge.
    """
    app = FastAPI()
    app.get("/")(received)
    response = client(app).get("/")

    assert (502, False) == (response.status_code, "www-authenticate" in response.headers)


@pytest.mark.parametrize(("error", "status"), [(httpx2.ReadTimeout, 504), (httpx2.ConnectError, 502)])
def test_12_a_timeout_upstream_is_a_504(error, status):
    """
    Errors of the client library are mapped by the policy.
    """
    policy = Policy(translate={httpx2.TimeoutException: GatewayTimeout, httpx2.TransportError: BadGateway})

    assert status == client(fastapi_raising(error("10.0.0.7")), policy).get("/").status_code


class Guard(BaseHTTPMiddleware):
    """Middleware that denies every request."""

    async def dispatch(self, request, call_next):
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})


def test_15_an_http_exception_in_middleware_keeps_its_status():
    """
    A 401 raised in middleware is a 401 with its challenge.
    """
    response = client(FastAPI(middleware=[Middleware(Guard)])).get("/")

    assert (401, PROBLEM, "Bearer") == (*seen(response), response.headers["www-authenticate"])


@pytest.mark.parametrize("path", ["/fast/nowhere", "/fast/invalid?n=x", "/fast/crash", "/star/nowhere", "/star/crash"])
def test_16_mounted_applications_have_problems(path):
    """
    Nothing below a mount answers in another form.
    """
    fast = FastAPI()
    fast.get("/crash")(raising(RuntimeError("x")))
    app = FastAPI()
    app.mount("/fast", fast)
    app.mount("/star", Starlette(routes=[Mount("/", routes=[Route("/crash", raising(RuntimeError("x")))])]))

    @fast.get("/invalid")
    def invalid(n: int): ...

    assert PROBLEM == client(app).get(path).headers["content-type"]


def test_17_an_exception_after_the_start_is_not_masked():
    """
    The server gets what was raised, not a complaint about the response.
    """

    async def items():
        yield b"1"
        raise Conflict

    app = Starlette(routes=[Route("/", lambda request: StreamingResponse(items()))])
    add_problems(app)

    with pytest.raises(Conflict):
        TestClient(app).get("/")


def test_18_a_task_group_with_a_problem_is_that_problem():
    """
    `ExceptionGroup` of an HTTPException is its status.
    """

    async def endpoint():
        async with asyncio.TaskGroup() as group:
            group.create_task(raising(HTTPException(403))(None))

    app = FastAPI()
    app.get("/")(endpoint)

    assert (403, PROBLEM) == seen(client(app).get("/"))


def test_19_headers_are_typed_and_several():
    """
    `Retry-After` is a parameter, and two challenges are two lines.
    """
    waiting = client(fastapi_raising(TooManyRequests(retry_after=30))).get("/")
    refused = client(fastapi_raising(Unauthorized(challenges=["Basic", "Bearer"]))).get("/")

    assert ("30", ["Basic", "Bearer"]) == (
        waiting.headers["retry-after"],
        refused.headers.get_list("www-authenticate"),
    )


@pytest.mark.parametrize(
    ("exc", "status"),
    [
        pytest.param(HTTPException(404), 418, id="HTTPException"),
        pytest.param(NotFound(), 418, id="catalog"),
        pytest.param(Lost(), 404, id="declared"),
    ],
)
def test_20_a_handler_for_a_status_code_answers_what_it_answered_before(exc, status):
    """
    A handler for a status code answers what has no problem type; a declared type is answered as itself.
    """
    app = fastapi_raising(exc)
    app.add_exception_handler(404, lambda request, exc: PlainTextResponse("mine", 418))

    assert status == client(app).get("/").status_code


def websocket_raising(exc, *, accept):
    app = FastAPI()

    @app.websocket("/")
    async def endpoint(websocket: WebSocket):
        if accept:
            await websocket.accept()
        raise exc

    return app


def test_21_before_accepting_a_websocket_is_denied():
    """
    The denial has status and document of the problem.
    """
    test_client = client(websocket_raising(NotFound(), accept=False))
    with pytest.raises(WebSocketDenialResponse) as caught, test_client.websocket_connect("/"):
        pass

    assert (404, PROBLEM) == seen(caught.value)


def test_21_after_accepting_it_is_closed():
    """
    The close frame has the code of the status.
    """
    test_client = client(websocket_raising(Unauthorized(challenges="Bearer"), accept=True))
    with (
        test_client.websocket_connect("/") as websocket,
        pytest.raises(WebSocketDisconnect) as caught,
    ):
        websocket.receive_text()

    assert (3000, "Unauthorized") == (caught.value.code, caught.value.reason)


class Refusing(AuthenticationBackend):
    """Refuses everybody."""

    async def authenticate(self, conn):
        raise AuthenticationError("token hunter2")


@pytest.mark.parametrize(
    "middleware",
    [
        Middleware(TrustedHostMiddleware, allowed_hosts=["shop.example"]),
        Middleware(AuthenticationMiddleware, Refusing(), problem_response),
    ],
)
def test_22_the_frameworks_own_texts_are_problems(middleware):
    """
    A 400 of Starlette's own middleware is a problem.
    """
    assert (400, PROBLEM) == seen(client(FastAPI(middleware=[middleware]), Policy(framework_texts=True)).get("/"))


def test_23_a_detail_that_is_no_text_is_not_lost():
    """
    A dictionary becomes detail and members.
    """
    body = client(fastapi_raising(fastapi.HTTPException(400, {"code": "E1", "reason": "Why."}))).get("/").json()

    assert ("Why.", "E1") == (body["detail"], body["code"])


def test_24_a_handled_crash_is_raised_again():
    """
    Servers, Sentry and test clients rely on it.
    """
    app = fastapi_raising(RuntimeError("x"))
    add_problems(app)

    with pytest.raises(RuntimeError, match="x"):
        TestClient(app).get("/")


def failing():
    yield 1
    raise ServiceUnavailable


@pytest.mark.parametrize(("scope", "status"), [("function", 503), ("request", 200)])
def test_26_a_dependency_that_fails_on_exit(scope, status):
    """
    In function scope its problem is the answer; in request scope the answer has been sent.
    """
    app = FastAPI()

    @app.get("/")
    def endpoint(_: Annotated[int, Depends(failing, scope=scope)]): ...

    assert status == client(app).get("/").status_code


def test_31_a_foreign_exception_is_translated():
    """
    A mapped exception is its problem, without its text.
    """
    response = client(fastapi_raising(KeyError("hunter2")), Policy(translate={KeyError: Conflict})).get("/")

    assert (409, False) == (response.status_code, "hunter2" in response.text)


def test_32_there_is_a_plain_handler():
    """
    Middleware that calls plain handlers only can be given one.
    """
    app = FastAPI()
    app.add_exception_handler(KeyError, problem_response)
    app.get("/")(raising(KeyError("x")))

    assert (409, PROBLEM) == seen(client(app, Policy(translate={KeyError: Conflict})).get("/"))


async def test_33_one_instance_serves_a_hundred_requests():
    """
    An exception that is raised by concurrent requests gives each its own occurrence.
    """
    problem = NotFound("Nothing here.")
    app = FastAPI()

    @app.get("/{n}")
    async def endpoint(n: int):
        await asyncio.sleep(0)
        raise problem

    add_problems(app)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://shop.example") as asking:
        responses = await asyncio.gather(*(asking.get(f"/{n}") for n in range(100)))

    assert (100, None) == (len({response.json()["instance"] for response in responses}), problem.instance)


def test_37_the_body_is_not_read_again():
    """
    An endpoint that has read its body can raise; no code waits for a second body.
    """

    async def endpoint(request: fastapi.Request):
        await request.body()
        raise Conflict

    app = FastAPI()
    app.post("/")(endpoint)

    assert 409 == client(app).post("/", content=b"x").status_code


def test_38_debug_shows_no_traceback():
    """
    `debug=True` of the application does not change the policy.
    """
    response = client(fastapi_raising(RuntimeError("hunter2"), debug=True)).get("/", headers={"accept": "text/html"})

    assert (500, PROBLEM, False) == (*seen(response), "hunter2" in response.text)


def test_38_our_own_development_mode_does():
    """
    `Policy(traceback=True)` sends it as a member.
    """
    response = client(fastapi_raising(RuntimeError("why")), Policy(traceback=True)).get("/")

    assert "RuntimeError: why" == response.json()["traceback"][-1]


@pytest.mark.parametrize("status", [204, 205, 304])
def test_39_a_status_without_content_has_none(status):
    """
    Nothing is sent where nothing may be.
    """
    response = client(fastapi_raising(HTTPException(status))).get("/")

    assert (status, b"", False) == (response.status_code, response.content, "content-type" in response.headers)
