"""Facts that a search can find have one owner: a second copy would drift from the first."""

import re
from pathlib import Path

import pytest

import problems

PACKAGE = Path(problems.__file__).parent
SOURCES = {str(path.relative_to(PACKAGE)): path.read_text("utf-8") for path in PACKAGE.rglob("*.py")}

FACTS = {
    "standard members": (r'"type",\s*"title",\s*"status",\s*"detail",\s*"instance"[\])}]', "_wire/details.py"),
    "digit limit": (r"\b4_?300\b", "_wire/json.py"),
    "fallback document": (r'"title":"Internal Server Error"', "_wire/json.py"),
    "definition attribute": (r'ATTRIBUTE: Final = "_problem"', "declaring/_definition.py"),
    "guard of a JSON object": (r"def _?is_object\(value: object\)", "_wire/json.py"),
    "reference on a base": (r"\bbase \+ (reference|uri|alias)\b", "_wire/uris.py"),
    "facts of a request without a request": (r'"effective_route_context":', "declaring/_applications.py"),
    "type URIs that clients do not recognise": (r'return "relative"', "registry.py"),
    "short way of a received problem": (r"\b_direct\[", "registry.py"),
    "description of a problem class": (r"\b(example_document|headers_of)\(cls\b(?!:)", "openapi/_description.py"),
    "text of a class without a docstring": (r"\{problem_type\.title\} \(\{", "declaring/_model.py"),
    "title instead of a description": (r"\b(self|documented)\.description or\b", "documenting/vocabulary.py"),
    "JSON Schema of a model that is sent": (r"\bmodels_json_schema\(", "openapi/_description.py"),
    "problem type that a module declares": (r"issubclass\(value, Problem\)\s+and value\.__module__", "registry.py"),
    "types that clients recognise": (r"\bregistry\.get\(facts\.uri\) is None", "registry.py"),
    "kinds of JSON values": (r'list: "an array"', "_wire/json.py"),
    "path from the working directory": (r"(?m)^    return .*relative_to\(Path\.cwd", "_wire/text.py"),
    "parameters of a dependency": (r"\.query_params, \w+\.header_params", "fastapi/_declared.py"),
    "attribute of an application": (r'"problems_installed"', "declaring/_applications.py"),
    "routes below a route": (r'"routes", None\)|\broute\.routes\b', "declaring/_applications.py"),
    "methods of a route": (r'"methods", None\)', "declaring/_applications.py"),
    "content of a received problem": (r'"problem_received"\] =', "registry.py"),
    "limits of JSON Schema by type": (r'"maximum", "exclusiveMinimum"', "openapi/_walk.py"),
    "guard of a JSON array": (r"def _?is_array\(value: object\)", "_wire/json.py"),
}


@pytest.mark.parametrize(("pattern", "owner"), [pytest.param(*fact, id=name) for name, fact in FACTS.items()])
def test_one_owner(pattern, owner):
    """
    A fact is written in one module.
    """
    assert [owner] == sorted(name for name, source in SOURCES.items() if re.search(pattern, source))


def test_one_maker_of_serializers():
    """
    Each serializer of pydantic is made with the guard for values that a schema does not constrain.
    """
    assert ["_wire/core_schemas.py"] == sorted(
        name for name, source in SOURCES.items() if "SchemaSerializer(" in source
    )
