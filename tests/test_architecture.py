"""
The wings of the package as a table, and other facts that can be read from its imports.

To add a module, put it into the wing it belongs to. A new part of the root folder gets the lowest row above everything
it imports. To let a part import another library, name the library in FOREIGN. `python tests/test_architecture.py`
prints the number of parts, import arrows, arrows that point up and cycles.
"""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Container, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Final, NamedTuple

import pytest

import problems

ROOT: Final = Path(__file__).parents[1]
PACKAGE: Final = ROOT / "problems"

WINGS: Final = (
    "errors",
    "_wire",
    "declaring streams",
    "catalog",
    "registry",
    "answering catching openapi",
    "contract documenting",
    "httpx requests aiohttp websockets testing",
    "starlette",
    "fastapi tools",
    "cli pytest_plugin",
    "__main__",
    "problems",  # the root package
)
"""From the ground up: wings, single modules and doors. A part imports from the rows below its own, and from itself."""

REEXPORTED: Final = "answering"
"""The root re-exports nothing from above the row of this part."""

ROOT_ENTRIES: Final = 26
"""The most entries that the root folder of the package may have, `py.typed` included."""

PYDANTIC: Final = {"pydantic", "pydantic_core", "annotated_types", "typing_extensions", "typing_inspection"}
"""Pydantic and what always comes with it."""

STARLETTE_LEAF: Final = {"starlette.exceptions"}
"""The only module of Starlette without imports of Starlette."""

FOREIGN: Final[dict[str, set[str]]] = {
    "_wire": PYDANTIC,
    "_wire.reading_xml": {"defusedxml"},
    "declaring": PYDANTIC | STARLETTE_LEAF,
    "catalog": PYDANTIC,
    "registry": PYDANTIC,
    "answering": PYDANTIC | STARLETTE_LEAF,
    "answering.instrumentation.opentelemetry": {"opentelemetry"},
    "catching": PYDANTIC,
    "openapi": PYDANTIC,
    "documenting": PYDANTIC,
    "tools": PYDANTIC,
    "contract": STARLETTE_LEAF,
    "testing": PYDANTIC,
    "cli": PYDANTIC | {"rich", "typer", "yaml"},
    "pytest_plugin": {"pytest", "starlette"},
    "starlette": PYDANTIC | {"starlette"},
    "streams": {"starlette"},
    "fastapi": PYDANTIC | {"fastapi", "starlette"},
}
"""The foreign libraries that a part, or one of its modules, may import besides the standard library."""

STANDARD: Final = sys.stdlib_module_names | {"annotationlib"}
"""The standard library, with what it gained after Python 3.11."""

PRINTING: Final = {"cli", "__main__"}
"""The modules, or packages with all their modules, that may print."""

FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)

MEDIA_TYPE: Final = re.compile(r"\b(?:application|text|multipart|image)/[\w.+*-]+")

DEPTH: Final = {name: depth for depth, row in enumerate(WINGS) for name in row.split()}


class Import(NamedTuple):
    """One imported module, in words of the table if it is ours."""

    name: str
    ours: bool
    local: bool


def module_name(path: Path) -> str:
    """Return the name by which the table knows the module at *path*."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts) or "problems"


PATHS: Final = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}
TREES: Final = {name: ast.parse(path.read_bytes()) for name, path in PATHS.items()}


def imports_of(tree: ast.Module) -> Iterator[Import]:
    """Yield the imports in *tree*, at any depth."""
    functions = [n for n in ast.walk(tree) if isinstance(n, FUNCTIONS)]
    local = {id(inner) for function in functions for inner in ast.walk(function)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [from_module(node.module or "", alias.name) for alias in node.names]
        else:
            continue
        for name in names:
            ours = name.split(".")[0] == "problems"
            yield Import(name.removeprefix("problems.") if ours else name, ours, id(node) in local)


def from_module(module: str, name: str) -> str:
    """Return the module that ``from module import name`` imports: our own if *name* is one, else *module*."""
    full = f"{module}.{name}"
    return full if full.startswith("problems.") and full.removeprefix("problems.") in PATHS else module


def within(name: str, names: Container[str]) -> bool:
    """Return whether *name*, or a package it is in, is one of *names*."""
    parts = name.split(".")
    return any(".".join(parts[:end]) in names for end in range(1, len(parts) + 1))


def entry_of(name: str) -> str:
    """Return the entry of the table that *name* belongs to: its own or its package's; never an empty one."""
    while name and name not in DEPTH:
        name = name.rpartition(".")[0]
    return name


def strings_of(tree: ast.Module) -> Iterator[str]:
    """Yield the string and bytes literals in *tree* that are not docstrings."""
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in bare:
            if isinstance(node.value, str):
                yield node.value
            elif isinstance(node.value, bytes):
                yield node.value.decode("latin-1")


def printed_by(code: str) -> str:
    """Return the output of a fresh interpreter."""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - our own code
    return done.stdout


def loaded_by(code: str, where: str = "site-packages") -> set[str]:
    """Return the modules that a fresh interpreter has loaded after *code* from somewhere: those that are installed."""
    code += "\nimport json, sys; print(json.dumps({n: getattr(m, '__file__', 0) for n, m in sys.modules.items()}))"
    return {name for name, file in json.loads(printed_by(code)).items() if where in (file or "")}


def test_what_few_applications_use_is_loaded_later():
    """
    Pages and YAML cost only those who ask for them; the names are there all the same.
    """
    code = "import problems.fastapi as ours, sys; assert 'problems.documenting.pages' not in sys.modules"

    assert "yaml" not in loaded_by(code)
    assert "yaml" in loaded_by(f"{code}; from problems.fastapi import *; ProblemSchemaGenerator, problem_pages")


UNUSED_AT_A_START = (
    "problems._wire.reading",
    "problems.answering._html",
    "problems.answering._xml",
    "problems.catalog.iana",
    "problems.catching",
    "problems.cli",
    "problems.contract",
    "problems.documenting",
    "problems.httpx",
    "problems.openapi.",
    "problems.testing",
    "problems.tools",
)
"""The beginnings of the names of modules that `import problems.fastapi` does not load."""


def test_a_start_loads_nothing_of_documents_and_clients():
    """
    What builds OpenAPI documents, and what reads other servers' errors, is loaded when it is used for the first time.
    """
    loaded = loaded_by("import problems.fastapi", where=str(PACKAGE))
    use = "app = fastapi.FastAPI(); app.get('/x')(lambda item: item); ours.add_problems(app); app.openapi()"
    used = loaded_by(f"import fastapi, problems.fastapi as ours; {use}", str(PACKAGE))

    assert [] == sorted(name for name in loaded if name.startswith(UNUSED_AT_A_START))
    assert "problems.openapi._document" in used


def test_clients_load_nothing_of_servers():
    """
    A client that only reads problems loads no policies, none of their parts, and no unused types.
    """
    loaded = loaded_by("import problems.httpx", where=str(PACKAGE))

    assert set() == loaded & {
        "problems.answering.policy",
        "problems.answering.texts",
        "problems.answering._answer",
        "problems.catalog.iana",
    }
    assert "problems.catalog.client" in loaded


class TestLater:
    """Names that are loaded on first access."""

    def test_they_are_there(self):
        """
        A module is an attribute of its package, loaded or not, as checkers have it.
        """
        code = "import problems; print(problems.Policy.__module__, problems.catalog.iana.__name__)"

        assert "problems.answering.policy problems.catalog.iana\n" == printed_by(code)

    def test_they_are_listed(self):
        """
        `dir` has them, so that consoles complete them and searches for classes find them.
        """
        code = "import problems, problems.catalog as c; print('Policy' in dir(problems), {*c.__all__} <= {*dir(c)})"

        assert "True True\n" == printed_by(code)

    def test_others_are_not(self):
        """
        Any other name is missed as in any module.
        """
        with pytest.raises(AttributeError, match="module 'problems' has no attribute 'Polity'"):
            getattr(problems, "Polity")  # noqa: B009 - checkers know that it is not there


modules = pytest.mark.parametrize("name", PATHS)


class TestTable:
    def test_it_names_nothing_twice(self):
        """
        A part is in one row.
        """
        assert sorted(DEPTH) == sorted(" ".join(WINGS).split())

    def test_every_module_is_in_it(self):
        """
        A new part has a row.
        """
        assert [] == [name for name in PATHS if not entry_of(name)]

    def test_foreign_modules_are_in_it(self):
        """
        A permission to import another project belongs to a module of the table.
        """
        assert [] == [name for name in FOREIGN if not entry_of(name)]


@modules
class TestModule:
    def test_imports_point_down(self, name):
        """
        A module imports only from rows below its own, and from its own part.
        """
        own = entry_of(name)
        ours = {i.name: entry_of(i.name) for i in imports_of(TREES[name]) if i.ours}

        assert [] == [n for n, entry in ours.items() if entry != own and DEPTH.get(entry, 99) >= DEPTH.get(own, 0)]

    def test_no_function_imports_ours(self, name):
        """
        A dependency on our own modules is visible at the top of the file.
        """
        assert [] == [i.name for i in imports_of(TREES[name]) if i.ours and i.local]

    def test_foreign_imports_are_permitted(self, name):
        """
        A module imports the standard library and the one project it adapts to.
        """
        permitted = set().union(*(projects for module, projects in FOREIGN.items() if within(name, {module})))
        known = permitted | STANDARD

        assert [] == [i.name for i in imports_of(TREES[name]) if not i.ours and not within(i.name, known)]

    def test_it_has_a_docstring(self, name):
        """
        A module begins by saying what it is.
        """
        assert ast.get_docstring(TREES[name])

    def test_only_the_command_line_prints(self, name):
        """
        A library writes nothing to the terminal.
        """
        names = [n.id for n in ast.walk(TREES[name]) if isinstance(n, ast.Name)]

        assert "print" not in names or within(name, PRINTING)

    def test_media_types_are_named_in_one_place(self, name):
        """
        Only `_wire/media_types.py` spells out media types.
        """
        found = [text for text in strings_of(TREES[name]) if MEDIA_TYPE.search(text)]

        assert [] == found or name == "_wire.media_types"


def arrows() -> set[tuple[str, str]]:
    """Return each import between two parts once, as (importing part, imported part)."""
    found = {(entry_of(name), entry_of(i.name)) for name, tree in TREES.items() for i in imports_of(tree) if i.ours}
    return {(part, imported) for part, imported in found if part != imported}


class TestFolder:
    def test_its_root_has_few_entries(self):
        """
        A reader sees the whole package at one look.
        """
        entries = [path.name for path in PACKAGE.iterdir() if path.name != "__pycache__"]

        assert len(entries) <= ROOT_ENTRIES, sorted(entries)

    @pytest.mark.parametrize("wing", ["_wire", "answering", "catching", "declaring", "documenting", "tools"])
    def test_a_wing_names_its_boundary(self, wing):
        """
        The first lines of a wing name what it may import.
        """
        assert re.search(r"[Mm]ay (not )?import", ast.get_docstring(TREES[wing]) or "")


def test_there_are_no_cycles():
    """
    No module imports itself by way of others.
    """
    graph = {name: {i.name for i in imports_of(tree) if i.ours} for name, tree in TREES.items()}

    TopologicalSorter(graph).prepare()


class TestRoot:
    def test_it_re_exports_no_door(self):
        """
        The root re-exports no door: these are imported by path.
        """
        ours = [i.name for i in imports_of(TREES["problems"]) if i.ours]

        assert [] == [name for name in ours if DEPTH[entry_of(name)] > DEPTH[REEXPORTED]]

    def test_importing_it_loads_pydantic_and_one_leaf_of_starlette(self):
        """
        ``import problems`` costs pydantic, ``starlette.exceptions`` and the standard library, nothing else.
        """
        loaded = loaded_by("import problems") - loaded_by("import pydantic, starlette.exceptions")

        assert [] == [name for name in loaded if not within(name, PYDANTIC)]


@pytest.mark.parametrize(
    "path", sorted((ROOT / "tests").rglob("test_*.py")), ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_every_test_says_what_it_shows(path):
    """
    A test has a docstring: one sentence on the one behaviour it is about.
    """
    functions = [n for n in ast.walk(ast.parse(path.read_bytes())) if isinstance(n, FUNCTIONS)]

    assert [] == [f.name for f in functions if f.name.startswith("test_") and not ast.get_docstring(f)]


def report() -> str:
    """Return the size of the picture: parts, import arrows between them, arrows that point up, cycles."""
    found = arrows()
    up = [f"{part} -> {imported}" for part, imported in sorted(found) if DEPTH[imported] >= DEPTH[part]]
    graph = {part: {imported for importing, imported in found if importing == part} for part, _ in found}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        cycle = " -> ".join(error.args[1])
    else:
        cycle = "none"
    parts = {entry_of(name) for name in PATHS}
    return f"{len(parts)} parts, {len(found)} arrows, pointing up: {', '.join(up) or 'none'}, cycles: {cycle}"


if __name__ == "__main__":
    print(report())  # noqa: T201 - run by hand
