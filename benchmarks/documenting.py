"""
W4: the OpenAPI document of 2,000 operations with four problems each, and the check of 300 operations.

Every round is a fresh interpreter that builds the application and its document. The garbage collector is off: whether
one more full pass over everything falls into a run is chance, and is worth 8 %.
"""

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import Final

from benchmarks._child import compare_children, ratios, take
from benchmarks._measure import Result, table

OPERATIONS: Final = 2000
_BEFORE: Final = """
import gc
gc.disable()
from http import HTTPStatus
import fastapi
from pydantic import BaseModel
import problems.fastapi
from problems import Problem, Registry, raises
from problems.fastapi import add_problems
class Item(BaseModel):
    name: str
    size: int = 1
statuses = [status.value for status in HTTPStatus if status >= 400][:20]
types = []
for number, status in enumerate(statuses):
    class Declared(Problem, type=f"https://shop.example/{number}", title=f"Problem {number}", status=status):
        item_id: int
    Declared.__name__ = Declared.__qualname__ = f"Declared{number}"
    types.append(Declared)
def endpoint(number):
    async def operation(item_id: int, item: Item) -> Item: ...
    return operation
"""
_BEFORE_RFC9457: Final = """
from fastapi_rfc9457 import Problem as PeerProblem
from fastapi_rfc9457.server import add_problem_handlers, problems as responses_of
peers = [
    type(f"Peer{number}", (PeerProblem,), {
        "__annotations__": {"item_id": int},
        "__doc__": "A problem.",
        "type": f"https://shop.example/peer-{number}",
        "title": f"Problem {number}",
        "status": status,
    })
    for number, status in enumerate(statuses)
]
"""
_BEFORE_PROBLEM: Final = """
from fastapi_problem.error import StatusProblem
from fastapi_problem.handler import add_exception_handler, new_exception_handler
handler = new_exception_handler()
peers = [
    type(f"Peer{number}", (StatusProblem,), {"title": f"Problem {number}", "status": status})
    for number, status in enumerate(statuses)
]
"""
_BUILD: Final = """
app = fastapi.FastAPI()
{setup}
for number in range({operations}):
    four = [{types}[(number + step) % 20] for step in range(4)]
    app.post(f"/items/{{number}}/{{{{item_id}}}}", operation_id=f"operation{{number}}"{route})({endpoint})
document = app.openapi()
assert len(document["paths"]) == {operations}
"""


_CHECKED_NAME: Final = "300 operations with 4 problems each"
_SERVED: Final = """
app = fastapi.FastAPI()
add_problems(app, Registry(*types))
def served(number, four):
    @raises(*four)
    async def operation(item_id: int, item: Item) -> Item:
        if item_id == number:
            raise four[0](item_id=item_id)
        return item
    return operation
for number in range(300):
    four = [types[(number + step) % 20] for step in range(4)]
    app.post(f"/items/{number}/{{item_id}}")(served(number, four))
"""
_CHECKED: Final = f"""
import pathlib, runpy, tempfile
from problems.contract import check
with tempfile.TemporaryDirectory() as folder:  # the check reads the source of the operations
    path = pathlib.Path(folder, "served.py")
    path.write_text({_SERVED!r})
    check(runpy.run_path(str(path), dict(globals()))["app"])
"""


def _code(
    operations: int, *, setup: str = "", route: str = "", endpoint: str = "endpoint(number)", types: str = "types"
) -> str:
    return _BUILD.format(operations=operations, setup=setup, route=route, endpoint=endpoint, types=types)


def _peers(operations: int) -> Mapping[str, tuple[str, str]]:
    """Return setup and code of the other libraries, if they are installed."""
    known = {
        "fastapi_rfc9457": (
            _BEFORE_RFC9457,
            _code(
                operations, setup="add_problem_handlers(app)", route=", responses=responses_of(*four)", types="peers"
            ),
        ),
        "fastapi_problem": (
            _BEFORE_PROBLEM,
            _code(
                operations,
                setup="add_exception_handler(app, handler)",
                route=", responses={cls.status: handler.generate_swagger_response(cls) for cls in four}",
                types="peers",
            ),
        ),
    }
    return {name.replace("_", "-"): peer for name, peer in known.items() if find_spec(name)}


def run(*, rounds: int) -> Iterator[tuple[str, list[Result]]]:
    """Yield the tables of this workload."""
    operations = OPERATIONS if rounds > 30 else OPERATIONS // 10
    codes = {
        "nothing declared": _code(operations),
        "problems, @raises(4)": _code(
            operations, setup="add_problems(app, Registry(*types))", endpoint="raises(*four)(endpoint(number))"
        ),
        "FastAPI responses={...: model}": _code(
            operations, route=", responses={cls.problem_type.status: {'model': cls.problem_model} for cls in four}"
        ),
    }
    before = dict.fromkeys(codes, _BEFORE)
    for name, (own, code) in _peers(operations).items():
        before[name], codes[name] = _BEFORE + own, code
    fresh = max(3, rounds // 15)
    title = f"W4  {operations} operations with 4 problems each"
    taken = take(codes, rounds=fresh, before=before)
    results = ratios(taken, reference="nothing declared")
    yield table(f"{title}: time", results, against="nothing declared", targets={"problems, @raises(4)": 1.10}), results
    results = ratios(taken, reference="nothing declared", quantity="memory")
    targets = {"problems, @raises(4)": 1.05}
    yield table(f"{title}: memory", results, against="nothing declared", targets=targets, unit="KiB"), results
    results = ratios(taken, reference="nothing declared", quantity="size")
    title, targets = f"{title}: the document", {"problems, @raises(4)": 3.0}
    yield table(title, results, against="nothing declared", targets=targets, unit="KiB"), results
    results = compare_children({_CHECKED_NAME: _CHECKED}, reference=_CHECKED_NAME, rounds=fresh, before=_BEFORE)
    yield table("W4  `problems check` (target: 3,000,000 µs)", results, against="itself"), results
