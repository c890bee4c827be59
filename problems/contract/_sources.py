"""
The source of functions, as syntax trees.

Reads files that the interpreter has already read, one function at a time. Does not run code.
"""

import ast
import linecache
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import Final, TypeAlias

__all__ = ["Assignment", "Function", "Sources", "iterates", "own_nodes", "package_of"]

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Assignment: TypeAlias = ast.Assign | ast.AnnAssign

_STANDARD: Final = tuple({str(Path(sysconfig.get_paths()[key])) for key in ("stdlib", "platstdlib")})
_LIBRARIES: Final = frozenset({"problems", "starlette", "fastapi"})
_INSTALLED: Final = ("site-packages", "dist-packages")


class Sources:
    """
    The syntax trees of one check.

    Args:
        packages: Top-level packages that belong to the application even where they are installed.
    """

    def __init__(self, packages: frozenset[str]) -> None:
        self._packages = packages
        self._functions: dict[CodeType, Function | None] = {}
        self._assigned: dict[CodeType, dict[str, list[Assignment]]] = {}
        self._files: dict[str, bool] = {}

    def is_own(self, function: FunctionType) -> bool:
        """Return whether a function belongs to the application, not to a library."""
        return self.is_own_module(_module_of(function), function.__code__.co_filename)

    def is_own_class(self, cls: type) -> bool:
        """Return whether a class belongs to the application."""
        package = str(cls.__module__).partition(".")[0]
        if package in self._packages:
            return package not in _LIBRARIES
        return any(isinstance(member, FunctionType) and self.is_own(member) for member in vars(cls).values())

    def is_own_module(self, name: str, file: str) -> bool:
        """Return whether a module is the application's own."""
        package = name.partition(".")[0]
        if package in _LIBRARIES:
            return False
        if package in self._packages:
            return True
        known = self._files.get(file)
        if known is None:
            installed = any(part in Path(file).parts for part in _INSTALLED)
            known = self._files[file] = not installed and not file.startswith((*_STANDARD, "<frozen"))
        return known

    def of(self, function: FunctionType) -> Function | None:
        """Return the syntax tree of a function; `None` if its source is not available."""
        code = function.__code__
        if code not in self._functions:
            self._functions[code] = _tree(code, linecache.getlines(code.co_filename, function.__globals__))
        return self._functions[code]

    def assigned_by(self, function: FunctionType) -> dict[str, list[Assignment]]:
        """Return the assignments of a method to attributes of its object, by the attribute."""
        code = function.__code__
        if code not in self._assigned:
            result = self._assigned[code] = dict[str, list[Assignment]]()
            node = self.of(function)
            for part in ast.walk(node) if node is not None and code.co_varnames else ():
                if isinstance(part, ast.Assign | ast.AnnAssign):
                    for name in _attributes_in(part, code.co_varnames[0]):
                        result.setdefault(name, []).append(part)
        return self._assigned[code]


def _attributes_in(statement: Assignment, owner: str) -> set[str]:
    """Return the attributes of a variable that a statement assigns."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    parts = [element for target in targets for element in (target.elts if isinstance(target, ast.Tuple) else [target])]
    return {
        part.attr
        for part in parts
        if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id == owner
    }


def iterates(node: Function) -> bool:
    """Return whether a function is a generator."""
    known: bool | None = getattr(node, "_iterates", None)
    if known is None:
        body = [node.body] if isinstance(node, ast.Lambda) else node.body
        known = any(isinstance(value, ast.Yield | ast.YieldFrom) for value in own_nodes(body))
        setattr(node, "_iterates", known)  # noqa: B010 - a note on the node, which has no such attribute
    return known


def own_nodes(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield the nodes of a function, without the nodes of functions and classes in it."""
    for node in nodes:
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            yield from own_nodes(ast.iter_child_nodes(node))


def package_of(function: FunctionType) -> str:
    """Return the top-level package of a function."""
    return _module_of(function).partition(".")[0]


def _module_of(function: FunctionType) -> str:
    # `functools.wraps` gives wrappers the `__module__` of another function.
    return str(function.__globals__.get("__name__") or function.__module__)


def _tree(code: CodeType, lines: list[str]) -> Function | None:
    """Parse the lines of one function, and only if that fails the whole file."""
    first = code.co_firstlineno
    if code.co_name != "<lambda>" and 0 < first <= len(lines):
        # Empty lines keep its lines as they are in the file, and a block, under `if 1:`, its columns.
        is_indented = lines[first - 1][:1].isspace() and first > 1
        start = "\n" * (first - 2) + "if 1:\n" if is_indented else "\n" * (first - 1)
        tree = _parsed(start + "".join(lines[first - 1 : _end(code, lines)]))
        if tree is not None:
            statement = tree.body[0]
            node = statement.body[0] if isinstance(statement, ast.If) else statement
            return node if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else None
    tree = _parsed("".join(lines))
    return None if tree is None else _matching(tree, code)


def _end(code: CodeType, lines: list[str]) -> int:
    """Return the number of the last line of a function: of its code, and of the indented lines after it."""
    end, margin = _last_line(code), _margin(lines[code.co_firstlineno - 1])
    while end < len(lines) and (_margin(lines[end]) > margin or lines[end].strip()[:1] in ("", ")", "]", "}")):
        end += 1
    return end


def _margin(line: str) -> int:
    return len(line) - len(line.lstrip())


def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):  # not Python: a template, an interactive session; or a part of a function
        return None


def _last_line(code: CodeType) -> int:
    last = max((end for _, end, _, _ in code.co_positions() if end is not None), default=code.co_firstlineno)
    inner = (_last_line(const) for const in code.co_consts if isinstance(const, CodeType))
    return max(last, *inner, code.co_firstlineno)


def _matching(tree: ast.Module, code: CodeType) -> Function | None:
    candidates = [node for node in _functions(tree) if _is_of(node, code)]
    if len(candidates) > 1:  # several lambdas on one line
        names = code.co_varnames[: code.co_argcount]
        candidates = [
            candidate for candidate in candidates if tuple(arg.arg for arg in _positional(candidate)) == names
        ]
    # Two equal lambdas on one line cannot be distinguished.
    return candidates[0] if len(candidates) == 1 else None


def _positional(node: Function) -> list[ast.arg]:
    return [*node.args.posonlyargs, *node.args.args]


def _functions(tree: ast.Module) -> Iterator[Function]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield node


def _is_of(node: Function, code: CodeType) -> bool:
    if isinstance(node, ast.Lambda):
        return code.co_name == "<lambda>" and node.lineno == code.co_firstlineno
    first = min((decorator.lineno for decorator in node.decorator_list), default=node.lineno)
    return node.name == code.co_name and min(first, node.lineno) == code.co_firstlineno
