from datetime import date
from typing import Annotated

import httpx
import httpx2
import pytest
from pydantic import Field
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from problems import Conflict, NotFound, Registry, ResponseHeader, ValidationProblem
from problems.declaring.problem import ClientProblem
from problems.errors import AbstractProblem, InvalidMembers, SetupError
from problems.starlette import add_problems
from problems.testing import assert_problem

BASE = "https://shop.example/problems/"


class ItemNotFound(NotFound, type="item-not-found", title="Item not found"):
    item_id: int
    since: Annotated[date | None, Field(alias="since-day")] = None


class Sold(Conflict, type="https://shop.example/problems/sold", title="Sold"):
    stock: Annotated[int, ResponseHeader("X-Stock", body=False, decode=int)]


class ShopConflict(Conflict):
    """Has no type of its own."""


REGISTRY = Registry(ItemNotFound, Sold, base=BASE)
DOCUMENT = {"type": f"{BASE}item-not-found", "title": "Item not found", "status": 404, "item_id": 7}


def response(document=DOCUMENT, status=404, library=httpx2, **headers):
    """Return a response with a problem document."""
    return library.Response(status, json=document, headers={"Content-Type": "application/problem+json", **headers})


def message(*args, **members):
    """Return the message of `assert_problem` for another response."""
    with pytest.raises(AssertionError) as caught:
        assert_problem(*args, **members)
    return str(caught.value)


class TestAssertProblem:
    @pytest.mark.parametrize("library", [pytest.param(httpx2, id="httpx2"), pytest.param(httpx, id="httpx")])
    def test_it_returns_the_problem(self, library):
        """
        What is returned is an instance of the class, with its members.
        """
        assert 7 == assert_problem(response(library=library), ItemNotFound, REGISTRY, item_id=7).item_id

    def test_it_takes_what_a_test_client_got(self):
        """
        The responses of Starlette's test client are checked the same.
        """

        def fail(_):
            raise ItemNotFound(item_id=7)

        app = Starlette(routes=[Route("/", fail)])
        add_problems(app, REGISTRY)

        assert 404 == assert_problem(TestClient(app).get("/"), ItemNotFound, REGISTRY, item_id=7).status

    def test_a_relative_type_needs_no_registry(self):
        """
        Without a registry the type URI has to end as the class says, after what can be a base.
        """
        assert 7 == assert_problem(response(), ItemNotFound).item_id

    def test_the_response_is_kept(self):
        """
        Whatever else is to be checked of the response is at hand.
        """
        got = response()

        assert got is assert_problem(got, ItemNotFound).response

    def test_members_have_names_and_aliases(self):
        """
        A member is named as in Python or as in the document, and so is its value.
        """
        got = response({**DOCUMENT, "since-day": "2026-01-31"})

        assert assert_problem(got, ItemNotFound, since=date(2026, 1, 31), **{"since-day": "2026-01-31"})

    def test_standard_members_are_compared(self):
        """
        The detail of an occurrence can be expected, too.
        """
        got = response({**DOCUMENT, "detail": "No item has the id 7."})

        assert assert_problem(got, ItemNotFound, detail="No item has the id 7.", title="Item not found")

    def test_members_in_headers_are_compared(self):
        """
        A member that is only a response header is a member like others.
        """
        got = response({"type": Sold.problem_type.uri, "status": 409}, 409, **{"X-Stock": "3"})

        assert 3 == assert_problem(got, Sold, stock=3).stock

    def test_members_of_an_open_type_are_compared(self):
        """
        A ready-made type has the members that the document has.
        """
        assert assert_problem(response({"status": 404, "item_id": 7}), NotFound, item_id=7)

    def test_a_class_without_a_type_is_known_by_its_status(self):
        """
        A class that sends `about:blank` is expected as any other.
        """
        assert isinstance(assert_problem(response({}, 409), ShopConflict), ShopConflict)

    @pytest.mark.parametrize("base", [pytest.param(BASE, id="below a base"), pytest.param(None, id="blank")])
    def test_validation_problems_have_the_type_of_the_registry(self, base):
        """
        The type of a validation problem depends on the registry alone.
        """
        errors = [{"detail": "Field required", "code": "missing", "pointer": "#/name"}]
        uri = Registry(base=base).uri(ValidationProblem)

        got = assert_problem(response({"type": uri, "errors": errors}, 422), ValidationProblem)

        assert "#/name" == got.errors[0].pointer


class TestDifference:
    def test_another_status(self):
        """
        The status on the wire equals the status of the class.
        """
        assert "  status  expected 404, got 410\n" in message(response(status=410), ItemNotFound)

    def test_another_status_in_the_document(self):
        """
        The document has the same status as the wire (RFC 9457, section 3.1.2).
        """
        got = response({**DOCUMENT, "status": 410})

        assert "  status  expected 404 in the document too, got 410" in message(got, ItemNotFound)

    @pytest.mark.parametrize(
        ("uri", "registry"),
        [
            pytest.param(f"{BASE}sold", None, id="another"),
            pytest.param("https://shop.example/problems/no-item-not-found", None, id="another ending"),
            pytest.param("https://other.example/item-not-found", REGISTRY, id="another base"),
            pytest.param("about:blank", None, id="blank"),
        ],
    )
    def test_another_type(self, uri, registry):
        """
        The type URI alone identifies the problem.
        """
        got = response({**DOCUMENT, "type": uri})

        assert f"got {uri!r}\n" in message(got, ItemNotFound, registry)

    def test_another_member(self):
        """
        Every member that differs is reported, with both values.
        """
        told = message(response(), ItemNotFound, item_id=8, since=date(2026, 1, 31))

        assert "  item_id  expected 8, got 7\n  since    expected datetime.date(2026, 1, 31), got None\n" in told

    def test_a_member_that_does_not_fit(self):
        """
        A document with other members than the class is not of the class.
        """
        got = response({**DOCUMENT, "item_id": "seven"})

        assert "  item_id  Input should be a valid integer" in message(got, ItemNotFound)

    def test_the_document_is_shown(self):
        """
        A reader of the failure sees what was answered.
        """
        assert '    "item_id": 7\n' in message(response(), ItemNotFound, item_id=8)

    def test_no_problem_document(self):
        """
        A response of another media type is shown as it is.
        """
        told = message(httpx2.Response(500, text="Internal Server Error"), ItemNotFound)

        assert (
            "The response, 500 Internal Server Error, is not the ItemNotFound that was expected: "
            "The media type 'text/plain' is not read as a problem document.\n"
            "The body is:\n  Internal Server Error"
        ) == told

    def test_an_empty_body(self):
        """
        That there is no body is said, too.
        """
        assert message(httpx2.Response(404), ItemNotFound).endswith("The body is:\n  (empty)")


class TestMistake:
    def test_an_unknown_member_is_refused(self):
        """
        A misspelt member would never be equal, and is the mistake of the test.
        """
        with pytest.raises(InvalidMembers, match=r"'itemid' is not a member\. Did you mean `item_id=`"):
            assert_problem(response(), ItemNotFound, itemid=7)

    @pytest.mark.parametrize("wrong", [ItemNotFound(item_id=7), 404])
    def test_what_is_no_class_is_refused(self, wrong):
        """
        Members are keyword arguments.
        """
        with pytest.raises(
            SetupError, match=r"`assert_problem` needs a problem class; got .* Pass members as keyword arguments:"
        ):
            assert_problem(response(), wrong)

    def test_a_base_is_refused(self):
        """
        A base is the type of no response.
        """
        with pytest.raises(AbstractProblem):
            assert_problem(response(), ClientProblem)
