"""
Exception handlers of an application that only answer with a `detail`, as entries of `Policy(translate=…)`.

Reads one registration at a time. An unusual handler has a reason, and stays.
"""

import ast
import io
import re
import tokenize
from dataclasses import dataclass, replace
from typing import Final

from problems.tools.migrate._details import Unclear, read_detail
from problems.tools.migrate._reader import EXCEPTIONS, File, Function, Handler
from problems.tools.migrate._sites import (
    Replacement,
    Scope,
    check_server_text,
    headers_of,
    note_source,
    status_of,
    written_as,
)
from problems.tools.migrate._source import Span
from problems.tools.migrate._types import Vocabulary

__all__ = ["Translation", "translation"]

_FOREIGN: Final = ("starlette.", "fastapi.", "problems.", "pydantic", "builtins.Exception", "builtins.BaseException")
_SUFFIX: Final = re.compile(r"(?:Error|Exception|Exc)$")
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]*|[a-z]+|[0-9]+")


@dataclass(frozen=True)
class Translation:
    """
    One entry of `translate`.

    Attributes:
        handler: The registration.
        cls: The exception class.
        function: The handler, which becomes a function from the exception to the problem.
        result: The statement that answers.
        found: The problem that it becomes.
    """

    handler: Handler
    cls: type[Exception]
    function: Function
    result: ast.stmt
    found: Replacement

    @property
    def is_class(self) -> bool:
        """Whether the class alone is the translation: the problem needs no arguments."""
        return not self.found.arguments


def translation(handler: Handler, file: File, function: Function, home: File, vocabulary: Vocabulary) -> Translation:
    """
    Return the entry of `translate` for a handler.

    Args:
        handler: The registration.
        file: The file of the function.
        function: The handler.
        home: The file of the registration.
        vocabulary: The new types.

    Raises:
        Unclear: The handler does more than that; the message is the reason.
    """
    cls = exception_of(handler, home)
    statement = _only_statement(function)
    status, detail_node, headers = _answer(statement, file, function)
    request, error = _parameters(function)
    for node in (detail_node, headers):
        if node is not None and request in {item.id for item in ast.walk(node) if isinstance(item, ast.Name)}:
            raise Unclear("this handler answers with parts of the request; translate the exception where it is raised")
    scope = Scope(file, (*handler.functions, function), {error: cls})
    for node in (detail_node, headers):
        if node is not None:
            note_source(node, file)
    detail = read_detail(detail_node, "", scope.values())
    check_server_text(status, detail, sends=True)
    spoken = " ".join(_WORDS.findall(_SUFFIX.sub("", cls.__name__))) or cls.__name__
    if not detail.words.strip("\0 "):
        detail = replace(detail, words=spoken)
    fields, other = headers_of(headers)
    result = written_as(status, detail, f"{_SUFFIX.sub('', cls.__name__)}_", vocabulary, fields, other)
    return Translation(handler, cls, function, statement, result)


def exception_of(handler: Handler, file: File) -> type[Exception]:
    """
    Return the exception class of a handler.

    Raises:
        Unclear: It is a status, an exception of the framework, or not known.
    """
    result = file.found(handler.key, handler.functions)
    name = file.qualified(handler.key, handler.functions)
    if name in EXCEPTIONS:
        raise Unclear(
            "this handler answers each `HTTPException` itself; remove it, and `add_problems` answers with problems"
        )
    if not (isinstance(result, type) and issubclass(result, Exception)) or name.startswith(_FOREIGN):
        raise Unclear("this handler answers itself; remove it if `add_problems` answers as well")
    return result


def _only_statement(function: Function) -> ast.stmt:
    body = function.body
    is_docstring = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    rest = body[1:] if is_docstring else body
    if len(rest) != 1 or not isinstance(rest[0], ast.Return | ast.Raise):
        raise Unclear(
            "this handler does more than answer; `Policy(translate={…: …})` answers with a problem, "
            "and `Policy(hooks=…)` can do the rest"
        )
    if len(function.decorator_list) > 1:
        raise Unclear("this handler has several decorators; write an entry of `Policy(translate=…)` for each class")
    return rest[0]


def _answer(statement: ast.stmt, file: File, function: Function) -> tuple[int, ast.expr | None, ast.expr | None]:
    """Return the status, the detail and the header fields that a handler answers with."""
    call = statement.value if isinstance(statement, ast.Return) else getattr(statement, "exc", None)
    if not isinstance(call, ast.Call) or any(not keyword.arg for keyword in call.keywords):
        raise Unclear("this handler answers itself; `Policy(translate={…: …})` answers with a problem instead")
    name = file.qualified(call.func)
    order = ("status_code", "detail", "headers") if name in EXCEPTIONS else ("content", "status_code", "headers")
    given = dict(zip(order, call.args, strict=False)) | {str(keyword.arg): keyword.value for keyword in call.keywords}
    if given.keys() - set(order) or not (name in EXCEPTIONS or name.endswith("JSONResponse")):
        raise Unclear("this handler answers itself; `Policy(translate={…: …})` answers with a problem instead")
    status = status_of(given.get("status_code"), file, (function,))
    if name in EXCEPTIONS:
        return status, given.get("detail"), given.get("headers")
    content = given.get("content")
    if not isinstance(content, ast.Dict) or [getattr(key, "value", None) for key in content.keys] != ["detail"]:
        raise Unclear("this handler sends another document than `detail`; `Policy(translate={…: …})` sends a problem")
    return status, content.values[0], given.get("headers")


def _parameters(function: Function) -> tuple[str, str]:
    names = [parameter.arg for parameter in (*function.args.posonlyargs, *function.args.args)]
    if len(names) != 2:
        raise Unclear("this handler does not have the parameters `request` and `exc`")
    return names[0], names[1]


def header_of(file: File, function: Function) -> Span:
    """Return the span from `def` to the colon of a function."""
    source = file.source
    start = source.line(function.lineno).start + len(source.indent(function.lineno))
    end = source.span(function.body[0]).start
    depth = 0
    text = source.text[start:end]
    lines = [0, *(match.end() for match in re.finditer(r"\r\n|\r|\n", text))]
    for token in tokenize.generate_tokens(io.StringIO(text + "0", newline="").readline):
        if token.type == tokenize.OP:
            depth += (token.string in "([{") - (token.string in ")]}")
            if token.string == ":" and depth == 0:
                return Span(start, start + lines[token.end[0] - 1] + token.end[1])
    raise Unclear("this handler cannot be read")


def translator(file: File, entry: Translation, name: str, key: str, problem: str, code: str) -> tuple[Span, str]:
    """
    Return the span and the new text of a handler: a function from the exception to the problem.

    Args:
        file: The file of the handler.
        entry: Its translation.
        name: The name of the function.
        key: The name of the exception class in the file.
        problem: The name of the problem class in the file.
        code: The call that creates the problem.
    """
    source = file.source
    header = header_of(file, entry.function)
    error = _parameters(entry.function)[1]
    result = source.span(entry.result)
    text = f"def {name}({error}: {key}) -> {problem}:{source.text[header.end : result.start]}return {code}"
    return Span(header.start, result.end), text


def comments_above(file: File, function: Function) -> int:
    """Return the first line of the comments directly above a function and its decorators."""
    line = min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])
    while line > 1 and file.source.code(file.source.line(line - 1)).lstrip(" \t").startswith("#"):
        line -= 1
    return line
