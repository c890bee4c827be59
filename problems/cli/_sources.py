"""
Readers for the command's arguments: a registry or an application in Python, or a JSON or YAML file.

Every usage error is a `TargetError`.
"""

import json
import sys
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from pydantic import JsonValue, ValidationError

from problems.cli._yaml import read_yaml
from problems.documenting.vocabulary import Vocabulary
from problems.tools._targets import TargetError, load_registry
from problems.tools.diff import vocabulary_in
from problems.tools.lint import place_of

__all__ = ["Places", "files_beside", "openapi_in", "read_json", "vocabulary_of"]

_HELP = "It must be an export of `problems export --format json`, or an OpenAPI document, as JSON."
_OPENAPI = frozenset({"openapi", "swagger"})
_YAML = (".yaml", ".yml")


def vocabulary_of(source: str) -> Vocabulary:
    """
    Return the vocabulary in *source*: `module:attribute`, the path of a JSON file, or `-` for standard input.

    Raises:
        TargetError: *source* contains no vocabulary.
    """
    if _is_file(source):
        return _vocabulary_in(read_json(source), source)
    return Vocabulary.of(load_registry(source))


def openapi_in(source: str) -> tuple[dict[str, JsonValue] | None, Vocabulary | None]:
    """
    Return the OpenAPI or Swagger document in *source*, or otherwise the vocabulary.

    Raises:
        TargetError: *source* contains neither.
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
        raise TargetError(f"{source!r} does not contain a JSON object. {_HELP}")
    try:
        return vocabulary_in(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise TargetError(f"{source!r} does not contain a vocabulary: {where}: {first['msg']}. {_HELP}") from None


def read_json(source: str, *, called: str = "") -> JsonValue:
    """
    Return the value in a JSON or YAML file, or in standard input for `-`.

    Args:
        source: The path of the file.
        called: The name of the file in messages, if not its path.

    Raises:
        TargetError: The file cannot be read, or does not contain JSON or YAML.
    """
    name = called or source
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8-sig")
        document: JsonValue = read_yaml(text, name) if source.endswith(_YAML) else json.loads(text)
    except OSError as error:
        raise TargetError(f"{name!r} cannot be read: {error.strerror}.") from None
    except RecursionError:
        raise TargetError(f"{name!r} is nested too deeply. Remove levels of nesting from it.") from None
    except ValueError as error:
        raise TargetError(f"{name!r} is not valid JSON: {error}. {_HELP}") from None
    return document


def files_beside(source: str) -> Callable[[str], JsonValue] | None:
    """
    Return a reader for the files that the document *source* refers to, or `None` for standard input.

    The reader takes paths relative to the document. It only reads files below the document's folder, even through
    symbolic links.
    """
    if source == "-":
        return None
    folder = Path(source).parent.resolve()

    def read(path: str) -> JsonValue:
        try:
            file = (folder / path).resolve()
        except (OSError, ValueError, RuntimeError):
            raise TargetError(f"{path!r} is not read: this is not the path of a file.") from None
        if not file.is_relative_to(folder):
            raise TargetError(f"{path!r} is not read: it is not below the folder of the document.")
        if not file.is_file():
            raise TargetError(f"{path!r} is not read: the document's folder does not contain this file.")
        return read_json(str(file), called=path)

    return read


class Places:
    """Finds the problem types of one source in its file."""

    def __init__(self, source: str) -> None:
        self._source = source

    @cached_property
    def _lines(self) -> list[str] | None:
        """The lines of the file, or `None` if the source is not a file."""
        try:
            return Path(self._source).read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError):
            return None

    def of(self, uri: str) -> tuple[str | None, int | None]:
        """Return the file and the line of a type, or `None` for both if the source does not contain it."""
        if self._source == "-":
            return None, None
        if self._lines is None:
            cls = load_registry(self._source).get(uri)
            return (None, None) if cls is None else place_of(cls)
        # In quotes first: a type URI may be the start of another.
        for text in (json.dumps(uri), json.dumps(uri, ensure_ascii=False), uri):
            for number, line in enumerate(self._lines, start=1):
                if text in line:
                    return self._source, number
        return None, None
