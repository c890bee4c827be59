import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = [str(path.relative_to(ROOT)) for path in [*ROOT.glob("*.md"), *sorted((ROOT / "docs").rglob("*.md"))]]


@pytest.mark.parametrize("document", DOCUMENTS)
class TestDocument:
    def test_python_is_called_python(self, document):
        """
        A block of Python under another name would not be run.
        """
        fences = re.findall(r"^[ \t>]*(?:```+|~~~+)[ \t]*(\w+)", (ROOT / document).read_text("utf-8"), re.MULTILINE)

        assert set() == {"py", "py3", "python3", "pycon", "Python"} & set(fences)

    def test_a_skip_has_a_reason(self, document):
        """
        A block that is not run says why, and the test run shows it.
        """
        skips = re.findall(r"<!--+\s*skip:\s*(?:next|start)(.*?)--+>", (ROOT / document).read_text("utf-8"))

        assert [] == [skip for skip in skips if not re.search(r"\w", skip)]

    def test_no_code_is_hidden(self, document):
        """
        A reader sees all the code that a page needs: there is no Python in comments.
        """
        comments = re.findall(r"<!--+(.*?)--+>", (ROOT / document).read_text("utf-8"), re.DOTALL)

        assert [] == [it for it in comments if re.search(r"invisible|code-block|import |contract:", it)]
