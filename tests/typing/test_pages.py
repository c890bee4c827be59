"""
What mypy says about the Python of the pages on received problems.

What they show is what readers write, in projects that are checked. Hidden preparations may be without annotations.
"""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
BLOCK: Final = re.compile(
    r"^```python[^\n]*\n(?P<shown>.*?)^```|^<!-- invisible-code-block: python\n(?P<hidden>.*?)^-->",
    re.MULTILINE | re.DOTALL,
)


def code_of(page: str) -> str:
    """Return the code of a page as one module, doctests left out."""
    text = (ROOT / "docs" / "how-to" / f"{page}.md").read_text(encoding="utf-8")
    blocks = [found["shown"] or found["hidden"] for found in BLOCK.finditer(text)]
    return "\n\n".join(block for block in blocks if not block.startswith(">>>"))


@pytest.mark.parametrize(
    "page", ["read-problems-in-the-client", "relay-upstream-problems", "translate-foreign-exceptions"]
)
def test_mypy_accepts_a_page(page, tmp_path):
    """
    Nothing is held against what a page shows.
    """
    module = tmp_path / "page.py"
    module.write_text(code_of(page), encoding="utf-8")
    lenient = ["--check-untyped-defs", "--allow-untyped-defs", "--allow-untyped-calls"]

    done = subprocess.run(  # noqa: S603 - a program of this environment
        [sys.executable, "-m", "mypy", *lenient, str(module)], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert 0 == done.returncode, done.stdout + done.stderr
