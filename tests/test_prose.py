"""
The words of the project: constructions that cost a reader a second look, and what to write instead.

Code is not prose: of Python only comments, docstrings and texts are read, of Markdown only what is outside of code.
"""

import io
import re
import token
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]

CONSTRUCTIONS: Final = {
    r"(?<!there\s)(?:is|are|was|were) no (?!longer|more|less|other|such|need|way|\d)[a-z]+": "is not a …",
    r"(?:is|are) none of": "is not a …",
    r"tells?|told|telling": "contains, describes, reports; a function returns, raises, writes",
    r"let (?:an? )?[a-z]+ (?:that [a-z]+ )?(?:say|tell)": "report, describe",
    r"(?:go|goes|going|went) on (?:to|working|as)": "keeps working, continues",
    r"ha(?:s|ve) gone": "disconnected, was removed",
    r"likes? (?:\w+ )?(?:better|best)": "prefers",
    r"whoever|somebody|nobody": "anyone, or the noun: the caller, the application, a client",
    r"(?:by|to|for|from|of) who (?:is|are|has|was|does)": "the noun: clients that …",
    r"nothing (?:if|of|but|that)": "`None`, `False`, no …, only …",
    r"none of (?:it|them)|there (?:is|are) none": "`None`, no …",
    r"(?:is|are|was|were|be|being) refused": "raises `X`",
    r"(?:that|those) of|that which|such as are": "repeat the noun",
    r"the ones? (?:that|of|which|place|initiali[sz]er)": "repeat the noun, name the thing",
    r"the same as an?|the questions that": "name the thing",
    r"(?:of|than) (?:the user's|the users'|yours|ours|theirs)": "your own, user-defined, the application's",
    r"another kind": "another type",
    r"how (?:it|they) (?:is|are) meant": "describe the behaviour",
    r"what (?:is|are|was|were) (?:told|said|meant|wanted|better|supported)": "name the thing",
    r"(?:returns?|yields?|besides) what|what an? [a-z]+ (?:is|are|answers|sends)": "name the thing",
    r"(?:is|are) (?:not )?(?:its|their|his) business": "name the thing",
    r"for (?:it|he|they) (?:is|are|was|were|has|have) ": "because",
}
"""Constructions, matched by whole words in any case and over line breaks, and what to write instead."""

BEFORE: Final = [
    "Let a stream that fails say so.",
    "Return the problem that an error response tells of, nothing if it is no error.",
    "Return what raises the problem of each error response.",
    "Return the same as an object of another kind, which *make* makes: so nobody has to copy it.",
    "Return what is better changed about the types of a registry; the ready-made ones are left alone.",
    "What is read as problem details besides what RFC 9457 says.",
    "What is told to operators about each answered problem.",
    "What an application answers with.",
    "The one place below an application's own middleware that every exception passes.",
    "It is none of `fastapi.HTTPException`: a handler for that keeps its exceptions, and leaves problems alone.",
    "A client that has gone is no error.",
    "Of a rejected input it is told where it was and why it was rejected, never what it was.",
    "Bodies that are no JSON are told at `#`.",
    "object is no client of httpx2 or httpx. Give one that is.",
    "the defaults tell a client nothing that is not its business",
    "502 that tells nothing, unless you relay what you name",
    "without the questions that `Response` asks",
    "the parser is loaded by who is sent XML",
    "what the one initialiser of all problems takes, for an open type with such members",
]
"""Sentences that were rewritten, each with at least one construction."""

AFTER: Final = [
    "Send the problem of a failing stream as its last item.",
    "Return the problem in an error response, or `None` for any other response.",
    "Return a response hook that raises error responses as problems.",
    "Like `answer`, but build the result with *make* instead of `Answer`.",
    "Return lint findings for the registry's own problem types.",
    "Non-standard documents that are also read as problem details.",
    "The registry and policy of one application.",
    "The ASGI middleware that turns unhandled exceptions into problem responses.",
    "It is not a `fastapi.HTTPException`, so handlers for that class do not see it.",
    "A client that disconnects is not an error.",
    "A body that is not valid JSON is reported at `#`.",
    "a 502 without upstream details; `relayed()` forwards what you name",
    "imported lazily: only clients that receive XML need it",
]
"""The same sentences in plain English."""

TEXTS: Final = {".css", ".html", ".md", ".mjs", ".py", ".sh", ".toml", ".txt", ".yaml", ".yml", ""}
FOLDERS: Final = ("problems", "typed_problems", "tests", "scripts", "benchmarks", "docs", "schemas", ".ci", ".github")
"""All folders of the repository; the files beside them are read too."""
QUOTATION: Final = re.compile(r"“[^”]*”|^\s*> .*$", re.MULTILINE)
"""The only exceptions: text between typographic quotation marks, and block quotations."""

CODE: Final = re.compile(
    r"^([ ]*)(```+|~~~+).*?^\1\2|``[^`]+``|`[^`\n]+`|^[ ]*(?:>>>|\.\.\.)[^\n]*$"
    r"|https?://\S+|\{[^{}\n]*\}",
    re.MULTILINE | re.DOTALL,
)
"""Fences, code in a line, examples of docstrings, addresses, and the fields of a template."""

PROSE_TOKENS: Final = {token.STRING, tokenize.COMMENT, getattr(token, "FSTRING_MIDDLE", token.STRING)}
GAP: Final = r"(?:[ \t\"'#]+|[ \t\"'#,]*\n[ \t\"'#f]*)"
"""Whitespace between two words: also a line break with the marks of a comment, or of a text that continues."""

PATTERNS: Final = {
    re.compile(rf"(?<![\w`./-])(?:{pattern.replace(' ', GAP)})(?![\w`-])", re.IGNORECASE): advice
    for pattern, advice in CONSTRUCTIONS.items()
}


def blanked(text: str) -> str:
    """Return *text* as spaces, with its line breaks."""
    return re.sub(r"[^\n]", " ", text)


def python_prose(source: str) -> str:
    """Return *source* with only its comments and texts; everything else is blank."""
    lines = source.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    prose = [*blanked(source)]
    for kind, _, start, end, _ in tokenize.generate_tokens(io.StringIO(source).readline):
        if kind in PROSE_TOKENS:
            first, last = starts[start[0] - 1] + start[1], starts[end[0] - 1] + end[1]
            prose[first:last] = source[first:last]
    return "".join(prose)


def findings(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield the line number, the construction and the advice for each construction in *text*."""
    prose = QUOTATION.sub(lambda match: blanked(match[0]), CODE.sub(lambda match: blanked(match[0]), text))
    for pattern, advice in PATTERNS.items():
        for match in pattern.finditer(prose):
            yield prose.count("\n", 0, match.start()) + 1, " ".join(match[0].split()), advice


def files() -> Iterator[Path]:
    """Yield the files with prose."""
    inside = [file for folder in FOLDERS for file in sorted((ROOT / folder).rglob("*"))]
    for file in [*inside, *sorted(ROOT.glob("*"))]:
        is_written_here = not {"node_modules", "__pycache__", "LICENSE"} & set(file.parts)
        if file.is_file() and is_written_here and file.suffix in TEXTS and file != Path(__file__):
            yield file


def prose_of(path: Path) -> str:
    """Return the prose of a file."""
    text = path.read_text("utf-8")
    return python_prose(text) if path.suffix == ".py" else text


class TestTheList:
    @pytest.mark.parametrize("sentence", BEFORE)
    def test_it_finds_the_construction(self, sentence):
        """
        Every sentence that was rewritten has a construction of the list.
        """
        assert [] != [*findings(sentence)]

    @pytest.mark.parametrize("sentence", AFTER)
    def test_it_accepts_the_plain_sentence(self, sentence):
        """
        A rewritten sentence has no construction of the list.
        """
        assert [] == [*findings(sentence)]

    @pytest.mark.parametrize(
        ("source", "line"),
        [
            ('"""It is\nno header."""', 1),
            ("x = 1\n# It is\n# no header.", 2),
            ('f(\n    "It is "\n    "no header."\n)', 2),
            ('y = f"{x} is no header"', 1),
            ('"""\n>>> 1\n1\n\nIt is no header."""', 5),
            ('"""\n```sh\nls\n```\nIt is no header."""', 5),
        ],
        ids=["docstring", "comment", "message", "f-string", "after an example", "after a fence"],
    )
    def test_it_reads_the_texts_of_python(self, source, line):
        """
        A construction is found in comments and texts, also across a line break, at the line where it begins.
        """
        assert [(line, "is not a …")] == [(number, advice) for number, _, advice in findings(python_prose(source))]

    @pytest.mark.parametrize(
        "text",
        ["told = nobody", "# `is no header`", "“It is no header.”", "> It is no header.", "```text\nis no header\n```"],
        ids=["identifiers", "code", "quotation", "block quotation", "fence"],
    )
    def test_it_leaves_code_and_quotations_alone(self, text):
        """
        Identifiers, code and quotations are not prose of the project.
        """
        assert [] == [*findings(python_prose(text) if text.isidentifier() or " = " in text else text)]


@pytest.mark.parametrize("path", [*files()], ids=lambda path: path.relative_to(ROOT).as_posix())
def test_it_is_plain_english(path):
    """
    A text has none of the constructions; the failure names file and line.
    """
    where = path.relative_to(ROOT)
    found = [f"{where}:{n}: {words!r}: write {advice}" for n, words, advice in findings(prose_of(path))]

    assert [] == found
