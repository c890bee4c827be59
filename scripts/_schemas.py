"""
Writes the JSON Schemas of everything that leaves the program into schemas/; `--check` only says which are stale.

The schemas come from the pydantic models, with an identifier and without what pydantic makes up.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from problems import ProblemDetails, ValidationProblem
from problems.documenting.vocabulary import Vocabulary
from problems.openapi._docstrings import sections_of
from problems.tools.diff import Report
from problems.tools.lint import Findings

__all__ = ["FOLDER", "files"]

Json = dict[str, Any]

FOLDER: Final = Path(__file__).parents[1] / "schemas"
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_IDENTIFIER: Final = "urn:typed-problems:schema:"


class _Plain(GenerateJsonSchema):
    """JSON Schema without a title for each member: it would only repeat the name."""

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 - it is never needed
        return False


def files() -> Mapping[str, str]:
    """Return the text of each file by its name."""
    return {f"{name}.json": _text(name, schema) for name, schema in _schemas()}


def _schemas() -> Iterator[tuple[str, Json]]:
    details = ProblemDetails.model_json_schema(mode="serialization")
    yield "problem-details", details | {"description": "A problem details object (RFC 9457, section 3)."}
    yield "validation-problem", _validation_problem(details)
    yield "vocabulary", _of(Vocabulary, "What `problems export --format json` writes: the problem types of an API.")
    yield "lint-findings", _of(Findings, "What `problems lint` and `problems check` write with `--format json`.")
    yield "diff-report", _of(Report, "What `problems diff --format json` writes.")


def _of(model: type[BaseModel], description: str) -> Json:
    schema = model.model_json_schema(mode="serialization", schema_generator=_Plain)
    for part in (schema, *schema.get("$defs", {}).values()):
        part["description"], members = sections_of(part.get("description"))
        for name, text in members.items():
            part["properties"].get(name, part["properties"].get("schema", {})).setdefault("description", text)
    return schema | {"description": description}


def _validation_problem(details: Json) -> Json:
    """Return the schema of validation problems, whatever their type URI: that is the registry's to say."""
    schema = ValidationProblem.problem_model.model_json_schema(mode="serialization")
    standard = {name: shape for name, shape in details["properties"].items() if name != "status"}
    schema["properties"] |= standard | {"status": {"const": 422, "type": "integer"}}
    schema["description"] = "A request that is not valid: every value that was rejected, and why."
    return schema


def _text(name: str, schema: Json) -> str:
    head = {"$schema": _DIALECT, "$id": _IDENTIFIER + name}
    return json.dumps(head | schema, indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    """Write what is stale, or only name it; return the exit status."""
    wanted = files()
    stale = [name for name, text in wanted.items() if _read(FOLDER / name) != text]
    extra = [path for path in FOLDER.glob("*.json") if path.name not in wanted]
    for line in (*stale, *(f"{path.name} (no schema any more)" for path in extra)):
        print(line)
    if "--check" in sys.argv[1:]:
        return 1 if stale or extra else 0
    for name in stale:
        (FOLDER / name).write_text(wanted[name], encoding="utf-8")
    for path in extra:
        path.unlink()
    return 0


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
