"""Examples of problem documents: valid against their own schema, or none."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import AnyUrl, BaseModel, Field, SecretStr

from problems import Conflict, NotFound, Registry, ResponseHeader, TooManyRequests
from problems.openapi import component_schemas
from problems.openapi._examples import example_document, example_value

registry = Registry(base="https://shop.example/problems/")


class Colour(Enum):
    RED = "red"


class Box(BaseModel):
    width: Annotated[int, Field(gt=3)]
    label: str = "box"


class Node(BaseModel):
    name: str
    children: list["Node"]


def problem(annotations: Mapping[str, Any], **words: Any) -> type[Conflict]:
    """Return a problem class with these members."""
    namespace = {"__annotations__": dict(annotations), "__module__": __name__}
    return type(Conflict)("Made", (Conflict,), namespace, **{"type": "made", "title": "Made", **words})


def example_of(cls):
    return example_document(cls, registry.facts(cls), registry.model(cls))


def check(cls, example):
    """Fail unless *example* is valid against the component schema of *cls*."""
    schemas = component_schemas(registry, cls)
    text = Draft202012Validator({"$ref": "#/components/schemas/Made", "components": {"schemas": schemas}})
    text.validate(example)


class TestDocument:
    @pytest.mark.parametrize(
        "annotation",
        [
            pytest.param(int, id="int"),
            pytest.param(float, id="float"),
            pytest.param(bool, id="bool"),
            pytest.param(str, id="str"),
            pytest.param(bytes, id="bytes"),
            pytest.param(Decimal, id="decimal"),
            pytest.param(datetime, id="datetime"),
            pytest.param(date, id="date"),
            pytest.param(time, id="time"),
            pytest.param(timedelta, id="timedelta"),
            pytest.param(UUID, id="uuid"),
            pytest.param(AnyUrl, id="url"),
            pytest.param(IPv4Address, id="ip address"),
            pytest.param(Path, id="path"),
            pytest.param(SecretStr, id="secret"),
            pytest.param(Colour, id="enum"),
            pytest.param(Literal["a", 1], id="literal"),
            pytest.param(Box, id="model"),
            pytest.param(Node, id="recursive model"),
            pytest.param(list[Box], id="list of models"),
            pytest.param(set[int], id="set"),
            pytest.param(tuple[int, str], id="tuple"),
            pytest.param(dict[str, Box], id="mapping"),
            pytest.param(int | None, id="optional"),
            pytest.param(Any, id="anything"),
            pytest.param(Annotated[int, Field(ge=10, multiple_of=7)], id="multiple"),
            pytest.param(Annotated[float, Field(gt=0, lt=1)], id="open interval"),
            pytest.param(Annotated[int, Field(lt=-5)], id="upper bound"),
            pytest.param(Annotated[str, Field(min_length=10, max_length=12)], id="length"),
            pytest.param(Annotated[str, Field(max_length=3)], id="short"),
            pytest.param(Annotated[str, Field(pattern=r"^[A-Z]{3}$")], id="letters"),
            pytest.param(Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")], id="hexadecimal"),
            pytest.param(Annotated[str, Field(pattern=r"^\d{5}$")], id="digits"),
            pytest.param(Annotated[str, Field(pattern=r"^[a-z]+-\d+$")], id="letters and digits"),
            pytest.param(Annotated[list[int], Field(min_length=3)], id="long list"),
            pytest.param(Annotated[set[str], Field(min_length=3)], id="large set"),
            pytest.param(Annotated[dict[str, int], Field(min_length=2)], id="large mapping"),
            pytest.param(Annotated[Decimal, Field(ge=1, max_digits=5, decimal_places=2)], id="money"),
        ],
    )
    def test_it_is_valid(self, annotation):
        """
        An example is made up for every type, and fits the published schema.
        """
        cls = problem({"value": annotation})
        example = example_of(cls)

        assert example is not None
        check(cls, example)

    def test_declared_examples(self):
        """
        What the author gives as an example is taken.
        """
        cls = problem({"value": Annotated[str, Field(examples=["sku-1", "sku-2"])]})

        assert "sku-1" == example_of(cls)["value"]

    def test_defaults(self):
        """
        A default is an example.
        """
        cls = problem({"value": Annotated[int, Field(default=30)]})

        assert 30 == example_of(cls)["value"]

    def test_an_absent_default_is_not_shown(self):
        """
        Of a member that may be null the other value is shown.
        """
        cls = problem({"value": Annotated[int | None, Field(default=None)]})

        assert 1 == example_of(cls)["value"]

    def test_an_alias(self):
        """
        An example has the names on the wire.
        """
        cls = problem({"value": Annotated[int, Field(alias="theValue")]})

        assert 1 == example_of(cls)["theValue"]

    def test_detail(self):
        """
        The template is filled in with the values of the example.
        """
        cls = problem({"value": int}, detail="Only {value} left.")

        assert "Only 1 left." == example_of(cls)["detail"]

    def test_a_detail_that_needs_more(self):
        """
        A template that uses values outside of the document is left out.
        """

        class Throttled(TooManyRequests, type="throttled", title="Too fast", detail="Wait {seconds:.1f} s."):
            seconds: Annotated[int, ResponseHeader("X-Seconds", body=False)]

        assert "detail" not in example_of(Throttled)

    def test_nothing_can_be_made_up(self):
        """
        There is no example rather than a wrong one.
        """
        assert example_of(problem({"value": Annotated[str, Field(pattern=r"^x\d-[A-Z]{2}~$")]})) is None

    def test_a_pattern_that_python_does_not_know(self):
        """
        A pattern in another dialect does not crash.
        """
        assert example_value({"type": "string", "pattern": r"\p{L}("}, {}) is None

    def test_no_members(self):
        """
        A type without members has an example as well.
        """
        assert {"type": "about:blank", "title": "Not Found", "status": 404} == example_of(NotFound)


_MEMBERS: Any = st.sampled_from([int, float, str, bool, datetime, UUID, Decimal, Box, Colour])
_BOUNDED: Any = st.builds(
    lambda low, size: Annotated[int, Field(ge=low, le=low + size)], st.integers(-100, 100), st.integers(0, 50)
)
_TEXTS: Any = st.builds(
    lambda low, size: Annotated[str, Field(min_length=low, max_length=low + size)],
    st.integers(0, 80),
    st.integers(0, 9),
)


@settings(max_examples=40)
@given(
    st.dictionaries(
        st.sampled_from(["alpha", "beta", "gamma"]),
        st.recursive(
            _MEMBERS | _BOUNDED | _TEXTS,
            lambda inner: st.one_of(
                inner.map(lambda it: list[it]), inner.map(lambda it: it | None), inner.map(lambda it: dict[str, it])
            ),
            max_leaves=4,
        ),
        min_size=1,
    )
)
def test_any_members(annotations):
    """
    Whatever members a type has, its example fits its schema.
    """
    cls = problem(annotations)
    example = example_of(cls)

    assert example is not None
    check(cls, example)
