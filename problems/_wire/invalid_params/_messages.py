"""
The messages of rejected inputs, and the facts of the schema that translations need.

Removes parts of the input from pydantic's messages. Knows pydantic's error types, but does not read documents or
import a framework.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, get_args

from pydantic_core import to_jsonable_python
from pydantic_core.core_schema import ErrorType

from problems._wire.invalid_params._values import cut, encodable, is_mapping

UNREADABLE: Final = "Invalid input"
"""The message of an error without a readable message, or with a custom message that is hidden."""

_DETAIL: Final = r", | '"
_POSITION: Final = r"at line (?P<line>\d{1,9}) column (?P<column>\d{1,9})$"

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


def context_of(code: str, context: object, *, limit: int) -> dict[str, object]:
    """
    Return the constraints and expected values in *context*, never the input or an exception.

    Reads only pydantic's own error types, because the context of a custom error may come from the input. A text of
    more than *limit* characters is left out, because half a pattern would be wrong.

    >>> context_of("too_long", {"field_type": "List", "max_length": 3, "actual_length": 4}, limit=500)
    {'max_length': 3}
    """
    names = ROWS.get(code, OTHER).facts
    if not names or not is_mapping(context):
        return {}
    if code == "json_invalid":
        return _position(context.get("error"))
    facts: dict[str, object] = {}
    for name in names:
        fact = context.get(name)
        if fact.__class__ is not int:
            fact = _fact(fact, limit)
        if fact is not None:
            facts[name] = fact
    return facts


def facts_of(code: str) -> tuple[str, ...]:
    """
    Return the names of the facts that a translation of the message of *code* can use.

    >>> facts_of("string_too_short")
    ('min_length',)
    """
    return ROWS.get(code, OTHER).facts


def _position(message: object) -> dict[str, object]:
    """Return the position of a JSON syntax error, without the parser's *message*, which could quote the text."""
    position = re.search(_POSITION, message) if isinstance(message, str) else None
    return {name: int(number) for name, number in position.groupdict().items()} if position else {}


def _fact(value: object, limit: int) -> object:
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

_FACTS: Final[Mapping[str, tuple[str, ...]]] = {
    "bytes_invalid_encoding": ("encoding",),
    "bytes_too_long": ("max_length",),
    "bytes_too_short": ("min_length",),
    "decimal_max_digits": ("max_digits",),
    "decimal_max_places": ("decimal_places",),
    "decimal_whole_digits": ("whole_digits",),
    "enum": ("expected",),
    "greater_than": ("gt",),
    "greater_than_equal": ("ge",),
    "json_invalid": ("line", "column"),
    "less_than": ("lt",),
    "less_than_equal": ("le",),
    "literal_error": ("expected",),
    "multiple_of": ("multiple_of",),
    "string_pattern_mismatch": ("pattern",),
    "string_too_long": ("max_length",),
    "string_too_short": ("min_length",),
    "timezone_offset": ("tz_expected",),
    "too_long": ("max_length",),
    "too_short": ("min_length",),
    "union_tag_invalid": ("expected_tags",),
    "url_scheme": ("expected_schemes",),
    "url_too_long": ("max_length",),
    "uuid_version": ("expected_version",),
}

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


@dataclass(frozen=True, slots=True)
class Row:
    """
    The treatment of errors of one type.

    Attributes:
        facts: The names in pydantic's ``ctx`` that are sent.
        is_reworded: Whether pydantic's message repeats the input, or names a class of the server.
        is_absent: Whether ``loc`` ends with a missing member.
        is_authored: Whether the message was written by the application, and may repeat the input.
        is_plain: Whether the message is sent unchanged.
        is_suspect: Whether the message may repeat the input.
        constant: A message that never repeats the input.
    """

    facts: tuple[str, ...] = ()
    is_reworded: bool = False
    is_absent: bool = False
    is_authored: bool = False
    is_suspect: bool = False
    is_plain: bool = False
    constant: str = UNREADABLE


OTHER: Final = Row(is_authored=True, is_suspect=True)
"""The row of error types that are not pydantic's."""


def _row(code: str) -> Row:
    return Row(
        facts=_FACTS.get(code, ()),
        is_reworded=code in _REWORDED,
        is_absent=code in _ABSENT,
        is_authored=code in _CUSTOM or code not in BUILT_IN,
        is_suspect=code in _QUOTING or code in _CUSTOM or code not in BUILT_IN,
        is_plain=code in BUILT_IN and code not in _REWORDED and code not in _CUSTOM,
        constant=_CUSTOM.get(code, UNREADABLE),
    )


ROWS: Final[Mapping[str, Row]] = {code: _row(code) for code in BUILT_IN | _REWORDED}
"""The treatment of each of pydantic's error types, including the error types of its library types."""
