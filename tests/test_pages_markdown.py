"""The Markdown of problem pages, judged by a reader of Markdown: whatever a text is, it is text to the reader."""

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from problems.documenting.pages import page_markdown
from problems.documenting.pages._writing import cell, code_span, fenced, line, prose, table
from problems.documenting.vocabulary import DocumentedType, Vocabulary
from problems.tools.export import to_markdown

READER = MarkdownIt("commonmark").enable("table")
PIECES = [
    "<img src=x>", "<!--", "-->", "`", "``", "```", "~~~", "\\", "|", "\n", "\n\n", " ", "    ", "- ", "1. ", "> ",
    "# ", "---", "===", "a", "b ", "*", "[a](javascript:x)", "[a](https://a.example/)", "![a](https://a.example/)",
    "[a]: data:x\n", "[a]", "](", "<b>", "&lt;", "\t", "| - |",
]  # fmt: skip
hostile = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)
SCHEMES = ("https://", "http://", "mailto:", ".", "/", "#")


def tokens(markdown):
    """Yield all tokens that a reader sees."""
    for token in READER.parse(markdown):
        yield token
        yield from token.children or ()


def danger(markdown):
    """Return the raw HTML, images and links to other schemes that a reader sees."""
    found = []
    for token in tokens(markdown):
        href = str(token.attrs.get("href", "#"))
        if token.type in ("html_inline", "html_block", "image") or not href.startswith(SCHEMES):
            found.append((token.type, token.content, href))
    return found


class TestTexts:
    @settings(max_examples=400, deadline=None)
    @given(hostile)
    @example("`a\n- b <img src=x>`")
    @example("- a\n  ```\n<img src=x>\n  ```")
    @example("a | b\n---|---\n`c | <img src=x>`")
    @example("```\n<b>\n")
    @example("\\`<b>`")
    def test_no_text_is_markup(self, text):
        """
        In prose, lines, cells, code spans and blocks of code.
        """
        for written in (prose(text), line(text), table("A", rows=[[cell(text), code_span(text)]]), fenced(text, "py")):
            assert [] == danger(written), written

    @settings(max_examples=200, deadline=None)
    @given(hostile)
    @example("a\\|b")
    def test_a_cell_is_one_cell(self, text):
        """
        No text ends a cell, or a row.
        """
        written = table("A", "B", rows=[[cell(text), cell(code_span(text))]])

        assert 2 == [token.type for token in tokens(written)].count("td_open")

    @given(st.text(st.sampled_from("`ab \\<|*"), min_size=1))
    def test_a_code_span_is_the_code(self, text):
        """
        A reader sees the code itself, white space in one form.
        """
        (found,) = [it.content for it in tokens(f"x{code_span(text)}x") if it.type == "code_inline"]

        assert " ".join(text.split()) == found.strip(" ") or " ".join(text.split()) == found

    @pytest.mark.parametrize(
        ("text", "markdown"),
        [
            pytest.param("a <b> `<c>`", "a &lt;b> `<c>`", id="code"),
            pytest.param("Use `a < b`.\n\nAgain.", "Use `a < b`.\n\nAgain.", id="paragraphs"),
            pytest.param("- one\n- **two**", "- one\n- **two**", id="list"),
            pytest.param("```py\n<a>\n```\n<b>", "```py\n<a>\n```\n\n&lt;b>", id="fence"),
            pytest.param("```\n<a>\n", "```\n<a>\n```", id="fence without end"),
            pytest.param("[a](https://a.example/?b=c&d)", "[a](https://a.example/?b=c&d)", id="link"),
            pytest.param("[a](javascript:b)", "[a\\](javascript:b)", id="dangerous link"),
            pytest.param("a ` b", "a \\` b", id="backtick"),
            pytest.param("# Big\ntext\n---", "\\# Big\ntext\n\\---", id="headings"),
        ],
    )
    def test_what_authors_mean_stays(self, text, markdown):
        """
        Paragraphs, lists, code, emphasis and links; the rest is text.
        """
        assert markdown == prose(text)

    @pytest.mark.parametrize("piece", [*PIECES, "](./", "\\`", "- \n", "`` `"])
    def test_the_time_grows_with_the_text(self, piece):
        """
        Eight times the text takes about eight times as long, not 64 times.
        """
        times = []
        for count in (4_000, 32_000):
            started = time.process_time()
            prose(piece * count)
            times.append(time.process_time() - started)

        assert times[1] <= 32 * max(times[0], 0.02)


class TestDocuments:
    @settings(max_examples=60, deadline=None)
    @given(hostile)
    def test_no_text_of_an_export_is_markup(self, text):
        """
        Every text of a vocabulary is in the document once more.
        """
        properties = {text: {"type": "string", "description": text, "enum": [text]}}
        words = {"name": text, "title": text, "description": text, "aliases": [text], "example": {"a": text}}
        headers = [{"name": text, "required": True, "description": text}]
        schema = {"properties": properties, "$defs": {text: {"properties": properties}}}
        documented = DocumentedType(type=text, status=409, headers=headers, schema=schema, **words)

        assert [] == danger(page_markdown(documented))
        assert [] == danger(to_markdown(Vocabulary(types=(documented,))))

    def test_headings_of_an_export_are_one_level_down(self):
        """
        An export is one document: each type is a section.
        """
        schema = {"properties": {"a": {"type": "string"}}}
        documented = DocumentedType(type="a:b", name="Sold", title="Sold", status=409, schema=schema)
        lines = to_markdown(Vocabulary(types=(documented,))).splitlines()

        assert ["# Problem types", "## Sold", "### Members", "### How to handle it"] == [
            it for it in lines if it.startswith("#") and "client" not in it
        ]
