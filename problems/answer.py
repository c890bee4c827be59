"""
What a client is told about an exception: every decision, in one place.

A pure function from an exception, the facts of the request, the policy and
the registry to status, headers and body. Knows no framework and sends nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, NamedTuple, TypeGuard

from pydantic_core import from_json
from starlette.exceptions import HTTPException

from problems._headers import HeaderLines, check_header, describes_body
from problems._media_types import PROBLEM_JSON
from problems._members import is_taken
from problems._received import ReceivedProblem
from problems._status import is_bodyless
from problems.catalog import BadGateway, InternalServerError, class_of
from problems.errors import InvalidHeader
from problems.exceptions import Problem, unvalidated
from problems.invalid_params import rejected
from problems.policy import Policy, RequestFacts
from problems.registry import Registry
from problems.rendering.json import FALLBACK, encode, join

__all__ = ["Answer", "Rejected", "answer", "leading"]

_CONTENT_TYPE: Final = (b"content-type", PROBLEM_JSON.encode())
_NO_STORE: Final = (b"cache-control", b"no-store")
_NO_MEMBERS: Final[Mapping[str, Any]] = {}


class Answer(NamedTuple):
    """
    What is sent.

    Attributes:
        status: The status code.
        headers: The header fields as ASGI takes them.
        body: The content; empty where HTTP allows none.
        problem: The problem that is told; `None` for a status that has no content.
        instance: The URI reference of this occurrence, for the log.
        is_expected: Whether somebody meant the exception for a client; any other one goes on to the server.
    """

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    problem: Problem | None
    instance: str | None
    is_expected: bool = True


class Rejected(Exception):
    """
    A request that a framework found invalid.

    Attributes:
        errors: Pydantic's errors, `loc` beginning with where the value came from.
        body: The body that was validated.
    """

    def __init__(self, errors: Sequence[Mapping[str, Any]], body: object) -> None:
        super().__init__(errors, body)
        self.errors, self.body = errors, body


def answer(exc: BaseException, facts: RequestFacts, policy: Policy, registry: Registry) -> Answer:
    """
    Return what the client described by *facts* is told about *exc*.

    Never raises: behind everything stands a constant document.
    """
    try:
        if isinstance(exc, Problem) and not isinstance(exc, ReceivedProblem):
            return _told(exc, facts, registry)
        if isinstance(exc, HTTPException) and is_bodyless(exc.status_code):
            return Answer(exc.status_code, _lines(exc.headers or {}, exc.status_code), b"", None, facts.instance)
        problem = _meant(exc, policy, registry)
        return _told(problem or _unexpected(exc, policy), facts, registry, is_expected=problem is not None)
    except Exception:  # noqa: BLE001 - an error toolkit may never make an error worse
        headers = [_CONTENT_TYPE, _NO_STORE, (b"content-length", b"%d" % len(FALLBACK))]
        body = b"" if facts.method == "HEAD" else FALLBACK
        return Answer(500, headers, body, None, facts.instance, is_expected=False)


def _told(problem: Problem, facts: RequestFacts, registry: Registry, *, is_expected: bool = True) -> Answer:
    cls = type(problem)
    instance = problem.instance or facts.instance
    body = join(registry.prefix(cls), problem.problem_detail, instance, problem.problem_extensions)
    headers = _lines(problem.headers, problem.status_code) if problem.headers else []
    headers.append(_CONTENT_TYPE)
    if not any(name == b"cache-control" for name, _ in headers):
        headers.append(_NO_STORE)  # some errors are cacheable by default (RFC 9110, section 15.1)
    headers.append((b"content-length", b"%d" % len(body)))
    # RFC 9110, section 9.3.2: a HEAD has the fields that a GET would have, without the content.
    sent = b"" if facts.method == "HEAD" else body
    return Answer(problem.status_code, headers, sent, problem, instance, is_expected)


def _lines(headers: Mapping[str, str], status: int) -> list[tuple[bytes, bytes]]:
    """Return the fields of an exception, but those that describe the body it did not have."""
    lines: list[tuple[bytes, bytes]] = []
    for name, value in headers.items():
        if not describes_body(name, status) and (isinstance(headers, HeaderLines) or _is_sendable(name, value)):
            lines.append((name.lower().encode("latin-1"), value.encode("latin-1")))
    return lines


def _is_sendable(name: str, value: str) -> bool:
    """Whether another library's field can be sent; a server drops the connection over one that cannot."""
    try:
        check_header(name, value)
    except InvalidHeader:
        return False
    return True


def _meant(exc: BaseException, policy: Policy, registry: Registry) -> Problem | None:
    """Return the problem that a foreign exception becomes, if it was meant for a client."""
    if isinstance(exc, ReceivedProblem):
        # A server's trouble with us is no trouble of our client's: nothing of it is passed on.
        return unvalidated(BadGateway, None, _NO_MEMBERS)
    if isinstance(exc, Rejected):
        return _validation_problem(exc, policy, registry)
    if policy.translate and isinstance(exc, Exception) and (translated := _translated(exc, policy)):
        return translated
    return _foreign(exc, policy) if isinstance(exc, HTTPException) else None


def _unexpected(exc: BaseException, policy: Policy) -> Problem:
    text = f"{type(exc).__name__}: {exc}" if policy.expose_unexpected else None
    return unvalidated(InternalServerError, text, _NO_MEMBERS)


def _translated(exc: Exception, policy: Policy) -> Problem | None:
    for cls in type(exc).__mro__:
        target = policy.translate.get(cls)
        if target is not None:
            return target() if isinstance(target, type) else target(exc)
    return None


def _validation_problem(exc: Rejected, policy: Policy, registry: Registry) -> Problem:
    errors = rejected(exc.errors, exc.body, include_inputs=policy.include_inputs)
    return unvalidated(
        registry.validation_problem, None, {"errors": errors, "truncated": len(errors) < len(exc.errors)}
    )


def _foreign(exc: HTTPException, policy: Policy) -> Problem:
    """Return the problem of an `HTTPException` that is none of ours; nothing of its `detail` is lost."""
    cls = class_of(exc.status_code)
    hidden = exc.status_code >= 500 and not policy.expose_server_detail
    detail, members = (None, _NO_MEMBERS) if hidden else _split(exc.detail, exc.status_code)
    return unvalidated(cls, detail, members, exc.headers)


def _split(detail: object, status: int) -> tuple[str | None, Mapping[str, Any]]:
    """Return the text and the members in the `detail` of a foreign exception, which may be anything."""
    if isinstance(detail, str):
        return (None if detail == _usual_phrase(status) else detail), _NO_MEMBERS
    value: Any = from_json(encode(detail))
    if _is_object(value):
        return _split_object(value)
    if isinstance(value, list):
        return None, {"errors": value}
    return (
        (None, _NO_MEMBERS)
        if value is None
        else (value if isinstance(value, str) else encode(value).decode(), _NO_MEMBERS)
    )


def _is_object(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _split_object(value: dict[str, Any]) -> tuple[str | None, Mapping[str, Any]]:
    text = next((name for name in ("detail", "message", "reason") if isinstance(value.get(name), str)), None)
    detail = value.pop(text) if text else None
    members = {name: it for name, it in value.items() if not is_taken(name)}
    taken = {name: it for name, it in value.items() if is_taken(name)}
    return detail, {**members, "detail_members": taken} if taken else members


def _usual_phrase(status: int) -> str | None:
    """Return what Starlette fills in for a `detail` that is not given: it says nothing."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return None


def leading(exc: BaseException) -> BaseException:
    """
    Return the one exception that a group is answered with (RFC 9457, section 3: the most urgent problem).

    Of a group of nothing but problems and HTTP exceptions that is the first one the server is to blame for, else
    the first. Any other group is unexpected as a whole.
    """
    if not _is_group(exc):
        return exc
    leaves = list(_leaves(exc))
    if not all(isinstance(leaf, HTTPException) for leaf in leaves):
        return exc
    return next((leaf for leaf in leaves if isinstance(leaf, HTTPException) and leaf.status_code >= 500), leaves[0])


def _is_group(exc: BaseException) -> TypeGuard[BaseExceptionGroup[BaseException]]:
    return isinstance(exc, BaseExceptionGroup)


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for part in group.exceptions:
        if _is_group(part):
            yield from _leaves(part)
        else:
            yield part
