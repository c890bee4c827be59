import logging

import pytest
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.authentication import AuthenticationError
from starlette.requests import HTTPConnection
from starlette.responses import StreamingResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient as StarletteClient

from problems import Conflict, NotFound, Policy, Registry, ServiceUnavailable
from problems.answering._exchange import Setup, decide
from problems.answering._html import HTML
from problems.fastapi import add_problems
from problems.starlette import add_problems as add_to_starlette
from problems.starlette import problem_response
from problems.streams import stream_problems


class OutOfPaper(Exception):
    """A foreign exception."""


class Unreadable(RequestValidationError):
    """An invalid request that cannot say why."""

    def errors(self):
        raise OSError("no errors")


def raising(exc):
    async def endpoint(request):
        raise exc

    return endpoint


@stream_problems
async def breaking(request):
    async def lines():
        yield b"{}\n"
        raise OutOfPaper("crash")

    return StreamingResponse(lines(), media_type="application/x-ndjson")


class Counting:
    """A policy that counts what is asked of it."""

    def __init__(self, **options):
        self.translated, self.identified, self.told = [], 0, []
        translate = {OutOfPaper: self.translate, AuthenticationError: self.translate}
        self.policy = Policy(translate=translate, instance=self.identify, hooks=(self.told.append,), **options)

    def translate(self, exc):
        self.translated.append(str(exc))
        return None if str(exc) == "crash" else Conflict()

    def identify(self, facts):
        self.identified += 1
        return str(self.identified)


ROUTES = [
    Route("/problem", raising(NotFound())),
    Route("/translated", raising(OutOfPaper("tray 1"))),
    Route("/crash", raising(OutOfPaper("crash"))),
    Route("/group", raising(ExceptionGroup("", [OutOfPaper("tray 1"), OutOfPaper("tray 2")]))),
    Route("/crashes", raising(ExceptionGroup("", [OutOfPaper("tray 1"), OutOfPaper("crash")]))),
    Route("/stream", breaking),
]


@pytest.mark.parametrize("prefix", ["", "/mounted"])
@pytest.mark.parametrize(
    ("path", "translated"),
    [
        pytest.param("/problem", [], id="problem"),
        pytest.param("/translated", ["tray 1"], id="translated"),
        pytest.param("/crash", ["crash"], id="crash"),
        pytest.param("/group", ["tray 1", "tray 2"], id="group"),
        pytest.param("/crashes", ["tray 1", "crash"], id="group with a crash"),
        pytest.param("/stream", ["crash"], id="stream"),
    ],
)
def test_what_is_answered_once_is_decided_once(path, translated, prefix):
    """
    However many handlers see an exception, the policy is asked once, and hooks are called once.
    """
    counting = Counting(representations=(HTML,))
    app = Starlette(routes=[*ROUTES, Mount("/mounted", Starlette(routes=ROUTES))])
    add_to_starlette(app, policy=counting.policy)
    StarletteClient(app, raise_server_exceptions=False).get(prefix + path)

    assert (translated, 1, ["1"]) == (
        counting.translated,
        counting.identified,
        [occurrence.instance for occurrence in counting.told],
    )


def test_a_crash_in_a_mounted_websocket_is_told_once():
    """
    So are the exceptions of a WebSocket, which go through two applications on their way to the server.
    """
    counting = Counting()
    inner = FastAPI()

    @inner.websocket("/crash")
    async def crash(websocket: HTTPConnection):
        raise OutOfPaper("crash")

    app = FastAPI()
    app.mount("/mounted", inner)
    add_problems(app, policy=counting.policy)
    with pytest.raises(OutOfPaper), TestClient(app).websocket_connect("/mounted/crash"):
        pass

    assert (["crash"], 1, 1) == (counting.translated, counting.identified, len(counting.told))


def test_one_that_was_answered_before_is_decided_again():
    """
    One instance that is raised by many requests is an occurrence for each of them.
    """
    counting = Counting()
    app = Starlette(routes=ROUTES)
    add_to_starlette(app, policy=counting.policy)
    client = StarletteClient(app, raise_server_exceptions=False)

    assert ["1", "2"] == [client.get("/crash").json()["instance"] for _ in range(2)]


@pytest.mark.parametrize(("text", "status"), [("no token", 409), ("crash", 400)])
def test_a_refused_authentication_is_translated_once(text, status):
    """
    The same is true of middleware that answers by itself.
    """
    counting = Counting()
    app = Starlette()
    add_to_starlette(app, policy=counting.policy)
    scope = {"type": "http", "app": app, "path": "/", "headers": []}
    response = problem_response(HTTPConnection(scope), AuthenticationError(text))

    assert (status, [text], 1) == (response.status_code, counting.translated, counting.identified)


class TestFence:
    @pytest.mark.expects_failure
    def test_errors_that_cannot_be_read(self, caplog):
        """
        A validation error that fails itself is a crash, which is answered as any other.
        """
        app = FastAPI()

        @app.get("/")
        async def invalid():
            raise Unreadable([])

        add_problems(app)
        response = TestClient(app, raise_server_exceptions=False).get("/")

        assert (500, "about:blank", ["OSError"]) == (
            response.status_code,
            response.json()["type"],
            [record.exc_info[0].__name__ for record in caplog.records if record.name == "problems"],
        )

    @pytest.mark.expects_failure
    def test_declarations_that_cannot_be_found(self, caplog):
        """
        If the declarations cannot be determined, no problem is reported as undeclared.
        """

        def failing(facts, registry, *, implied):
            raise OSError("no declarations")

        setup = Setup(Registry(), Policy(undeclared="raise"), declares=failing)
        decision = decide(NotFound(), setup, {"method": "GET", "path": "/", "headers": []}, {})

        assert (404, ["OSError"]) == (
            decision.answer.status,
            [record.exc_info[0].__name__ for record in caplog.records if record.name == "problems"],
        )


class TestSharedInstance:
    DOWN = ServiceUnavailable("maintenance")

    @pytest.fixture
    def client(self):
        async def handling(request):
            try:
                int("data of user A")
            except ValueError:
                raise self.DOWN  # noqa: B904 - what is being handled is its context

        app = Starlette(routes=[Route("/handling", handling), Route("/", raising(self.DOWN))])
        add_to_starlette(app)
        return StarletteClient(app)

    def test_an_earlier_request_is_forgotten(self, client, caplog):
        """
        What was being handled when an earlier request raised an instance is in no record of a later one.
        """
        texts = []
        for path in ("/handling", "/", "/handling"):
            caplog.clear()
            with caplog.at_level(logging.ERROR, "problems"):
                client.get(path)
            texts.append(caplog.text)

        assert [True, False, True] == ["data of user A" in text for text in texts]
