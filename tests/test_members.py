import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

import pytest
from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasPath,
    BaseModel,
    Field,
    PlainSerializer,
    SecretStr,
    StrictInt,
    field_serializer,
    field_validator,
)

from problems import Conflict, NotFound, Problem, Registry
from problems._wire.json import encode
from problems.declaring._definition import definition_of
from problems.declaring.problem import extensions_of
from problems.errors import InvalidDefinition, InvalidMembers

T = TypeVar("T")
U = TypeVar("U")

BASE = "https://shop.example/problems/"


class Money(BaseModel):
    amount: Decimal
    currency: str = "EUR"


class Node(BaseModel):
    name: str
    children: "list[Node]" = []


class Card(BaseModel):
    kind: Literal["card"]
    last: str


class Bank(BaseModel):
    kind: Literal["bank"]
    iban: str


@dataclass
class Position:
    line: int
    column: int = 1


class Colour(Enum):
    RED = "red"


class ItemNotFound(NotFound, type="item-not-found", title="Item not found"):
    item_id: int
    name: str = "?"


class Everything(Conflict, type="everything", title="Everything"):
    constrained: Annotated[int, Field(ge=1, le=9)] = 1
    aliased: int = Field(default=2, alias="has-alias")
    money: Money = Money(amount=Decimal("1.50"))
    tree: Node = Node(name="root", children=[Node(name="leaf")])
    position: Position = Position(line=3)
    paid_by: Annotated[Card | Bank, Field(discriminator="kind")] = Card(kind="card", last="4242")
    when: datetime = datetime(2026, 11, 25, 7, tzinfo=UTC)
    day: date = date(2026, 11, 25)
    colour: Colour = Colour.RED
    number: UUID = UUID(int=7)
    tags: set[str] = {"one"}  # noqa: RUF012 - pydantic copies it
    pairs: dict[str, tuple[int, int]] = {"a": (1, 2)}  # noqa: RUF012 - pydantic copies it
    strict: StrictInt = 5
    cheap: Annotated[Decimal, PlainSerializer(float)] = Decimal("0.5")
    maybe: int | None = None
    items: list[str] = Field(default_factory=list)


def document(problem: Problem) -> dict[str, Any]:
    """Return the extension members of the document of *problem*."""
    return dict(problem.problem_details.extensions)


def refusal(cls: type[Problem], **members: object) -> str:
    """Return why *cls* cannot be made of *members*."""
    with pytest.raises(InvalidMembers) as caught:
        cls(**members)
    return str(caught.value)


def read_back(problem: Problem) -> Problem:
    """Return *problem* as the client has it, with the members of its document."""
    registry = Registry(type(problem), base=BASE)
    return registry.revive(registry.details(problem))


class TestWhatIsRefused:
    def test_a_missing_member(self):
        """
        Class and member are named.
        """
        expected = "ItemNotFound cannot be made like this: `item_id=` is missing. Write `ItemNotFound(…, item_id=…)`."

        assert expected == refusal(ItemNotFound)

    def test_an_unknown_member(self):
        """
        A misspelt member is an unknown one.
        """
        assert refusal(ItemNotFound, item_id=7, nmae="x") == (
            "ItemNotFound cannot be made like this: 'nmae' is not a member. Did you mean `name=`?"
        )

    def test_all_that_is_wrong(self):
        """
        All errors are reported at once.
        """
        assert refusal(ItemNotFound, item_id="x", name=3) == (
            "ItemNotFound cannot be made like this: `item_id=` got a value of type 'str': Input should be a valid "
            "integer, unable to parse string as an integer. `name=` got a value of type 'int': Input should be a "
            "valid string."
        )

    def test_a_constraint(self):
        """
        Constraints are pydantic's.
        """
        assert refusal(Everything, constrained=10) == (
            "Everything cannot be made like this: `constrained=` got a value of type 'int': "
            "Input should be less than or equal to 9."
        )

    def test_where_in_a_nested_value(self):
        """
        The path into a nested value is reported.
        """
        assert "`money=` got a value of type 'dict': amount: Field required" in refusal(Everything, money={})

    @pytest.mark.parametrize(
        "members",
        [
            pytest.param({"item_id": "hunter2"}, id="int"),
            pytest.param({"item_id": 7, "name": ["hunter2"]}, id="str"),
        ],
    )
    def test_values_are_not_told(self, members):
        """
        A value may be a secret, so neither the sentence nor a cause shows it.
        """
        with pytest.raises(InvalidMembers) as caught:
            ItemNotFound(**members)

        assert ("hunter2" in str(caught.value), caught.value.__cause__) == (False, None)

    @pytest.mark.parametrize(
        "members",
        [
            pytest.param({"paid_by": {"kind": "hunter2"}}, id="discriminator"),
            pytest.param({"number": "hunter2"}, id="UUID"),
            pytest.param({"when": "hunter2"}, id="datetime"),
        ],
    )
    def test_nor_parts_of_values(self, members):
        """
        Messages of pydantic that quote the input are reworded.
        """
        assert "hunter2" not in refusal(Everything, **members)

    @pytest.mark.parametrize(("word", "value"), [("detail", 5), ("detail", ["x"]), ("instance", 5)])
    def test_texts_are_texts(self, word, value):
        """
        What RFC 9457 defines as a string is one.
        """
        assert f"`{word}` must be " in refusal(ItemNotFound, item_id=7, name="x", **{word: value})


class TestValidation:
    def test_values_are_converted(self):
        """
        A member has the type that is declared.
        """
        assert 7 == ItemNotFound(item_id="7").item_id

    def test_strict_members(self):
        """
        A strict member is not converted.
        """
        assert "`strict=` got a value of type 'str': Input should be a valid integer" in refusal(Everything, strict="5")

    def test_models_from_dictionaries(self):
        """
        A nested model takes a dictionary.
        """
        assert Money(amount=Decimal(2)) == Everything(money={"amount": 2}).money

    def test_models_as_they_are(self):
        """
        A model that exists already is not copied.
        """
        money = Money(amount=Decimal(2))

        assert Everything(money=money).money is money

    def test_discriminated_unions(self):
        """
        The discriminator selects the alternative.
        """
        assert Bank(kind="bank", iban="DE") == Everything(paid_by={"kind": "bank", "iban": "DE"}).paid_by

    def test_mutable_defaults_are_not_shared(self):
        """
        What one occurrence does to its default is not seen by another.
        """
        Everything().tags.add("two")
        Everything().items.append("x")

        assert ({"one"}, []) == (Everything().tags, Everything().items)

    def test_default_factories_of_other_members(self):
        """
        A default may be made of the members before it.
        """

        class Sized(NotFound):
            width: int
            area: int = Field(default_factory=lambda members: members["width"] ** 2)

        assert 9 == Sized(width=3).area

    def test_validated_defaults(self):
        """
        A default that asks to be validated is.
        """

        class Sized(NotFound):
            width: Annotated[int, Field(ge=1, validate_default=True)] = 0

        assert "`width=`: Input should be greater than or equal to 1" in refusal(Sized)

    def test_annotated_validators(self):
        """
        A validator in the annotation runs.
        """

        class Doubled(NotFound):
            width: Annotated[int, AfterValidator(lambda width: 2 * width)]

        assert 6 == Doubled(width=3).width


class TestValidators:
    class Range(NotFound):
        first: int
        last: int

        @field_validator("last")
        @classmethod
        def follows(cls, last: int, info: Any) -> int:
            if last < info.data["first"]:
                raise ValueError("the last comes after the first")
            return last

        @field_validator("*", mode="before")
        @classmethod
        def stripped(cls, value: object) -> object:
            return value.strip("#") if isinstance(value, str) else value

    def test_they_run(self):
        """
        A `field_validator` works as in a model.
        """
        assert (1, 2) == (self.Range(first="#1", last=2).first, self.Range(first=1, last="2#").last)

    def test_what_they_say(self):
        """
        The reason of a validator is reported unchanged.
        """
        assert refusal(self.Range, first=2, last=1).endswith(
            ": `last=` got a value of type 'int': the last comes after the first."
        )

    def test_they_are_inherited(self):
        """
        A subclass has the validators of its base.
        """

        class Sub(self.Range, type="sub", title="Sub"):
            pass

        assert "the last comes after the first" in refusal(Sub, first=2, last=1)


class TestSerializers:
    class Price(NotFound, type="price", title="Price"):
        currency: str
        amount: int
        tax: int = 0

        def formatted(self, number: int) -> str:
            return f"{number} {self.currency}"

        @field_serializer("amount")
        def with_currency(self, amount: int) -> str:
            return self.formatted(amount)

        @field_serializer("tax", mode="wrap")
        def as_percentage(self, tax: int, handler: Any, info: Any) -> str:
            return f"{handler(tax)}% ({info.field_name})"

    def test_they_run(self):
        """
        A `field_serializer` works as in a model, and has the problem as ``self``.
        """
        problem = self.Price(currency="EUR", amount=3, tax=19)

        assert {"currency": "EUR", "amount": "3 EUR", "tax": "19% (tax)"} == document(problem)

    def test_one_that_fails(self):
        """
        A serializer that fails costs the client that member, not the error; it may have hidden something.
        """

        class Broken(NotFound):
            item_id: int

            @field_serializer("item_id")
            def fail(self, item_id: int) -> str:
                raise RuntimeError

        assert {"item_id": None} == document(Broken(item_id=7))

    @pytest.mark.parametrize("given", ["\ud800", 10**5000, object()], ids=["surrogate", "digits", "unknown"])
    def test_they_hold_beside_what_cannot_be_encoded(self, given):
        """
        A value that takes the careful way does not take the others out of their disguise.
        """

        class Card(Conflict, type="card", title="Card"):
            number: Annotated[str, PlainSerializer(lambda number: f"****{number[-4:]}")]
            note: Annotated[str, Field(exclude_if=lambda _: True)] = "hidden"
            given: Any = None

        sent = document(Card(number="4111111111111111", given=given))

        assert ("****1111", False) == (sent["number"], "note" in sent)

    def test_annotated_serializers(self):
        """
        A serializer in the annotation runs.
        """
        assert 0.5 == document(Everything())["cheap"]


class TestAliases:
    class Aliased(NotFound, type="aliased", title="Aliased"):
        plain: int = Field(default=0, alias="a-plain")
        read: int = Field(default=0, validation_alias="a-read")
        sent: int = Field(default=0, serialization_alias="a-sent")
        both: int = Field(default=0, validation_alias="b-read", serialization_alias="b-sent")
        choice: int = Field(default=0, validation_alias=AliasChoices("c-one", AliasPath("c-many", 0)))
        path: int = Field(default=0, validation_alias=AliasPath("d-many", 1))
        many: int = Field(default=0, validation_alias=AliasChoices("e-one", "e-two"), serialization_alias="e-sent")
        deep: int = Field(default=0, validation_alias=AliasPath("f-many", 1), serialization_alias="f-sent")

    @pytest.mark.parametrize(
        ("given", "name"),
        [
            pytest.param({"plain": 7}, "plain", id="name"),
            pytest.param({"a-plain": 7}, "plain", id="alias"),
            pytest.param({"a-read": 7}, "read", id="validation_alias"),
            pytest.param({"read": 7}, "read", id="name beside validation_alias"),
            pytest.param({"sent": 7}, "sent", id="name beside serialization_alias"),
            pytest.param({"b-read": 7}, "both", id="both"),
            pytest.param({"c-one": 7}, "choice", id="choice"),
            pytest.param({"c-many": [7]}, "choice", id="path of a choice"),
            pytest.param({"choice": 7}, "choice", id="name beside a choice"),
            pytest.param({"d-many": [0, 7]}, "path", id="path"),
        ],
    )
    def test_the_initialiser_takes_names_and_aliases(self, given, name):
        """
        A member is given by its name or by an alias that pydantic validates by.
        """
        assert 7 == getattr(self.Aliased(**given), name)

    def test_the_name_on_the_wire(self):
        """
        A member is sent by its serialization alias.
        """
        names = {"a-plain", "read", "a-sent", "b-sent", "choice", "path", "e-sent", "f-sent"}

        assert names == document(self.Aliased()).keys() == set(definition_of(self.Aliased).members.sent.values())

    @pytest.mark.parametrize("name", ["plain", "read", "sent", "both", "choice", "path", "many", "deep"])
    def test_what_is_sent_is_read(self, name):
        """
        A client reads a member by the name that the server sends it under.
        """
        assert 7 == getattr(read_back(self.Aliased(**{name: 7})), name)

    def test_names_of_python_are_not_read(self):
        """
        What has an alias on the wire has no other name there.
        """
        assert 0 == definition_of(self.Aliased).members.read({"plain": 7}, None)["plain"]

    def test_former_names_are_read(self):
        """
        A client goes on reading a member by the names that it had before.
        """
        assert 7 == definition_of(self.Aliased).members.read({"e-two": 7}, None)["many"]

    def test_two_members_of_one_name(self):
        """
        Names in a document are unique (RFC 8259, section 4).
        """

        class Twice(NotFound):
            one: int = Field(alias="two")
            two: int

        with pytest.raises(InvalidDefinition) as caught:
            Twice(one=1)

        assert caught.value.reason == (
            "'two' is called 'two' on the wire, as a member of 'one' is. Choose another alias."
        )


class TestExcludedMembers:
    class Traced(NotFound, type="traced", title="Traced"):
        item_id: int
        query: str = Field(exclude=True, alias="the-query")
        since: Annotated[int, Field(exclude_if=lambda since: since == 0)] = 0

    def test_they_are_not_sent(self):
        """
        An excluded member is for the server alone.
        """
        assert {"item_id": 7} == document(self.Traced(item_id=7, query="SELECT"))

    def test_they_are_attributes(self):
        """
        The server has them, for its log.
        """
        assert "SELECT" == self.Traced(item_id=7, query="SELECT").query

    def test_a_condition(self):
        """
        A member may be left out for a value.
        """
        assert {"item_id": 7, "since": 1} == document(self.Traced(item_id=7, query="", since=1))

    def test_the_client_does_without(self):
        """
        A document without them is complete.
        """
        problem = read_back(self.Traced(item_id=7, query="SELECT"))

        assert (7, None) == (problem.item_id, problem.query)

    @pytest.mark.parametrize("name", ["query", "the-query"])
    def test_they_are_not_read(self, name):
        """
        No server can set what is never sent.
        """
        registry = Registry(self.Traced, base=BASE)

        problem = registry.revive_document({"type": f"{BASE}traced", "item_id": 7, name: "x"}, status=404)

        assert problem.query is None


class TestTypes:
    def test_on_the_wire(self):
        """
        Members are sent as pydantic sends them.
        """
        assert document(Everything()) == {
            "constrained": 1,
            "has-alias": 2,
            "money": {"amount": "1.50", "currency": "EUR"},
            "tree": {"name": "root", "children": [{"name": "leaf", "children": []}]},
            "position": {"line": 3, "column": 1},
            "paid_by": {"kind": "card", "last": "4242"},
            "when": "2026-11-25T07:00:00Z",
            "day": "2026-11-25",
            "colour": "red",
            "number": "00000000-0000-0000-0000-000000000007",
            "tags": ["one"],
            "pairs": {"a": [1, 2]},
            "strict": 5,
            "cheap": 0.5,
            "maybe": None,
            "items": [],
        }

    @pytest.mark.parametrize("name", definition_of(Everything).members.names)
    def test_and_back(self, name):
        """
        The client has the values that the server had.
        """
        sent = Everything()

        assert getattr(sent, name) == getattr(read_back(sent), name)

    def test_secrets_are_masked(self):
        """
        A secret is not sent (RFC 9457, section 5).
        """

        class Leak(NotFound):
            key: SecretStr

        assert {"key": "**********"} == document(Leak(key="hunter2"))

    @pytest.mark.parametrize("value", [float("nan"), float("inf")])
    def test_numbers_that_json_has_not(self, value):
        """
        JSON has no NaN (RFC 8259, section 6).
        """

        class Measured(NotFound):
            value: float

        assert {"value": None} == document(Measured(value=value))

    @pytest.mark.parametrize(
        "value", [b"\xff", "\ud800", object(), 10**5000], ids=["bytes", "surrogate", "object", "n"]
    )
    def test_anything_can_be_sent(self, value):
        """
        What cannot be encoded is replaced, and the other members stay.
        """

        class Loose(NotFound):
            item_id: int
            value: Any = Field(alias="the-value")

        sent = document(Loose(item_id=7, value=value))

        assert (7, {"item_id", "the-value"}) == (sent["item_id"], sent.keys())

    def test_dates_for_strict_members(self):
        """
        A strict member fits what JSON can say of it.
        """

        class Closed(NotFound, type="closed", title="Closed"):
            since: Annotated[date, Field(strict=True)]

        assert date(2026, 11, 25) == read_back(Closed(since=date(2026, 11, 25))).since

    def test_a_problem_is_no_member(self):
        """
        What pydantic cannot take is named when the class is first used.
        """

        class Outer(NotFound):
            inner: NotFound

        with pytest.raises(
            InvalidDefinition,
            match=r"a problem cannot be a member \(NotFound is an exception, not a model\)\. Declare a pydantic model",
        ):
            Outer(inner=NotFound())

    def test_nor_is_it_one_of_itself(self):
        """
        A recursive problem would have to be raised by itself.
        """

        class Outer(NotFound):
            inner: "list[Outer] | None" = None

        with pytest.raises(InvalidDefinition, match="a problem cannot be a member of itself"):
            Outer()


class TestGenerics:
    def test_bound_by_subclassing(self):
        """
        A type variable means what the subclass says.
        """

        class Page(NotFound, Generic[T], abstract=True):
            item: T

        class NumberPage(Page[int], type="number-page", title="Page"):
            pass

        assert 7 == NumberPage(item="7").item

    def test_bound_in_steps(self):
        """
        Variables can be bound one after the other, at any level.
        """

        class Pair(NotFound, Generic[T, U], abstract=True):
            one: T
            two: list[U]

        class Half(Pair[int, U], Generic[U], abstract=True):
            three: U

        class Whole(Half[bool], type="whole", title="Whole"):
            pass

        problem = Whole(one="1", two=["true"], three="no")

        assert (1, [True], False) == (problem.one, problem.two, problem.three)

    def test_bound_to_models(self):
        """
        A variable can be a model.
        """

        class Page(NotFound, Generic[T], abstract=True):
            items: list[T]

        class MoneyPage(Page[Money], type="money-page", title="Page"):
            pass

        assert {"items": [{"amount": "1", "currency": "EUR"}]} == document(MoneyPage(items=[{"amount": 1}]))

    @pytest.mark.skipif(sys.version_info < (3, 12), reason="the syntax of PEP 695 needs Python 3.12")
    @pytest.mark.parametrize("future", ["", "from __future__ import annotations\n"], ids=["values", "text"])
    def test_type_parameters(self, future):
        """
        A class may declare its variables in its header (PEP 695).
        """
        program = """
from problems import NotFound
class Page[T](NotFound, abstract=True):
    items: list[T]
class NumberPage(Page[int], type="number-page", title="Page"):
    pass
"""
        names: dict[str, Any] = {"__name__": __name__}
        exec(future + program, names)  # noqa: S102 - older versions cannot read it

        assert [7] == names["NumberPage"](items=["7"]).items

    def test_in_the_schema(self):
        """
        The schema has the bound type.
        """

        class Page(NotFound, Generic[T], abstract=True):
            item: T

        class NumberPage(Page[int], type="number-page", title="Page"):
            pass

        assert {"type": "integer"} == NumberPage.problem_model.model_json_schema()["properties"]["item"]


class TestNestedModels:
    def test_in_the_body(self):
        """
        A model can be defined in the body of the problem that uses it.
        """

        class Misplaced(NotFound):
            class Position(BaseModel):
                line: int

            position: Position
            others: "list[Position] | None" = None

        assert {"position": {"line": 3}, "others": None} == document(Misplaced(position={"line": 3}))


class TestInheritance:
    class HasItem(Problem, abstract=True):
        item_id: Annotated[int, Field(ge=1)]

    class HasOwner(Problem, abstract=True):
        owner: str = "unknown"

    class Both(HasOwner, HasItem, NotFound, type="both", title="Both"):
        more: bool = False

    def test_members_of_all_bases(self):
        """
        A class has the members of all its bases.
        """
        assert {"item_id": 7, "owner": "unknown", "more": False} == document(self.Both(item_id=7))

    def test_constraints_of_bases(self):
        """
        Inherited members keep their meaning.
        """
        assert "`item_id=` got a value of type 'int': Input should be greater than or equal to 1" in refusal(
            self.Both, item_id=0
        )

    def test_a_mixin_that_is_no_problem(self):
        """
        Annotations of a class that is not a problem are not members, for type checkers too.
        """

        class Mixin:
            item_id: int

        class Mixed(Mixin, NotFound):
            more: int

        assert ("more",) == definition_of(Mixed).members.names

    def test_a_default_for_an_inherited_member(self):
        """
        A subclass may declare a member anew.
        """

        class Known(self.HasItem, NotFound, type="known", title="Known"):
            item_id: int = 0

        assert 0 == Known().item_id

    def test_bases_built_later(self):
        """
        It does not matter which class is used first.
        """

        class Base(NotFound, type="base", title="Base"):
            one: int

        class Sub(Base, type="sub", title="Sub"):
            two: int

        first = Sub(one=1, two=2)

        assert ({"one": 1, "two": 2}, {"one": 1}) == (document(first), document(Base(one=1)))

    def test_bases_built_first(self):
        """
        A subclass does not take its base's members for its own.
        """

        class Base(NotFound, type="base", title="Base"):
            one: int

        Base(one=1)

        class Sub(Base, type="sub", title="Sub"):
            two: int

        assert {"one": 1, "two": 2} == document(Sub(one=1, two=2))


class TestOpenTypes:
    def test_any_member(self):
        """
        A type of the catalog takes any members.
        """
        assert {"item_id": 7, "more": [1]} == document(NotFound(item_id=7, more=[1]))

    def test_they_are_attributes(self):
        """
        What is given is there.
        """
        assert 7 == NotFound(item_id=7).item_id

    def test_declared_members_besides(self):
        """
        An open type may declare some members.
        """

        class Open(NotFound, type="open", title="Open", init=False):
            item_id: int

        assert {"item_id": 7, "more": 1} == document(Open(item_id="7", more=1))

    @pytest.mark.parametrize("name", ["args", "problem_type", "request", "model_fields", "_x"])
    def test_reserved_names(self, name):
        """
        The reserved names are reserved here too.
        """
        assert refusal(NotFound, **{name: 1}).startswith(f"NotFound cannot be made like this: {name!r} ")

    def test_unusual_values(self):
        """
        What cannot be encoded is replaced.
        """
        assert {"value": None} == document(NotFound(value=object()))

    def test_a_declared_subclass_is_closed(self):
        """
        A class with declared members reports misspelt ones.
        """
        assert "'more' is not a member. The members are: item_id, name." in refusal(ItemNotFound, item_id=7, more=1)


class TestReading:
    def test_members_that_are_not_declared(self):
        """
        Clients ignore members that they do not know (RFC 9457, section 3.2).
        """
        assert {"item_id": 7, "name": "?"} == definition_of(ItemNotFound).members.read({"item_id": 7, "more": 1}, None)

    def test_from_a_document_of_json(self):
        """
        Standard members do not disturb.
        """
        read = definition_of(ItemNotFound).members.read({"type": "x", "status": 404, "item_id": 7, "name": "x"}, {})

        assert {"item_id": 7, "name": "x"} == read

    def test_the_models_are_cheap_to_make_again(self):
        """
        What is built once is kept.
        """
        assert definition_of(ItemNotFound).members is definition_of(ItemNotFound).members


def test_serialization_does_not_need_the_model():
    """
    The serializer writes the members from the dictionary of an occurrence.
    """
    assert encode({"item_id": 7, "name": "?"}) == extensions_of(ItemNotFound(item_id=7))


def test_sequences():
    """
    A sequence stays what it is.
    """

    class Many(NotFound):
        values: Sequence[int]

    assert (1, 2) == Many(values=(1, "2")).values
