"""
W1: an error is raised, answered and sent; the library's part alone.

Raise, catch, call the registered handler, send: without router, validation and middleware, whose noise is larger than
what is measured. No library can be faster than raising a bare exception and sending a response that was made before.
"""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from uuid import uuid4

import fastapi
from pydantic import BaseModel
from pydantic_core import to_json
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from benchmarks._measure import AsyncProbe, Probe, Result, compare, drive, on_loop, table
from problems import NotFound, Policy, Registry
from problems.fastapi import add_problems

TITLE: Final = "W1  raise and answer a 404 with two members (the library's part)"
BASE: Final = "https://shop.example/problems/"

SCOPE: Final = {"type": "http", "method": "GET", "path": "/items/7", "headers": [(b"accept", b"*/*")]}


SAME_WORK: Final = "hand-written, same work"
THREADED: Final = "fastapi-problem (in a thread pool)"


class ItemNotFound(NotFound, type="item-not-found", title="Item not found"):
    """No item has the requested id."""

    item_id: int
    name: str


def probes() -> Mapping[str, AsyncProbe]:
    """Return one coroutine function for each contestant that is installed."""
    found: dict[str, AsyncProbe] = {
        "bare raise, prebuilt response": _floor(),
        "hand-written limit": _limit(),
        SAME_WORK: _same_work(lambda: uuid4().urn),
        "the same, our way to make a UUID": _same_work(_quick_urn),
        "hand-written JSONResponse": _json_response(),
        "FastAPI default": _fastapi_default(),
        "problems, instance=None": _problems(Policy(instance=None)),
        "problems, instance=None, 200 more routes": _problems(Policy(instance=None), 200),
        "problems": _problems(Policy()),
    }
    for name, make in peers().items():
        try:
            found[name] = make()
        except ImportError:
            continue
    return found


class Bare(Response):
    """A response that is no more than its three parts."""

    def __init__(self, status: int, raw_headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        self.status_code, self.raw_headers, self.body, self.background = status, raw_headers, body, None


class _Plain(Exception):
    def __init__(self, item_id: int, name: str, detail: str) -> None:
        self.item_id, self.name, self.detail = item_id, name, detail


async def _send(message: Any) -> None:
    """Take a message and do nothing with it."""


async def _receive() -> Any:
    raise RuntimeError("The request is not read.")


def through(
    raise_it: Callable[[], None],
    handler: Callable[[Request, Exception], Awaitable[Response]],
    app: fastapi.FastAPI | None = None,
) -> AsyncProbe:
    """Return the way of an exception: raised, caught, handled, sent."""
    request = Request({**SCOPE, "app": app})

    async def once() -> None:
        try:
            raise_it()
        except Exception as exc:  # noqa: BLE001 - as Starlette does
            response = await handler(request, exc)
            await response(SCOPE, _receive, _send)
            exc.__traceback__ = None  # as Starlette does, or it would hold the response that holds it

    return once


async def _endpoint(item_id: int) -> int:
    return item_id


def _raise_plain() -> None:
    raise _Plain(7, "x", "No item has the id 7.")


def _floor() -> AsyncProbe:
    ready = Bare(404, [(b"content-type", b"application/problem+json"), (b"content-length", b"2")], b"{}")

    async def handle(_: Request, __: Exception) -> Response:
        return ready

    return through(_raise_plain, handle)


_PREFIX: Final = b'{"type":"https://shop.example/problems/item-not-found","title":"Item not found","status":404,'


async def _handle_plain(_: Request, exc: Exception) -> Response:
    members = to_json(exc.__dict__)
    body = _PREFIX + members[1:]
    return Bare(404, [(b"content-type", b"application/problem+json"), (b"content-length", b"%d" % len(body))], body)


def _limit() -> AsyncProbe:
    return through(_raise_plain, _handle_plain)


def _same_work(make_instance: Callable[[], str]) -> AsyncProbe:
    """The limit, with what the default policy adds: an instance, no-store, and a log record if anybody wants it."""
    logger = logging.getLogger("benchmark")

    async def handle(_: Request, exc: Exception) -> Response:
        instance = make_instance()
        members = to_json({"instance": instance, **exc.__dict__})
        body = _PREFIX + members[1:]
        if logger.isEnabledFor(logging.INFO):
            extra = {"problem_type": f"{BASE}item-not-found", "problem_status": 404, "problem_instance": instance}
            logger.info("%s %s was answered with %s", "GET", "/items/7", exc, extra=extra)
        headers = [
            (b"content-type", b"application/problem+json"),
            (b"cache-control", b"no-store"),
            (b"content-length", b"%d" % len(body)),
        ]
        return Bare(404, headers, body)

    return through(_raise_plain, handle)


def _quick_urn() -> str:
    digits = os.urandom(16).hex()
    return f"urn:uuid:{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def _json_response() -> AsyncProbe:
    async def handle(_: Request, exc: Exception) -> Response:
        content = {"type": f"{BASE}item-not-found", "title": "Item not found", "status": 404, **exc.__dict__}
        return JSONResponse(content, 404, media_type="application/problem+json")

    return through(_raise_plain, handle)


def handler_of(app: fastapi.FastAPI, exc: type[Exception]) -> Any:
    """Return the handler that an application has for an exception."""
    return next(app.exception_handlers[cls] for cls in exc.__mro__ if cls in app.exception_handlers)


def _fastapi_default() -> AsyncProbe:
    def raise_it() -> None:
        raise fastapi.HTTPException(404, {"item_id": 7, "name": "x", "message": "No item has the id 7."})

    return through(raise_it, handler_of(fastapi.FastAPI(), fastapi.HTTPException))


def _problems(policy: Policy, routes: int = 0) -> AsyncProbe:
    app = fastapi.FastAPI()
    for number in range(routes):
        app.get(f"/{number}/{{item_id}}")(_endpoint)
    add_problems(app, Registry(ItemNotFound, base=BASE), policy=policy)

    def raise_it() -> None:
        raise ItemNotFound("No item has the id 7.", item_id=7, name="x")

    return through(raise_it, handler_of(app, ItemNotFound), app)


def peers() -> Mapping[str, Callable[[], AsyncProbe]]:
    """Return the other libraries; each raises `ImportError` where it is not installed."""
    return {
        "fastapi-rfc9457": _fastapi_rfc9457,
        "fastapi-problem-details": _fastapi_problem_details,
        THREADED: _fastapi_problem,
    }


def _fastapi_rfc9457() -> AsyncProbe:
    from fastapi_rfc9457 import Problem
    from fastapi_rfc9457.server import add_problem_handlers

    app = fastapi.FastAPI()
    add_problem_handlers(app, strip_debug=True)

    class Missing(Problem):  # type: ignore[misc]  # the package is only there while it is measured
        """No item has the requested id."""

        title = "Item not found"
        status = 404
        type = f"{BASE}item-not-found"
        item_id: int
        name: str

    def raise_it() -> None:
        raise Missing(detail="No item has the id 7.", item_id=7, name="x")

    return through(raise_it, handler_of(app, Missing), app)


def _fastapi_problem_details() -> AsyncProbe:
    import fastapi_problem_details as peer

    app = fastapi.FastAPI()
    peer.init_app(app)

    def raise_it() -> None:
        raise peer.ProblemException(
            404,
            title="Item not found",
            detail="No item has the id 7.",
            type=f"{BASE}item-not-found",
            item_id=7,
            name="x",
        )

    return through(raise_it, handler_of(app, peer.ProblemException), app)


def _fastapi_problem() -> AsyncProbe:
    from fastapi_problem.error import NotFoundProblem
    from fastapi_problem.handler import add_exception_handler, new_exception_handler

    app = fastapi.FastAPI()
    handler = new_exception_handler(documentation_uri_template=f"{BASE}{{type}}")
    add_exception_handler(app, handler)

    class Missing(NotFoundProblem):  # type: ignore[misc]  # the package is only there while it is measured
        """No item has the requested id."""

        title = "Item not found"
        type_ = "item-not-found"

    def raise_it() -> None:
        raise Missing("No item has the id 7.", item_id=7, name="x")

    async def handle(request: Request, exc: Exception) -> Response:
        response: Response = await run_in_threadpool(handler, request, exc)  # as Starlette does with a sync one
        return response

    return through(raise_it, handle, app)


class Item(BaseModel):
    """What a request that succeeds is answered with: as much as the problem has."""

    type: str
    title: str
    status: int
    item_id: int
    name: str


def whole_requests() -> Mapping[str, AsyncProbe]:
    """Return whole requests to a FastAPI application: one that succeeds, and one that fails."""
    app = fastapi.FastAPI()
    add_problems(app, Registry(ItemNotFound, base=BASE))
    bare = fastapi.FastAPI()
    bare.add_exception_handler(_Plain, _handle_plain)

    @bare.get("/items/{item_id}")
    async def nothing(item_id: int) -> dict[str, object]:
        raise _Plain(item_id, "x", "No item has the id 7.")

    @app.get("/items/{item_id}")
    async def item(item_id: int) -> Item:
        if item_id == 7:
            raise ItemNotFound("No item has the id 7.", item_id=7, name="x")
        return Item(type="item", title="An item", status=200, item_id=item_id, name="x")

    @app.get("/dictionaries/{item_id}")
    async def dictionary(item_id: int) -> dict[str, object]:
        return {"type": "item", "title": "An item", "status": 200, "item_id": item_id, "name": "x"}

    def requesting(path: str, app: fastapi.FastAPI = app) -> AsyncProbe:
        async def once() -> None:
            scope = {**SCOPE, "path": path, "query_string": b"", "asgi": {"version": "3.0"}, "http_version": "1.1"}
            await app(scope, _receive, _send)

        return once

    return {
        "a success, a model": requesting("/items/8"),
        "a success, a dictionary": requesting("/dictionaries/8"),
        "hand-written limit": requesting("/items/7", bare),
        "problems": requesting("/items/7"),
    }


TARGETS: Final = {"problems, instance=None": 1.5}


def run(*, rounds: int) -> Iterator[tuple[str, list[Result]]]:
    """Yield the tables of this workload."""
    loop = asyncio.new_event_loop()
    driven: dict[str, Probe] = {
        name: on_loop(probe, loop) if name == THREADED else drive(probe) for name, probe in probes().items()
    }
    results = compare(driven, reference="hand-written limit", rounds=rounds)
    yield table(TITLE, results, against="hand-written limit", targets=TARGETS), results
    own = {name: driven[name] for name in (SAME_WORK, "the same, our way to make a UUID", "problems")}
    results = compare(own, reference=SAME_WORK, rounds=rounds)
    yield table("W1  the default policy", results, against="same work by hand", targets={"problems": 1.15}), results
    handlers = {name: driven[name] for name in ("FastAPI default", "problems")}
    results = compare(handlers, reference="FastAPI default", rounds=rounds)
    title, against = "W1  the default policy, beside FastAPI's own handler", "FastAPI default"
    yield table(title, results, against=against, targets={"problems": 1.05}), results
    with _logging("benchmark", "problems"):
        results = compare(own, reference=SAME_WORK, rounds=rounds)
    yield table("W1  the default policy, INFO records written", results, against="same work by hand"), results
    whole = {name: on_loop(probe, loop) for name, probe in whole_requests().items()}
    results = compare(whole, reference="a success, a model", rounds=rounds)
    yield table("W1  a whole request on FastAPI", results, against="a success", targets={"problems": 1.06}), results
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


@contextmanager
def _logging(*names: str) -> Iterator[None]:
    """Let loggers write their records to nowhere."""
    loggers = [logging.getLogger(name) for name in names]
    nowhere = logging.NullHandler()
    for logger in loggers:
        logger.addHandler(nowhere)
        logger.setLevel(logging.INFO)
        logger.propagate = False
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(nowhere)
            logger.setLevel(logging.NOTSET)
            logger.propagate = True
