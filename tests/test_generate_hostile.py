"""
Random documents full of hostile text: what is generated is always a module, and never code of the document.

`PROBLEMS_DOCUMENTS=10000 pytest tests/test_generate_hostile.py` tries as many documents as that.
"""

import ast
import inspect
import json
import os
import random
import shutil
import subprocess
import sys
from types import ModuleType
from typing import Final

import pytest

from problems import Registry
from problems.documenting.vocabulary import Vocabulary
from problems.tools.generate import generate, generate_from_openapi

COUNT: Final = int(os.environ.get("PROBLEMS_DOCUMENTS", "150"))

MODULES: Final = {"__future__", "datetime", "uuid", "typing", "pydantic", "problems", "problems.catching"}
CALLS: Final = {"Field", "Registry", "ResponseHeader", "Dialect"}
TYPES: Final = {"bool", "dict", "float", "int", "list", "str", "tuple", "Annotated", "Any", "Literal", "BaseModel"}
MODULE_TYPES: Final = {"datetime.datetime", "datetime.date", "datetime.time", "datetime.timedelta", "uuid.UUID"}
ROOTS: Final = {"Problem", "ClientProblem", "ServerProblem"}
WORDS: Final = {"type", "title", "status", "any_status", "abstract", "aliases", "schema_name"}

TEXTS: Final = (
    *("sold", "Sold out", "item-id", "model_id", "problem_type", "class", "None", "1st", "", " ", "it's"),
    *('say "it"', "a\\", "C:\\new", "{x}", "${x}", "x'] | boom() | Literal['y", 'x"] | boom() | Literal["y'),
    *('x"""\nboom()\n"""', "x\nboom()", "x\rboom()", "'); boom(); ('", "x\u2028boom()", "\ud83d"),
    *("\u202eevil", "\0", "é", "größe", "ﬁeld", "__init__", "__class__", "Registry", "catalog", "BaseModel"),
    *("Any", "datetime", "self", "mro", "type", "title", "status", "detail", "instance", "errors", "code"),
    *("NotFound", "Conflict", "ValidationProblem", "registry", "dialect", "headers", "X-Quota"),
    *("Retry-After", "Content-Type", "Set-Cookie", "a b", "<script>", "# comment", "import os"),
    *("lambda: boom()", "\\N{BULLET}", "\x85", "\t", "Note:\n    boom", "Attributes:\n    a: boom"),
    *("x" * 300, "word " * 60, "%s", "a~1b", "a/b", "#", "?", "https://a.example/x", "urn:x:y"),
    *("//a.example", "http://[::1", "about:blank", "string", "object", "date-time", "uuid", "*/ boom() /*"),
    *("annotations", "list", "str", "problems", "Model"),
)
REFERENCES: Final = (
    *("#", "#/components/schemas/A", "#/components/schemas/B", "#/components/schemas/C"),
    *("#/components/responses/R", "#/nowhere", "other.json#/A", "../x.json", "https://a.example/x.json"),
    *("#anchor", "#/paths", "/etc/passwd", "urn:x:y", "C", "file:///etc/passwd", "\0"),
    *("#/components/schemas/A/properties/code",),
)
KEYS: Final = [
    "409",
    "404",
    "422",
    "429",
    "500",
    "200",
    "204",
    "302",
    "4XX",
    "5xx",
    "default",
    "999",
    "x-more",
    "",
    409,
]
MEDIA: Final = [
    "application/problem+json",
    "application/problem+xml",
    "application/json",
    "application/vnd.x+json",
    "*/*",
    "text/html",
]
NUMBERS: Final = [0, 1, -1, 409, 404, 2**70, 10**400, 1.5, -0.0, 1e400, float("nan"), True, False]


class Documents:
    """Makes random documents."""

    def __init__(self, seed):
        self.random = random.Random(seed)  # noqa: S311 - not a secret

    def one(self, *choices):
        return self.random.choice(choices)

    def text(self):
        made = self.random.choice(TEXTS)
        return made + self.random.choice(TEXTS) if self.random.random() < 0.15 else made

    def value(self, depth=0):
        kind = self.random.random()
        if depth < 3 and kind < 0.15:
            return [self.value(depth + 1) for _ in range(self.random.randrange(3))]
        if depth < 3 and kind < 0.3:
            return {self.text(): self.value(depth + 1) for _ in range(self.random.randrange(3))}
        return self.text() if kind < 0.75 else self.one(None, *NUMBERS)

    def maybe(self, members):
        return {name: make() for name, (chance, make) in members.items() if self.random.random() < chance}

    def schema(self, depth=0):
        if self.random.random() < 0.04:
            return self.value()
        if self.random.random() < 0.15:
            reference = {"$ref": self.one(*REFERENCES)}
            return {**reference, **self.maybe({"description": (0.3, self.text), "nullable": (0.2, lambda: True)})}
        inner = (lambda: self.schema(depth + 1)) if depth < 4 else self.value
        several = lambda: [inner() for _ in range(self.random.randrange(1, 4))]  # noqa: E731 - read in place
        return self.maybe(
            {
                "type": (
                    0.6,
                    lambda: self.one(
                        "string",
                        "integer",
                        "number",
                        "boolean",
                        "array",
                        "object",
                        "null",
                        ["string", "null"],
                        self.text(),
                    ),
                ),
                "format": (0.1, lambda: self.one("date-time", "date", "time", "duration", "uuid", self.text())),
                "const": (0.1, self.value),
                "enum": (0.12, lambda: [self.value(2) for _ in range(self.random.randrange(4))]),
                "default": (0.15, self.value),
                "description": (0.2, self.text),
                "title": (0.1, self.text),
                "example": (0.1, self.value),
                "examples": (0.1, lambda: [self.value()]),
                "nullable": (0.1, lambda: True),
                "items": (0.15, inner),
                "prefixItems": (0.05, several),
                "additionalProperties": (0.1, lambda: self.one(True, False, inner())),
                "properties": (0.3, lambda: {self.text(): inner() for _ in range(self.random.randrange(4))}),
                "required": (0.2, lambda: [self.text() for _ in range(2)]),
                "allOf": (0.07, several),
                "oneOf": (0.07, several),
                "anyOf": (0.07, several),
                "$id": (0.03, self.text),
                "$anchor": (0.03, lambda: "anchor"),
                "discriminator": (0.05, self.discriminator),
            }
        )

    def discriminator(self):
        mapping = {self.text(): self.one(*REFERENCES) for _ in range(self.random.randrange(3))}
        return {"propertyName": self.one("type", "code", self.text()), "mapping": mapping}

    def problem(self):
        schema = self.schema()
        schema = schema if isinstance(schema, dict) and "$ref" not in schema else {}
        properties = schema.get("properties")
        known = self.maybe(
            {
                "type": (
                    0.8,
                    lambda: self.one(
                        {"const": self.text()}, {"enum": [self.text(), self.text()]}, {"example": self.text()}, {}
                    ),
                ),
                "title": (0.7, lambda: self.one({"const": self.text()}, {"type": "string"})),
                "status": (0.6, lambda: self.one({"const": self.one(409, 404, *NUMBERS)}, {"type": "integer"})),
                "code": (0.4, lambda: self.one({"const": self.text()}, {"type": "string"})),
                "errors": (0.2, lambda: {"type": "array", "items": self.schema()}),
            }
        )
        return {**schema, "properties": {**(properties if isinstance(properties, dict) else {}), **known}}

    def response(self):
        if self.random.random() < 0.1:
            return {"$ref": self.one(*REFERENCES)}
        media = lambda: self.maybe(  # noqa: E731 - read in place
            {
                "schema": (0.9, lambda: self.one(self.problem(), self.problem(), self.schema())),
                "example": (
                    0.2,
                    lambda: {
                        "type": self.text(),
                        "title": self.text(),
                        "status": self.one(*NUMBERS),
                        self.text(): self.value(),
                    },
                ),
                "examples": (
                    0.2,
                    lambda: {
                        self.text(): self.one(
                            {"value": {"type": self.text()}}, {"serializedValue": self.text()}, self.value()
                        )
                    },
                ),
            }
        )
        return self.maybe(
            {
                "description": (0.8, self.text),
                "headers": (0.3, lambda: {self.text(): self.one({}, {"description": self.text(), "required": True})}),
                "content": (0.95, lambda: {self.one(*MEDIA[:3], *MEDIA): media() for _ in range(2)}),
                "schema": (0.05, self.problem),
            }
        )

    def item(self, depth=0):
        operation = {"responses": {self.one(*KEYS): self.response() for _ in range(2)}}
        if depth == 0 and self.random.random() < 0.1:
            operation["callbacks"] = {self.text(): {self.text(): self.item(1)}}
        methods = {self.one("get", "post", "query"): operation}
        return {"additionalOperations": {self.text(): operation}} if self.random.random() < 0.1 else methods

    def openapi(self):
        whole = {
            "paths": {f"/{self.text()}": self.item() for _ in range(2)},
            "components": {
                "schemas": {
                    **{name: self.one(self.problem(), self.schema()) for name in "ABC"},
                    self.text(): self.problem(),
                },
                "responses": {"R": self.response(), self.text(): self.response()},
            },
            **self.maybe(
                {
                    "webhooks": (0.1, lambda: {self.text(): self.item()}),
                    "servers": (0.3, lambda: [{"url": self.text()}]),
                }
            ),
        }
        whole.update({self.one("paths", "components", "webhooks"): self.value()} if self.random.random() < 0.03 else {})
        return {"openapi": "3.1.0", **whole}

    def export(self):
        definitions = {self.text(): self.schema(), "A": self.schema()}

        def schema():
            made = self.problem()
            made["properties"]["it"] = {"$ref": f"#/$defs/{self.one('A', *definitions)}"}
            return {**made, "$defs": definitions}

        return {
            "version": 1,
            "types": [
                {
                    "type": self.one("https://a.example/x", self.text()),
                    "name": self.text(),
                    "title": self.text(),
                    "status": self.one(409, 404, 422, 202, 0, 999, -1),
                    "description": self.text(),
                    "aliases": [self.text() for _ in range(self.random.randrange(3))],
                    "headers": [{"name": self.text(), "required": True, "description": self.text()}],
                    "schema": schema(),
                }
                for _ in range(2)
            ],
        }


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
    base = ast.unparse(node.bases[0])
    if len(node.bases) != 1 or not (base in ROOTS | {"BaseModel"} or base.startswith("catalog.")):
        yield f"base {base}"
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
