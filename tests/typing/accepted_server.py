"""What type checkers must accept of a server."""

from typing import assert_type

import httpx
import httpx2
from fastapi import FastAPI
from pydantic import BaseModel, TypeAdapter
from starlette.applications import Starlette
from starlette.authentication import AuthenticationBackend
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import Request
from starlette.testclient import TestClient

from problems import BadGateway, Conflict, Policy, Problem, Registry
from problems.fastapi import add_problems as add_fastapi_problems
from problems.starlette import ProblemMiddleware, add_problems, problem_response, read_body
from problems.testing import assert_contract
from problems.websockets import Close, close_for, private_close_code


class Order(BaseModel):
    amount: int


def taken(exc: KeyError) -> Conflict | None:
    """Translate one exception, typed as what it is."""
    return Conflict() if exc.args else None


policy = Policy(
    translate={KeyError: taken, TimeoutError: BadGateway, OSError: lambda exc: BadGateway()},
    close_codes=private_close_code,
    validation_status=400,
    masked=["iban"],
)
app = Starlette(middleware=[Middleware(AuthenticationMiddleware, AuthenticationBackend(), problem_response)])
app.add_exception_handler(KeyError, problem_response)
app.add_middleware(ProblemMiddleware)
add_problems(app, Registry(), policy=policy)
add_fastapi_problems(FastAPI(), policy=policy)


async def endpoint(request: Request) -> None:
    """Read bodies of all kinds."""
    assert_type(await read_body(request, Order), Order)
    assert_type(await read_body(request, list[int]), list[int])
    assert_type(await read_body(request, TypeAdapter(list[int])), list[int])


def closing(problem: Problem) -> None:
    """Close a WebSocket."""
    assert_type(close_for(problem, Registry(), codes=private_close_code), Close)


def test_contract() -> None:
    """A client of any library is accepted, whatever further parameters it has."""
    assert_contract(TestClient(app), [("GET", "/items/7")])
    assert_contract(httpx.Client(), [("GET", "/items/7")], app=app)
    assert_contract(httpx2.Client(), [("GET", "/items/7")], app=app)
