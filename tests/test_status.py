import pytest
from hypothesis import given
from hypothesis import strategies as st

from problems._wire.status import PHRASES, is_bodyless, phrase


class TestPhrases:
    def test_only_errors_are_in_it(self):
        """
        Every status with a phrase here is a client error or a server error.
        """
        assert [] == [status for status in PHRASES if not 400 <= status <= 599]

    def test_it_is_sorted(self):
        """
        What is listed from it is in the order of the status codes.
        """
        assert sorted(PHRASES) == list(PHRASES)

    def test_it_cannot_be_changed(self):
        """
        A phrase is the same for everybody.
        """
        with pytest.raises(TypeError):
            PHRASES[404] = "Gone fishing"


class TestPhrase:
    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            pytest.param(404, "Not Found", id="everyday"),
            pytest.param(413, "Content Too Large", id="413 differs between versions of Python"),
            pytest.param(414, "URI Too Long", id="414 differs between versions of Python"),
            pytest.param(416, "Range Not Satisfiable", id="416 differs between versions of Python"),
            pytest.param(422, "Unprocessable Content", id="422 differs between versions of Python"),
            pytest.param(418, "Client Error", id="registered as unused"),
            pytest.param(499, "Client Error", id="unregistered client error"),
            pytest.param(599, "Server Error", id="unregistered server error"),
            pytest.param(101, "Informational", id="informational"),
            pytest.param(200, "OK", id="success"),
            pytest.param(203, "Non-Authoritative Information", id="another success"),
            pytest.param(302, "Found", id="redirection"),
            pytest.param(308, "Permanent Redirect", id="another redirection"),
            pytest.param(204, "Successful", id="success without content"),
            pytest.param(299, "Successful", id="unregistered success"),
            pytest.param(306, "Redirection", id="registered as unused, too"),
            pytest.param(666, "Unknown Error", id="no class"),
            pytest.param(0, "Unknown Error", id="zero"),
            pytest.param(-404, "Unknown Error", id="negative"),
        ],
    )
    def test_phrase(self, status, expected):
        """
        A registered status has its own phrase, another has the phrase of its class.
        """
        assert expected == phrase(status)

    @given(st.integers())
    def test_any_integer_has_one(self, status):
        """
        A server may send any number.
        """
        assert phrase(status)


class TestIsBodyless:
    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            pytest.param(99, False, id="below the informational ones"),
            pytest.param(100, True, id="first informational one"),
            pytest.param(199, True, id="last informational one"),
            pytest.param(200, False, id="success"),
            pytest.param(204, True, id="no content"),
            pytest.param(205, True, id="reset content"),
            pytest.param(304, True, id="not modified"),
            pytest.param(404, False, id="error"),
        ],
    )
    def test_status(self, status, expected):
        """
        HTTP gives some responses no content.
        """
        assert expected == is_bodyless(status)
