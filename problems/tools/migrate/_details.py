"""
The `detail` of an `HTTPException`, read from its expression: a text, its fields as members, or a dictionary.

Pure functions over syntax trees. Does not evaluate anything: an expression that is not understood has a reason.
"""

import ast
import json
import keyword
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from string import Formatter
from typing import Final

from problems.declaring._body import is_taken

__all__ = ["Detail", "Unclear", "Values", "literal", "read_detail", "written"]

SIMPLE: Final = {"int", "str"}
"""The types whose values look the same in an f-string and in the `detail` template of a class."""
LEADING: Final = ("detail", "message", "reason")
"""The keys of a dictionary whose text becomes the `detail` of the problem."""
_PERCENT: Final = re.compile(r"%(?:(?P<percent>%)|(?P<form>[srdi]))")
_LINE_END: Final = re.compile(r"[\r\n]")
_CONVERSION: Final = {"r": "!r"}


class Values:
    """
    What is known about the values of names in an expression.

    Args:
        type_of: Returns the type of an expression as an annotation, or `None` if it is not known.
        assigned: Returns the expressions that are assigned to a name; none if there may be others.
        is_constant: Whether a name is a constant of the module.
        unnamed: The names that are left out of the names of members.
    """

    def __init__(
        self,
        type_of: Callable[[ast.expr], str | None],
        assigned: Callable[[ast.expr], Sequence[ast.expr]],
        is_constant: Callable[[ast.expr], bool] = lambda _: False,
        unnamed: Collection[str] = ("self", "cls"),
    ) -> None:
        self.type_of = type_of
        self.assigned = assigned
        self.is_constant = is_constant
        self.unnamed = frozenset(unnamed)


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
        keys: For a dictionary, its keys, each with the member of its value; `None` for the text.
    """

    words: str
    template: str | None
    text: str | None = None
    members: Mapping[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    keys: tuple[tuple[str, str | None], ...] = ()


def literal(value: object) -> str:
    """
    Return the Python source of a text or a number; texts have double quotes.

    >>> print(literal("It's a •."))
    "It's a •."
    """
    if not isinstance(value, str):
        return repr(value)
    return "".join(char if char.isprintable() else _escape(char) for char in json.dumps(value, ensure_ascii=False))


def _escape(character: str) -> str:
    number = ord(character)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"


def written(expression: ast.expr) -> str:
    """Return the source of an expression, as it was written if it has no comments."""
    source: object = vars(expression).get("source")
    if isinstance(source, str) and ("#" not in source or not _LINE_END.search(source)):
        return source
    if isinstance(expression, ast.Constant):
        return literal(expression.value)
    return ast.unparse(expression)


def read_detail(expression: ast.expr | None, phrase: str, values: Values) -> Detail:
    """
    Return the content of the `detail` of an `HTTPException`.

    >>> values = Values(lambda _: "int", lambda _: ())
    >>> read_detail(ast.parse("f'No item {item_id}'", mode="eval").body, "", values).template
    'No item {item_id}'

    Args:
        expression: The expression, or `None` without a `detail`.
        phrase: The phrase of the status, used as the detail without an expression.
        values: What is known about the names in it.

    Raises:
        Unclear: The expression is not a text or a dictionary that can be read in the source.
    """
    if expression is None or (isinstance(expression, ast.Constant) and expression.value is None):
        return Detail("", None, literal(phrase))
    if isinstance(expression, ast.Dict):
        return _dictionary(expression, phrase, values)
    return _text(expression, values)


def _text(expression: ast.expr, values: Values) -> Detail:
    if isinstance(expression, ast.Constant) and isinstance(expression.value, str):
        return _constant(expression.value)
    assigned = values.assigned(expression)
    if len(assigned) == 1 and isinstance(expression, ast.Name) and values.is_constant(expression):
        return _text(assigned[0], values)
    pieces = list(_pieces(expression))
    if pieces:
        return _filled(pieces, written(expression), values)
    words = next((item for item in map(_words, (expression, *assigned)) if item), "")
    if _is_text(expression, values) or (assigned and all(_is_text(item, values) for item in assigned)):
        return Detail(words, None, written(expression))
    raise Unclear("its detail is not a text that can be read in the source")


def _is_text(expression: ast.expr, values: Values) -> bool:
    """Return whether the value of an expression is certainly a text."""
    match expression:
        case ast.Constant(value=str()) | ast.JoinedStr():
            return True
        case ast.Call(func=ast.Name(id="str")):
            return True
        case ast.Call(func=ast.Attribute(value=value, attr="format" | "join" | "strip" | "replace" | "title")):
            return _is_text(value, values)
        case ast.BinOp(left=left, op=ast.Mod()):
            return _is_text(left, values)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _is_text(left, values) or _is_text(right, values)
        case ast.IfExp(body=body, orelse=other):
            return _is_text(body, values) and _is_text(other, values)
        case _:
            return values.type_of(expression) == "str"


def _words(expression: ast.expr) -> str:
    """Return the first text inside an expression."""
    if isinstance(expression, ast.Call) and not isinstance(expression.func, ast.Attribute):
        return ""
    texts = (node.value for node in ast.walk(expression) if isinstance(node, ast.Constant))
    return next((text for text in texts if isinstance(text, str) and text.strip()), "")


def _constant(text: str) -> Detail:
    if any("\ud800" <= item <= "\udfff" for item in text):
        raise Unclear("its detail is not valid Unicode")
    if not text:
        raise Unclear("its text is empty")
    return Detail(text, _escaped(text)) if text.strip() else Detail("", None, literal(text))


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
    elif isinstance(expression, ast.BinOp) and isinstance(expression.op, ast.Add):
        yield from _joined(expression)
    elif isinstance(expression, ast.Call) and isinstance(expression.func, ast.Attribute):
        yield from _formatted(expression)


def _joined(expression: ast.BinOp) -> Iterator[str | _Field]:
    """Yield the parts of `"…" + text`, if each is a constant or can be read itself."""
    results: list[str | _Field] = []
    for part in (expression.left, expression.right):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            results.append(part.value)
        elif pieces := list(_pieces(part)):
            results += pieces
        elif isinstance(part, ast.Call) and ast.unparse(part.func) == "str" and len(part.args) == 1:
            results.append(_Field(part.args[0]))
        else:
            return
    yield from results


def _percent(left: ast.expr, right: ast.expr) -> Iterator[str | _Field]:
    text = left.value if isinstance(left, ast.Constant) and isinstance(left.value, str) else None
    values = list(right.elts) if isinstance(right, ast.Tuple) else [right]
    if text is None or text.count("%") - text.count("%%") * 2 != len(values) or isinstance(right, ast.Dict):
        return
    results: list[str | _Field] = []
    end = 0
    for match in _PERCENT.finditer(text):
        results.append(text[end : match.start()] + ("%" if match["percent"] else ""))
        if match["form"]:
            results.append(_Field(values.pop(0), _CONVERSION.get(match["form"], "")))
        end = match.end()
    if not values and "%" not in text[end:]:
        yield from (*results, text[end:])


def _formatted(call: ast.Call) -> Iterator[str | _Field]:
    function = call.func
    text = function.value if isinstance(function, ast.Attribute) and function.attr == "format" else None
    if not isinstance(text, ast.Constant) or not isinstance(text.value, str):
        return
    named = {item.arg: item.value for item in call.keywords if item.arg}
    results: list[str | _Field] = []
    position = 0
    try:
        for before, name, spec, conversion in Formatter().parse(text.value):
            results.append(before)
            if name is None:
                continue
            value = named[name] if name and not name.isdigit() else call.args[int(name or position)]
            position += 1
            if isinstance(value, ast.Starred):
                return
            results.append(_Field(value, f"!{conversion}" if conversion else "", bool(spec)))
    except (ValueError, KeyError, IndexError):
        return
    yield from results


def _filled(pieces: list[str | _Field], source: str, values: Values) -> Detail:
    members: dict[str, tuple[str, str]] = {}
    template = ""
    is_template = True
    for piece in pieces:
        if isinstance(piece, str):
            template += _escaped(_valid(piece))
            continue
        name, kind, code = (
            _member_name(piece.value, values.unnamed),
            values.type_of(piece.value),
            ast.unparse(piece.value),
        )
        if name and kind and members.get(name, (kind, code)) == (kind, code):
            members[name] = (kind, code)
            is_template &= kind in SIMPLE and not piece.is_formatted
            template += f"{{{name}{piece.conversion}}}"
        else:
            is_template = False
    words = "".join(piece if isinstance(piece, str) else "\0" for piece in pieces)
    return Detail(words, template if is_template else None, None if is_template else source, members)


def _valid(text: str) -> str:
    if any("\ud800" <= item <= "\udfff" for item in text):
        raise Unclear("its detail is not valid Unicode")
    return text


def _member_name(value: ast.expr, unnamed: Collection[str]) -> str | None:
    """Return `item_id` for the expressions `item_id` and `item.id`; another name if that is reserved."""
    parts: list[str] = []
    while isinstance(value, ast.Attribute):
        parts.append(value.attr)
        value = value.value
    if not isinstance(value, ast.Name):
        return None
    names = [value.id, *reversed(parts)]
    name = "_".join(item for item in names if item not in unnamed).strip("_")
    name = f"{name}_value" if is_taken(name) and not is_taken(f"{name}_value") else name
    name = f"the_{name}" if is_taken(name) else name
    return name if name.isidentifier() and not keyword.iskeyword(name) else None


def _dictionary(expression: ast.Dict, phrase: str, values: Values) -> Detail:
    entries: dict[str, ast.expr] = {}
    for key, value in zip(expression.keys, expression.values, strict=True):
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
            raise Unclear("its detail is a dictionary whose keys are not all texts in the source")
        entries[key.value] = value
    order = list(entries)
    leading = next((key for key in LEADING if key in entries), None)
    text = Detail("", None, literal(phrase)) if leading is None else _text(entries.pop(leading), values)
    members = dict(text.members)
    for name, value in entries.items():
        if not name.isidentifier() or keyword.iskeyword(name) or is_taken(name):
            raise Unclear(f"the key {name!r} of its detail cannot be the name of a member")
        new = (_type_of_value(value, values), written(value))
        if name in members and (members[name][0] != new[0] or ast.unparse(value) != members[name][1]):
            raise Unclear(f"the key {name!r} of its detail cannot be the name of a member")
        members[name] = new
    words = text.words or next((str(entry.value) for entry in entries.values() if isinstance(entry, ast.Constant)), "")
    keys = tuple((key, None if key == leading else key) for key in order)
    return Detail(words.replace("_", " ").replace("-", " "), text.template, text.text, members, keys)


def _type_of_value(value: ast.expr, values: Values) -> str:
    if isinstance(value, ast.Constant) and type(value.value) in {int, str, float, bool}:
        return type(value.value).__name__
    if isinstance(value, ast.List) and value.elts:
        kinds = {_type_of_value(element, values) for element in value.elts}
        if len(kinds) == 1:
            return f"list[{kinds.pop()}]"
    if _is_text(value, values):
        return "str"
    kind = values.type_of(value)
    if kind is None:
        raise Unclear(f"the type of `{ast.unparse(value)}` in its detail is not known")
    return kind
