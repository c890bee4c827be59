"""
Templates of `detail`: which members their `str.format` fields name.

Runs at class definition, so it is quick. Knows no problem classes: it reads a template and fills none.
"""

from collections.abc import Iterator
from string import Formatter
from typing import Final

__all__ = ["fields"]

_NO_FIELDS: Final[frozenset[str]] = frozenset()
_CONVERSIONS: Final = (None, "r", "s", "a")
_DEPTH: Final = 2
"""`str.format` fills in the fields in a format specification, but none in theirs."""

_parse: Final = Formatter().parse


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
        raise ValueError(f"`detail={template!r}` is no template: {reason}. Write {{{{ and }}}} for braces.") from None


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
