"""
How servers differ from RFC 9457, and what to make of it, for those who ask for it.

Two things: documents that need a hint to be read as problem details, and the many shapes in which servers list
what they rejected. Pure functions on JSON; knows neither exceptions nor responses.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeGuard

from problems._wire.details import ProblemDetails
from problems._wire.invalid_params import InvalidParam, ParameterLocation
from problems._wire.invalid_params._pointers import fragment
from problems._wire.media_types import essence
from problems._wire.reading import LIMIT, Document, is_problem_type, read_document, read_json
from problems.errors import SetupError

__all__ = ["Dialect", "errors_of"]

_LISTS: Final = (
    "errors",  # RFC 9457 itself, ASP.NET, Huma, SmartBear, Akamai
    "violations",  # Zalando, Symfony, Micronaut, Quarkus
    "issues",  # Belgif
    "invalid-params",  # RFC 7807
    "invalidParams",
    "invalid_params",
    "validationErrors",
    "fieldErrors",
    "subproblems",  # ACME (RFC 8555, section 6.7.1)
)
_TEXTS: Final = ("detail", "message", "reason", "msg", "description", "title")
_CODES: Final = ("code", "errorCode", "issueType", "tag", "type", "key")
_PATHS: Final = (
    "propertyPath",
    "path",
    "field",
    "name",
    "property",
    "fieldName",
    "invalidField",
    "requestField",
    "target",
)
_INPUTS: Final = ("input", "value", "invalidValue", "rejectedValue")
_PLACES: Final[Mapping[str, ParameterLocation]] = {
    "query": "query",
    "path": "path",
    "header": "header",
    "cookie": "cookie",
}
_WITHOUT_CODE: Final = "invalid"
_SEGMENT: Final = r"[^.\[\]]+"
_ROOTS: Final = frozenset({"", "$", "(root)", "body"})
_LIMIT: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """
    What is read as problem details besides what RFC 9457 says.

    >>> dialect = Dialect(media_types=("application/json",), nested=("extensions",))
    >>> content = b'{"title": "Sold", "status": 409, "extensions": {"item_id": 7}}'
    >>> dialect.read(content, "application/json; charset=utf-8")
    ({'item_id': 7, 'title': 'Sold', 'status': 409}, None)

    Attributes:
        media_types: Further media types whose JSON objects are taken for problem documents if they
            have a text as `type` or `title`.
        nested: Members whose own members are lifted to where RFC 9457, section 3.2, has them; what is there
            already stays.
        limit: The most bytes of a body that are read.

    Raises:
        SetupError: *media_types* or *nested* is one text, not several.
    """

    media_types: tuple[str, ...] = ()
    nested: tuple[str, ...] = ()
    limit: int = LIMIT

    def __post_init__(self) -> None:
        """Refuse a bare text, of which every part would be taken for one of several."""
        for name in ("media_types", "nested"):
            given: object = getattr(self, name)
            if isinstance(given, str):
                raise SetupError(f"`{name}={given!r}` is one text. Write `{name}=({given!r},)`.")
        # Media types are case-insensitive (RFC 9110, section 8.3.1), and have their parameters besides.
        object.__setattr__(self, "media_types", tuple(essence(it) for it in self.media_types))

    def reads(self, content_type: str | None) -> bool:
        """Return whether a body of this media type may be a problem document."""
        return is_problem_type(content_type) or essence(content_type) in self.media_types

    def read(self, content: bytes, content_type: str | None) -> tuple[Document | None, str | None]:
        """Return the problem document in *content* and None, or None and why there is none."""
        if is_problem_type(content_type) or essence(content_type) not in self.media_types:
            document, reason = read_document(content, content_type, limit=self.limit)
            return (document, reason) if document is None else (self._lifted(document), reason)
        # The limit and the empty body are those of a problem document; the encoding is that of the response.
        document, reason = read_document(content, content_type, limit=self.limit, read=read_json)
        if document is None:
            return None, reason
        lifted = self._lifted(document)
        if isinstance(lifted.get("type"), str) or isinstance(lifted.get("title"), str):
            return lifted, None
        return None, "The body is a JSON object without `type` and `title`, not a problem document."

    def _lifted(self, document: Document) -> Document:
        for name in self.nested:
            inner = document.get(name)
            if isinstance(inner, dict):
                document = inner | {other: value for other, value in document.items() if other != name}
        return document


def errors_of(document: ProblemDetails | Mapping[str, object]) -> list[InvalidParam]:
    """
    Return what a server says it rejected, whichever way it says so.

    >>> told = {"errors": {"items[0].price": ["Must be positive."]}}
    >>> errors_of(told)[0].pointer
    '#/items/0/price'
    >>> errors_of({"violations": [{"propertyPath": "name", "message": "Too short."}]})[0].detail
    'Too short.'
    >>> errors_of({"detail": [{"loc": ["query", "page"], "msg": "Field required", "type": "missing"}]})[0].parameter
    'page'

    Args:
        document: The details of a received problem, or a JSON object such as FastAPI's own 422.

    Returns:
        One entry for each rejected value, at most a thousand; none if the document lists nothing.
    """
    members: Mapping[str, object] = document.extensions if isinstance(document, ProblemDetails) else document
    lists = [members.get(name) for name in (*_LISTS, "detail")]
    found = (_invalid_param(item, path) for value in lists for item, path in _items(value))
    return [param for param, _ in zip(found, range(_LIMIT), strict=False)]


def _items(value: object) -> Iterator[tuple[Mapping[str, object], str | None]]:
    """Yield each entry of a list as an object, with the path that it is filed under, if any."""
    if _is_object(value):
        for path, entries in value.items():
            for entry in entries if _is_array(entries) else (entries,):
                yield _as_object(entry), path
    elif _is_array(value):
        for entry in value:
            yield from _flat(_as_object(entry))


def _flat(entry: Mapping[str, object]) -> Iterator[tuple[Mapping[str, object], None]]:
    """Yield an entry, or one for each of the inputs or details that it groups."""
    for name in ("inputs", "details"):
        inner = entry.get(name)
        if _is_array(inner) and inner:
            outer = {other: value for other, value in entry.items() if other != name}
            yield from (({**outer, **_as_object(part)}, None) for part in inner)
            return
    yield entry, None


def _as_object(entry: object) -> Mapping[str, object]:
    return entry if _is_object(entry) else {"detail": str(entry)}


def _invalid_param(entry: Mapping[str, object], path: str | None) -> InvalidParam:
    location, where = _place(entry, path)
    is_parameter = location is not None or (where is not None and "parameter" in entry)
    identifier = entry.get("identifier")
    return InvalidParam.model_construct(
        detail=_first(entry, _TEXTS) or "",
        code=_first(entry, _CODES) or _WITHOUT_CODE,
        pointer=None if is_parameter or where is None else _pointer(where),
        parameter=where if is_parameter else None,
        location=location,
        context={"identifier": identifier} if identifier is not None else None,
        input=next((entry[name] for name in _INPUTS if name in entry), None),
    )


def _place(entry: Mapping[str, object], path: str | None) -> tuple[ParameterLocation | None, str | None]:
    """Return where the parameter is, if it is known to be one, and the name of it or the path in the body."""
    for name in ("header", "parameter", "pointer"):
        where = entry.get(name)
        if isinstance(where, str):
            return _PLACES.get(name if name == "header" else str(entry.get("in"))), where
    loc = entry.get("loc")
    if _is_array(loc):
        return _of_pydantic(loc)
    at = path if path is not None else _first(entry, _PATHS)
    said = entry.get("in")
    if isinstance(said, str):
        return _PLACES.get(said), at
    located = entry.get("location")
    if isinstance(located, str):  # Huma: "body.items[0].price"
        place, _, rest = located.partition(".")
        return (_PLACES.get(place), rest) if place in _PLACES or place == "body" else (None, located)
    return None, at


def _of_pydantic(loc: list[object]) -> tuple[ParameterLocation | None, str]:
    place = _PLACES.get(str(loc[0])) if loc else None
    return place, ".".join(map(str, loc[1:])) if place else fragment(loc[1:])


def _pointer(path: str) -> str:
    if path.startswith("#"):
        return path
    if path.startswith("/"):
        return f"#{path}"
    segments: list[str] = re.findall(_SEGMENT, path) if path not in _ROOTS else []
    return fragment([segment.strip("'\"") for segment in (segments[1:] if segments[:1] == ["$"] else segments)])


def _first(entry: Mapping[str, object], names: Iterable[str]) -> str | None:
    found = (entry.get(name) for name in names)
    return next((text for text in found if isinstance(text, str) and text), None)


def _is_object(value: object) -> TypeGuard[dict[str, object]]:
    return isinstance(value, dict)


def _is_array(value: object) -> TypeGuard[list[object]]:
    return isinstance(value, list)
