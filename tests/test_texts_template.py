import io

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

from problems import Conflict, NotFound, Registry
from problems.answering._texts_template import texts_template
from problems.answering.texts import Texts


class OutOfStock(Conflict, type="out-of-stock", title="Out of stock", detail="Only {available}\nare left."):
    available: int


REGISTRY = Registry(OutOfStock, NotFound, base="https://shop.example/problems/")
OUT = "https://shop.example/problems/out-of-stock"


@pytest.fixture
def read():
    """The template as Babel reads it."""
    return read_po(io.BytesIO(texts_template(REGISTRY).encode()), locale="de")


class TestTemplate:
    def test_texts_of_types(self):
        """
        Every title and every template of a detail is in it, under the key it is looked up by.
        """
        read = read_po(io.BytesIO(texts_template(REGISTRY, messages=False).encode()))

        assert {
            ("title", OUT): ["Out of stock"],
            ("detail", OUT): ["Only {available} are left."],
            ("title", "404"): ["Not Found"],
            ("title", "https://shop.example/problems/validation-problem"): ["Request validation failed"],
        } == {(message.context, message.id): message.auto_comments for message in read if message.id}

    def test_messages(self, read):
        """
        So is every message about a rejected input, under the code of its error, with what can be filled in.
        """
        assert [["Field required"], ["Facts: {min_length}"]] == [
            read.get(code, "detail").auto_comments for code in ("missing", "string_too_short")
        ]

    def test_what_a_translator_fills_in_is_found(self, read):
        """
        Filled in, compiled and loaded, it is a texts.
        """
        read.get(OUT, "title").string = "Ausverkauft"
        compiled = io.BytesIO()
        write_mo(compiled, read)
        compiled.seek(0)
        texts = Texts({"de": Translations(compiled)})

        assert ("Ausverkauft", None) == (texts.text("de", OUT, "title"), texts.text("de", OUT, "detail"))

    def test_an_untyped_registry(self):
        """
        Types without a URI of their own share the texts of their status.
        """
        assert 1 == texts_template(Registry(), messages=False).count("msgctxt")
