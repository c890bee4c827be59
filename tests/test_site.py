"""The documentation site: every page can be found."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
NAVIGATION = re.findall(r"^ +- (?:[^:\n]+: )?(\S+\.md)$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.MULTILINE)

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
