"""The document of FastAPI applications: all declarations are documented, and the application's parts stay."""

import functools
import json
from inspect import signature
from typing import Annotated, Any, Literal

import fastapi.routing
import pytest
from fastapi import APIRouter, Body, Cookie, Depends, FastAPI, Header, Query, Request, Security, UploadFile, WebSocket
from fastapi.exception_handlers import request_validation_exception_handler
from fastapi.exceptions import HTTPException as FastAPIHTTPException
from fastapi.exceptions import RequestValidationError, ValidationException
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.security import APIKeyHeader, HTTPBasic, HTTPBearer, OAuth2PasswordBearer, OpenIdConnect
from openapi_spec_validator import validate
from pydantic import BaseModel, Field, SecretStr
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Mount
from starlette.testclient import TestClient

from problems import (
    BadRequest,
    Conflict,
    Forbidden,
    Gone,
    NotFound,
    Policy,
    Problem,
    Registry,
    TooManyRequests,
    Unauthorized,
    UnprocessableContent,
    ValidationProblem,
    raises,
)
from problems.catalog import class_of
from problems.errors import SetupError
from problems.fastapi import add_problems, apply_problems, problem_pages, responses

BASE = "https://shop.example/problems/"
PROBLEM = "application/problem+json"


class ItemNotFound(NotFound, type="item-not-found", title="Item not found"):
    """No item has the requested id."""

    item_id: int


class OutOfStock(Conflict, type="out-of-stock", title="Out of stock"):
    item_id: int
    available: int


class CartLocked(Conflict, type="cart-locked", title="Cart is locked"):
    locked_by: str


class AlreadyPaid(Conflict, type="already-paid", title="Already paid"):
    """Nothing is left to pay."""


class Throttled(TooManyRequests, type="throttled", title="Too fast"):
    """Too many requests."""


class NoCredit(Forbidden, type="no-credit", title="No credit"):
    """You cannot pay for that."""


class Rejected(UnprocessableContent, type="rejected", title="Rejected"):
    """The shop does not want it."""


class Item(BaseModel):
    name: str
    note: str | None = None


registry = Registry(ItemNotFound, OutOfStock, CartLocked, AlreadyPaid, Throttled, NoCredit, Rejected, base=BASE)


def made(**words):
    """Return an application that has problems."""
    app = FastAPI(**words)
    add_problems(app, registry)
    return app


def documented(document, path="/x", method="get", section="paths"):
    """Return the names of the problem types of an operation by status."""
    found = {}
    for status, response in document[section][path][method]["responses"].items():
        if "$ref" in response:
            found_response = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
        else:
            found_response = response
        reference = found_response.get("content", {}).get(PROBLEM, {}).get("schema", {}).get("$ref")
        if reference:
            name = reference.rpartition("/")[2]
            union = document["components"]["schemas"][name]
            options = union.get("oneOf") or union.get("anyOf") or [{"$ref": reference}]
            found[status] = {option["$ref"].rpartition("/")[2] for option in options}
    return found


async def endpoint():
    """Answer nothing."""


@raises(ItemNotFound)
async def load():
    return 1


@raises(ItemNotFound)
def load_sync():
    return 1


@raises(ItemNotFound)
async def load_and_close():
    yield 1


@raises(ItemNotFound)
def load_sync_and_close():
    yield 1


@raises(ItemNotFound)
class Loader:
    """A class that is a dependency."""


class ByInit:
    @raises(ItemNotFound)
    def __init__(self):
        pass


class Callable:
    @raises(ItemNotFound)
    def __call__(self):
        return 1


@raises(ItemNotFound)
class CallableOfADeclaredClass:
    def __call__(self):
        return 1


class Service:
    @raises(ItemNotFound)
    def load(self):
        return 1

    @staticmethod
    @raises(ItemNotFound)
    def load_static():
        return 1

    @raises(ItemNotFound)
    @staticmethod
    def load_static_other_way():
        return 1

    @raises(ItemNotFound)
    @classmethod
    def load_class(cls):
        return 1


class Inheriting(Callable):
    """A class that inherits the declaration."""


@functools.wraps(load)
async def wrapped():
    return await load()


async def deep(item: Annotated[int, Depends(load)]):
    return item


def with_option(option, item: Annotated[int, Depends(load)]):
    return item


class TestDependencies:
    @pytest.mark.parametrize(
        "dependency",
        [
            pytest.param(load, id="async function"),
            pytest.param(load_sync, id="function"),
            pytest.param(load_and_close, id="async generator"),
            pytest.param(load_sync_and_close, id="generator"),
            pytest.param(Loader, id="class"),
            pytest.param(ByInit, id="class by its initialiser"),
            pytest.param(Callable(), id="instance"),
            pytest.param(CallableOfADeclaredClass(), id="instance of a declared class"),
            pytest.param(Inheriting(), id="instance of a subclass"),
            pytest.param(Service().load, id="method"),
            pytest.param(Service.load_static, id="static method"),
            pytest.param(Service.load_static_other_way, id="static method, decorated outside"),
            pytest.param(Service.load_class, id="class method"),
            pytest.param(functools.partial(load), id="partial"),
            pytest.param(functools.partial(Service().load), id="partial of a method"),
            pytest.param(wrapped, id="wrapper"),
            pytest.param(deep, id="dependency of a dependency"),
        ],
    )
    def test_every_form(self, dependency):
        """
        What a dependency of any form declares is documented.
        """
        app = made()
        app.get("/x", dependencies=[Depends(dependency)])(endpoint)

        assert {"404": {"ItemNotFound"}} == documented(app.openapi())

    def test_of_the_application(self):
        """
        Dependencies of the application count for each operation.
        """
        app = made(dependencies=[Depends(load)])
        app.get("/x")(endpoint)

        assert {"404": {"ItemNotFound"}} == documented(app.openapi())

    def test_of_a_router_and_its_inclusion(self):
        """
        Dependencies of a router, and of its inclusion, count for its operations.
        """
        app, router = made(), APIRouter(dependencies=[Depends(load)])
        router.get("/x")(endpoint)

        @raises(Throttled)
        def limit():
            return None

        app.include_router(router, prefix="/v1", dependencies=[Depends(limit)])

        assert {"404": {"ItemNotFound"}, "429": {"Throttled"}} == documented(app.openapi(), "/v1/x")

    def test_middleware(self):
        """
        What an ASGI middleware declares can answer every operation.
        """

        @raises(Throttled)
        class Limit:
            def __init__(self, app):
                self.app = app

            async def __call__(self, scope, receive, send):
                await self.app(scope, receive, send)

        app = made()
        app.add_middleware(Limit)
        app.get("/x")(endpoint)

        assert {"429": {"Throttled"}} == documented(app.openapi())


class TestUnion:
    def test_three_nested_levels(self):
        """
        One status on application, router, inclusion, nested router and route is one union of all.
        """
        app = made(responses=responses(AlreadyPaid))
        inner, outer = APIRouter(responses=responses(CartLocked)), APIRouter(responses=responses(AlreadyPaid))
        inner.get("/x", responses=responses(OutOfStock))(raises(Conflict)(endpoint_copy()))
        outer.include_router(inner, prefix="/inner")
        app.include_router(outer, prefix="/outer", responses=responses(AlreadyPaid))

        assert {"409": {"Conflict", "AlreadyPaid", "CartLocked", "OutOfStock"}} == documented(
            app.openapi(), "/outer/inner/x"
        )

    def test_of_the_application_alone(self):
        """
        What the application declares is documented at each operation.
        """
        app = made(responses=responses(Throttled))
        app.get("/x")(endpoint)

        assert {"429": {"Throttled"}} == documented(app.openapi())

    def test_a_router_is_included_twice(self):
        """
        Each inclusion has its own declarations.
        """
        app, router = made(), APIRouter()
        router.get("/x")(endpoint)
        app.include_router(router, prefix="/a", responses=responses(Throttled))
        app.include_router(router, prefix="/b", responses=responses(NoCredit))
        document = app.openapi()

        assert ({"429": {"Throttled"}}, {"403": {"NoCredit"}}) == (
            documented(document, "/a/x"),
            documented(document, "/b/x"),
        )

    def test_the_union_has_a_discriminator(self):
        """
        Types at one status are distinguished by their type URIs.
        """
        app = made()
        app.get("/x", operation_id="readX")(raises(OutOfStock, CartLocked)(endpoint_copy()))
        union = app.openapi()["components"]["schemas"]["ReadX409Problem"]

        assert {
            "propertyName": "type",
            "mapping": {
                f"{BASE}out-of-stock": "#/components/schemas/OutOfStock",
                f"{BASE}cart-locked": "#/components/schemas/CartLocked",
            },
        } == union["discriminator"]

    def test_several_methods(self):
        """
        A route with two methods has two operations.
        """
        app = made()
        app.api_route("/x", methods=["GET", "DELETE"], operation_id="x")(raises(ItemNotFound)(endpoint_copy()))
        with pytest.warns(UserWarning, match="Duplicate Operation ID"):
            document = app.openapi()

        assert documented(document, method="get") == documented(document, method="delete")

    def test_abstract_types_are_refused(self):
        """
        A base has no status to document.
        """
        with pytest.raises(TypeError, match=r"Problem cannot be declared with `responses`"):
            responses(NotFound.__mro__[2])


def endpoint_copy():
    """Return an endpoint to decorate."""

    async def endpoint():
        """Answer nothing."""

    return endpoint


class Custom403(HTTPBearer):
    def make_not_authenticated_error(self):
        return HTTPException(403, "Not authenticated")


class CustomProblem(HTTPBearer):
    def make_not_authenticated_error(self):
        return NoCredit()


class TestSecurity:
    @pytest.mark.parametrize(
        "scheme",
        [
            pytest.param(HTTPBearer(), id="bearer"),
            pytest.param(HTTPBasic(), id="basic"),
            pytest.param(APIKeyHeader(name="X-Key"), id="api key"),
            pytest.param(OAuth2PasswordBearer("token"), id="oauth2"),
            pytest.param(OpenIdConnect(openIdConnectUrl="https://id.example"), id="openid"),
            pytest.param(HTTPBasic(auto_error=False), id="basic refuses what it cannot read"),
        ],
    )
    def test_schemes_imply_401(self, scheme):
        """
        A security scheme that raises is documented as a 401 that has a challenge.
        """
        app = made()
        app.get("/x", dependencies=[Depends(scheme)])(endpoint)
        document = app.openapi()
        header = document["components"]["responses"]["Unauthorized"]["headers"]["WWW-Authenticate"]

        assert ({"401": {"Unauthorized"}}, True) == (documented(document), header["required"])

    @pytest.mark.parametrize(
        "scheme",
        [
            pytest.param(HTTPBearer(auto_error=False), id="bearer"),
            pytest.param(OAuth2PasswordBearer("token", auto_error=False), id="oauth2"),
            pytest.param(APIKeyHeader(name="X-Key", auto_error=False), id="api key"),
        ],
    )
    def test_auto_error_is_respected(self, scheme):
        """
        A scheme that does not raise implies nothing.
        """
        app = made()
        app.get("/x", dependencies=[Security(scheme, scopes=["a"])])(endpoint)

        assert {} == documented(app.openapi())

    def test_scopes_imply_403(self):
        """
        An operation that asks for scopes can refuse.
        """
        scheme = OAuth2PasswordBearer("token", scopes={"items": "Read items"})

        async def user(token: Annotated[str, Depends(scheme)]):
            return token

        app = made()
        app.get("/x", dependencies=[Security(user, scopes=["items"])])(endpoint)

        assert {"401": {"Unauthorized"}, "403": {"Forbidden"}} == documented(app.openapi())

    def test_a_declared_403_is_that_of_the_scopes(self):
        """
        An application that declares its own 403 does not send another one.
        """
        app = made()
        scheme = Security(OAuth2PasswordBearer("t"), scopes=["a"])
        app.get("/x", dependencies=[scheme])(raises(NoCredit)(endpoint_copy()))

        assert {"NoCredit"} == documented(app.openapi())["403"]

    def test_a_declared_401_comes_beside(self):
        """
        The scheme's own 401 stays documented beside one that is declared.
        """
        app = made()
        app.get("/x", dependencies=[Depends(HTTPBearer())])(raises(TokenExpired)(endpoint_copy()))

        assert {"Unauthorized", "TokenExpired"} == documented(app.openapi())["401"]

    @pytest.mark.parametrize(
        ("scheme", "expected"),
        [
            pytest.param(Custom403(), {"403": {"Forbidden"}}, id="another status"),
            pytest.param(CustomProblem(), {"403": {"NoCredit"}}, id="a problem"),
        ],
    )
    def test_what_a_scheme_makes_itself(self, scheme, expected):
        """
        A scheme that raises something else is documented with that.
        """
        app = made()
        app.get("/x", dependencies=[Depends(scheme)])(endpoint)

        assert expected == documented(app.openapi())


class NeverRefusing(APIKeyHeader):
    async def __call__(self, request: Request):
        return "a key"


class Declaring(HTTPBearer):
    @raises(NoCredit)
    async def __call__(self, request: Request):
        raise NoCredit


class Calling(HTTPBearer):
    async def __call__(self, request: Request):
        return await super().__call__(request)


class TestSchemesOfOnesOwn:
    @pytest.mark.parametrize(
        ("scheme", "expected"),
        [
            pytest.param(NeverRefusing(name="X-Key"), {}, id="raises nothing"),
            pytest.param(Declaring(), {"403": {"NoCredit"}}, id="declares something else"),
            pytest.param(Calling(), {"401": {"Unauthorized"}}, id="calls FastAPI's"),
        ],
    )
    def test_its_own_call_decides(self, scheme, expected):
        """
        A scheme with its own `__call__` implies a 401 only if it calls FastAPI's.
        """
        app = made()
        app.get("/x", dependencies=[Depends(scheme)])(endpoint)

        assert expected == documented(app.openapi())


class TokenExpired(Unauthorized, type="token-expired", title="Token expired"):
    challenges: str = "Bearer"


class TestWhatFastAPISends:
    def test_no_input(self):
        """
        An operation without input has no 422.
        """
        app = made()
        app.get("/x")(endpoint)

        assert {} == documented(app.openapi())

    def test_parameters(self):
        """
        A 422 is documented exactly where a request can be invalid: any text is valid for a text.
        """
        app = made()

        def number(x: int): ...
        def text(x: str): ...
        def query(q: str): ...
        def optional(q: str = "a"): ...
        def optional_or_none(q: str | None = None): ...
        def limited(q: Annotated[str, Query(max_length=3)] = "a"): ...
        def header(x_key: Annotated[str | None, Header()] = None): ...
        def cookie(c: Annotated[int, Cookie()] = 1): ...

        app.get("/number/{x}")(number)
        app.get("/text/{x}")(text)
        for function in (query, optional, optional_or_none, limited, header, cookie):
            app.get(f"/{function.__name__}")(function)
        document = app.openapi()
        found = {path.split("/")[1] for path in document["paths"] if "422" in documented(document, path)}

        assert {"number", "query", "limited", "cookie"} == found

    @pytest.mark.parametrize(
        ("annotation", "query", "status"),
        [
            pytest.param(Any, "q=a", 200, id="anything"),
            pytest.param(bytes, "q=a", 200, id="bytes"),
            pytest.param(SecretStr, "q=a", 200, id="secret"),
            pytest.param(int | str, "q=a", 200, id="union with text"),
            pytest.param(list[str], "q=a&q=b", 200, id="list"),
            pytest.param(list[str] | None, "q=a", 200, id="optional list"),
            pytest.param(tuple[str, ...], "q=a", 200, id="tuple of any length"),
            pytest.param(tuple[str, str], "q=a", 422, id="pair"),
            pytest.param(list[int], "q=a", 422, id="list of numbers"),
            pytest.param(list[Annotated[str, Field(max_length=1)]], "q=ab", 422, id="list of limited texts"),
            pytest.param(Literal["a"], "q=b", 422, id="constant"),
            pytest.param(int | None, "q=a", 422, id="optional number"),
        ],
    )
    def test_what_is_sent_is_documented(self, annotation, query, status):
        """
        A query parameter with a default is documented to be invalid where some text is not valid for it.
        """
        app = made()

        def read(q=None): ...

        read.__annotations__["q"] = Annotated[annotation, Query()]
        app.get("/x")(read)
        sent = TestClient(app).get(f"/x?{query}").status_code

        assert (status, status == 422) == (sent, "422" in documented(app.openapi()))

    @pytest.mark.parametrize("path", ["/text/a%20b", "/optional?q=", "/optional?q=1&q=2", "/optional"])
    def test_text_is_never_invalid(self, path):
        """
        What is documented without a 422 has none.
        """
        app = made()

        @app.get("/text/{x}")
        def text(x: str): ...

        @app.get("/optional")
        def optional(q: str = "a", h: Annotated[str | None, Header()] = None): ...

        assert 200 == TestClient(app).get(path, headers={"h": b"\xff"}).status_code

    def test_parameters_of_dependencies(self):
        """
        The parameters of a dependency are parameters of the operation.
        """
        app = made()

        def page(page: int = 1):
            return page

        app.get("/x", dependencies=[Depends(page)])(endpoint)

        assert {"422": {"ValidationProblem"}} == documented(app.openapi())

    @pytest.mark.parametrize(
        "annotation",
        [
            pytest.param(Item, id="model"),
            pytest.param(Annotated[int | None, Body()], id="value"),
            pytest.param(UploadFile, id="file"),
        ],
    )
    def test_a_body(self, annotation):
        """
        A body can be invalid, and can be one that cannot be parsed.
        """
        app = made()

        def create(item): ...

        create.__annotations__ = {"item": annotation}
        app.post("/x")(create)

        assert {"400": {"BadRequest"}, "422": {"ValidationProblem"}} == documented(app.openapi(), method="post")

    def test_a_body_that_cannot_be_parsed(self):
        """
        What is documented for that is sent.
        """
        app = made()

        @app.post("/x")
        def create(item: Item): ...

        response = TestClient(app).post("/x", content=b"\xff", headers={"content-type": "application/json"})

        assert (400, "about:blank") == (response.status_code, response.json()["type"])

    @pytest.mark.skipif("max_body_size" not in signature(APIRouter).parameters, reason="this FastAPI has no such limit")
    @pytest.mark.parametrize("level", ["application", "router", "route"])
    def test_a_body_limit(self, level):
        """
        An operation below a limit for bodies can answer 413, and does.
        """
        limits = {level: 10}
        app = made(max_body_size=limits.get("application"))
        router = APIRouter(max_body_size=limits.get("router"))

        @router.post("/x", max_body_size=limits.get("route"))
        def create(item: Item): ...

        app.include_router(router)
        response = TestClient(app).post("/x", json={"name": "a long name"})

        assert ({"ContentTooLarge"}, 413) == (documented(app.openapi(), method="post")["413"], response.status_code)

    def test_validation_status(self):
        """
        Another status of invalid requests is documented.
        """
        app = FastAPI()
        add_problems(app, registry, policy=Policy(validation_status=400))

        @app.get("/x/{x}")
        def read(x: int): ...

        assert {"400": {"ValidationProblem"}} == documented(app.openapi(), "/x/{x}")


class TestFastAPIs422:
    def test_its_schemas_are_gone(self):
        """
        FastAPI's schemas of validation errors go with the last operation that refers to them.
        """
        app = made()

        @app.get("/x")
        def read(q: int): ...

        assert ["InvalidParam", "ValidationProblem"] == list(app.openapi()["components"]["schemas"])

    def test_its_schemas_stay_where_they_are_used(self):
        """
        What the user refers to stays.
        """
        app = made()
        reference = {"$ref": "#/components/schemas/HTTPValidationError"}
        app.get("/y", responses={418: {"content": {"application/json": {"schema": reference}}}})(endpoint)

        @app.get("/x")
        def read(q: int): ...

        assert {"HTTPValidationError", "ValidationError"} <= app.openapi()["components"]["schemas"].keys()

    def test_nothing_is_left(self):
        """
        Where nothing can be invalid there are no components at all.
        """
        app = made()

        @app.get("/x")
        def read(q: str = ""): ...

        assert "components" not in app.openapi()

    def test_a_typed_422_comes_beside(self):
        """
        A declared 422 and the 422 of invalid requests are one union.
        """
        app = made()

        @app.get("/x")
        @raises(Rejected)
        def read(q: int): ...

        assert {"422": {"Rejected", "ValidationProblem"}} == documented(app.openapi())

    def test_the_registrys_own(self):
        """
        The class that the registry has for invalid requests is documented.
        """

        class Invalid(ValidationProblem, type="invalid", title="Invalid"):
            """Not valid."""

        app = FastAPI()
        add_problems(app, Registry(Invalid, base=BASE))

        @app.get("/x")
        def read(q: int): ...

        assert {"422": {"Invalid"}} == documented(app.openapi())


class TestUsersOwn:
    def test_422(self):
        """
        A 422 that the application documents is kept, beside the problem that is sent.
        """
        app = made()

        @app.get("/x", responses={422: {"model": Item, "description": "mine"}})
        def read(q: int): ...

        response = app.openapi()["paths"]["/x"]["get"]["responses"]["422"]

        assert ("mine", ["application/json", PROBLEM]) == (response["description"], list(response["content"]))

    def test_a_description_of_422(self):
        """
        The application's description is kept beside ours.
        """
        app = made()

        @app.get("/x", responses={422: {"description": "mine"}})
        def read(q: int): ...

        response = app.openapi()["paths"]["/x"]["get"]["responses"]["422"]

        assert ("mine", [PROBLEM]) == (response["description"], list(response["content"]))

    @pytest.mark.parametrize("key", ["4XX", "default"])
    def test_ranges(self, key):
        """
        `4XX` and `default` stay as they are and hide nothing.
        """
        app = made()

        @app.get("/x", responses={key: {"model": Item}})
        @raises(OutOfStock)
        def read(q: int): ...

        document = app.openapi()
        mine = document["paths"]["/x"]["get"]["responses"][key]

        assert ({"409", "422"}, ["application/json"]) == (documented(document).keys(), list(mine["content"]))

    def test_a_model_at_the_same_status(self):
        """
        A model of the application and a declared problem are two media types of one response.
        """
        app = made()
        app.get("/x", responses={409: {"model": Item}})(raises(OutOfStock)(endpoint_copy()))
        response = app.openapi()["paths"]["/x"]["get"]["responses"]["409"]

        assert ["application/json", PROBLEM] == list(response["content"])

    def test_another_response_class(self):
        """
        The media type is the one for problems, whatever the route answers with.
        """
        app = made()
        app.get("/x", response_class=HTMLResponse, responses=responses(OutOfStock))(endpoint)

        assert {"409": {"OutOfStock"}} == documented(app.openapi())

    def test_everything_else(self):
        """
        The rest of the document does not change.
        """
        words = {
            "title": "Shop",
            "version": "2",
            "summary": "s",
            "description": "d",
            "openapi_tags": [{"name": "a"}],
            "servers": [{"url": "/v1"}],
            "openapi_external_docs": {"url": "https://docs.example"},
            "terms_of_service": "https://terms.example",
            "contact": {"name": "c"},
            "license_info": {"name": "MIT"},
        }
        plain, app = FastAPI(**words), made(**words)
        for it in (plain, app):
            it.get("/x", response_model=Item)(raises(OutOfStock)(endpoint_copy()))
        before, after = plain.openapi(), app.openapi()
        after["paths"]["/x"]["get"]["responses"].pop("409")
        after["components"].pop("responses")
        after["components"]["schemas"].pop("OutOfStock")

        assert before == after

    @pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
    def test_app_openapi(self, late):
        """
        The application's own `app.openapi` is called and extended, be it set before or after.
        """
        app = FastAPI()

        def openapi():
            if not app.openapi_schema:
                app.openapi_schema = get_openapi(title="mine", version="9", routes=app.routes)
            return app.openapi_schema

        if not late:
            app.openapi = openapi
        add_problems(app, registry)
        if late:
            app.openapi = openapi
        app.get("/x")(raises(OutOfStock)(endpoint_copy()))
        document = TestClient(app).get("/openapi.json").json()

        assert ("mine", {"409": {"OutOfStock"}}) == (document["info"]["title"], documented(document))

    def test_an_app_openapi_that_makes_new_ones(self):
        """
        A document that is made anew at each call is extended each time.
        """
        app = FastAPI()
        app.openapi = lambda: get_openapi(title="mine", version="9", routes=app.routes)
        add_problems(app, registry)
        app.get("/x")(raises(OutOfStock)(endpoint_copy()))

        assert app.openapi() == app.openapi()

    def test_apply_problems(self):
        """
        Who makes the document himself can have it extended.
        """
        app = made()
        app.get("/x")(raises(OutOfStock)(endpoint_copy()))
        document = get_openapi(title="mine", version="9", routes=app.routes)

        assert {"409": {"OutOfStock"}} == documented(apply_problems(app, document))

    def test_a_document_without_some_operations(self):
        """
        What the user takes out of the document stays out.
        """
        app = made()
        app.get("/x")(raises(OutOfStock)(endpoint_copy()))

        assert {"paths": {}} == apply_problems(app, {"paths": {}})

    def test_include_in_schema(self):
        """
        A route that is not in the document is not an obstacle.
        """
        app = made()
        app.get("/x", include_in_schema=False)(raises(OutOfStock)(endpoint_copy()))

        assert {} == app.openapi()["paths"]

    def test_a_model_called_like_a_problem(self):
        """
        A model of the application keeps its name, and the document is valid.
        """
        app = made()
        model = type("OutOfStock", (BaseModel,), {"__annotations__": {"mine": int}, "__module__": __name__})
        app.get("/x", response_model=model)(raises(OutOfStock)(endpoint_copy()))
        document = app.openapi()
        validate(document)

        assert (["mine"], {"409": {"OutOfStockProblem"}}) == (
            list(document["components"]["schemas"]["OutOfStock"]["properties"]),
            documented(document),
        )

    @pytest.mark.parametrize("name", ["InvalidParam", "ValidationProblem", "Problem", "ProblemDetails"])
    def test_a_model_called_like_ours(self, name):
        """
        Our names do not replace the names of the application's models.
        """
        app = made()
        model = type(name, (BaseModel,), {"__annotations__": {"mine": int}, "__module__": __name__})

        @app.get("/x", response_model=model)
        def read(q: int): ...

        document = app.openapi()
        validate(document)
        properties = [it.get("properties", {}).keys() for it in document["components"]["schemas"].values()]

        assert (["mine"], True) == (
            list(document["components"]["schemas"][name]["properties"]),
            any("errors" in it for it in properties),
        )


class Place(BaseModel):
    city: str = "Rome"


class Moved(Gone, type="moved", title="Moved"):
    to: Place


class TestModels:
    @pytest.mark.parametrize("separate", [True, False])
    def test_input_and_output_schemas(self, separate):
        """
        A model of a member that comes in and goes out too is valid in either mode, and is not written twice.
        """
        app = FastAPI(separate_input_output_schemas=separate)
        add_problems(app, Registry(Moved, base=BASE))

        @app.post("/x")
        @raises(Moved)
        def move(place: Place) -> Place:
            return place

        document = app.openapi()
        validate(document)

        assert ["BadRequest", "InvalidParam", "Moved", "Place", "ValidationProblem"] == [
            name for name in document["components"]["schemas"] if name.removeprefix("Place-") != "Input"
        ]

    def test_openapi_30(self):
        """
        An application that says 3.0 gets a document that is valid there.
        """
        app = made()
        app.openapi_version = "3.0.3"

        @app.post("/x", dependencies=[Depends(HTTPBearer())])
        @raises(OutOfStock, CartLocked, Throttled)
        def create(name: Annotated[str, Body()]) -> int:
            return 1

        document = app.openapi()
        validate(document)

        assert [409] == document["components"]["schemas"]["OutOfStock"]["properties"]["status"]["enum"]


class TestWebhooksAndCallbacks:
    def test_webhooks(self):
        """
        Webhooks list the declared types, and no validation problem: the receiver answers.
        """
        app = made()

        @app.webhooks.post("paid")
        @raises(AlreadyPaid)
        def paid(body: Item): ...

        document = app.openapi()
        validate(document)

        assert {"409": {"AlreadyPaid"}} == documented(document, "paid", "post", section="webhooks")

    def test_callbacks(self):
        """
        Callbacks list the declared types, and no validation problem: the receiver answers.
        """
        app, callbacks = made(), APIRouter()

        @callbacks.post("{$request.body.url}/paid")
        @raises(AlreadyPaid)
        def paid(body: Item): ...

        app.post("/x", callbacks=callbacks.routes)(endpoint)
        document = app.openapi()
        validate(document)
        called = document["paths"]["/x"]["post"]["callbacks"]["paid"]
        document["paths"] |= called

        assert {"409": {"AlreadyPaid"}} == documented(document, *called, "post")


async def own(request, error):
    """Answer as the application likes."""
    return JSONResponse({"by": "the application"}, 418)


def wrapping(handler):
    """Return a handler of the application around one of FastAPI's."""

    @functools.wraps(handler)
    async def wrapped(request, error):
        return await handler(request, error)

    return wrapped


class TestOwnHandlers:
    @pytest.mark.parametrize("late", [pytest.param(False, id="before"), pytest.param(True, id="after")])
    @pytest.mark.parametrize(
        ("key", "handler", "left"),
        [
            pytest.param(RequestValidationError, own, {"401", "404", "409", "418"}, id="validation"),
            pytest.param(
                ValidationException, own, {"401", "404", "409", "418", "422"}, id="a base that FastAPI's hides"
            ),
            pytest.param(
                RequestValidationError,
                wrapping(request_validation_exception_handler),
                {"401", "404", "409", "418"},
                id="around FastAPI's",
            ),
            pytest.param(
                RequestValidationError,
                request_validation_exception_handler,
                {"401", "404", "409", "418", "422"},
                id="FastAPI's",
            ),
            pytest.param(HTTPException, own, {"404", "409", "418", "422"}, id="HTTPException"),
            pytest.param(FastAPIHTTPException, own, {"404", "409", "418", "422"}, id="FastAPI's HTTPException"),
            pytest.param(OutOfStock, own, {"401", "404", "418", "422"}, id="a declared class"),
            pytest.param(Conflict, own, {"401", "404", "418", "422"}, id="the class above"),
            pytest.param(Problem, own, {"401", "422"}, id="every problem"),
            pytest.param(Exception, own, {"401", "404", "409", "418", "422"}, id="crashes"),
        ],
    )
    def test_of_a_class(self, key, handler, left, late):
        """
        A type that a handler of the application answers is not in the document.
        """
        app = FastAPI()
        if not late:
            app.add_exception_handler(key, handler)
        add_problems(app, registry)

        @app.get("/x", dependencies=[Depends(HTTPBearer())])
        @raises(OutOfStock, ItemNotFound, class_of(418))
        def read(q: int): ...

        if late:
            app.add_exception_handler(key, handler)

        assert left == documented(app.openapi()).keys()

    @pytest.mark.parametrize(
        ("status", "left"),
        [
            pytest.param(401, {"404", "409", "418", "422"}, id="of the framework"),
            pytest.param(418, {"401", "404", "409", "422"}, id="of a class without a type"),
            pytest.param(404, {"401", "404", "409", "418", "422"}, id="of a class with a type"),
            pytest.param(422, {"401", "404", "409", "418", "422"}, id="of invalid requests"),
        ],
    )
    def test_of_a_status(self, status, left):
        """
        A handler of a status answers the framework's exceptions, and classes without a type of their own.
        """
        app = made()

        @app.get("/x", dependencies=[Depends(HTTPBearer())])
        @raises(OutOfStock, ItemNotFound, class_of(418))
        def read(q: int): ...

        app.add_exception_handler(status, own)

        assert left == documented(app.openapi()).keys()

    def test_its_own_422(self):
        """
        The response that the application documents for its validation handler stands alone.
        """
        app = made(responses={422: {"model": Item}})
        app.add_exception_handler(RequestValidationError, own)
        app.get("/x")(lambda q: None)
        response = app.openapi()["paths"]["/x"]["get"]["responses"]["422"]

        assert ["application/json"] == list(response["content"])

    def test_fastapis_422(self):
        """
        FastAPI's own 422 stays where the application answers invalid requests.
        """
        app = made()
        app.add_exception_handler(RequestValidationError, own)
        app.get("/x")(lambda q: None)
        document = app.openapi()
        validate(document)

        assert {"HTTPValidationError", "ValidationError"} == document["components"]["schemas"].keys()

    def test_in_a_mounted_application(self):
        """
        The handlers of a mounted application are its own.
        """
        app, mounted = made(), FastAPI()
        app.add_exception_handler(RequestValidationError, own)
        for one in (app, mounted):
            one.get("/x")(lambda q: None)
        app.mount("/v1", mounted)
        document = TestClient(app).get("/v1/openapi.json").json()

        assert ({}, {"422"}) == (documented(app.openapi()), documented(document).keys())


class TestDescriptions:
    @pytest.mark.parametrize(
        ("root", "path"),
        [pytest.param("", "/problems", id="here"), pytest.param("/shop", "/docs/problems", id="below")],
    )
    def test_a_link_to_the_problem_page(self, root, path):
        """
        The description of a response is title, first paragraph and, where pages are mounted, a link to the page.
        """
        app = made()
        app.root_path = root
        app.mount(path, problem_pages(registry))
        app.get("/x")(raises(ItemNotFound)(endpoint_copy()))
        document = app.openapi()
        (response,) = (it for name, it in document["components"]["responses"].items() if name == "ItemNotFound")
        link = f"[{BASE}item-not-found]({root}{path}/item-not-found)"

        assert f"Item not found\n\nNo item has the requested id.\n\n{link}" == response["description"]

    def test_the_link_leads_to_the_page(self):
        """
        The page is where the link says.
        """
        app = made()
        app.mount("/problems", problem_pages(registry))
        app.get("/x")(raises(ItemNotFound)(endpoint_copy()))
        description = app.openapi()["components"]["responses"]["ItemNotFound"]["description"]

        assert "Item not found" in TestClient(app).get(description.rpartition("(")[2].rstrip(")")).text


class TestHead:
    def test_it_has_no_content(self):
        """
        A response to HEAD is documented without content, with its headers.
        """
        app = made()
        app.get("/x")(raises(Throttled)(endpoint_copy()))
        app.head("/x")(raises(Throttled)(endpoint_copy()))
        document = app.openapi()
        validate(document)
        response = document["paths"]["/x"]["head"]["responses"]["429"]

        assert ({"description", "headers"}, {"429"}) == (response.keys(), documented(document).keys())


class TestMounts:
    def test_in_the_document_of_the_outer_application(self):
        """
        An `app.openapi` of the application's own may hold the paths of mounted applications.
        """
        app, mounted, router = FastAPI(), FastAPI(), APIRouter()
        router.get("/x")(raises(OutOfStock)(endpoint_copy()))
        mounted.include_router(router, prefix="/in")
        app.mount("/v1", mounted)

        def merged():
            document = get_openapi(title="Shop", version="1", routes=app.routes)
            inner = get_openapi(title="Shop", version="1", routes=mounted.routes)
            return {**document, "paths": {f"/v1{path}": it for path, it in inner["paths"].items()}}

        app.openapi = merged
        add_problems(app, registry)
        document = app.openapi()
        validate(document)

        assert {"409": {"OutOfStock"}} == documented(document, "/v1/in/x")

    def test_a_mounted_application(self):
        """
        The document of a mounted application contains its problems.
        """
        app, mounted = made(), FastAPI()
        mounted.get("/x")(raises(OutOfStock)(endpoint_copy()))
        app.mount("/v1", mounted)
        document = TestClient(app).get("/v1/openapi.json").json()

        assert ({"409": {"OutOfStock"}}, f"{BASE}out-of-stock") == (
            documented(document),
            document["components"]["schemas"]["OutOfStock"]["properties"]["type"]["const"],
        )

    def test_problems_of_its_own(self):
        """
        A mounted application that has problems keeps its registry.
        """
        app, mounted = made(), FastAPI()
        add_problems(mounted, Registry(OutOfStock, base="https://other.example/"))
        mounted.get("/x")(raises(OutOfStock)(endpoint_copy()))
        app.mount("/v1", mounted)
        schemas = TestClient(app).get("/v1/openapi.json").json()["components"]["schemas"]

        assert "https://other.example/out-of-stock" == schemas["OutOfStock"]["properties"]["type"]["const"]

    def test_in_a_starlette_application(self):
        """
        A FastAPI application in one of Starlette's is reached as well.
        """
        mounted = FastAPI()
        mounted.get("/x")(raises(OutOfStock)(endpoint_copy()))
        app = Starlette(routes=[Mount("/v1", mounted)])
        add_problems(app, registry)

        assert {"409": {"OutOfStock"}} == documented(TestClient(app).get("/v1/openapi.json").json())


class TestResponses:
    @pytest.mark.parametrize("wrong", [404, [NotFound], NotFound()])
    def test_what_is_no_problem_class_is_refused(self, wrong):
        """
        As `@raises` does it.
        """
        with pytest.raises(
            SetupError, match=r"`responses` takes problem classes; got .* Write `responses\(NotFound\)`"
        ):
            responses(wrong)


class TestStability:
    @pytest.mark.skipif(not hasattr(fastapi.routing, "RouteContext"), reason="older FastAPI makes its document once")
    def test_routes_that_come_late(self):
        """
        A route that is added after the document was made is in the next one.
        """
        app = made()
        app.openapi()
        app.get("/x")(raises(OutOfStock)(endpoint_copy()))

        assert {"409": {"OutOfStock"}} == documented(app.openapi())

    def test_the_cache_of_fastapi(self):
        """
        The document is made once as long as no route comes.
        """
        app = made()
        app.get("/x")(raises(OutOfStock)(endpoint_copy()))

        assert app.openapi() is app.openapi()

    def test_byte_for_byte(self):
        """
        Two applications made alike have the same document, and a second application of problems changes nothing.
        """

        def build():
            app = made(responses=responses(Throttled, AlreadyPaid))
            router = APIRouter(dependencies=[Depends(load), Security(OAuth2PasswordBearer("t"), scopes=["a"])])
            router.post("/x", responses=responses(OutOfStock))(raises(CartLocked, NoCredit)(create))
            app.include_router(router, prefix="/a", responses=responses(Rejected))
            app.include_router(router, prefix="/b")
            return app

        def create(item: Item, q: int): ...

        first, second = build(), build()
        before = json.dumps(first.openapi())
        apply_problems(second, second.openapi())

        assert before == json.dumps(second.openapi())

    def test_everything_together_is_valid(self):
        """
        A document with all of it is valid.
        """
        app = made(responses=responses(Throttled, AlreadyPaid))

        @app.post("/x/{x}", dependencies=[Security(OAuth2PasswordBearer("t"), scopes=["a"]), Depends(load)])
        @raises(OutOfStock, CartLocked, Rejected, BadRequest, NotFound)
        def create(x: int, item: Item) -> Item:
            return item

        validate(app.openapi())


def test_websockets_are_no_operations():
    """
    A WebSocket endpoint may declare problems; OpenAPI has no place for them.
    """
    app = made()

    @app.websocket("/ws")
    @raises(OutOfStock)
    async def talk(socket: WebSocket): ...

    assert {} == app.openapi()["paths"]
