"""
The response headers that HTTP ties to status codes, as types of members.

Knows the fields and how their values are written, not the classes that carry them.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Annotated, Final

from pydantic import AfterValidator, Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from problems._wire.headers import once, parse_date, retry_after
from problems._wire.media_types import JSON, MERGE_PATCH_JSON
from problems._wire.uris import quote_reference
from problems.declaring._response_header import ResponseHeader

__all__ = ["Challenges", "Length", "Protocols", "RetryAfter"]


def _not_empty(value: str | Sequence[str]) -> str | Sequence[str]:
    parts = [value] if isinstance(value, str) else value
    if not parts or not all(part.strip() for part in parts):
        raise ValueError("at least one is needed, and none is empty")
    return value


def _to_come(value: float | timedelta | datetime) -> float | timedelta | datetime:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a datetime without a time zone is not a moment, use `datetime.now(UTC)`")
    elif not (timedelta() <= value if isinstance(value, timedelta) else 0 <= value < inf):
        raise ValueError("a time to wait is finite and not negative")
    return value


Challenges = Annotated[str | Sequence[str], AfterValidator(_not_empty), Field(examples=["Bearer"])]
"""One challenge or several, such as `'Bearer realm="shop"'` (RFC 9110, section 11.6.1)."""

Protocols = Annotated[str | Sequence[str], AfterValidator(_not_empty)]
"""One protocol or several, the preferred one first (RFC 9110, section 7.8)."""


def _in_one_sentence(value: object, read: ValidatorFunctionWrapHandler) -> object:
    try:
        return read(value)
    except ValidationError as error:
        if any(fault["type"] == "value_error" for fault in error.errors()):
            raise
        raise ValueError("expected seconds, a timedelta, or a datetime with a time zone") from None


RetryAfter = Annotated[int | float | timedelta | datetime, AfterValidator(_to_come), WrapValidator(_in_one_sentence)]
"""Seconds (fractions are rounded up), a duration, or a time with its time zone (RFC 9110, section 10.2.3)."""

Length = Annotated[int, Field(ge=0)]
"""A number of bytes."""


def _several(value: Challenges) -> tuple[str, ...]:
    # A challenge has commas of its own: each gets its line (RFC 9110, section 11.6.1).
    return (value,) if isinstance(value, str) else tuple(value)


def _unsatisfied(length: int) -> str:
    return f"bytes */{length}"


def _blocked_by(uri: str) -> str:
    return f'<{quote_reference(uri)}>; rel="blocked-by"'


def _tokens(text: str) -> list[str]:
    return [token.strip() for token in text.split(",") if token.strip()]


def _read_retry_after(text: str) -> int | datetime | None:
    """Return seconds or a time (RFC 9110, section 10.2.3); nothing for what is neither."""
    single = once(text)
    return int(single) if single.isascii() and single.isdigit() else parse_date(single, datetime.now(UTC))


def _length(text: str) -> str:
    return text.rpartition("/")[2]


def _uri(text: str) -> str:
    return text.partition("<")[2].partition(">")[0]


WWW_AUTHENTICATE: Final = ResponseHeader(
    "WWW-Authenticate", body=False, encode=_several, description="How to authenticate.", example='Bearer realm="shop"'
)
PROXY_AUTHENTICATE: Final = ResponseHeader(
    "Proxy-Authenticate",
    body=False,
    encode=_several,
    description="How to authenticate to the proxy.",
    example='Basic realm="proxy"',
)
ALLOW: Final = ResponseHeader(
    "Allow", body=False, decode=_tokens, description="The methods that are supported.", example="GET, HEAD"
)
RETRY_AFTER: Final = ResponseHeader(
    "Retry-After",
    body=False,
    encode=retry_after,
    decode=_read_retry_after,
    description="Seconds to wait, or the time to wait for.",
    example="30",
)
ACCEPT: Final = ResponseHeader(
    "Accept", body=False, decode=_tokens, description="The media types that are supported.", example=JSON
)
ACCEPT_ENCODING: Final = ResponseHeader(
    "Accept-Encoding",
    body=False,
    decode=_tokens,
    description="The content codings that are supported.",
    example="gzip, br",
)
ACCEPT_PATCH: Final = ResponseHeader(
    "Accept-Patch",
    body=False,
    decode=_tokens,
    description="The patch formats that are supported.",
    example=MERGE_PATCH_JSON,
)
CONTENT_RANGE: Final = ResponseHeader(
    "Content-Range",
    body=False,
    encode=_unsatisfied,
    decode=_length,
    description="The length of the content.",
    example="bytes */47022",
)
UPGRADE: Final = ResponseHeader(
    "Upgrade",
    body=False,
    decode=_tokens,
    also={"Connection": "Upgrade"},
    description="The protocols to upgrade to.",
    example="HTTP/2.0",
)
BLOCKED_BY: Final = ResponseHeader(
    "Link",
    body=False,
    encode=_blocked_by,
    decode=_uri,
    description="Who implements the block.",
    example='<https://isp.example/>; rel="blocked-by"',
)
