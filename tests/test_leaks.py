"""
Secrets, over every path that an error can take, with default settings.

A secret is planted wherever an error could pick one up; no answer may have it, neither body nor headers nor frames.
"""

import contextlib
import logging
from typing import Annotated
from urllib.parse import quote

import httpx2
import pytest
from fastapi import Body, Cookie, Depends, FastAPI, File, Form, Header, Path, Query, UploadFile, WebSocket
from fastapi import HTTPException as FastAPIException
from fastapi.security import HTTPBearer
from pydantic import BaseModel, Field, SecretStr, TypeAdapter
from starlette.applications import Starlette
from starlette.authentication import AuthenticationBackend, AuthenticationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.routing import Route
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from problems import Conflict, NotFound, Policy, Registry, ServiceUnavailable
from problems.answering._html import HTML
from problems.answering._xml import XML
from problems.answering.texts import Texts
from problems.fastapi import add_problems
from problems.httpx import raise_problems
from problems.starlette import ProblemMiddleware, problem_response, read_body
from tests.leaking import MEANT, SECRET, SINKS, SOURCES, VALIDATORS, site

HERE = __file__.rpartition("/")[2]
PLANTED = (SECRET, HERE, "Traceback", "site-packages", "INSERT INTO", "10.0.0.7")
SENT = {"authorization": f"Bearer {SECRET}", "cookie": f"session={SECRET}", "x-api-key": SECRET}

SQL = f"UNIQUE constraint failed at 10.0.0.7: INSERT INTO users, parameters ({SECRET})"


class Account(BaseModel):
    password: Annotated[str, Field(max_length=3)]
    age: int = 0


class Locked(Conflict, type="locked", title="Locked"):
    """A type whose members are secret, or not for the wire."""

    token: SecretStr
    internal: Annotated[str, Field(exclude=True)] = SECRET


class Broken:
    """An object whose text is secret."""

    def __repr__(self):
        return SECRET


def chained():
    try:
        {}[SQL]
    except KeyError as error:
        raise RuntimeError(SQL) from error


def noted():
    error = ValueError(SQL)
    error.add_note(SECRET)
    raise error


def local_variable():
    password = SECRET
    raise LookupError(len(password))


def upstream():
    def handler(request):
        return httpx2.Response(
            404,
            headers={"content-type": "application/problem+json", "www-authenticate": SECRET},
            json={"type": SECRET, "title": SECRET, "detail": SQL, "instance": SECRET, "x": SECRET},
        )

    with httpx2.Client(transport=httpx2.MockTransport(handler)) as client:
        raise_problems(client, Registry())
        client.get(f"http://user:{SECRET}@10.0.0.7/?key={SECRET}")


def unfitting():
    TypeAdapter(int).validate_python(SECRET)


def raising(exc):
    def function():
        raise exc

    return function


ORIGINS = {
    "exception text": raising(RuntimeError(SQL)),
    "exception without text": local_variable,
    "chained": chained,
    "notes": noted,
    "group": raising(ExceptionGroup(SQL, [RuntimeError(SQL), Conflict()])),
    "server detail": raising(HTTPException(500, SQL)),
    "server detail of FastAPI": raising(FastAPIException(503, {"sql": SQL, "detail": SECRET})),
    "object in a detail": raising(FastAPIException(400, {"who": Broken(), "why": RuntimeError(SQL)})),
    "translated": raising(TimeoutError(SQL)),
    "upstream": upstream,
    "server-side validation": unfitting,
    "secret members": lambda: (_ for _ in ()).throw(Locked(token=SecretStr(SECRET))),
    "cause of a problem": lambda: (_ for _ in ()).throw(_with_cause(NotFound(), RuntimeError(SQL))),
    "status that is none": raising(HTTPException(999, SQL)),
    "base exception in a group": raising(ExceptionGroup(SQL, [ExceptionGroup(SQL, [OSError(SQL)])])),
}


def _with_cause(problem, cause):
    problem.__cause__ = cause
    return problem


class Refusing(AuthenticationBackend):
    """Refuses who asks for it, with a text that has the credentials."""

    async def authenticate(self, conn):
        if "refuse" in conn.query_params:
            raise AuthenticationError(f"invalid token {conn.headers['authorization']}")


class Raising:
    """Middleware that raises for one path."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http" and scope["path"].startswith("/middleware/"):
            ORIGINS[scope["path"].rpartition("/")[2]]()
        await self.app(scope, receive, send)


def application(*, last=False, representations=()):  # noqa: C901 - one for every path
    app = FastAPI(
        middleware=[Middleware(Raising), Middleware(AuthenticationMiddleware, Refusing(), problem_response)],
        debug=last,
    )

    @app.api_route("/endpoint/{origin}", methods=["GET", "POST", "HEAD"])
    def endpoint(origin: str):
        ORIGINS[origin]()

    def depend(origin: str):
        yield ORIGINS[origin]()

    app.get("/dependency/{origin}", dependencies=[Depends(depend)])(lambda: 1)

    @app.get("/response/{_}", response_model=Account)
    def response(_: str):
        return {"password": SECRET}

    @app.post("/invalid/{number}")
    def invalid(
        number: Annotated[int, Path()],
        account: Annotated[Account, Body()],
        query: Annotated[int, Query()],
        x_api_key: Annotated[int, Header()],
        session: Annotated[int, Cookie()],
    ): ...

    @app.post("/form")
    def form(password: Annotated[int, Form()]): ...

    @app.post("/upload")
    def upload(file: UploadFile, content: Annotated[bytes, File(max_length=1)], password: Annotated[int, Form()]): ...

    @app.get("/bearer")
    def bearer(credentials: Annotated[object, Depends(HTTPBearer())]): ...

    @app.websocket("/denied/{origin}")
    async def denied(websocket: WebSocket, origin: str):
        ORIGINS[origin]()

    @app.websocket("/closed/{origin}")
    async def closed(websocket: WebSocket, origin: str):
        await websocket.accept()
        ORIGINS[origin]()

    @app.websocket("/validated")
    async def validated(websocket: WebSocket, n: int): ...

    async def mounted(request):
        ORIGINS[request.path_params["origin"]]()

    async def body(request):
        await read_body(request, Account)

    app.mount(
        "/mounted", Starlette(debug=last, routes=[Route("/body", body, methods=["POST"]), Route("/{origin}", mounted)])
    )
    policy = Policy(translate={OSError: _unavailable}, representations=representations)
    add_problems(app, Registry(Locked, base="https://shop.example/"), policy=policy)
    if last:
        app.add_middleware(ProblemMiddleware)
    return app


def _unavailable(exc):
    return ServiceUnavailable()


CLIENTS = {
    name: TestClient(app, raise_server_exceptions=False, headers=SENT)
    for name, app in {
        "as it is": application(),
        "middleware last, debug": application(last=True),
        "in every representation": application(representations=(XML, HTML)),
    }.items()
}
CLIENT = CLIENTS["as it is"]


async def quiet(scope, receive, send):
    """What a server makes of the application: it swallows what is raised."""
    with contextlib.suppress(Exception):
        await CLIENT.app(scope, receive, send)


SOCKETS = TestClient(quiet, headers=SENT)


def everything(response):
    return f"{response.text} {response.headers.multi_items()}"


def found(text):
    return [secret for secret in PLANTED if secret in text]


@pytest.mark.parametrize("how", CLIENTS)
@pytest.mark.parametrize("accept", ["*/*", "text/html", "application/problem+xml"])
@pytest.mark.parametrize("place", ["endpoint", "dependency", "mounted", "middleware"])
@pytest.mark.parametrize("origin", ORIGINS)
def test_an_exception_tells_no_secret(origin, place, accept, how):
    """
    Wherever an exception is raised, the client sees none of its details.
    """
    response = CLIENTS[how].get(f"/{place}/{origin}", headers={"accept": accept})

    assert (True, []) == (response.status_code >= 400, found(everything(response)))


FILES = ("file", "content", "password")


@pytest.mark.parametrize(
    "send",
    [
        pytest.param(lambda c: c.post(f"/invalid/{SECRET}?query={SECRET}", json={"password": SECRET}), id="too long"),
        pytest.param(lambda c: c.post("/invalid/1?query=1", json={"age": SECRET}), id="beside a missing member"),
        pytest.param(lambda c: c.post("/invalid/1", json={"age": SECRET}), id="missing parameters"),
        pytest.param(lambda c: c.post("/invalid/1", json=SECRET), id="no object"),
        pytest.param(lambda c: c.post("/invalid/1", content=f'{{"password": "{SECRET}"'), id="no JSON"),
        pytest.param(lambda c: c.post("/invalid/1", content=SECRET, headers={"content-type": "text/plain"}), id="text"),
        pytest.param(lambda c: c.post("/form", data={"password": SECRET}), id="form"),
        pytest.param(lambda c: c.post("/form", content=SECRET), id="no form"),
        pytest.param(lambda c: c.post("/upload", data={"file": SECRET, "content": SECRET}), id="texts for files"),
        pytest.param(lambda c: c.post("/upload", files=dict.fromkeys(FILES, (SECRET, SECRET.encode()))), id="files"),
        pytest.param(lambda c: c.post("/mounted/body", json={"password": SECRET}), id="read_body"),
        pytest.param(lambda c: c.post("/mounted/body", content=SECRET), id="read_body without JSON"),
        pytest.param(lambda c: c.get("/response/1"), id="a response that does not fit"),
        pytest.param(lambda c: c.get("/bearer", headers={"authorization": SECRET}), id="credentials"),
        pytest.param(lambda c: c.get("/bearer?refuse"), id="authentication middleware"),
        pytest.param(lambda c: c.get(f"/{SECRET}"), id="a path"),
        pytest.param(lambda c: c.put("/form"), id="a method"),
    ],
)
def test_a_request_is_not_echoed(send):
    """
    Body, parameters, cookies and headers of a request are not repeated in the response.
    """
    response = send(CLIENT)

    assert (True, []) == (response.status_code >= 400, found(everything(response)))


@pytest.mark.parametrize("origin", ORIGINS)
def test_a_websocket_that_is_refused_tells_no_secret(origin):
    """
    The denial of a handshake contains no more than a response.
    """
    with pytest.raises(WebSocketDenialResponse) as caught, SOCKETS.websocket_connect(f"/denied/{origin}"):
        pass

    assert [] == found(everything(caught.value))


@pytest.mark.parametrize("origin", ORIGINS)
def test_a_websocket_that_is_closed_tells_no_secret(origin):
    """
    The reason of a close frame has no detail and no text of an exception.
    """
    messages = []
    with SOCKETS.websocket_connect(f"/closed/{origin}") as websocket:
        while not messages or messages[-1]["type"] != "websocket.close":
            messages.append(websocket.receive())

    assert ("websocket.close", []) == (messages[-1]["type"], found(str(messages)))


def test_an_invalid_websocket_tells_no_input():
    """
    A handshake with an invalid parameter reports its name, not its value.
    """
    with (
        pytest.raises((WebSocketDenialResponse, WebSocketDisconnect)) as caught,
        SOCKETS.websocket_connect(f"/validated?n={SECRET}"),
    ):
        pass

    assert [] == found(everything(caught.value))


@pytest.mark.parametrize(
    "policy", [Policy(traceback=True), Policy(expose_unexpected=True), Policy(include_inputs=True)]
)
def test_request_headers_are_echoed_in_no_mode(policy):
    """
    Whatever the policy exposes, the headers of the request are not among it.
    """
    app = FastAPI()

    @app.get("/crash")
    def crash():
        raise RuntimeError("crash")

    @app.get("/invalid")
    def invalid(n: int, x_api_key: Annotated[str, Header()]): ...

    add_problems(app, policy=policy)
    client = TestClient(app, raise_server_exceptions=False, headers=SENT)
    texts = [everything(client.get(path)) for path in ("/crash", "/invalid")]

    assert [False, False] == [SECRET in text for text in texts]


def test_our_log_has_no_inputs_and_no_headers(caplog):
    """
    The record of an invalid request states that it was invalid.
    """
    with caplog.at_level(logging.DEBUG, "problems"):
        CLIENT.post(f"/invalid/1?query={SECRET}", json={"password": SECRET})
    told = [f"{record.getMessage()} {vars(record)}" for record in caplog.records if record.name.startswith("problems")]

    assert (True, []) == (bool(told), [text for text in told if SECRET in text])


def failing(_):
    """Fail as what an application hands to its policy may, whatever it is given."""
    try:
        {}["the first"]
    except KeyError as error:
        raise RuntimeError("out of order") from error


class Before:
    """A hook that fails before the answer is sent."""

    before = staticmethod(failing)

    def __call__(self, occurrence): ...


class Reraising:
    """A hook that raises the exception of its occurrence."""

    def __call__(self, occurrence):
        raise occurrence.exception


class Unreadable(Texts):
    """A texts that has no text to give."""

    def choose(self, accept_language):
        return failing(accept_language)


@pytest.mark.expects_failure
@pytest.mark.parametrize(
    "policy",
    [
        pytest.param(Policy(hooks=(failing,)), id="hook"),
        pytest.param(Policy(hooks=(Before(),)), id="before"),
        pytest.param(Policy(hooks=(Reraising(),)), id="a hook that raises it again"),
        pytest.param(Policy(instance=failing), id="instance"),
        pytest.param(Policy(close_codes=failing), id="close codes"),
        pytest.param(Policy(representations=failing), id="representations"),
        pytest.param(Policy(texts=Unreadable({"de": {}})), id="texts"),
    ],
)
def test_a_failure_while_it_is_answered_has_no_inputs(policy, caplog):
    """
    A failure while an invalid request is answered is logged with its own traceback only.
    """
    app = FastAPI()

    @app.post("/login")
    def login(account: Account): ...

    @app.websocket("/validated")
    async def validated(websocket: WebSocket, n: int): ...

    async def without_denials(scope, receive, send):
        await app({name: value for name, value in scope.items() if name != "extensions"}, receive, send)

    add_problems(app, policy=policy)
    client = TestClient(without_denials)
    with caplog.at_level(logging.ERROR, "problems"):
        client.post("/login", json={"password": SECRET})
        with pytest.raises(WebSocketDisconnect), client.websocket_connect(f"/validated?n={SECRET}"):
            pass

    assert (True, False) == ("failed" in caplog.text, SECRET in caplog.text)


PLACES = {"query": Query, "path": Path, "header": Header, "cookie": Cookie, "body": Body, "form": Form}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("validator", VALIDATORS)
def test_a_validator_that_quotes_its_input_tells_no_secret(place, validator, caplog):
    """
    Wherever the input comes from, a validator's message about it is in no answer and in none of our log records.
    """
    (kind, text), app = VALIDATORS[validator], FastAPI()
    add_problems(app)

    def endpoint(it): ...

    endpoint.__annotations__["it"] = Annotated[kind, PLACES[place](**({"embed": True} if place == "body" else {}))]
    app.post("/{it:path}" if place == "path" else "/")(endpoint)
    text = text.replace("\n", " ") if place == "path" else text  # no route has a line break
    quoted = quote(text, safe="")
    sent = {
        "query": {"params": {"it": text}},
        "header": {"headers": {"it": text.encode()}},
        "cookie": {"headers": {"cookie": f"it={text}".encode()}},
        "body": {"json": {"it": text}},
        "form": {"data": {"it": text}},
    }
    with caplog.at_level(logging.DEBUG, "problems"):
        response = TestClient(app).post(f"/{quoted if place == 'path' else ''}", **sent.get(place, {}))
    texts = [f"{record.msg} {vars(record)}" for record in caplog.records if record.name.startswith("problems")]
    operation = f"/{text}"  # the record names the operation, as an access log does

    assert (422, []) == (response.status_code, found(everything(response)))
    assert [] == [it for it in texts if SECRET in it.replace(operation, "")]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.filterwarnings("ignore::pydantic.json_schema.PydanticJsonSchemaWarning")  # a `Secret` as a default
class TestEverySource:
    """Each source of `tests.leaking` in an application of its own, with every sink."""

    def test_the_source_is_answered(self, source):
        """
        The application answers with an error in every representation, so that there is something to look at.
        """
        statuses = {response.status_code for response in site(source).responses.values()}
        expected = {"input": {422}, "body": {422}, "request": {422}, "member": {503}, "default": {503}}

        assert statuses <= expected.get(SOURCES[source].kind, {400, 404, 500, 503})

    def test_only_sinks_that_are_meant_to_show_the_secret_show_it(self, source):
        """
        What is hidden from the body is hidden everywhere; what is sent is shown where it is meant to be.
        """
        shown = {name for name, text_of in SINKS.items() if SECRET in text_of(site(source))}

        assert MEANT.get(source, set()) == shown
