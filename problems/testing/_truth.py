"""
The contract of an application, checked by driving it: declared = documented = sent = revived.

Sends requests through a client that it is given, and compares. What fails is an `AssertionError` that names
every breach at once.
"""

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Final, NamedTuple, Protocol, TypeAlias
from urllib.parse import unquote, urlsplit

from problems._wire.media_types import PROBLEM_JSON
from problems._wire.problem_type import ABOUT_BLANK
from problems.catching._responses import terms_of
from problems.contract import declarations_of, finish
from problems.declaring._received import ReceivedProblem
from problems.declaring.problem import Problem
from problems.registry import Registry

__all__ = ["assert_contract"]

Json: TypeAlias = dict[str, Any]
Provocation: TypeAlias = tuple[str, str] | tuple[str, str, Mapping[str, Any]]
"""Method, path, and further arguments of the client's `request`."""

Validate: TypeAlias = Callable[[Json, object], Iterable[str]]
"""Yields what is wrong with a JSON value by a schema."""

_METHODS: Final = frozenset({"get", "head", "post", "put", "patch", "delete", "options"})


class Client(Protocol):
    """The part of Starlette's `TestClient`, or of a client of httpx2 or httpx, that is used here."""

    def request(self, method: str, url: str, **options: Any) -> Any:
        """Return the response to a request."""
        ...


class Kind(NamedTuple):
    """A problem type, as it is on the wire."""

    status: int
    uri: str

    def __str__(self) -> str:
        return f"{self.uri} ({self.status})"


@dataclass(slots=True)
class _Operation:
    """What is known of one operation."""

    name: str
    pattern: re.Pattern[str]
    responses: Json
    declared: set[Kind] = field(default_factory=set[Kind])
    documented: set[Kind] = field(default_factory=set[Kind])
    sent: set[Kind] = field(default_factory=set[Kind])


def assert_contract(
    client: Client,
    provocations: Iterable[Provocation],
    *,
    app: Any = None,
    registry: Registry | None = None,
    unprovoked: Collection[type[Problem]] = (),
    validate: Validate | None = None,
) -> None:
    """
    Fail unless the problems each operation declares, documents, and sends are the same, and can be revived.

    Every response to a provocation has to be documented, every problem in one has to be valid against the published
    schema and become an exception of the declared class again; and everything that is documented has to be provoked.

    >>> from fastapi import FastAPI
    >>> from starlette.testclient import TestClient
    >>> from problems import Gone, raises
    >>> from problems.fastapi import add_problems
    >>> app = FastAPI()
    >>> add_problems(app)
    >>> @app.get("/old")
    ... @raises(Gone)
    ... def old() -> None:
    ...     raise Gone
    >>> assert_contract(TestClient(app), [("GET", "/old")])

    Args:
        client: Sends the requests.
        provocations:
            Requests, as method, path and further arguments, that make the application answer with problems. Each has
            to fit an operation of the document.
        app: The application; by default that of the client.
        registry: Its problem types; by default those it has.
        unprovoked: What need not be provoked, such as the `BadRequest` of a body that cannot be parsed.
        validate: Checks a value by a JSON Schema; by default `jsonschema` does, which has to be installed.

    Raises:
        AssertionError: The four sets are not the same; says where and how.
    """
    app = getattr(client, "app", app) if app is None else app
    finish(app)
    registry, declared = declarations_of(app, registry)
    made: Any = app.openapi() if hasattr(app, "openapi") else client.request("GET", "/openapi.json").json()
    document: Json = json.loads(json.dumps(made))
    operations = list(_operations(document))
    for operation in operations:
        if (there := declared.get(operation.name)) is not None:
            operation.declared = {_kind(registry, cls) for cls in there.declares}
            operation.pattern = re.compile(there.pattern)
    check = validate or _by_jsonschema
    faults = [fault for it in operations for fault in _differences(it)]
    for provocation in provocations:
        faults += _provoked(client, provocation, operations, document, registry, check)
    exempt = {_kind(registry, cls) for cls in unprovoked}
    for operation in operations:
        faults += [f"{operation.name} documents {it}, which was not provoked." for it in _missing(operation, exempt)]
    if faults:
        raise AssertionError("\n".join(dict.fromkeys(faults)))


def _kind(registry: Registry, cls: type[Problem]) -> Kind:
    facts = registry.facts(cls)
    return Kind(facts.status, facts.uri)


def _operations(document: Json) -> Iterator[_Operation]:
    for path, item in document.get("paths", {}).items():
        for method in _METHODS & item.keys():
            pattern = re.compile(re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(path)))
            operation = _Operation(f"{method.upper()} {path}", pattern, item[method].get("responses", {}))
            for status, response in operation.responses.items():
                operation.documented |= set(_documented(document, status, response))
            yield operation


def _documented(document: Json, status: str, response: Json) -> Iterator[Kind]:
    """Yield the problem types of a documented response."""
    media = resolved(document, response).get("content", {}).get(PROBLEM_JSON)
    if media is None or not status.isdigit():
        return
    schema = resolved(document, media["schema"])
    for option in schema.get("oneOf") or schema.get("anyOf") or [schema]:
        type_ = resolved(document, option).get("properties", {}).get("type", {})
        yield Kind(int(status), str(type_.get("const", next(iter(type_.get("enum", ())), ABOUT_BLANK))))


def resolved(document: Json, value: Json) -> Json:
    """Return what a JSON object refers to, or itself."""
    while "$ref" in value:
        found: Any = document
        for part in str(value["$ref"]).removeprefix("#/").split("/"):
            found = found[part]
        value = found
    return value


def _differences(operation: _Operation) -> Iterator[str]:
    for kind in sorted(operation.declared - operation.documented):
        yield f"{operation.name} declares {kind}, which is not documented."
    for kind in sorted(operation.documented - operation.declared):
        yield f"{operation.name} documents {kind}, which is not declared."


def _missing(operation: _Operation, exempt: set[Kind]) -> list[Kind]:
    return sorted(operation.documented - operation.sent - exempt)


def _provoked(
    client: Client,
    provocation: Provocation,
    operations: Iterable[_Operation],
    document: Json,
    registry: Registry,
    validate: Validate,
) -> Iterator[str]:
    """Send one request; yield what is wrong with the response."""
    method, path, *options = provocation
    response = client.request(method, path, **dict(*options))
    plain = "/" + unquote(urlsplit(path).path).lstrip("/")
    fitting = [it for it in operations if it.name.startswith(f"{method.upper()} ") and it.pattern.fullmatch(plain)]
    if not fitting:
        yield f"{method.upper()} {path!r} fits no operation of the document: nothing was tested."
        return
    if response.status_code < 400:
        return
    operation = min(fitting, key=lambda it: it.name.count("{"))
    said = f"{operation.name} answers {path!r} with"
    documented = resolved(document, operation.responses.get(str(response.status_code), {}))
    media = documented.get("content", {}).get(PROBLEM_JSON)
    kind = _sent(response)
    if kind is None:
        yield f"{said} {response.status_code} and no problem."
        return
    operation.sent.add(kind)
    if media is None or kind not in operation.documented:
        yield f"{said} {kind}, which is not documented."
        return
    schema = {**media["schema"], "components": document.get("components", {})}
    yield from (f"{said} {kind}, which is not valid: {fault}" for fault in validate(schema, response.json()))
    yield from (f"{said} {kind} {fault}" for fault in _headers(documented, response))
    yield from (f"{said} {kind}, which {fault}" for fault in _revived(response, registry))


def _sent(response: Any) -> Kind | None:
    """Return the problem type in a response, if there is one."""
    if str(response.headers.get("content-type", "")).partition(";")[0] != PROBLEM_JSON:
        return None
    return Kind(response.status_code, str(response.json().get("type", ABOUT_BLANK)))


def _headers(documented: Json, response: Any) -> Iterator[str]:
    for name, header in documented.get("headers", {}).items():
        if header.get("required") and name not in response.headers:
            yield f"without the header {name!r}."


def _revived(response: Any, registry: Registry) -> Iterator[str]:
    """Yield why a client does not get the declared class out of a response."""
    document = response.json()
    problem = terms_of(registry).revive(response, document, None)
    uri = str(document.get("type", ABOUT_BLANK))
    if isinstance(problem, ReceivedProblem) and problem.reading.reason:
        yield f"cannot be revived: {problem.reading.reason}"
    elif uri != ABOUT_BLANK and registry.get(uri) is None:
        yield "is revived as the class of its status only: it is not in the registry."


def _by_jsonschema(schema: Json, value: object) -> Iterator[str]:
    try:
        jsonschema: Any = import_module("jsonschema")
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "`assert_contract` validates with the package `jsonschema`: pip install jsonschema, or pass `validate=`.",
            name="jsonschema",
        ) from None
    for error in jsonschema.Draft202012Validator(schema).iter_errors(value):
        yield f"{error.message} at {error.json_path}."
