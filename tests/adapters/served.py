"""An application for servers in processes of their own: it fails in every way, below middleware of several kinds."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute

from problems import Conflict, Policy, Registry, RequestId
from problems.starlette import add_problems


class Crash(Exception):
    """A fault in the application."""


class Taken(Conflict, type="taken", title="Taken"):
    number: int


async def passing(request, call_next):
    return await call_next(request)


async def fine(request):
    return JSONResponse({"number": request.path_params["number"]})


async def taken(request):
    raise Taken(number=request.path_params["number"])


async def crash(request):
    raise Crash(f"number {request.path_params['number']}")


async def refused(request):
    raise HTTPException(401, f"number {request.path_params['number']}", {"WWW-Authenticate": "Bearer"})


async def late(request):
    async def items():
        yield b"1"
        raise Crash("late")

    return StreamingResponse(items())


async def read(request):
    await request.body()


async def socket(websocket):
    await websocket.accept()
    raise Crash("in a WebSocket")


ROUTES = [
    Route("/fine/{number:int}", fine),
    Route("/taken/{number:int}", taken),
    Route("/crash/{number:int}", crash),
    Route("/refused/{number:int}", refused),
    Route("/late", late),
    Route("/read", read, methods=["POST"]),
    WebSocketRoute("/socket", socket),
]
app = Starlette(
    routes=ROUTES,
    middleware=[
        Middleware(CORSMiddleware, allow_origins=["https://shop.example"]),
        Middleware(BaseHTTPMiddleware, dispatch=passing),
        Middleware(GZipMiddleware),
    ],
)
add_problems(app, Registry(Taken, base="https://shop.example/problems/"), policy=Policy(instance=RequestId()))
