import pytest

from problems._wire.text import one_line, shown


class TestOneLine:
    @pytest.mark.parametrize(
        ("text", "line"),
        [
            pytest.param("a  b", "a b", id="spaces"),
            pytest.param("", "", id="empty"),
            pytest.param("a\r\nb\x00\u2028c\x1b[0m", "a b c [0m", id="control characters"),
            pytest.param("Größe 日本", "Größe 日本", id="any script"),
            pytest.param("x" * 300, "x" * 300, id="as long as it may be"),
            pytest.param("x" * 301, "x" * 299 + "…", id="longer"),
            pytest.param("\n" * 5000 + "x", "…", id="nothing at first"),
        ],
    )
    def test_what_becomes_of_a_text(self, text, line):
        """
        Control characters and line breaks are spaces, and long texts are cut.
        """
        assert line == one_line(text)


class TestShown:
    def test_as_in_a_call(self):
        """
        Names and values are shown as they are written.
        """
        assert "a=1, b='x'" == shown([("a", 1), ("b", "x")])

    def test_nothing(self):
        """
        Without members there is nothing to show.
        """
        assert "" == shown([])

    def test_a_value_that_cannot_be_shown(self):
        """
        A value whose representation fails is named by its class.
        """

        class Broken:
            def __repr__(self) -> str:
                raise RuntimeError

        assert "a=<Broken>" == shown([("a", Broken())])
