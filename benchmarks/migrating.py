"""
The migration of whole applications from the package index: what it changes, and whether clients get the same errors.

Run `python benchmarks/migrating.py` (prefect and titiler), or name applications of `benchmarks/census.py`, with any
Python ≥ 3.11. Each application gets an environment of its own under `.census/`; its source is copied out of it and
migrated with one command.

A probe raises the exception of one statement: before the migration through FastAPI, afterwards through `add_problems`
with `legacy_detail=True`, with the same values in place of its variables. Status, `detail` and header fields have to be
equal.
"""

import argparse
import ast
import builtins
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import types
import typing
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.census import APPLICATIONS, ENVIRONMENTS, Application, environment  # noqa: E402 - from the source tree

TOOLS: Final = ("rich>=13", "typer>=0.20", "httpx>=0.28", "httpx2>=2.0")
USUAL: Final = ("prefect", "titiler")
MODULE: Final = "migrated_application"
ERRORS: Final = "migrated_errors"


# --- in the environment of an application -----------------------------------------------------------------------------


class Value(str):
    """A value in place of a variable of the application; any attribute, item or call of it is such a value."""

    __slots__ = ()

    def __getattr__(self, name: str) -> "Value":
        """Return a value for an attribute."""
        if name.startswith("__"):
            raise AttributeError(name)
        return Value(f"{self}.{name}")

    def __getitem__(self, key: object) -> "Value":  # type: ignore[override]
        return Value(f"{self}[{key}]")

    def __call__(self, *_: object, **__: object) -> "Value":
        """Return a value for the result of a call."""
        return Value(f"{self}()")


class Names(dict[str, Any]):
    """The names of a module and of Python, and a value for each variable of the function around a statement."""

    def __init__(self, module: types.ModuleType, function: ast.AST | None) -> None:
        super().__init__()
        self._module = vars(module)
        self._own = {it.arg: it for it in ast.walk(function) if isinstance(it, ast.arg)} if function else {}
        self._stored = (
            {it.id for it in ast.walk(function) if isinstance(it, ast.Name) and isinstance(it.ctx, ast.Store)}
            if function
            else set[str]()
        )

    def __missing__(self, name: str) -> Any:
        if name in self._own:
            return _sample(name, self._own[name], self._module)
        if name not in self._stored and name in self._module:
            return self._module[name]
        return vars(builtins).get(name) if name not in self._stored and hasattr(builtins, name) else Value(name)


def _sample(name: str, argument: ast.arg, module: dict[str, Any]) -> Any:
    """Return a value of the annotated type of a parameter, if that is a type of a member."""
    from datetime import UTC, date, datetime
    from decimal import Decimal
    from uuid import UUID

    samples: dict[object, object] = {
        int: 7, float: 2.5, bool: True, UUID: UUID(int=7), Decimal: Decimal(1), date: date(2026, 1, 2),
        datetime: datetime(2026, 1, 2, tzinfo=UTC),
    }  # fmt: skip
    try:
        kind = eval(ast.unparse(argument.annotation), dict(module)) if argument.annotation else None  # noqa: S307 - of the application
    except Exception:  # noqa: BLE001 - an annotation that cannot be evaluated
        return Value(name)
    kinds = [it for it in (kind, *typing.get_args(kind)) if isinstance(it, type)]
    for it in kinds:
        if it in samples:
            return samples[it]
        if hasattr(it, "model_fields"):
            fields = it.model_fields.items()
            parts = {key: samples.get(field.annotation, Value(f"{name}.{key}")) for key, field in fields}
            return types.SimpleNamespace(**parts)
    return Value(name)


Statement = tuple[str, int, ast.Raise, ast.AST | None]
"""The key of a `raise`, its line, its tree and the function around it."""


def statements(file: Path) -> Iterator[Statement]:
    """Yield each `raise` in a file with a key that a migration does not change: its function, and its number there."""

    def walk(
        node: ast.AST, names: tuple[str, ...], function: ast.AST | None
    ) -> Iterator[tuple[str, ast.Raise, ast.AST | None]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                inner = function if isinstance(child, ast.ClassDef) else child
                yield from walk(child, (*names, child.name), inner)
            else:
                if isinstance(child, ast.Raise):
                    yield ".".join(names), child, function
                yield from walk(child, names, function)

    count: Counter[str] = Counter()
    for name, node, function in walk(ast.parse(file.read_bytes()), (), None):
        count[name] += 1
        yield f"{name}#{count[name]}", node.lineno, node, function


def answer(exception: Any) -> list[Any]:
    """Return status, `detail` and own header fields of the response to an exception, with the old `detail`."""
    from fastapi import FastAPI
    from fastapi.testclient import TestClient

    from problems import Policy
    from problems.fastapi import add_problems

    app = FastAPI()
    if isinstance(exception, type):
        exception = exception()
    if type(exception).__module__ not in ("fastapi.exceptions", "starlette.exceptions"):
        add_problems(app, policy=Policy(legacy_detail=True))

    @app.get("/")
    async def fail() -> None:
        raise exception

    response = TestClient(app, raise_server_exceptions=False).get("/")
    own = ("content-length", "content-type", "cache-control")
    fields = {key: value for key, value in response.headers.items() if key not in own}
    return [response.status_code, response.json()["detail"], fields]


def probes(keys: dict[str, list[str]]) -> dict[str, Any]:
    """Return the answers to statements, by file and key; runs in the environment of an application."""
    importlib.import_module(MODULE)
    loaded = {getattr(it, "__file__", None): it for it in [*sys.modules.values()]}
    found: dict[str, Any] = {}
    for file, wanted in keys.items():
        module = loaded[file]
        for key, _, node, function in statements(Path(file)):
            if key in wanted and node.exc is not None:
                code = compile(ast.Expression(node.exc), file, "eval")
                try:
                    found[f"{file}:{key}"] = answer(eval(code, Names(module, function)))  # noqa: S307 - of the application
                except Exception as error:  # noqa: BLE001 - reported in the table
                    found[f"{file}:{key}"] = f"{type(error).__name__}: {error}"
    return found


def findings() -> list[str]:
    """Return the findings of `problems check`; runs in the environment of an application."""
    app = importlib.import_module(MODULE).app
    found = importlib.import_module("problems.contract").check(app)
    return [f"{it.file}:{it.line}: {it.message} ({it.certainty})" for it in found]


# --- here -----------------------------------------------------------------------------------------------------------


def run(python: Path, folder: Path, *arguments: str) -> str:
    """Run Python in a folder with a copied application, and return its output."""
    variables = os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]), "COLUMNS": "1000"}
    done = subprocess.run(  # noqa: S603 - our own commands
        [python, *arguments], cwd=folder, env=variables, stdout=subprocess.PIPE, text=True, check=False
    )
    return done.stdout


def child(python: Path, folder: Path, **request: object) -> Any:
    """Call a function of this module in the environment of an application."""
    file = folder / "request.json"
    file.write_text(json.dumps(request))
    return json.loads(run(python, folder, __file__, "--child", str(file)).splitlines()[-1])


def copied(python: Path, application: Application, folder: Path) -> None:
    """Copy the source of an application out of its environment, beside a module with the application."""
    site = run(python, folder, "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])").strip()
    for package in application.packages:
        shutil.copytree(Path(site) / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / f"{MODULE}.py").write_text(application.code.replace("; ", "\n") + "\n")


def migrated(name: str) -> dict[str, Any]:
    """Migrate one application, and return its counts."""
    application = APPLICATIONS[name]
    python = environment(name, application)
    if not (ENVIRONMENTS / name / "tools").exists():
        subprocess.run([python, "-m", "pip", "install", "--quiet", *TOOLS], check=True)  # noqa: S603 - the line above
        (ENVIRONMENTS / name / "tools").touch()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary).resolve()
        copied(python, application, folder)
        command = ("-m", "problems", "migrate", f"{MODULE}:app", "--errors-module", ERRORS)
        before = {
            path: list(statements(path)) for path in folder.rglob("*.py") if b"HTTPException" in path.read_bytes()
        }
        sources = {path: path.read_bytes() for path in before}
        output = run(python, folder, *command, "--write")
        left = re.findall(r"^(\S+\.py):(\d+): (.*)$", output, re.MULTILINE)
        keys = changed(before, sources)
        after = child(python, folder, call="probes", keys=keys)
        again = run(python, folder, *command)
        every = child(python, folder, call="findings")
        for path, source in sources.items():
            path.write_bytes(source)
        first = child(python, folder, call="probes", keys=keys)
    lines = {(str(path), line) for path, found in before.items() for _, line, _, _ in found}
    known = {(str(folder / file), line) for file, line, _ in left}
    return {
        "raises": sum(map(len, keys.values()))
        + sum((str(folder / file), int(line)) in lines for file, line, _ in left),
        "migrated": sum(map(len, keys.values())),
        "left": left,
        "probes": len(first),
        "equal": sum(isinstance(first[it], list) and first[it] == after.get(it) for it in first),
        "differences": [
            [it, first[it], after.get(it)] for it in first if first[it] != after.get(it) or isinstance(first[it], str)
        ],
        "again": again.splitlines()[-1] if again else "",
        "findings": [it for it in every if tuple(it.split(":")[:2]) not in known],
    }


def changed(before: dict[Path, list[Statement]], sources: dict[Path, bytes]) -> dict[str, list[str]]:
    """Return the keys of the statements that a migration changed, by file."""
    keys: dict[str, list[str]] = {}
    for path, old in before.items():
        if path.read_bytes() == sources[path]:
            continue
        new = {key: ast.unparse(node) for key, _, node, _ in statements(path)}
        different = [key for key, _, node, _ in old if new.get(key) != ast.unparse(node)]
        if different:
            keys[str(path)] = different
    return keys


def main() -> None:
    """Migrate the applications that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=list(USUAL))
    parser.add_argument("--details", action="store_true", help="list what was left alone, differs, or is not declared")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        request = json.loads(Path(options.child).read_text())
        print(json.dumps(globals()[request.pop("call")](**request), default=str))
        return
    print("| application | raises | migrated | left alone | equal answers | not declared | other findings |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    for name in options.names:
        found = migrated(name)
        undeclared = [it for it in found["findings"] if "not declared" in it]
        row = [found["raises"], found["migrated"], len(found["left"]), f"{found['equal']} of {found['probes']}"]
        row += [len(undeclared), len(found["findings"]) - len(undeclared)]
        print(f"| {APPLICATIONS[name].requirements[0]} | {' | '.join(map(str, row))} |", flush=True)
        if options.details:
            print("\n".join([found["again"], *(": ".join(it) for it in found["left"])]))
            print("\n".join(map(str, [*found["differences"], *found["findings"]])))


if __name__ == "__main__":
    main()
