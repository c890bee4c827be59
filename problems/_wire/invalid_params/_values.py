"""
What several modules here ask of a value of any type: text that can be sent, members that can be read.

Knows nothing of validation.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeGuard

ELLIPSIS: Final = "\N{HORIZONTAL ELLIPSIS}"


def encodable(text: str) -> str:
    r"""
    Return *text* with what UTF-8 cannot carry replaced by U+FFFD.

    JSON can spell half of a surrogate pair (RFC 8259, section 8.2), UTF-8
    cannot (RFC 3629, section 3):

    >>> encodable("caf\u00e9 \ud800") == "caf\u00e9 \ufffd"
    True
    """
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def cut(text: str, limit: int) -> str:
    """
    Return *text* in at most *limit* characters.

    >>> cut("Input should be a valid integer", 12) == "Input shoul" + ELLIPSIS
    True
    """
    return text if len(text) <= limit else (text[: max(limit - 1, 0)] + ELLIPSIS)[: max(limit, 0)]


def is_mapping(value: object) -> TypeGuard[Mapping[Any, object]]:
    """Tell whether *value* has members: a dictionary, or a form."""
    return value.__class__ is dict or isinstance(value, Mapping)  # an abstract class is slow to ask


def is_list(value: object) -> TypeGuard[list[object] | tuple[object, ...]]:
    """Tell whether *value* has items."""
    return isinstance(value, (list, tuple))
