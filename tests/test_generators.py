"""What real tools make of the document: linters find nothing, and generated clients narrow on `type`."""

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

import pytest
import uvicorn

from problems.openapi import objects_in
from problems.openapi._v30 import to_30
from shop.server import create_app

NODE: Final = Path(__file__).parent / "node" / "node_modules" / ".bin"
FORMS: Final = ("3.1.0", "3.0.3")

REDOCLY: Final = """\
extends: [recommended]
rules:
  info-license: off
  no-empty-servers: off
  operation-4xx-response: off
  security-defined: off
"""
"""What is off is what FastAPI leaves out of any document."""

SPECTRAL: Final = """\
extends: ["spectral:oas"]
rules:
  info-contact: off
  info-description: off
  oas3-api-servers: off
  operation-description: off
  operation-tag-defined: off
"""

CONSUMER: Final = """\
import type { components, paths } from "./schema";

type Errors<P extends keyof paths, M extends keyof paths[P], S extends number> =
  paths[P][M] extends { responses: infer R }
    ? S extends keyof R
      ? R[S] extends { content: { "application/problem+json": infer E } } ? E : never
      : never
    : never;

type Conflict = Errors<"/orders/{order_id}", "patch", 409>;

export function read(problem: Conflict): string {
  // @ts-expect-error members belong to one type: narrow first
  problem.available;
  switch (problem.type) {
    case "https://shop.example/problems/out-of-stock": {
      const available: number = problem.available;
      return `${available}`;
    }
    case "https://shop.example/problems/order-already-paid": {
      const paid: string = problem.paid_at;
      return paid;
    }
    default: {
      const never: never = problem;
      return never;
    }
  }
}

export function impossible(problem: Conflict): boolean {
  // @ts-expect-error the operation cannot answer with this type
  return problem.type === "https://shop.example/problems/item-not-found";
}

export const status: components["schemas"]["OutOfStock"]["status"] = 409;
"""


def tool(name):
    """Return the path of a program of `tests/node`, or skip."""
    path = NODE / name
    if not path.exists():
        pytest.skip("needs npm install --no-package-lock --prefix tests/node")
    return str(path)


def program(name):
    """Return the path of a generator that is on the PATH, or skip."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"needs {name} on the PATH, in an environment of its own")
    return found


def run(*command, cwd):
    """Run a program; return its output, unless it fails."""
    done = subprocess.run(  # noqa: S603 - programs of the tests
        command, cwd=cwd, capture_output=True, text=True, check=False, env={**os.environ, "CI": "1", "NO_COLOR": "1"}
    )
    said = done.stdout + done.stderr

    assert 0 == done.returncode, said
    return said


@pytest.fixture(params=FORMS)
def folder(request, tmp_path):
    """A folder with the document of the example, in one form."""
    app = create_app()
    app.openapi_version = request.param
    document = json.loads(json.dumps(app.openapi()))
    if request.param.startswith("3.0"):  # FastAPI writes its own schemas in the dialect of 3.1 only
        for part in list(objects_in(document)):
            part.update({"schema": to_30(part["schema"])} if isinstance(part.get("schema"), dict) else {})
        schemas = document["components"]["schemas"]
        schemas |= {name: to_30(schema) for name, schema in schemas.items()}
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    return tmp_path


@pytest.mark.needs_node
class TestLinters:
    def test_redocly(self, folder):
        """
        Redocly finds nothing.
        """
        (folder / "redocly.yaml").write_text(REDOCLY)
        said = run(tool("redocly"), "lint", "--config=redocly.yaml", "openapi.json", cwd=folder)

        assert "Warning was generated" not in said

    def test_spectral(self, folder):
        """
        Spectral finds nothing.
        """
        (folder / "spectral.yaml").write_text(SPECTRAL)
        said = run(tool("spectral"), "lint", "-r", "spectral.yaml", "--fail-severity=hint", "openapi.json", cwd=folder)

        assert "No results" in said


@pytest.mark.needs_node
def test_openapi_typescript(folder):
    """
    `switch (problem.type)` narrows, is exhaustive, and knows what the operation cannot answer.
    """
    (folder / "consumer.ts").write_text(CONSUMER)
    run(tool("openapi-typescript"), "openapi.json", "-o", "schema.d.ts", cwd=folder)

    assert "" == run(
        tool("tsc"), "--strict", "--noEmit", "--target", "es2022", "--module", "nodenext", "consumer.ts", cwd=folder
    )


NARROWS: Final = """\
export function read(problem: Conflict): string {
  switch (problem.type) {
    case "https://shop.example/problems/out-of-stock": {
      const available: number = problem.available;
      return `${available}`;
    }
    case "https://shop.example/problems/order-already-paid": {
      const paid: string = problem.paid_at;
      return paid;
    }
    default: {
      const never: never = problem;
      return never;
    }
  }
}
"""

KUBB: Final = """\
import { pluginOas } from "@kubb/plugin-oas";
import { pluginTs } from "@kubb/plugin-ts";

export default {
  input: { path: "./openapi.json" },
  output: { path: ".", format: false, lint: false },
  plugins: [pluginOas({ generators: [] }), pluginTs({ output: { path: "client" } })],
};
"""


@pytest.mark.needs_node
@pytest.mark.parametrize(
    ("command", "conflict"),
    [
        pytest.param(
            ("openapi-ts", "-i", "openapi.json", "-o", "client"),
            'import type { ChangeOrderErrors } from "./client/types.gen";\ntype Conflict = ChangeOrderErrors[409];\n',
            id="hey-api",
        ),
        pytest.param(
            ("orval", "--input", "openapi.json", "--output", "client/api.ts", "--client", "fetch"),
            'import type { changeOrderResponse409 } from "./client/api";\n'
            'type Conflict = changeOrderResponse409["data"];\n',
            id="orval",
        ),
        pytest.param(
            ("kubb", "generate", "--config", "kubb.config.mjs"),
            'import type { ChangeOrder409 as Conflict } from "./client/ChangeOrder";\n',
            id="kubb",
        ),
    ],
)
def test_typescript_clients(folder, command, conflict):
    """
    In clients that hey-api, orval and kubb generate, `status`, then `type`, narrows.
    """
    name, *options = command
    program = tool(name)
    (folder / "node_modules").symlink_to(NODE.parent)
    (folder / "kubb.config.mjs").write_text(KUBB)
    run(program, *options, cwd=folder)
    (folder / "consumer.ts").write_text(conflict + NARROWS)
    strict = (
        "--strict",
        "--noEmit",
        "--skipLibCheck",
        "--allowImportingTsExtensions",
        "--target",
        "es2022",
        "--lib",
        "es2022,dom,dom.iterable",
    )

    assert "" == run(
        tool("tsc"), *strict, "--module", "esnext", "--moduleResolution", "bundler", "consumer.ts", cwd=folder
    )


def test_openapi_python_client(folder):
    """
    The generated client has one class for each problem type, and returns the class of the sent `type`.
    """
    said = run(program("openapi-python-client"), "generate", "--path", "openapi.json", "--meta", "none", cwd=folder)
    models = {path.stem for path in folder.glob("*/models/*.py")}
    (operation,) = folder.glob("*/api/orders/change_order.py")

    assert ({"out_of_stock", "order_already_paid", "validation_problem"} - models, True, False) == (
        set(),
        "OutOfStock.from_dict" in operation.read_text(),
        "WARNING" in said,
    )


def test_datamodel_code_generator(folder):
    """
    The generated models are a union that pydantic discriminates by `type`.
    """
    command = program("datamodel-codegen")
    options = ("--output-model-type", "pydantic_v2.BaseModel", "--use-annotated", "--disable-timestamp")
    run(
        command,
        "--input",
        "openapi.json",
        "--input-file-type",
        "openapi",
        "--output",
        "models.py",
        *options,
        cwd=folder,
    )
    script = (
        "import models; union = models.ChangeOrder409Problem.model_validate({'type': "
        "'https://shop.example/problems/out-of-stock', 'title': 'Out of stock', 'status': 409, 'item_id': 1, "
        "'available': 0, 'unknown': 1}); print(type(union.root).__name__)"
    )

    assert "OutOfStock" == run(sys.executable, "-c", script, cwd=folder).strip()


@pytest.fixture
def address():
    """The address of the example, served."""
    app = create_app()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        thread.join(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


def test_schemathesis(tmp_path, address):
    """
    Schemathesis finds nothing, with all checks but two: each answer is documented, of the right media type, and valid.

    The two are about Starlette and pydantic: a 405 has the methods of one route in `Allow`, and `"1"` is a valid `int`.
    """
    said = run(
        program("schemathesis"),
        "run",
        f"{address}/openapi.json",
        "--header=Authorization: Bearer token-grace",
        "--checks=all",
        "--exclude-checks=allow_header_conformance,negative_data_rejection",
        "--phases=examples,coverage,fuzzing",
        "--max-examples=10",
        "--generation-deterministic",
        "--exclude-operation-id=get_rating",  # it is there to crash
        cwd=tmp_path,
    )

    assert "passed" in said
