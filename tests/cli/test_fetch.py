"""The requests of `problems lint --check-uris`, to servers outside of our control."""

import socket
import time
from threading import Event, Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from problems.cli._fetch import statuses_of


@pytest.fixture
def serve():
    """Start servers on this machine that send the given parts to each connection."""
    listening, stopped = [], Event()

    def start(*parts, pause=0.0):
        sock = socket.create_server(("127.0.0.1", 0))
        listening.append(sock)

        def answer():
            while True:
                try:
                    connection, _ = sock.accept()
                except OSError:
                    return
                with connection:
                    try:
                        connection.recv(9999)
                        for part in parts:
                            connection.sendall(part)
                            if stopped.wait(pause):
                                return
                    except OSError:
                        continue

        Thread(target=answer, daemon=True).start()
        return f"http://127.0.0.1:{sock.getsockname()[1]}/sold"

    yield start
    stopped.set()
    for sock in listening:
        sock.close()


class TestStatusesOf:
    @pytest.mark.parametrize("status", [200, 404, 503])
    def test_it_is_the_status_of_the_response(self, status, serve):
        """
        An error is a response too.
        """
        uri = serve(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode())

        assert {uri: status} == statuses_of([uri])

    def test_redirects_are_followed(self, serve):
        """
        The status comes from the final response.
        """
        target = serve(b"HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n")
        uri = serve(f"HTTP/1.1 302 X\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode())

        assert {uri: 404} == statuses_of([uri])

    @pytest.mark.parametrize("scheme", ["file:///etc/hostname", "ftp://127.0.0.1/", "data:text/plain,x"])
    def test_redirects_lead_to_http_only(self, scheme, serve):
        """
        A server must not choose what this machine reads.
        """
        uri = serve(f"HTTP/1.1 302 X\r\nLocation: {scheme}\r\nContent-Length: 0\r\n\r\n".encode())

        assert 200 != statuses_of([uri]).get(uri)

    @pytest.mark.parametrize("uri", ["http://127.0.0.1:1/", "http://[/", "http://", "http://a\x01/", "http://:x/"])
    def test_without_a_response_there_is_no_status(self, uri):
        """
        No server listens there, or the URI is not an address.
        """
        assert {} == statuses_of([uri])

    def test_the_other_uris_are_asked_all_the_same(self, serve):
        """
        One bad server does not end the check.
        """
        bad, good = serve(b"\x00garbage\r\n\r\n"), serve(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        assert {good: 200} == statuses_of([bad, good, bad])

    def test_a_server_that_sends_forever_is_not_waited_for(self, serve):
        """
        Each byte comes in time, the response never does.
        """
        endless = serve(b"HTTP/1.1 200 OK\r\n", *(b"X: a\r\n" for _ in range(50)), pause=0.2)
        good = serve(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        started = time.monotonic()

        assert {good: 200} == statuses_of([endless, good], seconds=1)
        assert 3 > time.monotonic() - started

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(answer=st.one_of(st.binary(max_size=80), st.binary(max_size=60).map(lambda it: b"HTTP/1.1 200 OK\r\n" + it)))
    def test_no_answer_raises(self, answer, serve):
        """
        Whatever a server sends, the result is a status or none.
        """
        uri = serve(answer)

        assert set(statuses_of([uri], seconds=5)) <= {uri}
