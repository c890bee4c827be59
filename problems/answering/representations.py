"""The class `Representation`: a media type and a function that writes it. Contains no media types itself."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias, cast

from problems._wire.arguments import explained
from problems._wire.details import ProblemDetails
from problems._wire.frozen import Frozen
from problems._wire.headers import field_value
from problems._wire.media_types import TEXT
from problems._wire.text import briefly
from problems.errors import SetupError

__all__ = ["Render", "Representation"]

Render: TypeAlias = Callable[[ProblemDetails, str | None], str]
"""Writes problem details; also receives the tag of their language, if it is known."""


_MEDIA_TYPE: Final = r"[\w!#$&^.+-]+/[\w!#$&^.+-]+(?:[ \t]*;.*)?"
"""RFC 6838, section 4.2, with parameters."""


@dataclass(frozen=True, slots=True)
class Representation:
    """
    A way to write problem details, besides JSON.

    Attributes:
        media_type: What goes into `Content-Type`, parameters included.
        render: Writes the text, which is sent as UTF-8.
        headers: Header fields to send with it.

    >>> def as_text(details: ProblemDetails, language: str | None) -> str:
    ...     return f"{details.title}: {details.detail}"
    >>> plain = Representation("text/plain; charset=utf-8", as_text)
    >>> plain.render(ProblemDetails(title="Gone", detail="It was sold."), None)
    'Gone: It was sold.'

    Raises:
        InvalidHeader: The media type or a field cannot be sent.
        SetupError: The media type has no subtype, or *render* is not a function.
    """

    media_type: str
    render: Render
    headers: Mapping[str, str] = Frozen[str, str]()

    def __post_init__(self) -> None:
        given = cast("object", self.media_type)
        if not isinstance(given, str) or not re.match(_MEDIA_TYPE, given):
            raise SetupError(
                f"`Representation` needs a media type; got {briefly(given)}. "
                f'Write `Representation("{TEXT}; charset=utf-8", render)`.'
            )
        if not callable(self.render):
            raise SetupError(
                f"`Representation` needs a function that writes the text; got {briefly(self.render)}. "
                f"Write `Representation({self.media_type!r}, render)`."
            )
        object.__setattr__(self, "media_type", field_value("Content-Type", self.media_type))
        object.__setattr__(
            self, "headers", Frozen({name: field_value(name, header) for name, header in self.headers.items()})
        )


if not TYPE_CHECKING:
    Representation.__init__ = explained(Representation.__init__)
