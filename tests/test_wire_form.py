"""
The wire form of members: the body fits the published schema and revives as an equal problem, at every depth.

Also: every text that shows members (log, `str()`, `repr()`, `detail`, pickle) shows at most the wire form.
"""

import copy
import dataclasses
import itertools
import json
import logging
import pickle
import sqlite3
import tempfile
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Annotated, Any, Generic, NamedTuple, TypeVar
from uuid import UUID

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import (
    AliasChoices,
    AliasPath,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    RootModel,
    SecretStr,
    TypeAdapter,
    WrapSerializer,
    computed_field,
    field_serializer,
    model_serializer,
)
from pydantic.alias_generators import to_camel
from pydantic.dataclasses import dataclass as pydantic_dataclass
from typing_extensions import TypedDict

from problems import Conflict, NotFound, ProblemDetails, Registry
from problems.answering import Policy, RequestFacts, answer
from problems.answering.instrumentation import Occurrence
from problems.answering.instrumentation.logging import record

SECRET = "hunter2-4711"
T = TypeVar("T")


class Alias(BaseModel):
    first_name: str = Field(alias="firstName")


class ByName(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    first_name: str = Field(alias="firstName")


class Written(BaseModel):
    first_name: str = Field(serialization_alias="givenName")


class Read(BaseModel):
    first_name: str = Field(validation_alias=AliasChoices("firstName", AliasPath("names", 0)))


class Both(BaseModel):
    first_name: str = Field(validation_alias="in", serialization_alias="out")


class Camel(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid")
    the_name: str
    more_names: list[str] = []


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    some_id: int = Field(alias="someId")


class Colour(Enum):
    RED = "red"


class Size(StrEnum):
    BIG = "big"


class Level(IntEnum):
    LOW = 1


@pydantic_dataclass
class Data:
    first_name: str = Field(alias="firstName")


@dataclasses.dataclass
class Plain:
    pos_x: int


class Typed(TypedDict, total=False):
    the_name: Alias


class Pair(NamedTuple):
    who: Written
    size: int


class Box(BaseModel, Generic[T]):
    the_content: T = Field(alias="theContent")


class Computed(BaseModel):
    side: int

    @computed_field(alias="theArea")
    @property
    def area(self) -> int:
        """The area."""
        return self.side**2


class Excluding(BaseModel):
    name: str
    note: str = Field(default="", exclude=True)


class Seconds(BaseModel):
    length: timedelta

    @field_serializer("length")
    def as_seconds(self, value: timedelta) -> float:
        """Write seconds, which pydantic reads as well."""
        return value.total_seconds()


class Tree(BaseModel):
    the_name: str = Field(serialization_alias="theName")
    sub_trees: list["Tree"] = Field(default=[], serialization_alias="subTrees")


NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
LEAVES: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (int, st.integers(-(2**60), 2**60)),
    (str, NAMES),
    (bool, st.booleans()),
    (float, st.floats(allow_nan=False, allow_infinity=False)),
    (Decimal, st.decimals(allow_nan=False, allow_infinity=False, places=2)),
    (UUID, st.uuids()),
    (date, st.dates()),
    (datetime, st.datetimes() | st.datetimes(timezones=st.just(UTC))),
    (time, st.times()),
    (timedelta, st.timedeltas(timedelta(-100), timedelta(100))),
    (Colour, st.just(Colour.RED)),
    (Size, st.just(Size.BIG)),
    (Level, st.just(Level.LOW)),
    (Alias, NAMES.map(lambda it: Alias(firstName=it))),
    (ByName, NAMES.map(lambda it: ByName(first_name=it))),
    (Written, NAMES.map(lambda it: Written(first_name=it))),
    (Read, NAMES.map(lambda it: Read(firstName=it))),
    (Both, NAMES.map(lambda it: Both(**{"in": it}))),
    (Camel, st.builds(lambda a, b: Camel(theName=a, moreNames=b), NAMES, st.lists(NAMES, max_size=2))),
    (Open, st.builds(lambda a, b: Open(someId=a, further=b), st.integers(0, 9), NAMES)),
    (Data, NAMES.map(lambda it: Data(firstName=it))),
    (Plain, st.integers(0, 9).map(Plain)),
    (Typed, NAMES.map(lambda it: {"the_name": Alias(firstName=it)})),
    (Pair, NAMES.map(lambda it: Pair(Written(first_name=it), 2))),
    (Computed, st.integers(0, 9).map(lambda it: Computed(side=it))),
    (Excluding, NAMES.map(lambda it: Excluding(name=it))),
    (Seconds, st.integers(0, 99).map(lambda it: Seconds(length=timedelta(seconds=it)))),
    (Tree, NAMES.map(lambda it: Tree(the_name=it, sub_trees=[Tree(the_name=it)]))),
    (RootModel[list[Alias]], NAMES.map(lambda it: RootModel[list[Alias]]([Alias(firstName=it)]))),
    (Any, st.recursive(st.none() | st.integers(0, 9) | NAMES, lambda it: st.lists(it) | st.dictionaries(NAMES, it))),
]


@st.composite
def members(draw: st.DrawFn, depth: int = 2) -> tuple[Any, Any]:
    """Return an annotation and a value that fits it."""
    annotation, values = draw(st.sampled_from(LEAVES))
    value = draw(values)
    for _ in range(draw(st.integers(0, depth))):
        wrap = draw(st.sampled_from(["list", "dict", "optional", "tuple", "generic", "union"]))
        match wrap:
            case "list":
                annotation, value = list[annotation], [value, value]
            case "dict":
                annotation, value = dict[str, annotation], {"some_key": value}
            case "optional":
                annotation = annotation | None if annotation is not Any else annotation
            case "tuple":
                annotation, value = tuple[annotation, int], (value, 1)
            case "generic":
                annotation, value = Box[annotation], Box[annotation](theContent=value)
            case "union":
                annotation = annotation | Plain if annotation is not Any else annotation
    return annotation, value


def declare(annotation: Any, **words: Any) -> Any:
    """Return a problem class with the member `it`."""

    class WithMember(Conflict, type="https://shop.example/problems/with-member", title="With a member", **words):
        """A problem with a member."""

        it: annotation

    return WithMember


def sent(problem: Any) -> bytes:
    """Return the body that an application sends."""
    return answer(problem, RequestFacts({}), Policy(instance=None), Registry(type(problem))).body


class TestWireForm:
    @settings(max_examples=80)
    @given(members())
    def test_the_body_fits_its_schema_and_revives(self, member):
        """
        The body validates against the published schema, and becomes an equal problem for a client.
        """
        annotation, value = member
        cls = declare(annotation)
        problem = cls(it=value)
        document = json.loads(sent(problem))
        schema = Registry(cls).model(cls).model_json_schema(mode="serialization")

        jsonschema.validate(document, schema, cls=jsonschema.Draft202012Validator)
        revived = Registry(cls).revive(ProblemDetails.model_validate(document))
        assert isinstance(revived, cls)
        assert problem.it == revived.it
        assert document["it"] == problem.problem_details.extensions["it"]

    @settings(max_examples=80)
    @given(members())
    def test_fastapi_sends_the_same(self, member):
        """
        A member is written as a response model of FastAPI's would be.
        """
        annotation, value = member
        problem = declare(annotation)(it=value)
        expected = TypeAdapter(annotation).dump_python(problem.it, mode="json", by_alias=True)

        assert expected == json.loads(sent(problem))["it"]

    def test_an_open_member(self):
        """
        A member that is not declared is written by alias too.
        """
        assert {"person": {"firstName": "Ada"}} == dict(
            NotFound(person=Alias(firstName="Ada")).problem_details.extensions
        )


FILES: list[Any] = []


def secret_file() -> Any:
    """Return an open file with a secret in it."""
    file = tempfile.TemporaryFile("w+")  # noqa: SIM115 - the fixture closes it
    file.write(SECRET)
    file.seek(0)
    FILES.append(file)
    return file


@pytest.fixture(autouse=True)
def closing():
    """Close what a test opened."""
    yield
    while FILES:
        FILES.pop().close()


def cursor() -> sqlite3.Cursor:
    """Return a cursor whose rows are secrets."""
    return sqlite3.connect(":memory:").execute(f"select '{SECRET}'")


class Rows:
    """An iterator without `__iter__`, as some drivers have."""

    def __next__(self) -> str:
        return SECRET


def shared(levels: int) -> list[Any]:
    """Return lists that unfold into a number of items that no memory holds."""
    value: list[Any] = ["item"]
    for _ in range(levels):
        value = [value, value]
    return value


class Holder(BaseModel):
    model_config = ConfigDict(extra="allow")
    content: Any = None


@dataclasses.dataclass
class Holding:
    content: Any


UNBOUNDED: dict[str, Any] = {
    "file": secret_file,
    "cursor": cursor,
    "rows": Rows,
    "count": itertools.count,
    "cycle": lambda: itertools.cycle([SECRET]),
    "chain": lambda: itertools.chain(itertools.repeat(SECRET)),
    "sentinel": lambda: iter(lambda: SECRET, None),
    "map": lambda: map(str, itertools.count()),
    "filter": lambda: filter(None, itertools.repeat(0)),
    "map of a filter": lambda: map(str, filter(None, itertools.repeat(0))),
    "zip": lambda: zip(itertools.count(), itertools.count(), strict=False),
    "generator": lambda: (number for number in itertools.count()),
    "shared": lambda: shared(26),
    "many": lambda: list(range(1_000_000)),
}
PLACES: dict[str, Any] = {
    "Any": (Any, lambda it: it),
    "object": (object, lambda it: it),
    "in a list": (list[Any], lambda it: [it]),
    "in a dictionary": (dict[str, Any], lambda it: {"a": it}),
    "in a model": (Holder, lambda it: Holder(content=it)),
    "extra of a model": (Holder, lambda it: Holder(further=it)),
    "in a dataclass": (Holding, Holding),
    "in a model in Any": (Any, lambda it: [Holder(content=it)]),
    "union": (int | list[Any], lambda it: [it]),
    "iterable": (Iterable[Any], lambda it: it),
    "iterable in a list": (list[Iterable[Any]], lambda it: [it]),
}


class TestBounds:
    @pytest.mark.parametrize("value", [pytest.param(it, id=name) for name, it in UNBOUNDED.items()])
    @pytest.mark.parametrize("place", [pytest.param(it, id=name) for name, it in PLACES.items()])
    def test_what_must_not_be_read(self, place, value):
        """
        No open file, cursor or endless iterator is read, and no answer grows without a bound.
        """
        annotation, put = place
        if value is Rows and "Iterable" in str(annotation):
            pytest.skip("pydantic does not take it for an iterable")
        problem = declare(annotation)(it=put(value()))
        body = sent(problem)

        assert 409 == json.loads(body)["status"]
        assert SECRET.encode() not in body
        assert len(body) < 500_000
        assert SECRET not in f"{problem} {problem!r}"

    def test_a_value_that_was_changed(self):
        """
        What is put into a declared member after it was validated has the same bounds.
        """
        problem = declare(int)(it=7)
        problem.it = secret_file()

        assert SECRET.encode() not in sent(problem)

    @pytest.mark.parametrize(
        ("annotation", "value", "expected"),
        [
            pytest.param(Iterable[int], (number for number in (1, 2)), [1, 2], id="generator"),
            pytest.param(Iterable[int], [1, 2], [1, 2], id="list"),
            pytest.param(Any, {"a": [1, 2.5, None, True]}, {"a": [1, 2.5, None, True]}, id="plain"),
            pytest.param(Any, {1: "a", "1": "b"}, {"1": "b"}, id="keys with one text"),
            pytest.param(object, range(3), [0, 1, 2], id="range"),
        ],
    )
    def test_ordinary_values(self, annotation, value, expected):
        """
        A value that ends is sent, however often it is read.
        """
        problem = declare(annotation)(it=value)

        assert [expected] * 2 == [json.loads(sent(problem))["it"] for _ in range(2)]

    @pytest.mark.parametrize("width", [10**9, 10_000, "1000"])
    def test_templates(self, width):
        """
        A member does not decide how wide a text becomes.
        """

        class Wide(Conflict, type="https://shop.example/problems/wide", title="Wide", detail="{it:{width}}"):
            """A text as wide as a member says."""

            it: str
            width: Any

        assert 0 == len(Wide(it="a", width=width).problem_details.detail or "")

    def test_a_long_value_in_a_template(self):
        """
        A detail is a sentence, however long a member is.
        """
        assert len(declare(str, detail="Not {it}.")(it="x" * 100_000).problem_details.detail or "") < 2_000


def written_by(make: Any) -> dict[str, tuple[Any, Any]]:
    """Return members and their values, each written by a function of the application that calls *make*."""

    class Field1(BaseModel):
        number: int = 1

        @field_serializer("number")
        def write(self, _: int) -> Any:
            """Write the number as something else."""
            return make()

    class Model1(BaseModel):
        number: int = 1

        @model_serializer(mode="wrap")
        def write(self, handler: Any) -> Any:
            """Write the model with a further member."""
            return {**handler(self), "further": make()}

    class Computed1(BaseModel):
        @computed_field
        def further(self) -> Any:
            """Return a further member."""
            return make()

    class Typed1(BaseModel):
        @computed_field
        def further(self) -> int:
            """Return a further member, which is not a number."""
            return make()

    return {
        "PlainSerializer": (Annotated[int, PlainSerializer(lambda _: make())], 1),
        "PlainSerializer with a type": (
            Annotated[int, PlainSerializer(lambda _: make(), return_type=Iterable[Any])],
            1,
        ),
        "PlainSerializer in JSON": (Annotated[int, PlainSerializer(lambda _: make(), when_used="json")], 1),
        "WrapSerializer": (list[Annotated[int, WrapSerializer(lambda _, handler: make())]], [1]),
        "field_serializer": (Field1, Field1()),
        "model_serializer": (Model1, Model1()),
        "computed_field": (Computed1, Computed1()),
        "computed_field with a type": (Typed1, Typed1()),
        "in Any": (Any, {"a": [Field1(), Model1()]}),
        "in a bare list": (list, [Computed1()]),
        "in a further member of a model": (Holder, Holder(further=Field1())),
        "in a dataclass": (Holding, Holding(Model1())),
        "returned by another": (Annotated[int, PlainSerializer(lambda _: [Field1()])], 1),
    }


WRITTEN_BY = tuple(written_by(None))


class TestUserDefinedSerializers:
    """What a serializer of the application returns has the bounds of any other value."""

    @pytest.mark.parametrize("make", [pytest.param(it, id=name) for name, it in UNBOUNDED.items()])
    @pytest.mark.parametrize("how", WRITTEN_BY)
    def test_what_must_not_be_read(self, how, make):
        """
        No open file, cursor or endless iterator that a serializer returns is read, and no answer grows without a bound.
        """
        annotation, value = written_by(make)[how]
        problem = declare(annotation)(it=value)
        body = sent(problem)

        assert 409 == json.loads(body)["status"]
        assert SECRET.encode() not in body
        assert len(body) < 500_000
        assert SECRET not in f"{problem} {problem!r}"

    @pytest.mark.parametrize("how", WRITTEN_BY)
    def test_one_that_raises(self, how):
        """
        A serializer that raises costs its part of the body only, and its exception is in no text.
        """

        def make():
            raise RuntimeError(SECRET)

        annotation, value = written_by(make)[how]
        problem = declare(annotation)(it=value)

        assert 409 == json.loads(sent(problem))["status"]
        assert SECRET not in f"{sent(problem)!r} {problem} {problem!r}"

    @pytest.mark.parametrize("how", WRITTEN_BY)
    @given(value=st.recursive(st.integers() | st.text(max_size=3), lambda it: st.lists(it, max_size=3), max_leaves=5))
    def test_ordinary_values(self, how, value):
        """
        What a serializer returns otherwise is sent as pydantic writes it.
        """
        annotation, given_value = written_by(lambda: value)[how]
        problem = declare(annotation)(it=given_value)
        expected = TypeAdapter(annotation).dump_python(given_value, mode="json", by_alias=True, warnings=False)

        assert expected == json.loads(sent(problem))["it"]

    def test_a_mask_of_a_field(self):
        """
        A `field_serializer` of the problem class itself has the bounds too.
        """

        class Own(Conflict, type="https://shop.example/problems/own", title="Own"):
            """A problem with a serializer."""

            it: int

            @field_serializer("it")
            def write(self, _: int) -> Any:
                """Write a file."""
                return secret_file()

        assert SECRET.encode() not in sent(Own(it=1))


Masked = Annotated[str, PlainSerializer(lambda value: "****" + value[-2:])]


class Lines(BaseModel):
    lines: Iterable[int]


class MaskedLines(BaseModel):
    lines: Iterable[Masked]


class TestIterablesOfModels:
    """Pydantic keeps an iterator in a model with an `Iterable`, which can be read once."""

    @pytest.mark.parametrize(
        "make",
        [
            pytest.param(lambda: (number for number in (1, 2)), id="generator"),
            pytest.param(lambda: [1, 2], id="list"),
            pytest.param(lambda: iter([1, 2]), id="iterator of a list"),
            pytest.param(lambda: map(int, "12"), id="map"),
            pytest.param(lambda: range(1, 3), id="range"),
        ],
    )
    @pytest.mark.parametrize(
        ("annotation", "put"),
        [
            pytest.param(Lines, lambda it: it, id="model"),
            pytest.param(list[Lines] | None, lambda it: [it], id="in a list"),
            pytest.param(dict[str, Lines], lambda it: {"a": it}, id="in a dictionary"),
        ],
    )
    def test_one_that_ends_is_sent_each_time(self, annotation, put, make):
        """
        The items of a generator in a model are in the body, however often it is written.
        """
        problem = declare(annotation)(it=put(Lines(lines=make())))

        assert [put({"lines": [1, 2]})] * 2 == [json.loads(sent(problem))["it"] for _ in range(2)]

    def test_its_items_are_masked(self):
        """
        The serializer of the items applies to them.
        """
        problem = declare(MaskedLines)(it=MaskedLines(lines=(text for text in (SECRET, SECRET))))

        assert {"lines": ["****11"] * 2} == json.loads(sent(problem))["it"]

    @pytest.mark.parametrize("make", [secret_file, lambda: iter(lambda: SECRET, None)], ids=["file", "sentinel"])
    def test_one_that_must_not_be_read_is_empty(self, make):
        """
        An iterator that may not end is not read, and the body fits the schema.
        """
        problem = declare(Lines)(it=Lines(lines=make()))

        assert {"lines": []} == json.loads(sent(problem))["it"]


MaskedInJson = Annotated[str, PlainSerializer(lambda value: "****" + value[-2:], when_used="json")]


class Card(BaseModel):
    number: Masked


class CardInJson(BaseModel):
    number: MaskedInJson
    further: Any = None


class Account(BaseModel):
    name: str = "ada"
    password: str = Field(default="", exclude=True)


class Sealed(BaseModel):
    token: str = SECRET

    @model_serializer
    def seal(self) -> dict[str, str]:
        """Hide the token."""
        return {"token": "hidden"}


class Opaque:
    def __repr__(self) -> str:
        return SECRET

    __str__ = __repr__


HIDDEN: dict[str, tuple[Any, Any]] = {
    "mask": (Masked, SECRET),
    "mask in JSON": (MaskedInJson, SECRET),
    "mask beside bytes": (CardInJson, CardInJson(number=SECRET, further=b"\xff")),
    "mask beside bytes in Any": (Any, CardInJson(number=SECRET, further=b"\xff")),
    "mask in a model": (Card, Card(number=SECRET)),
    "mask in a model in Any": (Any, {"cards": [Card(number=SECRET)]}),
    "mask in a list": (list[Masked], [SECRET]),
    "mask in a dictionary": (dict[str, Card], {"a": Card(number=SECRET)}),
    "excluded in a model": (Account, Account(password=SECRET)),
    "excluded in a model in object": (object, Account(password=SECRET)),
    "excluded member": (Annotated[str, Field(exclude=True)], SECRET),
    "sealed": (Sealed, Sealed()),
    "secret": (SecretStr, SECRET),
    "secret in a list": (list[SecretStr], [SECRET]),
    "secret in Any": (Any, SecretStr(SECRET)),
    "object": (Any, Opaque()),
    "exception": (Any, ValueError(SECRET)),
}
hidden = pytest.mark.parametrize(("annotation", "value"), [pytest.param(*it, id=name) for name, it in HIDDEN.items()])


class TestHiding:
    @hidden
    def test_no_text_shows_more_than_the_body(self, annotation, value, caplog):
        """
        Body, `str()`, `repr()`, log, `detail` and pickle show at most the wire form.
        """
        problem = declare(annotation, detail="It is {it}; {it!r}; {it:>3}.")(it=value)
        bare = declare(annotation)(it=value)
        with caplog.at_level(logging.DEBUG):
            record(Occurrence(bare, bare, "t", 409, None, "GET", "/", is_expected=True))
        texts = [str(problem), repr(problem), str(bare), repr(bare), sent(problem).decode(), caplog.text]

        assert [] == [text for text in texts if SECRET in text]

    @hidden
    def test_pickles(self, annotation, value, monkeypatch):
        """
        A pickle holds no more than a response does, and is answered as before.
        """
        problem = declare(annotation)(it=value)
        monkeypatch.setitem(globals(), "WithMember", type(problem))
        type(problem).__qualname__ = "WithMember"
        pickled = pickle.dumps(problem)
        restored = pickle.loads(pickled)  # noqa: S301 - our own

        assert SECRET.encode() not in pickled
        assert SECRET.encode() not in sent(restored)

    @hidden
    @pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy], ids=["copy", "deepcopy"])
    def test_copies(self, annotation, value, duplicate):
        """
        A copy stays in the process and has all of each member.
        """
        problem = declare(annotation)(it=value)

        assert sent(problem) == sent(duplicate(problem))
        assert type(problem.it) is type(duplicate(problem).it)

    @pytest.mark.parametrize(
        ("annotation", "value", "template", "text"),
        [
            pytest.param(Colour, Colour.RED, "{it}", "red", id="enumeration"),
            pytest.param(Colour, Colour.RED, "{it:>5}", "  red", id="padded enumeration"),
            pytest.param(list[Colour], [Colour.RED], "{it}", "['red']", id="enumerations"),
            pytest.param(Decimal, "1.50", "{it} {it:.1f}", "1.50 1.5", id="decimal"),
            pytest.param(
                datetime, datetime(2026, 1, 2, tzinfo=UTC), "{it} {it:%Y}", "2026-01-02T00:00:00Z 2026", id="time"
            ),
            pytest.param(Alias, {"firstName": "Ada"}, "{it}", "{'firstName': 'Ada'}", id="model"),
            pytest.param(Masked, "12345", "{it}", "****45", id="mask"),
            pytest.param(int, 7, "{it:03} {it!r}", "007 7", id="number"),
        ],
    )
    def test_details(self, annotation, value, template, text):
        """
        A template is filled with what is sent; numbers and times have their formats.
        """
        assert text == declare(annotation, detail=template)(it=value).problem_details.detail
