"""
Bodies of streamed error responses: read in place up to a limit, then closed.

Uses only the public interface of httpx2 and httpx. Does not know problems.
"""

import sys
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any, Final, NamedTuple, Protocol

from problems._wire.decoding import Decoder
from problems.catching._responses import Response, library_of, request_of
from problems.errors import SetupError

__all__ = ["Streamed", "acomplete", "complete"]

_CODING: Final = b"content-encoding"
_OF_THE_WIRE: Final = frozenset({_CODING, b"content-length", b"transfer-encoding"})


class Streamed(Response, Protocol):
    """The attributes of an httpx2 or httpx response that this package uses."""

    @property
    def stream(self) -> object:
        """The stream that the body is read from; can be replaced."""
        ...

    @property
    def history(self) -> object:
        """The responses that redirected to this one."""
        ...

    @property
    def extensions(self) -> object:
        """Additional information of the transport."""
        ...

    def read(self) -> bytes:
        """Read all of the body."""
        ...

    async def aread(self) -> bytes:
        """Read all of the body."""
        ...

    def close(self) -> None:
        """Release the connection."""
        ...

    async def aclose(self) -> None:
        """Release the connection."""
        ...


def complete(response: Streamed, limit: int) -> tuple[Streamed, str | None]:
    """
    Read a streamed response up to the limit and close it.

    Returns:
        The response, or a copy without content if decoding failed; and the reason why the content is incomplete.

    Raises:
        SetupError: The response comes from an async client.
    """
    if not hasattr(response.stream, "__iter__"):
        raise SetupError(
            "This response of an async client has not been read. Write `await response.aread()` first; as a hook, "
            "use `async_problem_hook(registry)`."
        )
    bounded = _types_of(response).sync(response, limit)
    try:
        with bounded.in_place():
            response.read()
    except Exception as error:  # noqa: BLE001 - a broken body must not hide the status
        return _without_content(response), _sentence(error)
    finally:
        with suppress(Exception):  # the response is already read
            response.close()
    return response, bounded.failure


async def acomplete(response: Streamed, limit: int) -> tuple[Streamed, str | None]:
    """Like `complete`, for a response of an async client."""
    bounded = _types_of(response).asynchronous(response, limit)
    try:
        with bounded.in_place():
            await response.aread()
    except Exception as error:  # noqa: BLE001 - a broken body must not hide the status
        return _without_content(response), _sentence(error)
    finally:
        with suppress(Exception):
            await response.aclose()
    return response, bounded.failure


class _Bounded:
    """
    The decoded start of a body: one byte more than the limit, to detect a longer body.

    The library reads this object instead of the stream, and without `Content-Encoding`, so it does not decode twice.
    """

    def __init__(self, response: Any, limit: int) -> None:
        self._response, self._stream = response, response.stream
        self._coding: str | None = response.headers.get("content-encoding")
        self._decoder = Decoder(self._coding, limit)
        self._error: str | None = None

    @property
    def failure(self) -> str | None:
        """The reason why the body is incomplete, or `None`."""
        return self._decoder.failure or self._error

    @contextmanager
    def in_place(self) -> Generator[None]:
        """Make the response read through this object."""
        response, headers = self._response, self._response.headers
        if self._coding is not None:
            # From the bytes: values can be anything (RFC 9110, section 5.5, obs-text).
            response.headers = type(headers)([line for line in headers.raw if line[0].lower() != _CODING])
        response.stream = self
        try:
            yield
        finally:
            response.headers, response.stream = headers, self._stream

    def __iter__(self) -> Iterator[bytes]:
        try:
            for chunk in self._stream:
                yield self._decoder.feed(chunk)
                if self._decoder.is_full:
                    return
        except Exception as error:  # noqa: BLE001 - the received part may contain the whole document
            self._error = _sentence(error)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._stream:
                yield self._decoder.feed(chunk)
                if self._decoder.is_full:
                    return
        except Exception as error:  # noqa: BLE001 - the received part may contain the whole document
            self._error = _sentence(error)

    def close(self) -> None:
        self._stream.close()

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Types(NamedTuple):
    """The classes that are needed from one library."""

    response: Callable[..., Streamed]
    sync: type[_Bounded]
    asynchronous: type[_Bounded]


def _types_of(response: object) -> _Types:
    return _types(str(library_of(type(response))))


@lru_cache(maxsize=4)
def _types(name: str) -> _Types:
    library: Any = sys.modules[name]
    # The libraries only iterate over subclasses of their own stream classes.
    return _Types(
        library.Response,
        type("_BoundedSync", (_Bounded, library.SyncByteStream), {}),
        type("_BoundedAsync", (_Bounded, library.AsyncByteStream), {}),
    )


def _sentence(error: Exception) -> str:
    # Without the text of the exception: it may contain addresses and credentials.
    return f"The body could not be read: {type(error).__name__}."


def _without_content(response: Streamed) -> Streamed:
    headers = [(name, value) for name, value in response.headers.raw if name.lower() not in _OF_THE_WIRE]
    return _types_of(response).response(
        response.status_code,
        headers=headers,
        content=b"",
        request=request_of(response),
        history=response.history,
        extensions=response.extensions,
    )
