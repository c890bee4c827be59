"""
One source file: its calls of `HTTPException`, and its text with other calls, decorators and imports.

Syntax trees of LibCST keep every byte that is not changed. Does not know problem types: it receives the code to write.
This is one thing: positions in the text are valid only until the text changes.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import libcst as cst
from libcst.codemod import CodemodContext
from libcst.codemod.visitors import AddImportsVisitor, RemoveImportsVisitor
from libcst.metadata import MetadataWrapper, PositionProvider, QualifiedName, QualifiedNameProvider

__all__ = ["Edit", "Edits", "ExceptionCall", "SourceFile"]

EXCEPTIONS: Final = frozenset(
    {
        "fastapi.HTTPException",
        "fastapi.exceptions.HTTPException",
        "starlette.exceptions.HTTPException",
    }
)
"""The qualified names of the classes whose calls are replaced."""
_MODULES: Final = ("fastapi", "fastapi.exceptions", "starlette.exceptions")


@dataclass(frozen=True)
class ExceptionCall:
    """
    One call of `HTTPException`.

    Attributes:
        line: Its line.
        column: Its column.
        last: The last line of the statement that it is in.
        constant: The module constant that it is the value of, if it is one.
        function: The qualified name of the function around it; empty at module level.
        annotations: The annotations of the parameters of that function, as written.
        arguments: Its arguments by name.
        starred: Whether it has `*` or `**` arguments.
    """

    line: int
    column: int
    last: int
    constant: str
    function: str
    annotations: Mapping[str, str]
    arguments: Mapping[str, ast.expr]
    starred: bool


@dataclass(frozen=True)
class Edit:
    """
    The replacement of one call.

    Attributes:
        code: The new expression.
        imports: The names that it needs, each with its module.
    """

    code: str
    imports: tuple[tuple[str, str], ...] = ()


@dataclass
class Edits:
    """
    All changes in one file.

    Attributes:
        calls: The replacement of each call, by its line and column.
        declared: The names to declare, by the first line of the function, decorators included.
        imports: Further names to import, each with its module and the name to import it as.
        registry: The name of the registry to pass to `add_problems`, if the file calls it.
        installed: The code to write after the line that creates the application.
        without_responses: Whether to remove entries of `responses=` that document the old format of an error.
    """

    calls: dict[tuple[int, int], Edit] = field(default_factory=dict[tuple[int, int], Edit])
    declared: dict[int, list[str]] = field(default_factory=dict[int, list[str]])
    imports: list[tuple[str, str, str | None]] = field(default_factory=list[tuple[str, str, str | None]])
    registry: str | None = None
    installed: tuple[str, str] | None = None
    without_responses: bool = False


class SourceFile:
    """
    A Python file.

    Args:
        path: The path of the file.

    Raises:
        SyntaxError: LibCST cannot parse it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.content = path.read_bytes()
        try:
            self._wrapper = MetadataWrapper(cst.parse_module(self.content), unsafe_skip_copy=True)
        except cst.ParserSyntaxError as error:
            raise SyntaxError(f"it cannot be parsed: {error.message}") from error
        self._reader = _Reader(self._wrapper)
        self._wrapper.module.visit(self._reader)

    @property
    def calls(self) -> list[ExceptionCall]:
        """Its calls of `HTTPException`, in order."""
        return self._reader.calls

    @property
    def constants(self) -> Mapping[str, str]:
        """The texts of its module constants."""
        return self._reader.constants

    @property
    def names(self) -> frozenset[str]:
        """The names that are used anywhere in it."""
        return frozenset(self._reader.names)

    @property
    def catches(self) -> list[int]:
        """The lines on which `except` names `HTTPException`."""
        return self._reader.catches

    @property
    def documented(self) -> list[int]:
        """The lines on which `responses=` documents an error status with a model."""
        return sorted(self._reader.line(node) for node in self._reader.documented)

    @property
    def handlers(self) -> list[tuple[int, str]]:
        """The lines of exception handlers, and the classes that they handle."""
        return self._reader.handlers

    @property
    def installs(self) -> bool:
        """Whether it calls `add_problems`."""
        return bool(self._reader.installs)

    def statement(self, line: int) -> int:
        """Return the first line of the statement that a call on *line* is in."""
        return self._reader.statements.get(line, line)

    def raised(self, line: int) -> str | None:
        """Return the name of the constant that a statement on *line* raises."""
        return self._reader.raised.get(line)

    def made(self, name: str) -> int | None:
        """Return the last line of the module-level statement that assigns *name*."""
        return self._reader.assigned.get(name)

    def edited(self, edits: Edits) -> bytes:
        """Return the file with *edits*; all other bytes are unchanged."""
        module = self._wrapper.module.visit(_Writer(self._reader, edits))
        context = CodemodContext()
        for module_name, name, alias in self._imports(edits):
            AddImportsVisitor.add_needed_import(context, module_name, name, alias)
        module = AddImportsVisitor(context).transform_module(module)
        if edits.calls:
            context = CodemodContext()
            for name in _MODULES:
                RemoveImportsVisitor.remove_unused_import(context, name, "HTTPException")
            module = RemoveImportsVisitor(context).transform_module(module)
        return module.bytes

    def _imports(self, edits: Edits) -> Iterator[tuple[str, str, str | None]]:
        yield from edits.imports
        for edit in edits.calls.values():
            yield from ((module, name, None) for module, name in edit.imports)
        if edits.declared:
            yield "problems", "raises", None


class _Reader(cst.CSTVisitor):
    """Notes calls, constants, handlers and names."""

    METADATA_DEPENDENCIES = (PositionProvider, QualifiedNameProvider)

    def __init__(self, wrapper: MetadataWrapper) -> None:
        super().__init__()
        self._positions = wrapper.resolve(PositionProvider)
        self._qualified = wrapper.resolve(QualifiedNameProvider)
        self.module = wrapper.module
        self.calls: list[ExceptionCall] = []
        self.nodes: dict[int, cst.Call] = {}
        self.constants: dict[str, str] = {}
        self.names: set[str] = set()
        self.catches: list[int] = []
        self.documented: set[cst.DictElement] = set()
        self.handlers: list[tuple[int, str]] = []
        self.installs: list[cst.Call] = []
        self.raised: dict[int, str] = {}
        self.assigned: dict[str, int] = {}
        self.first: dict[cst.FunctionDef, int] = {}
        self._stack: list[tuple[str, Mapping[str, str]]] = []
        self._constant = ""
        self._statement = 0
        self._begin = 0
        self.statements: dict[int, int] = {}

    def line(self, node: cst.CSTNode) -> int:
        """Return the line on which *node* begins."""
        line: int = self._positions[node].start.line
        return line

    def place(self, node: cst.CSTNode) -> tuple[int, int]:
        """Return the line and the column at which *node* begins."""
        start = self._positions[node].start
        return start.line, start.column

    def qualified(self, node: cst.CSTNode) -> set[str]:
        """Return the qualified names of *node*."""
        names: Any = self._qualified.get(node, ())
        names = names() if callable(names) else names  # LibCST computes them when they are asked for
        return {name.name for name in names if isinstance(name, QualifiedName)}

    def visit_Name(self, node: cst.Name) -> None:
        """Note a name."""
        self.names.add(node.value)

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        """Enter a class."""
        self._stack.append((node.name.value, {}))

    def leave_ClassDef(self, original_node: cst.ClassDef) -> None:
        """Leave a class."""
        self._stack.pop()

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        """Enter a function, with the annotations of its parameters."""
        parameters = (*node.params.posonly_params, *node.params.params, *node.params.kwonly_params)
        annotations = {
            it.name.value: self.module.code_for_node(it.annotation.annotation) for it in parameters if it.annotation
        }
        self._stack.append((node.name.value, annotations))
        self.first[node] = self.line(node.decorators[0]) if node.decorators else self.line(node)

    def leave_FunctionDef(self, original_node: cst.FunctionDef) -> None:
        """Leave a function."""
        self._stack.pop()

    def visit_SimpleStatementLine(self, node: cst.SimpleStatementLine) -> None:
        """Note module constants, and constants that are raised."""
        self._statement = self._positions[node].end.line
        self._begin = self.line(node)
        statement = node.body[0]
        if isinstance(statement, cst.Raise) and isinstance(statement.exc, cst.Name):
            self.raised[self.line(node)] = statement.exc.value
        if self._stack or not isinstance(statement, cst.Assign | cst.AnnAssign):
            return
        target = statement.target if isinstance(statement, cst.AnnAssign) else statement.targets[0].target
        if isinstance(target, cst.Name):
            self._constant = target.value
            self.assigned[target.value] = self._statement
            value = statement.value
            if isinstance(value, cst.SimpleString) and isinstance(value.evaluated_value, str):
                self.constants[target.value] = value.evaluated_value

    def leave_SimpleStatementLine(self, original_node: cst.SimpleStatementLine) -> None:
        """Leave a statement."""
        self._constant = ""

    def visit_Arg(self, node: cst.Arg) -> None:
        """Note the entries of `responses=` that document the old format of an error."""
        if node.keyword is None or node.keyword.value != "responses" or not isinstance(node.value, cst.Dict):
            return
        for element in node.value.elements:
            if isinstance(element, cst.DictElement) and isinstance(element.value, cst.Dict) and _is_error(element.key):
                keys = [it.key for it in element.value.elements if isinstance(it, cst.DictElement)]
                if any(isinstance(key, cst.SimpleString) and key.evaluated_value == "model" for key in keys):
                    self.documented.add(element)

    def visit_Decorator(self, node: cst.Decorator) -> None:
        """Note an exception handler."""
        call = node.decorator
        if not isinstance(call, cst.Call) or not isinstance(call.func, cst.Attribute) or not call.args:
            return
        if call.func.attr.value == "exception_handler":
            self.handlers.append((self.line(node), self.module.code_for_node(call.args[0].value)))

    def visit_ExceptHandler(self, node: cst.ExceptHandler) -> None:
        """Note a handler of FastAPI's class, which is not a base of problems."""
        if node.type is not None and self.qualified(node.type) & (EXCEPTIONS - {"starlette.exceptions.HTTPException"}):
            self.catches.append(self.line(node))

    def visit_Call(self, node: cst.Call) -> None:
        """Note a call of `HTTPException` or `add_problems`."""
        names = self.qualified(node.func)
        if any(name.startswith("problems.") and name.endswith(".add_problems") for name in names):
            self.installs.append(node)
        if not names & EXCEPTIONS:
            return
        text = self.module.code_for_node(node)
        code = ast.parse(f"({text})", mode="eval").body
        if not isinstance(code, ast.Call):
            return
        for inner in ast.walk(code):
            if isinstance(inner, ast.expr):
                vars(inner)["source"] = ast.get_source_segment(f"({text})", inner)
        arguments: dict[str, ast.expr] = dict(zip(("status_code", "detail", "headers"), code.args, strict=False))
        arguments |= {it.arg: it.value for it in code.keywords if it.arg}
        starred = any(isinstance(it, ast.Starred) for it in code.args) or any(not it.arg for it in code.keywords)
        line = self.line(node)
        names_of = ".".join(name for name, _ in self._stack)
        annotations = {name: text for _, found in self._stack for name, text in found.items()}
        self.nodes[id(node)] = node
        self.statements[line] = self._begin
        self.calls.append(
            ExceptionCall(*self.place(node), self._statement, self._constant, names_of, annotations, arguments, starred)
        )


class _Writer(cst.CSTTransformer):
    """Replaces calls, and adds decorators and arguments."""

    def __init__(self, reader: _Reader, edits: Edits) -> None:
        super().__init__()
        self._reader = reader
        self._edits = edits
        self._comments: list[str] = []

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:
        """Replace a call of `HTTPException`, or pass the registry to `add_problems`."""
        if original_node in self._reader.installs and self._edits.registry:
            return _with_registry(updated_node, self._edits.registry)
        edit = self._edits.calls.get(self._reader.place(original_node))
        if edit is None or id(original_node) not in self._reader.nodes:
            return updated_node
        self._comments += _comments_in(original_node)
        return cst.parse_expression(edit.code, config=self._reader.module.config_for_parsing)

    def leave_Dict(self, original_node: cst.Dict, updated_node: cst.Dict) -> cst.Dict:
        """Remove the entries of `responses=` that document the old form."""
        documented = self._reader.documented if self._edits.without_responses else set[cst.DictElement]()
        if not any(element in documented for element in original_node.elements):
            return updated_node
        pairs = zip(original_node.elements, updated_node.elements, strict=True)
        return updated_node.with_changes(elements=[new for old, new in pairs if old not in documented])

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.SimpleStatementLine | cst.FlattenSentinel[cst.SimpleStatementLine]:
        """Keep the comments that were inside a replaced call above its statement."""
        lines = [cst.EmptyLine(comment=cst.Comment(text)) for text in self._comments]
        self._comments = []
        if lines:
            updated_node = updated_node.with_changes(leading_lines=[*updated_node.leading_lines, *lines])
        installed = self._edits.installed
        if installed is not None and self._reader.assigned.get(installed[0]) == self._end(original_node):
            added = cst.parse_statement(installed[1], config=self._reader.module.config_for_parsing)
            if isinstance(added, cst.SimpleStatementLine):
                return cst.FlattenSentinel([updated_node, added])
        return updated_node

    def _end(self, node: cst.SimpleStatementLine) -> int:
        end: int = self._reader._positions[node].end.line  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # one module
        return end

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.FunctionDef:
        """Declare the problems that a function raises: in its existing decorator, or in a new one."""
        names = self._edits.declared.get(self._reader.first[original_node])
        if not names:
            return updated_node
        decorators = list(updated_node.decorators)
        for index, decorator in enumerate(decorators):
            call = decorator.decorator
            if isinstance(call, cst.Call) and "problems.raises" in {
                name.replace("problems.declaring.", "problems.")
                for name in self._reader.qualified(original_node.decorators[index].decorator)
            } | _called(original_node.decorators[index], self._reader):
                added = [cst.Arg(cst.Name(name)) for name in names]
                arguments = [it.with_changes(comma=_COMMA) for it in call.args] + _separated(added)
                decorators[index] = decorator.with_changes(decorator=call.with_changes(args=arguments))
                return updated_node.with_changes(decorators=decorators)
        new = cst.Decorator(cst.Call(cst.Name("raises"), _separated([cst.Arg(cst.Name(name)) for name in names])))
        return updated_node.with_changes(decorators=[*decorators, new])


_COMMA: Final = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))


def _is_error(key: cst.BaseExpression) -> bool:
    return isinstance(key, cst.Integer) and 400 <= key.evaluated_value <= 599


def _called(decorator: cst.Decorator, reader: _Reader) -> set[str]:
    call = decorator.decorator
    return reader.qualified(call.func) if isinstance(call, cst.Call) else set()


def _separated(arguments: list[cst.Arg]) -> list[cst.Arg]:
    last = len(arguments) - 1
    return [it if number == last else it.with_changes(comma=_COMMA) for number, it in enumerate(arguments)]


def _with_registry(call: cst.Call, registry: str) -> cst.Call:
    """Return a call of `add_problems` with another registry, alone or combined with the existing one."""
    arguments = list(call.args)
    place = next((n for n, it in enumerate(arguments) if it.keyword and it.keyword.value == "registry"), None)
    if place is None and len(arguments) > 1 and arguments[1].keyword is None and not arguments[1].star:
        place = 1
    if place is None:
        after = [it.with_changes(comma=_COMMA) for it in arguments[1:]]
        first = arguments[0].with_changes(comma=_COMMA)
        new = cst.Arg(cst.parse_expression(registry), comma=_COMMA if after else cst.MaybeSentinel.DEFAULT)
        rest = [*after[:-1], arguments[-1]] if after else []
        return call.with_changes(args=[first, new, *rest])
    present = arguments[place].value
    if isinstance(present, cst.Name) and present.value == registry:
        return call
    joined = cst.BinaryOperation(present, cst.BitOr(), cst.parse_expression(registry))
    arguments[place] = arguments[place].with_changes(value=joined)
    return call.with_changes(args=arguments)


class _CommentReader(cst.CSTVisitor):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def visit_Comment(self, node: cst.Comment) -> None:
        self.found.append(node.value)


def _comments_in(node: cst.Call) -> list[str]:
    reader = _CommentReader()
    node.visit(reader)
    return reader.found
