import ast
import sys
from types import ModuleType

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from problems import ClientProblem, Conflict, NotFound, Problem, Registry, ServerProblem
from problems.catalog import by_status
from problems.declaring._definition import definition_of
from problems.documenting.vocabulary import Vocabulary
from problems.httpx import problem_from
from problems.tools.diff import vocabulary_in
from problems.tools.generate import generate_from_openapi
from shop import errors
from shop.server import create_app

PROBLEM_JSON = "application/problem+json"
SOLD = "https://shop.example/problems/sold"


def run(source):
    """Run the source of a module, and return the module."""
    name = "generated_of_openapi_tests"
    module = sys.modules[name] = ModuleType(name)
    try:
        exec(compile(source, "generated.py", "exec"), module.__dict__)  # noqa: S102 - what was generated is tested
        for cls in module.registry:
            assert definition_of(cls).members is not None
    finally:
        del sys.modules[name]
    return module


def answering(schema=None, *, key="409", components=None, media=None, **response):
    """Return a document with one response."""
    content = {PROBLEM_JSON: {**({} if schema is None else {"schema": schema}), **(media or {})}}
    operation = {"responses": {key: {"description": "Sold.", "content": content, **response}}}
    return {"openapi": "3.1.0", "paths": {"/orders": {"post": operation}}, "components": components or {}}


def problem(**properties):
    """Return the schema of a problem."""
    standard = {name: {"type": "string"} for name in ("type", "title", "detail", "instance")}
    return {"type": "object", "properties": {**standard, "status": {"type": "integer"}, **properties}}


def only(document):
    """Return the one class of the module of a document."""
    (cls,) = run(generate_from_openapi(document)).registry
    return cls


def facts(document):
    """Return name, type URI, title and status of the one class of a document."""
    cls = only(document)
    return (cls.__name__, *cls.problem_type)


def notes(document):
    """Return the notes in the docstrings of the module of a document, as one text."""
    return " ".join(" ".join(notes_in(generate_from_openapi(document))).split())


def notes_in(source):
    """Yield the section `Note` of each docstring of a module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef | ast.Module):
            yield (ast.get_docstring(node) or "").partition("Note:\n")[2]


def annotation_in(source, name, member):
    """Return the annotation of a member, as text."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            for field in node.body:
                if isinstance(field, ast.AnnAssign) and field.target.id == member:
                    return ast.unparse(field.annotation)
    return None


class TestRoundTrip:
    """The shop's own document becomes the shop's classes."""

    document = create_app().openapi()
    module = run(generate_from_openapi(document))
    declared = Vocabulary.of(errors.registry)

    def test_nothing_has_changed(self):
        """
        Names, types, titles, statuses, members and header fields equal the originals.
        """

        def said(it):
            return (
                it.name,
                it.title,
                it.status,
                [*it.members],
                it.required,
                sorted(header.name for header in it.headers),
            )

        before = {it.type: said(it) for it in self.declared.types}
        after = {it.type: said(it) for it in Vocabulary.of(self.module.registry).types}

        assert {uri: before[uri] for uri in after if uri in before} == {
            uri: after[uri] for uri in after if uri in before
        }

    def test_every_documented_type_is_there(self):
        """
        No type of the document is missing, but for those that are about:blank.
        """
        documented = {it.type for it in vocabulary_in(self.document).types} - {"about:blank"}

        assert documented == {self.module.registry.uri(cls) for cls in self.module.registry}

    @pytest.mark.parametrize("original", errors.registry, ids=lambda cls: cls.__name__)
    def test_classes_are_equal(self, original):
        """
        Name, facts, bases and members of each class equal the original.
        """
        cls = self.module.registry.get(errors.registry.uri(original))
        if cls is None:  # documented nowhere
            assert original.__name__ not in self.document["components"]["schemas"]
            return

        assert original.__name__ == cls.__name__
        assert errors.registry.facts(original) == self.module.registry.facts(cls)
        assert original.__mro__[1].__name__ == cls.__mro__[1].__name__
        assert dict(definition_of(original).members.sent) == dict(definition_of(cls).members.sent)

    def test_what_is_about_blank_is_told(self):
        """
        A status without a type needs no class, and is not lost.
        """
        assert "Responses without a type, raised as the classes of `problems.catalog`:" in notes(self.document)

    def test_it_is_stable(self):
        """
        Byte for byte, every time.
        """
        assert generate_from_openapi(self.document) == generate_from_openapi(create_app().openapi())


class TestInference:
    @pytest.mark.parametrize(
        ("document", "expected"),
        [
            pytest.param(
                answering(problem(type={"const": SOLD}, title={"const": "Sold out"})),
                ("Sold", SOLD, "Sold out", 409),
                id="const",
            ),
            pytest.param(
                answering(problem(type={"enum": [SOLD]}, title={"example": "Sold out"})),
                ("Sold", SOLD, "Sold out", 409),
                id="enum of one value",
            ),
            pytest.param(answering(problem(type={"default": SOLD})), ("Sold", SOLD, "Sold", 409), id="default"),
            pytest.param(answering(problem(type={"example": SOLD})), ("Sold", SOLD, "Sold", 409), id="example"),
            pytest.param(answering(problem(type={"examples": [SOLD]})), ("Sold", SOLD, "Sold", 409), id="examples"),
            pytest.param(
                answering({**problem(), "example": {"type": SOLD, "title": "Gone"}}),
                ("Sold", SOLD, "Gone", 409),
                id="example of the schema",
            ),
            pytest.param(
                answering(media={"example": {"type": SOLD, "title": "Gone"}}),
                ("Sold", SOLD, "Gone", 409),
                id="example of the response, and no schema",
            ),
            pytest.param(
                answering(media={"examples": {"a": {"value": {"type": SOLD, "title": "Gone"}}}}),
                ("Sold", SOLD, "Gone", 409),
                id="examples of the response",
            ),
            pytest.param(
                answering(
                    {"$ref": "#/components/schemas/sold-out"},
                    components={"schemas": {"sold-out": problem(type={"const": SOLD})}},
                ),
                ("SoldOut", SOLD, "Sold", 409),
                id="name of the component",
            ),
            pytest.param(answering(problem()), ("ConflictProblem", "about:blank", "Conflict", 409), id="nothing"),
            pytest.param(
                answering(problem(status={"const": 404}), key="default"),
                ("NotFoundProblem", "about:blank", "Not Found", 404),
                id="status of the schema",
            ),
            pytest.param(
                answering(media={"example": {"type": SOLD, "status": 410}}, key="4XX"),
                ("Sold", SOLD, "Sold", 410),
                id="status of an example",
            ),
            pytest.param(
                {"components": {"responses": {"BadRequestError": {"content": {PROBLEM_JSON: {"schema": problem()}}}}}},
                ("BadRequestError", "about:blank", "Bad Request", 400),
                id="status of the name of a response",
            ),
            pytest.param(
                {"components": {"schemas": {"not_found": problem()}}},
                ("NotFoundProblem", "about:blank", "Not Found", 404),
                id="status of the name of a schema",
            ),
            pytest.param(
                answering(problem(), key=404), ("NotFoundProblem", "about:blank", "Not Found", 404), id="integer"
            ),
            pytest.param(
                answering(
                    {"allOf": [{"$ref": "#/components/schemas/Base"}, {"properties": {"type": {"const": SOLD}}}]},
                    components={"schemas": {"Base": problem()}},
                ),
                ("Sold", SOLD, "Sold", 409),
                id="allOf",
            ),
            pytest.param(
                {
                    "swagger": "2.0",
                    "produces": ["application/problem+json; charset=utf-8"],
                    "paths": {"/": {"get": {"responses": {409: {"schema": {"$ref": "#/definitions/Sold"}}}}}},
                    "definitions": {"Sold": problem(type={"enum": [SOLD]})},
                },
                ("Sold", SOLD, "Sold", 409),
                id="swagger",
            ),
        ],
    )
    def test_facts(self, document, expected):
        """
        A type is identified by constants, else by examples, else by names.
        """
        assert expected == facts(document)

    def test_several_examples_are_several_types(self):
        """
        A response that shows two types has two classes.
        """
        examples = {name: {"value": {"type": f"{SOLD}/{name}", "title": name}} for name in ("out", "soon")}
        module = run(generate_from_openapi(answering(problem(), media={"examples": examples})))

        assert ["Out", "Soon"] == [cls.__name__ for cls in module.registry]

    def test_alternatives_are_several_types(self):
        """
        Each branch of a oneOf is a type, and examples belong to the branch that has their type.
        """
        branches = [problem(type={"const": f"{SOLD}/{name}"}) for name in ("out", "soon")]
        examples = {"a": {"value": {"type": f"{SOLD}/soon", "title": "Soon"}}}
        module = run(generate_from_openapi(answering({"oneOf": branches}, media={"examples": examples})))

        assert ["Sold", "Soon"] == [cls.problem_type.title for cls in module.registry]

    def test_examples_of_a_shared_schema_tell_of_no_type(self):
        """
        What is shown for every status is the type of none.
        """
        document = answering({"$ref": "#/components/schemas/Error"})
        document["components"] = {"schemas": {"Error": problem(type={"example": SOLD})}}
        responses = document["paths"]["/orders"]["post"]["responses"]
        responses["404"] = responses["409"]
        module = run(generate_from_openapi(document))

        assert [("ErrorConflict", "about:blank"), ("ErrorNotFound", "about:blank")] == [
            (cls.__name__, cls.problem_type.uri) for cls in module.registry
        ]
        assert f"The type '{SOLD}' is the example of a schema that several statuses share." in notes(document)

    def test_a_relative_type_is_known_as_written(self):
        """
        It is resolved against the server, and clients recognise it however they resolve it.
        """
        document = answering(problem(type={"const": "sold"}))
        document["servers"] = [{"url": "https://{host}/v1", "variables": {"host": {"default": "shop.example"}}}]
        module = run(generate_from_openapi(document))
        received = module.registry.revive_document({"type": "sold"}, status=409, url="https://other.example/orders/7")

        assert "https://shop.example/v1/sold" == module.Sold.problem_type.uri
        assert isinstance(received, module.Sold)

    def test_a_type_that_is_not_a_uri_is_known_as_written(self):
        """
        Servers send what they document, so a client recognises that text.
        """
        module = run(generate_from_openapi(answering(problem(type={"const": "sold out"}))))

        assert isinstance(module.registry.revive_document({"type": "sold out"}, status=409), *module.registry)

    def test_a_type_that_is_written_in_two_ways_is_one(self):
        """
        Relative or absolute: one URI is one class.
        """
        document = answering(problem(type={"const": "sold"}))
        document["servers"] = [{"url": "https://shop.example/problems"}]
        document["paths"]["/again"] = answering(problem(type={"const": SOLD}))["paths"]["/orders"]
        document["paths"]["/still"] = answering(problem(type={"const": "/problems/sold"}))["paths"]["/orders"]
        cls = only(document)

        assert (SOLD, ("sold", "/problems/sold")) == (cls.problem_type.uri, definition_of(cls).declaration.aliases)

    @pytest.mark.parametrize(
        ("keys", "base"),
        [
            pytest.param(["409", "410"], ClientProblem, id="of one kind"),
            pytest.param(["409", "503"], Problem, id="of two kinds"),
            pytest.param(["4XX"], ClientProblem, id="range"),
            pytest.param(["5xx"], ServerProblem, id="lower-case range"),
            pytest.param(["default"], Problem, id="default"),
            pytest.param(["409", "4XX"], ClientProblem, id="status and range"),
        ],
    )
    def test_a_type_with_several_statuses_is_one_class(self, keys, base):
        """
        The class of a type URI is not narrower than the statuses that the type comes with.
        """
        document = answering(problem(type={"const": SOLD}))
        responses = document["paths"]["/orders"]["post"]["responses"]
        response = responses.pop("409")
        responses.update(dict.fromkeys(keys, response))

        assert base is only(document).__mro__[1]

    def test_a_missing_file_is_noted_once(self):
        """
        A note names each file that references lead to, not each reference.
        """
        responses = {str(status): {"$ref": f"responses.yaml#/E{status}"} for status in range(400, 410)}
        document = {"paths": {"/": {"get": {"responses": responses}}}}

        assert 1 == notes(document).count("responses.yaml")
        assert "'sold.yaml' is another file" in notes(answering({"$ref": "sold.yaml"}))

    def test_a_success_is_not_an_exception(self):
        """
        A problem document that comes with a success has no class, and a note.
        """
        document = answering(problem(type={"const": SOLD}), key="200")

        assert 0 == len(run(generate_from_openapi(document)).registry)
        assert "POST /orders has a problem document for 200" in notes(document)

    @pytest.mark.parametrize(
        "example",
        [
            pytest.param("object", id="word"),
            pytest.param(PROBLEM_JSON, id="media type"),
            pytest.param("no type", id="no URI"),
        ],
    )
    def test_an_example_that_names_no_type(self, example):
        """
        What stands for any type names none.
        """
        document = answering(problem(type={"example": example}))

        assert "about:blank" == only(document).problem_type.uri
        assert f"An example has the type {example!r}, which does not identify a problem type." in notes(document)

    def test_problems_documented_as_plain_json(self):
        """
        What looks like a problem is one, whatever it is called.
        """
        document = answering()
        content = {"application/json": {"schema": problem(type={"const": SOLD})}}
        document["paths"]["/orders"]["post"]["responses"]["409"]["content"] = content

        assert SOLD == only(document).problem_type.uri
        assert ("application/json",) == run(generate_from_openapi(document)).dialect.media_types

    def test_without_a_status_it_is_a_base(self):
        """
        A component that names neither a type nor a status is a base, which keeps the members.
        """
        module = run(generate_from_openapi({"components": {"schemas": {"Error": problem(left={"type": "integer"})}}}))

        assert 0 == len(module.registry)
        assert {"left": "int | None"} == module.Error.__annotations__

    def test_without_a_type_it_is_the_class_of_its_status(self):
        """
        The note says by what a client recognises the class.
        """
        assert "does not name a type URI: clients recognise the class by its status." in notes(answering(problem()))

    @pytest.mark.parametrize(
        ("keys", "statuses"),
        [
            pytest.param(["default"], {404, 503}, id="default"),
            pytest.param(["4XX", "default"], {404, 503}, id="a range and default"),
            pytest.param(["4XX"], {404}, id="4XX"),
            pytest.param(["404", "5XX"], {404, 503}, id="a status and a range"),
        ],
    )
    def test_a_body_of_any_status_is_a_family(self, keys, statuses):
        """
        A body that is documented for any status has a class for each usual status, and a base for all of them.
        """
        document = answering(problem(left={"type": "integer"}))
        responses = document["paths"]["/orders"]["post"]["responses"]
        responses.update(dict.fromkeys(keys, responses.pop("409")))
        registry = run(generate_from_openapi(document)).registry
        found = {cls.problem_type.status: cls for cls in registry}

        assert statuses == {404, 503} & found.keys()
        assert len(registry) == len(found)
        assert all(issubclass(cls, by_status(status)) for status, cls in found.items())
        assert all("left" in definition_of(cls).members.sent for cls in registry)

    @pytest.mark.parametrize(
        ("schemas", "documents"),
        [
            pytest.param(
                {"Gone": {"code": {"const": "ITEM_GONE"}}, "Sold": {"code": {"const": "item sold"}}},
                {"Gone": {"code": "ITEM_GONE", "message": "No."}, "Sold": {"code": "item sold", "message": "No."}},
                id="codes",
            ),
            pytest.param(
                {"Gone": {"error": {"properties": {"code": {"const": 1}, "message": {"type": "string"}}}}},
                {"Gone": {"error": {"code": 1, "message": "No."}}},
                id="wrapped",
            ),
        ],
    )
    def test_a_client_with_the_dialect_finds_the_classes(self, schemas, documents):
        """
        Errors in plain JSON are raised as their classes, whether a code or the status identifies them.
        """
        components = {name: {"type": "object", "properties": it} for name, it in schemas.items()}
        for it in components.values():
            it["properties"].setdefault("message", {"type": "string"})
        document = answering()
        either = {"oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in components]}
        response = document["paths"]["/orders"]["post"]["responses"]["409"]
        response["content"] = {"application/json": {"schema": either}}
        document["components"] = {"schemas": components}
        module = run(generate_from_openapi(document))
        request = httpx2.Request("GET", "https://shop.example/orders")

        for name, body in documents.items():
            received = httpx2.Response(409, json=body, request=request)
            problem = problem_from(received, module.registry, dialect=module.dialect)

            assert any(name in cls.__name__ for cls in type(problem).__mro__ if cls in [*module.registry])

    def test_schemas_of_one_status_are_one_class(self):
        """
        Bodies that are known by their status only have the members of all their schemas, all optional.
        """
        document = answering({**problem(left={"type": "integer"}), "required": ["left"]})
        document["paths"]["/again"] = answering(problem(again={"type": "string"}))["paths"]["/orders"]
        cls = only(document)

        assert {"left", "again"} == set(definition_of(cls).members.sent)
        assert "int | None" == cls.__annotations__["left"]


class TestMembers:
    @pytest.mark.parametrize(
        ("schema", "annotation"),
        [
            pytest.param({"type": "string", "nullable": True}, "str | None", id="nullable"),
            pytest.param({"type": ["string", "null"]}, "str | None", id="types"),
            pytest.param({"type": "integer", "minimum": 1, "exclusiveMinimum": True}, "int", id="bound of 3.0"),
            pytest.param({"type": "integer", "exclusiveMinimum": 1}, "int", id="bound of 3.1"),
            pytest.param({"type": "string", "pattern": "^(?!a)"}, "str", id="pattern of another language"),
            pytest.param({"type": "string", "minLength": "3"}, "str", id="bound that is none"),
            pytest.param({"type": "string", "format": "date", "maxLength": 3}, "datetime.date", id="bound of a date"),
            pytest.param({"minimum": 3}, "Any", id="no type"),
            pytest.param({"enum": ["a", "b"]}, "Literal['a', 'b'] | str", id="enum"),
            pytest.param({"enum": [1.5], "type": "number"}, "float", id="enum that Python cannot express"),
            pytest.param({"enum": ["a"], "nullable": True}, "Literal['a'] | str | None", id="nullable enum"),
            pytest.param({"type": "array", "items": {"type": "string"}}, "list[str]", id="array"),
            pytest.param({"additionalProperties": {"type": "integer"}}, "dict[str, int]", id="map"),
            pytest.param({"properties": {"a": {"type": "string"}}}, "Value", id="object"),
            pytest.param({"items": {"properties": {"a": {}}}}, "list[ValueItem]", id="objects"),
            pytest.param({"$ref": "#/components/schemas/Line"}, "Line", id="reference"),
            pytest.param({"allOf": [{"$ref": "#/components/schemas/Line"}]}, "Line", id="all of one"),
            pytest.param({"$ref": "#/components/schemas/Colour"}, "Literal['red'] | str", id="reference to no object"),
            pytest.param({"$ref": "lines.yaml#/Line"}, "Any", id="another file"),
            pytest.param({"$ref": "#/components/schemas/Loop"}, "list[Any]", id="in itself"),
            pytest.param("string", "Any", id="no schema"),
            pytest.param({"not": {"type": "string"}}, "Any", id="unchecked"),
            pytest.param({"type": "string", "default": 1}, "str", id="wrong default"),
        ],
    )
    def test_schemas(self, schema, annotation):
        """
        A member has the type of its schema, as far as Python can say it.
        """
        document = answering({**problem(value=schema), "required": ["value"]})
        document["components"] = {
            "schemas": {
                "Line": {"properties": {"sku": {"type": "string"}, "next": {"$ref": "#/components/schemas/Line"}}},
                "Colour": {"enum": ["red"]},
                "Loop": {"type": "array", "items": {"$ref": "#/components/schemas/Loop"}},
            }
        }
        source = generate_from_openapi(document)
        run(source)

        assert annotation == annotation_in(source, "ConflictProblem", "value")

    @pytest.mark.parametrize(
        ("schema", "note"),
        [
            pytest.param({"$ref": "a.yaml#/B"}, "'value' can have any value: its schema could not be read.", id="file"),
            pytest.param({"$ref": "#/B"}, "'#/B' has no target.", id="dangling"),
            pytest.param({"type": "string", "default": 1}, "'value' has a default that is not used", id="default"),
            pytest.param(3, "'value' can have any value: its schema could not be read.", id="no schema"),
        ],
    )
    def test_what_is_lost_is_told(self, schema, note):
        """
        Nothing is left out silently.
        """
        assert note in notes(answering(problem(value=schema)))

    def test_names(self):
        """
        A name that is invalid in Python, taken or already used gets another one, and its own on the wire.
        """
        wire = [
            "from",
            "item-id",
            "item_id",
            "args",
            "list",
            "datetime",
            "1st",
            "retry_after",
            "überall",
            "ß-1",
            "ﬁeld",
        ]
        schema = {**problem(**{name: {"type": "string"} for name in wire}), "required": wire}
        cls = only(answering(schema, key="429"))

        assert wire == list(definition_of(cls).members.sent.values())
        assert all(name.isidentifier() for name in definition_of(cls).members.sent)

    def test_a_member_without_a_name(self):
        """
        A member without a possible alias is left out, and noted.
        """
        document = answering(problem(**{"": {}}))

        assert {} == dict(definition_of(only(document)).members.sent)
        assert "A member whose name is empty is left out." in notes(document)

    def test_names_of_classes(self):
        """
        Two types of one name have two classes, and no class hides what the module needs.
        """
        names = ["Registry", "registry", "catalog", "Field", "int", "None", "a-b", "aB", "42"]
        schemas = {name: problem(type={"const": f"urn:x:{at}"}, status={"const": 409}) for at, name in enumerate(names)}
        module = run(generate_from_openapi({"openapi": "3.1.0", "components": {"schemas": schemas}}))

        assert len(names) == len({cls.__name__ for cls in module.registry})

    def test_a_problem_that_contains_itself(self):
        """
        The class of the type and the model of the member have different names.
        """
        reference = {"$ref": "#/components/schemas/Sold"}
        document = answering(reference, components={"schemas": {"Sold": problem(cause=reference)}})
        module = run(generate_from_openapi(document))

        assert "Sold_ | None" == module.Sold.__annotations__["cause"]

    def test_header_fields(self):
        """
        A member that has the name of a header field is read from it; other fields have members of their own.
        """
        headers = {"X-Left": {"description": "How many.", "schema": {"type": "integer"}}, "X-Other": {}}
        schema = {**problem(left={"type": "integer"}), "required": ["left"]}
        document = answering(schema, headers=headers)

        source = generate_from_openapi(document)

        assert "Annotated[int, ResponseHeader('X-Left', description='How many.')]" == annotation_in(
            source, "ConflictProblem", "left"
        )
        assert "Annotated[str | None, ResponseHeader('X-Other', body=False)]" == annotation_in(
            source, "ConflictProblem", "x_other"
        )

    def test_a_schema_that_is_none_of_a_problem(self):
        """
        Where the examples are problems and the schema is something else, the examples are believed.
        """
        schema = {"properties": {"items": {"type": "array"}}}
        document = answering(schema, media={"example": {"type": SOLD, "title": "Sold", "status": 409}})

        assert {} == dict(definition_of(only(document)).members.sent)
        assert "does not contain members of RFC 9457, but its examples do" in notes(document)


class TestClasses:
    def test_texts_are_harmless(self):
        """
        Whatever a text holds, it stays a text.
        """
        text = 'a"""b\\ \x00\r\n\u2028 "c\' {d} #' + "x" * 300 + "\ud800"
        schema = {**problem(type={"const": SOLD}, value={"type": "string", "description": text}), "description": text}
        source = generate_from_openapi(answering(schema, description=text))

        description = definition_of(only(answering(schema))).members.model.model_fields["value"].description
        assert " ".join(text.replace("\ud800", "?").split()) == description
        assert source.encode("utf-8")

    def test_it_derives_from_the_catalog(self):
        """
        Who handles every 409 handles these, and of other statuses every 4xx.
        """
        assert issubclass(only(answering(problem())), Conflict)
        assert issubclass(only(answering(problem(), key="404")), NotFound)
        assert ClientProblem is only(answering(problem(), key="499")).__mro__[1]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
ABOUT = ["type", "title", "status", "detail", "description", "default", "example", "examples"]
SHAPE = ["properties", "required", "allOf", "oneOf", "anyOf", "items", "additionalProperties", "$ref"]
LIMITS = ["enum", "const", "format", "pattern", "minimum", "maximum", "exclusiveMinimum", "maxLength", "nullable"]
KEYS = st.sampled_from([*ABOUT, *SHAPE, *LIMITS])
VALUES = JSON | st.sampled_from(
    [
        "string",
        "integer",
        "array",
        "object",
        "date-time",
        SOLD,
        "#/components/schemas/A",
        "#/components/schemas/B",
        "#",
        409,
    ]
)
SCHEMAS = st.recursive(
    st.dictionaries(KEYS, VALUES, max_size=4) | VALUES,
    lambda inner: st.dictionaries(KEYS, inner | st.lists(inner, max_size=3), max_size=5),
    max_leaves=12,
)


class TestRobustness:
    @pytest.mark.parametrize("root", ["paths", "components", "definitions", "responses", "servers", "webhooks", "host"])
    @given(value=JSON)
    @settings(max_examples=15, deadline=None)
    def test_any_json(self, root, value):
        """
        Whatever is in a document, there is a module.
        """
        assert isinstance(run(generate_from_openapi({root: value})).registry, Registry)

    @given(one=SCHEMAS, other=SCHEMAS, response=st.dictionaries(KEYS, SCHEMAS, max_size=3))
    @settings(max_examples=50, deadline=None)
    def test_any_schema(self, one, other, response):
        """
        Whatever a schema says, the module runs, and is the same the next time.
        """
        document = answering({"allOf": [{"$ref": "#/components/schemas/A"}, problem(value=other)]}, media=response)
        document["components"] = {"schemas": {"A": one, "B": {"properties": {"value": other, "more": one}}}}
        source = generate_from_openapi(document)

        assert isinstance(run(source).registry, Registry)
        assert source == generate_from_openapi(document)

    def test_a_document_in_itself(self):
        """
        YAML can hold a thing in itself.
        """
        schema = problem()
        schema["properties"]["value"] = schema

        assert ast.parse(generate_from_openapi(answering(schema)))
