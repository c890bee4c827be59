"""
Problem pages: an index, and one page for each problem type, in HTML, JSON Schema, JSON and Markdown.

Pure functions of a registry: knows paths and media types, not servers. Mounting the pages elsewhere does not change the
type URIs.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple
from urllib.parse import unquote

from problems._wire.media_types import HTML, JSON, MARKDOWN, SCHEMA_JSON
from problems._wire.negotiation import choose
from problems._wire.problem_type import ABOUT_BLANK
from problems.documenting.pages._html import POLICY, index_html, page_html
from problems.documenting.pages._links import SUFFIXES, Links
from problems.documenting.pages._text import index_markdown, page_markdown
from problems.documenting.vocabulary import DocumentedType, Vocabulary, types_of
from problems.openapi import Components
from problems.openapi._walk import SCHEMAS
from problems.registry import Registry

__all__ = ["OFFERS", "POLICY", "Pages", "Representation", "page_markdown"]

OFFERS: Final = (HTML, SCHEMA_JSON, JSON, MARKDOWN)
"""The representations of each page; a client without a preference gets the first (RFC 9457, section 4)."""

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_INDEX: Final = "index"
_UNSAFE: Final = re.compile(r"[^\w.~!$&'()*+,;=@ -]")


class Representation(NamedTuple):
    """
    One representation of a page.

    Attributes:
        media_type: Its media type.
        body: Its bytes.
        etag: Its entity tag, quotes included (RFC 9110, section 8.8.3).
        negotiated: Whether other clients may get another representation at the same address.
    """

    media_type: str
    body: bytes
    etag: str
    negotiated: bool


class Pages:
    """
    The problem pages of a registry.

    >>> from problems import NotFound
    >>> class ItemNotFound(NotFound, type="item-not-found", title="Item not found"):
    ...     item_id: int
    >>> pages = Pages(Registry(ItemNotFound, base="https://shop.example/problems/"))
    >>> list(pages.paths)
    ['item-not-found', 'validation-problem']
    >>> pages.find("item-not-found", accept="text/markdown").body.decode().splitlines()[0]
    '# Item not found'

    Args:
        registry: The problem types.
        heading: The title of the index.
        operations: The operations that can respond with each type, such as `GET /items`, by type URI.
    """

    def __init__(
        self,
        registry: Registry,
        *,
        heading: str = "Problem types",
        operations: Mapping[str, Sequence[str]] = MappingProxyType({}),
    ) -> None:
        self._registry, self._heading, self._operations = registry, heading, operations
        self._render = lru_cache(maxsize=None)(self._rendered)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The vocabulary that the pages document."""
        return Vocabulary.of(self._registry)

    @cached_property
    def paths(self) -> Mapping[str, DocumentedType]:
        """
        The problem types by the paths of their pages below the index.

        A path is the part of the type URI after the base, or else the end of the type URI. `about:blank` types have
        no page.
        """
        pages: dict[str, DocumentedType] = {}
        for documented in self.vocabulary.types:
            if documented.type != ABOUT_BLANK:
                path = _path(documented)
                taken = [number for number in range(2, len(pages) + 3) if f"{path}-{number}" not in pages]
                pages[path if path not in pages else f"{path}-{taken[0]}"] = documented
        return pages

    def find(self, path: str, *, query: str = "", accept: str = "") -> Representation | None:
        """
        Return the page at *path* below the index as *accept* prefers, or `None` for an unknown path.

        Args:
            path: The decoded path; empty for the index.
            query: The query of the address, because some type URIs differ only in their query.
            accept: The value of the `Accept` header field.
        """
        for suffix, media_type in SUFFIXES.items():
            stem = path.removesuffix(suffix)
            if stem != path and stem in (*self.paths, _INDEX):
                return self._render("" if stem == _INDEX and stem not in self.paths else stem, media_type, False)
        if not path and query:
            path = next(
                (name for name, documented in self.paths.items() if documented.type.endswith(f"?{query}")), path
            )
        if path and path not in self.paths:
            return None
        return self._render(path, choose(accept, OFFERS), True)

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Yield the pages as files of a static site, each as path and content."""
        for path in ("", *self.paths):
            folder = f"{path}/" if path else ""
            yield f"{folder}index.html", self._text(path, HTML, static=True).encode()
            for suffix, media_type in SUFFIXES.items():
                yield f"{path or _INDEX}{suffix}", self._text(path, media_type, static=True).encode()

    def _rendered(self, path: str, media_type: str, negotiated: bool) -> Representation:  # noqa: FBT001 - a cache key
        body = self._text(path, media_type, static=False).encode()
        digest = hashlib.sha256(body).hexdigest()[:32]
        return Representation(media_type, body, f'"{digest}"', negotiated)

    def _text(self, path: str, media_type: str, *, static: bool) -> str:
        links = Links(path, static)
        documented = self.paths[path] if path else None
        operations = self._operations.get(documented.type, ()) if documented else ()
        if media_type == HTML:
            heading = self._heading
            return page_html(documented, links, heading, operations) if documented else self._index_html(links)
        if media_type == MARKDOWN:
            return page_markdown(documented, operations=operations) if documented else self._index_markdown(links)
        if media_type == SCHEMA_JSON:
            schema = {"$schema": _DIALECT, **(documented.document if documented else self._union())}
            return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        return documented.to_json() if documented else self.vocabulary.to_json()

    def _index_html(self, links: Links) -> str:
        return index_html(self._rows(), links, self._heading)

    def _index_markdown(self, links: Links) -> str:
        return index_markdown(self._rows(), links, self._heading)

    def _rows(self) -> Iterator[tuple[DocumentedType, str | None]]:
        paths = {documented.type: path for path, documented in self.paths.items()}
        for documented in self.vocabulary.types:
            yield documented, paths.get(documented.type)

    def _union(self) -> dict[str, object]:
        """Return the schema for documents of any type in the registry."""
        components = Components.of(self._registry, types_of(self._registry))
        return {
            "title": self._heading,
            "anyOf": [{"$ref": f"#/$defs/{name}"} for name in components.names.values()],
            "$defs": json.loads(json.dumps(components.schemas).replace(f'"{SCHEMAS}', '"#/$defs/')),
        }


def _path(documented: DocumentedType) -> str:
    reference = documented.reference or re.split(r"[/#?:=]", documented.type.rstrip("/#?:="))[-1]
    parts = [_UNSAFE.sub("-", part) for part in unquote(reference).split("/")]
    # A file name must not leave its folder.
    return "/".join(part for part in parts if part.strip(".")) or documented.name
