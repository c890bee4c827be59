import ast
import sys

import pytest
from typer.testing import CliRunner

from problems.cli import _formatting, _yaml
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
    """Run the command, and return its output."""
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
        Dates are texts, and `yes` is not a Boolean (YAML 1.2, section 10.2).
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

        assert "The document contains no problem type" in run("generate", "old.json")

    @pytest.mark.parametrize(
        ("name", "text", "message"),
        [
            pytest.param("a.yaml", "a: [", "'a.yaml' is not valid YAML: while parsing", id="no YAML"),
            pytest.param("a.yml", "- 1", "'a.yml' does not contain a JSON object.", id="a list"),
            pytest.param(
                "a.yaml", "!!python/object:os.system {}", "'a.yaml' does not contain a vocabulary:", id="code"
            ),
            pytest.param("a.json", "[" * 100_000, "'a.json' is nested too deeply.", id="deep"),
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
        monkeypatch.delattr(_yaml, "yaml")

        assert "Run `pip install 'typed-problems[cli]'`" in run("generate", "shop.yaml", status=2)


ELSEWHERE = """
openapi: 3.1.0
paths:
  /orders: {post: {responses: {'409': {$ref: 'REFERENCE'}}}}
"""
RESPONSE = '{"content": {"application/problem+json": {"example": {"type": "urn:shop:sold", "title": "Sold"}}}}'


class TestFilesBeside:
    def test_a_file_beside_the_document_is_read(self, folder):
        """
        References are relative to the document, not to the current folder.
        """
        (folder / "api" / "parts").mkdir(parents=True)
        (folder / "api" / "parts" / "sold.json").write_text(RESPONSE)
        (folder / "api" / "shop.yaml").write_text(ELSEWHERE.replace("REFERENCE", "parts/sold.json"))

        assert "class Sold(" in run("generate", "api/shop.yaml")

    @pytest.mark.parametrize(
        "reference",
        ["../secret.json", "parts/../../secret.json", "%2e%2e/secret.json", "link.json", "linked/secret.json"],
    )
    def test_a_file_outside_of_its_folder_is_not(self, folder, reference):
        """
        Neither dots nor links lead out of the folder of the document.
        """
        (folder / "api" / "parts").mkdir(parents=True)
        (folder / "secret.json").write_text(RESPONSE)
        (folder / "api" / "link.json").symlink_to(folder / "secret.json")
        (folder / "api" / "linked").symlink_to(folder)
        (folder / "api" / "shop.yaml").write_text(ELSEWHERE.replace("REFERENCE", reference))
        source = run("generate", "api/shop.yaml")

        assert "class Sold(" not in source
        assert "is not read: " in source

    @pytest.mark.parametrize("content", ["{", "\udcff", "[" * 10_000], ids=["no JSON", "no text", "deep"])
    def test_a_file_that_cannot_be_read_is_noted(self, folder, content):
        """
        The rest of the document becomes a module all the same.
        """
        (folder / "sold.json").write_text(content, "utf-8", "surrogateescape")
        (folder / "shop.yaml").write_text(ELSEWHERE.replace("REFERENCE", "sold.json"))

        assert "'sold.json' " in run("generate", "shop.yaml")


class TestFormatting:
    def test_without_a_formatter(self, monkeypatch):
        """
        The module is the same program, on long lines.
        """
        formatted = run("generate", "shop.yaml")
        monkeypatch.setattr(_formatting.shutil, "which", lambda *_arguments, **_options: None)
        source = run("generate", "shop.yaml")

        assert source != formatted
        assert ast.unparse(ast.parse(source)) == source.rstrip()

    @pytest.mark.parametrize("written", ["import os", "registry = (", ""], ids=["another", "no program", "empty"])
    def test_a_formatter_that_changes_the_program(self, folder, monkeypatch, written):
        """
        Its text is not used.
        """
        tool = folder / "ruff"
        tool.write_text(f"#!/bin/sh\necho '{written}'\n")
        tool.chmod(0o755)
        monkeypatch.setattr(_formatting.shutil, "which", lambda *_arguments, **_options: str(tool))

        assert "class SoldOut(" in run("generate", "shop.yaml")
