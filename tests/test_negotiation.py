import pytest
from hypothesis import given
from hypothesis import strategies as st

from problems._wire.negotiation import choose, choose_language, named

JSON = "application/problem+json"
XML = "application/problem+xml"
HTML = "text/html"

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"

HEADERS = st.text() | st.text(alphabet='aA*/+;,="\\.q015- \t')
"""Any text, and text that looks like a header field."""


class TestChoose:
    @pytest.mark.parametrize(
        ("accept", "expected"),
        [
            pytest.param("", JSON, id="no header"),
            pytest.param("*/*", JSON, id="anything"),
            pytest.param("*", JSON, id="anything, as old Java says it"),
            pytest.param("application/*", JSON, id="range of both"),
            pytest.param("text/*", HTML, id="range"),
            pytest.param(HTML, HTML, id="exact"),
            pytest.param("Text/HTML", HTML, id="case"),
            pytest.param(BROWSER, HTML, id="browser"),
            pytest.param("text/html;q=0.5, */*", JSON, id="weighted"),
            pytest.param("text/html; Q=0.5, */*", JSON, id="weight in upper case"),
            pytest.param("text/html; q = 0.5, */*", JSON, id="weight with spaces"),
            pytest.param("text/html;q=.5, */*;q=.2", HTML, id="weight without zero"),
            pytest.param("text/html;q=1.000, */*;q=0.999", HTML, id="weight with decimals"),
            pytest.param("text/html;q=0.5;level=1, */*", JSON, id="weight before a parameter"),
            pytest.param("text/html;level=1;q=0.5, */*", JSON, id="weight after a parameter"),
            pytest.param("text/html;level=1;q=0.1, text/html;q=0.9, */*;q=0.5", HTML, id="with and without parameters"),
            pytest.param("text/html;q=0.9, text/html;level=1;q=0.1, */*;q=0.5", HTML, id="parameters in any order"),
            pytest.param("text/html;level=1;q=0.9, text/html;q=0.1, */*;q=0.5", JSON, id="heavier with parameters"),
            pytest.param("text/html;q=0.1;level=1, text/html;q=0.9, */*;q=0.5", HTML, id="parameter after the weight"),
            pytest.param('text/html;a="x,y;q=0";q=0.9, */*;q=0.5', HTML, id="quoted comma and semicolon"),
            pytest.param('text/html;a="x\\",y";q=0.1, */*;q=0.5', JSON, id="quoted quote"),
            pytest.param("application/problem+xml;charset=utf-8", XML, id="parameters are ignored"),
            pytest.param("*/*, text/html;q=0, application/problem+json;q=0", XML, id="excluded"),
            pytest.param("text/*;q=0, */*;q=0.1", JSON, id="excluded range"),
            pytest.param("*/*;q=0", JSON, id="all excluded"),
            pytest.param("application/problem+json;q=0", JSON, id="excluded, without alternatives"),
            pytest.param("*/*;q=0.9, application/*;q=0.1", HTML, id="most specific range wins over weight"),
            pytest.param("application/json", JSON, id="another media type"),
            pytest.param("application/json, text/html;q=0.1", HTML, id="+json is not json"),
            pytest.param("application/xml, text/html;q=0.1", HTML, id="+xml is not xml"),
            pytest.param("application/problem+xml, text/html", XML, id="a tie goes to what is offered first"),
            pytest.param("text/html, application/problem+xml", XML, id="a tie is not broken by the client's order"),
            pytest.param("text/html;q=0.1, text/html;q=0.9, */*;q=0.5", HTML, id="asked for twice"),
            pytest.param("image/png", JSON, id="nothing fits"),
            pytest.param("text/html;q=banana", JSON, id="broken weight"),
            pytest.param("text/html;q=", JSON, id="empty weight"),
            pytest.param("text/html;q=1.1", JSON, id="weight above one"),
            pytest.param("text/html;q=-1", JSON, id="negative weight"),
            pytest.param("text/html;q=nan", JSON, id="weight that is not a number"),
            pytest.param("text/html;q=1e0", JSON, id="weight in scientific notation"),
            pytest.param(",;, ;q=1,,text/html", HTML, id="empty elements"),
            pytest.param('text/html;a="open, */*', HTML, id="open quote"),
        ],
    )
    def test_choice(self, accept, expected):
        """
        The most specific range wins, and a client that likes nothing still gets an answer.
        """
        offers = [JSON, XML, HTML]

        assert expected == choose(accept, offers)

    def test_an_offer_is_returned_as_it_was_made(self):
        """
        Parameters and case of an offer do not keep it from being found.
        """
        offers = [JSON, "Text/HTML; charset=utf-8"]

        assert "Text/HTML; charset=utf-8" == choose("text/html", offers)

    def test_a_single_offer_is_the_answer(self):
        """
        Without a choice the header does not matter.
        """
        assert JSON == choose("text/html", [JSON])

    @given(HEADERS)
    def test_no_header_is_refused(self, accept):
        """
        A client may send anything, and the answer is one of the offers.
        """
        offers = [JSON, HTML]

        assert choose(accept, offers) in offers


class TestNamed:
    @pytest.mark.parametrize(
        ("accept", "expected"),
        [
            pytest.param("", [], id="no header"),
            pytest.param("Application/JSON;q=0.9, */*", ["application/json", "*/*"], id="case and order"),
            pytest.param(",;, ;q=1,,text/html", ["text/html"], id="empty elements"),
            pytest.param("text/html;q=banana, */*", ["*/*"], id="broken weight"),
        ],
    )
    def test_names(self, accept, expected):
        """
        The names of all ranges that have a name and a valid weight.
        """
        assert expected == named(accept)


class TestChooseLanguage:
    @pytest.mark.parametrize(
        ("accept_language", "expected"),
        [
            pytest.param("", "en", id="no header"),
            pytest.param("de", "de", id="exact"),
            pytest.param("DE", "de", id="case"),
            pytest.param("pt-br", "pt-BR", id="case of the offer"),
            pytest.param("de-CH", "de", id="truncated"),
            pytest.param("de-CH-1996", "de", id="truncated twice"),
            pytest.param("de-x-private", "de", id="a single letter goes with what it announces"),
            pytest.param("pt", "en", id="a shorter range does not fit a longer offer"),
            pytest.param("ja", "en", id="nothing fits"),
            pytest.param("ja, de;q=0.1", "de", id="next best"),
            pytest.param("de;q=0.5, pt-BR", "pt-BR", id="weighted"),
            pytest.param("pt-BR, de", "pt-BR", id="a tie goes to what is asked for first"),
            pytest.param("en, de;q=0.5", "en", id="the default is an offer too"),
            pytest.param("en-GB, de;q=0.5", "en", id="the default is found by truncation"),
            pytest.param("*", "en", id="anything"),
            pytest.param("*, de", "de", id="anything is what is not named"),
            pytest.param("de;q=0.5, *", "en", id="anything is better"),
            pytest.param("*, en;q=0", "de", id="anything but the default"),
            pytest.param("de;q=0, de-CH", "en", id="excluded"),
            pytest.param("de-CH;q=0", "en", id="excluded, without a shorter tag"),
            pytest.param("*;q=0, en;q=0", "en", id="all excluded, and the default by name"),
            pytest.param("pt;q=0, pt-BR", "en", id="excluded by a shorter range"),
            pytest.param("*;q=0", "en", id="all excluded"),
            pytest.param("*, en;q=0, de;q=0, pt;q=0", "en", id="each excluded"),
            pytest.param("de;q=banana, pt-BR;q=0.1", "pt-BR", id="broken weight"),
            pytest.param("-, --, -de", "en", id="broken tags"),
        ],
    )
    def test_choice(self, accept_language, expected):
        """
        The best language there is a text in, or the default.
        """
        assert expected == choose_language(accept_language, ["de", "pt-BR"], default="en")

    @pytest.mark.parametrize(
        ("accept_language", "offers", "expected"),
        [
            pytest.param("zh-Hant-x-private", ["zh-Hant-x", "zh"], "zh", id="a single letter ends no tag"),
            pytest.param("*;q=0.5, fr;q=0.5", ["de", "fr"], "fr", id="a named language before any among equals"),
            pytest.param("*;q=0.6, fr;q=0.5", ["de", "fr"], "en", id="any before a named language of less weight"),
            pytest.param("fr;Q=0.1, de;q=0.5", ["de", "fr"], "de", id="weight in upper case"),
        ],
    )
    def test_subtags_and_equals(self, accept_language, offers, expected):
        """
        Single-letter subtags, `*` and weights are read as RFC 4647 and RFC 9110 say.
        """
        assert expected == choose_language(accept_language, offers, default="en")

    def test_a_very_long_range_is_cut(self):
        """
        No input makes the lookup slow, and the start of the range still counts.
        """
        assert "de" == choose_language("de" + "-a" * 30_000, ["de"], default="en")

    @given(HEADERS)
    def test_no_header_is_refused(self, accept_language):
        """
        A client may send anything, and the answer is one there is a text in.
        """
        assert choose_language(accept_language, ["de", "fr"], default="en") in {"de", "fr", "en"}
