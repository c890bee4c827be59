import pytest
from hypothesis import given
from hypothesis import strategies as st

from problems._wire.media_types import charset, essence


class TestEssence:
    @pytest.mark.parametrize(
        ("content_type", "expected"),
        [
            pytest.param(None, "", id="no header"),
            pytest.param("", "", id="empty"),
            pytest.param("application/problem+json", "application/problem+json", id="plain"),
            pytest.param("Application/Problem+JSON", "application/problem+json", id="case"),
            pytest.param("application/problem+json; charset=utf-8", "application/problem+json", id="parameter"),
            pytest.param('text/html;profile="a;b,c"', "text/html", id="quoted parameter"),
            pytest.param(" text/html ;q", "text/html", id="spaces"),
            pytest.param("application/json;", "application/json", id="dangling semicolon"),
            pytest.param("text/html, text/plain", "text/html", id="sent twice"),
            pytest.param("; charset=utf-8", "", id="parameters only"),
            pytest.param("banana", "banana", id="no media type"),
        ],
    )
    def test_essence(self, content_type, expected):
        """
        Type and subtype are all that identifies a representation.
        """
        assert expected == essence(content_type)


class TestCharset:
    @pytest.mark.parametrize(
        ("content_type", "expected"),
        [
            pytest.param(None, None, id="no header"),
            pytest.param("text/html", None, id="no parameter"),
            pytest.param("text/html;charset=utf-8", "utf-8", id="plain"),
            pytest.param("text/html; Charset=ISO-8859-1", "iso-8859-1", id="case"),
            pytest.param('text/html; charset="utf-8"', "utf-8", id="quoted"),
            pytest.param("text/html; charset = utf-8 ; level=1", "utf-8", id="spaces"),
            pytest.param('text/html; profile="a;charset=b"; charset=utf-8', "utf-8", id="inside another"),
            pytest.param("text/html; charset=", None, id="empty"),
            pytest.param('text/html; charset="', None, id="open quote"),
            pytest.param("text/html; charset", None, id="no value"),
        ],
    )
    def test_charset(self, content_type, expected):
        """
        The parameter is found wherever it stands.
        """
        assert expected == charset(content_type)

    @given(st.text())
    def test_no_header_is_refused(self, parameters):
        """
        A server may send anything.
        """
        found = charset(f"text/html;{parameters}")

        assert found is None or found == found.lower()
