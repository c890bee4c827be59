"""
A check of an application's problems by requests: declared = documented = sent = received.

Sends requests through the given client and compares. A failure is one `AssertionError` that lists every breach.
"""

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Final, NamedTuple, Protocol, TypeAlias
from urllib.parse import unquote, urlsplit

from pydantic_core import from_json

from problems._wire.media_types import PROBLEM_JSON, essence, is_json
from problems._wire.problem_type import ABOUT_BLANK
from problems._wire.reading import read_document
from problems.catching._responses import Response, terms_of
from problems.contract import declarations_of, finish
from problems.contract._operations import Operation
from problems.declaring._received import ReceivedProblem
from problems.declaring.problem import Problem
from problems.openapi._walk import is_object
from problems.registry import Registry

__all__ = ["assert_contract"]

Json: TypeAlias = dict[str, Any]
Provocation: TypeAlias = tuple[str, str] | tuple[str, str, Mapping[str, object]]
"""Method, path, and further arguments of the client's `request`."""

Validate: TypeAlias = Callable[[Json, object], Iterable[str]]
"""Yields the violations of a JSON Schema by a JSON value."""

_METHODS: Final = frozenset({"get", "head", "post", "put", "patch", "delete", "options", "trace", "query"})
_NO_OPTIONS: Final[Mapping[str, object]] = {}
_ERRORS: Final = 400
_SHOWN_MAX: Final = 120


class Client(Protocol):
    """The part of Starlette's `TestClient`, or of a client of httpx2 or httpx, that this package uses."""

    @property
    def request(self) -> Callable[..., Any]:
        """Returns the response to a method and a URL; the further parameters differ between libraries."""
        ...


class Kind(NamedTuple):
    """A problem type as it is sent: type URI and status."""

    status: int
    uri: str

    def __str__(self) -> str:
        return f"{self.uri} ({self.status})"


@dataclass(slots=True)
class _Operation:
    """
    The known problem types of one operation.

    Attributes:
        code: The method and the route as written: inclusions of one router share it.
        is_tested: Whether a request was sent to the operation.
    """

    name: str
    pattern: re.Pattern[str]
    responses: Json
    code: tuple[str, int] | None = None
    is_tested: bool = False
    declared: set[Kind] = field(default_factory=set[Kind])
    documented: set[Kind] = field(default_factory=set[Kind])
    sent: set[Kind] = field(default_factory=set[Kind])

    def declare(self, kinds: set[Kind]) -> None:
        """Add declared types. A response to HEAD has no content, so its documentation contains statuses only."""
        self.declared = kinds
        if self.name.startswith("HEAD "):
            self.documented |= {kind for kind in kinds if str(kind.status) in self.responses}


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
    Check that each operation declares, documents and sends the same problems, and that clients receive their classes.

    Every response to a provocation must be documented. Every problem in a response must be valid against the published
    schema and be received as the declared class. Every documented problem must be provoked. If a router is included
    several times, only at the paths that requests are sent to.

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
        provocations: Requests that make the application respond with problems, each as method, path and further
            arguments. Each must match an operation of the OpenAPI document.
        app: The application; by default, the client's application.
        registry: The problem types; by default, the application's registry.
        unprovoked: Problem types that need not be provoked, such as the `BadRequest` of a body that cannot be parsed.
        validate: Validates a value against a JSON Schema; by default, the package `jsonschema` does.

    Raises:
        AssertionError: The four sets differ; the message lists each difference.
    """
    app = getattr(client, "app", app) if app is None else app
    finish(app)
    registry, declared = declarations_of(app, registry)
    has_document = hasattr(app, "openapi")
    text = json.dumps(app.openapi()) if has_document else client.request("GET", "/openapi.json").content
    document: Json = json.loads(text)
    operations = list(_operations(document))
    for operation in operations:
        if (there := _declared(declared, operation.name)) is not None:
            operation.declare({_kind(registry, cls) for cls in there.declares if cls not in there.handled})
            operation.pattern = re.compile(there.pattern)
            operation.code = operation.name.partition(" ")[0], id(there.route)
    contract = _Contract(client, document, operations, registry, validate or _by_jsonschema)
    faults = [fault for item in operations for fault in _differences(item)]
    for method, path, *options in provocations:
        faults += contract.provoked(method, path, *options)
    exempt = {_kind(registry, cls) for cls in unprovoked}
    for operation in _duties(operations):
        faults += [
            f"{operation.name} documents {item}, which was not provoked." for item in _missing(operation, exempt)
        ]
    if faults:
        raise AssertionError("\n".join(dict.fromkeys(faults))) from contract.crash


def _declared(declared: Mapping[str, Operation], name: str) -> Operation | None:
    """Return the declaration of an operation; a route for GET also responds to HEAD."""
    return declared.get(name) or declared.get(f"GET {name.removeprefix('HEAD ')}")


def _kind(registry: Registry, cls: type[Problem]) -> Kind:
    facts = registry.facts(cls)
    return Kind(facts.status, facts.uri)


def _operations(document: Json) -> Iterator[_Operation]:
    for path, item in _object(document.get("paths")).items():
        for method in _METHODS & _object(item).keys():
            pattern = re.compile(re.sub(r"\\{[^{}]*\\}", "[^/]+", re.escape(path)))
            responses = _object(_object(item[method]).get("responses"))
            operation = _Operation(f"{method.upper()} {path}", pattern, responses)
            for status, response in operation.responses.items():
                operation.documented |= set(_documented(document, status, response))
            yield operation


def _documented(document: Json, status: str, response: object) -> Iterator[Kind]:
    """Yield the problem types of a documented response."""
    media = _object(_object(resolved(document, response).get("content")).get(PROBLEM_JSON))
    if not media or not status.isdigit():
        return
    schema = resolved(document, media.get("schema"))
    for option in schema.get("oneOf") or schema.get("anyOf") or [schema]:
        type_ = resolved(document, _object(resolved(document, option).get("properties")).get("type"))
        yield Kind(int(status), str(type_.get("const", next(iter(type_.get("enum", ())), ABOUT_BLANK))))


def _object(value: object) -> Json:
    """Return a JSON object; an empty one for any other value."""
    return value if is_object(value) else {}


def resolved(document: Json, value: object) -> Json:
    """Return the JSON object that *value* is or refers to, or an empty one."""
    seen: set[str] = set()
    while is_object(value) and isinstance(reference := value.get("$ref"), str):
        if reference in seen:
            return {}
        seen.add(reference)
        value = document
        for part in reference.removeprefix("#/").split("/"):
            value = _object(value).get(part.replace("~1", "/").replace("~0", "~"))
    return _object(value)


def _differences(operation: _Operation) -> Iterator[str]:
    for kind in sorted(operation.declared - operation.documented):
        yield f"{operation.name} declares {kind}, which is not documented."
    for kind in sorted(operation.documented - operation.declared):
        yield f"{operation.name} documents {kind}, which is not declared."


def _duties(operations: Iterable[_Operation]) -> Iterator[_Operation]:
    """Yield the operations whose types must be provoked: an inclusion of a router may be tested at another path."""
    operations = list(operations)
    tested = {operation.code for operation in operations if operation.is_tested and operation.code is not None}
    yield from (operation for operation in operations if operation.is_tested or operation.code not in tested)


def _missing(operation: _Operation, exempt: set[Kind]) -> list[Kind]:
    return sorted(operation.documented - operation.sent - exempt)


@dataclass(slots=True)
class _Contract:
    """A document, and a client to compare it with the application."""

    client: Client
    document: Json
    operations: list[_Operation]
    registry: Registry
    validate: Validate
    crash: Exception | None = None

    def provoked(self, method: str, path: str, options: Mapping[str, object] = _NO_OPTIONS) -> Iterator[str]:
        """Send one request; yield the breaches in its response, each with the request."""
        request = _shown(path, options)
        operation = self._operation(method.upper(), path)
        if operation is None:
            yield f"{method.upper()} {request} matches no operation of the document: it was not sent."
            return
        operation.is_tested = True
        try:
            response = self.client.request(method, path, **options)
        except Exception as error:  # noqa: BLE001 - a crash of the application is a breach too
            self.crash = self.crash or error
            yield f"{operation.name} answers {request} with no response: {type(error).__name__}: {error}"
            return
        if response.status_code >= _ERRORS:
            breaches = self._of_head if method.upper() == "HEAD" else self._of_response
            yield from (f"{operation.name} answers {request} with {breach}" for breach in breaches(operation, response))

    def _operation(self, method: str, path: str) -> _Operation | None:
        plain = "/" + unquote(urlsplit(path).path).lstrip("/")
        for name in dict.fromkeys((method, method.replace("HEAD", "GET"))):
            fitting = [
                operation
                for operation in self.operations
                if operation.name.startswith(f"{name} ") and operation.pattern.fullmatch(plain)
            ]
            if fitting:
                return min(fitting, key=lambda item: item.name.count("{"))
        return None

    def _of_head(self, operation: _Operation, response: Response) -> Iterator[str]:
        """Yield the breaches of a response to HEAD, which has header fields only (RFC 9110, section 9.3.2)."""
        status = response.status_code
        documented = self._response(operation, status)
        operation.sent |= {item for item in operation.documented if item.status == status}
        if documented is None:
            yield f"{status}, which is not documented."
            return
        if response.content:
            yield f"{status} and content, which a response to HEAD must not have."
        yield from (f"{status} {fault}" for fault in _headers(documented, response))

    def _of_response(self, operation: _Operation, response: Response) -> Iterator[str]:
        status, name = response.status_code, essence(str(response.headers.get("content-type", "")))
        documented = self._response(operation, status)
        content = _object((documented or {}).get("content"))
        if name != PROBLEM_JSON:
            if name not in content:
                yield f"{status} and no problem{f', but `{name}`' if name else ''}, which is not documented."
            elif is_json(name):
                yield from self._of_body(f"{status} as `{name}`", content[name], _json(response.content))
            return
        document, reason = read_document(response.content, response.headers.get("content-type"))
        if document is None:
            yield f"{status} and a problem that cannot be read: {reason}"
            return
        kind = Kind(status, str(document.get("type", ABOUT_BLANK)))
        operation.sent.add(kind)
        if PROBLEM_JSON not in content or kind not in operation.documented:
            yield f"{kind}, which is not documented."
            return
        yield from self._of_body(str(kind), content[PROBLEM_JSON], document)
        yield from (f"{kind} {fault}" for fault in _headers(documented or {}, response))
        yield from (f"{kind}, which {fault}" for fault in _revived(response, document, self.registry))

    def _of_body(self, response: str, media: Json, value: object) -> Iterator[str]:
        schema = {**_object(media.get("schema")), "components": self.document.get("components", {})}
        try:
            yield from (f"{response}, which is not valid: {fault}" for fault in self.validate(schema, value))
        except ModuleNotFoundError:
            raise
        except Exception as error:  # noqa: BLE001 - a schema that others wrote may be anything
            yield f"{response}, which cannot be validated: {type(error).__name__}: {error}"

    def _response(self, operation: _Operation, status: int) -> Json | None:
        """Return the documented response of a status: of the status itself, of its range, or the default."""
        for key in (str(status), f"{status // 100}XX", f"{status // 100}xx", "default"):
            if key in operation.responses:
                return resolved(self.document, operation.responses[key])
        return None


def _shown(path: str, options: Mapping[str, object]) -> str:
    """Return path and options of a request for a message."""
    given = ", ".join(f"{name}={value!r}" for name, value in options.items())
    shown = given if len(given) <= _SHOWN_MAX else f"{given[:_SHOWN_MAX]}…"
    return f"{path!r}" + (f" ({shown})" if shown else "")


def _json(content: bytes) -> object:
    try:
        return from_json(content)
    except ValueError:
        return None


def _headers(documented: Json, response: Response) -> Iterator[str]:
    for name, header in _object(documented.get("headers")).items():
        if _object(header).get("required") and name not in response.headers:
            yield f"without the header {name!r}."


def _revived(response: Response, document: Json, registry: Registry) -> Iterator[str]:
    """Yield why a client does not receive the declared class from a response."""
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
