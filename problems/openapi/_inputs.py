"""
The schema of the 422 of one operation: the inputs that can be rejected, and their error codes.

Knows how rejected inputs are described. Does not find them.
"""

import re
from typing import Any, Final

from pydantic_core import PydanticKnownError

from problems._wire.invalid_params._pointers import fragment
from problems.openapi._invalid import DEEPER, Codes, Path
from problems.openapi._walk import Json

__all__ = ["InvalidInputs", "example_of_input"]

_MOST: Final = 100
"""The maximum number of entries; with more, the schema allows any input, because a longer list is not readable."""

_TEXT: Final[Json] = {"type": "string"}


class InvalidInputs:
    """The inputs of an operation that can be invalid."""

    def __init__(self) -> None:
        self._parameters: dict[tuple[str, str | None], Codes] = {}
        self._pointers: dict[Path, Codes] = {}

    def add_parameter(self, location: str, name: str | None, codes: Codes) -> None:
        """Add the codes of a parameter, or without a name, the codes of any parameter in that location."""
        self._parameters[location, name] = _both(self._parameters.get((location, name), frozenset()), codes)

    def add_pointer(self, path: Path, codes: Codes) -> None:
        """Add the codes of a part of the body."""
        self._pointers[path] = _both(self._pointers.get(path, frozenset()), codes)

    def items(self) -> Json | None:
        """Return the schema of one rejected input, or `None` if there are too many entries."""
        entries = [
            *(_entry(codes, **_parameter(*key)) for key, codes in self._parameters.items() if codes != frozenset()),
            *(_entry(codes, pointer=_pointer(path)) for path, codes in self._pointers.items() if codes != frozenset()),
        ]
        return {"anyOf": entries} if 0 < len(entries) <= _MOST else None


def example_of_input(items: Json) -> Json | None:
    """
    Return an example of a rejected input: the first place with its first code, or `None` if no place is constant.

    >>> example_of_input({"anyOf": [_entry(frozenset({"missing"}), pointer=_pointer(("name",)))]})
    {'detail': 'Field required', 'code': 'missing', 'pointer': '#/name'}
    """
    for entry in items["anyOf"]:
        properties: Json = entry["properties"]
        places = {name: value.get("const") for name, value in properties.items() if name not in ("detail", "code")}
        if None not in places.values():
            code = properties["code"].get("enum", ["value_error"])[0]
            return {"detail": _message(code), "code": code, **places}
    return None


def _message(code: Any) -> str:
    """Return pydantic's message for a code; a general one if the message needs unknown values."""
    try:
        return PydanticKnownError(code).message()
    except (KeyError, TypeError):
        return "Input is not valid"


def _both(one: Codes, other: Codes) -> Codes:
    return None if one is None or other is None else one | other


def _entry(codes: Codes, **where: Json) -> Json:
    code: Json = {**_TEXT, "enum": sorted(codes)} if codes is not None else _TEXT
    required = ["detail", "code", *where]
    return {"type": "object", "properties": {"detail": _TEXT, "code": code, **where}, "required": required}


def _parameter(location: str, name: str | None) -> dict[str, Json]:
    where: dict[str, Json] = {"in": {**_TEXT, "const": location}}
    return where if name is None else {**where, "parameter": {**_TEXT, "const": name}}


def _pointer(path: Path) -> Json:
    if path[-1:] == (DEEPER,):
        return {**_TEXT, "pattern": f"^{_pattern(path[:-1])}/"}
    if None in path:
        return {**_TEXT, "pattern": f"^{_pattern(path)}$"}
    return {**_TEXT, "const": fragment(path)}


def _pattern(path: Path) -> str:
    parts = ("/[^/]*" if part is None else re.escape(fragment((part,))[1:]).replace(r"\-", "-") for part in path)
    return "#" + "".join(parts)
