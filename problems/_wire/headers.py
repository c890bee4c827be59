"""
Response header fields: repeatable lines, the check of names and values, and the format of values.

Interprets no header except Retry-After. Does not import problems or responses.
"""

import re
from collections.abc import Callable, ItemsView, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from enum import Enum
from itertools import islice
from math import ceil, isfinite
from typing import Any, Final, TypeGuard

from problems._wire.text import briefly, plain
from problems.errors import InvalidHeader

__all__ = [
    "DESCRIBES_BODY",
    "HeaderLines",
    "capped",
    "check_header",
    "describes_body",
    "field_value",
    "header_value",
    "http_date",
    "once",
    "parse_date",
    "parse_retry_after",
    "refuse_body_field",
    "retry_after",
]

DESCRIBES_BODY: Final = frozenset(
    {
        "content-digest",
        "content-disposition",
        "content-encoding",
        "content-length",
        "content-location",
        "content-md5",
        "content-range",
        "content-type",
        "digest",
        "etag",
        "last-modified",
        "repr-digest",
        "trailer",
        "transfer-encoding",
    }
)
"""
The fields, in lower case, that describe the body they were made for, and would be wrong beside another body.

Content-Language is not included: the text of an exception keeps its language in a problem document.
"""

# These describe the resource, not the body: the length that 416 has to send (RFC 9110, section 15.5.17), and
# the state to compare with a failed or missing precondition.
_DESCRIBES_RESOURCE: Final[Mapping[int, frozenset[str]]] = {
    412: frozenset({"etag", "last-modified"}),
    416: frozenset({"content-range"}),
    428: frozenset({"etag", "last-modified"}),
}

MAX_SECONDS: Final = 2**31 - 1
"""68 years. A larger number would overflow in receivers (RFC 9111, section 1.2.2)."""

_is_token: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch  # RFC 9110, section 5.6.2
_is_field_value: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*").fullmatch  # section 5.5
_SECONDS: Final = r"[0-9]++(?:\.[0-9]*+)?"
_LONGEST_TIME: Final = 128
_TIME: Final = "[0-9]:[0-9]{2}"
_LEAP: Final = "(:[0-9]{2}:)60(?![0-9])"
_SHORT_YEAR: Final = "[0-9]-[A-Za-z]{3}-[0-9]{2}(?![0-9])"
_SECOND: Final = timedelta(seconds=1)


MAX_FIELD: Final = 8_192
"""The maximum characters that are read of a received field. Most servers and proxies limit a whole header to this."""


def capped(text: str, most: int = MAX_FIELD) -> str:
    """
    Return the beginning of a received field, without the list element that was cut in two.

    >>> capped("gzip, br, identity", most=12)
    'gzip, br'
    """
    return text if len(text) <= most else text[:most].rpartition(",")[0] or text[:most]


def describes_body(name: str, status: int) -> bool:
    """
    Return whether the field *name* of an exception describes a body that is not sent.

    >>> describes_body("Content-Length", 404), describes_body("Content-Range", 416)
    (True, False)
    """
    lower = name.lower()
    return lower in DESCRIBES_BODY and lower not in _DESCRIBES_RESOURCE.get(status, ())


def refuse_body_field(name: str, status: int | None = None) -> None:
    """
    Raise if a field describes the body and so would never be sent.

    Args:
        name: The name of the field.
        status: The status code of the response; `None` accepts a field that can be sent with at least one status.

    Raises:
        InvalidHeader: The field would not be sent.
    """
    statuses = (status,) if status is not None else (0, *_DESCRIBES_RESOURCE)
    if all(describes_body(name, code) for code in statuses):
        fits = [code for code, names in _DESCRIBES_RESOURCE.items() if name.lower() in names]
        where = f", but for a status of {' or '.join(map(str, fits))}" if fits else ""
        raise InvalidHeader(
            name, f"it describes the body, which is not known before the answer{where}. Use a field of another name."
        )


def check_header(name: object, value: object) -> None:
    """
    Raise if HTTP does not allow the name or the value of a field.

    Raises:
        InvalidHeader: The name is not a token, or the value contains forbidden characters.
    """
    if not isinstance(name, str):
        raise InvalidHeader(briefly(name), f"its name is of type {type(name).__name__!r}. Write it as a text.")
    if not _is_token(name):
        raise InvalidHeader(name, "its name is not a token. Use letters, digits and hyphens.")
    if not isinstance(value, str):
        kind = type(value).__name__
        raise InvalidHeader(
            name, f'its value is of type {kind!r}. Write `{{"{name}": "…"}}`, or a list of texts for several lines.'
        )
    if not _is_field_value(value):
        reason = "its value has control characters" if value.isascii() else "its value is not ISO-8859-1 text"
        raise InvalidHeader(name, f"{reason}. Remove or encode them (RFC 9110, section 5.5).")


def field_value(name: str, value: object) -> str:
    """
    Return the checked *value* of the field *name*, without white space at its ends.

    Such white space is not part of a value (RFC 9110, section 5.5), and servers drop the connection over it.

    >>> field_value("X-Region", " eu ")
    'eu'

    Raises:
        InvalidHeader: HTTP does not allow the name or the value.
    """
    check_header(name, value)
    return plain(value).strip(" \t")


class HeaderLines(Mapping[str, str]):
    """
    Response header fields as the lines that are sent, immutable.

    Lookup ignores the case of names. `items` returns the lines, so that a response made with this mapping sends each
    line:

    >>> lines = HeaderLines({"WWW-Authenticate": ["Basic", "Bearer"], "Allow": "GET"})
    >>> lines["www-authenticate"]
    'Basic, Bearer'
    >>> list(lines.items())
    [('WWW-Authenticate', 'Basic'), ('WWW-Authenticate', 'Bearer'), ('Allow', 'GET')]

    Args:
        headers: A mapping or pairs of names and values. A sequence of values becomes one line for each value.

    Raises:
        InvalidHeader: A name or a value cannot be sent.
    """

    __slots__ = ("_lines",)

    def __init__(
        self, headers: Mapping[str, str | Sequence[str]] | Iterable[tuple[str, str | Sequence[str]]] = ()
    ) -> None:
        pairs: Callable[[], Any] = getattr(headers, "items", lambda: headers)
        self._lines = tuple(line for name, value in pairs() for line in _lines_of(name, value))

    def __getitem__(self, name: str) -> str:
        lower = name.lower()
        values = [value for line, value in self._lines if line.lower() == lower]
        if not values:
            raise KeyError(name)
        return ", ".join(values)  # RFC 9110, section 5.3

    def __iter__(self) -> Iterator[str]:
        names: dict[str, str] = {}
        for name, _ in self._lines:
            names.setdefault(name.lower(), name)
        return iter(names.values())

    def __len__(self) -> int:
        return len({name.lower() for name, _ in self._lines})

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and any(name.lower() == line.lower() for line, _ in self._lines)

    def items(self) -> ItemsView[str, str]:
        """Return the lines. A name occurs as often as it has lines."""
        return _Lines(self, self._lines)

    def __eq__(self, other: object) -> bool:
        return _fields_of(self) == _fields_of(other) if _is_mapping(other) else NotImplemented

    def __hash__(self) -> int:
        return hash(frozenset(_fields_of(self).items()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self._lines)!r})"

    def __reduce__(self) -> tuple[type["HeaderLines"], tuple[tuple[tuple[str, str], ...]]]:
        return HeaderLines, (self._lines,)


class _Lines(ItemsView[str, str]):
    """The lines of a `HeaderLines`, as the items of a mapping."""

    __slots__ = ("_lines",)

    def __init__(self, owner: HeaderLines, lines: tuple[tuple[str, str], ...]) -> None:
        super().__init__(owner)
        self._lines = lines

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)

    def __contains__(self, line: object) -> bool:
        return line in self._lines


def _lines_of(name: str, value: object) -> Iterator[tuple[str, str]]:
    for text in value if _is_several(value) else (value,):
        yield name, field_value(name, text)


def _is_several(value: object) -> TypeGuard[Iterable[object]]:
    return isinstance(value, list | tuple)


def _is_mapping(value: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(value, Mapping)


def _fields_of(headers: Mapping[str, object]) -> dict[str, object]:
    return {name.lower(): headers[name] for name in headers}


def http_date(moment: datetime) -> str:
    """
    Return *moment* as an HTTP-date (RFC 9110, section 5.6.7).

    >>> http_date(datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC))
    'Sun, 06 Nov 1994 08:49:37 GMT'

    Raises:
        ValueError: *moment* has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError(
            "A datetime without a time zone is not a moment. Use `datetime.now(UTC)` or another aware datetime."
        )
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def retry_after(value: float | timedelta | datetime) -> str:
    """
    Return the value of Retry-After for a duration or a moment, rounded up.

    >>> retry_after(1.2), retry_after(timedelta(minutes=2)), retry_after(-5)
    ('2', '120', '0')

    Raises:
        InvalidHeader: *value* is not a duration or a moment, or has no time zone.
    """
    try:
        if isinstance(value, datetime):
            return http_date(value + _SECOND - timedelta.resolution)  # rounded up: the text has no fractions
        seconds = -(value // -_SECOND) if isinstance(value, timedelta) else ceil(value)
    except (TypeError, ValueError, OverflowError) as error:
        reason = f"{str(error).rstrip('.')}. Give seconds, a timedelta or a datetime with a time zone."
        raise InvalidHeader("Retry-After", reason) from None
    return str(min(max(seconds, 0), MAX_SECONDS))


def parse_retry_after(text: str, now: datetime) -> timedelta | None:
    """
    Return how long from *now* a Retry-After asks to wait, or `None` if *text* is invalid. Never raises.

    >>> now = datetime(2026, 11, 25, 7, tzinfo=UTC)
    >>> parse_retry_after("120", now)
    datetime.timedelta(seconds=120)
    >>> parse_retry_after("Wed, 25 Nov 2026 07:01:00 GMT", now)
    datetime.timedelta(seconds=60)
    """
    single = once(text)
    if re.fullmatch(_SECONDS, single):
        return timedelta(seconds=min(float(single), MAX_SECONDS))
    moment = parse_date(single, now)
    return None if moment is None else max(moment - now.astimezone(UTC), timedelta())


def once(text: str) -> str:
    """
    Return the value of a field without repetitions of the same value (RFC 9110, section 5.5).

    >>> once("120, 120"), once("120, 60")
    ('120', '120, 60')
    """
    parts = [part.strip() for part in text[:_LONGEST_TIME].split(",")]
    for length in range(1, len(parts) // 2 + 1):
        if len(parts) % length == 0 and parts == parts[:length] * (len(parts) // length):
            return ", ".join(parts[:length])
    return ", ".join(parts)


def parse_date(text: str, now: datetime) -> datetime | None:
    """
    Return the moment of an HTTP-date in any of its three forms, or `None` if *text* is not one. Never raises.

    A year of two digits is at most fifty years in the future of *now* (RFC 9110, section 5.6.7), and a leap second is
    the beginning of the next minute.

    >>> now = datetime(2026, 11, 25, 7, tzinfo=UTC)
    >>> parse_date("Sunday, 06-Nov-94 08:49:37 GMT", now).year, parse_date("Friday, 06-Nov-70 08:49:37 GMT", now).year
    (1994, 2070)
    >>> parse_date("Sat, 31 Dec 2016 23:59:60 GMT", now)
    datetime.datetime(2017, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)
    """
    short = text[:_LONGEST_TIME].strip()
    if not re.search(_TIME, short):
        return None
    try:
        is_leap = re.search(_LEAP, short) is not None
        moment = parsedate_to_datetime(re.sub(_LEAP, r"\g<1>59", short))
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) + _SECOND * is_leap
        return _within_fifty_years(moment, now.astimezone(UTC)) if re.search(_SHORT_YEAR, short) else moment
    except Exception:  # noqa: BLE001 - the text is untrusted, and the date parser raises many exceptions
        return None


def _within_fifty_years(moment: datetime, now: datetime) -> datetime:
    year = now.year - now.year % 100 + moment.year % 100
    latest = now.replace(year=now.year + 50, day=min(now.day, 28))
    in_this_century = moment.replace(year=year)
    return in_this_century if in_this_century <= latest else moment.replace(year=year - 100)


def header_value(value: object) -> str:
    """
    Return *value* as the text of a header field.

    >>> header_value([1, timedelta(minutes=1), True, "x"])
    '1, 60, true, x'

    Raises:
        ValueError: The class of *value* does not define `__str__`.
    """
    for kinds, write in _WRITERS:
        if isinstance(value, kinds):
            return write(value)
    if type(value).__str__ is object.__str__:
        raise ValueError(f"A {type(value).__name__} cannot be written as a header. Give a string.")
    return str(value)


def _number(value: float) -> str:
    if not isfinite(value):
        raise ValueError(f"A header needs a finite number; got {value!r}.")
    return repr(float(value))


def _joined(values: Iterable[object]) -> str:
    return ", ".join(map(header_value, islice(values, MAX_FIELD)))


_Kinds = type | tuple[type, ...]
_WRITERS: Final[tuple[tuple[_Kinds, Callable[[Any], str]], ...]] = (
    (Enum, lambda value: header_value(value.value)),
    (str, str),
    (bytes, lambda value: value.decode("latin-1")),
    (bool, lambda value: "true" if value else "false"),
    (int, lambda value: str(int(value))),
    (float, _number),
    (datetime, http_date),
    (timedelta, lambda value: str(-(value // -_SECOND))),
    ((list, tuple), _joined),
    ((set, frozenset), lambda value: ", ".join(sorted(map(header_value, value)))),
)
"""The writer of each type of value. The first row that fits is used."""
