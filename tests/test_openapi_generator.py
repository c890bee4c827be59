"""Clients that openapi-generator makes of the example, in four languages, compile and narrow on `type`."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from shop.server import create_app

NODE: Final = Path(__file__).parent / "node" / "node_modules" / ".bin"

OPTIONS: Final = {
    "python": {},
    "typescript-fetch": {},
    "java": {"library": "native", "openApiNullable": "false", "hideGenerationTimestamp": "true"},
    "go": {"useOneOfDiscriminatorLookup": "true", "disallowAdditionalPropertiesIfNotPresent": "false"},
}
"""The options of each generator; those for Go are in the how-to guide."""

CONFLICT: Final = {
    "type": "https://shop.example/problems/out-of-stock",
    "title": "Out of stock",
    "status": 409,
    "detail": "Only 3 of item 1 are left.",
    "instance": "urn:uuid:1b4e28ba-2fa1-11d2-883f-0016d3cca427",
    "item_id": 1,
    "available": 3,
}

PYTHON: Final = """\
import sys
from openapi_client.models.change_order409_problem import ChangeOrder409Problem

problem = ChangeOrder409Problem.from_json(sys.argv[1]).actual_instance
print(type(problem).__name__, problem.available)
"""

TYPESCRIPT: Final = """\
import { ChangeOrder409ProblemFromJSON, type ChangeOrder409Problem } from "./typescript-fetch";

export function read(problem: ChangeOrder409Problem): number {
  switch (problem.type) {
    case "https://shop.example/problems/out-of-stock":
      return problem.available;
    case "https://shop.example/problems/order-already-paid":
      return problem.paidAt.getTime();
    default: {
      const never: never = problem;
      return never;
    }
  }
}

export const available = read(ChangeOrder409ProblemFromJSON({}));
"""

JAVA: Final = """\
import org.openapitools.client.ApiClient;
import org.openapitools.client.model.ChangeOrder409Problem;
import org.openapitools.client.model.OutOfStock;

public class Consumer {
    public static void main(String[] arguments) throws Exception {
        var problem = ApiClient.createDefaultObjectMapper().readValue(arguments[0], ChangeOrder409Problem.class);
        System.out.println("OutOfStock " + ((OutOfStock) problem.getActualInstance()).getAvailable());
    }
}
"""

GENERATED: Final = """\
package javax.annotation;

public @interface Generated {
    String[] value();
    String comments() default "";
}
"""
"""The annotation that generated Java has on its classes; the JDK has none since Java 9."""

GO: Final = """\
package openapi

import (
    "encoding/json"
    "fmt"
    "os"
    "testing"
)

func TestConsumer(t *testing.T) {
    var problem ChangeOrder409Problem
    if err := json.Unmarshal([]byte(os.Getenv("CONFLICT")), &problem); err != nil {
        t.Fatal(err)
    }
    fmt.Println("OutOfStock", problem.OutOfStock.Available)
}
"""


def found(name, reason):
    """Return the path of a program on the PATH, or skip."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"needs {reason}")
    return path


def run(*command, cwd, **environment):
    """Run a program; return its output, unless it fails."""
    done = subprocess.run(  # noqa: S603 - programs of the tests
        command, cwd=cwd, capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )

    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def generator():
    """The generator: a program in an environment of its own, with the Java archive beside it."""
    found("java", "java on the PATH")
    return found("openapi-generator-cli", "openapi-generator-cli on the PATH, in an environment of its own")


@pytest.fixture(scope="module")
def clients(generator, tmp_path_factory):
    """The folder with a client in each language, made in one run."""
    folder = tmp_path_factory.mktemp("clients")
    (folder / "openapi.json").write_text(json.dumps(create_app().openapi()))
    for name, options in OPTIONS.items():
        configuration = {"generatorName": name, "inputSpec": "openapi.json", "outputDir": name}
        (folder / f"{name}.json").write_text(json.dumps({**configuration, "additionalProperties": options}))
    run(generator, "batch", "--fail-fast", *(f"{name}.json" for name in OPTIONS), cwd=folder)
    return folder


def archive(generator):
    """Return the Java archive of the generator, which has the libraries of the generated client too."""
    (path,) = Path(generator).resolve().parents[1].rglob("openapi-generator.jar")
    return str(path)


class TestClients:
    def test_python(self, generator, clients):
        """
        A model is made for the type that was sent.
        """
        own = Path(generator).with_name("python")
        interpreter = str(own) if own.exists() else sys.executable
        said = run(interpreter, "-c", PYTHON, json.dumps(CONFLICT), cwd=clients / "python")

        assert "OutOfStock 3\n" == said

    @pytest.mark.needs_node
    def test_typescript(self, clients):
        """
        `switch (problem.type)` narrows and is exhaustive, with `tsc --strict`.
        """
        if not (NODE / "tsc").exists():
            pytest.skip("needs npm install --no-package-lock --prefix tests/node")
        (clients / "consumer.ts").write_text(TYPESCRIPT)
        options = ("--strict", "--noEmit", "--target", "es2022", "--lib", "es2022,dom", "--module", "esnext")

        assert "" == run(str(NODE / "tsc"), *options, "--moduleResolution", "bundler", "consumer.ts", cwd=clients)

    def test_java(self, generator, clients):
        """
        It compiles, and an object of the sent type is read.
        """
        compiler, java = found("javac", "javac on the PATH"), found("java", "java on the PATH")
        (clients / "Consumer.java").write_text(JAVA)
        annotation = clients / "javax" / "annotation" / "Generated.java"
        annotation.parent.mkdir(parents=True)
        annotation.write_text(GENERATED)
        sources = [str(path) for path in (clients / "java" / "src" / "main").rglob("*.java")]
        libraries = archive(generator)
        options = ("-nowarn", "-proc:none", "-d", "classes", "-cp", libraries)
        run(compiler, *options, str(annotation), "Consumer.java", *sources, cwd=clients)
        path = os.pathsep.join(("classes", libraries))

        assert "OutOfStock 3\n" == run(java, "-cp", path, "Consumer", json.dumps(CONFLICT), cwd=clients)

    def test_go(self, clients):
        """
        It compiles, and the pointer to the sent type is set.
        """
        go = found("go", "go on the PATH")
        (clients / "go" / "consumer_test.go").write_text(GO)
        cache = str(clients / "cache")
        settings = {"CONFLICT": json.dumps(CONFLICT), "GOCACHE": cache, "GOFLAGS": "-mod=mod"}
        said = run(go, "test", "-v", ".", cwd=clients / "go", **settings)

        assert "\nOutOfStock 3\n" in said
