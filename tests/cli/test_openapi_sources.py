import sys

import pytest
from typer.testing import CliRunner

from problems.cli import _yaml
from problems.cli._commands import app

DOCUMENT = """
openapi: 3.0.3
info: {title: Shop, version: 2026-01-31}
paths:
  /orders:
    post:
      responses:
        409:
          description: Sold out.
          content:
            application/problem+json:
              schema:
                type: object
                required: [type, title]
                properties:
                  type: {type: string, enum: ["https://shop.example/problems/sold-out"]}
                  title: {type: string}
                  since: {type: string, format: date, example: 2026-01-31}
                  answer: {type: string, enum: [yes, no]}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder with documents to name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "shop.yaml").write_text(DOCUMENT)
    return tmp_path


def run(*args, status=0, **options):
    """Run the command, and return what it writes."""
    result = CliRunner().invoke(app, args, **options)

    assert status == result.exit_code, result.output
    return " ".join(result.output.split()) if status else result.output


class TestGenerate:
    def test_it_reads_yaml(self):
        """
        A document as its authors write it becomes a module.
        """
        source = run("generate", "shop.yaml")

        assert 'type="https://shop.example/problems/sold-out"' in source

    def test_yaml_is_that_of_json(self):
        """
        Dates are texts, and `yes` is no truth (YAML 1.2, section 10.2).
        """
        source = run("generate", "shop.yaml")

        assert '    since: Annotated[datetime.date | None, Field(examples=["2026-01-31"])] = None\n' in source
        assert '    answer: Literal["yes", "no"] | str | None = None\n' in source

    def test_it_writes_a_file(self, folder):
        """
        What is written is what is printed.
        """
        run("generate", "shop.yaml", "-o", "client/errors.py")

        assert run("generate", "shop.yaml") == (folder / "client" / "errors.py").read_text()

    def test_a_swagger_document(self, folder):
        """
        Older documents are read as well.
        """
        (folder / "old.json").write_text('{"swagger": "2.0"}')

        assert "There is no problem in the document" in run("generate", "old.json")

    @pytest.mark.parametrize(
        ("name", "text", "message"),
        [
            pytest.param("a.yaml", "a: [", "'a.yaml' is not valid YAML: while parsing", id="no YAML"),
            pytest.param("a.yml", "- 1", "'a.yml' holds no JSON object.", id="a list"),
            pytest.param("a.yaml", "!!python/object:os.system {}", "'a.yaml' holds no vocabulary:", id="code"),
            pytest.param("a.json", "[" * 100_000, "'a.json' is not valid JSON: ", id="deep"),
            pytest.param("a.yaml", "[" * 10_000, "'a.yaml' is not valid YAML: ", id="deep YAML"),
        ],
    )
    def test_what_is_no_document(self, folder, name, text, message):
        """
        A mistake is one sentence.
        """
        (folder / name).write_text(text)

        assert message in run("generate", name, status=2)

    def test_pyyaml_is_optional(self, monkeypatch):
        """
        Without it, the sentence says how to get it, and what else to do.
        """
        monkeypatch.setattr(_yaml, "yaml", None)

        assert "Run `pip install 'typed-problems[cli]'`" in run("generate", "shop.yaml", status=2)
