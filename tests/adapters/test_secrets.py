"""Secrets among the rejected values that are sent: of undocumented routes, of WebSockets and of `read_body`."""

from collections.abc import Callable
from typing import Annotated

import pytest
from fastapi import APIRouter, Body, Depends, FastAPI, Query, WebSocket
from fastapi.exceptions import RequestValidationError
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, RootModel, Secret, SecretBytes, SecretStr, TypeAdapter
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient, WebSocketDenialResponse

from problems import Policy
from problems._wire.invalid_params._secrets import described, secrets_in
from problems.fastapi import add_problems
from problems.starlette import add_problems as add_to_starlette
from problems.starlette import read_body

SECRET = "hunter2"
ASKING = Policy(include_inputs=True)


class Answer(RootModel[SecretStr]):
    """A secret of its own name."""


class Login(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    user: str
    answer: SecretStr = Field(default=SecretStr(""), min_length=20)
    reply: SecretStr = Field(default=SecretStr(""), alias="said")
    one: SecretStr = Field(default=SecretStr(""), validation_alias=AliasChoices("uno", "due"))
    root: Answer | None = None
    many: dict[str, SecretStr] = {}
    pair: tuple[SecretBytes, int] | None = None
    number: Secret[int] | None = None
    call: Callable[[], int] | None = None
    page: int = 1


NAMES = {"answer", "reply", "said", "one", "uno", "due", "root", "many", "pair", "number"}
BODIES = [
    pytest.param({"user": "u", "answer": SECRET}, id="rejected"),
    *(pytest.param({"user": "u", "page": {name: SECRET}}, id=f"in what is rejected, {name}") for name in sorted(NAMES)),
]


class Hooked:
    """A type that has no schema."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source, handler):
        return handler(int)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema, handler):
        raise RuntimeError("no schema")


class TestSecretsIn:
    def test_members_and_their_aliases(self):
        """
        What a member can be called besides counts too, and so does what is a secret at some depth.
        """
        assert NAMES == secrets_in(TypeAdapter(list[Login]))

    @pytest.mark.parametrize("kind", [SecretStr, list[SecretStr], Answer, dict[str, Secret[int]], Hooked])
    def test_what_cannot_be_told(self, kind):
        """
        A secret without a name, or a type without a schema, is not known.
        """
        assert secrets_in(TypeAdapter(kind)) is None

    def test_what_has_a_name(self):
        """
        A parameter that is a secret is known by its own name.
        """
        assert {"pin"} == secrets_in(TypeAdapter(SecretStr | None), "pin")

    def test_nothing_is_warned_of(self):
        """
        Parts that JSON Schema cannot express are left out, because they are never published.
        """
        assert {} == described(TypeAdapter(Callable))


def posted(app, path, body):
    response = TestClient(app, raise_server_exceptions=False).post(path, json=body)
    assert 422 == response.status_code
    return response


class TestReadBody:
    @pytest.mark.parametrize(
        "model", [Login, TypeAdapter(Login), Annotated[Login, {}]], ids=["model", "adapter", "annotated"]
    )
    @pytest.mark.parametrize("body", BODIES)
    def test_secrets_are_masked(self, model, body):
        """
        The schema of the model says what is secret.
        """

        async def endpoint(request):
            await read_body(request, model)

        app = Starlette(routes=[Route("/", endpoint, methods=["POST"])])
        add_to_starlette(app, policy=ASKING)
        response = posted(app, "/", body)

        assert (True, False) == ("input" in response.json()["errors"][0], SECRET in response.text)

    def test_of_what_has_no_schema_nothing_is_told(self):
        """
        If secrets are unknown, no value is sent.
        """

        async def endpoint(request):
            await read_body(request, Hooked)

        app = Starlette(routes=[Route("/", endpoint, methods=["POST"])])
        add_to_starlette(app, policy=ASKING)

        assert "input" not in posted(app, "/", SECRET).json()["errors"][0]


def application():
    app = FastAPI(openapi_url=None)
    add_problems(app, policy=ASKING)

    def needs(answer: Annotated[SecretStr | None, Query(min_length=20)] = None): ...

    router = APIRouter()

    @app.post("/hidden", include_in_schema=False)
    def hidden(login: Login): ...

    @app.post("/embedded", include_in_schema=False)
    def embedded(login: Annotated[Login, Body(embed=True)], answer: Annotated[SecretStr, Body(min_length=20)]): ...

    @app.post("/whole", include_in_schema=False)
    def whole(body: Annotated[SecretStr, Body(min_length=20)]): ...

    @app.post("/hooked", include_in_schema=False)
    def hooked(body: Annotated[Hooked, Body()]): ...

    @router.post("/included")
    def included(page: int): ...

    @app.websocket("/ws")
    async def ws(ws: WebSocket, answer: Annotated[SecretStr, Query(min_length=20)]): ...

    @router.websocket("/ws")
    async def included_ws(ws: WebSocket): ...

    async def manual(request):
        raise RequestValidationError([{"type": "x", "loc": ("body", "x"), "msg": "m", "input": SECRET}])

    app.add_route("/manual", manual, ["POST"])
    app.include_router(router, prefix="/in", include_in_schema=False, dependencies=[Depends(needs)])
    return app


class TestFastAPI:
    @pytest.mark.parametrize("body", BODIES)
    def test_a_route_in_no_document(self, body):
        """
        A route that is not documented has secrets all the same.
        """
        response = posted(application(), "/hidden", body)

        assert (True, False) == ("input" in response.json()["errors"][0], SECRET in response.text)

    @pytest.mark.parametrize(
        ("path", "body", "shows"),
        [
            pytest.param("/embedded", {"login": {"user": "u"}, "answer": SECRET}, True, id="embedded"),
            pytest.param("/embedded", {"login": {"user": {"answer": SECRET}}, "answer": "x" * 20}, True, id="deeper"),
            pytest.param("/whole", SECRET, False, id="a body that is a secret"),
            pytest.param("/hooked", SECRET, False, id="a body without a schema"),
            pytest.param(f"/in/included?page=1&answer={SECRET}", None, True, id="a dependency of an inclusion"),
            pytest.param("/manual", None, False, id="a route of Starlette's"),
        ],
    )
    def test_elsewhere(self, path, body, shows):
        """
        Secrets are masked wherever they are declared; where this is unknown, no value is sent.
        """
        response = posted(application(), path, body)

        assert (shows, False) == ("input" in response.json()["errors"][0], SECRET in response.text)

    @pytest.mark.parametrize("path", ["/ws", "/in/ws"])
    def test_a_websocket(self, path):
        """
        WebSockets are in no document.
        """
        with (
            pytest.raises(WebSocketDenialResponse) as denied,
            TestClient(application()).websocket_connect(f"{path}?answer={SECRET}"),
        ):
            pass

        assert (422, False) == (denied.value.status_code, SECRET in denied.value.text)

    def test_what_overrides_a_dependency(self):
        """
        What a test puts in the place of a dependency has secrets of its own.
        """
        app = FastAPI()
        add_problems(app, policy=ASKING)

        def original(): ...

        def overriding(answer: Annotated[SecretStr, Query(min_length=20)]): ...

        @app.post("/")
        def endpoint(it: Annotated[None, Depends(original)]): ...

        app.dependency_overrides[original] = overriding

        assert SECRET not in posted(app, f"/?answer={SECRET}", None).text
