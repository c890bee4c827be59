"""
The texts of problems in other languages, by type URI.

Takes what `gettext` and Babel load, or plain mappings. Knows no problem
classes and no requests; what is looked up is decided in `problems.answering._answer`.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, Literal, Protocol, TypeAlias, TypeGuard

from problems._wire.arguments import explained
from problems._wire.negotiation import choose_language
from problems._wire.text import briefly
from problems.errors import SetupError

__all__ = ["LanguageTexts", "Part", "Texts", "Translations"]

Part: TypeAlias = Literal["title", "detail"]
"""What is translated: the member of that name. The message of a rejected input is a `detail` too."""


class Translations(Protocol):
    """The part of `gettext.NullTranslations` that is used: so Babel's `Translations` will do too."""

    def pgettext(self, context: str, message: str, /) -> str:
        """Return the text of *message*, or *message* itself without a translation."""
        ...


LanguageTexts: TypeAlias = Mapping[str, str | Mapping[str, str]]
"""By key, the title, or both parts: `{"404": "Nicht gefunden"}`, `{"404": {"title": …, "detail": …}}`."""

_MODIFIERS: Final = "(?s)[.@].*"
"""The encoding and the variant in the name of a locale, `de_DE.UTF-8@euro`; a tag has neither."""

_TAG: Final = "[A-Za-z0-9]{1,8}(?:-[A-Za-z0-9]{1,8})*"
_LINE: Final = '{"de": {"404": "Nicht gefunden"}}'

_NO_TEXTS: Final[Mapping[str, str]] = MappingProxyType({})


class Texts:
    """
    Titles, details and validation messages in several languages.

    A text has a key: the type URI as sent; for `about:blank` the status code; for a rejected input the code of its
    error. Details and messages are templates over the members, or over the facts in `context`. What has no text in
    the language that is asked for is sent as it is written in the code.

    >>> german = {
    ...     "https://shop.example/problems/item-not-found": {
    ...         "title": "Artikel nicht gefunden",
    ...         "detail": "Es gibt keinen Artikel {item_id}.",
    ...     },
    ...     "404": "Nicht gefunden",
    ...     "missing": {"detail": "Dieses Feld fehlt."},
    ... }
    >>> texts = Texts({"de": german}, default="en")
    >>> texts.choose("de-CH, en;q=0.5")
    'de'
    >>> texts.text("de", "404", "title")
    'Nicht gefunden'

    With `gettext` and Babel a text's context (`msgctxt`) is `title` or `detail`, its `msgid` the key.

    Args:
        translations: By language tag, mappings or what `gettext.translation` or `babel.support.Translations.load`
            returns. `de_AT` is as good as `de-AT`.
        default: The language in which the code is written.

    Raises:
        SetupError: *translations* is not such a mapping.
    """

    __slots__ = ("_by_language", "default")

    @explained
    def __init__(self, translations: Mapping[str, LanguageTexts | Translations], *, default: str = "en") -> None:
        _check(translations)
        self.default: str = _tag(default)
        self._by_language = {_tag(language): texts for language, texts in translations.items()}

    @property
    def languages(self) -> tuple[str, ...]:
        """The tags of the languages there are texts for, and of the default."""
        return tuple(dict.fromkeys((*self._by_language, self.default)))

    def choose(self, accept_language: str) -> str:
        """Return the language that fits the request header field best (RFC 4647, section 3.4)."""
        return choose_language(accept_language, self._by_language, self.default)

    def text(self, language: str, key: str, part: Part) -> str | None:
        """
        Return the text for *key* in *language* or in the language it is a variety of, or `None`.

        >>> texts = Texts({"de": {"404": "Nicht gefunden"}, "de_AT": {"409": "Jo mei"}})
        >>> texts.text("de-AT", "404", "title")
        'Nicht gefunden'
        """
        for tag in _wider(language):
            result = _look_up(self._by_language.get(tag, _NO_TEXTS), key, part)
            if result:
                return result
        return None


def _check(given: object) -> None:
    """Raise if *given* is not a mapping of languages to their texts."""
    if not _is_mapping(given):
        raise SetupError(f"`Texts` needs a mapping of languages; got {briefly(given)}. Write `Texts({_LINE})`.")
    for language, texts in given.items():
        if not isinstance(language, str) or not re.fullmatch(_TAG, _tag(language)):
            raise SetupError(f"`Texts` needs language tags as keys; got {briefly(language)}. Write `Texts({_LINE})`.")
        if hasattr(texts, "pgettext"):
            continue
        if not _is_mapping(texts):
            raise SetupError(
                f"`Texts` needs a mapping or translations of gettext for {language!r}; got {briefly(texts)}. "
                f"Write `Texts({_LINE})`."
            )
        for key, text in texts.items():
            if not isinstance(key, str) or not (isinstance(text, str) or _is_mapping(text)):
                raise SetupError(
                    f"`Texts` needs texts by type URI, status or code for {language!r}; got {briefly({key: text})}. "
                    f"Write `Texts({_LINE})`."
                )


def _is_mapping(value: object) -> TypeGuard[Mapping[object, object]]:
    return isinstance(value, Mapping)


def _look_up(texts: LanguageTexts | Translations, key: str, part: Part) -> str | None:
    if not isinstance(texts, Mapping):
        result = texts.pgettext(part, key)
        return result if result != key else None
    entry = texts.get(key, _NO_TEXTS)
    if isinstance(entry, str):
        return entry if part == "title" else None
    return entry.get(part)


def _tag(locale: str) -> str:
    """Return the language tag of a locale's name (RFC 5646, section 2.1)."""
    return re.sub(_MODIFIERS, "", locale).replace("_", "-")


def _wider(tag: str) -> Iterator[str]:
    while tag:
        yield tag
        tag = tag.rpartition("-")[0]
