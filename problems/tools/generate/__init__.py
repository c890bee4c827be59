"""
A Python module with the problem types of a foreign API, for its clients.

From an export or an OpenAPI document to source text. Does not import or evaluate any part of a document, or open files.
"""

from collections.abc import Callable
from typing import Any, Final

from problems._wire.problem_type import ABOUT_BLANK
from problems._wire.uris import is_absolute, quote_reference, resolve
from problems.documenting.vocabulary import DocumentedType, Vocabulary
from problems.tools.generate._classes import Source, module
from problems.tools.generate._documents import Document
from problems.tools.generate._facts import NO_SERVER, is_status
from problems.tools.generate._kinds import Model
from problems.tools.generate._openapi import sources
from problems.tools.generate._schemas import Schemas, merged
from problems.tools.generate._uses import STANDARD

__all__ = ["generate", "generate_from_openapi"]

_UNKNOWN: Final = 500


def generate(vocabulary: Vocabulary) -> str:
    """
    Return the source of a module with a class for each problem type of an export, and their registry.

    Types that are `about:blank` need no new class: the class of their status is in `problems.catalog`.
    """
    models: dict[int, Model] = {}
    results = [_source(cls, models) for cls in vocabulary.types if cls.type != ABOUT_BLANK]
    return module(results, models)


def _source(documented: DocumentedType, models: dict[int, Model]) -> Source:
    """Return one type of an export; an invalid type URI or status is replaced."""
    document = Document(documented.document)
    schemas = Schemas(document, models)
    schema = merged(document, document.root)
    written = quote_reference(documented.type) or "unnamed"
    uri = written if is_absolute(written) else resolve(NO_SERVER, written)
    is_known = is_status(documented.status)
    return Source(
        name=documented.name,
        type=uri,
        title=documented.title,
        status=documented.status if is_known else _UNKNOWN,
        hundreds=None if is_known else 0,
        schema_name=documented.name,
        description=documented.about,
        aliases=tuple(alias for alias in (*documented.aliases, documented.type) if alias != uri),
        headers=documented.headers,
        members=schemas.members(schema, STANDARD),
        notes=tuple(dict.fromkeys([*schemas.notes, *document.notes()])),
    )


def generate_from_openapi(document: dict[str, Any], *, read: Callable[[str], object] | None = None) -> str:
    """
    Return the source of a module with a class for each problem type of an OpenAPI or Swagger 2 document.

    Facts that the document does not state are inferred from constants, examples and names; the docstrings of the module
    and the classes list facts that could not be inferred. The result can be imported, whatever the document contains.

    >>> example = {"type": "https://api.example/problems/sold", "title": "Sold", "status": 409}
    >>> response = {"description": "Sold.", "content": {"application/problem+json": {"example": example}}}
    >>> source = generate_from_openapi({"paths": {"/": {"post": {"responses": {"409": response}}}}})
    >>> [line for line in source.splitlines() if line.startswith("class")]
    ["class Sold(catalog.Conflict, type='https://api.example/problems/sold', title='Sold'):"]

    Args:
        document: The document, as a reader of JSON or YAML returns it.
        read: Returns the content of a file that the document refers to, given its path relative to the document; it
            raises a `ProblemsError` with a sentence for a file that cannot be read. Without it no file is read.
    """
    whole = Document(document, read)
    models: dict[int, Model] = {}
    result = sources(whole, Schemas(whole, models))
    return module(result.sources, models, dict.fromkeys(result.notes), result.dialect, result.base)
