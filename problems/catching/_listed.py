"""
Readers for the rejected inputs in an error document, in the formats of common servers.

Pure functions on JSON. An entry that is not understood has no place rather than a wrong one, and never an empty text.
This is one thing, because every format can be nested in every other: trees, lists, entries and their places.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, NamedTuple, TypeGuard

from problems._wire.details import ProblemDetails
from problems._wire.invalid_params import InvalidParam, ParameterLocation
from problems._wire.invalid_params._pointers import fragment
from problems._wire.json import is_array
from problems.catching.dialects import Dialect

__all__ = ["errors_of"]

_LISTS: Final = (
    "errors",  # RFC 9457 itself, ASP.NET, Huma, SmartBear, Akamai, JSON:API
    "violations",  # Zalando, Symfony, Micronaut, Quarkus
    "issues",  # Belgif, valibot
    "invalid-params",  # RFC 7807
    "invalidParams",
    "invalid_params",
    "validationErrors",
    "fieldErrors",
    "fieldViolations",  # Google
    "subproblems",  # ACME (RFC 8555, section 6.7.1)
)
_BARE: Final = ("extra", "message")  # lists only if they are arrays: Litestar, NestJS
_GROUPS: Final = ("inputs", "details", "fieldViolations")
_TEXTS: Final = (
    "detail",
    "message",
    "msg",
    "defaultMessage",
    "errorMessage",
    "reason",
    "description",
    "error",
    "title",
)
_CODES: Final = ("code", "errorCode", "issueType", "keyword", "tag", "type", "key")
_PATHS: Final = (
    "propertyPath",
    "path",
    "field",
    "attr",
    "name",
    "property",
    "fieldName",
    "invalidField",
    "requestField",
    "target",
)
_POINTERS: Final = ("pointer", "instancePath", "dataPath")
_INPUTS: Final = ("input", "value", "invalidValue", "rejectedValue")
_CONTEXTS: Final = ("ctx", "context", "params")
_OTHERS: Final = ("loc", "in", "location", "source", "parameter", "header", "cookie", "identifier", "constraints")
_KNOWN: Final = frozenset({*_TEXTS, *_CODES, *_PATHS, *_POINTERS, *_INPUTS, *_CONTEXTS, *_OTHERS})
_SPOKEN: Final = frozenset({"detail", "message", "msg", "defaultMessage", "errorMessage"})
"""Names of members that rarely are input fields, unlike `title` and `description`."""

_PARAMETERS: Final[Mapping[str, ParameterLocation]] = {
    "query": "query",
    "querystring": "query",
    "path": "path",
    "view_args": "path",
    "header": "header",
    "headers": "header",
    "cookie": "cookie",
    "cookies": "cookie",
}
_BODIES: Final = frozenset({"body", "json", "form", "json_or_form"})
_WITHOUT_CODE: Final = "invalid"
_WITHOUT_TEXT: Final = "Not valid."
_STEP: Final = r"""\[(?:'([^']*+)'|"([^"]*+)"|([^\]\['"]*+))\]|([^.\[\]]++)|\.|(.)"""
_ROOTS: Final = frozenset({"", "$", "(root)", "body"})
_MOST: Final = 1_000
_DEEPEST: Final = 64

Steps = tuple[str | int, ...]


class _Place(NamedTuple):
    """The place of an input: in the body, unless the location names a kind of parameter."""

    steps: Steps
    location: ParameterLocation | None = None
    pointer: str | None = None


def errors_of(document: ProblemDetails | Mapping[str, object], *, dialect: Dialect | None = None) -> list[InvalidParam]:
    """
    Return the inputs that a server rejected, in any of the supported formats.

    >>> errors_of({"errors": {"items[0].price": ["Must be positive."]}})[0].pointer
    '#/items/0/price'
    >>> errors_of({"violations": [{"propertyPath": "name", "message": "Too short."}]})[0].detail
    'Too short.'
    >>> errors_of({"detail": [{"loc": ["query", "page"], "msg": "Field required", "type": "missing"}]})[0].parameter
    'page'
    >>> errors_of({"errors": {"json": {"address": {"zip": ["Too short."]}}}})[0].pointer
    '#/address/zip'

    Args:
        document: The details of a received problem, or a JSON object such as FastAPI's own 422.
        dialect: The names that the API uses, tried before the usual ones.

    Returns:
        One entry for each rejected value, at most a thousand; an empty list if the document contains none.
    """
    members: Mapping[str, object] = document.extensions if isinstance(document, ProblemDetails) else document
    return list(islice(_Reader(dialect or Dialect()).read(members), _MOST))


class _Reader:
    """Reads the entries of a document, by the names of a dialect and the usual names."""

    def __init__(self, dialect: Dialect) -> None:
        self._lists, self._paths = (*dialect.lists, *_LISTS), (*dialect.paths, *_PATHS)
        self._texts = (*dialect.texts, *_TEXTS)
        self._spoken = _SPOKEN.union(dialect.texts)
        self._known = _KNOWN.union(dialect.paths, dialect.texts)

    def read(self, members: Mapping[str, object]) -> Iterator[InvalidParam]:
        """Yield the entries of a document, and the entries of an object called `error` in it."""
        for name in dict.fromkeys((*self._lists, "detail")):
            yield from self._top(members.get(name))
        for name in _BARE:
            if is_array(value := members.get(name)):
                yield from self._top(value)
        error = members.get("error")
        if _is_mapping(error):
            for name in (*self._lists, "details"):
                yield from self._top(error.get(name))

    def _top(self, value: object) -> Iterator[InvalidParam]:
        if is_array(value):
            for at, entry in enumerate(value):
                if _is_mapping(entry) and entry and not self._is_entry(entry):
                    yield from self._tree(entry, _Place((at,)), 1)
                elif _is_mapping(entry):
                    yield from self._flat(entry, None)
                else:
                    yield from self._leaf(entry, None)
        elif _is_mapping(value):
            for key, inner in value.items():
                location = _location(key) if _is_mapping(inner) and not self._is_leaf(inner) else None
                if location is not None:
                    yield from self._tree(inner, location, 1)
                else:
                    yield from self._tree(inner, _of_path(key), 1)

    def _tree(self, value: object, place: _Place | None, depth: int) -> Iterator[InvalidParam]:
        """Yield the entries below a place: texts, entries, or objects and arrays nested like the request."""
        if depth > _DEEPEST:
            return
        if is_array(value):
            for at, item in enumerate(value):
                if _is_mapping(item) and item and not self._is_leaf(item):
                    yield from self._tree(item, _below(place, at), depth + 1)
                else:
                    yield from self._tree(item, place, depth + 1)
        elif _is_mapping(value) and self._is_leaf(value):
            yield from self._flat(value, place)
        elif _is_mapping(value):
            for key, inner in value.items():
                yield from self._tree(inner, _below(place, key), depth + 1)
        else:
            yield from self._leaf(value, place)

    def _leaf(self, value: object, place: _Place | None) -> Iterator[InvalidParam]:
        if isinstance(value, str | int | float) and value != "" and not is_array(value):
            yield _param(str(value), _WITHOUT_CODE, place)

    def _is_entry(self, entry: Mapping[str, object]) -> bool:
        """Return whether an item of a list describes one error, and is not a tree of fields."""
        if is_array(entry.get("loc")) or _is_mapping(entry.get("source")) or _is_mapping(entry.get("constraints")):
            return True
        if any(is_array(entry.get(name)) for name in ("path", *_GROUPS)):
            return True
        is_tree = all(_is_mapping(value) or is_array(value) for value in entry.values())
        return not is_tree

    def _is_leaf(self, entry: Mapping[str, object]) -> bool:
        """Return whether an object in a tree is an error, and not a field with further fields."""
        if not self._known.issuperset(entry):
            return False
        texts = [name for name in self._texts if isinstance(entry.get(name), str)]
        return any(name in self._spoken for name in texts) or (bool(texts) and "code" in entry)

    def _flat(self, entry: Mapping[str, object], place: _Place | None) -> Iterator[InvalidParam]:
        """Yield an entry, or one entry for each input, detail, constraint or child that it groups."""
        for name in _GROUPS:
            inner = entry.get(name)
            if is_array(inner) and any(map(_is_mapping, inner)):
                outer = {other: value for other, value in entry.items() if other != name}
                for part in filter(_is_mapping, inner):
                    yield self._param({**outer, **part}, place)
                return
        children = entry.get("children")
        constraints = entry.get("constraints")
        if _is_mapping(constraints) and constraints:
            for code, text in constraints.items():
                yield self._param({**entry, "detail": text, "code": code}, place)
        elif not (is_array(children) and children):
            yield self._param(entry, place)
        if is_array(children):
            above = self._place(entry, place)
            for child in filter(_is_mapping, children):
                inner = self._place(child, None)
                both = _Place((*above.steps, *inner.steps), above.location) if above and inner else None
                yield from self._flat({**child, "property": None}, both) if len(children) < _MOST else ()

    def _param(self, entry: Mapping[str, object], place: _Place | None) -> InvalidParam:
        code = _first(entry, _CODES)
        identifier = entry.get("identifier")
        context = next((value for name in _CONTEXTS if _is_mapping(value := entry.get(name))), None)
        return _param(
            self._text(entry, code),
            code or _WITHOUT_CODE,
            self._place(entry, place),
            context={"identifier": identifier} if identifier is not None else context,
            input=next((entry[name] for name in _INPUTS if name in entry), None),
        )

    def _text(self, entry: Mapping[str, object], code: str | None) -> str:
        text = _first(entry, self._texts)
        if text is not None:
            return text
        for name in self._texts:  # several texts, or one per language
            value = entry.get(name)
            inner = value.values() if _is_mapping(value) else value if is_array(value) else ()
            if texts := [item for item in inner if isinstance(item, str) and item]:
                return texts[0] if _is_mapping(value) else " ".join(texts)
        unknown = [item for name, item in entry.items() if isinstance(item, str) and item and name not in self._known]
        sentence = next((other for other in unknown if " " in other.strip()), None)
        return sentence or code or next(iter(unknown), _WITHOUT_TEXT)

    def _place(self, entry: Mapping[str, object], place: _Place | None) -> _Place | None:
        """Return the place of an entry: its own, or the place of the list that contains it."""
        loc, source = entry.get("loc"), entry.get("source")
        location_name = next(
            (item for item in (entry.get("in"), entry.get("location"), source) if isinstance(item, str)), None
        )
        if _is_mapping(source):
            return _of_members(source, None)
        if (own := _of_members(entry, location_name)) is not None:
            return own
        if is_array(loc):
            return self._of_loc(entry, loc, location_name)
        if place is not None:
            return place
        if isinstance(where := entry.get("location"), str) and _location(where) is None:  # Huma: "body.items[0].price"
            first, _, rest = where.partition(".")
            located = _location(first)
            return _of_path(where) if located is None else _in(_of_path(rest), located)
        result = next((entry[name] for name in self._paths if entry.get(name) not in (None, "")), None)
        if source is not None and isinstance(entry.get("key"), str):  # Litestar
            result = entry["key"]
        return _located(result, location_name)

    def _of_loc(self, entry: Mapping[str, object], loc: Sequence[object], location: str | None) -> _Place | None:
        if location is None and entry.get("type") == "json_invalid":  # its last step is an offset
            return _Place(())
        return _located(loc, location)


def _located(value: object, location_name: str | None) -> _Place | None:
    """Return the place that a path names; its location is *location_name*, or the first step of the path."""
    if location_name is not None:
        location = _location(location_name)
        place = _of_steps(value) if is_array(value) else _of_path(value) if isinstance(value, str) else None
        return None if location is None or place is None else _in(place, location)
    if is_array(value):
        place = _of_steps(value)
    elif isinstance(value, str) and value.startswith("/"):
        place = _Place(tuple(word.replace("~1", "/").replace("~0", "~") for word in value[1:].split("/")))
    else:
        return _of_path(value) if isinstance(value, str) else None
    if place is None or not place.steps:
        return place
    first, *rest = place.steps
    if first == "body":
        return _Place(tuple(rest))
    location = _location(first) if isinstance(first, str) and rest and first not in _BODIES else None
    return place if location is None else _in(_Place(tuple(rest)), location)


def _location(name: str) -> _Place | None:
    """Return the place of everything in a location, or `None` if *name* is not the name of a location."""
    if name in _BODIES:
        return _Place(())
    return _Place((), _PARAMETERS[name]) if name in _PARAMETERS else None


def _in(place: _Place | None, location: _Place) -> _Place | None:
    return None if place is None else place._replace(location=location.location)


def _below(place: _Place | None, step: str | int) -> _Place | None:
    return None if place is None or place.pointer is not None else place._replace(steps=(*place.steps, step))


def _of_members(entry: Mapping[str, object], location_name: str | None) -> _Place | None:
    """Return the place in members that are only used for places: pointers, and the names of parameters."""
    location = None if location_name is None else _location(location_name)
    for name in _POINTERS:
        if isinstance(text := entry.get(name), str):
            return _of_pointer(text) if name != "pointer" or text[:1] in ("", "#", "/") else _of_path(text)
    for name in ("header", "cookie"):
        if isinstance(text := entry.get(name), str) and text:
            return _Place((text,), _PARAMETERS[name])
    if isinstance(text := entry.get("parameter"), str) and text:
        is_known = location is not None and location.location is not None
        return _Place((text,), location.location) if location and is_known else _Place((text,), pointer="")
    return None


def _of_pointer(text: str) -> _Place | None:
    pointer = text.removeprefix("#")
    return _Place((), pointer=f"#{pointer}") if pointer == "" or pointer.startswith("/") else None


def _of_steps(steps: Sequence[object]) -> _Place | None:
    """Return the place that an array of steps names, each a text, an index, or an object with a `key`."""
    results: list[str | int] = []
    for step in steps:
        value = step.get("key") if _is_mapping(step) else step
        if isinstance(value, bool) or not isinstance(value, str | int):
            return None
        results.append(value)
    return _Place(tuple(results[:_DEEPEST])) if len(results) <= _DEEPEST else None


def _of_path(text: str) -> _Place | None:
    """Return the place that a path such as `items[0].price` or a JSON Pointer names."""
    if text.startswith(("#", "/")):
        return _of_pointer(text)
    if text in _ROOTS:
        return _Place(())
    steps: list[str] = []
    for single, double, bare, name, other in re.findall(_STEP, text[:_MOST]):
        if other:  # a bracket that does not close
            return None
        if step := single or double or bare or name:
            steps.append(step)
    return _Place(tuple(steps[1:] if steps[:1] == ["$"] else steps))


def _param(
    detail: str,
    code: str,
    place: _Place | None,
    *,
    context: Mapping[str, object] | None = None,
    input: object = None,
) -> InvalidParam:
    pointer = parameter = location = None
    if place is not None and place.pointer == "":  # a parameter of an unknown location
        parameter = str(place.steps[0])
    elif place is not None and place.location is not None:
        location, parameter = place.location, str(place.steps[0]) if place.steps else None
    elif place is not None:
        # Brackets are kept: people read keys that contain them, and URLs may have them in a fragment (WHATWG).
        own = fragment(place.steps).replace("%5B", "[").replace("%5D", "]")
        pointer = own if place.pointer is None else place.pointer
    return InvalidParam.model_construct(
        detail=detail,
        code=code,
        pointer=pointer,
        parameter=parameter,
        location=location,
        context=context,
        input=input,
    )


def _first(entry: Mapping[str, object], names: Iterable[str]) -> str | None:
    results = (entry.get(name) for name in names)
    return next((text for text in results if isinstance(text, str) and text), None)


def _is_mapping(value: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(value, Mapping)
