"""
The samples of README, tutorial and how-to pages, checked by mypy, pyright and ty, all of them strict.

Each page is a folder with the files that it names, the files of the pages that it builds on, and one file with its
other blocks.
"""

import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Final

import httpx2
import pytest
from starlette.testclient import TestClient

ROOT: Final = Path(__file__).parents[2]
EXAMPLES: Final = ROOT / "docs" / "examples"
PAGES: Final = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs" / "how-to").glob("*.md")),
]
FENCE: Final = re.compile(r"^[ \t]*```python(?P<info>[^\n]*)\n(?P<code>.*?)^[ \t]*```[ \t]*$", re.MULTILINE | re.DOTALL)
NAMED: Final = re.compile(r'title="(?P<title>[\w./-]+\.py)"|\A#\s*(?P<comment>[\w./-]+\.py)\b')
BASES: Final = re.compile(r"(?:builds? on|continues?)[^.:]*\]\((?P<page>[\w./-]+\.md)")
STRICT: Final = {
    "typeCheckingMode": "strict",
    "pythonVersion": "3.11",
    "reportUnusedImport": False,  # doctests use them
    "reportMissingTypeStubs": False,
    "reportUnknownMemberType": False,  # of libraries without complete types, such as SQLAlchemy and Sentry
}


def write(page: Path, folder: Path) -> bool:
    """Write the samples of a page into a folder; return whether there are any."""
    text = re.sub(r"<!--.*?-->", "", page.read_text("utf-8"), flags=re.DOTALL)
    for base in BASES.finditer(text.partition("```")[0]):
        write((page.parent / base["page"]).resolve(), folder)
    main: list[str] = []
    for block in FENCE.finditer(text):
        code = textwrap.dedent(block["code"])
        title = NAMED.search(block["info"]) if page.name != "README.md" else None
        named = title or NAMED.match(code)
        if named is not None:
            file = folder / (named["title"] or named["comment"])
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("a", encoding="utf-8") as opened:
                opened.write(code + "\n")
        elif not code.startswith(">>>"):
            main.append(code)
    if main:
        folder.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"\W", "_", page.stem.lower())
        (folder / f"page_{name}.py").write_text("\n\n".join(main), "utf-8")
    return folder.exists()


def is_current(page: Path) -> bool:
    """Return whether the libraries are as new as a page needs: `TestClient` was a client of httpx, not of httpx2."""
    return page.stem != "example-client" or issubclass(TestClient, httpx2.Client)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """The folders of all pages that have samples, by the name of the page."""
    top = tmp_path_factory.mktemp("pages")
    return {page.stem: top / page.stem for page in PAGES if is_current(page) and write(page, top / page.stem)}


def paths(folder):
    """Return where a page finds modules that it does not show: this package, and the example shop for its own pages."""
    return [str(ROOT), str(EXAMPLES)] if folder.name.startswith("example") else [str(ROOT)]


def complaints(command, folder, wanted=r"error"):
    """Return the lines of a checker that report an error."""
    environment = {**os.environ, "MYPYPATH": os.pathsep.join(paths(folder))}
    done = subprocess.run(  # noqa: S603 - our own command
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return [
        line for line in (done.stdout + done.stderr).splitlines() if re.search(wanted, line) and "0 errors" not in line
    ]


def test_pyright_strict(folders):
    """
    Every sample is accepted by pyright.
    """
    top = next(iter(folders.values())).parent
    environments = [{"root": str(folder), "extraPaths": paths(folder)} for folder in folders.values()]
    config = {**STRICT, "include": ["."], "executionEnvironments": environments}
    (top / "pyrightconfig.json").write_text(json.dumps(config), "utf-8")
    command = [sys.executable, "-m", "pyright", "--project", str(top), "--pythonpath", sys.executable]

    assert [] == complaints(command, top, r" - error:")


def test_mypy_strict(folders):
    """
    Every sample is accepted by mypy.
    """
    found = []
    for name, folder in folders.items():
        options = ["--strict", "--python-version", "3.11", "--no-error-summary", "--explicit-package-bases"]
        cache = ["--cache-dir", str(folder.parent / ".mypy_cache")]
        found += [f"{name}: {it}" for it in complaints([sys.executable, "-m", "mypy", *options, *cache, "."], folder)]

    assert [] == found


def test_ty(folders):
    """
    Every sample is accepted by ty.
    """
    found = []
    for name, folder in folders.items():
        extra = [option for path in paths(folder) for option in ("--extra-search-path", path)]
        options = ["--output-format", "concise", "--python", sys.executable, *extra]
        command = [str(Path(sys.executable).with_name("ty")), "check", *options, "."]
        found += [f"{name}: {it}" for it in complaints(command, folder, r"error\[")]

    assert [] == found
