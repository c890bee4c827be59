"""A received problem that escapes from an endpoint: our own 502, without upstream details."""

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient as FastAPIClient
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

import problems.fastapi
import problems.starlette
from problems import Registry, Unauthorized
from problems.httpx import raise_problems
from tests.httpx.shop import BASE, NOT_FOUND, PROBLEM_JSON, REGISTRY, ItemNotFound

UPSTREAM = {
    "detail": "Row 7 of table users is missing.",
    "instance": "https://internal.example/occurrences/9",
    "item_id": 700_001,
}
SECRETS = ["users", "internal", "700001", "item-not-found", "s3cret"]


def call_upstream(status=404, **headers):
    """Call a server that answers with a problem."""

    def answer(request):
        fields = {"content-type": PROBLEM_JSON, "www-authenticate": "Basic realm=internal"} | headers
        return httpx2.Response(status, headers=fields, json=NOT_FOUND | UPSTREAM)

    with httpx2.Client(transport=httpx2.MockTransport(answer)) as client:
        raise_problems(client, REGISTRY).get("https://upstream.internal/items/7?api_key=s3cret")


def endpoint(request):
    """Call the upstream and let its problem escape."""
    call_upstream(401)


def fastapi_endpoint():
    """Do the same, for FastAPI."""
    call_upstream(401)


def starlette_alone():
    return TestClient(Starlette(routes=[Route("/", endpoint)]))


def starlette_with_problems():
    app = Starlette(routes=[Route("/", endpoint)])
    problems.starlette.add_problems(app, REGISTRY)
    return TestClient(app)


def fastapi_alone():
    app = FastAPI()
    app.get("/")(fastapi_endpoint)
    return FastAPIClient(app)


def fastapi_with_problems():
    app = FastAPI()
    app.get("/")(fastapi_endpoint)
    problems.fastapi.add_problems(app, REGISTRY)
    return FastAPIClient(app)


@pytest.fixture(params=[starlette_alone, starlette_with_problems, fastapi_alone, fastapi_with_problems])
def answer(request):
    """What the client of our application gets."""
    return request.param().get("/")


class TestAnswer:
    def test_status(self, answer):
        """
        An upstream's 401 does not become our 401.
        """
        assert 502 == answer.status_code

    def test_nothing_is_passed_on(self, answer):
        """
        Neither members nor header fields; the text only by an application without our handlers.
        """
        said = answer.text + str(dict(answer.headers))
        if answer.headers["content-type"] != PROBLEM_JSON:
            said = said.replace(UPSTREAM["detail"], "")

        assert ([], False) == ([secret for secret in SECRETS if secret in said], "www-authenticate" in answer.headers)


def test_a_handler_of_the_declared_class_does_not_see_it():
    """
    It is for what we raise ourselves.
    """

    async def handle(request, exc):
        return PlainTextResponse("ours", 404)

    def escaping(request):
        call_upstream()

    app = Starlette(routes=[Route("/", escaping)])
    problems.starlette.add_problems(app, REGISTRY)
    app.add_exception_handler(ItemNotFound, handle)

    assert 502 == TestClient(app).get("/").status_code


class TestRelaying:
    def test_what_is_named(self):
        """
        A local problem of the same class carries just that.
        """
        with pytest.raises(ItemNotFound) as caught:
            call_upstream()
        local = caught.value.relayed("item_id")

        assert (ItemNotFound, 404, 700_001, "No item has the id 700001.") == (
            type(local),
            local.status_code,
            local.item_id,
            local.detail,
        )

    def test_the_detail(self):
        """
        The upstream's words, if they are asked for.
        """
        with pytest.raises(ItemNotFound) as caught:
            call_upstream()

        assert UPSTREAM["detail"] == caught.value.relayed("item_id", detail=True).detail

    def test_another_class(self):
        """
        `raise … from` a received problem is answered as ours, without its cause.
        """

        def translating(request):
            try:
                call_upstream()
            except ItemNotFound as problem:
                raise Unauthorized(challenges="Bearer") from problem

        app = Starlette(routes=[Route("/", translating)])
        problems.starlette.add_problems(app, Registry(base=BASE))
        answer = TestClient(app).get("/")

        assert (401, []) == (answer.status_code, [secret for secret in SECRETS if secret in answer.text])
