import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from problems._wire.details import ProblemDetails
from problems._wire.media_types import PROBLEM_XML
from problems._wire.reading import read_document
from problems.answering._xml import render_xml

NS = 'xmlns="urn:ietf:rfc:7807"'

EXAMPLE = """<?xml version="1.0" encoding="UTF-8"?>
<problem xmlns="urn:ietf:rfc:7807">
  <type>https://example.com/probs/out-of-credit</type>
  <title>You do not have enough credit.</title>
  <instance>
    https://example.net/account/12345/msgs/abc
  </instance>
  <balance>30</balance>
  <accounts>
    <i>https://example.net/account/12345</i>
    <i>https://example.net/account/67890</i>
  </accounts>
</problem>"""

TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_categories=["Cc"]), max_size=8)
MEMBERS = st.dictionaries(st.from_regex(r"[a-hj-z]{1,6}", fullmatch=True), TEXTS, max_size=4)


def read(text):
    """Return the reading of an XML document."""
    return read_document(text.encode(), PROBLEM_XML)


class TestDocument:
    def test_the_example_of_the_rfc(self):
        """
        Elements are members, `i` elements items, and white space around a URI is ignored (appendix B).
        """
        expected = {
            "type": "https://example.com/probs/out-of-credit",
            "title": "You do not have enough credit.",
            "instance": "https://example.net/account/12345/msgs/abc",
            "balance": "30",
            "accounts": ["https://example.net/account/12345", "https://example.net/account/67890"],
        }

        assert (expected, None) == read(EXAMPLE)

    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            pytest.param("", {}, id="empty"),
            pytest.param("<status> 404 </status>", {"status": 404}, id="status"),
            pytest.param("<status>4o4</status>", {"status": "4o4"}, id="no status"),
            pytest.param("<a><b>1</b><c><i>2</i></c></a>", {"a": {"b": "1", "c": ["2"]}}, id="nested"),
            pytest.param("<a><i><b>1</b></i></a>", {"a": [{"b": "1"}]}, id="objects in an array"),
            pytest.param("<a/>", {"a": ""}, id="empty element"),
            pytest.param('<a x="1">2</a>', {"a": "2"}, id="attribute"),
            pytest.param("<!-- c --><?p i?><a>1</a>", {"a": "1"}, id="comment and instruction"),
            pytest.param('<a>1</a><b xmlns="urn:other">2</b>', {"a": "1"}, id="another namespace"),
            pytest.param("<a>1</a><a>2</a>", {"a": "2"}, id="twice: the last wins, as in JSON"),
            pytest.param("<a_x0020_b>1</a_x0020_b>", {"a b": "1"}, id="escaped name"),
            pytest.param("<a_xD800_b>1</a_xD800_b>", {"a_xD800_b": "1"}, id="escaped surrogate"),
        ],
    )
    def test_content(self, content, expected):
        """
        What there is in it is read as the JSON that would say the same.
        """
        assert (expected, None) == read(f"<problem {NS}>{content}</problem>")

    def test_the_namespace_of_a_draft(self):
        """
        Old servers send it.
        """
        assert ({"title": "Gone"}, None) == read('<problem xmlns="urn:ietf:rfc:XXXX"><title>Gone</title></problem>')

    def test_deep_nesting(self):
        """
        What is deeper than anybody sends is cut.
        """
        document, reason = read(f"<problem {NS}>{'<a>' * 5_000}{'</a>' * 5_000}</problem>")

        assert (True, None) == (document is not None, reason)

    @given(MEMBERS)
    def test_what_is_written_is_read(self, members):
        """
        Reader and writer agree.
        """
        details = ProblemDetails.model_validate({"type": "about:blank", "status": 410, **members})
        document, _ = read(render_xml(details))

        assert {"type": "about:blank", "status": 410} | {
            name: text.replace("\r", "\n") if name not in ("type", "status") else text for name, text in members.items()
        } == document


class TestNoProblem:
    @pytest.mark.parametrize(
        "text",
        [
            pytest.param("<problem>", id="not well-formed"),
            pytest.param(f'<!DOCTYPE problem [<!ENTITY a "b">]><problem {NS}>&a;</problem>', id="entity"),
            pytest.param(
                f'<!DOCTYPE problem SYSTEM "http://evil.example/x.dtd"><problem {NS}/>', id="external definition"
            ),
            pytest.param("{}", id="json"),
        ],
    )
    def test_what_is_not_read(self, text):
        """
        Broken documents, and those that bring definitions, of which a few lines can fill the memory.
        """
        document, reason = read(text)

        assert (None, "The body is not XML that can be read: ") == (document, (reason or "")[:38])

    @pytest.mark.parametrize("text", ["<html/>", '<problem xmlns="urn:other"/>'])
    def test_another_root(self, text):
        """
        A fault of SOAP is not a problem.
        """
        assert (None, "The body is XML, but its root is not `problem` in the namespace of RFC 9457.") == read(text)

    def test_without_the_extra(self, monkeypatch):
        """
        The reason says what to install.
        """
        monkeypatch.setitem(sys.modules, "defusedxml.ElementTree", None)

        assert (
            None,
            "The body is XML, which is read if `defusedxml` is installed: pip install 'typed-problems[xml]'.",
        ) == read(EXAMPLE)

    @given(st.binary() | st.text("<>/&;!?[]problem ='\"ia").map(str.encode))
    def test_anything(self, content):
        """
        No bytes make reading fail.
        """
        document, reason = read_document(content, PROBLEM_XML)

        assert (document is None) == (reason is not None)
