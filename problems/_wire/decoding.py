"""
Content codings (RFC 9110, section 8.4.1) that are decoded up to a limit, stacked ones too.

Bounds what every step decodes to, not only the last one: half a kilobyte of nested gzip unfolds to 200 megabytes.
Reads no sockets and knows no client library.
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
    """More was decoded than is read."""


class _Step(Protocol):
    """One content coding."""

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """Yield what *data* decodes to, in pieces of a bounded size."""
        ...


class Decoder:
    """
    Decodes a body that arrives in pieces, at most one byte more than the limit.

    >>> decoder = Decoder("gzip", limit=5)
    >>> decoder.feed(__import__("gzip").compress(b"seventeen letters"))
    b'sevent'
    >>> decoder.is_full
    True

    Args:
        content_encoding: The response header field. Unknown codings count as none, as in all client libraries.
        limit: The most bytes that are of use. One more is returned, so that a longer body can be recognised.

    Attributes:
        failure: The reason why the body could not be decoded, or only in part.
        is_full: Whether no further piece is of use.
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
        # A compressed body can be longer than what it decodes to, but not by much.
        self._budgets = [2 * limit + _PIECE] * (len(codings) + 1)
        for coding in reversed(codings):
            self._add(coding)

    def _add(self, coding: str) -> None:
        make = _STEPS.get(coding)
        try:
            if make is not None:
                self._steps.append(make())
        except ModuleNotFoundError:
            pass  # the client library could not decode it either, and so did not ask for it
        except Exception:  # noqa: BLE001 - an old version of an optional library
            self._stop(f"The body is encoded as {coding}, and the installed decoder cannot be bounded. Update it.")

    def _stop(self, failure: str) -> None:
        self.failure, self.is_full = failure, True

    def feed(self, data: bytes) -> bytes:
        """Return what the next piece of the body decodes to; never raises."""
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
        except Exception:  # noqa: BLE001 - every decoder has exceptions of its own
            self._stop(f"The body could not be decoded as {self._codings}.")
        return bytes(decoded)

    def _through(self, at: int, data: bytes) -> Iterator[bytes]:
        """Yield what *data* becomes by the steps from *at* on."""
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
    Return the codings that a `Content-Encoding` names, in the order in which they were applied.

    >>> codings_of("GZIP, identity,br")
    ['gzip', 'br']
    """
    names = (name.strip().lower() for name in capped(content_encoding or "").split(","))
    return [name for name in names if name and name != "identity"]


class _Zlib:
    """The codings gzip, of one or several members, and deflate, with the header of zlib or without."""

    def __init__(self, bits: int) -> None:
        self._bits, self._is_over = bits, False
        self._decoder: Any = None

    def pieces(self, data: bytes) -> Iterator[bytes]:
        while data and not self._is_over:
            decoder = self._decoder = self._decoder or zlib.decompressobj(self._bits_of(data))
            piece = decoder.decompress(data, _PIECE)
            yield piece
            data = decoder.unconsumed_tail
            while not data and len(piece) == _PIECE:  # some may be left inside
                piece = decoder.decompress(b"", _PIECE)
                yield piece
            if decoder.eof:
                # Another member of gzip may follow. Anything else, such as padding, is ignored.
                data, self._decoder = decoder.unused_data, None
                self._is_over = self._bits != _GZIP or data[:1] not in (b"", _GZIP_MAGIC)

    def _bits_of(self, data: bytes) -> int:
        # Some send deflate without the header of zlib that RFC 9110, section 8.4.1.2, asks for.
        is_bare = self._bits == zlib.MAX_WBITS and data[0] & 0x0F != _DEFLATED
        return -zlib.MAX_WBITS if is_bare else self._bits


class _Brotli:
    """The coding br, by `brotli` or `brotlicffi` from version 1.2 on."""

    def __init__(self) -> None:
        library = _first("brotli", "brotlicffi")
        self._decoder: Any = library.Decompressor()
        self._decoder.process(b"", output_buffer_limit=_PIECE)  # a TypeError in older versions

    def pieces(self, data: bytes) -> Iterator[bytes]:
        yield self._decoder.process(data, output_buffer_limit=_PIECE)
        while not self._decoder.can_accept_more_data():
            yield self._decoder.process(b"", output_buffer_limit=_PIECE)


class _Zstd:
    """The coding zstd, by the standard library from Python 3.14 on or by `backports.zstd`."""

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
    """The coding zstd, by `zstandard`, which httpx uses."""

    def __init__(self) -> None:
        library: Any = _first("zstandard")
        self._into: list[bytes] = []
        decoder = library.ZstdDecompressor(max_window_size=1 << _ZSTD_WINDOW_BITS)
        self._writer = decoder.stream_writer(self, write_size=_PIECE, closefd=False)
        self._left = 0

    def write(self, piece: bytes) -> int:
        """Keep a piece that the library has decoded."""
        self._left -= len(piece)
        if self._left < 0:
            raise _TooLong
        self._into.append(bytes(piece))
        return len(piece)

    def pieces(self, data: bytes) -> Iterator[bytes]:
        self._left = _PIECE * 64  # of one piece of the body, all at once: the library has no smaller step
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
