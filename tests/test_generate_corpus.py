"""OpenAPI documents of real APIs become modules that work."""

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Final

import pytest

from problems import ClientProblem, Problem, Registry, ServerProblem
from problems.catalog import by_status
from problems.cli._formatting import formatted
from problems.cli._yaml import read_yaml
from problems.tools.generate import generate_from_openapi

if "PROBLEMS_CORPUS" not in os.environ:
    pytest.skip("PROBLEMS_CORPUS names no folder of recorded documents", allow_module_level=True)

FOLDER: Final = Path(os.environ["PROBLEMS_CORPUS"]) / "openapi"
PATHS: Final = sorted(path for path in FOLDER.iterdir() if path.name != "index.json")
ROOT: Final = Path(__file__).parents[1]

WITHOUT_TYPES: Final = {
    "asyncapi_server_external_refs.yaml",
    "pagopa_piattaforma_notifiche.yaml",
    "redocly_museum.yaml",
    "vng_klanten.yaml",
    "vng_notificaties.yaml",
    "xero_payroll_au_v2.yaml",
}
"""The documents without a type URI, or one for every status."""

documents: Final = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


@cache
def document_at(path):
    """Return the contents of a file."""
    text = path.read_text("utf-8")
    return json.loads(text) if path.suffix == ".json" else read_yaml(text, path.name)


@cache
def source_of(path):
    """Return the module for a document."""
    return generate_from_openapi(document_at(path))


@cache
def registry_of(path):
    """Return the registry of the module for a document."""
    name = f"generated_from_{path.stem}"
    module = sys.modules[name] = ModuleType(name)
    exec(compile(source_of(path), f"{name}.py", "exec"), module.__dict__)  # noqa: S102 - what was generated is tested
    return module.registry


def examples_in(value):
    """Yield the examples in a document that look like problems."""
    left = [value]
    while left:
        it = left.pop()
        if isinstance(it, dict):
            if isinstance(it.get("type"), str) and isinstance(it.get("title"), str) and "properties" not in it:
                yield it
            left += it.values()
        elif isinstance(it, list):
            left += it


class TestCorpus:
    @documents
    def test_the_module_works(self, path):
        """
        It compiles, runs, and its registry knows the schema of every class.
        """
        registry = registry_of(path)

        assert isinstance(registry, Registry)
        assert all(registry.model(cls).model_json_schema() for cls in registry)

    @documents
    def test_there_are_classes(self, path):
        """
        Each document declares problems, and so each module has classes.
        """
        assert len(registry_of(path)) > 0

    @documents
    def test_types_are_inferred(self, path):
        """
        Where a document shows a type URI for a status, a class has it; else the file has a note that it is missing.
        """
        known = [cls for cls in registry_of(path) if not registry_of(path).facts(cls).is_blank]

        assert (path.name in WITHOUT_TYPES) == (not known)
        assert known or "The document does not name a type URI" in source_of(path)

    @documents
    def test_classes_are_those_of_their_status(self, path):
        """
        Code that handles every 404 handles the 404s of this API; types with several statuses have a common base.
        """
        for cls in registry_of(path):
            base = cls.__mro__[1]
            assert issubclass(cls, by_status(cls.problem_type.status)) or base in (
                Problem,
                ClientProblem,
                ServerProblem,
            )

    @documents
    def test_examples_revive(self, path):
        """
        An example of a type revives as its class, or its members differ from its own schema.
        """
        registry = registry_of(path)
        for example in examples_in(document_at(path)):
            cls = registry.get(example["type"])
            if cls is not None:
                problem = registry.revive_document(example, status=cls.problem_type.status)
                assert isinstance(problem, cls) or "do not fit" in problem.reading.reason

    @documents
    def test_it_is_stable(self, path):
        """
        Byte for byte, every time.
        """
        assert source_of(path) == generate_from_openapi(document_at(path))

    def test_mypy_accepts_the_modules(self, tmp_path):
        """
        All of them, in one run of `mypy --strict`.
        """
        for path in PATHS:
            (tmp_path / f"generated_from_{path.stem}.py").write_text(source_of(path), "utf-8")
        command = [sys.executable, "-m", "mypy", "--strict", f"--cache-dir={tmp_path / 'cache'}", str(tmp_path)]
        done = subprocess.run(  # noqa: S603 - our own code
            command, cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, "MYPYPATH": str(ROOT)}
        )

        assert f"Success: no issues found in {len(PATHS)} source files\n" == done.stdout

    def test_ruff_has_nothing_to_say(self, tmp_path):
        """
        The command formats the modules, and the code needs no fix.
        """
        ruff = shutil.which("ruff", path=Path(sys.executable).parent)
        if ruff is None:
            pytest.skip("ruff is not installed")
        for path in PATHS:
            file = tmp_path / f"generated_from_{path.stem}.py"
            file.write_text(formatted(source_of(path), file), "utf-8")
        for command in (["format", "--check"], ["check", "--select=E4,E7,E9,F,W,I,UP,B", "--target-version=py311"]):
            done = subprocess.run(  # noqa: S603 - our own code
                [ruff, *command, "--isolated", "--no-cache", str(tmp_path)], capture_output=True, text=True, check=False
            )

            assert 0 == done.returncode, done.stdout
