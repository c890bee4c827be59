"""
W6: whole requests to applications with and without `add_problems`: successes, failures and crashes.

An ASGI call without a server. The applications of a pair differ in `add_problems` only and run interleaved.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, Final

import fastapi
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from benchmarks._measure import AsyncProbe, Result, compare, on_loop, table
from benchmarks.raising import BASE, ItemNotFound
from problems import Registry
from problems.fastapi import add_problems
from problems.starlette import add_problems as add_to_starlette

REGISTRY: Final = Registry(ItemNotFound, base=BASE)
ORIGIN: Final = (b"origin", b"https://app.example")


class Item(BaseModel):
    """A small JSON model, the response of a success."""

    item_id: int
    name: str
    size: int = 1


class PassOn(BaseHTTPMiddleware):
    """The middleware that most applications have: it calls on, and looks at the response."""

    async def dispatch(self, request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        """Return the response of the application."""
        return await call_next(request)


NONE: Final[frozenset[str]] = frozenset()
FEW: Final = frozenset({"CORS", "base"})
ALL: Final = FEW | {"GZip"}


def fastapi_application(middleware: frozenset[str], *, problems: bool) -> fastapi.FastAPI:
    """Return an application that succeeds, fails and crashes."""
    app = fastapi.FastAPI()
    if problems:
        add_problems(app, REGISTRY)
    if "base" in middleware:
        app.add_middleware(PassOn)
    if "GZip" in middleware:
        app.add_middleware(GZipMiddleware)
    if "CORS" in middleware:
        app.add_middleware(CORSMiddleware, allow_origins=["https://app.example"])

    @app.get("/items/{item_id}")
    async def item(item_id: int) -> Item:
        if item_id == 7:
            raise ItemNotFound("No item has the id 7.", item_id=7, name="x")
        return Item(item_id=item_id, name="x")

    @app.get("/crash")
    async def crash() -> None:
        raise RuntimeError("broken")

    return app


def starlette_application(*, problems: bool) -> Starlette:
    """Return a Starlette application with one route that succeeds."""

    async def item(request: Request) -> Response:
        return JSONResponse({"item_id": request.path_params["item_id"], "name": "x", "size": 1})

    app = Starlette(routes=[Route("/items/{item_id:int}", item)])
    if problems:
        add_to_starlette(app, REGISTRY)
    return app


async def _send(message: Any) -> None:
    """Take a message and do nothing with it."""


async def _receive() -> Any:
    return {"type": "http.request", "body": b"", "more_body": False}


def requesting(app: Starlette, path: str) -> AsyncProbe:
    """Return a whole request; a crash ends where a server would catch it."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"accept", b"*/*"), ORIGIN],
        "server": ("shop.example", 80),
        "client": ("127.0.0.1", 50000),
    }

    async def once() -> None:
        try:
            await app(dict(scope), _receive, _send)
        except RuntimeError as error:
            error.__traceback__ = None

    return once


PAIRS: Final[Mapping[str, tuple[str, float, Callable[[bool], AsyncProbe]]]] = {
    "W6  a success on FastAPI, no middleware": (
        "without",
        1.025,
        lambda on: requesting(fastapi_application(NONE, problems=on), "/items/8"),
    ),
    "W6  a success on FastAPI with CORS and a BaseHTTPMiddleware": (
        "without",
        1.02,
        lambda on: requesting(fastapi_application(FEW, problems=on), "/items/8"),
    ),
    "W6  a success on FastAPI with CORS, GZip and a BaseHTTPMiddleware": (
        "without",
        1.02,
        lambda on: requesting(fastapi_application(ALL, problems=on), "/items/8"),
    ),
    "W6  a success on Starlette, no middleware": (
        "without",
        1.06,
        lambda on: requesting(starlette_application(problems=on), "/items/8"),
    ),
    "W6  a crash through CORS, GZip and a BaseHTTPMiddleware": (
        "Starlette's own 500",
        1.15,
        lambda on: requesting(fastapi_application(ALL, problems=on), "/crash"),
    ),
}


def run(*, rounds: int) -> Iterator[tuple[str, list[Result]]]:
    """Yield the tables of this workload."""
    logging.getLogger("problems").setLevel(logging.CRITICAL)  # the record of a crash is measured by W1
    loop = asyncio.new_event_loop()
    for title, (reference, target, make) in PAIRS.items():
        probes = {reference: on_loop(make(False), loop), "with add_problems": on_loop(make(True), loop)}
        results = compare(probes, reference=reference, rounds=rounds * 2)
        yield table(title, results, against=reference, targets={"with add_problems": target}), results
    app = fastapi_application(NONE, problems=True)
    probes = {
        "a success": on_loop(requesting(app, "/items/8"), loop),
        "a declared problem": on_loop(requesting(app, "/items/7"), loop),
    }
    results = compare(probes, reference="a success", rounds=rounds * 2)
    yield table("W6  a failing request", results, against="a success", targets={"a declared problem": 1.06}), results
    loop.close()
