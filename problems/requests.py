"""
Problems in the client, for requests.

The same as `problems.httpx` for a `requests.Session`; does not import the library.
"""

import io
from collections.abc import Callable, Collection
from typing import Any, Final, TypeVar
from weakref import ref

from problems._wire.decoding import Decoder
from problems._wire.later import require
from problems.catching._outcome import Undeclared, outcome
from problems.catching._responses import (
    MARK,
    Response,
    Terms,
    content_of,
    library_of,
    owner_of,
    retry_after,
    shadow,
    terms_of,
)
from problems.catching.dialects import Dialect
from problems.declaring.problem import Problem
from problems.errors import SetupError
from problems.registry import Registry

__all__ = ["Undeclared", "outcome", "problem_from", "raise_for_problem", "raise_problems", "retry_after"]

require("requests", __name__, "requests")

_LIBRARY: Final = "requests"
_CHUNK: Final = 16_384

S = TypeVar("S")
R = TypeVar("R", bound=Response)


def raise_problems(
    session: S,
    registry: Registry,
    *,
    every_error: bool = True,
    dialect: Dialect | None = None,
    ignore: Collection[int] = (),
) -> S:
    """
    Let a session raise the problem of each error response, and return the session.

    Authentication, redirects, hooks and retrying adapters see the response first. A declared type raises its class, an
    unknown one the class of its status; each is a `requests.HTTPError` too.

    Args:
        session: A session of requests.
        registry: The problem types of the server that the session talks to.
        every_error: Whether an error response without a problem document raises the class of its status.
        dialect: The names and media types of the API, where they are not those of RFC 9457.
        ignore: Statuses that are returned as responses, such as a 404 that is an expected answer.

    Raises:
        SetupError: The session raises problems already, or is of another library.
    """
    cls: Any = type(session)
    if library_of(cls) != _LIBRARY:
        raise SetupError(f"{cls.__qualname__} is no session of requests. Give one that is.")
    own = vars(session)
    patched: Callable[..., Response] | None = own.get("send")
    if hasattr(patched, MARK):
        raise SetupError("This session raises problems already. Call `raise_problems` once, with `registry | other`.")
    terms = terms_of(registry, every_error=every_error, dialect=dialect, ignore=ignore)
    owner = ref(session)

    def send(request: object, **options: object) -> Response:
        response: Response = patched(request, **options) if patched else cls.send(owner_of(owner), request, **options)
        if response.status_code >= 400 and response.status_code not in terms.ignored:
            _raise(response, terms)
        return response

    shadow(session, "send", send)
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
        _raise(response, terms_of(registry, every_error=every_error, dialect=dialect))
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
    content, failure = content_of(response), None
    if content is None and terms.reads(response.headers.get("content-type")):
        failure = _complete(response, terms.limit)
        content = response.content
    document, reason = terms.read(content or b"", response.headers.get("content-type"))
    if document is not None:
        return terms.revive(response, document, failure)
    if why is not None:
        why(failure or reason or "")
    return None


def _raise(response: Response, terms: Terms) -> None:
    content, failure = content_of(response), None
    if content is None:
        if not terms.every_error and not terms.reads(response.headers.get("content-type")):
            return  # not read: whoever streams it gets all of it
        failure = _complete(response, terms.limit)
        content = response.content
    document, reason = terms.read(content, response.headers.get("content-type"))
    if document is not None or terms.every_error:
        raise terms.revive(response, document, failure or reason)  # in no variable, which would make a cycle


def _complete(response: Any, limit: int) -> str | None:
    """Read at most the limit of a streamed response, close it, and return why not all of it is there."""
    content, error = bytearray(), None
    decoder = Decoder(response.headers.get("content-encoding"), limit)
    try:
        # Piece by piece: what has come before a connection breaks may be all of the document.
        while not decoder.is_full and (chunk := _piece(response.raw)):
            content += decoder.feed(chunk)
    except Exception as raised:  # noqa: BLE001 - the status is known, and must not be lost to a broken body
        error = f"The body could not be read: {type(raised).__name__}."
    finally:
        response.close()
    response.raw = io.BytesIO(content)  # what `response.content` reads from
    return decoder.failure or error


def _piece(raw: Any) -> bytes:
    """Return what has arrived already, or arrives next, as it is on the wire."""
    if not hasattr(raw, "read1"):  # urllib3 before 2.1, and the file objects of some adapters
        raw.decode_content = False
        return bytes(raw.read(_CHUNK))
    try:
        return bytes(raw.read1(_CHUNK, decode_content=False))
    except TypeError:
        return bytes(raw.read1(_CHUNK))
