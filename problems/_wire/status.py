"""
The reason phrases of HTTP status codes, and the statuses without a body.

Does not import problems or responses.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["PHRASES", "is_bodyless", "phrase"]

# Not `http.HTTPStatus`: its phrases for 413, 414, 416 and 422 depend on the version of Python, and a title
# must not (RFC 9457, section 4.2.1). 418 is registered as unused and has no phrase (RFC 9110, section 15.5.19).
PHRASES: Final[Mapping[int, str]] = MappingProxyType(
    {
        400: "Bad Request",
        401: "Unauthorized",
        402: "Payment Required",
        403: "Forbidden",
        404: "Not Found",
        405: "Method Not Allowed",
        406: "Not Acceptable",
        407: "Proxy Authentication Required",
        408: "Request Timeout",
        409: "Conflict",
        410: "Gone",
        411: "Length Required",
        412: "Precondition Failed",
        413: "Content Too Large",
        414: "URI Too Long",
        415: "Unsupported Media Type",
        416: "Range Not Satisfiable",
        417: "Expectation Failed",
        421: "Misdirected Request",
        422: "Unprocessable Content",
        423: "Locked",
        424: "Failed Dependency",
        425: "Too Early",
        426: "Upgrade Required",
        428: "Precondition Required",
        429: "Too Many Requests",
        431: "Request Header Fields Too Large",
        451: "Unavailable For Legal Reasons",
        500: "Internal Server Error",
        501: "Not Implemented",
        502: "Bad Gateway",
        503: "Service Unavailable",
        504: "Gateway Timeout",
        505: "HTTP Version Not Supported",
        506: "Variant Also Negotiates",
        507: "Insufficient Storage",
        508: "Loop Detected",
        511: "Network Authentication Required",
    }
)
"""The phrase of every error status in the IANA registry that has one."""

# Not errors, but exceptions can have these statuses: `raise HTTPException(302, headers={"Location": …})`.
_OTHERS: Final = {
    200: "OK",
    201: "Created",
    202: "Accepted",
    203: "Non-Authoritative Information",
    206: "Partial Content",
    207: "Multi-Status",
    208: "Already Reported",
    226: "IM Used",
    300: "Multiple Choices",
    301: "Moved Permanently",
    302: "Found",
    303: "See Other",
    305: "Use Proxy",
    307: "Temporary Redirect",
    308: "Permanent Redirect",
}
"""The phrases of the registered statuses below that have content; 306 is registered as unused."""

_CLASSES: Final = {1: "Informational", 2: "Successful", 3: "Redirection", 4: "Client Error", 5: "Server Error"}


def phrase(status: int) -> str:
    """
    Return the reason phrase of *status*, or the name of its class if it is unregistered (RFC 9110, section 15).

    >>> phrase(422)
    'Unprocessable Content'
    >>> phrase(499)
    'Client Error'
    >>> phrase(666)
    'Unknown Error'
    """
    return PHRASES.get(status) or _OTHERS.get(status) or _CLASSES.get(status // 100, "Unknown Error")


def is_bodyless(status: int) -> bool:
    """
    Return whether responses with *status* have no content (RFC 9110, sections 15.2, 15.3.5, 15.3.6 and 15.4.5).

    >>> is_bodyless(204), is_bodyless(404)
    (True, False)
    """
    return 100 <= status < 200 or status in (204, 205, 304)
