"""
The source of functions, as syntax trees.

Reads files that the interpreter has read already; runs nothing.
"""

import ast
import linecache
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import Final, TypeAlias

__all__ = ["Function", "Sources"]

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

_STANDARD: Final = tuple({str(Path(sysconfig.get_paths()[key])) for key in ("stdlib", "platstdlib")})
_LIBRARIES: Final = frozenset({"problems", "starlette", "fastapi"})
_INSTALLED: Final = ("site-packages", "dist-packages")


class Sources:
    """
    The syntax trees of one check.

    Args:
        packages: Packages that are the user's own even where they are installed.
    """

    def __init__(self, packages: frozenset[str]) -> None:
        self._packages = packages
        self._trees: dict[str, dict[tuple[str, int], Function]] = {}

    def is_own(self, function: FunctionType) -> bool:
        """Return whether a function is written by the user, not by a library."""
        file = function.__code__.co_filename
        if package_of(function) in _LIBRARIES:
            return False
        if any(part in Path(file).parts for part in _INSTALLED):
            return package_of(function) in self._packages
        return not file.startswith(_STANDARD)

    def of(self, function: FunctionType) -> Function | None:
        """Return the syntax tree of a function; nothing if its source is not at hand."""
        code: CodeType = function.__code__
        known = self._trees.get(code.co_filename)
        if known is None:
            text = "".join(linecache.getlines(code.co_filename, function.__globals__))
            known = self._trees[code.co_filename] = dict(_functions(text))
        return known.get((code.co_name, code.co_firstlineno))


def package_of(function: FunctionType) -> str:
    """Return the top-level package of a function."""
    return str(function.__module__).partition(".")[0]


def _functions(text: str) -> Iterator[tuple[tuple[str, int], Function]]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):  # no Python: a template, an interactive session
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min((it.lineno for it in node.decorator_list), default=node.lineno)
            yield (node.name, min(first, node.lineno)), node
        elif isinstance(node, ast.Lambda):
            yield ("<lambda>", node.lineno), node
