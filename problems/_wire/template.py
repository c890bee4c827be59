"""
The templates of `detail`: `str.format` fields that name members.

A template is parsed at class definition, so parsing is fast. Does not import problem classes: the caller passes the
values.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from string import Formatter
from typing import Final, NamedTuple

__all__ = ["MAX_FILLED", "Template", "fields"]

MAX_FILLED: Final = 1_000
"""The maximum characters of one value in a text. A `detail` is a sentence, and the member itself is sent too."""

_NO_FIELDS: Final[frozenset[str]] = frozenset()
_CONVERSIONS: Final = (None, "r", "s", "a")
_DEPTH: Final = 2
"""`str.format` fills in fields in a format specification, but not fields nested in those."""

_LONG_WIDTH: Final = re.compile("[0-9]{4}")
_ELLIPSIS: Final = "\N{HORIZONTAL ELLIPSIS}"

_parse: Final = Formatter().parse
_convert: Final = Formatter().convert_field


def fields(template: str) -> frozenset[str]:
    """
    Return the names that the fields of *template* use.

    >>> sorted(fields("{item} costs {price:.{digits}f}, not {{price}}."))
    ['digits', 'item', 'price']

    Raises:
        ValueError: A field is positional, accesses an attribute or item, or has invalid syntax.
    """
    if "{" not in template and "}" not in template:
        return _NO_FIELDS
    try:
        return frozenset(_names(template, _DEPTH))
    except ValueError as error:
        reason = str(error).rstrip(".")
        raise ValueError(
            f"`detail={template!r}` is not a valid template: {reason}. Write {{{{ and }}}} for braces."
        ) from None


class Template(NamedTuple):
    """
    A parsed template.

    >>> Template.read("No {colour} item {item_id:05}.").fill({"colour": "red", "item_id": 7})
    'No red item 00007.'

    Attributes:
        parts: For each field the text before it, its name, its format specification and its conversion.
    """

    parts: tuple[tuple[str, str | None, str, str | None], ...]

    @classmethod
    @lru_cache(maxsize=1024)
    def read(cls, text: str) -> "Template":
        """
        Return the parsed template of *text*.

        Raises:
            ValueError: A field is positional, accesses an attribute or item, or has invalid syntax.
        """
        fields(text)
        return cls(tuple((before, name, spec or "", conversion) for before, name, spec, conversion in _parse(text)))

    def fill(self, values: Mapping[str, object]) -> str:
        """
        Return the text with *values* filled in, each in at most `MAX_FILLED` characters.

        Raises:
            ValueError: A value does not support the format, or the format has a width of more than three digits.
            TypeError: A value does not support formatting.
            LookupError: A value is missing.
        """
        texts: list[str] = []
        for before, name, spec, conversion in self.parts:
            texts.append(before)
            if name is not None:
                value = values[name]
                text = _formatted(value, spec, conversion, values) if spec or conversion else format(value)
                texts.append(text if len(text) <= MAX_FILLED else text[: MAX_FILLED - 1] + _ELLIPSIS)
        return "".join(texts)


def _formatted(value: object, spec: str, conversion: str | None, values: Mapping[str, object]) -> str:
    if "{" in spec:
        spec = Template.read(spec).fill(values)
    if _LONG_WIDTH.search(spec):
        # A width from a member would decide how much memory a response takes.
        raise ValueError(f"the format {spec[:20]!r} is too wide")
    return format(value if conversion is None else _convert(value, conversion), spec)


def _names(text: str, depth: int) -> Iterator[str]:
    for _, name, specification, conversion in _parse(text):
        if name is None:  # only text
            continue
        _check(name, conversion, depth)
        yield name
        if specification:
            yield from _names(specification, depth - 1)


def _check(name: str, conversion: str | None, depth: int) -> None:
    if not name or name.isdecimal():
        raise ValueError(f"the field {{{name}}} has no name, and members are not numbered")
    if "." in name or "[" in name:
        # The attributes of a value lead to its class, its module and the secrets in them.
        raise ValueError(f"the field {{{name}}} accesses a part of its value. Declare a member for that part")
    if conversion not in _CONVERSIONS:
        raise ValueError(f"the field {{{name}}} has the unknown conversion {conversion!r}")
    if depth <= 0:
        raise ValueError(f"the field {{{name}}} is nested too deep")
