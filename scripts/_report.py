"""
Measures the package against its budgets and prints the table; fails on a function or module over its hard limit.

A code line holds something besides a comment or a docstring. A function has the lines from its `def` to its end,
functions inside it included, its decorators not.
"""

import ast
import io
import sys
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import median
from typing import Final

ROOT: Final = Path(__file__).parents[1]
MAX_FUNCTION: Final = 40
MAX_MODULE: Final = 400
REASON_OVER: Final = 250
"""From this many code lines on, the docstring of a module says why it is one thing."""
MAX_ANY: Final = 15
"""The most uses of `Any` in 1,000 code lines, without `openapi`; casts of `object` and aliases of `Any` count too."""

FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)
NO_CODE: Final = {
    tokenize.COMMENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
    tokenize.INDENT,
    tokenize.NEWLINE,
    tokenize.NL,
}


@dataclass(frozen=True)
class Source:
    """A Python file and what can be counted in it."""

    path: Path

    @cached_property
    def text(self) -> str:
        """What is in the file."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """The nodes of its syntax tree."""
        return list(ast.walk(ast.parse(self.text)))

    @cached_property
    def tokens(self) -> list[tokenize.TokenInfo]:
        """Its tokens."""
        return list(tokenize.generate_tokens(io.StringIO(self.text).readline))

    @cached_property
    def docstrings(self) -> set[int]:
        """The numbers of the lines of strings that are statements: docstrings, of attributes too."""
        strings = [n.value for n in self.nodes if isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant)]
        return {line for string in strings if isinstance(string.value, str) for line in lines_of(string)}

    @cached_property
    def code(self) -> set[int]:
        """The numbers of its code lines."""
        tokens = [token for token in self.tokens if token.type not in NO_CODE]
        return {line for t in tokens for line in range(t.start[0], t.end[0] + 1)} - self.docstrings

    @cached_property
    def functions(self) -> dict[str, int]:
        """Its functions and methods, as path:line name, with their code lines."""
        found = [node for node in self.nodes if isinstance(node, FUNCTIONS)]
        where = self.path.relative_to(ROOT)
        return {f"{where}:{node.lineno} {node.name}()": len(self.code & set(lines_of(node))) for node in found}

    @cached_property
    def anys(self) -> int:
        """The uses of `Any`, of aliases of `Any`, and the casts of values that a signature left as `object`."""
        uses = sum(isinstance(node, ast.Name) and node.id == "Any" for node in self.nodes)
        aliases = {
            name for node in self.nodes if isinstance(node, ast.Assign | ast.AnnAssign) for name in alias_of(node)
        }
        uses += sum(isinstance(n, ast.Name) and n.id in aliases and isinstance(n.ctx, ast.Load) for n in self.nodes)
        return uses + sum(
            isinstance(n, ast.Call) and ast.unparse(n.func) in {"cast", "typing.cast"} for n in self.nodes
        )

    @cached_property
    def is_explained(self) -> bool:
        """Whether the docstring of the module says why it is one thing."""
        return "one thing" in (ast.get_docstring(ast.parse(self.text)) or "")

    @property
    def ignores(self) -> int:
        """How many comments silence a type checker."""
        comments = [token.string for token in self.tokens if token.type == tokenize.COMMENT]
        return sum("type: ignore" in comment or "pyright: ignore" in comment for comment in comments)

    @property
    def assertions(self) -> Iterator[int]:
        """How many assertions each of its tests makes."""
        for node in self.nodes:
            if isinstance(node, FUNCTIONS) and node.name.startswith("test_"):
                yield sum(is_assertion(inner) for inner in ast.walk(node))


def alias_of(node: ast.Assign | ast.AnnAssign) -> list[str]:
    """Return the name that *node* makes an alias of `Any` itself, as `Anything = Any` does."""
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    is_any = isinstance(node.value, ast.Name) and node.value.id == "Any"
    return [target.id] if is_any and isinstance(target, ast.Name) else []


def lines_of(node: ast.stmt | ast.expr) -> range:
    """Return the numbers of the lines that *node* is on."""
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def is_assertion(node: ast.AST) -> bool:
    """Return whether *node* is an assert statement, or the call of pytest or of this project that is one."""
    if not isinstance(node, ast.Call):
        return isinstance(node, ast.Assert)
    return ast.unparse(node.func) in {"pytest.raises", "pytest.warns", "assert_problem"}


def sources(*folders: str) -> list[Source]:
    """Return the Python files in *folders*."""
    return [Source(path) for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def p90(numbers: list[int]) -> int:
    """Return the number that nine in ten of *numbers* do not exceed."""
    return sorted(numbers)[max(0, -(-len(numbers) * 9 // 10) - 1)]


def row(what: str, value: float, budget: str) -> None:
    """Print one line of the table."""
    print(f"{what:<44}{value:>8.4g}   {budget}")


def main() -> int:
    """Print the table and what is over a hard limit; return the exit status."""
    package, tests = sources("problems"), sources("tests")
    functions = {name: size for source in package for name, size in source.functions.items()}
    modules = {str(source.path.relative_to(ROOT)): len(source.code) for source in package}
    code, sizes = sum(modules.values()), list(functions.values())
    openapi = [source for source in package if "openapi" in source.path.relative_to(ROOT).as_posix()]
    elsewhere = [source for source in package if source not in openapi]
    kloc_elsewhere = sum(len(source.code) for source in elsewhere) / 1000
    assertions = [number for source in tests for number in source.assertions]

    print(f"{len(package)} modules, {code} code lines, {len(functions)} functions, {len(assertions)} test functions\n")
    print(f"{'':<44}{'now':>8}   budget")
    row("code lines per function, median", median(sizes), "at most 6")
    row("code lines per function, 90th percentile", p90(sizes), "at most 18")
    row("code lines per function, maximum", max(sizes), f"at most {MAX_FUNCTION}, or this fails")
    row("code lines per module, median", median(modules.values()), "at most 80")
    row("code lines per module, maximum", max(modules.values()), f"at most {MAX_MODULE}, or this fails")
    anys = sum(source.anys for source in elsewhere) / kloc_elsewhere
    row("Any per 1,000 code lines, without openapi", anys, f"under {MAX_ANY}, or this fails")
    row("type: ignore per 1,000 code lines", sum(s.ignores for s in package) / code * 1000, "at most 1")
    row("docstring lines / code lines", sum(len(s.docstrings) for s in package) / code, "0.3 to 0.5")
    row("code lines of tests / of the package", sum(len(s.code) for s in tests) / code, "1.3 to 1.8")
    row("assertions per test, median", median(assertions), "1")

    over = [
        f"{name}: {size} code lines, at most {MAX_FUNCTION}" for name, size in functions.items() if size > MAX_FUNCTION
    ]
    over += [f"{name}: {size} code lines, at most {MAX_MODULE}" for name, size in modules.items() if size > MAX_MODULE]
    over += [
        f"{source.path.relative_to(ROOT)}: {len(source.code)} code lines; its docstring must say why it is one thing"
        for source in package
        if len(source.code) > REASON_OVER and not source.is_explained
    ]
    if anys >= MAX_ANY:
        over.append(f"Any: {anys:.1f} per 1,000 code lines, must be under {MAX_ANY}")
        over += [f"  {s.path.relative_to(ROOT)}: {s.anys}" for s in sorted(elsewhere, key=lambda s: -s.anys)[:8]]
    print("".join(f"\nOver budget: {line}." for line in over))
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
