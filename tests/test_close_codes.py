import pytest
from hypothesis import given
from hypothesis import strategies as st

from problems._wire.close_codes import (
    INTERNAL_ERROR,
    MAX_REASON_BYTES,
    close_code,
    private_close_code,
    reason,
    status_of,
)

ERRORS = [status for status in range(400, 600) if status != 426]


class TestCloseCode:
    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            (400, 1008),
            (401, 3000),
            (402, 1008),
            (403, 3003),
            (404, 1008),
            (405, 1008),
            (408, 3008),
            (409, 1008),
            (413, 1009),
            (415, 1003),
            (422, 1008),
            (428, 1008),
            (429, 1013),
            (451, 1008),
            (499, 1008),
            (500, 1011),
            (501, 1011),
            (502, 1014),
            (503, 1013),
            (504, 1014),
            (507, 1011),
            (599, 1011),
        ],
    )
    def test_table(self, status, expected):
        """
        A status has the code that was registered for it, or the code of its class.
        """
        assert expected == close_code(status)

    @pytest.mark.parametrize("status", ERRORS)
    def test_codes_may_be_sent(self, status):
        """
        No code is one of those that never stand in a frame, or that only clients send.
        """
        assert close_code(status) in {1003, 1008, 1009, 1011, 1013, 1014, 3000, 3003, 3008}

    @pytest.mark.parametrize("convert", [close_code, private_close_code])
    @pytest.mark.parametrize("status", [-1, 0, 101, 200, 304, 399, 426, 600])
    def test_statuses_without_a_code(self, status, convert):
        """
        A status that is not an error, or that answers a handshake, ends a connection as the server's mistake.
        """
        assert INTERNAL_ERROR == convert(status)


class TestPrivateCloseCode:
    @pytest.mark.parametrize("status", ERRORS)
    def test_round_trip(self, status):
        """
        A private code keeps the whole status.
        """
        assert status == status_of(private_close_code(status))


class TestStatusOf:
    @pytest.mark.parametrize(
        ("code", "expected"),
        [
            (3000, 401),
            (3003, 403),
            (3008, 408),
            (1009, 413),
            (1003, 415),
            (1011, 500),
            (1012, 503),
            (1013, 503),
            (1014, 502),
            (1008, 400),
            (4400, 400),
            (4599, 599),
        ],
    )
    def test_table(self, code, expected):
        """
        A close code stands for a status, sometimes a more general one.
        """
        assert expected == status_of(code)

    @pytest.mark.parametrize("code", [1000, 1001, 1002, 1005, 1006, 1007, 1010, 1015, 2000, 3001, 4000, 4399, 4600, 0])
    def test_no_problem(self, code):
        """
        The end of a conversation and the failure of a transport are not problems.
        """
        assert status_of(code) is None

    @pytest.mark.parametrize("status", ERRORS)
    def test_the_class_remains(self, status):
        """
        A client never takes its own mistake for the server's, or the reverse, except that it is to wait in either case.
        """
        understood = status_of(close_code(status))

        assert status // 100 == understood // 100 or status == 429


class TestReason:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            pytest.param("", "", id="empty"),
            pytest.param("Out of stock", "Out of stock", id="short"),
            pytest.param("a" * 123, "a" * 123, id="as long as possible"),
            pytest.param("a" * 124, "a" * 123, id="too long"),
            pytest.param("é" * 100, "é" * 61, id="two bytes"),
            pytest.param("a" * 122 + "😀", "a" * 122, id="four bytes at the end"),
            pytest.param("\ud800", "?", id="surrogate"),
        ],
    )
    def test_it_is_cut_between_characters(self, text, expected):
        """
        A reason is cut where it is too long, never inside a character.
        """
        assert expected == reason(text)

    @given(st.text(st.characters(codec=None, exclude_categories=()), max_size=200))
    def test_any_text(self, text):
        """
        Any text fits.
        """
        assert len(reason(text).encode()) <= MAX_REASON_BYTES
