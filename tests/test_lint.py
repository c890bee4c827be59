import sys
from types import ModuleType
from typing import Annotated

import pytest
from fastapi import FastAPI
from pydantic import AfterValidator, Field

from problems import ClientProblem, Conflict, NotFound, Problem, Registry, TooManyRequests, raises
from problems.catalog import ServiceUnavailable, iana
from problems.fastapi import add_problems, responses
from problems.tools.lint import CODES, dead_types, lint, unregistered, unregistered_in

BASE = "https://shop.example/problems/"


class OutOfStock(Conflict, type="out-of-stock", title="Out of stock"):
    """Fewer items are in stock than were ordered."""

    available: int


def codes(*types, base=BASE):
    """Return the codes of what is found about *types*."""
    return [finding.code for finding in lint(Registry(*types, base=base))]


def refuse(value):
    """Accept no value: nothing can be made up."""
    raise ValueError(value)


class TestClean:
    def test_a_good_type_has_no_findings(self):
        """
        A class that says everything well is left alone.
        """
        assert [] == codes(OutOfStock)

    def test_ready_made_types_are_left_alone(self):
        """
        What the catalog declares is as the standards have it.
        """
        assert [] == codes(NotFound, TooManyRequests, iana.MismatchingUploadOffset)

    def test_inherited_header_members_need_no_type(self):
        """
        A member of a ready-made type means the same without a type.
        """

        class Down(ServiceUnavailable):
            """The shop is closed."""

        assert [] == codes(Down)


class TestCode:
    def test_status_conflict(self):
        """
        A class of another status would be caught by handlers for the status of its base.
        """

        class Down(ClientProblem, type="down", title="Down", status=503):
            """The shop is closed."""

        assert ["status-conflict"] == codes(Down)

    def test_reserved_type(self):
        """
        The name space of the IANA registry is for what is registered.
        """

        class Mine(Conflict, type="https://iana.org/assignments/http-problem-types#mine", title="Mine"):
            """Not registered."""

        assert ["reserved-type"] == codes(Mine)

    def test_relative_type(self):
        """
        A relative type that no base completes means something else at each address.
        """
        found = lint(Registry(), also=[OutOfStock])

        assert ["relative-type"] == [finding.code for finding in found]

    def test_blank_with_members(self):
        """
        Members are defined by a type; `about:blank` defines none.
        """

        class Sold(Conflict):
            """Sold."""

            item_id: int

        assert ["blank-with-members"] == codes(Sold)

    def test_no_description(self):
        """
        A class without a docstring has an empty page.
        """

        class Sold(Conflict, type="sold", title="Sold"):
            item_id: int

        assert ["no-description"] == codes(Sold)

    @pytest.mark.parametrize(
        "title",
        [
            pytest.param("out of stock", id="no capital"),
            pytest.param("OUT_OF_STOCK", id="constant"),
            pytest.param("out-of-stock", id="reference"),
            pytest.param("Out of stock " * 10, id="long"),
        ],
    )
    def test_title(self, title):
        """
        A title is a short sentence for people, without anything that varies.
        """
        Sold = type(Conflict)("Sold", (Conflict,), {"__doc__": "Sold."}, type="sold", title=title)  # noqa: N806 - a class

        assert ["title"] == codes(Sold)

    def test_same_title(self):
        """
        Two types with one title look the same to people.
        """

        class Sold(Conflict, type="sold", title="Out of stock"):
            """Sold."""

        assert ["same-title"] == codes(OutOfStock, Sold)

    @pytest.mark.parametrize("name", [pytest.param("id", id="short"), pytest.param("item-id", id="hyphen")])
    def test_member_name(self, name):
        """
        A name that works in other formats, too, is a letter and two or more letters, digits or underscores.
        """

        class Sold(Conflict, type="sold", title="Sold"):
            """Sold."""

            item: int = Field(alias=name)

        assert ["member-name"] == codes(Sold)

    @pytest.mark.parametrize("name", ["traceback", "sql_query", "exception", "db_host", "stack_trace"])
    def test_leaky_member(self, name):
        """
        Problem details are not a debugging tool.
        """
        body = {"__doc__": "Sold.", "__annotations__": {name: str}, "__module__": __name__}
        Sold = type(Conflict)("Sold", (Conflict,), body, type="sold", title="Sold")  # noqa: N806 - a class

        assert ["leaky-member"] == codes(Sold)

    @pytest.mark.parametrize("name", ["hostel", "queries", "stacked", "item_id"])
    def test_other_members_leak_nothing(self, name):
        """
        Words count, not letters.
        """
        body = {"__doc__": "Sold.", "__annotations__": {name: str}, "__module__": __name__}
        Sold = type(Conflict)("Sold", (Conflict,), body, type="sold", title="Sold")  # noqa: N806 - a class

        assert [] == codes(Sold)

    def test_no_example(self):
        """
        Where no document can be made up the author has to give examples.
        """

        class Sold(Conflict, type="sold", title="Sold"):
            """Sold."""

            item: Annotated[str, AfterValidator(refuse)]

        assert ["no-example"] == codes(Sold)


class TestFinding:
    def test_it_says_where_the_class_is(self):
        """
        A finding leads to the line of the class.
        """

        class Sold(Conflict, type="sold", title="Sold"):
            item_id: int

        (found,) = lint(Registry(Sold, base=BASE))

        assert __file__.endswith(found.file)
        assert Sold.__qualname__ == found.name
        assert found.line

    def test_a_class_without_source_has_no_place(self):
        """
        A class that was made at run time is found all the same.
        """
        Sold = type(Conflict)("Sold", (Conflict,), {"__module__": "nowhere"}, type="sold", title="Sold")  # noqa: N806 - a class

        (found,) = lint(Registry(Sold, base=BASE))

        assert (None, None) == (found.file, found.line)

    def test_every_code_is_documented(self):
        """
        The list of codes says what each is about.
        """

        class Bad(NotFound, type="bad", title="bad"):
            traceback: str

        assert set(codes(Bad)) <= CODES.keys()


class TestUnregistered:
    @pytest.fixture
    def module(self, monkeypatch):
        """A module with two registries, and with classes in both, in one and in no registry."""
        module = ModuleType("vocabulary_of_tests")
        for name in ("Sold", "Gone", "Forgotten", "_Private"):
            body = {"__doc__": "Said.", "__module__": module.__name__}
            setattr(module, name, type(Conflict)(name, (Conflict,), body, type=name.lower(), title=name))
        body = {"__doc__": "A base.", "__module__": module.__name__}
        module.Base = type(Conflict)("Base", (Conflict,), body, abstract=True)
        module.shop, module.other = Registry(module.Sold, base=BASE), Registry(module.Gone, base=BASE)
        module.imported = OutOfStock
        monkeypatch.setitem(sys.modules, module.__name__, module)
        return module

    def test_a_forgotten_class_is_found(self, module):
        """
        A class beside registered ones that is in no registry was forgotten.
        """
        assert [("unregistered", "Forgotten")] == [(it.code, it.name) for it in unregistered(module.shop)]


class TestDeadTypes:
    class Urn(Problem, type="urn:shop:gone", title="Gone", status=410):
        """Gone."""

    REGISTRY = Registry(OutOfStock, Urn, NotFound, iana.QuotaExceeded, base="https://shop.example/problems#")

    @pytest.mark.parametrize(
        ("status", "message"),
        [
            pytest.param(200, [], id="alive"),
            pytest.param(404, ["GET https://shop.example/problems#out-of-stock is answered with 404."], id="dead"),
            pytest.param(None, ["GET https://shop.example/problems#out-of-stock has no response."], id="silent"),
        ],
    )
    def test_a_locator_leads_to_a_page(self, status, message):
        """
        What can be fetched is fetched, and has to be there.
        """
        assert message == [it.message for it in dead_types(self.REGISTRY, lambda _: status)]

    def test_only_locators_are_fetched(self):
        """
        No URN, no `about:blank`, no IANA type, and no fragment.
        """
        fetched = []
        dead_types(self.REGISTRY, lambda uri: fetched.append(uri) or 200)

        assert ["https://shop.example/problems"] == fetched


class Missing(NotFound, type="missing", title="It is missing"):
    """It is missing."""


class Elsewhere(NotFound, type="https://other.example/elsewhere", title="It is elsewhere"):
    """It is elsewhere."""


def application(registry, *types, mounted=None):
    """Return an application with an operation that declares *types*."""
    app = FastAPI()
    add_problems(app, *([] if registry is None else [registry]))

    @app.get("/x", responses=responses(*types[1:]))
    @raises(*types[:1])
    async def get() -> None: ...

    if mounted is not None:
        app.mount("/inner", mounted)
    return app


class TestUnregisteredIn:
    KNOWN = Registry(Missing, base="https://shop.example/problems/")
    OTHER = Registry(base="https://shop.example/problems/")

    @pytest.mark.parametrize(
        ("app", "expected"),
        [
            pytest.param(application(None, Missing), [("relative-type", "Missing")], id="no registry"),
            pytest.param(application(OTHER, Missing), [("unregistered", "Missing")], id="another registry"),
            pytest.param(application(KNOWN, Elsewhere), [("unregistered", "Elsewhere")], id="absolute"),
            pytest.param(application(KNOWN, NotFound, Elsewhere), [("unregistered", "Elsewhere")], id="in responses"),
            pytest.param(
                application(KNOWN, Missing, mounted=application(KNOWN, Elsewhere)),
                [("unregistered", "Elsewhere")],
                id="mounted",
            ),
            pytest.param(application(None, Elsewhere), [], id="absolute without a registry"),
            pytest.param(application(KNOWN, Missing), [], id="registered"),
            pytest.param(application(KNOWN, NotFound), [], id="ready-made"),
            pytest.param(FastAPI(), [], id="no problems"),
        ],
    )
    def test_declared_types_are_in_the_registry(self, app, expected):
        """
        A type that is declared and not registered, or relative without a base, is a finding.
        """
        assert expected == [(it.code, it.name) for it in unregistered_in(app)]

    def test_the_operation_is_named(self):
        """
        The message names the operations that declare the type.
        """
        (found,) = unregistered_in(application(self.OTHER, Missing))

        assert found.message.startswith("GET /x declares it, and the application's registry does not contain it")


class TestAmbiguous:
    """Classes without a type URI that clients could raise for unknown problems of a status."""

    @staticmethod
    def classes():
        """Return three classes of one status, the second derived from the first."""

        class Plain(Conflict):
            """Plain."""

        class Derived(Plain):
            """Derived."""

        class Other(Conflict):
            """Other."""

        return Plain, Derived, Other

    def test_a_chain_has_a_most_derived_class(self):
        """
        Clients raise it.
        """
        plain, derived, _ = self.classes()

        assert [] == [it.code for it in lint(Registry(plain, derived)) if it.code == "shared-status"]

    def test_two_branches_have_none(self):
        """
        Clients raise the ready-made class of the status instead.
        """
        _, derived, other = self.classes()

        assert ["shared-status"] * 2 == [it.code for it in lint(Registry(derived, other)) if it.code == "shared-status"]
