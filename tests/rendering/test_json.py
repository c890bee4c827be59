import json
from collections import OrderedDict, deque
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from io import StringIO
from itertools import count, repeat
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, SecretBytes, SecretStr, field_serializer, model_serializer
from pydantic.dataclasses import dataclass as pydantic_dataclass

from problems._wire.json import (
    MAX_DEPTH,
    MAX_DIGITS,
    MAX_GENERATED,
    MAX_VALUES,
    encode,
    encode_members,
)

NUL_TO_DEL = "".join(map(chr, range(128)))


def strictly(document: bytes) -> Any:
    """Parse *document* as RFC 8259 has it: UTF-8, no constants besides its own, unique names."""

    def refuse(constant):
        raise ValueError(constant)

    def unique(pairs):
        assert len(dict(pairs)) == len(pairs), "names in an object are unique"
        return dict(pairs)

    return json.loads(document.decode("utf-8"), parse_constant=refuse, object_pairs_hook=unique)


def reencoded(value: object) -> Any:
    """Return the document that a client reads."""
    return strictly(encode(value))


def nested(depth: int, innermost: object = 1) -> object:
    """Return lists in lists."""
    value = innermost
    for _ in range(depth):
        value = [value]
    return value


def generated(*items: object, error: Exception | None = None):
    """Return a generator of *items* that may raise *error*."""
    yield from items
    if error is not None:
        raise error


class Colour(Enum):
    RED = "red"
    NOTHING = float("nan")
    PAIR = (1, b"\xff")


class Number(IntEnum):
    ONE = 1


class Size(str, Enum):  # noqa: UP042 - as it was written before Python 3.11
    BIG = "big"


class Text(str):
    """A text with opinions."""

    __slots__ = ()

    def __str__(self) -> str:
        return "overridden"


class Broken:
    """An object whose every method raises."""

    def __repr__(self, *_: object) -> str:
        raise RuntimeError

    __str__ = __bool__ = __iter__ = __len__ = __getattr__ = __eq__ = __hash__ = __repr__


class Liar:
    """An object that claims a class and fails to be one."""

    @property
    def __class__(self):
        raise RuntimeError


class BrokenDict(dict):
    """A dictionary that cannot be read."""

    def items(self):
        """Fail."""
        raise RuntimeError


class EndlessDict(dict):
    """A dictionary that cannot be read to its end."""

    def items(self):
        """Go on for ever."""
        return ((object(), number) for number in count())


class Account(BaseModel):
    name: str = "Ann"
    password: SecretStr = SecretStr("hunter2")
    token: str = Field(default="hunter2", exclude=True)
    since: date = Field(default=date(2026, 11, 25), alias="memberSince")
    extra: Any = None


@dataclass
class Point:
    x: Any
    y: Any = 2


@pydantic_dataclass
class Line:
    length: float


class TestEncode:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            pytest.param(None, b"null", id="None"),
            pytest.param(True, b"true", id="bool"),
            pytest.param(-7, b"-7", id="int"),
            pytest.param(Number.ONE, b"1", id="IntEnum"),
            pytest.param(2**70, b"1180591620717411303424", id="big int"),
            pytest.param(0.1, b"0.1", id="float"),
            pytest.param("é€😀", '"é€😀"'.encode(), id="text is sent raw"),
            pytest.param({"a": [1, {"b": None}]}, b'{"a":[1,{"b":null}]}', id="plain"),
            pytest.param({}, b"{}", id="empty object"),
            pytest.param([], b"[]", id="empty array"),
        ],
    )
    def test_json_is_itself(self, value, expected):
        """
        What JSON has words for is said in them.
        """
        assert expected == encode(value)

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            pytest.param(datetime(2026, 11, 25, 7, tzinfo=UTC), "2026-11-25T07:00:00Z", id="datetime"),
            pytest.param(timedelta(seconds=90), "PT1M30S", id="timedelta"),
            pytest.param(UUID(int=7), "00000000-0000-0000-0000-000000000007", id="UUID"),
            pytest.param(Decimal("1.10"), "1.10", id="Decimal"),
            pytest.param(Decimal("NaN"), "NaN", id="a Decimal that is not a number"),
            pytest.param(Path("/var/x"), "/var/x", id="path"),
            pytest.param(Colour.RED, "red", id="Enum"),
            pytest.param(Colour.PAIR, [1, "/w=="], id="Enum of a tuple"),
            pytest.param(Size.BIG, "big", id="Enum of texts"),
            pytest.param({1}, [1], id="set"),
            pytest.param(deque([1, 2]), [1, 2], id="deque"),
            pytest.param(range(3), [0, 1, 2], id="range"),
            pytest.param({"a": 1}.keys(), ["a"], id="view"),
            pytest.param(OrderedDict(a=1), {"a": 1}, id="OrderedDict"),
            pytest.param(MappingProxyType({"a": 1}), {"a": 1}, id="mapping proxy"),
            pytest.param(Point(x=1), {"x": 1, "y": 2}, id="dataclass"),
            pytest.param(Line(length=1.5), {"length": 1.5}, id="pydantic dataclass"),
            pytest.param(Text("as stored"), "as stored", id="str subclass"),
            pytest.param(b"bytes", "bytes", id="UTF-8 bytes"),
            pytest.param(b"\xff\xfe\xfd", "//79", id="other bytes"),
            pytest.param(bytearray(b"\xff"), "/w==", id="bytearray"),
            pytest.param(memoryview(b"abcd")[::2], "ac", id="memoryview with gaps"),
        ],
    )
    @pytest.mark.parametrize("beside", [[], ["\ud800"]], ids=["alone", "beside a surrogate"])
    def test_standard_types_have_a_form(self, value, expected, beside):
        """
        A value that is understood is encoded, whatever is wrong with its neighbours.
        """
        assert [expected, *("\ufffd" for _ in beside)] == reencoded([value, *beside])

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            pytest.param(generated(1, 2), [1, 2], id="generator"),
            pytest.param(map(str, [1]), ["1"], id="map"),
        ],
    )
    def test_generators(self, value, expected):
        """
        An iteration that stands where a list was meant is a list.
        """
        assert {"errors": expected} == reencoded({"errors": value})

    @pytest.mark.parametrize(
        "value",
        [
            pytest.param(float("nan"), id="NaN"),
            pytest.param(float("-inf"), id="infinity"),
            pytest.param(Colour.NOTHING, id="Enum of NaN"),
            pytest.param(10**MAX_DIGITS, id="integer that json.loads refuses"),
            pytest.param(object(), id="object"),
            pytest.param(Broken(), id="broken object"),
            pytest.param(Liar(), id="object without a class"),
            pytest.param(BrokenDict(a=1), id="broken dict"),
            pytest.param(ValueError("postgres://user:hunter2@db"), id="exception"),
            pytest.param(Point, id="class"),
            pytest.param(Account, id="model class"),
            pytest.param(len, id="function"),
            pytest.param(..., id="Ellipsis"),
            pytest.param(StringIO("hunter2"), id="open file"),
            pytest.param(iter(["hunter2"]), id="iterator"),
            pytest.param(count(), id="iterator without end"),
            pytest.param(generated(1, error=RuntimeError()), id="generator that raises"),
        ],
    )
    def test_what_json_cannot_say_is_null(self, value):
        """
        No value is replaced by its `str()`, which may hold a secret.
        """
        assert b'{"value":null,"other":1}' == encode({"value": value, "other": 1})

    def test_longest_integer(self):
        """
        An integer that `json.loads` accepts is sent.
        """
        longest = 2**14_284 - 1

        assert [longest] == reencoded([longest])

    def test_long_text_of_digits(self):
        """
        Digits in a text are not a number.
        """
        assert ["1" * 5000] == reencoded(["1" * 5000])

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            pytest.param("\ud800", "\ufffd", id="high"),
            pytest.param("\udc80", "\ufffd", id="low, from a file name"),
            pytest.param("a\udfff\ud800b", "a\ufffd\ufffdb", id="in the wrong order"),
            pytest.param("\ud83d\ude00", "😀", id="pair"),
            pytest.param(f"{NUL_TO_DEL}\ud800", f"{NUL_TO_DEL}\ufffd", id="beside control characters"),
        ],
    )
    def test_surrogates(self, text, expected):
        """
        Half a character becomes the replacement character, two halves become theirs.
        """
        assert {expected: expected} == reencoded({text: text})

    @pytest.mark.parametrize(
        ("mapping", "expected"),
        [
            pytest.param({1: "a", "1": "b"}, {"1": "b"}, id="same text"),
            pytest.param(dict.fromkeys("\ud800\udc00", 2), {"\ufffd": 2}, id="same replacement"),
            pytest.param({True: 1, 1.5: 2}, {"true": 1, "1.5": 2}, id="numbers"),
            pytest.param({date(2026, 11, 25): 1}, {"2026-11-25": 1}, id="date"),
            pytest.param({Colour.RED: 1, Size.BIG: 2}, {"red": 1, "big": 2}, id="Enum"),
            pytest.param({b"a": 1, b"\xff": 2}, {"a": 1, "/w==": 2}, id="bytes"),
            pytest.param({object(): 1, "b": 2}, {"b": 2}, id="object"),
            pytest.param({Text("a"): 1}, {"a": 1}, id="str subclass"),
        ],
    )
    def test_keys(self, mapping, expected):
        """
        Keys become texts, each once; what has no text is left out.
        """
        assert expected == reencoded(mapping)

    def test_cycle(self):
        """
        A value that contains itself does so once.
        """
        cycle: list[object] = [1]
        cycle.append({"again": cycle})

        assert [1, {"again": None}] == reencoded(cycle)

    @pytest.mark.parametrize("innermost", [1, "\ud800", set()], ids=["plain", "surrogate", "set"])
    def test_depth(self, innermost):
        """
        Twenty thousand levels are cut to what parsers read.
        """
        depth = 0
        value = reencoded(nested(20_000, innermost))
        while value is not None:
            (value,) = value
            depth += 1

        assert depth == MAX_DEPTH

    def test_greatest_depth(self):
        """
        Both ways of encoding allow the same depth.
        """
        plain, other = nested(MAX_DEPTH), nested(MAX_DEPTH, Number.ONE)

        assert plain == reencoded(plain) == reencoded(other)

    def test_near_the_recursion_limit(self):
        """
        A stack that is almost full costs values, not the answer.
        """

        def fill(value):
            try:
                return fill(value)
            except RecursionError:
                return encode(value)

        assert strictly(fill({"a": nested(30, {1})})) in (None, {"a": nested(30, [1])})

    @pytest.mark.parametrize(
        "value",
        [pytest.param(repeat(1), id="unknown iterator"), pytest.param(EndlessDict(), id="endless items")],
    )
    def test_endless_iterators(self, value):
        """
        An iteration without end is not followed.
        """
        assert not reencoded(value)

    def test_endless_generator(self):
        """
        A generator is read as far as an answer can reasonably go.
        """
        assert list(range(MAX_GENERATED)) == reencoded(number for number in count())

    @pytest.mark.parametrize("leaf", [1, {1}], ids=["plain", "not plain"])
    def test_unfolding(self, leaf):
        """
        A few shared lists do not unfold into gigabytes.
        """
        value: object = leaf
        for _ in range(MAX_DEPTH - 1):
            value = [value, value]

        assert len(encode(value)) < 10 * MAX_VALUES

    def test_many_values(self):
        """
        More values than an answer can hold are cut.
        """
        assert len(reencoded([0] * (2 * MAX_VALUES))) == MAX_VALUES - 1


class TestEncodeModels:
    def test_model(self):
        """
        A model is encoded as it says itself: aliases, exclusions, masks.
        """
        expected = {"name": "Ann", "password": "**********", "memberSince": "2026-11-25", "extra": None}

        assert expected == reencoded(Account())

    @pytest.mark.parametrize(
        "extra",
        [
            pytest.param(b"\xff", id="bytes"),
            pytest.param("\ud800", id="surrogate"),
            pytest.param(object(), id="object"),
            pytest.param(float("inf"), id="infinity"),
            pytest.param(10**5000, id="long integer"),
            pytest.param(nested(300), id="deep"),
            pytest.param(generated(1), id="generator"),
            pytest.param((number for number in count()), id="generator without end"),
            pytest.param(StringIO("hunter2"), id="open file"),
            pytest.param(ValueError("hunter2"), id="exception"),
            pytest.param([SecretStr("hunter2"), SecretBytes(b"hunter2\xff")], id="secrets"),
        ],
    )
    def test_model_with_a_difficult_member(self, extra):
        """
        One difficult member costs neither the others nor their secrecy.
        """
        encoded = encode({"account": Account(extra=extra)})

        account = strictly(encoded)["account"]
        assert ("Ann", "**********") == (account["name"], account["password"])
        assert b"hunter2" not in encoded

    def test_model_with_names_twice(self):
        """
        An undeclared member does not repeat the name of a declared one.
        """

        class Open(BaseModel, extra="allow"):
            a: int = Field(default=1, serialization_alias="b")

        assert {"b": 2} == reencoded(Open(b=2))

    def test_model_that_contains_itself(self):
        """
        A model that contains itself is not followed for ever.
        """
        account = Account()
        account.extra = account

        assert len(encode(account)) < 1000

    def test_model_that_is_its_own_form(self):
        """
        A serializer that returns the model again gets no further.
        """

        class Same(BaseModel):
            @model_serializer
            def itself(self):
                return self

        assert [None, 1] == reencoded([Same(), 1])

    def test_model_whose_serializer_raises(self):
        """
        A user-defined serializer that fails causes no second error.
        """

        class Failing(BaseModel):
            a: int = 1

            @field_serializer("a")
            def fail(self, _):
                raise RuntimeError

        assert [None, 1] == reencoded([Failing(), 1])

    def test_model_with_values_of_other_types(self):
        """
        A model that was filled without validation is encoded without a warning.
        """
        assert "7" in encode(Account.model_construct(name=7)).decode()

    def test_secret(self):
        """
        A secret stays one, with or without a model around it.
        """
        assert ["**********", "**********"] == reencoded([SecretStr("hunter2"), SecretBytes(b"\xff")])


ATOMS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None, exclude_categories=()))
    | st.binary()
    | st.decimals()
    | st.datetimes()
    | st.timedeltas()
    | st.uuids()
    | st.complex_numbers()
    | st.builds(object)
    | st.builds(Broken)
    | st.builds(Liar)
    | st.builds(Account)
    | st.sampled_from([Colour.PAIR, Size.BIG, ..., int, ValueError("x")])
)
KEYS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.dates()
    | st.tuples(st.text())
)
VALUES = st.recursive(
    ATOMS,
    lambda values: (
        st.lists(values)
        | st.tuples(values, values)
        | st.dictionaries(KEYS, values)
        | st.builds(Point, values)
        | st.builds(Account, extra=values)
        | st.builds(iter, st.lists(values))
        | st.builds(generated, values)
    ),
    max_leaves=15,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda values: st.lists(values) | st.dictionaries(st.text(), values),
    max_leaves=15,
)


class TestTotality:
    @given(VALUES)
    def test_any_value(self, value):
        """
        Every value has a document that every parser reads.
        """
        strictly(encode(value))

    @given(JSON)
    def test_json(self, value):
        """
        A JSON value is unchanged by encoding and parsing it.
        """
        assert value == reencoded(value)

    @given(JSON)
    def test_both_ways_agree(self, value):
        """
        A difficult neighbour changes nothing.
        """
        assert encode(value) == encode([value, "\ud800"])[1 : -len(b',"\xef\xbf\xbd"]')]


class TestEncodeMembers:
    @pytest.mark.parametrize(
        ("members", "expected"),
        [
            pytest.param({}, b"{}", id="none"),
            pytest.param({"a": 1}, b'{"a":1}', id="one"),
            pytest.param(BrokenDict(a=1), b"{}", id="broken"),
        ],
    )
    def test_it_is_an_object(self, members, expected):
        """
        Members are an object even if there is nothing to be had of them.
        """
        assert expected == encode_members(members)
