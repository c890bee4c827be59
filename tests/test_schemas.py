import json

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from problems import InvalidParam, NotFound, Registry, ValidationProblem
from problems.documenting.vocabulary import Vocabulary
from problems.tools.diff import compare
from problems.tools.lint import Findings, lint
from scripts._schemas import FOLDER, files

SCHEMAS = {name: json.loads(text) for name, text in files().items()}
REGISTRY = Registry(base="https://shop.example/problems/")

names = pytest.mark.parametrize("name", SCHEMAS)


def check(name, document):
    """Validate *document* against the schema in the file *name*."""
    Draft202012Validator(SCHEMAS[name]).validate(document)


@names
class TestFile:
    def test_it_is_what_the_models_say(self, name):
        """
        A file that is stale is written anew by `scripts/schemas`.
        """
        assert files()[name] == (FOLDER / name).read_text(encoding="utf-8")

    def test_it_is_valid_by_the_meta_schema(self, name):
        """
        Every file is JSON Schema 2020-12.
        """
        Draft202012Validator.check_schema(SCHEMAS[name])

        assert Draft202012Validator.META_SCHEMA["$id"] == SCHEMAS[name]["$schema"]

    def test_it_has_an_identifier_of_its_own(self, name):
        """
        The identifier is a URN: it names the schema, and leads to no host.
        """
        assert f"urn:typed-problems:schema:{name.removesuffix('.json')}" == SCHEMAS[name]["$id"]


def test_there_are_no_others():
    """
    Every file in the folder is one that the models say something about.
    """
    assert set(SCHEMAS) == {path.name for path in FOLDER.glob("*.json")}


class TestProblemDetails:
    @pytest.mark.parametrize(
        "document",
        [
            pytest.param({}, id="empty"),
            pytest.param({"type": "tag:shop.example,2026:gone", "status": 410, "left": None}, id="extension"),
            pytest.param({"status": 404.0}, id="integral number"),
        ],
    )
    def test_it_accepts_what_the_rfc_allows(self, document):
        """
        No member is required, and others may be there (RFC 9457, section 3.1).
        """
        assert check("problem-details.json", document) is None

    @pytest.mark.parametrize(
        "document",
        [
            pytest.param([], id="array"),
            pytest.param({"status": "404"}, id="status as text"),
            pytest.param({"status": 99}, id="no status code"),
            pytest.param({"title": None}, id="null"),
        ],
    )
    def test_it_refuses_what_is_of_the_wrong_type(self, document):
        """
        What a reader would ignore a writer must not send.
        """
        with pytest.raises(ValidationError):
            check("problem-details.json", document)


class TestValidationProblem:
    def test_it_accepts_what_is_sent(self):
        """
        The document of a validation problem is valid, whatever its type URI.
        """
        errors = [
            InvalidParam(detail="Field required", code="missing", pointer="#/name"),
            InvalidParam(detail="Field required", code="missing", location="query", parameter="page"),
        ]
        document = REGISTRY.details(ValidationProblem(errors=errors)).model_dump(mode="json")

        assert check("validation-problem.json", document) is None

    @pytest.mark.parametrize(
        "errors",
        [
            pytest.param(None, id="null"),
            pytest.param([{"detail": "Field required"}], id="no code"),
            pytest.param([{"detail": "x", "code": "y", "in": "body"}], id="parameter of the body"),
        ],
    )
    def test_it_refuses_other_errors(self, errors):
        """
        Each error describes the mistake, for people and for programs.
        """
        with pytest.raises(ValidationError):
            check("validation-problem.json", {"type": "about:blank", "title": "x", "status": 422, "errors": errors})


class ItemNotFound(NotFound, type="item-not-found", title="item not found", aliases=("no-item",)):
    item_id: int


SHOP = Registry(ItemNotFound, base="https://shop.example/problems/")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("vocabulary.json", Vocabulary.of(SHOP), id="vocabulary"),
        pytest.param("lint-findings.json", Findings(findings=tuple(lint(SHOP))), id="findings"),
        pytest.param("diff-report.json", compare(Vocabulary.of(SHOP), Vocabulary(types=())), id="report"),
    ],
)
class TestOurFormats:
    def test_the_schema_accepts_what_is_written(self, name, value):
        """
        Programs that read what a command writes can check it.
        """
        assert check(name, json.loads(value.model_dump_json(by_alias=True, exclude_none=True))) is None

    def test_the_schema_refuses_another_version(self, name, value):
        """
        A later version of the format is not taken for this one.
        """
        with pytest.raises(ValidationError):
            check(name, {**json.loads(value.model_dump_json(by_alias=True, exclude_none=True)), "version": 2})
