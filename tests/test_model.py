from typing import Annotated, Any, Literal, get_args

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from problems import Conflict, NotFound, Registry, ResponseHeader

BASE = "https://shop.example/problems/"


class Position(BaseModel):
    line: int


class ItemNotFound(NotFound, type="item-not-found", title="Item not found", detail="No item {item_id}."):
    """
    No item has the requested id.

    It may have been sold.
    """

    item_id: Annotated[int, Field(ge=1, description="The id.", examples=[7])]
    has_alias: int = Field(default=0, alias="has-alias")
    position: Position | None = None
    quota: Annotated[int, ResponseHeader("X-Quota", body=False)] = 0
    query: str = Field(default="", exclude=True)


class OutOfStock(Conflict, type="out-of-stock", title="Out of stock", schema_name="NoStock"):
    left: int


registry = Registry(ItemNotFound, OutOfStock, base=BASE)
SCHEMA = registry.model(ItemNotFound).model_json_schema(mode="serialization")


class TestSchema:
    def test_members_in_order(self):
        """
        The standard members come first, in the order of RFC 9457.
        """
        assert ["type", "title", "status", "detail", "instance", "item_id", "has-alias", "position"] == list(
            SCHEMA["properties"]
        )

    def test_what_is_required(self):
        """
        Members that are always sent are required, which distinguishes the alternatives of a union.
        """
        assert (
            {"type", "title", "status", "item_id", "has-alias", "position"}
            >= set(SCHEMA["required"])
            >= {
                "type",
                "title",
                "status",
                "item_id",
            }
        )

    @pytest.mark.parametrize(
        ("name", "constant"), [("type", f"{BASE}item-not-found"), ("status", 404)], ids=["type", "status"]
    )
    def test_constants(self, name, constant):
        """
        Type URI and status are constant.
        """
        assert constant == SCHEMA["properties"][name]["const"]

    @pytest.mark.parametrize("name", ["detail", "instance"])
    def test_what_may_be_absent(self, name):
        """
        What is absent is not null.
        """
        assert {"type": "string"} == SCHEMA["properties"][name]

    def test_what_is_said_of_a_member(self):
        """
        Constraints, descriptions and examples of a member are kept.
        """
        assert {"type": "integer", "minimum": 1, "description": "The id.", "examples": [7]} == SCHEMA["properties"][
            "item_id"
        ]

    @pytest.mark.parametrize("name", ["quota", "query", "X-Quota"])
    def test_what_is_not_sent(self, name):
        """
        Members that are only headers, and excluded ones, are in no document.
        """
        assert name not in SCHEMA["properties"]

    def test_the_object_is_open(self):
        """
        A client ignores members that it does not know (RFC 9457, section 3.2).
        """
        assert "additionalProperties" not in SCHEMA

    def test_description(self):
        """
        The docstring of the class is the description.
        """
        assert "No item has the requested id.\n\nIt may have been sold." == SCHEMA["description"]

    def test_without_docstring(self):
        """
        A class that says nothing has at least its title.
        """
        assert "Out of stock (409)." == OutOfStock.problem_model.model_json_schema()["description"]

    @pytest.mark.parametrize(
        ("cls", "name"), [(ItemNotFound, "ItemNotFound"), (OutOfStock, "NoStock")], ids=["class", "schema_name"]
    )
    def test_name(self, cls, name):
        """
        The model is called as the component is.
        """
        assert name == registry.model(cls).__name__

    @pytest.mark.parametrize(
        "problem",
        [
            pytest.param(ItemNotFound(item_id=7), id="least"),
            pytest.param(ItemNotFound(item_id=7, position={"line": 3}, instance="urn:uuid:7"), id="most"),
        ],
    )
    def test_what_is_sent_is_valid(self, problem):
        """
        A document fits the schema of its type.
        """
        document = registry.details(problem).model_dump(mode="json")

        assert [] == [error.message for error in Draft202012Validator(SCHEMA).iter_errors(document)]


class TestValidation:
    def test_a_document(self):
        """
        The model reads what is sent.
        """
        document = registry.details(ItemNotFound(item_id=7, has_alias=3)).model_dump(mode="json")

        read = registry.model(ItemNotFound).model_validate(document)

        assert (f"{BASE}item-not-found", 7, 3) == (read.type, read.item_id, read.has_alias)

    def test_another_type(self):
        """
        A document of another type does not validate.
        """
        document = registry.details(OutOfStock(left=1)).model_dump(mode="json")

        with pytest.raises(ValidationError):
            registry.model(ItemNotFound).model_validate(document)

    def test_a_union(self):
        """
        A union of models is discriminated by `type`.
        """
        either: Any = registry.model(ItemNotFound) | registry.model(OutOfStock)
        adapter: TypeAdapter[Any] = TypeAdapter(Annotated[either, Field(discriminator="type")])
        document = registry.details(OutOfStock(left=1)).model_dump(mode="json")

        assert registry.model(OutOfStock) is type(adapter.validate_python(document))

    def test_written_again(self):
        """
        What was read is written as it was sent.
        """
        document = registry.details(ItemNotFound(item_id=7, has_alias=3)).model_dump(mode="json")

        read = registry.model(ItemNotFound).model_validate(document)

        assert document == {name: value for name, value in read.model_dump(mode="json").items() if name != "instance"}


class TestReference:
    def test_the_type_as_written(self):
        """
        Without a registry the type is the reference as written.
        """
        assert ("item-not-found",) == get_args(ItemNotFound.problem_model.model_fields["type"].annotation)

    def test_the_type_on_the_wire(self):
        """
        A registry's model has the one URI.
        """
        assert Literal["https://shop.example/problems/item-not-found"] == (
            registry.model(ItemNotFound).model_fields["type"].annotation
        )
