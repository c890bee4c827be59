"""
The verdicts of `problems diff` against two independent judges.

A JSON Schema validator, and the classes themselves: a change is breaking exactly if the classes of one version cannot
revive documents of the other.
"""

from typing import Annotated, Literal

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import BaseModel, Field

from problems import Conflict, ProblemDetails, Registry
from problems.documenting.vocabulary import Vocabulary
from problems.tools.diff import compare
from problems.tools.diff._changes import Comparison, Kind
from problems.tools.diff._values import Schemas

FEW = (None, True, -1, 0, 1, 3, 4, 5, 1.5, 0.5, "", "a", "ab", "abc")
SCALARS = (*FEW, False, 2, 2.5, -0.5, 100, 100.5, "b", "abcd")
POOL = (
    *SCALARS,
    [],
    *([it] for it in SCALARS),
    *([it, other] for it in FEW for other in FEW),
    *([it] * 3 for it in FEW),
)

BOUNDS = {
    "minimum": st.sampled_from([0, 1]),
    "exclusiveMinimum": st.sampled_from([-1, 0]),
    "maximum": st.sampled_from([3, 4]),
    "exclusiveMaximum": st.sampled_from([4, 5]),
}
LENGTHS = {"minLength": st.sampled_from([0, 1, 2]), "maxLength": st.sampled_from([2, 3])}
PLAIN = st.one_of(
    st.fixed_dictionaries({"type": st.just("integer")}, optional=BOUNDS),
    st.fixed_dictionaries({"type": st.just("string")}, optional=LENGTHS),
    st.sampled_from(
        [
            {"const": "a"},
            {"enum": ["b", "a"]},
            {"enum": [1, 2, 3]},
            {"const": 1.0},
            {"type": "null"},
            {"type": ["integer", "null"]},
            {"type": "boolean", "title": "Flag"},
            {"enum": [True, False]},
            {"type": "number"},
            {},
            True,
        ]
    ),
)
UNIONS = st.lists(PLAIN, min_size=1, max_size=3).map(lambda parts: {"anyOf": parts})
ITEMS = PLAIN | UNIONS
LISTS = st.fixed_dictionaries(
    {"type": st.just("array"), "items": ITEMS}, optional={"minItems": st.sampled_from([0, 1])}
)
TUPLES = st.lists(ITEMS, min_size=1, max_size=2).map(
    lambda places: {"type": "array", "prefixItems": places, "minItems": len(places), "maxItems": len(places)}
)
SCHEMAS = PLAIN | UNIONS | LISTS | TUPLES | PLAIN.map(lambda schema: {"allOf": [schema]})


class TestSchemas:
    @settings(max_examples=100, deadline=None)
    @given(SCHEMAS, SCHEMAS)
    def test_a_validator_finds_the_same_direction(self, before, after):
        """
        A value that only one schema allows is found in the direction in which it is missing.
        """
        judges = [Draft202012Validator(it) for it in (before, after)]
        allowed = [tuple(judge.is_valid(value) for judge in judges) for value in POOL]
        expected = {
            kind for pair, kind in (((True, False), Kind.NARROWER), ((False, True), Kind.WIDER)) if pair in allowed
        }

        assert expected <= {step.kind for step in Comparison(Schemas({}), Schemas({})).steps(before, after)}

    @settings(max_examples=100, deadline=None)
    @given(SCHEMAS)
    def test_another_way_to_write_a_schema_is_no_change(self, schema):
        """
        A reference, a union of one and a conjunction of one mean the schema itself.
        """
        document = {"$defs": {"It": schema, "Again": {"$ref": "#/$defs/It"}}}
        written = ({"$ref": "#/$defs/Again"}, {"anyOf": [schema]}, {"allOf": [{"oneOf": [{"$ref": "#/$defs/It"}]}]})
        comparison = Comparison(Schemas({}), Schemas(document))

        assert [()] * 3 == [comparison.steps(schema, it) for it in written]


class Row(BaseModel):
    a: int


class WideRow(BaseModel):
    a: int | str


class OptionalRow(BaseModel):
    a: int = 0


class NotedRow(BaseModel):
    a: int
    note: int | None = None


class NeedyRow(BaseModel):
    a: int
    note: int


ROWS = (Row, WideRow, OptionalRow, NotedRow, NeedyRow)
KINDS = st.sampled_from(
    [
        int,
        float,
        str,
        int | None,
        int | str,
        Annotated[int, Field(ge=1)],
        Annotated[int, Field(gt=0)],
        Annotated[int, Field(le=3)],
        Literal["a"],
        Literal["a", "b"],
        Literal["b", "a"],
        *ROWS,
    ]
)
ANNOTATIONS = st.one_of(
    KINDS,
    KINDS.map(lambda kind: list[kind]),
    KINDS.map(lambda kind: dict[str, kind]),
    KINDS.map(lambda kind: kind | None),
    st.tuples(KINDS, KINDS).map(lambda kinds: tuple[kinds]),
)
ROW_VALUES = ({"a": 1}, {"a": "x"}, {}, {"a": 1, "note": 1}, {"a": 1, "note": None}, {"a": "x", "note": 1})
INNER = (None, 0, 1, 4, 1.5, "a", "b", "c", *ROW_VALUES)
VALUES = (
    *INNER,
    [],
    *([it] for it in INNER),
    *([it, other] for it in INNER for other in INNER),
    *({"x": it} for it in INNER),
)
BASE = "https://shop.example/"


def registry(kind):
    """Return a registry of one class with one member of the given kind."""
    body = {"__annotations__": {"left": kind}, "__module__": __name__}
    return Registry(type(Conflict)("Sold", (Conflict,), body, type="sold", title="Sold"), base=BASE)


def revives(vocabulary, value):
    """Return whether a document with *value* is an instance of the declared class."""
    document = {"type": f"{BASE}sold", "title": "Sold", "status": 409, "left": value}
    return type(vocabulary.revive(ProblemDetails.model_validate(document))).__name__ == "Sold"


class TestClasses:
    @settings(max_examples=60, deadline=None)
    @given(ANNOTATIONS, ANNOTATIONS)
    def test_a_change_is_breaking_if_documents_do_not_revive(self, before, after):
        """
        What one version reads and the other does not is breaking; without a breaking change both read the same.
        """
        old, new = registry(before), registry(after)
        changes = compare(Vocabulary.of(old), Vocabulary.of(new)).changes
        differ = [it for it in VALUES if revives(old, it) != revives(new, it)]
        breaking = {it.code for it in changes if it.breaking}

        assert not differ or breaking, differ
        assert differ or breaking <= {"member-removed", "member-changed"}, breaking
