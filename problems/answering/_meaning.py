"""
The mapping from exceptions to problems, for the package's own exceptions and foreign ones.

Knows the policy of the application. Does not read the request or write the response.
"""

import traceback
import types
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from http import HTTPStatus
from typing import Any, Final, TypeGuard

from pydantic_core import from_json
from starlette.exceptions import HTTPException

from problems._wire.headers import HeaderLines
from problems._wire.invalid_params import MOST_DESCRIBED, count_of, sentence, written
from problems._wire.json import encode, is_array, is_object
from problems._wire.status import is_bodyless, phrase
from problems._wire.text import text_or_none
from problems.answering._legacy import keep_errors, keep_nothing, keep_value
from problems.answering.instrumentation.logging import guarded
from problems.answering.policy import Policy
from problems.catalog import BadGateway, InternalServerError, class_of
from problems.declaring._body import is_taken
from problems.declaring._definition import definition_of
from problems.declaring._received import ReceivedProblem
from problems.declaring.problem import ClientProblem, Problem, ServerProblem, has_template, unvalidated
from problems.registry import Registry

__all__ = ["Rejected", "leaves", "meaning_of", "unexpected", "validation_problem"]

_NO_MEMBERS: Final[Mapping[str, object]] = {}
_DETAILS: Final = ("detail", "message", "reason")
_TAKEN: Final = "detail_members"
_FRAMES: Final = 50
_NOSNIFF: Final = HeaderLines({"X-Content-Type-Options": "nosniff"})
"""With what came from the client a problem is not to be taken for a page (RFC 9110, section 8.3)."""


class Rejected(Exception):
    """
    A request that a framework found invalid.

    Attributes:
        errors: Pydantic's errors, `loc` beginning with where the value came from.
        body: The body that was validated.
        secrets: Further names of members and parameters whose values are masked; `None` shows no value at all,
            because the secret ones are unknown.
    """

    def __init__(
        self, errors: Sequence[Mapping[str, Any]], body: object, secrets: frozenset[str] | None = frozenset()
    ) -> None:
        self.errors, self.body, self.secrets = errors, body, secrets


def meaning_of(exc: BaseException, policy: Policy, registry: Registry) -> Problem | HTTPException | None:
    """
    Return the problem of *exc* for a client, or `None` if it is not meant for clients.

    An exception for a response without content, as 204 and 304, is returned as it is.

    >>> str(meaning_of(HTTPException(404, "No such item"), Policy(), Registry()))
    '404 Not Found: No such item'
    """
    if isinstance(exc, Problem) and not isinstance(exc, ReceivedProblem):
        return exc
    if isinstance(exc, Rejected):
        return validation_problem(exc, policy, registry)
    if isinstance(exc, HTTPException) and _is_without_content(exc):
        return exc
    if _is_group(exc) and (most_severe := _most_severe(exc, policy, registry)) is not None:
        return most_severe
    if policy.translate and (translated := _translated(exc, policy)) is not None:
        return translated
    if isinstance(exc, ReceivedProblem):
        # A problem of an upstream server is not a problem of the client: no part of it is passed on.
        return unvalidated(BadGateway, None, _NO_MEMBERS)
    return _foreign(exc, policy) if isinstance(exc, HTTPException) else None


def unexpected(exc: BaseException, policy: Policy) -> Problem:
    """Return the problem of an unexpected exception: a constant, unless the policy exposes more."""
    text = f"{type(exc).__name__}: {_text_of(exc)}" if policy.expose_unexpected else None
    members: Mapping[str, Any] = _NO_MEMBERS
    if policy.traceback:
        with suppress(Exception):  # the attributes of foreign classes may raise anything
            members = {"traceback": "".join(traceback.format_exception(exc, limit=-_FRAMES)).splitlines()}
    problem = unvalidated(InternalServerError, text, members)
    if policy.legacy_detail:
        keep_nothing(problem)
    return problem


def _is_without_content(exc: HTTPException) -> bool:
    status: object = getattr(exc, "status_code", None)
    return not isinstance(exc, Problem) and _is_status(status) and is_bodyless(status)


def _most_severe(
    group: BaseExceptionGroup[BaseException], policy: Policy, registry: Registry
) -> Problem | HTTPException | None:
    """
    Return the one exception that a group is answered with (RFC 9457, section 3: the most urgent problem).

    If all parts are meant for clients that is the one with the most severe status: a 5xx before a 4xx, of equals the
    first. Any other group is unexpected as a whole: `None`.

    >>> group = ExceptionGroup("", [HTTPException(404), HTTPException(503), HTTPException(500)])
    >>> _most_severe(group, Policy(), Registry())
    ServiceUnavailable('Service Unavailable')
    """
    results: dict[int, Problem | HTTPException] = {}
    for leaf in leaves(group):
        meant = meaning_of(leaf, policy, registry)
        if meant is None:
            return None
        status = registry.form(type(meant)).status if isinstance(meant, Problem) else meant.status_code
        results.setdefault(status // 100, meant)
    return results[max(results)] if results else None


def _text_of(exc: BaseException) -> str:
    try:
        return str(exc)
    except Exception:  # noqa: BLE001 - whatever a stranger's `__str__` raises
        return ""


def _instance(cls: type[object]) -> object:
    return cls()


def _translated(exc: BaseException, policy: Policy) -> Problem | None:
    for cls in type(exc).__mro__:
        # A received problem is translated as something received, never as the class that it has for that server.
        if isinstance(exc, ReceivedProblem) and not issubclass(cls, ReceivedProblem):
            continue
        target = policy.translate.get(cls) if issubclass(cls, Exception) else None
        if target is None:
            continue
        with guarded("`Policy(translate=…)` failed for %s; it is answered as if it was not translated.", cls):  # pyright: ignore[reportUnknownArgumentType] - only its name is used
            instance: object = target if isinstance(target, type) else target(exc)
            # As in ``raise``, a class will do.
            problem: object = _instance(instance) if isinstance(instance, type) else instance
            if isinstance(problem, Problem) and not isinstance(problem, ReceivedProblem):
                problem.__cause__ = problem.__cause__ or exc
                return problem
    return None


def validation_problem(exc: Rejected, policy: Policy, registry: Registry) -> Problem:
    """Return the problem of an invalid request: of the class that the registry has for it."""
    shows = policy.include_inputs and exc.secrets is not None
    errors = written(
        exc.errors,
        exc.body,
        include_inputs=shows,
        masked=policy.masked if not shows else {*policy.masked, *(exc.secrets or ())},
        hide_custom_messages=policy.hide_custom_messages,
    )
    count, cls = count_of(exc.errors), registry.validation_problem
    truncated = count > MOST_DESCRIBED
    end = b',"truncated":true}' if truncated else b"}"
    problem = unvalidated(
        cls,
        _sentence(cls, count, errors),
        {"truncated": truncated},
        _NOSNIFF if policy.include_inputs else None,
        written=b'{"errors":' + errors + end,
    )
    if policy.legacy_detail:
        keep_errors(problem, exc.errors, from_json(errors))
    return problem


def _sentence(cls: type[Problem], count: int, errors: bytes) -> str:
    """Return the `detail` for some errors: the template of the class, or how many there are."""
    if has_template(cls):
        with suppress(Exception):  # a template may need what an invalid request does not have
            members = {"errors": from_json(errors), "truncated": False}
            return definition_of(cls).members.detail(members) or sentence(count)
    return sentence(count)


def _foreign(exc: HTTPException, policy: Policy) -> Problem | None:
    """Return the problem of an `HTTPException` of another library, with all of its `detail`."""
    status: object = getattr(exc, "status_code", None)
    if not _is_status(status):
        return None
    hidden = status >= 500 and not policy.expose_server_detail
    text, members = (None, _NO_MEMBERS) if hidden else _split(getattr(exc, "detail", None))
    cls = class_of(status)
    if not members.keys().isdisjoint(definition_of(cls).members.names):
        cls = _bare_class(status)  # a foreign `retry_after` is a plain member, and must not be taken for the header
    # The class of an `HTTPException` fills in the phrase where the raise site gives no text, and clients read it.
    problem = unvalidated(cls, text or _phrase(status), members, getattr(exc, "headers", None))
    if policy.legacy_detail and not hidden:
        keep_value(problem, exc)
    return problem


@cache
def _bare_class(status: int) -> type[Problem]:
    """Return a class for *status* that declares no members."""
    base = ServerProblem if status >= 500 else ClientProblem
    return types.new_class(base.__name__, (base,), {"status": status, "any_status": True, "init": False})


def _is_status(status: object) -> TypeGuard[int]:
    # A 1xx announces a response and is none; there is nothing beyond 599 (RFC 9110, section 15).
    return isinstance(status, int) and 200 <= status <= 599


def _split(detail: object) -> tuple[str | None, Mapping[str, object]]:
    """Return the text and the members in the `detail` of a foreign exception, which may be anything."""
    text = text_or_none(detail)
    if text is not None:
        return text, _NO_MEMBERS
    value: Any = from_json(encode(detail))
    if is_object(value):
        return _split_object(value)
    if is_array(value):
        return None, {"errors": value}
    if value is None or isinstance(value, str):
        return value, _NO_MEMBERS
    return encode(value).decode(), _NO_MEMBERS


def _split_object(value: dict[str, Any]) -> tuple[str | None, Mapping[str, Any]]:
    text = next((name for name in _DETAILS if isinstance(value.get(name), str)), None)
    detail = value.pop(text) if text else None
    taken = {name: value.pop(name) for name in tuple(value) if is_taken(name)}
    if not taken:
        return detail, value
    if _TAKEN in value:
        taken[_TAKEN] = value[_TAKEN]
    return detail, {**value, _TAKEN: taken}


def _phrase(status: int) -> str:
    """Return the text that Starlette fills in where the raise site gives none."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return phrase(status)


def _is_group(exc: BaseException) -> TypeGuard[BaseExceptionGroup[BaseException]]:
    return isinstance(exc, BaseExceptionGroup)


def leaves(exc: BaseException) -> Iterator[BaseException]:
    """
    Yield the exceptions in a group, however deep and each once; the exception itself if it is not a group.

    >>> [str(leaf) for leaf in leaves(ExceptionGroup("", [KeyError(1), ExceptionGroup("", [KeyError(2)])]))]
    ['1', '2']
    """
    waiting, seen = [exc], set[int]()
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if _is_group(part):
            waiting += reversed(part.exceptions)
        else:
            yield part
