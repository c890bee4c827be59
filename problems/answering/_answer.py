"""
What a client is told about an exception: every decision, in one place.

A pure function from an exception, the facts of the request, the policy and
the registry to status, headers and body. Knows no framework and sends nothing:
`_meaning` chooses the problem of an exception, `problems.registry` writes its document.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple, Protocol, TypeVar

from problems._wire.headers import HeaderLines, describes_body, field_value, header_value
from problems._wire.json import FALLBACK
from problems._wire.media_types import PROBLEM_JSON
from problems.answering._adapting import Line, adapted, merged
from problems.answering._meaning import Rejected, is_without_content, leading, meaning_of, unexpected
from problems.answering.instrumentation.logging import guarded, warned
from problems.answering.policy import Policy, RequestFacts
from problems.declaring.problem import Problem
from problems.registry import Registry, unregistered

__all__ = ["Answer", "Rejected", "answer", "answer_as"]

A = TypeVar("A")
A_co = TypeVar("A_co", covariant=True)

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
    headers: list[Line]
    body: bytes
    problem: Problem | None
    instance: str | None
    is_expected: bool = True
    failure: Exception | None = None


class Make(Protocol[A_co]):
    """What makes an answer of its parts, as `Answer` has them: the response of a framework, for one."""

    def __call__(
        self,
        status: int,
        headers: list[Line],
        body: bytes,
        problem: Problem | None,
        instance: str | None,
        is_expected: bool = ...,  # noqa: FBT001 - by position, as a tuple has it
        failure: Exception | None = ...,
        /,
    ) -> A_co: ...


def answer(exc: BaseException, facts: RequestFacts, policy: Policy, registry: Registry) -> Answer:
    """
    Return what the client described by *facts* is told about *exc*.

    Never raises: behind everything stands a constant document.
    """
    return answer_as(Answer, exc, facts, policy, registry)


def answer_as(
    make: Make[A],
    exc: BaseException,
    facts: RequestFacts,
    policy: Policy,
    registry: Registry,
    is_expected: bool = True,  # noqa: FBT001, FBT002 - passed on by position, as it comes
) -> A:
    """Return the same as an object of another kind, which *make* makes: so nobody has to copy it."""
    try:
        form = registry.forms.get(type(exc))
        if form is None:  # another library's exception, or the first of its class
            return _interpreted(make, exc, facts, policy, registry)
        problem: Problem = exc  # type: ignore[assignment]  # there are no forms of other classes
        made: object = problem.instance or facts.instance
        instance = made if isinstance(made, str) else None  # whatever others have made of it
        if policy.adapts:
            body, described = adapted(problem, instance, facts, policy, registry)
            headers = [*described, _NO_STORE, (b"content-length", b"%d" % len(body))]
        else:
            body = form.document(problem, instance)
            headers = [_CONTENT_TYPE, _NO_STORE, (b"content-length", b"%d" % len(body))]
        if problem.headers:
            headers = _with_own(headers, _lines(problem.headers, form.status), policy)
        # RFC 9110, section 9.3.2: a HEAD has the fields that a GET would have, without the content.
        sent = b"" if facts.method == "HEAD" else body
        return make(form.status, headers, sent, problem, instance, is_expected)
    except Exception as failure:  # noqa: BLE001 - an error toolkit may never make an error worse
        headers = [_CONTENT_TYPE, _NO_STORE, (b"content-length", b"%d" % len(FALLBACK))]
        sent = b"" if facts.method == "HEAD" else FALLBACK
        return make(500, headers, sent, None, facts.instance, False, failure)


def _interpreted(make: Make[A], exc: BaseException, facts: RequestFacts, policy: Policy, registry: Registry) -> A:
    exc, problem = leading(exc, policy, registry)
    if is_without_content(exc):
        return make(*_without_content(exc.status_code, exc.headers, facts))
    if problem is None:
        problem = meaning_of(exc, policy, registry)
    told = problem or unexpected(exc, policy)
    if (cls := type(told)) not in registry.forms:
        registry.form(cls)  # so that it is there
        with guarded("The type of a problem could not be compared with the registry."):
            _notice_unregistered(cls, registry)
    return answer_as(make, told, facts, policy, registry, problem is not None)


def _notice_unregistered(cls: type[Problem], registry: Registry) -> None:
    """Warn of a type that clients do not recognise, once, when it is answered for the first time."""
    if (reason := unregistered(cls, registry)) is not None:
        warned(f"A problem was answered whose type clients do not recognise: {reason}")


def _with_own(headers: list[Line], own: list[Line], policy: Policy) -> list[Line]:
    """Return the fields of an answer with those of the exception."""
    if any(name == b"cache-control" for name, _ in own):
        headers.remove(_NO_STORE)  # only a default: some errors are cacheable without it (RFC 9110, section 15.1)
    return merged(headers, own) if policy.adapts else headers + own


def _without_content(status: int, headers: Any, facts: RequestFacts) -> Answer:
    lines = _lines(headers, status)
    if status == 205:
        lines.append((b"content-length", b"0"))  # the one of them that may have content (RFC 9110, section 15.3.6)
    return Answer(status, lines, b"", None, facts.instance)


def _lines(headers: Any, status: int) -> list[Line]:
    """Return the fields of an exception, but those that describe the body it did not have."""
    if isinstance(headers, HeaderLines):
        return [_encoded(name, value) for name, value in headers.items() if not describes_body(name, status)]
    return [_encoded(name, value) for name, value in _sendable(headers) if not describes_body(name, status)]


def _encoded(name: str, value: str) -> Line:
    return name.lower().encode("latin-1"), value.encode("latin-1")


def _sendable(headers: Any) -> Iterator[tuple[str, str]]:
    """Yield those of another library's fields that can be sent; a server drops the connection over any other."""
    pairs: Callable[[], Iterable[Any]] = getattr(headers, "items", lambda: headers or ())
    for name, value in pairs():
        try:
            text = field_value(name, header_value(value))
        except ValueError:  # a field that cannot be sent must not cost the client its error
            continue
        yield name, text
