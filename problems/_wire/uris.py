"""
URI references: validation, resolution, quoting and the check of a base URI.

Follows RFC 3986 for every scheme, including `urn:` and `tag:`. Opens no connections and does not import problem types.
"""

import re
from functools import cache
from typing import Final, NamedTuple
from urllib.parse import quote

__all__ = ["check_base", "check_reference", "is_absolute", "on_base", "quote_reference", "resolve", "without_secrets"]

# RFC 3986, appendix A. The repetitions are possessive, so that a match takes linear time.
_NAMED: Final = r"[A-Za-z0-9\-._~!$&'()*+,;=]++|%[0-9A-Fa-f]{2}"
_PCHAR: Final = rf"(?:{_NAMED}|[:@])"
_SEGMENTS: Final = rf"(?:/{_PCHAR}*+)*+"
_HOST: Final = rf"(?:\[(?:[0-9A-Fa-f:.]++|[Vv][0-9A-Fa-f]++\.(?:{_NAMED}|:)++)\]|(?:{_NAMED})*+)"
_NETWORK_PATH: Final = rf"//(?:(?:{_NAMED}|:)*+@)?{_HOST}(?::[0-9]*+)?{_SEGMENTS}"
_PATH: Final = rf"/?(?:{_PCHAR}++{_SEGMENTS})?"
_RELATIVE_PATH: Final = rf"(?:/(?:{_PCHAR}++{_SEGMENTS})?|(?:{_NAMED}|@)++{_SEGMENTS})?"
_QUERY: Final = rf"(?:{_PCHAR}|[/?])*+"
_SCHEME: Final = r"[A-Za-z][A-Za-z0-9+.\-]*+:"

_REFERENCE: Final = (
    rf"(?:{_SCHEME}(?:{_NETWORK_PATH}|{_PATH})|{_NETWORK_PATH}|{_RELATIVE_PATH})(?:\?{_QUERY})?(?:#{_QUERY})?"
)
# The form of nearly all references. The whole grammar takes 2 ms to compile, so it is compiled on first use.
_is_usual: Final = re.compile(r"(?:https?://[A-Za-z0-9.\-]+)?[A-Za-z0-9\-._~/]*(?:#[A-Za-z0-9\-._~]*)?").fullmatch
_has_scheme: Final = re.compile(_SCHEME).match

# Rarely used patterns are compiled on first use.
# Appendix B, with the syntax of a scheme.
_COMPONENTS: Final = r"(?s)(?:([A-Za-z][A-Za-z0-9+.\-]*):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?"
_FORBIDDEN: Final = r"[^A-Za-z0-9\-._~!$&'()*+,;=:@/?#\[\]%]"
_BARE_PERCENT: Final = r"%(?![0-9A-Fa-f]{2})"
_UNQUOTED: Final = rf"{_FORBIDDEN}|{_BARE_PERCENT}"
_LEADING_DOTS: Final = r"^(?:\.\.?/)+"
_SEGMENT: Final = r"/[^/]*|[^/]+"
_BASE_ENDS: Final = ("/", "#", ":", "=")


def _is_reference(text: str) -> bool:
    return _is_usual(text) is not None or _grammar().fullmatch(text) is not None


@cache
def _grammar() -> re.Pattern[str]:
    return re.compile(_REFERENCE)


def check_reference(text: str) -> str | None:
    """
    Return why *text* is not a URI reference, or `None` if it is valid.

    >>> check_reference("out of stock")
    "the character ' ' is not allowed."
    >>> check_reference("tag:shop.example,2026:out-of-stock")
    """
    return None if _is_reference(text) else _reason(text)


def _reason(text: str) -> str:
    if forbidden := re.search(_FORBIDDEN, text):
        return f"the character {forbidden[0]!r} is not allowed."
    if re.search(_BARE_PERCENT, text):
        return "a '%' is not followed by two hexadecimal digits."
    if text.count("#") > 1:
        return "only one '#' is allowed."
    if "[" in text or "]" in text:
        return "square brackets are only allowed around an IP address."
    if text.startswith("//") or _has_scheme(text):
        return "its authority, the part after '//', is malformed."
    return "the part before its first ':' is not a scheme."


def quote_reference(text: str) -> str:
    """
    Return *text* as a URI reference, with characters that are not allowed percent-encoded.

    >>> quote_reference("urn:uuid:5"), quote_reference("/orders/no 7"), quote_reference("1:2")
    ('urn:uuid:5', '/orders/no%207', '1%3A2')
    """
    if _is_reference(text):
        return text
    quoted = re.sub(_UNQUOTED, lambda match: _quoted(match[0]), text)
    return quoted if _is_reference(quoted) else _quoted(text, safe="/")


def _quoted(text: str, *, safe: str = "") -> str:
    return quote(text.encode("utf-8", "replace"), safe=safe)


def is_absolute(reference: str) -> bool:
    """
    Return whether *reference* has a scheme, and so needs no base (RFC 3986, section 4.3).

    >>> is_absolute("urn:problem-type:out-of-stock"), is_absolute("/problems/out-of-stock")
    (True, False)
    """
    return _has_scheme(reference) is not None


def on_base(reference: str, base: str | None) -> str:
    """
    Return *reference* appended to *base*, or as it is if it is absolute or there is no base.

    >>> on_base("out-of-stock", "https://shop.example/problems/")
    'https://shop.example/problems/out-of-stock'
    """
    return reference if base is None or is_absolute(reference) else base + reference


def check_base(base: str) -> str | None:
    """
    Return why references cannot be appended to *base*, or `None` if they can.

    >>> check_base("https://shop.example/problems/")
    >>> check_base("https://shop.example/problems")
    "it does not end in '/', '#', ':' or '='."
    """
    if reason := check_reference(base):
        return reason
    if not is_absolute(base):
        return "it has no scheme, so it is not absolute."
    if not base.endswith(_BASE_ENDS):
        return "it does not end in '/', '#', ':' or '='."
    return check_reference(f"{base}a")  # the colon of an authority must be followed by a port


class _Parts(NamedTuple):
    """The components of a reference. `None` is undefined, which differs from empty (section 5.3)."""

    scheme: str | None
    authority: str | None
    path: str
    query: str | None
    fragment: str | None

    def __str__(self) -> str:
        """Recompose the reference (section 5.3)."""
        scheme = "" if self.scheme is None else f"{self.scheme}:"
        authority = "" if self.authority is None else f"//{self.authority}"
        query = "" if self.query is None else f"?{self.query}"
        fragment = "" if self.fragment is None else f"#{self.fragment}"
        return f"{scheme}{authority}{self.path}{query}{fragment}"


def resolve(base: str, reference: str) -> str:
    """
    Return *reference* resolved against *base* (RFC 3986, section 5.2). Never raises.

    `urllib.parse.urljoin` supports only the schemes that it lists, and drops empty queries and fragments.

    >>> resolve("https://shop.example/orders/7?full", "problems/out-of-stock")
    'https://shop.example/orders/problems/out-of-stock'
    >>> resolve("urn:shop:orders", "#out-of-stock")
    'urn:shop:orders#out-of-stock'
    """
    if _has_scheme(reference) and "/." not in reference and ":." not in reference:
        return reference  # the same result as below, but faster
    to = _parts(reference)
    if to.scheme is not None:
        return str(to._replace(path=_without_dots(to.path)))
    at = _parts(base)
    if to.authority is not None:
        return str(to._replace(scheme=at.scheme, path=_without_dots(to.path)))
    if not to.path:
        return str(at._replace(query=at.query if to.query is None else to.query, fragment=to.fragment))
    path = to.path if to.path.startswith("/") else _merged(at, to.path)
    return str(_Parts(at.scheme, at.authority, _without_dots(path), to.query, to.fragment))


def _parts(text: str) -> _Parts:
    match = re.fullmatch(_COMPONENTS, text)
    return _Parts(*match.groups()) if match else _Parts(None, None, text, None, None)


def _merged(base: _Parts, path: str) -> str:
    """Return the path of *base* with *path* instead of its last segment (section 5.2.3)."""
    if base.authority is not None and not base.path:
        return f"/{path}"
    return base.path[: base.path.rfind("/") + 1] + path


def _without_dots(path: str) -> str:
    """
    Return *path* with its segments `.` and `..` resolved (section 5.2.4).

    Works by segments, where the RFC moves characters: the result is the same and takes linear time.
    """
    if "/." not in path and not path.startswith("."):
        return path
    rest = re.sub(_LEADING_DOTS, "", path)
    segments: list[str] = re.findall(_SEGMENT, "" if rest in (".", "..") else rest)
    kept: list[str] = []
    for segment in segments:
        if segment == "/..":
            del kept[-1:]
        elif segment != "/.":
            kept.append(segment)
    if segments and segments[-1] in ("/.", "/.."):
        kept.append("/")
    return "".join(kept)


def without_secrets(uri: str) -> str:
    """
    Return *uri* without user information, query and fragment, which may contain credentials.

    >>> without_secrets("https://anna:hunter2@shop.example/items/7?api_key=s3cret#top")
    'https://shop.example/items/7'
    """
    scheme, authority, path, *_ = _parts(uri)
    host = None if authority is None else authority.rpartition("@")[2]
    return "".join((f"{scheme}:" if scheme else "", "" if host is None else f"//{host}", path))
