"""
The share of an application's raised errors that the contract check finds, on whole applications from the package index.

Run `python benchmarks/census.py` (all) or `python benchmarks/census.py prefect` with any Python ≥ 3.11. Each
application gets an environment of its own under `.census/`; the check runs there from this source tree.
"""

import argparse
import ast
import importlib
import inspect
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import types
import venv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[1]
ENVIRONMENTS: Final = ROOT / ".census"
SEED: Final = 9457
DRAWN: Final = 30
VARIABLES: Final = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "WEBUI_SECRET_KEY": "x", "OFFLINE_MODE": "1"}
FOLDERS: Final = ("AIRFLOW_HOME", "DATA_DIR", "STATIC_DIR", "HOME")
"""Variables for the folders that applications write to when they are imported."""


class Application(NamedTuple):
    """
    An application at a named version.

    Attributes:
        requirements: What to install.
        code: Python that leaves the application in `app`.
        packages: The packages whose raises count.
    """

    requirements: tuple[str, ...]
    code: str
    packages: tuple[str, ...]


APPLICATIONS: Final[dict[str, Application]] = {
    "prefect": Application(
        ("prefect==3.9.1",),
        "from prefect.server.api.server import create_app; app = create_app()",
        ("prefect",),
    ),
    "litellm": Application(("litellm[proxy]==1.108.7",), "from litellm.proxy.proxy_server import app", ("litellm",)),
    "argilla-server": Application(
        ("argilla-server==2.8.0",),
        "from argilla_server._app import create_server_app; app = create_server_app()",
        ("argilla_server",),
    ),
    "open-webui": Application(
        ("open-webui==0.12.4",),
        "import os; os.environ['FRONTEND_BUILD_DIR'] = tempfile.mkdtemp(); "
        "os.mkdir(os.environ['FRONTEND_BUILD_DIR'] + '/static'); from open_webui.main import app",
        ("open_webui",),
    ),
    "airflow": Application(
        ("apache-airflow-core==3.3.2",),
        "from airflow.api_fastapi.app import create_app; app = create_app()",
        ("airflow",),
    ),
    "tiled": Application(
        ("tiled[server]==0.2.20",),
        "from tiled.server.app import build_app_from_config; "
        "catalog = {'uri': 'sqlite:///:memory:', 'writable_storage': tempfile.mkdtemp(), 'init_if_not_exists': True}; "
        "toy = {'authenticator': 'tiled.authenticators:DictionaryAuthenticator', 'provider': 'toy', "
        "'args': {'users_to_passwords': {'a': 'b'}}}; "
        "app = build_app_from_config({'trees': [{'tree': 'catalog', 'path': '/', 'args': catalog}], "
        "'authentication': {'secret_keys': ['secret'], 'providers': [toy]}})",
        ("tiled",),
    ),
    "gradio": Application(
        ("gradio==6.31.0",),
        "import gradio; app = gradio.routes.App.create_app(gradio.Interface(str, 'text', 'text'))",
        ("gradio",),
    ),
    "bluesky-httpserver": Application(
        ("bluesky-httpserver==0.0.14", "pandas"),
        "from bluesky_httpserver.app import build_app; app = build_app()",
        ("bluesky_httpserver",),
    ),
    "chromadb": Application(
        ("chromadb==1.5.9", "opentelemetry-instrumentation-fastapi"),
        "from chromadb.config import Settings; from chromadb.server.fastapi import FastAPI; "
        "app = FastAPI(Settings(is_persistent=False, allow_reset=True)).app()",
        ("chromadb",),
    ),
    "stac-fastapi": Application(
        ("stac-fastapi-opensearch==8.0.0",),
        "from stac_fastapi.opensearch.app import create_app; app = create_app()",
        ("stac_fastapi",),
    ),
    "dstack": Application(
        ("dstack[server]==0.22.5",),
        "from dstack._internal.server.app import create_app; app = create_app()",
        ("dstack",),
    ),
    "titiler": Application(("titiler.application==2.4.0",), "from titiler.application.main import app", ("titiler",)),
    "zenml": Application(("zenml[server]==0.98.0",), "from zenml.zen_server.zen_server_api import app", ("zenml",)),
}


# --- in the environment of an application -----------------------------------------------------------------------------


class Node(NamedTuple):
    """A function in the source of the application."""

    file: str
    line: int
    tree: ast.AST
    module: types.ModuleType


class Source:
    """
    The loaded source of an application, and what may call what in it.

    Judged by names alone and without the check's own code: a name stands for what the module has under it, an attribute
    for every method and function of that name. So this may call a raise reachable that is not, but not the reverse.
    """

    def __init__(self, packages: Iterable[str]) -> None:
        self.by_place: dict[tuple[str, int], Node] = {}
        self.by_name: dict[str, list[Node]] = {}
        self.classes: dict[str, list[Node]] = {}
        self._seen: set[object] = set()
        tops = set(packages)
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if name.partition(".")[0] in tops and isinstance(file, str) and file.endswith(".py"):
                self._read(file, module)

    def _read(self, file: str, module: types.ModuleType) -> None:
        try:
            tree = ast.parse(Path(file).read_text(encoding="utf-8"))
        except (SyntaxError, UnicodeDecodeError, OSError):
            return
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                known = Node(file, min([node.lineno, *(it.lineno for it in node.decorator_list)]), node, module)
                self.by_place[file, known.line] = known
                self.by_name.setdefault(node.name, []).append(known)
            elif isinstance(node, ast.ClassDef):
                for part in node.body:
                    if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) and part.name in _MAKERS:
                        line = min([part.lineno, *(it.lineno for it in part.decorator_list)])
                        self.classes.setdefault(node.name, []).append(Node(file, line, part, module))

    def reached(self, calls: Iterable[object]) -> dict[tuple[str, int], Node]:
        """Return the functions that endpoints and dependencies may call, by file and first line."""
        found: dict[tuple[str, int], Node] = {}
        waiting = [node for call in calls for node in self._of_object(call)]
        while waiting:
            node = waiting.pop()
            if (node.file, node.line) not in found:
                found[node.file, node.line] = node
                waiting += self._used(node)
        return found

    def _of_object(self, obj: Any) -> Iterator[Node]:
        if inspect.isclass(obj):
            obj = obj.__init__
        elif not inspect.isroutine(obj):
            obj = getattr(obj, "func", None) or getattr(type(obj), "__call__", None)  # noqa: B004 - the function
        function = inspect.unwrap(getattr(obj, "__func__", obj)) if callable(obj) else None
        code = getattr(function, "__code__", None)
        if code is not None and (code.co_filename, code.co_firstlineno) in self.by_place:
            yield self.by_place[code.co_filename, code.co_firstlineno]
        for cell in getattr(function, "__closure__", None) or ():
            try:
                inner = cell.cell_contents
            except ValueError:  # not assigned yet
                continue
            if inspect.isfunction(inner) and inner not in self._seen:
                self._seen.add(inner)
                yield from self._of_object(inner)

    def _used(self, node: Node) -> Iterator[Node]:
        inner = {it.name for it in ast.walk(node.tree) if isinstance(it, ast.FunctionDef | ast.AsyncFunctionDef)}
        for part in ast.walk(node.tree):
            if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) and part is not node.tree:
                line = min([part.lineno, *(it.lineno for it in part.decorator_list)])
                yield self.by_place[node.file, line]
            elif isinstance(part, ast.Name) and part.id not in inner:
                obj = vars(node.module).get(part.id)
                if inspect.isclass(obj):
                    yield from self.classes.get(obj.__name__, ())
                elif obj is not None:
                    yield from self._of_object(obj)
            elif isinstance(part, ast.Attribute):
                yield from self.by_name.get(part.attr, ())
                yield from self.classes.get(part.attr, ())
            elif isinstance(part, ast.ImportFrom):
                for alias in part.names:
                    yield from self.by_name.get(alias.name, ())
                    yield from self.classes.get(alias.name, ())


_MAKERS: Final = frozenset({"__init__", "__new__", "__post_init__", "__call__"})


def raises_in(nodes: Iterable[Node]) -> dict[tuple[str, int], str]:
    """Return each `raise HTTPException(…)` with an error status in functions, and the text of the statement."""
    found: dict[tuple[str, int], str] = {}
    for node in nodes:
        for part in ast.walk(node.tree):
            if isinstance(part, ast.Raise) and isinstance(part.exc, ast.Call) and _is_http(part.exc, node.module):
                found[node.file, part.lineno] = " ".join(ast.unparse(part).split())
    return found


def _is_http(call: ast.Call, module: types.ModuleType) -> bool:
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    known = vars(module).get(name)
    if not (name.endswith("HTTPException") or getattr(known, "__name__", "") == "HTTPException"):
        return False
    given = [*call.args[:1], *(it.value for it in call.keywords if it.arg == "status_code")]
    value = given[0].value if given and isinstance(given[0], ast.Constant) else None
    return not (isinstance(value, int) and value < 400)


def counted(application: Application, *, draws: bool) -> dict[str, Any]:
    """Return the counts of one application; runs in its environment."""
    scope: dict[str, Any] = {"tempfile": tempfile}
    exec(application.code, scope)  # noqa: S102 - the line above that names the application
    app = scope["app"]
    contract = importlib.import_module("problems.contract")
    operations = list(importlib.import_module("problems.contract._operations").operations(app))
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    findings = [it for it in contract.check(app) if it.kind == "undeclared" and it.exception is not None]
    seconds = time.process_time() - started
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    source = Source(application.packages)
    nodes = raises_in(source.reached(call for it in operations for call in it.calls).values())
    found = {(it.file, it.line): it.certainty for it in findings}
    return {
        "operations": len(operations),
        "raises": len(nodes),
        "found": sum(place in found for place in nodes),
        "possible": sum(found.get(place) == "possible" for place in nodes),
        "seconds": round(seconds, 1),
        "megabytes": memory,
        "misses": sorted(
            f"{file}:{line}: {text[:100]}" for (file, line), text in nodes.items() if (file, line) not in found
        ),
        "findings": [str(it) for it in findings] if draws else [],
    }


# --- here -----------------------------------------------------------------------------------------------------------


def environment(name: str, application: Application) -> Path:
    """Return the interpreter of an environment with an application, which is made if it is not there."""
    folder = ENVIRONMENTS / name
    python = folder / "bin" / "python"
    if not (folder / "installed").exists():
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *application.requirements], check=True)  # noqa: S603 - the table above
        (folder / "installed").touch()
    return python


def main() -> None:
    """Count the applications that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=list(APPLICATIONS))
    parser.add_argument("--misses", action="store_true", help="list what was not found")
    parser.add_argument(
        "--draw", action="store_true", help=f"print {DRAWN} findings of each, drawn by a seed, to be read"
    )
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(counted(APPLICATIONS[options.child], draws=options.draw)))
        return
    print("| application | operations | raises | found | of these possible | share | seconds | MB |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    for name in options.names:
        application = APPLICATIONS[name]
        python = environment(name, application)
        data = tempfile.mkdtemp()
        variables = os.environ | VARIABLES | {"PYTHONPATH": str(ROOT)} | dict.fromkeys(FOLDERS, data)
        command = [python, __file__, "--child", name, *(["--draw"] if options.draw else [])]
        output = subprocess.run(command, env=variables, stdout=subprocess.PIPE, text=True, check=True).stdout  # noqa: S603 - itself
        counts: dict[str, Any] = json.loads(output.splitlines()[-1])
        share = f"{counts['found'] / max(counts['raises'], 1):.1%}"
        row = [counts["operations"], counts["raises"], counts["found"], counts["possible"], share, counts["seconds"]]
        print(f"| {application.requirements[0]} | {' | '.join(map(str, row))} | {counts['megabytes']} |", flush=True)
        if options.misses:
            print("\n".join(counts["misses"]))
        if options.draw:
            every = counts["findings"]
            print("\n".join(random.Random(SEED).sample(every, min(DRAWN, len(every)))))  # noqa: S311 - not a secret


if __name__ == "__main__":
    main()
