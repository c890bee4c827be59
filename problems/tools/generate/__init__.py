"""
A vocabulary as a Python module: the classes of an API that somebody else wrote, for its clients.

From JSON Schema or OpenAPI to source text; nothing is imported or evaluated. Pure.
"""

from typing import Any

from problems._wire.problem_type import ABOUT_BLANK
from problems.documenting.vocabulary import Vocabulary
from problems.tools.generate._classes import Source, module
from problems.tools.generate._documents import plain
from problems.tools.generate._openapi import sources

__all__ = ["generate", "generate_from_openapi"]


def generate(vocabulary: Vocabulary) -> str:
    """
    Return the source of a module with a class for each problem type, and their registry.

    What is `about:blank` needs no class of its own: that of its status is in `problems.catalog`.
    """
    return module(Source(it) for it in vocabulary.types if it.type != ABOUT_BLANK)


def generate_from_openapi(document: dict[str, Any]) -> str:
    """
    Return the same from an OpenAPI (3.0 or later) or Swagger 2 document, whoever wrote it.

    What the document does not tell is inferred, from constants, examples and names; what could not be is said in
    comments. References out of the document are not followed. Whatever a document holds, there is a module.

    >>> example = {"type": "https://api.example/problems/sold", "title": "Sold", "status": 409}
    >>> response = {"description": "Sold.", "content": {"application/problem+json": {"example": example}}}
    >>> source = generate_from_openapi({"paths": {"/": {"post": {"responses": {"409": response}}}}})
    >>> [line for line in source.splitlines() if line.startswith("class")]
    ['class Sold(']
    """
    whole = plain(document)
    return module(*sources(whole if isinstance(whole, dict) else {}))
