"""
The reader of problem documents in XML (RFC 9457, appendix B): returns the same object as for JSON.

Never raises. Does not read document type definitions, so that no entity expands. Needs the package `defusedxml`.
"""

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:  # imported lazily: only clients that receive XML need it
    from xml.etree.ElementTree import Element

__all__ = ["read_xml"]

_NAMESPACE: Final = r"\{urn:ietf:rfc:[^}]*\}"  # 7807 in both RFCs; implementations of drafts have other numbers
_ROOT: Final = "problem"
_ITEM: Final = "i"
_COLLAPSED: Final = frozenset({"type", "instance", "status"})
"""The members of the types `anyURI` and `positiveInteger`, which XML Schema reads without surrounding white space."""

_ESCAPED: Final = r"_x([0-9A-Fa-f]{4,8})_"
_MAX_DEPTH: Final = 64
_MISSING: Final = "The body is XML, which is read if `defusedxml` is installed: pip install 'typed-problems[xml]'."


def read_xml(content: bytes, content_type: str | None) -> tuple[dict[str, Any] | None, str | None]:  # noqa: ARG001 - as its sibling
    """
    Return the object in an XML document and `None`, or `None` and the reason for failure.

    Elements become members, and `i` elements the items of an array. Attributes, comments and elements of another
    namespace are left out. All values except `status` are text, which the declared class converts.

    >>> read_xml(b'<problem xmlns="urn:ietf:rfc:7807"><status>404</status><ids><i>7</i></ids></problem>', None)
    ({'status': 404, 'ids': ['7']}, None)
    """
    try:
        from defusedxml.ElementTree import fromstring  # noqa: PLC0415 - only clients that receive XML need it
    except ModuleNotFoundError:
        return None, _MISSING
    try:
        root: Element = fromstring(content, forbid_dtd=True)
    except Exception as error:  # noqa: BLE001 - the parser may raise anything for untrusted bytes
        return None, f"The body is not XML that can be read: {type(error).__name__}."
    if _name(root) != _ROOT:
        return None, "The body is XML, but its root is not `problem` in the namespace of RFC 9457."
    return _typed({name: _value(child, _MAX_DEPTH) for name, child in _children(root)}), None


def _typed(members: dict[str, Any]) -> dict[str, Any]:
    for name in _COLLAPSED & members.keys():
        if isinstance(members[name], str):
            members[name] = members[name].strip()
    status = members.get("status")
    if isinstance(status, str) and status.isascii() and status.isdigit() and len(status) < 10:
        members["status"] = int(status)
    return members


def _name(element: "Element") -> str | None:
    """Return the name of a member, or `None` for an element of another namespace."""
    name = re.sub(_NAMESPACE, "", element.tag, count=1)
    return None if name.startswith("{") else re.sub(_ESCAPED, _character, name)


def _character(escaped: re.Match[str]) -> str:
    code = int(escaped[1], 16)
    return chr(code) if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else escaped[0]


def _children(element: "Element") -> "list[tuple[str, Element]]":
    return [(name, child) for child in element if (name := _name(child)) is not None]


def _value(element: "Element", depth: int) -> object:
    """Return the text, array or object in an element."""
    children = _children(element)
    if not children or not depth:
        return element.text or ""
    if all(name == _ITEM for name, _ in children):
        return [_value(child, depth - 1) for _, child in children]
    return {name: _value(child, depth - 1) for name, child in children}
