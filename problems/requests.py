"""
Problems in the client, for requests.

The same as `problems.httpx` for a `requests.Session`; imports nothing of the library.
"""

import io
from collections.abc import Callable
from typing import Any, Final, TypeVar

from problems.catching._outcome import Undeclared, outcome
from problems.catching._responses import Response, Terms, library_of, retry_after, terms_of
from problems.catching.dialects import Dialect
from problems.declaring.problem import Problem
from problems.errors import SetupError
from problems.registry import Registry

__all__ = ["Undeclared", "outcome", "problem_from", "raise_for_problem", "raise_problems", "retry_after"]

_LIBRARY: Final = "requests"
_MARK: Final = "__problems__"

S = TypeVar("S")
R = TypeVar("R", bound=Response)


def raise_problems(session: S, registry: Registry, *, every_error: bool = True, dialect: Dialect | None = None) -> S:
    """
    Let a session raise the problem of each error response, and return the session.

    Authentication, redirects, hooks and retrying adapters see the response first. A declared type raises its class, an
    unknown one the class of its status; each is a `requests.HTTPError` too.

    Args:
        session: A session of requests.
        registry: The problem types of the server that the session talks to.
        every_error: Whether an error response without a problem document raises the class of its status.
        dialect: What is taken for a problem document besides what RFC 9457 says.

    Raises:
        SetupError: The session raises problems already, or is of another library.
    """
    cls: Any = type(session)
    if library_of(cls) != _LIBRARY:
        raise SetupError(f"{cls.__qualname__} is no session of requests. Give one that is.")
    own = vars(session)
    patched: Callable[..., Response] | None = own.get("send")
    if hasattr(patched, _MARK):
        raise SetupError("This session raises problems already. Call `raise_problems` once, with `registry | other`.")
    terms = terms_of(registry, every_error=every_error, dialect=dialect)

    def send(request: object, **options: object) -> Response:
        response: Response = patched(request, **options) if patched else cls.send(session, request, **options)
        if response.status_code >= 400:
            _raise(response, terms, is_streamed=bool(options.get("stream", own.get("stream"))))
        return response

    vars(send)[_MARK] = True
    own["send"] = send
    return session


def raise_for_problem(
    response: R, registry: Registry, *, every_error: bool = True, dialect: Dialect | None = None
) -> R:
    """
    Raise the problem that an error response tells of; return any other response.

    Raises:
        Problem: The declared class, or the class of the status.
    """
    if response.status_code >= 400:
        _raise(response, terms_of(registry, every_error=every_error, dialect=dialect), is_streamed=False)
    return response


def problem_from(
    response: Response,
    registry: Registry,
    *,
    dialect: Dialect | None = None,
    why: Callable[[str], object] | None = None,
) -> Problem | None:
    """
    Return the problem in a response, whatever its status; nothing if there is no problem document in it.

    Args:
        response: The response; one that is streamed is read only if its media type is that of a problem document.
        registry: The problem types that are known.
        dialect: What is taken for a problem document besides what RFC 9457 says.
        why: Is told in a sentence why there is none: a method of a logger, or `print`.
    """
    terms = terms_of(registry, every_error=False, dialect=dialect)
    content = response.content if terms.reads(response.headers.get("content-type")) else b""
    document, reason = terms.read(content, response.headers.get("content-type"))
    if document is not None:
        return terms.revive(response, document, None)
    if why is not None:
        why(reason or "")
    return None


def _raise(response: Response, terms: Terms, *, is_streamed: bool) -> None:
    if is_streamed and not terms.every_error and not terms.reads(response.headers.get("content-type")):
        return  # not read: whoever streams it gets all of it
    failure = _complete(response, terms.limit) if is_streamed else None
    document, reason = terms.read(response.content, response.headers.get("content-type"))
    if document is not None or terms.every_error:
        raise terms.revive(response, document, failure or reason)  # in no variable, which would make a cycle


def _complete(response: Any, limit: int) -> str | None:
    """Read at most the limit of a streamed response, close it, and return why not all of it is there."""
    content, failure = bytearray(), None
    try:
        # Piece by piece: what has come before a connection breaks may be all of the document.
        while len(content) <= limit and (chunk := _piece(response.raw, limit + 1 - len(content))):
            content += chunk
    except Exception as error:  # noqa: BLE001 - the status is known, and must not be lost to a broken body
        failure = f"The body could not be read: {type(error).__name__}."
    finally:
        response.close()
    response.raw = io.BytesIO(content)  # what `response.content` reads from
    return failure


def _piece(raw: Any, most: int) -> bytes:
    """Return what is there already, or comes next, at most so many bytes."""
    read: Callable[..., bytes] = getattr(raw, "read1", None) or raw.read  # urllib3 has it since 2.1
    return read(most, decode_content=True)
