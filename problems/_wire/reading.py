"""
The reader of problem documents: from the bytes of a response to a JSON object, or to a reason for failure.

Never raises for any bytes. Does not import HTTP libraries, problem types or statuses, and does not interpret the
object.
"""

import json
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from pydantic import JsonValue
from pydantic_core import from_json

from problems._wire.json import MAX_DIGITS, kind_of
from problems._wire.media_types import PROBLEM_JSON, PROBLEM_XML, charset, essence
from problems._wire.reading_xml import read_xml

__all__ = ["LIMIT", "Document", "Reader", "is_problem_type", "read_document", "read_json"]

Document: TypeAlias = dict[str, JsonValue]
"""A JSON object."""

Reader: TypeAlias = Callable[[bytes, str | None], tuple[Document | None, str | None]]
"""From a body and its media type to a JSON object, or to the reason for failure."""

LIMIT: Final = 65_536
"""The default limit for the size of a body, in bytes."""

# Charsets that servers declare in practice. Others are not looked up: some Python codecs are not charsets.
_CHARSETS: Final = frozenset(
    {"big5", "euc-jp", "euc-kr", "gb18030", "gb2312", "gbk", "koi8-r", "shift_jis"}
    | {"iso-8859-1", "iso-8859-2", "iso-8859-15", "latin1", "windows-1250", "windows-1251", "windows-1252"}
)

_TOO_DEEP: Final = "The body is JSON that is nested too deeply."


def read_document(
    content: bytes, content_type: str | None, *, limit: int = LIMIT, read: Reader | None = None
) -> tuple[Document | None, str | None]:
    """
    Return the object in *content* and `None`, or `None` and why it is not a problem document.

    The media type decides, without its parameters: a similar document of another media type is not read. The last of
    duplicate members wins (RFC 8259, section 4, allows this). Numbers that are too large for a float are read as
    infinity, and NaN as NaN.

    >>> read_document(b'{"status": 404}', "application/problem+json")
    ({'status': 404}, None)
    >>> read_document(b"Not Found", "text/plain")
    (None, "The media type 'text/plain' is not read as a problem document.")

    Args:
        content: The body.
        content_type: The response header field.
        limit: The maximum size of the body in bytes.
        read: The reader of the body; by default the media type selects it.
    """
    if content_type == PROBLEM_JSON and len(content) <= limit:
        try:  # the fast path, for documents as most servers send them
            value: JsonValue = from_json(content)
        except ValueError:
            value = None
        if isinstance(value, dict):
            return value, None
    if read is None:
        read = _READERS.get(content_type) or _READERS.get(essence(content_type))
        if read is None:
            return None, _no_reader(content_type)
    if 0 < len(content) <= limit:
        return read(content, content_type)
    return None, f"The body has more than {limit} bytes, the most that are read." if content else "The body is empty."


def is_problem_type(content_type: str | None) -> bool:
    """Return whether a media type is `application/problem+json` or `application/problem+xml`."""
    return essence(content_type) in _READERS


def _no_reader(content_type: str | None) -> str:
    if not essence(content_type):
        return "The response has no media type."
    return f"The media type {essence(content_type)!r} is not read as a problem document."


def read_json(content: bytes, content_type: str | None) -> tuple[Document | None, str | None]:
    """Return the object in *content* and `None`, or `None` and the reason for failure, for any media type."""
    try:
        value: JsonValue = from_json(content)
    except ValueError:
        return _read_json_carefully(_decoded(content, content_type))
    return (value, None) if isinstance(value, dict) else (None, _not_an_object(value))


def _not_an_object(value: JsonValue) -> str:
    return f"The body is {kind_of(value)}, not a JSON object."


def _read_json_carefully(text: str) -> tuple[Document | None, str | None]:
    """
    Read documents that `from_json` rejects for their encoding, lone surrogates or long integers.

    The standard library's parser accepts them all. Its result is repaired, written as JSON again and passed to
    `from_json`, so that both paths return the same values and have the same limit on nesting.
    """
    try:
        repaired = json.dumps(json.loads(text, parse_int=_integer), ensure_ascii=False)
    except ValueError as error:
        return None, f"The body is not JSON: {error}."
    except RecursionError:
        return None, _TOO_DEEP
    try:
        value: JsonValue = from_json(_without_surrogates(repaired))
    except ValueError:
        return None, _TOO_DEEP
    return (value, None) if isinstance(value, dict) else (None, _not_an_object(value))


def _integer(digits: str) -> int | float:
    # An integer that is longer than Python converts by default is read as infinity, like 1e999.
    return int(digits) if len(digits) <= MAX_DIGITS else float(digits)


def _without_surrogates(text: str) -> str:
    r"""Return *text* with U+FFFD for each lone surrogate, which JSON can escape but UTF-8 cannot encode."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _decoded(content: bytes, content_type: str | None) -> str:
    """
    Return *content* as text, with U+FFFD for bytes that cannot be decoded.

    JSON is UTF-8 (RFC 8259, section 8.1), except with a byte order mark, with the zero bytes of UTF-16 and UTF-32, or
    with a declared charset if the bytes are not UTF-8.
    """
    encoding: str = json.detect_encoding(content)
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        declared = charset(content_type)
        if encoding == "utf-8" and declared in _CHARSETS:
            encoding = declared
        return content.decode(encoding, "replace")


_READERS: Final[Mapping[str | None, Reader]] = {
    PROBLEM_JSON: read_json,
    PROBLEM_XML: read_xml,
}
