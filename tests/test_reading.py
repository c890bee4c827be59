import codecs
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from problems._wire.details import ProblemDetails
from problems._wire.media_types import HTML, JSON, PROBLEM_JSON
from problems._wire.reading import LIMIT, read_document

GONE = {"title": "Gone", "status": 410}
TEXT = '{"title": "Gone", "status": 410}'

CONTENT_TYPES = (
    st.just(PROBLEM_JSON) | st.text().map(lambda text: f"{PROBLEM_JSON};charset={text}") | st.text() | st.none()
)
JSON_LIKE = st.text(alphabet='{}[]":,\\udcxe0919.-+ natrulfsNIy\ufeff\u00e9', max_size=40)


def nested(depth):
    """Return an object whose arrays and objects together are *depth* deep."""
    return b'{"title":"Gone","a":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


class TestMediaType:
    @pytest.mark.parametrize(
        "content_type",
        [
            pytest.param("application/problem+json", id="exact"),
            pytest.param("Application/Problem+JSON", id="case"),
            pytest.param("application/problem+json; charset=utf-8", id="charset"),
            pytest.param('application/problem+json ; profile="a;b"', id="unknown parameter"),
            pytest.param("application/problem+json, application/problem+json", id="sent twice"),
        ],
    )
    def test_it_is_recognised(self, content_type):
        """
        Neither case nor parameters matter.
        """
        assert (GONE, None) == read_document(TEXT.encode(), content_type)

    @pytest.mark.parametrize(
        ("content_type", "expected"),
        [
            pytest.param(None, "The response has no media type.", id="no header"),
            pytest.param("; charset=utf-8", "The response has no media type.", id="parameters only"),
            pytest.param(JSON, "The media type 'application/json' is not read as a problem document.", id="json"),
            pytest.param(HTML, "The media type 'text/html' is not read as a problem document.", id="html"),
            pytest.param(
                "application/problem+json-seq",
                "The media type 'application/problem+json-seq' is not read as a problem document.",
                id="longer",
            ),
        ],
    )
    def test_another_one_is_no_problem(self, content_type, expected):
        """
        What is not declared to be a problem is not taken for one.
        """
        assert (None, expected) == read_document(TEXT.encode(), content_type)


class TestEncoding:
    @pytest.mark.parametrize(
        "content",
        [
            pytest.param(TEXT.encode(), id="utf-8"),
            pytest.param(codecs.BOM_UTF8 + TEXT.encode(), id="utf-8 with a byte order mark"),
            pytest.param(TEXT.encode("utf-16"), id="utf-16 with a byte order mark"),
            pytest.param(TEXT.encode("utf-32"), id="utf-32 with a byte order mark"),
            pytest.param(TEXT.encode("utf-16-le"), id="utf-16, little endian"),
            pytest.param(TEXT.encode("utf-16-be"), id="utf-16, big endian"),
            pytest.param(TEXT.encode("utf-32-be"), id="utf-32, big endian"),
        ],
    )
    def test_it_is_detected(self, content):
        """
        A Unicode encoding is seen from the first bytes.
        """
        assert (GONE, None) == read_document(content, PROBLEM_JSON)

    @pytest.mark.parametrize(
        ("charset", "expected"),
        [
            pytest.param("iso-8859-1", "café", id="declared"),
            pytest.param("Windows-1252", "café", id="declared in another case"),
            pytest.param("utf-8", "caf\ufffd", id="declared and wrong"),
            pytest.param("banana", "caf\ufffd", id="unknown"),
            pytest.param("base64", "caf\ufffd", id="codec of Python that is not a charset"),
            pytest.param("idna", "caf\ufffd", id="codec of Python that refuses to replace"),
        ],
    )
    def test_bytes_that_are_not_utf8(self, charset, expected):
        """
        The declared charset is used if it is a common one; else what is readable is kept.
        """
        content = '{"title": "café"}'.encode("latin-1")

        assert ({"title": expected}, None) == read_document(content, f"{PROBLEM_JSON};charset={charset}")

    def test_utf8_wins_over_the_declared_charset(self):
        """
        JSON has no charset parameter, and many servers declare a wrong one.
        """
        content = '{"title": "café", "a": "\\ud800"}'.encode()
        document, _ = read_document(content, f"{PROBLEM_JSON};charset=iso-8859-1")

        assert {"title": "café", "a": "\ufffd"} == document


class TestValues:
    def test_the_last_duplicate_wins(self):
        """
        RFC 8259 leaves open which one to take.
        """
        assert ({"a": 2}, None) == read_document(b'{"a": 1, "a": 2}', PROBLEM_JSON)

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            pytest.param("1e999", math.inf, id="exponent"),
            pytest.param("-1e999", -math.inf, id="negative exponent"),
            pytest.param("9" * 5_000, math.inf, id="digits"),
            pytest.param("-" + "9" * 5_000, -math.inf, id="negative digits"),
            pytest.param("9" * 4_000, int("9" * 4_000), id="digits that fit"),
            pytest.param("Infinity", math.inf, id="infinity"),
            pytest.param("-Infinity", -math.inf, id="negative infinity"),
            pytest.param("1.0", 1.0, id="float"),
        ],
    )
    def test_numbers(self, text, expected):
        """
        A number that nothing can hold is infinity, and costs no other member.
        """
        assert ({"title": "Gone", "a": expected}, None) == read_document(
            f'{{"title": "Gone", "a": {text}}}'.encode(), PROBLEM_JSON
        )

    def test_nan(self):
        """
        Not JSON, but sent by some servers.
        """
        document, _ = read_document(b'{"a": NaN}', PROBLEM_JSON)

        assert math.isnan(document["a"])

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            pytest.param(r'"\ud800"', "\ufffd", id="lone"),
            pytest.param(r'"a\udc00b"', "a\ufffdb", id="lone low one"),
            pytest.param(r'"\ud800\ud800"', "\ufffd\ufffd", id="two of a kind"),
            pytest.param(r'"\ud83d\ude00"', "😀", id="pair"),
            pytest.param(r'{"\ud800": "😀"}', {"\ufffd": "😀"}, id="in a name"),
        ],
    )
    def test_surrogates(self, text, expected):
        """
        What no UTF-8 can hold is replaced, so that it can be written again.
        """
        assert ({"a": expected}, None) == read_document(f'{{"a": {text}}}'.encode(), PROBLEM_JSON)

    def test_deep_nesting_that_is_read(self):
        """
        A hundred levels are read.
        """
        document, _ = read_document(nested(100), PROBLEM_JSON)

        assert "Gone" == document["title"]


class TestNoProblem:
    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            pytest.param(b"", "The body is empty.", id="empty"),
            pytest.param(b"null", "The body is null, not a JSON object.", id="null"),
            pytest.param(b"true", "The body is a boolean, not a JSON object.", id="boolean"),
            pytest.param(b"404", "The body is a number, not a JSON object.", id="number"),
            pytest.param(b"1e999", "The body is a number, not a JSON object.", id="float"),
            pytest.param(b"9" * 5_000, "The body is a number, not a JSON object.", id="long number"),
            pytest.param(b'"Not Found"', "The body is a string, not a JSON object.", id="string"),
            pytest.param(rb'"\ud800"', "The body is a string, not a JSON object.", id="surrogate"),
            pytest.param(b"[1]", "The body is an array, not a JSON object.", id="array"),
            pytest.param(nested(250), "The body is JSON that is nested too deeply.", id="deep"),
            pytest.param(nested(30_000), "The body is JSON that is nested too deeply.", id="very deep"),
        ],
    )
    def test_the_reason_is_told(self, content, expected):
        """
        One sentence says what is in the place of an object.
        """
        assert (None, expected) == read_document(content, PROBLEM_JSON)

    @pytest.mark.parametrize(
        "content",
        [
            pytest.param(b" ", id="blank"),
            pytest.param(b"<!doctype html>", id="html"),
            pytest.param(TEXT.encode()[:-5], id="truncated"),
            pytest.param(b'{"a": 1,}', id="trailing comma"),
            pytest.param(b'{"a": 1} {"a": 2}', id="two objects"),
            pytest.param(b'{"a": "\n"}', id="line break in a string"),
            pytest.param(b"{'a': 1}", id="single quotes"),
            pytest.param(b"\x1f\x8b\x08\x00", id="gzip"),
            pytest.param(b"\x00", id="zero byte"),
            pytest.param(codecs.BOM_UTF8, id="byte order mark only"),
        ],
    )
    def test_broken_json(self, content):
        """
        A body that JSON parsers reject is not a document.
        """
        document, reason = read_document(content, PROBLEM_JSON)

        assert (None, "The body is not JSON: ") == (document, (reason or "")[:22])

    def test_a_body_that_is_too_long(self):
        """
        Where it was cut is unknown, so no part of it is read.
        """
        expected = "The body has more than 31 bytes, the most that are read."

        assert (None, expected) == read_document(TEXT.encode(), PROBLEM_JSON, limit=31)

    def test_the_limit_is_generous(self):
        """
        A document with hundreds of errors is read.
        """
        document, _ = read_document(b'{"a":"' + b"x" * (LIMIT - 8) + b'"}', PROBLEM_JSON)

        assert document is not None


class TestAnything:
    @given(st.binary() | JSON_LIKE.map(lambda text: text.encode()), CONTENT_TYPES)
    def test_either_a_document_or_a_reason(self, content, content_type):
        """
        No bytes and no header make reading fail.
        """
        document, reason = read_document(content, content_type)

        assert (document is None) == (reason is not None)

    @given(st.sampled_from(["utf-8", "utf-16", "utf-32", "utf-16-be", "latin-1"]), JSON_LIKE, st.integers(0, 5))
    def test_every_document_can_be_written(self, encoding, text, cut):
        """
        Whatever was read becomes strict JSON again.
        """
        content = f'{{"a": {text}'.encode(encoding, "replace")
        document, _ = read_document(content[: len(content) - cut] + "}".encode(encoding), PROBLEM_JSON)
        written = ProblemDetails.model_validate(document or {}).model_dump_json()

        assert isinstance(json.loads(written, parse_constant=pytest.fail), dict)

    @given(st.dictionaries(st.text(), st.integers() | st.text() | st.none() | st.floats(allow_nan=False)))
    def test_what_is_json_is_read_as_json(self, members):
        """
        Both parsers agree with the standard library's.
        """
        assert (members, None) == read_document(json.dumps(members).encode(), PROBLEM_JSON)
