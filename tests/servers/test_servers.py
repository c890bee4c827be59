"""
Real servers on other frameworks: what a client with a dialect raises for their errors, and what `errors_of` reads.

They run in an environment of their own:

    python -m venv tests/servers/.venv
    tests/servers/.venv/bin/pip install -r tests/servers/requirements.txt
    npm install --prefix tests/servers

`PROBLEMS_SERVERS` names another folder with both. Where one is missing the tests are skipped, unless
`PROBLEMS_SERVERS_REQUIRED` is set. `python tests/servers/test_servers.py` writes the table of the documentation.
"""

import os
import shutil
import socket
import subprocess
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx2
import pytest

from problems import NotFound, Problem, Registry
from problems.catching import Dialect, errors_of
from problems.httpx import raise_problems

HERE = Path(__file__).parent
HOME = Path(os.environ.get("PROBLEMS_SERVERS", HERE))
PYTHON, MODULES = HOME / ".venv/bin/python", HOME / "node_modules"
PAGE = HERE.parents[1] / "docs/how-to/write-a-client-for-another-api.md"
BEGIN, END = "<!-- servers -->\n", "<!-- end of servers -->"

DIALECT = Dialect(media_types=("application/json",), detail="message")
DESCRIBING = Dialect(media_types=("application/json",), detail="description")
REGISTRY = Registry()


class Server(NamedTuple):
    """
    A framework, and what is read of its errors.

    Attributes:
        title: The name in the table.
        invalid: The status of an invalid body.
        places: The places of the rejected inputs that `errors_of` returns, empty if the framework lists none.
        detail: The text of an unknown item.
    """

    title: str
    invalid: int
    places: tuple[str | None, ...]
    detail: str = "No such item."


BOTH = ("#/name", "#/price")
PYTHONS = {
    "litestar": Server("Litestar", 400, ("#/price",)),
    "connexion": Server("Connexion", 400, ()),
    "django_rest_framework": Server("Django REST framework with drf-standardized-errors", 400, BOTH, ""),
    "plain_rest_framework": Server("Django REST framework", 400, BOTH),
    "django_ninja": Server("django-ninja", 422, ("#/item/name", "#/item/price")),
    "apiflask": Server("APIFlask", 422, BOTH),
    "flask_smorest": Server("flask-smorest", 422, BOTH),
    "falcon": Server("Falcon", 400, ()),
}
NODES = {
    "fastify": Server("Fastify", 400, ()),
    "hono": Server("Hono with zod", 400, BOTH),
    "express": Server("Express with express-openapi-validator", 400, ("#/name",)),
    "nestjs": Server("NestJS", 400, (None, None)),
}
SERVERS = PYTHONS | NODES


def command(name):
    """Return the command that starts a server, and its environment."""
    if name in PYTHONS:
        return [str(PYTHON), str(HERE / "applications.py"), name], {}
    return ["node", str(HERE / "servers.mjs"), name], {"SERVERS_NODE": str(MODULES.parent)}


def missing(name):
    """Return why a server cannot run here, `None` if it can."""
    if name in PYTHONS:
        return None if PYTHON.exists() else f"{PYTHON} is missing: see the first lines of this file"
    if shutil.which("node") is None:
        return "node is missing"
    return None if MODULES.exists() else f"{MODULES} is missing: see the first lines of this file"


@contextmanager
def running(name):
    """Run a server, and give its address."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    arguments, environment = command(name)
    started = [*arguments, str(port)]
    process = subprocess.Popen(started, env=os.environ | environment, stderr=subprocess.PIPE)  # noqa: S603 - ours
    try:
        yield address(process, port, name)
    finally:
        process.kill()
        process.communicate()


def address(process, port, name):
    """Wait until a server accepts connections, and return its address."""
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        for host, family in (("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6)):
            with closing(socket.socket(family)) as probe:
                is_there = probe.connect_ex((host, port)) == 0
            if is_there:
                return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        time.sleep(0.05)
    process.kill()
    raise AssertionError(f"{name} did not start: {process.communicate()[1].decode()[-2_000:]}")


def read(name):
    """Return the problem of an invalid body, its rejected inputs, and the problem of an unknown item."""
    with running(name) as url, httpx2.Client(base_url=url, timeout=10) as client:
        raise_problems(client, REGISTRY, dialect=DESCRIBING if name == "falcon" else DIALECT)
        with pytest.raises(Problem) as invalid:
            client.post("/items", json={"price": "x"})
        with pytest.raises(Problem) as unknown:
            client.get("/items/7")
    document = invalid.value.response.json()
    listed = errors_of(document) or (errors_of({"errors": document}) if name == "plain_rest_framework" else [])
    return invalid.value, listed, unknown.value


def row(name, invalid, listed):
    """Return a row of the table."""
    places = ", ".join(f"`{it.pointer}`" for it in listed if it.pointer)
    texts = f"{len(listed)} texts without a place" if listed else "not listed, one sentence"
    return f"| {SERVERS[name].title} | `{type(invalid).__name__}` | {places or texts} |\n"


@pytest.mark.needs_servers
@pytest.mark.parametrize("name", SERVERS)
def test_its_errors(name):
    """
    They are raised as the class of their status with the words of the server, and each rejected input has its place.
    """
    if reason := missing(name):
        assert "PROBLEMS_SERVERS_REQUIRED" not in os.environ, reason
        pytest.skip(reason)
    invalid, listed, unknown = read(name)
    expected = SERVERS[name]

    assert expected.invalid == invalid.status
    assert sorted(map(str, expected.places)) == sorted(str(it.pointer) for it in listed)
    assert all(it.detail for it in listed)
    assert isinstance(unknown, NotFound)
    assert expected.detail == unknown.detail
    assert row(name, invalid, listed) in PAGE.read_text("utf-8")


if __name__ == "__main__":
    rows = [row(name, *read(name)[:2]) for name in SERVERS]
    table = "".join(["| Server | An invalid body raises | Rejected inputs |\n", "|---|---|---|\n", *rows])
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}{table}{END}{rest.partition(END)[2]}", "utf-8")
