"""
The close codes of WebSockets that say what a status code says, and the reason that goes with one.

Follows RFC 6455, section 7.4, and the IANA registry it founded. Knows neither problems nor connections.
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

# 3000 to 3999 are registered with IANA by those who need them: three are made for a status code.
_CODES: Final[Mapping[int, int]] = MappingProxyType(
    {
        401: 3000,  # Unauthorized
        403: 3003,  # Forbidden
        408: 3008,  # Timeout
        413: 1009,  # Message Too Big
        415: 1003,  # Unsupported Data
        429: TRY_AGAIN_LATER,  # 1008 would say not to
        502: 1014,  # Bad Gateway
        503: TRY_AGAIN_LATER,
        504: 1014,  # there is no code for a gateway that waited in vain
    }
)
"""The close codes that are closer to a status code than the one of its class."""

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
"""The status code that each close code stands for at most; 1005, 1006 and 1015 tell of the transport and of none."""

_UPGRADE_REQUIRED: Final = 426
_PRIVATE: Final = 4000


def close_code(status: int) -> int:
    """
    Return the close code that says what *status* says.

    A message that breaks the rules of an endpoint violates its policy; it breaks none of the WebSocket protocol
    (1002), nor is it a text that is no text (1007). A status that cannot be said in an open connection, because it is
    no error or answers a handshake, is the server's mistake.

    >>> close_code(422), close_code(401), close_code(500), close_code(426)
    (1008, 3000, 1011, 1011)
    """
    if not _can_be_said(status):
        return INTERNAL_ERROR
    return _CODES.get(status, POLICY_VIOLATION if status < 500 else INTERNAL_ERROR)


def private_close_code(status: int) -> int:
    """
    Return the close code that is *status* itself, in the range left to applications (section 7.4.2).

    Nothing of the status is lost, and browsers show it; but the range is the application's, so it has to choose so.

    >>> private_close_code(422), private_close_code(426)
    (4422, 1011)
    """
    return _PRIVATE + status if _can_be_said(status) else INTERNAL_ERROR


def status_of(code: int) -> int | None:
    """
    Return the status code that the close code *code* stands for, nothing if it tells of no problem.

    >>> status_of(3000), status_of(4422), status_of(1000)
    (401, 422, None)
    """
    status = code - _PRIVATE
    return status if 400 <= status <= 599 else _STATUSES.get(code)


def reason(text: str) -> str:
    """
    Return as much of *text* as fits in a close frame, in whole characters.

    >>> len(reason("é" * 100))
    61
    """
    return text.encode("utf-8", "replace")[:MAX_REASON_BYTES].decode("utf-8", "ignore")


def _can_be_said(status: int) -> bool:
    # 426 answers a handshake, with the versions that are spoken (section 4.4).
    return 400 <= status <= 599 and status != _UPGRADE_REQUIRED
