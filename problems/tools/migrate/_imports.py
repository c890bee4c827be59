"""
The import statements of one file: new names in the order of the project, without names that became unused.

Works on statements at module level. Does not run a formatter.
"""

import ast
import itertools
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from problems.tools.migrate._reader import File
from problems.tools.migrate._source import Change, Span, without

__all__ = ["Imports"]

_FUTURE, _STANDARD, _THIRD, _OWN, _LOCAL = range(5)
_INSTALLED: Final = ("site-packages", "dist-packages")
_IMPORT = ast.Import | ast.ImportFrom


class Imports:
    """
    The names that a file needs besides its own, and the changes that import them.

    Args:
        file: The file.
        own: The modules that this migration creates.
    """

    def __init__(self, file: File, own: Iterable[str]) -> None:
        self._file = file
        self._source = file.source
        self._own = frozenset(own)
        self._wanted: dict[str, dict[str, str]] = {}
        self._local: dict[tuple[str, str], str] = {}

    def name(self, module: str, name: str, alias: str | None = None) -> str:
        """
        Return the name under which the file can use an object, and note that it has to be imported.

        Args:
            module: The module of the object.
            name: The name of the object in its module.
            alias: The name to use in the file; by default *name*, or a longer one if the file has that already.
        """
        known = self._local.get((module, name))
        if known is not None:
            return known
        bound = self._bound(module, name)
        local = bound or self._free(alias or name)
        self._local[module, name] = local
        if bound is None and module != self._file.name:
            self._wanted.setdefault(module, {})[name] = local
        return local

    def _bound(self, module: str, name: str) -> str | None:
        """Return the name of an object that the file has already."""
        if module == self._file.name:
            return name
        top = {item.asname or item.name for node in self._statements() for item in node.names}
        target = getattr(sys.modules.get(module), name, None)
        for local, (origin, attribute) in self._file.imported.items():
            is_same = (origin, attribute) == (module, name)
            result = getattr(sys.modules.get(origin), attribute or "", None)
            if local in top and (is_same or (target is not None and result is target)):
                return local
        return None

    def _free(self, name: str) -> str:
        taken = self._file.facts.names | set(self._local.values())
        candidates = [name, f"{name}Problem" if name[:1].isupper() else f"problems_{name}"]
        free = next((candidate for candidate in candidates if candidate not in taken), None)
        number = 2
        while free is None:
            free = f"{name}{number}" if f"{name}{number}" not in taken else None
            number += 1
        return free

    def _statements(self) -> list[_IMPORT]:
        return [statement for statement in self._source.tree.body if isinstance(statement, ast.Import | ast.ImportFrom)]

    def changes(self, unused: frozenset[str]) -> Iterator[Change]:
        """
        Yield the changes of the import statements.

        Args:
            unused: The names of the file that nothing uses any more.
        """
        wanted = {module: dict(names) for module, names in self._wanted.items()}
        for node in self._statements():
            added: dict[str, str] = {}
            if isinstance(node, ast.ImportFrom) and all(name.name != "*" for name in node.names):
                added = wanted.pop(self._file.absolute(node), {})
            removed = [(name.asname or name.name) in unused and not self._is_marked(name) for name in node.names]
            if added or any(removed):
                yield from self._edited(node, added, removed)
        yield from self._inserted(wanted)

    def _is_marked(self, alias: ast.alias) -> bool:
        return "noqa" in self._source.after(self._source.span(alias).end)

    def _edited(self, node: _IMPORT, added: Mapping[str, str], removed: list[bool]) -> Iterator[Change]:
        spans = [self._source.span(item) for item in node.names]
        if all(removed) and not added:
            yield self._deleted(node)
            return
        kept = [self._source.code(member) for member, is_gone in zip(spans, removed, strict=True) if not is_gone]
        names = [*kept, *(_alias(name, local) for name, local in added.items())]
        if node.lineno == node.end_lineno and isinstance(node, ast.ImportFrom):
            yield Change(self._source.span(node), self._statement(_prefix(node), names, kept))
            return
        if all(removed):
            yield Change(Span(spans[0].start, spans[-1].end), ", ".join(_sorted(names, kept)))
            return
        yield from (Change(span, "") for span in without(spans, removed))
        order = _sorted(names, kept)
        for name in (item for item in order if item not in kept):
            yield self._beside(node, name, order, removed)

    def _beside(self, node: _IMPORT, name: str, order: list[str], removed: list[bool]) -> Change:
        """Return the insertion of a name into a statement over several lines."""
        place = {
            self._source.code(member): member
            for member, is_gone in zip(node.names, removed, strict=True)
            if not is_gone
        }
        position = order.index(name)
        after = next((place[item] for item in order[position + 1 :] if item in place), None)
        if after is not None:
            start = self._source.span(after).start
            is_alone = not self._source.before(start).strip()
            gap = f",\n{self._source.indent(after.lineno)}" if is_alone else ", "
            return Change(Span(start, start), f"{name}{gap}")
        last = list(place.values())[-1]
        end = self._source.span(last).end
        is_alone = not self._source.before(self._source.span(last).start).strip()
        return Change(Span(end, end), f",\n{self._source.indent(last.lineno)}{name}" if is_alone else f", {name}")

    def _deleted(self, node: _IMPORT) -> Change:
        span, lines = self._source.span(node), self._source.lines(node)
        is_alone = not self._source.before(span.start).strip() and not self._source.after(span.end).strip()
        return Change(lines, "") if is_alone else Change(span, "pass")

    def _statement(self, prefix: str, names: list[str], kept: list[str] | None = None) -> str:
        order = _sorted(names, kept or [])
        line = f"{prefix} {', '.join(order)}"
        if len(line) <= self._source.width:
            return line
        return f"{prefix} (\n" + "".join(f"    {item},\n" for item in order) + ")"

    def _inserted(self, wanted: Mapping[str, Mapping[str, str]]) -> Iterator[Change]:
        """Yield the insertion of statements into the first block of imports."""
        block = self._block()
        if not wanted:
            return
        if not block:
            yield self._first(wanted)
            return
        by_place: dict[int, list[tuple[int, str, str]]] = {}
        gaps: dict[int, tuple[bool, bool]] = {}
        has_gaps = self._has_sections(block)
        for module, names in sorted(wanted.items(), key=lambda item: (self._section(item[0]), _key(item[0]))):
            place, before, after = self._place(block, module)
            text = self._statement(f"from {module} import", [_alias(*name) for name in names.items()])
            by_place.setdefault(place, []).append((self._section(module), module, text))
            gaps[place] = before and has_gaps, after and has_gaps
        for place, statements in by_place.items():
            before, after = gaps[place]
            text = ""
            for number, (section, _, statement) in enumerate(statements):
                is_new = before if number == 0 else section != statements[number - 1][0] and has_gaps
                text += ("\n" if is_new else "") + statement + "\n"
            at_end = place == len(self._source.text) and not self._source.text.endswith(("\n", "\r"))
            yield Change(Span(place, place), ("\n" if at_end else "") + text + ("\n" if after else ""))

    def _first(self, wanted: Mapping[str, Mapping[str, str]]) -> Change:
        """Return the insertion of the first imports of a file, after its docstring or its first comments."""
        body = self._source.tree.body
        lines = [
            self._statement(f"from {module} import", [_alias(*name) for name in names.items()])
            for module, names in sorted(wanted.items(), key=lambda item: (self._section(item[0]), _key(item[0])))
        ]
        text = "\n".join(lines)
        is_docstring = body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
        if is_docstring and not self._source.after(self._source.span(body[0]).end).strip():
            end = self._source.span(body[0]).end + len(self._source.after(self._source.span(body[0]).end))
            return Change(Span(end, end), f"\n\n{text}")
        number = 1
        while self._source.code(self._source.line(number)).startswith("#"):
            number += 1
        start = self._source.line(number).start
        return Change(Span(start, start), f"{text}\n")

    def _block(self) -> list[_IMPORT]:
        """Return the first imports of the file that nothing else stands between, each on lines of its own."""
        block: list[_IMPORT] = []
        for node in self._source.tree.body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                block.append(node)
            elif block:
                break
        return [item for item in block if not self._source.before(self._source.span(item).start).strip()]

    def _has_sections(self, block: list[_IMPORT]) -> bool:
        apart = [b for a, b in itertools.pairwise(block) if b.lineno > (a.end_lineno or a.lineno) + 1]
        mixed = len({self._section_of(item) for item in block}) > 1
        return bool(apart) or not mixed

    def _place(self, block: list[_IMPORT], module: str) -> tuple[int, bool, bool]:
        """Return where a statement belongs, and whether an empty line belongs before and after it."""
        section = self._section(module)
        same = [item for item in block if self._section_of(item) == section]
        smaller = [
            item for item in same if isinstance(item, ast.ImportFrom) and _key(self._written(item)) < _key(module)
        ]
        larger = [item for item in same if isinstance(item, ast.ImportFrom) and item not in smaller]
        if smaller:
            return self._source.lines(smaller[-1]).end, False, False
        if larger:
            first = larger[0]
            return self._above(first), False, False
        if same:
            return self._source.lines(same[-1]).end, False, False
        earlier = [item for item in block if self._section_of(item) < section]
        if earlier:
            return self._source.lines(earlier[-1]).end, True, False
        return self._above(block[0]), False, True

    def _above(self, node: _IMPORT) -> int:
        """Return the start of a statement, with the comments directly above it."""
        line = node.lineno
        while line > 2 and self._source.code(self._source.line(line - 1)).startswith("# isort"):
            line -= 1
        return self._source.line(line).start

    def _written(self, node: ast.ImportFrom) -> str:
        return "." * node.level + (node.module or "")

    def _section_of(self, node: _IMPORT) -> int:
        if isinstance(node, ast.ImportFrom):
            return _LOCAL if node.level else self._section(node.module or "")
        return self._section(node.names[0].name)

    def _section(self, module: str) -> int:
        top = module.partition(".")[0]
        if top == "__future__":
            return _FUTURE
        if top in sys.stdlib_module_names:
            return _STANDARD
        if module in self._own or top in {item.partition(".")[0] for item in self._own}:
            return _OWN
        if top == self._file.name.partition(".")[0]:
            return _OWN
        place = getattr(sys.modules.get(top), "__file__", None) or ""
        root = self._root()
        is_ours = bool(place) and not set(_INSTALLED) & set(Path(place).parts) and Path(place).is_relative_to(root)
        return _OWN if is_ours else _THIRD

    def _root(self) -> Path:
        folder = self._file.path.parent
        for _ in self._file.name.split(".")[1:]:
            folder = folder.parent
        return folder


def _alias(name: str, local: str) -> str:
    return name if name == local else f"{name} as {local}"


def _prefix(node: ast.ImportFrom) -> str:
    return f"from {'.' * node.level}{node.module or ''} import"


def _key(text: str) -> tuple[object, ...]:
    """Return a key that sorts modules as ruff and isort do: without case, numbers by value; relative ones last."""
    parts = re.split(r"(\d+)", text.lower())
    return tuple(int(part) if part.isdigit() else part for part in parts)


def _by_kind(text: str) -> tuple[object, ...]:
    """Return a key for names: constants, classes, then others."""
    name = text.partition(" ")[0]
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return kind, _key(name)


def _sorted(names: Iterable[str], kept: list[str]) -> list[str]:
    """Return names in the order of those that the statement has: by kind, by letters, or as they come."""
    every = list(names)
    for key in (_by_kind, _key):
        if kept == sorted(kept, key=key):
            return sorted(every, key=key)
    return every
