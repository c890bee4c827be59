"""
Formatting of a generated module with the formatter of its project: ruff or black, if one is installed.

Runs the formatter as a separate program, and uses its result only if that is the same Python program.
"""

import ast
import inspect
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

__all__ = ["formatted"]

_SECONDS: Final = 60
_COMMANDS: Final = (
    ("ruff", "check", "--quiet", "--fix-only", "--exit-zero", "--select=I", "--stdin-filename"),
    ("ruff", "format", "--quiet", "--stdin-filename"),
)
_OTHERWISE: Final = (("black", "--quiet", "--stdin-filename"),)


def formatted(source: str, output: Path | None = None) -> str:
    """
    Return Python source formatted by the project's formatter, or unchanged without one.

    Args:
        source: The text of a module.
        output: The file that the source is for; a formatter finds its settings by this path.
    """
    for name, *options in _COMMANDS if _program("ruff") else _OTHERWISE:
        if program := _program(name):
            source = _run([program, *options, str(output or "generated.py"), "-"], source)
    return source


def _program(name: str) -> str | None:
    return shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)


def _run(command: list[str], source: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - the formatter's own command line
            command, input=source.encode(), capture_output=True, timeout=_SECONDS, check=False
        )
        text = done.stdout.decode()
    except (OSError, ValueError, subprocess.SubprocessError):
        return source
    return text if done.returncode == 0 and _is_same(source, text) else source


def _is_same(one: str, other: str) -> bool:
    """Return whether two texts are the same program, ignoring the order of imports and docstring indentation."""
    try:
        return _tree(one) == _tree(other)
    except (SyntaxError, ValueError, RecursionError):
        return False


def _tree(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            node.value.value = inspect.cleandoc(node.value.value).strip()
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    others = [node for node in tree.body if node not in imports]
    return "\n".join([*sorted(map(ast.dump, imports)), *map(ast.dump, others)])
