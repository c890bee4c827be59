"""Responses that are described elsewhere: the findings of `check` about them."""

import pytest
from fastapi import Depends, FastAPI, HTTPException
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer
from pydantic import BaseModel

from problems import Conflict, Registry, raises
from problems.contract import check
from problems.fastapi import add_problems


class Full(Conflict, type="full", title="Full"):
    """It is full."""


class Mine(BaseModel):
    by: str


async def own(request, error):
    return JSONResponse({"by": "the application"}, 418)


def made(key=None, **options):
    app = FastAPI()
    add_problems(app, Registry(Full, base="https://shop.example/problems/"))
    if key is not None:
        app.add_exception_handler(key, own)

    @app.get("/x", dependencies=[Depends(HTTPBearer())], **options)
    @raises(Full)
    def read(q: int):
        raise Full

    return app


class TestHandled:
    @pytest.mark.parametrize(
        ("key", "name"),
        [
            pytest.param(RequestValidationError, "ValidationProblem (422)", id="validation"),
            pytest.param(HTTPException, "Unauthorized (401)", id="HTTPException"),
            pytest.param(401, "Unauthorized (401)", id="a status"),
            pytest.param(Full, "Full (409)", id="a declared class"),
        ],
    )
    def test_nothing_describes_it(self, key, name):
        """
        An operation that leaves a type to a handler of the application is named, with the handler.
        """
        (finding,) = check(made(key))

        assert f"GET /x leaves {name} to the application's handler 'own'" in str(finding)
        assert ("handled", "possible") == (finding.kind, finding.certainty)

    def test_it_is_described(self):
        """
        With a response of the application there is nothing to find.
        """
        assert [] == check(made(RequestValidationError, responses={422: {"model": Mine}}))


class TestContradicted:
    @pytest.mark.parametrize(
        ("status", "response", "content"),
        [
            pytest.param(409, {"model": Mine}, "`application/json`", id="model"),
            pytest.param("409", {"model": Mine}, "`application/json`", id="text as status"),
            pytest.param(422, {"model": Mine}, "`application/json`", id="invalid requests"),
            pytest.param(409, {"content": {"text/plain": {}}}, "`text/plain`", id="content"),
            pytest.param(
                409, {"content": {"application/problem+json": {}}}, "`application/problem+json`", id="problem"
            ),
        ],
    )
    def test_another_content(self, status, response, content):
        """
        A content that `responses=` describe at the status of a declared type is a finding.
        """
        (finding,) = check(made(responses={status: response}))

        assert ("contradicted", True) == (finding.kind, f"describe {content}" in str(finding))

    def test_a_description(self):
        """
        A description contradicts nothing.
        """
        assert [] == check(made(responses={409: {"description": "It is full."}}))
