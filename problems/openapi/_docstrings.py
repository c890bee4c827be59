"""
Descriptions from docstrings: of a problem type, and of each member.

Reads Google style. Does not import problem classes.
"""

import inspect
import re
from collections.abc import Mapping
from typing import Final

__all__ = ["sections_of"]

_SECTION: Final = r"(?m)^(?:Args|Arguments|Attributes|Examples?|Notes?|Raises|References|Returns|See Also|Yields):\s*$"
_ATTRIBUTE: Final = r"(?m)^ {1,8}(\w+)(?: \([^)]*\))?:[ \n]\s*((?:.|\n {5,})+)$"


def sections_of(doc: str | None) -> tuple[str, Mapping[str, str]]:
    r"""
    Return the description in a docstring, and the description of each member in its section `Attributes`.

    >>> sections_of("Sold out.\n\nAttributes:\n    left: How many there are.")
    ('Sold out.', {'left': 'How many there are.'})
    """
    text = inspect.cleandoc(doc or "")
    first = re.search(_SECTION, text)
    description = text[: first.start()].strip() if first else text
    attributes: dict[str, str] = {}
    _, sections, rest = text.partition("Attributes:\n")
    if sections:
        section = rest[: end.start()] if (end := re.search(_SECTION, rest)) else rest
        attributes = {name: " ".join(text.split()) for name, text in re.findall(_ATTRIBUTE, section)}
    return description, attributes
