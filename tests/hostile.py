"""Random OpenAPI documents and exports with hostile text in every place for text."""

import random
from typing import Final

__all__ = ["Documents"]

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
