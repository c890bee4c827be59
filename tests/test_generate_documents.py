"""Small documents of each kind become the modules that they say they become."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Final

import pytest

from problems.cli._sources import files_beside, read_json
from problems.tools.generate import generate_from_openapi

NOTHING: Final = "The document contains no problem type"
FOLDER: Final = Path(__file__).parent / "documents"
PATHS: Final = sorted(path for path in FOLDER.rglob("*.*") if path.suffix != ".md" and "x-classes" in path.read_text())

documents: Final = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.relative_to(FOLDER).as_posix())


def source_of(path):
    """Return the module for a document and the files beside it."""
    return generate_from_openapi(read_json(str(path)), read=files_beside(str(path)))


@documents
def test_the_classes_are_those_that_it_lists(path):
    """
    Name, base, type URI and status of each class are as the document says.
    """
    name = f"generated_from_{path.stem}"
    module = sys.modules[name] = ModuleType(name)
    try:
        exec(compile(source_of(path), f"{name}.py", "exec"), module.__dict__)  # noqa: S102 - what was generated is tested
    finally:
        del sys.modules[name]
    facts = [(cls.__name__, cls.__mro__[1].__name__, *module.registry.facts(cls)) for cls in module.registry]

    expected = sorted(map(tuple, read_json(str(path))["x-classes"]))
    assert expected == sorted((name, base, uri, status) for name, base, uri, _, status in facts)


@documents
def test_a_note_says_what_is_missing(path):
    """
    A file that was not read has a note, and the note that there is no problem is absent.
    """
    source = " ".join(source_of(path).split())
    listed = read_json(str(path))

    assert [] == [it for it in listed.get("x-notes", []) if it not in source]
    assert (NOTHING in source) == (NOTHING in listed.get("x-notes", []))
