"""
What one source file contains: calls of `HTTPException`, raises, functions, handlers, imports and names.

Names are resolved as the running module has them. Does not change anything.
"""

import ast
import builtins
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Final, TypeAlias

from problems.tools.migrate._source import Source

__all__ = ["EXCEPTIONS", "FASTAPI", "ExceptionCall", "Facts", "File", "Function", "Handler", "leaves_of"]

STARLETTE: Final = "starlette.exceptions.HTTPException"
FASTAPI: Final = "fastapi.exceptions.HTTPException"
EXCEPTIONS: Final = frozenset({STARLETTE, FASTAPI})
"""The qualified names of the classes whose calls are replaced."""
_ALIASES: Final = {"fastapi.HTTPException": FASTAPI}
_APPLICATIONS: Final = frozenset({"fastapi.applications.FastAPI", "starlette.applications.Starlette"})
_INSTALLING: Final = "add_problems"
_RAISES: Final = "problems.declaring._raises.raises"

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
_Scope: TypeAlias = Function | ast.ClassDef


@dataclass(frozen=True, eq=False)
class ExceptionCall:
    """
    One call of `HTTPException`.

    Attributes:
        node: The call.
        statement: The innermost statement that it is in.
        functions: The functions around it, the innermost last.
        name: The qualified name of the function around it; the name of the constant at module level.
        arguments: Its arguments by name.
        starred: Whether it has `*` or `**` arguments.
    """

    node: ast.Call
    statement: ast.stmt
    functions: tuple[Function, ...]
    name: str
    arguments: dict[str, ast.expr]
    starred: bool


@dataclass(frozen=True, eq=False)
class RaiseStatement:
    """A `raise` statement, and the functions around it, the innermost last."""

    node: ast.Raise
    functions: tuple[Function, ...]


@dataclass(frozen=True, eq=False)
class Handler:
    """
    A registration of an exception handler.

    Attributes:
        node: The decorator, the call of `add_exception_handler`, or the call of the application's class.
        key: The class or status that it handles.
        function: The handler, an expression; `None` for the decorated function.
        decorated: The decorated function.
        statement: The statement of the registration.
        functions: The functions around it.
    """

    node: ast.expr
    key: ast.expr
    function: ast.expr | None
    decorated: Function | None
    statement: ast.stmt
    functions: tuple[Function, ...]


@dataclass
class Facts:
    """The content of a file, collected in one pass."""

    calls: dict[ast.Call, ExceptionCall] = field(default_factory=dict[ast.Call, ExceptionCall])
    raises: dict[tuple[int, int], RaiseStatement] = field(default_factory=dict[tuple[int, int], RaiseStatement])
    functions: dict[int, Function] = field(default_factory=dict[int, Function])
    assigned: dict[tuple[object, str], list[ast.expr]] = field(default_factory=dict[tuple[object, str], list[ast.expr]])
    bound: dict[Function, set[str]] = field(default_factory=dict[Function, set[str]])
    uses: dict[str, int] = field(default_factory=dict[str, int])
    names: set[str] = field(default_factory=set[str])
    caught: list[ast.expr] = field(default_factory=list[ast.expr])
    documented: list[ast.Dict] = field(default_factory=list[ast.Dict])
    handlers: list[Handler] = field(default_factory=list[Handler])
    installs: list[tuple[ast.Call, ast.stmt, tuple[Function, ...]]] = field(
        default_factory=list[tuple[ast.Call, ast.stmt, tuple[Function, ...]]]
    )
    made: list[tuple[str, ast.stmt, tuple[Function, ...]]] = field(
        default_factory=list[tuple[str, ast.stmt, tuple[Function, ...]]]
    )


class File:
    """
    A source file of the application, and the module that was imported from it.

    Args:
        path: The path of the file.
        module: The module, if it was imported.

    Raises:
        SyntaxError: Python cannot parse it.
    """

    def __init__(self, path: Path, module: ModuleType | None) -> None:
        self.source = Source(path)
        self.path = path
        self.module = module
        self.name = module.__name__ if module is not None else ""
        self.imported: dict[str, tuple[str, str | None]] = {}
        for node in ast.walk(self.source.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    first = alias.name.partition(".")[0]
                    self.imported[alias.asname or first] = (alias.name if alias.asname else first, None)
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    self.imported[alias.asname or alias.name] = (self.absolute(node), alias.name)
        self.facts = Facts()
        _Reader(self).visit(self.source.tree)

    def absolute(self, node: ast.ImportFrom) -> str:
        """Return the full name of the module that a statement imports from."""
        if not node.level:
            return node.module or ""
        is_package = self.path.name == "__init__.py"
        parts = self.name.split(".")
        base = parts[: len(parts) - node.level + is_package]
        return ".".join([*base, *([node.module] if node.module else [])])

    def found(self, expression: ast.expr, functions: tuple[Function, ...] = ()) -> object:
        """Return the object that a name or an attribute means, or `None` if it is not known."""
        if isinstance(expression, ast.Attribute):
            return getattr(self.found(expression.value, functions), expression.attr, None)
        if not isinstance(expression, ast.Name):
            return None
        name = expression.id
        if any(name in self.facts.bound.get(function, ()) for function in functions):
            return None
        if self.module is not None and name in vars(self.module):
            return vars(self.module)[name]
        module, attribute = self.imported.get(name, ("", None))
        loaded = sys.modules.get(module)
        if loaded is None:
            return getattr(builtins, name, None)
        return loaded if attribute is None else getattr(loaded, attribute, sys.modules.get(f"{module}.{attribute}"))

    def qualified(self, expression: ast.expr, functions: tuple[Function, ...] = ()) -> str:
        """Return the qualified name of the object that an expression means, or an empty text."""
        result = self.found(expression, functions)
        if isinstance(result, type) or callable(result):
            name = f"{getattr(result, '__module__', '')}.{getattr(result, '__qualname__', '')}"
            return _ALIASES.get(name, name)
        return ""

    def raised(self, line: int, column: int) -> RaiseStatement | None:
        """Return the `raise` statement at a place."""
        result = self.facts.raises.get((line, column))
        return result or next((raised for (other, _), raised in self.facts.raises.items() if other == line), None)


def leaves_of(expression: ast.expr) -> Iterator[ast.expr]:
    """Yield the alternatives of an expression: the branches of a conditional, the operands of `or`."""
    if isinstance(expression, ast.IfExp):
        yield from leaves_of(expression.body)
        yield from leaves_of(expression.orelse)
    elif isinstance(expression, ast.BoolOp):
        for value in expression.values:
            yield from leaves_of(value)
    elif isinstance(expression, ast.NamedExpr):
        yield from leaves_of(expression.value)
    else:
        yield expression


class _Reader(ast.NodeVisitor):
    """Collects the facts of a file."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._facts = file.facts
        self._scopes: list[_Scope] = []
        self._statement: ast.stmt = ast.Pass()

    @property
    def _functions(self) -> tuple[Function, ...]:
        return tuple(scope for scope in self._scopes if not isinstance(scope, ast.ClassDef))

    @property
    def _qualname(self) -> str:
        return ".".join(scope.name for scope in self._scopes)

    def visit(self, node: ast.AST) -> None:
        """Visit a node, and remember its statement."""
        if not isinstance(node, ast.stmt):
            super().visit(node)
            return
        outer, self._statement = self._statement, node
        super().visit(node)
        self._statement = outer

    def _scope(self, node: _Scope) -> None:
        self._facts.names.add(node.name)
        self._bind(node.name)
        for part in node.decorator_list:
            self.visit(part)
        self._scopes.append(node)
        if not isinstance(node, ast.ClassDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            self._facts.functions[first] = node
            arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            arguments += [item for item in (node.args.vararg, node.args.kwarg) if item is not None]
            self._facts.bound[node] = {argument.arg for argument in arguments}
        for child in ast.iter_child_nodes(node):
            if child not in node.decorator_list:
                self.visit(child)
        self._scopes.pop()

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Enter a function."""
        self._decorated(node)
        self._scope(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        """Enter a function."""
        self._decorated(node)
        self._scope(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Enter a class."""
        self._scope(node)

    def _decorated(self, node: Function) -> None:
        for call in node.decorator_list:
            is_handler = isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "exception_handler"
            if is_handler and isinstance(call, ast.Call) and call.args:
                self._facts.handlers.append(Handler(call, call.args[0], None, node, node, self._functions))

    def _bind(self, name: str) -> None:
        if self._functions and isinstance(self._scopes[-1], ast.FunctionDef | ast.AsyncFunctionDef):
            self._facts.bound[self._functions[-1]].add(name)

    def visit_Name(self, node: ast.Name) -> None:
        """Note a name."""
        self._facts.names.add(node.id)
        if isinstance(node.ctx, ast.Store):
            self._bind(node.id)
        else:
            self._facts.uses[node.id] = self._facts.uses.get(node.id, 0) + 1

    def visit_alias(self, node: ast.alias) -> None:
        """Note an imported name."""
        self._facts.names.add((node.asname or node.name).partition(".")[0])

    def visit_arg(self, node: ast.arg) -> None:
        """Note a parameter."""
        self._facts.names.add(node.arg)
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        """Note a constant, or a variable, and an application."""
        for target in node.targets:
            if isinstance(target, ast.Name):
                self._assign(target.id, node.value)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """Note a constant, or a variable, and an application."""
        if isinstance(node.target, ast.Name) and node.value is not None:
            self._assign(node.target.id, node.value)
        self.generic_visit(node)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        """Note a variable."""
        self._assign(node.target.id, node.value)
        self.generic_visit(node)

    def _assign(self, name: str, value: ast.expr) -> None:
        scope = self._scopes[-1] if self._scopes else None
        self._facts.assigned.setdefault((scope, name), []).append(value)
        if isinstance(value, ast.Call) and self._file.qualified(value.func) in _APPLICATIONS:
            self._facts.made.append((name, self._statement, self._functions))

    def visit_Raise(self, node: ast.Raise) -> None:
        """Note a `raise` statement."""
        self._facts.raises[node.lineno, node.col_offset] = RaiseStatement(node, self._functions)
        self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> None:
        """Note `responses=`."""
        if node.arg == "responses" and isinstance(node.value, ast.Dict):
            self._facts.documented.append(node.value)
        self.generic_visit(node)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        """Note where FastAPI's class is caught, which is not a base of problems."""
        if node.name:
            self._bind(node.name)
        self._catch(node.type)
        self.generic_visit(node)

    def _catch(self, expression: ast.expr | None) -> None:
        for part in expression.elts if isinstance(expression, ast.Tuple) else [expression]:
            if isinstance(part, ast.Name | ast.Attribute) and self._file.qualified(part, self._functions) == FASTAPI:
                self._facts.caught.append(part)

    def visit_Call(self, node: ast.Call) -> None:
        """Note a call of `HTTPException`, `add_problems`, `isinstance`, or of an application."""
        called = self._file.qualified(node.func, self._functions)
        if called in EXCEPTIONS:
            self._exception(node)
        elif called.startswith("problems.") and called.endswith(f".{_INSTALLING}"):
            self._facts.installs.append((node, self._statement, self._functions))
        elif called == "builtins.isinstance" and len(node.args) == 2:
            self._catch(node.args[1])
        elif isinstance(node.func, ast.Attribute) and node.func.attr == "add_exception_handler" and len(node.args) == 2:
            handler = Handler(node, node.args[0], node.args[1], None, self._statement, self._functions)
            self._facts.handlers.append(handler)
        elif called in _APPLICATIONS:
            self._application(node)
        self.generic_visit(node)

    def _application(self, node: ast.Call) -> None:
        for keyword in node.keywords:
            if keyword.arg == "exception_handlers" and isinstance(keyword.value, ast.Dict):
                for key, value in zip(keyword.value.keys, keyword.value.values, strict=True):
                    if key is not None:
                        handler = Handler(node, key, value, None, self._statement, self._functions)
                        self._facts.handlers.append(handler)

    def _exception(self, node: ast.Call) -> None:
        arguments = dict(zip(("status_code", "detail", "headers"), node.args, strict=False))
        arguments |= {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
        starred = any(isinstance(argument, ast.Starred) for argument in node.args) or any(
            not keyword.arg for keyword in node.keywords
        )
        name = self._qualname
        if not self._functions and isinstance(self._statement, ast.Assign | ast.AnnAssign):
            statement = self._statement
            target = statement.target if isinstance(statement, ast.AnnAssign) else statement.targets[0]
            name = target.id.lower() if isinstance(target, ast.Name) else name
        self._facts.calls[node] = ExceptionCall(node, self._statement, self._functions, name, arguments, starred)


def declares(file: File, decorator: ast.expr) -> bool:
    """Return whether a decorator is `@raises(…)`."""
    return isinstance(decorator, ast.Call) and file.qualified(decorator.func) == _RAISES
