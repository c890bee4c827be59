"""
What type checkers say about the uses of this package in accepted*.py and rejected*.py beside this file.

In rejected*.py, a line that ends in ``# error`` or ``# error: why`` must be rejected, and no other line. A checker may
report a statement of several lines at any of them, so a rejected statement is written on one.
"""

import functools
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

import pytest

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
ACCEPTED: Final = sorted(path.name for path in HERE.glob("accepted*.py"))
REJECTED: Final = sorted(path.name for path in HERE.glob("rejected*.py"))

MARK: Final = re.compile(r"# error(?::|$)")

Report = tuple[str, int, str]
"""A file, a line in it, and what a checker rejects there."""


def run(*command: str) -> str:
    """Return the output of a checker of this environment for the files beside this one."""
    files = [str(HERE / name) for name in (*ACCEPTED, *REJECTED)]
    done = subprocess.run(  # noqa: S603 - a program of this environment
        [sys.executable, "-m", *command, *files], cwd=ROOT, capture_output=True, text=True, check=False
    )
    # Each of them exits 1 when it rejects something, and anything else but 0 when it could not check.
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    return done.stdout


def mypy() -> Iterator[Report]:
    """Yield the lines that mypy rejects."""
    for line in run("mypy", "--strict", "--output=json").splitlines():
        found = json.loads(line)
        if found["severity"] == "error":
            yield found["file"], found["line"], found["message"]


def pyright() -> Iterator[Report]:
    """Yield the lines that pyright rejects; its mode is set in pyproject.toml."""
    printed = run("pyright", "--project=pyproject.toml", "--outputjson", f"--pythonpath={sys.executable}")
    for found in json.loads(printed)["generalDiagnostics"]:
        if found["severity"] == "error":
            yield found["file"], found["range"]["start"]["line"] + 1, found["message"]


def ty() -> Iterator[Report]:
    """Yield the lines that ty rejects."""
    printed = run("ty", "check", "--python", sys.prefix, "--output-format=concise", "--color=never")
    for found in re.finditer(r"^(.+?):(\d+):\d+: error(.*)$", printed, re.MULTILINE):
        yield found[1], int(found[2]), found[3]


@functools.cache
def rejections(checker: Callable[[], Iterable[Report]], name: str) -> dict[int, str]:
    """Return the lines of the file called *name* that *checker* rejects, with what it says about them."""
    return {line: message for path, line, message in reports(checker) if Path(path).name == name}


@functools.cache
def reports(checker: Callable[[], Iterable[Report]]) -> tuple[Report, ...]:
    """Return all that *checker* says; it runs once."""
    return tuple(checker())


checkers = pytest.mark.parametrize("checker", [mypy, pyright, ty], ids=lambda checker: checker.__name__)


@checkers
class TestChecker:
    @pytest.mark.parametrize("name", ACCEPTED)
    def test_it_accepts_right_uses(self, checker, name):
        """
        A documented use has no findings.
        """
        assert {} == rejections(checker, name)

    @pytest.mark.parametrize("name", REJECTED)
    def test_it_rejects_wrong_uses(self, checker, name):
        """
        Every marked line is rejected, and no other.
        """
        lines = (HERE / name).read_text(encoding="utf-8").splitlines()
        marked = [number for number, line in enumerate(lines, start=1) if MARK.search(line)]

        assert marked == sorted(rejections(checker, name)), rejections(checker, name)
