"""
What an argument of the command names: a registry or an application in Python, or a file that was exported.

Every mistake is a `TargetError`.
"""

import json
import sys
from pathlib import Path

from pydantic import JsonValue, ValidationError

from problems.cli._yaml import read_yaml
from problems.documenting.vocabulary import Vocabulary
from problems.tools._targets import TargetError, load_registry
from problems.tools.diff import vocabulary_in

__all__ = ["openapi_in", "read_json", "vocabulary_of"]

_HELP = "It has to be an export of `problems export --format json`, or an OpenAPI document, as JSON."
_OPENAPI = frozenset({"openapi", "swagger"})
_YAML = (".yaml", ".yml")


def vocabulary_of(source: str) -> Vocabulary:
    """
    Return the vocabulary that *source* names: `module:attribute`, the path of a JSON file, or `-` for standard input.

    Raises:
        TargetError: There is none.
    """
    if _is_file(source):
        return _vocabulary_in(read_json(source), source)
    return Vocabulary.of(load_registry(source))


def openapi_in(source: str) -> tuple[dict[str, JsonValue] | None, Vocabulary | None]:
    """
    Return the OpenAPI or Swagger document that *source* names, or else the vocabulary.

    Raises:
        TargetError: There is neither.
    """
    if not _is_file(source):
        return None, Vocabulary.of(load_registry(source))
    document = read_json(source)
    if isinstance(document, dict) and not _OPENAPI.isdisjoint(document):
        return document, None
    return None, _vocabulary_in(document, source)


def _is_file(source: str) -> bool:
    is_named_so = source.endswith((".json", *_YAML))
    return source == "-" or is_named_so or (Path(source).is_file() and not source.endswith(".py"))


def _vocabulary_in(document: JsonValue, source: str) -> Vocabulary:
    if not isinstance(document, dict):
        raise TargetError(f"{source!r} holds no JSON object. {_HELP}")
    try:
        return vocabulary_in(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise TargetError(f"{source!r} holds no vocabulary: {where}: {first['msg']}. {_HELP}") from None


def read_json(source: str) -> JsonValue:
    """
    Return the JSON in a file, or in standard input for `-`; of a file that is called so, the YAML.

    Raises:
        TargetError: The file cannot be read, or holds no JSON.
    """
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
        document: JsonValue = read_yaml(text, source) if source.endswith(_YAML) else json.loads(text)
    except OSError as error:
        raise TargetError(f"{source!r} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise TargetError(f"{source!r} holds no JSON: {error}. {_HELP}") from None
    return document
