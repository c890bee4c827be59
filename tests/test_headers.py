import copy
import pickle
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import Response

from problems._wire.headers import (
    DESCRIBES_BODY,
    HeaderLines,
    check_header,
    describes_body,
    header_value,
    http_date,
    parse_date,
    parse_retry_after,
    retry_after,
)
from problems.errors import InvalidHeader

NOW = datetime(2026, 11, 25, 7, tzinfo=UTC)
CHALLENGES = HeaderLines({"WWW-Authenticate": ["Basic", "Bearer"], "Allow": "GET"})


class TestCheckHeader:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            pytest.param("Allow", "", id="empty"),
            pytest.param("x-!#$%&'*+.^_`|~0", "a\tb", id="token and tab"),
            pytest.param("Link", "</a>; title*=UTF-8''%e2%82%ac", id="quoted"),
            pytest.param("X", "\x80ÿ", id="obs-text"),
        ],
    )
    def test_allowed(self, name, value):
        """
        A token and visible characters can be sent.
        """
        check_header(name, value)

    @pytest.mark.parametrize("name", ["", "a b", "a:", "é", "a\r\nb", "a\n", "(a)"])
    def test_names(self, name):
        """
        A name is a token (RFC 9110, section 5.6.2).
        """
        with pytest.raises(InvalidHeader, match=r"its name is not a token\."):
            check_header(name, "x")

    @pytest.mark.parametrize("name", [None, 7, b"a"])
    def test_a_name_is_a_text(self, name):
        """
        A name of another type raises, with the type.
        """
        with pytest.raises(InvalidHeader, match=rf"its name is of type '{type(name).__name__}'\. Write it as a text\."):
            check_header(name, "x")

    @pytest.mark.parametrize(
        ("value", "reason"),
        [
            *(
                pytest.param(f"secret{char}", "its value has control characters.", id=f"U+{ord(char):04X}")
                for char in "\r\n\x00\x01\x1f\x7f"
            ),
            pytest.param("secret€", "its value is not ISO-8859-1 text.", id="euro"),
            pytest.param("secret\ud800", "its value is not ISO-8859-1 text.", id="surrogate"),
            pytest.param(7, "its value is of type 'int'.", id="int"),
            pytest.param(b"secret", "its value is of type 'bytes'.", id="bytes"),
            pytest.param(None, "its value is of type 'NoneType'.", id="None"),
        ],
    )
    def test_values(self, value, reason):
        """
        A value that could end its line, or that has no bytes, raises an error that does not show it.
        """
        with pytest.raises(InvalidHeader) as refused:
            check_header("X-Token", value)

        assert "X-Token" == refused.value.name
        assert refused.value.reason.startswith(reason)
        assert "secret" not in str(refused.value)


class TestHeaderLines:
    def test_items_are_the_lines(self):
        """
        A name comes as often as it has lines.
        """
        expected = [("WWW-Authenticate", "Basic"), ("WWW-Authenticate", "Bearer"), ("Allow", "GET")]

        assert expected == list(CHALLENGES.items())

    def test_starlette_sends_every_line(self):
        """
        A response that was made without us sends all challenges.
        """
        sent = Response(headers=CHALLENGES).headers

        assert ["Basic", "Bearer"] == sent.getlist("www-authenticate")

    @pytest.mark.parametrize("name", ["WWW-Authenticate", "www-authenticate"])
    def test_lookup(self, name):
        """
        A field is found in any case and has the values of all its lines.
        """
        assert "Basic, Bearer" == CHALLENGES[name]

    def test_missing(self):
        """
        A field that is not there is missing as in any mapping.
        """
        with pytest.raises(KeyError, match="Vary"):
            CHALLENGES["Vary"]

    @pytest.mark.parametrize(
        ("name", "expected"), [("ALLOW", True), ("Vary", False), (7, False)], ids=["there", "not there", "no name"]
    )
    def test_contains(self, name, expected):
        """
        Whether there is a field does not depend on case.
        """
        assert expected == (name in CHALLENGES)

    def test_a_dict_of_it_has_each_name_once(self):
        """
        Who makes a dictionary of it loses no value.
        """
        assert {"WWW-Authenticate": "Basic, Bearer", "Allow": "GET"} == dict(CHALLENGES)

    def test_length(self):
        """
        It is as long as a dictionary of it.
        """
        assert len(dict(CHALLENGES)) == len(CHALLENGES)

    def test_names_differ_not_by_case(self):
        """
        Names are the same in any case, and the first spelling is shown.
        """
        assert ["A", "b"] == list(HeaderLines([("A", "1"), ("b", "2"), ("a", "3")]))

    def test_values(self):
        """
        There is one value for each name.
        """
        assert ["Basic, Bearer", "GET"] == list(CHALLENGES.values())

    @pytest.mark.parametrize(
        ("line", "expected"), [(("Allow", "GET"), True), (("Allow", "PUT"), False)], ids=["there", "not there"]
    )
    def test_items_contain(self, line, expected):
        """
        The items know what they hold.
        """
        assert expected == (line in CHALLENGES.items())

    def test_number_of_items(self):
        """
        There are as many items as lines.
        """
        assert 3 == len(CHALLENGES.items())

    @pytest.mark.parametrize(
        "headers",
        [
            pytest.param({"A": ("1", "2"), "B": "3"}, id="mapping"),
            pytest.param([("A", "1"), ("A", "2"), ("B", "3")], id="pairs"),
            pytest.param((pair for pair in [("A", ["1", "2"]), ("B", "3")]), id="generator"),
            pytest.param(HeaderLines({"A": ["1", "2"], "B": "3"}), id="lines"),
            pytest.param(Response(headers=HeaderLines({"A": ["1", "2"], "B": "3"})).headers.items(), id="items"),
        ],
    )
    def test_sources(self, headers):
        """
        It is made of what headers usually are, and equal to what has the same fields.
        """
        expected = {"A": "1, 2", "B": "3"}
        lines = HeaderLines(headers)

        assert expected == {name.upper(): value for name, value in lines.items() if name.upper() == "B"} | {
            "A": lines["a"]
        }

    def test_no_lines(self):
        """
        Several values may be none.
        """
        assert [] == list(HeaderLines({"A": []}).items())

    def test_white_space(self):
        """
        White space around a value is not part of it (RFC 9110, section 5.5).
        """
        assert "a b" == HeaderLines({"A": " \ta b "})["A"]

    @pytest.mark.parametrize(
        "headers",
        [
            pytest.param({"A": "b\r\nSet-Cookie: c"}, id="injected line"),
            pytest.param({"A": ["b", "c\n"]}, id="in the second value"),
            pytest.param({"A B": "c"}, id="name"),
            pytest.param({"A": 7}, id="number"),
            pytest.param([("A", None)], id="nothing"),
        ],
    )
    def test_refused(self, headers):
        """
        An invalid value raises when it is written, not when it is sent.
        """
        with pytest.raises(InvalidHeader):
            HeaderLines(headers)

    @pytest.mark.parametrize(
        ("other", "expected"),
        [
            pytest.param(HeaderLines({"allow": "GET", "www-authenticate": "Basic, Bearer"}), True, id="same fields"),
            pytest.param({"Allow": "GET", "WWW-Authenticate": "Basic, Bearer"}, True, id="dict"),
            pytest.param(HeaderLines({"Allow": "GET"}), False, id="other fields"),
            pytest.param([("Allow", "GET")], False, id="list"),
        ],
    )
    def test_equality(self, other, expected):
        """
        Fields are equal whatever their case, order and distribution over lines.
        """
        assert expected == (other == CHALLENGES)

    def test_hash(self):
        """
        What is equal has the same hash.
        """
        assert 1 == len({HeaderLines({"A": "b"}), HeaderLines({"a": "b"})})

    def test_repr(self):
        """
        It shows how to make another.
        """
        assert "HeaderLines([('Allow', 'GET')])" == repr(HeaderLines({"Allow": "GET"}))

    @pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
    def test_pickle(self, protocol):
        """
        The lines survive the way to another process.
        """
        restored = pickle.loads(pickle.dumps(CHALLENGES, protocol))  # noqa: S301 - our own

        assert list(CHALLENGES.items()) == list(restored.items())

    @pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
    def test_copy(self, duplicate):
        """
        The lines survive copying.
        """
        assert list(CHALLENGES.items()) == list(duplicate(CHALLENGES).items())

    @given(st.dictionaries(st.text(), st.text() | st.lists(st.text())))
    def test_any_headers(self, headers):
        """
        Whatever is not refused can be sent.
        """
        try:
            lines = HeaderLines(headers)
        except InvalidHeader:
            return

        assert len(lines.items()) == len(Response(headers=lines).raw_headers) - 1  # content-length


class TestDescribesBody:
    @pytest.mark.parametrize("name", sorted(DESCRIBES_BODY))
    def test_case(self, name):
        """
        The fields that describe a body are known in any case.
        """
        assert describes_body(name.title(), 404)

    @pytest.mark.parametrize(
        ("name", "status", "expected"),
        [
            pytest.param("Content-Range", 416, False, id="the length that 416 gives"),
            pytest.param("Content-Range", 500, True, id="the range of an aborted response"),
            pytest.param("Content-Length", 416, True, id="never"),
            pytest.param("ETag", 412, False, id="the current state"),
            pytest.param("ETag", 404, True, id="the state of another body"),
            pytest.param("Content-Language", 404, False, id="the language of the text"),
            pytest.param("WWW-Authenticate", 401, False, id="a challenge"),
            pytest.param("Cache-Control", 404, False, id="the user's choice"),
            pytest.param("Vary", 404, False, id="selection"),
        ],
    )
    def test_statuses(self, name, status, expected):
        """
        A field that its status is meant for describes the resource.
        """
        assert expected == describes_body(name, status)


class TestHttpDate:
    @pytest.mark.parametrize(
        ("moment", "expected"),
        [
            pytest.param(datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC), "Sun, 06 Nov 1994 08:49:37 GMT", id="UTC"),
            pytest.param(
                datetime(2026, 3, 1, 0, 30, tzinfo=timezone(timedelta(hours=1))),
                "Sat, 28 Feb 2026 23:30:00 GMT",
                id="another time zone",
            ),
        ],
    )
    def test_format(self, moment, expected):
        """
        A date is written in English and in GMT, whatever the locale and the time zone.
        """
        assert expected == http_date(moment)

    def test_naive(self):
        """
        A time without a zone raises an error: it differs on every machine.
        """
        with pytest.raises(ValueError, match="without a time zone"):
            http_date(datetime(2026, 1, 1))  # noqa: DTZ001 - naive on purpose


class TestRetryAfter:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            pytest.param(0, "0", id="now"),
            pytest.param(30, "30", id="int"),
            pytest.param(1.01, "2", id="float, rounded up"),
            pytest.param(Decimal("1.5"), "2", id="Decimal"),
            pytest.param(-3, "0", id="negative"),
            pytest.param(-0.5, "0", id="a little negative"),
            pytest.param(10**30, "2147483647", id="too long for receivers"),
            pytest.param(timedelta(minutes=2), "120", id="timedelta"),
            pytest.param(timedelta(microseconds=1), "1", id="timedelta, rounded up"),
            pytest.param(-timedelta.resolution, "0", id="negative timedelta"),
            pytest.param(timedelta.max, "2147483647", id="longest timedelta"),
            pytest.param(NOW, "Wed, 25 Nov 2026 07:00:00 GMT", id="datetime"),
            pytest.param(NOW + timedelta.resolution, "Wed, 25 Nov 2026 07:00:01 GMT", id="datetime, rounded up"),
        ],
    )
    def test_never_less_than_asked(self, value, expected):
        """
        The client has to wait at least as long as was asked.
        """
        assert expected == retry_after(value)

    @pytest.mark.parametrize(
        "value",
        [
            pytest.param(float("nan"), id="NaN"),
            pytest.param(float("inf"), id="infinity"),
            pytest.param(datetime(2026, 1, 1), id="naive"),  # noqa: DTZ001 - naive on purpose
            pytest.param(datetime.max.replace(tzinfo=UTC), id="end of time"),
            pytest.param("30", id="text"),
            pytest.param(None, id="nothing"),
        ],
    )
    def test_refused(self, value):
        """
        An invalid waiting time raises with a sentence.
        """
        with pytest.raises(InvalidHeader, match=r"'Retry-After' .*\. Give seconds, a timedelta or a datetime"):
            retry_after(value)


class TestParseRetryAfter:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            pytest.param("120", 120, id="seconds"),
            pytest.param(" 0 ", 0, id="at once"),
            pytest.param("1.5", 1.5, id="fraction, as some servers send it"),
            pytest.param("9" * 5000, 2**31 - 1, id="too long"),
            pytest.param("Wed, 25 Nov 2026 07:01:00 GMT", 60, id="IMF-fixdate"),
            pytest.param("Wednesday, 25-Nov-26 07:01:00 GMT", 60, id="RFC 850"),
            pytest.param("Wed Nov 25 07:01:00 2026", 60, id="asctime"),
            pytest.param("Wed, 25 Nov 2026 08:01:00 +0100", 60, id="another time zone"),
            pytest.param("Wed, 25 Nov 2026 06:00:00 GMT", 0, id="past"),
        ],
    )
    def test_forms(self, text, expected):
        """
        All forms of RFC 9110, sections 5.6.7 and 10.2.3, are read.
        """
        assert timedelta(seconds=expected) == parse_retry_after(text, NOW)

    @pytest.mark.parametrize(
        "text", ["", "soon", "-1", "1e3", "5, 6", "12:30", "٣", "Wed, 99 Nov 2026 07:01:00 GMT", "inf"]
    )
    def test_nonsense(self, text):
        """
        What is no Retry-After is none.
        """
        assert parse_retry_after(text, NOW) is None

    @given(st.text() | st.text(st.sampled_from("WedNov25, :0 GMT+-")), st.datetimes(timezones=st.none() | st.just(UTC)))
    def test_any_text(self, text, now):
        """
        No server response makes reading fail.
        """
        waiting = parse_retry_after(text, now)

        assert waiting is None or waiting >= timedelta()

    @given(st.integers(0, 2**31 - 1))
    def test_round_trip(self, seconds):
        """
        What we send, we read.
        """
        assert timedelta(seconds=seconds) == parse_retry_after(retry_after(seconds), NOW)

    @given(st.datetimes(NOW.replace(tzinfo=None), datetime(9000, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - strategy
    def test_round_trip_of_dates(self, moment):
        """
        A moment that we send is read as that moment, or the next full second.
        """
        waiting = parse_retry_after(retry_after(moment), NOW)

        assert timedelta() <= waiting - (moment - NOW) < timedelta(seconds=1)


class Size(str, Enum):  # noqa: UP042 - as it was written before Python 3.11
    BIG = "big"


class Number(IntEnum):
    ONE = 1


class TestHeaderValue:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            pytest.param("Bearer", "Bearer", id="str"),
            pytest.param(30, "30", id="int"),
            pytest.param(0.5, "0.5", id="float"),
            pytest.param(True, "true", id="true"),
            pytest.param(False, "false", id="false"),
            pytest.param(Size.BIG, "big", id="Enum of texts"),
            pytest.param(Number.ONE, "1", id="IntEnum"),
            pytest.param(NOW, "Wed, 25 Nov 2026 07:00:00 GMT", id="datetime"),
            pytest.param(timedelta(minutes=1.001), "61", id="timedelta, rounded up"),
            pytest.param(date(2026, 11, 25), "2026-11-25", id="date"),
            pytest.param(UUID(int=7), "00000000-0000-0000-0000-000000000007", id="UUID"),
            pytest.param(Decimal("1.10"), "1.10", id="Decimal"),
            pytest.param(b"a\xff", "aÿ", id="bytes"),
            pytest.param([], "", id="nothing"),
            pytest.param(["GET", "HEAD"], "GET, HEAD", id="list"),
            pytest.param((1, NOW), "1, Wed, 25 Nov 2026 07:00:00 GMT", id="tuple"),
            pytest.param({"b", "a"}, "a, b", id="set, in order"),
            pytest.param(frozenset({Size.BIG}), "big", id="frozenset of Enum"),
        ],
    )
    def test_texts(self, value, expected):
        """
        A value is written as HTTP would have it.
        """
        assert expected == header_value(value)

    @pytest.mark.parametrize(
        ("value", "reason"),
        [
            pytest.param(None, "A NoneType cannot be written", id="None"),
            pytest.param({"a": 1}, "A dict cannot be written", id="dict"),
            pytest.param([object()], "A object cannot be written", id="object in a list"),
            pytest.param(float("nan"), "got nan", id="NaN"),
            pytest.param(datetime(2026, 1, 1), "without a time zone", id="naive"),  # noqa: DTZ001 - naive on purpose
        ],
    )
    def test_refused(self, value, reason):
        """
        A value without a text form raises an error.
        """
        with pytest.raises(ValueError, match=reason):
            header_value(value)


class TestDates:
    NOW = datetime(2026, 11, 25, 7, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            pytest.param("Sat, 31 Dec 2016 23:59:60 GMT", datetime(2017, 1, 1, tzinfo=UTC), id="a leap second"),
            pytest.param("Wed, 25 Nov 2026 07:01:00 GMT", datetime(2026, 11, 25, 7, 1, tzinfo=UTC), id="usual"),
            pytest.param("Wednesday, 25-Nov-26 07:01:00 GMT", datetime(2026, 11, 25, 7, 1, tzinfo=UTC), id="RFC 850"),
            pytest.param("Sunday, 06-Nov-94 08:49:37 GMT", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC), id="the past"),
            pytest.param("Friday, 06-Nov-70 08:49:37 GMT", datetime(2070, 11, 6, 8, 49, 37, tzinfo=UTC), id="44 years"),
            pytest.param("Friday, 06-Nov-77 08:49:37 GMT", datetime(1977, 11, 6, 8, 49, 37, tzinfo=UTC), id="51 years"),
            pytest.param("Wed Nov 25 07:01:00 2026", datetime(2026, 11, 25, 7, 1, tzinfo=UTC), id="asctime"),
            pytest.param("tomorrow", None, id="no date"),
            pytest.param("Wed, 25 Nov 2026 07:61:00 GMT", None, id="no time"),
        ],
    )
    def test_the_three_forms(self, text, expected):
        """
        All are read (RFC 9110, section 5.6.7), and what is not a date is `None`.
        """
        assert expected == parse_date(text, self.NOW)

    @pytest.mark.parametrize("times", [1, 2, 3])
    @pytest.mark.parametrize("value", ["120", "Wed, 25 Nov 2026 07:02:00 GMT"])
    def test_equal_lines(self, value, times):
        """
        Several lines of one value count as one.
        """
        assert timedelta(seconds=120) == parse_retry_after(", ".join([value] * times), self.NOW)

    def test_other_lines(self):
        """
        Which of two values holds is not known.
        """
        assert parse_retry_after("120, 60", self.NOW) is None
