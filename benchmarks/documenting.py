"""
W4: the OpenAPI document of 2,000 operations with four problems each.

Every round is a fresh interpreter that builds the application and its document. The garbage collector is off: whether
one more full pass over everything falls into a run is chance, and is worth 8 %.
"""

from collections.abc import Iterator
from typing import Final

from benchmarks._child import ratios, take
from benchmarks._measure import Result, table

OPERATIONS: Final = 2000
_BEFORE: Final = """
import gc
gc.disable()
import fastapi
from pydantic import BaseModel
import problems.fastapi
from problems import Conflict, Registry, raises
from problems.fastapi import add_problems
class Item(BaseModel):
    name: str
    size: int = 1
types = []
for number in range(20):
    class Declared(Conflict, type=f"https://shop.example/{number}", title=f"Problem {number}", status=400 + number):
        item_id: int
    Declared.__name__ = Declared.__qualname__ = f"Declared{number}"
    types.append(Declared)
def endpoint(number):
    async def operation(item_id: int, item: Item) -> Item: ...
    return operation
"""
_BUILD: Final = """
app = fastapi.FastAPI()
{setup}
for number in range({operations}):
    four = [types[(number + step) % 20] for step in range(4)]
    app.post(f"/items/{{number}}/{{{{item_id}}}}", operation_id=f"operation{{number}}"{route})({endpoint})
document = app.openapi()
assert len(document["paths"]) == {operations}
"""


def _code(operations: int, *, setup: str = "", route: str = "", endpoint: str = "endpoint(number)") -> str:
    return _BUILD.format(operations=operations, setup=setup, route=route, endpoint=endpoint)


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
    fresh = max(3, rounds // 12)
    title = f"W4  {operations} operations with 4 problems each"
    taken = take(codes, rounds=fresh, before=_BEFORE)
    results = ratios(taken, reference="nothing declared")
    yield table(f"{title}: time", results, against="nothing declared", targets={"problems, @raises(4)": 1.15}), results
    results = ratios(taken, reference="nothing declared", quantity="memory")
    yield table(f"{title}: KiB", results, against="nothing declared", targets={"problems, @raises(4)": 1.05}), results
