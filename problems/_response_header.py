"""
Members that are sent as response header fields.

Knows how one value becomes the text of one or more field lines, nothing of
responses.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from problems._headers import check_header, header_value

__all__ = ["ResponseHeader"]


@dataclass(frozen=True, slots=True)
class ResponseHeader:
    """
    Send a member as a response header field too.

    >>> from typing import Annotated
    >>> from problems import TooManyRequests
    >>> class QuotaExhausted(TooManyRequests, type="quota-exhausted", title="Quota exhausted"):
    ...     resets: Annotated[int, ResponseHeader("X-Quota-Reset")]
    >>> dict(QuotaExhausted(resets=30).headers)
    {'X-Quota-Reset': '30'}

    Attributes:
        name: The name of the field (RFC 9110, section 5.1).
        body: Whether the member is sent in the document as well.
        encode:
            Turns the member's value into the text of the field, or into the texts
            of several lines. By default numbers and text are themselves, sequences are joined
            by commas, times are HTTP-dates and durations seconds.
        decode: Turns the text of a received field into the member's value, or something pydantic takes for it.
        description: What OpenAPI says of the field.
        also: Further fields that are sent whenever this one is.
    """

    name: str
    body: bool = field(default=True, kw_only=True)
    encode: Callable[[Any], str | tuple[str, ...]] = field(default=header_value, kw_only=True)
    decode: Callable[[str], Any] | None = field(default=None, kw_only=True)
    description: str = field(default="", kw_only=True)
    also: Mapping[str, str] = field(default_factory=dict[str, str], kw_only=True)

    def read(self, text: str | None) -> Any:
        """Return the value of a received field, as far as it can be told from its *text*."""
        return text if text is None or self.decode is None else self.decode(text)

    def lines(self, value: object) -> Iterable[tuple[str, str]]:
        """
        Return the field lines for *value*; none for `None`.

        Raises:
            InvalidHeader: The encoded value cannot be sent (RFC 9110, section 5.5).
        """
        if value is None:
            return []
        encoded = self.encode(value)
        texts = (encoded,) if isinstance(encoded, str) else encoded
        for text in texts:
            check_header(self.name, text)
        return [*((self.name, text) for text in texts), *self.also.items()]
