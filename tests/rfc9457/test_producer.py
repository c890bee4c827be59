"""The clauses that bind who sends problem documents."""

import json
import uuid
from http import HTTPStatus

import pytest
from pydantic import SecretStr
from starlette.exceptions import HTTPException

from problems import Conflict, NotFound, Problem, TooManyRequests, catalog
from problems._wire.uris import check_reference
from problems.declaring._definition import definition_of
from problems.errors import InvalidDefinition, InvalidMembers


def registered() -> list[type[Problem]]:
    """Return the ready-made classes that need no members."""
    found = [getattr(catalog, name) for name in catalog.__all__]
    classes = [cls for cls in found if isinstance(cls, type) and issubclass(cls, Problem)]
    return [
        cls
        for cls in classes
        if not any(it.is_required() for it in definition_of(cls).members.model.model_fields.values())
    ]


def test_row_01_a_json_object_of_the_media_type(answered, item_not_found):
    """
    Sections 1 and 3: one JSON object, labelled `application/problem+json` and nothing more.
    """
    response = answered(item_not_found(item_id=7))

    assert ("application/problem+json", dict) == (response.headers["content-type"], type(response.json()))


def test_row_06_statuses_of_success_are_refused():
    """
    Section 1: a problem does not redefine a status code of a success.
    """
    with pytest.raises(InvalidDefinition, match="status=200"):
        type("Fine", (Problem,), {}, status=200)


def test_row_02_other_statuses_after_an_opt_in():
    """
    Section 1: any status may carry a problem, if its author says that this is meant.
    """
    cls = type("Partly", (Problem,), {}, status=207, any_status=True)

    assert 207 == cls().status


def test_row_07_extension_members_are_top_level(answered, item_not_found):
    """
    Section 3: extension members stand beside the standard ones, in no wrapper.
    """
    assert 7 == answered(item_not_found(item_id=7)).json()["item_id"]


def test_row_10_the_most_urgent_of_several(answered, item_not_found):
    """
    Section 3: of several problems only the most urgent one is sent.
    """
    group = ExceptionGroup("several", [item_not_found(item_id=7), catalog.ServiceUnavailable(), Conflict()])

    assert 503 == answered(group).json()["status"]


@pytest.mark.parametrize("accept", ["application/json", "text/csv", "image/png;q=1, */*;q=0"])
def test_row_11_clients_that_did_not_ask_get_it_too(answered, item_not_found, accept):
    """
    Section 3: a problem is sent whatever the client accepts; an error does not cause a second one.
    """
    response = answered(item_not_found(item_id=7), accept=accept)

    assert (404, "application/problem+json") == (response.status_code, response.headers["content-type"])


@pytest.mark.parametrize("reference", ["out of stock", "<x>", 'a"b', "{x}", "a|b", "a^b", "a`b"])
def test_row_16_a_type_is_a_uri_reference(reference):
    """
    Section 3.1.1: an invalid URI reference raises where it is written.
    """
    with pytest.raises(InvalidDefinition, match="URI reference"):
        type("Wrong", (Conflict,), {}, type=reference, title="Wrong")


def test_row_27_types_that_cannot_be_resolved():
    """
    Section 3.1.1: a `tag:` URI is a type like any other, and is left as it is.
    """
    uri = "tag:example@example.org,2021-09-17:OutOfLuck"

    assert uri == type("OutOfLuck", (Conflict,), {}, type=uri, title="Out of luck").problem_type.uri


def test_row_30_status_is_a_number():
    """
    Section 3.1.2: the status is a JSON number, however it was written in the class.
    """
    cls = type("Enumerated", (Problem,), {}, status=HTTPStatus.CONFLICT)

    assert '"status":409' in cls().problem_details.model_dump_json()


@pytest.mark.parametrize("cls", registered(), ids=lambda cls: cls.__name__)
def test_row_31_the_status_on_the_wire_is_the_one_in_the_document(answered, cls):
    """
    Section 3.1.2: the generator uses one status for both.
    """
    response = answered(cls())

    assert response.status_code == response.json()["status"]


def test_row_36_the_title_is_of_the_type(item_not_found):
    """
    Section 3.1.3: the title is a fact of the class.
    """
    assert "Item not found" == item_not_found.problem_type.title


def test_row_37_the_title_does_not_vary(item_not_found):
    """
    Section 3.1.3: no occurrence has a title of its own.
    """
    with pytest.raises(InvalidMembers, match="title"):
        item_not_found(item_id=7, title="Something else")


def test_row_39_the_detail_is_filled_in(answered, out_of_stock):
    """
    Section 3.1.4: the detail is text about this occurrence.
    """
    assert "Only 3 are left." == answered(out_of_stock(available=3)).json()["detail"]


@pytest.mark.parametrize("detail", [["a", "b"], {"a": 1}, 7, None], ids=str)
def test_row_39_a_detail_that_is_no_text_goes_elsewhere(answered, detail):
    """
    Section 3.1.4: `detail` is a string or absent, whatever another library's exception carries.
    """
    assert isinstance(answered(HTTPException(400, detail)).json().get("detail", ""), str)


def test_row_40_nothing_for_debugging(answered):
    """
    Section 3.1.4: the document helps the client, it does not debug the server.
    """
    assert "hunter2" not in answered(RuntimeError("postgres://user:hunter2@db")).text


def test_row_42_the_instance_is_a_uri_reference(answered):
    """
    Section 3.1.5: even one made of a path with spaces.
    """
    instance = answered(NotFound(instance="/items/ä b")).json()["instance"]

    assert None is check_reference(instance)


def test_row_45_the_instance_identifies_the_occurrence(answered, item_not_found):
    """
    Section 3.1.5: two failures of one endpoint have two instances.
    """
    one, other = (answered(item_not_found(item_id=7)).json()["instance"] for _ in range(2))

    assert one != other
    assert 4 == uuid.UUID(one.removeprefix("urn:uuid:")).version


def test_row_48_members_are_fields(answered, out_of_stock):
    """
    Section 3.2: a type adds members; here they are the fields of its class.
    """
    assert 3 == answered(out_of_stock(available=3)).json()["available"]


@pytest.mark.parametrize("name", ["type", "title", "status", "detail", "instance"])
def test_row_52_members_do_not_shadow_standard_ones(name):
    """
    Section 3.2: an extension member has another name than the standard ones.
    """
    with pytest.raises(InvalidDefinition, match=name):
        type("Shadow", (Conflict,), {"__annotations__": {name: str}}, type="shadow", title="Shadow")


def test_row_55_generic_conditions_have_no_type_of_their_own(answered):
    """
    Section 4: a plain status code says enough.
    """
    assert "about:blank" == answered(NotFound()).json()["type"]


def test_row_58_a_type_has_a_title():
    """
    Section 4: the definition of a problem type has a title.
    """
    with pytest.raises(InvalidDefinition, match="`title` is missing"):
        type("Untitled", (Conflict,), {}, type="untitled")


def test_row_60_retry_after(answered):
    """
    Section 4: a type may say when to try again, in the header field that exists for it.
    """
    assert "3" == answered(TooManyRequests(retry_after=2.5)).headers["retry-after"]


def test_row_66_registered_types_are_ready_made():
    """
    Section 4.1: look into the registry first.
    """
    assert "https://iana.org/assignments/http-problem-types#date" == catalog.DateNotAcceptable.problem_type.uri


@pytest.mark.parametrize("cls", registered(), ids=lambda cls: cls.__name__)
def test_row_72_about_blank_has_the_phrase_as_title(answered, cls):
    """
    Section 4.2.1: the title is the recommended phrase of the status, in every version of Python.
    """
    body = answered(cls()).json()
    blank = body["type"] == "about:blank"

    assert not blank or body["title"] == cls.problem_type.title != "See HTTP Status Code"


def test_row_75_about_blank_is_sent(answered):
    """
    Section 4.2.1: it may be left out; it is sent, for discriminators need it.
    """
    assert "type" in answered(NotFound()).json()


def test_row_76_secrets_stay_masked(answered):
    """
    Section 5: what is sent was vetted; a secret is masked even if it is a member.
    """
    cls = type("Leaky", (Conflict,), {"__annotations__": {"token": SecretStr}}, type="leaky", title="Leaky")

    assert "hunter2" not in answered(cls(token="hunter2")).text


def test_row_79_the_media_type_has_no_parameters(answered, item_not_found):
    """
    Section 6: not even a charset.
    """
    assert ";" not in answered(item_not_found(item_id=7)).headers["content-type"]


def test_row_87_utf_8_without_a_byte_order_mark(answered):
    """
    RFC 8259, section 8.1: UTF-8, whatever the text; a lone surrogate is replaced.
    """
    content = answered(NotFound("naïve \ud800 ☃")).content

    assert "naïve \ufffd ☃" == json.loads(content.decode("utf-8"))["detail"]
    assert content.startswith(b"{")


def test_row_88_names_are_unique(answered):
    """
    RFC 8259, section 4: no name comes twice, not even if a foreign exception brings its own.
    """
    response = answered(HTTPException(400, {"status": 1, "type": "x", "title": "y", "instance": 2, "detail": "z"}))
    names: list[str] = []
    json.loads(response.content, object_pairs_hook=lambda pairs: names.extend(name for name, _ in pairs))

    top = ["type", "title", "status", "detail", "instance", "detail_members"]
    assert sorted([*top, "type", "title", "status", "instance"]) == sorted(names)


def test_row_90_content_has_a_type(answered):
    """
    RFC 9110, section 8.3: the answer to a crash says what it is, too.
    """
    assert "application/problem+json" == answered(RuntimeError("crash")).headers["content-type"]
