"""
Assertions about problems, for the tests of applications and clients.

Reads a response as a client would, and reports every difference from the expected problem. Does not import a test
framework: a failure is an `AssertionError`.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, Protocol, TypeVar

from pydantic import ValidationError

from problems._wire.problem_type import ABOUT_BLANK
from problems._wire.reading import read_document
from problems._wire.status import phrase
from problems._wire.text import briefly
from problems._wire.uris import check_base, is_absolute
from problems.catalog import ValidationProblem
from problems.catching._responses import need_response
from problems.declaring._definition import definition_of
from problems.declaring._mistakes import of_unknown
from problems.declaring._raises import is_problem, spelled
from problems.declaring._received import received
from problems.declaring.problem import Problem
from problems.errors import AbstractProblem, InvalidMembers, SetupError
from problems.registry import Registry, occurrence
from problems.testing._truth import assert_contract

__all__ = ["assert_contract", "assert_problem"]

P = TypeVar("P", bound=Problem)

_STANDARD: Final = ("title", "detail", "instance")
_SHOWN_MAX: Final = 2_000
_ABSENT: Final = "absent"


class Response(Protocol):
    """The attributes of a response of httpx2, httpx or Starlette's `TestClient` that this package uses."""

    @property
    def status_code(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def content(self) -> bytes: ...


def assert_problem(response: Response, expected: type[P], /, registry: Registry | None = None, **members: object) -> P:
    """
    Check that a response contains a problem of the class *expected*, and return the problem.

    Status, media type and `type` must match the class, the document must be valid for it, and each of *members* must
    have the given value, in Python or as in the document:

    >>> import httpx2
    >>> from problems import NotFound
    >>> class ItemNotFound(NotFound, type="https://shop.example/problems/item-not-found", title="Item not found"):
    ...     item_id: int
    >>> response = httpx2.Response(
    ...     404,
    ...     headers={"Content-Type": "application/problem+json"},
    ...     json={"type": "https://shop.example/problems/item-not-found", "status": 404, "item_id": 7},
    ... )
    >>> assert_problem(response, ItemNotFound, item_id=7).item_id + 1
    8
    >>> assert_problem(response, ItemNotFound, item_id=8)
    Traceback (most recent call last):
    ...
    AssertionError: The response is not the ItemNotFound that was expected:
      item_id  expected 8, got 7
    The document is:
      {
        "type": "https://shop.example/problems/item-not-found",
        "status": 404,
        "item_id": 7
      }

    Args:
        response: The response.
        expected: The problem class. A subclass is a different problem type.
        registry: Defines the type URI. Without it, a relative `type` must be the end of the received type URI.
        members: Expected values by name or alias: extension members, `title`, `detail` and `instance`.

    Raises:
        AssertionError: The response is not the expected problem; the message lists all differences.
        InvalidMembers: The class has no such member.
        AbstractProblem: The class is a base.
        SetupError: *response* is not a response, or *expected* is not a problem class.
    """
    need_response(response, "assert_problem", "ItemNotFound")
    _check(expected, members)
    document, reason = read_document(response.content, response.headers.get("content-type"))
    if document is None:
        raise AssertionError(_no_document(response, expected, reason))
    differences = dict(_facts(response, document, registry, expected))
    try:
        problem = _revived(expected, document, response)
    except ValidationError as error:
        differences |= _misfits(error)
    else:
        differences |= _members(problem, document, members)
        if not differences:
            return problem
    raise AssertionError(_message(expected, differences, document))


def _check(expected: type[Problem], members: Mapping[str, object]) -> None:
    if not is_problem(expected):
        raise SetupError(
            f"`assert_problem` needs a problem class; got {briefly(expected)}. Pass members as keyword arguments: "
            f"`assert_problem(response, {spelled(expected)}, item_id=7)`."
        )
    if definition_of(expected).declaration.abstract:
        raise AbstractProblem(expected.__qualname__, "expected")
    if definition_of(expected).declaration.open:
        return
    known = {*definition_of(expected).members.names, *definition_of(expected).members.sent.values(), *_STANDARD}
    for name in members:
        if name not in known:
            raise InvalidMembers(expected.__qualname__, of_unknown(name, definition_of(expected).members))


def _revived(expected: type[P], document: Mapping[str, object], response: Response) -> P:
    """Return the problem as a client would, for any type URI."""
    members = definition_of(expected).members.read(document, response.headers)
    result: Any = occurrence(received(expected, None), members, document, response.status_code, response)
    problem: P = result  # a class of received problems derives from the declared class
    return problem


def _facts(
    response: Response, document: Mapping[str, object], registry: Registry | None, expected: type[Problem]
) -> Iterator[tuple[str, str]]:
    status = expected.problem_type.status
    if response.status_code != status:
        yield "status", f"expected {status}, got {response.status_code}"
    elif document.get("status", status) != status:
        yield "status", f"expected {status} in the document too, got {document['status']!r} (RFC 9457, section 3.1.2)"
    uri = document.get("type", ABOUT_BLANK)
    if registry is not None and uri != registry.uri(expected):
        yield "type", f"expected {registry.uri(expected)!r}, got {uri!r}"
    elif registry is None and not _may_be(expected, str(uri)):
        yield "type", f"expected {expected.problem_type.uri!r}, got {uri!r}"


def _may_be(expected: type[Problem], received: str) -> bool:
    """Return whether a registry could give *expected* the received type URI."""
    written = expected.problem_type.uri
    if expected is ValidationProblem and received != written:
        written = "validation-problem"
    if received == written:
        return True
    return not is_absolute(written) and received.endswith(written) and not check_base(received.removesuffix(written))


def _misfits(error: ValidationError) -> Iterator[tuple[str, str]]:
    for fault in error.errors(include_url=False, include_input=False, include_context=False):
        yield ".".join(map(str, fault["loc"])), fault["msg"]


def _members(
    problem: Problem, document: Mapping[str, object], members: Mapping[str, object]
) -> Iterator[tuple[str, str]]:
    names = {alias: name for name, alias in definition_of(type(problem)).members.sent.items()}
    for name, wanted in members.items():
        python = names.get(name, name)
        sent = document.get(definition_of(type(problem)).members.sent.get(python, python), _ABSENT)
        given = problem.__dict__.get(python, sent)
        if wanted not in (given, sent):
            shown = "nothing" if given is _ABSENT else repr(given)
            yield name, f"expected {wanted!r}, got {shown}"


def _message(expected: type[Problem], differences: Mapping[str, str], document: object) -> str:
    width = max(map(len, differences), default=0)
    lines = [f"  {name:<{width}}  {difference}" for name, difference in differences.items()]
    shown = json.dumps(document, indent=2, ensure_ascii=False, default=repr)[:_SHOWN_MAX]
    head = f"The response is not the {expected.__qualname__} that was expected:"
    return "\n".join([head, *lines, "The document is:", *(f"  {line}" for line in shown.splitlines())])


def _no_document(response: Response, expected: type[Problem], reason: str | None) -> str:
    body = response.content[:_SHOWN_MAX].decode("utf-8", "replace") or "(empty)"
    given = f"{response.status_code} {phrase(response.status_code)}".strip()
    head = f"The response, {given}, is not the {expected.__qualname__} that was expected: {reason}"
    return "\n".join([head, "The body is:", *(f"  {line}" for line in body.splitlines())])
