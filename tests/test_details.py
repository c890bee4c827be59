import copy
import json
import pickle
from datetime import UTC, datetime
from http import HTTPStatus
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import BaseModel, TypeAdapter, ValidationError, model_serializer, model_validator

from problems._wire.details import STANDARD_MEMBERS, ProblemDetails, Reading, standard_members

OUT_OF_CREDIT = {
    "type": "https://example.com/problems/out-of-credit",
    "title": "You do not have enough credit.",
    "status": 403,
    "detail": "Your balance is 30, but that costs 50.",
    "instance": "/account/12345/messages/abc",
    "balance": 30,
    "accounts": ["/account/12345", "/account/67890"],
}

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(), values, max_size=3),
    max_leaves=8,
)
JSON_OBJECTS = st.dictionaries(st.sampled_from(STANDARD_MEMBERS) | st.text(), JSON_VALUES)

WRONG = [
    pytest.param("type", None, "null, not a string", id="type null"),
    pytest.param("type", 404, "a number, not a string", id="type number"),
    pytest.param("title", {}, "an object, not a string", id="title object"),
    pytest.param("title", True, "a boolean, not a string", id="title boolean"),
    pytest.param("status", "404", "a string, not an integer", id="status string"),
    pytest.param("status", True, "a boolean, not an integer", id="status boolean"),
    pytest.param("status", None, "null, not an integer", id="status null"),
    pytest.param("status", 400.5, "a number, not an integer", id="status fraction"),
    pytest.param("status", float("inf"), "a number, not an integer", id="status infinite"),
    pytest.param("status", float("nan"), "a number, not an integer", id="status not a number"),
    pytest.param("status", [404], "an array, not an integer", id="status array"),
    pytest.param("detail", [{"msg": "x"}], "an array, not a string", id="detail array"),
    pytest.param("detail", b"x", "bytes, not a string", id="detail that is not JSON"),
    pytest.param("instance", 4.5, "a number, not a string", id="instance number"),
]
"""Values of the wrong JSON type, and how the sentence names them."""


class TestProblemDetailsRead:
    def test_the_example_of_the_rfc(self):
        """
        Every member is where a reader of RFC 9457 looks for it.
        """
        details = ProblemDetails.model_validate(OUT_OF_CREDIT)

        assert OUT_OF_CREDIT == {name: getattr(details, name) for name in STANDARD_MEMBERS} | dict(details.extensions)

    def test_no_member_is_required(self):
        """
        An empty object is a problem about which only its status code is known.
        """
        assert ProblemDetails(type="about:blank") == ProblemDetails.model_validate({})

    @pytest.mark.parametrize(("name", "value", "found"), WRONG)
    def test_a_member_of_the_wrong_type_is_ignored(self, name, value, found):
        """
        It counts as absent, and the rest is kept.
        """
        others = {key: member for key, member in OUT_OF_CREDIT.items() if key != name}

        assert ProblemDetails.model_validate(others) == ProblemDetails.model_validate({**OUT_OF_CREDIT, name: value})

    @pytest.mark.parametrize(("name", "value", "found"), WRONG)
    def test_what_was_ignored_is_told(self, name, value, found):
        """
        Member and reason are named, the value is not.
        """
        _, reading = ProblemDetails.read({**OUT_OF_CREDIT, name: value})

        assert Reading((f"The member `{name}` was ignored: it is {found}.",)) == reading

    def test_nothing_is_told_of_a_good_document(self):
        """
        A reading without findings is the empty one.
        """
        details, reading = ProblemDetails.read(OUT_OF_CREDIT)

        assert (ProblemDetails.model_validate(OUT_OF_CREDIT), Reading()) == (details, reading)

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            pytest.param("400", 400, id="integer"),
            pytest.param("400.0", 400, id="decimals"),
            pytest.param("4e2", 400, id="exponent"),
            pytest.param("0", 0, id="zero"),
            pytest.param("-1", -1, id="negative"),
            pytest.param("99999", 99999, id="too large"),
            pytest.param("1e300", int(1e300), id="far too large"),
        ],
    )
    def test_a_status_is_a_number_however_written(self, text, expected):
        """
        JSON has one kind of number; whether it is a status is for the reader to judge.
        """
        assert expected == ProblemDetails.model_validate_json(f'{{"status": {text}}}').status

    def test_names_are_case_sensitive(self):
        """
        `Title` is an extension member.
        """
        details = ProblemDetails.model_validate({"Title": "Gone"})

        assert (None, {"Title": "Gone"}) == (details.title, dict(details.extensions))

    @pytest.mark.parametrize(
        "name", ["extensions", "model_dump", "model_config", "self", "cls", "__class__", "a b", ""]
    )
    def test_any_name_can_be_an_extension(self, name):
        """
        A server does not know what Python objects call their attributes.
        """
        assert {name: 1} == dict(ProblemDetails.model_validate({name: 1}).extensions)

    def test_any_mapping_can_be_read(self):
        """
        Members need not be a dictionary.
        """
        assert 404 == ProblemDetails.model_validate(MappingProxyType({"status": HTTPStatus.NOT_FOUND})).status

    @pytest.mark.parametrize("value", [pytest.param(None, id="null"), pytest.param([1], id="array"), "text", 404])
    def test_what_is_no_object_is_refused(self, value):
        """
        Only an object has members to ignore.
        """
        with pytest.raises(ValidationError, match="valid dictionary"):
            ProblemDetails.model_validate(value)

    def test_it_is_read_leniently_inside_another_model(self):
        """
        A list of problems, or a member that is one, obeys the same rules.
        """
        adapter = TypeAdapter(list[ProblemDetails])

        assert [ProblemDetails(title="Gone")] == adapter.validate_json('[{"title": "Gone", "status": "410"}]')


class TestProblemDetailsWritten:
    def test_the_standard_members_come_first(self):
        """
        The order follows the RFC, whatever the order of the input.
        """
        details = ProblemDetails.model_validate(dict(reversed(OUT_OF_CREDIT.items())))

        assert [*STANDARD_MEMBERS, "accounts", "balance"] == list(details.model_dump())

    def test_what_is_absent_is_not_written(self):
        """
        No standard member is ever null.
        """
        assert '{"type":"about:blank","status":404}' == ProblemDetails(status=404).model_dump_json()

    def test_extensions_that_are_null_are_kept(self):
        """
        Null may mean something there.
        """
        details = ProblemDetails.model_validate({"title": "Gone", "since": None})

        assert '{"type":"about:blank","title":"Gone","since":null}' == details.model_dump_json()

    def test_a_status_is_a_number(self):
        """
        A member of `http.HTTPStatus` is not an exception.
        """
        assert '{"type":"about:blank","status":404}' == ProblemDetails(status=HTTPStatus.NOT_FOUND).model_dump_json()

    def test_extensions_are_written_as_pydantic_writes_them(self):
        """
        A time becomes text.
        """
        details = ProblemDetails.model_validate({"since": datetime(2026, 7, 1, tzinfo=UTC)})

        assert {"type": "about:blank", "since": "2026-07-01T00:00:00Z"} == details.model_dump(mode="json")

    def test_it_is_written_strictly_inside_another_model(self):
        """
        A member that is a problem has no null members either.
        """

        class Report(BaseModel):
            """Holds a problem."""

            problem: ProblemDetails

        report = Report(problem=ProblemDetails(title="Gone"))

        assert '{"problem":{"type":"about:blank","title":"Gone"}}' == report.model_dump_json()

    def test_the_usual_options_work(self):
        """
        Members can be left out and picked.
        """
        details = ProblemDetails.model_validate(OUT_OF_CREDIT)

        assert {"status": 403, "balance": 30} == details.model_dump(include={"status", "balance"})

    @given(JSON_OBJECTS)
    def test_what_was_written_reads_equal(self, document):
        """
        Any object can be read, and the written form is the same.
        """
        details = ProblemDetails.model_validate(document)

        assert details == ProblemDetails.model_validate_json(details.model_dump_json())

    @given(JSON_OBJECTS)
    def test_both_written_forms_tell_the_same(self, document):
        """
        Python values in JSON mode equal the values of the JSON text.
        """
        details = ProblemDetails.model_validate(document)

        assert json.loads(details.model_dump_json()) == details.model_dump(mode="json")


class TestProblemDetailsValue:
    def test_it_is_compared_by_value(self):
        """
        Two documents with different extension members differ.
        """
        assert ProblemDetails.model_validate({"left": 1}) != ProblemDetails.model_validate({"left": 2})

    def test_it_cannot_be_changed(self):
        """
        A document that is shared stays what it was.
        """
        details = ProblemDetails(title="Gone")

        with pytest.raises(ValidationError, match="frozen"):
            details.title = "Here"

    def test_its_extensions_cannot_be_changed(self):
        """
        The mapping is a view that cannot be written to.
        """
        details = ProblemDetails.model_validate({"left": 1})

        with pytest.raises(TypeError):
            details.extensions["left"] = 2

    @pytest.mark.parametrize(
        "duplicate",
        [
            pytest.param(copy.copy, id="copy"),
            pytest.param(copy.deepcopy, id="deepcopy"),
            pytest.param(lambda details: pickle.loads(pickle.dumps(details)), id="pickle"),  # noqa: S301 - our own
        ],
    )
    def test_it_can_be_copied(self, duplicate):
        """
        A copy is equal, extension members included.
        """
        details = ProblemDetails.model_validate(OUT_OF_CREDIT)

        assert details == duplicate(details)


class TestProblemDetailsSchema:
    @pytest.mark.parametrize("mode", ["validation", "serialization"])
    def test_it_is_that_of_appendix_a(self, mode):
        """
        No member is required or null, further ones are allowed.
        """
        schema = ProblemDetails.model_json_schema(mode=mode)
        shapes = {
            name: {key: value for key, value in shape.items() if key != "description"}
            for name, shape in schema.pop("properties").items()
        }

        assert shapes == {
            "type": {"type": "string", "format": "uri-reference"},
            "title": {"type": "string"},
            "status": {"type": "integer", "minimum": 100, "maximum": 599},
            "detail": {"type": "string"},
            "instance": {"type": "string", "format": "uri-reference"},
        }
        assert schema == {
            "title": "ProblemDetails",
            "description": "A problem details object.",
            "type": "object",
            "additionalProperties": True,
        }

    def test_it_is_valid(self):
        """
        JSON Schema 2020-12 accepts it.
        """
        assert Draft202012Validator.check_schema(ProblemDetails.model_json_schema()) is None

    def test_what_is_written_fits_it(self):
        """
        The example of the RFC has no errors.
        """
        validator = Draft202012Validator(ProblemDetails.model_json_schema())

        assert validator.is_valid(ProblemDetails.model_validate(OUT_OF_CREDIT).model_dump(mode="json"))

    def test_it_is_a_definition_inside_another(self):
        """
        A model that holds a problem refers to it.
        """
        schema = TypeAdapter(list[ProblemDetails]).json_schema(mode="serialization")

        assert {"$ref": "#/$defs/ProblemDetails"} == schema["items"]

    @pytest.mark.parametrize("mode", ["validation", "serialization"])
    def test_a_subclass_with_a_validator_is_described_too(self, mode):
        """
        A validator around the model hides none of its members.
        """

        class Checked(ProblemDetails):
            balance: int

            @model_validator(mode="after")
            def check(self) -> "Checked":
                return self

        assert {*STANDARD_MEMBERS, "balance"} == set(Checked.model_json_schema(mode=mode)["properties"])

    def test_a_subclass_writes_itself_as_it_likes(self):
        """
        A serializer of a subclass wins, with validators around it too.
        """

        class Short(ProblemDetails):
            @model_validator(mode="after")
            def check(self) -> "Short":
                return self

            @model_serializer(mode="plain")
            def shorten(self) -> str:
                return f"{self.status} {self.title}"

        assert "404 None" == Short(status=404).model_dump()

    def test_a_subclass_describes_its_own_members(self):
        """
        What is narrowed or added in Python is so in the schema.
        """

        class Narrow(ProblemDetails):
            title: str = "Out of credit"
            balance: int

        properties = Narrow.model_json_schema()["properties"]

        assert ("Out of credit", "integer") == (properties["title"]["default"], properties["balance"]["type"])

    def test_nobody_can_change_it(self):
        """
        Every call makes a schema of its own.
        """
        ProblemDetails.model_json_schema()["properties"]["type"].clear()

        assert "string" == ProblemDetails.model_json_schema()["properties"]["type"]["type"]


class TestStandardMembers:
    def test_extensions_are_left_out(self):
        """
        Only what the RFC defines is returned.
        """
        usable, ignored = standard_members(OUT_OF_CREDIT)

        assert ({name: OUT_OF_CREDIT[name] for name in STANDARD_MEMBERS}, ()) == (usable, ignored)

    def test_what_is_absent_stays_absent(self):
        """
        No default is filled in.
        """
        assert ({}, ()) == standard_members({"left": 1})

    def test_every_ignored_member_has_a_sentence(self):
        """
        In the order of the RFC.
        """
        usable, ignored = standard_members({"instance": None, "status": "x", "title": "Gone"})

        assert ({"title": "Gone"}, ["status", "instance"]) == (usable, [text.split("`")[1] for text in ignored])

    @given(JSON_OBJECTS)
    def test_it_agrees_with_the_model(self, document):
        """
        The cheap way and the model read the same.
        """
        usable, _ = standard_members(document)
        details = ProblemDetails.model_validate(document)

        assert {name: usable.get(name) for name in STANDARD_MEMBERS if name != "type"} == {
            name: getattr(details, name) for name in STANDARD_MEMBERS if name != "type"
        }
