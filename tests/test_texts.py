import gettext
import io

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.support import Translations

from problems.answering.texts import Texts

OUT = "https://shop.example/problems/out-of-stock"
TEXTS = {OUT: {"title": "Ausverkauft", "detail": "Nur noch {available}."}, "404": "Nicht gefunden"}


def compiled():
    """Return the compiled catalog of a translator's file, by Babel."""
    catalog = Catalog(locale="de")
    catalog.add(OUT, "Ausverkauft", context="title")
    catalog.add(OUT, "Nur noch {available}.", context="detail")
    catalog.add("404", "Nicht gefunden", context="title")
    file = io.BytesIO()
    write_mo(file, catalog)
    file.seek(0)
    return file


KINDS = [
    pytest.param(lambda: TEXTS, id="mapping"),
    pytest.param(lambda: gettext.GNUTranslations(compiled()), id="gettext"),
    pytest.param(lambda: Translations(compiled()), id="Babel"),
]


class TestText:
    @pytest.mark.parametrize("texts", KINDS)
    @pytest.mark.parametrize(
        ("key", "part", "expected"),
        [
            pytest.param(OUT, "title", "Ausverkauft", id="title"),
            pytest.param(OUT, "detail", "Nur noch {available}.", id="detail"),
            pytest.param("404", "title", "Nicht gefunden", id="status"),
            pytest.param("404", "detail", None, id="missing part"),
            pytest.param("409", "title", None, id="missing key"),
        ],
    )
    def test_text(self, texts, key, part, expected):
        """
        The key is the type URI, and the context says which member it is for.
        """
        assert expected == Texts({"de": texts()}).text("de", key, part)

    @pytest.mark.parametrize(
        ("language", "expected"),
        [
            pytest.param("de-AT", "Nicht gefunden", id="a variety"),
            pytest.param("de-Latn-AT", "Nicht gefunden", id="a variety of one"),
            pytest.param("fr", None, id="another"),
        ],
    )
    def test_language(self, language, expected):
        """
        What a variety has no text for, the language has.
        """
        assert expected == Texts({"de": TEXTS, "de-AT": {}}).text(language, "404", "title")

    def test_an_empty_text_is_none(self):
        """
        What has not been translated yet is missing.
        """
        assert None is Texts({"de": {"404": {"title": ""}}}).text("de", "404", "title")


class TestChoose:
    @pytest.mark.parametrize(
        ("header", "expected"),
        [
            pytest.param("", "en", id="no header"),
            pytest.param("de", "de", id="exact"),
            pytest.param("de-CH", "de", id="lookup"),
            pytest.param("DE-at", "de-AT", id="any case"),
            pytest.param("fr, de;q=0.3, en;q=0.2", "de", id="weights"),
            pytest.param("de;q=0.2, en;q=0.3", "en", id="the default has a weight too"),
            pytest.param("ja", "en", id="none fits"),
            pytest.param("de;q=0, *", "en", id="refused"),
            pytest.param("de;q=banana", "en", id="broken"),
        ],
    )
    def test_choice(self, header, expected):
        """
        The language is looked up as RFC 4647 says, weights first.
        """
        assert expected == Texts({"de": TEXTS, "de_AT.UTF-8": {}}).choose(header)

    def test_languages(self):
        """
        Names of locales become language tags.
        """
        assert ("pt-BR", "de", "en") == Texts({"pt_BR": {}, "de.UTF-8@euro": {}}).languages
