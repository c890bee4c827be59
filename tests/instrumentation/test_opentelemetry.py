import importlib
import logging
import sys
from importlib.util import find_spec

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from problems import Policy
from problems.fastapi import add_problems as add_to_fastapi
from problems.starlette import add_problems

pytest.importorskip("opentelemetry.sdk", reason="needs opentelemetry-sdk")

from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from problems.answering.instrumentation.opentelemetry import trace_instance, trace_problems

BASE = "https://shop.example/problems/"
TRACED = Policy(hooks=(trace_problems,))
UNTRACED = {"tracing": False, "metrics": False, "logs": False}
PATHS = [("GET", "/items/7"), ("POST", "/orders"), ("GET", "/maintenance"), ("GET", "/crash")]


@pytest.fixture
def provider():
    provider = TracerProvider()
    yield provider
    provider.shutdown()


@pytest.fixture
def spans(provider):
    exporter = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return exporter.get_finished_spans


class Spanned:
    """A middleware such as instrumentations have: one server span, the status written at the start."""

    def __init__(self, app, provider):
        self.app, self.tracer = app, provider.get_tracer("test")

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        with self.tracer.start_as_current_span("request", kind=SpanKind.SERVER) as span:

            async def noting(message):
                if message["type"] == "http.response.start" and message["status"] >= 500:
                    span.set_attribute("error.type", str(message["status"]))
                await send(message)

            await self.app(scope, receive, noting)


@pytest.fixture
def spanned(client, provider, spans):
    """Return the server span of a request, inside a middleware of an instrumentation."""

    def request(method, path, policy=TRACED):
        served = client(policy, telemetry=UNTRACED)
        served.app.add_middleware(Spanned, provider=provider)
        served.request(method, path)
        (span,) = spans()
        return span

    return request


@pytest.fixture
def native(client, provider, spans):
    """Return the server span that FastAPI itself makes of a request."""

    def request(method, path, policy=TRACED):
        client(policy, telemetry={"tracer_provider": provider}).request(method, path)
        (span,) = [span for span in spans() if span.kind is SpanKind.SERVER]
        return span

    return request


class TestInstrumented:
    @pytest.mark.parametrize(
        ("path", "type_uri"),
        [
            pytest.param("/items/7", f"{BASE}item-not-found", id="declared"),
            pytest.param("/items/x", f"{BASE}validation-problem", id="validation"),
            pytest.param("/nothing", "about:blank", id="of the router"),
        ],
    )
    def test_a_mistake_of_the_client(self, spanned, path, type_uri):
        """
        4xx: the span is not an error and has no event; the type is an attribute.
        """
        span = spanned("GET", path)

        assert (StatusCode.UNSET, (), type_uri, False) == (
            span.status.status_code,
            span.events,
            span.attributes["problem.type"],
            "error.type" in span.attributes,
        )

    def test_a_declared_problem_of_the_server(self, spanned):
        """
        5xx: the span is an error, its type is the type URI, and the exception is recorded once.
        """
        span = spanned("GET", "/maintenance")

        assert (StatusCode.ERROR, f"{BASE}maintenance", ["exception"]) == (
            span.status.status_code,
            span.attributes["error.type"],
            [event.name for event in span.events],
        )

    def test_a_crash(self, spanned):
        """
        A crash goes on through the span, which records it: once, and as it does without problems.
        """
        span = spanned("GET", "/crash")

        assert (StatusCode.ERROR, {}, ["RuntimeError"]) == (
            span.status.status_code,
            span.attributes,
            [event.attributes["exception.type"] for event in span.events],
        )

    def test_the_instance(self, spanned):
        """
        The span has the id that the client received.
        """
        assert spanned("GET", "/items/7").attributes["problem.instance"].startswith("urn:uuid:")

    def test_no_instance(self, spanned):
        """
        An application that sends no instance has none on its spans.
        """
        assert (
            "problem.instance"
            not in spanned("GET", "/items/7", Policy(instance=None, hooks=(trace_problems,))).attributes
        )


@pytest.mark.skipif(find_spec("fastapi.telemetry") is None, reason="new in FastAPI")
class TestNative:
    @pytest.mark.parametrize(("method", "path"), PATHS)
    def test_it_is_not_disturbed(self, client, method, path):
        """
        FastAPI's own spans are what they are without the hook, but for what it adds.
        """
        told = []
        for policy in (Policy(), TRACED):
            exporter, provider = InMemorySpanExporter(), TracerProvider()
            provider.add_span_processor(SimpleSpanProcessor(exporter))
            client(policy, telemetry={"tracer_provider": provider}).request(method, path)
            told.append([(span.name, span.kind, span.status.status_code) for span in exporter.get_finished_spans()])

        assert told[0] == told[1]

    def test_a_mistake_of_the_client(self, native):
        """
        4xx: no error, in FastAPI's spans either.
        """
        span = native("GET", "/items/7")

        assert (StatusCode.UNSET, (), f"{BASE}item-not-found", False) == (
            span.status.status_code,
            span.events,
            span.attributes["problem.type"],
            "error.type" in span.attributes,
        )

    def test_a_declared_problem_of_the_server(self, native):
        """
        5xx: recorded once, though FastAPI ends its span with the last byte; `error.type` is what FastAPI writes.
        """
        span = native("GET", "/maintenance")

        assert (StatusCode.ERROR, f"{BASE}maintenance", "503", ["exception"]) == (
            span.status.status_code,
            span.attributes["problem.type"],
            span.attributes["error.type"],
            [event.name for event in span.events],
        )

    def test_nothing_is_written_too_late(self, native, caplog):
        """
        No span is written to after its end: the SDK would warn.
        """
        caplog.set_level(logging.WARNING, "opentelemetry")
        native("GET", "/maintenance")

        assert [] == [record.message for record in caplog.records if record.name.startswith("opentelemetry")]


@pytest.mark.skipif(
    "build_middleware_stack" not in FastAPIInstrumentor.instrument_app.__code__.co_names,
    reason="older versions are a middleware of the application",
)
class TestContrib:
    """`opentelemetry-instrumentation-fastapi`, which wraps the middleware stack of an application."""

    @pytest.fixture
    def spans_of(self):
        def crash():
            raise RuntimeError

        def request(policy, *, first):
            instrumentor = pytest.importorskip("opentelemetry.instrumentation.fastapi").FastAPIInstrumentor
            exporter, provider = InMemorySpanExporter(), TracerProvider()
            provider.add_span_processor(SimpleSpanProcessor(exporter))
            app = FastAPI(telemetry=UNTRACED)
            app.get("/crash")(crash)
            if policy and not first:
                add_to_fastapi(app, policy=policy)
            instrumentor.instrument_app(app, tracer_provider=provider)
            if policy and first:
                add_to_fastapi(app, policy=policy)
            TestClient(app, raise_server_exceptions=False).get("/crash")
            return exporter.get_finished_spans()

        return request

    @pytest.mark.parametrize("first", [pytest.param(True, id="instrumented first"), pytest.param(False, id="last")])
    @pytest.mark.parametrize("texts", [False, True])
    def test_a_crash_is_recorded_as_without_problems(self, spans_of, first, texts):
        """
        The spans of a crash, with their status and events, are what they are without problems.
        """
        usual, told = (
            [
                (span.name, span.kind, span.status.status_code, [it.attributes["exception.type"] for it in span.events])
                for span in spans_of(policy, first=first)
            ]
            for policy in (None, Policy(framework_texts=texts))
        )

        assert (usual, ["RuntimeError"]) == (told, [name for *_, names in told for name in names])

    def test_the_hook_writes_on_the_span(self, spans_of):
        """
        The span is open when the problem of a crash is sent: it has its type and instance.
        """
        (span,) = [span for span in spans_of(TRACED, first=False) if span.kind is SpanKind.SERVER]

        assert ("about:blank", "urn:uuid:") == (
            span.attributes["problem.type"],
            span.attributes["problem.instance"][:9],
        )


def test_the_trace_as_instance(client, spanned):
    """
    The problem is identified by its trace: with one id for body, log and span; without a trace by a fresh one.
    """
    policy = Policy(hooks=(trace_problems,), instance=trace_instance)
    span = spanned("GET", "/items/7", policy)
    untraced = {client(policy, telemetry=UNTRACED).get("/items/7").json()["instance"] for _ in range(2)}

    assert f"{span.context.trace_id:032x}" == span.attributes["problem.instance"].removeprefix("urn:uuid:").replace(
        "-", ""
    )
    assert 2 == len(untraced)


def test_without_a_span():
    """
    Where nothing is traced the hook does nothing.
    """

    async def crash(request):
        raise RuntimeError

    app = Starlette(routes=[Route("/", crash)])
    add_problems(app, policy=TRACED)

    assert 500 == TestClient(app, raise_server_exceptions=False).get("/").status_code


def test_without_opentelemetry(monkeypatch):
    """
    Without the package, the error names the extra.
    """
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    monkeypatch.delitem(sys.modules, "problems.answering.instrumentation.opentelemetry")

    with pytest.raises(ModuleNotFoundError, match=r"pip install 'typed-problems\[opentelemetry\]'"):
        importlib.import_module("problems.answering.instrumentation.opentelemetry")
