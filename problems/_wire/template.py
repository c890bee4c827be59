"""
Templates of `detail`: `str.format` fields over the members.

A template is read at class definition, so that is quick. Does not import problem classes: it fills in the values that
it is given.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from string import Formatter
from typing import Final, NamedTuple

__all__ = ["MAX_FILLED", "Template", "fields"]

MAX_FILLED: Final = 1_000
"""The most characters of one value in a text: a `detail` is a sentence, and the member itself is sent beside it."""

_NO_FIELDS: Final[frozenset[str]] = frozenset()
_CONVERSIONS: Final = (None, "r", "s", "a")
_DEPTH: Final = 2
"""`str.format` fills in the fields in a format specification, but none in theirs."""

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
        ValueError: A field is positional, looks into its value, or is written wrongly.
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
    A template that was read.

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
        Return the template in *text*.

        Raises:
            ValueError: A field is positional, looks into its value, or is written wrongly.
        """
        fields(text)
        return cls(tuple((before, name, spec or "", conversion) for before, name, spec, conversion in _parse(text)))

    def fill(self, values: Mapping[str, object]) -> str:
        """
        Return the text with *values* filled in, each in at most `MAX_FILLED` characters.

        Raises:
            ValueError: A value cannot be formatted like this, or would be padded to more than three digits say.
            TypeError: A value has no format.
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
        # A width that comes with a member would decide how much memory an answer takes.
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
        # A value's attributes reach its class, its module and whatever is secret there.
        raise ValueError(f"the field {{{name}}} looks into its value. Add a member for what is needed of it")
    if conversion not in _CONVERSIONS:
        raise ValueError(f"the field {{{name}}} has the unknown conversion {conversion!r}")
    if depth <= 0:
        raise ValueError(f"the field {{{name}}} is nested too deep")
