"""
Runs the code in README.md and docs/ as a reader sees it.

The blocks of a page run in order, in one namespace. A block that starts with ``>>>`` is a doctest. A block that names a
file, by ``title="shop/errors.py"`` or by a first line ``# shop/errors.py``, is written to a folder of the page and
imported; the same name again extends the file. ``uvicorn shop.app:app`` in a shell block starts that application for
the code below it. A page that says it "builds on" or "continues" another one, with a link, runs the blocks of that page
first. A ``curl`` command is run, too, and the next ```http block must show what it prints. At the end of a page, each
of its applications must pass the contract check.

Code that cannot run has the reason before it: ``<!-- skip: next "needs a network" -->``. There is no invisible code.
"""

import atexit
import functools
import importlib
import json
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from doctest import ELLIPSIS
from pathlib import Path
from types import ModuleType
from typing import Final, NamedTuple, Self
from unittest import SkipTest

from fastapi import FastAPI
from starlette.applications import Starlette
from sybil import Document, Example, Region, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.abstract.codeblock import AbstractCodeBlockParser, PythonDocTestOrCodeBlockParser
from sybil.parsers.markdown import SkipParser
from sybil.parsers.markdown.lexers import RawFencedCodeBlockLexer
from sybil.typing import Evaluator

from problems.contract import check

# Programs and type checkers' input, not modules with doctests.
collect_ignore_glob: Final = ["docs/examples/*", "tests/typing/accepted*", "tests/typing/rejected*"]

ROOT: Final = Path(__file__).parent
NAMED: Final = re.compile(r'title="(?P<title>[\w./-]+\.py)"|\A#\s*(?P<comment>[\w./-]+\.py)\b')
SERVED: Final = re.compile(r"^uvicorn (?P<module>[\w.]+):\w+", re.MULTILINE)
REQUESTED: Final = re.compile(r"^curl -i .+$", re.MULTILINE)
UUID: Final = re.compile(r"urn:uuid:[0-9a-f-]{36}")
BASES: Final = re.compile(r"(?:builds? on|continues?)[^.:]*\]\((?P<page>[\w./-]+\.md)")
PORT: Final = 8000
"""The port of uvicorn if nobody chooses one, so the port in the examples."""


def is_open(port: int) -> bool:
    """Return whether a server listens at a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Page(Document):
    """
    A page whose namespace is that of a real module, so that pydantic and pickle find its classes by name.

    Its files are in a folder of their own. Only one page has its folder on the path at a time.
    """

    active: "Page | None" = None

    def __init__(self, text: str, path: str) -> None:
        super().__init__(text, path)
        self.module = ModuleType(re.sub(r"\W", "_", f"{Path(path).stem}.md"))
        sys.modules[self.module.__name__] = self.module
        self.namespace = self.module.__dict__
        self.folder: Path | None = None
        self.hidden: dict[str, ModuleType] = {}
        self.roots: set[str] = set()
        self.servers: list[subprocess.Popen[bytes]] = []
        self.applications: list[Starlette] = []

    def enter(self) -> Path:
        """Put the folder of this page, and of no other page, on the path; return it."""
        if Page.active is not self:
            if Page.active is not None:
                Page.active.leave()
            Page.active = self
        if self.folder is None:
            self.folder = Path(tempfile.mkdtemp(prefix="page-"))
            sys.path.insert(0, str(self.folder))
            for base in self.bases():
                self.run(base)
        return self.folder

    def leave(self) -> None:
        """Stop servers, and forget the modules of this page."""
        for server in self.servers:
            server.kill()
            server.wait()
        if self.folder is not None:
            sys.path.remove(str(self.folder))
            for name in [*sys.modules]:
                if name.split(".")[0] in self.roots:
                    del sys.modules[name]
            shutil.rmtree(self.folder, ignore_errors=True)
        sys.modules.update(self.hidden)
        self.folder, self.servers, self.hidden, self.roots = None, [], {}, set()
        Page.active = None

    @classmethod
    def end(cls) -> None:
        """Leave the last page of a test run."""
        if cls.active is not None:
            cls.active.leave()

    def bases(self) -> Iterator[Path]:
        """Yield the pages that this one builds on."""
        text = re.sub(r"<!--.*?-->", "", self.text, flags=re.DOTALL).partition("```")[0]
        for link in BASES.finditer(text):
            yield (Path(self.path).parent / link["page"]).resolve()

    def run(self, path: Path) -> None:
        """Run the blocks of another page in this one."""
        other = Page.parse(str(path), BLOCKS)
        other.namespace, other.write, other.enter = self.namespace, self.write, self.enter  # type: ignore[method-assign] # it lends its text only
        for base in other.bases():
            self.run(base)
        for example in other:
            if not example.parsed.startswith(">>>"):
                example.evaluate()

    def write(self, name: str, code: str) -> None:
        """Write a file of the page, and import it if it is new."""
        folder = self.enter()
        file, root = folder / name, name.removesuffix(".py").split("/")[0]
        if root not in self.roots:
            self.roots.add(root)
            self.hidden |= {name: sys.modules.pop(name) for name in [*sys.modules] if name.split(".")[0] == root}
        is_new = not file.exists()
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as opened:
            opened.write(code + "\n")
        module = name.removesuffix(".py").replace("/", ".")
        importlib.invalidate_caches()
        if is_new:
            importlib.import_module(module)
        else:
            exec(compile(code, str(file), "exec"), vars(sys.modules[module]))  # noqa: S102 - the code of our documents

    def serve(self, module: str) -> None:
        """Start uvicorn with an application of the page, if the page has that file."""
        folder = self.enter()
        if not (folder / (module.partition(":")[0].replace(".", "/") + ".py")).exists():
            return
        if is_open(PORT):
            raise AssertionError(f"Port {PORT} is in use. Stop the program that listens there.")
        command = [sys.executable, "-m", "uvicorn", module, "--port", str(PORT), "--log-level", "warning"]
        self.servers.append(subprocess.Popen(command, cwd=folder))  # noqa: S603 - uvicorn
        for _ in range(200):
            if is_open(PORT):
                return
            time.sleep(0.05)
        raise AssertionError(f"`uvicorn {module}` did not start.")

    def findings(self) -> list[str]:
        """Return the findings of the contract check in the applications of this page."""
        self.enter()
        found = [finding for application in self.applications for finding in check(application)]
        return [str(it) for it in found if it.certainty == "certain" and it.kind != "never raised"]


atexit.register(Page.end)


def watch(cls: type[Starlette]) -> None:
    """Note each application that is made while a page is active."""
    original = cls.__init__

    @functools.wraps(original)
    def init(self: Starlette, *args: object, **kwargs: object) -> None:
        if Page.active is not None:
            Page.active.applications.append(self)
        original(self, *args, **kwargs)  # type: ignore[arg-type] # whatever the caller gave

    cls.__init__ = init  # type: ignore[method-assign] # for this test run


watch(Starlette)
watch(FastAPI)


class Blocks(AbstractCodeBlockParser):
    """Finds ```python blocks, with attributes or without."""

    def __init__(self, language: str, evaluator: Evaluator) -> None:
        names = {"language": "arguments", "source": "source", "info": "info"}
        fence = RawFencedCodeBlockLexer(re.compile(r"(?P<language>python)(?P<info>(?:[ {][^\n]*)?)\n"), names)
        super().__init__([fence], language, evaluator)


def run_block(example: Example) -> str | None:
    """Run a block, or write it where its name says; return the traceback of a file that fails."""
    page = example.document
    page.enter()
    info = example.region.lexemes.get("info") or ""
    title = NAMED.search(info) if Path(page.path).name != "README.md" else None
    named = title or NAMED.match(example.parsed)
    if named is None:
        PythonEvaluator()(example)
        return None
    try:
        page.write(named["title"] or named["comment"], example.parsed)
    except Exception:  # noqa: BLE001 - whatever the code of the page raises
        return traceback.format_exc()
    return None


BLOCKS: Final = Blocks("python", run_block)


class PythonBlocks(PythonDocTestOrCodeBlockParser):
    """Runs a ```python block that starts with ``>>>`` as a doctest, any other as code."""

    def __init__(self) -> None:
        super().__init__(doctest_optionflags=ELLIPSIS)
        self.codeblock_parser = BLOCKS

    codeblock_parser_class = Blocks


def served(document: Document) -> Iterator[Region]:
    """Yield the shell blocks that start an application."""
    for region in RawFencedCodeBlockLexer(re.compile(r"(?:sh|shell|bash|console)\n"))(document):
        command = SERVED.search(region.lexemes["source"])
        if command is not None:
            run = command[0].removeprefix("uvicorn ")
            yield Region(region.start, region.end, run, lambda example: example.document.serve(example.parsed))


def requested(document: Document) -> Iterator[Region]:
    """Yield the answers that a page shows, each with the command before it."""
    commands = [*RawFencedCodeBlockLexer(re.compile(r"(?:sh|shell|bash|console)\n"))(document)]
    for region in RawFencedCodeBlockLexer(re.compile(r"http\n"))(document):
        before = [it for it in commands if it.end < region.start and REQUESTED.search(it.lexemes["source"])]
        if before and region.lexemes["source"].startswith("HTTP/"):
            command = REQUESTED.findall(before[-1].lexemes["source"])[-1]
            yield Region(region.start, region.end, (command, region.lexemes["source"]), evaluate_answer)


def evaluate_answer(example: Example) -> str | None:
    """Run a command, and return the difference between its answer and the answer on the page."""
    command, text = example.parsed
    if shutil.which("curl") is None:
        raise SkipTest("curl is not installed.")
    run = subprocess.run(shlex.split(command), capture_output=True, check=True, timeout=10)  # noqa: S603 - of our documents
    shown, received = Answer.parse(text), Answer.parse(run.stdout.decode().replace("\r\n", "\n"))
    same = shown.line == received.line and shown.fields <= received.fields and shown.document == received.document
    return None if same else f"The page shows {shown}, and `{command}` prints {received}."


class Answer(NamedTuple):
    """A response as `curl -i` prints it; each new id of an occurrence is replaced by a constant."""

    line: str
    fields: set[str]
    document: object

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the parts of a printed response."""
        head, _, body = text.partition("\n\n")
        line, *fields = head.splitlines()
        return cls(line, set(fields), json.loads(UUID.sub("urn:uuid:…", body)))


def kept(document: Document) -> Iterator[Region]:
    """Yield the end of a page, where its applications must pass the contract check."""

    def evaluate(example: Example) -> str | None:
        try:
            return "\n".join(example.document.findings()) or None
        except Exception:  # noqa: BLE001 - a failing check is a failing page
            return traceback.format_exc()

    if "```python" in document.text:
        yield Region(len(document.text) - 1, len(document.text), "", evaluate)


pytest_collect_file = Sybil(
    parsers=[PythonBlocks(), served, requested, kept, SkipParser()],
    patterns=["*.md"],
    document_types={".md": Page},
).pytest()
