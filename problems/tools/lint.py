"""
Lint findings for problem types: changes to make before clients depend on them.

Every finding has a code, a severity and a fix. Pure: reads classes and routes, and fetches problem pages only through
the caller's function. This is one thing, because the checks share the codes and the format of a finding.
"""

import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict

from problems._wire.text import path_from_here
from problems._wire.uris import is_absolute
from problems.catalog.iana import REGISTRY_URI
from problems.contract._operations import operations
from problems.declaring._definition import definition_of
from problems.declaring.problem import ClientProblem, Problem, ServerProblem
from problems.openapi._description import describe
from problems.registry import Registry, is_declared, lack_of

__all__ = [
    "CODES",
    "Finding",
    "Findings",
    "Severity",
    "dead_types",
    "lint",
    "page_addresses",
    "place_of",
    "unregistered",
    "unregistered_in",
]

Severity = Literal["error", "warning", "info"]

CODES: Final = {
    "status-conflict": "the status differs from the status of the base class",
    "reserved-type": "the type URI is in the IANA registry's name space, but not in the registry",
    "dead-type": "the type URI does not lead to a page",
    "unregistered": "no registry contains the class",
    "relative-type": "the type is relative and has no base",
    "blank-with-members": "the class has members, but no type that defines them",
    "shared-status": "several classes without a type have the same status",
    "no-description": "the class has no docstring",
    "title": "the title does not read as a short sentence",
    "same-title": "two types have the same title",
    "member-name": "a member has a name that RFC 9457 advises against",
    "leaky-member": "a member seems to reveal the implementation",
    "no-example": "no example document can be derived",
}
"""The codes of all findings, and their meaning."""

_MEMBER_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{2,}")
_LEAKY: Final = re.compile(
    r"(?:^|_)(?:traceback|stack(?:_?trace)?|exception|exc|sql|query|host(?:name)?|pid|password|secret|token)(?:$|_)"
)
_CODE_LIKE: Final = re.compile(r"[A-Z0-9]*+_[A-Z0-9_]*+|[a-z]++(?:[A-Z][a-z0-9]*+)++|[^\W_]*+[._-][\w.-]*+")
_TITLE_MAX: Final = 100
_OURS: Final = "problems.catalog"


class Finding(BaseModel):
    """
    A lint finding: one recommended change.

    Attributes:
        code: One of `CODES`.
        severity: `error` for a broken rule, `warning` for advice, `info` for a hint.
        type: The type URI.
        name: The qualified name of the class.
        message: The reason.
        fix: The change to make.
        file: The file of the class, if it is known.
        line: The first line of the class.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True)

    code: str
    severity: Severity
    type: str
    name: str
    message: str
    fix: str
    file: str | None = None
    line: int | None = None


class Findings(BaseModel):
    """
    The output of `problems lint` and `problems check` with `--format json`.

    Attributes:
        version: The version of this format.
        findings: The findings.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True)

    version: Literal[1] = 1
    findings: tuple[Finding, ...]


class _Draft(BaseModel):
    """A finding without its class."""

    code: str
    severity: Severity
    message: str
    fix: str


def lint(registry: Registry, *, also: Iterable[type[Problem]] = ()) -> list[Finding]:
    """
    Return lint findings for the registry's own problem types; ready-made types have none.

    >>> from problems import NotFound
    >>> class ItemNotFound(NotFound, type="item-not-found", title="Item not found"):
    ...     item_id: int
    >>> [it.code for it in lint(Registry(ItemNotFound, base="https://shop.example/problems/"))]
    ['no-description']

    Args:
        registry: The problem types.
        also: Further classes to check.
    """
    findings: list[Finding] = []
    types = [cls for cls in dict.fromkeys((*registry, *also)) if not cls.__module__.startswith(_OURS)]
    for cls in types:
        findings += (_finding(draft, cls, registry) for check in _CHECKS for draft in check(cls, registry))
    for several in (_same_titles, _ambiguous):
        findings += (_finding(draft, cls, registry) for cls, draft in several(types, registry))
    return findings


def unregistered(registry: Registry) -> list[Finding]:
    """
    Return the problem types of a registry's modules that no registry there contains.

    Clients with the registry do not know them. Names that begin with an underscore are left out.
    """
    findings: list[Finding] = []
    for module in [sys.modules[name] for name in dict.fromkeys(cls.__module__ for cls in registry)]:
        known = [registry, *(value for value in vars(module).values() if isinstance(value, Registry))]
        for name, cls in vars(module).items():
            if is_declared(name, cls, module) and not any(cls in other for other in known):
                draft = _Draft(
                    code="unregistered",
                    severity="warning",
                    message=f"No registry of {module.__name__} contains it: clients do not know its type.",
                    fix="Put it into the registry, or begin its name with an underscore.",
                )
                findings.append(_finding(draft, cls, registry))
    return findings


def unregistered_in(app: object) -> list[Finding]:
    """
    Return the problem types that an application declares and its registry does not contain.

    Covers `@raises` on endpoints and dependencies and `responses`, in mounted applications too. Ready-made and other
    `about:blank` types need no registry, nor do absolute types of an application without one.

    Args:
        app: An application of Starlette or FastAPI that has problem types.
    """
    results: dict[tuple[type[Problem], str, Registry], list[str]] = {}
    for operation in operations(app):
        registry = operation.setup.registry if operation.setup is not None else None
        for cls in dict.fromkeys(operation.declares):
            if registry is not None and (lack := lack_of(cls, registry)) is not None:
                results.setdefault((cls, lack, registry), []).append(operation.name)
    return [_lacking(*key, ", ".join(names)) for key, names in results.items()]


def _lacking(cls: type[Problem], lack: str, registry: Registry, names: str) -> Finding:
    message = "the application's registry does not contain it: clients do not know it."
    draft = _Draft(
        code="unregistered",
        severity="warning",
        message=f"{names} declares it, and {message}",
        fix=f"Write `Registry(..., {cls.__name__}, base=...)`.",
    )
    if lack == "relative":
        sent = f"{cls.problem_type.uri!r} is sent as it is: its meaning depends on the address."
        fix = "Give the application a registry with the class and a base: `add_problems(app, registry)`."
        draft = _Draft(code="relative-type", severity="warning", message=f"{names} declares it, and {sent}", fix=fix)
    return _finding(draft, cls, registry)


def page_addresses(registry: Registry) -> list[str]:
    """Return the addresses at which the type URIs of a registry should lead to a page."""
    return list(dict.fromkeys(address for cls in registry if (address := _page_address(registry.uri(cls)))))


def _page_address(uri: str) -> str | None:
    """Return the address of the page of a type URI; an IANA type URI need not lead anywhere (RFC 9457, section 4.2)."""
    leads = uri.startswith(("http://", "https://")) and not uri.startswith(REGISTRY_URI)
    return uri.partition("#")[0] if leads else None


def dead_types(registry: Registry, fetch: Callable[[str], int | None]) -> list[Finding]:
    """
    Return a finding for each type whose URI does not lead to a page (RFC 9457, section 4, recommends one).

    Args:
        registry: The problem types.
        fetch: Returns the status of the response to a GET request, or `None` without a response.
    """
    findings: list[Finding] = []
    for cls in registry:
        uri = registry.uri(cls)
        address = _page_address(uri)
        status = None if address is None else fetch(address)
        if address is not None and (status is None or status >= 400):
            answer = "has no response" if status is None else f"is answered with {status}"
            fix = "Mount `problem_pages(registry)` there, or publish the files of `problems pages`."
            draft = _Draft(code="dead-type", severity="warning", message=f"GET {uri} {answer}.", fix=fix)
            findings.append(_finding(draft, cls, registry))
    return findings


def _finding(draft: _Draft, cls: type[Problem], registry: Registry) -> Finding:
    file, line = place_of(cls)
    return Finding(**draft.model_dump(), type=registry.uri(cls), name=cls.__qualname__, file=file, line=line)


def place_of(cls: type) -> tuple[str | None, int | None]:
    """Return the file of a class, relative to the working directory if it is below it, and its first line."""
    try:
        file, line = inspect.getsourcefile(cls), inspect.getsourcelines(cls)[1]
    except (OSError, TypeError):
        return None, None
    return path_from_here(Path(file or "")), line


def _status(cls: type[Problem], _: Registry) -> Iterator[_Draft]:
    status = cls.problem_type.status
    for base in cls.__mro__[1:]:
        if not issubclass(base, Problem):
            continue
        kind = 4 if base is ClientProblem else 5 if base is ServerProblem else None
        wanted = base.problem_type.status
        if (wanted and wanted != status) or (kind is not None and kind != status // 100):
            yield _Draft(
                code="status-conflict",
                severity="error",
                message=f"The status {status} contradicts {base.__name__}: `except {base.__name__}` catches it.",
                fix=f"Derive it from the class of {status} in `problems.catalog`.",
            )
            return


def _reserved(cls: type[Problem], registry: Registry) -> Iterator[_Draft]:
    uri = registry.uri(cls)
    if uri.startswith(REGISTRY_URI):
        # RFC 9457, section 4.2: the prefix is reserved for registered types.
        yield _Draft(
            code="reserved-type",
            severity="error",
            message=f"{uri!r} is in the name space of the IANA registry.",
            fix="Use the class in `problems.catalog` if the type is registered, otherwise your own URI.",
        )


def _relative(cls: type[Problem], registry: Registry) -> Iterator[_Draft]:
    uri = registry.uri(cls)
    if not is_absolute(uri):
        # RFC 9457, section 3.1.1: every response would resolve it against its own address.
        yield _Draft(
            code="relative-type",
            severity="warning",
            message=f"The type {uri!r} is sent as it is: its meaning depends on the address.",
            fix="Put the class into a registry with a base.",
        )


def _blank(cls: type[Problem], registry: Registry) -> Iterator[_Draft]:
    own = [name for name in definition_of(cls).members.sent.values() if name not in _inherited_from_catalog(cls)]
    if registry.facts(cls).is_blank and own:
        # RFC 9457, section 4: members are defined by a type.
        yield _Draft(
            code="blank-with-members",
            severity="warning",
            message=f"The members ({', '.join(own)}) have no type that defines them, so clients cannot know them.",
            fix="Give the class a `type=` and a `title=`.",
        )


def _inherited_from_catalog(cls: type[Problem]) -> set[str]:
    """Return the members with the same meaning in every type: of header fields, and of validation problems."""
    bases = [base for base in cls.__mro__ if issubclass(base, Problem) and base.__module__.startswith(_OURS)]
    return {name for base in bases for name in definition_of(base).members.sent.values()}


def _description(cls: type[Problem], registry: Registry) -> Iterator[_Draft]:
    if not describe(registry, cls).text:
        yield _Draft(
            code="no-description",
            severity="warning",
            message="The class has no docstring to describe it in OpenAPI and on the problem page.",
            fix="Write a docstring: when the problem occurs, and how a client can handle it.",
        )


def _title(cls: type[Problem], registry: Registry) -> Iterator[_Draft]:
    title = registry.facts(cls).title
    if title[:1].islower() or _CODE_LIKE.fullmatch(title) or len(title) > _TITLE_MAX:
        yield _Draft(
            code="title",
            severity="warning",
            message=f"The title {title!r} does not read as a short sentence for people.",
            fix="Write what happened, capital first, without anything that varies: 'Out of stock'.",
        )


def _names(cls: type[Problem], _: Registry) -> Iterator[_Draft]:
    for name in definition_of(cls).members.sent.values():
        if not _MEMBER_NAME.fullmatch(name):
            # RFC 9457, section 4: for names that also work in other formats.
            yield _Draft(
                code="member-name",
                severity="warning",
                message=f"The member {name!r} is not a letter and two or more letters, digits or '_'.",
                fix="Rename it, or give it an alias: `Field(alias=…)`.",
            )
        if _LEAKY.search(name.lower()):
            # RFC 9457, section 4: problem details are not a debugging tool.
            yield _Draft(
                code="leaky-member",
                severity="warning",
                message=f"The member {name!r} seems to reveal the implementation.",
                fix="Log it instead, or rename it if it is about the interface.",
            )


def _example(cls: type[Problem], registry: Registry) -> Iterator[_Draft]:
    if describe(registry, cls).example is None:
        yield _Draft(
            code="no-example",
            severity="info",
            message="The package cannot make an example document that fits the members.",
            fix="Give examples to the members: `Field(examples=[…])`.",
        )


def _same_titles(types: Iterable[type[Problem]], registry: Registry) -> Iterator[tuple[type[Problem], _Draft]]:
    first: dict[str, type[Problem]] = {}
    for cls in types:
        facts = registry.facts(cls)
        other = first.setdefault(facts.title, cls)
        if other is not cls and not facts.is_blank:
            message = (
                f"The title {facts.title!r} is the title of {other.__qualname__} too: people cannot distinguish them."
            )
            draft = _Draft(
                code="same-title", severity="warning", message=message, fix="Write a title that names the difference."
            )
            yield cls, draft


def _ambiguous(types: Iterable[type[Problem]], registry: Registry) -> Iterator[tuple[type[Problem], _Draft]]:
    """Yield the classes without a type for which clients cannot be given unknown problems of the same status."""
    by_status: dict[int, list[type[Problem]]] = {}
    for cls in types:
        if registry.facts(cls).is_blank:
            by_status.setdefault(registry.facts(cls).status, []).append(cls)
    for status, classes in by_status.items():
        if not any(all(issubclass(cls, item) for item in classes) for cls in classes):
            names = ", ".join(cls.__qualname__ for cls in classes)
            message = f"{names} have the status {status} and no type: clients raise none of these for unknown types."
            fix = "Give all but one a `type=` and a `title=`, or derive one from the others."
            for cls in classes:
                yield cls, _Draft(code="shared-status", severity="warning", message=message, fix=fix)


_CHECKS: Final = (_status, _reserved, _relative, _blank, _description, _title, _names, _example)
