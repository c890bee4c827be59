import json
from typing import Annotated, Literal

import pytest
from fastapi import FastAPI
from pydantic import BaseModel, Field, ValidationError

from problems import ClientProblem, Conflict, NotFound, Problem, Registry, ResponseHeader, raises
from problems.documenting.vocabulary import DocumentedType, Vocabulary
from problems.fastapi import add_problems
from problems.tools.diff import compare, vocabulary_in

BASE = "https://shop.example/problems/"


class Line(BaseModel):
    sku: str


class OptionalLine(BaseModel):
    sku: str = ""


class ClosedLine(Line, extra="forbid"):
    pass


class ClosedLongLine(ClosedLine):
    note: str = ""


class NotedLine(Line):
    note: str | None = None


class LongLine(BaseModel):
    sku: str
    amount: int


def declared(kind=int, default=..., *, name="Sold", base=Conflict, member="left", **words):
    """Return a vocabulary of one type with one member."""
    body = {"__annotations__": {member: kind}, "__module__": __name__}
    if default is not ...:
        body[member] = default
    words = {"type": "sold", "title": "Sold", **words}
    return Vocabulary.of(Registry(type(base)(name, (base,), body, **words), base=BASE))


def codes(before, after):
    """Return the changes, as pairs of code and whether it breaks clients."""
    return [(change.code, change.breaking) for change in compare(before, after).changes]


class TestTypes:
    def test_nothing_has_changed(self):
        """
        Equal vocabularies have no changes.
        """
        report = compare(declared(), declared())

        assert ((), False) == (report.changes, report.breaking)

    def test_another_class_name_is_no_change(self):
        """
        The class name is not on the wire.
        """
        assert [] == codes(declared(), declared(name="SoldOut"))

    def test_a_new_type_breaks_nothing(self):
        """
        A client handles a type that it does not know by its status.
        """
        assert [("type-added", False)] == codes(Vocabulary(types=()), Vocabulary(types=declared().types[:1]))

    def test_a_type_that_is_gone_breaks_clients(self):
        """
        What clients handle they no longer meet.
        """
        assert [("type-removed", True)] == codes(Vocabulary(types=declared().types[:1]), Vocabulary(types=()))

    def test_another_type_uri_breaks_clients(self):
        """
        A type is known by its whole URI; the old one as an alias helps only those that share the class.
        """
        assert [("type-renamed", True)] == codes(declared(), declared(type="sold-out", name="Sold"))

    def test_an_alias_tells_of_the_old_name(self):
        """
        A type whose alias is the old URI is the old type, whatever the class is called.
        """
        after = declared(type="sold-out", name="SoldOut", aliases=("sold",))
        (change,) = compare(declared(), after).changes

        assert f"The type URI is now '{BASE}sold-out': clients know a type by its whole URI." == change.message

    def test_a_type_of_a_name_that_is_still_there_is_new(self):
        """
        Only a type that is gone can have another URI now, and only one type can be what it was.
        """
        before = Vocabulary(types=declared().types[:1])
        after = [declared(type=uri).types[0] for uri in ("sold", "sold-out", "sold-again")]

        assert [("type-added", False)] * 2 == codes(before, Vocabulary(types=tuple(after)))
        assert [("type-renamed", True), ("type-added", False)] == codes(before, Vocabulary(types=tuple(after[1:])))

    def test_another_status_breaks_clients(self):
        """
        Clients, proxies and retries act on the status.
        """
        after = declared(base=NotFound)

        assert [("status-changed", True)] == codes(declared(), after)

    def test_another_title_breaks_nothing(self):
        """
        A title is advisory (RFC 9457, section 3.1.3).
        """
        assert [("title-changed", False)] == codes(declared(), declared(title="Sold out"))

    def test_plain_statuses_are_told_apart(self):
        """
        Types that are `about:blank` differ by their status.
        """
        before, after = (Vocabulary.of(Registry(*types)) for types in ((NotFound,), (NotFound, Conflict)))

        assert [("type-added", False)] == codes(before, after)


class TestMembers:
    @pytest.mark.parametrize(
        ("before", "after", "code"),
        [
            pytest.param((int,), (str,), "member-changed", id="another type"),
            pytest.param((int,), (int, 1), "member-optional", id="optional"),
            pytest.param((int, 1), (int,), "member-required", id="required"),
            pytest.param((int,), (Annotated[int, Field(ge=1)],), "member-narrowed", id="new bound"),
            pytest.param(
                (Annotated[int, Field(ge=1)],), (Annotated[int, Field(ge=2)],), "member-narrowed", id="higher bound"
            ),
            pytest.param(
                (Annotated[int, Field(le=9)],), (Annotated[int, Field(le=8)],), "member-narrowed", id="lower bound"
            ),
            pytest.param((Annotated[int, Field(le=9)],), (int,), "member-widened", id="no bound"),
            pytest.param((Literal["a", "b"],), (Literal["a", "c", "b"],), "member-widened", id="more values"),
            pytest.param((Literal["a", "b", "c"],), (Literal["a", "b"],), "member-narrowed", id="fewer values"),
            pytest.param((Literal["a", "b"],), (Literal["b", "c"],), "member-changed", id="other values"),
            pytest.param((str,), (Annotated[str, Field(pattern="^a")],), "member-narrowed", id="pattern"),
            pytest.param((int | str,), (int | str | None,), "member-widened", id="null"),
            pytest.param((int | None,), (int,), "member-narrowed", id="no null"),
            pytest.param((float,), (int,), "member-narrowed", id="integers only"),
            pytest.param((int | str,), (int,), "member-narrowed", id="one of a union"),
            pytest.param((tuple[int, str],), (tuple[str, int],), "member-changed", id="places of a tuple"),
            pytest.param((list[Literal["a"]],), (list[Literal["a", "b"]],), "member-widened", id="items"),
            pytest.param((dict[str, int],), (dict[str, int | str],), "member-widened", id="values of a mapping"),
            pytest.param((list[Line],), (list[LongLine],), "member-added", id="nested"),
            pytest.param((list[LongLine],), (list[Line],), "member-removed", id="nested and gone"),
            pytest.param((Line,), (OptionalLine,), "member-optional", id="nested and optional"),
            pytest.param((OptionalLine,), (Line,), "member-required", id="nested and required"),
            pytest.param((Line,), (ClosedLine,), "member-narrowed", id="closed object"),
            pytest.param((ClosedLine,), (ClosedLongLine,), "member-added", id="new in a closed object"),
            pytest.param((ClosedLongLine,), (ClosedLine,), "member-removed", id="gone from a closed object"),
        ],
    )
    def test_other_values_break_clients(self, before, after, code):
        """
        Readers of a member rely on its values, and a shared class rejects others.
        """
        assert [(code, True)] == codes(declared(*before), declared(*after))

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            pytest.param((int,), (Annotated[int, Field(description="Left ones.")],), id="description"),
            pytest.param((int,), (Annotated[int, Field(examples=[3])],), id="example"),
            pytest.param((int, 1), (int, 2), id="default"),
            pytest.param((Literal["a", "b"],), (Literal["b", "a"],), id="order"),
            pytest.param((Line,), (type("Row", (Line,), {}),), id="name of a model"),
            pytest.param((int | str,), (str | int,), id="order of a union"),
            pytest.param((Literal[1],), (Annotated[int, Field(ge=1, le=1)],), id="range of one value"),
            pytest.param((Annotated[int, Field(gt=0)],), (Annotated[int, Field(ge=1)],), id="exclusive bound"),
            pytest.param((Annotated[int, Field(lt=10)],), (Annotated[int, Field(le=9)],), id="exclusive upper bound"),
            pytest.param((bool,), (Literal[True, False],), id="both booleans"),
            pytest.param((str | Literal["a"],), (str,), id="value of a type"),  # noqa: PYI051 - the redundancy is the case
        ],
    )
    def test_what_limits_no_value_is_no_change(self, before, after):
        """
        Texts for people, and names that are not on the wire.
        """
        assert [] == codes(declared(*before), declared(*after))

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            pytest.param(Line, NotedLine, id="object"),
            pytest.param(list[Line], list[NotedLine], id="list"),
            pytest.param(dict[str, Line], dict[str, NotedLine], id="mapping"),
            pytest.param(Line | None, NotedLine | None, id="union"),
            pytest.param(tuple[int, Line], tuple[int, NotedLine], id="tuple"),
            pytest.param(list[dict[str, Line | int]], list[dict[str, NotedLine | int]], id="three levels down"),
        ],
    )
    def test_a_new_optional_member_breaks_nothing_at_any_depth(self, before, after):
        """
        Clients ignore members that they do not know, wherever they are; the change names the place.
        """
        (change,) = compare(declared(before), declared(after)).changes

        assert ("member-added", False, "left", "/left/note") == (
            change.code,
            change.breaking,
            change.member,
            change.path,
        )
        assert "The member 'left.note' is new: clients ignore members that they do not know." == change.message

    def test_a_member_that_is_gone_breaks_clients(self):
        """
        Its readers no longer find it.
        """
        assert [("member-removed", True), ("member-added", False)] == codes(
            declared(member="left"), declared(member="available", default=1)
        )

    @pytest.mark.parametrize(
        ("default", "breaking"), [pytest.param(..., True, id="required"), pytest.param(1, False, id="optional")]
    )
    def test_a_new_member_breaks_clients_if_it_is_required(self, default, breaking):
        """
        Clients ignore what they do not know; a shared class refuses a document without what it requires.
        """
        before = declared(base=Problem, status=409, name="Sold")

        class Base(Problem, abstract=True):
            left: int

        after = declared(base=Base, status=409, member="more", default=default)

        assert [("member-added", breaking)] == codes(before, after)


class TestHeaders:
    @pytest.mark.parametrize(
        ("before", "after", "expected"),
        [
            pytest.param((int,), (Annotated[int, ResponseHeader("X-Left")],), ("header-added", False), id="new"),
            pytest.param((Annotated[int, ResponseHeader("X-Left")],), (int,), ("header-removed", True), id="gone"),
        ],
    )
    def test_a_header_is_part_of_the_type(self, before, after, expected):
        """
        Clients read header fields as they read members.
        """
        assert [expected] == codes(declared(*before), declared(*after))

    def test_a_header_may_become_optional(self):
        """
        What was always sent and may be absent now breaks who counts on it.
        """
        before = declared(Annotated[int, ResponseHeader("X-Left")])
        after = declared(Annotated[int | None, ResponseHeader("X-Left")], None)

        assert ("header-optional", True) in codes(before, after)

    @pytest.mark.parametrize(
        ("before", "after", "code"),
        [
            pytest.param(int, str, "header-changed", id="another type"),
            pytest.param(float, int, "header-narrowed", id="fewer values"),
            pytest.param(int, float, "header-widened", id="more values"),
        ],
    )
    def test_other_values_of_a_header_break_clients(self, before, after, code):
        """
        A header field has a schema, as a member has.
        """
        fields = [Annotated[kind, ResponseHeader("X-Left", body=False)] for kind in (before, after)]

        assert [(code, True)] == codes(*map(declared, fields))

    def test_a_header_of_an_old_export_is_unknown(self):
        """
        An export without the schema of a header field does not show a change of it.
        """
        before, after = (declared(Annotated[it, ResponseHeader("X-Left", body=False)]) for it in (int, str))
        text = json.loads(before.to_json())
        for documented in text["types"]:
            for header in documented["headers"]:
                del header["schema"]

        assert [] == codes(vocabulary_in(text), after)


class TestAnySchema:
    """Schemas that strangers wrote."""

    SCHEMAS = (
        {"type": "integer", "minimum": 10**400, "maximum": 10**401},
        {"type": "number", "minimum": float("nan"), "maximum": float("inf"), "multipleOf": 0},
        {"type": "integer", "multipleOf": 10**400},
        {"enum": [10**400, 1e308, float("nan"), {"a": [None]}]},
        {"$ref": "#"},
        {"$ref": "#/$defs/It"},
        {"$ref": "#/$defs/No"},
        {"allOf": [{"$ref": "#/$defs/It"}, {"$ref": "#/$defs/It"}]},
        {"anyOf": "no list", "properties": [], "required": 3, "items": [], "type": {}},
        {"anyOf": [{"anyOf": [{"type": name} for name in "abcdefghij"]}] * 10, "allOf": [{"oneOf": [{}, {}]}] * 20},
        {"type": ["string", "null", 3], "minLength": "a", "pattern": 3},
        False,
        None,
        7,
    )

    @pytest.mark.parametrize("before", SCHEMAS, ids=range(len(SCHEMAS)))
    @pytest.mark.parametrize("after", SCHEMAS, ids=range(len(SCHEMAS)))
    def test_every_pair_is_compared(self, before, after):
        """
        Whatever a schema is, it is compared, and is equal to itself.
        """
        loop = {"It": {"properties": {"a": {"allOf": [{"$ref": "#/$defs/It"}, {"$ref": "#/$defs/It"}]}}}}
        words = {"type": "a:b", "name": "Sold", "title": "Sold", "status": 409}
        old, new = (
            Vocabulary(types=(DocumentedType(**words, schema={"$defs": loop, "properties": {"left": it}}),))
            for it in (before, after)
        )
        changes = compare(old, new).changes

        assert before is not after or () == changes

    def test_what_is_too_deep_is_compared_as_written(self):
        """
        A difference below the deepest level that is read is still a difference.
        """

        def nested(schema):
            for _ in range(100):
                schema = {"anyOf": [schema]}
            return {
                "type": "a:b",
                "name": "Sold",
                "title": "Sold",
                "status": 409,
                "schema": {"properties": {"a": schema}},
            }

        old, new = (Vocabulary(types=(DocumentedType(**nested({"type": it})),)) for it in ("string", "integer"))

        assert [] == codes(old, old)
        assert [("member-changed", True)] == codes(old, new)


class TestNames:
    """Other names under which clients recognise or catch a type."""

    def test_an_alias_that_is_gone_breaks_clients(self):
        """
        Clients recognise documents of older servers by it; a new one breaks nothing.
        """
        before, after = declared(aliases=("gone",)), declared()

        assert [("alias-removed", True)] == codes(before, after)
        assert [("alias-added", False)] == codes(after, before)

    def test_a_base_that_is_gone_breaks_clients(self):
        """
        An `except` clause that names the base no longer catches the type.
        """
        before, after = declared(), declared(base=ClientProblem, status=409)

        assert [("base-removed", True)] == codes(before, after)

    def test_a_base_that_others_have_is_reported(self):
        """
        A clause that names it catches the type now; a base that no type had is in no clause.
        """

        class Base(Conflict, abstract=True):
            pass

        other = declared(base=Base, name="Other", type="other").types
        before, after = declared(), declared(base=Base)

        assert [] == codes(before, after)
        assert [("base-added", False)] == codes(
            Vocabulary(types=(*other, *before.types)), Vocabulary(types=(*other, *after.types))
        )

    def test_bases_of_an_old_export_are_unknown(self):
        """
        An export without bases does not show a change of them.
        """
        text = json.loads(declared().to_json())
        for documented in text["types"]:
            del documented["bases"]

        assert [] == codes(vocabulary_in(text), declared(base=ClientProblem, status=409))


class TestReport:
    def test_breaking_changes_come_first(self):
        """
        What matters is read first.
        """
        before, after = declared(), declared(str, title="Sold out")

        assert [True, False] == [change.breaking for change in compare(before, after).changes]


class TestVocabularyIn:
    def test_an_export_is_read_again(self):
        """
        What `problems export` writes is the same vocabulary when it is read.
        """
        vocabulary = declared()

        assert vocabulary == vocabulary_in(json.loads(vocabulary.to_json()))

    def test_what_is_neither_is_refused(self):
        """
        Another document is not an empty vocabulary.
        """
        with pytest.raises(ValidationError):
            vocabulary_in({"paths": {}})


class Sold(Conflict, type="sold", title="Sold"):
    """Sold."""

    lines: list[Line] = Field(min_length=1)
    left: Annotated[int, ResponseHeader("X-Left")]


class SoldNow(Conflict, type="sold", title="Sold", schema_name="Sold"):
    """Sold."""

    lines: list[LongLine] = Field(min_length=1)


def document(cls):
    """Return the OpenAPI document of an application that can answer with *cls*."""
    app = FastAPI()
    add_problems(app, Registry(cls, base=BASE))

    @app.get("/")
    @raises(cls)
    async def get() -> None: ...

    return app.openapi()


class TestOpenApi:
    def test_it_has_the_vocabulary(self):
        """
        The types, their statuses, members and header fields are in the document.
        """
        (found,) = vocabulary_in(document(Sold)).types

        assert (f"{BASE}sold", 409, ["lines", "left"]) == (found.type, found.status, list(found.members))
        assert ["X-Left"] == [header.name for header in found.headers]

    def test_other_schemas_are_no_problem_types(self):
        """
        A schema without a constant type and status is something else.
        """
        assert () == vocabulary_in({"openapi": "3.1.0", "components": {"schemas": {"Item": {"type": "object"}}}}).types

    def test_two_documents_are_compared(self):
        """
        Documents of two versions contain the same facts as an export.
        """
        found = codes(vocabulary_in(document(Sold)), vocabulary_in(document(SoldNow)))

        assert [("member-removed", True), ("member-added", True), ("header-removed", True)] == found

    def test_one_of_another_tool_is_read(self):
        """
        An enumeration of one value is as constant as a constant.
        """
        properties = {"type": {"enum": [f"{BASE}sold"]}, "status": {"enum": [409]}}
        schemas = {"Sold": {"type": "object", "description": "Sold.", "properties": properties}}

        (found,) = vocabulary_in({"openapi": "3.0.3", "components": {"schemas": schemas}}).types

        assert ("Sold.", 409) == (found.title, found.status)

    @pytest.mark.parametrize(
        "schema",
        [
            pytest.param(True, id="boolean"),
            pytest.param(None, id="null"),
            pytest.param({"properties": []}, id="members in an array"),
            pytest.param({"properties": {"type": True, "status": True}}, id="boolean members"),
            pytest.param({"properties": {"type": {"enum": []}, "status": {"enum": 4}}}, id="no values"),
        ],
    )
    def test_other_schemas_of_any_form_are_left_out(self, schema):
        """
        Whatever JSON Schema allows, and what it does not.
        """
        assert () == vocabulary_in({"openapi": "3.1.0", "components": {"schemas": {"Item": schema}}}).types

    @pytest.mark.parametrize("components", [None, [], {"schemas": None, "responses": 3}])
    def test_a_document_without_schemas_has_no_types(self, components):
        """
        What has no schemas has no problem types.
        """
        assert () == vocabulary_in({"openapi": "3.1.0", "components": components}).types


class Node(BaseModel):
    name: str
    children: list["Node"] = []


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog"]


class Full(Conflict, type="full", title="Full"):
    """The store is full."""

    root: Node
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]
    left: Annotated[int, ResponseHeader("X-Left")]


class Shut(Conflict, type="shut", title="Shut"):
    """The store is shut."""


class Unused(Conflict, type="unused", title="Unused"):
    """No operation answers with it."""


class TestOperations:
    """Which operations answer with a type, in two OpenAPI documents."""

    @staticmethod
    def served(**operations):
        """Return the vocabulary of a document with an operation for each list of types."""
        app = FastAPI()
        add_problems(app, Registry(Full, Shut, base=BASE))
        for name, types in operations.items():

            @app.get(f"/{name}", operation_id=name)
            @raises(*types)
            async def get() -> None: ...

        return vocabulary_in(json.loads(json.dumps(app.openapi())))

    def test_a_type_joins_and_leaves_an_operation(self):
        """
        The message names the operation; clients that know the type handle it anywhere.
        """
        before = self.served(one=[Full, Shut, NotFound], two=[Shut, NotFound])
        after = self.served(one=[Full], two=[Full, Shut, NotFound])
        found = {(it.code, it.type.removeprefix(BASE), it.message.split()[1]) for it in compare(before, after).changes}

        assert {
            ("operation-left", "shut", "/one"),
            ("operation-left", "about:blank", "/one"),
            ("operation-joined", "full", "/two"),
        } == found
        assert not compare(before, after).breaking

    def test_an_operation_that_is_new_or_gone_is_not_a_change_of_types(self):
        """
        Only operations of both documents are compared.
        """
        assert [] == codes(self.served(one=[Full], two=[Full]), self.served(one=[Full], three=[Full]))


class TestExportAndDocument:
    """An export of a registry and the OpenAPI document of its application are equal."""

    @pytest.fixture
    def export(self):
        """The vocabulary of a registry."""
        return Vocabulary.of(Registry(Full, Shut, base=BASE))

    @pytest.fixture
    def served(self):
        """The vocabulary in the document of an application that has this registry, and answers a union."""
        app = FastAPI()
        add_problems(app, Registry(Full, Shut, base=BASE))

        @app.get("/{number}")
        @raises(Full, Shut, NotFound)
        async def get(number: int) -> None: ...

        return vocabulary_in(json.loads(json.dumps(app.openapi())))

    def test_nothing_has_changed(self, export, served):
        """
        Recursive models, tagged unions, titles in a union of responses and plain statuses are not changes.
        """
        assert ([], []) == (codes(export, served), codes(served, export))

    def test_a_type_that_no_operation_answers_with_breaks_nothing(self, served):
        """
        It is not in the document, so its existence is unknown.
        """
        export = Vocabulary.of(Registry(Full, Shut, Unused, base=BASE))

        assert [("type-unserved", False)] == codes(export, served)
        assert [("type-added", False)] == codes(served, export)

    def test_a_recursive_member_that_changes_is_told(self, served):
        """
        How far up a definition refers is part of it, its name is not.
        """

        class Leaf(BaseModel):
            name: str
            children: list["Node"] = []

        changed = type("Full", (Full,), {"__annotations__": {"root": list[Leaf]}}, type="full", title="Full")
        after = Vocabulary.of(Registry(changed, Shut, base=BASE))

        assert [("member-changed", True)] == codes(served, after)
