"""
Runs the Python of README.md and docs/ as tests.

The ```python blocks of one document share one namespace, that of a module, in the order in which they are read.
Blocks that start with ``>>>`` are doctests. A block runs unless an invisible comment with a reason stands before it:
``<!-- skip: next "needs a network" -->``. Preparations readers need not see stand in
``<!-- invisible-code-block: python … -->``.
"""

import re
import sys
from doctest import ELLIPSIS
from pathlib import Path
from types import ModuleType
from typing import Final

from sybil import Document, Sybil
from sybil.parsers.abstract.codeblock import AbstractCodeBlockParser, PythonDocTestOrCodeBlockParser
from sybil.parsers.markdown import SkipParser
from sybil.parsers.markdown.lexers import DirectiveInHTMLCommentLexer, RawFencedCodeBlockLexer
from sybil.typing import Evaluator

# Programs and type checkers' input, not modules with doctests.
collect_ignore_glob: Final = ["docs/examples/*", "tests/typing/accepted*", "tests/typing/rejected*"]


class PythonFence(AbstractCodeBlockParser):
    """Finds ```python blocks, with attributes (``title="shop/errors.py"``) or without."""

    def __init__(self, language: str, evaluator: Evaluator) -> None:
        names = {"language": "arguments", "source": "source"}
        fence = RawFencedCodeBlockLexer(re.compile(r"(?P<language>python)(?:[ {][^\n]*)?\n"), names)
        comment = DirectiveInHTMLCommentLexer("invisible-code-block", "python")
        super().__init__([fence, comment], language, evaluator)


class PythonBlocks(PythonDocTestOrCodeBlockParser):
    """Takes a ```python block that starts with ``>>>`` for a doctest, any other for code."""

    codeblock_parser_class = PythonFence


class MarkdownModule(Document):
    """A document whose namespace is that of a real module, so that pydantic and pickle find its classes by name."""

    def __init__(self, text: str, path: str) -> None:
        super().__init__(text, path)
        module = ModuleType(re.sub(r"\W", "_", f"{Path(path).stem}.md"))
        sys.modules[module.__name__] = module
        self.namespace = module.__dict__


pytest_collect_file = Sybil(
    parsers=[PythonBlocks(doctest_optionflags=ELLIPSIS), SkipParser()],
    patterns=["*.md"],
    document_types={".md": MarkdownModule},
).pytest()
