"""
WebSocket close codes for HTTP status codes, and the reason text of a close frame.

Follows RFC 6455, section 7.4, and its IANA registry. Pure functions: imports neither problems nor connections.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = [
    "GOING_AWAY",
    "INTERNAL_ERROR",
    "MAX_REASON_BYTES",
    "POLICY_VIOLATION",
    "SERVICE_RESTART",
    "TRY_AGAIN_LATER",
    "close_code",
    "private_close_code",
    "reason",
    "status_of",
]

GOING_AWAY: Final = 1001
POLICY_VIOLATION: Final = 1008
INTERNAL_ERROR: Final = 1011
SERVICE_RESTART: Final = 1012
TRY_AGAIN_LATER: Final = 1013

MAX_REASON_BYTES: Final = 123
"""A control frame carries 125 bytes (section 5.5); the close code takes two."""

# The codes from 3000 to 3999 are registered with IANA on request. Three of them stand for a status code.
_CODES: Final[Mapping[int, int]] = MappingProxyType(
    {
        401: 3000,  # Unauthorized
        403: 3003,  # Forbidden
        408: 3008,  # Timeout
        413: 1009,  # Message Too Big
        415: 1003,  # Unsupported Data
        429: TRY_AGAIN_LATER,  # 1008 would discourage another attempt
        502: 1014,  # Bad Gateway
        503: TRY_AGAIN_LATER,
        504: 1014,  # no close code is registered for a gateway timeout
    }
)
"""The close codes of single status codes. Every other status has the close code of its class (4xx or 5xx)."""

_STATUSES: Final[Mapping[int, int]] = MappingProxyType(
    {
        1003: 415,
        POLICY_VIOLATION: 400,
        1009: 413,
        INTERNAL_ERROR: 500,
        SERVICE_RESTART: 503,
        TRY_AGAIN_LATER: 503,
        1014: 502,
        3000: 401,
        3003: 403,
        3008: 408,
    }
)
"""The status code of each close code. 1005, 1006 and 1015 describe the transport and have no status code."""

_UPGRADE_REQUIRED: Final = 426
_PRIVATE: Final = 4000


def close_code(status: int) -> int:
    """
    Return the registered close code for a status code.

    A message that breaks the rules of an endpoint violates its policy (1008). It does not break the WebSocket
    protocol (1002) or the encoding of text (1007). A status that cannot occur in an open connection, because it is
    not an error or answers a handshake, is a mistake of the server (1011).

    >>> close_code(422), close_code(401), close_code(500), close_code(426)
    (1008, 3000, 1011, 1011)
    """
    if not _can_close(status):
        return INTERNAL_ERROR
    return _CODES.get(status, POLICY_VIOLATION if status < 500 else INTERNAL_ERROR)


def private_close_code(status: int) -> int:
    """
    Return 4000 plus *status*: a close code in the range for private use (section 7.4.2).

    The code keeps the exact status, and browsers show it. The range belongs to applications, so they opt in.

    >>> private_close_code(422), private_close_code(426)
    (4422, 1011)
    """
    return _PRIVATE + status if _can_close(status) else INTERNAL_ERROR


def status_of(code: int) -> int | None:
    """
    Return the status code of a close code, or `None` if the code does not report an error.

    >>> status_of(3000), status_of(4422), status_of(1000)
    (401, 422, None)
    """
    status = code - _PRIVATE
    return status if 400 <= status <= 599 else _STATUSES.get(code)


def reason(text: str) -> str:
    """
    Return the beginning of *text* that fits in a close frame, in whole characters.

    >>> len(reason("é" * 100))
    61
    """
    return text.encode("utf-8", "replace")[:MAX_REASON_BYTES].decode("utf-8", "ignore")


def _can_close(status: int) -> bool:
    # 426 answers a handshake and lists the supported versions (section 4.4).
    return 400 <= status <= 599 and status != _UPGRADE_REQUIRED
