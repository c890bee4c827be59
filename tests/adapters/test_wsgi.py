"""What holds for every answer holds behind another interface: the bare adapter for WSGI of this folder."""

import inspect
import io
import json
import logging
from pathlib import Path
from wsgiref.util import setup_testing_defaults

import pytest

from problems import HTML, Conflict, NotFound, Policy, Registry, RequestId, Texts, Unauthorized
from problems._wire.status import phrase
from problems.catalog import class_of
from problems.declaring.problem import unvalidated
from tests.adapters.test_matrix import METHODS, STATUSES, http
from tests.adapters.wsgi import Problems

ORIGINS = {
    "problem": lambda status: unvalidated(class_of(status), None, {}),
    "http": http,
    "grouped": lambda status: ExceptionGroup("", [http(status)]),
}


class ItemNotFound(NotFound, type="item-not-found", title="Item not found"):
    item_id: int


REGISTRY = Registry(ItemNotFound, base="https://shop.example/problems/")


class Response:
    """What a WSGI server would send."""

    def __init__(self, exc, method="GET", headers=None, policy=Policy()):
        environ = {"REQUEST_METHOD": method, "PATH_INFO": "/items/7", **(headers or {})}
        setup_testing_defaults(environ)
        self.errors = environ["wsgi.errors"] = io.StringIO()

        def app(environ, start_response):
            raise exc

        self.body = b"".join(Problems(app, REGISTRY, policy=policy)(environ, self._start))
        self.environ = environ

    def _start(self, status, headers, exc_info):
        self.status, self.headers = int(status.split()[0]), dict(headers)

    @property
    def document(self):
        return json.loads(self.body)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("status", STATUSES)
def test_every_answer_is_a_problem(status, origin, method):
    """
    Status, title, media type, length and caching are right, whatever is raised and however it was asked for.
    """
    response = Response(ORIGINS[origin](status), method)
    expected = {"type": "about:blank", "title": phrase(status), "status": status}
    seen = expected if method == "HEAD" else {name: response.document[name] for name in expected}
    length = int(response.headers["content-length"])

    assert (status, "application/problem+json", "no-store", expected) == (
        response.status,
        response.headers["content-type"],
        response.headers["cache-control"],
        seen,
    )
    assert length > 0 if method == "HEAD" else length == len(response.body)


@pytest.mark.parametrize(
    ("exc", "policy", "headers", "expected"),
    [
        pytest.param(
            ItemNotFound(item_id=7), Policy(), {}, ("content-type", "application/problem+json"), id="declared"
        ),
        pytest.param(Unauthorized(challenges="Bearer"), Policy(), {}, ("www-authenticate", "Bearer"), id="header"),
        pytest.param(
            KeyError(), Policy(translate={KeyError: Conflict}), {}, ("cache-control", "no-store"), id="translated"
        ),
        pytest.param(
            NotFound(),
            Policy(representations=(HTML,)),
            {"HTTP_ACCEPT": "text/html"},
            ("content-type", "text/html; charset=utf-8"),
            id="representation",
        ),
        pytest.param(
            NotFound(),
            Policy(texts=Texts({"de": {"about:blank#404": {"title": "Nicht gefunden"}}})),
            {"HTTP_ACCEPT_LANGUAGE": "de"},
            ("vary", "Accept-Language"),
            id="language",
        ),
        pytest.param(
            NotFound(),
            Policy(instance=RequestId()),
            {"HTTP_X_REQUEST_ID": "r-1"},
            ("x-request-id", "r-1"),
            id="request id",
        ),
    ],
)
def test_the_policy_holds(exc, policy, headers, expected):
    """
    Translations, representations, languages and ids work without code in the adapter.
    """
    name, value = expected

    assert value == Response(exc, headers=headers, policy=policy).headers[name]


def test_a_crash_reaches_the_server():
    """
    A crash is a constant problem, and its traceback with the instance is in the log of the server.
    """
    response = Response(RuntimeError("hunter2"))
    errors = response.errors.getvalue()

    assert (500, False, True, True) == (
        response.status,
        b"hunter2" in response.body,
        "RuntimeError: hunter2" in errors,
        response.document["instance"] in errors,
    )


def test_observers_know_it(caplog):
    """
    Hooks and log get each problem once.
    """
    told = []
    with caplog.at_level(logging.INFO, "problems"):
        Response(ItemNotFound(item_id=7), policy=Policy(hooks=(told.append,)))

    assert ([404], 1) == ([occurrence.status for occurrence in told], len(caplog.records))


def test_the_adapter_is_one_page():
    """
    What an adapter has to do fits in sixty lines.
    """
    lines = Path(inspect.getfile(Problems)).read_text().splitlines()

    assert len(lines) < 60
