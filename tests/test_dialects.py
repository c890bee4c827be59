import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from problems import InvalidParam, ProblemDetails
from problems._wire.media_types import HTML, JSON, PROBLEM_JSON
from problems.catching import Dialect, errors_of
from problems.errors import SetupError

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["detail", "loc", "in", "path", "inputs", "code", "x"]), inner, max_size=4)
    ),
)


def told(param):
    """Return the members of an entry that are set."""
    return {name: value for name, value in param.model_dump(by_alias=True).items() if name != "input"}


SHAPES = [
    (
        {"errors": {"address": {"zip": ["Too short."]}}},
        {"detail": "Too short.", "code": "invalid", "pointer": "#/address/zip"},
        "objects that nest",
    ),
    (
        {"errors": {"json": {"tags": {"0": ["Unknown."]}}}},
        {"detail": "Unknown.", "code": "invalid", "pointer": "#/tags/0"},
        "flask-smorest, in the body",
    ),
    (
        {"errors": {"query": {"page": ["Not a number."]}}},
        {"detail": "Not a number.", "code": "invalid", "in": "query", "parameter": "page"},
        "flask-smorest, in the query",
    ),
    (
        {"detail": {"json": {"name": ["Missing."]}}, "message": "Validation error"},
        {"detail": "Missing.", "code": "invalid", "pointer": "#/name"},
        "APIFlask",
    ),
    (
        {"errors": {"items": [{}, {"price": ["Not a number."]}]}},
        {"detail": "Not a number.", "code": "invalid", "pointer": "#/items/1/price"},
        "Django REST framework, wrapped",
    ),
    (
        {"errors": [{"code": "required", "detail": "This field is required.", "attr": "items.0.price"}]},
        {"detail": "This field is required.", "code": "required", "pointer": "#/items/0/price"},
        "drf-standardized-errors",
    ),
    (
        {"detail": [{"type": "missing", "loc": ["query", "ids", 3], "msg": "Field required"}]},
        {"detail": "Field required", "code": "missing", "in": "query", "parameter": "ids"},
        "django-ninja",
    ),
    (
        {"status_code": 400, "extra": [{"message": "Expected `int`, got `str`", "key": "page", "source": "query"}]},
        {"detail": "Expected `int`, got `str`", "code": "page", "in": "query", "parameter": "page"},
        "Litestar",
    ),
    (
        {
            "error": {
                "issues": [{"code": "invalid_type", "path": ["items", 0, "price"], "message": "Required"}],
                "name": "ZodError",
            }
        },
        {"detail": "Required", "code": "invalid_type", "pointer": "#/items/0/price"},
        "zod",
    ),
    (
        {"issues": [{"type": "min_length", "message": "Too short", "path": [{"key": "user"}, {"key": 0}]}]},
        {"detail": "Too short", "code": "min_length", "pointer": "#/user/0"},
        "valibot",
    ),
    (
        {"errors": [{"instancePath": "/items/0", "keyword": "type", "message": "must be number"}]},
        {"detail": "must be number", "code": "type", "pointer": "#/items/0"},
        "Ajv",
    ),
    (
        {"errors": [{"path": "/query/page", "message": "must be integer", "errorCode": "type.openapi.validation"}]},
        {"detail": "must be integer", "code": "type.openapi.validation", "in": "query", "parameter": "page"},
        "express-openapi-validator",
    ),
    (
        {"errors": [{"type": "field", "msg": "Invalid value", "path": "name", "location": "body"}]},
        {"detail": "Invalid value", "code": "field", "pointer": "#/name"},
        "express-validator",
    ),
    (
        {"statusCode": 400, "message": ["name must be a string"], "error": "Bad Request"},
        {"detail": "name must be a string", "code": "invalid"},
        "NestJS",
    ),
    (
        {"errors": [{"property": "email", "constraints": {"isEmail": "must be an email"}, "children": []}]},
        {"detail": "must be an email", "code": "isEmail", "pointer": "#/email"},
        "class-validator",
    ),
    (
        {"errors": [{"status": "422", "source": {"pointer": "/data/attributes/name"}, "detail": "Too short."}]},
        {"detail": "Too short.", "code": "invalid", "pointer": "#/data/attributes/name"},
        "JSON:API",
    ),
    (
        {"errors": [{"defaultMessage": "must not be blank", "field": "name", "rejectedValue": "", "code": "NotBlank"}]},
        {"detail": "must not be blank", "code": "NotBlank", "pointer": "#/name"},
        "Spring",
    ),
    (
        {
            "error": {
                "code": 400,
                "details": [
                    {
                        "@type": "type.googleapis.com/google.rpc.BadRequest",
                        "fieldViolations": [{"field": "user.name", "description": "Too short."}],
                    }
                ],
            }
        },
        {"detail": "Too short.", "code": "invalid", "pointer": "#/user/name"},
        "Google",
    ),
    (
        {"message": "Validation Failed", "errors": [{"resource": "Issue", "field": "title", "code": "missing_field"}]},
        {"detail": "missing_field", "code": "missing_field", "pointer": "#/title"},
        "GitHub",
    ),
    (
        {"errors": [{"detail": "must be positive", "pointer": "#/age"}]},
        {"detail": "must be positive", "code": "invalid", "pointer": "#/age"},
        "RFC 9457",
    ),
    (
        {"invalid-params": [{"name": "age", "reason": "must be positive"}]},
        {"detail": "must be positive", "code": "invalid", "pointer": "#/age"},
        "RFC 7807",
    ),
    (
        {"errors": [{"detail": "Field required", "code": "missing", "in": "query", "parameter": "page"}]},
        {"detail": "Field required", "code": "missing", "in": "query", "parameter": "page"},
        "ours",
    ),
    (
        {"errors": {"items[0].price": ["Must be positive."]}},
        {"detail": "Must be positive.", "code": "invalid", "pointer": "#/items/0/price"},
        "ASP.NET",
    ),
    (
        {"errors": {"$.a": ["Not a number."]}},
        {"detail": "Not a number.", "code": "invalid", "pointer": "#/a"},
        "System.Text.Json",
    ),
    (
        {"errors": {"": ["A body is required."]}},
        {"detail": "A body is required.", "code": "invalid", "pointer": "#"},
        "the whole body",
    ),
    (
        {"errors": {"Currency": [{"message": "Unknown.", "code": "E-7"}]}},
        {"detail": "Unknown.", "code": "E-7", "pointer": "#/Currency"},
        "objects by name",
    ),
    (
        {"violations": [{"field": "name", "message": "must not be blank"}]},
        {"detail": "must not be blank", "code": "invalid", "pointer": "#/name"},
        "Zalando",
    ),
    (
        {"violations": [{"propertyPath": "a.b", "title": "Too short.", "code": "c1"}]},
        {"detail": "Too short.", "code": "c1", "pointer": "#/a/b"},
        "Symfony",
    ),
    (
        {"issues": [{"type": "urn:x", "in": "query", "name": "ssin", "detail": "invalid", "value": "1"}]},
        {"detail": "invalid", "code": "urn:x", "in": "query", "parameter": "ssin"},
        "Belgif",
    ),
    (
        {"issues": [{"in": "body", "name": "a/b", "detail": "invalid"}]},
        {"detail": "invalid", "code": "invalid", "pointer": "#/a~1b"},
        "Belgif, in the body",
    ),
    (
        {"errors": [{"message": "expected number >= 1", "location": "body.count", "value": -6}]},
        {"detail": "expected number >= 1", "code": "invalid", "pointer": "#/count"},
        "Huma, in the body",
    ),
    (
        {"errors": [{"message": "expected number <= 10", "location": "path.id", "value": 15}]},
        {"detail": "expected number <= 10", "code": "invalid", "in": "path", "parameter": "id"},
        "Huma, in the path",
    ),
    (
        {"errors": [{"detail": "malformed", "header": "Accept"}]},
        {"detail": "malformed", "code": "invalid", "in": "header", "parameter": "Accept"},
        "SmartBear, a header",
    ),
    (
        {"errors": [{"detail": "must be a number", "path": "/a/0"}]},
        {"detail": "must be a number", "code": "invalid", "pointer": "#/a/0"},
        "a pointer as a path",
    ),
    (
        {"errors": [{"detail": "ASC or DESC", "parameter": "sort"}]},
        {"detail": "ASC or DESC", "code": "invalid", "parameter": "sort"},
        "SmartBear, a parameter",
    ),
    (
        {"validationErrors": [{"in": "query", "path": "type", "details": [{"key": "k", "message": "unknown"}]}]},
        {"detail": "unknown", "code": "k", "in": "query", "parameter": "type"},
        "Otto",
    ),
    (
        {"subproblems": [{"type": "urn:x:malformed", "detail": "bad", "identifier": {"value": "a.example"}}]},
        {"detail": "bad", "code": "urn:x:malformed", "context": {"identifier": {"value": "a.example"}}},
        "ACME",
    ),
    (
        {"detail": [{"loc": ["body", "items", 0, "price"], "msg": "Field required", "type": "missing"}]},
        {"detail": "Field required", "code": "missing", "pointer": "#/items/0/price"},
        "FastAPI, in the body",
    ),
    (
        {"detail": [{"loc": ["header", "x-key"], "msg": "Field required", "type": "missing"}]},
        {"detail": "Field required", "code": "missing", "in": "header", "parameter": "x-key"},
        "FastAPI, a header",
    ),
    (
        {"errors": ["Something is wrong."]},
        {"detail": "Something is wrong.", "code": "invalid"},
        "texts",
    ),
]
"""Documents of frameworks and APIs, what `errors_of` returns for each, and the name in the documentation."""

PAGE = Path(__file__).parents[1] / "docs/how-to/read-problems-in-the-client.md"
BEGIN, END = "<!-- shapes -->\n", "<!-- end of shapes -->"


def table():
    """Return the table of the documentation."""
    lines = ["| By | Body | Read as |", "|---|---|---|"]
    for document, expected, name in SHAPES:
        read = ", ".join(
            f"`{key}` {value!r}" for key, value in expected.items() if key not in ("code", "detail", "context")
        )
        lines.append(f"| {name} | `{json.dumps(document)}` | {read or 'no place'} |".replace("'", ""))
    return "\n".join(lines) + "\n"


class TestErrorsOf:
    @pytest.mark.parametrize(("document", "expected", "name"), SHAPES, ids=[name for _, _, name in SHAPES])
    def test_one_shape(self, document, expected, name):
        """
        However a server says it, it is an `InvalidParam`.
        """
        assert [expected] == [told(param) for param in errors_of(document)]

    def test_several_inputs(self):
        """
        One entry about two inputs is two.
        """
        inputs = [{"in": "query", "name": "start"}, {"in": "query", "name": "end"}]
        found = errors_of({"issues": [{"detail": "end is before start", "inputs": inputs}]})

        assert ["start", "end"] == [param.parameter for param in found]

    def test_details(self):
        """
        The details of a received problem are what there is, as a rule.
        """
        details = ProblemDetails.model_validate({"title": "Bad", "errors": {"name": ["Too short."]}})

        assert ["#/name"] == [param.pointer for param in errors_of(details)]

    @pytest.mark.parametrize("document", [{}, {"errors": None}, {"errors": 7}, {"detail": "text"}, {"errors": []}])
    def test_none(self, document):
        """
        No value is invented.
        """
        assert [] == errors_of(document)

    def test_many(self):
        """
        A thousand are enough.
        """
        assert 1_000 == len(errors_of({"errors": ["x"] * 5_000}))

    @given(st.dictionaries(st.sampled_from(["errors", "violations", "issues", "detail"]), JSON_VALUES))
    def test_anything(self, document):
        """
        No JSON makes it fail.
        """
        assert all(isinstance(param, InvalidParam) and param.model_dump_json() for param in errors_of(document))


class TestDialect:
    def test_media_types_are_case_insensitive(self):
        """
        They are the same however they are written (RFC 9110, section 8.3.1), and parameters are not part of them.
        """
        assert Dialect(media_types=("Application/JSON; charset=utf-8",)).reads(JSON)

    @pytest.mark.parametrize("options", [{"media_types": JSON}, {"nested": "error"}])
    def test_a_bare_text_is_refused(self, options):
        """
        Every part of it would be taken for one of several.
        """
        with pytest.raises(SetupError, match=r"must be a tuple of names\. Write `"):
            Dialect(**options)

    def test_another_media_type(self):
        """
        Its objects are read if they look like a problem.
        """
        dialect = Dialect(media_types=(JSON,))

        assert ({"title": "Gone"}, None) == dialect.read(b'{"title": "Gone"}', f"{JSON}; charset=utf-8")

    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            pytest.param(
                b'{"detail": "Not Found"}',
                "The body is a JSON object without `type` and `title`, not a problem document.",
                id="another object",
            ),
            pytest.param(b"[]", "The body is an array, not a JSON object.", id="array"),
            pytest.param(b"", "The body is empty.", id="empty"),
            pytest.param(b"{", "The body is not JSON: ", id="broken"),
        ],
    )
    def test_what_does_not_look_like_one(self, content, expected):
        """
        Other errors that the server sends are left alone.
        """
        document, reason = Dialect(media_types=(JSON,)).read(content, JSON)

        assert (None, True) == (document, (reason or "").startswith(expected))

    def test_media_types_that_are_not_named(self):
        """
        They are what they were.
        """
        _, reason = Dialect(media_types=(JSON,)).read(b"{}", HTML)

        assert f"The media type {HTML!r} is not read as a problem document." == reason

    @pytest.mark.parametrize("content_type", [PROBLEM_JSON, JSON])
    def test_nested_members(self, content_type):
        """
        They are lifted, and what is there already stays.
        """
        dialect = Dialect(media_types=(JSON,), nested=("error", "extensions"))
        document = {"title": "Gone", "status": 410, "extensions": {"item_id": 7, "title": "?"}, "error": "x"}

        assert ({"item_id": 7, "title": "Gone", "status": 410, "error": "x"}, None) == dialect.read(
            json.dumps(document).encode(), content_type
        )

    def test_an_envelope(self):
        """
        A problem inside another object is found too.
        """
        dialect = Dialect(media_types=(JSON,), nested=("error",))

        assert ({"title": "Gone", "meta": 1}, None) == dialect.read(b'{"meta": 1, "error": {"title": "Gone"}}', JSON)


LISTS = ("errors", "violations", "issues", "invalid-params", "invalidParams", "validationErrors", "subproblems")


def test_the_corpus(corpus):
    """
    Of every recorded document that lists what was rejected, each entry says something.
    """
    documents = [
        document
        for folder in ("wild", "frameworks")
        for path in sorted((corpus / folder).glob("[!i]*.json"))
        if is_object(document := parsed(path.read_bytes())) and any(document.get(name) for name in LISTS)
    ]
    found = [errors_of(document) for document in documents]

    assert (True, [], []) == (
        len(documents) > 50,
        [document for document, params in zip(documents, found, strict=True) if not params],
        [param for params in found for param in params if not param.detail and not param.pointer],
    )


def parsed(content):
    """Return the JSON value, or `None` if the text is not JSON."""
    try:
        return json.loads(content)
    except ValueError:
        return None


def is_object(value):
    """Return whether a document is one."""
    return isinstance(value, dict)


def test_the_table_of_the_documentation():
    """
    The table matches these tests; `python tests/test_dialects.py` writes it.
    """
    assert table() == PAGE.read_text("utf-8").partition(BEGIN)[2].partition(END)[0]


if __name__ == "__main__":
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}{table()}{END}{rest.partition(END)[2]}", "utf-8")
