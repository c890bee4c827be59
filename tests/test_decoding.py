import gzip
import sys
import tracemalloc
import zlib
from functools import partial

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from problems._wire import decoding
from problems._wire.decoding import Decoder, codings_of

LIMIT = 1_000
MEBIBYTE = 1 << 20


def bare_deflate(data):
    """Compress without the header of zlib, as some servers do."""
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()


ENCODE = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": partial(brotli.compress, quality=5),
    "zstd": zstandard.ZstdCompressor().compress,
}
CODING = st.sampled_from(sorted(ENCODE))


def encoded(data, codings):
    """Apply the codings of a field in their order."""
    for coding in codings:
        data = ENCODE[coding](data)
    return data


def decoded(data, field, *, limit=LIMIT, chunk=64):
    """Return the output of a decoder for data in pieces, and the decoder."""
    decoder = Decoder(field, limit)
    return b"".join(decoder.feed(data[at : at + chunk]) for at in range(0, len(data), chunk)), decoder


@pytest.fixture(params=["backports.zstd", "zstandard"])
def zstd_library(request, monkeypatch):
    """Each of the two libraries for zstd that clients use."""
    if request.param == "zstandard":
        monkeypatch.setitem(sys.modules, "backports.zstd", None)


class TestDecoder:
    @given(st.binary(max_size=LIMIT), st.lists(CODING, max_size=4), st.integers(1, 200))
    def test_whatever_was_encoded(self, data, codings, chunk):
        """
        It is decoded, in whatever codings and pieces it arrives.
        """
        content, decoder = decoded(encoded(data, codings), ", ".join(codings), chunk=chunk)

        assert (data, None, False) == (content, decoder.failure, decoder.is_full)

    @given(st.binary(max_size=200), st.lists(CODING, min_size=1, max_size=3), st.integers(1, 50))
    def test_bytes_that_are_not_encoded(self, data, codings, chunk):
        """
        They raise nothing, and are no more than the limit.
        """
        content, decoder = decoded(data, ", ".join(codings), chunk=chunk)

        assert len(content) <= LIMIT + 1
        assert decoder.failure is None or decoder.is_full

    @pytest.mark.parametrize("coding", ENCODE)
    def test_more_than_the_limit(self, coding):
        """
        One byte more is returned, so that a longer body can be recognised, and no more is asked for.
        """
        content, decoder = decoded(encoded(b"x" * 5_000, [coding]), coding)

        assert (LIMIT + 1, None, True) == (len(content), decoder.failure, decoder.is_full)
        assert b"" == decoder.feed(b"more")

    @pytest.mark.parametrize("coding", ENCODE)
    def test_exactly_the_limit(self, coding):
        """
        It is all there.
        """
        content, decoder = decoded(encoded(b"x" * LIMIT, [coding]), coding)

        assert (LIMIT, False) == (len(content), decoder.is_full)

    @pytest.mark.parametrize("inner", ["gzip", "deflate", "br", "zstd"])
    @pytest.mark.parametrize("outer", ["", "gzip", "deflate", "br", "zstd"])
    def test_a_bomb(self, inner, outer):
        """
        It takes a bounded amount of memory, whichever codings are stacked.
        """
        codings = [inner, outer] if outer else [inner]
        data, field = encoded(bytes(16 * MEBIBYTE), codings), ", ".join(codings)
        tracemalloc.start()
        try:
            content, decoder = decoded(data, field, limit=65_536, chunk=65_536)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

        assert len(content) <= 65_537
        assert decoder.is_full
        assert peak < 2 * MEBIBYTE

    def test_a_step_that_decodes_to_nothing(self):
        """
        The output of each step counts, even if the next step discards it, because time is bounded too.
        """
        compressor = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
        nothing = compressor.compress(b"") + compressor.flush(zlib.Z_FULL_FLUSH) * 1
        empty_blocks = nothing + b"\0\0\0\xff\xff" * 400_000
        content, decoder = decoded(gzip.compress(empty_blocks), "gzip, gzip", chunk=65_536)

        assert (b"", True) == (content, decoder.is_full)
        assert "more than 1000 bytes before it is decoded" in (decoder.failure or "")

    @pytest.mark.usefixtures("zstd_library")
    @pytest.mark.parametrize("chunk", [1, 64, 65_536])
    def test_zstd_of_each_library(self, chunk):
        """
        It is decoded by the library that the client brings.
        """
        data = bytes(range(256)) * 3

        assert data == decoded(encoded(data, ["zstd"]), "zstd", chunk=chunk)[0]

    @pytest.mark.usefixtures("zstd_library")
    def test_a_bomb_of_zstd(self):
        """
        It takes a bounded amount of memory with each library.
        """
        data = encoded(bytes(16 * MEBIBYTE), ["zstd"])
        tracemalloc.start()
        try:
            content, decoder = decoded(data, "zstd", limit=65_536, chunk=65_536)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

        assert len(content) <= 65_537
        assert decoder.is_full
        assert peak < 4 * MEBIBYTE

    def test_several_members(self):
        """
        The members of gzip and the frames of zstd are one body, and padding after them is ignored.
        """
        assert b"onetwo" == decoded(gzip.compress(b"one") + gzip.compress(b"two") + bytes(9), "gzip", chunk=7)[0]
        assert b"onetwo" == decoded(ENCODE["zstd"](b"one") + ENCODE["zstd"](b"two"), "zstd", chunk=7)[0]

    @pytest.mark.parametrize("chunk", [1, 3, 64])
    def test_deflate_without_the_header(self, chunk):
        """
        Some servers send it so (RFC 9110, section 8.4.1.2).
        """
        assert b"bare" * 9 == decoded(bare_deflate(b"bare" * 9), "deflate", chunk=chunk)[0]

    @pytest.mark.parametrize("field", [None, "", "identity", "utf-8", "none", "compress"])
    def test_unknown_codings(self, field):
        """
        They count as none, as in all client libraries.
        """
        assert b"{}" == decoded(b"{}", field)[0]

    @pytest.mark.parametrize("coding", ["br", "zstd"])
    def test_a_library_that_is_not_installed(self, coding, monkeypatch):
        """
        Its coding counts as unknown.
        """

        def missing(*names):
            raise ModuleNotFoundError

        monkeypatch.setattr(decoding, "_first", missing)

        assert b"{}" == decoded(b"{}", coding)[0]

    def test_a_library_that_cannot_be_bounded(self, monkeypatch):
        """
        An old version is not used, and the reason says what to do.
        """

        class Decompressor:
            def process(self, data):
                raise AssertionError("It is not called.")

        class Old:
            pass

        Old.Decompressor = Decompressor
        monkeypatch.setattr(decoding, "_first", lambda *names: Old)

        assert "The body is encoded as br, and the installed decoder cannot be bounded. Update it." == (
            decoded(b"{}", "br")[1].failure
        )

    def test_many_codings(self):
        """
        More than five are not decoded.
        """
        content, decoder = decoded(b"{}", ",".join(["gzip"] * 6))

        assert (b"", "The body has 6 content codings; at most 5 are decoded.") == (content, decoder.failure)


class TestCodingsOf:
    @pytest.mark.parametrize(
        ("field", "expected"),
        [
            pytest.param(None, [], id="none"),
            pytest.param("gzip", ["gzip"], id="one"),
            pytest.param(" GZip ,\tBR,", ["gzip", "br"], id="in any case"),
            pytest.param("identity, gzip", ["gzip"], id="identity"),
        ],
    )
    def test_the_names(self, field, expected):
        """
        They are in the order in which they were applied.
        """
        assert expected == codings_of(field)
