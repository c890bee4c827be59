"""
Decoders for content codings (RFC 9110, section 8.4.1), with a limit on the size of the decoded body.

With several codings, the output of every step is limited, not only of the last: half a kilobyte of nested gzip unfolds
to 200 megabytes. Does not read sockets or import client libraries.
"""

import importlib
import sys
import zlib
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, Final, Protocol

from problems._wire.headers import capped

__all__ = ["Decoder", "codings_of"]

_PIECE: Final = 16_384
_MOST_CODINGS: Final = 5
_ZSTD_WINDOW_BITS: Final = 23  # 8 MiB, the most that the content coding allows (RFC 9659, section 3)
_GZIP: Final = 16 + zlib.MAX_WBITS
_GZIP_MAGIC: Final = b"\x1f"
_DEFLATED: Final = 8


class _TooLong(Exception):
    """The decoded data exceeds the limit."""


class _Step(Protocol):
    """One content coding."""

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """Yield the decoded *data* in pieces of a bounded size."""
        ...


class Decoder:
    """
    Decodes a body that arrives in pieces, up to one byte more than the limit.

    >>> decoder = Decoder("gzip", limit=5)
    >>> decoder.feed(__import__("gzip").compress(b"seventeen letters"))
    b'sevent'
    >>> decoder.is_full
    True

    Args:
        content_encoding: The response header field. Unknown codings are ignored, as in all client libraries.
        limit: The maximum size of the decoded body in bytes. One more byte is returned, to recognise a longer body.

    Attributes:
        failure: Why the body could not be decoded completely; `None` if it could.
        is_full: Whether further pieces would be ignored.
    """

    def __init__(self, content_encoding: str | None, limit: int) -> None:
        self._limit, self._left = limit, limit + 1
        self.failure: str | None = None
        self.is_full = False
        codings = codings_of(content_encoding)
        self._codings = ", ".join(codings)
        self._steps: list[_Step] = []
        if len(codings) > _MOST_CODINGS:
            self._stop(f"The body has {len(codings)} content codings; at most {_MOST_CODINGS} are decoded.")
            return
        # A compressed body can be longer than the decoded one, but not by much.
        self._budgets = [2 * limit + _PIECE] * (len(codings) + 1)
        for coding in reversed(codings):
            self._add(coding)

    def _add(self, coding: str) -> None:
        make = _STEPS.get(coding)
        try:
            if make is not None:
                self._steps.append(make())
        except ModuleNotFoundError:
            return  # the client library cannot decode it either, so it did not request this coding
        except Exception:  # noqa: BLE001 - an old version of an optional library
            self._stop(f"The body is encoded as {coding}, and the installed decoder cannot be bounded. Update it.")

    def _stop(self, failure: str) -> None:
        self.failure, self.is_full = failure, True

    def feed(self, data: bytes) -> bytes:
        """Return the decoded bytes of the next piece of the body. Never raises."""
        decoded = bytearray()
        if self.is_full:
            return b""
        try:
            for piece in self._through(0, data):
                decoded += piece[: self._left]
                self._left -= len(piece)
                if self._left <= 0:
                    self.is_full = True
                    break
        except _TooLong:
            self._stop(f"The body has more than {self._limit} bytes before it is decoded, the most that are read.")
        except Exception:  # noqa: BLE001 - every decoder has its own exceptions
            self._stop(f"The body could not be decoded as {self._codings}.")
        return bytes(decoded)

    def _through(self, at: int, data: bytes) -> Iterator[bytes]:
        """Yield *data* decoded by the steps from index *at*."""
        if at == len(self._steps):
            yield data
            return
        self._budgets[at] -= len(data)
        if self._budgets[at] < 0:
            raise _TooLong
        for piece in self._steps[at].pieces(data):
            yield from self._through(at + 1, piece)


def codings_of(content_encoding: str | None) -> list[str]:
    """
    Return the codings in a `Content-Encoding`, in the order in which they were applied.

    >>> codings_of("GZIP, identity,br")
    ['gzip', 'br']
    """
    names = (name.strip().lower() for name in capped(content_encoding or "").split(","))
    return [name for name in names if name and name != "identity"]


class _Zlib:
    """The codings gzip (with one or several members) and deflate (with or without the zlib header)."""

    def __init__(self, bits: int) -> None:
        self._bits, self._is_over = bits, False
        self._decoder: Any = None

    def pieces(self, data: bytes) -> Iterator[bytes]:
        while data and not self._is_over:
            decoder = self._decoder = self._decoder or zlib.decompressobj(self._bits_of(data))
            piece = decoder.decompress(data, _PIECE)
            yield piece
            data = decoder.unconsumed_tail
            while not data and len(piece) == _PIECE:  # the decoder may hold more output
                piece = decoder.decompress(b"", _PIECE)
                yield piece
            if decoder.eof:
                # Another member of gzip may follow. Anything else, such as padding, is ignored.
                data, self._decoder = decoder.unused_data, None
                self._is_over = self._bits != _GZIP or data[:1] not in (b"", _GZIP_MAGIC)

    def _bits_of(self, data: bytes) -> int:
        # Some servers send deflate without the zlib header that RFC 9110, section 8.4.1.2, requires.
        is_bare = self._bits == zlib.MAX_WBITS and data[0] & 0x0F != _DEFLATED
        return -zlib.MAX_WBITS if is_bare else self._bits


class _Brotli:
    """The coding br, decoded by `brotli` or `brotlicffi` from version 1.2."""

    def __init__(self) -> None:
        library = _first("brotli", "brotlicffi")
        self._decoder: Any = library.Decompressor()
        self._decoder.process(b"", output_buffer_limit=_PIECE)  # a TypeError in older versions

    def pieces(self, data: bytes) -> Iterator[bytes]:
        yield self._decoder.process(data, output_buffer_limit=_PIECE)
        while not self._decoder.can_accept_more_data():
            yield self._decoder.process(b"", output_buffer_limit=_PIECE)


class _Zstd:
    """The coding zstd, decoded by the standard library from Python 3.14 or by `backports.zstd`."""

    def __init__(self) -> None:
        self._library: Any = _first("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
        self._decoder = self._frame()

    def _frame(self) -> Any:
        return self._library.ZstdDecompressor(
            options={self._library.DecompressionParameter.window_log_max: _ZSTD_WINDOW_BITS}
        )

    def pieces(self, data: bytes) -> Iterator[bytes]:
        while data or not (self._decoder.needs_input or self._decoder.eof):
            if self._decoder.eof:
                self._decoder = self._frame()
            yield self._decoder.decompress(data, _PIECE)
            data = self._decoder.unused_data if self._decoder.eof else b""


class _Zstandard:
    """The coding zstd, decoded by `zstandard`, which httpx uses."""

    def __init__(self) -> None:
        library: Any = _first("zstandard")
        self._into: list[bytes] = []
        decoder = library.ZstdDecompressor(max_window_size=1 << _ZSTD_WINDOW_BITS)
        self._writer = decoder.stream_writer(self, write_size=_PIECE, closefd=False)
        self._left = 0

    def write(self, piece: bytes) -> int:
        """Store a piece that the library has decoded."""
        self._left -= len(piece)
        if self._left < 0:
            raise _TooLong
        self._into.append(bytes(piece))
        return len(piece)

    def pieces(self, data: bytes) -> Iterator[bytes]:
        self._left = _PIECE * 64  # per piece of the body: the library decodes a piece in one call
        self._writer.write(data)
        pieces, self._into = self._into, []
        return iter(pieces)


def _zstd() -> _Step:
    try:
        return _Zstd()
    except ModuleNotFoundError:
        return _Zstandard()


def _first(*names: str) -> ModuleType:
    for name in names[:-1]:
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError:
            continue
    return importlib.import_module(names[-1])


_STEPS: Final[dict[str, Callable[[], _Step]]] = {
    "gzip": lambda: _Zlib(_GZIP),
    "x-gzip": lambda: _Zlib(_GZIP),
    "deflate": lambda: _Zlib(zlib.MAX_WBITS),
    "br": _Brotli,
    "zstd": _zstd,
}
