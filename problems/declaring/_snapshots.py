"""
What is kept of a request and its response once they are gone: values without sockets and credentials.

Knows no client library: any object with the usual attributes has a snapshot.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from problems._headers import HeaderLines
from problems._uris import without_secrets

__all__ = ["RequestSnapshot", "ResponseSnapshot", "request_snapshot", "response_snapshot"]

_KEPT: Final = frozenset(
    {
        "allow",
        "content-language",
        "content-type",
        "date",
        "ratelimit",
        "ratelimit-policy",
        "retry-after",
        "x-request-id",
    }
)
"""The header fields that are kept: no secrets, but what tells how to go on. Cookies and challenges are dropped."""


class RequestSnapshot(NamedTuple):
    """
    What a request was.

    Attributes:
        method: The method.
        url: The address without user information, query and fragment.
    """

    method: str
    url: str


class ResponseSnapshot(NamedTuple):
    """
    What a response was.

    Attributes:
        status_code: The status code.
        headers: The header fields that are kept; names in any case.
        content: The body, as far as it was read.
    """

    status_code: int
    headers: Mapping[str, str] = HeaderLines()
    content: bytes = b""


def request_snapshot(request: object) -> RequestSnapshot | None:
    """Return what can be kept of *request*; nothing of nothing."""
    if request is None:
        return None
    url = without_secrets(str(getattr(request, "url", "")))
    return RequestSnapshot(str(getattr(request, "method", "")), url)


def response_snapshot(response: object) -> ResponseSnapshot | None:
    """Return what can be kept of *response*, its content read already; nothing of nothing."""
    if response is None:
        return None
    headers: Mapping[str, str] = getattr(response, "headers", {})
    kept = HeaderLines([(name, value) for name, value in headers.items() if name.lower() in _KEPT and _is_plain(value)])
    return ResponseSnapshot(getattr(response, "status_code", 0), kept, getattr(response, "content", b""))


def _is_plain(value: str) -> bool:
    return value.isascii() and value.isprintable()
