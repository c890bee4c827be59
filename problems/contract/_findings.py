"""
Findings: the differences between an application and its declarations.

Knows operations and the outcomes of their calls. Does not follow calls itself. This is one thing: the
findings share their codes, their certainty and their sentences.
"""

import inspect
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final, Literal, TypeAlias, TypeGuard

from starlette.exceptions import HTTPException

from problems.catalog import class_of
from problems.contract._operations import Operation
from problems.contract._values import CERTAIN, LIKELY, POSSIBLE, UNREAD, UNSEEN, Instance, Known, Place, Raise, Value
from problems.declaring._applications import own_handler
from problems.declaring._definition import definition_of
from problems.declaring._raises import declared
from problems.declaring.problem import Problem
from problems.registry import lack_of

__all__ = ["Certainty", "Finding", "Followed", "RaiseSite", "findings", "raise_sites"]

Certainty: TypeAlias = Literal["certain", "likely", "possible"]
"""The certainty of a finding: followed to its source, derived from types, or only possible."""

Kind: TypeAlias = Literal[
    "undeclared", "never raised", "returned", "unregistered", "relative", "handled", "contradicted", "unsent"
]
"""The kind of difference."""

_CERTAINTIES: Final[tuple[Certainty, ...]] = ("possible", "likely", "certain")
_FIRST: Final = 3


@dataclass(frozen=True, slots=True)
class Followed:
    """
    The outcome of an operation.

    Attributes:
        operation: The operation.
        raises: The exceptions that its endpoint and its dependencies can raise.
        returns: The values that its endpoint can return.
        is_open: Whether a part of it could not be followed.
    """

    operation: Operation
    raises: tuple[Raise, ...]
    returns: tuple[Value, ...]
    is_open: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One breach of the contract.

    Attributes:
        kind: The difference: a problem is raised and not declared, declared and never raised, returned instead of
            raised, or its type is in no registry, or relative without a base; or the text of an `HTTPException` with a
            status of the server is not sent.
        problem: The problem type; the base `Problem` for an `HTTPException` whose status could not be read.
        operations: The affected operations, as method and path.
        file: The file where it is raised, declared or returned.
        line: The line in the file.
        certainty: The certainty of the finding.
        exception: The class that is raised, if it is not a problem.
        texts: The known texts of an `HTTPException`.
        detail: The application's handler for the problem, or the content that `responses=` documents instead.
    """

    kind: Literal[
        "undeclared", "never raised", "returned", "unregistered", "relative", "handled", "contradicted", "unsent"
    ]
    problem: type[Problem]
    operations: tuple[str, ...]
    file: str
    line: int
    certainty: Certainty
    exception: type[BaseException] | None = None
    texts: tuple[str, ...] = ()
    detail: str = ""

    @property
    def message(self) -> str:
        """The breach as a sentence without its subject: raises X, which is not declared."""
        name, status = self.problem.__qualname__, self.problem.problem_type.status
        match self.kind:
            case "undeclared":
                return f"raises {self._raised()}, which is not declared."
            case "never raised":
                return f"declares {name} ({status}), which is never raised."
            case "returned":
                return f"returns {name} ({status}) instead of raising it: the client gets a 500."
            case "unregistered":
                return f"uses {name} ({status}), which is not in the registry of the application."
            case "handled":
                handler = f"the application's handler {self.detail!r}"
                return f"leaves {name} ({status}) to {handler}, and documents no response of it."
            case "unsent":
                return f"raises {self._raised()}, whose text is not sent: statuses from 500 on hide it."
            case "contradicted":
                return f"answers {name} ({status}) as a problem, and its `responses` describe {self.detail}."
            case _:
                return f"uses {name} ({status}), whose type is relative, and no base makes a URI of it."

    @property
    def fix(self) -> str:
        """The code to write."""
        name = self.problem.__name__
        match self.kind:
            case "undeclared" if self.problem is Problem:
                return "Write the status as a number or a constant, and declare its class with `@raises`."
            case "undeclared":
                return f"Write `@raises({name})` on the function, or on the endpoint."
            case "never raised":
                return "Take it out of `@raises` or `responses()`."
            case "returned" | "unsent":
                text = repr(self.texts[0]) if self.texts else "…"
                return f"Write `raise {name}({text})`."
            case "unregistered":
                return f"Write `Registry({name}, …)`."
            case "handled":
                return f"Write `responses={{{self.problem.problem_type.status}: …}}` with the response of the handler."
            case "contradicted":
                return f"Take {self.problem.problem_type.status} out of `responses=` if no endpoint returns it itself."
            case _:
                return "Write `Registry(…, base='https://shop.example/problems/')`."

    @property
    def where(self) -> str:
        """The operations; of many, their number and the first three."""
        first = ", ".join(self.operations[:_FIRST])
        count = len(self.operations)
        return first if count <= _FIRST else f"{count} operations ({first}, …)"

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.file else ""
        return f"{place}{self.where} {self.message} {self.fix} ({self.certainty})"

    def _raised(self) -> str:
        if self.exception is None or issubclass(self.exception, Problem):
            return f"{self.problem.__qualname__} ({self.problem.problem_type.status})"
        name = self.exception.__qualname__
        texts = " or ".join(repr(text) for text in self.texts[:_FIRST])
        quoted = f", {texts}," if texts else ""
        if self.problem is Problem:
            return f"a plain {name}{quoted} whose status could not be read"
        plain = "a plain " if issubclass(self.exception, HTTPException) else ""
        return f"{plain}{name}{quoted} answered as {self.problem.__qualname__} ({self.problem.problem_type.status})"


@dataclass(frozen=True, slots=True)
class RaiseSite:
    """
    A statement that raises an `HTTPException` and that an operation can reach.

    Attributes:
        file: The file.
        line: The line of the statement.
        column: Its column, in UTF-8 bytes.
        function: The module and qualified name of the function that raises.
        exception: The class.
        statuses: The status codes; empty if none could be read.
        texts: The known texts; an f-string keeps `{expression}` for its fields.
        certainty: The certainty that an operation reaches it.
        operations: The operations that reach it.
    """

    file: str
    line: int
    column: int
    function: str
    exception: type[BaseException]
    statuses: tuple[int, ...]
    texts: tuple[str, ...]
    certainty: Certainty
    operations: tuple[str, ...]


def findings(followed: Iterable[Followed]) -> list[Finding]:
    """Return the findings about operations, in the order of the operations."""
    every = list(followed)
    return [
        *_undeclared(every),
        *_never_raised(every),
        *_returned(every),
        *_outside(every),
        *_documented(every),
        *_unsent(every),
    ]


def raise_sites(followed: Iterable[Followed]) -> Iterator[RaiseSite]:
    """Yield each statement that raises an `HTTPException` with an error status, declared or not."""
    places: dict[tuple[Place, type[BaseException]], list[tuple[Raise, str]]] = {}
    for reached in followed:
        for raised in reached.raises:
            if (
                raised.sure != UNSEEN
                and issubclass(raised.exception, HTTPException)
                and not _is_problem(raised.exception)
            ):
                places.setdefault((raised.place, raised.exception), []).append((raised, reached.operation.name))
    for (place, exception), sites in places.items():
        statuses = dict.fromkeys(result.status for result, _ in sites if result.status is not None)
        known = tuple(status for status in statuses if status >= 400)
        if known or UNREAD in statuses:
            texts = tuple(dict.fromkeys(result.text for result, _ in sites if result.text))
            sure = _CERTAINTIES[max(result.sure for result, _ in sites)]
            names = tuple(dict.fromkeys(name for _, name in sites))
            yield RaiseSite(place.file, place.line, place.column, place.function, exception, known, texts, sure, names)


def problem_of(raised: Raise, translate: Mapping[type[Exception], object]) -> type[Problem] | None:
    """
    Return the problem type of the response to an exception, or `None` for an internal exception.

    It is the base `Problem` for an `HTTPException` whose status could not be read.
    """
    cls = raised.exception
    if _is_problem(cls):
        return None if definition_of(cls).declaration.abstract else cls
    for base in cls.__mro__:
        target = translate.get(base) if issubclass(base, Exception) else None
        if target is not None:
            return _result(target)
    if issubclass(cls, HTTPException) and raised.status is not None:
        if raised.status == UNREAD:
            return Problem
        return class_of(raised.status) if raised.status >= 400 else None
    return None


def _is_problem(cls: type[BaseException]) -> TypeGuard[type[Problem]]:
    return issubclass(cls, Problem)


def _result(target: object) -> type[Problem] | None:
    """Return the result of a translation of an exception: a class, or a function's return annotation."""
    if not isinstance(target, type):
        hint: object = getattr(target, "__annotations__", {}).get("return")
        target = getattr(target, "__globals__", {}).get(hint) if isinstance(hint, str) else hint
    return target if isinstance(target, type) and issubclass(target, Problem) else None


def _undeclared(followed: Iterable[Followed]) -> Iterator[Finding]:
    places: dict[tuple[type[Problem], type[BaseException], str, int], list[tuple[Raise, str]]] = {}
    for reached in followed:
        for raised in reached.raises:
            cls = problem_of(raised, reached.operation.translate)
            if cls is not None and raised.sure != UNSEEN and not issubclass(cls, reached.operation.written):
                key = cls, raised.exception, raised.place.file, raised.place.line
                places.setdefault(key, []).append((raised, reached.operation.name))
    for (cls, exception, file, line), sites in places.items():
        names = tuple(dict.fromkeys(name for _, name in sites))
        texts = tuple(dict.fromkeys(raised.text for raised, _ in sites if raised.text))
        sure = max(raised.sure for raised, _ in sites)
        yield Finding("undeclared", cls, names, file, line, _CERTAINTIES[sure], exception, texts)


def _never_raised(followed: Iterable[Followed]) -> Iterator[Finding]:
    seen: dict[tuple[object, type[Problem]], tuple[object, dict[str, None], bool]] = {}
    raised: set[tuple[object, type[Problem]]] = set()
    for reached in followed:
        operation = reached.operation
        types = {problem_of(one, operation.translate) for one in reached.raises} - {None}
        types |= {cls for cls, _ in _problems_in(reached.returns)}
        for holder, cls, call in _declarations(operation):
            _, names, was_open = seen.setdefault((holder, cls), (call, {}, False))
            names[operation.name] = None
            seen[holder, cls] = call, names, was_open or reached.is_open
            is_raised = any(one is not None and (issubclass(one, cls) or one is Problem) for one in types)
            if cls in operation.translate.values() or is_raised:
                raised.add((holder, cls))
    for key, (call, names, is_open) in seen.items():
        if key not in raised:
            file, line = _place(call)
            yield Finding(
                "never raised", key[1], tuple(names), file, line, _CERTAINTIES[POSSIBLE if is_open else CERTAIN]
            )


def _declarations(operation: Operation) -> Iterator[tuple[object, type[Problem], object]]:
    """Yield the owner of a declaration, the class, and the nearest function."""
    for call in operation.calls:
        for cls in declared(call):
            yield id(call), cls, call
    for cls in operation.responses:
        yield "responses", cls, operation.calls[0]


def _returned(followed: Iterable[Followed]) -> Iterator[Finding]:
    places: dict[tuple[type[Problem], str, int, int], dict[str, None]] = {}
    for reached in followed:
        if reached.operation.pattern:
            for cls, is_exact in _problems_in(reached.returns):
                sure = CERTAIN if is_exact and len(reached.returns) == 1 else LIKELY
                places.setdefault((cls, *_place(reached.operation.calls[0]), sure), {})[reached.operation.name] = None
    for (cls, file, line, sure), names in places.items():
        yield Finding("returned", cls, tuple(names), file, line, _CERTAINTIES[sure])


def _problems_in(values: Iterable[Value]) -> Iterator[tuple[type[Problem], bool]]:
    """Yield the classes of the problems among values, and whether each is known exactly."""
    for value in values:
        match value:
            case Instance(cls=cls, exact=exact) if issubclass(cls, Problem):
                yield cls, exact
            case Known(Problem() as problem):
                yield type(problem), True
            case _:
                continue


def _outside(followed: Iterable[Followed]) -> Iterator[Finding]:
    """Yield the classes that are not in the registry of their application, and relative types without a base."""
    results: dict[
        tuple[Literal["unregistered", "relative"], type[Problem]], list[tuple[tuple[str, int], str, int]]
    ] = {}
    for reached in followed:
        if reached.operation.setup is None:
            continue
        for cls, place, sure in _used(reached):
            kind = lack_of(cls, reached.operation.setup.registry)
            if kind is not None:
                results.setdefault((kind, cls), []).append((place, reached.operation.name, sure))
    for (kind, cls), uses in results.items():
        (file, line), _, _ = uses[0]
        sure = max(use for _, _, use in uses)
        yield Finding(kind, cls, tuple(dict.fromkeys(name for _, name, _ in uses)), file, line, _CERTAINTIES[sure])


def _unsent(followed: Iterable[Followed]) -> Iterator[Finding]:
    """Yield the texts of an `HTTPException` that are meant for a client but are not sent."""
    results: dict[tuple[type[Problem], type[BaseException], str, int], list[tuple[Raise, str]]] = {}
    for reached in followed:
        setup = reached.operation.setup
        if setup is None or setup.policy.expose_server_detail:
            continue
        for raised in reached.raises:
            cls = problem_of(raised, reached.operation.translate)
            if cls is None or not raised.text or raised.sure == UNSEEN or not _is_of_server(raised, reached.operation):
                continue
            if own_handler(reached.operation.app, cls, setup.registry, is_implied=True) is None:
                key = cls, raised.exception, raised.place.file, raised.place.line
                results.setdefault(key, []).append((raised, reached.operation.name))
    for (cls, exception, file, line), uses in results.items():
        names, texts = (
            tuple(dict.fromkeys(texts)) for texts in zip(*((n, r.text or "") for r, n in uses), strict=True)
        )
        sure = _CERTAINTIES[max(use.sure for use, _ in uses)]
        yield Finding("unsent", cls, names, file, line, sure, exception, texts)


def _is_of_server(raised: Raise, operation: Operation) -> bool:
    """Return whether this is a plain `HTTPException` with a 5xx status, raised by the application's own code."""
    cls = raised.exception
    is_plain = issubclass(cls, HTTPException) and not _is_problem(cls)
    is_own = not {"site-packages", "dist-packages"} & set(PurePath(raised.place.file).parts)
    is_answered_here = not any(base in operation.translate for base in cls.__mro__)
    return is_plain and is_own and is_answered_here and (raised.status or 0) >= 500


def _documented(followed: Iterable[Followed]) -> Iterator[Finding]:
    """
    Yield the types whose responses the application must document itself, or documents differently.

    Types with a handler of the application's own whose response the operation does not document, and types sent as
    problems although `responses=` documents another content for their status.
    """
    results: dict[tuple[Literal["handled", "contradicted"], type[Problem], str], list[Operation]] = {}
    for operation in (reached.operation for reached in followed):
        for cls, status in _statuses(operation):
            content = operation.documents.get(str(status))
            handler = operation.handled.get(cls)
            if handler is not None and content is None:
                name = str(getattr(handler, "__qualname__", type(handler).__qualname__))
                results.setdefault(("handled", cls, name), []).append(operation)
            elif handler is None and content:
                text = " and ".join(f"`{media_type}`" for media_type in content)
                results.setdefault(("contradicted", cls, text), []).append(operation)
    for (kind, cls, detail), concerned in results.items():
        (file, line), names = _place(concerned[0].calls[0]), tuple(operation.name for operation in concerned)
        sure = _CERTAINTIES[POSSIBLE if kind == "handled" else LIKELY]
        yield Finding(kind, cls, tuple(dict.fromkeys(names)), file, line, sure, detail=detail)


def _statuses(operation: Operation) -> Iterator[tuple[type[Problem], int]]:
    """Yield the declared types with the statuses that the application answers them with."""
    if operation.setup is not None:
        for cls in operation.declares:
            yield cls, operation.setup.registry.facts(cls).status


def _used(reached: Followed) -> Iterator[tuple[type[Problem], tuple[str, int], int]]:
    for _, cls, call in _declarations(reached.operation):
        yield cls, _place(call), CERTAIN
    for raised in reached.raises:
        answer = problem_of(raised, reached.operation.translate)
        if answer is not None and answer is not Problem and raised.sure != UNSEEN:
            yield answer, (raised.place.file, raised.place.line), raised.sure


def _place(call: object) -> tuple[str, int]:
    function = inspect.unwrap(getattr(call, "__func__", call)) if callable(call) else call
    code = getattr(function, "__code__", None)
    if code is not None:
        return code.co_filename, code.co_firstlineno
    try:
        cls = function if isinstance(function, type) else type(function)
        return inspect.getsourcefile(cls) or "", inspect.getsourcelines(cls)[1]
    except (OSError, TypeError):
        return "", 0
