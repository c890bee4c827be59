"""
The replacement of one call of `HTTPException`: its problem type, and the code that raises it.

Reads types from annotations of the function around the call, as written or as the running module has them.
"""

import ast
import http
import inspect
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Final

from pydantic import BaseModel

from problems._wire.status import phrase
from problems.catalog import class_of
from problems.tools.migrate._details import MEMBER_TYPES, Detail, Unclear, literal, read_detail, written
from problems.tools.migrate._files import ExceptionCall
from problems.tools.migrate._types import ProposedType, Vocabulary, base_of, tied

__all__ = ["Replacement", "replacement"]

_RESERVED: Final = frozenset(
    (
        *("type", "title", "status", "detail", "instance", "args", "headers", "request", "response", "reading"),
        *("registry", "status_code", "relayed", "model_config", "add_note", "with_traceback"),
    )
)


@dataclass(frozen=True)
class Replacement:
    """
    The new code of one call.

    Attributes:
        name: The class that is raised.
        code: The expression that creates the problem.
        proposed: The new type; `None` for a ready-made class.
    """

    name: str
    code: str
    proposed: ProposedType | None


def replacement(
    call: ExceptionCall, module: ModuleType | None, constants: Mapping[str, str], vocabulary: Vocabulary
) -> Replacement:
    """
    Return the replacement of a call.

    Raises:
        Unclear: The call cannot be replaced; the message is the reason.
    """
    if call.starred:
        raise Unclear("its arguments are unpacked from a value")
    status = _status(call.arguments.get("status_code"), module)
    if status >= 500:
        raise Unclear(f"the text of a {status} is not sent to clients today; declare a problem with a text for clients")
    types = _Types(call, module)
    detail = read_detail(call.arguments.get("detail"), phrase(status), types.of, constants)
    headers, other = _headers(call.arguments.get("headers"))
    if reserved := sorted({*detail.members} & _RESERVED | {it for it in detail.members if it.startswith("problem_")}):
        raise Unclear(f"{reserved[0]!r} in its detail cannot be the name of a member")
    if not detail.words.strip("\0 ") and not detail.members and base_of(status, headers)[1] is None:
        name = class_of(status).__name__
        return Replacement(name, _code(name, detail, headers, other, status), None)
    proposed = vocabulary.type_for(status, detail, call.function or call.constant.lower(), headers)
    return Replacement(proposed.name, _code(proposed.name, detail, headers, other, status), proposed)


def _code(name: str, detail: Detail, headers: Mapping[str, ast.expr], other: ast.expr | None, status: int) -> str:
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
    return f"{name}({', '.join(arguments)})"


def _headers(expression: ast.expr | None) -> tuple[dict[str, ast.expr], ast.expr | None]:
    """Return the header fields of a dictionary in the source, or the expression if it is not one."""
    if expression is None or (isinstance(expression, ast.Constant) and expression.value is None):
        return {}, None
    if isinstance(expression, ast.Dict):
        keys = [it.value if isinstance(it, ast.Constant) else None for it in expression.keys]
        if all(isinstance(it, str) for it in keys):
            return dict(zip(map(str, keys), expression.values, strict=True)), None
    return {}, expression


def _status(expression: ast.expr | None, module: ModuleType | None) -> int:
    """Return the certain status code of an expression: a number, or a constant that the module defines."""
    value: object = expression.value if isinstance(expression, ast.Constant) else None
    if isinstance(expression, ast.Attribute | ast.Name):
        value = _looked_up(ast.unparse(expression), module)
    if isinstance(value, http.HTTPStatus):
        value = value.value
    if type(value) is not int:
        raise Unclear("its status is not a number that can be read in the source")
    if not 400 <= value <= 599:
        raise Unclear(f"its status {value} is not an error")
    return value


def _looked_up(name: str, module: ModuleType | None) -> object:
    first, *rest = name.split(".")
    found: object = getattr(module, first, None)
    for part in rest:
        found = getattr(found, part, None)
    return found


class _Types:
    """The types of parameters and of their attributes."""

    def __init__(self, call: ExceptionCall, module: ModuleType | None) -> None:
        self._written = call.annotations
        function: object = module
        for name in call.function.split(".") if call.function else ():
            function = getattr(function, name, None)
        self._hints: dict[str, object] = {}
        if inspect.isfunction(function):
            try:
                self._hints = dict(typing.get_type_hints(inspect.unwrap(function)))
            except Exception:  # noqa: BLE001 - an annotation that cannot be evaluated is not a known type
                self._hints = {}

    def of(self, expression: ast.expr) -> str | None:
        """Return the name of the type of an expression, if a member can have it."""
        if isinstance(expression, ast.Name):
            kind = self._hints.get(expression.id)
            name = _named(kind) if kind is not None else self._written.get(expression.id, "").partition("[")[0]
            return name if name in MEMBER_TYPES else None
        if isinstance(expression, ast.Attribute) and isinstance(expression.value, ast.Name):
            return _attribute(self._hints.get(expression.value.id), expression.attr)
        return None


def _named(kind: object) -> str:
    return kind.__name__ if isinstance(kind, type) else ""


def _class(kind: object) -> object:
    return kind


def _attribute(kind: object, attribute: str) -> str | None:
    if not isinstance(kind, type):
        return None
    model = kind if issubclass(kind, BaseModel) else None
    if model is not None and attribute in model.model_fields:
        found: object = model.model_fields[attribute].annotation
    else:
        try:
            found = typing.get_type_hints(_class(kind)).get(attribute)  # pyright: ignore[reportUnknownArgumentType] - any class
        except Exception:  # noqa: BLE001 - an annotation that cannot be evaluated is not a known type
            return None
    return _named(found) if _named(found) in MEMBER_TYPES else None
