import gc
import json
import re
import sys
import types
from typing import Any, ClassVar
from weakref import ref

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import field_validator
from pydantic_core import from_json

from problems import (
    ClientProblem,
    Conflict,
    InvalidParam,
    NotFound,
    Problem,
    ProblemDetails,
    ReceivedProblem,
    Registry,
    ServerProblem,
    TooManyRequests,
    UnprocessableContent,
    ValidationProblem,
)
from problems._wire.json import FALLBACK, encode_members
from problems._wire.problem_type import ABOUT_BLANK, ProblemType
from problems.declaring._definition import definition_of
from problems.declaring._watch import WATCH
from problems.errors import AbstractProblem, DuplicateType, InvalidRegistry
from problems.openapi._description import describe
from problems.registry import Form, lack_of, unregistered

BASE = "https://shop.example/problems/"


class ItemNotFound(NotFound, type="item-not-found", title="Item not found"):
    item_id: int


class OutOfStock(Conflict, type="out-of-stock", title="Out of stock", aliases=("sold-out", "https://old.example/sold")):
    left: int = 0


class Absolute(Conflict, type="https://other.example/absolute", title="Absolute"):
    pass


class Urn(Conflict, type="urn:problem-type:shop:urn", title="URN"):
    pass


class Base(NotFound, abstract=True):
    pass


class _Private(NotFound):
    pass


class OwnValidation(ValidationProblem, type="own-validation", title="Own validation"):
    pass


class _Traced(ValidationProblem, type="traced", title="Traced"):
    hint: str = ""
    trace: str


NotFoundToo = ItemNotFound
"""Another name of a class is no other class."""

registry = Registry(ItemNotFound, OutOfStock, Absolute, base=BASE)


def typed(uri: str, name: str = "Made") -> type[Problem]:
    """Return a class with the type *uri*."""
    return types.new_class(name, (NotFound,), {"type": uri, "title": "Made"})


class TestBase:
    @pytest.mark.parametrize(
        ("base", "uri"),
        [
            pytest.param("https://shop.example/problems/", "https://shop.example/problems/item-not-found", id="/"),
            pytest.param("https://shop.example/problems#", "https://shop.example/problems#item-not-found", id="#"),
            pytest.param("urn:problem-type:shop:", "urn:problem-type:shop:item-not-found", id=":"),
            pytest.param("https://shop.example/?type=", "https://shop.example/?type=item-not-found", id="="),
            pytest.param("tag:shop.example,2026:", "tag:shop.example,2026:item-not-found", id="tag"),
        ],
    )
    def test_a_type_is_appended(self, base, uri):
        """
        The type URI is the base and the type, joined as they are.
        """
        assert uri == Registry(ItemNotFound, base=base).uri(ItemNotFound)

    @pytest.mark.parametrize(
        "base", ["https://shop.example", "https://shop.example/problems", "/problems/", "", "a b/"]
    )
    def test_what_is_none_is_refused(self, base):
        """
        A base that cannot be extended raises an error.
        """
        with pytest.raises(InvalidRegistry) as caught:
            Registry(ItemNotFound, base=base)

        assert str(caught.value).startswith(f"`base={base!r}` is not a base URI: ")

    def test_absolute_types_stay(self):
        """
        An absolute type has no base.
        """
        assert "https://other.example/absolute" == registry.uri(Absolute)

    def test_a_relative_type_without_base_is_refused(self):
        """
        A relative type would mean something else at every address.
        """
        with pytest.raises(InvalidRegistry) as caught:
            Registry(ItemNotFound)

        assert (
            "ItemNotFound has the relative type 'item-not-found'. Give the registry a base, "
            "`Registry(..., base='https://…/problems/')`, or the class an absolute type." == str(caught.value)
        )

    def test_absolute_types_need_none(self):
        """
        A registry of absolute types needs no base.
        """
        assert "urn:problem-type:shop:urn" == Registry(Urn).uri(Urn)

    def test_about_blank_needs_none(self):
        """
        About:blank is absolute.
        """
        assert ABOUT_BLANK == Registry(NotFound).uri(NotFound)


class TestTypes:
    @pytest.mark.parametrize("cls", [Base, Problem, ClientProblem, ServerProblem])
    def test_bases_are_refused(self, cls):
        """
        A base cannot be registered.
        """
        with pytest.raises(AbstractProblem, match=f"{cls.__name__} cannot be registered: it is a base"):
            Registry(cls, base=BASE)

    @pytest.mark.parametrize(
        ("wrong", "line"),
        [
            ([NotFound], "Registry(*classes)"),
            (Conflict(), "Registry(Conflict)"),
            (409, "Registry(Conflict)"),
            (int, "Registry(NotFound)"),
            ("https://shop.example/problems/", "Registry(…, base='https://shop.example/problems/')"),
            (Registry(), "one | other"),
        ],
        ids=["list", "occurrence", "status", "another class", "base without a name", "registry"],
    )
    def test_a_registry_takes_problem_classes(self, wrong, line):
        """
        The message has the line to write: a list is unpacked, an occurrence is not its class.
        """
        with pytest.raises(InvalidRegistry, match=rf"takes problem classes; got .* Write `{re.escape(line)}"):
            Registry(wrong, base=BASE)

    def test_one_uri_of_two_classes(self):
        """
        A type URI names one class; the error names both.
        """
        one, other = typed("made", "One"), typed(f"{BASE}made", "Other")

        with pytest.raises(DuplicateType, match=rf"types\.One and types\.Other both have the type '{BASE}made'"):
            Registry(one, other, base=BASE)

    def test_about_blank_is_shared(self):
        """
        All that say no more than their status share about:blank.
        """
        assert 2 == len(Registry(NotFound, Conflict))

    def test_twice_is_once(self):
        """
        A class that is named twice is registered once.
        """
        assert [ItemNotFound] == list(Registry(ItemNotFound, ItemNotFound, base=BASE))

    def test_an_alias_of_another(self):
        """
        An alias is not the type of another class.
        """
        with pytest.raises(DuplicateType, match="sold-out"):
            Registry(OutOfStock, typed("sold-out"), base=BASE)

    def test_order(self):
        """
        Types come in the order of their registration.
        """
        assert [ItemNotFound, OutOfStock, Absolute] == list(registry)

    def test_membership(self):
        """
        A registry knows what is in it.
        """
        assert (True, False, False) == (ItemNotFound in registry, Urn in registry, "ItemNotFound" in registry)


class TestLookup:
    @pytest.mark.parametrize(
        ("uri", "expected"),
        [
            pytest.param(f"{BASE}item-not-found", ItemNotFound, id="URI"),
            pytest.param("https://other.example/absolute", Absolute, id="absolute"),
            pytest.param(f"{BASE}sold-out", OutOfStock, id="alias"),
            pytest.param("https://old.example/sold", OutOfStock, id="absolute alias"),
            pytest.param("https://evil.example/problems/item-not-found", None, id="another host"),
            pytest.param("item-not-found", None, id="last segment"),
            pytest.param(f"{BASE}item-not-found/", None, id="slash"),
            pytest.param(f"{BASE}item-not-found?", None, id="query"),
            pytest.param(f"{BASE}Item-Not-Found", None, id="case"),
            pytest.param(ABOUT_BLANK, None, id="about:blank"),
            pytest.param("", None, id="empty"),
        ],
    )
    def test_by_the_whole_uri(self, uri, expected):
        """
        A type is found by all of its URI, not by a part (RFC 9457, section 3.1.1).
        """
        assert expected is registry.get(uri)

    @pytest.mark.parametrize(
        ("uri", "url", "expected"),
        [
            pytest.param("/problems/item-not-found", "https://shop.example/items/7", ItemNotFound, id="path"),
            pytest.param("../problems/item-not-found", "https://shop.example/items/7", ItemNotFound, id="dots"),
            pytest.param("item-not-found", "https://shop.example/problems/7", ItemNotFound, id="relative"),
            pytest.param("item-not-found", "https://shop.example/items/7", None, id="resolved elsewhere"),
            pytest.param("item-not-found", None, None, id="no address"),
            pytest.param("sold-out", "https://shop.example/items/7", OutOfStock, id="alias as written"),
            pytest.param(f"{BASE}item-not-found", "https://cdn.example/", ItemNotFound, id="absolute"),
        ],
    )
    def test_as_received(self, uri, url, expected):
        """
        A received type is resolved against where it came from, then taken as written (RFC 9457, section 3.1.1).
        """
        assert expected is registry.find(uri, url)

    def test_a_class_outside(self):
        """
        A class that is not registered resolves against the base.
        """
        assert f"{BASE}made" == registry.uri(typed("made"))

    def test_a_class_outside_without_base(self):
        """
        Without a base the reference is what it is.
        """
        assert "made" == Registry().uri(typed("made"))


class TestFromModule:
    def test_what_it_defines(self):
        """
        The concrete, public classes of the module, not what it imports.
        """
        module = sys.modules[__name__]

        assert [ItemNotFound, OutOfStock, Absolute, Urn, OwnValidation] == list(Registry.from_module(module, base=BASE))

    def test_a_module_without_problems(self):
        """
        A module that defines none makes an empty registry.
        """
        assert 0 == len(Registry.from_module(types))


class TestUnion:
    left = Registry(ItemNotFound, base="https://left.example/")
    right = Registry(OutOfStock, base="https://right.example/")

    def test_each_keeps_its_uri(self):
        """
        A class has the URI that it had.
        """
        both = self.left | self.right

        assert ["https://left.example/item-not-found", "https://right.example/out-of-stock"] == [
            both.uri(cls) for cls in both
        ]

    def test_classes_of_neither(self):
        """
        A class of neither side resolves against the left base.
        """
        assert "https://left.example/made" == (self.left | self.right).uri(typed("made"))

    def test_the_base_of_the_right(self):
        """
        Where the left side has no base, there is only the other.
        """
        assert "https://right.example/" == (Registry(Urn) | self.right).base

    def test_aliases_of_the_right(self):
        """
        The aliases of the right side are below its own base.
        """
        assert OutOfStock is (self.left | self.right).get("https://right.example/sold-out")

    def test_one_class_of_two_uris(self):
        """
        A class has one URI; the error names both.
        """
        with pytest.raises(DuplicateType) as caught:
            self.left | Registry(ItemNotFound, base="https://right.example/")

        assert "has two type URIs, 'https://left.example/item-not-found' and 'https://right.example/" in str(
            caught.value
        )

    def test_one_uri_of_two_classes(self):
        """
        A URI has one class.
        """
        with pytest.raises(DuplicateType, match="both have the type"):
            self.left | Registry(typed("https://left.example/item-not-found"))

    def test_the_same_twice(self):
        """
        What both sides say alike is said once.
        """
        assert self.left == self.left | self.left

    def test_it_changes_neither(self):
        """
        A registry does not change.
        """
        self.left | self.right

        assert ([ItemNotFound], [OutOfStock]) == (list(self.left), list(self.right))

    def test_validation_problems_of_both(self):
        """
        A client of two servers reads the validation problems of both.
        """
        both = self.left | self.right

        assert [ValidationProblem, ValidationProblem] == [
            both.get("https://left.example/validation-problem"),
            both.get("https://right.example/validation-problem"),
        ]

    def test_with_something_else(self):
        """
        A registry is joined with registries alone.
        """
        with pytest.raises(TypeError):
            self.left | [OutOfStock]


class TestValidationProblem:
    @pytest.mark.parametrize(
        ("made", "facts"),
        [
            pytest.param(Registry(base=BASE), (f"{BASE}validation-problem", "Request validation failed"), id="base"),
            pytest.param(Registry(), (ABOUT_BLANK, "Unprocessable Content"), id="no base"),
            pytest.param(
                Registry(ValidationProblem, base=BASE),
                (f"{BASE}validation-problem", "Request validation failed"),
                id="registered",
            ),
            pytest.param(
                Registry(OwnValidation, base=BASE), (f"{BASE}own-validation", "Own validation"), id="of the user"
            ),
        ],
    )
    def test_its_type(self, made, facts):
        """
        Every registry with a base has a validation problem, its own or ours.
        """
        assert facts == made.facts(made.validation_problem)[:2]

    @pytest.mark.parametrize("types", [(), (ValidationProblem,), (OwnValidation,), (ItemNotFound, OwnValidation)])
    def test_that_can_be_answered(self, types):
        """
        One problem type for invalid requests is as good as ours, if it needs no further members.
        """
        Registry(*types, base=BASE).check_validation_problem()

    @pytest.mark.parametrize("types", [(OwnValidation, _Traced), (OwnValidation, ValidationProblem)])
    def test_several(self, types):
        """
        Invalid requests are answered with one problem type; a client may know several.
        """
        several = Registry(*types, base=BASE)

        with pytest.raises(InvalidRegistry, match=r"Both .*OwnValidation and .* Derive the other from"):
            several.check_validation_problem()

    def test_further_members(self):
        """
        A member without a value would be missing from each answer.
        """
        with pytest.raises(InvalidRegistry, match=r"_Traced describes .* its member 'trace'.* Give 'trace' a default"):
            Registry(_Traced, base=BASE).check_validation_problem()

    def test_a_class_of_that_type(self):
        """
        The type is no other class's.
        """
        with pytest.raises(DuplicateType, match="validation-problem"):
            Registry(typed("validation-problem"), base=BASE)

    def test_it_is_revived(self):
        """
        A client reads the errors of the server.
        """
        sent = Registry(base=BASE).details(
            ValidationProblem(errors=[InvalidParam(detail="Field required", code="missing", pointer="#/amount")])
        )

        problem = Registry(base=BASE).revive(sent)

        assert (True, "#/amount") == (isinstance(problem, ValidationProblem), problem.errors[0].pointer)

    @pytest.mark.parametrize(
        ("registry", "cls"),
        [
            pytest.param(Registry(base=BASE), ValidationProblem, id="ours"),
            pytest.param(Registry(OwnValidation, base=BASE), OwnValidation, id="registered"),
        ],
    )
    def test_another_status(self, registry, cls):
        """
        A registry with another status for invalid requests has the type URI of the first one, which does not change.
        """
        other = registry.invalid_as(400)

        assert [(registry.uri(cls), 422), (registry.uri(cls), 400)] == [
            (it.facts(cls).uri, it.facts(cls).status) for it in (registry, other)
        ]


class TestValue:
    def test_equality(self):
        """
        Registries are equal if they say the same, in any order.
        """
        assert Registry(ItemNotFound, OutOfStock, base=BASE) == Registry(OutOfStock, ItemNotFound, base=BASE)

    @pytest.mark.parametrize(
        "other",
        [
            pytest.param(Registry(ItemNotFound, base="https://other.example/"), id="base"),
            pytest.param(Registry(ItemNotFound, OutOfStock, base=BASE), id="types"),
            pytest.param([ItemNotFound], id="another class"),
        ],
    )
    def test_inequality(self, other):
        """
        Other types or another base make another registry.
        """
        assert other != Registry(ItemNotFound, base=BASE)

    def test_hash(self):
        """
        Equal registries are one key.
        """
        assert 1 == len({Registry(ItemNotFound, OutOfStock, base=BASE), Registry(OutOfStock, ItemNotFound, base=BASE)})

    def test_repr(self):
        """
        The representation is the call that makes it.
        """
        assert f"Registry(ItemNotFound, base='{BASE}')" == repr(Registry(ItemNotFound, base=BASE))

    def test_it_cannot_be_changed(self):
        """
        There is no way to add a type.
        """
        with pytest.raises(AttributeError):
            registry.base = "https://evil.example/"

    def test_a_subclass(self):
        """
        A subclass stays one when it is joined.
        """

        class Ours(Registry):
            pass

        assert Ours is type(Ours(ItemNotFound, base=BASE) | Registry(OutOfStock, base=BASE))


class TestCaches:
    def test_models(self):
        """
        A model is made once.
        """
        assert registry.model(ItemNotFound) is registry.model(ItemNotFound)

    def test_forms(self):
        """
        The beginning of a document is made once, with the URI on the wire.
        """
        expected = f'{{"type":"{BASE}item-not-found","title":"Item not found","status":404'

        assert (expected, True) == (
            registry.form(ItemNotFound).beginning.decode(),
            registry.form(ItemNotFound) is registry.form(ItemNotFound),
        )

    def test_two_registries(self):
        """
        What depends on the URI is kept by each registry.
        """
        other = Registry(ItemNotFound, base="https://other.example/")

        assert other.model(ItemNotFound) is not registry.model(ItemNotFound)

    def test_results_are_built_once(self):
        """
        A function is called once for each class; a subclass without declarations shares the result of its base.
        """
        built = []

        def build(registry, cls):
            built.append((registry, cls))
            return len(built)

        own = Registry(ItemNotFound, base=BASE)
        same = type("Same", (ItemNotFound,), {"__module__": __name__})
        results = [own.built(cls, build) for cls in (same, ItemNotFound, same, OutOfStock, OutOfStock)]

        assert [1, 1, 1, 2, 2] == results
        assert [(own, ItemNotFound), (own, OutOfStock)] == built

    def test_results_do_not_keep_the_class(self):
        """
        The result is gone with the class, so classes that are made while an application runs do not pile up.
        """
        own, cls = Registry(base=BASE), type("Passing", (Conflict,), {}, type="passing", title="Passing")
        describe(own, cls)
        kept = ref(cls)
        del cls
        gc.collect()

        assert kept() is None

    def test_a_base_has_no_model(self):
        """
        A base is documented nowhere.
        """
        with pytest.raises(AbstractProblem, match="documented"):
            registry.model(Base)


class TestDetails:
    def test_with_the_uri_on_the_wire(self):
        """
        The document has the URI that the registry gives.
        """
        assert f"{BASE}item-not-found" == registry.details(ItemNotFound(item_id=7)).type

    def test_of_a_received_problem(self):
        """
        A received problem has the document that was received.
        """
        problem = registry.revive(ProblemDetails(type="https://unknown.example/x", status=404, title="Unknown"))

        assert problem.problem_details == registry.details(problem)


def revived(document: dict[str, Any], **options: Any) -> Problem:
    """Return the exception for *document*."""
    return registry.revive_document(document, **{"status": 404, **options})


class TestRevive:
    def test_round_trip(self):
        """
        What was raised is read back, with its members.
        """
        sent = ItemNotFound("Not there.", item_id=7, instance="urn:uuid:7")

        problem = registry.revive(registry.details(sent))

        assert (ItemNotFound, 7, registry.details(sent)) == (
            type(problem).__bases__[1],
            problem.item_id,
            problem.problem_details,
        )

    @pytest.mark.parametrize(
        ("status", "cls"),
        [
            (404, NotFound),
            (429, TooManyRequests),
            (422, UnprocessableContent),
            (499, ClientProblem),
            (599, ServerProblem),
        ],
    )
    def test_an_unknown_type(self, status, cls):
        """
        An unknown type becomes the class of its status.
        """
        assert cls is type(revived({"type": "https://unknown.example/x"}, status=status)).__bases__[1]

    def test_its_members_are_kept(self):
        """
        All members of an unknown type are kept.
        """
        problem = revived({"type": "https://unknown.example/x", "balance": 30})

        assert 30 == problem.problem_details.extensions["balance"]

    def test_the_status_on_the_wire_wins(self):
        """
        The status in the document may be another (RFC 9457, section 3.1.2).
        """
        problem = revived({"status": 404}, status=409)

        assert (409, 404, True) == (problem.status, problem.problem_details.status, isinstance(problem, Conflict))

    @pytest.mark.parametrize(
        ("status", "expected"), [(404, 404), (None, 500), (0, 500), (99999, 500), (-1, 500)], ids=str
    )
    def test_a_stored_document(self, status, expected):
        """
        Without a response the document's `status` counts, if it is valid.
        """
        assert expected == registry.revive(ProblemDetails(status=status)).status

    def test_members_that_do_not_fit(self):
        """
        A known type whose members do not fit becomes the class of its status, and says why.
        """
        problem = revived({"type": f"{BASE}item-not-found", "item_id": "seven"})

        assert (False, True, "The members do not fit ItemNotFound: item_id: ") == (
            isinstance(problem, ItemNotFound),
            isinstance(problem, NotFound),
            problem.reading.reason[:46],
        )

    def test_members_of_the_wrong_type_are_ignored(self):
        """
        A standard member of the wrong JSON type is ignored and reported (RFC 9457, section 3.1).
        """
        problem = revived({"type": f"{BASE}item-not-found", "item_id": 7, "title": None})

        assert (7, ("The member `title` was ignored: it is null, not a string.",)) == (
            problem.item_id,
            problem.reading.ignored,
        )

    @pytest.mark.parametrize("uri", [None, 404, True, {}, []], ids=str)
    def test_a_type_that_is_no_text(self, uri):
        """
        A type of the wrong JSON type is about:blank.
        """
        assert ABOUT_BLANK == revived({"type": uri}).problem_details.type

    def test_equal_types_of_different_statuses(self):
        """
        The type identifies the class, not the status (RFC 9457, section 3.1.1).
        """
        document = {"type": f"{BASE}item-not-found", "item_id": 7}

        assert all(isinstance(revived(document, status=status), ItemNotFound) for status in (404, 410, 500))

    def test_it_is_received(self):
        """
        What is revived is not ours.
        """
        assert isinstance(revived({}), ReceivedProblem)

    def test_a_validator_that_fails(self):
        """
        Whatever a user-defined validator raises, the server's error is reported.
        """

        class Fussy(NotFound, type="fussy", title="Fussy"):
            item_id: int

            @field_validator("item_id")
            @classmethod
            def fail(cls, value: int) -> int:
                raise RuntimeError

        problem = Registry(Fussy, base=BASE).revive_document({"type": f"{BASE}fussy", "item_id": 7}, status=404)

        assert "The members do not fit" in problem.reading.reason

    @pytest.mark.parametrize(
        ("status", "headers", "member", "value"),
        [
            pytest.param(405, {"Allow": "GET, PUT"}, "allow", ["GET", "PUT"], id="405"),
            pytest.param(401, {"WWW-Authenticate": "Basic"}, "challenges", "Basic", id="401"),
            pytest.param(429, {"Retry-After": "30"}, "retry_after", 30, id="429"),
            pytest.param(429, {"Retry-After": "soon"}, "retry_after", None, id="unreadable"),
            pytest.param(405, {}, "allow", None, id="absent"),
        ],
    )
    def test_an_unknown_type_has_the_headers_of_its_status(self, status, headers, member, value):
        """
        What HTTP ties to a status is a member whatever the type is, as type checkers say.
        """
        problem = Registry().revive_document({}, status=status, headers=headers)

        assert value == getattr(problem, member)


class TestClassesMadeAtRunTime:
    def test_are_freed(self):
        """
        A registry keeps few forms of unregistered classes, so that classes that are made per request are freed.
        """
        registry, alive = Registry(NotFound), []
        for number in range(300):
            cls = type(f"Made{number}", (Conflict,), {}, type=f"https://shop.example/made-{number}", title="Made")
            registry.form(cls)
            alive.append(ref(cls))
            del cls
        gc.collect()

        assert sum(cls() is not None for cls in alive) < 100


class TestBounds:
    @pytest.mark.parametrize(("status", "expected"), [(99, 500), (100, 100), (404, 404), (599, 599), (600, 500)])
    def test_the_status_of_a_document(self, status, expected):
        """
        A status in a document counts if it is one at all (RFC 9457, section 3.1.2).
        """
        assert expected == Registry().revive(ProblemDetails(status=status)).status

    def test_the_claim_of_the_validation_problem(self):
        """
        A registry with a base has the type of invalid requests, unless it declares one itself.
        """

        class Invalid(ValidationProblem, type="invalid", title="Invalid"):
            """The request is not valid."""

        base = "https://shop.example/problems/"

        assert ValidationProblem is Registry(base=base).get(f"{base}validation-problem")
        assert Registry(Invalid, base=base).get(f"{base}validation-problem") is None
        assert Registry().get("validation-problem") is None
        assert Registry().get("about:blank") is None


class TestRecognised:
    @pytest.mark.parametrize(
        ("cls", "registry", "lack"),
        [
            pytest.param(ItemNotFound, Registry(), "relative", id="relative, no base"),
            pytest.param(ItemNotFound, Registry(Absolute), "relative", id="relative, no base, other types"),
            pytest.param(ItemNotFound, Registry(base=BASE), "unregistered", id="relative, not registered"),
            pytest.param(ItemNotFound, Registry(ItemNotFound, base=BASE), None, id="registered"),
            pytest.param(Absolute, Registry(), None, id="absolute, no registry"),
            pytest.param(Absolute, Registry(Urn), "unregistered", id="absolute, other types"),
            pytest.param(Absolute, Registry(base=BASE), "unregistered", id="absolute, a base"),
            pytest.param(Absolute, Registry(Absolute, base=BASE), None, id="absolute, registered"),
            pytest.param(Base, Registry(base=BASE), None, id="a base class"),
            pytest.param(NotFound, Registry(base=BASE), None, id="no type URI"),
            pytest.param(ValidationProblem, Registry(base=BASE), None, id="invalid requests"),
            pytest.param(ValidationProblem, Registry(OwnValidation, base=BASE), "unregistered", id="another's place"),
        ],
    )
    def test_lack(self, cls, registry, lack):
        """
        A type URI is relative, or registered, or there is nothing to register.
        """
        assert (lack, lack is not None) == (lack_of(cls, registry), unregistered(cls, registry) is not None)

    @pytest.mark.parametrize(
        ("registry", "base"),
        [
            pytest.param(Registry(base=BASE), BASE, id="its own"),
            pytest.param(Registry(), "https://api.example.com/problems/", id="an example"),
        ],
    )
    def test_line(self, registry, base):
        """
        The sentence has the line to write, with the base of the registry.
        """
        assert f'ItemNotFound is not registered. Write `Registry(ItemNotFound, …, base="{base}")`.' == unregistered(
            ItemNotFound, registry
        )


class TestFind:
    @pytest.mark.parametrize(
        ("uri", "url", "expected"),
        [
            pytest.param(f"{BASE}item-not-found", None, ItemNotFound, id="absolute, no address"),
            pytest.param(f"{BASE}item-not-found", "https://x.example/", ItemNotFound, id="absolute"),
            pytest.param("item-not-found", f"{BASE}list", ItemNotFound, id="relative to the address"),
            pytest.param("item-not-found", "https://x.example/", None, id="relative to another address"),
            pytest.param("item-not-found", None, None, id="relative, no address"),
            pytest.param("sold-out", "https://x.example/", OutOfStock, id="an alias as written"),
            pytest.param("sold-out", None, OutOfStock, id="an alias, no address"),
            pytest.param(f"{BASE}unknown", f"{BASE}list", None, id="unknown"),
        ],
    )
    def test_class(self, uri, url, expected):
        """
        A type is resolved against the address of the response, and then looked up as it was written.
        """
        assert expected is Registry(ItemNotFound, OutOfStock, base=BASE).find(uri, url)

    def test_the_address_wins_over_what_was_written(self):
        """
        A relative type that is an alias of one class belongs to the class that it resolves to.
        """

        class Resolved(NotFound, type=f"{BASE}sold-out-by", title="Resolved"): ...

        class Written(Conflict, type="https://other.example/written", title="Written", aliases=("sold-out-by",)): ...

        registry = Registry(Resolved, Written)

        assert [Resolved, Written] == [registry.find("sold-out-by", f"{BASE}x"), registry.find("sold-out-by")]


class TestShortWay:
    """A type that was received before takes a shorter way to the same exception."""

    DOCUMENT: ClassVar = {"type": f"{BASE}item-not-found", "title": "Item not found", "status": 404, "item_id": 7}

    @pytest.mark.parametrize(
        ("change", "status"),
        [
            pytest.param({}, 404, id="nothing"),
            pytest.param({"item_id": 8}, 404, id="a member"),
            pytest.param({"item_id": "x"}, 404, id="a member that does not fit"),
            pytest.param({"status": 500}, 500, id="the status"),
            pytest.param({"type": "item-not-found"}, 404, id="a relative type"),
            pytest.param({"type": f"{BASE}sold-out"}, 404, id="another type"),
            pytest.param({"type": None}, 404, id="no text"),
            pytest.param({"type": ["item-not-found"]}, 404, id="no text, and not hashable"),
        ],
    )
    def test_same_exception(self, change, status):
        """
        After a first occurrence a document becomes what a fresh registry makes of it.
        """

        def seen(problem):
            return type(problem).__mro__, problem.reading, getattr(problem, "item_id", None), problem.status

        known, document = Registry(ItemNotFound, OutOfStock, base=BASE), {**self.DOCUMENT, **change}
        for _ in range(2):
            known.revive_document(self.DOCUMENT, status=404)
        fresh = Registry(ItemNotFound, OutOfStock, base=BASE).revive_document(document, status=status)

        assert seen(fresh) == seen(known.revive_document(document, status=status))
        assert seen(fresh) == seen(known.revive_document(document, status=status))

    def test_identity(self):
        """
        Where another member names the type, `type` does not.
        """
        known = Registry(ItemNotFound, OutOfStock, base=BASE)
        for _ in range(2):
            known.revive_document(self.DOCUMENT, status=404)

        problem = known.revive_document({**self.DOCUMENT, "code": "sold-out"}, status=404, identity="code")

        assert isinstance(problem, OutOfStock)


class TestTexts:
    def test_a_text_of_two_classes(self):
        """
        A type or alias as written that two classes share identifies neither.
        """

        class One(Conflict, type="lost", title="One", aliases=("first",)): ...

        class _Other(Conflict, type="lost", title="Other", aliases=("second",)): ...

        both = Registry(One, base="https://one.example/") | Registry(_Other, base="https://other.example/")
        read = {
            code: both.revive_document({"code": code}, status=409, identity="code")
            for code in ("first", "second", "lost", "unknown")
        }

        assert {"first": (True, False), "second": (False, True), "lost": (False, False), "unknown": (False, False)} == {
            code: (isinstance(it, One), isinstance(it, _Other)) for code, it in read.items()
        }


class TestForm:
    """The documents of one problem type are written from the parts that vary."""

    @pytest.mark.parametrize(
        ("title", "expected"),
        [
            pytest.param("Gone", b'{"type":"urn:x","title":"Gone","status":410', id="plain"),
            pytest.param('"\ud800', b'{"type":"urn:x","title":"\\"\xef\xbf\xbd","status":410', id="escaped"),
        ],
    )
    def test_the_beginning(self, title, expected):
        """
        All documents begin with an object that lacks its end.
        """
        assert expected == Form(ProblemType("urn:x", title, 410)).beginning

    @pytest.mark.parametrize(
        ("detail", "instance", "members", "expected"),
        [
            pytest.param(None, None, b"{}", "{P}", id="empty"),
            pytest.param("No.", None, b"{}", '{P,"detail":"No."}', id="detail"),
            pytest.param(b'["No."]', None, b"{}", '{P,"detail":["No."]}', id="detail as JSON"),
            pytest.param("", None, b"{}", '{P,"detail":""}', id="empty detail"),
            pytest.param(None, "urn:i", b"{}", '{P,"instance":"urn:i"}', id="instance"),
            pytest.param(None, None, b'{"a":1}', '{P,"a":1}', id="members"),
            pytest.param("é", "urn:i", b'{"a":{}}', '{P,"detail":"é","instance":"urn:i","a":{}}', id="all"),
            pytest.param('"\ud800', "\ud800", b"{}", '{P,"detail":"\\"\ufffd","instance":"\ufffd"}', id="surrogates"),
            pytest.param("\ud800", None, b'{"a":1}', '{P,"detail":"\ufffd","a":1}', id="surrogate in detail"),
            pytest.param(None, "\ud800", b"{}", '{P,"instance":"\ufffd"}', id="surrogate in instance"),
        ],
    )
    def test_the_parts_follow_in_order(self, detail, instance, members, expected):
        """
        The document is the beginning, then detail, instance and extension members, each if there is one.
        """
        form = Form(ProblemType("urn:x", "Gone", 410))
        expected = expected.replace("P", '"type":"urn:x","title":"Gone","status":410')

        assert expected.encode() == form.write(detail, instance, members)

    @given(
        st.text(st.characters(codec=None, exclude_categories=())),
        st.text() | st.none(),
        st.dictionaries(st.text().map("x-{}".format), st.integers() | st.text()),
    )
    def test_every_document_is_json(self, detail, instance, members):
        """
        Any parts make a document that parsers read.
        """
        document = json.loads(Form(ProblemType("urn:x", "Gone", 410)).write(detail, instance, encode_members(members)))

        assert "urn:x" == document["type"]

    def test_the_fallback_is_such_a_document(self):
        """
        The document of last resort has the form of all others.
        """
        form = Form(ProblemType(ABOUT_BLANK, "Internal Server Error", 500))

        assert FALLBACK == form.write(None, None, b"{}")


class Response:
    """A response of a client library, with the attributes that a registry reads."""

    def __init__(self, url):
        self._url = url

    @property
    def url(self):
        """The address; as with httpx, an error if there was no request."""
        if self._url is None:
            raise RuntimeError("The request is not known.")
        return self._url


class _Throttled(TooManyRequests, type="throttled", title="Slow down"):
    left: int = 0


class _Anything(NotFound):
    """Every problem of the status 404."""


class _Narrower(_Anything):
    """Some of them."""


class _Other(NotFound):
    """Every problem of the status 404, by another author."""


class TestReceived:
    """What is received, the first time and when the type is known."""

    REGISTRY = Registry(ItemNotFound, OutOfStock, _Throttled, base=BASE)

    @pytest.mark.parametrize(
        ("uri", "status", "members", "headers"),
        [
            pytest.param(f"{BASE}out-of-stock", 409, {"left": 3}, {}, id="members"),
            pytest.param(f"{BASE}out-of-stock", 409, {"left": "three"}, {}, id="a member that does not fit"),
            pytest.param(f"{BASE}out-of-stock", 429, {"left": 3}, {"Retry-After": "30"}, id="header of another status"),
            pytest.param(f"{BASE}throttled", 429, {"left": 3}, {"Retry-After": "30"}, id="header of the class"),
            pytest.param("out-of-stock", 409, {"left": 3}, {}, id="relative"),
            pytest.param("sold-out", 409, {"left": 3}, {}, id="alias"),
            pytest.param(f"{BASE}item-not-found", 404, {"item_id": "x"}, {}, id="a required member does not fit"),
            pytest.param("https://elsewhere.example/x", 429, {"left": 3}, {"Retry-After": "30"}, id="unknown"),
            pytest.param(f"{BASE}out-of-stock", 503, {"left": 3}, {"Retry-After": "9"}, id="an error of the server"),
        ],
    )
    def test_the_second_is_read_as_the_first(self, uri, status, members, headers):
        """
        A known type is read the same way again, with the members and header fields of its own response.
        """

        def of(registry, left, after):
            given = {**members, **({"left": left} if members.get("left") == 3 else {})}
            fields = {"Retry-After": after} if headers else {}
            problem = registry.revive_document({"type": uri, **given}, status=status, headers=fields)
            facts = [name for name in dir(problem) if name in ("left", "retry_after", "item_id", "status")]
            return type(problem).__mro__, {name: getattr(problem, name) for name in facts}, problem.reading.reason

        registry = Registry(ItemNotFound, OutOfStock, _Throttled, base=BASE)
        of(registry, 3, "30")

        assert of(Registry(ItemNotFound, OutOfStock, _Throttled, base=BASE), 5, "60") == of(registry, 5, "60")

    def test_a_known_type_takes_the_short_way(self, monkeypatch):
        """
        The members of a type that was received before are validated, and nothing else is looked for.
        """
        registry, document = Registry(OutOfStock, base=BASE), {"type": f"{BASE}out-of-stock", "left": 3}
        registry.revive_document(document, status=409)

        def forbidden(*_):
            raise AssertionError("The class is looked for again.")

        monkeypatch.setattr(Registry, "_fit", forbidden)

        assert 4 == registry.revive_document({**document, "left": 4}, status=409).left

    @pytest.mark.parametrize("time", [1, 2], ids=["first", "second"])
    def test_it_has_its_response(self, time):
        """
        The exception has the response, the status and the document that it came with.
        """
        response, document = Response(None), {"type": f"{BASE}out-of-stock", "left": time}
        problem = [self.REGISTRY.revive_document(document, status=409, response=response) for _ in range(time)][-1]

        assert (response, 409, document) == (problem.response, problem.status, problem.problem_received)

    @pytest.mark.parametrize(
        ("document", "ignored"),
        [
            pytest.param({"left": 3}, (), id="fits"),
            pytest.param({"left": "three"}, ("The member `left` was ignored: ",), id="does not fit"),
        ],
    )
    def test_members_that_are_ignored(self, document, ignored):
        """
        A sentence for each optional member that does not fit, and for no other member.
        """
        problem = self.REGISTRY.revive_document({"type": f"{BASE}out-of-stock", **document}, status=409)

        assert len(ignored) == len(problem.reading.ignored)
        assert all(it.startswith(begin) for it, begin in zip(problem.reading.ignored, ignored, strict=True))

    @pytest.mark.parametrize("observers", [0, 1, 2])
    def test_observers_are_called(self, monkeypatch, observers):
        """
        Each observer of the process sees a received problem.
        """
        seen = []
        monkeypatch.setattr(WATCH, "observers", (seen.append,) * observers)
        problem = self.REGISTRY.revive_document({}, status=404)

        assert [problem] * observers == seen

    @pytest.mark.parametrize(
        ("url", "cls"),
        [
            pytest.param("https://shop.example/problems/x", OutOfStock, id="address"),
            pytest.param("https://shop.example/other/x", Conflict, id="another address"),
            pytest.param(None, Conflict, id="no address"),
        ],
    )
    def test_the_address_of_the_response(self, url, cls):
        """
        A relative type is resolved against the address of the response, if that is known.
        """
        problem = self.REGISTRY.revive_document({"type": "./out-of-stock"}, status=409, response=Response(url))

        assert (cls, cls is OutOfStock) == (definition_of(type(problem)).cls, isinstance(problem, OutOfStock))

    @pytest.mark.parametrize(("status", "expected"), [(None, 404), (409, 409)])
    def test_the_status_of_details(self, status, expected):
        """
        The status code on the wire wins over the status in the document.
        """
        assert expected == Registry().revive(ProblemDetails(status=404), status=status).status


class TestOfStatus:
    """User-defined classes without a type URI stand for the unknown problems of their status."""

    @pytest.mark.parametrize(
        ("types", "cls", "reason"),
        [
            pytest.param([_Anything], _Anything, None, id="one"),
            pytest.param([_Anything, _Narrower], _Narrower, None, id="the derived one"),
            pytest.param([_Narrower, _Anything], _Narrower, None, id="in any order"),
            pytest.param([_Anything, _Other], NotFound, "_Anything and _Other have the status 404", id="two"),
            pytest.param([NotFound], NotFound, None, id="ready-made"),
            pytest.param([ItemNotFound], NotFound, None, id="with a type"),
            pytest.param([ItemNotFound, _Other], _Other, None, id="beside one with a type"),
        ],
    )
    def test_class(self, types, cls, reason):
        """
        The class that derives from all others is used; otherwise the ready-made class, with a reason.
        """
        problem = Registry(*types, base=BASE).revive_document({"type": "https://x.example/unknown"}, status=404)
        given = problem.reading.reason

        assert (cls, reason is None) == (definition_of(type(problem)).cls, given is None)
        assert given is None or given.startswith(reason)

    def test_the_class_of_invalid_requests(self):
        """
        The ready-made class of invalid requests does not stand for the other problems of its status.
        """
        problem = Registry(ValidationProblem).revive_document({"type": "https://x.example/unknown"}, status=422)

        assert not isinstance(problem, ValidationProblem)


class TestKnownForm:
    def test_it_is_not_built(self):
        """
        A form is known once it was built, for a subclass without declarations too.
        """
        own, same = Registry(ItemNotFound, base=BASE), type("Same", (ItemNotFound,), {"__module__": __name__})
        before = own.known_form(ItemNotFound)
        form = own.form(ItemNotFound)

        assert (None, form, form) == (before, own.known_form(ItemNotFound), own.known_form(same))


class TestOtherValues:
    @pytest.mark.parametrize("value", [[], 7, None, "item-not-found", ItemNotFound(item_id=1)], ids=repr)
    def test_they_are_in_no_registry(self, value):
        """
        Only classes are in a registry; any other value, hashable or not, is not.
        """
        assert value not in registry

    @pytest.mark.parametrize(
        ("of", "title"),
        [
            pytest.param(Registry(), "Bad Request", id="about:blank"),
            pytest.param(Registry(base=BASE), "Request validation failed", id="a type"),
        ],
    )
    def test_the_title_of_another_status(self, of, title):
        """
        A type keeps its title with another status; `about:blank` has the phrase of the status.
        """
        assert title == of.invalid_as(400).facts(ValidationProblem).title

    def test_about_blank_is_not_a_text(self):
        """
        The member that identifies types in a dialect never means `about:blank`.
        """
        problem = Registry(_Anything).revive_document({"code": ABOUT_BLANK}, status=409, identity="code")

        assert not isinstance(problem, _Anything)


class TestOfAnotherStatus:
    @pytest.mark.parametrize("time", [1, 2], ids=["first", "second"])
    @pytest.mark.parametrize(
        ("status", "is_throttled", "after"),
        [
            pytest.param(409, False, None, id="its own"),
            pytest.param(429, True, 30, id="another"),
        ],
    )
    def test_a_known_type(self, status, is_throttled, after, time):
        """
        A known type with another status is an error of that status too, with the header fields of the status.
        """
        own, document = Registry(OutOfStock, base=BASE), {"type": f"{BASE}out-of-stock", "left": 3}
        problem = [own.revive_document(document, status=status, headers={"Retry-After": "30"}) for _ in range(time)][-1]

        assert (True, is_throttled) == (isinstance(problem, OutOfStock), isinstance(problem, TooManyRequests))
        assert (3, after) == (problem.left, getattr(problem, "retry_after", None))


class TestFormOfAnOccurrence:
    @pytest.mark.parametrize(
        ("detail", "expected"),
        [
            pytest.param(None, "None is left.", id="its own"),
            pytest.param(b'"Nichts."', "Nichts.", id="another"),
        ],
    )
    def test_detail(self, detail, expected):
        """
        A document has the detail of the occurrence, or a given one, and the members.
        """
        document = from_json(registry.form(OutOfStock).document(OutOfStock("None is left.", left=0), "urn:x:1", detail))

        assert (expected, "urn:x:1", 0) == (document["detail"], document["instance"], document["left"])

    def test_an_abstract_class_lacks_nothing(self):
        """
        A base is never sent, so it needs no registry.
        """

        class Family(NotFound, type="family", title="Family", abstract=True): ...

        assert lack_of(Family, registry) is None
