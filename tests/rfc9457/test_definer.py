"""The clauses that bind who defines a problem type."""

import pytest
from pydantic import AnyUrl, Field
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from problems import Conflict, NotFound, Problem, Registry
from problems.catalog import iana
from problems.declaring.problem import extensions_of
from problems.documenting.vocabulary import Vocabulary
from problems.errors import InvalidDefinition, InvalidRegistry
from problems.starlette import problem_pages
from problems.tools.export import export
from problems.tools.lint import lint

BASE = "https://shop.example/problems/"


class OutOfStock(Conflict, type="out-of-stock", title="Out of stock"):
    """Order fewer, or wait until there are more."""

    available: int


REGISTRY = Registry(OutOfStock, base=BASE)


@pytest.fixture
def page():
    """The page at the type URI, as a browser gets it."""
    app = Starlette(routes=[Mount("/problems", problem_pages(REGISTRY))])
    return TestClient(app).get(REGISTRY.uri(OutOfStock))


def findings(cls, base=BASE):
    """Return the codes of what is found about a class."""
    return [it.code for it in lint(Registry(base=base), also=[cls])]


def with_member(name):
    """Return a class with a member that is called *name* on the wire."""

    class Sold(Conflict, type="sold", title="Sold"):
        """Sold."""

        member: int = Field(alias=name)

    return Sold


def test_row_19_a_type_uri_leads_to_documentation(page):
    """
    Section 3.1.1: a GET of the type URI is answered with a page.
    """
    assert (200, "text/html; charset=utf-8") == (page.status_code, page.headers["content-type"])


def test_row_25_type_uris_are_absolute():
    """
    Section 3.1.1: a registry with a relative type needs a base, and what is in none is found.
    """
    with pytest.raises(InvalidRegistry):
        Registry(OutOfStock)

    assert ["relative-type"] == findings(OutOfStock, base=None)


def test_row_26_the_wire_has_the_absolute_uri():
    """
    Section 3.1.1: with a base nothing relative is sent.
    """
    assert f"{BASE}out-of-stock" == REGISTRY.details(OutOfStock(available=2)).type


@pytest.mark.parametrize("name", ["1st", "a b"])
def test_row_51_names_that_other_formats_cannot_have_are_found(name):
    """
    Section 3.2: names are chosen carefully.
    """
    assert ["member-name"] == findings(with_member(name))


def test_row_53_members_belong_to_a_type():
    """
    Section 3.2: `about:blank` defines none.
    """

    class Sold(Conflict):
        """Sold."""

        available: int

    assert ["blank-with-members"] == findings(Sold)


@pytest.mark.parametrize("name", ["traceback", "stack", "exception", "sql", "query"])
def test_row_54_problems_are_no_debugging_tool(name):
    """
    Section 4: members that describe the implementation are found.
    """
    assert ["leaky-member"] == findings(with_member(name))


def test_row_57_a_definition_has_a_type_uri():
    """
    Section 4: a class with members and without a type is found.
    """

    class Sold(NotFound):
        """Sold."""

        available: int

    assert ["blank-with-members"] == findings(Sold)


def test_row_59_a_definition_has_a_status():
    """
    Section 4: a type without a status raises an error.
    """
    with pytest.raises(InvalidDefinition, match="`status` is missing"):

        class Sold(Problem, type="sold", title="Sold"):
            """Sold."""


@pytest.mark.parametrize(
    "text",
    ["<h1>Out of stock</h1>", "409 Conflict", "Order fewer, or wait", "<code>available</code>"],
    ids=["title", "status", "description", "member"],
)
def test_row_61_the_page_explains_the_problem(page, text):
    """
    Section 4: a page for people, with all that the class says.
    """
    assert text in page.text


def test_row_62_a_member_may_be_a_link():
    """
    Section 4: a link is sent as a URI.
    """

    class Moved(Conflict, type="moved", title="Moved"):
        """Moved."""

        to: AnyUrl

    assert b'"to":"https://shop.example/items/8"' in extensions_of(Moved(to="https://shop.example/items/8"))


@pytest.mark.parametrize("name", ["_stock", "1stock", "-stock"])
def test_row_63_names_begin_with_a_letter(name):
    """
    Section 4: other names are found.
    """
    assert ["member-name"] == findings(with_member(name))


def test_row_64_other_characters_are_a_warning():
    """
    Section 4: registered types have hyphens in their names, so hyphens are allowed.
    """
    (found,) = lint(Registry(with_member("violated-policies"), base=BASE))

    assert ("member-name", "warning") == (found.code, found.severity)


@pytest.mark.parametrize("name", ["id", "in", "ip", "i"])
def test_row_65_names_have_three_characters(name):
    """
    Section 4: shorter names are found.
    """
    assert ["member-name"] == findings(with_member(name))


def test_row_67_there_is_no_default_host():
    """
    Section 4.1: URIs are minted under one's own control.
    """
    assert Registry().base is None


def test_row_68_types_of_others_are_not_registered():
    """
    Section 4.2: a type URI in the name space of the registry that is not in it is an error.
    """

    class Sold(Conflict, type=f"{iana.REGISTRY_URI}sold", title="Sold"):
        """Sold."""

    (found,) = lint(Registry(Sold))

    assert ("reserved-type", "error") == (found.code, found.severity)


def test_row_69_registered_types_have_the_registered_uri():
    """
    Section 4.2: with this host, this scheme, and a fragment.
    """
    assert "https://iana.org/assignments/http-problem-types#date" == iana.DateNotAcceptable.problem_type.uri


def test_row_70_a_type_can_be_told_as_the_registry_asks():
    """
    Section 4.2: type URI, title and recommended status.
    """
    assert f"| `{BASE}out-of-stock` | Out of stock | 409 Conflict |" in export(Vocabulary.of(REGISTRY), "markdown")
