"""A pytest plugin that adds problems to every application of a test suite and records every exchange."""

import functools
import json
import os
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import starlette.testclient
from fastapi import FastAPI
from starlette._utils import is_async_callable
from starlette.applications import Starlette

CALLED: ContextVar[list[str]] = ContextVar("the application's handlers called in this exchange")


class Recorder:
    """Keeps lines in memory until a test ends, because some suites forbid blocking calls in the event loop."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path, self.test, self.lines = folder / f"{os.getpid()}.jsonl", "(collection)", list[dict[str, Any]]()

    def add(self, kind: str, **line: Any) -> None:
        self.lines.append({"kind": kind, "test": self.test, **line})

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.test = nodeid

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            failure = "" if report.outcome == "passed" else str(report.longrepr)[-3000:]
            self.lines.append({"kind": "test", "test": report.nodeid, "outcome": report.outcome, "text": failure})
        if report.when == "teardown":
            self.pytest_sessionfinish()

    def pytest_sessionfinish(self) -> None:
        lines, self.lines = self.lines, []
        with self.path.open("a") as file:
            file.writelines(json.dumps(line, default=text) + "\n" for line in lines)


def text(value: object) -> str:
    return bytes(value).decode("latin-1") if isinstance(value, bytes | bytearray | memoryview) else repr(value)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--add-problems", choices=["never", "early", "late"], default="never")
    parser.addoption("--record", type=Path, required=True)


def pytest_configure(config: pytest.Config) -> None:
    recorder, when = Recorder(config.getoption("--record")), config.getoption("--add-problems")
    config.pluginmanager.register(recorder)
    install = functools.partial(add_problems_to, when=when, recorder=recorder, reached={})
    for cls in (Starlette, FastAPI):
        wrap(cls, "build_middleware_stack", watch_handlers)
        if when == "late":
            install_late(cls, install)
        elif when == "early":
            wrap(cls, "__init__", id, after=install)
    record_test_clients(recorder)
    if when != "never" and hasattr(
        import_module("problems.errors"), "ProblemsWarning"
    ):  # suites turn warnings into errors
        config.addinivalue_line("filterwarnings", "ignore::problems.errors.ProblemsWarning")


def wrap(cls: type, name: str, before: Callable[[Any], object], after: Callable[[Any], object] = bool) -> None:
    original = cls.__dict__[name]

    @functools.wraps(original)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        before(self)
        result = original(self, *args, **kwargs)
        after(self)
        return result

    setattr(cls, name, wrapper)


def install_late(cls: type, install: Callable[[Any], object]) -> None:
    """Call *install* with each application before its first request, or its lifespan."""
    original = cls.__dict__["__call__"]

    async def call(self: Any, scope: Any, receive: Any, send: Any) -> None:
        if self.middleware_stack is None:
            install(self)
        await original(self, scope, receive, send)

    cls.__call__ = call  # type: ignore[operator] # for this test run


def add_problems_to(app: Any, *, when: str, recorder: Recorder, reached: dict[int, Any]) -> None:
    if id(app) in reached:
        return
    reached[id(app)] = app  # kept, so that no id is used twice
    if when == "late":
        reached.update((id(child), child) for child in mounted(app))
    try:
        import_module(f"problems.{'fastapi' if isinstance(app, FastAPI) else 'starlette'}").add_problems(app)
    except Exception as error:  # the test continues, and the refusal is a difference
        recorder.add("refused", text=f"{type(error).__name__}: {error}")


def mounted(app: Any) -> list[Any]:
    """Return the applications mounted in *app*, at any depth: they are reached through it."""
    children: list[Any] = []
    for route in app.routes:
        child = getattr(route, "app", None)
        while child is not None and not isinstance(child, Starlette):
            child = getattr(child, "app", None)
        included = getattr(route, "original_router", None)  # an included router of FastAPI
        children += [] if child is None else [child, *mounted(child)]
        children += [] if included is None else mounted(included)
    return children


def watch_handlers(app: Any) -> None:
    """Record calls of the exception handlers that the application brought itself."""

    def watched(handler: Any) -> Any:
        name = getattr(handler, "__qualname__", type(handler).__name__)

        async def call(request: Any, error: Exception) -> Any:
            CALLED.get([]).append(name)
            return await handler(request, error)

        def call_in_a_thread(request: Any, error: Exception) -> Any:
            CALLED.get([]).append(name)
            return handler(request, error)

        return functools.wraps(handler)(call if is_async_callable(handler) else call_in_a_thread)

    for key, handler in list(app.exception_handlers.items()):
        if not (getattr(handler, "__module__", None) or "").startswith(("problems.", "starlette.", "fastapi.")):
            app.exception_handlers[key] = watched(handler)


def record_test_clients(recorder: Recorder) -> None:
    transports = [starlette.testclient._TestClientTransport]
    for name in ("httpx", "httpx2"):
        with suppress(ImportError):
            transports.append(__import__(name).ASGITransport)
    for cls in transports:

        def initialise(self: Any, app: Any, *args: Any, original: Any = cls.__init__, **kwargs: Any) -> None:
            original(self, app if isinstance(app, Recorded) else Recorded(app, recorder), *args, **kwargs)

        cls.__init__ = initialise  # type: ignore[assignment] # for this test run


class Recorded:
    """An ASGI application that records what another one sends and raises."""

    def __init__(self, app: Any, recorder: Recorder) -> None:
        self.app, self.recorder = app, recorder

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        target = f"{scope.get('method', 'WS')} {scope['path']}?{scope.get('query_string', b'').decode('latin-1')}"
        exchange: dict[str, Any] = {"type": scope["type"], "target": target, "messages": [], "handlers": []}

        async def recording_send(message: Any) -> None:
            copy = json.loads(json.dumps(message, default=text))  # before it is sent: a buffer may be used again
            await send(message)
            exchange["messages"].append(copy)

        token = CALLED.set(exchange["handlers"])
        try:
            await self.app(scope, receive, recording_send)
        except BaseException as error:
            exchange["raised"] = f"{type(error).__module__}.{type(error).__qualname__}: {error}"[:1000]
            raise
        finally:
            CALLED.reset(token)
            self.recorder.add("exchange", **exchange)
