"""
The `detail` of an `HTTPException`, read from its expression: a text, its fields as members, or a dictionary.

Pure functions over syntax trees. Does not evaluate anything: an expression that is not understood has a reason.
"""

import ast
import json
import keyword
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from string import Formatter
from typing import Final

__all__ = ["Detail", "Unclear", "literal", "read_detail", "written"]

SIMPLE: Final = {"int", "str"}
"""The types whose values look the same in an f-string and in the `detail` template of a class."""
MEMBER_TYPES: Final = {"int", "str", "float", "bool", "UUID", "Decimal", "date", "datetime"}
"""The types of values that become typed members."""
LEADING: Final = ("detail", "message", "reason")
"""The keys of a dictionary whose text becomes the `detail` of the problem."""
_PERCENT: Final = re.compile(r"%(?:(?P<percent>%)|(?P<form>[sdi]))")

TypeOf = Callable[[ast.expr], str | None]
"""Returns the name of the type of an expression, or `None` if it is not known."""


class Unclear(Exception):
    """The expression cannot be turned into a problem; the message is the reason."""


@dataclass(frozen=True)
class Detail:
    """
    The content of the expression.

    Attributes:
        words: The text without its fields, for names and titles.
        template: The `detail` template of the class; `None` if the text is passed where the problem is raised.
        text: The expression to pass as `detail` where the problem is raised; `None` if the template is complete.
        members: For each member its type and the expression of its value.
    """

    words: str
    template: str | None
    text: str | None = None
    members: Mapping[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])


def literal(value: object) -> str:
    """
    Return the Python source of a text or a number; texts have double quotes.

    >>> print(literal("It's a •."))
    "It's a •."
    """
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def written(expression: ast.expr) -> str:
    """Return the source of an expression, as it was written if it is on one line."""
    source: object = vars(expression).get("source")
    if isinstance(source, str) and "\n" not in source:
        return source
    is_text = isinstance(expression, ast.Constant) and isinstance(expression.value, str)
    return literal(expression.value) if is_text else ast.unparse(expression)  # type: ignore[attr-defined] # a constant


def read_detail(expression: ast.expr | None, phrase: str, type_of: TypeOf, constants: Mapping[str, str]) -> Detail:
    """
    Return the content of the `detail` of an `HTTPException`.

    >>> read_detail(ast.parse("f'No item {item_id}'", mode="eval").body, "", lambda it: "int", {}).template
    'No item {item_id}'

    Args:
        expression: The expression, or `None` without a `detail`.
        phrase: The phrase of the status, used as the detail without an expression.
        type_of: The types of names and attributes.
        constants: The texts of module constants, by name.

    Raises:
        Unclear: The expression is not a text or a dictionary that can be read in the source.
    """
    if expression is None or (isinstance(expression, ast.Constant) and expression.value is None):
        return Detail("", None, literal(phrase))
    if isinstance(expression, ast.Dict):
        return _dictionary(expression, phrase, type_of, constants)
    return _text(expression, type_of, constants)


def _text(expression: ast.expr, type_of: TypeOf, constants: Mapping[str, str]) -> Detail:
    if isinstance(expression, ast.Constant) and isinstance(expression.value, str):
        return _constant(expression.value)
    if isinstance(expression, ast.Name) and expression.id in constants:
        return _constant(constants[expression.id])
    pieces = list(_pieces(expression))
    if pieces:
        return _filled(pieces, written(expression), type_of)
    if isinstance(expression, ast.Call) and ast.unparse(expression.func) == "str":
        return Detail("", None, written(expression))
    raise Unclear("its detail is not a text that can be read in the source")


def _constant(text: str) -> Detail:
    template = _escaped(text)
    return Detail(text, template) if text.strip() else Detail("", None, literal(text))


def _escaped(text: str) -> str:
    return "".join({"{": "{{", "}": "}}"}.get(character, character) for character in text)


@dataclass(frozen=True)
class _Field:
    value: ast.expr
    conversion: str = ""
    is_formatted: bool = False


def _pieces(expression: ast.expr) -> Iterator[str | _Field]:
    """Yield the parts of an f-string, of `"…" % values` or of `"…".format(…)`, if the expression is one of these."""
    if isinstance(expression, ast.JoinedStr):
        for part in expression.values:
            if isinstance(part, ast.Constant):
                yield str(part.value)
            elif isinstance(part, ast.FormattedValue):
                conversion = "" if part.conversion < 0 else f"!{chr(part.conversion)}"
                yield _Field(part.value, conversion, part.format_spec is not None)
    elif isinstance(expression, ast.BinOp) and isinstance(expression.op, ast.Mod):
        yield from _percent(expression.left, expression.right)
    elif isinstance(expression, ast.Call) and isinstance(expression.func, ast.Attribute):
        yield from _formatted(expression)


def _percent(left: ast.expr, right: ast.expr) -> Iterator[str | _Field]:
    text = left.value if isinstance(left, ast.Constant) and isinstance(left.value, str) else None
    values = list(right.elts) if isinstance(right, ast.Tuple) else [right]
    if text is None or text.count("%") - text.count("%%") * 2 != len(values) or isinstance(right, ast.Dict):
        return
    found: list[str | _Field] = []
    end = 0
    for match in _PERCENT.finditer(text):
        found.append(text[end : match.start()] + ("%" if match["percent"] else ""))
        if match["form"]:
            found.append(_Field(values.pop(0)))
        end = match.end()
    if not values:
        yield from (*found, text[end:])


def _formatted(call: ast.Call) -> Iterator[str | _Field]:
    function = call.func
    text = function.value if isinstance(function, ast.Attribute) and function.attr == "format" else None
    if not isinstance(text, ast.Constant) or not isinstance(text.value, str):
        return
    named = {it.arg: it.value for it in call.keywords if it.arg}
    found: list[str | _Field] = []
    try:
        for position, (before, name, spec, conversion) in enumerate(Formatter().parse(text.value)):
            found.append(before)
            if name is not None:
                value = named[name] if name and not name.isdigit() else call.args[int(name or position)]
                found.append(_Field(value, f"!{conversion}" if conversion else "", bool(spec)))
    except (ValueError, KeyError, IndexError):
        return
    yield from found


def _filled(pieces: list[str | _Field], source: str, type_of: TypeOf) -> Detail:
    members: dict[str, tuple[str, str]] = {}
    template = ""
    is_template = True
    for piece in pieces:
        if isinstance(piece, str):
            template += _escaped(piece)
            continue
        name, kind = _member_name(piece.value), type_of(piece.value)
        if (
            name
            and kind in MEMBER_TYPES
            and members.get(name, (kind, ast.unparse(piece.value)))[1] == ast.unparse(piece.value)
        ):
            members[name] = (kind, ast.unparse(piece.value))
            is_template &= kind in SIMPLE and not piece.is_formatted
            template += f"{{{name}{piece.conversion}}}"
        else:
            is_template = False
    words = " ".join(piece.strip() if isinstance(piece, str) else "\0" for piece in pieces)
    return Detail(words, template if is_template else None, None if is_template else source, members)


def _member_name(value: ast.expr) -> str | None:
    """Return `item_id` for the expressions `item_id` and `item.id`."""
    parts: list[str] = []
    while isinstance(value, ast.Attribute):
        parts.append(value.attr)
        value = value.value
    if not isinstance(value, ast.Name):
        return None
    names = [value.id, *reversed(parts)]
    return "_".join(it for it in names if it != "self").strip("_") or None


def _dictionary(expression: ast.Dict, phrase: str, type_of: TypeOf, constants: Mapping[str, str]) -> Detail:
    entries: dict[str, ast.expr] = {}
    for key, value in zip(expression.keys, expression.values, strict=True):
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
            raise Unclear("its detail is a dictionary whose keys are not all texts in the source")
        entries[key.value] = value
    leading = next((key for key in LEADING if key in entries), None)
    text = Detail("", None, literal(phrase)) if leading is None else _text(entries.pop(leading), type_of, constants)
    members = dict(text.members)
    for name, value in entries.items():
        if not name.isidentifier() or keyword.iskeyword(name) or name in members:
            raise Unclear(f"the key {name!r} of its detail cannot be the name of a member")
        members[name] = (_type_of_value(value, type_of), written(value))
    words = text.words or next((str(it.value) for it in entries.values() if isinstance(it, ast.Constant)), "")
    return Detail(words.replace("_", " ").replace("-", " "), text.template, text.text, members)


def _type_of_value(value: ast.expr, type_of: TypeOf) -> str:
    if isinstance(value, ast.Constant) and type(value.value) in {int, str, float, bool}:
        return type(value.value).__name__
    if isinstance(value, ast.JoinedStr):
        return "str"
    kind = type_of(value)
    if kind is None:
        raise Unclear(f"the type of `{ast.unparse(value)}` in its detail is not known")
    return kind
