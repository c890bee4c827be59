"""
Formatting of a generated module with the formatter of its project: ruff or black, if one is installed.

Runs the formatter as a separate program, and uses its result only if that is the same Python program.
"""

import ast
import inspect
import json
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Final

__all__ = ["formatted", "laid_out", "sorted_imports"]

_SECONDS: Final = 60
_COMMANDS: Final = (
    ("ruff", "check", "--quiet", "--fix-only", "--exit-zero", "--select=I", "--stdin-filename"),
    ("ruff", "format", "--quiet", "--stdin-filename"),
)
_OTHERWISE: Final = (("black", "--quiet", "--stdin-filename"),)
_CONFIGURATIONS: Final = ("ruff.toml", ".ruff.toml", "pyproject.toml")


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


def laid_out(source: str, output: Path) -> str:
    """Return Python source in the layout of the project's formatter, with its imports as they are."""
    command = _COMMANDS[1] if _program("ruff") else _OTHERWISE[0]
    program = _program(command[0])
    return _run([program, *command[1:], str(output), "-"], source) if program else source


def sorted_imports(source: str, output: Path, own: str) -> str:
    """
    Return Python source with the imports sorted by ruff or isort, or unchanged without one of them.

    Args:
        source: The text of a module.
        output: The file that the source is for.
        own: A module of the project that does not exist yet.
    """
    top = own.partition(".")[0]
    if ruff := _program("ruff"):
        options = _COMMANDS[0][1:]
        known = json.dumps(sorted({*_first_party(output), top}))
        option = f"--config=lint.isort.known-first-party={known}"
        return _run([ruff, *options[:-1], option, options[-1], str(output), "-"], source)
    if isort := _program("isort"):
        return _run([isort, "--quiet", "--project", top, "--filename", str(output), "-"], source)
    return source


@cache
def _first_party_of(folder: Path) -> tuple[str, ...]:
    """Return the modules that the settings of ruff for a folder call first-party."""
    for parent in (folder, *folder.parents):
        for name in _CONFIGURATIONS:
            file = parent / name
            if not file.is_file():
                continue
            try:
                settings: Any = tomllib.loads(file.read_text("utf-8"))
            except (OSError, ValueError):
                return ()
            settings = settings.get("tool", {}).get("ruff") if name == "pyproject.toml" else settings
            if settings is not None:
                isort = settings.get("lint", settings).get("isort", {})
                return tuple(map(str, isort.get("known-first-party", ())))
    return ()


def _first_party(output: Path) -> tuple[str, ...]:
    return _first_party_of(output.resolve().parent)


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
