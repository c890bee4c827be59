"""`ProblemSchemaGenerator`: the documents of Starlette applications."""
# ruff: noqa: D205, D415 - the docstrings of endpoints are YAML

import pytest
import yaml
from openapi_spec_validator import validate
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import Host, Mount, Route
from starlette.testclient import TestClient

from problems import Conflict, Gone, NotFound, Registry, TooManyRequests, raises
from problems.starlette import ProblemSchemaGenerator, add_problems

BASE = {"openapi": "3.1.0", "info": {"title": "Shop", "version": "1"}}


class Lost(NotFound, type="lost", title="Lost"):
    """It is lost."""


class Full(Conflict, type="full", title="Full"):
    """It is full."""


class Locked(Conflict, type="locked", title="Locked"):
    """It is locked."""


registry = Registry(Lost, Full, Locked, base="https://shop.example/problems/")


@raises(Lost, Full, Locked)
async def read(request):
    """
    Read it.
    ---
    operationId: read
    responses:
      200:
        description: It is read.
    """
    return Response()


@raises(Lost)
async def undocumented(request):
    """Not to be published."""


@raises(Gone)
class Items(HTTPEndpoint):
    @raises(Lost)
    async def get(self, request):
        """
        responses:
          200: {description: It is read.}
        """

    async def post(self, request):
        """
        responses:
          200: {description: It is written.}
        """


@raises(TooManyRequests)
class Limit:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        await self.app(scope, receive, send)


def schema_of(*routes):
    return ProblemSchemaGenerator(BASE, registry).get_schema(list(routes))


def statuses(schema, path="/x", method="get"):
    return [str(status) for status in schema["paths"][path][method]["responses"]]


class TestSchema:
    def test_an_endpoint(self):
        """
        What an endpoint declares is documented beside what its docstring says.
        """
        schema = schema_of(Route("/x", read))

        assert (["200", "404", "409"], ["Full", "Locked", "Lost", "Read409Problem"]) == (
            statuses(schema),
            list(schema["components"]["schemas"]),
        )

    def test_it_is_valid(self):
        """
        The document is valid.
        """
        validate(schema_of(Route("/x", Items), Route("/y", read)))

    def test_an_endpoint_class(self):
        """
        A class declares for all its methods, a method for itself.
        """
        schema = schema_of(Route("/x", Items))

        assert (["200", "404", "410"], ["200", "410"]) == (statuses(schema), statuses(schema, method="post"))

    @pytest.mark.parametrize(
        "mount",
        [
            pytest.param(lambda route: Mount("/v1", routes=[route]), id="routes"),
            pytest.param(lambda route: Mount("/v1", Starlette(routes=[route])), id="application"),
            pytest.param(lambda route: Mount("/v{v:int}", routes=[route]), id="converter"),
            pytest.param(lambda route: Host("shop.example", Mount("/v1", routes=[route])), id="host"),
        ],
    )
    def test_mounts(self, mount):
        """
        Routes are found wherever they are mounted.
        """
        schema = schema_of(mount(Route("/x", read)))
        ((path, _),) = schema["paths"].items()

        assert ["200", "404", "409"] == statuses(schema, path)

    def test_middleware_of_a_mounted_application(self):
        """
        What middleware declares, the operations below it can be answered with.
        """
        schema = schema_of(Mount("/v1", Starlette(routes=[Route("/x", read)], middleware=[Middleware(Limit)])))

        assert "429" in statuses(schema, "/v1/x")

    def test_without_a_description(self):
        """
        An endpoint whose docstring has no YAML is not in the document.
        """
        assert {} == schema_of(Route("/x", undocumented))["paths"]

    def test_twice(self):
        """
        The generator can be used again.
        """
        generator = ProblemSchemaGenerator({**BASE, "components": {"schemas": {}}}, registry)

        assert generator.get_schema([Route("/x", read)]) == generator.get_schema([Route("/x", read)])

    def test_responses(self):
        """
        Status codes are texts (OpenAPI has no others), and statuses of the docstring stay.
        """
        assert ["200", "404", "409"] == list(schema_of(Route("/x", read))["paths"]["/x"]["get"]["responses"])


class TestOpenAPIResponse:
    def test_it_serves_the_document(self):
        """
        The response has the registry and the middleware of the application.
        """
        schemas = ProblemSchemaGenerator(BASE)
        routes = [Route("/x", read), Route("/schema", schemas.OpenAPIResponse)]
        app = Starlette(routes=routes, middleware=[Middleware(Limit)])
        add_problems(app, registry)
        schema = yaml.safe_load(TestClient(app).get("/schema").content)
        type_ = schema["components"]["schemas"]["Lost"]["properties"]["type"]

        assert ("https://shop.example/problems/lost", ["200", "404", "409", "429"]) == (
            type_["const"],
            statuses(schema),
        )

    def test_without_problems(self):
        """
        Without `add_problems` types are as written.
        """
        schemas = ProblemSchemaGenerator(BASE)
        app = Starlette(routes=[Route("/x", read), Route("/schema", schemas.OpenAPIResponse)])

        assert b"const: lost" in TestClient(app).get("/schema").content


def test_own_handlers():
    """
    A type that a handler of the application answers is not in the document of the application.
    """

    async def own(request, error):
        return Response(status_code=409)

    schemas = ProblemSchemaGenerator(BASE)
    routes = [Route("/x", read), Route("/schema", schemas.OpenAPIResponse, include_in_schema=False)]
    app = Starlette(routes=routes, exception_handlers={Full: own})
    add_problems(app, registry)
    document = yaml.safe_load(TestClient(app).get("/schema").text)

    assert "404" in document["paths"]["/x"]["get"]["responses"]
    assert not any("Full" in name for name in document["components"]["schemas"])
