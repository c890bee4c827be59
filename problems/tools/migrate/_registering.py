"""
The registry and the translations of an application: `add_problems` and its arguments.

Changes the file that makes the application, and the handlers that become translations. This is one thing: both are
arguments of the same call.
"""

import ast
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from problems.declaring.problem import Problem
from problems.tools.migrate._details import Unclear
from problems.tools.migrate._edits import Edits, Name, exploded
from problems.tools.migrate._handlers import Translation, comments_above, exception_of, translation, translator
from problems.tools.migrate._reader import Function, Handler
from problems.tools.migrate._sites import Replacement
from problems.tools.migrate._source import Span, without
from problems.tools.migrate._types import Vocabulary

__all__ = ["Registering"]

_OTHER_PLACE = "this handler is registered elsewhere than `add_problems`; write an entry of `Policy(translate=…)`"


class _Plan(Protocol):
    @property
    def vocabulary(self) -> Vocabulary: ...
    @property
    def errors_name(self) -> str: ...
    @property
    def errors_path(self) -> Path: ...
    def files(self) -> list[Edits]: ...
    @property
    def app(self) -> object: ...
    def home(self) -> Edits | None: ...
    def maker(self) -> Edits | None: ...
    def file_of(self, module: str, /) -> Edits | None: ...
    def leave(self, path: Path, line: int, reason: str, /) -> None: ...
    def is_outside(self, path: Path, /) -> bool: ...
    def module_of(self, result: Replacement, /) -> str: ...


class Registering:
    """
    The changes around `add_problems`.

    Args:
        plan: The migration.
        target: The application as the user names it.
    """

    def __init__(self, plan: _Plan, target: str) -> None:
        self._plan = plan
        self._target = target
        self._edits: Edits | None = None
        self._call: ast.Call | None = None
        self._made: tuple[str, ast.stmt] | None = None
        self._scope: tuple[Function, ...] = ()
        self._install = 0
        self._unlisted: dict[ast.Call, list[ast.expr]] = {}
        self.translated = 0
        self.translations: dict[type[Exception], Name] = {}

    def plan(self, known: Sequence[type[Problem]]) -> None:
        """Plan the changes; *known* are the unregistered types that the application raises already."""
        self._find()
        entries = self._translations()
        if not self._plan.vocabulary.types and not entries:
            return
        if self._edits is None or self._plan.is_outside(self._edits.file.path):
            home = self._plan.home()
            name = self._target.partition(":")[2].removesuffix("()") or "app"
            if home is not None:
                reason = f"write `add_problems({name}, registry)` where the application is made"
                self._plan.leave(home.file.path, 1, reason)
            return
        items = [self._translated(self._edits, entry) for entry in entries]
        self._unlist(self._edits)
        registry = self._registry(self._edits, known)
        if self._call is not None:
            self._extend(self._edits, self._call, registry, items)
        else:
            self._add(self._edits, registry, items)

    def _find(self) -> None:
        """Find the call of `add_problems`, or the statement that makes the application."""
        home = self._plan.home()
        files = [item for item in dict.fromkeys([home, self._plan.maker(), *self._plan.files()]) if item is not None]
        for edits in files:
            for call, statement, functions in edits.file.facts.installs:
                self._edits, self._call, self._scope = edits, call, functions
                self._install = statement.lineno
                return
        attribute = self._target.partition(":")[2].partition(".")[0]
        for edits in files:
            instance = edits.file.facts.made
            in_factory = [item for item in instance if item[2] and item[2][-1].name == attribute.removesuffix("()")]
            named = [
                item for item in instance if not item[2] and getattr(edits.file.module, item[0], None) is self._plan.app
            ]
            chosen = named or in_factory or (instance if len(instance) == 1 else [])
            if chosen:
                self._edits, self._made, self._scope = edits, chosen[0][:2], chosen[0][2]
                self._install = chosen[0][1].end_lineno or chosen[0][1].lineno
                return

    def _registry(self, edits: Edits, known: Sequence[type[Problem]]) -> str | None:
        """Return the expression of the registry to add."""
        if not self._plan.vocabulary.types and self._plan.errors_path.exists():
            return None
        if not self._plan.vocabulary.types and self._call is not None:
            return None
        if not self._plan.vocabulary.types:
            return ""
        registry = edits.imports.name(self._plan.errors_name, "registry", _alias(edits))
        if not known:
            return registry
        names = ", ".join(edits.imports.name(cls.__module__, cls.__name__) for cls in known)
        return f"{registry} | {edits.imports.name('problems', 'Registry')}({names})"

    def _extend(self, edits: Edits, call: ast.Call, registry: str | None, items: list[tuple[str, str]]) -> None:
        """Add the registry and the translations to a call of `add_problems`."""
        source = edits.source
        present = next((keyword.value for keyword in call.keywords if keyword.arg == "registry"), None)
        if present is None and len(call.args) > 1:
            present = call.args[1]
        last = max(
            (source.span(argument).end for argument in (*call.args, *(keyword.value for keyword in call.keywords))),
            default=0,
        )
        if registry and present is not None and source.code(present) != registry:
            end = source.span(present).end
            edits.change(Span(end, end), f" | {registry}")
        elif registry and present is None:
            end = source.span(call.args[0]).end if call.args else last
            edits.change(Span(end, end), f", {registry}" if call.args else f", registry={registry}")
        if items:
            self._extend_policy(edits, items, last)

    def _extend_policy(self, edits: Edits, items: list[tuple[str, str]], last: int) -> None:
        source = edits.source
        policy = self._policy(edits)
        written = ", ".join(f"{key}: {value}" for key, value in items)
        if policy is None:
            name = edits.imports.name("problems", "Policy")
            edits.change(Span(last, last), f", policy={name}(translate={{{written}}})")
            return
        mapping = next((keyword.value for keyword in policy.keywords if keyword.arg == "translate"), None)
        if isinstance(mapping, ast.Dict):
            end = source.span(mapping.values[-1]).end if mapping.values else source.span(mapping).end - 1
            edits.change(Span(end, end), f", {written}" if mapping.values else written)
            return
        ends = [source.span(keyword.value).end for keyword in policy.keywords]
        end = max(ends) if ends else source.span(policy).end - 1
        edits.change(Span(end, end), f"{', ' if ends else ''}translate={{{written}}}")

    def _policy(self, edits: Edits) -> ast.Call | None:
        """Return the call that makes the policy of `add_problems`, in the call or in a constant of the module."""
        value = (
            next((keyword.value for keyword in self._call.keywords if keyword.arg == "policy"), None)
            if self._call
            else None
        )
        if isinstance(value, ast.Name):
            values = edits.file.facts.assigned.get((None, value.id), [])
            value = values[0] if len(values) == 1 else None
        return value if isinstance(value, ast.Call) and edits.file.qualified(value.func).endswith(".Policy") else None

    def _add(self, edits: Edits, registry: str | None, items: list[tuple[str, str]]) -> None:
        """Write a call of `add_problems` after the application is made, and after what it needs."""
        if self._made is None:
            return
        name, statement = self._made
        source = edits.source
        if registry is None and self._plan.errors_path.exists():
            registry = edits.imports.name(self._plan.errors_name, "registry", _alias(edits))
        add = edits.imports.name("problems.fastapi", "add_problems")
        policy = edits.imports.name("problems", "Policy")
        line = max(self._install, statement.end_lineno or statement.lineno)
        end = source.line(line).end
        indent = source.indent(statement.lineno)
        place = Span(end, end)
        values = [name, *([registry] if registry else [])]
        code = _installing(add, values, policy, [f"{key}: {value}" for key, value in items], indent, source.width)
        is_at_end = not source.text[:end].endswith(("\n", "\r"))
        gap = "\n\n" if line != (statement.end_lineno or 0) else ""
        edits.change(place, ("\n" if is_at_end else "") + f"{gap}{indent}{code}\n")

    # Handlers

    def _translations(self) -> list[Translation]:
        """Return the handlers that become translations; the others are left with a reason."""
        entries: list[Translation] = []
        for edits in self._plan.files():
            for handler in edits.file.facts.handlers:
                try:
                    entries.append(self._translation(edits, handler))
                except Unclear as reason:
                    self._plan.leave(edits.file.path, handler.node.lineno, str(reason))
        seen: dict[type[Exception], Translation] = {}
        for entry in entries:
            seen[entry.cls] = entry
        self.translated = len(seen)
        self.translations = {
            cls: Name(self._plan.module_of(value.found), value.found.name) for cls, value in seen.items()
        }
        return list(seen.values())

    def _translation(self, edits: Edits, handler: Handler) -> Translation:
        exception_of(handler, edits.file)
        if edits is not self._edits or handler.functions != self._scope or self._plan.is_outside(edits.file.path):
            raise Unclear(_OTHER_PLACE)
        if self._call is not None and self._policy(edits) is None and _has_policy(self._call):
            raise Unclear("the policy is made elsewhere; write its `translate=…` for this handler")
        where, function = self._function(edits, handler)
        first = min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])
        is_here = where is edits
        if self._call is not None and is_here:
            self._check_order(edits, handler, first)
        entry = translation(handler, where.file, function, edits.file, self._plan.vocabulary)
        if self._made is not None and is_here:
            self._install = max(self._install, _end_of_class(edits, handler), function.end_lineno or 0)
        return entry

    def _check_order(self, edits: Edits, handler: Handler, first: int) -> None:
        if _end_of_class(edits, handler) > self._install:
            key = ast.unparse(handler.key)
            raise Unclear(f"{key} is defined after `add_problems`; move that call below it, and migrate again")
        if first > self._install and handler.decorated is None:
            raise Unclear("this handler is defined after `add_problems`; move that call below it, and migrate again")

    def _function(self, edits: Edits, handler: Handler) -> tuple[Edits, Function]:
        """Return the file and the definition of a handler."""
        if handler.decorated is not None:
            return edits, handler.decorated
        if not isinstance(handler.function, ast.Name):
            raise Unclear("this handler is not a function with a name; write an entry of `Policy(translate=…)`")
        name = handler.function.id
        module, original = edits.file.imported.get(name, (edits.file.name, name))
        where = self._plan.file_of(module) if module != edits.file.name else edits
        functions = (
            [function for function in where.file.facts.functions.values() if function.name == (original or name)]
            if where
            else []
        )
        is_usable = len(functions) == 1 and not functions[0].decorator_list
        if where is None or not is_usable or self._plan.is_outside(where.file.path):
            raise Unclear("its function cannot be found in the source; write an entry of `Policy(translate=…)`")
        uses = edits.file.facts.uses.get(name, 0) + (where.file.facts.uses.get(name, 0) if where is not edits else 0)
        if uses != 1:
            raise Unclear(f"{name} is used elsewhere too; write an entry of `Policy(translate=…)`")
        return where, functions[0]

    def _translated(self, edits: Edits, entry: Translation) -> tuple[str, str]:
        """Plan the changes of one handler; return its key and its value in `translate`."""
        handler = entry.handler
        where, function = self._function(edits, handler)
        key = edits.source.code(handler.key)
        self._unregister(edits, handler)
        module = self._plan.module_of(entry.found)
        has_comments = any(True for statement in function.body for _ in where.source.comments(statement))
        if entry.is_class and not has_comments:
            self._delete(where, function)
            return key, edits.imports.name(module, entry.found.name)
        problem = where.imports.name(module, entry.found.name)
        annotation = function.args.args[-1].annotation
        own = where.source.code(annotation) if annotation is not None else key
        code = exploded(where.source, where.source.span(entry.result), problem, entry.found.arguments)
        span, text = translator(where.file, entry, function.name, own, problem, code)
        if self._call is not None and where is edits and function.lineno > self._install:
            self._move(edits, function, span, text)
            return key, function.name
        if handler.decorated is not None:
            edits.change(edits.source.lines(handler.node), "", handler.node)
        where.change(span, text, function.args, entry.result, *([function.returns] if function.returns else []))
        return key, function.name

    def _move(self, edits: Edits, function: Function, span: Span, text: str) -> None:
        """Move a handler above `add_problems`, with the comments above it."""
        source = edits.source
        first = comments_above(edits.file, function)
        start, end = source.line(first).start, source.lines(function).end
        decorators = source.lines(function.decorator_list[0]).start if function.decorator_list else span.start
        comments = source.text[start:decorators] if function.decorator_list else ""
        indent = source.indent(function.lineno)
        rest = source.text[span.end : end]
        place = source.line(self._install).start
        edits.change(Span(place, place), f"{comments}{indent}{text}{rest}\n\n", function)
        edits.change(_with_gap(edits, Span(start, end)), "")

    def _delete(self, edits: Edits, function: Function) -> None:
        source = edits.source
        start = source.line(min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])).start
        edits.change(_with_gap(edits, Span(start, source.lines(function).end)), "", function)

    def _unregister(self, edits: Edits, handler: Handler) -> None:
        """Remove the registration of a handler that is not a decorator."""
        if handler.decorated is not None or not isinstance(handler.node, ast.Call):
            return
        if getattr(handler.node.func, "attr", "") == "add_exception_handler":
            edits.change(_with_gap(edits, edits.source.lines(handler.statement)), "", handler.node)
        else:
            self._unlisted.setdefault(handler.node, []).append(handler.key)

    def _unlist(self, edits: Edits) -> None:
        """Remove entries of `exception_handlers=`, and the argument without entries."""
        source = edits.source
        for call, keys in self._unlisted.items():
            keyword = next(item for item in call.keywords if item.arg == "exception_handlers")
            mapping = keyword.value
            if not isinstance(mapping, ast.Dict):
                continue
            removed = [key in keys for key in mapping.keys]
            spans = [
                Span(source.span(key or value).start, source.span(value).end)
                for key, value in zip(mapping.keys, mapping.values, strict=True)
            ]
            if all(removed):
                spans = [*map(source.span, call.args), *(_keyword(edits, item) for item in call.keywords)]
                removed = [*(False for _ in call.args), *(item is keyword for item in call.keywords)]
            if all(removed):
                edits.change(spans[0], "", keyword.value)
                continue
            for number, span in enumerate(without(spans, removed)):
                edits.change(span, "", *([mapping] if number == 0 else []))


def _installing(add: str, values: list[str], policy: str, entries: list[str], indent: str, width: int) -> str:
    """Return a call of `add_problems`, on as many lines as its length needs."""
    unit = "\t" if "\t" in indent else "    "
    inner = indent + unit
    short = ["legacy_detail=True", *([f"translate={{{', '.join(entries)}}}"] if entries else [])]
    one = f"policy={policy}({', '.join(short)})"
    code = f"{add}({', '.join([*values, one])})"
    if len(indent + code) <= width:
        return code
    if len(inner + one) >= width:
        deep = inner + unit
        listed = f"translate={{{', '.join(entries)}}}"
        if len(deep + listed) >= width:
            listed = "translate={\n" + "".join(f"{deep}{unit}{entry},\n" for entry in entries) + f"{deep}}}"
        one = f"policy={policy}(\n{deep}legacy_detail=True,\n{deep}{listed},\n{inner})"
    return f"{add}(\n" + "".join(f"{inner}{value},\n" for value in [*values, one]) + f"{indent})"


def _keyword(edits: Edits, keyword: ast.keyword) -> Span:
    """Return the span of a keyword argument with its name."""
    value = edits.source.span(keyword.value)
    start = edits.source.text.rfind(keyword.arg or "**", 0, value.start)
    return Span(start, value.end)


def _has_policy(call: ast.Call) -> bool:
    return any(keyword.arg == "policy" for keyword in call.keywords) or len(call.args) > 2


def _alias(edits: Edits) -> str | None:
    return "errors_registry" if "registry" in edits.file.facts.names else None


def _end_of_class(edits: Edits, handler: Handler) -> int:
    """Return the last line of the definition of an exception class in a file, or 0 if it is defined elsewhere."""
    name = ast.unparse(handler.key)
    results = (
        statement
        for statement in edits.source.tree.body
        if isinstance(statement, ast.ClassDef) and statement.name == name
    )
    return max((result.end_lineno or 0 for result in results), default=0)


def _with_gap(edits: Edits, span: Span) -> Span:
    """Return the span of a definition with the empty lines above it."""
    start = span.start
    text = edits.source.text
    stripped = text[:start].rstrip(" \t\r\n\f")
    end_of_line = len(stripped) + len(text[len(stripped) : start]) - len(text[len(stripped) : start].lstrip(" \t"))
    newline = next((item for item in ("\r\n", "\n", "\r") if text.startswith(item, end_of_line)), "")
    return Span(min(start, end_of_line + len(newline)), span.end)
