"""Behaviours 14, 17, 25, 28, 29, 30 and 40: what clients and operators receive, in which form and language."""

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.sse import EventSourceResponse
from fastapi.testclient import TestClient

from problems import NotFound, Policy, Registry, ServiceUnavailable
from problems.answering._html import HTML
from problems.answering.policy import RequestId
from problems.answering.texts import Texts
from problems.fastapi import add_problems
from problems.streams import stream_problems

PROGRAM = Path(__file__).parents[1] / "instrumentation" / "sentry_events.py"


def client(policy=Policy()):
    app = FastAPI()

    @app.get("/missing")
    async def missing():
        raise NotFound

    @app.get("/down")
    async def down():
        raise ServiceUnavailable

    @app.get("/crash")
    async def crash():
        raise RuntimeError("secret")

    @app.get("/events", response_class=EventSourceResponse)
    @stream_problems
    async def events(n: int):
        for number in range(n):
            yield number
        raise ServiceUnavailable

    add_problems(app, Registry(), policy=policy)
    return TestClient(app, raise_server_exceptions=False)


def test_14_sentry_gets_what_is_the_servers_fault():
    """
    404 and 422 make no event, 503 a handled one, a crash an unhandled one.
    """
    pytest.importorskip("sentry_sdk", reason="needs sentry-sdk")
    requests = ["GET /items/7", "POST /orders", "GET /maintenance", "GET /crash"]
    done = subprocess.run([sys.executable, PROGRAM, *requests], capture_output=True, check=True, cwd=PROGRAM.parents[2])  # noqa: S603 - our own code

    assert [[], [], [True], [False]] == [
        [handled for _, handled in events] for events in json.loads(done.stdout).values()
    ]


@pytest.mark.parametrize(
    ("n", "expected"), [pytest.param(0, (503, 0), id="before an item"), pytest.param(2, (200, 1), id="after two")]
)
def test_17_a_stream_that_fails_says_so(n, expected):
    """
    An early failure has its status; a later one is one event, after the items.
    """
    response = client().get("/events", params={"n": n})

    assert expected == (response.status_code, response.text.count("event: problem\n"))


def test_25_spans_of_mistakes_are_no_errors():
    """
    5xx problems are recorded once, 4xx never.
    """
    pytest.importorskip("opentelemetry.sdk", reason="needs opentelemetry-sdk")
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - it may not be there
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: PLC0415 - it may not be there
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter  # noqa: PLC0415 - it may not be there

    from problems.answering.instrumentation.opentelemetry import trace_problems  # noqa: PLC0415 - it may not be there

    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    served = client(Policy(hooks=(trace_problems,)))
    for path in ("/missing", "/down"):
        with provider.get_tracer("test").start_as_current_span(path):
            served.get(path)

    assert {"/missing": (True, 0), "/down": (False, 1)} == {
        span.name: (span.status.is_unset, len(span.events)) for span in exporter.get_finished_spans()
    }


def test_28_there_is_one_id(caplog):
    """
    The id that came in is in body, header and log record.
    """
    caplog.set_level(logging.INFO, "problems")
    response = client(Policy(instance=RequestId())).get("/missing", headers={"X-Request-ID": "7f3a"})

    assert ["7f3a"] * 3 == [
        response.json()["instance"],
        response.headers["x-request-id"],
        caplog.records[-1].problem_instance,
    ]


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        pytest.param("de-AT, en;q=0.1", ("Nicht gefunden", "de", "Accept-Language"), id="translated"),
        pytest.param("fr", ("Not Found", "en", "Accept-Language"), id="default"),
    ],
)
def test_29_titles_are_in_the_language_of_the_client(accepted, expected):
    """
    Language, content language and Vary follow the request; English is behind it all.
    """
    policy = Policy(texts=Texts({"de": {"404": "Nicht gefunden"}}))
    response = client(policy).get("/missing", headers={"Accept-Language": accepted})

    assert expected == (response.json()["title"], response.headers["content-language"], response.headers["vary"])


def test_30_each_problem_is_logged_once(caplog):
    """
    4xx without a traceback, declared 5xx with one, crashes not by us.
    """
    caplog.set_level(logging.INFO, "problems")
    served = client()
    for path in ("/missing", "/down", "/crash"):
        served.get(path)

    assert [("INFO", False), ("ERROR", True)] == [
        (record.levelname, record.exc_info is not None) for record in caplog.records if record.name == "problems"
    ]


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        pytest.param("text/html,*/*;q=0.8", (404, "text/html; charset=utf-8", "Accept"), id="a browser"),
        pytest.param("*/*", (404, "application/problem+json", "Accept"), id="anything"),
        pytest.param("image/png", (404, "application/problem+json", "Accept"), id="never 406"),
    ],
)
def test_40_a_browser_gets_a_page(accept, expected):
    """
    HTML where it is liked better than JSON, JSON otherwise.
    """
    response = client(Policy(representations=(HTML,))).get("/missing", headers={"Accept": accept})

    assert expected == (response.status_code, response.headers["content-type"], response.headers["vary"])
