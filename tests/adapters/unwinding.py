"""Middleware of every kind, failures of every kind, and a server that counts: for the tests of crashes."""

import gzip
import json
from contextvars import ContextVar
from inspect import getsource, signature

import anyio
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Mount, Route

from problems import Policy
from problems.fastapi import add_problems

ORIGIN = "https://shop.example"
DISCONNECT = ({"type": "http.request", "body": b"a", "more_body": True}, {"type": "http.disconnect"})


class Crash(Exception):
    """A fault in the application."""


class Exchange:
    """One request as a server sees it."""

    def __init__(self):
        self.messages, self.raised = [], []

    @property
    def starts(self):
        return [message for message in self.messages if message["type"] == "http.response.start"]

    @property
    def bodies(self):
        return [message for message in self.messages if message["type"] == "http.response.body"]

    @property
    def statuses(self):
        return [start["status"] for start in self.starts]

    @property
    def is_complete(self):
        """Whether there is one response, which ends with its last message and nowhere else."""
        ends = [not message.get("more_body", False) for message in self.bodies]
        return len(self.starts) == 1 and ends.count(True) == 1 and ends[-1]

    @property
    def headers(self):
        return {name.decode().lower(): value.decode() for name, value in self.starts[0]["headers"]}

    @property
    def document(self):
        body = b"".join(message.get("body", b"") for message in self.bodies)
        return json.loads(gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body)


def timeless(message):
    """Return a message without the time that gzip writes into the head of a body."""
    body = message.get("body", b"")
    return {**message, "body": body[:4] + bytes(4) + body[8:]} if body.startswith(b"\x1f\x8b") else message


def exchange(app, path, messages=({"type": "http.request"},), method="GET", backend="asyncio"):
    """Send one request as a server on an event loop does."""
    found, waiting = Exchange(), list(messages)
    headers = {"host": "api.example", "origin": ORIGIN, "accept-encoding": "gzip"}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "server": ("api.example", 443),
        "client": ("client.example", 50000),
    }

    async def receive():
        return waiting.pop(0) if waiting else await anyio.sleep_forever()

    async def send(message):
        found.messages.append(timeless(message))

    async def main():
        try:
            with anyio.fail_after(10):
                await app(scope, receive, send)
        except Exception as error:  # noqa: BLE001 - as servers do
            found.raised.append(error)

    anyio.run(main, backend=backend)
    return found


# Code that decides by exception.


class AsgiTransaction:
    def __init__(self, app, log):
        self.app, self.log = app, log

    async def __call__(self, scope, receive, send):
        try:
            await self.app(scope, receive, send)
        except BaseException as error:
            self.log.append(type(error).__name__)
            raise
        self.log.append("commit")


class BaseTransaction(BaseHTTPMiddleware):
    def __init__(self, app, log):
        super().__init__(app)
        self.log = log

    async def dispatch(self, request, call_next):
        try:
            response = await call_next(request)
        except BaseException as error:
            self.log.append(type(error).__name__)
            raise
        self.log.append("commit")
        return response


def function_transaction(app, log):
    """Return the middleware that `@app.middleware("http")` makes of a function."""

    async def dispatch(request, call_next):
        try:
            response = await call_next(request)
        except BaseException as error:
            log.append(type(error).__name__)
            raise
        log.append("commit")
        return response

    return BaseHTTPMiddleware(app, dispatch=dispatch)


DECIDERS = {"asgi": AsgiTransaction, "base": BaseTransaction, "function": function_transaction}


# Middleware around and below it.


class RequestId:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        async def adding(message):
            if message["type"] == "http.response.start":
                message["headers"].append((b"x-request-id", b"r-1"))
            await send(message)

        await self.app(scope, receive, adding)


class Session(RequestId):
    """Keeps its state in the scope, to which its closure refers, as `SessionMiddleware` does."""

    async def __call__(self, scope, receive, send):
        scope["session"] = {"user": 7}

        async def adding(message):
            if message["type"] == "http.response.start" and scope["session"]:
                message["headers"].append((b"set-cookie", b"session=7"))
            await send(message)

        await self.app(scope, receive, adding)


class CopiesScope(RequestId):
    async def __call__(self, scope, receive, send):
        await super().__call__(dict(scope), receive, send)


class ReadsContext:
    """Its `send` reads a variable that is reset when the application is left."""

    ID = ContextVar("ID")

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        async def adding(message):
            if message["type"] == "http.response.start":
                message["headers"].append((b"x-request-id", self.ID.get().encode()))
            await send(message)

        token = self.ID.set("r-1")
        try:
            await self.app(scope, receive, adding)
        finally:
            self.ID.reset(token)


class Buffers:
    """Sends what it has kept when the application has returned, as middleware for entity tags does."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        kept = []

        async def keeping(message):
            kept.append(message)

        await self.app(scope, receive, keeping)
        for message in kept:
            await send(message)


class Drops:
    """Drops messages that come after the application was left."""

    def __init__(self, app):
        self.app = app

    async def late(self):
        """Do what is done with such a message."""

    async def __call__(self, scope, receive, send):
        is_over = False

        async def passing(message):
            await (self.late() if is_over else send(message))

        try:
            await self.app(scope, receive, passing)
        finally:
            is_over = True


class RaisesAfterItsEnd(Drops):
    async def late(self):
        raise RuntimeError("This middleware has ended.")


OUTLIVES = "thread_minimum_size" in signature(GZipMiddleware).parameters
"""Whether the compression works when the application was left; in early versions its file is closed by then."""

DECORATIONS = {
    "CORS": (Middleware(CORSMiddleware, allow_origins=[ORIGIN]), "access-control-allow-origin"),
    "GZip": (Middleware(GZipMiddleware, minimum_size=1), "content-encoding" if OUTLIVES else None),
    "session": (Middleware(Session), "set-cookie"),
    "request id": (Middleware(RequestId), "x-request-id"),
    "copies the scope": (Middleware(CopiesScope), "x-request-id"),
    "reads a context variable": (Middleware(ReadsContext), None),
    "buffers": (Middleware(Buffers), None),
    "drops": (Middleware(Drops), None),
    "raises after its end": (Middleware(RaisesAfterItsEnd), None),
}
"""Each with the header that the problem has of it, if its `send` works when it was left."""


# Failures.


class RaisesRefusal:
    """Middleware that refuses a request without passing it on."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["path"].endswith("/refused"):
            raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})
        await self.app(scope, receive, send)


class FailingCommit(BaseHTTPMiddleware):
    """Middleware that fails when it has a response."""

    async def dispatch(self, request, call_next):
        response = await call_next(request)
        if request.url.path.endswith("/commit"):
            raise Crash
        return response


async def crash(request):
    raise Crash


async def group(request):
    raise ExceptionGroup("several", [Crash(), HTTPException(404)])


async def read(request):
    await request.body()


async def fine(request):
    return JSONResponse({})


async def late(request):
    async def items():
        yield b"1"
        raise Crash

    return StreamingResponse(items())


class EarlyHint:
    """Sends an informational response, then fails."""

    async def __call__(self, scope, receive, send):
        await send({"type": "http.response.early_hint", "links": [b"</style.css>; rel=preload"]})
        raise Crash


FAILURES = {"crash": 500, "group": 500, "commit": 500, "early": 500, "read": None, "refused": 401, "late": 200}
"""The paths, with the status that the client gets."""

if "early_hint" not in getsource(BaseHTTPMiddleware):
    del FAILURES["early"]  # early versions accept no other message before a response


def make(framework, decider, decoration, place, log, *, problems=True, told=None):
    """Return an application with code that decides, middleware inside or outside of it, and every failure."""
    routes = [
        Route("/crash", crash),
        Route("/group", group),
        Route("/commit", fine),
        Route("/early", EarlyHint()),
        Route("/read", read, methods=["POST"]),
        Route("/refused", fine),
        Route("/late", late),
        Route("/fine", fine),
    ]
    failing = [Middleware(RaisesRefusal), Middleware(FailingCommit)]
    around = [DECORATIONS[decoration][0]] if decoration else []
    deciding = [Middleware(DECIDERS[decider], log=log)] if decider else []
    own = [*deciding, *around] if place == "inside" else [*around, *deciding]
    cls = FastAPI if framework == "FastAPI" else Starlette
    if place == "mounted":
        app = cls(routes=[Mount("/mounted", cls(routes=routes, middleware=failing))], middleware=own)
    else:
        app = cls(routes=routes, middleware=[*own, *failing])
    if problems:
        add_problems(app, policy=Policy(hooks=() if told is None else (told.append,)))
    return app
