"""Texts of files and modules on their way to a terminal."""

import json
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from typer.testing import CliRunner

from problems.cli._commands import app
from problems.cli._output import printable

URI = "https://shop.example/sold"
BIDIRECTIONAL = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}

hostile = st.text(
    st.one_of(
        st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp"]), st.sampled_from("\x1b\x9b\u202e\ufeffa|`<\n\t\r")
    ),
    max_size=12,
)


def is_obeyed(char):
    """Return whether a terminal obeys a character, or shows another order of text because of it."""
    if char in "\n\t":
        return False
    return unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or unicodedata.bidirectional(char) in BIDIRECTIONAL


class TestPrintable:
    @given(hostile)
    @example("\x1b]0;mine\x07")
    def test_nothing_is_left_that_a_terminal_obeys(self, text):
        """
        Escape sequences, their one-byte forms, and controls of the direction of text are written out.
        """
        assert [] == [char for char in printable(text) if is_obeyed(char)]

    @given(hostile.filter(lambda text: not any("\ud800" <= it <= "\udfff" for it in text)))
    @example("\U000e0041")
    def test_json_stays_the_same_json(self, text):
        """
        The escape is JSON's, with two units beyond the first plane.
        """
        assert text == json.loads(printable(json.dumps(text, ensure_ascii=False)))

    @pytest.mark.parametrize("text", ["Größe 日本 שלום", "[bold]x[/bold]", "a\tb\nc", "\N{NO-BREAK SPACE}é"])
    def test_texts_of_all_languages_stay(self, text):
        """
        What people write is not escaped.
        """
        assert text == printable(text)


def export(text, status):
    """Return an export with *text* in every place."""
    properties = {"type": {"const": URI}, f"m{text}": {"type": "string", "description": text, "pattern": text}}
    documented = {
        "type": URI,
        "name": f"Sold{text}",
        "title": f"Sold {text}",
        "status": status,
        "description": text,
        "aliases": [text],
        "headers": [{"name": text, "description": text}],
        "example": {"type": URI, "m": text},
        "schema": {"type": "object", "properties": properties},
    }
    return json.dumps({"version": 1, "types": [documented]})


class TestCommands:
    @pytest.mark.parametrize(
        "arguments",
        [
            pytest.param(("list", "a.json"), id="list"),
            pytest.param(("show", "a.json", URI), id="show"),
            pytest.param(("show", "a.json", URI, "-f", "markdown"), id="show Markdown"),
            pytest.param(("show", "a.json", "unknown"), id="show nothing"),
            pytest.param(("diff", "a.json", "b.json"), id="diff"),
            pytest.param(("diff", "a.json", "b.json", "-f", "github"), id="diff for GitHub"),
            pytest.param(("export", "a.json"), id="export"),
            pytest.param(("export", "a.json", "-f", "typescript"), id="export TypeScript"),
        ],
    )
    @pytest.mark.parametrize("text", ["\x1b[31mred", "\x9b2J", "\u202egnp.exe", "safe\x08\x08evil", "hidden\rshown"])
    def test_no_text_of_a_file_reaches_the_terminal_raw(self, arguments, text, tmp_path, monkeypatch):
        """
        Whatever the command and the format, standard output and standard error are printable.
        """
        monkeypatch.chdir(tmp_path)
        (tmp_path / "a.json").write_text(export(text, 409))
        (tmp_path / "b.json").write_text(export(f"{text}2", 410))
        result = CliRunner().invoke(app, arguments)

        assert [] == [char for char in result.output if is_obeyed(char)]

    def test_files_are_printable_too(self, tmp_path, monkeypatch):
        """
        What is written to a file is looked at in a terminal later.
        """
        monkeypatch.chdir(tmp_path)
        (tmp_path / "a.json").write_text(export("\x1b[31m", 409))
        CliRunner().invoke(app, ["export", "a.json", "-f", "markdown", "-o", "sold.md"])

        assert "\\u001b[31m" in (tmp_path / "sold.md").read_text()
        assert [] == [char for char in (tmp_path / "sold.md").read_text() if is_obeyed(char)]
