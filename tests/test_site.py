"""The documentation site: every page can be found."""

import ast
import functools
import re
import shutil
import subprocess
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from problems import NotFound, errors, raises
from problems.cli._commands import app as command
from problems.errors import ProblemsWarning
from problems.fastapi import add_problems

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
NAVIGATION = re.findall(r"^ +- (?:[^:\n]+: )?(\S+\.md)$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.MULTILINE)

FIRST_RESULT = """() => {
  const links = [...document.querySelectorAll("*")].filter(it => it.shadowRoot).flatMap(
    it => [...it.shadowRoot.querySelectorAll("a[href]")]
  );
  return links.length ? links[0].getAttribute("href").replace(location.origin, "") : "";
}"""

MESSAGES = {"need", *(name for name, it in vars(errors).items() if isinstance(it, type))}
BEGINNING = 24
"""How much of a constant part of a message has to be on a page."""


def messages():
    """Yield the constant parts of each error that the package raises, with file and line."""
    for path in sorted((ROOT / "problems").rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in MESSAGES:
                constants = [it.value for it in ast.walk(call) if isinstance(it, ast.Constant)]
                texts = [it.strip() for it in constants if isinstance(it, str)]
                if words := [it for it in texts if len(it) >= BEGINNING]:
                    yield f"{path.relative_to(ROOT)}:{call.lineno}", words


FILES = [
    *(ROOT / "problems").glob("[!_]*.py"),
    *(path.parent for path in (ROOT / "problems").glob("[!_]*/__init__.py")),
]
IN_THE_ROOT = re.findall(r"^from problems\.(\w+)", (ROOT / "problems" / "__init__.py").read_text("utf-8"), re.MULTILINE)
MODULES = sorted({path.stem for path in FILES} - set(IN_THE_ROOT))


def linked_from(page):
    """Return the names of the pages that a page links to, among those beside it."""
    return set(re.findall(r"\]\(([\w.-]+\.md)\)", (DOCS / page).read_text("utf-8")))


class TestNavigation:
    def test_it_has_every_page(self):
        """
        A page is listed in mkdocs.yml.
        """
        assert sorted(NAVIGATION) == PAGES

    @pytest.mark.parametrize("folder", ["how-to", "explanation/decisions", "reference"])
    def test_an_index_has_every_page_beside_it(self, folder):
        """
        The first page of a section leads to all of its pages.
        """
        beside = {path.name for path in (DOCS / folder).glob("*.md")} - {"index.md"}

        assert set() == beside - linked_from(f"{folder}/index.md")


class TestReference:
    @pytest.mark.parametrize("module", MODULES)
    def test_every_public_module_has_a_page(self, module):
        """
        What is imported by path is described; the rest is described where the root package is.
        """
        described = "".join(page.read_text("utf-8") for page in (DOCS / "reference").glob("*.md"))

        assert re.search(rf"^(::: |# `)problems\.{module}\b", described, re.MULTILINE)


class TestReadme:
    def test_its_links_lead_somewhere(self):
        """
        A link to a file of the repository names one.
        """
        links = re.findall(r"\]\((?!https?:)([^)#]+)\)", (ROOT / "README.md").read_text("utf-8"))

        assert [] == [link for link in links if not (ROOT / link).exists()]


class TestLayers:
    def test_the_page_of_the_layers_has_every_part(self):
        """
        The table of the layers and the order of imports that the tests check have the same parts.
        """
        source = ast.parse((ROOT / "tests" / "test_architecture.py").read_text("utf-8"))
        [table] = [it.value for it in source.body if isinstance(it, ast.AnnAssign) and it.target.id == "WINGS"]
        parts = set(" ".join(ast.literal_eval(table)).split()) - {"problems", "__main__", "errors"}
        text = (DOCS / "explanation" / "layers.md").read_text("utf-8")
        rows = re.findall(r"^\| (?:`(\w+)`|doors) \| (.*) \|$", text, re.MULTILINE)

        assert parts == {name for name, _ in rows if name} | set(re.findall(r"`(\w+)`", rows[-1][1]))


class TestGeneratedModule:
    def test_a_page_shows_the_module_that_the_command_writes(self, tmp_path, monkeypatch):
        """
        The document and the module on the page about `problems generate` belong together.
        """
        text = (DOCS / "how-to" / "generate-types-from-openapi.md").read_text("utf-8")
        for name in ("openapi.yaml", "payments.py"):
            [content] = re.findall(rf'^```\w+ title="{name}"\n(.*?)^```', text, re.MULTILINE | re.DOTALL)
            (tmp_path / name).write_text(content, "utf-8")
        monkeypatch.chdir(tmp_path)

        done = CliRunner().invoke(command, ["generate", "openapi.yaml", "--output", "written.py"])

        assert (0, (tmp_path / "payments.py").read_text("utf-8")) == (
            done.exit_code,
            (tmp_path / "written.py").read_text("utf-8"),
        )


class TestFaq:
    def test_the_warning_of_an_unregistered_type_is_shown_as_it_is(self):
        """
        No page may contain an application with a finding, so the text of this warning is compared here.
        """

        class ItemNotFound(NotFound, type="item-not-found", title="Item not found"):
            """No item has the requested id."""

        app = FastAPI()
        add_problems(app)

        @app.get("/items/{item_id}")
        @raises(ItemNotFound)
        async def item(item_id: int) -> None: ...

        with pytest.warns(ProblemsWarning) as caught, TestClient(app):
            pass

        given = str(caught[0].message).replace(ItemNotFound.__qualname__, "ItemNotFound")
        assert f"\nProblemsWarning: {given}\n" in (DOCS / "faq.md").read_text("utf-8")

    def test_has_an_entry_for_each_message(self):
        """
        Each error that the package raises about code that uses it has its words on the page.
        """
        page = " ".join((DOCS / "faq.md").read_text("utf-8").split())

        assert [] == [
            f"{place}: {words}"
            for place, words in messages()
            if not any(" ".join(it.split())[:BEGINNING] in page for it in words)
        ]


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A function from a query to the first page that the search of the built site offers."""
    pytest.importorskip("zensical", reason="needs zensical")
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    copy = tmp_path_factory.mktemp("site")
    for name in ("docs", "problems"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("mkdocs.yml", "CHANGELOG.md", "README.md", "CONTRIBUTING.md"):
        shutil.copy(ROOT / file, copy / file)
    subprocess.run([sys.executable, "-m", "zensical", "build", "--clean"], cwd=copy, check=True)
    handler = functools.partial(SimpleHTTPRequestHandler, directory=copy / "build" / "docs")
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    with playwright.sync_playwright() as started:
        flags = ["--no-sandbox", "--disable-gpu"]
        browser = started.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        page.keyboard.press("Control+k")
        page.wait_for_timeout(1500)

        def search(query):
            for _ in range(8):  # a busy machine needs longer to load the page and its index
                page.keyboard.press("Control+a")
                page.keyboard.type(query)
                page.wait_for_timeout(1500)
                if found := page.evaluate(FIRST_RESULT).split("?")[0].strip("/"):
                    return found
                page.keyboard.press("Control+k")
            return ""

        yield search
        browser.close()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.needs_browser
class TestSearch:
    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("HTTPException", "how-to/migrate-from-httpexception"),
            ("validation error", "how-to/validate-requests"),
            ("422", "how-to/validate-requests"),
            ("logging", "how-to/log-and-trace-problems"),
            ("swagger", "how-to/document-problems"),
            ("middleware", "how-to/handle-middleware-and-mounts"),
            ("opentelemetry", "how-to/log-and-trace-problems"),
            ("nginx", "how-to/deploy"),
            ("websocket", "how-to/answer-on-websockets"),
            ("openapi", "how-to/document-problems"),
            ("pytest", "how-to/test-problems"),
            ("requests", "how-to/use-requests-and-aiohttp"),
        ],
    )
    def test_a_how_to_is_found_first(self, first, query, expected):
        """
        The search leads to the page that shows what to write; records of decisions are not in it.
        """
        assert expected == first(query)
