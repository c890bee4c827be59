"""
The response to an exception: every decision about its content, in one place.

A pure function from an exception, the facts of the request, the policy and
the registry to status, headers and body. Knows no framework and sends nothing:
`_meaning` chooses the problem of an exception, `problems.registry` writes its document.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Any, Final, NamedTuple

from problems._wire.headers import MAX_FIELD, HeaderLines, describes_body, field_value, header_value
from problems._wire.json import FALLBACK
from problems._wire.media_types import PROBLEM_JSON
from problems._wire.text import plain, text_or_none
from problems.answering._adapting import Line, adapted, merged
from problems.answering._meaning import Rejected, meaning_of, unexpected
from problems.answering.instrumentation.logging import failed, guarded, warned
from problems.answering.policy import Policy, RequestFacts
from problems.declaring.problem import Problem, instance_of
from problems.registry import Registry, unregistered

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
        problem: The problem that is sent; `None` for a status without content.
        instance: The URI reference of this occurrence, for the log.
        is_expected: Whether the exception is meant for a client; any other exception is raised to the server.
        failure: What was raised while the answer was made, which is the constant document then; it is in the log.
    """

    status: int
    headers: list[Line]
    body: bytes
    problem: Problem | None
    instance: str | None
    is_expected: bool = True
    failure: Exception | None = None


def answer(exc: BaseException, facts: RequestFacts, policy: Policy, registry: Registry) -> Answer:
    """
    Return the response to *exc* for the client described by *facts*.

    Never raises: after a failure, which is logged at ERROR, it returns a constant document.
    """
    handled = sys.exception()
    try:
        meant = meaning_of(exc, policy, registry)
        if isinstance(meant, Problem):
            return _written(meant, True, facts, policy, registry)
        if meant is None:
            return _written(unexpected(exc, policy), False, facts, policy, registry)
        return _without_content(meant.status_code, meant.headers, facts)
    except Exception as failure:  # noqa: BLE001 - an error toolkit may never make an error worse
        failed(failure, (exc, handled), "An answer could not be made; a constant document is sent.")
        headers = [_CONTENT_TYPE, _NO_STORE, (b"content-length", b"%d" % len(FALLBACK))]
        return Answer(500, headers, _content(FALLBACK, facts), None, facts.instance, False, failure)


def _written(problem: Problem, is_expected: bool, facts: RequestFacts, policy: Policy, registry: Registry) -> Answer:  # noqa: FBT001 - private
    """Return the answer that sends a problem."""
    cls = type(problem)
    form = registry.known_form(cls)
    if form is None:
        form = registry.form(cls)
        with guarded("The type of a problem could not be compared with the registry."):
            _notice_unregistered(cls, registry)
    instance = instance_of(problem) or facts.instance
    if instance is not None and type(instance) is not str:  # pyright: ignore[reportUnnecessaryComparison] - a subclass
        instance = text_or_none(instance)
    if policy.adapts:
        body, described = adapted(problem, instance, facts, policy, registry)
    else:
        body, described = form.document(problem, instance), [_CONTENT_TYPE]
    headers = [*described, _NO_STORE, (b"content-length", b"%d" % len(body))]
    own: object = problem.headers
    if own is not None:
        headers = _with_own(headers, _lines(own, form.status), policy)
    return Answer(form.status, headers, _content(body, facts), problem, instance, is_expected)


def _content(body: bytes, facts: RequestFacts) -> bytes:
    # RFC 9110, section 9.3.2: a HEAD has the fields that a GET would have, without the content.
    return b"" if facts.method == "HEAD" else body


def _notice_unregistered(cls: type[Problem], registry: Registry) -> None:
    """Warn of a type that clients do not recognise, once, when it is answered for the first time."""
    if (reason := unregistered(cls, registry)) is not None:
        warned(f"A problem was answered whose type clients do not recognise: {reason}")


def _with_own(headers: list[Line], own: list[Line], policy: Policy) -> list[Line]:
    """Return the fields of a response, with the fields of the exception."""
    if any(name == b"cache-control" for name, _ in own):
        headers.remove(_NO_STORE)  # only a default: some errors are cacheable without it (RFC 9110, section 15.1)
    return merged(headers, own) if policy.adapts else headers + own


def _without_content(status: int, headers: object, facts: RequestFacts) -> Answer:
    lines = _lines(headers, status)
    if status == 205:
        lines.append((b"content-length", b"0"))  # the only such status that may have content (RFC 9110, section 15.3.6)
    return Answer(status, lines, b"", None, facts.instance)


def _lines(headers: object, status: int) -> list[Line]:
    """Return the fields of an exception, but those that describe the body it did not have."""
    if type(headers) is HeaderLines:
        return [_encoded(name, value) for name, value in headers.items() if not describes_body(name, status)]
    return [_encoded(name, value) for name, value in _sendable(headers) if not describes_body(name, status)]


def _encoded(name: str, value: str) -> Line:
    return name.lower().encode("latin-1"), value.encode("latin-1")


def _sendable(headers: object) -> Iterator[tuple[str, str]]:
    """Yield another library's fields that can be sent. A server drops the connection over any other field."""
    given: tuple[Any, ...] = ()
    with guarded("The headers of an exception could not be read; it is answered without them."):
        given = tuple(islice(_pairs_of(headers), MAX_FIELD))
    for pair in given:
        with suppress(Exception):  # a field that cannot be sent must not cost the client its error
            name, value = pair
            text = field_value(name, header_value(value))
            yield plain(name), text


def _pairs_of(headers: Any) -> Iterable[Any]:
    if headers is None:
        return ()
    pairs: Callable[[], Iterable[Any]] | None = getattr(headers, "items", None)
    return headers if pairs is None else pairs()
