"""
Problem details as XML (RFC 9457, appendix B).

Never fails: what XML cannot hold is replaced. Knows neither requests nor problem classes.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from xml.sax.saxutils import escape

from problems._wire.details import ProblemDetails
from problems._wire.json import encode, is_array, is_object
from problems._wire.media_types import PROBLEM_XML
from problems.answering.representations import Representation

__all__ = ["NAMESPACE", "XML", "render_xml"]

NAMESPACE: Final = "urn:ietf:rfc:7807"
"""The namespace of RFC 7807, which RFC 9457 keeps."""

_ITEM: Final = "i"
"""The element of an array's items."""

# XML 1.0, section 2.2. No reference can name these characters either.
_ILLEGAL: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# XML 1.0, section 2.3, without the colon, which would be a namespace's. Editions differ in the letters beyond
# Latin-1, and many parsers follow the fourth.
_START: Final = "A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff"
_NOT_IN_NAME: Final = re.compile(rf"\A[^{_START}]|[^{_START}\-.0-9\u00b7]|_(?=x[0-9A-Fa-f]{{4,8}}_)")

# A parser makes a line feed of a carriage return that is not written as a reference (section 2.11).
_REFERENCES: Final = {"\r": "&#13;"}


def render_xml(details: ProblemDetails, language: str | None = None) -> str:  # noqa: ARG001 - the format has no place for it
    """
    Return *details* as an XML document.

    The format has no types, and only names that XML allows, so it contains less than JSON:

    - numbers, booleans and null become text, null the empty one; empty arrays and objects are empty elements too,
    - an object whose only member is `i` looks like an array,
    - a character that not every parser takes in a name becomes `_xHHHH_`,
    - a control character that no XML document has, in a text, becomes U+FFFD.

    >>> details = ProblemDetails.model_validate({"status": 409, "left": [{"id": 7}, None]})
    >>> print(render_xml(details).partition("about:blank</type>")[2].strip())
    <status>409</status><left><i><id>7</id></i><i></i></left></problem>
    """
    members = "".join(_members(details.model_dump(mode="json")))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<problem xmlns="{NAMESPACE}">{members}</problem>\n'


def _members(members: Mapping[str, Any]) -> Iterator[str]:
    for name, value in members.items():
        yield from _element(_name(name), value)


def _element(name: str, value: object) -> Iterator[str]:
    yield f"<{name}>"
    if is_object(value):
        yield from _members(value)
    elif is_array(value):
        for item in value:
            yield from _element(_ITEM, item)
    else:
        yield _text(value)
    yield f"</{name}>"


def _text(value: object) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else encode(value).decode()
    return escape(_ILLEGAL.sub("\ufffd", text), _REFERENCES)


def _name(name: str) -> str:
    return _NOT_IN_NAME.sub(lambda match: f"_x{ord(match[0]):04X}_", name) or "_"


XML: Final = Representation(PROBLEM_XML, render_xml)
"""`application/problem+xml`, for `Policy(representations=…)`."""
