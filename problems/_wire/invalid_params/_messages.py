"""
The messages of rejected inputs, and the facts of the schema that translations need.

Removes parts of the input from pydantic's messages. Knows pydantic's error types, but does not read documents or
import a framework.
"""

import math
import re
from collections.abc import Mapping
from typing import Final, get_args

from pydantic_core import to_jsonable_python
from pydantic_core.core_schema import ErrorType

from problems._wire.invalid_params._values import cut, encodable, is_mapping

UNREADABLE: Final = "Invalid input"
"""The message of an error without a readable message, or with a custom message that is hidden."""

_DETAIL: Final = r", | '"
_POSITION: Final = r"at line (?P<line>\d{1,9}) column (?P<column>\d{1,9})$"

POSITION: Final = "error"
"""The fact of a JSON syntax error: the parser's message, of which only the position is sent."""

BUILT_IN: Final[frozenset[str]] = frozenset(get_args(ErrorType))


def message_of(code: str, message: object, context: object, *, limit: int, hide_custom: bool = False) -> str:
    """
    Return the *message* of an error of type *code*, without parts of the input, in at most *limit* characters.

    Args:
        code: The pydantic error type.
        message: pydantic's ``msg``.
        context: pydantic's ``ctx``.
        limit: The maximum length of the result in characters.
        hide_custom: Whether to replace the message of a custom validator, which can repeat the input.

    >>> message_of("uuid_parsing", "Input should be a valid UUID, found `z` at 35", {}, limit=500)
    'Input should be a valid UUID'
    """
    if not isinstance(message, str):
        return UNREADABLE
    row = ROWS.get(code, OTHER)
    if hide_custom and row.is_authored:
        return row.constant
    if row.is_reworded:
        message = _reworded(code, message, context)
    if len(message) > limit:
        message = cut(message, limit)
    return message if message.isascii() else encodable(message)


def constant_of(code: str, message: str) -> str:
    """
    Return the constant message that is sent instead of a *message* that repeats the input.

    >>> constant_of("value_error", "Value error, 7 is taken"), constant_of("taken", "7 is taken")
    ('Value error', 'Invalid input')
    """
    row = ROWS.get(code, OTHER)
    return row.constant if row.is_authored else re.split(_DETAIL, message, maxsplit=1)[0]


def context_of(fact: str, context: object, *, limit: int) -> dict[str, object]:
    """
    Return the *fact* in *context*, a constraint or what was expected, never the input or an exception.

    The error type decides which fact it is, because the context of a custom error may come from the input. A text
    of more than *limit* characters is left out, because half a pattern would be wrong.

    >>> context_of("max_length", {"field_type": "List", "max_length": 3, "actual_length": 4}, limit=500)
    {'max_length': 3}
    """
    value = context.get(fact) if is_mapping(context) else None
    if fact == POSITION:
        return _position(value)
    if value.__class__ is not int:
        value = _sendable(value, limit)
    return {} if value is None else {fact: value}


def facts_of(code: str) -> tuple[str, ...]:
    """
    Return the names of the facts that a translation of the message of *code* can use.

    >>> facts_of("string_too_short"), facts_of("json_invalid")
    (('min_length',), ('line', 'column'))
    """
    fact = ROWS.get(code, OTHER).fact
    return ("line", "column") if fact == POSITION else () if fact is None else (fact,)


def _position(message: object) -> dict[str, object]:
    """Return the position of a JSON syntax error, without the parser's *message*, which could quote the text."""
    position = re.search(_POSITION, message) if isinstance(message, str) else None
    return {name: int(number) for name, number in position.groupdict().items()} if position else {}


def _sendable(value: object, limit: int) -> object:
    """Return *value* as a JSON value, or `None` if it must not be sent."""
    fact = value if isinstance(value, (str, float)) else to_jsonable_python(value, fallback=str)
    if isinstance(fact, str):
        return encodable(fact) if len(fact) <= limit else None
    return fact if isinstance(fact, int) or (isinstance(fact, float) and math.isfinite(fact)) else None


def _reworded(code: str, message: str, context: object) -> str:
    if code == "union_tag_invalid":
        expected = context.get("expected_tags") if is_mapping(context) else None
        return f"Input tag should be one of {expected}" if isinstance(expected, str) else UNREADABLE
    if code in _INSTEAD:
        return _INSTEAD[code]
    if code in _UNTIL:
        return message.partition(_UNTIL[code])[0]
    return _EMAIL if message.startswith(_EMAIL) else message


_UNTIL: Final[Mapping[str, str]] = {
    # The rest of the message repeats the input, or an exception that may repeat it.
    "bytes_invalid_encoding": ": ",
    "datetime_object_invalid": ", got",
    "get_attribute_error": ": ",
    "iteration_error": ", error",
    "mapping_type": ", error",
    "no_such_attribute": " '",
    "timezone_offset": ", got",
    "too_long": " after validation",
    "too_short": " after validation",
    "uuid_parsing": ", ",
    # Two error types of pydantic's library types.
    "base64_decode": ":",
    "import_error": ":",
}

_INSTEAD: Final[Mapping[str, str]] = {
    "json_invalid": "Invalid JSON",
    "zoneinfo_str": "Input should be a valid timezone",
    # pydantic names a class of the server or a Python type: use its message for JSON, where one exists.
    "arguments_type": "Input should be an array or an object",
    "dataclass_exact_type": "Input should be an object",
    "dataclass_type": "Input should be an object",
    "is_instance_of": "Input is of the wrong type",
    "is_subclass_of": "Input is of the wrong type",
    "model_attributes_type": "Input should be an object",
    "model_type": "Input should be an object",
    "named_tuple_type": "Input should be an array or an object",
}

_EMAIL: Final = "value is not a valid email address"
"""pydantic adds a message of email-validator after the colon, which quotes characters of the address."""

_REWORDED: Final = frozenset({*_UNTIL, *_INSTEAD, "union_tag_invalid", "value_error"})

_CUSTOM: Final[Mapping[str, str]] = {"value_error": "Value error", "assertion_error": "Assertion failed"}

_FACTS: Final[Mapping[str, str]] = {
    "bytes_invalid_encoding": "encoding",
    "bytes_too_long": "max_length",
    "bytes_too_short": "min_length",
    "decimal_max_digits": "max_digits",
    "decimal_max_places": "decimal_places",
    "decimal_whole_digits": "whole_digits",
    "enum": "expected",
    "greater_than": "gt",
    "greater_than_equal": "ge",
    "json_invalid": POSITION,
    "less_than": "lt",
    "less_than_equal": "le",
    "literal_error": "expected",
    "multiple_of": "multiple_of",
    "string_pattern_mismatch": "pattern",
    "string_too_long": "max_length",
    "string_too_short": "min_length",
    "timezone_offset": "tz_expected",
    "too_long": "max_length",
    "too_short": "min_length",
    "union_tag_invalid": "expected_tags",
    "url_scheme": "expected_schemes",
    "url_too_long": "max_length",
    "uuid_version": "expected_version",
}
"""The fact in pydantic's ``ctx`` that translations need."""

_ABSENT: Final = frozenset(
    {
        "default_factory_not_called",
        "missing",
        "missing_argument",
        "missing_keyword_only_argument",
        "missing_positional_only_argument",
    }
)

_QUOTING: Final = frozenset(
    {
        "date_from_datetime_parsing",
        "date_parsing",
        "datetime_from_date_parsing",
        "datetime_parsing",
        "string_pattern_mismatch",
        "time_delta_parsing",
        "time_parsing",
        "url_parsing",
        "url_syntax_violation",
    }
)
"""The messages of pydantic that can contain text from a validator of the application."""


_COUNTING: Final = frozenset({"too_long", "too_short"})


class Row:
    """
    The treatment of errors of one type.

    Attributes:
        fact: The name of the one entry of pydantic's ``ctx`` that is sent, or `None`.
        is_reworded: Whether pydantic's message repeats the input, or names a class of the server.
        is_absent: Whether ``loc`` ends with a missing member.
        is_authored: Whether the message was written by the application, and may repeat the input.
        is_suspect: Whether the message may repeat the input.
        is_plain: Whether the message is sent unchanged.
        is_kept: Whether the message has no part of the input but its length, so that errors can share a description.
        constant: A message that never repeats the input.
    """

    __slots__ = ("constant", "fact", "is_absent", "is_authored", "is_kept", "is_plain", "is_reworded", "is_suspect")

    def __init__(self, code: str) -> None:
        is_built_in = code in BUILT_IN
        self.fact: str | None = _FACTS.get(code)
        self.is_reworded: bool = code in _REWORDED
        self.is_absent: bool = code in _ABSENT
        self.is_authored: bool = code in _CUSTOM or not is_built_in
        self.is_suspect: bool = self.is_authored or code in _QUOTING
        self.is_plain: bool = not (self.is_reworded or self.is_suspect)
        self.is_kept: bool = self.is_plain or code in _COUNTING
        self.constant: str = _CUSTOM.get(code, UNREADABLE)


OTHER: Final = Row("")
"""The row of error types that are not pydantic's."""

ROWS: Final[Mapping[str, Row]] = {code: Row(code) for code in BUILT_IN | _REWORDED}
"""The treatment of each of pydantic's error types, including the error types of its library types."""
