"""
Problems in sessions of requests.

`problems.httpx` for a `requests.Session`. Does not import the library.
"""

import io
from collections.abc import Callable, Collection
from typing import Any, Final, TypeVar
from weakref import ref

from problems._wire.arguments import explained
from problems._wire.decoding import Decoder
from problems._wire.later import require
from problems.catching._outcome import Undeclared, outcome
from problems.catching._responses import (
    MARK,
    Response,
    Terms,
    content_of,
    library_of,
    need_response,
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


@explained
def raise_problems(
    session: S,
    registry: Registry,
    *,
    every_error: bool = True,
    dialect: Dialect | None = None,
    ignore: Collection[int] = (),
) -> S:
    """
    Make a session raise error responses as problems, and return the session.

    Authentication, redirects, hooks and retrying adapters see the response first. A registered type raises its class,
    an unknown type the class of its status; each is also a `requests.HTTPError`.

    Args:
        session: A `requests.Session`.
        registry: The problem types of the server.
        every_error: Whether an error response without a problem document raises the class of its status.
        dialect: The names and media types of the API, if they differ from RFC 9457.
        ignore: Status codes that are returned as responses, such as 404 for an expected miss.

    Raises:
        SetupError: The session already raises problems, or comes from another library.
    """
    cls: Any = type(session)
    if library_of(cls) != _LIBRARY:
        raise SetupError(
            f"`raise_problems` needs a `requests.Session`; got `{cls.__qualname__}`. "
            "Write `raise_problems(session, registry)`; for httpx and httpx2 use `problems.httpx`."
        )
    own = vars(session)
    patched: Callable[..., Response] | None = own.get("send")
    if hasattr(patched, MARK):
        raise SetupError("This session already raises problems. Call `raise_problems` once, with `registry | other`.")
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
    Raise the problem in an error response; return any other response.

    Raises:
        Problem: The class of the type if it is registered, otherwise the class of the status.
    """
    need_response(response, "raise_for_problem")
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
    Return the problem in a response, whatever its status, or `None` if it contains no problem document.

    Args:
        response: The response. A streamed response is only read if its media type may contain a problem document.
        registry: The known problem types.
        dialect: Non-standard documents that are also read as problem details.
        why: Called with a sentence, the reason why the response contains no problem: a logger's method, or `print`.
    """
    need_response(response, "problem_from")
    terms = terms_of(registry, every_error=False, dialect=dialect)
    content, failure = content_of(response), None
    if content is None and terms.reads(response.headers.get("content-type")):
        content, failure = _complete(response, terms.limit)
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
            return  # not read: the caller can still stream all of it
        content, failure = _complete(response, terms.limit)
    document, reason = terms.read(content, response.headers.get("content-type"))
    if document is not None or terms.every_error:
        raise terms.revive(response, document, failure or reason)  # a variable would create a cycle


def _complete(response: Any, limit: int) -> tuple[bytes, str | None]:
    """
    Read a streamed response up to the limit and close it.

    Returns:
        The content, and the reason why it is incomplete.
    """
    if response.raw is None:  # a response that was created by hand
        return b"", None
    content, error = bytearray(), None
    decoder = Decoder(response.headers.get("content-encoding"), limit)
    try:
        # Piece by piece: the part received before a connection breaks may contain the whole document.
        while not decoder.is_full and (chunk := _piece(response.raw)):
            content += decoder.feed(chunk)
    except Exception as raised:  # noqa: BLE001 - a broken body must not hide the status
        error = f"The body could not be read: {type(raised).__name__}."
    finally:
        response.close()
    response.raw = io.BytesIO(content)  # what `response.content` reads from
    try:
        return response.content, decoder.failure or error
    except RuntimeError:  # other code has iterated over the body to its end
        return b"", "The body has already been read as a stream, so it can no longer be read."


def _piece(raw: Any) -> bytes:
    """Return the next bytes from the wire, still encoded."""
    if not hasattr(raw, "read1"):  # urllib3 before 2.1, and the file objects of some adapters
        raw.decode_content = False
        return bytes(raw.read(_CHUNK))
    try:
        return bytes(raw.read1(_CHUNK, decode_content=False))
    except TypeError:
        return bytes(raw.read1(_CHUNK))
