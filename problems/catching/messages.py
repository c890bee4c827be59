"""
Problems in messages that are not responses: server-sent events, lines of JSON and WebSocket close frames.

The document contains the only status (RFC 9457, section 3.1.2). Does not know transports or libraries: pass the
values that your library returns.
"""

from collections.abc import Mapping
from typing import Any, Final

from problems._wire.close_codes import status_of
from problems._wire.details import standard_members
from problems._wire.reading import read_json
from problems.declaring.problem import Problem
from problems.registry import Registry

__all__ = ["problem_from_close", "problem_from_event", "problem_from_line"]

_EVENT: Final = "problem"
_UNKNOWN: Final = 500
"""The status for a document without a valid one: the sender broke off."""


def problem_from_event(
    event: str | None, data: str | bytes, registry: Registry, *, url: str | None = None
) -> Problem | None:
    """
    Return the problem in a server-sent event, or `None` for any other event.

    >>> from problems import Registry
    >>> print(problem_from_event("problem", '{"title": "Gone", "status": 410}', Registry()))
    410 Gone
    >>> problem_from_event("message", '{"title": "Gone", "status": 410}', Registry())

    Args:
        event: The name of the event.
        data: Its data.
        registry: The problem types that are known.
        url: The address of the stream, for a relative `type` (RFC 9457, section 3.1.1).
    """
    return _problem(data, registry, url) if event == _EVENT else None


def problem_from_line(line: str | bytes, registry: Registry, *, url: str | None = None) -> Problem | None:
    """
    Return the problem in a line of JSON, or `None` for a line of data.

    A line is a problem if it is an object with a `type` and a `title` that are texts and a `status` from 400 to 599.
    Only these members distinguish problems from data.

    >>> from problems import Registry
    >>> print(problem_from_line(b'{"type": "about:blank", "title": "Gone", "status": 410}', Registry()))
    410 Gone
    >>> problem_from_line('{"id": 7, "status": "sold"}', Registry())

    Args:
        line: The line.
        registry: The problem types that are known.
        url: The address of the stream, for a relative `type`.
    """
    document, _ = read_json(_as_bytes(line), None)
    if document is None:
        return None
    standard, _ = standard_members(document)
    is_problem = "type" in standard and "title" in standard and 400 <= standard.get("status", 0) <= 599
    return registry.revive_document(document, status=standard["status"], url=url) if is_problem else None


def problem_from_close(code: int, reason: str, registry: Registry, *, url: str | None = None) -> Problem | None:
    """
    Return the problem in a close frame, or `None` for a code without a problem, such as 1000 or 1006.

    The reason is a type URI if the server has one that is short enough, otherwise a title. A close frame has no room
    for members, so a type with required members is received as the class of its status.

    >>> from problems import Registry
    >>> print(problem_from_close(3003, "No entry", Registry()))
    403 No entry

    Args:
        code: The close code (RFC 6455, section 7.4).
        reason: The close reason.
        registry: The problem types that are known.
        url: The address of the connection, for a relative type URI.
    """
    status = status_of(code)
    if status is None:
        return None
    known = registry.find(reason, url) if reason else None
    if known is not None:
        facts = known.problem_type
        document = {"type": reason, "title": facts.title, "status": facts.status}
        return registry.revive_document(document, status=facts.status, url=url)
    members: Mapping[str, Any] = {"title": reason} if reason else {}
    return registry.revive_document(members, status=status, url=url)


def _problem(data: str | bytes, registry: Registry, url: str | None) -> Problem:
    document, reason = read_json(_as_bytes(data), None)
    members: Mapping[str, Any] = {} if document is None else document
    standard, _ = standard_members(members)
    status: int = standard.get("status", _UNKNOWN)
    usable = status if 400 <= status <= 599 else _UNKNOWN
    return registry.revive_document(members, status=usable, url=url, reason=reason)


def _as_bytes(text: str | bytes) -> bytes:
    return text.encode("utf-8", "replace") if isinstance(text, str) else text
