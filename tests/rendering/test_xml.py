import re

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given, settings
from hypothesis import strategies as st

from problems._wire.details import ProblemDetails
from problems._wire.reading_xml import read_xml
from problems.answering._xml import NAMESPACE, XML, render_xml

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def xml_of(**members):
    return render_xml(ProblemDetails.model_validate(members))


def inside(**members):
    """Return the content of the root element, less the type."""
    return xml_of(**members).partition("about:blank</type>")[2].partition("</problem>")[0]


class TestRenderXml:
    def test_root(self):
        """
        The root is `problem` in the namespace that RFC 9457 keeps from RFC 7807 (row 81).
        """
        assert f"{{{NAMESPACE}}}problem" == fromstring(xml_of(title="Gone").encode()).tag
        assert "urn:ietf:rfc:7807" == NAMESPACE

    def test_one_namespace_and_no_attributes(self):
        """
        Extension members are in that namespace too, and nothing has attributes (row 82).
        """
        elements = list(fromstring(xml_of(title="Gone", left=[{"id": 7}], shop={"name": "x"}).encode()).iter())

        assert {NAMESPACE} == {element.tag[1:].partition("}")[0] for element in elements}
        assert [] == [element.attrib for element in elements if element.attrib]

    def test_the_sample_of_the_rfc(self):
        """
        Arrays have `i` elements; standard members come first (appendix B, row 83).
        """
        rendered = xml_of(
            type="https://example.com/probs/out-of-credit",
            title="You do not have enough credit.",
            detail="Your current balance is 30, but that costs 50.",
            instance="https://example.net/account/12345/msgs/abc",
            balance=30,
            accounts=["https://example.net/account/12345", "https://example.net/account/67890"],
        )

        assert rendered == (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<problem xmlns="urn:ietf:rfc:7807">'
            "<type>https://example.com/probs/out-of-credit</type>"
            "<title>You do not have enough credit.</title>"
            "<detail>Your current balance is 30, but that costs 50.</detail>"
            "<instance>https://example.net/account/12345/msgs/abc</instance>"
            "<balance>30</balance>"
            "<accounts><i>https://example.net/account/12345</i><i>https://example.net/account/67890</i></accounts>"
            "</problem>\n"
        )

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            pytest.param(7, "7", id="integer"),
            pytest.param(1.5, "1.5", id="number"),
            pytest.param(True, "true", id="boolean"),
            pytest.param(None, "", id="null"),
            pytest.param("", "", id="empty text"),
            pytest.param([], "", id="empty array"),
            pytest.param({}, "", id="empty object"),
            pytest.param("a < b & c > d", "a &lt; b &amp; c &gt; d", id="markup"),
            pytest.param("]]>", "]]&gt;", id="end of a CDATA section"),
            pytest.param("a\r\nb\tc", "a&#13;\nb\tc", id="line ends"),
            pytest.param("a\x00b\x1bc\ufffe", "a\ufffdb\ufffdc\ufffd", id="no XML characters"),
            pytest.param([[1], [2, 3]], "<i><i>1</i></i><i><i>2</i><i>3</i></i>", id="nested arrays"),
            pytest.param({"a": {"b": [{"c": 1}]}}, "<a><b><i><c>1</c></i></b></a>", id="nested objects"),
        ],
    )
    def test_value(self, value, expected):
        """
        A value becomes text, an array `i` elements, an object one element for each member.
        """
        assert f"<x>{expected}</x>" == inside(x=value)

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            pytest.param("retry-after.ms", "retry-after.ms", id="a name"),
            pytest.param("größe", "größe", id="letters"),
            pytest.param("a b", "a_x0020_b", id="a space"),
            pytest.param("1st", "_x0031_st", id="a digit first"),
            pytest.param("-x", "_x002D_x", id="a hyphen first"),
            pytest.param("xsi:type", "xsi_x003A_type", id="a colon"),
            pytest.param("a><script", "a_x003E__x003C_script", id="markup"),
            pytest.param("a_x0020_b", "a_x005F_x0020_b", id="what looks encoded"),
            pytest.param("😀я", "_x1F600__x044F_", id="beyond Latin-1"),
            pytest.param("", "_", id="no name"),
        ],
    )
    def test_name(self, name, expected):
        """
        What is not in every parser's names is encoded, and nothing else.
        """
        assert f"<{expected}>1</{expected}>" == inside(**{name: 1})

    @settings(max_examples=50)
    @given(st.dictionaries(TEXTS, VALUES, max_size=4))
    def test_every_document_is_well_formed(self, members):
        """
        Whatever the members are, a parser reads the document.
        """
        root = fromstring(render_xml(ProblemDetails.model_validate(members)).encode())

        assert f"{{{NAMESPACE}}}problem" == root.tag

    @settings(max_examples=50)
    @given(st.dictionaries(st.from_regex(r"[a-h ][\w. :-]{0,8}", fullmatch=True), TEXTS, max_size=4))
    def test_round_trip(self, texts):
        """
        Texts and their names come back as they were, but for what XML cannot hold.
        """
        expected = {
            name: re.sub("[^\t\n\r\x20-\ufffd\U00010000-\U0010ffff]", "\ufffd", it) for name, it in texts.items()
        }

        read, _ = read_xml(render_xml(ProblemDetails.model_validate(texts)).encode(), None)

        assert {"type": "about:blank", **expected} == read

    def test_nested_round_trip(self):
        """
        Nested arrays and objects come back with their structure (row 83).
        """
        members = {"a": [["1", "2"], ["3", "4"]], "b": {"c": {"d": "5"}, "e": [{"f": "6"}, {"f": "7"}]}}

        read, _ = read_xml(xml_of(**members).encode(), None)

        assert {"type": "about:blank", **members} == read


def test_representation():
    """
    The media type has no parameters: the encoding is declared in the document.
    """
    assert "application/problem+xml" == XML.media_type
