"""
Members that are sent as response header fields.

Converts one value to the text of one or more field lines. Does not import
responses.
"""

from collections.abc import Callable, Mapping
from typing import Any

from problems._wire.headers import check_header, field_value, header_value, refuse_body_field
from problems.errors import InvalidHeader

__all__ = ["ResponseHeader"]


class ResponseHeader:
    """
    Send a member as a response header field too.

    >>> from typing import Annotated
    >>> from problems import TooManyRequests
    >>> class QuotaExhausted(TooManyRequests, type="quota-exhausted", title="Quota exhausted"):
    ...     resets: Annotated[int, ResponseHeader("X-Quota-Reset")]
    >>> dict(QuotaExhausted(resets=30).headers)
    {'X-Quota-Reset': '30'}

    Args:
        name: The name of the field (RFC 9110, section 5.1).
        body: Whether the member is sent in the document as well.
        encode:
            Turns the member's value into the text of the field, or into the texts
            of several lines. By default numbers and text are themselves, sequences are joined
            by commas, times are HTTP-dates and durations seconds.
        decode: Turns the text of a received field into the member's value, or something pydantic takes for it.
        description: What OpenAPI says of the field.
        also: Further fields that are sent whenever this one is.
        example: The text of the field in an OpenAPI document, for a field with an `encode` of its own.

    Raises:
        InvalidHeader: The name is invalid, or the field describes the body, like Content-Length.
    """

    # No dataclass: to generate one takes longer than to import this module and its like.
    __slots__ = ("also", "body", "decode", "description", "encode", "example", "name")

    def __init__(
        self,
        name: str,
        *,
        body: bool = True,
        encode: Callable[[Any], str | tuple[str, ...]] = header_value,
        decode: Callable[[str], Any] | None = None,
        description: str = "",
        also: Mapping[str, str] | None = None,
        example: str = "",
    ) -> None:
        self.name: str = name
        self.body: bool = body
        self.description: str = description
        self.example: str = example
        self.encode: Callable[[Any], str | tuple[str, ...]] = encode
        self.decode: Callable[[str], Any] | None = decode
        self.also: Mapping[str, str] = also or {}
        for field in (name, *self.also):
            check_header(field, "")
        self.check()

    def __repr__(self) -> str:
        return f"ResponseHeader({self.name!r}{'' if self.body else ', body=False'})"

    def check(self, status: int | None = None) -> None:
        """
        Refuse a status that the field is not sent with.

        Raises:
            InvalidHeader: The field describes the body, and not the resource as with some statuses.
        """
        for field in (self.name, *self.also):
            refuse_body_field(field, status)

    def read(self, text: str) -> Any:
        """Return the value of a received field, or `None` if its *text* cannot be read."""
        try:
            return text if self.decode is None else self.decode(text)
        except Exception:  # noqa: BLE001 - the text comes from a stranger, and must not hide the problem it came with
            return None

    def lines(self, value: object) -> list[tuple[str, str]]:
        """
        Return the field lines for *value*; none for `None`.

        Raises:
            InvalidHeader: The encoded value cannot be sent (RFC 9110, section 5.5).
        """
        if value is None:
            return []
        try:
            encoded = self.encode(value)
        except InvalidHeader:
            raise
        except (TypeError, ValueError) as error:
            raise InvalidHeader(self.name, f"its value cannot be written. {str(error).rstrip('.')}.") from None
        texts = (encoded,) if isinstance(encoded, str) else encoded
        return [*((self.name, field_value(self.name, text)) for text in texts), *self.also.items()]
