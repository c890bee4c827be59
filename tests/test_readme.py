"""
The statements of README.md about FastAPI without this package.

The comparison must stay true. `conftest.py` runs the code of README.md.
"""

import httpx2
import pytest
from fastapi import APIRouter, FastAPI, HTTPException
from fastapi.testclient import TestClient
from pydantic import BaseModel


class Login(BaseModel):
    password: int


class First(BaseModel):
    first: int


class Second(BaseModel):
    second: int


@pytest.fixture
def client():
    """A client of an application of FastAPI alone."""
    app = FastAPI()

    @app.get("/missing")
    async def missing():
        raise HTTPException(404, "No such item.")

    @app.get("/crash")
    async def crash():
        raise RuntimeError("broken")

    @app.get("/upstream")
    async def upstream():
        transport = httpx2.MockTransport(lambda _: httpx2.Response(401))
        async with httpx2.AsyncClient(transport=transport) as http:
            (await http.get("https://pay.example/charges")).raise_for_status()

    @app.post("/login")
    async def login(login: Login): ...

    router = APIRouter(responses={409: {"model": First}})

    @router.get("/conflict", responses={409: {"model": Second}})
    async def conflict(): ...

    app.include_router(router)
    return TestClient(app, raise_server_exceptions=False)


class TestFastAPIByHand:
    @pytest.mark.parametrize(
        ("method", "path", "form"),
        [
            pytest.param("GET", "/missing", "text in JSON", id="HTTPException"),
            pytest.param("POST", "/login", "list in JSON", id="invalid request"),
            pytest.param("GET", "/crash", "plain text", id="crash"),
        ],
    )
    def test_errors_have_three_shapes(self, client, method, path, form):
        """
        The body is a text, a list, or not JSON.
        """
        response = client.request(method, path)
        is_json = response.headers["content-type"] == "application/json"
        found = (
            {str: "text in JSON", list: "list in JSON"}[type(response.json()["detail"])] if is_json else "plain text"
        )

        assert form == found

    def test_of_two_errors_with_one_status_the_last_one_wins(self, client):
        """
        A route with a documented 409 hides the documented 409 of its router.
        """
        assert {"Second"} == {"First", "Second"} & client.get("/openapi.json").json()["components"]["schemas"].keys()

    def test_rejected_values_are_sent_back(self, client):
        """
        A rejected value is in the body of the response, even a password.
        """
        assert "hunter2" in client.post("/login", json={"password": "hunter2"}).text

    def test_an_error_of_a_service_behind_is_a_crash(self, client):
        """
        An upstream 401 is answered with a 500 that does not name its origin.
        """
        assert 500 == client.get("/upstream").status_code
