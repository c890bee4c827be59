"""
The problem types that a migration proposes, and the module that defines them.

Equal errors share one type. Does not read applications: it receives the content of the source.
"""

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from problems.catalog import by_status, class_of
from problems.declaring.problem import ClientProblem, Problem, ServerProblem
from problems.errors import SetupError
from problems.tools.migrate._details import Detail, literal, written
from problems.tools.migrate._names import class_name, kebab, title_of

__all__ = ["ProposedType", "Vocabulary", "errors_module", "extended"]

_TIED: Final[Mapping[int, tuple[str, str]]] = {
    401: ("www-authenticate", "challenges"),
    405: ("allow", "allow"),
    413: ("retry-after", "retry_after"),
    429: ("retry-after", "retry_after"),
    503: ("retry-after", "retry_after"),
}
"""For a status, the header field that its ready-made class takes as a parameter."""
_REQUIRED: Final = {401, 405, 407, 426}
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
    """

    name: str
    base: str
    status: int | None
    title: str
    template: str | None
    members: tuple[tuple[str, str], ...]


class Vocabulary:
    """
    The proposed types: one for each status, text and set of members.

    Args:
        taken: Whether a class name cannot be used.
    """

    def __init__(self, taken: Callable[[str], bool]) -> None:
        self._taken = taken
        self._types: dict[tuple[object, ...], ProposedType] = {}

    @property
    def types(self) -> list[ProposedType]:
        """The proposed types, in the order of their first use."""
        return list(self._types.values())

    def type_for(self, status: int, detail: Detail, function: str, headers: Mapping[str, ast.expr]) -> ProposedType:
        """Return the type of an error, created if it does not exist yet."""
        members = tuple(sorted((name, kind) for name, (kind, _) in detail.members.items()))
        base, own_status = base_of(status, headers)
        key = (status, base, detail.template, detail.words if detail.template is None else None, members)
        if key not in self._types:
            names = {it.name for it in self._types.values()}
            last = "".join(part[:1].upper() + part[1:] for part in function.rpartition(".")[2].split("_"))
            fallback = f"{last}{class_of(status).__name__}"
            name = class_name(detail.words, fallback, lambda it: it in names or self._taken(it))
            title = title_of(name, detail.words, detail.template)
            self._types[key] = ProposedType(name, base, own_status, title, detail.template, members)
        return self._types[key]


def base_of(status: int, headers: Mapping[str, ast.expr]) -> tuple[str, int | None]:
    """Return the name of the base of a type, and the status if the base has none."""
    ready = by_status(status)
    if ready in {ClientProblem, ServerProblem, Problem} or (status in _REQUIRED and tied(status, headers) is None):
        return ("ClientProblem" if status < 500 else "ServerProblem"), status
    return ready.__name__, None


def tied(status: int, headers: Mapping[str, ast.expr]) -> tuple[str, str, str] | None:
    """Return the header field that belongs to a status, with the parameter and the code of its value."""
    field, parameter = _TIED.get(status, ("", ""))
    name = next((it for it in headers if it.lower() == field), None)
    if name is None:
        return None
    value = headers[name]
    if parameter != "retry_after":
        return name, parameter, written(value)
    text = value.value if isinstance(value, ast.Constant) else None
    if (isinstance(text, str) and text.isdigit()) or (type(text) is int):
        return name, parameter, str(int(text))
    return None


def errors_module(types: Sequence[ProposedType], base: str, application: str) -> str:
    """Return the source of a new module with classes and their registry."""
    names = sorted({"Registry", *(it.base for it in types)}, key=str.lower)
    kinds = sorted({kind for it in types for _, kind in it.members if kind in _IMPORTS})
    modules = {_IMPORTS[kind]: [it for it in kinds if _IMPORTS[it] == _IMPORTS[kind]] for kind in kinds}
    imports = [f"from {module} import {', '.join(found)}" for module, found in sorted(modules.items())]
    imports += [""] if imports else []
    root = [it for it in names if it in _root_names()]
    imports.append(f"from problems import {', '.join(root)}")
    if others := [it for it in names if it not in root]:
        imports.append(f"from problems.catalog import {', '.join(others)}")
    docstring = f'"""The problem types of {application}."""'
    classes = "\n\n".join(_class(it) for it in types)
    listed = "".join(f"    {it.name},\n" for it in types)
    registry = f"registry = Registry(\n{listed}    base={literal(base)},\n)\n"
    return f"{docstring}\n\n" + "\n".join(imports) + f"\n\n\n{classes}\n\n{registry}"


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
    docstring = f"    {_docstring(proposed.title)}\n" + ("\n" if members else "")
    return f"class {proposed.name}(\n    {proposed.base},\n{header}):\n{docstring}{members}"


def _docstring(title: str) -> str:
    text = f"{title}."
    return f'"""{text}"""' if text.isprintable() and not {'"', "\\"} & set(text) else literal(text)


def extended(source: str, types: Sequence[ProposedType], path: Path) -> str:
    """
    Return the source of an earlier errors module with more classes, which are added to its registry.

    Raises:
        SetupError: The module has no statement `registry = Registry(…)`.
    """
    tree = ast.parse(source)
    registry = next((it for it in tree.body if _is_registry(it)), None)
    if registry is None:
        raise SetupError(
            f"{path} exists and has no `registry = Registry(…)`. "
            "Write the new types into another module: `--errors-module problem_types`."
        )
    lines = source.splitlines(keepends=True)
    classes = "".join(f"{_class(it)}\n\n" for it in types)
    names = ", ".join(it.name for it in types)
    base = next((ast.unparse(it.value) for it in ast.walk(registry) if isinstance(it, ast.keyword)), "''")
    more = f"registry |= Registry({names}, base={base})\n"
    before = "".join(lines[: registry.lineno - 1])
    after = "".join(lines[registry.lineno - 1 : registry.end_lineno])
    imported = sorted({it.base for it in types} - set(_names_in(tree)))
    extra = "".join(
        f"from {'problems' if it in _root_names() else 'problems.catalog'} import {it}\n" for it in imported
    )
    first = next((it.lineno - 1 for it in tree.body if isinstance(it, ast.Import | ast.ImportFrom)), 0)
    head = "".join(lines[:first]) + extra + "".join(lines[first : registry.lineno - 1])
    return (head if extra else before) + classes + after + more + "".join(lines[registry.end_lineno :])


def _is_registry(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Assign)
        and ast.unparse(statement.targets[0]) == "registry"
        and ast.unparse(statement.value).startswith("Registry(")
    )


def _names_in(tree: ast.Module) -> Iterable[str]:
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            yield from (it.asname or it.name for it in node.names)
