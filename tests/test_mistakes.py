"""Wrong definitions and wrong calls raise errors with full sentences, and subclasses without declarations."""

import copy
import pickle
import types
from typing import Any, ClassVar, Generic, TypeVar

import pytest
from pydantic import BaseModel, Field

from problems import (
    ClientProblem,
    Conflict,
    NotFound,
    Problem,
    ProblemDetails,
    Registry,
    ServiceUnavailable,
    TooManyRequests,
    Unauthorized,
)
from problems.answering import Policy, RequestFacts, answer
from problems.declaring._definition import definition_of
from problems.errors import InvalidDefinition, InvalidHeader, InvalidMembers

BASE = "https://shop.example/problems/"
T = TypeVar("T")


class OutOfStock(Conflict, type="out-of-stock", title="Out of stock", detail="{available} left."):
    """Fewer items are in stock than were ordered."""

    item_id: int
    available: int = Field(default=2, alias="left")


def refusal(define) -> str:
    """Return the sentence that refuses a class or a call."""
    with pytest.raises((InvalidDefinition, InvalidMembers, InvalidHeader)) as caught:
        define()
    return str(caught.value)


class TestDefinitions:
    @pytest.mark.parametrize("title", ["Item {item_id}", "A {", "}", "{{a}}"])
    def test_a_title_with_braces(self, title):
        """
        A title does not vary by occurrence (RFC 9457, section 3.1.3).
        """
        text = refusal(lambda: type("Sold", (NotFound,), {}, type="sold", title=title))

        assert f"`detail={title!r}`" in text

    @pytest.mark.parametrize(
        ("base", "status", "name"), [(NotFound, 409, "Conflict"), (ServiceUnavailable, 502, "BadGateway")]
    )
    def test_a_status_that_contradicts_the_base(self, base, status, name):
        """
        The sentence names the base that has the status.
        """
        text = refusal(lambda: type("Sold", (base,), {}, type="sold", title="Sold", status=status))

        assert f"`{name}`" in text

    @pytest.mark.parametrize("value", [5, "red", None, [1], (1, 2), {"a": 1}, 1.5, object()])
    def test_a_plain_value(self, value):
        """
        A public value without annotation raises an error with both possible lines.
        """
        text = refusal(lambda: type("Sold", (NotFound,), {"colour": value}, type="sold", title="Sold"))

        assert f"`colour: {type(value).__name__} = …`" in text
        assert "ClassVar[" in text

    def test_what_else_a_body_has(self):
        """
        Methods, properties, descriptors, nested classes, constants and private values are accepted.
        """

        class Sold(NotFound, type="sold", title="Sold"):
            limit: ClassVar[int] = 5
            _cache = None

            class Nested:
                """A class."""

            def method(self) -> None:
                """Do nothing."""

            static = staticmethod(len)
            made = classmethod(lambda cls: cls())
            computed = property(lambda _: 7)

        assert 7 == Sold().computed

    @pytest.mark.parametrize(
        ("word", "meant"), [("typ", "type"), ("alias", "aliases"), ("status_code", "status"), ("zzz", None)]
    )
    def test_a_misspelt_keyword(self, word, meant):
        """
        The sentence has the keyword that was meant, or all of them.
        """
        text = refusal(lambda: type("Sold", (NotFound,), {}, **{word: "x"}))

        assert (f"Did you mean `{meant}=`?" in text) if meant else ("`schema_name`" in text)

    def test_a_model_beside_a_problem(self):
        """
        A problem class is not a pydantic model, and the sentence says how members are declared.
        """

        def define() -> None:
            class Sold(NotFound, BaseModel, type="sold", title="Sold"):
                item_id: int

        assert "cannot have both NotFound and BaseModel" in refusal(define)

    def test_a_problem_is_still_without_a_configuration(self):
        """
        The attribute that refuses a model is there for pydantic only.
        """
        assert not hasattr(NotFound, "model_config")


class TestCalls:
    @pytest.mark.parametrize(
        ("call", "part"),
        [
            pytest.param(lambda: NotFound(404, "No."), "`NotFound('No.')`", id="status first"),
            pytest.param(lambda: OutOfStock(409, "No."), "`OutOfStock('No.', item_id=…)`", id="status first, declared"),
            pytest.param(lambda: OutOfStock(7, 3), "`OutOfStock(item_id=7, available=3)`", id="positional members"),
            pytest.param(lambda: NotFound({"code": 1}), "(dict)", id="detail that is not a text"),
            pytest.param(lambda: OutOfStock(item=7), "Did you mean `item_id=`?", id="misspelt member"),
            pytest.param(
                lambda: OutOfStock(item_id=7, zzz=1), "The members are: item_id, available", id="unknown member"
            ),
            pytest.param(OutOfStock, "`OutOfStock(…, item_id=…)`", id="missing member"),
            pytest.param(
                lambda: OutOfStock(item_id=1, left="x"),
                "`available=` got a value",
                id="misfit under an alias",
            ),
            pytest.param(lambda: Unauthorized("No."), '`Unauthorized(…, challenges="Bearer")`', id="missing header"),
            pytest.param(lambda: TooManyRequests(retry_after="soon"), "expected seconds", id="union"),
            pytest.param(lambda: NotFound(status_code=404), "leave out `status_code=404`", id="status_code"),
            pytest.param(lambda: OutOfStock(item_id=7, status=404), "leave out `status=404`", id="status, declared"),
            pytest.param(lambda: NotFound(headers="X-A: b"), "headers={'X-A': 'b'}", id="headers"),
            pytest.param(lambda: NotFound(headers=7), "`headers` must be a mapping; got 7", id="no mapping"),
            pytest.param(lambda: NotFound(instance=7), 'got 7. Write `instance="…"`', id="instance"),
            pytest.param(lambda: NotFound(title="Gone"), "leave out `title='Gone'`", id="title"),
            pytest.param(lambda: NotFound(type="gone"), "`class Other(NotFound, type=…, title=…)`", id="type"),
            pytest.param(
                lambda: OutOfStock(item_id=7, available=1, title="x"),
                "Write `OutOfStock(item_id=…)`",
                id="title, declared",
            ),
            pytest.param(lambda: OutOfStock(item_id=7, available=1, detial="x"), "`detail=`", id="misspelt detail"),
            pytest.param(lambda: OutOfStock(item_id=None, available=1), "`item_id=` got `None`", id="None"),
            pytest.param(lambda: NotFound(headers={"X-A": 1}), 'Write `{"X-A": "…"}`', id="header that is a number"),
            pytest.param(lambda: NotFound(headers={7: "a"}), "its name is of type 'int'", id="name of a header"),
            pytest.param(lambda: types.new_class("Other", (NotFound("x"),)), "`class Other(NotFound):`", id="base"),
        ],
    )
    def test_the_sentence(self, call, part):
        """
        A wrong call is answered with the line to write, in one short sentence.
        """
        text = refusal(call)

        assert part in text
        assert len(text) <= 400

    def test_long_values_are_cut(self):
        """
        A message is short, whatever was given.
        """
        assert len(refusal(lambda: NotFound(["x" * 10_000]))) < 300


def local() -> Any:
    """Return a class that only has another name."""
    return type("Local", (OutOfStock,), {})


def lower() -> Any:
    """Return a class two levels below."""
    return type("Lower", (local(),), {"is_low": lambda self: True})


same = pytest.mark.parametrize("make", [local, lower])


class TestSameType:
    @same
    def test_facts(self, make):
        """
        A subclass that declares nothing has the facts of its base, and is that type for a registry.
        """
        cls = make()
        registry = Registry(cls, base=BASE)

        assert [OutOfStock] == list(registry)
        assert cls in registry
        assert (OutOfStock.problem_type, f"{BASE}out-of-stock") == (cls.problem_type, registry.uri(cls))
        assert definition_of(cls) is definition_of(OutOfStock)
        assert registry.model(cls) is registry.model(OutOfStock)

    @same
    def test_answers(self, make):
        """
        Its occurrences are sent and revived as the type.
        """
        registry = Registry(OutOfStock, base=BASE)
        body = answer(make()(item_id=7), RequestFacts({}), Policy(instance=None), registry).body
        revived = registry.revive(ProblemDetails.model_validate_json(body))

        assert isinstance(revived, OutOfStock)
        assert (7, 2) == (revived.item_id, revived.available)

    def test_an_exception_that_delegates(self):
        """
        An exception that a task runner derives at run time sends the members of its cause.
        """
        cause = OutOfStock(item_id=7)

        class Dual(ValueError, OutOfStock):
            def __init__(self) -> None:
                self.args = ()

            def __getattr__(self, name: str) -> Any:
                return getattr(cause, name)

        assert {"item_id": 7, "left": 2} == dict(Dual().problem_details.extensions)

    def test_copies(self):
        """
        An initialiser of its own is not called for a copy.
        """

        class FromShelf(OutOfStock):
            def __init__(self, shelf: list[int]) -> None:
                super().__init__(item_id=len(shelf))

        assert 2 == copy.deepcopy(FromShelf([1, 2])).item_id
        assert 7 == pickle.loads(pickle.dumps(OutOfStock(item_id=7))).item_id  # noqa: S301 - our own

    def test_a_member_makes_another_type(self):
        """
        A subclass with a member needs a type URI of its own.
        """
        with pytest.raises(InvalidDefinition, match="`type` is missing"):
            type("More", (OutOfStock,), {"__annotations__": {"more": int}})

    @pytest.mark.parametrize("base", [NotFound, ClientProblem])
    def test_below_a_class_without_a_type(self, base):
        """
        Below a catalog class or an abstract base, a class is one of its own.
        """
        cls = type("Own", (base,), {})

        assert definition_of(cls) is not definition_of(base)

    def test_a_bound_type_variable(self):
        """
        A class that binds a generic one is one of its own.
        """

        class Wrong(NotFound, Generic[T], type="wrong", title="Wrong"):
            value: T

        class WrongNumber(Wrong[int], type="wrong-number", title="Wrong number"):
            """A number is wrong."""

        assert definition_of(WrongNumber) is not definition_of(Wrong)
        assert 7 == WrongNumber(value="7").value


def test_public_attributes():
    """
    Everything of this package on a class is public, or behind one private attribute.
    """
    ours = set(dir(Problem)) - set(dir(Exception))

    assert {"problem_type", "problem_model", "problem_details"} == {it for it in ours if it.startswith("problem_")}
    assert {"_problem"} == {it for it in ours if it.startswith("_") and not it.startswith("__")}
