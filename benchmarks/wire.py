"""
W6: requests a second through uvicorn, measured by wrk on loopback.

Each contestant is a server in a process of its own; rounds alternate. Needs `wrk` (Debian's package); without it nothing
is measured, and that is said.
"""

import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from benchmarks._measure import Result

SECONDS: Final = 2
PATHS: Final = ("/ok", "/missing", "/invalid?number=x")
_COMMON: Final = """
import fastapi, uvicorn, sys
app = fastapi.FastAPI()
{setup}
@app.get("/ok")
async def ok() -> dict[str, int]: return {{"item_id": 7}}
@app.get("/missing")
async def missing() -> dict[str, int]: {missing}
@app.get("/invalid")
async def invalid(number: int) -> dict[str, int]: return {{}}
uvicorn.run(app, port=int(sys.argv[1]), log_level="error")
"""
SERVERS: Final = {
    "FastAPI default": _COMMON.format(setup="", missing="raise fastapi.HTTPException(404, 'No item has the id 7.')"),
    "problems": _COMMON.format(
        setup="""
from problems import NotFound, Registry
from problems.fastapi import add_problems
class ItemNotFound(NotFound, type="item-not-found", title="Item not found", detail="No item has the id {{item_id}}."):
    item_id: int
add_problems(app, Registry(ItemNotFound, base="https://shop.example/problems/"))
""".replace("{{", "{").replace("}}", "}"),
        missing="raise ItemNotFound(item_id=7)",
    ),
}


def run(*, rounds: int) -> Iterator[tuple[str, list[Result]]]:
    """Yield the table of this workload."""
    if shutil.which("wrk") is None:
        yield "W6  not measured: wrk is not installed (on Debian: apt-get install wrk).", []
        return
    turns = 3 if rounds > 30 else 1
    rates: dict[tuple[str, str], list[float]] = {}
    for _ in range(turns):
        for name, code in SERVERS.items():
            with _serving(code) as port:
                for path in PATHS:
                    rates.setdefault((name, path), []).append(_requests(port, path))
    yield _table(rates), []


def _table(rates: dict[tuple[str, str], list[float]]) -> str:
    lines = [
        "W6  responses a second (uvicorn, wrk)",
        f"  {'':18}  {'200':>8}  {'404':>8}  {'422':>8}  {'404 : 200':>10}",
    ]
    for name in SERVERS:
        ok, missing, invalid = (statistics.median(rates[name, path]) for path in PATHS)
        lines.append(f"  {name:18}  {ok:8.0f}  {missing:8.0f}  {invalid:8.0f}  {missing / ok:10.2f}")
    return "\n".join([*lines, "  target for problems: 404 : 200 >= 0.85"])


@contextmanager
def _serving(code: str) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    server = subprocess.Popen([sys.executable, "-c", code, str(port)])  # noqa: S603 - our own interpreter and code
    try:
        _wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait()


def _wait_for(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"The server on port {port} did not start.")


def _requests(port: int, path: str) -> float:
    done = subprocess.run(  # noqa: S603 - wrk, on loopback, for two seconds
        ["wrk", "-t1", "-c16", f"-d{SECONDS}s", f"http://127.0.0.1:{port}{path}"],  # noqa: S607 - looked up on PATH
        check=True,
        capture_output=True,
        text=True,
    )
    found = re.search(r"Requests/sec:\s*([0-9.]+)", done.stdout)
    return float(found[1]) if found else 0.0
