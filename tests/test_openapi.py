"""OpenAPI fragments: the one shape that validators and code generators agree on, in 3.1 and in 3.0."""

import copy
import json
import types
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from pydantic import AwareDatetime, BaseModel, Field, NaiveDatetime, SecretStr

from problems import Conflict, NotFound, Problem, Registry, ResponseHeader, TooManyRequests, Unauthorized, catalog
from problems.catalog import BadRequest, UpgradeRequired, ValidationProblem
from problems.declaring._definition import definition_of
from problems.declaring._raises import is_problem
from problems.documenting.vocabulary import documented
from problems.openapi import (
    Components,
    DocumentedOperation,
    component_responses,
    component_schemas,
    extend_document,
    objects_in,
    operation_responses,
)
from problems.openapi._description import describe
from problems.openapi._v30 import to_30

BASE = "https://shop.example/problems/"
PROBLEM_JSON = "application/problem+json"


class Address(BaseModel):
    city: str
    zip: str | None = None


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog"]


class Taken(Conflict, type="taken", title="Taken"):
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]


class OutOfStock(Conflict, type="out-of-stock", title="Out of stock", detail="Only {available} left."):
    """
    Fewer items are in stock than were ordered.

    Attributes:
        available: How many there are.
    """

    item_id: int
    available: Annotated[int, Field(ge=0)]


class CartLocked(Conflict, type="cart-locked", title="Cart is locked"):
    locked_by: str


class Moved(NotFound, type="moved", title="Moved"):
    to: Address
    at: datetime
    price: Decimal = Decimal(1)


class Throttled(TooManyRequests, type="throttled", title="Too fast"):
    remaining: Annotated[int, ResponseHeader("X-Remaining", body=False, description="Calls that are left.")]
    quota: Annotated[int, ResponseHeader("X-Quota", body=False)] | None = None


class Plain(NotFound, type="plain", title="Plain"):
    """Only a type."""


registry = Registry(OutOfStock, CartLocked, Moved, Throttled, Plain, base=BASE)


def document(*types, version="3.1.0", of=registry):
    """Return a document with one operation that declares *types*."""
    made = {"openapi": version, "info": {"title": "Shop", "version": "1"}, "paths": {"/x": {"get": {}}}}
    operation: dict[str, Any] = made["paths"]["/x"]["get"]
    operation |= {"operationId": "readX", "responses": {"200": {"description": "OK"}}}
    return extend_document(made, of, [DocumentedOperation(operation, types, "get /x")])


def responses_of(made):
    return made["paths"]["/x"]["get"]["responses"]


def named(name, base=Conflict, **words):
    """Return a problem class called *name*."""
    return type(base)(name, (base,), {"__module__": words.pop("module", __name__)}, **words)


def with_members(name, members, **words):
    """Return a problem class with these members."""
    return type(Conflict)(name, (Conflict,), {"__annotations__": members, "__module__": __name__}, **words)


class TestDescription:
    def test_it_is_built_once(self):
        """
        A class has one description under a registry, shared by its documents, pages and lint findings.
        """
        assert describe(registry, OutOfStock) is describe(registry, OutOfStock)

    def test_it_depends_on_the_registry(self):
        """
        Another status of invalid requests, in an otherwise equal registry, is another description.
        """
        statuses = [describe(it, ValidationProblem).facts.status for it in (registry, registry.invalid_as(400))]

        assert [422, 400] == statuses

    @pytest.mark.parametrize(
        "written",
        [
            pytest.param(lambda: component_schemas(registry, OutOfStock), id="schemas"),
            pytest.param(lambda: component_responses(registry, OutOfStock), id="responses"),
            pytest.param(lambda: operation_responses(registry, "buy", OutOfStock, CartLocked)[0], id="operation"),
            pytest.param(lambda: document(OutOfStock, CartLocked), id="document"),
            pytest.param(lambda: documented(OutOfStock, registry).model_dump(), id="vocabulary"),
        ],
    )
    def test_a_changed_document_does_not_change_it(self, written):
        """
        An application may change its document in place: the next document is as before.
        """
        first = written()
        expected = copy.deepcopy(first)
        for part in list(objects_in(first)):
            part["x-changed"] = True

        assert expected == written()

    @pytest.mark.parametrize(
        "text",
        [
            pytest.param(lambda: component_schemas(registry, CartLocked)["CartLocked"]["description"], id="component"),
            pytest.param(lambda: documented(CartLocked, registry).document["description"], id="vocabulary"),
            pytest.param(lambda: documented(CartLocked, registry).about, id="exports"),
            pytest.param(lambda: registry.model(CartLocked).model_json_schema()["description"], id="model"),
        ],
    )
    def test_a_class_without_a_docstring(self, text):
        """
        Title and status describe a class without a docstring, in every place.
        """
        assert "Cart is locked (409)." == text()


class TestSchemas:
    def test_the_shape(self):
        """
        A schema is flat, its `type` and `status` are constant, and what is merely absent is not null.
        """
        assert {
            "title": "OutOfStock",
            "description": "Fewer items are in stock than were ordered.",
            "type": "object",
            "properties": {
                "type": {"type": "string", "const": f"{BASE}out-of-stock"},
                "title": {"type": "string"},
                "status": {"type": "integer", "const": 409},
                "detail": {"type": "string"},
                "instance": {"type": "string"},
                "item_id": {"type": "integer"},
                "available": {"type": "integer", "minimum": 0, "description": "How many there are."},
            },
            "required": ["type", "title", "status", "item_id", "available"],
        } == component_schemas(registry, OutOfStock)["OutOfStock"]

    def test_models_of_members_come_along(self):
        """
        What a member refers to is a component too.
        """
        assert ["Address", "Moved"] == list(component_schemas(registry, Moved))

    def test_a_description_without_a_docstring(self):
        """
        A class without a docstring is described by its title.
        """
        assert "Cart is locked (409)." == component_schemas(registry, CartLocked)["CartLocked"]["description"]

    def test_bodies_fit(self):
        """
        A sent document is valid against the schema, even with undeclared extension members.
        """
        schemas = component_schemas(registry, OutOfStock)
        body = registry.details(OutOfStock(item_id=1, available=0)).model_dump(mode="json")

        Draft202012Validator(schemas["OutOfStock"]).validate({**body, "unknown": 1})

    def test_calls_do_not_share(self):
        """
        Who changes what a call returned does not change what the next one returns.
        """
        component_schemas(registry, OutOfStock)["OutOfStock"].clear()

        assert component_schemas(registry, OutOfStock)["OutOfStock"]

    def test_the_same_every_time(self):
        """
        The order of the arguments does not show.
        """
        one = component_schemas(registry, OutOfStock, Moved, CartLocked)
        other = component_schemas(registry, CartLocked, Moved, OutOfStock)

        assert json.dumps(one) == json.dumps(other)


class TestNames:
    def test_two_classes_of_one_name(self):
        """
        Two classes of one name are called after their type URIs.
        """
        first = named("Gone", type="order-gone", title="Gone")
        second = named("Gone", type="item-gone", title="Gone")

        assert ["ItemGone", "OrderGone"] == list(component_schemas(Registry(first, second, base=BASE), first, second))

    def test_they_do_not_depend_on_the_order(self):
        """
        Names are the same whichever class comes first.
        """
        first = named("Gone", type="order-gone", title="Gone")
        second = named("Gone", type="item-gone", title="Gone")
        both = Registry(first, second, base=BASE)

        assert Components.of(both, [first, second]).names == Components.of(both, [second, first]).names

    def test_a_version_in_the_uri(self):
        """
        The name uses as much of the URI as makes the classes distinct.
        """
        first = named("OutOfStock", type="v1/out-of-stock", title="Out")
        second = named("OutOfStock", type="v2/out-of-stock", title="Out")
        both = Registry(first, second, base=BASE)

        assert ["V1OutOfStock", "V2OutOfStock"] == list(component_schemas(both, first, second))

    def test_one_of_them_is_about_blank(self):
        """
        The class without a type URI of its own keeps its name.
        """
        own = named("NotFound", NotFound, type="item-not-found", title="Item not found")
        both = Registry(own, base=BASE)

        assert {own: "ItemNotFound", NotFound: "NotFound"} == dict(Components.of(both, [own, NotFound]).names)

    def test_nothing_but_the_module_differs(self):
        """
        Where the URIs give no names, the modules do.
        """
        first = named("Gone", module="shop.orders")
        second = named("Gone", module="shop.items")

        assert ["ItemsGone", "OrdersGone"] == list(component_schemas(Registry(), first, second))

    def test_nothing_differs(self):
        """
        Indistinguishable classes are numbered.
        """
        first, second = named("Gone"), named("Gone")

        assert ["Gone1", "Gone2"] == list(component_schemas(Registry(), first, second))

    def test_the_name_that_the_class_header_gives(self):
        """
        `schema_name` is the name.
        """
        cls = named("Gone", type="gone", title="Gone", schema_name="OrderGone")

        assert ["OrderGone"] == list(component_schemas(Registry(cls, base=BASE), cls))

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            pytest.param("Error", "ErrorProblem", id="what generators call theirs"),
            pytest.param("ValidationError", "ValidationErrorProblem", id="what FastAPI calls its own"),
            pytest.param("out_of_stock", "OutOfStock", id="underscores"),
            pytest.param("Größe", "GrE", id="umlauts"),
        ],
    )
    def test_names_that_break_generators(self, name, expected):
        """
        A name that a code generator trips over is changed.
        """
        assert [expected] == list(component_schemas(Registry(), named(name)))

    def test_a_model_has_the_name(self):
        """
        A model of the document keeps its name, and the problem gets another.
        """
        taken = {"OutOfStock": {"type": "object"}, "ValidationProblem": {"type": "object"}}
        names = Components.of(registry, [OutOfStock, ValidationProblem], taken).names

        assert {OutOfStock: "OutOfStockProblem", ValidationProblem: "ValidationProblemDetails"} == dict(names)

    def test_a_model_of_a_member_has_the_name(self):
        """
        The model that a member uses gets another name, and the member refers to that.
        """
        made = Components.of(registry, [Moved], {"Address": {"type": "object", "title": "Another"}})

        assert {"$ref": "#/components/schemas/ProblemAddress"} == made.schemas["Moved"]["properties"]["to"]

    def test_the_same_model_is_there(self):
        """
        A model that the document has already is not written twice, whatever FastAPI has left out of it.
        """
        theirs = Address.model_json_schema()
        theirs["properties"]["zip"].pop("default")
        made = Components.of(registry, [Moved], {"Address": theirs})

        assert theirs == made.schemas["Address"]

    def test_the_same_model_is_there_as_an_output(self):
        """
        FastAPI's name for a model that comes in and goes out is used.
        """
        made = Components.of(registry, [Moved], {"Address-Output": Address.model_json_schema()})

        assert {"$ref": "#/components/schemas/Address-Output"} == made.schemas["Moved"]["properties"]["to"]

    def test_models_of_members_with_one_name(self):
        """
        Two models of one name in members get two names.
        """

        class First(Conflict, type="first", title="First"):
            place: Address

        other = type("Address", (BaseModel,), {"__annotations__": {"street": str}, "__module__": "elsewhere"})
        second = type(Conflict)(
            "Second", (Conflict,), {"__annotations__": {"place": other}, "__module__": __name__}, type="s", title="S"
        )
        both = Registry(First, second, base=BASE)

        assert ["Address", "First", "ProblemAddress", "Second"] == list(component_schemas(both, First, second))

    @pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)], ids=["in order", "reversed"])
    def test_models_of_one_name_in_one_member(self, order):
        """
        A model keeps one component, whether its class uses another model of the same name or not.
        """
        other = type("Address", (BaseModel,), {"__annotations__": {"street": str}, "__module__": "elsewhere"})
        both = with_members("Both", {"here": Address, "there": other}, type="both", title="Both")
        one = with_members("One", {"there": other}, type="one", title="One")
        registry = Registry(both, one, base=BASE)
        schemas = component_schemas(registry, *(both, one)[order])
        members = {name: schemas[name]["properties"] for name in ("Both", "One")}

        assert ["Address", "Both", "One", "ProblemAddress"] == sorted(schemas)
        assert members["Both"]["there"] == members["One"]["there"] != members["Both"]["here"]

    def test_a_discriminator_maps_to_the_new_names(self):
        """
        Where a model of a union gets another name, the mapping of its discriminator has that too.
        """
        made = Components.of(Registry(Taken, base=BASE), [Taken], {"Cat": {"type": "object", "title": "Another"}})
        pet = made.schemas["Taken"]["properties"]["pet"]

        assert {
            "cat": "#/components/schemas/ProblemCat",
            "dog": "#/components/schemas/Dog",
        } == pet["discriminator"]["mapping"]

    def test_a_model_of_the_module_has_the_name(self):
        """
        A problem type that is called like the model it has, both of one module, leaves the name to that.
        """
        cls = type(Conflict)(
            "Clash",
            (Conflict,),
            {"__annotations__": {"to": Address}, "__module__": __name__},
            type="clash",
            title="Clash",
            schema_name="Address",
        )
        schemas = component_schemas(Registry(cls, base=BASE), cls)

        assert ["Address", "AddressProblem"] == list(schemas)
        assert {"$ref": "#/components/schemas/Address"} == schemas["AddressProblem"]["properties"]["to"]


class TestResponses:
    def test_one_type(self):
        """
        A response has one media type, the schema, and an example with the title as summary.
        """
        response = component_responses(registry, OutOfStock)["OutOfStock"]
        value = {
            "type": f"{BASE}out-of-stock",
            "title": "Out of stock",
            "status": 409,
            "detail": "Only 1 left.",
            "item_id": 1,
            "available": 1,
        }

        assert {
            "description": "Out of stock\n\nFewer items are in stock than were ordered.",
            "content": {
                PROBLEM_JSON: {
                    "schema": {"$ref": "#/components/schemas/OutOfStock"},
                    "examples": {"OutOfStock": {"summary": "Out of stock", "value": value}},
                }
            },
        } == response

    def test_headers(self):
        """
        Members that are response headers are documented as such; one that is always sent is required.
        """
        headers = component_responses(registry, Throttled)["Throttled"]["headers"]

        assert {
            "description": "Calls that are left.",
            "required": True,
            "schema": {"type": "integer"},
            "example": 1,
        } == headers["X-Remaining"]

    @pytest.mark.parametrize(
        ("annotation", "schema", "example"),
        [
            pytest.param(int, {"type": "integer"}, 1, id="integer"),
            pytest.param(Annotated[int, Field(ge=5)], {"type": "integer", "minimum": 5}, 5, id="with a bound"),
            pytest.param(int | None, {"type": "integer"}, 1, id="or none"),
            pytest.param(float, {"type": "number"}, 1, id="number"),
            pytest.param(bool, {"type": "boolean"}, True, id="boolean"),
            pytest.param(str, {"type": "string"}, "string", id="text"),
            pytest.param(Literal["a", "b"], {"type": "string", "enum": ["a", "b"]}, "a", id="literal"),
            pytest.param(
                UUID, {"type": "string", "format": "uuid"}, "3f0c4d1e-5b1a-4c58-9b0e-0a6f3f2d7c11", id="identifier"
            ),
            pytest.param(
                datetime, {"type": "string", "format": "http-date"}, "Sat, 31 Jan 2026 12:00:00 GMT", id="time"
            ),
            pytest.param(timedelta, {"type": "integer"}, 30, id="duration"),
            pytest.param(list[str], {"type": "string"}, None, id="list"),
            pytest.param(Annotated[str, Field(examples=["x"])], {"type": "string"}, "x", id="with an example"),
        ],
    )
    def test_the_schema_of_a_header(self, annotation, schema, example):
        """
        A field has the schema of its member as it is written in a header, and an example of it.
        """
        quota = types.new_class(
            "Quota",
            (TooManyRequests,),
            {"type": "quota", "title": "Quota"},
            lambda it: it.update(__annotations__={"left": Annotated[annotation, ResponseHeader("X-Left")]}),
        )
        header = component_responses(Registry(quota, base="https://a.example/"), quota)["Quota"]["headers"]["X-Left"]

        assert (schema, example) == (header["schema"], header.get("example"))

    @pytest.mark.parametrize(
        "cls",
        [
            it
            for it in vars(catalog).values()
            if is_problem(it) and not definition_of(it).declaration.abstract and definition_of(it).members.headers
        ],
        ids=lambda it: it.__name__,
    )
    def test_headers_of_ready_made_types(self, cls):
        """
        The fields that HTTP ties to statuses have a description and an example.
        """
        (response,) = component_responses(Registry(), cls).values()

        assert all(it["description"] and it["example"] for it in response["headers"].values())

    def test_a_header_that_may_be_absent(self):
        """
        A header without which the problem can be raised is optional.
        """
        headers = component_responses(registry, Throttled)["Throttled"]["headers"]

        assert [False, False] == ["required" in headers[name] for name in ("Retry-After", "X-Quota")]

    @pytest.mark.parametrize(
        ("cls", "header"),
        [
            pytest.param(Unauthorized, "WWW-Authenticate", id="401"),
            pytest.param(UpgradeRequired, "Upgrade", id="426"),
        ],
    )
    def test_headers_that_http_requires(self, cls, header):
        """
        A header that a status has to have is required.
        """
        assert component_responses(registry, cls)[cls.__name__]["headers"][header]["required"]

    def test_headers_are_not_in_the_body(self):
        """
        A member that is only a header is not a property of the schema.
        """
        assert "remaining" not in component_schemas(registry, Throttled)["Throttled"]["properties"]


class TestOperation:
    def test_one_type_at_a_status(self):
        """
        A status with one type refers to that type's response.
        """
        responses, _ = operation_responses(registry, "readItem", Moved)

        assert {"404": {"$ref": "#/components/responses/Moved"}} == responses

    def test_several_types_at_a_status(self):
        """
        A status with several types has a union that is named after operation and status.
        """
        _, unions = operation_responses(registry, "create_order", OutOfStock, CartLocked)

        assert {
            "CreateOrder409Problem": {
                "title": "CreateOrder409Problem",
                "oneOf": [{"$ref": "#/components/schemas/OutOfStock"}, {"$ref": "#/components/schemas/CartLocked"}],
                "discriminator": {
                    "propertyName": "type",
                    "mapping": {
                        f"{BASE}out-of-stock": "#/components/schemas/OutOfStock",
                        f"{BASE}cart-locked": "#/components/schemas/CartLocked",
                    },
                },
            }
        } == unions

    def test_the_response_of_a_union(self):
        """
        It describes, and exemplifies, each type.
        """
        responses, _ = operation_responses(registry, "create_order", OutOfStock, CartLocked)
        response = responses["409"]

        said = "Out of stock / Cart is locked\n\nOut of stock: Fewer items are in stock than were ordered."

        assert (said, ["OutOfStock", "CartLocked"]) == (
            response["description"],
            list(response["content"][PROBLEM_JSON]["examples"]),
        )

    def test_headers_of_a_union(self):
        """
        A header that not every type at the status has is not required.
        """
        responses, _ = operation_responses(registry, "read", Throttled, TooManyRequests)

        assert "required" not in responses["429"]["headers"]["X-Remaining"]

    def test_several_that_are_about_blank(self):
        """
        Types with one type URI have no discriminator, and a document may fit several.
        """
        _, unions = operation_responses(registry, "read", NotFound, named("Lost", NotFound))

        assert ["title", "anyOf"] == list(unions["Read404Problem"])

    def test_a_type_is_declared_twice(self):
        """
        A type counts once.
        """
        responses, unions = operation_responses(registry, "read", Moved, Moved)

        assert (["404"], {}) == (list(responses), unions)

    @pytest.mark.parametrize(
        ("operation_id", "expected"),
        [
            pytest.param("createOrder", "CreateOrder409Problem", id="camel case"),
            pytest.param("create-order.v2", "CreateOrderV2409Problem", id="other signs"),
            pytest.param("2fa", "Operation2fa409Problem", id="a digit first"),
        ],
    )
    def test_names_of_unions(self, operation_id, expected):
        """
        The name is one word of letters and digits.
        """
        _, unions = operation_responses(registry, operation_id, OutOfStock, CartLocked)

        assert [expected] == list(unions)


class TestDocument:
    @pytest.mark.parametrize("version", ["3.1.0", "3.0.3"])
    def test_it_is_valid(self, version):
        """
        A document with every kind of problem is valid, in 3.1 and in 3.0.
        """
        types = (OutOfStock, CartLocked, Moved, Throttled, Plain, Unauthorized, ValidationProblem, NotFound)

        validate(document(*types, version=version))

    def test_only_what_is_used(self):
        """
        A component that nothing refers to is not written.
        """
        made = document(OutOfStock)

        assert (["OutOfStock"], ["OutOfStock"]) == (
            list(made["components"]["schemas"]),
            list(made["components"]["responses"]),
        )

    def test_a_union_needs_no_responses(self):
        """
        Of a union only the schemas are components.
        """
        made = document(OutOfStock, CartLocked)["components"]

        assert {"schemas": ["CartLocked", "OutOfStock", "ReadX409Problem"]} == {key: list(made[key]) for key in made}

    def test_twice(self):
        """
        A second call changes nothing.
        """
        made = document(OutOfStock, CartLocked, Moved, ValidationProblem)
        before = json.dumps(made)
        operation = made["paths"]["/x"]["get"]
        types = (OutOfStock, CartLocked, Moved, ValidationProblem)
        extend_document(made, registry, [DocumentedOperation(operation, types, "x")])

        assert before == json.dumps(made)

    def test_nothing_is_declared(self):
        """
        A document without problems stays as it is.
        """
        assert "components" not in document()

    def test_no_operation_id(self):
        """
        Without an id a union is named after what the operation is called otherwise.
        """
        operation: dict[str, Any] = {}
        made = extend_document({}, registry, [DocumentedOperation(operation, (OutOfStock, CartLocked), "get /x/{y}")])

        assert "GetXY409Problem" in made["components"]["schemas"]

    def test_two_operations_of_one_id(self):
        """
        Two operations of one id that declare different types have different unions.
        """
        first: dict[str, Any] = {"operationId": "read"}
        second: dict[str, Any] = {"operationId": "read"}
        third = named("Third", type="third", title="Third")
        operations = [
            DocumentedOperation(first, (OutOfStock, CartLocked), "a"),
            DocumentedOperation(second, (OutOfStock, third), "b"),
        ]
        made = extend_document({}, registry, operations)

        assert {"Read409Problem", "Read409Problem2"} <= made["components"]["schemas"].keys()

    def test_a_model_is_called_like_a_union(self):
        """
        A model of the document keeps its name, and the union gets another.
        """
        made: dict[str, Any] = {"components": {"schemas": {"Read409Problem": {"type": "object"}}}}
        operation: dict[str, Any] = {"operationId": "read"}
        extend_document(made, registry, [DocumentedOperation(operation, (OutOfStock, CartLocked), "a")])

        assert {"type": "object"} == made["components"]["schemas"]["Read409Problem"]

    def test_a_response_is_called_like_ours(self):
        """
        A component response of the document keeps its name, and ours is written where it is used.
        """
        made: dict[str, Any] = {"components": {"responses": {"OutOfStock": {"description": "theirs"}}}}
        operation: dict[str, Any] = {"operationId": "read"}
        extend_document(made, registry, [DocumentedOperation(operation, (OutOfStock,), "a")])

        assert ({"description": "theirs"}, "Out of stock\n\nFewer items are in stock than were ordered.") == (
            made["components"]["responses"]["OutOfStock"],
            operation["responses"]["409"]["description"],
        )


def shared(*declared: tuple[type[Problem], ...]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return a document with an operation for each tuple of types, and the responses of the operations."""
    operations: list[dict[str, Any]] = [{"operationId": f"read{number}"} for number in range(len(declared))]
    made: dict[str, Any] = {"openapi": "3.1.0"}
    documented = [DocumentedOperation(it, of, "") for it, of in zip(operations, declared, strict=True)]
    return extend_document(made, registry, documented), [it["responses"] for it in operations]


class TestShared:
    def test_the_same_types(self):
        """
        Operations with the same types at one status share the union, in whichever order they declare them.
        """
        document, responses = shared((OutOfStock, CartLocked), (CartLocked, OutOfStock), (CartLocked, Taken))
        name = "CartLockedOrOutOfStock"

        assert [
            {"$ref": f"#/components/responses/{name}"},
            {"$ref": f"#/components/responses/{name}"},
            {"$ref": "#/components/schemas/Read2409Problem"},
        ] == [
            responses[0]["409"],
            responses[1]["409"],
            responses[2]["409"]["content"][PROBLEM_JSON]["schema"],
        ]
        assert {"CartLocked", "OutOfStock"} == document["components"]["responses"][name]["content"][PROBLEM_JSON][
            "examples"
        ].keys()

    def test_the_order_of_operations(self):
        """
        The components do not depend on the order of operations.
        """
        one, _ = shared((OutOfStock, CartLocked), (CartLocked, OutOfStock))
        other, _ = shared((CartLocked, OutOfStock), (OutOfStock, CartLocked))

        assert one["components"] == other["components"]

    def test_a_long_name(self):
        """
        The name of a union of many types says how many there are.
        """
        many = tuple(
            types.new_class(f"{'Very' * 6}Long{number}", (Conflict,), {"type": f"l{number}", "title": "Long"})
            for number in range(6)
        )
        made = Components.of(Registry(*many, base="https://a.example/"), many)
        made.share([many, many])

        assert "VeryVeryVeryVeryVeryVeryLong0Or5Others" in made.schemas


class TestSecrets:
    def test_a_masked_member(self):
        """
        A secret is sent, masked: it is not only for writing.
        """

        class Inner(BaseModel):
            key: SecretStr

        class Leaked(Conflict, type="leaked", title="Leaked"):
            token: SecretStr
            inner: list[Inner]

        assert "writeOnly" not in str(component_schemas(Registry(Leaked, base="https://a.example/"), Leaked))


class TestTimes:
    @pytest.mark.parametrize(
        ("annotation", "expected"),
        [
            pytest.param(NaiveDatetime, "date-time-local", id="without a zone"),
            pytest.param(list[NaiveDatetime], "date-time-local", id="in a list"),
            pytest.param(AwareDatetime, "date-time", id="with a zone"),
        ],
    )
    def test_a_zone(self, annotation, expected):
        """
        A time without a zone is not a `date-time`, and its example has no zone.
        """
        closed = types.new_class(
            "Closed",
            (Conflict,),
            {"type": "closed", "title": "Closed"},
            lambda it: it.update(__annotations__={"since": annotation}),
        )
        closed_registry = Registry(closed, base="https://a.example/")
        schema = component_schemas(closed_registry, closed)["Closed"]["properties"]["since"]
        (example,) = component_responses(closed_registry, closed)["Closed"]["content"][PROBLEM_JSON][
            "examples"
        ].values()

        assert (expected, expected == "date-time") == (
            schema.get("items", schema)["format"],
            "Z" in str(example["value"]["since"]),
        )


class TestWhatIsThere:
    """What others have written about a status stays."""

    @staticmethod
    def extended(existing, *types):
        operation: dict[str, Any] = {"operationId": "read", "responses": {"409": existing}}
        made = extend_document({}, registry, [DocumentedOperation(operation, types or (OutOfStock,), "a")])
        return operation["responses"]["409"], made

    def test_another_media_type(self):
        """
        The problem comes beside it.
        """
        response, _ = self.extended({"description": "mine", "content": {"application/json": {"schema": {}}}})

        assert ("mine", ["application/json", PROBLEM_JSON]) == (response["description"], list(response["content"]))

    def test_a_description(self):
        """
        The application's description is kept.
        """
        response, _ = self.extended({"description": "mine"})

        assert ("mine", [PROBLEM_JSON]) == (response["description"], list(response["content"]))

    @pytest.mark.parametrize("description", ["Conflict", "Out of stock"])
    def test_a_description_that_nobody_wrote(self, description):
        """
        The phrase of the status, or the title, is what FastAPI fills in.
        """
        response, _ = self.extended({"description": description})

        assert {"$ref": "#/components/responses/OutOfStock"} == response

    def test_problem_json_of_theirs(self):
        """
        What the user wrote of the same media type holds, and leaves no unused components.
        """
        mine = {"description": "mine", "content": {PROBLEM_JSON: {"schema": {"type": "object"}}}}
        response, made = self.extended(mine)

        assert (mine, {}) == (response, made["components"])

    def test_a_reference_of_theirs(self):
        """
        What the user refers to holds.
        """
        response, _ = self.extended({"$ref": "#/components/responses/Mine"})

        assert {"$ref": "#/components/responses/Mine"} == response

    def test_headers(self):
        """
        Their headers come together with ours.
        """
        mine = {"description": "mine", "headers": {"X-Mine": {"schema": {}}}}
        operation: dict[str, Any] = {"responses": {"401": mine}}
        extend_document({}, registry, [DocumentedOperation(operation, (Unauthorized,), "a")])

        assert {"X-Mine", "WWW-Authenticate"} == operation["responses"]["401"]["headers"].keys()


class TestOpenapi30:
    @pytest.mark.parametrize(
        ("schema", "expected"),
        [
            pytest.param({"const": "x"}, {"enum": ["x"]}, id="const"),
            pytest.param({"const": {"a": 1}}, {"enum": [{"a": 1}]}, id="a constant object"),
            pytest.param(
                {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
                {"type": "string", "default": None, "nullable": True},
                id="nullable",
            ),
            pytest.param(
                {"anyOf": [{"$ref": "#/x"}, {"type": "null"}]},
                {"allOf": [{"$ref": "#/x"}], "nullable": True},
                id="nullable reference",
            ),
            pytest.param(
                {"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]},
                {"anyOf": [{"type": "string"}, {"type": "integer"}], "nullable": True},
                id="nullable union",
            ),
            pytest.param({"type": ["string", "null"]}, {"type": "string", "nullable": True}, id="list of types"),
            pytest.param(
                {"type": ["string", "integer"]},
                {"anyOf": [{"type": "string"}, {"type": "integer"}]},
                id="list of several types",
            ),
            pytest.param({"type": "null"}, {"enum": [None], "nullable": True}, id="null"),
            pytest.param({"examples": [1, 2]}, {"example": 1}, id="examples"),
            pytest.param({"exclusiveMaximum": 5}, {"maximum": 5, "exclusiveMaximum": True}, id="exclusive"),
            pytest.param(
                {"type": "array", "prefixItems": [{"type": "string"}], "minItems": 1},
                {"type": "array", "items": {"anyOf": [{"type": "string"}]}, "minItems": 1},
                id="tuple",
            ),
            pytest.param({"type": "array"}, {"type": "array", "items": {}}, id="array of anything"),
            pytest.param(
                {"$ref": "#/x", "description": "d"},
                {"allOf": [{"$ref": "#/x"}], "description": "d"},
                id="beside a reference",
            ),
            pytest.param({"type": "object", "propertyNames": {}}, {"type": "object"}, id="unknown word"),
            pytest.param(
                {"properties": {"if": {"const": 1}, "examples": True}},
                {"properties": {"if": {"enum": [1]}, "examples": {}}},
                id="properties called like words",
            ),
            pytest.param(
                {"type": "object", "additionalProperties": {"const": 1}},
                {"type": "object", "additionalProperties": {"enum": [1]}},
                id="values of a mapping",
            ),
        ],
    )
    def test_words(self, schema, expected):
        """
        What OpenAPI 3.0 says otherwise is said its way.
        """
        assert expected == to_30(schema)

    def test_twice(self):
        """
        What is in the dialect of 3.0 already stays as it is.
        """
        once = to_30({"anyOf": [{"type": "integer", "exclusiveMinimum": 0}, {"type": "null"}], "const": 1})

        assert once == to_30(once)

    def test_components(self):
        """
        A constant is an enumeration of one.
        """
        properties = component_schemas(registry, OutOfStock, version="3.0.3")["OutOfStock"]["properties"]

        assert [[f"{BASE}out-of-stock"], [409]] == [properties["type"]["enum"], properties["status"]["enum"]]

    def test_every_kind_of_member(self):
        """
        A document with members of every kind is valid.
        """

        class Everything(BadRequest, type="everything", title="Everything"):
            maybe: str | None = None
            where: Address | None = None
            several: tuple[int, str] = (1, "a")
            by_name: Annotated[dict[str, Address], Field(default_factory=dict)]
            kind: Literal["a", "b"] = "a"
            only: Literal["a"] = "a"
            amount: Annotated[float, Field(gt=0, lt=10, examples=[2.5])] = 1.0
            raw: bytes = b""
            either: int | str | None = None

        validate(document(Everything, version="3.0.3", of=Registry(Everything, base=BASE)))


def test_abstract_types_are_refused():
    """
    A base has no document.
    """
    base = type(Problem)("Base", (Conflict,), {"__module__": __name__}, type="base", title="Base", abstract=True)

    with pytest.raises(TypeError, match=r"Base cannot be documented"):
        component_schemas(registry, base)
