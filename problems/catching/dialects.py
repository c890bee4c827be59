"""
Dialects: how the errors of an API differ from RFC 9457.

Pure functions on JSON. Does not import exceptions or responses.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeGuard, cast

from problems._wire.arguments import explained
from problems._wire.media_types import essence
from problems._wire.reading import LIMIT, Document, is_problem_type, read_document, read_json
from problems._wire.text import briefly
from problems.errors import SetupError

__all__ = ["Dialect"]

_SEVERAL: Final = ("media_types", "nested", "lists", "paths", "texts")
_ONE: Final = ("identity", "title", "detail")
_SHOWN_MAX: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """
    The names and media types that an API uses for errors in place of those in RFC 9457.

    >>> dialect = Dialect(media_types=("application/json",), nested=("error",), identity="code", detail="message")
    >>> content = b'{"error": {"code": "card_declined", "message": "The card was declined."}}'
    >>> dialect.read(content, "application/json; charset=utf-8")
    ({'code': 'card_declined', 'message': 'The card was declined.', 'detail': 'The card was declined.'}, None)

    Attributes:
        media_types: Further media types whose JSON objects are read as problem documents if they have a text as
            `type` or `title`, or under a name that is given here. `every_error=True` accepts any object.
        nested: Members whose own members are moved to the top level, where RFC 9457, section 3.2, has them. A
            member of the document takes precedence.
        identity: The member that identifies the problem type. Its text is compared with `type` and `aliases` of the
            registered classes, as written in the class.
        title: The member that contains the `title`.
        detail: The member that contains the `detail`.
        lists: Further names of members that list rejected inputs, for `errors_of`.
        paths: Further names of members that contain the place of a rejected input.
        texts: Further names of members that contain the message for a rejected input.
        limit: The maximum size of a body in bytes.

    Raises:
        SetupError: An attribute for several names is one text, or an attribute for one name is not a text.
    """

    media_types: tuple[str, ...] = ()
    nested: tuple[str, ...] = ()
    identity: str | None = None
    title: str | None = None
    detail: str | None = None
    lists: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    limit: int = LIMIT

    def __post_init__(self) -> None:
        """Raise `SetupError` for a bare text, because every character would count as a name."""
        for name in _SEVERAL:
            given: object = getattr(self, name)
            if isinstance(given, str) or not _are_names(given):
                line = f"({given!r},)" if isinstance(given, str) and len(given) <= _SHOWN_MAX else "('…',)"
                raise SetupError(f"`{name}={briefly(given)}` must be a tuple of names. Write `{name}={line}`.")
        for name in _ONE:
            given = getattr(self, name)
            if given is not None and not isinstance(given, str):
                raise SetupError(
                    f"`{name}` must be the name of one member; got {briefly(given)}. Write `{name}={name!r}`."
                )
        # Media types are case-insensitive (RFC 9110, section 8.3.1), and can have parameters.
        object.__setattr__(self, "media_types", tuple(essence(media_type) for media_type in self.media_types))

    def reads(self, content_type: str | None) -> bool:
        """Return whether a body of this media type may be a problem document."""
        return is_problem_type(content_type) or essence(content_type) in self.media_types

    def read(self, content: bytes, content_type: str | None) -> tuple[Document | None, str | None]:
        """Return the problem document in *content* and `None`, or `None` and the reason why *content* contains none."""
        document, reason = self.read_object(content, content_type)
        if document is None or is_problem_type(content_type) or self._is_named(document):
            return document, reason
        return None, f"The body is a JSON object without {self._names()}, not a problem document."

    def read_object(self, content: bytes, content_type: str | None) -> tuple[Document | None, str | None]:
        """Like `read`, but accept any JSON object with a readable media type, such as the body of an error response."""
        is_other = not is_problem_type(content_type) and essence(content_type) in self.media_types
        # An empty or too large body is handled as for a problem document; the response determines the encoding.
        read = read_json if is_other else None
        document, reason = read_document(content, content_type, limit=self.limit, read=read)
        return (document, reason) if document is None else (self._renamed(self._lifted(document)), reason)

    def _is_named(self, document: Document) -> bool:
        names = ("type", "title", self.identity, self.title, self.detail)
        return any(isinstance(document.get(name), str) for name in names if name) or any(
            isinstance(document.get(name), list | dict) for name in self.lists
        )

    def _names(self) -> str:
        names = dict.fromkeys(("type", "title", self.identity, self.title, self.detail, *self.lists))
        *first, last = [f"`{name}`" for name in names if name]
        return f"{', '.join(first)} and {last}"

    def _lifted(self, document: Document) -> Document:
        for name in self.nested:
            inner = document.get(name)
            if isinstance(inner, dict):
                document = inner | {other: value for other, value in document.items() if other != name}
        return document

    def _renamed(self, document: Document) -> Document:
        """Return *document* with `title` and `detail` under the names of RFC 9457; existing texts stay."""
        for standard, name in (("title", self.title), ("detail", self.detail)):
            text = None if name is None else document.get(name)
            if isinstance(text, str) and not isinstance(document.get(standard), str):
                document = {**document, standard: text}
        return document


if not TYPE_CHECKING:
    Dialect.__init__ = explained(Dialect.__init__)


def _are_names(value: object) -> TypeGuard[Collection[str]]:
    return isinstance(value, Collection) and all(isinstance(item, str) for item in cast("Collection[object]", value))
