import pytest

from problems.answering.representations import Representation
from problems.errors import InvalidHeader


class TestRepresentation:
    @pytest.mark.parametrize(
        ("media_type", "headers"),
        [
            pytest.param("text/plain\r\nSet-Cookie: a=b", {}, id="media type"),
            pytest.param("text/plain", {"X-A": "a\nb"}, id="value"),
            pytest.param("text/plain", {"X A": "b"}, id="name"),
        ],
    )
    def test_what_cannot_be_sent(self, media_type, headers):
        """
        A field that HTTP does not allow raises at once, not when something fails.
        """
        with pytest.raises(InvalidHeader):
            Representation(media_type, lambda details, language: "", headers)

    def test_equality(self):
        """
        A representation is a value.
        """

        def render(details, language):
            return ""

        assert Representation("text/plain", render) == Representation("text/plain", render)
