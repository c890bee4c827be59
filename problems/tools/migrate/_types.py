"""
The problem types that a migration proposes, and the module that defines them.

Equal errors share one type. Does not read applications: it receives the content of the source.
"""

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from problems.catalog import by_status, class_of
from problems.declaring.problem import ClientProblem, Problem, ServerProblem
from problems.errors import SetupError
from problems.tools.migrate._details import Detail, literal, written
from problems.tools.migrate._names import class_name, kebab, title_of
from problems.tools.migrate._source import Change, Source, Span

__all__ = ["ProposedType", "Vocabulary", "base_of", "earlier", "errors_module", "extended", "registry_of", "tied"]

_WIDTH: Final = 88
_NAME: Final = re.compile(r"\w+")

_TIED: Final[Mapping[int, tuple[str, str]]] = {
    401: ("www-authenticate", "challenges"),
    405: ("allow", "allow"),
    413: ("retry-after", "retry_after"),
    429: ("retry-after", "retry_after"),
    503: ("retry-after", "retry_after"),
}
"""For a status, the header field that its ready-made class takes as a parameter."""
_REQUIRED: Final = {401, 405, 407, 416, 426}
"""The statuses whose ready-made class requires its header field."""
_EVERYDAY: Final = frozenset(
    (
        *(
            "BadRequest",
            "Unauthorized",
            "PaymentRequired",
            "Forbidden",
            "NotFound",
            "MethodNotAllowed",
            "NotAcceptable",
        ),
        *("Conflict", "Gone", "PreconditionFailed", "ContentTooLarge", "UnsupportedMediaType", "UnprocessableContent"),
        *("TooManyRequests", "InternalServerError", "BadGateway", "ServiceUnavailable", "GatewayTimeout"),
    )
)
"""The ready-made classes that the root package exports."""
_IMPORTS: Final = {
    "UUID": "uuid",
    "Decimal": "decimal",
    "date": "datetime",
    "datetime": "datetime",
}


@dataclass(frozen=True)
class ProposedType:
    """
    A problem type that a migration proposes.

    Attributes:
        name: The name of its class.
        base: The name of its base.
        status: Its status code, if the base has none.
        title: Its title.
        template: The template of its detail.
        members: The types of its members, by name.
        keys: The keys of the dictionary that it was, each with its member; `None` for the text.
    """

    name: str
    base: str
    status: int | None
    title: str
    template: str | None
    members: tuple[tuple[str, str], ...]
    keys: tuple[tuple[str, str | None], ...] = ()


class Vocabulary:
    """
    The proposed types: one for each status, text and set of members.

    Args:
        taken: Whether a class name cannot be used.
        known: The types of an earlier migration.
    """

    def __init__(self, taken: Callable[[str], bool], known: Sequence[ProposedType] = ()) -> None:
        self._taken = taken
        self._types: dict[tuple[object, ...], ProposedType] = {}
        self._known: dict[tuple[object, ...], ProposedType] = {
            (other.base, other.status, other.template, other.members, other.keys): other
            for other in known
            if other.template
        }
        self._names = {kebab(other.name) for other in known}
        self._titles = {other.title.lower() for other in known}

    @property
    def types(self) -> list[ProposedType]:
        """The proposed types, in the order of their first use."""
        return list(self._types.values())

    def type_for(self, status: int, detail: Detail, function: str, headers: Mapping[str, ast.expr]) -> ProposedType:
        """Return the type of an error, created if it does not exist yet."""
        members = tuple(sorted((name, kind) for name, (kind, _) in detail.members.items()))
        base, own_status = base_of(status, headers)
        earlier = self._known.get((base, own_status, detail.template, members, detail.keys))
        if earlier is not None:
            return earlier
        words = detail.words if detail.template is None else None
        key = (status, base, detail.template, words, members, detail.keys)
        if key not in self._types:
            fallback = _fallback(_spoken(function), status)
            name = class_name(detail.words, fallback, self._is_taken)
            title = title_of(name, detail.words, detail.template, lambda item: item.lower() in self._titles)
            self._names.add(kebab(name))
            self._titles.add(title.lower())
            self._types[key] = ProposedType(name, base, own_status, title, detail.template, members, detail.keys)
        return self._types[key]

    def _is_taken(self, name: str) -> bool:
        return kebab(name) in self._names or self._taken(name)


def _fallback(name: str, status: int) -> str:
    """Return the name of a type whose text gives no name: the name of its function, and of its status."""
    ready = class_of(status).__name__
    return f"{name}Problem" if name.endswith(ready) or ready in {"ClientProblem", "ServerProblem"} else f"{name}{ready}"


def _spoken(function: str) -> str:
    """Return the name of a function in the form of a class name; a special method has the name of its class."""
    parts = [word for word in function.split(".") if not word.startswith("__")] or [""]
    return "".join(part[:1].upper() + part[1:] for part in parts[-1].split("_"))


def base_of(status: int, headers: Mapping[str, ast.expr]) -> tuple[str, int | None]:
    """Return the name of the base of a type, and the status if the base has none."""
    ready = by_status(status)
    if ready in {ClientProblem, ServerProblem, Problem} or (status in _REQUIRED and tied(status, headers) is None):
        return ("ClientProblem" if status < 500 else "ServerProblem"), status
    return ready.__name__, None


def tied(status: int, headers: Mapping[str, ast.expr]) -> tuple[str, str, str] | None:
    """Return the header field that belongs to a status, with the parameter and the code of its value."""
    field, parameter = _TIED.get(status, ("", ""))
    name = next((header for header in headers if header.lower() == field), None)
    if name is None:
        return None
    value = headers[name]
    text = value.value if isinstance(value, ast.Constant) else None
    if parameter == "challenges":
        return (name, parameter, written(value)) if text != "" else None
    if parameter == "allow":
        methods = [method.strip() for method in text.split(",")] if isinstance(text, str) else None
        listed = ", ".join(map(literal, filter(None, methods or ())))
        return (name, parameter, f"[{listed}]") if methods is not None else None
    if (isinstance(text, str) and text.isdigit()) or (type(text) is int):
        return name, parameter, str(int(text))
    return None


def errors_module(types: Sequence[ProposedType], base: str, application: str) -> str:
    """Return the source of a new module with classes and their registry."""
    names = sorted({"Registry", *(cls.base for cls in types)}, key=str.lower)
    kinds = sorted(_imported(types))
    modules = {_IMPORTS[kind]: [item for item in kinds if _IMPORTS[item] == _IMPORTS[kind]] for kind in kinds}
    imports = [f"from {module} import {', '.join(result)}" for module, result in sorted(modules.items())]
    imports += [""] if imports else []
    root = [name for name in names if name in _root_names()]
    imports.append(_wrapped(f"from problems import {', '.join(root)}", root))
    if others := [name for name in names if name not in root]:
        imports.append(_wrapped(f"from problems.catalog import {', '.join(others)}", others))
    docstring = f'"""The problem types of {application}."""'
    classes = "\n\n".join(_class(cls) for cls in types)
    listed = "".join(f"    {cls.name},\n" for cls in types)
    registry = f"registry = Registry(\n{listed}    base={literal(base)},\n)\n"
    return f"{docstring}\n\n" + "\n".join(imports) + f"\n\n\n{classes}\n\n{registry}"


def _wrapped(statement: str, names: Sequence[str]) -> str:
    if len(statement) <= _WIDTH:
        return statement
    listed = "".join(f"    {name},\n" for name in names)
    return f"{statement.partition(' import ')[0]} import (\n{listed})"


def _imported(types: Sequence[ProposedType]) -> set[str]:
    """Return the names of the standard library in the types of members."""
    return {name for cls in types for _, kind in cls.members for name in _NAME.findall(kind) if name in _IMPORTS}


def _root_names() -> frozenset[str]:
    return frozenset({"Registry", "ClientProblem", "ServerProblem"}) | _EVERYDAY


def _class(proposed: ProposedType) -> str:
    """Return the source of a class, with each keyword argument on a separate line."""
    words: dict[str, object] = {"type": kebab(proposed.name), "title": proposed.title}
    if proposed.status is not None:
        words["status"] = proposed.status
    if proposed.template is not None:
        words["detail"] = proposed.template
    header = "".join(f"    {name}={literal(value)},\n" for name, value in words.items())
    members = "".join(f"    {name}: {kind}\n" for name, kind in proposed.members)
    old = _legacy_detail(proposed)
    docstring = f"    {_docstring(proposed.title)}\n" + ("\n" if members or old else "")
    separator = "\n" if members and old else ""
    return f"class {proposed.name}(\n    {proposed.base},\n{header}):\n{docstring}{members}{separator}{old}"


def _legacy_detail(proposed: ProposedType) -> str:
    """Return the method that gives the dictionary that clients read until now."""
    if not proposed.keys:
        return ""
    values = [f"{literal(key)}: self.{member or 'detail'}" for key, member in proposed.keys]
    line = f"        return {{{', '.join(values)}}}\n"
    if len(line) > _WIDTH:
        line = "        return {\n" + "".join(f"            {value},\n" for value in values) + "        }\n"
    docstring = '        """Return the `detail` for clients of the old form."""\n'
    return f"    def legacy_detail(self) -> dict[str, object]:\n{docstring}{line}"


def _docstring(title: str) -> str:
    text = f"{title}."
    return f'"""{text}"""' if text.isprintable() and not {'"', "\\"} & set(text) else literal(text)


def extended(source: Source, types: Sequence[ProposedType]) -> bytes:
    """
    Return the source of an earlier errors module with more classes, which are added to its registry.

    Raises:
        SetupError: The module has no statement `registry = Registry(…)`.
    """
    call = registry_of(source)
    statement = next((item for item in source.tree.body if call is not None and call in ast.walk(item)), None)
    if call is None or statement is None:
        raise SetupError(
            f"{source.path} exists and has no `registry = Registry(…)`. "
            "Write the new types into another module: `--errors-module problem_types`."
        )
    place = source.lines(statement).start
    changes = [Change(Span(place, place), "".join(f"{_class(cls)}\n\n" for cls in types))]
    listed = [cls.name for cls in types]
    if call.args:
        end = source.span(call.args[-1]).end
        is_listed = source.before(source.span(call.args[-1]).start).isspace()
        gap = f",\n{source.indent(call.args[-1].lineno)}" if is_listed else ", "
        changes.append(Change(Span(end, end), "".join(f"{gap}{constant}" for constant in listed)))
    else:
        end = source.span(call.func).end + 1
        after = ", " if call.keywords else ""
        changes.append(Change(Span(end, end), ", ".join(listed) + after))
    statements = [item for item in source.tree.body if isinstance(item, ast.ImportFrom)]
    bound = {alias.asname or alias.name for item in statements for alias in item.names}
    wanted = {cls.base: ("problems" if cls.base in _root_names() else "problems.catalog") for cls in types}
    wanted |= {item: _IMPORTS[item] for item in _imported(types)}
    lines = "".join(f"from {module} import {name}\n" for name, module in sorted(wanted.items()) if name not in bound)
    first = next((item for item in source.tree.body if isinstance(item, ast.Import | ast.ImportFrom)), statement)
    start = source.lines(first).start
    return source.edited([Change(Span(start, start), lines), *changes])


def registry_of(source: Source) -> ast.Call | None:
    """Return the call in the statement `registry = Registry(…)` of a module."""
    for statement in source.tree.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and isinstance(statement.value, ast.Call):
            target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
            if ast.unparse(target) == "registry" and ast.unparse(statement.value.func).endswith("Registry"):
                return statement.value
    return None


def earlier(source: Source) -> Iterator[ProposedType]:
    """Yield the types of an earlier migration, as far as a new error may be equal to one of them."""
    for node in source.tree.body:
        if isinstance(node, ast.ClassDef) and node.bases:
            words = {
                keyword.arg: keyword.value.value for keyword in node.keywords if isinstance(keyword.value, ast.Constant)
            }
            members = [
                (statement.target.id, ast.unparse(statement.annotation))
                for statement in node.body
                if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
            ]
            status, detail = words.get("status"), words.get("detail")
            yield ProposedType(
                node.name,
                ast.unparse(node.bases[0]),
                status if isinstance(status, int) else None,
                str(words.get("title", "")),
                detail if isinstance(detail, str) else None,
                tuple(sorted(members)),
                tuple(_keys(node)),
            )


def _keys(node: ast.ClassDef) -> Iterator[tuple[str, str | None]]:
    for part in ast.walk(node):
        if isinstance(part, ast.Return) and isinstance(part.value, ast.Dict):
            for key, value in zip(part.value.keys, part.value.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(value, ast.Attribute):
                    yield str(key.value), None if value.attr == "detail" else value.attr
