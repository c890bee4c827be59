import json
import re
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field

from problems import Conflict, NotFound, Registry
from problems.documenting.vocabulary import DocumentedType, Vocabulary
from problems.tools.export import FORMATS, export
from tests.hostile import Documents

ROOT = Path(__file__).parents[1]
BASE = "https://shop.example/problems/"
NODE = ROOT / "tests" / "node" / "node_modules"


class Line(BaseModel):
    """One line of an order."""

    sku: str
    amount: int = 1


class ItemNotFound(NotFound, type="item-not-found", title="Item not found"):
    """No item has the */ requested id."""

    item_id: int


class OutOfStock(Conflict, type="out-of-stock", title="Out of stock"):
    """
    Fewer items are in stock than were ordered.

    Order fewer.
    """

    available: int = Field(ge=0, description="How many are left.")
    lines: list[Line]
    first: Line | None = None
    reason: Literal["sold", "broken"] = "sold"
    until: Annotated[datetime | None, Field(alias="until-when")] = None
    by_colour: dict[str, int] = Field(default_factory=dict)
    pair: tuple[int, str] = (1, "")


VOCABULARY = Vocabulary.of(Registry(ItemNotFound, OutOfStock, NotFound, base=BASE))
SCRIPT = export(VOCABULARY, "typescript")


class TestJson:
    def test_it_is_read_again(self):
        """
        An export is the whole vocabulary.
        """
        assert VOCABULARY == Vocabulary.model_validate_json(export(VOCABULARY, "json"))

    def test_null_means_something_in_examples(self):
        """
        What is null in an example, or a default in a schema, is kept.
        """
        documented = VOCABULARY.types[0].model_copy(update={"example": {"since": None}})
        written = json.loads(export(Vocabulary(types=(documented,)), "json"))

        assert {"since": None} == written["types"][0]["example"]


class TestMarkdown:
    def test_it_has_one_title(self):
        """
        The types are sections of one document.
        """
        text = re.sub(r"```.*?```", "", export(VOCABULARY, "markdown"), flags=re.DOTALL)
        found = re.findall(r"^#{1,2} .*", text, re.MULTILINE)

        expected = ["Item not found", "Out of stock", "Not Found", "Request validation failed"]
        assert ["# Problem types", *(f"## {title}" for title in expected)] == found

    def test_it_has_the_table_that_types_are_registered_with(self):
        """
        Type URI, title and recommended status (RFC 9457, section 4.2).
        """
        assert f"| `{BASE}out-of-stock` | Out of stock | 409 Conflict |" in export(VOCABULARY, "markdown")


class TestTypeScript:
    @pytest.mark.parametrize(
        "text",
        [
            pytest.param(f'  readonly type: "{BASE}out-of-stock";\n', id="constant type"),
            pytest.param("  readonly status: 409;\n", id="constant status"),
            pytest.param("  /** How many are left. */\n  readonly available: number;\n", id="description"),
            pytest.param("  readonly lines: ReadonlyArray<Line>;\n", id="array of objects"),
            pytest.param("  readonly first?: Line | null;\n", id="nullable object"),
            pytest.param('  readonly reason?: "sold" | "broken";\n', id="enumeration"),
            pytest.param('  readonly "until-when"?: string | null;\n', id="alias"),
            pytest.param("  readonly by_colour?: { readonly [key: string]: number };\n", id="map"),
            pytest.param("  readonly pair?: readonly [number, string];\n", id="tuple"),
            pytest.param("No item has the * / requested id.", id="end of a comment"),
            pytest.param("export type Problem = ItemNotFound | OutOfStock | ValidationProblem;\n", id="union"),
        ],
    )
    def test_it_says(self, text):
        """
        What JSON Schema says of a value is said in TypeScript, as far as it can be.
        """
        assert text in SCRIPT

    def test_equal_definitions_are_one(self):
        """
        A model that several types use is declared once.
        """
        again = type(Conflict)("Again", (Conflict,), {"__annotations__": {"line": Line}}, type="again", title="Again")
        script = export(Vocabulary.of(Registry(OutOfStock, again, base=BASE)), "typescript")

        assert 1 == script.count("export interface Line ")

    def test_different_definitions_have_two_names(self):
        """
        Two models of one name are distinguished.
        """
        other = type("Line", (BaseModel,), {"__annotations__": {"colour": str}})
        again = type(Conflict)("Again", (Conflict,), {"__annotations__": {"line": other}}, type="again", title="Again")
        script = export(Vocabulary.of(Registry(OutOfStock, again, base=BASE)), "typescript")

        assert ["Line", "Line_"] == re.findall(r"export interface (Line_?) ", script)

    def test_no_types_are_no_problem(self):
        """
        The module of an empty vocabulary is a module.
        """
        assert "export type Problem = never;\n" in export(Vocabulary(types=()), "typescript")

    @pytest.mark.parametrize(
        ("schema", "kind"),
        [
            pytest.param({}, "unknown", id="any"),
            pytest.param({"type": ["string", "null"]}, "string | null", id="types"),
            pytest.param({"allOf": [{"type": "string"}]}, "string", id="all of"),
            pytest.param({"$ref": "#/$defs/Nowhere"}, "unknown", id="dangling"),
            pytest.param({"type": "object"}, "{ readonly [key: string]: unknown }", id="object"),
            pytest.param(
                {"type": "object", "properties": {"a": {"type": "integer"}}}, '{ readonly "a"?: number }', id="inline"
            ),
            pytest.param({"type": "file"}, "unknown", id="unknown"),
        ],
    )
    def test_schemas_of_other_tools(self, schema, kind):
        """
        What was not written by pydantic is understood as far as it can be.
        """
        document = {"type": "object", "properties": {"value": schema}}
        documented = DocumentedType(type="urn:x:y", name="X", title="X", status=409, schema=document)

        assert f"  readonly value?: {kind};\n" in export(Vocabulary(types=(documented,)), "typescript")

    def test_definitions_need_not_be_objects(self):
        """
        A definition without members is a type, not an interface.
        """
        document = {
            "type": "object",
            "properties": {"value": {"$ref": "#/$defs/Colour"}},
            "$defs": {"Colour": {"enum": ["red", "blue"]}},
        }
        documented = DocumentedType(type="urn:x:y", name="X", title="X", status=409, schema=document)

        assert 'export type Colour = "red" | "blue";\n' in export(Vocabulary(types=(documented,)), "typescript")


HOSTILE = range(60)
"""The seeds of random exports with hostile texts."""


def hostile(seed):
    """Return the module of a random export."""
    return export(Vocabulary.model_validate(json.loads(json.dumps(Documents(seed).export()))), "typescript")


class TestNames:
    @pytest.mark.parametrize("name", ["Record", "delete", "Problem", "string", "1st", "a b", "", "__proto__", "größe"])
    def test_a_name_is_free(self, name):
        """
        What is declared is an identifier, and neither a word of the language nor a type that the module uses.
        """
        document = {"properties": {"it": {"$ref": f"#/$defs/{name}"}}, "$defs": {name: {"properties": {"a": {}}}}}
        documented = DocumentedType(type="urn:x:y", name="X", title="X", status=409, schema=document)
        script = export(Vocabulary(types=(documented,)), "typescript")
        (declared,) = set(re.findall(r"^export interface (\S+)", script, re.MULTILINE)) - {"X", "ProblemDetails"}

        assert re.fullmatch(r"[A-Za-z_$][\w$]*", declared, re.ASCII)
        assert declared != name
        assert f"  readonly it?: {declared};\n" in script

    def test_equal_definitions_with_different_parts_are_two(self):
        """
        A definition is the same only if those that it refers to are.
        """

        def documented(uri, part):
            reference = {"type": "object", "properties": {"part": {"$ref": "#/$defs/Part"}}}
            document = {"properties": {"it": {"$ref": "#/$defs/It"}}, "$defs": {"It": reference, "Part": part}}
            return DocumentedType(type=uri, name="X", title="X", status=409, schema=document)

        types = (documented("urn:x:1", {"type": "string"}), documented("urn:x:2", {"type": "integer"}))
        script = export(Vocabulary(types=types), "typescript")

        assert ["It", "It_"] == re.findall(r"^export interface (It_?) ", script, re.MULTILINE)

    @pytest.mark.parametrize(
        "schema",
        [
            pytest.param({"$ref": "#/$defs/It"}, id="itself"),
            pytest.param({"anyOf": [{"type": "null"}, {"allOf": [{"$ref": "#/$defs/It"}]}]}, id="an alternative"),
        ],
    )
    def test_a_circular_definition(self, schema):
        """
        A type that consists of itself only is unknown.
        """
        document = {"properties": {"it": {"$ref": "#/$defs/It"}}, "$defs": {"It": schema}}
        documented = DocumentedType(type="urn:x:y", name="X", title="X", status=409, schema=document)

        assert "export type It = unknown;\n" in export(Vocabulary(types=(documented,)), "typescript")

    @pytest.mark.parametrize("text", ["*/ boom() /*", "*\u2028/ boom()", '"; boom(); "', "\\", "\ud83d", "\u202e"])
    def test_a_text_stays_a_text(self, text):
        """
        No text ends a string or a comment, and no character hides.
        """
        document = {"properties": {text: {"const": text, "description": text}}}
        documented = DocumentedType(type="urn:x:y", name="X", title=text, status=409, schema=document)
        script = export(Vocabulary(types=(documented,)), "typescript")
        code = re.sub(r'"(?:[^"\\\n]|\\.)*"|/\*.*?\*/|//[^\n]*', "", script, flags=re.DOTALL)

        assert "boom" not in code
        assert script.encode("utf-8")
        assert "\u2028" not in script
        assert "\u202e" not in script


USE = """
import { isProblem, problemTypes, type Problem } from "./problems";

export function described(problem: Problem): string {
  switch (problem.type) {
    case problemTypes.ItemNotFound:
      return `no item ${problem.item_id.toFixed()}`;
    case "https://shop.example/problems/out-of-stock":
      return `only ${problem.available + 1}: ${problem.lines.map((line) => line.sku).join()}`;
    case problemTypes.ValidationProblem:
      return problem.errors.map((error) => error.pointer ?? error.in ?? "").join();
    default: {
      const nothing: never = problem;
      return nothing;
    }
  }
}

const body: unknown = JSON.parse('{"type": "https://shop.example/problems/out-of-stock", "available": 2, "lines": []}');
if (isProblem(body, problemTypes.OutOfStock)) console.log(body.available.toFixed(1));
if (isProblem(body)) console.log(described(body));
console.log(isProblem(body, problemTypes.ItemNotFound), isProblem({ type: "about:blank" }), isProblem(null));
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the module, and a module that uses it."""
    folder = tmp_path_factory.mktemp("typescript")
    (folder / "problems.ts").write_text(SCRIPT)
    (folder / "use.ts").write_text(USE)
    return folder


@pytest.mark.needs_node
@pytest.mark.skipif(not (NODE / "typescript").exists(), reason="needs npm install --prefix tests/node")
class TestCompiler:
    def compile(self, folder, *files):
        """Compile *files* as strictly as can be."""
        options = ["--strict", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes", "--target", "es2022"]
        options += ["--module", "commonjs", "--lib", "es2022,dom"]
        command = [shutil.which("node"), NODE / "typescript" / "bin" / "tsc", *options, *files]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - our own

    def test_a_program_narrows_by_type(self, folder):
        """
        The union is closed: a switch over `type` that forgets nothing compiles, and runs.
        """
        assert "" == self.compile(folder, "use.ts").stdout

        run = [shutil.which("node"), "use.js"]
        done = subprocess.run(run, cwd=folder, capture_output=True, text=True, check=True)  # noqa: S603 - our own
        assert ["2.0", "only 3: ", "false false false"] == done.stdout.splitlines()

    def test_a_forgotten_type_is_found(self, folder):
        """
        A type that a client does not handle is an error of the compiler.
        """
        case = re.compile(r"    case problemTypes\.ValidationProblem:\n.*\n")
        (folder / "forgets.ts").write_text(case.sub("", USE))

        assert "Type 'ValidationProblem' is not assignable to type 'never'" in self.compile(folder, "forgets.ts").stdout

    def test_hostile_exports_compile(self, tmp_path):
        """
        Whatever texts and schemas an export has, its module is accepted by the compiler.
        """
        for seed in HOSTILE:
            (tmp_path / f"m{seed}.ts").write_text(hostile(seed), "utf-8")

        assert "" == self.compile(tmp_path, "--noEmit", *(f"m{seed}.ts" for seed in HOSTILE)).stdout


class TestSharing:
    def test_another_process_uses_the_export(self, tmp_path):
        """
        A program without the classes knows the vocabulary from its export.
        """
        (tmp_path / "shop.json").write_text(export(VOCABULARY, "json"))
        program = """
import json
from problems.documenting.vocabulary import Vocabulary
types = Vocabulary.model_validate_json(open("shop.json").read()).types
print([(it.status, sorted(it.required)) for it in types if it.members][0])
"""
        run = [sys.executable, "-c", program]
        done = subprocess.run(  # noqa: S603 - our own
            run, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True
        )

        assert "(404, ['item_id'])\n" == done.stdout

    def test_every_format_has_a_function(self):
        """
        The formats of the command are the formats of the library.
        """
        assert {"json", "typescript", "markdown"} == set(FORMATS)
