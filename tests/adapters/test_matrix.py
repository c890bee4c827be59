"""Status by origin by method: what holds for every answer."""

from http import HTTPStatus

import fastapi
import pytest
from fastapi import Depends, FastAPI
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.routing import Route
from starlette.testclient import TestClient

from problems._wire.status import phrase
from problems.catalog import class_of
from problems.declaring.problem import unvalidated
from problems.fastapi import add_problems

STATUSES = (400, 401, 404, 405, 409, 413, 416, 422, 426, 429, 431, 451, 499, 500, 501, 502, 503, 504, 511, 599)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY")


def problem(status):
    return unvalidated(class_of(status), None, {})


def http(status, cls=HTTPException):
    is_registered = status in set(HTTPStatus)
    return cls(status) if is_registered else cls(status, phrase(status))  # old versions of Starlette ask for a text


def grouped(status):
    return ExceptionGroup("", [http(status, fastapi.HTTPException)])


ORIGINS = {"problem": problem, "http": http, "grouped": grouped}


class Raising(BaseHTTPMiddleware):
    """Middleware that raises for some paths."""

    async def dispatch(self, request, call_next):
        _, origin, *_ = request.url.path.split("/")
        if origin == "middleware":
            raise http(int(request.url.path.split("/")[2]))
        return await call_next(request)


def application():
    app = FastAPI()
    app.add_middleware(Raising)

    async def raise_it(request: fastapi.Request, status: int):
        raise ORIGINS[request.url.path.split("/")[1]](status)

    def depend(status: int):
        raise http(status)

    async def raise_mounted(request):
        raise problem(int(request.path_params["status"]))

    for origin in ORIGINS:
        app.api_route(f"/{origin}/{{status}}", methods=[*METHODS])(raise_it)
    app.api_route("/dependency/{status}", methods=[*METHODS], dependencies=[Depends(depend)])(lambda: None)
    app.mount("/mounted", Starlette(routes=[Route("/{status}", raise_mounted, methods=[*METHODS])]))
    add_problems(app)
    return app


CLIENT = TestClient(application(), raise_server_exceptions=False)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("origin", [*ORIGINS, "dependency", "middleware", "mounted"])
@pytest.mark.parametrize("status", STATUSES)
def test_every_answer_is_a_problem(status, origin, method):
    """
    Status, title, media type, length and caching are right, whatever raised and however it was asked for.
    """
    response = CLIENT.request(method, f"/{origin}/{status}")
    length = int(response.headers["content-length"])
    expected = {"type": "about:blank", "title": phrase(status), "status": status}
    if origin not in ("problem", "mounted"):  # our problems have the text of its raise site: none
        expected["detail"] = http(status).detail or phrase(status)
    seen = response.json() if method != "HEAD" else {**expected, "instance": ""}
    del seen["instance"]

    assert (status, "application/problem+json", "no-store", expected) == (
        response.status_code,
        response.headers["content-type"],
        response.headers["cache-control"],
        seen,
    )
    assert length > 0 if method == "HEAD" else length == len(response.content)
