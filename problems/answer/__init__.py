"""
What a client is told about an exception: every decision, in one place.

A pure function from an exception, the facts of the request, the policy and
the registry to status, headers and body. Knows no framework and sends nothing:
`problems.starlette` calls it with what was raised, `_meaning` says which problem that is, `problems._form` writes it.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

from problems._headers import HeaderLines, check_header, describes_body, header_value
from problems._media_types import PROBLEM_JSON
from problems._received import ReceivedProblem
from problems.answer._adapting import adapted, merged
from problems.answer._meaning import Rejected, is_without_content, leading, meaning_of, unexpected
from problems.exceptions import Problem
from problems.policy import Policy, RequestFacts
from problems.registry import Registry
from problems.rendering.json import FALLBACK

__all__ = ["Answer", "Rejected", "answer"]

_CONTENT_TYPE: Final = (b"content-type", PROBLEM_JSON.encode())
_NO_STORE: Final = (b"cache-control", b"no-store")


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
        failure: What went wrong while the answer was made, for the log: it is the constant document then.
    """

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    problem: Problem | None
    instance: str | None
    is_expected: bool = True
    failure: Exception | None = None


def answer(exc: BaseException, facts: RequestFacts, policy: Policy, registry: Registry) -> Answer:
    """
    Return what the client described by *facts* is told about *exc*.

    Never raises: behind everything stands a constant document.
    """
    try:
        if isinstance(exc, Problem) and not isinstance(exc, ReceivedProblem):
            return _told(exc, facts, policy, registry)
        exc, problem = leading(exc, policy, registry)
        if is_without_content(exc):
            return _without_content(exc.status_code, exc.headers, facts)
        if problem is None:
            problem = meaning_of(exc, policy, registry)
        return _told(problem or unexpected(exc, policy), facts, policy, registry, is_expected=problem is not None)
    except Exception as failure:  # noqa: BLE001 - an error toolkit may never make an error worse
        headers = [_CONTENT_TYPE, _NO_STORE, (b"content-length", b"%d" % len(FALLBACK))]
        body = b"" if facts.method == "HEAD" else FALLBACK
        return Answer(500, headers, body, None, facts.instance, is_expected=False, failure=failure)


def _without_content(status: int, headers: Any, facts: RequestFacts) -> Answer:
    lines = _lines(headers, status)
    if status == 205:
        lines.append((b"content-length", b"0"))  # the one of them that may have content (RFC 9110, section 15.3.6)
    return Answer(status, lines, b"", None, facts.instance)


def _told(
    problem: Problem, facts: RequestFacts, policy: Policy, registry: Registry, *, is_expected: bool = True
) -> Answer:
    form = registry.form(type(problem))
    status = form.status
    made: object = problem.instance or facts.instance
    instance = made if isinstance(made, str) else None
    if policy.adapts:
        body, described = adapted(problem, instance, facts, policy, registry)
        headers = [*described, _NO_STORE, (b"content-length", b"%d" % len(body))]
    else:
        body = form.document(problem, instance)
        headers = [_CONTENT_TYPE, _NO_STORE, (b"content-length", b"%d" % len(body))]
    if problem.headers:
        own = _lines(problem.headers, status)
        if any(name == b"cache-control" for name, _ in own):
            headers.remove(_NO_STORE)  # only a default: some errors are cacheable without it (RFC 9110, section 15.1)
        headers = merged(headers, own) if policy.adapts else headers + own
    # RFC 9110, section 9.3.2: a HEAD has the fields that a GET would have, without the content.
    sent = b"" if facts.method == "HEAD" else body
    return Answer(status, headers, sent, problem, instance, is_expected)


def _lines(headers: Any, status: int) -> list[tuple[bytes, bytes]]:
    """Return the fields of an exception, but those that describe the body it did not have."""
    if isinstance(headers, HeaderLines):
        return [_encoded(name, value) for name, value in headers.items() if not describes_body(name, status)]
    return [_encoded(name, value) for name, value in _sendable(headers) if not describes_body(name, status)]


def _encoded(name: str, value: str) -> tuple[bytes, bytes]:
    return name.lower().encode("latin-1"), value.encode("latin-1")


def _sendable(headers: Any) -> Iterator[tuple[str, str]]:
    """Yield those of another library's fields that can be sent; a server drops the connection over any other."""
    pairs: Callable[[], Iterable[Any]] = getattr(headers, "items", lambda: headers or ())
    for name, value in pairs():
        try:
            text = header_value(value)
            check_header(name, text)
        except ValueError:  # a field that cannot be sent must not cost the client its error
            continue
        yield name, text
