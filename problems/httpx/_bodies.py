"""
The bodies of error responses that are streamed: read up to a limit, in place, and closed.

Only what is public of httpx2 and httpx is used. Knows no problems.
"""

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final, NamedTuple, Protocol

from problems.catching._responses import Response, library_of, request_of
from problems.errors import SetupError

__all__ = ["Streamed", "acomplete", "complete", "content_of"]

_OF_THE_WIRE: Final = frozenset({"content-encoding", "content-length", "transfer-encoding"})


class Streamed(Response, Protocol):
    """The part of a response of httpx2 or httpx that is used here."""

    @property
    def stream(self) -> object:
        """The stream that the body is read from; it can be set."""
        ...

    @property
    def history(self) -> Any:
        """The responses that redirected to this one."""
        ...

    @property
    def extensions(self) -> Any:
        """What is not of HTTP."""
        ...

    def read(self) -> bytes:
        """Read all of the body."""
        ...

    async def aread(self) -> bytes:
        """Read all of the body."""
        ...

    def close(self) -> None:
        """Give the connection back."""
        ...

    async def aclose(self) -> None:
        """Give the connection back."""
        ...


def content_of(response: Streamed) -> bytes | None:
    """Return the content of a response that has been read; both libraries raise a `RuntimeError` for others."""
    try:
        content: bytes = response.content
    except RuntimeError:
        return None
    return content


def complete(response: Streamed, limit: int) -> tuple[Streamed, str | None]:
    """
    Read at most the limit of a streamed response and close it.

    Returns:
        The response, or a copy of it without content if it could not be decoded; and why not all of it is there.

    Raises:
        SetupError: The response is that of an async client.
    """
    if not hasattr(response.stream, "__iter__"):
        raise SetupError(
            "This response of an async client is not read yet. Write `await response.aread()` first; as a hook, "
            "use `async_problem_hook(registry)`."
        )
    stream = response.stream
    bounded = _types_of(response).sync(stream, limit)
    _set_stream(response, bounded)
    try:
        response.read()
    except Exception as error:  # noqa: BLE001 - the status is known, and must not be lost to a broken body
        return _without_content(response), _sentence(error)
    finally:
        with suppress(Exception):  # a connection that cannot even be closed is no news
            response.close()
        _set_stream(response, stream)
    return response, bounded.failure


async def acomplete(response: Streamed, limit: int) -> tuple[Streamed, str | None]:
    """Do what `complete` does, for the response of an async client."""
    stream = response.stream
    bounded = _types_of(response).asynchronous(stream, limit)
    _set_stream(response, bounded)
    try:
        await response.aread()
    except Exception as error:  # noqa: BLE001 - the status is known, and must not be lost to a broken body
        return _without_content(response), _sentence(error)
    finally:
        with suppress(Exception):
            await response.aclose()
        _set_stream(response, stream)
    return response, bounded.failure


def _set_stream(response: Any, stream: object) -> None:
    response.stream = stream


class _Bounded:
    """The first bytes of a stream: one more than the limit, so that it shows that there are more."""

    def __init__(self, stream: Any, limit: int) -> None:
        self._stream, self._limit = stream, limit
        self.failure: str | None = None

    def __iter__(self) -> Iterator[bytes]:
        left = self._limit + 1
        try:
            for chunk in self._stream:
                yield chunk[:left]
                left -= len(chunk)
                if left <= 0:
                    return
        except Exception as error:  # noqa: BLE001 - what has come so far may be all of the document
            self.failure = _sentence(error)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = self._limit + 1
        try:
            async for chunk in self._stream:
                yield chunk[:left]
                left -= len(chunk)
                if left <= 0:
                    return
        except Exception as error:  # noqa: BLE001 - what has come so far may be all of the document
            self.failure = _sentence(error)

    def close(self) -> None:
        self._stream.close()

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Types(NamedTuple):
    """What is needed of one library."""

    response: Callable[..., Streamed]
    sync: type[_Bounded]
    asynchronous: type[_Bounded]


def _types_of(response: object) -> _Types:
    return _types(str(library_of(type(response))))


@lru_cache(maxsize=4)
def _types(name: str) -> _Types:
    library: Any = sys.modules[name]
    # The libraries only iterate over streams of their own.
    return _Types(
        library.Response,
        type("_BoundedSync", (_Bounded, library.SyncByteStream), {}),
        type("_BoundedAsync", (_Bounded, library.AsyncByteStream), {}),
    )


def _sentence(error: Exception) -> str:
    # Without its text: it may tell of addresses and credentials.
    return f"The body could not be read: {type(error).__name__}."


def _without_content(response: Streamed) -> Streamed:
    headers = [(name, value) for name, value in response.headers.multi_items() if name.lower() not in _OF_THE_WIRE]
    return _types_of(response).response(
        response.status_code,
        headers=headers,
        content=b"",
        request=request_of(response),
        history=response.history,
        extensions=response.extensions,
    )
