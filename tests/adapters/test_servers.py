"""Servers in processes of their own: what they send and log of a failure, and many requests at once."""

import asyncio
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
APP = "tests.adapters.served:app"
SERVERS = {
    "uvicorn with h11": ["uvicorn", APP, "--http=h11", "--port={port}"],
    "uvicorn with httptools": ["uvicorn", APP, "--http=httptools", "--port={port}"],
    "hypercorn": ["hypercorn", APP, "--bind=127.0.0.1:{port}", "--error-logfile=-"],
    "granian": ["granian", APP, "--interface=asgi", "--port={port}", "--log"],
}
ORIGIN = "https://shop.example"


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Server:
    """A server in a process of its own."""

    def __init__(self, command, log):
        self.port, self._log = free_port(), log
        arguments = [sys.executable, "-m", *(word.format(port=self.port) for word in command)]
        with log.open("w") as file:
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            self._process = subprocess.Popen(arguments, stdout=file, stderr=file, cwd=ROOT, env=environment)  # noqa: S603 - ours
        self.http = f"http://127.0.0.1:{self.port}"
        for _ in range(600):
            if self._process.poll() is not None:
                raise OSError(self._log.read_text())
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise TimeoutError(self._log.read_text())

    @property
    def memory(self):
        """The memory that the process has, in KiB."""
        return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self._process.pid}/status").read_text())[1])

    @property
    def log(self):
        """What the server has logged so far."""
        return self._log.read_text()

    def logged(self, text):
        """Return the log from *text* on, once it is there; at most ten seconds later."""
        for _ in range(200):
            if text in self.log:
                break
            time.sleep(0.05)
        return self.log.partition(text)[2]

    def stop(self):
        """Stop the server."""
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@pytest.fixture(scope="module", params=SERVERS)
def server(request, tmp_path_factory):
    """Return each server once, for several tests."""
    pytest.importorskip(SERVERS[request.param][0])
    server = Server(SERVERS[request.param], tmp_path_factory.mktemp("server") / "log.txt")
    yield server
    server.stop()


class TestServers:
    def test_a_crash(self, server):
        """
        A crash is one complete problem with the headers of middleware, and one traceback with the instance.
        """
        headers = {"origin": ORIGIN, "x-request-id": "request-4711"}
        found = httpx.get(f"{server.http}/crash/7", headers=headers)
        after = server.logged("Crash: number 7")

        assert (500, ORIGIN, "request-4711") == (
            found.status_code,
            found.headers["access-control-allow-origin"],
            found.json()["instance"],
        )
        assert "Crash: number 7" not in after
        note = "The client received a problem with the instance request-4711"
        assert "granian" in server.log or note in after  # granian prints tracebacks without notes

    def test_a_late_failure(self, server):
        """
        A response that has begun is not followed by a second one, and the server gets the exception.
        """
        with socket.create_connection(("127.0.0.1", server.port), 10) as sock:
            sock.sendall(b"GET /late HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            received = b"".join(iter(lambda: sock.recv(65536), b""))
        server.logged("Crash: late")
        # Some versions of Starlette print the group of the tasks too, in which the exception was: lines with a bar.
        tracebacks = re.findall(r"^(?! *\|).*Crash: late", server.log, re.MULTILINE)

        assert (1, b"200", 1) == (received.count(b"HTTP/1.1"), received[9:12], len(tracebacks))

    def test_a_client_that_disconnects(self, server):
        """
        A client that disconnects while its request is read leaves no traceback.
        """
        before = server.log.count("Traceback")
        with socket.create_connection(("127.0.0.1", server.port), 10) as sock:
            sock.sendall(b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
            time.sleep(0.2)
        time.sleep(0.3)

        assert (200, before) == (httpx.get(f"{server.http}/fine/1").status_code, server.log.count("Traceback"))


KINDS = {"fine": 200, "taken": 409, "crash": 500, "refused": 401}


async def ask(port, numbers, faults):
    """Make requests of all kinds over one connection, and note those whose response is another's."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    kind = "fine"
    for number in numbers:
        if kind == "crash":  # servers close the connection when an application has raised
            writer.close()
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        kind = list(KINDS)[number % len(KINDS)]
        head = f"GET /{kind}/{number} HTTP/1.1\r\nHost: x\r\nX-Request-ID: r-{number}\r\nOrigin: {ORIGIN}\r\n\r\n"
        writer.write(head.encode())
        top = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        body = await reader.readexactly(int(re.search(r"content-length: (\d+)", top)[1]))
        expected = f'"number":{number}' if kind in ("fine", "taken") else f'"instance":"r-{number}"'
        is_own = top.startswith(f"http/1.1 {KINDS[kind]} ") and expected.encode() in body
        if not is_own or top.count("access-control-allow-origin") != 1:
            faults.append((number, top, body))
    writer.close()


async def ask_all(port, connections, requests):
    faults = []
    each = requests // connections
    await asyncio.gather(*(ask(port, range(i * each, (i + 1) * each), faults) for i in range(connections)))
    return faults


class TestLoad:
    REQUESTS = int(os.environ.get("PROBLEMS_LOAD", "8000"))
    """10⁵ by hand: `PROBLEMS_LOAD=100000 scripts/test tests/adapters/test_servers.py -k load`."""

    def test_no_response_is_anothers_and_memory_stays(self, tmp_path):
        """
        Mixed requests over 200 connections get their own responses, and the memory of the server does not grow.
        """
        server = Server(SERVERS["uvicorn with httptools"], tmp_path / "log.txt")
        try:
            faults = asyncio.run(ask_all(server.port, 200, self.REQUESTS // 2))  # until every buffer has grown
            before = server.memory
            faults += asyncio.run(ask_all(server.port, 200, self.REQUESTS // 2))
            grown = server.memory - before
        finally:
            server.stop()

        assert ([], True) == (faults, grown < 4096)
