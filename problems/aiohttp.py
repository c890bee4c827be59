"""
Problems in sessions of aiohttp.

`problems.httpx` for an `aiohttp.ClientSession`, through the library's own `raise_for_status` hook. Does not import
the library.
"""

import sys
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar

from problems._wire.decoding import Decoder
from problems._wire.later import require
from problems._wire.reading import Document
from problems.catching._responses import Terms, fields_of, need_response, retry_after, terms_of
from problems.catching.dialects import Dialect
from problems.declaring.problem import Problem
from problems.registry import Registry

__all__ = ["problem_from", "problem_hook", "raise_for_problem", "retry_after"]

require("aiohttp", __name__, "aiohttp")

_LIBRARY: Final = "aiohttp"
_CHUNK: Final = 16_384
_DECODED_BY_AIOHTTP: Final = frozenset({"br", "deflate", "gzip", "zstd"})


class Response(Protocol):
    """The attributes of an aiohttp response that this package uses."""

    @property
    def status(self) -> int:
        """The status code."""
        ...

    @property
    def headers(self) -> Any:
        """The header fields."""
        ...

    @property
    def url(self) -> object:
        """The address of the last request."""
        ...

    @property
    def reason(self) -> str | None:
        """The phrase that came with the status code."""
        ...

    @property
    def request_info(self) -> object:
        """The last request."""
        ...

    @property
    def history(self) -> object:
        """The responses that redirected to this one."""
        ...

    @property
    def content(self) -> Any:
        """The stream that the body is read from."""
        ...

    async def read(self) -> bytes:
        """Read the body."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


@dataclass(frozen=True, slots=True)
class ReadResponse:
    """
    The part of an aiohttp response that was read, under the attribute names of the other libraries.

    Attributes:
        status_code: The status code.
        headers: The header fields, a mapping of aiohttp's own.
        url: The address of the last request.
        request: The last request.
        content: The part of the body that was read.
    """

    status_code: int
    headers: Any
    url: object
    request: object
    content: bytes = field(repr=False)


R = TypeVar("R", bound=Response)


def problem_hook(
    registry: Registry, *, every_error: bool = True, dialect: Dialect | None = None, ignore: Collection[int] = ()
) -> Callable[[Response], Awaitable[None]]:
    """
    Return a response hook that raises error responses as problems: pass it as `ClientSession(raise_for_status=…)`.

    Middlewares and redirects see the response first. A registered type raises its class, an unknown type the class of
    its status; each is also an `aiohttp.ClientResponseError`.

    >>> import aiohttp
    >>> from problems import Registry
    >>> async def main() -> None:
    ...     async with aiohttp.ClientSession(raise_for_status=problem_hook(Registry())) as session:
    ...         await session.get("https://shop.example/items/7")

    Args:
        registry: The problem types of the server.
        every_error: Whether an error response without a problem document raises the class of its status.
        dialect: The names and media types of the API, if they differ from RFC 9457.
        ignore: Status codes that are returned as responses, such as 404 for an expected miss.
    """
    # Wrong arguments raise an error here, not when the first error response arrives.
    ignored = terms_of(registry, dialect=dialect, ignore=ignore).ignored

    async def hook(response: Response) -> None:
        if response.status in ignored:
            return
        await raise_for_problem(response, registry, every_error=every_error, dialect=dialect)

    return hook


async def raise_for_problem(
    response: R, registry: Registry, *, every_error: bool = True, dialect: Dialect | None = None
) -> R:
    """
    Raise the problem in an error response; return any other response.

    Raises:
        Problem: The class of the type if it is registered, otherwise the class of the status.
    """
    need_response(response, "raise_for_problem")
    if response.status >= 400:
        terms = terms_of(registry, every_error=every_error, dialect=dialect)
        read, document, reason = await _read(response, terms)
        if document is not None or every_error:
            raise _revived(response, read, document, reason, terms)  # a variable would create a cycle
    return response


async def problem_from(
    response: Response,
    registry: Registry,
    *,
    dialect: Dialect | None = None,
    why: Callable[[str], object] | None = None,
) -> Problem | None:
    """
    Return the problem in a response, whatever its status, or `None` if it contains no problem document.

    Args:
        response: The response. Its body is only read if its media type may contain a problem document.
        registry: The known problem types.
        dialect: Non-standard documents that are also read as problem details.
        why: Called with a sentence, the reason why the response contains no problem: a logger's method, or `print`.
    """
    need_response(response, "problem_from")
    terms = terms_of(registry, every_error=False, dialect=dialect)
    read, document, reason = await _read(response, terms)
    if document is not None:
        return _revived(response, read, document, reason, terms)
    if why is not None:
        why(reason or "")
    return None


async def _read(response: Response, terms: Terms) -> tuple[ReadResponse, Document | None, str | None]:
    media_type = fields_of(response.headers).get("content-type")
    is_wanted = terms.every_error or terms.reads(media_type)
    content, failure = await _content(response, terms.limit) if is_wanted else (b"", None)
    read = ReadResponse(response.status, response.headers, response.url, response.request_info, content)
    document, reason = terms.read(content, media_type)
    return read, document, failure or reason


def _status_error(response: type) -> type[Exception]:  # noqa: ARG001 - only one library has such responses
    error: type[Exception] = sys.modules[_LIBRARY].ClientResponseError
    return error


def _revived(
    response: Response, read: ReadResponse, document: Document | None, reason: str | None, terms: Terms
) -> Problem:
    problem = terms.revive(read, document, reason, _status_error, fields_of(read.headers))
    # The attributes of the library's own error. A member with the same name wins. Error trackers show `message`.
    text = problem.detail or problem.problem_details.title or response.reason
    own = {"request_info": response.request_info, "history": response.history, "message": text}
    problem.__dict__.update({name: value for name, value in own.items() if name not in problem.__dict__})
    return problem


async def _content(response: Response, limit: int) -> tuple[bytes, str | None]:
    """
    Read a response up to the limit, close it if there is more, and return the reason why the content is incomplete.

    The library reads through a substitute stream, so that code that has the response can read a shorter body again.
    """
    whole: Any = response
    stream = whole.content
    bounded = _Bounded(stream, Decoder(_left_encoded(response), limit))
    body: object = getattr(response, "_body", None)  # there is no public attribute for a response that has been read
    if isinstance(body, bytes):
        content = bounded.decoder.feed(body)
        # If this module read the response, nothing is left to decode.
        return (content if bounded.decoder.failure is None else body[: limit + 1]), None
    whole.content = bounded
    try:
        await response.read()
    except _TooLong:
        response.close()
    except Exception as error:  # noqa: BLE001 - a broken body must not hide the status
        return bytes(bounded.into), bounded.decoder.failure or f"The body could not be read: {type(error).__name__}."
    finally:
        whole.content = stream
    return bytes(bounded.into), bounded.decoder.failure


def _left_encoded(response: Response) -> str:
    """
    Return the codings that the library left in place.

    It decodes the last line of the field, if that is one coding and the session decompresses.
    """
    *lines, last = response.headers.getall("content-encoding", ()) or ("",)
    has_decoded = (
        last.lower() in _DECODED_BY_AIOHTTP and getattr(response.content, "total_compressed_bytes", 0) is not None
    )
    return ", ".join(lines if has_decoded else (*lines, last))


class _TooLong(Exception):
    """The body is longer than the limit."""


@dataclass(frozen=True, slots=True)
class _Bounded:
    """The decoded start of a body, which is kept when reading fails."""

    stream: Any
    decoder: Decoder
    into: bytearray = field(default_factory=bytearray)

    async def read(self) -> bytes:
        while chunk := await self.stream.read(_CHUNK):
            self.into.extend(self.decoder.feed(chunk))
            if self.decoder.is_full:
                raise _TooLong
        return bytes(self.into)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)
