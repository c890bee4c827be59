"""
All changes of one file: calls, declarations, registrations and imports.

Receives the names to write. Does not decide which type replaces a call.
"""

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from problems.tools.migrate._imports import Imports
from problems.tools.migrate._reader import FASTAPI, STARLETTE, ExceptionCall, File, Function, declares
from problems.tools.migrate._sites import Replacement
from problems.tools.migrate._source import Change, Source, Span, without

__all__ = ["Edits", "Name", "exploded", "is_documented"]

_LINE_END = re.compile(r"\r\n|\r|\n")


class Name(NamedTuple):
    """A name to import."""

    module: str
    name: str


class Edits:
    """
    The changes of a file.

    Args:
        file: The file.
        own: The modules that this migration creates.
    """

    def __init__(self, file: File, own: Iterable[str]) -> None:
        self.file = file
        self.source = file.source
        self.imports = Imports(file, own)
        self.calls: dict[ast.Call, Change] = {}
        self._declared: dict[Function, list[Name]] = {}
        self._more: list[Change] = []
        self._touched: list[ast.AST] = []

    def replace(self, call: ExceptionCall, replacement: Replacement, module: str, *, is_raised: bool) -> None:
        """Replace a call of `HTTPException`."""
        local = self.imports.name(module, replacement.name)
        span = self.source.span(call.node)
        is_class = is_raised and not replacement.arguments
        code = local if is_class else exploded(self.source, span, local, replacement.arguments)
        self.calls[call.node] = Change(span, code)
        self._touched.append(call.node)
        if comments := list(self.source.comments(call.node)):
            indent = self.source.indent(call.statement.lineno)
            start = self.source.line(call.statement.lineno).start
            self._more.append(Change(Span(start, start), "".join(f"{indent}{comment}\n" for comment in comments)))
        if isinstance(call.statement, ast.AnnAssign) and call.statement.value is call.node:
            annotation = call.statement.annotation
            if self.file.qualified(annotation, call.functions) in {FASTAPI, STARLETTE}:
                self._more.append(Change(self.source.span(annotation), local))

    def declare(self, function: Function, names: Iterable[Name]) -> None:
        """Declare the problems that a function raises."""
        known = self._declared.setdefault(function, [])
        present = {self.file.found(argument) for call in _declaring(self.file, function) for argument in call.args}
        present_names = {getattr(item, "__name__", "") for item in present}
        known += [name for name in names if name not in known and name.name not in present_names]

    def change(self, span: Span, text: str, *nodes: ast.AST) -> None:
        """Replace a span; *nodes* are the syntax trees that disappear."""
        self._more.append(Change(span, text))
        self._touched += nodes

    def catch_problems(self) -> None:
        """Let `except` and `isinstance` name Starlette's class, which is a base of problems."""
        for node in self.file.facts.caught:
            local = self.imports.name("starlette.exceptions", "HTTPException", "StarletteHTTPException")
            self.change(self.source.span(node), local, node)

    def without_responses(self) -> None:
        """Remove the entries of `responses=` that only document the old format of an error."""
        for node in self.file.facts.documented:
            removed = [is_documented(*item) for item in zip(node.keys, node.values, strict=True)]
            if not any(removed):
                continue
            firsts = [key or value for key, value in zip(node.keys, node.values, strict=True)]
            spans = [
                Span(self.source.span(first).start, self.source.span(value).end)
                for first, value in zip(firsts, node.values, strict=True)
            ]
            values = [value for value, is_gone in zip(node.values, removed, strict=True) if is_gone]
            if all(removed):
                self.change(self.source.span(node), "{}", *values)
                continue
            for number, span in enumerate(without(spans, removed)):
                self.change(span, "", *(values if number == 0 else ()))

    def result(self, is_used_elsewhere: Callable[[str], bool]) -> bytes:
        """
        Return the file with its changes.

        Raises:
            UnicodeEncodeError: The encoding of the file has no bytes for the new text.
        """
        changes = [*self.calls.values(), *self._more, *self._decorators()]
        if not changes:
            return self.source.content
        after = ast.parse(_decoded(self.source, self.source.edited([*changes, *self.imports.changes(frozenset())])))
        unused = frozenset(item for item in self._unused(after) if not is_used_elsewhere(item))
        return self.source.edited([*changes, *self.imports.changes(unused)])

    def _unused(self, after: ast.Module) -> Iterator[str]:
        before = {item.id for node in self._touched for item in ast.walk(node) if isinstance(item, ast.Name)}
        used = {item.id for item in ast.walk(after) if isinstance(item, ast.Name)}
        constants = (item.value for item in ast.walk(after) if isinstance(item, ast.Constant))
        words = {word for constant in constants if isinstance(constant, str) for word in re.findall(r"\w+", constant)}
        yield from (item for item in before - used if item in self.file.imported and item not in words)

    def _decorators(self) -> Iterator[Change]:
        for function, names in self._declared.items():
            locals_ = [self.imports.name(*name) for name in sorted(names, key=lambda item: item.name)]
            if not locals_:
                continue
            existing = next(_declaring(self.file, function), None)
            if existing is not None:
                end = self.source.span(existing.args[-1]).end if existing.args else self.source.span(existing).end - 1
                text = ", ".join(locals_)
                yield Change(Span(end, end), f", {text}" if existing.args else text)
                continue
            start = self.source.line(function.lineno).start
            indent = self.source.indent(function.lineno)
            decorator = f"{indent}@{self.imports.name('problems', 'raises')}"
            line = f"{decorator}({', '.join(locals_)})"
            if len(line) > self.source.width:
                inner = indent + _unit(indent)
                line = f"{decorator}(\n" + "".join(f"{inner}{local},\n" for local in locals_) + f"{indent})"
            yield Change(Span(start, start), f"{line}\n")


def _declaring(file: File, function: Function) -> Iterator[ast.Call]:
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and declares(file, decorator):
            yield decorator


def is_documented(key: ast.expr | None, value: ast.expr) -> bool:
    """Return whether an entry of `responses=` documents an error with a model."""
    is_error = isinstance(key, ast.Constant) and isinstance(key.value, int) and 400 <= key.value <= 599
    keys = value.keys if isinstance(value, ast.Dict) else []
    return is_error and any(isinstance(item, ast.Constant) and item.value == "model" for item in keys)


def exploded(source: Source, span: Span, name: str, arguments: tuple[str, ...]) -> str:
    """Return a call, with each argument on a line of its own if it is too long for one line."""
    code = f"{name}({', '.join(arguments)})"
    length = len(source.before(span.start)) + len(code) + len(source.after(span.end))
    is_long = any(_LINE_END.search(argument) for argument in arguments)
    if not arguments or (length <= source.width and not is_long):
        return code
    before = source.before(span.start)
    indent = before[: len(before) - len(before.lstrip(" \t"))]
    inner = indent + _unit(indent)
    return f"{name}(\n" + "".join(f"{inner}{_indented(argument, inner)},\n" for argument in arguments) + f"{indent})"


def _indented(argument: str, indent: str) -> str:
    """Return an argument with its further lines indented, unless an end of a line is inside of a text."""
    lines = _LINE_END.split(argument)
    if len(lines) == 1 or '"""' in argument or "'''" in argument or any(line.endswith("\\") for line in lines):
        return argument
    return f"\n{indent}".join(line.strip(" \t") for line in lines)


def _unit(indent: str) -> str:
    return "\t" if "\t" in indent else "    "


def _decoded(source: Source, content: bytes) -> str:
    return content.decode(source.encoding)
