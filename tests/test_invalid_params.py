import itertools
import json
import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, NamedTuple, Union
from unittest.mock import ANY
from urllib.parse import unquote
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from fastapi import Body, Cookie, FastAPI, File, Form, Header, Path, Query, Request, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasPath,
    AnyUrl,
    Base64Bytes,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    ImportString,
    Json,
    RootModel,
    Secret,
    SecretBytes,
    SecretStr,
    Tag,
    TypeAdapter,
    ValidationError,
    WrapValidator,
    create_model,
    model_validator,
)
from pydantic.dataclasses import dataclass
from pydantic_core import PydanticCustomError, PydanticKnownError, from_json, to_json
from pydantic_core._pydantic_core import list_all_errors
from starlette.datastructures import FormData
from typing_extensions import TypedDict

from problems._wire.invalid_params import (
    MASK,
    MASKED_NAMES,
    InvalidParam,
    RejectedParam,
    _known,
    invalid_params,
    rejected,
    secret_names,
)
from problems._wire.invalid_params._echoes import Echoes
from problems._wire.invalid_params._messages import BUILT_IN, ROWS, context_of, message_of
from problems._wire.invalid_params._pointers import POINTER_LIMIT, Places, fragment

SECRET = "xK7qZw9"
"""Part of an input that no message may repeat."""


def pointer_to(loc, body, value):
    """Return the pointer to *value* in *body*."""
    return Places(body).pointer(loc, value)[0]


def errors_of(annotation, body):
    """Return pydantic's errors about *body*."""
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(annotation).validate_python(body)
    return caught.value.errors(include_url=False)


def pointers(annotation, body):
    """Return the pointers to what *annotation* rejects in *body*."""
    return [param["pointer"] for param in rejected(errors_of(annotation, body), body, location="body")]


def the_param(annotation, body, **options):
    """Return the reported entry for the one error in *body*."""
    (param,) = rejected(errors_of(annotation, body), body, location="body", **options)
    return param


def known(code):
    """Mark a test that needs a pydantic which has the error type *code*."""
    return pytest.mark.skipif(code not in BUILT_IN, reason=f"this pydantic has no {code}")


def error(**entries):
    """Return an error as FastAPI has it, with *entries*."""
    return {
        "type": "int_type",
        "loc": ("body", "age"),
        "msg": "Input should be a valid integer",
        "input": "x",
    } | entries


def resolved(pointer, document):
    """Return the value that *pointer* leads to, as RFC 6901 says."""
    for token in pointer.removeprefix("#").split("/")[1:]:
        name = unquote(token).replace("~1", "/").replace("~0", "~")
        document = document[int(name)] if isinstance(document, list | tuple) else document[name]
    return document


class Dog(BaseModel):
    kind: Literal["dog"]
    barks: bool
    name: str = "Rex"


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: Annotated[int, Field(le=9)]


Pet = Annotated[Dog | Cat, Field(discriminator="kind")]


class Owner(BaseModel):
    pet: Pet
    others: list[Pet] = []


class Home(BaseModel):
    owners: dict[str, Owner]


class Tree(BaseModel):
    label: int
    trees: list["Tree"] = []


class Branch(BaseModel):
    kind: Literal["branch"]
    branch: "Node"


class Leaf(BaseModel):
    kind: Literal["leaf"]
    leaf: int


Node = Annotated[Branch | Leaf, Field(discriminator="kind")]


class Card(BaseModel):
    type: Literal["card"]
    card: dict[str, int]
    amount: int


class Transfer(BaseModel):
    type: Literal["transfer"]
    amount: int


class Payment(BaseModel):
    payment: Annotated[Card | Transfer, Field(discriminator="type")]


class Aliased(BaseModel):
    first: int = Field(alias="firstName")
    second: int = Field(default=0, validation_alias=AliasChoices("secondName", "second-name"))


class Deep(BaseModel):
    value: int = Field(validation_alias=AliasPath("a", "b", 0))


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")

    amount: int = 0


class Point(NamedTuple):
    x: int
    y: int


class Movie(TypedDict):
    year: int


@dataclass
class Size:
    width: int
    height: int = 0


class Stored(BaseModel):
    settings: Json[Strict]
    amount: object = None


class Renamed(BaseModel):
    new: int

    @model_validator(mode="before")
    @classmethod
    def rename(cls, members):
        return {"new": members.get("old")}


class Emptied(BaseModel):
    new: int

    @model_validator(mode="before")
    @classmethod
    def remove(cls, members):
        return {}


class Copied(BaseModel):
    inner: Strict
    wanted: int

    @model_validator(mode="before")
    @classmethod
    def copy_all(cls, members):
        return json.loads(json.dumps(members))


class Dependent(BaseModel):
    first: int
    second: int = Field(default_factory=lambda members: members["first"])


class Checked(BaseModel):
    low: int
    high: int

    @model_validator(mode="after")
    def check(self):
        raise ValueError("low is above high")


Split = Annotated[list[int], BeforeValidator(lambda text: text.split(","))]
Same = AfterValidator(lambda value: value)
Mixed = Union[  # noqa: UP007 - a union of annotated types
    Annotated[int, Same],
    Annotated[list[int], WrapValidator(lambda value, handler: handler(value))],
    Annotated[dict[str, int], BeforeValidator(lambda value: value)],
]
Digits = Annotated[
    Annotated[Strict, Tag("1")] | Annotated[Tree, Tag("2")],
    Discriminator(lambda members: members.get("version")),
]
Short = Annotated[str, Field(max_length=3)]
Keyed = Annotated[
    Annotated[dict[Short, dict[str, int]], Tag("dog")] | Annotated[int, Tag("cat")], Discriminator(lambda value: "dog")
]

CASES = [
    pytest.param(Strict, {"amount": "x"}, ["#/amount"], id="member"),
    pytest.param(Tree, {}, ["#/label"], id="missing member"),
    pytest.param(Strict, {"a/b~c": 1}, ["#/a~1b~0c"], id="slash and tilde"),
    pytest.param(Strict, {"100%": 1}, ["#/100%25"], id="percent"),
    pytest.param(Strict, {"naïve name": 1}, ["#/na%C3%AFve%20name"], id="beyond ASCII"),
    pytest.param(Strict, {"": 1}, ["#/"], id="empty name"),
    pytest.param(Strict, {"kebab-case.and": 1}, ["#/kebab-case.and"], id="unreserved"),
    pytest.param(list[int], [1, "x"], ["#/1"], id="item"),
    pytest.param(dict[str, int], {"1": "x"}, ["#/1"], id="name of digits"),
    pytest.param(int, "x", ["#"], id="the whole document"),
    pytest.param(Strict, None, ["#"], id="null for an object"),
    pytest.param(Strict, b"x", ["#"], id="bytes for an object"),
    pytest.param(Checked, {"low": 2, "high": 1}, ["#"], id="all of a model"),
    pytest.param(list[Checked], [{"low": 2, "high": 1}], ["#/0"], id="all of an inner model"),
    pytest.param(
        Tree, {"label": 1, "trees": [{"label": 1, "trees": [{}]}]}, ["#/trees/0/trees/0/label"], id="recursive"
    ),
    pytest.param(Owner, {"pet": {"kind": "dog", "barks": "often"}}, ["#/pet/barks"], id="tag"),
    pytest.param(Owner, {"pet": {"kind": "dog"}}, ["#/pet/barks"], id="missing below a tag"),
    pytest.param(Owner, {"pet": {"kind": "cow"}}, ["#/pet"], id="unknown tag"),
    pytest.param(Owner, {"pet": {}}, ["#/pet"], id="no tag"),
    pytest.param(Owner, {"pet": {"kind": "cat", "lives": 10, "cat": 1}}, ["#/pet/lives"], id="name of a tag beside it"),
    pytest.param(
        Owner, {"pet": {"kind": "cat", "lives": 10, "cat": {"lives": 9}}}, ["#/pet/lives"], id="tag is a member, too"
    ),
    pytest.param(
        Home,
        {"owners": {"dog": {"pet": {"kind": "dog", "barks": True}, "others": [{"kind": "cat", "lives": "x"}]}}},
        ["#/owners/dog/others/0/lives"],
        id="tag in a list in a mapping",
    ),
    pytest.param(
        Node,
        {"kind": "branch", "branch": {"kind": "branch", "branch": {"kind": "leaf", "leaf": "x"}}},
        ["#/branch/branch/leaf"],
        id="tags that are members, recursive",
    ),
    pytest.param(
        Node,
        {"kind": "branch", "branch": {"kind": "branch", "branch": {"kind": "leaf"}}},
        ["#/branch/branch/leaf"],
        id="missing below tags that are members",
    ),
    pytest.param(
        Payment, {"payment": {"type": "card", "card": {"number": 4}}}, ["#/payment/amount"], id="missing beside its tag"
    ),
    pytest.param(
        Payment,
        {"payment": {"type": "card", "card": {"number": "x"}, "amount": 1}},
        ["#/payment/card/number"],
        id="below a member that is the tag",
    ),
    pytest.param(Digits, {"version": "1", "amount": "x"}, ["#/amount", "#/version"], id="tag of digits"),
    pytest.param(Digits, {"version": "2", "2": {"label": "x"}}, ["#/label"], id="tag of digits is a member"),
    pytest.param(int | list[int], ["x"], ["#", "#/0"], id="smart union"),
    pytest.param(dict[str, int] | list[int], {"a": "x"}, ["#/a", "#"], id="smart union of containers"),
    pytest.param(Tree | Strict, {"amount": "x"}, ["#/label", "#/amount"], id="smart union of models"),
    pytest.param(
        Annotated[Tree | Strict, Field(union_mode="left_to_right")],
        {"amount": "x"},
        ["#/label", "#/amount"],
        id="union",
    ),
    pytest.param(dict[str, Mixed], {"a": ["x"]}, ["#/a", "#/a/0", "#/a"], id="function labels"),
    pytest.param(dict[str, Mixed], {"a": {"int": "x"}}, ["#/a", "#/a", "#/a/int"], id="name of a type"),
    pytest.param(dict[Short, int], {"long": 1}, ["#/long"], id="key"),
    pytest.param(dict[int, int], {"x": "y"}, ["#/x", "#/x"], id="key and value"),
    pytest.param(dict[int | Short, int], {"long": 1}, ["#/long", "#/long"], id="key of a union"),
    pytest.param(dict[str, dict[Short, int]], {"[key]": {"long": "x"}}, ["#/%5Bkey%5D/long"] * 2, id="name of a label"),
    pytest.param(Keyed, {"dog": {}, "long": {}}, ["#/long"], id="key beside a member that is the tag"),
    pytest.param(dict[str, dict[str, int]], {"a": {"[key]": "x"}}, ["#/a/%5Bkey%5D"], id="member named as a label"),
    pytest.param(tuple[int, str], [1], ["#/1"], id="missing item"),
    pytest.param(dict[str, tuple[int, str]], {"a": [1]}, ["#/a/1"], id="missing inner item"),
    pytest.param(tuple[int, ...], ["x", 1], ["#/0"], id="tuple"),
    pytest.param(set[int], ["x", 1], ["#/0"], id="set"),
    pytest.param(frozenset[tuple[int, str]], [["x", 1]], ["#/0/0", "#/0/1"], id="set of tuples"),
    pytest.param(Point, [1], ["#/1"], id="missing item of a named tuple", marks=known("named_tuple_type")),
    pytest.param(Point, {"x": "x"}, ["#/x", "#/y"], id="named tuple as an object"),
    pytest.param(list[Movie], [{"year": "x"}, {}], ["#/0/year", "#/1/year"], id="typed dictionary"),
    pytest.param(list[Size], [{"width": "x"}, {}, 1], ["#/0/width", "#/1/width", "#/2"], id="dataclass"),
    pytest.param(RootModel[dict[str, RootModel[list[int]]]], {"a": [1, "x"]}, ["#/a/1"], id="root model"),
    pytest.param(Aliased, {"secondName": "x"}, ["#/firstName", "#/secondName"], id="alias"),
    pytest.param(Aliased, {"firstName": 1, "second-name": "x"}, ["#/second-name"], id="second alias"),
    pytest.param(Deep, {"a": {"b": ["x"]}}, ["#/a/b/0"], id="alias path"),
    pytest.param(Deep, {"a": {"b": []}}, ["#/a/b/0"], id="alias path without its end"),
    pytest.param(Deep, {"a": {}}, ["#/a/b"], id="alias path without its middle"),
    pytest.param(Deep, {}, ["#/a"], id="alias path without its begin"),
    pytest.param(list[Deep], [{"x": 1}], ["#/0/a"], id="inner alias path"),
    pytest.param(Stored, {"settings": '{"amount": "x"}'}, ["#/settings"], id="below JSON in a text"),
    pytest.param(Stored, {"settings": '{"no": 1}', "amount": 1}, ["#/settings"], id="extra member in a text"),
    pytest.param(
        Stored, {"settings": '{"amount": null}', "amount": None}, ["#/settings"], id="the same member beside a text"
    ),
    pytest.param(Stored, {"settings": '{"amount":'}, ["#/settings"], id="no JSON in a text"),
    pytest.param(dict[str, Json[Tree]], {"a": "{}", "label": "{"}, ["#/a", "#/label"], id="missing in a text"),
    pytest.param(Json[list[Tree]], "[{}]", ["#"], id="missing in the text that is the document"),
    pytest.param(dict[str, Json[list[Tree]]], {"a": "[{}]"}, ["#/a"], id="missing in an inner text"),
    pytest.param(list[Json[int]], ["1", '"x"', "{"], ["#/1", "#/2"], id="texts in a list"),
    pytest.param(dict[str, Split], {"a": "1,x"}, ["#/a"], id="text that a validator splits"),
    pytest.param(dict[str, Renamed], {"a": {"old": "x"}}, ["#/a"], id="member that a validator renames"),
    pytest.param(Emptied | int, {"new": 1}, ["#/new", "#"], id="member that a validator removes in a union"),
    pytest.param(
        dict[str, Copied], {"a": {"inner": {"amount": "x"}}}, ["#/a/inner/amount", "#/a/wanted"], id="validator copies"
    ),
    pytest.param(
        Dependent,
        {"first": "x"},
        ["#/first", "#/second"],
        id="default not made",
        marks=known("default_factory_not_called"),
    ),
]
"""Types, bodies, and the pointers to what is rejected in them."""


NAMES = st.sampled_from(["a", "b", "dog", "cat", "kind", "int", "0", "[key]", "x/y", "~", "é %"])

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["dog", "cat", "x", "1", '{"a": "x"}', "[1, []]"]),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(NAMES, values, max_size=5),
    max_leaves=12,
)


class TestPointers:
    @pytest.mark.parametrize(("annotation", "body", "expected"), CASES)
    def test_it_leads_to_the_value(self, annotation, body, expected):
        """
        Of pydantic's segments only those that are in the document are in the pointer.
        """
        assert expected == pointers(annotation, body)

    @pytest.mark.parametrize(("annotation", "body", "expected"), CASES)
    def test_it_does_so_in_a_parsed_copy(self, annotation, body, expected):
        """
        Where pydantic parsed the text itself, its inputs are only equal to the values of the document.
        """
        copy = json.loads(json.dumps(body)) if body != b"x" else b"x"

        assert expected == [p["pointer"] for p in rejected(errors_of(annotation, body), copy, location="body")]

    @pytest.mark.parametrize("body", [pytest.param(b, id=str(i)) for i, b in enumerate([None, "", b"x", 7, [], {}])])
    def test_a_body_parameter_is_missing(self, body):
        """
        FastAPI wants a member of the body, whatever the body is, and names no container.
        """
        missing = error(type="missing", loc=("body", "item"), input=None)

        assert "#/item" == rejected([missing], body)[0]["pointer"]

    def test_a_missing_body_is_all_of_it(self):
        """
        A pointer to the root is the fragment without a token.
        """
        assert "#" == rejected([error(type="missing", loc=("body",), input=None)], None)[0]["pointer"]

    @pytest.mark.parametrize(
        ("loc", "body", "expected"),
        [
            pytest.param(("a", "b"), {"a": {"b": None}, "b": None}, "#/a/b", id="all steps"),
            pytest.param(("a", "b", "c"), {"a": None, "b": {"c": None}}, "#/b/c", id="a label first"),
        ],
    )
    def test_of_several_readings_the_one_with_most_steps_is_meant(self, loc, body, expected):
        """
        There is one None in Python, so it can be at several places.
        """
        assert expected == pointer_to(loc, body, None)

    def test_the_same_value_is_meant_before_an_equal_one(self):
        """
        Two members can be equal; pydantic returns the very object it was given.
        """
        body: dict[str, Any] = {"a": {"b": []}, "b": []}

        assert "#/b" == pointer_to(("a", "b"), body, body["b"])

    def test_equal_values_of_other_types_are_different(self):
        """
        1000.0 is no 1000 in a document, although it is in Python.
        """
        assert "#/b" == pointer_to(("a", "b"), {"a": {"b": 1000.0}, "b": 1000}, int("1000"))

    def test_a_negative_index_is_no_step(self):
        """
        JSON Pointer knows no index from the end.
        """
        assert "#" == pointer_to((-1,), ["x"], "x")

    def test_a_text_has_no_items(self):
        """
        The characters of a text are not values of the document.
        """
        assert "#/a" == pointer_to(("a", 0), {"a": "xyz"}, "x")

    def test_the_search_ends(self):
        """
        A document in which every segment is a step and a label has 2**40 readings.
        """
        document: dict[str, Any] = {}
        document["a"] = document

        assert "#/a" == pointer_to(("a",) * 40, document, object())[:3]

    @pytest.mark.parametrize(
        ("names", "expected"),
        [
            pytest.param(["x" * 2000], "#", id="one long name"),
            pytest.param(["a", "é" * 500, "b"], "#/a", id="long when encoded"),
            pytest.param(["a"] * 2000, "#" + "/a" * (POINTER_LIMIT // 2 - 1), id="deep"),
        ],
    )
    def test_a_long_pointer_is_cut_to_a_parent(self, names, expected):
        """
        The names are the client's, so their length is; a parent is still right.
        """
        document: Any = "x"
        for name in reversed(names):
            document = {name: document}

        assert expected == pointer_to(names, document, "x")

    def test_a_lone_surrogate_becomes_a_replacement_character(self):
        """
        UTF-8 cannot carry what JSON can escape.
        """
        assert "#/%EF%BF%BD" == pointer_to(("\ud800",), {"\ud800": "x"}, "x")

    def test_a_name_that_pydantic_changed_is_as_pydantic_has_it(self):
        """
        It has three replacement characters for a lone surrogate.
        """
        assert "#/" + "%EF%BF%BD" * 3 == the_param(dict[str, int], {"\ud800": "x"})["pointer"]


TAKEN = {"type": "taken", "msg": "is taken"}


class Signup(BaseModel):
    name: str = Field(default="ada", alias="userName")
    items: list[dict[str, int]] = [{"price": 1}]


class TestKeys:
    """The name of a member can be rejected, not only its value."""

    @given(st.recursive(st.just(()), lambda inner: st.tuples(NAMES, inner), max_leaves=4), NAMES)
    def test_a_rejected_name_is_distinguished_from_a_rejected_value(self, nested, name):
        """
        Both are at the member; the one about its name has `key`, at every depth and with every name.
        """
        annotation, body, path = dict[Literal["?"], int], {name: "x"}, [name]
        while nested:
            step, nested = nested
            annotation, body, path = dict[str, annotation], {step: body}, [step, *path]
        key, value = rejected(errors_of(annotation, body), body, location="body")

        assert [fragment(path)] * 2 == [key["pointer"], value["pointer"]]
        assert (True, True, None) == (key["key"], key["context"]["key"], value.get("key"))
        assert "key" not in value.get("context", {})

    def test_a_member_named_as_the_label_is_a_member(self):
        """
        The document distinguishes it from pydantic's label.
        """
        assert "key" not in the_param(dict[str, dict[str, int]], {"a": {"[key]": "x"}})

    def test_a_name_of_a_union_has_labels_after_it(self):
        """
        Each member of the union of names rejects it.
        """
        told = rejected(errors_of(dict[int | bool, int], {"x": 1}), {"x": 1}, location="body")

        assert [("#/x", True)] * 2 == [(it["pointer"], it["key"]) for it in told]


class TestErrorsByHand:
    """An application raises errors of its own, with as much as its author has."""

    STEPS = st.lists(st.text(st.characters(categories=["L", "N", "P"]), min_size=1) | st.integers(0, 9), min_size=1)

    @given(
        STEPS, st.sampled_from([{}, {"input": "x"}, {"input": {}}, {"input": 7}]), st.sampled_from(["taken", "missing"])
    )
    def test_without_a_body_the_place_is_as_named(self, steps, given_input, code):
        """
        There is no document that could say otherwise.
        """
        raised = {**TAKEN, "type": code, "loc": ("body", *steps), **given_input}
        labels = [step for step in steps if isinstance(step, str) and step.endswith((")", "]"))]

        assert labels or fragment(steps) == rejected([raised])[0]["pointer"]

    @given(STEPS, VALUES)
    def test_without_an_input_the_place_is_as_named(self, steps, body):
        """
        There is no value that could be elsewhere.
        """
        raised = {**TAKEN, "loc": ("body", *steps)}
        labels = [step for step in steps if isinstance(step, str) and step.endswith((")", "]"))]

        assert labels or fragment(steps) == rejected([raised], body)[0]["pointer"]

    @pytest.mark.parametrize(
        ("loc", "value"),
        [
            pytest.param(("userName",), "ada", id="by alias"),
            pytest.param(("items", 0, "price"), 1, id="nested"),
            pytest.param(("coupon",), "x", id="absent"),
        ],
    )
    def test_the_body_can_be_a_model(self, loc, value):
        """
        An endpoint has its body as a model, and gives what it has.
        """
        raised = {**TAKEN, "loc": ("body", *loc), "input": value}

        assert fragment(loc) == rejected([raised], Signup())[0]["pointer"]

    @pytest.mark.parametrize("body", [None, {}, {"other": 1}, FormData()], ids=repr)
    def test_a_default_is_rejected_at_its_field(self, body):
        """
        It is in no document; FastAPI validates it if it is asked to.
        """
        raised = error(type="string_too_short", loc=("body", "value"), input="x", ctx={"min_length": 2})

        assert "#/value" == rejected([raised], body)[0]["pointer"]


class TestEchoes:
    """A message that repeats the rejected value is not sent."""

    VALUES = st.text(min_size=4).filter(lambda text: len(text.strip()) >= 4) | st.integers(1000) | st.floats(1000, 1e9)
    NESTED = st.recursive(
        VALUES,
        lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(NAMES, inner, min_size=1, max_size=3),
        max_leaves=6,
    )

    @staticmethod
    def leaf_of(value):
        while isinstance(value, (list, dict)):
            value = next(iter(value.values() if isinstance(value, dict) else value))
        return value

    @given(
        NESTED,
        st.sampled_from(["{} is taken", "No: {}.", "({})", "{}", "Not {!r}, please", "x" * 480 + " {}"]),
        st.sampled_from(["value_error", "assertion_error", "taken", "datetime_parsing"]),
    )
    def test_no_form_of_a_value_is_sent(self, value, template, code):
        """
        At any depth of the value, in any user-defined message.
        """
        message = template.format(self.leaf_of(value))
        told = rejected([error(type=code, msg=message, loc=("body",), input=value)], value)

        constants = {"value_error": "Value error", "assertion_error": "Assertion failed"}
        assert constants.get(code, told[0]["detail"]) == told[0]["detail"]
        assert not Echoes().are_in(told[0]["detail"], value, limit=500)

    @given(NESTED)
    def test_it_stays_where_inputs_are_shown(self, value):
        """
        With inputs, the messages of validators are sent too.
        """
        raised = error(type="value_error", msg="Not so.", loc=("body",), input="Not so.")

        assert "Not so." == rejected([raised], value, include_inputs=True)[0]["detail"]

    @pytest.mark.parametrize(
        ("value", "message"),
        [
            pytest.param("name", "The names differ", id="part of a word"),
            pytest.param("is", "It is taken", id="short"),
            pytest.param({"start": 1, "end": 0}, "The start is after the end", id="name of a member"),
            pytest.param(True, "This is not true", id="no text and no number"),
            pytest.param(100, "Not 100 again", id="short number"),
        ],
    )
    def test_other_messages_stay(self, value, message):
        """
        A word that is in nearly every sentence says nothing about the value.
        """
        assert message == rejected([error(type="value_error", msg=message, input=value)])[0]["detail"]

    @pytest.mark.parametrize(
        ("value", "message"),
        [
            pytest.param("HunTer2", "HUNTER2 is taken", id="of another case"),
            pytest.param(" hunter2 ", "hunter2 is taken", id="stripped"),
            pytest.param("+4711", "4711 is taken", id="read as a number"),
            pytest.param(4711, "4,711 is too much", id="with separators"),
            pytest.param("x" * 300, f"'{'x' * 200} is not a number", id="cut by its author"),
            pytest.param(b"hunter2", "b'hunter2' is taken", id="bytes"),
            pytest.param(list(range(2000)), "hunter2", id="too many parts to search"),
            pytest.param(SecretStr("hunter2"), "hunter2 is taken", id="secret"),
        ],
    )
    def test_other_forms_of_the_value_are_found(self, value, message):
        """
        A message has a value as its author wrote it.
        """
        assert "Value error" == rejected([error(type="value_error", msg=message, input=value)])[0]["detail"]

    def test_a_code_does_not_repeat_it_either(self):
        """
        Custom errors have codes of any text.
        """
        (told,) = rejected([error(type="no_hunter2 hunter2", msg="x", input="hunter2")])

        assert ("invalid", "x") == (told["code"], told["detail"])


class TestFragment:
    @pytest.mark.parametrize(
        ("path", "expected"),
        [
            ([], "#"),
            (["foo"], "#/foo"),
            (["foo", 0], "#/foo/0"),
            ([""], "#/"),
            (["a/b"], "#/a~1b"),
            (["c%d"], "#/c%25d"),
            (["e^f"], "#/e%5Ef"),
            (["g|h"], "#/g%7Ch"),
            (["i\\j"], "#/i%5Cj"),
            (['k"l'], "#/k%22l"),
            ([" "], "#/%20"),
            (["m~n"], "#/m~0n"),
        ],
    )
    def test_the_examples_of_the_rfc(self, path, expected):
        """
        RFC 6901, section 6.
        """
        assert expected == fragment(path)

    def test_an_escaped_escape(self):
        """
        "~1" as a name is not a slash.
        """
        assert "#/~01" == fragment(["~1"])

    @given(st.lists(st.text()))
    def test_it_is_a_uri_fragment(self, path):
        """
        RFC 3986, section 3.5, whatever the names are.
        """
        assert re.fullmatch(r"#([A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-F]{2})*", fragment(path))


SCALARS = st.sampled_from(
    [
        (int, 1),
        (bool, True),
        (str, "x"),
        (Annotated[int, Same], 2),
        (Annotated[str, Field(max_length=1)], "y"),
        (Literal["dog"], "dog"),
        (Movie, {"year": 1}),
    ]
)


@st.composite
def objects(draw, inner):
    """A model with some of the names, and a body for it."""
    names = draw(st.lists(st.sampled_from(["a", "b", "dog", "cat", "int"]), unique=True, min_size=1, max_size=3))
    members = {name: draw(inner) for name in names}
    fields = {name: (annotation, ... if draw(st.booleans()) else None) for name, (annotation, _) in members.items()}
    extra = draw(st.sampled_from(["ignore", "forbid", "allow"]))
    model = create_model(draw(st.sampled_from(["dog", "a"])), __config__=ConfigDict(extra=extra), **fields)
    return model, {name: body for name, (_, body) in members.items()} | draw(st.dictionaries(NAMES, VALUES, max_size=1))


@st.composite
def tagged(draw, inner):
    """A discriminated union whose tags are names of members, too, and a body for it."""
    (dog, dog_body), (cat, cat_body) = draw(inner), draw(inner)
    union = Annotated[
        create_model("D", kind=Literal["dog"], dog=(dog, ...), a=(cat, 0))
        | create_model("C", kind=Literal["cat"], cat=(cat, ...), b=(dog, 0)),
        Field(discriminator="kind"),
    ]
    dogs, cats = {"kind": "dog", "dog": dog_body, "a": cat_body}, {"kind": "cat", "cat": cat_body, "b": dog_body}
    return union, draw(st.sampled_from([dogs, cats])) | draw(st.dictionaries(NAMES, VALUES, max_size=1))


@st.composite
def spoilt(draw, pairs):
    """The types of *pairs*, and bodies that often do not fit."""
    annotation, body = draw(pairs)
    if isinstance(body, dict) and body and draw(st.integers(0, 3)) == 0:
        body = {name: body[name] for name in body if name != draw(st.sampled_from(sorted(body)))}
    return annotation, draw(VALUES) if draw(st.integers(0, 3)) == 0 else body


def containing(inner):
    """Types made of other types, and matching bodies."""
    inner = spoilt(inner)
    items = st.tuples(inner, VALUES)
    return st.one_of(
        items.map(lambda pair: (list[pair[0][0]], [pair[0][1], pair[1]])),
        items.map(lambda pair: (tuple[pair[0][0], int], [pair[0][1], pair[1]])),
        items.map(lambda pair: (tuple[pair[0][0], int], [pair[0][1]])),
        st.tuples(inner, NAMES).map(lambda pair: (dict[str, pair[0][0]], {pair[1]: pair[0][1]})),
        st.tuples(inner, NAMES).map(lambda pair: (dict[Annotated[str, Same], pair[0][0]], {pair[1]: pair[0][1]})),
        st.tuples(inner, NAMES).map(
            lambda pair: (dict[Annotated[str, Field(max_length=2)], pair[0][0]], {pair[1]: pair[0][1]})
        ),
        inner.map(lambda pair: (RootModel[pair[0]], pair[1])),
        inner.map(lambda pair: (Annotated[pair[0], WrapValidator(lambda value, handler: handler(value))], pair[1])),
        st.tuples(inner, inner).map(lambda pairs: (Union[pairs[0][0], pairs[1][0]], pairs[0][1])),  # noqa: UP007 - made here
        st.tuples(inner, inner).map(lambda pairs: (Union[pairs[0][0], pairs[1][0]], pairs[1][1])),  # noqa: UP007 - made here
        objects(inner),
        tagged(inner),
    )


PAIRS = spoilt(st.recursive(SCALARS, containing, max_leaves=8))
"""Types, and bodies that nearly fit."""


class TestInvariant:
    @given(PAIRS)
    def test_every_pointer_leads_to_what_was_rejected(self, pair):
        """
        Or, if that is missing, to a member its container does not have.
        """
        annotation, body = pair
        for rejection in self.rejections(annotation, body):
            pointer = rejected([rejection], body, location="body")[0]["pointer"]
            if rejection["type"] == "missing":
                container, _, name = pointer.rpartition("/")
                assert rejection["input"] is resolved(container, body)
                assert fragment([rejection["loc"][-1]]) == f"#/{name}"
            elif "[key]" not in rejection["loc"]:
                assert rejection["input"] == resolved(pointer, body)

    @given(PAIRS, NAMES, VALUES)
    def test_every_pointer_resolves(self, pair, name, other):
        """
        Also if texts in the document are parsed, or its parent does for what is missing.
        """
        annotation, body = dict[str, Json[pair[0]] | pair[0]], {name: json.dumps(pair[1]), "a": pair[1], "b": other}
        for rejection in self.rejections(annotation, body):
            pointer = rejected([rejection], body, location="body")[0]["pointer"]
            resolved(pointer.rpartition("/")[0] if rejection["type"] == "missing" else pointer, body)

    @staticmethod
    def rejections(annotation, body):
        try:
            TypeAdapter(annotation).validate_python(body)
        except ValidationError as caught:
            return caught.errors(include_url=False)
        return []


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


def shout(value):
    """Reject *value* with a message of the application's."""
    raise ValueError(f"bad code {value}")


MESSAGES = [
    pytest.param(UUID, "z", "Input should be a valid UUID", id="UUID"),
    pytest.param(Pet, {"kind": SECRET}, "Input tag should be one of 'dog', 'cat'", id="tag"),
    pytest.param(Digits, {"version": SECRET}, "Input tag should be one of '1', '2'", id="tag by a function"),
    pytest.param(Json[int], "{" + SECRET, "Invalid JSON", id="JSON in a text"),
    pytest.param(Annotated[list[int], Field(max_length=1)], [1, 2], "List should have at most 1 item", id="too long"),
    pytest.param(Annotated[list[int], Field(min_length=2)], [1], "List should have at least 2 items", id="too short"),
    pytest.param(Base64Bytes, b"SE$C", "Base64 decoding error", id="base64"),
    pytest.param(ZoneInfo, SECRET, "Input should be a valid timezone", id="time zone"),
    pytest.param(ImportString, SECRET, "Invalid python path", id="import"),
    pytest.param(Strict, SECRET, "Input should be an object", id="model"),
    pytest.param(Size, SECRET, "Input should be an object", id="dataclass"),
    pytest.param(Point, SECRET, "Input should be an array or an object", id="named tuple"),
    pytest.param(Annotated[str, AfterValidator(shout)], "7", "Value error, bad code 7", id="the author's words"),
]

ANYTHING = [
    *(bool, int, float, Decimal, UUID, date, datetime, time, timedelta, AnyUrl, ZoneInfo, ImportString),
    *(list[int], dict[str, int], set[int], tuple[int, int], Strict, Movie, Size, Point, Pet, Colour, Literal["a"]),
    *(Json[int], Annotated[str, Field(pattern="^a$")], Annotated[str, Field(max_length=1)]),
]
"""Types that reject a random text."""


class TestMessages:
    @pytest.mark.parametrize(("annotation", "value", "expected"), MESSAGES)
    def test_it_says_what_is_expected(self, annotation, value, expected):
        """
        No input is repeated, except by a user-defined message.
        """
        assert expected == the_param(annotation, value)["detail"]

    @pytest.mark.parametrize("annotation", [pytest.param(a, id=str(a)) for a in ANYTHING])
    @pytest.mark.parametrize("template", ["{}", "{{{}", "http://[{}", "2020-01-01T{}", "P{}"])
    def test_it_does_not_repeat_a_text(self, annotation, template):
        """
        Whatever the type is, neither the message nor the context holds the input.
        """
        param = the_param(annotation, template.format(SECRET))

        assert SECRET not in json.dumps(param)

    @given(st.sampled_from(ANYTHING), st.text("\u0416\u0424\u0429\u042f", min_size=1))
    def test_it_does_not_repeat_a_character(self, annotation, text):
        """
        UUIDs and addresses would.
        """
        try:
            TypeAdapter(annotation).validate_python(text)
        except ValidationError as caught:
            params = rejected(caught.errors(), text, location="body")
            assert not set(text) & set(json.dumps(params, ensure_ascii=False))

    def test_it_does_not_repeat_an_address(self):
        """
        The reasons of email-validator quote characters of the address.
        """
        reason = "value is not a valid email address: The part after the @-sign contains invalid characters: 'x'."
        told = message_of("value_error", reason, {"reason": reason}, limit=500)

        assert "value is not a valid email address" == told

    @pytest.mark.parametrize("info", [pytest.param(e, id=e["type"]) for e in list_all_errors()])
    def test_no_type_of_pydantic_repeats_its_input(self, info):
        """
        A new type, or a new placeholder in a message, needs a decision here.
        """
        of_the_input = {
            "error",
            "tag",
            "tz_actual",
            "actual_length",
            "encoding_error",
            "attribute",
            "class",
            "class_name",
        }
        harmless = {  # their `error` is one of a few constants, `method_name` and `discriminator` are the schema's
            *("date_parsing", "date_from_datetime_parsing", "time_parsing", "datetime_parsing"),
            *("datetime_from_date_parsing", "time_delta_parsing", "url_parsing", "url_syntax_violation"),
            *("value_error", "assertion_error"),
        }
        placeholders = set(re.findall(r"{(\w+)}", info["message_template_python"]))
        message = re.sub(r"{(\w+)}", lambda name: f"<{name[1]}>", info["message_template_python"])
        context = {name: f"<{name}>" for name in placeholders}
        told = message_of(info["type"], message, context, limit=500)
        left = set(re.findall(r"<(\w+)>", told))

        assert set() == (left & of_the_input if info["type"] not in harmless else set())
        assert left <= placeholders

    def test_all_types_of_pydantic_are_known(self):
        """
        What pydantic raises itself is never taken for an author's own type.
        """
        assert {info["type"] for info in list_all_errors()} == BUILT_IN

    def test_plain_types_have_no_placeholders_of_the_input(self):
        """
        The types whose messages are sent unseen have constant ones, or facts of the schema.
        """
        templates = {info["type"]: info["message_template_python"] for info in list_all_errors()}
        plain = {code for code, row in ROWS.items() if row.is_plain and row.fact is None}
        placeholders = {name for code in plain & templates.keys() for name in re.findall(r"{(\w+)}", templates[code])}

        assert {"method_name", "discriminator"} == placeholders

    @pytest.mark.parametrize(
        ("validator", "expected"),
        [
            pytest.param(shout, "Value error", id="value error"),
            pytest.param(lambda value: exec("assert not value, value"), "Assertion failed", id="assertion"),  # noqa: S102 - ours
            pytest.param(lambda value: raise_custom("odd", value), "Invalid input", id="own type"),
        ],
    )
    def test_the_words_of_an_author_can_be_hidden(self, validator, expected):
        """
        A message that a validator made of the input is the application's, which may not trust it.
        """
        param = the_param(Annotated[str, AfterValidator(validator)], SECRET, hide_custom_messages=True)

        assert expected == param["detail"]

    def test_a_long_message_is_cut(self):
        """
        The length of a message can be the length of the input.
        """
        told = message_of("value_error", "x" * 1000, {}, limit=500)

        assert (500, "…") == (len(told), told[-1])

    def test_a_lone_surrogate_becomes_a_replacement_character(self):
        """
        A message is sent as UTF-8.
        """
        assert "bad \ufffd" == rejected([error(msg="bad \ud800")])[0]["detail"]


def raise_custom(code, value):
    """Reject *value* with an error type of the application's."""
    raise PydanticCustomError(code, "bad {value}", {"value": value, "max_length": value})


CONTEXTS = [
    pytest.param(Annotated[int, Field(gt=1)], 0, {"gt": 1}, id="gt"),
    pytest.param(Annotated[int, Field(ge=1)], 0, {"ge": 1}, id="ge"),
    pytest.param(Annotated[float, Field(lt=1.5)], 2, {"lt": 1.5}, id="lt"),
    pytest.param(Annotated[int, Field(le=1)], 2, {"le": 1}, id="le"),
    pytest.param(Annotated[int, Field(multiple_of=2)], 1, {"multiple_of": 2}, id="multiple_of"),
    pytest.param(Annotated[Decimal, Field(ge=Decimal("0.5"))], "0.1", {"ge": "0.5"}, id="decimal"),
    pytest.param(Annotated[date, Field(ge=date(2020, 1, 2))], "2020-01-01", {"ge": "2020-01-02"}, id="date"),
    pytest.param(Annotated[timedelta, Field(le=timedelta(1))], "P2D", {"le": "1 day"}, id="duration"),
    pytest.param(Annotated[Decimal, Field(max_digits=2)], "100", {"max_digits": 2}, id="max_digits"),
    pytest.param(Annotated[str, Field(min_length=3)], "x", {"min_length": 3}, id="min_length"),
    pytest.param(Annotated[bytes, Field(max_length=1)], b"xx", {"max_length": 1}, id="max_length"),
    pytest.param(Annotated[list[int], Field(min_length=2)], [1], {"min_length": 2}, id="items"),
    pytest.param(Annotated[str, Field(pattern="^a+$")], "x", {"pattern": "^a+$"}, id="pattern"),
    pytest.param(Literal["a", 1], "x", {"expected": "'a' or 1"}, id="literal"),
    pytest.param(Colour, "x", {"expected": "'red' or 'blue'"}, id="enum"),
    pytest.param(Pet, {"kind": "cow"}, {"expected_tags": "'dog', 'cat'"}, id="tags"),
    pytest.param(Json[int], "{", {"line": 1, "column": 1}, id="JSON in a text"),
]


class TestContext:
    @pytest.mark.parametrize(("annotation", "value", "expected"), CONTEXTS)
    def test_it_has_the_facts_of_the_message(self, annotation, value, expected):
        """
        A client that translates the code needs the numbers in the message.
        """
        assert expected == the_param(annotation, value)["context"]

    @pytest.mark.parametrize(
        ("annotation", "value"),
        [
            pytest.param(int, "x", id="nothing to report"),
            pytest.param(UUID, "x", id="the parser's reason"),
            pytest.param(Strict, 1, id="class name"),
            pytest.param(Annotated[str, AfterValidator(shout)], "x", id="exception"),
            pytest.param(Annotated[str, AfterValidator(lambda v: raise_custom("odd", v))], "x", id="own type"),
        ],
    )
    def test_it_is_absent_otherwise(self, annotation, value):
        """
        The context of an exception, a class or a user-defined error is not sent.
        """
        assert "context" not in the_param(annotation, value)

    def test_a_known_error_of_an_author_is_one_of_pydantic(self):
        """
        Its facts come from the type.
        """
        adapter = Annotated[int, AfterValidator(lambda value: raise_known("greater_than", {"gt": 3}))]

        assert {"gt": 3} == the_param(adapter, 1)["context"]

    @pytest.mark.parametrize(
        "value",
        [
            pytest.param(float("inf"), id="infinite"),
            pytest.param(float("nan"), id="not a number"),
            pytest.param("x" * 501, id="long text"),
            pytest.param(None, id="null"),
            pytest.param([1], id="list"),
        ],
    )
    def test_what_json_lacks_is_left_out(self, value):
        """
        So is a text too long to be sent whole, and a value that is neither number nor text.
        """
        assert {} == context_of("gt", {"gt": value}, limit=500)

    def test_the_offset_of_a_body_that_is_no_json(self):
        """
        FastAPI has it where the first step would be.
        """
        invalid = error(type="json_invalid", loc=("body", 5), input={}, ctx={"error": "Expecting value"})

        expected = {"detail": "Invalid JSON", "code": "json_invalid", "pointer": "#", "context": {"offset": 5}}
        assert expected == rejected([invalid | {"msg": "JSON decode error"}], '{"a":x')[0]

    def test_an_item_that_is_no_json_has_no_offset(self):
        """
        Its index is a step.
        """
        assert {"line": 1, "column": 1} == the_param(list[Json[int]], ["{"])["context"]


def raise_known(code, context):
    """Raise an error of pydantic's own."""
    raise PydanticKnownError(code, context)


class TestParameters:
    @pytest.mark.parametrize("location", ["query", "path", "header", "cookie"])
    def test_it_is_told_where_the_parameter_is(self, location):
        """
        A parameter has a name and a place, and no pointer.
        """
        told = rejected([error(loc=(location, "age"))])

        expected = {"detail": "Input should be a valid integer", "code": "int_type", "in": location, "parameter": "age"}
        assert [expected] == told

    @pytest.mark.parametrize(
        ("loc", "index"),
        [
            pytest.param(("query", "ids", 3), 3, id="item"),
            pytest.param(("header", "ids", 0), 0, id="the first"),
            pytest.param(("query", "ids", "list[int]", 1), 1, id="below a label"),
            pytest.param(("query", "ids", 2, "int"), 2, id="above a label"),
            pytest.param(["cookie", "ids", 2], 2, id="as a list"),
            pytest.param(("query", "ids", "function-after[f(), int]"), None, id="label"),
            pytest.param(("query", "ids"), None, id="all of it"),
        ],
    )
    def test_an_item_of_a_parameter_has_its_index(self, loc, index):
        """
        A parameter has the name that OpenAPI gives it, and each of its values a number.
        """
        (told,) = rejected([error(loc=loc)])

        assert ("ids", index, loc[0]) == (told["parameter"], told.get("index"), told["in"])

    def test_all_parameters(self):
        """
        A model of parameters can be rejected as a whole.
        """
        assert "parameter" not in rejected([error(loc=("query",))])[0]

    def test_the_location_can_be_given(self):
        """
        Pydantic alone does not know where its input came from.
        """
        (told,) = rejected(errors_of(Strict, {"amount": "x"}), location="header")

        assert ("header", "amount") == (told["in"], told["parameter"])

    def test_a_location_that_is_given_is_no_name(self):
        """
        A member can be called "query" or "body".
        """
        body = {"query": {"body": "x"}}

        assert ["#/query/body"] == pointers(dict[str, dict[str, int]], body)

    def test_an_unknown_location_is_a_member(self):
        """
        Without a location the input is the body.
        """
        assert "#/age" == rejected([error(loc=("age",))], {"age": "x"})[0]["pointer"]

    def test_a_name_of_the_client_is_cut(self):
        """
        An extra parameter has a name of any length.
        """
        assert 500 == len(rejected([error(loc=("query", "x" * 1000))])[0]["parameter"])

    def test_a_lone_surrogate_becomes_a_replacement_character(self):
        """
        A name is sent as UTF-8.
        """
        assert "\ufffd" == rejected([error(loc=("query", "\ud800"))])[0]["parameter"]


class TestLimits:
    def test_fifty_errors_are_told(self):
        """
        A list of a million items can have a million errors.
        """
        body = ["x"] * 60

        assert ["#/49"] == pointers(list[int], body)[-1:] == pointers(list[int], body)[49:]

    @pytest.mark.parametrize(("count", "truncated"), [(2, False), (3, True)])
    def test_it_is_told_that_there_are_more(self, count, truncated):
        """
        The client knows that mending these will not do.
        """
        params, more = invalid_params([error()] * count, {}, limit=2)

        assert (2, truncated) == (len(params), more)

    def test_a_code_is_cut(self):
        """
        The type of an author's error is a text like any other.
        """
        assert 100 == len(rejected([error(type="x" * 1000)])[0]["code"])


class TestInputs:
    def test_there_are_none(self):
        """
        Unless an application asks for them.
        """
        assert "input" not in the_param(Strict, {"amount": "x"})

    @pytest.mark.parametrize(
        "value",
        [
            pytest.param("x", id="text"),
            pytest.param(None, id="null"),
            pytest.param(1.5, id="number"),
            pytest.param([1, {"a": None}], id="array"),
            pytest.param({"a": [True]}, id="object"),
        ],
    )
    def test_json_is_told(self, value):
        """
        If they are asked for.
        """
        assert value == rejected([error(input=value)], {"age": value}, include_inputs=True)[0]["input"]

    @pytest.mark.parametrize(
        "value",
        [
            pytest.param(b"x", id="bytes"),
            pytest.param(float("nan"), id="not a number"),
            pytest.param([float("inf")], id="infinite"),
            pytest.param(10**100, id="beyond 64 bits"),
            pytest.param("x" * 1001, id="long"),
            pytest.param(["x"] * 600, id="many"),
            pytest.param({"x" * 1001: 1}, id="long name"),
            pytest.param(json.loads("[" * 50 + "]" * 50), id="deep"),
            pytest.param({1: 2}, id="name that is not a text"),
            pytest.param(object(), id="object of a class"),
            pytest.param(ValueError("x"), id="exception"),
        ],
    )
    def test_what_is_no_small_json_is_left_out(self, value):
        """
        An upload is not a member of an error.
        """
        assert "input" not in rejected([error(input=value)], include_inputs=True)[0]

    @pytest.mark.parametrize("code", ["missing", "json_invalid"])
    def test_what_surrounds_an_error_is_left_out(self, code):
        """
        The input of a missing header is all the headers.
        """
        headers = error(type=code, loc=("header", "x-id"), input={"x-real-ip": SECRET})

        assert "input" not in rejected([headers], include_inputs=True)[0]

    @pytest.mark.parametrize(
        "name",
        [
            *("password", "PASSWORD", "newPassword", "password2", "password_confirmation", "user.password"),
            *("x-api-key", "apiKey", "API_KEY", "refresh_token", "Authorization", "client-secret", "pin", "CVV"),
        ],
    )
    def test_secrets_are_masked_by_name(self, name):
        """
        However the name is written, and whatever is before or behind it.
        """
        assert MASK == the_param(dict[str, int], {name: "hunter2"}, include_inputs=True)["input"]

    @pytest.mark.parametrize("name", ["shipping", "tokenizer", "author", "passage", "signatures"])
    def test_words_are_compared(self, name):
        """
        A name that only contains the letters does not name a secret.
        """
        assert "x" == the_param(dict[str, int], {name: "x"}, include_inputs=True)["input"]

    def test_what_is_below_a_secret_is_masked(self):
        """
        Each segment of the way is looked at.
        """
        assert MASK == the_param(dict[str, list[int]], {"tokens": ["x"]}, include_inputs=True)["input"]

    def test_secrets_in_an_object_are_masked(self):
        """
        The input of an error of the whole is the whole.
        """
        body = {"user": "a", "credentials": [{"Password": "hunter2"}], "list": [{"otp": 1}]}

        expected = {"user": "a", "credentials": MASK, "list": [{"otp": MASK}]}
        assert expected == the_param(int, body, include_inputs=True)["input"]

    @pytest.mark.parametrize("value", [SecretStr("hunter2"), SecretBytes(b"hunter2"), Secret[int](2)])
    def test_secret_types_are_masked(self, value):
        """
        Also in a container.
        """
        assert [MASK] == rejected([error(input=[value])], include_inputs=True)[0]["input"]

    def test_parameters_are_masked(self):
        """
        A token in the query is one, too.
        """
        told = rejected([error(loc=("query", "access_token"), input="x")], include_inputs=True)

        assert MASK == told[0]["input"]

    def test_the_names_can_be_chosen(self):
        """
        The given names replace the default ones.
        """
        body = {"password": "x", "badgeNumber": "x"}
        told = rejected(errors_of(dict[str, int], body), body, location="body", include_inputs=True, masked=["badge"])

        assert ["x", MASK] == [param["input"] for param in told]

    def test_a_lone_surrogate_becomes_a_replacement_character(self):
        """
        Names and texts are sent as UTF-8.
        """
        told = rejected([error(input={"\ud800": "\udfff"})], include_inputs=True)

        assert {"\ufffd": "\ufffd"} == told[0]["input"]


class Login(BaseModel):
    user: str
    pw: SecretStr = Field(min_length=8, alias="pw!")
    keys: list[SecretBytes] = []
    code: SecretStr | None = None


class TestSecretNames:
    def test_those_of_a_model(self):
        """
        The JSON Schema of a model marks its secrets.
        """
        assert {"pw!", "keys", "code"} == secret_names(TypeAdapter(list[Login]).json_schema())

    def test_those_of_an_application(self):
        """
        So does its OpenAPI document, for parameters too.
        """
        app = FastAPI()

        @app.post("/login")
        def login(login: Login, badge: SecretStr, page: int = 1): ...

        assert {"pw!", "keys", "code", "badge"} == secret_names(app.openapi())

    def test_they_are_masked(self):
        """
        No other sign marks the rejected text as secret.
        """
        masked = MASKED_NAMES | secret_names(Login.model_json_schema())
        body = {"user": "a", "pw!": "hunter2"}

        assert MASK == the_param(Login, body, include_inputs=True, masked=masked)["input"]

    def test_a_strange_schema_has_none(self):
        """
        It is only read where it has the known form.
        """
        assert set() == secret_names({"properties": [1], "name": 1, "anyOf": None, "items": {"properties": {"a": 1}}})


class Strange:
    """Refuses everything."""

    def __eq__(self, other):
        raise RuntimeError("no")

    def __hash__(self):
        raise RuntimeError("no")

    def __bool__(self):
        raise RuntimeError("no")

    def __str__(self):
        raise RuntimeError("no")


class Refusing(Mapping):
    """A mapping that has nothing and fails."""

    def __getitem__(self, name):
        raise RuntimeError("no")

    def __iter__(self):
        raise RuntimeError("no")

    def __len__(self):
        raise RuntimeError("no")


ODDITIES = st.one_of(
    st.sampled_from([None, "", "x", b"x", 7, float("nan"), object, ...]),
    st.sampled_from([[], ["x"], {}, {"age": "x"}]),
    st.builds(Strange),
    st.builds(Refusing),
    st.lists(st.builds(Strange), max_size=1),
)
ERRORS = st.dictionaries(st.sampled_from(["type", "loc", "msg", "input", "ctx"]), ODDITIES)


class Bounded(BaseModel):
    """A body with constraints."""

    amount: Annotated[int, Field(gt=3)]


class TestKept:
    """The description of an error is kept for the next error with the same message at the same place."""

    @pytest.fixture(autouse=True)
    def _nothing_kept(self):
        _known.clear()
        yield
        _known.clear()

    @given(PAIRS)
    def test_it_is_the_one_that_would_be_made(self, pair):
        """
        Errors of any kind are described alike, whatever was described before.
        """
        annotation, body = pair
        errors = [{**it, "loc": ("body", *it["loc"])} for it in TestInvariant.rejections(annotation, body)]
        alone = []
        for one in errors:
            _known.clear()
            alone += rejected([one], body)

        assert alone == rejected(errors, body) == rejected(errors, body)

    def test_another_document_has_another_pointer(self):
        """
        A segment that is a step in one document is a label in another one.
        """
        pet = error(loc=("body", "dog", "age"), input="x")
        bodies = [{"dog": {"age": pet["input"]}}, {"age": pet["input"]}, {"dog": {"age": pet["input"]}}]

        assert ["#/dog/age", "#/age", "#/dog/age"] == [rejected([pet], body)[0]["pointer"] for body in bodies]

    @pytest.mark.parametrize("facts", list(itertools.permutations([3, 3.0, True, Decimal(3), "3"], 2)))
    def test_equal_facts_of_other_types_are_different(self, facts):
        """
        A number stays a number, and a text a text.
        """
        message, body = "Input should be greater than 3", {"age": "x"}
        told = [
            rejected([error(type="greater_than", msg=message, ctx={"gt": fact}, input=body["age"])], body)[0]
            for fact in facts
        ]

        assert [from_json(to_json(fact)) for fact in facts] == [it["context"]["gt"] for it in told]
        assert [type(from_json(to_json(fact))) for fact in facts] == [type(it["context"]["gt"]) for it in told]

    def test_the_limit_of_messages_counts(self):
        """
        What was kept for a larger limit is not sent under a smaller one.
        """
        body = {"age": "x"}
        long, short = (rejected([error(input=body["age"])], body, message_limit=limit) for limit in (500, 10))

        assert ("Input should be a valid integer", "Input sho…") == (long[0]["detail"], short[0]["detail"])

    @pytest.mark.parametrize(
        ("annotation", "body"),
        [
            pytest.param(Annotated[str, AfterValidator(shout)], SECRET, id="own message"),
            pytest.param(UUID, SECRET, id="quoted by pydantic"),
            pytest.param(Annotated[str, Field(pattern="^a$")], SECRET, id="pattern"),
            pytest.param(Json[int], SECRET, id="parser's message"),
        ],
    )
    def test_no_input_is_kept(self, annotation, body):
        """
        A message that can repeat the input is written anew each time.
        """
        errors = [{**it, "loc": ("body", "name")} for it in errors_of(annotation, body)]
        rejected(errors, {"name": errors[0]["input"]})

        assert {} == _known

    def test_it_is_bounded(self):
        """
        Clients choose the names of members, and with them the places.
        """
        for number in range(5_000):
            body = {f"name-{number}": "x"}
            rejected([error(loc=("body", f"name-{number}"), input=body[f"name-{number}"])], body)
        rejected([error(loc=("body", "x" * 2_000), input="y")], {"x" * 2_000: "y"})

        assert 0 < len(_known) <= 1_024
        assert 1_000 >= max(map(len, _known.values()))

    def test_inputs_that_are_shown(self):
        """
        With its input, each description is its own.
        """
        body = {"amount": 1}, {"amount": 2}
        told = [rejected(errors_of(Bounded, it), it, location="body", include_inputs=True)[0]["input"] for it in body]

        assert [1, 2] == told


class TestTotality:
    @given(
        st.lists(ERRORS | ODDITIES),
        ODDITIES,
        st.sampled_from([None, "body", "query"]),
        st.booleans(),
        st.booleans(),
        st.integers(-1, 60),
    )
    def test_it_never_fails(self, errors, body, location, inputs, hide, limit):
        """
        Applications raise FastAPI's exceptions with whatever they have.
        """
        options = {"location": location, "include_inputs": inputs, "hide_custom_messages": hide, "limit": limit}
        told, _ = invalid_params(errors, body, message_limit=limit, **options)

        assert json.loads(to_json(told)) is not None

    @given(
        ERRORS.map(lambda entries: error() | entries),
        st.lists(st.text() | st.integers() | ODDITIES),
        VALUES | ODDITIES,
    )
    def test_the_message_and_the_code_are_there(self, entries, loc, body):
        """
        However little can be read.
        """
        (told,) = rejected([entries | {"loc": tuple(loc)}], body)

        assert {"detail", "code"} <= told.keys()

    @pytest.mark.parametrize("errors", [None, 7, {"a": 1}, object()])
    def test_no_errors_are_none(self, errors):
        """
        The list is empty.
        """
        assert ([], False) == invalid_params(errors, {})

    def test_what_can_be_read_of_an_error_is_told(self):
        """
        An application leaves out what it does not need.
        """
        assert [{"detail": "Invalid input", "code": "bad", "pointer": "#/a"}] == rejected(
            [{"loc": ["body", "a"], "type": "bad"}], {"a": 1}
        )

    @pytest.mark.parametrize("wrong", ["text", None, 7, ["a"], Strange()])
    def test_what_is_no_error_is_told_as_such(self, wrong):
        """
        The count stays right.
        """
        assert [{"detail": "Invalid input", "code": "invalid"}] == rejected([wrong])

    def test_objects_that_cannot_be_compared_are_different(self):
        """
        The search goes on.
        """
        strange = Strange()

        assert "#/a" == pointer_to(("label", "a"), {"a": strange}, strange)

    def test_a_document_too_deep_to_compare(self):
        """
        Python gives up at some depth.
        """
        deep: list[Any] = []
        other: list[Any] = []
        for _ in range(100_000):
            deep, other = [deep], [other]

        assert "#/a" == pointer_to(("label", "a"), {"a": deep}, other)

    @pytest.mark.parametrize(
        "text",
        [
            pytest.param('{"age": NaN}', id="NaN"),
            pytest.param('{"age": -Infinity}', id="infinite"),
            pytest.param('{"age": "\\ud800"}', id="lone surrogate"),
            pytest.param('{"age": ' + "9" * 4000 + ".5}", id="long number"),
            pytest.param('{"age": ' + "[" * 500 + "]" * 500 + "}", id="deep"),
            pytest.param('{"\\ud800": 1}', id="lone surrogate in a name"),
        ],
    )
    def test_whatever_is_rejected_the_rest_can_be_sent(self, text):
        """
        Strict JSON in UTF-8.
        """
        body = json.loads(text)
        told = rejected(errors_of(Tree, body | {"label": "x"}), body, location="body", include_inputs=True)

        assert json.loads(to_json(told), parse_constant=pytest.fail)


class TestInvalidParam:
    def test_absent_members_are_not_written(self):
        """
        A client reads no null where a member is absent.
        """
        param = InvalidParam(detail="Field required", code="missing", pointer="#/age")

        assert {"detail": "Field required", "code": "missing", "pointer": "#/age"} == param.model_dump()

    def test_a_parameter_is_written_as_in(self):
        """
        In Python, `in` is a keyword.
        """
        param = InvalidParam(detail="Field required", code="missing", location="query", parameter="page")

        expected = '{"detail":"Field required","code":"missing","in":"query","parameter":"page"}'
        assert expected == param.model_dump_json()

    def test_it_is_written_so_in_other_models(self):
        """
        Whatever they say about aliases.
        """
        holder = create_model("Holder", errors=(list[InvalidParam], ...))
        wire = {"errors": [{"detail": "x", "code": "y", "in": "path", "parameter": "z"}]}

        assert wire == holder.model_validate(wire).model_dump(by_alias=False)

    def test_a_null_that_was_rejected_is_written(self):
        """
        It is not the absence of an input.
        """
        param = InvalidParam(detail="x", code="y", pointer="#", input=None)

        assert {"detail": "x", "code": "y", "pointer": "#", "input": None} == param.model_dump()

    def test_everything(self):
        """
        What is read is what was written.
        """
        wire = {"detail": "x", "code": "y", "pointer": "#/a", "context": {"ge": 1}, "input": [1]}

        assert wire == InvalidParam.model_validate(wire).model_dump()

    def test_unknown_members_are_ignored(self):
        """
        Another server, or a later version, may send more.
        """
        assert InvalidParam(detail="x", code="y") == InvalidParam.model_validate({"detail": "x", "code": "y", "z": 1})

    def test_it_is_frozen(self):
        """
        It is a value.
        """
        with pytest.raises(ValidationError, match="frozen"):
            InvalidParam(detail="x", code="y").detail = "z"

    @pytest.mark.parametrize("mode", ["validation", "serialization"])
    def test_its_schema_is_the_one_that_tools_understand(self, mode):
        """
        No title of a member, no null, no default.
        """
        expected = {
            "title": "InvalidParam",
            "type": "object",
            "properties": {
                "detail": {"type": "string"},
                "code": {"type": "string"},
                "pointer": {"type": "string"},
                "parameter": {"type": "string"},
                "in": {"type": "string", "enum": ["query", "path", "header", "cookie"]},
                "index": {"type": "integer", "minimum": 0},
                "key": {"type": "boolean"},
                "context": {"type": "object"},
                "input": {},
            },
            "required": ["detail", "code"],
        }
        assert expected == InvalidParam.model_json_schema(mode=mode)

    def test_it_is_a_component_of_other_schemas(self):
        """
        Generated clients get one class.
        """
        schema = create_model("Holder", errors=(list[InvalidParam], ...)).model_json_schema()

        assert InvalidParam.model_json_schema() == schema["$defs"]["InvalidParam"]

    def test_its_members_are_those_that_are_told(self):
        """
        The dictionaries of `rejected` are its wire form.
        """
        assert RejectedParam.__annotations__.keys() == InvalidParam.model_json_schema()["properties"].keys()

    def test_it_is_made_of_what_is_told(self):
        """
        `invalid_params` returns the same as `rejected`.
        """
        errors, body = errors_of(Tree, {"trees": [{"label": "x"}]}), {"trees": [{"label": "x"}]}
        params, _ = invalid_params(errors, body, location="body")

        assert rejected(errors, body, location="body") == [param.model_dump() for param in params]


app = FastAPI()


@app.exception_handler(RequestValidationError)
async def tell(request: Request, exc: RequestValidationError):
    """Answer with the reported entries."""
    return JSONResponse(rejected(exc.errors(), exc.body), 422)


class Filters(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: int = 1
    tags: list[int] = []


class Upload(BaseModel):
    title: int
    tags: list[int] = []


@app.post("/one")
def one(item: Strict): ...


@app.post("/embedded")
def embedded(item: Annotated[Strict, Body(embed=True)]): ...


@app.post("/two")
def two(item: Strict, tree: Tree): ...


@app.post("/pets")
def pets(pets: list[Pet]): ...


@app.post("/form")
def form(upload: Annotated[Upload, Form()]): ...


@app.post("/forms")
def forms(form: Annotated[Upload | Strict, Form()]): ...


@app.post("/fields")
def fields(tags: Annotated[list[int], Form()], age: Annotated[int, Form()], extra: Annotated[Json[Tree], Form()]): ...


@app.post("/file")
def file(document: UploadFile, size: Annotated[int, Form()]): ...


@app.post("/bytes")
def raw(document: Annotated[bytes, File(max_length=1)]): ...


@app.get("/parameters/{number}")
def parameters(
    number: Annotated[int, Path()],
    page: int,
    ids: Annotated[list[int], Query()],
    mixed: Annotated[int | list[int], Query()],
    x_count: Annotated[int, Header()],
    visits: Annotated[int, Cookie()],
): ...


@app.get("/filters")
def filters(filters: Annotated[Filters, Query()], header: Annotated[Upload, Header()]): ...


def places(response):
    """Return the code and the place of each error."""
    return [(param["code"], param.get("pointer") or f"{param['in']} {param['parameter']}") for param in response.json()]


JSON_TYPE = {"content-type": "application/json"}

REQUESTS = [
    pytest.param("/one", {}, [("missing", "#")], id="no body"),
    pytest.param("/one", {"json": {"amount": "x"}}, [("int_parsing", "#/amount")], id="member"),
    pytest.param("/one", {"json": {"a/b": 1}}, [("extra_forbidden", "#/a~1b")], id="extra member"),
    pytest.param("/one", {"json": [1]}, [("model_attributes_type", "#")], id="list for an object"),
    pytest.param(
        "/one", {"content": "null", "headers": JSON_TYPE}, [(ANY, "#")], id="null"
    ),  # the code depends on the version of FastAPI
    pytest.param("/one", {"content": "{", "headers": JSON_TYPE}, [("json_invalid", "#")], id="truncated"),
    pytest.param("/one", {"content": "abc"}, [("model_attributes_type", "#")], id="no JSON"),
    pytest.param("/embedded", {"json": {"item": {"amount": "x"}}}, [("int_parsing", "#/item/amount")], id="embedded"),
    pytest.param("/embedded", {"json": {"amount": "x"}}, [("missing", "#/item")], id="not embedded"),
    pytest.param("/embedded", {"json": []}, [("missing", "#/item")], id="list for an embedding object"),
    pytest.param("/embedded", {}, [("missing", "#/item")], id="no embedding body"),
    pytest.param(
        "/two",
        {"json": {"item": {"z": 1}, "tree": {"trees": [{"label": "x"}]}}},
        [("extra_forbidden", "#/item/z"), ("missing", "#/tree/label"), ("int_parsing", "#/tree/trees/0/label")],
        id="two bodies",
    ),
    pytest.param("/two", {"json": {"item": {}}}, [("missing", "#/tree")], id="one of two bodies"),
    pytest.param(
        "/pets",
        {"json": [{"kind": "cat", "lives": 10}, {"kind": "dog"}, {"kind": "cow"}]},
        [("less_than_equal", "#/0/lives"), ("missing", "#/1/barks"), ("union_tag_invalid", "#/2")],
        id="tags",
    ),
    pytest.param(
        "/form",
        {"data": {"title": "x", "tags": ["1", "y"]}},
        [("int_parsing", "#/title"), ("int_parsing", "#/tags/1")],
        id="form",
    ),
    pytest.param(
        "/form",
        {"data": {"tags": ["x"]}},
        [("missing", "#/title"), ("int_parsing", "#/tags/0")],
        id="form with one tag",
    ),
    pytest.param("/form", {}, [("missing", "#/title")], id="no form"),
    pytest.param("/form", {"data": {"title": ""}}, [(ANY, "#/title")], id="empty field of a form"),  # likewise
    pytest.param(
        "/forms",
        {"data": {"amount": "x"}},
        [("missing", "#/title"), ("int_parsing", "#/amount")],
        id="form of a union",
    ),
    pytest.param(
        "/fields",
        {"data": {"tags": ["1", "x"], "age": "", "extra": '{"label": "x"}'}},
        [("int_parsing", "#/tags/1"), ("missing", "#/age"), ("int_parsing", "#/extra")],
        id="form fields",
    ),
    pytest.param(
        "/fields",
        {"data": {"tags": "x", "age": "x", "extra": "{"}},
        [("int_parsing", "#/tags/0"), ("int_parsing", "#/age"), ("json_invalid", "#/extra")],
        id="form field with no JSON",
    ),
    pytest.param(
        "/file",
        {"data": {"document": "x"}, "files": {"size": b"1"}},
        [("value_error", "#/document"), ("int_type", "#/size")],
        id="file and field",
    ),
    pytest.param("/bytes", {"files": {"document": b"xyz"}}, [("bytes_too_long", "#/document")], id="bytes"),
]


@pytest.fixture(scope="module")
def client():
    """A client of the application above."""
    return TestClient(app)


class TestFastAPI:
    @pytest.mark.parametrize(("path", "options", "expected"), REQUESTS)
    def test_a_body(self, client, path, options, expected):
        """
        What FastAPI rejects is found in what was sent.
        """
        assert expected == places(client.post(path, **options))

    def test_parameters(self, client):
        """
        Each has the name and the place it has in OpenAPI.
        """
        client.cookies.set("visits", "x")
        response = client.get("/parameters/x?page=x&ids=1&ids=x&mixed=x", headers={"x-count": "x"})
        client.cookies.clear()

        assert [
            ("int_parsing", "path number"),
            ("int_parsing", "query page"),
            ("int_parsing", "query ids"),
            ("int_type", "query mixed"),
            ("int_parsing", "query mixed"),
            ("int_parsing", "header x-count"),
            ("int_parsing", "cookie visits"),
        ] == places(response)

    def test_models_of_parameters(self, client):
        """
        So have the values of a model.
        """
        response = client.get("/filters?limit=x&tags=x&no=1", headers={"tags": "x"})

        assert [
            ("int_parsing", "query limit"),
            ("int_parsing", "query tags"),
            ("extra_forbidden", "query no"),
            ("missing", "header title"),
            ("int_parsing", "header tags"),
        ] == places(response)

    def test_a_form_is_an_object(self):
        """
        One value, or the list of all of its name.
        """
        form = FormData([("tags", "1"), ("tags", "x"), ("age", "y")])

        assert ["#/tags/1", "#/tags", "#/age"] == [
            pointer_to(("tags", 1), form, "x"),
            pointer_to(("tags",), form, ["1", "x"]),
            pointer_to(("age",), form, "y"),
        ]
