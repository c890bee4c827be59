"""
Random documents full of hostile text: what is generated is always a module, and never code of the document.

`PROBLEMS_DOCUMENTS=10000 pytest tests/test_generate_hostile.py` tries as many documents as that.
"""

import ast
import inspect
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

from problems import Registry
from problems.documenting.vocabulary import Vocabulary
from problems.tools.generate import generate, generate_from_openapi
from tests.hostile import Documents

ROOT: Final = Path(__file__).parents[1]
COUNT: Final = int(os.environ.get("PROBLEMS_DOCUMENTS", "150"))

MODULES: Final = {"__future__", "datetime", "uuid", "typing", "pydantic", "problems", "problems.catching"}
CALLS: Final = {"Field", "Registry", "ResponseHeader", "Dialect"}
TYPES: Final = {"bool", "dict", "float", "int", "list", "str", "tuple", "Annotated", "Any", "Literal", "BaseModel"}
MODULE_TYPES: Final = {"datetime.datetime", "datetime.date", "datetime.time", "datetime.timedelta", "uuid.UUID"}
ROOTS: Final = {"Problem", "ClientProblem", "ServerProblem"}
WORDS: Final = {"type", "title", "status", "any_status", "abstract", "aliases", "schema_name"}


def faults(source):
    """Yield every node of a module that a declaration of classes does not need."""
    tree = ast.parse(source)
    classes = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from (it.name for it in node.names if it.name not in MODULES or it.asname)
        elif isinstance(node, ast.ImportFrom):
            yield from () if node.module in MODULES else (ast.unparse(node),)
        elif isinstance(node, ast.ClassDef):
            yield from _of_class(node, classes)
        elif isinstance(node, ast.Assign):
            is_known = [it.id for it in node.targets if isinstance(it, ast.Name)] in (["registry"], ["dialect"])
            yield from _of_call(node.value, classes) if is_known else (ast.unparse(node),)
        elif not _is_text(node):
            yield ast.unparse(node)


def _of_class(node, classes):
    *family, base = map(ast.unparse, node.bases)
    if not {*family} <= classes or not (base in ROOTS | {"BaseModel"} or base.startswith("catalog.")):
        yield f"bases {family} {base}"
    for word in node.keywords:
        yield from _of_literal(word.value) if word.arg in WORDS else (f"word {word.arg}",)
    for field in node.body:
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            yield from _of_annotation(field.annotation, classes)
            if isinstance(field.value, ast.Call):
                yield from _of_call(field.value, classes)
            elif field.value is not None:
                yield from _of_literal(field.value)
        elif not _is_text(field):
            yield ast.unparse(field)


def _of_annotation(node, classes):
    if isinstance(node, ast.Name):
        yield from () if node.id in TYPES | classes else (f"name {node.id}",)
    elif isinstance(node, ast.Attribute):
        yield from () if ast.unparse(node) in MODULE_TYPES else (ast.unparse(node),)
    elif isinstance(node, ast.Constant):
        yield from () if node.value is None else (f"annotation {node.value!r}",)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        yield from _of_annotation(node.left, classes)
        yield from _of_annotation(node.right, classes)
    elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in TYPES:
        items = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if node.value.id == "Literal":
            yield from (fault for it in items for fault in _of_literal(it))
        elif node.value.id == "Annotated":
            yield from _of_annotation(items[0], classes)
            yield from (fault for it in items[1:] for fault in _of_call(it, classes))
        else:
            yield from (fault for it in items for fault in _of_annotation(it, classes))
    else:
        yield ast.unparse(node)


def _of_call(node, classes):
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS):
        yield ast.unparse(node)
        return
    for it in (*node.args, *(word.value for word in node.keywords)):
        if isinstance(it, ast.Name):
            yield from () if it.id in classes else (it.id,)
        elif isinstance(it, ast.Subscript):
            yield from _of_annotation(it, classes)
        else:
            yield from _of_literal(it)


def _of_literal(node):
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield from _of_literal(node.operand)
    elif isinstance(node, ast.List | ast.Tuple):
        yield from (fault for it in node.elts for fault in _of_literal(it))
    elif isinstance(node, ast.Dict):
        yield from (fault for it in (*node.keys, *node.values) for fault in _of_literal(it))
    elif not isinstance(node, ast.Constant):
        yield ast.unparse(node)


def _is_text(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def run(source):
    """Run the source of a module, and return the module once its classes are complete."""
    name = "generated_of_hostile_tests"
    module = sys.modules[name] = ModuleType(name)
    try:
        exec(compile(source, "generated.py", "exec"), module.__dict__)  # noqa: S102 - what was generated is tested
        for cls in module.registry:
            assert module.registry.model(cls).model_json_schema()
    finally:
        del sys.modules[name]
    return module


@cache
def source_of(seed):
    """Return the module of one random document: of an export for every third one."""
    documents = Documents(seed)
    if seed % 3:
        return generate_from_openapi(documents.openapi())
    return generate(Vocabulary.model_validate(json.loads(json.dumps(documents.export()))))


def tree(source):
    """Return a module as text without the margins of its docstrings."""
    found = ast.parse(source)
    for node in ast.walk(found):
        if _is_text(node):
            node.value.value = inspect.cleandoc(node.value.value).strip()
    return ast.dump(found)


class TestHostileDocuments:
    @pytest.mark.filterwarnings("error")
    def test_there_is_always_a_module(self):
        """
        Whatever a document contains, the module is imported, and has the nodes of declarations only.
        """
        for seed in range(COUNT):
            source = source_of(seed)

            assert [] == [*faults(source)], seed
            assert isinstance(run(source).registry, Registry), seed

    def test_a_formatter_changes_the_layout_only(self, tmp_path):
        """
        A formatted module is the same program, and formatting it again changes nothing.
        """
        ruff = shutil.which("ruff", path=os.path.dirname(sys.executable))  # noqa: PTH120 - a folder for `which`
        if ruff is None:
            pytest.skip("ruff is not installed")
        sources = {tmp_path / f"m{seed}.py": source_of(seed) for seed in range(COUNT)}
        for path, source in sources.items():
            path.write_text(source, "utf-8")
        for options in ([], ["--check"]):
            subprocess.run([ruff, "format", "--quiet", "--isolated", "--no-cache", *options, tmp_path], check=True)  # noqa: S603 - our own

        assert [] == [path.name for path, source in sources.items() if tree(source) != tree(path.read_text("utf-8"))]

    @pytest.mark.parametrize(
        "command",
        [
            pytest.param(["mypy", "--strict", "--no-error-summary", "--cache-dir", os.devnull], id="mypy"),
            pytest.param(["pyright", "--pythonpath", sys.executable, "--project"], id="pyright"),
        ],
    )
    def test_type_checkers_accept_them(self, tmp_path, command):
        """
        Strict type checkers find nothing in the modules.
        """
        for seed in range(min(COUNT, 40)):
            (tmp_path / f"m{seed}.py").write_text(source_of(seed), "utf-8")
        options = {"typeCheckingMode": "strict", "pythonVersion": "3.11", "extraPaths": [str(ROOT)]}
        (tmp_path / "pyrightconfig.json").write_text(json.dumps(options))
        variables = {**os.environ, "MYPYPATH": str(ROOT)}
        done = subprocess.run(  # noqa: S603 - our own
            [sys.executable, "-m", *command, str(tmp_path)], capture_output=True, text=True, env=variables, check=False
        )

        assert (0, "") == (done.returncode, "" if done.returncode == 0 else done.stdout)
