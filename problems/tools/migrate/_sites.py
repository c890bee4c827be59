"""
The replacement of one call of `HTTPException`: its problem type, and the code that raises it.

Reads types from annotations of the function around the call, as the running module has them.
"""

import ast
import http
import inspect
import re
import types
import typing
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from pydantic import BaseModel

from problems._wire.status import phrase
from problems.catalog import class_of
from problems.declaring._definition import definition_of
from problems.tools.migrate._details import Detail, Unclear, Values, literal, read_detail, written
from problems.tools.migrate._reader import ExceptionCall, File, Function
from problems.tools.migrate._types import ProposedType, Vocabulary, base_of, tied

__all__ = ["Replacement", "Scope", "note_source", "replacement"]

_MEMBER_TYPES: Final[Mapping[object, str]] = {
    item: item.__name__ for item in (int, str, float, bool, UUID, Decimal, date, datetime)
}
"""The types of values that become typed members."""


@dataclass(frozen=True)
class Replacement:
    """
    The new code of one call.

    Attributes:
        name: The class that is raised.
        arguments: The arguments that create the problem.
        proposed: The new type; `None` for a ready-made class.
    """

    name: str
    arguments: tuple[str, ...]
    proposed: ProposedType | None


def replacement(call: ExceptionCall, file: File, vocabulary: Vocabulary, *, sends_server_detail: bool) -> Replacement:
    """
    Return the replacement of a call.

    Args:
        call: The call.
        file: The file that it is in.
        vocabulary: The new types.
        sends_server_detail: Whether clients get the text of a 5xx today.

    Raises:
        Unclear: The call cannot be replaced; the message is the reason.
    """
    if call.starred:
        raise Unclear("its arguments are unpacked from a value")
    if unknown := call.arguments.keys() - {"status_code", "detail", "headers"}:
        raise Unclear(f"it has the argument {min(unknown)!r}, which `HTTPException` does not have")
    status = status_of(call.arguments.get("status_code"), file, call.functions)
    _check_phrase(status, call.arguments.get("detail"))
    scope = Scope(file, call.functions)
    for argument in call.arguments.values():
        note_source(argument, file)
    detail = read_detail(call.arguments.get("detail"), _phrase(status), scope.values())
    check_server_text(status, detail, sends=sends_server_detail)
    headers, other = headers_of(call.arguments.get("headers"))
    return written_as(status, detail, call.name, vocabulary, headers, other)


def _check_phrase(status: int, detail: ast.expr | None) -> None:
    """Raise if an exception without `detail` has no text either: its status is not registered."""
    is_absent = detail is None or (isinstance(detail, ast.Constant) and detail.value is None)
    if is_absent and status not in _PHRASES:
        raise Unclear(f"a {status} without `detail` has no text")


_PHRASES: Final = frozenset(map(int, http.HTTPStatus))


def _phrase(status: int) -> str:
    """Return the text that Starlette fills in where the raise site gives none."""
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return phrase(status)


def check_server_text(status: int, detail: Detail, *, sends: bool) -> None:
    """Raise if clients would get the text of an exception, or a text that they do not get today."""
    if status < 500:
        return
    if not sends:
        raise Unclear(f"the text of a {status} is not sent to clients today; declare a problem with a text for clients")
    if detail.template is None and detail.text != literal(_phrase(status)):
        raise Unclear(
            f"the text of its {status} is made of other values, which may not be meant for clients; "
            "declare a problem with a text for clients"
        )


def written_as(
    status: int,
    detail: Detail,
    function: str,
    vocabulary: Vocabulary,
    headers: Mapping[str, ast.expr],
    other: ast.expr | None,
) -> Replacement:
    """Return the class and the arguments for an error: a new type, or a ready-made class without words of its own."""
    base, own_status = base_of(status, headers)
    detail = _renamed(detail, base)
    if not detail.words.strip("\0 ") and not detail.members and own_status is None:
        return Replacement(class_of(status).__name__, _arguments(detail, headers, other, status), None)
    proposed = vocabulary.type_for(status, detail, function, headers)
    return Replacement(proposed.name, _arguments(detail, headers, other, status), proposed)


def _renamed(detail: Detail, base: str) -> Detail:
    """Return the detail without members that its base has already: a `retry_after` in a text is not the header."""
    from_catalog = next((cls for cls in _bases() if cls.__name__ == base), None)
    taken = definition_of(from_catalog).members.names if from_catalog is not None else ()
    clash = [member for member in detail.members if member in taken]
    if clash and detail.keys:
        raise Unclear(f"the key {clash[0]!r} of its detail is a header field of {base}")
    template, members = detail.template, dict(detail.members)
    for name in clash:
        members[f"{name}_value"] = members.pop(name)
        template = template.replace(f"{{{name}", f"{{{name}_value") if template is not None else None
    return Detail(detail.words, template, detail.text, members, detail.keys)


def _bases() -> Sequence[type]:
    return [class_of(status) for status in range(400, 600)]


def _arguments(detail: Detail, headers: Mapping[str, ast.expr], other: ast.expr | None, status: int) -> tuple[str, ...]:
    arguments = [detail.text] if detail.text is not None else []
    arguments += [f"{member}={value}" for member, (_, value) in detail.members.items()]
    left = dict(headers)
    own = tied(status, headers)
    if own is not None:
        field, parameter, code = own
        arguments.append(f"{parameter}={code}")
        left.pop(field)
    if left:
        pairs = ", ".join(f"{literal(key)}: {written(value)}" for key, value in left.items())
        arguments.append(f"headers={{{pairs}}}")
    elif other is not None:
        arguments.append(f"headers={written(other)}")
    return tuple(arguments)


def headers_of(expression: ast.expr | None) -> tuple[dict[str, ast.expr], ast.expr | None]:
    """Return the header fields of a dictionary in the source, or the expression if it is not one."""
    if expression is None or (isinstance(expression, ast.Constant) and expression.value is None):
        return {}, None
    if isinstance(expression, ast.Dict):
        keys = [key.value if isinstance(key, ast.Constant) else None for key in expression.keys]
        if all(isinstance(key, str) for key in keys):
            return dict(zip(map(str, keys), expression.values, strict=True)), None
    return {}, expression


def status_of(expression: ast.expr | None, file: File, functions: tuple[Function, ...]) -> int:
    """
    Return the certain status code of an expression: a number, or a constant that the module defines.

    Raises:
        Unclear: It is not known, or not the status of an error.
    """
    value: object = expression.value if isinstance(expression, ast.Constant) else None
    if isinstance(expression, ast.Attribute | ast.Name):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Starlette warns of its old names of statuses
            value = file.found(expression, functions)
    if isinstance(value, http.HTTPStatus):
        value = value.value
    if type(value) is not int:
        raise Unclear("its status is not a number that can be read in the source")
    if not 400 <= value <= 599:
        raise Unclear(f"its status {value} is not an error")
    return value


def note_source(expression: ast.expr, file: File) -> None:
    """Note the text of an expression and its parts on their nodes; inside of f-strings positions are not known."""
    waiting: list[ast.AST] = [expression]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.expr):
            vars(node)["source"] = file.source.code(node)
        if not isinstance(node, ast.JoinedStr):
            waiting += ast.iter_child_nodes(node)


class Scope:
    """
    The types and values of names at one place.

    Args:
        file: The file.
        functions: The functions around the place, the innermost last.
        kinds: The types of names that are known better than from annotations.
    """

    def __init__(self, file: File, functions: tuple[Function, ...], kinds: Mapping[str, type] | None = None) -> None:
        self._file = file
        self._functions = functions
        self._kinds = kinds or {}

    def values(self) -> Values:
        """Return the types and the values of the names."""
        return Values(self.type_of, self.assigned, self.is_constant, ("self", "cls", *self._kinds))

    def is_constant(self, name: ast.expr) -> bool:
        """Return whether a name is assigned at module level."""
        return isinstance(name, ast.Name) and self._owner(name.id) is None

    def _owner(self, name: str) -> Function | None:
        bound = self._file.facts.bound
        return next((function for function in reversed(self._functions) if name in bound.get(function, ())), None)

    def assigned(self, name: ast.expr) -> Sequence[ast.expr]:
        """Return the expressions that are assigned to a name; none if it may have another value."""
        if not isinstance(name, ast.Name):
            return ()
        owner = self._owner(name.id)
        if owner is not None and _parameter(owner, name.id) is not None:
            return ()
        result = self._file.facts.assigned.get((owner, name.id), [])
        return result if len(result) == _stores(owner or self._file.source.tree, name.id) else ()

    def type_of(self, expression: ast.expr) -> str | None:
        """Return the type of an expression as the annotation of a member, or `None`."""
        kind = self._kind(expression)
        return member_type(kind) if kind is not None else None

    def _kind(self, expression: ast.expr) -> object:
        if isinstance(expression, ast.Name):
            return self._kinds.get(expression.id) or self._annotated(expression.id)
        if isinstance(expression, ast.Attribute):
            owner = self._kind(expression.value)
            return _attribute(owner, expression.attr) if isinstance(owner, type) else None
        return None

    def _annotated(self, name: str) -> object:
        owner = self._owner(name)
        parameter = _parameter(owner, name) if owner is not None else None
        if owner is None or parameter is None or parameter.annotation is None or _stores(owner, name):
            return None
        kind = self.evaluated(parameter.annotation)
        return kind | None if kind is not None and _is_none(owner, parameter) and isinstance(kind, type) else kind

    def evaluated(self, annotation: ast.expr) -> object:
        """Return the type that an annotation means, or `None` if it is not known."""
        match annotation:
            case ast.Constant(value=str() as text):
                try:
                    return self.evaluated(ast.parse(text, mode="eval").body)
                except SyntaxError:
                    return None
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                return _optional(self.evaluated(right if _is_literal_none(left) else left), left, right)
            case ast.Subscript(value=value, slice=inner):
                return self._generic(self._file.found(value), inner)
            case _:
                return self._file.found(annotation) or _MEMBER_BUILTINS.get(ast.unparse(annotation))

    def _generic(self, origin: object, inner: ast.expr) -> object:
        if origin is typing.Annotated:
            return self.evaluated(inner.elts[0]) if isinstance(inner, ast.Tuple) else None
        kind = self.evaluated(inner)
        if origin is typing.Optional and isinstance(kind, type):
            return kind | None
        return None


_MEMBER_BUILTINS: Final = {"int": int, "str": str, "float": float, "bool": bool}


def _is_literal_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _optional(kind: object, left: ast.expr, right: ast.expr) -> object:
    is_optional = _is_literal_none(left) or _is_literal_none(right)
    return kind | None if isinstance(kind, type) and is_optional else None


def _parameter(function: Function, name: str) -> ast.arg | None:
    arguments = (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
    return next((argument for argument in arguments if argument.arg == name), None)


def _is_none(function: Function, parameter: ast.arg) -> bool:
    """Return whether the default of a parameter is `None`."""
    positional = [*function.args.posonlyargs, *function.args.args]
    defaults = dict(zip(reversed(positional), reversed(function.args.defaults), strict=False))
    keywords = dict(zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True))
    default = defaults.get(parameter) or keywords.get(parameter)
    return default is not None and _is_literal_none(default)


def _stores(scope: ast.AST, name: str) -> int:
    """Return how often a name is bound in a scope, apart from parameters."""
    return sum(
        (isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load))
        or (isinstance(node, ast.ExceptHandler) and node.name == name)
        or (isinstance(node, ast.Global | ast.Nonlocal) and name in node.names)
        or (isinstance(node, ast.arg) and node.arg == name and node not in _own(scope))
        for node in ast.walk(scope)
    )


def _own(scope: ast.AST) -> list[ast.arg]:
    arguments = getattr(scope, "args", None)
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs] if arguments is not None else []


def member_type(kind: object) -> str | None:
    """
    Return the annotation of a member with values of a type, or `None`.

    >>> member_type(int), member_type(int | None), member_type(object)
    ('int', 'int | None', None)
    """
    if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
        parts = [argument for argument in typing.get_args(kind) if argument is not types.NoneType]
        inner = member_type(parts[0]) if len(parts) == 1 else None
        return f"{inner} | None" if inner is not None else None
    return _MEMBER_TYPES.get(kind) if isinstance(kind, type) else None


def _attribute(kind: type[object], attribute: str) -> object:
    if issubclass(kind, BaseModel) and attribute in kind.model_fields:
        return kind.model_fields[attribute].annotation
    try:
        result = typing.get_type_hints(kind).get(attribute)
        return result if result is not None else _initialised(kind, attribute)
    except Exception:  # noqa: BLE001 - an annotation that cannot be evaluated is not a known type
        return None


def _initialised(kind: type, attribute: str) -> object:
    """Return the type of an attribute that `__init__` sets to the parameter of the same name."""
    initialise = vars(kind).get("__init__")
    if not inspect.isfunction(initialise):
        return None
    name = re.escape(attribute)
    pattern = rf"^[ \t]*+self\.{name}[ \t]*+(:[^=\n]++)?=[ \t]*+{name}[ \t]*$"
    is_set = re.search(pattern, inspect.getsource(initialise), re.MULTILINE)
    return typing.get_type_hints(initialise).get(attribute) if is_set else None
