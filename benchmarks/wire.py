"""
W6: requests a second through uvicorn, measured by wrk on loopback.

Each contestant is a server in a process of its own; the paths alternate. Needs `wrk` (Debian's package); without it
the benchmark is skipped with a message.
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

Rates = dict[tuple[str, str], list[float]]
"""The responses a second of each turn, by contestant and path."""

SECONDS: Final = 1
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
    "fastapi-rfc9457": _COMMON.format(
        setup="""
from fastapi_rfc9457 import Problem
from fastapi_rfc9457.server import add_problem_handlers
class Missing(Problem):
    title = "Item not found"
    status = 404
    type = "https://shop.example/problems/item-not-found"
    item_id: int
add_problem_handlers(app, strip_debug=True)
""",
        missing="raise Missing(detail='No item has the id 7.', item_id=7)",
    ),
    "fastapi-problem": _COMMON.format(
        setup="""
from fastapi_problem.error import NotFoundProblem
from fastapi_problem.handler import add_exception_handler, new_exception_handler
class Missing(NotFoundProblem):
    title = "Item not found"
    type_ = "item-not-found"
add_exception_handler(app, new_exception_handler())
""",
        missing="raise Missing('No item has the id 7.', item_id=7)",
    ),
    "fastapi-problem-details": _COMMON.format(
        setup="""
import fastapi_problem_details as peer
peer.init_app(app)
""",
        missing="raise peer.ProblemException(404, title='Item not found', detail='No item has the id 7.', item_id=7)",
    ),
    "Litestar": """
import sys, uvicorn
from litestar import Litestar, get
from litestar.plugins.problem_details import ProblemDetailsConfig, ProblemDetailsException, ProblemDetailsPlugin
@get("/ok")
async def ok() -> dict[str, int]: return {"item_id": 7}
@get("/missing")
async def missing() -> dict[str, int]:
    raise ProblemDetailsException(status_code=404, title="Item not found", detail="No item has the id 7.",
                                  type_="https://shop.example/problems/item-not-found", extra={"item_id": 7})
@get("/invalid")
async def invalid(number: int) -> dict[str, int]: return {}
plugin = ProblemDetailsPlugin(ProblemDetailsConfig(enable_for_all_http_exceptions=True))
app = Litestar([ok, missing, invalid], plugins=[plugin], logging_config=None, openapi_config=None)
uvicorn.run(app, port=int(sys.argv[1]), log_level="error")
""",
}
"""The code of each server. One that does not start, because its library is not installed, is left out."""


def run(*, rounds: int) -> Iterator[tuple[str, list[Result]]]:
    """Yield the table of this workload."""
    if shutil.which("wrk") is None:
        yield "W6  not measured: wrk is not installed (on Debian: apt-get install wrk).", []
        return
    turns = 5 if rounds > 30 else 1
    rates: Rates = {}
    for name, code in SERVERS.items():
        with _serving(code) as port:
            for path in PATHS * turns if port else ():
                rates.setdefault((name, path), []).append(_requests(port, path))
    yield _table(rates), [_failing(name, rates) for name in _measured(rates)]


def _measured(rates: Rates) -> list[str]:
    return [name for name in SERVERS if (name, PATHS[0]) in rates]


def _failing(name: str, rates: Rates) -> Result:
    """Return the time of a failing request, and failing : succeeding responses, each pair within two seconds."""
    pairs = zip(rates[name, "/missing"], rates[name, "/ok"], strict=True)
    rate = statistics.median(rates[name, "/missing"])
    return Result(name, 1e6 / max(rate, 1e-9), statistics.median(failing / succeeding for failing, succeeding in pairs))


def _table(rates: Rates) -> str:
    lines = [
        "W6  responses a second (uvicorn, wrk)",
        f"  {'':23}  {'200':>8}  {'404':>8}  {'422':>8}  {'404 : 200':>10}",
    ]
    for name in _measured(rates):
        ok, missing, invalid = (statistics.median(rates[name, path]) for path in PATHS)
        ratio = _failing(name, rates).ratio
        lines.append(f"  {name:23}  {ok:8.0f}  {missing:8.0f}  {invalid:8.0f}  {ratio:10.2f}")
    return "\n".join([*lines, "  target for problems: 404 : 200 >= 0.86"])


@contextmanager
def _serving(code: str) -> Iterator[int]:
    """Serve on a free port; it is 0 if the server does not start."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    server = subprocess.Popen(  # noqa: S603 - our own interpreter and code
        [sys.executable, "-c", code, str(port)], stderr=subprocess.DEVNULL
    )
    try:
        yield port if _is_up(server, port) else 0
    finally:
        server.terminate()
        server.wait()


def _is_up(server: "subprocess.Popen[bytes]", port: int) -> bool:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if server.poll() is not None:
                return False
            time.sleep(0.1)
        else:
            return True
    return False


def _requests(port: int, path: str) -> float:
    done = subprocess.run(  # noqa: S603 - wrk, on loopback, for a second
        ["wrk", "-t1", "-c16", f"-d{SECONDS}s", f"http://127.0.0.1:{port}{path}"],  # noqa: S607 - looked up on PATH
        check=True,
        capture_output=True,
        text=True,
    )
    found = re.search(r"Requests/sec:\s*([0-9.]+)", done.stdout)
    return float(found[1]) if found else 0.0
